/* A density cut in two: what of a row depends on the data alone, and the rest.
 *
 * Rows that are there to stay (the nodes of bound data) need the first part once. Every number and condition that is computed of data alone and used
 * together with parameters becomes a column of its own; one kernel writes these columns, another reads them in the place of the data. So log(x!) of a
 * count, or Stirling's remainder, is not computed again with each value of the parameters. The bits are those of the whole.
 *
 * The second kernel may also give second derivatives: its derivatives, differentiated again. Where the form that is computed has none, since pairs are made of numbers'
 * bits, say, those of log h + η·T − A are taken, of rows that are not cut. */
#include "density/shapes.h"

#include "opt/opt.h"

#include <stdio.h>
#include <string.h>

enum { DATA = 1, PARAMETERS = 2 };

typedef struct cutting {
    const ir_program *in;
    const uint8_t *live;
    uint8_t *depends;  /* by operation */
    uint32_t *column;  /* of an operation that becomes one: its number + 1 */
    uint32_t columns;
} cutting;

/* Can it be left out behind the cut? */
static bool is_data(const cutting *k, ir_ref r)
{
    const ir_op *op = &k->in->ops[r];
    return k->depends[r] == DATA && (op->type == IR_F64 || op->type == IR_MASK);
}

static void find_dependence(cutting *k, ir_ref r)
{
    const ir_op *op = &k->in->ops[r];
    unsigned all = op->code == IR_INPUT ? DATA : op->code == IR_PARAM ? PARAMETERS : 0;
    for (unsigned i = 0; i < sn_ir_info[op->code].operands; i++)
        all |= k->depends[sn_ir_operand(op, i)];
    k->depends[r] = (uint8_t)all;
}

static sinter_status find_columns(cutting *k, arena *memory)
{
    const ir_program *in = k->in;
    k->live = sn_ir_find_live(in, memory);
    k->depends = sn_arena_take_zeroed(memory, in->count);
    k->column = sn_arena_take_zeroed(memory, in->count * sizeof *k->column);
    if (!k->live || !k->depends || !k->column)
        return SINTER_NO_MEMORY;
    for (ir_ref r = 1; r < in->count; r++) {
        const ir_op *op = &in->ops[r];
        find_dependence(k, r);
        if (!k->live[r] || (is_data(k, r) && sn_ir_info[op->code].rule != IR_RULE_EFFECT))
            continue;
        for (unsigned i = 0; i < sn_ir_info[op->code].operands; i++) {
            const ir_ref operand = sn_ir_operand(op, i);
            if (is_data(k, operand) && !k->column[operand])
                k->column[operand] = ++k->columns;
        }
    }
    return k->columns > SINTER_DENSITY_MOST ? SINTER_TOO_LARGE : SINTER_OK;
}

static void copy(ir_program *out, ir_ref *map, const ir_program *in, ir_ref r)
{
    ir_op op = in->ops[r];
    const unsigned operands = sn_ir_info[op.code].operands;
    op.a = operands > 0 ? map[op.a] : op.a;
    op.b = operands > 1 ? map[op.b] : op.b;
    op.c = operands > 2 ? map[op.c] : op.c;
    map[r] = sn_ir_emit_flagged(out, op.code, (ir_type)op.type, op.flags, op.a, op.b, op.c);
}

static const char *column_name(char *name, size_t size, uint32_t number)
{
    snprintf(name, size, "@%u", number);
    return name;
}

/* The columns, as outputs, conditions as 1 and 0. */
static void write_data(const cutting *k, ir_program *out, ir_ref *map)
{
    char name[16];
    out->outputs = NULL;
    out->output_count = 0;
    for (uint32_t n = 0; n < k->columns; n++)
        sn_ir_add_output(out, column_name(name, sizeof name, n), IR_F64);
    for (ir_ref r = 1; r < k->in->count; r++) {
        if (!k->live[r] || k->depends[r] & PARAMETERS || sn_ir_info[k->in->ops[r].code].rule == IR_RULE_EFFECT)
            continue;
        copy(out, map, k->in, r);
        if (!k->column[r])
            continue;
        const ir_ref value = k->in->ops[r].type != IR_MASK ? map[r]
                             : sn_ir_emit(out, IR_SELECT, IR_VOID, map[r], sn_ir_f64(out, 1), sn_ir_f64(out, 0));
        sn_ir_emit(out, IR_OUTPUT, IR_VOID, value, k->column[r] - 1, 0);
    }
}

static void write_rest(const cutting *k, ir_program *out, ir_ref *map)
{
    char name[16];
    out->inputs = NULL;
    out->input_count = 0;
    for (uint32_t n = 0; n < k->columns; n++)
        sn_ir_add_input(out, column_name(name, sizeof name, n), IR_F64);
    for (ir_ref r = 1; r < k->in->count; r++) {
        if (!k->live[r])
            continue;
        if (k->column[r]) {
            const ir_ref read = sn_ir_emit(out, IR_INPUT, IR_F64, k->column[r] - 1, 0, 0);
            map[r] = k->in->ops[r].type != IR_MASK ? read : sn_ir_emit(out, IR_NE, IR_VOID, read, sn_ir_f64(out, 0), 0);
        } else if (!is_data(k, r) || sn_ir_info[k->in->ops[r].code].rule == IR_RULE_EFFECT) {
            copy(out, map, k->in, r);
        }
    }
}

/* Derivatives in the place of what they are derivatives of: the pass that follows differentiates them. */
sinter_status sn_density_differentiate(compilation *c)
{
    ir_program *p = &c->program;
    c->of_terms = true;
    const sinter_status status = sn_kernel_gradient(c);
    if (status)
        return status;
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_OUTPUT) {
            if (p->ops[r].b == 0)
                p->ops[r] = (ir_op){.code = IR_NONE};
            else
                p->ops[r].b--;
        }
    p->outputs++;
    p->output_count--;
    ir_program out;
    sn_opt_dead(p, &out, c->memory);
    out.rules = p->rules;
    c->program = out;
    return SINTER_OK;
}

sinter_status sn_density_cut_columns(const ir_program *program, arena *memory, ir_ref **columns, uint32_t *count)
{
    cutting k = {.in = program};
    const sinter_status status = find_columns(&k, memory);
    ir_ref *list = status ? NULL : sn_arena_take(memory, (k.columns + 1) * sizeof *list);
    if (!list)
        return status ? status : SINTER_NO_MEMORY;
    for (ir_ref r = 1; r < program->count; r++)
        if (k.column[r])
            list[k.column[r] - 1] = r;
    *columns = list;
    *count = k.columns;
    return SINTER_OK;
}

sinter_status sn_density_cut_program(compilation *c, void *source)
{
    const density_cut *wanted = source;
    cutting k = {.in = wanted->part == DENSITY_POOLED ? &wanted->density->of_means : &wanted->density->program};
    ir_program *out = &c->program;
    ir_ref *map = sn_arena_take_zeroed(c->memory, k.in->count * sizeof *map);
    c->of_terms = true;
    const sinter_status status = map ? find_columns(&k, c->memory) : SINTER_NO_MEMORY;
    if (status)
        return sn_report_fail(c->report, status, status == SINTER_NO_MEMORY ? "out of memory" : "more than 256 numbers of a row meet parameters", NULL);
    sn_opt_share(k.in, out);
    if (wanted->part == DENSITY_DATA_PART)
        write_data(&k, out, map);
    else
        write_rest(&k, out, map);
    if (out->status)
        return sn_report_fail(c->report, out->status, out->message, NULL);
    return wanted->part == DENSITY_CURVATURE ? sn_density_differentiate(c) : SINTER_OK;
}

sinter_status sn_density_curve_program(compilation *c, void *source)
{
    const density_cut *wanted = source;
    const ir_program *in = &wanted->density->derived;
    const uint32_t rules = c->program.rules;
    sn_ir_open(&c->program, c->memory, rules);
    sn_opt_share(in, &c->program);
    sn_ir_take_operations(&c->program, in, in->count);
    if (c->program.status)
        return sn_report_fail(c->report, c->program.status, c->program.message, NULL);
    return sn_density_differentiate(c);
}
