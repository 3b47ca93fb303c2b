/* Writing expansions: m_add(m, a, b) appends an addition in the type at hand, f32 or f64; the rest
 * likewise, in the names of the IR. An ending _k says that a constant stands in the place of the second
 * factor or operand, _i that it is an i32; constants are given as double and, for f32, hold what f32 can.
 *
 * C does not say in which order a call's arguments or an initialiser's values are evaluated. So that every
 * compiler emits the same program, at most one argument of a call may append anything. */
#ifndef SN_MATH_FORMULA_H
#define SN_MATH_FORMULA_H

#include "math/math.h"

typedef struct formula {
    ir_program *p;
    ir_type type;
    math_grade grade;
} formula;

#define M_LENGTH(array) ((unsigned)(sizeof(array) / sizeof *(array)))
/* One value for f32, one for f64. */
#define M_BY_TYPE(m, single, real) ((m)->type == IR_F32 ? (single) : (real))

static inline ir_ref m_number(formula *m, double value)
{
    return sn_ir_number(m->p, m->type, value);
}

#define M_UNARY(name, NAME)                                                 \
    static inline ir_ref m_##name(formula *m, ir_ref a)                     \
    {                                                                       \
        return sn_ir_emit(m->p, IR_##NAME, IR_VOID, a, 0, 0);               \
    }
#define M_BINARY(name, NAME)                                                \
    static inline ir_ref m_##name(formula *m, ir_ref a, ir_ref b)           \
    {                                                                       \
        return sn_ir_emit(m->p, IR_##NAME, IR_VOID, a, b, 0);               \
    }
#define M_BINARY_K(name)                                                    \
    static inline ir_ref m_##name##_k(formula *m, ir_ref a, double k)       \
    {                                                                       \
        return m_##name(m, a, m_number(m, k));                              \
    }
#define M_BINARY_I(name)                                                    \
    static inline ir_ref m_##name##_i(formula *m, ir_ref a, int32_t k)      \
    {                                                                       \
        return m_##name(m, a, sn_ir_i32(m->p, k));                          \
    }
#define M_TERNARY(name, NAME)                                               \
    static inline ir_ref m_##name(formula *m, ir_ref a, ir_ref b, ir_ref c) \
    {                                                                       \
        return sn_ir_emit(m->p, IR_##NAME, IR_VOID, a, b, c);               \
    }
#define M_TERNARY_K(name)                                                   \
    static inline ir_ref m_##name##_k(formula *m, ir_ref a, double k, ir_ref c) \
    {                                                                       \
        return m_##name(m, a, m_number(m, k), c);                           \
    }
M_UNARY(neg, NEG)
M_UNARY(abs, ABS)
M_UNARY(sqrt, SQRT)
M_UNARY(floor, FLOOR)
M_UNARY(ceil, CEIL)
M_UNARY(round, ROUND)
M_UNARY(trunc, TRUNC)
M_UNARY(not, NOT)
M_UNARY(bits, BITS)
M_UNARY(from_bits, FROM_BITS)
M_UNARY(hi32, HI32)
M_UNARY(lo32, LO32)
M_BINARY(add, ADD)
M_BINARY(sub, SUB)
M_BINARY(mul, MUL)
M_BINARY(div, DIV)
M_BINARY(min, MIN)
M_BINARY(max, MAX)
M_BINARY(copysign, COPYSIGN)
M_BINARY(and, AND)
M_BINARY(or, OR)
M_BINARY(xor, XOR)
M_BINARY(shl, SHL)
M_BINARY(sar, SAR)
M_BINARY(shr, SHR)
M_BINARY(lt, LT)
M_BINARY(le, LE)
M_BINARY(eq, EQ)
M_BINARY(ne, NE)
M_BINARY(pack64, PACK64)
M_BINARY_K(add)
M_BINARY_K(sub)
M_BINARY_K(mul)
M_BINARY_K(div)
M_BINARY_K(min)
M_BINARY_K(max)
M_BINARY_K(le)
M_BINARY_K(ne)
M_BINARY_K(lt)
M_BINARY_K(eq)
M_BINARY_I(add)
M_BINARY_I(sub)
M_BINARY_I(min)
M_BINARY_I(max)
M_BINARY_I(or)
M_BINARY_I(xor)
M_BINARY_I(eq)
M_BINARY_I(lt)
M_BINARY_I(and)
M_BINARY_I(shl)
M_BINARY_I(sar)
M_BINARY_I(shr)
M_BINARY_I(ne)
M_BINARY_I(pack64)
M_TERNARY(fma, FMA)   /* a b + c */
M_TERNARY(fms, FMS)   /* a b − c */
M_TERNARY(fnma, FNMA) /* c − a b */
M_TERNARY(select, SELECT)
M_TERNARY(rare, RARE) /* mask, cold, hot */
M_TERNARY_K(fma)
M_TERNARY_K(fnma)
M_TERNARY_K(fms)
M_TERNARY_K(select)
#undef M_UNARY
#undef M_BINARY
#undef M_BINARY_K
#undef M_BINARY_I
#undef M_TERNARY
#undef M_TERNARY_K

static inline ir_ref m_to_int(formula *m, ir_ref a)
{
    return sn_ir_emit(m->p, IR_CVT, IR_I32, a, 0, 0);
}
static inline ir_ref m_from_int(formula *m, ir_ref a)
{
    return sn_ir_emit(m->p, IR_CVT, m->type, a, 0, 0);
}
static inline ir_ref m_load(formula *m, uint32_t memory, ir_ref index)
{
    return sn_ir_emit(m->p, IR_LOAD, IR_VOID, index, memory, 0);
}

/* The exponent bias, and the bits of a significand that are stored. */
static inline int32_t m_bias(const formula *m)
{
    return M_BY_TYPE(m, 127, 1023);
}
static inline int32_t m_stored(const formula *m)
{
    return M_BY_TYPE(m, 23, 52);
}

/* An unevaluated sum: a value and a correction of at most about its last place. */
typedef struct m_pair {
    ir_ref high, low;
} m_pair;

/* ---- formula.c ---- */
/* c[0] + c[1] x + … by Horner's rule, one fused operation a coefficient. */
ir_ref sn_math_polynomial(formula *m, ir_ref x, const double *c, unsigned count);
/* a + b exactly: for any a and b (six operations); where |a| ≥ |b| or the sum is exact (three). */
m_pair sn_math_two_sum(formula *m, ir_ref a, ir_ref b);
m_pair sn_math_fast_two_sum(formula *m, ir_ref a, ir_ref b);
/* a with its sign changed where x is negative or −0. */
ir_ref sn_math_apply_sign(formula *m, ir_ref a, ir_ref x);
/* The biased exponent field of a, an i32; with the sign above it if a is negative. */
ir_ref sn_math_exponent_field(formula *m, ir_ref a);
/* 2^(field − bias), for a field from 1 to the greatest finite one, an i32; of f32, bits above the field and
 * the sign do not matter. */
ir_ref sn_math_power_of_two(formula *m, ir_ref field);
/* ln 2 in two words, none of them negative. */
const double *sn_math_ln2(const formula *m);
/* The constant table `name` of the program, added if it is not there: its index among the memory objects. */
uint32_t sn_math_table(formula *m, const char *name, const void *content, uint32_t length);

/* ---- trigonometric.c ---- */
/* sin(π r) + tail for |r| ≤ 1/2. A tail of +0 makes zeros +0. */
ir_ref sn_math_sine_of_half_turns(formula *m, ir_ref r, ir_ref tail);
/* The same with what its last rounding drops. */
m_pair sn_math_sine_of_half_turns_pair(formula *m, ir_ref r, ir_ref tail);
/* a (−1)^n for a whole float n. */
ir_ref sn_math_alternate(formula *m, ir_ref a, ir_ref n);

/* ---- exponential.c and logarithm.c ---- */
/* x = 2^n (1 + f), f exact and in the range of sn_math_log_tail, n as a float: for normal positive x, of f64 up to
 * 2^1022. */
typedef struct m_log_parts {
    ir_ref n, f;
} m_log_parts;
m_log_parts sn_math_log_parts(formula *m, ir_ref x);
/* exp(x) = result 2^(field − bias), `field` as sn_math_power_of_two takes it. The result, between 0.7 and
 * 1.42, errs by less than 2^-27.5 (f32), 2^-56.5 (f64) of itself. x.low, at most some places of x.high, may
 * be absent (0). 2^(field − bias) is normal up to |x.high| = 87.3125 (f32), 708.375 (f64); far beyond, up to
 * some thousands, sn_math_scaled still knows it. */
m_pair sn_math_exp_pair(formula *m, m_pair x, ir_ref *field);
/* The same of one word, with the rounding of what remains after the reduction, a quarter of a place; and
 * in one word, to about 0.4 places. */
m_pair sn_math_exp_near_pair(formula *m, ir_ref x, ir_ref *field);
ir_ref sn_math_exp_word(formula *m, ir_ref x, ir_ref *field);
/* The field of 2^-n, where `field`, from one of these functions, is that of 2^n. */
ir_ref sn_math_opposite_field(formula *m, ir_ref field);
/* y 2^(field − bias) for a field from exp_pair that need not be that of a normal number: overflows, and
 * rounds once into the subnormals, for exponents up to twice a normal one's. For `rare` regions. */
ir_ref sn_math_scaled(formula *m, ir_ref y, ir_ref field);
/* log(x) for normal finite positive x, of f64 from 2^-1020 on: errs by about 2^-35 (f32), 2^-66 (f64) of
 * itself. The low word is at most some places of the high one. */
m_pair sn_math_log_pair(formula *m, ir_ref x);
/* log(1 + f) − f + rest, for f from −1/3 to 1/3, in f64 from √½ − 1 to √2 − 1. Its roundings are in
 * proportion to f². */
ir_ref sn_math_log_tail(formula *m, ir_ref f, ir_ref rest);
/* The same, given s = f/(2 + f), which f32 does not need. */
ir_ref sn_math_log_tail_of(formula *m, ir_ref f, ir_ref s, ir_ref rest);
/* log(1 + f) for the same f, in the grade `fast`, + rest, one operation. */
ir_ref sn_math_fast_log(formula *m, ir_ref f, ir_ref rest);
/* The two halves of pow, which the grade `fast` shortens: log(x) + n₀ ln 2, exp(x) in one word. */
m_pair sn_math_log_of_pow(formula *m, ir_ref x, ir_ref n0);
ir_ref sn_math_exp_of_pow(formula *m, m_pair x, ir_ref *field);

/* ---- hyperbolic.c ---- */
/* log(v) for normal finite positive v.high, v.low at most some places of it, as a sum's greatest part and the
 * rest, not far smaller where v is near 1: added, they err by little more than that addition rounds. */
m_pair sn_math_log_of_pair(formula *m, m_pair v);

/* ---- one a function ---- */
ir_ref sn_math_sin(formula *m, ir_ref x);
ir_ref sn_math_cos(formula *m, ir_ref x);
ir_ref sn_math_sinpi(formula *m, ir_ref x);
ir_ref sn_math_cospi(formula *m, ir_ref x);
ir_ref sn_math_exp(formula *m, ir_ref x);
ir_ref sn_math_log(formula *m, ir_ref x);
ir_ref sn_math_tan(formula *m, ir_ref x);
ir_ref sn_math_tanpi(formula *m, ir_ref x);
ir_ref sn_math_asin(formula *m, ir_ref x);
ir_ref sn_math_acos(formula *m, ir_ref x);
ir_ref sn_math_atan(formula *m, ir_ref x);
ir_ref sn_math_sinh(formula *m, ir_ref x);
ir_ref sn_math_cosh(formula *m, ir_ref x);
ir_ref sn_math_tanh(formula *m, ir_ref x);
ir_ref sn_math_asinh(formula *m, ir_ref x);
ir_ref sn_math_acosh(formula *m, ir_ref x);
ir_ref sn_math_atanh(formula *m, ir_ref x);
ir_ref sn_math_exp2(formula *m, ir_ref x);
ir_ref sn_math_exp10(formula *m, ir_ref x);
ir_ref sn_math_expm1(formula *m, ir_ref x);
ir_ref sn_math_log2(formula *m, ir_ref x);
ir_ref sn_math_log10(formula *m, ir_ref x);
ir_ref sn_math_log1p(formula *m, ir_ref x);
ir_ref sn_math_rsqrt(formula *m, ir_ref x);
ir_ref sn_math_cbrt(formula *m, ir_ref x);
ir_ref sn_math_erf(formula *m, ir_ref x);
ir_ref sn_math_erfc(formula *m, ir_ref x);
ir_ref sn_math_lgamma(formula *m, ir_ref x);
ir_ref sn_math_gamma(formula *m, ir_ref x);
ir_ref sn_math_digamma(formula *m, ir_ref x);
ir_ref sn_math_logistic(formula *m, ir_ref x);
ir_ref sn_math_softplus(formula *m, ir_ref x);
ir_ref sn_math_normal_cdf(formula *m, ir_ref x);
ir_ref sn_math_normal_log_cdf(formula *m, ir_ref x);
ir_ref sn_math_pow(formula *m, ir_ref x, ir_ref y);
ir_ref sn_math_atan2(formula *m, ir_ref y, ir_ref x);
ir_ref sn_math_hypot(formula *m, ir_ref x, ir_ref y);

#endif
