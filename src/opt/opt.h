/* Passes over programs: each takes a program and makes another. This page is the room's table of contents.
 *
 *   rebuild.c  re-emits a program's live operations under given rules: identity elimination, constant folding, dead code, hoisting
 *   affine.c   chains of gains and offsets become one (relaxed)
 *   expand.c   mathematical functions and integer division in terms of the other operations
 *   apply.c    what a program is applied to: fields on grids, outputs as totals, parameters as constants
 *   drop.c     terms that are constant in the data, or in the parameters, out of log-densities
 *   gradient.c derivatives as further outputs; dependence.c: of what; slope.c: how one operation is differentiated
 *   flush.c    denormals and what is not finite out of cycles
 *   smooth.c   the program while smoothed parameters move
 *   passes.c   passes by name, and what each removed
 *
 * A pass appends to `out`, which it opens in `memory`; streams, parameters and memory objects are shared with the input, which
 * must live as long. Linear time. The output's status says whether all went well. */
#ifndef SN_OPT_OPT_H
#define SN_OPT_OPT_H

#include "math/math.h"

/* Re-emits one operation whose operands are values of `out` already; returns its value there (0 for effects). */
typedef ir_ref (*opt_visitor)(void *context, ir_program *out, const ir_op *op);

/* Dead operations are left out. NULL visitor: emit as it is. */
void sn_opt_rebuild(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, opt_visitor visit, void *context);

/* The same in half the time, where the visitor leaves operations of the kind PURE as they are: those of f64 and of masks that rules have left alone, and whose
 * operands are what they were, are appended without a look at rules and equals. What becomes equal only now may be there twice (of a family with its
 * derivatives two operations of a thousand). */
void sn_opt_copy(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, opt_visitor visit, void *context);

/* What both have alike: streams, parameters, memory objects, totals, calls. */
void sn_opt_share(const ir_program *in, ir_program *out);

void sn_opt_identity(const ir_program *in, ir_program *out, arena *memory);
void sn_opt_fold(const ir_program *in, ir_program *out, arena *memory);
void sn_opt_dead(const ir_program *in, ir_program *out, arena *memory);
/* Sorts by how often a value is computed: what depends on parameters only first, then on the row or column only. The plan takes what the axes
 * say in any order; sorted, a program shows it. */
void sn_opt_hoist(const ir_program *in, ir_program *out, arena *memory);

/* Regroups v·g + o with g and o constant or of segment rate over any number of steps; coefficients that are all constants are worked
 * out in double. Also takes constants out of sums: the totals' maps then hold them. Changes results within rounding: for relaxed programs. */
void sn_opt_affine(const ir_program *in, ir_program *out, arena *memory, uint32_t rules);

bool sn_opt_needs_expansion(const ir_program *in);
bool sn_opt_has_functions_of_constants(const ir_program *in);
/* Only the functions of constants, which fold to constants: before `affine`, which wants to know them and must not see the inside of
 * expansions. */
void sn_opt_expand_constants(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, math_templates *kept);
void sn_opt_expand(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, math_templates *kept); /* NULL: none are */
/* The same behind `sn_opt_gradient`, in half the time: see sn_opt_copy. */
void sn_opt_expand_derived(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, math_templates *kept);

/* Inputs named x and y become pixel centres, z and t parameters. The parameters OPT_GRID_… are appended, in this order. */
enum { OPT_GRID_X0, OPT_GRID_HALF_X, OPT_GRID_Y1, OPT_GRID_HALF_Y, OPT_GRID_Z, OPT_GRID_T, OPT_GRID_PARAMS };
void sn_opt_grid(const ir_program *in, ir_program *out, arena *memory, uint32_t rules);

/* Every output becomes a total. Dead operations may be left. */
void sn_opt_total(const ir_program *in, ir_program *out, arena *memory, uint32_t rules);
/* Parameters by name become constants, their values clamped to their ranges, and leave the list. Returns false if a name is no parameter (*unknown is its number). */
bool sn_opt_fix(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const char *const *names, const double *values,
                uint32_t count, uint32_t *unknown);

/* Is any parameter smoothed? */
bool sn_opt_is_smoothed(const ir_program *in);
/* The program that runs while smoothed parameters move: each reads its value from a ramp over the element index, given by OPT_RAMP_PARAMS hidden
 * parameters of type f64, which are appended in the order of the smoothed ones; nothing else changes. To be run behind `expand`; what a
 * glide needs may have to be expanded then. */
enum { OPT_RAMP_BASE, OPT_RAMP_SLOPE, OPT_RAMP_FROM, OPT_RAMP_DECAY, OPT_RAMP_PARAMS };
void sn_opt_move(const ir_program *in, ir_program *out, arena *memory);

/* Parameters by name, separated by spaces, become inputs behind the others, in this order, and leave the list. Returns NULL, or the name that is no
 * parameter and its length. */
const char *sn_opt_stream(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const char *names, size_t *unknown_length);
/* Terms of the outputs' sums are left out that no input reaches, or that no parameter reaches: see drop.c. `streamed` inputs, the last ones, count as
 * parameters. */
void sn_opt_drop(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, bool of_parameters, uint32_t streamed);

typedef enum opt_gradient_mode { OPT_GRADIENT_AUTO, OPT_GRADIENT_FORWARD, OPT_GRADIENT_REVERSE } opt_gradient_mode;
typedef struct opt_gradient {
    const char *const *names; /* inputs and parameters */
    uint32_t count;
    const char *free_names;   /* separated by spaces: may be named though the program has them not (the derivative is 0); or NULL */
    opt_gradient_mode mode;
    bool gives_up;            /* nobody needs the program any more, which lives in `memory`: reverse mode appends to its operations where they lie */
    bool tells_nan;           /* where an output is NaN its derivatives are, whatever comes of choices */
} opt_gradient;
/* Appends the derivatives d(out)/d(x) to the outputs: of the first by every variable, of the second, …; those of totals to the totals
 * likewise. Each has its output's type. To be run before anything that expands or regroups, and some pass behind it: dead operations may be
 * left, and what rules could make simpler. Returns false if a name is none of the program's (*unknown is its number). */
bool sn_opt_gradient(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const opt_gradient *wanted, uint32_t *unknown);

/* The derivatives of a program's one result by inputs or parameters, as reverse mode has them before their last choice is made; to be known beforehand (ir_slopes). `out` is the program
 * with what they are computed from, under the numbers that its own operations have. False where there are none. */
typedef struct opt_known_slope {
    ir_ref value, gate; /* as slopes, gates and flags of ir_slopes */
    bool rare, clean;
} opt_known_slope;
bool sn_opt_slopes(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const char *const *names, uint32_t count, opt_known_slope *slopes);

/* Runs passes by name, separated by commas or spaces; NULL: identity,fold,affine (where relaxed),expand. `*p` is replaced by
 * the result. What each did is appended to `log` (may be NULL) as lines `; identity: removed 3 of 12`. On an unknown name
 * returns it (static storage is not used: a pointer into `names`) and its length, else NULL. */
struct text;
const char *sn_opt_run(ir_program *p, arena *memory, const char *names, bool relaxed, struct text *log, size_t *unknown_length);

#endif
