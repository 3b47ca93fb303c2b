/* What engines do not have: mathematical functions, and the division of integers.
 *
 * Purpose: an engine encodes plain arithmetic only, so that a function has the same bits on all of them. Integer division goes through
 * f64: both operands are exact there, and a quotient that is not whole differs from the nearest whole number by at least
 * 1/|b|, far more than a rounding of 2⁻⁵³ relative can bridge, so truncation gives the exact result; −2³¹ / −1 converts out of
 * range to INT32_MIN, and a divisor of 0 is selected away. One walk; expansions have no functions in them.
 *
 * Settled values (src/ir/settled.c) become constants on the same walk. Relaxed rules come before it and have seen parameters; from here on
 * rules change no bit. So the program computes what it would with the parameter set to that, and what follows from constants is folded. */
#include "math/math.h"
#include "opt/opt.h"

bool sn_opt_needs_expansion(const ir_program *in)
{
    return in->has_functions || in->has_settled;
}

static ir_ref divide_integers(ir_program *p, ir_ref a, ir_ref b)
{
    const ir_ref x = sn_ir_emit(p, IR_CVT, IR_F64, a, 0, 0), y = sn_ir_emit(p, IR_CVT, IR_F64, b, 0, 0);
    const ir_ref quotient = sn_ir_emit(p, IR_CVT, IR_I32, sn_ir_emit(p, IR_DIV, IR_F64, x, y, 0), 0, 0);
    const ir_ref zero = sn_ir_i32(p, 0);
    return sn_ir_emit(p, IR_SELECT, IR_I32, sn_ir_emit(p, IR_EQ, IR_MASK, b, zero, 0), zero, quotient);
}

static ir_ref expand(math_templates *kept, ir_program *out, const ir_op *op)
{
    if (sn_ir_info[op->code].kind == IR_KIND_MATH)
        return sn_math_expand_kept(kept, out, op->code, op->type, op->a, op->b, op->flags & IR_FLAG_FAST ? MATH_FAST : MATH_DEFAULT);
    if (op->code == IR_DIV && op->type == IR_I32)
        return divide_integers(out, op->a, op->b);
    if (sn_ir_is_settled(op))
        return sn_ir_const_bits(out, (ir_type)op->type, sn_ir_settled_bits(op));
    return 0;
}

static ir_ref visit(void *kept, ir_program *out, const ir_op *op)
{
    const ir_ref expanded = expand(kept, out, op);
    return expanded ? expanded : sn_ir_emit_flagged(out, op->code, op->type, op->flags, op->a, op->b, op->c);
}

static ir_ref visit_copy(void *kept, ir_program *out, const ir_op *op)
{
    const ir_ref expanded = expand(kept, out, op);
    return expanded ? expanded : sn_ir_emit_copy(out, op);
}

static bool is_function_of_constants(const ir_program *p, const ir_op *op)
{
    return sn_ir_info[op->code].kind == IR_KIND_MATH && sn_ir_is_const(p, op->a)
           && (sn_ir_info[op->code].operands < 2 || sn_ir_is_const(p, op->b));
}

bool sn_opt_has_functions_of_constants(const ir_program *in)
{
    bool found = false;
    for (ir_ref r = 1; in->has_functions && !found && r < in->count; r++)
        found = is_function_of_constants(in, &in->ops[r]);
    return found;
}

static ir_ref visit_constant(void *context, ir_program *out, const ir_op *op)
{
    if (is_function_of_constants(out, op))
        return visit(context, out, op);
    return sn_ir_emit_flagged(out, op->code, op->type, op->flags, op->a, op->b, op->c);
}

void sn_opt_expand_constants(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, math_templates *kept)
{
    sn_opt_rebuild(in, out, memory, rules | IR_FOLD, visit_constant, kept);
}

void sn_opt_expand(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, math_templates *kept)
{
    sn_opt_rebuild(in, out, memory, rules, visit, kept);
}

void sn_opt_expand_derived(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, math_templates *kept)
{
    if (in->has_settled) /* they become constants, which equal others */
        sn_opt_rebuild(in, out, memory, rules, visit, kept);
    else
        sn_opt_copy(in, out, memory, rules, visit_copy, kept);
}
