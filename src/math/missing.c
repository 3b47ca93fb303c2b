/* To be written. */
#include "math/formula.h"

ir_ref sn_math_tan(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "tan is not written yet"); return 0; }
ir_ref sn_math_tanpi(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "tanpi is not written yet"); return 0; }
ir_ref sn_math_asin(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "asin is not written yet"); return 0; }
ir_ref sn_math_acos(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "acos is not written yet"); return 0; }
ir_ref sn_math_atan(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "atan is not written yet"); return 0; }
ir_ref sn_math_sinh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "sinh is not written yet"); return 0; }
ir_ref sn_math_cosh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "cosh is not written yet"); return 0; }
ir_ref sn_math_tanh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "tanh is not written yet"); return 0; }
ir_ref sn_math_asinh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "asinh is not written yet"); return 0; }
ir_ref sn_math_acosh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "acosh is not written yet"); return 0; }
ir_ref sn_math_atanh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "atanh is not written yet"); return 0; }
ir_ref sn_math_exp2(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "exp2 is not written yet"); return 0; }
ir_ref sn_math_exp10(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "exp10 is not written yet"); return 0; }
ir_ref sn_math_expm1(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "expm1 is not written yet"); return 0; }
ir_ref sn_math_log2(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "log2 is not written yet"); return 0; }
ir_ref sn_math_log10(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "log10 is not written yet"); return 0; }
ir_ref sn_math_log1p(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "log1p is not written yet"); return 0; }
ir_ref sn_math_rsqrt(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "rsqrt is not written yet"); return 0; }
ir_ref sn_math_cbrt(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "cbrt is not written yet"); return 0; }
ir_ref sn_math_erf(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "erf is not written yet"); return 0; }
ir_ref sn_math_erfc(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "erfc is not written yet"); return 0; }
ir_ref sn_math_logistic(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "logistic is not written yet"); return 0; }
ir_ref sn_math_softplus(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "softplus is not written yet"); return 0; }
ir_ref sn_math_normal_cdf(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "normal_cdf is not written yet"); return 0; }
ir_ref sn_math_normal_log_cdf(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "normal_log_cdf is not written yet"); return 0; }
ir_ref sn_math_pow(formula *m, ir_ref x, ir_ref y) { (void)x; (void)y; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "pow is not written yet"); return 0; }
ir_ref sn_math_atan2(formula *m, ir_ref x, ir_ref y) { (void)x; (void)y; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "atan2 is not written yet"); return 0; }
ir_ref sn_math_hypot(formula *m, ir_ref x, ir_ref y) { (void)x; (void)y; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "hypot is not written yet"); return 0; }
