/* libFuzzer on the whole road: a text that compiles gives the same bits on every engine, whole and in
 * pieces, and every engine takes it or leaves it alike. The first byte chooses field or patch, type,
 * rewriting, grade, totals and grids. Memory is limited, so that texts which ask for millions of
 * operations end early, and long programs are not run. */
#include <sinter/sinter.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ELEMENTS = 40,
    MOST_BYTES = 16 << 20,
    MOST_OPERATIONS = 20000,
    MOST_TEXT = 4096,
    WIDTH = 8,
    HEIGHT = 5
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- an allocator with a budget ---- */

static size_t taken;

static void *allocate(void *context, size_t size)
{
    (void)context;
    if (taken + size > MOST_BYTES)
        return NULL;
    void *block = malloc(size);
    taken += block ? size : 0;
    return block;
}

static void give_back(void *context, void *block, size_t size)
{
    (void)context;
    taken -= size;
    free(block);
}

/* ---- one engine's answer ---- */

typedef struct answer {
    sinter_status status;
    uint32_t operations, outputs, totals;
    uint8_t *bits; /* outputs, one after the other, 8 bytes an element; then the totals */
    size_t size;
} answer;

static void complain(const char *what, sinter_engine engine, const sinter_report *report)
{
    fprintf(stderr, "%s: %s: %s\n", sinter_engine_name(engine), what,
            report && report->count ? report->errors[0].message : "");
    abort();
}

static uint64_t element(unsigned stream, unsigned k, sinter_type type)
{
    static const float specials[] = {0, -0.0f, 1, -1, 1e-40f, -3e38f, 0.5f, 1e9f, 7.25f, -2.75f};
    static const uint32_t patterns[] = {0x7F800000, 0xFF800000, 0x7FC00000, 0x80000001, 0x4F000000};
    const unsigned n = stream * 17 + k;
    float value =
        n % 3 ? specials[n % 10] * (float)(1 + n % 7) : (float)(int)(n * 2654435761u >> 8) * 0x1p-20f - 8;
    if (n % 11 == 0)
        memcpy(&value, &patterns[n / 11 % 5], 4);
    uint64_t bits = 0;
    const double wide = (double)value;
    if (type == SINTER_F64)
        memcpy(&bits, &wide, 8);
    else if (type == SINTER_F32)
        memcpy(&bits, &value, 4);
    else
        bits = n * 2654435761u & 0xFFFFFFFFu;
    return bits;
}

static size_t size_of(sinter_type type)
{
    return type == SINTER_F64 ? 8 : 4;
}

/* A NaN's sign and payload are not promised. */
static uint64_t canonical(uint64_t bits, sinter_type type)
{
    if (type == SINTER_F32 && (bits & 0x7FFFFFFF) > 0x7F800000)
        return 0x7FC00000;
    if (type == SINTER_F64 && (bits & 0x7FFFFFFFFFFFFFFF) > 0x7FF0000000000000)
        return 0x7FF8000000000000;
    return bits;
}

/* Streams of a call: each ends where its block of memory ends, so that the sanitizer sees a step too far. */
typedef struct streams {
    void **places;
    uint32_t count;
} streams;

static streams open_streams(const sinter_stream_info *info, uint32_t count, bool filled)
{
    streams s = {calloc(count + 1, sizeof *s.places), count};
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = size_of(info[i].type);
        s.places[i] = malloc(ELEMENTS * size);
        for (unsigned k = 0; k < ELEMENTS; k++) {
            const uint64_t bits = filled ? element(i, k, info[i].type) : 0;
            memcpy((char *)s.places[i] + k * size, &bits, size);
        }
    }
    return s;
}

static void close_streams(streams *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        free(s->places[i]);
    free(s->places);
}

static sinter_status run_piece(sinter_instance *instance, const sinter_kernel_info *info, const streams *in,
                               const streams *out, unsigned from, unsigned to, double *totals)
{
    const void **inputs = calloc(info->input_count + 1, sizeof *inputs);
    void **outputs = calloc(info->output_count + 1, sizeof *outputs);
    for (uint32_t i = 0; i < info->input_count; i++)
        inputs[i] = (const char *)in->places[i] + from * size_of(info->inputs[i].type);
    for (uint32_t i = 0; i < info->output_count; i++)
        outputs[i] = (char *)out->places[i] + from * size_of(info->outputs[i].type);
    const sinter_status status = sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs,
                                                                                   .outputs = outputs,
                                                                                   .count = to - from,
                                                                                   .totals = totals});
    free(inputs);
    free(outputs);
    return status;
}

static sinter_status run_all(sinter_instance *instance, const sinter_kernel_info *info, const streams *in,
                             const streams *out, double *totals, unsigned cut)
{
    if (info->grid)
        return sinter_instance_run_grid(instance, &(sinter_grid){.width = WIDTH,
                                                                 .height = HEIGHT,
                                                                 .x0 = -1.5,
                                                                 .y0 = -1,
                                                                 .x1 = 1,
                                                                 .y1 = 2,
                                                                 .z = 0.3,
                                                                 .t = 0.7,
                                                                 .row_count = HEIGHT,
                                                                 .outputs = out->places});
    if (info->total_count || cut == 0)
        return run_piece(instance, info, in, out, 0, ELEMENTS, totals);
    const sinter_status status = run_piece(instance, info, in, out, 0, cut, totals);
    return status ? status : run_piece(instance, info, in, out, cut, ELEMENTS, totals);
}

static void keep(answer *a, const sinter_kernel_info *info, const streams *out, const double *totals)
{
    a->size = ((size_t)info->output_count * ELEMENTS + info->total_count) * 8;
    a->bits = calloc(a->size + 1, 1);
    uint64_t *to = (uint64_t *)(void *)a->bits;
    for (uint32_t i = 0; i < info->output_count; i++)
        for (unsigned k = 0; k < ELEMENTS; k++) {
            const size_t size = size_of(info->outputs[i].type);
            uint64_t bits = 0;
            memcpy(&bits, (const char *)out->places[i] + k * size, size);
            *to++ = canonical(bits, info->outputs[i].type);
        }
    for (uint32_t i = 0; i < info->total_count; i++) {
        uint64_t bits;
        memcpy(&bits, &totals[i], 8);
        *to++ = canonical(bits, SINTER_F64);
    }
}

static void run(const sinter_kernel *kernel, unsigned cut, answer *a)
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    a->operations = info.operations;
    if (info.operations > MOST_OPERATIONS)
        return;
    sinter_instance *instance;
    a->status = sinter_instance_open(kernel, &instance);
    if (a->status)
        return;
    for (uint32_t k = 0; k < info.parameter_count; k++)
        sinter_set(instance, (int)k, (double)(int)(k * 7 % 5) - 0.5 + info.parameters[k].initial);
    streams in = open_streams(info.inputs, info.input_count, true),
            out = open_streams(info.outputs, info.output_count, false);
    double *totals = calloc(info.total_count + 1, sizeof *totals);
    a->status = run_all(instance, &info, &in, &out, totals, cut);
    if (a->status)
        complain("a run is refused", info.engine, NULL);
    keep(a, &info, &out, totals);
    free(totals);
    close_streams(&in);
    close_streams(&out);
    sinter_instance_close(instance);
}

static answer ask(sinter_context *context, const char *text, size_t length, sinter_options o,
                  sinter_engine engine, unsigned cut)
{
    answer a = {0};
    sinter_kernel *kernel;
    sinter_report report;
    o.engine = engine;
    a.status = sinter_compile(context, text, length, &o, &kernel, &report);
    if ((a.status == SINTER_OK) != (report.count == 0) || (a.status == SINTER_OK) != (kernel != NULL))
        complain("status and report disagree", engine, &report);
    if (a.status && report.count && !strncmp(report.errors[0].message, "after ", 6))
        complain("a pass broke the program", engine, &report);
    if (kernel)
        run(kernel, cut, &a);
    sinter_kernel_close(kernel);
    return a;
}

static bool is_limit(sinter_status status)
{
    return status == SINTER_NO_MEMORY || status == SINTER_TOO_LARGE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MOST_TEXT)
        return -1;
    const unsigned choice = data[0];
    const sinter_options o = {.type = choice & 1 ? SINTER_F64 : SINTER_F32,
                              .source = choice & 2 ? SINTER_PATCH : SINTER_FIELD,
                              .inputs = choice & 4 ? "x y" : NULL,
                              .rewriting = choice & 8 ? SINTER_RELAXED : SINTER_STRICT,
                              .sum = choice & 16,
                              .domain = choice & 32 ? SINTER_GRID : SINTER_POINTS,
                              .grade = choice & 64 ? SINTER_GRADE_FAST : SINTER_GRADE_DEFAULT};
    const char *text = (const char *)data + 1;
    const unsigned cut = (unsigned)(size % ELEMENTS);
    const sinter_context_options memory = {.allocator = {allocate, give_back, NULL}, .code_memory = 8 << 20};
    sinter_context *context;
    if (sinter_open(&memory, &context))
        return 0;
    answer interpreted = ask(context, text, size - 1, o, SINTER_ENGINE_INTERP, 0);
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON && interpreted.bits; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        answer other = ask(context, text, size - 1, o, (sinter_engine)engine, cut);
        if (!is_limit(other.status)
            && (other.status || other.size != interpreted.size
                || memcmp(other.bits, interpreted.bits, other.size)))
            complain("other bits than the interpreter", (sinter_engine)engine, NULL);
        free(other.bits);
    }
    free(interpreted.bits);
    sinter_close(context);
    if (taken)
        complain("memory was kept", SINTER_ENGINE_AUTO, NULL);
    return 0;
}
