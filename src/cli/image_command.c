/* sinter image: a field over the pixels of a grid, as PNG or NPY.
 *
 * The picture is made in bands of rows that fit a few megabytes, so that its size is bounded by the disk
 * alone. Threads share a band: each takes the next few rows until none are left, with an instance of its own,
 * and writes them where they belong; which thread took which rows leaves no trace in the bits. The band is
 * then handed to the writer, and to the hash, from the top.
 *
 * PNG has no gamma here: v becomes round(255 v), halves to even, clamped, and NaN becomes 0. A `.vm` file is
 * a shape: white where its value is negative. NPY has the values themselves, and so has the hash. */
#include "cli/command.h"

#include "cli/png_file.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAND_BYTES = 1 << 24,
    PIECES = 8 /* of a band, for each thread: so that none waits long for the others */
};

typedef struct painting {
    const arguments *a;
    preparation prepared;
    sinter_type type;
    size_t channels;
    bool shape; /* white where negative */

    struct painter *painters;
    int threads;

    void **band; /* for each output: band_room rows */
    int32_t band_room, band_first, band_rows;
    int32_t piece_rows;
    atomic_int next_row; /* of the band */
    _Atomic(sinter_status) status;

    void *row; /* one row, its channels side by side */
    receipt receipt;
    progress progress;
    double run_seconds;
} painting;

typedef struct painter {
    painting *painting;
    sinter_instance *instance;
    int number;
    pthread_t thread;
    bool started;
} painter;

/* ---- one band ---- */

static sinter_status paint_rows(const painting *p, sinter_instance *instance, int32_t first, int32_t rows)
{
    void *outputs[4];
    void **to = p->channels <= 4 ? outputs : malloc(p->channels * sizeof *to);
    if (!to)
        return SINTER_NO_MEMORY;
    const size_t skip = (size_t)first * (size_t)p->a->width * sn_cli_type_size(p->type);
    for (size_t k = 0; k < p->channels; k++)
        to[k] = (char *)p->band[k] + skip;
    const arguments *a = p->a;
    const sinter_grid grid = {.width = a->width,
                              .height = a->height,
                              .x0 = a->x0,
                              .y0 = a->y0,
                              .x1 = a->x1,
                              .y1 = a->y1,
                              .z = a->z,
                              .t = a->time,
                              .first_row = p->band_first + first,
                              .row_count = rows,
                              .outputs = to};
    const sinter_status status = sinter_instance_run_grid(instance, &grid);
    if (to != outputs)
        free(to);
    return status;
}

static void *paint(void *context)
{
    painter *self = context;
    painting *p = self->painting;
    for (;;) {
        const int32_t first = atomic_fetch_add(&p->next_row, p->piece_rows);
        if (first >= p->band_rows || atomic_load(&p->status) != SINTER_OK)
            return NULL;
        const int32_t left = p->band_rows - first;
        const sinter_status status =
            paint_rows(p, self->instance, first, left < p->piece_rows ? left : p->piece_rows);
        if (status != SINTER_OK)
            atomic_store(&p->status, status);
        if (self->number == 0)
            sn_cli_show_progress(&p->progress, p->band_first + first);
    }
}

/* Makes the rows from `first` on, as many as a band holds. Threads that the system refuses are done without.
 */
static bool paint_band(painting *p, int32_t first)
{
    const double began = sn_cli_now();
    const int32_t left = p->a->height - first;
    painter *const painters = p->painters;
    p->band_first = first;
    p->band_rows = left < p->band_room ? left : p->band_room;
    p->piece_rows = p->band_rows / (p->threads > 1 ? p->threads * PIECES : PIECES) + 1;
    atomic_store(&p->next_row, 0);
    for (int i = 1; i < p->threads; i++)
        painters[i].started = pthread_create(&painters[i].thread, NULL, paint, &painters[i]) == 0;
    paint(&painters[0]);
    for (int i = 1; i < p->threads; i++)
        if (painters[i].started)
            pthread_join(painters[i].thread, NULL);
    p->run_seconds += sn_cli_now() - began;
    if (p->status != SINTER_OK)
        return sn_cli_refuse("%s", sinter_status_name(p->status));
    return true;
}

/* Brings row `number` of the picture into p->row and the receipt. Rows are asked for once each, from the top.
 */
static bool take_row(painting *p, int32_t number)
{
    const size_t width = (size_t)p->a->width;
    if (number >= p->band_first + p->band_rows && !paint_band(p, number))
        return false;
    const size_t first = (size_t)(number - p->band_first) * width;
    sn_cli_interleave(p->type, (const void *const *)p->band, p->channels, first, width, p->row);
    if (p->a->hash)
        sn_cli_add_to_receipt(&p->receipt, p->type, p->row, width * p->channels);
    return true;
}

/* ---- what becomes of the rows ---- */

static unsigned char pixel_of(const painting *p, double value)
{
    if (p->shape)
        return value < 0 ? 255 : 0;
    return value >= 1 ? 255 : value > 0 ? (unsigned char)nearbyint(255 * value) : 0;
}

static bool fill_png_row(void *context, uint32_t row, unsigned char *pixels)
{
    painting *p = context;
    if (!take_row(p, (int32_t)row))
        return false;
    const size_t count = (size_t)p->a->width * p->channels;
    if (p->type == SINTER_F64)
        for (size_t i = 0; i < count; i++)
            pixels[i] = pixel_of(p, ((const double *)p->row)[i]);
    else
        for (size_t i = 0; i < count; i++)
            pixels[i] = pixel_of(p, ((const float *)p->row)[i]);
    return true;
}

static bool write_png(painting *p, FILE *out)
{
    char message[200];
    if (sn_png_write_rows(out, (uint32_t)p->a->width, (uint32_t)p->a->height, (int)p->channels, fill_png_row,
                          p, message, sizeof message))
        return true;
    return p->status == SINTER_OK ? sn_cli_refuse("cannot write %s: %s", p->a->output, message) : false;
}

static bool write_npy(painting *p, FILE *out)
{
    char message[200];
    const npy_type type = p->type == SINTER_F64 ? NPY_F64 : NPY_F32;
    const size_t shape[3] = {(size_t)p->a->height, (size_t)p->a->width, p->channels};
    bool good = sn_npy_write_header(out, type, p->channels > 1 ? 3 : 2, shape, message, sizeof message);
    for (int32_t row = 0; good && row < p->a->height; row++) {
        if (!take_row(p, row))
            return false;
        good = sn_npy_write_values(out, type, p->row, shape[1] * shape[2], message, sizeof message);
    }
    if (!good)
        sn_cli_fail("cannot write %s: %s", p->a->output, message);
    return good;
}

static bool write_nothing(painting *p)
{
    for (int32_t row = 0; row < p->a->height; row++)
        if (!take_row(p, row))
            return false;
    return true;
}

/* ---- the file's kind ---- */

typedef enum picture_kind { KIND_NONE, KIND_PNG, KIND_NPY } picture_kind;

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

static int choose_kind(const arguments *a, picture_kind *kind)
{
    const bool png = a->output && ends_with(a->output, ".png"),
               npy = a->output && ends_with(a->output, ".npy");
    *kind = !a->output ? KIND_NONE : npy || a->raw ? KIND_NPY : KIND_PNG;
    if (png && a->raw)
        return sn_cli_misuse(a->command, "--raw writes NPY; %s ends in .png", a->output);
    if (a->output && !png && !npy && !a->raw && strcmp(a->output, "-") != 0 &&
        strncmp(a->output, "/dev/", 5) != 0)
        return sn_cli_misuse(a->command, "-o takes a name that ends in .png or .npy, not `%s`", a->output);
    return STATUS_GOOD;
}

/* ---- the whole ---- */

static int count_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static int compile(painting *p, picture_kind kind)
{
    sinter_options options = sn_cli_options_of(p->a, &p->prepared.program, false);
    options.domain = SINTER_GRID;
    const int status = sn_cli_compile(p->a, &p->prepared, &options);
    const sinter_kernel_info *info = &p->prepared.info;
    if (status != STATUS_GOOD)
        return status;
    p->channels = info->output_count;
    if (p->channels == 0 || (kind == KIND_PNG && p->channels != 1 && p->channels != 3 && p->channels != 4))
        return sn_cli_fail("the program gives %zu values; a picture has 1 (gray), 3 (RGB) or 4 (RGBA)",
                           p->channels);
    p->type = info->outputs[0].type;
    p->shape = p->prepared.program.form == FORM_VM;
    return STATUS_GOOD;
}

static int open_painters(painting *p)
{
    if (!(p->painters = calloc((size_t)p->threads, sizeof *p->painters)))
        return sn_cli_fail("out of memory");
    int status = STATUS_GOOD;
    for (int i = 0; i < p->threads && status == STATUS_GOOD; i++) {
        p->painters[i] = (painter){.painting = p, .number = i};
        status = sn_cli_open_instance(p->a, &p->prepared, &p->painters[i].instance);
    }
    return status;
}

static int open_buffers(painting *p)
{
    const size_t row = (size_t)p->a->width * sn_cli_type_size(p->type);
    const size_t rows = (size_t)BAND_BYTES / (row * p->channels) + 1;
    p->band_room = rows < (size_t)p->a->height ? (int32_t)rows : p->a->height;
    p->band = calloc(p->channels, sizeof *p->band);
    p->row = malloc(row * p->channels);
    bool good = p->band && p->row;
    for (size_t k = 0; good && k < p->channels; k++)
        good = (p->band[k] = malloc(row * (size_t)p->band_room)) != NULL;
    return good ? STATUS_GOOD : sn_cli_fail("out of memory");
}

static int prepare(painting *p, picture_kind kind)
{
    int status = sn_cli_open_preparation(p->a, &p->prepared);
    if (status == STATUS_GOOD)
        status = compile(p, kind);
    p->threads = p->a->threads ? p->a->threads : count_processors();
    if (p->threads > p->a->height)
        p->threads = p->a->height;
    if (status == STATUS_GOOD)
        status = open_painters(p);
    if (status == STATUS_GOOD)
        status = open_buffers(p);
    return status;
}

static void print_result(const painting *p)
{
    const unsigned long long hash = (unsigned long long)p->receipt.state;
    const arguments *a = p->a;
    if (!a->json) {
        if (a->hash)
            printf("%016llx\n", hash);
        return;
    }
    printf("{\"width\":%d,\"height\":%d,\"channels\":%zu,\"engine\":\"%s\",\"threads\":%d", a->width,
           a->height, p->channels, sinter_engine_name(p->prepared.info.engine), p->threads);
    printf(",\"compile_us\":%.0f,\"run_us\":%.0f", 1e6 * p->prepared.compile_seconds, 1e6 * p->run_seconds);
    if (a->hash)
        printf(",\"hash\":\"%016llx\"", hash);
    puts("}");
}

static int run(painting *p, picture_kind kind)
{
    output_file file;
    if (kind != KIND_NONE && !sn_cli_open_output(&file, p->a->output))
        return STATUS_BAD;
    p->receipt = sn_cli_open_receipt();
    sn_cli_open_progress(&p->progress, "image", p->a->height);
    const bool good = kind == KIND_NONE  ? write_nothing(p)
                      : kind == KIND_PNG ? write_png(p, file.stream)
                                         : write_npy(p, file.stream);
    sn_cli_close_progress(&p->progress);
    if (kind != KIND_NONE && !good)
        sn_cli_discard_output(&file);
    else if (kind != KIND_NONE && !sn_cli_commit_output(&file))
        return STATUS_BAD;
    if (good)
        print_result(p);
    return good ? STATUS_GOOD : STATUS_BAD;
}

static void release(painting *p)
{
    for (int i = 0; p->painters && i < p->threads; i++)
        sinter_instance_close(p->painters[i].instance);
    for (size_t k = 0; p->band && k < p->channels; k++)
        free(p->band[k]);
    free(p->painters);
    free(p->band);
    free(p->row);
    sn_cli_close_preparation(&p->prepared);
}

int sn_cli_image(const arguments *a)
{
    painting p = {.a = a};
    picture_kind kind;
    int status = choose_kind(a, &kind);
    if (status != STATUS_GOOD)
        return status;
    status = prepare(&p, kind);
    if (status == STATUS_GOOD)
        status = run(&p, kind);
    release(&p);
    return status;
}
