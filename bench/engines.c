/* The same workloads on every engine that this machine has, and by walking a tree for each element. The tree
 * walk stands in the place of the limit, so that the ratio says what part of its time an engine takes. Slow
 * ones run over fewer elements; each row says over how many. */
#include "bench.h"

static const double longest_call = 5e7; /* ns */

typedef struct walk_work {
    workload_setting *setting;
    int64_t n;
} walk_work;

static void walk(void *context, int64_t calls)
{
    const walk_work *w = context;
    for (; calls > 0; calls--)
        sn_tree_run(w->setting->plain, w->setting->inputs, w->setting->buffers.at[3], 0, w->n);
}

/* So many elements that one call of `ns` for each stays short. */
static int64_t affordable(int64_t n, double ns)
{
    enum { LEAST = 1024 };
    const double most = longest_call / ns;
    return (double)n <= most || n <= LEAST ? n : most < LEAST ? LEAST : (int64_t)most;
}

static double measure_walk(const bench_options *options, workload_setting *s)
{
    enum { TRIAL = 256 };
    walk_work w = {s, TRIAL};
    const double begin = sn_bench_clock();
    walk(&w, 1);
    w.n = affordable(s->n, (sn_bench_clock() - begin) / TRIAL);
    sn_bench_progress(s->work->name, "tree_walk");
    const double ns = sn_bench_alone((bench_work){walk, &w}, options) / (double)w.n;
    const bench_row row = {
        .workload = s->work->name, .engine = "tree_walk", .n = w.n, .ns = ns, .compile_us = -1, .ops = -1};
    sn_bench_show(options, &row);
    return ns;
}

static bool measure_engine(const bench_options *options, sinter_context *context, workload_setting *s,
                           sinter_engine engine, double walk_ns)
{
    enum { TRIAL = 1024 };
    workload_kernel k;
    const char *reason = NULL, *name = sinter_engine_name(engine);
    if (!sinter_engine_available(engine, &reason)) {
        sn_bench_say("%s: %s cannot run here: %s", s->work->name, name, reason ? reason : "no reason given");
        return true;
    }
    sn_bench_progress(s->work->name, name);
    const bool good = sn_workload_compile(&k, s, context, engine);
    if (good) {
        k.arguments.count = s->n < TRIAL ? s->n : TRIAL;
        const bench_work work = sn_workload_work(&k);
        const double begin = sn_bench_clock();
        work.run(work.context, 1);
        k.arguments.count = affordable(s->n, (sn_bench_clock() - begin) / (double)k.arguments.count);
        const double ns = sn_bench_alone(work, options) / (double)k.arguments.count;
        const bench_row row = {
            .workload = s->work->name,
            .engine = name,
            .n = k.arguments.count,
            .ns = ns,
            .limit = "tree walk",
            .limit_ns = walk_ns,
            .ratio = ns / walk_ns,
            .compile_us = sn_workload_compile_us(s, context, engine, options),
            .ops = sinter_kernel_describe(k.kernel).operations,
        };
        sn_bench_show(options, &row);
    }
    sn_workload_kernel_close(&k);
    return good;
}

bool sn_bench_on_engines(const bench_options *options, sinter_context *context, workload_setting *s)
{
    static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2,
                                            SINTER_ENGINE_AVX512};
    bool good = true;
    const double walk_ns = measure_walk(options, s);
    for (unsigned e = 0; e < sizeof engines / sizeof *engines; e++)
        if (options->engine == SINTER_ENGINE_AUTO || options->engine == engines[e])
            good &= measure_engine(options, context, s, engines[e], walk_ns);
    return good;
}

bool sn_bench_engines(const bench_options *options, sinter_context *context)
{
    bool good = true;
    const workload_entry *work;
    sn_bench_head(options);
    for (unsigned k = 0; (work = sn_workload(k)); k++) {
        if (!sn_bench_wanted(options, work->name))
            continue;
        workload_setting s;
        if (sn_workload_open(&s, work))
            good &= sn_bench_on_engines(options, context, &s);
        else if (work->source != WORKLOAD_PROSPERO)
            good = false;
        sn_workload_close(&s);
    }
    return good;
}
