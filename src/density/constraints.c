/* Constraints of parameters: what families and statements want, as ranges of numbers, as relations of one parameter to another, and in words.
 *
 * A text's own words have been read by the front end (lang_density): bounds of the parameters that it made live, and limits of whichever parameter is an
 * argument as it stands (parameter_limits.c). Here some parameters may have been fixed besides, which makes numbers of what was a relation. */
#include "density/constraints.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* ---- ranges ---- */

static const lang_density_parameter *find_described(const lang_density *described, const char *name)
{
    for (uint32_t k = 0; k < described->parameter_count; k++)
        if (!strcmp(described->parameters[k].name, name))
            return &described->parameters[k];
    return NULL;
}

static double next_number(unsigned type, double from, double towards)
{
    return type == IR_F32 ? (double)nextafterf((float)from, (float)towards) : nextafter(from, towards);
}

/* The number of that type next to the limit on the side towards `towards`; what the limit is rounded to, if it lies there. */
static double number_beyond(unsigned type, double limit, double towards)
{
    const double rounded = type == IR_F32 ? (double)(float)limit : limit;
    return (towards > 0 ? rounded > limit : rounded < limit) ? rounded : next_number(type, rounded, towards);
}

/* What is constant of a constraint, as the least and the greatest number that keep it. */
static density_range range_of_bounds(const lang_bounds *b, unsigned type)
{
    density_range r = {.low = isnan(b->low) ? -INFINITY : b->low, .high = isnan(b->high) ? INFINITY : b->high, .whole = b->whole};
    if (b->above || (r.low == -INFINITY && !b->infinite))
        r.low = number_beyond(type, r.low, INFINITY);
    if (b->below || (r.high == INFINITY && !b->infinite))
        r.high = number_beyond(type, r.high, -INFINITY);
    return r;
}

/* Of a family's parameter its constraint's, of one that the text declares that of the statement. */
static density_range range_of(const ir_param *param, const lang_density *described)
{
    const lang_density_parameter *p = find_described(described, param->name);
    if (p)
        return range_of_bounds(&p->bounds, param->type);
    if (param->type == IR_F32) /* as values are */
        return (density_range){.low = (double)(float)param->low, .high = (double)(float)param->high};
    return (density_range){.low = param->low, .high = param->high};
}

/* The number of a parameter that the program still has; -1: none. */
static int32_t live_number(const ir_program *program, const char *name)
{
    for (uint32_t k = 0; name && k < program->param_count; k++)
        if (!strcmp(program->params[k].name, name))
            return (int32_t)k;
    return -1;
}

/* The value that a parameter was fixed to, as numbers of that type are. */
static bool is_fixed(const sinter_density_options *o, const char *name, unsigned type, double *value)
{
    for (uint32_t k = 0; name && k < o->fixed_count; k++)
        if (!strcmp(o->fixed_names[k], name)) {
            *value = type == IR_F32 ? (double)(float)o->fixed_values[k] : o->fixed_values[k];
            return true;
        }
    return false;
}

/* One more number that all of the range has to lie above, or below. */
static void narrow_range(density_range *r, unsigned type, bool above, bool open, double limit)
{
    if (above)
        r->low = fmax(r->low, open ? number_beyond(type, limit, INFINITY) : limit);
    else
        r->high = fmin(r->high, open ? number_beyond(type, limit, -INFINITY) : limit);
}

/* What the limit says of the parameter, where one that is fixed is the number that it was fixed to; false: nothing. */
static bool limit_of(const lang_limit *limit, const sinter_density_options *o, const ir_param *param, lang_limit *own)
{
    *own = *limit;
    if (!strcmp(limit->name, param->name)) {
        own->other = is_fixed(o, limit->other, param->type, &own->value) ? NULL : limit->other;
        return true;
    }
    if (!limit->other || strcmp(limit->other, param->name) != 0 || !is_fixed(o, limit->name, param->type, &own->value))
        return false;
    own->name = param->name;
    own->other = NULL;
    own->above = !limit->above;
    return true;
}

/* By what of the limits is a number. */
static void narrow_by_limits(density_range *r, const sinter_density_options *o, const lang_density *described, const ir_param *param)
{
    lang_limit own;
    for (uint32_t k = 0; k < described->limit_count; k++)
        if (limit_of(&described->limits[k], o, param, &own) && !own.other) {
            narrow_range(r, param->type, own.above, own.open, own.value);
            r->whole |= own.whole;
        }
}

bool sn_density_may_be_fixed(const ir_param *param, const sinter_density_options *o, const lang_density *described, double value)
{
    density_range r = range_of(param, described);
    narrow_by_limits(&r, o, described, param);
    return sn_density_is_within(r, param->type == IR_F32 ? (double)(float)value : value);
}

/* ---- points of the simplex ---- */

/* Do p and those behind it make up a tuple, all of whose numbers are parameters? Of elements that are expressions there is nothing in the list. */
static bool is_whole(const lang_density *described, const lang_density_parameter *p)
{
    if (described->parameters + described->parameter_count - p < (ptrdiff_t)p->width)
        return false;
    for (uint32_t e = 0; e < p->width; e++)
        if (p[e].distribution != p->distribution || p[e].element != e || strcmp(p[e].of, p->of) != 0)
            return false;
    return true;
}

/* The first number of the tuple that it is of, if all of that are parameters; else NULL. */
static const lang_density_parameter *tuple_of(const lang_density *described, const lang_density_parameter *p)
{
    return (uint32_t)(p - described->parameters) >= p->element && is_whole(described, p - p->element) ? p - p->element : NULL;
}

/* What is fixed of a sum, with its numbers. Says whether that is all of it. */
static bool fixed_part(const lang_sum *sum, const sinter_density_options *o, unsigned type, double *rest)
{
    double value;
    bool all = true;
    *rest = sum->rest;
    for (uint32_t k = 0; k < sum->count; k++)
        if (is_fixed(o, sum->names[k], type, &value))
            *rest += value;
        else
            all = false;
    return all;
}

const lang_sum *sn_density_fixed_off_sum(const compilation *c, const sinter_density_options *o, const lang_density *described)
{
    double rest;
    for (uint32_t k = 0; k < described->sum_count; k++)
        if (fixed_part(&described->sums[k], o, c->options.type, &rest) && !(fabs(rest - 1) <= sn_lang_simplex_margin(c->narrow || c->options.type == SINTER_F32)))
            return &described->sums[k];
    return NULL;
}

/* ---- words ---- */

static void add_number(text *t, double number, unsigned type)
{
    if (type == IR_F32)
        sn_text_add_f32(t, (float)number);
    else
        sn_text_add_f64(t, number);
}

static void add_bound(text *t, const char *sign, const lang_limit *limit, unsigned type)
{
    sn_text_add(t, t->length ? ", " : "");
    sn_text_add(t, sign);
    if (limit->other)
        sn_text_add(t, limit->other);
    else
        add_number(t, limit->value, type);
}

/* The range that the statement gives, and what of the limits narrows it and is included: `in 0..1`, `>= 0`. Says whether something does. */
static bool add_range(text *t, const sinter_density_options *o, const lang_density *described, const ir_param *param, density_range *r)
{
    lang_limit own;
    *r = (density_range){.low = param->low, .high = param->high};
    for (uint32_t k = 0; k < described->limit_count; k++)
        if (limit_of(&described->limits[k], o, param, &own) && !own.other && !own.open && !own.whole)
            narrow_range(r, param->type, own.above, false, own.value);
    const bool has_low = r->low > -INFINITY, has_high = r->high < INFINITY;
    if (!has_low && !has_high)
        return false;
    sn_text_add(t, has_low && has_high ? "in " : has_low ? ">= " : "<= ");
    add_number(t, has_low ? r->low : r->high, param->type);
    if (has_low && has_high) {
        sn_text_add(t, "..");
        add_number(t, r->high, param->type);
    }
    return r->low > param->low || r->high < param->high;
}

/* Not of what rows choose: a sum of that is another one for each. */
static bool is_chosen(const lang_density *described, const lang_sum *sum)
{
    bool chosen = false;
    for (uint32_t k = 0; k < described->choice_count; k++)
        for (uint32_t i = 0; i < sum->count; i++)
            chosen |= !strcmp(described->choices[k].name, sum->names[i]);
    return chosen;
}

static bool is_in(const lang_sum *sum, const char *name)
{
    bool found = false;
    for (uint32_t k = 0; k < sum->count; k++)
        found |= !strcmp(sum->names[k], name);
    return found;
}

static bool is_in_sum(const lang_density *described, const char *name)
{
    bool found = false;
    for (uint32_t k = 0; k < described->sum_count; k++)
        found |= is_in(&described->sums[k], name) && !is_chosen(described, &described->sums[k]);
    return found;
}

/* The sums that it stands in, which it may not break alone: `with w + v + 0.5 = 1`. Says whether there is one. */
static bool add_sums(text *t, const sinter_density_options *o, const lang_density *described, const ir_param *param)
{
    bool more = false;
    for (uint32_t k = 0; k < described->sum_count; k++) {
        const lang_sum *sum = &described->sums[k];
        double rest, value;
        if (!is_in(sum, param->name) || is_chosen(described, sum))
            continue;
        fixed_part(sum, o, param->type, &rest);
        const char *before = t->length ? ", with " : "with ";
        for (uint32_t i = 0; i < sum->count; i++)
            if (!is_fixed(o, sum->names[i], param->type, &value)) {
                sn_text_add(t, before);
                sn_text_add(t, sum->names[i]);
                before = " + ";
            }
        if (rest != 0) {
            sn_text_add(t, " + ");
            add_number(t, rest, param->type);
        }
        sn_text_add(t, " = 1");
        more = true;
    }
    return more;
}

/* Of a parameter that the text declares, or one that makes up a point of the simplex with such, as it would be written: `> 0`, `in 0..1, > a`; nothing where its statement's range says it all. */
static const char *words_of_limits(sinter_density *d, const sinter_density_options *o, const lang_density *described, const ir_param *param)
{
    static const char *const signs[2][2] = {{"<= ", "< "}, {">= ", "> "}};
    density_range r;
    lang_limit own;
    text t;
    sn_text_open(&t, &d->own);
    bool more = add_range(&t, o, described, param, &r);
    for (uint32_t k = 0; k < described->limit_count; k++) {
        const bool is_its = limit_of(&described->limits[k], o, param, &own);
        const bool is_inside = own.open && isfinite(own.value) && (own.above ? own.value >= r.low : own.value <= r.high);
        if (!is_its || (!own.whole && !own.other && !is_inside))
            continue;
        more = true;
        if (own.whole)
            sn_text_add(&t, t.length ? ", an integer" : "an integer");
        else
            add_bound(&t, signs[own.above][own.open], &own, param->type);
    }
    more |= add_sums(&t, o, described, param);
    return t.failed ? NULL : more ? t.start : "";
}

/* ---- all of it ---- */

static bool describe_constraint(sinter_density *d, const sinter_density_options *o, const lang_density *described, uint32_t k)
{
    const ir_param *param = &d->program.params[k];
    const lang_density_parameter *p = find_described(described, param->name);
    d->ranges[k] = range_of(param, described);
    narrow_by_limits(&d->ranges[k], o, described, param);
    const bool is_addend = p && p->bounds.shares && !tuple_of(described, p) && is_in_sum(described, p->name);
    d->constraints[k] = p && !is_addend ? sn_arena_copy_text(&d->own, p->bounds.text, strlen(p->bounds.text)) : words_of_limits(d, o, described, param);
    return d->constraints[k] != NULL;
}

/* Are both chosen by rows, and not by one column? Then nothing says which two of their numbers meet. */
static bool are_chosen_apart(const lang_density *described, const lang_limit *limit)
{
    const lang_density_choice *own = NULL, *other = NULL;
    for (uint32_t k = 0; k < described->choice_count; k++) {
        own = !strcmp(described->choices[k].name, limit->name) ? &described->choices[k] : own;
        other = !strcmp(described->choices[k].name, limit->other) ? &described->choices[k] : other;
    }
    return own && other && own->column != other->column;
}

/* Limits of one live parameter by another, in the order of the parameters. */
static bool describe_relations(sinter_density *d, const lang_density *described)
{
    const uint32_t count = d->program.param_count;
    d->relations = sn_arena_take(&d->own, (described->limit_count + 1) * sizeof *d->relations);
    d->relations_from = sn_arena_take_zeroed(&d->own, (count + 1) * sizeof *d->relations_from);
    for (uint32_t p = 0; d->relations && d->relations_from && p < count; p++) {
        for (uint32_t k = 0; k < described->limit_count; k++) {
            const lang_limit *limit = &described->limits[k];
            const int32_t other = strcmp(limit->name, d->program.params[p].name) != 0 ? -1 : live_number(&d->program, limit->other);
            if (other >= 0 && !are_chosen_apart(described, limit))
                d->relations[d->relation_count++] = (density_relation){p, (uint32_t)other, limit->above, limit->open};
        }
        d->relations_from[p + 1] = d->relation_count;
    }
    d->related = d->related || d->relation_count;
    return d->relations && d->relations_from;
}

static bool describe_sums(sinter_density *d, const sinter_density_options *o, const lang_density *described)
{
    d->sums = sn_arena_take(&d->own, (described->sum_count + 1) * sizeof *d->sums);
    for (uint32_t k = 0; d->sums && k < described->sum_count; k++) {
        const lang_sum *sum = &described->sums[k];
        uint32_t *parameters = sn_arena_take(&d->own, (sum->count + 1) * sizeof *parameters), count = 0;
        double rest;
        if (!parameters)
            return false;
        for (uint32_t i = 0; i < sum->count; i++) {
            const int32_t at = live_number(&d->program, sum->names[i]);
            if (at >= 0)
                parameters[count++] = (uint32_t)at;
        }
        if (count == 0 || is_chosen(described, sum))
            continue;
        fixed_part(sum, o, d->program.params[parameters[0]].type, &rest);
        d->sums[d->sum_count++] = (density_sum){parameters, count, rest};
        d->related = true;
    }
    return d->sums != NULL;
}

/* What two texts say, once. NULL: memory was refused. */
static const char *joined_words(arena *memory, const char *a, const char *b)
{
    if (!*b || strstr(a, b))
        return a;
    text t;
    sn_text_open(&t, memory);
    sn_text_add(&t, a);
    sn_text_add(&t, *a ? ", " : "");
    sn_text_add(&t, b);
    return t.failed ? NULL : t.start;
}

bool sn_density_take_constraints(sinter_density *d, const sinter_density *prior)
{
    for (uint32_t k = 0; k < prior->parameter_count; k++) {
        const int32_t at = live_number(&d->program, prior->parameters[k].name);
        if (at < 0)
            continue;
        density_range *r = &d->ranges[at];
        r->low = fmax(r->low, prior->ranges[k].low);
        r->high = fmin(r->high, prior->ranges[k].high);
        r->whole |= prior->ranges[k].whole;
        d->parameters[at].low = r->low;
        d->parameters[at].high = r->high;
        d->constraints[at] = joined_words(&d->own, d->constraints[at], prior->constraints[k]);
        if (!d->constraints[at])
            return false;
    }
    return true;
}

bool sn_density_describe_constraints(sinter_density *d, const sinter_density_options *o, const lang_density *described)
{
    const uint32_t count = d->program.param_count;
    d->ranges = sn_arena_take_zeroed(&d->own, (count + 1) * sizeof *d->ranges);
    d->constraints = sn_arena_take(&d->own, (count + 1) * sizeof *d->constraints);
    bool whole = d->ranges && d->constraints;
    for (uint32_t k = 0; whole && k < count; k++)
        whole = describe_constraint(d, o, described, k);
    return whole && describe_relations(d, described) && describe_sums(d, o, described);
}
