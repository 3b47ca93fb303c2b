/* Tables of bytes: improved noise beside a plain C version of it, bit for bit; tables of every size that registers hold, at every index that
 * there is; what becomes of the looked-up bytes; on every engine, at every length of a call, with and without byte permutations. */
#include "base/cpu.h"

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

enum { POINTS = 4096 + 67, TEXT = 16384 };

/* Ken Perlin's permutation (Improving Noise, 2002). */
static const uint8_t permutation[256] = {
    151, 160, 137, 91, 90, 15, 131, 13, 201, 95, 96, 53, 194, 233, 7, 225,
    140, 36, 103, 30, 69, 142, 8, 99, 37, 240, 21, 10, 23, 190, 6, 148,
    247, 120, 234, 75, 0, 26, 197, 62, 94, 252, 219, 203, 117, 35, 11, 32,
    57, 177, 33, 88, 237, 149, 56, 87, 174, 20, 125, 136, 171, 168, 68, 175,
    74, 165, 71, 134, 139, 48, 27, 166, 77, 146, 158, 231, 83, 111, 229, 122,
    60, 211, 133, 230, 220, 105, 92, 41, 55, 46, 245, 40, 244, 102, 143, 54,
    65, 25, 63, 161, 1, 216, 80, 73, 209, 76, 132, 187, 208, 89, 18, 169,
    200, 196, 135, 130, 116, 188, 159, 86, 164, 100, 109, 198, 173, 186, 3, 64,
    52, 217, 226, 250, 124, 123, 5, 202, 38, 147, 118, 126, 255, 82, 85, 212,
    207, 206, 59, 227, 47, 16, 58, 17, 182, 189, 28, 42, 223, 183, 170, 213,
    119, 248, 152, 2, 44, 154, 163, 70, 221, 153, 101, 155, 167, 43, 172, 9,
    129, 22, 39, 253, 19, 98, 108, 110, 79, 113, 224, 232, 178, 185, 112, 104,
    218, 246, 97, 228, 251, 34, 242, 193, 238, 210, 144, 12, 191, 179, 162, 241,
    81, 51, 145, 235, 249, 14, 239, 107, 49, 192, 214, 31, 181, 199, 106, 157,
    184, 84, 204, 176, 115, 121, 50, 45, 127, 4, 150, 254, 138, 236, 205, 93,
    222, 114, 67, 29, 24, 72, 243, 141, 128, 195, 78, 66, 215, 61, 156, 180,
};

static sinter_context *context;
static float x[POINTS], y[POINTS];
static unsigned runs;

/* ---- running ---- */

typedef struct way {
    sinter_engine engine;
    uint32_t features;
} way;

static const way ways[] = {
    {SINTER_ENGINE_INTERP, UINT32_MAX}, {SINTER_ENGINE_SCALAR, UINT32_MAX},
    {SINTER_ENGINE_AVX2, UINT32_MAX},   {SINTER_ENGINE_AVX512, (uint32_t)~CPU_AVX512VBMI},
    {SINTER_ENGINE_AVX512, UINT32_MAX}, {SINTER_ENGINE_NEON, UINT32_MAX},
};

static sinter_kernel *compile(const char *text, sinter_type type, const way *w)
{
    sinter_kernel *kernel;
    sinter_report report;
    const sinter_options options = {.engine = w->engine, .type = type};
    sn_cpu_override(w->features);
    const sinter_status status = sinter_compile(context, text, strlen(text), &options, &kernel, &report);
    sn_cpu_override(UINT32_MAX);
    if (status)
        fail_msg("%s", report.errors[0].message);
    return kernel;
}

/* Bits, but all NaN alike. */
static bool is_same(float a, float b)
{
    return (a == b && !signbit(a) == !signbit(b)) || (isnan(a) && isnan(b));
}

static void check_from(const sinter_kernel *kernel, const char *text, const way *w, uint32_t first, uint32_t count, const float *expected)
{
    static float out[POINTS + 1];
    out[count] = 12345;
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){(const void *[]){x + first, y + first}, (void *[]){out}, .count = count}), SINTER_OK);
    for (uint32_t i = 0; i < count; i++)
        if (!is_same(out[i], expected[first + i]))
            fail_msg("%s, element %u of %u: %.9g, not %.9g\n%.300s", sinter_engine_name(w->engine), i, count, (double)out[i],
                     (double)expected[first + i], strrchr(text, ']') ? strrchr(text, ']') : text);
    assert_true(out[count] == 12345);
    runs++;
}

/* Every length up to two rounds of four vectors, then all, each from another place. */
static void check_text(const char *text, const float *expected)
{
    for (unsigned k = 0; k < sizeof ways / sizeof *ways; k++) {
        if (!sinter_engine_available(ways[k].engine, NULL))
            continue;
        sinter_kernel *kernel = compile(text, SINTER_F32, &ways[k]);
        for (uint32_t count = 0; count <= 130; count += count < 70 ? 1 : 6)
            check_from(kernel, text, &ways[k], 29 * count, count, expected);
        check_from(kernel, text, &ways[k], 0, POINTS, expected);
        sinter_kernel_close(kernel);
    }
}

/* What the interpreter says, where there is no C to compare with. */
static void check_engines(const char *text)
{
    static float expected[POINTS];
    sinter_kernel *kernel = compile(text, SINTER_F32, &ways[0]);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){(const void *[]){x, y}, (void *[]){expected}, .count = POINTS}), SINTER_OK);
    sinter_kernel_close(kernel);
    check_text(text, expected);
}

/* "table NAME: u8 = [...]" */
static int write_table(char *text, size_t room, const char *name, const uint8_t *content, unsigned length)
{
    int at = snprintf(text, room, "table %s: u8 = [", name);
    for (unsigned k = 0; k < length; k++)
        at += snprintf(text + at, room - (size_t)at, "%s%u", k ? ", " : "", content[k]);
    return at + snprintf(text + at, room - (size_t)at, "]\n");
}

/* ---- improved noise ---- */

static const char noise[] = "fn fade(t) = t*t*t*(t*(t*6 - 15) + 10)\n"
                            "fn turned(v, hash, up) = from_bits(xor(bits(v), and(shl(hash, up), i32(-2147483648))))\n"
                            "fn corner(hash, x, y) = turned(x, hash, 31) + turned(y, hash, 30)\n"
                            "fn noise(x, y) {\n"
                            "    column = floor(x)\n"
                            "    row = floor(y)\n"
                            "    u = x - column\n"
                            "    v = y - row\n"
                            "    i = and(i32(column), 255)\n"
                            "    j = and(i32(row), 255)\n"
                            "    left = p[i] + j\n"
                            "    right = p[and(i + 1, 255)] + j\n"
                            "    s = fade(u)\n"
                            "    below = lerp(corner(p[and(left, 255)], u, v), corner(p[and(right, 255)], u - 1, v), s)\n"
                            "    above = lerp(corner(p[and(left + 1, 255)], u, v - 1), corner(p[and(right + 1, 255)], u - 1, v - 1), s)\n"
                            "    lerp(below, above, fade(v))\n"
                            "}\n";

static int32_t to_i32(float v) /* as the language has it */
{
    return v >= -2147483648.f && v < 2147483648.f ? (int32_t)v : INT32_MIN;
}

static float fade(float t)
{
    return t * t * t * fmaf(t, fmaf(t, 6, -15), 10);
}

static float corner(unsigned hash, float u, float v)
{
    return (hash & 1 ? -u : u) + (hash & 2 ? -v : v);
}

static float mix(float a, float b, float t)
{
    return fmaf(t, b - a, a);
}

static float reference(float at_x, float at_y)
{
    const float column = floorf(at_x), row = floorf(at_y), u = at_x - column, v = at_y - row;
    const unsigned i = (unsigned)to_i32(column) & 255, j = (unsigned)to_i32(row) & 255;
    const unsigned left = permutation[i] + j, right = permutation[(i + 1) & 255] + j;
    const float below = mix(corner(permutation[left & 255], u, v), corner(permutation[right & 255], u - 1, v), fade(u));
    const float above = mix(corner(permutation[(left + 1) & 255], u, v - 1), corner(permutation[(right + 1) & 255], u - 1, v - 1), fade(u));
    return mix(below, above, fade(v));
}

static void improved_noise(void **state)
{
    static char text[TEXT];
    static float expected[POINTS];
    (void)state;
    const int at = write_table(text, sizeof text, "p", permutation, 256);
    snprintf(text + at, sizeof text - (size_t)at, "%snoise(x*4, y*4)*0.5 + 0.5", noise);
    for (unsigned k = 0; k < POINTS; k++)
        expected[k] = fmaf(reference(x[k] * 4, y[k] * 4), 0.5f, 0.5f);
    check_text(text, expected);
}

/* So many that four vectors do not find registers for all, with what waits for look-ups and what they wait for; a warped one; and cold regions
 * around it. */
static void noises_together(void **state)
{
    static const char *const endings[] = {
        "sum(k, 0, 7, noise(x*2^k + k*17, y*2^k)*0.5^k)",
        "noise(x + 3*noise(x, y), y + 3*noise(y, x))",
        "sin(noise(x, y)*1000000) + log(noise(y, x) + 0.5)*select(noise(x, y) < 0, exp(x), x)",
        "(noise(x, y) < noise(y, x) ? noise(x*3, y) : x) + min(noise(x, y*5), y)",
    };
    static char text[TEXT];
    (void)state;
    const int at = write_table(text, sizeof text, "p", permutation, 256);
    for (unsigned k = 0; k < sizeof endings / sizeof *endings; k++) {
        snprintf(text + at, sizeof text - (size_t)at, "%s%s", noise, endings[k]);
        check_engines(text);
    }
}

/* ---- tables ---- */

static unsigned clamped(int32_t index, unsigned length)
{
    return index < 0 ? 0 : (unsigned)index < length ? (unsigned)index : length - 1;
}

static void every_length(void **state)
{
    static const uint16_t lengths[] = {1, 2, 3, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513};
    static char text[TEXT];
    static float expected[POINTS];
    uint8_t content[513];
    (void)state;
    for (unsigned k = 0; k < sizeof content; k++)
        content[k] = (uint8_t)(k * 167 + k / 256 + 13);
    for (unsigned k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        const unsigned length = lengths[k];
        const int at = write_table(text, sizeof text, "t", content, length);
        snprintf(text + at, sizeof text - (size_t)at, "t[x*6]");
        for (unsigned i = 0; i < POINTS; i++)
            expected[i] = content[clamped(to_i32(x[i] * 6), length)];
        check_text(text, expected);
        const int32_t one = length >= 256 ? 255 : length >= 16 ? 15 : 0, other = length >= 128 ? 127 : 0;
        snprintf(text + at, sizeof text - (size_t)at, "t[and(i32(floor(x*6)), %d)] - t[and(i32(y), %d)]", one, other);
        for (unsigned i = 0; i < POINTS; i++)
            expected[i] = (float)(content[to_i32(floorf(x[i] * 6)) & one] - content[to_i32(y[i]) & other]);
        check_text(text, expected);
    }
}

/* More tables than registers, and what is done with bytes: sums that wrap, bits, constants on either side, other types. */
static void uses_of_bytes(void **state)
{
    static const char *const endings[] = {
        "p[and(xor(p[and(i, 255)], p[and(j, 255)]), 255)]",
        "p[and(3 - p[and(i, 255)], 255)] + p[and(or(p[and(j, 255)], 129), 255)]",
        "p[and(p[and(i, 255)] - p[and(j - i, 255)], 255)]*2 + q[and(p[and(i, 255)], 63)]",
        "r[and(q[and(i, 127)], 63)] + p[and(q[and(j, 127)] + 255, 255)] + s[and(i, 255)]",
        "p[and(i, 255)] / 7 + p[and(j, 255)] % 5",
        "p[and(i32(p[and(i, 255)]*x), 255)]",
        "select(and(p[and(i, 255)], 4) == 0, x, -x) + f64(p[and(j, 255)])*y",
        "xor(i, and(shl(p[and(j, 255)], 5), 8000))",
        "xor(and(shl(p[and(j, 255)], 28), i32(-1879048192)), i)",
        "p[and(i >>> 24, 255)] + p[j >>> 25] + p[200] + p[and(p[and(i, 255)], 240)]",
        "p[and(select(x < y, p[and(i, 255)], j), 255)]",
        "p[p[p[p[p[p[and(i + 77, 255)]]]]]] + p[p[p[and(j, 255)]]]",
    };
    static char text[4 * TEXT];
    (void)state;
    int at = write_table(text, sizeof text, "p", permutation, 256);
    at += write_table(text + at, sizeof text - (size_t)at, "q", permutation + 7, 128);
    at += write_table(text + at, sizeof text - (size_t)at, "r", permutation + 99, 64);
    at += write_table(text + at, sizeof text - (size_t)at, "s", permutation, 256);
    at += snprintf(text + at, sizeof text - (size_t)at, "i = i32(floor(x*9))\nj = i32(floor(y*1000000))\n");
    for (unsigned k = 0; k < sizeof endings / sizeof *endings; k++) {
        snprintf(text + at, sizeof text - (size_t)at, "%s", endings[k]);
        check_engines(text);
    }
}

/* ---- */

static int make_data(void **state)
{
    static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1e10f, -1e10f, 0x1p-149f, 0.25f, -0.25f, 2147483648.f, -1};
    (void)state;
    uint32_t seed = 7;
    for (unsigned k = 0; k < POINTS; k++) {
        x[k] = (float)((int)(k % 1031) - 400) * 0.0625f;
        seed = seed * 1664525u + 1013904223u;
        y[k] = (float)(int32_t)seed * (k % 3 ? 0x1p-27f : 0x1p-20f);
        if (k % 61 == 60)
            x[k] = special[k / 61 % (sizeof special / sizeof *special)];
        if (k % 67 == 66)
            y[k] = special[k / 67 % (sizeof special / sizeof *special)];
    }
    return sinter_open(NULL, &context) == SINTER_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    printf("# %u runs\n", runs);
    sinter_close(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(improved_noise),
        cmocka_unit_test(noises_together),
        cmocka_unit_test(every_length),
        cmocka_unit_test(uses_of_bytes),
    };
    return cmocka_run_group_tests(tests, make_data, end);
}
