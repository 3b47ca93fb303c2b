/* The families of densities that need no gamma function, against density_simple.txt: their log-densities by mpmath with 1,200 bits
 * (density_simple_reference.py), for moderate parameters and for parameters from 1e-300 to 1e300, where the terms of the textbook
 * forms cancel. Errors are in units in the last place of max(|log-density|, 1); docs/accuracy.md lists what is greatest. Besides: every engine's
 * bits are the same, relaxed programs err as little; derivatives of narrow lognormal densities; the shares below and above x are 1 together, and those of the densities' integrals; means, variances and entropies are those by
 * quadrature, and the exponential form is the stable one. With SINTER_ROWS=file that file's rows are taken: so the bounds of docs/accuracy.md are measured. */
#include "lang/lang.h"
#include "open_context.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_ROWS = 1 << 16, MOST_COLUMNS = 4 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
static double columns[MOST_COLUMNS][MOST_ROWS], high[MOST_ROWS], low[MOST_ROWS], out[MOST_ROWS], first_out[MOST_ROWS];
static uint32_t rows;

static void run(const char *text, sinter_engine engine, sinter_rewriting rewriting, double *to, uint32_t count)
{
    static sinter_report report;
    sinter_kernel *kernel;
    sinter_instance *instance;
    const sinter_options options = {.type = SINTER_F64, .inputs = "p q r x", .engine = engine, .rewriting = rewriting};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report))
        fail_msg("%s: %s", text, report.errors[0].message);
    const void *in[] = {columns[0], columns[1], columns[2], columns[3]};
    void *const outputs[] = {to};
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = in, .outputs = outputs, .count = count}), SINTER_OK);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static double greatest_error(const char *family)
{
    double most = 0;
    for (uint32_t k = 0; k < rows; k++) {
        const double size = fmax(fabs(high[k]), 1);
        const double unit = ldexp(1, ilogb(size) - 52), error = fabs((out[k] - high[k]) - low[k])/unit;
        if (!(error <= 4))
            fail_msg("%s at %a %a %a, x = %a: %a, but %a: %g ULP", family, columns[0][k], columns[1][k], columns[2][k], columns[3][k], out[k],
                     high[k], error);
        most = fmax(most, error);
    }
    return most;
}

static void check_family(const char *family)
{
    char text[128];
    snprintf(text, sizeof text, "log_density(%s, x)", family);
    bool first = true;
    for (unsigned e = 0; e < sizeof engines / sizeof *engines; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        run(text, engines[e], SINTER_STRICT, out, rows);
        if (first)
            memcpy(first_out, out, sizeof out);
        else if (memcmp(first_out, out, rows * sizeof *out) != 0)
            fail_msg("%s: engine %u has other bits", family, e);
        first = false;
    }
    print_message("# %-26s %.2f ULP\n", family, greatest_error(family));
    run(text, SINTER_ENGINE_AUTO, SINTER_RELAXED, out, rows); /* what carries second words is no chain of gains and offsets */
    greatest_error(family);
}

static void values_are_right(void **state)
{
    (void)state;
    const char *folder = getenv("SINTER_TESTS"), *given = getenv("SINTER_ROWS");
    char path[1024], family[64] = "", name[64];
    snprintf(path, sizeof path, "%s/density_simple.txt", folder ? folder : "tests");
    FILE *file = fopen(given ? given : path, "r");
    if (!file)
        fail_msg("%s cannot be read", given ? given : path);
    unsigned families = 0;
    double v[6];
    while (fscanf(file, "%63s %la %la %la %la %la %la", name, v, v + 1, v + 2, v + 3, v + 4, v + 5) == 7) {
        if (strcmp(name, family) != 0 && rows) {
            check_family(family);
            families++;
            rows = 0;
        }
        memcpy(family, name, sizeof name);
        assert_true(rows < MOST_ROWS);
        for (unsigned c = 0; c < MOST_COLUMNS; c++)
            columns[c][rows] = v[c];
        high[rows] = v[4];
        low[rows++] = v[5];
    }
    fclose(file);
    check_family(family);
    assert_true(given || families + 1 == 25);
}

/* Their logarithm has to be known to more than two words there, and derivatives by mpmath say that it is. */
static void slopes_of_narrow_lognormals(void **state)
{
    static const struct {
        double mu, sigma, x, slopes[3];
    } cases[] = {
        {3.3, 1e-15, 27.11263892065792, {1318629327404922.8, 738783303092359.0, -48635226222860.26}},
        {-50.7, 1e-13, 9.577888291889188e-23, {12997343402685.855, 6893093552734.152, -1.357015555682911e35}},
        {0, 1e-15, 1.0000000000000013, {1332267629550186.8, 774937036747273.9, -1332267629550186.0}},
    };
    static const char *const by[] = {"mu", "sigma", "x"};
    const sinter_options options = {.source = SINTER_DENSITY, .gradient = by, .gradient_count = 3};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_report report;
        sinter_kernel *kernel;
        sinter_instance *instance;
        double results[4];
        if (sinter_compile(context, "lognormal", 9, &options, &kernel, &report))
            fail_msg("%s", report.errors[0].message);
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "mu"), cases[k].mu), SINTER_OK);
        assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "sigma"), cases[k].sigma), SINTER_OK);
        const sinter_arguments a = {.inputs = (const void *[]){&cases[k].x}, .outputs = (void *[]){&results[0], &results[1], &results[2], &results[3]}, .count = 1};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        for (unsigned i = 0; i < 3; i++)
            if (!(fabs(results[1 + i] - cases[k].slopes[i]) <= 4e-15*fabs(cases[k].slopes[i])))
                fail_msg("lognormal(%g, %g) at %.17g by %s: %.17g, not %.17g", cases[k].mu, cases[k].sigma, cases[k].x, by[i], results[1 + i], cases[k].slopes[i]);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* ---- members against the density ---- */

typedef struct member_case {
    const char *text;
    double low, high; /* the integral's ends */
    bool shares;
} member_case;

static const member_case member_cases[] = {
    {"normal(1, 2)", -30, 32, true},
    {"exponential(2)", 0, 30, true},
    {"lognormal(0.25, 0.5)", 0, 200, true},
    {"pareto(1.5, 3)", 1.5, 2, true},
    {"weibull(2.5, 1.5)", 0, 10, true},
    {"frechet(3, 1.5)", 0, 10, true},
    {"double_exponential(1, 0.5)", -20, 22, true},
    {"logistic(1, 0.5)", -25, 27, true},
    {"gumbel(1, 0.5)", -5, 25, true},
    {"rayleigh(1.5)", 0, 20, true},
    {"inverse_gaussian(1.5, 2)", 0, 120, false},
    {"half_normal(1.5)", 0, 20, true},
    {"half_cauchy(1.5)", 0, 10, true},
    {"cauchy(1, 1.5)", -10, 10, true},
    {"uniform(1, 3)", 1, 3, true},
    {"triangular(1, 4, 2)", 1, 4, true},
    {"kumaraswamy(2, 3)", 0, 1, true},
    {"skew_normal(1, 0.5, 3)", -5, 9, false},
    {"von_mises(0.5, 3)", -3.14159265358979, 3.14159265358979, false},
    {"von_mises(0.5, 30)", -3.14159265358979, 3.14159265358979, false},
};

static double member(const char *quantity, const char *text, double x)
{
    static sinter_report report;
    char source[160];
    snprintf(source, sizeof source, "%s(%s, x)", quantity, text);
    const sinter_options options = {.type = SINTER_F64, .inputs = "x"};
    sinter_kernel *kernel;
    sinter_instance *instance;
    double y = 0;
    if (sinter_compile(context, source, strlen(source), &options, &kernel, &report))
        fail_msg("%s: %s", source, report.errors[0].message);
    const void *in[] = {&x};
    void *const to[] = {&y};
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = in, .outputs = to, .count = 1}), SINTER_OK);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    return y;
}

/* The share between two places by Gauss and Legendre's five points in each of 1,600 pieces. */
static double integral(const char *text, double from, double to)
{
    static const double at[] = {-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664};
    static const double weight[] = {0.23692688505618908, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.23692688505618908};
    enum { PIECES = 100, ROUNDS = 16 };
    char source[128];
    snprintf(source, sizeof source, "log_density(%s, x)", text);
    const double step = (to - from)/(PIECES*ROUNDS);
    double sum = 0;
    for (unsigned r = 0; r < ROUNDS; r++) {
        for (unsigned k = 0; k < PIECES*5; k++)
            columns[3][k] = from + step*((r*PIECES + k/5) + 0.5*(1 + at[k % 5]));
        run(source, SINTER_ENGINE_AUTO, SINTER_STRICT, out, PIECES*5);
        for (unsigned k = 0; k < PIECES*5; k++)
            sum += 0.5*step*weight[k % 5]*exp(out[k]);
    }
    return sum;
}

static void shares_are_integrals(void **state)
{
    (void)state;
    for (unsigned k = 0; k < sizeof member_cases / sizeof *member_cases; k++) {
        const member_case *c = &member_cases[k];
        const double found = integral(c->text, c->low, c->high);
        double expected = 1;
        if (c->shares) {
            const double below = exp(member("log_cdf", c->text, c->high)), above = exp(member("log_survival", c->text, c->low));
            expected = below + above - 1;
            const double middle = 0.5*c->low + 0.5*c->high;
            const double both = exp(member("log_cdf", c->text, middle)) + exp(member("log_survival", c->text, middle));
            if (!(fabs(both - 1) < 1e-14))
                fail_msg("%s: the shares on both sides of %g are %.17g together", c->text, middle, both);
        }
        if (!(fabs(found - expected) < 1e-7))
            fail_msg("%s: the integral is %.17g, not %.17g", c->text, found, expected);
    }
}

/* ---- moments, entropy, and the exponential form ---- */

/* A quantity of the density `text`, parameters as the text gives them; NaN where the family does not have it. */
static double quantity_of(const char *text, const char *quantity, double x)
{
    sinter_kernel *kernel;
    double y = NAN;
    const sinter_options options = {.source = SINTER_DENSITY, .quantity = quantity};
    const sinter_status status = sinter_compile(context, text, strlen(text), &options, &kernel, NULL);
    if (status == SINTER_BAD_PROGRAM)
        return NAN;
    assert_int_equal(status, SINTER_OK);
    const void *in[] = {&x};
    void *const to[] = {&y};
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = to, .count = 1}), SINTER_OK);
    sinter_kernel_close(kernel);
    return y;
}

typedef struct moments {
    double mass, mean, variance, entropy;
} moments;

/* Gauss and Legendre's five points in each of 8,000 pieces; over counts, all of them. `about`: where moments are taken, near the mean. */
static moments moments_by_quadrature(const char *text, double from, double to, double about, bool counts)
{
    static const double at[] = {-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664};
    static const double weight[] = {0.23692688505618908, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.23692688505618908};
    enum { PIECES = 100, ROUNDS = 80 };
    char source[128];
    snprintf(source, sizeof source, "log_density(%s, x)", text);
    const double step = counts ? 1 : (to - from)/(PIECES*ROUNDS);
    double sums[4] = {0};
    for (unsigned r = 0; r < ROUNDS; r++) {
        const unsigned n = counts ? PIECES : PIECES*5;
        for (unsigned k = 0; k < n; k++)
            columns[3][k] = counts ? from + (r*PIECES + k) : from + step*((r*PIECES + k/5) + 0.5*(1 + at[k % 5]));
        run(source, SINTER_ENGINE_AUTO, SINTER_STRICT, out, n);
        for (unsigned k = 0; k < n; k++) {
            const double share = (counts ? 1 : 0.5*step*weight[k % 5])*exp(out[k]), off = columns[3][k] - about;
            sums[0] += share;
            sums[1] += share*off;
            sums[2] += share*off*off;
            sums[3] -= share > 0 ? share*out[k] : 0;
        }
    }
    return (moments){sums[0], about + sums[1], sums[2] - sums[1]*sums[1], sums[3]};
}

static unsigned compare_quantity(const char *text, const char *quantity, double by_quadrature)
{
    const double found = quantity_of(text, quantity, 0);
    if (isnan(found))
        return 0;
    if (!(fabs(found - by_quadrature) <= 1e-6*fmax(fabs(by_quadrature), 1)))
        fail_msg("%s: the %s is %.17g, by quadrature %.17g", text, quantity, found, by_quadrature);
    return 1;
}

/* By ranges beyond which 1e-8 of each moment is left. */
static void moments_are_those_of_the_density(void **state)
{
    (void)state;
    static const struct { const char *text; double low, high, about; bool counts; } cases[] = {
        {"normal(1, 2)", -30, 32, 1, false}, {"exponential(2)", 0, 30, 0.5, false}, {"lognormal(0.25, 0.5)", 0, 100, 1, false},
        {"pareto(1.5, 30)", 1.5, 15, 1.5, false}, {"weibull(2.5, 1.5)", 0, 10, 1, false}, {"weibull(4, 0.5)", 0, 3, 0.5, false},
        {"frechet(30, 1.5)", 1, 15, 1.5, false}, {"double_exponential(1, 0.5)", -19, 21, 1, false}, {"logistic(1, 0.5)", -25, 27, 1, false},
        {"gumbel(1, 0.5)", -5, 25, 1, false}, {"rayleigh(1.5)", 0, 20, 1.5, false}, {"inverse_gaussian(1.5, 2)", 0, 120, 1.5, false},
        {"inverse_gaussian(0.5, 0.3)", 0, 40, 0.5, false}, {"inverse_gaussian(1.5, 30)", 0, 12, 1.5, false}, {"von_mises(0.5, 0)", -2.6415926535897931, 3.6415926535897931, 0.5, false},
        {"von_mises(0.5, 3)", -2.6415926535897931, 3.6415926535897931, 0.5, false}, {"von_mises(0.5, 25)", -2.6415926535897931, 3.6415926535897931, 0.5, false},
        {"half_normal(1.5)", 0, 20, 1, false}, {"uniform(1, 3)", 1, 3, 2, false}, {"triangular(1, 4, 2)", 1, 4, 2, false},
        {"kumaraswamy(2, 3)", 0, 1, 0.5, false}, {"skew_normal(1, 0.5, 3)", -5, 9, 1, false}, {"geometric(0.25)", 0, 0, 3, true},
        {"geometric(0.9)", 0, 0, 0, true}, {"bernoulli(0.3)", 0, 0, 0, true}, {"bernoulli_logit(-0.75)", 0, 0, 0, true},
    };
    unsigned compared = 0;
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        const moments m = moments_by_quadrature(cases[k].text, cases[k].low, cases[k].high, cases[k].about, cases[k].counts);
        if (!(fabs(m.mass - 1) < 1e-7))
            fail_msg("%s: the density's integral is %.17g", cases[k].text, m.mass);
        compared += compare_quantity(cases[k].text, "mean", m.mean) + compare_quantity(cases[k].text, "variance", m.variance)
                    + compare_quantity(cases[k].text, "entropy", m.entropy);
    }
    print_message("# %u means, variances and entropies\n", compared);
    assert_true(compared >= 72);
    assert_true(fabs(quantity_of("cauchy(1, 1.5)", "entropy", 0) - log(4*3.14159265358979*1.5)) < 1e-13);
    assert_true(fabs(quantity_of("von_mises(0, 1e12)", "entropy", 0) - (1.4189385332046727 - 6*log(10))) < 1e-11);
    assert_true(fabs(quantity_of("inverse_gaussian(1e200, 1e-200)", "entropy", 0) + 457.19253579741225) < 1e-12);
    assert_true(fabs(quantity_of("half_cauchy(1.5)", "entropy", 0) - log(2*3.14159265358979*1.5)) < 1e-13);
}

/* log h + eta·T − A, where no terms cancel, is the stable form. */
static void derived_forms_agree(void **state)
{
    (void)state;
    static const struct { const char *text; double x[4]; } cases[] = {
        {"normal(1, 2)", {-1, 0.5, 1, 6}}, {"exponential(2)", {0, 0.25, 1, 7}}, {"lognormal(0.25, 0.5)", {0.5, 1, 1.5, 4}},
        {"pareto(1.5, 3)", {1.5, 2, 3, 20}}, {"rayleigh(1.5)", {0.25, 1, 2, 5}}, {"inverse_gaussian(1.5, 2)", {0.25, 1, 2, 5}},
        {"half_normal(1.5)", {0, 0.5, 1, 4}}, {"geometric(0.25)", {0, 1, 2, 9}}, {"bernoulli(0.3)", {0, 1, 0, 1}},
        {"bernoulli_logit(-0.75)", {0, 1, 0, 1}}, {"von_mises(0.5, 3)", {-1, 0, 0.5, 3}},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++)
        for (unsigned i = 0; i < 4; i++) {
            const double x = cases[k].x[i], stable = quantity_of(cases[k].text, NULL, x), derived = quantity_of(cases[k].text, "derived", x);
            if (!(fabs(stable - derived) <= 1e-14*fmax(fabs(stable), 1)))
                fail_msg("%s at %g is %.17g, log h + eta*T - A is %.17g", cases[k].text, x, stable, derived);
        }
}

/* Ends of the supports and of the numbers. */
static void edges_are_right(void **state)
{
    (void)state;
    static const struct { const char *text; double x, value; } cases[] = {
        {"normal(0, 1)", INFINITY, -INFINITY}, {"normal(0, 1e-310)", 0, 712.88244029494949}, {"normal(0, -1)", 0, NAN}, {"normal(0, 1)", NAN, NAN},
        {"double_exponential(0, 1)", -INFINITY, -INFINITY}, {"logistic(0, 1)", INFINITY, -INFINITY}, {"gumbel(0, 1)", -INFINITY, -INFINITY},
        {"gumbel(0, 1)", INFINITY, -INFINITY}, {"cauchy(0, 1)", -INFINITY, -INFINITY}, {"skew_normal(0, 1, 0)", INFINITY, -INFINITY},
        {"skew_normal(0, 1, 0)", NAN, NAN}, {"weibull(1, 2)", 0, -0.69314718055994530942}, {"weibull(0.5, 2)", 0, INFINITY},
        {"weibull(2, 2)", 0, -INFINITY}, {"weibull(2, 2)", INFINITY, -INFINITY}, {"frechet(2, 2)", 0, -INFINITY}, {"rayleigh(1)", 0, -INFINITY},
        {"lognormal(0, 1)", 0, -INFINITY}, {"lognormal(0, 1)", NAN, NAN}, {"inverse_gaussian(1, 1)", 0, -INFINITY},
        {"kumaraswamy(1, 3)", 0, 1.0986122886681098}, {"kumaraswamy(2, 1)", 1, 0.69314718055994530942}, {"kumaraswamy(2, 2)", 1, -INFINITY},
        {"kumaraswamy(2, 0.5)", 1, INFINITY}, {"geometric(1)", 0, 0}, {"geometric(1)", 2, -INFINITY}, {"geometric(0)", 1, NAN},
        {"bernoulli(0)", 1, -INFINITY}, {"bernoulli(0)", 0, 0}, {"triangular(1, 2, 1)", 1, 0.69314718055994530942},
        {"triangular(1, 2, 2)", 2, 0.69314718055994530942}, {"uniform(2, 1)", 1.5, NAN}, {"half_cauchy(1)", -1, -INFINITY},
        {"categorical((0.5, 0, 0.5))", 2, -INFINITY}, {"categorical((0.5, 0, 0.5))", 3, -0.69314718055994530942},
        {"categorical((0.5, 0, 0.6))", 3, NAN}, {"categorical((0.5, 0, 0.5))", 4, -INFINITY},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double found = member("log_density", cases[k].text, cases[k].x), wanted = cases[k].value;
        if (isnan(wanted) ? !isnan(found) : isinf(wanted) ? found != wanted : !(fabs(found - wanted) <= 1e-15*fmax(fabs(wanted), 1)))
            fail_msg("%s at %g is %.17g, not %.17g", cases[k].text, cases[k].x, found, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_right), cmocka_unit_test(slopes_of_narrow_lognormals), cmocka_unit_test(shares_are_integrals), cmocka_unit_test(moments_are_those_of_the_density),
                                       cmocka_unit_test(derived_forms_agree), cmocka_unit_test(edges_are_right)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
