/* Noise in plain C. plain_noise.h says what for.
 *
 * Everything that a loop needs is inlined into it, so that each loop is compiled for the instruction set that
 * its attribute names, at the optimisation level 3 whatever the rest is built with (clang knows no such
 * attribute and takes the level of the build). Fused operations stand where the language has them. */
#include "plain_noise.h"

#include <math.h>
#include <string.h>

#if defined(__clang__)
#define PLAIN
#define PLAIN_ON(target_of) __attribute__((target(target_of)))
#else
#define PLAIN __attribute__((optimize("O3")))
#define PLAIN_ON(target_of) __attribute__((optimize("O3"), target(target_of)))
#endif
#define INLINE static inline __attribute__((always_inline))

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

INLINE float lerp(float a, float b, float t)
{
    return fmaf(t, b - a, a);
}

INLINE float fade(float t)
{
    return t * t * t * fmaf(t, fmaf(t, 6, -15), 10);
}

/* ---- Perlin ---- */

INLINE unsigned look_up(unsigned i)
{
    return permutation[i & 255];
}

INLINE float perlin_corner_2(unsigned hash, float x, float y)
{
    return (hash & 1 ? -x : x) + (hash & 2 ? -y : y);
}

INLINE float perlin_2(float x, float y)
{
    const float cell_x = floorf(x), cell_y = floorf(y);
    const unsigned i = (unsigned)(int)cell_x, j = (unsigned)(int)cell_y;
    const unsigned left = look_up(i) + j, right = look_up(i + 1) + j;
    x -= cell_x;
    y -= cell_y;
    const float u = fade(x);
    const float below_left = perlin_corner_2(look_up(left), x, y);
    const float below_right = perlin_corner_2(look_up(right), x - 1, y);
    const float above_left = perlin_corner_2(look_up(left + 1), x, y - 1);
    const float above_right = perlin_corner_2(look_up(right + 1), x - 1, y - 1);
    return lerp(lerp(below_left, below_right, u), lerp(above_left, above_right, u), fade(y));
}

INLINE float perlin_corner_3(unsigned hash, float x, float y, float z)
{
    const unsigned h = hash & 15;
    const float u = h < 8 ? x : y, v = h < 4 ? y : h == 12 || h == 14 ? x : z;
    return (h & 1 ? -u : u) + (h & 2 ? -v : v);
}

INLINE float perlin_row(unsigned left, unsigned right, float x, float y, float z, float u)
{
    return lerp(perlin_corner_3(look_up(left), x, y, z), perlin_corner_3(look_up(right), x - 1, y, z), u);
}

INLINE float perlin_3(float x, float y, float z)
{
    const float cell_x = floorf(x), cell_y = floorf(y), cell_z = floorf(z);
    const unsigned i = (unsigned)(int)cell_x, j = (unsigned)(int)cell_y, k = (unsigned)(int)cell_z;
    const unsigned left = look_up(i) + j, right = look_up(i + 1) + j;
    const unsigned l = look_up(left) + k, r = look_up(right) + k;
    const unsigned l1 = look_up(left + 1) + k, r1 = look_up(right + 1) + k;
    x -= cell_x;
    y -= cell_y;
    z -= cell_z;
    const float u = fade(x), v = fade(y);
    const float near = lerp(perlin_row(l, r, x, y, z, u), perlin_row(l1, r1, x, y - 1, z, u), v);
    const float far =
        lerp(perlin_row(l + 1, r + 1, x, y, z - 1, u), perlin_row(l1 + 1, r1 + 1, x, y - 1, z - 1, u), v);
    return lerp(near, far, fade(z));
}

INLINE float fbm_2(float x, float y)
{
    float sum = -0.0f, frequency = 1, weight = 1;
    for (int k = 0; k < 8; k++) {
        const float at_x = fmaf(x, frequency, -(17.6875f * (float)k));
        const float at_y = fmaf(y, frequency, -(31.5625f * (float)k));
        sum += weight * perlin_2(at_x, at_y);
        frequency *= 2;
        weight *= 0.5f;
    }
    return sum * (1 / 1.9921875f);
}

/* ---- hashes by multiplication ---- */

enum { KEY_X = 501125321, KEY_Y = 1136930381, KEY_Z = 1720413743 };
static const uint32_t key_start = 0x3C6EF372u;

INLINE uint32_t mix(uint32_t h)
{
    return (h ^ h >> 15) * 0x27D4EB2Du;
}

/* The cells of bounded fields fit an int. */
INLINE uint32_t cell_number(float cell)
{
    return (uint32_t)(int32_t)cell;
}

/* ---- simplex ---- */

INLINE float simplex_part_2(uint32_t key, float x, float y)
{
    static const int8_t ways[8][2] = {{7, 3}, {3, 7}, {-3, 7}, {-7, 3}, {-7, -3}, {-3, -7}, {3, -7}, {7, -3}};
    const int8_t *way = ways[mix(key) >> 29];
    float fall = 0.5f - fmaf(x, x, y * y);
    fall = fall > 0 ? fall : 0;
    fall *= fall;
    return fall * fall * fmaf(way[0], x, way[1] * y);
}

INLINE float simplex_2(float x, float y)
{
    const float skew = 0.36602540378443864676f, unskew = 0.21132486540518711775f;
    const float s = x + y, cell_x = floorf(fmaf(s, skew, x)), cell_y = floorf(fmaf(s, skew, y));
    x = fmaf(cell_x + cell_y, unskew, x - cell_x);
    y = fmaf(cell_x + cell_y, unskew, y - cell_y);
    const uint32_t kx = cell_number(cell_x) * KEY_X + key_start, ky = cell_number(cell_y) * KEY_Y;
    const float near = 0.78867513459481288225f, far = -0.21132486540518711775f;
    const int right = x > y;
    const float opposite = 0.5773502691896257645f;
    const float first = simplex_part_2(kx ^ ky, x, y);
    const float second = simplex_part_2(right ? (kx + KEY_X) ^ ky : kx ^ (ky + KEY_Y),
                                        x - (right ? near : far), y - (right ? far : near));
    const float last = simplex_part_2((kx + KEY_X) ^ (ky + KEY_Y), x - opposite, y - opposite);
    return (first + second + last) * 13.156f;
}

INLINE float simplex_part_3(uint32_t key, float x, float y, float z)
{
    float fall = 0.5f - fmaf(z, z, fmaf(x, x, y * y));
    fall = fall > 0 ? fall : 0;
    fall *= fall;
    return fall * fall * (2 * perlin_corner_3(mix(key) >> 28, x, y, z));
}

/* The corner that differs by one along the axes named. */
INLINE float simplex_corner_3(const uint32_t *keys, int along_x, int along_y, int along_z, const float *at,
                              float near, float far)
{
    const uint32_t x = along_x ? keys[0] + KEY_X : keys[0], y = along_y ? keys[1] + KEY_Y : keys[1],
                   z = along_z ? keys[2] + KEY_Z : keys[2];
    return simplex_part_3(x ^ y ^ z, at[0] - (along_x ? near : far), at[1] - (along_y ? near : far),
                          at[2] - (along_z ? near : far));
}

INLINE float simplex_3(float x, float y, float z)
{
    const float skew = 0.33333333333333333333f, unskew = 0.16666666666666666667f, s = x + y + z;
    const float cell[3] = {floorf(fmaf(s, skew, x)), floorf(fmaf(s, skew, y)), floorf(fmaf(s, skew, z))};
    const float cells = cell[0] + cell[1] + cell[2];
    const float at[3] = {fmaf(cells, unskew, x - cell[0]), fmaf(cells, unskew, y - cell[1]),
                         fmaf(cells, unskew, z - cell[2])};
    const uint32_t keys[3] = {cell_number(cell[0]) * KEY_X + key_start, cell_number(cell[1]) * KEY_Y,
                              cell_number(cell[2]) * KEY_Z};
    const int xy = at[0] >= at[1], yz = at[1] >= at[2], xz = at[0] >= at[2];
    const float first = simplex_corner_3(keys, 0, 0, 0, at, 0, 0);
    const float second = simplex_corner_3(keys, xy && xz, !xy && yz, !xz && !yz, at, 0.83333333333333333333f,
                                          -0.16666666666666666667f);
    const float third = simplex_corner_3(keys, xy || xz, !xy || yz, !xz || !yz, at, 0.66666666666666666667f,
                                         -0.33333333333333333333f);
    return (first + second + third + simplex_corner_3(keys, 1, 1, 1, at, 0.5f, 0.5f)) * 38.44f;
}

/* ---- cellular ---- */

INLINE float worley_2(float x, float y)
{
    const float cell_x = floorf(x), cell_y = floorf(y);
    const float to_x = 0.5f - (x - cell_x), to_y = 0.5f - (y - cell_y);
    float nearest = INFINITY;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            const uint32_t kx = (cell_number(cell_x) + (uint32_t)i) * KEY_X + key_start,
                           ky = (cell_number(cell_y) + (uint32_t)j) * KEY_Y;
            const uint32_t h = mix(kx ^ ky);
            const float dx = fmaf((float)((int32_t)h >> 16), 0x1p-16f, to_x + (float)i);
            const float dy = fmaf((float)((int32_t)(h * 747796405u) >> 16), 0x1p-16f, to_y + (float)j);
            const float d = fmaf(dx, dx, dy * dy);
            nearest = d < nearest ? d : nearest;
        }
    return sqrtf(nearest);
}

/* ---- what trees call ---- */

static float call_sin(float a, float b, float c)
{
    (void)b, (void)c;
    return sinf(a);
}

static float call_cos(float a, float b, float c)
{
    (void)b, (void)c;
    return cosf(a);
}

static float call_circle(float a, float b, float c)
{
    return sqrtf(fmaf(a, a, b * b)) - c;
}

static float call_perlin_2(float a, float b, float c)
{
    (void)c;
    return perlin_2(a, b);
}

static float call_perlin_3(float a, float b, float c)
{
    return perlin_3(a, b, c);
}

static float call_simplex_2(float a, float b, float c)
{
    (void)c;
    return simplex_2(a, b);
}

static float call_simplex_3(float a, float b, float c)
{
    return simplex_3(a, b, c);
}

/* Of 8 octaves, whatever the third argument says: that is what the workload asks for. */
static float call_fbm_2(float a, float b, float c)
{
    (void)c;
    return fbm_2(a, b);
}

static float call_worley_2(float a, float b, float c)
{
    (void)c;
    return worley_2(a, b);
}

const plain_function *sn_plain_function(const char *name, size_t length, int arguments)
{
    static const plain_function functions[] = {
        {"sin", 1, call_sin},           {"cos", 1, call_cos},         {"sdf_circle", 3, call_circle},
        {"perlin", 2, call_perlin_2},   {"perlin", 3, call_perlin_3}, {"simplex", 2, call_simplex_2},
        {"simplex", 3, call_simplex_3}, {"fbm2", 3, call_fbm_2},      {"worley", 2, call_worley_2},
    };
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
        if (functions[k].arguments == arguments && strlen(functions[k].name) == length
            && !memcmp(functions[k].name, name, length))
            return &functions[k];
    return NULL;
}

/* ---- loops ---- */

#define FIELDS(X) \
    X(perlin, "perlin", fmaf(perlin_2(x[i] * 4, y[i] * 4), 0.5f, 0.5f)) \
    X(perlin3, "perlin3", perlin_3(x[i] * 4, y[i] * 4, 0.3f)) \
    X(simplex2, "simplex2", simplex_2(x[i] * 4, y[i] * 4)) \
    X(simplex3, "simplex3", simplex_3(x[i] * 4, y[i] * 4, 0.3f)) \
    X(fbm, "fbm", fbm_2(x[i] * 4, y[i] * 4)) \
    X(worley2, "worley2", worley_2(x[i] * 4, y[i] * 4))

#define LOOP(NAME, ATTRIBUTE, value) \
    ATTRIBUTE static void NAME(const float *restrict x, const float *restrict y, float *restrict out, \
                               int64_t count) \
    { \
        for (int64_t i = 0; i < count; i++) \
            out[i] = value; \
    }
#define PLAINEST(name, text, value) LOOP(name##_loop, PLAIN, value)
FIELDS(PLAINEST)
#if defined(__x86_64__)
#define WITH_AVX2(name, text, value) LOOP(name##_loop_avx2, PLAIN_ON("avx2,fma"), value)
FIELDS(WITH_AVX2)
#define ENTRY(name, text, value) {text, name##_loop, name##_loop_avx2},
#else
#define ENTRY(name, text, value) {text, name##_loop, name##_loop},
#endif

plain_field sn_plain_field(const char *workload)
{
    static const struct {
        const char *workload;
        plain_field plainest, with_avx2;
    } fields[] = {FIELDS(ENTRY)};
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
        if (!strcmp(fields[k].workload, workload)) {
#if defined(__x86_64__)
            if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
                return fields[k].with_avx2;
#endif
            return fields[k].plainest;
        }
    return NULL;
}
