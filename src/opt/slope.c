/* How derivatives pass through one operation, and how they are added up.
 *
 * Purpose: forward and reverse mode differ in the order of their sums only; what one operation contributes is the same factor either
 * way, and stands here once. Products go into fused operations.
 *
 * Choices. `c ? √x : 0` has the derivative 0 where c is not set, also where √x has none or an infinite one. So a derivative that comes
 * through a choice carries its mask along as a gate, in either direction: what is multiplied to it meanwhile may be anything
 * outside. Where it meets a derivative gated otherwise (in reverse mode, at the first value that something outside the choice uses
 * too) the gate is applied, by a select, never by a product, since 0·∞ is NaN. Inside, nothing is spent on it. A gate that is
 * seldom open (`rare`) is applied by a RARE: the derivative of what was cold is cold. Of two forms of one function (IR_FLAG_FORMS) the
 * second has the slopes, where the mask is set too: neither gate nor mask.
 *
 * Conventions at kinks: |x| has the slope 1 at ±0; min, max and select take the slope of the operand that they take, so min and max that
 * of the second at ties; of copysign(x, y) it is ±1 by x, 1 at 0, and 0 by y; floor, ceil, round and trunc 0, and so all integers; √x is
 * infinite at 0. NaN: whatever comes of it. */
#include "opt/gradient.h"

#include "math/math.h"

static opt_slope times(ir_ref by)
{
    return (opt_slope){SLOPE_TIMES, by, false};
}

static opt_slope minus_times(ir_ref by)
{
    return (opt_slope){SLOPE_MINUS_TIMES, by, false};
}

/* Of the factors a and b of a product; a square has one slope, of its first factor. */
static opt_slope slope_of_product(ir_program *p, const ir_op *op, unsigned k, bool square, bool negated)
{
    if (square && k == 1)
        return (opt_slope){SLOPE_NONE, 0, false};
    const ir_ref other = square ? sn_ir_emit(p, IR_ADD, op->type, op->a, op->a, 0) : k ? op->a : op->b;
    return negated ? minus_times(other) : times(other);
}

/* One division for both operands, all variables and all results: of 1, by which the others become products. It is of the divisor's rate. */
static opt_slope slope_of_quotient(ir_program *p, const ir_op *op, ir_ref value, unsigned k)
{
    const ir_ref one = sn_ir_number(p, op->type, 1);
    const ir_ref inverse = sn_ir_emit(p, IR_DIV, op->type, one, op->b, 0);
    return k ? minus_times(sn_ir_emit(p, IR_MUL, op->type, value, inverse, 0)) : times(inverse);
}

/* 1, or −1 where the mask is set. */
static ir_ref sign(ir_program *p, ir_type type, ir_ref is_negative)
{
    const ir_ref minus = sn_ir_number(p, type, -1), plus = sn_ir_number(p, type, 1);
    return sn_ir_emit(p, IR_SELECT, type, is_negative, minus, plus);
}

static opt_slope slope_of_abs(ir_program *p, const ir_op *op)
{
    const ir_ref zero = sn_ir_number(p, op->type, 0);
    return times(sign(p, op->type, sn_ir_emit(p, IR_LT, IR_MASK, op->a, zero, 0)));
}

static opt_slope slope_of_sqrt(ir_program *p, const ir_op *op, ir_ref value)
{
    const ir_ref half = sn_ir_number(p, op->type, 0.5);
    return times(sn_ir_emit(p, IR_DIV, op->type, half, value, 0));
}

static ir_ref not(ir_program *p, ir_ref mask)
{
    return sn_ir_emit(p, IR_NOT, IR_MASK, mask, 0, 0);
}

ir_ref sn_opt_choice(ir_program *p, const ir_op *op, unsigned *k, ir_code *code)
{
    if (op->flags & IR_FLAG_FORMS)
        return 0;
    *k = op->code == IR_MIN || op->code == IR_MAX ? 0 : 1;
    *code = *k ? (ir_code)op->code : IR_SELECT;
    switch (op->code) {
    case IR_MIN: return sn_ir_emit(p, IR_LT, IR_MASK, op->a, op->b, 0);
    case IR_MAX: return sn_ir_emit(p, IR_LT, IR_MASK, op->b, op->a, 0);
    case IR_SELECT: case IR_RARE: case IR_GUARD: return op->a;
    default: return 0;
    }
}

static opt_slope slope_of_choice(ir_program *p, const ir_op *op, unsigned k)
{
    unsigned first;
    ir_code code;
    const ir_ref mask = sn_opt_choice(p, op, &first, &code);
    return k == first ? (opt_slope){SLOPE_CHOSEN, mask, code == IR_RARE} : (opt_slope){SLOPE_CHOSEN, not(p, mask), false};
}

opt_slope sn_opt_slope(ir_program *p, const ir_op *op, ir_ref value, unsigned k, bool square)
{
    static const opt_slope one = {SLOPE_ONE, 0, false}, minus_one = {SLOPE_MINUS_ONE, 0, false};
    if (op->flags & IR_FLAG_FORMS)
        return one; /* of its second form, the only one through which derivatives pass */
    switch (op->code) {
    case IR_ADD: case IR_OUTPUT: case IR_SUM: return one;
    case IR_SUB: return k ? minus_one : one;
    case IR_NEG: return minus_one;
    case IR_MUL: case IR_SUMP: return slope_of_product(p, op, k, square, false);
    case IR_FMA: return k == 2 ? one : slope_of_product(p, op, k, square, false);
    case IR_FMS: return k == 2 ? minus_one : slope_of_product(p, op, k, square, false);
    case IR_FNMA: return k == 2 ? one : slope_of_product(p, op, k, square, true);
    case IR_DIV: return slope_of_quotient(p, op, value, k);
    case IR_SQRT: return slope_of_sqrt(p, op, value);
    case IR_ABS: return slope_of_abs(p, op);
    case IR_COPYSIGN: return times(sign(p, op->type, sn_ir_emit(p, IR_NE, IR_MASK, value, op->a, 0)));
    case IR_MIN: case IR_MAX: case IR_SELECT: case IR_RARE: case IR_GUARD: return slope_of_choice(p, op, k);
    case IR_CVT: return (opt_slope){SLOPE_CONVERTED, 0, false};
    default: break;
    }
    return times(sn_math_slope(p, op->code, op->type, op->flags & IR_FLAG_FAST ? MATH_FAST : MATH_DEFAULT, k, op->a,
                               sn_ir_info[op->code].operands > 1 ? op->b : 0, value));
}

/* ---- gates ---- */

static ir_ref both(ir_program *p, ir_ref a, ir_ref b)
{
    return !a ? b : !b || a == b ? a : sn_ir_emit(p, IR_AND, IR_MASK, a, b, 0);
}

static bool are_opposite(const ir_program *p, ir_ref a, ir_ref b)
{
    return (p->ops[a].code == IR_NOT && p->ops[a].a == b) || (p->ops[b].code == IR_NOT && p->ops[b].a == a);
}

/* Are the gates the two sides of one choice? Then *around is the gate around it. */
static bool are_sides(const ir_program *p, ir_ref a, ir_ref b, ir_ref *around)
{
    const ir_op *x = &p->ops[a], *y = &p->ops[b];
    *around = 0;
    if (are_opposite(p, a, b))
        return true;
    if (x->code != IR_AND || y->code != IR_AND || x->a != y->a || !are_opposite(p, x->b, y->b))
        return false;
    *around = x->a;
    return true;
}

static bool is_within(const ir_program *p, ir_ref gate, ir_ref other)
{
    return p->ops[gate].code == IR_AND && (p->ops[gate].a == other || p->ops[gate].b == other);
}

static ir_ref either(ir_program *p, ir_ref a, ir_ref b)
{
    ir_ref around;
    if (!a || !b || are_sides(p, a, b, &around))
        return !a || !b ? 0 : around;
    if (a == b || is_within(p, b, a))
        return a;
    return is_within(p, a, b) ? b : sn_ir_emit(p, IR_OR, IR_MASK, a, b, 0);
}

/* What is rare stays the operand of which only a part is computed; otherwise a negated mask is taken as it was. */
static ir_ref choose(ir_program *p, ir_type type, ir_ref mask, bool rare, ir_ref a, ir_ref b)
{
    if (!rare && p->ops[mask].code == IR_NOT)
        return sn_ir_emit(p, IR_SELECT, type, p->ops[mask].a, b, a);
    return sn_ir_emit(p, rare ? IR_RARE : IR_SELECT, type, mask, a, b);
}

/* ---- terms ---- */

static ir_ref negated(ir_program *p, ir_type type, ir_ref a)
{
    return sn_ir_emit(p, IR_NEG, type, a, 0, 0);
}

/* slope · value, or that added to `sum` if there is one. */
static ir_ref scaled(ir_program *p, ir_type type, opt_slope slope, ir_ref value, ir_ref sum)
{
    switch (slope.kind) {
    case SLOPE_MINUS_ONE:
        return sum ? sn_ir_emit(p, IR_SUB, type, sum, value, 0) : negated(p, type, value);
    case SLOPE_TIMES:
        return sum ? sn_ir_emit(p, IR_FMA, type, slope.by, value, sum) : sn_ir_emit(p, IR_MUL, type, slope.by, value, 0);
    case SLOPE_MINUS_TIMES:
        return sum ? sn_ir_emit(p, IR_FNMA, type, slope.by, value, sum)
                   : sn_ir_emit(p, IR_MUL, type, negated(p, type, slope.by), value, 0);
    case SLOPE_CONVERTED:
        value = sn_ir_emit(p, IR_CVT, type, value, 0, 0);
        break;
    default:
        break;
    }
    return sum ? sn_ir_emit(p, IR_ADD, type, sum, value, 0) : value;
}

static void make_clean(ir_program *p, ir_type type, opt_term *t)
{
    if (!t->clean)
        t->value = choose(p, type, t->gate, t->rare, t->value, sn_ir_number(p, type, 0));
    t->clean = true;
}

/* Two sides of one choice: whatever either holds on the other's, it is not taken. */
static void join_sides(ir_program *p, ir_type type, opt_term *sum, ir_ref value, const opt_term *from, ir_ref around)
{
    sum->value = sum->rare ? choose(p, type, sum->gate, true, sum->value, value)
                           : choose(p, type, from->gate, from->rare, value, sum->value);
    sum->gate = around;
    sum->rare = sum->rare && from->rare;
    sum->clean = !around;
}

void sn_opt_add_term(ir_program *p, ir_type type, opt_term *sum, opt_slope slope, opt_term from)
{
    if (slope.kind == SLOPE_NONE || !from.value)
        return;
    if (slope.kind == SLOPE_CHOSEN) {
        from.clean = false;
        from.gate = both(p, from.gate, slope.by);
        from.rare |= slope.rare;
    }
    if (slope.kind == SLOPE_TIMES || slope.kind == SLOPE_MINUS_TIMES)
        from.clean = !from.gate; /* 0 times what need not be finite */
    ir_ref around;
    if (!sum->value) {
        *sum = from;
        sum->value = scaled(p, type, slope, from.value, 0);
    } else if (sum->gate == from.gate) {
        sum->value = scaled(p, type, slope, from.value, sum->value);
        sum->clean = sum->clean && from.clean;
    } else if (sum->gate && from.gate && are_sides(p, sum->gate, from.gate, &around)) {
        join_sides(p, type, sum, scaled(p, type, slope, from.value, 0), &from, around);
    } else {
        make_clean(p, type, sum);
        const ir_ref value = scaled(p, type, slope, from.value, sum->value);
        sum->value = from.clean ? value : choose(p, type, from.gate, from.rare, value, sum->value);
        sum->gate = either(p, sum->gate, from.gate);
        sum->rare = sum->rare && from.rare;
    }
}

/* A side without a derivative is 0, and the other's gate closed there. */
static ir_ref gate_of_choice(ir_program *p, ir_ref mask, opt_term a, opt_term b)
{
    if (a.value && b.value && a.gate == b.gate)
        return a.gate;
    if (!b.value)
        return both(p, a.gate, mask);
    if (!a.value)
        return both(p, b.gate, not(p, mask));
    if (!a.gate)
        return sn_ir_emit(p, IR_OR, IR_MASK, mask, b.gate, 0);
    if (!b.gate)
        return sn_ir_emit(p, IR_OR, IR_MASK, not(p, mask), a.gate, 0);
    const ir_ref first = both(p, mask, a.gate);
    return sn_ir_emit(p, IR_OR, IR_MASK, first, both(p, not(p, mask), b.gate), 0);
}

opt_term sn_opt_choose_term(ir_program *p, ir_type type, ir_code code, ir_ref mask, opt_term a, opt_term b)
{
    opt_term t = {.gate = gate_of_choice(p, mask, a, b)};
    t.rare = t.gate && code == IR_RARE && !b.value;
    if (code == IR_SELECT && !b.value) { /* the gate says it all */
        t.value = a.value;
        t.rare = a.rare;
        return t;
    }
    if (code == IR_SELECT && !a.value) {
        t.value = b.value;
        t.rare = b.rare;
        return t;
    }
    const ir_ref zero = sn_ir_number(p, type, 0);
    t.value = sn_ir_emit(p, code, type, mask, a.value ? a.value : zero, b.value ? b.value : zero);
    t.clean = !t.gate || ((!a.value || a.clean) && (!b.value || b.clean));
    return t;
}

ir_ref sn_opt_settle(ir_program *p, ir_type type, opt_term t)
{
    if (!t.value)
        return sn_ir_number(p, type, 0);
    make_clean(p, type, &t);
    return t.value;
}
