/* The exponential.
 *
 * exp(x) = 2^n exp(r), n the whole number nearest to x/ln 2, r what remains, exp(r) a polynomial of which 1
 * + r is exact. The number n is read off the low bits of a sum with a large constant, which also biases it,
 * so that a shift makes 2^n of it.
 *
 * Where 2^n or the result leaves the normal numbers, a `rare` region multiplies by two powers of two in
 * turn: the first product is exact, the second rounds once, into the subnormals if need be. */
#include "math/exponential_coefficients.h"
#include "math/formula.h"

#include <math.h>

#define SN_LOG2_E(m) M_BY_TYPE(m, 0x1.715476p0, 0x1.71547652b82fep0)

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

ir_ref sn_math_scaled(formula *m, ir_ref y, ir_ref field)
{
    const ir_ref n = m_sub_i(m, field, word_of_zero(m)), half = m_sar_i(m, n, 1);
    const ir_ref first = sn_math_power_of_two(m, m_add_i(m, half, m_bias(m)));
    const ir_ref second = sn_math_power_of_two(m, m_add_i(m, m_sub(m, n, half), m_bias(m)));
    return m_mul(m, m_mul(m, y, first), second);
}

ir_ref sn_math_opposite_field(formula *m, ir_ref field)
{
    const int32_t twice = (int32_t)(2u * (uint32_t)word_of_zero(m));
    return m_sub(m, sn_ir_i32(m->p, twice), field);
}

/* y 2^n, where n need not be the exponent of a normal number; 0 or infinity beyond the arguments for which
 * n is right. */
static ir_ref scaled_to_the_borders(formula *m, ir_ref x, ir_ref y, ir_ref word)
{
    const ir_ref scaled = sn_math_scaled(m, y, word);
    const ir_ref vanishes = m_lt_k(m, x, M_BY_TYPE(m, -104.0, -746.0));
    const ir_ref finite = m_select_k(m, vanishes, 0, scaled);
    const ir_ref most = m_number(m, M_BY_TYPE(m, 89.0, 710.0));
    return m_select_k(m, m_lt(m, most, x), (double)INFINITY, finite);
}

/* As below, with the rest in two words; 1 + r exactly in two, r²/2 fused, and a series of the rest. */
m_pair sn_math_exp_pair(formula *m, m_pair x, ir_ref *field)
{
    const bool single = m->type == IR_F32;
    const double *ln2 = M_BY_TYPE(m, sn_ln2_f32, sn_ln2_f64);
    const ir_ref shift = m_number(m, shift_of(m));
    const ir_ref k = m_fma_k(m, x.high, SN_LOG2_E(m), shift), n = m_sub(m, k, shift);
    const ir_ref most = m_fnma_k(m, n, ln2[0], x.high); /* exact */
    const ir_ref less = x.low ? m_fnma_k(m, n, ln2[1], x.low) : m_mul_k(m, n, -ln2[1]);
    const m_pair r = sn_math_fast_two_sum(m, most, less);
    const m_pair leading = sn_math_fast_two_sum(m, m_number(m, 1), r.high);
    const ir_ref half = m_mul_k(m, r.high, 0.5), cube = m_mul(m, m_mul(m, r.high, r.high), r.high);
    const ir_ref series =
        single ? sn_math_polynomial(m, r.high, sn_exp_wide_f32, M_LENGTH(sn_exp_wide_f32))
               : sn_math_polynomial(m, r.high, sn_exp_wide_f64, M_LENGTH(sn_exp_wide_f64));
    const ir_ref small = m_fma(m, r.high, r.low, m_add(m, r.low, leading.low));
    *field = single ? m_bits(m, k) : m_lo32(m, k);
    return sn_math_fast_two_sum(m, leading.high, m_fma(m, half, r.high, m_fma(m, cube, series, small)));
}

ir_ref sn_math_exp(formula *m, ir_ref x)
{
    const bool single = m->type == IR_F32;
    const double *ln2 = M_BY_TYPE(m, sn_ln2_f32, sn_ln2_f64);
    const ir_ref shift = m_number(m, shift_of(m)), k = m_fma_k(m, x, SN_LOG2_E(m), shift);
    const ir_ref n = m_sub(m, k, shift);
    const ir_ref r = m_fnma_k(m, n, ln2[1], m_fnma_k(m, n, ln2[0], x));
    const ir_ref y = single ? sn_math_polynomial(m, r, sn_exp_f32, M_LENGTH(sn_exp_f32))
                            : sn_math_polynomial(m, r, sn_exp_f64, M_LENGTH(sn_exp_f64));
    const ir_ref word = single ? m_bits(m, k) : m_lo32(m, k);
    const ir_ref hot = m_mul(m, y, sn_math_power_of_two(m, word));
    /* Within it exp(x) and 2^n are normal. NaN is not beyond it, and stays NaN. */
    const ir_ref border = m_number(m, M_BY_TYPE(m, 87.3125, 708.375));
    const ir_ref is_beyond = m_lt(m, border, m_abs(m, x));
    return m_rare(m, is_beyond, scaled_to_the_borders(m, x, y, word), hot);
}
