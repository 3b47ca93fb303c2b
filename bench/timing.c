/* The clock, and how two kernels are compared.
 *
 * A machine's speed drifts (clock frequency, neighbours, heat), so that two figures taken one after the other
 * say little about each other. Here ours and the limit run in turns of a few milliseconds within one process,
 * on one core and the same buffers; each round gives its own ratio, and the median of these is what counts.
 * The clock is the thread's own: what the system gives to others meanwhile is not charged to either. */
#include "bench.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_ROUNDS = 1001 };

bool sn_bench_pin(void)
{
    const int core = sched_getcpu();
    if (core < 0 || core >= CPU_SETSIZE)
        return false;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)core, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

double sn_bench_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double sn_bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

static double time_of(bench_work work, int64_t calls)
{
    const double begin = sn_bench_clock();
    work.run(work.context, calls);
    return sn_bench_clock() - begin;
}

/* How many calls fill a batch; finding out warms everything up. */
static int64_t calls_in_batch(bench_work work, double batch)
{
    int64_t calls = 1;
    for (;;) {
        const double ns = time_of(work, calls);
        if (ns >= batch)
            return calls;
        const double more = (double)calls * (ns > 0 ? 1.1 * batch / ns : 100);
        calls = more > 100.0 * (double)calls ? 100 * calls : (int64_t)more + 1;
    }
}

static int rounds_of(const bench_options *options)
{
    return options->rounds < 1 ? 1 : options->rounds > MAX_ROUNDS ? MAX_ROUNDS : options->rounds;
}

bench_pair sn_bench_alternate(bench_work work, bench_work other, const bench_options *options)
{
    double ns[MAX_ROUNDS], other_ns[MAX_ROUNDS], ratio[MAX_ROUNDS];
    const int rounds = rounds_of(options);
    const int64_t calls = calls_in_batch(work, options->batch);
    const int64_t other_calls = calls_in_batch(other, options->batch);
    for (int r = 0; r < rounds; r++) {
        if (r % 2)
            other_ns[r] = time_of(other, other_calls) / (double)other_calls;
        ns[r] = time_of(work, calls) / (double)calls;
        if (r % 2 == 0)
            other_ns[r] = time_of(other, other_calls) / (double)other_calls;
        ratio[r] = ns[r] / other_ns[r];
    }
    return (bench_pair){sn_bench_median(ns, rounds), sn_bench_median(other_ns, rounds),
                        sn_bench_median(ratio, rounds)};
}

double sn_bench_alone(bench_work work, const bench_options *options)
{
    double ns[MAX_ROUNDS];
    const int rounds = rounds_of(options);
    const int64_t calls = calls_in_batch(work, options->batch);
    for (int r = 0; r < rounds; r++)
        ns[r] = time_of(work, calls) / (double)calls;
    return sn_bench_median(ns, rounds);
}
