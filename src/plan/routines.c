/* Where routines of the library are called: between loops that run once a segment.
 *
 * What is computed from a routine's results once a segment waits for it, and so does another routine of which that is an argument. So loops of segment rate come in stages: of
 * the first are the operations that depend on no routine, then routines that these suffice for are called, of the second are the operations that depend on their
 * results, and so on. Nearly all programs with routines have a single stage: parameters are checked, a routine is called, elements begin. */
#include "plan/plan.h"

#include <string.h>

static unsigned latest(const plan_stages *s, const ir_op *op)
{
    unsigned stage = 0;
    for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
        if (s->of_operation[sn_ir_operand(op, k)] > stage)
            stage = s->of_operation[sn_ir_operand(op, k)];
    return stage;
}

sinter_status sn_plan_find_stages(const ir_program *p, const ir_ref *members, uint32_t count, arena *memory, plan_stages *out)
{
    *out = (plan_stages){.of_operation = sn_arena_take_zeroed(memory, p->count), .of_routine = sn_arena_take(memory, p->routine_count)};
    if (!out->of_operation || !out->of_routine)
        return SINTER_NO_MEMORY;
    memset(out->of_routine, PLAN_NO_STAGE, p->routine_count);
    for (uint32_t k = 0; k < count; k++) {
        const ir_op *op = &p->ops[members[k]];
        if (op->axes & ~(unsigned)IR_AXIS_SEGMENT || sn_ir_info[op->code].rule == IR_RULE_EFFECT)
            continue;
        const bool prepared = op->code == IR_PREPARED;
        const unsigned stage = latest(out, prepared ? &p->ops[op->a] : op) + prepared;
        if (stage >= PLAN_MOST_STAGES)
            return SINTER_TOO_LARGE;
        out->of_operation[members[k]] = (uint8_t)stage;
        if (prepared)
            out->of_routine[op->c] = (uint8_t)(stage - 1);
        else
            out->computed |= (uint64_t)1 << stage;
        out->last = stage > out->last ? (uint8_t)stage : out->last;
    }
    return SINTER_OK;
}
