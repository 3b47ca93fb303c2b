/* The plan as a C file: an engine that outlives the library. What `sinter dump --c` prints.
 *
 *   export_c.c       the file: guards, instance, driver (pieces, ticks, windows, sums, grid)
 *   export_loops.c   the plan's loops, and the function of one element, as statements
 *   export_support.c what the statements call: integer arithmetic, conversions, an exact fma
 *   export_names.c   identifiers and constants
 *
 * The file is C11, needs <math.h>, <stdint.h> and <string.h>, forbids contraction to gcc and clang by itself,
 * refuses -ffast-math, and gives the bits of every other engine. For a function name NAME it defines
 *
 *     NAME_instance     parameters, delay lines, buffers; to be had anywhere, of any storage
 *     void NAME_init(NAME_instance *)     parameters at their initial values, state 0
 *     void NAME_set(NAME_instance *, int parameter, double value)     NAME_param_…; where there are parameters
 *     void NAME_bind(NAME_instance *, int table, const void *content, uint32_t length)     bound tables
 *     void NAME_run(NAME_instance *, const void *const *inputs, void *const *outputs, double *totals,
 *                   int64_t count)
 *     void NAME_grid(…)     of programs of a grid, instead of NAME_run
 *     static inline T NAME(inputs…, column, row, index, parameters…)     one element, for programs without
 *                   state, totals and bound tables; only those arguments that the program has
 *
 * and where such a program has one result, and loops that only its parameters need,
 *
 *     static inline NAME_prepared NAME_prepare(parameters…)     what they determine
 *     static inline T NAME_at(const NAME_prepared *, inputs…)   one element of it
 *
 * and where parameters alone decide about cold regions,
 *
 *     static inline int NAME_is_common(const NAME_prepared *)   do they ask for none? Then
 *     static inline T NAME_at_common(const NAME_prepared *, inputs…)     gives the same as NAME_at, without a branch */
#ifndef SN_CODE_C_EXPORT_C_H
#define SN_CODE_C_EXPORT_C_H

#include "plan/plan.h"

struct text;

/* Right when zeroed. */
typedef struct c_export_options {
    const char *name;  /* of the functions; made an identifier if it is none; NULL: kernel */
    bool no_function;  /* leaves the function of one element away */
    bool function_alone; /* that function, what it calls, and nothing else: for a file of several. The program has one */
} c_export_options;

/* Appends the file to `out`. Linear time. NO_MEMORY; BAD_PROGRAM where the program calls functions in C or routines of the library, which the file would not have. */
sinter_status sn_c_export(const plan *p, const c_export_options *options, struct text *out);

#endif
