/* Between the files of the gradient pass: dependence.c says what is to be differentiated, slope.c how one operation is,
 * gradient.c puts it together. */
#ifndef SN_OPT_GRADIENT_H
#define SN_OPT_GRADIENT_H

#include "opt/opt.h"

/* ---- dependence.c ---- */

typedef struct opt_variable {
    const char *name;
    uint8_t code;    /* IR_INPUT or IR_PARAM; IR_NONE: a name that the program does not use */
    uint32_t number; /* of the input or parameter */
} opt_variable;

typedef struct opt_dependence {
    const ir_program *in;
    const opt_variable *variables;
    uint32_t *of_input, *of_param; /* a variable's number + 1, or 0 */
    /* By value, and behind them by memory object: does a result depend on it, and it on a variable, in a way that has a derivative
     * other than 0 by rule? Where bits of such a number are taken out, these count too. */
    uint8_t *concerned;
    uint8_t *carrying; /* by value: the operands, a bit each, through which derivatives pass */
    const ir_slopes **known; /* by value: its derivatives, if they were found before; NULL: none were */
    uint64_t *on; /* by value: on which variables of a group of at most 64; sn_opt_depend_on */
} opt_dependence;

enum { OPT_GRADIENT_GROUP = 64 };

/* Fills d->of_input and what follows from d->in and d->variables; false when memory is refused. */
bool sn_opt_find_dependence(opt_dependence *d, uint32_t count, arena *memory);
/* Fills d->on for variables first, first + 1, … first + count − 1; returns the number of pairs (value, variable). */
uint64_t sn_opt_depend_on(opt_dependence *d, uint32_t first, uint32_t count);
/* The number of pairs (value, result) where there are at most 64 results, their operations given. */
uint64_t sn_opt_count_results(const opt_dependence *d, const ir_ref *results, uint32_t count, arena *memory);
/* The variable that a value is, + 1; or 0. */
static inline uint32_t sn_opt_variable(const opt_dependence *d, const ir_op *op)
{
    return op->code == IR_INPUT ? d->of_input[op->a] : op->code == IR_PARAM ? d->of_param[op->a] : 0;
}

/* ---- slope.c ---- */

/* How the derivative passes from an operand to the operation's value. */
typedef enum opt_slope_kind {
    SLOPE_NONE,
    SLOPE_ONE,
    SLOPE_MINUS_ONE,
    SLOPE_TIMES,       /* a factor */
    SLOPE_MINUS_TIMES,
    SLOPE_CHOSEN,      /* as it is where a mask is set, not at all elsewhere */
    SLOPE_CONVERTED    /* to the other type */
} opt_slope_kind;

typedef struct opt_slope {
    opt_slope_kind kind;
    ir_ref by;   /* the factor or the mask */
    bool rare;   /* a mask that is seldom set: what only the chosen operand needs is cold */
} opt_slope;

/* Of an operation whose operands are values of `p`, as is `value`, the operation's own; k is the operand. `square`: operands 0 and 1 are
 * one value in the program that is differentiated (equal ones of `p` may come of folding, and only one of them depend on a variable). */
opt_slope sn_opt_slope(ir_program *p, const ir_op *op, ir_ref value, unsigned k, bool square);
/* The mask by which an operation takes one of its operands k and k + 1, and how rare that is; 0 where it does nothing of the kind. */
ir_ref sn_opt_choice(ir_program *p, const ir_op *op, unsigned *k, ir_code *code);

/* A derivative on its way. Outside its gate it is 0, whatever `value` holds there: the choice between the two is put off to where the
 * derivative meets one that is not gated alike. */
typedef struct opt_term {
    ir_ref value; /* 0: there is none, it is 0 */
    ir_ref gate;  /* a mask, or 0: everywhere */
    bool rare;    /* the gate is seldom open */
    bool clean;   /* `value` is 0 outside the gate already */
} opt_term;

/* *sum += slope · from, in `type`. */
void sn_opt_add_term(ir_program *p, ir_type type, opt_term *sum, opt_slope slope, opt_term from);
/* mask ? a : b, by SELECT, RARE or GUARD. */
opt_term sn_opt_choose_term(ir_program *p, ir_type type, ir_code code, ir_ref mask, opt_term a, opt_term b);
/* As a value. */
ir_ref sn_opt_settle(ir_program *p, ir_type type, opt_term t);

#endif
