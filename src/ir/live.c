/* What is live: everything that some output, sum, store or impure call needs, through delay lines and calls too. */
#include "ir/ir.h"

static bool has_lines(const ir_program *p)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind == IR_LINE)
            return true;
    return false;
}

static bool is_root(const ir_program *p, const ir_op *op)
{
    if (op->code == IR_ARGUMENT)
        return !p->calls[op->b].type->pure;
    return sn_ir_info[op->code].rule == IR_RULE_EFFECT && op->code != IR_WRITE;
}

/* A live read makes its line's write live, which may stand anywhere, and a live result its call's arguments: marking goes through a stack. */
static bool mark_through_lines(const ir_program *p, const ir_ref *instead, uint8_t *live, arena *memory)
{
    ir_ref *stack = sn_arena_take(memory, p->count * sizeof *stack);
    ir_ref *writer = sn_arena_take_zeroed(memory, (p->memory_count + 1) * sizeof *writer);
    ir_arguments arguments;
    if (!stack || !writer || !sn_ir_chain_arguments(p, memory, &arguments))
        return false;
    uint32_t depth = 0;
    for (ir_ref r = 1; r < p->count; r++) {
        if (p->ops[r].code == IR_WRITE)
            writer[p->ops[r].b] = r;
        if (is_root(p, &p->ops[r])) {
            live[r] = 1;
            stack[depth++] = r;
        }
    }
    for (uint32_t k = 0; instead && k < p->memory_count; k++)
        writer[k] = instead[k] ? instead[k] : writer[k];
    while (depth) {
        const ir_op *op = &p->ops[stack[--depth]];
        ir_ref next[4] = {0};
        const unsigned operands = sn_ir_info[op->code].operands;
        for (unsigned k = 0; k < operands; k++)
            next[k] = sn_ir_operand(op, k);
        if (op->code == IR_READ || op->code == IR_READV)
            next[3] = writer[op->code == IR_READ ? op->a : op->b];
        else if (op->code == IR_RESULT)
            next[3] = arguments.last[op->a];
        else if (op->code == IR_ARGUMENT)
            next[3] = arguments.before[op - p->ops];
        for (unsigned k = 0; k < 4; k++)
            if (next[k] && !live[next[k]]) {
                live[next[k]] = 1;
                stack[depth++] = next[k];
            }
    }
    return true;
}

uint8_t *sn_ir_find_live_beside(const ir_program *p, const ir_ref *instead, arena *memory)
{
    uint8_t *live = sn_arena_take_zeroed(memory, p->count);
    return live && mark_through_lines(p, instead, live, memory) ? live : NULL;
}

uint8_t *sn_ir_find_live(const ir_program *p, arena *memory)
{
    if (has_lines(p) || p->call_count)
        return sn_ir_find_live_beside(p, NULL, memory);
    uint8_t *live = sn_arena_take_zeroed(memory, p->count);
    if (!live)
        return NULL;
    const ir_op *ops = p->ops; /* marks are bytes, which may be anything to the compiler: it would load this again after each */
    for (ir_ref r = p->count - 1; r > 0; r--) {
        if (is_root(p, &ops[r]))
            live[r] = 1;
        if (live[r])
            sn_ir_mark_operands(live, &ops[r]);
    }
    live[0] = 0;
    return live;
}
