/* Parity with plain C: gains and offsets over audio-like, random and special data; the scalar entry, blocks
 * of every width and the interpreter give the bits of a loop that a C compiler made (without contraction:
 * -ffp-contract=off). */
#include "guard_pages.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1023, DATA_SETS = 5 };

static const uint32_t sizes[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,  12,
                                 13, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1023};
static const double gains[] = {0, 0.25, -0.25, 0.5, -0.5, 1, -1, 2, 10, 1e-30, 1e30};
static const double offsets[] = {0, 0.1, -0.1, 1, -1, 100, 1e-30, 1e30};
enum {
    SIZES = sizeof sizes / sizeof *sizes,
    GAINS = sizeof gains / sizeof *gains,
    OFFSETS = sizeof offsets / sizeof *offsets
};

static float data32[DATA_SETS][MOST];
static double data64[DATA_SETS][MOST];
static sinter_context *context;
static guarded in_pages, out_pages;
static uint64_t compared;

/* ---- data ---- */

static double uniform(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(int32_t)*state / 2147483648.0;
}

static int make_data(void **state)
{
    static const float special32[] = {0,         -0.0f,      INFINITY,        -INFINITY,
                                      NAN,       0x1p-149f,  -0x1p-149f,      0x1.fffffcp-127f,
                                      0x1p-126f, -0x1p-126f, 0x1.fffffep127f, -0x1.fffffep127f,
                                      1,         -1,         0x1.fffffep-1f,  0x1.000002p0f,
                                      0x1p24f,   0x1p-24f,   3e38f,           1e-38f};
    static const double special64[] = {0,
                                       -0.0,
                                       INFINITY,
                                       -INFINITY,
                                       NAN,
                                       0x1p-1074,
                                       -0x1p-1074,
                                       0x1.ffffffffffffep-1023,
                                       0x1p-1022,
                                       -0x1p-1022,
                                       0x1.fffffffffffffp1023,
                                       -0x1.fffffffffffffp1023,
                                       1,
                                       -1,
                                       0x1.fffffffffffffp-1,
                                       0x1.0000000000001p0,
                                       0x1p53,
                                       0x1p-53,
                                       1e308,
                                       1e-308};
    (void)state;
    const double turn = 6.283185307179586;
    for (uint32_t i = 0; i < MOST; i++) {
        data64[0][i] = 0.5 * sin(turn * 440 * i / 44100);
        data64[4][i] = special64[i % (sizeof special64 / sizeof *special64)];
        data32[4][i] = special32[i % (sizeof special32 / sizeof *special32)];
    }
    for (uint32_t set = 1; set <= 3; set++) {
        uint32_t seed = 12345 * set;
        for (uint32_t i = 0; i < MOST; i++)
            data64[set][i] = uniform(&seed);
    }
    for (uint32_t set = 0; set <= 3; set++)
        for (uint32_t i = 0; i < MOST; i++)
            data32[set][i] = (float)data64[set][i];
    in_pages = guarded_open(MOST * 8);
    out_pages = guarded_open(MOST * 8);
    return (int)sinter_open(NULL, &context);
}

static int free_data(void **state)
{
    (void)state;
    sinter_close(context);
    guarded_close(&in_pages);
    guarded_close(&out_pages);
    printf("# %llu elements compared\n", (unsigned long long)compared);
    return 0;
}

/* ---- programs ---- */

typedef enum shape { FUSED, SEPARATE, GAIN, SHAPES } shape;

/* x·g + o rounded once, rounded twice, x·g; the numbers constants or parameters. */
static sinter_kernel *compile(sinter_engine engine, sinter_type type, shape what, double gain, double offset,
                              bool live)
{
    sinter_program *p = sinter_program_open(NULL);
    const sinter_value x = sinter_input(p, "x", type);
    sinter_value g, o = 0;
    if (live) {
        g = sinter_parameter(p, "gain", type, gain, -1e31, 1e31);
        o = sinter_parameter(p, "offset", type, offset, -1e31, 1e31);
    } else {
        g = type == SINTER_F32 ? sinter_f32(p, (float)gain) : sinter_f64(p, gain);
        o = type == SINTER_F32 ? sinter_f32(p, (float)offset) : sinter_f64(p, offset);
    }
    const sinter_value product = sinter_mul(p, x, g);
    sinter_output(p, "y",
                  what == FUSED      ? sinter_fma(p, x, g, o)
                  : what == SEPARATE ? sinter_add(p, product, o)
                                     : product);
    const sinter_options options = {.engine = engine, .rewriting = SINTER_STRICT};
    sinter_kernel *kernel;
    assert_int_equal(sinter_compile_program(context, p, &options, &kernel, NULL), SINTER_OK);
    sinter_program_close(p);
    return kernel;
}

static float plain32(shape what, float x, float g, float o)
{
    return what == FUSED ? fmaf(x, g, o) : what == SEPARATE ? x * g + o : x * g;
}

static double plain64(shape what, double x, double g, double o)
{
    return what == FUSED ? fma(x, g, o) : what == SEPARATE ? x * g + o : x * g;
}

static void same32(float got, float wanted, const char *engine, uint32_t i, uint32_t count)
{
    uint32_t a, b;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &wanted, sizeof b);
    compared++;
    if (a != b && !(got != got && wanted != wanted))
        fail_msg("%s: element %u of %u is %a, not %a", engine, (unsigned)i, (unsigned)count, (double)got,
                 (double)wanted);
}

static void same64(double got, double wanted, const char *engine, uint32_t i, uint32_t count)
{
    uint64_t a, b;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &wanted, sizeof b);
    compared++;
    if (a != b && !(got != got && wanted != wanted))
        fail_msg("%s: element %u of %u is %a, not %a", engine, (unsigned)i, (unsigned)count, got, wanted);
}

/* Streams end at a guard page, or begin at one. */
static void run(const sinter_kernel *kernel, const void *data, uint32_t count, size_t size, bool at_end,
                void **result)
{
    const size_t bytes = count * size;
    uint8_t *in = at_end ? in_pages.high - bytes : in_pages.low,
            *out = at_end ? out_pages.high - bytes : out_pages.low;
    memcpy(in, data, bytes);
    memset(out, 0x55, bytes);
    const sinter_arguments a = {.inputs = (const void *[]){in}, .outputs = (void *[]){out}, .count = count};
    assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
    *result = out;
}

typedef float (*function32)(float);
typedef double (*function64)(double);
typedef float (*live_function32)(const void *, float);
typedef double (*live_function64)(const void *, double);

static void check_blocks(const sinter_kernel *kernel, sinter_type type, shape what, double gain,
                         double offset, const char *name)
{
    void *result;
    for (uint32_t set = 0; set < DATA_SETS; set++)
        for (uint32_t k = 0; k < SIZES; k++) {
            if (type == SINTER_F32) {
                run(kernel, data32[set], sizes[k], sizeof(float), k & 1, &result);
                for (uint32_t i = 0; i < sizes[k]; i++) {
                    float got;
                    memcpy(&got, (char *)result + i * sizeof got, sizeof got);
                    same32(got, plain32(what, data32[set][i], (float)gain, (float)offset), name, i, sizes[k]);
                }
            } else {
                run(kernel, data64[set], sizes[k], sizeof(double), k & 1, &result);
                for (uint32_t i = 0; i < sizes[k]; i++) {
                    double got;
                    memcpy(&got, (char *)result + i * sizeof got, sizeof got);
                    same64(got, plain64(what, data64[set][i], gain, offset), name, i, sizes[k]);
                }
            }
        }
}

static void check_function(const sinter_kernel *kernel, sinter_type type, shape what, double gain,
                           double offset, bool live)
{
    const sinter_function f = sinter_kernel_function(kernel, NULL);
    sinter_instance *instance;
    if (!f)
        return;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const void *frame = sinter_instance_frame(instance);
    for (uint32_t set = 0; set < DATA_SETS; set++)
        for (uint32_t i = 0; i < MOST; i++) {
            if (type == SINTER_F32) {
                const float x = data32[set][i],
                            y = live ? ((live_function32)f)(frame, x) : ((function32)f)(x);
                same32(y, plain32(what, x, (float)gain, (float)offset), "function", i, 1);
            } else {
                const double x = data64[set][i],
                             y = live ? ((live_function64)f)(frame, x) : ((function64)f)(x);
                same64(y, plain64(what, x, gain, offset), "function", i, 1);
            }
        }
    sinter_instance_close(instance);
}

static void check_engine(sinter_engine engine, sinter_type type)
{
    for (unsigned g = 0; g < GAINS; g++)
        for (unsigned o = 0; o < OFFSETS; o++)
            for (unsigned what = 0; what < SHAPES; what++) {
                if (what == GAIN && o > 0)
                    continue;
                const bool live = (g + o + what) % 3 == 0;
                sinter_kernel *kernel = compile(engine, type, (shape)what, gains[g], offsets[o], live);
                check_blocks(kernel, type, (shape)what, gains[g], offsets[o], sinter_engine_name(engine));
                check_function(kernel, type, (shape)what, gains[g], offsets[o], live);
                sinter_kernel_close(kernel);
            }
}

static void check_type(sinter_type type)
{
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++)
        if (sinter_engine_available((sinter_engine)engine, NULL))
            check_engine((sinter_engine)engine, type);
}

static void f32_is_plain_c(void **state)
{
    (void)state;
    check_type(SINTER_F32);
}

static void f64_is_plain_c(void **state)
{
    (void)state;
    check_type(SINTER_F64);
}

/* The smallest example there is: 0.5x + 1 over 0, 1, 2, 3. */
static void half_and_one(void **state)
{
    (void)state;
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        sinter_kernel *kernel = compile((sinter_engine)engine, SINTER_F32, FUSED, 0.5, 1, false);
        const float in[4] = {0, 1, 2, 3}, wanted[4] = {1, 1.5f, 2, 2.5f};
        float out[4];
        const sinter_arguments a = {.inputs = (const void *[]){in}, .outputs = (void *[]){out}, .count = 4};
        assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
        assert_memory_equal(out, wanted, sizeof out);
        const function32 f = (function32)sinter_kernel_function(kernel, NULL);
        for (unsigned i = 0; f && i < 4; i++)
            assert_true(f(in[i]) == wanted[i]);
        sinter_kernel_close(kernel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_and_one),
        cmocka_unit_test(f32_is_plain_c),
        cmocka_unit_test(f64_is_plain_c),
    };
    return cmocka_run_group_tests(tests, make_data, free_data);
}
