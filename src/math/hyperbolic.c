/* The hyperbolic functions and their inverses.
 *
 * sinh, cosh. |x| = n ln 2 + a, |a| ≤ ln(2)/2, and with A = (2^n − 2^−n)/2, B = (2^n + 2^−n)/2
 *     sinh |x| = A cosh(a) + B sinh(a),   cosh |x| = B cosh(a) + A sinh(a),
 * so that one even and one odd series, half as long as the exponential's, serve both signs of the exponent
 * and there is no division. A + B a (B + A a) leads; its rounding is recovered, everything else is small
 * beside it, and n = 0 needs no case of its own. n ln 2 is subtracted in one exact fused operation; the
 * second piece of ln 2 comes after it. A `rare` region has what 2^±n cannot be written for.
 *
 * tanh. The same with halves: |x| = n ln(2)/2 + a, |a| ≤ ln(2)/4, T = tanh(a),
 *     tanh |x| = ((2^n − 1) + (2^n + 1) T) / ((2^n + 1) + (2^n − 1) T).
 * T is a less a hundredth at most, so that both sums are had as pairs nearly for nothing; one division gives
 * a reciprocal, and the quotient's remainder is exact. Large arguments are cut to where the result is 1. In
 * f32 an odd polynomial as far as 0.97 and 1 − 2/(exp(2 |x|) + 1) beyond are fewer operations.
 *
 * asinh, acosh, atanh are logarithms of a v = 2^n (1 + s)/(1 − s), s = (v − 2^n)/(v + 2^n), as n ln 2 + 2
 * atanh(s). Here v is an unevaluated sum, and so are dividend and divisor, so that small results are as good
 * as large ones: v near 1 cancels exactly in its high part, and s is what remains. Of asinh and acosh v =
 * |x| + √(x² ± 1); the root's rounding comes from its square's distance to x² ± 1, which takes a second
 * reciprocal: both from one division. atanh's v is (1 + x)/(1 − x) and is not divided out before. A `rare`
 * region takes arguments whose square overflows, and those outside of the function's domain. */
#include "math/exponential_coefficients.h"
#include "math/formula.h"
#include "math/hyperbolic_coefficients.h"

#include <math.h>

#define POLYNOMIAL(m, x, name)                                                          \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)),  \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

static const double *half_ln2_of(const formula *m)
{
    return M_BY_TYPE(m, sn_half_ln2_f32, sn_half_ln2_f64);
}

/* ---- sinh, cosh, tanh ---- */

/* size = n first + a exactly, where first is nearly ln 2 or its half. */
typedef struct reduced {
    ir_ref n, a, word; /* the word's low bits are n + bias + offset */
} reduced;

static reduced reduce(formula *m, ir_ref size, double reciprocal, double first, int32_t offset)
{
    const double large = M_BY_TYPE(m, 0x1.8p23, 0x1.8p52) + m_bias(m) + offset;
    const ir_ref shift = m_number(m, large);
    const ir_ref k = m_fma_k(m, size, reciprocal, shift), n = m_sub(m, k, shift);
    const ir_ref a = m_fnma_k(m, n, first, size);
    return (reduced){n, a, M_BY_TYPE(m, m_bits(m, k), m_lo32(m, k))};
}

/* What sinh and cosh have in common. `even` is cosh(a) − 1, `odd` what sinh(a) is more than a. */
typedef struct halves {
    ir_ref a, even, odd, word;
} halves;

static halves halves_of(formula *m, ir_ref size)
{
    const double *ln2 = sn_math_ln2(m);
    const reduced r = reduce(m, size, M_BY_TYPE(m, 0x1.715476p0, 0x1.71547652b82fep0), ln2[0], -1);
    const ir_ref a = m_fnma_k(m, r.n, ln2[1], r.a);
    const ir_ref square = m_mul(m, a, a), cube = m_mul(m, square, a);
    const ir_ref even = m_mul(m, square, POLYNOMIAL(m, square, cosh));
    const ir_ref series = POLYNOMIAL(m, square, sinh);
    if (m->grade == MATH_FAST)
        return (halves){a, even, m_mul(m, cube, series), r.word};
    const ir_ref rounding = m_fnma_k(m, r.n, ln2[1], m_sub(m, r.a, a));
    return (halves){a, even, m_fma(m, cube, series, rounding), r.word};
}

/* c + lost + d a + c even + d odd. */
static ir_ref combined(formula *m, const halves *h, ir_ref c, ir_ref lost, ir_ref d)
{
    const ir_ref leading = m_fma(m, d, h->a, c);
    const ir_ref rounding = m_fma(m, d, h->a, m_sub(m, c, leading));
    const ir_ref odd = m_fma(m, d, h->odd, m_add(m, rounding, lost));
    return m_add(m, leading, m_fma(m, c, h->even, odd));
}

static ir_ref combined_fast(formula *m, const halves *h, ir_ref c, ir_ref d)
{
    const ir_ref rest = m_fma(m, c, h->even, c);
    return m_fma(m, d, m_add(m, h->a, h->odd), rest);
}

/* e^size/2 where 2^n overflows or 2^−n is subnormal. */
static ir_ref beyond(formula *m, ir_ref size, const halves *h)
{
    const ir_ref exp = m_add_k(m, m_add(m, h->a, m_add(m, h->even, h->odd)), 1);
    const int32_t part = m_bias(m) / 2;
    const ir_ref scale = sn_math_power_of_two(m, m_sub_i(m, h->word, part));
    const ir_ref y = m_mul_k(m, m_mul(m, exp, scale), ldexp(1, part));
    const ir_ref most = m_number(m, M_BY_TYPE(m, 90.0, 711.0));
    return m_select_k(m, m_lt(m, most, size), (double)INFINITY, y);
}

static ir_ref sinh_or_cosh(formula *m, ir_ref size, bool is_cosh)
{
    const halves h = halves_of(m, size);
    const ir_ref twice = sn_ir_i32(m->p, 2 * m_bias(m) - 2);
    const ir_ref up = sn_math_power_of_two(m, h.word);
    const ir_ref down = sn_math_power_of_two(m, m_sub(m, twice, h.word));
    const ir_ref difference = m_sub(m, up, down), sum = m_add(m, up, down);
    const ir_ref c = is_cosh ? sum : difference, d = is_cosh ? difference : sum;
    ir_ref hot;
    if (m->grade == MATH_FAST) {
        hot = combined_fast(m, &h, c, d);
    } else {
        const ir_ref rest = m_sub(m, up, c);
        hot = combined(m, &h, c, is_cosh ? m_add(m, rest, down) : m_sub(m, rest, down), d);
    }
    /* Up to it n < bias. */
    const ir_ref border = m_number(m, M_BY_TYPE(m, 87.3125, 708.375));
    const ir_ref is_beyond = m_lt(m, border, size);
    return m_rare(m, is_beyond, beyond(m, size, &h), hot);
}

ir_ref sn_math_sinh(formula *m, ir_ref x)
{
    return sn_math_apply_sign(m, sinh_or_cosh(m, m_abs(m, x), false), x);
}

ir_ref sn_math_cosh(formula *m, ir_ref x)
{
    return sinh_or_cosh(m, m_abs(m, x), true);
}

/* c + d t where half of c may cancel: a product inside the sum would have bits that c less the sum has not. */
static m_pair tangent_dividend(formula *m, ir_ref c, ir_ref d, m_pair t)
{
    const ir_ref product = m_mul(m, d, t.high), rounding = m_fms(m, d, t.high, product);
    const m_pair sum = sn_math_fast_two_sum(m, c, product);
    return (m_pair){sum.high, m_fma(m, d, t.low, m_add(m, sum.low, rounding))};
}

static m_pair tangent_divisor(formula *m, ir_ref c, ir_ref d, m_pair t)
{
    const ir_ref high = m_fma(m, d, t.high, c), rounding = m_fma(m, d, t.high, m_sub(m, c, high));
    return (m_pair){high, m_fma(m, d, t.low, rounding)};
}

/* t = a − less. What 2^n ± 1 lose where 2^n is all of them counts in the remainder, with a quotient of 1. */
static ir_ref tangent_quotient(formula *m, ir_ref power, ir_ref a, ir_ref less)
{
    const ir_ref minus = m_sub_k(m, power, 1), plus = m_add_k(m, power, 1), t = m_sub(m, a, less);
    if (m->grade == MATH_FAST) {
        const ir_ref divisor = m_fma(m, minus, t, plus);
        return m_div(m, m_fma(m, plus, t, minus), divisor);
    }
    const m_pair pair = {t, m_sub(m, m_sub(m, a, t), less)};
    const m_pair dividend = tangent_dividend(m, minus, plus, pair);
    const m_pair divisor = tangent_divisor(m, plus, minus, pair);
    const ir_ref one = m_number(m, 1), reciprocal = m_div(m, one, divisor.high);
    const ir_ref q = m_mul(m, dividend.high, reciprocal), lost = m_sub_k(m, m_sub(m, plus, minus), 2);
    const ir_ref low = m_add(m, m_fnma(m, q, divisor.low, dividend.low), lost);
    const ir_ref rest = m_add(m, m_fnma(m, q, divisor.high, dividend.high), low);
    return m_fma(m, rest, reciprocal, q);
}

static ir_ref small_tanh_f32(formula *m, ir_ref size)
{
    const ir_ref square = m_mul(m, size, size), cube = m_mul(m, square, size);
    const ir_ref series = sn_math_polynomial(m, square, sn_tanh_small_f32, M_LENGTH(sn_tanh_small_f32));
    return m_fma(m, cube, series, size);
}

/* f32 from 0.97 on. */
static ir_ref large_tanh_f32(formula *m, ir_ref size)
{
    const reduced r = reduce(m, size, 0x1.715476p1, sn_half_ln2_f32[0], 0);
    const ir_ref series = sn_math_polynomial(m, r.a, sn_tanh_exp_f32, M_LENGTH(sn_tanh_exp_f32));
    const ir_ref power = sn_math_power_of_two(m, r.word), p = m_mul(m, r.a, series);
    const ir_ref divisor = m_fma(m, power, p, m_add_k(m, power, 1));
    const ir_ref one = m_number(m, 1), two = m_number(m, 2);
    return m_sub(m, one, m_div(m, two, divisor));
}

/* By halves: fast, and f64. */
static ir_ref tanh_by_halves(formula *m, ir_ref size)
{
    const double *half_ln2 = half_ln2_of(m);
    const reduced r = reduce(m, size, M_BY_TYPE(m, 0x1.715476p1, 0x1.71547652b82fep1), half_ln2[0], 0);
    const ir_ref square = m_mul(m, r.a, r.a), cube = m_mul(m, square, r.a);
    const ir_ref second = m_mul_k(m, r.n, half_ln2[1]);
    const ir_ref less = m_fma(m, cube, POLYNOMIAL(m, square, tanh), second);
    return tangent_quotient(m, sn_math_power_of_two(m, r.word), r.a, less);
}

ir_ref sn_math_tanh(formula *m, ir_ref x)
{
    const ir_ref most = m_number(m, M_BY_TYPE(m, 10.0, 20.0)); /* NaN stays */
    const ir_ref size = m_min(m, most, m_abs(m, x));
    if (m->type == IR_F64 || m->grade == MATH_FAST)
        return sn_math_apply_sign(m, tanh_by_halves(m, size), x);
    const ir_ref small = small_tanh_f32(m, size), is_small = m_lt_k(m, size, 0.97);
    return sn_math_apply_sign(m, m_select(m, is_small, small, large_tanh_f32(m, size)), x);
}

/* ---- asinh, acosh, atanh ---- */

/* n ln2 + q + q³ R(q²), where q = dividend/divisor and reciprocal is nearly that of divisor.high. */
typedef struct logarithm {
    ir_ref n, reciprocal;
    m_pair dividend, divisor;
} logarithm;

/* The sum's greatest part, and everything else. */
static m_pair leading_and_rest(formula *m, const logarithm *l, const double *ln2, ir_ref q, ir_ref smaller)
{
    const ir_ref remainder = m_fnma(m, q, l->divisor.high, l->dividend.high);
    const ir_ref rest = m_add(m, remainder, m_fnma(m, q, l->divisor.low, l->dividend.low));
    const ir_ref leading = m_fma_k(m, l->n, ln2[0], q);
    const ir_ref rounding = m_sub(m, q, m_fnma_k(m, l->n, ln2[0], leading));
    const ir_ref tail = m_fma(m, rest, l->reciprocal, m_fma_k(m, l->n, ln2[1], rounding));
    return (m_pair){leading, m_add(m, smaller, tail)};
}

/* q = 2 s. */
static m_pair logarithm_of(formula *m, const logarithm *l)
{
    const ir_ref q = m_mul(m, l->dividend.high, l->reciprocal), square = m_mul(m, q, q);
    const ir_ref cube = m_mul(m, square, q), smaller = m_mul(m, cube, POLYNOMIAL(m, square, log_q));
    return leading_and_rest(m, l, sn_math_ln2(m), q, smaller);
}

/* The n of v = 2^n f, f between √½ and √2, and 2^(n − 1). */
typedef struct scale {
    ir_ref n, half_power;
} scale;

static scale scale_of(formula *m, ir_ref v)
{
    const ir_ref word = M_BY_TYPE(m, m_bits(m, v), m_hi32(m, v));
    const ir_ref n = m_sar_i(m, m_sub_i(m, word, M_BY_TYPE(m, 0x3F3504F3, 0x3FE6A09E)), m_stored(m) & 31);
    const ir_ref half_power = sn_math_power_of_two(m, m_add_i(m, n, m_bias(m) - 1));
    return (scale){m_from_int(m, n), half_power};
}

/* log(v + error/(2 root)). */
static ir_ref logarithm_of_sum(formula *m, m_pair v, ir_ref root, ir_ref error)
{
    const scale s = scale_of(m, v.high);
    logarithm l = {.n = s.n};
    l.dividend.high = m_fnma_k(m, s.half_power, 2, v.high);
    l.divisor.high = m_fma_k(m, v.high, 0.5, s.half_power);
    const ir_ref rounding = m_fma_k(m, v.high, 0.5, m_sub(m, s.half_power, l.divisor.high));
    const ir_ref one = m_number(m, 1), both = m_div(m, one, m_mul(m, l.divisor.high, root));
    l.reciprocal = m_mul(m, both, root);
    const ir_ref half_error = m_mul_k(m, error, 0.5), of_root = m_mul(m, both, l.divisor.high);
    l.dividend.low = m_fma(m, half_error, of_root, v.low);
    l.divisor.low = m_fma_k(m, l.dividend.low, 0.5, rounding);
    const m_pair y = logarithm_of(m, &l);
    return m_add(m, y.high, y.low);
}

/* log(v) + more ln 2. */
static m_pair logarithm_of_pair(formula *m, m_pair v, double more)
{
    const scale s = scale_of(m, v.high);
    logarithm l = {.n = more != 0 ? m_add_k(m, s.n, more) : s.n};
    l.dividend = (m_pair){m_fnma_k(m, s.half_power, 2, v.high), v.low};
    l.divisor.high = m_fma_k(m, v.high, 0.5, s.half_power);
    const ir_ref rounding = m_fma_k(m, v.high, 0.5, m_sub(m, s.half_power, l.divisor.high));
    l.divisor.low = m_fma_k(m, v.low, 0.5, rounding);
    const ir_ref one = m_number(m, 1);
    l.reciprocal = m_div(m, one, l.divisor.high);
    return logarithm_of(m, &l);
}

m_pair sn_math_log_of_pair(formula *m, m_pair v)
{
    return logarithm_of_pair(m, v, 0);
}

/* log(2 x) for x whose square may overflow. */
static ir_ref logarithm_of_double(formula *m, ir_ref x)
{
    const ir_ref zero = m_number(m, 0), v = m_mul_k(m, x, 0x1p-20);
    const m_pair y = logarithm_of_pair(m, (m_pair){v, zero}, 21);
    const ir_ref sum = m_add(m, y.high, y.low);
    return m_select(m, m_eq_k(m, x, (double)INFINITY), x, sum);
}

static double huge(const formula *m)
{
    return M_BY_TYPE(m, 0x1p60, 0x1p500);
}

/* 1 − root² is rounded before the square is added: beside v, which is larger, that is of no weight. */
ir_ref sn_math_asinh(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), one = m_number(m, 1);
    const ir_ref root = m_sqrt(m, m_fma(m, size, size, one));
    const ir_ref error = m_fma(m, size, size, m_fnma(m, root, root, one));
    const m_pair v = sn_math_fast_two_sum(m, root, size);
    const ir_ref hot = logarithm_of_sum(m, v, root, error), most = m_number(m, huge(m));
    const ir_ref is_huge = m_lt(m, most, size);
    return sn_math_apply_sign(m, m_rare(m, is_huge, logarithm_of_double(m, size), hot), x);
}

/* Below 1, or huge; f32 by one unsigned comparison of the bits, moved to be a signed one. */
static ir_ref is_outside(formula *m, ir_ref x)
{
    if (m->type == IR_F32) {
        const ir_ref most = sn_ir_i32(m->p, INT32_MIN + 60 * 0x00800000);
        return m_lt(m, most, m_add_i(m, m_bits(m, x), 0x40800000));
    }
    const ir_ref most = m_number(m, huge(m));
    const ir_ref is_small = m_lt_k(m, x, 1);
    return m_or(m, is_small, m_lt(m, most, x));
}

/* x² − 1 as a pair, so that nothing cancels near 1, where the root is nearly all of the result. */
static m_pair square_less_1(formula *m, ir_ref x)
{
    const ir_ref square = m_mul(m, x, x), rounding = m_fms(m, x, x, square);
    return sn_math_fast_two_sum(m, m_sub_k(m, square, 1), rounding);
}

ir_ref sn_math_acosh(formula *m, ir_ref x)
{
    const m_pair square = square_less_1(m, x);
    const ir_ref root = m_sqrt(m, square.high);
    const ir_ref error = m_add(m, m_fnma(m, root, root, square.high), square.low);
    const m_pair v = sn_math_fast_two_sum(m, x, root);
    /* The root of 0 is divided by; its error is 0. */
    const ir_ref least = m_number(m, 0x1p-30);
    const ir_ref hot = logarithm_of_sum(m, v, m_max(m, least, root), error);
    const ir_ref is_small = m_lt_k(m, x, 1), outside = is_outside(m, x);
    const ir_ref cold = m_select_k(m, is_small, (double)NAN, logarithm_of_double(m, x));
    return m_rare(m, outside, cold, hot);
}

/* 1 + size and 1 − size, and 2^n nearly their quotient: bit patterns are logarithms, less than 0.087 off. */
ir_ref sn_math_atanh(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), one = m_number(m, 1);
    const m_pair above = sn_math_fast_two_sum(m, one, size);
    const ir_ref below = m_sub(m, one, size), below_rest = m_sub(m, m_sub(m, one, below), size);
    const ir_ref from = M_BY_TYPE(m, m_bits(m, above.high), m_hi32(m, above.high));
    const ir_ref distance = m_sub(m, from, M_BY_TYPE(m, m_bits(m, below), m_hi32(m, below)));
    const int32_t stored = m_stored(m) & 31;
    const ir_ref n = m_sar_i(m, m_add_i(m, distance, 1 << (stored - 1)), stored);
    const ir_ref power = sn_math_power_of_two(m, m_add_i(m, n, m_bias(m)));
    logarithm l = {.n = m_from_int(m, n)};
    l.dividend.high = m_fnma(m, power, below, above.high);
    l.dividend.low = m_fnma(m, power, below_rest, above.low);
    l.divisor.high = m_fma(m, power, below, above.high);
    const ir_ref rounding = m_fma(m, power, below, m_sub(m, above.high, l.divisor.high));
    l.divisor.low = m_add(m, rounding, m_fma(m, power, below_rest, above.low));
    l.reciprocal = m_div(m, one, l.divisor.high);
    const ir_ref q = m_mul(m, l.dividend.high, l.reciprocal), square = m_mul(m, q, q);
    const ir_ref cube = m_mul(m, square, q), smaller = m_mul(m, cube, POLYNOMIAL(m, square, atanh));
    const m_pair y = leading_and_rest(m, &l, half_ln2_of(m), q, smaller);
    const ir_ref hot = m_add(m, y.high, y.low);
    /* Infinity at 1, NaN beyond. */
    const ir_ref is_outside = m_le(m, one, size);
    const ir_ref cold = m_div(m, one, m_sqrt(m, m_sub(m, one, size)));
    return sn_math_apply_sign(m, m_rare(m, is_outside, cold, hot), x);
}
