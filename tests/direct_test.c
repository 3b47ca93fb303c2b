/* Machine code is the same whether direct.c writes what it can or select.c writes everything: code, constants, marks and spills, of random
 * programs and of the examples, for every instruction set and for few registers as well as all. Only compiled, never run, so that AVX-512 takes
 * part on any x86-64. */
#include "code/x64/x64.h"
#include "kernel/kernels.h"
#include "lang/lang.h"
#include "opt/opt.h"
#include "random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "example_texts.h"


typedef struct tally {
    uint64_t bodies, bytes;
    uint32_t spills, cold, functions;
} tally;

static tally all;

/* ---- both ways ---- */

static void write_loops(x64_output *out, const plan *p, const x64_options *options, x64_function *f)
{
    for (uint32_t k = 0; k < p->loop_count; k++)
        for (unsigned side = 0; side < (p->loops[k].guard ? 2u : 1u); side++)
            f[2 * k + side] = sn_x64_loop(out, p, &p->loops[k], &p->loops[k].body[side], options);
}

/* As kernels ask for it, and where there is no table to find. */
static bool may_be_function(const plan *p)
{
    const ir_program *program = p->program;
    bool any_integer = program->output_count == 1 && program->outputs[0].type == IR_I32;
    for (uint32_t k = 0; k < program->input_count; k++)
        any_integer |= program->inputs[k].type == IR_I32;
    return p->loop_count == 1 && p->loops[0].rate == PLAN_ELEMENT && !p->loops[0].guard && !p->stateful && !p->grid && !p->reads_index
           && program->output_count == 1 && program->input_count <= 8 && !program->memory_count && !program->total_count && !any_integer;
}

static x64_output written(const plan *p, const x64_options *options, x64_function *f, arena *memory)
{
    x64_output out;
    arena passing;
    sn_arena_open(&passing, NULL);
    sn_x64_output_open(&out, memory, &passing);
    write_loops(&out, p, options, f);
    if (may_be_function(p))
        f[2 * p->loop_count] = sn_x64_function(&out, p, &p->loops[0], &p->loops[0].body[0], options);
    sn_arena_close(&passing);
    return out;
}

static const char *difference(const x64_output *a, const x64_output *b)
{
    if (a->status != b->status)
        return "status";
    if (a->size != b->size)
        return "size";
    if (a->size && memcmp(a->code, b->code, a->size) != 0)
        return "code";
    if (a->pool.size != b->pool.size || (a->pool.size && memcmp(a->pool.bytes, b->pool.bytes, a->pool.size) != 0))
        return "constants";
    if (a->mark_count != b->mark_count || (a->mark_count && memcmp(a->marks, b->marks, a->mark_count * sizeof *a->marks) != 0))
        return "marks";
    return NULL;
}

static void compare(const plan *p, x64_options options, const char *name, arena *memory)
{
    const size_t room = 2 * (size_t)p->loop_count + 1;
    x64_function *f = sn_arena_take_zeroed(memory, 2 * room * sizeof *f), *g = f + room;
    const x64_output direct = written(p, &options, f, memory);
    options.only_selection = true;
    const x64_output selected = written(p, &options, g, memory);
    const char *what = difference(&direct, &selected);
    if (what || memcmp(f, g, room * sizeof *f) != 0)
        fail_msg("%s, instruction set %d, %u registers: %s", name, (int)options.isa, (unsigned)options.most_registers, what ? what : "shape");
    for (size_t k = 0; k < room; k++) {
        all.bodies += f[k].size != 0;
        all.spills += f[k].spills;
    }
    all.functions += f[room - 1].size != 0;
    all.bytes += direct.size;
}

static void compare_program(ir_program ir, bool relaxed, const char *name, arena *memory)
{
    static const struct {
        uint8_t isa, registers;
        bool byte_permutations;
    } shapes[] = {{X64_ONE_LANE, 0, false}, {X64_ONE_LANE, 10, false}, {X64_AVX2, 0, false},  {X64_AVX2, 9, false},
                  {X64_AVX2, 12, false},    {X64_AVX512, 0, false},    {X64_AVX512, 0, true}, {X64_AVX512, 11, false}};
    plan p;
    size_t unknown;
    assert_null(sn_opt_run(&ir, memory, NULL, relaxed, NULL, &unknown));
    assert_int_equal(ir.status, SINTER_OK);
    assert_int_equal(sn_plan_make(&p, &ir, 0, memory), SINTER_OK);
    const void **tables = sn_arena_take_zeroed(memory, (ir.memory_count + 1) * sizeof *tables);
    for (uint32_t k = 0; k < p.loop_count; k++)
        all.cold += p.loops[k].body[0].cold;
    for (unsigned k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const x64_options options = {.isa = (x64_isa)shapes[k].isa, .most_registers = shapes[k].registers, .random = k + 1, .marks = true,
                                     .byte_permutations = shapes[k].byte_permutations, .tables = tables};
        compare(&p, options, name, memory);
    }
}

/* ---- programs ---- */

static void compare_graphs(unsigned kind, uint64_t seeds)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        char name[64];
        arena memory;
        random_graph g;
        sn_arena_open(&memory, NULL);
        random_graph_make(&g, seed, kind, &memory);
        sinter_program *program = random_graph_build(&g);
        assert_int_equal(sinter_program_status(program, NULL), SINTER_OK);
        snprintf(name, sizeof name, "program %llu of kind %u", (unsigned long long)seed, kind);
        compare_program(program->ir, false, name, &memory);
        sinter_program_close(program);
        sn_arena_close(&memory);
    }
}

static void random_programs(void **state)
{
    (void)state;
    compare_graphs(0, 400);
    compare_graphs(GRAPH_WITH_STATE, 200);
    compare_graphs(GRAPH_WITH_BYTES, 200);
    compare_graphs(GRAPH_ON_GRID, 100);
    compare_graphs(GRAPH_SMALL | GRAPH_WITH_ALIKE, 150);
}

static void compare_text(const char *text, size_t length, ir_type type, const char *name)
{
    arena memory, scratch;
    ir_program ir;
    sinter_report report;
    sn_arena_open(&memory, NULL);
    sn_arena_open(&scratch, NULL);
    sn_ir_open(&ir, &memory, IR_IDENTITY | IR_FOLD | IR_SIGNS);
    const lang_options options = {.type = type, .patch = sn_lang_is_patch(&scratch, text, length), .images = "a:3"};
    if (sn_lang_lower(&ir, &scratch, text, length, &options, &report))
        fail_msg("%s: %s", name, report.errors[0].message);
    compare_program(ir, options.patch, name, &memory);
    sn_arena_close(&scratch);
    sn_arena_close(&memory);
}

static void compare_example(const char *name, const char *text, size_t length)
{
    compare_text(text, length, IR_F32, name);
    compare_text(text, length, IR_F64, name);
}

static void examples(void **state)
{
    (void)state;
    each_example(compare_example);
}

/* What a loop takes while it is written is what the one before it took: a program of a thousand loops leaves the caches to the rest of the compilation. */
static void loops_take_turns(void **state)
{
    (void)state;
#if !SINTER_HOSTILE /* there each piece is asked for by itself */
    enum { STAGES = 150 };
    static char text[64 * STAGES];
    arena memory, passing;
    ir_program ir;
    plan p;
    sinter_report report;
    x64_output out;
    size_t n = (size_t)sprintf(text, "input n0\n");
    for (unsigned k = 1; k <= STAGES; k++)
        n += (size_t)snprintf(text + n, sizeof text - n, "n%u = 0.5*n%u' + soft_clip(n%u)\n", k, k, k - 1);
    n += (size_t)snprintf(text + n, sizeof text - n, "out n%u\n", STAGES);
    sn_arena_open(&memory, NULL);
    sn_arena_open(&passing, NULL);
    sn_ir_open(&ir, &memory, IR_IDENTITY | IR_FOLD);
    assert_int_equal(sn_lang_lower(&ir, &memory, text, n, &(lang_options){.type = IR_F32, .patch = true}, &report), SINTER_OK);
    assert_int_equal(sn_plan_make(&p, &ir, 0, &memory), SINTER_OK);
    assert_true(p.loop_count >= STAGES);
    x64_function *f = sn_arena_take_zeroed(&memory, (2 * (size_t)p.loop_count + 1) * sizeof *f);
    sn_x64_output_open(&out, &memory, &passing);
    write_loops(&out, &p, &(x64_options){.isa = X64_AVX512}, f);
    assert_int_equal(out.status, SINTER_OK);
    assert_null(passing.chunks->next);
    sn_arena_close(&passing);
    sn_arena_close(&memory);
#endif
}

/* What was compared had everything that may make a difference. */
static void everything_took_part(void **state)
{
    (void)state;
    printf("# %llu bodies, %llu bytes, %u spills, %u cold regions, %u functions\n", (unsigned long long)all.bodies,
           (unsigned long long)all.bytes, all.spills, all.cold, all.functions);
    assert_true(all.spills > 1000 && all.cold > 100 && all.functions > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs),
        cmocka_unit_test(examples),
        cmocka_unit_test(loops_take_turns),
        cmocka_unit_test(everything_took_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
