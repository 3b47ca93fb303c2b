/* Operations taken out of one program and put into others: they are what emitting them there makes; and what is emitted behind them finds its equal among them,
 * whichever it is, though nobody has put them into the table of equals by then. */
#include "ir/ir.h"
#include "repetitions.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RULES = IR_IDENTITY | IR_FOLD, INPUTS = 3, OPERATIONS = 40, MOST = 400 };

static uint64_t seed;

static unsigned any(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

static ir_ref inputs[INPUTS];

static void open_program(ir_program *p, arena *memory)
{
    static const char *const names[INPUTS] = {"a", "b", "c"};
    sn_ir_open(p, memory, RULES);
    for (unsigned k = 0; k < INPUTS; k++)
        inputs[k] = sn_ir_emit(p, IR_INPUT, IR_F64, sn_ir_add_input(p, names[k], IR_F64), 0, 0);
}

/* Of numbers that are there; constants among them. No negations or absolute values: of some of their compositions the rules take two emissions to make the simplest form. */
static ir_ref any_operation(ir_program *p, const ir_ref *numbers, unsigned count)
{
    static const ir_code codes[] = {IR_ADD, IR_SUB, IR_MUL, IR_DIV, IR_MAX, IR_FMA, IR_FNMA, IR_SQRT, IR_EXP, IR_SIN};
    const ir_ref x = numbers[any(count)], y = numbers[any(count)], z = any(4) ? numbers[any(count)] : sn_ir_f64(p, any(3));
    if (any(8) == 0)
        return sn_ir_emit(p, IR_SELECT, IR_F64, sn_ir_emit(p, IR_LT, IR_MASK, x, y, 0), z, numbers[any(count)]);
    const ir_code code = codes[any(sizeof codes / sizeof *codes)];
    const unsigned operands = sn_ir_info[code].operands;
    return sn_ir_emit(p, code, IR_F64, x, operands > 1 ? z : 0, operands > 2 ? y : 0);
}

static ir_ref make(ir_program *p, unsigned operations)
{
    ir_ref numbers[INPUTS + OPERATIONS];
    unsigned count = INPUTS;
    memcpy(numbers, inputs, sizeof inputs);
    while (count < INPUTS + operations) {
        numbers[count] = any_operation(p, numbers, count);
        count++;
    }
    return sn_ir_emit(p, IR_ADD, IR_F64, numbers[count - 1], sn_ir_emit(p, IR_MUL, IR_F64, numbers[count - 2], inputs[0], 0), 0);
}

static ir_ref emit_again(ir_program *p, const ir_op *op)
{
    if (op->code == IR_CONST)
        return sn_ir_const_bits(p, (ir_type)op->type, op->a | (uint64_t)op->b << 32);
    return sn_ir_emit_flagged(p, (ir_code)op->code, (ir_type)op->type, op->flags, op->a, op->b, op->c);
}

/* The operations from `first` on of two programs, operation by operation. */
static void expect_equal(const ir_program *p, const ir_program *q)
{
    assert_int_equal(p->count, q->count);
    for (ir_ref r = 1; r < p->count; r++)
        if (memcmp(&p->ops[r], &q->ops[r], sizeof *p->ops))
            fail_msg("operation %u: %s and %s", r, sn_ir_info[p->ops[r].code].name, sn_ir_info[q->ops[r].code].name);
}

static void take_out(ir_extract *t, arena *memory)
{
    ir_program p;
    do {
        open_program(&p, memory);
        const ir_ref result = make(&p, 1 + any(OPERATIONS));
        assert_int_equal(p.status, SINTER_OK);
        if (p.ops[result].code != IR_CONST)
            assert_true(sn_ir_extract(&p, result, INPUTS + 1, memory, memory, t));
        else
            t->count = 0;
    } while (t->count <= INPUTS + 1);
}

/* Behind `before` operations of its own, of which it may have some in common. */
static ir_ref put_in(ir_program *p, const ir_extract *t, arena *memory, unsigned before, uint64_t as)
{
    open_program(p, memory);
    seed = as;
    if (before > 0)
        make(p, before);
    return sn_ir_insert(p, t, inputs, true, NULL);
}

static ir_ref put_in_one_by_one(ir_program *p, const ir_extract *t, arena *memory, unsigned before, uint64_t as)
{
    ir_ref map[MOST] = {0};
    open_program(p, memory);
    seed = as;
    if (before > 0)
        make(p, before);
    for (unsigned k = 0; k < INPUTS; k++)
        map[k + 1] = inputs[k];
    for (uint32_t r = t->first; r < t->count; r++) {
        ir_op op = t->ops[r];
        if (op.code != IR_CONST) {
            const unsigned operands = sn_ir_info[op.code].operands;
            op.a = operands > 0 ? map[op.a] : op.a;
            op.b = operands > 1 ? map[op.b] : op.b;
            op.c = operands > 2 ? map[op.c] : op.c;
        }
        map[r] = emit_again(p, &op);
    }
    return map[t->result];
}

static void is_found(uint64_t k, const ir_extract *t, arena *memory)
{
    ir_program p, q;
    const unsigned before = any(2) * any(OPERATIONS);
    const uint64_t as = seed;
    const ir_ref result = put_in(&p, t, memory, before, as);
    assert_int_equal(result, put_in_one_by_one(&q, t, memory, before, as));
    expect_equal(&p, &q);
    /* one of its operations first, then another, in any order: and each time in a program in which nothing has been looked up yet */
    for (unsigned turn = 0; turn < 8; turn++) {
        put_in(&p, t, memory, before, as);
        const uint32_t count = p.count;
        seed = as + turn;
        for (unsigned i = 0; i < 4; i++) {
            const ir_ref r = 1 + any(count - 1);
            const ir_op op = p.ops[r];
            if (emit_again(&p, &op) != r)
                fail_msg("program %" PRIu64 ": operation %u, %s, is not found", k, r, sn_ir_info[op.code].name);
            /* and something new, which is listed itself */
            const ir_ref made = sn_ir_emit(&p, IR_MIN, IR_F64, result, inputs[i % INPUTS], 0);
            assert_int_equal(sn_ir_emit(&p, IR_MIN, IR_F64, result, inputs[i % INPUTS], 0), made);
        }
    }
}

static void is_found_after_two(uint64_t k, const ir_extract *t, arena *memory)
{
    ir_extract u;
    ir_program p;
    take_out(&u, memory);
    const uint64_t as = seed;
    const ir_ref once = put_in(&p, t, memory, 0, as);
    const ir_ref arguments[INPUTS] = {inputs[1], once, inputs[0]};
    sn_ir_insert(&p, &u, p.ops[once].code == IR_CONST || once == inputs[0] || once == inputs[1] ? inputs : arguments, true, NULL);
    const uint32_t count = p.count;
    for (unsigned i = 0; i < 8; i++) {
        const ir_ref r = 1 + any(count - 1);
        const ir_op op = p.ops[r];
        if (emit_again(&p, &op) != r)
            fail_msg("program %" PRIu64 ": operation %u, %s, is not found", k, r, sn_ir_info[op.code].name);
    }
    assert_int_equal(p.count, count);
}

/* Appends copies, which are not looked up. */
static void copy(ir_program *p, const ir_program *from)
{
    ir_ref map[MOST] = {0};
    assert_true(from->count < MOST);
    for (ir_ref r = 1; r < from->count; r++) {
        ir_op op = from->ops[r];
        const unsigned operands = sn_ir_info[op.code].operands;
        if (op.code != IR_CONST && op.code != IR_INPUT) {
            op.a = operands > 0 ? map[op.a] : op.a;
            op.b = operands > 1 ? map[op.b] : op.b;
            op.c = operands > 2 ? map[op.c] : op.c;
        }
        map[r] = sn_ir_emit_copy(p, &op);
    }
}

/* Before and behind copies, which are in no table either. */
static void is_found_among_copies(uint64_t k, const ir_extract *t, arena *memory)
{
    ir_program from, p;
    open_program(&from, memory);
    make(&from, 1 + any(OPERATIONS));
    open_program(&p, memory);
    sn_ir_reserve(&p, 3 * MOST);
    const unsigned order = any(4);
    if (order & 1)
        copy(&p, &from);
    sn_ir_insert(&p, t, inputs, true, NULL);
    if (order & 2)
        copy(&p, &from);
    const uint32_t count = p.count;
    for (unsigned i = 0; i < 4; i++) {
        const ir_op op = p.ops[1 + any(count - 1)];
        const ir_ref found = emit_again(&p, &op);
        if (p.count != count || memcmp(&p.ops[found], &op, sizeof op))
            fail_msg("program %" PRIu64 ": %s is not found", k, sn_ir_info[op.code].name);
    }
}

/* Each with an extract of its own. */
static void repeat(void (*check)(uint64_t k, const ir_extract *t, arena *memory))
{
    const sinter_allocator allocator = sn_allocator_or_default(NULL);
    for (uint64_t k = 0; k < repetitions(20000); k++) {
        arena memory;
        ir_extract t;
        sn_arena_open(&memory, &allocator);
        seed = k;
        take_out(&t, &memory);
        check(k, &t, &memory);
        sn_arena_close(&memory);
    }
}

static void what_is_inserted_is_found(void **state)
{
    (void)state;
    repeat(is_found);
}

static void after_two_of_them_too(void **state)
{
    (void)state;
    repeat(is_found_after_two);
}

static void among_copies_too(void **state)
{
    (void)state;
    repeat(is_found_among_copies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_inserted_is_found),
        cmocka_unit_test(after_two_of_them_too),
        cmocka_unit_test(among_copies_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
