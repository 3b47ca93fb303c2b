/* The shares below and above x: log_cdf and log_survival of each family that has them against mpmath (density_tail_values.py, whose rows are kept beside
 * it), from the middle to where they are some -1e5 or -1e-300, with parameters from 1e-300 to 1e300, on every engine with the same bits; the shares of
 * truncated and censored distributions by the differences that they are, and at their bounds.
 *
 * The error of a logarithm l is measured in units in its own last place, however small it is, times max(1, |log |l||): a share 1 - e with e tiny has the
 * logarithm -e, and e is an exponential, whose own error is that of its exponent.
 *
 * With SINTER_ROWS=file that file's rows are taken: so the bounds of docs/accuracy.md are measured. */
#include "lang/lang.h"
#include "open_context.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_ROWS = 4000, COLUMNS = 4 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
static double columns[COLUMNS][MOST_ROWS], wanted[2][MOST_ROWS], out[MOST_ROWS], others[MOST_ROWS];
static unsigned rows;

/* What docs/accuracy.md states, but for a reserve. */
static const struct bound { const char *family; double cdf, survival; } bounds[] = {
    {"normal", 3, 4}, {"exponential", 2, 1}, {"lognormal", 3, 3}, {"pareto", 3, 2}, {"weibull", 2, 2}, {"frechet", 2, 2},
    {"double_exponential", 2, 2}, {"logistic", 2, 2}, {"gumbel", 2, 3}, {"rayleigh", 2, 2}, {"inverse_gaussian", 5, 4}, {"half_normal", 4, 3},
    {"cauchy", 2, 2}, {"half_cauchy", 2, 2}, {"uniform", 2, 2}, {"triangular", 3, 2}, {"kumaraswamy", 3, 2}, {"geometric", 3, 2}, {"bernoulli", 2, 2},
    {"gamma", 9, 9}, {"gamma_scale", 9, 9}, {"gamma_mean", 9, 9}, {"inv_gamma", 9, 9}, {"chi_square", 9, 9}, {"inv_chi_square", 9, 9},
    {"scaled_inv_chi_square", 9, 9}, {"poisson", 9, 9}, {"poisson_log", 9, 9}, {"beta", 9, 9}, {"beta_proportion", 7, 8},
    {"binomial", 5, 5}, {"binomial_logit", 5, 5}, {"neg_binomial", 5, 5}, {"neg_binomial_2", 5, 5}, {"neg_binomial_2_log", 6, 7}, {"neg_binomial_p", 7, 6}, {"student_t", 8, 8},
    {"normal_variance", 3, 3}, {"normal_precision", 3, 3}, {"bernoulli_logit", 2, 2}, {"skew_normal", 4, 4}, {"von_mises", 7, 7},
};
enum { BOUNDS = sizeof bounds / sizeof *bounds };

static void run(const char *text, sinter_engine engine, double *to, uint32_t count)
{
    static sinter_report report;
    sinter_kernel *kernel;
    const sinter_options options = {.type = SINTER_F64, .inputs = "p q r x", .engine = engine};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report))
        fail_msg("%s: %s", text, report.errors[0].message);
    const void *in[] = {columns[0], columns[1], columns[2], columns[3]};
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){to}, .count = count}), SINTER_OK);
    sinter_kernel_close(kernel);
}

static double error_of(double found, double exact)
{
    const double size = fabs(exact), unit = nextafter(size, (double)INFINITY) - size;
    return found == exact ? 0 : isfinite(found) ? fabs(found - exact)/(unit*fmax(1, fabs(log(size)))) : (double)INFINITY;
}

static double greatest_error(const char *family, unsigned side, double most)
{
    char text[128];
    double greatest = 0;
    unsigned worst = 0;
    snprintf(text, sizeof text, "%s(%s, x)", side ? "log_survival" : "log_cdf", family);
    run(text, SINTER_ENGINE_INTERP, out, rows);
    for (unsigned k = 0; k < rows; k++)
        if (!(error_of(out[k], wanted[side][k]) <= greatest)) {
            greatest = error_of(out[k], wanted[side][k]);
            worst = k;
        }
    if (getenv("SINTER_ROWS"))
        print_message("# %s: %.2f at %a %a %a, x = %a: %a\n", text, greatest, columns[0][worst], columns[1][worst], columns[2][worst], columns[3][worst],
                      wanted[side][worst]);
    else if (!(greatest <= most))
        fail_msg("%s at %a %a %a, x = %a: %a, but %a: %g units", text, columns[0][worst], columns[1][worst], columns[2][worst], columns[3][worst], out[worst],
                 wanted[side][worst], greatest);
    for (unsigned e = 1; e < sizeof engines / sizeof *engines; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        run(text, engines[e], others, rows);
        if (memcmp(others, out, rows*sizeof *out) != 0)
            fail_msg("%s: engine %u has other bits", text, e);
    }
    return greatest;
}

static void check_family(const char *family)
{
    for (unsigned b = 0; b < BOUNDS; b++)
        if (!strncmp(bounds[b].family, family, strlen(bounds[b].family)) && family[strlen(bounds[b].family)] == '(') {
            const double cdf = greatest_error(family, 0, bounds[b].cdf), survival = greatest_error(family, 1, bounds[b].survival);
            print_message("# %-24s %.2f %.2f\n", family, cdf, survival);
            return;
        }
    fail_msg("%s has no bound", family);
}

static void tails_are_right(void **state)
{
    (void)state;
    const char *folder = getenv("SINTER_TESTS"), *given = getenv("SINTER_ROWS");
    char path[1024], family[64] = "", name[64];
    snprintf(path, sizeof path, "%s/density_tail_values.txt", folder ? folder : "tests");
    FILE *file = fopen(given ? given : path, "r");
    if (!file)
        fail_msg("%s cannot be read", given ? given : path);
    unsigned families = 0;
    double v[6];
    while (file && fscanf(file, "%63s %la %la %la %la %la %la", name, v, v + 1, v + 2, v + 3, v + 4, v + 5) == 7) {
        if (strcmp(name, family) != 0 && rows) {
            check_family(family);
            families++;
            rows = 0;
        }
        memcpy(family, name, sizeof name);
        assert_true(rows < MOST_ROWS);
        for (unsigned c = 0; c < COLUMNS; c++)
            columns[c][rows] = v[c];
        wanted[0][rows] = v[4];
        wanted[1][rows++] = v[5];
    }
    if (file)
        fclose(file);
    check_family(family);
    assert_int_equal(families + 1, BOUNDS);
}

static void every_family_with_tails_is_among_them(void **state)
{
    lang_family_entry entry;
    (void)state;
    for (uint32_t i = 0; sn_lang_family(i, &entry); i++) {
        const bool has_tails = entry.members >> LANG_LOG_CDF & 1;
        bool found = entry.same_as || strchr(entry.form, ':') || has_tails != (entry.members >> LANG_LOG_SURVIVAL & 1) || !has_tails;
        for (unsigned b = 0; b < BOUNDS && !found; b++)
            found = !strcmp(bounds[b].family, entry.name);
        if (!found)
            fail_msg("the tails of %s are not tested", entry.name);
    }
}

static double value_at(const char *text, double x)
{
    double to;
    columns[3][0] = x;
    run(text, SINTER_ENGINE_INTERP, &to, 1);
    return to;
}

static double share(const char *quantity, const char *distribution, double x)
{
    char text[256];
    snprintf(text, sizeof text, "%s(%s, x)", quantity, distribution);
    return value_at(text, x);
}

/* By an instance: the interpreter needs more room for these programs than its stack gives. */
static void run_once(sinter_kernel *kernel, const sinter_arguments *arguments)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_instance_run(instance, arguments), SINTER_OK);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* The slope of log_cdf by x is exp(log_density - log_cdf), on both sides of each place where formulas change. */
static void slopes_are_densities(void **state)
{
    (void)state;
    static const struct { const char *text; double x[6]; } cases[] = {
        {"gamma(0.5, 2)", {1e-9, 0.1, 0.74, 0.76, 3, 30}}, {"gamma(7.5, 1)", {0.1, 3, 7.4, 7.5, 7.6, 30}}, {"gamma(50, 1)", {10, 17, 49.9999999, 50, 115, 130}},
        {"gamma(1e6, 1)", {9e5, 999000, 1e6, 1000001, 1003000, 2.5e6}}, {"inv_gamma(3, 2)", {0.1, 0.4, 0.6, 0.7, 1, 9}}, {"chi_square(3)", {0.1, 1, 2.9, 3.1, 8, 60}},
        {"inverse_gaussian(1, 2)", {0.01, 0.2, 0.5, 1, 1.5, 30}}, {"inverse_gaussian(1, 1e6)", {0.99, 0.999, 1, 1.001, 1.003, 1.01}},
        {"truncated(gamma(2, 1), 0.5, 4)", {0.6, 1, 1.5, 2, 3, 3.9}}, {"cauchy(0, 1)", {-1e12, -3, -0.5, 0.5, 3, 1e12}},
        {"beta(2.5, 4)", {1e-9, 0.1, 0.38, 0.39, 0.8, 0.999999}}, {"beta(0.5, 0.25)", {1e-6, 0.0999, 0.1001, 0.6, 0.8999, 0.9001}}, {"beta(0.5, 100)", {1e-9, 1e-3, 0.01499, 0.01501, 0.1, 0.5}},
        {"beta(200, 300)", {0.1, 0.35, 0.39, 0.4, 0.41, 0.49}}, {"beta(191, 300)", {0.1, 0.35, 0.38, 0.39, 0.4, 0.49}}, {"beta(1e6, 1e7)", {0.08, 0.0908, 0.0909090909, 0.091, 0.092, 0.1}},
        {"beta_proportion(0.3, 20)", {1e-3, 0.1, 0.3, 0.31, 0.5, 0.9}}, {"student_t(3, 0, 1)", {-1e9, -3, -0.2, 0.2, 1, 40}}, {"student_t(1e5, 1, 2)", {-30, -2, 0, 1.5, 3, 12}},
        {"truncated(student_t(4, 0, 1), 1, 5)", {1.1, 1.5, 2, 3, 4, 4.9}},
        {"skew_normal(0, 1, 0.5)", {-30, -2.5, -1e-3, 0.1, 1.9, 9}}, {"skew_normal(1, 2, 4)", {-9, 0.4, 0.6, 1.5, 3, 12}}, {"skew_normal(1, 2, -4)", {-9, 0.5, 0.9, 1.4, 1.6, 12}},
        {"skew_normal(0, 1, -1)", {-30, -2.5, -0.5, 0.9, 1.1, 9}}, {"skew_normal(0, 1, 0)", {-30, -2.5, -0.5, 0.9, 1.1, 9}},
        {"von_mises(0.5, 2)", {-2.6, -1, 0.4, 0.6, 2, 3.6}}, {"von_mises(0.5, 50)", {-2.6, -0.5, 0.4, 0.6, 1, 3.6}}, {"von_mises(0.5, 1e6)", {0.495, 0.499, 0.4999, 0.5001, 0.501, 0.505}}, {"von_mises(0.5, 0)", {-2.6, -1, 0.4, 0.6, 2, 3.6}},
        {"triangular(0, 1, 0.25)", {0.01, 0.1, 0.2, 0.3, 0.6, 0.95}},
    };
    static const char *const by[] = {"x"};
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[128];
        double logs[6], slopes[6];
        sinter_kernel *kernel;
        snprintf(text, sizeof text, "log_cdf(%s, x)", cases[k].text);
        const sinter_options options = {.type = SINTER_F64, .inputs = "x", .gradient = by, .gradient_count = 1};
        assert_int_equal(sinter_compile(context, text, strlen(text), &options, &kernel, NULL), SINTER_OK);
        run_once(kernel, &(sinter_arguments){.inputs = (const void *[]){cases[k].x}, .outputs = (void *[]){logs, slopes}, .count = 6});
        for (unsigned i = 0; i < 6; i++) {
            const double expected = exp(share("log_density", cases[k].text, cases[k].x[i]) - logs[i]);
            if (!(fabs(slopes[i] - expected) <= 1e-10*fmax(expected, 1e-300)))
                fail_msg("%s at %.17g: the slope is %.17g, not %.17g", text, cases[k].x[i], slopes[i], expected);
        }
    }
}

/* By parameters, against differences: in each of the formulas that the incomplete beta function is made of. */
static void slopes_by_parameters(void **state)
{
    (void)state;
    static const struct { const char *text; double at[3]; } cases[] = {
        {"log_cdf(beta(p, q), r)", {2, 3, 0.3}}, {"log_survival(beta(p, q), r)", {0.5, 0.7, 0.05}}, {"log_cdf(beta(p, q), r)", {0.3, 500, 0.001}}, {"log_cdf(beta(p, q), r)", {500, 0.3, 0.999}},
        {"log_survival(beta(p, q), r)", {500, 0.3, 0.99}}, {"log_cdf(beta(p, q), r)", {300, 400, 0.42}}, {"log_survival(beta(p, q), r)", {300, 400, 0.6}}, {"log_cdf(beta(p, q), r)", {1e-5, 1e-3, 0.05}},
        {"log_survival(beta_proportion(p, q), r)", {0.3, 20, 0.4}}, {"log_cdf(student_t(p, 0.5, q), r)", {3, 2, -7}}, {"log_survival(student_t(p, 0, q), r)", {1e6, 1, 1.2}},
        {"log_cdf(student_t(p, 0, q), r)", {30, 2, 4.5}}, {"log_cdf(neg_binomial(p, q), 5)", {300, 60, 1}}, {"log_survival(neg_binomial_2(p, q), 200)", {190, 250, 1}},
        {"log_cdf(neg_binomial_p(p, q), 5)", {2.5, 0.4, 1}}, {"log_cdf(binomial(20, p), 5)", {0.3, 1, 1}}, {"log_cdf(normal_variance(p, q), r)", {1, 2, 0.5}},
        {"log_cdf(skew_normal(p, q, 3), r)", {1, 2, 0.5}}, {"log_cdf(skew_normal(p, 1, q), r)", {1, 3, -2}}, {"log_survival(skew_normal(p, 1, q), r)", {1, 3, 1.2}}, {"log_survival(skew_normal(p, 1, q), r)", {1, 3, 4}},
        {"log_cdf(skew_normal(p, 1, q), r)", {1, 0.5, -2}}, {"log_cdf(skew_normal(p, 1, q), r)", {1, 0.5, -0.5}}, {"log_survival(skew_normal(p, 1, q), r)", {1, 0.5, 3}}, {"log_cdf(skew_normal(p, 1, q), r)", {1, 2.5, 0.9}},
        {"log_cdf(von_mises(p, q), r)", {1, 2.5, -1}}, {"log_survival(von_mises(p, q), r)", {1, 60, 1.2}}, {"log_survival(von_mises(p, q), r)", {1, 19, -2}}, {"log_cdf(von_mises(p, q), r)", {1, 1e5, 0.99}},
    };
    static const char *const by[] = {"p", "q", "r"};
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_kernel *kernel;
        double columns_of[3][7], out_of[4][7];
        void *outputs[] = {out_of[0], out_of[1], out_of[2], out_of[3]};
        const sinter_options options = {.type = SINTER_F64, .inputs = "p q r", .gradient = by, .gradient_count = 3};
        assert_int_equal(sinter_compile(context, cases[k].text, strlen(cases[k].text), &options, &kernel, NULL), SINTER_OK);
        for (unsigned c = 0; c < 3; c++)
            for (unsigned i = 0; i < 7; i++) /* in the middle, then below and above by each */
                columns_of[c][i] = cases[k].at[c] * (i == 2 * c + 1 ? 1 - 1e-6 : i == 2 * c + 2 ? 1 + 1e-6 : 1);
        run_once(kernel, &(sinter_arguments){.inputs = (const void *[]){columns_of[0], columns_of[1], columns_of[2]}, .outputs = outputs, .count = 7});
        for (unsigned c = 0; c < 3; c++) {
            const double difference = (out_of[0][2*c + 2] - out_of[0][2*c + 1])/(2e-6*cases[k].at[c]);
            if (!(fabs(out_of[1 + c][0] - difference) <= 1e-6*fabs(difference) + 1e-8))
                fail_msg("%s at %g %g %g, by %s: %.17g, by a difference %.17g", cases[k].text, cases[k].at[0], cases[k].at[1], cases[k].at[2], by[c], out_of[1 + c][0], difference);
        }
    }
}

/* ---- truncated and censored ---- */

/* Of X between l and u: the log of the share up to x, or above it, by what the part's own functions say. */
static void parts_of_shares(void **state)
{
    (void)state;
    static const struct { const char *inner; double lower, upper, x[4], before; } cases[] = { /* `before`: the last place that is out */
        {"normal(1, 2)", -1, 3, {-0.75, 0, 1, 2.9}, -1}, {"normal(0, 1)", 30, 31, {30.001, 30.02, 30.5, 30.9}, 30}, {"normal(0, 1)", -31, -30, {-30.9, -30.5, -30.1, -30.01}, -31},
        {"exponential(2)", 0.5, 40, {0.6, 1, 5, 30}, 0.5}, {"cauchy(0, 1)", -3, 1e6, {-2, 0, 2, 1e5}, -3}, {"geometric(0.25)", 2, 5, {2, 3, 3.5, 4}, 1},
        {"geometric(0.25)", 1.5, 5.5, {2, 3, 3.5, 4.5}, 1}, {"inverse_gaussian(1, 2)", 0.25, 4, {0.3, 0.8, 1.2, 3}, 0.25},
        {"gamma(2.5, 1.5)", 0.5, 6, {0.75, 1.5, 3, 5}, 0.5}, {"poisson(3)", 1, 8, {1, 2, 4.5, 7}, 0}, {"inv_gamma(30, 45)", 1, 3, {1.1, 1.4, 1.6, 2}, 1},
        {"beta(2, 5)", 0.1, 0.6, {0.15, 0.25, 0.4, 0.55}, 0.1}, {"student_t(3, 1, 2)", -4, 30, {-3, 0, 4, 20}, -4}, {"binomial(20, 0.3)", 2, 9, {2, 4, 6.5, 8}, 1},
        {"neg_binomial_2(6, 1.5)", 1, 12, {1, 4, 7, 11}, 0}, {"binomial_logit(12, 0.5)", 3, 11, {3, 6, 8, 10}, 2},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++)
        for (unsigned i = 0; i < 4; i++) {
            const double x = cases[k].x[i];
            char text[128];
            snprintf(text, sizeof text, "truncated(%s, %.17g, %.17g)", cases[k].inner, cases[k].lower, cases[k].upper);
            const bool high = share("log_cdf", cases[k].inner, cases[k].lower) > -0.7; /* survival is what is exact there */
            const char *of = high ? "log_survival" : "log_cdf";
            const double out_of = share(of, cases[k].inner, cases[k].before), up_to = share(of, cases[k].inner, cases[k].upper), here = share(of, cases[k].inner, x);
            const double whole = high ? -expm1(up_to - out_of) : expm1(up_to - out_of), part = high ? -expm1(here - out_of) : expm1(here - out_of);
            const double rest = exp(here - out_of)*(high ? -expm1(up_to - here) : expm1(up_to - here));
            const double below = part < rest ? log(part/whole) : log1p(-rest/whole), above = part < rest ? log1p(-part/whole) : log(rest/whole);
            const double found_below = share("log_cdf", text, x), found_above = share("log_survival", text, x);
            if (!(fabs(found_below - below) <= 1e-12*fmax(fabs(below), 1)) || !(fabs(found_above - above) <= 1e-12*fmax(fabs(above), 1)))
                fail_msg("%s at %g: %.17g and %.17g, not %.17g and %.17g", text, x, found_below, found_above, below, above);
            if (!(fabs(exp(found_below) + exp(found_above) - 1) <= 1e-12))
                fail_msg("%s at %g: both shares are %.17g together", text, x, exp(found_below) + exp(found_above));
            snprintf(text, sizeof text, "censored(%s, %.17g, %.17g)", cases[k].inner, cases[k].lower, cases[k].upper);
            if (!(share("log_cdf", text, x) == share("log_cdf", cases[k].inner, x)) || !(share("log_survival", text, x) == share("log_survival", cases[k].inner, x)))
                fail_msg("%s at %g has other shares than the part", text, x);
        }
}

static void bounds_of_shares(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    const struct { const char *text; double x, cdf, survival; } cases[] = {
        {"truncated(normal(0, 1), -1, 2)", -1.5, -inf, 0}, {"truncated(normal(0, 1), -1, 2)", 2, 0, -inf}, {"truncated(normal(0, 1), -1, 2)", 5, 0, -inf},
        {"truncated(normal(0, 1), -1, 2)", nan, nan, nan}, {"truncated(normal(0, 1), 2, -1)", 0, nan, nan}, {"truncated(normal(0, -1), -1, 2)", 5, nan, nan},
        {"truncated(normal(0, 1), -1, inf)", inf, 0, -inf}, {"truncated(geometric(0.5), 1, 1)", 1, 0, -inf}, {"truncated(geometric(0.5), 1, 3)", 0, -inf, 0},
        {"censored(normal(0, 1), -1, 2)", -1.5, -inf, 0}, {"censored(normal(0, 1), -1, 2)", 2, 0, -inf}, {"censored(normal(0, 1), -1, 2)", nan, nan, nan},
        {"censored(normal(0, 1), 2, -1)", 0, nan, nan}, {"censored(normal(0, -1), -1, 2)", 5, nan, nan}, {"censored(normal(0, 1), 0, 2)", 0, -0.69314718055994531, -0.69314718055994531},
        {"mixture((0.5, 0.5), truncated(normal(0, 1), 0, inf), normal(0, 1))", 0, -1.3862943611198906, -0.28768207245178093},
        {"half_normal(1)", 0, -inf, 0}, {"inverse_gaussian(1, 1)", 0, -inf, 0}, {"inverse_gaussian(1, 1)", inf, 0, -inf}, {"inverse_gaussian(1, -1)", 1, nan, nan},
        {"categorical((0.25, 0.5, 0.25))", 2.5, -0.28768207245178093, -1.3862943611198906}, {"categorical((0.25, 0.5, 0.25))", 0, -inf, 0},
        {"categorical((0.25, 0.75))", 2, 0, -inf}, {"triangular(0, 1, 1)", 1, 0, -inf}, {"gamma(2, 1)", 0, -inf, 0}, {"gamma(2, 1)", inf, 0, -inf},
        {"gamma(0.5, 1e300)", 1e300, 0, -inf}, {"gamma(2, -1)", 1, nan, nan}, {"gamma(2, 1)", nan, nan, nan},
        {"inv_gamma(2, 1)", 0, -inf, 0}, {"poisson(0)", 0, 0, -inf}, {"poisson(0)", -1, -inf, 0}, {"poisson(2)", 0.5, -2, -0.14541345786885906},
        {"poisson_log(800)", 3, -inf, 0}, {"poisson_log(-800)", 0, 0, -800}, {"poisson_log(0)", 0, -1, -0.45867514538708193},
        {"triangular(0, 1, 0)", 0, -inf, 0}, {"beta(2, 3)", 0, -inf, 0}, {"beta(2, 3)", 1, 0, -inf}, {"beta(2, 3)", 1.5, 0, -inf}, {"beta(2, -3)", 0.5, nan, nan},
        {"beta_proportion(1, 3)", 0.5, nan, nan}, {"beta(2, 3)", nan, nan, nan}, {"beta(1, 1)", 0.25, -1.3862943611198906, -0.28768207245178093},
        {"binomial(5, 0)", 0, 0, -inf}, {"binomial(5, 1)", 4, -inf, 0}, {"binomial(5, 1)", 5, 0, -inf}, {"binomial(0, 0.5)", 0, 0, -inf}, {"binomial(5.5, 0.5)", 2, nan, nan},
        {"binomial(3, 0.5)", 1.5, -0.69314718055994531, -0.69314718055994531}, {"binomial_logit(4, 0.5)", 4, 0, -inf}, {"binomial(5, 0.5)", -1, -inf, 0},
        {"neg_binomial(1, 1)", 1, -0.28768207245178093, -1.3862943611198906}, {"neg_binomial_2(2, 2)", 0, -1.3862943611198906, -0.28768207245178093},
        {"neg_binomial_2_log(800, 2)", 3, -inf, 0}, {"neg_binomial_2_log(-800, 2)", 3, 0, -inf}, {"neg_binomial_2_log(0, 1)", 0, -0.69314718055994531, -0.69314718055994531},
        {"student_t(3, 2, 1)", 2, -0.69314718055994531, -0.69314718055994531}, {"student_t(1, 0, 1)", 1, -0.28768207245178093, -1.3862943611198906},
        {"student_t(3, 0, 1)", inf, 0, -inf}, {"student_t(3, 0, 1)", -inf, -inf, 0}, {"student_t(-3, 0, 1)", 0, nan, nan}, {"student_t(1e300, 0, 1)", 0, -0.69314718055994531, -0.69314718055994531},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++)
        for (unsigned side = 0; side < 2; side++) {
            const double found = share(side ? "log_survival" : "log_cdf", cases[k].text, cases[k].x), value = side ? cases[k].survival : cases[k].cdf;
            if (isnan(value) ? !isnan(found) : found != value && !(fabs(found - value) <= 3e-16))
                fail_msg("%s at %g, %s: %.17g, not %.17g", cases[k].text, cases[k].x, side ? "above" : "below", found, value);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tails_are_right), cmocka_unit_test(every_family_with_tails_is_among_them), cmocka_unit_test(slopes_are_densities), cmocka_unit_test(slopes_by_parameters), cmocka_unit_test(parts_of_shares), cmocka_unit_test(bounds_of_shares)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
