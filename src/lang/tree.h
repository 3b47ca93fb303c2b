/* The syntax tree: flat arrays of small records that name each other by index; index 0 is "none" everywhere,
 * and node 0 is what stands where the text is wrong. Nothing points into anything, so arrays may move while
 * they grow. */
#ifndef SN_LANG_TREE_H
#define SN_LANG_TREE_H

#include "lang/lang.h"

/* ---- diagnostics.c ---- */

enum { LANG_PADDING = 16 };

typedef struct lang_source {
    const char *text; /* LANG_PADDING zero bytes follow its end */
    uint32_t length;
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
 * neighbours counts once), of equals the one with the longer beginning in common. */
void sn_lang_offer(lang_nearest *nearest, const char *name, size_t length);

/* ---- vocabulary.c: words in alphabetical order ---- */

#define LANG_WORDS(F, C, K, N) \
    F(ABS, "abs", 1, 1, "x", "distance from zero") \
    F(ACOS, "acos", 1, 1, "x", "angle from 0 to pi whose cosine is x") \
    F(ACOSH, "acosh", 1, 1, "x", "number from 0 on whose cosh is x") \
    F(AND, "and", 2, 2, "a b", "bits of i32 that both have; of conditions: both hold") \
    F(ASIN, "asin", 1, 1, "x", "angle from -pi/2 to pi/2 whose sine is x") \
    F(ASINH, "asinh", 1, 1, "x", "number whose sinh is x") \
    F(ATAN, "atan", 1, 1, "x", "angle from -pi/2 to pi/2 whose tangent is x") \
    F(ATAN2, "atan2", 2, 2, "y x", "angle of the point (x, y), from -pi to pi") \
    F(ATANH, "atanh", 1, 1, "x", "number whose tanh is x") \
    F(BITS, "bits", 1, 1, "x", "the 32 bits of an f32 as an i32; every NaN gives 0x7FC00000") \
    F(CBRT, "cbrt", 1, 1, "x", "cube root") \
    F(CEIL, "ceil", 1, 1, "x", "least whole number not below x") \
    F(CLAMP, "clamp", 3, 3, "x low high", "min(max(x, low), high)") \
    F(COPYSIGN, "copysign", 2, 2, "x sign", "|x| with the sign of the other; a NaN counts as positive") \
    F(COS, "cos", 1, 1, "x", "cosine of x radians; a factor pi in the argument is the real number") \
    F(COSH, "cosh", 1, 1, "x", "hyperbolic cosine") \
    F(COSPI, "cospi", 1, 1, "x", "cosine of x half turns") \
    F(DEGREES, "degrees", 1, 1, "x", "x * (180/pi)") \
    F(DELAY, "delay", 2, 3, "x n max", "x n elements ago: n constant, or varying within 1..max") \
    F(DIGAMMA, "digamma", 1, 1, "x", "derivative of lgamma") \
    F(DOT, "dot", 2, 2, "a b", "a.x*b.x + a.y*b.y + ...") \
    N(DT, "dt", 4) \
    C(E, "e", 2.7182818284590452354) \
    F(ERF, "erf", 1, 1, "x", "error function: 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x") \
    F(ERFC, "erfc", 1, 1, "x", "1 - erf(x)") \
    F(EXP, "exp", 1, 1, "x", "e to the power of x") \
    F(EXP10, "exp10", 1, 1, "x", "10 to the power of x") \
    F(EXP2, "exp2", 1, 1, "x", "2 to the power of x") \
    F(EXPM1, "expm1", 1, 1, "x", "exp(x) - 1") \
    F(F32, "f32", 1, 1, "x", "x as an f32") \
    F(F64, "f64", 1, 1, "x", "x as an f64; of a number in the text: the f64 nearest to it") \
    F(FLOOR, "floor", 1, 1, "x", "greatest whole number not above x") \
    F(FMA, "fma", 3, 3, "a b c", "a*b + c, rounded once") \
    K(FN, "fn") \
    F(FRACT, "fract", 1, 1, "x", "x - floor(x)") \
    F(FROM_BITS, "from_bits", 1, 1, "n", "the f32 that has the bits of an i32") \
    F(GAMMA, "gamma", 1, 1, "x", "gamma function: (x - 1)! of whole x") \
    F(HYPOT, "hypot", 2, 2, "x y", "sqrt(x*x + y*y), without overflow in between") \
    F(I32, "i32", 1, 1, "x", "x as an i32: truncates; out of range and NaN give -2147483648") \
    N(INDEX, "index", 5) \
    C(INF, "inf", (double)INFINITY) \
    K(INPUT, "input") \
    F(LENGTH, "length", 1, 1, "v", "sqrt(dot(v, v))") \
    F(LERP, "lerp", 3, 3, "a b t", "a + t*(b - a)") \
    F(LGAMMA, "lgamma", 1, 1, "x", "logarithm of |gamma(x)|") \
    F(LN, "ln", 1, 1, "x", "natural logarithm; another name of log") \
    F(LOG, "log", 1, 1, "x", "natural logarithm") \
    F(LOG10, "log10", 1, 1, "x", "logarithm to the base 10") \
    F(LOG1P, "log1p", 1, 1, "x", "log(1 + x)") \
    F(LOG2, "log2", 1, 1, "x", "logarithm to the base 2") \
    F(LOGISTIC, "logistic", 1, 1, "x", "1/(1 + exp(-x))") \
    F(MAX, "max", 2, 2, "a b", "a > b ? a : b") \
    F(MIN, "min", 2, 2, "a b", "a < b ? a : b") \
    F(MIX, "mix", 3, 3, "a b t", "a + t*(b - a); another name of lerp") \
    F(MOD, "mod", 2, 2, "a b", "a - b*floor(a/b); the same as a % b") \
    C(NAN, "nan", (double)NAN) \
    F(NORMAL_CDF, "normal_cdf", 1, 1, "x", "the normal distribution's share below x") \
    F(NORMAL_LOG_CDF, "normal_log_cdf", 1, 1, "x", "logarithm of normal_cdf(x)") \
    F(NOT, "not", 1, 1, "a", "all bits of an i32 turned over; of a condition: it does not hold") \
    F(OR, "or", 2, 2, "a b", "bits of i32 that either has; of conditions: at least one holds") \
    K(OUT, "out") \
    K(PARAM, "param") \
    C(PI, "pi", 3.1415926535897932385) \
    F(POW, "pow", 2, 2, "x y", "x to the power of y; the same as x^y") \
    F(RADIANS, "radians", 1, 1, "x", "x * (pi/180)") \
    N(RATE, "rate", 6) \
    F(ROUND, "round", 1, 1, "x", "nearest whole number, halves to the even one") \
    F(RSQRT, "rsqrt", 1, 1, "x", "1/sqrt(x)") \
    F(SAR, "sar", 2, 2, "a n", "a >> n: an i32 shifted right, copies of its sign coming in") \
    F(SELECT, "select", 3, 3, "condition a b", "condition ? a : b") \
    F(SHL, "shl", 2, 2, "a n", "a << n: an i32 shifted left; n counts modulo 32") \
    F(SHR, "shr", 2, 2, "a n", "a >>> n: an i32 shifted right, zeros coming in") \
    F(SIGN, "sign", 1, 1, "x", "x > 0 ? 1 : x < 0 ? -1 : x") \
    F(SIN, "sin", 1, 1, "x", "sine of x radians; a factor pi in the argument is the real number") \
    F(SINH, "sinh", 1, 1, "x", "hyperbolic sine") \
    F(SINPI, "sinpi", 1, 1, "x", "sine of x half turns") \
    F(SOFTPLUS, "softplus", 1, 1, "x", "log(1 + exp(x))") \
    F(SQRT, "sqrt", 1, 1, "x", "square root") \
    F(STEP, "step", 2, 2, "edge x", "x < edge ? 0 : 1") \
    F(SUM, "sum", 4, 4, "i first last term", "the terms for i = first, ..., last added from left to right") \
    N(T, "t", 3) \
    K(TABLE, "table") \
    F(TAN, "tan", 1, 1, "x", "tangent of x radians; a factor pi in the argument is the real number") \
    F(TANH, "tanh", 1, 1, "x", "hyperbolic tangent") \
    F(TANPI, "tanpi", 1, 1, "x", "tangent of x half turns") \
    C(TAU, "tau", 6.2831853071795864769) \
    N(TIME, "time", 7) \
    F(TRUNC, "trunc", 1, 1, "x", "x without its fraction") \
    N(X, "x", 0) \
    F(XOR, "xor", 2, 2, "a b", "bits of i32 in which they differ; of conditions: exactly one holds") \
    N(Y, "y", 1) \
    N(Z, "z", 2) \
    C(PI_GREEK, "\317\200", 3.1415926535897932385) \
    C(TAU_GREEK, "\317\204", 6.2831853071795864769)

#define LANG_F_ENUM_(NAME, text, least, most, arguments, summary) WORD_##NAME,
#define LANG_C_ENUM_(NAME, text, value) WORD_##NAME,
#define LANG_K_ENUM_(NAME, text) WORD_##NAME,
#define LANG_N_ENUM_(NAME, text, number) WORD_##NAME,
typedef enum lang_word_code {
    WORD_NONE,
    LANG_WORDS(LANG_F_ENUM_, LANG_C_ENUM_, LANG_K_ENUM_, LANG_N_ENUM_)
    WORD_COUNT
} lang_word_code;

typedef enum lang_word_kind {
    WORD_IS_NOTHING,
    WORD_IS_FUNCTION,
    WORD_IS_CONSTANT,
    WORD_IS_KEYWORD,
    WORD_IS_FREE /* a name that is free in fields (numbers 0 to 3) or patches (4 to 7) */
} lang_word_kind;

enum { FREE_FIELD_NAMES = 4 };

typedef struct lang_word {
    const char *text;
    uint8_t length, kind, least, most;
    uint8_t number;
    double value;
    const char *arguments, *summary;
} lang_word;

extern const lang_word sn_lang_words[WORD_COUNT];
/* WORD_NONE if it is none; `text` can be read up to 8 bytes past its end. */
lang_word_code sn_lang_find_word(const char *text, uint32_t length);

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
    TOKEN_QUESTION, TOKEN_PIPE, TOKEN_BANG, TOKEN_CARET,
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
    uint32_t value; /* lowering: of an input or a free name, once it is emitted */
    uint32_t global_slot, global_at, global_statement;
    uint32_t scope, slot, slot_at, slot_statement; /* of the function that `scope` numbers, else stale */
    uint32_t function, node;
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
    NODE_CALL,    /* a: symbol; list b: count, which call of it in the scope, nodes (or NAMED) */
    NODE_NAMED,   /* a: symbol; b: node */
    NODE_SUM      /* a: slot; list b: first, last, term */
} node_kind;

enum { NODE_IN_PARENTHESES = 1, NODE_REPORTED = 2 };

typedef struct lang_node {
    uint8_t kind, op, flags, small;
    uint32_t at; /* its name, number or operator in the text */
    uint32_t a, b;
} lang_node;

typedef enum statement_kind {
    STATEMENT_BIND,  /* a: node; list b: count, then symbol and slot of each */
    STATEMENT_VALUE, /* a: node */
    STATEMENT_OUT,   /* a: node; b: symbol or 0; c: slot or 0 */
    STATEMENT_INPUT, /* b: symbol; c: slot */
    STATEMENT_PARAM, /* list a: initial, low, high (nodes), 1 if logarithmic, unit's place and length;
                        b: symbol; c: slot */
    STATEMENT_TABLE  /* list a: type, count, nodes; b: symbol; c: slot */
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
    uint32_t parameters; /* list: symbol, slot, default node or 0, of each */
    uint32_t parameter_count, slot_count;
    uint32_t first; /* statement */
    uint32_t first_call, call_count;
    uint8_t
        free_names; /* which free names it reads, one bit each; with those of what it calls once sorted out */
    bool stateful;  /* a prime or a delay in it, or in what it calls */
    bool recursive, called, visited, on_path;
} lang_function;

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
    uint32_t node_count, list_count, literal_count, symbol_count, statement_count, function_count, call_count;
    uint32_t node_room, list_room, literal_room, symbol_room, statement_room, function_room, call_room;
    uint32_t symbol_mask;
    uint32_t first;      /* statement */
    uint32_t slot_count; /* of the top */
    uint8_t free_names;  /* read at the top */
    uint32_t free_symbols[8];
    bool has_state; /* a prime or a delay anywhere */
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
uint32_t sn_lang_intern(lang_tree *tree, arena *memory, const char *text, uint32_t length, uint32_t at);
uint32_t sn_lang_add_literal(lang_tree *tree, arena *memory, lang_literal literal);
/* Where the token ends that begins there: what an error underlines. */
uint32_t sn_lang_token_end(const lang_source *s, uint32_t at);
/* The list with twice the room, or NULL when memory is refused, which the tree remembers. */
void *sn_lang_grown(lang_tree *tree, arena *memory, void *list, uint32_t *room, size_t size);

/* ---- syntax.c ---- */
/* Reads the whole text. Errors are in the source's report; the tree can be lowered all the same. */
void sn_lang_parse(lang_tree *tree, arena *memory, const char *inputs);

static inline const char *sn_lang_symbol_text(const lang_tree *t, uint32_t symbol)
{
    return t->source.text + t->symbols[symbol].at;
}

#endif
