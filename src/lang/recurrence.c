/* The past of values: y', delay(x, n), and the types of recurrences.
 *
 * Lines. A value whose past is read gets, for each of its elements, up to two delay lines: a near one for
 * what lies at most NEAR elements back, which engines can keep in registers, and a far one. They come into
 * being at the first read and are written when everything else has been lowered, so a read may stand above
 * the definition. State is found again by name after an edit: y, or f.y in the first call of f, f#2.y in the
 * second, f[3].y in the term i = 3 of a sum; elements of tuples add .0, .1; the far line of two adds ~; a
 * delay of what has no name is delay#1, delay#2. A call of a function in C is named as one of the text is: f, f#2.
 *
 * Types. In y = x + 0.5*y' the type of y' is that of y, which depends on that of y'. The statements from the
 * one that reads ahead to the one that binds are run dry: the past begins as a number of unknown type, which
 * takes on whatever it meets; what comes out is tried again until it comes out as it went in. Types only ever
 * widen (i32, then f32, then f64), so this ends after a few rounds; a chain of recurrences each of which only
 * learns its type from the next is cut off after ROUNDS, with an error that asks for a conversion. */
#include "lang/lowering.h"

#include "opt/flush.h"

#include <math.h>
#include <string.h>

enum { NEAR = 8, ROUNDS = 8 };

/* ---- names ---- */

static void add_text(char *path, size_t room, size_t *length, const char *text, size_t count)
{
    if (count > room - 1 - *length)
        count = room - 1 - *length;
    memcpy(path + *length, text, count);
    *length += count;
    path[*length] = 0;
}

static void add_number(char *path, size_t room, size_t *length, const char *before, uint32_t number,
                       const char *after)
{
    char digits[12];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    add_text(path, room, length, before, strlen(before));
    add_text(path, room, length, digits + at, sizeof digits - at);
    add_text(path, room, length, after, strlen(after));
}

static void add_loops(const lowering *l, char *path, size_t room, size_t *length, uint32_t from, uint32_t to)
{
    for (uint32_t k = from; k < to; k++) {
        const int32_t i = l->loops[k];
        add_number(path, room, length, i < 0 ? "[-" : "[", i < 0 ? 0u - (uint32_t)i : (uint32_t)i, "]");
    }
}

/* The path of what has state in the frame given: a call adds its function's name. `text` is the last part. */
static const char *path_name(lowering *l, uint32_t frame, const char *text, size_t text_length,
                             uint32_t which, bool in_loops)
{
    enum { ROOM = LANG_MAX_CALLS * (LANG_MAX_NAME + 64) + LANG_MAX_NESTING * 16 };
    const size_t room = ROOM;
    size_t length = 0;
    if (!l->path)
        l->path = sn_arena_take(l->memory, room);
    char *path = l->path;
    if (!path) {
        l->t->out_of_memory = true;
        return "";
    }
    path[0] = 0;
    for (uint32_t k = 1; k <= frame; k++) {
        const lang_frame *f = &l->frames[k];
        const uint32_t symbol = l->t->functions[f->function].symbol;
        add_text(path, room, &length, sn_lang_symbol_text(l->t, symbol), l->t->symbols[symbol].length);
        if (f->which > 1)
            add_number(path, room, &length, "#", f->which, "");
        add_loops(l, path, room, &length, l->frames[k - 1].loop_base, f->loop_base);
        add_text(path, room, &length, ".", 1);
    }
    add_text(path, room, &length, text, text_length);
    if (which)
        add_number(path, room, &length, "#", which, "");
    if (in_loops)
        add_loops(l, path, room, &length, l->frames[frame].loop_base, l->loop_count);
    const char *name = sn_arena_copy_text(l->memory, path, length);
    l->t->out_of_memory |= !name;
    return name ? name : "";
}

const char *sn_lang_call_name(lowering *l, uint32_t symbol, uint32_t which)
{
    return path_name(l, l->frame, sn_lang_symbol_text(l->t, symbol), l->t->symbols[symbol].length, which > 1 ? which : 0, true);
}

size_t sn_lang_path_length(lowering *l)
{
    return strlen(path_name(l, l->frame, "", 0, 0, false));
}

/* ---- lines ---- */

lang_value sn_lang_settled(const lowering *l, lang_value v)
{
    if (v.type == TYPE_DEFERRED)
        return sn_lang_scalar(0, sn_lang_deferred_type(l, v));
    if (v.type == TYPE_LITERAL || v.type == IR_MASK)
        return sn_lang_scalar(0, l->type);
    v.ref = v.type == TYPE_TUPLE ? v.ref : 0;
    return v;
}

/* Room for one more line of so many parts; false after an error. */
static bool make_room(lowering *l, uint32_t parts)
{
    if (l->line_count >= LANG_MAX_LINES) {
        sn_lang_too_large(l, l->t->statements[l->statement].at,
                          "the program has more than 65,536 delay lines");
        return false;
    }
    if (l->line_count == l->line_room) {
        lang_line *grown = sn_lang_more(l, l->lines, l->line_count, &l->line_room, sizeof *grown);
        if (!grown)
            return false;
        l->lines = grown;
    }
    while (l->part_room - l->part_count < parts) {
        lang_line_part *grown = sn_lang_more(l, l->parts, l->part_count, &l->part_room, sizeof *grown);
        if (!grown)
            return false;
        l->parts = grown;
    }
    return true;
}

static uint32_t new_line(lowering *l, const char *name, lang_value shape)
{
    if (!make_room(l, shape.count))
        return 0;
    for (uint32_t k = 0; k < shape.count; k++)
        l->parts[l->part_count + k] = (lang_line_part){.type = sn_lang_settled(l, sn_lang_element(l, shape, k)).type};
    l->lines[l->line_count] = (lang_line){.parts = l->part_count, .count = shape.count, .name = name};
    l->part_count += shape.count;
    return l->line_count++;
}

void sn_lang_add_line(lowering *l, const char *name, const lang_line_part *parts, uint32_t count)
{
    const char *path = path_name(l, l->frame, name, strlen(name), 0, false);
    if (!make_room(l, count))
        return;
    memcpy(l->parts + l->part_count, parts, count * sizeof *parts);
    l->lines[l->line_count++] = (lang_line){.parts = l->part_count, .count = (uint16_t)count, .name = path};
    l->part_count += count;
}

bool sn_lang_line_value(lowering *l, uint32_t line, lang_value v)
{
    const lang_line *found = &l->lines[line];
    if (v.type == TYPE_WRONG)
        return true;
    if (v.count != found->count)
        return false;
    for (uint32_t k = 0; k < v.count; k++) {
        lang_line_part *part = &l->parts[found->parts + k];
        lang_value e = sn_lang_element(l, v, k);
        if (e.type == TYPE_WRONG)
            continue;
        if (sn_lang_settled(l, e).type != part->type)
            return false;
        if (e.type == TYPE_DEFERRED)
            part->deferred = e;
        else
            part->value = sn_lang_to(l, 0, e, part->type).ref;
    }
    return true;
}

/* The memory object of one part that reaches `n` back. */
static uint32_t memory_for(lowering *l, lang_line_part *part, uint32_t n)
{
    uint32_t *memory = n <= NEAR ? &part->near : &part->far;
    if (!*memory) {
        const ir_memory line = {.name = "", .length = n, .kind = IR_LINE, .type = part->type};
        *memory = sn_ir_add_memory(l->p, &line) + 1;
    }
    if (l->p->status != SINTER_OK)
        return 0;
    ir_memory *m = &l->p->memories[*memory - 1];
    if (m->length < n)
        m->length = n;
    return *memory - 1;
}

static lang_value read_part(lowering *l, uint32_t line, uint32_t k, uint32_t n)
{
    const lang_line *found = &l->lines[line];
    lang_line_part *part = &l->parts[found->parts + (found->count > 1 ? k : 0)];
    if (part->type == TYPE_WRONG)
        return sn_lang_wrong();
    const uint32_t memory = memory_for(l, part, n);
    return sn_lang_scalar(sn_ir_emit(l->p, IR_READ, (ir_type)part->type, memory, n, 0), part->type);
}

/* Of all varying reads; 0 until there is one. */
static void note_shortest(lowering *l, uint32_t memory, ir_ref delay)
{
    if (l->p->status != SINTER_OK)
        return;
    ir_memory *m = &l->p->memories[memory];
    const int32_t low = sn_ir_range(l->p, delay).low;
    const uint32_t least = low > 1 ? (uint32_t)low : 1;
    if (!m->shortest || least < m->shortest)
        m->shortest = least;
}

static lang_value read_part_varying(lowering *l, uint32_t node, uint32_t line, uint32_t k, lang_value n,
                                    uint32_t most)
{
    const lang_line *found = &l->lines[line];
    lang_line_part *part = &l->parts[found->parts + (found->count > 1 ? k : 0)];
    if (part->type == TYPE_WRONG || n.type == TYPE_WRONG)
        return sn_lang_wrong();
    n = sn_lang_to(l, node, n, IR_I32);
    const uint32_t memory = memory_for(l, part, most);
    /* The line may reach further back for other reads, so the upper bound is its reader's business. */
    const ir_ref bounded = sn_ir_emit(l->p, IR_MIN, IR_I32, n.ref, sn_ir_i32(l->p, (int32_t)most), 0);
    note_shortest(l, memory, bounded);
    return sn_lang_scalar(sn_ir_emit(l->p, IR_READV, (ir_type)part->type, bounded, memory, 0), part->type);
}

lang_value sn_lang_shape(lowering *l, lang_value v)
{
    if (v.type != TYPE_TUPLE)
        return sn_lang_settled(l, v);
    const uint32_t place = sn_lang_pool(l, v.count);
    if (!place)
        return sn_lang_wrong();
    for (uint32_t k = 0; k < v.count; k++)
        l->pool[place + k] = sn_lang_settled(l, sn_lang_element(l, v, k));
    v.ref = place;
    return v;
}

/* ---- reads ---- */

bool sn_lang_past_is_legal(lowering *l, uint32_t node)
{
    if (l->options->patch || l->checking)
        return true;
    sn_lang_complain(l, node, "only a patch has state", "a field has no past");
    return false;
}

/* What is known of a slot whose past is read: its value, or what the recurrence was found to be. */
static bool slot_shape(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol, lang_value *shape)
{
    const lang_slot *s = &l->slots[slot];
    const char *const name = sn_lang_symbol_text(l->t, symbol);
    if (s->state == SLOT_INDEX || s->state == SLOT_ACCUMULATED || s->state == SLOT_TABLE) {
        sn_lang_complain(l, node, NULL, "%s '%.*s' has no past",
                         s->state == SLOT_INDEX ? "the index" : s->state == SLOT_TABLE ? "the table" : "what is accumulated as",
                         sn_lang_shown(l->t, symbol), name);
        return false;
    }
    if (s->state == SLOT_GROUPED) {
        sn_lang_complain(l, node, NULL, "a parameter of several numbers has no past");
        return false;
    }
    if (s->state == SLOT_BOUND || s->state == SLOT_DEFERRED)
        *shape = s->value;
    else if (s->expected.count)
        *shape = s->expected;
    else if (l->dry)
        *shape = sn_lang_scalar(0, TYPE_UNKNOWN);
    else {
        sn_lang_complain(l, node, "bind it above the call",
                         "'%.*s' is not bound yet where this function is called", sn_lang_shown(l->t, symbol),
                         name);
        return false;
    }
    return true;
}

static uint32_t line_of_slot(lowering *l, uint32_t slot, uint32_t symbol, lang_value shape)
{
    if (l->slots[slot].line)
        return l->slots[slot].line;
    const uint32_t frame = slot > l->frames[l->frame].base ? l->frame : 0;
    const char *name =
        path_name(l, frame, sn_lang_symbol_text(l->t, symbol), l->t->symbols[symbol].length, 0, false);
    const uint32_t line = new_line(l, name, shape);
    l->slots[slot].line = line;
    if (line && (l->slots[slot].state == SLOT_BOUND || l->slots[slot].state == SLOT_DEFERRED))
        sn_lang_line_value(l, line, sn_lang_resolved(l, l->slots[slot].value));
    return line;
}

static lang_value read_line(lowering *l, uint32_t line, uint32_t n)
{
    const uint16_t count = l->lines[line].count;
    if (count == 1)
        return read_part(l, line, 0, n);
    const uint32_t place = sn_lang_pool(l, count);
    if (!place)
        return sn_lang_wrong();
    for (uint32_t k = 0; k < count; k++) {
        const lang_value e = read_part(l, line, k, n);
        l->pool[place + k] = e;
    }
    return (lang_value){.ref = place, .count = count, .type = TYPE_TUPLE};
}

lang_value sn_lang_past(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol, uint32_t n)
{
    lang_value shape;
    if (!sn_lang_past_is_legal(l, node) || !slot_shape(l, node, slot, symbol, &shape))
        return sn_lang_wrong();
    if (shape.type == TYPE_WRONG) {
        l->unsettled = l->dry ? l->unsettled : node;
        return sn_lang_wrong();
    }
    if (l->dry)
        return sn_lang_shape(l, shape);
    const uint32_t line = line_of_slot(l, slot, symbol, shape);
    return line ? read_line(l, line, n) : sn_lang_wrong();
}

/* ---- delay ---- */

typedef struct delayed {
    uint32_t node; /* of the call */
    uint32_t slot; /* of the value, 0 if it has none */
    uint32_t symbol;
    lang_value shape, value; /* the value is absent (count 0) as long as the slot is not bound */
    uint32_t line;
    uint32_t which; /* call of delay in its scope */
    uint32_t most;  /* 0: the delays are constants */
} delayed;

static uint32_t line_of_delayed(lowering *l, delayed *d)
{
    if (!d->line && d->slot) {
        d->line = line_of_slot(l, d->slot, d->symbol, d->shape);
    } else if (!d->line) {
        d->line = new_line(l, path_name(l, l->frame, "delay", 5, d->which, true), d->shape);
        if (d->line)
            sn_lang_line_value(l, d->line, d->value);
    }
    return d->line;
}

static lang_value delay_by_constant(lowering *l, delayed *d, uint32_t k, double n)
{
    if (d->most)
        n = n >= (double)d->most ? (double)d->most : n >= 1 ? trunc(n) : 1;
    if (!(n >= 0 && n <= LANG_MAX_DELAY && n == trunc(n))) {
        sn_lang_complain(l, d->node, "an interpolated delay mixes two of them",
                         "a delay is a whole number of elements, from 0 to 268,435,456");
        return sn_lang_wrong();
    }
    if (n > 0)
        return line_of_delayed(l, d) ? read_part(l, d->line, k, (uint32_t)n) : sn_lang_wrong();
    if (d->value.count)
        return sn_lang_known(l, sn_lang_element(l, d->value, k));
    sn_lang_complain(l, d->node, "a recurrence needs a delay of at least 1",
                     "'%.*s' is used in its own definition", sn_lang_shown(l->t, d->symbol),
                     sn_lang_symbol_text(l->t, d->symbol));
    return sn_lang_wrong();
}

static lang_value delay_element(lowering *l, delayed *d, uint32_t k, lang_value n)
{
    double constant;
    if (n.type == TYPE_WRONG || d->shape.type == TYPE_WRONG)
        return sn_lang_wrong();
    if (l->dry)
        return sn_lang_settled(l, sn_lang_element(l, d->shape, k));
    if (sn_lang_constant(l, n, &constant))
        return delay_by_constant(l, d, k, constant);
    if (d->most)
        return line_of_delayed(l, d) ? read_part_varying(l, d->node, d->line, k, n, d->most)
                                     : sn_lang_wrong();
    sn_lang_complain(l, d->node, "with a bound it may vary: delay(x, n, max)", "the delay is not constant");
    return sn_lang_wrong();
}

/* Where the value is a name, its past is that of the name, which may be bound further down. */
static bool look_at_delayed(lowering *l, delayed *d, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    uint32_t slot = 0;
    if (n.kind == NODE_LOCAL)
        slot = sn_lang_slot(l, n.a);
    else if (n.kind == NODE_GLOBAL && l->t->symbols[n.a].global_slot)
        slot = l->t->symbols[n.a].global_slot;
    if (slot) {
        d->slot = slot;
        d->symbol = n.b;
        if (!slot_shape(l, node, slot, n.b, &d->shape))
            return false;
        if (l->slots[slot].state == SLOT_BOUND || l->slots[slot].state == SLOT_DEFERRED)
            d->value = l->slots[slot].value;
    } else {
        d->shape = d->value = sn_lang_handed_on(l, node);
    }
    if (d->shape.type == TYPE_WRONG && slot && !l->dry)
        l->unsettled = node;
    return d->shape.type != TYPE_WRONG;
}

static bool delay_bound(lowering *l, delayed *d, uint32_t node)
{
    double most = 0;
    const lang_value bound = sn_lang_expression(l, node);
    if (bound.type == TYPE_WRONG)
        return false;
    if (!sn_lang_constant(l, bound, &most)) {
        if (l->dry) {
            d->most = 1;
            return true;
        }
        sn_lang_complain(l, node, NULL, "the bound of a delay is a constant");
        return false;
    }
    if (!(most >= 1 && most <= LANG_MAX_DELAY && most == trunc(most))) {
        sn_lang_complain(l, node, NULL, "the bound of a delay is a whole number from 1 to 268,435,456");
        return false;
    }
    d->most = (uint32_t)most;
    return true;
}

lang_value sn_lang_delay(lowering *l, uint32_t node, const uint32_t *arguments, unsigned count,
                         uint32_t which)
{
    delayed d = {.node = node, .which = which};
    if (!sn_lang_past_is_legal(l, node) || !look_at_delayed(l, &d, arguments[0]))
        return sn_lang_wrong();
    const lang_value n = sn_lang_expression(l, arguments[1]);
    if (n.type == TYPE_WRONG || (count > 2 && !delay_bound(l, &d, arguments[2])))
        return sn_lang_wrong();
    const uint16_t elements = d.shape.count > n.count ? d.shape.count : n.count;
    if (elements == 1)
        return delay_element(l, &d, 0, n);
    if ((d.shape.count > 1 && d.shape.count != elements) || (n.count > 1 && n.count != elements)) {
        sn_lang_complain(l, node, NULL, "a tuple of %u elements meets one of %u", d.shape.count, n.count);
        return sn_lang_wrong();
    }
    const uint32_t place = sn_lang_pool(l, elements);
    if (!place)
        return sn_lang_wrong();
    for (uint32_t k = 0; k < elements; k++) {
        const lang_value e = delay_element(l, &d, k, sn_lang_element(l, n, k));
        l->pool[place + k] = e;
    }
    return (lang_value){.ref = place, .count = elements, .type = TYPE_TUPLE};
}

/* ---- types of recurrences ---- */

/* Calls `visit` for every slot that the statement binds; true if any call said so. */
static bool each_slot(lowering *l, uint32_t statement, bool (*visit)(lowering *l, lang_slot *s))
{
    const lang_statement *s = &l->t->statements[statement];
    bool any = false;
    if (s->kind == STATEMENT_SPLIT) {
        const uint32_t count = l->t->lists[s->b];
        for (uint32_t k = 0; k < count; k++)
            any |= visit(l, &l->slots[sn_lang_slot(l, l->t->lists[s->b + 2 + 2 * k])]);
    } else if (s->c) {
        any = visit(l, &l->slots[sn_lang_slot(l, s->c)]);
    }
    return any;
}

static bool same_shape(const lowering *l, lang_value a, lang_value b)
{
    if (a.count != b.count)
        return false;
    for (uint32_t k = 0; k < a.count; k++)
        if (sn_lang_element(l, a, k).type != sn_lang_element(l, b, k).type)
            return false;
    return true;
}

/* Is it what its readers took it for while they knew nothing? */
static bool is_plain(const lowering *l, lang_value v)
{
    const unsigned type = sn_lang_element(l, v, 0).type;
    return v.count == 1 && (type == (unsigned)l->type || type == TYPE_UNKNOWN || type == TYPE_WRONG);
}

/* Takes over what the round found; true if that is news. */
static bool learn(lowering *l, lang_slot *s)
{
    if (s->state != SLOT_BOUND)
        return false;
    const lang_value shape = sn_lang_shape(l, s->value);
    if (s->expected.count && same_shape(l, s->expected, shape))
        return false;
    const bool news = s->expected.count || !is_plain(l, shape);
    s->expected = shape;
    return news;
}

static bool forget(lowering *l, lang_slot *s)
{
    (void)l;
    if (s->state != SLOT_IMAGE)
        s->state = SLOT_UNBOUND;
    return false;
}

static bool settle(lowering *l, lang_slot *s)
{
    if (!s->expected.count)
        s->expected = sn_lang_wrong(); /* an error that its definition reports */
    if (s->expected.type == TYPE_UNKNOWN)
        s->expected.type = (uint8_t)l->type;
    if (s->expected.type == TYPE_TUPLE)
        for (uint32_t k = 0; k < s->expected.count; k++)
            if (l->pool[s->expected.ref + k].type == TYPE_UNKNOWN)
                l->pool[s->expected.ref + k].type = (uint8_t)l->type;
    return false;
}

void sn_lang_infer(lowering *l, uint32_t statement)
{
    const bool dry = l->dry, silent = l->silent;
    const uint32_t outer = l->statement;
    lang_frame *frame = &l->frames[l->frame];
    uint32_t last = l->t->statements[statement].forward;
    l->dry = l->silent = true;
    for (unsigned round = 0; round < ROUNDS; round++) {
        bool news = false;
        l->epoch += l->frame == 0;
        uint32_t s = statement;
        for (; s && s <= last; s = l->t->statements[s].next) {
            if (l->t->statements[s].forward > last)
                last = l->t->statements[s].forward;
            frame->known_until = last;
            sn_lang_statement(l, s);
        }
        for (s = statement; s && s <= last; s = l->t->statements[s].next) {
            news |= each_slot(l, s, learn);
            each_slot(l, s, forget);
        }
        if (!news)
            break;
    }
    /* Within another search a type may stay unknown: what the function is called with may be so as well. */
    for (uint32_t s = statement; s && s <= last && !dry; s = l->t->statements[s].next)
        each_slot(l, s, settle);
    l->epoch += l->frame == 0;
    l->dry = dry;
    l->silent = silent;
    l->statement = outer;
}

/* ---- the end ---- */

/* What enters the part: of a deferred value, what its name came to stand for. */
static ir_ref entering(lowering *l, const lang_line_part *part)
{
    return part->deferred.count ? sn_lang_to(l, 0, sn_lang_resolved(l, part->deferred), part->type).ref : part->value;
}

static const char *part_name(lowering *l, const lang_line *line, uint32_t k, bool far)
{
    const size_t length = strlen(line->name);
    char *name = sn_arena_take(l->p->memory, length + 16);
    if (!name) {
        sn_ir_fail(l->p, SINTER_NO_MEMORY, "out of memory");
        return "";
    }
    size_t end = 0;
    add_text(name, length + 16, &end, line->name, length);
    if (line->count > 1)
        add_number(name, length + 16, &end, ".", k, "");
    if (far)
        add_text(name, length + 16, &end, "~", 1);
    return name;
}

void sn_lang_write_lines(lowering *l)
{
    opt_line_write *writes = sn_arena_take(l->memory, (2 * (size_t)l->part_count + 1) * sizeof *writes);
    uint32_t count = 0;
    if (!writes) {
        l->t->out_of_memory = true;
        return;
    }
    for (uint32_t i = 1; i < l->line_count && l->p->status == SINTER_OK; i++) {
        const lang_line *line = &l->lines[i];
        for (uint32_t k = 0; k < line->count; k++) {
            const lang_line_part *part = &l->parts[line->parts + k];
            const ir_ref value = entering(l, part);
            if (part->near) {
                l->p->memories[part->near - 1].name = part_name(l, line, k, false);
                writes[count++] = (opt_line_write){part->near - 1, value};
            }
            if (part->far) {
                l->p->memories[part->far - 1].name = part_name(l, line, k, part->near != 0);
                writes[count++] = (opt_line_write){part->far - 1, value};
            }
        }
    }
    for (uint32_t k = 0; k < count; k++)
        if (!l->p->memories[writes[k].line].shortest)
            l->p->memories[writes[k].line].shortest = 1;
    sn_opt_write_lines(l->p, l->memory, writes, count);
}
