/* Densities of tuples (src/lib/densities_vector.sn): multi_normal_cholesky of 1 to 10 numbers against mpmath (density_vector_values.py, whose rows are
 * kept beside it), on every engine with the same bits; its gradient against the matrices' formulas; its exponential form, which is
 * the stable one where nothing cancels, and its natural parameters, there and back; what is outside and invalid.
 *
 * An error is measured in units in the last place of max(|log-density|, 1). */
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

enum { MOST = 10, TRIANGLE = MOST * (MOST + 1) / 2, COLUMNS = 2 * MOST + TRIANGLE, MOST_ROWS = 64 };

static double columns[COLUMNS][MOST_ROWS], wanted[MOST_ROWS], out[MOST_ROWS], others[MOST_ROWS];
static double slopes[COLUMNS + 1][MOST_ROWS];

static unsigned columns_of(unsigned n)
{
    return 2 * n + n * (n + 1) / 2;
}

static int read_rows(unsigned n)
{
    const char *folder = getenv("SINTER_TESTS");
    char path[4096], line[4096];
    snprintf(path, sizeof path, "%s/density_vector_values.txt", folder ? folder : "tests");
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    int rows = 0;
    while (file && fgets(line, sizeof line, file)) {
        char *at;
        if (strtoul(line, &at, 10) != n || rows == MOST_ROWS)
            continue;
        for (unsigned c = 0; c < columns_of(n); c++)
            columns[c][rows] = strtod(at, &at);
        wanted[rows++] = strtod(at, &at);
    }
    if (file)
        fclose(file);
    return rows;
}

/* "multi_normal_cholesky((0, 0), (1, 0, 1))", and the names of all columns behind x. */
static void write_text(unsigned n, char *text, char *names)
{
    const unsigned triangle = n * (n + 1) / 2;
    text += sprintf(text, "multi_normal_cholesky((");
    for (unsigned k = 0; k < n; k++)
        text += sprintf(text, "%s0", k ? ", " : "");
    text += sprintf(text, "), (");
    for (unsigned k = 0; k < triangle; k++)
        text += sprintf(text, "%s1", k ? ", " : "");
    sprintf(text, "))");
    for (unsigned k = 0; k < n; k++)
        names += n > 1 ? sprintf(names, "mu%u ", k) : sprintf(names, "mu ");
    for (unsigned k = 0; k < triangle; k++)
        names += triangle > 1 ? sprintf(names, "L%u ", k) : sprintf(names, "L ");
}

static sinter_kernel *compiled(const char *text, sinter_options options)
{
    static sinter_report report;
    sinter_kernel *kernel = NULL;
    options.source = SINTER_DENSITY;
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

static void run_rows(unsigned n, sinter_engine engine, int rows, double *to)
{
    char text[1024], names[1024];
    const void *in[COLUMNS];
    write_text(n, text, names);
    for (unsigned c = 0; c < COLUMNS; c++)
        in[c] = columns[c];
    sinter_kernel *kernel = compiled(text, (sinter_options){.engine = engine, .arrays = names});
    assert_int_equal(sinter_kernel_describe(kernel).input_count, columns_of(n));
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){to}, .count = rows}), SINTER_OK);
    sinter_kernel_close(kernel);
}

static double error_of(double result, double exact)
{
    const double size = fmax(fabs(exact), 1);
    return result == exact ? 0 : isfinite(result) ? fabs(result - exact) / (nextafter(size, (double)INFINITY) - size) : (double)INFINITY;
}

static const unsigned widths[] = {1, 2, 3, 6, 10};

static void log_densities_are_right(void **state)
{
    (void)state;
    for (unsigned w = 0; w < sizeof widths / sizeof *widths; w++) {
        const unsigned n = widths[w];
        const int rows = read_rows(n);
        double most = 0;
        assert_true(rows >= 20);
        run_rows(n, SINTER_ENGINE_INTERP, rows, out);
        for (int i = 0; i < rows; i++) {
            const double error = error_of(out[i], wanted[i]);
            most = fmax(most, error);
            if (!(error <= 4))
                fail_msg("row %d of %u numbers: %a, not %a, %g ULP", i, n, out[i], wanted[i], error);
        }
        print_message("# multi_normal_cholesky of %u: %.2f ULP\n", n, most);
        for (int e = SINTER_ENGINE_SCALAR; e <= SINTER_ENGINE_NEON; e++) {
            if (!sinter_engine_available((sinter_engine)e, NULL))
                continue;
            run_rows(n, (sinter_engine)e, rows, others);
            for (int i = 0; i < rows; i++)
                if (memcmp(&others[i], &out[i], sizeof out[i]) != 0)
                    fail_msg("row %d of %u numbers: %a by %s, %a by the interpreter", i, n, others[i], sinter_engine_name((sinter_engine)e), out[i]);
        }
    }
}

/* ---- the gradient ---- */

static unsigned at(unsigned i, unsigned j)
{
    return i * (i + 1) / 2 + j;
}

/* z = L^-1 (x - mu), u = L^-T z: the slopes by x are -u, by mu u, by L_ij u_i z_j less 1/L_ii on the diagonal. */
static void expect_slopes(unsigned n, int row)
{
    long double z[MOST], u[MOST], size = 1;
    for (unsigned i = 0; i < n; i++) {
        z[i] = (long double)columns[i][row] - columns[n + i][row];
        for (unsigned j = 0; j < i; j++)
            z[i] -= columns[2 * n + at(i, j)][row] * z[j];
        z[i] /= columns[2 * n + at(i, i)][row];
    }
    for (unsigned i = n; i-- > 0;) {
        u[i] = z[i];
        for (unsigned j = i + 1; j < n; j++)
            u[i] -= columns[2 * n + at(j, i)][row] * u[j];
        u[i] /= columns[2 * n + at(i, i)][row];
        size = fmaxl(size, fabsl(u[i]) * 10);
    }
    for (unsigned c = 0; c < columns_of(n); c++) {
        long double slope = c < n ? -u[c] : u[c < 2 * n ? c - n : 0];
        for (unsigned i = 0, k = 2 * n; c >= 2 * n && i < n; i++)
            for (unsigned j = 0; j <= i; j++, k++)
                slope = k == c ? u[i] * z[j] - (i == j ? 1 / (long double)columns[k][row] : 0) : slope;
        if (!(fabsl(slopes[c + 1][row] - slope) <= 1e-12L * size))
            fail_msg("row %d of %u numbers: the slope by column %u is %.17g, not %.17Lg", row, n, c, slopes[c + 1][row], slope);
    }
}

static void slopes_are_right(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 3; n++) {
        const int rows = read_rows(n);
        char text[1024], names[1024], x[MOST][8], by[COLUMNS][8];
        const char *gradient[COLUMNS];
        const void *in[COLUMNS];
        void *to[COLUMNS + 1];
        write_text(n, text, names);
        const char *name = names;
        for (unsigned c = 0; c < columns_of(n); c++) {
            if (c < n) {
                sprintf(x[c], "x%u", c);
                gradient[c] = x[c];
            } else {
                const size_t length = strcspn(name, " ");
                snprintf(by[c], sizeof by[c], "%.*s", (int)length, name);
                name += length + 1;
                gradient[c] = by[c];
            }
            in[c] = columns[c];
            to[c] = slopes[c];
        }
        to[columns_of(n)] = slopes[columns_of(n)];
        sinter_kernel *kernel = compiled(text, (sinter_options){.arrays = names, .gradient = gradient, .gradient_count = columns_of(n)});
        assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = to, .count = rows}), SINTER_OK);
        sinter_kernel_close(kernel);
        for (int i = 0; i < rows; i += 4) /* the moderate ones */
            expect_slopes(n, i);
    }
}

/* ---- the exponential form, and the rest ---- */

/* All outputs of a quantity. */
static unsigned quantity(const char *text, const char *name, const double *inputs, double *to)
{
    const void *in[64];
    void *outputs[64];
    sinter_kernel *kernel = compiled(text, (sinter_options){.quantity = name});
    const unsigned count = sinter_kernel_describe(kernel).output_count;
    for (unsigned k = 0; k < 64; k++) {
        in[k] = inputs ? inputs + k : to;
        outputs[k] = to + k;
    }
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = outputs, .count = 1}), SINTER_OK);
    sinter_kernel_close(kernel);
    return count;
}

static void expect_all(const double *got, const double *value, unsigned count, const char *what)
{
    for (unsigned k = 0; k < count; k++)
        if (!(fabs(got[k] - value[k]) <= 1e-14 * fmax(fabs(value[k]), 4)))
            fail_msg("%s: number %u is %.17g, not %.17g", what, k, got[k], value[k]);
}

/* mu = (1, 2, 3), L = ((2), (1/2, 1), (1/4, -3, 2)), whose inverse and products are exact fractions. */
static const char three[] = "multi_normal_cholesky((1, 2, 3), (2, 0.5, 1, 0.25, -3, 2))";

static void the_exponential_form_is_right(void **state)
{
    (void)state;
    static const double eta[9] = {-1.96484375, 7.84375, 2.03125, -0.251953125, 0.90625, -1.625, 0.21875, -0.75, -0.125};
    static const double parameters[9] = {1, 2, 3, 2, 0.5, 1, 0.25, -3, 2}, x[3] = {0.5, 3, -1};
    static const double statistics[9] = {0.5, 3, -1, 0.25, 1.5, 9, -0.5, -3, 1}, variance[3] = {4, 1.25, 13.0625};
    double got[64], stable, derived;
    assert_int_equal(quantity(three, "eta", NULL, got), 9);
    expect_all(got, eta, 9, "eta");
    assert_int_equal(quantity(three, "T", x, got), 9);
    expect_all(got, statistics, 9, "T");
    assert_int_equal(quantity(three, "from_natural", eta, got), 9);
    expect_all(got, parameters, 9, "from_natural");
    const double a = 9.908203125 + log(4); /* |L^-1 mu|^2/2, and the determinant 4 */
    quantity(three, "A", NULL, got);
    expect_all(got, &a, 1, "A");
    quantity(three, "natural_A", eta, got);
    expect_all(got, &a, 1, "natural_A");
    quantity(three, NULL, x, &stable);
    quantity(three, "derived", x, &derived);
    expect_all(&derived, &stable, 1, "the exponential form");
    quantity(three, "variance", NULL, got);
    expect_all(got, variance, 3, "variance");
    quantity(three, "mean", NULL, got);
    expect_all(got, parameters, 3, "mean");
    const double entropy = 1.5 * log(2 * 3.14159265358979323846) + 1.5 + log(4);
    quantity(three, "entropy", NULL, got);
    expect_all(got, &entropy, 1, "entropy");
}

/* The slope of natural_A is the mean of T: mu, and the lower triangle of L L^T + mu mu^T. */
static void means_of_statistics(void **state)
{
    (void)state;
    static const double eta[9] = {-1.96484375, 7.84375, 2.03125, -0.251953125, 0.90625, -1.625, 0.21875, -0.75, -0.125};
    static const double means[9] = {1, 2, 3, 5, 3, 5.25, 3.5, 3.125, 22.0625};
    static const char *const by[9] = {"eta0", "eta1", "eta2", "eta3", "eta4", "eta5", "eta6", "eta7", "eta8"};
    double got[10];
    const void *in[9];
    void *to[10];
    for (unsigned k = 0; k < 10; k++) {
        in[k < 9 ? k : 8] = &eta[k < 9 ? k : 8];
        to[k] = &got[k];
    }
    sinter_kernel *kernel = compiled(three, (sinter_options){.quantity = "natural_A", .gradient = by, .gradient_count = 9});
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = to, .count = 1}), SINTER_OK);
    sinter_kernel_close(kernel);
    expect_all(got + 1, means, 9, "the mean of T");
}

static void edges_are_right(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN, places[][2] = {{inf, 0}, {0, -inf}, {nan, 0}, {0, nan}, {-inf, inf}};
    static const char *const wrong[] = {"multi_normal_cholesky((0, 0), (0, 0, 1))", "multi_normal_cholesky((0, 0), (1, 0, -1))",
                                        "multi_normal_cholesky((0, 0), (1, inf, 1))", "multi_normal_cholesky((0, nan), (1, 0, 1))",
                                        "multi_normal_cholesky((inf, 0), (1, 0, 1))"};
    double got[64];
    for (unsigned k = 0; k < 5; k++) {
        quantity("multi_normal_cholesky((1, 2), (1, 0, 1))", NULL, places[k], got);
        if (isnan(places[k][0] + places[k][1]) && k < 4 ? !isnan(*got) : *got != -inf)
            fail_msg("at %g, %g: %g", places[k][0], places[k][1], *got);
        quantity(wrong[k], NULL, (const double[]){0.5, 1}, got);
        if (!isnan(*got))
            fail_msg("%s: %g", wrong[k], *got);
    }
    quantity("multi_normal_cholesky(1, 2)", NULL, (const double[]){0.5}, got);
    const double one = -0.03125 - log(2) - 0.91893853320467274178;
    expect_all(got, &one, 1, "of one number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_densities_are_right), cmocka_unit_test(slopes_are_right), cmocka_unit_test(the_exponential_form_is_right),
        cmocka_unit_test(means_of_statistics), cmocka_unit_test(edges_are_right),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
