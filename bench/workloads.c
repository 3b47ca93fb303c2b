/* What is computed. Texts are written as a user would write them; sizes and inputs are fixed, so that figures
 * of different days can be compared. Before anything is timed its results are compared with the plain tree
 * walk, bit for bit where the text is strict (tails included), within a stated bound where rewriting was
 * allowed or a logarithm of a constant is involved. */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIGNAL = 44100, FIELD = 10000, DATA = 1000, LARGE = 1000000, SIDE = 1024, CHECKED = 4096 };

#define TEN_GAINS_AND_OFFSETS "((((x*0.9 + 0.1)*1.1 - 0.2)*0.8 + 0.3)*1.25 - 0.05)*0.7 + 0.15"
#define CIRCLE "sqrt(x*x + y*y) - 0.5"
#define PERLIN "perlin(x*4, y*4) * 0.5 + 0.5"
#define NORMAL "mu = 0.3; s = 1.7; (x - mu)*(x - mu)*(-0.5/(s*s)) - (log(s) + 0.9189385332046727)"

#define SIGNAL_OF(name, text, rewriting, bound) \
    { \
        name, WORKLOAD_TEXT, text, 0, SIGNAL, 1, POINTS_RANDOM, SINTER_F32, rewriting, false, bound \
    }
#define FIELD_OF(name, source, text, operations, n, points) \
    { \
        name, source, text, operations, n, 2, points, SINTER_F32, SINTER_STRICT, false, 0 \
    }
#define DENSITY_OF(name, n, rewriting, total, bound) \
    { \
        name, WORKLOAD_TEXT, NORMAL, 0, n, 1, POINTS_RANDOM, SINTER_F64, rewriting, total, bound \
    }

static const workload_entry workloads[] = {
    SIGNAL_OF("gain", "x*0.8", SINTER_STRICT, 0),
    SIGNAL_OF("affine10", TEN_GAINS_AND_OFFSETS, SINTER_RELAXED, 1e-6),
    SIGNAL_OF("affine10-strict", TEN_GAINS_AND_OFFSETS, SINTER_STRICT, 0),
    FIELD_OF("circle", WORKLOAD_TEXT, CIRCLE, 0, FIELD, POINTS_RANDOM),
    FIELD_OF("circle-1024x1024", WORKLOAD_TEXT, CIRCLE, 0, SIDE *SIDE, POINTS_GRID),
    DENSITY_OF("normal", DATA, SINTER_STRICT, false, 1e-14),
    DENSITY_OF("normal-1000000", LARGE, SINTER_STRICT, false, 1e-14),
    DENSITY_OF("normal_sum", DATA, SINTER_RELAXED, true, 1e-12),
    DENSITY_OF("normal_sum-1000000", LARGE, SINTER_RELAXED, true, 1e-12),
    FIELD_OF("perlin", WORKLOAD_TEXT, PERLIN, 0, FIELD, POINTS_RANDOM),
    FIELD_OF("perlin-1024x1024", WORKLOAD_TEXT, PERLIN, 0, SIDE *SIDE, POINTS_GRID),
    FIELD_OF("perlin3", WORKLOAD_TEXT, "perlin(x*4, y*4, 0.3)", 0, FIELD, POINTS_RANDOM),
    FIELD_OF("simplex2", WORKLOAD_TEXT, "simplex(x*4, y*4)", 0, FIELD, POINTS_RANDOM),
    FIELD_OF("simplex3", WORKLOAD_TEXT, "simplex(x*4, y*4, 0.3)", 0, FIELD, POINTS_RANDOM),
    FIELD_OF("fbm", WORKLOAD_TEXT, "fbm2(x*4, y*4, 8)", 0, FIELD, POINTS_RANDOM),
    FIELD_OF("worley2", WORKLOAD_TEXT, "worley(x*4, y*4)", 0, FIELD, POINTS_RANDOM),
    FIELD_OF("random100", WORKLOAD_RANDOM, NULL, 100, FIELD, POINTS_RANDOM),
    FIELD_OF("random1000", WORKLOAD_RANDOM, NULL, 1000, FIELD, POINTS_RANDOM),
    FIELD_OF("prospero", WORKLOAD_PROSPERO, NULL, 0, SIDE *SIDE, POINTS_GRID),
};

const workload_entry *sn_workload(unsigned k)
{
    return k < sizeof workloads / sizeof *workloads ? &workloads[k] : NULL;
}

/* ---- texts ---- */

static FILE *open_prospero(void)
{
    static const char name[] = "/prospero.vm";
    char path[4200];
    const char *folder = getenv("SINTER_TEST_DATA");
    if (folder) {
        snprintf(path, sizeof path, "%s%s", folder, name);
        return fopen(path, "rb");
    }
    FILE *file = fopen("../shared/data/prospero.vm", "rb");
    /* Else beside the repository that the command was built in. */
    const ssize_t length = file ? 0 : readlink("/proc/self/exe", path, 4000);
    if (length <= 0)
        return file;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash, sizeof path - (size_t)(slash - path), "/../../shared/data%s", name);
    return fopen(path, "rb");
}

static char *read_prospero(const char *workload, size_t *length)
{
    enum { MOST = 1 << 24 };
    FILE *file = open_prospero();
    if (!file) {
        sn_bench_say(
            "%s: skipped: prospero.vm cannot be read (%s); SINTER_TEST_DATA names the folder that it is in",
            workload, strerror(errno));
        return NULL;
    }
    char *text = malloc(MOST);
    *length = text ? fread(text, 1, MOST, file) : 0;
    fclose(file);
    return text;
}

static char *make_source(const workload_entry *work, size_t *length)
{
    switch (work->source) {
    case WORKLOAD_TEXT: *length = strlen(work->text); return strdup(work->text);
    case WORKLOAD_RANDOM: return sn_bench_random_text(work->operations, work->operations, length);
    case WORKLOAD_PROSPERO: return read_prospero(work->name, length);
    }
    return NULL;
}

/* ---- inputs ---- */

static double uniform(uint64_t *state) /* −1 … 1 */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-52 - 1;
}

static void fill_grid(float *x, float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] = (float)(-1 + ((double)(i % SIDE) + 0.5) * 2 / SIDE);
        y[i] = (float)(1 - ((double)(i / SIDE) + 0.5) * 2 / SIDE);
    }
}

static void fill_inputs(workload_setting *s)
{
    uint64_t state = 20240229;
    if (s->work->points == POINTS_GRID) {
        fill_grid(s->buffers.at[0], s->buffers.at[1], s->n);
        return;
    }
    for (unsigned k = 0; k < s->work->inputs; k++)
        for (int64_t i = 0; i < s->n; i++)
            if (s->work->type == SINTER_F64)
                ((double *)s->buffers.at[k])[i] = 0.3 + 3 * uniform(&state);
            else
                ((float *)s->buffers.at[k])[i] = (float)uniform(&state);
}

/* ---- the plain evaluation ---- */

static double plain_total(workload_setting *s)
{
    double total = 0, lost = 0; /* Kahan's */
    double *piece = s->buffers.at[3];
    for (int64_t first = 0; first < s->n; first += CHECKED) {
        const int64_t count = s->n - first < CHECKED ? s->n - first : CHECKED;
        sn_tree_run(s->plain, s->inputs, piece, first, count);
        for (int64_t i = 0; i < count; i++) {
            const double term = piece[i] - lost;
            const double next = total + term;
            lost = (next - total) - term;
            total = next;
        }
    }
    return total;
}

static bool close_enough(double value, double wanted, double bound)
{
    if (value != value || wanted != wanted)
        return value != value && wanted != wanted;
    if (bound == 0)
        return value == wanted && signbit(value) == signbit(wanted);
    return fabs(value - wanted) <= bound * fmax(1, fabs(wanted));
}

static double element(const void *array, sinter_type type, int64_t i)
{
    return type == SINTER_F64 ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static bool check_piece(workload_setting *s, int64_t first, int64_t count, double bound, const char *who)
{
    sn_tree_run(s->plain, s->inputs, s->buffers.at[3], first, count);
    for (int64_t i = 0; i < count; i++) {
        const double value = element(s->outputs[0], s->work->type, first + i);
        const double wanted = element(s->buffers.at[3], s->work->type, i);
        if (!close_enough(value, wanted, bound)) {
            sn_bench_say("%s: %s is wrong at element %lld: %.17g instead of %.17g; not timed", s->work->name,
                         who, (long long)(first + i), value, wanted);
            return false;
        }
    }
    return true;
}

bool sn_workload_check(workload_setting *s, int64_t n, double bound, const char *who)
{
    if (!s->work->total) {
        const int64_t head = n < CHECKED ? n : CHECKED;
        const int64_t tail = n - head < CHECKED ? n - head : CHECKED;
        return check_piece(s, 0, head, bound, who) && check_piece(s, n - tail, tail, bound, who);
    }
    if (close_enough(s->total, s->wanted_total, bound))
        return true;
    sn_bench_say("%s: %s is wrong: %.17g instead of %.17g; not timed", s->work->name, who, s->total,
                 s->wanted_total);
    return false;
}

/* ---- settings ---- */

bool sn_workload_open(workload_setting *s, const workload_entry *work)
{
    memset(s, 0, sizeof *s);
    s->work = work;
    s->n = work->n;
    s->source = make_source(work, &s->length);
    if (!s->source)
        return false;
    s->plain =
        sn_tree_open(s->source, s->length, work->source == WORKLOAD_PROSPERO, work->type == SINTER_F64);
    const size_t size = (size_t)s->n * (work->type == SINTER_F64 ? sizeof(double) : sizeof(float));
    const size_t piece = CHECKED * sizeof(double);
    if (!s->plain || !sn_bench_buffers_open(&s->buffers, size > piece ? size : piece)) {
        sn_bench_say("%s: no memory, or the plain evaluator does not understand the text", work->name);
        return false;
    }
    s->inputs[0] = s->buffers.at[0];
    s->inputs[1] = s->buffers.at[1];
    s->outputs[0] = s->buffers.at[2];
    fill_inputs(s);
    if (work->total)
        s->wanted_total = plain_total(s);
    s->options = (sinter_options){
        .source = work->source == WORKLOAD_PROSPERO ? SINTER_VM : SINTER_FIELD,
        .type = work->type,
        .rewriting = work->rewriting,
        .name = work->name,
        .inputs = work->source == WORKLOAD_PROSPERO ? NULL
                  : work->inputs == 1               ? "x"
                                                    : "x y",
        .sum = work->total,
    };
    return true;
}

void sn_workload_close(workload_setting *s)
{
    free(s->source);
    sn_tree_close(s->plain);
    sn_bench_buffers_close(&s->buffers);
    memset(s, 0, sizeof *s);
}

sinter_arguments sn_workload_arguments(workload_setting *s, int64_t n)
{
    return (sinter_arguments){
        .inputs = s->inputs,
        .outputs = s->work->total ? NULL : s->outputs,
        .count = n,
        .totals = &s->total,
    };
}

/* ---- kernels ---- */

void sn_bench_say_report(const char *workload, sinter_engine engine, sinter_status status,
                         const sinter_report *report)
{
    sn_bench_say("%s on %s: %s%s%s", workload, sinter_engine_name(engine), sinter_status_name(status),
                 report && report->count ? ": " : "",
                 report && report->count ? report->errors[0].message : "");
}

static sinter_status run_once(const workload_kernel *k)
{
    return k->instance ? sinter_instance_run(k->instance, &k->arguments)
                       : sinter_run(k->kernel, &k->arguments);
}

bool sn_workload_compile(workload_kernel *k, workload_setting *s, sinter_context *context,
                         sinter_engine engine)
{
    sinter_report report;
    sinter_options options = s->options;
    options.engine = engine;
    memset(k, 0, sizeof *k);
    k->arguments = sn_workload_arguments(s, s->n);
    sinter_status status = sinter_compile(context, s->source, s->length, &options, &k->kernel, &report);
    if (status) {
        sn_bench_say_report(s->work->name, engine, status, &report);
        return false;
    }
    status = run_once(k);
    if (status == SINTER_NEEDS_INSTANCE) {
        status = sinter_instance_open(k->kernel, &k->instance);
        if (!status)
            status = run_once(k);
    }
    if (status) {
        sn_bench_say_report(s->work->name, engine, status, NULL);
        return false;
    }
    return sn_workload_check(s, s->n, s->work->bound, sinter_engine_name(engine));
}

void sn_workload_kernel_close(workload_kernel *k)
{
    sinter_instance_close(k->instance);
    sinter_kernel_close(k->kernel);
    memset(k, 0, sizeof *k);
}

static void run_kernel(void *context, int64_t calls)
{
    const workload_kernel *k = context;
    const sinter_arguments *arguments = &k->arguments;
    if (k->instance)
        for (; calls > 0; calls--)
            sinter_instance_run(k->instance, arguments);
    for (; calls > 0; calls--)
        sinter_run(k->kernel, arguments);
}

bench_work sn_workload_work(workload_kernel *k)
{
    return (bench_work){run_kernel, k};
}

typedef struct compilation_work {
    const workload_setting *setting;
    sinter_context *context;
    sinter_options options;
} compilation_work;

static void compile_and_close(void *context, int64_t calls)
{
    const compilation_work *w = context;
    for (; calls > 0; calls--) {
        sinter_kernel *kernel;
        sinter_compile(w->context, w->setting->source, w->setting->length, &w->options, &kernel, NULL);
        sinter_kernel_close(kernel);
    }
}

double sn_workload_compile_us(const workload_setting *s, sinter_context *context, sinter_engine engine,
                              const bench_options *options)
{
    compilation_work w = {s, context, s->options};
    w.options.engine = engine;
    return sn_bench_alone((bench_work){compile_and_close, &w}, options) * 1e-3;
}
