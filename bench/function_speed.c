/* Every mathematical function alone, in both types and both grades, against SLEEF's function of the nearest
 * grade over the same arrays; and the product of a sine and a cosine, against a kernel written by hand too.
 *
 * Arguments are random and even over the range in which a function is mostly used; results are compared with
 * the C library's first (what it lacks, with its formula). Where SLEEF is not on the machine, or has no such
 * function, a row is without its limit. */
#include "bench.h"

#include <math.h>
#include <string.h>

enum { ELEMENTS = 10000, VARIANTS = 4 };

typedef struct function_entry {
    const char *name, *text, *sleef; /* NULL: SLEEF has none */
    double (*one)(double);
    double (*two)(double, double); /* of two arguments */
    double low, high, low2, high2;
} function_entry;

/* ---- what they should be ---- */

static double sine_of_half_turns(double x)
{
    const double r = x - 2 * rint(x / 2), a = fabs(r);
    return copysign(a <= 0.25 ? sin(M_PI * a) : a <= 0.75 ? cos(M_PI * (a - 0.5)) : sin(M_PI * (1 - a)), r);
}

static double cosine_of_half_turns(double x)
{
    return sine_of_half_turns(0.5 - fabs(x - 2 * rint(x / 2)));
}

static double tangent_of_half_turns(double x)
{
    return sine_of_half_turns(x) / cosine_of_half_turns(x);
}

static double reciprocal_root(double x)
{
    return 1 / sqrt(x);
}

static double power_of_ten(double x)
{
    return pow(10, x);
}

/* Upwards to where the asymptotic series is exact enough. */
static double digamma(double x)
{
    double sum = 0;
    for (; x < 12; x++)
        sum -= 1 / x;
    const double s = 1 / (x * x);
    const double series = s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s * (1.0 / 240 - s / 132))));
    return sum + log(x) - 0.5 / x - series;
}

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

static double normal_log_cdf(double x)
{
    return log(normal_cdf(x));
}

static double product_of_turns(double x, double y)
{
    return sine_of_half_turns(x) * cosine_of_half_turns(y);
}

#define OF_ONE(name, sleef, reference, low, high) {name, name "(x)", sleef, reference, NULL, low, high, 0, 0}
#define OF_TWO(name, first, second, reference, low, high, low2, high2)                                       \
    {                                                                                                        \
        name, name "(" first ", " second ")", name, NULL, reference, low, high, low2, high2                  \
    }

static const function_entry functions[] = {
    OF_ONE("sin", "sin", sin, -10, 10),
    OF_ONE("cos", "cos", cos, -10, 10),
    OF_ONE("tan", "tan", tan, -10, 10),
    OF_ONE("sinpi", "sinpi", sine_of_half_turns, -10, 10),
    OF_ONE("cospi", "cospi", cosine_of_half_turns, -10, 10),
    OF_ONE("tanpi", NULL, tangent_of_half_turns, -10, 10),
    OF_ONE("asin", "asin", asin, -1, 1),
    OF_ONE("acos", "acos", acos, -1, 1),
    OF_ONE("atan", "atan", atan, -10, 10),
    OF_TWO("atan2", "x", "y", atan2, -1, 1, -1, 1),
    OF_ONE("exp", "exp", exp, -20, 20),
    OF_ONE("exp2", "exp2", exp2, -20, 20),
    OF_ONE("exp10", "exp10", power_of_ten, -20, 20),
    OF_ONE("expm1", "expm1", expm1, -5, 5),
    OF_ONE("log", "log", log, 0.01, 100),
    OF_ONE("log2", "log2", log2, 0.01, 100),
    OF_ONE("log10", "log10", log10, 0.01, 100),
    OF_ONE("log1p", "log1p", log1p, -0.9, 10),
    OF_TWO("pow", "x", "y", pow, 0.1, 10, -10, 10),
    OF_ONE("rsqrt", NULL, reciprocal_root, 0.01, 100),
    OF_ONE("cbrt", "cbrt", cbrt, -100, 100),
    OF_TWO("hypot", "x", "y", hypot, -10, 10, -10, 10),
    OF_ONE("sinh", "sinh", sinh, -10, 10),
    OF_ONE("cosh", "cosh", cosh, -10, 10),
    OF_ONE("tanh", "tanh", tanh, -5, 5),
    OF_ONE("asinh", "asinh", asinh, -100, 100),
    OF_ONE("acosh", "acosh", acosh, 1, 100),
    OF_ONE("atanh", "atanh", atanh, -1, 1),
    OF_ONE("erf", "erf", erf, -3, 3),
    OF_ONE("erfc", "erfc", erfc, -3, 6),
    OF_ONE("lgamma", "lgamma", lgamma, 0.1, 20),
    OF_ONE("gamma", "tgamma", tgamma, 0.1, 20),
    OF_ONE("digamma", NULL, digamma, 0.1, 20),
    OF_ONE("logistic", NULL, logistic, -10, 10),
    OF_ONE("softplus", NULL, softplus, -10, 10),
    OF_ONE("normal_cdf", NULL, normal_cdf, -5, 5),
    OF_ONE("normal_log_cdf", NULL, normal_log_cdf, -10, 5),
    {"sinpi_cospi", "sin(x*pi)*cos(y*pi)", "sin", NULL, product_of_turns, -4, 4, -4, 4},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* The last one is there for f32 only. */
static bool is_product(const function_entry *f)
{
    return f == &functions[FUNCTIONS - 1];
}

const char *sn_function_name(unsigned k)
{
    static const char *const endings[VARIANTS] = {"-f32", "-f32-fast", "-f64", "-f64-fast"};
    static char names[FUNCTIONS * VARIANTS][32];
    if (k >= FUNCTIONS * VARIANTS - 2) /* the product has no f64 */
        return NULL;
    const function_entry *f = &functions[k / VARIANTS];
    snprintf(names[k], sizeof names[k], "%s%s", f->name,
             !is_product(f) ? endings[k % VARIANTS] : k % 2 ? "-fast" : "");
    return names[k];
}

/* ---- one row ---- */

typedef struct function_work {
    const function_entry *of;
    const char *name; /* of the row */
    bool fast;
    sinter_options options;
    sinter_context *context;
    sinter_kernel *kernel;
    bench_buffers buffers;
    const void *inputs[2];
    void *outputs[1];
} function_work;

static double element(const function_work *w, const void *array, int64_t i)
{
    return w->options.type == SINTER_F64 ? ((const double *)array)[i] : (double)((const float *)array)[i];
}

static double between(uint64_t *state, double low, double high)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * ((double)(*state >> 11) * 0x1p-53);
}

static void fill(function_work *w)
{
    const function_entry *f = w->of;
    uint64_t state = 20240229;
    for (int64_t i = 0; i < ELEMENTS; i++) {
        const double x = between(&state, f->low, f->high), y = between(&state, f->low2, f->high2);
        if (w->options.type == SINTER_F64) {
            ((double *)w->buffers.at[0])[i] = x;
            ((double *)w->buffers.at[1])[i] = y;
        } else {
            ((float *)w->buffers.at[0])[i] = (float)x;
            ((float *)w->buffers.at[1])[i] = (float)y;
        }
    }
}

/* Within `bound` of what it should be, relative to max(1, |value|); the rest is docs/accuracy.md's matter. */
static bool check(const function_work *w, double bound, const char *who)
{
    for (int64_t i = 0; i < ELEMENTS; i++) {
        const double x = element(w, w->inputs[0], i), y = element(w, w->inputs[1], i);
        const double value = element(w, w->outputs[0], i);
        const double wanted = w->of->two ? w->of->two(x, y) : w->of->one(x);
        if (value == wanted || fabs(value - wanted) <= bound * fmax(1, fabs(wanted)))
            continue;
        sn_bench_say("%s: %s is wrong at %.17g, %.17g: %.17g instead of %.17g; not timed", w->name, who, x, y,
                     value, wanted);
        return false;
    }
    return true;
}

static sinter_arguments arguments_of(function_work *w)
{
    return (sinter_arguments){.inputs = w->inputs, .outputs = w->outputs, .count = ELEMENTS};
}

static void run_kernel(void *context, int64_t calls)
{
    function_work *w = context;
    const sinter_arguments arguments = arguments_of(w);
    for (; calls > 0; calls--)
        sinter_run(w->kernel, &arguments);
}

static void compile_and_close(void *context, int64_t calls)
{
    const function_work *w = context;
    for (; calls > 0; calls--) {
        sinter_kernel *kernel;
        sinter_compile(w->context, w->of->text, strlen(w->of->text), &w->options, &kernel, NULL);
        sinter_kernel_close(kernel);
    }
}

static double rounding_bound(const function_work *w)
{
    return w->options.type == SINTER_F64 ? 2e-14 : 2e-6;
}

static bool compile(function_work *w)
{
    sinter_report report;
    const sinter_status status =
        sinter_compile(w->context, w->of->text, strlen(w->of->text), &w->options, &w->kernel, &report);
    if (status) {
        sn_bench_say_report(w->name, w->options.engine, status, &report);
        return false;
    }
    run_kernel(w, 1);
    return check(w, rounding_bound(w), sinter_engine_name(w->options.engine));
}

typedef struct limit_call_work {
    limit_kernel kernel;
    sinter_arguments arguments;
} limit_call_work;

static void run_limit(void *context, int64_t calls)
{
    const limit_call_work *l = context;
    for (; calls > 0; calls--)
        sn_limit_run(&l->kernel, &l->arguments);
}

/* The row against one limit. */
static bool against(const bench_options *options, function_work *w, limit_call_work *l, bench_row row)
{
    l->arguments = arguments_of(w);
    run_limit(l, 1);
    if (!check(w, l->kernel.bound, l->kernel.what))
        return false;
    const bench_pair pair =
        sn_bench_alternate((bench_work){run_kernel, w}, (bench_work){run_limit, l}, options);
    row.ns = pair.ns / ELEMENTS;
    row.limit = l->kernel.what;
    row.limit_ns = pair.other_ns / ELEMENTS;
    row.ratio = pair.ratio;
    sn_bench_show(options, &row);
    return true;
}

/* π times an f32 is rounded before SLEEF sees it, so that its product errs by more. */
static bool find_sleef(const function_work *w, limit_call_work *l, sleef_limit *s, char *what, size_t size)
{
    const char *bound = "";
    const sinter_type type = w->options.type;
    const sinter_engine engine = w->options.engine;
    *s = (sleef_limit){.arguments = w->of->two ? 2 : 1};
    s->function = sn_sleef_find(w->of->sleef, type, engine, w->fast, &bound);
    if (!s->function)
        return false;
    if (is_product(w->of) && !(s->other = sn_sleef_find("cos", type, engine, w->fast, &bound)))
        return false;
    snprintf(what, size, "SLEEF %s", bound);
    l->kernel = (limit_kernel){
        .what = what,
        .engine = engine,
        .bound = is_product(w->of) ? 1e-5 : rounding_bound(w),
        .run = sn_sleef_loop(type, engine),
        .numbers = s,
    };
    return true;
}

static bool show_rows(const bench_options *options, function_work *w)
{
    bool good = true, limited = false;
    const bench_row row = {
        .workload = w->name,
        .engine = sinter_engine_name(w->options.engine),
        .n = ELEMENTS,
        .compile_us = sn_bench_alone((bench_work){compile_and_close, w}, options) * 1e-3,
        .ops = sinter_kernel_describe(w->kernel).operations,
    };
    const limit_kernel *hand_written;
    for (unsigned k = 0; (hand_written = sn_limit_find(w->name, w->options.engine, k)); k++) {
        limit_call_work l = {.kernel = *hand_written};
        good &= against(options, w, &l, row);
        limited = true;
    }
    limit_call_work l;
    sleef_limit sleef;
    char what[32];
    if (find_sleef(w, &l, &sleef, what, sizeof what)) {
        good &= against(options, w, &l, row);
        limited = true;
    }
    if (!limited) {
        bench_row alone = row;
        alone.ns = sn_bench_alone((bench_work){run_kernel, w}, options) / ELEMENTS;
        sn_bench_show(options, &alone);
    }
    return good;
}

static bool measure(const bench_options *options, sinter_context *context, unsigned k, sinter_engine engine)
{
    const unsigned variant = k % VARIANTS;
    function_work w = {.of = &functions[k / VARIANTS], .name = sn_function_name(k), .context = context};
    w.fast = variant % 2;
    w.options = (sinter_options){
        .engine = engine,
        .type = variant / 2 ? SINTER_F64 : SINTER_F32,
        .grade = w.fast ? SINTER_GRADE_FAST : SINTER_GRADE_DEFAULT,
        .rewriting = SINTER_STRICT,
        .inputs = w.of->two ? "x y" : "x",
    };
    sn_bench_progress(w.name, sinter_engine_name(engine));
    if (!sn_bench_buffers_open(&w.buffers, ELEMENTS * sizeof(double))) {
        sn_bench_say("%s: no memory", w.name);
        return false;
    }
    w.inputs[0] = w.buffers.at[0];
    w.inputs[1] = w.buffers.at[1];
    w.outputs[0] = w.buffers.at[2];
    fill(&w);
    const bool good = compile(&w) && show_rows(options, &w);
    sinter_kernel_close(w.kernel);
    sn_bench_buffers_close(&w.buffers);
    return good;
}

bool sn_bench_functions(const bench_options *options, sinter_context *context)
{
    bool good = true;
    if (!sn_sleef_is_here())
        sn_bench_say("libsleef.so.3 is not here: rows are without their limits");
    sn_bench_head(options);
    for (unsigned k = 0; sn_function_name(k); k++) {
        sinter_engine engine;
        if (!sn_bench_wanted(options, sn_function_name(k)))
            continue;
        for (unsigned e = 0; (engine = sn_bench_engine(options, e)) != SINTER_ENGINE_AUTO; e++)
            good &= measure(options, context, k, engine);
    }
    return good;
}
