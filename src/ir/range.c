/* Between which bounds an i32 lies.
 *
 * Purpose: a table is read at an index that is clamped to it, and most indices lie inside by how they were made: and(i, 255), i >>> 24, what a
 * table of bytes holds, sums of those. Their clamps go (rewrite.c), and so do masks that take nothing away. Computed when a rule asks, by a
 * look at what the value was made of, at most LEVELS deep; nothing is stored, so that operations which nobody asks about cost nothing. Bounds
 * hold for every input: sums, products and shifts that may wrap have none. The shortest of a varying delay is found the same way, through the float that
 * it was (clamped, perhaps rounded down): what is at least 8 elements back needs no element of its vector. Why it ends: operands come before their users, and the depth is
 * bounded; 2^(LEVELS + 1) - 1 operations are looked at at most, 3 on the average of a texture's indices. */
#include "ir/ir.h"

#include <math.h>
#include <string.h>

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

/* ---- floats that become integers ---- */

typedef struct float_range {
    double low, high;
    bool nan; /* it may be none */
} float_range;

static const float_range any_float = {-(double)INFINITY, (double)INFINITY, true};

static float_range range_of_constant(const ir_op *op)
{
    double wide;
    float narrow;
    const uint64_t bits = op->a | (uint64_t)op->b << 32;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &op->a, sizeof narrow);
    const double value = op->type == IR_F64 ? wide : (double)narrow;
    return (float_range){value, value, isnan(value)};
}

/* A function of its own, since gcc 12 at -O2 makes vectors of two of these side by side and forgets the rounding. */
static __attribute__((noinline)) double rounded_to_f32(double value)
{
    return (double)(float)value;
}

/* All of these keep the order, so that bounds become bounds; min and max with a constant behind give that for NaN. */
static float_range find_float(const ir_program *p, ir_ref r, unsigned levels)
{
    const ir_op *op = &p->ops[r];
    if (op->type != IR_F32 && op->type != IR_F64)
        return any_float;
    if (op->code == IR_CONST)
        return range_of_constant(op);
    if (!levels--)
        return any_float;
    float_range a = any_float;
    switch (op->code) {
    case IR_MIN: case IR_MAX:
        if (!sn_ir_is_const(p, op->b) || range_of_constant(&p->ops[op->b]).nan)
            return any_float;
        a = find_float(p, op->a, levels);
        const double bound = range_of_constant(&p->ops[op->b]).low;
        if (op->code == IR_MIN)
            return (float_range){a.low < bound ? a.low : bound, a.high < bound && !a.nan ? a.high : bound, false};
        return (float_range){a.low > bound && !a.nan ? a.low : bound, a.high > bound ? a.high : bound, false};
    case IR_FLOOR:
        a = find_float(p, op->a, levels);
        return (float_range){floor(a.low), floor(a.high), a.nan};
    case IR_CVT:
        a = find_float(p, op->a, levels);
        return op->type == IR_F64 ? a : (float_range){rounded_to_f32(a.low), rounded_to_f32(a.high), a.nan};
    default:
        return any_float;
    }
}

/* Truncated; what is out of range or none would be INT32_MIN. */
static ir_range range_of_conversion(const ir_program *p, ir_ref a, unsigned levels)
{
    const float_range f = find_float(p, a, levels);
    return f.nan || f.low <= -0x1p31 || f.high >= 0x1p31 ? anything : (ir_range){(int32_t)f.low, (int32_t)f.high};
}

/* ---- integers ---- */

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
    case IR_CVT:
        return range_of_conversion(p, op->a, LEVELS);
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

bool sn_ir_is_number(const ir_program *p, ir_ref r)
{
    return !find_float(p, r, LEVELS).nan;
}
