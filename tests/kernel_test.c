/* The public interface of kernels: what every call promises, and what it says when it is called wrongly. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENGINES = SINTER_ENGINE_NEON + 1, COUNT = 5000 };

static sinter_report report;

static sinter_kernel *compiled(const char *text, const sinter_options *options)
{
    sinter_kernel *kernel;
    const sinter_status status = sinter_compile(context, text, strlen(text), options, &kernel, &report);
    if (status) {
        char message[1000];
        sinter_report_format(&report, 0, message, sizeof message);
        fail_msg("%s", message);
    }
    assert_int_equal(report.count, 0);
    return kernel;
}

static void assert_refused(const char *text, const sinter_options *options, sinter_status status,
                           const char *message)
{
    sinter_kernel *kernel = (sinter_kernel *)(void *)&report;
    assert_int_equal(sinter_compile(context, text, strlen(text), options, &kernel, &report), status);
    assert_null(kernel);
    assert_true(report.count >= 1 && report.total >= report.count);
    assert_int_equal(report.errors[0].status, status);
    if (!strstr(report.errors[0].message, message))
        fail_msg("\"%s\" is refused with \"%s\"", text, report.errors[0].message);
}

static sinter_status run1(const sinter_kernel *kernel, const void *in, void *out, int64_t count)
{
    return sinter_run(kernel, &(sinter_arguments){.inputs = &in, .outputs = &out, .count = count});
}

static sinter_status step1(sinter_instance *instance, const void *in, void *out, int64_t count)
{
    return sinter_instance_run(instance, &(sinter_arguments){.inputs = &in, .outputs = &out, .count = count});
}

/* The next engine that the machine has, from the interpreter on. */
static int engine_after(int engine)
{
    do
        engine++;
    while (engine < ENGINES && !sinter_engine_available((sinter_engine)engine, NULL));
    return engine;
}

static void fill(float *values, uint32_t count)
{
    uint32_t seed = 1;
    for (uint32_t k = 0; k < count; k++) {
        seed = seed * 1664525u + 1013904223u;
        values[k] = (float)(int32_t)seed * 0x1p-29f;
    }
}

/* ---- names and wrong arguments ---- */

static void everything_has_a_name(void **state)
{
    (void)state;
    for (int k = SINTER_OK; k <= SINTER_BAD_PARAMETER; k++) {
        assert_non_null(sinter_status_name((sinter_status)k));
        for (int other = SINTER_OK; other < k; other++)
            assert_string_not_equal(sinter_status_name((sinter_status)k),
                                    sinter_status_name((sinter_status)other));
    }
    assert_string_equal(sinter_status_name((sinter_status)99), "unknown status");
    static const char *const names[ENGINES] = {"auto", "interp", "scalar", "avx2", "avx512", "neon"};
    for (int k = 0; k < ENGINES; k++) {
        const char *reason = NULL;
        assert_string_equal(sinter_engine_name((sinter_engine)k), names[k]);
        const bool available = sinter_engine_available((sinter_engine)k, &reason);
        assert_true(available == (*reason == 0));
    }
    assert_null(sinter_engine_name((sinter_engine)ENGINES));
    assert_null(sinter_engine_name((sinter_engine)-1));
    const char *reason = NULL;
    assert_false(sinter_engine_available((sinter_engine)ENGINES, &reason));
    assert_true(*reason);
    assert_true(sinter_engine_available(SINTER_ENGINE_INTERP, NULL));
}

static void nothing_given_is_let_pass_or_refused(void **state)
{
    (void)state;
    sinter_kernel *kernel = (sinter_kernel *)(void *)&report;
    sinter_instance *instance = (sinter_instance *)(void *)&report;
    char *text = (char *)&report;
    size_t length = 1;
    assert_int_equal(sinter_open(NULL, NULL), SINTER_BAD_ARGUMENT);
    sinter_close(NULL);
    assert_non_null(sinter_code_memory_reason(NULL));
    assert_int_equal(sinter_compile(context, "x", 1, NULL, NULL, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(report.count, 1);
    assert_int_equal(sinter_compile(context, NULL, 1, NULL, &kernel, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(report.count, 1);
    assert_null(kernel);
    kernel = (sinter_kernel *)(void *)&report;
    assert_int_equal(sinter_compile(NULL, "x", 1, NULL, &kernel, &report), SINTER_BAD_ARGUMENT);
    assert_null(kernel);
    kernel = (sinter_kernel *)(void *)&report;
    assert_int_equal(sinter_compile_program(context, NULL, NULL, &kernel, &report), SINTER_BAD_ARGUMENT);
    assert_null(kernel);
    assert_int_equal(report.count, 1);
    assert_int_equal(sinter_compile(context, NULL, 1, NULL, NULL, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_dump(context, NULL, 0, NULL, SINTER_DUMP_IR, NULL, &text, &length, &report),
                     SINTER_BAD_ARGUMENT);
    assert_null(text);
    assert_int_equal(report.count, 1);
    assert_int_equal(sinter_dump(context, "x", 1, NULL, SINTER_DUMP_IR, NULL, NULL, &length, &report),
                     SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_dump(context, "x", 1, NULL, SINTER_DUMP_IR, NULL, &text, NULL, &report),
                     SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_dump(NULL, "x", 1, NULL, SINTER_DUMP_IR, NULL, &text, &length, &report),
                     SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_dump(context, "x", 1, NULL, (sinter_dump_kind)17, NULL, &text, &length, &report),
                     SINTER_BAD_ARGUMENT);
    assert_null(text);
    assert_int_equal(report.count, 1);
    sinter_dump_release(context, NULL, 0);
    sinter_dump_release(NULL, NULL, 0);
    assert_int_equal(sinter_run(NULL, &(sinter_arguments){0}), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_run_grid(NULL, &(sinter_grid){0}), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_open(NULL, &instance), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_run(NULL, &(sinter_arguments){0}), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_run_grid(NULL, &(sinter_grid){0}), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_set(NULL, 0, 0), SINTER_BAD_ARGUMENT);
    assert_true(isnan(sinter_get(NULL, 0)));
    assert_int_equal(sinter_parameter_number(NULL, "x"), -1);
    assert_null(sinter_instance_frame(NULL));
    assert_int_equal(sinter_instance_index(NULL), 0);
    sinter_instance_reset(NULL);
    sinter_instance_close(NULL);
    sinter_kernel_close(NULL);
    const char *reason = NULL;
    assert_true(sinter_kernel_function(NULL, &reason) == NULL);
    assert_true(*reason);
    assert_false(sinter_kernel_code(NULL, 0, &(sinter_code_part){0}));
    assert_int_equal(sinter_kernel_describe(NULL).input_count, 0);
    assert_int_equal(sinter_report_format(NULL, 0, NULL, 0), 0);
}

static void programs_that_could_not_be_opened_are_let_pass(void **state)
{
    (void)state;
    assert_int_equal(sinter_input(NULL, "x", SINTER_F32), 0);
    assert_int_equal(sinter_parameter(NULL, "p", SINTER_F32, 0, 0, 1), 0);
    assert_int_equal(sinter_f32(NULL, 1) + sinter_f64(NULL, 1) + sinter_i32(NULL, 1) + sinter_index(NULL), 0);
    assert_int_equal(sinter_add(NULL, 1, 2), 0);
    assert_int_equal(sinter_convert(NULL, 1, SINTER_F64), 0);
    assert_int_equal(sinter_table(NULL, "t", SINTER_F32, "abc", 1)
                         + sinter_bound_table(NULL, "b", SINTER_F32),
                     0);
    assert_int_equal(sinter_load(NULL, 0, 1) + sinter_read(NULL, 0, 1) + sinter_read_varying(NULL, 0, 1), 0);
    assert_int_equal(sinter_line(NULL, "l", SINTER_F32, 1), 0);
    sinter_write(NULL, 0, 1);
    sinter_output(NULL, "y", 1);
    sinter_total(NULL, "s", 1);
    sinter_program_fail(NULL, "no");
    assert_int_equal(sinter_type_of(NULL, 1), 0);
    assert_int_equal(sinter_program_status(NULL, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(report.count, 1);
    sinter_program_close(NULL);
}

static void wrong_calls_of_runs_are_refused(void **state)
{
    (void)state;
    float in[4] = {1, 2, 3, 4}, out[4] = {0};
    double totals[1];
    const void *inputs[] = {in}, *none[] = {NULL};
    void *outputs[] = {out}, *nowhere[] = {NULL};
    sinter_kernel *kernel = compiled("x + 1", NULL);
    const sinter_arguments wrong[] = {
        {.inputs = inputs, .outputs = outputs, .count = -1},
        {.inputs = inputs, .outputs = outputs, .count = INT64_MIN},
        {.outputs = outputs, .count = 4},
        {.inputs = inputs, .count = 4},
        {.inputs = none, .outputs = outputs, .count = 4},
        {.inputs = inputs, .outputs = nowhere, .count = 4},
    };
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        assert_int_equal(sinter_run(kernel, &wrong[k]), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_run(instance, &wrong[k]), SINTER_BAD_ARGUMENT);
    }
    assert_int_equal(sinter_run(kernel, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_run(instance, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_open(kernel, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_index(instance), 0);
    assert_int_equal(
        sinter_run_grid(kernel, &(sinter_grid){.width = 2, .height = 2, .outputs = outputs, .row_count = 2}),
        SINTER_BAD_ARGUMENT);
    /* Nothing to do: then nothing needs to be there. */
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = none, .outputs = nowhere}), SINTER_OK);
    assert_int_equal(run1(kernel, in, out, 0), SINTER_OK);
    assert_true(out[0] == 0);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    kernel = compiled("x", &(sinter_options){.sum = true});
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .count = 4}),
                     SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .count = 4, .totals = totals}),
                     SINTER_OK);
    assert_true(totals[0] == 10);
    sinter_kernel_close(kernel);
}

static void wrong_grids_are_refused(void **state)
{
    (void)state;
    float pixels[64];
    void *outputs[] = {pixels}, *nowhere[] = {NULL};
    sinter_kernel *kernel = compiled("x*y", &(sinter_options){.domain = SINTER_GRID});
    const sinter_grid right = {
        .width = 8, .height = 8, .x0 = -1, .y0 = -1, .x1 = 1, .y1 = 1, .row_count = 8, .outputs = outputs};
    sinter_grid wrong[12];
    for (unsigned k = 0; k < 12; k++)
        wrong[k] = right;
    wrong[0].width = 0;
    wrong[1].height = -1;
    wrong[2].width = (1 << 24) + 1;
    wrong[3].height = (1 << 24) + 1;
    wrong[4].first_row = -1;
    wrong[5].row_count = -1;
    wrong[6].first_row = 1;
    wrong[7].stride = 7;
    wrong[8].stride = -8;
    wrong[9].outputs = NULL;
    wrong[10].outputs = nowhere;
    wrong[11].first_row = INT32_MAX;
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (unsigned k = 0; k < 12; k++) {
        assert_int_equal(sinter_run_grid(kernel, &wrong[k]), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_run_grid(instance, &wrong[k]), SINTER_BAD_ARGUMENT);
    }
    assert_int_equal(sinter_run_grid(kernel, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_run_grid(instance, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_run_grid(kernel, &right), SINTER_OK);
    assert_true(pixels[0] == -0.875f * 0.875f && pixels[7] == 0.875f * 0.875f && pixels[63] == -pixels[7]);
    assert_int_equal(run1(kernel, pixels, pixels, 8), SINTER_BAD_ARGUMENT);
    assert_int_equal(step1(instance, pixels, pixels, 8), SINTER_BAD_ARGUMENT);
    assert_true(sinter_kernel_describe(kernel).grid);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void what_a_grid_cannot_give_is_refused(void **state)
{
    (void)state;
    const sinter_options grid = {.domain = SINTER_GRID}, sum = {.domain = SINTER_GRID, .sum = true},
                         inputs = {.domain = SINTER_GRID, .inputs = "x y w"},
                         patch = {.domain = SINTER_GRID, .source = SINTER_PATCH};
    assert_refused("x + y + w", &inputs, SINTER_BAD_PROGRAM, "\"w\"");
    sinter_kernel_close(compiled("x + y", &inputs)); /* not read, not missed */
    assert_refused("x + y", &sum, SINTER_BAD_PROGRAM, "total");
    assert_refused("input x\ny = x + 0.5*y'\ny", &patch, SINTER_BAD_PROGRAM, "state");
    assert_refused("input x\nx + time", &patch, SINTER_BAD_PROGRAM, "index");
    assert_refused("input left\nleft", &patch, SINTER_BAD_PROGRAM, "\"left\"");
    sinter_kernel_close(compiled("x + y + z + t", &grid));
    sinter_program *p = sinter_program_open(NULL);
    sinter_output(p, "y",
                  sinter_load(p, sinter_bound_table(p, "data", SINTER_F32),
                              sinter_convert(p, sinter_input(p, "x", SINTER_F32), SINTER_I32)));
    sinter_kernel *kernel;
    assert_int_equal(sinter_compile_program(context, p, &grid, &kernel, &report), SINTER_OK);
    sinter_kernel_close(kernel);
    sinter_program_close(p);
}

static void bound_tables_must_be_there(void **state)
{
    (void)state;
    float in[5] = {-1, 0, 1, 7, NAN}, out[5];
    const float data[3] = {10, 20, 30}, more[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value x = sinter_input(p, "x", SINTER_F32);
        const uint32_t table = sinter_bound_table(p, "data", SINTER_F32);
        sinter_output(p, "y", sinter_load(p, table, sinter_convert(p, x, SINTER_I32)));
        sinter_kernel *kernel;
        assert_int_equal(sinter_compile_program(context, p,
                                                &(sinter_options){.engine = (sinter_engine)engine}, &kernel,
                                                &report),
                         SINTER_OK);
        sinter_program_close(p);
        assert_int_equal(sinter_kernel_describe(kernel).bound_table_count, 1);
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        sinter_arguments a = {.inputs = (const void *[]){in}, .outputs = (void *[]){out}, .count = 5};
        assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_BAD_ARGUMENT);
        a.tables = (const void *[]){data};
        assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
        a.table_lengths = (uint32_t[]){0};
        assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_BAD_ARGUMENT);
        a.table_lengths = (uint32_t[]){0x80000000u};
        assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
        a.tables = (const void *[]){NULL};
        a.table_lengths = (uint32_t[]){3};
        assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
        a.tables = (const void *[]){data};
        assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
        assert_true(out[0] == 10 && out[1] == 10 && out[2] == 20 && out[3] == 30 && out[4] == 10);
        a.tables = (const void *[]){more};
        a.table_lengths = (uint32_t[]){8};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        assert_true(out[2] == 2 && out[3] == 8);
        a.tables = (const void *[]){data};
        a.table_lengths = (uint32_t[]){2};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        assert_true(out[2] == 20 && out[3] == 20);
        assert_int_equal(sinter_instance_index(instance), 10);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* ---- options ---- */

static void options_have_only_the_values_they_can_have(void **state)
{
    (void)state;
    static const double value[] = {1}, nan_value[] = {NAN};
    static const char *const name[] = {"gain"}, *const no_name[] = {NULL};
    const struct {
        const char *name;
        sinter_options options;
    } wrong[] = {
        {"engine", {.engine = (sinter_engine)6}},
        {"engine", {.engine = (sinter_engine)-1}},
        {"lanes", {.lanes = 2}},
        {"lanes", {.lanes = 17}},
        {"source", {.source = (sinter_source)4}},
        {"drop", {.drop = (sinter_drop)3}},
        {"domain", {.domain = (sinter_domain)2}},
        {"type", {.type = SINTER_I32}},
        {"type", {.type = SINTER_MASK}},
        {"type", {.type = (sinter_type)-3}},
        {"grade", {.grade = (sinter_grade)2}},
        {"rewriting", {.rewriting = (sinter_rewriting)3}},
        {"gradient_mode", {.gradient_mode = (sinter_gradient_mode)3}},
        {"gradient", {.gradient_count = 1}},
        {"gradient", {.gradient_count = 1, .gradient = no_name}},
        {"fixed_names", {.fixed_count = 1}},
        {"fixed_values", {.fixed_count = 1, .fixed_names = name}},
        {"fixed_names", {.fixed_count = 1, .fixed_values = value}},
        {"fixed_values", {.fixed_count = 1, .fixed_names = name, .fixed_values = nan_value}},
        {"fixed_names", {.fixed_count = 1, .fixed_names = no_name, .fixed_values = value}},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        char message[80];
        snprintf(message, sizeof message, "the option %s has", wrong[k].name);
        assert_refused("x", &wrong[k].options, SINTER_BAD_ARGUMENT, message);
        char *text;
        size_t length;
        assert_int_equal(sinter_dump(context, "x", 1, &wrong[k].options, SINTER_DUMP_IR, NULL, &text, &length,
                                     &report),
                         SINTER_BAD_ARGUMENT);
        assert_null(text);
    }
    sinter_context *other = context;
    assert_int_equal(sinter_open(&(sinter_context_options){.code_memory = ((size_t)1 << 30) + 1}, &other),
                     SINTER_BAD_ARGUMENT);
    assert_null(other);
}

static void every_option_has_its_effect(void **state)
{
    (void)state;
    static const char *const names[] = {"gain"};
    static const double values[] = {0.25};
    const sinter_options all = {
        .size = sizeof(sinter_options),
        .engine = SINTER_ENGINE_INTERP,
        .source = SINTER_FIELD,
        .domain = SINTER_POINTS,
        .type = SINTER_F64,
        .grade = SINTER_GRADE_FAST,
        .rewriting = SINTER_RELAXED,
        .name = "all options",
        .inputs = "y x",
        .sum = true,
        .fixed_names = names,
        .fixed_values = values,
        .fixed_count = 1,
        .passes = "identity,affine,expand,dce",
        .function = true,
        .marks = true,
        .random = 7,
    };
    sinter_kernel *kernel =
        compiled("param gain = 1 in 0..1\nparam other = 2 in 0..9 \"dB\"\n(x*gain + 1)*2 + other", &all);
    assert_string_equal(report.name, "all options");
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.engine, SINTER_ENGINE_INTERP);
    assert_int_equal(info.input_count, 2);
    assert_string_equal(info.inputs[0].name, "y");
    assert_string_equal(info.inputs[1].name, "x");
    assert_int_equal(info.inputs[1].type, SINTER_F64);
    assert_int_equal(info.output_count, 0);
    assert_int_equal(info.total_count, 1);
    assert_int_equal(info.parameter_count, 1);
    assert_string_equal(info.parameters[0].name, "other");
    assert_string_equal(info.parameters[0].unit, "dB");
    assert_true(info.parameters[0].initial == 2 && info.parameters[0].low == 0
                && info.parameters[0].high == 9);
    assert_false(info.stateful || info.grid);
    const double x[3] = {1, 2, 3};
    double total = 0;
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){x, x},
                                                            .count = 3,
                                                            .totals = &total}),
                     SINTER_OK);
    assert_true(total == 0.5 * (1 + 2 + 3) + 3 * (2 + 2));
    sinter_kernel_close(kernel);
    char *plain, *marked;
    size_t length;
    const sinter_dump_options untouched = {.passes = ""};
    assert_int_equal(sinter_dump(context, "fast.sin(x)", 11, NULL, SINTER_DUMP_IR, &untouched, &plain, &length, NULL), SINTER_OK);
    assert_int_equal(sinter_dump(context, "sin(x)", 6, &(sinter_options){.grade = SINTER_GRADE_FAST}, SINTER_DUMP_IR,
                                 &untouched, &marked, &length, NULL),
                     SINTER_OK);
    assert_non_null(strstr(marked, "sin.fast"));
    assert_string_equal(marked, plain);
    sinter_dump_release(context, plain, length);
    sinter_dump_release(context, marked, length);
    assert_refused("x", &(sinter_options){.passes = "identity,nonsense"}, SINTER_BAD_PROGRAM, "\"nonsense\"");
    assert_refused("x", &(sinter_options){.fixed_names = names, .fixed_values = values, .fixed_count = 1},
                   SINTER_BAD_PROGRAM, "\"gain\"");
}

static void long_names_are_cut(void **state)
{
    (void)state;
    const sinter_options o = {
        .name = "a name that is much longer than the report has room for, which is 63 bytes"};
    assert_refused("x +", &o, SINTER_BAD_PROGRAM, "missing");
    assert_int_equal(strlen(report.name), sizeof report.name - 1);
    assert_memory_equal(report.name, o.name, sizeof report.name - 1);
}

/* ---- 0.5x + 1 ---- */

static void affine_is_what_it_says(void **state)
{
    (void)state;
    static const float x[4] = {0, 1, 2, 3}, wanted[4] = {1, 1.5f, 2, 2.5f};
    static const double x64[4] = {0, 1, 2, 3}, wanted64[4] = {1, 1.5, 2, 2.5};
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        float y[4];
        double y64[4];
        sinter_kernel *kernel = compiled("0.5*x + 1", &(sinter_options){.engine = (sinter_engine)engine});
        sinter_kernel *wide =
            compiled("0.5*x + 1", &(sinter_options){.engine = (sinter_engine)engine, .type = SINTER_F64});
        assert_int_equal(run1(kernel, x, y, 4), SINTER_OK);
        assert_memory_equal(y, wanted, sizeof y);
        assert_int_equal(run1(wide, x64, y64, 4), SINTER_OK);
        assert_memory_equal(y64, wanted64, sizeof y64);
        const char *reason;
        float (*f)(float) = (float (*)(float))sinter_kernel_function(kernel, &reason);
        double (*g)(double) = (double (*)(double))sinter_kernel_function(wide, NULL);
        assert_true((f == NULL) == (engine == SINTER_ENGINE_INTERP));
        assert_true((f == NULL) == (*reason != 0));
        for (int k = 0; k < 4; k++) {
            y[k] = 0;
            assert_int_equal(run1(kernel, &x[k], &y[k], 1), SINTER_OK);
            assert_true(y[k] == wanted[k]);
            assert_true(!f || f(x[k]) == wanted[k]);
            assert_true(!g || g(x64[k]) == wanted64[k]);
        }
        assert_int_equal(sinter_kernel_describe(kernel).engine, engine);
        sinter_kernel_close(wide);
        sinter_kernel_close(kernel);
    }
}

/* ---- parameters ---- */

static const char with_parameters[] =
    "param gain = 0.5 in 0..1\nparam cutoff = 800 in 20..20000 log \"Hz\"\nx*gain + exp(cutoff*0.0001)";

static void parameters_are_clamped_and_live(void **state)
{
    (void)state;
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *kernel = compiled(with_parameters, &(sinter_options){.engine = (sinter_engine)engine});
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        assert_int_equal(info.parameter_count, 2);
        assert_int_equal(info.parameters[1].curve, SINTER_LOGARITHMIC);
        assert_int_equal(sinter_parameter_number(kernel, "gain"), 0);
        assert_int_equal(sinter_parameter_number(kernel, "cutoff"), 1);
        assert_int_equal(sinter_parameter_number(kernel, "gai"), -1);
        assert_int_equal(sinter_parameter_number(kernel, ""), -1);
        assert_int_equal(sinter_parameter_number(kernel, NULL), -1);
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        assert_true(sinter_get(instance, 0) == 0.5 && sinter_get(instance, 1) == 800);
        assert_true(isnan(sinter_get(instance, 2)) && isnan(sinter_get(instance, -1)));
        const float x[3] = {1, 2, 4};
        float y[3], plain[3];
        assert_int_equal(step1(instance, x, y, 3), SINTER_OK);
        assert_int_equal(run1(kernel, x, plain, 3), SINTER_OK);
        assert_memory_equal(y, plain, sizeof y);
        assert_int_equal(sinter_set(instance, 0, NAN), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_set(instance, 2, 1), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_set(instance, -1, 1), SINTER_BAD_ARGUMENT);
        assert_true(sinter_get(instance, 0) == 0.5);
        assert_int_equal(sinter_set(instance, 0, 7), SINTER_OK);
        assert_true(sinter_get(instance, 0) == 1);
        assert_int_equal(sinter_set(instance, 0, -INFINITY), SINTER_OK);
        assert_true(sinter_get(instance, 0) == 0);
        assert_int_equal(step1(instance, x, y, 3), SINTER_OK);
        assert_true(y[0] == y[1] && y[1] == y[2]);
        assert_int_equal(sinter_set(instance, 0, 0.25), SINTER_OK);
        assert_int_equal(step1(instance, x, plain, 3), SINTER_OK);
        assert_true(plain[0] == fmaf(1, 0.25f, y[0]) && plain[2] == fmaf(4, 0.25f, y[0]));
        sinter_instance_reset(instance);
        assert_true(sinter_get(instance, 0) == 0.25); /* parameters stay */
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

static void fixed_parameters_are_as_good_as_set_ones(void **state)
{
    (void)state;
    static float x[COUNT], live[COUNT], fixed[COUNT];
    static const char *const names[] = {"cutoff", "gain"};
    fill(x, COUNT);
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (int k = 0; k < 4; k++) {
            const double values[] = {(double[]){20, 800.125, 1e9, 4321.1}[k], (double[]){0.3, 1, -5, 0}[k]};
            sinter_kernel *kernel =
                compiled(with_parameters, &(sinter_options){.engine = (sinter_engine)engine});
            sinter_instance *instance;
            assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
            assert_int_equal(sinter_set(instance, 0, values[1]), SINTER_OK);
            assert_int_equal(sinter_set(instance, 1, values[0]), SINTER_OK);
            assert_int_equal(step1(instance, x, live, COUNT), SINTER_OK);
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
            kernel = compiled(with_parameters, &(sinter_options){.engine = (sinter_engine)engine,
                                                                 .fixed_names = names,
                                                                 .fixed_values = values,
                                                                 .fixed_count = 2});
            assert_int_equal(sinter_kernel_describe(kernel).parameter_count, 0);
            assert_int_equal(sinter_parameter_number(kernel, "gain"), -1);
            assert_int_equal(run1(kernel, x, fixed, COUNT), SINTER_OK);
            assert_memory_equal(live, fixed, sizeof live);
            sinter_kernel_close(kernel);
            /* One fixed, one live. */
            kernel = compiled(with_parameters, &(sinter_options){.engine = (sinter_engine)engine,
                                                                 .fixed_names = names,
                                                                 .fixed_values = values,
                                                                 .fixed_count = 1});
            assert_int_equal(sinter_parameter_number(kernel, "gain"), 0);
            assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
            assert_int_equal(sinter_set(instance, 0, values[1]), SINTER_OK);
            assert_int_equal(step1(instance, x, fixed, COUNT), SINTER_OK);
            assert_memory_equal(live, fixed, sizeof live);
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
        }
}

static void parameters_of_all_types(void **state)
{
    (void)state;
    static const char *const names[] = {"n"};
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value n = sinter_parameter(p, "n", SINTER_I32, 3, -1e10, 1e10),
                           d = sinter_parameter(p, "d", SINTER_F64, 0.1, -1e300, 1e300);
        const sinter_value f = sinter_parameter(p, "f", SINTER_F32, 0.1, -1e300, 1e300);
        sinter_output(p, "n", n);
        sinter_output(p, "d", d);
        sinter_output(p, "f", f);
        for (int fix = 0; fix < 2; fix++) {
            sinter_kernel *kernel;
            const double huge[] = {-1e10};
            const sinter_options o = {.engine = (sinter_engine)engine,
                                      .fixed_names = names,
                                      .fixed_values = huge,
                                      .fixed_count = (uint32_t)fix};
            assert_int_equal(sinter_compile_program(context, p, &o, &kernel, &report), SINTER_OK);
            sinter_instance *instance;
            assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
            int32_t a;
            double b;
            float c;
            const sinter_arguments out = {.outputs = (void *[]){&a, &b, &c}, .count = 1};
            assert_int_equal(sinter_instance_run(instance, &out), SINTER_OK);
            assert_true(b == 0.1 && c == 0.1f && (fix ? a == INT32_MIN : a == 3));
            sinter_set(instance, sinter_parameter_number(kernel, "d"), 1e300);
            sinter_set(instance, sinter_parameter_number(kernel, "f"), -1e300);
            sinter_set(instance, sinter_parameter_number(kernel, "n"), 1e10);
            assert_int_equal(sinter_instance_run(instance, &out), SINTER_OK);
            assert_true(b == 1e300 && c == -INFINITY && (fix ? a == INT32_MIN : a == INT32_MAX));
            sinter_set(instance, sinter_parameter_number(kernel, "n"), -2.9);
            assert_int_equal(sinter_instance_run(instance, &out), SINTER_OK);
            assert_true(fix ? a == INT32_MIN : a == -2);
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
        }
        sinter_program_close(p);
    }
}

/* ---- streams ---- */

static void the_index_goes_on(void **state)
{
    (void)state;
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *kernel = compiled("index", &(sinter_options){.engine = (sinter_engine)engine,
                                                                    .source = SINTER_PATCH,
                                                                    .type = SINTER_F64});
        static double y[1000];
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        int64_t at = 0;
        for (int64_t n = 0; at < 3000; at += n, n = (n * 3 + 1) % 997) {
            assert_int_equal(step1(instance, NULL, y, n), SINTER_OK);
            for (int64_t k = 0; k < n; k++)
                assert_true(y[k] == (double)(at + k));
            assert_int_equal(sinter_instance_index(instance), at + n);
        }
        assert_int_equal(step1(instance, NULL, y, -1), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_index(instance), at);
        sinter_instance_reset(instance);
        assert_int_equal(sinter_instance_index(instance), 0);
        assert_int_equal(step1(instance, NULL, y, 3), SINTER_OK);
        assert_true(y[0] == 0 && y[2] == 2);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

static const char *const patches[] = {
    ("input a\nparam f = 1000 in 10..10000\nw = 2*pi*f/48000\nk = 0.7*sin(w)\nc = cos(w)\n"
     "y = ((1 - c)*0.5*(a + 2*a' + delay(a, 2)) + 2*c*y' - (1 - k)*delay(y, 2))/(1 + k)\ny"),
    "input a\nlow = 0.4*delay(comb, 1116) + 0.6*low'\ncomb = a + 0.7*low\ncomb",
    "input a\nlow = 0.4*delay(comb, 37) + 0.6*low'\ncomb = a + 0.7*low\ncomb",
    "s = i32(s')*1664525 + 1013904223\ns * 0.000000000465661287",
    "input a\nd = delay(a, 3 + 40*abs(sin(time*rate*0.01)), 64)\nd + a",
};

static void run_in_blocks(const sinter_kernel *kernel, const float *in, float *out, int64_t block)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (int64_t at = 0; at < COUNT; at += block)
        assert_int_equal(step1(instance, in + at, out + at, COUNT - at < block ? COUNT - at : block),
                         SINTER_OK);
    sinter_instance_close(instance);
}

static void patches_run_in_blocks_of_any_size(void **state)
{
    (void)state;
    static float in[COUNT], wanted[COUNT], out[COUNT];
    static const int64_t blocks[] = {COUNT, 1, 3, 64, 777};
    fill(in, COUNT);
    memset(in + COUNT / 2, 0, COUNT / 4 * sizeof *in); /* and some silence to ring out in */
    for (size_t k = 0; k < sizeof patches / sizeof *patches; k++)
        for (sinter_rewriting rewriting = SINTER_STRICT; rewriting <= SINTER_RELAXED; rewriting++) {
            bool first = true;
            for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
                sinter_kernel *kernel =
                    compiled(patches[k], &(sinter_options){.engine = (sinter_engine)engine,
                                                           .source = SINTER_PATCH,
                                                           .rewriting = rewriting});
                const sinter_kernel_info info = sinter_kernel_describe(kernel);
                assert_true(info.stateful && info.state_bytes > 0);
                assert_int_equal(run1(kernel, in, out, 1), SINTER_NEEDS_INSTANCE);
                for (unsigned b = 0; b < 5; b++)
                    for (int in_place = 0; in_place < 2; in_place++) {
                        float *const to = first ? wanted : out;
                        memcpy(to, in, sizeof out);
                        run_in_blocks(kernel, in_place ? to : in, to, blocks[b]);
                        if (!first && memcmp(wanted, out, sizeof out))
                            fail_msg("patch %zu, %s, blocks of %d: other bits", k,
                                     sinter_engine_name((sinter_engine)engine), (int)blocks[b]);
                        first = false;
                    }
                sinter_kernel_close(kernel);
            }
            double energy = 0;
            for (unsigned i = 0; i < COUNT; i++)
                energy += fabs((double)wanted[i]);
            assert_true(energy > 10 && isfinite(energy));
        }
}

static void reset_begins_again(void **state)
{
    (void)state;
    static float in[COUNT], first[COUNT], again[COUNT];
    fill(in, COUNT);
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (size_t k = 0; k < sizeof patches / sizeof *patches; k++) {
            sinter_kernel *kernel = compiled(patches[k], &(sinter_options){.engine = (sinter_engine)engine,
                                                                           .source = SINTER_PATCH});
            sinter_instance *instance, *other;
            assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
            assert_int_equal(sinter_instance_open(kernel, &other), SINTER_OK);
            assert_int_equal(step1(instance, in, first, COUNT), SINTER_OK);
            assert_int_equal(step1(instance, in, again, 100), SINTER_OK);
            sinter_instance_reset(instance);
            assert_int_equal(step1(instance, in, again, COUNT), SINTER_OK);
            assert_memory_equal(first, again, sizeof first);
            assert_int_equal(step1(other, in, again, COUNT), SINTER_OK); /* nobody else's state was touched */
            assert_memory_equal(first, again, sizeof first);
            sinter_instance_close(other);
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
        }
}

/* ---- totals ---- */

static void empty_totals_are_minus_zero(void **state)
{
    (void)state;
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (sinter_type type = SINTER_F32; type <= SINTER_F64; type++) {
            sinter_kernel *kernel =
                compiled("x", &(sinter_options){.engine = (sinter_engine)engine, .type = type, .sum = true});
            const double zeros[2] = {0}, minus[70] = {-0.0, -0.0};
            const void *inputs[] = {zeros};
            double total = 1;
            assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .totals = &total}),
                             SINTER_OK);
            assert_true(total == 0 && signbit(total));
            assert_int_equal(sinter_run(kernel,
                                        &(sinter_arguments){.inputs = inputs, .totals = &total, .count = 2}),
                             SINTER_OK);
            assert_true(total == 0 && !signbit(total));
            if (type == SINTER_F64) {
                inputs[0] = minus;
                assert_int_equal(
                    sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .totals = &total, .count = 2}),
                    SINTER_OK);
                assert_true(total == 0 && signbit(total));
            }
            sinter_kernel_close(kernel);
            /* Nor is there anything where constants were taken out. */
            kernel = compiled("x*0.1 + 3", &(sinter_options){.engine = (sinter_engine)engine,
                                                             .type = type,
                                                             .sum = true,
                                                             .rewriting = SINTER_RELAXED});
            assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .totals = &total}),
                             SINTER_OK);
            assert_true(total == 0 && signbit(total));
            sinter_kernel_close(kernel);
        }
}

/* The contract in plain C: as many partial sums as are 256 bytes, from −0 on, folded by halves. */
static double total_of(const double *x, int count, sinter_type type)
{
    double partial[64];
    int n = type == SINTER_F32 ? 64 : 32;
    for (int k = 0; k < n; k++)
        partial[k] = -0.0;
    for (int i = 0; i < count; i++) {
        double *sum = &partial[i % n];
        *sum = type == SINTER_F32 ? (double)((float)*sum + (float)x[i]) : *sum + x[i];
    }
    for (n /= 2; n; n /= 2)
        for (int k = 0; k < n; k++)
            partial[k] = type == SINTER_F32 ? (double)((float)partial[k] + (float)partial[k + n]) : partial[k] + partial[k + n];
    return partial[0];
}

/* Of every number of elements that a tail can have, alone and behind whole vectors. What lies behind them is no number. */
static void totals_of_every_tail(void **state)
{
    (void)state;
    enum { MOST = 200 };
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (sinter_type type = SINTER_F32; type <= SINTER_F64; type++)
            for (int outputs = 1; outputs <= 2; outputs++) {
                sinter_kernel *kernel = compiled(outputs == 1 ? "x" : "(x, y - x)", &(sinter_options){.engine = (sinter_engine)engine, .type = type, .sum = true});
                for (int count = 0; count <= MOST; count++) {
                    float narrow[2][MOST + 64];
                    double wide[2][MOST + 64], terms[2][MOST], totals[2] = {7, 7};
                    for (int i = 0; i < MOST + 64; i++)
                        for (int k = 0; k < 2; k++) {
                            narrow[k][i] = i < count ? (float)((i * 37 + k * 11) % 101) * 0.37f - 9 : NAN;
                            wide[k][i] = type == SINTER_F32 ? (double)narrow[k][i] : i < count ? (double)narrow[k][i] / 3 : (double)NAN;
                        }
                    for (int i = 0; i < count; i++) {
                        terms[0][i] = wide[0][i];
                        terms[1][i] = type == SINTER_F32 ? (double)(narrow[1][i] - narrow[0][i]) : wide[1][i] - wide[0][i];
                    }
                    const void *inputs[2];
                    for (int k = 0; k < 2; k++)
                        inputs[k] = type == SINTER_F32 ? (const void *)narrow[k] : wide[k];
                    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = inputs, .totals = totals, .count = count}), SINTER_OK);
                    for (int k = 0; k < outputs; k++) {
                        const double wanted = total_of(terms[k], count, type);
                        if (memcmp(&totals[k], &wanted, sizeof wanted) != 0)
                            fail_msg("%s, %s, %d elements, total %d: %.17g instead of %.17g", sinter_engine_name((sinter_engine)engine),
                                     type == SINTER_F32 ? "f32" : "f64", count, k, totals[k], wanted);
                    }
                }
                sinter_kernel_close(kernel);
            }
}

static void totals_have_the_same_bits_everywhere(void **state)
{
    (void)state;
    static float x[3 * 4096 + 100];
    const uint32_t most = sizeof x / sizeof *x;
    fill(x, most);
    static const int64_t counts[] = {1,    2,    15,   16,   17,   63,    64,   65,
                                     4095, 4096, 4097, 8192, 8200, 12288, 12388};
    for (sinter_rewriting rewriting = SINTER_STRICT; rewriting <= SINTER_RELAXED; rewriting++) {
        double wanted[15];
        bool first = true;
        for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
            sinter_kernel *kernel = compiled("x*x*0.1 + 3", &(sinter_options){.engine = (sinter_engine)engine,
                                                                              .sum = true,
                                                                              .rewriting = rewriting});
            for (unsigned k = 0; k < 15; k++) {
                double total;
                assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){x},
                                                                        .totals = &total,
                                                                        .count = counts[k]}),
                                 SINTER_OK);
                if (first)
                    wanted[k] = total;
                assert_true(total == wanted[k]);
                double about = 0;
                for (int64_t i = 0; i < counts[k]; i++)
                    about += (double)x[i] * (double)x[i] * 0.1 + 3;
                assert_true(fabs(total - about) <= 1e-5 * about);
            }
            first = false;
            sinter_kernel_close(kernel);
        }
    }
}

/* ---- functions ---- */

static void functions_agree_with_blocks(void **state)
{
    (void)state;
    static const float values[] = {0, -0.0f, 1, -1, 0.3f, 1e-40f, 1e30f, INFINITY, -INFINITY, 7.5f};
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *kernel =
            compiled("sin(x)*y + (x > y ? exp(y) : x/3)",
                     &(sinter_options){.engine = (sinter_engine)engine, .function = true});
        sinter_kernel *live =
            compiled(with_parameters, &(sinter_options){.engine = (sinter_engine)engine, .function = true});
        float (*f)(float, float) = (float (*)(float, float))sinter_kernel_function(kernel, NULL);
        float (*g)(const void *, float) = (float (*)(const void *, float))sinter_kernel_function(live, NULL);
        assert_true((f != NULL) == (engine != SINTER_ENGINE_INTERP) && (g != NULL) == (f != NULL));
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(live, &instance), SINTER_OK);
        for (unsigned round = 0; f && round < 3; round++) {
            sinter_set(instance, 0, 0.25 * round);
            sinter_set(instance, 1, 100 + 1000 * round);
            const void *frame = sinter_instance_frame(instance);
            assert_non_null(frame);
            for (unsigned i = 0; i < 10; i++) {
                float wanted, got;
                assert_int_equal(step1(instance, &values[i], &wanted, 1), SINTER_OK);
                got = g(frame, values[i]);
                assert_memory_equal(&got, &wanted, 4);
                for (unsigned k = 0; k < 10; k++) {
                    sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){&values[i], &values[k]},
                                                           .outputs = (void *[]){&wanted},
                                                           .count = 1});
                    got = f(values[i], values[k]);
                    assert_true(isnan(wanted) ? isnan(got) : !memcmp(&got, &wanted, 4));
                }
            }
        }
        sinter_instance_close(instance);
        sinter_kernel_close(live);
        sinter_kernel_close(kernel);
    }
}

static void there_is_a_reason_for_no_function(void **state)
{
    (void)state;
    static char longer[4000] = "x";
    for (size_t at = 1, k = 0; k < 80; k++)
        at += (size_t)snprintf(longer + at, sizeof longer - at, "*x + %zu.5", k);
    const struct {
        const char *text;
        sinter_options options;
        const char *reason;
    } cases[] = {
        {"x", {.engine = SINTER_ENGINE_INTERP}, "interpreter"},
        {"input a\na + a'", {.source = SINTER_PATCH}, "state"},
        {"index", {.source = SINTER_PATCH}, "index"},
        {"x", {.domain = SINTER_GRID}, "grid"},
        {"x", {.sum = true}, "total"},
        {"(x, y)", {0}, "output"},
        {"x", {.inputs = "a b c d e f g h x"}, "8 inputs"},
        {longer, {0}, "64"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const char *reason = NULL;
        sinter_kernel *kernel = compiled(cases[k].text, &cases[k].options);
        assert_true(sinter_kernel_function(kernel, &reason) == NULL);
        if (sinter_kernel_describe(kernel).engine != SINTER_ENGINE_INTERP && !strstr(reason, cases[k].reason))
            fail_msg("\"%s\": %s", cases[k].text, reason);
        assert_true(*reason);
        sinter_kernel_close(kernel);
    }
    sinter_kernel *kernel = compiled(longer, &(sinter_options){.function = true});
    const bool interpreted = sinter_kernel_describe(kernel).engine == SINTER_ENGINE_INTERP;
    assert_true((sinter_kernel_function(kernel, NULL) == NULL) == interpreted);
    sinter_kernel_close(kernel);
}

/* ---- what needs an instance ---- */

static void large_workspaces_need_an_instance(void **state)
{
    (void)state;
    static char text[8000];
    size_t at = (size_t)snprintf(text, sizeof text, "0");
    for (int k = 1; k <= 60; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, " + cos(x*%d)*sin(y*%d)", k, k);
    float pixels[64], again[64];
    const sinter_grid grid = {.width = 8,
                              .height = 8,
                              .x0 = -1,
                              .y0 = -1,
                              .x1 = 1,
                              .y1 = 1,
                              .row_count = 8,
                              .outputs = (void *[]){pixels}};
    sinter_kernel *kernel = compiled(text, &(sinter_options){.domain = SINTER_GRID});
    assert_true(sinter_kernel_describe(kernel).workspace_bytes > 65536);
    assert_int_equal(sinter_run_grid(kernel, &grid), SINTER_NEEDS_INSTANCE);
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_instance_run_grid(instance, &grid), SINTER_OK);
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *other =
            compiled(text, &(sinter_options){.domain = SINTER_GRID, .engine = (sinter_engine)engine});
        sinter_instance *second;
        assert_int_equal(sinter_instance_open(other, &second), SINTER_OK);
        for (int32_t row = 0; row < 8; row++) {
            sinter_grid part = grid;
            part.first_row = row;
            part.row_count = 1;
            part.outputs = (void *[]){again + 8 * row};
            assert_int_equal(sinter_instance_run_grid(second, &part), SINTER_OK);
        }
        assert_memory_equal(pixels, again, sizeof pixels);
        sinter_instance_close(second);
        sinter_kernel_close(other);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 20 };

typedef struct thread_job {
    const sinter_kernel *kernel, *stateful, *grid;
    const float *in, *wanted, *wanted_stateful, *wanted_grid;
    uint32_t number;
    bool right;
} thread_job;

static void *run_thread(void *argument)
{
    thread_job *j = argument;
    float *out = malloc(COUNT * sizeof *out);
    sinter_instance *instance;
    j->right = out && sinter_instance_open(j->stateful, &instance) == SINTER_OK;
    for (int round = 0; j->right && round < ROUNDS; round++) {
        j->right &=
            run1(j->kernel, j->in, out, COUNT) == SINTER_OK && !memcmp(out, j->wanted, COUNT * sizeof *out);
        sinter_instance_reset(instance);
        j->right &= step1(instance, j->in, out, COUNT) == SINTER_OK
                    && !memcmp(out, j->wanted_stateful, COUNT * sizeof *out);
        const int32_t first = (int32_t)(16 * ((j->number + (uint32_t)round) % THREADS));
        const sinter_grid grid = {.width = 64,
                                  .height = 64,
                                  .x0 = -1,
                                  .y0 = -1,
                                  .x1 = 1,
                                  .y1 = 1,
                                  .first_row = first,
                                  .row_count = 16,
                                  .outputs = (void *[]){out}};
        j->right &= sinter_run_grid(j->grid, &grid) == SINTER_OK
                    && !memcmp(out, j->wanted_grid + first * 64, 16 * 64 * sizeof *out);
    }
    if (out)
        sinter_instance_close(instance);
    free(out);
    return NULL;
}

static void threads_share_kernels(void **state)
{
    (void)state;
    static float in[COUNT], wanted[COUNT], wanted_stateful[COUNT], wanted_grid[64 * 64];
    fill(in, COUNT);
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *kernel =
            compiled("sin(x)*exp(x*0.1) + sqrt(abs(x))", &(sinter_options){.engine = (sinter_engine)engine});
        sinter_kernel *stateful =
            compiled(patches[0], &(sinter_options){.engine = (sinter_engine)engine, .source = SINTER_PATCH});
        sinter_kernel *grid =
            compiled("sin(x*9)*cos(y*7) + x*y",
                     &(sinter_options){.engine = (sinter_engine)engine, .domain = SINTER_GRID});
        assert_int_equal(run1(kernel, in, wanted, COUNT), SINTER_OK);
        run_in_blocks(stateful, in, wanted_stateful, COUNT);
        assert_int_equal(sinter_run_grid(grid, &(sinter_grid){.width = 64,
                                                              .height = 64,
                                                              .x0 = -1,
                                                              .y0 = -1,
                                                              .x1 = 1,
                                                              .y1 = 1,
                                                              .row_count = 64,
                                                              .outputs = (void *[]){wanted_grid}}),
                         SINTER_OK);
        pthread_t threads[THREADS];
        thread_job jobs[THREADS];
        for (uint32_t k = 0; k < THREADS; k++) {
            jobs[k] =
                (thread_job){kernel, stateful, grid, in, wanted, wanted_stateful, wanted_grid, k, false};
            assert_int_equal(pthread_create(&threads[k], NULL, run_thread, &jobs[k]), 0);
        }
        for (uint32_t k = 0; k < THREADS; k++) {
            pthread_join(threads[k], NULL);
            assert_true(jobs[k].right);
        }
        sinter_kernel_close(grid);
        sinter_kernel_close(stateful);
        sinter_kernel_close(kernel);
    }
}

static void *compile_thread(void *argument)
{
    thread_job *j = argument;
    j->right = true;
    for (int round = 0; j->right && round < 100; round++) {
        char text[60];
        sinter_kernel *kernel;
        sinter_report own;
        const int gain = (int)j->number * 1000 + round;
        snprintf(text, sizeof text, "x*%d + sin(x)*0", gain);
        j->right = sinter_compile(context, text, strlen(text), NULL, &kernel, &own) == SINTER_OK;
        const float one = 1;
        float y = 0;
        j->right = j->right && run1(kernel, &one, &y, 1) == SINTER_OK && y == (float)gain;
        sinter_kernel_close(kernel);
        snprintf(text, sizeof text, "x*%d + foo", gain);
        j->right &= sinter_compile(context, text, strlen(text), NULL, &kernel, &own) == SINTER_BAD_PROGRAM
                    && own.count == 1;
    }
    return NULL;
}

static void threads_may_compile_with_one_context(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    thread_job jobs[THREADS] = {0};
    for (uint32_t k = 0; k < THREADS; k++) {
        jobs[k].number = k + 1;
        assert_int_equal(pthread_create(&threads[k], NULL, compile_thread, &jobs[k]), 0);
    }
    for (uint32_t k = 0; k < THREADS; k++) {
        pthread_join(threads[k], NULL);
        assert_true(jobs[k].right);
    }
}

/* ---- programs built by calls ---- */

static sinter_value feed(sinter_program *p)
{
    return sinter_input(p, "x", SINTER_F32);
}

static void wrong_programs_say_what_is_wrong(void **state)
{
    (void)state;
    for (int k = 0;; k++) {
        sinter_program *p = sinter_program_open(NULL);
        const char *message = NULL;
        switch (k) {
        case 0:
            feed(p);
            message = "no output";
            break;
        case 1:
            sinter_output(p, "y", sinter_add(p, feed(p), sinter_f64(p, 1)));
            message = "f32, f64";
            break;
        case 2:
            sinter_output(p, "y", 99);
            message = "not a value";
            break;
        case 3:
            sinter_output(p, "y", 0);
            message = "not a value";
            break;
        case 4:
            sinter_output(p, "", feed(p));
            message = "1 to 255";
            break;
        case 5:
            sinter_output(p, NULL, feed(p));
            message = "1 to 255";
            break;
        case 6:
            sinter_input(p, "x", SINTER_MASK);
            message = "f32, f64 or i32";
            break;
        case 7:
            feed(p);
            feed(p);
            message = "already";
            break;
        case 8:
            sinter_output(p, "y", feed(p));
            sinter_output(p, "y", 1);
            message = "already";
            break;
        case 9:
            sinter_total(p, "y", sinter_i32(p, 1));
            message = "sum";
            break;
        case 10:
            sinter_parameter(p, "g", SINTER_F32, 2, 0, 1);
            message = "range";
            break;
        case 11:
            sinter_parameter(p, "g", SINTER_F32, NAN, 0, 1);
            message = "range";
            break;
        case 12:
            sinter_parameter(p, "g", SINTER_F32, 0, NAN, 1);
            message = "range";
            break;
        case 13:
            sinter_parameter(p, "g", SINTER_F32, 0, 0, 1);
            sinter_parameter(p, "g", SINTER_F32, 0, 0, 1);
            message = "already";
            break;
        case 14:
            sinter_emit(p, (sinter_operation)-1, 1, 1, 1);
            message = "no operation";
            break;
        case 15:
            sinter_emit(p, SINTER_OP_INPUT, 0, 0, 0);
            message = "function of its own";
            break;
        case 16:
            sinter_emit(p, SINTER_OP_SQRT, feed(p), 1, 0);
            message = "fewer operands";
            break;
        case 17:
            sinter_emit(p, SINTER_OP_ADD, feed(p), 0, 0);
            message = "not a value";
            break;
        case 18:
            sinter_convert(p, feed(p), SINTER_U8);
            message = "f32, f64 or i32";
            break;
        case 19:
            sinter_table(p, "t", SINTER_F32, NULL, 3);
            message = "content";
            break;
        case 20:
            sinter_table(p, "t", SINTER_F32, "1234", 0);
            message = "content";
            break;
        case 21:
            sinter_table(p, "t", SINTER_MASK, "1234", 1);
            message = "content";
            break;
        case 22:
            sinter_load(p, 0, sinter_i32(p, 1));
            message = "not a table";
            break;
        case 23:
            sinter_load(p, sinter_table(p, "t", SINTER_F32, "1234", 1), feed(p));
            message = "i32";
            break;
        case 24:
            sinter_line(p, "l", SINTER_F32, 0);
            message = "2^28";
            break;
        case 25:
            sinter_line(p, "l", SINTER_F32, (1u << 28) + 1);
            message = "2^28";
            break;
        case 26:
            sinter_read(p, sinter_line(p, "l", SINTER_F32, 4), 5);
            message = "that long";
            break;
        case 27:
            sinter_read(p, sinter_line(p, "l", SINTER_F32, 4), 0);
            message = "that long";
            break;
        case 28:
            sinter_write(p, sinter_line(p, "l", SINTER_F32, 4), sinter_f64(p, 1));
            message = "another type";
            break;
        case 29:
            sinter_line(p, "l", SINTER_F32, 4);
            sinter_write(p, 0, feed(p));
            sinter_write(p, 0, 1);
            message = "written already";
            break;
        case 30:
            sinter_output(p, "y", sinter_read(p, sinter_line(p, "l", SINTER_F32, 4), 1));
            message = "written";
            break;
        case 31:
            sinter_line(p, "l", SINTER_F32, 4);
            sinter_line(p, "l", SINTER_F32, 4);
            message = "already";
            break;
        case 32:
            sinter_read_varying(p, sinter_line(p, "l", SINTER_F32, 4), feed(p));
            message = "readv";
            break;
        case 33:
            sinter_emit(p, SINTER_OP_GUARD, sinter_emit(p, SINTER_OP_LT, feed(p), 1, 0), 1, 1);
            message = "parameters only";
            break;
        case 34:
            sinter_program_fail(p, NULL);
            message = "refused";
            break;
        case 35:
            sinter_program_fail(p, "mine");
            sinter_program_fail(p, "later");
            message = "mine";
            break;
        case 36:
            sinter_load(p, sinter_line(p, "l", SINTER_F32, 4), sinter_i32(p, 0));
            message = "not a table";
            break;
        case 37:
            sinter_read(p, 3, 1);
            message = "not a delay line";
            break;
        case 38:
            sinter_output(p, "y", sinter_emit(p, SINTER_OP_LT, feed(p), 1, 0));
            message = "f32, f64 or i32";
            break;
        default: sinter_program_close(p); return;
        }
        const sinter_status early = sinter_program_status(p, &report);
        sinter_kernel *kernel = (sinter_kernel *)(void *)p;
        assert_int_equal(early == SINTER_OK, report.count == 0);
        assert_int_equal(sinter_add(p, sinter_f32(p, 1), sinter_f32(p, 1)) == 0,
                         early != SINTER_OK); /* later calls are harmless */
        assert_int_equal(sinter_compile_program(context, p, NULL, &kernel, &report), SINTER_BAD_PROGRAM);
        assert_null(kernel);
        assert_int_equal(report.count, 1);
        if (!strstr(report.errors[0].message, message))
            fail_msg("case %d: \"%s\" does not say \"%s\"", k, report.errors[0].message, message);
        sinter_program_close(p);
    }
}

static void one_program_compiles_many_times(void **state)
{
    (void)state;
    sinter_program *p = sinter_program_open(NULL);
    const sinter_value x = feed(p);
    const sinter_value gain = sinter_parameter(p, "gain", SINTER_F32, 2, 0, 4);
    sinter_output(p, "y", sinter_fma(p, x, gain, sinter_f32(p, 1)));
    assert_int_equal(sinter_mul(p, x, gain), sinter_mul(p, x, gain)); /* equal operations become one */
    assert_int_equal(sinter_type_of(p, x), SINTER_F32);
    assert_int_equal(sinter_type_of(p, 0), 0);
    assert_int_equal(sinter_type_of(p, 4711), 0);
    assert_int_equal(sinter_program_status(p, &report), SINTER_OK);
    assert_int_equal(report.count, 0);
    for (int round = 0; round < 3; round++)
        for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
            sinter_kernel *kernel;
            assert_int_equal(sinter_compile_program(context, p,
                                                    &(sinter_options){.engine = (sinter_engine)engine,
                                                                      .name = "built"},
                                                    &kernel, &report),
                             SINTER_OK);
            const float in = 3;
            float out;
            assert_int_equal(run1(kernel, &in, &out, 1), SINTER_OK);
            assert_true(out == 7);
            sinter_kernel_close(kernel);
        }
    sinter_program_close(p);
}

/* ---- what the code is ---- */

static void parts_of_code_are_shown(void **state)
{
    (void)state;
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_code_part part;
        sinter_kernel *kernel =
            compiled(with_parameters,
                     &(sinter_options){.engine = (sinter_engine)engine, .marks = true, .function = true});
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        uint32_t parts = 0;
        size_t bytes = 0;
        for (; sinter_kernel_code(kernel, parts, &part); parts++) {
            static const uint8_t endbr64[] = {0xF3, 0x0F, 0x1E, 0xFA};
            assert_true(part.size > 4 && part.name && *part.name);
            assert_memory_equal(part.address, endbr64, 4);
            bytes += part.size;
            for (uint32_t k = 0; k < part.mark_count; k++) {
                assert_true(part.marks[k].offset <= part.size
                            && (k == 0 || part.marks[k].offset >= part.marks[k - 1].offset));
                assert_non_null(part.marks[k].text);
            }
        }
        if (engine == SINTER_ENGINE_INTERP)
            assert_true(parts == 0 && info.code_bytes == 0);
        else
            assert_true(parts == info.loops + 1 && bytes <= info.code_bytes && info.constant_bytes > 0);
        assert_false(sinter_kernel_code(kernel, parts + 1, &part));
        assert_false(sinter_kernel_code(kernel, 0, NULL));
        sinter_kernel_close(kernel);
        kernel = compiled("x", &(sinter_options){.engine = (sinter_engine)engine});
        assert_false(sinter_kernel_code(kernel, 0, &part));
        sinter_kernel_close(kernel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_has_a_name),
        cmocka_unit_test(nothing_given_is_let_pass_or_refused),
        cmocka_unit_test(programs_that_could_not_be_opened_are_let_pass),
        cmocka_unit_test(wrong_calls_of_runs_are_refused),
        cmocka_unit_test(wrong_grids_are_refused),
        cmocka_unit_test(what_a_grid_cannot_give_is_refused),
        cmocka_unit_test(bound_tables_must_be_there),
        cmocka_unit_test(options_have_only_the_values_they_can_have),
        cmocka_unit_test(every_option_has_its_effect),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(affine_is_what_it_says),
        cmocka_unit_test(parameters_are_clamped_and_live),
        cmocka_unit_test(fixed_parameters_are_as_good_as_set_ones),
        cmocka_unit_test(parameters_of_all_types),
        cmocka_unit_test(the_index_goes_on),
        cmocka_unit_test(patches_run_in_blocks_of_any_size),
        cmocka_unit_test(reset_begins_again),
        cmocka_unit_test(empty_totals_are_minus_zero),
        cmocka_unit_test(totals_of_every_tail),
        cmocka_unit_test(totals_have_the_same_bits_everywhere),
        cmocka_unit_test(functions_agree_with_blocks),
        cmocka_unit_test(there_is_a_reason_for_no_function),
        cmocka_unit_test(large_workspaces_need_an_instance),
        cmocka_unit_test(threads_share_kernels),
        cmocka_unit_test(threads_may_compile_with_one_context),
        cmocka_unit_test(wrong_programs_say_what_is_wrong),
        cmocka_unit_test(one_program_compiles_many_times),
        cmocka_unit_test(parts_of_code_are_shown),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
