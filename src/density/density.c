/* Densities: a text, read once.
 *
 * What stands here afterwards is the program as the front end made it, before any pass, and in it columns and parameters. Every kernel is
 * compiled of it (shapes.c), so that the text costs its time once, whatever is asked of it later. */
#include "density/constraints.h"
#include "density/shapes.h"

#include "lang/lang.h"
#include "opt/opt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static sinter_engine engine_for(const sinter_density_options *o)
{
    if (o->engine != SINTER_ENGINE_AUTO)
        return o->engine;
    if (o->use == SINTER_DENSITY_FEW_CALLS)
        return SINTER_ENGINE_INTERP;
    if (o->use == SINTER_DENSITY_MANY_CALLS && sinter_engine_available(SINTER_ENGINE_SCALAR, NULL))
        return SINTER_ENGINE_SCALAR;
    return SINTER_ENGINE_AUTO;
}

static const char *reason_for(const sinter_density_options *o, sinter_engine wanted, const char *reason)
{
    if (o->engine != SINTER_ENGINE_AUTO || wanted == SINTER_ENGINE_AUTO)
        return reason;
    return wanted == SINTER_ENGINE_INTERP ? "few calls: nothing is compiled to machine code" : "one row a call: vectors would be empty but for one lane";
}

static bool are_valid(const sinter_density_options *o)
{
    return (unsigned)o->use <= SINTER_DENSITY_FEW_CALLS && (unsigned)o->drop <= SINTER_DROP_THETA && o->threads >= 0 && o->threads <= THREADS_MOST
           && (o->type == 0 || o->type == SINTER_F32 || o->type == SINTER_F64);
}

/* ---- reading ---- */

static sinter_status refuse(compilation *c, const char *message, const char *hint)
{
    return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, hint);
}

static sinter_status check_streams(compilation *c)
{
    const ir_program *p = &c->program;
    char message[SINTER_MESSAGE_SIZE];
    if (p->total_count || p->output_count != 1)
        return refuse(c, "a density has one result, a number for each row", NULL);
    if (p->outputs[0].type != c->options.type)
        return refuse(c, "the log-density is of another type than the density", NULL);
    for (uint32_t k = 0; k < p->input_count; k++)
        if (p->inputs[k].type != c->options.type) {
            snprintf(message, sizeof message, "the column \"%.80s\" is of another type than the density", p->inputs[k].name);
            return refuse(c, message, "columns are numbers of the density's type, which its options say");
        }
    if (p->input_count > SINTER_DENSITY_MOST || p->param_count > SINTER_DENSITY_MOST)
        return sn_report_fail(c->report, SINTER_TOO_LARGE, "a density has at most 256 columns and 256 parameters", NULL);
    return SINTER_OK;
}

/* Rows know nothing of each other, and not where they stand. */
static sinter_status check_rows(compilation *c)
{
    const ir_program *p = &c->program;
    char message[SINTER_MESSAGE_SIZE];
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind != IR_TABLE) {
            snprintf(message, sizeof message, "a density has no state and no images: \"%.80s\"", p->memories[k].name);
            return refuse(c, message, NULL);
        }
    if (p->call_count)
        return refuse(c, "a density cannot call functions in C", NULL);
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_INDEX)
            return refuse(c, "a density does not know the number of a row", "give it a column");
    return SINTER_OK;
}

static sinter_status fix(compilation *c, const sinter_density_options *o, const lang_density *described)
{
    uint32_t unknown = 0;
    char message[SINTER_MESSAGE_SIZE];
    const lang_sum *sum = sn_density_fixed_off_sum(c, o, described);
    if (sum) {
        snprintf(message, sizeof message, "the parameters with \"%.80s\" are no point of the simplex: they must add up to 1", sum->names[0]);
        return refuse(c, message, NULL);
    }
    for (uint32_t k = 0; k < o->fixed_count; k++)
        for (uint32_t p = 0; p < c->program.param_count; p++)
            if (!strcmp(c->program.params[p].name, o->fixed_names[k]) && !sn_density_may_be_fixed(&c->program.params[p], o, described, o->fixed_values[k])) {
                snprintf(message, sizeof message, "%.17g breaks the constraint of the parameter \"%.80s\"", o->fixed_values[k], o->fixed_names[k]);
                return refuse(c, message, NULL);
            }
    ir_program out;
    if (!sn_opt_fix(&c->program, &out, c->memory, IR_IDENTITY | IR_FOLD, o->fixed_names, o->fixed_values, o->fixed_count, &unknown)) {
        snprintf(message, sizeof message, "there is no parameter \"%.80s\"", o->fixed_names[unknown]);
        return refuse(c, message, NULL);
    }
    c->program = out;
    return SINTER_OK;
}

/* Up to a constant. What a prior is of is a parameter. */
static void leave_out(compilation *c, sinter_drop drop)
{
    ir_program out;
    sn_opt_drop(&c->program, &out, c->memory, c->program.rules, drop == SINTER_DROP_THETA, c->prior ? c->program.input_count : 0);
    c->program = out;
}

static sinter_status read_text(compilation *c, const char *text, size_t length, const sinter_density_options *o, lang_density *described)
{
    c->program.rules &= ~(uint32_t)IR_SIGNS; /* derivatives may be wanted later */
    sinter_status status = sn_lang_front(c, text, length, described);
    if (!status && o->fixed_count)
        status = fix(c, o, described);
    if (!status && o->drop)
        leave_out(c, o->drop);
    if (!status && c->program.status)
        status = sn_report_fail(c->report, c->program.status, c->program.message, NULL);
    if (!status)
        status = check_streams(c);
    return status ? status : check_rows(c);
}

/* A prior has none itself, and up to a constant in the data it is nothing. */
static bool describe_priors(sinter_density *d, const sinter_density_options *o, const lang_density *described)
{
    if (d->prior_number || !described->prior_count || o->drop == SINTER_DROP_X)
        return true;
    d->priors = sn_arena_take_zeroed(&d->own, described->prior_count * sizeof(void *));
    d->prior_vectors = sn_arena_take(&d->own, described->prior_count * sizeof *d->prior_vectors);
    if (!d->priors || !d->prior_vectors)
        return false;
    d->prior_count = described->prior_count;
    memcpy(d->prior_vectors, described->priors, described->prior_count * sizeof *d->prior_vectors);
    return true;
}

/* Parameters of several numbers, and who is one of them. */
static bool describe_groups(sinter_density *d, const lang_density *described)
{
    d->vector_count = described->vector_count;
    d->choice_count = described->choice_count;
    d->vectors = sn_arena_take(&d->own, (d->vector_count + 1) * sizeof *d->vectors);
    d->choices = sn_arena_take(&d->own, (d->choice_count + 1) * sizeof *d->choices);
    if (!d->vectors || !d->choices)
        return false;
    if (d->vector_count)
        memcpy(d->vectors, described->vectors, d->vector_count * sizeof *d->vectors);
    if (d->choice_count)
        memcpy(d->choices, described->choices, d->choice_count * sizeof *d->choices);
    return true;
}

/* What the caller gets to see. */
static bool describe_streams(sinter_density *d, const sinter_density_options *o, const lang_density *described)
{
    const ir_program *p = &d->program;
    d->column_count = p->input_count;
    d->parameter_count = p->param_count;
    d->columns = sn_arena_take(&d->own, (p->input_count + 1) * sizeof *d->columns);
    d->parameters = sn_arena_take(&d->own, (p->param_count + 1) * sizeof *d->parameters);
    d->family = described->family ? sn_arena_copy_text(&d->own, described->family, strlen(described->family)) : NULL;
    d->prior = described->prior ? sn_arena_copy_text(&d->own, described->prior, strlen(described->prior)) : NULL;
    const uint32_t natural = 1u << LANG_ETA | 1u << LANG_NATURAL_A | 1u << LANG_FROM_NATURAL;
    d->natural = (described->members & natural) == natural;
    d->has_routines = described->has_routines;
    bool whole = d->columns && d->parameters && sn_density_describe_constraints(d, o, described) && !d->family == !described->family
                 && !d->prior == !described->prior;
    for (uint32_t k = 0; whole && k < p->input_count; k++)
        d->columns[k] = (sinter_stream_info){p->inputs[k].name, (sinter_type)p->inputs[k].type};
    for (uint32_t k = 0; whole && k < p->param_count; k++) {
        const ir_param *param = &p->params[k];
        d->parameters[k] = (sinter_parameter_info){.name = param->name, .unit = param->unit ? param->unit : "", .initial = param->initial,
                                                   .low = d->ranges[k].low, .high = d->ranges[k].high, .curve = (sinter_curve)param->curve};
        p->params[k].smoothing = 0; /* rows are not moments */
    }
    return whole && describe_groups(d, described) && describe_priors(d, o, described);
}

static sinter_options read_options(const sinter_density_options *o)
{
    return (sinter_options){.engine = SINTER_ENGINE_INTERP, /* so that what is read is kept */
                            .source = SINTER_DENSITY, .quantity = o->quantity, .drop = o->drop, .type = o->type ? o->type : SINTER_F64, .grade = o->grade, .rewriting = SINTER_STRICT,
                            .name = o->name ? o->name : "density", .inputs = o->inputs};
}

/* Takes the program and all that it stands in from the compilation. */
static bool keep(sinter_density *d, compilation *c, const char *text, size_t length, const sinter_density_options *o, const lang_density *described)
{
    d->own = c->own;
    c->own = (arena){.allocator = c->own.allocator};
    d->program = c->program;
    d->program.memory = &d->own;
    d->text = sn_arena_copy_text(&d->own, text, length);
    d->length = length;
    return d->text && describe_streams(d, o, described);
}

static const char *copy_list(arena *memory, const char *list, bool *whole)
{
    const char *copy = list ? sn_arena_copy_text(memory, list, strlen(list)) : NULL;
    *whole = *whole && (!list || copy);
    return copy;
}

/* What compiling and exporting later want to know again. */
static bool keep_options(sinter_density *d, const sinter_density_options *o)
{
    bool whole = true;
    d->options = *o;
    d->options.name = copy_list(&d->own, o->name ? o->name : "density", &whole);
    d->options.inputs = copy_list(&d->own, o->inputs, &whole);
    d->options.quantity = copy_list(&d->own, o->quantity, &whole);
    d->options.fixed_names = NULL;
    d->options.fixed_values = NULL;
    if (!o->fixed_count || !whole)
        return whole;
    const char **names = sn_arena_take(&d->own, o->fixed_count * sizeof *names);
    double *values = sn_arena_take(&d->own, o->fixed_count * sizeof *values);
    for (uint32_t k = 0; names && values && k < o->fixed_count; k++) {
        names[k] = copy_list(&d->own, o->fixed_names[k], &whole);
        values[k] = o->fixed_values[k];
    }
    d->options.fixed_names = names;
    d->options.fixed_values = values;
    return whole && names && values;
}

static sinter_status open_program(sinter_density *d, const char *text, size_t length, const sinter_density_options *o, sinter_report *report)
{
    compilation c;
    lang_density described = {.family = NULL};
    const sinter_options read = read_options(o);
    sinter_status status = sn_kernel_begin(&c, d->context, &read, report);
    c.narrow = d->narrow;
    c.prior = d->prior_number;
    if (!status)
        status = read_text(&c, text, length, o, &described);
    if (!status && (!keep(d, &c, text, length, o, &described) || !keep_options(d, o)))
        status = SINTER_NO_MEMORY;
    if (status == SINTER_NO_MEMORY && report && report->total == 0)
        sn_report_fail(report, status, "out of memory", NULL);
    sn_kernel_end(&c);
    return status;
}

static sinter_status settle_engine(sinter_density *d, const sinter_density_options *o, sinter_report *report)
{
    const sinter_engine wanted = engine_for(o);
    const char *reason = "";
    d->engine = sn_engine_choose(wanted, d->context->code, &reason);
    if (d->engine == SINTER_ENGINE_AUTO && o->engine == SINTER_ENGINE_AUTO)
        d->engine = sn_engine_choose(SINTER_ENGINE_AUTO, d->context->code, &reason);
    else
        reason = reason_for(o, wanted, reason);
    d->engine_reason = reason;
    if (d->engine != SINTER_ENGINE_AUTO)
        return SINTER_OK;
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "the engine %s cannot run here: %s", sinter_engine_name(o->engine), reason);
    return sn_report_fail(report, SINTER_NO_ENGINE, message, NULL);
}

static sinter_status open_as(sinter_context *context, const char *text, size_t length, const sinter_density_options *options, bool narrow, uint32_t prior,
                             sinter_density **density, sinter_report *report);

/* One thread makes them: there are as many rows as numbers. What was fixed of a parameter that a column chooses is nothing to them. */
static sinter_status open_priors(sinter_density *d, const char *text, size_t length, sinter_report *report)
{
    sinter_density_options o = d->options;
    sinter_status status = SINTER_OK;
    const char **names = d->prior_count ? sn_arena_take(&d->own, (o.fixed_count + 1) * sizeof *names) : NULL;
    double *values = d->prior_count ? sn_arena_take(&d->own, (o.fixed_count + 1) * sizeof *values) : NULL;
    if (d->prior_count && (!names || !values))
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    uint32_t count = 0;
    for (uint32_t k = 0; d->prior_count && k < o.fixed_count; k++)
        if (!strchr(o.fixed_names[k], '[')) {
            names[count] = o.fixed_names[k];
            values[count++] = o.fixed_values[k];
        }
    o.fixed_names = names;
    o.fixed_values = values;
    o.fixed_count = count;
    o.threads = 1;
    for (uint32_t k = 0; k < d->prior_count && !status; k++)
        status = open_as(d->context, text, length, &o, d->narrow, k + 1, &d->priors[k], report);
    for (uint32_t k = 0; k < d->prior_count && !status; k++)
        if (!sn_density_take_constraints(d, d->priors[k]))
            status = sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    return status;
}

static sinter_status open_whole(sinter_density *d, const char *text, size_t length, const sinter_density_options *o, sinter_report *report)
{
    sinter_status status = open_program(d, text, length, o, report);
    if (!status)
        status = settle_engine(d, o, report);
    if (!status)
        status = open_priors(d, text, length, report);
    if (status || o->threads <= 1)
        return status;
    d->pool = sn_threads_open(&d->context->allocator, o->threads);
    return d->pool ? SINTER_OK : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
}

static sinter_status open_as(sinter_context *context, const char *text, size_t length, const sinter_density_options *options, bool narrow, uint32_t prior,
                             sinter_density **density, sinter_report *report)
{
    const sinter_density_options none = {0}, *o = options ? options : &none;
    sn_report_open(report, o->name ? o->name : "density");
    if (density)
        *density = NULL;
    if (!context || !text || !density || !are_valid(o))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, !text ? "no text was given" : "an argument or an option has a value that it cannot have", NULL);
    for (uint32_t k = 0; k < o->fixed_count; k++)
        if (!o->fixed_names || !o->fixed_values || !o->fixed_names[k] || isnan(o->fixed_values[k]))
            return sn_report_fail(report, SINTER_BAD_ARGUMENT, "a parameter to be fixed has no name or no value", NULL);
    sinter_density *d = sn_allocate(&context->allocator, sizeof *d);
    if (!d)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    *d = (sinter_density){.context = context, .size = sizeof *d, .type = o->type ? o->type : SINTER_F64,
                           .narrow = narrow || o->type == SINTER_F32, .prior_number = prior};
    d->own.allocator = context->allocator;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->pooled, NULL);
    const sinter_status status = open_whole(d, text, length, o, report);
    if (status)
        sinter_density_close(d);
    else
        *density = d;
    return status;
}

sinter_status sinter_density_open(sinter_context *context, const char *text, size_t length, const sinter_density_options *options,
                                  sinter_density **density, sinter_report *report)
{
    return open_as(context, text, length, options, false, 0, density, report);
}

sinter_status sn_density_open_wide(const sinter_density *d, const sinter_density_options *o, sinter_density **wide)
{
    return open_as(d->context, d->text, d->length, o, true, 0, wide, NULL);
}

void sinter_density_close(sinter_density *d)
{
    if (!d)
        return;
    sinter_density_close(d->wide);
    for (uint32_t k = 0; k < d->prior_count; k++)
        sinter_density_close(d->priors[k]);
    sn_threads_close(d->pool);
    sn_density_close_variants(d);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->pooled);
    sn_arena_close(&d->means_memory);
    sn_arena_close(&d->derived_memory);
    sn_arena_close(&d->own);
    const sinter_allocator a = d->context->allocator;
    sn_release(&a, d, d->size);
}

/* ---- what it is ---- */

sinter_density_info sinter_density_describe(const sinter_density *d)
{
    if (!d)
        return (sinter_density_info){.engine_reason = "no density was given"};
    sinter_density_info info = {.column_count = d->column_count, .parameter_count = d->parameter_count, .columns = d->columns,
                                .parameters = d->parameters, .constraints = d->constraints, .family = d->family, .prior = d->prior, .type = d->type, .use = d->options.use, .engine = d->engine,
                                .engine_reason = d->engine_reason, .threads = d->pool ? sn_threads_workers(d->pool) : 1};
    for (const density_variant *v = __atomic_load_n(&d->variants, __ATOMIC_ACQUIRE); v; v = v->next) {
        info.kernel_count += (v->kernel ? 1u : 0u) + (v->coefficients ? 1u : 0u);
        info.code_bytes += sinter_kernel_describe(v->kernel).code_bytes + sinter_kernel_describe(v->coefficients).code_bytes;
    }
    return info;
}

int sinter_density_column_number(const sinter_density *d, const char *name)
{
    for (uint32_t k = 0; d && name && k < d->column_count; k++)
        if (!strcmp(d->columns[k].name, name))
            return (int)k;
    return -1;
}

int sinter_density_parameter_number(const sinter_density *d, const char *name)
{
    for (uint32_t k = 0; d && name && k < d->parameter_count; k++)
        if (!strcmp(d->parameters[k].name, name))
            return (int)k;
    return -1;
}

sinter_status sinter_density_export(const sinter_density *d, char **out, size_t *length, sinter_report *report)
{
    if (!d) {
        sn_report_open(report, "density");
        if (out)
            *out = NULL;
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "no density was given", NULL);
    }
    sinter_options o = read_options(&d->options);
    o.engine = SINTER_ENGINE_AUTO;
    o.fixed_names = d->options.fixed_names;
    o.fixed_values = d->options.fixed_values;
    o.fixed_count = d->options.fixed_count;
    return sinter_dump(d->context, d->text, d->length, &o, SINTER_DUMP_C, NULL, out, length, report);
}
