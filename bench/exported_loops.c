/* The loops of exported_loops.h. Where an exported density has a form for the common parameters, the loop is there twice, as the exported file advises. Eight partial sums, so that no loop waits for its own additions and each compiler may use vectors. The exported files come
 * first: what they ask of the compiler holds for all that follows. */
#include "exported_normal.h"
#include "exported_exponential.h"

#include "exported_loops.h"

#if defined(__GNUC__) || defined(__clang__)
#define ALONE __attribute__((noinline))
#else
#define ALONE
#endif

/* `value` of each x, added. */
#define SUM(value) \
    double sums[8] = {0}; \
    int64_t i = 0; \
    for (; i + 8 <= n; i += 8) \
        for (int k = 0; k < 8; k++) \
            sums[k] += value(x[i + k]); \
    for (; i < n; i++) \
        sums[0] += value(x[i]); \
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))

ALONE double sn_plain_normal_sum(const double *x, int64_t n, double mu, double sigma)
{
    const double constant = -0.91893853320467274 - log(sigma), weight = -0.5 / (sigma * sigma);
#define VALUE(at) fma((at - mu) * (at - mu), weight, constant)
    SUM(VALUE);
#undef VALUE
}

ALONE double sn_exported_normal_sum(const double *x, int64_t n, double mu, double sigma)
{
    const exported_normal_prepared prepared = exported_normal_prepare(mu, sigma);
#define VALUE(at) exported_normal_at_common(&prepared, at)
    if (exported_normal_is_common(&prepared)) {
        SUM(VALUE);
    }
#undef VALUE
#define VALUE(at) exported_normal_at(&prepared, at)
    SUM(VALUE);
#undef VALUE
}

/* The sum first and then the choice: so compilers need no branch, and use vectors. */
static inline double plain_exponential(double x, double beta, double constant)
{
    const double inside = fma(-beta, x, constant);
    return x < 0 ? -(double)INFINITY : inside;
}

ALONE double sn_plain_exponential_sum(const double *x, int64_t n, double beta, double unused)
{
    const double constant = log(beta);
    (void)unused;
#define VALUE(at) plain_exponential(at, beta, constant)
    SUM(VALUE);
#undef VALUE
}

ALONE double sn_exported_exponential_sum(const double *x, int64_t n, double beta, double unused)
{
    const exported_exponential_prepared prepared = exported_exponential_prepare(beta);
    (void)unused;
#define VALUE(at) exported_exponential_at_common(&prepared, at)
    if (exported_exponential_is_common(&prepared)) {
        SUM(VALUE);
    }
#undef VALUE
#define VALUE(at) exported_exponential_at(&prepared, at)
    SUM(VALUE);
#undef VALUE
}
