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

/* False: the block is for the scalar function. */
ORACLE_WIDE static inline bool oracle_vector_block(const math_oracle *f, double *exact, const float *x)
{
    const oracle_vectors *v = oracle_vectors_of(f);
    double wide[ORACLE_BLOCK];
    int outside = 0;
    if (!v)
        return false;
    for (int k = 0; k < ORACLE_BLOCK; k++)
        outside += (double)x[k] < v->least || (double)x[k] > v->most;
    if (outside && v->beyond == ORACLE_SCALAR)
        return false;
    const bool none = v->beyond == ORACLE_NO_NUMBER;
    for (int k = 0; k < ORACLE_BLOCK; k++) {
        const double t = (double)x[k];
        wide[k] = t < v->least ? (none ? v->within : v->least) : t > v->most ? (none ? v->within : v->most) : t;
    }
    if (!none || outside < ORACLE_BLOCK)
        v->of(exact, wide);
    for (int k = 0; k < ORACLE_BLOCK; k++)
        if (none && ((double)x[k] < v->least || (double)x[k] > v->most))
            exact[k] = NAN;
        else if (!(fabs(exact[k]) > 0 && fabs(exact[k]) < (double)INFINITY))
            exact[k] = f->quick((double)x[k]);
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

/* Is any of 16 results not settled? What oracle_error_f32 does, without a branch: in 64 bits throughout, so that
 * compilers make vectors of it. */
enum { ORACLE_FEW = 16 };
#define ORACLE_UNSETTLED(suffix)                                                                          \
    static inline bool oracle_unsettled##suffix(const float *result, const double *exact, double limit,   \
                                                double loose)                                             \
    {                                                                                                     \
        const double border = 0x1.ffffffp127;                                                             \
        int64_t unsettled = 0;                                                                            \
        for (int k = 0; k < ORACLE_FEW; k++) {                                                            \
            const double e = exact[k], z = (double)result[k], size = fabs(e), least = size * (1 - loose); \
            int64_t bits, of_z, of_e;                                                                     \
            memcpy(&bits, &least, sizeof bits);                                                           \
            memcpy(&of_z, &z, sizeof of_z);                                                               \
            memcpy(&of_e, &e, sizeof of_e);                                                               \
            const uint64_t exponent = (uint64_t)bits >> 52;                                               \
            const int64_t kept = (int64_t)exponent < 1023 - 126 ? 1023 - 126 : (int64_t)exponent;         \
            const uint64_t scale = (uint64_t)(2046 + 23 - kept) << 52;                                    \
            double per_place;                                                                             \
            memcpy(&per_place, &scale, sizeof per_place);                                                 \
            const int64_t signs_agree = (of_z ^ of_e) < 0 ? 0 : -1;                                       \
            const int64_t near = fabs(z - e) * per_place <= limit ? -1 : 0;                               \
            const int64_t finite = size < border * (1 - loose) ? -1 : 0;                                  \
            const int64_t number = e != 0 ? -1 : 0;                                                       \
            const int64_t infinite = size >= border * (1 + loose) ? -1 : 0;                               \
            const int64_t too_great = fabs(z) >= 0x1p128 ? -1 : 0;                                        \
            const int64_t none = e != e ? -1 : 0, no_result = z != z ? -1 : 0;                            \
            const int64_t same_zero = of_z == of_e ? -1 : 0;                                              \
            unsettled |= ~((signs_agree & ((near & finite & number) | (infinite & too_great) | same_zero)) \
                           | (none & no_result));                                                         \
        }                                                                                                 \
        return unsettled != 0;                                                                            \
    }
ORACLE_UNSETTLED()
#ifdef SINTER_TEST_MVEC
ORACLE_WIDE ORACLE_UNSETTLED(_wide)
#endif

/* oracle_keep_f32 of `count` results. */
static inline void oracle_keep_block(const math_oracle *f, math_grade grade, math_worst *w, const float *x, const float *y,
                                     const float *result, const double *exact, int count)
{
    const double margin = oracle_margin(f, IR_F32), loose = oracle_loose(IR_F32, margin);
    int k = 0;
#ifdef SINTER_TEST_MVEC
    const bool wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    for (; k + ORACLE_FEW <= count; k += ORACLE_FEW) {
        const double limit = w->error - margin;
        bool unsettled = limit < 0;
#ifdef SINTER_TEST_MVEC
        unsettled = unsettled || (wide ? oracle_unsettled_wide(result + k, exact + k, limit, loose)
                                       : oracle_unsettled(result + k, exact + k, limit, loose));
#else
        unsettled = unsettled || oracle_unsettled(result + k, exact + k, limit, loose);
#endif
        for (int i = k; unsettled && i < k + ORACLE_FEW; i++)
            oracle_keep_f32(f, grade, w, x[i], y[i], result[i], exact[i]);
        w->arguments += unsettled ? 0 : ORACLE_FEW;
    }
    for (; k < count; k++)
        oracle_keep_f32(f, grade, w, x[k], y[k], result[k], exact[k]);
}

#endif
