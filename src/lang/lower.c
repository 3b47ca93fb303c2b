/* Syntax tree → IR, in one walk.
 *
 * Each statement is lowered once, in order; a name is a slot that holds a value. Chains of operators lean to
 * the left and may be as long as the text, so they are walked along their spine, not by recursion; everything
 * else nests at most as deep as the parser let it, times the functions put in place, which LANG_MAX_DEPTH
 * bounds.
 *
 * Contraction is decided here and nowhere else, by what the text says: a product that is an operand of + or −
 * in one expression becomes part of a fused operation; of two products the left one does. */
#include "lang/kept_calls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ---- */

static void report(lowering *l, uint32_t at, uint32_t end, const char *hint, const char *message)
{
    char place[80];
    if (l->frame > 0 && (!hint || !*hint) && l->frames[l->frame].call) {
        const lang_frame *f = &l->frames[l->frame];
        const lang_symbol *s = &l->t->symbols[l->t->functions[f->function].symbol];
        snprintf(place, sizeof place, "in '%.*s' as called in line %d", s->length > 40 ? 40 : s->length,
                 l->t->source.text + s->at, sn_lang_line(&l->t->source, l->t->nodes[f->call].at));
        hint = place;
    }
    sn_lang_error(&l->t->source, SINTER_BAD_PROGRAM, at, end, hint, "%s", message);
}

/* The frame of the library's function that the text called and that everything since happens in; 0: none. */
static uint32_t library_frame(const lowering *l)
{
    for (uint32_t k = 1; k <= l->frame; k++)
        if (l->t->functions[l->frames[k].function].item)
            return k;
    return 0;
}

/* What goes wrong in the library is the fault of the call that brought it there: of its arguments. */
static void report_library_call(lowering *l, uint32_t frame, const char *message)
{
    const uint32_t at = l->t->nodes[l->frames[frame].call].at;
    const uint32_t function = l->frames[frame].function;
    const lang_symbol *s = &l->t->symbols[l->t->functions[function].symbol];
    char hint[SINTER_MESSAGE_SIZE];
    snprintf(hint, sizeof hint, "%s(%s)", l->t->functions[function].item->name,
             l->t->functions[function].item->arguments);
    sn_lang_error(&l->t->source, SINTER_BAD_PROGRAM, at, sn_lang_token_end(&l->t->source, at), hint,
                  "'%.*s' cannot take these arguments: %s", s->length > 40 ? 40 : s->length,
                  l->t->source.text + s->at, message);
}

bool sn_lang_is_heard(const lowering *l, uint32_t node)
{
    const uint32_t frame = library_frame(l);
    return !l->silent && !(l->t->nodes[frame ? l->frames[frame].call : node].flags & NODE_REPORTED)
           && l->t->source.report->count < SINTER_MAX_ERRORS;
}

void sn_lang_complain(lowering *l, uint32_t node, const char *hint, const char *format, ...)
{
    const uint32_t frame = library_frame(l);
    lang_node *n = &l->t->nodes[frame ? l->frames[frame].call : node];
    if (l->silent || n->flags & NODE_REPORTED)
        return;
    n->flags |= n != l->t->nodes ? NODE_REPORTED : 0;
    char message[SINTER_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (frame) {
        report_library_call(l, frame, message);
        return;
    }
    const uint32_t at = node ? n->at : l->t->statements[l->statement].at;
    report(l, at, sn_lang_token_end(&l->t->source, at), hint, message);
}

void sn_lang_complain_at(lowering *l, uint32_t at, uint32_t end, const char *hint, const char *format, ...)
{
    if (l->silent)
        return;
    char message[SINTER_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (library_frame(l))
        report_library_call(l, library_frame(l), message);
    else
        report(l, at, end, hint, message);
}

void sn_lang_too_large(lowering *l, uint32_t at, const char *message)
{
    const uint32_t frame = library_frame(l);
    at = frame ? l->t->nodes[l->frames[frame].call].at : at;
    if (!l->too_large)
        sn_lang_error(&l->t->source, SINTER_TOO_LARGE, at, sn_lang_token_end(&l->t->source, at), NULL, "%s",
                      message);
    l->too_large = true;
}

/* ---- room ---- */

void *sn_lang_more(lowering *l, void *list, uint32_t count, uint32_t *room, size_t size)
{
    const uint32_t larger = *room ? 2 * *room : 32;
    void *grown = sn_arena_grow(l->memory, list, count * size, larger * size);
    if (grown)
        *room = larger;
    else
        l->t->out_of_memory = l->too_large = true;
    return grown;
}

uint32_t sn_lang_pool(lowering *l, uint32_t count)
{
    while (l->pool_room - l->pool_count < count) {
        lang_value *grown = sn_lang_more(l, l->pool, l->pool_count, &l->pool_room, sizeof *grown);
        if (!grown)
            return 0;
        l->pool = grown;
    }
    l->steps += count;
    l->pool_count += count;
    return l->pool_count - count;
}

lang_value sn_lang_element(const lowering *l, lang_value v, uint32_t k)
{
    return v.type == TYPE_TUPLE ? l->pool[v.ref + k] : v;
}

/* ---- names ---- */

static void unknown_name(lowering *l, uint32_t node)
{
    const uint32_t symbol = l->t->nodes[node].a;
    const lang_symbol *s = &l->t->symbols[symbol];
    const lang_word *word = &sn_lang_words[s->word];
    const char *name = sn_lang_symbol_text(l->t, symbol);
    char hint[SINTER_MESSAGE_SIZE] = "";
    if (word->kind == WORD_IS_FUNCTION || s->function || sn_lang_find_callable(l->t, symbol)) {
        sn_lang_complain(l, node, "call it with its arguments in parentheses", "'%.*s' is a function",
                         sn_lang_shown(l->t, symbol), name);
        return;
    }
    lang_nearest best = {.wanted = name, .wanted_length = s->length};
    const uint32_t symbols = sn_lang_is_heard(l, node) ? l->t->symbol_count : 0;
    for (uint32_t k = 1; k < symbols; k++)
        if (k != symbol
            && (l->t->symbols[k].global_slot || l->t->symbols[k].input
                || (l->frame && l->t->symbols[k].scope == l->frames[l->frame].function)))
            sn_lang_offer(&best, sn_lang_symbol_text(l->t, k), l->t->symbols[k].length);
    for (unsigned w = 0; w < WORD_COUNT && s->length > 1; w++)
        if (sn_lang_words[w].kind == WORD_IS_CONSTANT
            || (sn_lang_words[w].kind == WORD_IS_FREE
                && l->options->patch == (sn_lang_words[w].number >= FREE_FIELD_NAMES)))
            sn_lang_offer(&best, sn_lang_words[w].text, sn_lang_words[w].length);
    if (word->kind == WORD_IS_FREE && !l->options->patch && word->number >= FREE_FIELD_NAMES)
        snprintf(hint, sizeof hint, "only a patch has rate, dt, time and index");
    else if (word->kind == WORD_IS_GRADE)
        snprintf(hint, sizeof hint, "a grade stands before a function: fast.sin(x)");
    else if (best.name)
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
    else if (l->options->inputs)
        snprintf(hint, sizeof hint, "the inputs are: %s", l->options->inputs);
    else if (l->options->density)
        snprintf(hint, sizeof hint, "a parameter is declared: param %.*s = 1; a column: input %.*s", sn_lang_shown(l->t, symbol), name,
                 sn_lang_shown(l->t, symbol), name);
    else if (l->options->patch)
        snprintf(hint, sizeof hint, "an input is declared: input %.*s", sn_lang_shown(l->t, symbol), name);
    else
        snprintf(hint, sizeof hint, "a field has x, y, z and t");
    sn_lang_complain(l, node, hint, "there is no '%.*s' here", sn_lang_shown(l->t, symbol), name);
}

/* Bound to what was not known then, or is not known yet. */
static lang_value read_deferred(lowering *l, uint32_t slot, bool handed_on)
{
    if (l->dry)
        return sn_lang_shape(l, l->slots[slot].value);
    const lang_value v = sn_lang_resolved(l, l->slots[slot].value);
    l->slots[slot].value = v;
    l->slots[slot].state = sn_lang_has_deferred(l, v) ? SLOT_DEFERRED : SLOT_BOUND;
    return handed_on ? v : sn_lang_known(l, v);
}

static lang_value read_ahead(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol, bool handed_on)
{
    if (handed_on && sn_lang_may_defer(l, slot))
        return sn_lang_defer(l, node, slot, symbol);
    const bool is_own = l->frame == 0 || slot > l->frames[l->frame].base;
    const lang_reading reading = {.node = node,
                                  .symbol = symbol,
                                  .slot = slot - (is_own ? l->base : 0),
                                  .statement = l->statement,
                                  .frame = is_own ? l->frame : 0,
                                  .in_progress = l->slots[slot].state == SLOT_IN_PROGRESS,
                                  .global = !is_own && l->slots[slot].state == SLOT_UNBOUND};
    sn_lang_refuse_ahead(l, node, &reading, NULL, 0);
    return sn_lang_wrong();
}

static lang_value read_slot(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol, bool handed_on)
{
    const lang_slot *s = &l->slots[slot];
    const char *name = sn_lang_symbol_text(l->t, symbol);
    switch (s->state) {
    case SLOT_BOUND:
    case SLOT_INDEX:
    case SLOT_ACCUMULATED: return s->value;
    case SLOT_TABLE:
        sn_lang_complain(l, node, "read an element: t[i]", "'%.*s' is a table", sn_lang_shown(l->t, symbol), name);
        break;
    case SLOT_GROUPED:
        sn_lang_complain(l, node, "read one by a column: a[group]", "'%.*s' is a parameter of several numbers", sn_lang_shown(l->t, symbol), name);
        break;
    case SLOT_IMAGE: return sn_lang_image_value(l, node, s->value.ref);
    case SLOT_DEFERRED: return read_deferred(l, slot, handed_on);
    default: return read_ahead(l, node, slot, symbol, handed_on);
    }
    return sn_lang_wrong();
}

static lang_value lower_global(lowering *l, uint32_t node, bool handed_on)
{
    const uint32_t symbol = l->t->nodes[node].a, slot = l->t->symbols[symbol].global_slot;
    if (slot)
        return read_slot(l, node, slot, symbol, handed_on);
    const bool in_family = l->frame && l->t->functions[l->frames[l->frame].function].family;
    const bool is_free = sn_lang_words[l->t->symbols[symbol].word].kind == WORD_IS_FREE || l->t->symbols[symbol].input;
    const lang_value v = in_family && is_free ? sn_lang_wrong() : sn_lang_free_name(l, symbol);
    if (v.type == TYPE_WRONG)
        unknown_name(l, node);
    return v;
}

static lang_value lower_past(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t slot = n.op == 0 ? sn_lang_slot(l, n.a) : l->t->symbols[n.b].global_slot;
    if (slot)
        return sn_lang_past(l, node, slot, n.b, n.small);
    if (!sn_lang_past_is_legal(l, node))
        return sn_lang_wrong();
    const lang_value v = sn_lang_free_name(l, n.b);
    if (v.type == TYPE_WRONG) {
        l->t->nodes[node].a = n.b;
        unknown_name(l, node);
        l->t->nodes[node].a = n.a;
    } else {
        sn_lang_complain(l, node, "bind it to a name: a = ..., then a'", "'%.*s' itself has no past",
                         sn_lang_shown(l->t, n.b), sn_lang_symbol_text(l->t, n.b));
    }
    return sn_lang_wrong();
}

/* ---- chains of operators ---- */

static bool is_product(const lowering *l, uint32_t node)
{
    return l->t->nodes[node].kind == NODE_BINARY && l->t->nodes[node].op == TOKEN_STAR;
}

static bool is_sum(unsigned token)
{
    return token == TOKEN_PLUS || token == TOKEN_MINUS;
}

static bool push_spine(lowering *l, uint32_t node)
{
    if (l->spine_count == l->spine_room) {
        uint32_t *grown = sn_lang_more(l, l->spine, l->spine_count, &l->spine_room, sizeof *grown);
        if (!grown)
            return false;
        l->spine = grown;
    }
    l->spine[l->spine_count++] = node;
    return true;
}

/* left ± (p*q) */
static lang_value add_product(lowering *l, uint32_t node, lang_value left)
{
    const lang_node n = l->t->nodes[node], product = l->t->nodes[n.b];
    const lang_value p = sn_lang_expression(l, product.a);
    return sn_lang_fused(l, node, n.op == TOKEN_PLUS ? IR_FMA : IR_FNMA, p, sn_lang_expression(l, product.b),
                         left);
}

/* The value of a number, or of a name that has one. It is at hand: nothing is computed, and no step counted. */
static inline bool is_at_hand(const lowering *l, uint32_t node, lang_value *v)
{
    const lang_node *n = &l->t->nodes[node];
    if (n->kind == NODE_LOCAL) {
        const lang_slot *s = &l->slots[sn_lang_slot(l, n->a)];
        *v = s->value;
        return s->state == SLOT_BOUND;
    }
    if (n->kind == NODE_NUMBER) {
        *v = sn_lang_scalar(n->a, TYPE_LITERAL);
        return true;
    }
    if (n->kind != NODE_GLOBAL || l->dry)
        return false;
    *v = sn_lang_scalar(l->t->symbols[n->a].value, l->type);
    return v->ref != 0;
}

static lang_value lower_counted(lowering *l, uint32_t node);

static inline lang_value operand(lowering *l, uint32_t node)
{
    lang_value v;
    return is_at_hand(l, node, &v) ? v : lower_counted(l, node);
}

static lang_value lower_chain(lowering *l, uint32_t node)
{
    const uint32_t base = l->spine_count;
    uint32_t at = node;
    for (; l->t->nodes[at].kind == NODE_BINARY; at = l->t->nodes[at].a)
        if (!push_spine(l, at)) {
            l->spine_count = base;
            return sn_lang_wrong();
        }
    lang_value left = sn_lang_expression(l, at), factor = {0};
    bool open = false; /* left*factor waits for the sum that it is part of */
    while (l->spine_count > base) {
        at = l->spine[--l->spine_count];
        const lang_node n = l->t->nodes[at];
        const bool summed = l->spine_count > base && is_sum(l->t->nodes[l->spine[l->spine_count - 1]].op);
        l->steps++;
        if (open) {
            left = sn_lang_fused(l, at, n.op == TOKEN_PLUS ? IR_FMA : IR_FMS, left, factor,
                                 sn_lang_expression(l, n.b));
            open = false;
        } else if (n.op == TOKEN_STAR && summed) {
            factor = sn_lang_expression(l, n.b);
            open = true;
        } else if (is_sum(n.op) && is_product(l, n.b)) {
            left = add_product(l, at, left);
        } else {
            left = sn_lang_binary(l, at, n.op, left, sn_lang_expression(l, n.b));
        }
    }
    return left;
}

/* ---- tuples ---- */

static lang_value lower_tuple(lowering *l, uint32_t node, bool handed_on)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t place = sn_lang_pool(l, LANG_MAX_TUPLE);
    uint32_t count = 0;
    if (!place)
        return sn_lang_wrong();
    bool good = true;
    for (uint32_t k = 0; k < n.a; k++) {
        const uint32_t part = l->t->lists[n.b + k];
        const lang_value v = handed_on ? sn_lang_handed_on(l, part) : sn_lang_expression(l, part);
        if (count + v.count > LANG_MAX_TUPLE) {
            sn_lang_complain(l, node, NULL, "a tuple has at most %d elements", LANG_MAX_TUPLE);
            return sn_lang_wrong();
        }
        good &= v.type != TYPE_WRONG;
        for (uint32_t e = 0; e < v.count; e++)
            l->pool[place + count++] = sn_lang_element(l, v, e);
    }
    if (l->pool_count == place + LANG_MAX_TUPLE) /* nothing behind it: the rest of its room goes back */
        l->pool_count = place + count;
    return good ? (lang_value){.ref = place, .count = (uint16_t)count, .type = TYPE_TUPLE} : sn_lang_wrong();
}

static lang_value lower_swizzle(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    const lang_value v = sn_lang_handed_on(l, n.a);
    const char *names = l->t->source.text + n.at + 1;
    lang_value picked[4];
    if (v.type == TYPE_WRONG)
        return v;
    for (unsigned k = 0; k < n.op && k < 4; k++) { /* there are no more: said here so that compilers see it */
        const unsigned component = n.small >> (2 * k) & 3u;
        if (v.type == TYPE_UNKNOWN) {
            picked[k] = v;
        } else if (component < v.count) {
            picked[k] = sn_lang_element(l, v, component);
        } else {
            names += strspn(names, " \t\r\n");
            if (v.count == 1)
                sn_lang_complain(l, node, NULL, "a number has no .%c", names[k]);
            else
                sn_lang_complain(l, node, NULL, "a tuple of %u elements has no .%c", v.count, names[k]);
            return sn_lang_wrong();
        }
    }
    if (n.op == 1)
        return picked[0];
    const uint32_t place = sn_lang_pool(l, n.op);
    if (!place)
        return sn_lang_wrong();
    memcpy(l->pool + place, picked, n.op * sizeof *picked);
    return (lang_value){.ref = place, .count = n.op, .type = TYPE_TUPLE};
}

/* An element of a tuple, from 0, as one of a table: the index is truncated, and clamped. Where it varies it is a chain of choices. */
static lang_value lower_element(lowering *l, uint32_t node, lang_value v, lang_value index)
{
    double constant;
    if (index.count != 1 || index.type == TYPE_WRONG) {
        if (index.type != TYPE_WRONG)
            sn_lang_complain(l, node, NULL, "an index is one number");
        return sn_lang_wrong();
    }
    if (sn_lang_constant(l, index, &constant))
        return sn_lang_element(l, v, constant >= 1 ? constant < v.count ? (uint32_t)constant : v.count - 1u : 0);
    lang_value chosen = sn_lang_element(l, v, v.count - 1u);
    for (uint32_t k = v.count - 1u; k > 0; k--) {
        const lang_value beyond = sn_lang_binary(l, node, TOKEN_GE, index, sn_lang_small(l, k, true));
        chosen = sn_lang_choose(l, node, beyond, chosen, sn_lang_element(l, v, k - 1));
    }
    return chosen;
}

static lang_value lower_index(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node], table = l->t->nodes[n.a];
    uint32_t slot = 0;
    if (table.kind == NODE_LOCAL)
        slot = sn_lang_slot(l, table.a);
    else if (table.kind == NODE_GLOBAL)
        slot = l->t->symbols[table.a].global_slot;
    uint32_t memory = table.kind == NODE_GLOBAL ? sn_lang_library_table(l, table.a) : 0;
    if (memory || (slot && l->slots[slot].state == SLOT_TABLE)) {
        const unsigned type = slot ? l->slots[slot].value.type : (unsigned)TYPE_WRONG;
        memory = memory ? memory : l->slots[slot].value.ref;
        const lang_value index = sn_lang_expression(l, n.b);
        if (l->dry && !memory && index.type != TYPE_WRONG)
            return sn_lang_scalar(0, type);
        return memory && index.type != TYPE_WRONG ? sn_lang_load(l, node, memory - 1, index)
                                                  : sn_lang_wrong();
    }
    if (slot && l->slots[slot].state == SLOT_GROUPED)
        return sn_lang_grouped_element(l, node, slot);
    const lang_value v = sn_lang_expression(l, n.a);
    const lang_function *within = l->frame ? &l->t->functions[l->frames[l->frame].function] : NULL;
    const bool of_any_width = (within && (within->family || within->item)) || (slot && l->slots[slot].state == SLOT_ACCUMULATED); /* which may be 1 */
    if (v.type == TYPE_UNKNOWN)
        return v;
    if (v.type != TYPE_WRONG && (v.count > 1 || of_any_width))
        return lower_element(l, node, v, sn_lang_expression(l, n.b));
    if (v.type != TYPE_WRONG)
        sn_lang_complain(l, node, "table t = [1, 2, 3], then t[i]", "only a table or a tuple can be indexed");
    return sn_lang_wrong();
}

/* ---- expressions ---- */

static lang_value lower_choice(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    const lang_value c = sn_lang_expression(l, n.a);
    const lang_value a = sn_lang_expression(l, l->t->lists[n.b]);
    return sn_lang_choose(l, node, c, a, sn_lang_expression(l, l->t->lists[n.b + 1]));
}

static lang_value lower_power(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    const lang_value base = sn_lang_expression(l, n.a);
    return sn_lang_power(l, node, base, sn_lang_expression(l, n.b));
}

static lang_value lower_node(lowering *l, uint32_t node, bool handed_on)
{
    const lang_node *n = &l->t->nodes[node];
    switch ((node_kind)n->kind) {
    case NODE_WRONG: break;
    case NODE_NUMBER: break; /* the caller's */
    case NODE_LOCAL: return read_slot(l, node, sn_lang_slot(l, n->a), n->b, handed_on);
    case NODE_GLOBAL: return lower_global(l, node, handed_on);
    case NODE_PAST: return lower_past(l, node);
    case NODE_NEGATE: return sn_lang_negate(l, node, sn_lang_expression(l, n->a));
    case NODE_NOT: return sn_lang_not(l, node, sn_lang_expression(l, n->a));
    case NODE_BINARY: return lower_chain(l, node);
    case NODE_POWER: return lower_power(l, node);
    case NODE_CHOOSE: return lower_choice(l, node);
    case NODE_TUPLE: return lower_tuple(l, node, handed_on);
    case NODE_SWIZZLE: return handed_on ? lower_swizzle(l, node) : sn_lang_known(l, lower_swizzle(l, node));
    case NODE_INDEX: return lower_index(l, node);
    case NODE_CALL: return handed_on ? sn_lang_call(l, node) : sn_lang_known(l, sn_lang_call(l, node));
    case NODE_SUM: return sn_lang_lower_sum(l, node);
    case NODE_ACCUMULATE: return sn_lang_lower_accumulation(l, node);
    case NODE_NAMED: sn_lang_complain(l, node, NULL, "the arguments of this function have no names"); break;
    }
    return sn_lang_wrong();
}

static __attribute__((noinline)) lang_value lower_checked(lowering *l, uint32_t node, bool handed_on)
{
    if (l->too_large)
        return sn_lang_wrong();
    if (++l->steps > LANG_MAX_EXPANSION) {
        sn_lang_too_large(l, l->t->nodes[node].at,
                          "the program is too large once functions and sums are put in place");
        return sn_lang_wrong();
    }
    if (++l->depth > LANG_MAX_DEPTH) {
        sn_lang_too_large(l, l->t->nodes[node].at,
                          "this is nested too deeply once functions are put in place");
        l->depth--;
        return sn_lang_wrong();
    }
    const lang_value v = lower_node(l, node, handed_on);
    l->depth--;
    return v;
}

/* An operation whose right operand is `c`: product ± c, where the product's factors are at hand too. */
static __attribute__((noinline)) lang_value lower_sum(lowering *l, uint32_t node, lang_value c)
{
    const lang_node *n = &l->t->nodes[node], *left = &l->t->nodes[n->a];
    lang_value a, b;
    if (!is_sum(n->op) || !is_product(l, n->a) || !is_at_hand(l, left->a, &a) || !is_at_hand(l, left->b, &b))
        return lower_checked(l, node, false);
    l->steps += 3;
    return sn_lang_fused(l, node, n->op == TOKEN_PLUS ? IR_FMA : IR_FMS, a, b, c);
}

/* Most of what long texts say is one operator between two names or numbers, or a product of two and a third one added: these count the
 * steps that they count anywhere, but walk nothing: of compiling 1,000 random operations 6 %. */
static lang_value lower_counted(lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    lang_value a, b;
    if (n->kind != NODE_BINARY || l->too_large || l->steps >= LANG_MAX_EXPANSION || l->depth >= LANG_MAX_DEPTH || !is_at_hand(l, n->b, &b))
        return lower_checked(l, node, false);
    if (!is_at_hand(l, n->a, &a))
        return lower_sum(l, node, b);
    l->steps += 2;
    return sn_lang_binary(l, node, n->op, a, b);
}

lang_value sn_lang_expression(lowering *l, uint32_t node)
{
    return operand(l, node);
}

lang_value sn_lang_handed_on(lowering *l, uint32_t node)
{
    lang_value v;
    if (l->t->nodes[node].kind == NODE_BINARY)
        return lower_counted(l, node);
    return is_at_hand(l, node, &v) ? v : lower_checked(l, node, true);
}

/* ---- statements ---- */

__attribute__((noinline)) void sn_lang_unsettled(lowering *l, uint32_t symbol, bool of_another_length)
{
    const lang_statement *statement = &l->t->statements[l->statement];
    sn_lang_complain_at(l, statement->at, sn_lang_token_end(&l->t->source, statement->at),
                        of_another_length ? "a tuple inside a tuple joins it; an element of a past is y'.x"
                                          : "write f32(...), f64(...) or i32(...) around its past",
                        "the %s of '%.*s' depends on its own past and does not settle", of_another_length ? "number of elements" : "type",
                        sn_lang_shown(l->t, symbol), sn_lang_symbol_text(l->t, symbol));
}

void sn_lang_bind(lowering *l, uint32_t slot_of_frame, uint32_t symbol, lang_value v)
{
    lang_slot *s = &l->slots[sn_lang_slot(l, slot_of_frame)];
    const bool promised = l->reading_count && !l->dry; /* something was read ahead: seldom */
    if (promised)
        v = sn_lang_keep_promise(l, sn_lang_slot(l, slot_of_frame), symbol, v);
    s->value = v;
    s->state = v.type == TYPE_IMAGE ? SLOT_IMAGE : promised && sn_lang_has_deferred(l, v) ? SLOT_DEFERRED : SLOT_BOUND;
    if (s->line && !l->dry && !sn_lang_line_value(l, s->line, v))
        sn_lang_unsettled(l, symbol, v.count != l->lines[s->line].count);
}

static inline void lower_binding(lowering *l, uint32_t statement)
{
    const lang_statement *s = &l->t->statements[statement];
    const uint32_t at = sn_lang_slot(l, s->c);
    l->slots[at].state = SLOT_IN_PROGRESS;
    const lang_value v = sn_lang_handed_on(l, s->a);
    lang_slot *slot = &l->slots[at]; /* slots may have moved, statements too */
    if (slot->line || l->reading_count || v.type == TYPE_IMAGE) {
        s = &l->t->statements[statement];
        sn_lang_bind(l, s->c, s->b, v);
    } else {
        slot->value = v;
        slot->state = SLOT_BOUND;
    }
}

static __attribute__((noinline)) void lower_split(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    const uint32_t count = l->t->lists[s.b];
    for (uint32_t k = 0; k < count; k++)
        l->slots[sn_lang_slot(l, l->t->lists[s.b + 2 + 2 * k])].state = SLOT_IN_PROGRESS;
    lang_value v = sn_lang_handed_on(l, s.a);
    if (count > 1 && v.count != count && v.type != TYPE_WRONG && v.type != TYPE_UNKNOWN) {
        sn_lang_complain_at(l, s.at, s.end, NULL, "%u names for a value of %u element%s", count, v.count,
                            v.count == 1 ? "" : "s");
        v = sn_lang_wrong();
    }
    for (uint32_t k = 0; k < count; k++)
        sn_lang_bind(l, l->t->lists[s.b + 2 + 2 * k], l->t->lists[s.b + 1 + 2 * k],
                     count > 1 ? sn_lang_element(l, v, k) : v);
}

static __attribute__((noinline)) void lower_out(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    if (l->options->density)
        sn_lang_complain_at(l, s.at, s.end, "its last line is a distribution or an expression", "a density has no outputs of its own");
    if (s.c)
        l->slots[sn_lang_slot(l, s.c)].state = SLOT_IN_PROGRESS;
    const lang_value v = sn_lang_expression(l, s.a);
    if (s.c)
        sn_lang_bind(l, s.c, s.b, v);
    sn_lang_add_outputs(l, statement, s.b, v);
}

static __attribute__((noinline)) lang_value lower_other_statement(lowering *l, uint32_t statement)
{
    lang_value v = sn_lang_wrong();
    switch ((statement_kind)l->t->statements[statement].kind) {
    case STATEMENT_BIND: break; /* the caller's */
    case STATEMENT_SPLIT: lower_split(l, statement); break;
    case STATEMENT_OUT: lower_out(l, statement); break;
    case STATEMENT_INPUT: sn_lang_input(l, statement); break;
    case STATEMENT_PARAM: sn_lang_param(l, statement); break;
    case STATEMENT_TABLE: sn_lang_table(l, statement); break;
    case STATEMENT_IMAGE: sn_lang_image(l, statement); break;
    case STATEMENT_DRAW: sn_lang_draw(l, statement); break;
    case STATEMENT_TARGET: sn_lang_target(l, statement); break;
    case STATEMENT_VALUE:
        if (l->frame > 0)
            return sn_lang_handed_on(l, l->t->statements[statement].a);
        if (l->options->density) {
            sn_lang_density_value(l, statement);
            break;
        }
        v = sn_lang_expression(l, l->t->statements[statement].a);
        sn_lang_add_outputs(l, statement, 0, v);
        break;
    }
    return v;
}

/* In line where the statements of the top are walked: that is where most of them are. */
static inline lang_value lower_statement(lowering *l, uint32_t statement)
{
    l->statement = statement;
    if (l->t->statements[statement].kind != STATEMENT_BIND)
        return lower_other_statement(l, statement);
    lower_binding(l, statement);
    return sn_lang_wrong();
}

lang_value sn_lang_statement(lowering *l, uint32_t statement)
{
    return lower_statement(l, statement);
}

/* ---- the whole ---- */

/* What the builder refused: operations, memory, or an operation that a callback got wrong. True if all is
 * well. */
static bool check_program(lowering *l)
{
    if (l->p->status == SINTER_OK)
        return true;
    const lang_statement *s = &l->t->statements[l->statement];
    if (l->p->status == SINTER_NO_MEMORY)
        l->t->out_of_memory = true;
    else if (l->t->source.status == SINTER_OK)
        sn_lang_error(&l->t->source, l->p->status, s->at, s->end, NULL, "%s", l->p->message);
    return false;
}

static bool open_lowering(lowering *l)
{
    lang_tree *t = l->t;
    l->slot_room = t->slot_count + 1 > 64 ? t->slot_count + 1 : 64;
    l->slots = sn_arena_take(l->memory, l->slot_room * sizeof *l->slots);
    l->slot_count = t->slot_count + 1;
    l->line_count = l->part_count = 0;
    sn_lang_pool(l, 1); /* place 0 stays unused */
    if (!l->slots || !l->pool)
        return false;
    memset(l->slots, 0, l->slot_count * sizeof *l->slots);
    lang_line *lines = sn_lang_more(l, NULL, 0, &l->line_room, sizeof *lines);
    if (!lines)
        return false;
    l->lines = lines;
    l->line_count = 1;
    return true;
}

static void lower_all(lowering *l)
{
    lang_tree *t = l->t;
    sn_lang_declare_inputs(l);
    sn_lang_open_images(l);
    for (uint32_t s = t->first; s && !l->too_large && check_program(l); s = t->statements[s].next) {
        if (t->statements[s].forward > l->frames[0].known_until)
            sn_lang_infer(l, s);
        lower_statement(l, s);
    }
    if (l->unsettled && t->source.status == SINTER_OK)
        sn_lang_complain(l, l->unsettled, "write f32(...), f64(...) or i32(...) around it",
                         "the type of this past is not settled");
    if (l->unread && t->source.status == SINTER_OK)
        sn_lang_expression(l, l->unread); /* a table, say, which has no value at all */
    if (l->unread && t->source.status == SINTER_OK)
        sn_lang_complain(l, l->unread, "write f32(...), f64(...) or i32(...) around what it is bound to",
                         "the type of this value is not settled");
    sn_lang_check_uncalled(l);
    sn_lang_check_families(l);
    if (l->options->density)
        sn_lang_emit_model(l);
    if (t->source.status != SINTER_OK || t->out_of_memory)
        return;
    if (l->options->stage)
        sn_lang_emit_stage(l);
    else
        sn_lang_emit_outputs(l);
    sn_lang_write_lines(l);
    check_program(l);
}

static void lower_source(ir_program *program, arena *scratch, const char *source, size_t length,
                         const lang_options *options, sinter_report *report_into, lang_tree *tree)
{
    if (!sn_lang_open_source(&tree->source, scratch, source, length, options->inputs, options->name,
                             report_into))
        return;
    sn_lang_parse(tree, scratch, options->inputs);
    if (!tree->out_of_memory)
        sn_lang_sort_calls(tree, scratch, options);
    lowering *l = sn_arena_take(scratch, sizeof *l);
    if (!l || tree->out_of_memory) {
        tree->out_of_memory = true;
        return;
    }
    memset(l, 0, offsetof(lowering, frames));
    l->frames[0] = (lang_frame){0};
    l->p = program;
    l->memory = scratch;
    l->t = tree;
    l->options = options;
    l->type = options->type == IR_F64 ? IR_F64 : IR_F32;
    if (options->calls)
        sn_lang_trim_kept_calls(options->calls);
    if (open_lowering(l))
        lower_all(l);
    else
        tree->out_of_memory = true;
}

sinter_status sn_lang_lower(ir_program *program, arena *scratch, const char *source, size_t length,
                            const lang_options *options, sinter_report *report_or_null)
{
    sinter_report own;
    sinter_report *const into = report_or_null ? report_or_null : &own;
    lang_tree tree = {0};
    lower_source(program, scratch, source, length, options, into, &tree);
    if (tree.out_of_memory || program->status == SINTER_NO_MEMORY)
        sn_lang_out_of_memory(&tree.source);
    sn_lang_sort_errors(into);
    if (tree.source.status != SINTER_OK)
        sn_ir_fail(program, tree.source.status, into->errors[0].message);
    return tree.source.status;
}

/* False: memory was refused, or the text is too long. */
static bool parse_alone(lang_tree *t, arena *scratch, const char *source, size_t length)
{
    sinter_report report_of_nobody;
    if (!sn_lang_open_source(&t->source, scratch, source, length, NULL, NULL, &report_of_nobody))
        return false;
    sn_lang_parse(t, scratch, NULL);
    return !t->out_of_memory;
}

/* gamma(x) is the function, gamma(2, 3) the family: where a name of the language is both the function takes one argument. */
static bool calls_function(const lang_tree *t, uint32_t node)
{
    const lang_node *n = &t->nodes[node];
    const lang_symbol *s = &t->symbols[n->a];
    if (s->function)
        return !sn_lang_family_of(t, n->a).function;
    return n->kind == NODE_CALL && t->lists[n->b] == 1 && t->nodes[t->lists[n->b + 2]].kind != NODE_NAMED && (s->word || sn_lang_find_callable(t, n->a));
}

bool sn_lang_is_density(arena *scratch, const char *source, size_t length)
{
    lang_tree tree = {0};
    if (!parse_alone(&tree, scratch, source, length))
        return false;
    bool density = false;
    for (uint32_t s = tree.first; s; s = tree.statements[s].next) {
        const lang_statement *statement = &tree.statements[s];
        density |= statement->kind == STATEMENT_DRAW || statement->kind == STATEMENT_TARGET;
        if (statement->kind == STATEMENT_VALUE)
            density |= sn_lang_names_distribution(&tree, statement->a) && !calls_function(&tree, statement->a);
    }
    return density;
}

bool sn_lang_is_patch(arena *scratch, const char *source, size_t length)
{
    lang_tree tree = {0};
    if (!parse_alone(&tree, scratch, source, length))
        return false;
    uint32_t free_names = tree.free_names;
    bool patch = tree.has_state;
    for (uint32_t k = 0; k < tree.call_count; k++) {
        const uint32_t symbol = tree.calls[k].symbol;
        const lang_library_item *item = tree.symbols[symbol].function || tree.symbols[symbol].word
                                            ? NULL
                                            : sn_lang_find_callable(&tree, symbol);
        patch |= item && (item->stateful || item->free_names);
    }
    for (uint32_t s = tree.first; s; s = tree.statements[s].next)
        patch |= tree.statements[s].kind == STATEMENT_INPUT
                 || (tree.statements[s].kind == STATEMENT_PARAM && tree.statements[s].a
                     && tree.lists[tree.statements[s].a + PARAM_EVENT]);
    for (uint32_t f = 1; f < tree.function_count; f++)
        free_names |= tree.functions[f].free_names;
    for (unsigned k = FREE_FIELD_NAMES; k < 8; k++)
        patch |= (free_names >> k & 1) && !tree.symbols[tree.free_symbols[k]].global_slot;
    return patch;
}
