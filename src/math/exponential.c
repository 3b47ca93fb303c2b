/* Exponentials.
 *
 * b^x = 2^n b^r, n the whole number nearest to x/log_b 2, r what remains, b^r a polynomial. The number n
 * is read off the low bits of a sum with a large constant, which also biases it, so that a shift makes
 * 2^n of it. n log_b 2 is subtracted in two pieces, the first of which leaves no rounding; for b = 2, r
 * is exact.
 *
 * For b = e, 1 + r is the polynomial's exact part. 10^r is exp(r ln 10): the product is rounded once, of the
 * rest before the second piece was subtracted, with what that piece and the second word of ln 10 add to it.
 *
 * expm1(x) = 2^n (exp(r) − 1) + (2^n − 1). Its leading part is 2^n r + (2^n − 1), whose rounding is
 * recovered and joins the smaller terms. These are kept negated, so that zeros keep their sign. From
 * where the 1 is a place or less of the result, and 2^n − 1 rounds, a `rare` region takes over.
 *
 * Where 2^n or the result leaves the normal numbers, a `rare` region multiplies by two powers of two in
 * turn: the first product is exact, the second rounds once, into the subnormals if need be.
 *
 * The grade `fast` has a term less, and what it leaves out is up to about an ULP. */
#include "math/exponential_coefficients.h"
#include "math/formula.h"

#include <math.h>

#define POLYNOMIAL(m, x, name)                                                    \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)), \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))
/* The one of the grade. */
#define GRADED(m, x, name)                                                        \
    ((m)->grade == MATH_FAST ? POLYNOMIAL(m, x, name##_fast) : POLYNOMIAL(m, x, name))

/* ---- powers of two ---- */

/* Added to n it leaves n, biased, in the sum's low bits. */
static double shift_of(const formula *m)
{
    return M_BY_TYPE(m, 0x1.8p23 + 127, 0x1.8p52 + 1023);
}

/* The word that n is read from, as an integer, is n plus this. */
static int32_t word_of_zero(const formula *m)
{
    return M_BY_TYPE(m, 0x4B400000 + 127, 1023);
}

static ir_ref word_of(formula *m, ir_ref k)
{
    return M_BY_TYPE(m, m_bits(m, k), m_lo32(m, k));
}

ir_ref sn_math_scaled(formula *m, ir_ref y, ir_ref field)
{
    const ir_ref n = m_sub_i(m, field, word_of_zero(m)), half = m_sar_i(m, n, 1);
    const ir_ref first = sn_math_power_of_two(m, m_add_i(m, half, m_bias(m)));
    const ir_ref second = sn_math_power_of_two(m, m_add_i(m, m_sub(m, n, half), m_bias(m)));
    return m_mul(m, m_mul(m, y, first), second);
}

/* ---- the parts of an argument ---- */

/* A base: the number of doublings in 1, log_b 2 in two pieces; within ±normal, result and 2^n are normal;
 * below `vanishes` the result is 0, above `overflows` infinity, and in between n is at most twice a normal
 * number's exponent. One for each type. */
typedef struct base {
    double doublings, log2[2], normal, vanishes, overflows;
} base;

static const base base_e[] = {
    {0x1.715476p0, {SN_LN2_F32}, 87.3125, -104, 89},
    {0x1.71547652b82fep0, {SN_LN2_F64}, 708.375, -746, 710},
};
static const base base_2[] = {
    {1, {1, 0}, 126, -151, 129},
    {1, {1, 0}, 1022, -1076, 1025},
};
static const base base_10[] = {
    {0x1.a934fp1, {SN_LOG10_2_F32}, 37.9375, -46, 39},
    {0x1.a934f0979a371p1, {SN_LOG10_2_F64}, 307.625, -325, 309},
};

/* k has n in its low bits; the rest before and after the second piece of n log_b 2 is subtracted. */
typedef struct reduced {
    ir_ref k, n, before, rest;
} reduced;

static reduced reduce(formula *m, ir_ref x, const base *b)
{
    const ir_ref shift = m_number(m, shift_of(m)), k = m_fma_k(m, x, b->doublings, shift);
    const ir_ref n = m_sub(m, k, shift), before = m_fnma_k(m, n, b->log2[0], x);
    return (reduced){k, n, before, m_fnma_k(m, n, b->log2[1], before)};
}

/* y 2^n, where n need not be the exponent of a normal number; 0 or infinity beyond the arguments for which
 * n is right. */
static ir_ref scaled_to_the_borders(formula *m, ir_ref x, ir_ref y, ir_ref word, const base *b)
{
    const ir_ref scaled = sn_math_scaled(m, y, word);
    const ir_ref vanishes = m_lt_k(m, x, b->vanishes);
    const ir_ref finite = m_select_k(m, vanishes, 0, scaled);
    const ir_ref most = m_number(m, b->overflows);
    return m_select_k(m, m_lt(m, most, x), (double)INFINITY, finite);
}

/* NaN is not beyond the border, and stays NaN. */
static ir_ref scaled(formula *m, ir_ref x, ir_ref y, ir_ref k, const base *b)
{
    const ir_ref word = word_of(m, k), hot = m_mul(m, y, sn_math_power_of_two(m, word));
    const ir_ref border = m_number(m, b->normal), is_beyond = m_lt(m, border, m_abs(m, x));
    return m_rare(m, is_beyond, scaled_to_the_borders(m, x, y, word, b), hot);
}

/* ---- exp, exp2, exp10 ---- */

ir_ref sn_math_exp(formula *m, ir_ref x)
{
    const base *b = &base_e[m->type == IR_F64];
    const reduced of = reduce(m, x, b);
    return scaled(m, x, GRADED(m, of.rest, exp), of.k, b);
}

ir_ref sn_math_exp2(formula *m, ir_ref x)
{
    const base *b = &base_2[m->type == IR_F64];
    const ir_ref shift = m_number(m, shift_of(m)), k = m_add(m, x, shift);
    const ir_ref rest = m_sub(m, x, m_sub(m, k, shift));
    return scaled(m, x, GRADED(m, rest, exp2), k, b);
}

ir_ref sn_math_exp10(formula *m, ir_ref x)
{
    const base *b = &base_10[m->type == IR_F64];
    const reduced of = reduce(m, x, b);
    if (m->grade == MATH_FAST)
        return scaled(m, x, POLYNOMIAL(m, of.rest, exp10_fast), of.k, b);
    const double *slope = M_BY_TYPE(m, sn_exp10_slope_f32, sn_exp10_slope_f64);
    const ir_ref small = m_fma_k(m, of.before, slope[1], m_mul_k(m, of.n, -slope[2]));
    const ir_ref r = m_fma_k(m, of.before, slope[0], small);
    return scaled(m, x, POLYNOMIAL(m, r, exp), of.k, b);
}

/* ---- expm1 ---- */

/* Arguments up to this size (2^24 and 2^53 are near) keep 2^n − 1 exact; below −this, −1 is near enough. */
static double most_of_expm1(const formula *m)
{
    return M_BY_TYPE(m, 16.9375, 37.0);
}

/* −1, or exp(x) less 2^-n within the smaller terms. */
static ir_ref huge_expm1(formula *m, ir_ref x, const reduced *of, ir_ref less)
{
    const ir_ref word = word_of(m, of->k), n = m_sub_i(m, word, word_of_zero(m));
    const ir_ref limited = m_max_i(m, m_sub(m, sn_ir_i32(m->p, m_bias(m)), n), 1);
    const ir_ref inverse = sn_math_power_of_two(m, limited), one = m_number(m, 1);
    const m_pair leading = sn_math_fast_two_sum(m, one, of->before);
    const ir_ref small = m_sub(m, m_sub(m, leading.low, inverse), less);
    const ir_ref y = m_add(m, leading.high, small);
    const ir_ref up = scaled_to_the_borders(m, x, y, word, &base_e[m->type == IR_F64]);
    return m_select_k(m, m_lt(m, x, m_number(m, 0)), -1, up);
}

/* Of a product with r, so that zeros keep their sign. */
static ir_ref fast_expm1(formula *m, ir_ref r, ir_ref scale, ir_ref less_scale)
{
    return m_fms(m, scale, m_mul(m, r, POLYNOMIAL(m, r, expm1_fast)), less_scale);
}

ir_ref sn_math_expm1(formula *m, ir_ref x)
{
    const base *b = &base_e[m->type == IR_F64];
    const reduced of = reduce(m, x, b);
    const ir_ref r = of.rest, one = m_number(m, 1), scale = sn_math_power_of_two(m, word_of(m, of.k));
    const ir_ref less_scale = m_sub(m, one, scale);
    const ir_ref half = m_mul_k(m, r, 0.5), cube = m_mul(m, m_mul(m, r, r), r);
    const ir_ref series = POLYNOMIAL(m, r, exp_wide);
    const ir_ref third = m_fnma(m, cube, series, m_mul_k(m, of.n, b->log2[1]));
    const ir_ref less = m_fnma(m, half, r, third); /* r₀ − (exp(r) − 1), r₀ the rest before */
    const ir_ref high = m_fms(m, scale, of.before, less_scale);
    const ir_ref rounding = m_fnma(m, scale, of.before, m_add(m, less_scale, high));
    const ir_ref hot = m->grade == MATH_FAST ? fast_expm1(m, r, scale, less_scale)
                                             : m_sub(m, high, m_fma(m, scale, less, rounding));
    const ir_ref border = m_number(m, most_of_expm1(m)), is_huge = m_lt(m, border, m_abs(m, x));
    return m_rare(m, is_huge, huge_expm1(m, x, &of, less), hot);
}

/* ---- in two words ---- */

typedef struct wide_rest {
    ir_ref k, most, less;
} wide_rest;

static wide_rest reduce_pair(formula *m, m_pair x)
{
    const base *b = &base_e[m->type == IR_F64];
    const ir_ref shift = m_number(m, shift_of(m)), k = m_fma_k(m, x.high, b->doublings, shift);
    const ir_ref n = m_sub(m, k, shift), most = m_fnma_k(m, n, b->log2[0], x.high); /* exact */
    const ir_ref less = x.low ? m_fnma_k(m, n, b->log2[1], x.low) : m_mul_k(m, n, -b->log2[1]);
    return (wide_rest){k, most, less};
}

/* exp(r); r.low may be absent. 1 + r exactly in two words, r²/2 fused, and a series of what is smaller. */
static m_pair wide_power(formula *m, m_pair r)
{
    const m_pair leading = sn_math_fast_two_sum(m, m_number(m, 1), r.high);
    const ir_ref half = m_mul_k(m, r.high, 0.5), cube = m_mul(m, m_mul(m, r.high, r.high), r.high);
    const ir_ref series = POLYNOMIAL(m, r.high, exp_wide);
    const ir_ref small = r.low ? m_fma(m, r.high, r.low, m_add(m, r.low, leading.low)) : leading.low;
    return sn_math_fast_two_sum(m, leading.high, m_fma(m, half, r.high, m_fma(m, cube, series, small)));
}

m_pair sn_math_exp_pair(formula *m, m_pair x, ir_ref *field)
{
    const wide_rest of = reduce_pair(m, x);
    *field = word_of(m, of.k);
    return wide_power(m, sn_math_fast_two_sum(m, of.most, of.less));
}

m_pair sn_math_exp_near_pair(formula *m, ir_ref x, ir_ref *field)
{
    const reduced of = reduce(m, x, &base_e[m->type == IR_F64]);
    *field = word_of(m, of.k);
    return wide_power(m, (m_pair){of.rest, 0});
}

ir_ref sn_math_exp_word(formula *m, ir_ref x, ir_ref *field)
{
    const reduced of = reduce(m, x, &base_e[m->type == IR_F64]);
    *field = word_of(m, of.k);
    return POLYNOMIAL(m, of.rest, exp);
}

ir_ref sn_math_opposite_field(formula *m, ir_ref field)
{
    const ir_ref twice = sn_ir_i32(m->p, (int32_t)(2u * (uint32_t)word_of_zero(m)));
    return m_sub(m, twice, field);
}

ir_ref sn_math_exp_of_pow(formula *m, m_pair x, ir_ref *field)
{
    if (m->grade != MATH_FAST)
        return sn_math_exp_pair(m, x, field).high;
    const wide_rest of = reduce_pair(m, x);
    *field = word_of(m, of.k);
    return POLYNOMIAL(m, m_add(m, of.most, of.less), exp);
}
