/* Where parameters are valid, and where a density is more than nothing.
 *
 * A parameter that breaks its constraint is NaN before anything is computed from it: p + (valid ? -0 : NaN) has the value of p
 * and the derivative 1. Of live parameters that is computed once, not for each element. Outside the support the density is
 * -inf, or NaN where a parameter is invalid: one choice at the end. Ends of the support that are infinite are tested but for those of `real` and
 * the upper one of `0..`, where the members say themselves what they are at infinity. */
#include "lang/supports.h"

#include "lang/kept_members.h"
#include "lang/parameter_limits.h"

#include <math.h>

/* ---- conditions ---- */

static lang_value compared(const lang_evaluation *e, unsigned token, lang_value a, lang_value b)
{
    return sn_lang_binary(e->l, e->node, token, a, b);
}

static lang_value number(const lang_evaluation *e, double value)
{
    return sn_lang_small(e->l, value, false);
}

/* Joined by && or ||, the first one perhaps absent. */
static lang_value joined(const lang_evaluation *e, unsigned token, lang_value a, lang_value b)
{
    return !a.count ? b : !b.count ? a : sn_lang_binary(e->l, e->node, token, a, b);
}

lang_value sn_lang_floor_of(const lang_evaluation *e, lang_value v)
{
    return sn_lang_apply(e->l, e->node, WORD_FLOOR, 0, &v, 1);
}

static bool is_infinite(const lang_evaluation *e, lang_value bound)
{
    double value;
    return sn_lang_constant(e->l, bound, &value) && isinf(value);
}

/* Element k of a bound, which may be a tuple as the parameter is. */
static lang_value bound(const lang_evaluation *e, uint32_t node, uint32_t k)
{
    const lang_value v = sn_lang_known(e->l, sn_lang_expression(e->l, node));
    return v.count > 1 && k < v.count ? sn_lang_element(e->l, v, k) : v;
}

/* What is_valid tests, told to whoever sets parameters. */
static void note_limits(lowering *l, const lang_constraint *c, lang_value v, uint32_t k, lang_value low, lang_value high)
{
    const lang_value zero = sn_lang_small(l, 0, false);
    switch (c->kind) {
    case CONSTRAINT_ABOVE:
    case CONSTRAINT_FROM: sn_lang_note_limit(l, v, true, c->kind == CONSTRAINT_ABOVE, low); break;
    case CONSTRAINT_BELOW:
    case CONSTRAINT_UP_TO: sn_lang_note_limit(l, v, false, c->kind == CONSTRAINT_BELOW, high); break;
    case CONSTRAINT_WITHIN:
        sn_lang_note_limit(l, v, true, false, low);
        sn_lang_note_limit(l, v, false, false, high);
        break;
    case CONSTRAINT_SIMPLEX:
        sn_lang_note_limit(l, v, true, false, zero);
        sn_lang_note_limit(l, v, false, false, sn_lang_small(l, 1, false));
        break;
    case CONSTRAINT_CHOLESKY:
        if (sn_lang_is_diagonal(k))
            sn_lang_note_limit(l, v, true, true, zero);
        break;
    default: break;
    }
    if (c->also != CONSTRAINT_REAL)
        sn_lang_note_limit(l, v, false, c->also == CONSTRAINT_BELOW, high);
    if (c->kind != CONSTRAINT_WITHIN || c->whole)
        sn_lang_note_finite(l, v);
    if (c->whole)
        sn_lang_note_whole(l, v);
}

/* The condition under which a number is valid; with a NaN it does not hold. */
static lang_value is_valid(const lang_evaluation *e, const lang_constraint *c, lang_value v, uint32_t k)
{
    const lang_value low = c->low ? bound(e, c->low, k) : number(e, -INFINITY), high = c->high ? bound(e, c->high, k) : number(e, INFINITY);
    lang_value ok;
    if (e->l->notes_limits)
        note_limits(e->l, c, v, k, low, high);
    switch (c->kind) {
    case CONSTRAINT_ABOVE: ok = compared(e, TOKEN_GT, v, low); break;
    case CONSTRAINT_FROM: ok = compared(e, TOKEN_GE, v, low); break;
    case CONSTRAINT_BELOW: ok = compared(e, TOKEN_LT, v, high); break;
    case CONSTRAINT_UP_TO: ok = compared(e, TOKEN_LE, v, high); break;
    case CONSTRAINT_WITHIN:
        ok = joined(e, TOKEN_AND, compared(e, TOKEN_GE, v, low), compared(e, TOKEN_LE, v, high));
        break;
    case CONSTRAINT_SIMPLEX: ok = compared(e, TOKEN_GE, v, number(e, 0)); break;
    case CONSTRAINT_CHOLESKY: ok = sn_lang_is_diagonal(k) ? compared(e, TOKEN_GT, v, number(e, 0)) : (lang_value){.count = 0}; break;
    default: ok = (lang_value){.count = 0};
    }
    if (c->also != CONSTRAINT_REAL)
        ok = joined(e, TOKEN_AND, ok, compared(e, c->also == CONSTRAINT_BELOW ? TOKEN_LT : TOKEN_LE, v, high));
    if (c->kind == CONSTRAINT_BELOW || c->kind == CONSTRAINT_UP_TO)
        ok = joined(e, TOKEN_AND, ok, compared(e, TOKEN_GT, v, number(e, -INFINITY)));
    else if (c->kind == CONSTRAINT_ABOVE || c->kind == CONSTRAINT_FROM)
        ok = joined(e, TOKEN_AND, ok, compared(e, TOKEN_LT, v, number(e, INFINITY)));
    else if (c->kind == CONSTRAINT_REAL || c->kind == CONSTRAINT_CHOLESKY || (c->whole && (is_infinite(e, low) || is_infinite(e, high))))
        ok = joined(e, TOKEN_AND, ok, compared(e, TOKEN_LT, sn_lang_apply(e->l, e->node, WORD_ABS, 0, &v, 1), number(e, INFINITY)));
    if (c->whole)
        ok = joined(e, TOKEN_AND, ok, compared(e, TOKEN_EQ, v, sn_lang_floor_of(e, v)));
    return ok;
}

static double parameter_margin(const lowering *l)
{
    return sn_lang_simplex_margin(l->options->narrow || l->options->type == IR_F32);
}

/* As f64, in which whoever looks at parameters beforehand adds, too. */
static lang_value wide(const lang_evaluation *e, lang_value v)
{
    return v.type == IR_F32 ? sn_lang_to(e->l, e->node, v, IR_F64) : v;
}

/* How far the elements together are from 1, compared by the token with the margin. */
static lang_value off_simplex(const lang_evaluation *e, unsigned token, lang_value v, double margin)
{
    lang_value sum = wide(e, sn_lang_element(e->l, v, 0));
    for (uint32_t k = 1; k < v.count; k++)
        sum = sn_lang_binary(e->l, e->node, TOKEN_PLUS, sum, wide(e, sn_lang_element(e->l, v, k)));
    const lang_value off = sn_lang_binary(e->l, e->node, TOKEN_MINUS, sum, number(e, 1));
    return compared(e, token, sn_lang_apply(e->l, e->node, WORD_ABS, 0, &off, 1), number(e, margin));
}

/* ---- parameters ---- */

static lang_value poisoned(lang_evaluation *e, lang_value v, lang_value ok)
{
    if (v.type == TYPE_UNKNOWN || v.type == TYPE_WRONG)
        return v;
    lowering *l = e->l;
    const lang_value zero = sn_lang_to(l, e->node, number(e, -0.0), v.type), none = sn_lang_to(l, e->node, number(e, NAN), v.type);
    return sn_lang_binary(l, e->node, TOKEN_PLUS, v, sn_lang_choose(l, e->node, ok, zero, none));
}

static lang_value checked(lang_evaluation *e, const lang_constraint *c, lang_value v, uint32_t k, lang_value whole)
{
    v = sn_lang_number(e->l, e->node, v);
    if (v.type == IR_I32)
        v = sn_lang_to(e->l, e->node, v, IR_F64);
    const lang_value ok = joined(e, TOKEN_AND, is_valid(e, c, v, k), whole);
    e->valid = joined(e, TOKEN_AND, e->valid, ok);
    return poisoned(e, v, ok);
}

lang_value sn_lang_check_parameter(lang_evaluation *e, const lang_constraint *c, lang_value v)
{
    lang_value whole = {.count = 0};
    if (c->kind == CONSTRAINT_SIMPLEX && v.type != TYPE_UNKNOWN) {
        sn_lang_note_sum(e->l, v);
        whole = off_simplex(e, TOKEN_LE, v, parameter_margin(e->l));
    }
    if (v.type != TYPE_TUPLE)
        return checked(e, c, v, 0, whole);
    const uint32_t place = sn_lang_pool(e->l, v.count);
    for (uint32_t k = 0; place && k < v.count; k++) {
        const lang_value element = checked(e, c, sn_lang_element(e->l, v, k), k, whole);
        e->l->pool[place + k] = element;
    }
    v.ref = place;
    return place ? v : sn_lang_wrong();
}

/* ---- support ---- */

typedef struct outside {
    lang_value below, above; /* conditions; count 0: never */
    lang_value between;      /* of integers: no whole number */
} outside;

/* `tails`: both ends count, also of the real line. With a NaN nothing holds: what is computed from it is NaN itself. */
static outside find_outside(const lang_evaluation *e, const lang_constraint *c, lang_value x, bool tails)
{
    outside o = {.below = {.count = 0}};
    const lang_value none = number(e, -INFINITY), all = number(e, INFINITY);
    if (c->kind == CONSTRAINT_SIMPLEX)
        return o;
    if (c->kind == CONSTRAINT_REAL && !c->whole && !tails)
        return o;
    const lang_value low = c->low ? bound(e, c->low, 0) : none, high = c->high ? bound(e, c->high, 0) : all;
    o.below = compared(e, is_infinite(e, low) ? TOKEN_LE : TOKEN_LT, x, low);
    if (c->high || c->kind != CONSTRAINT_WITHIN || tails)
        o.above = compared(e, is_infinite(e, high) ? TOKEN_GE : TOKEN_GT, x, high);
    if (c->whole)
        o.between = compared(e, TOKEN_GT, x, sn_lang_floor_of(e, x));
    return o;
}

/* The value there, NaN where a parameter is invalid. */
static lang_value elsewhere(const lang_evaluation *e, double value, unsigned type)
{
    lowering *l = e->l;
    if (type == TYPE_UNKNOWN || type == TYPE_WRONG)
        return sn_lang_scalar(0, type);
    if (e->outside.count && e->outside.type == type && isinf(value) && value < 0)
        return e->outside;
    const lang_value there = sn_lang_to(l, e->node, number(e, value), type);
    return e->valid.count ? sn_lang_choose(l, e->node, e->valid, there, sn_lang_to(l, e->node, number(e, NAN), type)) : there;
}

static lang_value chosen(const lang_evaluation *e, lang_value condition, double value, lang_value v)
{
    return condition.count ? sn_lang_choose(e->l, e->node, condition, elsewhere(e, value, v.type), v) : v;
}

/* With a NaN among them they are nowhere. */
static lang_value simplex_outside(const lang_evaluation *e, lang_value x)
{
    lang_value out = off_simplex(e, TOKEN_GT, x, LANG_SIMPLEX_MARGIN), are_numbers = {.count = 0};
    for (uint32_t k = 0; k < x.count; k++) {
        const lang_value element = sn_lang_element(e->l, x, k);
        out = joined(e, TOKEN_OR, out, compared(e, TOKEN_LT, element, number(e, 0)));
        are_numbers = joined(e, TOKEN_AND, are_numbers, compared(e, TOKEN_EQ, element, element));
    }
    return joined(e, TOKEN_AND, out, are_numbers);
}

enum { NAN_STEPS = 256 }; /* looked at at most: what is not found is seen to by a choice */

static bool passes_nan(const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    return info->rule == IR_RULE_FLOAT || ((info->rule == IR_RULE_NUMBER || info->rule == IR_RULE_CONVERT) && op->type != IR_I32);
}

typedef struct nan_search {
    const ir_program *p;
    ir_ref from;
    unsigned steps;
    ir_ref vain[2 * NAN_STEPS]; /* a table of those that have been looked at and do not carry one; 0: free */
} nan_search;

static bool carries_nan(nan_search *s, ir_ref to);

/* Where the table has the operation, or would have it. As many are looked at as half of it has room for. */
static ir_ref *place_of(nan_search *s, ir_ref r)
{
    uint32_t at = r * 2654435761u >> 23; /* Fibonacci hashing (D. Knuth, The Art of Computer Programming 3, 6.4) */
    while (s->vain[at] && s->vain[at] != r)
        at = (at + 1) % (2 * NAN_STEPS);
    return &s->vain[at];
}

/* Of a comparison with NaN it is known what it is; otherwise both sides have to. */
static bool choice_carries_nan(nan_search *s, const ir_op *op)
{
    const ir_op *mask = &s->p->ops[op->a];
    if (sn_ir_info[mask->code].rule == IR_RULE_COMPARE && s->p->ops[mask->a].type != IR_I32
        && (carries_nan(s, mask->a) || carries_nan(s, mask->b)))
        return carries_nan(s, mask->code == IR_NE ? op->b : op->c);
    return carries_nan(s, op->b) && carries_nan(s, op->c);
}

/* Does a NaN make one of the operation, whatever else is computed? It does not where it decides a choice alone. */
static bool operation_carries_nan(nan_search *s, const ir_op *op)
{
    const unsigned operands = op->code == IR_COPYSIGN ? 1 : sn_ir_info[op->code].operands;
    if (sn_ir_info[op->code].rule == IR_RULE_CHOOSE)
        return choice_carries_nan(s, op);
    if (op->code == IR_MIN || op->code == IR_MAX)
        return carries_nan(s, op->b); /* which it is where they do not compare */
    if (op->code == IR_POW || op->code == IR_HYPOT)
        return carries_nan(s, op->a) && carries_nan(s, op->b);
    for (unsigned k = 0; k < operands && passes_nan(op); k++)
        if (carries_nan(s, sn_ir_operand(op, k)))
            return true;
    return false;
}

static bool carries_nan(nan_search *s, ir_ref to)
{
    if (to <= s->from)
        return to == s->from;
    if (*place_of(s, to) || s->steps == 0)
        return false;
    s->steps--;
    const bool carries = operation_carries_nan(s, &s->p->ops[to]);
    if (!carries)
        *place_of(s, to) = to;
    return carries;
}

bool sn_lang_carries_nan(const ir_program *p, ir_ref from, ir_ref to)
{
    nan_search s = {.p = p, .from = from, .steps = NAN_STEPS};
    return carries_nan(&s, to);
}

static bool all_carry_nan(const lowering *l, lang_value from, ir_ref to)
{
    for (uint32_t k = 0; k < from.count; k++) {
        const lang_value element = sn_lang_element(l, from, k);
        if (element.type != TYPE_LITERAL && element.type != IR_I32 && !sn_lang_carries_nan(l->p, element.ref, to))
            return false;
    }
    return true;
}

/* NaN where x or a parameter is one, if the value's own computation does not see to it. */
lang_value sn_lang_with_nans(const lang_evaluation *e, lang_value x, lang_value v)
{
    lowering *l = e->l;
    if (l->dry || v.type == TYPE_WRONG || v.type == TYPE_TUPLE)
        return v;
    v = sn_lang_number(l, e->node, v);
    const ir_ref computed = v.ref;
    bool carried = !l->options->drops;
    for (uint32_t k = 0; k < e->count; k++)
        carried &= e->kept ? e->carries >> k & 1 : all_carry_nan(l, e->parameters[k], computed);
    const lang_value none = sn_lang_to(l, e->node, number(e, NAN), v.type);
    if (!carried && e->valid.count)
        v = sn_lang_choose(l, e->node, e->valid, v, none);
    for (uint32_t k = 0; k < x.count; k++) {
        const lang_value element = sn_lang_element(l, x, k);
        if (l->options->drops || !(e->kept ? e->carries >> e->count & 1 : all_carry_nan(l, element, computed)))
            v = sn_lang_choose(l, e->node, compared(e, TOKEN_EQ, element, element), v, none);
    }
    return v;
}

/* `derived`: of what is put together from eta and T nobody has seen to what it is at infinity. */
lang_value sn_lang_density_within(const lang_evaluation *e, const lang_constraint *c, lang_value x, lang_value v, bool derived)
{
    lang_value out = {.count = 0};
    if (c->kind == CONSTRAINT_SIMPLEX && x.count > 1)
        out = simplex_outside(e, x);
    for (uint32_t k = 0; k < x.count && x.type != TYPE_UNKNOWN; k++) {
        const outside o = find_outside(e, c, sn_lang_element(e->l, x, k), derived);
        out = joined(e, TOKEN_OR, out, joined(e, TOKEN_OR, joined(e, TOKEN_OR, o.below, o.above), o.between));
    }
    return chosen(e, out, -INFINITY, sn_lang_number(e->l, e->node, v));
}

lang_value sn_lang_tail_within(const lang_evaluation *e, const lang_constraint *c, lang_value x, lang_value v, bool survival)
{
    const outside o = find_outside(e, c, x, true);
    v = chosen(e, o.below, survival ? 0 : -INFINITY, sn_lang_number(e->l, e->node, v));
    return chosen(e, o.above, survival ? -INFINITY : 0, v);
}

lang_value sn_lang_checked_simplex(lowering *l, uint32_t node, lang_value v)
{
    lang_evaluation e = {.l = l, .node = node};
    const lang_constraint simplex = {.kind = CONSTRAINT_SIMPLEX};
    return sn_lang_check_parameter(&e, &simplex, v);
}
