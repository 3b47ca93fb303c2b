/* The arguments of a call: which parameter gets what.
 *
 * Where no parameter has a size, that is settled by counting and by names, before anything is evaluated. Where some
 * have one (`p:2`), it depends on how many elements the arguments turn out to have: they are evaluated first, and of the
 * definitions of that name, which stand in the order of how many numbers they need, the first one that fits is it. */
#include "lang/library.h"
#include "lang/lowering.h"

#include <stdio.h>
#include <string.h>

/* f(a:2, b=...) as a hint shows it. */
static int write_parameters(const lang_tree *t, const lang_function *f, char *buffer, size_t size)
{
    int n = snprintf(buffer, size, "%.*s(", sn_lang_shown(t, f->symbol), sn_lang_symbol_text(t, f->symbol));
    if (f->item)
        n += snprintf(buffer + n, size - (size_t)n, "%s", f->item->arguments);
    for (uint32_t k = 0; !f->item && k < f->parameter_count && n < (int)size; k++) {
        const uint32_t *words = sn_lang_parameter(t, f, k);
        n += snprintf(buffer + n, size - (size_t)n, "%s%.*s", k ? ", " : "", sn_lang_shown(t, words[PARAMETER_SYMBOL]),
                      sn_lang_symbol_text(t, words[PARAMETER_SYMBOL]));
        if (words[PARAMETER_SIZE] && n < (int)size)
            n += snprintf(buffer + n, size - (size_t)n, ":%u", words[PARAMETER_SIZE]);
        if (words[PARAMETER_CONSTANT] && n < (int)size)
            n += snprintf(buffer + n, size - (size_t)n, "%s const", words[PARAMETER_SIZE] ? "" : ":");
        if (words[PARAMETER_DEFAULT] && n < (int)size)
            n += snprintf(buffer + n, size - (size_t)n, "=...");
    }
    return n;
}

/* What is called, with its arguments: a function's definitions, all of them, or a word. */
static void write_signature(const lowering *l, uint32_t symbol, uint32_t function, char *buffer, size_t size)
{
    const lang_symbol *s = &l->t->symbols[symbol];
    const lang_family *family = l->t->functions[function].family ? l->t->families[l->t->functions[function].family] : NULL;
    int n = 0;
    if (family) {
        n = snprintf(buffer, size, "%.*s(%.*s", sn_lang_shown(l->t, symbol), sn_lang_symbol_text(l->t, symbol), (int)(family->end - family->at),
                     l->t->source.text + family->at);
    } else if (function) {
        for (uint32_t f = function; f && n < (int)size; f = l->t->functions[f].next) {
            n += snprintf(buffer + n, size - (size_t)n, "%s", f == function ? "" : ") or ");
            if (n < (int)size)
                n += write_parameters(l->t, &l->t->functions[f], buffer + n, size - (size_t)n);
        }
    } else {
        n = snprintf(buffer, size, "%.*s(", sn_lang_shown(l->t, symbol), sn_lang_symbol_text(l->t, symbol));
        const lang_word *word = &sn_lang_words[s->word];
        unsigned k = 0;
        for (const char *at = word->arguments; *at && n < (int)size; k++) {
            const int length = (int)strcspn(at, " ");
            n += snprintf(buffer + n, size - (size_t)n, "%s%.*s%s", k ? ", " : "", length, at,
                          k >= word->least ? "=..." : "");
            at += length + (at[length] == ' ');
        }
    }
    if (n < (int)size)
        snprintf(buffer + n, size - (size_t)n, ")");
}

/* Which parameter the name is, from 0; the count if it is none. */
static unsigned find_parameter(const lowering *l, uint32_t callee, uint32_t function, uint32_t name, unsigned count)
{
    const lang_symbol *s = &l->t->symbols[callee], *wanted = &l->t->symbols[name];
    const lang_function *f = &l->t->functions[function];
    if (function && !f->item) {
        for (unsigned k = 0; k < count; k++)
            if (sn_lang_parameter(l->t, f, k)[PARAMETER_SYMBOL] == name)
                return k;
        return count;
    }
    unsigned k = 0;
    for (const char *at = f->item ? f->item->names : sn_lang_words[s->word].arguments; *at; k++) {
        const size_t length = strcspn(at, " ");
        if (length == wanted->length && !memcmp(at, sn_lang_symbol_text(l->t, name), length))
            return k;
        at += length + (at[length] == ' ');
    }
    return count;
}

/* Puts the arguments' nodes in the order of the parameters, 0 where there is none. False after an error. */
static __attribute__((noinline)) bool arrange(lowering *l, uint32_t node, uint32_t function, unsigned least,
                                              unsigned most, uint32_t *places)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t *list = l->t->lists + n.b;
    const uint32_t given = list[0];
    char signature[SINTER_MESSAGE_SIZE];
    const char *const name = sn_lang_symbol_text(l->t, n.a);
    memset(places, 0, most * sizeof *places);
    bool counts = given <= most;
    for (uint32_t k = 0; k < given && counts; k++) {
        const lang_node *argument = &l->t->nodes[list[2 + k]];
        const unsigned place = argument->kind == NODE_NAMED ? find_parameter(l, n.a, function, argument->a, most) : k;
        const bool taken = place < most && places[place];
        if (place < most && !taken) {
            places[place] = argument->kind == NODE_NAMED ? argument->b : list[2 + k];
            continue;
        }
        write_signature(l, n.a, function, signature, sizeof signature);
        if (taken)
            sn_lang_complain(l, list[2 + k], signature, "an argument is given twice");
        else
            sn_lang_complain(l, list[2 + k], signature, "'%.*s' has no argument '%.*s'", sn_lang_shown(l->t, n.a),
                             name, sn_lang_shown(l->t, argument->a), sn_lang_symbol_text(l->t, argument->a));
        return false;
    }
    for (unsigned k = 0; k < least && counts; k++)
        counts = places[k] != 0;
    if (counts)
        return true;
    for (uint32_t k = 0; k < given; k++)
        if (list[2 + k] == 0)
            return false; /* reported by the parser */
    write_signature(l, n.a, function, signature, sizeof signature);
    if (least == most)
        sn_lang_complain(l, node, signature, "'%.*s' takes %u argument%s, not %u", sn_lang_shown(l->t, n.a), name,
                         most, most == 1 ? "" : "s", given);
    else
        sn_lang_complain(l, node, signature, "'%.*s' takes %u to %u arguments, not %u", sn_lang_shown(l->t, n.a),
                         name, least, most, given);
    return false;
}

/* The same where nothing is left out and nothing named: most calls. False where it is not so. */
static inline bool arrange_plain(const lowering *l, const uint32_t *list, unsigned most, uint32_t *places)
{
    if (list[0] != most)
        return false;
    for (unsigned k = 0; k < most; k++) {
        places[k] = list[2 + k];
        if (places[k] == 0 || l->t->nodes[places[k]].kind == NODE_NAMED)
            return false;
    }
    return true;
}

bool sn_lang_arrange_word(lowering *l, uint32_t node, unsigned word, uint32_t *places)
{
    const lang_word *w = &sn_lang_words[word];
    return arrange_plain(l, l->t->lists + l->t->nodes[node].b, w->most, places)
           || arrange(l, node, 0, w->least, w->most, places);
}

bool sn_lang_arrange_family(lowering *l, uint32_t node, uint32_t function, bool all, uint32_t *places)
{
    const uint32_t count = l->t->functions[function].parameter_count;
    if (l->t->nodes[node].kind == NODE_CALL)
        return arrange(l, node, function, all ? count : 0, count, places);
    memset(places, 0, count * sizeof *places);
    if (!all || count == 0)
        return true;
    char signature[SINTER_MESSAGE_SIZE];
    const uint32_t symbol = l->t->nodes[node].a;
    write_signature(l, symbol, function, signature, sizeof signature);
    sn_lang_complain(l, node, signature, "'%.*s' needs its arguments here", sn_lang_shown(l->t, symbol), sn_lang_symbol_text(l->t, symbol));
    return false;
}

/* The values of all arguments, on the pool from the place returned on, in the order of the call; 0 after an error. They are kept
 * there, since calls nest. */
static uint32_t evaluate_all(lowering *l, uint32_t list)
{
    const uint32_t given = l->t->lists[list], base = sn_lang_pool(l, given + 1);
    bool good = base != 0;
    for (uint32_t k = 0; base && k < given; k++) {
        uint32_t argument = l->t->lists[list + 2 + k];
        if (l->t->nodes[argument].kind == NODE_NAMED)
            argument = l->t->nodes[argument].b;
        const lang_value v = sn_lang_argument(l, argument);
        l->pool[base + k] = v;
        good &= v.type != TYPE_WRONG;
    }
    return good ? base : 0;
}

/* ---- parameters that must be constants ---- */

static bool is_constant(lowering *l, lang_value v)
{
    double value;
    for (uint32_t k = 0; k < v.count; k++) {
        const lang_value e = sn_lang_element(l, v, k);
        if (e.type != TYPE_WRONG && !sn_lang_constant(l, e, &value))
            return false;
    }
    return true;
}

bool sn_lang_check_constant(lowering *l, uint32_t node, uint32_t function, uint32_t parameter, lang_value v)
{
    const lang_function *f = &l->t->functions[function];
    const uint32_t *words = sn_lang_parameter(l->t, f, parameter);
    if (l->dry || !words[PARAMETER_CONSTANT] || is_constant(l, v))
        return true;
    char signature[SINTER_MESSAGE_SIZE];
    write_parameters(l->t, f, signature, sizeof signature - 1);
    strcat(signature, ")");
    sn_lang_complain(l, node, signature, "'%.*s' of '%.*s' must be a constant",
                     sn_lang_shown(l->t, words[PARAMETER_SYMBOL]), sn_lang_symbol_text(l->t, words[PARAMETER_SYMBOL]),
                     sn_lang_shown(l->t, f->symbol), sn_lang_symbol_text(l->t, f->symbol));
    return false;
}

bool sn_lang_check_constants(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments)
{
    const lang_function *f = &l->t->functions[function];
    for (uint32_t k = 0; k < f->parameter_count && f->constants; k++)
        if (!sn_lang_check_constant(l, node, function, k, arguments[k]))
            return false;
    return true;
}

/* ---- where no parameter has a size ---- */

bool sn_lang_take_arguments(lowering *l, uint32_t node, uint32_t function, lang_value *arguments)
{
    const lang_function *f = &l->t->functions[function];
    const uint32_t count = f->parameter_count;
    uint32_t least = 0, places[LANG_MAX_TUPLE];
    while (least < count && sn_lang_parameter(l->t, f, least)[PARAMETER_DEFAULT] == 0)
        least++;
    if (!arrange(l, node, function, least, count, places))
        return false;
    const uint32_t base = sn_lang_pool(l, count + 1);
    if (!base)
        return false;
    for (uint32_t k = 0; k < count; k++) {
        const lang_value v = places[k] ? sn_lang_argument(l, places[k]) : (lang_value){.count = 0};
        l->pool[base + k] = v;
    }
    memcpy(arguments, l->pool + base, count * sizeof *arguments);
    return true;
}

/* ---- where some have one ---- */

/* A call's arguments, evaluated. */
typedef struct call_arguments {
    const lowering *l;
    uint32_t list;   /* of the call's node */
    uint32_t count;
    uint32_t values; /* the first one's place in the pool */
    bool whole;      /* what is not known while types are looked for is taken for the tuple that is wanted, not for a number */
} call_arguments;

/* The symbol of the name that the argument is given by, 0 if by its place. */
static uint32_t name_of(const call_arguments *given, uint32_t k)
{
    const lang_node *n = &given->l->t->nodes[given->l->t->lists[given->list + 2 + k]];
    return n->kind == NODE_NAMED ? n->a : 0;
}

static lang_value value_of(const call_arguments *given, uint32_t k)
{
    return sn_lang_made_value(given->l, given->l->pool[given->values + k]);
}

/* What of a definition has to be known to see whether arguments fit. */
typedef struct parameter_form {
    uint32_t count, least;
    uint8_t sizes[LANG_MAX_TUPLE];
} parameter_form;

static void form_of(const lang_tree *t, const lang_function *f, parameter_form *form)
{
    form->count = f->item ? f->item->count : f->parameter_count;
    form->least = f->item ? f->item->least : form->count;
    for (uint32_t k = 0; k < form->count; k++) {
        form->sizes[k] = f->item ? f->item->sizes[k] : (uint8_t)sn_lang_parameter(t, f, k)[PARAMETER_SIZE];
        if (!f->item && sn_lang_parameter(t, f, k)[PARAMETER_DEFAULT] && k < form->least)
            form->least = k;
    }
}

/* How many of the values from `at` on an argument of that size takes: one that has it, or as many numbers; 0: it
 * does not fit. What is not known while types are looked for fits anything. */
static uint32_t values_for(const call_arguments *given, uint32_t at, uint32_t size)
{
    if (at >= given->count || name_of(given, at))
        return 0;
    const lang_value v = value_of(given, at);
    if (size == 0 || v.count == size || (v.type == TYPE_UNKNOWN && (size == 1 || given->whole)))
        return 1;
    uint32_t numbers = 0;
    while (numbers < size && at + numbers < given->count && !name_of(given, at + numbers)
           && value_of(given, at + numbers).count == 1)
        numbers++;
    return numbers == size ? size : v.type == TYPE_UNKNOWN ? 1 : 0;
}

/* Which values a parameter gets. */
typedef struct parameter_share {
    uint8_t first; /* from 1; 0: the default */
    uint8_t count;
} parameter_share;

/* The arguments that are given by name. */
static bool fit_named(const call_arguments *given, uint32_t symbol, uint32_t function, const parameter_form *form,
                      parameter_share *shares)
{
    for (uint32_t k = 0; k < given->count; k++) {
        const uint32_t name = name_of(given, k);
        if (!name)
            continue;
        const unsigned place = find_parameter(given->l, symbol, function, name, form->count);
        if (place == form->count || shares[place].first)
            return false;
        const lang_value v = value_of(given, k);
        if (form->sizes[place] && v.count != form->sizes[place] && v.type != TYPE_UNKNOWN)
            return false;
        shares[place] = (parameter_share){(uint8_t)(k + 1), 1};
    }
    return true;
}

static bool fit(const call_arguments *given, uint32_t symbol, uint32_t function, const parameter_form *form,
                parameter_share *shares)
{
    memset(shares, 0, form->count * sizeof *shares);
    if (!fit_named(given, symbol, function, form, shares))
        return false;
    uint32_t at = 0;
    for (uint32_t k = 0; k < form->count; k++) {
        if (shares[k].first)
            continue;
        const uint32_t count = values_for(given, at, form->sizes[k]);
        if (count)
            shares[k] = (parameter_share){(uint8_t)(at + 1), (uint8_t)count};
        else if (k < form->least)
            return false;
        at += count;
    }
    while (at < given->count && name_of(given, at))
        at++;
    return at == given->count;
}

/* A value as it is, an image where no size asks for a tuple; numbers side by side as the tuple that is wanted. */
static lang_value take_share(lowering *l, const call_arguments *given, parameter_share share, uint32_t size)
{
    if (!share.first)
        return (lang_value){.count = 0};
    const uint32_t first = share.first - 1u;
    if (share.count == 1)
        return size ? value_of(given, first) : l->pool[given->values + first];
    const uint32_t place = sn_lang_pool(l, share.count);
    for (uint32_t k = 0; place && k < share.count; k++)
        l->pool[place + k] = value_of(given, first + k);
    return place ? (lang_value){.ref = place, .count = share.count, .type = TYPE_TUPLE} : sn_lang_wrong();
}

/* A name that no definition has is the likelier mistake, if there is one. */
static __attribute__((noinline)) void refuse_arguments(lowering *l, uint32_t node, uint32_t function,
                                                       const call_arguments *given)
{
    const uint32_t symbol = l->t->nodes[node].a;
    const char *const name = sn_lang_symbol_text(l->t, symbol);
    char signature[SINTER_MESSAGE_SIZE];
    uint32_t numbers = 0;
    write_signature(l, symbol, function, signature, sizeof signature);
    for (uint32_t k = 0; k < given->count; k++) {
        const uint32_t wanted = name_of(given, k);
        bool known = !wanted;
        for (uint32_t f = function; f && !known; f = l->t->functions[f].next) {
            parameter_form form;
            form_of(l->t, &l->t->functions[f], &form);
            known = find_parameter(l, symbol, f, wanted, form.count) < form.count;
        }
        if (!known) {
            sn_lang_complain(l, l->t->lists[given->list + 2 + k], signature, "'%.*s' has no argument '%.*s'",
                             sn_lang_shown(l->t, symbol), name, sn_lang_shown(l->t, wanted), sn_lang_symbol_text(l->t, wanted));
            return;
        }
        numbers += value_of(given, k).count;
    }
    sn_lang_complain(l, node, signature, "'%.*s' cannot take these arguments, %u number%s in all",
                     sn_lang_shown(l->t, symbol), name, numbers, numbers == 1 ? "" : "s");
}

uint32_t sn_lang_choose_definition(lowering *l, uint32_t node, uint32_t function, lang_value *arguments)
{
    const lang_node n = l->t->nodes[node];
    call_arguments given = {.l = l, .list = n.b, .count = l->t->lists[n.b]};
    if (given.count > LANG_MAX_TUPLE) {
        sn_lang_complain(l, node, NULL, "a function has at most %d arguments", LANG_MAX_TUPLE);
        return 0;
    }
    given.values = evaluate_all(l, n.b);
    for (uint32_t f = function; given.values && f; f = l->t->functions[f].next) {
        parameter_form form;
        parameter_share shares[LANG_MAX_TUPLE];
        form_of(l->t, &l->t->functions[f], &form);
        given.whole = false;
        if (!fit(&given, n.a, f, &form, shares)) {
            given.whole = l->dry;
            if (!l->dry || !fit(&given, n.a, f, &form, shares))
                continue;
        }
        for (uint32_t k = 0; k < form.count; k++)
            arguments[k] = take_share(l, &given, shares[k], form.sizes[k]);
        return f;
    }
    if (given.values)
        refuse_arguments(l, node, function, &given);
    return 0;
}
