/* Derivatives of the mathematical functions, for the records in functions.c: the slope at x (and y) of the function whose
 * value there is f. derivatives.c says how they are computed and what holds at poles and kinks. */
#ifndef SN_MATH_DERIVATIVES_H
#define SN_MATH_DERIVATIVES_H

#include "math/formula.h"

/* y is 0 where the function has one argument. */
typedef ir_ref math_slope(formula *m, ir_ref x, ir_ref y, ir_ref f);

math_slope sn_math_slope_sin, sn_math_slope_cos, sn_math_slope_tan, sn_math_slope_sinpi, sn_math_slope_cospi, sn_math_slope_tanpi;
math_slope sn_math_slope_asin, sn_math_slope_acos, sn_math_slope_atan;
math_slope sn_math_slope_sinh, sn_math_slope_cosh, sn_math_slope_tanh, sn_math_slope_asinh, sn_math_slope_acosh, sn_math_slope_atanh;
math_slope sn_math_slope_exp, sn_math_slope_exp2, sn_math_slope_exp10, sn_math_slope_expm1;
math_slope sn_math_slope_log, sn_math_slope_log2, sn_math_slope_log10, sn_math_slope_log1p;
math_slope sn_math_slope_rsqrt, sn_math_slope_cbrt;
math_slope sn_math_slope_erf, sn_math_slope_erfc, sn_math_slope_lgamma, sn_math_slope_gamma, sn_math_slope_digamma;
math_slope sn_math_slope_logistic, sn_math_slope_softplus, sn_math_slope_normal_cdf, sn_math_slope_normal_log_cdf;
/* Of two arguments: by the first and by the second. */
math_slope sn_math_slope_pow_base, sn_math_slope_pow_exponent;
math_slope sn_math_slope_atan2_y, sn_math_slope_atan2_x, sn_math_slope_hypot_x, sn_math_slope_hypot_y;

#endif
