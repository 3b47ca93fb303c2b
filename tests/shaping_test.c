/* The library's shaping functions against their definitions in plain C (f64), and what they promise: exact
 * ends, monotony, symmetry, no jump where pieces meet, no NaN, the same bits on every engine. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "field_values.h"

static const sinter_type types[] = {SINTER_F32, SINTER_F64};
static const double pi = 3.14159265358979323846;

/* ---- places ---- */

enum { STEPS = 4096, PLACES = STEPS + 1 }; /* from 0 to 1, exact in f32 */

static double place[PLACES], got[PLACES * 8];

static void spread(double from, double to)
{
    for (int i = 0; i < PLACES; i++)
        place[i] = from + (to - from) * i / STEPS;
}

static void values(const char *text, sinter_type type)
{
    assert_in_range(values_along_x(text, type, place, PLACES, got), 1, 8);
}

/* ---- eases ---- */

typedef double (*curve)(double);

static double unit(double t)
{
    return fmin(fmax(t, 0), 1);
}

static double in_sine(double t)
{
    return 1 - cos(unit(t) * pi / 2);
}

static double in_quad(double t)
{
    return pow(unit(t), 2);
}

static double in_cubic(double t)
{
    return pow(unit(t), 3);
}

static double in_quart(double t)
{
    return pow(unit(t), 4);
}

static double in_quint(double t)
{
    return pow(unit(t), 5);
}

static double in_expo(double t)
{
    return (pow(2, 10 * unit(t)) - 1) / 1023;
}

static double in_circ(double t)
{
    return 1 - sqrt(1 - unit(t) * unit(t));
}

static double back_by(double t, double s)
{
    return t * t * ((s + 1) * t - s);
}

static double in_back(double t)
{
    return back_by(unit(t), 1.70158);
}

static double in_back_in_out(double t)
{
    return back_by(unit(t), 1.70158 * 1.525);
}

/* As Penner writes it, with a sine that begins a quarter of its period late. */
static double elastic_by(double t, double period)
{
    return -in_expo(t) * sin((t - 1 - period / 4) * 2 * pi / period);
}

static double in_elastic(double t)
{
    return elastic_by(unit(t), 0.3);
}

static double in_elastic_in_out(double t)
{
    return elastic_by(unit(t), 0.45);
}

static double in_bounce(double t)
{
    double u = 1 - unit(t);
    if (u < 1 / 2.75)
        return 1 - 7.5625 * u * u;
    if (u < 2 / 2.75)
        return u -= 1.5 / 2.75, 1 - (7.5625 * u * u + 0.75);
    if (u < 2.5 / 2.75)
        return u -= 2.25 / 2.75, 1 - (7.5625 * u * u + 0.9375);
    return u -= 2.625 / 2.75, 1 - (7.5625 * u * u + 0.984375);
}

static const struct {
    const char *name;
    curve in, in_of_in_out;
    bool rises; /* never falls */
} eases[] = {
    {"sine", in_sine, in_sine, true},        {"quad", in_quad, in_quad, true},
    {"cubic", in_cubic, in_cubic, true},     {"quart", in_quart, in_quart, true},
    {"quint", in_quint, in_quint, true},     {"expo", in_expo, in_expo, true},
    {"circ", in_circ, in_circ, true},        {"back", in_back, in_back_in_out, false},
    {"bounce", in_bounce, in_bounce, false}, {"elastic", in_elastic, in_elastic_in_out, false},
};
enum { EASES = sizeof eases / sizeof *eases, IN = 0, OUT, IN_OUT };

static double ease_by_definition(int ease, int form, double t)
{
    if (form == IN)
        return eases[ease].in(t);
    if (form == OUT)
        return 1 - eases[ease].in(1 - t);
    const curve in = eases[ease].in_of_in_out;
    return t < 0.5 ? in(2 * t) / 2 : 1 - in(2 - 2 * t) / 2;
}

static void ease_values(int ease, sinter_type type)
{
    char text[256];
    snprintf(text, sizeof text, "(ease_in_%s(x), ease_out_%s(x), ease_in_out_%s(x))", eases[ease].name,
             eases[ease].name, eases[ease].name);
    values(text, type);
}

static void eases_follow_their_definitions(void **state)
{
    (void)state;
    spread(0, 1);
    for (int ease = 0; ease < EASES; ease++)
        for (int k = 0; k < 2; k++) {
            /* a root of nearly 0 (circ) multiplies what was rounded before it; so does 1/(1 - |x|), at most
             */
            const double bound = (types[k] == SINTER_F64 ? 0x1p-53 : 0x1p-24) * 16;
            ease_values(ease, types[k]);
            for (int form = IN; form <= IN_OUT; form++)
                for (int i = 0; i < PLACES; i++) {
                    const double wanted = ease_by_definition(ease, form, place[i]),
                                 v = got[form * PLACES + i];
                    if (!(fabs(v - wanted) <= bound))
                        fail_msg("%s, form %d, at %g: %.17g, not %.17g", eases[ease].name, form, place[i], v,
                                 wanted);
                }
        }
}

static void eases_have_exact_ends_and_stay_there(void **state)
{
    (void)state;
    static const double ends[] = {0, -0.0, -1e-30, -3, -INFINITY, NAN, 1, 1.5, 1e30, INFINITY};
    enum { ENDS = sizeof ends / sizeof *ends, ZEROS = 6 };
    double at[3 * ENDS];
    for (int ease = 0; ease < EASES; ease++)
        for (int k = 0; k < 2; k++) {
            char text[256];
            snprintf(text, sizeof text, "(ease_in_%s(x), ease_out_%s(x), ease_in_out_%s(x))",
                     eases[ease].name, eases[ease].name, eases[ease].name);
            assert_int_equal(values_along_x(text, types[k], ends, ENDS, at), 3);
            for (int i = 0; i < 3 * ENDS; i++)
                if (at[i] != (i % ENDS < ZEROS ? 0 : 1))
                    fail_msg("%s, form %d, of %g is %.17g", eases[ease].name, i / ENDS, ends[i % ENDS],
                             at[i]);
        }
}

/* In-out turned about its middle is itself; out is in turned about it. In these places 1 - t is exact, so
 * that only the last rounding may differ. */
static void eases_are_symmetric(void **state)
{
    (void)state;
    spread(0, 1);
    for (int ease = 0; ease < EASES; ease++)
        for (int k = 0; k < 2; k++) {
            const double bound = types[k] == SINTER_F64 ? 0x1p-53 : 0x1p-24;
            ease_values(ease, types[k]);
            for (int i = 0; i < PLACES; i++) {
                const double in = got[i], out = got[PLACES + STEPS - i];
                const double there = got[2 * PLACES + i], back = got[2 * PLACES + STEPS - i];
                if (fabs(in + out - 1) > bound || fabs(there + back - 1) > bound)
                    fail_msg("%s at %g: %.17g and %.17g, %.17g and %.17g", eases[ease].name, place[i], in,
                             out, there, back);
            }
            assert_true(got[2 * PLACES + STEPS / 2] == 0.5);
        }
}

/* No curve goes faster than 32 anywhere but for the circle's ends, which are level with a root. */
static void eases_are_continuous_and_rise(void **state)
{
    (void)state;
    spread(0, 1);
    for (int ease = 0; ease < EASES; ease++) {
        ease_values(ease, SINTER_F64);
        const bool circle = strcmp(eases[ease].name, "circ") == 0;
        const double most = circle ? sqrt(2.0 / STEPS) * 1.0001 : 32.0 / STEPS;
        for (int form = IN; form <= IN_OUT; form++)
            for (int i = 1; i < PLACES; i++) {
                const double step = got[form * PLACES + i] - got[form * PLACES + i - 1];
                if (fabs(step) > most || (eases[ease].rises && step < 0))
                    fail_msg("%s, form %d, goes by %g up to %g", eases[ease].name, form, step, place[i]);
            }
    }
}

/* Penner's formulas where he has other ones: the exponential, in a thousandth. */
static void the_exponential_is_near_penners(void **state)
{
    (void)state;
    spread(0, 1);
    values("ease_in_expo(x)", SINTER_F64);
    double worst = 0;
    for (int i = 0; i < PLACES; i++)
        worst = fmax(worst, fabs(got[i] - pow(2, 10 * (place[i] - 1))));
    assert_true(worst > 1 / 1025.0 && worst <= 1 / 1024.0);
}

/* ---- bias, gain, ranges ---- */

static void schlicks_curves_follow_their_definitions(void **state)
{
    (void)state;
    static const double amounts[] = {0.02, 0.25, 0.5, 0.6, 0.98};
    spread(0, 1);
    for (int k = 0; k < 2; k++)
        for (size_t a = 0; a < sizeof amounts / sizeof *amounts; a++) {
            const double slope = 1 / amounts[a] - 2,
                         bound = (types[k] == SINTER_F64 ? 0x1p-53 : 0x1p-24) * 100;
            char text[128];
            snprintf(text, sizeof text, "(bias(x, %g), schlick_gain(x, %g))", amounts[a], amounts[a]);
            values(text, types[k]);
            for (int i = 0; i < PLACES; i++) {
                const double t = place[i], bias = t / (slope * (1 - t) + 1), g = slope * (1 - 2 * t);
                const double gain = t < 0.5 ? t / (g + 1) : (g - t) / (g - 1);
                assert_true(fabs(got[i] - bias) <= bound);
                assert_true(fabs(got[PLACES + i] - gain) <= bound);
                assert_true(i == 0 || (got[i] >= got[i - 1] && got[PLACES + i] >= got[PLACES + i - 1]));
            }
            assert_true(got[0] == 0 && got[STEPS] == 1 && got[PLACES] == 0 && got[PLACES + STEPS] == 1);
            assert_true(got[PLACES + STEPS / 2] == 0.5);
        }
}

static void same_numbers(const char *text, const double *at, const double *wanted, uint32_t count)
{
    for (int k = 0; k < 2; k++) {
        values_along_x(text, types[k], at, count, got);
        for (uint32_t i = 0; i < count; i++)
            if (!(got[i] == (types[k] == SINTER_F64 ? wanted[i] : (double)(float)wanted[i])))
                fail_msg("%s at %g is %.17g, not %.17g", text, at[i], got[i], wanted[i]);
    }
}

#define SAME_NUMBERS(text, ...)                                                                              \
    do {                                                                                                     \
        static const double pairs[][2] = {__VA_ARGS__};                                                      \
        enum { COUNT = sizeof pairs / sizeof *pairs };                                                       \
        double at[COUNT], wanted[COUNT];                                                                     \
        for (int pair = 0; pair < COUNT; pair++)                                                             \
            at[pair] = pairs[pair][0], wanted[pair] = pairs[pair][1];                                        \
        same_numbers(text, at, wanted, COUNT);                                                               \
    } while (0)

static void ranges_and_steps(void **state)
{
    (void)state;
    SAME_NUMBERS("saturate(x)", {-1, 0}, {0, 0}, {0.25, 0.25}, {1, 1}, {7, 1}, {NAN, 0}, {INFINITY, 1});
    SAME_NUMBERS("inverse_lerp(2, 6, x)", {2, 0}, {3, 0.25}, {6, 1}, {10, 2});
    SAME_NUMBERS("remap(x, (2, 6), (10, -10))", {2, 10}, {3, 5}, {6, -10}, {8, -20}, {0, 20});
    SAME_NUMBERS("remap(x, 2, 6, 10, -10)", {3, 5});
    SAME_NUMBERS("remap_clamped(x, (2, 6), (10, -10))", {2, 10}, {3, 5}, {6, -10}, {8, -10}, {0, 10},
                 {NAN, 10});
    SAME_NUMBERS("wrap(x)", {0, 0}, {1, 0}, {1.25, 0.25}, {-0.25, 0.75}, {-3, 0});
    SAME_NUMBERS("wrap(x, 2, 6)", {2, 2}, {6, 2}, {7, 3}, {1, 5}, {-5, 3});
    SAME_NUMBERS("pingpong(x)", {0, 0}, {0.25, 0.25}, {1, 1}, {1.25, 0.75}, {2, 0}, {3, 1}, {-0.25, 0.25},
                 {-1, 1});
    SAME_NUMBERS("pingpong(x, 2, 6)", {2, 2}, {5, 5}, {6, 6}, {7, 5}, {10, 2}, {1, 3}, {-2, 6});
    SAME_NUMBERS("contrast(x, 2)", {0.5, 0.5}, {0.75, 1}, {0, -0.5});
    SAME_NUMBERS("contrast(x, 0.5, 0)", {1, 0.5}, {-4, -2});
    SAME_NUMBERS("posterise(x, 3)", {-1, 0}, {0, 0}, {0.3125, 0}, {0.34375, 0.5}, {0.65625, 0.5}, {0.6875, 1},
                 {1, 1}, {9, 1}, {NAN, 0});
    SAME_NUMBERS("posterise(x, 4)", {0.5, 2.0 / 3}, {1, 1});
}

/* ---- waves ---- */

static void waves_meet_their_corners(void **state)
{
    (void)state;
    SAME_NUMBERS("wave_sine(x)", {0, 0}, {0.25, 1}, {0.75, -1}, {1000.25, 1}, {-0.25, -1});
    SAME_NUMBERS("wave_saw(x)", {0, -1}, {0.25, -0.5}, {0.75, 0.5}, {1, -1}, {-0.25, 0.5});
    SAME_NUMBERS("wave_triangle(x)", {0, 0}, {0.125, 0.5}, {0.25, 1}, {0.5, 0}, {0.75, -1}, {1, 0},
                 {-0.25, -1});
    SAME_NUMBERS("wave_square(x)", {0, 1}, {0.25, 1}, {0.5, -1}, {0.75, -1}, {1, 1}, {-0.25, -1});
    SAME_NUMBERS("wave_pulse(x, 0.25)", {0, 1}, {0.1875, 1}, {0.25, -1}, {0.875, -1}, {-0.875, 1});
    SAME_NUMBERS("wave_square_smooth(x, 0.25)", {0, 0}, {0.125, 1}, {0.25, 1}, {0.5, 0}, {0.75, -1},
                 {0.875, -1});
    SAME_NUMBERS("wave_pulse_smooth(x, 0.25, 0.125)", {0, 0}, {0.0625, 1}, {0.125, 1}, {0.25, 0}, {0.5, -1},
                 {0.75, -1});
    SAME_NUMBERS("wave_triangle_smooth(x, 0.25)", {0, 0}, {0.25, 1}, {0.5, 0}, {0.75, -1}, {1, 0});
    SAME_NUMBERS("wave_saw_smooth(x, 0.25)", {0, 0}, {0.5, 0}, {1, 0}, {-0.5, 0});
}

/* Smooth waves have the period 1, are odd about 0, do not leave -1...1, touch both, and have neither jumps
 * nor corners; with a small width they are the waves without one, away from their edges. */
static void smooth_waves_are_smooth(void **state)
{
    (void)state;
    static const struct {
        const char *smooth, *plain;
        double slope, curvature; /* the greatest, at the width 1/8 */
        double height;           /* what they may differ by where the plain one has no edge */
    } waves[] = {
        {"wave_square_smooth(x, 0.125)", "wave_square(x)", 1.5 * 16, 3 * 256, 0},
        {"wave_pulse_smooth(x, 0.5, 0.125)", "wave_square(x)", 1.5 * 16, 3 * 256, 0},
        {"wave_triangle_smooth(x, 0.125)", "wave_triangle(x)", 4.6, 75, 0.15},
        {"wave_saw_smooth(x, 0.125)", "wave_saw(x)", 26, 880, 0.14},
    };
    spread(-1, 1); /* 2048 places a period */
    const double h = 1.0 / 2048;
    for (size_t w = 0; w < sizeof waves / sizeof *waves; w++) {
        char text[128];
        snprintf(text, sizeof text, "(%s, %s)", waves[w].smooth, waves[w].plain);
        values(text, SINTER_F64);
        double highest = -9, lowest = 9;
        for (int i = 1; i < PLACES - 1; i++) {
            const double slope = (got[i + 1] - got[i]) / h,
                         bend = (got[i + 1] - 2 * got[i] + got[i - 1]) / (h * h);
            const double away =
                fabs(place[i] * 2 - round(place[i] * 2)); /* from the edges, in half periods */
            highest = fmax(highest, got[i]);
            lowest = fmin(lowest, got[i]);
            if (fabs(slope) > waves[w].slope || fabs(bend) > waves[w].curvature * 1.001)
                fail_msg("%s: slope %g, curvature %g at %g", waves[w].smooth, slope, bend, place[i]);
            assert_true(fabs(got[i] + got[STEPS - i]) < 1e-14);
            assert_true(i < STEPS / 2 || fabs(got[i] - got[i - STEPS / 2]) < 1e-14);
            assert_true(away < 0.125 || fabs(got[i] - got[PLACES + i]) <= waves[w].height);
        }
        assert_true(fabs(highest - 1) < 1e-4 && highest < 1 + 1e-15 && fabs(lowest + 1) < 1e-4 &&
                    lowest > -1 - 1e-15);
    }
}

/* ---- curves ---- */

static double smoothstep(double u)
{
    u = unit(u);
    return u * u * (3 - 2 * u);
}

static void curves_follow_their_definitions(void **state)
{
    (void)state;
    spread(0, 2);
    for (int k = 0; k < 2; k++) {
        const double bound = (types[k] == SINTER_F64 ? 0x1p-53 : 0x1p-24) * 64;
        values("(curve_gain(x, 3), curve_parabola(x, 2), curve_power(x, 3, 1), curve_impulse(x, 4),"
               "curve_sustained_impulse(x, 0.5, 4), curve_rational_impulse(x, 4), curve_cubic_pulse(x, 0.75, "
               "0.5),"
               "curve_exp_step(x, 4, 3))",
               types[k]);
        for (int i = 0; i < PLACES; i++) {
            const double x = place[i], u = unit(x), s = fmax(x - 0.5, 0);
            const double wanted[] = {
                u < 0.5 ? 4 * u * u * u : 1 - 4 * pow(1 - u, 3),
                pow(4 * u * (1 - u), 2),
                256.0 / 27 * u * u * u * (1 - u),
                4 * x * exp(1 - 4 * x),
                fmin(4 * x * x, 1 + 4 * s * exp(-4 * s)),
                4 * x / (1 + 4 * x * x),
                1 - smoothstep(fabs(x - 0.75) / 0.5),
                exp(-4 * x * x * x),
            };
            for (int c = 0; c < 8; c++)
                if (!(fabs(got[c * PLACES + i] - wanted[c]) <= bound))
                    fail_msg("curve %d at %g: %.17g, not %.17g", c, x, got[c * PLACES + i], wanted[c]);
        }
        values("(curve_rational_bump(x, 4), curve_falloff(x, 0.5), curve_almost_identity(x, 0.5, 0.125),"
               "curve_unit_identity(x), curve_soft_ramp(x, 0.5), curve_sinc(x, 3))",
               types[k]);
        for (int i = 0; i < PLACES; i++) {
            const double x = place[i], a = pi * (3 * x - 1);
            const double wanted[] = {
                1 / (1 + 4 * x * x),
                pow(1 - unit(x / 0.5), 2),
                x > 0.5 ? x : ((0.25 - 0.5) * 2 * x + (1 - 0.375)) * 4 * x * x + 0.125,
                unit(x) * unit(x) * (2 - unit(x)),
                x > 0.5 ? x - 0.25 : pow(x, 3) / 0.25 - pow(x, 4) / 0.25,
                a == 0 ? 1 : sin(a) / a,
            };
            for (int c = 0; c < 6; c++)
                if (!(fabs(got[c * PLACES + i] - wanted[c]) <= bound))
                    fail_msg("curve %d at %g: %.17g, not %.17g", 8 + c, x, got[c * PLACES + i], wanted[c]);
        }
    }
}

static void curves_meet_their_marks(void **state)
{
    (void)state;
    SAME_NUMBERS("curve_gain(x, 3)", {0, 0}, {0.5, 0.5}, {1, 1}, {-2, 0}, {3, 1});
    SAME_NUMBERS("curve_parabola(x, 3)", {0, 0}, {0.5, 1}, {1, 0}, {-1, 0}, {2, 0});
    SAME_NUMBERS("curve_impulse(x, 4)", {0, 0}, {0.25, 1});
    SAME_NUMBERS("curve_cubic_pulse(x, 2, 0.5)", {1.5, 0}, {2, 1}, {2.5, 0}, {9, 0}, {-9, 0});
    SAME_NUMBERS("curve_falloff(x, 2)", {-1, 1}, {0, 1}, {1, 0.25}, {2, 0}, {3, 0});
    SAME_NUMBERS("curve_almost_identity(x, 0.5, 0.125)", {0, 0.125}, {0.5, 0.5}, {2, 2});
    SAME_NUMBERS("curve_soft_ramp(x, 0.5)", {-1, 0}, {0, 0}, {0.5, 0.25}, {2, 1.75});
    SAME_NUMBERS("curve_sinc(x, 4)", {0.25, 1}, {0.5, 0}, {0.75, 0});
}

/* ---- everything ---- */

static void nothing_is_nan(void **state)
{
    (void)state;
    static const double hard[] = {0,     -0.0,   1,       -1,      0.5,  2,     -2,
                                  1e-30, -1e-30, 0.99999, 1.00001, 7.25, -7.25, 1000.5};
    static const char *const texts[] = {
        "saturate(x)",
        "inverse_lerp(1, 3, x)",
        "remap(x, (0, 1), (3, 2))",
        "remap_clamped(x, (0, 1), (3, 2))",
        "wrap(x)",
        "pingpong(x)",
        "contrast(x, 1.5)",
        "posterise(x, 5)",
        "bias(x, 0.01)",
        "bias(x, 0.99)",
        "schlick_gain(x, 0.01)",
        "schlick_gain(x, 0.99)",
        "wave_sine(x)",
        "wave_saw(x)",
        "wave_triangle(x)",
        "wave_square(x)",
        "wave_pulse(x, 0.3)",
        "wave_pulse_smooth(x, 0.3)",
        "wave_square_smooth(x)",
        "wave_triangle_smooth(x)",
        "wave_saw_smooth(x)",
        "curve_gain(x, 2.5)",
        "curve_parabola(x, 2.5)",
        "curve_power(x, 2, 0.5)",
        "curve_impulse(x, 3)",
        "curve_sustained_impulse(x, 0.3, 3)",
        "curve_rational_impulse(x, 3)",
        "curve_cubic_pulse(x, 0.5, 0.2)",
        "curve_rational_bump(x, 3)",
        "curve_falloff(x, 2)",
        "curve_exp_step(x, 3, 2.5)",
        "curve_almost_identity(x, 1, 0.5)",
        "curve_unit_identity(x)",
        "curve_soft_ramp(x, 0.5)",
        "curve_sinc(x, 1)",
    };
    enum { HARD = sizeof hard / sizeof *hard };
    for (size_t f = 0; f < sizeof texts / sizeof *texts; f++)
        for (int k = 0; k < 2; k++) {
            assert_int_equal(values_along_x(texts[f], types[k], hard, HARD, got), 1);
            for (int i = 0; i < HARD; i++)
                if (!isfinite(got[i]))
                    fail_msg("%s of %g is %g", texts[f], hard[i], got[i]);
        }
}

static void tuples_go_element_by_element(void **state)
{
    (void)state;
    spread(-1, 2);
    values("ease_in_out_back((x, 2*x)) - (ease_in_out_back(x), ease_in_out_back(2*x))", SINTER_F32);
    for (int i = 0; i < 2 * PLACES; i++)
        assert_true(got[i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eases_follow_their_definitions),
        cmocka_unit_test(eases_have_exact_ends_and_stay_there),
        cmocka_unit_test(eases_are_symmetric),
        cmocka_unit_test(eases_are_continuous_and_rise),
        cmocka_unit_test(the_exponential_is_near_penners),
        cmocka_unit_test(schlicks_curves_follow_their_definitions),
        cmocka_unit_test(ranges_and_steps),
        cmocka_unit_test(waves_meet_their_corners),
        cmocka_unit_test(smooth_waves_are_smooth),
        cmocka_unit_test(curves_follow_their_definitions),
        cmocka_unit_test(curves_meet_their_marks),
        cmocka_unit_test(nothing_is_nan),
        cmocka_unit_test(tuples_go_element_by_element),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
