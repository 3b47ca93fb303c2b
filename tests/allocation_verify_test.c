/* The verifier of register allocations: traces made by hand, right ones and one for each kind of mistake;
 * then the traces of random programs with more values than registers and cold regions within cold regions,
 * for every instruction set and number of registers, which must all be right. */
#include "code/allocate.h"
#include "code/x64/x64.h"
#include "kernel/kernels.h"
#include "opt/opt.h"
#include "random_graph.h"
#include "repetitions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- traces by hand ---- */

enum { A = 1, B, C, D, VALUES }; /* a and b are inputs, c = a + b, d a constant */

static const ir_op ops[VALUES] = {
    {0},
    {.code = IR_INPUT, .type = IR_F32},
    {.code = IR_INPUT, .type = IR_F32, .a = 1},
    {.code = IR_ADD, .type = IR_F32, .a = A, .b = B},
    {.code = IR_CONST, .type = IR_F32, .a = 0x3F800000},
};

static code_event event(code_event_kind kind, unsigned reg, uint32_t value)
{
    return (code_event){.kind = (uint8_t)kind, .reg = (uint8_t)reg, .value = value * CODE_MAX_COPIES};
}

static code_event in_slot(code_event_kind kind, unsigned reg, uint32_t value, uint32_t slot)
{
    code_event e = event(kind, reg, value);
    e.slot = slot;
    return e;
}

#define LOAD(reg, value) event(CODE_EVENT_LOAD, reg, value)
#define USE(reg, value) event(CODE_EVENT_USE, reg, value)
#define DEFINE(reg, value) event(CODE_EVENT_DEFINE, reg, value)
#define TEMPORARY(reg) event(CODE_EVENT_TEMPORARY, reg, 0)
#define PIN(reg, value) event(CODE_EVENT_PIN, reg, value)
#define SPILL(reg, value, number) in_slot(CODE_EVENT_SPILL, reg, value, number)
#define RELOAD(reg, value, number) in_slot(CODE_EVENT_RELOAD, reg, value, number)
#define MOVE(to, source) ((code_event){.kind = CODE_EVENT_MOVE, .reg = to, .from = source})
#define ENTER event(CODE_EVENT_ENTER_COLD, 0, 0)
#define LEAVE event(CODE_EVENT_LEAVE_COLD, 0, 0)
#define RESTART event(CODE_EVENT_RESTART, 0, 0)

static const char *verdict(const code_event *events, uint32_t count)
{
    static char kept[200];
    arena memory;
    sn_arena_open(&memory, NULL);
    code_event *copy = sn_arena_take(&memory, count * sizeof *copy);
    memcpy(copy, events, count * sizeof *copy);
    const code_trace trace = {.memory = &memory, .events = copy, .count = count, .capacity = count};
    const char *wrong = sn_allocate_verify(&trace, ops, VALUES, &memory);
    snprintf(kept, sizeof kept, "%s", wrong ? wrong : "");
    sn_arena_close(&memory);
    return kept;
}

#define VERDICT(...)                                                                                         \
    verdict((const code_event[]){__VA_ARGS__}, sizeof((const code_event[]){__VA_ARGS__}) / sizeof(code_event))
#define RIGHT(...) assert_string_equal(VERDICT(RESTART, __VA_ARGS__), "")
#define WRONG(what, ...)                                                                                     \
    do {                                                                                                     \
        const char *said_ = VERDICT(RESTART, __VA_ARGS__);                                                   \
        if (!strstr(said_, what) || !*said_)                                                                 \
            fail_msg("\"%s\" instead of \"%s\"", said_, what);                                               \
    } while (0)

static void right_traces_pass(void **state)
{
    (void)state;
    RIGHT(LOAD(3, A), LOAD(4, B), USE(3, A), USE(4, B), DEFINE(3, C), USE(3, C));
    RIGHT(LOAD(3, A), SPILL(3, A, 0), LOAD(3, B), USE(3, B), RELOAD(5, A, 0), USE(5, A));
    RIGHT(PIN(9, D), LOAD(0, A), USE(0, A), USE(9, D), RESTART, PIN(9, D), USE(9, D));
    RIGHT(LOAD(3, A), MOVE(7, 3), USE(7, A), USE(3, A));
    RIGHT(LOAD(3, A), ENTER, SPILL(3, A, 1), LOAD(3, B), USE(3, B), RELOAD(3, A, 1), LEAVE, USE(3, A));
    RIGHT(LOAD(3, A), ENTER, ENTER, USE(3, A), TEMPORARY(4), LEAVE, USE(3, A), LEAVE, USE(3, A));
    RIGHT(PIN(5, A), PIN(5, B), USE(5, A), USE(5, B)); /* two leaves, one input */
}

static void operands_elsewhere_are_found(void **state)
{
    (void)state;
    WRONG("operand", USE(3, A));
    WRONG("operand", LOAD(3, A), USE(4, A));
    WRONG("operand", LOAD(3, A), LOAD(3, B), USE(3, A));             /* displaced by a load */
    WRONG("operand", LOAD(3, A), DEFINE(3, C), USE(3, A));           /* by a result */
    WRONG("operand", LOAD(3, A), TEMPORARY(3), USE(3, A));           /* by a temporary */
    WRONG("operand", LOAD(3, A), LOAD(4, B), MOVE(3, 4), USE(3, A)); /* by a move */
    WRONG("operand", LOAD(3, A), SPILL(3, A, 0), LOAD(4, B), RELOAD(3, A, 0), MOVE(4, 3), USE(4, B));
    WRONG("operand", LOAD(3, A), RESTART, USE(3, A)); /* of the walk before */
    WRONG("operand", LOAD(3, A),
          (code_event){.kind = CODE_EVENT_USE,
                       .reg = 3,
                       .value = A * CODE_MAX_COPIES + 1}); /* of the other copy */
}

static void slots_are_followed(void **state)
{
    (void)state;
    WRONG("spilled", SPILL(3, A, 0));
    WRONG("spilled", LOAD(3, A), SPILL(3, B, 0));
    WRONG("reloaded", RELOAD(3, A, 0));
    WRONG("reloaded", LOAD(3, A), SPILL(3, A, 0), RELOAD(3, A, 1));
    WRONG("reloaded", LOAD(3, A), LOAD(4, B), SPILL(3, A, 0), SPILL(4, B, 0),
          RELOAD(3, A, 0));                                                  /* used twice at a time */
    WRONG("reloaded", LOAD(3, A), SPILL(3, A, 0), RESTART, RELOAD(3, A, 0)); /* of the walk before */
    WRONG("no such slot", LOAD(3, A), SPILL(3, A, CODE_NO_SLOT));
    WRONG("no load makes", LOAD(3, C));
}

static void pinned_registers_are_left_alone(void **state)
{
    (void)state;
    WRONG("pinned", PIN(9, D), LOAD(9, A));
    WRONG("pinned", PIN(9, D), DEFINE(9, C));
    WRONG("pinned", PIN(9, D), TEMPORARY(9));
    WRONG("pinned", PIN(9, D), LOAD(3, A), MOVE(9, 3));
    WRONG("pinned", PIN(9, D), LOAD(3, A), SPILL(3, A, 0), RELOAD(9, A, 0));
    WRONG("operand", PIN(9, D), USE(9, A));
    WRONG("operand", PIN(9, D), RESTART, USE(9, D));
    WRONG("operand", PIN(9, D), RESTART, PIN(9, A), USE(9, D));
}

static void cold_regions_leave_everything_in_place(void **state)
{
    (void)state;
    WRONG("operand", LOAD(3, A), ENTER, LOAD(3, B), LEAVE, USE(3, A)); /* displaced there only */
    WRONG("operand", ENTER, LOAD(3, A), LEAVE, USE(3, A));             /* loaded there only */
    WRONG("operand", LOAD(3, A), ENTER, ENTER, TEMPORARY(3), LEAVE, LEAVE, USE(3, A)); /* one deeper */
    WRONG("operand", LOAD(3, A), ENTER, LOAD(3, B), USE(3, A), LEAVE);
    WRONG("reloaded", LOAD(3, A), ENTER, SPILL(3, A, 0), LEAVE, RELOAD(4, A, 0)); /* stored there only */
    WRONG("reloaded", LOAD(3, A), LOAD(4, B), SPILL(3, A, 0), ENTER, SPILL(4, B, 0), LEAVE, RELOAD(5, A, 0));
    WRONG("not left", LOAD(3, A), ENTER);
    WRONG("not entered", LEAVE);
    WRONG("within a cold region", ENTER, RESTART);
    code_event deep[40];
    for (unsigned k = 0; k < 40; k++)
        deep[k] = ENTER;
    assert_true(strstr(verdict(deep, 40), "too deep") != NULL);
}

static void nonsense_is_found(void **state)
{
    (void)state;
    WRONG("no such register", USE(CODE_NO_REGISTER, A));
    WRONG("no such register", LOAD(CODE_REGISTERS, A));
    WRONG("no such register", LOAD(3, A), MOVE(3, CODE_NO_REGISTER));
    WRONG("no such value", LOAD(3, VALUES));
    WRONG("no such value", USE(3, 1000000));
    WRONG("unknown", (code_event){.kind = 200});
}

/* ---- traces of random programs ---- */

#if SINTER_JIT && SINTER_VERIFY
typedef struct tally {
    uint32_t loops, spills, cold;
} tally;

static void check_plan(const plan *p, const x64_options *options, arena *memory, uint64_t seed, tally *t)
{
    x64_output out;
    arena passing;
    sn_arena_open(&passing, NULL);
    sn_x64_output_open(&out, memory, &passing);
    for (uint32_t k = 0; k < p->loop_count; k++)
        for (unsigned side = 0; side < (p->loops[k].guard ? 2u : 1u); side++) {
            const x64_function f = sn_x64_loop(&out, p, &p->loops[k], &p->loops[k].body[side], options);
            if (out.status)
                fail_msg("program %llu, loop %u, instruction set %d, %u registers: %s",
                         (unsigned long long)seed, (unsigned)k, (int)options->isa,
                         (unsigned)options->most_registers,
                         out.violation ? out.violation : sinter_status_name(out.status));
            t->loops++;
            t->spills += f.spills;
            t->cold += p->loops[k].body[side].cold;
        }
    sn_arena_close(&passing);
}

static void check_program(const sinter_program *program, uint64_t seed, tally *t)
{
    static const uint8_t registers[] = {9, 10, 12, 16, 32};
    arena memory;
    plan p;
    size_t unknown;
    sn_arena_open(&memory, NULL);
    ir_program ir = program->ir;
    assert_null(sn_opt_run(&ir, &memory, NULL, false, NULL, &unknown));
    assert_int_equal(ir.status, SINTER_OK);
    assert_int_equal(sn_plan_make(&p, &ir, 0, &memory), SINTER_OK);
    const void **tables = sn_arena_take_zeroed(&memory, (ir.memory_count + 1) * sizeof *tables);
    for (unsigned isa = X64_ONE_LANE; isa <= X64_AVX512; isa++)
        for (unsigned k = 0; k < sizeof registers; k++) {
            const x64_options options = {.isa = (x64_isa)isa,
                                         .random = (uint32_t)seed + k + 1,
                                         .most_registers = registers[k],
                                         .tables = tables};
            check_plan(&p, &options, &memory, seed, t);
        }
    sn_arena_close(&memory);
}

static void random_programs_are_allocated_rightly(void **state)
{
    (void)state;
    tally t = {0};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        arena memory;
        random_graph g;
        sn_arena_open(&memory, NULL);
        random_graph_make(&g, seed, 0, &memory);
        sinter_program *program = random_graph_build(&g);
        assert_int_equal(sinter_program_status(program, NULL), SINTER_OK);
        check_program(program, seed, &t);
        sinter_program_close(program);
        sn_arena_close(&memory);
    }
    assert_true(t.spills > 100 && t.cold > 100);
}

/* Values that stay alive across many others, functions with rare regions over them, results that meet
 * again in another order: of two types, so that halves of registers are in play. */
static sinter_program *make_pressure(uint64_t seed)
{
    enum { MOST = 160 };
    random_numbers r = {seed};
    sinter_program *p = sinter_program_open(NULL);
    sinter_value values[MOST];
    uint32_t count = 0;
    static const sinter_operation functions[] = {SINTER_OP_SIN, SINTER_OP_EXP,  SINTER_OP_LOG,
                                                 SINTER_OP_COS, SINTER_OP_SQRT, SINTER_OP_ABS};
    const sinter_type type = random_chance(&r, 30) ? SINTER_F64 : SINTER_F32;
    values[count++] = sinter_input(p, "x", type);
    values[count++] = sinter_input(p, "y", type);
    values[count++] = sinter_parameter(p, "g", type, 0.5, 0, 1);
    const bool cyclic = random_chance(&r, 40); /* past values in registers, throughout the loop */
    const uint32_t line = cyclic ? sinter_line(p, "past", type, 3) : 0;
    for (uint32_t d = 1; cyclic && d <= 3; d++)
        values[count++] = sinter_read(p, line, d);
    const uint32_t wanted = 30 + random_below(&r, MOST - 40);
    while (count < wanted) {
        const sinter_value a = values[random_below(&r, count)], b = values[random_below(&r, count)],
                           c = values[random_below(&r, count)];
        const sinter_value number =
            sinter_convert(p, sinter_f64(p, (double)random_below(&r, 1000) / 8), type);
        switch (random_below(&r, 8)) {
        case 0: values[count++] = sinter_emit(p, functions[random_below(&r, 6)], a, 0, 0); break;
        case 1:
            values[count++] =
                sinter_emit(p, functions[random_below(&r, 3)], sinter_fma(p, a, number, b), 0, 0);
            break;
        case 2:
            values[count++] =
                sinter_emit(p, SINTER_OP_SELECT, sinter_emit(p, SINTER_OP_LT, a, b, 0), c, number);
            break;
        case 3:
            values[count++] = sinter_emit(p, SINTER_OP_RARE, sinter_emit(p, SINTER_OP_LT, a, number, 0),
                                          sinter_emit(p, SINTER_OP_SIN, sinter_mul(p, b, c), 0, 0), c);
            break;
        case 4: values[count++] = sinter_add(p, sinter_mul(p, a, b), c); break;
        default: values[count++] = sinter_fma(p, a, b, sinter_mul(p, c, number)); break;
        }
    }
    sinter_value sum = values[0];
    for (uint32_t k = 1; k < count; k++)
        sum = sinter_fma(p, sum, values[count - k], values[k * 7 % count]);
    sinter_output(p, "sum", sum);
    if (cyclic)
        sinter_write(p, line, sum);
    if (random_chance(&r, 30))
        sinter_total(p, "total", values[count / 2]);
    return p;
}

static void pressure_is_borne(void **state)
{
    (void)state;
    tally t = {0};
    for (uint64_t seed = 1; seed <= repetitions(300); seed++) {
        sinter_program *program = make_pressure(seed);
        assert_int_equal(sinter_program_status(program, NULL), SINTER_OK);
        check_program(program, seed, &t);
        sinter_program_close(program);
    }
    assert_true(t.spills > repetitions(20000) && t.cold > repetitions(2000));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_traces_pass),
        cmocka_unit_test(operands_elsewhere_are_found),
        cmocka_unit_test(slots_are_followed),
        cmocka_unit_test(pinned_registers_are_left_alone),
        cmocka_unit_test(cold_regions_leave_everything_in_place),
        cmocka_unit_test(nonsense_is_found),
#if SINTER_JIT && SINTER_VERIFY
        cmocka_unit_test(random_programs_are_allocated_rightly),
        cmocka_unit_test(pressure_is_borne),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
