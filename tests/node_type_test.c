/* Node types: functions of the language whose operations a callback appends. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 100 };

static sinter_report report;

static sinter_status compile(const char *text, const sinter_options *options, sinter_kernel **kernel)
{
    return sinter_compile(context, text, strlen(text), options, kernel, &report);
}

static sinter_status add(const char *name, uint32_t inputs, uint32_t outputs, sinter_emit_callback emit,
                         void *user)
{
    return sinter_add_node_type(
        context,
        &(sinter_node_type){.name = name, .inputs = inputs, .outputs = outputs, .emit = emit, .user = user});
}

/* ---- nodes ---- */

/* a·b + k, k the user's. */
static void emit_scaled(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                        sinter_value *outputs, uint32_t output_count)
{
    assert_int_equal(input_count, 2);
    assert_int_equal(output_count, 1);
    const sinter_value k =
        sinter_convert(p, sinter_f64(p, *(const double *)user), sinter_type_of(p, inputs[0]));
    outputs[0] = sinter_fma(p, inputs[0], inputs[1], k);
}

/* (a + b, a − b, a·b) */
static void emit_three(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                       sinter_value *outputs, uint32_t output_count)
{
    (void)user;
    assert_int_equal(input_count, 2);
    assert_int_equal(output_count, 3);
    outputs[0] = sinter_add(p, inputs[0], inputs[1]);
    outputs[1] = sinter_sub(p, inputs[0], inputs[1]);
    outputs[2] = sinter_mul(p, inputs[0], inputs[1]);
}

static void emit_third(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                       sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)inputs, (void)input_count, (void)output_count;
    outputs[0] = sinter_f32(p, 1.0f / 3);
}

static void emit_failure(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                         sinter_value *outputs, uint32_t output_count)
{
    (void)inputs, (void)input_count, (void)output_count;
    outputs[0] = sinter_f32(p, 1);
    sinter_program_fail(p, user);
}

static void emit_wrong(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                       sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)input_count, (void)output_count;
    outputs[0] = sinter_add(p, inputs[0], sinter_emit(p, SINTER_OP_LT, inputs[0], inputs[0], 0));
}

static void emit_nothing(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                         sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)p, (void)inputs, (void)input_count, (void)outputs, (void)output_count;
}

static void emit_foreign(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                         sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)p, (void)inputs, (void)input_count, (void)output_count;
    outputs[0] = 1000000;
}

static void emit_compilation(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                             sinter_value *outputs, uint32_t output_count)
{
    (void)p, (void)input_count, (void)output_count;
    sinter_kernel *kernel;
    sinter_status *statuses = user;
    statuses[0] = sinter_compile(context, "x", 1, NULL, &kernel, NULL);
    statuses[1] = add("from_within", 1, 1, emit_nothing, NULL);
    outputs[0] = inputs[0];
}

/* ---- tests ---- */

static void nodes_run_on_every_engine(void **state)
{
    (void)state;
    static const double k = 0.75;
    assert_int_equal(add("scaled", 2, 1, emit_scaled, (void *)(uintptr_t)&k), SINTER_OK);
    float x[COUNT], y[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)i * 0.37f - 3;
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        sinter_kernel *kernel;
        assert_int_equal(compile("scaled(x, 0.1) + scaled(scaled(x, x), 2)",
                                 &(sinter_options){.engine = (sinter_engine)engine}, &kernel),
                         SINTER_OK);
        assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){x},
                                                                .outputs = (void *[]){y},
                                                                .count = COUNT}),
                         SINTER_OK);
        for (int i = 0; i < COUNT; i++) {
            const float a = __builtin_fmaf(x[i], 0.1f, 0.75f),
                        b = __builtin_fmaf(__builtin_fmaf(x[i], x[i], 0.75f), 2, 0.75f), sum = a + b;
            assert_memory_equal(&y[i], &sum, sizeof sum);
        }
        sinter_kernel_close(kernel);
        /* The same node in f64. */
        assert_int_equal(compile("scaled(x, 0.1)",
                                 &(sinter_options){.engine = (sinter_engine)engine, .type = SINTER_F64},
                                 &kernel),
                         SINTER_OK);
        const double one = 1.5;
        double result;
        assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){&one},
                                                                .outputs = (void *[]){&result},
                                                                .count = 1}),
                         SINTER_OK);
        assert_true(result == __builtin_fma(1.5, 0.1, 0.75));
        sinter_kernel_close(kernel);
    }
}

static void nodes_give_tuples(void **state)
{
    (void)state;
    sinter_kernel *kernel;
    float x = 5, y = 3, a, b, c;
    assert_int_equal(add("three", 2, 3, emit_three, NULL), SINTER_OK);
    assert_int_equal(add("third", 0, 1, emit_third, NULL), SINTER_OK);
    assert_int_equal(compile("three(x, y)", NULL, &kernel), SINTER_OK);
    assert_int_equal(sinter_kernel_describe(kernel).output_count, 3);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){&x, &y},
                                                            .outputs = (void *[]){&a, &b, &c},
                                                            .count = 1}),
                     SINTER_OK);
    assert_true(a == 8 && b == 2 && c == 15);
    sinter_kernel_close(kernel);
    assert_int_equal(compile("p = three(x, y)\np.z - p.y + third()", NULL, &kernel), SINTER_OK);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){&x, &y},
                                                            .outputs = (void *[]){&a},
                                                            .count = 1}),
                     SINTER_OK);
    assert_true(a == 13.0f + 1.0f / 3);
    sinter_kernel_close(kernel);
    assert_int_equal(compile("input a\nb = a + 0.5*b'\nthree(b, a).x",
                             &(sinter_options){.source = SINTER_PATCH}, &kernel),
                     SINTER_OK);
    sinter_kernel_close(kernel);
}

/* The element before: a node with state, whose line has the name that the user gives. */
static void emit_past(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                      sinter_value *outputs, uint32_t output_count)
{
    (void)input_count, (void)output_count;
    const uint32_t line = sinter_line(p, user, sinter_type_of(p, inputs[0]), 1);
    outputs[0] = sinter_read(p, line, 1);
    sinter_write(p, line, inputs[0]);
}

static void nodes_may_have_state(void **state)
{
    (void)state;
    static char name[] = "past of a node", other[] = "past of another";
    assert_int_equal(add("past2", 1, 1, emit_past, other), SINTER_OK);
    assert_int_equal(add("past", 1, 1, emit_past, name), SINTER_OK);
    static const char text[] = "input a\ny = past(a) + 0.5*y'\ny";
    const float x[5] = {1, 2, 3, 4, 5}, wanted[5] = {0, 1, 2.5f, 4.25f, 6.125f};
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        sinter_kernel *kernel;
        sinter_instance *instance;
        float y[5];
        assert_int_equal(compile(text,
                                 &(sinter_options){.source = SINTER_PATCH, .engine = (sinter_engine)engine},
                                 &kernel),
                         SINTER_OK);
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        for (int i = 0; i < 5; i++)
            assert_int_equal(sinter_instance_run(instance,
                                                 &(sinter_arguments){.inputs = (const void *[]){&x[i]},
                                                                     .outputs = (void *[]){&y[i]},
                                                                     .count = 1}),
                             SINTER_OK);
        assert_memory_equal(y, wanted, sizeof y);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
    /* Within a recurrence, whose types are found by trying. */
    sinter_kernel *within;
    assert_int_equal(compile("input a\ny = a + past(0.5*y') + past2(y')\ny",
                             &(sinter_options){.source = SINTER_PATCH}, &within),
                     SINTER_OK);
    sinter_kernel_close(within);
    /* Two of one name are refused, where the second stands. */
    sinter_kernel *kernel;
    assert_int_equal(compile("input a\npast(a) + past(2*a)", &(sinter_options){.source = SINTER_PATCH},
                             &kernel),
                     SINTER_BAD_PROGRAM);
    assert_int_equal(report.errors[0].line, 2);
    assert_int_equal(report.errors[0].column, 11);
}

static void assert_error(const char *text, int line, int column, const char *message)
{
    sinter_kernel *kernel;
    assert_int_equal(compile(text, NULL, &kernel), SINTER_BAD_PROGRAM);
    assert_null(kernel);
    assert_true(report.count >= 1);
    if (report.errors[0].line != line || report.errors[0].column != column
        || !strstr(report.errors[0].message, message)) {
        char shown[600];
        sinter_report_format(&report, 0, shown, sizeof shown);
        fail_msg("not \"%s\" at %d:%d: %s", message, line, column, shown);
    }
}

static void failures_stand_at_the_call(void **state)
{
    (void)state;
    static char why[] = "it is Monday";
    assert_int_equal(add("failing", 1, 1, emit_failure, why), SINTER_OK);
    assert_int_equal(add("wrong", 1, 1, emit_wrong, NULL), SINTER_OK);
    assert_int_equal(add("silent", 1, 1, emit_nothing, NULL), SINTER_OK);
    assert_int_equal(add("foreign", 1, 1, emit_foreign, NULL), SINTER_OK);
    assert_error("x +\n  failing(y) + 1", 2, 3, "it is Monday");
    assert_error("a = 1\nb = wrong(x)\na + b", 2, 5, "add");
    assert_error("1 + silent(x)", 1, 5, "gave no value");
    assert_error("1 + foreign(x)", 1, 5, "gave no value");
    assert_error("failing(x, y)", 1, 1, "'failing' takes 1 number");
    assert_error("failin(x)", 1, 1, "failin");
    assert_string_equal(report.errors[0].hint, "did you mean 'failing'?");
    sinter_kernel *kernel; /* and the context goes on */
    assert_int_equal(compile("x + 1", NULL, &kernel), SINTER_OK);
    sinter_kernel_close(kernel);
}

static void names_are_taken_once(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "sin",   "sum",    "delay",      "f64",   "x",
        "t",     "pi",     "inf",        "param", "fn",
        "table", "out",    "input",      "time",  "rate", /* the language's */
        "",      "9lives", "with space", "a-b",   "\303\251t\303\251",
        "a'", /* no names */
    };
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++)
        if (add(refused[k], 1, 1, emit_nothing, NULL) != SINTER_BAD_ARGUMENT)
            fail_msg("\"%s\" was taken", refused[k]);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[256] = 0;
    assert_int_equal(add(longest, 1, 1, emit_nothing, NULL), SINTER_BAD_ARGUMENT);
    longest[255] = 0;
    assert_int_equal(add(longest, 1, 1, emit_nothing, NULL), SINTER_OK);
    assert_int_equal(add("_mine1", 1, 1, emit_nothing, NULL), SINTER_OK);
    assert_int_equal(add("_mine1", 2, 2, emit_three, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(add(NULL, 1, 1, emit_nothing, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(add("_mine2", 1, 1, NULL, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(add("_mine2", 1, 0, emit_nothing, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(add("_mine2", 65, 1, emit_nothing, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(add("_mine2", 1, 65, emit_nothing, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_add_node_type(context, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_add_node_type(
                         NULL,
                         &(sinter_node_type){.name = "a", .inputs = 1, .outputs = 1, .emit = emit_nothing}),
                     SINTER_BAD_ARGUMENT);
    /* A name is copied. */
    char name[] = "borrowed";
    assert_int_equal(add(name, 0, 1, emit_third, NULL), SINTER_OK);
    memset(name, '#', sizeof name - 1);
    sinter_kernel *kernel;
    assert_int_equal(compile("borrowed()", NULL, &kernel), SINTER_OK);
    sinter_kernel_close(kernel);
    for (int k = 0; k < 100; k++) {
        char many[20];
        snprintf(many, sizeof many, "many%d", k);
        assert_int_equal(add(many, 0, 1, emit_third, NULL), SINTER_OK);
    }
    assert_int_equal(compile("many0() + many99()", NULL, &kernel), SINTER_OK);
    sinter_kernel_close(kernel);
}

static void callbacks_cannot_reenter(void **state)
{
    (void)state;
    sinter_status statuses[2] = {SINTER_OK, SINTER_OK};
    sinter_kernel *kernel;
    assert_int_equal(add("reenters", 1, 1, emit_compilation, statuses), SINTER_OK);
    assert_int_equal(compile("reenters(x)", NULL, &kernel), SINTER_OK);
    assert_int_equal(statuses[0], SINTER_BAD_ARGUMENT);
    assert_int_equal(statuses[1], SINTER_BAD_ARGUMENT);
    sinter_kernel_close(kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_run_on_every_engine), cmocka_unit_test(nodes_give_tuples),
        cmocka_unit_test(nodes_may_have_state),      cmocka_unit_test(failures_stand_at_the_call),
        cmocka_unit_test(names_are_taken_once),      cmocka_unit_test(callbacks_cannot_reenter),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
