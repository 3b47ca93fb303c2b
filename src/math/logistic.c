/* logistic(x) = 1/(1 + exp(−x)) and softplus(x) = log(1 + exp(x)).
 *
 * Both go by |x|, so that no exponential overflows where the result does not. 1/(1 + exp |x|) is the
 * logistic function of −|x|; of |x| it is what that lacks to 1. Both 1 + exp |x| and exp |x| have two
 * words, since the roundings of a single one would add up with the quotient's; the quotient is corrected
 * once.
 *
 * softplus(x) = max(x, 0) + log(1 + t), t = exp(−|x|). Where 1 + t is large enough, 1 + f = (1 + t)/2,
 * and ln 2 is added; else f = t. The three leading parts, max(x, 0), ln 2 and f, are summed with their
 * roundings, which join the smaller terms of the logarithm, with the second words of t and ln 2 and what
 * f's rounding left out.
 *
 * A `rare` region gives the results where 2^n is not normal: 1, x, or exp(x). */
#include "math/formula.h"

/* |x| up to here has normal powers of two. */
static ir_ref is_beyond(formula *m, ir_ref size)
{
    const ir_ref border = m_number(m, M_BY_TYPE(m, 87.3125, 708.375));
    return m_lt(m, border, size);
}

/* exp(x), x far below 0; the power given is exp(x)'s. */
static ir_ref vanishing(formula *m, ir_ref x, ir_ref y, ir_ref field)
{
    const ir_ref is_nothing = m_lt_k(m, x, M_BY_TYPE(m, -104.0, -746.0));
    return m_select_k(m, is_nothing, 0, sn_math_scaled(m, y, field));
}

/* ---- logistic ---- */

/* 1/(high + low) */
static ir_ref inverse(formula *m, m_pair a)
{
    const ir_ref one = m_number(m, 1), y = m_div(m, one, a.high);
    const ir_ref e = m_fnma(m, a.low, y, m_fnma(m, a.high, y, one));
    return m_fma(m, y, e, y);
}

/* 1 or exp(x). */
static ir_ref logistic_at_the_borders(formula *m, ir_ref x, m_pair power, ir_ref field)
{
    const ir_ref opposite = sn_math_opposite_field(m, field);
    const ir_ref low = vanishing(m, x, inverse(m, power), opposite);
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0);
    return m_select(m, m_lt(m, x, zero), low, one);
}

/* With roundings, by x itself. */
static ir_ref fast_logistic(formula *m, ir_ref x)
{
    ir_ref field;
    const ir_ref size = m_abs(m, x), power = sn_math_exp_word(m, m_neg(m, x), &field), one = m_number(m, 1);
    const ir_ref sum = m_fma(m, power, sn_math_power_of_two(m, field), one), hot = m_div(m, one, sum);
    const ir_ref opposite = sn_math_opposite_field(m, field);
    const ir_ref low = vanishing(m, x, m_div(m, one, power), opposite);
    const ir_ref cold = m_select(m, m_lt(m, x, m_number(m, 0)), low, one);
    return m_rare(m, is_beyond(m, size), cold, hot);
}

ir_ref sn_math_logistic(formula *m, ir_ref x)
{
    if (m->grade == MATH_FAST)
        return fast_logistic(m, x);
    ir_ref field;
    const ir_ref size = m_abs(m, x), one = m_number(m, 1);
    const m_pair power = sn_math_exp_near_pair(m, size, &field);
    const ir_ref scale = sn_math_power_of_two(m, field);
    m_pair sum = sn_math_fast_two_sum(m, m_mul(m, power.high, scale), one);
    sum.low = m_fma(m, power.low, scale, sum.low);
    const ir_ref less = inverse(m, sum);
    const ir_ref more = m_sub(m, one, less), hot = m_select(m, m_lt(m, x, m_number(m, 0)), less, more);
    const ir_ref cold = logistic_at_the_borders(m, x, power, field);
    return m_rare(m, is_beyond(m, size), cold, hot);
}

/* ---- softplus ---- */

/* f = t half − less: t or t/2 − 1/2; and the part of ln 2 that is added, in two pieces. */
typedef struct fold {
    ir_ref half, less, ln2, ln2_low;
} fold;

/* 1 + t above 4/3, in f64 √2, is halved. */
static fold fold_of(formula *m, ir_ref size)
{
    /* The upper word may lie a place below ln 2: where it stands alone, the nearest number is better. */
    const double *ln2 = sn_math_ln2(m);
    const double upper = m->grade == MATH_FAST ? M_BY_TYPE(m, 0x1.62e43p-1, 0x1.62e42fefa39efp-1) : ln2[0];
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0);
    const ir_ref is_upper = m_lt_k(m, size, M_BY_TYPE(m, 1.09861, 0.881373587));
    fold of;
    of.half = m_select_k(m, is_upper, 0.5, one);
    of.less = m_sub(m, one, of.half);
    of.ln2 = m_select_k(m, is_upper, upper, zero);
    of.ln2_low = m_select_k(m, is_upper, ln2[1], zero);
    return of;
}

/* max(x, 0) + log(1 + t + t_low). */
static ir_ref softplus_sum(formula *m, ir_ref above, const fold *of, ir_ref t, ir_ref t_low)
{
    const ir_ref f = m_fms(m, t, of->half, of->less);
    const ir_ref dropped = m_fms(m, t, of->half, m_add(m, f, of->less));
    const ir_ref extra = m_fma(m, t_low, of->half, dropped), low = m_fnma(m, extra, f, extra);
    const ir_ref greater = m_max(m, above, of->ln2);
    const m_pair a = sn_math_fast_two_sum(m, greater, m_min(m, above, of->ln2));
    const m_pair b = sn_math_fast_two_sum(m, a.high, f);
    const ir_ref rounding = m_add(m, a.low, b.low);
    const ir_ref rest = m_add(m, rounding, m_add(m, low, of->ln2_low));
    return m_add(m, b.high, sn_math_log_tail(m, f, rest));
}

static ir_ref fast_softplus_sum(formula *m, ir_ref above, const fold *of, ir_ref t)
{
    const ir_ref f = m_fms(m, t, of->half, of->less);
    return m_add(m, above, sn_math_fast_log(m, f, of->ln2));
}

ir_ref sn_math_softplus(formula *m, ir_ref x)
{
    ir_ref field, hot, high;
    const ir_ref size = m_abs(m, x), down = m_neg(m, size), above = m_max(m, x, m_number(m, 0));
    const fold of = fold_of(m, size);
    if (m->grade == MATH_FAST) {
        high = sn_math_exp_word(m, down, &field);
        hot = fast_softplus_sum(m, above, &of, m_mul(m, high, sn_math_power_of_two(m, field)));
    } else {
        const m_pair power = sn_math_exp_near_pair(m, down, &field);
        const ir_ref scale = sn_math_power_of_two(m, field), t = m_mul(m, power.high, scale);
        high = power.high;
        hot = softplus_sum(m, above, &of, t, m_mul(m, power.low, scale));
    }
    const ir_ref low = vanishing(m, x, high, field);
    const ir_ref cold = m_select(m, m_lt(m, x, m_number(m, 0)), low, x);
    return m_rare(m, is_beyond(m, size), cold, hot);
}
