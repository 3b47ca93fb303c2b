/* The text form and the verifier where files in tests/ir cannot reach: programs damaged in memory, memory
 * refused at every allocation, names and numbers from calls, and the time that long texts take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ir/ir.h"
#include "repetitions.h"
#include "thread_time.h"

static const char sample[] = "input x: f32\n"
                             "input n: i32\n"
                             "output y: f32\n"
                             "output z: f32\n"
                             "total t scale 2\n"
                             "total u\n"
                             "param p: f32 = 1 in 0..2 log \"dB\" glide 0.5\n"
                             "param q: i32 = 1\n"
                             "table a: u8 = [1, 2, 3]\n"
                             "line b: f32[8] from 2 flush\n"
                             "cells \"c d\": i32[4]\n"
                             "bound e: f64\n"
                             "bound i: f32 image 3 made\n"
                             "bound \"i@extent\": f64\n"
                             "%1 = input x\n" /* operation 1 */
                             "%2 = param p\n"
                             "%3 = const f32 0.5\n"
                             "%4 = fma %1, %2, %3\n"
                             "%5 = read b, 4\n" /* 5 */
                             "%6 = lt %2, %3\n"
                             "%7 = guard %6, %4, %5\n"
                             "write b, %7\n"
                             "%8 = input n\n" /* 9 */
                             "%9 = load a, %8\n"
                             "store \"c d\", %9, %8\n"
                             "%10 = cvt f64 %8\n" /* 12 */
                             "%11 = const mask true\n"
                             "output y, %7\n" /* 14 */
                             "output z, %1\n"
                             "sum t, %7\n" /* 16 */
                             "sum u, %10\n"
                             "%12 = readv b, %8\n" /* 18 */
                             "%13 = sin.fast %12\n"
                             "%14 = length e\n"; /* 20 */

static void parse_sample(ir_program *p, arena *memory)
{
    sn_arena_open(memory, NULL);
    sn_ir_open(p, memory, 0);
    assert_int_equal(sn_ir_parse(p, sample, sizeof sample - 1, NULL), SINTER_OK);
    assert_null(sn_ir_verify(p, memory));
}

/* ---- damage ---- */

typedef struct damage {
    void (*act)(ir_program *p);
    const char *words; /* that the sentence holds */
} damage;

#define DAMAGE(name, ...) \
    static void name(ir_program *p) \
    { \
        __VA_ARGS__; \
    }

DAMAGE(plan_operation, p->ops[4].code = IR_UNIFORM)
DAMAGE(no_operation, p->ops[4].code = IR_NONE)
DAMAGE(unknown_code, p->ops[4].code = 200)
DAMAGE(first_not_absent, p->ops[0].a = 1)
DAMAGE(operand_later, p->ops[4].a = 5)
DAMAGE(operand_itself, p->ops[4].b = 4)
DAMAGE(operand_absent, p->ops[4].c = 0)
DAMAGE(operand_beyond, p->ops[4].c = 5000)
DAMAGE(operand_effect, p->ops[14].a = 8)
DAMAGE(unused_word, p->ops[10].c = 7)
DAMAGE(wrong_flags, p->ops[4].flags = IR_FLAG_FAST)
DAMAGE(unknown_flags, p->ops[19].flags = 2)
DAMAGE(wrong_result, p->ops[4].type = IR_F64)
DAMAGE(wrong_operand_type, p->ops[4].b = 3; p->ops[3].type = IR_I32)
DAMAGE(typed_effect, p->ops[8].type = IR_F32)
DAMAGE(wrong_leaf_type, p->ops[1].type = IR_F64)
DAMAGE(wide_mask, p->ops[13].a = 2)
DAMAGE(wide_single, p->ops[3].b = 1)
DAMAGE(constant_u8, p->ops[3].type = IR_U8)
DAMAGE(conversion_to_itself, p->ops[12].type = IR_I32)
DAMAGE(missing_axes, p->ops[4].axes = IR_AXIS_ELEMENT)
DAMAGE(constant_axes, p->ops[3].axes = IR_AXIS_SEGMENT)
DAMAGE(effect_axes, p->ops[14].axes = 0)
DAMAGE(no_input, p->ops[1].a = 2)
DAMAGE(no_param, p->ops[2].a = 2)
DAMAGE(no_output, p->ops[14].b = 2)
DAMAGE(no_total, p->ops[16].b = 2)
DAMAGE(no_memory_object, p->ops[20].a = 6)
DAMAGE(read_of_table, p->ops[5].a = 0)
DAMAGE(load_of_line, p->ops[10].b = 1)
DAMAGE(store_to_table, p->ops[11].c = 0)
DAMAGE(write_to_cells, p->ops[8].b = 2)
DAMAGE(delay_zero, p->ops[5].b = 0)
DAMAGE(delay_beyond, p->ops[5].b = 9)
DAMAGE(output_twice, p->ops[15].b = 0)
DAMAGE(total_twice, p->ops[17].b = 0)
DAMAGE(never_written, p->ops[8] = (ir_op){.code = IR_INDEX, .type = IR_F64, .axes = IR_AXIS_ELEMENT})
DAMAGE(guard_by_element, p->ops[6].a = 1; p->ops[6].axes = IR_AXIS_ELEMENT)
DAMAGE(same_inputs, p->inputs[1].name = "x")
DAMAGE(same_outputs, p->outputs[0].name = "z")
DAMAGE(same_totals, p->totals[1] = "t")
DAMAGE(same_params, p->params[0].name = "q")
DAMAGE(same_memories, p->memories[3].name = "a")
DAMAGE(no_name, p->inputs[0].name = NULL)
DAMAGE(mask_input, p->inputs[0].type = IR_MASK)
DAMAGE(u8_output, p->outputs[0].type = IR_U8)
DAMAGE(mask_param, p->params[0].type = IR_MASK)
DAMAGE(wrong_curve, p->params[0].curve = 2)
DAMAGE(wrong_smoothing, p->params[0].smoothing = 3)
DAMAGE(no_seconds, p->params[0].seconds = 0)
DAMAGE(smoothed_integer, p->params[1].smoothing = 1; p->params[1].seconds = 1)
DAMAGE(wrong_kind, p->memories[0].kind = 4)
DAMAGE(u8_line, p->memories[1].type = IR_U8)
DAMAGE(mask_cells, p->memories[2].type = IR_MASK)
DAMAGE(empty_line, p->memories[1].length = 0)
DAMAGE(long_line, p->memories[1].length = 1u << 29)
DAMAGE(no_content, p->memories[0].content = NULL)
DAMAGE(shortest_beyond, p->memories[1].shortest = 9)
DAMAGE(flushed_table, p->memories[0].flush = 1)
DAMAGE(miscounted_cells, p->cells = 0)
DAMAGE(image_of_f64, p->memories[4].type = IR_F64)
DAMAGE(image_of_many, p->memories[4].channels = 5)
DAMAGE(image_alone, p->memory_count = 5)
DAMAGE(image_before_texels, p->memories[5].type = IR_F32)
DAMAGE(image_in_table, p->memories[0].channels = 1)
DAMAGE(failed, sn_ir_fail(p, SINTER_TOO_LARGE, "as it happens"))

static const damage damages[] = {
    {plan_operation, "operation 4 is uniform, which stands in plans only"},
    {no_operation, "operation 4 has the code 0"},
    {unknown_code, "operation 4 has the code 200"},
    {first_not_absent, "operation 0"},
    {operand_later, "operation 4 (fma): operand 0 is operation 5, which does not precede it"},
    {operand_itself, "operand 1 is operation 4"},
    {operand_absent, "operand 2 is operation 0"},
    {operand_beyond, "operand 2 is operation 5000"},
    {operand_effect, "operation 14 (output): operand 0 is write, which has no value"},
    {unused_word, "operation 10 (load): word 2 is not used"},
    {wrong_flags, "operation 4 (fma) has the flags 1"},
    {unknown_flags, "operation 19 (sin) has the flags 2"},
    {wrong_result, "operation 4 (fma) cannot be of type f64 with operands of the types f32, f32, f32"},
    {wrong_operand_type, "operation 4 (fma) cannot be of type f32 with operands of the types f32, i32, i32"},
    {typed_effect, "operation 8 (write) cannot be of type f32"},
    {wrong_leaf_type, "operation 1 (input) cannot be of type f64 with operands of the types (none)"},
    {wide_mask, "operation 13: no constant of type mask has these bits"},
    {wide_single, "operation 3: no constant of type f32 has these bits"},
    {constant_u8, "operation 3: no constant of type u8"},
    {conversion_to_itself, "operation 12 (cvt) cannot be of type i32"},
    {missing_axes, "operation 4 (fma) has the axes 32 where its operands make 33"},
    {constant_axes, "operation 3 (const) has the axes 1 where its operands make 0"},
    {effect_axes, "operation 14 (output) has the axes 0"},
    {no_input, "operation 1 (input): number 2 of 2"},
    {no_param, "operation 2 (param): number 2 of 2"},
    {no_output, "operation 14 (output): number 2 of 2"},
    {no_total, "operation 16 (sum): number 2 of 2"},
    {no_memory_object, "operation 20 (length): there is no memory object 6"},
    {read_of_table, "operation 5 (read) cannot use \"a\""},
    {load_of_line, "operation 10 (load) cannot use \"b\""},
    {store_to_table, "operation 11 (store) cannot use \"a\""},
    {write_to_cells, "operation 8 (write) cannot use \"c d\""},
    {delay_zero, "a delay of 0 on a line of 8"},
    {delay_beyond, "a delay of 9 on a line of 8"},
    {output_twice, "operation 15 writes output \"y\" again"},
    {total_twice, "operation 17 adds to total \"t\" again"},
    {never_written, "line \"b\" is read but never written"},
    {guard_by_element, "operation 7 (guard): its mask varies within a tick"},
    {same_inputs, "two of the inputs are called \"x\""},
    {same_outputs, "two of the outputs are called \"z\""},
    {same_totals, "two of the totals are called \"t\""},
    {same_params, "two of the parameters are called \"q\""},
    {same_memories, "two of the memory objects are called \"a\""},
    {no_name, "the inputs 0 has no name"},
    {mask_input, "input \"x\" is mask"},
    {u8_output, "output \"y\" is u8"},
    {mask_param, "parameter \"p\""},
    {wrong_curve, "parameter \"p\""},
    {wrong_smoothing, "parameter \"p\" cannot be smoothed"},
    {no_seconds, "parameter \"p\" cannot be smoothed"},
    {smoothed_integer, "parameter \"q\" cannot be smoothed"},
    {wrong_kind, "memory object \"a\" is of the unknown kind 4"},
    {u8_line, "memory object \"b\" cannot hold u8"},
    {mask_cells, "memory object \"c d\" cannot hold mask"},
    {empty_line, "memory object \"b\" has 0 elements"},
    {long_line, "memory object \"b\" has 536870912 elements"},
    {no_content, "table \"a\" has no content"},
    {shortest_beyond, "line \"b\" is read from 9 elements on but keeps 8"},
    {flushed_table, "\"a\" is flushed"},
    {miscounted_cells, "counts 0 read-write tables and has 1"},
    {image_of_f64, "is no bound table of f32 with 1 to 4 channels and its extent behind it"},
    {image_of_many, "is no bound table of f32 with 1 to 4 channels and its extent behind it"},
    {image_alone, "is no bound table of f32 with 1 to 4 channels and its extent behind it"},
    {image_before_texels, "is no bound table of f32 with 1 to 4 channels and its extent behind it"},
    {image_in_table, "is no bound table of f32 with 1 to 4 channels and its extent behind it"},
    {failed, "the program has failed: as it happens"},
};

static void damaged_programs(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof damages / sizeof *damages; k++) {
        arena memory;
        ir_program p;
        text printed;
        parse_sample(&p, &memory);
        damages[k].act(&p);
        const char *wrong = sn_ir_verify(&p, &memory);
        if (!wrong || !strstr(wrong, damages[k].words))
            fail_msg("expected \"%s\", got \"%s\"", damages[k].words, wrong ? wrong : "nothing");
        /* What is wrong prints all the same, unless a type or code is none at all. */
        if (p.ops[4].code < IR_CODES && p.memories[0].kind <= IR_CELLS && p.memories[0].content
            && p.inputs[0].name) {
            sn_text_open(&printed, &memory);
            sn_ir_print(&p, &printed);
            assert_false(printed.failed);
        }
        sn_arena_close(&memory);
    }
}

/* ---- programs from calls ---- */

static void from_calls(void **state)
{
    (void)state;
    static const char *const names[] = {"",   " ",   "a",  "0",        "a.b", ".a",    "%1",
                                        "\"", "\\",  "\n", "\xFF\xFE", "é",   "input", "a;b",
                                        "in", "inf", "_",  "a'",       "\x7F"};
    static const uint32_t odd[] = {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0x7FFFFFFFu,
                                   0x80000000u, 1,           0x7F7FFFFF};
    arena memory;
    ir_program p, again;
    text first, second;
    sn_arena_open(&memory, NULL);
    sn_ir_open(&p, &memory, 0);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const ir_param param = {
            .name = names[k], .type = IR_F64, .initial = -0.0, .low = -1e-300, .high = 3, .unit = names[k]};
        const ir_memory line = {
            .name = names[k], .length = 5, .shortest = (uint32_t)k % 3, .kind = IR_LINE, .type = IR_F32};
        const ir_memory table = {
            .name = names[k], .content = odd, .length = 7, .kind = IR_TABLE, .type = IR_F32};
        sn_ir_emit(&p, IR_INPUT, IR_F32, sn_ir_add_input(&p, names[k], IR_F32), 0, 0);
        sn_ir_add_output(&p, names[k], IR_F64);
        sn_ir_add_total(&p, names[k]);
        sn_ir_emit(&p, IR_PARAM, IR_F64, sn_ir_add_param(&p, &param), 0, 0);
        sn_ir_emit(&p, IR_LENGTH, IR_I32, sn_ir_add_memory(&p, k % 2 ? &line : &table), 0, 0);
        sn_ir_const_bits(&p, IR_F64, (uint64_t)odd[k % 7] << 32 | k);
        sn_ir_const_bits(&p, IR_F32, odd[k % 7]);
    }
    assert_int_equal(p.status, SINTER_OK);
    sn_text_open(&first, &memory);
    sn_ir_print(&p, &first);
    sn_ir_open(&again, &memory, 0);
    assert_int_equal(sn_ir_parse(&again, first.start, first.length, NULL), SINTER_OK);
    assert_int_equal(again.count, p.count);
    assert_memory_equal(again.ops, p.ops, p.count * sizeof *p.ops);
    for (uint32_t k = 0; k < p.input_count; k++) {
        assert_string_equal(again.inputs[k].name, names[k]);
        assert_string_equal(again.params[k].unit, names[k]);
        assert_memory_equal(&again.params[k].initial, &p.params[k].initial, 3 * sizeof(double));
        assert_int_equal(again.memories[k].shortest, p.memories[k].shortest);
        if (!(k % 2))
            assert_memory_equal(again.memories[k].content, odd, sizeof odd);
    }
    sn_text_open(&second, &memory);
    sn_ir_print(&again, &second);
    assert_string_equal(first.start, second.start);
    sn_arena_close(&memory);
}

/* ---- memory ---- */

typedef struct stingy {
    unsigned left; /* allocations before the one that is refused */
    int taken;     /* blocks not given back */
} stingy;

static void *allocate(void *context, size_t size)
{
    stingy *s = context;
    if (s->left-- == 0)
        return NULL;
    s->taken++;
    return malloc(size);
}

static void release(void *context, void *block, size_t size)
{
    (void)size;
    stingy *s = context;
    s->taken--;
    free(block);
}

/* Many names, operations and numbers, so that everything that grows does. */
static char *long_program(size_t count, size_t *length)
{
    char *source = malloc(count * 120 + 400000);
    if (!source)
        abort();
    char *at = source;
    at += sprintf(at, "input x: f32\ntable numbers: f32 = [1");
    for (size_t k = 0; k < count; k++)
        at += sprintf(at, ", %zu", k);
    at += sprintf(at, "]\n%%0 = input x\n");
    for (size_t k = 1; k <= count; k++)
        at += sprintf(at,
                      "line line%zu: f32[3]\n%%c%zu = const f32 %zu.5\n%%%zu = mul %%%zu, %%c%zu\nwrite "
                      "line%zu, %%%zu\n",
                      k, k, k, k, k - 1, k, k, k);
    *length = (size_t)(at - source);
    return source;
}

/* Reads, verifies, prints: the status, or NO_MEMORY where only printing found none. */
static sinter_status whole_way(const sinter_allocator *allocator, const char *source, size_t length)
{
    arena memory;
    ir_program p;
    sinter_report report;
    text out;
    sn_arena_open(&memory, allocator);
    sn_ir_open(&p, &memory, 0);
    sinter_status status = sn_ir_parse(&p, source, length, &report);
    if (status == SINTER_OK) {
        const bool good = !sn_ir_verify(&p, &memory);
        sn_text_open(&out, &memory);
        sn_ir_print(&p, &out);
        assert_true(good || memory.failed);
        status = out.failed || !good ? SINTER_NO_MEMORY : SINTER_OK;
    } else {
        assert_int_equal(report.count, 1);
        assert_int_equal(report.errors[0].status, status);
    }
    sn_arena_close(&memory);
    return status;
}

static void memory_refused(void **state)
{
    (void)state;
    size_t length;
    char *source = long_program((unsigned)repetitions(3000), &length);
    unsigned refused = 0;
    for (unsigned k = 0;; k++) {
        stingy s = {.left = k};
        const sinter_allocator allocator = {allocate, release, &s};
        const sinter_status status = whole_way(&allocator, source, length);
        assert_int_equal(s.taken, 0);
        if (status == SINTER_OK)
            break;
        assert_int_equal(status, SINTER_NO_MEMORY);
        refused++;
    }
    assert_true(refused > 3);
    free(source);
}

/* ---- time ---- */

static double seconds_for(const char *source, size_t length)
{
    const double start = seconds();
    whole_way(NULL, source, length);
    return seconds() - start;
}

static double least_of_three(const char *source, size_t length)
{
    double least = seconds_for(source, length);
    for (int k = 0; k < 2; k++) {
        const double next = seconds_for(source, length);
        least = next < least ? next : least;
    }
    return least;
}

/* Sixteen times the text takes no more than forty times as long; a quadratic step would make it 256 times. */
static void linear_time(void **state)
{
    (void)state;
    keep_memory();
    size_t short_length, long_length;
    char *small = long_program(2000, &short_length), *large = long_program(32000, &long_length);
    const double ratio = least_of_three(large, long_length) / least_of_three(small, short_length);
    const double grown = (double)long_length / (double)short_length;
    free(small);
    free(large);
    if (ratio > 2.5 * grown)
        fail_msg("%.0f times the text takes %.0f times as long", grown, ratio);
}

static void repeat(const char *piece, size_t size)
{
    const size_t length = strlen(piece);
    char *source = malloc(size + length);
    assert_non_null(source);
    size_t at = 0;
    while (at < size) {
        memcpy(source + at, piece, length);
        at += length;
    }
    arena memory;
    ir_program p;
    sinter_report report;
    sn_arena_open(&memory, NULL);
    sn_ir_open(&p, &memory, 0);
    const double start = (double)clock();
    assert_int_not_equal(sn_ir_parse(&p, source, at, &report), SINTER_OK);
    assert_int_equal(report.count, SINTER_MAX_ERRORS < report.total ? (int)SINTER_MAX_ERRORS : report.total);
    const double seconds = ((double)clock() - start) / CLOCKS_PER_SEC;
    sn_arena_close(&memory);
    free(source);
    if (seconds > 5)
        fail_msg("%.20s… takes %.1f s", piece, seconds);
}

/* A megabyte of what is wrong: over in a moment, whatever it is. */
static void hostile_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {"!",
                                         "!\n",
                                         "%",
                                         "%1 = mull %2\n",
                                         "\"",
                                         "input \"\n",
                                         "table a: u8 = [\n",
                                         "table a: u8 = [1",
                                         "table a: u8 = [1,\n]\n",
                                         "line abcdefgh: f32\n",
                                         "%1 = read abcdefgi, 1\n",
                                         "[",
                                         "1,",
                                         "\x80",
                                         "\xE2\x80",
                                         "input \\",
                                         "0x",
                                         "param p: f32 = 0.",
                                         "output \"\\",
                                         ";\n%",
                                         "writee",
                                         "%1=",
                                         "total t scale"};
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++)
        repeat(pieces[k], 1000000);
}

static void nothing(void **state)
{
    (void)state;
    arena memory;
    ir_program p;
    sn_arena_open(&memory, NULL);
    sn_ir_open(&p, &memory, 0);
    assert_int_equal(sn_ir_parse(&p, NULL, 0, NULL), SINTER_OK);
    assert_int_equal(sn_ir_parse(&p, "", 0, NULL), SINTER_OK);
    assert_int_equal(p.count, 1);
    assert_null(sn_ir_verify(&p, &memory));
    sn_arena_close(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_programs), cmocka_unit_test(from_calls),    cmocka_unit_test(memory_refused),
        cmocka_unit_test(linear_time),      cmocka_unit_test(hostile_texts), cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
