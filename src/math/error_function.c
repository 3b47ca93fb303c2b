/* The error function and the normal distribution.
 *
 * erf. Near zero it is C x + x P(x²), C of few bits and P small beside it. Beyond it is 1 − erfc |x|, where
 * erfc is small, so that its last places are of little weight: it is the eighth power of a polynomial, since
 * the eighth root of erfc, unlike itself, hardly bends. That spares the exponential. Both polynomials are
 * in arguments moved towards the middle of their ranges, so that their terms stay small.
 *
 * The tails (erfc, normal_cdf). For y = |x|, exp(y²) erfc(y) = G/(y + D), where D is such that G varies by a
 * fifth only: a constant and a small polynomial in y/(y + B), which maps all of the tail to a short range,
 * and of whose errors less than a quarter counts; B is such that it is short. y² is an unevaluated sum of
 * two words (its rounding, as an exponent, would count up to 700 times), the exponential and the quotient
 * are too, and the last operation multiplies, adds and rounds at once. normal_cdf is the same with y²/2 and
 * coefficients of its own, so that nothing is divided by √2. The other side is 2 or 1 less that. In a `rare`
 * region results that may be subnormal are scaled in two steps, of which the second rounds.
 *
 * normal_log_cdf. Left of zero it is −x²/2 + log(G/(y + D)), whose parts have one sign; right of it the
 * logarithm of 1 − Φ(−x), as a pair, or a series in Φ(−x) where that is small. In a `rare` region are the
 * far tails: on the right −Φ(−x) alone; on the left, where G is not known, Mills' ratio by its asymptotic
 * series (M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 1964, 26.2.12). */
#include "math/error_function_coefficients.h"
#include "math/exponential_coefficients.h"
#include "math/formula.h"

#define POLYNOMIAL(m, x, name)                                                          \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)),  \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

/* erf(size) for a size up to 1.33. The second term is added last: by Horner's rule its sum with the others
 * would be rounded first, and coarsely. */
static ir_ref small_erf(formula *m, ir_ref size)
{
    const double *c = M_BY_TYPE(m, sn_erf_small_f32, sn_erf_small_f64);
    const unsigned count = M_BY_TYPE(m, M_LENGTH(sn_erf_small_f32), M_LENGTH(sn_erf_small_f64));
    const ir_ref middle = m_number(m, M_BY_TYPE(m, -SN_ERF_S_F32, -SN_ERF_S_F64));
    const ir_ref from = m_fma(m, size, size, middle), square = m_mul(m, from, from);
    const ir_ref series = sn_math_polynomial(m, from, c + 2, count - 2);
    const ir_ref rest = m_fma(m, series, square, m_number(m, c[0]));
    /* Subnormal results round once more, when the larger unit is given up, but not twice at full weight. */
    const double unit = M_BY_TYPE(m, 0x1p24, 0x1p53);
    const ir_ref large = m_mul_k(m, size, unit), part = m_mul(m, large, m_fma_k(m, from, c[1], rest));
    return m_mul_k(m, m_fma_k(m, large, SN_ERF_C, part), 1 / unit);
}

/* From there on. Of the eighth root, whose rounding would count eight times, two words are squared. */
static ir_ref large_erf(formula *m, ir_ref size)
{
    const double *c = M_BY_TYPE(m, sn_erf_large_f32, sn_erf_large_f64);
    const unsigned count = M_BY_TYPE(m, M_LENGTH(sn_erf_large_f32), M_LENGTH(sn_erf_large_f64));
    const ir_ref from = m_sub_k(m, size, SN_ERF_T), first = m_number(m, c[0]), one = m_number(m, 1);
    const ir_ref series = sn_math_polynomial(m, from, c + 1, count - 1);
    const ir_ref root = m_fma(m, from, series, first);
    const ir_ref rounding = m_fma(m, from, series, m_sub(m, first, root));
    const ir_ref twice = m_add(m, root, root), second = m_fma(m, root, root, m_mul(m, twice, rounding));
    const ir_ref fourth = m_mul(m, second, second);
    return m_fnma(m, fourth, fourth, one);
}

ir_ref sn_math_erf(formula *m, ir_ref x)
{
    const ir_ref most = m_number(m, M_BY_TYPE(m, 4.0, 6.0)); /* NaN stays */
    const ir_ref size = m_min(m, most, m_abs(m, x)), is_small = m_lt_k(m, size, 1.33);
    const ir_ref small = small_erf(m, size);
    return sn_math_apply_sign(m, m_select(m, is_small, small, large_erf(m, size)), x);
}

/* ---- tails ---- */

/* What erfc and the normal distribution do not have in common. */
typedef struct tail {
    double a, b, d, i;
    const double *series;
    unsigned count;
    double most, border; /* the result vanishes; it may be subnormal */
    bool is_normal;
} tail;

static tail tail_of_erfc(const formula *m)
{
    if (m->type == IR_F32)
        return (tail){SN_ERFC_A, SN_ERFC_B, SN_ERFC_D, SN_ERFC_I, sn_erfc_f32, M_LENGTH(sn_erfc_f32),
                      10.1, 9.1, false};
    return (tail){SN_ERFC_A, SN_ERFC_B, SN_ERFC_D, SN_ERFC_I, sn_erfc_f64, M_LENGTH(sn_erfc_f64),
                  27.4, 26.5, false};
}

static tail tail_of_normal(const formula *m)
{
    if (m->type == IR_F32)
        return (tail){SN_NORMAL_A, SN_NORMAL_B, SN_NORMAL_D, SN_NORMAL_I, sn_normal_f32,
                      M_LENGTH(sn_normal_f32), 14.3, 12.8, true};
    return (tail){SN_NORMAL_A, SN_NORMAL_B, SN_NORMAL_D, SN_NORMAL_I, sn_normal_f64, M_LENGTH(sn_normal_f64),
                  38.7, 37.4, true};
}

/* G − A at y/(y + B), given as a rounded reciprocal and its relative error (0: none known). */
static ir_ref numerator(formula *m, ir_ref y, ir_ref reciprocal, ir_ref error, const tail *t)
{
    const ir_ref from = m_fma(m, y, reciprocal, m_number(m, -t->i));
    const ir_ref at = error ? m_fma(m, m_mul(m, y, reciprocal), error, from) : from;
    return sn_math_polynomial(m, at, t->series, t->count);
}

/* 1/a.high, and what times it is missing in it to 1/a. */
static m_pair reciprocal_of(formula *m, m_pair a)
{
    const ir_ref one = m_number(m, 1), reciprocal = m_div(m, one, a.high);
    return (m_pair){reciprocal, m_fnma(m, reciprocal, a.low, m_fnma(m, reciprocal, a.high, one))};
}

/* G/(y + D). The sums are exact: B and D have few bits. */
static m_pair quotient(formula *m, ir_ref y, const tail *t)
{
    const ir_ref a = m_number(m, t->a), b = m_number(m, t->b), d = m_number(m, t->d);
    const m_pair far = reciprocal_of(m, sn_math_fast_two_sum(m, b, y));
    const m_pair g = sn_math_fast_two_sum(m, a, numerator(m, y, far.high, far.low, t));
    const m_pair near = reciprocal_of(m, sn_math_fast_two_sum(m, d, y));
    const ir_ref low = m_mul(m, near.high, near.low), high = m_mul(m, near.high, g.high);
    const ir_ref rounding = m_fma(m, near.high, g.low, m_fms(m, near.high, g.high, high));
    return (m_pair){high, m_fma(m, low, g.high, rounding)};
}

static ir_ref quotient_fast(formula *m, ir_ref y, const tail *t)
{
    const ir_ref one = m_number(m, 1), far = m_div(m, one, m_add_k(m, y, t->b));
    const ir_ref dividend = m_add_k(m, numerator(m, y, far, 0, t), t->a);
    return m_div(m, dividend, m_add_k(m, y, t->d));
}

/* −y², −y²/2. */
static m_pair exponent(formula *m, ir_ref y, const tail *t)
{
    const ir_ref other = m_mul_k(m, y, t->is_normal ? -0.5 : -1), high = m_mul(m, y, other);
    return (m_pair){high, m_fms(m, y, other, high)};
}

/* exp(x), in one word, by the polynomial of exponential.c. */
static ir_ref exp_fast(formula *m, m_pair x, ir_ref *field)
{
    const double *ln2 = sn_math_ln2(m);
    const ir_ref shift = m_number(m, M_BY_TYPE(m, 0x1.8p23 + 127, 0x1.8p52 + 1023));
    const ir_ref k = m_fma_k(m, x.high, M_BY_TYPE(m, 0x1.715476p0, 0x1.71547652b82fep0), shift);
    const ir_ref n = m_sub(m, k, shift), most = m_fnma_k(m, n, ln2[0], x.high);
    const ir_ref r = m_add(m, most, m_fnma_k(m, n, ln2[1], x.low));
    *field = M_BY_TYPE(m, m_bits(m, k), m_lo32(m, k));
    return POLYNOMIAL(m, r, exp);
}

/* erfc(y), or the normal distribution at −y, y ≥ 0. */
static ir_ref tail_at(formula *m, ir_ref y, const tail *t)
{
    const m_pair z = exponent(m, y, t);
    ir_ref field, value;
    if (m->grade == MATH_FAST) {
        const ir_ref exp = exp_fast(m, z, &field);
        value = m_mul(m, exp, quotient_fast(m, y, t));
    } else {
        const m_pair exp = sn_math_exp_pair(m, z, &field), q = quotient(m, y, t);
        value = m_fma(m, q.high, exp.high, m_fma(m, q.low, exp.high, m_mul(m, q.high, exp.low)));
    }
    const ir_ref hot = m_mul(m, value, sn_math_power_of_two(m, field));
    const ir_ref border = m_number(m, t->border), may_be_subnormal = m_lt(m, border, y);
    return m_rare(m, may_be_subnormal, sn_math_scaled(m, value, field), hot);
}

static ir_ref size_within(formula *m, ir_ref x, double most)
{
    const ir_ref bound = m_number(m, most);
    return m_min(m, bound, m_abs(m, x)); /* NaN stays */
}

ir_ref sn_math_erfc(formula *m, ir_ref x)
{
    const tail t = tail_of_erfc(m);
    const ir_ref right = tail_at(m, size_within(m, x, t.most), &t), two = m_number(m, 2);
    const ir_ref left = m_sub(m, two, right);
    return m_select(m, m_lt_k(m, x, 0), left, right);
}

ir_ref sn_math_normal_cdf(formula *m, ir_ref x)
{
    const tail t = tail_of_normal(m);
    const ir_ref left = tail_at(m, size_within(m, x, t.most), &t), one = m_number(m, 1);
    const ir_ref right = m_sub(m, one, left), zero = m_number(m, 0);
    return m_select(m, m_lt(m, zero, x), right, left);
}

/* ---- the logarithm ---- */

/* log Φ(−y) for y to whose tail the series applies. From where it is not finite on, or log y counts no more,
 * the smaller terms are those of a smaller y. */
static ir_ref far_left(formula *m, ir_ref y, const tail *t)
{
    /* k-th: (−1)^k/k of 1, 5, 37, 353, 4081, the logarithm of 1 − 1/y² + 3/y⁴ − 15/y⁶ + … */
    static const double series[] = {-1, 5.0 / 2, -37.0 / 3, 353.0 / 4, -4081.0 / 5};
    const double half_log_2pi = 0x1.d67f1c864beb5p-1;
    const ir_ref bound = m_number(m, M_BY_TYPE(m, 0x1p50, 0x1p500)), some = m_min(m, bound, y);
    const ir_ref zero = m_number(m, 0), one = m_number(m, 1);
    const m_pair log = sn_math_log_of_pair(m, (m_pair){some, zero}), z = exponent(m, some, t);
    const ir_ref inverse = m_div(m, one, m_mul(m, some, some));
    const ir_ref sum = m_mul(m, inverse, sn_math_polynomial(m, inverse, series, M_LENGTH(series)));
    const ir_ref rest = m_add(m, m_sub(m, m_sub_k(m, sum, half_log_2pi), log.low), z.low);
    const ir_ref high = m_mul(m, y, m_mul_k(m, y, -0.5));
    return m_add(m, high, m_sub(m, rest, log.high));
}

/* The pair behind the logarithm, left and right of 0, and what is added to it. */
ir_ref sn_math_normal_log_cdf(formula *m, ir_ref x)
{
    const tail t = tail_of_normal(m);
    const ir_ref y = m_abs(m, x), bounded = size_within(m, x, t.most);
    const ir_ref zero = m_number(m, 0), one = m_number(m, 1), is_right = m_lt(m, zero, x);
    const m_pair q = quotient(m, bounded, &t), z = exponent(m, bounded, &t);
    ir_ref field;
    const m_pair exp = sn_math_exp_pair(m, z, &field);
    const ir_ref small = m_fma(m, q.low, exp.high, m_mul(m, q.high, exp.low));
    const ir_ref value = m_fma(m, q.high, exp.high, small);
    const ir_ref value_low = m_add(m, m_fms(m, q.high, exp.high, value), small);
    const ir_ref scale = sn_math_power_of_two(m, field), other = m_mul(m, value, scale);
    const m_pair right = sn_math_fast_two_sum(m, one, m_neg(m, other));
    const ir_ref right_low = m_fnma(m, value_low, scale, right.low);
    m_pair v;
    v.high = m_select(m, is_right, right.high, q.high);
    v.low = m_select(m, is_right, right_low, q.low);
    const m_pair log = sn_math_log_of_pair(m, v);
    const m_pair sum = sn_math_two_sum(m, m_select(m, is_right, zero, z.high), log.high);
    const ir_ref low = m_add(m, m_select(m, is_right, zero, z.low), log.low);
    const ir_ref common = m_add(m, sum.high, m_add(m, sum.low, low));
    /* log(1 − p) = −p − p²/2 − …, where 1 − p has too few of p's places in its high word. */
    const ir_ref other_low = m_mul(m, value_low, scale), half = m_mul_k(m, other, 0.5);
    const ir_ref square = m_fma(m, half, other, other_low);
    const ir_ref tiny = m_neg(m, m_add(m, other, square));
    const ir_ref is_small = m_lt_k(m, other, M_BY_TYPE(m, 0x1p-12, 0x1p-27));
    const ir_ref hot = m_select(m, m_and(m, is_right, is_small), tiny, common);
    const ir_ref far_right = m_neg(m, sn_math_scaled(m, value, field));
    const ir_ref border = m_number(m, t.border), is_far = m_lt(m, border, y);
    return m_rare(m, is_far, m_select(m, is_right, far_right, far_left(m, y, &t)), hot);
}
