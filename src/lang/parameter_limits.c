/* What parameters have to keep besides the ranges that statements give them.
 *
 * In `param s = 1` and `y ~ normal(m, s)` it is the family that wants s to be above 0. Where it is not the density is NaN by what is computed (supports.c); whoever
 * sets s wants to be told. So what a constraint says of an argument is noted wherever the argument is a parameter and nothing else, or the difference of two or of a
 * number and one, as in the weights (w, 1 - w): that is a limit of one parameter by a number or by another; and of weights that are all parameters or numbers, as in
 * (w, v, 0.5), that they add up to 1. Only what every row is computed from is looked at, the
 * distributions of `~` and that at the end: a call of log_density may stand where nobody asks for it. Of other expressions nothing is known but that rows are NaN. */
#include "lang/parameter_limits.h"

#include <math.h>
#include <string.h>

/* One side of a comparison. */
typedef struct side {
    const char *name; /* of the parameter that it is; NULL: it is a number, or: */
    double value;     /* NaN: none of these */
} side;

static bool is_constant(lowering *l, ir_ref r, double *value)
{
    return sn_lang_constant(l, sn_lang_scalar(r, l->p->ops[r].type), value);
}

/* p + (valid ? -0 : NaN) */
static bool is_checked(lowering *l, const ir_op *op)
{
    const ir_op *added = op->code == IR_ADD ? &l->p->ops[op->b] : NULL;
    double valid, invalid;
    return added && added->code == IR_SELECT && is_constant(l, added->b, &valid) && valid == 0 && is_constant(l, added->c, &invalid) && isnan(invalid);
}

/* The same number in a wider type? */
static bool is_widened(const ir_program *p, const ir_op *op)
{
    return op->code == IR_CVT && op->type == IR_F64 && p->ops[op->a].type == IR_F32;
}

/* What was widened, or made NaN where it is invalid. */
static ir_ref plain(lowering *l, ir_ref r)
{
    while (is_widened(l->p, &l->p->ops[r]) || is_checked(l, &l->p->ops[r]))
        r = l->p->ops[r].a;
    return r;
}

static side side_of(lowering *l, ir_ref r)
{
    const ir_op *op = &l->p->ops[r = plain(l, r)];
    side s = {.value = (double)NAN};
    if (op->code == IR_PARAM)
        s.name = l->p->params[op->a].name;
    else if (!is_constant(l, r, &s.value))
        s.value = (double)NAN;
    return s;
}

static bool is_known(side s)
{
    return s.name || !isnan(s.value);
}

/* Of one parameter by the same, in one direction? Of two numbers one says all. */
static bool are_alike(const lang_limit *a, const lang_limit *b)
{
    return !strcmp(a->name, b->name) && (!a->other || !b->other ? a->other == b->other : !strcmp(a->other, b->other)) && a->above == b->above && a->whole == b->whole;
}

static bool is_tighter(const lang_limit *a, const lang_limit *b)
{
    return a->value == b->value ? a->open && !b->open : a->above ? a->value > b->value : a->value < b->value;
}

static void add(lowering *l, lang_limit limit)
{
    lang_density *out = l->options->described;
    if (limit.other && !limit.open && !strcmp(limit.name, limit.other)) /* which it keeps */
        return;
    for (uint32_t k = 0; k < out->limit_count; k++)
        if (are_alike(&out->limits[k], &limit)) {
            if (is_tighter(&limit, &out->limits[k]))
                out->limits[k] = limit;
            return;
        }
    if (out->limit_count == out->limit_room) {
        lang_limit *grown = sn_lang_more(l, out->limits, out->limit_count, &out->limit_room, sizeof *grown);
        if (!grown)
            return;
        out->limits = grown;
    }
    out->limits[out->limit_count++] = limit;
}

/* `of` has to lie above the other one, or below it. The parameter that is told to be wrong is `of`, where it is one. */
static void note(lowering *l, side of, bool above, bool open, side other)
{
    if (!is_known(of) || !is_known(other))
        return;
    if (of.name)
        add(l, (lang_limit){.name = of.name, .other = other.name, .value = other.name ? 0 : other.value, .above = above, .open = open});
    else if (other.name)
        add(l, (lang_limit){.name = other.name, .value = of.value, .above = !above, .open = open});
}

static bool takes_notes(const lowering *l)
{
    return l->notes_limits && l->options->described && !l->dry;
}

static bool is_of_program(lang_value v)
{
    return v.count == 1 && v.type <= IR_F64 && v.ref;
}

/* Of a literal too, which is no operation yet. */
static side side_of_value(lowering *l, lang_value v)
{
    side s = {.value = (double)NAN};
    if (is_of_program(v))
        return side_of(l, v.ref);
    if (v.count == 1 && v.type == TYPE_LITERAL && sn_lang_constant(l, v, &s.value) && l->type == IR_F32)
        s.value = (double)(float)s.value;
    return s;
}

static void limit_to(lowering *l, lang_value v, bool above, bool open, side other)
{
    const side of = side_of_value(l, v);
    note(l, of, above, open, other);
    const ir_op *op = is_of_program(v) ? &l->p->ops[plain(l, v.ref)] : NULL;
    if (op && op->code == IR_SUB && !other.name && other.value == 0) /* a difference has the right sign, however it is rounded */
        note(l, side_of(l, op->a), above, open, side_of(l, op->b));
}

void sn_lang_note_limit(lowering *l, lang_value v, bool above, bool open, lang_value limit)
{
    if (takes_notes(l))
        limit_to(l, v, above, open, side_of_value(l, limit));
}

void sn_lang_note_finite(lowering *l, lang_value v)
{
    if (!takes_notes(l))
        return;
    limit_to(l, v, true, true, (side){.value = -(double)INFINITY});
    limit_to(l, v, false, true, (side){.value = (double)INFINITY});
}

void sn_lang_note_whole(lowering *l, lang_value v)
{
    const side of = takes_notes(l) ? side_of_value(l, v) : (side){.value = 0};
    if (of.name)
        add(l, (lang_limit){.name = of.name, .value = -(double)INFINITY, .above = true, .whole = true});
}

static uint32_t count_of(const lang_sum *sum, const char *name)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < sum->count; k++)
        count += !strcmp(sum->names[k], name);
    return count;
}

/* In whatever order. */
static bool are_same(const lang_sum *a, const lang_sum *b)
{
    bool same = a->count == b->count && a->rest == b->rest;
    for (uint32_t k = 0; same && k < a->count; k++)
        same = count_of(a, a->names[k]) == count_of(b, a->names[k]);
    return same;
}

static void add_sum(lowering *l, const lang_sum *sum)
{
    lang_density *out = l->options->described;
    for (uint32_t k = 0; k < out->sum_count; k++)
        if (are_same(&out->sums[k], sum))
            return;
    if (out->sum_count == out->sum_room) {
        lang_sum *grown = sn_lang_more(l, out->sums, out->sum_count, &out->sum_room, sizeof *grown);
        if (!grown)
            return;
        out->sums = grown;
    }
    out->sums[out->sum_count++] = *sum;
}

void sn_lang_note_sum(lowering *l, lang_value v)
{
    if (!takes_notes(l))
        return;
    lang_sum sum = {.names = sn_arena_take(l->memory, (v.count + 1) * sizeof *sum.names)};
    if (!sum.names) {
        l->t->out_of_memory = true;
        return;
    }
    for (uint32_t k = 0; k < v.count; k++) {
        const side s = side_of_value(l, sn_lang_element(l, v, k));
        if (!is_known(s))
            return;
        if (s.name)
            sum.names[sum.count++] = s.name;
        else
            sum.rest += s.value;
    }
    if (sum.count > 0)
        add_sum(l, &sum);
}
