/* The meaning of every pure operation on one element, as C that compilers turn into vector code: no branches,
 * no conversion that C leaves undefined, no libm function whose result libm may choose.
 *
 * One function an operation and type, NAME_f32, NAME_f64, NAME_i32; the tables of block_loops.h and the
 * switch of scalar_loop.h expand the list of operations and name these, so a forgotten one does not compile.
 * Masks are i32, 0 or −1. Included only by the engine_*.c files. */
#ifndef SN_INTERP_ELEMENTS_H
#define SN_INTERP_ELEMENTS_H

#include <math.h>
#include <stdint.h>

#define ELEMENT static inline __attribute__((always_inline, unused))

#define FLOAT_1(NAME, narrow, wide)                                                             \
    ELEMENT float NAME##_f32(float a) { return narrow; }                                        \
    ELEMENT double NAME##_f64(double a) { return wide; }
#define FLOAT_2(NAME, narrow, wide)                                                             \
    ELEMENT float NAME##_f32(float a, float b) { return narrow; }                               \
    ELEMENT double NAME##_f64(double a, double b) { return wide; }
#define FLOAT_3(NAME, narrow, wide)                                                             \
    ELEMENT float NAME##_f32(float a, float b, float c) { return narrow; }                      \
    ELEMENT double NAME##_f64(double a, double b, double c) { return wide; }
#define INT_1(NAME, whole) \
    ELEMENT int32_t NAME##_i32(int32_t a) { return (int32_t)(whole); }
#define INT_2(NAME, whole) \
    ELEMENT int32_t NAME##_i32(int32_t a, int32_t b) { return (int32_t)(whole); }
#define COMPARE(NAME, operator)                                                                 \
    ELEMENT int32_t NAME##_f32(float a, float b) { return -(int32_t)(a operator b); }           \
    ELEMENT int32_t NAME##_f64(double a, double b) { return -(int32_t)(a operator b); }         \
    ELEMENT int32_t NAME##_i32(int32_t a, int32_t b) { return -(int32_t)(a operator b); }
/* Any type of 4 or 8 bytes; written with bits, so that no branch comes of it. */
#define CHOOSE(NAME)                                                                            \
    ELEMENT uint32_t NAME##_u32(int32_t a, uint32_t b, uint32_t c)                              \
    {                                                                                           \
        return ((uint32_t)a & b) | (~(uint32_t)a & c);                                          \
    }                                                                                           \
    ELEMENT uint64_t NAME##_u64(int32_t a, uint64_t b, uint64_t c)                              \
    {                                                                                           \
        const uint64_t wide = (uint64_t)(int64_t)a;                                             \
        return (wide & b) | (~wide & c);                                                        \
    }

FLOAT_2(ADD, a + b, a + b)
FLOAT_2(SUB, a - b, a - b)
FLOAT_2(MUL, a * b, a * b)
FLOAT_2(DIV, a / b, a / b)
FLOAT_3(FMA, __builtin_fmaf(a, b, c), __builtin_fma(a, b, c))
FLOAT_3(FMS, __builtin_fmaf(a, b, -c), __builtin_fma(a, b, -c))
FLOAT_3(FNMA, __builtin_fmaf(-a, b, c), __builtin_fma(-a, b, c))
FLOAT_1(NEG, -a, -a)
FLOAT_1(ABS, __builtin_fabsf(a), __builtin_fabs(a))
FLOAT_2(MIN, a < b ? a : b, a < b ? a : b)
FLOAT_2(MAX, a > b ? a : b, a > b ? a : b)
FLOAT_1(SQRT, __builtin_sqrtf(a), __builtin_sqrt(a))
FLOAT_1(FLOOR, __builtin_floorf(a), __builtin_floor(a))
FLOAT_1(CEIL, __builtin_ceilf(a), __builtin_ceil(a))
FLOAT_1(ROUND, __builtin_rintf(a), __builtin_rint(a))
FLOAT_1(TRUNC, __builtin_truncf(a), __builtin_trunc(a))
FLOAT_2(COPYSIGN, __builtin_copysignf(a, b), __builtin_copysign(a, b))

INT_2(ADD, (uint32_t)a + (uint32_t)b)
INT_2(SUB, (uint32_t)a - (uint32_t)b)
INT_2(MUL, (uint32_t)a * (uint32_t)b)
INT_1(NEG, 0u - (uint32_t)a)
INT_1(ABS, a < 0 ? 0u - (uint32_t)a : (uint32_t)a)
INT_2(MIN, a < b ? a : b)
INT_2(MAX, a > b ? a : b)
INT_2(AND, (uint32_t)a & (uint32_t)b)
INT_2(OR, (uint32_t)a | (uint32_t)b)
INT_2(XOR, (uint32_t)a ^ (uint32_t)b)
INT_1(NOT, ~(uint32_t)a)
INT_2(SHL, (uint32_t)a << (b & 31))
INT_2(SAR, a >> (b & 31)) /* arithmetic in gcc and clang */
INT_2(SHR, (uint32_t)a >> (b & 31))
INT_2(UMULH, (uint64_t)(uint32_t)a * (uint32_t)b >> 32)

/* The quotient of two i32 lies at least 2^-31 from any integer that it is not, relative to 1/|b|; an f64
 * quotient errs by 2^-22 of that: truncating it is exact, and vectors can do it. */
ELEMENT int32_t DIV_i32(int32_t a, int32_t b)
{
    const double quotient = (double)a / (double)(b ? b : 1);
    const int fits = quotient < 2147483648.0;
    const int32_t whole = (int32_t)(fits ? quotient : 0.0);
    return b ? fits ? whole : INT32_MIN : 0;
}

COMPARE(LT, <)
COMPARE(LE, <=)
COMPARE(EQ, ==)
COMPARE(NE, !=)
CHOOSE(SELECT)
CHOOSE(RARE)
CHOOSE(GUARD)

/* To i32: the value that does not fit is replaced before the conversion, since C leaves that undefined. NaN
 * does not fit. */
ELEMENT int32_t CVT_f32_i32(float a)
{
    const int fits = a >= -2147483648.0f && a < 2147483648.0f;
    const int32_t whole = (int32_t)(fits ? a : 0.0f);
    return fits ? whole : INT32_MIN;
}
ELEMENT int32_t CVT_f64_i32(double a)
{
    const int fits = a > -2147483649.0 && a < 2147483648.0;
    const int32_t whole = (int32_t)(fits ? a : 0.0);
    return fits ? whole : INT32_MIN;
}
ELEMENT float CVT_i32_f32(int32_t a) { return (float)a; }
ELEMENT float CVT_f64_f32(double a) { return (float)a; }
ELEMENT double CVT_i32_f64(int32_t a) { return (double)a; }
ELEMENT double CVT_f32_f64(float a) { return (double)a; }

ELEMENT int32_t HI32_u64(uint64_t a) { return (int32_t)(uint32_t)(a >> 32); }
ELEMENT int32_t LO32_u64(uint64_t a) { return (int32_t)(uint32_t)a; }
ELEMENT uint64_t PACK64_i32(int32_t a, int32_t b) { return (uint64_t)(uint32_t)a << 32 | (uint32_t)b; }

#undef FLOAT_1
#undef FLOAT_2
#undef FLOAT_3
#undef INT_1
#undef INT_2
#undef COMPARE
#undef CHOOSE
#endif
