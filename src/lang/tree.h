/* The syntax tree: flat arrays of small records that name each other by index; index 0 is "none" everywhere,
 * and node 0 is what stands where the text is wrong. Nothing points into anything, so arrays may move while
 * they grow. */
#ifndef SN_LANG_TREE_H
#define SN_LANG_TREE_H

#include "lang/lang.h"
#include "lang/vocabulary.h"

/* ---- diagnostics.c ---- */

enum { LANG_PADDING = 16 };

typedef struct lang_source {
    const char *text; /* LANG_PADDING zero bytes follow its end; behind them what the library adds */
    uint32_t length;       /* of what was given */
    uint32_t used, room;   /* of all of it, paddings included */
    sinter_report *report; /* never NULL here */
    sinter_status status;  /* of the first error */
} lang_source;

/* Copies the text with its padding, behind it `appendix` (NULL allowed; at length + 16, padded too), and
 * empties the report. False: too long, or no memory; then it is reported. */
bool sn_lang_open_source(lang_source *s, arena *memory, const char *text, size_t length, const char *appendix,
                         const char *name, sinter_report *report);
/* One error about the bytes from `at` to `end`. `hint` may be NULL. */
void sn_lang_error(lang_source *s, sinter_status status, uint32_t at, uint32_t end, const char *hint,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));
/* An error without a place. */
void sn_lang_error_of_all(lang_source *s, sinter_status status, const char *message);
/* The only error from now on: others may come of what is missing. */
void sn_lang_out_of_memory(lang_source *s);
/* The line that a byte stands in, from 1. */
int sn_lang_line(const lang_source *s, uint32_t at);
/* Puts the errors in the order of their places. */
void sn_lang_sort_errors(sinter_report *report);
/* The name nearest to one that was not found: for hints. */
typedef struct lang_nearest {
    const char *wanted;
    size_t wanted_length;
    const char *name; /* NULL: none is near enough */
    size_t length;
    unsigned distance;
} lang_nearest;

/* Takes the name if it is nearer than the one before: at most two edits (one where names are short; a swap of
 * neighbours counts once), else the same words in another order, one word more, or another ending; of equals the
 * one with the longer beginning in common. */
void sn_lang_offer(lang_nearest *nearest, const char *name, size_t length);

/* ---- tokens ---- */

typedef enum token_kind {
    TOKEN_END,
    TOKEN_BAD, /* reported already */
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_FN, TOKEN_PARAM, TOKEN_INPUT, TOKEN_OUT, TOKEN_TABLE,
    TOKEN_LPAREN, TOKEN_RPAREN, TOKEN_LBRACKET, TOKEN_RBRACKET, TOKEN_LBRACE, TOKEN_RBRACE,
    TOKEN_COMMA, TOKEN_SEMICOLON, TOKEN_COLON, TOKEN_ASSIGN, TOKEN_DOT, TOKEN_RANGE, TOKEN_PRIME,
    TOKEN_QUESTION, TOKEN_PIPE, TOKEN_BANG, TOKEN_CARET, TOKEN_TILDE,
    TOKEN_FIRST_BINARY,
    TOKEN_OR = TOKEN_FIRST_BINARY, TOKEN_AND, TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE,
    TOKEN_SHL, TOKEN_SAR, TOKEN_SHR, TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT,
    TOKEN_COUNT
} token_kind;

typedef struct lang_token {
    uint8_t kind;
    bool newline; /* a line began between this token and the one before */
    uint32_t at, end;
    uint32_t value; /* symbol of a NAME, literal of a NUMBER */
} lang_token;

/* ---- names and numbers ---- */

/* A name, once a text. `slot` numbers begin at 1; 0 is unbound. */
typedef struct lang_symbol {
    uint64_t key; /* the first 8 bytes */
    uint32_t at;  /* where it was first met */
    uint8_t length, word;
    uint8_t input;     /* place in lang_options.inputs, from 1 */
    uint8_t node_kind; /* lowering: 0 not looked up yet, 1 no node type, 2 `node` */
    bool library;      /* a name of the library's texts, not of this one */
    uint8_t token;     /* TOKEN_NAME, or that of a keyword */
    uint32_t value; /* lowering: of an input or a free name, once it is emitted */
    uint32_t global_slot, global_at, global_statement;
    uint32_t first_read; /* the statement of the top that reads it first without knowing it bound there; 0: none */
    uint32_t scope, slot, slot_at, slot_statement; /* of the function that `scope` numbers, else stale */
    uint32_t function, node;
    uint32_t library_name; /* the library's symbol of this name, once it has been called; 0: not yet */
    uint32_t family; /* function of the tree that is its body; a space of names apart from functions */
    uint32_t alias;  /* the symbol of the family that it is another name of */
    uint32_t calls, calls_scope; /* how often called in the scope so far */
} lang_symbol;

/* A number as written, read when its type is known. */
typedef struct lang_literal {
    double value; /* if known */
    uint32_t at;
    uint16_t length;
    bool whole;    /* no point, no exponent: may be an i32 */
    uint8_t known; /* LITERAL_… */
} lang_literal;

enum {
    LITERAL_EXACT, /* the nearest f32 is the value converted */
    LITERAL_F64    /* it is not settled by the value: it is read from the text */
};

/* ---- nodes ---- */

typedef enum node_kind {
    NODE_WRONG,   /* node 0 */
    NODE_NUMBER,  /* a: literal */
    NODE_LOCAL,   /* a: slot of the function's own frame; b: symbol */
    NODE_GLOBAL,  /* a: symbol: bound at the top, free, a constant, or unknown */
    NODE_PAST,    /* op: 0 as LOCAL, 1 as GLOBAL; a: slot; b: symbol; small: how many primes */
    NODE_NEGATE,  /* a */
    NODE_NOT,     /* a */
    NODE_BINARY,  /* op: token; a, b */
    NODE_POWER,   /* a, b */
    NODE_CHOOSE,  /* a; list b: two nodes */
    NODE_TUPLE,   /* a: count; list b: nodes */
    NODE_SWIZZLE, /* a: node; op: count; small: two bits each */
    NODE_INDEX,   /* a: node; b: node */
    NODE_CALL,    /* a: symbol; op: IR_FLAG_FAST behind `fast.`; list b: count, which call of it in the scope,
                     nodes (or NAMED) */
    NODE_NAMED,   /* a: symbol; b: node */
    NODE_SUM,     /* a: slot; list b: first, last, term */
    NODE_ACCUMULATE /* a: slot of the index; list b: first, last, term, start, slot of what is accumulated */
} node_kind;

enum { NODE_IN_PARENTHESES = 1, NODE_REPORTED = 2 };

typedef struct lang_node {
    uint8_t kind, op, flags, small;
    uint32_t at; /* its name, number or operator in the text */
    uint32_t a, b;
} lang_node;

typedef enum statement_kind {
    STATEMENT_BIND,  /* a: node; b: symbol; c: slot */
    STATEMENT_SPLIT, /* (a, b) = …; a: node; list b: count, then symbol and slot of each */
    STATEMENT_VALUE, /* a: node */
    STATEMENT_OUT,   /* a: node; b: symbol or 0; c: slot or 0 */
    STATEMENT_INPUT, /* b: symbol; c: slot */
    STATEMENT_PARAM, /* list a: initial, low, high (nodes), 1 if logarithmic, unit's place and length, sinter_smoothing, seconds (node),
                        where that is said, 1 of an event, length (node) or 0; b: symbol; c: slot */
    STATEMENT_TABLE, /* list a: type, count, nodes; b: symbol; c: slot */
    STATEMENT_DRAW,  /* y ~ D: node a, distribution (node) b */
    STATEMENT_TARGET, /* target += a */
    STATEMENT_IMAGE  /* list a: channels or 0, what it is made of (node) or 0; b: symbol; c: slot */
} statement_kind;

typedef struct lang_statement {
    uint8_t kind;
    uint32_t at, end;
    uint32_t a, b, c;
    uint32_t next;    /* of the same scope */
    uint32_t forward; /* the last statement of the scope whose names this one reads the past of; 0: none */
} lang_statement;

typedef struct lang_function {
    uint32_t symbol, at;
    uint32_t parameters; /* list: symbol, slot, default node or 0, size or 0, 1 if it must be a constant, of each */
    uint32_t parameter_count, slot_count;
    uint32_t first; /* statement */
    uint32_t first_call, call_count;
    uint8_t
        free_names; /* which free names it reads, one bit each; with those of what it calls once sorted out */
    bool stateful;  /* a prime or a delay in it, or in what it calls */
    bool recursive, called, visited, on_path;
    bool sized;     /* some parameter has a size */
    bool constants; /* some parameter must be a constant */
    uint32_t family; /* it is one: its number in the tree's list; else 0 */
    uint32_t next; /* of the library: the next definition of the same name, which needs fewer numbers; of a family the
                      next part of it that was parsed; else 0 */
    const struct lang_library_item *item; /* of the library: its body is parsed when it is called first; else NULL */
} lang_function;

enum { PARAM_SMOOTHING = 6, PARAM_SECONDS, PARAM_SMOOTHED_AT, PARAM_EVENT, PARAM_LENGTH, PARAM_WORDS };
enum { PARAMETER_SYMBOL, PARAMETER_SLOT, PARAMETER_DEFAULT, PARAMETER_SIZE, PARAMETER_CONSTANT, PARAMETER_WORDS };

/* What a parameter has to keep, or x. Bounds are nodes. */
typedef struct lang_constraint {
    uint8_t kind;     /* CONSTRAINT_… */
    uint8_t also;     /* of `p > 0 && p <= 1`: CONSTRAINT_BELOW or CONSTRAINT_UP_TO, which `high` belongs to; else CONSTRAINT_REAL */
    bool whole;       /* integers only */
    uint32_t low, high; /* nodes; 0: none */
    uint32_t at, end; /* of all of it in the text */
} lang_constraint;

enum {
    CONSTRAINT_REAL,     /* any finite number */
    CONSTRAINT_ABOVE,    /* > low */
    CONSTRAINT_FROM,     /* >= low */
    CONSTRAINT_BELOW,    /* < high */
    CONSTRAINT_UP_TO,    /* <= high */
    CONSTRAINT_WITHIN,   /* low..high, both included, infinite ones too */
    CONSTRAINT_SIMPLEX,  /* a tuple: none below 0, 1 together */
    CONSTRAINT_CHOLESKY  /* a lower triangle by rows, as one tuple: finite, the diagonal above 0 */
};

enum { FAMILY_MOST_STATEMENTS = 64 };

/* How many elements a parameter or x has: a product of up to two numbers, each written or the width of another parameter, by its name; or a
 * triangle of as many rows, n(n + 1)/2. */
typedef struct lang_width {
    uint8_t factors;    /* 0: one number */
    bool named[2];      /* a slot of the family, not a number */
    bool binds;         /* the first time that the name stands: whatever is given settles it */
    bool triangle;
    uint32_t value[2];
} lang_width;

/* The construct `family`. Its body is a function of the tree, whose statements are lowered as far as they are needed. */
typedef struct lang_family {
    uint32_t x, eta, means; /* slots */
    uint32_t prior, sums, observations; /* slots that `posterior` is given, where the head has a prior; else 0 */
    uint32_t prior_family, prior_at, prior_end; /* `with lambda ~ gamma`: the symbol of gamma; 0: no prior is declared */
    uint32_t at, end; /* the list of parameters in the text, without its parentheses */
    lang_constraint *constraints; /* of the parameters */
    lang_width *widths;
    lang_constraint support;
    lang_width x_width;
    uint32_t statements[FAMILY_MOST_STATEMENTS];
    uint64_t needs[FAMILY_MOST_STATEMENTS]; /* the statements that each reads, itself included, a bit each */
    uint64_t of_eta[FAMILY_MOST_STATEMENTS]; /* the same where eta is given */
    uint64_t parameters[FAMILY_MOST_STATEMENTS]; /* those that it reads, its own and through others */
    bool reads_x[FAMILY_MOST_STATEMENTS], reads_means[FAMILY_MOST_STATEMENTS], reads_prior[FAMILY_MOST_STATEMENTS];
    uint32_t statement_count;
    uint8_t members[LANG_MEMBERS]; /* the statement that binds it, from 1; 0: it has none */
    uint8_t quantity; /* of the library: what it was parsed for */
    bool bare;        /* and that it has no statements, since others are kept */
} lang_family;

typedef struct lang_call {
    uint32_t scope, symbol, at;
} lang_call;

typedef struct lang_tree {
    lang_source source;
    lang_node *nodes;
    uint32_t *lists;
    lang_literal *literals;
    lang_symbol *symbols;
    uint32_t *symbol_table;
    lang_statement *statements;
    lang_function *functions;
    lang_call *calls;
    lang_family **families; /* from 1 */
    uint32_t family_count, family_room;
    uint32_t node_count, list_count, literal_count, symbol_count, statement_count, function_count, call_count;
    uint32_t node_room, list_room, literal_room, symbol_room, statement_room, function_room, call_room;
    uint32_t symbol_mask, symbols_here;
    uint32_t *other_table; /* names of the library, or while one of its texts is read, those of this one */
    uint32_t other_mask, others_there;
    bool in_library;
    uint32_t first;      /* statement */
    uint32_t slot_count; /* of the top */
    uint8_t free_names;  /* read at the top */
    uint32_t free_symbols[8];
    bool has_state; /* a prime or a delay anywhere */
    bool has_inputs; /* `input` at the top */
    bool is_model;  /* `~` or `target +=` */
    bool out_of_memory;
} lang_tree;

typedef struct lang_lexer {
    lang_tree *tree;
    arena *memory;
    const char *text; /* the source's */
    lang_token token;
    uint32_t at; /* behind the token */
} lang_lexer;

/* ---- lexer.c ---- */
bool sn_lang_open_lexer(lang_lexer *l, lang_tree *tree, arena *memory);
void sn_lang_next(lang_lexer *l);
/* The symbol of that name, 0 if the text has it not; `text` can be read up to 8 bytes past its end. */
uint32_t sn_lang_find_symbol(const lang_tree *tree, const char *text, uint32_t length);
uint32_t sn_lang_intern(lang_tree *tree, arena *memory, const char *text, uint32_t length, uint32_t at);
uint32_t sn_lang_add_literal(lang_tree *tree, arena *memory, lang_literal literal);
/* Reads digits, perhaps a point and digits, nothing odd, at most 15 in all: `value`, `whole` and `known` are set.
 * Returns the length, or 0 where it is another number or none. */
uint32_t sn_lang_read_plain_number(const char *text, lang_literal *literal);
/* Where the token ends that begins there: what an error underlines. */
uint32_t sn_lang_token_end(const lang_source *s, uint32_t at);
/* The list with twice the room, or NULL when memory is refused, which the tree remembers. */
void *sn_lang_grown(lang_tree *tree, arena *memory, void *list, uint32_t *room, size_t size);

/* ---- syntax.c ---- */
/* Reads the whole text. Errors are in the source's report; the tree can be lowered all the same. */
void sn_lang_parse(lang_tree *tree, arena *memory, const char *inputs);
/* Reads one definition, right and without errors, that stands behind the text: `function` gets its body. */
void sn_lang_parse_definition(lang_tree *tree, arena *memory, uint32_t at, uint32_t function);
/* A function without a body yet; 0 when memory is refused. */
uint32_t sn_lang_new_function(lang_tree *tree, arena *memory, lang_function function);

static inline const char *sn_lang_symbol_text(const lang_tree *t, uint32_t symbol)
{
    return t->source.text + t->symbols[symbol].at;
}

/* How much of a name a message shows. */
static inline int sn_lang_shown(const lang_tree *t, uint32_t symbol)
{
    return t->symbols[symbol].length > 60 ? 60 : t->symbols[symbol].length;
}

/* The words (PARAMETER_...) of the function's k-th parameter. */
static inline const uint32_t *sn_lang_parameter(const lang_tree *t, const lang_function *f, uint32_t k)
{
    return t->lists + f->parameters + PARAMETER_WORDS * k;
}

#endif
