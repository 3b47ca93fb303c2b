/* To be written. */
#include "math/formula.h"

ir_ref sn_math_sinh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "sinh is not written yet"); return 0; }
ir_ref sn_math_cosh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "cosh is not written yet"); return 0; }
ir_ref sn_math_tanh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "tanh is not written yet"); return 0; }
ir_ref sn_math_asinh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "asinh is not written yet"); return 0; }
ir_ref sn_math_acosh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "acosh is not written yet"); return 0; }
ir_ref sn_math_atanh(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "atanh is not written yet"); return 0; }
ir_ref sn_math_erf(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "erf is not written yet"); return 0; }
ir_ref sn_math_erfc(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "erfc is not written yet"); return 0; }
ir_ref sn_math_lgamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "lgamma is not written yet"); return 0; }
ir_ref sn_math_gamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "gamma is not written yet"); return 0; }
ir_ref sn_math_digamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "digamma is not written yet"); return 0; }
ir_ref sn_math_normal_cdf(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "normal_cdf is not written yet"); return 0; }
ir_ref sn_math_normal_log_cdf(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "normal_log_cdf is not written yet"); return 0; }
