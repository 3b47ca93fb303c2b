/* Where something is refused or otherwise than expected: code memory, processor features, the caller's
 * floating-point mode. What can still run runs, with the same bits, and says what is missing; what was
 * named and cannot be had is a clean error. */
#include "base/cpu.h"
#include "exec/exec.h"
#include <sinter/sinter.h>

#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 500, MOST_KERNELS = 20000 };

static sinter_report report;
static float in[COUNT], wanted[COUNT], out[COUNT];

static const char text[] =
    "param gain = 0.3 in 0..1\nsin(x*3)*gain + exp(x*0.1) + sqrt(abs(x))/7 + log(x + 4) + x*1e-41";

static void fill(void)
{
    uint32_t seed = 1;
    for (uint32_t k = 0; k < COUNT; k++) {
        seed = seed * 1664525u + 1013904223u;
        in[k] =
            k % 10 ? (float)(int32_t)seed * 0x1p-29f : (float)(int32_t)seed * 0x1p-149f; /* subnormals, too */
    }
}

static sinter_status compile_with(sinter_context *context, sinter_engine engine, sinter_kernel **kernel)
{
    return sinter_compile(context, text, strlen(text),
                          &(sinter_options){.engine = engine, .name = "fallback"}, kernel, &report);
}

static void run(const sinter_kernel *kernel, float *to)
{
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){in},
                                                            .outputs = (void *[]){to},
                                                            .count = COUNT}),
                     SINTER_OK);
}

static void find_wanted(void)
{
    sinter_context *context;
    sinter_kernel *kernel;
    fill();
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    assert_int_equal(compile_with(context, SINTER_ENGINE_INTERP, &kernel), SINTER_OK);
    run(kernel, wanted);
    sinter_kernel_close(kernel);
    sinter_close(context);
}

static void check_kernel(const sinter_kernel *kernel)
{
    memset(out, 0, sizeof out);
    run(kernel, out);
    assert_memory_equal(out, wanted, sizeof out);
}

/* ---- code memory ---- */

static void refused_code_memory_leaves_the_interpreter(void **state)
{
    (void)state;
    find_wanted();
    sinter_context *context;
    sinter_kernel *kernel;
    const sinter_context_options options = {.refuse = CODE_REFUSE_FILE | CODE_REFUSE_MPROTECT};
    assert_int_equal(sinter_open(&options, &context), SINTER_OK);
    assert_true(strlen(sinter_code_memory_reason(context)) > 10);
    assert_int_equal(compile_with(context, SINTER_ENGINE_AUTO, &kernel), SINTER_OK);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.engine, SINTER_ENGINE_INTERP);
    if (sinter_engine_available(SINTER_ENGINE_SCALAR, NULL))
        assert_string_equal(info.engine_reason, "the system refuses code memory");
    else
        assert_true(*info.engine_reason);
    const char *reason;
    assert_true(sinter_kernel_function(kernel, &reason) == NULL && *reason);
    check_kernel(kernel);
    sinter_kernel_close(kernel);
    for (sinter_engine engine = SINTER_ENGINE_SCALAR; engine <= SINTER_ENGINE_NEON; engine++) {
        assert_int_equal(compile_with(context, engine, &kernel), SINTER_NO_ENGINE);
        assert_null(kernel);
        assert_int_equal(report.count, 1);
        assert_int_equal(report.errors[0].status, SINTER_NO_ENGINE);
        assert_non_null(strstr(report.errors[0].message, sinter_engine_name(engine)));
        assert_true(report.errors[0].hint[0]);
    }
    sinter_close(context);
}

#if SINTER_JIT
static void either_way_to_code_memory_does(void **state)
{
    (void)state;
    find_wanted();
    for (unsigned refuse = 0; refuse < 8; refuse++) {
        if ((refuse & 3) == 3)
            continue;
        sinter_context *context;
        sinter_kernel *kernel;
        assert_int_equal(sinter_open(&(sinter_context_options){.refuse = refuse}, &context), SINTER_OK);
        for (sinter_engine engine = SINTER_ENGINE_SCALAR; engine <= SINTER_ENGINE_AVX512; engine++) {
            if (!sinter_engine_available(engine, NULL))
                continue;
            for (int round = 0; round < 5; round++) {
                assert_int_equal(compile_with(context, engine, &kernel), SINTER_OK);
                assert_int_equal(sinter_kernel_describe(kernel).engine, engine);
                check_kernel(kernel);
                sinter_kernel_close(kernel);
            }
        }
        sinter_close(context);
    }
}

/* Kernels of an engine until its memory is full; how many there were. */
static uint32_t fill_up(sinter_context *context, sinter_engine engine, sinter_kernel **kernels,
                        sinter_status *status)
{
    for (uint32_t n = 0; n < MOST_KERNELS; n++) {
        *status = compile_with(context, engine, &kernels[n]);
        if (*status || sinter_kernel_describe(kernels[n]).engine == SINTER_ENGINE_INTERP)
            return n;
    }
    fail_msg("%s", "code memory is never full");
    return 0;
}

static void full_code_memory_leaves_the_interpreter(void **state)
{
    (void)state;
    find_wanted();
    static sinter_kernel *kernels[2 * MOST_KERNELS];
    static const size_t sizes[] = {1, 4096, 65536, 1 << 20};
    if (!sinter_engine_available(SINTER_ENGINE_AVX2, NULL))
        skip();
    for (unsigned k = 0; k < 4; k++) {
        sinter_context *context;
        sinter_status status;
        assert_int_equal(sinter_open(&(sinter_context_options){.code_memory = sizes[k]}, &context),
                         SINTER_OK);
        uint32_t count = fill_up(context, SINTER_ENGINE_AUTO, kernels, &status);
        assert_int_equal(status, SINTER_OK); /* the last one is interpreted, and says why */
        assert_int_equal(report.count, 0);
        assert_true(*sinter_kernel_describe(kernels[count]).engine_reason);
        assert_true(k < 2 || count > 0);
        check_kernel(kernels[count]);
        count++;
        count += fill_up(context, SINTER_ENGINE_AVX2, kernels + count, &status); /* its code may be shorter */
        assert_int_equal(status, SINTER_TOO_LARGE);
        assert_null(kernels[count]);
        assert_int_equal(report.count, 1);
        assert_non_null(strstr(report.errors[0].message, "code memory"));
        for (uint32_t n = 0; n < count; n++)
            check_kernel(kernels[n]);
        for (uint32_t n = 0; n < count; n++)
            sinter_kernel_close(kernels[n]);
        /* What was given back serves again. */
        count = fill_up(context, SINTER_ENGINE_AVX2, kernels, &status);
        assert_int_equal(status, SINTER_TOO_LARGE);
        assert_true(k < 2 || count > 0);
        for (uint32_t n = 0; n < count; n++)
            sinter_kernel_close(kernels[n]);
        sinter_close(context);
    }
}

static void too_many_spills_leave_the_interpreter(void **state)
{
    (void)state;
    if (!sinter_engine_available(SINTER_ENGINE_AVX2, NULL))
        skip();
    /* 6,000 values that are all alive at once. */
    enum { VALUES = 6000 };
    sinter_context *context;
    sinter_kernel *kernel;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    sinter_program *p = sinter_program_open(NULL);
    static sinter_value values[VALUES];
    const sinter_value x = sinter_input(p, "x", SINTER_F32);
    for (int k = 0; k < VALUES; k++)
        values[k] = sinter_emit(p, SINTER_OP_SQRT, sinter_add(p, x, sinter_f32(p, (float)k)), 0, 0);
    sinter_value sum = values[0];
    for (int k = 1; k < VALUES; k++)
        sum = sinter_add(p, sinter_mul(p, sum, sinter_f32(p, 0.5f)), values[k]);
    sum = sinter_add(p, sum, sinter_mul(p, values[0], values[VALUES - 1]));
    for (int k = VALUES - 2; k > 0; k--)
        sum = sinter_add(p, sinter_mul(p, sum, values[k]), values[VALUES - k]);
    sinter_output(p, "y", sum);
    assert_int_equal(sinter_compile_program(context, p, NULL, &kernel, &report), SINTER_OK);
    assert_int_equal(sinter_kernel_describe(kernel).engine, SINTER_ENGINE_INTERP);
    sinter_kernel_close(kernel);
    assert_int_equal(sinter_compile_program(context, p, &(sinter_options){.engine = SINTER_ENGINE_AVX2},
                                            &kernel, &report),
                     SINTER_TOO_LARGE);
    assert_non_null(strstr(report.errors[0].message, "stack"));
    sinter_program_close(p);
    sinter_close(context);
}

/* ---- processor features ---- */

static void kernels_follow_the_features(void **state)
{
    (void)state;
    find_wanted();
    sinter_context *context;
    sinter_kernel *kernel;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    const uint32_t features = sn_cpu_features();
    if ((features & CPU_X64_AVX2) != CPU_X64_AVX2)
        skip();
    static const struct {
        uint32_t without;
        sinter_engine engine;
        const char *reason;
    } cases[] = {
        {CPU_AVX512F, SINTER_ENGINE_AVX2, "AVX-512"},  {CPU_AVX512DQ, SINTER_ENGINE_AVX2, "AVX-512"},
        {CPU_AVX512BW, SINTER_ENGINE_AVX2, "AVX-512"}, {CPU_AVX512VL, SINTER_ENGINE_AVX2, "AVX-512"},
        {CPU_AVX2, SINTER_ENGINE_INTERP, ""},          {CPU_FMA, SINTER_ENGINE_INTERP, ""},
        {UINT32_MAX, SINTER_ENGINE_INTERP, ""},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sn_cpu_override(~cases[k].without);
        assert_int_equal(compile_with(context, SINTER_ENGINE_AUTO, &kernel), SINTER_OK);
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        assert_int_equal(info.engine, cases[k].engine);
        assert_true(*info.engine_reason && strstr(info.engine_reason, cases[k].reason));
        check_kernel(kernel);
        sinter_kernel_close(kernel);
        assert_false(sinter_engine_available(SINTER_ENGINE_AVX512, NULL));
        assert_int_equal(compile_with(context, SINTER_ENGINE_AVX512, &kernel), SINTER_NO_ENGINE);
        assert_non_null(strstr(report.errors[0].message, "avx512"));
        if (cases[k].engine == SINTER_ENGINE_INTERP) {
            assert_int_equal(compile_with(context, SINTER_ENGINE_AVX2, &kernel), SINTER_NO_ENGINE);
            assert_int_equal(compile_with(context, SINTER_ENGINE_SCALAR, &kernel), SINTER_NO_ENGINE);
        }
        assert_int_equal(compile_with(context, SINTER_ENGINE_INTERP, &kernel), SINTER_OK);
        check_kernel(kernel);
        sinter_kernel_close(kernel);
    }
    sn_cpu_override(UINT32_MAX);
    assert_int_equal(sn_cpu_features(), features);
    assert_int_equal(compile_with(context, SINTER_ENGINE_AUTO, &kernel), SINTER_OK);
    check_kernel(kernel);
    sinter_kernel_close(kernel);
    sinter_close(context);
}

/* ---- names for profilers ---- */

static void kernels_are_named_for_perf(void **state)
{
    (void)state;
    sinter_context *context;
    sinter_kernel *kernel;
    char path[60], line[300];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    assert_int_equal(sinter_open(&(sinter_context_options){.perf_map = true}, &context), SINTER_OK);
    assert_int_equal(compile_with(context, SINTER_ENGINE_AUTO, &kernel), SINTER_OK);
    if (sinter_kernel_describe(kernel).engine != SINTER_ENGINE_INTERP) {
        bool found = false;
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file))
            found |= strstr(line, "fallback") != NULL;
        fclose(file);
        assert_true(found);
    }
    sinter_kernel_close(kernel);
    sinter_close(context);
    remove(path);
}
#else
static void a_build_without_machine_code_says_so(void **state)
{
    (void)state;
    find_wanted();
    sinter_context *context;
    sinter_kernel *kernel;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    assert_true(*sinter_code_memory_reason(context));
    for (sinter_engine engine = SINTER_ENGINE_SCALAR; engine <= SINTER_ENGINE_NEON; engine++) {
        const char *reason;
        assert_false(sinter_engine_available(engine, &reason));
        assert_true(*reason);
        assert_int_equal(compile_with(context, engine, &kernel), SINTER_NO_ENGINE);
        assert_null(kernel);
    }
    assert_int_equal(compile_with(context, SINTER_ENGINE_AUTO, &kernel), SINTER_OK);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.engine, SINTER_ENGINE_INTERP);
    assert_true(*info.engine_reason && info.code_bytes == 0);
    check_kernel(kernel);
    sinter_kernel_close(kernel);
    sinter_close(context);
}
#endif

/* ---- the caller's floating-point mode ---- */

typedef struct mode {
    uint64_t bits;
} mode;

#if defined(__x86_64__)
static mode get_mode(void)
{
    return (mode){__builtin_ia32_stmxcsr()};
}

static void set_mode(mode m)
{
    __builtin_ia32_ldmxcsr((unsigned)m.bits);
}

/* Rounding down and up, flushing to zero, subnormals as zero; the last with the exceptions of invalid and
 * divide unmasked. */
static const uint64_t modes[] = {0x1F80 | 1 << 13,
                                 0x1F80 | 2 << 13,
                                 0x1F80 | 3 << 13,
                                 0x1F80 | 1 << 15,
                                 0x1F80 | 1 << 6,
                                 0x1F80 | 1 << 15 | 1 << 6 | 3 << 13,
                                 0x1F80 & ~(unsigned)(1 << 9 | 1 << 7)};
static const uint64_t sticky = 0x3F;
#elif defined(__aarch64__)
static mode get_mode(void)
{
    mode m;
    __asm__ volatile("mrs %0, fpcr" : "=r"(m.bits));
    return m;
}

static void set_mode(mode m)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(m.bits));
}

static const uint64_t modes[] = {1 << 22, 2 << 22, 3 << 22, 1 << 24};
static const uint64_t sticky = 0;
#endif

#if defined(__x86_64__) || defined(__aarch64__)
typedef struct outcome {
    float plain[COUNT], set[COUNT], stream[COUNT], fixed[COUNT], pixels[64];
    double total;
} outcome;

/* Every call that computes, in the mode given; comparisons are made by the caller in its own. */
static bool compute(sinter_context *context, sinter_engine engine, mode m, bool compile_in_it, outcome *o)
{
    static const char patch[] = "input a\nparam k = 0.7 in 0..1\ny = a*0.1 + k*y'\ny + delay(y, 20)*1e-41";
    static const char grid_text[] = "sin(x*3.7)*cos(y) + (0.1 + 0.2)*x/3";
    static const char *const names[] = {"gain"};
    static const double values[] = {0.1};
    const sinter_options fixed_options = {.engine = engine,
                                          .fixed_names = names,
                                          .fixed_values = values,
                                          .fixed_count = 1};
    sinter_kernel *kernel, *stream, *fixed, *grid, *sum;
    const mode before = get_mode();
    if (compile_in_it)
        set_mode(m);
    bool good = compile_with(context, engine, &kernel) == SINTER_OK;
    good &= sinter_compile(context, patch, strlen(patch),
                           &(sinter_options){.engine = engine, .source = SINTER_PATCH}, &stream, NULL)
            == SINTER_OK;
    good &= sinter_compile(context, text, strlen(text), &fixed_options, &fixed, NULL) == SINTER_OK;
    good &= sinter_compile(context, grid_text, strlen(grid_text),
                           &(sinter_options){.engine = engine, .domain = SINTER_GRID}, &grid, NULL)
            == SINTER_OK;
    good &= sinter_compile(context, text, strlen(text), &(sinter_options){.engine = engine, .sum = true},
                           &sum, NULL)
            == SINTER_OK;
    set_mode(m);
    sinter_instance *a, *b;
    good = good && sinter_instance_open(kernel, &a) == SINTER_OK
           && sinter_instance_open(stream, &b) == SINTER_OK;
    if (!good) {
        set_mode(before);
        return false;
    }
    sinter_arguments arguments = {.inputs = (const void *[]){in},
                                  .outputs = (void *[]){o->plain},
                                  .count = COUNT,
                                  .totals = &o->total};
    good &= sinter_run(kernel, &arguments) == SINTER_OK;
    good &= sinter_run(sum, &arguments) == SINTER_OK;
    arguments.outputs = (void *[]){o->fixed};
    good &= sinter_run(fixed, &arguments) == SINTER_OK;
    arguments.outputs = (void *[]){o->set};
    good &= sinter_set(a, 0, 0.1) == SINTER_OK && sinter_instance_run(a, &arguments) == SINTER_OK;
    arguments.outputs = (void *[]){o->stream};
    good &= sinter_set(b, 0, 0.9) == SINTER_OK && sinter_instance_run(b, &arguments) == SINTER_OK;
    good &= sinter_run_grid(grid, &(sinter_grid){.width = 8,
                                                 .height = 8,
                                                 .x0 = -1.1,
                                                 .y0 = -0.3,
                                                 .x1 = 1,
                                                 .y1 = 1.7,
                                                 .row_count = 8,
                                                 .outputs = (void *[]){o->pixels}})
            == SINTER_OK;
    sinter_instance_close(a);
    sinter_instance_close(b);
    const mode after = get_mode();
    set_mode(before);
    good &= (after.bits & ~sticky) == (m.bits & ~sticky);
    sinter_kernel_close(kernel);
    sinter_kernel_close(stream);
    sinter_kernel_close(fixed);
    sinter_kernel_close(grid);
    sinter_kernel_close(sum);
    return good;
}

static void the_callers_mode_changes_nothing_and_stays(void **state)
{
    (void)state;
    static outcome usual, other;
    find_wanted();
    sinter_context *context;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    for (sinter_engine engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available(engine, NULL))
            continue;
        memset(&usual, 0, sizeof usual);
        assert_true(compute(context, engine, get_mode(), false, &usual));
        assert_memory_equal(usual.plain, wanted, sizeof wanted);
        assert_memory_equal(usual.set, usual.fixed, sizeof usual.set);
        for (size_t k = 0; k < 2 * (sizeof modes / sizeof *modes); k++) {
            memset(&other, 0, sizeof other);
            if (!compute(context, engine, (mode){modes[k / 2]}, k & 1, &other))
                fail_msg("%s, mode %llx: a call failed, or another mode came back",
                         sinter_engine_name(engine), (unsigned long long)modes[k / 2]);
            if (memcmp(&usual, &other, sizeof usual))
                fail_msg("%s, mode %llx%s: other bits", sinter_engine_name(engine),
                         (unsigned long long)modes[k / 2], k & 1 ? ", compiled in it" : "");
        }
    }
    sinter_close(context);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_code_memory_leaves_the_interpreter),
#if SINTER_JIT
        cmocka_unit_test(either_way_to_code_memory_does),
        cmocka_unit_test(full_code_memory_leaves_the_interpreter),
        cmocka_unit_test(too_many_spills_leave_the_interpreter),
        cmocka_unit_test(kernels_follow_the_features),
        cmocka_unit_test(kernels_are_named_for_perf),
#else
        cmocka_unit_test(a_build_without_machine_code_says_so),
#endif
#if defined(__x86_64__) || defined(__aarch64__)
        cmocka_unit_test(the_callers_mode_changes_nothing_and_stays),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
