/* What leads to a result, taken out of one program and put into others.
 *
 * What is inserted comes out the same whenever its arguments are no constants: a hundred operations, each typed, offered to the local rules
 * and numbered anew. So only those operations that take an argument go through the rules again, since what an argument is may make them simpler.
 *
 * What computes from nothing but results of this insertion cannot be in the program already, so it is appended without being looked up (20
 * instructions instead of 150). That needs different operations of the extract to stay different, as they are: constants do; an operation of an
 * argument does if it comes out new, and no rule looks for what it has become; arguments do if no two are the same. Where one does not, the rest is looked
 * up, and offered to the rules if what it takes may be simpler now. */
#include "ir/ir.h"

#include <string.h>

/* What an operation takes. */
typedef enum part {
    PART_CONSTANT,
    PART_ARGUMENT, /* an argument that others may read too, among others */
    PART_INNER,    /* no such argument, but something that depends on one */
    PART_OTHER     /* the same, and reads a table; or constants only, which no rule could fold */
} part;

/* ---- taking out ---- */

uint8_t sn_ir_part_of(const ir_extract *e, const ir_op *op)
{
    if (op->code == IR_CONST)
        return PART_CONSTANT;
    const unsigned operands = sn_ir_info[op->code].operands;
    bool depends = false;
    for (unsigned k = 0; k < operands; k++) {
        if (sn_ir_operand(op, k) < e->fresh)
            return PART_ARGUMENT;
        depends |= e->ops[sn_ir_operand(op, k)].code != IR_CONST;
    }
    const unsigned kind = sn_ir_info[op->code].kind;
    return depends && (kind == IR_KIND_PURE || kind == IR_KIND_MATH) ? PART_INNER : PART_OTHER;
}

static bool keep_memories(ir_extract *e, const ir_program *p, arena *memory)
{
    ir_memory *kept = sn_arena_take(memory, (p->memory_count + 1) * sizeof *kept);
    e->memories = kept;
    for (uint32_t k = 0; kept && k < p->memory_count; k++) {
        const ir_memory *m = &p->memories[k];
        const size_t bytes = (size_t)m->length * sn_ir_type_size(m->type);
        void *content = sn_arena_take(memory, bytes);
        kept[k] = *m;
        kept[k].name = sn_arena_copy_text(memory, m->name, strlen(m->name));
        kept[k].content = content;
        if (!content || !kept[k].name)
            return false;
        memcpy(content, m->content, bytes);
    }
    return kept != NULL;
}

bool sn_ir_extract(const ir_program *p, ir_ref result, uint32_t first, arena *memory, arena *scratch, ir_extract *out)
{
    return sn_ir_extract_all(p, result, NULL, 0, first, memory, scratch, out);
}

bool sn_ir_extract_all(const ir_program *p, ir_ref result, const ir_ref *others, uint32_t other_count, uint32_t first, arena *memory, arena *scratch, ir_extract *out)
{
    ir_ref *map = sn_arena_take_zeroed(scratch, p->count * sizeof *map);
    uint8_t *needed = sn_arena_take_zeroed(scratch, p->count);
    ir_op *ops = sn_arena_take_zeroed(memory, (p->count + first) * sizeof *ops);
    uint8_t *parts = sn_arena_take_zeroed(memory, p->count + first);
    ir_ref *mapped = other_count ? sn_arena_take(memory, other_count * sizeof *mapped) : NULL;
    *out = (ir_extract){.ops = ops, .parts = parts, .first = first, .fresh = first, .count = first};
    if (!map || !needed || !ops || !parts || (other_count && !mapped) || !keep_memories(out, p, memory))
        return false;
    ir_ref last = result;
    needed[result] = 1;
    for (uint32_t k = 0; k < other_count; k++) {
        needed[others[k]] = 1;
        last = others[k] > last ? others[k] : last;
    }
    for (ir_ref r = last; r > 0; r--)
        for (unsigned k = 0; needed[r] && k < sn_ir_info[p->ops[r].code].operands; k++)
            needed[sn_ir_operand(&p->ops[r], k)] = 1;
    for (ir_ref r = 1; r <= last; r++) {
        ir_op op = p->ops[r];
        if (op.code == IR_INPUT)
            map[r] = 1 + op.a;
        if (!needed[r] || op.code == IR_INPUT)
            continue;
        const unsigned operands = sn_ir_info[op.code].operands;
        op.a = operands > 0 ? map[op.a] : op.a;
        op.b = operands > 1 ? map[op.b] : op.b;
        op.c = operands > 2 ? map[op.c] : op.c;
        out->has_functions |= sn_ir_info[op.code].kind == IR_KIND_MATH || (op.code == IR_DIV && op.type == IR_I32);
        map[r] = out->count;
        parts[out->count] = sn_ir_part_of(out, &op);
        ops[out->count++] = op;
    }
    out->result = map[result];
    for (uint32_t k = 0; k < other_count; k++)
        mapped[k] = map[others[k]];
    out->others = mapped;
    out->other_count = other_count;
    return true;
}

/* ---- putting in ---- */

enum { FEW_OPERATIONS = 128, FEW_CONSTANTS = 8 };

typedef struct insertion {
    ir_program *program;
    const ir_extract *extract;
    ir_ref *map; /* what the operations are in the program */
    ir_ref constants[FEW_CONSTANTS]; /* all that the program had before, where these are few */
    uint32_t constant_count;
    bool few_constants;
    bool distinct; /* operations that differ have stayed different so far, and are new */
    bool alike;    /* no operation has become what a rule may look for */
} insertion;

static uint32_t memory_of(ir_program *p, const ir_memory *memory)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (!strcmp(p->memories[k].name, memory->name))
            return k;
    return sn_ir_add_memory(p, memory);
}

/* A rule may put one of these in another's place, and rules of floats do not look for them among operands (those of integers do, for ranges): what reads it is
 * simplified the same way, whichever it is. */
static bool is_arithmetic(const ir_op *op)
{
    const unsigned code = op->code;
    return op->type != IR_I32
           && (code == IR_ADD || code == IR_SUB || code == IR_MUL || code == IR_FMA || code == IR_FMS || code == IR_FNMA);
}

static void note_result(insertion *i, const ir_op *op, ir_ref made, ir_ref next)
{
    const ir_op *now = &i->program->ops[made];
    i->distinct = i->distinct && made == next;
    if (now->code != op->code && !(made == next && is_arithmetic(now)))
        i->distinct = i->alike = false;
}

static void insert_one(insertion *i, uint32_t r)
{
    ir_program *p = i->program;
    ir_op op = i->extract->ops[r];
    if (op.code == IR_CONST) {
        i->map[r] = sn_ir_const_bits(p, (ir_type)op.type, op.a | (uint64_t)op.b << 32);
        return;
    }
    const unsigned operands = sn_ir_info[op.code].operands;
    const ir_ref next = p->count;
    op.a = operands > 0 ? i->map[op.a] : op.a;
    op.b = operands > 1 ? i->map[op.b] : op.b;
    op.c = operands > 2 ? i->map[op.c] : op.c;
    if (op.code == IR_LOAD)
        op.b = memory_of(p, &i->extract->memories[op.b]);
    if (i->extract->parts[r] == PART_ARGUMENT || !i->alike)
        i->map[r] = sn_ir_emit_flagged(p, (ir_code)op.code, (ir_type)op.type, op.flags, op.a, op.b, op.c);
    else
        i->map[r] = sn_ir_emit_settled(p, &op);
    note_result(i, &op, i->map[r], next);
}

/* Nearly all constants of what is inserted are new to a small program, and to see that takes less than to look them up. In large programs nobody looks: what is inserted has
 * few constants beside what is there. */
static void find_constants(insertion *i)
{
    const ir_program *p = i->program;
    i->few_constants = p->count <= FEW_OPERATIONS;
    for (ir_ref r = 1; i->few_constants && r < p->count; r++) {
        if (p->ops[r].code != IR_CONST)
            continue;
        i->few_constants = i->constant_count < FEW_CONSTANTS;
        if (i->few_constants)
            i->constants[i->constant_count++] = r;
    }
}

/* The program's own constant that this is; 0: it is new. */
static ir_ref constant_before(const insertion *i, const ir_op *op)
{
    const ir_op *ops = i->program->ops;
    for (uint32_t k = 0; k < i->constant_count; k++) {
        const ir_op *own = &ops[i->constants[k]];
        if (own->a == op->a && own->b == op->b && own->type == op->type)
            return i->constants[k];
    }
    return 0;
}

/* Inserts from r on while it is PART_INNER, of operands that stayed different, or a constant, of which the program had few; returns what comes then. Operands
 * that an operation does not have are 0, and so is what they map to. */
static uint32_t insert_new(const insertion *i, uint32_t r)
{
    const ir_extract *e = i->extract;
    ir_op *ops = i->program->ops;
    ir_ref *map = i->map, next = i->program->count;
    for (const uint32_t end = e->count; r < end; r++) {
        ir_op op = e->ops[r];
        if (e->parts[r] == PART_INNER) {
            op.a = map[op.a];
            op.b = map[op.b];
            op.c = map[op.c];
            op.axes = ops[op.a].axes | ops[op.b].axes | ops[op.c].axes;
        } else if (e->parts[r] != PART_CONSTANT || !i->few_constants) {
            break;
        } else if ((map[r] = constant_before(i, &op)) != 0) {
            continue;
        }
        ops[next] = op;
        map[r] = next++;
    }
    i->program->count = next;
    return r;
}

/* Inserts while operations that differ stay different; returns the first operation that is left to do. */
static uint32_t insert_distinct(insertion *i)
{
    ir_program *p = i->program;
    const ir_extract *e = i->extract;
    const ir_ref first = p->count;
    uint32_t r = e->first;
    sn_ir_reserve(p, p->count + (e->count - e->first));
    if (p->capacity - p->count < e->count - e->first)
        return r;
    while (i->distinct && (r = insert_new(i, r)) < e->count)
        insert_one(i, r++);
    p->has_functions |= e->has_functions;
    sn_ir_list_inner_later(p, first);
    return r;
}

ir_ref sn_ir_insert(ir_program *p, const ir_extract *e, const ir_ref *arguments, bool are_new, ir_ref *others)
{
    insertion i = {.program = p, .extract = e, .map = sn_arena_take(p->memory, e->count * sizeof *i.map),
                   .distinct = p->status == SINTER_OK && are_new, .alike = true};
    if (!i.map) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    i.map[0] = 0;
    find_constants(&i);
    for (uint32_t k = 1; k < e->first; k++) {
        i.map[k] = arguments[k - 1];
        for (uint32_t other = 1; other < k && k < e->fresh; other++)
            i.distinct = i.distinct && i.map[other] != i.map[k];
    }
    for (uint32_t r = insert_distinct(&i); r < e->count; r++)
        insert_one(&i, r);
    for (uint32_t k = 0; others && k < e->other_count; k++)
        others[k] = i.map[e->others[k]];
    return i.map[e->result];
}
