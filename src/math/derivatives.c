/* Derivatives of the mathematical functions.
 *
 * Each is written in terms of the argument, the value that is there anyway, and functions of the list, so that the derivative of a
 * program is a program, taken before anything is expanded. A form is chosen for what it does at the ends of its range: no
 * intermediate result overflows where the derivative does not, and none loses its digits in a difference of near
 * equals (1/((1 − x)(1 + x)) and not 1/(1 − x²); the density under an error function with the rounding of x² put back). What they cost
 * beyond the textbook's form is a handful of operations beside an expansion of dozens.
 *
 * Where a function ends or has a pole, its derivative is what IEEE arithmetic makes of the formula: infinite at the ends of asin,
 * acos, atanh, acosh and cbrt at 0, NaN outside. Chosen where a limit does not exist:
 *   hypot(0, 0)    0 by both
 *   atan2(0, 0)    NaN by both
 *   pow(x, y)      by x: 0 where y = 0; by y: 0 where x = 0 or the power is 0; for x < 0 the logarithm of |x|
 *   lgamma, gamma, digamma at 0, −1, −2, …: infinite or NaN, as digamma has it there */
#include "math/derivatives.h"

#include <math.h>

#define PI 3.14159265358979323846
#define LN_2 0.69314718055994530942
#define LN_10 2.30258509299404568402
#define TWO_OVER_SQRT_PI 1.12837916709551257390
#define SQRT_HALF_OVER_PI 0.39894228040143267794 /* 1/√(2π) */
#define LOG_SQRT_TWO_PI 0.91893853320467274178

static ir_ref call(formula *m, ir_code function, ir_ref x)
{
    return sn_ir_emit_flagged(m->p, function, m->type, m->grade == MATH_FAST ? IR_FLAG_FAST : 0, x, 0, 0);
}

static ir_ref reciprocal(formula *m, ir_ref a)
{
    return m_div(m, m_number(m, 1), a);
}

/* a² + 1 and 1 − a², of which a's rounding is all that is lost. */
static ir_ref one_plus_square(formula *m, ir_ref a)
{
    return m_fma(m, a, a, m_number(m, 1));
}

/* (1 − x)(1 + x) */
static ir_ref one_minus_square(formula *m, ir_ref x)
{
    const ir_ref one = m_number(m, 1);
    const ir_ref below = m_sub(m, one, x);
    return m_mul(m, below, m_add(m, x, one));
}

/* ---- trigonometric ---- */

ir_ref sn_math_slope_sin(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return call(m, IR_COS, x);
}

ir_ref sn_math_slope_cos(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return m_neg(m, call(m, IR_SIN, x));
}

ir_ref sn_math_slope_tan(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    (void)y;
    return one_plus_square(m, f);
}

ir_ref sn_math_slope_sinpi(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return m_mul_k(m, call(m, IR_COSPI, x), PI);
}

ir_ref sn_math_slope_cospi(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return m_mul_k(m, call(m, IR_SINPI, x), -PI);
}

ir_ref sn_math_slope_tanpi(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    (void)y;
    return m_mul_k(m, one_plus_square(m, f), PI);
}

ir_ref sn_math_slope_asin(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return reciprocal(m, m_sqrt(m, one_minus_square(m, x)));
}

ir_ref sn_math_slope_acos(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    return m_neg(m, sn_math_slope_asin(m, x, y, f));
}

ir_ref sn_math_slope_atan(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return reciprocal(m, one_plus_square(m, x));
}

/* ---- hyperbolic ---- */

ir_ref sn_math_slope_sinh(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return call(m, IR_COSH, x);
}

ir_ref sn_math_slope_cosh(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return call(m, IR_SINH, x);
}

ir_ref sn_math_slope_tanh(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    (void)y;
    return m_fnma(m, f, f, m_number(m, 1));
}

/* 1/√(1 + x²); from where the 1 does not count any more, before x² overflows, 1/|x|. */
ir_ref sn_math_slope_asinh(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    const ir_ref size = m_abs(m, x), most = m_number(m, 0x1p30);
    const ir_ref is_large = m_lt(m, most, size), root = m_sqrt(m, one_plus_square(m, x));
    return reciprocal(m, m_select(m, is_large, size, root));
}

/* Two roots, since x² − 1 overflows. */
ir_ref sn_math_slope_acosh(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    const ir_ref below = m_sqrt(m, m_sub_k(m, x, 1)), above = m_sqrt(m, m_add_k(m, x, 1));
    return reciprocal(m, m_mul(m, below, above));
}

ir_ref sn_math_slope_atanh(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return reciprocal(m, one_minus_square(m, x));
}

/* ---- exponentials, logarithms, roots ---- */

ir_ref sn_math_slope_exp(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)m;
    (void)x;
    (void)y;
    return f;
}

ir_ref sn_math_slope_exp2(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    (void)y;
    return m_mul_k(m, f, LN_2);
}

ir_ref sn_math_slope_exp10(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    (void)y;
    return m_mul_k(m, f, LN_10);
}

/* Not f + 1, of which nothing is left for arguments far below 0. */
ir_ref sn_math_slope_expm1(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return call(m, IR_EXP, x);
}

ir_ref sn_math_slope_log(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return reciprocal(m, x);
}

ir_ref sn_math_slope_log2(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return m_div(m, m_number(m, 1 / LN_2), x);
}

ir_ref sn_math_slope_log10(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return m_div(m, m_number(m, 1 / LN_10), x);
}

ir_ref sn_math_slope_log1p(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return reciprocal(m, m_add_k(m, x, 1));
}

ir_ref sn_math_slope_rsqrt(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    return m_div(m, m_mul_k(m, f, -0.5), x);
}

ir_ref sn_math_slope_cbrt(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    (void)y;
    return m_div(m, m_number(m, 1.0 / 3), m_mul(m, f, f));
}

/* Where y = 0 there is no slope, though x^−1 has a pole at 0. */
ir_ref sn_math_slope_pow_base(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)f;
    const ir_ref less = m_sub_k(m, y, 1);
    const ir_ref power = sn_ir_emit_flagged(m->p, IR_POW, m->type, m->grade == MATH_FAST ? IR_FLAG_FAST : 0, x, less, 0);
    const ir_ref slope = m_mul(m, y, power);
    return m_select_k(m, m_eq_k(m, y, 0), 0, slope);
}

ir_ref sn_math_slope_pow_exponent(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    const ir_ref slope = m_mul(m, f, call(m, IR_LOG, m_abs(m, x)));
    const ir_ref is_zero = m_eq_k(m, x, 0);
    const ir_ref is_flat = m_or(m, is_zero, m_eq_k(m, f, 0));
    return m_select_k(m, is_flat, 0, slope);
}

/* ---- of the plane ---- */

/* The point scaled by its larger coordinate, so that squares neither overflow nor vanish, and 1/(x² + y²) in the same measure. */
typedef struct scaled_point {
    ir_ref x, y, inverse;
} scaled_point;

static scaled_point scale_point(formula *m, ir_ref x, ir_ref y)
{
    const ir_ref width = m_abs(m, x), height = m_abs(m, y);
    const ir_ref scale = reciprocal(m, m_max(m, width, height));
    const ir_ref u = m_mul(m, x, scale), v = m_mul(m, y, scale);
    const ir_ref square = m_fma(m, u, u, m_mul(m, v, v));
    return (scaled_point){u, v, m_div(m, scale, square)};
}

ir_ref sn_math_slope_atan2_y(formula *m, ir_ref y, ir_ref x, ir_ref f)
{
    (void)f;
    const scaled_point p = scale_point(m, x, y);
    return m_mul(m, p.x, p.inverse);
}

ir_ref sn_math_slope_atan2_x(formula *m, ir_ref y, ir_ref x, ir_ref f)
{
    (void)f;
    const scaled_point p = scale_point(m, x, y);
    return m_neg(m, m_mul(m, p.y, p.inverse));
}

/* Divided by the least normal number where the length is below that: 0 at the origin. */
static ir_ref share_of_length(formula *m, ir_ref part, ir_ref length)
{
    const ir_ref least = m_number(m, M_BY_TYPE(m, 0x1p-126, 0x1p-1022));
    return m_div(m, part, m_max(m, least, length));
}

ir_ref sn_math_slope_hypot_x(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    return share_of_length(m, x, f);
}

ir_ref sn_math_slope_hypot_y(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)x;
    return share_of_length(m, y, f);
}

/* ---- of the normal distribution ---- */

/* k exp(−g x²), g 1 or ½: the rounding of x², which the exponential would multiply by |x|, is put back. The argument is cut off
 * where the result is 0 anyway and x² finite; NaN stays. */
static ir_ref bell(formula *m, ir_ref x, double g, double k)
{
    const ir_ref far = m_number(m, M_BY_TYPE(m, 16, 40));
    const ir_ref size = m_min(m, far, m_abs(m, x));
    const ir_ref square = m_mul(m, size, size), rest = m_fms(m, size, size, square);
    const ir_ref near = m_mul_k(m, call(m, IR_EXP, m_mul_k(m, square, -g)), k);
    return m_fnma(m, near, m_mul_k(m, rest, g), near);
}

ir_ref sn_math_slope_erf(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return bell(m, x, 1, TWO_OVER_SQRT_PI);
}

ir_ref sn_math_slope_erfc(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return m_neg(m, bell(m, x, 1, TWO_OVER_SQRT_PI));
}

ir_ref sn_math_slope_normal_cdf(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return bell(m, x, 0.5, SQRT_HALF_OVER_PI);
}

/* The density over the distribution function, far below 0: −x (1 + w − 2 w² + 10 w³ − …), w = 1/x², the asymptotic series of the inverse
 * of Mills' ratio. At −8 (f32) and −16 (f64) the first term left out is 2.5e-8 and 4e-17. */
static ir_ref inverse_mills(formula *m, ir_ref x)
{
    static const double series[] = {1, 1, -2, 10, -74, 706, -8162, 110410, -1708394, 29752066, -576037442};
    const ir_ref w = reciprocal(m, m_mul(m, x, x));
    const ir_ref sum = sn_math_polynomial(m, w, series, M_BY_TYPE(m, 7, 11));
    return m_neg(m, m_mul(m, x, sum));
}

/* Elsewhere the exponential of the difference of logarithms; x²/2 and f first, which are nearly equal: fused, no digit of theirs is
 * lost. */
ir_ref sn_math_slope_normal_log_cdf(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    const ir_ref half = m_mul_k(m, x, 0.5);
    const ir_ref difference = m_fnma(m, half, x, m_neg(m, f));
    const ir_ref ratio = call(m, IR_EXP, m_sub_k(m, difference, LOG_SQRT_TWO_PI));
    const ir_ref is_far = m_lt_k(m, x, M_BY_TYPE(m, -8, -16));
    return m_rare(m, is_far, inverse_mills(m, x), ratio);
}

/* ---- of the gamma and the logistic function ---- */

ir_ref sn_math_slope_lgamma(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return call(m, IR_DIGAMMA, x);
}

ir_ref sn_math_slope_gamma(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    return m_mul(m, f, call(m, IR_DIGAMMA, x));
}

/* Trigamma for x ≥ 0: Σ 1/(x + i)² for i below n, and the asymptotic series at x + n, whose first term left out is below a rounding
 * from 4 (f32) and 10 (f64) on; the smallest terms first. Its coefficients are Bernoulli's numbers. */
static ir_ref trigamma(formula *m, ir_ref x)
{
    static const double series[] = {1.0 / 6,        -1.0 / 30, 1.0 / 42,      -1.0 / 30,    5.0 / 66,
                                    -691.0 / 2730, 7.0 / 6,   -3617.0 / 510, 43867.0 / 798};
    const int n = M_BY_TYPE(m, 4, 10);
    const ir_ref inverse = reciprocal(m, m_add_k(m, x, n)), w = m_mul(m, inverse, inverse);
    const ir_ref tail = m_mul(m, w, sn_math_polynomial(m, w, series, M_BY_TYPE(m, 5, 9)));
    ir_ref sum = m_fma(m, inverse, tail, m_fma_k(m, w, 0.5, inverse));
    for (int i = n - 1; i >= 0; i--) {
        const ir_ref term = i ? m_add_k(m, x, i) : x;
        sum = m_add(m, sum, reciprocal(m, m_mul(m, term, term)));
    }
    return sum;
}

/* Below 0 by reflection, where lanes ask for it: π²/sin²(πx) − trigamma(1 − x). */
ir_ref sn_math_slope_digamma(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    const ir_ref is_negative = m_lt_k(m, x, 0), one = m_number(m, 1);
    const ir_ref mirrored = m_select(m, is_negative, m_sub(m, one, x), x);
    const ir_ref sum = trigamma(m, mirrored), sine = call(m, IR_SINPI, x), pi = m_number(m, PI);
    const ir_ref part = m_div(m, pi, sine);
    return m_rare(m, is_negative, m_fms(m, part, part, sum), sum);
}

/* Both tails keep their digits; f (1 − f) loses those of the upper one. */
ir_ref sn_math_slope_logistic(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    return m_mul(m, f, call(m, IR_LOGISTIC, m_neg(m, x)));
}

ir_ref sn_math_slope_softplus(formula *m, ir_ref x, ir_ref y, ir_ref f)
{
    (void)y;
    (void)f;
    return call(m, IR_LOGISTIC, x);
}
