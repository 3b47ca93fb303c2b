/* The list of functions.
 *
 * One record each, in which everything known of a function stands side by side: its expansion now, its
 * derivative and its range when passes ask for them. An expansion looks up the grade in its formula; one
 * that does not uses the default form for `fast` too, which keeps the looser bound as well.
 *
 * The switch below expands the list of operations, so an operation of the kind MATH without its record
 * does not compile. */
#include "math/formula.h"

typedef struct math_function {
    ir_ref (*expansion)(formula *m, ir_ref x);
} math_function;

static const math_function function_SIN = {sn_math_sin};
static const math_function function_COS = {sn_math_cos};
static const math_function function_SINPI = {sn_math_sinpi};
static const math_function function_COSPI = {sn_math_cospi};
static const math_function function_EXP = {sn_math_exp};
static const math_function function_LOG = {sn_math_log};

#define LEAF_CASE(NAME)
#define PURE_CASE(NAME)
#define MEMORY_CASE(NAME)
#define EFFECT_CASE(NAME)
#define PLAN_CASE(NAME)
#define MATH_CASE(NAME) \
    case IR_##NAME: return &function_##NAME;

static const math_function *function_of(ir_code code)
{
    switch ((int)code) {
#define X(NAME, text, operands, immediates, rule, kind) kind##_CASE(NAME)
        SINTER_OPERATIONS(X)
#undef X
    default: return NULL;
    }
}

ir_ref sn_math_expand(ir_program *p, ir_code function, ir_type type, ir_ref x, math_grade grade)
{
    const math_function *f = function_of(function);
    if (!f) {
        sn_ir_fail(p, SINTER_BAD_PROGRAM, "not a mathematical function");
        return 0;
    }
    const uint32_t rules = p->rules;
    p->rules &= ~(uint32_t)IR_RELAXED;
    formula m = {p, type, grade};
    const ir_ref result = f->expansion(&m, x);
    p->rules = rules;
    return result;
}
