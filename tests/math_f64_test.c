/* What the f64 functions err by, both grades: random arguments of the kinds that try each function, every
 * exponent and sign, the hard ones known, and those next to multiples of π/2. */
#include "math_expansion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "math_errors.h"

enum { RANDOM = 150000, EXPONENTS = 4096, EACH = 12 };

static void try_all(expansion *e)
{
    uint64_t seed = 0x9E3779B97F4A7C15u;
    for (int i = 0; i < RANDOM; i++) {
        double x, y;
        oracle_arguments(e->of, IR_F64, &seed, &x, &y);
        expansion_try(e, x, y);
    }
    for (uint64_t exponent = 0; exponent < EXPONENTS; exponent++)
        for (int i = 0; i < EACH; i++) {
            const double x = oracle_double(exponent << 52 | oracle_random(&seed) >> 12);
            expansion_try(e, x, oracle_takes_two(e->of) ? oracle_any(IR_F64, &seed) : 0);
        }
    expansion_try_worst(e, 2);
}

/* Payne and Hanek's region and the border of the fast one: the f64 nearest to multiples of π/2, at every
 * third exponent. */
static void try_quarter_turns(expansion *e)
{
    if (!oracle_is_periodic(e->of->code))
        return;
    for (int exponent = -48; exponent <= 971; exponent += 3) {
        double near[128];
        const size_t count = oracle_near_quarter_turns(exponent, near, 128);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++)
            expansion_try(e, near[i], 0);
    }
}

static void default_errs_by_no_more_than_promised(void **state)
{
    (void)state;
    assert_all_accurate(IR_F64, MATH_DEFAULT, try_all);
}

static void fast_errs_by_no_more_than_promised(void **state)
{
    (void)state;
    assert_all_accurate(IR_F64, MATH_FAST, try_all);
}

static void arguments_next_to_quarter_turns(void **state)
{
    (void)state;
    assert_all_accurate(IR_F64, MATH_DEFAULT, try_quarter_turns);
    assert_all_accurate(IR_F64, MATH_FAST, try_quarter_turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_errs_by_no_more_than_promised),
        cmocka_unit_test(fast_errs_by_no_more_than_promised),
        cmocka_unit_test(arguments_next_to_quarter_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
