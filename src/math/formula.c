/* Pieces that expansions share. They hide what f32 and f64 do not have in common: an f32 is one i32 away
 * from its bits, an f64 has them in two halves, which cost several instructions to take apart, so that f64
 * works on signs in its own type. */
#include "math/formula.h"

#include "math/exponential_coefficients.h"

#include <string.h>

ir_ref sn_math_polynomial(formula *m, ir_ref x, const double *c, unsigned count)
{
    ir_ref sum = m_number(m, c[count - 1]);
    for (unsigned k = count - 1; k-- > 0;)
        sum = m_fma(m, sum, x, m_number(m, c[k]));
    return sum;
}

m_pair sn_math_two_sum(formula *m, ir_ref a, ir_ref b)
{
    const ir_ref sum = m_add(m, a, b);
    const ir_ref b_part = m_sub(m, sum, a), a_part = m_sub(m, sum, b_part);
    const ir_ref a_rest = m_sub(m, a, a_part);
    return (m_pair){sum, m_add(m, a_rest, m_sub(m, b, b_part))};
}

m_pair sn_math_fast_two_sum(formula *m, ir_ref a, ir_ref b)
{
    const ir_ref sum = m_add(m, a, b);
    return (m_pair){sum, m_sub(m, b, m_sub(m, sum, a))};
}

ir_ref sn_math_apply_sign(formula *m, ir_ref a, ir_ref x)
{
    if (m->type == IR_F64) {
        const ir_ref one = m_number(m, 1);
        return m_mul(m, a, m_copysign(m, one, x));
    }
    const ir_ref sign = m_and_i(m, m_bits(m, x), INT32_MIN);
    return m_from_bits(m, m_xor(m, sign, m_bits(m, a)));
}

ir_ref sn_math_exponent_field(formula *m, ir_ref a)
{
    return M_BY_TYPE(m, m_shr_i(m, m_bits(m, a), 23), m_shr_i(m, m_hi32(m, a), 20));
}

ir_ref sn_math_power_of_two(formula *m, ir_ref field)
{
    return M_BY_TYPE(m, m_from_bits(m, m_shl_i(m, field, 23)), m_pack64_i(m, m_shl_i(m, field, 20), 0));
}

const double *sn_math_ln2(const formula *m)
{
    static const double single[] = {SN_LN2_F32}, real[] = {SN_LN2_F64};
    return M_BY_TYPE(m, single, real);
}

uint32_t sn_math_table(formula *m, const char *name, const void *content, uint32_t length)
{
    for (uint32_t k = 0; k < m->p->memory_count; k++)
        if (!strcmp(m->p->memories[k].name, name))
            return k;
    const ir_memory table = {
        .name = name, .content = content, .length = length, .kind = IR_TABLE, .type = (uint8_t)m->type};
    return sn_ir_add_memory(m->p, &table);
}
