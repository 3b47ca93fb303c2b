/* Each workload on each engine with machine code, against each of its limits: one row for every pair, the two
 * run in turns on the same buffers. A workload without a limit is timed alone. */
#include "bench.h"

typedef struct limit_work {
    const limit_kernel *kernel;
    sinter_arguments arguments;
} limit_work;

static void run_limit(void *context, int64_t calls)
{
    const limit_work *w = context;
    for (; calls > 0; calls--)
        sn_limit_run(w->kernel, &w->arguments);
}

static bool check_limit(workload_setting *s, const limit_work *w)
{
    sn_limit_run(w->kernel, &w->arguments);
    return w->kernel->bound < 0 || sn_workload_check(s, s->n, w->kernel->bound, w->kernel->what);
}

/* The rows of a compiled workload. */
static bool show_rows(const bench_options *options, workload_setting *s, workload_kernel *k, bench_row row)
{
    bool good = true;
    const double n = (double)s->n;
    for (unsigned i = 0;; i++) {
        limit_work w = {sn_limit_find(s->work->name, sinter_kernel_describe(k->kernel).engine, i),
                        k->arguments};
        if (!w.kernel)
            break;
        if (!check_limit(s, &w)) {
            good = false;
            continue;
        }
        const bench_pair pair = sn_bench_alternate(sn_workload_work(k), (bench_work){run_limit, &w}, options);
        row.ns = pair.ns / n;
        row.limit = w.kernel->what;
        row.limit_ns = pair.other_ns / n;
        row.ratio = pair.ratio;
        sn_bench_show(options, &row);
    }
    if (!row.limit) {
        row.ns = sn_bench_alone(sn_workload_work(k), options) / n;
        sn_bench_show(options, &row);
    }
    return good;
}

static bool measure(const bench_options *options, sinter_context *context, workload_setting *s,
                    sinter_engine engine)
{
    workload_kernel k;
    const char *engine_name = sinter_engine_name(engine);
    sn_bench_progress(s->work->name, engine_name);
    bool good = sn_workload_compile(&k, s, context, engine);
    if (good) {
        const bench_row row = {
            .workload = s->work->name,
            .engine = engine_name,
            .n = s->n,
            .compile_us = sn_workload_compile_us(s, context, engine, options),
            .ops = sinter_kernel_describe(k.kernel).operations,
        };
        good = show_rows(options, s, &k, row);
    }
    sn_workload_kernel_close(&k);
    return good;
}

bool sn_bench_against_limits(const bench_options *options, sinter_context *context)
{
    bool good = true;
    const workload_entry *work;
    sn_bench_head(options);
    for (unsigned k = 0; (work = sn_workload(k)); k++) {
        if (!sn_bench_wanted(options, work->name))
            continue;
        workload_setting s;
        if (sn_workload_open(&s, work)) {
            sinter_engine engine;
            for (unsigned e = 0; (engine = sn_bench_engine(options, e)) != SINTER_ENGINE_AUTO; e++)
                good &= measure(options, context, &s, engine);
        } else if (work->source != WORKLOAD_PROSPERO) {
            good = false;
        }
        sn_workload_close(&s);
    }
    return good;
}
