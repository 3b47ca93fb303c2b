/* Calls of functions in C: how their arguments hang together. */
#include "ir/ir.h"

bool sn_ir_chain_arguments(const ir_program *p, arena *memory, ir_arguments *out)
{
    *out = (ir_arguments){0};
    if (!p->call_count)
        return true;
    out->last = sn_arena_take_zeroed(memory, p->call_count * sizeof *out->last);
    out->before = sn_arena_take_zeroed(memory, p->count * sizeof *out->before);
    if (!out->last || !out->before)
        return false;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        if (op->code != IR_ARGUMENT)
            continue;
        out->before[r] = out->last[op->b];
        out->last[op->b] = r;
    }
    return true;
}
