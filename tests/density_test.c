/* Densities at run time: every way to hand over a row against rows one by one, bit for bit; sums; what is missing, invalid, wrong, refused. */
#include "density/exact_sum.h"

#include "guard_pages.h"
#include "open_context.h"
#include "repetitions.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <sinter/sinter.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "density_checks.h"

/* Two columns, three parameters, a range, a logarithm at segment rate. */
static const char LINE[] = "input x; input y; param a = 0.5; param b = -0.25; param s = 1.5 in 0.0001..1e6; z = (y - (a + b*x))/s; -0.5*z*z - log(s) - 0.9189385332046727";
/* Functions with regions of their own, and no parameter that reaches all of it. */
static const char CURVE[] = "input x; input y; param k = 2 in 0.01..1e4; lgamma(k + x) - k*log1p(exp(-y)) - x*softplus(y)";

enum { COLUMNS = 2, MOST_PARAMETERS = 3, ROWS = 67, LARGE = 70000 };

static uint64_t bits(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return isnan(x) ? 1 : b;
}

static sinter_density *open_density(const char *text, const sinter_density_options *options)
{
    sinter_density *d;
    sinter_report report;
    const sinter_status status = sinter_density_open(context, text, strlen(text), options, &d, &report);
    char message[1000] = "";
    if (status && report.count)
        sinter_report_format(&report, 0, message, sizeof message);
    if (status)
        fail_msg("%s: %s", text, message);
    return d;
}

static sinter_density_values *open_values(sinter_density *d)
{
    sinter_density_values *v;
    expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
    return v;
}

/* ---- a table of arguments, as doubles, and in every form ---- */

typedef struct table {
    double column[COLUMNS][ROWS], parameter[MOST_PARAMETERS][ROWS];
} table;

static void fill_table(table *t)
{
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < COLUMNS; k++)
            t->column[k][i] = uniform(0, 4);
        for (int k = 0; k < MOST_PARAMETERS; k++)
            t->parameter[k][i] = uniform(0.2, 3);
    }
    t->column[1][3] = NAN;
    t->column[1][20] = INFINITY;
    t->column[0][66] = NAN;
    for (int k = 0; k < COLUMNS; k++) /* so that what is the same for all is of the first row */
        t->column[k][0] = 1.25 + k;
}

typedef enum form { SAME, ARRAY, SPREAD, BACKWARDS, BY_SET, FORMS } form;

/* Room for an argument in a form, of either type. */
typedef struct stored {
    double wide[3 * ROWS];
    float narrow[3 * ROWS];
} stored;

static sinter_density_argument store(stored *s, const double *values, form f, int64_t count, bool narrow)
{
    const int64_t stride = f == SAME ? 0 : f == ARRAY ? 1 : f == SPREAD ? 3 : -2, start = f == BACKWARDS ? 2 * (ROWS - 1) : 0;
    for (int64_t i = 0; i < count && f != BY_SET; i++) {
        if (stride == 0 && i)
            break;
        s->wide[start + i * stride] = values[i];
        s->narrow[start + i * stride] = (float)values[i];
    }
    return (sinter_density_argument){f == BY_SET ? NULL : narrow ? (const void *)&s->narrow[start] : &s->wide[start], stride};
}

static double value_at(const double *values, form f, int64_t i)
{
    return values[f == SAME || f == BY_SET ? 0 : i];
}

typedef struct pattern {
    form column[COLUMNS], parameter[MOST_PARAMETERS];
} pattern;

static double read_result(const void *results, int64_t i, bool narrow)
{
    return narrow ? (double)((const float *)results)[i] : ((const double *)results)[i];
}

/* One row after the other, by setting parameters. */
static double one_row(sinter_density_values *single, const table *t, const pattern *p, uint32_t parameters, int64_t i)
{
    double row[COLUMNS], log;
    for (int k = 0; k < COLUMNS; k++)
        row[k] = value_at(t->column[k], p->column[k], i);
    for (uint32_t k = 0; k < parameters; k++)
        expect_status(sinter_density_set(single, (int)k, value_at(t->parameter[k], p->parameter[k], i)), SINTER_OK, "set");
    expect_status(sinter_density_log(single, row, &log), SINTER_OK, "log");
    return log;
}

typedef struct trial {
    sinter_density_values *batch, *single;
    uint32_t parameters;
    bool narrow;
    const char *what;
} trial;

static void compare_pattern(const trial *q, const table *t, const pattern *p, int64_t count)
{
    static stored columns[COLUMNS], parameters[MOST_PARAMETERS];
    static double logs[ROWS], derivatives[2][ROWS], again[2][ROWS];
    sinter_density_argument c[COLUMNS], a[MOST_PARAMETERS];
    for (int k = 0; k < COLUMNS; k++)
        c[k] = store(&columns[k], t->column[k], p->column[k], count, q->narrow);
    for (uint32_t k = 0; k < q->parameters; k++) {
        a[k] = store(&parameters[k], t->parameter[k], p->parameter[k], count, q->narrow);
        sinter_density_set(q->batch, (int)k, p->parameter[k] == BY_SET ? t->parameter[k][0] : NAN);
    }
    const sinter_density_data data = {.count = count, .columns = c, .parameters = a};
    expect_status(sinter_density_batch(q->batch, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, q->what);
    for (int64_t i = 0; i < count; i++) {
        const double wanted = one_row(q->single, t, p, q->parameters, i), got = read_result(logs, i, q->narrow);
        if (bits(got) != bits(wanted))
            fail_msg("%s, forms %d %d, %d %d %d, row %d of %d: %.17g instead of %.17g", q->what, p->column[0], p->column[1], p->parameter[0], p->parameter[1],
                     p->parameter[2], (int)i, (int)count, got, wanted);
    }
    /* Derivatives, without the value, against those of one row a call. */
    void *by_column[COLUMNS] = {derivatives[0], NULL}, *by_parameter[MOST_PARAMETERS] = {derivatives[1], NULL, NULL};
    expect_status(sinter_density_batch(q->batch, &data, &(sinter_density_results){.columns = by_column, .parameters = by_parameter}), SINTER_OK,
                  q->what);
    for (int64_t i = 0; i < count; i += 9) {
        sinter_density_argument row[COLUMNS], own[MOST_PARAMETERS];
        static stored one[COLUMNS + MOST_PARAMETERS];
        for (int k = 0; k < COLUMNS; k++)
            row[k] = store(&one[k], &(double){value_at(t->column[k], p->column[k], i)}, SAME, 1, q->narrow);
        for (uint32_t k = 0; k < q->parameters; k++)
            own[k] = store(&one[COLUMNS + k], &(double){value_at(t->parameter[k], p->parameter[k], i)}, SAME, 1, q->narrow);
        void *ac[COLUMNS] = {again[0], NULL}, *ap[MOST_PARAMETERS] = {again[1], NULL, NULL};
        const sinter_density_data single = {.count = 1, .columns = row, .parameters = own};
        expect_status(sinter_density_batch(q->single, &single, &(sinter_density_results){.columns = ac, .parameters = ap}), SINTER_OK, q->what);
        for (int k = 0; k < 2; k++)
            if (bits(read_result(derivatives[k], i, q->narrow)) != bits(read_result(again[k], 0, q->narrow)))
                fail_msg("%s, derivative %d of row %d: %.17g instead of %.17g", q->what, k, (int)i, read_result(derivatives[k], i, q->narrow),
                         read_result(again[k], 0, q->narrow));
    }
}

/* Each argument in each form. */
static void compare_all(const char *text, uint32_t parameters, const sinter_density_options *options, int step)
{
    table t;
    fill_table(&t);
    sinter_density *d = open_density(text, options);
    const trial q = {open_values(d), open_values(d), parameters, options->type == SINTER_F32, text};
    int patterns = (FORMS - 1) * (FORMS - 1);
    for (uint32_t k = 0; k < parameters; k++)
        patterns *= FORMS;
    static const int64_t counts[] = {1, 2, 7, 32, ROWS};
    for (int n = 0; n < patterns; n += step) {
        pattern p = {{SAME, SAME}, {SAME, SAME, SAME}};
        int rest = n;
        for (int k = 0; k < COLUMNS; k++, rest /= FORMS - 1)
            p.column[k] = (form)(rest % (FORMS - 1));
        for (uint32_t k = 0; k < parameters; k++, rest /= FORMS)
            p.parameter[k] = (form)(rest % FORMS);
        compare_pattern(&q, &t, &p, counts[n / step % 5]);
    }
    sinter_density_values_close(q.batch);
    sinter_density_values_close(q.single);
    sinter_density_close(d);
}

static void every_pattern_of_arguments(void **state)
{
    (void)state;
    compare_all(LINE, 3, &(sinter_density_options){0}, 1);
    compare_all(CURVE, 1, &(sinter_density_options){0}, 1);
    compare_all(LINE, 3, &(sinter_density_options){.type = SINTER_F32}, 7);
    compare_all(LINE, 3, &(sinter_density_options){.use = SINTER_DENSITY_FEW_CALLS}, 31);
    compare_all(CURVE, 1, &(sinter_density_options){.use = SINTER_DENSITY_MANY_CALLS}, 3);
}

/* ---- many rows ---- */

typedef struct large {
    double x[LARGE], y[LARGE], k[LARGE], w[LARGE], spread[3 * LARGE];
    uint8_t validity[LARGE / 8 + 2];
} large;

static large *make_large(void)
{
    large *l = calloc(1, sizeof *l);
    assert_non_null(l);
    for (int i = 0; i < LARGE; i++) {
        l->x[i] = uniform(0, 30);
        l->y[i] = uniform(-5, 5);
        l->k[i] = uniform(0.5, 9);
        l->w[i] = i % 11 ? uniform(0, 2) : 0;
        l->spread[3 * i] = l->y[i];
        if (uniform(0, 1) < 0.7)
            l->validity[i / 8] |= (uint8_t)(1 << i % 8);
    }
    return l;
}

typedef struct outcome {
    double logs[3][LARGE]; /* and derivatives by x and k */
    double sum, exact, gradient, weighted, masked;
} outcome;

static void run_large(const large *l, const sinter_density_options *o, int64_t count, bool by_row, outcome *out)
{
    sinter_density *d = open_density(CURVE, o);
    sinter_density_values *v = open_values(d);
    const sinter_density_argument plain[COLUMNS] = {{l->x, 1}, {l->y, 1}}, spread[COLUMNS] = {{l->x, 1}, {l->spread, 3}};
    const sinter_density_argument k = {l->k, 1};
    sinter_density_data data = {.count = count, .columns = o->threads % 2 ? spread : plain, .parameters = by_row ? &k : NULL};
    void *by_column[COLUMNS] = {out->logs[1], NULL}, *by_parameter[1] = {out->logs[2]};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = out->logs[0], .columns = by_column, .parameters = by_parameter}),
                  SINTER_OK, "batch");
    expect_status(sinter_density_sum(v, &data, &out->sum, &out->gradient), SINTER_OK, "sum");
    expect_status(sinter_density_sum_exact(v, &data, &out->exact), SINTER_OK, "exact sum");
    data.weights = (sinter_density_argument){l->w, 1};
    expect_status(sinter_density_sum(v, &data, &out->weighted, NULL), SINTER_OK, "weighted sum");
    data.validity = l->validity;
    data.validity_offset = 3;
    expect_status(sinter_density_sum(v, &data, &out->masked, NULL), SINTER_OK, "masked sum");
    sinter_density_values_close(v);
    sinter_density_close(d);
}

static void compare_outcomes(const outcome *a, const outcome *b, int64_t count, const char *what)
{
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < count; i++)
            if (bits(a->logs[k][i]) != bits(b->logs[k][i]))
                fail_msg("%s: result %d of row %d: %.17g and %.17g", what, k, (int)i, a->logs[k][i], b->logs[k][i]);
    if (bits(a->sum) != bits(b->sum) || bits(a->exact) != bits(b->exact) || bits(a->gradient) != bits(b->gradient)
        || bits(a->weighted) != bits(b->weighted) || bits(a->masked) != bits(b->masked))
        fail_msg("%s: sums %.17g and %.17g, exact %.17g and %.17g, gradient %.17g and %.17g, weighted %.17g and %.17g, masked %.17g and %.17g", what,
                 a->sum, b->sum, a->exact, b->exact, a->gradient, b->gradient, a->weighted, b->weighted, a->masked, b->masked);
}

/* Values and sums of the table in plain C, as far as they follow from the batch. */
static void check_outcome(const large *l, const outcome *o, int64_t count)
{
    exact_sum all, derivative, weighted, masked;
    double magnitude = 0, slopes = 0;
    exact_sum *const every[] = {&all, &derivative, &weighted, &masked};
    for (int k = 0; k < 4; k++)
        sn_exact_open(every[k]);
    for (int64_t i = 0; i < count; i++) {
        const double log = o->logs[0][i];
        const int64_t bit = i + 3;
        magnitude += fabs(log);
        slopes += fabs(o->logs[2][i]);
        sn_exact_add(&all, log);
        sn_exact_add(&derivative, o->logs[2][i]);
        sn_exact_add(&weighted, l->w[i] * log);
        if (l->validity[bit / 8] >> bit % 8 & 1)
            sn_exact_add(&masked, l->w[i] * log);
    }
    if (bits(o->exact) != bits(sn_exact_value(&all)))
        fail_msg("exact sum %.17g instead of %.17g", o->exact, sn_exact_value(&all));
    if (!(fabs(o->sum - o->exact) <= 10 * DBL_EPSILON * magnitude))
        fail_msg("sum %.17g, exactly %.17g", o->sum, o->exact);
    if (!(fabs(o->gradient - sn_exact_value(&derivative)) <= 10 * DBL_EPSILON * slopes) && count)
        fail_msg("derivative %.17g, exactly %.17g", o->gradient, sn_exact_value(&derivative));
    if (!(fabs(o->weighted - sn_exact_value(&weighted)) <= 20 * DBL_EPSILON * magnitude))
        fail_msg("weighted %.17g, exactly %.17g", o->weighted, sn_exact_value(&weighted));
    if (!(fabs(o->masked - sn_exact_value(&masked)) <= 20 * DBL_EPSILON * magnitude))
        fail_msg("masked %.17g, exactly %.17g", o->masked, sn_exact_value(&masked));
}

static void threads_and_engines(void **state)
{
    (void)state;
    large *l = make_large();
    outcome *one = malloc(sizeof *one), *other = malloc(sizeof *other);
    assert_true(one && other);
    static const int64_t counts[] = {LARGE - 8, 16384, 8193, 4097, 513, 31, 1, 0};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c += test_share() > 1 ? 3 : 1) {
        run_large(l, &(sinter_density_options){.threads = 0}, counts[c], false, one);
        check_outcome(l, one, counts[c]);
        for (int threads = 1; threads <= 5; threads += c < 2 ? 1 : 3) {
            run_large(l, &(sinter_density_options){.threads = threads}, counts[c], false, other);
            compare_outcomes(one, other, counts[c], "threads");
        }
    }
    for (sinter_engine engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_AVX512; engine++) {
        if (!sinter_engine_available(engine, NULL))
            continue;
        run_large(l, &(sinter_density_options){0}, 9001, false, one);
        run_large(l, &(sinter_density_options){.engine = engine}, 9001, false, other);
        compare_outcomes(one, other, 9001, sinter_engine_name(engine));
    }
    /* A parameter by row: its derivative by row, too; the sum has none. */
    run_large(l, &(sinter_density_options){0}, 9001, true, one);
    run_large(l, &(sinter_density_options){.threads = 2}, 9001, true, other);
    assert_true(isnan(one->gradient));
    compare_outcomes(one, other, 9001, "a parameter by row");
    free(one);
    free(other);
    free(l);
}

/* ---- what need not be added ---- */

/* With one weight of 1 for all the terms themselves are added. */
static void sum_both(sinter_density_values *v, const double *x, int64_t n, double sums[2], double gradients[2][2])
{
    const sinter_density_argument column = {x, 1};
    sinter_density_data data = {.count = n, .columns = &column};
    expect_status(sinter_density_sum(v, &data, &sums[0], gradients[0]), SINTER_OK, "sum");
    data.weights = (sinter_density_argument){&(double){1}, 0};
    expect_status(sinter_density_sum(v, &data, &sums[1], gradients[1]), SINTER_OK, "sum of the terms");
}

/* The sums within so many roundings of what the rows' values and derivatives add up to. */
static void check_sums(sinter_density_values *v, const double *x, int64_t n, double roundings, const char *what)
{
    static double logs[9000], slopes[2][9000];
    double sums[2], gradients[2][2];
    const sinter_density_argument column = {x, 1};
    const sinter_density_data data = {.count = n, .columns = &column};
    sum_both(v, x, n, sums, gradients);
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs, .parameters = (void *[]){slopes[0], slopes[1]}}), SINTER_OK, what);
    for (int k = 0; k < 3; k++) {
        const double *terms = k ? slopes[k - 1] : logs, got = k ? gradients[0][k - 1] : sums[0];
        exact_sum exact;
        double magnitude = 0;
        sn_exact_open(&exact);
        sn_exact_add_all(&exact, terms, n);
        for (int64_t i = 0; i < n; i++)
            magnitude += fabs(terms[i]);
        if (bits(got) != bits(sn_exact_value(&exact)) && !(fabs(got - sn_exact_value(&exact)) <= roundings * DBL_EPSILON * magnitude))
            fail_msg("%s, sum %d: %.17g instead of %.17g, %.3g roundings", what, k, got, sn_exact_value(&exact),
                     fabs(got - sn_exact_value(&exact)) / (DBL_EPSILON * magnitude));
    }
}

static void factored_sums(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "param mu = 0; param sigma = 1 in 1e-300..1e300; z = (x - mu)/sigma; -0.5*z*z - log(sigma) - 0.9189385332046727",
        "param mu = 0; param sigma = 1 in 1e-300..1e300; z = (mu - x)*(1/sigma); -(log(sigma) + 0.9189385332046727 + 0.5*(z*z))",
        "param mu = 0; param sigma = 1 in 1e-300..1e300; -abs(x - mu)/sigma - log(2*sigma)",
    };
    static const double scales[] = {1e-290, 1e-160, 1e-100, 1e-5, 1, 3, 1e5, 1e100, 1e160, 1e290};
    static double x[9000];
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        sinter_density *d = open_density(texts[t], NULL);
        sinter_density_values *v = open_values(d);
        for (size_t k = 0; k < sizeof scales / sizeof *scales; k++)
            for (int64_t n = 1; n <= 9000; n = n * 4 + 1) {
                const double mu = scales[k] * uniform(-3, 3);
                for (int64_t i = 0; i < n; i++)
                    x[i] = mu + scales[k] * uniform(-4, 4);
                sinter_density_set_all(v, (const double[]){mu, scales[k]});
                check_sums(v, x, n, 20, texts[t]);
            }
        /* What is not finite, and what is only where factors are taken out. */
        double sums[2], gradients[2][2];
        static const double hostile[][3] = {{0, 1, NAN}, {0, 1, INFINITY}, {0, 1, 1e200}, {0, 1e10, 1e160}, {0, 1e-200, 1e-170}, {1e300, 1e300, -1e300}};
        for (size_t k = 0; k < sizeof hostile / sizeof *hostile; k++) {
            for (int i = 0; i < 100; i++)
                x[i] = i == 57 ? hostile[k][2] : hostile[k][0];
            sinter_density_set_all(v, hostile[k]);
            sum_both(v, x, 100, sums, gradients);
            const double off = fabs(sums[0] - sums[1]);
            if (bits(sums[0]) != bits(sums[1]) && !(off <= 20 * DBL_EPSILON * fabs(sums[1])))
                fail_msg("%s at %g: %.17g, of the terms %.17g", texts[t], hostile[k][2], sums[0], sums[1]);
            if (isfinite(sums[0]) != isfinite(sums[1]) || isnan(gradients[0][0]) != isnan(gradients[1][0]))
                fail_msg("%s at %g: sum %g, %g; derivative %g, %g", texts[t], hostile[k][2], sums[0], sums[1], gradients[0][0], gradients[1][0]);
        }
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
    /* A million times larger than what is left of them: the terms themselves are added. */
    sinter_density *d = open_density("param c = 1e9; param f = 3; f*(x - c)", NULL);
    sinter_density_values *v = open_values(d);
    for (int i = 0; i < 9000; i++)
        x[i] = 1e9 + uniform(-1, 1);
    double sums[2], gradients[2][2];
    sum_both(v, x, 9000, sums, gradients);
    assert_true(bits(sums[0]) == bits(sums[1]));
    check_sums(v, x, 9000, 20, "cancelling");
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* Within a support constants and factors leave the sum as well; with one row outside it is -inf, with one that is no number NaN, whatever else is in the call. */
static void sums_within_supports(void **state)
{
    (void)state;
    static const char *const texts[] = {"exponential(1.7)", "family f(a > 0) on 0..inf { log_density = log(a) - a*x }\nf(2)",
                                        "family f(a > 0) on 0..8 { log_density = -0.5*a*x*x - log(a) }\nf(0.3)", "inv_gamma(3, 2)"};
    static const double rates[] = {1e-200, 0.3, 1, 7, 2900, 2901, 1e6, 1e200};
    static double x[9000], logs[9000];
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        sinter_density *d = open_density(texts[t], NULL);
        sinter_density_values *v = open_values(d);
        for (size_t k = 0; k < sizeof rates / sizeof *rates; k++)
            for (int64_t n = 1; n <= 9000; n = n * 4 + 1) {
                const sinter_density_argument column = {x, 1};
                const sinter_density_data data = {.count = n, .columns = &column};
                double sum, again, magnitude = 0;
                exact_sum exact;
                for (int64_t i = 0; i < n; i++)
                    x[i] = t == 2 ? uniform(0, 8) : uniform(1e-3, 4) / (t < 2 ? rates[k] : 1);
                sinter_density_set(v, 0, rates[k]);
                expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, texts[t]);
                expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, texts[t]);
                sn_exact_open(&exact);
                sn_exact_add_all(&exact, logs, n);
                for (int64_t i = 0; i < n; i++)
                    magnitude += fabs(logs[i]);
                if (!(fabs(sum - sn_exact_value(&exact)) <= 20 * DBL_EPSILON * fmax(magnitude, (double)n)))
                    fail_msg("%s, %g: %.17g instead of %.17g", texts[t], rates[k], sum, sn_exact_value(&exact));
                const double kept = x[n / 2];
                x[n / 2] = -1;
                expect_status(sinter_density_sum(v, &data, &again, NULL), SINTER_OK, texts[t]);
                if (again != -(double)INFINITY)
                    fail_msg("%s, %g: %.17g with a row outside", texts[t], rates[k], again);
                x[n / 2] = NAN;
                expect_status(sinter_density_sum(v, &data, &again, NULL), SINTER_OK, texts[t]);
                if (!isnan(again))
                    fail_msg("%s, %g: %.17g with a NaN", texts[t], rates[k], again);
                x[n / 2] = kept;
                expect_status(sinter_density_sum(v, &data, &again, NULL), SINTER_OK, texts[t]);
                if (bits(again) != bits(sum))
                    fail_msg("%s, %g: %.17g, and before %.17g", texts[t], rates[k], again, sum);
            }
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

/* ---- blocks in pieces ---- */

/* Columns of another stride go through pieces of a block, whose partial sums go on from one to the next: in registers (a term of one operation leaves
 * room for them on every engine) and in memory. */
static void blocks_in_pieces(void **state)
{
    (void)state;
    enum { N = 8192 + 1400 };
    static double x[N], spread[2 * N];
    static const char *const texts[] = {"param c = 1.5; c*x", "param c = 0.5; c*x + log(1 + x*x)", "param c = 3; lgamma(c + x*x) - c*log1p(exp(-x)) - x*sin(c*x)"};
    static const int64_t counts[] = {1, 511, 512, 513, 1024, 1093, 4095, 4097, 4096 + 512 + 7, 8192 + 1025, N};
    for (int i = 0; i < N; i++)
        spread[2 * i] = x[i] = uniform(-3, 3);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (sinter_engine engine = SINTER_ENGINE_AUTO; engine <= SINTER_ENGINE_AVX512; engine++) {
            if (engine != SINTER_ENGINE_AUTO && !sinter_engine_available(engine, NULL))
                continue;
            sinter_density *d = open_density(texts[t], &(sinter_density_options){.engine = engine});
            sinter_density_values *v = open_values(d);
            for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
                double sums[2], gradients[2];
                for (int apart = 0; apart < 2; apart++) {
                    const sinter_density_argument column = apart ? (sinter_density_argument){spread, 2} : (sinter_density_argument){x, 1};
                    expect_status(sinter_density_sum(v, &(sinter_density_data){.count = counts[k], .columns = &column}, &sums[apart], &gradients[apart]),
                                  SINTER_OK, "sum");
                }
                if (bits(sums[0]) != bits(sums[1]) || bits(gradients[0]) != bits(gradients[1]))
                    fail_msg("%s, %s, %d rows: %.17g whole, %.17g in pieces; derivative %.17g, %.17g", texts[t], sinter_engine_name(engine), (int)counts[k],
                             sums[0], sums[1], gradients[0], gradients[1]);
            }
            sinter_density_values_close(v);
            sinter_density_close(d);
        }
}

/* ---- calls of a shape that was there before ---- */

/* The second call finds everything in place, and goes a shorter way: log-densities alone of rows that are apart, missing, or both, row by row those of the same
 * rows in one piece; and exact sums, in which a missing row weighs nothing. */
static void apart_and_missing_again(void **state)
{
    (void)state;
    enum { N = 700, STRIDES = 4 };
    static const int64_t strides[STRIDES] = {1, 2, 5, -1}, counts[] = {1, 2, 3, 5, 55, 57, 64, 113, 511, 512, 515, N};
    static double x[N], y[N], far[5 * N], plain[N], logs[N + 1], w[N];
    static float narrow_x[N], narrow_y[N], narrow_far[5 * N], narrow_plain[N], narrow_logs[N + 1];
    uint8_t validity[N / 8 + 2];
    for (size_t k = 0; k < sizeof validity; k++)
        validity[k] = (uint8_t)(k % 5 ? 0x9B + 37 * k : 0xFF);
    for (sinter_type type = SINTER_F32; type <= SINTER_F64; type++) {
        const bool is_wide = type == SINTER_F64;
        sinter_density *d = open_density(LINE, &(sinter_density_options){.type = type});
        sinter_density_values *v = open_values(d);
        for (int i = 0; i < N; i++) {
            narrow_x[i] = (float)(x[i] = uniform(-3, 3));
            narrow_y[i] = (float)(y[i] = uniform(-3, 3));
        }
        for (int s = 0; s < STRIDES; s++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
                for (int masked = 0; masked < 2; masked++) {
                    const int64_t n = counts[c], first = strides[s] < 0 ? n - 1 : 0;
                    double by_weights, by_validity;
                    for (int64_t i = 0; i < n; i++) {
                        far[first + i * strides[s]] = x[i];
                        narrow_far[first + i * strides[s]] = narrow_x[i];
                        w[i] = validity[(i + 3) / 8] >> (i + 3) % 8 & 1;
                    }
                    sinter_density_argument columns[COLUMNS] = {{is_wide ? (const void *)x : narrow_x, 1}, {is_wide ? (const void *)y : narrow_y, 1}};
                    sinter_density_data data = {.count = n, .columns = columns};
                    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = is_wide ? (void *)plain : narrow_plain}), SINTER_OK, "plain");
                    columns[0] = (sinter_density_argument){is_wide ? (const void *)(far + first) : narrow_far + first, strides[s]};
                    if (is_wide && masked) {
                        data.weights = (sinter_density_argument){w, 1};
                        expect_status(sinter_density_sum_exact(v, &data, &by_weights), SINTER_OK, "exact sum by weights");
                        data.weights.data = NULL;
                    }
                    if (masked) {
                        data.validity = validity;
                        data.validity_offset = 3;
                    }
                    for (int again = 0; again < 2; again++) {
                        logs[n] = narrow_logs[n] = 77;
                        expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = is_wide ? (void *)logs : narrow_logs}), SINTER_OK, "batch");
                        for (int64_t i = 0; i < n; i++) {
                            const double wanted = masked && w[i] == 0 ? NAN : is_wide ? plain[i] : (double)narrow_plain[i];
                            const double got = is_wide ? logs[i] : (double)narrow_logs[i];
                            if (isnan(wanted) ? !isnan(got) : bits(got) != bits(wanted))
                                fail_msg("row %d of %d, stride %d, call %d: %.17g instead of %.17g", (int)i, (int)n, (int)strides[s], again, got, wanted);
                        }
                        assert_true(logs[n] == 77 && narrow_logs[n] == 77);
                    }
                    if (is_wide && masked) {
                        expect_status(sinter_density_sum_exact(v, &data, &by_validity), SINTER_OK, "exact sum by validity");
                        assert_true(bits(by_validity) == bits(by_weights));
                    }
                }
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

/* ---- what is missing ---- */

static void missing_rows(void **state)
{
    (void)state;
    enum { N = 1100 };
    static double x[N], y[N], w[N], logs[N], plain[N], by_x[N];
    static uint8_t validity[N / 8 + 4];
    sinter_density *d = open_density(LINE, NULL);
    sinter_density_values *v = open_values(d);
    for (int i = 0; i < N; i++) {
        x[i] = uniform(-3, 3);
        y[i] = uniform(-3, 3);
        w[i] = uniform(0.5, 2);
    }
    const sinter_density_argument columns[COLUMNS] = {{x, 1}, {y, 1}};
    for (int round = 0; round < 40; round++) {
        const int64_t count = round < 20 ? round : N - round, offset = round * 5 % 17;
        double sum, by_weights, gradient[3], by_weights_gradient[3];
        memset(validity, 0, sizeof validity);
        for (int64_t i = 0; i < count; i++) {
            const bool there = uniform(0, 1) < (round % 3 ? 0.5 : 0.95);
            validity[(i + offset) / 8] |= (uint8_t)(there << (i + offset) % 8);
            w[i] = there;
        }
        for (int64_t i = count + offset; i < (int64_t)sizeof validity * 8; i++) /* what stands behind is not looked at */
            validity[i / 8] |= (uint8_t)((i & 1) << i % 8);
        sinter_density_data data = {.count = count, .columns = columns};
        expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = plain}), SINTER_OK, "plain");
        data.weights = (sinter_density_argument){w, 1};
        expect_status(sinter_density_sum(v, &data, &by_weights, by_weights_gradient), SINTER_OK, "weights");
        for (int64_t i = 0; i < count; i++)
            if (w[i] == 0)
                x[i] = i % 2 ? NAN : INFINITY; /* nor is this */
        data.weights = (sinter_density_argument){0};
        data.validity = validity;
        data.validity_offset = offset;
        expect_status(sinter_density_sum(v, &data, &sum, gradient), SINTER_OK, "validity");
        if (bits(sum) != bits(by_weights) || memcmp(gradient, by_weights_gradient, sizeof gradient) != 0)
            fail_msg("%d rows from bit %d: %.17g by validity, %.17g by weights of 0 and 1", (int)count, (int)offset, sum, by_weights);
        expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs, .columns = (void *[]){by_x, NULL}}), SINTER_OK, "batch");
        for (int64_t i = 0; i < count; i++) {
            if (bits(logs[i]) != bits(w[i] == 0 ? NAN : plain[i]) || isnan(by_x[i]) != (w[i] == 0))
                fail_msg("row %d of %d: %.17g, %.17g", (int)i, (int)count, logs[i], plain[i]);
            x[i] = w[i] == 0 ? 0.5 : x[i];
        }
    }
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* A weight of 0 counts as 0 even of what is infinite or no number; others multiply. */
static void weights(void **state)
{
    (void)state;
    sinter_density *d = open_density(LINE, NULL);
    sinter_density_values *v = open_values(d);
    const double x[4] = {0, NAN, 1, 2}, y[4] = {1, 2, INFINITY, 3}, w[4] = {3, 0, 0, 0.5};
    double logs[4], plain[4], same[4], sum;
    const sinter_density_argument columns[COLUMNS] = {{x, 1}, {y, 1}};
    sinter_density_data data = {.count = 4, .columns = columns};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = plain}), SINTER_OK, "plain");
    assert_true(isnan(plain[1]) && plain[2] == -INFINITY);
    data.weights = (sinter_density_argument){w, 1};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, "weighted");
    assert_true(logs[0] == 3 * plain[0] && logs[1] == 0 && logs[2] == 0 && logs[3] == 0.5 * plain[3]);
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "sum");
    assert_true(fabs(sum - (logs[0] + logs[3])) <= 4e-16 * fabs(sum));
    data.weights.stride = 0;
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = same}), SINTER_OK, "one weight for all");
    assert_true(same[0] == 3 * plain[0] && isnan(same[1]) && same[2] == -INFINITY && same[3] == 3 * plain[3]);
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* ---- what is invalid ---- */

static void invalid_parameters(void **state)
{
    (void)state;
    sinter_density *d = open_density(LINE, NULL);
    sinter_density_values *v = open_values(d);
    const int s = sinter_density_parameter_number(d, "s"), a = sinter_density_parameter_number(d, "a");
    const double x[3] = {0, 1, 2}, y[3] = {1, 1, 1}, scales[3] = {1, -1, 2}, bad = -3;
    double logs[3], sum, gradient[3], exact, log, slopes[3];
    const sinter_density_argument columns[COLUMNS] = {{x, 1}, {y, 1}};
    sinter_density_argument parameters[3] = {{0}};
    sinter_density_data data = {.count = 3, .columns = columns};
    const void *frame;
    static const double wrong[] = {-1, 0, 2e6, INFINITY, -INFINITY, NAN};
    assert_int_equal(sinter_density_invalid(v), -1);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        sinter_density_set(v, s, wrong[k]);
        assert_int_equal(sinter_density_invalid(v), s);
        logs[0] = logs[1] = logs[2] = sum = exact = log = 7;
        expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs, .columns = (void *[]){slopes, NULL}}), SINTER_BAD_PARAMETER, "batch");
        expect_status(sinter_density_sum(v, &data, &sum, gradient), SINTER_BAD_PARAMETER, "sum");
        expect_status(sinter_density_sum_exact(v, &data, &exact), SINTER_BAD_PARAMETER, "exact");
        expect_status(sinter_density_log(v, (const double[]){0, 1}, &log), SINTER_BAD_PARAMETER, "log");
        assert_true(isnan(logs[0]) && isnan(logs[1]) && isnan(logs[2]) && isnan(sum) && isnan(exact) && isnan(log) && isnan(slopes[2]));
        assert_true(isnan(gradient[0]) && isnan(gradient[1]) && isnan(gradient[2]));
        assert_int_equal(sinter_density_invalid(v), s);
        double (*f)(const void *, double, double) = (double (*)(const void *, double, double))sinter_density_function(v, &frame, NULL);
        assert_true(!f || isnan(f(frame, 0, 1)));
    }
    sinter_density_set(v, a, NAN); /* the first of two */
    assert_int_equal(sinter_density_invalid(v), a);
    sinter_density_set(v, a, 0);
    sinter_density_set(v, s, 1);
    expect_status(sinter_density_log(v, (const double[]){0, 1}, &log), SINTER_OK, "valid again");
    assert_true(!isnan(log));

    /* One value in the call breaks it, then is gone. */
    data.parameters = parameters;
    parameters[s] = (sinter_density_argument){&bad, 0};
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_BAD_PARAMETER, "one value in the call");
    assert_int_equal(sinter_density_invalid(v), s);
    assert_true(sinter_density_get(v, s) == 1);
    data.parameters = NULL;
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "the next call");
    assert_int_equal(sinter_density_invalid(v), -1);
    assert_true(!isnan(sum));

    /* In an array the row alone, also where what was set is invalid. */
    sinter_density_set(v, s, -1);
    data.parameters = parameters;
    parameters[s] = (sinter_density_argument){scales, 1};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, "by row");
    assert_true(!isnan(logs[0]) && isnan(logs[1]) && !isnan(logs[2]));
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* ---- families ---- */

static const char BOX[] = "family box(alpha, beta > alpha) on alpha..beta { log_density = -log(beta - alpha) }\nbox(1, 3)";

static void expect_invalid(sinter_density_values *v, int parameter, double value)
{
    double log = 7;
    if (sinter_density_invalid(v) != parameter)
        fail_msg("at %g parameter %d is called invalid, not %d", value, sinter_density_invalid(v), parameter);
    expect_status(sinter_density_log(v, &(double){1}, &log), parameter < 0 ? SINTER_OK : SINTER_BAD_PARAMETER, "log");
    assert_true((parameter >= 0) == (isnan(log) != 0));
}

/* What a model declares has to suit the families that it is an argument of: by its name, or as a difference; whoever breaks it is named, with the words. */
static void declared_parameters(void **state)
{
    (void)state;
    enum { MOST = 2 };
    static const double inf = (double)INFINITY;
    static const struct { const char *text; double values[MOST]; int invalid; const char *words; } cases[] = {
        {"input y; param b = 1; y ~ normal(0, b)", {-1}, 0, "> 0"},
        {"input y; param b = 1; y ~ normal(0, b)", {0}, 0, "> 0"},
        {"input y; param b = 1; y ~ normal(0, b)", {5e-324}, -1, "> 0"},
        {"input y; param b = 1; y ~ normal(0, b)", {inf}, 0, "> 0"},
        {"input y; param a = 0; param b = 1; y ~ normal(a, b)", {inf, 1}, 0, ""},
        {"input y; param b = 1 in 0..9; y ~ normal(0, b)", {0}, 0, "in 0..9, > 0"},
        {"input y; param b = 1 in 1..9; y ~ normal(0, b)", {0.5}, 0, ""},
        {"input y; param b = 3; y ~ uniform(0, b)", {0}, 0, "> 0"},
        {"input y; param a = 0; y ~ uniform(a, 3)", {3}, 0, "< 3"},
        {"input y; param a = 0; param b = 3; y ~ uniform(a, b)", {4, 3}, 1, "> a"},
        {"input y; param a = 0; param b = 3; y ~ uniform(a, b)", {2.5, 3}, -1, "> a"},
        {"param a = 0; uniform(a, 3)", {4, 3}, 1, "> alpha"},
        {"input y; param a = 3; y ~ pareto(0.1, a)", {-1}, 0, "> 0"},
        {"input y; param a = 1; y ~ triangular(0, 4, a)", {5}, 0, "in 0..4"},
        {"input y; param a = 1; y ~ triangular(0, 4, a)", {4}, -1, "in 0..4"},
        {"input y; param p = 0.5; y ~ bernoulli(p)", {1.5}, 0, "in 0..1"},
        {"input y; param n = 3; y ~ binomial(n, 0.5)", {2.5}, 0, ">= 0, an integer"},
        {"input y; param w = 0.5; y ~ mixture((w, 1 - w), normal(0, 1), normal(2, 1))", {-0.25}, 0, "in 0..1"},
        {"input y; param w = 0.5; y ~ mixture((w, 1 - w), normal(0, 1), normal(2, 1))", {1.25}, 0, "in 0..1"},
        {"input y; param w = 0.5; y ~ mixture((w, 1 - w), normal(0, 1), normal(2, 1))", {0}, -1, "in 0..1"},
        {"input y; param w = 0.5; param v = 0.5; y ~ mixture((w, v), normal(0, 1), normal(2, 1))", {0.25, 0.5}, 0, "in 0..1, with w + v = 1"},
        {"input y; param w = 0.5; param v = 0.5; y ~ mixture((w, v), normal(0, 1), normal(2, 1))", {0.25, 0.75}, -1, ""},
        {"input y; param w = 0.5; param v = 0.5; y ~ mixture((w, v), normal(0, 1), normal(2, 1))", {1.5, -0.5}, 0, "in 0..1, with w + v = 1"},
        {"input y; param w = 0.5; param v = 0.5; y ~ mixture((w, v), normal(0, 1), normal(2, 1))", {0.5, (double)NAN}, 0, "in 0..1, with w + v = 1"},
        {"input y; param w = 0.5 in 0..1; y ~ mixture((0.25, w), normal(0, 1), normal(2, 1))", {0.5}, 0, "in 0..1, with w + 0.25 = 1"},
        {"input y; param w = 0.5 in 0..1; y ~ mixture((0.25, w), normal(0, 1), normal(2, 1))", {0.75}, -1, ""},
        {"input y; param w = 0.25; y ~ mixture((w, w, 0.5), normal(0, 1), normal(2, 1), normal(4, 1))", {0.5}, 0, "in 0..1, with w + w + 0.5 = 1"},
        {"input y; param w = 0.25; y ~ mixture((w, w, 0.5), normal(0, 1), normal(2, 1), normal(4, 1))", {0.25}, -1, ""},
        {"input y; param w = 0.5; param v = 0.5; y ~ categorical((w, v)); y ~ categorical((v, w))", {0.5, 0.25}, 0, "in 0..1, with w + v = 1"},
        {"param b = 0.5; categorical((0.25, b))", {0.5, 0.25}, 1, "in 0..1, with theta0 + b = 1"},
        {"param b = 0.5; categorical((0.25, b))", {0.5, 0.5}, -1, ""},
        {"input y; param a = 2; y ~ truncated(normal(0, 1), 0, a)", {-1}, 0, "> 0"},
        {"input y; param a = 2; y ~ censored(normal(0, 1), a, 3)", {3}, 0, "< 3"},
        {"input y; param a = 2; y ~ truncated(normal(0, a), 0, 3)", {-1}, 0, "> 0"},
        {"input y; param a = 2; y ~ affine(normal(0, 1), 1, a)", {-1}, 0, "> 0"},
        {"input y; param a = 2; param b = 1; y ~ normal(0, a - b)", {1, 1}, 0, "> b"},
        {"input y; param n = 3; y ~ binomial(i32(n), 0.5)", {2.5}, -1, ""},
        {"input y; param a = 1; y ~ normal(0, a); y ~ uniform(0, a); y ~ uniform(a, 4); y ~ uniform(a, 3)", {3}, 0, "> 0, < 3"},
        {"input y; param a = 2; a ~ gamma(2, 1); y ~ normal(a, 1)", {-1}, -1, ""}, /* outside of the prior's support: -inf */
        {"fn f(s, y) = log_density(normal(0, s), y)\ninput y; param a = 2; target += a > 0 ? f(a, y) : 0", {-1}, -1, ""}, /* not asked for */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int narrow = 0; narrow < 2; narrow++) {
            sinter_density *d = open_density(cases[k].text, &(sinter_density_options){.type = narrow ? SINTER_F32 : SINTER_F64});
            sinter_density_values *v = open_values(d);
            const sinter_density_info info = sinter_density_describe(d);
            const int named = cases[k].invalid < 0 ? 0 : cases[k].invalid;
            const bool tiny = narrow && cases[k].values[0] == 5e-324; /* 0 there */
            const float y_narrow = 1;
            const double y = 1;
            double sum = 7, slopes[MOST] = {7, 7};
            if (strcmp(info.constraints[named], cases[k].words) != 0 && cases[k].invalid >= 0)
                fail_msg("%s: %s instead of %s", cases[k].text, info.constraints[named], cases[k].words);
            for (uint32_t i = 0; i < info.parameter_count; i++)
                sinter_density_set(v, (int)i, cases[k].values[i]);
            const int invalid = tiny ? 0 : cases[k].invalid;
            if (sinter_density_invalid(v) != invalid)
                fail_msg("%s: parameter %d is called invalid, not %d", cases[k].text, sinter_density_invalid(v), invalid);
            const sinter_density_data data = {.count = 1, .columns = &(sinter_density_argument){narrow ? (const void *)&y_narrow : &y, 1}};
            expect_status(sinter_density_sum(v, &data, &sum, slopes), invalid < 0 ? SINTER_OK : SINTER_BAD_PARAMETER, cases[k].text);
            for (uint32_t i = 0; i < info.parameter_count; i++)
                if ((invalid >= 0) != (isnan(sum) && isnan(slopes[i])))
                    fail_msg("%s: %g, slope %g", cases[k].text, sum, slopes[i]);
            sinter_density_values_close(v);
            sinter_density_close(d);
        }

    /* What is fixed makes a number of the relation; and is refused where it is wrong itself. */
    static const char *const names[1] = {"a"};
    sinter_density_options fixed = {.fixed_names = names, .fixed_values = (const double[]){2}, .fixed_count = 1};
    sinter_density *d = open_density("input y; param a = 0; param b = 3; y ~ uniform(a, b)", &fixed);
    assert_true(sinter_density_describe(d).parameters[0].low == nextafter(2, 3));
    sinter_density_close(d);
    sinter_report report;
    fixed.fixed_values = (const double[]){-2};
    expect_status(sinter_density_open(context, "input y; param a = 1; y ~ normal(0, a)", 38, &fixed, &d, &report), SINTER_BAD_PROGRAM, "fixed");
    assert_string_equal(report.errors[0].message, "-2 breaks the constraint of the parameter \"a\"");

    /* Of a sum what is fixed is a number; and where all of it is, it has to be right. */
    static const char shares[] = "input y; param a = 0.5; param b = 0.5; y ~ mixture((a, b), normal(0, 1), normal(2, 1))";
    fixed.fixed_values = (const double[]){0.25};
    d = open_density(shares, &fixed);
    assert_string_equal(sinter_density_describe(d).constraints[0], "in 0..1, with b + 0.25 = 1");
    sinter_density_values *of_shares = open_values(d);
    expect_invalid(of_shares, 0, 0.5);
    sinter_density_set(of_shares, 0, 0.75);
    expect_invalid(of_shares, -1, 0.75);
    const double weights[2] = {0.75, 0.5}, ones[2] = {1, 1};
    double of_rows[2];
    const sinter_density_data rows = {.count = 2, .columns = &(sinter_density_argument){ones, 1}, .parameters = &(sinter_density_argument){weights, 1}};
    expect_status(sinter_density_batch(of_shares, &rows, &(sinter_density_results){.logs = of_rows}), SINTER_OK, "shares by row");
    assert_true(isfinite(of_rows[0]) && isnan(of_rows[1]));
    sinter_density_values_close(of_shares);
    sinter_density_close(d);
    const char *both[2] = {"a", "b"};
    fixed = (sinter_density_options){.fixed_names = both, .fixed_values = (const double[]){0.25, 0.5}, .fixed_count = 2};
    expect_status(sinter_density_open(context, shares, strlen(shares), &fixed, &d, &report), SINTER_BAD_PROGRAM, "fixed shares");
    assert_string_equal(report.errors[0].message, "the parameters with \"a\" are no point of the simplex: they must add up to 1");
    fixed.fixed_values = (const double[]){0.25, 0.75};
    d = open_density(shares, &fixed);
    sinter_density_close(d);
    fixed = (sinter_density_options){.fixed_names = names, .fixed_count = 1};

    /* What is no f32: the value that a text begins with, and a bound, beside which the f32 next to it may be valid. */
    static const char *const narrow_texts[] = {"input y; param s = 0.1 in 0.1..0.3; y ~ normal(0, s)", "input y; param c = 0.1; y ~ uniform(0.1, c)", "input y; param c = 0.3; y ~ uniform(c, 0.3)"};
    for (size_t k = 0; k < sizeof narrow_texts / sizeof *narrow_texts; k++) {
        d = open_density(narrow_texts[k], &(sinter_density_options){.type = SINTER_F32});
        sinter_density_values *values = open_values(d);
        double log = NAN;
        expect_status(sinter_density_log(values, (const double[]){0.1}, &log), k == 2 ? SINTER_BAD_PARAMETER : SINTER_OK, narrow_texts[k]); /* 0.3 is above itself there */
        assert_true((isnan(log) != 0) == (k == 2));
        sinter_density_values_close(values);
        sinter_density_close(d);
    }

    /* By row the rows alone. */
    d = open_density("input y; param b = 1; y ~ normal(0, b)", NULL);
    sinter_density_values *v = open_values(d);
    const double y[3] = {0.25, 0.5, 1}, b[3] = {1, -1, 2};
    double logs[3];
    const sinter_density_argument by_row = {b, 1};
    const sinter_density_data data = {.count = 3, .columns = &(sinter_density_argument){y, 1}, .parameters = &by_row};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, "by row");
    assert_true(!isnan(logs[0]) && isnan(logs[1]) && !isnan(logs[2]));
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* A NaN among several numbers makes one, whether or not another of them is outside of the support. */
static void nan_beside_others(void **state)
{
    (void)state;
    enum { N = 3 };
    sinter_density *d = open_density("dirichlet((1, 2, 3))", NULL);
    sinter_density_values *v = open_values(d);
    for (int at = -1; at < N; at++)
        for (int turn = 0; turn < N; turn++) {
            double x[N] = {0.5, -0.25, 0.75}, log = 7;
            if (turn)
                x[turn] = turn == 1 ? 0.25 : 2;
            if (at >= 0)
                x[at] = (double)NAN;
            expect_status(sinter_density_log(v, x, &log), SINTER_OK, "dirichlet");
            if (at >= 0 ? !isnan(log) : turn != 1 && log != -(double)INFINITY)
                fail_msg("%g %g %g: %g", x[0], x[1], x[2], log);
        }
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* Weights in f32 next to the margin: what is told of them as values is what rows make of them. */
static void weights_in_f32(void **state)
{
    (void)state;
    sinter_density *d = open_density("input y; param w = 0.5; param v = 0.5; y ~ mixture((w, v), normal(0, 1), normal(2, 1))", &(sinter_density_options){.type = SINTER_F32});
    sinter_density_values *v = open_values(d);
    const float y = 1;
    unsigned draw = 7, valid = 0, invalid = 0;
    for (int k = 0; k < 4000; k++) {
        draw = draw * 1664525u + 1013904223u;
        const float w = (float)(draw >> 8) * 0x1p-24f, rest = (float)(1 - (double)w + ((k & 1) ? 1 : -1) * (1e-6 + ((int)(draw >> 4 & 15) - 8) * 1e-8));
        float by_row = 7;
        double log = 7;
        sinter_density_set(v, 0, 0.5);
        sinter_density_set(v, 1, 0.5);
        const sinter_density_data row = {.count = 1, .columns = &(sinter_density_argument){&y, 1}, .parameters = (const sinter_density_argument[]){{&w, 1}, {&rest, 1}}};
        sinter_density_batch(v, &row, &(sinter_density_results){.logs = &by_row});
        sinter_density_set(v, 0, (double)w);
        sinter_density_set(v, 1, (double)rest);
        const sinter_status status = sinter_density_log(v, &(double){1}, &log);
        if ((status == SINTER_OK) != (isnan(by_row) == 0) || (isnan(by_row) != 0) != (isnan(log) != 0))
            fail_msg("%a and %a: %g by row, %g", (double)w, (double)rest, (double)by_row, log);
        *(status ? &invalid : &valid) += 1;
    }
    assert_true(valid > 100 && invalid > 100);
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* Where a row is NaN each of its derivatives is, whatever the density's own choices leave of them; so of sums, and of bound rows. */
static void slopes_of_nan(void **state)
{
    (void)state;
    static const struct { const char *text; double y; } cases[] = {
        {"input y; param a = 0; param b = 1000; y ~ normal(a, exp(b))", 1}, {"input y; param a = 0; param b = -1; y ~ cauchy(a, 2*b)", 1},
        {"input y; param a = 0; param b = -1; y ~ von_mises(a, 2*b)", 1},   {"input y; param a = 3; param b = 1; y ~ poisson_log(b*1e308*10)", 1},
        {"input y; param a = 3; param b = 1; y ~ double_exponential(b*1e308*10, a)", 1}, {"input y; param a = -1; param b = 1; y ~ gamma(2*a, b)", -1},
        {"input y; param a = 0.7; param b = 0.7; y ~ categorical((a, b*b))", 1},         {"input y; param a = 0.7; param b = 0.7; y ~ truncated(normal(a, 1), 2*b, b)", 1},
        {"family own(a, s > 0) on real { log_density = -x*x }; input y; param a = 1; param b = -1; y ~ own(a, 2*b)", 1},
        {"input y; param a = 1; param b = 2; y ~ normal(a, b)", (double)NAN}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_density *d = open_density(cases[k].text, NULL);
        sinter_density_values *v = open_values(d);
        const sinter_density_data data = {.count = 1, .columns = &(sinter_density_argument){&cases[k].y, 1}};
        double log = 7, by_y = 7, slopes[2] = {7, 7}, sum = 7, of_sum[2] = {7, 7}, bound_log = 7, of_bound[2] = {7, 7};
        const sinter_density_results results = {.logs = &log, .columns = (void *[]){&by_y}, .parameters = (void *[]){&slopes[0], &slopes[1]}};
        expect_status(sinter_density_batch(v, &data, &results), SINTER_OK, cases[k].text);
        for (int again = 0; again < 2; again++)
            expect_status(sinter_density_sum(v, &data, &sum, of_sum), SINTER_OK, cases[k].text);
        sinter_bound *bound;
        expect_status(sinter_density_bind(d, &data, &bound, NULL), SINTER_OK, cases[k].text);
        expect_status(sinter_bound_log(bound, v, NULL, &bound_log, of_bound), SINTER_OK, cases[k].text);
        sinter_bound_close(bound);
        if (!isnan(log) || !isnan(by_y) || !isnan(slopes[0]) || !isnan(slopes[1]))
            fail_msg("%s: %g, slopes %g %g %g", cases[k].text, log, by_y, slopes[0], slopes[1]);
        if (!isnan(sum) || !isnan(of_sum[0]) || !isnan(of_sum[1]) || !isnan(bound_log) || !isnan(of_bound[0]) || !isnan(of_bound[1]))
            fail_msg("%s: sum %g, slopes %g %g; bound %g, %g %g", cases[k].text, sum, of_sum[0], of_sum[1], bound_log, of_bound[0], of_bound[1]);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

/* Slopes exist at these ends of supports, and of ranges of parameters, as those from within; and where x is infinite, or too far from the location. */
static void slopes_at_ends(void **state)
{
    (void)state;
    enum { X = 2 };
    static const struct { const char *text; double x; int by; double slope; } cases[] = {
        {"exponential(2)", 0, X, -2}, {"gamma(1, 2)", 0, X, -2}, {"gamma(1, 2)", 0, 1, 0.5}, {"gamma_scale(1, 2)", 0, X, -0.5}, {"gamma_mean(1, 2)", 0, X, -0.5},
        {"chi_square(2)", 0, X, -0.5}, {"weibull(1, 2)", 0, X, -0.5}, {"kumaraswamy(1, 3)", 0, X, -2}, {"beta(1, 3)", 0, X, -2}, {"beta(3, 1)", 1, X, 2}, {"beta(1, 1)", 0, X, 0},
        {"beta(1, 3)", 0, 1, 1 / 3.0}, {"beta_proportion(0.25, 4)", 0, X, -2}, {"beta_proportion(0.75, 4)", 1, X, 2}, {"half_normal(2)", 0, 0, -0.5}, {"half_cauchy(2)", 0, 0, -0.5},
        {"pareto(2, 3)", 2, X, -2}, {"pareto(2, 3)", 2, 0, 1.5}, {"uniform(1, 3)", 3, 1, -0.5}, {"poisson(0)", 0, 0, -1}, {"bernoulli(0)", 0, 0, -1}, {"bernoulli(1)", 1, 0, 1},
        {"binomial(5, 0)", 0, 1, -5}, {"binomial(5, 1)", 5, 1, 5}, {"geometric(1)", 0, 0, 1}, {"neg_binomial_p(2, 1)", 0, 1, 2}, {"von_mises(0, 0)", 0, 1, 1},
        {"cauchy(0, 2)", (double)INFINITY, X, 0}, {"cauchy(0, 2)", -(double)INFINITY, 0, 0}, {"cauchy(0, 2)", (double)INFINITY, 1, 0.5}, {"cauchy(1e308, 2)", -1e308, X, 0},
        {"cauchy(1e308, 2)", -1e308, 0, 0}, {"half_cauchy(2)", (double)INFINITY, X, 0}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_density *d = open_density(cases[k].text, NULL);
        sinter_density_values *v = open_values(d);
        double slope = NAN, log;
        const sinter_density_data data = {.count = 1, .columns = &(sinter_density_argument){&cases[k].x, 1}};
        void *by_column[] = {cases[k].by == X ? &slope : NULL}, *by[] = {cases[k].by == 0 ? &slope : NULL, cases[k].by == 1 ? &slope : NULL};
        const sinter_density_results results = {.logs = &log, .columns = by_column, .parameters = by};
        expect_status(sinter_density_batch(v, &data, &results), SINTER_OK, cases[k].text);
        const bool is_finite = isfinite(cases[k].x) && fabs(cases[k].x) < 1e308;
        if ((isfinite(log) != 0) != is_finite || !(fabs(slope - cases[k].slope) <= 1e-14))
            fail_msg("%s at %g: %g, and a slope of %.17g, not %.17g", cases[k].text, cases[k].x, log, slope, cases[k].slope);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

/* Bounds that are fixed are bounds of those that are not, whichever of the two is the bound of the other; and the least and greatest number say so. */
static void fixed_bounds(void **state)
{
    (void)state;
    enum { MOST = 2 };
    static const double inf = (double)INFINITY;
    static const struct {
        const char *text;
        unsigned fixed;
        const char *names[MOST];
        double values[MOST];
        const char *parameter; /* with its least and greatest valid number, one of which the fixed ones say */
        double low, high;
        bool out[2]; /* the number itself is out */
    } cases[] = {
        {BOX, 1, {"alpha"}, {2}, "beta", 2, inf, {true, true}}, {BOX, 1, {"beta"}, {2}, "alpha", -inf, 2, {true, true}},
        {"uniform(0, 1)", 1, {"alpha"}, {-0.5}, "beta", -0.5, inf, {true, true}}, {"uniform(0, 1)", 1, {"beta"}, {1.25}, "alpha", -inf, 1.25, {true, true}},
        {"triangular(0, 1, 0.25)", 1, {"lower"}, {0.25}, "upper", 0.25, inf, {true, true}}, {"triangular(0, 1, 0.5)", 1, {"lower"}, {0.25}, "mode", 0.25, inf, {false, false}},
        {"triangular(0, 1, 0.5)", 1, {"upper"}, {0.75}, "mode", -inf, 0.75, {false, false}}, {"triangular(0, 1, 0.75)", 1, {"upper"}, {0.75}, "lower", -inf, 0.75, {true, true}},
        {"triangular(0, 1, 0.5)", 1, {"mode"}, {0.25}, "lower", -inf, 0.25, {true, false}}, {"triangular(0, 1, 0.5)", 1, {"mode"}, {0.25}, "upper", 0.25, inf, {false, true}},
        {"triangular(0, 1, 0.5)", 2, {"lower", "upper"}, {-1, 2}, "mode", -1, 2, {false, false}},
        {"triangular(0, 1, 0.5)", 2, {"lower", "mode"}, {-1, 0.5}, "upper", 0.5, inf, {false, true}},
        {"truncated(uniform(0, 1), -1, 3)", 1, {"alpha"}, {-0.5}, "beta", -0.5, inf, {true, true}},
        {"truncated(uniform(0, 1), -1, 3)", 1, {"beta"}, {2}, "alpha", -inf, 2, {true, true}},
        {"mixture((0.5, 0.5), uniform(0, 1), uniform(2, 3))", 1, {"beta_2"}, {4}, "alpha_2", -inf, 4, {true, true}},
        {"truncated(pareto(1, 2), 0, 9)", 1, {"y_min"}, {2}, "alpha", 0, inf, {true, true}}, {"pareto(1, 2)", 1, {"alpha"}, {2}, "y_min", 0, inf, {true, true}},
    };
    for (int narrow = 0; narrow < 2; narrow++)
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            const sinter_density_options o = {.type = narrow ? SINTER_F32 : SINTER_F64, .fixed_names = cases[k].names, .fixed_values = cases[k].values, .fixed_count = cases[k].fixed};
            sinter_density *d = open_density(cases[k].text, &o);
            sinter_density_values *v = open_values(d);
            const int p = sinter_density_parameter_number(d, cases[k].parameter);
            assert_true(p >= 0);
            for (int end = 0; end < 2; end++) {
                const double bound = end ? cases[k].high : cases[k].low;
                const double inside = narrow ? (double)nextafterf((float)bound, end ? -INFINITY : INFINITY) : nextafter(bound, end ? -inf : inf);
                const double outside = narrow ? (double)nextafterf((float)bound, end ? INFINITY : -INFINITY) : nextafter(bound, end ? inf : -inf);
                const double extreme = end ? sinter_density_describe(d).parameters[p].high : sinter_density_describe(d).parameters[p].low;
                if (isinf(bound)) /* another one, which is live, may be what is broken further in */
                    continue;
                if (extreme != (cases[k].out[end] ? inside : bound))
                    fail_msg("%s with %s fixed: %s reaches to %.17g, not %.17g", cases[k].text, cases[k].names[0], cases[k].parameter, extreme, bound);
                sinter_density_set(v, p, bound);
                expect_invalid(v, cases[k].out[end] ? p : -1, bound);
                sinter_density_set(v, p, inside);
                expect_invalid(v, -1, inside);
                sinter_density_set(v, p, outside);
                expect_invalid(v, p, outside);
            }
            sinter_density_values_close(v);
            sinter_density_close(d);
        }

    /* Of shares those that are left: what is fixed counts. */
    const char *first[] = {"theta0"}, *middle[] = {"theta1"}, *all[] = {"theta0", "theta1", "theta2"};
    for (int which = 0; which < 2; which++) {
        const sinter_density_options o = {.fixed_names = which ? middle : first, .fixed_values = &(double){0.25}, .fixed_count = 1};
        sinter_density *d = open_density("categorical((0.25, 0.25, 0.5))", &o);
        sinter_density_values *v = open_values(d);
        expect_invalid(v, -1, 0.25);
        sinter_density_set(v, 0, 0.375);
        expect_invalid(v, 0, 0.375);
        sinter_density_set(v, 1, 0.375);
        expect_invalid(v, -1, 0.375);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
    static const struct { const char *text; unsigned count; double values[3]; const char *message; } refused[] = {
        {"uniform(0, 1)", 2, {2, 1}, "2 breaks the constraint of the parameter \"alpha\""}, {"uniform(0, 1)", 2, {1, 1}, "1 breaks the constraint of the parameter \"alpha\""},
        {"categorical((0.25, 0.25, 0.5))", 3, {0.25, 0.25, 0.25}, "the parameters with \"theta0\" are no point of the simplex: they must add up to 1"}};
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        const char *ends[] = {"alpha", "beta"};
        sinter_density *d;
        sinter_report report;
        const sinter_density_options o = {.fixed_names = refused[k].count == 3 ? all : ends, .fixed_values = refused[k].values, .fixed_count = refused[k].count};
        expect_status(sinter_density_open(context, refused[k].text, strlen(refused[k].text), &o, &d, &report), SINTER_BAD_PROGRAM, refused[k].text);
        assert_string_equal(report.errors[0].message, refused[k].message);
    }
}

/* Of several distributions of one family each has the bounds and the shares of its own parameters, also where some of them are expressions, which are none. */
static void bounds_of_each(void **state)
{
    (void)state;
    enum { MOST = 3 };
    static const struct {
        const char *text;
        unsigned fixed;
        const char *names[MOST];
        double values[MOST];
    } valid[] = {
        {"mixture((0.5, 0.5), uniform(5, 6), uniform(c, 1))", 0, {NULL}, {0}},
        {"mixture((0.5, 0.5), uniform(5, 6), uniform(c, 1))", 1, {"alpha"}, {5}},
        {"mixture((0.5, 0.5), uniform(5, 6), uniform(c, 1))", 1, {"beta_2"}, {1}},
        {"mixture((0.5, 0.5), uniform(5, 6), uniform(c, 1))", 3, {"alpha", "beta", "beta_2"}, {5, 6, 1}},
        {"mixture((0.5, 0.5), categorical((0.25, c, d)), categorical((e, 0.25, 0.625)))", 0, {NULL}, {0}},
        {"mixture((0.5, 0.5), categorical((0.25, c, d)), categorical((e, 0.25, 0.625)))", 3, {"theta0", "theta1", "theta2"}, {0.25, 0.25, 0.625}},
        {"mixture((0.5, 0.5), categorical((0.25, c, 0.5)), categorical((0.2, 0.3, 0.5)))", 3, {"theta0", "theta2", "theta0_2"}, {0.25, 0.5, 0.2}},
    };
    for (size_t k = 0; k < sizeof valid / sizeof *valid; k++) {
        char text[256];
        snprintf(text, sizeof text, "param c = 0.25 in 0..1; param d = 0.5 in 0..1; param e = 0.125 in 0..1; %s", valid[k].text);
        const sinter_density_options o = {.fixed_names = valid[k].names, .fixed_values = valid[k].values, .fixed_count = valid[k].fixed};
        sinter_density *d = open_density(text, &o);
        sinter_density_values *v = open_values(d);
        expect_invalid(v, -1, 0);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }

    /* Behind a tuple of which one number is no parameter the next one is a point of the simplex all the same. */
    const char *text = "param c = 0.25 in 0..1; mixture((0.5, 0.5), categorical((0.25, c, 0.5)), categorical((0.2, 0.3, 0.5)))";
    const char *second[] = {"theta0_2", "theta1", "theta2_2"};
    sinter_density *d;
    sinter_report report;
    const sinter_density_options o = {.fixed_names = second, .fixed_values = (const double[]){0.25, 0.3, 0.5}, .fixed_count = 3};
    expect_status(sinter_density_open(context, text, strlen(text), &o, &d, &report), SINTER_BAD_PROGRAM, text);
    assert_string_equal(report.errors[0].message, "the parameters with \"theta0_2\" are no point of the simplex: they must add up to 1");
}

/* Of a datum that is a point of the simplex the margin is that of f32 in either type; of parameters in f32 it stays that where bound data are computed in f64. */
static void points_of_the_simplex(void **state)
{
    (void)state;
    static const double off[] = {-1.06, -0.94, 0.94, 1.06};
    for (int narrow = 0; narrow < 2; narrow++)
        for (size_t k = 0; k < sizeof off / sizeof *off; k++) {
            const sinter_density_options o = {.type = narrow ? SINTER_F32 : SINTER_F64};
            const double last = 0.5 + 1e-6 * off[k], wide[] = {0.25, 0.25, last};
            sinter_density *d = open_density("dirichlet((1, 2, 3))", &o);
            sinter_density_values *v = open_values(d);
            double log;
            expect_status(sinter_density_log(v, wide, &log), SINTER_OK, "a datum");
            if ((fabs(off[k]) < 1) != (isfinite(log) != 0) || isnan(log))
                fail_msg("shares that are %g off 1 have the log-density %g", 1e-6 * off[k], log);
            sinter_density_values_close(v);
            sinter_density_close(d);
        }
    const sinter_density_options o = {.type = SINTER_F32};
    sinter_density *d = open_density("categorical((0.25, 0.25, 0.5))", &o);
    sinter_density_values *v = open_values(d);
    const float x[] = {1, 3, 2, 2, 3};
    const sinter_density_data data = {.count = 5, .columns = &(sinter_density_argument){x, 1}};
    sinter_bound *b;
    expect_status(sinter_density_bind(d, &data, &b, NULL), SINTER_OK, "bind");
    double bound, sum;
    sinter_density_set(v, 2, 0.5 + 9.4e-7);
    expect_status(sinter_bound_log(b, v, NULL, &bound, NULL), SINTER_OK, "bound data");
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "sum");
    assert_true(fabs(bound - sum) < 1e-5);
    sinter_bound_close(b);
    sinter_density_values_close(v);
    sinter_density_close(d);
    for (int i = 0; i < 2; i++) { /* weights are parameters */
        char text[100];
        sinter_report report;
        snprintf(text, sizeof text, "mixture((0.5, %.17g), normal(0, 1), normal(1, 1))", 0.5 + 1e-8 * (i ? 1.06 : 0.94));
        const sinter_status status = sinter_density_open(context, text, strlen(text), NULL, &d, &report);
        assert_int_equal(status, i ? SINTER_BAD_PROGRAM : SINTER_OK);
        sinter_density_close(d);
    }
}

static void families(void **state)
{
    (void)state;
    sinter_density *d = open_density("normal(mu=2, sigma=1.5)", NULL);
    sinter_density_values *v = open_values(d);
    sinter_density_info info = sinter_density_describe(d);
    assert_int_equal(info.column_count, 1);
    assert_int_equal(info.parameter_count, 2);
    assert_string_equal(info.family, "normal");
    assert_string_equal(info.parameters[1].name, "sigma");
    assert_string_equal(info.constraints[0], "");
    assert_string_equal(info.constraints[1], "> 0");
    assert_true(info.parameters[1].low == 0x1p-1074 && info.parameters[1].high == DBL_MAX && info.parameters[1].initial == 1.5);
    double x[4] = {0, 1, -INFINITY, NAN}, logs[4];
    const sinter_density_argument column = {x, 1};
    sinter_density_data data = {.count = 4, .columns = &column};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, "normal");
    for (int i = 0; i < 2; i++) {
        const double z = (x[i] - 2) / 1.5, wanted = -0.5 * z * z - log(1.5) - 0.91893853320467274178;
        if (!(fabs(logs[i] - wanted) < 1e-15))
            fail_msg("normal at %g: %.17g instead of %.17g", x[i], logs[i], wanted);
    }
    assert_true(logs[2] == -INFINITY && isnan(logs[3]));
    static const double wrong[] = {0, -1, INFINITY, NAN};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        sinter_density_set(v, 1, wrong[k]);
        expect_invalid(v, 1, wrong[k]);
    }
    sinter_density_set(v, 1, 1e-300);
    expect_invalid(v, -1, 1e-300);
    sinter_density_set(v, 0, INFINITY);
    expect_invalid(v, 0, INFINITY);
    sinter_density_values_close(v);
    sinter_density_close(d);

    d = open_density("normal", NULL); /* without values */
    v = open_values(d);
    expect_invalid(v, 0, NAN);
    sinter_density_set(v, 0, 0);
    expect_invalid(v, 1, NAN);
    sinter_density_set(v, 1, 1);
    expect_invalid(v, -1, 1);
    sinter_density_values_close(v);
    sinter_density_close(d);

    /* A constraint by another parameter; as arrays they have it row by row. */
    d = open_density(BOX, NULL);
    v = open_values(d);
    assert_string_equal(sinter_density_describe(d).constraints[1], "> alpha");
    static const double ends[][3] = {{1, 3, -1}, {1, 1, 1}, {0, -1, 1}, {-INFINITY, 1, 0}, {0, 2, -1}, {1, NAN, 1}};
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        sinter_density_set_all(v, ends[k]);
        expect_invalid(v, (int)ends[k][2], ends[k][1]);
    }
    const double lows[4] = {0, 1, 2, NAN}, high = 1.5;
    const sinter_density_argument parameters[2] = {{lows, 1}, {&high, 0}}, inside = {&(double){1.25}, 0};
    data = (sinter_density_data){.count = 4, .columns = &inside, .parameters = parameters};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, "rows of ends");
    assert_true(fabs(logs[0] + log(1.5)) < 1e-15 && fabs(logs[1] + log(0.5)) < 1e-15 && isnan(logs[2]) && isnan(logs[3]));
    sinter_density_values_close(v);
    sinter_density_close(d);

    /* By two others, and by all of a tuple together. */
    d = open_density("triangular(0, 1, 0.5)", NULL);
    v = open_values(d);
    assert_string_equal(sinter_density_describe(d).constraints[2], "in lower..upper");
    static const double corners[][4] = {{0, 2, 1, -1}, {0, 2, 0, -1}, {0, 2, 2, -1}, {0, 2, 3, 2}, {0, 2, -1, 2}, {0, 0, 0, 1}};
    for (size_t k = 0; k < sizeof corners / sizeof *corners; k++) {
        sinter_density_set_all(v, corners[k]);
        expect_invalid(v, (int)corners[k][3], corners[k][2]);
    }
    sinter_density_values_close(v);
    sinter_density_close(d);
    for (int narrow = 0; narrow < 2; narrow++) {
        d = open_density("categorical((0.2, 0.3, 0.5))", &(sinter_density_options){.type = narrow ? SINTER_F32 : SINTER_F64});
        v = open_values(d);
        expect_invalid(v, -1, 0.5); /* of f32 too, where 0.2 + 0.3 + 0.5 is not 1 */
        static const double shares[][4] = {{0.1, 0.2, 0.7, -1}, {0.1, 0.2, 0.71, 0}, {1, 0, 0, -1}, {0.5, -0.1, 0.6, 1}, {1, NAN, 0, 0}, {0.33333333, 0.33333333, 0.33333334, -1}};
        for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
            for (int i = 0; i < 3; i++)
                sinter_density_set(v, i, shares[k][i]);
            expect_invalid(v, (int)shares[k][3], shares[k][2]);
        }
        /* Both sides of how far from 1 they may be, which depends on the type. */
        const double margin = narrow ? 1e-6 : 1e-8, off[] = {-1.06, -0.94, -0.5, 0.5, 0.94, 1.06};
        for (size_t k = 0; k < sizeof off / sizeof *off; k++) {
            const double third[] = {0.25, 0.25, 0.5 + margin * off[k]};
            for (int i = 0; i < 3; i++)
                sinter_density_set(v, i, third[i]);
            expect_invalid(v, fabs(off[k]) < 1 ? -1 : 0, third[2]);
        }
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
    static const struct { const char *text; double value; } refused[] = {
        {"geometric", 0}, {"geometric", 1.5}, {"binomial(theta = 0.5)", 2.5}, {"binomial(theta = 0.5)", -1}, {"binomial_logit(alpha = 0)", 0.5},
        {"beta_proportion(kappa = 2)", 0}, {"beta_proportion(kappa = 2)", 1}, {"neg_binomial_p(r = 2)", 0}};
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        d = open_density(refused[k].text, NULL);
        v = open_values(d);
        const int number = !strncmp(refused[k].text, "neg", 3);
        sinter_density_set(v, number, refused[k].value);
        expect_invalid(v, number, refused[k].value);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }

    /* A model: columns as it declares them, parameters with ranges. */
    d = open_density("input y; input x; param a = 0.5; param b = -1; param sigma = 2 in 0..1e9; y ~ normal(a + b*x, sigma)", NULL);
    v = open_values(d);
    assert_null(sinter_density_describe(d).family);
    assert_int_equal(sinter_density_column_number(d, "x"), 1);
    double log_of_row;
    expect_status(sinter_density_log(v, (const double[]){1, 2}, &log_of_row), SINTER_OK, "model");
    const double z = (1 - (0.5 - 2)) / 2;
    assert_true(fabs(log_of_row - (-0.5 * z * z - log(2) - 0.91893853320467274178)) < 1e-15);
    sinter_density_set(v, 2, -1);
    assert_int_equal(sinter_density_invalid(v), 2);
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* Other quantities, and what is left of a log-density without its constants. */
static void quantities_and_constants(void **state)
{
    (void)state;
    static const char *const text = "normal(1, 2)";
    const sinter_density_options options[] = {{.quantity = "log_cdf"}, {.drop = SINTER_DROP_X}, {.drop = SINTER_DROP_THETA}};
    const double wanted[] = {log(0.5 * erfc(-0.25 / sqrt(2))), -0.5 * 0.0625, -0.5 * 0.0625 - log(2)};
    for (int k = 0; k < 3; k++) {
        double log_of_row;
        sinter_density *d = open_density(text, &options[k]);
        sinter_density_values *v = open_values(d);
        expect_status(sinter_density_log(v, &(double){1.5}, &log_of_row), SINTER_OK, text);
        if (!(fabs(log_of_row - wanted[k]) < 4e-16))
            fail_msg("quantity %d: %.17g instead of %.17g", k, log_of_row, wanted[k]);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
    /* Without columns: the same for all rows. */
    sinter_density *d = open_density(text, &(sinter_density_options){.quantity = "variance"});
    sinter_density_values *v = open_values(d);
    double one, all[3], sum;
    const sinter_density_data data = {.count = 3};
    assert_int_equal(sinter_density_describe(d).column_count, 0);
    expect_status(sinter_density_log(v, NULL, &one), SINTER_OK, "one row");
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = all}), SINTER_OK, "three rows");
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "their sum");
    assert_true(one == 4 && all[0] == 4 && all[2] == 4 && sum == 12);
    sinter_density_values_close(v);
    sinter_density_close(d);
    assert_int_equal(sinter_density_open(context, text, strlen(text), &(sinter_density_options){.quantity = "nothing"}, &d, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_open(context, text, strlen(text), &(sinter_density_options){.quantity = "T"}, &d, NULL), SINTER_BAD_PROGRAM);
    assert_int_equal(sinter_density_open(context, text, strlen(text), &(sinter_density_options){.drop = (sinter_drop)3}, &d, NULL), SINTER_BAD_ARGUMENT);
    const char *const sigma[1] = {"sigma"};
    const sinter_density_options fixed = {.fixed_names = sigma, .fixed_values = &(double){0}, .fixed_count = 1};
    assert_int_equal(sinter_density_open(context, text, strlen(text), &fixed, &d, NULL), SINTER_BAD_PROGRAM);
}

/* ---- arrays end where they end ---- */

static void guard_pages(void **state)
{
    (void)state;
    guarded x = guarded_open(4096), y = guarded_open(4096), out = guarded_open(4096), valid = guarded_open(4096);
    sinter_density *d = open_density(LINE, NULL);
    sinter_density_values *v = open_values(d);
    memset(x.low, 0, 4096);
    memset(y.low, 0, 4096);
    memset(valid.low, 0xA5, 4096);
    double sum;
    for (int64_t n = 1; n < 70; n++)
        for (int stride = 1; stride <= 2; stride++) {
            const int64_t bytes = 8 * ((n - 1) * stride + 1);
            const sinter_density_argument columns[COLUMNS] = {{x.high - bytes, stride}, {y.high - 8 * n, 1}}, down[COLUMNS] = {{x.high - 8, -stride}, {y.low, 1}};
            for (int turned = 0; turned < 2; turned++)
                for (int masked = 0; masked < 2; masked++) {
                    const sinter_density_data data = {.count = n, .columns = turned ? down : columns, .validity = masked ? valid.high - (n + 7) / 8 : NULL,
                                                      .validity_offset = masked ? (8 - n % 8) % 8 : 0};
                    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = turned ? out.low : out.high - 8 * n}), SINTER_OK, "batch");
                    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "sum");
                    expect_status(sinter_density_sum_exact(v, &data, &sum), SINTER_OK, "exact");
                }
        }
    sinter_density_values_close(v);
    sinter_density_close(d);
    guarded_close(&x);
    guarded_close(&y);
    guarded_close(&out);
    guarded_close(&valid);
}

/* ---- what it says of itself ---- */

static void description(void **state)
{
    (void)state;
    sinter_density *d = open_density(LINE, &(sinter_density_options){.inputs = "y x unused", .threads = 2});
    sinter_density_info info = sinter_density_describe(d);
    assert_int_equal(info.column_count, 3);
    assert_int_equal(info.parameter_count, 3);
    assert_string_equal(info.columns[0].name, "y");
    assert_string_equal(info.columns[2].name, "unused");
    assert_string_equal(info.parameters[2].name, "s");
    assert_true(info.parameters[2].low == 0.0001 && info.parameters[2].high == 1e6 && info.parameters[2].initial == 1.5);
    assert_int_equal(info.type, SINTER_F64);
    assert_int_equal(info.kernel_count, 0);
    assert_true(info.threads == 2 || info.threads == 1);
    assert_int_equal(sinter_density_column_number(d, "x"), 1);
    assert_int_equal(sinter_density_column_number(d, "s"), -1);
    assert_int_equal(sinter_density_parameter_number(d, "b"), 1);
    assert_int_equal(sinter_density_parameter_number(d, "nothing"), -1);
    sinter_density_values *v = open_values(d);
    const double y[3] = {1, 2, 3};
    double by_unused[3], logs[3];
    const sinter_density_argument columns[3] = {{y, 1}, {y, 0}, {y, 1}};
    const sinter_density_data data = {.count = 3, .columns = columns};
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs, .columns = (void *[]){NULL, NULL, by_unused}}), SINTER_OK, "unused");
    assert_true(by_unused[0] == 0 && by_unused[1] == 0 && by_unused[2] == 0);
    info = sinter_density_describe(d);
    assert_int_equal(info.kernel_count, 1);
    char *text;
    size_t length;
    expect_status(sinter_density_export(d, &text, &length, NULL), SINTER_OK, "export");
    assert_non_null(strstr(text, "double"));
    sinter_dump_release(context, text, length);
    sinter_density_values_close(v);
    sinter_density_close(d);

    static const struct {
        sinter_density_use use;
        sinter_engine engine;
    } uses[] = {{SINTER_DENSITY_MANY_CALLS, SINTER_ENGINE_SCALAR}, {SINTER_DENSITY_FEW_CALLS, SINTER_ENGINE_INTERP}};
    for (int k = 0; k < 2; k++) {
        if (!sinter_engine_available(uses[k].engine, NULL))
            continue;
        d = open_density(CURVE, &(sinter_density_options){.use = uses[k].use});
        info = sinter_density_describe(d);
        assert_int_equal(info.engine, uses[k].engine);
        assert_true(info.engine_reason[0] != 0);
        v = open_values(d);
        const void *frame;
        const char *reason;
        double log;
        double (*f)(const void *, double, double) = (double (*)(const void *, double, double))sinter_density_function(v, &frame, &reason);
        expect_status(sinter_density_log(v, (const double[]){2, 0.5}, &log), SINTER_OK, "log");
        if (uses[k].engine == SINTER_ENGINE_SCALAR && bits(f(frame, 2, 0.5)) != bits(log))
            fail_msg("the function gives %.17g, the call %.17g", f(frame, 2, 0.5), log);
        assert_true(f || reason[0]);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

static void fixed_parameters(void **state)
{
    (void)state;
    sinter_density *live = open_density(LINE, NULL);
    const char *const names[2] = {"s", "a"};
    const double values[2] = {0.75, 0.1};
    sinter_density *fixed = open_density(LINE, &(sinter_density_options){.fixed_names = names, .fixed_values = values, .fixed_count = 2});
    assert_int_equal(sinter_density_describe(fixed).parameter_count, 1);
    sinter_density_values *v = open_values(live), *w = open_values(fixed);
    double a, b;
    sinter_density_set_all(v, (const double[]){0.1, -0.25, 0.75});
    for (int i = 0; i < 50; i++) {
        const double row[2] = {uniform(-5, 5), uniform(-5, 5)};
        sinter_density_log(v, row, &a);
        sinter_density_log(w, row, &b);
        if (bits(a) != bits(b))
            fail_msg("live %.17g, fixed %.17g", a, b);
    }
    sinter_density_values_close(v);
    sinter_density_values_close(w);
    sinter_density_close(live);
    sinter_density_close(fixed);
}

/* As many parameters as there may be; a sum has fewer derivatives than that at once. */
static void many_parameters(void **state)
{
    (void)state;
    char text[8000] = "";
    size_t length = 0;
    const int count = SINTER_DENSITY_MOST;
    for (int k = 0; k < count; k++)
        length += (size_t)snprintf(text + length, sizeof text - length, "param p%d = %d\n", k, k);
    for (int k = 0; k < count; k++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%sp%d*x", k ? " + " : "", k);
    sinter_density *d = open_density(text, NULL);
    sinter_density_values *v = open_values(d);
    const double x[3] = {1, 2, 3};
    double logs[3], slopes[3], sum, gradient[SINTER_DENSITY_MOST];
    void *by_parameter[SINTER_DENSITY_MOST] = {NULL};
    by_parameter[200] = slopes;
    const sinter_density_argument column = {x, 1};
    sinter_density_argument parameters[SINTER_DENSITY_MOST] = {{NULL, 0}};
    sinter_density_data data = {.count = 3, .columns = &column, .parameters = parameters};
    parameters[255] = column;
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs, .parameters = by_parameter}), SINTER_OK, "many parameters");
    const double others = 254 * 255 / 2;
    assert_true(logs[0] == others + 1 && logs[2] == 3 * (others + 3) && slopes[1] == 2);
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "their sum");
    assert_true(sum == logs[0] + logs[1] + logs[2]);
    expect_status(sinter_density_sum(v, &data, &sum, gradient), SINTER_TOO_LARGE, "too many derivatives");
    sinter_density_values_close(v);
    sinter_density_close(d);
    snprintf(text, sizeof text, "param more = 1\n");
    length = strlen(text);
    for (int k = 0; k < count; k++)
        length += (size_t)snprintf(text + length, sizeof text - length, "param p%d = %d\n", k, k);
    snprintf(text + length, sizeof text - length, "more*x");
    assert_int_equal(sinter_density_open(context, text, strlen(text), NULL, &d, NULL), SINTER_TOO_LARGE);
}

/* ---- what is wrong ---- */

static void refused_text(const char *text, const sinter_density_options *o, sinter_status wanted)
{
    sinter_density *d = (sinter_density *)(uintptr_t)16;
    sinter_report report;
    expect_status(sinter_density_open(context, text, strlen(text), o, &d, &report), wanted, text);
    assert_null(d);
    assert_true(report.total >= 1 && report.errors[0].message[0]);
    expect_status(sinter_density_open(context, text, strlen(text), o, &d, NULL), wanted, text);
}

static void misuse(void **state)
{
    (void)state;
    const char *const names[1] = {"s"}, *const unknown[1] = {"q"}, *const none[1] = {NULL};
    refused_text("1 +", NULL, SINTER_BAD_PROGRAM);
    refused_text("(x, y)", NULL, SINTER_BAD_PROGRAM);
    refused_text(LINE, &(sinter_density_options){.engine = (sinter_engine)77}, SINTER_NO_ENGINE);
    refused_text(LINE, &(sinter_density_options){.use = (sinter_density_use)7}, SINTER_BAD_ARGUMENT);
    refused_text(LINE, &(sinter_density_options){.threads = -1}, SINTER_BAD_ARGUMENT);
    refused_text(LINE, &(sinter_density_options){.type = SINTER_I32}, SINTER_BAD_ARGUMENT);
    refused_text(LINE, &(sinter_density_options){.inputs = "x"}, SINTER_BAD_PROGRAM);
    refused_text(LINE, &(sinter_density_options){.fixed_names = unknown, .fixed_values = &(double){1}, .fixed_count = 1}, SINTER_BAD_PROGRAM);
    refused_text(LINE, &(sinter_density_options){.fixed_names = names, .fixed_values = &(double){-1}, .fixed_count = 1}, SINTER_BAD_PROGRAM);
    refused_text(LINE, &(sinter_density_options){.fixed_names = none, .fixed_values = &(double){1}, .fixed_count = 1}, SINTER_BAD_ARGUMENT);
    refused_text(LINE, &(sinter_density_options){.fixed_count = 1}, SINTER_BAD_ARGUMENT);
    sinter_density *d;
    sinter_density_values *v;
    sinter_report report;
    assert_int_equal(sinter_density_open(NULL, LINE, 5, NULL, &d, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_open(context, NULL, 5, NULL, &d, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_open(context, LINE, 5, NULL, NULL, &report), SINTER_BAD_ARGUMENT);
    sinter_density_close(NULL);
    sinter_density_values_close(NULL);
    assert_int_equal(sinter_density_describe(NULL).column_count, 0);
    assert_int_equal(sinter_density_values_open(NULL, &v), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_export(NULL, &(char *){NULL}, &(size_t){0}, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_invalid(NULL), -1);
    d = open_density(LINE, NULL);
    v = open_values(d);
    double x[2] = {0, 1}, out[2], sum;
    sinter_density_argument columns[COLUMNS] = {{x, 1}, {x, 1}};
    sinter_density_data data = {.count = 2, .columns = columns};
    sinter_density_results results = {.logs = out};
    assert_int_equal(sinter_density_set(v, 3, 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_set(v, -1, 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_set(NULL, 0, 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_set_all(v, NULL), SINTER_BAD_ARGUMENT);
    assert_true(isnan(sinter_density_get(v, 9)));
    assert_int_equal(sinter_density_batch(NULL, &data, &results), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_batch(v, NULL, &results), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_batch(v, &data, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_batch(v, &data, &(sinter_density_results){0}), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_sum(v, &data, NULL, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_sum_exact(v, &data, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_log(v, NULL, &sum), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_log(v, x, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_prepare(v, (sinter_density_call)9, &data, &results, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_density_prepare(v, SINTER_DENSITY_BATCH, &data, NULL, &report), SINTER_BAD_ARGUMENT);
    assert_null(sinter_density_function(NULL, NULL, NULL));
    data.count = -1;
    assert_int_equal(sinter_density_batch(v, &data, &results), SINTER_BAD_ARGUMENT);
    data.count = 2;
    data.validity_offset = -1;
    assert_int_equal(sinter_density_sum(v, &data, &sum, NULL), SINTER_BAD_ARGUMENT);
    data.validity_offset = 0;
    columns[1].data = NULL;
    assert_int_equal(sinter_density_sum(v, &data, &sum, NULL), SINTER_BAD_ARGUMENT);
    data.columns = NULL;
    assert_int_equal(sinter_density_sum(v, &data, &sum, NULL), SINTER_BAD_ARGUMENT);
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* ---- memory ---- */

typedef struct ledger {
    int64_t blocks;
    int requests, refuse_at;
} ledger;

static void *count_allocate(void *user, size_t size)
{
    ledger *l = user;
    if (++l->requests == l->refuse_at)
        return NULL;
    l->blocks++;
    return malloc(size);
}

static void count_release(void *user, void *block, size_t size)
{
    ledger *l = user;
    (void)size;
    l->blocks--;
    free(block);
}

/* All kinds of calls. The first that is refused memory ends it. */
static sinter_status use_density(sinter_context *c, ledger *l, bool watch)
{
    static double x[1200], out[1200], slopes[1200], sum, gradient[3];
    sinter_density *d = NULL;
    sinter_density_values *v = NULL;
    sinter_report report;
    const sinter_density_argument columns[COLUMNS] = {{x, 2}, {x, 1}}, parameters[3] = {{x, 1}, {NULL, 0}, {NULL, 0}};
    const sinter_density_data data = {.count = 600, .columns = columns, .weights = {x, 0}}, by_row = {.count = 600, .columns = columns, .parameters = parameters};
    const sinter_density_results results = {.logs = out, .columns = (void *[]){slopes, NULL}};
    sinter_status status = sinter_density_open(c, LINE, strlen(LINE), &(sinter_density_options){.fixed_count = 0}, &d, &report);
    if (!status)
        status = sinter_density_values_open(d, &v);
    if (!status)
        status = sinter_density_prepare(v, SINTER_DENSITY_LOG, NULL, NULL, &report);
    if (!status)
        status = sinter_density_prepare(v, SINTER_DENSITY_BATCH, &by_row, &results, &report);
    if (!status)
        status = sinter_density_prepare(v, SINTER_DENSITY_SUM, &data, &results, &report);
    if (!status)
        status = sinter_density_prepare(v, SINTER_DENSITY_SUM_EXACT, &data, NULL, &report);
    const int before = l->requests;
    for (int round = 0; !status && round < 3; round++) {
        sinter_density_set(v, 0, round);
        status = sinter_density_batch(v, &by_row, &results);
        if (!status)
            status = sinter_density_sum(v, &data, &sum, gradient);
        if (!status)
            status = sinter_density_sum_exact(v, &data, &sum);
        if (!status)
            status = sinter_density_log(v, x, &sum);
    }
    if (watch && l->requests != before)
        fail_msg("%d allocations after everything was prepared", l->requests - before);
    sinter_density_values_close(v);
    sinter_density_close(d);
    return status;
}

static void refused_memory(void **state)
{
    (void)state;
    ledger l = {0, 0, 0};
    sinter_context *c;
    const sinter_context_options o = {.allocator = {count_allocate, count_release, &l}};
    expect_status(sinter_open(&o, &c), SINTER_OK, "context");
    expect_status(use_density(c, &l, true), SINTER_OK, "all memory");
    bool refused = true;
    int at = 0;
    while (refused && at < 20000) {
        l.requests = 0;
        l.refuse_at = ++at;
        const sinter_status status = use_density(c, &l, false);
        refused = l.requests >= at;
        if (status != SINTER_OK && status != SINTER_NO_MEMORY)
            fail_msg("refusal %d: %s", at, sinter_status_name(status));
        l.refuse_at = 0;
    }
    assert_false(refused);
    assert_true(at > 5);
    expect_status(use_density(c, &l, false), SINTER_OK, "afterwards");
    sinter_close(c);
    assert_int_equal(l.blocks, 0);
}

/* ---- several threads with one density ---- */

enum { CALLERS = 4, CALLER_ROWS = 20000 };

typedef struct caller {
    sinter_density *density;
    const double *x, *y;
    double sum[8];
} caller;

static void *call_all(void *argument)
{
    caller *c = argument;
    sinter_density_values *v;
    if (sinter_density_values_open(c->density, &v))
        return NULL;
    const sinter_density_argument columns[COLUMNS] = {{c->x, 1}, {c->y, 1}};
    for (int k = 0; k < 8; k++) {
        const sinter_density_argument parameters[3] = {{k & 1 ? c->x : NULL, 1}, {k & 2 ? c->y : NULL, 1}, {NULL, 0}};
        sinter_density_data data = {.count = CALLER_ROWS, .columns = columns, .parameters = parameters};
        if (k & 4)
            data.weights = (sinter_density_argument){c->x, 1};
        sinter_density_sum(v, &data, &c->sum[k], NULL);
    }
    sinter_density_values_close(v);
    return argument;
}

static void several_callers(void **state)
{
    (void)state;
    static double x[CALLER_ROWS], y[CALLER_ROWS];
    for (int i = 0; i < CALLER_ROWS; i++) {
        x[i] = uniform(0, 2);
        y[i] = uniform(-2, 2);
    }
    caller callers[CALLERS];
    pthread_t threads[CALLERS];
    sinter_density *d = open_density(LINE, &(sinter_density_options){.threads = 2});
    for (int k = 0; k < CALLERS; k++) {
        callers[k] = (caller){.density = d, .x = x, .y = y};
        assert_int_equal(pthread_create(&threads[k], NULL, call_all, &callers[k]), 0);
    }
    for (int k = 0; k < CALLERS; k++) {
        void *result;
        pthread_join(threads[k], &result);
        assert_non_null(result);
        for (int i = 0; i < 8; i++)
            if (bits(callers[k].sum[i]) != bits(callers[0].sum[i]) || isnan(callers[k].sum[i]))
                fail_msg("caller %d, sum %d: %.17g and %.17g", k, i, callers[k].sum[i], callers[0].sum[i]);
    }
    assert_int_equal(sinter_density_describe(d).kernel_count, 4 * 3 + 4); /* without weights: of terms, of what factors leave, the factors */
    sinter_density_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pattern_of_arguments), cmocka_unit_test(threads_and_engines), cmocka_unit_test(factored_sums),
        cmocka_unit_test(sums_within_supports),
        cmocka_unit_test(blocks_in_pieces),
        cmocka_unit_test(apart_and_missing_again),
        cmocka_unit_test(missing_rows),
        cmocka_unit_test(weights), cmocka_unit_test(invalid_parameters), cmocka_unit_test(declared_parameters), cmocka_unit_test(weights_in_f32), cmocka_unit_test(nan_beside_others), cmocka_unit_test(slopes_of_nan), cmocka_unit_test(fixed_bounds), cmocka_unit_test(bounds_of_each), cmocka_unit_test(points_of_the_simplex), cmocka_unit_test(families), cmocka_unit_test(slopes_at_ends),
        cmocka_unit_test(quantities_and_constants), cmocka_unit_test(guard_pages), cmocka_unit_test(description),
        cmocka_unit_test(fixed_parameters), cmocka_unit_test(many_parameters), cmocka_unit_test(misuse), cmocka_unit_test(refused_memory), cmocka_unit_test(several_callers),
    };
    return cmocka_run_group_tests_name("density", tests, open_context, close_context);
}
