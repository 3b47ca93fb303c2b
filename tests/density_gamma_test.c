/* The densities of the gamma type (src/lib/densities_gamma.sn) against mpmath (density_gamma_values.py, whose rows are kept beside it) with
 * each parameter an array, over parameters from 1e-300 to 1e300 and counts to 1e15, on every engine, with the same bits; their members
 * against each other; and what they are at and outside the ends of their supports. Where libRmath is there, R has a say too.
 *
 * An error is measured in units in the last place of max(|log-density|, 1).
 *
 * With SINTER_ROWS=file that file's rows are taken, and the greatest errors printed: so the bounds of docs/accuracy.md are measured. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef SINTER_TEST_RMATH
#define MATHLIB_STANDALONE
#include <Rmath.h>
#endif

enum { MOST_COLUMNS = 6, MOST_ROWS = 20000 };

typedef struct family {
    const char *name, *parameters;
    double most;      /* ULP */
    const char *text; /* NULL: the name */
    unsigned width;   /* columns of x; 0: one */
} family;

static const family families[] = {
    {.name = "gamma", .parameters = "alpha beta", .most = 3},
    {.name = "gamma_scale", .parameters = "alpha theta", .most = 3},
    {.name = "gamma_mean", .parameters = "alpha mu", .most = 3},
    {.name = "inv_gamma", .parameters = "alpha beta", .most = 3},
    {.name = "chi_square", .parameters = "nu", .most = 3},
    {.name = "inv_chi_square", .parameters = "nu", .most = 3},
    {.name = "scaled_inv_chi_square", .parameters = "nu sigma", .most = 4},
    {.name = "beta", .parameters = "alpha beta", .most = 5},
    {.name = "beta_proportion", .parameters = "mu kappa", .most = 5},
    {.name = "poisson", .parameters = "lambda", .most = 3},
    {.name = "poisson_log", .parameters = "alpha", .most = 4},
    {.name = "binomial", .parameters = "N theta", .most = 4},
    {.name = "binomial_logit", .parameters = "N alpha", .most = 6},
    {.name = "neg_binomial", .parameters = "alpha beta", .most = 4},
    {.name = "neg_binomial_2", .parameters = "mu phi", .most = 4},
    {.name = "neg_binomial_2_log", .parameters = "eta phi", .most = 8},
    {.name = "neg_binomial_p", .parameters = "r p", .most = 4},
    {.name = "student_t", .parameters = "nu mu sigma", .most = 4},
    {.name = "dirichlet", .parameters = "alpha0 alpha1 alpha2", .most = 5, .text = "dirichlet((1, 1, 1))", .width = 3},
};
enum { FAMILIES = sizeof families / sizeof *families };

/* ---- rows ---- */

static double columns[MOST_COLUMNS][MOST_ROWS], wanted[MOST_ROWS];

static unsigned columns_of(const family *f)
{
    unsigned count = 1 + (f->width ? f->width : 1);
    for (const char *c = f->parameters; *c; c++)
        count += *c == ' ';
    return count;
}

static FILE *open_rows(void)
{
    const char *given = getenv("SINTER_ROWS"), *folder = getenv("SINTER_TESTS");
    char path[4096];
    snprintf(path, sizeof path, "%s/density_gamma_values.txt", folder ? folder : "tests");
    FILE *file = fopen(given ? given : path, "r");
    if (!file)
        fail_msg("%s cannot be read", given ? given : path);
    return file;
}

/* The family's rows: how many. */
static int read_rows(const family *f)
{
    FILE *file = open_rows();
    const unsigned count = columns_of(f);
    char line[512];
    int n = 0;
    while (file && fgets(line, sizeof line, file)) {
        const size_t length = strlen(f->name);
        if (strncmp(line, f->name, length) != 0 || line[length] != ' ' || n == MOST_ROWS)
            continue;
        char *at = line + length;
        for (unsigned c = 0; c < count; c++)
            columns[c][n] = strtod(at, &at);
        wanted[n++] = strtod(at, &at);
    }
    if (file)
        fclose(file);
    return n;
}

/* ---- running ---- */

static sinter_kernel *compiled(const char *text, sinter_options options)
{
    sinter_kernel *kernel = NULL;
    sinter_report report;
    options.source = SINTER_DENSITY;
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

static void run_rows(const family *f, sinter_engine engine, int count, double *out)
{
    const void *in[MOST_COLUMNS];
    for (unsigned c = 0; c < MOST_COLUMNS; c++)
        in[c] = columns[c];
    sinter_kernel *kernel = compiled(f->text ? f->text : f->name, (sinter_options){.engine = engine, .arrays = f->parameters});
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){out}, .count = count}), SINTER_OK);
    sinter_kernel_close(kernel);
}

/* One value of a text whose parameters are constants: of a quantity (NULL: the log-density), at x. */
static double value_of(const char *text, const char *quantity, double x, unsigned output)
{
    double out[4] = {0};
    sinter_kernel *kernel = compiled(text, (sinter_options){.quantity = quantity});
    const uint32_t outputs = sinter_kernel_describe(kernel).output_count;
    assert_in_range(outputs, 1, 4);
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const sinter_arguments a = {.inputs = (const void *[]){&x}, .outputs = (void *[]){out, out + 1, out + 2, out + 3}, .count = 1};
    assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    return out[output];
}

static double ulp_of(double value)
{
    const double size = fmax(fabs(value), 1);
    return nextafter(size, (double)INFINITY) - size;
}

static double error_of(double result, double exact)
{
    return result == exact ? 0 : isfinite(result) ? fabs(result - exact) / ulp_of(exact) : (double)INFINITY;
}

/* ---- against mpmath ---- */

static double results[MOST_ROWS], others[MOST_ROWS];

static void check_family(const family *f)
{
    const int count = read_rows(f);
    assert_true(count >= 50);
    run_rows(f, SINTER_ENGINE_INTERP, count, results);
    int worst = 0;
    for (int i = 1; i < count; i++)
        if (error_of(results[i], wanted[i]) > error_of(results[worst], wanted[worst]))
            worst = i;
    const double error = error_of(results[worst], wanted[worst]);
    if (getenv("SINTER_ROWS"))
        print_message("# %s\t%.2f\t%d\t%a %a %a %a\n", f->name, error, count, columns[0][worst], columns[1][worst],
                      columns_of(f) > 2 ? columns[2][worst] : 0, columns_of(f) > 3 ? columns[3][worst] : 0);
    if (!(error <= f->most))
        fail_msg("%s at row %d, x = %a, %s = %a, %a, %a: %a and not %a, %g ULP", f->name, worst, columns[0][worst], f->parameters,
                 columns[1][worst], columns[2][worst], columns[3][worst], results[worst], wanted[worst], error);
    for (int e = SINTER_ENGINE_SCALAR; e <= SINTER_ENGINE_NEON; e++) {
        if (!sinter_engine_available((sinter_engine)e, NULL))
            continue;
        run_rows(f, (sinter_engine)e, count, others);
        for (int i = 0; i < count; i++)
            if (memcmp(&others[i], &results[i], sizeof others[i]))
                fail_msg("%s, row %d: %a by %s, %a by the interpreter", f->name, i, others[i], sinter_engine_name((sinter_engine)e), results[i]);
    }
}

static void log_densities_are_right(void **state)
{
    (void)state;
    for (unsigned k = 0; k < FAMILIES; k++)
        check_family(&families[k]);
}

/* ---- the derived form, natural parameters, moments ---- */

static const struct member_case {
    const char *text;
    double x;
    unsigned parameters;
    double of[2];
} exponential_families[] = {
    {"gamma(2.5, 1.5)", 1.25, 2, {2.5, 1.5}}, {"gamma_scale(2.5, 1.5)", 3, 2, {2.5, 1.5}}, {"gamma_mean(2.5, 1.5)", 0.5, 2, {2.5, 1.5}},
    {"inv_gamma(2.5, 1.5)", 1.25, 2, {2.5, 1.5}}, {"chi_square(3.5)", 2, 1, {3.5, 0}}, {"inv_chi_square(4.5)", 0.3, 1, {4.5, 0}},
    {"scaled_inv_chi_square(4.5, 1.25)", 2, 2, {4.5, 1.25}}, {"beta(2.5, 1.5)", 0.3, 2, {2.5, 1.5}},
    {"beta_proportion(0.375, 4)", 0.3, 2, {0.375, 4}}, {"poisson(3.5)", 4, 1, {3.5, 0}}, {"poisson_log(1.25)", 4, 1, {1.25, 0}},
};
enum { EXPONENTIAL_FAMILIES = sizeof exponential_families / sizeof *exponential_families };

/* A text of the natural parameters as constants is not to be had: what reads eta is run with them as inputs. */
static void run_natural(const char *name, const char *quantity, const double *eta, double *out)
{
    char family_name[64];
    snprintf(family_name, sizeof family_name, "%.*s", (int)strcspn(name, "("), name);
    sinter_kernel *kernel = compiled(family_name, (sinter_options){.quantity = quantity});
    const sinter_arguments a = {.inputs = (const void *[]){eta, eta + 1}, .outputs = (void *[]){out, out + 1}, .count = 1};
    assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
    sinter_kernel_close(kernel);
}

static void members_agree(void **state)
{
    (void)state;
    for (unsigned k = 0; k < EXPONENTIAL_FAMILIES; k++) {
        const struct member_case *c = &exponential_families[k];
        const double stable = value_of(c->text, NULL, c->x, 0), derived = value_of(c->text, "derived", c->x, 0);
        if (!(fabs(stable - derived) <= 32 * ulp_of(stable)))
            fail_msg("%s: %.17g, and %.17g as log h + eta T - A", c->text, stable, derived);
        const double eta[2] = {value_of(c->text, "eta", c->x, 0), c->parameters > 1 ? value_of(c->text, "eta", c->x, 1) : 0};
        double natural[2], parameters[2];
        run_natural(c->text, "natural_A", eta, natural);
        run_natural(c->text, "from_natural", eta, parameters);
        const double a = value_of(c->text, "A", c->x, 0);
        if (!(fabs(natural[0] - a) <= 32 * ulp_of(a)))
            fail_msg("%s: A is %.17g, of the natural parameters %.17g", c->text, a, natural[0]);
        for (unsigned p = 0; p < c->parameters; p++)
            if (!(fabs(parameters[p] - c->of[p]) <= 32 * ulp_of(c->of[p])))
                fail_msg("%s: parameter %u is %.17g of its natural parameters", c->text, p, parameters[p]);
    }
}

/* By mpmath's integrals and sums over the densities of density_gamma_values.py. */
static void moments_are_right(void **state)
{
    (void)state;
    static const struct {
        const char *text, *quantity;
        double value;
    } cases[] = {
        {"gamma(2.5, 1.5)", "mean", 1.6666666666666667}, {"gamma(2.5, 1.5)", "variance", 1.1111111111111112},
        {"gamma(2.5, 1.5)", "entropy", 1.32448280139689}, {"gamma_scale(2.5, 1.5)", "mean", 3.75},
        {"gamma_scale(2.5, 1.5)", "variance", 5.625}, {"gamma_scale(2.5, 1.5)", "entropy", 2.1354130176132187},
        {"gamma_mean(2.5, 1.5)", "mean", 1.5}, {"gamma_mean(2.5, 1.5)", "variance", 0.9},
        {"gamma_mean(2.5, 1.5)", "entropy", 1.2191222857390638}, {"chi_square(3.5)", "mean", 3.5},
        {"chi_square(3.5)", "variance", 7.0}, {"chi_square(3.5)", "entropy", 2.1731417193793137},
        {"beta(2.5, 1.5)", "mean", 0.625}, {"beta(2.5, 1.5)", "variance", 0.046875},
        {"beta(2.5, 1.5)", "entropy", -0.18860344748393315}, {"beta_proportion(0.375, 4)", "mean", 0.375},
        {"beta_proportion(0.375, 4)", "variance", 0.046875}, {"beta_proportion(0.375, 4)", "entropy", -0.18860344748393315},
        {"inv_gamma(4.5, 1.5)", "mean", 0.42857142857142855}, {"inv_gamma(4.5, 1.5)", "variance", 0.07346938775510205},
        {"inv_gamma(4.5, 1.5)", "entropy", -0.27958841602680234}, {"inv_chi_square(9)", "mean", 0.14285714285714285},
        {"inv_chi_square(9)", "variance", 0.00816326530612245}, {"inv_chi_square(9)", "entropy", -1.378200704694912},
        {"scaled_inv_chi_square(9, 1.25)", "mean", 2.0089285714285716},
        {"scaled_inv_chi_square(9, 1.25)", "variance", 1.6143176020408163},
        {"scaled_inv_chi_square(9, 1.25)", "entropy", 1.265310975269727}, {"poisson(3.5)", "mean", 3.5},
        {"poisson(3.5)", "variance", 3.5}, {"poisson_log(1.25)", "mean", 3.4903429574618414},
        {"poisson_log(1.25)", "variance", 3.4903429574618414}, {"binomial(7, 0.375)", "mean", 2.625},
        {"binomial(7, 0.375)", "variance", 1.640625}, {"binomial_logit(7, 0.375)", "mean", 4.148666199678488},
        {"binomial_logit(7, 0.375)", "variance", 1.6898903087706667}, {"neg_binomial(2.5, 1.5)", "mean", 1.6666666666666667},
        {"neg_binomial(2.5, 1.5)", "variance", 2.7777777777777777}, {"neg_binomial_2(2.5, 1.5)", "mean", 2.5},
        {"neg_binomial_p(2.5, 0.6)", "mean", 1.6666666666666667}, {"neg_binomial_p(2.5, 0.6)", "variance", 2.7777777777777777},
        {"neg_binomial_2(2.5, 1.5)", "variance", 6.666666666666667}, {"neg_binomial_2_log(0.5, 1.5)", "mean", 1.6487212707001282},
        {"neg_binomial_2_log(0.5, 1.5)", "variance", 3.4609091563394916},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double got = value_of(cases[k].text, cases[k].quantity, 1, 0);
        if (!(fabs(got - cases[k].value) <= 1e-13 * fmax(fabs(cases[k].value), 1)))
            fail_msg("%s of %s: %.17g, not %.17g", cases[k].quantity, cases[k].text, got, cases[k].value);
    }
}

/* ---- ends and outside ---- */

static void ends_are_right(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    const struct {
        const char *text;
        double x, value;
    } cases[] = {
        {"gamma(0.5, 2)", 0, inf}, {"gamma(1, 2)", 0, 0.6931471805599453}, {"gamma(2, 2)", 0, -inf}, {"gamma(2, 2)", -1, -inf},
        {"gamma(2, 2)", inf, -inf}, {"gamma(2, 2)", nan, nan}, {"gamma(-1, 2)", 1, nan}, {"gamma(2, 0)", 1, nan}, {"gamma(nan, 1)", 1, nan},
        {"gamma_scale(1, 2)", 0, -0.6931471805599453}, {"gamma_mean(1, 2)", 0, -0.6931471805599453}, {"gamma_scale(0, 2)", 1, nan},
        {"inv_gamma(2, 2)", 0, -inf}, {"inv_gamma(2, 2)", -1, -inf}, {"inv_gamma(2, -2)", 1, nan}, {"inv_gamma(2, 2)", 1e-310, -inf},
        {"chi_square(2)", 0, -0.6931471805599453}, {"chi_square(1)", 0, inf}, {"chi_square(3)", 0, -inf}, {"chi_square(-3)", 1, nan},
        {"inv_chi_square(3)", 0, -inf}, {"scaled_inv_chi_square(3, 1)", 0, -inf}, {"scaled_inv_chi_square(3, 0)", 1, nan},
        {"beta(1, 1)", 0, 0}, {"beta(1, 1)", 1, 0}, {"beta(1, 1)", 0.3, 0}, {"beta(1, 2)", 0, 0.6931471805599453}, {"beta(2, 1)", 0, -inf},
        {"beta(0.5, 1)", 0, inf}, {"beta(2, 0.5)", 1, inf}, {"beta(2, 2)", 1, -inf}, {"beta(2, 2)", 1.5, -inf}, {"beta(2, 2)", -0.5, -inf},
        {"beta(0, 2)", 0.5, nan}, {"beta(2, 2)", nan, nan}, {"beta_proportion(1.5, 2)", 0.5, nan}, {"beta_proportion(0.5, 2)", 0.25, 0},
        {"poisson(3)", -1, -inf}, {"poisson(3)", 1.5, -inf}, {"poisson(3)", 0, -3}, {"poisson(0)", 0, 0}, {"poisson(0)", 1, -inf},
        {"poisson(-1)", 1, nan}, {"poisson(3)", nan, nan}, {"poisson_log(0)", 0, -1}, {"poisson_log(0)", 1, -1}, {"poisson_log(-inf)", 0, nan},
        {"poisson_log(800)", 3, -inf}, {"poisson_log(-800)", 1, -800}, {"poisson_log(-800)", 0, 0},
        {"binomial(3, 0.5)", 0, -2.0794415416798357}, {"binomial(3, 0.5)", 3, -2.0794415416798357}, {"binomial(3, 0)", 0, 0},
        {"binomial(3, 0)", 1, -inf}, {"binomial(3, 1)", 3, 0}, {"binomial(3, 1)", 2, -inf}, {"binomial(3, 0.5)", 4, -inf},
        {"binomial(3, 0.5)", 0.5, -inf}, {"binomial(3.5, 0.5)", 1, nan}, {"binomial(3, 1.5)", 1, nan}, {"binomial(0, 0.5)", 0, 0},
        {"binomial_logit(3, 0)", 0, -2.0794415416798357}, {"binomial_logit(3, 0)", 4, -inf}, {"binomial_logit(0, 1)", 0, 0},
        {"neg_binomial(1, 1)", 0, -0.6931471805599453}, {"neg_binomial(1, 1)", -1, -inf}, {"neg_binomial(1, -1)", 1, nan},
        {"neg_binomial_p(2, 1)", 0, 0}, {"neg_binomial_p(2, 1)", 1, -inf}, {"neg_binomial_p(2, 0)", 0, nan}, {"neg_binomial_p(1, 0.5)", 0, -0.6931471805599453},
        {"neg_binomial_2(1, 1)", 0, -0.6931471805599453}, {"neg_binomial_2(1, 1)", 0.5, -inf}, {"neg_binomial_2(0, 1)", 0, nan},
        {"neg_binomial_2_log(0, 1)", 0, -0.6931471805599453}, {"neg_binomial_2_log(0, 0)", 1, nan},
        {"student_t(3, 0, -1)", 0, nan}, {"student_t(0, 0, 1)", 0, nan}, {"student_t(3, 0, 1)", nan, nan}, {"student_t(3, 0, 1)", inf, -inf},
        {"student_t(3, 0, 1)", -inf, -inf}, {"student_t(1, 0, 1)", 0, -1.1447298858494002},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double got = value_of(cases[k].text, NULL, cases[k].x, 0), value = cases[k].value;
        if (isnan(value) ? !isnan(got) : !(error_of(got, value) <= 3))
            fail_msg("%s at %g: %.17g, not %.17g", cases[k].text, cases[k].x, got, value);
    }
}

/* ---- gradients ---- */

/* By x, by the slopes that the textbook has, near the mode and far from it; on both sides of each switch, so that no corner is left. */
static void slopes_are_right(void **state)
{
    (void)state;
    static const double shapes[] = {0.5, 1.75, 2.5, 40, 1e6};
    static const double ratios[] = {1e-3, 0.3, 0.59, 0.61, 0.9, 1.1, 1.65, 1.68, 5, 100};
    for (unsigned s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        char text[96];
        snprintf(text, sizeof text, "gamma(%.17g, 2)", shapes[s]);
        sinter_kernel *kernel = compiled(text, (sinter_options){.gradient = (const char *const[]){"x", "beta"}, .gradient_count = 2});
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        for (unsigned r = 0; r < sizeof ratios / sizeof *ratios; r++) {
            double out[3];
            const double x = shapes[s] / 2 * ratios[r];
            const sinter_arguments a = {.inputs = (const void *[]){&x}, .outputs = (void *[]){out, out + 1, out + 2}, .count = 1};
            assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
            const double by_x = (shapes[s] - 1) / x - 2, by_beta = shapes[s] / 2 - x;
            if (!(fabs(out[1] - by_x) <= 1e-13 * (shapes[s] / x + 2)) || !(fabs(out[2] - by_beta) <= 1e-13 * (shapes[s] + x)))
                fail_msg("%s at %.17g: slopes %.17g and %.17g, not %.17g and %.17g", text, x, out[1], out[2], by_x, by_beta);
        }
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* ---- R ---- */

static void r_agrees(void **state)
{
    (void)state;
#ifdef SINTER_TEST_RMATH
    for (int i = 1; i <= 40; i++) {
        char text[96];
        const double x = i * 0.37;
        const struct {
            const char *text;
            double x, r;
        } cases[] = {
            {"gamma(3.75, 1.25)", x, dgamma(x, 3.75, 1 / 1.25, 1)}, {"beta(2.5, 45)", x / 15, dbeta(x / 15, 2.5, 45, 1)},
            {"poisson(17.5)", i, dpois(i, 17.5, 1)}, {"binomial(100, 0.375)", i, dbinom(i, 100, 0.375, 1)},
            {"student_t(5.5, 0, 1)", x, dt(x, 5.5, 1)}, {"chi_square(7.5)", x, dchisq(x, 7.5, 1)},
            {"neg_binomial_2(17.5, 4.25)", i, dnbinom_mu(i, 4.25, 17.5, 1)},
        };
        for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
            snprintf(text, sizeof text, "%s", cases[k].text);
            const double got = value_of(text, NULL, cases[k].x, 0);
            if (!(fabs(got - cases[k].r) <= 1e-12 * fmax(fabs(got), 1)))
                fail_msg("%s at %g: %.17g, by R %.17g", text, cases[k].x, got, cases[k].r);
        }
    }
#else
    skip();
#endif
}

/* Beyond 2^13 the slope by kappa is a small difference of great slopes, of which no digit is to be lost. Against mpmath's, near the middle of a mean of 0.3. */
static void slopes_by_a_precision(void **state)
{
    (void)state;
    static const struct { double kappa, x, slopes[3]; } cases[] = {
        {0x1.4p+2, 0x1.40997416f7463p-3, {-0x1.8b35793a640e6p+1, 0x1.84ccac39f0c57p-5, 0x1.d717c26d8f21cp-3}},
        {0x1.4p+2, 0x1.3333333333333p-2, {0x1.18cac53baa0d6p+0, 0x1.cb25efb0194dep-4, -0x1.e79e79e79e79fp+0}},
        {0x1.4p+2, 0x1.c619ac5aeac34p-2, {0x1.0ca5d548916edp+2, 0x1.19d54a8bc240fp-4, -0x1.aea8665a7c58fp+1}},
        {0x1.194p+13, 0x1.2fbcce929d46cp-2, {-0x1.20dd82c39d69dp+7, 0x1.d96fb0f3f04aep-16, 0x1.1fd2b2364aa3cp+7}},
        {0x1.194p+13, 0x1.3333333333333p-2, {0x1.e7a97bf27c7f1p-1, 0x1.d210f55d7b689p-15, -0x1.e79e79e79e79fp+0}},
        {0x1.194p+13, 0x1.36a997d3c91fap-2, {0x1.22ceeeaad3e85p+7, 0x1.dd5bd15f0fd16p-16, -0x1.23b5b1dececc8p+7}},
        {0x1.7d784p+26, 0x1.332aca7ad7dedp-2, {-0x1.dd56221766f30p+13, 0x1.5e74a3622360fp-29, 0x1.dd523eaa1fe4ep+13}},
        {0x1.7d784p+26, 0x1.3333333333333p-2, {0x1.e79e7a288bf7ap-1, 0x1.5798ee472d6abp-28, -0x1.e79e79e79e79fp+0}},
        {0x1.7d784p+26, 0x1.333b9beb8e879p-2, {0x1.dd5de793bfe6ep+13, 0x1.5e7ba930a2f20p-29, -0x1.dd61c9a2d5789p+13}},
        {0x1.d1a94a2p+39, 0x1.33331dac3c86dp-2, {-0x1.74ee4bef8fc63p+20, 0x1.1f1ab7971976ap-42, 0x1.74ee442a0fedfp+20}},
        {0x1.d1a94a2p+39, 0x1.3333333333333p-2, {0x1.e79e79e7a0237p-1, 0x1.19799812df632p-41, -0x1.e79e79e79e79fp+0}},
        {0x1.d1a94a2p+39, 0x1.333348ba29df9p-2, {0x1.74ee5b7a8875cp+20, 0x1.1f1ac6515f8afp-42, -0x1.74ee6340014d0p+20}},
    };
    static const char text[] = "log_density(beta_proportion(p, q), x)";
    static const char *const by[] = {"p", "q", "x"};
    sinter_kernel *kernel;
    const sinter_options options = {.type = SINTER_F64, .inputs = "p q x", .gradient = by, .gradient_count = 3};
    assert_int_equal(sinter_compile(context, text, strlen(text), &options, &kernel, NULL), SINTER_OK);
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double mean = 0.3;
        double out[4];
        const void *in[] = {&mean, &cases[k].kappa, &cases[k].x};
        assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){out, out + 1, out + 2, out + 3}, .count = 1}), SINTER_OK);
        for (unsigned i = 0; i < 3; i++)
            if (!(fabs(out[1 + i] - cases[k].slopes[i]) <= 1e-14*fabs(cases[k].slopes[i])))
                fail_msg("kappa %g, x = %.17g, by %s: %.17g, not %.17g", cases[k].kappa, cases[k].x, by[i], out[1 + i], cases[k].slopes[i]);
    }
    sinter_kernel_close(kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_densities_are_right),
        cmocka_unit_test(members_agree),
        cmocka_unit_test(moments_are_right),
        cmocka_unit_test(ends_are_right),
        cmocka_unit_test(slopes_are_right),
        cmocka_unit_test(slopes_by_a_precision),
        cmocka_unit_test(r_agrees),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
