/* The library's complex numbers against C's own (f64 arithmetic of <complex.h>), in f32 and f64: over the plane, on the axes, on both sides of
 * the branch cut, at 0, near it and far out. An error is measured against the result's absolute value, as is usual where the parts of a
 * result differ in size; what must be exact (signs on the cut, conjugates, values at 0) is compared exactly. */
#include "open_context.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "field_values.h"

typedef double _Complex number;

/* C has no macro for it that keeps signed zeros with every compiler. */
static number made_of(double re, double im)
{
    union { double parts[2]; number whole; } both = {{re, im}};
    return both.whole;
}

/* ---- points ---- */

enum { SIDE = 41, MORE = 40, POINTS = SIDE * SIDE + MORE };

static double a_re[POINTS], a_im[POINTS], b_re[POINTS], b_im[POINTS], got[2 * POINTS];

static void fill(double far)
{
    static const double odd[] = {0.0, -0.0, 1e-12, -1e-12, 3.0};
    int n = 0;
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < SIDE; k++, n++) {
            a_re[n] = 0.25 * (i - SIDE / 2);
            a_im[n] = 0.25 * (k - SIDE / 2);
        }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++, n++) {
            a_re[n] = odd[i];
            a_im[n] = odd[k];
        }
    for (int k = 0; n < POINTS; k++, n++) {
        a_re[n] = (k & 1 ? -1 : 1) * far / (1 + k);
        a_im[n] = (k & 2 ? -1 : 1) * (k & 4 ? far : 1e-3 * far);
    }
    for (int k = 0; k < POINTS; k++) {
        a_re[k] = (double)(float)a_re[k];
        a_im[k] = (double)(float)a_im[k];
        b_re[k] = a_im[(k * 7 + 11) % (SIDE * SIDE)] + 0.125;
        b_im[k] = a_re[(k * 13 + 5) % (SIDE * SIDE)] - 0.0625;
    }
}

static void values(const char *text, sinter_type type)
{
    const double *const at[] = {a_re, a_im, b_re, b_im};
    assert_int_equal(field_values(text, type, at, POINTS, got), 2);
}

static const sinter_type types[] = {SINTER_F32, SINTER_F64};

static double unit(sinter_type type)
{
    return type == SINTER_F64 ? 0x1p-53 : 0x1p-24;
}

/* ---- functions ---- */

static number product(number a, number b) { return a * b; }
static number quotient(number a, number b) { return a / b; }
static number square(number a, number b) { (void)b; return a * a; }
static number root(number a, number b) { (void)b; return csqrt(a); }
static number exponential(number a, number b) { (void)b; return cexp(a); }
static number logarithm(number a, number b) { (void)b; return clog(a); }
static number sine(number a, number b) { (void)b; return csin(a); }
static number cosine(number a, number b) { (void)b; return ccos(a); }
static number power(number a, number b) { return cpow(a, b); }
static number polar(number a, number b) { (void)b; return creal(a) * cexp(made_of(0, cimag(a))); }
static number conjugate(number a, number b) { (void)b; return conj(a); }

/* `units`: the error in units of the type's rounding, relative to max(|result|, floor). `far`: how large parts may be. To the
 * power's error the exponent's adds, whose absolute error is its relative one. */
static const struct { const char *text; number (*of)(number, number); double units, floor, far; } functions[] = {
    {"complex_mul((x, y), (z, t))", product, 3, 0, 1e9},
    {"complex_div((x, y), (z, t))", quotient, 8, 0, 1e9},
    {"complex_square(x, y)", square, 3, 0, 1e9},
    {"complex_sqrt(x, y)", root, 6, 0, 1e9},
    {"complex_exp(x, y)", exponential, 6, 0, 8},
    {"complex_log(x, y)", logarithm, 4, 1, 1e9},
    {"complex_sin(x, y)", sine, 6, 0, 8},
    {"complex_cos(x, y)", cosine, 6, 0, 8},
    {"complex_pow((x, y), (z, t))", power, 4, 0, 8},
    {"complex_polar(x, y)", polar, 5, 0, 8},
    {"complex_conj(x, y)", conjugate, 0, 0, 1e9},
};

static void test_functions(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        for (int type = 0; type < 2; type++) {
            fill(functions[f].far);
            values(functions[f].text, types[type]);
            for (int k = 0; k < POINTS; k++) {
                const number a = made_of(a_re[k], a_im[k]), b = made_of(b_re[k], b_im[k]), right = functions[f].of(a, b);
                if (cabs(a) == 0 && (functions[f].of == logarithm || functions[f].of == power))
                    continue; /* below */
                if (types[type] == SINTER_F32 && (cabs(right) > 1e37 || (cabs(right) < 1e-30 && cabs(right) > 0)))
                    continue; /* in the powers: beyond f32, or nearly so */
                const double size = fmax(cabs(right), functions[f].floor);
                const double error = cabs(made_of(got[k] - creal(right), got[POINTS + k] - cimag(right)));
                const double units = functions[f].units + (functions[f].of == power ? 3 * cabs(b * clog(a)) : 0);
                if (!(error <= units * unit(types[type]) * size))
                    fail_msg("%s at (%g, %g), (%g, %g): (%.17g, %.17g) instead of (%.17g, %.17g), %g units", functions[f].text, a_re[k], a_im[k], b_re[k],
                             b_im[k], got[k], got[POINTS + k], creal(right), cimag(right), error / size / unit(types[type]));
            }
        }
}

/* The side of the cut is that of the imaginary part, −0 included; parts are nowhere NaN, and what has a sign has the right one. */
static void test_cut(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++)
        for (int which = 0; which < 2; which++) {
            fill(1e9);
            values(which ? "complex_log(x, y)" : "complex_sqrt(x, y)", types[type]);
            for (int k = 0; k < POINTS; k++) {
                assert_true(got[k] == got[k] && got[POINTS + k] == got[POINTS + k]);
                assert_true(!signbit(got[POINTS + k]) == !signbit(a_im[k]));
                if (!which)
                    assert_true(got[k] >= 0);
            }
        }
}

static void test_zero(void **state)
{
    (void)state;
    fill(1);
    for (int type = 0; type < 2; type++) {
        values("complex_log(0*abs(x), 0)", types[type]);
        assert_true(got[0] == (double)-INFINITY && got[POINTS] == 0);
        values("complex_pow((0*abs(x), 0), (1, 2))", types[type]);
        assert_true(got[0] == 0 && got[POINTS] == 0);
        values("(complex_abs(3*x/x, 4), complex_arg(-abs(x) - 1, 0))", types[type]);
        assert_true(got[0] == 5 && fabs(got[POINTS] - 3.14159265358979323846) <= 4 * unit(types[type]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_zero),
    };
    return cmocka_run_group_tests_name("complex numbers", tests, open_context, close_context);
}
