/* What operations and functions are in long double, for the tests of their derivatives, which are then differences: the C library's
 * functions, or formulas, none of which is the library's own way. */
#ifndef SN_TESTS_GRADIENT_REFERENCE_H
#define SN_TESTS_GRADIENT_REFERENCE_H

#include "ir/ir.h"

#include <math.h>

static const long double reference_pi = 3.14159265358979323846264338327950288L;

/* sin(π x) for any x. */
static inline long double reference_sinpi(long double x)
{
    const long double rest = remainderl(x, 2);
    return fabsl(rest) == 1 || rest == 0 ? 0 * x : sinl(reference_pi * rest);
}

static inline long double reference_cospi(long double x)
{
    const long double rest = fabsl(remainderl(x, 2));
    return rest == 0.5L ? 0 : cosl(reference_pi * rest);
}

static inline long double reference_digamma(long double x)
{
    if (x <= 0)
        return x == floorl(x) ? NAN : reference_digamma(1 - x) - reference_pi * reference_cospi(x) / reference_sinpi(x);
    long double sum = 0;
    for (; x < 30; x += 1)
        sum -= 1 / x;
    const long double w = 1 / (x * x);
    return sum + logl(x) - 0.5L / x -
           w * (1 / 12.0L - w * (1 / 120.0L - w * (1 / 252.0L - w * (1 / 240.0L - w * (1 / 132.0L - w * 691 / 32760.0L)))));
}

static inline long double reference_normal_cdf(long double x)
{
    return 0.5L * erfcl(-x / sqrtl(2));
}

static inline long double reference_function(ir_code code, long double x, long double y)
{
    switch ((int)code) {
    case IR_SIN: return sinl(x);
    case IR_COS: return cosl(x);
    case IR_SINPI: return reference_sinpi(x);
    case IR_COSPI: return reference_cospi(x);
    case IR_EXP: return expl(x);
    case IR_LOG: return logl(x);
    case IR_TAN: return tanl(x);
    case IR_TANPI: return reference_sinpi(x) / reference_cospi(x);
    case IR_ASIN: return asinl(x);
    case IR_ACOS: return acosl(x);
    case IR_ATAN: return atanl(x);
    case IR_SINH: return sinhl(x);
    case IR_COSH: return coshl(x);
    case IR_TANH: return tanhl(x);
    case IR_ASINH: return asinhl(x);
    case IR_ACOSH: return acoshl(x);
    case IR_ATANH: return atanhl(x);
    case IR_EXP2: return exp2l(x);
    case IR_EXP10: return powl(10, x);
    case IR_EXPM1: return expm1l(x);
    case IR_LOG2: return log2l(x);
    case IR_LOG10: return log10l(x);
    case IR_LOG1P: return log1pl(x);
    case IR_RSQRT: return 1 / sqrtl(x);
    case IR_CBRT: return cbrtl(x);
    case IR_ERF: return erfl(x);
    case IR_ERFC: return erfcl(x);
    case IR_LGAMMA: return lgammal(x);
    case IR_GAMMA: return tgammal(x);
    case IR_DIGAMMA: return reference_digamma(x);
    case IR_LOGISTIC: return 1 / (1 + expl(-x));
    case IR_SOFTPLUS: return x > 40 ? x + expl(-x) : log1pl(expl(x));
    case IR_NORMAL_CDF: return reference_normal_cdf(x);
    case IR_NORMAL_LOG_CDF:
        return x < -100 ? -x * x / 2 - logl(-x) - 0.5L * logl(2 * reference_pi) - 1 / (x * x)
                        : logl(reference_normal_cdf(x));
    case IR_POW: return powl(x, y);
    case IR_ATAN2: return atan2l(x, y);
    case IR_HYPOT: return hypotl(x, y);
    default: return NAN;
    }
}

#endif
