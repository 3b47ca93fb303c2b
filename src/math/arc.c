/* The arc functions.
 *
 * All end alike: a quarter turn some number of times, plus m (1 + g) with g small, a polynomial in m². The
 * leading sum, base + m, is rounded, and what the rounding took is recovered exactly, since the base is 0 or
 * the larger; with m g and what π/2 lacks in the base it is added last. So the only roundings that count in
 * full are the last one and that of m.
 *
 * asin, acos. Up to 1/2 m is x. Beyond, asin(a) = π/2 − 2 asin(√z) with z = (1 − a)/2, which is exact; z
 * stays below 1/4 like x², and the polynomial serves both. Of asin m = −2√z may be rounded, as the result is
 * larger than m. acos near 1 is 2 asin(√z) itself, where the rounding of the root and that of the sum would
 * be 1 ULP together; so there the polynomial goes under the root, which halves its error:
 * (2 asin(√z))² = v (1 + g)², v = 4 z.
 *
 * atan, atan2. The quotient is taken the way that leaves it at most 1, and its rounding is made good: the
 * rest of the division is exact in a fused operation. The sign that m has against the base is put into the
 * numerator. atan needs the correction only beside a base, for quotients over 1/2, and there a constant
 * factor does; atan2 multiplies with the reciprocal, so that the one division serves the quotient, which may
 * err by two roundings, and the correction. The rest is exact and the reciprocal normal unless the smaller
 * of the two is tiny or the larger one huge; then both are scaled in `rare` regions, one for each. */
#include "math/arc_coefficients.h"
#include "math/formula.h"

#include <math.h>

#define POLYNOMIAL(m, x, name)                                                          \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)),  \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

static double half_pi(const formula *m)
{
    return M_BY_TYPE(m, SN_HALF_PI_F32, SN_HALF_PI_F64);
}

/* What a rounding took, and how the result depends on it. */
typedef struct arc_correction {
    ir_ref error, slope;
} arc_correction;

/* base + main (part + g) + correction; the base is a multiple of π/2 rounded, which is larger than |main|, or
 * 0; the correction may be absent. */
static ir_ref sum_with_base(formula *m, ir_ref base, ir_ref main, double part, ir_ref g,
                            const arc_correction *correction)
{
    const double lacks = M_BY_TYPE(m, SN_HALF_PI_LACKS_F32, SN_HALF_PI_LACKS_F64);
    const ir_ref high = m_fma_k(m, main, part, base);
    const ir_ref rounding = m_fms_k(m, main, part, m_sub(m, high, base));
    const ir_ref low = m_fma(m, main, g, m_fma_k(m, base, lacks, rounding));
    return m_add(m, high, correction ? m_fma(m, correction->error, correction->slope, low) : low);
}

/* The same in the fast grade. */
static ir_ref short_sum(formula *m, ir_ref base, ir_ref main, ir_ref g)
{
    return m_add(m, base, m_fma(m, main, g, main));
}

/* The magnitude a ≥ 0 with the sign of x. */
static ir_ref give_sign(formula *m, ir_ref a, ir_ref x)
{
    return m->type == IR_F32 ? sn_math_apply_sign(m, a, x) : m_copysign(m, a, x);
}

/* ---- of sines and cosines ---- */

/* What both begin with. Beyond 1, z of a big argument is negative. */
typedef struct arc_argument {
    ir_ref size, is_big, z, g; /* z = x² or (1 − |x|)/2; asin(√z) = √z (1 + g) */
} arc_argument;

static arc_argument arc_argument_of(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), half = m_number(m, 0.5);
    const ir_ref is_big = m_lt(m, half, size), square = m_mul(m, x, x);
    const ir_ref z = m_select(m, is_big, m_fnma_k(m, size, 0.5, half), square);
    return (arc_argument){size, is_big, z, m_mul(m, z, POLYNOMIAL(m, z, asin))};
}

/* What −2 root lacks, times the slope of the polynomial: −(z − root²)/root. A straight line does for the
 * reciprocal, since where it does not, below 1/4, the result is over 1 and the root's places finer. */
static arc_correction root_correction(formula *m, arc_argument of, ir_ref root, ir_ref main)
{
    const ir_ref error = m_fnma(m, root, root, of.z), zero = m_number(m, 0);
    const ir_ref slope = m_fnma_k(m, main, 3.625, m_number(m, -5.75));
    return (arc_correction){error, m_select(m, of.is_big, slope, zero)};
}

ir_ref sn_math_asin(formula *m, ir_ref x)
{
    const arc_argument of = arc_argument_of(m, x);
    const ir_ref root = m_sqrt(m, of.z);
    const ir_ref main = m_select(m, of.is_big, m_mul_k(m, root, -2), of.size);
    const ir_ref base = m_select_k(m, of.is_big, half_pi(m), m_number(m, 0));
    if (m->grade == MATH_FAST)
        return give_sign(m, short_sum(m, base, main, of.g), x);
    const arc_correction correction = root_correction(m, of, root, main);
    return give_sign(m, sum_with_base(m, base, main, 1, of.g, &correction), x);
}

ir_ref sn_math_acos(formula *m, ir_ref x)
{
    const arc_argument of = arc_argument_of(m, x);
    const ir_ref zero = m_number(m, 0), square = m_mul_k(m, of.z, 4);
    /* (1 + g)² − 1; beyond 1 the polynomial may be anything, and the root has to be NaN. */
    const ir_ref more = m_max(m, m_fma(m, of.g, of.g, m_add(m, of.g, of.g)), zero);
    const ir_ref root = m_sqrt(m, m_fma(m, square, more, square)), less = m_neg(m, x);
    const ir_ref main = m_select(m, of.is_big, give_sign(m, root, x), less);
    const ir_ref far = m_select_k(m, m_lt(m, x, zero), 2 * half_pi(m), zero);
    const ir_ref base = m_select(m, of.is_big, far, m_number(m, half_pi(m)));
    const ir_ref g = m_select(m, of.is_big, zero, of.g);
    return m->grade == MATH_FAST ? short_sum(m, base, main, g) : sum_with_base(m, base, main, 1, g, NULL);
}

/* ---- of tangents ---- */

/* base + atan(z) + correction. Of z, 7/8 are in the leading sum, so that what is left is at most z/8 and its
 * roundings are small; beside 0, where z is subnormal, 7 z/8 and z/8 rounded add up to z even so. Of the
 * polynomial −1/4 is taken out for the same reason: with it, 1/8 − z²/4 is exact near 1, where it counts. */
static ir_ref arc_tangent(formula *m, ir_ref base, ir_ref z, const arc_correction *correction)
{
    const ir_ref square = m_mul(m, z, z);
    if (m->grade == MATH_FAST)
        return short_sum(m, base, z, m_mul(m, square, POLYNOMIAL(m, square, atan_fast)));
    const ir_ref known = m_fnma_k(m, square, 0.25, m_number(m, 0.125));
    const ir_ref g = m_fma(m, square, POLYNOMIAL(m, square, atan), known);
    return sum_with_base(m, base, z, 0.875, g, correction);
}

/* From 2^64 on all is π/2, and infinity would make NaN of the rest. */
ir_ref sn_math_atan(formula *m, ir_ref x)
{
    const ir_ref most = m_number(m, 0x1p64), one = m_number(m, 1);
    const ir_ref size = m_min(m, most, m_abs(m, x)), is_big = m_lt(m, one, size);
    const ir_ref numerator = m_select_k(m, is_big, -1, size), denominator = m_select(m, is_big, size, one);
    const ir_ref z = m_div(m, numerator, denominator);
    const ir_ref base = m_select_k(m, is_big, half_pi(m), m_number(m, 0));
    arc_correction correction = {0, 0};
    if (m->grade != MATH_FAST) { /* z'/(1 + z²), where z' is 1/|x|: 0.4 to 0.5 */
        correction.error = m_fnma(m, z, denominator, numerator);
        correction.slope = m_number(m, 0.4375);
    }
    return give_sign(m, arc_tangent(m, base, z, &correction), x);
}

/* The point (x, y) as a quotient: the smaller of |x| and |y| by the larger, with the sign that the angle it
 * stands for has beside its base. */
typedef struct arc_ratio {
    ir_ref base, numerator, denominator;
} arc_ratio;

static arc_ratio arc_ratio_of(formula *m, ir_ref y, ir_ref x)
{
    const ir_ref width = m_abs(m, x), height = m_abs(m, y), less = m_neg(m, x);
    const ir_ref is_steep = m_lt(m, width, height), quarter = m_number(m, half_pi(m));
    ir_ref flat, flat_base;
    if (m->type == IR_F32) {
        const ir_ref is_left = m_lt_i(m, m_bits(m, x), 0);
        flat = sn_math_apply_sign(m, height, x);
        flat_base = m_select_k(m, is_left, 2 * half_pi(m), m_number(m, 0));
    } else {
        const ir_ref one = m_number(m, 1), sign = m_copysign(m, one, x);
        flat = m_mul(m, height, sign);
        flat_base = m_fnma(m, sign, quarter, quarter);
    }
    const ir_ref base = m_select(m, is_steep, quarter, flat_base);
    const ir_ref numerator = m_select(m, is_steep, less, flat);
    return (arc_ratio){base, numerator, m_max(m, height, width)}; /* NaN stays in one of them */
}

/* What both are scaled by where the correction would lose its places. Where the larger one is so large that
 * scaling takes the smaller one below the normal numbers, the angle is less than half the least subnormal. */
typedef struct arc_limits {
    double tiny, huge, middle, scale, least;
} arc_limits;

static const arc_limits *limits(const formula *m)
{
    static const arc_limits single = {0x1p-100, 0x1p100, 0x1p62, 0x1p64, 0x1p-85};
    static const arc_limits real = {0x1p-900, 0x1p900, 0x1p400, 0x1p600, 0x1p-474};
    return M_BY_TYPE(m, &single, &real);
}

/* Infinity becomes 1, and 0 the least that scaling can give. These two must not have a value in common, or
 * it would run always: they compare with the middle and with infinity in different ways. */
static ir_ref scaled_denominator(formula *m, arc_ratio of)
{
    const arc_limits *l = limits(m);
    const ir_ref middle = m_number(m, l->middle), up = m_number(m, l->scale), least = m_number(m, l->least);
    const ir_ref scale = m_select_k(m, m_lt(m, middle, of.denominator), 1 / l->scale, up);
    const ir_ref scaled = m_max(m, least, m_mul(m, of.denominator, scale));
    return m_select_k(m, m_eq_k(m, of.denominator, (double)INFINITY), 1, scaled);
}

/* Beside infinity it becomes 0, or 1 if it is infinite itself. */
static ir_ref scaled_numerator(formula *m, arc_ratio of)
{
    const arc_limits *l = limits(m);
    const ir_ref down = m_number(m, 1 / l->scale);
    const ir_ref scale = m_select_k(m, m_le_k(m, of.denominator, l->middle), l->scale, down);
    const ir_ref most = m_number(m, M_BY_TYPE(m, 0x1.fffffep127, 0x1.fffffffffffffp1023));
    const ir_ref is_infinite = m_lt(m, most, m_abs(m, of.numerator));
    const ir_ref unit = m_select_k(m, is_infinite, 1, m_mul_k(m, of.numerator, 0));
    const ir_ref signed_unit = m_copysign(m, unit, of.numerator);
    const ir_ref is_beside = m_lt(m, most, of.denominator);
    return m_select(m, is_beside, signed_unit, m_mul(m, of.numerator, scale));
}

ir_ref sn_math_atan2(formula *m, ir_ref y, ir_ref x)
{
    const arc_limits *l = limits(m);
    const arc_ratio of = arc_ratio_of(m, y, x);
    const ir_ref is_tiny = m_lt_k(m, m_abs(m, of.numerator), l->tiny), huge = m_number(m, l->huge);
    const ir_ref is_rare = m_or(m, is_tiny, m_lt(m, huge, of.denominator));
    const ir_ref numerator = m_rare(m, is_rare, scaled_numerator(m, of), of.numerator);
    const ir_ref denominator = m_rare(m, is_rare, scaled_denominator(m, of), of.denominator);
    if (m->grade == MATH_FAST)
        return give_sign(m, arc_tangent(m, of.base, m_div(m, numerator, denominator), NULL), y);
    const ir_ref one = m_number(m, 1), reciprocal = m_div(m, one, denominator);
    const ir_ref z = m_mul(m, numerator, reciprocal);
    const ir_ref error = m_mul(m, m_fnma(m, z, denominator, numerator), reciprocal);
    /* 1/(1 + z²), roughly */
    const arc_correction correction = {error, m_fnma_k(m, m_mul(m, z, z), 0.5, one)};
    return give_sign(m, arc_tangent(m, of.base, z, &correction), y);
}
