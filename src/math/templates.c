/* Expansions kept for the next program.
 *
 * An expansion comes out the same whenever its arguments are no constants: a hundred operations, each typed, offered to the local rules
 * and numbered anew. So a context keeps the first one, of arguments that are inputs, and later ones are copied from it, operation by
 * operation: only those that take an argument go through the rules again, since what an argument is may make them simpler.
 *
 * What computes from nothing but results of this copy cannot be in the program already, so it is appended without being looked up (45
 * instructions instead of 150). That needs different operations of the expansion to stay different: constants do; an operation of an
 * argument does if it comes out new; two arguments do if they are not the same. Where one does not, the rest of the copy is looked up.
 *
 * A function of constants is a constant, at the price of folding a hundred operations (16,000 instructions). An edited graph asks for the same ones
 * again, so results are kept too, in a table where a later one takes an earlier one's place. Only of functions that read no table:
 * expanding those puts the table into the program. */
#include "math/math.h"

#include <string.h>

enum { RULES = IR_IDENTITY | IR_FOLD, FIRST_KEPT = 3 /* operations 1 and 2 stand for the arguments */ };

/* What an operation of an expansion takes. */
typedef enum part {
    PART_CONSTANT,
    PART_ARGUMENT, /* an argument, among others */
    PART_INNER,    /* no argument, but something that depends on one */
    PART_OTHER     /* the same, and reads a table; or constants only, which no rule could fold */
} part;

enum { KEPT_RESULTS = 4096 }; /* 160 KiB, once there is one: the coefficients of a thousand filters and more */

struct math_result {
    uint64_t x, y, value; /* bits */
    uint32_t what;        /* function, type, grade; 0: nothing is kept here */
};

struct math_template {
    ir_op *ops; /* operands by number among them */
    uint8_t *parts; /* part, per operation */
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

static part part_of(const math_template *t, const ir_op *op)
{
    if (op->code == IR_CONST)
        return PART_CONSTANT;
    const unsigned operands = sn_ir_info[op->code].operands;
    bool depends = false;
    for (unsigned k = 0; k < operands; k++) {
        if (sn_ir_operand(op, k) < FIRST_KEPT)
            return PART_ARGUMENT;
        depends |= t->ops[sn_ir_operand(op, k)].code != IR_CONST;
    }
    return depends && sn_ir_info[op->code].kind == IR_KIND_PURE ? PART_INNER : PART_OTHER;
}

/* What of the program leads to the result, numbered from FIRST_KEPT on. */
static bool keep_operations(math_template *t, const ir_program *p, ir_ref result, arena *memory, arena *scratch)
{
    ir_extract extract;
    t->parts = sn_arena_take(memory, p->count + FIRST_KEPT);
    if (!sn_ir_extract(p, result, FIRST_KEPT, memory, scratch, &extract) || !t->parts)
        return false;
    t->ops = extract.ops;
    t->count = extract.count;
    t->result = extract.result;
    for (uint32_t r = FIRST_KEPT; r < t->count; r++)
        t->parts[r] = (uint8_t)part_of(t, &t->ops[r]);
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

/* Made when it is first asked for. */
static const math_template *template_of(math_templates *all, ir_code function, ir_type type, math_grade grade, arena *scratch)
{
    const math_template **kept = &all->of[function][type == IR_F64][grade == MATH_FAST];
    if (!*kept)
        *kept = make(all, function, type, grade, scratch);
    return *kept;
}

/* ---- copying it ---- */

static uint32_t memory_of(ir_program *p, const ir_memory *memory)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (!strcmp(p->memories[k].name, memory->name))
            return k;
    return sn_ir_add_memory(p, memory);
}

typedef struct copying {
    ir_program *program;
    const math_template *template;
    ir_ref *map; /* what the operations are in the program */
    bool constants_are_new; /* the program has none yet */
} copying;

static ir_ref copy_one(const copying *c, uint32_t r)
{
    ir_op op = c->template->ops[r];
    if (op.code == IR_CONST)
        return sn_ir_const_bits(c->program, op.type, op.a | (uint64_t)op.b << 32);
    const unsigned operands = sn_ir_info[op.code].operands;
    op.a = operands > 0 ? c->map[op.a] : op.a;
    op.b = operands > 1 ? c->map[op.b] : op.b;
    op.c = operands > 2 ? c->map[op.c] : op.c;
    if (op.code == IR_LOAD)
        op.b = memory_of(c->program, &c->template->memories[op.b]);
    return c->template->parts[r] == PART_ARGUMENT ? sn_ir_emit(c->program, op.code, op.type, op.a, op.b, op.c)
                                                  : sn_ir_emit_settled(c->program, &op);
}

/* A function of a function's result, or of an input, is most of what is asked for: then there are few operations to look at. */
static bool has_no_constants(const ir_program *p)
{
    enum { FEW = 32 };
    bool found = p->count > FEW;
    for (ir_ref r = 1; !found && r < p->count; r++)
        found = p->ops[r].code == IR_CONST;
    return !found;
}

/* Copies from r on while it is PART_INNER, of operands that stayed different, or a constant that is new; returns what comes then. Operands
 * that an operation does not have are 0, and so is what they map to. */
static uint32_t copy_new(const copying *c, uint32_t r)
{
    const math_template *t = c->template;
    ir_op *ops = c->program->ops;
    ir_ref *map = c->map, next = c->program->count;
    for (const uint32_t end = t->count; r < end; r++) {
        ir_op op = t->ops[r];
        if (t->parts[r] == PART_INNER) {
            op.a = map[op.a];
            op.b = map[op.b];
            op.c = map[op.c];
            op.axes = ops[op.a].axes | ops[op.b].axes | ops[op.c].axes;
        } else if (t->parts[r] != PART_CONSTANT || !c->constants_are_new) {
            break;
        }
        ops[next] = op;
        map[r] = next++;
    }
    c->program->count = next;
    return r;
}

/* Copies while operations that differ stay different; returns the first operation that is left to do. */
static uint32_t copy_distinct(const copying *c)
{
    ir_program *p = c->program;
    const math_template *t = c->template;
    const ir_ref first = p->count;
    bool distinct = c->map[1] != c->map[2];
    uint32_t r = FIRST_KEPT;
    sn_ir_reserve(p, p->count + t->count);
    if (p->capacity - p->count < t->count)
        return r;
    while (distinct && (r = copy_new(c, r)) < t->count) {
        const ir_ref next = p->count;
        c->map[r] = copy_one(c, r);
        distinct = t->parts[r] == PART_CONSTANT || (c->map[r] == next && !sn_ir_is_const(p, next));
        r++;
    }
    sn_ir_list_later(p, first);
    return r;
}

static ir_ref copy(ir_program *p, const math_template *t, ir_ref x, ir_ref y)
{
    const copying c = {p, t, sn_arena_take(p->memory, t->count * sizeof *c.map), has_no_constants(p)};
    if (!c.map) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    c.map[0] = 0;
    c.map[1] = x;
    c.map[2] = y;
    for (uint32_t r = copy_distinct(&c); r < t->count; r++)
        c.map[r] = copy_one(&c, r);
    return c.map[t->result];
}

/* ---- functions of constants ---- */

static uint64_t bits_of(const ir_program *p, ir_ref r)
{
    return r ? p->ops[r].a | (uint64_t)p->ops[r].b << 32 : 0;
}

/* The place where the result is, or may be put; NULL: nothing is kept. */
static math_result *place_of(math_templates *all, const math_result *wanted)
{
    if (!all->results)
        all->results = sn_arena_take_zeroed(&all->memory, KEPT_RESULTS * sizeof *all->results);
    uint64_t h = (wanted->x ^ (wanted->y << 1 | wanted->y >> 63) ^ wanted->what) * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    return all->results ? &all->results[(h * 0xBF58476D1CE4E5B9u) >> 52] : NULL;
}

static ir_ref expand_constants(math_templates *all, ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade)
{
    const math_template *t = template_of(all, function, type, grade, p->memory);
    const math_result wanted = {bits_of(p, x), bits_of(p, y), 0, 1u | (unsigned)function << 8 | (unsigned)(type == IR_F64) << 1 | (unsigned)(grade == MATH_FAST) << 2};
    math_result *place = t && t->memory_count == 0 ? place_of(all, &wanted) : NULL;
    if (place && place->what == wanted.what && place->x == wanted.x && place->y == wanted.y)
        return sn_ir_const_bits(p, type, place->value);
    const ir_ref result = sn_math_expand(p, function, type, x, y, grade);
    if (place && result && sn_ir_is_const(p, result)) {
        *place = wanted;
        place->value = bits_of(p, result);
    }
    return result;
}

ir_ref sn_math_expand_kept(math_templates *all, ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade)
{
    if (!all || (p->rules & RULES) != RULES || p->status != SINTER_OK)
        return sn_math_expand(p, function, type, x, y, grade);
    const bool first = sn_ir_is_const(p, x), second = y && sn_ir_is_const(p, y);
    if (first && (second || !y))
        return expand_constants(all, p, function, type, x, y, grade);
    const math_template *t = first || second ? NULL : template_of(all, function, type, grade, p->memory);
    if (!t)
        return sn_math_expand(p, function, type, x, y, grade);
    const uint32_t rules = p->rules;
    p->rules = RULES;
    const ir_ref result = copy(p, t, x, y);
    p->rules = rules;
    return result;
}
