/* The normal log density: a value for each element, and the sum over all.
 *
 * What the parameters determine is a weight and a constant, ready when the call begins. For the sum both are
 * taken out: inside the loop stand one subtraction and one fused operation, and at the end one multiplication
 * and one addition. The order of summation is the kernel's own: as many partial sums as cover the latency of
 * a fused operation on both pipes. */
#include "limits.h"

#if defined(__x86_64__)
#include "limit_lanes.h"

ON_AVX512 void sn_limit_density_avx512(const limit_call *call)
{
    const double *restrict in = call->inputs[0];
    double *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const limit_density *d = call->numbers;
    const __m512d mean = _mm512_set1_pd(d->mean);
    const __m512d weight = _mm512_set1_pd(d->weight);
    const __m512d constant = _mm512_set1_pd(d->constant);
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        for (int k = 0; k < 32; k += 8) {
            const __m512d z = _mm512_sub_pd(_mm512_loadu_pd(in + i + k), mean);
            _mm512_storeu_pd(out + i + k, _mm512_fmadd_pd(_mm512_mul_pd(z, z), weight, constant));
        }
    }
    for (; i < n; i += 8) {
        const __mmask8 m = n - i >= 8 ? 0xFF : first_of_8(n - i);
        const __m512d z = _mm512_sub_pd(_mm512_maskz_loadu_pd(m, in + i), mean);
        _mm512_mask_storeu_pd(out + i, m, _mm512_fmadd_pd(_mm512_mul_pd(z, z), weight, constant));
    }
}

ON_AVX2 void sn_limit_density_avx2(const limit_call *call)
{
    const double *restrict in = call->inputs[0];
    double *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const limit_density *d = call->numbers;
    const __m256d mean = _mm256_set1_pd(d->mean);
    const __m256d weight = _mm256_set1_pd(d->weight);
    const __m256d constant = _mm256_set1_pd(d->constant);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int k = 0; k < 16; k += 4) {
            const __m256d z = _mm256_sub_pd(_mm256_loadu_pd(in + i + k), mean);
            _mm256_storeu_pd(out + i + k, _mm256_fmadd_pd(_mm256_mul_pd(z, z), weight, constant));
        }
    }
    for (; i < n; i += 4) {
        const __m256i m = first_4(n - i);
        const __m256d z = _mm256_sub_pd(_mm256_maskload_pd(in + i, m), mean);
        _mm256_maskstore_pd(out + i, m, _mm256_fmadd_pd(_mm256_mul_pd(z, z), weight, constant));
    }
}

enum { PARTIAL_512 = 8, PARTIAL_256 = 8 };

ON_AVX512 void sn_limit_density_sum_avx512(const limit_call *call)
{
    const double *in = call->inputs[0];
    const int64_t n = call->count;
    const limit_density *d = call->numbers;
    const __m512d mean = _mm512_set1_pd(d->mean);
    __m512d sum[PARTIAL_512];
    for (int k = 0; k < PARTIAL_512; k++)
        sum[k] = _mm512_setzero_pd();
    int64_t i = 0;
    for (; i + 8 * PARTIAL_512 <= n; i += 8 * PARTIAL_512) {
        for (int k = 0; k < PARTIAL_512; k++) {
            const __m512d z = _mm512_sub_pd(_mm512_loadu_pd(in + i + 8 * k), mean);
            sum[k] = _mm512_fmadd_pd(z, z, sum[k]);
        }
    }
    for (int k = 0; i < n; i += 8, k++) { /* masked lanes hold the mean, which adds nothing */
        const __mmask8 m = n - i >= 8 ? 0xFF : first_of_8(n - i);
        const __m512d z = _mm512_sub_pd(_mm512_mask_loadu_pd(mean, m, in + i), mean);
        sum[k] = _mm512_fmadd_pd(z, z, sum[k]);
    }
    for (int width = PARTIAL_512 / 2; width > 0; width /= 2)
        for (int k = 0; k < width; k++)
            sum[k] = _mm512_add_pd(sum[k], sum[k + width]);
    call->totals[0] = _mm512_reduce_add_pd(sum[0]) * d->weight + d->constant * (double)n;
}

ON_AVX2 void sn_limit_density_sum_avx2(const limit_call *call)
{
    const double *in = call->inputs[0];
    const int64_t n = call->count;
    const limit_density *d = call->numbers;
    const __m256d mean = _mm256_set1_pd(d->mean);
    __m256d sum[PARTIAL_256];
    for (int k = 0; k < PARTIAL_256; k++)
        sum[k] = _mm256_setzero_pd();
    int64_t i = 0;
    for (; i + 4 * PARTIAL_256 <= n; i += 4 * PARTIAL_256) {
        for (int k = 0; k < PARTIAL_256; k++) {
            const __m256d z = _mm256_sub_pd(_mm256_loadu_pd(in + i + 4 * k), mean);
            sum[k] = _mm256_fmadd_pd(z, z, sum[k]);
        }
    }
    for (int k = 0; i < n; i += 4, k++) {
        const __m256i m = first_4(n - i);
        const __m256d v = _mm256_blendv_pd(mean, _mm256_maskload_pd(in + i, m), _mm256_castsi256_pd(m));
        const __m256d z = _mm256_sub_pd(v, mean);
        sum[k] = _mm256_fmadd_pd(z, z, sum[k]);
    }
    for (int width = PARTIAL_256 / 2; width > 0; width /= 2)
        for (int k = 0; k < width; k++)
            sum[k] = _mm256_add_pd(sum[k], sum[k + width]);
    const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(sum[0]), _mm256_extractf128_pd(sum[0], 1));
    const double all = _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
    call->totals[0] = all * d->weight + d->constant * (double)n;
}
#endif
