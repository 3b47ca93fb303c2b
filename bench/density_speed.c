/* `sinter bench density`: log-densities of data by rows, in sums, by calls; with live parameters, whose values are set.
 *
 * The normal density has limits written by hand: the loops of bench/limits, and for one row a C function called through a pointer, its numbers
 * behind another, as ours. Densities of gamma's kind have R's nmath beside them, number by number. Data that are bound are asked for value and derivatives at new parameters
 * with each call. Everything is compared before it is timed. What compiling costs is that of a context which has compiled the same before; what a new program takes,
 * `sinter bench compile` says. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 1000, LARGE = 1000000, CALLS = 1000, GROUPS = 8 };

/* How far a row may be from its limit, relative to max(1, |value|): nmath is itself wrong behind its twelfth digit in places. */
static const double rows_bound = 1e-11;

typedef enum density_what { BATCH, SUM, SUM_EXACT, GRADIENT, SUM_GRADIENT, CALL, LOG, SET_AND_SUM, WEIGHTED, MASKED, STRIDED, BOUND, GROUPED, GROUPED_BOUND } density_what;

typedef struct density_entry {
    const char *name;
    density_what what;
    const char *text;
    int64_t n;
    const char *limit; /* of sn_limit_find; or NULL */
    const char *nmath; /* or NULL: its function, with these */
    nmath_limit numbers;
    double low, high;  /* of x */
    bool whole;        /* numbers only */
} density_entry;

#define NORMAL "normal(mu = 0.3, sigma = 1.7)"
#define OF_NORMAL(name, what, n, limit) {name, what, NORMAL, n, limit, NULL, {0}, -5, 5, false}

/* A mean for each of eight groups: the sum with its derivatives by all nine numbers. */
#define GROUPED_NORMAL "input y, group; param a[8] = 0.3; param sigma = 1.7 in 1e-300..1e300; y ~ normal(a[group], sigma)"
#define OF_GROUPS(name, what, n) {name, what, GROUPED_NORMAL, n, NULL, NULL, {0}, -5, 5, false}

#define OF_NMATH(name, text, nmath, count, a, b, low, high, whole) \
    {name, BATCH, text, SMALL, NULL, nmath, {NULL, count, a, b}, low, high, whole}

static const density_entry entries[] = {
    OF_NORMAL("normal", BATCH, SMALL, "normal"),
    OF_NORMAL("normal-1000000", BATCH, LARGE, "normal"),
    OF_NORMAL("normal_sum", SUM, SMALL, "normal_sum"),
    OF_NORMAL("normal_sum-1000000", SUM, LARGE, "normal_sum"),
    OF_NORMAL("normal_sum_exact", SUM_EXACT, SMALL, NULL),
    OF_NORMAL("normal_gradient", GRADIENT, SMALL, NULL),
    OF_NORMAL("normal_sum_gradient", SUM_GRADIENT, SMALL, NULL),
    OF_NORMAL("normal_set_sum", SET_AND_SUM, SMALL, NULL),
    OF_NORMAL("normal_weighted", WEIGHTED, SMALL, NULL),
    OF_NORMAL("normal_masked", MASKED, SMALL, NULL),
    OF_NORMAL("normal_strided", STRIDED, SMALL, NULL),
    OF_NORMAL("normal_call", CALL, CALLS, "function"),
    OF_NORMAL("normal_log", LOG, CALLS, "function"),
    OF_NORMAL("normal_bound", BOUND, LARGE, NULL),
    OF_GROUPS("groups", GROUPED, SMALL),
    OF_GROUPS("groups-1000000", GROUPED, LARGE),
    OF_GROUPS("groups_bound", GROUPED_BOUND, LARGE),
    {"gamma_bound", BOUND, "gamma(3.5, 0.7)", LARGE, NULL, NULL, {0}, 0.01, 20, false},
    {"poisson_bound", BOUND, "poisson(7.5)", LARGE, NULL, NULL, {0}, 0, 40, true},
    OF_NMATH("gamma", "gamma(3.5, 0.7)", "dgamma", 2, 3.5, 1/0.7, 0.01, 20, false), /* whose second number is a scale */
    OF_NMATH("beta", "beta(2.5, 4)", "dbeta", 2, 2.5, 4, 0.01, 0.99, false),
    OF_NMATH("poisson", "poisson(7.5)", "dpois", 1, 7.5, 0, 0, 40, true),
    OF_NMATH("binomial", "binomial(60, 0.3)", "dbinom", 2, 60, 0.3, 0, 60, true),
    OF_NMATH("student_t", "student_t(4.5, 0, 1)", "dt", 1, 4.5, 0, -10, 10, false),
};
enum { ENTRIES = sizeof entries / sizeof *entries };

const char *sn_density_row_name(unsigned k)
{
    return k < ENTRIES ? entries[k].name : NULL;
}

/* ---- a row ---- */

typedef struct density_work {
    const density_entry *of;
    sinter_context *context;
    sinter_density *density;
    sinter_density_values *values;
    bench_buffers buffers; /* x, the result, weights, what nmath says */
    sinter_density_argument columns[2];
    sinter_density_data data;
    sinter_density_results results;
    void *slopes[SINTER_DENSITY_MOST];
    double *more;     /* of derivatives by parameters */
    sinter_bound *bound;
    sinter_groups *groups;
    sinter_groups_bound *groups_bound;
    double numbers[1 + GROUPS]; /* of the groups: sigma, then the means */
    double sum, gradient[SINTER_DENSITY_MOST];
    uint8_t validity[SMALL / 8 + 1];
    const void *frame;
    sinter_function function;
    sinter_options engine;
} density_work;

static double *array(const density_work *w, int k)
{
    return w->buffers.at[k];
}

static bool is_grouped(const density_work *w)
{
    return w->of->what == GROUPED || w->of->what == GROUPED_BOUND;
}

static void fill(density_work *w)
{
    uint64_t state = 20251128;
    for (int64_t i = 0; i < w->of->n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const double x = w->of->low + (w->of->high - w->of->low) * ((double)(state >> 11) * 0x1p-53);
        array(w, 0)[i] = w->of->whole ? floor(x) : x;
        array(w, 2)[i] = is_grouped(w) ? (double)(state >> 40 & (GROUPS - 1)) : 0.5 + (double)(i % 3);
    }
    memset(w->validity, 0x7F, sizeof w->validity);
}

static void shape(density_work *w)
{
    const density_what what = w->of->what;
    w->columns[0] = (sinter_density_argument){array(w, 0), what == STRIDED ? 2 : 1};
    w->columns[1] = (sinter_density_argument){array(w, 2), 1};
    w->data = (sinter_density_data){.count = what == STRIDED ? w->of->n / 2 : w->of->n, .columns = w->columns};
    w->results = (sinter_density_results){.logs = array(w, 1)};
    if (what == WEIGHTED)
        w->data.weights = (sinter_density_argument){array(w, 2), 1};
    if (what == MASKED)
        w->data.validity = w->validity;
    if (what != GRADIENT)
        return;
    for (uint32_t k = 0; k < sinter_density_describe(w->density).parameter_count; k++)
        w->slopes[k] = w->more + k * SMALL;
    w->results.parameters = w->slopes;
}

typedef double (*row_function)(const void *frame, double x);

static double call_rows(row_function f, const void *frame, const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += f(frame, x[i]);
    return sum;
}

static double log_rows(density_work *w)
{
    double sum = 0, log;
    for (int64_t i = 0; i < w->of->n; i++) {
        sinter_density_log(w->values, &array(w, 0)[i], &log);
        sum += log;
    }
    return sum;
}

/* Each call has parameters that no call had before it. */
static void ask_bound(density_work *w, int64_t calls)
{
    double parameters[SINTER_DENSITY_MOST];
    const sinter_density_info info = sinter_density_describe(w->density);
    for (int64_t i = calls; i-- > 0;) {
        for (uint32_t k = 0; k < info.parameter_count; k++)
            parameters[k] = info.parameters[k].initial * (1 + (double)i * 1e-9);
        sinter_bound_log(w->bound, w->values, parameters, &w->sum, w->gradient);
    }
}

/* The last call's numbers are those that the text gives. */
static void ask_groups(density_work *w, int64_t calls)
{
    for (int64_t i = calls; i-- > 0;) {
        w->numbers[0] = 1.7 * (1 + (double)i * 1e-9);
        for (int k = 0; k < GROUPS; k++)
            w->numbers[1 + k] = 0.3 * (1 + (double)i * 1e-9);
        if (w->groups_bound)
            sinter_groups_bound_log(w->groups_bound, w->numbers, &w->sum, w->gradient);
        else
            sinter_groups_sum(w->groups, w->numbers, &w->data, &w->sum, w->gradient);
    }
}

static void run_density(void *context, int64_t calls)
{
    density_work *w = context;
    for (; calls > 0; calls--)
        switch (w->of->what) {
        case SUM: sinter_density_sum(w->values, &w->data, &w->sum, NULL); break;
        case SUM_EXACT: sinter_density_sum_exact(w->values, &w->data, &w->sum); break;
        case SUM_GRADIENT: sinter_density_sum(w->values, &w->data, &w->sum, w->gradient); break;
        case SET_AND_SUM:
            sinter_density_set(w->values, 0, 0.3 + (double)(calls & 1) * 1e-9);
            sinter_density_sum(w->values, &w->data, &w->sum, w->gradient);
            break;
        case CALL: w->sum = call_rows((row_function)w->function, w->frame, array(w, 0), w->of->n); break;
        case LOG: w->sum = log_rows(w); break;
        case BOUND: ask_bound(w, CALLS); break;
        case GROUPED: ask_groups(w, 1); break;
        case GROUPED_BOUND: ask_groups(w, CALLS); break;
        default: sinter_density_batch(w->values, &w->data, &w->results); break;
        }
}

/* ---- limits ---- */

static const limit_density by_hand = {0.3, -0.5 / (1.7 * 1.7), -(0.530628251062170396231543 + 0.91893853320467274178)};

/* What a person would write, in a function of its own. */
__attribute__((noinline)) static double normal_by_hand(const void *numbers, double x)
{
    const limit_density *d = numbers;
    const double z = x - d->mean;
    return fma(z * z, d->weight, d->constant);
}

typedef struct limit_work {
    limit_kernel kernel;
    sinter_arguments arguments;
    density_work *ours;
    row_function volatile function; /* which nobody knows */
    double sum;
    nmath_limit numbers;
} limit_work;

static void run_limit(void *context, int64_t calls)
{
    limit_work *l = context;
    for (; calls > 0; calls--)
        if (l->kernel.run)
            sn_limit_run(&l->kernel, &l->arguments);
        else
            l->sum = call_rows(l->function, &by_hand, array(l->ours, 0), l->ours->of->n);
}

static bool find_limit(limit_work *l, density_work *w, sinter_engine engine)
{
    static const void *inputs[1];
    static void *outputs[1];
    inputs[0] = array(w, 0);
    outputs[0] = array(w, 3);
    *l = (limit_work){.ours = w, .function = normal_by_hand};
    l->arguments = (sinter_arguments){.inputs = inputs, .outputs = outputs, .count = w->of->n, .totals = &l->sum};
    if (w->of->nmath) {
        l->numbers = w->of->numbers;
        l->kernel = (limit_kernel){.what = "R's nmath", .run = sn_nmath_run, .numbers = &l->numbers};
        return sn_nmath_find(&l->numbers, w->of->nmath);
    }
    if (!w->of->limit)
        return false;
    if (!strcmp(w->of->limit, "function")) {
        l->kernel.what = "a C function";
        return true;
    }
    const limit_kernel *found = sn_limit_find(w->of->limit, engine, 0);
    if (found)
        l->kernel = *found;
    return found != NULL;
}

/* ---- checks ---- */

static bool is_near(double a, double b, double bound)
{
    return a == b || fabs(a - b) <= bound * fmax(1, fabs(b));
}

static bool check_rows(density_work *w, const limit_work *l)
{
    const bool rows = w->of->what == BATCH;
    for (int64_t i = 0; rows && i < w->of->n; i++)
        if (!is_near(array(w, 1)[i], array(w, 3)[i], rows_bound)) {
            sn_bench_say("%s: %.17g at %.17g, %s says %.17g; not timed", w->of->name, array(w, 1)[i], array(w, 0)[i], l->kernel.what, array(w, 3)[i]);
            return false;
        }
    if (!rows && !is_near(w->sum, l->sum, 1e-11)) {
        sn_bench_say("%s: %.17g, %s says %.17g; not timed", w->of->name, w->sum, l->kernel.what, l->sum);
        return false;
    }
    return true;
}

/* The last call's parameters are those that the text gives: the sum of all rows, and its derivatives. */
static bool check_bound(density_work *w)
{
    double sum, gradient[SINTER_DENSITY_MOST], size = 0;
    if (sinter_density_sum(w->values, &w->data, &sum, gradient))
        return false;
    bool good = is_near(w->sum, sum, 1e-11);
    for (uint32_t k = 0; k < sinter_density_describe(w->density).parameter_count; k++) {
        size += fabs(gradient[k]);
        good = good && is_near(w->gradient[k], gradient[k], 1e-9);
    }
    if (!good || !(size > 0))
        sn_bench_say("%s: %.17g, the sum of all rows is %.17g; not timed", w->of->name, w->sum, sum);
    return good && size > 0;
}

/* With equal means the sum is that of rows without groups, and the derivatives by means add up to the one by the mean. */
static bool check_groups(density_work *w)
{
    double sum, gradient[SINTER_DENSITY_MOST], means = 0;
    if (sinter_density_sum(w->values, &w->data, &sum, gradient))
        return false;
    for (int k = 0; k < GROUPS; k++)
        means += w->gradient[1 + k];
    const int mean = sinter_density_parameter_number(w->density, "a[group]"), sigma = sinter_density_parameter_number(w->density, "sigma");
    const bool good = is_near(w->sum, sum, 1e-11) && is_near(means, gradient[mean], 1e-9) && is_near(w->gradient[0], gradient[sigma], 1e-9);
    if (!good)
        sn_bench_say("%s: %.17g, the sum of all rows is %.17g; not timed", w->of->name, w->sum, sum);
    return good;
}

/* ---- compiling ---- */

static bool open_groups(density_work *w)
{
    return !is_grouped(w) || (!sinter_groups_open(w->density, &w->groups, NULL)
                              && (w->of->what == GROUPED || !sinter_groups_bind(w->groups, &w->data, &w->groups_bound, NULL)));
}

static void close_groups(density_work *w)
{
    sinter_groups_unbind(w->groups_bound);
    sinter_groups_close(w->groups);
}

/* From text to the first call's end, and back. */
static void open_and_close(void *context, int64_t calls)
{
    density_work *w = context;
    const sinter_density_options o = {.engine = w->engine.engine};
    for (; calls > 0; calls--) {
        density_work again = *w;
        if (sinter_density_open(w->context, w->of->text, strlen(w->of->text), &o, &again.density, NULL))
            return;
        if (!sinter_density_values_open(again.density, &again.values)) {
            again.data.count = again.data.count ? 1 : 0;
            again.bound = NULL;
            again.groups = NULL;
            again.groups_bound = NULL;
            if (is_grouped(w)) {
                if (open_groups(&again))
                    ask_groups(&again, 1);
                close_groups(&again);
            } else if (w->of->what == BOUND && !sinter_density_bind(again.density, &again.data, &again.bound, NULL))
                ask_bound(&again, 1);
            else if (w->of->what == CALL || w->of->what == LOG)
                sinter_density_function(again.values, &again.frame, NULL);
            else
                run_density(&again, 1);
            sinter_bound_close(again.bound);
        }
        sinter_density_values_close(again.values);
        sinter_density_close(again.density);
    }
}

/* ---- */

static bool open_row(density_work *w, sinter_engine engine)
{
    sinter_report report;
    const sinter_density_options o = {.engine = engine};
    const sinter_status status = sinter_density_open(w->context, w->of->text, strlen(w->of->text), &o, &w->density, &report);
    if (status) {
        sn_bench_say_report(w->of->name, engine, status, &report);
        return false;
    }
    w->more = calloc((size_t)SMALL * SINTER_DENSITY_MOST, sizeof *w->more);
    if (!w->more || sinter_density_values_open(w->density, &w->values) || !sn_bench_buffers_open(&w->buffers, (size_t)w->of->n * sizeof(double))) {
        sn_bench_say("%s: no memory", w->of->name);
        return false;
    }
    fill(w);
    shape(w);
    if (w->of->what == BOUND && sinter_density_bind(w->density, &w->data, &w->bound, NULL)) {
        sn_bench_say("%s: the data cannot be bound", w->of->name);
        return false;
    }
    if (!open_groups(w)) {
        sn_bench_say("%s: the data have no groups", w->of->name);
        return false;
    }
    w->function = is_grouped(w) ? NULL : sinter_density_function(w->values, &w->frame, NULL);
    if (w->of->what != CALL || w->function)
        run_density(w, 1);
    return true;
}

static bool time_row(const bench_options *options, density_work *w, sinter_engine engine)
{
    limit_work l;
    const int64_t elements = w->of->what == BOUND || w->of->what == GROUPED_BOUND ? CALLS : w->data.count;
    bench_row row = {.workload = w->of->name, .engine = sinter_engine_name(engine), .n = w->of->n, .ops = -1};
    w->engine.engine = engine;
    row.compile_us = sn_bench_alone((bench_work){open_and_close, w}, options) * 1e-3;
    if (find_limit(&l, w, engine)) {
        run_limit(&l, 1);
        if (!check_rows(w, &l))
            return false;
        const bench_pair pair = sn_bench_alternate((bench_work){run_density, w}, (bench_work){run_limit, &l}, options);
        row.ns = pair.ns / (double)w->of->n;
        row.limit = l.kernel.what;
        row.limit_ns = pair.other_ns / (double)w->of->n;
        row.ratio = pair.ratio;
    } else {
        if ((w->of->what == BOUND && !check_bound(w)) || (is_grouped(w) && !check_groups(w)))
            return false;
        row.ns = sn_bench_alone((bench_work){run_density, w}, options) / (double)elements;
    }
    sn_bench_show(options, &row);
    return true;
}

static bool measure(const bench_options *options, sinter_context *context, const density_entry *entry, sinter_engine engine)
{
    density_work *w = calloc(1, sizeof *w);
    if (!w) {
        sn_bench_say("%s: no memory", entry->name);
        return false;
    }
    w->of = entry;
    w->context = context;
    sn_bench_progress(entry->name, sinter_engine_name(engine));
    bool good = open_row(w, engine);
    if (good && entry->what == CALL && !w->function)
        sn_bench_say("%s: %s has no function of one row; skipped", entry->name, sinter_engine_name(engine));
    else
        good = good && time_row(options, w, engine);
    close_groups(w);
    sinter_bound_close(w->bound);
    sinter_density_values_close(w->values);
    sinter_density_close(w->density);
    sn_bench_buffers_close(&w->buffers);
    free(w->more);
    free(w);
    return good;
}

bool sn_bench_density(const bench_options *options, sinter_context *context)
{
    bool good = true;
    if (!sn_nmath_is_here())
        sn_bench_say("libRmath.so.1 (r-mathlib) is not here: rows are without their limits");
    sn_bench_head(options);
    for (size_t k = 0; k < ENTRIES; k++) {
        sinter_engine engine;
        for (unsigned e = 0; sn_bench_wanted(options, entries[k].name) && (engine = sn_bench_engine(options, e)) != SINTER_ENGINE_AUTO; e++)
            good &= measure(options, context, &entries[k], engine);
    }
    return good;
}
