/* Log-likelihoods by the means of statistics (the member `pooled`) against MPFR: data of every size and spread, one observation, all equal, one out of scale; parameters
 * near the greatest likelihood, at both sides of where the forms of a deviance change and of where the standing rows take over, tiny and huge. */
#include "density/bound.h"

#include "open_context.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>
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

enum { BITS = 256, MOST_ROWS = 2000 };

/* ---- exact sums of statistics ---- */

typedef struct exact_data {
    mpfr_t count, x, log_x, inverse, log_factorial;
} exact_data;

typedef struct exact_result {
    mpfr_t log, by[2];
} exact_result;

static void open_numbers(mpfr_t *first, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        mpfr_init2(first[k], BITS);
        mpfr_set_zero(first[k], 1);
    }
}

static void close_numbers(mpfr_t *first, size_t count)
{
    for (size_t k = 0; k < count; k++)
        mpfr_clear(first[k]);
}

/* sum += weight·term */
static void add_weighted(mpfr_t sum, mpfr_t term, double weight)
{
    mpfr_mul_d(term, term, weight, MPFR_RNDN);
    mpfr_add(sum, sum, term, MPFR_RNDN);
}

static void sum_exactly(exact_data *e, const double *x, const double *weights, int64_t n, bool counts)
{
    mpfr_t t;
    open_numbers(&t, 1);
    for (int64_t i = 0; i < n; i++) {
        const double w = weights ? weights[i] : 1;
        mpfr_set_d(t, 1, MPFR_RNDN);
        add_weighted(e->count, t, w);
        mpfr_set_d(t, x[i], MPFR_RNDN);
        add_weighted(e->x, t, w);
        mpfr_set_d(t, x[i], MPFR_RNDN);
        if (counts) {
            mpfr_add_ui(t, t, 1, MPFR_RNDN);
            mpfr_lngamma(t, t, MPFR_RNDN);
            add_weighted(e->log_factorial, t, w);
        } else {
            mpfr_log(t, t, MPFR_RNDN);
            add_weighted(e->log_x, t, w);
            mpfr_set_d(t, x[i], MPFR_RNDN);
            mpfr_ui_div(t, 1, t, MPFR_RNDN);
            add_weighted(e->inverse, t, w);
        }
    }
    close_numbers(&t, 1);
}

/* ---- families ---- */

/* Σx·log rate − n·rate − Σlog x!, and Σx/rate − n. */
static void poisson_at(exact_result *r, exact_data *e, mpfr_t rate)
{
    mpfr_log(r->log, rate, MPFR_RNDN);
    mpfr_mul(r->log, r->log, e->x, MPFR_RNDN);
    mpfr_mul(r->by[1], e->count, rate, MPFR_RNDN);
    mpfr_sub(r->log, r->log, r->by[1], MPFR_RNDN);
    mpfr_sub(r->log, r->log, e->log_factorial, MPFR_RNDN);
    mpfr_div(r->by[0], e->x, rate, MPFR_RNDN);
    mpfr_sub(r->by[0], r->by[0], e->count, MPFR_RNDN);
}

static void exact_poisson(exact_result *r, exact_data *e, mpfr_t *parameters)
{
    poisson_at(r, e, parameters[0]);
}

static void exact_poisson_log(exact_result *r, exact_data *e, mpfr_t *parameters)
{
    mpfr_t rate;
    open_numbers(&rate, 1);
    mpfr_exp(rate, parameters[0], MPFR_RNDN);
    poisson_at(r, e, rate);
    mpfr_mul(r->by[0], r->by[0], rate, MPFR_RNDN);
    close_numbers(&rate, 1);
}

/* n·(α log β − lgamma α) + (α − 1)·Σlog x − β·Σx, by α and β. `log_x` and `x` are of 1/x where the distribution is. */
static void gamma_at(exact_result *r, exact_data *e, mpfr_t alpha, mpfr_t beta, mpfr_t log_x, mpfr_t x)
{
    mpfr_t log_beta, t;
    open_numbers(&log_beta, 1);
    open_numbers(&t, 1);
    mpfr_log(log_beta, beta, MPFR_RNDN);
    mpfr_mul(r->log, alpha, log_beta, MPFR_RNDN);
    mpfr_lngamma(t, alpha, MPFR_RNDN);
    mpfr_sub(r->log, r->log, t, MPFR_RNDN);
    mpfr_mul(r->log, r->log, e->count, MPFR_RNDN);
    mpfr_sub_ui(t, alpha, 1, MPFR_RNDN);
    mpfr_mul(t, t, log_x, MPFR_RNDN);
    mpfr_add(r->log, r->log, t, MPFR_RNDN);
    mpfr_mul(t, beta, x, MPFR_RNDN);
    mpfr_sub(r->log, r->log, t, MPFR_RNDN);
    mpfr_digamma(t, alpha, MPFR_RNDN);
    mpfr_sub(t, log_beta, t, MPFR_RNDN);
    mpfr_mul(t, t, e->count, MPFR_RNDN);
    mpfr_add(r->by[0], t, log_x, MPFR_RNDN);
    mpfr_div(t, alpha, beta, MPFR_RNDN);
    mpfr_mul(t, t, e->count, MPFR_RNDN);
    mpfr_sub(r->by[1], t, x, MPFR_RNDN);
    close_numbers(&t, 1);
    close_numbers(&log_beta, 1);
}

static void exact_gamma(exact_result *r, exact_data *e, mpfr_t *parameters)
{
    gamma_at(r, e, parameters[0], parameters[1], e->log_x, e->x);
}

/* β = 1/θ. */
static void exact_gamma_scale(exact_result *r, exact_data *e, mpfr_t *parameters)
{
    mpfr_t beta;
    open_numbers(&beta, 1);
    mpfr_ui_div(beta, 1, parameters[1], MPFR_RNDN);
    gamma_at(r, e, parameters[0], beta, e->log_x, e->x);
    mpfr_mul(r->by[1], r->by[1], beta, MPFR_RNDN);
    mpfr_mul(r->by[1], r->by[1], beta, MPFR_RNDN);
    mpfr_neg(r->by[1], r->by[1], MPFR_RNDN);
    close_numbers(&beta, 1);
}

/* β = α/μ. */
static void exact_gamma_mean(exact_result *r, exact_data *e, mpfr_t *parameters)
{
    mpfr_t beta, t;
    open_numbers(&beta, 1);
    open_numbers(&t, 1);
    mpfr_div(beta, parameters[0], parameters[1], MPFR_RNDN);
    gamma_at(r, e, parameters[0], beta, e->log_x, e->x);
    mpfr_div(t, r->by[1], parameters[1], MPFR_RNDN);
    mpfr_add(r->by[0], r->by[0], t, MPFR_RNDN);
    mpfr_mul(r->by[1], t, beta, MPFR_RNDN);
    mpfr_neg(r->by[1], r->by[1], MPFR_RNDN);
    close_numbers(&t, 1);
    close_numbers(&beta, 1);
}

static void exact_inv_gamma(exact_result *r, exact_data *e, mpfr_t *parameters)
{
    mpfr_t minus;
    open_numbers(&minus, 1);
    mpfr_neg(minus, e->log_x, MPFR_RNDN);
    gamma_at(r, e, parameters[0], parameters[1], minus, e->inverse);
    mpfr_mul_ui(minus, minus, 2, MPFR_RNDN);
    mpfr_add(r->log, r->log, minus, MPFR_RNDN);
    close_numbers(&minus, 1);
}

typedef struct pooled_family {
    const char *name;
    bool counts;
    uint32_t parameters;
    void (*exact)(exact_result *r, exact_data *e, mpfr_t *parameters);
} pooled_family;

static const pooled_family POISSON = {"poisson", true, 1, exact_poisson}, POISSON_LOG = {"poisson_log", true, 1, exact_poisson_log},
                           GAMMA = {"gamma", false, 2, exact_gamma}, GAMMA_SCALE = {"gamma_scale", false, 2, exact_gamma_scale},
                           GAMMA_MEAN = {"gamma_mean", false, 2, exact_gamma_mean}, INV_GAMMA = {"inv_gamma", false, 2, exact_inv_gamma};

/* ---- a trial ---- */

typedef struct trial {
    const pooled_family *family;
    sinter_density *density;
    sinter_density_values *values;
    sinter_bound *bound;
    exact_data exact;
    const double *x, *weights;
    int64_t n;
} trial;

static double worst_value, worst_slope[2], worst_standing, worst_other; /* in ε of what is allowed one */
static long pooled_calls, standing_calls, borders;

static sinter_density_data rows_of(const sinter_density_argument *column, const double *weights, int64_t n)
{
    return (sinter_density_data){.count = n, .columns = column, .weights = {weights, 1}};
}

static trial open_trial(const pooled_family *family, sinter_engine engine, const double *x, const double *weights, int64_t n)
{
    trial t = {.family = family, .x = x, .weights = weights, .n = n};
    const sinter_density_argument column = {x, 1};
    const sinter_density_data data = rows_of(&column, weights, n);
    expect_status(sinter_density_open(context, family->name, strlen(family->name), &(sinter_density_options){.engine = engine}, &t.density, NULL),
                  SINTER_OK, family->name);
    expect_status(sinter_density_values_open(t.density, &t.values), SINTER_OK, "values");
    expect_status(sinter_density_bind(t.density, &data, &t.bound, NULL), SINTER_OK, family->name);
    if (!t.bound->pool.stands)
        fail_msg("%s: the means do not stand for %lld rows from %g", family->name, (long long)n, x[0]);
    open_numbers(&t.exact.count, 5);
    sum_exactly(&t.exact, x, weights, n, family->counts);
    return t;
}

static void close_trial(trial *t)
{
    close_numbers(&t->exact.count, 5);
    sinter_bound_close(t->bound);
    sinter_density_values_close(t->values);
    sinter_density_close(t->density);
}

/* log α − ψ(α), what of a derivative by a shape is the same for all rows. */
static double shape_part(double alpha)
{
    mpfr_t a, digamma;
    open_numbers(&a, 1);
    open_numbers(&digamma, 1);
    mpfr_set_d(a, alpha, MPFR_RNDN);
    mpfr_digamma(digamma, a, MPFR_RNDN);
    mpfr_log(a, a, MPFR_RNDN);
    mpfr_sub(a, a, digamma, MPFR_RNDN);
    const double value = mpfr_get_d(a, MPFR_RNDN);
    close_numbers(&digamma, 1);
    close_numbers(&a, 1);
    return value;
}

/* Σ|w|·max(|ℓ|, 1), and by each parameter Σ|w·∂ℓ|, by a shape that of both parts of ∂ℓ. */
static void sizes_of(trial *t, const double *parameters, double *log, double *by)
{
    const double own = t->family->counts ? 0 : shape_part(parameters[0]);
    static double logs[MOST_ROWS], slopes[2][MOST_ROWS];
    void *const wanted[] = {slopes[0], slopes[1]};
    const sinter_density_argument column = {t->x, 1};
    const sinter_density_data data = rows_of(&column, NULL, t->n);
    sinter_density_batch(t->values, &data, &(sinter_density_results){.logs = logs, .parameters = wanted});
    *log = by[0] = by[1] = 0;
    for (int64_t i = 0; i < t->n; i++) {
        const double w = t->weights ? fabs(t->weights[i]) : 1, size = fabs(logs[i]);
        *log += w * (size > 1 ? size : 1);
        for (uint32_t k = 0; k < t->family->parameters; k++)
            by[k] += w * (k ? fabs(slopes[k][i]) : fabs(slopes[k][i] - own) + fabs(own));
    }
}

/* What of a derivative is left of rounding the statistics themselves, in about twice the precision: a part of the size of what cancels. */
static double slope_size(const trial *t, const double *parameters, uint32_t k)
{
    const double shape = t->family->counts ? 0 : parameters[0];
    return mpfr_get_d(t->exact.count, MPFR_RNDN) * (t->family->counts ? exp(parameters[0]) : k ? shape / parameters[1] : 1);
}

static void note(double *worst, double error, double size)
{
    const double relative = error / (DBL_EPSILON * size);
    if (relative > *worst)
        *worst = relative;
}

static void compare(trial *t, const double *parameters, const exact_result *e)
{
    const char *name = t->family->name;
    double log, standing, gradient[2], rows[2], alone, size, by[2];
    expect_status(sinter_bound_log(t->bound, t->values, parameters, &log, gradient), SINTER_OK, name);
    expect_status(sinter_bound_log(t->bound, t->values, parameters, &alone, NULL), SINTER_OK, name);
    if (!(log == alone))
        fail_msg("%s(%.17g, %.17g): %.17g with derivatives, %.17g without", name, parameters[0], parameters[1], log, alone);
    t->bound->pool.stands = false;
    expect_status(sinter_bound_log(t->bound, t->values, parameters, &standing, rows), SINTER_OK, name);
    t->bound->pool.stands = true;
    *(log == standing ? &standing_calls : &pooled_calls) += 1;
    sizes_of(t, parameters, &size, by);
    const double wanted = mpfr_get_d(e->log, MPFR_RNDN);
    if (!isfinite(wanted) || !isfinite(size))
        return;
    note(&worst_value, fabs(log - wanted), size);
    note(&worst_standing, fabs(standing - wanted), size);
    if (!(fabs(log - wanted) <= 8 * DBL_EPSILON * size))
        fail_msg("%s(%.17g, %.17g) of %lld rows from %g: %.17g instead of %.17g, off by %.3g eps; rows: %.17g", name, parameters[0], parameters[1],
                 (long long)t->n, t->x[0], log, wanted, fabs(log - wanted) / (DBL_EPSILON * size), standing);
    for (uint32_t k = 0; k < t->family->parameters; k++) {
        const double slope = mpfr_get_d(e->by[k], MPFR_RNDN);
        if (!isfinite(slope) || !isfinite(by[k]))
            continue;
        if (!(fabs(rows[k] - slope) <= 1e-9 * (by[k] + slope_size(t, parameters, k))))
            fail_msg("%s(%.17g, %.17g), by number %u: %.17g by rows, %.17g by the means", name, parameters[0], parameters[1], k, rows[k], gradient[k]);
        note(&worst_slope[k], fabs(gradient[k] - slope), by[k] + slope_size(t, parameters, k) * 0x1p-44);
        if (!(fabs(gradient[k] - slope) <= 12 * DBL_EPSILON * by[k] + 0x1p-92 * slope_size(t, parameters, k)))
            fail_msg("%s(%.17g, %.17g) of %lld rows from %g, by number %u: %.17g instead of %.17g, off by %.3g eps of %g", name, parameters[0], parameters[1],
                     (long long)t->n, t->x[0], k, gradient[k], slope, fabs(gradient[k] - slope) / (DBL_EPSILON * by[k]), by[k]);
    }
}

static void try_at(trial *t, double first, double second)
{
    exact_result e;
    mpfr_t parameters[2];
    const double both[] = {first, second};
    open_numbers(&e.log, 1);
    open_numbers(e.by, 2);
    open_numbers(parameters, 2);
    mpfr_set_d(parameters[0], first, MPFR_RNDN);
    mpfr_set_d(parameters[1], second, MPFR_RNDN);
    t->family->exact(&e, &t->exact, parameters);
    compare(t, both, &e);
    close_numbers(parameters, 2);
    close_numbers(e.by, 2);
    close_numbers(&e.log, 1);
}

/* ---- where it is worst ---- */

static double mean_of(const trial *t)
{
    mpfr_t mean;
    open_numbers(&mean, 1);
    mpfr_div(mean, t->exact.x, t->exact.count, MPFR_RNDN);
    const double value = mpfr_get_d(mean, MPFR_RNDN);
    close_numbers(&mean, 1);
    return value;
}

/* By how much what is nearest to the mean is multiplied: 1 but for roundings, a row's distance, both sides of where |v| = 0.3, far away. */
static const double factors[] = {1, 1 + 0x1p-52, 1 - 0x1p-52, 1 + 1e-13, 1 - 1e-10, 1 + 1e-7, 1 - 1e-5, 1.001, 0.97, 1.25, 0.75, 1.3 / 0.7 * (1 - 0x1p-50), 1.3 / 0.7 * (1 + 0x1p-50),
                                 0.7 / 1.3 * (1 - 0x1p-50), 0.7 / 1.3 * (1 + 0x1p-50), 2, 0.4, 5, 0.1, 100, 1e-3, 1e12, 1e-12, 1e100, 1e-100, 1e290, 1e-290};
enum { FACTORS = sizeof factors / sizeof *factors };

static void try_counts(const double *x, const double *weights, int64_t n)
{
    trial t = open_trial(&POISSON, SINTER_ENGINE_AUTO, x, weights, n);
    trial u = open_trial(&POISSON_LOG, SINTER_ENGINE_AUTO, x, weights, n);
    const double mean = mean_of(&t) > 0 ? mean_of(&t) : 1;
    for (unsigned k = 0; k < FACTORS; k++) {
        if (mean * factors[k] < 1e300)
            try_at(&t, mean * factors[k], 0);
        if (fabs(log(mean) + log(factors[k])) < 700)
            try_at(&u, log(mean) + log(factors[k]), 0);
    }
    for (double step = 1; step > 1e-3; step *= 0.3) { /* a row's standard deviation */
        try_at(&t, mean + step * sqrt(mean), 0);
        try_at(&u, log(mean) + step / sqrt(mean), 0);
    }
    close_trial(&t);
    close_trial(&u);
}

static void counts(void **state)
{
    static double x[MOST_ROWS], weights[MOST_ROWS];
    static const double levels[] = {0.02, 0.8, 3, 40, 1e4, 1e9, 1e12, 1e15};
    (void)state;
    for (unsigned level = 0; level < sizeof levels / sizeof *levels; level++) {
        for (int i = 0; i < 300; i++) {
            const double near = levels[level] + sqrt(levels[level]) * bell(), far = -levels[level] * log(uniform(0x1p-53, 1));
            x[i] = floor(level < 3 ? far : near > 0 ? near : 0);
            weights[i] = 0.25 + floor(uniform(0, 8));
        }
        try_counts(x, NULL, 300);
        try_counts(x, weights, 300);
    }
    for (int i = 0; i < 100; i++)
        x[i] = 7;
    try_counts(x, NULL, 100);
    try_counts(x, NULL, 1);
    x[40] = 1e15; /* out of scale */
    try_counts(x, NULL, 100);
    try_counts(x + 40, NULL, 1);
    memset(x, 0, sizeof x);
    try_counts(x, NULL, 5);
}

static bool is_pooled(trial *t, double first, double second)
{
    const double parameters[] = {first, second};
    double log = 0, standing = 0;
    sinter_bound_log(t->bound, t->values, parameters, &log, NULL);
    t->bound->pool.stands = false;
    sinter_bound_log(t->bound, t->values, parameters, &standing, NULL);
    t->bound->pool.stands = true;
    return log != standing;
}

/* Both sides of where the standing rows take over, between two values of the second parameter, in a ratio of which the first is done by the means. */
static void try_border(trial *t, double first, double from, double to)
{
    if (!is_pooled(t, first, from) || is_pooled(t, first, to))
        return;
    for (int k = 0; k < 200 && from != to; k++) {
        double middle = sqrt(from) * sqrt(to);
        if (middle == from || middle == to || fabs(from / to - 1) < 1e-8)
            middle = 0.5 * (from + to);
        if (middle == from || middle == to)
            break;
        *(is_pooled(t, first, middle) ? &from : &to) = middle;
    }
    borders++;
    try_at(t, first, from);
    try_at(t, first, to);
}

/* The shape for which data that have this lack are likeliest, roughly. */
static double shape_of(const double *x, int64_t n)
{
    double sum = 0, logs = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] / x[0];
    for (int64_t i = 0; i < n; i++)
        logs += log1p((x[i] / x[0] - sum / (double)n) / (sum / (double)n));
    const double lack = -logs / (double)n;
    return lack > 1e-18 ? (3 - lack + sqrt((lack - 3) * (lack - 3) + 24 * lack)) / (12 * lack) : 1e17;
}

static void try_sizes(const double *x, const double *weights, int64_t n)
{
    const pooled_family *const families[] = {&GAMMA, &GAMMA_SCALE, &GAMMA_MEAN, &INV_GAMMA};
    static unsigned turn;
    turn++;
    for (unsigned f = 0; f < 4; f++) {
        trial t = open_trial(families[f], SINTER_ENGINE_AUTO, x, weights, n);
        double mean = mean_of(&t);
        if (f == 3) {
            mean = 0;
            for (int64_t i = 0; i < n; i++)
                mean += 1 / x[i];
            mean /= (double)n;
        }
        const double likeliest = shape_of(x, n);
        const double shapes[] = {likeliest, likeliest * 1.01, likeliest * 2, 0.5, 1, 1.999999999, 2, 6.3, 1e-8, 1e-3, 30, 1e4, 1e8};
        for (unsigned s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (unsigned k = 0; k < FACTORS; k++) {
                if ((k + s + turn + f) % 6) /* a sixth of them all */
                    continue;
                const double factor = factors[k], second = f == 1 ? mean / shapes[s] * factor : f == 2 ? mean * factor : shapes[s] / mean * factor;
                if (second > 1e-300 && second < 1e300)
                    try_at(&t, shapes[s], second);
                if (k % 8 == turn % 8 && second > 1e-200 && second < 1e200) {
                    try_border(&t, shapes[s], second, second * 1e90);
                    try_border(&t, shapes[s], second, second * 1e-90);
                }
            }
        close_trial(&t);
    }
}

static void sizes(void **state)
{
    static double x[MOST_ROWS], weights[MOST_ROWS];
    static const double levels[] = {1e-200, 1e-5, 1, 3e3, 1e9, 1e150}, spreads[] = {3, 1, 0.1, 1e-3, 1e-6};
    (void)state;
    for (unsigned level = 0; level < sizeof levels / sizeof *levels; level++)
        for (unsigned s = level % 2; s < sizeof spreads / sizeof *spreads; s += 2) {
            for (int i = 0; i < 60; i++) {
                x[i] = levels[level] * exp(spreads[s] * bell());
                weights[i] = 0.25 + floor(uniform(0, 8));
            }
            try_sizes(x, level % 2 ? weights : NULL, 60);
        }
    for (int i = 0; i < 60; i++)
        x[i] = 0.7;
    try_sizes(x, NULL, 60);
    try_sizes(x, NULL, 1);
    x[40] = 1e12;
    try_sizes(x, NULL, 60);
}

/* ---- the others ---- */

/* Of families whose rows are right, which other tests see to: the means are as near to the standing rows as both may be from what is exact. Data from a single place
 * to wide ones, parameters from where they suit them to far away. */
static void means_are_as_good_as_rows(void **state)
{
    enum { N = 200 };
    static const struct { const char *text; char support; uint32_t count; const char *fixed; double value; } families[] = {
        {"exponential", '+', 1, NULL, 0}, {"bernoulli", 'b', 1, NULL, 0}, {"geometric", 'n', 1, NULL, 0}, {"rayleigh", '+', 1, NULL, 0}, {"half_normal", '+', 1, NULL, 0},
        {"lognormal", '+', 2, NULL, 0}, {"inverse_gaussian", '+', 2, NULL, 0}, {"beta", '1', 2, NULL, 0}, {"beta_proportion", '1', 2, NULL, 0},
        {"binomial", 'N', 1, "N", 20}, {"pareto", '>', 1, "y_min", 1}};
    static const double spreads[] = {2, 0.5, 1e-2, 1e-5, 1e-9, 0}, away[] = {1, 1 + 1e-9, 1.03, 0.5, 3, 1e-3, 1e5};
    static double x[N];
    (void)state;
    for (unsigned f = 0; f < sizeof families / sizeof *families; f++) {
        const char kind = families[f].support;
        long by_means = 0;
        for (unsigned s = 0; s < sizeof spreads / sizeof *spreads; s++) {
            double mean = 0, square = 0, logs = 0;
            for (int i = 0; i < N; i++) {
                const double positive = 0.7 * exp(spreads[s] * bell());
                x[i] = kind == '+' ? positive : kind == 'b' ? (double)(uniform(0, 1) < 0.3) : kind == 'n' ? floor(10 * positive) : kind == 'N' ? fmin(20, floor(10 * positive))
                       : kind == '>' ? 1 + positive : positive / (1 + positive);
                mean += x[i] / N;
                square += x[i] * x[i] / N;
                logs += log(x[i]) / N;
            }
            sinter_density *d;
            sinter_density_values *v;
            sinter_bound *b;
            const sinter_density_argument column = {x, 1};
            const sinter_density_data data = rows_of(&column, NULL, N);
            const sinter_density_options options = {.fixed_names = &families[f].fixed, .fixed_values = &families[f].value, .fixed_count = families[f].fixed != NULL};
            expect_status(sinter_density_open(context, families[f].text, strlen(families[f].text), &options, &d, NULL), SINTER_OK, families[f].text);
            expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
            expect_status(sinter_density_bind(d, &data, &b, NULL), SINTER_OK, families[f].text);
            const double width = fmax(spreads[s], 1e-12), size = 1 / (width * width);
            const double likely[2] = {f == 0 ? 1 / mean : f == 1 ? 0.3 : f == 2 ? 1 / (1 + mean) : f == 3 ? sqrt(0.5 * square) : f == 4 ? sqrt(square) : f == 5 ? logs
                                      : f == 6 || f == 8 ? mean : f == 9 ? mean / 20 : f == 10 ? 1 / logs : size * mean,
                                      f == 5 ? width : f == 6 ? mean * size : f == 8 ? size : size * (1 - mean)};
            for (unsigned k = 0; k < sizeof away / sizeof *away; k++)
                for (unsigned m = 0; m < (families[f].count > 1 ? sizeof away / sizeof *away : 1); m++) {
                    const double p[2] = {likely[0] * away[k], likely[1] * away[m]};
                    double log, standing, by[2] = {0}, rows[2] = {0}, allowed = 0;
                    static double each[N], slopes[2][N];
                    if ((f == 1 || f == 2 || f == 8 || f == 9) && p[0] >= 1)
                        continue;
                    expect_status(sinter_bound_log(b, v, p, &log, by), SINTER_OK, "by means");
                    const bool stood = b->pool.stands;
                    b->pool.stands = false;
                    expect_status(sinter_bound_log(b, v, p, &standing, rows), SINTER_OK, "by rows");
                    b->pool.stands = stood;
                    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = each, .parameters = (void *const[]){slopes[0], slopes[1]}}), SINTER_OK, "rows");
                    double of_slopes[2] = {0};
                    for (int i = 0; i < N; i++) {
                        allowed += fmax(fabs(each[i]), 1);
                        for (uint32_t c = 0; c < families[f].count; c++)
                            of_slopes[c] += fabs(slopes[c][i]);
                    }
                    by_means += log != standing;
                    note(&worst_other, fabs(log - standing), allowed);
                    if (!(fabs(log - standing) <= 16 * DBL_EPSILON * allowed))
                        fail_msg("%s(%.17g, %.17g), spread %g: %.17g by the means, %.17g by rows, %.3g eps", families[f].text, p[0], p[1], spreads[s], log, standing,
                                 fabs(log - standing) / (DBL_EPSILON * allowed));
                    for (uint32_t c = 0; c < families[f].count; c++)
                        if (!(fabs(by[c] - rows[c]) <= 1e-9 * of_slopes[c] + 1e-12 * N / fabs(p[c])))
                            fail_msg("%s(%.17g, %.17g), spread %g, by number %u: %.17g by the means, %.17g by rows, of %g", families[f].text, p[0], p[1], spreads[s], c, by[c],
                                     rows[c], of_slopes[c]);
                }
            sinter_bound_close(b);
            sinter_density_values_close(v);
            sinter_density_close(d);
        }
        if (by_means < 3)
            fail_msg("%s: the means served %ld times", families[f].text, by_means);
    }
    print_message("# other families: within %.2f eps of rows\n", worst_other);
}

/* ---- coming and going, engines ---- */

/* Rows come, go and have weights; the same bits on each engine, and what is left has the bits that it has by itself. */
static void rows_come_and_go(void **state)
{
    static double x[900], weights[900];
    static const char *const texts[] = {"poisson", "gamma", "gamma_mean"};
    (void)state;
    for (unsigned text = 0; text < 3; text++) {
        double first[2][3] = {{0}};
        for (int i = 0; i < 900; i++) {
            const double size = 1e3 * exp(uniform(-1, 1));
            x[i] = text ? size : floor(size);
            weights[i] = 1 + i % 3;
        }
        for (int engine = SINTER_ENGINE_AUTO; engine <= SINTER_ENGINE_AVX512; engine++) {
            if (!sinter_engine_available((sinter_engine)engine, NULL))
                continue;
            const pooled_family family = {texts[text], !text, text ? 2 : 1, NULL};
            trial t = open_trial(&family, (sinter_engine)engine, x, weights, 500), u = open_trial(&family, (sinter_engine)engine, x + 200, weights + 200, 700);
            const sinter_density_argument columns[] = {{x, 1}, {x + 500, 1}};
            const sinter_density_data tail = rows_of(&columns[1], weights + 500, 400), head = rows_of(&columns[0], weights, 200);
            expect_status(sinter_bound_append(t.bound, &tail), SINTER_OK, "append");
            expect_status(sinter_bound_remove(t.bound, &head), SINTER_OK, "remove");
            for (int k = 0; k < 2; k++) {
                const double parameters[] = {k ? 900 : 1100, k ? 3 : 1150};
                double log, other, gradient[2] = {0};
                expect_status(sinter_bound_log(t.bound, t.values, parameters, &log, gradient), SINTER_OK, texts[text]);
                expect_status(sinter_bound_log(u.bound, u.values, parameters, &other, NULL), SINTER_OK, texts[text]);
                /* Of counts the constant is found at the parameters that suited the first rows. */
                if (text ? log != other : fabs(log - other) > 1e-14 * fabs(log))
                    fail_msg("%s: %.17g, and alone %.17g", texts[text], log, other);
                const double all[3] = {log, gradient[0], gradient[1]};
                if (engine == SINTER_ENGINE_AUTO)
                    memcpy(first[k], all, sizeof all);
                for (int j = 0; j < 3; j++)
                    if (all[j] != first[k][j])
                        fail_msg("%s, %s: %.17g instead of %.17g", texts[text], sinter_engine_name((sinter_engine)engine), all[j], first[k][j]);
            }
            close_trial(&t);
            close_trial(&u);
        }
    }
}

/* A text's own family, beside a declared column; what its arguments say is live, and some of them fixed. */
static void own_families(void **state)
{
    static const char text[] = "family waits(rate > 0, delay) on 0..inf { T = x; eta = -rate; A = -log(rate) - rate*delay; "
                               "pooled = (log(rate), -rate*((means.x - delay) + means.y)) }\nwaits(rate = 2, delay = 0.5)";
    static const double x[] = {0.75, 1.5, 4, 1, 2};
    static const char *const fixed[] = {"delay"};
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        const sinter_density_options options = {.inputs = "y x", .fixed_names = fixed, .fixed_values = &(double){0.25}, .fixed_count = k};
        const sinter_density_argument columns[] = {{x, 0}, {x, 1}};
        const sinter_density_data data = {.count = 5, .columns = columns};
        const double rate = 1.25, delay = k ? 0.25 : 0.5;
        sinter_density *d;
        sinter_density_values *v;
        sinter_bound *b;
        double log_at, gradient[2];
        expect_status(sinter_density_open(context, text, strlen(text), &options, &d, NULL), SINTER_OK, text);
        expect_status(sinter_density_values_open(d, &v), SINTER_OK, text);
        expect_status(sinter_density_bind(d, &data, &b, NULL), SINTER_OK, text);
        if (!b->pool.stands || b->pool.column_count > 2)
            fail_msg("the means do not stand, or %u columns do", b->pool.column_count);
        expect_status(sinter_bound_log(b, v, (const double[]){rate, delay}, &log_at, gradient), SINTER_OK, text);
        if (!(fabs(log_at - (5 * log(rate) - rate * (9.25 - 5 * delay))) < 1e-14) || !(fabs(gradient[0] - (5 / rate - 9.25 + 5 * delay)) < 1e-14))
            fail_msg("%.17g, %.17g", log_at, gradient[0]);
        sinter_bound_close(b);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

/* What else is bound than the whole log-density is not taken for it. */
static void other_quantities(void **state)
{
    static const double x[] = {0.5, 1.25, 3, 7};
    static const sinter_density_options options[] = {{.quantity = "log_survival"}, {.drop = SINTER_DROP_X}, {.drop = SINTER_DROP_THETA}};
    static const char *const texts[] = {"exponential", "gamma", "gamma"};
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        sinter_density *d;
        sinter_density_values *v;
        sinter_bound *b;
        double log, sum;
        const sinter_density_argument column = {x, 1};
        const sinter_density_data data = rows_of(&column, NULL, 4);
        expect_status(sinter_density_open(context, texts[k], strlen(texts[k]), &options[k], &d, NULL), SINTER_OK, texts[k]);
        expect_status(sinter_density_values_open(d, &v), SINTER_OK, texts[k]);
        expect_status(sinter_density_bind(d, &data, &b, NULL), SINTER_OK, texts[k]);
        expect_status(sinter_bound_log(b, v, (const double[]){2.5, 1.5}, &log, NULL), SINTER_OK, texts[k]);
        expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, texts[k]);
        if (!(fabs(log - sum) <= 1e-13 * fabs(sum)))
            fail_msg("%s, case %u: %.17g instead of %.17g", texts[k], k, log, sum);
        sinter_bound_close(b);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

static void report(void **state)
{
    (void)state;
    if (pooled_calls < 1000 || standing_calls < 100 || borders < 30)
        fail_msg("%ld calls by the means, %ld by rows, %ld borders: too few of one kind", pooled_calls, standing_calls, borders);
    print_message("# %ld by the means, %ld by rows, %ld borders; in eps: values %.2f (rows %.2f), derivatives %.2f %.2f\n", pooled_calls, standing_calls, borders, worst_value, worst_standing,
                  worst_slope[0], worst_slope[1]);
}

int main(void)
{
    seed = 0x9E3779B97F4A7C15u; /* the places whose figures the documents quote */
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(sizes), cmocka_unit_test(rows_come_and_go), cmocka_unit_test(own_families), cmocka_unit_test(other_quantities), cmocka_unit_test(report), cmocka_unit_test(means_are_as_good_as_rows)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
