/* Expressions: tokens → nodes, by recursive descent, operators by precedence climbing.
 *
 * Names are resolved while they are read: a name bound in the scope (a function's body, or the top) becomes a
 * slot number, so that lowering looks nothing up. What is not bound yet is kept in a list (of plain names at the
 * top, where most are inputs, only who reads each first); when the scope ends, the list tells which of these names
 * it bound after all: their pasts (y' above y = …) are legal, delays may read them, and the statement remembers
 * how far down it reaches, since the types of such a recurrence are found together.
 *
 * After an error the parser is in `panic`: the token is BAD, which no rule accepts and nobody reports again,
 * so everything unwinds to the statement, which is skipped. So one mistake gives one message, and the names
 * that the broken statement binds stay known. */
#include "lang/library.h"
#include "lang/parsing.h"

#include <stdarg.h>
#include <stdio.h>

static inline uint32_t parse_unary(parser *p);

/* ---- records ---- */

static __attribute__((noinline)) bool grow_nodes(parser *p)
{
    lang_tree *t = p->t;
    lang_node *grown = sn_lang_grown(t, p->memory, t->nodes, &t->node_room, sizeof *grown);
    if (grown)
        t->nodes = grown;
    return grown != NULL;
}

static inline uint32_t add_node(parser *p, node_kind kind, uint8_t op, uint32_t at, uint32_t a, uint32_t b)
{
    lang_tree *t = p->t;
    if (t->node_count == t->node_room && !grow_nodes(p))
        return 0;
    t->nodes[t->node_count] = (lang_node){.kind = (uint8_t)kind, .op = op, .at = at, .a = a, .b = b};
    return t->node_count++;
}

static __attribute__((noinline)) bool grow_lists(parser *p, uint32_t count)
{
    lang_tree *t = p->t;
    while (t->list_room - t->list_count < count) {
        const uint32_t room = t->list_room;
        uint32_t *grown = sn_lang_grown(t, p->memory, t->lists, &t->list_room, sizeof *grown);
        if (!grown) {
            t->list_room = room;
            return false;
        }
        t->lists = grown;
    }
    return true;
}

uint32_t sn_lang_add_list(parser *p, const uint32_t *words, uint32_t count)
{
    lang_tree *t = p->t;
    if (t->list_room - t->list_count < count && !grow_lists(p, count))
        return 0;
    memcpy(t->lists + t->list_count, words, count * sizeof *words);
    t->list_count += count;
    return t->list_count - count;
}

void sn_lang_push(parser *p, uint32_t word)
{
    if (p->stack_count == p->stack_room) {
        uint32_t *grown = sn_lang_grown(p->t, p->memory, p->stack, &p->stack_room, sizeof *grown);
        if (!grown)
            return;
        p->stack = grown;
    }
    p->stack[p->stack_count++] = word;
}

static void add_pending(parser *p, uint32_t node)
{
    if (p->pending_count == p->pending_room) {
        pending *grown = sn_lang_grown(p->t, p->memory, p->pendings, &p->pending_room, sizeof *grown);
        if (!grown)
            return;
        p->pendings = grown;
    }
    p->pendings[p->pending_count++] = (pending){node, p->statement};
}

static void add_call(parser *p, uint32_t symbol, uint32_t at)
{
    lang_tree *t = p->t;
    if (t->call_count == t->call_room) {
        lang_call *grown = sn_lang_grown(t, p->memory, t->calls, &t->call_room, sizeof *grown);
        if (!grown)
            return;
        t->calls = grown;
    }
    t->calls[t->call_count++] = (lang_call){p->scope, symbol, at};
}

/* ---- tokens and errors ---- */

/* What stopped the parser will be looked at again when it recovers, with the newline before it. */
uint32_t sn_lang_panic(parser *p)
{
    if (!p->panic) {
        p->l.at = token_is(p, TOKEN_BAD) ? p->l.token.end : p->previous_end;
        p->open = p->brackets;
    }
    p->l.token.kind = TOKEN_BAD;
    p->panic = p->broken = true;
    return 0;
}

/* Where the parser is not in panic: reports, and panics. A BAD token has been reported by the lexer. */
uint32_t sn_lang_fail(parser *p, uint32_t at, uint32_t end, const char *hint, const char *format, ...)
{
    if (!p->panic && !token_is(p, TOKEN_BAD)) {
        char message[SINTER_MESSAGE_SIZE];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, at, end, hint, "%s", message);
    }
    return sn_lang_panic(p);
}

uint32_t sn_lang_fail_here(parser *p, const char *hint, const char *format, ...)
{
    char message[SINTER_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return sn_lang_fail(p, p->l.token.at, p->l.token.end, hint, "%s", message);
}

/* The token as messages name it. */
const char *sn_lang_describe(const parser *p, char *buffer, size_t size)
{
    const lang_token *token = &p->l.token;
    if (token->kind == TOKEN_END)
        return "the end of the text";
    snprintf(buffer, size, "'%.*s'", shown_length(token->at, token->end), text_at(p, token->at));
    return buffer;
}

static bool closes(const parser *p)
{
    switch (p->l.token.kind) {
    case TOKEN_END:
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET:
    case TOKEN_RBRACE:
    case TOKEN_SEMICOLON:
    case TOKEN_COMMA: return true;
    default: return p->l.token.newline && p->brackets == 0;
    }
}

uint32_t sn_lang_missing(parser *p, const char *what, const char *hint)
{
    char shown[80];
    if (!hint && p->l.token.kind == TOKEN_ASSIGN && p->l.token.at > p->start && p->l.token.at == p->previous_end)
        hint = "a name keeps its value, so there is no assignment that changes one; bind another name"; /* a += 1 */
    if (p->l.token.at == p->start && closes(p))
        return sn_lang_fail_here(p, hint, "unexpected %s", sn_lang_describe(p, shown, sizeof shown));
    if ((closes(p) || p->l.token.newline) && p->previous_end > p->previous_at)
        return sn_lang_fail(p, p->previous_at, p->previous_end, hint, "%s is missing after '%.*s'", what,
                            shown_length(p->previous_at, p->previous_end), text_at(p, p->previous_at));
    return sn_lang_fail_here(p, hint, "%s is missing before %s", what,
                             sn_lang_describe(p, shown, sizeof shown));
}

uint32_t sn_lang_fail_keyword(parser *p)
{
    return sn_lang_fail_here(p, "it begins a statement, and cannot be a name",
                             "'%.*s' is a word of the language", shown_length(p->l.token.at, p->l.token.end),
                             text_at(p, p->l.token.at));
}

const char *sn_lang_hint_of_operand(const parser *p, char *buffer, size_t size)
{
    static const struct {
        const char *word, *hint; /* words that stand between operands in other languages */
    } words[] = {
        {"and", "conditions are joined by &&, bits by and(a, b)"}, {"or", "conditions are joined by ||, bits by or(a, b)"},
        {"xor", "write xor(a, b)"}, {"mod", "write a % b"}, {"rem", "write rem(a, b)"}, {"is", "write a == b"},
    };
    if (!token_is(p, TOKEN_NAME) && !token_is(p, TOKEN_NUMBER) && !token_is(p, TOKEN_LPAREN))
        return NULL;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (token_is_word(p, words[k].word))
            return words[k].hint;
    const uint32_t length = p->previous_end - p->previous_at;
    const char *previous = text_at(p, p->previous_at);
    if (length == 0 || length > LANG_MAX_NAME || (!sn_lang_is_function(sn_lang_find_word(previous, length)) && !sn_lang_find_item(previous, length)))
        return NULL;
    snprintf(buffer, size, "what a function takes stands in parentheses: %.*s(...)", (int)length, previous);
    return buffer;
}

bool sn_lang_expect_closing(parser *p, token_kind kind, uint32_t opening)
{
    if (accept_token(p, kind))
        return true;
    char shown[80], hint[SINTER_MESSAGE_SIZE];
    const char *const open = text_at(p, opening);
    const char closing = kind == TOKEN_RPAREN ? ')' : kind == TOKEN_RBRACKET ? ']' : '}';
    if (token_is(p, TOKEN_END) || p->l.token.newline)
        sn_lang_fail(p, opening, opening + 1, NULL, "this %c is not closed", *open);
    else
        sn_lang_fail_here(p, sn_lang_hint_of_operand(p, hint, sizeof hint), "%s where %c or a comma is expected",
                          sn_lang_describe(p, shown, sizeof shown), closing);
    return false;
}

static __attribute__((noinline)) bool fail_depth(parser *p)
{
    if (!p->panic && !token_is(p, TOKEN_BAD))
        sn_lang_error(&p->t->source, SINTER_TOO_LARGE, p->l.token.at, p->l.token.end,
                      "bind a part of it to a name", "this is nested more than %d deep", LANG_MAX_NESTING);
    sn_lang_panic(p);
    return false;
}

static inline bool deeper(parser *p)
{
    return ++p->nesting <= LANG_MAX_NESTING || fail_depth(p);
}

/* ---- names ---- */

static inline uint32_t slot_in_scope(const parser *p, const lang_symbol *symbol)
{
    return p->scope == 0 ? symbol->global_slot : symbol->scope == p->scope ? symbol->slot : 0;
}

static uint32_t statement_in_scope(const parser *p, const lang_symbol *symbol)
{
    return p->scope == 0 ? symbol->global_statement : symbol->slot_statement;
}

static __attribute__((noinline)) void fail_bound(parser *p, const lang_symbol *s, uint32_t at, uint32_t end)
{
    const uint32_t first = p->scope ? s->slot_at : s->global_at;
    sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, at, end, "a name keeps its value; bind another one",
                  "'%.*s' is bound already, in line %d", shown_length(at, end), text_at(p, at),
                  sn_lang_line(&p->t->source, first));
    p->broken = true;
}

static void reaches(parser *p, uint32_t from, uint32_t to)
{
    lang_statement *s = &p->t->statements[from];
    if (to >= from && to > s->forward)
        s->forward = to;
}

uint32_t sn_lang_bind_in_scope(parser *p, uint32_t symbol, uint32_t at, uint32_t end)
{
    lang_symbol *s = &p->t->symbols[symbol];
    const uint32_t slot = ++p->slots;
    if (slot_in_scope(p, s)) {
        fail_bound(p, s, at, end);
    } else if (p->scope) {
        s->scope = p->scope;
        s->slot = slot;
        s->slot_at = at;
        s->slot_statement = p->statement;
    } else {
        s->global_slot = slot;
        s->global_at = at;
        s->global_statement = p->statement;
        if (s->first_read)
            reaches(p, s->first_read, p->statement);
    }
    return slot;
}

static void note_free_name(parser *p, uint32_t symbol)
{
    const lang_word *word = &sn_lang_words[p->t->symbols[symbol].word];
    if (word->kind != WORD_IS_FREE || p->definition)
        return;
    p->free_names |= (uint8_t)(1 << word->number);
    p->t->free_symbols[word->number] = symbol;
}

static __attribute__((noinline)) uint32_t global_node(parser *p, uint32_t symbol, uint32_t at)
{
    note_free_name(p, symbol);
    const uint32_t node = add_node(p, NODE_GLOBAL, 0, at, symbol, symbol);
    lang_symbol *s = &p->t->symbols[symbol];
    if (p->scope)
        add_pending(p, node);
    else if (!s->first_read)
        s->first_read = p->statement;
    return node;
}

/* A name that is read in its own definition, or above it, stands for what it will be (deferred.c). */
static inline uint32_t name_node(parser *p, uint32_t symbol, uint32_t at)
{
    const lang_symbol *s = &p->t->symbols[symbol];
    const uint32_t slot = slot_in_scope(p, s);
    if (slot && statement_in_scope(p, s) == p->statement)
        reaches(p, p->statement, p->statement);
    return slot ? add_node(p, NODE_LOCAL, 0, at, slot, symbol) : global_node(p, symbol, at);
}

static void note_state(parser *p)
{
    p->t->has_state = true;
    p->t->functions[p->scope].stateful = true;
}

static uint32_t past_node(parser *p, uint32_t symbol, uint32_t at)
{
    uint32_t primes = 0;
    while (token_is(p, TOKEN_PRIME)) {
        primes++;
        next_token(p);
    }
    if (primes > UINT8_MAX)
        return sn_lang_fail(p, at, p->previous_end, "for long delays write delay(x, n)",
                            "more than %d primes", UINT8_MAX);
    note_state(p);
    const lang_symbol *s = &p->t->symbols[symbol];
    const uint32_t slot = slot_in_scope(p, s);
    const uint32_t node = add_node(p, NODE_PAST, slot ? 0 : 1, at, slot, symbol);
    p->t->nodes[node].small = (uint8_t)primes;
    if (!slot)
        add_pending(p, node);
    else if (statement_in_scope(p, s) == p->statement)
        reaches(p, p->statement, p->statement);
    return node;
}

/* The scope ends: names that it bound below their use. */
void sn_lang_settle_pending(parser *p, uint32_t from)
{
    for (uint32_t k = from; k < p->pending_count; k++) {
        lang_node *n = &p->t->nodes[p->pendings[k].node];
        if (n->kind != NODE_GLOBAL && n->kind != NODE_PAST)
            continue; /* a name that turned out to be called */
        const lang_symbol *s = &p->t->symbols[n->b];
        const uint32_t slot = slot_in_scope(p, s);
        if (!slot)
            continue;
        if (n->kind == NODE_GLOBAL)
            n->kind = NODE_LOCAL;
        n->op = 0;
        n->a = slot;
        reaches(p, p->pendings[k].statement, statement_in_scope(p, s));
    }
    p->pending_count = from;
}

/* ---- expressions ---- */

static uint32_t count_call(parser *p, uint32_t symbol)
{
    lang_symbol *s = &p->t->symbols[symbol];
    if (s->calls_scope != p->scope + 1) {
        s->calls_scope = p->scope + 1;
        s->calls = 0;
    }
    return ++s->calls;
}

/* The nodes on the stack from `base` on become a list that begins with the words given. */
uint32_t sn_lang_pop_list(parser *p, uint32_t base, uint32_t word0, uint32_t word1)
{
    lang_tree *t = p->t;
    const uint32_t count = p->stack_count - base, list = t->list_count;
    p->stack_count = base;
    if (t->list_room - list < count + 2 && !grow_lists(p, count + 2))
        return 0;
    t->lists[list] = word0;
    t->lists[list + 1] = word1;
    for (uint32_t k = 0; k < count; k++)
        t->lists[list + 2 + k] = p->stack[base + k];
    t->list_count += count + 2;
    return list;
}

static uint32_t parse_argument(parser *p)
{
    const uint32_t assignment = binding_at(p);
    if (!assignment)
        return sn_lang_parse_expression(p);
    const uint32_t symbol = p->l.token.value, at = p->l.token.at;
    step_over_assignment(p, assignment);
    return add_node(p, NODE_NAMED, 0, at, symbol, sn_lang_parse_choice(p));
}

/* What a name meant, while an index or an accumulator has it. */
typedef struct shadowed {
    uint32_t symbol;
    lang_symbol outer;
} shadowed;

static shadowed shadow_name(parser *p, uint32_t symbol, uint32_t at, uint32_t slot)
{
    lang_symbol *s = &p->t->symbols[symbol];
    const shadowed kept = {symbol, *s};
    if (p->scope) {
        s->scope = p->scope;
        s->slot = slot;
        s->slot_statement = 0;
    } else {
        s->global_slot = slot;
        s->global_statement = 0;
    }
    s->slot_at = s->global_at = at;
    return kept;
}

static void restore_name(parser *p, const shadowed *kept)
{
    lang_symbol *s = &p->t->symbols[kept->symbol];
    s->scope = kept->outer.scope;
    s->slot = kept->outer.slot;
    s->slot_at = kept->outer.slot_at;
    s->slot_statement = kept->outer.slot_statement;
    s->global_slot = kept->outer.global_slot;
    s->global_at = kept->outer.global_at;
    s->global_statement = kept->outer.global_statement;
}

/* sum(i, first, last, term), or accumulate(i, first, last, z = start, term). */
typedef struct loop_form {
    const char *text, *needs;
} loop_form;

static const loop_form sum_form = {"sum(i, first, last, term)", "a sum needs its index, first, last and term"};
static const loop_form accumulation_form = {"accumulate(i, first, last, z = start, term)",
                                            "an accumulation needs its index, first, last, what it begins with, and the term"};

static bool next_part(parser *p, const loop_form *form)
{
    if (!p->panic && !accept_token(p, TOKEN_COMMA))
        sn_lang_fail_here(p, form->text, "%s", form->needs);
    return !p->panic;
}

/* `z = start`: the accumulator's symbol and place; its first value is read before the name means it. */
static bool parse_start(parser *p, uint32_t *symbol, uint32_t *at, uint32_t *start)
{
    const uint32_t assignment = token_is(p, TOKEN_NAME) ? binding_at(p) : 0;
    if (!assignment) {
        sn_lang_fail_here(p, accumulation_form.text, "%s", accumulation_form.needs);
        return false;
    }
    *symbol = p->l.token.value;
    *at = p->l.token.at;
    step_over_assignment(p, assignment);
    *start = sn_lang_parse_expression(p);
    return next_part(p, &accumulation_form);
}

static uint32_t parse_term(parser *p, uint32_t index, uint32_t index_at, uint32_t index_slot, uint32_t z, uint32_t z_at, uint32_t z_slot)
{
    const shadowed outer = shadow_name(p, index, index_at, index_slot);
    shadowed outer_z = outer;
    if (z_slot)
        outer_z = shadow_name(p, z, z_at, z_slot);
    const uint32_t term = sn_lang_parse_expression(p);
    if (z_slot)
        restore_name(p, &outer_z);
    restore_name(p, &outer);
    return term;
}

static uint32_t parse_loop(parser *p, uint32_t at, uint32_t opening, bool accumulates)
{
    const loop_form *form = accumulates ? &accumulation_form : &sum_form;
    uint32_t z = 0, z_at = 0, z_slot = 0, start = 0;
    if (!token_is(p, TOKEN_NAME))
        return sn_lang_fail_here(p, form->text, "%s begins with the name of its index", accumulates ? "an accumulation" : "a sum");
    const uint32_t symbol = p->l.token.value, index_at = p->l.token.at;
    next_token(p);
    if (!next_part(p, form))
        return 0;
    const uint32_t first = sn_lang_parse_expression(p);
    if (!next_part(p, form))
        return 0;
    const uint32_t last = sn_lang_parse_expression(p);
    if (!next_part(p, form) || (accumulates && !parse_start(p, &z, &z_at, &start)))
        return 0;
    const uint32_t slot = ++p->slots;
    if (accumulates)
        z_slot = ++p->slots;
    const uint32_t term = parse_term(p, symbol, index_at, slot, z, z_at, z_slot);
    if (!p->panic && !sn_lang_expect_closing(p, TOKEN_RPAREN, opening))
        return 0;
    const uint32_t words[5] = {first, last, term, start, z_slot};
    return p->panic ? 0 : add_node(p, accumulates ? NODE_ACCUMULATE : NODE_SUM, 0, at, slot, sn_lang_add_list(p, words, accumulates ? 5 : 3));
}

/* `flags`: IR_FLAG_FAST behind `fast.`. All calls are noted, those of the language's functions too: the text
 * may define one of that name further down. */
static uint32_t parse_call(parser *p, uint32_t symbol, uint32_t at, uint8_t flags)
{
    const uint32_t opening = p->l.token.at, base = p->stack_count, word = p->t->symbols[symbol].word;
    p->brackets++;
    next_token(p);
    uint32_t node = 0;
    if ((word == WORD_SUM || word == WORD_ACCUMULATE) && !flags) {
        node = parse_loop(p, at, opening, word == WORD_ACCUMULATE);
    } else {
        const uint32_t which = count_call(p, symbol);
        add_call(p, symbol, at);
        if (!token_is(p, TOKEN_RPAREN))
            do
                sn_lang_push(p, parse_argument(p));
            while (!p->panic && accept_token(p, TOKEN_COMMA));
        if (!p->panic && sn_lang_expect_closing(p, TOKEN_RPAREN, opening)) {
            const uint32_t count = p->stack_count - base;
            if (word == WORD_DELAY)
                note_state(p);
            node = add_node(p, NODE_CALL, flags, at, symbol, sn_lang_pop_list(p, base, count, which));
        }
    }
    p->stack_count = base;
    p->brackets--;
    return node;
}

static bool on_this_line(const parser *p)
{
    return !p->l.token.newline || p->brackets > 0;
}

static uint32_t parse_components(parser *p, uint32_t node, uint32_t dot);

/* `fast` and a dot: a grade where the name of a function follows, else a value like any other and its
 * components. It is a call where a parenthesis follows, right or wrong; a function's name alone, which no
 * components spell, is a call that a pipe completes. */
static uint32_t parse_graded(parser *p, uint32_t fast, uint32_t fast_at)
{
    const uint32_t dot = p->l.token.at;
    next_token(p);
    if (!token_is(p, TOKEN_NAME) || p->l.token.value == 0)
        return parse_components(p, name_node(p, fast, fast_at), dot);
    const uint32_t symbol = p->l.token.value, at = p->l.token.at;
    const char *behind = text_at(p, p->l.at);
    behind += strspn(behind, " \t");
    if (*behind != '(' && !sn_lang_is_function(p->t->symbols[symbol].word))
        return parse_components(p, name_node(p, fast, fast_at), dot);
    next_token(p);
    if (token_is(p, TOKEN_LPAREN) && on_this_line(p))
        return parse_call(p, symbol, at, IR_FLAG_FAST);
    const uint32_t words[2] = {0, count_call(p, symbol)};
    return add_node(p, NODE_CALL, IR_FLAG_FAST, at, symbol, sn_lang_add_list(p, words, 2));
}

/* May what stands here belong to the operand before it? */
static inline bool goes_on(const parser *p)
{
    const uint64_t tails = 1u << TOKEN_DOT | 1u << TOKEN_LBRACKET | 1u << TOKEN_PRIME | 1u << TOKEN_LPAREN
                           | 1u << TOKEN_CARET;
    return tails >> p->l.token.kind & 1;
}

static __attribute__((noinline)) uint32_t parse_name_going_on(parser *p, uint32_t symbol, uint32_t at)
{
    if (token_is(p, TOKEN_LPAREN) && on_this_line(p))
        return parse_call(p, symbol, at, 0);
    if (token_is(p, TOKEN_DOT) && p->t->symbols[symbol].word == WORD_FAST && on_this_line(p))
        return parse_graded(p, symbol, at);
    if (token_is(p, TOKEN_PRIME))
        return past_node(p, symbol, at);
    return name_node(p, symbol, at);
}

static uint32_t parse_name(parser *p)
{
    const uint32_t symbol = p->l.token.value, at = p->l.token.at;
    next_token(p);
    return parse_name_going_on(p, symbol, at);
}

static uint32_t parse_parentheses(parser *p)
{
    const uint32_t opening = p->l.token.at, base = p->stack_count;
    uint32_t node = 0;
    p->brackets++;
    next_token(p);
    node = sn_lang_parse_expression(p);
    if (token_is(p, TOKEN_COMMA)) {
        sn_lang_push(p, node);
        while (accept_token(p, TOKEN_COMMA))
            sn_lang_push(p, sn_lang_parse_expression(p));
    }
    p->brackets--;
    if (p->panic || !sn_lang_expect_closing(p, TOKEN_RPAREN, opening)) {
        node = 0;
    } else {
        const uint32_t count = p->stack_count - base;
        if (count > 0)
            node = add_node(p, NODE_TUPLE, 0, opening, count, sn_lang_add_list(p, p->stack + base, count));
        p->t->nodes[node].flags |= NODE_IN_PARENTHESES;
    }
    p->stack_count = base;
    return node;
}

static inline uint32_t parse_number(parser *p)
{
    const uint32_t node = add_node(p, NODE_NUMBER, 0, p->l.token.at, p->l.token.value, 0);
    next_token(p);
    return node;
}

static inline uint32_t parse_primary(parser *p)
{
    switch (p->l.token.kind) {
    case TOKEN_NUMBER: return parse_number(p);
    case TOKEN_NAME: /* after an operator at a line's end the next statement shall not be eaten */
        if (p->l.token.newline && p->l.token.at != p->start && assignment_behind(p))
            return sn_lang_missing(p, "an expression", NULL);
        return parse_name(p);
    case TOKEN_LPAREN: return parse_parentheses(p);
    case TOKEN_FN:
    case TOKEN_PARAM:
    case TOKEN_INPUT:
    case TOKEN_OUT:
    case TOKEN_TABLE: return sn_lang_fail_keyword(p);
    case TOKEN_PLUS:
        return sn_lang_fail_here(p, "a line goes on where the one before ends with its operator",
                                 "an expression cannot begin with '+'");
    case TOKEN_LBRACKET:
        return sn_lang_fail_here(p, "declare it: table t = [...]", "a list stands in a table only");
    case TOKEN_TEXT:
        return sn_lang_fail_here(p, NULL, "a text in quotes stands behind a param only, as its unit");
    default: return sn_lang_missing(p, "an expression", NULL);
    }
}

/* What stands behind the dot. */
static uint32_t parse_components(parser *p, uint32_t node, uint32_t dot)
{
    static const char sets[] = "xyzwrgba";
    if (!token_is(p, TOKEN_NAME))
        return sn_lang_missing(p, "a component", "as in .x");
    const char *text = text_at(p, p->l.token.at);
    const uint32_t count = p->l.token.end - p->l.token.at;
    uint8_t packed = 0;
    unsigned used = 0;
    for (uint32_t k = 0; k < count && count <= 4; k++) {
        const char *found = memchr(sets, text[k], 8);
        if (!found) {
            used = 3;
            break;
        }
        packed |= (uint8_t)(((found - sets) & 3) << (2 * k));
        used |= found - sets < 4 ? 1 : 2;
    }
    if (count > 4 || used == 3)
        return sn_lang_fail_here(p, "one to four letters of xyzw, or of rgba", "'.%.*s' names no components",
                                 shown_length(p->l.token.at, p->l.token.end), text);
    next_token(p);
    if (token_is(p, TOKEN_PRIME))
        return sn_lang_fail_here(p, "write y'.x for the past of y.x", "a prime stands behind a name");
    const uint32_t swizzle = add_node(p, NODE_SWIZZLE, (uint8_t)count, dot, node, 0);
    p->t->nodes[swizzle].small = packed;
    return swizzle;
}

static bool is_tail(const parser *p)
{
    return goes_on(p) && !token_is(p, TOKEN_CARET) && on_this_line(p);
}

static uint32_t parse_postfix(parser *p, uint32_t node)
{
    for (uint32_t tail = 0; is_tail(p); tail++) {
        if (tail == LANG_MAX_NESTING) {
            p->nesting = LANG_MAX_NESTING;
            deeper(p);
            return 0;
        }
        if (token_is(p, TOKEN_DOT)) {
            const uint32_t dot = p->l.token.at;
            next_token(p);
            node = parse_components(p, node, dot);
        } else if (token_is(p, TOKEN_LBRACKET)) {
            const uint32_t at = p->l.token.at;
            p->brackets++;
            next_token(p);
            const uint32_t index = sn_lang_parse_expression(p);
            p->brackets--;
            if (p->panic || !sn_lang_expect_closing(p, TOKEN_RBRACKET, at))
                return 0;
            node = add_node(p, NODE_INDEX, 0, at, node, index);
        } else if (token_is(p, TOKEN_PRIME)) {
            return sn_lang_fail_here(p, "bind it: y = ..., then y'", "a prime stands behind a name");
        } else {
            return sn_lang_fail_here(p, "a product needs its *", "only a function can be called");
        }
    }
    return node;
}

static __attribute__((noinline)) uint32_t parse_power(parser *p, uint32_t node)
{
    const uint32_t base = parse_postfix(p, node);
    if (!token_is(p, TOKEN_CARET))
        return base;
    const uint32_t at = p->l.token.at;
    next_token(p);
    uint32_t exponent = 0;
    if (deeper(p))
        exponent = parse_unary(p);
    p->nesting--;
    return p->panic ? 0 : add_node(p, NODE_POWER, 0, at, base, exponent);
}

static __attribute__((noinline)) uint32_t parse_sign(parser *p)
{
    const node_kind kind = token_is(p, TOKEN_MINUS) ? NODE_NEGATE : NODE_NOT;
    const uint32_t at = p->l.token.at;
    next_token(p);
    uint32_t operand = 0;
    if (deeper(p))
        operand = parse_unary(p);
    p->nesting--;
    return p->panic ? 0 : add_node(p, kind, 0, at, operand, 0);
}

static __attribute__((noinline)) uint32_t parse_other_unary(parser *p)
{
    if (token_is(p, TOKEN_MINUS) || token_is(p, TOKEN_BANG))
        return parse_sign(p);
    const uint32_t node = parse_primary(p);
    return goes_on(p) ? parse_power(p, node) : node;
}

/* Most operands are names or numbers alone: these are no call. */
static inline uint32_t parse_unary(parser *p)
{
    if (token_is(p, TOKEN_NUMBER)) {
        const uint32_t number = parse_number(p);
        return goes_on(p) ? parse_power(p, number) : number;
    }
    if (!token_is(p, TOKEN_NAME) || p->l.token.newline)
        return parse_other_unary(p);
    const uint32_t symbol = p->l.token.value, at = p->l.token.at;
    next_token(p);
    if (!goes_on(p))
        return name_node(p, symbol, at);
    const uint32_t node = parse_name_going_on(p, symbol, at);
    return goes_on(p) ? parse_power(p, node) : node;
}

static inline unsigned precedence(unsigned kind)
{
    static const uint8_t table[TOKEN_COUNT] = {
        [TOKEN_OR] = 1,    [TOKEN_AND] = 2,  [TOKEN_EQ] = 3,    [TOKEN_NE] = 3,
        [TOKEN_LT] = 4,    [TOKEN_LE] = 4,   [TOKEN_GT] = 4,    [TOKEN_GE] = 4,
        [TOKEN_SHL] = 5,   [TOKEN_SAR] = 5,  [TOKEN_SHR] = 5,   [TOKEN_PLUS] = 6,
        [TOKEN_MINUS] = 6, [TOKEN_STAR] = 7, [TOKEN_SLASH] = 7, [TOKEN_PERCENT] = 7,
    };
    return table[kind];
}

static uint32_t parse_stronger_operators(parser *p, uint32_t left, unsigned least);

/* What follows the operand `left` and binds at least so strongly. Only where an operator binds more strongly than
 * the one before is there a call for it. */
static inline uint32_t parse_operators(parser *p, uint32_t left, unsigned least)
{
    for (;;) {
        const unsigned op = p->l.token.kind, strength = precedence(op);
        if (strength < least || (p->l.token.newline && p->brackets == 0))
            return left; /* in panic, too: a BAD token is no operator */
        const uint32_t at = p->l.token.at;
        next_token(p);
        uint32_t right = parse_unary(p);
        if (precedence(p->l.token.kind) > strength)
            right = parse_stronger_operators(p, right, strength + 1);
        if (p->panic)
            return 0;
        left = add_node(p, NODE_BINARY, (uint8_t)op, at, left, right);
        if ((strength == 3 || strength == 4) && precedence(p->l.token.kind) == strength)
            return sn_lang_fail_here(p, "write a < b && b < c", "comparisons do not chain");
    }
}

static __attribute__((noinline)) uint32_t parse_stronger_operators(parser *p, uint32_t left, unsigned least)
{
    return parse_operators(p, left, least);
}

static __attribute__((noinline)) uint32_t parse_ways(parser *p, uint32_t condition)
{
    const uint32_t at = p->l.token.at;
    next_token(p);
    uint32_t words[2];
    words[0] = sn_lang_parse_choice(p);
    if (!p->panic && !accept_token(p, TOKEN_COLON))
        sn_lang_fail(p, at, at + 1, "condition ? a : b", "this ? has no :");
    words[1] = p->panic ? 0 : sn_lang_parse_choice(p);
    return p->panic ? 0 : add_node(p, NODE_CHOOSE, 0, at, condition, sn_lang_add_list(p, words, 2));
}

/* c ? a : b, which may go on in lines that begin with their ? or : */
static inline uint32_t parse_choice(parser *p)
{
    uint32_t node = 0;
    if (deeper(p)) {
        node = parse_unary(p);
        if (precedence(p->l.token.kind))
            node = parse_operators(p, node, 1);
        if (!p->panic && token_is(p, TOKEN_QUESTION))
            node = parse_ways(p, node);
    }
    p->nesting--;
    return node;
}

/* a | f(b) is f(a, b): the call that was read last gets one more argument in front. */
static uint32_t pipe_into(parser *p, uint32_t left, uint32_t right, uint32_t at)
{
    lang_tree *t = p->t;
    lang_node *n = &t->nodes[right];
    if (n->flags & NODE_IN_PARENTHESES
        || (n->kind != NODE_CALL && n->kind != NODE_GLOBAL && n->kind != NODE_LOCAL))
        return sn_lang_fail(p, at, at + 1, "a | f(b) is f(a, b)", "the right side of | is a call");
    const uint32_t symbol = n->kind == NODE_CALL ? n->a : n->b;
    if (n->kind != NODE_CALL) {
        const uint32_t words[3] = {1, count_call(p, symbol), left};
        add_call(p, symbol, n->at);
        n->kind = NODE_CALL;
        n->a = symbol;
        const uint32_t list = sn_lang_add_list(p, words, 3);
        t->nodes[right].b = list;
    } else {
        const uint32_t list = n->b, count = t->lists[list];
        if (sn_lang_add_list(p, &left, 1) == 0)
            return 0;
        uint32_t *arguments = t->lists + list + 2;
        memmove(arguments + 1, arguments, count * sizeof *arguments);
        arguments[0] = left;
        t->lists[list] = count + 1;
    }
    if (t->symbols[symbol].word == WORD_DELAY)
        note_state(p);
    return right;
}

uint32_t sn_lang_parse_choice(parser *p)
{
    return parse_choice(p);
}

uint32_t sn_lang_parse_sum(parser *p)
{
    const uint32_t left = parse_unary(p);
    return p->panic ? 0 : parse_operators(p, left, 6);
}

static __attribute__((noinline)) uint32_t parse_stages(parser *p, uint32_t left)
{
    const uint32_t nesting = p->nesting;
    while (!p->panic && token_is(p, TOKEN_PIPE)) {
        const uint32_t at = p->l.token.at;
        next_token(p);
        const uint32_t right = parse_choice(p);
        if (!p->panic && deeper(p)) /* each stage stands inside the next */
            left = pipe_into(p, left, right, at);
    }
    p->nesting = nesting;
    return left;
}

uint32_t sn_lang_parse_expression(parser *p)
{
    uint32_t node = parse_choice(p);
    if (token_is(p, TOKEN_PIPE))
        node = parse_stages(p, node);
    return p->panic ? 0 : node;
}
