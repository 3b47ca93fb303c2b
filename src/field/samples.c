/* Numbers as they leave: 8 or 16 bits, and channels side by side.
 *
 * A value is clamped to 0 … 1 first, by comparisons that send NaN to 0. Then it is multiplied and a large number added, whose last
 * place is 1: the sum is rounded to a whole number, halves to the even one, and its low bits are that number. All
 * of it is arithmetic on vectors of 16 bytes, written as such: compilers take comparisons of floating-point numbers for control flow and would
 * do one at a time (2 ns a value on a Zen core at 2.2 GHz, against 0.6). */
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

typedef float quad __attribute__((vector_size(16)));
typedef int32_t quad_bits __attribute__((vector_size(16)));
typedef double pair __attribute__((vector_size(16)));
typedef int64_t pair_bits __attribute__((vector_size(16)));

/* Whole numbers from 0 to `most`, which is below 2^22; the bits above are rubbish. */
static quad_bits round_quad(quad v, float most)
{
    const quad one = {1, 1, 1, 1}, large = {0x1.8p23f, 0x1.8p23f, 0x1.8p23f, 0x1.8p23f};
    v = (quad)((quad_bits)v & (v > 0));
    const quad_bits below = v < one;
    v = (quad)(((quad_bits)v & below) | ((quad_bits)one & ~below));
    return (quad_bits)(v * most + large);
}

static pair_bits round_pair(pair v, double most)
{
    const pair one = {1, 1}, large = {0x1.8p52, 0x1.8p52};
    v = (pair)((pair_bits)v & (v > 0));
    const pair_bits below = v < one;
    v = (pair)(((pair_bits)v & below) | ((pair_bits)one & ~below));
    return (pair_bits)(v * most + large);
}

/* values[] has a multiple of four of them. */
static void round_f32(const float *values, int32_t count, float most, int32_t *to)
{
    for (int32_t i = 0; i < count; i += 4) {
        quad v;
        memcpy(&v, values + i, sizeof v);
        const quad_bits whole = round_quad(v, most);
        memcpy(to + i, &whole, sizeof whole);
    }
}

static void round_f64(const double *values, int32_t count, double most, int32_t *to)
{
    for (int32_t i = 0; i < count; i += 2) {
        pair v;
        memcpy(&v, values + i, sizeof v);
        const pair_bits whole = round_pair(v, most);
        to[i] = (int32_t)whole[0];
        to[i + 1] = (int32_t)whole[1];
    }
}

static void spread_8(const int32_t *restrict from, int32_t count, uint8_t *restrict to, size_t step)
{
    if (step == 1)
        for (int32_t i = 0; i < count; i++)
            to[i] = (uint8_t)from[i];
    else
        for (int32_t i = 0; i < count; i++)
            to[(size_t)i * step] = (uint8_t)from[i];
}

static void spread_16(const int32_t *restrict from, int32_t count, uint16_t *restrict to, size_t step)
{
    if (step == 1)
        for (int32_t i = 0; i < count; i++)
            to[i] = (uint16_t)from[i];
    else
        for (int32_t i = 0; i < count; i++)
            to[(size_t)i * step] = (uint16_t)from[i];
}

/* At most BLOCK values, of which the last ones may not fill a vector. */
static void round_block(sinter_type type, const void *values, int32_t count, double most, int32_t *to)
{
    const size_t size = sn_field_type_size(type);
    const int32_t whole = count & ~3;
    _Alignas(16) unsigned char rest[4 * sizeof(double)] = {0};
    memcpy(rest, (const unsigned char *)values + (size_t)whole * size, (size_t)(count - whole) * size);
    if (type == SINTER_F64) {
        round_f64(values, whole, most, to);
        round_f64((const double *)(const void *)rest, 4, most, to + whole);
    } else {
        round_f32(values, whole, (float)most, to);
        round_f32((const float *)(const void *)rest, 4, (float)most, to + whole);
    }
}

static void store_rounded(sinter_depth depth, sinter_type type, const void *values, int32_t count, void *to, size_t step)
{
    int32_t whole[BLOCK + 4];
    for (int32_t at = 0; at < count; at += BLOCK) {
        const int32_t n = count - at < BLOCK ? count - at : BLOCK;
        round_block(type, (const unsigned char *)values + (size_t)at * sn_field_type_size(type), n,
                    depth == SINTER_8_BITS ? 255 : 65535, whole);
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
