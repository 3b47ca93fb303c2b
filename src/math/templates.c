/* Expansions kept for the next program.
 *
 * An expansion comes out the same whenever its arguments are no constants: a hundred operations, each typed, offered to the local rules
 * and numbered anew. So a context keeps the first one, of arguments that are inputs, and later ones are copied from it, operation by
 * operation: only those that take an argument go through the rules again, since what an argument is may make them simpler. */
#include "math/math.h"

#include <string.h>

enum { RULES = IR_IDENTITY | IR_FOLD, FIRST_KEPT = 3 /* operations 1 and 2 stand for the arguments */ };

struct math_template {
    ir_op *ops; /* operands by number among them */
    uint32_t count;
    ir_ref result;
    ir_memory *memories;
    uint32_t memory_count;
};

void sn_math_templates_open(math_templates *t, const sinter_allocator *allocator)
{
    memset(t, 0, sizeof *t);
    sn_arena_open(&t->memory, allocator);
}

void sn_math_templates_close(math_templates *t)
{
    sn_arena_close(&t->memory);
}

/* ---- making one ---- */

static void mark_needed(const ir_program *p, uint8_t *needed, ir_ref result)
{
    needed[result] = 1;
    for (ir_ref r = result; r > 0; r--)
        for (unsigned k = 0; needed[r] && k < sn_ir_info[p->ops[r].code].operands; k++)
            needed[sn_ir_operand(&p->ops[r], k)] = 1;
}

/* What of the program leads to the result, numbered from FIRST_KEPT on. */
static bool keep_operations(math_template *t, const ir_program *p, ir_ref result, arena *memory, arena *scratch)
{
    ir_ref *map = sn_arena_take_zeroed(scratch, p->count * sizeof *map);
    uint8_t *needed = sn_arena_take_zeroed(scratch, p->count);
    t->ops = sn_arena_take_zeroed(memory, (p->count + FIRST_KEPT) * sizeof *t->ops);
    if (!map || !needed || !t->ops)
        return false;
    mark_needed(p, needed, result);
    t->count = FIRST_KEPT;
    for (ir_ref r = 1; r <= result; r++) {
        ir_op op = p->ops[r];
        if (op.code == IR_INPUT)
            map[r] = 1 + op.a;
        if (!needed[r] || op.code == IR_INPUT)
            continue;
        const unsigned operands = sn_ir_info[op.code].operands;
        op.a = operands > 0 ? map[op.a] : op.a;
        op.b = operands > 1 ? map[op.b] : op.b;
        op.c = operands > 2 ? map[op.c] : op.c;
        map[r] = t->count;
        t->ops[t->count++] = op;
    }
    t->result = map[result];
    return true;
}

static bool keep_memories(math_template *t, const ir_program *p, arena *memory)
{
    t->memory_count = p->memory_count;
    t->memories = sn_arena_take(memory, (p->memory_count + 1) * sizeof *t->memories);
    for (uint32_t k = 0; t->memories && k < p->memory_count; k++) {
        const ir_memory *m = &p->memories[k];
        const size_t bytes = (size_t)m->length * sn_ir_type_size(m->type);
        void *content = sn_arena_take(memory, bytes);
        t->memories[k] = *m;
        t->memories[k].name = sn_arena_copy_text(memory, m->name, strlen(m->name));
        t->memories[k].content = content;
        if (!content || !t->memories[k].name)
            return false;
        memcpy(content, m->content, bytes);
    }
    return t->memories != NULL;
}

static const math_template *make(math_templates *all, ir_code function, ir_type type, math_grade grade, arena *scratch)
{
    ir_program p;
    sn_ir_open(&p, scratch, RULES);
    sn_ir_add_input(&p, "x", type);
    sn_ir_add_input(&p, "y", type);
    const ir_ref x = sn_ir_emit(&p, IR_INPUT, type, 0, 0, 0);
    const ir_ref y = sn_ir_info[function].operands > 1 ? sn_ir_emit(&p, IR_INPUT, type, 1, 0, 0) : 0;
    const ir_ref result = sn_math_expand(&p, function, type, x, y, grade);
    math_template *t = sn_arena_take_zeroed(&all->memory, sizeof *t);
    if (!t || p.status != SINTER_OK || !keep_operations(t, &p, result, &all->memory, scratch) || !keep_memories(t, &p, &all->memory))
        return NULL; /* the expansion itself will say what is wrong */
    return t;
}

/* ---- copying it ---- */

static uint32_t memory_of(ir_program *p, const ir_memory *memory)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (!strcmp(p->memories[k].name, memory->name))
            return k;
    return sn_ir_add_memory(p, memory);
}

static ir_ref copy(ir_program *p, const math_template *t, ir_ref x, ir_ref y)
{
    ir_ref *map = sn_arena_take(p->memory, t->count * sizeof *map);
    if (!map) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    map[0] = 0;
    map[1] = x;
    map[2] = y;
    for (uint32_t r = FIRST_KEPT; r < t->count; r++) {
        ir_op op = t->ops[r];
        const unsigned operands = sn_ir_info[op.code].operands;
        bool takes_argument = false;
        for (unsigned k = 0; k < operands; k++) {
            uint32_t *operand = k == 0 ? &op.a : k == 1 ? &op.b : &op.c;
            takes_argument |= *operand < FIRST_KEPT;
            *operand = map[*operand];
        }
        if (op.code == IR_LOAD)
            op.b = memory_of(p, &t->memories[op.b]);
        map[r] = takes_argument ? sn_ir_emit(p, op.code, op.type, op.a, op.b, op.c) : sn_ir_emit_settled(p, &op);
    }
    return map[t->result];
}

ir_ref sn_math_expand_kept(math_templates *all, ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade)
{
    const bool is_constant = sn_ir_is_const(p, x) || (y && sn_ir_is_const(p, y));
    if (!all || is_constant || (p->rules & RULES) != RULES || p->status != SINTER_OK)
        return sn_math_expand(p, function, type, x, y, grade);
    const math_template **kept = &all->of[function][type == IR_F64][grade == MATH_FAST];
    if (!*kept)
        *kept = make(all, function, type, grade, p->memory);
    if (!*kept)
        return sn_math_expand(p, function, type, x, y, grade);
    const uint32_t rules = p->rules;
    p->rules = RULES;
    const ir_ref result = copy(p, *kept, x, y);
    p->rules = rules;
    return result;
}
