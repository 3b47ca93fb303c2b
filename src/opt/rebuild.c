/* Re-emitting a program: the frame that passes share.
 *
 * Purpose: a pass is a rule for one operation whose operands are settled; everything else (liveness, order, numbering,
 * hash-consing) is here once. Requirements: operands precede users, so one forward walk emits. */
#include "opt/opt.h"

#include <string.h>

void sn_opt_share(const ir_program *in, ir_program *out)
{
    out->inputs = in->inputs;
    out->outputs = in->outputs;
    out->params = in->params;
    out->memories = in->memories;
    out->totals = in->totals;
    out->total_maps = in->total_maps;
    out->calls = in->calls;
    out->input_count = in->input_count;
    out->output_count = in->output_count;
    out->param_count = in->param_count;
    out->memory_count = in->memory_count;
    out->total_count = in->total_count;
    out->call_count = in->call_count;
    out->cells = in->cells;
}

static ir_ref emit_mapped(ir_program *out, const ir_ref *map, ir_op op, opt_visitor visit, void *context)
{
    const ir_info *info = &sn_ir_info[op.code];
    if (info->kind == IR_KIND_PURE || info->kind == IR_KIND_MATH) { /* operands and 0 only */
        op.a = map[op.a];
        op.b = map[op.b];
        op.c = map[op.c];
    } else {
        const unsigned operands = info->operands;
        op.a = operands > 0 ? map[op.a] : op.a;
        op.b = operands > 1 ? map[op.b] : op.b;
        op.c = operands > 2 ? map[op.c] : op.c;
    }
    return visit ? visit(context, out, &op) : sn_ir_emit_flagged(out, op.code, op.type, op.flags, op.a, op.b, op.c);
}

/* Of two forms the first, where the mask is known to be set and no derivative is to be found: then what only the second needs is not made either. */
static bool is_settled(const ir_program *in, const ir_op *op)
{
    return op->flags & IR_FLAG_FORMS && sn_ir_is_const(in, op->a) && sn_ir_bits(in, op->a);
}

static const uint8_t *find_live(const ir_program *in, uint32_t rules, arena *memory)
{
    ir_program first_forms = *in;
    for (ir_ref r = 1; rules & IR_SIGNS && r < in->count; r++) {
        if (!is_settled(in, &in->ops[r]))
            continue;
        if (first_forms.ops == in->ops) {
            first_forms.ops = sn_arena_take(memory, in->count * sizeof *in->ops);
            if (!first_forms.ops)
                return NULL;
            memcpy(first_forms.ops, in->ops, in->count * sizeof *in->ops);
        }
        first_forms.ops[r].c = first_forms.ops[r].b;
    }
    return sn_ir_find_live(&first_forms, memory);
}

void sn_opt_rebuild(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, opt_visitor visit, void *context)
{
    sn_ir_open(out, memory, rules);
    if (in->status)
        sn_ir_fail(out, in->status, in->message);
    sn_opt_share(in, out);
    sn_ir_reserve(out, in->count + (visit && in->has_functions ? in->count / 2 : 0)); /* they may be expanded: else all would be listed anew soon */
    ir_ref *map = sn_arena_take_zeroed(memory, in->count * sizeof *map);
    const uint8_t *live = find_live(in, rules, memory);
    if (!map || !live) {
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    for (ir_ref r = 1; r < in->count && !out->status; r++) {
        if (!live[r])
            continue;
        const bool settled = rules & IR_SIGNS && is_settled(in, &in->ops[r]);
        map[r] = settled ? map[in->ops[r].b] : emit_mapped(out, map, in->ops[r], visit, context);
    }
}

void sn_opt_identity(const ir_program *in, ir_program *out, arena *memory)
{
    sn_opt_rebuild(in, out, memory, IR_IDENTITY, NULL, NULL);
}

void sn_opt_fold(const ir_program *in, ir_program *out, arena *memory)
{
    sn_opt_rebuild(in, out, memory, IR_FOLD, NULL, NULL);
}

void sn_opt_dead(const ir_program *in, ir_program *out, arena *memory)
{
    sn_opt_rebuild(in, out, memory, 0, NULL, NULL);
}

/* ---- hoisting ---- */

/* How often a value is computed: 0 once a segment, 1 once a row or column, 2 for every element. Operands never vary more than what is
 * computed from them, so sorting by this keeps them first. */
static unsigned frequency(const ir_op *op)
{
    const unsigned axes = op->axes & ~(unsigned)(IR_AXIS_SEGMENT | IR_AXIS_TICK | IR_AXIS_INSTANCE);
    if (sn_ir_info[op->code].rule == IR_RULE_EFFECT)
        return 2;
    return axes == 0 ? 0 : axes == IR_AXIS_ROW || axes == IR_AXIS_COLUMN ? 1 : 2;
}

void sn_opt_hoist(const ir_program *in, ir_program *out, arena *memory)
{
    sn_ir_open(out, memory, 0);
    if (in->status)
        sn_ir_fail(out, in->status, in->message);
    sn_opt_share(in, out);
    ir_ref *map = sn_arena_take_zeroed(memory, in->count * sizeof *map);
    if (!map) {
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    for (unsigned turn = 0; turn < 3; turn++)
        for (ir_ref r = 1; r < in->count && !out->status; r++)
            if (frequency(&in->ops[r]) == turn)
                map[r] = emit_mapped(out, map, in->ops[r], NULL, NULL);
}
