/* The inner loops for AVX-512 (F, DQ, BW, VL).
 * See engine_baseline.c. */
#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("no-trapping-math", "tree-vectorize", "vect-cost-model=dynamic")
#endif

#include "interp/elements.h"
#include "interp/scalar_code.h"

#include <string.h>

#if defined(__clang__)
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")))
#else
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prefer-vector-width=512")))
#endif
#define LOOP TARGET static void
#define ANY_LOOP TARGET static bool
#include "interp/block_loops.h"
#include "interp/scalar_loop.h"

const interp_engine sn_interp_avx512 = {.name = "avx512", ENGINE_TABLES};
#else
typedef int sn_interp_no_avx512; /* a file must not be empty */
#endif
