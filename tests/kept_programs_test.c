/* Machine code of densities that a context keeps: what is made of it is what is compiled anew, bit for bit, with the names, values and ranges of its own text; it
 * is looked for by everything that code depends on; it stays bounded; kernels outlive it; refused memory. */
#include "kernel/kept_programs.h"
#include "open_context.h"
#include "refusing_allocator.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile_text.h"

enum { COUNT = 37, MOST_RESULTS = 4 };

static const sinter_engine engines[] = {SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512};
enum { ENGINES = sizeof engines / sizeof *engines };

static double wanted[MOST_RESULTS][COUNT], got[MOST_RESULTS][COUNT];

/* Streams of results, or totals as streams of one. */
static void run(const sinter_kernel *kernel, double out[][COUNT])
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    double x[COUNT], totals[MOST_RESULTS] = {0};
    float narrow[COUNT], narrow_out[MOST_RESULTS][COUNT];
    const bool is_narrow = info.inputs[0].type == SINTER_F32;
    void *to[MOST_RESULTS];
    sinter_instance *instance;
    assert_true(info.input_count == 1 && info.output_count + info.total_count <= MOST_RESULTS);
    for (int i = 0; i < COUNT; i++) {
        x[i] = i == 0 ? NAN : (i - 3) * 0.125;
        narrow[i] = (float)x[i];
    }
    for (unsigned k = 0; k < MOST_RESULTS; k++)
        to[k] = is_narrow ? (void *)narrow_out[k] : (void *)out[k];
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const sinter_arguments a = {.inputs = (const void *[]){is_narrow ? (const void *)narrow : (const void *)x}, .outputs = to, .count = COUNT, .totals = totals};
    assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
    sinter_instance_close(instance);
    for (unsigned k = 0; k < info.output_count && is_narrow; k++)
        for (int i = 0; i < COUNT; i++)
            out[k][i] = (double)narrow_out[k][i];
    for (unsigned k = 0; k < info.total_count; k++)
        out[k][0] = totals[k];
}

static void compare_values(const char *text, const sinter_kernel_info *info)
{
    for (unsigned k = 0; k < info->output_count + info->total_count; k++)
        for (int i = 0; i < (info->total_count ? 1 : COUNT); i++)
            if (memcmp(&got[k][i], &wanted[k][i], sizeof got[k][i]) != 0 && !(isnan(got[k][i]) && isnan(wanted[k][i])))
                fail_msg("%s, result %u, row %d: %a, compiled anew %a", text, k, i, got[k][i], wanted[k][i]);
}

static void compare_streams(const char *text, const sinter_stream_info *a, const sinter_stream_info *b, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (strcmp(a[k].name, b[k].name) != 0 || a[k].type != b[k].type)
            fail_msg("%s: the stream is \"%s\", not \"%s\"", text, a[k].name, b[k].name);
}

/* Everything that is said of a kernel, and what it computes. */
static void compare(const char *text, const sinter_kernel *kept, const sinter_kernel *anew)
{
    const sinter_kernel_info a = sinter_kernel_describe(kept), b = sinter_kernel_describe(anew);
    if (a.engine != b.engine || a.operations != b.operations || a.hoisted != b.hoisted || a.loops != b.loops || a.code_bytes != b.code_bytes
        || a.constant_bytes != b.constant_bytes || a.workspace_bytes != b.workspace_bytes)
        fail_msg("%s: %u operations in %zu bytes, compiled anew %u in %zu", text, a.operations, a.code_bytes, b.operations, b.code_bytes);
    assert_true(a.input_count == b.input_count && a.output_count == b.output_count && a.total_count == b.total_count && a.parameter_count == b.parameter_count);
    compare_streams(text, a.inputs, b.inputs, a.input_count);
    compare_streams(text, a.outputs, b.outputs, a.output_count);
    for (uint32_t k = 0; k < a.parameter_count; k++) {
        const sinter_parameter_info *p = &a.parameters[k], *q = &b.parameters[k];
        if (strcmp(p->name, q->name) != 0 || strcmp(p->unit, q->unit) != 0 || !(p->initial == q->initial || (isnan(p->initial) && isnan(q->initial)))
            || p->low < q->low || p->low > q->low || p->high < q->high || p->high > q->high)
            fail_msg("%s: the parameter %s is %g in %g..%g, not %s, %g in %g..%g", text, p->name, p->initial, p->low, p->high, q->name, q->initial, q->low, q->high);
    }
    const char *reason, *other;
    assert_int_equal(!sinter_kernel_function(kept, &reason), !sinter_kernel_function(anew, &other));
    assert_string_equal(reason, other);
    run(kept, got);
    run(anew, wanted);
    compare_values(text, &a);
}

/* In which nothing comes with the library: that is what tests/built_programs_test.c is about. */
static sinter_context *open_plain(void)
{
    sinter_context *plain;
    assert_int_equal(sinter_open(NULL, &plain), SINTER_OK);
    plain->programs.without_built = true;
    return plain;
}

static int open_plain_context(void **state)
{
    const int failed = open_context(state);
    if (!failed)
        context->programs.without_built = true;
    return failed;
}

/* `first`, compiled twice, leaves the code; `second` is made of it. */
static void expect_kept(const char *first, const char *second, const sinter_options *options)
{
    sinter_context *fresh = open_plain();
    const size_t before = context->programs.bytes;
    for (unsigned turn = 0; turn < 2; turn++)
        sinter_kernel_close(compile(context, first, options));
    const size_t bytes = context->programs.bytes;
    sinter_kernel *kept = compile(context, second, options), *anew = compile(fresh, second, options);
    if (bytes == before || context->programs.bytes != bytes)
        fail_msg("%s: %s", bytes == before ? first : second, bytes == before ? "not kept" : "compiled again");
    compare(second, kept, anew);
    sinter_kernel_close(kept);
    sinter_kernel_close(anew);
    sinter_close(fresh);
}

static void what_is_kept_is_what_is_compiled_anew(void **state)
{
    static const struct {
        const char *first, *second, *by[2];
    } texts[] = {
        {"gamma(3.5, 0.7)", "gamma(9000, 2000)", {"alpha", "beta"}},
        {"beta(2.5, 4)", "beta(alpha=0.5, beta=0.25)", {"x", "alpha"}},
        {"student_t(4.5, 0.1, 1.2)", "student_t(1, 2, 3) # the same", {"nu", "sigma"}},
        {"normal(0, 1)", "gaussian(0.5, 3)", {"mu", "sigma"}},
        {"von_mises(0, 1)", "von_mises(1e9, 30)", {"mu", "kappa"}}, /* of arguments as great the cosine reads a table */
        {"param a = 1 in 0..2 \"Hz\"\ninput x\nx ~ normal(a, 2)\n", "param a = 0.5 in 0..2\ninput x\nx ~ normal(a, 2)", {"a", "x"}},
        {"mixture((0.25, 0.75), normal(0, 1), laplace(1, 2))", "mixture((0.25, 0.75), gaussian(2, 1), double_exponential(3, 2))", {"mu", "x"}},
    };
    (void)state;
    for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++)
        for (unsigned e = 0; e < ENGINES; e++)
            for (unsigned form = 0; form < 8; form++) {
                const sinter_options o = {.source = SINTER_DENSITY, .engine = engines[e], .type = form & 1 ? SINTER_F32 : SINTER_F64, .gradient = texts[k].by,
                                          .gradient_count = form & 2 ? 2 : 0, .sum = form & 4, .function = !(form & 2)};
                if (sinter_engine_available(engines[e], NULL))
                    expect_kept(texts[k].first, texts[k].second, &o);
            }
}

static void names_matter_where_results_are_called_after_them(void **state)
{
    static const char *const m[] = {"m"};
    const sinter_options values = {.source = SINTER_DENSITY}, slopes = {.source = SINTER_DENSITY, .gradient = m, .gradient_count = 1};
    (void)state;
    expect_kept("param m = 0\nnormal(m, 1)", "param n = 0\nnormal(n, 1)", &values);
    expect_kept("input x\nx ~ normal(0, 1)", "input y\ny ~ normal(0, 1)", &values);
    expect_kept("param m = 0\nnormal(m, 1)", "param m = 3\nnormal(m, 2)", &slopes);
}

/* Each of these is another program, or another kernel of it. */
static void what_differs_is_compiled(void **state)
{
    static const char *const mu[] = {"mu"}, *const both[] = {"mu", "sigma"}, *const m[] = {"m"}, *const n[] = {"n"};
    static const struct {
        const char *text;
        sinter_options options;
    } all[] = {
        {"normal(0, 1)", {.function = false}}, {"normal(0, 1)", {.function = true}}, {"normal(0, 1)", {.sum = true}}, {"normal(0, 1)", {.type = SINTER_F32}},
        {"normal(0, 1)", {.engine = SINTER_ENGINE_SCALAR}}, {"normal(0, 1)", {.gradient = mu, .gradient_count = 1}}, {"normal(0, 1)", {.gradient = both, .gradient_count = 2}},
        {"normal(0, 1)", {.gradient = both + 1, .gradient_count = 1}}, {"lognormal(0, 1)", {.function = false}}, {"lognormal(0, 1)", {.grade = SINTER_GRADE_FAST}},
        {"normal(0, 1)", {.quantity = "log_cdf"}}, {"param m = 0\nnormal(m, 1)", {.gradient = m, .gradient_count = 1}},
        {"param n = 0\nnormal(n, 1)", {.gradient = n, .gradient_count = 1}},
        {"param m = 0\nparam n = 1 in 0.5..9\nnormal(m, n)", {.gradient = m, .gradient_count = 1}}, {"param n = 0\nparam m = 1 in 0.5..9\nnormal(n, m)", {.gradient = m, .gradient_count = 1}},
        {"table t = [1, 2, 3]\nt[i32(x)]", {.function = true}}, {"table t = [1, 2, 4]\nt[i32(x)]", {.function = true}}, {"x ~ normal(0, 1)", {.inputs = "x"}}, {"x ~ normal(0, 1.5)", {.inputs = "x"}}, {"normal(0, 1)", {.random = 7}},
        {"normal(0, 1)", {.lanes = 4}}, {"normal(0, 1)", {.lanes = 1}},
    };
    (void)state;
    for (unsigned turn = 0; turn < 3; turn++)
        for (unsigned k = 0; k < sizeof all / sizeof *all; k++) {
            sinter_options o = all[k].options;
            o.source = SINTER_DENSITY;
            const size_t bytes = context->programs.bytes;
            sinter_context *fresh = open_plain();
            sinter_kernel *here = compile(context, all[k].text, &o), *anew = compile(fresh, all[k].text, &o);
            if ((context->programs.bytes != bytes) != (turn == 1))
                fail_msg("case %u, turn %u: %zu bytes, then %zu", k, turn, bytes, context->programs.bytes);
            compare(all[k].text, here, anew);
            sinter_kernel_close(here);
            sinter_kernel_close(anew);
            sinter_close(fresh);
        }
}

static void some_are_never_kept(void **state)
{
    static const char *const fixed[] = {"mu"};
    static const double values[] = {0.5};
    static const struct {
        const char *text;
        sinter_options options;
    } all[] = {
        {"normal(0, 1)", {.marks = true}}, {"normal(0, 1)", {.passes = "dce"}}, {"normal(0, 1)", {.engine = SINTER_ENGINE_INTERP}}, {"normal(0, 1)", {.arrays = "mu"}},
        {"normal(0, 1)", {.drop = SINTER_DROP_X}}, {"normal(0, 1)", {.fixed_names = fixed, .fixed_values = values, .fixed_count = 1}},
        {"x*x", {.source = SINTER_PATCH, .inputs = "x"}},
    };
    (void)state;
    for (unsigned k = 0; k < sizeof all / sizeof *all; k++) {
        sinter_options o = all[k].options;
        o.source = o.source ? o.source : SINTER_DENSITY;
        for (unsigned turn = 0; turn < 2; turn++)
            sinter_kernel_close(compile(context, all[k].text, &o));
        if (context->programs.bytes)
            fail_msg("case %u is kept", k);
    }
}

/* Hundreds of programs, each another: what is kept is forgotten now and then, and no kernel knows. */
static void it_stays_bounded(void **state)
{
    enum { PROGRAMS = 300, MOST = 5 << 20 };
    (void)state;
    const sinter_options o = {.source = SINTER_DENSITY, .inputs = "x"};
    const char *first = "beta(0.5, 2)";
    sinter_kernel *kernel = compile(context, first, &o);
    size_t most = 0;
    unsigned forgotten = 0;
    run(kernel, wanted);
    for (unsigned k = 0; k < PROGRAMS; k++) {
        char text[80];
        snprintf(text, sizeof text, "x ~ beta(1.5, 2)\ntarget += %u", k);
        const size_t before = context->programs.bytes;
        for (unsigned turn = 0; turn < 2; turn++)
            sinter_kernel_close(compile(context, text, &o));
        forgotten += context->programs.bytes < before;
        most = context->programs.bytes > most ? context->programs.bytes : most;
    }
    if (most > MOST || !forgotten)
        fail_msg("%zu bytes are kept, forgotten %u times", most, forgotten);
    run(kernel, got);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    compare_values(first, &info);
    sinter_kernel_close(kernel);
}

/* The n-th request is refused: of the first compilation, of the one that keeps its code, of those that take what is kept. */
static void memory_may_be_refused(void **state)
{
    (void)state;
    unsigned refused = 0, made = 0;
    const sinter_options o = {.source = SINTER_DENSITY};
    sinter_kernel *anew = compile(context, "gamma(1, 2)", &o);
    run(anew, wanted);
    sinter_kernel_close(anew);
    for (long n = 0; made < 4 && n < 1000; n++) {
        refusing r = {.left = 1000000};
        sinter_context *c;
        assert_int_equal(sinter_open(&(sinter_context_options){.allocator = refusing_allocator(&r)}, &c), SINTER_OK);
        c->programs.without_built = true;
        made = 0;
        for (unsigned turn = 0; turn < 4; turn++) {
            sinter_kernel *kernel;
            r.left = n;
            const sinter_status status = sinter_compile(c, "gamma(1, 2)", 11, &o, &kernel, NULL);
            r.left = 1000000;
            made += status == SINTER_OK;
            refused += status != SINTER_OK;
            if (status != SINTER_OK && (status != SINTER_NO_MEMORY || kernel))
                fail_msg("%ld requests granted, turn %u: %s", n, turn, sinter_status_name(status));
            if (status)
                continue;
            const sinter_kernel_info info = sinter_kernel_describe(kernel);
            run(kernel, got);
            compare_values("gamma(1, 2)", &info);
            sinter_kernel_close(kernel);
        }
        sinter_close(c);
        assert_true(r.taken == 0);
    }
    assert_true(refused > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_is_what_is_compiled_anew, open_plain_context, close_context),
        cmocka_unit_test_setup_teardown(names_matter_where_results_are_called_after_them, open_plain_context, close_context),
        cmocka_unit_test_setup_teardown(what_differs_is_compiled, open_plain_context, close_context),
        cmocka_unit_test_setup_teardown(some_are_never_kept, open_plain_context, close_context),
        cmocka_unit_test_setup_teardown(it_stays_bounded, open_plain_context, close_context),
        cmocka_unit_test_setup_teardown(memory_may_be_refused, open_plain_context, close_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
