/* To be written. */
#include "math/formula.h"

ir_ref sn_math_tan(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "tan is not written yet"); return 0; }
ir_ref sn_math_tanpi(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "tanpi is not written yet"); return 0; }
ir_ref sn_math_asin(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "asin is not written yet"); return 0; }
ir_ref sn_math_acos(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "acos is not written yet"); return 0; }
ir_ref sn_math_atan(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "atan is not written yet"); return 0; }
ir_ref sn_math_lgamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "lgamma is not written yet"); return 0; }
ir_ref sn_math_gamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "gamma is not written yet"); return 0; }
ir_ref sn_math_digamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "digamma is not written yet"); return 0; }
ir_ref sn_math_atan2(formula *m, ir_ref x, ir_ref y) { (void)x; (void)y; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "atan2 is not written yet"); return 0; }
