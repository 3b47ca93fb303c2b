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

/* What an operation needs besides its operands: a read what is written to its line, a result its call's arguments. 0: nothing. */
typedef struct hidden_needs {
    const ir_ref *writer; /* per line */
    ir_arguments arguments;
} hidden_needs;

static ir_ref hidden_need(const ir_program *p, const hidden_needs *h, ir_ref r)
{
    const ir_op *op = &p->ops[r];
    switch (op->code) {
    case IR_READ: return h->writer[op->a];
    case IR_READV: return h->writer[op->b];
    case IR_RESULT: return h->arguments.last[op->a];
    case IR_ARGUMENT: return h->arguments.before[r];
    default: return 0;
    }
}

static void mark(uint8_t *live, ir_ref *stack, uint32_t *depth, ir_ref r)
{
    if (r && !live[r]) {
        live[r] = 1;
        stack[(*depth)++] = r;
    }
}

/* Operands stand before their users, so that one walk backwards marks nearly everything. Only what is written to a line may stand anywhere: where
 * the walk is past it already, it goes through a stack, when the walk is over. */
static bool mark_through_lines(const ir_program *p, const ir_ref *instead, uint8_t *live, arena *memory)
{
    ir_ref *stack = sn_arena_take(memory, p->count * sizeof *stack);
    ir_ref *writer = sn_arena_take_zeroed(memory, (p->memory_count + 1) * sizeof *writer);
    hidden_needs hidden = {.writer = writer};
    if (!stack || !writer || !sn_ir_chain_arguments(p, memory, &hidden.arguments))
        return false;
    const ir_op *ops = p->ops; /* marks are bytes, which may be anything to the compiler: it would load this again after each */
    for (ir_ref r = 1; r < p->count; r++)
        if (ops[r].code == IR_WRITE)
            writer[ops[r].b] = r;
    for (uint32_t k = 0; instead && k < p->memory_count; k++)
        writer[k] = instead[k] ? instead[k] : writer[k];
    uint32_t depth = 0;
    for (ir_ref r = p->count - 1; r > 0; r--) {
        if (is_root(p, &ops[r]))
            live[r] = 1;
        if (!live[r])
            continue;
        sn_ir_mark_operands(live, &ops[r]);
        const ir_ref need = hidden_need(p, &hidden, r);
        if (need > r)
            mark(live, stack, &depth, need);
        else
            live[need] = 1;
    }
    while (depth) {
        const ir_ref r = stack[--depth];
        const unsigned operands = sn_ir_info[ops[r].code].operands;
        for (unsigned k = 0; k < operands; k++)
            mark(live, stack, &depth, sn_ir_operand(&ops[r], k));
        mark(live, stack, &depth, hidden_need(p, &hidden, r));
    }
    live[0] = 0;
    return true;
}

uint8_t *sn_ir_find_live_beside(const ir_program *p, const ir_ref *instead, arena *memory)
{
    uint8_t *live = sn_arena_take_zeroed(memory, p->count);
    return live && mark_through_lines(p, instead, live, memory) ? live : NULL;
}

/* Roots of programs without lines and calls. */
static const uint8_t is_result[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) [IR_##NAME] = IR_RULE_##rule == IR_RULE_EFFECT && IR_##NAME != IR_WRITE,
    SINTER_OPERATIONS(X)
#undef X
};

uint8_t *sn_ir_find_live(const ir_program *p, arena *memory)
{
    if (has_lines(p) || p->call_count)
        return sn_ir_find_live_beside(p, NULL, memory);
    uint8_t *live = sn_arena_take_zeroed(memory, p->count);
    if (!live)
        return NULL;
    const ir_op *ops = p->ops; /* marks are bytes, which may be anything to the compiler: it would load this again after each */
    for (ir_ref r = p->count - 1; r > 0; r--) {
        if (live[r] | is_result[ops[r].code]) {
            live[r] = 1;
            sn_ir_mark_operands(live, &ops[r]);
        }
    }
    live[0] = 0;
    return live;
}
