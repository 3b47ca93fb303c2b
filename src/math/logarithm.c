/* Logarithms.
 *
 * x = 2^n (1 + f), where 1 + f goes from 2/3, 0.7026 or √½ to twice that; the exponent field gives n
 * after the bits of the lower bound are subtracted. log(1 + f) is f plus smaller terms: a polynomial in
 * f32; in f64, where that would need twenty terms, a series in s = f/(2 + f), whose division runs beside
 * the multiplications. n ln 2 + f is the leading part; its rounding is recovered exactly and goes to the
 * smaller terms, so that only the last addition's rounding counts in full, cancellation at n = ±1
 * included.
 *
 * In the bases 2 and 10 the leading part is n log_b 2 + f log_b e, a fused operation. What recovers its
 * rounding must not need more places than there are, so that it may not come too near to 0 at n = −1, and
 * in base 10 the result at n = ±1 should not fall below 1/8: hence the bounds 2/3 and 1439/2048 = 0.7026.
 * The smaller terms are multiplied by log_b e, in f32 within their coefficients, and what the constants'
 * first pieces left out is added.
 *
 * log1p(x): 1 + f = (1 + x)/2^n, f = x 2^-n − (1 − 2^-n), where 1 + x is rounded to find n only. What f's
 * rounding leaves out, e, joins the smaller terms as e (1 − f), which is e/(1 + f) as nearly as matters.
 *
 * A `rare` region takes what is not a normal positive number, and the topmost arguments where their 2^-n
 * would be subnormal.
 *
 * The grade `fast` rounds as it goes: n log_b 2 rounded, plus f, in f64 s, times a polynomial. */
#include "math/exponential_coefficients.h"
#include "math/formula.h"
#include "math/logarithm_coefficients.h"

#include <math.h>

#define POLYNOMIAL(m, x, name) sn_math_polynomial(m, x, sn_##name, M_LENGTH(sn_##name))

/* ---- the m_log_parts of an argument ---- */

/* The bits, of f64 the upper ones, of the lower bounds of 1 + f. */
static int32_t at_root(const formula *m)
{
    return M_BY_TYPE(m, 0x3F3504F3, 0x3FE6A09E);
}
static int32_t at_two_thirds(const formula *m)
{
    return M_BY_TYPE(m, 0x3F2AAAAB, 0x3FE55555);
}
static int32_t at_0_7026(const formula *m)
{
    return M_BY_TYPE(m, 0x3F33E000, 0x3FE67C00);
}

static m_log_parts split_f32(formula *m, ir_ref x, int32_t bound)
{
    const ir_ref bits = m_bits(m, x);
    const ir_ref n = m_sar_i(m, m_sub_i(m, bits, bound), 23);
    const ir_ref significand = m_from_bits(m, m_sub(m, bits, m_shl_i(m, n, 23)));
    const ir_ref f = m_sub_k(m, significand, 1);
    return (m_log_parts){m_from_int(m, n), f};
}

/* The exponent of x, an i32, and 2^-n. */
static ir_ref exponent(formula *m, ir_ref x, int32_t bound)
{
    if (m->type == IR_F32)
        return m_sar_i(m, m_sub_i(m, m_bits(m, x), bound), 23);
    return m_sar_i(m, m_sub_i(m, m_hi32(m, x), bound), 20);
}
static ir_ref inverse_power(formula *m, ir_ref n)
{
    const ir_ref bias = sn_ir_i32(m->p, m_bias(m));
    return sn_math_power_of_two(m, m_sub(m, bias, n));
}

static m_log_parts split_f64(formula *m, ir_ref x, int32_t bound)
{
    const ir_ref n = exponent(m, x, bound), one = m_number(m, 1);
    const ir_ref f = m_fms(m, x, inverse_power(m, n), one); /* exact */
    return (m_log_parts){m_from_int(m, n), f};
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
        const m_log_parts of = split_f32(m, x, at_root(m));
        n = of.n;
        f = of.f;
    } else {
        const ir_ref whole = m_sar_i(m, m_sub_i(m, m_hi32(m, x), at_root(m)), 20);
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

/* w³ W(w²). */
static m_pair wide_tail(formula *m, m_pair w)
{
    const double *first = M_BY_TYPE(m, sn_log_first_f32, sn_log_first_f64);
    /* w² */
    const ir_ref z = m_mul(m, w.high, w.high);
    const ir_ref twice = m_add(m, w.low, w.low), z_low = m_fma(m, w.high, twice, m_fms(m, w.high, w.high, z));
    /* W(w²) */
    const ir_ref series =
        m->type == IR_F32 ? POLYNOMIAL(m, z, log_wide_f32) : POLYNOMIAL(m, z, log_wide_f64);
    const ir_ref a = m_number(m, first[0]), c = m_fma(m, z, series, a), less_c = m_sub(m, a, c);
    const ir_ref c_low = m_add_k(m, m_fma(m, z, series, less_c), first[1]);
    /* w² W, whose slope is about 2 W − W(0); then w³ W */
    const ir_ref g = m_mul(m, z, c), slope = m_sub(m, c, less_c);
    const ir_ref g_low = m_fma(m, z_low, slope, m_fma(m, z, c_low, m_fms(m, z, c, g)));
    const ir_ref t = m_mul(m, w.high, g);
    return (m_pair){t, m_fma(m, w.low, g, m_fma(m, w.high, g_low, m_fms(m, w.high, g, t)))};
}

/* The same of f32 to 2^-28.5 of the logarithm: the roundings of what is at most a hundredth of it stay. The
 * slope of the tail is about 3 w² W. */
static m_pair short_tail_f32(formula *m, m_pair w)
{
    const ir_ref z = m_mul(m, w.high, w.high), first = m_number(m, sn_log_first_f32[0]);
    const ir_ref g = m_mul(m, z, m_fma(m, z, POLYNOMIAL(m, z, log_wide_f32), first));
    const ir_ref slope = m_mul_k(m, g, 3);
    const ir_ref t = m_mul(m, w.high, g);
    return (m_pair){t, m_mul(m, w.low, slope)};
}

m_pair sn_math_log_of_pow(formula *m, ir_ref x, ir_ref n0)
{
    const wide_parts of = split_wide(m, x);
    const m_pair w = of.w;
    const bool is_short = n0 && m->type == IR_F32 && m->grade == MATH_FAST;
    const m_pair tail = is_short ? short_tail_f32(m, w) : wide_tail(m, w);
    /* The sum, its greatest part first. */
    const ir_ref n = n0 ? m_add(m, of.n, n0) : of.n;
    const double *ln2 = sn_math_ln2(m);
    const ir_ref leading = m_fma_k(m, n, ln2[0], w.high);
    const ir_ref rounding = m_sub(m, w.high, m_fnma_k(m, n, ln2[0], leading));
    const m_pair sum = sn_math_fast_two_sum(m, leading, tail.high);
    const ir_ref less = m_add(m, m_fma_k(m, n, ln2[1], w.low), tail.low);
    return (m_pair){sum.high, m_add(m, m_add(m, rounding, sum.low), less)};
}

m_pair sn_math_log_pair(formula *m, ir_ref x)
{
    return sn_math_log_of_pow(m, x, 0);
}

/* ---- in one word ---- */

typedef enum log_base { BASE_E, BASE_2, BASE_10 } log_base;

/* f64: log(1 + f) − f + rest = s (f²/2 + R) − f²/2 + rest, where s = f/(2 + f); `rest` may be absent. */
static ir_ref terms_of_quotient(formula *m, ir_ref f, ir_ref half, ir_ref s, ir_ref rest)
{
    const ir_ref square = m_mul(m, s, s);
    const ir_ref r = POLYNOMIAL(m, square, log_f64);
    const ir_ref part = m_fma(m, half, f, m_mul(m, square, r));
    return m_fnma(m, half, f, rest ? m_fma(m, s, part, rest) : m_mul(m, s, part));
}

static ir_ref smaller_terms_f64(formula *m, ir_ref f, ir_ref rest)
{
    const ir_ref half = m_mul_k(m, f, 0.5);
    return terms_of_quotient(m, f, half, m_div(m, f, m_add_k(m, f, 2)), rest);
}

/* log2(1 + f) − f log2 e + rest. What the sum's rounding loses is put back, without which it and that of the product
 * come to 1.006 ULP where f is next to −1/3. */
static ir_ref terms_of_base_2_f64(formula *m, ir_ref f, ir_ref rest)
{
    const ir_ref half = m_mul_k(m, f, 0.5), s = m_div(m, f, m_add_k(m, f, 2)), square = m_mul(m, s, s);
    const ir_ref r = POLYNOMIAL(m, square, log_third_f64);
    const ir_ref t = m_mul(m, s, m_fma(m, half, f, m_mul(m, square, r)));
    const ir_ref terms = m_fnma(m, half, f, t), lost = m_fnma(m, half, f, m_sub(m, t, terms));
    return m_fma_k(m, terms, sn_log2_e_f64[0], m_fma_k(m, lost, sn_log2_e_f64[0], rest));
}

/* log_b(1 + f) − f log_b e + rest. */
static ir_ref smaller_terms(formula *m, ir_ref f, ir_ref rest, log_base b)
{
    if (m->type == IR_F32) {
        const ir_ref series = b == BASE_E   ? POLYNOMIAL(m, f, log_f32)
                              : b == BASE_2 ? POLYNOMIAL(m, f, log2_f32)
                                            : POLYNOMIAL(m, f, log10_f32);
        return m_fma(m, m_mul(m, f, f), series, rest);
    }
    if (b == BASE_E)
        return smaller_terms_f64(m, f, rest);
    if (b == BASE_2)
        return terms_of_base_2_f64(m, f, rest);
    return m_fma_k(m, smaller_terms_f64(m, f, 0), sn_log10_e_f64[0], rest);
}

ir_ref sn_math_log_tail(formula *m, ir_ref f, ir_ref rest)
{
    return smaller_terms(m, f, rest, BASE_E);
}

ir_ref sn_math_log_tail_of(formula *m, ir_ref f, ir_ref s, ir_ref rest)
{
    if (m->type == IR_F32)
        return smaller_terms(m, f, rest, BASE_E);
    return terms_of_quotient(m, f, m_mul_k(m, f, 0.5), s, rest);
}

/* log_b(1 + f) + rest: the product of a polynomial with f or, in f64, s. */
static ir_ref fast_terms(formula *m, ir_ref f, ir_ref rest, log_base b)
{
    ir_ref x = f, series;
    if (m->type == IR_F32) {
        series = b == BASE_E   ? POLYNOMIAL(m, x, log_fast_f32)
                 : b == BASE_2 ? POLYNOMIAL(m, x, log2_fast_f32)
                               : POLYNOMIAL(m, x, log10_fast_f32);
    } else {
        x = m_div(m, f, m_add_k(m, f, 2));
        const ir_ref square = m_mul(m, x, x);
        series = b == BASE_E   ? POLYNOMIAL(m, square, log_fast_f64)
                 : b == BASE_2 ? POLYNOMIAL(m, square, log2_fast_f64)
                               : POLYNOMIAL(m, square, log10_fast_f64);
    }
    return m_fma(m, x, series, rest);
}

ir_ref sn_math_fast_log(formula *m, ir_ref f, ir_ref rest)
{
    return fast_terms(m, f, rest, BASE_E);
}

static ir_ref fast_sum(formula *m, m_log_parts of, log_base b)
{
    const double of_2 = b == BASE_E ? M_BY_TYPE(m, sn_ln2_nearest_f32[0], sn_ln2_nearest_f64[0])
                                    : M_BY_TYPE(m, sn_log10_2_nearest_f32[0], sn_log10_2_nearest_f64[0]);
    return fast_terms(m, of.f, b == BASE_2 ? of.n : m_mul_k(m, of.n, of_2), b);
}

/* n ln 2 + log(1 + f) + extra; `extra`, small beside the rest, may be absent. */
static ir_ref natural_sum(formula *m, m_log_parts of, ir_ref extra)
{
    const double *ln2 = sn_math_ln2(m);
    const ir_ref leading = m_fma_k(m, of.n, ln2[0], of.f);
    const ir_ref rounding = m_sub(m, of.f, m_fnma_k(m, of.n, ln2[0], leading));
    const ir_ref rest = m_fma_k(m, of.n, ln2[1], extra ? m_add(m, rounding, extra) : rounding);
    return m_add(m, leading, smaller_terms(m, of.f, rest, BASE_E));
}

/* n log_b 2 + log_b(1 + f). */
static ir_ref other_sum(formula *m, m_log_parts of, log_base b)
{
    const double *of_e = b == BASE_2 ? M_BY_TYPE(m, sn_log2_e_f32, sn_log2_e_f64)
                                     : M_BY_TYPE(m, sn_log10_e_f32, sn_log10_e_f64);
    const double *of_2 = M_BY_TYPE(m, sn_log10_of_2_f32, sn_log10_of_2_f64);
    const ir_ref whole = b == BASE_2 ? of.n : m_mul_k(m, of.n, of_2[0]); /* exact */
    const ir_ref leading = m_fma_k(m, of.f, of_e[0], whole);
    const ir_ref rounding = m_fma_k(m, of.f, of_e[0], m_sub(m, whole, leading));
    const ir_ref left_out = m_fma_k(m, of.f, of_e[1], rounding);
    const ir_ref rest = b == BASE_2 ? left_out : m_fma_k(m, of.n, of_2[1], left_out);
    return m_add(m, leading, smaller_terms(m, of.f, rest, b));
}

/* The series of f64 in base e, and those of the grade `fast`, are for the narrower range of s. */
static int32_t bound_of(const formula *m, log_base b)
{
    if (b == BASE_10)
        return at_0_7026(m);
    return m->type == IR_F64 && (b == BASE_E || m->grade == MATH_FAST) ? at_root(m) : at_two_thirds(m);
}

m_log_parts sn_math_log_parts(formula *m, ir_ref x)
{
    const int32_t bound = bound_of(m, BASE_E);
    return m->type == IR_F32 ? split_f32(m, x, bound) : split_f64(m, x, bound);
}

/* log_b(x) + n₀ log_b 2 for a normal positive x; n₀ may be absent. */
static ir_ref logarithm(formula *m, ir_ref x, ir_ref n0, log_base b)
{
    const int32_t bound = bound_of(m, b);
    m_log_parts of = m->type == IR_F32 ? split_f32(m, x, bound) : split_f64(m, x, bound);
    if (n0)
        of.n = m_add(m, of.n, n0);
    if (m->grade == MATH_FAST)
        return fast_sum(m, of, b);
    return b == BASE_E ? natural_sum(m, of, 0) : other_sum(m, of, b);
}

/* Subnormal and huge arguments are scaled; 0, negative ones, infinity and NaN get what is theirs. */
static ir_ref logarithm_at_the_borders(formula *m, ir_ref x, log_base b)
{
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0);
    const ir_ref is_big = m_lt(m, one, x);
    const ir_ref scale = m_select_k(m, is_big, 0x1p-54, m_number(m, 0x1p54));
    const ir_ref n = m_select_k(m, is_big, 54, m_number(m, -54));
    const ir_ref y = logarithm(m, m_mul(m, x, scale), n, b);
    const ir_ref positive = m_select(m, m_eq_k(m, x, (double)INFINITY), x, y);
    const ir_ref none = m_number(m, (double)NAN);
    const ir_ref other = m_select_k(m, m_eq(m, x, zero), (double)-INFINITY, none);
    return m_select(m, m_lt(m, zero, x), positive, other);
}

/* x is not a normal positive number below 2^most (f32: the bits of that). f32: one unsigned comparison of the
 * bits, moved by INT32_MIN to be a signed one. f64: two comparisons, which let NaN through the hot part,
 * where it stays NaN: bits would cost more there, and so would the mask of a comparison in i32. */
static ir_ref is_rare(formula *m, ir_ref x, int32_t most)
{
    if (m->type == IR_F32) {
        const ir_ref first = sn_ir_i32(m->p, most - 0x00800000 + INT32_MIN);
        return m_le(m, first, m_add_i(m, m_bits(m, x), 0x7F800000));
    }
    const ir_ref limit = m_number(m, 0x1p1022);
    const ir_ref is_small = m_lt_k(m, x, 0x1p-1022);
    return m_or(m, is_small, m_lt(m, limit, x));
}

enum { BITS_OF_INFINITY = 0x7F800000, BITS_OF_2_TO_125 = 0x7E000000 };

static ir_ref whole_logarithm(formula *m, ir_ref x, log_base b)
{
    const ir_ref rare = is_rare(m, x, BITS_OF_INFINITY), hot = logarithm(m, x, 0, b);
    return m_rare(m, rare, logarithm_at_the_borders(m, x, b), hot);
}

ir_ref sn_math_log(formula *m, ir_ref x)
{
    return whole_logarithm(m, x, BASE_E);
}

ir_ref sn_math_log2(formula *m, ir_ref x)
{
    return whole_logarithm(m, x, BASE_2);
}

ir_ref sn_math_log10(formula *m, ir_ref x)
{
    return whole_logarithm(m, x, BASE_10);
}

/* ---- log1p ---- */

/* Subnormals stay as they are, since f is x where n = 0; the sign is put back on zeros. The `rare` region
 * knows of 1 + x what there is to know: it is huge, infinite, 0, negative or NaN. */
ir_ref sn_math_log1p(formula *m, ir_ref x)
{
    const ir_ref one = m_number(m, 1), sum = m_add(m, x, one);
    const ir_ref n = exponent(m, sum, bound_of(m, BASE_E)), scale = inverse_power(m, n);
    const ir_ref less = m_sub(m, one, scale), f = m_fms(m, x, scale, less);
    const m_log_parts of = {m_from_int(m, n), f};
    ir_ref y;
    if (m->grade == MATH_FAST) {
        y = fast_sum(m, of, BASE_E);
    } else {
        const ir_ref dropped = m_fms(m, x, scale, m_add(m, f, less));
        y = natural_sum(m, of, m_fnma(m, dropped, f, dropped));
    }
    const ir_ref rare = is_rare(m, sum, BITS_OF_2_TO_125);
    const ir_ref hot = m_copysign(m, y, x);
    return m_rare(m, rare, logarithm_at_the_borders(m, sum, BASE_E), hot);
}
