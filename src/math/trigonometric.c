/* Sines, cosines and tangents.
 *
 * Half turns (sinpi, cospi). The reduction is exact: x − round(x) loses nothing. Of the rest, |r| ≤ 1/2,
 * one polynomial is the sine: r (C + Q(r² − S)), where C is a number of few bits inside a fused operation,
 * not rounded, near the middle of what sin(π r)/r goes through, so that Q is small and its roundings weigh
 * little; and S is near the middle of r², so that the difference is rounded finely at both ends. Q's second
 * term is added last and with one rounding: by Horner's rule its coefficient, which is large, would be
 * rounded first. cos(π x) has r = 1/2 − |…|, whose rounding is recovered.
 *
 * Radians (sin, cos). Over half a turn r² exceeds 1, and its rounding alone costs 0.4 ULP; so these count
 * quarter turns, compute both polynomials and choose. The reduction is the same for both, and a program
 * that wants both pays it once. π/2 stands in three pieces: n times the first leaves x exactly (both have
 * the same last place, and little is left), n times the second is exact, since that piece is short, and the
 * rounding of that difference, with n times the third, is a correction to r. It is kept negated, so that
 * the correction of nothing is +0 and is subtracted: sin(−0) comes out −0.
 *
 * That holds while n times the second piece is exact. Beyond, in a `rare` region, x is written X 2^(s q)
 * with s of 8 or 16 and X whole, and multiplied by 2^(s q) 2/π modulo 4, which a table has in four pieces
 * (Payne and Hanek, "Radian reduction for trigonometric functions", 1983, in floating point): whole turns
 * never arise, and all but the last places are summed exactly. The table steps by s and so stays small.
 *
 * Tangents. The rest, |r| ≤ π/4 or a quarter of a half turn, gives t = tan(r) as a rounded sum and what the
 * rounding took; after an odd number of quarter turns the result is −1/t, whose rounding and whose share of
 * that are made good in fused operations. Both come from one series, and the division runs in every lane.
 *
 * The fast grade. sinpi and cospi are arches: cos(π d) = w R(w) with w = 1/4 − d², which one fused operation
 * rounds once, so that zeros are exact and what is near them keeps its places; R is smooth, since its nearest
 * zero is far off. With f = 1/2 − d the same w is f − f², good for sines. f32 takes the sign from the number
 * of half turns as an integer; f64, for which integers are dear, takes x modulo 2 and lets w = r − r|r| have
 * the sign. sin and cos count half turns, and one series goes up to π/2. */
#include "math/formula.h"
#include "math/trigonometric_coefficients.h"

#include <math.h>
#include <string.h>

#define POLYNOMIAL(m, x, name)                                                          \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)),  \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

/* ---- half turns ---- */

static double value_of_constant(const ir_program *p, ir_ref r)
{
    const ir_op *op = &p->ops[r];
    double wide;
    float narrow;
    const uint64_t bits = op->a | (uint64_t)op->b << 32;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &op->a, sizeof narrow);
    return op->type == IR_F64 ? wide : (double)narrow;
}

/* Of an integer made a float, times a constant that no product makes subnormal or tiny. Roundings grow with what is rounded, so the bounds are
 * rounded as the values are, where the constant is a power of two: the product is exact then. */
double sn_math_turns_bound(const ir_program *p, ir_ref x)
{
    const ir_op *op = &p->ops[x];
    if (op->code != IR_MUL)
        return (double)INFINITY;
    const bool behind = sn_ir_is_const(p, op->b);
    const ir_ref factor = behind ? op->b : op->a, other = behind ? op->a : op->b;
    const ir_op *made = &p->ops[other];
    if (!sn_ir_is_const(p, factor) || made->code != IR_CVT || p->ops[made->a].type != IR_I32)
        return (double)INFINITY;
    int exponent;
    const double scale = value_of_constant(p, factor);
    if (!(scale >= 0x1p-60 && scale <= 1) || frexp(scale, &exponent) != 0.5)
        return (double)INFINITY;
    const ir_range range = sn_ir_range(p, made->a);
    const double most = fmax(fabs((double)range.low), fabs((double)range.high));
    return (made->type == IR_F32 ? (double)(float)most : most) * scale;
}

/* sin(π r) − C r + tail. */
static ir_ref smaller_part(formula *m, ir_ref r, ir_ref tail)
{
    const double *c = M_BY_TYPE(m, sn_sinpi_f32, sn_sinpi_f64);
    const unsigned count = M_BY_TYPE(m, M_LENGTH(sn_sinpi_f32), M_LENGTH(sn_sinpi_f64));
    const ir_ref square = m_fma(m, r, r, m_number(m, M_BY_TYPE(m, -SN_SINPI_S_F32, -SN_SINPI_S_F64)));
    const ir_ref series = sn_math_polynomial(m, square, c + 2, count - 2);
    const ir_ref fourth = m_mul(m, square, square), small = m_fma(m, series, fourth, m_number(m, c[0]));
    const ir_ref quotient = m_fma_k(m, square, c[1], small);
    return m_fma(m, r, quotient, tail);
}

ir_ref sn_math_sine_of_half_turns(formula *m, ir_ref r, ir_ref tail)
{
    return m_fma_k(m, r, SN_SINPI_C, smaller_part(m, r, tail));
}

m_pair sn_math_sine_of_half_turns_pair(formula *m, ir_ref r, ir_ref tail)
{
    const ir_ref less = smaller_part(m, r, tail), c = m_number(m, SN_SINPI_C);
    const ir_ref sine = m_fma(m, r, c, less);
    return (m_pair){sine, m_add(m, m_fms(m, r, c, sine), less)};
}

/* In f32 all n are even beyond the i32, and so is INT32_MIN. */
ir_ref sn_math_alternate(formula *m, ir_ref a, ir_ref n)
{
    if (m->type == IR_F32) {
        const ir_ref sign = m_shl_i(m, m_to_int(m, n), 31);
        return m_from_bits(m, m_xor(m, sign, m_bits(m, a)));
    }
    const ir_ref half = m_mul_k(m, n, 0.5);
    const ir_ref is_odd = m_ne(m, m_round(m, half), half);
    return m_select(m, is_odd, m_neg(m, a), a);
}

/* π x for a size below any whose result is safely normal: in larger units, whose rounding is the only one
 * in the subnormals. */
static ir_ref tiny_sine(formula *m, ir_ref size)
{
    const double *pi = M_BY_TYPE(m, sn_pi_f32, sn_pi_f64);
    const ir_ref large = m_mul_k(m, size, 0x1p64);
    return m_mul_k(m, m_fma_k(m, large, pi[0], m_mul_k(m, large, pi[1])), 0x1p-64);
}

/* R(w) of an arch w R(w). */
static ir_ref arch(formula *m, ir_ref w)
{
    return POLYNOMIAL(m, w, arch);
}

/* sin(π r) + tail for |r| ≤ 1; a tail of 0 is the sign of zeros. */
static ir_ref signed_arch(formula *m, ir_ref r, ir_ref tail)
{
    const ir_ref w = m_fms(m, r, m_abs(m, r), r); /* −(r − r|r|) */
    return m_fnma(m, w, arch(m, m_abs(m, w)), tail);
}

/* A product that is 0 is made +0, by an addition that is there for free; then the sign of x is put on. */
static ir_ref fast_sinpi_f32(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), n = m_floor(m, size), f = m_sub(m, size, n);
    const ir_ref w = m_fnma(m, f, f, f), signed_w = sn_math_alternate(m, w, n), zero = m_number(m, 0);
    return sn_math_apply_sign(m, m_fma(m, signed_w, arch(m, w), zero), x);
}

static ir_ref fast_cospi_f32(formula *m, ir_ref x)
{
    const ir_ref n = m_round(m, x), d = m_sub(m, x, n), quarter = m_number(m, 0.25);
    const ir_ref w = m_fnma(m, d, d, quarter), signed_w = sn_math_alternate(m, w, n), zero = m_number(m, 0);
    return m_fma(m, signed_w, arch(m, w), zero);
}

/* Zeros get the sign of 0 x, since −w is +0 there. */
static ir_ref fast_sinpi_f64(formula *m, ir_ref x)
{
    const ir_ref turns = m_round(m, m_mul_k(m, x, 0.5)), zero = m_mul_k(m, x, 0);
    return signed_arch(m, m_fnma_k(m, turns, 2, x), zero);
}

/* sin(π (1/2 − |x|)); the subtraction is rounded only where the result is near 1. Of large whole numbers,
 * halves less 1/4 are rounded to the even one of two halves, which is whole. */
static ir_ref fast_cospi_f64(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), half = m_number(m, 0.5), quarter = m_number(m, 0.25);
    const ir_ref turns = m_round(m, m_fms(m, size, half, quarter)), zero = m_number(m, 0);
    const ir_ref r = m_sub(m, half, m_fnma_k(m, turns, 2, size));
    return signed_arch(m, r, zero);
}

/* The sine and the cosine of at most a half turn, and of at most a quarter, either way: what oscillators ask for, whose phases are integers made
 * floats. The bits are those of the long way, whose steps are named behind each. */
static ir_ref small_sinpi(formula *m, ir_ref x, double bound)
{
    const ir_ref zero = m_number(m, 0);
    if (bound <= 0.5) /* n = 0, and the series is odd to the last bit */
        return sn_math_sine_of_half_turns(m, x, zero);
    const ir_ref size = m_abs(m, x); /* n is 0 or 1; 1 − |x| is exact where it is the smaller one */
    const ir_ref r = m_min(m, size, m_sub(m, m_number(m, 1), size));
    return sn_math_apply_sign(m, sn_math_sine_of_half_turns(m, r, zero), x);
}

/* Beyond a quarter of a turn 1/2 − |x| is the negated r, exact, so that nothing was dropped; no result is −0. */
static ir_ref small_cospi(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), half = m_number(m, 0.5), r = m_sub(m, half, size);
    const ir_ref dropped = m_sub(m, m_sub(m, half, r), size);
    return sn_math_sine_of_half_turns(m, r, m_mul(m, dropped, m_mul_k(m, size, 9.375)));
}

/* All zeros have the argument's sign: it is taken off first and put back last. Where the result may be
 * subnormal, the sum of two rounded parts would err by both roundings, each a half of the last place. */
ir_ref sn_math_sinpi(formula *m, ir_ref x)
{
    if (m->grade == MATH_FAST)
        return M_BY_TYPE(m, fast_sinpi_f32(m, x), fast_sinpi_f64(m, x));
    const double bound = sn_math_turns_bound(m->p, x);
    if (bound <= 1)
        return small_sinpi(m, x, bound);
    const ir_ref size = m_abs(m, x), n = m_round(m, size);
    const ir_ref r = sn_math_alternate(m, m_sub(m, size, n), n);
    const ir_ref hot = sn_math_sine_of_half_turns(m, r, m_number(m, 0));
    const ir_ref is_tiny = m_lt_k(m, size, M_BY_TYPE(m, 0x1p-100, 0x1p-960));
    return sn_math_apply_sign(m, m_rare(m, is_tiny, tiny_sine(m, size), hot), x);
}

/* r = 1/2 − |d| drops places only where |d| < 1/4; there the slope of the cosine is π² |d| to the few per
 * cent that what was dropped needs. All zeros are +0: the last addition sees to that. */
ir_ref sn_math_cospi(formula *m, ir_ref x)
{
    if (m->grade == MATH_FAST)
        return M_BY_TYPE(m, fast_cospi_f32(m, x), fast_cospi_f64(m, x));
    if (sn_math_turns_bound(m->p, x) <= 1)
        return small_cospi(m, x);
    const ir_ref n = m_round(m, x), half = m_number(m, 0.5);
    const ir_ref d = m_abs(m, m_sub(m, x, n)), r = m_sub(m, half, d);
    const ir_ref dropped = m_sub(m, m_sub(m, half, r), d);
    const ir_ref y = sn_math_sine_of_half_turns(m, r, m_mul(m, dropped, m_mul_k(m, d, 9.375)));
    return m_add_k(m, sn_math_alternate(m, y, n), 0);
}

/* ---- tangents ---- */

/* t, or −1/t where `is_odd`. */
static ir_ref tangent_or_reciprocal(formula *m, m_pair t, ir_ref is_odd)
{
    const ir_ref minus_one = m_number(m, -1), one = m_number(m, 1), q = m_div(m, minus_one, t.high);
    if (m->grade == MATH_FAST)
        return m_select(m, is_odd, q, t.high);
    const ir_ref error = m_fma(m, q, t.low, m_fma(m, q, t.high, one));
    return m_select(m, is_odd, m_fma(m, q, error, q), t.high);
}

/* tan(π a) for |a| ≤ 1/4. The low part is good to a few places, which is enough. */
static m_pair tangent_of_half_turns(formula *m, ir_ref a)
{
    const ir_ref square = m_mul(m, a, a), small = m_mul(m, a, POLYNOMIAL(m, square, tanpi));
    const ir_ref high = m_fma_k(m, a, SN_TANPI_C, small);
    if (m->grade == MATH_FAST)
        return (m_pair){high, 0};
    return (m_pair){high, m_add(m, small, m_fms_k(m, a, SN_TANPI_C, high))};
}

/* Zeros, poles, and results that may be subnormal; there |x| is tiny itself. The signs are those of
 * sin(π x)/cos(π x), the cosine's zeros being +0. */
static ir_ref rare_tangent(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), n = m_floor(m, size), rest = m_sub(m, size, n);
    const ir_ref is_pole = m_eq_k(m, rest, 0.5);
    const ir_ref y = m_select_k(m, is_pole, (double)INFINITY, tiny_sine(m, rest));
    return sn_math_apply_sign(m, sn_math_alternate(m, y, n), x);
}

/* Beyond a quarter of a half turn 1/tan of what is left to a half, which is exact. */
ir_ref sn_math_tanpi(formula *m, ir_ref x)
{
    const ir_ref n = m_round(m, x), r = m_sub(m, x, n), size = m_abs(m, r), half = m_number(m, 0.5);
    const ir_ref a = m_min(m, size, m_sub(m, half, size)), is_steep = m_lt(m, a, size);
    /* Negated, so that −1/t is 1/t. */
    const ir_ref signed_a = m_select(m, is_steep, m_neg(m, a), a);
    const ir_ref y = tangent_or_reciprocal(m, tangent_of_half_turns(m, signed_a), is_steep);
    const ir_ref hot = sn_math_apply_sign(m, y, r);
    const ir_ref is_rare = m_lt_k(m, a, M_BY_TYPE(m, 0x1p-100, 0x1p-960));
    return m_rare(m, is_rare, rare_tangent(m, x), hot);
}

/* ---- quarter turns ---- */

/* What the number of quarter turns says about a sine: that it is the rest's cosine, and its sign (f32: an
 * i32 with the sign bit alone; f64: ±1). */
typedef struct quadrant {
    ir_ref is_cosine, sign;
} quadrant;

static quadrant quadrant_f32(formula *m, ir_ref n)
{
    const ir_ref is_cosine = m_ne_i(m, m_and_i(m, n, 1), 0);
    return (quadrant){is_cosine, m_shl_i(m, m_and_i(m, n, 2), 30)};
}

/* From −2, −1, 0 or 1, which n is modulo 4. */
static quadrant quadrant_f64(formula *m, ir_ref n)
{
    const ir_ref fours = m_floor(m, m_fma_k(m, n, 0.25, m_number(m, 0.5)));
    const ir_ref part = m_fnma_k(m, fours, 4, n), one = m_number(m, 1);
    const ir_ref is_cosine = m_eq(m, m_mul(m, part, part), one);
    return (quadrant){is_cosine, m_copysign(m, one, part)};
}

static ir_ref choose(formula *m, quadrant q, ir_ref sine, ir_ref cosine)
{
    const ir_ref y = m_select(m, q.is_cosine, cosine, sine);
    return m->type == IR_F32 ? m_from_bits(m, m_xor(m, m_bits(m, y), q.sign)) : m_mul(m, y, q.sign);
}

/* ---- radians ---- */

/* sin(r − correction) after the turns q, |r| ≤ π/4. */
static ir_ref sine_of_radians(formula *m, ir_ref r, ir_ref correction, quadrant q)
{
    const ir_ref square = m_mul(m, r, r), cube = m_mul(m, square, r), fourth = m_mul(m, square, square);
    const ir_ref less = m_fma(m, cube, POLYNOMIAL(m, square, sin), correction);
    const ir_ref sine = m_sub(m, r, less);
    const ir_ref series = POLYNOMIAL(m, square, cos);
    const ir_ref small = m_fma(m, fourth, series, m_mul(m, r, correction));
    /* r²/2 is subtracted as a product of r and not of r² rounded. */
    const ir_ref rest = m_fnma(m, m_mul_k(m, r, 0.5), r, small);
    return choose(m, q, sine, m_add_k(m, rest, 1));
}

static ir_ref modulo_4(formula *m, ir_ref a)
{
    return m_fnma_k(m, m_round(m, m_mul_k(m, a, 0.25)), 4, a);
}

static uint32_t turns_table(formula *m)
{
    if (m->type == IR_F32)
        return sn_math_table(m, "2/pi f32", sn_turns_f32, 4 * M_LENGTH(sn_turns_f32));
    return sn_math_table(m, "2/pi f64", sn_turns_f64, 4 * M_LENGTH(sn_turns_f64));
}

/* Functions whose slow parts begin with the same reduction. */
typedef enum reduced { OF_SINE, OF_COSINE, OF_TANGENT } reduced;

/* Of |x|, a huge one. What two `rare` regions have in common belongs to neither and would run always; so
 * functions of one x, whose fast parts are shared, each begin their slow ones by adding a tiny number of
 * their own, one for each grade, which changes nothing and on which all that follows depends. */
static ir_ref exponent_field(formula *m, ir_ref x, reduced of)
{
    const int number = 1 + 2 * (int)of + (int)m->grade;
    return sn_math_exponent_field(m, m_abs(m, m_add_k(m, x, number * 0x1p-60)));
}

/* X and four pieces' products with X, as sums of two floats. Infinity and NaN stay, and end as NaN; an x
 * too small for the first row, q = −2, gives any number. */
static void table_products(formula *m, ir_ref x, ir_ref field, m_pair product[4])
{
    const int32_t log_step = M_BY_TYPE(m, 3, 4), first = 2 << log_step;
    const ir_ref step = m_sar_i(m, m_sub_i(m, field, m_bias(m) + m_stored(m) - first), log_step);
    const ir_ref row = m_max_i(m, step, 0);
    const ir_ref bias = sn_ir_i32(m->p, m_bias(m) + first);
    const ir_ref scale = sn_math_power_of_two(m, m_sub(m, bias, m_shl_i(m, row, log_step)));
    const ir_ref whole = m_mul(m, x, scale), at = m_shl_i(m, row, 2);
    const uint32_t table = turns_table(m);
    for (int k = 0; k < 4; k++) {
        const ir_ref piece = m_load(m, table, m_add_i(m, at, k));
        product[k].high = m_mul(m, whole, piece);
        product[k].low = m_fms(m, whole, piece, product[k].high);
    }
}

/* A huge x in quarter turns: n, right modulo 4, and a rest of at most about 1/2. */
static m_pair huge_turns(formula *m, ir_ref x, reduced of, ir_ref *n)
{
    m_pair product[4];
    table_products(m, x, exponent_field(m, x, of), product);
    /* Multiples of the first piece's last place: their sum is exact. */
    const ir_ref top = modulo_4(m, product[0].high), middle = modulo_4(m, product[0].low);
    const ir_ref first = m_add(m, top, middle), second = modulo_4(m, product[1].high);
    *n = m_round(m, m_add(m, first, second));
    const m_pair a = sn_math_two_sum(m, m_sub(m, first, *n), second);
    const m_pair b = sn_math_two_sum(m, a.high, product[1].low);
    const m_pair c = sn_math_two_sum(m, b.high, product[2].high);
    const ir_ref last = m_add(m, product[2].low, product[3].high);
    const ir_ref rests = m_add(m, a.low, b.low);
    return sn_math_fast_two_sum(m, c.high, m_add(m, rests, m_add(m, c.low, last)));
}

/* π/2 in three pieces. */
static const double *half_pi(const formula *m)
{
    return M_BY_TYPE(m, sn_half_pi_f32, sn_half_pi_f64);
}

/* x − n π/2 = r − correction. */
typedef struct radians {
    ir_ref n, r, correction;
} radians;

static radians reduce_huge(formula *m, ir_ref x, reduced of)
{
    radians rest;
    const m_pair turns = huge_turns(m, x, of, &rest.n);
    const double *p = half_pi(m);
    const ir_ref product = m_mul_k(m, turns.high, p[0]), error = m_fnma_k(m, turns.high, p[0], product);
    /* Negated, like the error. */
    const ir_ref low = m_fnma_k(m, turns.low, p[0], m_fnma_k(m, turns.high, p[1], error));
    rest.r = m_sub(m, product, low);
    rest.correction = m_add(m, m_sub(m, rest.r, product), low);
    return rest;
}

static ir_ref huge_sine(formula *m, ir_ref x, reduced of)
{
    const radians rest = reduce_huge(m, x, of);
    const ir_ref at = m_add_k(m, rest.n, of == OF_COSINE); /* −0 becomes 0 */
    const quadrant q = m->type == IR_F32 ? quadrant_f32(m, m_to_int(m, at)) : quadrant_f64(m, at);
    return sine_of_radians(m, rest.r, rest.correction, q);
}

/* The sum k has n in its low bits. */
static ir_ref quarter_turns(formula *m, ir_ref x, ir_ref *k)
{
    const ir_ref shift = m_number(m, M_BY_TYPE(m, 0x1.8p23, 0x1.8p52));
    *k = m_fma_k(m, x, M_BY_TYPE(m, 0x1.45f306p-1, 0x1.45f306dc9c883p-1), shift);
    return m_sub(m, *k, shift);
}

static radians reduce(formula *m, ir_ref x, ir_ref *k)
{
    radians rest = {.n = quarter_turns(m, x, k)};
    const double *p = half_pi(m);
    const ir_ref difference = m_fnma_k(m, rest.n, p[0], x);
    rest.r = m_fnma_k(m, rest.n, p[1], difference);
    const ir_ref rounding = m_fma_k(m, rest.n, p[1], m_sub(m, rest.r, difference));
    rest.correction = m_fma_k(m, rest.n, p[2], rounding);
    return rest;
}

/* Up to here n stays below 2^11 (2^20). */
static ir_ref is_huge(formula *m, ir_ref x)
{
    const ir_ref most = m_number(m, M_BY_TYPE(m, 3200.0, 1600000.0));
    return m_lt(m, most, m_abs(m, x));
}

static quadrant shifted_quadrant(formula *m, ir_ref k, ir_ref n, reduced of)
{
    if (m->type == IR_F64)
        return quadrant_f64(m, of == OF_COSINE ? m_add_k(m, n, 1) : n);
    const ir_ref word = m_bits(m, k);
    return quadrant_f32(m, of == OF_COSINE ? m_add_i(m, word, 1) : word);
}

/* sin(x), or sin(x + π/2). */
static ir_ref shifted_sine(formula *m, ir_ref x, reduced of)
{
    ir_ref k;
    const radians rest = reduce(m, x, &k);
    const ir_ref hot = sine_of_radians(m, rest.r, rest.correction, shifted_quadrant(m, k, rest.n, of));
    const ir_ref rare = is_huge(m, x);
    return m_rare(m, rare, huge_sine(m, x, of), hot);
}

/* ---- radians, the fast grade ---- */

/* a where the whole number n, in the low bits of k, is even, and −a where it is odd. */
static ir_ref alternate_by(formula *m, ir_ref a, ir_ref k, ir_ref n)
{
    if (m->type == IR_F64)
        return sn_math_alternate(m, a, n);
    const ir_ref sign = m_shl_i(m, m_bits(m, k), 31);
    return m_from_bits(m, m_xor(m, sign, m_bits(m, a)));
}

/* sin(x) = ±sin(x − n π), cos(x) = ±sin((n + 1/2) π − x). The first difference is exact, and each of the
 * others rounded to the places of what is left. */
static ir_ref fast_sine(formula *m, ir_ref x, reduced of)
{
    const double *p = M_BY_TYPE(m, sn_pi_thirds_f32, sn_pi_thirds_f64);
    const double per_half_turn = M_BY_TYPE(m, 0x1.45f306p-2, 0x1.45f306dc9c883p-2);
    const ir_ref shift = m_number(m, M_BY_TYPE(m, 0x1.8p23, 0x1.8p52));
    ir_ref k, n, r;
    if (of == OF_SINE) {
        k = m_fma_k(m, x, per_half_turn, shift);
        n = m_sub(m, k, shift);
        r = m_fnma_k(m, n, p[2], m_fnma_k(m, n, p[1], m_fnma_k(m, n, p[0], x)));
    } else {
        k = m_add(m, m_fma_k(m, x, per_half_turn, m_number(m, -0.5)), shift);
        n = m_sub(m, k, shift);
        const ir_ref halves = m_add_k(m, n, 0.5);
        r = m_fma_k(m, halves, p[2], m_fma_k(m, halves, p[1], m_fms_k(m, halves, p[0], x)));
    }
    const ir_ref square = m_mul(m, r, r), one = m_number(m, 1);
    const ir_ref quotient = m_fma(m, square, POLYNOMIAL(m, square, sin_fast), one);
    const ir_ref hot = alternate_by(m, m_mul(m, r, quotient), k, n);
    /* As long as the number of half turns is found, to a thousandth. */
    const ir_ref most = m_number(m, M_BY_TYPE(m, 0x1p17, 0x1p30)), rare = m_lt(m, most, m_abs(m, x));
    return m_rare(m, rare, huge_sine(m, x, of), hot);
}

ir_ref sn_math_sin(formula *m, ir_ref x)
{
    return m->grade == MATH_FAST ? fast_sine(m, x, OF_SINE) : shifted_sine(m, x, OF_SINE);
}

ir_ref sn_math_cos(formula *m, ir_ref x)
{
    return m->grade == MATH_FAST ? fast_sine(m, x, OF_COSINE) : shifted_sine(m, x, OF_COSINE);
}

/* ---- tangents of radians ---- */

static ir_ref is_odd(formula *m, ir_ref n)
{
    if (m->type == IR_F32)
        return m_ne_i(m, m_and_i(m, n, 1), 0);
    const ir_ref half = m_mul_k(m, n, 0.5);
    return m_ne(m, m_round(m, half), half);
}

/* The correction takes the slope of the tangent, 1 + tan², for 1 + 3/2 r²; and as tan(r)/r grows fast with r²
 * near π/4, what rounding took from that is made good too. */
static ir_ref tangent_of_radians(formula *m, ir_ref r, ir_ref correction, ir_ref odd)
{
    const ir_ref square = m_mul(m, r, r), rounding = m_fms(m, r, r, square);
    const ir_ref sloped = m_fma_k(m, m_mul(m, square, correction), 1.5, correction);
    const ir_ref less = m_fnma_k(m, m_mul(m, r, rounding), 0.5625, sloped);
    const ir_ref small = m_fma(m, r, POLYNOMIAL(m, square, tan), less);
    const ir_ref high = m_fms_k(m, r, SN_TAN_C, small);
    const ir_ref low = m_sub(m, m_fms_k(m, r, SN_TAN_C, high), small);
    return tangent_or_reciprocal(m, (m_pair){high, low}, odd);
}

static ir_ref huge_tangent(formula *m, ir_ref x)
{
    const radians rest = reduce_huge(m, x, OF_TANGENT);
    const ir_ref odd = is_odd(m, m->type == IR_F32 ? m_to_int(m, rest.n) : rest.n);
    return tangent_of_radians(m, rest.r, rest.correction, odd);
}

ir_ref sn_math_tan(formula *m, ir_ref x)
{
    ir_ref k, hot;
    if (m->grade == MATH_FAST) {
        const double *p = half_pi(m);
        const ir_ref n = quarter_turns(m, x, &k), odd = is_odd(m, m->type == IR_F32 ? m_bits(m, k) : n);
        const ir_ref r = m_fnma_k(m, n, p[2], m_fnma_k(m, n, p[1], m_fnma_k(m, n, p[0], x)));
        const ir_ref square = m_mul(m, r, r), cube = m_mul(m, square, r);
        const ir_ref t = m_fma(m, cube, POLYNOMIAL(m, square, tan_fast), r);
        hot = tangent_or_reciprocal(m, (m_pair){t, 0}, odd);
    } else {
        const radians rest = reduce(m, x, &k);
        const ir_ref odd = is_odd(m, m->type == IR_F32 ? m_bits(m, k) : rest.n);
        hot = tangent_of_radians(m, rest.r, rest.correction, odd);
    }
    const ir_ref rare = is_huge(m, x);
    return m_rare(m, rare, huge_tangent(m, x), hot);
}
