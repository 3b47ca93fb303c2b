/* Text to program: the inverse of printer.c, which describes the form.
 *
 * One statement a line; a table's numbers may go over several. Blanks and what follows a `;` mean nothing.
 * Beyond what is printed this is understood: values may be called anything after the %, a type may be left
 * out where operands settle it, a parameter without `in` has no bounds, and a table may state its length.
 *
 * A line that is wrong is reported, and reading goes on behind it. What it would have defined counts as
 * defined but bad: its uses are not reported again. The program is appended through the ordinary builder,
 * whose refusals become errors at the place of the operation. Every byte is looked at a fixed number of
 * times; the memory is proportional to the text. */
#include "ir/scanner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LONGEST_SOURCE = 1 << 28,
    LONGEST_LINE = 1 << 28, /* elements of a memory object */
    NEIGHBOURS = 512,       /* names that are compared for a hint */
    FIRST_SYMBOLS = 128
};

typedef enum symbol_kind {
    SYMBOL_VALUE,
    SYMBOL_INPUT,
    SYMBOL_OUTPUT,
    SYMBOL_TOTAL,
    SYMBOL_PARAM,
    SYMBOL_MEMORY,
    SYMBOL_CALL
} symbol_kind;

static const char *const kind_names[] = {"value", "input", "output", "total", "param", "memory object", "call"};

typedef struct symbol {
    slice name;
    uint32_t hash;
    uint8_t kind;
    bool bad; /* its definition was reported */
    int line;
    uint32_t number; /* the operation, stream, parameter, memory object */
} symbol;

typedef struct parser {
    scanner in;
    ir_program *p;
    const char *no_bracket; /* from here on there is none; NULL: not known */
    symbol *symbols;
    uint32_t symbol_count, symbol_capacity;
    uint32_t *table;       /* open addressing: number of the symbol + 1 */
    uint32_t map_capacity; /* of the program's total_maps */
} parser;

/* ---- symbols ---- */

static uint32_t hash_symbol(symbol_kind kind, slice name)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) + kind;
    for (const char *c = name.start; c < name.end; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    return (uint32_t)(hash >> 32 ^ hash);
}

static bool grow_symbols(parser *s)
{
    const uint32_t capacity = s->symbol_capacity ? 2 * s->symbol_capacity : FIRST_SYMBOLS;
    symbol *symbols = sn_arena_grow(s->p->memory, s->symbols, s->symbol_count * sizeof *symbols,
                                    capacity * sizeof *symbols);
    uint32_t *table = sn_arena_take_zeroed(s->p->memory, 2 * (size_t)capacity * sizeof *table);
    if (!symbols || !table)
        return sn_ir_no_memory(&s->in);
    for (uint32_t k = 0; k < s->symbol_count; k++) {
        uint32_t at = symbols[k].hash & (2 * capacity - 1);
        while (table[at])
            at = (at + 1) & (2 * capacity - 1);
        table[at] = k + 1;
    }
    s->symbols = symbols;
    s->symbol_capacity = capacity;
    s->table = table;
    return true;
}

/* The place in the table of the symbol, or where it would be entered. */
static uint32_t *find_place(const parser *s, symbol_kind kind, slice name, uint32_t hash)
{
    const uint32_t mask = 2 * s->symbol_capacity - 1;
    const size_t length = (size_t)(name.end - name.start);
    uint32_t at = hash & mask;
    for (; s->table[at]; at = (at + 1) & mask) {
        const symbol *found = &s->symbols[s->table[at] - 1];
        if (found->hash == hash && found->kind == kind
            && (size_t)(found->name.end - found->name.start) == length
            && !memcmp(found->name.start, name.start, length))
            break;
    }
    return &s->table[at];
}

static const symbol *find(const parser *s, symbol_kind kind, slice name)
{
    const uint32_t *place = find_place(s, kind, name, hash_symbol(kind, name));
    return *place ? &s->symbols[*place - 1] : NULL;
}

static void define(parser *s, symbol_kind kind, slice name, bool bad, uint32_t number)
{
    if (s->in.stopped || (s->symbol_count == s->symbol_capacity && !grow_symbols(s)))
        return;
    const uint32_t hash = hash_symbol(kind, name);
    uint32_t *place = find_place(s, kind, name, hash);
    if (*place)
        return;
    s->symbols[s->symbol_count] = (symbol){name, hash, (uint8_t)kind, bad, s->in.line, number};
    *place = ++s->symbol_count;
}

static bool is_new(parser *s, symbol_kind kind, slice name, slice place)
{
    const symbol *old = find(s, kind, name);
    return !old
           || sn_ir_complain(&s->in, place, NULL, "%s `%.*s` is defined already, in line %d",
                             kind_names[kind], sn_ir_shown(name), name.start, old->line);
}

static bool unknown_symbol(parser *s, symbol_kind kind, slice name, slice place)
{
    char buffer[SINTER_MESSAGE_SIZE];
    const char *hint = NULL;
    if (kind == SYMBOL_VALUE) {
        hint = "values are defined above their uses; feedback goes through a line";
    } else {
        nearest n = sn_ir_nearest_to(&s->in, name);
        for (uint32_t k = 0; n.distance && k < s->symbol_count && k < NEIGHBOURS; k++)
            if (s->symbols[k].kind == kind)
                sn_ir_compare_name(&n, s->symbols[k].name);
        hint = sn_ir_hint(&n, buffer, sizeof buffer);
    }
    return sn_ir_complain(&s->in, place, hint, "there is no %s `%.*s`", kind_names[kind], sn_ir_shown(name),
                          name.start);
}

/* ---- declarations ---- */

static const char *terminated(parser *s, slice name)
{
    const char *copy = sn_arena_copy_text(s->p->memory, name.start, (size_t)(name.end - name.start));
    if (!copy)
        sn_ir_no_memory(&s->in);
    return copy;
}

static bool end_statement(parser *s)
{
    if (sn_ir_at_line_end(&s->in))
        return true;
    const slice found = sn_ir_here(&s->in);
    return sn_ir_complain(&s->in, found, NULL, "expected the end of the line, not `%.*s`", sn_ir_shown(found),
                          found.start);
}

static bool read_number_type(parser *s, const char *what, ir_type *type)
{
    const slice place = sn_ir_here(&s->in);
    if (!sn_ir_read_type(&s->in, type))
        return false;
    if (*type == IR_F32 || *type == IR_F64 || *type == IR_I32)
        return true;
    return sn_ir_complain(&s->in, place, NULL, "%s is of type f32, f64 or i32", what);
}

/* Behind the name: `: type`. */
static bool finish_stream(parser *s, bool is_input, slice name, uint32_t *number)
{
    ir_type type;
    if (!sn_ir_expect(&s->in, ':') || !read_number_type(s, "a stream", &type) || !end_statement(s))
        return false;
    const char *text = terminated(s, name);
    if (!text)
        return false;
    *number = is_input ? sn_ir_add_input(s->p, text, type) : sn_ir_add_output(s->p, text, type);
    return true;
}

static bool read_double(parser *s, double *value)
{
    uint64_t bits = 0;
    const bool good = sn_ir_read_f64(&s->in, &bits);
    memcpy(value, &bits, sizeof bits);
    return good;
}

/* What the caller receives of the sum. Maps are kept from the first total on that has one; the others are
 * identities. */
static bool keep_map(parser *s, uint32_t number, ir_total_map map)
{
    ir_program *p = s->p;
    if (!p->total_maps && map.scale == 1 && map.offset == 0)
        return true;
    if (number >= s->map_capacity) {
        const uint32_t capacity = 2 * (number + 1);
        ir_total_map *grown = sn_arena_grow(p->memory, p->total_maps, s->map_capacity * sizeof *grown,
                                            capacity * sizeof *grown);
        if (!grown)
            return sn_ir_no_memory(&s->in);
        for (uint32_t k = s->map_capacity; k < capacity; k++)
            grown[k] = (ir_total_map){1, 0};
        p->total_maps = grown;
        s->map_capacity = capacity;
    }
    p->total_maps[number] = map;
    return true;
}

/* Behind the name: `[scale number] [offset number]`. */
static bool finish_total(parser *s, slice name, uint32_t *number)
{
    ir_total_map map = {1, 0};
    if (sn_ir_accept_word(&s->in, "scale") && !read_double(s, &map.scale))
        return false;
    if (sn_ir_accept_word(&s->in, "offset") && !read_double(s, &map.offset))
        return false;
    const char *text = end_statement(s) ? terminated(s, name) : NULL;
    if (!text)
        return false;
    *number = sn_ir_add_total(s->p, text);
    return s->p->status != SINTER_OK || keep_map(s, *number, map);
}

static bool read_range(parser *s, ir_param *param)
{
    if (!read_double(s, &param->low))
        return false;
    if (s->in.end - s->in.at < 2 || s->in.at[0] != '.' || s->in.at[1] != '.')
        return sn_ir_expected(&s->in, "`..`");
    s->in.at += 2;
    return read_double(s, &param->high);
}

static bool read_smoothing(parser *s, ir_param *param)
{
    param->smoothing = sn_ir_accept_word(&s->in, "smooth")  ? SINTER_RAMP
                       : sn_ir_accept_word(&s->in, "glide") ? SINTER_GLIDE
                                                            : SINTER_UNSMOOTHED;
    return !param->smoothing || read_double(s, &param->seconds);
}

/* Behind the name: `: type = number [in low..high] [log] ["unit"] [smooth seconds | glide seconds]`. */
static bool finish_param(parser *s, slice name, uint32_t *number)
{
    ir_param param = {.low = (double)-INFINITY, .high = (double)INFINITY, .unit = ""};
    ir_type type;
    slice unit = {NULL, NULL};
    if (!sn_ir_expect(&s->in, ':') || !read_number_type(s, "a parameter", &type) || !sn_ir_expect(&s->in, '=')
        || !read_double(s, &param.initial))
        return false;
    if (sn_ir_accept_word(&s->in, "in") && !read_range(s, &param))
        return false;
    param.type = (uint8_t)type;
    param.curve = sn_ir_accept_word(&s->in, "log") ? SINTER_LOGARITHMIC : SINTER_LINEAR;
    sn_ir_skip_blanks(&s->in);
    if (s->in.at < s->in.end && *s->in.at == '"' && !sn_ir_read_quoted(&s->in, &unit))
        return false;
    if (!read_smoothing(s, &param))
        return false;
    if (!end_statement(s) || !(param.name = terminated(s, name))
        || (unit.start && !(param.unit = terminated(s, unit))))
        return false;
    *number = sn_ir_add_param(s->p, &param);
    return true;
}

/* Lines end between the numbers of a table. */
static void skip_lines(parser *s)
{
    while (sn_ir_at_line_end(&s->in) && s->in.at < s->in.end)
        sn_ir_next_line(&s->in);
}

static void put_element(char *to, ir_type type, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    const int16_t small = (int16_t)(int32_t)low;
    switch (sn_ir_type_size(type)) {
    case 8: memcpy(to, &bits, 8); break;
    case 4: memcpy(to, &low, 4); break;
    case 2: memcpy(to, &small, 2); break;
    default: *to = (char)low; break;
    }
}

/* Numbers behind the opening bracket and the closing one. */
static bool read_content(parser *s, ir_memory *m)
{
    const size_t size = sn_ir_type_size(m->type);
    size_t capacity = 0;
    char *content = NULL;
    m->length = 0;
    do {
        uint64_t bits;
        skip_lines(s);
        if (!sn_ir_read_bits(&s->in, m->type, &bits))
            return false;
        if (m->length == capacity) {
            const size_t grown = capacity ? 2 * capacity : 64;
            content = sn_arena_grow(s->p->memory, content, capacity * size, grown * size);
            if (!content)
                return sn_ir_no_memory(&s->in);
            capacity = grown;
        }
        put_element(content + m->length++ * size, m->type, bits);
        skip_lines(s);
    } while (sn_ir_accept(&s->in, ','));
    m->content = content;
    return sn_ir_accept(&s->in, ']') || sn_ir_expected(&s->in, "`,` or `]`");
}

/* A table that went wrong: its end, so that its other lines are not read as statements. */
static void skip_content(parser *s)
{
    if (s->no_bracket)
        return;
    const char *bracket = memchr(s->in.at, ']', (size_t)(s->in.end - s->in.at));
    if (!bracket) {
        s->no_bracket = s->in.at;
        return;
    }
    while (sn_ir_line_end(&s->in, s->in.at) < bracket)
        sn_ir_next_line(&s->in);
    s->in.at = bracket + 1;
}

static bool finish_table(parser *s, ir_memory *m, bool has_length, slice length_place)
{
    const uint32_t stated = m->length;
    if (!sn_ir_expect(&s->in, '=') || !sn_ir_expect(&s->in, '['))
        return false;
    if (!read_content(s, m)) {
        skip_content(s);
        return false;
    }
    if (has_length && stated != m->length)
        return sn_ir_complain(
            &s->in, length_place.start >= s->in.line_start ? length_place : sn_ir_here(&s->in), NULL,
            "the table says %u elements but has %u", (unsigned)stated, (unsigned)m->length);
    return true;
}

static bool read_length(parser *s, ir_memory *m, slice *place)
{
    int64_t length;
    *place = sn_ir_here(&s->in);
    if (!sn_ir_read_integer(&s->in, 1, LONGEST_LINE, "a length", &length) || !sn_ir_expect(&s->in, ']'))
        return false;
    m->length = (uint32_t)length;
    return true;
}

static bool read_line_options(parser *s, ir_memory *m)
{
    int64_t shortest;
    if (sn_ir_accept_word(&s->in, "from")) {
        if (!sn_ir_read_integer(&s->in, 0, m->length, "a delay", &shortest))
            return false;
        m->shortest = (uint32_t)shortest;
    }
    m->flush = sn_ir_accept_word(&s->in, "flush");
    return true;
}

/* `image 3`, `image 1 made` */
static bool read_image(parser *s, ir_memory *m)
{
    int64_t channels;
    if (!sn_ir_accept_word(&s->in, "image"))
        return true;
    if (!sn_ir_read_integer(&s->in, 1, IR_MOST_CHANNELS, "a number of channels", &channels))
        return false;
    m->channels = (uint8_t)channels;
    m->made = sn_ir_accept_word(&s->in, "made");
    return true;
}

/* Behind the name: `: type`, then what the kind has. */
static bool finish_memory(parser *s, ir_memory_kind kind, slice name, uint32_t *number)
{
    ir_memory m = {.kind = (uint8_t)kind, .shortest = kind == IR_LINE};
    ir_type type;
    slice length_place = {NULL, NULL};
    if (!sn_ir_expect(&s->in, ':'))
        return false;
    const slice type_place = sn_ir_here(&s->in);
    if (!sn_ir_read_type(&s->in, &type))
        return false;
    m.type = (uint8_t)type;
    if (type == IR_MASK || (kind != IR_TABLE && kind != IR_CELLS && (type == IR_U8 || type == IR_I16)))
        return sn_ir_complain(&s->in, type_place, NULL, "%s cannot hold %s",
                              kind == IR_LINE ? "a line" : "a table", sn_ir_type_name(type));
    const bool has_length = kind != IR_BOUND && sn_ir_accept(&s->in, '[');
    if (has_length && !read_length(s, &m, &length_place))
        return false;
    if (!has_length && (kind == IR_LINE || kind == IR_CELLS))
        return sn_ir_expected(&s->in, "`[` and a length");
    if ((kind == IR_TABLE && !finish_table(s, &m, has_length, length_place))
        || (kind == IR_LINE && !read_line_options(s, &m)) || (kind == IR_BOUND && !read_image(s, &m)))
        return false;
    if (!end_statement(s) || !(m.name = terminated(s, name)))
        return false;
    *number = sn_ir_add_memory(s->p, &m);
    return true;
}

static const sinter_node_type *find_node_type(const ir_program *p, slice name)
{
    for (uint32_t k = 0; k < p->node_type_count; k++)
        if (sn_ir_is_text(name, p->node_types[k].name))
            return &p->node_types[k];
    return NULL;
}

/* Behind the name: `: node type`. */
static bool finish_call(parser *s, slice name, uint32_t *number)
{
    slice type_name;
    if (!sn_ir_expect(&s->in, ':'))
        return false;
    const slice place = sn_ir_here(&s->in);
    if (!sn_ir_read_name(&s->in, "a node type", &type_name))
        return false;
    const sinter_node_type *type = find_node_type(s->p, type_name);
    if (!type || type->emit)
        return sn_ir_complain(&s->in, (slice){place.start, s->in.at}, NULL,
                              type ? "`%.*s` appends operations: there is nothing to call" : "there is no node type `%.*s`",
                              sn_ir_shown(type_name), type_name.start);
    const ir_call call = {terminated(s, name), type};
    if (!call.name || !end_statement(s))
        return false;
    *number = sn_ir_add_call(s->p, &call);
    return true;
}

typedef enum declaration {
    DECLARES_INPUT,
    DECLARES_OUTPUT,
    DECLARES_TOTAL,
    DECLARES_PARAM,
    DECLARES_TABLE,
    DECLARES_BOUND,
    DECLARES_LINE,
    DECLARES_CELLS,
    DECLARES_CALL,
    DECLARATIONS
} declaration;

static const char *const declaration_names[DECLARATIONS] = {"input", "output", "total", "param",
                                                            "table", "bound",  "line",  "cells", "call"};

static symbol_kind declared_kind(declaration what)
{
    switch (what) {
    case DECLARES_INPUT: return SYMBOL_INPUT;
    case DECLARES_OUTPUT: return SYMBOL_OUTPUT;
    case DECLARES_TOTAL: return SYMBOL_TOTAL;
    case DECLARES_PARAM: return SYMBOL_PARAM;
    case DECLARES_CALL: return SYMBOL_CALL;
    case DECLARES_TABLE:
    case DECLARES_BOUND:
    case DECLARES_LINE:
    case DECLARES_CELLS:
    case DECLARATIONS: break;
    }
    return SYMBOL_MEMORY;
}

static bool finish_declaration(parser *s, declaration what, slice name, uint32_t *number)
{
    switch (what) {
    case DECLARES_INPUT: return finish_stream(s, true, name, number);
    case DECLARES_OUTPUT: return finish_stream(s, false, name, number);
    case DECLARES_TOTAL: return finish_total(s, name, number);
    case DECLARES_PARAM: return finish_param(s, name, number);
    case DECLARES_TABLE: return finish_memory(s, IR_TABLE, name, number);
    case DECLARES_BOUND: return finish_memory(s, IR_BOUND, name, number);
    case DECLARES_LINE: return finish_memory(s, IR_LINE, name, number);
    case DECLARES_CELLS: return finish_memory(s, IR_CELLS, name, number);
    case DECLARES_CALL: return finish_call(s, name, number);
    case DECLARATIONS: break;
    }
    return false;
}

static void read_declaration(parser *s, declaration what)
{
    slice name;
    uint32_t number = 0;
    const symbol_kind kind = declared_kind(what);
    const slice place = sn_ir_here(&s->in);
    if (!sn_ir_read_name(&s->in, "a name", &name) || !is_new(s, kind, name, (slice){place.start, s->in.at}))
        return;
    const bool good = finish_declaration(s, what, name, &number);
    if (s->p->status != SINTER_OK && !s->in.stopped)
        sn_ir_stop(&s->in, s->p->status, place, s->p->message);
    define(s, kind, name, !good, number);
}

/* ---- operations ---- */

typedef struct statement {
    ir_code code;
    uint8_t flags;
    slice place;  /* the operation's word */
    ir_type type; /* as stated; IR_VOID: it was not */
    slice type_place;
    uint32_t words[3];
    bool bad; /* an operand's definition was reported: nothing is emitted, nothing said */
} statement;

static bool shows_type(ir_code code)
{
    const unsigned rule = sn_ir_info[code].rule;
    return code == IR_CONST || rule == IR_RULE_FLOAT || rule == IR_RULE_NUMBER || rule == IR_RULE_LOGIC
           || rule == IR_RULE_COMPARE || rule == IR_RULE_CHOOSE || rule == IR_RULE_CONVERT;
}

static ir_code find_code(slice word)
{
    for (unsigned code = IR_NONE + 1; code < IR_CODES; code++)
        if (sn_ir_is_text(word, sn_ir_info[code].name))
            return (ir_code)code;
    return IR_NONE;
}

static bool unknown_operation(parser *s, slice word, bool at_start)
{
    char buffer[SINTER_MESSAGE_SIZE];
    nearest n = sn_ir_nearest_to(&s->in, word);
    for (unsigned code = IR_NONE + 1; n.distance && code < IR_CODES; code++) {
        const ir_info *info = &sn_ir_info[code];
        if (info->kind != IR_KIND_PLAN && (info->rule == IR_RULE_EFFECT) == at_start)
            sn_ir_compare_text(&n, info->name);
    }
    for (unsigned k = 0; at_start && k < DECLARATIONS; k++)
        sn_ir_compare_text(&n, declaration_names[k]);
    return sn_ir_complain(&s->in, word, sn_ir_hint(&n, buffer, sizeof buffer),
                          at_start ? "no statement begins with `%.*s`" : "there is no operation `%.*s`",
                          sn_ir_shown(word), word.start);
}

static bool ends_in(slice word, const char *suffix)
{
    const size_t length = strlen(suffix);
    return (size_t)(word.end - word.start) > length && memcmp(word.end - length, suffix, length) == 0;
}

static bool read_code(parser *s, statement *t, bool at_start)
{
    static const char fast[] = ".fast", forms[] = ".forms";
    const slice word = sn_ir_peek_word(&s->in);
    if (word.start == word.end)
        return sn_ir_expected(&s->in, at_start ? "a statement" : "an operation");
    slice plain = word;
    const bool is_fast = ends_in(word, fast), has_forms = ends_in(word, forms);
    if (is_fast || has_forms)
        plain.end -= is_fast ? sizeof fast - 1 : sizeof forms - 1;
    s->in.at = word.end;
    t->place = word;
    t->code = find_code(plain);
    if (t->code == IR_NONE)
        return unknown_operation(s, plain, at_start);
    const ir_info *info = &sn_ir_info[t->code];
    if (info->kind == IR_KIND_PLAN)
        return sn_ir_complain(&s->in, word, NULL, "`%s` stands in plans only", info->name);
    if (t->code == IR_PREPARE || t->code == IR_PREPARED)
        return sn_ir_complain(&s->in, word, NULL, "`%s` is of the library's routines, which no text names", info->name);
    if (is_fast && info->kind != IR_KIND_MATH)
        return sn_ir_complain(&s->in, word, NULL, "only mathematical functions have a fast grade");
    if (has_forms && t->code != IR_RARE)
        return sn_ir_complain(&s->in, word, NULL, "only `rare` chooses between forms");
    t->flags = is_fast ? IR_FLAG_FAST : has_forms ? IR_FLAG_FORMS : 0;
    return true;
}

static bool reads_kind(ir_code code, unsigned kind)
{
    switch ((int)code) {
    case IR_READ:
    case IR_READV:
    case IR_WRITE: return kind == IR_LINE;
    case IR_LOAD: return kind != IR_LINE;
    case IR_STORE: return kind == IR_CELLS;
    default: return true;
    }
}

static symbol_kind named_kind(ir_code code)
{
    switch ((int)code) {
    case IR_INPUT: return SYMBOL_INPUT;
    case IR_OUTPUT: return SYMBOL_OUTPUT;
    case IR_PARAM: return SYMBOL_PARAM;
    case IR_SUM:
    case IR_SUMP: return SYMBOL_TOTAL;
    case IR_ARGUMENT:
    case IR_RESULT: return SYMBOL_CALL;
    default: return SYMBOL_MEMORY;
    }
}

/* The stream, parameter, total or memory object that the operation names. */
static bool read_object(parser *s, statement *t, uint32_t *number)
{
    static const char *const kinds[] = {[IR_TABLE] = "table",
                                        [IR_BOUND] = "bound table",
                                        [IR_LINE] = "line",
                                        [IR_CELLS] = "read-write table"};
    const symbol_kind kind = named_kind(t->code);
    const slice start = sn_ir_here(&s->in);
    slice name;
    if (!sn_ir_read_name(&s->in, "a name", &name))
        return false;
    const slice place = {start.start, s->in.at};
    const symbol *found = find(s, kind, name);
    if (!found)
        return unknown_symbol(s, kind, name, place);
    *number = found->number;
    t->bad = t->bad || found->bad;
    if (kind != SYMBOL_MEMORY || found->bad)
        return true;
    const unsigned memory_kind = s->p->memories[found->number].kind;
    return reads_kind(t->code, memory_kind)
           || sn_ir_complain(&s->in, place, NULL, "`%.*s` is a %s, which `%s` cannot use", sn_ir_shown(name),
                             name.start, kinds[memory_kind], sn_ir_info[t->code].name);
}

/* A label: % and a word or number. */
static bool read_label(parser *s, slice *label)
{
    sn_ir_skip_blanks(&s->in);
    if (s->in.at == s->in.end || *s->in.at != '%')
        return sn_ir_expected(&s->in, "a value, such as %1");
    const char *end = s->in.at + 1;
    while (end < s->in.end && sn_ir_in_word(*end))
        end++;
    if (end == s->in.at + 1)
        return sn_ir_complain(&s->in, (slice){s->in.at, end}, NULL,
                              "expected a number or a word behind the %%");
    *label = (slice){s->in.at, end};
    s->in.at = end;
    return true;
}

static bool read_operand(parser *s, statement *t, uint32_t *ref)
{
    slice label;
    if (!read_label(s, &label))
        return false;
    const symbol *found = find(s, SYMBOL_VALUE, label);
    if (!found)
        return unknown_symbol(s, SYMBOL_VALUE, label, label);
    t->bad = t->bad || found->bad;
    *ref = found->number;
    return true;
}

static bool read_delay(parser *s, const statement *t, uint32_t *delay)
{
    int64_t value;
    const uint32_t length = t->bad ? (uint32_t)LONGEST_LINE : s->p->memories[t->words[0]].length;
    if (!sn_ir_read_integer(&s->in, 1, length, "a delay", &value))
        return false;
    *delay = (uint32_t)value;
    return true;
}

/* Which argument or result of the call. */
static bool read_port(parser *s, const statement *t, uint32_t call, bool result, uint32_t *port)
{
    int64_t value;
    const sinter_node_type *type = t->bad ? NULL : s->p->calls[call].type;
    const uint32_t count = !type ? UINT32_MAX : result ? type->outputs : type->inputs;
    if (count == 0)
        return sn_ir_complain(&s->in, t->place, NULL, "a `%s` takes no arguments", type->name);
    if (!sn_ir_read_integer(&s->in, 0, count - 1, result ? "a result" : "an argument", &value))
        return false;
    *port = (uint32_t)value;
    return true;
}

static bool read_constant(parser *s, statement *t)
{
    uint64_t bits = 0;
    if (t->type == IR_VOID)
        return sn_ir_expected(&s->in, "the constant's type");
    if (t->type == IR_U8 || t->type == IR_I16)
        return sn_ir_complain(&s->in, t->type_place, NULL, "%s stands in memory objects only",
                              sn_ir_type_name(t->type));
    if (!sn_ir_read_bits(&s->in, t->type, &bits))
        return false;
    t->words[0] = (uint32_t)bits;
    t->words[1] = (uint32_t)(bits >> 32);
    return true;
}

static bool read_arguments(parser *s, statement *t)
{
    const ir_info *info = &sn_ir_info[t->code];
    if (t->code == IR_CONST)
        return read_constant(s, t);
    if (t->code == IR_CVT && t->type == IR_VOID)
        return sn_ir_expected(&s->in, "the type to convert to");
    if (info->immediates > 0 && !read_object(s, t, &t->words[info->operands]))
        return false;
    for (unsigned k = 0; k < info->operands; k++) {
        if (k + info->immediates > 0 && !sn_ir_expect(&s->in, ','))
            return false;
        if (!read_operand(s, t, &t->words[k]))
            return false;
    }
    if (t->code == IR_ARGUMENT)
        return sn_ir_expect(&s->in, ',') && read_port(s, t, t->words[1], false, &t->words[2]);
    if (t->code == IR_RESULT)
        return sn_ir_expect(&s->in, ',') && read_port(s, t, t->words[0], true, &t->words[1]);
    return t->code != IR_READ || (sn_ir_expect(&s->in, ',') && read_delay(s, t, &t->words[1]));
}

/* The type that the text states for the operation, as against its operands. */
static bool check_type(parser *s, const statement *t)
{
    const ir_info *info = &sn_ir_info[t->code];
    if (t->type == IR_VOID || t->code == IR_CONST)
        return true;
    const ir_ref r = info->rule == IR_RULE_CHOOSE ? t->words[1] : t->words[0];
    const ir_type operand = s->p->ops[r].type;
    if (info->rule != IR_RULE_CONVERT)
        return operand == t->type
               || sn_ir_complain(&s->in, t->type_place, NULL,
                                 "`%s` is said to work on %s, but its operand is %s", info->name,
                                 sn_ir_type_name(t->type), sn_ir_type_name(operand));
    if (operand == t->type)
        return sn_ir_complain(&s->in, t->type_place, NULL, "the operand is %s already",
                              sn_ir_type_name(operand));
    return (t->type != IR_MASK && t->type != IR_U8 && t->type != IR_I16)
           || sn_ir_complain(&s->in, t->type_place, NULL, "nothing is converted to %s",
                             sn_ir_type_name(t->type));
}

static ir_type leaf_type(const parser *s, const statement *t)
{
    switch ((int)t->code) {
    case IR_INPUT: return s->p->inputs[t->words[0]].type;
    case IR_PARAM: return s->p->params[t->words[0]].type;
    case IR_INDEX: return IR_F64;
    case IR_RESULT: return IR_F32;
    case IR_ROW:
    case IR_COLUMN:
    case IR_LENGTH: return IR_I32;
    default: return t->type;
    }
}

/* What an effect wants, where a value of another type was refused. */
static const char *wanted_type(const ir_program *p, const statement *t, char *buffer, size_t size)
{
    const char *type = NULL;
    switch ((int)t->code) {
    case IR_WRITE: type = sn_ir_type_name(p->memories[t->words[1]].type); break;
    case IR_STORE: type = sn_ir_type_name(p->memories[t->words[2]].type); break;
    case IR_OUTPUT: type = sn_ir_type_name(p->outputs[t->words[1]].type); break;
    case IR_ARGUMENT: return "arguments of calls are f32";
    default: return NULL;
    }
    snprintf(buffer, size,
             t->code == IR_STORE ? "an i32 goes first, then a value for a table of %s"
                                 : "it is declared as %s",
             type);
    return buffer;
}

/* Appends the operation. What the builder refuses is an error at this place, and the builder goes on. */
static ir_ref emit(parser *s, const statement *t)
{
    ir_program *p = s->p;
    if (t->bad || !check_type(s, t))
        return 0;
    const ir_ref r =
        sn_ir_emit_flagged(p, t->code, leaf_type(s, t), t->flags, t->words[0], t->words[1], t->words[2]);
    if (p->status == SINTER_OK)
        return r;
    if (p->status != SINTER_BAD_PROGRAM) {
        sn_ir_stop(&s->in, p->status, t->place, p->message);
        return 0;
    }
    char message[SINTER_MESSAGE_SIZE], hint[SINTER_MESSAGE_SIZE];
    memcpy(message, p->message, sizeof message);
    p->status = SINTER_OK;
    p->message[0] = 0;
    sn_ir_complain(&s->in, t->place, wanted_type(p, t, hint, sizeof hint), "%s", message);
    return 0;
}

static ir_ref read_operation(parser *s, statement *t)
{
    if (shows_type(t->code)) {
        t->type_place = sn_ir_here(&s->in);
        sn_ir_accept_type(&s->in, &t->type);
    }
    return read_arguments(s, t) && end_statement(s) ? emit(s, t) : 0;
}

/* %label = operation … */
static void read_value(parser *s)
{
    slice label;
    statement t = {0};
    if (!read_label(s, &label) || !is_new(s, SYMBOL_VALUE, label, label))
        return;
    ir_ref r = 0;
    if (sn_ir_expect(&s->in, '=') && read_code(s, &t, false)) {
        if (sn_ir_info[t.code].rule == IR_RULE_EFFECT)
            sn_ir_complain(&s->in, t.place, NULL, "`%s` gives no value: it stands without a %%label",
                           sn_ir_info[t.code].name);
        else
            r = read_operation(s, &t);
    }
    define(s, SYMBOL_VALUE, label, r == 0, r);
}

/* An effect: it has no value and begins with its operation. */
static void read_effect(parser *s)
{
    statement t = {0};
    if (!read_code(s, &t, true))
        return;
    if (sn_ir_info[t.code].rule != IR_RULE_EFFECT)
        sn_ir_complain(&s->in, t.place, NULL, "`%s` gives a value: it stands behind a %%label and a `=`",
                       sn_ir_info[t.code].name);
    else
        read_operation(s, &t);
}

/* `output` begins a declaration and an operation: a colon behind the name tells them apart. */
static bool declares_output(parser *s)
{
    const char *start = s->in.at;
    sn_ir_skip_blanks(&s->in);
    if (s->in.at < s->in.end && *s->in.at == '"') {
        for (s->in.at++; s->in.at < s->in.end && *s->in.at != '"' && *s->in.at != '\n'; s->in.at++)
            s->in.at += *s->in.at == '\\' && s->in.end - s->in.at > 1 && s->in.at[1] != '\n';
        s->in.at += s->in.at < s->in.end && *s->in.at == '"';
    } else {
        s->in.at = sn_ir_peek_word(&s->in).end;
    }
    sn_ir_skip_blanks(&s->in);
    const bool colon = s->in.at < s->in.end && *s->in.at == ':';
    s->in.at = start;
    return colon;
}

static declaration accept_declaration(parser *s)
{
    const slice word = sn_ir_peek_word(&s->in);
    for (unsigned k = 0; k < DECLARATIONS; k++) {
        if (!sn_ir_is_text(word, declaration_names[k]))
            continue;
        s->in.at = word.end;
        if (k != DECLARES_OUTPUT || declares_output(s))
            return (declaration)k;
        s->in.at = word.start;
    }
    return DECLARATIONS;
}

static void read_statement(parser *s)
{
    if (sn_ir_at_line_end(&s->in))
        return;
    if (*s->in.at == '%') {
        read_value(s);
        return;
    }
    const declaration what = accept_declaration(s);
    if (what == DECLARATIONS)
        read_effect(s);
    else
        read_declaration(s, what);
}

sinter_status sn_ir_parse(ir_program *p, const char *source, size_t length, sinter_report *report)
{
    if (!source)
        source = "";
    sinter_report own;
    const scanner in = {.memory = p->memory,
                        .report = report ? report : &own,
                        .at = source,
                        .end = source + length,
                        .line_start = source,
                        .line = 1};
    parser s = {.in = in, .p = p};
    s.in.report->count = s.in.report->total = 0;
    snprintf(s.in.report->name, sizeof s.in.report->name, "ir");
    if (p->status != SINTER_OK)
        sn_ir_stop(&s.in, p->status, (slice){source, source}, p->message);
    else if (length > LONGEST_SOURCE)
        sn_ir_stop(&s.in, SINTER_TOO_LARGE, (slice){source, source}, "the text is longer than 256 MiB");
    else
        grow_symbols(&s);
    while (!s.in.stopped && s.in.at < s.in.end) {
        read_statement(&s);
        sn_ir_next_line(&s.in);
    }
    if (s.in.stopped)
        sn_ir_fail(p, s.in.stopped, s.in.stop_message);
    else if (s.in.report->count > 0)
        sn_ir_fail(p, s.in.report->errors[0].status, s.in.report->errors[0].message);
    return p->status;
}
