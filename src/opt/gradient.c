/* Gradients: a program that also gives its derivatives.
 *
 * Purpose: normals of fields, slopes of densities by their parameters, value and gradient in one kernel, the work they share done once. For
 * every output and total and every variable (an input or a parameter) the program gets one more output or total. It runs before
 * anything is expanded or regrouped: a function is differentiated by its rule (math/derivatives.c), never its polynomial, and a
 * total's derivative is the total of the elements' derivatives before constants leave either.
 *
 * Forward mode carries one derivative per variable along with every value that depends on it, in the program's order. Reverse mode
 * walks from each result back to the variables and carries the derivative of that one result by every value on the way: its cost does
 * not grow with the number of variables, forward's not with the number of results. Which of the two touches fewer pairs is counted
 * (dependence.c) and that one is taken. Both have only operations that depend on a variable and reach a result pay anything; what an
 * operation contributes, and how choices keep NaN and infinity to themselves, is in slope.c.
 *
 * Delay lines: in forward mode a line that takes part gets a line of derivatives beside it for each variable, with the same delays.
 * Reverse mode would have to run backwards in time and refuses. By a varying delay's length, by the index of a table and by whatever else
 * is an integer the derivative is 0. What has no derivative that could be told by rule is an error: numbers put together from the bits
 * of one that depends on a variable, and results reached through a table that the program writes.
 *
 * Forward mode emits every value anew, with its derivatives right behind it. Reverse mode leaves the values as they are and appends
 * derivatives behind them; what is dead, and what rules could make simpler now, is left to whichever pass emits the program next.
 *
 * Of a value whose derivatives were found before (ir_slopes), reverse mode takes these, and goes on with what it is of.
 *
 * Why it ends: forward mode is one walk per 64 variables, reverse mode one walk per result; each emits a fixed number of operations for an
 * operation and a variable, or an operation and a result. The local rules are on, so what is multiplied by 1 is not. */
#include "opt/gradient.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct result {
    ir_ref op; /* OUTPUT, SUM or SUMP */
    uint8_t type;
    bool total;
    uint32_t number; /* of its first derivative among the outputs or totals */
} result;

typedef struct gradient {
    opt_dependence d;
    const ir_program *in;
    ir_program *out;
    arena *memory;
    const uint8_t *live; /* forward mode */
    ir_ref *map; /* values of `in` as values of `out`; NULL: the same, as in reverse mode */
    const opt_variable *variables;
    result *results;
    uint32_t variable_count, result_count;
    bool in_place; /* reverse mode appends to the operations of `in` */
    bool tells_nan; /* derivatives of outputs that are NaN are NaN */
    bool nested; /* are there results named as derivatives are? */
    /* forward mode: the variables of the group at work */
    uint32_t first, count;
    uint32_t *start;      /* by value: where its derivatives begin, one for each variable in d.on */
    opt_term *terms;      /* reverse mode: by value */
    uint32_t *lines;      /* by line and variable of the group: the derivatives' line */
} gradient;

/* Of the new program, in operations: a guess. */
static uint32_t room_for(const ir_program *in)
{
    return in->count > IR_MAX_OPERATIONS / 3 ? IR_MAX_OPERATIONS : 3 * in->count;
}

static bool refuse(ir_program *out)
{
    sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
    return false;
}

/* ---- variables and results ---- */

static const char *name_of(gradient *g, const char *of, const char *by)
{
    const size_t room = strlen(of) + strlen(by) + 8;
    char *name = sn_arena_take(g->memory, room);
    if (name)
        snprintf(name, room, "d(%s)/d(%s)", of, by);
    return name;
}

static bool is_word_of(const char *words, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = words; at && *at;) {
        const size_t word = strcspn(at, " ");
        if (word == length && !memcmp(at, name, length))
            return true;
        at += word + (at[word] != 0);
    }
    return false;
}

static bool find_variable(const ir_program *in, const char *name, const char *free_names, opt_variable *v)
{
    *v = (opt_variable){name, IR_INPUT, 0};
    for (; v->number < in->input_count; v->number++)
        if (!strcmp(in->inputs[v->number].name, name))
            return true;
    v->code = IR_PARAM;
    for (v->number = 0; v->number < in->param_count; v->number++)
        if (!strcmp(in->params[v->number].name, name))
            return true;
    v->code = IR_NONE;
    return is_word_of(free_names, name);
}

/* Nothing can be differentiated by an integer, and by nothing twice. */
static void check_variable(const gradient *g, uint32_t k)
{
    const opt_variable *v = &g->variables[k];
    char message[SINTER_MESSAGE_SIZE];
    const uint8_t type = v->code == IR_INPUT ? g->in->inputs[v->number].type : v->code == IR_PARAM ? g->in->params[v->number].type : IR_F32;
    if (type == IR_I32) {
        snprintf(message, sizeof message, "\"%.80s\" is an integer: there is no derivative by it", v->name);
        sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
    }
    const uint32_t by_number = v->code == IR_INPUT ? g->d.of_input[v->number] : v->code == IR_PARAM ? g->d.of_param[v->number] : k + 1;
    if (by_number != k + 1) {
        snprintf(message, sizeof message, "the gradient names \"%.80s\" twice", v->name);
        sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
    }
}

static const char *result_name(const gradient *g, uint32_t k)
{
    return k < g->in->output_count ? g->in->outputs[k].name : g->in->totals[k - g->in->output_count];
}

static bool find_results(gradient *g)
{
    const ir_program *in = g->in;
    g->result_count = in->output_count + in->total_count;
    if ((uint64_t)g->result_count * (g->variable_count + 1) > IR_MAX_OPERATIONS) {
        sn_ir_fail(g->out, SINTER_TOO_LARGE, "the gradient has more than 4,194,304 elements");
        return false;
    }
    g->results = sn_arena_take_zeroed(g->memory, (g->result_count + 1) * sizeof *g->results);
    if (!g->results)
        return refuse(g->out);
    for (ir_ref r = 1; r < in->count; r++) {
        const ir_op *op = &in->ops[r];
        const bool total = op->code == IR_SUM || op->code == IR_SUMP;
        if (op->code != IR_OUTPUT && !total)
            continue;
        const uint32_t k = op->code == IR_SUMP ? op->c : op->b, first = total ? in->total_count : in->output_count;
        g->results[total ? in->output_count + k : k] = (result){r, in->ops[op->a].type, total, first + k * g->variable_count};
    }
    for (uint32_t k = 0; k < g->result_count; k++)
        g->nested |= !strncmp(result_name(g, k), "d(", 2);
    return true;
}

/* ---- the lists of the new program ---- */

/* The derivative of a derivative is had by another round of this, whose names must differ. */
static void check_name(const gradient *g, const char *name)
{
    for (uint32_t k = 0; g->nested && k < g->result_count; k++) {
        if (!strcmp(result_name(g, k), name)) {
            char message[SINTER_MESSAGE_SIZE];
            snprintf(message, sizeof message, "the program has a result \"%.80s\" already", name);
            sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
        }
    }
}

static bool add_outputs(gradient *g)
{
    ir_program *out = g->out;
    const uint32_t count = g->in->output_count, each = g->variable_count;
    ir_stream *list = sn_arena_take(g->memory, ((size_t)count * (each + 1) + 1) * sizeof *list);
    if (!list)
        return refuse(out);
    if (count)
        memcpy(list, g->in->outputs, count * sizeof *list);
    for (uint32_t k = 0; k < count * each; k++) {
        const ir_stream *of = &g->in->outputs[k / each];
        list[count + k] = (ir_stream){name_of(g, of->name, g->variables[k % each].name), of->type};
        if (!list[count + k].name)
            return refuse(out);
        check_name(g, list[count + k].name);
    }
    out->outputs = list;
    out->output_count = count * (each + 1);
    return true;
}

static bool add_totals(gradient *g)
{
    ir_program *out = g->out;
    const uint32_t count = g->in->total_count, each = g->variable_count;
    const char **list = sn_arena_take(g->memory, ((size_t)count * (each + 1) + 1) * sizeof *list);
    ir_total_map *maps = sn_arena_take(g->memory, ((size_t)count * (each + 1) + 1) * sizeof *maps);
    if (!list || !maps)
        return refuse(out);
    for (uint32_t k = 0; k < count * (each + 1); k++) {
        const uint32_t of = k < count ? k : (k - count) / each;
        const ir_total_map map = g->in->total_maps ? g->in->total_maps[of] : (ir_total_map){1, 0};
        list[k] = k < count ? g->in->totals[k] : name_of(g, g->in->totals[of], g->variables[(k - count) % each].name);
        maps[k] = (ir_total_map){map.scale, k < count ? map.offset : 0}; /* a constant's share of a sum has no slope */
        if (!list[k])
            return refuse(out);
        if (k >= count)
            check_name(g, list[k]);
    }
    out->totals = list;
    out->total_maps = g->in->total_maps ? maps : NULL;
    out->total_count = count * (each + 1);
    return true;
}

/* A list of its own, with the room that one of so many has: derivatives' lines are appended. */
static bool copy_memories(gradient *g)
{
    uint32_t room = 1;
    while (room < g->in->memory_count)
        room *= 2;
    ir_memory *list = sn_arena_take(g->memory, room * sizeof *list);
    if (!list)
        return refuse(g->out);
    if (g->in->memory_count)
        memcpy(list, g->in->memories, g->in->memory_count * sizeof *list);
    g->out->memories = list;
    return true;
}

/* ---- what both modes emit ---- */

static ir_op mapped(const gradient *g, ir_ref r)
{
    ir_op op = g->in->ops[r];
    if (!g->map)
        return op;
    const unsigned operands = sn_ir_info[op.code].operands;
    if (operands > 0)
        op.a = g->map[op.a];
    if (operands > 1)
        op.b = g->map[op.b];
    if (operands > 2)
        op.c = g->map[op.c];
    return op;
}

static void emit_value(gradient *g, ir_ref r)
{
    const ir_op op = mapped(g, r);
    g->map[r] = sn_ir_emit_flagged(g->out, op.code, op.type, op.flags, op.a, op.b, op.c);
}

static ir_ref value_of(const gradient *g, ir_ref r)
{
    return g->map ? g->map[r] : r;
}

static void emit_result(const gradient *g, const result *of, uint32_t variable, ir_type type, opt_term t)
{
    ir_program *out = g->out;
    ir_ref value = sn_opt_settle(out, type, t);
    if (type != of->type)
        value = sn_ir_emit(out, IR_CVT, of->type, value, 0, 0);
    if (g->tells_nan && !of->total) {
        const ir_ref derived = value_of(g, g->in->ops[of->op].a), known = sn_ir_emit(out, IR_EQ, IR_MASK, derived, derived, 0);
        value = sn_ir_emit(out, IR_SELECT, of->type, known, value, sn_ir_number(out, of->type, (double)NAN));
    }
    const ir_op op = out->ops[value];
    if (g->in->ops[of->op].code == IR_SUMP && op.code == IR_MUL)
        sn_ir_emit(out, IR_SUMP, IR_VOID, op.a, op.b, of->number + variable);
    else
        sn_ir_emit(out, of->total ? IR_SUM : IR_OUTPUT, IR_VOID, value, of->number + variable, 0);
}

static opt_term seed(ir_program *out, ir_type type)
{
    return (opt_term){.value = sn_ir_number(out, type, 1), .clean = true};
}

/* ---- forward mode ---- */

static opt_term *term_of(const gradient *g, ir_ref r, uint32_t v)
{
    const uint64_t on = g->d.on[r], bit = (uint64_t)1 << v;
    return on & bit ? &g->terms[g->start[r] + (uint32_t)__builtin_popcountll(on & (bit - 1))] : NULL;
}

static opt_term operand_term(const gradient *g, ir_ref r, uint32_t v)
{
    const opt_term *t = term_of(g, r, v);
    return t ? *t : (opt_term){0};
}

static opt_term read_term(const gradient *g, const ir_op *op, uint32_t v)
{
    const uint32_t line = g->lines[(op->code == IR_READ ? op->a : op->b) * g->count + v];
    const ir_ref value = op->code == IR_READ ? sn_ir_emit(g->out, IR_READ, op->type, line, op->b, 0)
                                             : sn_ir_emit(g->out, IR_READV, op->type, op->a, line, 0);
    return (opt_term){.value = value, .clean = true};
}

static opt_term forward_term(const gradient *g, ir_ref r, uint32_t v)
{
    const ir_op *source = &g->in->ops[r], op = mapped(g, r);
    opt_term sum = {0};
    unsigned chosen;
    ir_code code;
    if (sn_opt_variable(&g->d, source))
        return seed(g->out, op.type);
    if (sn_ir_info[op.code].rule == IR_RULE_READ)
        return read_term(g, &op, v);
    const ir_ref mask = sn_opt_choice(g->out, &op, &chosen, &code);
    if (mask)
        return sn_opt_choose_term(g->out, op.type, code, mask, operand_term(g, sn_ir_operand(source, chosen), v),
                                  operand_term(g, sn_ir_operand(source, chosen + 1), v));
    const unsigned carrying = g->d.carrying[r];
    for (unsigned k = 0; k < sn_ir_info[op.code].operands; k++) {
        const opt_term *t = carrying >> k & 1 ? term_of(g, sn_ir_operand(source, k), v) : NULL;
        if (t)
            sn_opt_add_term(g->out, op.type ? (ir_type)op.type : (ir_type)g->in->ops[source->a].type, &sum,
                            sn_opt_slope(g->out, &op, g->map[r], k, source->a == source->b), *t);
    }
    return sum;
}

/* Lines that take part get theirs for every variable of the group. */
static bool add_lines(gradient *g)
{
    const ir_program *in = g->in;
    g->lines = sn_arena_take_zeroed(g->memory, ((size_t)in->memory_count * g->count + 1) * sizeof *g->lines);
    if (!g->lines)
        return refuse(g->out);
    for (uint32_t k = 0; k < in->memory_count; k++)
        for (uint32_t v = 0; g->d.concerned[in->count + k] && v < g->count; v++) {
            ir_memory line = in->memories[k];
            line.name = name_of(g, line.name, g->variables[g->first + v].name);
            if (!line.name)
                return refuse(g->out);
            g->lines[k * g->count + v] = sn_ir_add_memory(g->out, &line);
        }
    return true;
}

static void write_terms(const gradient *g, const ir_op *op)
{
    for (uint32_t v = 0; g->d.concerned[g->in->count + op->b] && v < g->count; v++) {
        const ir_ref value = sn_opt_settle(g->out, (ir_type)g->in->ops[op->a].type, operand_term(g, op->a, v));
        sn_ir_emit(g->out, IR_WRITE, IR_VOID, value, g->lines[op->b * g->count + v], 0);
    }
}

static void forward_terms(gradient *g, ir_ref r)
{
    const ir_op *op = &g->in->ops[r];
    if (op->code == IR_WRITE) {
        write_terms(g, op);
        return;
    }
    for (uint64_t on = g->d.on[r]; on; on &= on - 1) {
        const uint32_t v = (uint32_t)__builtin_ctzll(on);
        *term_of(g, r, v) = forward_term(g, r, v);
    }
}

static bool open_group(gradient *g)
{
    const uint64_t pairs = sn_opt_depend_on(&g->d, g->first, g->count);
    uint32_t at = 0;
    g->terms = pairs <= UINT32_MAX ? sn_arena_take_zeroed(g->memory, (pairs + 1) * sizeof *g->terms) : NULL;
    if (!g->terms)
        return refuse(g->out);
    for (ir_ref r = 1; r < g->in->count; r++) {
        g->start[r] = at;
        at += (uint32_t)__builtin_popcountll(g->d.on[r]);
    }
    return add_lines(g);
}

static void emit_forward_results(const gradient *g)
{
    for (uint32_t k = 0; k < g->result_count; k++)
        for (uint32_t v = 0; v < g->count; v++)
            emit_result(g, &g->results[k], g->first + v, (ir_type)g->results[k].type, operand_term(g, g->results[k].op, v));
}

static void run_forward(gradient *g)
{
    sn_ir_reserve(g->out, room_for(g->in));
    g->live = sn_ir_find_live(g->in, g->memory);
    g->map = sn_arena_take_zeroed(g->memory, g->in->count * sizeof *g->map);
    g->start = sn_arena_take(g->memory, g->in->count * sizeof *g->start);
    if (!g->live || !g->map || !g->start) {
        refuse(g->out);
        return;
    }
    g->first = 0;
    do { /* once even if there is no variable */
        g->count = g->variable_count - g->first < OPT_GRADIENT_GROUP ? g->variable_count - g->first : OPT_GRADIENT_GROUP;
        if (!open_group(g))
            return;
        for (ir_ref r = 1; r < g->in->count && !g->out->status; r++) {
            if (!g->live[r])
                continue;
            if (g->first == 0)
                emit_value(g, r);
            forward_terms(g, r);
        }
        emit_forward_results(g);
        g->first += g->count;
    } while (g->first < g->variable_count);
}

/* ---- reverse mode ---- */

static bool is_one(const ir_program *p, ir_ref r)
{
    return sn_ir_is_const(p, r) && p->ops[r].type == IR_F64 && sn_ir_bits(p, r) == 0x3FF0000000000000u;
}

/* Hands the derivative by a value whose own derivatives are known on to what it is of. Their choices are made behind the product, as all are. */
static void reverse_known_terms(const gradient *g, const ir_slopes *s, opt_term t)
{
    ir_program *out = g->out;
    for (uint32_t k = 0; k < s->count; k++) {
        const ir_ref argument = s->arguments[k];
        if (!s->slopes[k] || !g->d.concerned[argument])
            continue;
        const ir_type type = (ir_type)g->in->ops[argument].type;
        const bool whole = !t.gate && is_one(out, t.value); /* what is known is the derivative, as it stands */
        opt_term from = t;
        from.gate = !s->gates[k] ? t.gate : !t.gate ? s->gates[k] : sn_ir_emit(out, IR_AND, IR_MASK, t.gate, s->gates[k], 0);
        from.rare = (t.gate && t.rare) || (s->gates[k] && s->flags[k] & IR_SLOPE_RARE);
        if (whole) {
            from.value = s->slopes[k];
            from.clean = !from.gate || s->flags[k] & IR_SLOPE_CLEAN;
        }
        const opt_slope slope = whole ? (opt_slope){s->negated ? SLOPE_MINUS_ONE : SLOPE_ONE, 0, false}
                                      : (opt_slope){s->negated ? SLOPE_MINUS_TIMES : SLOPE_TIMES, s->slopes[k], false};
        sn_opt_add_term(out, type, &g->terms[argument], slope, from);
    }
}

/* Hands the derivative by a value on to its operands. */
static void reverse_terms(const gradient *g, ir_ref r, opt_term t)
{
    const ir_op *source = &g->in->ops[r], op = mapped(g, r);
    const unsigned carrying = g->d.carrying[r];
    for (unsigned k = 0; k < sn_ir_info[op.code].operands; k++) {
        const ir_ref operand = sn_ir_operand(source, k);
        if ((carrying >> k & 1) && g->d.concerned[operand])
            sn_opt_add_term(g->out, (ir_type)g->in->ops[operand].type, &g->terms[operand],
                            sn_opt_slope(g->out, &op, value_of(g, r), k, source->a == source->b), t);
    }
}

static void run_back(const gradient *g, const result *from)
{
    memset(g->terms, 0, g->in->count * sizeof *g->terms);
    if (g->d.concerned[from->op])
        reverse_terms(g, from->op, seed(g->out, (ir_type)from->type));
    for (ir_ref r = from->op; r > 0 && !g->out->status; r--) {
        if (!g->terms[r].value || sn_opt_variable(&g->d, &g->in->ops[r]))
            continue;
        if (g->d.known && g->d.known[r])
            reverse_known_terms(g, g->d.known[r], g->terms[r]);
        else
            reverse_terms(g, r, g->terms[r]);
    }
}

/* Where each variable stands, 0: nowhere; NULL: the program has failed. */
static const ir_ref *open_reverse(gradient *g)
{
    const ir_program *in = g->in;
    g->map = NULL;
    if (g->in_place)
        sn_ir_take_over(g->out, in);
    else
        sn_ir_take_operations(g->out, in, room_for(in));
    g->terms = sn_arena_take(g->memory, in->count * sizeof *g->terms);
    ir_ref *places = sn_arena_take_zeroed(g->memory, (g->variable_count + 1) * sizeof *places);
    if (!g->terms || !places)
        refuse(g->out);
    if (g->out->status) /* it may not have the values */
        return NULL;
    for (ir_ref r = 1; r < in->count; r++)
        if (sn_opt_variable(&g->d, &in->ops[r]))
            places[sn_opt_variable(&g->d, &in->ops[r]) - 1] = r;
    return places;
}

static void run_reverse(gradient *g)
{
    const ir_program *in = g->in;
    const ir_ref *places = open_reverse(g);
    for (uint32_t k = 0; places && k < g->result_count; k++) {
        run_back(g, &g->results[k]);
        for (uint32_t v = 0; v < g->variable_count; v++) {
            const bool found = places[v] && g->terms[places[v]].value;
            emit_result(g, &g->results[k], v, (ir_type)(found ? in->ops[places[v]].type : g->results[k].type),
                        found ? g->terms[places[v]] : (opt_term){0});
        }
    }
}

/* ---- which of them ---- */

static void check_operations(const gradient *g)
{
    char message[SINTER_MESSAGE_SIZE];
    for (ir_ref r = 1; r < g->in->count; r++) {
        const ir_op *op = &g->in->ops[r];
        if (!g->d.concerned[r])
            continue;
        if (op->code == IR_FROM_BITS || op->code == IR_PACK64) {
            snprintf(message, sizeof message, "`%s` makes a number of bits that depend on what the gradient is by: it has no derivative",
                     sn_ir_info[op->code].name);
            sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
        } else if (op->code == IR_PREPARED) {
            sn_ir_fail(g->out, SINTER_BAD_PROGRAM, "there is no derivative through a routine of the library");
        } else if (op->code == IR_LOAD) {
            snprintf(message, sizeof message,
                     "values that depend on what the gradient is by go through the table \"%.60s\": they have no derivative",
                     g->in->memories[op->b].name);
            sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
        }
    }
}

/* The first delay line that takes part; memory_count if none does. */
static uint32_t concerned_line(const gradient *g)
{
    uint32_t k = 0;
    while (k < g->in->memory_count && !g->d.concerned[g->in->count + k])
        k++;
    return k;
}

static bool is_forward_cheaper(gradient *g)
{
    if (g->variable_count > 64 || g->result_count > 64)
        return g->variable_count <= g->result_count;
    ir_ref ops[64] = {0};
    for (uint32_t k = 0; k < g->result_count; k++)
        ops[k] = g->results[k].op;
    return sn_opt_depend_on(&g->d, 0, g->variable_count) <= sn_opt_count_results(&g->d, ops, g->result_count, g->memory);
}

static void run_mode(gradient *g, opt_gradient_mode mode)
{
    const uint32_t line = concerned_line(g);
    if (g->in->slope_count && (mode == OPT_GRADIENT_FORWARD || line < g->in->memory_count)) {
        sn_ir_fail(g->out, SINTER_BAD_PROGRAM, "derivatives that were found before are for reverse mode"); /* whoever made the program did not look */
        return;
    }
    if (mode == OPT_GRADIENT_REVERSE && line < g->in->memory_count) {
        char message[SINTER_MESSAGE_SIZE];
        snprintf(message, sizeof message, "reverse mode cannot go back through the delay line \"%.80s\"", g->in->memories[line].name);
        sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
    } else if (g->in->slope_count) { /* of which forward mode knows nothing */
        run_reverse(g);
    } else if (mode == OPT_GRADIENT_FORWARD || line < g->in->memory_count || (mode == OPT_GRADIENT_AUTO && is_forward_cheaper(g))) {
        run_forward(g);
    } else {
        run_reverse(g);
    }
}

static void open_program(const ir_program *in, ir_program *out, arena *memory, uint32_t rules)
{
    sn_ir_open(out, memory, rules | IR_IDENTITY | IR_FOLD);
    if (in->status)
        sn_ir_fail(out, in->status, in->message);
    sn_opt_share(in, out);
}

/* Whatever they depend on and wherever they lead. */
static void refuse_calls(gradient *g)
{
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "there is no derivative through '%.80s', a function in C", g->in->calls[0].type->name);
    sn_ir_fail(g->out, SINTER_BAD_PROGRAM, message);
}

bool sn_opt_gradient(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const opt_gradient *wanted, uint32_t *unknown)
{
    opt_variable *variables = sn_arena_take(memory, (wanted->count + 1) * sizeof *variables);
    open_program(in, out, memory, rules);
    for (uint32_t k = 0; variables && k < wanted->count; k++)
        if (!find_variable(in, wanted->names[k], wanted->free_names, &variables[k])) {
            *unknown = k;
            return false;
        }
    gradient g = {.d = {.in = in, .variables = variables}, .in = in, .out = out, .memory = memory, .variables = variables,
                  .variable_count = wanted->count, .in_place = wanted->gives_up, .tells_nan = wanted->tells_nan};
    if (!variables || !sn_opt_find_dependence(&g.d, wanted->count, memory)) {
        refuse(out);
        return true;
    }
    for (uint32_t k = 0; k < wanted->count; k++)
        check_variable(&g, k);
    check_operations(&g);
    if (in->call_count)
        refuse_calls(&g);
    if (find_results(&g) && add_outputs(&g) && add_totals(&g) && copy_memories(&g) && !out->status)
        run_mode(&g, wanted->mode);
    if (memory->failed)
        refuse(out);
    return true;
}

bool sn_opt_slopes(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const char *const *names, uint32_t count, opt_known_slope *slopes)
{
    opt_variable *variables = sn_arena_take(memory, (count + 1) * sizeof *variables);
    open_program(in, out, memory, rules);
    for (uint32_t k = 0; variables && k < count; k++)
        if (!find_variable(in, names[k], NULL, &variables[k]))
            return false;
    gradient g = {.d = {.in = in, .variables = variables}, .in = in, .out = out, .memory = memory, .variables = variables, .variable_count = count};
    if (!variables || !sn_opt_find_dependence(&g.d, count, memory) || !find_results(&g))
        return refuse(out);
    check_operations(&g);
    const ir_ref *places = open_reverse(&g);
    if (!places || g.result_count != 1 || concerned_line(&g) < in->memory_count)
        return false;
    run_back(&g, &g.results[0]);
    for (uint32_t k = 0; k < count; k++) {
        const opt_term t = places[k] ? g.terms[places[k]] : (opt_term){0};
        slopes[k] = (opt_known_slope){t.value, t.gate, t.gate && t.rare, t.gate && t.clean};
    }
    return out->status == SINTER_OK;
}
