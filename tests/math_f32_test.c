/* What the f32 functions err by, both grades: every exponent and sign at a stride through all arguments, random
 * ones of the kinds that try each function, and the hard ones known. */
#include "math_expansion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "math_errors.h"
#include "repetitions.h"

enum { STRIDE = 4001, RANDOM = 50000, RANDOM_PAIRS = 400000 }; /* the stride is prime: 2,097 an exponent */

static void try_all(expansion *e)
{
    const uint64_t stride = STRIDE * test_share() | 1; /* odd, so that the last bits vary */
    uint64_t seed = 0x9E3779B97F4A7C15u;
    for (uint64_t i = repetitions(oracle_takes_two(e->of) ? RANDOM_PAIRS : RANDOM); i > 0; i--) {
        double x, y;
        oracle_arguments(e->of, IR_F32, &seed, &x, &y);
        expansion_try(e, x, y);
    }
    expansion_try_worst(e, 2);
    /* Last: where errors grow from one argument to the next MPFR is asked about each, while no greater one is known. */
    if (!oracle_takes_two(e->of))
        for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += stride)
            expansion_try(e, oracle_single((uint32_t)bits), 0);
}

static void default_errs_by_no_more_than_promised(void **state)
{
    (void)state;
    assert_all_accurate(IR_F32, MATH_DEFAULT, try_all);
}

static void fast_errs_by_no_more_than_promised(void **state)
{
    (void)state;
    assert_all_accurate(IR_F32, MATH_FAST, try_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_errs_by_no_more_than_promised),
        cmocka_unit_test(fast_errs_by_no_more_than_promised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
