/* To be written. */
#include "math/formula.h"

ir_ref sn_math_lgamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "lgamma is not written yet"); return 0; }
ir_ref sn_math_gamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "gamma is not written yet"); return 0; }
ir_ref sn_math_digamma(formula *m, ir_ref x) { (void)x; sn_ir_fail(m->p, SINTER_BAD_PROGRAM, "digamma is not written yet"); return 0; }
