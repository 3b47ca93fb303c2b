/* How often a test repeats what it does at random, or how densely it samples. Full in a plain run; SINTER_PROOF=1 in
 * the environment asks for more, SINTER_TEST_SHARE=N for an Nth: builds that differ from the first only in how they
 * were compiled need not find the same things again at the same length. */
#ifndef TESTS_REPETITIONS_H
#define TESTS_REPETITIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static inline bool test_proof(void)
{
    const char *set = getenv("SINTER_PROOF");
    return set && *set && *set != '0';
}

/* One, or the N of which an Nth is asked for. */
static inline uint64_t test_share(void)
{
    const char *set = getenv("SINTER_TEST_SHARE");
    const long share = set && !test_proof() ? strtol(set, NULL, 10) : 1;
    return share > 1 ? (uint64_t)share : 1;
}

static inline uint64_t repetitions(uint64_t full)
{
    const uint64_t share = test_share();
    return full > share ? full / share : 1;
}

#endif
