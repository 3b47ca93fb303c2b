/* Noise: every form of src/lib/noise.sn and fractal.sn has the bits of the reference (noise_reference.h) in
 * f32 and f64 on every engine, at ordinary, negative, whole, huge and undefined coordinates; and it looks as
 * it should: range, mean, spectrum, no lattice to be seen, seeds unlike each other, tiles that meet. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "repetitions.h"

/* ---- what the reference needs of whole numbers ---- */

static const uint8_t permutation[256] = {
    151, 160, 137, 91,  90,  15,  131, 13,  201, 95,  96,  53,  194, 233, 7,   225, 140, 36,  103, 30,
    69,  142, 8,   99,  37,  240, 21,  10,  23,  190, 6,   148, 247, 120, 234, 75,  0,   26,  197, 62,
    94,  252, 219, 203, 117, 35,  11,  32,  57,  177, 33,  88,  237, 149, 56,  87,  174, 20,  125, 136,
    171, 168, 68,  175, 74,  165, 71,  134, 139, 48,  27,  166, 77,  146, 158, 231, 83,  111, 229, 122,
    60,  211, 133, 230, 220, 105, 92,  41,  55,  46,  245, 40,  244, 102, 143, 54,  65,  25,  63,  161,
    1,   216, 80,  73,  209, 76,  132, 187, 208, 89,  18,  169, 200, 196, 135, 130, 116, 188, 159, 86,
    164, 100, 109, 198, 173, 186, 3,   64,  52,  217, 226, 250, 124, 123, 5,   202, 38,  147, 118, 126,
    255, 82,  85,  212, 207, 206, 59,  227, 47,  16,  58,  17,  182, 189, 28,  42,  223, 183, 170, 213,
    119, 248, 152, 2,   44,  154, 163, 70,  221, 153, 101, 155, 167, 43,  172, 9,   129, 22,  39,  253,
    19,  98,  108, 110, 79,  113, 224, 232, 178, 185, 112, 104, 218, 246, 97,  228, 251, 34,  242, 193,
    238, 210, 144, 12,  191, 179, 162, 241, 81,  51,  145, 235, 249, 14,  239, 107, 49,  192, 214, 31,
    181, 199, 106, 157, 184, 84,  204, 176, 115, 121, 50,  45,  127, 4,   150, 254, 138, 236, 205, 93,
    222, 114, 67,  29,  24,  72,  243, 141, 128, 195, 78,  66,  215, 61,  156, 180};
static const int8_t diagonals[4][2] = {{1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
static const int8_t edges[16][3] = {{1, 1, 0},  {-1, 1, 0},  {1, -1, 0}, {-1, -1, 0}, {1, 0, 1},  {-1, 0, 1},
                                    {1, 0, -1}, {-1, 0, -1}, {0, 1, 1},  {0, -1, 1},  {0, 1, -1}, {0, -1, -1},
                                    {1, 1, 0},  {0, -1, 1},  {-1, 1, 0}, {0, -1, -1}};
static const int8_t octagon[8][2] = {{7, 3}, {3, 7}, {-3, 7}, {-7, 3}, {-7, -3}, {-3, -7}, {3, -7}, {7, -3}};

/* Along axis k: 0, 1 or −1. */
static int hyper_edge(unsigned hash, unsigned k)
{
    const unsigned absent = hash >> 2 & 3, place = k - (k > absent);
    const int sign = place < 2 && hash >> place & 1 ? -1 : 1;
    return k == absent ? 0 : hash & 16 ? -sign : sign;
}

static unsigned first_look_up(uint32_t cell, int seed)
{
    const uint32_t s = (uint32_t)seed * 0x9E3779B1u;
    return permutation[(cell + (s >> 24)) % 256] ^ (s >> 16 & 255);
}

static uint32_t key_of(unsigned n, const uint32_t *cells, int seed)
{
    static const uint32_t factors[4] = {501125321, 1136930381, 1720413743, 1066037191};
    uint32_t key = cells[0] * factors[0] + (uint32_t)seed * 0x9E3779B1u + 0x3C6EF372u;
    for (unsigned k = 1; k < n; k++)
        key ^= cells[k] * factors[k];
    return key;
}

static uint32_t mixed(uint32_t key)
{
    return (key ^ key >> 15) * 0x27D4EB2Du;
}

/* A hash of good upper bits as one by which gradients are listed. */
static unsigned upper_bits(unsigned n, uint32_t h)
{
    const unsigned top = h >> 28;
    return n == 1   ? top >> 1 | (top & 1) << 3
           : n == 2 ? h >> 31 | (h >> 30 & 1) << 1
           : n == 3 ? top
                    : top | (h >> 27 & 1) << 4;
}

typedef enum fractal_kind { PLAIN, RIDGED, BILLOW, TURBULENCE } fractal_kind;

#define T float
#define NAMED(name) name##_f32
#define K(literal) literal##f
#define FMA fmaf
#define FLOOR floorf
#define FMOD fmodf
#define ABS fabsf
#define SQRT sqrtf
#include "noise_reference.h"
#undef T
#undef NAMED
#undef K
#undef FMA
#undef FLOOR
#undef FMOD
#undef ABS
#undef SQRT
#define T double
#define NAMED(name) name##_f64
#define K(literal) literal
#define FMA fma
#define FLOOR floor
#define FMOD fmod
#define ABS fabs
#define SQRT sqrt
#include "noise_reference.h"
#undef T
#undef NAMED
#undef K
#undef FMA
#undef FLOOR
#undef FMOD
#undef ABS
#undef SQRT

/* ---- the forms ---- */

typedef enum family {
    PERLIN,
    PERLIN_GRADIENT,
    PERLIN_ENDLESS,
    VALUE,
    WHITE,
    SIMPLEX,
    SIMPLEX_GRADIENT,
    WORLEY,
    WORLEY_F2,
    WORLEY_EDGE,
    WORLEY_CELL,
    FRACTAL,
    FRACTAL_SIMPLEX,
    FRACTAL_VALUE,
    WARP,
    CURL
} family;

typedef struct form {
    const char *text;
    family family;
    unsigned n;
    int period, seed;
    double jitter; /* of cells; of warps the amount */
    int metric;
    fractal_kind kind;
    unsigned octaves;
    double lacunarity, gain;
} form;

#define POINT_1 "x"
#define POINT_2 "x, y"
#define POINT_3 "x, y, z"
#define POINT_4 "x, y, z, t"
#define OCTAVES(name, n, base, kind) \
    { \
        name "(" POINT_##n ")", base, n, 0, 0, 0, 0, kind, 6, 2, 0.5 \
    }
#define SIX_OCTAVES(n, base, suffix) \
    OCTAVES("fbm" suffix, n, base, PLAIN), OCTAVES("ridged" suffix, n, base, RIDGED), \
        OCTAVES("billow" suffix, n, base, BILLOW), OCTAVES("turbulence" suffix, n, base, TURBULENCE)
#define CELLS(name, base, n, what, jitter, metric, seed) \
    { \
        name "(" POINT_##n what ")", base, n, 0, seed, jitter, metric, 0, 0, 0, 0 \
    }
#define METRICS(name, base, n) \
    CELLS(name, base, n, "", 1, 0, 0), CELLS(name, base, n, ", jitter=0.7, metric=1, seed=3", 0.7, 1, 3), \
        CELLS(name, base, n, ", metric=2, seed=-1", 1, 2, -1)
#define TILED(name, base, n, period) \
    {name "(" POINT_##n ", " #period ")", base, n, period, 0, 1, 0, 0, 0, 0, 0}, \
    { \
        name "(" POINT_##n ", " #period ", seed=9)", base, n, period, 9, 1, 0, 0, 0, 0, 0 \
    }
#define OF(text, base, n, seed) \
    { \
        text, base, n, 0, seed, 1, 0, 0, 0, 0, 0 \
    }

static const form forms[] = {
    OF("perlin(x)", PERLIN, 1, 0),
    OF("perlin(x, y)", PERLIN, 2, 0),
    OF("perlin(x, y, z)", PERLIN, 3, 0),
    OF("perlin(x, y, z, t)", PERLIN, 4, 0),
    OF("perlin((x, y), 7)", PERLIN, 2, 7),
    OF("perlin(x, seed=-2)", PERLIN, 1, -2),
    OF("perlin((x, y, z), 123456)", PERLIN, 3, 123456),
    OF("perlin(p=(x, y, z, t), seed=1)", PERLIN, 4, 1),
    OF("perlin2(x, y, 2)", PERLIN, 2, 2),
    OF("perlin3((x, y, z), seed=2)", PERLIN, 3, 2),
    OF("perlin_gradient(x)", PERLIN_GRADIENT, 1, 0),
    OF("perlin_gradient(x, y)", PERLIN_GRADIENT, 2, 0),
    OF("perlin_gradient(x, y, z)", PERLIN_GRADIENT, 3, 0),
    OF("perlin_gradient((x, y), 5)", PERLIN_GRADIENT, 2, 5),
    OF("perlin_gradient(x, y, z, seed=-7)", PERLIN_GRADIENT, 3, -7),
    TILED("perlin_tiled", PERLIN, 1, 5),
    TILED("perlin_tiled", PERLIN, 2, 7),
    TILED("perlin_tiled", PERLIN, 3, 256),
    TILED("perlin_tiled", PERLIN, 4, 3),
    OF("perlin_endless(x)", PERLIN_ENDLESS, 1, 0),
    OF("perlin_endless(x, y)", PERLIN_ENDLESS, 2, 0),
    OF("perlin_endless(x, y, z)", PERLIN_ENDLESS, 3, 0),
    OF("perlin_endless(x, y, z, t)", PERLIN_ENDLESS, 4, 0),
    OF("perlin_endless((x, y), 5)", PERLIN_ENDLESS, 2, 5),
    OF("perlin_endless((x, y, z), -1)", PERLIN_ENDLESS, 3, -1),
    OF("value(x)", VALUE, 1, 0),
    OF("value(x, y)", VALUE, 2, 0),
    OF("value(x, y, z)", VALUE, 3, 0),
    OF("value(x, y, z, t)", VALUE, 4, 0),
    OF("value((x, y), 3)", VALUE, 2, 3),
    TILED("value_tiled", VALUE, 1, 1000003),
    TILED("value_tiled", VALUE, 2, 6),
    TILED("value_tiled", VALUE, 3, 1),
    TILED("value_tiled", VALUE, 4, 10),
    OF("white(x)", WHITE, 1, 0),
    OF("white(x, y)", WHITE, 2, 0),
    OF("white(x, y, z)", WHITE, 3, 0),
    OF("white(x, y, z, t)", WHITE, 4, 0),
    OF("white(x, seed=4)", WHITE, 1, 4),
    OF("simplex(x, y)", SIMPLEX, 2, 0),
    OF("simplex(x, y, z)", SIMPLEX, 3, 0),
    OF("simplex(x, y, z, t)", SIMPLEX, 4, 0),
    OF("simplex2(x, y, 11)", SIMPLEX, 2, 11),
    OF("simplex3(x, y, z, 11)", SIMPLEX, 3, 11),
    OF("simplex((x, y, z, t), -3)", SIMPLEX, 4, -3),
    OF("simplex_gradient(x, y)", SIMPLEX_GRADIENT, 2, 0),
    OF("simplex_gradient(x, y, z)", SIMPLEX_GRADIENT, 3, 0),
    METRICS("worley", WORLEY, 2),
    METRICS("worley", WORLEY, 3),
    METRICS("worley_f2", WORLEY_F2, 2),
    METRICS("worley_f2", WORLEY_F2, 3),
    METRICS("worley_edge", WORLEY_EDGE, 2),
    METRICS("worley_edge", WORLEY_EDGE, 3),
    METRICS("worley_cell", WORLEY_CELL, 2),
    METRICS("worley_cell", WORLEY_CELL, 3),
    TILED("worley_tiled", WORLEY, 2, 4),
    TILED("worley_tiled", WORLEY, 3, 3),
    TILED("worley_f2_tiled", WORLEY_F2, 2, 5),
    TILED("worley_f2_tiled", WORLEY_F2, 3, 2),
    TILED("worley_edge_tiled", WORLEY_EDGE, 2, 5),
    TILED("worley_edge_tiled", WORLEY_EDGE, 3, 4),
    TILED("worley_cell_tiled", WORLEY_CELL, 2, 5),
    TILED("worley_cell_tiled", WORLEY_CELL, 3, 4),
    SIX_OCTAVES(1, FRACTAL, ""),
    SIX_OCTAVES(2, FRACTAL, ""),
    SIX_OCTAVES(3, FRACTAL, ""),
    SIX_OCTAVES(4, FRACTAL, ""),
    SIX_OCTAVES(2, FRACTAL_SIMPLEX, "_simplex"),
    SIX_OCTAVES(3, FRACTAL_SIMPLEX, "_simplex"),
    SIX_OCTAVES(4, FRACTAL_SIMPLEX, "_simplex"),
    SIX_OCTAVES(1, FRACTAL_VALUE, "_value"),
    SIX_OCTAVES(2, FRACTAL_VALUE, "_value"),
    SIX_OCTAVES(3, FRACTAL_VALUE, "_value"),
    SIX_OCTAVES(4, FRACTAL_VALUE, "_value"),
    {"fbm((x, y), 8, 1.75, 0.625, 3)", FRACTAL, 2, 0, 3, 0, 0, PLAIN, 8, 1.75, 0.625},
    {"fbm2(x, y, octaves=1)", FRACTAL, 2, 0, 0, 0, 0, PLAIN, 1, 2, 0.5},
    {"fbm3(x, y, z, 3, gain=0.75)", FRACTAL, 3, 0, 0, 0, 0, PLAIN, 3, 2, 0.75},
    {"fbm_tiled(x, y, 8)", FRACTAL, 2, 8, 0, 0, 0, PLAIN, 4, 2, 0.5},
    {"fbm_tiled(x, y, z, 3, lacunarity=3, octaves=3)", FRACTAL, 3, 3, 0, 0, 0, PLAIN, 3, 3, 0.5},
    {"fbm_tiled(x, 5, seed=2)", FRACTAL, 1, 5, 2, 0, 0, PLAIN, 4, 2, 0.5},
    {"ridged_tiled(x, y, 7)", FRACTAL, 2, 7, 0, 0, 0, RIDGED, 4, 2, 0.5},
    {"ridged_tiled(x, y, z, 4, gain=0.75, seed=3)", FRACTAL, 3, 4, 3, 0, 0, RIDGED, 4, 2, 0.75},
    {"billow_tiled((x, y), 16, octaves=5)", FRACTAL, 2, 16, 0, 0, 0, BILLOW, 5, 2, 0.5},
    {"billow_tiled((x, y, z), 3)", FRACTAL, 3, 3, 0, 0, 0, BILLOW, 4, 2, 0.5},
    {"turbulence_tiled(x, y, 6, octaves=3, lacunarity=3)", FRACTAL, 2, 6, 0, 0, 0, TURBULENCE, 3, 3, 0.5},
    {"turbulence_tiled(x, y, z, 2)", FRACTAL, 3, 2, 0, 0, 0, TURBULENCE, 4, 2, 0.5},
    {"warp((x, y), 0.75)", WARP, 2, 0, 0, 0.75, 0, 0, 0, 0, 0},
    {"warp(x, y, z, amount=2, seed=5)", WARP, 3, 0, 5, 2, 0, 0, 0, 0, 0},
    {"warp(x, y, z, t)", WARP, 4, 0, 0, 1, 0, 0, 0, 0, 0},
    OF("curl(x, y)", CURL, 2, 0),
    OF("curl((x, y), 3)", CURL, 2, 3),
    OF("curl(x, y, z)", CURL, 3, 0),
    CELLS("worley2", WORLEY, 2, ", 0.75, 2, 4", 0.75, 2, 4),
    CELLS("worley3", WORLEY, 3, "", 1, 0, 0),
    CELLS("cellular", WORLEY, 2, "", 1, 0, 0),
    CELLS("cellular", WORLEY, 3, ", metric=1", 1, 1, 0),
};
enum { FORMS = sizeof forms / sizeof *forms };

/* What the form gives at a point; returns how many numbers that is. */
#define DEFINE_REFERENCE(T, NAMED, FMA) \
    static unsigned NAMED(cells_of)(const form *f, const T *p, T *result) \
    { \
        const NAMED(nearest) s = NAMED(worley_any)(f->n, p, f->period, (T)f->jitter, f->metric, f->seed, 1); \
        result[0] = f->family == WORLEY        ? s.first \
                    : f->family == WORLEY_F2   ? s.second \
                    : f->family == WORLEY_EDGE ? s.second - s.first \
                                               : NAMED(white_of)(s.key, s.first); \
        return 1; \
    } \
    static unsigned NAMED(fractal_of)(const form *f, const T *p, T *result) \
    { \
        const NAMED(octave) noise = f->family == FRACTAL           ? NAMED(perlin_octave) \
                                    : f->family == FRACTAL_SIMPLEX ? NAMED(simplex_octave) \
                                                                   : NAMED(value_any); \
        *result = NAMED(octaves)(noise, f->n, p, f->period, f->kind, f->octaves, (T)f->lacunarity, \
                                 (T)f->gain, f->seed); \
        return 1; \
    } \
    static unsigned NAMED(flow_of)(const form *f, const T *p, T *result) \
    { \
        T noise[4][4]; \
        if (f->n == 2) { \
            NAMED(perlin_any)(2, p, 0, f->seed, true, noise[0]); \
            result[0] = noise[0][2]; \
            result[1] = -noise[0][1]; \
            return 2; \
        } \
        for (int k = 0; k < 3; k++) \
            NAMED(perlin_any)(3, p, 0, f->seed + 1 + k, true, noise[k]); \
        for (int k = 0; k < 3; k++) { \
            const int next = (k + 1) % 3, last = (k + 2) % 3; \
            result[k] = noise[last][1 + next] - noise[next][1 + last]; \
        } \
        return 3; \
    } \
    static unsigned NAMED(reference)(const form *f, const T *p, T *result) \
    { \
        switch (f->family) { \
        case PERLIN: NAMED(perlin_any)(f->n, p, f->period, f->seed, false, result); return 1; \
        case PERLIN_GRADIENT: NAMED(perlin_any)(f->n, p, 0, f->seed, true, result); return f->n + 1; \
        case PERLIN_ENDLESS: \
            NAMED(perlin_or_endless)(f->n, p, 0, f->seed, true, false, result); \
            return 1; \
        case VALUE: *result = NAMED(value_any)(f->n, p, f->period, f->seed); return 1; \
        case WHITE: *result = NAMED(white_any)(f->n, p, f->seed); return 1; \
        case SIMPLEX: NAMED(simplex_any)(f->n, p, f->seed, false, result); return 1; \
        case SIMPLEX_GRADIENT: NAMED(simplex_any)(f->n, p, f->seed, true, result); return f->n + 1; \
        case WORLEY: \
        case WORLEY_F2: \
        case WORLEY_EDGE: \
        case WORLEY_CELL: return NAMED(cells_of)(f, p, result); \
        case FRACTAL: \
        case FRACTAL_SIMPLEX: \
        case FRACTAL_VALUE: return NAMED(fractal_of)(f, p, result); \
        case CURL: return NAMED(flow_of)(f, p, result); \
        case WARP: break; \
        } \
        for (unsigned k = 0; k < f->n; k++) \
            result[k] = FMA(NAMED(perlin_octave)(f->n, p, 0, f->seed + 1 + (int)k), (T)f->jitter, p[k]); \
        return f->n; \
    }
#define NAMED_F32(name) name##_f32
#define NAMED_F64(name) name##_f64
DEFINE_REFERENCE(float, NAMED_F32, fmaf)
DEFINE_REFERENCE(double, NAMED_F64, fma)

/* ---- points ---- */

enum { POINTS = 2816, MOST_OUTPUTS = 4 };

static double points[POINTS][4];
static int point_count;

static double uniform(uint64_t *state) /* −1 … 1 */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-52 - 1;
}

/* Ordinary ones first; then whole and half numbers, then what is so large that i32 ends, then what f32 and
 * f64 can just tell apart, then what is no number. Of a share every fifth: no period below has a factor of five. */
static void make_points(void)
{
    const int stride = test_share() > 1 ? 5 : 1;
    static const double odd[] = {0,        -0.0,     1,        -1,        0.5,       -0.5,         255,
                                 256,      -256,     0x1p-149, -0x1p-149, 0x1p-1074, 0.9999999999, NAN,
                                 INFINITY, -INFINITY};
    uint64_t state = 20021;
    point_count = 0;
    for (int i = 0; i < POINTS; i += stride, point_count++)
        for (int k = 0; k < 4; k++) {
            const double u = uniform(&state);
            double v = i < 1024   ? 8 * u
                       : i < 1536 ? 700 * u
                       : i < 1792 ? floor(9 * u)
                       : i < 1920 ? floor(64 * u) / 2
                                  : 0;
            if (i >= 1920 && i < 2304)
                v = ldexp(u, 20 + i % 16);
            if (i >= 2304 && i < 2688)
                v = k == i % 3 ? 5 * u : ldexp(u, 31 + i % 23);
            if (i >= 2688)
                v = (k + i) % 3 ? 3 * u : odd[(i / 2) % (int)(sizeof odd / sizeof *odd)];
            points[point_count][k] = v;
        }
}

/* Periods are promised up to 2^40 in f32, and simplices of huge coordinates are what is left of them: their
 * cells depend on roundings that the reference has, too. */
static bool is_promised(const form *f, const double *p, sinter_type type)
{
    for (unsigned k = 0; k < f->n; k++)
        if (f->period && type == SINTER_F32 && fabs(p[k]) > 0x1p39 && isfinite(p[k]))
            return false;
    return true;
}

/* ---- every form, every engine ---- */

static sinter_kernel *compile(const char *text, sinter_type type, sinter_engine engine)
{
    const sinter_options options = {
        .type = type, .engine = engine, .rewriting = SINTER_STRICT, .inputs = "x y z t"};
    sinter_kernel *kernel;
    sinter_report report;
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

static uint64_t compared;

#define DEFINE_COMPARISON(T, NAMED, TYPE) \
    static T NAMED(coordinates)[4][POINTS], NAMED(results)[MOST_OUTPUTS][POINTS], \
        NAMED(wanted)[MOST_OUTPUTS][POINTS]; \
    static unsigned NAMED(prepare)(const form *f) \
    { \
        unsigned count = 0; \
        for (int i = 0; i < point_count; i++) { \
            T p[4], result[5]; \
            for (int k = 0; k < 4; k++) \
                p[k] = NAMED(coordinates)[k][i] = (T)points[i][k]; \
            count = NAMED(reference)(f, p, result); \
            for (unsigned k = 0; k < count; k++) \
                NAMED(wanted)[k][i] = result[k]; \
        } \
        return count; \
    } \
    static void NAMED(compare)(const form *f, sinter_engine engine, unsigned count) \
    { \
        sinter_kernel *kernel = compile(f->text, TYPE, engine); \
        const void *inputs[4]; \
        void *outputs[MOST_OUTPUTS]; \
        for (int k = 0; k < 4; k++) { \
            inputs[k] = NAMED(coordinates)[k]; \
            outputs[k] = NAMED(results)[k]; \
        } \
        assert_int_equal(sinter_kernel_describe(kernel).output_count, count); \
        const sinter_arguments a = {.inputs = inputs, .outputs = outputs, .count = (uint32_t)point_count}; \
        assert_int_equal(sinter_run(kernel, &a), SINTER_OK); \
        for (unsigned k = 0; k < count; k++) \
            for (int i = 0; i < point_count; i++) { \
                const T got = NAMED(results)[k][i], wanted = NAMED(wanted)[k][i]; \
                if (!is_promised(f, points[i], TYPE)) \
                    continue; \
                compared++; \
                if (memcmp(&got, &wanted, sizeof got) != 0 && !(got != got && wanted != wanted)) \
                    fail_msg("%s.%u on %s at %a, %a, %a, %a: %a, not %a", f->text, k, \
                             sinter_engine_name(engine), points[i][0], points[i][1], points[i][2], \
                             points[i][3], (double)got, (double)wanted); \
            } \
        sinter_kernel_close(kernel); \
    } \
    static void NAMED(compare_all)(void) \
    { \
        for (unsigned k = 0; k < FORMS; k++) { \
            const unsigned count = NAMED(prepare)(&forms[k]); \
            for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) \
                if (sinter_engine_available((sinter_engine)engine, NULL)) \
                    NAMED(compare)(&forms[k], (sinter_engine)engine, count); \
        } \
    }
DEFINE_COMPARISON(float, NAMED_F32, SINTER_F32)
DEFINE_COMPARISON(double, NAMED_F64, SINTER_F64)

static void f32_has_the_bits_of_the_reference(void **state)
{
    (void)state;
    make_points();
    compare_all_f32();
}

static void f64_has_the_bits_of_the_reference(void **state)
{
    (void)state;
    make_points();
    compare_all_f64();
    printf("# %llu numbers compared\n", (unsigned long long)compared);
}

/* ---- how it looks ---- */

enum { SIDE = 256, CELLS = 32, AREA = SIDE * SIDE };

typedef struct picture {
    float x[AREA], y[AREA], z[AREA], t[AREA], values[MOST_OUTPUTS][AREA];
} picture;

static picture it;

static unsigned run(const char *text)
{
    sinter_kernel *kernel = compile(text, SINTER_F32, SINTER_ENGINE_AUTO);
    const void *inputs[4] = {it.x, it.y, it.z, it.t};
    void *outputs[MOST_OUTPUTS];
    for (int k = 0; k < MOST_OUTPUTS; k++)
        outputs[k] = it.values[k];
    const unsigned count = sinter_kernel_describe(kernel).output_count;
    assert_in_range(count, 1, MOST_OUTPUTS);
    const sinter_arguments a = {.inputs = inputs, .outputs = outputs, .count = AREA};
    assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
    sinter_kernel_close(kernel);
    return count;
}

/* Eight samples to a cell, 32 cells a side; a plane that is slanted in z and t, so that it meets no lattice
 * there. */
static void lay_grid(double first)
{
    for (int i = 0; i < AREA; i++) {
        it.x[i] = (float)(first + i % SIDE * (double)CELLS / SIDE);
        it.y[i] = (float)(first + i / SIDE * (double)CELLS / SIDE);
        it.z[i] = 0.37f + 0.61f * it.x[i] - 0.47f * it.y[i];
        it.t[i] = 0.71f + 0.43f * it.x[i] + 0.57f * it.y[i];
    }
}

static void scatter(double size, uint64_t seed)
{
    for (int i = 0; i < AREA; i++) {
        it.x[i] = (float)(size * uniform(&seed));
        it.y[i] = (float)(size * uniform(&seed));
        it.z[i] = (float)(size * uniform(&seed));
        it.t[i] = (float)(size * uniform(&seed));
    }
}

static double mean_of(const float *values)
{
    double sum = 0;
    for (int i = 0; i < AREA; i++)
        sum += (double)values[i];
    return sum / AREA;
}

static double square_mean(const float *values)
{
    double sum = 0;
    for (int i = 0; i < AREA; i++)
        sum += (double)values[i] * (double)values[i];
    return sum / AREA;
}

static void the_reference_values_hold(void **state)
{
    (void)state;
    const double p[3] = {3.14, 42, 7};
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        sinter_kernel *kernel = compile("perlin(x, y, z) + 0*t", SINTER_F64, (sinter_engine)engine);
        double result;
        const sinter_arguments a = {.inputs = (const void *[]){&p[0], &p[1], &p[2], &p[0]},
                                    .outputs = (void *[]){&result},
                                    .count = 1};
        assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
        assert_true(result == 0.13691995878400012);
        sinter_kernel_close(kernel);
    }
}

/* The mean squares that theory gives. Of independent gradients with the mean squares c along n axes: the
 * integral over a cell of the sum over corners of (weight · offset)² is B A^(n − 1) along each axis; of
 * independent values of the mean square 1/3 it is A^n/3. */
static double faded_mean(bool with_offset)
{
    enum { STEPS = 4000 };
    double sum = 0;
    for (int i = 0; i < STEPS; i++) {
        const double t = (i + 0.5) / STEPS, f = fade_f64(t), to_low = with_offset ? t : 1,
                     to_high = with_offset ? 1 - t : 1;
        sum += (1 - f) * (1 - f) * to_low * to_low + f * f * to_high * to_high;
    }
    return sum / STEPS;
}

static double gradient_theory(unsigned n, double c, double scale)
{
    return scale * sqrt(c * faded_mean(true) * pow(faded_mean(false), n - 1));
}

static double value_theory(unsigned n)
{
    return sqrt(pow(faded_mean(false), n) / 3);
}

/* What is stated of each noise: its bounds, and that it comes near them; its mean; its root mean square,
 * where theory says it that, else what it was when this was written: a change of any gradient or scale shows.
 */
static void ranges_means_and_sizes(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double low, high, reaches, mean, root_mean_square;
    } table[] = {
        {"perlin(x)", -1, 1, 0.93, 0, gradient_theory(1, 25.5, 0.25)},
        {"perlin(x, y)", -1, 1, 0.99, 0, gradient_theory(2, 2, 1)},
        {"perlin(x, y, z)", -1.0364, 1.0364, 0.85, 0, gradient_theory(3, 2, 1)},
        {"perlin(x, y, z, t)", -1, 1, 0.6, 0, gradient_theory(4, 3, 0.65)},
        {"perlin_endless(x)", -1, 1, 0.97, 0, gradient_theory(1, 25.5, 0.25)},
        {"perlin_endless(x, y)", -1, 1, 0.99, 0, gradient_theory(2, 2, 1)},
        {"perlin_endless(x, y, z)", -1.0364, 1.0364, 0.85, 0, gradient_theory(3, 2, 1)},
        {"perlin_endless(x, y, z, t)", -1, 1, 0.6, 0, gradient_theory(4, 3, 0.65)},
        {"value(x)", -1, 1, 0.99, 0, value_theory(1)},
        {"value(x, y)", -1, 1, 0.99, 0, value_theory(2)},
        {"value(x, y, z)", -1, 1, 0.98, 0, value_theory(3)},
        {"value(x, y, z, t)", -1, 1, 0.95, 0, value_theory(4)},
        {"white(x*99)", -1, 1, 0.9999, 0, sqrt(1 / 3.0)},
        {"white(x*99, y*99)", -1, 1, 0.9999, 0, sqrt(1 / 3.0)},
        {"white(x*99, y*99, z*99)", -1, 1, 0.9999, 0, sqrt(1 / 3.0)},
        {"white(x*99, y*99, z*99, t*99)", -1, 1, 0.9999, 0, sqrt(1 / 3.0)},
        {"worley_cell(x, y)", -1, 1, 0.999, 0, sqrt(1 / 3.0)},
        {"worley_cell(x, y, z)", -1, 1, 0.999, 0, sqrt(1 / 3.0)},
        {"simplex(x, y)", -1, 1, 0.99, 0, 0.544},
        {"simplex(x, y, z)", -1, 1, 0.99, 0, 0.392},
        {"simplex(x, y, z, t)", -1, 1, 0.95, 0, 0.254},
        {"worley(x, y)", 0, 1.3, 1, 0.43, 0.47},
        {"worley(x, y, z)", 0, 1.3, 0.95, 0.52, 0.548},
        {"worley_f2(x, y)", 0, 1.6, 1.2, 0.698, 0.72},
        {"worley_f2(x, y, z)", 0, 1.6, 1.1, 0.717, 0.731},
        {"worley_edge(x, y)", 0, 1.4, 1, 0.268, 0.335},
        {"fbm(x, y)", -1, 1, 0.6, 0, 0.178},
        {"ridged(x, y)", -1, 1, 0.75, 0.21, 0.366},
        {"billow(x, y)", -1, 1, 0.55, -0.514, 0.556},
        {"turbulence(x, y)", 0, 1, 0.7, 0.243, 0.265},
        {"fbm_simplex(x, y, z)", -1, 1, 0.75, 0, 0.23},
        {"fbm_value(x, y)", -1, 1, 0.8, 0, 0.265},
        {"perlin_tiled(x, y, 64)", -1, 1, 0.99, 0, gradient_theory(2, 2, 1)},
        {"perlin_tiled(x, y, z, 64)", -1.0364, 1.0364, 0.85, 0, gradient_theory(3, 2, 1)},
        {"perlin_tiled(x, y, z, t, 64)", -1, 1, 0.6, 0, gradient_theory(4, 3, 0.65)},
        {"value_tiled(x, y, 500)", -1, 1, 0.99, 0, value_theory(2)},
        {"value_tiled(x, y, z, 64)", -1, 1, 0.98, 0, value_theory(3)},
        {"value_tiled(x, y, z, t, 64)", -1, 1, 0.95, 0, value_theory(4)},
        {"worley_edge(x, y, z)", 0, 1.3, 1, 0.196, 0.252},
        {"worley(x, y, metric=1)", 0, 1.8, 1.46, 0.541, 0.592},
        {"worley(x, y, metric=2)", 0, 1.2, 0.9, 0.382, 0.418},
        {"worley_f2(x, y, metric=1)", 0, 2, 1.65, 0.876, 0.904},
        {"worley_edge(x, y, metric=2)", 0, 1.3, 1.03, 0.239, 0.299},
        {"worley_cell(x, y, metric=1)", -1, 1, 0.92, 0, sqrt(1 / 3.0)},
        {"worley(x, y, jitter=0.5)", 0, 1.1, 0.86, 0.396, 0.426},
        {"worley_tiled(x, y, 64)", 0, 1.3, 1.02, 0.432, 0.472},
        {"worley_tiled(x, y, z, 64)", 0, 1.4, 1.08, 0.521, 0.549},
        {"worley_cell_tiled(x, y, 64)", -1, 1, 0.92, 0, sqrt(1 / 3.0)},
        {"worley_cell_tiled(x, y, z, 64)", -1, 1, 0.92, 0, sqrt(1 / 3.0)},
        {"fbm(x)", -1, 1, 0.63, 0, 0.188},
        {"fbm(x, y, z)", -1, 1, 0.53, 0, 0.159},
        {"fbm(x, y, z, t)", -1, 1, 0.38, 0, 0.112},
        {"ridged(x)", -1, 1, 0.89, 0.243, 0.401},
        {"ridged(x, y, z)", -1, 1, 0.88, 0.264, 0.377},
        {"ridged(x, y, z, t)", -1, 1, 0.89, 0.454, 0.501},
        {"billow(x)", -1, 1, 0.5, -0.519, 0.574},
        {"billow(x, y, z)", -1, 1, 0.42, -0.559, 0.588},
        {"billow(x, y, z, t)", -1, 1, -0.05, -0.691, 0.703},
        {"turbulence(x)", 0, 1, 0.71, 0.24, 0.27},
        {"turbulence(x, y, z)", 0, 1, 0.67, 0.221, 0.239},
        {"turbulence(x, y, z, t)", 0, 1, 0.45, 0.155, 0.168},
        {"fbm_simplex(x, y)", -1, 1, 0.82, 0, 0.319},
        {"fbm_simplex(x, y, z, t)", -1, 1, 0.64, 0, 0.149},
        {"ridged_simplex(x, y)", -1, 1, 0.84, -0.294, 0.453},
        {"ridged_simplex(x, y, z)", -1, 1, 0.88, 0.0519, 0.339},
        {"ridged_simplex(x, y, z, t)", -1, 1, 0.91, 0.421, 0.515},
        {"billow_simplex(x, y)", -1, 1, 0.77, -0.057, 0.323},
        {"billow_simplex(x, y, z)", -1, 1, 0.65, -0.372, 0.462},
        {"billow_simplex(x, y, z, t)", -1, 1, 0.56, -0.646, 0.68},
        {"turbulence_simplex(x, y)", 0, 1, 0.85, 0.471, 0.498},
        {"turbulence_simplex(x, y, z)", 0, 1, 0.79, 0.314, 0.343},
        {"turbulence_simplex(x, y, z, t)", 0, 1, 0.74, 0.177, 0.207},
        {"fbm_value(x)", -1, 1, 0.77, 0, 0.295},
        {"fbm_value(x, y, z)", -1, 1, 0.72, 0, 0.235},
        {"fbm_value(x, y, z, t)", -1, 1, 0.66, 0, 0.208},
        {"ridged_value(x)", -1, 1, 0.84, -0.197, 0.397},
        {"ridged_value(x, y)", -1, 1, 0.86, -0.105, 0.357},
        {"ridged_value(x, y, z)", -1, 1, 0.84, 0, 0.329},
        {"ridged_value(x, y, z, t)", -1, 1, 0.87, 0.0987, 0.331},
        {"billow_value(x)", -1, 1, 0.77, -0.149, 0.344},
        {"billow_value(x, y)", -1, 1, 0.74, -0.243, 0.379},
        {"billow_value(x, y, z)", -1, 1, 0.68, -0.339, 0.431},
        {"billow_value(x, y, z, t)", -1, 1, 0.66, -0.424, 0.488},
        {"turbulence_value(x)", 0, 1, 0.85, 0.425, 0.453},
        {"turbulence_value(x, y)", 0, 1, 0.83, 0.378, 0.406},
        {"turbulence_value(x, y, z)", 0, 1, 0.8, 0.33, 0.356},
        {"turbulence_value(x, y, z, t)", 0, 1, 0.79, 0.288, 0.313},
        {"fbm_tiled(x, y, 16)", -1, 1, 0.56, 0, 0.187},
        {"ridged_tiled(x, y, 16)", -1, 1, 0.89, 0.211, 0.378},
        {"ridged_tiled(x, y, z, 16)", -1, 1, 0.88, 0.267, 0.387},
        {"billow_tiled(x, y, 16)", -1, 1, 0.4, -0.514, 0.56},
        {"billow_tiled(x, y, z, 16)", -1, 1, 0.3, -0.561, 0.593},
        {"turbulence_tiled(x, y, 16)", 0, 1, 0.7, 0.243, 0.267},
        {"turbulence_tiled(x, y, z, 16)", 0, 1, 0.6, 0.219, 0.239},
        {"fbm_tiled(x, 32)", -1, 1, 0.5, 0, 0.209},
        {"fbm_tiled(x, y, z, 16)", -1, 1, 0.56, 0, 0.165},
    };
    enum { ROWS = sizeof table / sizeof *table, PARTS = 4 };
    double low[ROWS], high[ROWS], mean[ROWS] = {0}, square[ROWS] = {0};
    for (uint64_t part = 0; part < PARTS; part++) {
        scatter(1000, 7 + part);
        for (size_t k = 0; k < ROWS; k++) {
            low[k] = part ? low[k] : INFINITY;
            high[k] = part ? high[k] : -INFINITY;
            run(table[k].text);
            for (int i = 0; i < AREA; i++) {
                const double v = (double)it.values[0][i]; /* fmin here makes gcc 12 for AArch64 fail in its vectorizer */
                low[k] = v < low[k] ? v : low[k];
                high[k] = v > high[k] ? v : high[k];
            }
            mean[k] += mean_of(it.values[0]) / PARTS;
            square[k] += square_mean(it.values[0]) / PARTS;
        }
    }
    for (size_t k = 0; k < ROWS; k++) {
        if (low[k] < table[k].low || high[k] > table[k].high || high[k] < table[k].reaches
            || (table[k].low < 0 && table[k].mean == 0 && low[k] > -table[k].reaches))
            fail_msg("%s goes from %g to %g", table[k].text, low[k], high[k]);
        if (fabs(mean[k] - table[k].mean) > 0.01)
            fail_msg("%s has the mean %g", table[k].text, mean[k]);
        /* one dimension has 2,000 cells here, Perlin's 256 */
        if (fabs(sqrt(square[k]) / table[k].root_mean_square - 1) > (strchr(table[k].text, ',') ? 0.02 : 0.05))
            fail_msg("%s has the root mean square %g, not %g", table[k].text, sqrt(square[k]),
                     table[k].root_mean_square);
    }
}

/* ---- spectrum ---- */

static double window[SIDE], cosines[SIDE], sines[SIDE], power[AREA];

/* One dimension of SIDE numbers, `stride` apart, whose places are then the frequencies: by halves of even and of odd
 * numbers, each place's bits reversed first. */
static void transform(double *real, double *imaginary, int stride)
{
    double r[SIDE], i[SIDE];
    for (int k = 0, reversed = 0; k < SIDE; k++) {
        r[reversed] = real[k * stride];
        i[reversed] = imaginary[k * stride];
        for (int bit = SIDE / 2; ((reversed ^= bit) & bit) == 0 && bit > 1;)
            bit /= 2;
    }
    for (int half = 1; half < SIDE; half *= 2)
        for (int first = 0; first < SIDE; first += 2 * half)
            for (int k = 0; k < half; k++) {
                const int turn = k * (SIDE / 2 / half), even = first + k, odd = even + half;
                const double a = r[odd] * cosines[turn] + i[odd] * sines[turn],
                             c = i[odd] * cosines[turn] - r[odd] * sines[turn];
                r[odd] = r[even] - a;
                i[odd] = i[even] - c;
                r[even] += a;
                i[even] += c;
            }
    for (int k = 0; k < SIDE; k++) {
        real[k * stride] = r[k];
        imaginary[k * stride] = i[k];
    }
}

/* Under a Hann window, so that the edges do not show. */
static void find_power(const float *values)
{
    static double real[AREA], imaginary[AREA];
    for (int k = 0; k < SIDE; k++) {
        const double turn = 6.283185307179586 * k / SIDE;
        cosines[k] = cos(turn);
        sines[k] = sin(turn);
        window[k] = 0.5 - 0.5 * cosines[k];
    }
    for (int i = 0; i < AREA; i++) {
        real[i] = (double)values[i] * window[i % SIDE] * window[i / SIDE];
        imaginary[i] = 0;
    }
    for (int k = 0; k < SIDE; k++)
        transform(real + k * SIDE, imaginary + k * SIDE, 1);
    for (int k = 0; k < SIDE; k++)
        transform(real + k, imaginary + k, SIDE);
    for (int i = 0; i < AREA; i++)
        power[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
}

static int folded(int k)
{
    return k < SIDE / 2 ? k : k - SIDE;
}

/* The share of what lies between two frequencies, in cycles a cell. */
static double share(double low, double high)
{
    double all = 0, within = 0;
    for (int i = 0; i < AREA; i++) {
        const double f = hypot(folded(i % SIDE), folded(i / SIDE)) / CELLS;
        all += power[i];
        within += f >= low && f < high ? power[i] : 0;
    }
    return within / all;
}

/* How much stronger the lattice's own frequencies are than what lies around them: the mean of all that have
 * one cycle a cell along some axis and at most one along the other, over the mean of a ring of 5 to 8 lines
 * around each. */
static double lattice_excess(void)
{
    double at = 0, around = 0;
    int ring = 0;
    for (int v = -1; v <= 1; v++)
        for (int u = -1; u <= 1; u++) {
            if (u == 0 && v == 0)
                continue;
            for (int y = -8; y <= 8; y++)
                for (int x = -8; x <= 8; x++) {
                    const int place = ((v * CELLS + y + SIDE) % SIDE) * SIDE + (u * CELLS + x + SIDE) % SIDE;
                    if (x == 0 && y == 0)
                        at += power[place] / 8;
                    if (hypot(x, y) >= 5 && hypot(x, y) <= 8) {
                        around += power[place];
                        ring++;
                    }
                }
        }
    return at / (around / ring);
}

/* Bands in cycles a cell: gradient noise has little below a quarter and next to nothing above two (the tail
 * of the fade's fifth power), white noise is even: π/64 below 1, 1 − π/4 above 4. A line at the lattice's
 * frequencies would be a hundred times what is around it, where eight random ones differ by a factor of 3 at
 * most; value noise has zeros there in the plane, since the fade's weights add up to 1; and cells show a little,
 * since distances depend on where in its cell a point lies. What folds octaves at 0 shows more: of gradient noise all
 * zeros of the lattice become creases, of value noise its points the peaks; these are stated and bounded, no more. */
static void spectra_have_their_bands_and_no_lattice(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double low, least_below, most_below, high, least_above, most_above, excess;
    } table[] = {
        {"perlin(x, y)", 0.25, 0, 0.04, 2, 0, 0.0005, 3},
        {"perlin(x, y, z)", 0.25, 0, 0.12, 2, 0, 0.0005, 3},
        {"perlin(x, y, z, t)", 0.25, 0, 0.15, 2, 0, 0.001, 3},
        {"perlin_endless(x, y)", 0.25, 0, 0.04, 2, 0, 0.0005, 3},
        {"perlin_endless(x, y, z)", 0.25, 0, 0.12, 2, 0, 0.0005, 3},
        {"simplex(x, y)", 0.4, 0, 0.04, 3, 0, 0.0003, 3},
        {"simplex(x, y, z)", 0.4, 0, 0.09, 3, 0, 0.001, 3},
        {"simplex(x, y, z, t)", 0.4, 0, 0.13, 3, 0, 0.002, 3},
        {"value(x, y)", 0.5, 0.65, 0.85, 2, 0, 0.0003, 0.1},
        {"worley(x, y)", 0.25, 0, 0.05, 3, 0, 0.005, 20},
        {"white(x*8, y*8)", 1, 0.04, 0.06, 4, 0.2, 0.23, 3},
        {"value(x, y, z)", 0.5, 0.57, 0.77, 2, 0, 0.0003, 3},
        {"value(x, y, z, t)", 0.5, 0.48, 0.68, 2, 0, 0.0003, 3},
        {"worley(x, y, z)", 0.25, 0, 0.09, 3, 0, 0.00616, 3},
        {"worley_f2(x, y)", 0.25, 0, 0.10, 3, 0, 0.0118, 20},
        {"worley_f2(x, y, z)", 0.25, 0, 0.11, 3, 0, 0.02, 3},
        {"worley_edge(x, y)", 0.25, 0, 0.05, 3, 0, 0.0185, 20},
        {"worley_edge(x, y, z)", 0.25, 0, 0.05, 3, 0, 0.0337, 3},
        {"worley_cell(x, y)", 0.25, 0.1, 0.2, 3, 0, 0.08, 3},
        {"worley_cell(x, y, z)", 0.25, 0.1, 0.2, 3, 0, 0.08, 3},
        {"worley(x, y, metric=1)", 0.25, 0, 0.06, 3, 0, 0.00934, 20},
        {"worley(x, y, metric=2)", 0.25, 0, 0.06, 3, 0, 0.0104, 20},
        {"white(x*8, y*8, z*8)", 1, 0.04, 0.06, 4, 0.2, 0.23, 3},
        {"white(x*8, y*8, z*8, t*8)", 1, 0.04, 0.06, 4, 0.2, 0.23, 3},
        {"perlin_endless(x, y, z, t)", 0.25, 0, 0.15, 2, 0, 0.001, 3},
        {"fbm(x, y)", 1, 0.70, 0.82, 4, 0.0055, 0.011, 3},
        {"fbm(x, y, z)", 1, 0.69, 0.81, 4, 0.0051, 0.01, 3},
        {"fbm(x, y, z, t)", 1, 0.68, 0.80, 4, 0.0047, 0.0095, 3},
        {"ridged(x, y)", 1, 0.37, 0.49, 4, 0.027, 0.053, 100},
        {"ridged(x, y, z)", 1, 0.37, 0.49, 4, 0.017, 0.033, 100},
        {"ridged(x, y, z, t)", 1, 0.40, 0.52, 4, 0.013, 0.027, 100},
        {"billow(x, y)", 1, 0.39, 0.51, 4, 0.021, 0.042, 100},
        {"billow(x, y, z)", 1, 0.39, 0.51, 4, 0.014, 0.028, 100},
        {"billow(x, y, z, t)", 1, 0.42, 0.54, 4, 0.012, 0.024, 100},
        {"fbm_simplex(x, y)", 1, 0.33, 0.45, 4, 0.013, 0.025, 3},
        {"fbm_simplex(x, y, z)", 1, 0.32, 0.44, 4, 0.013, 0.025, 3},
        {"fbm_simplex(x, y, z, t)", 1, 0.31, 0.43, 4, 0.013, 0.027, 3},
        {"ridged_simplex(x, y)", 1, 0.01, 0.13, 4, 0.054, 0.11, 100},
        {"ridged_simplex(x, y, z)", 1, 0.09, 0.21, 4, 0.042, 0.084, 100},
        {"ridged_simplex(x, y, z, t)", 1, 0.14, 0.26, 4, 0.025, 0.05, 100},
        {"billow_simplex(x, y)", 1, 0.02, 0.14, 4, 0.037, 0.074, 100},
        {"billow_simplex(x, y, z)", 1, 0.09, 0.21, 4, 0.032, 0.065, 100},
        {"billow_simplex(x, y, z, t)", 1, 0.14, 0.26, 4, 0.023, 0.045, 100},
        {"fbm_value(x, y)", 1, 0.84, 0.96, 4, 0.0012, 0.0023, 3},
        {"fbm_value(x, y, z)", 1, 0.81, 0.93, 4, 0.0018, 0.0037, 3},
        {"fbm_value(x, y, z, t)", 1, 0.79, 0.91, 4, 0.0023, 0.0046, 3},
        {"ridged_value(x, y)", 1, 0.65, 0.77, 4, 0.0048, 0.0096, 100},
        {"ridged_value(x, y, z)", 1, 0.57, 0.69, 4, 0.0075, 0.015, 100},
        {"ridged_value(x, y, z, t)", 1, 0.52, 0.64, 4, 0.0087, 0.017, 100},
        {"billow_value(x, y)", 1, 0.69, 0.81, 4, 0.0037, 0.0075, 100},
        {"billow_value(x, y, z)", 1, 0.62, 0.74, 4, 0.0055, 0.011, 100},
        {"billow_value(x, y, z, t)", 1, 0.56, 0.68, 4, 0.0068, 0.014, 100},
    };
    lay_grid(-16.0625);
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        run(table[k].text);
        const float mean = (float)mean_of(it.values[0]);
        for (int i = 0; i < AREA; i++)
            it.values[0][i] -= mean;
        find_power(it.values[0]);
        const double below = share(0, table[k].low), above = share(table[k].high, 99),
                     excess = lattice_excess();
        if (below < table[k].least_below || below > table[k].most_below)
            fail_msg("%s: %g of the power lies below %g", table[k].text, below, table[k].low);
        if (above < table[k].least_above || above > table[k].most_above)
            fail_msg("%s: %g of the power lies above %g", table[k].text, above, table[k].high);
        if (excess > table[k].excess)
            fail_msg("%s: the lattice has %g times the power of what is around", table[k].text, excess);
    }
}

/* ---- lattices ---- */

static void perlin_noise_is_zero_at_whole_points(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "perlin(floor(x))", "perlin(floor(x), floor(y), seed=3)", "perlin(floor(x), floor(y), floor(z))",
        "perlin(floor(x), floor(y), floor(z), floor(t))", "perlin_tiled(floor(x), floor(y), 6)"};
    scatter(3000, 1);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        run(texts[k]);
        for (int i = 0; i < AREA; i++)
            assert_true(it.values[0][i] == 0);
    }
}

/* No direction is preferred: slopes along the axes and the diagonals are equally steep, as far as a
 * permutation of 256 numbers is random (and of Perlin's twelve edges four are there twice). */
static void slopes_are_as_steep_along_axes_and_diagonals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double bound;
    } table[] = {
        {"d = perlin_gradient(x, y); (d.y, d.z, (d.y + d.z)*0.5^0.5, (d.y - d.z)*0.5^0.5)", 0.04},
        {"d = simplex_gradient(x, y); (d.y, d.z, (d.y + d.z)*0.5^0.5, (d.y - d.z)*0.5^0.5)", 0.03},
        {"d = simplex_gradient(x, y, z); (d.y, d.z, d.w, (d.y + d.z + d.w)/3^0.5)", 0.08},
        {"d = perlin_gradient(x, y, z); (d.y, d.z, d.w, (d.y + d.z + d.w)/3^0.5)", 0.1},
    };
    scatter(1000, 3);
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        double least = INFINITY, most = 0;
        assert_int_equal(run(table[k].text), 4);
        for (int d = 0; d < 4; d++) {
            const double size = sqrt(square_mean(it.values[d]));
            least = fmin(least, size);
            most = fmax(most, size);
        }
        if (most / least > 1 + table[k].bound)
            fail_msg("%s: slopes from %g to %g", table[k].text, least, most);
    }
}

/* From one side of a border to the other no value jumps: over a distance of 2^-12 none changes by more than
 * its greatest slope allows. Points lie on borders of cells and simplices as often as not. */
static void nothing_breaks_at_borders(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned n;
        const char *more;
        double slope;
    } table[] = {
        {"perlin", 1, "", 4},
        {"perlin", 2, "", 4},
        {"perlin", 3, "", 5},
        {"perlin", 4, "", 5},
        {"value", 1, "", 4},
        {"value", 2, "", 5},
        {"value", 3, "", 6},
        {"value", 4, "", 7},
        {"simplex", 2, "", 9},
        {"simplex", 3, "", 12},
        {"simplex", 4, "", 14},
        {"worley", 2, ", jitter=0.65", 1.01},
        {"worley", 3, ", jitter=0.4", 1.01},
        {"worley", 2, ", jitter=0.65, metric=1", 1.42},
        {"worley", 2, ", jitter=0.5, metric=2", 1.01},
        {"fbm", 2, "", 8},
        {"perlin_tiled", 2, ", 3", 4},
        {"value_tiled", 2, ", 3", 5},
        {"worley_tiled", 2, ", 3, jitter=0.65", 1.01},
    };
    static const char *const here[] = {"", "x", "x, y", "x, y, z", "x, y, z, t"};
    static const char *const there[] = {"", "x + h", "x + 0.6*h, y - 0.8*h",
                                        "x + 0.48*h, y - 0.8*h, z + 0.36*h",
                                        "x + h/2, y - h/2, z - h/2, t + h/2"};
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        char text[200];
        snprintf(text, sizeof text, "h = 0x1p-12; (%s(%s%s) - %s(%s%s))*0x1p12", table[k].name,
                 here[table[k].n], table[k].more, table[k].name, there[table[k].n], table[k].more);
        for (int kind = 0; kind < 3; kind++) {
            scatter(12, 11);
            for (int i = 0; i < AREA && kind; i++) {
                /* on borders of cells along some axes; on diagonals, where simplices meet */
                it.x[i] = kind == 1 ? roundf(it.x[i]) : it.x[i];
                it.y[i] = kind == 2 ? it.x[i] : i % 2 ? roundf(it.y[i]) : it.y[i];
                it.z[i] = kind == 2 && i % 3 ? it.x[i] : it.z[i];
            }
            run(text);
            for (int i = 0; i < AREA; i++)
                if (fabs((double)it.values[0][i]) > table[k].slope)
                    fail_msg("%s at %a, %a, %a, %a: a slope of %g", text, (double)it.x[i], (double)it.y[i],
                             (double)it.z[i], (double)it.t[i], (double)it.values[0][i]);
        }
    }
}

/* ---- slopes ---- */

/* Derivatives that the library writes out against those that the gradient pass finds, and a flow's sources.
 */
static void slopes_are_derivatives(void **state)
{
    (void)state;
    static const struct {
        const char *text, *by, *written;
        unsigned n;
    } table[] = {
        {"perlin(x)", "x", "perlin_gradient(x)", 1},
        {"perlin(x, y)", "x,y", "perlin_gradient(x, y)", 2},
        {"perlin(x, y, z)", "x,y,z", "perlin_gradient(x, y, z)", 3},
        {"simplex(x, y)", "x,y", "simplex_gradient(x, y)", 2},
        {"simplex(x, y, z)", "x,y,z", "simplex_gradient(x, y, z)", 3},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        static float wanted[MOST_OUTPUTS][AREA];
        scatter(20, 5);
        assert_int_equal(run(table[k].written), table[k].n + 1);
        memcpy(wanted, it.values, sizeof wanted);
        static const char *const names[] = {"x", "y", "z"};
        const sinter_options options = {.inputs = "x y z t", .gradient = names, .gradient_count = table[k].n};
        sinter_kernel *kernel;
        assert_int_equal(
            sinter_compile(context, table[k].text, strlen(table[k].text), &options, &kernel, NULL),
            SINTER_OK);
        const void *inputs[4] = {it.x, it.y, it.z, it.t};
        void *outputs[MOST_OUTPUTS] = {it.values[0], it.values[1], it.values[2], it.values[3]};
        const sinter_arguments a = {.inputs = inputs, .outputs = outputs, .count = AREA};
        assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
        sinter_kernel_close(kernel);
        for (unsigned d = 0; d <= table[k].n; d++)
            for (int i = 0; i < AREA; i++)
                if (fabs((double)wanted[d][i] - (double)it.values[d][i]) > 2e-5)
                    fail_msg("%s.%u is %g, not %g", table[k].written, d, (double)wanted[d][i],
                             (double)it.values[d][i]);
    }
}

/* ---- seeds, tiles, cells ---- */

static double correlation(const float *a, const float *b)
{
    const double mean_a = mean_of(a), mean_b = mean_of(b);
    double sum = 0;
    for (int i = 0; i < AREA; i++)
        sum += ((double)a[i] - mean_a) * ((double)b[i] - mean_b);
    return sum / AREA / sqrt((square_mean(a) - mean_a * mean_a) * (square_mean(b) - mean_b * mean_b));
}

static void seeds_have_nothing_in_common(void **state)
{
    (void)state;
    static const char *const names[] = {"perlin", "value",       "white", "simplex",
                                        "worley", "worley_cell", "fbm",   "perlin_endless"};
    scatter(900, 21);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (unsigned group = 0; group < 2; group++) {
            char text[400];
            static const int seeds[2][4] = {{0, 1, 2, 3}, {0, -1, 1000, 65536}};
            const int *s = seeds[group];
            snprintf(text, sizeof text,
                     "(%s((x, y), seed=%d), %s((x, y), seed=%d), %s((x, y), seed=%d), %s((x, y), seed=%d))",
                     names[k], s[0], names[k], s[1], names[k], s[2], names[k], s[3]);
            assert_int_equal(run(text), 4);
            for (int a = 0; a < 4; a++)
                for (int b = 0; b < a; b++)
                    if (fabs(correlation(it.values[a], it.values[b])) > 0.02)
                        fail_msg("%s of the seeds %d and %d: correlation %g", names[k], s[a], s[b],
                                 correlation(it.values[a], it.values[b]));
        }
}

/* Coordinates are multiples of 1/64, so that the period's multiples are added without rounding. */
static void tiles_meet(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned n;
        int period;
    } table[] = {
        {"perlin_tiled", 1, 7},      {"perlin_tiled", 2, 5},      {"perlin_tiled", 3, 4},
        {"perlin_tiled", 4, 3},      {"value_tiled", 1, 9},       {"value_tiled", 2, 6},
        {"value_tiled", 3, 5},       {"value_tiled", 4, 2},       {"worley_tiled", 2, 5},
        {"worley_tiled", 3, 3},      {"worley_f2_tiled", 2, 3},   {"worley_edge_tiled", 3, 4},
        {"worley_cell_tiled", 2, 2}, {"worley_cell_tiled", 3, 7}, {"fbm_tiled", 2, 8},
        {"fbm_tiled", 3, 5},         {"fbm_tiled", 1, 6},         {"ridged_tiled", 2, 7},
        {"ridged_tiled", 3, 3},      {"billow_tiled", 2, 5},      {"billow_tiled", 3, 2},
        {"turbulence_tiled", 2, 4},  {"turbulence_tiled", 3, 6},
    };
    static const char *const here[] = {"", "x", "x, y", "x, y, z", "x, y, z, t"};
    scatter(40, 8);
    for (int i = 0; i < AREA; i++) {
        it.x[i] = roundf(64 * it.x[i]) / 64;
        it.y[i] = roundf(64 * it.y[i]) / 64;
        it.z[i] = roundf(64 * it.z[i]) / 64;
        it.t[i] = roundf(64 * it.t[i]) / 64;
    }
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        for (unsigned axis = 0; axis < table[k].n; axis++) {
            char text[400];
            const int move[3] = {table[k].period, -table[k].period * 3, table[k].period * 1000};
            const char *shift[4] = {axis == 0 ? "m" : "0", axis == 1 ? "m" : "0", axis == 2 ? "m" : "0",
                                    axis == 3 ? "m" : "0"};
            snprintf(
                text, sizeof text,
                "m = %d; fn f(x, y, z, t) = %s(%s, %d); f(x, y, z, t) - f(x + %s, y + %s, z + %s, t + %s)",
                move[axis % 3], table[k].name, here[table[k].n], table[k].period, shift[0], shift[1],
                shift[2], shift[3]);
            run(text);
            for (int i = 0; i < AREA; i++)
                if (it.values[0][i] != 0)
                    fail_msg("%s: %g at %g, %g", text, (double)it.values[0][i], (double)it.x[i],
                             (double)it.y[i]);
        }
}

/* Where a jitter of 0.65 is promised to miss nothing, two cells on each side give no other result; with a
 * jitter of 1 few points differ. Distances are in order, and a border of cells is where the two nearest are
 * equally far. */
static void cells_are_found(void **state)
{
    (void)state;
    unsigned missed = 0;
    scatter(200, 31);
    run("(worley(x, y, jitter=0.65), worley(x, y), worley_f2(x, y), worley_edge(x, y))");
    for (int i = 0; i < AREA; i++) {
        const float p[2] = {it.x[i], it.y[i]};
        assert_true(it.values[0][i] == worley_any_f32(2, p, 0, 0.65f, 0, 0, 2).first);
        const nearest_f32 all = worley_any_f32(2, p, 0, 1, 0, 0, 2);
        missed += it.values[1][i] != all.first;
        assert_true(it.values[1][i] >= all.first && it.values[2][i] >= it.values[1][i]);
        assert_true(it.values[3][i] == it.values[2][i] - it.values[1][i]);
    }
    printf("# with a jitter of 1, %u of %d points have a nearer one further away\n", missed, AREA);
    assert_in_range(missed, 0, AREA / 500);
    /* one number a cell: within a hundredth of the point itself it does not change */
    run("(worley(x, y), worley_cell(x, y), worley_cell(x + 0x1p-7, y), worley_edge(x, y))");
    for (int i = 0; i < AREA; i++)
        if (it.values[3][i] > 0x1p-6f)
            assert_true(it.values[1][i] == it.values[2][i]);
}

/* How it looks follows from the bits: where only a share of the tests is asked for, these are enough. */
int main(void)
{
    const struct CMUnitTest bits[] = {
        cmocka_unit_test(the_reference_values_hold),
        cmocka_unit_test(f32_has_the_bits_of_the_reference),
        cmocka_unit_test(f64_has_the_bits_of_the_reference),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_values_hold),
        cmocka_unit_test(f32_has_the_bits_of_the_reference),
        cmocka_unit_test(f64_has_the_bits_of_the_reference),
        cmocka_unit_test(ranges_means_and_sizes),
        cmocka_unit_test(spectra_have_their_bands_and_no_lattice),
        cmocka_unit_test(perlin_noise_is_zero_at_whole_points),
        cmocka_unit_test(slopes_are_as_steep_along_axes_and_diagonals),
        cmocka_unit_test(nothing_breaks_at_borders),
        cmocka_unit_test(slopes_are_derivatives),
        cmocka_unit_test(seeds_have_nothing_in_common),
        cmocka_unit_test(tiles_meet),
        cmocka_unit_test(cells_are_found),
    };
    return test_share() > 1 ? cmocka_run_group_tests(bits, open_context, close_context)
                            : cmocka_run_group_tests(tests, open_context, close_context);
}
