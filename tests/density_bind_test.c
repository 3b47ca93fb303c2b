/* Data bound to a density: against MPFR where it is worst, against sums over all rows, coming and going in random order, weights and rows that are
 * missing, rows that stand for themselves, refused memory. */
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
#include <time.h>

#include <cmocka.h>
#include "refusing_allocator.h"
#include "density_checks.h"

static const char NORMAL[] = "param mu = 0; param sigma = 1 in 1e-300..1e300; z = (x - mu)/sigma; -0.5*z*z - log(sigma) - 0.91893853320467274";
static const char LINE[] = "param a = 0; param b = 0; param s = 1 in 1e-300..1e300; z = (y - (a + b*x))/s; -0.5*z*z - log(s) - 0.91893853320467274";
static const char COUNTS[] = "param rate = 1 in 1e-300..1e300; k = floor(x) == x && x >= 0 ? x*log(rate) - rate - lgamma(x + 1) : -inf; k";
static const char SHAPES[] = "param alpha = 1 in 1e-300..1e300; param beta = 1 in 1e-300..1e300; "
                             "x > 0 ? alpha*log(beta) - lgamma(alpha) + (alpha - 1)*log(x) - beta*x : -inf";
static const char CURVE[] = "param k = 2; -0.5*(y - exp(k*x))^2";

enum { BITS = 400 };

static sinter_density *open_density(const char *text, const sinter_density_options *options)
{
    sinter_density *d;
    sinter_report report;
    char message[1000] = "";
    if (sinter_density_open(context, text, strlen(text), options, &d, &report)) {
        sinter_report_format(&report, 0, message, sizeof message);
        fail_msg("%s: %s", text, message);
    }
    return d;
}

typedef struct subject {
    sinter_density *density;
    sinter_density_values *values;
    sinter_bound *bound;
} subject;

static sinter_density_data rows_of(const sinter_density_argument *columns, int64_t count)
{
    return (sinter_density_data){.count = count, .columns = columns};
}

static subject bind_data(const char *text, const sinter_density_options *options, const sinter_density_data *data)
{
    subject s;
    s.density = open_density(text, options);
    expect_status(sinter_density_values_open(s.density, &s.values), SINTER_OK, "values");
    expect_status(sinter_density_bind(s.density, data, &s.bound, NULL), SINTER_OK, text);
    return s;
}

static subject bind_columns(const char *text, const double *x, const double *y, int64_t count)
{
    const sinter_density_argument columns[] = {{x, 1}, {y, 1}};
    const sinter_density_data data = rows_of(columns, count);
    return bind_data(text, &(sinter_density_options){.inputs = y ? "x y" : "x"}, &data);
}

static void close_subject(subject *s)
{
    sinter_bound_close(s->bound);
    sinter_density_values_close(s->values);
    sinter_density_close(s->density);
}

static void expect_collapse(const subject *s, int64_t most)
{
    const sinter_bound_info info = sinter_bound_describe(s->bound);
    if (!info.collapses || info.standing_rows > most)
        fail_msg("it does not collapse, or to %lld rows: %s", (long long)info.standing_rows, info.reason);
}

static void expect_near(double got, double wanted, double bound, const char *what)
{
    if (!(fabs(got - wanted) <= bound))
        fail_msg("%s: %.17g instead of %.17g, which is %.3g off; %.3g is allowed", what, got, wanted, fabs(got - wanted), bound);
}

/* ---- against MPFR ---- */

/* A linear model's log-likelihood and derivatives, row by row in 400 bits, and the sums of the magnitudes of what is added in f64. */
typedef struct exact_line {
    double log, by[3], logs, sizes[3];
} exact_line;

static exact_line line_in_mpfr(const double *x, const double *y, int64_t n, double a, double b, double s)
{
    mpfr_t z, t, sum, by[3], scale, constant;
    exact_line e = {0};
    mpfr_t *const all[] = {&z, &t, &sum, &by[0], &by[1], &by[2], &scale, &constant};
    for (unsigned k = 0; k < 8; k++) {
        mpfr_init2(*all[k], BITS);
        mpfr_set_zero(*all[k], 1);
    }
    mpfr_set_d(scale, s, MPFR_RNDN);
    mpfr_log(constant, scale, MPFR_RNDN);
    mpfr_add_d(constant, constant, 0.91893853320467274, MPFR_RNDN);
    for (int64_t i = 0; i < n; i++) { /* z = y − a − b·x */
        mpfr_set_d(z, b, MPFR_RNDN);
        mpfr_mul_d(z, z, x ? x[i] : 0, MPFR_RNDN);
        mpfr_add_d(z, z, a, MPFR_RNDN);
        mpfr_d_sub(z, y[i], z, MPFR_RNDN);
        mpfr_div(z, z, scale, MPFR_RNDN);
        mpfr_sqr(t, z, MPFR_RNDN);
        mpfr_add(by[2], by[2], t, MPFR_RNDN);
        const double square = mpfr_get_d(t, MPFR_RNDN);
        e.logs += fabs(-0.5 * square - mpfr_get_d(constant, MPFR_RNDN));
        e.sizes[2] += fabs(square - 1) / s;
        mpfr_add(by[0], by[0], z, MPFR_RNDN);
        mpfr_mul_d(t, z, x ? x[i] : 0, MPFR_RNDN);
        mpfr_add(by[1], by[1], t, MPFR_RNDN);
        e.sizes[0] += fabs(mpfr_get_d(z, MPFR_RNDN)) / s;
        e.sizes[1] += fabs(mpfr_get_d(t, MPFR_RNDN)) / s;
    }
    mpfr_mul_si(t, constant, -(long)n, MPFR_RNDN);
    mpfr_mul_d(sum, by[2], -0.5, MPFR_RNDN);
    mpfr_add(sum, sum, t, MPFR_RNDN);
    e.log = mpfr_get_d(sum, MPFR_RNDN);
    mpfr_sub_si(by[2], by[2], (long)n, MPFR_RNDN);
    for (int k = 0; k < 3; k++) {
        mpfr_div(by[k], by[k], scale, MPFR_RNDN);
        e.by[k] = mpfr_get_d(by[k], MPFR_RNDN);
    }
    for (unsigned k = 0; k < 8; k++)
        mpfr_clear(*all[k]);
    return e;
}

/* A row's own rounding: of the residual, which is a difference of numbers as large as `level`. */
static double row_bound(double level, double s, const exact_line *e, int64_t n)
{
    const double residual = 2 * level * DBL_EPSILON / s;
    return 8 * DBL_EPSILON * (e->logs + (double)n) + residual * e->sizes[0] * s + residual * residual * (double)n;
}

static void try_normal(double offset, double spread, double heaviest, int64_t n)
{
    double *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = offset + spread * bell() * (heaviest > 1 && i % 1000 == 7 ? exp(uniform(0, log(heaviest))) : 1);
    subject s = bind_columns(NORMAL, x, NULL, n);
    expect_collapse(&s, 3);
    for (int k = 0; k < 3; k++) {
        double log, gradient[2];
        const double parameters[] = {offset + spread * (double)(k - 1) * 0.37, (spread > 0 ? spread : 1) * (1 + k)};
        const exact_line e = line_in_mpfr(NULL, x, n, parameters[0], 0, parameters[1]);
        expect_status(sinter_bound_log(s.bound, s.values, parameters, &log, gradient), SINTER_OK, "normal");
        /* μ is given, and data are exact: the residual is rounded once. */
        const double bound = 8 * DBL_EPSILON * (e.logs + (double)n), by_mu = 8 * DBL_EPSILON * (e.sizes[0] + (double)n / parameters[1]);
        expect_near(log, e.log, bound, "normal, log-likelihood");
        expect_near(gradient[0], e.by[0], by_mu, "normal, by mu");
        expect_near(gradient[1], e.by[2], 8 * DBL_EPSILON * (e.sizes[2] + (double)n / parameters[1]), "normal, by sigma");
    }
    close_subject(&s);
    free(x);
}

static void normal_is_exact(void **state)
{
    (void)state;
    try_normal(0, 1, 1, 1000);
    try_normal(1e9, 1, 1, 1000);
    try_normal(1e15, 1, 1, 1000);
    try_normal(-3e12, 1e-2, 1, 1000);
    try_normal(1e9, 1, 1e12, 1000);
    try_normal(0, 1, 1e15, 10000);
    try_normal(1e-200, 1e-208, 1, 1000);
    try_normal(1e200, 1e190, 1, 1000);
    try_normal(1e300, 1e285, 1, 1000);
    try_normal(1e9, 1, 1e6, 1000000);
    try_normal(5, 0, 1, 10);
}

static void try_line(double offset, double noise, int64_t n)
{
    double *x = malloc((size_t)n * sizeof *x), *y = malloc((size_t)n * sizeof *y);
    const double scale = noise > 0 ? noise : 1;
    for (int64_t i = 0; i < n; i++) {
        x[i] = offset + bell();
        y[i] = 2 * x[i] - 1 + noise * bell();
    }
    subject s = bind_columns(LINE, x, y, n);
    expect_collapse(&s, 6);
    for (int k = 0; k < 3; k++) {
        double log, gradient[3];
        const double parameters[] = {-1, 2 + (k - 1) * scale / (1 + fabs(offset)), scale * (1 + k)};
        const double level = 4 * (fabs(offset) + 5);
        const exact_line e = line_in_mpfr(x, y, n, parameters[0], parameters[1], parameters[2]);
        expect_status(sinter_bound_log(s.bound, s.values, parameters, &log, gradient), SINTER_OK, "line");
        expect_near(log, e.log, row_bound(level, parameters[2], &e, n), "line, log-likelihood");
        const double residual = 2 * level * DBL_EPSILON / parameters[2];
        expect_near(gradient[0], e.by[0], (8 * DBL_EPSILON + residual) * (e.sizes[0] + (double)n / parameters[2]), "line, by a");
        expect_near(gradient[1], e.by[1], (8 * DBL_EPSILON + residual) * (e.sizes[1] + (double)n * level / parameters[2]), "line, by b");
    }
    close_subject(&s);
    free(x);
    free(y);
}

static void line_is_exact(void **state)
{
    (void)state;
    try_line(0, 1, 1000);
    try_line(0, 1e-7, 1000);
    try_line(0, 1e-12, 1000);
    try_line(1e6, 1, 1000);
    try_line(1e6, 1e-4, 1000);
    try_line(1e10, 1, 20000);
    try_line(3, 0, 100);
}

/* ---- against sums over all rows ---- */

static void try_sum(const char *text, const double *x, int64_t n, const double *parameters, int64_t most, double allowed)
{
    subject s = bind_columns(text, x, NULL, n);
    const sinter_density_argument column = {x, 1};
    const sinter_density_data data = rows_of(&column, n);
    double log, gradient[2], sum, slope[2], *logs = malloc((size_t)n * sizeof *logs), size = 0;
    expect_collapse(&s, most);
    expect_status(sinter_bound_log(s.bound, s.values, parameters, &log, gradient), SINTER_OK, text);
    expect_status(sinter_density_sum(s.values, &data, &sum, slope), SINTER_OK, text);
    expect_status(sinter_density_sum_exact(s.values, &data, &sum), SINTER_OK, text);
    expect_status(sinter_density_batch(s.values, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, text);
    for (int64_t i = 0; i < n; i++)
        size += fabs(logs[i]) + 1;
    expect_near(log, sum, allowed * DBL_EPSILON * size, text);
    for (uint32_t k = 0; k < sinter_density_describe(s.density).parameter_count; k++)
        expect_near(gradient[k], slope[k], allowed * DBL_EPSILON * size * 10, text);
    free(logs);
    close_subject(&s);
}

/* Of the catalogue, in their stable forms. */
static void catalogue_collapses(void **state)
{
    static double x[3000];
    (void)state;
    for (int i = 0; i < 3000; i++)
        x[i] = 3e8 + bell();
    try_sum("normal", x, 3000, (const double[]){3e8 + 0.25, 1.5}, 3, 16);
    for (int i = 0; i < 3000; i++)
        x[i] = floor(-3 * log(uniform(0x1p-53, 1)));
    try_sum("poisson", x, 3000, (const double[]){3.5}, 2, 16);
    for (int i = 0; i < 3000; i++)
        x[i] = -2 * log(uniform(0x1p-53, 1));
    try_sum("exponential", x, 3000, (const double[]){0.4}, 2, 16);
    try_sum("gamma", x, 3000, (const double[]){1.25, 0.7}, 3, 16);
    for (int i = 0; i < 3000; i++)
        x[i] = 1e6 + 1e3 * bell();
    try_sum("gamma", x, 3000, (const double[]){1e6, 1}, 3, 16);
}

/* Models that draw from a family of which one parameter is known: log h + η·T − A says so, where the form that is computed does not. */
static void models_collapse(void **state)
{
    static double x[2000];
    (void)state;
    for (int i = 0; i < 2000; i++)
        x[i] = floor(7 * uniform(0, 1));
    try_sum("input x; param p = 0.5 in 0..1; x ~ binomial(9, p)", x, 2000, (const double[]){0.35}, 2, 16);
    try_sum("input x; param a = 0; x ~ binomial_logit(9, a)", x, 2000, (const double[]){-0.5}, 2, 16);
    try_sum("input x; param p = 0.5; x ~ neg_binomial_p(2.5, p)", x, 2000, (const double[]){0.35}, 2, 16);
    try_sum("input x; param m = 1; x ~ neg_binomial_2(m, 4)", x, 2000, (const double[]){3.5}, 2, 16);
    for (int i = 0; i < 2000; i++)
        x[i] = 1 - 2 * log(uniform(0x1p-53, 1));
    try_sum("input x; param a = 1; x ~ pareto(1, a)", x, 2000, (const double[]){1.25}, 2, 16);
    try_sum("input x; param s = 1; x ~ weibull(1.5, s)", x, 2000, (const double[]){2.25}, 2, 16);
    try_sum("input x; param s = 1; x ~ frechet(2, s)", x, 2000, (const double[]){2.25}, 2, 16);
    try_sum("input x; param s = 1; x ~ double_exponential(2, s)", x, 2000, (const double[]){2.25}, 2, 16);
    try_sum("input x; param a = 1; param s = 1; x ~ pareto(1, a); x ~ double_exponential(2, s)", x, 2000, (const double[]){1.25, 2.5}, 3, 32);
}

static void families_collapse(void **state)
{
    double x[5000];
    (void)state;
    for (int i = 0; i < 5000; i++)
        x[i] = floor(-3 * log(uniform(0x1p-53, 1)));
    try_sum(COUNTS, x, 5000, (const double[]){3.5}, 2, 16);
    try_sum(COUNTS, x, 5000, (const double[]){1e-5}, 2, 16);
    x[17] = 1000000;
    try_sum(COUNTS, x, 5000, (const double[]){200}, 2, 200);
    for (int i = 0; i < 5000; i++)
        x[i] = exp(0.5 * bell());
    try_sum(SHAPES, x, 5000, (const double[]){2.5, 1.75}, 3, 16);
    try_sum(SHAPES, x, 1, (const double[]){2.5, 1.75}, 3, 16);
    try_sum(SHAPES, x, 2, (const double[]){0.01, 1e5}, 3, 16);
}

/* Of the normal log-likelihood in closed form. */
static void second_derivatives(void **state)
{
    double x[1000], sum = 0, squares = 0, hessian[4];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        x[i] = 5 + bell();
        sum += x[i] - 4.75;
        squares += (x[i] - 4.75) * (x[i] - 4.75);
    }
    const double s = 1.25, wanted[] = {-1000 / (s * s), -2 * sum / (s * s * s), -2 * sum / (s * s * s), 1000 / (s * s) - 3 * squares / (s * s * s * s)};
    const char *const texts[] = {NORMAL, "normal"};
    for (int t = 0; t < 2; t++) {
        subject b = bind_columns(texts[t], x, NULL, 1000);
        for (int turn = 0; turn < 2; turn++) {
            expect_status(sinter_bound_hessian(b.bound, b.values, (const double[]){4.75, s}, hessian), SINTER_OK, "second derivatives");
            for (int k = 0; k < 4; k++)
                expect_near(hessian[k], wanted[k], 1e-10, "second derivative");
        }
        expect_status(sinter_bound_hessian(b.bound, b.values, (const double[]){4.75, -1}, hessian), SINTER_BAD_PARAMETER, "a negative sigma");
        close_subject(&b);
    }
}

/* Against differences of first ones, of families whose stable form has no second derivatives: log h + η·T − A has them. */
static void second_derivatives_of_families(void **state)
{
    static const struct { const char *text; double at[2]; int data; } cases[] = {
        {"gamma", {2.5, 0.75}, 0}, {"gamma_scale", {2.5, 0.75}, 0}, {"gamma_mean", {2.5, 3}, 0}, {"inv_gamma", {2.5, 3}, 0}, {"chi_square", {3.5, 0}, 0},
        {"inv_chi_square", {3.5, 0}, 0}, {"scaled_inv_chi_square", {3.5, 1.5}, 0}, {"lognormal", {0.75, 0.5}, 0}, {"inverse_gaussian", {2.5, 3}, 0}, {"rayleigh", {2, 0}, 0},
        {"half_normal", {2, 0}, 0}, {"exponential", {0.5, 0}, 0}, {"beta", {2.5, 1.75}, 1}, {"beta_proportion", {0.375, 4.5}, 1}, {"von_mises", {0.5, 1.5}, 1},
        {"poisson", {3.5, 0}, 2}, {"poisson_log", {1.25, 0}, 2}, {"geometric", {0.375, 0}, 2}, {"normal_variance", {2, 3}, 0}, {"normal_precision", {2, 3}, 0},
        {"input x; param s = 1; x ~ weibull(1.5, s)", {2.5, 0}, 0}, {"input x; param p = 0.5; x ~ binomial(12, p)", {0.375, 0}, 2}};
    static double x[3][600];
    (void)state;
    for (int i = 0; i < 600; i++) {
        x[0][i] = 1 - 1.5 * log(uniform(0x1p-53, 1));
        x[1][i] = uniform(0.01, 0.99);
        x[2][i] = floor(9 * uniform(0, 1));
    }
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        subject s = bind_columns(cases[c].text, x[cases[c].data], NULL, 600);
        double hessian[4], log, above[2], below[2];
        const uint32_t n = sinter_density_describe(s.density).parameter_count;
        for (int turn = 0; turn < 2; turn++)
            expect_status(sinter_bound_hessian(s.bound, s.values, cases[c].at, hessian), SINTER_OK, cases[c].text);
        for (uint32_t k = 0; k < n; k++) {
            const double step = 0x1p-20 * cases[c].at[k];
            double at[2] = {cases[c].at[0], cases[c].at[1]};
            at[k] = cases[c].at[k] + step;
            expect_status(sinter_bound_log(s.bound, s.values, at, &log, above), SINTER_OK, cases[c].text);
            at[k] = cases[c].at[k] - step;
            expect_status(sinter_bound_log(s.bound, s.values, at, &log, below), SINTER_OK, cases[c].text);
            for (uint32_t j = 0; j < n; j++)
                expect_near(hessian[n * j + k], (above[j] - below[j]) / (2 * step), 1e-6 * (fabs(hessian[n * j + k]) + 600), cases[c].text);
        }
        sinter_density_values_close(s.values);
        expect_status(sinter_density_values_open(s.density, &s.values), SINTER_OK, "values");
        if (sinter_density_describe(s.density).family)
            expect_status(sinter_bound_hessian(s.bound, s.values, (const double[]){NAN, NAN}, hessian), SINTER_BAD_PARAMETER, "no parameters");
        close_subject(&s);
    }
}

/* ---- coming and going ---- */

static double bound_log(const subject *s, const double *parameters)
{
    double log;
    expect_status(sinter_bound_log(s->bound, s->values, parameters, &log, NULL), SINTER_OK, "log-likelihood");
    return log;
}

enum { POOL = 3000 };

typedef struct pool {
    double x[POOL], y[POOL], weight[POOL];
    uint8_t valid[POOL / 8 + 2];
} pool;

static void fill_pool(pool *p, double offset)
{
    for (int i = 0; i < POOL; i++) {
        p->x[i] = offset + bell() * (i % 100 == 0 ? 1e6 : 1);
        p->y[i] = p->x[i] * 0.5 + bell();
        p->weight[i] = i % 13 == 0 ? 0 : uniform(0.1, 3);
    }
    for (unsigned i = 0; i < sizeof p->valid; i++)
        p->valid[i] = (uint8_t)(uniform(0, 256));
}

static sinter_density_data part_of(const pool *p, sinter_density_argument *columns, int first, int count)
{
    columns[0] = (sinter_density_argument){p->x + first, 1};
    columns[1] = (sinter_density_argument){p->y + first, 1};
    return (sinter_density_data){.count = count, .columns = columns, .weights = {p->weight + first, 1}, .validity = p->valid, .validity_offset = first + 3};
}

/* What a sum of rows may be off by, in units of the last place: rows' own rounding, of the log-density and of the residual, a difference of numbers as large
 * as the data are. */
static double size_of_rows(const pool *p, int first, int count, const double *parameters)
{
    double size = 0;
    for (int i = first; i < first + count; i++) {
        const double residual = p->y[i] - (parameters[0] + parameters[1] * p->x[i]), z = fabs(residual) / parameters[2];
        const double level = (fabs(p->x[i]) + fabs(p->y[i]) + 1) / parameters[2];
        size += p->weight[i] * (0.5 * z * z + 2 + z * level);
    }
    return size;
}

static void compare_part(const pool *p, subject *s, int first, int count)
{
    sinter_density_argument columns[2];
    const sinter_density_data data = part_of(p, columns, first, count);
    sinter_bound *fresh;
    expect_status(sinter_density_bind(s->density, &data, &fresh, NULL), SINTER_OK, "from scratch");
    for (uint32_t k = 0; k < fresh->separation.monomial_count; k++) {
        double rest[2];
        const double sums[] = {sn_exact_value_pair(&fresh->compression.sums[k], &rest[0]), sn_exact_value_pair(&s->bound->compression.sums[k], &rest[1])};
        if (sums[0] != sums[1] || rest[0] != rest[1])
            fail_msg("statistic %u: %.17g + %.3g from scratch, %.17g + %.3g here", k, sums[0], rest[0], sums[1], rest[1]);
    }
    static const double parameters[] = {0.2, 0.5, 1.25};
    double log[3], gradient[3][3];
    expect_status(sinter_bound_log(s->bound, s->values, parameters, &log[0], gradient[0]), SINTER_OK, "here");
    expect_status(sinter_bound_log(fresh, s->values, parameters, &log[1], gradient[1]), SINTER_OK, "from scratch");
    expect_status(sinter_density_sum_exact(s->values, &data, &log[2]), SINTER_OK, "all rows");
    const double spread = sinter_bound_describe(s->bound).cancellation;
    if (count >= 200 && spread > 4)
        fail_msg("weights of %d rows cancel by the factor %g", count, spread);
    const double bound = 16 * spread * DBL_EPSILON * (1 + size_of_rows(p, first, count, parameters));
    expect_near(log[0], log[2], bound, "here, of all rows");
    expect_near(log[1], log[2], bound, "from scratch, of all rows");
    if (sinter_bound_describe(s->bound).rows != sinter_bound_describe(fresh).rows)
        fail_msg("%lld rows here", (long long)sinter_bound_describe(s->bound).rows);
    sinter_bound_close(fresh);
}

static void rows_come_and_go(void **state)
{
    static pool p;
    sinter_density_argument columns[2];
    (void)state;
    for (int turn = 0; turn < 4; turn++) {
        fill_pool(&p, turn == 0 ? 0 : pow(10, 2 * turn));
        int first = 1000, end = 1300;
        sinter_density_data data = part_of(&p, columns, first, end - first);
        subject s = bind_data(LINE, &(sinter_density_options){.inputs = "x y"}, &data);
        for (int step = 0; step < 24; step++) {
            const int n = 1 + (int)uniform(0, 200);
            const unsigned what = (unsigned)uniform(0, 4);
            if (what == 0 && first >= n) {
                data = part_of(&p, columns, first -= n, n);
                expect_status(sinter_bound_append(s.bound, &data), SINTER_OK, "append");
            } else if (what == 1 && end + n <= POOL) {
                data = part_of(&p, columns, end, n);
                end += n;
                expect_status(sinter_bound_append(s.bound, &data), SINTER_OK, "append");
            } else if (what == 2 && end - first > n) {
                data = part_of(&p, columns, first, n);
                first += n;
                expect_status(sinter_bound_remove(s.bound, &data), SINTER_OK, "remove");
            } else if (what == 3 && end - first > n) {
                data = part_of(&p, columns, end -= n, n);
                expect_status(sinter_bound_remove(s.bound, &data), SINTER_OK, "remove");
            }
            compare_part(&p, &s, first, end - first);
        }
        close_subject(&s);
    }
}

/* Counts, whose log-likelihood has a part of the data alone, on each engine: the same bits, and near all rows. */
static void counts_come_and_go(void **state)
{
    enum { N = 2000 };
    static double x[N];
    double first = 0;
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = floor(-(i < 1000 ? 20 : 400) * log(uniform(0x1p-53, 1)));
    for (int engine = SINTER_ENGINE_AUTO; engine <= SINTER_ENGINE_AVX512; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        const sinter_density_argument columns[] = {{x, 1}, {x + 700, 1}, {x + 1500, 1}};
        const sinter_density_data head = rows_of(columns, 1500), tail = rows_of(columns + 2, 500), middle = rows_of(columns + 1, 600);
        subject s = bind_data("poisson", &(sinter_density_options){.engine = (sinter_engine)engine}, &head);
        expect_status(sinter_bound_append(s.bound, &tail), SINTER_OK, "append");
        expect_status(sinter_bound_remove(s.bound, &middle), SINTER_OK, "remove");
        const double rate[] = {150};
        double log = bound_log(&s, rate), left, gone, size = 0;
        const sinter_density_data all = rows_of(columns, N);
        expect_status(sinter_density_sum_exact(s.values, &all, &left), SINTER_OK, "all rows");
        expect_status(sinter_density_sum_exact(s.values, &middle, &gone), SINTER_OK, "some rows");
        for (int i = 0; i < N; i++)
            size += fabs(x[i] * log1p(fabs(x[i] - 150) / 150)) + 150;
        expect_near(log, left - gone, 32 * DBL_EPSILON * size, "counts");
        if (engine == SINTER_ENGINE_AUTO)
            first = log;
        if (log != first)
            fail_msg("%s: %.17g instead of %.17g", sinter_engine_name((sinter_engine)engine), log, first);
        close_subject(&s);
    }
}

/* A family and a model whose few rows make one vector, value and derivatives, on each engine: the same bits, and near all rows. */
static void engines_agree(void **state)
{
    enum { N = 600 };
    static const char *const texts[] = {"normal(mu = 0.4, sigma = 1.3)", "param a = 0.2; param b = 1.1; param s = 0.7 in 0.1..10; z = (y - (a + b*x))/s; -0.5*z*z - log(s)"};
    static double x[N], y[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = bell();
        y[i] = x[i] + 0.5 * bell();
    }
    const sinter_density_argument columns[] = {{x, 1}, {y, 1}};
    const sinter_density_data all = rows_of(columns, N);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        double first[4] = {0};
        for (int engine = SINTER_ENGINE_AUTO; engine <= SINTER_ENGINE_AVX512; engine++) {
            if (!sinter_engine_available((sinter_engine)engine, NULL))
                continue;
            subject s = bind_data(texts[t], &(sinter_density_options){.engine = (sinter_engine)engine}, &all);
            double now[4] = {0}, rows[4] = {0};
            expect_status(sinter_bound_log(s.bound, s.values, NULL, now, now + 1), SINTER_OK, "bound");
            expect_status(sinter_density_sum(s.values, &all, rows, rows + 1), SINTER_OK, "all rows");
            for (int k = 0; k < 4; k++) {
                expect_near(now[k], rows[k], 1e-11 * (N + fabs(rows[0])), texts[t]);
                if (engine == SINTER_ENGINE_AUTO)
                    first[k] = now[k];
                if (now[k] != first[k])
                    fail_msg("%s, %s: number %d is %.17g instead of %.17g", texts[t], sinter_engine_name((sinter_engine)engine), k, now[k], first[k]);
            }
            close_subject(&s);
        }
    }
}

/* Many rows that stand, and few, by turns with the same values. */
/* A frame keeps what the last call left: other data, parameters that were set before, invalid ones, calls without derivatives. Each answer is that of values of
 * its own. */
static void calls_take_turns(void **state)
{
    (void)state;
    enum { N = 300 };
    static const char *const texts[] = {NORMAL, "poisson(7.5)", "gamma(3.5, 0.7)", "uniform(0, 60)"};
    double x[2][N];
    for (int i = 0; i < N; i++) {
        x[0][i] = 1 + i % 17;
        x[1][i] = 2 + i % 23 * (i % 2);
    }
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        sinter_density *d = open_density(texts[t], NULL);
        sinter_density_values *v;
        sinter_bound *bounds[2];
        const uint32_t count = sinter_density_describe(d).parameter_count;
        expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
        for (int k = 0; k < 2; k++) {
            const sinter_density_argument column = {x[k], 1};
            const sinter_density_data data = rows_of(&column, N);
            expect_status(sinter_density_bind(d, &data, &bounds[k], NULL), SINTER_OK, "bind");
        }
        for (int turn = 0; turn < 200; turn++) {
            const int k = turn / 2 % 2, way = turn * 7 % 5; /* 0: invalid; 1: set before the call; 2: without derivatives */
            double numbers[2] = {1.5 + turn % 7, 30 + turn % 11}, got[3] = {0}, wanted[3] = {0};
            if (way == 0)
                numbers[turn % (int)count] = NAN;
            sinter_density_values *own;
            expect_status(sinter_density_values_open(d, &own), SINTER_OK, "values");
            if (way == 1)
                for (uint32_t p = 0; p < count; p++)
                    expect_status(sinter_density_set(v, (int)p, numbers[p]), SINTER_OK, "set");
            const sinter_status status = sinter_bound_log(bounds[k], v, way == 1 ? NULL : numbers, &got[0], way == 2 ? NULL : got + 1);
            expect_status(sinter_bound_log(bounds[k], own, numbers, &wanted[0], wanted + 1), status, "a call alone");
            assert_int_equal(status, way == 0 ? SINTER_BAD_PARAMETER : SINTER_OK);
            for (uint32_t p = 0; p < (way == 2 ? 1 : 1 + count); p++)
                if (isnan(wanted[p]) ? !isnan(got[p]) : memcmp(&got[p], &wanted[p], sizeof *got) != 0)
                    fail_msg("%s, call %d, result %u: %.17g, alone %.17g", texts[t], turn, (unsigned)p, got[p], wanted[p]);
            sinter_density_values_close(own);
        }
        for (int k = 0; k < 2; k++)
            sinter_bound_close(bounds[k]);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

static void large_and_small(void **state)
{
    enum { N = 400 };
    static const char text[] = "param a = 1; param b = 0; param c = 0; param d = 0; -0.5*(y - (a + b*x + c*x*x + d*x*x*x))^2";
    static double x[N], y[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = uniform(-1, 1);
        y[i] = 1 + x[i] - x[i] * x[i] + 0.1 * bell();
    }
    const sinter_density_argument columns[] = {{x, 1}, {y, 1}};
    const sinter_density_data all = rows_of(columns, N), few = rows_of(columns, 5);
    subject s = bind_data(text, &(sinter_density_options){.inputs = "x y"}, &all);
    sinter_bound *small;
    expect_status(sinter_density_bind(s.density, &few, &small, NULL), SINTER_OK, text);
    if (sinter_bound_describe(s.bound).standing_rows <= 8 || sinter_bound_describe(small).standing_rows > 8)
        fail_msg("%lld rows and %lld", (long long)sinter_bound_describe(s.bound).standing_rows, (long long)sinter_bound_describe(small).standing_rows);
    for (int k = 0; k < 6; k++) {
        double log, gradient[4], sum, slope[4];
        expect_status(sinter_bound_log(k % 2 ? small : s.bound, s.values, (const double[]){1, 0.5, 0.25 * k, 0.1}, &log, gradient), SINTER_OK, text);
        expect_status(sinter_density_sum(s.values, k % 2 ? &few : &all, &sum, slope), SINTER_OK, text);
        expect_near(log, sum, 1e-12 * (fabs(sum) + 1), "rows that stand");
        for (int j = 0; j < 4; j++)
            expect_near(gradient[j], slope[j], 1e-11 * N, "derivative");
    }
    sinter_bound_close(small);
    close_subject(&s);
}

/* ---- f32 ---- */

/* Data and parameters of f32 collapse as the numbers that they are: what all rows add to in f64. */
static void narrow_rows(const char *text, const float *x, const double *wide, double first, double second)
{
    enum { N = 3000 };
    const sinter_density_argument narrow_column = {x, 2}, column = {wide, 1};
    const sinter_density_data data = rows_of(&narrow_column, N), same = rows_of(&column, N);
    const double parameters[] = {(double)(float)first, (double)(float)second};
    subject s = bind_data(text, &(sinter_density_options){.type = SINTER_F32, .inputs = "x"}, &data), t = bind_columns(text, wide, NULL, N);
    double log, gradient[2], hessian[4], again, wanted, slope[2], curvature[4];
    expect_collapse(&s, 3);
    expect_status(sinter_bound_prepare(s.bound, s.values, NULL), SINTER_OK, "prepare");
    const sinter_density_argument tail = {x + 2000, 2};
    const sinter_density_data more = rows_of(&tail, 500);
    expect_status(sinter_bound_append(s.bound, &more), SINTER_OK, "append");
    expect_status(sinter_bound_remove(s.bound, &more), SINTER_OK, "remove");
    expect_status(sinter_bound_log(s.bound, s.values, (const double[]){first, second}, &log, gradient), SINTER_OK, text);
    expect_status(sinter_bound_log(t.bound, t.values, parameters, &wanted, slope), SINTER_OK, text);
    expect_near(log, wanted, 1e-13 * fabs(wanted), text);
    const uint32_t count = sinter_density_describe(s.density).parameter_count;
    for (uint32_t k = 0; k < count; k++) {
        expect_near(gradient[k], slope[k], 1e-10 * (fabs(slope[k]) + N), text);
        sinter_density_set(s.values, (int)k, k ? second : first);
    }
    expect_status(sinter_bound_log(s.bound, s.values, NULL, &again, NULL), SINTER_OK, text);
    if (again != log)
        fail_msg("%s: %.17g once, %.17g again", text, log, again);
    expect_status(sinter_bound_hessian(s.bound, s.values, NULL, hessian), SINTER_OK, text);
    expect_status(sinter_bound_hessian(t.bound, t.values, NULL, curvature), SINTER_OK, text);
    for (uint32_t k = 0; k < count * count; k++)
        expect_near(hessian[k], curvature[k], 1e-9 * (fabs(curvature[k]) + N), text);
    expect_status(sinter_bound_log(s.bound, s.values, (const double[]){first, -1}, &again, gradient), count > 1 ? SINTER_BAD_PARAMETER : SINTER_OK, text);
    if (count > 1 && (!isnan(again) || !isnan(gradient[0]) || sinter_density_invalid(s.values) != 1))
        fail_msg("%s: %g, %g; parameter %d", text, again, gradient[0], sinter_density_invalid(s.values));
    expect_status(sinter_density_sum_exact(t.values, &same, &wanted), SINTER_OK, text);
    expect_near(log, wanted, 1e-12 * fabs(wanted), text);
    close_subject(&s);
    close_subject(&t);
}

static void narrow_data(void **state)
{
    static float x[6000];
    static double wide[3000];
    (void)state;
    static const char *const texts[] = {"normal", "param rate = 1 in 1e-30..1e30; floor(x) == x && x >= 0 ? x*log(rate) - rate - lgamma(x + 1) : -inf",
                                        "param alpha = 1 in 1e-30..1e30; param beta = 1 in 1e-30..1e30; x > 0 ? alpha*log(beta) - lgamma(alpha) + (alpha - 1)*log(x) - beta*x : -inf"};
    for (unsigned k = 0; k < 3; k++) {
        for (int i = 0; i < 3000; i++) { /* every second number is not one of the data */
            wide[i] = (double)(x[2 * i] = (float)(k == 0 ? 1e4 + bell() : k == 1 ? floor(-9 * log(uniform(0x1p-53, 1))) : exp(bell())));
            x[2 * i + 1] = NAN;
        }
        narrow_rows(texts[k], x, wide, k == 0 ? 1e4 : k == 1 ? 9.3 : 1.3, 0.7);
    }
    const sinter_density_argument column = {x, 2};
    const sinter_density_data data = rows_of(&column, 3000);
    subject s = bind_data("param k = 2; -0.5*exp(k*x)", &(sinter_density_options){.type = SINTER_F32}, &data);
    if (sinter_bound_describe(s.bound).collapses || !strstr(sinter_bound_describe(s.bound).reason, "exp"))
        fail_msg("a curve of f32: %s", sinter_bound_describe(s.bound).reason);
    close_subject(&s);
}

/* All rows but one lie in a line, and that one is neither first nor last of anything. */
static void one_row_beside_the_line(void **state)
{
    enum { N = 20000 };
    static double x[N], y[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = i * 0x1p-10;
        y[i] = 2 * x[i] - 1 + (i == 11111 ? 0.5 : 0);
    }
    subject s = bind_columns(LINE, x, y, N);
    expect_collapse(&s, 6);
    double log, gradient[3];
    const double parameters[] = {-1, 2, 0x1p-10};
    const exact_line e = line_in_mpfr(x, y, N, -1, 2, 0x1p-10);
    expect_status(sinter_bound_log(s.bound, s.values, parameters, &log, gradient), SINTER_OK, "line");
    expect_near(log, e.log, 16 * DBL_EPSILON * e.logs, "one row beside the line");
    close_subject(&s);
}

/* ---- rows that stand for themselves ---- */

static void odd_rows(void **state)
{
    const double parameters[] = {2};
    double x[] = {1, 2, 3, 0, 5, 2, 2.5, NAN, INFINITY};
    const sinter_density_argument column = {x, 1};
    (void)state;
    subject s = bind_columns(COUNTS, x, NULL, 6);
    const double plain = bound_log(&s, parameters);
    for (int k = 6; k < 9; k++) {
        const sinter_density_argument odd = {x + k, 1};
        const sinter_density_data one = rows_of(&odd, 1), all = rows_of(&column, 6);
        double sum;
        expect_status(sinter_bound_append(s.bound, &one), SINTER_OK, "odd row");
        const double log = bound_log(&s, parameters);
        if (k == 6 ? log != -INFINITY : !isnan(log) && log != -INFINITY)
            fail_msg("with %g: %g", x[k], log);
        if (sinter_bound_describe(s.bound).kept_rows != 1)
            fail_msg("%lld rows are kept", (long long)sinter_bound_describe(s.bound).kept_rows);
        expect_status(sinter_bound_remove(s.bound, &one), SINTER_OK, "odd row");
        expect_status(sinter_bound_remove(s.bound, &one), SINTER_BAD_ARGUMENT, "a row that is not there");
        if (bound_log(&s, parameters) != plain)
            fail_msg("after %g: %.17g instead of %.17g", x[k], bound_log(&s, parameters), plain);
        expect_status(sinter_density_sum_exact(s.values, &all, &sum), SINTER_OK, "sum");
        expect_near(plain, sum, 16 * DBL_EPSILON * 20, "counts");
    }
    expect_status(sinter_bound_log(s.bound, s.values, (const double[]){-1}, &(double){0}, NULL), SINTER_BAD_PARAMETER, "a negative rate");
    if (sinter_density_invalid(s.values) != 0)
        fail_msg("parameter %d is invalid", sinter_density_invalid(s.values));
    close_subject(&s);
}

static void no_rows(void **state)
{
    double x[] = {3, 4}, log, gradient[2];
    const sinter_density_argument column = {x, 1};
    const sinter_density_data two = rows_of(&column, 2);
    (void)state;
    subject s = bind_columns(NORMAL, x, NULL, 0);
    expect_status(sinter_bound_log(s.bound, s.values, NULL, &log, gradient), SINTER_OK, "nothing");
    if (log != 0 || gradient[0] != 0)
        fail_msg("of nothing: %g, %g", log, gradient[0]);
    expect_status(sinter_bound_append(s.bound, &two), SINTER_OK, "two rows");
    expect_near(bound_log(&s, (const double[]){0, 1}), -0.5 * 25 - 2 * 0.91893853320467274, 1e-14, "two rows");
    expect_status(sinter_bound_remove(s.bound, &two), SINTER_OK, "two rows");
    if (bound_log(&s, (const double[]){0, 1}) != 0)
        fail_msg("of nothing again: %g", bound_log(&s, (const double[]){0, 1}));
    expect_status(sinter_bound_remove(s.bound, &two), SINTER_BAD_ARGUMENT, "more than there is");
    close_subject(&s);
}

/* ---- what does not collapse ---- */

static void curves_stream(void **state)
{
    enum { N = 30000 };
    static double x[N], y[N];
    double first = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = uniform(-1, 1);
        y[i] = exp(1.5 * x[i]) + bell();
    }
    const sinter_density_argument columns[] = {{x, 1}, {y, 1}}, part[] = {{x + 5, 1}, {y + 5, 1}};
    const sinter_density_data data = rows_of(columns, N), some = rows_of(part, 700);
    for (int threads = 1; threads <= 3; threads++) {
        subject s = bind_data(CURVE, &(sinter_density_options){.inputs = "x y", .threads = threads}, &data);
        const sinter_bound_info info = sinter_bound_describe(s.bound);
        double log, sum, gradient[2], slope[2];
        if (info.collapses || !strstr(info.reason, "exp") || info.kept_rows != N)
            fail_msg("a curve: %s", info.reason);
        expect_status(sinter_bound_log(s.bound, s.values, (const double[]){1.25}, &log, gradient), SINTER_OK, "bound");
        expect_status(sinter_density_sum(s.values, &data, &sum, slope), SINTER_OK, "sum");
        expect_near(log, sum, 1e-11 * fabs(sum), "bound rows and rows");
        expect_near(gradient[0], slope[0], 1e-11 * fabs(sum), "their derivatives");
        if (threads == 1)
            first = log;
        if (log != first)
            fail_msg("%d threads: %.17g instead of %.17g", threads, log, first);
        expect_status(sinter_bound_remove(s.bound, &some), SINTER_OK, "removing");
        expect_status(sinter_bound_append(s.bound, &some), SINTER_OK, "appending");
        expect_near(bound_log(&s, (const double[]){1.25}), log, 1e-11 * fabs(sum), "after rows went and came");
        x[5] += 1;
        expect_status(sinter_bound_remove(s.bound, &some), SINTER_BAD_ARGUMENT, "a row that is not there");
        x[5] -= 1;
        if (sinter_bound_describe(s.bound).kept_rows != N)
            fail_msg("%lld rows are kept", (long long)sinter_bound_describe(s.bound).kept_rows);
        close_subject(&s);
    }
}

/* ---- what follows from a family ---- */

static void families_know_themselves(void **state)
{
    double eta[2], back[2], value, means[2], divergence;
    sinter_report report;
    sinter_family *f;
    (void)state;
    sinter_density *d = open_density("normal", NULL);
    expect_status(sinter_family_open(d, &f, &report), SINTER_OK, report.total ? report.errors[0].message : "normal");
    const double p[] = {1.5, 2}, q[] = {-0.5, 3};
    expect_status(sinter_family_natural(f, p, eta), SINTER_OK, "natural parameters");
    expect_near(eta[0], 0.375, 1e-15, "mu/sigma^2");
    expect_near(eta[1], -0.125, 1e-15, "-1/(2 sigma^2)");
    expect_status(sinter_family_parameters(f, eta, back), SINTER_OK, "and back");
    expect_near(back[0], 1.5, 1e-14, "mu");
    expect_near(back[1], 2, 1e-14, "sigma");
    expect_status(sinter_family_log_partition(f, eta, &value, means), SINTER_OK, "log-partition");
    expect_near(value, 0.5 * 0.75 * 0.75 + log(2), 1e-14, "A");
    expect_near(means[0], 1.5, 1e-14, "the mean of x");
    expect_near(means[1], 1.5 * 1.5 + 4, 1e-13, "the mean of x^2");
    double covariance[4], entropy;
    expect_status(sinter_family_covariance(f, eta, covariance), SINTER_OK, "covariances");
    expect_near(covariance[0], 4, 1e-14, "the variance of x");
    expect_near(covariance[1], 2 * 1.5 * 4, 1e-13, "the covariance of x and x^2");
    expect_near(covariance[2], covariance[1], 1e-14, "and of x^2 and x");
    expect_near(covariance[3], 2 * 16 + 4 * 1.5 * 1.5 * 4, 1e-13, "the variance of x^2");
    expect_status(sinter_family_entropy(f, p, &entropy), SINTER_OK, "entropy");
    expect_near(entropy, 1.4189385332046727 + log(2), 1e-15, "entropy");
    expect_status(sinter_family_divergence(f, p, q, &divergence), SINTER_OK, "divergence");
    expect_near(divergence, log(1.5) + (4 + 4) / 18.0 - 0.5, 1e-14, "divergence");
    if (sinter_family_statistics(f) != 2)
        fail_msg("%u statistics", sinter_family_statistics(f));
    sinter_family_close(f);
    sinter_density_close(d);
    d = open_density(CURVE, &(sinter_density_options){.inputs = "x y"});
    expect_status(sinter_family_open(d, &f, &report), SINTER_BAD_PROGRAM, "no family");
    sinter_density_close(d);
    d = open_density("poisson", NULL);
    expect_status(sinter_family_open(d, &f, NULL), SINTER_OK, "poisson");
    expect_status(sinter_family_divergence(f, (const double[]){3}, (const double[]){5}, &divergence), SINTER_OK, "divergence");
    expect_near(divergence, 3 * log(0.6) + 2, 1e-14, "divergence");
    sinter_family_close(f);
    sinter_density_close(d);
    d = open_density("weibull(2, 1)", NULL); /* of known shape */
    expect_status(sinter_family_open(d, &f, NULL), SINTER_OK, "weibull");
    expect_status(sinter_family_natural(f, (const double[]){2, 1.5}, eta), SINTER_OK, "natural parameters");
    expect_near(eta[0], -1 / 2.25, 1e-15, "-sigma^-2");
    expect_status(sinter_family_parameters(f, eta, back), SINTER_OK, "and back");
    expect_near(back[0], 2, 0, "the known shape");
    expect_near(back[1], 1.5, 1e-15, "sigma");
    expect_status(sinter_family_log_partition(f, eta, &value, means), SINTER_OK, "log-partition");
    expect_near(means[0], 2.25, 1e-14, "the mean of x^2");
    expect_status(sinter_family_natural(f, (const double[]){3, 1.5}, eta), SINTER_BAD_ARGUMENT, "another shape");
    sinter_family_close(f);
    sinter_density_close(d);
}

/* Covariances of statistics against quadrature, by the density itself. */
typedef struct family_case {
    const char *text;
    double parameters[2];
    double low, high;     /* of x: what lies outside has less than 1e-17 of the weight */
    double (*statistics[2])(double);
} family_case;

static double itself(double x)
{
    return x;
}

static double less_log(double x)
{
    return log1p(-x);
}

static long double mean_under(sinter_density_values *v, const family_case *c, int i, int j)
{
    enum { STEPS = 20000 };
    long double sum = 0, norm = 0;
    for (int k = 0; k < STEPS; k++) {
        const double x = c->low + (c->high - c->low) * (k + 0.5) / STEPS;
        double log;
        sinter_density_log(v, &x, &log);
        const long double p = expl((long double)log);
        norm += p;
        sum += p * (i >= 0 ? c->statistics[i](x) : 1) * (j >= 0 ? c->statistics[j](x) : 1);
    }
    return sum / norm;
}

static void covariances_are_integrals(void **state)
{
    static const family_case cases[] = {
        {"gamma", {30, 4}, 0.5, 30, {log, itself}},
        {"beta", {12, 9}, 0, 1, {log, less_log}},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const family_case *c = &cases[k];
        double eta[2], covariance[4];
        sinter_family *f;
        sinter_density_values *v;
        sinter_density *d = open_density(c->text, NULL);
        expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
        sinter_density_set_all(v, c->parameters);
        expect_status(sinter_family_open(d, &f, NULL), SINTER_OK, c->text);
        expect_status(sinter_family_natural(f, c->parameters, eta), SINTER_OK, "natural parameters");
        expect_status(sinter_family_covariance(f, eta, covariance), SINTER_OK, "covariances");
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) {
                const double wanted = (double)(mean_under(v, c, i, j) - mean_under(v, c, i, -1) * mean_under(v, c, j, -1));
                expect_near(covariance[2 * i + j], wanted, 1e-8 * fabs(wanted), c->text);
            }
        sinter_family_close(f);
        sinter_density_values_close(v);
        sinter_density_close(d);
    }
}

/* ---- refusals ---- */

static void try_refusal(const char *text, sinter_type type, int *granted)
{
    enum { N = 700 };
    static double x[N], y[N];
    static float narrow[2][N];
    refusing r = {1 << 30, 0};
    sinter_context *own;
    sinter_density *d;
    sinter_density_values *v;
    sinter_bound *b;
    for (int i = 0; i < N; i++) {
        x[i] = 1 + i % 7;
        y[i] = bell();
        narrow[0][i] = (float)x[i];
        narrow[1][i] = (float)y[i];
    }
    x[5] = narrow[0][5] = NAN;
    const bool is_narrow = type == SINTER_F32;
    const sinter_density_argument columns[] = {{is_narrow ? (void *)narrow[0] : x, 1}, {is_narrow ? (void *)narrow[1] : y, 1}};
    const sinter_density_data data = rows_of(columns, N);
    sinter_open(&(sinter_context_options){.allocator = refusing_allocator(&r)}, &own);
    expect_status(sinter_density_open(own, text, strlen(text), &(sinter_density_options){.inputs = "x y", .type = type}, &d, NULL), SINTER_OK, text);
    sinter_density_values_open(d, &v);
    sinter_report report;
    r.left = *granted;
    sinter_status status = sinter_density_bind(d, &data, &b, &report);
    if (status == SINTER_NO_MEMORY && (b || report.total != 1))
        fail_msg("refused after %d: no report", *granted);
    if (!status) {
        double before, after;
        r.left = 1 << 30;
        expect_status(sinter_bound_prepare(b, v, NULL), SINTER_OK, "prepare");
        x[5] = narrow[0][5] = 1; /* so that the log-likelihood is a number */
        expect_status(sinter_bound_append(b, &data), SINTER_OK, "append");
        x[5] = narrow[0][5] = NAN;
        const sinter_density_argument odd[] = {{is_narrow ? (void *)(narrow[0] + 5) : x + 5, 1}, {is_narrow ? (void *)(narrow[1] + 5) : y + 5, 1}};
        const sinter_density_data one = rows_of(odd, 1);
        expect_status(sinter_bound_remove(b, &one), SINTER_OK, "the odd row");
        sinter_bound_log(b, v, NULL, &before, NULL);
        r.left = 0;
        status = sinter_bound_append(b, &data);
        sinter_bound_log(b, v, NULL, &after, NULL);
        if (status == SINTER_NO_MEMORY && before != after)
            fail_msg("a refused append changed %.17g to %.17g", before, after);
        r.left = 1;
        *granted = status == SINTER_OK || status == SINTER_NO_MEMORY ? -1 : -2;
        sinter_bound_close(b);
    } else {
        expect_status(status, SINTER_NO_MEMORY, "refused");
        ++*granted;
    }
    sinter_density_values_close(v);
    sinter_density_close(d);
    sinter_close(own);
    if (r.taken)
        fail_msg("%zu bytes are left", r.taken);
}

static void memory_is_refused(void **state)
{
    static const char *const texts[] = {LINE, COUNTS, CURVE, "poisson(lambda = 3)", "gamma(alpha = 2, beta = 1.5)"};
    (void)state;
    for (unsigned k = 0; k < 5; k++)
        for (int granted = 0; granted >= 0;)
            try_refusal(texts[k], SINTER_F64, &granted);
    for (int granted = 0; granted >= 0;)
        try_refusal("normal(mu = 1, sigma = 2)", SINTER_F32, &granted);
}

/* Each of opening's allocations in turn; then a row, by what the library has lowered. */
static void opening_is_refused(void **state)
{
    static const char *const texts[] = {"input x; param w = 0.5; param v = 0.5; param a = 2; x ~ mixture((w, v), gamma(a, a), normal(2, 1))", "von_mises(0.5, 2)", "student_t"};
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        sinter_status status = SINTER_NO_MEMORY;
        int granted = 0;
        for (; status == SINTER_NO_MEMORY && granted < 10000; granted++) {
            refusing r = {1 << 30, 0};
            sinter_context *own;
            sinter_density *d = NULL;
            sinter_density_values *v;
            sinter_report report;
            double log;
            sinter_open(&(sinter_context_options){.allocator = refusing_allocator(&r)}, &own);
            r.left = granted;
            status = sinter_density_open(own, texts[k], strlen(texts[k]), NULL, &d, &report);
            if (status ? status != SINTER_NO_MEMORY || d || report.total != 1 : !d)
                fail_msg("%s, refused after %d: %s", texts[k], granted, sinter_status_name(status));
            r.left = 1 << 30;
            if (!status) {
                sinter_density_values_open(d, &v);
                sinter_density_log(v, &(double){1}, &log);
                sinter_density_values_close(v);
                sinter_density_close(d);
            }
            sinter_close(own);
            if (r.taken)
                fail_msg("%s, refused after %d: %zu bytes are left", texts[k], granted, r.taken);
        }
        assert_int_equal(status, SINTER_OK);
        assert_true(granted > 3);
    }
}

/* ---- how long ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void time_one(const char *text, const char *what, const double *x, int64_t n, const double *parameters)
{
    enum { CALLS = 20000 };
    const double start = now();
    subject s = bind_columns(text, x, NULL, n);
    const double bound = now();
    double log, gradient[2], total = 0, best = 1, own[2] = {parameters[0], parameters[1]};
    for (int turn = 0; turn < 5; turn++) {
        const double from = now();
        for (int k = 0; k < CALLS; k++) {
            own[0] = parameters[0] * (1 + k * 1e-9);
            sinter_bound_log(s.bound, s.values, own, &log, gradient);
            total += log;
        }
        best = fmin(best, (now() - from) / CALLS);
    }
    printf("# %s: bound in %.1f ns a row; new parameters, value and gradient in %.0f ns (%g)\n", what, 1e9 * (bound - start) / (double)n, 1e9 * best, total);
    close_subject(&s);
}

static void times(void **state)
{
    enum { N = 100000 };
    static double x[N], counts[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = exp(0.3 * bell());
        counts[i] = floor(-3 * log(uniform(0x1p-53, 1)));
    }
    time_one(NORMAL, "normal", x, N, (const double[]){1, 0.3});
    time_one(COUNTS, "counts", counts, N, (const double[]){3, 0});
    time_one(SHAPES, "shapes", x, N, (const double[]){2, 3});
    time_one("poisson", "poisson", counts, N, (const double[]){3, 0});
    time_one("gamma", "gamma", x, N, (const double[]){2, 3});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_is_exact),   cmocka_unit_test(line_is_exact), cmocka_unit_test(families_collapse), cmocka_unit_test(catalogue_collapses), cmocka_unit_test(models_collapse), cmocka_unit_test(second_derivatives), cmocka_unit_test(second_derivatives_of_families), cmocka_unit_test(rows_come_and_go),
        cmocka_unit_test(one_row_beside_the_line), cmocka_unit_test(counts_come_and_go), cmocka_unit_test(engines_agree), cmocka_unit_test(calls_take_turns), cmocka_unit_test(large_and_small), cmocka_unit_test(narrow_data), cmocka_unit_test(odd_rows), cmocka_unit_test(no_rows), cmocka_unit_test(curves_stream),
        cmocka_unit_test(families_know_themselves), cmocka_unit_test(covariances_are_integrals), cmocka_unit_test(memory_is_refused), cmocka_unit_test(opening_is_refused), cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
