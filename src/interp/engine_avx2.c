/* The inner loops for AVX2 and FMA.
 * See engine_baseline.c. */
#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("no-trapping-math", "tree-vectorize", "vect-cost-model=dynamic")
#endif

#include "interp/elements.h"
#include "interp/scalar_code.h"

#include <string.h>

#define TARGET __attribute__((target("avx2,fma")))
#define LOOP TARGET static void
#define ANY_LOOP TARGET static bool
#include "interp/block_loops.h"
#include "interp/scalar_loop.h"

const interp_engine sn_interp_avx2 = {.name = "avx2", ENGINE_TABLES};
#else
typedef int sn_interp_no_avx2; /* a file must not be empty */
#endif
