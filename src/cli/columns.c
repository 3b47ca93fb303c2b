/* Streams and points: the columns of NPY files and the channels of sound files.
 *
 * A file of one axis is one column; of two axes, each place along the last one is a column, as NumPy's users
 * keep points and channels. A file given with a name has a single column, which has that name. Files are read
 * whole, in f64 where they hold what f32 cannot, so that a value is rounded once, on its way into a kernel's
 * input. */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All that the stream brings; NULL after an error. */
static char *read_bytes(FILE *in, const char *path, size_t *length)
{
    char *bytes = NULL;
    size_t room = 0, count;
    *length = 0;
    do {
        if (room - *length < 1 << 16) {
            room = room ? 2 * room : 1 << 17;
            char *grown = realloc(bytes, room);
            if (!grown) {
                free(bytes);
                sn_cli_refuse("%s: out of memory", path);
                return NULL;
            }
            bytes = grown;
        }
        count = fread(bytes + *length, 1, room - *length, in);
        *length += count;
    } while (count > 0);
    return bytes;
}

/* A pipe may bring either kind: an array begins with a byte that begins no sound. */
static bool read_any(FILE *in, const char *path, npy_array *array, double *rate, char *message, size_t room)
{
    const int first = getc(in);
    if (first == EOF || ungetc(first, in) == EOF || first == 0x93)
        return sn_npy_read(in, NPY_ANY, array, message, room);
    size_t length;
    char *bytes = read_bytes(in, path, &length);
    const bool good = bytes && sn_sound_read(path, bytes, length, array, rate, message, room);
    if (!bytes)
        snprintf(message, room, "nothing was read");
    free(bytes);
    return good;
}

static bool read_array(const char *path, npy_array *array, double *rate)
{
    char message[200];
    const bool piped = strcmp(path, "-") == 0;
    FILE *in = piped ? stdin : fopen(path, "rb");
    if (!in)
        return sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    const bool good = sn_sound_kind(path) != SOUND_NONE ? sn_sound_read(path, NULL, 0, array, rate, message, sizeof message)
                      : piped ? read_any(in, path, array, rate, message, sizeof message)
                              : sn_npy_read(in, NPY_ANY, array, message, sizeof message);
    if (!piped)
        fclose(in);
    if (!good)
        sn_cli_fail("%s: %s", path, message);
    else if (array->axes > 2)
        sn_cli_fail("%s: arrays of one or two axes can be read, this one has %d", path, array->axes);
    return good && array->axes <= 2;
}

static size_t width_of(const npy_array *array)
{
    return array->axes == 2 ? array->shape[1] : 1;
}

/* Appends the columns of the array just read. */
static bool add_columns(columns *c, const assignment *input)
{
    const npy_array *array = &c->arrays[c->array_count - 1];
    const size_t width = width_of(array);
    if (c->array_count > 1 && array->shape[0] != c->length)
        return sn_cli_refuse("%s has %zu rows, the inputs before it have %zu", input->text, array->shape[0],
                             c->length);
    c->length = array->shape[0];
    if (input->name_length && width != 1) {
        sn_cli_fail("%s has %zu columns; a name is for one", input->text, width);
        return false;
    }
    /* So many that no program has as many inputs; and no hostile header may ask for more memory than it
     * brought. */
    if (width > 65536) {
        sn_cli_fail("%s has %zu columns; the most is 65536", input->text, width);
        return false;
    }
    column *list = realloc(c->list, (c->count + width + 1) * sizeof *list);
    if (!list)
        return sn_cli_refuse("out of memory");
    c->list = list;
    for (size_t i = 0; i < width; i++) {
        column *added = &c->list[c->count++];
        *added = (column){.array = array, .place = i};
        snprintf(added->name, sizeof added->name, "%.*s", (int)input->name_length, input->name);
    }
    return true;
}

bool sn_cli_read_columns(const arguments *a, columns *c)
{
    *c = (columns){0};
    c->arrays = calloc((size_t)a->input_count + 1, sizeof *c->arrays);
    bool good = true;
    if (!c->arrays)
        return sn_cli_refuse("out of memory");
    for (int i = 0; good && i < a->input_count; i++) {
        double rate = 0;
        good = read_array(a->inputs[i].text, &c->arrays[i], &rate);
        if (good && rate > 0 && c->rate > 0 && rate != c->rate)
            good = sn_cli_refuse("%s has %g samples a second, the inputs before it have %g", a->inputs[i].text, rate, c->rate);
        c->rate = rate > 0 ? rate : c->rate;
        c->array_count++;
        good = good && add_columns(c, &a->inputs[i]);
    }
    if (!good)
        sn_cli_release_columns(c);
    return good;
}

bool sn_cli_make_columns(columns *c, size_t count, size_t length)
{
    *c = (columns){.array_count = 1, .count = count, .length = length};
    c->arrays = calloc(1, sizeof *c->arrays);
    c->list = calloc(count + 1, sizeof *c->list);
    double *data = calloc(length * count + 1, sizeof *data);
    if (!c->arrays || !c->list || !data) {
        free(data);
        c->array_count = 0;
        sn_cli_release_columns(c);
        return sn_cli_refuse("out of memory");
    }
    c->arrays[0] = (npy_array){NPY_F64, 2, {length, count, 1}, length * count, data};
    for (size_t i = 0; i < count; i++)
        c->list[i] = (column){.array = c->arrays, .place = i};
    return true;
}

void sn_cli_release_columns(columns *c)
{
    for (int i = 0; i < c->array_count; i++)
        sn_npy_free(&c->arrays[i]);
    free(c->arrays);
    free(c->list);
    *c = (columns){0};
}

static double value_at(const npy_array *array, size_t i)
{
    return array->type == NPY_F64 ? ((const double *)array->data)[i]
                                  : (double)((const float *)array->data)[i];
}

/* As a kernel's conversion does it: truncated; what does not fit is the least number. */
static int32_t whole(double value)
{
    return value > -2147483649.0 && value < 2147483648.0 ? (int32_t)value : INT32_MIN;
}

void sn_cli_copy_column(const columns *c, size_t which, size_t first, size_t count, sinter_type type,
                        void *to)
{
    const column *from = &c->list[which];
    const size_t width = width_of(from->array);
    for (size_t i = 0; i < count; i++) {
        const double value =
            first + i < c->length ? value_at(from->array, (first + i) * width + from->place) : 0;
        if (type == SINTER_F64)
            ((double *)to)[i] = value;
        else if (type == SINTER_I32)
            ((int32_t *)to)[i] = whole(value);
        else
            ((float *)to)[i] = (float)value;
    }
}

void sn_cli_interleave(sinter_type type, const void *const *arrays, size_t array_count, size_t first,
                       size_t count, void *to)
{
    const size_t size = sn_cli_type_size(type);
    if (array_count == 1) {
        memcpy(to, (const char *)arrays[0] + first * size, count * size);
        return;
    }
    for (size_t k = 0; k < array_count; k++) {
        if (size == 8)
            for (size_t i = 0; i < count; i++)
                ((uint64_t *)to)[i * array_count + k] = ((const uint64_t *)arrays[k])[first + i];
        else
            for (size_t i = 0; i < count; i++)
                ((uint32_t *)to)[i * array_count + k] = ((const uint32_t *)arrays[k])[first + i];
    }
}
