/* The `.vm` form: every operation on constants, which the builder folds; streams; errors; hostile texts;
 * refused memory; and the real file, where it is at hand. */

#include "lowered_text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "thread_time.h"

static sinter_status lower_bytes(const char *source, size_t length, ir_type type,
                                 const sinter_allocator *allocator)
{
    const lang_options options = {.name = "test.vm", .type = type};
    open_it(allocator, IR_IDENTITY | IR_FOLD);
    it.status = sn_vm_lower(&it.p, &it.scratch, source, length, &options, &it.report);
    assert_int_equal(it.status == SINTER_OK, it.report.count == 0);
    assert_int_equal(it.p.status, it.status);
    if (it.status == SINTER_OK) {
        arena plenty;
        sn_arena_open(&plenty, NULL);
        assert_null(sn_ir_verify(&it.p, &plenty));
        sn_arena_close(&plenty);
    }
    return it.status;
}

static sinter_status lower(const char *source, ir_type type)
{
    return lower_bytes(source, strlen(source), type, NULL);
}

/* The constant that leaves. */
static double result(const char *source)
{
    if (lower(source, IR_F64) != SINTER_OK)
        fail_msg("%s: %s", source, it.report.errors[0].message);
    const ir_op *output = &it.p.ops[it.p.count - 1];
    assert_int_equal(output->code, IR_OUTPUT);
    if (!sn_ir_is_const(&it.p, output->a))
        fail_msg("%s is not constant", source);
    const uint64_t bits = sn_ir_bits(&it.p, output->a);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void operations_have_their_values(void **state)
{
    (void)state;
    static const struct { const char *operation; double value; } table[] = {
        {"add a b", 5.25}, {"sub a b", -8.75}, {"mul a b", -12.25}, {"div a b", -0.25}, {"min a b", -1.75},
        {"max a b", 7},
        {"neg b", -7}, {"abs a", 1.75}, {"square a", 3.0625}, {"sqrt b", 2.6457513110645905905},
        {"recip b", 1 / 7.0},
        {"floor a", -2}, {"ceil a", -1}, {"round a", -2}, {"round half", 1}, {"round minus", -3},
        {"round quarter", 0},
        {"mod b a", 0}, {"mod a b", 5.25}, {"mod b three", 1}, {"compare a b", -1}, {"compare b a", 1},
        {"compare a a", 0},
        {"compare a nan", NAN}, {"and zero b", 0}, {"and a b", 7}, {"or zero b", 7}, {"or a b", -1.75},
        {"or nan b", NAN},
        {"not zero", 1}, {"not a", 0}, {"const 1e3", 1000}, {"const -0.5", -0.5}, {"const +2", 2},
        {"const inf", INFINITY},
        {"const -inf", -INFINITY}, {"const 0x10", 16},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        char source[400];
        snprintf(
            source, sizeof source,
            "a const -1.75\nb const 7\nzero const 0\nnan const NaN\nhalf const 0.5\n"
                 "minus const -2.5\nquarter const 0.25\n"
            "three const -3\nr %s\n",
            table[k].operation);
        const double value = result(source);
        if (!(value == table[k].value || (isnan(value) && isnan(table[k].value))))
            fail_msg("%s: %.17g, not %.17g", table[k].operation, value, table[k].value);
    }
}

static void functions_and_streams_become_operations(void **state)
{
    (void)state;
    static const struct { const char *operation; ir_code code; } table[] = {
        {"sin", IR_SIN}, {"cos", IR_COS}, {"exp", IR_EXP}, {"ln", IR_LOG}, {"sqrt", IR_SQRT}, {"abs", IR_ABS},
        {"ceil", IR_CEIL},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        char source[64];
        snprintf(source, sizeof source, "_0 var-y\n_1 %s _0", table[k].operation);
        assert_int_equal(lower(source, IR_F32), SINTER_OK);
        const ir_op *output = &it.p.ops[it.p.count - 1], *op = &it.p.ops[output->a];
        assert_int_equal(op->code, table[k].code);
        assert_int_equal(it.p.ops[op->a].code, IR_INPUT);
        assert_int_equal(it.p.ops[op->a].a, 1);
    }
    assert_int_equal(it.p.input_count, 2); /* x, although nothing reads it */
    assert_string_equal(it.p.inputs[0].name, "x");
    assert_string_equal(it.p.inputs[1].name, "y");
    assert_string_equal(it.p.outputs[0].name, "out");
    assert_int_equal(lower("_0 var-z\n", IR_F64), SINTER_OK);
    assert_int_equal(it.p.input_count, 3);
    assert_string_equal(it.p.inputs[2].name, "z");
    assert_int_equal(it.p.inputs[2].type, IR_F64);
}

static void nothing_is_contracted(void **state)
{
    (void)state;
    assert_int_equal(lower("_0 var-x\n_1 var-y\n_2 mul _0 _1\n_3 add _2 _0\n", IR_F32), SINTER_OK);
    assert_int_equal(it.p.ops[it.p.count - 2].code, IR_ADD);
    assert_int_equal(it.p.ops[it.p.count - 3].code, IR_MUL);
}

static void constants_are_read_in_their_type(void **state)
{
    (void)state;
    assert_int_equal(lower("_0 const 0.1", IR_F32), SINTER_OK);
    assert_int_equal(sn_ir_bits(&it.p, it.p.ops[it.p.count - 1].a), 0x3DCCCCCD);
    assert_true(result("_0 const 0.1") == 0.1);
}

static void names_are_counters_or_anything(void **state)
{
    (void)state;
    assert_true(result("_ff const 1\n_0 const 2\n_00 const 3\n_1 sub _ff _0\n_2 sub _1 _00\n") == -4);
    assert_true(
        result(
            "_A const 1\n_a const 2\nx' const 5\n_fffffffff const 3\n_r sub _A _a\n"
                       "\xC3\xA4 mul _r x'\nq mul \xC3\xA4 _fffffffff")
        == -15);
    assert_true(result("# comment\n\n  _0   const\t4  # more\r\n_1 neg _0 #\n# end") == -4);
    assert_true(result("_0 const 4 \n_1 const 3\n_1f neg _0") == -4);
    char source[1 << 15] = "";
    size_t n = 0;
    for (int k = 0; k < 500; k++) /* more than the first table of names holds, twice over */
        n += (size_t)snprintf(source + n, sizeof source - n, "name%d const %d\n_%x const %d\n", k, k,
                              k * 999999, k);
    n += (size_t)snprintf(source + n, sizeof source - n, "r add name499 _%x", 498 * 999999);
    assert_true(result(source) == 997);
}

#define TEN "abcdefghij"

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        int line, column, width;
        const char *message, *hint;
    } table[] = {
        {"", 1, 1, 1, "the program has no result: no line defines anything", "name op arguments"},
        {"# only this\n", 2, 1, 1, "the program has no result: no line defines anything",
         "name op arguments"},
        {"_0", 1, 1, 2, "an operation is missing after '_0'", "name op arguments"},
        {"_0 sine", 1, 4, 4, "there is no operation 'sine'", "did you mean 'sin'?"},
        {"_0 tan", 1, 4, 3, "there is no operation 'tan'", ""},
        {"_0 const", 1, 9, 1, "const needs a number", ""},
        {"_0 const 1x", 1, 10, 2, "const needs a number", ""},
        {"_0 const --1", 1, 10, 3, "const needs a number", ""},
        {"_0 const 1 2", 1, 12, 1, "unexpected '2' at the end of the line", ""},
        {"_0 var-x\n_1 add _0", 2, 4, 3, "'add' takes 2 operands, not 1", ""},
        {"_0 var-x\n_1 neg", 2, 4, 3, "'neg' takes 1 operand, not 0", ""},
        {"_0 var-x\n_1 neg _0 _0", 2, 11, 2, "unexpected '_0' at the end of the line", ""},
        {"_0 var-x\n_1 neg _2", 2, 8, 2, "there is no '_2' above", "names are defined above their use"},
        {"_0 neg _0", 1, 8, 2, "there is no '_0' above", "names are defined above their use"},
        {"a var-x\nb neg \xC3\xA4q", 2, 7, 2, "there is no '\xC3\xA4q' above",
         "names are defined above their use"},
        {"a var-x\nb neg c\xFF\x01", 2, 7, 3, "there is no 'c?\?' above", "names are defined above their use"},
        {"a var-x\nb " TEN TEN TEN TEN TEN "123456789\xC3\xA4q a", 2, 3, 61, "there is no operation '" TEN TEN TEN TEN TEN "123456789'", ""},
        {"_0 var-x\n_0 var-y", 2, 1, 2, "'_0' is defined already", ""},
        {"a var-x\na var-y", 2, 1, 1, "'a' is defined already", ""},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        assert_int_equal(lower(table[k].source, IR_F32), SINTER_BAD_PROGRAM);
        const sinter_error *e = &it.report.errors[0];
        if (it.report.count != 1 || e->line != table[k].line || e->column != table[k].column
            || e->width != table[k].width || strcmp(e->message, table[k].message)
            || strcmp(e->hint, table[k].hint))
            fail_msg("%s\n%d errors; %d:%d, %d wide: %s [%s]", table[k].source, it.report.count, e->line,
                     e->column, e->width, e->message, e->hint);
    }
    assert_string_equal(it.report.name, "test.vm");
    /* one mistake, one message; all mistakes in one run */
    lower("_0 foo\n_1 neg _0\n_2 bar _1\n_3 add _2 _9\n", IR_F32);
    assert_int_equal(it.report.count, 2);
    lower("_0 foo\n_1 neg _0\n_2 bar _1\n_3 add _1 _9\n_4 neg _8\n", IR_F32);
    assert_int_equal(it.report.count, 3);
    assert_int_equal(it.report.errors[2].line, 5);
    lower_bytes("_0 var-x\n\0\n", 11, IR_F32, NULL);
    assert_string_equal(it.report.errors[0].message, "unexpected character U+0000");
    char name[400];
    memset(name, 'n', sizeof name);
    memcpy(name + 300, " var-x", 7);
    assert_int_equal(lower(name, IR_F32), SINTER_TOO_LARGE);
}

static void no_text_crashes_it(void **state)
{
    (void)state;
    static const char sample[] =
        "# Text\n_0 const 2.95\n_1 var-x\n_2 mul _0 _1\nabc add _2 _0\n"
        "_9 var-z\n_a compare abc _9\n_b mod _a _0\n"
        "_1eb9 min _b _2\n_d round _1eb9\n_e const -inf\n_f and _e _d\n";
    for (size_t length = 0; length < sizeof sample; length++) {
        char *exact = malloc(length ? length : 1);
        memcpy(exact, sample, length);
        lower_bytes(exact, length, IR_F32, NULL);
        free(exact);
    }
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char source[sizeof sample];
        memcpy(source, sample, sizeof sample);
        for (int k = 0; k < 1 + round % 4; k++) {
            seed = seed * 1664525 + 1013904223;
            const size_t to = (seed >> 8) % (sizeof sample - 1);
            seed = seed * 1664525 + 1013904223;
            source[to] = round % 2 ? (char)(seed >> 24) : sample[(seed >> 8) % sizeof sample];
        }
        lower_bytes(source, sizeof sample - 1, IR_F32, NULL);
    }
}

typedef struct limited {
    int left; /* allocations until one is refused */
    int blocks;
} limited;

static void *take_limited(void *context, size_t size)
{
    limited *l = context;
    if (l->left-- == 0)
        return NULL;
    l->blocks++;
    return malloc(size);
}

static void give_limited(void *context, void *block, size_t size)
{
    (void)size;
    ((limited *)context)->blocks--;
    free(block);
}

static char *long_program(int lines, size_t *length)
{
    char *source = malloc((size_t)lines * 40 + 100);
    if (!source)
        abort();
    size_t n = (size_t)sprintf(source, "_0 var-x\n");
    for (int k = 1; k < lines; k++)
        n += (size_t)sprintf(source + n, k % 7 ? "_%x add _%x _%x\n" : "_%x mul _%x _0\n", k, k - 1, k / 2);
    n += (size_t)sprintf(source + n, "odd neg _%x\n", lines - 1);
    *length = n;
    return source;
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    size_t length;
    char *source = long_program(5000, &length);
    for (int allowed = 0;; allowed += 1 + allowed / 64) { /* hostile builds ask for every piece */
        limited l = {.left = allowed};
        const sinter_allocator allocator = {take_limited, give_limited, &l};
        const sinter_status status = lower_bytes(source, length, IR_F32, &allocator);
        const bool refused = l.left < 0;
        if (refused)
            assert_int_equal(status, SINTER_NO_MEMORY);
        close_it();
        assert_int_equal(l.blocks, 0);
        if (!refused)
            break;
        assert_true(allowed < 1000000);
    }
    free(source);
}

static void time_is_linear(void **state)
{
    (void)state;
    keep_memory();
    double best[2] = {1e9, 1e9};
    for (int size = 0; size < 2; size++) {
        size_t length;
        char *source = long_program(size ? 64000 : 8000, &length);
        for (int k = 0; k < 5; k++) {
            const double start = seconds();
            assert_int_equal(lower_bytes(source, length, IR_F32, NULL), SINTER_OK);
            const double took = seconds() - start;
            best[size] = took < best[size] ? took : best[size];
        }
        free(source);
    }
    assert_true(best[1] < 24 * best[0] + 2e-3);
}

static void the_real_file_is_read(void **state)
{
    (void)state;
    const char *folder = getenv("SINTER_TEST_DATA"), *tests = getenv("SINTER_TESTS");
    char path[1024];
    if (folder)
        snprintf(path, sizeof path, "%s/prospero.vm", folder);
    else
        snprintf(path, sizeof path, "%s/../../shared/data/prospero.vm", tests ? tests : "tests");
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_message("skipped: prospero.vm is not here; SINTER_TEST_DATA names its folder\n");
        skip();
    }
    static char source[1 << 20];
    const size_t length = fread(source, 1, sizeof source, file);
    fclose(file);
    assert_int_equal(lower_bytes(source, length, IR_F32, NULL), SINTER_OK);
    uint32_t counts[IR_CODES] = {0};
    for (ir_ref r = 1; r < it.p.count; r++)
        counts[it.p.ops[r].code]++;
    assert_true(counts[IR_MAX] > 2000
                && counts[IR_MAX] <= 2094); /* as the file has them, or fewer where two are alike */
    assert_true(counts[IR_MIN] > 700 && counts[IR_MIN] <= 784);
    assert_int_equal(counts[IR_INPUT], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(operations_have_their_values, teardown),
        cmocka_unit_test_teardown(functions_and_streams_become_operations, teardown),
        cmocka_unit_test_teardown(nothing_is_contracted, teardown),
        cmocka_unit_test_teardown(constants_are_read_in_their_type, teardown),
        cmocka_unit_test_teardown(names_are_counters_or_anything, teardown),
        cmocka_unit_test_teardown(mistakes_are_told, teardown),
        cmocka_unit_test_teardown(no_text_crashes_it, teardown),
        cmocka_unit_test_teardown(refused_memory_is_an_error, teardown),
        cmocka_unit_test_teardown(time_is_linear, teardown),
        cmocka_unit_test_teardown(the_real_file_is_read, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
