/* The texts of densities: what stands at their end, or what their lines add up to.
 *
 * A distribution at the end is one of the input x, and its arguments that are constants, or are left out, are live parameters of the program. Any other
 * expression at the end is a log-density as it stands. A model has no end: its lines `y ~ D` and `target += expression` are added from the first to the last, and
 * the sum is the log-density of a row. */
#include "lang/distributions.h"
#include "lang/library.h"
#include "lang/lowering.h"

#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- parameters ---- */

static bool is_taken(const lowering *l, const char *name)
{
    for (uint32_t k = 0; k < l->p->param_count; k++)
        if (!strcmp(l->p->params[k].name, name))
            return true;
    for (uint32_t k = 0; k < l->p->input_count; k++)
        if (!strcmp(l->p->inputs[k].name, name))
            return true;
    return false;
}

static size_t append_number(char *to, uint32_t number)
{
    char digits[SN_DECIMAL_ROOM];
    const size_t length = sn_decimal_write_f64((double)number, digits);
    memcpy(to, digits, length + 1);
    return length;
}

/* The family's name for it, a tuple's element with its number: alpha0. Where that is taken, the second is mu_2, alpha0_2. */
static void name_parameter(const lowering *l, const lang_density_parameter *parameter, char *name)
{
    size_t length = strlen(parameter->of);
    memcpy(name, parameter->of, length + 1);
    if (parameter->width > 1)
        length += append_number(name + length, parameter->element);
    for (uint32_t second = 2; is_taken(l, name); second++) {
        name[length] = '_';
        append_number(name + length + 1, second);
    }
}

static void note_parameter(lowering *l, const lang_density_parameter *parameter)
{
    lang_density *out = l->options->described;
    if (!out || out->parameter_count == LANG_DENSITY_PARAMETERS)
        return;
    if (!out->parameters) {
        out->parameters = sn_arena_take(l->memory, LANG_DENSITY_PARAMETERS * sizeof *out->parameters);
        l->t->out_of_memory |= !out->parameters;
    }
    if (out->parameters)
        out->parameters[out->parameter_count++] = *parameter;
}

/* The least and the greatest number that is valid, as far as that is constant. */
static double end_of_range(const lowering *l, double bound, double towards, bool open, bool infinite)
{
    if (isnan(bound))
        return -towards;
    if (isinf(bound) && !infinite)
        return copysign(l->type == IR_F64 ? DBL_MAX : (double)FLT_MAX, bound);
    if (!open)
        return bound;
    return l->type == IR_F64 ? nextafter(bound, towards) : (double)nextafterf((float)bound, (float)towards);
}

lang_value sn_lang_live(lowering *l, uint32_t node, const lang_density_parameter *parameter, double initial)
{
    char name[LANG_MAX_NAME + 2 * SN_DECIMAL_ROOM];
    if (l->dry)
        return sn_lang_scalar(0, l->type);
    if (l->p->param_count >= LANG_DENSITY_PARAMETERS) {
        sn_lang_too_large(l, l->t->nodes[node].at, "a density has at most 256 parameters");
        return sn_lang_wrong();
    }
    name_parameter(l, parameter, name);
    const char *kept = sn_arena_copy_text(l->memory, name, strlen(name));
    if (!kept) {
        l->t->out_of_memory = true;
        return sn_lang_wrong();
    }
    lang_density_parameter noted = *parameter;
    noted.name = kept;
    note_parameter(l, &noted);
    const lang_bounds *b = &parameter->bounds;
    const ir_param param = {.name = kept,
                            .type = (uint8_t)l->type,
                            .initial = initial,
                            .low = end_of_range(l, b->low, (double)INFINITY, b->above, b->infinite),
                            .high = end_of_range(l, b->high, -(double)INFINITY, b->below, b->infinite)};
    return sn_lang_scalar(sn_ir_emit(l->p, IR_PARAM, l->type, sn_ir_add_param(l->p, &param), 0, 0), l->type);
}

/* ---- data ---- */

static bool is_x(const lowering *l, uint32_t symbol)
{
    return l->t->symbols[symbol].length == 1 && *sn_lang_symbol_text(l->t, symbol) == 'x';
}

/* x among the inputs that the text or the options name; count 0: it is none of them. */
static lang_value declared_x(lowering *l)
{
    for (uint32_t s = l->t->first; s; s = l->t->statements[s].next)
        if (l->t->statements[s].kind == STATEMENT_INPUT && is_x(l, l->t->statements[s].b))
            return l->slots[l->t->statements[s].c].value;
    uint32_t number = 0;
    for (const char *at = l->options->inputs ? l->options->inputs : ""; *at;) {
        const size_t length = strcspn(at, " ");
        if (length == 1 && *at == 'x')
            return sn_lang_scalar(sn_ir_emit(l->p, IR_INPUT, l->type, number, 0, 0), l->type);
        number += length > 0;
        at += length ? length : 1;
    }
    return (lang_value){.count = 0};
}

static lang_value new_input(lowering *l, const char *name)
{
    uint32_t number = 0;
    while (number < l->p->input_count && strcmp(l->p->inputs[number].name, name) != 0)
        number++;
    if (number == l->p->input_count)
        number = sn_ir_add_input(l->p, name, l->type);
    return sn_lang_scalar(sn_ir_emit(l->p, IR_INPUT, l->type, number, 0, 0), l->type);
}

/* NAME0, NAME1, … as a tuple. */
static lang_value numbered_inputs(lowering *l, const char *name, uint32_t count)
{
    const uint32_t place = sn_lang_pool(l, count);
    for (uint32_t k = 0; place && k < count; k++) {
        char numbered[8 + SN_DECIMAL_ROOM];
        const size_t length = strlen(name);
        memcpy(numbered, name, length);
        append_number(numbered + length, k);
        const lang_value v = new_input(l, numbered);
        l->pool[place + k] = v;
    }
    return place ? (lang_value){.ref = place, .count = (uint16_t)count, .type = TYPE_TUPLE} : sn_lang_wrong();
}

/* What a distribution at the end is of: the input x, or x0, x1, … where it is one of tuples. */
static lang_value data(lowering *l, uint32_t node, uint32_t width)
{
    if (width)
        return numbered_inputs(l, "x", width);
    const lang_value x = declared_x(l);
    if (x.count)
        return x;
    if (!l->t->has_inputs && !l->options->inputs)
        return new_input(l, "x");
    sn_lang_complain(l, node, "y ~ normal(0, 1), or declare: input x", "a distribution at the end is one of the input x, and there is none");
    return sn_lang_wrong();
}

/* ---- quantities ---- */

static bool reads_x(lang_member quantity)
{
    return quantity == LANG_LOG_DENSITY || quantity == LANG_DERIVED || quantity == LANG_T || quantity == LANG_LOG_H || quantity == LANG_LOG_CDF
           || quantity == LANG_LOG_SURVIVAL;
}

static bool is_natural(lang_member quantity)
{
    return quantity == LANG_NATURAL_A || quantity == LANG_FROM_NATURAL;
}

/* A quantity in the natural parameters. How many there are is found without emitting anything; the distribution's arguments say no more than that,
 * unless the quantity reads parameters that are taken as known. */
static lang_value natural_quantity(lowering *l, uint32_t node)
{
    l->dry = true;
    l->epoch++;
    uint32_t d = sn_lang_distribution(l, node, l->options->quantity, true);
    const lang_value natural = d ? sn_lang_quantity(l, d, LANG_ETA, (lang_value){.count = 0}) : sn_lang_wrong();
    l->dry = false;
    if (natural.type == TYPE_WRONG)
        return natural;
    if (sn_lang_natural_takes_parameters(l, d, l->options->quantity))
        d = sn_lang_distribution(l, node, l->options->quantity, true);
    if (!d)
        return sn_lang_wrong();
    const lang_value eta = natural.count == 1 ? new_input(l, "eta0") : numbered_inputs(l, "eta", natural.count);
    return sn_lang_quantity(l, d, l->options->quantity, eta);
}

/* How many there are, found as above. */
static lang_value statistics_of(lowering *l, uint32_t d)
{
    const bool dry = l->dry;
    l->dry = true;
    l->epoch++;
    const uint32_t width = sn_lang_distribution_width(l, d);
    const lang_value t = sn_lang_quantity(l, d, LANG_T, sn_lang_scalar(0, width ? (unsigned)TYPE_UNKNOWN : (unsigned)l->type));
    l->dry = dry;
    return t;
}

/* Of the means of the statistics, each a pair: NAME0 and what it leaves, NAME1, …. */
static lang_value pooled_quantity(lowering *l, uint32_t node)
{
    const uint32_t d = sn_lang_distribution(l, node, LANG_POOLED, true);
    const lang_value t = d ? statistics_of(l, d) : sn_lang_wrong();
    if (t.type == TYPE_WRONG)
        return t;
    return sn_lang_quantity(l, d, LANG_POOLED, numbered_inputs(l, "means", 2u * t.count));
}

static lang_value posterior_input(lowering *l, const char *name, uint32_t count)
{
    return count ? numbered_inputs(l, name, count) : new_input(l, name);
}

static lang_value posterior_quantity(lowering *l, uint32_t node)
{
    const uint32_t d = sn_lang_distribution(l, node, LANG_POSTERIOR, true);
    const lang_value t = d ? statistics_of(l, d) : sn_lang_wrong();
    return t.type == TYPE_WRONG ? t : sn_lang_posterior(l, d, t.count, posterior_input);
}

/* Of a distribution that every row is computed from. */
static lang_value noted_quantity(lowering *l, uint32_t distribution, lang_member quantity, lang_value given)
{
    l->notes_limits = true;
    const lang_value v = sn_lang_quantity(l, distribution, quantity, given);
    l->notes_limits = false;
    return v;
}

static lang_value value_of_distribution(lowering *l, uint32_t node)
{
    const lang_member quantity = l->options->quantity;
    if (quantity == LANG_POSTERIOR)
        return posterior_quantity(l, node);
    if (is_natural(quantity))
        return natural_quantity(l, node);
    if (quantity == LANG_POOLED)
        return pooled_quantity(l, node);
    const uint32_t d = sn_lang_distribution(l, node, quantity, true);
    if (!d)
        return sn_lang_wrong();
    const lang_value x = reads_x(quantity) ? data(l, node, sn_lang_distribution_width(l, d)) : (lang_value){.count = 0};
    return noted_quantity(l, d, quantity, x);
}

static bool has_log_density_alone(lowering *l, bool derived, uint32_t at, uint32_t end)
{
    if (l->options->quantity == LANG_LOG_DENSITY || (derived && l->options->quantity == LANG_DERIVED))
        return true;
    sn_lang_complain_at(l, at, end, "a family's has more: normal(0, 1)", "this density has no %s", sn_lang_quantity_names[l->options->quantity]);
    return false;
}

/* A name that means nothing at all was meant for a family, where it is all that stands at the end. */
static bool means_nothing(const lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    const lang_symbol *s = &l->t->symbols[n->a];
    if ((n->kind != NODE_CALL && n->kind != NODE_GLOBAL) || s->function || s->word || s->input || (n->kind == NODE_GLOBAL && s->global_slot))
        return false;
    return !sn_lang_find_node_type(l->t, l->options, n->a) && !sn_lang_find_callable(l->t, n->a);
}

void sn_lang_density_value(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    if (sn_lang_names_distribution(l->t, s.a) || means_nothing(l, s.a)) {
        sn_lang_add_outputs(l, statement, 0, value_of_distribution(l, s.a));
        return;
    }
    if (l->options->described) {
        l->options->described->number = true;
        l->options->described->members = 1u << LANG_LOG_DENSITY;
    }
    if (!has_log_density_alone(l, false, s.at, s.end))
        return;
    lang_value v = sn_lang_expression(l, s.a);
    if (v.count > 1) {
        sn_lang_complain(l, s.a, NULL, "a log-density is one number, and this has %u elements", v.count);
        v = sn_lang_wrong();
    }
    sn_lang_add_outputs(l, statement, 0, v);
}

/* ---- models ---- */

static bool may_draw(lowering *l, uint32_t statement)
{
    const lang_statement *s = &l->t->statements[statement];
    if (l->options->density)
        return true;
    sn_lang_complain_at(l, s->at, s->end, "its source is SINTER_DENSITY, its command sinter density", "only a density has %s",
                        s->kind == STATEMENT_DRAW ? "lines y ~ D" : "a target");
    return false;
}

static void add_term(lowering *l, uint32_t statement, lang_value v)
{
    const lang_statement s = l->t->statements[statement];
    if (v.count > 1) {
        sn_lang_complain_at(l, s.at, s.end, "dot and sum make one of them", "what is added to the target is one number, and this has %u elements", v.count);
        v = sn_lang_wrong();
    }
    l->target = l->target.count ? sn_lang_binary(l, s.a, TOKEN_PLUS, l->target, v) : v;
}

void sn_lang_target(lowering *l, uint32_t statement)
{
    if (may_draw(l, statement) && !l->options->prior)
        add_term(l, statement, sn_lang_expression(l, l->t->statements[statement].a));
}

/* Does the prior's value depend on what belongs to rows: on a column, other than the number itself, or on a number that one chooses? */
static bool depends_on_rows(lowering *l, lang_value v, uint32_t own)
{
    const ir_program *p = l->p;
    uint8_t *reached = v.count == 1 && v.type < TYPE_LITERAL ? sn_arena_take_zeroed(l->memory, (size_t)v.ref + 1) : NULL;
    if (!reached)
        return false;
    reached[v.ref] = 1;
    for (ir_ref r = v.ref; r > 0; r--) {
        const ir_op *op = &p->ops[r];
        if (!reached[r])
            continue;
        if ((op->code == IR_INPUT && op->a != own) || (op->code == IR_PARAM && strchr(p->params[op->a].name, '[')))
            return true;
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            reached[sn_ir_operand(op, k)] = 1;
    }
    return false;
}

static void draw_numbers(lowering *l, uint32_t statement, const char *name)
{
    const lang_statement s = l->t->statements[statement];
    const lang_value number = new_input(l, name);
    const uint32_t d = sn_lang_distribution(l, s.b, LANG_LOG_DENSITY, false);
    const lang_value v = d ? noted_quantity(l, d, LANG_LOG_DENSITY, number) : sn_lang_wrong();
    if (v.type != TYPE_WRONG && depends_on_rows(l, v, l->p->ops[number.ref].a))
        sn_lang_complain(l, s.b, "param mu = 0, then a ~ normal(mu, 1)",
                         "the prior on the numbers of '%s' counts once, and reads nothing that a row says", name);
    add_term(l, statement, v);
}

/* Where the derived form of a model is asked for, as where data are bound, it is that of the families that have one. */
void sn_lang_draw(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    if (!may_draw(l, statement))
        return;
    const uint32_t numbers = sn_lang_all_numbers(l, s.a);
    const char *name = numbers ? sn_lang_note_prior(l, statement, numbers) : NULL;
    if (name)
        draw_numbers(l, statement, name);
    if (numbers || l->options->prior)
        return;
    if (sn_lang_chosen_number(l, s.a)) {
        sn_lang_complain(l, s.a, "a ~ normal(mu, tau) is a prior on each number of a, once",
                         "what stands here would count once a row, whatever number the row chooses");
        return;
    }
    const lang_value y = sn_lang_expression(l, s.a);
    const uint32_t d = sn_lang_distribution(l, s.b, LANG_LOG_DENSITY, false);
    const bool derived = l->options->quantity == LANG_DERIVED && d && l->distributions[d].kind == DISTRIBUTION_FAMILY
                         && sn_lang_has_quantity(l->t, &l->distributions[d].name, LANG_DERIVED);
    add_term(l, statement, d ? noted_quantity(l, d, derived ? LANG_DERIVED : LANG_LOG_DENSITY, y) : sn_lang_wrong());
}

void sn_lang_emit_model(lowering *l)
{
    uint32_t statement = l->t->first;
    if (!l->target.count)
        return;
    while (l->t->statements[statement].kind != STATEMENT_DRAW && l->t->statements[statement].kind != STATEMENT_TARGET)
        statement = l->t->statements[statement].next;
    if (l->options->described) {
        l->options->described->model = true;
        l->options->described->members = 1u << LANG_LOG_DENSITY;
    }
    if (has_log_density_alone(l, true, l->t->statements[statement].at, l->t->statements[statement].end))
        sn_lang_add_outputs(l, statement, 0, l->target);
}
