/* natural_A and from_natural of the exponential families against mpmath (density_natural_values.py, whose rows are kept beside it): from natural parameters
 * that are tiny to huge ones. The error of a parameter is in units of its own last place, that of A in those of its greatest term. */
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

enum { MOST = 4 };

static void evaluate(const char *text, const char *quantity, const double *eta, unsigned count, double *to, unsigned outputs)
{
    static sinter_report report;
    const void *in[MOST];
    void *out[MOST];
    sinter_kernel *kernel = NULL;
    const sinter_options options = {.source = SINTER_DENSITY, .quantity = quantity, .engine = SINTER_ENGINE_INTERP};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report))
        fail_msg("%s of %s: %s", quantity, text, report.errors[0].message);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    if (info.input_count != count || info.output_count != outputs)
        fail_msg("%s of %s: %u inputs, %u outputs", quantity, text, info.input_count, info.output_count);
    for (unsigned k = 0; k < MOST; k++) {
        in[k] = eta + (k < count ? k : 0);
        out[k] = to + (k < outputs ? k : 0);
    }
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = out, .count = 1}), SINTER_OK);
    sinter_kernel_close(kernel);
}

static double error_of(double found, double exact, double size)
{
    size = fmax(fabs(size), 0x1p-1022);
    return found == exact ? 0 : isfinite(found) ? fabs(found - exact)/(nextafter(size, (double)INFINITY) - size) : (double)INFINITY;
}

static void read_numbers(FILE *file, double *to, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        assert_int_equal(fscanf(file, "%la", &to[k]), 1);
}

static void functions_of_natural_parameters(void **state)
{
    (void)state;
    const char *folder = getenv("SINTER_TESTS");
    char path[4096], text[64], last[64] = "";
    unsigned count, parameters, families = 0;
    double of_a = 0, of_parameters = 0, eta[MOST], a[2], wanted[MOST], found[MOST] = {0};
    snprintf(path, sizeof path, "%s/density_natural_values.txt", folder ? folder : "tests");
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    while (file && fscanf(file, "%63s %u %u", text, &count, &parameters) == 3) {
        assert_true(count <= MOST && parameters <= MOST);
        read_numbers(file, eta, count);
        read_numbers(file, a, 2);
        read_numbers(file, wanted, parameters);
        families += strcmp(text, last) != 0;
        memcpy(last, text, sizeof text);
        evaluate(text, "natural_A", eta, count, found, 1);
        const double error = error_of(found[0], a[0], a[1]);
        of_a = fmax(of_a, error);
        if (!(error <= 5))
            fail_msg("natural_A of %s at %a %a: %a, not %a: %g ULP", text, eta[0], count > 1 ? eta[1] : 0, found[0], a[0], error);
        evaluate(text, "from_natural", eta, count, found, parameters);
        for (unsigned k = 0; k < parameters; k++) {
            const double off = error_of(found[k], wanted[k], wanted[k]);
            of_parameters = fmax(of_parameters, off);
            if (!(off <= 5))
                fail_msg("parameter %u of %s at %a %a: %a, not %a: %g ULP", k, text, eta[0], count > 1 ? eta[1] : 0, found[k], wanted[k], off);
        }
    }
    if (file)
        fclose(file);
    print_message("# %u families: natural_A %.2f ULP of its greatest term, parameters %.2f ULP\n", families, of_a, of_parameters);
    assert_int_equal(families, 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(functions_of_natural_parameters)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
