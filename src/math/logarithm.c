/* The logarithm.
 *
 * x = 2^n (1 + f) with 1 + f between √½ and √2, whose bits the exponent field gives by subtracting those of
 * √½. log(1 + f) is f plus smaller terms: a polynomial in f32; in f64, where that would need twenty terms,
 * a series in f/(2 + f), whose division runs beside the multiplications. n ln 2 + f is the leading part;
 * its rounding is recovered exactly and goes to the smaller terms, so that only the last addition's
 * rounding counts in full, cancellation at n = ±1 included.
 *
 * A `rare` region takes what is not a normal positive number, and in f64 the topmost arguments, whose 2^−n
 * would be subnormal. */
#include "math/exponential_coefficients.h"
#include "math/formula.h"
#include "math/logarithm_coefficients.h"

#include <math.h>

static m_log_parts split_f32(formula *m, ir_ref x)
{
    const ir_ref bits = m_bits(m, x);
    const ir_ref n = m_sar_i(m, m_sub_i(m, bits, 0x3F3504F3), 23);
    const ir_ref significand = m_from_bits(m, m_sub(m, bits, m_shl_i(m, n, 23)));
    const ir_ref f = m_sub_k(m, significand, 1);
    return (m_log_parts){m_from_int(m, n), f};
}

static m_log_parts split_f64(formula *m, ir_ref x)
{
    const ir_ref n = m_sar_i(m, m_sub_i(m, m_hi32(m, x), 0x3FE6A09E), 20);
    const ir_ref bias = sn_ir_i32(m->p, 1023), one = m_number(m, 1);
    const ir_ref scale = sn_math_power_of_two(m, m_sub(m, bias, n));
    const ir_ref f = m_fms(m, x, scale, one); /* exact */
    return (m_log_parts){m_from_int(m, n), f};
}

m_log_parts sn_math_log_parts(formula *m, ir_ref x)
{
    return m->type == IR_F32 ? split_f32(m, x) : split_f64(m, x);
}

/* ---- in two words ---- */

/* log x = n ln 2 + w + w³ W(w²), w = 2 f/(2 + f). All but the series W beyond its first term is carried in
 * pairs, and what is left out is below 2^-35 (2^-66) of the result. */
typedef struct wide_parts {
    ir_ref n;
    m_pair w;
} wide_parts;

/* f is exact. So is 2 + f in two words, and the remainder of the division. In f64, f comes times 4: the
 * power of two that scales x is normal for all normal x but the least two binades. */
static wide_parts split_wide(formula *m, ir_ref x)
{
    ir_ref n, f;
    if (m->type == IR_F32) {
        const m_log_parts of = split_f32(m, x);
        n = of.n;
        f = of.f;
    } else {
        const ir_ref whole = m_sar_i(m, m_sub_i(m, m_hi32(m, x), 0x3FE6A09E), 20);
        const ir_ref bias = sn_ir_i32(m->p, 1025), four = m_number(m, 4);
        const ir_ref scale = sn_math_power_of_two(m, m_sub(m, bias, whole));
        n = m_from_int(m, whole);
        f = m_fms(m, x, scale, four);
    }
    /* The divisor is halved, so that the quotient is w. */
    const double one = M_BY_TYPE(m, 1.0, 4.0);
    const ir_ref half = m_number(m, 0.5), c = m_number(m, one);
    const ir_ref divisor = m_fma(m, f, half, c);
    const ir_ref dropped = m_fms(m, f, half, m_sub(m, divisor, c));
    const ir_ref unit = m_number(m, 1);
    const ir_ref inverse = m_div(m, unit, divisor), w = m_mul(m, f, inverse);
    const ir_ref rest = m_fnma(m, w, dropped, m_fnma(m, w, divisor, f));
    return (wide_parts){n, {w, m_mul(m, rest, inverse)}};
}

/* log x + n₀ ln 2; n₀ may be absent. */
static m_pair wide_logarithm(formula *m, ir_ref x, ir_ref n0)
{
    const bool single = m->type == IR_F32;
    const wide_parts of = split_wide(m, x);
    const m_pair w = of.w;
    const ir_ref n = n0 ? m_add(m, of.n, n0) : of.n;
    const double *first = M_BY_TYPE(m, sn_log_first_f32, sn_log_first_f64);
    /* w² */
    const ir_ref z = m_mul(m, w.high, w.high);
    const ir_ref z_low = m_fma(m, w.high, m_add(m, w.low, w.low), m_fms(m, w.high, w.high, z));
    /* W(w²) */
    const ir_ref series = single ? sn_math_polynomial(m, z, sn_log_wide_f32, M_LENGTH(sn_log_wide_f32))
                                 : sn_math_polynomial(m, z, sn_log_wide_f64, M_LENGTH(sn_log_wide_f64));
    const ir_ref a = m_number(m, first[0]), c = m_fma(m, z, series, a), less_c = m_sub(m, a, c);
    const ir_ref c_low = m_add_k(m, m_fma(m, z, series, less_c), first[1]);
    /* w² W, whose slope is about 2 W − W(0); then w³ W */
    const ir_ref g = m_mul(m, z, c), slope = m_sub(m, c, less_c);
    const ir_ref g_low = m_fma(m, z_low, slope, m_fma(m, z, c_low, m_fms(m, z, c, g)));
    const ir_ref t = m_mul(m, w.high, g);
    const ir_ref t_low = m_fma(m, w.low, g, m_fma(m, w.high, g_low, m_fms(m, w.high, g, t)));
    /* The sum, its greatest part first. */
    const double *ln2 = M_BY_TYPE(m, sn_ln2_f32, sn_ln2_f64);
    const ir_ref leading = m_fma_k(m, n, ln2[0], w.high);
    const ir_ref rounding = m_sub(m, w.high, m_fnma_k(m, n, ln2[0], leading));
    const m_pair sum = sn_math_fast_two_sum(m, leading, t);
    const ir_ref less = m_add(m, m_fma_k(m, n, ln2[1], w.low), t_low);
    return (m_pair){sum.high, m_add(m, m_add(m, rounding, sum.low), less)};
}

m_pair sn_math_log_pair(formula *m, ir_ref x)
{
    return wide_logarithm(m, x, 0);
}

/* ---- in one word ---- */

/* log(1 + f) − f + rest. */
static ir_ref smaller_terms_f32(formula *m, ir_ref f, ir_ref rest)
{
    const ir_ref square = m_mul(m, f, f);
    return m_fma(m, square, sn_math_polynomial(m, f, sn_log_f32, M_LENGTH(sn_log_f32)), rest);
}

/* The same as s (f²/2 + R) − f²/2 + rest, where s = f/(2 + f). */
static ir_ref smaller_terms_f64(formula *m, ir_ref f, ir_ref rest)
{
    const ir_ref half = m_mul_k(m, f, 0.5);
    const ir_ref s = m_div(m, f, m_add_k(m, f, 2)), square = m_mul(m, s, s);
    const ir_ref series = m_mul(m, square, sn_math_polynomial(m, square, sn_log_f64, M_LENGTH(sn_log_f64)));
    return m_fnma(m, half, f, m_fma(m, s, m_fma(m, half, f, series), rest));
}

/* log(x) + n₀ ln 2 for a normal positive x; n₀ may be absent. */
static ir_ref logarithm(formula *m, ir_ref x, ir_ref n0)
{
    const bool single = m->type == IR_F32;
    const m_log_parts of = sn_math_log_parts(m, x);
    const ir_ref n = n0 ? m_add(m, of.n, n0) : of.n;
    const double *ln2 = M_BY_TYPE(m, sn_ln2_f32, sn_ln2_f64);
    const ir_ref leading = m_fma_k(m, n, ln2[0], of.f);
    const ir_ref rounding = m_sub(m, of.f, m_fnma_k(m, n, ln2[0], leading));
    const ir_ref rest = m_fma_k(m, n, ln2[1], rounding);
    return m_add(m, leading, single ? smaller_terms_f32(m, of.f, rest) : smaller_terms_f64(m, of.f, rest));
}

/* Subnormal and huge arguments are scaled; 0, negative ones, infinity and NaN get what is theirs. */
static ir_ref logarithm_at_the_borders(formula *m, ir_ref x)
{
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0);
    const ir_ref is_big = m_lt(m, one, x);
    const ir_ref scale = m_select_k(m, is_big, 0x1p-54, m_number(m, 0x1p54));
    const ir_ref n = m_select_k(m, is_big, 54, m_number(m, -54));
    const ir_ref y = logarithm(m, m_mul(m, x, scale), n);
    const ir_ref positive = m_select(m, m_eq_k(m, x, (double)INFINITY), x, y);
    const ir_ref none = m_number(m, (double)NAN);
    const ir_ref other = m_select_k(m, m_eq(m, x, zero), (double)-INFINITY, none);
    return m_select(m, m_lt(m, zero, x), positive, other);
}

/* f32: one unsigned comparison of the bits, moved by INT32_MIN to be a signed one. f64: two comparisons,
 * which let NaN through the hot part, where it stays NaN: bits would cost more there, and so would the mask
 * of a comparison in i32. */
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

ir_ref sn_math_log(formula *m, ir_ref x)
{
    const ir_ref rare = is_rare(m, x), hot = logarithm(m, x, 0);
    return m_rare(m, rare, logarithm_at_the_borders(m, x), hot);
}
