/* What sums need not add.
 *
 * Purpose: of a term g·b + o with g and o that are the same for all rows, only b has to be computed and added by row: Σ = g·Σb + n·o. The sum of a normal
 * log-density becomes that of (x − mu)², two operations a row; so do the sums of its derivatives. A product b·b' is added unrounded, and factors of
 * b and b' leave it too.
 *
 * What could go wrong is looked at when the sum is there, and then it is computed by the rows' own values instead (sn_density_accept):
 *   - b overflows where g·b does not, or something is infinite or no number: the result is not finite;
 *   - b has underflowed, or nearly so: g is beyond 2^±400, checked before;
 *   - g·Σb and n·o cancel, so that their roundings are large beside the result: then |g·Σb| + |n·o| > 8·|result|. So rounding errors are at most those of
 *     adding the terms themselves, 17 times over, and usually less.
 * Rows outside the support, whose term is -inf or NaN, are in the sum as infinity, which is not finite either.
 * Derivatives are near 0 at every maximum, where all of that would be found to cancel; so of them only factors leave the sum, no addends.
 *
 * Requirements: a program with totals, before it is expanded. Why it ends: each step goes to an operand, and a total takes at most as many as
 * there are operations. */
#include "density/shapes.h"

#include <math.h>

/* gain·a·b + offset, each 0 where it is 1 (gain, b) or 0 (offset); where `outside` holds, if it is there, infinite or no number. */
typedef struct factored {
    ir_ref a, b, gain, offset, outside;
} factored;

static bool is_uniform(const ir_program *p, ir_ref r)
{
    return !(p->ops[r].axes & ~(unsigned)IR_AXIS_SEGMENT);
}

static ir_ref times(ir_program *p, ir_ref a, ir_ref b)
{
    return !a ? b : !b ? a : sn_ir_emit(p, IR_MUL, IR_VOID, a, b, 0);
}

static void scale(ir_program *p, factored *f, ir_ref by)
{
    f->gain = times(p, f->gain, by);
}

static void divide(ir_program *p, factored *f, ir_ref by)
{
    const ir_ref one = f->gain ? f->gain : sn_ir_number(p, (ir_type)p->ops[by].type, 1);
    f->gain = sn_ir_emit(p, IR_DIV, IR_VOID, one, by, 0);
}

static void turn(ir_program *p, factored *f)
{
    const ir_type type = (ir_type)p->ops[f->a].type;
    f->gain = f->gain ? sn_ir_emit(p, IR_NEG, IR_VOID, f->gain, 0, 0) : sn_ir_number(p, type, -1);
}

/* offset += gain·by, or −= */
static void shift(ir_program *p, factored *f, ir_ref by, bool minus)
{
    const ir_ref moved = times(p, f->gain, by);
    if (!f->offset)
        f->offset = minus ? sn_ir_emit(p, IR_NEG, IR_VOID, moved, 0, 0) : moved;
    else
        f->offset = sn_ir_emit(p, minus ? IR_SUB : IR_ADD, IR_VOID, f->offset, moved, 0);
}

/* One factor of f->a goes into the gain; false: there is none. */
static bool pull_factor(ir_program *p, factored *f)
{
    const ir_op op = p->ops[f->a];
    const bool a = op.code == IR_MUL && is_uniform(p, op.a), b = op.code == IR_MUL && is_uniform(p, op.b);
    if (op.code == IR_NEG)
        turn(p, f);
    else if (op.code == IR_DIV && is_uniform(p, op.b))
        divide(p, f, op.b);
    else if (a || b)
        scale(p, f, a ? op.a : op.b);
    else
        return false;
    f->a = a ? op.b : op.a;
    return true;
}

/* Of two forms of a term, chosen by the parameters, the one that is to be differentiated: where it loses digits, so does the sum of what is left and its addend, which is
 * looked at. Without an addend, or with a sum left, the term stays as it is. */
static bool take_form(const ir_program *p, factored *f)
{
    const ir_op *op = &p->ops[f->a];
    if (!(op->flags & IR_FLAG_FORMS) || !is_uniform(p, op->a))
        return false;
    f->a = op->c;
    return true;
}

/* Neither finite whatever the parameters are: what a density is outside its support. */
static bool is_never_finite(const ir_program *p, ir_ref r)
{
    const ir_op *op = &p->ops[r];
    if (op->code == IR_SELECT && is_uniform(p, op->a))
        return is_never_finite(p, op->b) && is_never_finite(p, op->c);
    const uint64_t exponent = op->type == IR_F32 ? 0x7F800000u : UINT64_C(0x7FF) << 52;
    return sn_ir_is_const(p, r) && (op->type == IR_F32 || op->type == IR_F64) && (sn_ir_bits(p, r) & exponent) == exponent;
}

/* A choice between f->a and what is never finite: the sum is then none that is accepted, whichever infinity or NaN it was. */
static bool pull_support(ir_program *p, factored *f)
{
    const ir_op op = p->ops[f->a];
    if (op.code != IR_SELECT || !(is_never_finite(p, op.b) || is_never_finite(p, op.c)))
        return false;
    const bool first = is_never_finite(p, op.b);
    const ir_ref outside = first ? op.a : sn_ir_emit(p, IR_NOT, IR_VOID, op.a, 0, 0);
    f->outside = f->outside ? sn_ir_emit(p, IR_OR, IR_VOID, f->outside, outside, 0) : outside;
    f->a = first ? op.c : op.b;
    return true;
}

/* An addend of f->a into the offset. */
static bool pull_addend(ir_program *p, factored *f)
{
    const ir_op op = p->ops[f->a];
    const bool two = op.code == IR_ADD || op.code == IR_SUB;
    if (two && is_uniform(p, op.b)) {
        shift(p, f, op.b, op.code == IR_SUB);
        f->a = op.a;
        return true;
    }
    if (two && is_uniform(p, op.a)) {
        shift(p, f, op.a, false);
        f->a = op.b;
        if (op.code == IR_SUB)
            turn(p, f);
        return true;
    }
    if ((op.code != IR_FMA && op.code != IR_FMS && op.code != IR_FNMA) || !is_uniform(p, op.c))
        return false;
    shift(p, f, op.c, op.code == IR_FMS);
    if (op.code == IR_FNMA)
        turn(p, f);
    if (is_uniform(p, op.a) || is_uniform(p, op.b)) {
        scale(p, f, is_uniform(p, op.a) ? op.a : op.b);
        f->a = is_uniform(p, op.a) ? op.b : op.a;
    } else {
        f->a = op.a;
        f->b = op.b;
    }
    return true;
}

static void pull_from_product(ir_program *p, factored *f)
{
    const ir_op op = p->ops[f->a];
    if (!f->b && op.code == IR_MUL) {
        f->a = op.a;
        f->b = op.b;
    }
    for (int side = 0; f->b && side < 2; side++) {
        while (pull_factor(p, f))
            ;
        const ir_ref other = f->b;
        f->b = f->a;
        f->a = other;
    }
}

static bool is_sum(const ir_program *p, ir_ref r)
{
    const unsigned code = p->ops[r].code;
    return code == IR_ADD || code == IR_SUB || code == IR_FMA || code == IR_FMS || code == IR_FNMA;
}

static factored factor(ir_program *p, ir_ref term, bool addends)
{
    factored f = {.a = term};
    bool formed = false;
    if (is_uniform(p, term))
        return f;
    for (bool more = true; more && !f.b && !is_uniform(p, f.a);) {
        const bool form = take_form(p, &f);
        formed |= form;
        more = form || pull_support(p, &f) || pull_factor(p, &f) || (addends && pull_addend(p, &f));
    }
    if (formed && addends && !f.b && (!f.offset || is_sum(p, f.a))) /* where it cancels nobody would see */
        return (factored){.a = term};
    pull_from_product(p, &f);
    return f;
}

/* ---- over a program ---- */

ir_ref sn_density_factor_sum(density_factors *s, ir_program *out, const ir_op *sum)
{
    const ir_type type = (ir_type)out->ops[sum->a].type;
    const uint32_t k = sum->b;
    factored f = factor(out, sum->a, k == 0);
    if (f.outside)
        f.a = sn_ir_emit(out, IR_SELECT, IR_VOID, f.outside, sn_ir_number(out, type, INFINITY), f.a);
    s->any |= f.gain || f.offset;
    s->gain[k] = f.gain ? f.gain : sn_ir_number(out, type, 1);
    s->offset[k] = f.offset ? f.offset : sn_ir_number(out, type, 0);
    return f.b ? sn_ir_emit(out, IR_SUMP, IR_VOID, f.a, f.b, k) : sn_ir_emit(out, IR_SUM, IR_VOID, f.a, k, 0);
}

/* ---- of a sum that is there ---- */

static bool is_moderate(double gain)
{
    return fabs(gain) >= 0x1p-400 && fabs(gain) <= 0x1p400; /* NaN is not */
}

bool sn_density_may_factor(const double *maps, uint32_t totals)
{
    for (uint32_t k = 0; k < totals; k++)
        if (!is_moderate(maps[2 * k]) || !isfinite(maps[2 * k + 1]))
            return false;
    return true;
}
