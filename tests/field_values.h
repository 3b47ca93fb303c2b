/* A field's values at many points, for tests of what library functions compute: every engine that can run
 * here gives them, and has to give the same bits. Behind open_context.h and cmocka.h. */
#ifndef TEST_FIELD_VALUES_H
#define TEST_FIELD_VALUES_H

#include "open_context.h"

#include <sinter/sinter.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_COORDINATES = 4, FIELD_MOST_OUTPUTS = 40 };

static void compile_field(const char *text, sinter_type type, sinter_engine engine, sinter_kernel **kernel)
{
    sinter_report report;
    const sinter_options options = {.type = type, .engine = engine, .inputs = "x y z t"};
    if (sinter_compile(context, text, strlen(text), &options, kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
}

/* One engine's values, an output behind the other, as the type has them. Returns how many outputs there are.
 */
static uint32_t run_field(const char *text, sinter_type type, sinter_engine engine, const void *const *inputs,
                          uint32_t count, char *values)
{
    const size_t size = type == SINTER_F64 ? sizeof(double) : sizeof(float);
    void *outputs[FIELD_MOST_OUTPUTS];
    sinter_kernel *kernel;
    compile_field(text, type, engine, &kernel);
    const uint32_t made = sinter_kernel_describe(kernel).output_count;
    assert_in_range(made, 1, FIELD_MOST_OUTPUTS);
    for (uint32_t k = 0; k < made; k++)
        outputs[k] = values + size * count * k;
    const sinter_arguments arguments = {.inputs = inputs, .outputs = outputs, .count = count};
    assert_int_equal(sinter_run(kernel, &arguments), SINTER_OK);
    sinter_kernel_close(kernel);
    return made;
}

static double field_number(sinter_type type, const void *values, size_t i)
{
    return type == SINTER_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
}

/* Equal bits; any NaN is like another. */
static void same_bits(const char *text, sinter_type type, const char *a, const char *b, size_t numbers)
{
    const size_t size = type == SINTER_F64 ? sizeof(double) : sizeof(float);
    for (size_t i = 0; i < numbers; i++) {
        const double x = field_number(type, a, i), y = field_number(type, b, i);
        if (memcmp(a + i * size, b + i * size, size) != 0 && !(x != x && y != y))
            fail_msg("%s: number %zu is %a on one engine, %a on another", text, i, x, y);
    }
}

/* The text's values at `count` points of x, y, z, t (NULL: all 0), given in f64 and rounded to the type:
 * `values` has output k of point i at [k*count + i]. Returns how many outputs there are. */
static uint32_t field_values(const char *text, sinter_type type,
                             const double *const points[FIELD_COORDINATES], uint32_t count, double *values)
{
    static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2,
                                            SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
    const size_t size = type == SINTER_F64 ? sizeof(double) : sizeof(float);
    void *inputs[FIELD_COORDINATES];
    for (int k = 0; k < FIELD_COORDINATES; k++) {
        inputs[k] = calloc(count, size);
        for (uint32_t i = 0; points[k] && i < count; i++) {
            const float single = (float)points[k][i];
            memcpy((char *)inputs[k] + i * size, type == SINTER_F64 ? (const void *)&points[k][i] : &single,
                   size);
        }
    }
    char *const first = malloc(size * count * FIELD_MOST_OUTPUTS), *const other = malloc(size * count *
                                                                                         FIELD_MOST_OUTPUTS);
    const void *const *const read = (const void *const *)inputs;
    const uint32_t outputs = run_field(text, type, engines[0], read, count, first);
    for (size_t e = 1; e < sizeof engines / sizeof *engines; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        run_field(text, type, engines[e], read, count, other);
        same_bits(text, type, first, other, (size_t)outputs * count);
    }
    for (size_t i = 0; i < (size_t)outputs * count; i++)
        values[i] = field_number(type, first, i);
    free(first);
    free(other);
    for (int k = 0; k < FIELD_COORDINATES; k++)
        free(inputs[k]);
    return outputs;
}

/* The same along x alone. */
static inline uint32_t values_along_x(const char *text, sinter_type type, const double *x, uint32_t count,
                               double *values)
{
    return field_values(text, type, (const double *const[FIELD_COORDINATES]){x}, count, values);
}

#endif
