/* Roots: cbrt, rsqrt, hypot.
 *
 * None divides, nor takes a square root (but for the fast hypot), which would cost more than what is
 * here. Halving (or dividing by three) the bits of x, taken as a whole number, and subtracting them from
 * a constant gives 1/√x or 1/∛x within 3.5 % (the line that the bits are of the logarithm: Lomont, "Fast
 * inverse square root", 2003). Of such a y, e = 1 − x y² or 1 − x y³ is what it is off by, and a
 * polynomial for (1 − e)^(−1/2) or (1 − e)^(−1/3) times y is good to 2^-15 (f32) or 2^-20 (f64). One more
 * step ends at the result z: its residual x − z², x − z³ or 1 − x z² is computed to the last place and,
 * times the slope, added; in f64 with the second-order term, for which the slope that y gives instead of
 * z is allowed for.
 *
 * The residual of cbrt has the rounding of z² in it, a third of which is in the result; the others'
 * residuals are exact but for their own last place, and hypot's sum of squares comes with its rounding.
 *
 * `rare` regions scale what is too small or large by powers of two, and know the infinities. The grade
 * `fast` leaves out what recovers roundings, and hypot is the rounded root of the rounded sum. */
#include "math/formula.h"
#include "math/roots_coefficients.h"

#include <math.h>

#define POLYNOMIAL(m, x, name)                                                         \
    M_BY_TYPE(m, sn_math_polynomial(m, x, sn_##name##_f32, M_LENGTH(sn_##name##_f32)), \
              sn_math_polynomial(m, x, sn_##name##_f64, M_LENGTH(sn_##name##_f64)))

/* 1/√x for a normal positive x, to 2^-15 (2^-20). */
static ir_ref rough_inverse_root(formula *m, ir_ref x)
{
    ir_ref y;
    if (m->type == IR_F32) {
        const ir_ref magic = sn_ir_i32(m->p, 0x5F376000);
        y = m_from_bits(m, m_sub(m, magic, m_shr_i(m, m_bits(m, x), 1)));
    } else {
        const ir_ref magic = sn_ir_i32(m->p, 0x5FE6EC00);
        y = m_pack64_i(m, m_sub(m, magic, m_shr_i(m, m_hi32(m, x), 1)), 0);
    }
    const ir_ref one = m_number(m, 1), e = m_fnma(m, m_mul(m, x, y), y, one);
    return m_mul(m, y, POLYNOMIAL(m, e, inverse_root));
}

/* y + product (1/2 + 3/8 e), for a small e and its product with y. */
static ir_ref last_step(formula *m, ir_ref y, ir_ref product, ir_ref e)
{
    if (m->type == IR_F32)
        return m_fma_k(m, product, 0.5, y);
    return m_fma(m, product, m_fma_k(m, e, 0.375, m_number(m, 0.5)), y);
}

/* ---- rsqrt ---- */

static ir_ref inverse_root(formula *m, ir_ref x)
{
    const ir_ref y = rough_inverse_root(m, x), t = m_mul(m, x, y);
    ir_ref e = m_fnma(m, t, y, m_number(m, 1));
    if (m->grade != MATH_FAST)
        e = m_fnma(m, m_fms(m, x, y, t), y, e);
    return last_step(m, y, m_mul(m, y, e), e);
}

static ir_ref inverse_root_at_the_borders(formula *m, ir_ref x)
{
    const ir_ref zero = m_number(m, 0), infinity = m_number(m, (double)INFINITY);
    const ir_ref y = m_mul_k(m, inverse_root(m, m_mul_k(m, x, 0x1p64)), 0x1p32);
    const ir_ref positive = m_select(m, m_lt(m, x, infinity), y, zero);
    const ir_ref none = m_number(m, (double)NAN);
    const ir_ref of_zero = m_copysign(m, infinity, x);
    const ir_ref other = m_select(m, m_eq(m, x, zero), of_zero, none);
    return m_select(m, m_lt(m, zero, x), positive, other);
}

/* NaN of f64 passes through the hot part. */
ir_ref sn_math_rsqrt(formula *m, ir_ref x)
{
    ir_ref is_rare;
    if (m->type == IR_F32) {
        const ir_ref first = sn_ir_i32(m->p, -0x01000000);
        is_rare = m_le(m, first, m_add_i(m, m_bits(m, x), 0x7F800000));
    } else {
        const ir_ref most = m_number(m, 0x1.fffffffffffffp1023), is_small = m_lt_k(m, x, 0x1p-1022);
        is_rare = m_or(m, is_small, m_lt(m, most, x));
    }
    const ir_ref hot = inverse_root(m, x);
    return m_rare(m, is_rare, inverse_root_at_the_borders(m, x), hot);
}

/* ---- cbrt ---- */

/* Of a normal positive x. */
static ir_ref cube_root(formula *m, ir_ref x)
{
    ir_ref y;
    if (m->type == IR_F32) {
        const ir_ref bits = m_from_int(m, m_bits(m, x));
        y = m_from_bits(m, m_to_int(m, m_fma_k(m, bits, -0x1.555556p-2, m_number(m, 0x54A20000))));
    } else { /* whole numbers are in the low bits of a large sum */
        const ir_ref bits = m_from_int(m, m_hi32(m, x));
        const ir_ref sum = m_fma_k(m, bits, -0x1.5555555555555p-2, m_number(m, 0x1.8p52 + 0x553EF000));
        y = m_pack64_i(m, m_lo32(m, sum), 0);
    }
    const ir_ref one = m_number(m, 1), product = m_mul(m, x, y);
    const ir_ref e = m_fnma(m, m_mul(m, y, y), product, one);
    y = m_mul(m, y, POLYNOMIAL(m, e, inverse_cube_root));
    const ir_ref square = m_mul(m, y, y), z = m_mul(m, x, square);
    const ir_ref residual = m_fnma(m, m_mul(m, z, z), z, x);
    if (m->type == IR_F32)
        return m_fma(m, residual, m_mul_k(m, square, 0x1.555556p-2), z);
    /* E = (x − z³) y³: x/z³ to the power 1/3 is 1 + E/3 + 7/18 E² + … where z = x y². */
    const ir_ref left = m_mul(m, residual, m_mul(m, square, y));
    const ir_ref slope = m_fma_k(m, left, 7.0 / 18, m_number(m, 0x1.5555555555555p-2));
    return m_fma(m, m_mul(m, z, left), slope, z);
}

static ir_ref cube_root_at_the_borders(formula *m, ir_ref size)
{
    const double large = M_BY_TYPE(m, 0x1p24, 0x1p54), small = M_BY_TYPE(m, 0x1p-8, 0x1p-18);
    const ir_ref y = m_mul_k(m, cube_root(m, m_mul_k(m, size, large)), small);
    const ir_ref zero = m_number(m, 0), is_positive = m_lt(m, zero, size);
    const ir_ref is_number = m_and(m, is_positive, m_lt_k(m, size, (double)INFINITY));
    return m_select(m, is_number, y, size);
}

ir_ref sn_math_cbrt(formula *m, ir_ref x)
{
    const ir_ref size = m_abs(m, x), hot = cube_root(m, size);
    ir_ref is_rare;
    if (m->type == IR_F32) {
        const ir_ref first = sn_ir_i32(m->p, -0x01000000);
        is_rare = m_le(m, first, m_add_i(m, m_bits(m, size), 0x7F800000));
    } else {
        const ir_ref most = m_number(m, 0x1.fffffffffffffp1023), is_small = m_lt_k(m, size, 0x1p-1022);
        is_rare = m_or(m, is_small, m_lt(m, most, size));
    }
    return m_copysign(m, m_rare(m, is_rare, cube_root_at_the_borders(m, size), hot), x);
}

/* ---- hypot ---- */

/* √(a² + b²) for a ≥ b ≥ 0, of the grade `fast` in any order; *sum is the sum of squares. */
static ir_ref root_of_squares(formula *m, ir_ref a, ir_ref b, ir_ref *sum)
{
    const ir_ref small = m_mul(m, b, b), s = m_fma(m, a, a, small);
    *sum = s;
    if (m->grade == MATH_FAST)
        return m_sqrt(m, s);
    const ir_ref y = rough_inverse_root(m, s), z = m_mul(m, s, y);
    const ir_ref rounding = m_fms(m, b, b, m_fnma(m, a, a, s));
    const ir_ref residual = m_add(m, m_fnma(m, z, z, s), rounding), product = m_mul(m, residual, y);
    return last_step(m, z, product, m_mul(m, product, y));
}

/* An infinity counts, even beside a NaN. */
static ir_ref hypot_at_the_borders(formula *m, ir_ref a, ir_ref b)
{
    const ir_ref one = m_number(m, 1), is_large = m_lt(m, one, a);
    const double small = M_BY_TYPE(m, 0x1p-66, 0x1p-600), large = M_BY_TYPE(m, 0x1p86, 0x1p600);
    const ir_ref scale = m_select_k(m, is_large, small, m_number(m, large));
    const ir_ref back = m_select_k(m, is_large, 1 / small, m_number(m, 1 / large));
    const ir_ref scaled_a = m_mul(m, a, scale);
    ir_ref sum;
    const ir_ref y = m_mul(m, root_of_squares(m, scaled_a, m_mul(m, b, scale), &sum), back);
    const ir_ref infinity = m_number(m, (double)INFINITY), is_infinite = m_eq(m, a, infinity);
    return m_select(m, m_or(m, is_infinite, m_eq(m, b, infinity)), infinity, y);
}

/* The greater and the smaller are chosen such that a NaN is always one of the two. In the hot part the sum of
 * squares neither overflows nor loses places of b² that matter. */
ir_ref sn_math_hypot(formula *m, ir_ref x, ir_ref y)
{
    const ir_ref first = m_abs(m, x), second = m_abs(m, y);
    const ir_ref a = m_max(m, first, second), b = m_min(m, second, first);
    ir_ref sum, is_rare;
    const ir_ref hot = m->grade == MATH_FAST ? root_of_squares(m, x, y, &sum) : root_of_squares(m, a, b, &sum);
    if (m->type == IR_F32) { /* the bits are not from those of 2^-100 to 2^125 */
        const ir_ref limit = sn_ir_i32(m->p, 0x7E000000 - 0x0D800000 + INT32_MIN);
        is_rare = m_le(m, limit, m_add_i(m, m_bits(m, sum), (int32_t)(0x80000000u - 0x0D800000u)));
    } else {
        const ir_ref least = m_number(m, 0x1p-900), is_enough = m_le(m, least, sum);
        is_rare = m_not(m, m_and(m, is_enough, m_le_k(m, sum, 0x1p1020)));
    }
    return m_rare(m, is_rare, hypot_at_the_borders(m, a, b), hot);
}
