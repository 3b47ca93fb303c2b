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

/* The word that n is read from, as an integer, is n plus this. */
static int32_t word_of_zero(const formula *m)
{
    return M_BY_TYPE(m, 0x4B400000 + 127, 1023);
}

/* y 2^n, where n need not be the exponent of a normal number; 0 or infinity beyond the arguments for which
 * n is right. */
static ir_ref scaled_to_the_borders(formula *m, ir_ref x, ir_ref y, ir_ref word)
{
    const ir_ref n = m_sub_i(m, word, word_of_zero(m)), half = m_sar_i(m, n, 1);
    const ir_ref first = sn_math_power_of_two(m, m_add_i(m, half, m_bias(m)));
    const ir_ref second = sn_math_power_of_two(m, m_add_i(m, m_sub(m, n, half), m_bias(m)));
    const ir_ref scaled = m_mul(m, m_mul(m, y, first), second);
    const ir_ref vanishes = m_lt_k(m, x, M_BY_TYPE(m, -104.0, -746.0));
    const ir_ref finite = m_select_k(m, vanishes, 0, scaled);
    const ir_ref most = m_number(m, M_BY_TYPE(m, 89.0, 710.0));
    return m_select_k(m, m_lt(m, most, x), (double)INFINITY, finite);
}

ir_ref sn_math_exp(formula *m, ir_ref x)
{
    const bool single = m->type == IR_F32;
    const double *ln2 = M_BY_TYPE(m, sn_ln2_f32, sn_ln2_f64);
    const ir_ref shift = m_number(m, M_BY_TYPE(m, 0x1.8p23 + 127, 0x1.8p52 + 1023));
    const ir_ref k = m_fma_k(m, x, M_BY_TYPE(m, 0x1.715476p0, 0x1.71547652b82fep0), shift);
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
