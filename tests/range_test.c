/* Ranges of integers, and the rules that use them: every value of a random program of integers lies in the range that is claimed for it, and
 * the program that the rules have simplified computes the same. Arguments are the corners of what an i32 is, and random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "ir/ir.h"
#include "random_graph.h"

enum { PROGRAMS = 4000, OPERATIONS = 60, ARGUMENTS = 24, INPUTS = 2 };

static const uint8_t bytes[256] = {0, 255, 7, 128, 1, 254, 90, 33, 12, 200};
static const int16_t words[5] = {INT16_MIN, INT16_MAX, 0, -1, 300};

typedef struct pair {
    ir_program plain, ruled;
    ir_ref map[OPERATIONS * 8]; /* from plain to ruled */
} pair;

static ir_ref emit_both(pair *p, ir_code code, ir_type type, uint32_t a, uint32_t b, uint32_t c)
{
    const unsigned operands = sn_ir_info[code].operands;
    const ir_ref r = sn_ir_emit(&p->plain, code, type, a, b, c);
    p->map[r] = sn_ir_emit(&p->ruled, code, type, operands > 0 ? p->map[a] : a, operands > 1 ? p->map[b] : b, operands > 2 ? p->map[c] : c);
    return r;
}

static ir_ref constant_both(pair *p, int32_t value)
{
    const ir_ref r = sn_ir_i32(&p->plain, value);
    p->map[r] = sn_ir_i32(&p->ruled, value);
    return r;
}

static int32_t any_number(random_numbers *r)
{
    static const int32_t corners[] = {0, 1, -1, 7, 8, 31, 255, 256, -256, 32767, -32768, INT32_MAX, INT32_MIN, INT32_MIN + 1, 4, 127, 128};
    switch (random_below(r, 4)) {
    case 0: return corners[random_below(r, sizeof corners / sizeof *corners)];
    case 1: return (int32_t)((1u << random_below(r, 32)) - random_below(r, 2)); /* masks and their neighbours */
    case 2: return (int32_t)(UINT32_MAX << random_below(r, 32)); /* what a shift to the right keeps, and more or less than that */
    default: return (int32_t)random_word(r);
    }
}

/* An index that is inside by how it was made, or by a clamp; the rules are to find out which. */
static ir_ref load_both(pair *p, random_numbers *r, ir_ref index)
{
    const unsigned memory = random_below(r, 2);
    const int32_t last = memory ? 4 : 255;
    const ir_ref low = emit_both(p, IR_MIN, IR_I32, index, constant_both(p, last), 0);
    return emit_both(p, IR_LOAD, IR_I32, emit_both(p, IR_MAX, IR_I32, low, constant_both(p, 0), 0), memory, 0);
}

static ir_ref number_both(pair *p, ir_type type, double value)
{
    const ir_ref r = sn_ir_number(&p->plain, type, value);
    p->map[r] = sn_ir_number(&p->ruled, type, value);
    return r;
}

/* What was a float: any bits, or an integer's value, clamped perhaps, from one side or both, rounded down perhaps. */
static ir_ref convert_both(pair *p, random_numbers *r, ir_ref a)
{
    ir_type type = random_chance(r, 50) ? IR_F32 : IR_F64;
    ir_ref x = type == IR_F32 && random_chance(r, 60) ? emit_both(p, IR_FROM_BITS, IR_F32, a, 0, 0) : emit_both(p, IR_CVT, type, a, 0, 0);
    for (unsigned steps = random_below(r, 4); steps > 0; steps--)
        switch (random_below(r, 6)) {
        case 0:
            x = emit_both(p, IR_FLOOR, type, x, 0, 0);
            break;
        case 1: {
            const ir_type other = type == IR_F32 ? IR_F64 : IR_F32;
            x = emit_both(p, IR_CVT, other, x, 0, 0);
            type = other;
            break;
        }
        default: {
            static const double ends[] = {0, -0.0, 1, 63.7, -63.7, 1e5, -1e5, 2147483647, -2147483648.0, 3e9, -3e9, 16777217.5};
            const ir_ref end = number_both(p, type, random_chance(r, 4) ? (double)NAN : ends[random_below(r, sizeof ends / sizeof *ends)]);
            const bool turned = random_chance(r, 15);
            x = emit_both(p, random_chance(r, 50) ? IR_MIN : IR_MAX, type, turned ? end : x, turned ? x : end, 0);
            break;
        }
        }
    return emit_both(p, IR_CVT, IR_I32, x, 0, 0);
}

static ir_ref any_operation(pair *p, random_numbers *r, const ir_ref *values, unsigned count)
{
    static const uint8_t two[] = {IR_ADD, IR_SUB, IR_MUL, IR_MIN, IR_MAX, IR_AND, IR_AND, IR_AND, IR_OR, IR_XOR, IR_SHL, IR_SAR, IR_SHR,
                                  IR_SHR, IR_UMULH};
    static const uint8_t one[] = {IR_NEG, IR_ABS, IR_NOT};
    const unsigned recent = count < 6 ? count : 6;
    const ir_ref a = values[count - 1 - random_below(r, recent)];
    const ir_ref b = random_chance(r, 60) ? constant_both(p, any_number(r)) : values[random_below(r, count)];
    if (random_chance(r, 12))
        return emit_both(p, one[random_below(r, sizeof one)], IR_I32, a, 0, 0);
    if (random_chance(r, 15))
        return load_both(p, r, a);
    if (random_chance(r, 10))
        return convert_both(p, r, a);
    if (random_chance(r, 8)) {
        const ir_ref mask = emit_both(p, IR_LT, IR_MASK, a, b, 0);
        return emit_both(p, random_chance(r, 50) ? IR_SELECT : IR_RARE, IR_I32, mask, values[random_below(r, count)], b);
    }
    const bool turned = random_chance(r, 30);
    return emit_both(p, two[random_below(r, sizeof two)], IR_I32, turned ? b : a, turned ? a : b, 0);
}

static void evaluate(const ir_program *p, const int32_t *inputs, uint64_t *values)
{
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        if (op->code == IR_INPUT) {
            values[r] = (uint32_t)inputs[op->a];
        } else if (op->code == IR_CONST) {
            values[r] = op->a | (uint64_t)op->b << 32;
        } else if (op->code == IR_LOAD) {
            const uint32_t i = (uint32_t)values[op->a];
            assert_true(i < p->memories[op->b].length);
            const int32_t loaded = op->b ? words[i] : bytes[i];
            values[r] = (uint32_t)loaded;
        } else {
            const unsigned operands = sn_ir_info[op->code].operands;
            const unsigned type = p->ops[op->a].type == IR_MASK ? IR_I32 : p->ops[op->a].type;
            values[r] = sn_ir_evaluate(op->code, op->type, type, values[op->a], operands > 1 ? values[op->b] : 0, operands > 2 ? values[op->c] : 0);
        }
    }
}

static void make(pair *p, random_numbers *r, arena *memory)
{
    ir_ref values[OPERATIONS + INPUTS];
    unsigned count = 0;
    sn_ir_open(&p->plain, memory, 0);
    sn_ir_open(&p->ruled, memory, IR_IDENTITY | IR_FOLD);
    const ir_memory tables[] = {{.name = "b", .content = bytes, .length = 256, .kind = IR_TABLE, .type = IR_U8},
                                {.name = "w", .content = words, .length = 5, .kind = IR_TABLE, .type = IR_I16}};
    for (unsigned k = 0; k < 2; k++) {
        sn_ir_add_memory(&p->plain, &tables[k]);
        sn_ir_add_memory(&p->ruled, &tables[k]);
    }
    for (unsigned k = 0; k < INPUTS; k++) {
        const char name[2] = {(char)('x' + k), 0};
        sn_ir_add_input(&p->plain, name, IR_I32);
        sn_ir_add_input(&p->ruled, name, IR_I32);
        values[count++] = emit_both(p, IR_INPUT, IR_I32, k, 0, 0);
    }
    while (count < 8 + random_below(r, OPERATIONS - 8)) {
        values[count] = any_operation(p, r, values, count);
        count++;
    }
    assert_int_equal(p->plain.status, SINTER_OK);
    assert_int_equal(p->ruled.status, SINTER_OK);
    assert_true(p->plain.count < sizeof p->map / sizeof *p->map);
}

static void check(const pair *p, random_numbers *r)
{
    static uint64_t plain[OPERATIONS * 8], ruled[OPERATIONS * 16];
    for (unsigned turn = 0; turn < ARGUMENTS; turn++) {
        const int32_t inputs[INPUTS] = {any_number(r), any_number(r)};
        evaluate(&p->plain, inputs, plain);
        evaluate(&p->ruled, inputs, ruled);
        for (ir_ref v = 1; v < p->plain.count; v++) {
            if (p->plain.ops[v].type == IR_I32) {
                const ir_range range = sn_ir_range(&p->plain, v);
                assert_in_range((int64_t)(int32_t)(uint32_t)plain[v] - INT32_MIN, (int64_t)range.low - INT32_MIN, (int64_t)range.high - INT32_MIN);
            }
            assert_int_equal(plain[v], ruled[p->map[v]]);
        }
    }
}

static void test_random_programs(void **state)
{
    (void)state;
    uint32_t removed = 0;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        random_numbers r = {seed};
        arena memory;
        sn_arena_open(&memory, NULL);
        pair p;
        memset(&p, 0, sizeof p);
        make(&p, &r, &memory);
        check(&p, &r);
        removed += p.ruled.removed_by_identity;
        sn_arena_close(&memory);
    }
    assert_true(removed > PROGRAMS); /* the rules have had something to do */
}

/* The bounds that indices of textures have are found exactly, not merely some that hold. */
static void test_bounds(void **state)
{
    (void)state;
    arena memory;
    sn_arena_open(&memory, NULL);
    ir_program p;
    sn_ir_open(&p, &memory, 0);
    sn_ir_add_memory(&p, &(ir_memory){.name = "t", .content = bytes, .length = 256, .kind = IR_TABLE, .type = IR_U8});
    sn_ir_add_input(&p, "x", IR_I32);
    const ir_ref x = sn_ir_emit(&p, IR_INPUT, IR_I32, 0, 0, 0);
    const ir_ref masked = sn_ir_emit(&p, IR_AND, IR_I32, x, sn_ir_i32(&p, 255), 0);
    const ir_ref load = sn_ir_emit(&p, IR_LOAD, IR_I32, masked, 0, 0);
    const ir_ref less = sn_ir_emit(&p, IR_LT, IR_MASK, x, load, 0);
    const ir_ref raised = sn_ir_emit(&p, IR_MAX, IR_F32, sn_ir_emit(&p, IR_FROM_BITS, IR_F32, x, 0, 0), sn_ir_f32(&p, 63.5f), 0);
    const ir_ref clamped = sn_ir_emit(&p, IR_MIN, IR_F32, raised, sn_ir_f32(&p, 96000), 0);
    const struct {
        ir_ref value;
        int32_t low, high;
    } cases[] = {
        {masked, 0, 255},
        {load, 0, 255},
        {sn_ir_emit(&p, IR_ADD, IR_I32, load, masked, 0), 0, 510},
        {sn_ir_emit(&p, IR_SHR, IR_I32, x, sn_ir_i32(&p, 24), 0), 0, 255},
        {sn_ir_emit(&p, IR_SHR, IR_I32, x, sn_ir_i32(&p, 32), 0), INT32_MIN, INT32_MAX},
        {sn_ir_emit(&p, IR_SAR, IR_I32, x, sn_ir_i32(&p, 28), 0), -8, 7},
        {sn_ir_emit(&p, IR_UMULH, IR_I32, x, sn_ir_i32(&p, 12), 0), 0, 11},
        {sn_ir_emit(&p, IR_XOR, IR_I32, load, sn_ir_i32(&p, 256), 0), 0, 511},
        {sn_ir_emit(&p, IR_SELECT, IR_I32, less, load, sn_ir_i32(&p, -5)), -5, 255},
        {sn_ir_emit(&p, IR_RARE, IR_I32, less, sn_ir_i32(&p, 300), load), 0, 300},
        {sn_ir_emit(&p, IR_GUARD, IR_I32, less, masked, sn_ir_i32(&p, -1)), -1, 255},
        {sn_ir_emit(&p, IR_SUB, IR_I32, load, sn_ir_i32(&p, 1), 0), -1, 254},
        {sn_ir_emit(&p, IR_ABS, IR_I32, x, 0, 0), INT32_MIN, INT32_MAX},
        {sn_ir_emit(&p, IR_ABS, IR_I32, sn_ir_emit(&p, IR_SAR, IR_I32, x, sn_ir_i32(&p, 1), 0), 0, 0), 0, 1 << 30},
        {sn_ir_emit(&p, IR_ADD, IR_I32, x, sn_ir_i32(&p, 1), 0), INT32_MIN, INT32_MAX},
        {sn_ir_emit(&p, IR_CVT, IR_I32, sn_ir_emit(&p, IR_FLOOR, IR_F32, clamped, 0, 0), 0, 0), 63, 96000},
        {sn_ir_emit(&p, IR_CVT, IR_I32, raised, 0, 0), INT32_MIN, INT32_MAX}, /* it may be too large, and then is INT32_MIN */
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        const ir_range range = sn_ir_range(&p, cases[k].value);
        assert_int_equal(range.low, cases[k].low);
        assert_int_equal(range.high, cases[k].high);
    }
    sn_arena_close(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_programs),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
