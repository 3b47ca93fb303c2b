/* The logarithmic derivative of Γ, ψ = Γ'/Γ.
 *
 *     x < 1               ψ(x) = ψ(x + 1) − 1/x
 *     1 ≤ x ≤ 9/4         ψ(x) = (x − r) Q(x)              r = 1.46…, the zero, in two words
 *     9/4 < x             ψ(x) = log x − 1/(2 x) − T(1/x²)/x²
 *
 * x + 1 is never formed: Q − 1 is a polynomial in t − 5/8 and t is x or x − 1, exactly. T is the asymptotic
 * series as a polynomial for the whole interval. One division gives 1/x and, in f64, f/(2 + f) for the
 * logarithm, of x/4 rather than x, so that the topmost numbers do not overflow.
 *
 * A `rare` region takes negative x, ψ(−s) = ψ(s) + 1/s + π cot(π s), summed in two words, so that near the
 * zeros, which the terms cancel to, the error is absolute and small; and the neighbourhood of 0, −1/x. */
#include "math/formula.h"
#include "math/gamma_coefficients.h"

#include <math.h>

#define POLYNOMIAL(m, x, name)                                                          \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)),  \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

/* ψ(x) = high + low; nearly 1/x; and where x is below 1, for which low is −inverse. */
typedef struct parts {
    ir_ref high, low, inverse;
} parts;

/* x ≥ 9/4; in f64 from a quarter of it, so that the power of two is normal for the topmost x too. */
static m_log_parts split(formula *m, ir_ref x, ir_ref quarter)
{
    if (m->type == IR_F32)
        return sn_math_log_parts(m, x);
    const ir_ref n = m_sar_i(m, m_sub_i(m, m_hi32(m, x), 0x3FE6A09E), 20);
    const ir_ref bias = sn_ir_i32(m->p, 1025), one = m_number(m, 1);
    const ir_ref scale = sn_math_power_of_two(m, m_sub(m, bias, n));
    const ir_ref f = m_fms(m, quarter, scale, one);
    return (m_log_parts){m_from_int(m, n), f};
}

static parts parts_of(formula *m, ir_ref x)
{
    const bool single = m->type == IR_F32;
    const double *ln2 = sn_math_ln2(m);
    const double *root = M_BY_TYPE(m, sn_digamma_root_f32, sn_digamma_root_f64);
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0), four = m_number(m, 4);
    const ir_ref is_large = m_lt(m, m_number(m, 2.25), x), is_small = m_lt(m, x, one);
    const ir_ref quarter = single ? 0 : m_mul_k(m, x, 0.25);
    const m_log_parts of = split(m, x, quarter);
    /* 1/x, and of f64 s. */
    ir_ref inverse, s = 0;
    if (single) {
        inverse = m_div(m, one, x);
    } else {
        const ir_ref both = m_select(m, is_large, m_add_k(m, of.f, 2), four);
        const ir_ref quotient = m_div(m, one, m_mul(m, both, quarter));
        s = m_mul(m, m_mul(m, of.f, quarter), quotient);
        inverse = m_mul(m, m_mul_k(m, both, 0.25), quotient);
    }
    /* Large x. */
    const ir_ref leading = m_fma_k(m, of.n, ln2[0], of.f);
    const ir_ref rounding = m_sub(m, of.f, m_fnma_k(m, of.n, ln2[0], leading));
    const ir_ref log_low = sn_math_log_tail_of(m, of.f, s, m_fma_k(m, of.n, ln2[1], rounding));
    const ir_ref square = m_mul(m, inverse, inverse);
    const ir_ref series = m_fnma(m, square, POLYNOMIAL(m, square, digamma_series), log_low);
    const ir_ref far = m_fnma_k(m, inverse, 0.5, series);
    /* Others. The rounding of 1/x is recovered. */
    const ir_ref t = m_sub(m, x, m_select(m, is_small, zero, one));
    const ir_ref q = POLYNOMIAL(m, m_sub_k(m, t, SN_DIGAMMA_M), digamma_near_root);
    const ir_ref less = m_select(m, is_small, inverse, zero);
    const ir_ref rest = m_mul(m, m_fnma(m, less, x, one), less);
    const ir_ref d = m_sub_k(m, t, root[0]), less_root = m_add_k(m, rest, root[1]);
    const ir_ref near = m_sub(m, d, m_fnma(m, d, q, less_root));
    const ir_ref high = m_select(m, is_large, leading, near);
    return (parts){high, m_select(m, is_large, far, m_neg(m, less)), inverse};
}

static ir_ref reflected(formula *m, ir_ref x, ir_ref size, parts of)
{
    const double *pi = M_BY_TYPE(m, sn_digamma_pi_f32, sn_digamma_pi_f64);
    const ir_ref zero = m_number(m, 0), half = m_number(m, 0.5), one = m_number(m, 1);
    const ir_ref turns = m_sub(m, size, m_round(m, size)), distance = m_abs(m, turns);
    const ir_ref complement = m_sub(m, half, distance);
    const ir_ref dropped = m_sub(m, m_sub(m, half, complement), distance);
    const m_pair sine = sn_math_sine_of_half_turns_pair(m, turns, zero);
    /* What the complement drops counts where the distance is small: there the slope is π² times that. */
    const ir_ref tail = m_mul(m, dropped, m_mul_k(m, distance, 9.375));
    const m_pair cosine = sn_math_sine_of_half_turns_pair(m, complement, tail);
    const ir_ref is_tiny = m_lt_k(m, size, M_BY_TYPE(m, 0x1p-30, 0x1p-60));
    const ir_ref over = m_div(m, one, m_select(m, is_tiny, x, sine.high)), factor = m_number(m, pi[0]);
    const ir_ref top = m_mul(m, cosine.high, factor), rounding = m_fms(m, cosine.high, factor, top);
    const ir_ref top_low = m_fma_k(m, cosine.high, pi[1], m_fma(m, cosine.low, factor, rounding));
    const ir_ref cotangent = m_mul(m, top, over), remainder = m_fnma(m, cotangent, sine.high, top);
    const ir_ref low = m_mul(m, m_add(m, remainder, m_fnma(m, cotangent, sine.low, top_low)), over);
    /* ψ(s) + 1/s, the latter in two words: of s < 1 the greater ones cancel. */
    const ir_ref inverse_low = m_mul(m, m_fnma(m, of.inverse, size, one), of.inverse);
    const ir_ref others = m_add(m, m_add(m, of.low, of.inverse), inverse_low);
    const m_pair sum = sn_math_two_sum(m, of.high, cotangent);
    const ir_ref y = m_add(m, sum.high, m_add(m, sum.low, m_add(m, others, low)));
    const ir_ref pole = m_number(m, (double)NAN);
    const ir_ref negative = m_select(m, m_eq(m, x, m_floor(m, x)), pole, y);
    const ir_ref infinite = m_number(m, (double)INFINITY);
    const ir_ref other = m_select(m, m_eq(m, x, infinite), x, negative);
    return m_select(m, is_tiny, m_neg(m, over), other);
}

/* Anything but normal numbers above 0; in f64 NaN is let through, and stays. */
static ir_ref is_rare(formula *m, ir_ref x)
{
    if (m->type == IR_F32) {
        const ir_ref first = sn_ir_i32(m->p, -0x01000000);
        return m_le(m, first, m_add_i(m, m_bits(m, x), 0x7F800000));
    }
    const ir_ref most = m_number(m, 0x1.fffffffffffffp1023);
    const ir_ref is_small = m_lt_k(m, x, 0x1p-1022);
    return m_or(m, is_small, m_lt(m, most, x));
}

ir_ref sn_math_digamma(formula *m, ir_ref x)
{
    const ir_ref rare = is_rare(m, x), size = m_abs(m, x);
    const parts of = parts_of(m, size);
    const ir_ref hot = m_add(m, of.high, of.low);
    return m_rare(m, rare, reflected(m, x, size, of), hot);
}
