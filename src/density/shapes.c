/* Shapes: which kernel a call needs.
 *
 * The program that was read is changed before the passes see it. A parameter that is an array in a call becomes an input; where its constraint
 * is a range, what lies outside becomes NaN (one value for all rows is checked when it is set, outside of the loop). The row's value is multiplied by its weight, and is 0
 * where that is 0, NaN and infinities too. Then come derivatives, which so have the weight as well, and, for sums, totals.
 *
 * Where parameters stay parameters, rows have no weights and nobody wants derivatives, the text is read again instead: families' densities then are what the library brings of them,
 * with routines for what parameters alone determine (lang/kept_members.h), which costs less than all that the program of any shape needs. Derivatives are found in
 * one way in all shapes, so that they have the same bits.
 *
 * Variants are found without a lock: the list only grows, at its head, by whole variants. */
#include "density/shapes.h"

#include "lang/lang.h"
#include "opt/opt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_DERIVATIVES = 2 * SINTER_DENSITY_MOST };

typedef struct shaping {
    const sinter_density *density;
    const density_shape *shape;
    uint32_t input_of[SINTER_DENSITY_MOST]; /* of parameters that are arrays */
    uint32_t weight;                        /* the input that it is */
    density_factors *factors;               /* of a factored sum */
    bool coefficients;                      /* they are wanted, not the sum */
} shaping;

/* ---- the program of a shape ---- */

static ir_ref between(ir_program *out, ir_ref value, const ir_param *range)
{
    const ir_type type = (ir_type)range->type;
    ir_ref inside = 0;
    if (range->low > -INFINITY)
        inside = sn_ir_emit(out, IR_LE, IR_VOID, sn_ir_number(out, type, range->low), value, 0);
    if (range->high < INFINITY) {
        const ir_ref below = sn_ir_emit(out, IR_LE, IR_VOID, value, sn_ir_number(out, type, range->high), 0);
        inside = inside ? sn_ir_emit(out, IR_AND, IR_VOID, inside, below, 0) : below;
    }
    return inside ? sn_ir_emit(out, IR_SELECT, IR_VOID, inside, value, sn_ir_number(out, type, NAN)) : value;
}

static ir_ref weigh(const shaping *s, ir_program *out, ir_ref value)
{
    const ir_type type = (ir_type)s->density->type;
    const ir_ref zero = sn_ir_number(out, type, 0);
    const ir_ref weight = sn_ir_emit(out, IR_INPUT, type, s->weight, 0, 0);
    const ir_ref none = sn_ir_emit(out, IR_EQ, IR_VOID, weight, zero, 0);
    return sn_ir_emit(out, IR_SELECT, IR_VOID, none, zero, sn_ir_emit(out, IR_MUL, IR_VOID, weight, value, 0));
}

static ir_ref visit(void *context, ir_program *out, const ir_op *op)
{
    const shaping *s = context;
    if (op->code == IR_PARAM && sn_density_includes(&s->shape->arrays, op->a))
        return between(out, sn_ir_emit(out, IR_INPUT, (ir_type)op->type, s->input_of[op->a], 0, 0), &s->density->program.params[op->a]);
    if (op->code == IR_OUTPUT && s->shape->weighted)
        return sn_ir_emit(out, IR_OUTPUT, IR_VOID, weigh(s, out, op->a), op->b, 0);
    return sn_ir_emit_flagged(out, op->code, (ir_type)op->type, op->flags, op->a, op->b, op->c);
}

/* The columns, and behind them what else is a stream. */
static bool list_inputs(shaping *s, ir_program *p, arena *memory)
{
    const sinter_density *d = s->density;
    ir_stream *all = sn_arena_take(memory, (p->input_count + p->param_count + 1) * sizeof *all);
    if (!all)
        return false;
    if (p->input_count)
        memcpy(all, p->inputs, p->input_count * sizeof *all);
    for (uint32_t k = 0; k < p->param_count; k++)
        if (sn_density_includes(&s->shape->arrays, k)) {
            s->input_of[k] = p->input_count;
            all[p->input_count++] = (ir_stream){p->params[k].name, (uint8_t)d->type};
        }
    s->weight = p->input_count;
    if (s->shape->weighted)
        all[p->input_count++] = (ir_stream){"@weight", (uint8_t)d->type};
    p->inputs = all;
    return true;
}

/* Does everything stay as it is, and a pass emit it again? */
static bool is_plain(const shaping *s)
{
    bool plain = !s->shape->weighted && s->density->program.has_functions;
    for (uint32_t k = 0; k < s->density->program.param_count; k++)
        plain = plain && !sn_density_includes(&s->shape->arrays, k);
    return plain;
}

/* Is the program what the text says, and nothing else, and is there something to be gained? */
static bool is_as_read(const compilation *c, const shaping *s)
{
    const sinter_density_options *o = &s->density->options;
    bool as_read = s->density->has_routines && !c->options.gradient_count && !s->shape->weighted && !o->drop && !o->fixed_count && !o->quantity && !s->density->prior_number;
    for (uint32_t k = 0; k < s->density->program.param_count; k++)
        as_read = as_read && !sn_density_includes(&s->shape->arrays, k);
    return as_read;
}

static sinter_status read_again(compilation *c, const sinter_density *d)
{
    c->narrow = d->narrow;
    c->options.inputs = d->options.inputs;
    return sn_lang_front(c, d->text, d->length, NULL);
}

static sinter_status shape_program(compilation *c, void *source)
{
    shaping *s = source;
    if (is_as_read(c, s))
        return read_again(c, s->density);
    ir_program with_inputs = s->density->program;
    const uint32_t rules = c->program.rules;
    if (!list_inputs(s, &with_inputs, c->memory))
        return sn_report_fail(c->report, SINTER_NO_MEMORY, "out of memory", NULL);
    with_inputs.memory = c->memory;
    if (is_plain(s)) {
        sn_ir_open(&c->program, c->memory, rules);
        sn_opt_share(&with_inputs, &c->program);
        sn_ir_take_operations(&c->program, &with_inputs, with_inputs.count);
    } else {
        sn_opt_rebuild(&with_inputs, &c->program, c->memory, rules, visit, s);
    }
    if (c->program.status)
        return sn_report_fail(c->report, c->program.status, c->program.message, NULL);
    return SINTER_OK;
}

/* ---- factored sums ---- */

static ir_ref visit_sum(void *context, ir_program *out, const ir_op *op)
{
    const shaping *s = context;
    if (op->code == IR_SUM)
        return sn_density_factor_sum(s->factors, out, op);
    return sn_ir_emit_flagged(out, op->code, (ir_type)op->type, op->flags, op->a, op->b, op->c);
}

/* Of a program whose totals are factored: their coefficients as outputs, and nothing else. */
static void show_coefficients(const density_factors *f, ir_program *p)
{
    static const char *const names[2] = {"gain", "offset"};
    const uint32_t totals = p->total_count;
    for (ir_ref r = 1; r < p->count; r++) /* what is added is of no use now */
        if (p->ops[r].code == IR_SUM || p->ops[r].code == IR_SUMP)
            p->ops[r] = (ir_op){.code = IR_NONE};
    p->total_count = 0;
    p->outputs = NULL;
    p->output_count = 0;
    for (uint32_t k = 0; k < 2 * totals; k++) {
        const ir_ref value = k % 2 ? f->offset[k / 2] : f->gain[k / 2];
        char name[32];
        snprintf(name, sizeof name, "%s%u", names[k % 2], k / 2);
        const uint32_t output = sn_ir_add_output(p, name, (ir_type)p->ops[value].type);
        sn_ir_emit(p, IR_OUTPUT, IR_VOID, value, output, 0);
    }
}

/* Derivatives and totals are made here, since what comes of them is changed before the passes go on. */
static sinter_status factor_program(compilation *c, void *source)
{
    shaping *s = source;
    ir_program totals, out, alone;
    const uint32_t rules = c->program.rules;
    sinter_status status = shape_program(c, source);
    c->of_terms = true;
    if (!status)
        status = sn_kernel_gradient(c);
    if (status)
        return status;
    c->options.gradient_count = 0;
    sn_opt_total(&c->program, &totals, c->memory, rules);
    if (totals.total_count > KERNEL_MOST_TOTALS)
        return sn_report_fail(c->report, SINTER_TOO_LARGE, "a sum has at most 63 derivatives", NULL);
    *s->factors = (density_factors){.any = false};
    sn_opt_rebuild(&totals, &out, c->memory, rules, visit_sum, s);
    if (s->coefficients) {
        show_coefficients(s->factors, &out);
        sn_opt_dead(&out, &alone, c->memory);
        out = alone;
        out.rules = rules;
    }
    c->program = out;
    return out.status ? sn_report_fail(c->report, out.status, out.message, NULL) : SINTER_OK;
}

/* ---- compiling ---- */

static uint32_t list_names(const density_shape *shape, const sinter_density *d, const char **names)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < d->column_count; k++)
        if (sn_density_includes(&shape->by_column, k))
            names[count++] = d->columns[k].name;
    for (uint32_t k = 0; k < d->parameter_count; k++)
        if (sn_density_includes(&shape->by_parameter, k))
            names[count++] = d->parameters[k].name;
    return count;
}

static sinter_options options_for(const sinter_density *d, const density_shape *shape, const char **names)
{
    const bool plain = !shape->sum && !shape->weighted;
    sinter_options o = {.engine = d->engine, .source = SINTER_DENSITY, .type = d->type, .grade = d->options.grade, .rewriting = SINTER_STRICT,
                        .name = d->options.name, .sum = shape->sum && !shape->factored, .gradient = names,
                        .gradient_count = list_names(shape, d, names), .gradient_mode = SINTER_GRADIENT_REVERSE, /* in every shape, for the bits */
                        .function = plain};
    if (d->options.engine == SINTER_ENGINE_AUTO && d->engine != SINTER_ENGINE_INTERP && d->options.use == SINTER_DENSITY_BATCHES)
        o.engine = SINTER_ENGINE_AUTO; /* the same; and the interpreter where code memory is full */
    return o;
}

static sinter_status compile_factored(sinter_density *d, density_variant *v, const sinter_options *o, shaping *s, sinter_report *report)
{
    density_factors factors;
    s->factors = &factors;
    sinter_status status = sn_kernel_compile(d->context, o, factor_program, s, &v->kernel, report);
    if (status)
        return status;
    v->results = v->kernel->total_count;
    if (!factors.any) { /* the plain sum is the same */
        sinter_kernel_close(v->kernel);
        v->kernel = NULL;
        return SINTER_OK;
    }
    s->coefficients = true;
    return sn_kernel_compile(d->context, o, factor_program, s, &v->coefficients, report);
}

static sinter_status compile_part(sinter_density *d, density_variant *v, const sinter_options *o, sinter_report *report)
{
    density_cut cut = {d, v->shape.part};
    sinter_options one_lane = *o; /* of one row: vectors would be empty but for one lane */
    one_lane.engine = SINTER_ENGINE_SCALAR;
    sinter_status status = SINTER_BAD_ARGUMENT;
    if (v->shape.part == DENSITY_POOLED && o->engine != SINTER_ENGINE_INTERP && sinter_engine_available(SINTER_ENGINE_SCALAR, NULL))
        status = sn_kernel_compile(d->context, &one_lane, sn_density_cut_program, &cut, &v->kernel, NULL);
    if (status)
        status = sn_kernel_compile(d->context, o, sn_density_cut_program, &cut, &v->kernel, report);
    if (status)
        return status;
    v->results = v->kernel->output_count;
    return SINTER_OK;
}

/* Second derivatives of log h + η·T − A, whose program the density keeps: kernels read its names. */
static sinter_status compile_derived_curvature(sinter_density *d, density_variant *v, const sinter_options *o, sinter_report *report)
{
    density_cut cut = {d, v->shape.part};
    const sinter_status status = sn_density_read_derived(d, &d->derived_memory, &d->derived);
    if (status == SINTER_NO_MEMORY)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    if (status)
        return status;
    const sinter_status compiled = sn_kernel_compile(d->context, o, sn_density_curve_program, &cut, &v->kernel, report);
    if (compiled) {
        sn_arena_close(&d->derived_memory);
        return compiled;
    }
    v->results = v->kernel->output_count;
    v->of_rows = true;
    return SINTER_OK;
}

static sinter_status compile_curvature(sinter_density *d, density_variant *v, const sinter_options *o, sinter_report *report)
{
    const sinter_status status = compile_part(d, v, o, report);
    if (status != SINTER_BAD_PROGRAM)
        return status;
    const sinter_status derived = compile_derived_curvature(d, v, o, report);
    return derived == SINTER_BAD_PROGRAM ? status : derived;
}

static sinter_status compile(sinter_density *d, density_variant *v, sinter_report *report)
{
    const char *names[MOST_DERIVATIVES];
    shaping s = {.density = d, .shape = &v->shape};
    const sinter_options o = options_for(d, &v->shape, names);
    if (v->shape.part == DENSITY_CURVATURE)
        return compile_curvature(d, v, &o, report);
    if (v->shape.part)
        return compile_part(d, v, &o, report);
    if (v->shape.factored)
        return compile_factored(d, v, &o, &s, report);
    const sinter_status status = sn_kernel_compile(d->context, &o, shape_program, &s, &v->kernel, report);
    if (!status)
        v->results = v->shape.sum ? v->kernel->total_count : v->kernel->output_count;
    return status;
}

/* ---- the list ---- */

static void close_variant(density_variant *v)
{
    sinter_kernel_close(v->coefficients);
    sinter_kernel_close(v->kernel);
}

static bool same_set(const density_set *a, const density_set *b)
{
    return memcmp(a->words, b->words, sizeof a->words) == 0;
}

static bool same_shape(const density_shape *a, const density_shape *b)
{
    return a->part == b->part && a->sum == b->sum && a->weighted == b->weighted && a->factored == b->factored
           && same_set(&a->arrays, &b->arrays) && same_set(&a->by_column, &b->by_column) && same_set(&a->by_parameter, &b->by_parameter);
}

const density_variant *sn_density_find(const sinter_density *d, const density_shape *shape)
{
    const density_variant *v = __atomic_load_n(&d->variants, __ATOMIC_ACQUIRE);
    while (v && !same_shape(&v->shape, shape))
        v = v->next;
    return v;
}

static const density_variant *add_variant(sinter_density *d, const density_shape *shape, sinter_report *report, sinter_status *status)
{
    density_variant made;
    memset(&made, 0, sizeof made);
    memcpy(&made.shape, shape, sizeof *shape);
    made.number = d->variant_count;
    made.next = d->variants;
    *status = compile(d, &made, report);
    density_variant *v = *status ? NULL : sn_arena_take(&d->own, sizeof *v);
    if (!v) {
        close_variant(&made);
        if (!*status)
            *status = sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
        return NULL;
    }
    memcpy(v, &made, sizeof *v); /* with what lies between the members of its shape */
    d->variant_count++;
    __atomic_store_n(&d->variants, v, __ATOMIC_RELEASE);
    return v;
}

const density_variant *sn_density_variant(sinter_density *d, const density_shape *shape, sinter_report *report, sinter_status *status)
{
    *status = SINTER_OK;
    const density_variant *v = sn_density_find(d, shape);
    if (v)
        return v;
    pthread_mutex_lock(&d->lock);
    v = sn_density_find(d, shape); /* another thread may have had it meanwhile */
    if (!v)
        v = add_variant(d, shape, report, status);
    pthread_mutex_unlock(&d->lock);
    return v;
}

void sn_density_close_variants(sinter_density *d)
{
    for (density_variant *v = d->variants; v; v = v->next)
        close_variant(v);
    d->variants = NULL;
}
