/* Log-densities up to a constant.
 *
 * Purpose: an optimizer, or a sampler, needs a log-density up to what does not change: terms that the data do not reach, or that the parameters do not
 * reach. The outputs' values are taken for sums, as far down as they are sums: through additions, signs, factors that are constant in the same sense,
 * and choices. A term that is constant is left out, which leaves 0 of an output that is constant altogether.
 *
 * Of two forms of one number the second is taken, as for derivatives: what the first is more exact in is how terms cancel, some of which are gone.
 * Of a choice whose condition varies, terms may leave one side alone only if the other is infinite or NaN whatever is
 * added to it (outside of the support, say); else both sides stay as they are. What is infinite or NaN whatever the data is never left out: it
 * says that the density is 0, or that a parameter is invalid. Linear time. */
#include "opt/opt.h"

#include <math.h>
#include <string.h>

enum { DEEPEST = 4096 }; /* sums within sums; what lies deeper stays as it is */

typedef struct dropping {
    const ir_program *in;
    ir_program *out;
    const ir_ref *map;     /* every operation as it is, in `out` */
    const uint8_t *varies; /* per operation: something that counts reaches it */
    uint32_t depth;
} dropping;

static double value_of(const ir_program *p, ir_ref r)
{
    const uint64_t bits = sn_ir_bits(p, r);
    const uint32_t low = (uint32_t)bits;
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    return p->ops[r].type == IR_F64 ? wide : (double)narrow;
}

/* Is it infinite or NaN, whatever the inputs? */
static bool never_finite(const ir_program *p, ir_ref r, uint32_t depth)
{
    const ir_op *op = &p->ops[r];
    if (op->type != IR_F32 && op->type != IR_F64)
        return false;
    if (op->code == IR_CONST)
        return !isfinite(value_of(p, r));
    const bool chooses = op->code == IR_SELECT || op->code == IR_RARE || op->code == IR_GUARD;
    return chooses && depth < 16 && never_finite(p, op->b, depth + 1) && never_finite(p, op->c, depth + 1);
}

static ir_ref sum_of(dropping *d, const ir_op *op, ir_code code, ir_ref a, ir_ref b)
{
    if (a && b)
        return sn_ir_emit(d->out, code, (ir_type)op->type, a, b, 0);
    return a ? a : b && code == IR_SUB ? sn_ir_emit(d->out, IR_NEG, (ir_type)op->type, b, 0, 0) : b;
}

static ir_ref strip(dropping *d, ir_ref r);

/* a·b: what is left of one factor, times the other if that does not vary; else all of it. */
static ir_ref strip_product(dropping *d, const ir_op *op, ir_ref a, ir_ref b)
{
    if (!d->varies[a] && !d->varies[b])
        return 0;
    ir_ref left = d->map[a], right = d->map[b];
    if (!d->varies[a])
        right = strip(d, b);
    else if (!d->varies[b])
        left = strip(d, a);
    return left && right ? sn_ir_emit(d->out, IR_MUL, (ir_type)op->type, left, right, 0) : 0;
}

/* ±(a·b) ± c. Where neither changes it stays one rounding. */
static ir_ref strip_fused(dropping *d, ir_ref r)
{
    const ir_op *op = &d->in->ops[r];
    const ir_ref rest = strip(d, op->c);
    const bool whole = d->varies[op->a] && d->varies[op->b];
    if (whole && rest)
        return sn_ir_emit_flagged(d->out, (ir_code)op->code, (ir_type)op->type, op->flags, d->map[op->a], d->map[op->b], rest);
    ir_ref product = strip_product(d, op, op->a, op->b);
    if (op->code == IR_FNMA)
        return sum_of(d, op, IR_SUB, rest, product);
    return sum_of(d, op, op->code == IR_FMS ? IR_SUB : IR_ADD, product, rest);
}

static ir_ref zero(dropping *d, const ir_op *op)
{
    return sn_ir_number(d->out, (ir_type)op->type, 0);
}

static ir_ref strip_choice(dropping *d, ir_ref r)
{
    const ir_op *op = &d->in->ops[r];
    if (op->flags & IR_FLAG_FORMS)
        return strip(d, op->c);
    const bool b_stays = never_finite(d->in, op->b, 0), c_stays = never_finite(d->in, op->c, 0);
    if (d->varies[op->a] && !b_stays && !c_stays)
        return d->map[r];
    ir_ref b = b_stays ? d->map[op->b] : strip(d, op->b), c = c_stays ? d->map[op->c] : strip(d, op->c);
    if (!b && !c)
        return 0;
    b = b ? b : zero(d, op);
    c = c ? c : zero(d, op);
    return sn_ir_emit_flagged(d->out, (ir_code)op->code, (ir_type)op->type, op->flags, d->map[op->a], b, c);
}

static ir_ref strip_operation(dropping *d, ir_ref r)
{
    const ir_op *op = &d->in->ops[r];
    switch (op->code) {
    case IR_ADD: case IR_SUB: {
        const ir_ref a = strip(d, op->a);
        return sum_of(d, op, (ir_code)op->code, a, strip(d, op->b));
    }
    case IR_NEG: {
        const ir_ref a = strip(d, op->a);
        return a ? sn_ir_emit(d->out, IR_NEG, (ir_type)op->type, a, 0, 0) : 0;
    }
    case IR_MUL: return strip_product(d, op, op->a, op->b);
    case IR_FMA: case IR_FMS: case IR_FNMA: return strip_fused(d, r);
    case IR_SELECT: case IR_RARE: case IR_GUARD: return strip_choice(d, r);
    default: return d->map[r];
    }
}

/* What is left of the value, in `out`; 0: nothing. */
static ir_ref strip(dropping *d, ir_ref r)
{
    if (never_finite(d->in, r, 0))
        return d->map[r];
    if (!d->varies[r])
        return 0;
    if (d->depth == DEEPEST)
        return d->map[r];
    d->depth++;
    const ir_ref left = strip_operation(d, r);
    d->depth--;
    return left;
}

static uint8_t *find_varying(const ir_program *in, arena *memory, bool of_parameters, uint32_t streamed)
{
    uint8_t *varies = sn_arena_take_zeroed(memory, in->count);
    for (ir_ref r = 1; varies && r < in->count; r++) {
        const ir_op *op = &in->ops[r];
        const bool is_stream = op->code == IR_INPUT && op->a + streamed >= in->input_count;
        if (op->code == IR_PARAM || is_stream)
            varies[r] = of_parameters;
        else if (op->code == IR_INPUT)
            varies[r] = !of_parameters;
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            varies[r] |= varies[sn_ir_operand(op, k)];
    }
    return varies;
}

void sn_opt_drop(const ir_program *in, ir_program *out, arena *memory, uint32_t rules, bool of_parameters, uint32_t streamed)
{
    sn_ir_open(out, memory, rules);
    if (in->status)
        sn_ir_fail(out, in->status, in->message);
    sn_opt_share(in, out);
    ir_ref *map = sn_arena_take_zeroed(memory, in->count * sizeof *map);
    const uint8_t *varies = find_varying(in, memory, of_parameters, streamed);
    if (!map || !varies) {
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    dropping d = {.in = in, .out = out, .map = map, .varies = varies};
    for (ir_ref r = 1; r < in->count && !out->status; r++) {
        const ir_op *op = &in->ops[r];
        const unsigned operands = sn_ir_info[op->code].operands;
        if (op->code == IR_OUTPUT) {
            const ir_ref left = strip(&d, op->a);
            sn_ir_emit(out, IR_OUTPUT, IR_VOID, left ? left : zero(&d, &in->ops[op->a]), op->b, 0);
            continue;
        }
        map[r] = sn_ir_emit_flagged(out, (ir_code)op->code, (ir_type)op->type, op->flags, operands > 0 ? map[op->a] : op->a,
                                    operands > 1 ? map[op->b] : op->b, operands > 2 ? map[op->c] : op->c);
    }
}
