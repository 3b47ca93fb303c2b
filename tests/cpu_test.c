/* CPU features: against what the compiler's own detection and the operating system say, and the override. */
#include "base/cpu.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int restore(void **state)
{
    (void)state;
    sn_cpu_override(UINT32_MAX);
    return 0;
}

#if defined(__x86_64__)

static uint32_t compilers_opinion(void)
{
    uint32_t mask = 0;
    __builtin_cpu_init();
    mask |= __builtin_cpu_supports("avx2") ? CPU_AVX2 : 0;
    mask |= __builtin_cpu_supports("fma") ? CPU_FMA : 0;
    mask |= __builtin_cpu_supports("avx512f") ? CPU_AVX512F : 0;
    mask |= __builtin_cpu_supports("avx512dq") ? CPU_AVX512DQ : 0;
    mask |= __builtin_cpu_supports("avx512bw") ? CPU_AVX512BW : 0;
    mask |= __builtin_cpu_supports("avx512vl") ? CPU_AVX512VL : 0;
    mask |= __builtin_cpu_supports("avx512vbmi") ? CPU_AVX512VBMI : 0;
    return mask;
}

static void agrees_with_the_compiler(void **state)
{
    (void)state;
    assert_int_equal(sn_cpu_features(), compilers_opinion());
}

#else

static void agrees_with_the_compiler(void **state)
{
    (void)state;
#if defined(__aarch64__)
    assert_int_equal(sn_cpu_features(), CPU_NEON);
#else
    assert_int_equal(sn_cpu_features(), 0);
#endif
}

#endif

/* Is `name` a word of the line of flags that Linux shows? */
static int flag_shown(const char *line, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = strstr(line, name); at; at = strstr(at + 1, name))
        if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\n' || !at[length]))
            return 1;
    return 0;
}

static void agrees_with_linux(void **state)
{
    (void)state;
    static char line[1 << 14];
    FILE *file = fopen("/proc/cpuinfo", "r");
    int found = 0;
    while (file && !found && fgets(line, sizeof line, file))
        found = !strncmp(line, "flags", 5);
    if (file)
        fclose(file);
#if defined(__x86_64__)
    if (!found)
        skip();
    for (unsigned i = 0; i < CPU_FEATURES; i++)
        assert_int_equal(sn_cpu_features() >> i & 1, flag_shown(line, sn_cpu_feature_name(i)));
#else
    (void)flag_shown;
    skip();
#endif
}

static void override_removes_each_feature_alone(void **state)
{
    (void)state;
    const uint32_t all = sn_cpu_features();
    for (unsigned i = 0; i < CPU_FEATURES; i++) {
        sn_cpu_override(~(UINT32_C(1) << i));
        assert_int_equal(sn_cpu_features(), all & ~(UINT32_C(1) << i));
    }
    sn_cpu_override(0);
    assert_int_equal(sn_cpu_features(), 0);
    sn_cpu_override(UINT32_MAX);
    assert_int_equal(sn_cpu_features(), all);
}

static void override_adds_nothing(void **state)
{
    (void)state;
    const uint32_t all = sn_cpu_features();
    sn_cpu_override(UINT32_MAX);
    assert_int_equal(sn_cpu_features() & ~((UINT32_C(1) << CPU_FEATURES) - 1), 0);
    sn_cpu_override(CPU_NEON);
    assert_int_equal(sn_cpu_features(), all & CPU_NEON);
    sn_cpu_override(CPU_X64_AVX512);
    assert_int_equal(sn_cpu_features(), all & CPU_X64_AVX512);
}

static void names_are_one_for_each_bit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CPU_FEATURES; i++) {
        assert_non_null(sn_cpu_feature_name(i));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(sn_cpu_feature_name(i), sn_cpu_feature_name(k));
    }
    assert_null(sn_cpu_feature_name(CPU_FEATURES));
    assert_null(sn_cpu_feature_name(UINT32_MAX));
    assert_string_equal(sn_cpu_feature_name(0), "avx2");
    assert_string_equal(sn_cpu_feature_name(7), "neon");
}

static void *read_features(void *result)
{
    *(uint32_t *)result = sn_cpu_features();
    return NULL;
}

static void threads_see_one_mask(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    uint32_t masks[THREADS];
    sn_cpu_override(CPU_AVX2 | CPU_NEON);
    const uint32_t expected = sn_cpu_features();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_features, &masks[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(masks[i], expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_compiler),
        cmocka_unit_test(agrees_with_linux),
        cmocka_unit_test_teardown(override_removes_each_feature_alone, restore),
        cmocka_unit_test_teardown(override_adds_nothing, restore),
        cmocka_unit_test(names_are_one_for_each_bit),
        cmocka_unit_test_teardown(threads_see_one_mask, restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
