/* The logarithm of |Γ|.
 *
 * One logarithm serves all positive x, of p:
 *
 *     x < 1/2             log Γ(x) = −log p + t Q(t)                    p = x (x + 1), t = x
 *     1/2 ≤ x < 3/2                  −log p + t Q(t)                    p = x,         t = x − 1
 *     3/2 ≤ x ≤ 5/2                           t Q(t)                    p = 1,         t = x − 2
 *     5/2 < x                        a (log p − 1) + c + J(x)           p = x,         a = x − 1/2
 *
 * where log Γ(2 + t) = t Q(t), |t| ≤ 1/2, with the zero at 2 as a factor; at the zero at 1 the logarithm's
 * leading term is t itself, exactly. The last line is Stirling's formula; J(x) = P(1/x²)/x is its rest as
 * a polynomial that is best over the whole interval, which the asymptotic series is not. From 5/2 on no
 * term is much greater than the sum.
 *
 * The logarithm is left in two parts, of which the smaller is small enough for its roundings not to count.
 * In f64 it divides by 2 + f; that division and 1/x are one, by (2 + f) x.
 *
 * A `rare` region takes the rest. Negative x: |Γ(x) Γ(−x)| = π/|x sin π x|; the sum is taken in two words, so
 * that near the zeros, which the terms cancel to, the error is absolute and small. Tiny ones: −log |x|. */
#include "math/formula.h"
#include "math/gamma_coefficients.h"

#include <math.h>

#define POLYNOMIAL(m, x, name)                                                          \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)),  \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

/* log − less, where less is 0 (which may be absent) or 1, and then exact to subtract: the log is above 0.9. */
static m_pair logarithm(formula *m, m_log_parts of, ir_ref s, ir_ref less)
{
    const double *ln2 = sn_math_ln2(m);
    const ir_ref leading = m_fma_k(m, of.n, ln2[0], of.f);
    const ir_ref rounding = m_sub(m, of.f, m_fnma_k(m, of.n, ln2[0], leading));
    const ir_ref low = sn_math_log_tail_of(m, of.f, s, m_fma_k(m, of.n, ln2[1], rounding));
    return (m_pair){less ? m_sub(m, leading, less) : leading, low};
}

/* log Γ(x) = factor log.high + rest. */
typedef struct terms {
    ir_ref factor, rest;
    m_pair log;
} terms;

static terms terms_of(formula *m, ir_ref x)
{
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0), minus = m_number(m, -1);
    const ir_ref is_large = m_lt(m, m_number(m, 2.5), x), is_low = m_lt_k(m, x, 0.25);
    const ir_ref is_near_2 = m_le(m, one, x);
    const ir_ref low = m_select(m, is_low, m_fma(m, x, x, x), x), n = m_select(m, is_low, zero, one);
    const ir_ref p = m_select(m, is_near_2, m_select(m, is_large, x, one), low);
    const ir_ref t = m_sub(m, x, m_select_k(m, is_near_2, 2, n));
    const ir_ref factor = m_select(m, is_large, m_sub_k(m, x, 0.5), minus);
    const ir_ref less = m_select(m, is_large, one, zero);
    const m_log_parts of = sn_math_log_parts(m, p);
    ir_ref s = 0, inverse;
    if (m->type == IR_F32) {
        inverse = m_div(m, one, x);
    } else {
        const ir_ref two = m_add_k(m, of.f, 2), both = m_select(m, is_large, x, one);
        const ir_ref quotient = m_div(m, one, m_mul(m, two, both));
        s = m_mul(m, m_mul(m, of.f, both), quotient);
        inverse = m_mul(m, two, quotient);
    }
    const m_pair log = logarithm(m, of, s, less);
    const ir_ref near = POLYNOMIAL(m, t, lgamma_near_2);
    const ir_ref stirling = POLYNOMIAL(m, m_mul(m, inverse, inverse), lgamma_stirling);
    const ir_ref product = m_fma(m, t, t, t); /* (x − 1) (x − 2), t being either of them */
    const ir_ref scale = m_select(m, is_large, inverse, product);
    const ir_ref series = m_select(m, is_large, stirling, near);
    const ir_ref small = m_fma(m, scale, series, m_mul(m, factor, log.low));
    const ir_ref c1 = m_number(m, M_BY_TYPE(m, SN_LGAMMA_C1_F32, SN_LGAMMA_C1_F64));
    const ir_ref c2 = m_number(m, M_BY_TYPE(m, SN_LGAMMA_C2_F32, SN_LGAMMA_C2_F64));
    const ir_ref first = m_select(m, is_large, c1, product), r = m_number(m, SN_LGAMMA_R);
    const ir_ref second = m_select(m, is_large, c2, r);
    return (terms){factor, m_fma(m, first, second, small), log};
}

/* C − log z − y, C being log π; or C − log z, C being 54 log 2, where |x| is so small that z is 2^54 |x|. */
static ir_ref reflected(formula *m, ir_ref x, ir_ref size, terms of)
{
    const double *log_pi = M_BY_TYPE(m, sn_log_pi_f32, sn_log_pi_f64);
    const double *units = M_BY_TYPE(m, sn_54_ln2_f32, sn_54_ln2_f64);
    const ir_ref is_tiny = m_lt_k(m, size, M_BY_TYPE(m, 0x1p-40, 0x1p-100));
    const ir_ref turns = m_sub(m, size, m_round(m, size)), zero = m_number(m, 0);
    const ir_ref sine = sn_math_sine_of_half_turns(m, turns, zero);
    const ir_ref product = m_abs(m, m_mul(m, sine, size));
    const ir_ref z = m_select(m, is_tiny, m_mul_k(m, size, 0x1p54), product);
    const m_log_parts parts = sn_math_log_parts(m, z);
    const ir_ref s = m->type == IR_F32 ? 0 : m_div(m, parts.f, m_add_k(m, parts.f, 2));
    const m_pair log = logarithm(m, parts, s, 0);
    const ir_ref first = m_select_k(m, is_tiny, units[0], m_number(m, log_pi[0]));
    const ir_ref second = m_select_k(m, is_tiny, units[1], m_number(m, log_pi[1]));
    const m_pair a = sn_math_two_sum(m, first, m_neg(m, log.high));
    const ir_ref a_low = m_add(m, a.low, m_sub(m, second, log.low));
    const ir_ref main = m_mul(m, of.factor, of.log.high), error = m_fms(m, of.factor, of.log.high, main);
    const m_pair b = sn_math_two_sum(m, a.high, m_neg(m, main));
    const ir_ref b_low = m_sub(m, m_add(m, b.low, a_low), m_add(m, error, of.rest));
    const ir_ref y = m_select(m, is_tiny, m_add(m, a.high, a_low), m_add(m, b.high, b_low));
    /* Poles, and whatever is too great to have a fraction, infinities too. */
    return m_select_k(m, m_eq(m, x, m_floor(m, x)), (double)INFINITY, y);
}

/* Anything but normal numbers above 0; in f64 NaN is let through, and stays, and the topmost are not. */
static ir_ref is_rare(formula *m, ir_ref x)
{
    if (m->type == IR_F32) {
        const ir_ref first = sn_ir_i32(m->p, -0x01000000);
        return m_le(m, first, m_add_i(m, m_bits(m, x), 0x7F800000));
    }
    const ir_ref most = m_number(m, 0x1p1022);
    const ir_ref is_small = m_lt_k(m, x, 0x1p-1022);
    return m_or(m, is_small, m_lt(m, most, x));
}

ir_ref sn_math_lgamma(formula *m, ir_ref x)
{
    const ir_ref rare = is_rare(m, x), size = m_abs(m, x);
    const terms of = terms_of(m, size);
    const ir_ref hot = m_fma(m, of.factor, of.log.high, of.rest);
    return m_rare(m, rare, reflected(m, x, size, of), hot);
}
