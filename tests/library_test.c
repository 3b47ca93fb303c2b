/* The standard library: how texts reach it, what its names mean, that every definition of it compiles, what wrong
 * calls are told; and arguments with a size, which any function may have. What its functions compute is tested by the
 * tests of their families. */
#include "open_context.h"

#include <sinter/sinter.h>

#include "lang/lang.h"
#include "lang/library.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static sinter_report report;

static sinter_status compile(const char *text, sinter_options options, sinter_kernel **kernel)
{
    return sinter_compile(context, text, strlen(text), &options, kernel, &report);
}

/* The text's values at x = 3, y = −2, z = 0.5, t = 0.25; how many there are. */
static uint32_t values_of(const char *text, double *values)
{
    sinter_kernel *kernel;
    const sinter_options options = {.type = SINTER_F64, .inputs = "x y z t"};
    if (compile(text, options, &kernel) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    const double point[4] = {3, -2, 0.5, 0.25};
    const void *const inputs[4] = {&point[0], &point[1], &point[2], &point[3]};
    void *outputs[8];
    for (int k = 0; k < 8; k++)
        outputs[k] = &values[k];
    const uint32_t count = sinter_kernel_describe(kernel).output_count;
    assert_in_range(count, 1, 8);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = 1}), SINTER_OK);
    sinter_kernel_close(kernel);
    return count;
}

static void same_values(const char *a, const char *b)
{
    double first[8], second[8];
    const uint32_t count = values_of(a, first);
    assert_int_equal(count, values_of(b, second));
    for (uint32_t k = 0; k < count; k++)
        if (memcmp(&first[k], &second[k], sizeof first[k]) != 0)
            fail_msg("%s gives %.17g, %s gives %.17g", a, first[k], b, second[k]);
}

/* ---- arguments with a size ---- */

static void tuples_and_numbers_are_the_same_arguments(void **state)
{
    (void)state;
#define FUNCTION "fn f(p:2, r, c:3=(1, 2, 3), s=10) = p.x + 100*p.y - r*dot(c, c) + s\n"
    static const char *const same[] = {
        "f(x, y, z)", "f((x, y), z)", "f((x, y), r=z)", "f(p=(x, y), r=z)", "f(r=z, p=(x, y))", "(x, y) | f(z)",
        "f((x, y), z, 1, 2, 3)", "f(x, y, z, (1, 2, 3))", "f(x, y, z, 1, 2, 3, 10)", "f(x, y, z, s=10)",
        "f(x, y, z, (1, 2, 3), 10)", "f(x, y, z, c=(1, 2, 3))",
    };
    for (size_t k = 1; k < sizeof same / sizeof *same; k++) {
        char a[256], b[256];
        snprintf(a, sizeof a, FUNCTION "%s", same[0]);
        snprintf(b, sizeof b, FUNCTION "%s", same[k]);
        same_values(a, b);
    }
    same_values("fn f(p:1, q:2) = p*q\nf(x, y, z)", "(x*y, x*z)");
    same_values("fn f(p, q:2) = p.x*q\nf((x, t), y, z)", "(x*y, x*z)"); /* what has no size takes one argument */
    same_values("fn g(a:3) = a.x - a.z\nfn f(p:2) = g((p.x, p))\nf(x, (y))", "x - y");
#undef FUNCTION
}

static void arguments_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message, *hint;
        int column;
    } wrong[] = {
        {"fn f(p:2, r) = p.x*r\nf(x, y)", "'f' cannot take these arguments, 2 numbers in all", "f(p:2, r)", 1},
        {"fn f(p:2, r) = p.x*r\nf((x, y, z), 1)", "'f' cannot take these arguments, 4 numbers in all", "f(p:2, r)", 1},
        {"fn f(p:2, r) = p.x*r\nf(x, (y, z), 1)", "'f' cannot take these arguments, 4 numbers in all", "f(p:2, r)", 1},
        {"fn f(p:2, r) = p.x*r\nf(x, y, 1, q=2)", "'f' has no argument 'q'", "f(p:2, r)", 12},
        {"fn f(p:2, r) = p.x*r\nf(x, y, r=1, r=2)", "'f' cannot take these arguments, 4 numbers in all", "f(p:2, r)", 1},
        {"perlin(x, y, sead=2)", "'perlin' has no argument 'sead'",
         "perlin(p:4, seed=0) or perlin(p:3, seed=0) or perlin(p:2, seed=0) or perlin(p:1, seed=0)", 14},
        {"fn f(p:2, r) = p.x*r\nf(p=x, r=1)", "'f' cannot take these arguments, 2 numbers in all", "f(p:2, r)", 1},
        {"fn f(p:2=1) = p.x\nf()", "'p' has 2 elements, this has 1", "in 'f' as called in line 2", 10},
        {"fn f(p:0) = p\nf(x)", "the size of an argument is a whole number from 1 to 64", "fn f(p:2, r) = ...", 8},
        {"fn f(p:65) = p\nf(x)", "the size of an argument is a whole number from 1 to 64", "fn f(p:2, r) = ...", 8},
        {"fn f(p:1.5) = p\nf(x)", "the size of an argument is a whole number from 1 to 64", "fn f(p:2, r) = ...", 8},
        {"complex_mul((x, y), 2)", "'complex_mul' cannot take these arguments, 3 numbers in all", "complex_mul(a:2, b:2)",
         1},
        {"1 + complex_mull(x, y, 2, 3)", "there is no function 'complex_mull'", "did you mean 'complex_mul'?", 5},
        {"complex_mul + 1", "'complex_mul' is a function", "call it with its arguments in parentheses", 1},
        {"fast.complex_mul(x, y, 1, 2)", "'complex_mul' has no fast form",
         "write fast. before functions of the language inside it: fast.sin(x)", 6},
        {"1 + complex_polar((x, y), (x, y, z))",
         "'complex_polar' cannot take these arguments: a tuple of 2 elements meets one of 3",
         "complex_polar(radius, angle)", 5},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        sinter_kernel *kernel;
        assert_int_equal(compile(wrong[k].text, (sinter_options){0}, &kernel), SINTER_BAD_PROGRAM);
        assert_int_equal(report.total, 1);
        assert_string_equal(report.errors[0].message, wrong[k].message);
        assert_string_equal(report.errors[0].hint, wrong[k].hint);
        assert_int_equal(report.errors[0].column, wrong[k].column);
    }
}

/* Each wrong call has an error of its own, though the library's text is the same. */
static void each_wrong_call_is_told(void **state)
{
    (void)state;
    sinter_kernel *kernel;
    const char *const text = "a = complex_polar((x, y), (1, 2, 3))\nb = complex_polar((x, y, z), (1, 2))\na.x + b.x";
    assert_int_equal(compile(text, (sinter_options){0}, &kernel), SINTER_BAD_PROGRAM);
    assert_int_equal(report.total, 2);
    assert_int_equal(report.errors[0].line, 1);
    assert_int_equal(report.errors[1].line, 2);
}

/* Of several definitions the one that needs most numbers of those that the call gives. */
static void definitions_go_by_how_many_numbers_they_need(void **state)
{
    (void)state;
    same_values("perlin((x, y), 5)", "perlin(x*1, y, seed=5)");
    same_values("perlin(x, y, z)", "perlin((x, y, z))");
    same_values("perlin(x, y, z, t, 7)", "perlin3((x, y, z))*0 + perlin((x, y, z, t), seed=7)");
    same_values("sdf_box(x, y, 1, 2)", "sdf_box((x, y), (1, 2))");
    double flat[8], deep[8];
    values_of("perlin(x*0.37, y*0.41, 5)", deep);
    values_of("perlin((x*0.37, y*0.41), 5)", flat);
    assert_true(flat[0] != deep[0]);
}

/* The customary names that are not the library's own. */
static void other_names_are_the_same_functions(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"worley2(x*0.7, y, 0.5, 1, 3)", "worley((x*0.7, y), 0.5, 1, 3)"},
        {"cellular(x*0.7, y, metric=2, seed=9)", "worley(x*0.7, y, metric=2, seed=9)"},
        {"cellular((x, y, z), 0.5)", "worley((x, y, z), 0.5)"},
        {"sdf_translate(x, y, z, t)", "translate((x, y), (z, t))"},
        {"sdf_translate((x, y, z), (t, 1, 2))", "translate(x, y, z, t, 1, 2)"},
        {"sdf_scale(x, y, z)", "scale((x, y), z)"},
        {"sdf_scale((x, y, z), t)", "scale(x, y, z, t)"},
        {"(x, y) | sdf_rotate(t)", "rotate(x, y, t)"},
        {"sdf_rotate((x, y, z), (1, t, 2), 0.3)", "rotate((x, y, z), (1, t, 2), 0.3)"},
        {"sdf_cylinder(x, y, z, 0.5, t)", "sdf_capped_cylinder((x, y, z), 0.5, t)"},
        {"sdf_cylinder((x, y, z), (0, t, 1), (1, 2, t), 0.5)", "sdf_capped_cylinder((x, y, z), (0, t, 1), (1, 2, t), 0.5)"},
        {"sdf_rounded_box((x, y, z), (1, 2, t), 0.1)", "sdf_round_box(x, y, z, 1, 2, t, 0.1)"},
        {"sdf_rounded_box(x, y, 1, 2, 0.1)", "sdf_rounded_box((x, y), (1, 2), (0.1, 0.1, 0.1, 0.1))"},
    };
    for (size_t k = 0; k < sizeof same / sizeof *same; k++)
        same_values(same[k][0], same[k][1]);
}

static void without_octaves_noise_is_zero(void **state)
{
    (void)state;
    same_values("fbm(x, y, octaves=0)", "0*x");
    same_values("ridged((x, y, z), octaves=-2)", "0*x");
    same_values("fbm_tiled(x, y, 4, octaves=0)", "0*x");
}

/* Calls in calls as deep as texts may nest, on a thread with little stack. */
static void *compile_nested(void *unused)
{
    (void)unused;
    enum { DEPTH = 95 }; /* of two calls each */
    char text[DEPTH * 40 + 40] = "";
    size_t n = 0;
    for (int k = 0; k < DEPTH; k++)
        n += (size_t)snprintf(text + n, sizeof text - n, "sdf_round(sdf_circle(x, y, ");
    n += (size_t)snprintf(text + n, sizeof text - n, "1");
    for (int k = 0; k < DEPTH; k++)
        n += (size_t)snprintf(text + n, sizeof text - n, "), 0.1)");
    sinter_kernel *kernel;
    const sinter_status status = compile(text, (sinter_options){0}, &kernel);
    sinter_kernel_close(kernel);
    return (void *)(uintptr_t)(status == SINTER_OK);
}

#if defined(__SANITIZE_ADDRESS__) || __OPTIMIZE__ == 0
enum { STACK = 16 << 20 }; /* frames are several times as large */
#else
enum { STACK = 1 << 20 };
#endif

static void nested_calls_need_little_stack(void **state)
{
    (void)state;
    pthread_attr_t small;
    pthread_t thread;
    void *good;
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, STACK), 0);
    assert_int_equal(pthread_create(&thread, &small, compile_nested, NULL), 0);
    assert_int_equal(pthread_join(thread, &good), 0);
    pthread_attr_destroy(&small);
    assert_non_null(good);
}

/* ---- names ---- */

static void texts_keep_their_own_names(void **state)
{
    (void)state;
    /* complex_exp is the library's and calls the library's complex_polar. */
    same_values("fn complex_polar(a, b) = a + b\ncomplex_exp((x, y)) + 0*complex_polar(x, y)", "complex_exp((x, y))");
    same_values("fn complex_abs(a) = 2*a\ncomplex_abs(x)", "2*x");
    same_values("complex_abs = 3\ncomplex_abs + complex_abs((x, y))", "3 + length((x, y))");
    same_values("radius = 5\nangle = 7\na = 1\ncomplex_exp((x, y)) + a + radius + angle", "complex_exp((x, y)) + 13");
    same_values("fn sin(x) = x\ncomplex_exp((x, y))", "(exp(x)*cos(y), exp(x)*sin(y))");
}

static void emit_seven(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                       sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)inputs, (void)input_count, (void)output_count;
    outputs[0] = sinter_f64(p, 7);
}

/* A program that embeds Sinter keeps the functions that it added, too. */
static void node_types_come_before_the_library(void **state)
{
    (void)state;
    const sinter_node_type seven = {.name = "complex_conj", .inputs = 0, .outputs = 1, .emit = emit_seven};
    assert_int_equal(sinter_add_node_type(context, &seven), SINTER_OK);
    same_values("complex_conj() + x", "7 + x");
    same_values("fn f(a) = complex_conj() + a\nf(x)", "7 + x");
}

static void definitions_stand_in_order(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < sn_lang_library_count; k++) {
        const lang_library_item *item = &sn_lang_library[k];
        const lang_library_item *const found = sn_lang_find_item(item->name, item->name_length);
        assert_non_null(found);
        assert_string_equal(found->name, item->name);
        if (k == 0)
            continue;
        const int order = strcmp(item[-1].name, item->name);
        assert_true(order < 0 || (order == 0 && item[-1].needed > item->needed));
    }
    assert_null(sn_lang_find_item("", 0));
    assert_null(sn_lang_find_item("zzzz", 4));
    assert_null(sn_lang_find_item("complex_", 8));
}

/* ---- every definition ---- */

/* A call with the numbers that the definition needs: variables, and constants from the one given on. What counts from an event has
 * it first. */
static void write_call(char *text, size_t size, const lang_library_item *item, unsigned constants)
{
    const bool counts = strstr(item->text, "since(") != NULL;
    int n = snprintf(text, size, "%s%s(", counts ? "event note = 0\n" : "", item->name);
    for (unsigned k = 0; k < item->needed; k++)
        n += snprintf(text + n, size - (size_t)n, "%s%.*s", k ? ", " : "", k == 0 && counts ? 4 : 1,
                      k == 0 && counts ? "note" : k >= constants ? "3" : &"xyzt"[k % 4]);
    snprintf(text + n, size - (size_t)n, ")");
}

static void every_definition_compiles(void **state)
{
    (void)state;
    static const sinter_type types[] = {SINTER_F32, SINTER_F64};
    for (uint32_t k = 0; k < sn_lang_library_count; k++) {
        const lang_library_item *item = &sn_lang_library[k];
        if (!item->text || !item->summary)
            continue;
        for (int type = 0; type < 2; type++) {
            char text[512];
            sinter_kernel *kernel;
            sinter_options options = {.type = types[type], .inputs = "x y z t"};
            options.source = item->stateful || item->free_names ? SINTER_PATCH : SINTER_FIELD;
            sinter_status status = SINTER_BAD_PROGRAM; /* some arguments have to be constants: octaves, delays */
            for (int constants = item->needed; status != SINTER_OK && constants >= 0; constants--) {
                write_call(text, sizeof text, item, (unsigned)constants);
                status = compile(text, options, &kernel);
            }
            if (status != SINTER_OK)
                fail_msg("%s: %s", text, report.errors[0].message);
            sinter_kernel_close(kernel);
        }
    }
}

/* No reader should meet a line that is cut, nor a sentence without its end. */
static void every_function_is_documented(void **state)
{
    (void)state;
    lang_function_entry f;
    uint32_t count = 0;
    for (uint32_t i = 0; sn_lang_function(i, &f); i++) {
        if (!f.group)
            continue;
        const size_t length = strlen(f.summary);
        if (length < 8 || length > 120 || f.summary[length - 1] != '.')
            fail_msg("%s: %s", f.name, f.summary);
        count++;
    }
    assert_true(count > 10);
}

/* Whoever marches along a ray has to know of each shape, and of what is done to it, whether the distance is still one. */
static void distance_fields_say_whether_they_are_exact(void **state)
{
    (void)state;
    uint32_t count = 0;
    for (uint32_t k = 0; k < sn_lang_library_count; k++) {
        const lang_library_item *item = &sn_lang_library[k];
        if (!item->summary || strncmp(item->group, "Distance fields", 15) != 0)
            continue;
        count++;
        static const char *const marks[] = {"Exact", "exact", "bound", "Bound"};
        bool marked = false;
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
            marked = marked || strstr(item->summary, marks[m]) || strstr(item->details, marks[m]);
        if (!marked)
            fail_msg("%s(%s): exact, or a bound?", item->name, item->arguments);
    }
    assert_true(count > 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tuples_and_numbers_are_the_same_arguments),
        cmocka_unit_test(arguments_that_do_not_fit_are_refused),
        cmocka_unit_test(each_wrong_call_is_told),
        cmocka_unit_test(definitions_go_by_how_many_numbers_they_need),
        cmocka_unit_test(other_names_are_the_same_functions),
        cmocka_unit_test(without_octaves_noise_is_zero),
        cmocka_unit_test(nested_calls_need_little_stack),
        cmocka_unit_test(texts_keep_their_own_names),
        cmocka_unit_test(definitions_stand_in_order),
        cmocka_unit_test(every_definition_compiles),
        cmocka_unit_test(every_function_is_documented),
        cmocka_unit_test(distance_fields_say_whether_they_are_exact),
        cmocka_unit_test(node_types_come_before_the_library), /* the last: what it adds stays */
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
