/* Calls of the library's functions, kept as operations for the next program.
 *
 * Of a graph that is edited nearly all nodes are what they were. Each is a call of a function of the library, which lowering works out anew every time: forty
 * thousand instructions for a filter, most of them to find its coefficients. What a call comes to depends on the function, on the types of its arguments, on those
 * that are constants or settled, and on the sample rate; and on nothing else. So a context keeps the operations and lines of each call that a player's programs make,
 * by exactly that, and programs that make it again copy them.
 *
 * A call is kept by lowering it once in a program of its own, where arguments that are no constants are inputs; so the operations assume nothing of what
 * the arguments are made of. They are offered to the local rules again when they are copied. Lines get their names where the call stands.
 *
 * What reads anything but its arguments, constants, the index and the rate (a table, an event, an image) is not kept, and this is. Nor is what has
 * no value yet. Whoever compiles holds the context's lock. */
#include "lang/kept_calls.h"

#include "base/decimal.h"
#include "kernel/kernels.h"

#include <string.h>

/* A graph of a thousand nodes takes a tenth of that. */
enum { PLACES = 1 << 12, MOST_BYTES = 1 << 22, MOST_CALLS = 4 * PLACES };

/* How an element of an argument stands in a key, with its type above. Literals are followed by two words, constants and settled values by one. */
enum { KEY_DEFAULT, KEY_LITERAL, KEY_CONSTANT, KEY_SETTLED, KEY_INPUT, KEY_TYPE = 8 };

typedef struct kept_part {
    ir_ref value;
    uint32_t near, far; /* among the call's memories, from 1; 0: none */
    uint8_t type;
} kept_part;

typedef struct kept_line {
    const char *name; /* within the call */
    uint32_t parts, count;
} kept_line;

struct kept_call {
    struct kept_call *next;
    uint64_t hash;
    uint64_t *key;
    uint32_t words;
    bool usable;
    bool reads_rate;
    ir_op *ops; /* operands by number among them; 1 … inputs are the arguments' numbers */
    uint32_t inputs, count, memory_count, line_count, part_count, steps;
    ir_memory *memories;
    kept_line *lines;
    kept_part *parts;
    lang_value *values; /* of the result, `ref` among the operations */
    uint16_t value_count;
    bool is_tuple;
};

/* ---- keys ---- */

static bool add_word(kept_key *key, uint64_t word)
{
    if (key->count == KEPT_KEY_WORDS)
        return false;
    key->words[key->count++] = word;
    return true;
}

static uint64_t bits_of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Of a number with many digits its value says so, as a rule, but it has to be looked at: then it is known, for whoever reads it next. */
static bool is_exact(lang_literal *literal, const char *text)
{
    float nearest;
    if (literal->known == LITERAL_EXACT)
        return true;
    if (sn_decimal_read_f32(text + literal->at, literal->length, &nearest) == 0 || nearest < (float)literal->value || nearest > (float)literal->value)
        return false;
    literal->known = LITERAL_EXACT;
    return true;
}

/* A number as written is the same number to everyone who reads it as one, if its value settles that: not where the nearest f32 is found in the text only. */
static bool add_literal(const lowering *l, lang_value v, kept_key *key)
{
    lang_literal *literal = &l->t->literals[v.ref];
    const bool hexadecimal = literal->length > 1 && (l->t->source.text[literal->at + 1] | 0x20) == 'x';
    if (!is_exact(literal, l->t->source.text))
        return false;
    const unsigned how = (literal->whole ? 1u : 0u) | (v.negated ? 2u : 0u) | (hexadecimal ? 4u : 0u);
    return add_word(key, KEY_LITERAL | (uint64_t)how << KEY_TYPE) && add_word(key, bits_of_f64(literal->value));
}

static bool add_element(const lowering *l, lang_value v, kept_key *key)
{
    if (v.type == TYPE_LITERAL)
        return add_literal(l, v, key);
    if ((v.type != IR_F32 && v.type != IR_F64 && v.type != IR_I32) || v.ref == 0 || v.ref >= l->p->count)
        return false;
    const ir_op *op = &l->p->ops[v.ref];
    const uint64_t type = (uint64_t)v.type << KEY_TYPE;
    if (op->code == IR_CONST)
        return add_word(key, KEY_CONSTANT | type) && add_word(key, sn_ir_bits(l->p, v.ref));
    if (sn_ir_is_settled(op))
        return add_word(key, KEY_SETTLED | type) && add_word(key, sn_ir_settled_bits(op));
    key->inputs++;
    return add_word(key, KEY_INPUT | type);
}

static bool add_argument(const lowering *l, lang_value v, kept_key *key)
{
    bool good = add_word(key, v.count);
    for (uint32_t k = 0; good && k < v.count; k++)
        good = add_element(l, sn_lang_element(l, v, k), key);
    return good;
}

void sn_lang_kept_key(const lowering *l, const lang_library_item *item, const lang_value *arguments, kept_key *key)
{
    key->count = key->inputs = 0;
    if (!l->options->calls || l->dry || l->silent) /* silent: within one that is lowered to be kept */
        return;
    bool good = add_word(key, (uint64_t)(uintptr_t)item) && add_word(key, (uint64_t)l->type << 32 | l->p->rules) && add_word(key, bits_of_f64(l->options->rate));
    for (uint32_t k = 0; good && k < item->count; k++)
        good = arguments[k].count == 0 ? add_word(key, KEY_DEFAULT) : add_argument(l, arguments[k], key);
    if (!good)
        key->count = 0;
}

static uint64_t hash_of(const kept_key *key)
{
    uint64_t h = key->count;
    for (uint32_t k = 0; k < key->count; k++) {
        h = (h ^ key->words[k]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    /* Places go by the low bits, and what tells small whole numbers from each other is in the high half of an f64. */
    h = (h ^ h >> 32) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

static struct kept_call **place_of(struct kept_calls *all, uint64_t hash)
{
    if (!all->places)
        all->places = sn_arena_take_zeroed(&all->memory, PLACES * sizeof(void *));
    return all->places ? &all->places[hash & (PLACES - 1)] : NULL;
}

static const struct kept_call *find(struct kept_calls *all, const kept_key *key, uint64_t hash)
{
    struct kept_call *const *place = place_of(all, hash);
    const struct kept_call *c = place ? *place : NULL;
    while (c && !(c->hash == hash && c->words == key->count && memcmp(c->key, key->words, key->count * sizeof *key->words) == 0))
        c = c->next;
    return c;
}

void sn_lang_trim_kept_calls(struct kept_calls *all)
{
    if (all->bytes < MOST_BYTES && all->count < MOST_CALLS)
        return;
    sn_arena_rewind(&all->memory);
    all->places = NULL;
    all->bytes = all->count = 0;
}

/* ---- copying ---- */

/* The numbers that the operations take, in their order. */
static void take_inputs(const lowering *l, const lang_library_item *item, const lang_value *arguments, ir_ref *map)
{
    for (uint32_t k = 0; k < item->count; k++)
        for (uint32_t e = 0; e < arguments[k].count; e++) {
            const lang_value v = sn_lang_element(l, arguments[k], e);
            if (v.type != TYPE_LITERAL && l->p->ops[v.ref].code != IR_CONST && !sn_ir_is_settled(&l->p->ops[v.ref]))
                *map++ = v.ref;
        }
}

static ir_ref copy_operation(lowering *l, const ir_op *op, const ir_ref *map, const uint32_t *memories)
{
    const unsigned operands = sn_ir_info[op->code].operands;
    if (op->code == IR_CONST)
        return sn_ir_const_bits(l->p, (ir_type)op->type, op->a | (uint64_t)op->b << 32);
    if (sn_ir_is_settled(op))
        return sn_ir_settled(l->p, l->p->ops[l->rate].a, (ir_type)op->type, sn_ir_settled_bits(op));
    if (op->code == IR_READ)
        return sn_ir_emit(l->p, IR_READ, (ir_type)op->type, memories[op->a], op->b, 0);
    if (op->code == IR_READV)
        return sn_ir_emit(l->p, IR_READV, (ir_type)op->type, map[op->a], memories[op->b], 0);
    return sn_ir_emit_flagged(l->p, (ir_code)op->code, (ir_type)op->type, op->flags, operands > 0 ? map[op->a] : op->a,
                              operands > 1 ? map[op->b] : op->b, operands > 2 ? map[op->c] : op->c);
}

static void copy_lines(lowering *l, const struct kept_call *c, const ir_ref *map, const uint32_t *memories)
{
    lang_line_part parts[LANG_MAX_TUPLE];
    for (uint32_t k = 0; k < c->line_count; k++) {
        const kept_line *line = &c->lines[k];
        for (uint32_t i = 0; i < line->count; i++) {
            const kept_part *part = &c->parts[line->parts + i];
            parts[i] = (lang_line_part){.near = part->near ? memories[part->near - 1] + 1 : 0, .far = part->far ? memories[part->far - 1] + 1 : 0,
                                        .value = map[part->value], .type = part->type};
        }
        sn_lang_add_line(l, line->name, parts, line->count);
    }
}

static lang_value copy_value(lowering *l, const struct kept_call *c, const ir_ref *map)
{
    if (!c->is_tuple)
        return sn_lang_scalar(map[c->values[0].ref], c->values[0].type);
    const uint32_t place = sn_lang_pool(l, c->value_count);
    for (uint32_t k = 0; place && k < c->value_count; k++)
        l->pool[place + k] = sn_lang_scalar(map[c->values[k].ref], c->values[k].type);
    return place ? (lang_value){.ref = place, .count = c->value_count, .type = TYPE_TUPLE} : sn_lang_wrong();
}

/* In a frame of its own, by which the lines are named. */
static bool copy(lowering *l, const struct kept_call *c, uint32_t node, uint32_t function, const lang_value *arguments, lang_value *value)
{
    const lang_library_item *item = l->t->functions[function].item;
    ir_ref *map = sn_arena_take(l->memory, c->count * sizeof *map);
    uint32_t *memories = sn_arena_take(l->memory, (c->memory_count + 1) * sizeof *memories);
    *value = sn_lang_wrong();
    if (!map || !memories) {
        l->t->out_of_memory = true;
        return true;
    }
    if (!sn_lang_enter(l, function, node, l->t->lists[l->t->nodes[node].b + 1]))
        return true;
    if (c->reads_rate)
        sn_lang_need_rate(l);
    map[0] = 0;
    take_inputs(l, item, arguments, map + 1);
    for (uint32_t k = 0; k < c->memory_count; k++)
        memories[k] = sn_ir_add_memory(l->p, &c->memories[k]);
    const ir_settling *settling = l->p->settling; /* what could be settled is: arguments that are inputs here have no value yet */
    l->p->settling = NULL;
    for (uint32_t r = c->inputs + 1; r < c->count; r++)
        map[r] = c->ops[r].code == IR_PARAM && !sn_ir_is_settled(&c->ops[r]) ? l->rate : copy_operation(l, &c->ops[r], map, memories);
    l->p->settling = settling;
    copy_lines(l, c, map, memories);
    *value = copy_value(l, c, map);
    l->steps += c->steps;
    sn_lang_leave(l);
    return true;
}

bool sn_lang_take_kept_call(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, const kept_key *key, lang_value *value)
{
    const struct kept_call *c = key->count ? find(l->options->calls, key, hash_of(key)) : NULL;
    return c && c->usable && copy(l, c, node, function, arguments, value);
}

/* ---- keeping ---- */

/* What the lowering is given back when the call has been lowered in a program of its own. */
typedef struct kept_aside {
    ir_program *program;
    ir_ref rate;
    lang_memo *memos;
    uint32_t memo_count, memo_mask, line_count, part_count, future_count, reading_count, image_count, unsettled, unread, steps, statement;
    bool silent;
} kept_aside;

static kept_aside set_aside(lowering *l, ir_program *own)
{
    const kept_aside was = {.program = l->p, .rate = l->rate, .memos = l->memos, .memo_count = l->memo_count, .memo_mask = l->memo_mask,
                            .line_count = l->line_count, .part_count = l->part_count, .future_count = l->future_count, .reading_count = l->reading_count,
                            .image_count = l->image_count, .unsettled = l->unsettled, .unread = l->unread, .steps = l->steps, .statement = l->statement, .silent = l->silent};
    l->p = own;
    l->rate = 0;
    l->memos = NULL;
    l->memo_count = l->memo_mask = 0;
    l->silent = true;
    return was;
}

/* False where the call left something behind that is none of its own. */
static bool take_back(lowering *l, const kept_aside *was)
{
    const bool clean = !l->too_large && l->future_count == was->future_count && l->reading_count == was->reading_count && l->image_count == was->image_count
                       && l->unsettled == was->unsettled && l->unread == was->unread;
    l->p = was->program;
    l->rate = was->rate;
    l->memos = was->memos;
    l->memo_count = was->memo_count;
    l->memo_mask = was->memo_mask;
    l->line_count = was->line_count;
    l->part_count = was->part_count;
    l->unsettled = was->unsettled;
    l->unread = was->unread;
    l->steps = was->steps;
    l->statement = was->statement;
    l->silent = was->silent;
    return clean;
}

/* The element in the program `own`, which the lowering's is already: a number that stands for itself, or an input. */
static lang_value element_in(lowering *l, const ir_program *from, lang_value v)
{
    if (v.type == TYPE_LITERAL)
        return v;
    const ir_op *op = &from->ops[v.ref];
    if (op->code == IR_CONST)
        v.ref = sn_ir_const_bits(l->p, (ir_type)op->type, sn_ir_bits(from, v.ref));
    else if (sn_ir_is_settled(op)) {
        sn_lang_need_rate(l);
        v.ref = sn_ir_settled(l->p, l->p->ops[l->rate].a, (ir_type)op->type, sn_ir_settled_bits(op));
    } else {
        v.ref = sn_ir_emit(l->p, IR_INPUT, (ir_type)v.type, sn_ir_add_input(l->p, "", (ir_type)v.type), 0, 0);
    }
    return v;
}

static bool arguments_in(lowering *l, const ir_program *from, const lang_library_item *item, const lang_value *arguments, lang_value *own)
{
    for (uint32_t k = 0; k < item->count; k++) {
        own[k] = arguments[k];
        if (arguments[k].count == 0)
            continue;
        if (arguments[k].type != TYPE_TUPLE) {
            own[k] = element_in(l, from, arguments[k]);
            continue;
        }
        const uint32_t place = sn_lang_pool(l, arguments[k].count);
        if (!place)
            return false;
        for (uint32_t e = 0; e < arguments[k].count; e++) {
            const lang_value v = element_in(l, from, sn_lang_element(l, arguments[k], e));
            l->pool[place + e] = v;
        }
        own[k].ref = place;
    }
    return true;
}

static bool is_copied(const ir_op *op)
{
    const unsigned kind = sn_ir_info[op->code].kind;
    return kind == IR_KIND_PURE || kind == IR_KIND_MATH || op->code == IR_CONST || op->code == IR_INPUT || op->code == IR_PARAM || op->code == IR_INDEX
           || op->code == IR_READ || op->code == IR_READV;
}

/* The operations that are needed, numbered behind the inputs; false where one of them is none that may be kept. */
static bool keep_operations(struct kept_call *c, const ir_program *p, const uint8_t *needed, ir_ref *map, arena *memory)
{
    c->count = c->inputs + 1;
    for (ir_ref r = 1; r < p->count; r++)
        c->count += needed[r] && p->ops[r].code != IR_INPUT;
    c->ops = sn_arena_take_zeroed(memory, c->count * sizeof *c->ops);
    uint32_t next = c->inputs + 1;
    for (ir_ref r = 1; c->ops && r < p->count; r++) {
        ir_op op = p->ops[r];
        if (op.code == IR_INPUT)
            map[r] = 1 + op.a;
        if (!needed[r] || op.code == IR_INPUT)
            continue;
        if (!is_copied(&op))
            return false;
        const unsigned operands = sn_ir_info[op.code].operands;
        op.a = operands > 0 ? map[op.a] : op.a;
        op.b = operands > 1 ? map[op.b] : op.b;
        op.c = operands > 2 ? map[op.c] : op.c;
        c->ops[map[r] = next++] = op;
    }
    return c->ops != NULL;
}

static bool keep_lines(struct kept_call *c, const lowering *l, const kept_aside *was, size_t prefix, const ir_ref *map, arena *memory)
{
    c->line_count = l->line_count - was->line_count;
    c->part_count = l->part_count - was->part_count;
    c->lines = sn_arena_take(memory, (c->line_count + 1) * sizeof *c->lines);
    c->parts = sn_arena_take(memory, (c->part_count + 1) * sizeof *c->parts);
    if (!c->lines || !c->parts)
        return false;
    for (uint32_t k = 0; k < c->line_count; k++) {
        const lang_line *line = &l->lines[was->line_count + k];
        const char *name = line->name + prefix;
        c->lines[k] = (kept_line){sn_arena_copy_text(memory, name, strlen(name)), line->parts - was->part_count, line->count};
        if (!c->lines[k].name)
            return false;
    }
    for (uint32_t k = 0; k < c->part_count; k++) {
        const lang_line_part *part = &l->parts[was->part_count + k];
        c->parts[k] = (kept_part){map[part->value], part->near, part->far, part->type};
    }
    return true;
}

static bool keep_memories(struct kept_call *c, const ir_program *p, arena *memory)
{
    c->memory_count = p->memory_count;
    c->memories = sn_arena_take(memory, (p->memory_count + 1) * sizeof *c->memories);
    for (uint32_t k = 0; c->memories && k < p->memory_count; k++) {
        c->memories[k] = p->memories[k];
        c->memories[k].name = ""; /* they get one when all is lowered */
    }
    return c->memories != NULL;
}

static bool keep_value(struct kept_call *c, const lowering *l, lang_value v, const ir_ref *map, arena *memory)
{
    c->is_tuple = v.type == TYPE_TUPLE;
    c->value_count = v.count;
    c->values = sn_arena_take(memory, v.count * sizeof *c->values);
    for (uint32_t k = 0; c->values && k < v.count; k++) {
        c->values[k] = sn_lang_element(l, v, k);
        c->values[k].ref = map[c->values[k].ref];
    }
    return c->values != NULL;
}

static bool is_number(const lowering *l, lang_value v)
{
    return (v.type == IR_F32 || v.type == IR_F64 || v.type == IR_I32) && v.ref > 0 && v.ref < l->p->count;
}

/* Marks what the result and the lines need; false where the program is not one of the call alone, or a value is not known. */
static bool mark_needed(const lowering *l, const kept_aside *was, lang_value v, uint8_t *needed)
{
    const ir_program *p = l->p;
    bool good = p->status == SINTER_OK && p->call_count == 0 && p->total_count == 0 && p->param_count <= 1 && v.count > 0;
    for (uint32_t k = 0; k < p->memory_count; k++)
        good &= p->memories[k].kind == IR_LINE;
    for (uint32_t k = 0; good && k < v.count; k++) {
        const lang_value e = sn_lang_element(l, v, k);
        good = is_number(l, e);
        if (good)
            needed[e.ref] = 1;
    }
    for (uint32_t k = was->part_count; good && k < l->part_count; k++) {
        good = l->parts[k].deferred.count == 0 && l->parts[k].value > 0 && l->parts[k].value < p->count;
        if (good)
            needed[l->parts[k].value] = 1;
    }
    for (ir_ref r = p->count; good && --r > 0;)
        for (unsigned k = 0; needed[r] && k < sn_ir_info[p->ops[r].code].operands; k++)
            needed[sn_ir_operand(&p->ops[r], k)] = 1;
    return good;
}

/* The call in a program of its own, into `c`. */
static bool lower_alone(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, struct kept_call *c, arena *memory)
{
    const uint32_t which = l->t->lists[l->t->nodes[node].b + 1];
    lang_value own[LANG_MAX_TUPLE], v = sn_lang_wrong();
    ir_program p;
    sn_ir_open(&p, l->memory, l->p->rules);
    p.settling = l->p->settling;
    if (!sn_lang_enter(l, function, node, which))
        return false;
    const size_t prefix = sn_lang_path_length(l);
    sn_lang_leave(l);
    const kept_aside was = set_aside(l, &p);
    if (arguments_in(l, was.program, l->t->functions[function].item, arguments, own))
        v = sn_lang_instance(l, node, function, own, which);
    uint8_t *needed = sn_arena_take_zeroed(l->memory, p.count + 1);
    ir_ref *map = sn_arena_take_zeroed(l->memory, (p.count + 1) * sizeof *map);
    c->inputs = p.input_count;
    c->reads_rate = p.param_count > 0;
    c->steps = l->steps - was.steps;
    const bool good = needed && map && mark_needed(l, &was, v, needed) && keep_operations(c, &p, needed, map, memory)
                      && keep_lines(c, l, &was, prefix, map, memory) && keep_memories(c, &p, memory) && keep_value(c, l, v, map, memory);
    return take_back(l, &was) && good;
}

bool sn_lang_keep_call(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, const kept_key *key, lang_value *value)
{
    struct kept_calls *all = key->count ? l->options->calls : NULL;
    const uint64_t hash = all ? hash_of(key) : 0;
    if (!all || find(all, key, hash))
        return false; /* not to be kept, as was seen before */
    struct kept_call **place = place_of(all, hash), *c = sn_arena_take_zeroed(&all->memory, sizeof *c);
    uint64_t *words = sn_arena_take(&all->memory, key->count * sizeof *words);
    if (!place || !c || !words)
        return false;
    memcpy(words, key->words, key->count * sizeof *words);
    c->usable = lower_alone(l, node, function, arguments, c, &all->memory);
    if (l->t->out_of_memory || l->memory->failed || all->memory.failed)
        return false;
    c->key = words;
    c->words = key->count;
    c->hash = hash;
    c->next = *place;
    *place = c;
    all->count++;
    all->bytes += sizeof *c + key->count * sizeof *words
                  + (c->usable ? c->count * sizeof *c->ops + c->memory_count * sizeof *c->memories + c->line_count * 2 * sizeof *c->lines : 0);
    return c->usable && copy(l, c, node, function, arguments, value);
}
