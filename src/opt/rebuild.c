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
    out->routines = in->routines;
    out->input_count = in->input_count;
    out->output_count = in->output_count;
    out->param_count = in->param_count;
    out->memory_count = in->memory_count;
    out->total_count = in->total_count;
    out->call_count = in->call_count;
    out->routine_count = in->routine_count;
    out->cells = in->cells;
}

/* Of the operation as it lies, not of a copy: bytes of what has just been stored as a whole are waited for. */
static ir_ref emit_mapped(ir_program *out, const ir_ref *map, const ir_op *source, opt_visitor visit, void *context)
{
    const ir_info *info = &sn_ir_info[source->code];
    ir_op op = *source;
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
    return visit ? visit(context, out, &op) : sn_ir_emit_flagged(out, source->code, source->type, source->flags, op.a, op.b, op.c);
}

/* Of two forms the first, where the mask is known to be set and no derivative is to be found: then what only the second needs is not made either. */
static bool is_settled(const ir_program *in, const ir_op *op)
{
    return op->flags & IR_FLAG_FORMS && sn_ir_is_const(in, op->a) && sn_ir_bits(in, op->a);
}

/* Of a settled form the first alone is live. */
static const uint8_t *find_live_straight(const ir_program *in, arena *memory)
{
    uint8_t *live = sn_arena_take_zeroed(memory, in->count);
    const ir_op *ops = in->ops; /* marks are bytes, which may be anything to the compiler: it would load this again after each */
    for (ir_ref r = in->count - 1; live && r > 0; r--) {
        const ir_op *op = &ops[r];
        if (!live[r] && sn_ir_info[op->code].rule != IR_RULE_EFFECT)
            continue;
        live[r] = 1;
        if (is_settled(in, op))
            live[op->b] = 1;
        else
            sn_ir_mark_operands(live, op);
    }
    if (live)
        live[0] = 0;
    return live;
}

static const uint8_t *find_live(const ir_program *in, uint32_t rules, arena *memory)
{
    if (rules & IR_SIGNS && !in->memory_count && !in->call_count)
        return find_live_straight(in, memory);
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

/* Opens the new program, with room for so many more operations; returns what is live of the old one, NULL where memory is refused. */
static const uint8_t *open_rebuilt(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, uint32_t more)
{
    sn_ir_open(out, memory, rules);
    if (in->status)
        sn_ir_fail(out, in->status, in->message);
    sn_opt_share(in, out);
    sn_ir_reserve(out, in->count + more);
    return find_live(in, rules, memory);
}

void sn_opt_rebuild(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, opt_visitor visit, void *context)
{
    /* functions may be expanded: else all would be listed anew soon */
    const uint8_t *live = open_rebuilt(in, out, memory, rules, visit && in->has_functions ? in->count / 2 : 0);
    ir_ref *map = sn_arena_take_zeroed(memory, in->count * sizeof *map);
    if (!map || !live) {
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    for (ir_ref r = 1; r < in->count && !out->status; r++) {
        if (!live[r])
            continue;
        const bool settled = rules & IR_SIGNS && is_settled(in, &in->ops[r]);
        map[r] = settled ? map[in->ops[r].b] : emit_mapped(out, map, &in->ops[r], visit, context);
    }
}

/* ---- copying ---- */

/* Operations whose rules ask for the codes of operands, for constants and whether operands are one value, and for nothing else; of f32 those of signs look
 * further down, of integers most do. */
enum { COPIED = 1, COPIED_APART = 2 /* if its operands are different values */ };
static const uint8_t copied[IR_CODES] = {
    [IR_ADD] = COPIED, [IR_SUB] = COPIED, [IR_MUL] = COPIED, [IR_DIV] = COPIED, [IR_FMA] = COPIED, [IR_FMS] = COPIED, [IR_FNMA] = COPIED,
    [IR_SQRT] = COPIED, [IR_NEG] = COPIED, [IR_ABS] = COPIED, [IR_LT] = COPIED, [IR_LE] = COPIED, [IR_EQ] = COPIED, [IR_NE] = COPIED,
    [IR_MIN] = COPIED_APART, [IR_MAX] = COPIED_APART, [IR_AND] = COPIED_APART, [IR_OR] = COPIED_APART,
    [IR_SELECT] = COPIED_APART, [IR_RARE] = COPIED_APART,
};

typedef struct copying {
    ir_program *out;
    ir_ref *map;
    uint8_t *turned; /* is the operation one of another code in the new program? */
} copying;

/* What rules left alone once they leave alone again, if its operands are what they were. False: it has to go the long way. */
static inline bool copy(const copying *c, const ir_op *source, ir_ref r)
{
    const uint8_t *turned = c->turned;
    const unsigned how = copied[source->code];
    ir_op op = *source;
    if (!how || (op.type != IR_F64 && op.type != IR_MASK) || op.flags | turned[op.a] | turned[op.b] | turned[op.c])
        return false;
    op.a = c->map[op.a];
    op.b = c->map[op.b];
    op.c = c->map[op.c];
    if (how == COPIED_APART && (op.a == op.b || op.b == op.c))
        return false;
    c->map[r] = sn_ir_append_copy(c->out, &op);
    return true;
}

void sn_opt_copy(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, opt_visitor visit, void *context)
{
    if (rules & ~in->rules & (IR_IDENTITY | IR_FOLD)) {
        sn_opt_rebuild(in, out, memory, rules, visit, context);
        return;
    }
    const uint8_t *live = open_rebuilt(in, out, memory, rules, in->has_functions ? in->count / 2 : 0);
    copying c = {out, sn_arena_take_zeroed(memory, in->count * sizeof *c.map), sn_arena_take_zeroed(memory, in->count)};
    if (!c.map || !c.turned || !live) {
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    for (ir_ref r = 1; r < in->count && !out->status; r++) {
        const ir_op *op = &in->ops[r];
        if (!live[r] || copy(&c, op, r))
            continue;
        c.map[r] = rules & IR_SIGNS && is_settled(in, op) ? c.map[op->b] : emit_mapped(out, c.map, op, visit, context);
        c.turned[r] = out->ops[c.map[r]].code != op->code;
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
                map[r] = emit_mapped(out, map, &in->ops[r], NULL, NULL);
}
