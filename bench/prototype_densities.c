/* The densities by which earlier prototypes of this idea were judged, the last part of their table: normal and exponential, one call, and sums over 100, 1,000 and
 * 1,000,000 numbers, with live parameters. Plain C; the C that Sinter exports, inlined into the same loop (exported_loops.c, made when this is built); its function for one
 * row, called through a pointer; and its sums over vectors. The limit of every row is the plain C. */
#include "bench.h"

#if SINTER_LOOPS
#include "exported_loops.h"

#include <math.h>
#include <string.h>

typedef struct density_case {
    const char *name, *text;
    double numbers[2]; /* of the loops in C */
    density_loop plain, exported;
} density_case;

static const density_case cases[] = {
    {"density-normal", "normal(mu = 0.3, sigma = 1.7)", {0.3, 1.7}, sn_plain_normal_sum, sn_exported_normal_sum},
    {"density-exponential", "exponential(beta = 1.7)", {1.7, 0}, sn_plain_exponential_sum, sn_exported_exponential_sum},
};
enum { CASES = sizeof cases / sizeof *cases, MOST = 1000000 };

const char *sn_prototype_density_name(unsigned k)
{
    return k < CASES ? cases[k].name : NULL;
}

typedef struct density_way {
    const density_case *of;
    density_loop loop;
    sinter_density_values *values;
    double (*function)(const void *frame, double x);
    const void *frame;
    const double *x;
    int64_t n;
    double sum; /* of the last call */
} density_way;

/* ---- the ways ---- */

static void run_loop(void *context, int64_t calls)
{
    density_way *w = context;
    for (; calls > 0; calls--)
        w->sum = w->loop(w->x, w->n, w->of->numbers[0], w->of->numbers[1]);
}

static void run_function(void *context, int64_t calls)
{
    density_way *w = context;
    for (; calls > 0; calls--) {
        double sums[8] = {0};
        for (int64_t i = 0; i < w->n; i++)
            sums[i % 8] += w->function(w->frame, w->x[i]);
        w->sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    }
}

static void run_sum(void *context, int64_t calls)
{
    density_way *w = context;
    const sinter_density_argument column = {w->x, 1};
    const sinter_density_data data = {.count = w->n, .columns = &column};
    for (; calls > 0; calls--)
        if (w->n == 1)
            sinter_density_log(w->values, w->x, &w->sum);
        else
            sinter_density_sum(w->values, &data, &w->sum, NULL);
}

/* ---- rows ---- */

static bool show(const bench_options *options, density_way *w, const char *engine, void (*run)(void *, int64_t))
{
    density_way plain = {.of = w->of, .loop = w->of->plain, .x = w->x, .n = w->n};
    sn_bench_progress(w->of->name, engine);
    run(w, 1);
    run_loop(&plain, 1);
    if (!(fabs(w->sum - plain.sum) <= 1e-14 * (double)w->n + 1e-13 * fabs(plain.sum))) {
        sn_bench_say("%s, %s, of %lld: %.17g instead of %.17g; not timed", w->of->name, engine, (long long)w->n, w->sum, plain.sum);
        return false;
    }
    const bench_pair pair = sn_bench_alternate((bench_work){run, w}, (bench_work){run_loop, &plain}, options);
    const bench_row row = {.workload = w->of->name, .engine = engine, .n = w->n, .ns = pair.ns / (double)w->n, .limit = "plain C, inlined",
                           .limit_ns = pair.other_ns / (double)w->n, .ratio = pair.ratio, .compile_us = -1, .ops = -1};
    sn_bench_show(options, &row);
    return true;
}

static bool show_compiled(const bench_options *options, sinter_context *context, density_way w, sinter_density_use use)
{
    sinter_density *density;
    sinter_report report;
    const bool single = use == SINTER_DENSITY_MANY_CALLS;
    bool good = sinter_density_open(context, w.of->text, strlen(w.of->text), &(sinter_density_options){.use = use}, &density, &report) == SINTER_OK;
    if (!good)
        return sn_bench_say("%s: %s", w.of->name, report.errors[0].message), false;
    good = sinter_density_values_open(density, &w.values) == SINTER_OK;
    const char *engine = sinter_engine_name(sinter_density_describe(density).engine);
    if (good && single)
        w.function = (double (*)(const void *, double))sinter_density_function(w.values, &w.frame, NULL);
    if (good && (!single || w.function))
        good = show(options, &w, single ? "function" : engine, single ? run_function : run_sum);
    sinter_density_values_close(w.values);
    sinter_density_close(density);
    return good;
}

static bool show_case(const bench_options *options, sinter_context *context, const density_case *c, const double *x)
{
    static const int64_t sizes[] = {1, 100, 1000, MOST};
    bool good = true;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        density_way w = {.of = c, .loop = c->plain, .x = x, .n = sizes[k]};
        good &= show(options, &w, "c", run_loop);
        w.loop = c->exported;
        good &= show(options, &w, "exported", run_loop);
        good &= show_compiled(options, context, w, SINTER_DENSITY_MANY_CALLS);
        good &= show_compiled(options, context, w, SINTER_DENSITY_BATCHES);
    }
    return good;
}

static bool can_run(void)
{
#if SINTER_LOOPS_AVX2
    const char *reason;
    return sinter_engine_available(SINTER_ENGINE_AVX2, &reason);
#else
    return true;
#endif
}

bool sn_bench_prototype_densities(const bench_options *options, sinter_context *context)
{
    bench_buffers buffers;
    bool good = true, wanted = false;
    for (unsigned k = 0; k < CASES; k++)
        wanted |= sn_bench_wanted(options, cases[k].name);
    if (!wanted || !can_run())
        return true;
    if (!sn_bench_buffers_open(&buffers, MOST * sizeof(double)))
        return sn_bench_say("no memory"), false;
    double *x = buffers.at[0];
    uint64_t state = 20251128;
    for (int i = 0; i < MOST; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = 5 * ((double)(state >> 11) * 0x1p-53);
    }
    for (unsigned k = 0; k < CASES; k++)
        if (sn_bench_wanted(options, cases[k].name))
            good &= show_case(options, context, &cases[k], x);
    sn_bench_buffers_close(&buffers);
    return good;
}
#else
const char *sn_prototype_density_name(unsigned k)
{
    (void)k;
    return NULL;
}

bool sn_bench_prototype_densities(const bench_options *options, sinter_context *context)
{
    (void)options, (void)context;
    return true;
}
#endif
