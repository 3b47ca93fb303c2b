/* Changes of what a program is applied to: fields on grids, outputs as totals, parameters as constants.
 *
 * A grid's x depends on the column only and its y on the row only; written in terms of COLUMN and ROW, their axes say so, and the plan computes
 * whatever depends on one of them once a column or once a row. Pixel centres come from whole numbers (2c + 1 times half a pixel),
 * so that they do not depend on how the image is cut. */
#include "opt/opt.h"

#include <string.h>

typedef struct grid_change {
    const ir_program *in;
    uint32_t first_param;
} grid_change;

static ir_ref centre(const grid_change *g, ir_program *p, ir_type type, bool along_x)
{
    const ir_ref number = sn_ir_emit(p, along_x ? IR_COLUMN : IR_ROW, IR_I32, 0, 0, 0);
    const ir_ref odd = sn_ir_emit(p, IR_ADD, IR_I32, sn_ir_emit(p, IR_ADD, IR_I32, number, number, 0), sn_ir_i32(p, 1), 0);
    const ir_ref half = sn_ir_emit(p, IR_PARAM, type, g->first_param + (along_x ? OPT_GRID_HALF_X : OPT_GRID_HALF_Y), 0, 0);
    const ir_ref edge = sn_ir_emit(p, IR_PARAM, type, g->first_param + (along_x ? OPT_GRID_X0 : OPT_GRID_Y1), 0, 0);
    return sn_ir_emit(p, along_x ? IR_FMA : IR_FNMA, type, sn_ir_emit(p, IR_CVT, type, odd, 0, 0), half, edge);
}

static ir_ref visit_grid(void *context, ir_program *out, const ir_op *op)
{
    const grid_change *g = context;
    if (op->code == IR_INPUT) {
        const char *name = g->in->inputs[op->a].name;
        if (!strcmp(name, "x") || !strcmp(name, "y"))
            return centre(g, out, op->type, name[0] == 'x');
        if (!strcmp(name, "z") || !strcmp(name, "t"))
            return sn_ir_emit(out, IR_PARAM, op->type, g->first_param + (name[0] == 'z' ? OPT_GRID_Z : OPT_GRID_T), 0, 0);
    }
    return sn_ir_emit_flagged(out, op->code, op->type, op->flags, op->a, op->b, op->c);
}

/* Of the input of that name. */
static unsigned type_of(const ir_program *in, char name)
{
    for (uint32_t k = 0; k < in->input_count; k++)
        if (in->inputs[k].name[0] == name && !in->inputs[k].name[1])
            return in->inputs[k].type;
    return IR_F32;
}

void sn_opt_grid(const ir_program *in, ir_program *out, arena *memory, uint32_t rules)
{
    static const char *const names[OPT_GRID_PARAMS] = {"@x0", "@half_x", "@y1", "@half_y", "@z", "@t"};
    static const char inputs[OPT_GRID_PARAMS] = {'x', 'x', 'y', 'y', 'z', 't'};
    ir_program with_params = *in;
    grid_change g = {in, in->param_count};
    with_params.memory = memory;
    with_params.params = sn_arena_take(memory, (in->param_count + OPT_GRID_PARAMS) * sizeof *in->params);
    if (!with_params.params) {
        sn_ir_open(out, memory, rules);
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    if (in->param_count)
        memcpy(with_params.params, in->params, in->param_count * sizeof *in->params);
    for (unsigned k = 0; k < OPT_GRID_PARAMS; k++)
        with_params.params[with_params.param_count++] = (ir_param){.name = names[k], .type = (uint8_t)type_of(in, inputs[k]), .low = -1e308,
                                                                     .high = 1e308, .unit = ""};
    sn_opt_rebuild(&with_params, out, memory, rules, visit_grid, &g);
}

static bool are_floats(const ir_stream *outputs, uint32_t count)
{
    bool floats = true;
    for (uint32_t k = 0; k < count; k++)
        floats &= outputs[k].type == IR_F32 || outputs[k].type == IR_F64;
    return floats;
}

/* Nothing else changes, so operations stay as they are and where they are. */
void sn_opt_total(const ir_program *in, ir_program *out, arena *memory, uint32_t rules)
{
    ir_program with_totals = *in;
    with_totals.output_count = 0;
    with_totals.total_count = in->output_count;
    with_totals.total_maps = NULL;
    with_totals.totals = sn_arena_take(memory, (in->output_count + 1) * sizeof *with_totals.totals);
    sn_ir_open(out, memory, rules);
    if (in->status)
        sn_ir_fail(out, in->status, in->message);
    if (!with_totals.totals)
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
    if (!are_floats(in->outputs, in->output_count))
        sn_ir_fail(out, SINTER_BAD_PROGRAM, "sum does not take operands of type i32");
    for (uint32_t k = 0; with_totals.totals && k < in->output_count; k++)
        with_totals.totals[k] = in->outputs[k].name;
    sn_opt_share(&with_totals, out);
    sn_ir_take_operations(out, in, in->count);
    for (ir_ref r = 1; r < out->count; r++)
        if (out->ops[r].code == IR_OUTPUT)
            out->ops[r].code = IR_SUM;
}

typedef struct fixing {
    const double *values; /* per parameter; meaningful where fixed */
    const bool *fixed;
    uint32_t *number;     /* of those that stay, in the new list */
} fixing;

static ir_ref visit_fix(void *context, ir_program *out, const ir_op *op)
{
    const fixing *f = context;
    if (op->code == IR_PARAM && f->fixed[op->a])
        return sn_ir_number(out, op->type, f->values[op->a]);
    const uint32_t a = op->code == IR_PARAM ? f->number[op->a] : op->a;
    return sn_ir_emit_flagged(out, op->code, op->type, op->flags, a, op->b, op->c);
}

/* What a live parameter would become. */
static double clamped(const ir_param *param, double value)
{
    const double low = param->type == IR_I32 && param->low < INT32_MIN ? INT32_MIN : param->low;
    const double high = param->type == IR_I32 && param->high > INT32_MAX ? INT32_MAX : param->high;
    return value < low ? low : value > high ? high : value;
}

static void keep_others(const ir_program *in, const fixing *f, ir_program *to)
{
    to->param_count = 0;
    for (uint32_t k = 0; k < in->param_count; k++)
        if (!f->fixed[k]) {
            f->number[k] = to->param_count;
            to->params[to->param_count++] = in->params[k];
        }
}

bool sn_opt_fix(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const char *const *names, const double *values,
                uint32_t count, uint32_t *unknown)
{
    double *by_param = sn_arena_take_zeroed(memory, (in->param_count + 1) * sizeof *by_param);
    bool *fixed = sn_arena_take_zeroed(memory, in->param_count + 1);
    uint32_t *number = sn_arena_take_zeroed(memory, (in->param_count + 1) * sizeof *number);
    ir_program others = *in;
    others.params = sn_arena_take(memory, (in->param_count + 1) * sizeof *others.params);
    if (!by_param || !fixed || !number || !others.params) {
        sn_ir_open(out, memory, rules);
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return true;
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t at = 0;
        while (at < in->param_count && strcmp(in->params[at].name, names[k]) != 0)
            at++;
        if (at == in->param_count) {
            *unknown = k;
            return false;
        }
        by_param[at] = clamped(&in->params[at], values[k]);
        fixed[at] = true;
    }
    fixing f = {by_param, fixed, number};
    keep_others(in, &f, &others);
    sn_opt_rebuild(&others, out, memory, rules, visit_fix, &f);
    return true;
}

/* ---- parameters as streams ---- */

typedef struct streaming {
    const uint32_t *input;  /* per parameter: the input that it becomes, from 1; 0: it stays */
    const uint32_t *number; /* of those that stay, in the new list */
} streaming;

static ir_ref visit_stream(void *context, ir_program *out, const ir_op *op)
{
    const streaming *s = context;
    if (op->code != IR_PARAM)
        return sn_ir_emit_flagged(out, op->code, op->type, op->flags, op->a, op->b, op->c);
    return s->input[op->a] ? sn_ir_emit(out, IR_INPUT, op->type, s->input[op->a] - 1, 0, 0)
                           : sn_ir_emit(out, IR_PARAM, op->type, s->number[op->a], 0, 0);
}

static uint32_t find_param(const ir_program *p, const char *name, size_t length)
{
    uint32_t k = 0;
    while (k < p->param_count && (strlen(p->params[k].name) != length || memcmp(p->params[k].name, name, length) != 0))
        k++;
    return k;
}

const char *sn_opt_stream(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, const char *names, size_t *unknown_length)
{
    uint32_t *input = sn_arena_take_zeroed(memory, 2 * ((size_t)in->param_count + 1) * sizeof *input);
    uint32_t *const number = input ? input + in->param_count + 1 : NULL;
    ir_program changed = *in;
    changed.params = sn_arena_take(memory, (in->param_count + 1) * sizeof *changed.params);
    changed.inputs = sn_arena_take(memory, ((size_t)in->input_count + in->param_count + 1) * sizeof *changed.inputs);
    if (!input || !changed.params || !changed.inputs) {
        sn_ir_open(out, memory, rules);
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (in->input_count)
        memcpy(changed.inputs, in->inputs, in->input_count * sizeof *in->inputs);
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        const uint32_t k = find_param(in, at, length);
        if (k == in->param_count || input[k]) {
            *unknown_length = length;
            return at;
        }
        changed.inputs[changed.input_count++] = (ir_stream){in->params[k].name, in->params[k].type};
        input[k] = changed.input_count;
        at += length;
    }
    changed.param_count = 0;
    for (uint32_t k = 0; k < in->param_count; k++)
        if (!input[k]) {
            number[k] = changed.param_count;
            changed.params[changed.param_count++] = in->params[k];
        }
    streaming s = {input, number};
    sn_opt_rebuild(&changed, out, memory, rules, visit_stream, &s);
    return NULL;
}
