/* Hand-written kernels: what one core can do with a workload, and so what generated code is measured against.
 *
 *   limit_table.c    which kernel is the limit of what; the entry through which they are called
 *   limit_gain.c     copying, one gain, five fused operations in a row
 *   limit_circle.c   the circle's distance field
 *   limit_normal.c   the normal log density, and its sum
 *   limit_noise.c    improved noise
 *   limit_trig.c     sine times cosine of half turns
 *   limit_sleef.c    the functions of SLEEF, if that library is there
 *   limit_nmath.c    R's log-densities, likewise
 *   limit_lanes.h    instruction sets and tail masks
 *
 * Each takes any count ≥ 0 and any alignment, tails included, and is called the way that kernels are: through
 * a pointer, with a structure of arguments, after the same checks. On machines other than x86-64 copying is
 * the only limit. */
#ifndef SN_BENCH_LIMITS_H
#define SN_BENCH_LIMITS_H

#include <sinter/kernel.h>

typedef struct limit_call {
    const void *const *inputs;
    void *const *outputs;
    int64_t count;
    double *totals;
    const void *numbers; /* the coefficients, so that no compiler knows them */
} limit_call;

typedef struct limit_kernel {
    const char *workload; /* its name without the size */
    const char *what;     /* said in the results */
    sinter_engine engine; /* whose instructions it uses; SINTER_ENGINE_AUTO: it serves all */
    double bound;         /* how far off it may be, relative to max(1, |value|); < 0: not comparable */
    void (*run)(const limit_call *call);
    const void *numbers;
} limit_kernel;

/* The k-th limit of a workload on an engine, the one that its goal names first; NULL from there on. */
const limit_kernel *sn_limit_find(const char *workload, sinter_engine engine, unsigned k);
/* Runs it once, at the price of an entry: arguments checked, the floating-point mode looked at and put right
 * if it differs. The numbers are filled in here. */
sinter_status sn_limit_run(const limit_kernel *l, const sinter_arguments *arguments);

/* ---- SLEEF ---- */

/* What one call needs: a function of one or two arguments; or two of one each, whose product is taken at π
 * times the first and the second input. Stands in the place of the numbers. */
typedef struct sleef_limit {
    void *function, *other; /* NULL: none */
    unsigned arguments;
} sleef_limit;

bool sn_sleef_is_here(void);
/* The function of that name (`sin`), as near as may be to 1 ULP, or, if `fast`, to 3.5; *bound becomes its
 * bound as SLEEF writes it. NULL where there is none. Not for several threads at once. */
void *sn_sleef_find(const char *function, sinter_type type, sinter_engine engine, bool fast, const char **bound);
/* The loop that calls it. */
void (*sn_sleef_loop(sinter_type type, sinter_engine engine))(const limit_call *call);

/* ---- R's nmath ---- */

/* A log-density of its, of x and so many parameters. Stands in the place of the numbers. */
typedef struct nmath_limit {
    void *function;
    unsigned parameters; /* 1 or 2 */
    double a, b;
} nmath_limit;

bool sn_nmath_is_here(void);
bool sn_nmath_find(nmath_limit *limit, const char *name); /* false: there is none, limit->function is NULL */
void sn_nmath_run(const limit_call *call); /* the loop that calls it */

/* ---- the coefficients ---- */

typedef struct limit_affine {
    float gain, offset;
} limit_affine;
typedef struct limit_chain {
    float gain[5], offset[5];
} limit_chain;
/* log N(x; mean, deviation) = weight (x - mean)² + constant */
typedef struct limit_density {
    double mean, weight, constant;
} limit_density;

/* Perlin's permutation as bytes, and as what AVX2 gathers: twice, so that no index wraps. */
typedef struct limit_permutation {
    uint8_t bytes[256];
    int32_t twice[512];
} limit_permutation;

/* ---- the kernels ---- */

void sn_limit_copy_f32(const limit_call *call);

#if defined(__x86_64__)
void sn_limit_gain_avx512(const limit_call *call); /* limit_affine, the gain alone */
void sn_limit_gain_avx2(const limit_call *call);
void sn_limit_affine_avx512(const limit_call *call); /* limit_affine */
void sn_limit_affine_avx2(const limit_call *call);
void sn_limit_chain_avx512(const limit_call *call); /* limit_chain */
void sn_limit_chain_avx2(const limit_call *call);
void sn_limit_circle_avx512(const limit_call *call);
void sn_limit_circle_avx2(const limit_call *call);
void sn_limit_circle_split_avx512(const limit_call *call); /* the same bits */
void sn_limit_trig_avx512(const limit_call *call);
void sn_limit_trig_avx2(const limit_call *call);
extern const limit_permutation sn_limit_permutation;
void sn_limit_perlin_avx512(const limit_call *call); /* limit_permutation; only where bytes can be permuted (VBMI) */
void sn_limit_perlin_avx2(const limit_call *call);
void sn_limit_density_avx512(const limit_call *call);      /* limit_density */
void sn_limit_density_avx2(const limit_call *call);
void sn_limit_density_sum_avx512(const limit_call *call);
void sn_limit_density_sum_avx2(const limit_call *call);
#endif

#endif
