/* Powers.
 *
 * x^y = exp(y log x), for which the logarithm has to be good to some 2^-7 (2^-10) of a place: in two
 * words (logarithm.c), its product with y in two words, and the exponential of that, rounded once
 * (exponential.c). Subnormal x are scaled beforehand by two operations and a constant added to n, which
 * is cheaper than a second logarithm in the `rare` region, and keeps the expansion short.
 *
 * The `rare` region takes results near the borders of the normal numbers, and all that IEEE 754 and C99
 * (F.9.4.4) say of zeros, infinities, NaN and negative x. There the magnitude is the exponential of q = y
 * log |x|, with the logarithms of 0 and infinity in their places; then come the cases that are 1 whatever
 * the other argument is, and the sign. An x of f32 that is infinite or NaN has to be sent there by its
 * bits, since its exponent field would be taken for a number's; in f64 it makes q a NaN, and whatever is
 * not surely within the borders goes there. */
#include "math/formula.h"

#include <math.h>

typedef struct power {
    ir_ref x, y, size;    /* size: |x| */
    ir_ref log;           /* log |x| */
    ir_ref result, field; /* |result| is result 2^(field − bias) */
} power;

/* |x|^y. */
static ir_ref magnitude(formula *m, const power *of)
{
    const ir_ref infinity = m_number(m, (double)INFINITY), zero = m_number(m, 0), one = m_number(m, 1);
    const ir_ref finite = m_select(m, m_lt(m, of->size, infinity), of->log, of->size);
    const ir_ref log = m_select_k(m, m_eq(m, of->size, zero), (double)-INFINITY, finite);
    const ir_ref q = m_mul(m, of->y, log);
    const ir_ref great = m_mul(m, q, infinity), far = m_select(m, m_lt(m, q, zero), zero, great);
    const ir_ref is_near = m_le_k(m, m_abs(m, q), M_BY_TYPE(m, 110.0, 750.0));
    const ir_ref y = m_select(m, is_near, sn_math_scaled(m, of->result, of->field), far);
    const ir_ref is_infinite = m_eq(m, m_abs(m, of->y), infinity);
    const ir_ref stays = m_and(m, is_infinite, m_eq(m, of->size, one));
    const ir_ref is_one = m_or(m, stays, m_eq(m, of->x, one));
    return m_select(m, m_or(m, is_one, m_eq(m, of->y, zero)), one, y);
}

/* Halves of odd y are whole numbers and a half; infinities and y beyond the significand's places are even. */
static ir_ref power_at_the_borders(formula *m, const power *of)
{
    const ir_ref y = magnitude(m, of), half = m_mul_k(m, of->y, 0.5);
    const ir_ref is_whole = m_eq(m, m_round(m, of->y), of->y);
    const ir_ref is_odd = m_and(m, is_whole, m_ne(m, m_round(m, half), half));
    const ir_ref with_sign = m_select(m, is_odd, m_copysign(m, y, of->x), y);
    const ir_ref none = m_number(m, (double)NAN), zero = m_number(m, 0);
    const ir_ref is_negative = m_lt(m, of->x, zero);
    const ir_ref is_finite = m_lt_k(m, of->size, (double)INFINITY);
    const ir_ref is_number = m_and(m, is_negative, is_finite);
    const ir_ref is_none = m_and(m, is_number, m_not(m, is_whole));
    return m_select(m, is_none, none, with_sign);
}

/* x is positive, and in f32 finite. */
static ir_ref is_plain(formula *m, ir_ref x)
{
    if (m->type == IR_F64) {
        const ir_ref zero = m_number(m, 0);
        return m_lt(m, zero, x);
    }
    const ir_ref limit = sn_ir_i32(m->p, 0x7F800000 - 1 + INT32_MIN);
    return m_lt(m, m_add_i(m, m_bits(m, x), INT32_MAX), limit);
}

ir_ref sn_math_pow(formula *m, ir_ref x, ir_ref y)
{
    power of = {.x = x, .y = y, .size = m_abs(m, x)};
    const ir_ref is_small = m_lt_k(m, of.size, M_BY_TYPE(m, 0x1p-126, 0x1p-1000));
    const ir_ref large = m_mul_k(m, of.size, 0x1p64);
    const ir_ref normal = m_select(m, is_small, large, of.size);
    const ir_ref n = m_select_k(m, is_small, -64, m_number(m, 0));
    const m_pair log = sn_math_log_of_pow(m, normal, n);
    m_pair q = {.high = m_mul(m, y, log.high)};
    q.low = m_fma(m, y, log.low, m_fms(m, y, log.high, q.high));
    of.log = log.high;
    of.result = sn_math_exp_of_pow(m, q, &of.field);
    const ir_ref hot = m_mul(m, of.result, sn_math_power_of_two(m, of.field));
    const ir_ref is_within = m_le_k(m, m_abs(m, q.high), M_BY_TYPE(m, 87.3125, 708.375));
    const ir_ref is_rare = m_not(m, m_and(m, is_within, is_plain(m, x)));
    return m_rare(m, is_rare, power_at_the_borders(m, &of), hot);
}
