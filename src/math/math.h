/* Mathematical functions: the expansions that the pass `expand` puts in the place of one operation. This
 * page is the room's table of contents.
 *
 *   functions.c      the list of functions: one record each
 *   templates.c      expansions kept for the next program
 *   derivatives.c    their derivatives, in terms of the operations
 *   formula.h        writing expansions: an operation a call, in the type at hand
 *   trigonometric.c  sin cos tan, and sinpi cospi tanpi, whose argument counts half turns
 *   arc.c            asin acos atan atan2
 *   exponential.c    exp exp2 exp10 expm1; exp of and in two words
 *   logarithm.c      log log2 log10 log1p; log in two words
 *   power.c          pow
 *   roots.c          cbrt rsqrt hypot
 *   logistic.c       logistic softplus
 *   coefficients/    the Sollya scripts that print the *_coefficients.h
 *
 * An expansion is straight-line: no loop, no branch, only `rare`, whose cold operations run where some lane
 * needs them (huge arguments, results near the borders of the type). That of f32 uses f32, i32 and masks,
 * never f64, since the widest type sets a loop's number of lanes; that of f64 uses f64, i32 and masks. All
 * of it is exact IEEE arithmetic, so that a function has the same bits on every engine; what its greatest
 * error is, docs/accuracy.md says (at most 1 ULP over the whole range). Infinities, NaN, −0 and subnormals,
 * taken or given, are right. */
#ifndef SN_MATH_MATH_H
#define SN_MATH_MATH_H

#include "ir/ir.h"

typedef enum math_grade { MATH_DEFAULT /* at most 1 ULP */, MATH_FAST /* at most 4 ULP */ } math_grade;

/* Appends the expansion of `function`, an operation of the kind MATH, applied to x, whose type, f32 or f64,
 * is the result's, and to y, which is 0 where the function has one argument. Returns the result, or 0 if the program has failed. The operations are emitted under the
 * strict rules, whatever the program's: a relaxed one may not drop the zeros that carry a sign. Tables that
 * an expansion reads become memory objects of the program, one for all its uses. With IR_FOLD among the
 * rules the expansion of a constant folds to a constant. */
ir_ref sn_math_expand(ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade);

/* An upper bound of |x|, infinity where none is known, of values that are 0 or at least 2^-60 in magnitude and never −0: sinpi and cospi of at most 1 are
 * shorter, to the same bits. */
double sn_math_turns_bound(const ir_program *p, ir_ref x);

/* Expansions that a context keeps, so that each is worked out once. One thread at a time. */
typedef struct math_template math_template;
typedef struct math_result math_result;
typedef struct math_templates {
    arena memory;
    math_result *results; /* of functions of constants; NULL: none yet */
    const math_template *of[IR_CODES][2][2]; /* by function, type (f32, f64) and grade */
} math_templates;

void sn_math_templates_open(math_templates *t, const sinter_allocator *allocator);
void sn_math_templates_close(math_templates *t);
/* The same as sn_math_expand, from what is kept if no argument is a constant, or each is, IR_IDENTITY and IR_FOLD are both among the rules,
 * and memory is not refused. `all` may be NULL. */
ir_ref sn_math_expand_kept(math_templates *all, ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade);
/* The function of constants, bits in, bits out: what sn_math_expand_kept folds to, and kept likewise. False where that is no constant, or memory is refused. */
bool sn_math_evaluate(math_templates *all, ir_code function, ir_type type, uint64_t x, uint64_t y, math_grade grade, arena *scratch, uint64_t *value);
/* Appends the derivative of `function` at x (and y) by its argument k, 0 or 1, in terms of operations of any kind, mathematical ones
 * included; `value` is the function's value there. Returns it, or 0 if the program has failed. */
ir_ref sn_math_slope(ir_program *p, ir_code function, ir_type type, math_grade grade, unsigned k, ir_ref x, ir_ref y, ir_ref value);

#endif
