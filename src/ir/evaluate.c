/* The meaning of every pure operation, on one element.
 *
 * Constants are folded with this, and every engine is tested against it, so it says in plain C what
 * include/sinter/operations.h says in words. The functions do_ADD, do_SUB, … below come one for each
 * operation of kind PURE; the switch at the end expands the list of operations, so an operation without its
 * function does not compile.
 *
 * The compiler must not fuse (-ffp-contract=off); fma, sqrt and the roundings are the exact ones of IEEE 754,
 * where libm has no freedom. It works in the floating-point mode of its caller, which must be the default one.
 *
 * Arithmetic that gives a NaN gives the canonical one: folding must not depend on which operand's payload an
 * instruction happens to keep. What only moves bits (copysign, select, reinterpretation) leaves it alone. */
#include "ir/ir.h"

#include <limits.h>
#include <string.h>
#include <tgmath.h>

typedef struct arguments {
    ir_type type, operand;
    uint64_t a, b, c;
} arguments;

static float to_f32(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}

static double to_f64(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int32_t to_i32(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    int32_t value;
    memcpy(&value, &low, sizeof value);
    return value;
}

static uint64_t of_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return value != value ? 0x7FC00000u : bits;
}

static uint64_t of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return value != value ? 0x7FF8000000000000u : bits;
}

static uint64_t of_u32(uint32_t value)
{
    return value;
}

static uint64_t of_i32(int32_t value)
{
    return (uint32_t)value;
}

/* One function for all number types: `real` is an expression of x, y and z in either float type, `whole` one
 * in x, y as int32_t or u, v as the same bits unsigned. */
#define NUMBER(NAME, real, whole) \
    static uint64_t do_##NAME(const arguments *in) \
    { \
        if (in->type == IR_F32) { \
            const float x = to_f32(in->a), y = to_f32(in->b); \
            (void)y; \
            return of_f32(real); \
        } \
        if (in->type == IR_F64) { \
            const double x = to_f64(in->a), y = to_f64(in->b); \
            (void)y; \
            return of_f64(real); \
        } \
        const int32_t x = to_i32(in->a), y = to_i32(in->b); \
        const uint32_t u = (uint32_t)in->a, v = (uint32_t)in->b; \
        (void)x, (void)y, (void)u, (void)v; \
        return whole; \
    }

#define FLOAT(NAME, real) \
    static uint64_t do_##NAME(const arguments *in) \
    { \
        if (in->type == IR_F32) { \
            const float x = to_f32(in->a), y = to_f32(in->b), z = to_f32(in->c); \
            (void)y, (void)z; \
            return of_f32(real); \
        } \
        const double x = to_f64(in->a), y = to_f64(in->b), z = to_f64(in->c); \
        (void)y, (void)z; \
        return of_f64(real); \
    }

/* Of integers or of masks, whose bits are 0 or 1. */
#define LOGIC(NAME, bits) \
    static uint64_t do_##NAME(const arguments *in) \
    { \
        const uint32_t u = (uint32_t)in->a, v = (uint32_t)in->b; \
        (void)v; \
        return of_u32((bits) & (in->type == IR_MASK ? 1u : UINT32_MAX)); \
    }

#define COMPARE(NAME, operator) \
    static uint64_t do_##NAME(const arguments *in) \
    { \
        if (in->operand == IR_F32) \
            return to_f32(in->a) operator to_f32(in->b); \
        if (in->operand == IR_F64) \
            return to_f64(in->a) operator to_f64(in->b); \
        return to_i32(in->a) operator to_i32(in->b); \
    }

#define CHOOSE(NAME) \
    static uint64_t do_##NAME(const arguments *in) \
    { \
        return in->a & 1 ? in->b : in->c; \
    }

static uint64_t divide(int32_t x, int32_t y)
{
    if (y == 0)
        return 0;
    if (y == -1) /* INT32_MIN / −1 overflows in C */
        return of_u32(0u - (uint32_t)x);
    return of_i32(x / y);
}

/* The vector instructions shift in the sign; C leaves it to the compiler. */
static uint32_t shift_arithmetic(uint32_t x, uint32_t count)
{
    return x >> count | (x >> 31 ? ~(UINT32_MAX >> count) : 0);
}

NUMBER(ADD, x + y, of_u32(u + v))
NUMBER(SUB, x - y, of_u32(u - v))
NUMBER(MUL, x * y, of_u32(u * v))
NUMBER(DIV, x / y, divide(x, y))
NUMBER(NEG, -x, of_u32(0u - u))
NUMBER(ABS, fabs(x), of_u32(x < 0 ? 0u - u : u))
NUMBER(MIN, x < y ? x : y, of_i32(x < y ? x : y))
NUMBER(MAX, x > y ? x : y, of_i32(x > y ? x : y))
FLOAT(FMA, fma(x, y, z))
FLOAT(FMS, fma(x, y, -z))
FLOAT(FNMA, fma(-x, y, z))
FLOAT(SQRT, sqrt(x))
FLOAT(FLOOR, floor(x))
FLOAT(CEIL, ceil(x))
FLOAT(ROUND, rint(x))
FLOAT(TRUNC, trunc(x))
LOGIC(AND, u & v)
LOGIC(OR, u | v)
LOGIC(XOR, u ^ v)
LOGIC(NOT, ~u)
LOGIC(SHL, u << (v & 31))
LOGIC(SAR, shift_arithmetic(u, v & 31))
LOGIC(SHR, u >> (v & 31))
LOGIC(UMULH, (uint32_t)((uint64_t)u * v >> 32))
COMPARE(LT, <)
COMPARE(LE, <=)
COMPARE(EQ, ==)
COMPARE(NE, !=)
CHOOSE(SELECT)
CHOOSE(RARE)
CHOOSE(GUARD)

static uint64_t do_COPYSIGN(const arguments *in)
{
    const uint64_t sign = in->type == IR_F32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63;
    return (in->a & ~sign) | (in->b & sign);
}

static uint64_t truncate(double x)
{
    /* NaN fails both comparisons. */
    return of_i32(x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN);
}

static uint64_t do_CVT(const arguments *in)
{
    const double x = in->operand == IR_F32   ? (double)to_f32(in->a)
                     : in->operand == IR_F64 ? to_f64(in->a)
                                             : to_i32(in->a);
    if (in->type == IR_I32)
        return in->operand == IR_I32 ? of_i32(to_i32(in->a)) : truncate(x);
    /* x is exact, so this rounds once. */
    return in->type == IR_F32 ? of_f32((float)x) : of_f64(x);
}

static uint64_t do_BITS(const arguments *in)
{
    return (uint32_t)in->a;
}

static uint64_t do_FROM_BITS(const arguments *in)
{
    return (uint32_t)in->a;
}

static uint64_t do_HI32(const arguments *in)
{
    return in->a >> 32;
}

static uint64_t do_LO32(const arguments *in)
{
    return (uint32_t)in->a;
}

static uint64_t do_PACK64(const arguments *in)
{
    return in->a << 32 | (uint32_t)in->b;
}

/* Only constants of pure operations are ever folded; the others have no value of their own. */
#define LEAF_CASE(NAME)
#define MATH_CASE(NAME)
#define MEMORY_CASE(NAME)
#define EFFECT_CASE(NAME)
#define PLAN_CASE(NAME)
#define PURE_CASE(NAME) \
    case IR_##NAME: return do_##NAME(&in);

uint64_t sn_ir_evaluate(ir_code code, ir_type type, ir_type operand, uint64_t a, uint64_t b, uint64_t c)
{
    const arguments in = {type, operand, a, b, c};
    switch ((int)code) {
#define X(NAME, text, operands, immediates, rule, kind) kind##_CASE(NAME)
        SINTER_OPERATIONS(X)
#undef X
    default: return 0;
    }
}
