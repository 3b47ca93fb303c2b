/* What tests of densities have in common: numbers at random, statuses. After cmocka.h. */
#ifndef TESTS_DENSITY_CHECKS_H
#define TESTS_DENSITY_CHECKS_H

#include <math.h>
#include <stdint.h>

#include <sinter/kernel.h>

static uint64_t seed = 0x2545F4914F6CDD1Du;

static inline double uniform(double low, double high)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return low + (high - low) * (double)(seed >> 11) * 0x1p-53;
}

/* Of the standard normal distribution (G. Box and M. Muller 1958). */
static inline double bell(void)
{
    return sqrt(-2 * log(uniform(0x1p-53, 1))) * cos(6.283185307179586 * uniform(0, 1));
}

static inline void expect_status(sinter_status got, sinter_status wanted, const char *what)
{
    if (got != wanted)
        fail_msg("%s: %s instead of %s", what, sinter_status_name(got), sinter_status_name(wanted));
}

#endif
