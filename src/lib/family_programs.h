/* What the library brings machine code of: the programs of its families that are compiled, and kept, while it is built. */
#ifndef SN_LIB_FAMILY_PROGRAMS_H
#define SN_LIB_FAMILY_PROGRAMS_H

#include <sinter/sinter.h>

enum { FAMILY_PROCESSORS = 3 /* kinds of processors that code is for */ };

/* Compiles of each family, as it is, what sinter_compile makes of it (values; values and derivatives by all parameters) and what a density's rows need, for the widest engine of
 * processors of that kind, and has the context keep it. No machine code is run, so this processor may be of another kind; but the process takes it for one of that kind from then on
 * (sn_cpu_pretend). Nothing is kept where the system refuses code memory. Errors: those of sinter_compile and sinter_density_open. */
sinter_status sn_keep_family_programs(sinter_context *context, unsigned processor);

#endif
