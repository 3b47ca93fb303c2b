/* What parameters have to keep: what density.c asks of constraints.c. */
#ifndef SN_DENSITY_CONSTRAINTS_H
#define SN_DENSITY_CONSTRAINTS_H

#include "density/shapes.h"
#include "lang/lang.h"

/* Is the value in the parameter's range, and on the right side of others that are fixed? */
bool sn_density_may_be_fixed(const ir_param *param, const sinter_density_options *o, const lang_density *described, double value);
/* Parameters that are all fixed, and no point of the simplex though they must be one; else NULL. */
const lang_sum *sn_density_fixed_off_sum(const compilation *c, const sinter_density_options *o, const lang_density *described);
/* Of the parameters that the program has: ranges, relations, sums, words. False: memory was refused. */
bool sn_density_describe_constraints(sinter_density *d, const sinter_density_options *o, const lang_density *described);
/* Those of a prior on numbers, which has parameters of the same names, too. False: memory was refused. */
bool sn_density_take_constraints(sinter_density *d, const sinter_density *prior);

#endif
