/* The inner loops for whatever the library is compiled for: all of AArch64's NEON, SSE2 on x86-64 (where a
 * fused multiplication is a call of libm, exact and slow).
 *
 * gcc is asked for vectors at -O2 too, where it is shy of them; a debug build has none. Vectors of roundings and
 * selections need it said that nobody looks at exception flags; no value depends on that. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("no-trapping-math", "tree-vectorize", "vect-cost-model=dynamic")
#endif

#include "interp/elements.h"
#include "interp/scalar_code.h"

#include <string.h>

#define TARGET
#define LOOP TARGET static void
#define ANY_LOOP TARGET static bool
#include "interp/block_loops.h"
#include "interp/scalar_loop.h"

const interp_engine sn_interp_baseline = {.name = "baseline", ENGINE_TABLES};
