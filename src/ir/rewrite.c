/* The local rules: identities and constant folding.
 *
 * Purpose: an operation that amounts to one of its operands, to a constant or to a simpler operation never enters the
 * program. Requirements: strict rules change no bit for any input, NaN, infinity and −0 included (a NaN's sign and payload
 * are not promised, so x·1 may hand a NaN through). That is why x + 0 stays (−0 + 0 is +0) while x + (−0) and x − 0 go, and why
 * 0·x and x − x stay. The offset 0 goes under the relaxed rule only. Why it ends: every rule returns an existing value, a constant,
 * or an operation that is simpler by a fixed order (fma → mul or add → neg → operand), and looks at operands only, never at users. */
#include "ir/ir.h"

#include <math.h>
#include <string.h>

static double value_of(const ir_program *p, ir_ref r)
{
    const uint64_t bits = sn_ir_bits(p, r);
    if (p->ops[r].type == IR_F64) {
        double v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    if (p->ops[r].type == IR_F32) {
        const uint32_t low = (uint32_t)bits;
        float v;
        memcpy(&v, &low, sizeof v);
        return (double)v;
    }
    return (double)(int32_t)(uint32_t)bits;
}

static bool is_value(const ir_program *p, ir_ref r, double value)
{
    return sn_ir_is_const(p, r) && value_of(p, r) == value && !signbit(value_of(p, r)) == !signbit(value);
}

static bool is_float_type(unsigned type)
{
    return type == IR_F32 || type == IR_F64;
}

/* An addend that changes nothing: −0 for floats (either zero when relaxed), 0 for integers. */
static bool is_null_addend(const ir_program *p, ir_ref r)
{
    if (!sn_ir_is_const(p, r))
        return false;
    if (!is_float_type(p->ops[r].type))
        return (uint32_t)sn_ir_bits(p, r) == 0;
    return is_value(p, r, -0.0) || ((p->rules & IR_RELAXED) && value_of(p, r) == 0);
}

static bool is_null_subtrahend(const ir_program *p, ir_ref r)
{
    if (!sn_ir_is_const(p, r))
        return false;
    if (!is_float_type(p->ops[r].type))
        return (uint32_t)sn_ir_bits(p, r) == 0;
    return is_value(p, r, 0.0) || ((p->rules & IR_RELAXED) && value_of(p, r) == 0);
}

static ir_ref changed(ir_op *op, ir_code code, uint32_t a, uint32_t b)
{
    op->code = (uint8_t)code;
    op->a = a;
    op->b = b;
    op->c = 0;
    return 0;
}

/* A division by a power of two is the multiplication by its reciprocal, where that is a normal number. */
static ir_ref exact_reciprocal(ir_program *p, ir_ref r)
{
    const unsigned type = p->ops[r].type;
    if (!sn_ir_is_const(p, r) || !is_float_type(type))
        return 0;
    const double v = value_of(p, r);
    int exponent;
    if (!isfinite(v) || v == 0 || fabs(frexp(v, &exponent)) != 0.5)
        return 0;
    if (type == IR_F32 ? exponent < -125 || exponent > 126 : exponent < -1021 || exponent > 1022)
        return 0;
    return sn_ir_number(p, type, 1 / v);
}

static ir_ref identity_add(ir_program *p, ir_op *op)
{
    if (is_null_addend(p, op->b))
        return op->a;
    if (is_null_addend(p, op->a))
        return op->b;
    if (is_float_type(op->type)) {
        if (p->ops[op->b].code == IR_NEG)
            return changed(op, IR_SUB, op->a, p->ops[op->b].a);
        if (p->ops[op->a].code == IR_NEG)
            return changed(op, IR_SUB, op->b, p->ops[op->a].a);
    }
    return 0;
}

static ir_ref identity_sub(ir_program *p, ir_op *op)
{
    if (is_null_subtrahend(p, op->b))
        return op->a;
    if (is_float_type(op->type)) {
        if (is_value(p, op->a, -0.0))
            return changed(op, IR_NEG, op->b, 0);
        if (p->ops[op->b].code == IR_NEG)
            return changed(op, IR_ADD, op->a, p->ops[op->b].a);
    } else if (op->a == op->b) {
        return sn_ir_i32(p, 0);
    }
    return 0;
}

/* The bits of a number as an i32 are those of one certain NaN where it is NaN: select(v != v, NaN, bits v). Returns `bits v`, 0 of others. */
static ir_ref as_they_are(const ir_program *p, ir_ref r)
{
    const ir_op *choice = &p->ops[r];
    if (choice->code != IR_SELECT)
        return 0;
    const ir_op *unordered = &p->ops[choice->a], *bits = &p->ops[choice->c];
    if (unordered->code != IR_NE || unordered->a != unordered->b || bits->code != IR_BITS || bits->a != unordered->a)
        return 0;
    return sn_ir_is_const(p, choice->b) && sn_ir_bits(p, choice->b) == 0x7FC00000u ? choice->c : 0;
}

/* What a constant masks, or changes the bits of, and that constant; 0 where neither operand is one. */
static ir_ref beside_constant(const ir_program *p, const ir_op *op, uint32_t *constant)
{
    const bool turned = sn_ir_is_const(p, op->a);
    const ir_ref k = turned ? op->a : op->b;
    if (!sn_ir_is_const(p, k))
        return 0;
    *constant = (uint32_t)sn_ir_bits(p, k);
    return turned ? op->b : op->a;
}

/* Has no bit but the sign. */
static bool is_sign(const ir_program *p, ir_ref r)
{
    const ir_op *op = &p->ops[r];
    uint32_t mask;
    if (op->code == IR_CONST)
        return !(op->a & 0x7FFFFFFF);
    if (op->code == IR_AND)
        return beside_constant(p, op, &mask) && !(mask & 0x7FFFFFFF);
    return op->code == IR_SHL && sn_ir_is_const(p, op->b) && (sn_ir_bits(p, op->b) & 31) == 31;
}

/* Of a number that is 1 or -1 by the sign s, from_bits(or(s, bits of 1)): s. 0 of others. */
static ir_ref unit_sign(const ir_program *p, ir_ref r)
{
    uint32_t one;
    if (p->ops[r].code != IR_FROM_BITS)
        return 0;
    const ir_op *bits = &p->ops[p->ops[r].a];
    const ir_ref sign = bits->code == IR_OR ? beside_constant(p, bits, &one) : 0;
    return sign && one == 0x3F800000u && is_sign(p, sign) ? sign : 0;
}

/* The product a b, where a factor is 1 or -1, as an exclusive or of signs; 0: neither is. */
static ir_ref turned_product(ir_program *p, ir_ref a, ir_ref b)
{
    if (!(p->rules & IR_SIGNS))
        return 0;
    const ir_ref by_a = unit_sign(p, a), by = by_a ? by_a : unit_sign(p, b);
    if (!by)
        return 0;
    const ir_ref bits = sn_ir_emit(p, IR_BITS, IR_I32, by_a ? b : a, 0, 0);
    return sn_ir_emit(p, IR_FROM_BITS, IR_F32, sn_ir_emit(p, IR_XOR, IR_I32, bits, by, 0), 0, 0);
}

static ir_ref identity_mul(ir_program *p, ir_op *op)
{
    if (is_value(p, op->b, 1))
        return op->a;
    if (is_value(p, op->a, 1))
        return op->b;
    if (is_value(p, op->b, -1))
        return changed(op, IR_NEG, op->a, 0);
    if (is_value(p, op->a, -1))
        return changed(op, IR_NEG, op->b, 0);
    if (op->type == IR_I32 && (is_value(p, op->a, 0) || is_value(p, op->b, 0)))
        return sn_ir_i32(p, 0);
    if (is_float_type(op->type) && p->ops[op->a].code == IR_NEG && p->ops[op->b].code == IR_NEG)
        return changed(op, IR_MUL, p->ops[op->a].a, p->ops[op->b].a);
    return turned_product(p, op->a, op->b);
}

static ir_ref identity_div(ir_program *p, ir_op *op)
{
    if (is_value(p, op->b, 1))
        return op->a;
    if (is_value(p, op->b, -1) && is_float_type(op->type))
        return changed(op, IR_NEG, op->a, 0);
    const ir_ref reciprocal = exact_reciprocal(p, op->b);
    if (reciprocal)
        return changed(op, IR_MUL, op->a, reciprocal);
    return 0;
}

/* The product's factor ±1, an addend that changes nothing, a negated factor: each leaves a simpler operation with the same
 * single rounding. */
static ir_ref identity_fused(ir_program *p, ir_op *op)
{
    const bool subtracts = op->code == IR_FMS, negates = op->code == IR_FNMA;
    const ir_ref one_a = is_value(p, op->a, 1) ? op->b : is_value(p, op->b, 1) ? op->a : 0;
    if (one_a)
        return subtracts ? changed(op, IR_SUB, one_a, op->c) : negates ? changed(op, IR_SUB, op->c, one_a)
                                                                       : changed(op, IR_ADD, one_a, op->c);
    const ir_ref minus_a = is_value(p, op->a, -1) ? op->b : is_value(p, op->b, -1) ? op->a : 0;
    if (minus_a && !subtracts)
        return negates ? changed(op, IR_ADD, op->c, minus_a) : changed(op, IR_SUB, op->c, minus_a);
    if (!negates && (subtracts ? is_null_subtrahend(p, op->c) : is_null_addend(p, op->c)))
        return changed(op, IR_MUL, op->a, op->b);
    const ir_ref product = turned_product(p, op->a, op->b);
    if (product)
        return subtracts ? changed(op, IR_SUB, product, op->c) : negates ? changed(op, IR_SUB, op->c, product) : changed(op, IR_ADD, product, op->c);
    if (!subtracts) {
        const ir_code other = negates ? IR_FMA : IR_FNMA;
        if (p->ops[op->a].code == IR_NEG) {
            op->a = p->ops[op->a].a;
            op->code = (uint8_t)other;
        } else if (p->ops[op->b].code == IR_NEG) {
            op->b = p->ops[op->b].a;
            op->code = (uint8_t)other;
        }
    }
    if (op->code != IR_FNMA && p->ops[op->c].code == IR_NEG) {
        op->c = p->ops[op->c].a;
        op->code = op->code == IR_FMA ? IR_FMS : IR_FMA;
    }
    return 0;
}

static ir_ref identity_choose(ir_program *p, const ir_op *op)
{
    if (op->b == op->c)
        return op->b;
    const bool has_slope = op->flags & IR_FLAG_FORMS && !(p->rules & IR_SIGNS); /* that of c, which must stay */
    if (sn_ir_is_const(p, op->a) && !(has_slope && sn_ir_bits(p, op->a)))
        return sn_ir_bits(p, op->a) ? op->b : op->c;
    return 0;
}

/* The lesser, or the greater, of two integers whose ranges do not overlap: how the clamps of table indices go. */
static ir_ref identity_extreme(const ir_program *p, const ir_op *op)
{
    if (op->a == op->b)
        return op->a;
    if (op->type != IR_I32)
        return 0;
    const ir_range a = sn_ir_range(p, op->a), b = sn_ir_range(p, op->b);
    if (a.high <= b.low)
        return op->code == IR_MIN ? op->a : op->b;
    return b.high <= a.low ? (op->code == IR_MIN ? op->b : op->a) : 0;
}

/* Of integers, a mask that leaves alone every bit that may be set; and a mask of what is masked already. */
static ir_ref identity_mask(ir_program *p, ir_op *op)
{
    uint32_t mask, inner_mask;
    const ir_ref masked = op->type == IR_I32 ? beside_constant(p, op, &mask) : 0;
    if (!masked)
        return 0;
    if (!(sn_ir_possible_bits(p, masked) & ~mask))
        return masked;
    const ir_op *inner = &p->ops[masked];
    const ir_ref value = inner->code == IR_AND ? beside_constant(p, inner, &inner_mask) : 0;
    if (!value)
        return 0;
    const uint32_t both = mask & inner_mask;
    return both ? changed(op, IR_AND, value, sn_ir_i32(p, (int32_t)both)) : sn_ir_i32(p, 0);
}

/* Of a shift by a constant, a mask before it that keeps all bits which the shift does. */
static ir_ref identity_shift(const ir_program *p, ir_op *op)
{
    if (!sn_ir_is_const(p, op->b))
        return 0;
    const unsigned n = p->ops[op->b].a & 31;
    if (n == 0)
        return op->a;
    const ir_op *a = &p->ops[op->a];
    uint32_t mask;
    const ir_ref masked = a->code == IR_AND ? beside_constant(p, a, &mask) : 0;
    const uint32_t kept = op->code == IR_SHL ? UINT32_MAX >> n : UINT32_MAX << n;
    if (masked && !(kept & ~mask))
        op->a = masked;
    return 0;
}

/* from_bits(xor(bits(v), s)) turns the sign of v where s has it. Any NaN will do then, so the bits are taken as they are. */
static ir_ref identity_from_bits(ir_program *p, ir_op *op)
{
    const ir_op a = p->ops[op->a];
    if (a.code == IR_BITS)
        return a.a;
    const ir_ref whole = as_they_are(p, op->a);
    if (whole)
        return p->ops[whole].a;
    if (a.code != IR_XOR)
        return 0;
    const ir_ref left = as_they_are(p, a.a), right = left ? 0 : as_they_are(p, a.b);
    if (left && is_sign(p, a.b))
        op->a = sn_ir_emit(p, IR_XOR, IR_I32, left, a.b, 0);
    else if (right && is_sign(p, a.a))
        op->a = sn_ir_emit(p, IR_XOR, IR_I32, a.a, right, 0);
    return 0;
}

static ir_ref identity_logic(ir_program *p, ir_op *op)
{
    const uint64_t ones = op->type == IR_MASK ? 1 : 0xFFFFFFFFu;
    for (unsigned side = 0; side < 2; side++) {
        const ir_ref k = side ? op->a : op->b, other = side ? op->b : op->a;
        if (!sn_ir_is_const(p, k))
            continue;
        const uint64_t bits = sn_ir_bits(p, k);
        if (bits == ones && op->code != IR_XOR)
            return op->code == IR_AND ? other : k;
        if (bits == ones)
            return changed(op, IR_NOT, other, 0);
        if (bits == 0)
            return op->code == IR_AND ? k : other;
    }
    if (op->a == op->b && op->code != IR_XOR)
        return op->a;
    return op->code == IR_AND ? identity_mask(p, op) : 0;
}

static ir_ref identity(ir_program *p, ir_op *op)
{
    const ir_op *a = &p->ops[op->a]; /* operation 0 where there is no operand */
    switch (op->code) {
    case IR_ADD: return identity_add(p, op);
    case IR_SUB: return identity_sub(p, op);
    case IR_MUL: return identity_mul(p, op);
    case IR_DIV: return identity_div(p, op);
    case IR_FMA: case IR_FMS: case IR_FNMA: return identity_fused(p, op);
    case IR_NEG: return a->code == IR_NEG ? a->a : 0;
    case IR_ABS:
        if (a->code == IR_ABS)
            return op->a;
        if (a->code == IR_NEG)
            op->a = a->a;
        return 0;
    case IR_MIN: case IR_MAX: return identity_extreme(p, op);
    case IR_FLOOR: case IR_CEIL: case IR_ROUND: case IR_TRUNC:
        return a->code >= IR_FLOOR && a->code <= IR_TRUNC ? op->a : 0;
    case IR_AND: case IR_OR: case IR_XOR: return identity_logic(p, op);
    case IR_NOT: return a->code == IR_NOT ? a->a : 0;
    case IR_SHL: case IR_SAR: case IR_SHR: return identity_shift(p, op);
    case IR_SELECT: case IR_RARE: case IR_GUARD: return identity_choose(p, op);
    case IR_CVT: return a->type == op->type ? op->a : 0;
    case IR_BITS: return a->code == IR_FROM_BITS ? a->a : 0;
    case IR_FROM_BITS: return identity_from_bits(p, op);
    case IR_HI32: return a->code == IR_PACK64 ? a->a : 0;
    case IR_LO32: return a->code == IR_PACK64 ? a->b : 0;
    default: return 0;
    }
}

/* ---- folding ---- */

static ir_ref fold_load(ir_program *p, const ir_op *op)
{
    const ir_memory *m = &p->memories[op->b];
    if (m->kind != IR_TABLE || !sn_ir_is_const(p, op->a))
        return 0;
    const uint32_t i = (uint32_t)sn_ir_bits(p, op->a);
    if (i >= m->length)
        return 0;
    const unsigned size = sn_ir_type_size(m->type);
    const char *at = (const char *)m->content + (size_t)i * size;
    uint64_t bits = 0;
    if (m->type == IR_I16) {
        int16_t v;
        memcpy(&v, at, sizeof v);
        const int32_t extended = v;
        bits = (uint32_t)extended;
    } else {
        memcpy(&bits, at, size); /* little-endian machines, as all that Sinter knows are */
    }
    return sn_ir_const_bits(p, op->type, bits);
}

static ir_ref fold(ir_program *p, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    if (op->code == IR_LOAD)
        return fold_load(p, op);
    if (info->kind != IR_KIND_PURE)
        return 0;
    uint64_t bits[3] = {0, 0, 0};
    for (unsigned k = 0; k < info->operands; k++) {
        const ir_ref r = sn_ir_operand(op, k);
        if (!sn_ir_is_const(p, r))
            return 0;
        bits[k] = sn_ir_bits(p, r);
    }
    const unsigned operand = p->ops[info->rule == IR_RULE_CHOOSE ? op->b : op->a].type;
    return sn_ir_const_bits(p, op->type, sn_ir_evaluate(op->code, op->type, operand, bits[0], bits[1], bits[2]));
}

static bool may_fold(const ir_program *p, const ir_op *op)
{
    const unsigned operands = sn_ir_info[op->code].operands;
    return operands && p->ops[op->a].code == IR_CONST && (operands < 2 || p->ops[op->b].code == IR_CONST);
}

ir_ref sn_ir_simplify(ir_program *p, ir_op *op)
{
    if ((p->rules & IR_FOLD) && may_fold(p, op)) {
        const ir_ref constant = fold(p, op);
        if (constant) {
            p->removed_by_fold++;
            return constant;
        }
    }
    if (p->rules & IR_IDENTITY) {
        for (;;) { /* an operation made simpler may have an identity of its own; each turn strictly simplifies */
            const uint8_t code = op->code;
            const ir_ref simple = identity(p, op);
            if (simple || code != op->code)
                p->removed_by_identity++;
            if (simple)
                return simple;
            if (code == op->code)
                return 0;
        }
    }
    return 0;
}
