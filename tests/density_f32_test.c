/* The families of the library in programs of type f32, against mpmath (density_f32_values.py, whose rows are kept beside it), on every engine with the same bits: they
 * compute in f64 and round once, so a result is within a hair of half a unit in the last place of max(|log-density|, 1); `normal`, which has
 * a form of its own, within 4 of max(|log-density|, |log-density at its peak|, 1), as in f64. That every family is among them is tested too. */
#include "lang/lang.h"
#include "open_context.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COLUMNS = 6, ROWS = 16, MOST_TEXTS = 80 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};

typedef struct subject {
    char text[96];
    float columns[COLUMNS][ROWS];
    double wanted[ROWS];
    unsigned rows;
} subject;

static subject subjects[MOST_TEXTS];
static unsigned subject_count;

static void read_rows(void)
{
    const char *folder = getenv("SINTER_TESTS");
    char path[4096], text[96];
    double v[COLUMNS + 1];
    snprintf(path, sizeof path, "%s/density_f32_values.txt", folder ? folder : "tests");
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    while (file && fscanf(file, "%95s %la %la %la %la %la %la %la", text, v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6) == 8) {
        subject *s = subject_count ? &subjects[subject_count - 1] : NULL;
        if (!s || strcmp(s->text, text) != 0) {
            assert_true(subject_count < MOST_TEXTS);
            s = &subjects[subject_count++];
            memcpy(s->text, text, sizeof text);
        }
        assert_true(s->rows < ROWS);
        for (unsigned c = 0; c < COLUMNS; c++)
            s->columns[c][s->rows] = (float)v[c];
        s->wanted[s->rows++] = v[COLUMNS];
    }
    if (file)
        fclose(file);
}

static void run(const subject *s, sinter_engine engine, float *out)
{
    static sinter_report report;
    const sinter_options options = {.type = SINTER_F32, .inputs = "p q r x y z", .engine = engine};
    sinter_kernel *kernel = NULL;
    if (sinter_compile(context, s->text, strlen(s->text), &options, &kernel, &report))
        fail_msg("%s: %s", s->text, report.errors[0].message);
    const void *in[COLUMNS];
    for (unsigned c = 0; c < COLUMNS; c++)
        in[c] = s->columns[c];
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){out}, .count = s->rows}), SINTER_OK);
    sinter_kernel_close(kernel);
}

static double error_of(const subject *s, unsigned row, float out)
{
    double size = fmax(fabs(s->wanted[row]), 1);
    if (!strncmp(s->text, "log_density(normal(", 19))
        size = fmax(size, fabs(log((double)s->columns[1][row]) + 0.9189385332046727));
    return fabs((double)out - s->wanted[row])/ldexp(1, ilogb(size) - 23);
}

static void values_are_right(void **state)
{
    float out[ROWS], others[ROWS];
    double most = 0, most_normal = 0;
    (void)state;
    for (unsigned k = 0; k < subject_count; k++) {
        const subject *s = &subjects[k];
        const bool is_normal = !strncmp(s->text, "log_density(normal(", 19);
        assert_int_equal(s->rows, ROWS);
        run(s, SINTER_ENGINE_INTERP, out);
        for (unsigned i = 0; i < ROWS; i++) {
            const double error = error_of(s, i, out[i]);
            *(is_normal ? &most_normal : &most) = fmax(is_normal ? most_normal : most, error);
            if (!(error <= (is_normal ? 4 : 0.51)))
                fail_msg("%s at %a %a %a, x = %a: %a, not %a: %g ULP", s->text, (double)s->columns[0][i], (double)s->columns[1][i],
                         (double)s->columns[2][i], (double)s->columns[3][i], (double)out[i], s->wanted[i], error);
        }
        for (unsigned e = 1; e < sizeof engines / sizeof *engines; e++) {
            if (!sinter_engine_available(engines[e], NULL))
                continue;
            run(s, engines[e], others);
            for (unsigned i = 0; i < ROWS; i++)
                if (memcmp(&others[i], &out[i], sizeof out[i]) != 0)
                    fail_msg("%s, row %u: engine %u has other bits", s->text, i, e);
        }
    }
    print_message("# f32: %.3f ULP; normal %.3f ULP\n", most, most_normal);
}

static void every_family_is_among_them(void **state)
{
    lang_family_entry entry;
    (void)state;
    for (uint32_t i = 0; sn_lang_family(i, &entry); i++) {
        char begin[64];
        bool found = entry.same_as != NULL;
        snprintf(begin, sizeof begin, "log_density(%s(", entry.name);
        for (unsigned k = 0; k < subject_count && !found; k++)
            found = !strncmp(subjects[k].text, begin, strlen(begin));
        if (!found)
            fail_msg("there is no row of %s", entry.name);
    }
}

/* Types meet as those of functions do: an f64 among the arguments makes the result one. */
static void types_meet(void **state)
{
    static const struct { const char *text; sinter_type type; double value; } cases[] = {
        {"log_density(gamma(2, 3), f32(x))", SINTER_F64, -3.1096282421038355}, {"log_density(gamma(2, f64(3)), x)*f64(1)", SINTER_F32, -3.1096282421038355},
        {"exp(log_survival(rayleigh(2), x))", SINTER_F32, 0.60653065971263342}, {"log_density(gamma(2, 3), i32(x))", SINTER_F32, -3.1096282421038355},
    };
    (void)state;
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_kernel *kernel;
        const double x = 2;
        const float narrow = 2;
        double out = 0;
        const sinter_options options = {.type = cases[k].type, .inputs = "x"};
        assert_int_equal(sinter_compile(context, cases[k].text, strlen(cases[k].text), &options, &kernel, NULL), SINTER_OK);
        const void *in[] = {options.type == SINTER_F64 ? (const void *)&x : (const void *)&narrow};
        assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){&out}, .count = 1}), SINTER_OK);
        sinter_kernel_close(kernel);
        float result;
        memcpy(&result, &out, sizeof result);
        const double found = options.type == SINTER_F64 ? out : (double)result;
        if (!(fabs(found - cases[k].value) <= (options.type == SINTER_F64 ? 4e-16 : 1.2e-7)*fabs(cases[k].value)))
            fail_msg("%s is %.17g, not %.17g", cases[k].text, found, cases[k].value);
    }
}

static int open_all(void **state)
{
    read_rows();
    return open_context(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_right), cmocka_unit_test(every_family_is_among_them), cmocka_unit_test(types_meet)};
    return cmocka_run_group_tests(tests, open_all, close_context);
}
