/* Numbers as they leave: 8 or 16 bits, and channels side by side.
 *
 * A value is clamped to 0 … 1 first, by comparisons that send NaN to 0. Then it is multiplied and a large number added, whose last
 * place is 1: the sum is rounded to a whole number, halves to the even one, and its low bits are that number. All
 * of it is straight arithmetic that compilers turn into vectors, where a call of nearbyint would take one value at a
 * time (1024² values of three channels: 1 ms against 12). */
#include "field/field.h"

#include <string.h>

enum { BLOCK = 256 /* values between two steps; they stay in the first cache */ };

size_t sn_field_type_size(sinter_type type)
{
    return type == SINTER_F64 ? 8 : 4;
}

size_t sn_field_element_size(sinter_depth depth, sinter_type type)
{
    return depth == SINTER_8_BITS ? 1 : depth == SINTER_16_BITS ? 2 : sn_field_type_size(type);
}

/* Whole numbers from 0 to `most`, which is below 2^22. */
static void round_f32(const float *restrict values, int32_t count, float most, uint32_t *restrict to)
{
    for (int32_t i = 0; i < count; i++) {
        float v = values[i] > 0 ? values[i] : 0;
        v = v < 1 ? v : 1;
        const float sum = v * most + 0x1.8p23f;
        uint32_t bits;
        memcpy(&bits, &sum, 4);
        to[i] = bits & 0xFFFF;
    }
}

static void round_f64(const double *restrict values, int32_t count, double most, uint32_t *restrict to)
{
    for (int32_t i = 0; i < count; i++) {
        double v = values[i] > 0 ? values[i] : 0;
        v = v < 1 ? v : 1;
        const double sum = v * most + 0x1.8p52;
        uint64_t bits;
        memcpy(&bits, &sum, 8);
        to[i] = (uint32_t)bits & 0xFFFF;
    }
}

static void spread_8(const uint32_t *restrict from, int32_t count, uint8_t *restrict to, size_t step)
{
    if (step == 1)
        for (int32_t i = 0; i < count; i++)
            to[i] = (uint8_t)from[i];
    else
        for (int32_t i = 0; i < count; i++)
            to[(size_t)i * step] = (uint8_t)from[i];
}

static void spread_16(const uint32_t *restrict from, int32_t count, uint16_t *restrict to, size_t step)
{
    if (step == 1)
        for (int32_t i = 0; i < count; i++)
            to[i] = (uint16_t)from[i];
    else
        for (int32_t i = 0; i < count; i++)
            to[(size_t)i * step] = (uint16_t)from[i];
}

static void store_rounded(sinter_depth depth, sinter_type type, const void *values, int32_t count, void *to, size_t step)
{
    uint32_t whole[BLOCK];
    const double most = depth == SINTER_8_BITS ? 255 : 65535;
    for (int32_t at = 0; at < count; at += BLOCK) {
        const int32_t n = count - at < BLOCK ? count - at : BLOCK;
        if (type == SINTER_F64)
            round_f64((const double *)values + at, n, most, whole);
        else
            round_f32((const float *)values + at, n, (float)most, whole);
        if (depth == SINTER_8_BITS)
            spread_8(whole, n, (uint8_t *)to + (size_t)at * step, step);
        else
            spread_16(whole, n, (uint16_t *)to + (size_t)at * step, step);
    }
}

static void spread_f32(const float *restrict from, int32_t count, float *restrict to, size_t step)
{
    for (int32_t i = 0; i < count; i++)
        to[(size_t)i * step] = from[i];
}

static void spread_f64(const double *restrict from, int32_t count, double *restrict to, size_t step)
{
    for (int32_t i = 0; i < count; i++)
        to[(size_t)i * step] = from[i];
}

void sn_field_store(sinter_depth depth, sinter_type type, const void *values, int32_t count, void *to, size_t step)
{
    if (depth != SINTER_VALUES)
        store_rounded(depth, type, values, count, to, step);
    else if (step == 1)
        memcpy(to, values, (size_t)count * sn_field_type_size(type));
    else if (type == SINTER_F64)
        spread_f64(values, count, to, step);
    else
        spread_f32(values, count, to, step);
}
