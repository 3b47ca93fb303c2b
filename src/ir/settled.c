/* Values that are known, but must not count as constants yet.
 *
 * A player knows its sample rate when it compiles, and what follows from that and from constants (the coefficients of most filters) is a number. But relaxed
 * rules regroup constants in double and parameters in their type, and a kernel whose rate is known has to have the bits of one whose rate is set
 * to the same. So a settled value is a PARAM still, of segment rate, in the eyes of every rule and pass, with its bits in the words that a PARAM does not
 * use; sn_opt_expand, behind the relaxed passes, makes constants of all of them. What follows from settled values alone is evaluated as it arrives: thirty
 * operations of a filter's coefficients never enter the program, which passes would otherwise carry along.
 *
 * Requirements: evaluation is that of folding, and identities come first, as they would have. What a rule cannot see any more (the operation that made
 * an operand) could only have changed the operation, never a bit. */
#include "ir/ir.h"

ir_ref sn_ir_settled(ir_program *p, uint32_t param, ir_type type, uint64_t bits)
{
    return sn_ir_emit_settled(p, &(ir_op){.code = IR_PARAM, .type = (uint8_t)type, .flags = IR_FLAG_SETTLED, .a = param, .b = (uint32_t)bits,
                                          .c = (uint32_t)(bits >> 32)});
}

/* False where an operand is neither settled nor constant, or all are constants: those are folded, or wait for what folds them. */
static bool take_operands(const ir_program *p, const ir_op *op, uint64_t *bits, uint32_t *param)
{
    const unsigned operands = sn_ir_info[op->code].operands;
    bool any = false;
    for (unsigned k = 0; k < operands; k++) {
        const ir_op *operand = &p->ops[sn_ir_operand(op, k)];
        const bool settled = sn_ir_is_settled(operand);
        if (!settled && operand->code != IR_CONST)
            return false;
        bits[k] = settled ? sn_ir_settled_bits(operand) : operand->a | (uint64_t)operand->b << 32;
        if (settled)
            *param = operand->a;
        any |= settled;
    }
    return any;
}

ir_ref sn_ir_settle(ir_program *p, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    uint64_t bits[3] = {0, 0, 0}, value = 0;
    uint32_t param = 0;
    if ((info->kind != IR_KIND_PURE && info->kind != IR_KIND_MATH) || !take_operands(p, op, bits, &param))
        return 0;
    if (info->kind == IR_KIND_PURE)
        value = sn_ir_evaluate((ir_code)op->code, (ir_type)op->type, (ir_type)p->ops[info->rule == IR_RULE_CHOOSE ? op->b : op->a].type, bits[0],
                               bits[1], bits[2]);
    else if (!p->settling->function(p->settling->context, op, bits[0], bits[1], &value))
        return 0;
    return sn_ir_settled(p, param, (ir_type)op->type, value);
}
