/* The gamma function.
 *
 * Stirling's formula, for y ≥ 2:
 *
 *     Γ(y) = exp(a (log y − 1) + J(y)) √(2 π/e)       a = y − 1/2,  J(y) = P(1/y²)/y
 *
 * with the logarithm and the exponential in two words each, since the exponent is up to 710 and its error is
 * the result's relative one. Below, y = x + 1 or x + 2 and Γ(x) = Γ(y)/x or Γ(y)/(x² + x). What y's rounding
 * drops is multiplied by ψ(y), roughly, and put into the exponent. One division gives 1/y and the other
 * quotient.
 *
 * A `rare` region takes the rest. Beside 0, 1/x. Negative ones, Γ(−s) = −π/(s sin(π s) Γ(s)), in two words
 * but for the sine, and with the exponent still apart, so that results are rounded once into the
 * subnormals. */
#include "math/formula.h"
#include "math/gamma_coefficients.h"

#include <math.h>

/* Γ(x) = result 2^(field − bias)/divisor √(2 π/e). */
typedef struct stirling {
    m_pair result;
    ir_ref field, divisor, divisor_low;
    ir_ref inverse;  /* 1/divisor, nearly */
    ir_ref is_large; /* where the divisor is 1 */
} stirling;

static stirling stirling_of(formula *m, ir_ref x)
{
    const ir_ref one = m_number(m, 1), zero = m_number(m, 0), two = m_number(m, 2);
    const ir_ref is_large = m_le(m, two, x), is_middle = m_le(m, one, x);
    const ir_ref shift = m_select(m, is_large, zero, m_select(m, is_middle, one, two));
    const ir_ref y = m_add(m, x, shift), dropped = m_sub(m, x, m_sub(m, y, shift));
    const ir_ref u = m_select(m, is_middle, zero, x);
    const ir_ref product = m_fma(m, u, x, x), product_low = m_fma(m, u, x, m_sub(m, x, product));
    const ir_ref divisor = m_select(m, is_large, one, product);
    const ir_ref quotient = m_div(m, one, m_mul(m, y, divisor)), w = m_mul(m, divisor, quotient);
    const m_pair log = sn_math_log_pair(m, y);
    const ir_ref less = m_sub_k(m, log.high, 1); /* exact */
    const ir_ref a = m_sub_k(m, y, 0.5), exponent = m_mul(m, a, less);
    const ir_ref rounding = m_fms(m, a, less, exponent), square = m_mul(m, w, w);
    const ir_ref series = M_BY_TYPE(m, sn_math_polynomial(m, square, sn_gamma_f32, M_LENGTH(sn_gamma_f32)),
                                    sn_math_polynomial(m, square, sn_gamma_f64, M_LENGTH(sn_gamma_f64)));
    const ir_ref rest = m_fma(m, a, log.low, m_fma(m, w, series, rounding));
    const ir_ref psi = m_fnma_k(m, w, 0.5, log.high);
    ir_ref field;
    const m_pair result = sn_math_exp_pair(m, (m_pair){exponent, m_fma(m, dropped, psi, rest)}, &field);
    return (stirling){result, field, divisor, product_low, m_mul(m, y, quotient), is_large};
}

/* For x < 0, and for x so near 0 that Γ(x) is 1/x. s = |x|. */
static ir_ref reflected(formula *m, ir_ref x, ir_ref size, stirling of)
{
    const double *c = M_BY_TYPE(m, sn_gamma_reflection_f32, sn_gamma_reflection_f64);
    const ir_ref n = m_round(m, size), zero = m_number(m, 0);
    const ir_ref turns = sn_math_alternate(m, m_sub(m, size, n), n);
    const ir_ref sine = sn_math_sine_of_half_turns(m, turns, zero);
    const ir_ref a = m_mul(m, size, sine), a_low = m_fms(m, size, sine, a);
    const ir_ref b = m_mul(m, a, of.result.high);
    const ir_ref b_low = m_fma(m, a, of.result.low, m_fms(m, a, of.result.high, b));
    const ir_ref rest = m_fma(m, a_low, of.result.high, b_low);
    const ir_ref top = m_mul_k(m, of.divisor, c[0]);
    const ir_ref factor = m_number(m, c[0]), rounding = m_fms(m, of.divisor, factor, top);
    const ir_ref top_low = m_fma_k(m, of.divisor, c[1], m_fma(m, of.divisor_low, factor, rounding));
    const ir_ref is_tiny = m_lt_k(m, size, M_BY_TYPE(m, 0x1p-30, 0x1p-60)), one = m_number(m, 1);
    const ir_ref inverse = m_div(m, one, m_select(m, is_tiny, x, b));
    const ir_ref quotient = m_mul(m, top, inverse);
    const ir_ref remainder = m_add(m, m_fnma(m, quotient, b, top), m_fnma(m, quotient, rest, top_low));
    const ir_ref y = m_fma(m, remainder, inverse, quotient);
    const ir_ref scaled = sn_math_scaled(m, y, sn_math_opposite_field(m, of.field));
    /* Further out it is a zero, with its sign. */
    const ir_ref most = m_number(m, M_BY_TYPE(m, 48.0, 190.0));
    const ir_ref finite = m_select(m, m_lt(m, most, size), m_mul_k(m, sine, -0.0), scaled);
    const ir_ref pole = m_number(m, (double)NAN);
    const ir_ref negative = m_select(m, m_eq(m, x, m_floor(m, x)), pole, finite);
    return m_select(m, is_tiny, inverse, negative);
}

/* Γ overflows a little before. */
static double greatest(const formula *m)
{
    return M_BY_TYPE(m, 35.0625, 171.625);
}

static ir_ref is_rare(formula *m, ir_ref x)
{
    if (m->type == IR_F32) { /* as unsigned, x − 2^-126 and 35.0625 − 2^-126, moved by INT32_MIN */
        const ir_ref most = sn_ir_i32(m->p, 0x420C4000 - 0x00800000 + INT32_MIN);
        return m_lt(m, most, m_add_i(m, m_bits(m, x), 0x7F800000));
    }
    const ir_ref most = m_number(m, greatest(m));
    const ir_ref is_small = m_lt_k(m, x, 0x1p-1022);
    return m_or(m, is_small, m_lt(m, most, x));
}

ir_ref sn_math_gamma(formula *m, ir_ref x)
{
    const double *c = M_BY_TYPE(m, sn_gamma_factor_f32, sn_gamma_factor_f64);
    const ir_ref rare = is_rare(m, x), size = m_abs(m, x);
    const stirling of = stirling_of(m, size);
    const ir_ref low = m_fma_k(m, of.result.low, c[0], m_mul_k(m, of.result.high, c[1]));
    const ir_ref y = m_fma_k(m, of.result.high, c[0], low);
    const ir_ref large = m_mul(m, y, sn_math_power_of_two(m, of.field));
    const ir_ref quotient = m_mul(m, large, of.inverse);
    const ir_ref remainder = m_fnma(m, quotient, of.divisor_low, m_fnma(m, quotient, of.divisor, large));
    const ir_ref small = m_fma(m, remainder, of.inverse, quotient);
    const ir_ref hot = m_select(m, of.is_large, large, small);
    const ir_ref most = m_number(m, greatest(m));
    const ir_ref cold = m_select_k(m, m_lt(m, most, x), (double)INFINITY, reflected(m, x, size, of));
    return m_rare(m, rare, cold, hot);
}
