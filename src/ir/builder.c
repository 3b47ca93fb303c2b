/* Programs made by appending operations.
 *
 * Each operation that arrives is typed and given its axes, offered to the local rules (rewrite.c), looked up among its
 * equals, and only then appended; so identities, constants and common subexpressions cost no pass of their own. An operation
 * with state or effects is never merged: the memory object or stream that it names is its identity, and a read of a table
 * that the program writes keeps its place. */
#include "ir/ir.h"

#include <stdio.h>
#include <string.h>

/* A larger table at first costs the smallest programs more to clear than these are to insert again. What has more operations
 * than that is likely to have many more; where they begin to cost memory, room is doubled only. */
enum { FIRST_OPERATIONS = 64, LARGE_OPERATIONS = 4096 };

void sn_ir_fail(ir_program *p, sinter_status status, const char *message)
{
    if (p->status != SINTER_OK)
        return;
    p->status = status;
    snprintf(p->message, sizeof p->message, "%s", message);
}

static bool grow(ir_program *p, uint32_t capacity)
{
    ir_op *ops = sn_arena_grow(p->memory, p->ops, p->count * sizeof *ops, capacity * sizeof *ops);
    uint32_t *table = sn_arena_take_zeroed(p->memory, 2 * (size_t)capacity * sizeof *table);
    if (!ops || !table) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return false;
    }
    p->ops = ops;
    p->capacity = capacity;
    p->table = table;
    p->table_mask = 2 * capacity - 1;
    return true;
}

/* The first word of an operation as it lies in memory (little-endian machines, as all that Sinter knows are). */
#define HEAD_CODE 0xFFu
#define HEAD_TYPE 0xFF00u
#define HEAD_AXES 0xFF0000u

/* An operation as two words: hashed, compared and stored without going through memory. */
typedef struct op_words {
    uint64_t head, tail;
} op_words;

static inline op_words words_of(const ir_op *op)
{
    op_words w;
    memcpy(&w, op, sizeof w);
    return w;
}

static inline uint32_t hash_words(op_words w)
{
    uint64_t head = w.head;
    const uint64_t tail = w.tail;
    head = (head ^ (tail << 32 | tail >> 32) * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u; /* odd, bits well mixed */
    return (uint32_t)(head >> 32) ^ (uint32_t)(head >> 48); /* the table's bits are the low ones: short constants differ in the highest only */
}

/* It may be there already: which of both it is, that or a free place, no branch asks. */
static inline void insert(ir_program *p, ir_ref r)
{
    uint32_t *table = p->table, at = hash_words(words_of(&p->ops[r])) & p->table_mask;
    for (uint32_t there = table[at]; (there != 0) & (there != r); there = table[at])
        at = (at + 1) & p->table_mask;
    table[at] = r;
}

static bool has_identity(const ir_program *p, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    if (info->kind == IR_KIND_EFFECT || info->rule == IR_RULE_EFFECT)
        return true;
    return op->code == IR_LOAD && p->cells && p->memories[op->b].kind == IR_CELLS;
}

/* Those that need a closer look at whether they have an identity. */
static const bool may_have_identity[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) \
    [IR_##NAME] = IR_KIND_##kind == IR_KIND_EFFECT || IR_RULE_##rule == IR_RULE_EFFECT || IR_##NAME == IR_LOAD,
    SINTER_OPERATIONS(X)
#undef X
};

static void list_from(ir_program *p, ir_ref first)
{
    for (ir_ref r = first; r < p->count; r++)
        if (!may_have_identity[p->ops[r].code] || !has_identity(p, &p->ops[r]))
            insert(p, r);
    p->unlisted = p->inner_end = 0;
    p->constants_are_listed = true;
}

static void list_constants(ir_program *p)
{
    for (ir_ref r = p->unlisted; r < p->count; r++)
        if (p->ops[r].code == IR_CONST)
            insert(p, r);
    p->constants_are_listed = true;
}

static bool regrow(ir_program *p, uint32_t capacity)
{
    if (!grow(p, capacity))
        return false;
    list_from(p, 1);
    return true;
}

/* Most expansions are followed by an output, or by what takes nothing of them but their result, so that nobody ever asks for the equals of what is in them. */
void sn_ir_list_inner_later(ir_program *p, ir_ref first)
{
    if (!p->unlisted || p->inner_end)
        p->inner_end = p->count;
    if (!p->unlisted)
        p->unlisted = first;
    p->constants_are_listed = false;
}

/* May it be equal to an operation that is not in the table? Not to what takes others than it does, nor to what stands before one that it takes. */
static bool may_be_unlisted(const ir_program *p, op_words w)
{
    const ir_ref taken[3] = {(ir_ref)(w.head >> 32), (ir_ref)w.tail, (ir_ref)(w.tail >> 32)};
    bool inner = false, behind = false;
    for (unsigned k = 0; k < sn_ir_info[w.head & HEAD_CODE].operands; k++) {
        inner |= taken[k] >= p->unlisted && p->ops[taken[k]].code != IR_CONST;
        behind |= taken[k] + 1 >= p->inner_end;
    }
    return !p->inner_end || (inner && !behind);
}

static __attribute__((noinline)) void list_now(ir_program *p)
{
    list_from(p, p->unlisted);
}

static __attribute__((noinline)) bool make_more_room(ir_program *p)
{
    if (p->count >= IR_MAX_OPERATIONS) {
        sn_ir_fail(p, SINTER_TOO_LARGE, "the program has more than 4,194,304 operations");
        return false;
    }
    return regrow(p, p->capacity * (p->capacity < LARGE_OPERATIONS ? 4 : 2));
}

static inline bool make_room(ir_program *p)
{
    return __builtin_expect(p->count < p->capacity, 1) || make_more_room(p);
}

void sn_ir_reserve(ir_program *p, uint32_t operations)
{
    uint32_t capacity = FIRST_OPERATIONS;
    while (capacity < operations && capacity < IR_MAX_OPERATIONS)
        capacity *= 2;
    if (p->status == SINTER_OK && capacity > p->capacity)
        regrow(p, capacity);
}

void sn_ir_open(ir_program *p, arena *memory, uint32_t rules)
{
    *p = (ir_program){.memory = memory, .rules = rules, .constants_are_listed = true};
    if (!grow(p, FIRST_OPERATIONS)) {
        static ir_op none; /* so that operation 0 can be read even now; nothing is ever written to it */
        p->ops = &none;
        p->count = 1;
        p->capacity = 1;
        return;
    }
    p->ops[0] = (ir_op){0};
    p->count = 1;
}

void sn_ir_take_operations(ir_program *p, const ir_program *from, uint32_t operations)
{
    uint32_t capacity = FIRST_OPERATIONS;
    while ((capacity < operations && capacity < IR_MAX_OPERATIONS) || capacity < from->count)
        capacity *= 2;
    if (p->status != SINTER_OK || (capacity > p->capacity && !grow(p, capacity)))
        return;
    memcpy(p->ops + 1, from->ops + 1, (from->count - 1) * sizeof *p->ops);
    p->count = from->count;
    p->has_functions = from->has_functions;
    p->has_settled = from->has_settled;
    p->unlisted = 1;
    p->inner_end = 0;
    p->constants_are_listed = false;
}

void sn_ir_take_over(ir_program *p, const ir_program *from)
{
    if (p->status != SINTER_OK)
        return;
    p->ops = from->ops;
    p->count = from->count;
    p->capacity = from->capacity;
    p->table = from->table;
    p->table_mask = from->table_mask;
    p->unlisted = from->unlisted;
    p->inner_end = from->inner_end;
    p->constants_are_listed = from->constants_are_listed;
    p->has_functions = from->has_functions;
    p->has_settled = from->has_settled;
}

static ir_ref append(ir_program *p, const ir_op *op)
{
    if (p->status != SINTER_OK || !make_room(p))
        return 0;
    p->ops[p->count] = *op;
    return p->count++;
}

/* The operation, or its equal that is there already. */
static inline ir_ref find_or_append(ir_program *p, op_words w)
{
    ir_op *ops = p->ops;
    uint32_t *table = p->table;
    const uint32_t mask = p->table_mask, count = p->count;
    uint32_t at = hash_words(w) & mask;
    for (uint32_t r; (r = table[at]) != 0; at = (at + 1) & mask) {
        const op_words there = words_of(&ops[r]);
        if (there.head == w.head && there.tail == w.tail)
            return r;
    }
    memcpy(&ops[count], &w, sizeof w);
    table[at] = count;
    p->count = count + 1;
    return count;
}

static inline ir_ref append_unlisted(ir_program *p, op_words w)
{
    memcpy(&p->ops[p->count], &w, sizeof w);
    p->unlisted = p->unlisted ? p->unlisted : p->count;
    p->inner_end = 0;
    return p->count++;
}

static __attribute__((noinline)) ir_ref append_with_care(ir_program *p, op_words w)
{
    if (p->status != SINTER_OK || !make_room(p))
        return 0;
    if (p->unlisted && (w.head & HEAD_CODE) == IR_CONST) {
        if (!p->constants_are_listed)
            list_constants(p);
    } else if (p->unlisted && may_be_unlisted(p, w)) {
        list_now(p);
    }
    return find_or_append(p, w);
}

/* What is seldom is called last and apart, so that nothing has to be kept in registers around it. */
static inline ir_ref append_words(ir_program *p, op_words w)
{
    const bool is_usual = p->status == SINTER_OK && p->count < p->capacity && !p->unlisted;
    return __builtin_expect(is_usual, 1) ? find_or_append(p, w) : append_with_care(p, w);
}

static ir_ref append_unique(ir_program *p, const ir_op *op)
{
    return append_words(p, words_of(op));
}

/* ---- types and axes ---- */

static ir_ref wrong_types(ir_program *p, const ir_op *op)
{
    if (p->status == SINTER_OK) {
        char message[SINTER_MESSAGE_SIZE];
        const ir_info *info = &sn_ir_info[op->code];
        const char *names[3] = {"", "", ""};
        for (unsigned k = 0; k < info->operands; k++) {
            const ir_ref r = sn_ir_operand(op, k);
            names[k] = r < p->count ? sn_ir_type_name(p->ops[r].type) : "missing";
        }
        snprintf(message, sizeof message, "%s does not take operands of type %s%s%s%s%s", info->name, names[0],
                 info->operands > 1 ? ", " : "", names[1], info->operands > 2 ? ", " : "", names[2]);
        sn_ir_fail(p, SINTER_BAD_PROGRAM, message);
    }
    return 0;
}

static bool is_float(unsigned type)
{
    return type == IR_F32 || type == IR_F64;
}

static bool is_number(unsigned type)
{
    return type == IR_F32 || type == IR_F64 || type == IR_I32;
}

static unsigned loaded_type(unsigned stored)
{
    return stored == IR_U8 || stored == IR_I16 ? IR_I32 : stored;
}

static bool has_memory(const ir_program *p, uint32_t k)
{
    return k < p->memory_count;
}

/* Settles the result's type; false where the operands do not fit. */
static bool settle_type(const ir_program *p, ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    for (unsigned k = 0; k < info->operands; k++) {
        const ir_ref r = sn_ir_operand(op, k);
        if (r == 0 || r >= p->count || p->ops[r].type == IR_VOID)
            return false;
    }
    const unsigned a = info->operands > 0 ? p->ops[op->a].type : 0;
    const unsigned b = info->operands > 1 ? p->ops[op->b].type : a;
    const unsigned c = info->operands > 2 ? p->ops[op->c].type : b;
    switch ((ir_rule)info->rule) {
    case IR_RULE_LEAF:
        return true;
    case IR_RULE_FLOAT:
        op->type = (uint8_t)a;
        return is_float(a) && a == b && b == c;
    case IR_RULE_NUMBER:
        op->type = (uint8_t)a;
        return is_number(a) && a == b;
    case IR_RULE_INT:
        op->type = IR_I32;
        return a == IR_I32 && b == IR_I32;
    case IR_RULE_LOGIC:
        op->type = (uint8_t)a;
        return (a == IR_I32 || a == IR_MASK) && a == b;
    case IR_RULE_COMPARE:
        op->type = IR_MASK;
        return is_number(a) && a == b;
    case IR_RULE_CHOOSE:
        op->type = (uint8_t)b;
        return a == IR_MASK && b == c;
    case IR_RULE_CONVERT:
        return is_number(a) && is_number(op->type);
    case IR_RULE_BITS:
        op->type = IR_I32;
        return a == IR_F32;
    case IR_RULE_FROM_BITS:
        op->type = IR_F32;
        return a == IR_I32;
    case IR_RULE_HALF:
        op->type = IR_I32;
        return a == IR_F64;
    case IR_RULE_PACK:
        op->type = IR_F64;
        return a == IR_I32 && b == IR_I32;
    case IR_RULE_LOAD:
        if (a != IR_I32 || !has_memory(p, op->b) || p->memories[op->b].kind == IR_LINE)
            return false;
        op->type = (uint8_t)loaded_type(p->memories[op->b].type);
        return true;
    case IR_RULE_READ: {
        const uint32_t line = op->code == IR_READ ? op->a : op->b;
        if (!has_memory(p, line) || p->memories[line].kind != IR_LINE || (op->code == IR_READV && a != IR_I32))
            return false;
        op->type = p->memories[line].type;
        return true;
    }
    case IR_RULE_PREPARED:
        if (p->ops[op->a].code != IR_PREPARE || op->c >= p->routine_count || op->b >= p->routines[op->c]->result_count)
            return false;
        op->type = p->routines[op->c]->types[op->b];
        return true;
    case IR_RULE_EFFECT:
        op->type = IR_VOID;
        switch (op->code) {
        case IR_WRITE:
            return has_memory(p, op->b) && p->memories[op->b].kind == IR_LINE && a == p->memories[op->b].type;
        case IR_STORE:
            return has_memory(p, op->c) && p->memories[op->c].kind == IR_CELLS && a == IR_I32
                   && b == loaded_type(p->memories[op->c].type);
        case IR_SUM:
            return is_float(a) && op->b < p->total_count;
        case IR_SUMP:
            return is_float(a) && a == b && op->c < p->total_count;
        case IR_OUTPUT:
            return op->b < p->output_count && a == p->outputs[op->b].type;
        case IR_ARGUMENT:
            return op->b < p->call_count && op->c < p->calls[op->b].type->inputs && a == IR_F32;
        default:
            return true;
        }
    }
    return false;
}

static unsigned leaf_axes(const ir_program *p, const ir_op *op)
{
    switch (op->code) {
    case IR_INPUT: case IR_INDEX: case IR_READ: case IR_READV: case IR_RESULT:
        return IR_AXIS_ELEMENT;
    case IR_PARAM: case IR_LENGTH:
        return IR_AXIS_SEGMENT;
    case IR_ROW:
        return IR_AXIS_ROW;
    case IR_COLUMN:
        return IR_AXIS_COLUMN;
    case IR_LOAD:
        return p->memories[op->b].kind == IR_BOUND ? IR_AXIS_SEGMENT
               : p->memories[op->b].kind == IR_CELLS ? IR_AXIS_ELEMENT : 0;
    default:
        return 0;
    }
}

static uint8_t axes_of(const ir_program *p, const ir_op *op)
{
    unsigned axes = leaf_axes(p, op);
    const unsigned operands = sn_ir_info[op->code].operands;
    if (operands > 0)
        axes |= p->ops[op->a].axes;
    if (operands > 1)
        axes |= p->ops[op->b].axes;
    if (operands > 2)
        axes |= p->ops[op->c].axes;
    return (uint8_t)axes;
}

/* ---- emitting ---- */

/* What a rule may look for among operands, and which rules look for what. Folding looks for constants throughout. */
enum { LOOKS_NEG = 1, LOOKS_ABS = 2, LOOKS_WHOLE = 4, LOOKS_UNIT = 8 /* 0, 1 and their negatives */, LOOKS_CONST = 16, LOOKS_BITS = 32 };

static const uint8_t looked_for[IR_CODES] = {
    [IR_CONST] = LOOKS_CONST, [IR_NEG] = LOOKS_NEG, [IR_ABS] = LOOKS_ABS, [IR_FROM_BITS] = LOOKS_BITS,
    [IR_FLOOR] = LOOKS_WHOLE, [IR_CEIL] = LOOKS_WHOLE, [IR_ROUND] = LOOKS_WHOLE, [IR_TRUNC] = LOOKS_WHOLE,
};

static const uint8_t looks_for[IR_CODES] = {
    [IR_ADD] = LOOKS_NEG | LOOKS_UNIT, [IR_SUB] = LOOKS_NEG | LOOKS_UNIT, [IR_MUL] = LOOKS_NEG | LOOKS_UNIT | LOOKS_BITS, [IR_DIV] = LOOKS_CONST,
    [IR_FMA] = LOOKS_NEG | LOOKS_UNIT | LOOKS_BITS, [IR_FMS] = LOOKS_NEG | LOOKS_UNIT | LOOKS_BITS,
    [IR_FNMA] = LOOKS_NEG | LOOKS_UNIT | LOOKS_BITS,
    [IR_NEG] = LOOKS_NEG, [IR_ABS] = LOOKS_NEG | LOOKS_ABS,
    [IR_FLOOR] = LOOKS_WHOLE, [IR_CEIL] = LOOKS_WHOLE, [IR_ROUND] = LOOKS_WHOLE, [IR_TRUNC] = LOOKS_WHOLE,
};

/* How many operands what computes with numbers has; 0: it is something else. */
static const uint8_t arithmetic_operands[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) \
    [IR_##NAME] = IR_RULE_##rule == IR_RULE_FLOAT || IR_RULE_##rule == IR_RULE_NUMBER ? operands : 0,
    SINTER_OPERATIONS(X)
#undef X
};

static inline uint32_t head_of(const ir_op *op)
{
    uint32_t head;
    memcpy(&head, op, sizeof head);
    return head;
}

static inline bool is_unit(const ir_op *op)
{
    if (op->code != IR_CONST)
        return false;
    const uint32_t high = (op->type == IR_F64 ? op->b : op->a) & 0x7FFFFFFF;
    return high == 0 || high == (op->type == IR_F64 ? 0x3FF00000u : 0x3F800000u);
}

static inline bool meets_rule(ir_code code, const ir_op *a, const ir_op *b, const ir_op *c)
{
    return (a->code == IR_CONST && b->code == IR_CONST) || ((looks_for[code] & LOOKS_UNIT) && (is_unit(a) || is_unit(b) || is_unit(c)));
}

/* The common case, at half the cost (150 instructions, not 300) of settle_type, the rules and axes_of: arithmetic in one type on
 * operands with which no rule has anything to do. Returns the operation's first word, type and axes settled; 0: it has to go the long
 * way. */
static inline uint32_t plain_head(const ir_program *p, ir_code code, uint8_t flags, uint32_t a, uint32_t b, uint32_t c)
{
    const unsigned operands = arithmetic_operands[code];
    const uint32_t second = operands > 1 ? b : a, third = operands > 2 ? c : a, last = p->count - 1;
    if (operands == 0 || a - 1 >= last || second - 1 >= last || third - 1 >= last || (operands == 2 && a == b))
        return 0;
    const ir_op *const ops = p->ops;
    const uint32_t x = head_of(&ops[a]), y = head_of(&ops[second]), z = head_of(&ops[third]);
    if (((x ^ y) | (x ^ z)) & HEAD_TYPE || !is_float((x & HEAD_TYPE) / (HEAD_CODE + 1)))
        return 0;
    const unsigned found = looked_for[x & HEAD_CODE] | looked_for[y & HEAD_CODE] | looked_for[z & HEAD_CODE];
    if (found & looks_for[code] || (found & LOOKS_CONST && meets_rule(code, &ops[a], &ops[second], &ops[third])))
        return 0;
    return (uint32_t)code | (x & HEAD_TYPE) | ((x | y | z) & HEAD_AXES) | (uint32_t)flags << 24;
}

/* The same of choices, comparisons, and logic of masks, which are a third of what is made of densities and their derivatives; where an operand is
 * a constant that rules might do something with, or two are one value, the way is the long one. */
static inline uint32_t mask_head(const ir_program *p, ir_code code, uint8_t flags, uint32_t a, uint32_t b, uint32_t c)
{
    const ir_info *info = &sn_ir_info[code];
    const uint32_t last = p->count - 1;
    const uint32_t second = info->operands > 1 ? b : a, third = info->operands > 2 ? c : a;
    if (a - 1 >= last || second - 1 >= last || third - 1 >= last)
        return 0;
    const uint32_t x = head_of(&p->ops[a]), y = head_of(&p->ops[second]), z = head_of(&p->ops[third]);
    const bool x_is_const = (x & HEAD_CODE) == IR_CONST, y_is_const = (y & HEAD_CODE) == IR_CONST;
    const uint32_t mask = IR_MASK * (HEAD_CODE + 1), rest = (uint32_t)code | ((x | y | z) & HEAD_AXES) | (uint32_t)flags << 24;
    switch (info->rule) {
    case IR_RULE_CHOOSE:
        return (x & HEAD_TYPE) == mask && !((y ^ z) & HEAD_TYPE) && y & HEAD_TYPE && !x_is_const && b != c ? rest | (y & HEAD_TYPE) : 0;
    case IR_RULE_COMPARE:
        return !((x ^ y) & HEAD_TYPE) && is_number((x & HEAD_TYPE) / (HEAD_CODE + 1)) && !(x_is_const && y_is_const) ? rest | mask : 0;
    case IR_RULE_LOGIC:
        return ((x & y) & HEAD_TYPE) == mask && !((x ^ y) & HEAD_TYPE) && !x_is_const && !y_is_const && info->operands == 2 && a != b ? rest | mask : 0;
    default:
        return 0;
    }
}

static bool is_function(const ir_op *op)
{
    return sn_ir_info[op->code].kind == IR_KIND_MATH || (op->code == IR_DIV && op->type == IR_I32);
}

ir_ref sn_ir_emit_settled(ir_program *p, const ir_op *settled)
{
    if (p->status != SINTER_OK)
        return 0;
    ir_op op = *settled;
    op.axes = axes_of(p, &op);
    p->has_functions |= is_function(&op);
    p->has_settled |= sn_ir_is_settled(&op);
    return has_identity(p, &op) ? append(p, &op) : append_unique(p, &op);
}

static __attribute__((noinline)) ir_ref append_settling(ir_program *p, op_words words)
{
    ir_op op;
    memcpy(&op, &words, sizeof op);
    const ir_ref settled = sn_ir_settle(p, &op);
    return settled ? settled : append_words(p, words);
}

/* An operation whose first word is settled and to which no rule applies. */
static inline ir_ref append_headed(ir_program *p, uint32_t head, uint32_t a, uint32_t b, uint32_t c)
{
    const op_words words = {head | (uint64_t)a << 32, b | (uint64_t)c << 32};
    return p->settling ? append_settling(p, words) : append_words(p, words);
}

static __attribute__((noinline)) ir_ref emit_any(ir_program *p, ir_code code, ir_type type, uint8_t flags, uint32_t a, uint32_t b, uint32_t c)
{
    if (p->status != SINTER_OK)
        return 0;
    const uint32_t head = code == IR_CONST ? (uint32_t)code | (uint32_t)type * (HEAD_CODE + 1) | (uint32_t)flags << 24 : mask_head(p, code, flags, a, b, c);
    if (head)
        return append_headed(p, head, a, b, c);
    ir_op op = {.code = (uint8_t)code, .type = (uint8_t)type, .flags = flags, .a = a, .b = b, .c = c};
    if (!settle_type(p, &op))
        return wrong_types(p, &op);
    if (p->rules & (IR_IDENTITY | IR_FOLD)) {
        const ir_ref simple = sn_ir_simplify(p, &op);
        if (simple)
            return simple;
    }
    const ir_ref settled = p->settling ? sn_ir_settle(p, &op) : 0;
    return settled ? settled : sn_ir_emit_settled(p, &op);
}

static inline ir_ref emit(ir_program *p, ir_code code, ir_type type, uint8_t flags, uint32_t a, uint32_t b, uint32_t c)
{
    const uint32_t head = plain_head(p, code, flags, a, b, c);
    if (!head)
        return emit_any(p, code, type, flags, a, b, c);
    p->has_functions |= sn_ir_info[code].kind == IR_KIND_MATH;
    return append_headed(p, head, a, b, c);
}

ir_ref sn_ir_emit_flagged(ir_program *p, ir_code code, ir_type type, uint8_t flags, uint32_t a, uint32_t b, uint32_t c)
{
    return emit(p, code, type, flags, a, b, c);
}

ir_ref sn_ir_emit(ir_program *p, ir_code code, ir_type type, uint32_t a, uint32_t b, uint32_t c)
{
    return emit(p, code, type, 0, a, b, c);
}

/* What is neither arithmetic nor a choice: offered to the rules as it is. */
static __attribute__((noinline)) ir_ref emit_other_copy(ir_program *p, const ir_op *source)
{
    ir_op op = *source;
    if (!settle_type(p, &op))
        return wrong_types(p, &op);
    const ir_ref simple = p->rules & (IR_IDENTITY | IR_FOLD) ? sn_ir_simplify(p, &op) : 0;
    if (simple)
        return simple;
    op.axes = axes_of(p, &op);
    return append_unlisted(p, words_of(&op));
}

ir_ref sn_ir_append_copy(ir_program *p, const ir_op *op)
{
    if (p->count + 1 >= p->capacity) /* no room */
        return sn_ir_emit_flagged(p, (ir_code)op->code, (ir_type)op->type, op->flags, op->a, op->b, op->c);
    op_words w = words_of(op);
    const uint32_t axes = (head_of(&p->ops[op->a]) | head_of(&p->ops[op->b]) | head_of(&p->ops[op->c])) & HEAD_AXES;
    w.head = (w.head & ~(uint64_t)HEAD_AXES) | axes;
    return append_unlisted(p, w);
}

ir_ref sn_ir_emit_copy(ir_program *p, const ir_op *op)
{
    if (p->status || p->settling || op->code == IR_CONST || sn_ir_info[op->code].kind != IR_KIND_PURE || p->count + 1 >= p->capacity)
        return sn_ir_emit_flagged(p, (ir_code)op->code, (ir_type)op->type, op->flags, op->a, op->b, op->c);
    const uint32_t plain = plain_head(p, op->code, op->flags, op->a, op->b, op->c);
    const uint32_t head = plain ? plain : mask_head(p, op->code, op->flags, op->a, op->b, op->c);
    if (!head)
        return emit_other_copy(p, op);
    return append_unlisted(p, (op_words){head | (uint64_t)op->a << 32, op->b | (uint64_t)op->c << 32});
}

ir_ref sn_ir_const_bits(ir_program *p, ir_type type, uint64_t bits)
{
    const ir_op op = {.code = IR_CONST, .type = (uint8_t)type, .a = (uint32_t)bits,
                      .b = type == IR_F64 ? (uint32_t)(bits >> 32) : 0};
    return append_unique(p, &op);
}

ir_ref sn_ir_f32(ir_program *p, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return sn_ir_const_bits(p, IR_F32, bits);
}

ir_ref sn_ir_f64(ir_program *p, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return sn_ir_const_bits(p, IR_F64, bits);
}

ir_ref sn_ir_i32(ir_program *p, int32_t value)
{
    return sn_ir_const_bits(p, IR_I32, (uint32_t)value);
}

ir_ref sn_ir_number(ir_program *p, ir_type type, double value)
{
    return type == IR_F64 ? sn_ir_f64(p, value) : type == IR_I32 ? sn_ir_i32(p, (int32_t)value)
                                                                 : sn_ir_f32(p, (float)value);
}

/* ---- streams, parameters, memory objects: short lists, doubled when a power of two is full ---- */

static void *one_more(ir_program *p, void *list, uint32_t count, size_t size)
{
    if (p->status != SINTER_OK)
        return NULL;
    const bool full = (count & (count - 1)) == 0;
    return full ? sn_arena_grow(p->memory, list, count * size, (count ? 2 * (size_t)count : 1) * size) : list;
}

static const char *keep_name(ir_program *p, const char *name)
{
    const char *copy = sn_arena_copy_text(p->memory, name, strlen(name));
    if (!copy)
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
    return copy;
}

#define APPEND(list, count, element)                                            \
    do {                                                                        \
        void *grown_ = one_more(p, p->list, p->count, sizeof *p->list);         \
        if (!grown_) {                                                          \
            sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");                   \
            return 0;                                                           \
        }                                                                       \
        p->list = grown_;                                                       \
        p->list[p->count] = element;                                            \
        return p->count++;                                                      \
    } while (0)

uint32_t sn_ir_add_input(ir_program *p, const char *name, ir_type type)
{
    const ir_stream stream = {keep_name(p, name), (uint8_t)type};
    APPEND(inputs, input_count, stream);
}

uint32_t sn_ir_add_output(ir_program *p, const char *name, ir_type type)
{
    const ir_stream stream = {keep_name(p, name), (uint8_t)type};
    APPEND(outputs, output_count, stream);
}

uint32_t sn_ir_add_total(ir_program *p, const char *name)
{
    const char *kept = keep_name(p, name);
    APPEND(totals, total_count, kept);
}

uint32_t sn_ir_add_param(ir_program *p, const ir_param *param)
{
    ir_param copy = *param;
    copy.name = keep_name(p, param->name);
    copy.unit = param->unit ? keep_name(p, param->unit) : "";
    APPEND(params, param_count, copy);
}

uint32_t sn_ir_add_memory(ir_program *p, const ir_memory *memory)
{
    ir_memory copy = *memory;
    copy.name = keep_name(p, memory->name);
    if (memory->kind == IR_TABLE) {
        const size_t bytes = (size_t)memory->length * sn_ir_type_size(memory->type);
        void *content = sn_arena_take(p->memory, bytes);
        if (!content) {
            sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
            return 0;
        }
        memcpy(content, memory->content, bytes);
        copy.content = content;
    }
    p->cells += memory->kind == IR_CELLS;
    APPEND(memories, memory_count, copy);
}

uint32_t sn_ir_add_call(ir_program *p, const ir_call *call)
{
    const ir_call copy = {keep_name(p, call->name), call->type};
    APPEND(calls, call_count, copy);
}

uint32_t sn_ir_add_routine(ir_program *p, const ir_routine *routine)
{
    const ir_routine **grown = one_more(p, p->routines, p->routine_count, sizeof(void *));
    if (!grown) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    p->routines = grown;
    p->routines[p->routine_count] = routine;
    return p->routine_count++;
}

uint32_t sn_ir_add_slopes(ir_program *p, const ir_slopes *slopes)
{
    APPEND(slopes, slope_count, *slopes);
}
