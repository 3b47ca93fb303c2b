/* Distributions made of others.
 *
 * Each combination says its log-density in terms of what its parts say; those that carry cumulative functions through say these too. Sums of densities are
 * taken by log-sum-exp, differences of cumulative functions in the tail where nothing cancels. Its numbers, like the weights of a mixture, are
 * expressions like any other: they stay constants where they are constants. One that is not valid makes the density NaN. */
#include "lang/distributions.h"
#include "lang/parameter_limits.h"
#include "lang/supports.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct combination {
    const char *name, *form;
    uint8_t kind, least, most; /* arguments */
    uint8_t numbers; /* a bit for each argument that is a number and no distribution */
    bool carries_tails;
} combination;

static const combination combinations[] = {
    {"mixture", "mixture((w1, w2, ...), D1, D2, ...)", DISTRIBUTION_MIXTURE, 2, LANG_MAX_TUPLE, 1, true},
    {"truncated", "truncated(D, lower, upper)", DISTRIBUTION_TRUNCATED, 3, 3, 6, true},
    {"censored", "censored(D, lower, upper)", DISTRIBUTION_CENSORED, 3, 3, 6, true},
    {"affine", "affine(D, location, scale)", DISTRIBUTION_AFFINE, 3, 3, 6, true},
    {"exp_of", "exp_of(D)", DISTRIBUTION_EXP_OF, 1, 1, 0, true},
    {"log_of", "log_of(D)", DISTRIBUTION_LOG_OF, 1, 1, 0, true},
    {"product", "product(D1, D2, ...)", DISTRIBUTION_PRODUCT, 1, LANG_MAX_TUPLE, 0, false},
    {"iid", "iid(D, n)", DISTRIBUTION_IID, 2, 2, 2, false},
    {"weighted", "weighted(D, w)", DISTRIBUTION_WEIGHTED, 2, 2, 2, false},
    {"wrt", "wrt(D, base)", DISTRIBUTION_WRT, 2, 2, 0, false},
};

static const combination *find(const lang_tree *t, uint32_t symbol)
{
    const lang_symbol *s = &t->symbols[symbol];
    for (size_t k = 0; k < sizeof combinations / sizeof *combinations; k++)
        if (strlen(combinations[k].name) == s->length && !memcmp(combinations[k].name, sn_lang_symbol_text(t, symbol), s->length))
            return &combinations[k];
    return NULL;
}

static const combination *of_kind(unsigned kind)
{
    const combination *c = combinations;
    while (c->kind != kind)
        c++;
    return c;
}

bool sn_lang_find_combination(const lang_tree *t, uint32_t symbol)
{
    return find(t, symbol) != NULL;
}

void sn_lang_offer_combinations(lang_nearest *nearest)
{
    for (size_t k = 0; k < sizeof combinations / sizeof *combinations; k++)
        sn_lang_offer(nearest, combinations[k].name, strlen(combinations[k].name));
}

/* ---- parts ---- */

static uint32_t elements(uint32_t width)
{
    return width ? width : 1;
}

static bool take_number(lowering *l, const combination *c, lang_distribution *d, uint32_t argument)
{
    const lang_value v = sn_lang_expression(l, argument);
    if (v.type == TYPE_WRONG)
        return false;
    if (v.count > 1 && c->kind != DISTRIBUTION_MIXTURE) {
        sn_lang_complain(l, argument, c->form, "one number is wanted here, and this has %u elements", v.count);
        return false;
    }
    l->pool[d->values + d->count++] = v;
    return true;
}

static bool take_part(lowering *l, const combination *c, lang_distribution *d, uint32_t argument, bool live, uint32_t *last)
{
    const uint32_t part = sn_lang_distribution(l, argument, LANG_LOG_DENSITY, live);
    if (!part)
        return false;
    const uint32_t width = l->distributions[part].width;
    if (!d->first) {
        d->first = part;
        d->width = width;
        d->whole = l->distributions[part].whole;
    } else {
        l->distributions[*last].next = part;
        if (c->kind == DISTRIBUTION_PRODUCT) {
            d->width = elements(d->width) + elements(width);
        } else if (elements(width) != elements(d->width)) {
            sn_lang_complain(l, argument, c->form, "this is a distribution of %u element%s, the one before of %u", elements(width),
                             elements(width) == 1 ? "" : "s", elements(d->width));
            return false;
        }
    }
    *last = part;
    return true;
}

/* Weights that are constants. */
static bool are_weights(lowering *l, const combination *c, const lang_distribution *d, lang_value v)
{
    double weight, sum = 0;
    for (uint32_t k = 0; k < v.count; k++, sum += weight) {
        if (v.type == TYPE_UNKNOWN || !sn_lang_constant(l, sn_lang_element(l, v, k), &weight))
            return true;
        if (!(weight >= 0)) {
            sn_lang_complain(l, d->node, c->form, "a weight is %.17g, and must not be below 0", weight);
            return false;
        }
    }
    if (fabs(sum - 1) <= sn_lang_simplex_margin(l->options->narrow || l->options->type == IR_F32))
        return true;
    sn_lang_complain(l, d->node, c->form, "the weights add up to %.17g, and must to 1", sum);
    return false;
}

/* Constants among a combination's numbers that make each row NaN are errors of the text, where it is one of a density. */
static bool are_possible(lowering *l, const combination *c, const lang_distribution *d)
{
    const lang_value *v = &l->pool[d->values];
    const bool bounded = c->kind == DISTRIBUTION_TRUNCATED || c->kind == DISTRIBUTION_CENSORED;
    double a, b;
    if (!l->options->density)
        return true;
    if (c->kind == DISTRIBUTION_MIXTURE)
        return are_weights(l, c, d, *v);
    if (c->kind == DISTRIBUTION_AFFINE && sn_lang_constant(l, v[1], &b) && !(b > 0 && b < (double)INFINITY)) {
        sn_lang_complain(l, d->node, c->form, "the scale is %.17g, and must be finite and above 0", b);
        return false;
    }
    if (bounded && sn_lang_constant(l, v[0], &a) && sn_lang_constant(l, v[1], &b) && !(a < b || (a == b && d->whole && c->kind == DISTRIBUTION_TRUNCATED))) {
        sn_lang_complain(l, d->node, c->form, "the lower bound is %.17g, and must be below the upper one, %.17g", a, b);
        return false;
    }
    return true;
}

/* What must hold of all arguments together. */
static bool agrees(lowering *l, const combination *c, lang_distribution *d, uint32_t parts)
{
    if (c->kind == DISTRIBUTION_MIXTURE && l->pool[d->values].count != parts && l->pool[d->values].type != TYPE_UNKNOWN) {
        sn_lang_complain(l, d->node, c->form, "%u weight%s for %u distribution%s", l->pool[d->values].count,
                         l->pool[d->values].count == 1 ? "" : "s", parts, parts == 1 ? "" : "s");
        return false;
    }
    const bool of_numbers = c->kind >= DISTRIBUTION_TRUNCATED && c->kind <= DISTRIBUTION_LOG_OF;
    if (of_numbers && d->width > 1) {
        sn_lang_complain(l, d->node, c->form, "%s is of distributions of one number, and this one's has %u elements", c->name, d->width);
        return false;
    }
    if (c->kind == DISTRIBUTION_IID) {
        double n = 0;
        if (!sn_lang_constant(l, l->pool[d->values], &n) || !(n >= 1 && n * elements(d->width) <= LANG_MAX_TUPLE && n == floor(n))) {
            sn_lang_complain(l, d->node, c->form, "the number of draws is a constant and whole, and at most %d elements result", LANG_MAX_TUPLE);
            return false;
        }
        d->count = (uint32_t)n;
        d->width = d->count * elements(d->width);
    }
    if (d->width > LANG_MAX_TUPLE) {
        sn_lang_complain(l, d->node, c->form, "a tuple has at most %d elements", LANG_MAX_TUPLE);
        return false;
    }
    return are_possible(l, c, d);
}

static void wrong_count(lowering *l, uint32_t node, const combination *c, uint32_t given)
{
    if (c->least == c->most)
        sn_lang_complain(l, node, c->form, "'%s' takes %u argument%s, not %u", c->name, c->most, c->most == 1 ? "" : "s", given);
    else
        sn_lang_complain(l, node, c->form, "'%s' takes %u to %u arguments, not %u", c->name, c->least, c->most, given);
}

/* The text's density is no family any more, but of its last part that has been said. */
static void describe_whole(lowering *l, const lang_distribution *d)
{
    lang_density *out = l->options->described;
    out->family = out->prior = NULL;
    out->members = 1u << LANG_LOG_DENSITY;
    out->width = d->width ? d->width : 1;
}

uint32_t sn_lang_combination(lowering *l, uint32_t node, bool live)
{
    const lang_node n = l->t->nodes[node];
    const combination *c = find(l->t, n.a);
    const uint32_t given = l->t->lists[n.b];
    uint32_t last = 0, parts = 0;
    if (given < c->least || given > c->most) {
        wrong_count(l, node, c, given);
        return 0;
    }
    if (l->depth >= LANG_MAX_DEPTH) {
        sn_lang_too_large(l, n.at, "this is too deeply nested");
        return 0;
    }
    lang_distribution d = {.kind = c->kind, .node = node, .values = sn_lang_pool(l, 2)};
    l->depth++;
    bool good = d.values != 0;
    for (uint32_t k = 0; k < given && good; k++) {
        const uint32_t argument = l->t->lists[n.b + 2 + k];
        if (l->t->nodes[argument].kind == NODE_NAMED) {
            sn_lang_complain(l, argument, c->form, "the arguments of '%s' have no names", c->name);
            good = false;
        } else if (k < 8 && c->numbers >> k & 1) {
            good = take_number(l, c, &d, argument);
        } else {
            good = take_part(l, c, &d, argument, live, &last);
            parts++;
        }
    }
    l->depth--;
    if (!good || !agrees(l, c, &d, parts))
        return 0;
    if (live && l->options->described && !l->dry && l->frame == 0)
        describe_whole(l, &d);
    return sn_lang_add_distribution(l, &d);
}

/* ---- numbers ---- */

/* What is computed with, at one node. */
typedef struct place {
    lowering *l;
    uint32_t node;
} place;

static lang_value small(place p, double value)
{
    return sn_lang_small(p.l, value, false);
}

static lang_value two(place p, unsigned token, lang_value a, lang_value b)
{
    return sn_lang_binary(p.l, p.node, token, a, b);
}

static lang_value call(place p, unsigned word, lang_value v)
{
    return sn_lang_apply(p.l, p.node, word, 0, &v, 1);
}

static lang_value choose(place p, lang_value c, lang_value a, lang_value b)
{
    return sn_lang_choose(p.l, p.node, c, a, b);
}

static lang_value greater(place p, lang_value a, lang_value b)
{
    const lang_value both[2] = {a, b};
    return sn_lang_apply(p.l, p.node, WORD_MAX, 0, both, 2);
}

/* The value where the condition holds, else NaN: −0 and NaN are added, so that derivatives pass. */
static lang_value valid(place p, lang_value condition, lang_value v)
{
    return two(p, TOKEN_PLUS, v, choose(p, condition, small(p, -0.0), small(p, NAN)));
}

/* log(1 − exp(a)) of a ≤ 0 (Mächler, Accurately computing log(1 − exp(−|a|)), 2012). */
static lang_value log_rest(place p, lang_value a)
{
    const lang_value near = call(p, WORD_LOG, sn_lang_negate(p.l, p.node, call(p, WORD_EXPM1, a)));
    const lang_value far = call(p, WORD_LOG1P, sn_lang_negate(p.l, p.node, call(p, WORD_EXP, a)));
    return choose(p, two(p, TOKEN_GT, a, small(p, -0.6931471805599453)), near, far);
}

/* ---- each combination ---- */

/* log Σ w exp(l). Where the greatest term is infinite it is not subtracted. */
static lang_value mixture(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    lang_value terms[LANG_MAX_TUPLE], greatest = {.count = 0};
    const lang_value weights = sn_lang_checked_simplex(p.l, p.node, p.l->pool[d->values]);
    uint32_t count = 0;
    if (weights.type == TYPE_WRONG)
        return weights;
    for (uint32_t part = d->first; part; part = p.l->distributions[part].next, count++) {
        const lang_value log_weight = call(p, WORD_LOG, sn_lang_element(p.l, weights, count));
        terms[count] = two(p, TOKEN_PLUS, log_weight, sn_lang_quantity(p.l, part, quantity, x));
        greatest = count ? greater(p, greatest, terms[count]) : terms[count];
    }
    const lang_value bounded = two(p, TOKEN_LT, call(p, WORD_ABS, greatest), small(p, INFINITY));
    const lang_value shift = choose(p, bounded, greatest, small(p, 0));
    lang_value sum = {.count = 0};
    for (uint32_t k = 0; k < count; k++) {
        const lang_value share = call(p, WORD_EXP, two(p, TOKEN_MINUS, terms[k], shift));
        sum = k ? two(p, TOKEN_PLUS, sum, share) : share;
    }
    return two(p, TOKEN_PLUS, shift, call(p, WORD_LOG, sum));
}

/* What lies at or above a point, for differences of cumulative functions: of integers the point before it. */
static lang_value below(place p, const lang_distribution *d, lang_value v)
{
    return d->whole ? two(p, TOKEN_MINUS, call(p, WORD_CEIL, v), small(p, 1)) : v;
}

/* The logarithm of the share above `from` and up to `to`, by the cumulative function or the survival function: the one that is small there. */
static lang_value log_share(place p, const lang_distribution *d, lang_value from, lang_value to)
{
    lowering *l = p.l;
    const lang_value cdf_from = sn_lang_quantity(l, d->first, LANG_LOG_CDF, from), cdf_to = sn_lang_quantity(l, d->first, LANG_LOG_CDF, to);
    const lang_value above_from = sn_lang_quantity(l, d->first, LANG_LOG_SURVIVAL, from);
    const lang_value above_to = sn_lang_quantity(l, d->first, LANG_LOG_SURVIVAL, to);
    const lang_value left = two(p, TOKEN_PLUS, cdf_to, log_rest(p, two(p, TOKEN_MINUS, cdf_from, cdf_to)));
    const lang_value right = two(p, TOKEN_PLUS, above_from, log_rest(p, two(p, TOKEN_MINUS, above_to, above_from)));
    return choose(p, two(p, TOKEN_GT, cdf_from, small(p, -0.6931471805599453)), right, left);
}

/* -inf outside of the bounds, or NaN where `known` is one: where a parameter is invalid. */
static lang_value between(place p, lang_value x, lang_value lower, lang_value upper, lang_value known, lang_value v)
{
    const lang_value out = two(p, TOKEN_OR, two(p, TOKEN_LT, x, lower), two(p, TOKEN_GT, x, upper));
    return choose(p, out, choose(p, two(p, TOKEN_EQ, known, known), small(p, -INFINITY), small(p, NAN)), v);
}

static bool is_tail(lang_member quantity)
{
    return quantity == LANG_LOG_CDF || quantity == LANG_LOG_SURVIVAL;
}

/* The share above x, or up to x, of that between the bounds; x within them. Beyond a half it is 1 less the other. */
static lang_value truncated_tail(place p, const lang_distribution *d, lang_member quantity, lang_value x, lang_value from, lang_value upper, lang_value share)
{
    const bool survival = quantity == LANG_LOG_SURVIVAL;
    const lang_value low = two(p, TOKEN_MINUS, log_share(p, d, from, x), share), high = two(p, TOKEN_MINUS, log_share(p, d, x, upper), share);
    const lang_value half = small(p, -0.6931471805599453);
    return survival ? choose(p, two(p, TOKEN_GT, high, half), log_rest(p, low), high) : choose(p, two(p, TOKEN_GT, low, half), log_rest(p, high), low);
}

/* -inf and 0 beyond the bounds, one to each side, or NaN where `known` is one. */
static lang_value tail_between(place p, lang_member quantity, lang_value below_lower, lang_value from_upper, lang_value known, lang_value v)
{
    const bool survival = quantity == LANG_LOG_SURVIVAL;
    v = choose(p, below_lower, small(p, survival ? 0 : -INFINITY), v);
    v = choose(p, from_upper, small(p, survival ? -INFINITY : 0), v);
    return choose(p, two(p, TOKEN_EQ, known, known), v, small(p, NAN));
}

static lang_value truncated(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    const lang_value lower = p.l->pool[d->values], upper = p.l->pool[d->values + 1], from = below(p, d, lower);
    const lang_value share = log_share(p, d, from, upper);
    lang_value v;
    if (is_tail(quantity)) {
        v = truncated_tail(p, d, quantity, x, from, upper, share);
        v = tail_between(p, quantity, two(p, TOKEN_LT, x, lower), two(p, TOKEN_GE, x, upper), share, v);
    } else {
        v = between(p, x, lower, upper, share, two(p, TOKEN_MINUS, sn_lang_quantity(p.l, d->first, LANG_LOG_DENSITY, x), share));
    }
    sn_lang_note_limit(p.l, upper, true, !d->whole, lower);
    return valid(p, two(p, d->whole ? TOKEN_LE : TOKEN_LT, lower, upper), v);
}

/* What was below `lower` is recorded as `lower`, what was above `upper` as `upper`. */
static lang_value censored(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    const lang_value lower = p.l->pool[d->values], upper = p.l->pool[d->values + 1];
    const lang_value left = sn_lang_quantity(p.l, d->first, LANG_LOG_CDF, lower);
    const lang_value right = sn_lang_quantity(p.l, d->first, LANG_LOG_SURVIVAL, below(p, d, upper));
    lang_value v = sn_lang_quantity(p.l, d->first, quantity, x);
    if (is_tail(quantity)) {
        v = tail_between(p, quantity, two(p, TOKEN_LT, x, lower), two(p, TOKEN_GE, x, upper), v, v);
    } else {
        v = choose(p, two(p, TOKEN_LE, x, lower), left, choose(p, two(p, TOKEN_GE, x, upper), right, v));
        v = between(p, x, lower, upper, left, v);
    }
    sn_lang_note_limit(p.l, upper, true, true, lower);
    return valid(p, two(p, TOKEN_LT, lower, upper), v);
}

/* location + scale·X, scale above 0 */
static lang_value affine(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    const lang_value location = p.l->pool[d->values], scale = p.l->pool[d->values + 1];
    const lang_value inner = two(p, TOKEN_SLASH, two(p, TOKEN_MINUS, x, location), scale);
    lang_value v = sn_lang_quantity(p.l, d->first, quantity, inner);
    if (!is_tail(quantity))
        v = two(p, TOKEN_MINUS, v, call(p, WORD_LOG, scale));
    const lang_value is_scale = two(p, TOKEN_AND, two(p, TOKEN_GT, scale, small(p, 0)), two(p, TOKEN_LT, scale, small(p, INFINITY)));
    sn_lang_note_limit(p.l, scale, true, true, small(p, 0));
    sn_lang_note_finite(p.l, scale);
    return valid(p, is_scale, v);
}

/* exp(X), on the numbers above 0: at 0 and below it is what X is at -inf, which is NaN where a parameter is invalid. */
static lang_value exp_of(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    const lang_value none = two(p, TOKEN_LE, x, small(p, 0)), log_x = choose(p, none, small(p, -INFINITY), call(p, WORD_LOG, x));
    const lang_value v = sn_lang_quantity(p.l, d->first, quantity, log_x);
    return is_tail(quantity) ? v : choose(p, none, v, two(p, TOKEN_MINUS, v, log_x));
}

/* log X of an X above 0 */
static lang_value log_of(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    const lang_value v = sn_lang_quantity(p.l, d->first, quantity, call(p, WORD_EXP, x));
    if (is_tail(quantity))
        return v;
    const lang_value far = two(p, TOKEN_EQ, v, small(p, -INFINITY)); /* beside which x is nothing */
    return choose(p, far, v, two(p, TOKEN_PLUS, v, x));
}

static lang_value slice(place p, lang_value x, uint32_t from, uint32_t width)
{
    if (!width || x.type == TYPE_UNKNOWN)
        return sn_lang_element(p.l, x, from);
    return (lang_value){.ref = x.ref + from, .count = (uint16_t)width, .type = TYPE_TUPLE};
}

static lang_value joint(place p, const lang_distribution *d, lang_value x)
{
    lang_value sum = {.count = 0};
    uint32_t at = 0;
    const uint32_t copies = d->kind == DISTRIBUTION_IID ? d->count : 1;
    for (uint32_t k = 0; k < copies; k++)
        for (uint32_t part = d->first; part; part = p.l->distributions[part].next) {
            const uint32_t width = p.l->distributions[part].width;
            const lang_value v = sn_lang_quantity(p.l, part, LANG_LOG_DENSITY, slice(p, x, at, width));
            sum = sum.count ? two(p, TOKEN_PLUS, sum, v) : v;
            at += elements(width);
        }
    return sum;
}

/* A weight of 0 leaves nothing, whatever the density. */
static lang_value weighted(place p, const lang_distribution *d, lang_value x)
{
    const lang_value w = p.l->pool[d->values], v = sn_lang_quantity(p.l, d->first, LANG_LOG_DENSITY, x);
    const lang_value nothing = two(p, TOKEN_AND, two(p, TOKEN_EQ, w, small(p, 0)), two(p, TOKEN_EQ, v, v));
    return choose(p, nothing, small(p, 0), two(p, TOKEN_STAR, w, v));
}

static lang_value relative(place p, const lang_distribution *d, lang_value x)
{
    const uint32_t base = p.l->distributions[d->first].next;
    const lang_value v = sn_lang_quantity(p.l, d->first, LANG_LOG_DENSITY, x), of_base = sn_lang_quantity(p.l, base, LANG_LOG_DENSITY, x);
    const lang_value nowhere = two(p, TOKEN_AND, two(p, TOKEN_EQ, v, small(p, -INFINITY)), two(p, TOKEN_EQ, of_base, of_base));
    return choose(p, nowhere, small(p, -INFINITY), two(p, TOKEN_MINUS, v, of_base));
}

static lang_value combine(place p, const lang_distribution *d, lang_member quantity, lang_value x)
{
    switch ((distribution_kind)d->kind) {
    case DISTRIBUTION_FAMILY: break;
    case DISTRIBUTION_MIXTURE: return mixture(p, d, quantity, x);
    case DISTRIBUTION_TRUNCATED: return truncated(p, d, quantity, x);
    case DISTRIBUTION_CENSORED: return censored(p, d, quantity, x);
    case DISTRIBUTION_AFFINE: return affine(p, d, quantity, x);
    case DISTRIBUTION_EXP_OF: return exp_of(p, d, quantity, x);
    case DISTRIBUTION_LOG_OF: return log_of(p, d, quantity, x);
    case DISTRIBUTION_PRODUCT:
    case DISTRIBUTION_IID: return joint(p, d, x);
    case DISTRIBUTION_WEIGHTED: return weighted(p, d, x);
    case DISTRIBUTION_WRT: return relative(p, d, x);
    }
    return sn_lang_wrong();
}

lang_value sn_lang_combined_quantity(lowering *l, uint32_t distribution, lang_member quantity, lang_value given)
{
    const lang_distribution d = l->distributions[distribution];
    const combination *c = of_kind(d.kind);
    const place p = {l, d.node};
    if (quantity != LANG_LOG_DENSITY && !(c->carries_tails && is_tail(quantity))) {
        sn_lang_complain(l, d.node, c->form, "'%s' has no %s", c->name, sn_lang_quantity_names[quantity]);
        return sn_lang_wrong();
    }
    if (given.type == TYPE_WRONG)
        return given;
    if (given.count != elements(d.width) && given.type != TYPE_UNKNOWN) {
        sn_lang_complain(l, d.node, NULL, "x has %u element%s here, and is given %u", elements(d.width), elements(d.width) == 1 ? "" : "s", given.count);
        return sn_lang_wrong();
    }
    return combine(p, &d, quantity, given.type == TYPE_LITERAL || given.type == IR_MASK ? sn_lang_number(l, d.node, given) : given);
}
