/* Members as two parts.
 *
 * What depends on parameters, and on nothing that is given, is computed once for all elements; of that the elements need what an operation reads which does depend on
 * what is given. These are the routine's results. Constants belong to both parts. The routine is exported as the function of one element of a program whose
 * outputs they are, so that its bits are those of every engine.
 *
 * Derivatives, their gates, and what a member is outside of its support are further results of either part, whichever they depend on. */
#include "lib/split_members.h"

#include "base/text.h"
#include "kernel/kernels.h"
#include "opt/opt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FEWEST = 16 /* operations that are worth a call */, MOST_RESULTS = 250 };

typedef enum belonging { GIVEN, STEADY, CONSTANT } belonging; /* it depends on what is given; on parameters alone; on nothing */

typedef struct splitting {
    const ir_extract *e;
    uint8_t *belongs; /* by operation: belonging */
    uint32_t *result; /* by operation: 0, or 1 + its number among the results */
    split_member *out;
} splitting;

static unsigned operands_of(const ir_op *op)
{
    return sn_ir_info[op->code].operands;
}

static void find_belongings(splitting *s)
{
    for (uint32_t r = 0; r < s->e->count; r++) {
        const ir_op *op = &s->e->ops[r];
        if (r < s->e->first) {
            s->belongs[r] = r == 0 ? CONSTANT : r <= s->out->parameters ? STEADY : GIVEN;
            continue;
        }
        s->belongs[r] = op->code == IR_CONST ? CONSTANT : STEADY;
        for (unsigned k = 0; k < operands_of(op); k++)
            if (s->belongs[sn_ir_operand(op, k)] == GIVEN)
                s->belongs[r] = GIVEN;
        s->out->operations += s->belongs[r] == STEADY;
    }
}

static void mark_result(const splitting *s, uint32_t r)
{
    s->result[r] |= r >= s->e->first && s->belongs[r] == STEADY;
}

/* In the order of the operations. */
static void number_results(splitting *s)
{
    const ir_extract *e = s->e;
    for (uint32_t r = e->first; r < e->count; r++)
        for (unsigned k = 0; s->belongs[r] == GIVEN && k < operands_of(&e->ops[r]); k++)
            mark_result(s, sn_ir_operand(&e->ops[r], k));
    for (uint32_t k = 0; k < e->other_count; k++)
        mark_result(s, e->others[k]);
    for (uint32_t r = e->first; r < e->count; r++)
        s->result[r] = s->result[r] ? ++s->out->results : 0;
}

static bool make_rest(splitting *s, arena *memory)
{
    const ir_extract *e = s->e;
    ir_extract *rest = &s->out->rest;
    const uint32_t results = s->out->results;
    ir_op *ops = sn_arena_take_zeroed(memory, (e->count + results) * sizeof *ops);
    uint8_t *parts = sn_arena_take_zeroed(memory, e->count + results);
    uint32_t *map = sn_arena_take_zeroed(memory, e->count * sizeof *map);
    if (!ops || !parts || !map)
        return false;
    *rest = (ir_extract){.ops = ops, .parts = parts, .memories = e->memories, .first = e->first + results, .fresh = e->first, .count = e->first + results,
                         .has_functions = e->has_functions};
    for (uint32_t r = 1; r < e->count; r++) {
        if (r < e->first || s->belongs[r] == STEADY) {
            map[r] = r < e->first ? r : e->first + s->result[r] - 1;
            continue;
        }
        ir_op op = e->ops[r];
        op.a = operands_of(&op) > 0 ? map[op.a] : op.a;
        op.b = operands_of(&op) > 1 ? map[op.b] : op.b;
        op.c = operands_of(&op) > 2 ? map[op.c] : op.c;
        parts[rest->count] = sn_ir_part_of(rest, &op);
        map[r] = rest->count;
        ops[rest->count++] = op;
    }
    rest->result = map[e->result];
    rest->other_count = e->other_count;
    ir_ref *others = sn_arena_take(memory, (e->other_count + 1) * sizeof *others);
    for (uint32_t k = 0; others && k < e->other_count; k++)
        others[k] = map[e->others[k]];
    rest->others = others;
    return others != NULL;
}

static ir_ref add_parameter(ir_program *p, uint32_t number)
{
    char name[16];
    snprintf(name, sizeof name, "p%u", number);
    const ir_param param = {.name = name, .type = IR_F64, .low = -INFINITY, .high = INFINITY};
    return sn_ir_emit(p, IR_PARAM, IR_F64, sn_ir_add_param(p, &param), 0, 0);
}

/* The table that a load reads, under whatever number it has. */
static uint32_t table_of(ir_program *p, const ir_memory *table)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (!strcmp(p->memories[k].name, table->name))
            return k;
    return sn_ir_add_memory(p, table);
}

static void add_result(splitting *s, uint32_t r, ir_ref value)
{
    ir_program *p = &s->out->routine;
    char name[16];
    s->out->types[s->result[r] - 1] = s->e->ops[r].type;
    if (s->e->ops[r].type == IR_MASK)
        value = sn_ir_emit(p, IR_SELECT, IR_I32, value, sn_ir_i32(p, -1), sn_ir_i32(p, 0));
    snprintf(name, sizeof name, "r%u", s->result[r] - 1);
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, value, sn_ir_add_output(p, name, (ir_type)p->ops[value].type), 0);
}

/* No rule is applied: the operations are the member's. */
static bool make_routine(splitting *s, arena *memory)
{
    const ir_extract *e = s->e;
    ir_program *p = &s->out->routine;
    ir_ref *map = sn_arena_take_zeroed(memory, e->count * sizeof *map);
    s->out->types = sn_arena_take_zeroed(memory, s->out->results);
    sn_ir_open(p, memory, 0);
    if (!map || !s->out->types)
        return false;
    for (uint32_t k = 0; k < s->out->parameters; k++)
        map[k + 1] = add_parameter(p, k);
    for (uint32_t r = e->first; r < e->count; r++) {
        const ir_op *op = &e->ops[r];
        const unsigned operands = operands_of(op);
        if (s->belongs[r] == CONSTANT)
            map[r] = sn_ir_const_bits(p, (ir_type)op->type, op->a | (uint64_t)op->b << 32);
        else if (s->belongs[r] == STEADY)
            map[r] = sn_ir_emit_flagged(p, (ir_code)op->code, (ir_type)op->type, op->flags, operands > 0 ? map[op->a] : op->a,
                                        op->code == IR_LOAD ? table_of(p, &e->memories[op->b]) : operands > 1 ? map[op->b] : op->b, operands > 2 ? map[op->c] : op->c);
    }
    for (uint32_t r = e->first; r < e->count; r++)
        if (s->result[r])
            add_result(s, r, map[r]);
    return p->status == SINTER_OK;
}

/* Parameters are in front of what is given, which the last six bits of the shape count. */
static uint32_t count_parameters(const struct lang_kept_member *m)
{
    uint32_t parameters = 0;
    for (uint64_t shape = m->shape; shape >> 6; shape >>= 6)
        parameters += shape & 63;
    return parameters;
}

/* ---- derivatives ---- */

enum { MOST_INPUTS = 64, MOST_DIGITS = 8, IS_SET = 2, IS_NOT = 3 /* numbers that tell which side of a choice is which */ };

static void add_output(ir_program *p, const char *name, ir_ref value)
{
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, value, sn_ir_add_output(p, name, (ir_type)p->ops[value].type), 0);
}

/* The member as a program of its own: inputs 0, 1, …, and their names. *outside: what it is outside, 0: that is not known. */
static bool open_member(ir_program *p, const struct lang_kept_member *m, const ir_extract *e, char names[MOST_INPUTS][MOST_DIGITS], const char **list, ir_ref *outside, arena *memory)
{
    ir_ref inputs[MOST_INPUTS];
    sn_ir_open(p, memory, m->rules);
    for (uint32_t k = 0; k < m->inputs; k++) {
        snprintf(names[k], MOST_DIGITS, "%u", k);
        list[k] = names[k];
        inputs[k] = sn_ir_emit(p, IR_INPUT, IR_F64, sn_ir_add_input(p, names[k], IR_F64), 0, 0);
    }
    *outside = 0;
    add_output(p, "v", sn_ir_insert(p, e, inputs, true, outside));
    return p->status == SINTER_OK;
}

/* Gates go as numbers, for outputs are no masks. */
static void add_slopes(ir_program *p, const opt_known_slope *slopes, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        add_output(p, "s", slopes[k].value ? slopes[k].value : sn_ir_f64(p, 0));
    for (uint32_t k = 0; k < count; k++)
        if (slopes[k].gate)
            add_output(p, "g", sn_ir_emit(p, IR_SELECT, IR_I32, slopes[k].gate, sn_ir_i32(p, IS_SET), sn_ir_i32(p, IS_NOT)));
}

/* False where rules have made something else of the choice, or turned it round. */
static bool read_gate(const ir_program *p, ir_ref choice, ir_ref *mask)
{
    const ir_op *op = &p->ops[choice];
    *mask = op->a;
    return op->code == IR_SELECT && p->ops[op->b].a == IS_SET;
}

/* Of the program with everything as outputs, in their order. */
static bool extract_slopes(const ir_program *p, const split_member *out, const opt_known_slope *slopes, bool has_outside, arena *memory, ir_extract *e)
{
    ir_ref results[2 * MOST_INPUTS + 2];
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_OUTPUT)
            results[p->ops[r].b] = p->ops[r].a;
    uint32_t next = 1 + out->slopes;
    for (uint32_t k = 0; k < out->slopes; k++) {
        out->slope_flags[k] = (slopes[k].rare ? IR_SLOPE_RARE : 0) | (slopes[k].clean ? IR_SLOPE_CLEAN : 0) | (slopes[k].value ? 0 : PREPARED_NONE)
                              | (slopes[k].gate ? PREPARED_GATE : 0);
        if (slopes[k].gate && !read_gate(p, results[next], &results[next]))
            return false;
        next += slopes[k].gate != 0;
    }
    return sn_ir_extract_all(p, results[0], results + 1, next - 1 + has_outside, out->slopes + 1, memory, memory, e);
}

/* With its derivative by each input in front of what it is outside, if that is known; expanded. */
static bool differentiate(const struct lang_kept_member *m, const ir_extract *e, math_templates *functions, arena *memory, split_member *split, ir_extract *out)
{
    char names[MOST_INPUTS][MOST_DIGITS];
    const char *list[MOST_INPUTS];
    ir_program plain, sloped, expanded;
    opt_known_slope slopes[MOST_INPUTS];
    ir_ref outside;
    split->slope_flags = sn_arena_take_zeroed(memory, m->inputs);
    if (!split->slope_flags || m->inputs > MOST_INPUTS || !open_member(&plain, m, e, names, list, &outside, memory)
        || !sn_opt_slopes(&plain, &sloped, memory, m->rules | IR_SIGNS, list, m->inputs, slopes))
        return false;
    add_slopes(&sloped, slopes, m->inputs);
    if (outside)
        add_output(&sloped, "outside", outside);
    sn_opt_expand_derived(&sloped, &expanded, memory, m->rules | IR_SIGNS, functions);
    return expanded.status == SINTER_OK && extract_slopes(&expanded, split, slopes, outside != 0, memory, out);
}

/* What the choice of what it is outside goes by, in front of that. */
static bool add_condition(ir_extract *e, arena *memory)
{
    const uint32_t count = e->other_count;
    ir_ref *others = sn_arena_take(memory, (count + 1) * sizeof *others);
    if (!others || e->ops[e->others[count - 1]].code != IR_SELECT)
        return false;
    memcpy(others, e->others, count * sizeof *others);
    others[count] = others[count - 1];
    others[count - 1] = e->ops[others[count]].a;
    e->others = others;
    e->other_count = count + 1;
    return true;
}

bool sn_split_member(const struct lang_kept_member *m, math_templates *functions, arena *memory, split_member *out)
{
    ir_extract e = m->checked ? *m->checked : m->extract;
    *out = (split_member){.parameters = count_parameters(m), .slopes = m->expanded ? 0 : m->inputs, .checks = m->checked && m->checked->other_count > 0};
    if (out->parameters < 1 || out->parameters > IR_ROUTINE_ARGUMENTS || (!m->expanded && !differentiate(m, &e, functions, memory, out, &e))
        || (out->checks && !add_condition(&e, memory)))
        return false;
    splitting s = {.e = &e, .belongs = sn_arena_take_zeroed(memory, e.count), .result = sn_arena_take_zeroed(memory, e.count * sizeof *s.result), .out = out};
    if (!s.belongs || !s.result)
        return false;
    find_belongings(&s);
    if (out->operations < FEWEST || s.belongs[e.result] != GIVEN)
        return false;
    number_results(&s);
    return out->results > 0 && out->results <= MOST_RESULTS && make_rest(&s, memory) && make_routine(&s, memory);
}

/* ---- in C ---- */

static const char *type_in_c(unsigned type)
{
    return type == IR_F64 ? "double" : type == IR_F32 ? "float" : "int32_t";
}

static void write_call(const split_member *s, unsigned number, text *out)
{
    sn_text_print(out, "\nstatic void run_%u(const double *a, uint64_t *r)\n{\n", number);
    for (uint32_t k = 0; k < s->results; k++)
        sn_text_print(out, "    %s v%u;\n", type_in_c(s->types[k]), k);
    sn_text_print(out, "    v0 = routine_%u(", number);
    for (uint32_t k = 0; k < s->parameters; k++)
        sn_text_print(out, "%sa[%u]", k ? ", " : "", k);
    for (uint32_t k = 1; k < s->results; k++)
        sn_text_print(out, ", &v%u", k);
    sn_text_add(out, ");\n");
    for (uint32_t k = 0; k < s->results; k++)
        sn_text_print(out, "    memcpy(&r[%u], &v%u, sizeof v%u);\n", k, k, k);
    sn_text_add(out, "}\n");
}

bool sn_write_routine(const split_member *s, const char *family, unsigned number, text *out)
{
    char name[32];
    snprintf(name, sizeof name, "routine_%u", number);
    if (sn_kernel_export_function(&s->routine, name, out))
        return false;
    write_call(s, number, out);
    sn_text_print(out, "\nstatic const uint8_t types_%u[] = {", number);
    for (uint32_t k = 0; k < s->results; k++)
        sn_text_print(out, "%s%u", k ? ", " : "", s->types[k]);
    sn_text_print(out, "};\n#define ROUTINE_%u {\"%s\", run_%u, types_%u, %uu, %uu, %uu}\n\n", number, family, number, number, s->results, s->operations, number);
    return !out->failed;
}
