/* Between which bounds an i32 lies.
 *
 * Purpose: a table is read at an index that is clamped to it, and most indices lie inside by how they were made: and(i, 255), i >>> 24, what a
 * table of bytes holds, sums of those. Their clamps go (rewrite.c), and so do masks that take nothing away. Computed when a rule asks, by a
 * look at what the value was made of, at most LEVELS deep; nothing is stored, so that operations which nobody asks about cost nothing. Bounds
 * hold for every input: sums, products and shifts that may wrap have none. Why it ends: operands come before their users, and the depth is
 * bounded; 2^(LEVELS + 1) - 1 operations are looked at at most, 3 on the average of a texture's indices. */
#include "ir/ir.h"

enum { LEVELS = 4 };

static const ir_range anything = {INT32_MIN, INT32_MAX};

static ir_range checked(int64_t low, int64_t high)
{
    return low < INT32_MIN || high > INT32_MAX ? anything : (ir_range){(int32_t)low, (int32_t)high};
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* All ones up to the highest bit of a number that is not negative. */
static int32_t filled(int32_t v)
{
    return v ? (int32_t)(UINT32_MAX >> __builtin_clz((uint32_t)v)) : 0;
}

/* An operand that is not negative bounds the result, whatever the other one is. */
static ir_range range_of_and(ir_range a, ir_range b)
{
    if (a.low < 0 && b.low < 0)
        return anything;
    return (ir_range){0, a.low < 0 ? b.high : b.low < 0 ? a.high : (int32_t)least(a.high, b.high)};
}

static ir_range range_of_product(ir_range a, ir_range b)
{
    const int64_t p = (int64_t)a.low * b.low, q = (int64_t)a.low * b.high, r = (int64_t)a.high * b.low, s = (int64_t)a.high * b.high;
    return checked(least(least(p, q), least(r, s)), greatest(greatest(p, q), greatest(r, s)));
}

static ir_range range_of_shift(unsigned code, ir_range a, unsigned n)
{
    if (code == IR_SHL)
        return checked(a.low * ((int64_t)1 << n), a.high * ((int64_t)1 << n));
    if (code == IR_SAR || a.low >= 0)
        return (ir_range){a.low >> n, a.high >> n};
    return n ? (ir_range){0, (int32_t)(UINT32_MAX >> n)} : anything;
}

/* A product's upper half is less than either factor, both taken without sign; a factor of 0 gives 0. */
static ir_range range_of_upper_half(ir_range a, ir_range b)
{
    const ir_range factors = range_of_and(a, b);
    return factors.low < 0 ? anything : (ir_range){0, factors.high ? factors.high - 1 : 0};
}

static ir_range range_of_load(const ir_memory *memory)
{
    return memory->type == IR_U8 ? (ir_range){0, UINT8_MAX} : memory->type == IR_I16 ? (ir_range){INT16_MIN, INT16_MAX} : anything;
}

static ir_range find(const ir_program *p, ir_ref r, unsigned levels);

static ir_range find_two(const ir_program *p, const ir_op *op, unsigned levels)
{
    const ir_range a = find(p, op->a, levels), b = find(p, op->b, levels);
    switch (op->code) {
    case IR_ADD: return checked((int64_t)a.low + b.low, (int64_t)a.high + b.high);
    case IR_SUB: return checked((int64_t)a.low - b.high, (int64_t)a.high - b.low);
    case IR_MUL: return range_of_product(a, b);
    case IR_MIN: return checked(least(a.low, b.low), least(a.high, b.high));
    case IR_MAX: return checked(greatest(a.low, b.low), greatest(a.high, b.high));
    case IR_AND: return range_of_and(a, b);
    case IR_UMULH: return range_of_upper_half(a, b);
    default: /* OR, XOR */
        return a.low < 0 || b.low < 0 ? anything : (ir_range){0, filled(a.high | b.high)};
    }
}

static ir_range find(const ir_program *p, ir_ref r, unsigned levels)
{
    const ir_op *op = &p->ops[r];
    if (op->code == IR_CONST)
        return (ir_range){(int32_t)op->a, (int32_t)op->a};
    if (op->code == IR_LOAD)
        return range_of_load(&p->memories[op->b]);
    if (!levels--)
        return anything;
    switch (op->code) {
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_MIN: case IR_MAX: case IR_AND: case IR_OR: case IR_XOR: case IR_UMULH:
        return find_two(p, op, levels);
    case IR_SHL: case IR_SAR: case IR_SHR:
        return sn_ir_is_const(p, op->b) ? range_of_shift(op->code, find(p, op->a, levels), p->ops[op->b].a & 31) : anything;
    case IR_NEG: {
        const ir_range a = find(p, op->a, levels);
        return checked(-(int64_t)a.high, -(int64_t)a.low);
    }
    case IR_NOT: {
        const ir_range a = find(p, op->a, levels);
        return (ir_range){~a.high, ~a.low};
    }
    case IR_ABS: { /* of the least number it is that number: no bounds then */
        const ir_range a = find(p, op->a, levels);
        return checked(greatest(0, greatest(a.low, -(int64_t)a.high)), greatest(-(int64_t)a.low, a.high));
    }
    case IR_SELECT: case IR_RARE: case IR_GUARD: {
        const ir_range b = find(p, op->b, levels), c = find(p, op->c, levels);
        return checked(least(b.low, c.low), greatest(b.high, c.high));
    }
    default:
        return anything;
    }
}

ir_range sn_ir_range(const ir_program *p, ir_ref r)
{
    return find(p, r, LEVELS);
}

uint32_t sn_ir_possible_bits(const ir_program *p, ir_ref r)
{
    const ir_range range = sn_ir_range(p, r);
    return range.low < 0 ? UINT32_MAX : (uint32_t)filled(range.high);
}
