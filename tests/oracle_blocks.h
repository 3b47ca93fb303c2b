/* The fast oracle of f32, and what is settled by it, for a block of arguments at a time: of the 2^32 arguments of a
 * function nearly all end here. After math_oracle.h, whose argument this keeps: a block's results are settled if
 * their errors as oracle_error_f32 estimates them and the margin are not above the greatest error known; any
 * other goes to oracle_keep_f32.
 *
 * With glibc on x86-64 (SINTER_TEST_MVEC) the doubles come from libmvec, four at a time; it states at most 4 ULP, and
 * glibc's tests allow its functions 1 or 2. It need not be right where there is no number, or a zero's sign: those are asked
 * of the scalar function again. Elsewhere all are. */
#ifndef TESTS_ORACLE_BLOCKS_H
#define TESTS_ORACLE_BLOCKS_H

#include "math_oracle.h"

enum { ORACLE_BLOCK = 4096 }; /* at most so many at a time */

#ifdef SINTER_TEST_MVEC
#include <immintrin.h>
#define ORACLE_WIDE __attribute__((target("avx2,fma")))

#define ORACLE_VECTOR(name)                                                           \
    extern __m256d _ZGVdN4v_##name(__m256d);                                          \
    ORACLE_WIDE static inline void oracle_block_##name(double *y, const double *x)    \
    {                                                                                 \
        for (int k = 0; k < ORACLE_BLOCK; k += 4)                                     \
            _mm256_storeu_pd(y + k, _ZGVdN4v_##name(_mm256_loadu_pd(x + k)));         \
    }
ORACLE_VECTOR(sin)
ORACLE_VECTOR(cos)
ORACLE_VECTOR(tan)
ORACLE_VECTOR(asin)
ORACLE_VECTOR(acos)
ORACLE_VECTOR(atan)
ORACLE_VECTOR(exp)
ORACLE_VECTOR(exp2)
ORACLE_VECTOR(exp10)
ORACLE_VECTOR(expm1)
ORACLE_VECTOR(log)
ORACLE_VECTOR(log2)
ORACLE_VECTOR(log10)
ORACLE_VECTOR(log1p)
ORACLE_VECTOR(cbrt)
ORACLE_VECTOR(sinh)
ORACLE_VECTOR(cosh)
ORACLE_VECTOR(tanh)
ORACLE_VECTOR(asinh)
ORACLE_VECTOR(acosh)
ORACLE_VECTOR(atanh)
ORACLE_VECTOR(erf)
ORACLE_VECTOR(erfc)

/* Those that the oracle composes of others are composed the same way. */
ORACLE_WIDE static inline void oracle_block_rsqrt(double *y, const double *x)
{
    for (int k = 0; k < ORACLE_BLOCK; k += 4)
        _mm256_storeu_pd(y + k, _mm256_div_pd(_mm256_set1_pd(1), _mm256_sqrt_pd(_mm256_loadu_pd(x + k))));
}

ORACLE_WIDE static inline void oracle_block_decayed(double *y, const double *x) /* exp(−|x|) */
{
    for (int k = 0; k < ORACLE_BLOCK; k++)
        y[k] = fabs(x[k]) > 700 ? -700 : -fabs(x[k]);
    oracle_block_exp(y, y);
}

ORACLE_WIDE static inline void oracle_block_logistic(double *y, const double *x)
{
    oracle_block_decayed(y, x);
    for (int k = 0; k < ORACLE_BLOCK; k++)
        y[k] = (x[k] < 0 ? y[k] : 1) / (1 + y[k]);
}

ORACLE_WIDE static inline void oracle_block_softplus(double *y, const double *x)
{
    oracle_block_decayed(y, x);
    oracle_block_log1p(y, y);
    for (int k = 0; k < ORACLE_BLOCK; k++)
        y[k] += x[k] < 0 ? 0 : x[k];
}

ORACLE_WIDE static inline void oracle_block_normal_cdf(double *y, const double *x)
{
    for (int k = 0; k < ORACLE_BLOCK; k++)
        y[k] = x[k] < -36 ? 36 * M_SQRT1_2 : -x[k] * M_SQRT1_2;
    oracle_block_erfc(y, y);
    for (int k = 0; k < ORACLE_BLOCK; k++)
        y[k] *= 0.5;
}

/* Beyond least and most a block needs no function, or a scalar one. */
typedef enum oracle_beyond {
    ORACLE_CLAMPED, /* f32's results there are those at least and most: zero, infinity, a limit */
    ORACLE_NO_NUMBER,
    ORACLE_SCALAR, /* vectors ask the scalar function themselves, and slowly */
} oracle_beyond;

typedef struct oracle_vectors {
    void (*of)(double *y, const double *x);
    double least, most, within; /* within: any other argument, of a result that is not 0 */
    oracle_beyond beyond;
} oracle_vectors;

#define ORACLE_CASE(NAME, name, ...)                                                  \
    case IR_##NAME: {                                                                 \
        static const oracle_vectors vectors = {oracle_block_##name, __VA_ARGS__};     \
        return &vectors;                                                              \
    }
static inline const oracle_vectors *oracle_vectors_of(const math_oracle *f)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return NULL;
    switch ((int)f->code) {
    ORACLE_CASE(SIN, sin, -1e4, 1e4, 1, ORACLE_SCALAR)
    ORACLE_CASE(COS, cos, -1e4, 1e4, 1, ORACLE_SCALAR)
    ORACLE_CASE(TAN, tan, -1e4, 1e4, 1, ORACLE_SCALAR)
    ORACLE_CASE(ASIN, asin, -1, 1, 0.5, ORACLE_NO_NUMBER)
    ORACLE_CASE(ACOS, acos, -1, 1, 0.5, ORACLE_NO_NUMBER)
    ORACLE_CASE(ATAN, atan, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(EXP, exp, -700, 700, 1, ORACLE_CLAMPED)
    ORACLE_CASE(EXP2, exp2, -1000, 1000, 1, ORACLE_CLAMPED)
    ORACLE_CASE(EXP10, exp10, -300, 300, 1, ORACLE_CLAMPED)
    ORACLE_CASE(EXPM1, expm1, -700, 700, 1, ORACLE_CLAMPED)
    ORACLE_CASE(LOG, log, 0, INFINITY, 2, ORACLE_NO_NUMBER)
    ORACLE_CASE(LOG2, log2, 0, INFINITY, 2, ORACLE_NO_NUMBER)
    ORACLE_CASE(LOG10, log10, 0, INFINITY, 2, ORACLE_NO_NUMBER)
    ORACLE_CASE(LOG1P, log1p, -1, INFINITY, 1, ORACLE_NO_NUMBER)
    ORACLE_CASE(CBRT, cbrt, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(SINH, sinh, -700, 700, 1, ORACLE_CLAMPED)
    ORACLE_CASE(COSH, cosh, -700, 700, 1, ORACLE_CLAMPED)
    ORACLE_CASE(TANH, tanh, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(ASINH, asinh, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(ACOSH, acosh, 1, INFINITY, 2, ORACLE_NO_NUMBER)
    ORACLE_CASE(ATANH, atanh, -1, 1, 0.5, ORACLE_NO_NUMBER)
    ORACLE_CASE(ERF, erf, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(ERFC, erfc, -26, 26, 1, ORACLE_CLAMPED)
    ORACLE_CASE(RSQRT, rsqrt, 0, INFINITY, 1, ORACLE_NO_NUMBER)
    ORACLE_CASE(LOGISTIC, logistic, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(SOFTPLUS, softplus, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    ORACLE_CASE(NORMAL_CDF, normal_cdf, -INFINITY, INFINITY, 1, ORACLE_CLAMPED)
    default: return NULL;
    }
}

ORACLE_WIDE static inline __m256d oracle_outside(const oracle_vectors *v, __m256d x)
{
    return _mm256_or_pd(_mm256_cmp_pd(x, _mm256_set1_pd(v->least), _CMP_LT_OQ),
                        _mm256_cmp_pd(x, _mm256_set1_pd(v->most), _CMP_GT_OQ));
}

/* False: the block is for the scalar function. */
ORACLE_WIDE static inline bool oracle_vector_block(const math_oracle *f, double *exact, const float *x)
{
    const oracle_vectors *v = oracle_vectors_of(f);
    double within[ORACLE_BLOCK];
    int any = 0, every = 15;
    if (!v)
        return false;
    const bool none = v->beyond == ORACLE_NO_NUMBER;
    const __m256d low = _mm256_set1_pd(none ? v->within : v->least), high = _mm256_set1_pd(none ? v->within : v->most);
    const __m256d least = _mm256_set1_pd(v->least), sign = _mm256_set1_pd(-0.0), infinity = _mm256_set1_pd(INFINITY);
    for (int k = 0; k < ORACLE_BLOCK; k += 4) {
        const __m256d t = _mm256_cvtps_pd(_mm_loadu_ps(x + k)), outside = oracle_outside(v, t);
        const __m256d end = _mm256_blendv_pd(high, low, _mm256_cmp_pd(t, least, _CMP_LT_OQ));
        _mm256_storeu_pd(within + k, _mm256_blendv_pd(t, end, outside));
        any |= _mm256_movemask_pd(outside);
        every &= _mm256_movemask_pd(outside);
    }
    if (any && v->beyond == ORACLE_SCALAR)
        return false;
    if (none && every == 15) {
        for (int k = 0; k < ORACLE_BLOCK; k++)
            exact[k] = NAN;
        return true;
    }
    v->of(exact, within);
    for (int k = 0; k < ORACLE_BLOCK; k += 4) {
        const __m256d size = _mm256_andnot_pd(sign, _mm256_loadu_pd(exact + k));
        const __m256d common = _mm256_and_pd(_mm256_cmp_pd(size, _mm256_setzero_pd(), _CMP_GT_OQ),
                                             _mm256_cmp_pd(size, infinity, _CMP_LT_OQ));
        int outside = 0;
        if (none && any) {
            const __m256d is_outside = oracle_outside(v, _mm256_cvtps_pd(_mm_loadu_ps(x + k)));
            outside = _mm256_movemask_pd(is_outside);
            _mm256_storeu_pd(exact + k, _mm256_blendv_pd(_mm256_loadu_pd(exact + k), _mm256_set1_pd(NAN), is_outside));
        }
        for (int left = ~_mm256_movemask_pd(common) & ~outside & 15, i = 0; left >> i; i++)
            if (left >> i & 1)
                exact[k + i] = f->quick((double)x[k + i]);
    }
    return true;
}
#endif

/* exact = f(x) or f(x, y), as oracle_quick has it or as near. All of a full block may come from vectors. */
static inline void oracle_quick_block(const math_oracle *f, double *exact, const float *x, const float *y, int count)
{
#ifdef SINTER_TEST_MVEC
    if (count == ORACLE_BLOCK && oracle_vector_block(f, exact, x))
        return;
#endif
    for (int k = 0; k < count; k++)
        exact[k] = oracle_quick(f, (double)x[k], (double)y[k]);
}

/* What is known of the fast oracle's values before results are, for 16 of them at a time. */
enum { ORACLE_FEW = 16, ORACLE_GROUPS = ORACLE_BLOCK / ORACLE_FEW };
typedef enum oracle_group {
    ORACLE_USUAL,   /* numbers of the type, not 0 */
    ORACLE_SPECIAL, /* some that are not, but it is clear what they round to */
    ORACLE_BORDER,  /* some that may or may not round to infinity */
} oracle_group;

/* The fast oracle's values of a block. */
typedef struct oracle_values {
    double exact[ORACLE_BLOCK];
    double per_place[ORACLE_BLOCK]; /* 1/the distance of the type's numbers there, the lesser one in doubt */
    oracle_group groups[ORACLE_GROUPS];
} oracle_values;

/* Loops without branches, in 64 bits throughout, so that compilers make vectors of them. */
#define ORACLE_LOOPS(suffix, attribute)                                                                         \
    attribute static inline void oracle_prepare##suffix(oracle_values *v, double loose)                             \
    {                                                                                                     \
        const double border = 0x1.ffffffp127;                                                             \
        for (int k = 0; k < ORACLE_BLOCK; k++) {                                                          \
            const double least = fabs(v->exact[k]) * (1 - loose);                                         \
            int64_t bits;                                                                                 \
            memcpy(&bits, &least, sizeof bits);                                                           \
            const int64_t exponent = (int64_t)((uint64_t)bits >> 52);                                     \
            const int64_t kept = exponent < 1023 - 126 ? 1023 - 126 : exponent;                           \
            const uint64_t scale = (uint64_t)(2046 + 23 - kept) << 52; /* 2^(23 − exponent) */            \
            memcpy(&v->per_place[k], &scale, sizeof scale);                                               \
        }                                                                                                 \
        for (int g = 0; g < ORACLE_GROUPS; g++) {                                                         \
            int64_t special = 0, doubtful = 0;                                                            \
            for (int k = g * ORACLE_FEW; k < (g + 1) * ORACLE_FEW; k++) {                                 \
                const double size = fabs(v->exact[k]);                                                    \
                const int64_t is_number = size < border * (1 - loose) ? -1 : 0, is_not_0 = size > 0 ? -1 : 0; \
                const int64_t is_below = size < border * (1 + loose) ? -1 : 0;                            \
                special |= ~(is_number & is_not_0);                                                       \
                doubtful |= is_below & ~is_number;                                                        \
            }                                                                                             \
            v->groups[g] = doubtful ? ORACLE_BORDER : special ? ORACLE_SPECIAL : ORACLE_USUAL;            \
        }                                                                                                 \
    }                                                                                                     \
    /* Is any of a group's results not settled, with an error of `limit` places? That of a wrong zero is not. */ \
    attribute static inline bool oracle_unsettled##suffix(const oracle_values *v, int first, const float *result, double limit) \
    {                                                                                                     \
        int64_t unsettled = 0;                                                                            \
        for (int k = 0; k < ORACLE_FEW; k++) {                                                            \
            const double z = (double)result[k], e = v->exact[first + k];                                  \
            int64_t of_z, of_e;                                                                           \
            memcpy(&of_z, &z, sizeof of_z);                                                               \
            memcpy(&of_e, &e, sizeof of_e);                                                               \
            const int64_t is_near = fabs(z - e) * v->per_place[first + k] <= limit ? -1 : 0;              \
            unsettled |= ~is_near | (of_z ^ of_e);                                                        \
        }                                                                                                 \
        unsettled = unsettled < 0 ? 1 : 0; /* the sign bit alone */                                       \
        return unsettled != 0;                                                                            \
    }                                                                                                     \
    /* Is any of a group's results, special ones among them, not the number nearest to the value? */      \
    attribute static inline bool oracle_not_nearest##suffix(const oracle_values *v, int first, const float *result) \
    {                                                                                                     \
        int32_t wrong = 0;                                                                                \
        for (int k = 0; k < ORACLE_FEW; k++) {                                                            \
            const float nearest = (float)v->exact[first + k];                                             \
            int32_t of_nearest, of_result;                                                                \
            memcpy(&of_nearest, &nearest, sizeof of_nearest);                                             \
            memcpy(&of_result, &result[k], sizeof of_result);                                             \
            const int32_t same = of_nearest == of_result ? -1 : 0;                                        \
            const int32_t neither = ((of_nearest & INT32_MAX) > 0x7F800000 ? -1 : 0)                      \
                                    & ((of_result & INT32_MAX) > 0x7F800000 ? -1 : 0);                    \
            wrong |= ~(same | neither);                                                                   \
        }                                                                                                 \
        return wrong != 0;                                                                                \
    }
ORACLE_LOOPS(, )
#ifdef SINTER_TEST_MVEC
ORACLE_LOOPS(_wide, ORACLE_WIDE)
#endif

static inline bool oracle_is_wide(void)
{
#ifdef SINTER_TEST_MVEC
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

#ifndef SINTER_TEST_MVEC
#define oracle_prepare_wide oracle_prepare
#define oracle_unsettled_wide oracle_unsettled
#define oracle_not_nearest_wide oracle_not_nearest
#endif

/* To be called when exact[] is filled; what lies beyond `count` is anything. */
static inline void oracle_prepare_block(const math_oracle *f, oracle_values *v)
{
    const double loose = oracle_loose(IR_F32, oracle_margin(f, IR_F32));
    if (oracle_is_wide())
        oracle_prepare_wide(v, loose);
    else
        oracle_prepare(v, loose);
}

/* Are a group's results settled, if no error up to `limit` matters? */
static inline bool oracle_settles_group(const oracle_values *v, int group, const float *result, double limit, bool wide)
{
    const int first = group * ORACLE_FEW;
    if (v->groups[group] == ORACLE_USUAL)
        return !(wide ? oracle_unsettled_wide(v, first, result, limit) : oracle_unsettled(v, first, result, limit));
    return v->groups[group] == ORACLE_SPECIAL && limit > 0.5
           && !(wide ? oracle_not_nearest_wide(v, first, result) : oracle_not_nearest(v, first, result));
}

/* oracle_keep_f32 of `count` results. */
static inline void oracle_keep_block(const math_oracle *f, math_grade grade, math_worst *w, const float *x, const float *y,
                                     const float *result, const oracle_values *v, int count)
{
    const bool wide = oracle_is_wide();
    int k = 0;
    for (; k + ORACLE_FEW <= count; k += ORACLE_FEW) {
        if (oracle_settles_group(v, k / ORACLE_FEW, result + k, w->error - oracle_margin(f, IR_F32), wide)) {
            w->arguments += ORACLE_FEW;
            continue;
        }
        for (int i = k; i < k + ORACLE_FEW; i++)
            oracle_keep_f32(f, grade, w, x[i], y[i], result[i], v->exact[i]);
    }
    for (; k < count; k++)
        oracle_keep_f32(f, grade, w, x[k], y[k], result[k], v->exact[k]);
}

#endif
