/* The fields by which earlier prototypes of this idea were judged, the other half of their table: noise, waves, a
 * circle. First at 10,000 points on every engine and by walking a tree; then what it all costs from text to
 * numbers, compiling included, for 1 to 1,000,000 points, beside reading the text into a tree and walking it; and
 * from how many points on compiling has paid for itself. */
#include "bench.h"

#include <math.h>
#include <string.h>

enum { POINTS = 10000, MOST = 1000000 };

/* The waves are in half turns here and in radians there, which differ by the rounding of π x. */
static const struct {
    const char *name, *total, *even, *text;
    double bound;
} fields[] = {
    {"field-noise", "field-noise-total", "field-noise-even", "perlin(x*4, y*4) * 0.5 + 0.5", 0},
    {"field-waves", "field-waves-total", "field-waves-even", "sin(x*\317\200) * cos(y*\317\200)", 1e-6},
    {"field-circle", "field-circle-total", "field-circle-even", "sdf_circle(x, y, 0.5)", 0},
};
enum { FIELDS = sizeof fields / sizeof *fields, NAMES_OF_EACH = 3 };

const char *sn_prototype_field_name(unsigned k)
{
    if (k >= NAMES_OF_EACH * FIELDS)
        return NULL;
    const unsigned field = k / NAMES_OF_EACH, which = k % NAMES_OF_EACH;
    return which == 0 ? fields[field].name : which == 1 ? fields[field].total : fields[field].even;
}

/* ---- from text to numbers ---- */

typedef struct total_work {
    workload_setting *setting;
    sinter_context *context;
    sinter_options options;
    int64_t n;
} total_work;

static void compile_and_run(void *context, int64_t calls)
{
    const total_work *w = context;
    const sinter_arguments arguments = sn_workload_arguments(w->setting, w->n);
    for (; calls > 0; calls--) {
        sinter_kernel *kernel;
        sinter_compile(w->context, w->setting->source, w->setting->length, &w->options, &kernel, NULL);
        sinter_run(kernel, &arguments);
        sinter_kernel_close(kernel);
    }
}

static void read_and_walk(void *context, int64_t calls)
{
    const total_work *w = context;
    for (; calls > 0; calls--) {
        tree *t = sn_tree_open(w->setting->source, w->setting->length, false, false);
        sn_tree_run(t, w->setting->inputs, w->setting->buffers.at[3], 0, w->n);
        sn_tree_close(t);
    }
}

/* One row; both totals in ns go to the caller. */
static void show_total(const bench_options *options, total_work *w, const char *name, const char *engine,
                       double *ours, double *walked)
{
    sn_bench_progress(name, engine);
    const bench_pair pair =
        sn_bench_alternate((bench_work){compile_and_run, w}, (bench_work){read_and_walk, w}, options);
    *ours = pair.ns;
    *walked = pair.other_ns;
    const bench_row row = {.workload = name,
                           .engine = engine,
                           .n = w->n,
                           .ns = pair.ns / (double)w->n,
                           .limit = "text to numbers by a tree",
                           .limit_ns = pair.other_ns / (double)w->n,
                           .ratio = pair.ratio,
                           .compile_us = -1,
                           .ops = -1};
    if (sn_bench_wanted(options, name))
        sn_bench_show(options, &row);
}

/* Where two straight lines meet, the first given at 1 and at MOST, the second too. */
static int64_t meeting_point(const double ours[2], const double walked[2])
{
    const double steps = MOST - 1, slope = (walked[1] - walked[0] - (ours[1] - ours[0])) / steps;
    const double n = 1 + (ours[0] - walked[0]) / slope;
    return !(slope > 0) || n > MOST ? MOST : n < 1 ? 1 : (int64_t)ceil(n);
}

static void show_even(const bench_options *options, const char *name, const char *engine, const double ours[2],
                      const double walked[2])
{
    const int64_t n = meeting_point(ours, walked);
    const double place = (double)(n - 1) / (MOST - 1);
    const double a = ours[0] + place * (ours[1] - ours[0]), b = walked[0] + place * (walked[1] - walked[0]);
    const bench_row row = {.workload = name,
                           .engine = engine,
                           .n = n,
                           .ns = a / (double)n,
                           .limit = "compiling pays from n points on",
                           .limit_ns = b / (double)n,
                           .ratio = a / b,
                           .compile_us = -1,
                           .ops = -1};
    sn_bench_show(options, &row);
}

static void show_totals(const bench_options *options, sinter_context *context, workload_setting *s, unsigned field)
{
    static const int64_t sizes[] = {1, 100, 1000, 10000, 100000, MOST};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    const sinter_engine engine = sn_bench_engine(options, 0);
    const char *engine_name = sinter_engine_name(engine);
    double ours[SIZES], walked[SIZES];
    total_work w = {.setting = s, .context = context, .options = s->options};
    w.options.engine = engine;
    for (int k = 0; k < SIZES; k++) {
        w.n = sizes[k];
        show_total(options, &w, fields[field].total, engine_name, &ours[k], &walked[k]);
    }
    if (sn_bench_wanted(options, fields[field].even))
        show_even(options, fields[field].even, engine_name, (double[]){ours[0], ours[SIZES - 1]},
                  (double[]){walked[0], walked[SIZES - 1]});
}

/* ---- the table ---- */

static bool show_field(const bench_options *options, sinter_context *context, unsigned field, int64_t n)
{
    const workload_entry work = {.name = fields[field].name,
                                 .source = WORKLOAD_TEXT,
                                 .text = fields[field].text,
                                 .n = n,
                                 .inputs = 2,
                                 .points = POINTS_RANDOM,
                                 .type = SINTER_F32,
                                 .rewriting = SINTER_STRICT,
                                 .bound = fields[field].bound};
    workload_setting s;
    bool good = sn_workload_open(&s, &work);
    if (good && n == POINTS)
        good = sn_bench_on_engines(options, context, &s);
    else if (good)
        show_totals(options, context, &s, field);
    sn_workload_close(&s);
    return good;
}

bool sn_bench_prototype_fields(const bench_options *options, sinter_context *context)
{
    bool good = true;
    for (unsigned k = 0; k < FIELDS; k++) {
        if (sn_bench_wanted(options, fields[k].name))
            good &= show_field(options, context, k, POINTS);
        if (sn_bench_wanted(options, fields[k].total) || sn_bench_wanted(options, fields[k].even))
            good &= show_field(options, context, k, MOST);
    }
    return good;
}
