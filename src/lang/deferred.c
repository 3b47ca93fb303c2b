/* Names that are read above their binding, or in it: what stands for their values until these are known.
 *
 * In a patch a cycle is legal where a delay is in it, and the delay may be inside of a function: in
 *
 *     a = x + 0.5*delay_linear(a, 0.01)
 *
 * the argument is the value of a, of this element, which the function only enters into a delay line. So a name that
 * has no value yet is one all the same where nothing computes with it: the right side of a binding, an argument, an
 * element of a tuple, the value of a function. Such a value is *deferred* (TYPE_DEFERRED): its `ref` is a reading, which
 * knows the place in the text; the reading's `future` is the name's value, from the binding on. A line takes a
 * deferred value like any other, and what enters it is looked up when everything has been lowered (recurrence.c). Whoever
 * needs the value at once asks for it by sn_lang_known: an error of the place where the name was written, with the cycle.
 *
 * Types. While the types of recurrences are being found, nothing is deferred: such a name is a number of the type that it
 * was found to have in the round before, as its past is. When a name is bound that was read above, its value is
 * converted as the past of it would be (a number as written or a condition becomes a number of the program's type), so
 * that both have one type wherever they are read. */
#include "lang/lowering.h"

#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static uint32_t add_future(lowering *l, lang_value shape)
{
    if (l->future_count == l->future_room) {
        lang_future *grown = sn_lang_more(l, l->futures, l->future_count, &l->future_room, sizeof *grown);
        if (!grown)
            return 0;
        l->futures = grown;
    }
    l->future_count += l->future_count == 0; /* number 0 is none */
    l->futures[l->future_count] = (lang_future){.shape = shape};
    return l->future_count++;
}

static uint32_t add_reading(lowering *l, lang_reading reading)
{
    if (l->reading_count == l->reading_room) {
        lang_reading *grown = sn_lang_more(l, l->readings, l->reading_count, &l->reading_room, sizeof *grown);
        if (!grown)
            return 0;
        l->readings = grown;
    }
    l->reading_count += l->reading_count == 0;
    l->readings[l->reading_count] = reading;
    return l->reading_count++;
}

bool sn_lang_may_defer(const lowering *l, uint32_t slot)
{
    const lang_slot *s = &l->slots[slot];
    return (l->options->patch || l->checking) && (s->state == SLOT_UNBOUND || s->state == SLOT_IN_PROGRESS)
           && (l->dry || s->expected.count);
}

lang_value sn_lang_defer(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol)
{
    lang_value shape = l->slots[slot].expected;
    if (l->dry)
        return shape.count ? shape : sn_lang_scalar(0, TYPE_UNKNOWN);
    if (shape.type == TYPE_WRONG) { /* its definition reports why, or nothing does */
        l->unread = node;
        return shape;
    }
    const bool is_own = l->frame == 0 || slot > l->frames[l->frame].base;
    if (!l->slots[slot].future)
        l->slots[slot].future = add_future(l, shape);
    const uint32_t place = shape.count > 1 ? sn_lang_pool(l, shape.count) : 0;
    const uint32_t reading = add_reading(l, (lang_reading){.future = l->slots[slot].future,
                                                           .node = node,
                                                           .symbol = symbol,
                                                           .slot = slot - l->frames[is_own ? l->frame : 0].base,
                                                           .statement = l->statement,
                                                           .frame = is_own ? l->frame : 0,
                                                           .global = !is_own,
                                                           .in_progress = l->slots[slot].state == SLOT_IN_PROGRESS});
    if (!l->slots[slot].future || !reading || (shape.count > 1 && !place))
        return sn_lang_wrong();
    if (shape.type != TYPE_TUPLE)
        return sn_lang_scalar(reading, TYPE_DEFERRED);
    for (uint32_t k = 0; k < shape.count; k++) {
        l->pool[place + k] = sn_lang_scalar(reading, TYPE_DEFERRED);
        l->pool[place + k].negated = (uint8_t)k;
    }
    shape.ref = place;
    return shape;
}

/* ---- what is known by now ---- */

static lang_future *future_of(const lowering *l, lang_value v)
{
    return &l->futures[l->readings[v.ref].future];
}

/* Where the future has the element's value. */
static lang_value *place_of(const lowering *l, lang_value v)
{
    lang_future *future = future_of(l, v);
    return future->value.type == TYPE_TUPLE ? &l->pool[future->value.ref + v.negated] : &future->value;
}

unsigned sn_lang_deferred_type(const lowering *l, lang_value v)
{
    return sn_lang_element(l, future_of(l, v)->shape, v.negated).type;
}

/* Names that stand for names may be chains as long as the text: each link is made to lead to the end of its chain. */
static lang_value resolved_element(lowering *l, lang_value v)
{
    lang_value end = v;
    while (end.type == TYPE_DEFERRED && future_of(l, end)->value.count)
        end = *place_of(l, end);
    while (v.type == TYPE_DEFERRED && future_of(l, v)->value.count) {
        lang_value *place = place_of(l, v);
        v = *place;
        *place = end;
    }
    return end;
}

bool sn_lang_has_deferred(const lowering *l, lang_value v)
{
    for (uint32_t k = 0; k < v.count && l->reading_count; k++)
        if (sn_lang_element(l, v, k).type == TYPE_DEFERRED)
            return true;
    return false;
}

lang_value sn_lang_resolved(lowering *l, lang_value v)
{
    if (!sn_lang_has_deferred(l, v))
        return v;
    if (v.type != TYPE_TUPLE)
        return resolved_element(l, v);
    const uint32_t place = sn_lang_pool(l, v.count);
    for (uint32_t k = 0; place && k < v.count; k++)
        l->pool[place + k] = resolved_element(l, sn_lang_element(l, v, k));
    v.ref = place;
    return place ? v : sn_lang_wrong();
}

/* ---- binding ---- */

static bool reads_future(const lowering *l, lang_value v, uint32_t future, lang_value *which)
{
    for (uint32_t k = 0; k < v.count; k++) {
        *which = sn_lang_element(l, v, k);
        if (which->type == TYPE_DEFERRED && l->readings[which->ref].future == future)
            return true;
    }
    return false;
}

/* The value in the types that its readers took it to have; false where it is not so. */
static bool take_shape(lowering *l, lang_value *v, lang_value shape)
{
    if (v->type == TYPE_WRONG)
        return true;
    if (v->count != shape.count)
        return false;
    const uint32_t place = v->type == TYPE_TUPLE ? sn_lang_pool(l, v->count) : 0;
    if (v->type == TYPE_TUPLE && !place)
        return false;
    for (uint32_t k = 0; k < v->count; k++) {
        lang_value e = sn_lang_element(l, *v, k);
        const unsigned type = sn_lang_element(l, shape, k).type;
        if (sn_lang_settled(l, e).type != type && e.type != TYPE_WRONG && type != TYPE_WRONG)
            return false;
        if (e.type == TYPE_LITERAL || e.type == IR_MASK)
            e = sn_lang_to(l, 0, e, type);
        if (!place)
            *v = e;
        else
            l->pool[place + k] = e;
    }
    v->ref = place ? place : v->ref;
    return true;
}

lang_value sn_lang_keep_promise(lowering *l, uint32_t slot, uint32_t symbol, lang_value v)
{
    const uint32_t future = l->slots[slot].future;
    lang_value which;
    v = sn_lang_resolved(l, v);
    if (!future)
        return v;
    if (reads_future(l, v, future, &which)) {
        v = sn_lang_known(l, which);
    } else if (!take_shape(l, &v, l->futures[future].shape)) {
        sn_lang_unsettled(l, symbol, v.count != l->futures[future].shape.count);
        v = sn_lang_wrong();
    }
    l->futures[future].value = v;
    return v;
}

/* ---- errors ---- */

/* One mistake gives one message: a statement that reads a name too early is told so once, however often it reads it, and a cycle
 * once, however many of its statements read ahead. */
static bool is_refused(const lowering *l, uint32_t statement, uint32_t symbol)
{
    uint32_t k = statement < l->refused_room ? l->refused[statement] : 0;
    while (k && l->refusals[k].symbol != symbol)
        k = l->refusals[k].next;
    return k != 0;
}

static void note_refusal(lowering *l, uint32_t statement, uint32_t symbol)
{
    if (!l->refused && (l->refused = sn_arena_take_zeroed(l->memory, l->t->statement_count * sizeof *l->refused)) != NULL)
        l->refused_room = l->t->statement_count;
    if (l->refusal_count == l->refusal_room) {
        lang_refusal *grown = sn_lang_more(l, l->refusals, l->refusal_count, &l->refusal_room, sizeof *grown);
        if (!grown)
            return;
        l->refusals = grown;
    }
    if (statement >= l->refused_room)
        return;
    l->refusal_count += l->refusal_count == 0;
    l->refusals[l->refusal_count] = (lang_refusal){.symbol = symbol, .next = l->refused[statement]};
    l->refused[statement] = l->refusal_count++;
}

/* By whichever of its names the one reads the other. */
static void note_edge(lowering *l, uint32_t reader, uint32_t read)
{
    const lang_tree *t = l->t;
    const lang_statement *s = &t->statements[read];
    if (s->kind != STATEMENT_SPLIT)
        note_refusal(l, reader, s->b);
    else
        for (uint32_t k = 0; k < t->lists[s->b]; k++)
            note_refusal(l, reader, t->lists[s->b + 1 + 2 * k]);
}

/* The statements of one scope, as far as they read each other's names. */
typedef struct walk {
    lowering *l;
    uint32_t *binds;   /* per slot of the scope: the statement that binds it */
    uint32_t *reader;  /* per statement of the text: which one it was reached from; 0: not reached */
    uint32_t *waiting; /* reached, and not looked at yet */
    uint32_t slot_count, count, from;
} walk;

static void reach(walk *w, uint32_t slot)
{
    const uint32_t statement = slot && slot <= w->slot_count ? w->binds[slot] : 0;
    if (!statement || w->reader[statement])
        return;
    w->reader[statement] = w->from;
    w->waiting[w->count++] = statement;
}

/* The names that are read at once, and not as a past. Left operands are chains as long as the text. */
static void look_through(walk *w, uint32_t node)
{
    const lang_tree *t = w->l->t;
    for (;;) {
        const lang_node *n = &t->nodes[node];
        switch ((node_kind)n->kind) {
        case NODE_LOCAL: reach(w, n->a); return;
        case NODE_GLOBAL: reach(w, t->symbols[n->a].global_slot); return;
        case NODE_BINARY:
        case NODE_POWER:
        case NODE_INDEX: look_through(w, n->b); break;
        case NODE_CHOOSE:
            for (uint32_t k = 0; k < 2; k++)
                look_through(w, t->lists[n->b + k]);
            break;
        case NODE_SUM: node = t->lists[n->b + 2]; continue;
        case NODE_ACCUMULATE: look_through(w, t->lists[n->b + 3]); node = t->lists[n->b + 2]; continue;
        case NODE_NAMED: node = n->b; continue;
        case NODE_NEGATE:
        case NODE_NOT:
        case NODE_SWIZZLE: break;
        case NODE_TUPLE:
            for (uint32_t k = 0; k < n->a; k++)
                look_through(w, t->lists[n->b + k]);
            return;
        case NODE_CALL: {
            const bool delays = t->symbols[n->a].word == WORD_DELAY;
            for (uint32_t k = delays; k < t->lists[n->b]; k++)
                look_through(w, t->lists[n->b + 2 + k]);
            return;
        }
        case NODE_WRONG:
        case NODE_NUMBER:
        case NODE_PAST: return;
        }
        node = n->a;
    }
}

static uint32_t node_of(const lang_tree *t, uint32_t statement)
{
    const lang_statement *s = &t->statements[statement];
    return s->kind == STATEMENT_BIND || s->kind == STATEMENT_SPLIT || s->kind == STATEMENT_OUT ? s->a : 0;
}

static void note_bindings(walk *w, uint32_t first)
{
    const lang_tree *t = w->l->t;
    for (uint32_t s = first; s; s = t->statements[s].next) {
        const lang_statement *statement = &t->statements[s];
        if (statement->kind == STATEMENT_SPLIT)
            for (uint32_t k = 0; k < t->lists[statement->b]; k++)
                w->binds[t->lists[statement->b + 2 + 2 * k]] = s;
        else if (statement->c)
            w->binds[statement->c] = s;
    }
}

static bool open_walk(walk *w, lowering *l, uint32_t function)
{
    const size_t statements = l->t->statement_count;
    *w = (walk){.l = l, .slot_count = function ? l->t->functions[function].slot_count : l->t->slot_count};
    w->binds = sn_arena_take_zeroed(l->memory, (w->slot_count + 1) * sizeof *w->binds);
    w->reader = sn_arena_take_zeroed(l->memory, statements * sizeof *w->reader);
    w->waiting = sn_arena_take(l->memory, statements * sizeof *w->waiting);
    l->t->out_of_memory |= !w->binds || !w->reader || !w->waiting;
    if (l->t->out_of_memory)
        return false;
    note_bindings(w, function ? l->t->functions[function].first : l->t->first);
    return true;
}

/* What a statement binds, in a message. */
static uint32_t symbol_of(const lang_tree *t, uint32_t statement)
{
    const lang_statement *s = &t->statements[statement];
    return s->kind == STATEMENT_SPLIT ? t->lists[s->b + 1] : s->b;
}

static void add_name(const lang_tree *t, char *text, size_t size, uint32_t symbol)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%.*s", used ? " \xE2\x86\x92 " : "", sn_lang_shown(t, symbol),
             sn_lang_symbol_text(t, symbol));
}

/* The names from the statement that reads ahead through the one that it reads and back: `a → b → a`. Empty: there is no
 * cycle, the name just stands in the wrong order. Of one name alone, the cycle is plain. */
static void write_cycle(lowering *l, const lang_reading *r, char *text, size_t size)
{
    enum { SHOWN = 6 };
    walk w;
    text[0] = 0;
    if (r->in_progress || !open_walk(&w, l, l->frames[r->frame].function))
        return;
    const uint32_t start = r->slot <= w.slot_count ? w.binds[r->slot] : 0;
    w.from = start;
    if (!start)
        return;
    w.waiting[w.count++] = start;
    w.reader[start] = start;
    for (uint32_t k = 0; k < w.count && !w.reader[r->statement]; k++) {
        w.from = w.waiting[k];
        look_through(&w, node_of(l->t, w.from));
    }
    if (!w.reader[r->statement] || r->statement == start || !symbol_of(l->t, r->statement))
        return;
    uint32_t names = 0; /* backwards from where the cycle closes: the way is turned round in `waiting` */
    for (uint32_t s = r->statement; s != start; s = w.reader[s])
        w.waiting[names++] = s;
    add_name(l->t, text, size, symbol_of(l->t, r->statement));
    add_name(l->t, text, size, r->symbol);
    for (uint32_t k = names, from = start; k-- > 0; from = w.waiting[k])
        note_edge(l, from, w.waiting[k]);
    for (uint32_t k = names; k-- > 0;)
        if (names - k <= SHOWN || k == 0)
            add_name(l->t, text, size, symbol_of(l->t, w.waiting[k]));
        else if (names - k == SHOWN + 1)
            snprintf(text + strlen(text), size - strlen(text), " \xE2\x86\x92 ...");
}

void sn_lang_refuse_ahead(lowering *l, uint32_t node, const lang_reading *r, const char *function, int shown)
{
    const char *name = sn_lang_symbol_text(l->t, r->symbol);
    const char *past = l->options->patch ? "its value one element ago is written with a prime: y'" : "";
    char cycle[SINTER_MESSAGE_SIZE / 2] = "", hint[SINTER_MESSAGE_SIZE];
    const bool shows = l->t->source.report->count < SINTER_MAX_ERRORS; /* the cycle and the line need a look at the whole text */
    if (l->silent || is_refused(l, r->statement, r->symbol))
        return;
    note_refusal(l, r->statement, r->symbol);
    if (l->options->patch && shows)
        write_cycle(l, r, cycle, sizeof cycle);
    const int length = function ? snprintf(hint, sizeof hint, "'%.*s' needs its value at once; ", shown, function) : 0;
    if (cycle[0])
        snprintf(hint + length, sizeof hint - (size_t)length, "a cycle needs a delay, above what reads it: %s", cycle);
    else
        snprintf(hint + length, sizeof hint - (size_t)length, "%s", past);
    if (r->global)
        sn_lang_complain(l, node, "bind it above the call", "'%.*s' is not bound yet where this function is called",
                         sn_lang_shown(l->t, r->symbol), name);
    else if (r->in_progress)
        sn_lang_complain(l, node, hint, "'%.*s' is used in its own definition", sn_lang_shown(l->t, r->symbol), name);
    else
        sn_lang_complain(l, node, hint, "'%.*s' is bound further down, in line %d", sn_lang_shown(l->t, r->symbol), name,
                         shows ? sn_lang_line(&l->t->source, l->frame ? l->t->symbols[r->symbol].slot_at
                                                                      : l->t->symbols[r->symbol].global_at)
                               : 0);
}

/* As of the frame where the name was written. What is written in a function, of the top, may be used behind its end. */
static void refuse_reading(lowering *l, const lang_reading *r)
{
    const uint32_t frame = l->frame, depth = r->frame < frame ? r->frame : frame;
    const char *name = NULL;
    int shown = 0;
    if (depth < frame) {
        const uint32_t symbol = l->t->functions[l->frames[depth + 1].function].symbol;
        name = sn_lang_symbol_text(l->t, symbol);
        shown = sn_lang_shown(l->t, symbol);
    }
    l->frame = depth;
    sn_lang_refuse_ahead(l, r->node, r, name, shown);
    l->frame = frame;
}

lang_value sn_lang_known(lowering *l, lang_value v)
{
    if (!sn_lang_has_deferred(l, v))
        return v;
    v = sn_lang_resolved(l, v);
    for (uint32_t k = 0; k < v.count; k++) {
        const lang_value e = sn_lang_element(l, v, k);
        if (e.type != TYPE_DEFERRED)
            continue;
        const lang_reading reading = l->readings[e.ref];
        refuse_reading(l, &reading);
        return sn_lang_wrong();
    }
    return v;
}
