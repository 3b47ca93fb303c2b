/* Entropies that have no closed form, of counts and of the skew normal distribution, against mpmath (density_entropy_values.py, whose rows are kept beside it): small
 * and large means, both sides of each switch, ends. The error is in units of the entropy's own last place, or of 1 where a scale's logarithm may cancel. Negative binomial
 * ones are long programs: each family is compiled once, and a row sets its parameters. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512};

/* And its slope by a parameter, if one is named. */
static double entropy_of(const char *text, sinter_engine engine, const char *by, sinter_gradient_mode mode, double *slope)
{
    static sinter_report report;
    sinter_kernel *kernel = NULL;
    double found = 0;
    void *out[2] = {&found, slope};
    const sinter_options options = {.source = SINTER_DENSITY, .quantity = "entropy", .engine = engine, .gradient = &by, .gradient_count = by ? 1 : 0,
                                    .gradient_mode = mode};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report))
        fail_msg("entropy of %s: %s", text, report.errors[0].message);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.outputs = out, .count = 1}), SINTER_OK);
    sinter_kernel_close(kernel);
    return found;
}

/* The same of a family whose parameters are not known when it is compiled. Kept until the end. */
typedef struct by_parameters {
    const char *name;
    sinter_kernel *kernel[4];
    sinter_instance *instance[4];
} by_parameters;

static by_parameters long_ones[] = {{.name = "neg_binomial"}, {.name = "neg_binomial_p"}, {.name = "neg_binomial_2"}, {.name = "neg_binomial_2_log"}};
enum { LONG_ONES = sizeof long_ones / sizeof *long_ones };

static double entropy_by_parameters(by_parameters *of, unsigned engine, const double parameters[2])
{
    static sinter_report report;
    double found = (double)NAN;
    if (!of->kernel[engine]) {
        const sinter_options options = {.source = SINTER_DENSITY, .quantity = "entropy", .engine = engines[engine], .type = SINTER_F64};
        if (sinter_compile(context, of->name, strlen(of->name), &options, &of->kernel[engine], &report))
            fail_msg("entropy of %s: %s", of->name, report.errors[0].message);
        assert_int_equal(sinter_instance_open(of->kernel[engine], &of->instance[engine]), SINTER_OK);
    }
    for (int k = 0; k < 2; k++)
        assert_int_equal(sinter_set(of->instance[engine], k, parameters[k]), SINTER_OK);
    void *out = &found;
    assert_int_equal(sinter_instance_run(of->instance[engine], &(sinter_arguments){.outputs = &out, .count = 1}), SINTER_OK);
    return found;
}

static void close_long_ones(void)
{
    for (unsigned k = 0; k < LONG_ONES; k++)
        for (unsigned e = 0; e < sizeof engines / sizeof *engines; e++) {
            sinter_instance_close(long_ones[k].instance[e]);
            sinter_kernel_close(long_ones[k].kernel[e]);
        }
}

static double entropy_of_row(const char *text, unsigned engine)
{
    double parameters[2] = {0};
    const size_t length = strcspn(text, "(");
    for (unsigned k = 0; k < LONG_ONES; k++)
        if (strlen(long_ones[k].name) == length && !strncmp(text, long_ones[k].name, length)) {
            assert_int_equal(sscanf(text + length, "(%lf,%lf)", &parameters[0], &parameters[1]), 2);
            return entropy_by_parameters(&long_ones[k], engine, parameters);
        }
    return entropy_of(text, engines[engine], NULL, 0, NULL);
}

static double error_of(double found, double exact, double size)
{
    size = fmax(fabs(size), 0x1p-1022);
    return found == exact ? 0 : isfinite(found) ? fabs(found - exact)/(nextafter(size, (double)INFINITY) - size) : (double)INFINITY;
}

enum { MOST_ULP = 4, FAMILIES = 9 };

static const char *const families[FAMILIES] = {"poisson(", "poisson_log(", "binomial(", "binomial_logit(", "skew_normal(", "neg_binomial(", "neg_binomial_p(",
                                               "neg_binomial_2(", "neg_binomial_2_log("};

static void entropies_are_right(void **state)
{
    (void)state;
    const char *folder = getenv("SINTER_TESTS");
    char path[4096], text[128], place[FAMILIES][128] = {{0}};
    double exact, worst[FAMILIES] = {0};
    unsigned rows = 0;
    snprintf(path, sizeof path, "%s/density_entropy_values.txt", folder ? folder : "tests");
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    while (file && fscanf(file, "%127s %la", text, &exact) == 2) {
        const double found = entropy_of_row(text, 0);
        const bool is_scaled = !strncmp(text, "skew", 4);
        const double error = error_of(found, exact, is_scaled ? fmax(fabs(exact), 1) : exact);
        for (unsigned f = 0; f < FAMILIES; f++)
            if (!strncmp(text, families[f], strlen(families[f])) && error > worst[f]) {
                worst[f] = error;
                memcpy(place[f], text, sizeof text);
            }
        if (!(error <= MOST_ULP))
            fail_msg("entropy of %s: %.17g, not %.17g: %g ULP", text, found, exact, error);
        if (rows++ % 40 == 0)
            for (unsigned e = 1; e < sizeof engines / sizeof *engines; e++)
                if (sinter_engine_available(engines[e], NULL)) {
                    const double other = entropy_of_row(text, e);
                    if (memcmp(&other, &found, sizeof found) != 0)
                        fail_msg("entropy of %s: %a by %s, %a by the interpreter", text, other, sinter_engine_name(engines[e]), found);
                }
    }
    if (file)
        fclose(file);
    close_long_ones();
    for (unsigned f = 0; f < FAMILIES; f++)
        print_message("# %s...): %.2f ULP, at %s\n", families[f], worst[f], place[f]);
    assert_int_equal(rows, 1286);
}

/* By differences, where they are good to some seven digits; at ends a slope may be infinite, but not NaN where it has a value. */
static void slopes_are_right(void **state)
{
    (void)state;
    static const struct {
        const char *format, *by;
        double at;
    } cases[] = {
        {"poisson(%.17g)", "lambda", 0.25}, {"poisson(%.17g)", "lambda", 3.5}, {"poisson(%.17g)", "lambda", 63.5}, {"poisson(%.17g)", "lambda", 70},
        {"poisson(%.17g)", "lambda", 1e9}, {"poisson_log(%.17g)", "alpha", -3}, {"poisson_log(%.17g)", "alpha", 4.125}, {"poisson_log(%.17g)", "alpha", 4.25},
        {"poisson_log(%.17g)", "alpha", 500}, {"poisson_log(%.17g)", "alpha", 1000}, {"binomial(9, %.17g)", "theta", 0.3}, {"binomial(9, %.17g)", "theta", 0.8}, {"binomial(1000, %.17g)", "theta", 0.3},
        {"binomial(1000, %.17g)", "theta", 0.9}, {"binomial_logit(9, %.17g)", "alpha", 0.3}, {"binomial_logit(9, %.17g)", "alpha", -2},
        {"binomial_logit(1e6, %.17g)", "alpha", -2}, {"skew_normal(1, 2, %.17g)", "alpha", 0.5}, {"skew_normal(1, 2, %.17g)", "alpha", -4},
        {"skew_normal(1, %.17g, 3)", "omega", 2}, {"neg_binomial(%.17g, 0.5)", "alpha", 0.75}, {"neg_binomial(1.5, %.17g)", "beta", 3},
        {"neg_binomial_p(%.17g, 0.25)", "r", 6}, {"neg_binomial_p(80, %.17g)", "p", 0.625}, {"neg_binomial_2(%.17g, 9)", "mu", 2.5}, {"neg_binomial_2(%.17g, 50)", "mu", 1000},
        {"neg_binomial_2(20, %.17g)", "phi", 30}, {"neg_binomial_2(40, %.17g)", "phi", 7.5}, {"neg_binomial_2_log(%.17g, 0.25)", "eta", 12},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char text[3][128];
        const double step = 1e-4*fmax(fabs(cases[k].at), 0.25);
        for (int i = 0; i < 3; i++)
            snprintf(text[i], sizeof text[i], cases[k].format, cases[k].at + (i - 1)*step);
        const double expected = (entropy_of(text[2], SINTER_ENGINE_INTERP, NULL, 0, NULL) - entropy_of(text[0], SINTER_ENGINE_INTERP, NULL, 0, NULL))/(2*step);
        for (int mode = SINTER_GRADIENT_FORWARD; mode <= SINTER_GRADIENT_REVERSE; mode++) {
            double slope = (double)NAN;
            entropy_of(text[1], SINTER_ENGINE_INTERP, cases[k].by, (sinter_gradient_mode)mode, &slope);
            if (!(fabs(slope - expected) <= 1e-6*fmax(fabs(expected), 1e-3)))
                fail_msg("slope of %s by %s: %.17g, by differences %.17g", text[1], cases[k].by, slope, expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(entropies_are_right), cmocka_unit_test(slopes_are_right)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
