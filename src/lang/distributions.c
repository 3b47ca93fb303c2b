/* Distributions: what stands right of `~`, in combinations, as the first argument of log_density, at the end of a density's text.
 *
 * A distribution is no value: it is a family and its arguments, or a combination of others, and it is asked for quantities. Asked for one, a family's
 * body is entered as a function's is, with the parameters bound, and of its statements those are lowered that the quantity needs.
 * What its parameters and x have to keep to is in supports.c. */
#include "lang/distributions.h"

#include "lang/kept_members.h"
#include "lang/library.h"
#include "lang/supports.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what a name means ---- */

bool sn_lang_names_distribution(const lang_tree *t, uint32_t node)
{
    const lang_node *n = &t->nodes[node];
    if (n->kind != NODE_CALL && n->kind != NODE_GLOBAL)
        return false;
    const lang_symbol *s = &t->symbols[n->a];
    if (n->kind == NODE_GLOBAL && (s->global_slot || s->input))
        return false;
    const lang_family_name name = sn_lang_family_of(t, n->a);
    return name.function || name.item || (n->kind == NODE_CALL && sn_lang_find_combination(t, n->a));
}

static void no_distribution(lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    if (n->kind != NODE_CALL && n->kind != NODE_GLOBAL && n->kind != NODE_LOCAL) {
        if (node)
            sn_lang_complain(l, node, "as in normal(0, 1)", "a distribution is wanted here");
        return;
    }
    const uint32_t symbol = n->kind == NODE_LOCAL ? n->b : n->a;
    const char *name = sn_lang_symbol_text(l->t, symbol);
    char hint[SINTER_MESSAGE_SIZE] = "";
    lang_nearest best = {.wanted = name, .wanted_length = l->t->symbols[symbol].length};
    if (sn_lang_is_heard(l, node)) {
        sn_lang_offer_families(l->t, &best);
        sn_lang_offer_combinations(&best);
    }
    if (best.name)
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
    else if (n->kind != NODE_LOCAL)
        snprintf(hint, sizeof hint, "sinter density --list has all of them");
    sn_lang_complain(l, node, hint, "there is no family '%.*s'%s", sn_lang_shown(l->t, symbol), name,
                     n->kind == NODE_LOCAL ? ": it is bound to a number" : "");
}

/* ---- widths ---- */

/* What a width's names stand for: slots of the family, as arguments settle them. */
typedef struct width_names {
    uint32_t slots[LANG_MAX_TUPLE], values[LANG_MAX_TUPLE], count;
} width_names;

static uint32_t value_of_name(const width_names *names, uint32_t slot)
{
    for (uint32_t k = 0; k < names->count; k++)
        if (names->slots[k] == slot)
            return names->values[k];
    return 0;
}

/* 0: not known yet. */
static uint32_t width_of(const lang_width *width, const width_names *names)
{
    uint32_t product = 1;
    for (unsigned k = 0; k < width->factors; k++)
        product *= width->named[k] ? value_of_name(names, width->value[k]) : width->value[k];
    return width->triangle ? product*(product + 1)/2 : product;
}

/* Does an argument of so many elements go with the parameter? If its width is a name that nothing has settled, it is settled. */
static bool take_width(const lang_width *width, uint32_t elements, width_names *names)
{
    const uint32_t known = width_of(width, names);
    if (known || width->factors != 1)
        return known == elements;
    names->slots[names->count] = width->value[0];
    names->values[names->count++] = elements;
    return true;
}

/* ---- arguments ---- */

static const lang_family *family_of(const lowering *l, uint32_t function)
{
    return l->t->families[l->t->functions[function].family];
}

static bool is_natural(lang_member quantity)
{
    return quantity == LANG_NATURAL_A || quantity == LANG_FROM_NATURAL;
}

/* The body that has the quantity; 0, with an error, where there is none. */
static uint32_t body_of(lowering *l, const lang_distribution *d, lang_member quantity)
{
    if (!sn_lang_has_quantity(l->t, &d->name, quantity)) {
        const lang_symbol *s = &l->t->symbols[d->name.symbol];
        sn_lang_complain(l, d->node, NULL, "the family '%.*s' has no %s", sn_lang_shown(l->t, d->name.symbol),
                         l->t->source.text + s->at, sn_lang_quantity_names[quantity]);
        return 0;
    }
    if (d->name.function)
        return d->name.function;
    const struct lang_kept_member *kept = sn_lang_find_kept(l, d->name.item->family, quantity, 0);
    return sn_lang_library_family(l->t, l->memory, d->name.symbol, quantity, kept && kept->result);
}

static const char *text_of(lowering *l, uint32_t symbol)
{
    const char *text = sn_arena_copy_text(l->memory, sn_lang_symbol_text(l->t, symbol), l->t->symbols[symbol].length);
    l->t->out_of_memory |= !text;
    return text ? text : "";
}

/* A number, or NaN. */
static double bound_of(lowering *l, uint32_t node)
{
    double value;
    return l->t->nodes[node].kind != NODE_LOCAL && sn_lang_constant(l, sn_lang_expression(l, node), &value) ? value : (double)NAN;
}

/* As much of a constraint as is constant, for that element of a tuple. */
static lang_bounds bounds_of(lowering *l, const lang_constraint *c, uint32_t element)
{
    lang_bounds b = {.low = -INFINITY, .high = INFINITY, .above = c->kind == CONSTRAINT_ABOVE, .below = c->kind == CONSTRAINT_BELOW || c->also == CONSTRAINT_BELOW,
                     .infinite = c->kind == CONSTRAINT_WITHIN && !c->whole, .whole = c->whole, .shares = c->kind == CONSTRAINT_SIMPLEX, .text = ""};
    if (c->kind == CONSTRAINT_SIMPLEX) {
        b.low = 0;
        b.high = 1;
    }
    if (c->kind == CONSTRAINT_CHOLESKY && sn_lang_is_diagonal(element)) {
        b.low = 0;
        b.above = true;
    }
    if (c->low)
        b.low = bound_of(l, c->low);
    if (c->high)
        b.high = bound_of(l, c->high);
    if (c->kind == CONSTRAINT_CHOLESKY)
        b.text = b.above ? "> 0" : "";
    else if (c->end > c->at)
        b.text = sn_arena_copy_text(l->memory, l->t->source.text + c->at, c->end - c->at);
    l->t->out_of_memory |= !b.text;
    return b;
}

/* The argument with its constants made parameters of the program: of a tuple those elements that are constants. */
static lang_value made_live(lowering *l, const lang_distribution *d, uint32_t function, uint32_t k, lang_value v)
{
    const lang_family *f = family_of(l, function);
    const lang_bounds bounds = bounds_of(l, &f->constraints[k], 0);
    lang_density_parameter parameter = {.family = text_of(l, d->name.symbol), .width = v.count ? v.count : 1, .distribution = d->values, .given = v.count != 0, .bounds = bounds};
    parameter.of = text_of(l, sn_lang_parameter(l->t, &l->t->functions[function], k)[PARAMETER_SYMBOL]);
    if (!v.count)
        return sn_lang_live(l, d->node, &parameter, NAN);
    const uint32_t place = v.type == TYPE_TUPLE ? sn_lang_pool(l, v.count) : 0;
    for (uint32_t e = 0; e < v.count; e++) {
        lang_value element = sn_lang_element(l, v, e);
        double initial;
        parameter.element = e;
        if (e)
            parameter.bounds = bounds_of(l, &f->constraints[k], e);
        if (element.type != TYPE_WRONG && sn_lang_constant(l, element, &initial))
            element = sn_lang_live(l, d->node, &parameter, initial);
        if (!place)
            return element;
        l->pool[place + e] = element;
    }
    v.ref = place;
    return v;
}

static bool fits(lowering *l, const lang_distribution *d, uint32_t function, uint32_t k, uint32_t place, lang_value v, width_names *names)
{
    const lang_width *width = &family_of(l, function)->widths[k];
    if (v.type == TYPE_UNKNOWN || v.type == TYPE_WRONG || take_width(width, v.count, names))
        return v.type != TYPE_WRONG;
    const uint32_t symbol = sn_lang_parameter(l->t, &l->t->functions[function], k)[PARAMETER_SYMBOL], wanted = width_of(width, names);
    sn_lang_complain(l, place ? place : d->node, NULL, "'%.*s' has %u element%s, this has %u", sn_lang_shown(l->t, symbol),
                     sn_lang_symbol_text(l->t, symbol), wanted, wanted == 1 ? "" : "s", v.count);
    return false;
}

/* Of the natural parameters' functions: those arguments alone are live that are taken as known and read. */
static bool is_needed(const lang_family *f, lang_member quantity, uint32_t k)
{
    return !is_natural(quantity) || f->parameters[f->members[quantity] - 1] >> k & 1;
}

static bool take_arguments(lowering *l, lang_distribution *d, uint32_t function, lang_member quantity, bool live)
{
    uint32_t places[LANG_MAX_TUPLE];
    width_names names = {.count = 0};
    if (!sn_lang_arrange_family(l, d->node, function, !live, places))
        return false;
    d->count = l->t->functions[function].parameter_count;
    d->values = sn_lang_pool(l, d->count + 1);
    for (uint32_t k = 0; d->values && k < d->count; k++) {
        lang_value v = {.count = 0};
        if (places[k])
            v = sn_lang_expression(l, places[k]);
        else if (family_of(l, function)->widths[k].factors)
            sn_lang_complain(l, d->node, NULL, "a tuple among the arguments cannot be left out: nothing says how many elements it has");
        if (v.type == TYPE_WRONG && (places[k] || family_of(l, function)->widths[k].factors))
            return false;
        if (live && is_needed(family_of(l, function), quantity, k))
            v = made_live(l, d, function, k, v);
        else if (!v.count)
            v = sn_lang_small(l, NAN, false);
        if (!fits(l, d, function, k, places[k], v, &names))
            return false;
        l->pool[d->values + k] = v;
    }
    const lang_width *width = &family_of(l, function)->x_width;
    d->width = width->factors ? width_of(width, &names) : 0;
    return d->values != 0;
}

/* ---- distributions ---- */

uint32_t sn_lang_add_distribution(lowering *l, const lang_distribution *d)
{
    if (l->distribution_count == l->distribution_room) {
        lang_distribution *grown = sn_lang_more(l, l->distributions, l->distribution_count, &l->distribution_room, sizeof *grown);
        if (!grown)
            return 0;
        l->distributions = grown;
    }
    l->distribution_count += l->distribution_count == 0; /* number 0 is none */
    l->distributions[l->distribution_count] = *d;
    return l->distribution_count++;
}

/* The family's own name, where the text says another one of it; NULL: no prior. */
static const char *name_of_prior(lowering *l, const lang_family *f)
{
    if (!f->prior_family)
        return NULL;
    const lang_family_name prior = sn_lang_family_of(l->t, f->prior_family);
    return prior.item ? prior.item->family->name : text_of(l, prior.symbol);
}

/* Said of the density as a whole, where somebody asks. */
static void describe(lowering *l, const lang_distribution *d, uint32_t function)
{
    lang_density *out = l->options->described;
    out->family = text_of(l, d->name.symbol);
    out->prior = name_of_prior(l, family_of(l, function));
    out->width = d->width ? d->width : 1;
    out->members = 0;
    for (unsigned m = 0; m < LANG_MEMBERS; m++)
        out->members |= sn_lang_has_quantity(l->t, &d->name, (lang_member)m) ? 1u << m : 0;
    out->support = bounds_of(l, &family_of(l, function)->support, 0);
}

uint32_t sn_lang_distribution(lowering *l, uint32_t node, lang_member quantity, bool live)
{
    if (!sn_lang_names_distribution(l->t, node)) {
        no_distribution(l, node);
        return 0;
    }
    lang_distribution d = {.kind = DISTRIBUTION_FAMILY, .node = node, .name = sn_lang_family_of(l->t, l->t->nodes[node].a)};
    if (!d.name.function && !d.name.item)
        return sn_lang_combination(l, node, live);
    const uint32_t function = body_of(l, &d, quantity);
    if (!function || !take_arguments(l, &d, function, quantity, live))
        return 0;
    d.whole = family_of(l, function)->support.whole;
    if (live && l->options->described && !l->dry && l->frame == 0)
        describe(l, &d, function);
    return sn_lang_add_distribution(l, &d);
}

uint32_t sn_lang_distribution_width(const lowering *l, uint32_t distribution)
{
    return l->distributions[distribution].width;
}

/* ---- parameters ---- */

/* Names of widths are numbers as written in the body. */
static void bind_width(lowering *l, const lang_width *width, lang_value v)
{
    if (width->binds)
        sn_lang_bind(l, width->value[0], 0, v.type == TYPE_UNKNOWN ? v : sn_lang_small(l, v.count, true));
}

static void bind_widths(lowering *l, uint32_t function, const lang_value *arguments)
{
    for (uint32_t k = 0; k < l->t->functions[function].parameter_count; k++)
        bind_width(l, &family_of(l, function)->widths[k], arguments[k]);
}

/* A constant of a density's text that breaks its constraint makes each row NaN: that is an error of the text. */
static void check_constants(lowering *l, uint32_t node, const lang_constraint *c, uint32_t symbol, lang_value given, lang_value checked)
{
    double before, after;
    for (uint32_t k = 0; l->options->density && given.type != TYPE_UNKNOWN && checked.type != TYPE_WRONG && k < given.count; k++)
        if (sn_lang_constant(l, sn_lang_element(l, given, k), &before) && !isnan(before)
            && sn_lang_constant(l, sn_lang_element(l, checked, k), &after) && isnan(after)) {
            const char *written = c->end > c->at ? l->t->source.text + c->at : "finite";
            const int length = c->end > c->at ? (int)(c->end - c->at) : 6;
            const int shown = sn_lang_shown(l->t, symbol);
            const char *name = sn_lang_symbol_text(l->t, symbol);
            if (c->kind == CONSTRAINT_SIMPLEX) /* a wrong sum is no single element's fault */
                sn_lang_complain(l, node, NULL, "'%.*s' is no point of the simplex: its elements must be 0 or more, and add up to 1", shown, name);
            else if (memchr(written, '&', (size_t)length)) /* the rest has the name again */
                sn_lang_complain(l, node, NULL, "'%.*s' is %.17g, and must have %.*s %.*s", shown, name, before, shown, name, length, written);
            else
                sn_lang_complain(l, node, NULL, "'%.*s' is %.17g, and must be %.*s", shown, name, before, length, written);
            return;
        }
}

static void bind_parameters(lang_evaluation *e, uint32_t function, const lang_value *arguments)
{
    lowering *l = e->l;
    const lang_family *f = family_of(l, function);
    const uint32_t count = l->t->functions[function].parameter_count;
    e->arguments = arguments;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t words[PARAMETER_WORDS];
        memcpy(words, sn_lang_parameter(l->t, &l->t->functions[function], k), sizeof words);
        bind_width(l, &f->widths[k], arguments[k]);
        e->parameters[e->count++] = sn_lang_check_parameter(e, &f->constraints[k], arguments[k]);
        check_constants(l, e->node, &f->constraints[k], words[PARAMETER_SYMBOL], arguments[k], e->parameters[k]);
        sn_lang_bind(l, words[PARAMETER_SLOT], words[PARAMETER_SYMBOL], e->parameters[k]);
    }
}

/* ---- members ---- */

static bool is_of_parameters(lang_member quantity)
{
    return quantity == LANG_A || quantity == LANG_ENTROPY || quantity == LANG_MEAN || quantity == LANG_VARIANCE;
}

static uint64_t needed_for(const lang_family *f, lang_member quantity, bool derived)
{
    static const lang_member parts[4] = {LANG_T, LANG_ETA, LANG_A, LANG_LOG_H};
    if (!derived)
        return is_natural(quantity) ? f->of_eta[f->members[quantity] - 1] : f->needs[f->members[quantity] - 1];
    uint64_t needed = 0;
    for (unsigned k = 0; k < 4; k++)
        needed |= f->members[parts[k]] ? f->needs[f->members[parts[k]] - 1] : 0;
    return needed;
}

static lang_value member(lowering *l, const lang_family *f, lang_member m)
{
    if (!f->members[m]) /* memory was refused while the family was read */
        return sn_lang_wrong();
    return l->slots[sn_lang_slot(l, l->t->statements[f->statements[f->members[m] - 1]].c)].value;
}

/* log h + eta·T − A */
static lang_value derived_density(lang_evaluation *e, const lang_family *f)
{
    lowering *l = e->l;
    const lang_value both[2] = {member(l, f, LANG_ETA), member(l, f, LANG_T)};
    if (both[0].type == TYPE_UNKNOWN || both[1].type == TYPE_UNKNOWN)
        return sn_lang_scalar(0, TYPE_UNKNOWN);
    if (both[0].count != both[1].count) {
        sn_lang_complain(l, e->node, NULL, "T has %u element%s, and eta has %u", both[1].count, both[1].count == 1 ? "" : "s", both[0].count);
        return sn_lang_wrong();
    }
    lang_value v = sn_lang_geometric(l, e->node, WORD_DOT, both);
    v = sn_lang_binary(l, e->node, TOKEN_MINUS, v, member(l, f, LANG_A));
    return f->members[LANG_LOG_H] ? sn_lang_binary(l, e->node, TOKEN_PLUS, v, member(l, f, LANG_LOG_H)) : v;
}

static bool is_derived(const lang_family *f, lang_member quantity)
{
    return quantity == LANG_DERIVED || (quantity == LANG_LOG_DENSITY && !f->members[LANG_LOG_DENSITY]);
}

static void lower_statements(lowering *l, const lang_family *f, uint64_t needed)
{
    for (uint32_t i = 0; i < f->statement_count; i++)
        if (needed >> i & 1)
            sn_lang_statement(l, f->statements[i]);
}

static void bind_for_posterior(lowering *l, const lang_family *f, lang_value prior, lang_value sums, lang_value observations)
{
    sn_lang_bind(l, f->prior, 0, prior);
    sn_lang_bind(l, f->sums, 0, sums);
    sn_lang_bind(l, f->observations, 0, observations);
}

static lang_value lower_member(lang_evaluation *e, const lang_family *f, lang_member quantity, lang_value given)
{
    lowering *l = e->l;
    const bool derived = is_derived(f, quantity);
    const uint64_t needed = needed_for(f, quantity, derived);
    if (quantity == LANG_POSTERIOR)
        bind_for_posterior(l, f, given, given, given);
    else
        sn_lang_bind(l, is_natural(quantity) ? f->eta : quantity == LANG_POOLED ? f->means : f->x, 0, given);
    lower_statements(l, f, needed);
    return derived ? derived_density(e, f) : member(l, f, quantity);
}

/* ---- members that are kept ---- */

enum { MOST_KEPT_ELEMENTS = 62, MOST_KEPT_VALUES = 10 };

/* Of the program's type, and not constant: what members are kept for. */
static bool is_keepable(const lowering *l, lang_value v)
{
    bool may = v.count > 0 && v.type != TYPE_WRONG && v.type != TYPE_UNKNOWN;
    for (uint32_t k = 0; may && k < v.count; k++) {
        const lang_value element = sn_lang_element(l, v, k);
        may = element.type == (uint8_t)l->type && element.ref && !sn_ir_is_const(l->p, element.ref);
    }
    return may;
}

/* How many elements there are of each (kept_members.h); 0: something is not keepable, or there are too many. */
static uint64_t kept_shape(const lowering *l, const lang_value *parameters, uint32_t count, lang_value given)
{
    uint64_t shape = 0;
    uint32_t elements = 0;
    for (uint32_t k = 0; k <= count; k++) {
        const lang_value v = k < count ? parameters[k] : given;
        elements += v.count;
        if (count >= MOST_KEPT_VALUES || elements > MOST_KEPT_ELEMENTS || !is_keepable(l, v))
            return 0;
        shape |= (uint64_t)v.count << 6 * k;
    }
    return shape;
}

static uint64_t shape_if_kept(const lang_evaluation *e, uint32_t function, lang_member quantity, lang_value given)
{
    const lowering *l = e->l;
    const bool may = l->options->kept && !l->dry && l->t->functions[function].item && !is_natural(quantity) && quantity != LANG_T && quantity != LANG_ETA
                     && quantity != LANG_POOLED && quantity != LANG_POSTERIOR;
    return may ? kept_shape(l, e->parameters, e->count, given) : 0;
}

static void bind_parameter(const lang_evaluation *e, uint32_t function, uint32_t k, lang_value v)
{
    uint32_t words[PARAMETER_WORDS];
    memcpy(words, sn_lang_parameter(e->l->t, &e->l->t->functions[function], k), sizeof words);
    sn_lang_bind(e->l, words[PARAMETER_SLOT], words[PARAMETER_SYMBOL], v);
}

static lang_value add_input(const lowering *l, ir_program *own)
{
    char name[16];
    snprintf(name, sizeof name, "%u", own->input_count);
    return sn_lang_scalar(sn_ir_emit(own, IR_INPUT, l->type, sn_ir_add_input(own, name, l->type), 0, 0), l->type);
}

/* As many as the value has elements. */
static lang_value add_inputs(lowering *l, ir_program *own, lang_value like)
{
    if (like.count == 1 && like.type != TYPE_TUPLE)
        return add_input(l, own);
    const uint32_t place = sn_lang_pool(l, like.count);
    for (uint32_t k = 0; place && k < like.count; k++)
        l->pool[place + k] = add_input(l, own);
    return place ? (lang_value){.ref = place, .count = like.count, .type = TYPE_TUPLE} : sn_lang_wrong();
}

/* The member by itself: of parameters that are inputs 0, 1, … of the program, and of what is given, the inputs behind them; `checks`: NULL, or the parameters are yet to be
 * checked, by this one. What was remembered of calls, and where the rate is, are operations of the other program, as those of this one are nothing in that: their numbers
 * may be the same. */
static lang_value lower_alone(lang_evaluation *e, uint32_t function, lang_member quantity, lang_value like, lang_evaluation *checks, ir_program *own)
{
    lowering *l = e->l;
    ir_program *const program = l->p;
    lang_memo *const memos = l->memos;
    const uint32_t memo_count = l->memo_count, memo_mask = l->memo_mask;
    const ir_ref rate = l->rate;
    l->memos = NULL;
    l->memo_count = l->memo_mask = 0;
    l->rate = 0;
    sn_ir_open(own, l->memory, program->rules);
    l->p = own;
    for (uint32_t k = 0; k < e->count; k++) {
        const lang_value parameter = add_inputs(l, own, e->parameters[k]);
        bind_parameter(e, function, k, checks ? sn_lang_check_parameter(checks, &family_of(l, function)->constraints[k], parameter) : parameter);
    }
    const lang_value given = add_inputs(l, own, like);
    lang_value v = lower_member(e, family_of(l, function), quantity, given);
    if (v.type != TYPE_WRONG && v.count == 1)
        v = sn_lang_number(l, e->node, v);
    l->p = program;
    l->memos = memos;
    l->memo_count = memo_count;
    l->memo_mask = memo_mask;
    l->rate = rate;
    for (uint32_t k = 0; k < e->count; k++)
        bind_parameter(e, function, k, e->parameters[k]);
    return v;
}

/* How far the numbers of a simplex may be from 1 together is not the same in all programs. */
static bool has_fixed_constraints(const lowering *l, uint32_t function)
{
    bool fixed = true;
    for (uint32_t k = 0; k < l->t->functions[function].parameter_count; k++)
        fixed &= family_of(l, function)->constraints[k].kind != CONSTRAINT_SIMPLEX;
    return fixed;
}

/* The same of parameters that are not checked yet. */
static bool keep_checked(lang_evaluation *e, uint32_t function, lang_member quantity, lang_value given, struct lang_kept_member *kept)
{
    lang_evaluation checks = {.l = e->l, .node = e->node};
    ir_program own;
    const bool notes_limits = e->l->notes_limits;
    if (!has_fixed_constraints(e->l, function))
        return true;
    e->l->notes_limits = false;
    const lang_value v = lower_alone(e, function, quantity, given, &checks, &own);
    e->l->notes_limits = notes_limits;
    const ir_ref infinite = sn_ir_f64(&own, -INFINITY), none = sn_ir_f64(&own, NAN);
    const ir_ref outside = checks.valid.count ? sn_ir_emit(&own, IR_SELECT, IR_F64, checks.valid.ref, infinite, none) : 0;
    return own.status == SINTER_OK && sn_lang_keep_checked(e->l, kept, &own, v.ref, outside);
}

/* Lowers the member by itself and keeps it. NULL when memory is refused, which the program has failed by then; what cannot be kept has no result. */
static const struct lang_kept_member *keep(lang_evaluation *e, uint32_t function, lang_member quantity, lang_value given, uint64_t shape)
{
    lowering *l = e->l;
    ir_program own;
    struct lang_kept_member made = {.family = l->t->functions[function].item->family, .inputs = given.count, .shape = shape, .rules = l->p->rules,
                                    .quantity = (uint8_t)quantity, .type = (uint8_t)l->type, .derived = is_derived(family_of(l, function), quantity)};
    for (uint32_t k = 0; k < e->count; k++)
        made.inputs += e->parameters[k].count;
    const lang_value v = lower_alone(e, function, quantity, given, NULL, &own);
    if (own.status != SINTER_OK) {
        sn_ir_fail(l->p, own.status, own.message);
        return NULL;
    }
    if (v.count == 1 && v.type == made.type && own.input_count == made.inputs && !own.memory_count && !own.param_count)
        made.result = v.ref;
    for (uint32_t k = 0; made.result && k < made.inputs; k++)
        made.carries |= (uint64_t)sn_lang_carries_nan(&own, k + 1, made.result) << k;
    struct lang_kept_member *kept = sn_lang_keep_member(l, &made, &own);
    if (!kept || (made.result && sn_lang_keeps_checked(l) && !keep_checked(e, function, quantity, given, kept)))
        sn_ir_fail(l->p, SINTER_NO_MEMORY, "out of memory");
    return kept;
}

/* The member of these arguments, if it is kept, or is from now on; count 0: it has to be lowered. */
static lang_value kept_member(lang_evaluation *e, uint32_t function, lang_member quantity, lang_value given)
{
    lowering *l = e->l;
    static const lang_value none = {.count = 0};
    const uint64_t shape = shape_if_kept(e, function, quantity, given);
    if (!shape)
        return none;
    const struct lang_kept_member *kept = sn_lang_find_kept(l, l->t->functions[function].item->family, quantity, shape);
    if (!kept)
        kept = keep(e, function, quantity, given, shape);
    if (!kept || !kept->result)
        return none;
    ir_ref inputs[MOST_KEPT_ELEMENTS], unchecked[MOST_KEPT_ELEMENTS];
    kept_checks checks = {0, 0};
    uint32_t count = 0;
    for (uint32_t k = 0; k <= e->count; k++) {
        const lang_value v = k < e->count ? e->parameters[k] : given, as_given = k < e->count ? e->arguments[k] : given;
        bool carries = true;
        for (uint32_t i = 0; i < v.count; i++, count++) {
            const lang_value element = sn_lang_element(l, as_given, i);
            inputs[count] = sn_lang_element(l, v, i).ref;
            unchecked[count] = element.type == (uint8_t)l->type ? element.ref : 0;
            carries &= kept->carries >> count & 1;
        }
        e->carries |= (uint64_t)carries << k;
    }
    e->kept = kept;
    const ir_ref value = sn_lang_copy_member(l, kept, inputs, unchecked, &checks);
    if (checks.valid) {
        e->valid = sn_lang_scalar(checks.valid, IR_MASK);
        e->outside = sn_lang_scalar(checks.outside, IR_F64);
    }
    return sn_lang_scalar(value, l->type);
}

/* ---- whole members ---- */

static lang_value lower_members(lang_evaluation *e, uint32_t function, lang_member quantity, lang_value given)
{
    lowering *l = e->l;
    const lang_family *f = family_of(l, function);
    static const lang_value nothing = {.count = 0};
    lang_value v = kept_member(e, function, quantity, given);
    const bool derived = e->kept ? e->kept->derived : is_derived(f, quantity);
    if (!v.count)
        v = lower_member(e, f, quantity, given);
    if (v.type == TYPE_WRONG || is_natural(quantity) || quantity == LANG_T || quantity == LANG_ETA || quantity == LANG_POOLED || quantity == LANG_POSTERIOR)
        return v;
    if (quantity == LANG_LOG_H) { /* of the data, whatever the parameters; those that are taken as known it reads */
        e->valid = nothing;
        e->count = 0;
    }
    v = sn_lang_with_nans(e, is_of_parameters(quantity) ? nothing : given, v);
    if (quantity == LANG_LOG_CDF || quantity == LANG_LOG_SURVIVAL)
        return sn_lang_tail_within(e, &f->support, given, v, quantity == LANG_LOG_SURVIVAL);
    return quantity == LANG_LOG_DENSITY || quantity == LANG_DERIVED || quantity == LANG_LOG_H ? sn_lang_density_within(e, &f->support, given, v, derived) : v;
}

/* A cumulative function of integers is one of the whole number below. */
static lang_value rounded_down(const lang_evaluation *e, const lang_family *f, lang_member quantity, lang_value x)
{
    return f->support.whole && (quantity == LANG_LOG_CDF || quantity == LANG_LOG_SURVIVAL) ? sn_lang_floor_of(e, x) : x;
}

static bool natural_reads(const lowering *l, uint32_t function, lang_member quantity)
{
    const lang_family *f = family_of(l, function);
    return f->parameters[f->members[quantity] - 1] != 0;
}

static lang_value run_body(lowering *l, uint32_t function, uint32_t node, lang_member quantity, const lang_value *arguments, lang_value given)
{
    const uint32_t statement = l->statement;
    lang_evaluation e = {.l = l, .node = node};
    l->t->functions[function].called |= !l->silent;
    if (!sn_lang_enter(l, function, node, 0))
        return sn_lang_wrong();
    if (is_natural(quantity) && !natural_reads(l, function, quantity))
        bind_widths(l, function, arguments);
    else
        bind_parameters(&e, function, arguments);
    if (given.type == TYPE_LITERAL || given.type == IR_MASK)
        given = sn_lang_number(l, node, given);
    const lang_value v = lower_members(&e, function, quantity, rounded_down(&e, family_of(l, function), quantity, given));
    sn_lang_leave(l);
    l->statement = statement;
    return v;
}

/* ---- posteriors ---- */

/* The prior's family, as a function of the tree; 0 where there is no such family. */
static uint32_t prior_of(lowering *l, const lang_family *f)
{
    const lang_distribution prior = {.node = 0, .name = sn_lang_family_of(l->t, f->prior_family)};
    if (!prior.name.function && !prior.name.item) {
        sn_lang_complain_at(l, f->prior_at, f->prior_end, NULL, "there is no family '%.*s'", sn_lang_shown(l->t, f->prior_family),
                            sn_lang_symbol_text(l->t, f->prior_family));
        return 0;
    }
    return prior.name.function ? prior.name.function : sn_lang_library_family(l->t, l->memory, prior.name.symbol, LANG_LOG_DENSITY, false);
}

/* How many numbers parameter k of the prior is; a width that is a name is as many as there are statistics. */
static uint32_t prior_width(const lang_width *width, uint32_t statistics, width_names *names)
{
    if (width->factors == 1 && width->named[0] && !value_of_name(names, width->value[0]))
        take_width(width, statistics, names);
    return width->factors ? width_of(width, names) : 0;
}

/* Elements of a tuple from `at` on: one as a number, `width` as a tuple. */
static lang_value part_of(lowering *l, lang_value v, uint32_t at, uint32_t width)
{
    if (width == 0)
        return sn_lang_element(l, v, at);
    const uint32_t place = sn_lang_pool(l, width);
    for (uint32_t i = 0; place && i < width; i++) {
        const lang_value element = sn_lang_element(l, v, at + i);
        l->pool[place + i] = element;
    }
    return place ? (lang_value){.ref = place, .count = (uint16_t)width, .type = TYPE_TUPLE} : sn_lang_wrong();
}

/* The tuple of the prior's parameters, NaN where they break the constraints of its family. */
static lang_value checked_prior(lowering *l, uint32_t function, uint32_t node, lang_value v, const uint32_t *widths)
{
    const uint32_t count = l->t->functions[function].parameter_count;
    lang_value arguments[LANG_MAX_TUPLE] = {{.count = 0}};
    lang_evaluation e = {.l = l, .node = node};
    uint32_t at = 0;
    for (uint32_t k = 0; k < count; k++) {
        arguments[k] = part_of(l, v, at, widths[k]);
        at += widths[k] ? widths[k] : 1;
        if (arguments[k].type == TYPE_WRONG)
            return sn_lang_wrong();
    }
    if (!sn_lang_enter(l, function, node, 0))
        return sn_lang_wrong();
    bind_parameters(&e, function, arguments);
    sn_lang_leave(l);
    const uint32_t place = sn_lang_pool(l, v.count);
    at = 0;
    for (uint32_t k = 0; place && k < count; k++)
        for (uint32_t i = 0; i < (widths[k] ? widths[k] : 1); i++) {
            const lang_value element = sn_lang_element(l, e.parameters[k], i);
            l->pool[place + at++] = element;
        }
    v.ref = place;
    return place ? v : sn_lang_wrong();
}

/* The body, with the parameters and what a posterior is given bound. */
static lang_value run_posterior(lowering *l, const lang_distribution *d, uint32_t function, const lang_value given[3])
{
    const uint32_t statement = l->statement;
    lang_value arguments[LANG_MAX_TUPLE];
    lang_evaluation e = {.l = l, .node = d->node};
    memcpy(arguments, l->pool + d->values, d->count * sizeof *arguments);
    l->t->functions[function].called |= !l->silent;
    if (!sn_lang_enter(l, function, d->node, 0))
        return sn_lang_wrong();
    const lang_family *f = family_of(l, function);
    bind_parameters(&e, function, arguments);
    bind_for_posterior(l, f, given[0], given[1], given[2]);
    lower_statements(l, f, needed_for(f, LANG_POSTERIOR, false));
    const lang_value v = member(l, f, LANG_POSTERIOR);
    sn_lang_leave(l);
    l->statement = statement;
    return v;
}

lang_value sn_lang_posterior(lowering *l, uint32_t distribution, uint32_t statistics, lang_value (*input)(lowering *l, const char *name, uint32_t count))
{
    const lang_distribution d = l->distributions[distribution];
    if (d.kind != DISTRIBUTION_FAMILY) {
        sn_lang_complain(l, d.node, NULL, "only a family has a posterior");
        return sn_lang_wrong();
    }
    const uint32_t function = body_of(l, &d, LANG_POSTERIOR), prior = function ? prior_of(l, family_of(l, function)) : 0;
    uint32_t widths[LANG_MAX_TUPLE], total = 0;
    width_names names = {.count = 0};
    if (!prior)
        return sn_lang_wrong();
    for (uint32_t k = 0; k < l->t->functions[prior].parameter_count; k++) {
        widths[k] = prior_width(&family_of(l, prior)->widths[k], statistics, &names);
        total += widths[k] ? widths[k] : 1;
    }
    if (total < 1 || total > LANG_MAX_TUPLE) {
        sn_lang_complain(l, d.node, NULL, "a prior has from 1 to %d numbers as parameters", LANG_MAX_TUPLE);
        return sn_lang_wrong();
    }
    lang_value given[3] = {input(l, "prior", total), input(l, "sums", statistics), input(l, "observations", 0)};
    given[0] = checked_prior(l, prior, d.node, given[0], widths);
    if (statistics == 1)
        given[1] = sn_lang_element(l, given[1], 0);
    if (given[0].type == TYPE_WRONG || given[1].type == TYPE_WRONG)
        return sn_lang_wrong();
    if (total == 1)
        given[0] = sn_lang_element(l, given[0], 0);
    const lang_value v = run_posterior(l, &d, function, given);
    if (v.type != TYPE_WRONG && v.count != total) {
        sn_lang_complain(l, d.node, NULL, "the prior has %u parameters, and the posterior %u", total, v.count);
        return sn_lang_wrong();
    }
    return v;
}

bool sn_lang_natural_takes_parameters(lowering *l, uint32_t distribution, lang_member quantity)
{
    const lang_distribution d = l->distributions[distribution];
    const uint32_t function = d.kind == DISTRIBUTION_FAMILY ? body_of(l, &d, quantity) : 0;
    return function && natural_reads(l, function, quantity);
}

/* ---- families of the library in f32 ---- */

/* The forms that keep a density right where terms cancel are carried in pairs of f64, and its constants are written for f64. So a family of the library, unless
 * it has a form of its own for f32, computes in f64 whatever it is given, and what it was asked for is rounded once. */

/* Is there an f64 among the values, or an i32, which turns into one? */
static bool holds_f64(lowering *l, const lang_value *values, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t e = 0; e < values[k].count; e++) {
            const unsigned type = sn_lang_element(l, values[k], e).type;
            if (type == IR_F64 || type == IR_I32)
                return true;
        }
    return false;
}

/* f32 among the numbers turn into f64, or all into f32; the rest stay what they are. */
static lang_value with_type(lowering *l, uint32_t node, lang_value v, unsigned type)
{
    const uint32_t place = v.type == TYPE_TUPLE ? sn_lang_pool(l, v.count) : 0;
    if (v.type != TYPE_TUPLE)
        return v.type == IR_F32 || v.type == IR_F64 ? sn_lang_to(l, node, v, type) : v;
    for (uint32_t e = 0; place && e < v.count; e++) {
        const lang_value element = with_type(l, node, sn_lang_element(l, v, e), type);
        l->pool[place + e] = element;
    }
    v.ref = place;
    return place ? v : sn_lang_wrong();
}

static lang_value run_wide(lowering *l, uint32_t function, uint32_t node, lang_member quantity, lang_value *arguments, uint32_t count, lang_value given)
{
    const bool wide = holds_f64(l, arguments, count) || holds_f64(l, &given, 1);
    const ir_type type = l->type, of_result = wide ? IR_F64 : type;
    for (uint32_t k = 0; k < count; k++)
        arguments[k] = with_type(l, node, arguments[k], IR_F64);
    given = with_type(l, node, given, IR_F64);
    l->type = IR_F64;
    const lang_value v = run_body(l, function, node, quantity, arguments, given);
    l->type = type;
    return v.type == TYPE_WRONG ? v : with_type(l, node, v, of_result);
}

/* With its statements, where what is kept will not do. */
static uint32_t body_of_arguments(lowering *l, const lang_distribution *d, lang_member quantity, lang_value given)
{
    const uint32_t function = body_of(l, d, quantity);
    if (!function || !family_of(l, function)->bare)
        return function;
    const uint64_t shape = l->dry ? 0 : kept_shape(l, l->pool + d->values, d->count, given);
    const struct lang_kept_member *kept = shape ? sn_lang_find_kept(l, d->name.item->family, quantity, shape) : NULL;
    return kept && kept->result ? function : sn_lang_library_family(l->t, l->memory, d->name.symbol, quantity, false);
}

lang_value sn_lang_quantity(lowering *l, uint32_t distribution, lang_member quantity, lang_value given)
{
    const lang_distribution d = l->distributions[distribution];
    if (d.kind != DISTRIBUTION_FAMILY)
        return sn_lang_combined_quantity(l, distribution, quantity, given);
    const uint32_t function = body_of_arguments(l, &d, quantity, given), width = d.width ? d.width : 1;
    lang_value arguments[LANG_MAX_TUPLE];
    if (!function || (given.count && given.type == TYPE_WRONG))
        return sn_lang_wrong();
    if (!is_natural(quantity) && quantity != LANG_POOLED && given.count != width && given.type != TYPE_UNKNOWN && given.count) {
        sn_lang_complain(l, d.node, NULL, "x has %u element%s here, and is given %u", width, width == 1 ? "" : "s", given.count);
        return sn_lang_wrong();
    }
    memcpy(arguments, l->pool + d.values, d.count * sizeof *arguments);
    if (d.name.item && !d.name.item->family->has_f32)
        return run_wide(l, function, d.node, quantity, arguments, d.count, given);
    return run_body(l, function, d.node, quantity, arguments, given);
}

/* ---- calls ---- */

lang_value sn_lang_density_call(lowering *l, uint32_t node, unsigned word, const uint32_t *places)
{
    (void)node;
    const lang_member quantity = word == WORD_LOG_CDF ? LANG_LOG_CDF : word == WORD_LOG_SURVIVAL ? LANG_LOG_SURVIVAL : LANG_LOG_DENSITY;
    const uint32_t d = sn_lang_distribution(l, places[0], quantity, false);
    const lang_value x = sn_lang_expression(l, places[1]);
    const bool notes_limits = l->notes_limits;
    l->notes_limits = false; /* in a family's body it may be what is not chosen */
    const lang_value v = d ? sn_lang_quantity(l, d, quantity, x) : sn_lang_wrong();
    l->notes_limits = notes_limits;
    return v;
}

/* ---- families that nothing uses ---- */

static void check_family(lowering *l, uint32_t function)
{
    lang_value arguments[LANG_MAX_TUPLE];
    const lang_family *f = family_of(l, function);
    if (f->prior_family)
        prior_of(l, f);
    for (uint32_t k = 0; k < l->t->functions[function].parameter_count; k++)
        arguments[k] = sn_lang_scalar(0, f->widths[k].factors ? (unsigned)TYPE_UNKNOWN : (unsigned)l->type);
    for (unsigned m = 0; m < LANG_MEMBERS && !l->too_large; m++) {
        const bool unknown = f->x_width.factors || is_natural((lang_member)m) || m == LANG_POOLED || m == LANG_POSTERIOR;
        if (f->members[m])
            run_body(l, function, 0, (lang_member)m, arguments, sn_lang_scalar(0, unknown ? (unsigned)TYPE_UNKNOWN : (unsigned)l->type));
    }
}

void sn_lang_check_families(lowering *l)
{
    l->dry = l->checking = true;
    l->epoch++;
    for (uint32_t k = 1; k < l->t->function_count; k++)
        if (l->t->functions[k].family && !l->t->functions[k].item)
            check_family(l, k);
    l->dry = l->checking = false;
}
