/* Every engine gives the same bits, and they are the meaning of the program: random programs on random data.
 *
 *     engines_test                          what CI runs; SINTER_PROOF=1 for twelve times as many, SINTER_TEST_SHARE=N for an Nth
 *     engines_test [KIND] FIRST [COUNT]     programs by seed; KIND: state (small ones with delay lines), grid, bytes (tables of bytes),
 *                                         alike (the same recurrence several times over),
 *                                         moving (small ones with delay lines, their parameters smoothed)
 *
 * A program that fails is shrunk and printed. */
#include "engine_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "repetitions.h"

enum { BYTES_KIND = GRAPH_SMALL | GRAPH_NO_STATE | GRAPH_WITH_BYTES, ALIKE_KIND = GRAPH_SMALL | GRAPH_WITH_ALIKE };
enum { MOVING_KIND = GRAPH_SMALL | GRAPH_WITH_STATE | GRAPH_SMOOTHED, LINEAR_KIND = GRAPH_SMALL | GRAPH_LINEAR };
enum { PROGRAMS = 7000, STATES = 3000, GRIDS = 1000, BYTES = 1500, ALIKE = 1500, MOVING = 800, LINEAR = 1500, PROOF_FACTOR = 12, MOST_FAILURES = 5 };

static uint32_t failures;

static void compare_one(uint64_t seed, unsigned kind)
{
    arena memory;
    random_graph g;
    mismatch m;
    const comparison c = {.seed = seed ^ 0x5DEECE66Du, .relaxed = kind & GRAPH_LINEAR};
    sn_arena_open(&memory, &(sinter_allocator){0});
    random_graph_make(&g, seed, kind, &memory);
    if (!(g.grid ? compare_grids(&g, &c, &m) : compare_engines(&g, &c, &m))) {
        failures++;
        compare_explain(&g, &c, &m, seed);
    }
    sn_arena_close(&memory);
}

static void compare_many(uint64_t first, uint64_t count, unsigned kind)
{
    compare_open();
    compare_counts = (compare_tally){0};
    failures = 0;
    for (uint64_t seed = first; seed < first + count && failures < MOST_FAILURES; seed++)
        compare_one(seed, kind);
    compare_close();
    printf(
        "# %llu programs, %llu kernels, %llu runs over %llu elements, %llu calls of functions, %llu programs scanned, %u failures\n",
        (unsigned long long)compare_counts.programs, (unsigned long long)compare_counts.kernels,
        (unsigned long long)compare_counts.runs, (unsigned long long)compare_counts.elements,
        (unsigned long long)compare_counts.functions, (unsigned long long)compare_counts.scanned, (unsigned)failures);
}

static uint64_t many(uint64_t programs)
{
    return test_proof() ? programs * PROOF_FACTOR : repetitions(programs);
}

static void programs(void **state)
{
    (void)state;
    compare_many(1, many(PROGRAMS), 0);
    assert_int_equal(failures, 0);
}

static void small_states(void **state)
{
    (void)state;
    compare_many(1, many(STATES), GRAPH_SMALL | GRAPH_WITH_STATE);
    assert_int_equal(failures, 0);
}

static void grids(void **state)
{
    (void)state;
    compare_many(1, many(GRIDS), GRAPH_ON_GRID);
    assert_int_equal(failures, 0);
}

static void tables_of_bytes(void **state)
{
    (void)state;
    compare_many(1, many(BYTES), BYTES_KIND);
    assert_int_equal(failures, 0);
}

static void components_alike(void **state)
{
    (void)state;
    compare_many(1, many(ALIKE), ALIKE_KIND);
    assert_int_equal(failures, 0);
}

static void smoothed_parameters(void **state)
{
    (void)state;
    compare_many(1, many(MOVING), MOVING_KIND);
    assert_int_equal(failures, 0);
    compare_many(1, many(MOVING / 2), GRAPH_SMOOTHED);
    assert_int_equal(failures, 0);
}

static void linear_recurrences(void **state)
{
    (void)state;
    compare_many(1, many(LINEAR), LINEAR_KIND);
    assert_int_equal(failures, 0);
    compare_many(1, many(LINEAR / 2), LINEAR_KIND | GRAPH_SMOOTHED);
    assert_int_equal(failures, 0);
    compare_many(1, many(LINEAR / 4), GRAPH_LINEAR | GRAPH_WITH_STATE);
    assert_int_equal(failures, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        static const struct {
            const char *name;
            unsigned kind;
        } kinds[] = {{"", 0}, {"grid", GRAPH_ON_GRID}, {"state", GRAPH_SMALL | GRAPH_WITH_STATE}, {"bytes", BYTES_KIND}, {"alike", ALIKE_KIND},
                     {"moving", MOVING_KIND}, {"linear", LINEAR_KIND}};
        unsigned k = 6;
        while (k && strcmp(argv[1], kinds[k].name))
            k--;
        const char *const *numbers = (const char *const *)argv + 1 + (k > 0);
        const uint64_t first = numbers[0] ? strtoull(numbers[0], NULL, 0) : 1;
        compare_many(first, numbers[0] && numbers[1] ? strtoull(numbers[1], NULL, 0) : 1, kinds[k].kind);
        return failures != 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs),
        cmocka_unit_test(small_states),
        cmocka_unit_test(grids),
        cmocka_unit_test(tables_of_bytes),
        cmocka_unit_test(components_alike),
        cmocka_unit_test(smoothed_parameters),
        cmocka_unit_test(linear_recurrences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
