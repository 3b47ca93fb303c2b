/* The library's colours against their definitions in plain C (f64) and the values that specifications print:
 * transfer curves, hues, Oklab, gradients, tone curves, blending; the colour maps against their sources
 * (colour_maps.txt), within the error that their own documentation states. Every engine has to give the same
 * bits. */
#include "open_context.h"

#include <sinter/sinter.h>

#include "lang/library.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field_values.h"

static const sinter_type types[] = {SINTER_F32, SINTER_F64};
static const double pi = 3.14159265358979323846;

typedef struct triple {
    double v[3];
} triple;

/* ---- places: colours on a lattice, steps along a line ---- */

enum {
    SIDE = 17,
    COLOURS = SIDE * SIDE * SIDE,
    STEPS = 4096,
    PLACES = STEPS + 1,
    MOST = PLACES > COLOURS ? PLACES : COLOURS
};

static double lattice[3][COLOURS], along[PLACES], got[MOST * 16];

static int make_places(void **state)
{
    for (int i = 0; i < COLOURS; i++) {
        lattice[0][i] = i % SIDE / 16.0;
        lattice[1][i] = i / SIDE % SIDE / 16.0;
        lattice[2][i] = i / SIDE / SIDE / 16.0;
    }
    return open_context(state);
}

static void spread(double from, double to)
{
    for (int i = 0; i < PLACES; i++)
        along[i] = from + (to - from) * i / STEPS;
}

static uint32_t values(const char *text, sinter_type type)
{
    return values_along_x(text, type, along, PLACES, got);
}

/* x, y, z are the components of each colour of the lattice. */
static uint32_t lattice_values(const char *text, sinter_type type)
{
    return field_values(text, type, (const double *const[4]){lattice[0], lattice[1], lattice[2]}, COLOURS,
                        got);
}

static triple lattice_colour(int i)
{
    return (triple){{lattice[0][i], lattice[1][i], lattice[2][i]}};
}

static triple got_colour(int count, int i)
{
    return (triple){{got[i], got[count + i], got[2 * count + i]}};
}

static double apart(triple a, triple b)
{
    return fmax(fabs(a.v[0] - b.v[0]), fmax(fabs(a.v[1] - b.v[1]), fabs(a.v[2] - b.v[2])));
}

/* Each colour of the lattice goes through the text and through the definition. */
static void lattice_follows(const char *text, triple (*definition)(triple), double single, double wide)
{
    for (int k = 0; k < 2; k++) {
        const double bound = types[k] == SINTER_F64 ? wide : single;
        assert_int_equal(lattice_values(text, types[k]), 3);
        for (int i = 0; i < COLOURS; i++) {
            const triple c = lattice_colour(i), a = got_colour(COLOURS, i), b = definition(c);
            if (!(apart(a, b) <= bound))
                fail_msg("%s of (%g, %g, %g): (%.17g, %.17g, %.17g), not (%.17g, %.17g, %.17g)", text, c.v[0],
                         c.v[1], c.v[2], a.v[0], a.v[1], a.v[2], b.v[0], b.v[1], b.v[2]);
        }
    }
}

static triple itself(triple c)
{
    return c;
}

/* One colour by a constant expression. */
static triple one(const char *text, sinter_type type)
{
    double v[3];
    const double nowhere = 0;
    assert_int_equal(values_along_x(text, type, &nowhere, 1, v), 3);
    return (triple){{v[0], v[1], v[2]}};
}

static void is_colour(const char *text, double r, double g, double b, double bound)
{
    for (int k = 0; k < 2; k++) {
        const triple c = one(text, types[k]);
        if (!(apart(c, (triple){{r, g, b}}) <= bound))
            fail_msg("%s is (%.9g, %.9g, %.9g), not (%.9g, %.9g, %.9g)", text, c.v[0], c.v[1], c.v[2], r, g,
                     b);
    }
}

/* ---- transfer curves ---- */

static double to_linear(double c)
{
    const double a = fabs(c);
    return copysign(a <= 0.04045 ? a / 12.92 : pow((a + 0.055) / 1.055, 2.4), c);
}

static double to_srgb(double c)
{
    const double a = fabs(c);
    return copysign(a <= 0.0031308 ? 12.92 * a : 1.055 * pow(a, 1 / 2.4) - 0.055, c);
}

static void transfer_curves_follow_the_specification(void **state)
{
    (void)state;
    spread(-1, 1);
    for (int k = 0; k < 2; k++) {
        const bool wide = types[k] == SINTER_F64;
        assert_int_equal(
            values("(srgb_to_linear(x), linear_to_srgb(x), srgb_to_linear(linear_to_srgb(x)))", types[k]), 3);
        for (int i = 0; i < PLACES; i++) {
            const double x = along[i];
            assert_true(fabs(got[i] - to_linear(x)) <= (wide ? 2e-15 : 1e-6));
            assert_true(fabs(got[PLACES + i] - to_srgb(x)) <= (wide ? 1e-15 : 5e-7));
            assert_true(fabs(got[2 * PLACES + i] - x) <= (wide ? 4e-15 : 2e-6));
            assert_true(got[i] == -got[STEPS - i] && got[PLACES + i] == -got[PLACES + STEPS - i]);
            assert_true(i == 0 || (got[i] > got[i - 1] && got[PLACES + i] > got[PLACES + i - 1]));
        }
        for (int curve = 0; curve < 3; curve++)
            assert_true(got[curve * PLACES] == -1 && got[curve * PLACES + STEPS / 2] == 0 &&
                        got[curve * PLACES + STEPS] == 1);
    }
}

/* About the two places where the pieces meet, number by number; they are 3e-8 apart there, by the
 * specification. */
static void transfer_curves_meet(void **state)
{
    (void)state;
    static const double joins[] = {0.04045, 0.0031308};
    static const char *const texts[] = {"srgb_to_linear(x)", "linear_to_srgb(x)"};
    for (int curve = 0; curve < 2; curve++) {
        spread(joins[curve] - 1e-4, joins[curve] + 1e-4);
        values(texts[curve], SINTER_F64);
        for (int i = 0; i < PLACES; i++)
            assert_true(fabs(got[i] - (curve ? to_srgb : to_linear)(along[i])) <= 1e-15);
    }
}

static void luminance_of_white_is_one(void **state)
{
    (void)state;
    lattice_values("(luminance(x, y, z), luminance(1, 1, 1), 0)", SINTER_F64);
    for (int i = 0; i < COLOURS; i++) {
        const triple c = lattice_colour(i);
        const double wanted = (c.v[0] * 87098 / 409605 + c.v[1] * 175762 / 245763) + c.v[2] * 12673 / 175545;
        assert_true(fabs(got[i] - wanted) < 1e-15 && fabs(got[COLOURS + i] - 1) < 1e-15);
    }
}

/* ---- hues ---- */

static double hue_of(triple c, double most, double chroma)
{
    const double r = c.v[0], g = c.v[1], b = c.v[2];
    if (chroma == 0)
        return 0;
    const double sixths = most == r   ? (g - b) / chroma + (g < b ? 6 : 0)
                          : most == g ? (b - r) / chroma + 2
                                      : (r - g) / chroma + 4;
    return sixths / 6;
}

static double most_of(triple c)
{
    return fmax(fmax(c.v[0], c.v[1]), c.v[2]);
}

static double least_of(triple c)
{
    return fmin(fmin(c.v[0], c.v[1]), c.v[2]);
}

static triple to_hsv(triple c)
{
    const double most = most_of(c), chroma = most - least_of(c);
    return (triple){{hue_of(c, most, chroma), most > 0 ? chroma / most : 0, most}};
}

static triple to_hsl(triple c)
{
    const double most = most_of(c), chroma = most - least_of(c), l = (most + least_of(c)) / 2;
    return (triple){{hue_of(c, most, chroma), l > 0 && l < 1 ? (most - l) / fmin(l, 1 - l) : 0, l}};
}

/* CSS Color 4's function of a twelfth's number, for hues in degrees. */
static triple from_hsl(triple c)
{
    triple out;
    for (int n = 0; n < 3; n++) {
        const double k = fmod((double[]){0, 8, 4}[n] + c.v[0] * 12, 12),
                     a = c.v[1] * fmin(c.v[2], 1 - c.v[2]);
        out.v[n] = c.v[2] - a * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
    }
    return out;
}

/* By the sixths of the circle. */
static triple from_hsv(triple c)
{
    const double h = fmod(c.v[0], 1) * 6, s = c.v[1], v = c.v[2], f = h - floor(h);
    const double p = v * (1 - s), q = v * (1 - s * f), t = v * (1 - s * (1 - f));
    const double sixths[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
    const double *const it = sixths[(int)h];
    return (triple){{it[0], it[1], it[2]}};
}

static void hues_follow_their_definitions(void **state)
{
    (void)state;
    lattice_follows("rgb_to_hsv(x, y, z)", to_hsv, 2e-7, 3e-16);
    lattice_follows("rgb_to_hsl(x, y, z)", to_hsl, 2e-7, 4e-16);
    lattice_follows("hsv_to_rgb(x, y, z)", from_hsv, 2e-7, 3e-16);
    lattice_follows("hsl_to_rgb(x, y, z)", from_hsl, 2e-7, 3e-16);
    lattice_follows("hsv_to_rgb(x + 3, y, z)", from_hsv, 2e-6, 3e-15);
    lattice_follows("hsv_to_rgb(x - 2, y, z)", from_hsv, 2e-6, 3e-15);
    lattice_follows("hsv_to_rgb(rgb_to_hsv(x, y, z))", itself, 1e-6, 2e-15);
    lattice_follows("hsl_to_rgb(rgb_to_hsl(x, y, z))", itself, 1e-6, 2e-15);
    is_colour("hsl_to_rgb(1/3, 1, 0.25)", 0, 0.5, 0, 1e-7); /* CSS: green */
    is_colour("hsl_to_rgb(30/360, 1, 0.5)", 1, 0.5, 0, 1e-6);
    is_colour("rgb_to_hsv(0.3, 0.3, 0.3)", 0, 0, 0.3, 2e-8);
    is_colour("rgb_to_hsl(0, 0, 0)", 0, 0, 0, 0);
    is_colour("rgb_to_hsl(1, 1, 1)", 0, 0, 1, 0);
}

/* ---- Oklab ---- */

static triple times(const double m[3][3], triple c)
{
    triple out;
    for (int i = 0; i < 3; i++)
        out.v[i] = m[i][0] * c.v[0] + m[i][1] * c.v[1] + m[i][2] * c.v[2];
    return out;
}

/* Linear sRGB to XYZ to Oklab, as CSS Color 4 goes. */
static triple to_oklab(triple c)
{
    static const double xyz[3][3] = {{506752.0 / 1228815, 87881.0 / 245763, 12673.0 / 70218},
                                     {87098.0 / 409605, 175762.0 / 245763, 12673.0 / 175545},
                                     {7918.0 / 409605, 87881.0 / 737289, 1001167.0 / 1053270}};
    static const double lms[3][3] = {{0.8190224379967030, 0.3619062600528904, -0.1288737815209879},
                                     {0.0329836539323885, 0.9292868615863434, 0.0361446663506424},
                                     {0.0481771893596242, 0.2642395317527308, 0.6335478284694309}};
    static const double lab[3][3] = {{0.2104542683093140, 0.7936177747023054, -0.0040720430116193},
                                     {1.9779985324311684, -2.4285922420485799, 0.4505937096174110},
                                     {0.0259040424655478, 0.7827717124575296, -0.8086757549230774}};
    triple cones = times(lms, times(xyz, c));
    for (int k = 0; k < 3; k++)
        cones.v[k] = cbrt(cones.v[k]);
    return times(lab, cones);
}

static void oklab_follows_the_specification(void **state)
{
    (void)state;
    lattice_follows("linear_to_oklab(x, y, z)", to_oklab, 6e-7, 2e-15);
    lattice_follows("oklab_to_linear(linear_to_oklab(x, y, z))", itself, 3e-6, 8e-15);
    /* a component near 0 in a light colour is the worst: the transfer curve rises by 12.92 there */
    lattice_follows("oklab_to_srgb(srgb_to_oklab(x, y, z))", itself, 2e-5, 1e-13);
    lattice_follows("oklch_to_srgb(srgb_to_oklch(x, y, z))", itself, 2e-5, 1e-13);
    /* Sample values of CSS Color 4: red, lime, blue, white. Hues there are degrees. */
    is_colour("srgb_to_oklab(1, 0, 0)", 0.62796, 0.22486, 0.12585, 6e-6);
    is_colour("srgb_to_oklch(1, 0, 0)", 0.62796, 0.25768, 29.234 / 360, 6e-6);
    is_colour("srgb_to_oklch(0, 1, 0)", 0.86644, 0.29483, 142.495 / 360, 6e-6);
    is_colour("srgb_to_oklch(0, 0, 1)", 0.45201, 0.31321, 264.052 / 360, 6e-6);
    is_colour("srgb_to_oklab(1, 1, 1)", 1, 0, 0, 5e-7);
    is_colour("srgb_to_oklch(0, 0, 0)", 0, 0, 0, 0);
    is_colour("oklch_to_srgb(0.62796, 0.25768, 29.234/360)", 1, 0, 0, 1e-4);
}

/* Ottosson's table of XYZ and Oklab, three digits. */
static void oklab_has_ottossons_values(void **state)
{
    (void)state;
    static const double linear[3][3] = {{12831.0 / 3959, -329.0 / 214, -1974.0 / 3959},
                                        {-851781.0 / 878810, 1648619.0 / 878810, 36519.0 / 878810},
                                        {705.0 / 12673, -2585.0 / 12673, 705.0 / 667}};
    static const double table[][2][3] = {{{0.950, 1.000, 1.089}, {1.000, 0.000, 0.000}},
                                         {{1.000, 0.000, 0.000}, {0.450, 1.236, -0.019}},
                                         {{0.000, 1.000, 0.000}, {0.922, -0.671, 0.263}},
                                         {{0.000, 0.000, 1.000}, {0.153, -1.415, -0.449}}};
    for (int row = 0; row < 4; row++) {
        char text[160];
        const triple c = times(linear, (triple){{table[row][0][0], table[row][0][1], table[row][0][2]}});
        snprintf(text, sizeof text, "linear_to_oklab(%.17g, %.17g, %.17g)", c.v[0], c.v[1], c.v[2]);
        is_colour(text, table[row][1][0], table[row][1][1], table[row][1][2], 1.01e-3);
    }
}

/* ---- palettes and gradients ---- */

static void palettes_follow_their_formula(void **state)
{
    (void)state;
    spread(-1, 2);
    for (int k = 0; k < 2; k++) {
        values("(palette(x), palette(x, (0.8, 0.5, 0.4), (0.2, 0.4, 0.2), (2, 1, 1), (0, 0.25, 0.25)))",
               types[k]);
        for (int i = 0; i < PLACES; i++) {
            static const double a[3] = {0.8, 0.5, 0.4}, b[3] = {0.2, 0.4, 0.2}, c[3] = {2, 1, 1},
                                d[3] = {0, 0.25, 0.25};
            static const double begin[3] = {0, 0.33, 0.67};
            for (int n = 0; n < 3; n++) {
                const double bound = types[k] == SINTER_F64 ? 4e-15 : 2e-6;
                assert_true(fabs(got[n * PLACES + i] - (0.5 + 0.5 * cos(2 * pi * (along[i] + begin[n])))) <=
                            bound);
                assert_true(fabs(got[(3 + n) * PLACES + i] -
                                 (a[n] + b[n] * cos(2 * pi * (c[n] * along[i] + d[n])))) <= bound);
            }
        }
    }
}

static const double stops[6][3] = {{0.1, 0.2, 0.9}, {1, 0, 0},        {0, 1, 0},
                                   {1, 1, 0.25},    {0.5, 0.1, 0.75}, {1, 1, 1}};
static const char *const stop_texts[] = {"(0.1, 0.2, 0.9)", "(1, 0, 0)",        "(0, 1, 0)",
                                         "(1, 1, 0.25)",    "(0.5, 0.1, 0.75)", "(1, 1, 1)"};

static double same(double v)
{
    return v;
}

static triple each(double (*f)(double), triple c)
{
    return (triple){{f(c.v[0]), f(c.v[1]), f(c.v[2])}};
}

/* Inverse of to_oklab by Newton's method, each derivative measured: independent of the library's inverse
 * matrices. */
static triple from_oklab(triple wanted)
{
    triple c = {{0.5, 0.5, 0.5}};
    for (int round = 0; round < 60; round++) {
        const triple at = to_oklab(c);
        double a[3][4];
        for (int k = 0; k < 3; k++) {
            triple near = c;
            near.v[k] += 1e-7;
            const triple there = to_oklab(near);
            for (int i = 0; i < 3; i++)
                a[i][k] = (there.v[i] - at.v[i]) / 1e-7;
        }
        for (int i = 0; i < 3; i++)
            a[i][3] = wanted.v[i] - at.v[i];
        for (int p = 0; p < 3; p++)
            for (int i = 0; i < 3; i++) {
                const double f = i == p ? 0 : a[i][p] / a[p][p];
                for (int k = p; k < 4 && i != p; k++)
                    a[i][k] -= f * a[p][k];
            }
        for (int k = 0; k < 3; k++)
            c.v[k] += 0.7 * a[k][3] / a[k][k];
    }
    return c;
}

static triple srgb_to_oklab(triple c)
{
    return to_oklab(each(to_linear, c));
}

static triple oklab_to_srgb(triple c)
{
    return each(to_srgb, from_oklab(c));
}

static triple srgb_to_linear(triple c)
{
    return each(to_linear, c);
}

static triple linear_to_srgb(triple c)
{
    return each(to_srgb, c);
}

static triple unchanged(triple c)
{
    return each(same, c);
}

static const struct {
    const char *name;
    int most;
    triple (*into)(triple), (*back)(triple);
    double single, wide;
} spaces[] = {
    {"gradient", 6, unchanged, unchanged, 6e-7, 1e-15},
    {"gradient_linear", 4, srgb_to_linear, linear_to_srgb, 1e-6, 4e-15},
    {"gradient_oklab", 5, srgb_to_oklab, oklab_to_srgb, 2e-5, 1e-11},
};

static triple between(int space, int count, double t)
{
    const double s = fmin(fmax(t, 0), 1) * (count - 1);
    const int from = (int)fmin(floor(s), count - 2);
    triple a = {{stops[from][0], stops[from][1], stops[from][2]}};
    triple b = {{stops[from + 1][0], stops[from + 1][1], stops[from + 1][2]}};
    a = spaces[space].into(a);
    b = spaces[space].into(b);
    for (int k = 0; k < 3; k++)
        a.v[k] += (s - from) * (b.v[k] - a.v[k]);
    return spaces[space].back(a);
}

static void gradients_go_straight_in_their_space(void **state)
{
    (void)state;
    enum { PARTS = 60, AT = PARTS + 3 };
    double at[AT], colours[3 * AT];
    for (int i = 0; i <= PARTS; i++)
        at[i] = (double)i / PARTS; /* all stops, and between them */
    at[PARTS + 1] = -0.5;
    at[PARTS + 2] = 1.5;
    for (int space = 0; space < 3; space++)
        for (int count = 2; count <= spaces[space].most; count++)
            for (int k = 0; k < 2; k++) {
                char text[256];
                int n = snprintf(text, sizeof text, "%s(x", spaces[space].name);
                for (int stop = 0; stop < count; stop++)
                    n += snprintf(text + n, sizeof text - (size_t)n, ", %s", stop_texts[stop]);
                snprintf(text + n, sizeof text - (size_t)n, ")");
                assert_int_equal(values_along_x(text, types[k], at, AT, colours), 3);
                for (int i = 0; i < AT; i++) {
                    const triple c = {{colours[i], colours[AT + i], colours[2 * AT + i]}};
                    if (!(apart(c, between(space, count, at[i])) <=
                          (types[k] == SINTER_F64 ? spaces[space].wide : spaces[space].single)))
                        fail_msg("%s at %g: (%.17g, %.17g, %.17g)", text, at[i], c.v[0], c.v[1], c.v[2]);
                }
            }
}

/* From hue 0.95 to 0.15 by way of 0, and back the same way: a fifth of the circle, of constant lightness and
 * chroma. */
static void oklch_goes_the_shorter_way(void **state)
{
    (void)state;
    spread(0, 1);
    values("a = oklch_to_srgb(0.7, 0.1, 0.95); b = oklch_to_srgb(0.7, 0.1, 0.15)\n"
           "(srgb_to_oklch(gradient_oklch(x, a, b)), srgb_to_oklch(gradient_oklch(1 - x, b, a)))",
           SINTER_F64);
    for (int i = 0; i < PLACES; i++) {
        const double hue = 0.95 + 0.2 * along[i];
        assert_true(fabs(got[i] - 0.7) < 1e-13 && fabs(got[PLACES + i] - 0.1) < 1e-13);
        for (int way = 0; way < 2; way++) {
            const double off = got[(3 * way + 2) * PLACES + i] - hue;
            assert_true(fabs(off - round(off)) < 1e-13);
        }
    }
}

/* ---- tone curves ---- */

static double hable(double v)
{
    const double a = 0.15, b = 0.50, c = 0.10, d = 0.20, e = 0.02, f = 0.30;
    return (v * (a * v + c * b) + d * e) / (v * (a * v + b) + d * f) - e / f;
}

static void tone_curves_follow_their_formulas(void **state)
{
    (void)state;
    spread(0, 16);
    for (int k = 0; k < 2; k++) {
        const double bound = types[k] == SINTER_F64 ? 3e-15 : 1e-6;
        values("(tone_reinhard(x), tone_reinhard(x, 8), tone_exponential(x), tone_filmic(x), tone_aces(x), "
               "exposure(x, 1.5))",
               types[k]);
        for (int i = 0; i < PLACES; i++) {
            const double v = along[i];
            const double wanted[] = {
                v / (1 + v),
                fmin(v * (1 + v / 64) / (1 + v), 1),
                1 - exp(-v),
                fmin(hable(v) / hable(11.2), 1),
                fmin(v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14), 1),
                v * pow(2, 1.5),
            };
            for (int c = 0; c < 6; c++) {
                const double is = got[c * PLACES + i];
                if (!(fabs(is - wanted[c]) <= bound * fmax(1, wanted[c])))
                    fail_msg("curve %d at %g: %.17g, not %.17g", c, v, is, wanted[c]);
                assert_true(i == 0 || is >= got[c * PLACES + i - 1]);
                assert_true(c == 5 || (is >= 0 && is <= 1));
            }
        }
        for (int c = 0; c < 6; c++)
            assert_true(fabs(got[c * PLACES]) <= (c == 3 ? 1e-7 : 0)); /* Hable's is a difference */
    }
}

/* Hill's fit: the published matrices' rows for white, and what his fit gives gray. */
static void hills_curve_keeps_gray_gray(void **state)
{
    (void)state;
    spread(0, 16);
    values("(tone_aces_hill(x, x, x), tone_aces_hill(4*x, 0.1*x, 0))", SINTER_F64);
    for (int i = 0; i < PLACES; i++) {
        const double v = along[i],
                     u = (v * (v + 0.0245786) - 0.000090537) / (v * (0.983729 * v + 0.432951) + 0.238081);
        for (int k = 0; k < 3; k++) {
            assert_true(fabs(got[k * PLACES + i] - fmin(fmax(u, 0), 1)) <
                        1e-4); /* rows add up to 1, within their five digits */
            assert_true(i == 0 || got[k * PLACES + i] >= got[k * PLACES + i - 1]);
        }
    }
    assert_true(got[3 * PLACES + STEPS] == 1 && got[4 * PLACES + STEPS] > 0.3); /* red goes to white */
}

static void reinhard_of_the_luminance_keeps_hues(void **state)
{
    (void)state;
    lattice_values("(tone_reinhard_luminance(4*(x, y, z), 5), tone_reinhard(luminance(4*(x, y, z)), 5))",
                   SINTER_F64);
    for (int i = 0; i < COLOURS; i++) {
        const triple c = lattice_colour(i), toned = got_colour(COLOURS, i);
        const double light = (c.v[0] * 87098 / 409605 + c.v[1] * 175762 / 245763) + c.v[2] * 12673 / 175545;
        for (int k = 0; k < 3; k++) /* each component keeps its proportion to the luminance */
            assert_true(fabs(toned.v[k] * light - c.v[k] * got[3 * COLOURS + i]) < 1e-14);
    }
}

/* ---- blending ---- */

/* CSS Compositing and Blending Level 1, B(cb, cs). */
static double multiply(double b, double s)
{
    return b * s;
}

static double screen(double b, double s)
{
    return b + s - b * s;
}

static double hard_light(double b, double s)
{
    return s <= 0.5 ? multiply(b, 2 * s) : screen(b, 2 * s - 1);
}

static double overlay(double b, double s)
{
    return hard_light(s, b);
}

static double darken(double b, double s)
{
    return fmin(b, s);
}

static double lighten(double b, double s)
{
    return fmax(b, s);
}

static double dodge(double b, double s)
{
    return b == 0 ? 0 : s == 1 ? 1 : fmin(1, b / (1 - s));
}

static double burn(double b, double s)
{
    return b == 1 ? 1 : s == 0 ? 0 : 1 - fmin(1, (1 - b) / s);
}

static double soft_light(double b, double s)
{
    const double d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : sqrt(b);
    return s <= 0.5 ? b - (1 - 2 * s) * b * (1 - b) : b + (2 * s - 1) * (d - b);
}

static double difference(double b, double s)
{
    return fabs(b - s);
}

static double exclusion(double b, double s)
{
    return b + s - 2 * b * s;
}

static double add(double b, double s)
{
    return fmin(b + s, 1);
}

static double subtract(double b, double s)
{
    return fmax(b - s, 0);
}

static void blending_follows_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double (*blend)(double, double);
    } modes[] = {{"multiply", multiply},
                 {"screen", screen},
                 {"overlay", overlay},
                 {"hard_light", hard_light},
                 {"soft_light", soft_light},
                 {"dodge", dodge},
                 {"burn", burn},
                 {"darken", darken},
                 {"lighten", lighten},
                 {"difference", difference},
                 {"exclusion", exclusion},
                 {"add", add},
                 {"subtract", subtract}};
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
        for (int k = 0; k < 2; k++) {
            char text[64];
            snprintf(text, sizeof text, "blend_%s(x, y)", modes[m].name);
            assert_int_equal(lattice_values(text, types[k]), 1);
            for (int i = 0; i < COLOURS; i++) {
                const double b = lattice[0][i], s = lattice[1][i], wanted = modes[m].blend(b, s);
                if (!(fabs(got[i] - wanted) <= (types[k] == SINTER_F64 ? 3e-16 : 1.5e-7)))
                    fail_msg("%s at %g, %g: %.17g, not %.17g", text, b, s, got[i], wanted);
            }
        }
}

/* Soft light has pieces that meet at a bottom and a top of other numbers than the lattice has: lines across
 * them. */
static void soft_light_meets_between(void **state)
{
    (void)state;
    static const double tops[] = {0.1, 0.4999, 0.5001, 0.9};
    spread(0, 1);
    values("(blend_soft_light(x, 0.1), blend_soft_light(x, 0.4999), blend_soft_light(x, 0.5001), "
           "blend_soft_light(x, 0.9))",
           SINTER_F64);
    for (int i = 0; i < 4 * PLACES; i++)
        assert_true(fabs(got[i] - soft_light(along[i % PLACES], tops[i / PLACES])) <= 3e-16);
}

static void layers_lie_over_each_other(void **state)
{
    (void)state;
    lattice_follows("blend_over((x, y, z), (0.3, 0.6, 0.9, 0))", itself, 0, 0);
    is_colour("blend_over((0.25, 0.5, 1), (1, 0, 0.5, 1))", 1, 0, 0.5, 0);
    is_colour("blend_over((0.25, 0.5, 1), (0.75, 0, 0.5, 0.5))", 0.5, 0.25, 0.75, 0);
    for (int k = 0; k < 2; k++) {
        double v[16];
        const double nowhere = 0;
        values_along_x("blend_over((1, 0, 0.5, 0.5), (0, 1, 0.5, 0.5))", types[k], &nowhere, 1, v);
        assert_true(fabs(v[0] - 1.0 / 3) < 1e-7 && fabs(v[1] - 2.0 / 3) < 1e-7 && fabs(v[2] - 0.5) < 1e-7 &&
                    v[3] == 0.75);
        values_along_x("(blend_over((1, 1, 1, 0), (1, 1, 1, 0)), blend_over_premultiplied((0.5, 0, 0.25, "
                       "0.5), (0, 0.5, 0.25, 0.5)))",
                       types[k], &nowhere, 1, v);
        static const double wanted[8] = {0, 0, 0, 0, 0.25, 0.5, 0.375, 0.75};
        for (int i = 0; i < 8; i++)
            assert_true(v[i] == wanted[i]);
    }
    /* With and without alpha multiplied in, it is the same picture. */
    lattice_values(
        "a = (x, y, z, 0.75); b = (z, x, y, 0.5); c = blend_over(a, b)\n"
        "d = blend_over_premultiplied((a.xyz*a.w, a.w), (b.xyz*b.w, b.w)); (c.xyz*c.w - d.xyz, c.w - d.w)",
        SINTER_F64);
    for (int i = 0; i < 4 * COLOURS; i++)
        assert_true(fabs(got[i]) < 3e-16);
}

/* ---- colour maps ---- */

enum { MOST_ROWS = 256 };

typedef struct source_map {
    char name[32];
    int rows;
    double colours[MOST_ROWS][3];
} source_map;

/* The next map of the file; false: there is none. */
static bool read_map(FILE *file, source_map *m)
{
    if (fscanf(file, " %31s %d", m->name, &m->rows) != 2)
        return false;
    assert_in_range(m->rows, 2, MOST_ROWS);
    for (int i = 0; i < m->rows; i++)
        for (int k = 0; k < 3; k++) {
            int number;
            assert_int_equal(fscanf(file, " %d", &number), 1);
            m->colours[i][k] = number / 10000.0;
        }
    return true;
}

static FILE *open_maps(void)
{
    const char *folder = getenv("SINTER_TESTS");
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/colour_maps.txt", folder ? folder : "tests");
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    long at = 0;
    while (fgets(line, sizeof line, file) && line[0] == '#')
        at = ftell(file);
    fseek(file, at, SEEK_SET);
    return file;
}

/* What the function's own documentation says, as a fraction of 1: a decimal, rounded up. */
static double stated_error(const char *name)
{
    const lang_library_item *const item = sn_lang_find_item(name, (uint32_t)strlen(name));
    assert_non_null(item);
    const char *const says = strstr(item->details, "Errs by up to ");
    assert_non_null(says);
    return atof(says + strlen("Errs by up to ")) / 255;
}

static void colour_maps_err_by_what_they_state(void **state)
{
    (void)state;
    FILE *file = open_maps();
    int maps = 0;
    for (source_map m; read_map(file, &m); maps++)
        for (int k = 0; k < 2; k++) {
            double at[MOST_ROWS], worst = 0;
            char text[64];
            for (int i = 0; i < m.rows; i++)
                at[i] = (double)i / (m.rows - 1);
            snprintf(text, sizeof text, "%s(x)", m.name);
            assert_int_equal(values_along_x(text, types[k], at, (uint32_t)m.rows, got), 3);
            for (int i = 0; i < 3 * m.rows; i++)
                worst = fmax(worst, fabs(got[i] - m.colours[i % m.rows][i / m.rows]));
            if (worst > stated_error(m.name) || worst < stated_error(m.name) - 0.11 / 255)
                fail_msg("%s errs by %.3f levels of 255", m.name, worst * 255);
            assert_true(worst < 2.0 / 255);
        }
    assert_int_equal(maps, 8);
    fclose(file);
}

static const char *const map_names[] = {"gray",    "viridis", "magma",    "inferno", "plasma",
                                        "cividis", "turbo",   "coolwarm", "twilight"};

static void colour_maps_have_no_jumps_and_ends(void **state)
{
    (void)state;
    static const double outside[] = {-1, -INFINITY, NAN, 2, INFINITY};
    for (size_t m = 0; m < sizeof map_names / sizeof *map_names; m++) {
        char text[64];
        snprintf(text, sizeof text, "%s(x)", map_names[m]);
        spread(0, 1);
        values(text, SINTER_F32);
        for (int i = 1; i < PLACES; i++)
            assert_true(apart(got_colour(PLACES, i), got_colour(PLACES, i - 1)) < 10.0 / STEPS);
        const triple first = got_colour(PLACES, 0), last = got_colour(PLACES, STEPS);
        if (strcmp(map_names[m], "twilight") == 0) {
            assert_true(apart(first, last) == 0);
            spread(-3, -2);
            values(text, SINTER_F32);
            assert_true(apart(first, got_colour(PLACES, 0)) == 0 &&
                        apart(first, got_colour(PLACES, STEPS)) == 0);
            continue;
        }
        values_along_x(text, SINTER_F32, outside, 5, got);
        for (int i = 0; i < 5; i++)
            assert_true(apart(got_colour(5, i), i < 3 ? first : last) == 0);
    }
    is_colour("gray(0.25)", 0.25, 0.25, 0.25, 0);
}

/* The even ones get lighter all the way, looked at over a 64th of it (near black a level of 255 is more than
 * that of lightness); coolwarm up to its middle, and darker behind it. */
static void even_maps_rise_in_lightness(void **state)
{
    (void)state;
    static const char *const rising[] = {"gray(x)",   "viridis(x)", "magma(x)",      "inferno(x)",
                                         "plasma(x)", "cividis(x)", "coolwarm(x/2)", "coolwarm(1 - x/2)"};
    for (size_t m = 0; m < sizeof rising / sizeof *rising; m++) {
        char text[64];
        snprintf(text, sizeof text, "srgb_to_oklab(%s)", rising[m]);
        spread(0, 1);
        values(text, SINTER_F64);
        for (int i = 64; i < PLACES; i++)
            if (!(got[i] > got[i - 64]))
                fail_msg("%s: the lightness is %g at %g, %g behind it", rising[m], got[i - 64], along[i - 64],
                         got[i]);
    }
}

/* ---- everything ---- */

static void nothing_is_nan(void **state)
{
    (void)state;
    static const double hard[] = {0, -0.0, 1, -1, 0.5, 2, -2, 1e-30, -1e-30, 0.99999, 1.00001, 100, -100};
    static const char *const texts[] = {
        "srgb_to_linear(x)",
        "linear_to_srgb(x)",
        "luminance(x, y, z)",
        "hsv_to_rgb(x, y, z)",
        "rgb_to_hsv(x, y, z)",
        "hsl_to_rgb(x, y, z)",
        "rgb_to_hsl(x, y, z)",
        "linear_to_oklab(x, y, z)",
        "oklab_to_linear(x, y, z)",
        "srgb_to_oklab(x, y, z)",
        "oklab_to_srgb(x, y, z)",
        "srgb_to_oklch(x, y, z)",
        "oklch_to_srgb(x, y, z)",
        "palette(x)",
        "gradient(x, (y, z, 0), (1, y, z))",
        "gradient_linear(x, (y, z, 0), (1, y, z))",
        "gradient_oklab(x, (y, z, 0), (1, y, z))",
        "gradient_oklch(x, (y, z, 0), (1, y, z))",
        "exposure(x, y)",
        "tone_reinhard(x)",
        "tone_reinhard(x, 4)",
        "tone_reinhard_luminance((x, y, z), 4)",
        "tone_exponential(x)",
        "tone_filmic(x)",
        "tone_aces(x)",
        "tone_aces_hill(x, y, z)",
        "blend_overlay(x, y)",
        "blend_hard_light(x, y)",
        "blend_soft_light(x, y)",
        "blend_dodge(x, y)",
        "blend_burn(x, y)",
        "blend_over((x, y, z, x), (y, z, x, y))",
        "blend_over((x, y, z), (y, z, x, y))",
        "viridis(x)",
        "magma(x)",
        "inferno(x)",
        "plasma(x)",
        "cividis(x)",
        "turbo(x)",
        "coolwarm(x)",
        "twilight(x)",
        "gray(x)",
    };
    enum { HARD = sizeof hard / sizeof *hard, ALL = HARD * HARD * HARD };
    double at[3][ALL];
    for (int i = 0; i < ALL; i++) {
        at[0][i] = hard[i % HARD];
        at[1][i] = hard[i / HARD % HARD];
        at[2][i] = hard[i / HARD / HARD];
    }
    for (size_t f = 0; f < sizeof texts / sizeof *texts; f++)
        for (int k = 0; k < 2; k++) {
            const uint32_t outputs =
                field_values(texts[f], types[k], (const double *const[4]){at[0], at[1], at[2]}, ALL, got);
            for (uint32_t i = 0; i < outputs * ALL; i++)
                if (!isfinite(got[i]))
                    fail_msg("%s of (%g, %g, %g) is %g", texts[f], at[0][i % ALL], at[1][i % ALL],
                             at[2][i % ALL], got[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfer_curves_follow_the_specification),
        cmocka_unit_test(transfer_curves_meet),
        cmocka_unit_test(luminance_of_white_is_one),
        cmocka_unit_test(hues_follow_their_definitions),
        cmocka_unit_test(oklab_follows_the_specification),
        cmocka_unit_test(oklab_has_ottossons_values),
        cmocka_unit_test(palettes_follow_their_formula),
        cmocka_unit_test(gradients_go_straight_in_their_space),
        cmocka_unit_test(oklch_goes_the_shorter_way),
        cmocka_unit_test(tone_curves_follow_their_formulas),
        cmocka_unit_test(hills_curve_keeps_gray_gray),
        cmocka_unit_test(reinhard_of_the_luminance_keeps_hues),
        cmocka_unit_test(blending_follows_the_specification),
        cmocka_unit_test(soft_light_meets_between),
        cmocka_unit_test(layers_lie_over_each_other),
        cmocka_unit_test(colour_maps_err_by_what_they_state),
        cmocka_unit_test(colour_maps_have_no_jumps_and_ends),
        cmocka_unit_test(even_maps_rise_in_lightness),
        cmocka_unit_test(nothing_is_nan),
    };
    return cmocka_run_group_tests(tests, make_places, close_context);
}
