/* What the two files of the parser share: its state, its tokens, its errors. */
#ifndef SN_LANG_PARSING_H
#define SN_LANG_PARSING_H

#include "lang/tree.h"

#include <string.h>

typedef struct pending {
    uint32_t node, statement;
} pending;

typedef struct parser {
    lang_lexer l;
    lang_tree *t;
    arena *memory;
    uint32_t definition; /* the function that the library's text defines; 0 in other texts */
    uint32_t scope;     /* function, 0 at the top */
    uint32_t statement; /* being read */
    uint32_t last;      /* of the scope, 0 if none */
    uint32_t slots;     /* of the scope */
    uint32_t values;    /* statements of the scope that are expressions alone */
    bool has_outputs;   /* an `out` at the top */
    uint8_t free_names; /* of the scope */
    uint32_t brackets;  /* open ( and [; newlines count only where there are none */
    uint32_t nesting;
    uint32_t previous_at, previous_end; /* the token before */
    uint32_t start;                     /* of the statement */
    uint32_t open;                      /* brackets where the panic began */
    bool panic, broken;
    pending *pendings;
    uint32_t pending_count, pending_room;
    uint32_t *stack; /* nodes of lists being read */
    uint32_t stack_count, stack_room;
} parser;

/* ---- tokens ---- */

static inline void next_token(parser *p)
{
    p->previous_at = p->l.token.at;
    p->previous_end = p->l.token.end;
    sn_lang_next(&p->l);
}

static inline bool token_is(const parser *p, token_kind kind)
{
    return p->l.token.kind == kind;
}

static inline bool accept_token(parser *p, token_kind kind)
{
    if (!token_is(p, kind))
        return false;
    next_token(p);
    return true;
}

static inline const char *text_at(const parser *p, uint32_t at)
{
    return p->t->source.text + at;
}

static inline int shown_length(uint32_t at, uint32_t end)
{
    return end - at > 60 ? 60 : (int)(end - at);
}

/* Where the = stands that follows the token in its line and makes a binding or a named argument of a name; 0 if
 * none does. */
static inline uint32_t assignment_behind(const parser *p)
{
    uint32_t at = p->l.at;
    const char *text = p->t->source.text;
    while (text[at] == ' ' || text[at] == '\t')
        at++;
    return text[at] == '=' && text[at + 1] != '=' ? at : 0;
}

static inline uint32_t binding_at(const parser *p)
{
    return token_is(p, TOKEN_NAME) ? assignment_behind(p) : 0;
}

static inline bool token_binds(const parser *p)
{
    return binding_at(p) != 0;
}

/* Steps over the name and the = that was found at `at`, which need not be read again. */
static inline void step_over_assignment(parser *p, uint32_t at)
{
    p->previous_at = at;
    p->previous_end = p->l.at = at + 1;
    sn_lang_next(&p->l);
}

static inline bool token_is_keyword(const parser *p)
{
    return p->l.token.kind >= TOKEN_FN && p->l.token.kind <= TOKEN_TABLE;
}

static inline bool token_is_word(const parser *p, const char *word)
{
    const size_t length = strlen(word);
    return token_is(p, TOKEN_NAME) && p->l.token.end - p->l.token.at == length
           && !memcmp(text_at(p, p->l.token.at), word, length);
}

/* ---- syntax.c ---- */

/* A statement of the scope that binds names; what does not is one that is a value. */
void sn_lang_parse_body_statement(parser *p);
/* The names read from here on are of the function's scope, until it is closed with what opening it returned. */
parser sn_lang_open_scope(parser *p, uint32_t function);
void sn_lang_close_scope(parser *p, const parser *outer, uint32_t pendings);

/* ---- family_syntax.c ---- */

void sn_lang_parse_family(parser *p);
void sn_lang_parse_alias(parser *p);

/* ---- expression.c ---- */

uint32_t sn_lang_parse_expression(parser *p); /* pipes included: the whole of it */
uint32_t sn_lang_parse_choice(parser *p);     /* what stands between commas of declarations: no pipe */
uint32_t sn_lang_parse_sum(parser *p);        /* what stands beside a comparison */
uint32_t sn_lang_add_list(parser *p, const uint32_t *words, uint32_t count);
/* The stack of nodes whose list is being read. */
void sn_lang_push(parser *p, uint32_t word);
/* The nodes on the stack from `base` on become a list that begins with the words given. */
uint32_t sn_lang_pop_list(parser *p, uint32_t base, uint32_t word0, uint32_t word1);
/* The name gets a slot of the scope; a second binding is reported. */
uint32_t sn_lang_bind_in_scope(parser *p, uint32_t symbol, uint32_t at, uint32_t end);
/* The scope ends: names that it bound below their use. */
void sn_lang_settle_pending(parser *p, uint32_t from);

/* The same, most of which are new names of the top that nothing read yet. */
static inline uint32_t sn_lang_bind_name(parser *p, uint32_t symbol, uint32_t at, uint32_t end)
{
    lang_symbol *s = &p->t->symbols[symbol];
    if (p->scope || s->global_slot || s->first_read)
        return sn_lang_bind_in_scope(p, symbol, at, end);
    s->global_at = at;
    s->global_statement = p->statement;
    return s->global_slot = ++p->slots;
}

/* Errors: each reports unless the parser is in panic, panics, and returns 0. */
uint32_t sn_lang_panic(parser *p);
uint32_t sn_lang_fail(parser *p, uint32_t at, uint32_t end, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
uint32_t sn_lang_fail_here(parser *p, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint32_t sn_lang_missing(parser *p, const char *what, const char *hint);
/* What may be meant where the token is an operand behind another one, `sin x` or `a and b`; NULL: who knows. May be written to the buffer. */
const char *sn_lang_hint_of_operand(const parser *p, char *buffer, size_t size);
/* A keyword where a name should be. */
uint32_t sn_lang_fail_keyword(parser *p);
const char *sn_lang_describe(const parser *p, char *buffer, size_t size); /* the token as messages name it */
bool sn_lang_expect_closing(parser *p, token_kind kind, uint32_t opening);

#endif
