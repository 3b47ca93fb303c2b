/* The `.vm` form: one operation a line, `name op arguments`; the last line is the result.
 *
 * Names in such files are mostly hexadecimal counters, _0, _1, …, _1eb9: their values are kept in an array by
 * that number. Whatever else is a name goes through the language's symbol table, which is opened when the
 * first one comes. Every line is read once, front to back, straight into the builder. Nothing is ever
 * contracted.
 *
 * The meaning follows the form's maker, the program fidget: `round` takes halves away from zero, `mod` is the
 * remainder that is not negative, `and` gives a where a is 0 and else b, `or` gives a where a is not 0 and
 * else b, `compare` gives −1, 0, 1 or NaN. */
#include "lang/tree.h"

#include "base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* X(code, text, operands): the operations that the IR has under their own names stand first, with that name.
 */
#define VM_OPERATIONS(X) \
    X(ADD, "add", 2) X(SUB, "sub", 2) X(MUL, "mul", 2) X(DIV, "div", 2) X(MIN, "min", 2) X(MAX, "max", 2) \
    X(NEG, "neg", 1) X(ABS, "abs", 1) X(SQRT, "sqrt", 1) X(FLOOR, "floor", 1) X(CEIL, "ceil", 1) \
    X(SIN, "sin", 1) X(COS, "cos", 1) X(EXP, "exp", 1) X(LOG, "ln", 1) \
    X(CONST, "const", 0) X(VAR_X, "var-x", 0) X(VAR_Y, "var-y", 0) X(VAR_Z, "var-z", 0) \
    X(SQUARE, "square", 1) X(RECIP, "recip", 1) X(ROUND, "round", 1) X(MOD, "mod", 2) \
    X(COMPARE, "compare", 2) X(AND, "and", 2) X(OR, "or", 2) X(NOT, "not", 1)

#define CODE(code, text, operands) VM_##code,
typedef enum vm_code { VM_OPERATIONS(CODE) VM_CODES } vm_code;
#undef CODE

#define ENTRY(code, text, operands) {text, sizeof(text) - 1, operands},
static const struct vm_entry {
    const char *text;
    uint8_t length, operands;
} entries[VM_CODES] = {VM_OPERATIONS(ENTRY)};
#undef ENTRY

#define WRONG UINT32_MAX   /* the value of a name whose line is wrong */
#define NO_NAME UINT32_MAX /* what no name is known by */
#define IS_OTHER 0x80000000u

enum { MOST_DIGITS = 6, INDEX = 64 };

typedef struct vm_reader {
    lang_tree tree;
    lang_lexer lexer; /* opened for its symbol table, when a name is no counter */
    bool has_symbols;
    ir_program *p;
    arena *memory;
    ir_type type;
    uint32_t *counters; /* values by counter; 0: not yet */
    uint32_t counter_room;
    uint32_t *others; /* values by symbol */
    uint32_t other_room;
    ir_ref inputs[3];
    uint64_t keys[INDEX]; /* words of operations; 0: free place */
    uint8_t codes[INDEX];
    uint32_t result;
    const char *at; /* in the line */
} vm_reader;

/* What ends a word; spaces are 2. */
static const uint8_t enders[256] = {[' '] = 2, ['\t'] = 2, ['\r'] = 2, ['\n'] = 1, [0] = 1, ['#'] = 1};

static inline bool is_space(char c)
{
    return enders[(uint8_t)c] == 2;
}

static inline bool ends(char c)
{
    return enders[(uint8_t)c] != 0;
}

static uint32_t offset(const vm_reader *r, const char *at)
{
    return (uint32_t)(at - r->tree.source.text);
}

static const char *word_end(const char *at)
{
    while (!ends(*at))
        at++;
    return at;
}

static void skip_spaces(vm_reader *r)
{
    const char *at = r->at;
    at += *at == ' '; /* one, mostly */
    while (is_space(*at))
        at++;
    r->at = at;
}

/* How much of a word messages quote: whole characters. */
static int shown(const char *from, const char *to)
{
    int length = to - from > 60 ? 60 : (int)(to - from);
    while (length > 0 && from + length < to && ((unsigned char)from[length] & 0xC0) == 0x80)
        length--;
    return length;
}

/* ---- names ---- */

static const uint8_t hexadecimal[256] = { /* the digit's value plus 1 */
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* A name that is no counter; NO_NAME after an error. */
static __attribute__((noinline)) uint32_t find_other(vm_reader *r, const char *name, const char *end)
{
    if (end - name > LANG_MAX_NAME) {
        sn_lang_error(&r->tree.source, SINTER_TOO_LARGE, offset(r, name), offset(r, end), NULL,
                      "a name has at most %d bytes", LANG_MAX_NAME);
        return NO_NAME;
    }
    if (!r->has_symbols && !sn_lang_open_lexer(&r->lexer, &r->tree, r->memory))
        return NO_NAME;
    r->has_symbols = true;
    const uint32_t symbol =
        sn_lang_intern(&r->tree, r->memory, name, (uint32_t)(end - name), offset(r, name));
    if (symbol >= r->other_room) {
        const uint32_t room = 2 * symbol + 64;
        uint32_t *grown = sn_arena_grow(r->memory, r->others, r->other_room * sizeof *grown, room * sizeof *grown);
        if (!grown) {
            r->tree.out_of_memory = true;
            return NO_NAME;
        }
        memset(grown + r->other_room, 0, (room - r->other_room) * sizeof *grown);
        r->others = grown;
        r->other_room = room;
    }
    return symbol | IS_OTHER;
}

/* Reads a name, to its end: a counter, or a symbol with IS_OTHER. */
static inline uint32_t read_name(vm_reader *r)
{
    const char *const name = r->at, *at = name + 1;
    uint32_t value = 0, digit;
    if (*name == '_') {
        for (; (digit = hexadecimal[(uint8_t)*at]) != 0 && at <= name + MOST_DIGITS; at++)
            value = value << 4 | (digit - 1);
        /* a zero in front makes another name */
        if (ends(*at) && at > name + 1 && value < r->counter_room && (name[1] != '0' || at == name + 2)) {
            r->at = at;
            return value;
        }
    }
    r->at = word_end(name);
    return find_other(r, name, r->at);
}

/* Where the value of a name is kept: 0 there as long as it has none. */
static inline uint32_t *value_of(vm_reader *r, uint32_t name)
{
    return name & IS_OTHER ? &r->others[name & ~IS_OTHER] : &r->counters[name];
}

/* ---- operations ---- */

/* The word as a number: its bytes, zeros behind. None is longer than 7 bytes; what is longer has no such number. */
static inline uint64_t key_of(const char *text, size_t length)
{
    uint64_t bytes;
    memcpy(&bytes, text, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return length > 7 ? 0 : bytes & ~(~(uint64_t)0 >> 8 * length);
#else
    return length > 7 ? 0 : bytes & ~(~(uint64_t)0 << 8 * length);
#endif
}

static inline unsigned place_of(uint64_t key)
{
    return (unsigned)(key * 0x9E3779B97F4A7C15u >> 58); /* one of INDEX */
}

static vm_code find_operation(const vm_reader *r, const char *text, const char *end)
{
    const uint64_t key = key_of(text, (size_t)(end - text));
    for (unsigned at = place_of(key); r->keys[at]; at = (at + 1) % INDEX)
        if (r->keys[at] == key)
            return (vm_code)r->codes[at];
    return VM_CODES;
}

/* The table of words is filled at the start of each reading: 27 of them cost less than the first ten lines. */
static void index_operations(vm_reader *r)
{
    for (unsigned k = 0; k < VM_CODES; k++) {
        char padded[8] = "";
        memcpy(padded, entries[k].text, entries[k].length);
        const uint64_t key = key_of(padded, entries[k].length);
        unsigned at = place_of(key);
        while (r->keys[at])
            at = (at + 1) % INDEX;
        r->keys[at] = key;
        r->codes[at] = (uint8_t)k;
    }
}

static ir_ref emit(vm_reader *r, ir_code code, ir_ref a, ir_ref b, ir_ref c)
{
    return sn_ir_emit(r->p, code, r->type, a, b, c);
}

static ir_ref number(vm_reader *r, double value)
{
    return sn_ir_number(r->p, r->type, value);
}

static ir_ref is_zero(vm_reader *r, ir_ref a)
{
    return emit(r, IR_EQ, a, number(r, 0), 0);
}

/* Halves away from zero. */
static ir_ref emit_round(vm_reader *r, ir_ref a)
{
    const ir_ref whole = emit(r, IR_TRUNC, a, 0, 0);
    const ir_ref rest = emit(r, IR_ABS, emit(r, IR_SUB, a, whole, 0), 0, 0);
    const ir_ref further = emit(r, IR_ADD, whole, emit(r, IR_COPYSIGN, number(r, 1), a, 0), 0);
    const ir_ref is_far = emit(r, IR_LE, number(r, 0.5), rest, 0);
    return emit(r, IR_SELECT, is_far, further, whole);
}

static ir_ref emit_mod(vm_reader *r, ir_ref a, ir_ref b)
{
    const ir_ref size = emit(r, IR_ABS, b, 0, 0);
    const ir_ref count = emit(r, IR_FLOOR, emit(r, IR_DIV, a, size, 0), 0, 0);
    return emit(r, IR_SUB, a, emit(r, IR_MUL, size, count, 0), 0);
}

static ir_ref emit_compare(vm_reader *r, ir_ref a, ir_ref b)
{
    const ir_ref zero = number(r, 0), one = number(r, 1), minus_one = number(r, -1),
                 nan = number(r, (double)NAN);
    const ir_ref is_equal = emit(r, IR_EQ, a, b, 0), is_above = emit(r, IR_LT, b, a, 0),
                 is_below = emit(r, IR_LT, a, b, 0);
    const ir_ref unless_less = emit(r, IR_SELECT, is_above, one, emit(r, IR_SELECT, is_equal, zero, nan));
    return emit(r, IR_SELECT, is_below, minus_one, unless_less);
}

static ir_ref emit_operation(vm_reader *r, vm_code code, ir_ref a, ir_ref b)
{
    static const uint8_t same[VM_CONST] = {
        [VM_ADD] = IR_ADD,   [VM_SUB] = IR_SUB, [VM_MUL] = IR_MUL, [VM_DIV] = IR_DIV,   [VM_MIN] = IR_MIN,
        [VM_MAX] = IR_MAX,   [VM_NEG] = IR_NEG, [VM_ABS] = IR_ABS, [VM_SQRT] = IR_SQRT, [VM_FLOOR] = IR_FLOOR,
        [VM_CEIL] = IR_CEIL, [VM_SIN] = IR_SIN, [VM_COS] = IR_COS, [VM_EXP] = IR_EXP,   [VM_LOG] = IR_LOG,
    };
    if (code < VM_CONST)
        return emit(r, (ir_code)same[code], a, b, 0);
    switch (code) {
    case VM_SQUARE: return emit(r, IR_MUL, a, a, 0);
    case VM_RECIP: return emit(r, IR_DIV, number(r, 1), a, 0);
    case VM_ROUND: return emit_round(r, a);
    case VM_MOD: return emit_mod(r, a, b);
    case VM_COMPARE: return emit_compare(r, a, b);
    case VM_AND: return emit(r, IR_SELECT, is_zero(r, a), a, b);
    case VM_OR: return emit(r, IR_SELECT, is_zero(r, a), b, a);
    default: {
        const ir_ref zero = number(r, 0), one = number(r, 1);
        return emit(r, IR_SELECT, emit(r, IR_EQ, a, zero, 0), one, zero);
    }
    }
}

static ir_ref read_input(vm_reader *r, unsigned k)
{
    if (!r->inputs[k])
        r->inputs[k] = sn_ir_emit(r->p, IR_INPUT, r->type, sn_ir_add_input(r->p, "z", r->type), 0, 0);
    return r->inputs[k];
}

/* ---- lines ---- */

static ir_ref bad_number(vm_reader *r, const char *from)
{
    const char *end = word_end(from);
    sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, from), offset(r, end), NULL,
                  "const needs a number");
    r->at = end;
    return WRONG;
}

/* Reads what is no plain number; returns the length, or 0. */
static __attribute__((noinline)) size_t read_odd_number(vm_reader *r, const char *digits, double *wide, float *single)
{
    const size_t left = r->tree.source.length - offset(r, digits);
    const size_t length = r->type == IR_F64 ? sn_decimal_read_f64(digits, left, wide)
                                            : sn_decimal_read_f32(digits, left, single);
    if (length || (strncmp(digits, "inf", 3) != 0 && strncmp(digits, "nan", 3) != 0 && strncmp(digits, "NaN", 3) != 0))
        return length;
    *wide = *digits == 'i' ? (double)INFINITY : (double)NAN;
    *single = (float)*wide;
    return 3;
}

static ir_ref read_constant(vm_reader *r)
{
    const char *const from = r->at;
    const bool negative = *from == '-';
    const char *digits = from + (negative || *from == '+');
    lang_literal plain = {0};
    size_t length = sn_lang_read_plain_number(digits, &plain);
    double wide = plain.value;
    float single = (float)wide;
    if (length == 0 || (plain.known != LITERAL_EXACT && r->type != IR_F64))
        length = read_odd_number(r, digits, &wide, &single);
    if (length == 0 || !ends(digits[length]))
        return bad_number(r, from);
    r->at = digits + length;
    if (r->type == IR_F64)
        return sn_ir_f64(r->p, negative ? -wide : wide);
    return sn_ir_f32(r->p, negative ? -single : single);
}

/* An operand: the value of a name above. */
static ir_ref read_operand(vm_reader *r, const char *operation, unsigned wanted, unsigned k)
{
    skip_spaces(r);
    const char *const from = r->at;
    if (ends(*from)) {
        sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, operation),
                      offset(r, word_end(operation)), NULL, "'%.*s' takes %u operand%s, not %u",
                      shown(operation, word_end(operation)), operation, wanted, wanted == 1 ? "" : "s", k);
        return WRONG;
    }
    const uint32_t name = read_name(r);
    if (name == NO_NAME)
        return WRONG;
    const uint32_t value = *value_of(r, name);
    if (value)
        return value;
    sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, from), offset(r, r->at),
                  "names are defined above their use", "there is no '%.*s' above", shown(from, r->at), from);
    return WRONG;
}

static void unknown_operation(vm_reader *r, const char *from, const char *end)
{
    char hint[SINTER_MESSAGE_SIZE] = "";
    lang_nearest best = {.wanted = from, .wanted_length = (size_t)(end - from)};
    for (unsigned k = 0; k < VM_CODES; k++)
        sn_lang_offer(&best, entries[k].text, entries[k].length);
    if (best.name)
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
    sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, from), offset(r, end), hint,
                  "there is no operation '%.*s'", shown(from, end), from);
}

static ir_ref read_operation(vm_reader *r, const char *name)
{
    skip_spaces(r);
    const char *const from = r->at, *const end = word_end(from);
    if (from == end) {
        sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, name), offset(r, word_end(name)),
                      "name op arguments", "an operation is missing after '%.*s'",
                      shown(name, word_end(name)), name);
        return WRONG;
    }
    const vm_code code = find_operation(r, from, end);
    r->at = end;
    if (code == VM_CODES) {
        unknown_operation(r, from, end);
        return WRONG;
    }
    if (code == VM_CONST) {
        skip_spaces(r);
        return read_constant(r);
    }
    if (code >= VM_VAR_X && code <= VM_VAR_Z)
        return read_input(r, code - VM_VAR_X);
    const unsigned wanted = entries[code].operands;
    const ir_ref a = read_operand(r, from, wanted, 0);
    const ir_ref b = wanted > 1 && a != WRONG ? read_operand(r, from, wanted, 1) : 0;
    return a == WRONG || b == WRONG ? WRONG : emit_operation(r, code, a, b);
}

static void read_line(vm_reader *r)
{
    const char *const start = r->at;
    const uint32_t name = read_name(r);
    const bool known = name != NO_NAME && *value_of(r, name);
    if (known)
        sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, start), offset(r, r->at), NULL,
                      "'%.*s' is defined already", shown(start, r->at), start);
    const ir_ref value = read_operation(r, start);
    if (value != WRONG && *r->at != '\n') {
        skip_spaces(r);
        const char *rest = r->at, *end = word_end(rest);
        if (rest < end)
            sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, rest), offset(r, end), NULL,
                          "unexpected '%.*s' at the end of the line", shown(rest, end), rest);
    }
    r->result = value;
    if (name != NO_NAME && !known)
        *value_of(r, name) = value;
}

static void read_lines(vm_reader *r)
{
    const char *const end = r->tree.source.text + r->tree.source.length;
    r->at = r->tree.source.text;
    while (r->at < end && r->p->status == SINTER_OK && !r->tree.out_of_memory) {
        skip_spaces(r);
        if (!ends(*r->at)) {
            read_line(r);
        } else if (*r->at == 0 && r->at < end) {
            sn_lang_error(&r->tree.source, SINTER_BAD_PROGRAM, offset(r, r->at), offset(r, r->at) + 1, NULL,
                          "unexpected character U+0000");
        }
        if (*r->at != '\n') {
            const char *newline = r->at < end ? memchr(r->at, '\n', (size_t)(end - r->at)) : NULL;
            r->at = newline ? newline : end;
        }
        r->at += r->at < end;
    }
}

static void read_source(vm_reader *r)
{
    r->counter_room = r->tree.source.length / 8 + 64;
    r->counters = sn_arena_take_zeroed(r->memory, r->counter_room * sizeof *r->counters);
    if (!r->counters) {
        r->tree.out_of_memory = true;
        return;
    }
    static const char names[2][2] = {"x", "y"};
    for (unsigned k = 0; k < 2; k++)
        r->inputs[k] = sn_ir_emit(r->p, IR_INPUT, r->type, sn_ir_add_input(r->p, names[k], r->type), 0, 0);
    index_operations(r);
    read_lines(r);
    lang_source *source = &r->tree.source;
    if (r->p->status == SINTER_NO_MEMORY)
        r->tree.out_of_memory = true;
    if (source->status != SINTER_OK || r->tree.out_of_memory)
        return;
    if (r->p->status != SINTER_OK)
        sn_lang_error_of_all(source, r->p->status, r->p->message);
    else if (!r->result)
        sn_lang_error(source, SINTER_BAD_PROGRAM, source->length, source->length, "name op arguments",
                      "the program has no result: no line defines anything");
    else
        sn_ir_emit(r->p, IR_OUTPUT, IR_VOID, r->result, sn_ir_add_output(r->p, "out", r->type), 0);
}

sinter_status sn_vm_lower(ir_program *program, arena *scratch, const char *source, size_t length,
                          const lang_options *options, sinter_report *report)
{
    sinter_report own;
    sinter_report *const into = report ? report : &own;
    vm_reader r = {.p = program, .memory = scratch, .type = options->type == IR_F64 ? IR_F64 : IR_F32};
    if (sn_lang_open_source(&r.tree.source, scratch, source, length, NULL, options->name, into))
        read_source(&r);
    if (r.tree.out_of_memory || program->status == SINTER_NO_MEMORY)
        sn_lang_out_of_memory(&r.tree.source);
    if (r.tree.source.status != SINTER_OK)
        sn_ir_fail(program, r.tree.source.status, into->errors[0].message);
    return r.tree.source.status;
}
