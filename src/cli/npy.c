/* NumPy's array files.
 *
 * A file is a magic, a length, a header of that length and the values. The header is a Python dictionary,
 * written by many programs in many ways: its three keys come in any order, with either quote, with or
 * without the last comma; Python 2 wrote 3L for 3. So it is parsed as what it is, over a cursor that
 * remembers the first error, and everything unknown is refused by name.
 *
 * Values come in pieces of fixed size and are converted on the way, byte by byte in the file's order, which
 * compilers turn into plain loads on little-endian machines. The array doubles as they arrive: a header
 * that promises an exabyte costs an attacker an exabyte. */
#include "cli/npy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char magic[6] = {(char)0x93, 'N', 'U', 'M', 'P', 'Y'};

enum {
    HEADER_MOST = 1 << 16, /* headers of plain arrays have about a hundred characters */
    PIECE = 1 << 16,       /* bytes, a multiple of every element's */
    FIRST_ROOM = 1 << 20 /* elements; what an array takes before its first value has arrived, at the most */
};

typedef struct complaint {
    char *message;
    size_t room;
} complaint;

__attribute__((format(printf, 2, 3))) static bool fail(complaint c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (c.room)
        vsnprintf(c.message, c.room, format, arguments);
    va_end(arguments);
    return false;
}

/* -------------------------------------------------------------------------------- Stored elements */

typedef struct stored {
    const char *code; /* in the header, after the byte order */
    size_t size;
    npy_type exact; /* the smaller type that holds every value */
} stored;

static const stored stored_types[] = {
    {"f4", 4, NPY_F32}, {"f8", 8, NPY_F64}, {"i8", 8, NPY_F64}, {"i4", 4, NPY_F64}, {"i2", 2, NPY_F32}, {"u1", 1, NPY_F32}};

enum { STORED_F32, STORED_F64, STORED_I64, STORED_I32, STORED_I16, STORED_U8, STORED_TYPES };

static inline uint32_t load_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline float load_f32(const unsigned char *p)
{
    uint32_t bits = load_u32(p);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double load_f64(const unsigned char *p)
{
    uint64_t bits = load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int32_t load_i32(const unsigned char *p)
{
    uint32_t bits = load_u32(p);
    int32_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int64_t load_i64(const unsigned char *p)
{
    uint64_t bits = load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
    int64_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int load_i16(const unsigned char *p)
{
    int bits = p[0] | p[1] << 8;
    return bits < 0x8000 ? bits : bits - 0x10000;
}

/* f32 to f32 and f64 to f64 keep every bit, a NaN's included. */
#define CONVERT(name, target)                                                                              \
    static void name(target *to, const unsigned char *from, size_t count, int type)                        \
    {                                                                                                      \
        switch (type) {                                                                                    \
        case STORED_F32:                                                                                   \
            for (size_t i = 0; i < count; i++)                                                             \
                to[i] = (target)load_f32(from + 4 * i);                                                    \
            break;                                                                                         \
        case STORED_F64:                                                                                   \
            for (size_t i = 0; i < count; i++)                                                             \
                to[i] = (target)load_f64(from + 8 * i);                                                    \
            break;                                                                                         \
        case STORED_I64:                                                                                   \
            for (size_t i = 0; i < count; i++)                                                             \
                to[i] = (target)load_i64(from + 8 * i);                                                    \
            break;                                                                                         \
        case STORED_I32:                                                                                   \
            for (size_t i = 0; i < count; i++)                                                             \
                to[i] = (target)load_i32(from + 4 * i);                                                    \
            break;                                                                                         \
        case STORED_I16:                                                                                   \
            for (size_t i = 0; i < count; i++)                                                             \
                to[i] = (target)load_i16(from + 2 * i);                                                    \
            break;                                                                                         \
        default:                                                                                           \
            for (size_t i = 0; i < count; i++)                                                             \
                to[i] = (target)from[i];                                                                   \
        }                                                                                                  \
    }

CONVERT(convert_to_f32, float)
CONVERT(convert_to_f64, double)

static size_t size_of(npy_type type)
{
    return type == NPY_F64 ? sizeof(double) : sizeof(float);
}

/* -------------------------------------------------------------------------------- The header */

typedef struct header {
    int type; /* STORED_… */
    bool column_major;
    int axes;
    size_t shape[NPY_AXES];
} header;

/* Once it failed, it stays so, and every step does nothing. */
typedef struct cursor {
    const char *p, *end;
    bool failed;
    complaint complaint;
} cursor;

static void refuse(cursor *c, const char *reason)
{
    if (!c->failed)
        fail(c->complaint, "not a usable .npy header: %s", reason);
    c->failed = true;
}

static void skip_spaces(cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
        c->p++;
}

static bool accept(cursor *c, char expected)
{
    skip_spaces(c);
    if (c->failed || c->p == c->end || *c->p != expected)
        return false;
    c->p++;
    return true;
}

static void expect(cursor *c, char expected)
{
    char reason[] = "a '?' is missing";
    reason[3] = expected;
    if (!accept(c, expected))
        refuse(c, reason);
}

/* A string without escapes, at most room - 1 characters of it. */
static void read_string(cursor *c, char *to, size_t room)
{
    size_t length = 0;
    char quote = '\'';
    to[0] = 0;
    if (!accept(c, quote)) {
        quote = '"';
        if (!accept(c, quote)) {
            refuse(c, "a string is missing");
            return;
        }
    }
    for (; c->p < c->end && *c->p != quote; c->p++) {
        if (length + 1 == room || *c->p < ' ' || *c->p > '~' || *c->p == '\\') {
            refuse(c, "a string is too long or has strange characters");
            break;
        }
        to[length++] = *c->p;
    }
    to[length] = 0;
    expect(c, quote);
}

static bool accept_word(cursor *c, const char *word)
{
    size_t length = strlen(word);
    skip_spaces(c);
    if (c->failed || (size_t)(c->end - c->p) < length || memcmp(c->p, word, length) != 0)
        return false;
    c->p += length;
    return true;
}

static void read_descr(cursor *c, header *h)
{
    char text[32];
    if (accept(c, '[') || accept(c, '(')) {
        refuse(c, "the elements are records; save the fields one by one");
        return;
    }
    read_string(c, text, sizeof text);
    for (int i = 0; i < STORED_TYPES && !c->failed; i++)
        if (text[0] && strcmp(text + 1, stored_types[i].code) == 0) {
            bool one_byte = stored_types[i].size == 1;
            if (text[0] == '<' || (one_byte && strchr("|>=", text[0]))) {
                h->type = i;
                return;
            }
            if (text[0] == '>')
                refuse(c, "the values are big-endian; convert with a.astype(a.dtype.newbyteorder('<'))");
        }
    if (!c->failed)
        fail(c->complaint, "elements of type '%s' are not supported: f4, f8, i8, i4, i2 and u1 are", text);
    c->failed = true;
}

static size_t read_size(cursor *c)
{
    size_t value = 0;
    skip_spaces(c);
    if (c->p == c->end || *c->p < '0' || *c->p > '9')
        refuse(c, "a size is missing in the shape");
    for (; !c->failed && c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        size_t digit = (size_t)(*c->p - '0');
        if (value > (SIZE_MAX - digit) / 10)
            refuse(c, "a size in the shape is too large");
        value = value * 10 + digit;
    }
    if (c->p < c->end && *c->p == 'L')
        c->p++;
    return value;
}

static void read_shape(cursor *c, header *h)
{
    expect(c, '(');
    h->axes = 0;
    while (!c->failed && !accept(c, ')')) {
        if (h->axes == NPY_AXES) {
            refuse(c, "more than three axes");
            return;
        }
        h->shape[h->axes++] = read_size(c);
        if (!accept(c, ',')) {
            expect(c, ')');
            if (h->axes == 1)
                refuse(c, "the shape is no tuple");
            break;
        }
    }
    if (!c->failed && h->axes == 0)
        refuse(c, "a single value, not an array; save a.reshape(1)");
    for (int i = h->axes; i < NPY_AXES; i++)
        h->shape[i] = 1;
}

static void read_flag(cursor *c, bool *flag)
{
    *flag = accept_word(c, "True");
    if (!*flag && !accept_word(c, "False"))
        refuse(c, "fortran_order is neither True nor False");
}

static bool parse_header(const char *text, size_t length, header *h, complaint where)
{
    static const char *const names[] = {"descr", "fortran_order", "shape"};
    cursor c = {text, text + length, false, where};
    unsigned seen = 0;
    expect(&c, '{');
    while (!c.failed && !accept(&c, '}')) {
        char name[32];
        unsigned key = 0;
        read_string(&c, name, sizeof name);
        while (key < 3 && strcmp(name, names[key]) != 0)
            key++;
        if (key == 3 || seen & 1u << key)
            refuse(&c, key == 3 ? "an unknown key" : "a key stands twice");
        expect(&c, ':');
        if (c.failed)
            return false;
        seen |= 1u << key;
        if (key == 0)
            read_descr(&c, h);
        else if (key == 1)
            read_flag(&c, &h->column_major);
        else
            read_shape(&c, h);
        if (!accept(&c, ',')) {
            expect(&c, '}');
            break;
        }
    }
    skip_spaces(&c);
    if (c.p != c.end)
        refuse(&c, "something follows the dictionary");
    if (seen != 7)
        refuse(&c, "descr, fortran_order or shape is missing");
    return !c.failed;
}

/* -------------------------------------------------------------------------------- Reading */

static bool read_exactly(FILE *in, void *to, size_t size, const char *what, complaint where)
{
    errno = 0;
    if (fread(to, 1, size, in) == size)
        return true;
    if (ferror(in))
        return fail(where, "cannot read: %s", strerror(errno ? errno : EIO));
    return fail(where, "the file ends within its %s", what);
}

static bool read_header(FILE *in, header *h, complaint where)
{
    unsigned char start[12];
    if (!read_exactly(in, start, 10, "first bytes; is it a .npy file?", where))
        return false;
    if (memcmp(start, magic, sizeof magic) != 0)
        return fail(where, "not a .npy file: its first bytes are not \\x93NUMPY");
    size_t length = (size_t)(start[8] | start[9] << 8);
    if (start[6] < 1 || start[6] > 3)
        return fail(where, "version %d.%d of the .npy format is not supported: 1.0 to 3.0 are", start[6],
                    start[7]);
    if (start[6] > 1) {
        if (!read_exactly(in, start + 10, 2, "header", where))
            return false;
        length = load_u32(start + 8);
    }
    if (length > HEADER_MOST)
        return fail(where, "a .npy header of %zu bytes is refused: plain arrays need a hundred", length);
    char *text = malloc(length + 1);
    if (!text)
        return fail(where, "out of memory");
    bool good = read_exactly(in, text, length, "header", where) && parse_header(text, length, h, where);
    free(text);
    return good;
}

/* The product of the sizes, if as many elements of the larger type can be addressed at all. */
static bool count_elements(const header *h, size_t *count, complaint where)
{
    size_t product = 1;
    bool empty = false;
    for (int i = 0; i < h->axes; i++)
        empty |= h->shape[i] == 0;
    for (int i = 0; i < h->axes && !empty; i++) {
        if (h->shape[i] > PTRDIFF_MAX / sizeof(double) / product)
            return fail(where, "an array of this shape has more elements than memory can hold");
        product *= h->shape[i];
    }
    *count = empty ? 0 : product;
    return true;
}

static bool grow(npy_array *array, size_t *capacity, size_t needed, complaint where)
{
    if (needed <= *capacity)
        return true;
    size_t wanted = *capacity > array->count / 2 ? array->count : *capacity * 2;
    void *data = realloc(array->data, wanted * size_of(array->type));
    if (!data)
        return fail(where, "out of memory for %zu elements", wanted);
    array->data = data;
    *capacity = wanted;
    return true;
}

static const char *const too_few = "values: it has fewer than its shape says";

static bool read_values(FILE *in, int type, npy_array *array, complaint where)
{
    size_t element = stored_types[type].size, most = PIECE / element;
    size_t capacity = array->count < FIRST_ROOM ? array->count : FIRST_ROOM;
    unsigned char *piece = malloc(PIECE);
    array->data = malloc(capacity ? capacity * size_of(array->type) : 1);
    bool good = piece && array->data;
    if (!good)
        fail(where, "out of memory");
    for (size_t done = 0; good && done < array->count;) {
        size_t count = array->count - done < most ? array->count - done : most;
        good = read_exactly(in, piece, count * element, too_few, where) &&
               grow(array, &capacity, done + count, where);
        if (!good)
            break;
        if (array->type == NPY_F32)
            convert_to_f32((float *)array->data + done, piece, count, type);
        else
            convert_to_f64((double *)array->data + done, piece, count, type);
        done += count;
    }
    free(piece);
    return good;
}

bool sn_npy_open(npy_reader *r, FILE *in, char *message, size_t room)
{
    complaint where = {message, room};
    header h = {0};
    *r = (npy_reader){.in = in};
    if (!read_header(in, &h, where))
        return false;
    if (h.column_major && h.axes > 1)
        return fail(where, "the array is stored column by column; save numpy.ascontiguousarray(a)");
    if (!count_elements(&h, &r->shape.count, where))
        return false;
    r->stored = h.type;
    r->shape.type = stored_types[h.type].exact;
    r->shape.axes = h.axes;
    memcpy(r->shape.shape, h.shape, sizeof h.shape);
    return true;
}

bool sn_npy_read_values(npy_reader *r, double *to, size_t count, char *message, size_t room)
{
    complaint where = {message, room};
    const size_t element = stored_types[r->stored].size;
    unsigned char piece[4096];
    while (count > 0) {
        const size_t n = count < sizeof piece / element ? count : sizeof piece / element;
        if (!read_exactly(r->in, piece, n * element, too_few, where))
            return false;
        convert_to_f64(to, piece, n, r->stored);
        to += n;
        count -= n;
        r->done += n;
    }
    return true;
}

bool sn_npy_read(FILE *in, npy_type type, npy_array *array, char *message, size_t room)
{
    complaint where = {message, room};
    npy_reader r;
    *array = (npy_array){0};
    if (!sn_npy_open(&r, in, message, room))
        return false;
    *array = r.shape;
    if (type != NPY_ANY)
        array->type = type;
    if (read_values(in, r.stored, array, where))
        return true;
    sn_npy_free(array);
    return false;
}

void sn_npy_free(npy_array *array)
{
    free(array->data);
    *array = (npy_array){0};
}

/* -------------------------------------------------------------------------------- Writing */

static bool write_exactly(FILE *out, const void *from, size_t size, complaint where)
{
    errno = 0;
    if (fwrite(from, 1, size, out) == size)
        return true;
    return fail(where, "%s", strerror(errno ? errno : EIO));
}

bool sn_npy_write_header(FILE *out, npy_type type, int axes, const size_t *shape, char *message,
                         size_t room)
{
    enum { START = 10, ALIGNMENT = 64, LONGEST = 192 };
    complaint where = {message, room};
    char text[LONGEST];
    if (axes < 1 || axes > NPY_AXES || (type != NPY_F32 && type != NPY_F64))
        return fail(where, "a .npy file here has one to three axes of f32 or f64");
    int length = START + snprintf(text + START, LONGEST - START,
                                  "{'descr': '<%s', 'fortran_order': False, 'shape': (",
                                  type == NPY_F32 ? "f4" : "f8");
    for (int i = 0; i < axes; i++)
        length += snprintf(text + length, (size_t)(LONGEST - length), i ? ", %zu" : "%zu", shape[i]);
    length += snprintf(text + length, (size_t)(LONGEST - length), axes == 1 ? ",), }" : "), }");
    while ((length + 1) % ALIGNMENT)
        text[length++] = ' ';
    text[length++] = '\n';
    memcpy(text, magic, sizeof magic);
    text[6] = 1;
    text[7] = 0;
    text[8] = (char)(length - START);
    text[9] = 0;
    return write_exactly(out, text, (size_t)length, where);
}

bool sn_npy_write_values(FILE *out, npy_type type, const void *values, size_t count, char *message,
                         size_t room)
{
    complaint where = {message, room};
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return write_exactly(out, values, count * size_of(type), where);
#else
    size_t size = size_of(type);
    const unsigned char *bytes = values;
    for (size_t i = 0; i < count; i++) {
        unsigned char turned[sizeof(double)];
        for (size_t k = 0; k < size; k++)
            turned[k] = bytes[i * size + size - 1 - k];
        if (!write_exactly(out, turned, size, where))
            return false;
    }
    return true;
#endif
}
