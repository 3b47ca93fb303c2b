/* sqrt(x x + y y) - 1/2, the root rounded correctly.
 *
 * With one root instruction a vector, the root unit decides: it takes as long for 16 lanes as for two times
 * eight, and everything else happens meanwhile. While it works, though, the pipes for fused operations are
 * nearly idle. The split form gives them every other vector: an estimate of 14 bits, one step of Newton's for
 * h ≈ √s and r ≈ 1/(2√s) together, then the residual s − h², which a fused operation gives exactly, times r.
 * The last addition rounds correctly: compared with vsqrtps for all 2^24 floats from 1 to 4 (a factor of 4
 * changes no digit), on Zen 4 and on Sapphire Rapids. Outside 2^-96 … 2^126 the residual may be subnormal or
 * the estimate infinite, so there the unit is asked. */
#include "limits.h"

#if defined(__x86_64__)
#include "limit_lanes.h"

static inline ON_AVX512 __m512 squares_16(const float *x, const float *y, __mmask16 m)
{
    const __m512 a = _mm512_maskz_loadu_ps(m, x);
    const __m512 b = _mm512_maskz_loadu_ps(m, y);
    return _mm512_fmadd_ps(a, a, _mm512_mul_ps(b, b));
}

static ON_AVX512 void circle_from_avx512(const limit_call *call, int64_t i)
{
    const float *restrict x = call->inputs[0];
    const float *restrict y = call->inputs[1];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const __m512 half = _mm512_set1_ps(0.5f);
    for (; i + 32 <= n; i += 32) {
        const __m512 a = _mm512_sqrt_ps(squares_16(x + i, y + i, 0xFFFF));
        const __m512 b = _mm512_sqrt_ps(squares_16(x + i + 16, y + i + 16, 0xFFFF));
        _mm512_storeu_ps(out + i, _mm512_sub_ps(a, half));
        _mm512_storeu_ps(out + i + 16, _mm512_sub_ps(b, half));
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xFFFF : first_of_16(n - i);
        const __m512 root = _mm512_sqrt_ps(squares_16(x + i, y + i, m));
        _mm512_mask_storeu_ps(out + i, m, _mm512_sub_ps(root, half));
    }
}

ON_AVX512 void sn_limit_circle_avx512(const limit_call *call)
{
    circle_from_avx512(call, 0);
}

static inline ON_AVX512 __m512 root_by_fma(__m512 s)
{
    const __m512 half = _mm512_set1_ps(0.5f);
    const __m512 estimate = _mm512_rsqrt14_ps(s);
    const __m512 h = _mm512_mul_ps(estimate, s);
    const __m512 r = _mm512_mul_ps(estimate, half);
    const __m512 off = _mm512_fnmadd_ps(r, h, half);
    const __m512 h1 = _mm512_fmadd_ps(off, h, h);
    const __m512 r1 = _mm512_fmadd_ps(off, r, r);
    return _mm512_fmadd_ps(_mm512_fnmadd_ps(h1, h1, s), r1, h1);
}

/* Is any lane outside the range where the residual is exact? Bits of positive floats are ordered as the
 * floats are, so that one unsigned comparison covers both ends, NaN and zero. */
static inline ON_AVX512 int any_outside(__m512 s)
{
    const __m512i from_low = _mm512_sub_epi32(_mm512_castps_si512(s), _mm512_set1_epi32((127 - 96) << 23));
    return _mm512_cmpgt_epu32_mask(from_low, _mm512_set1_epi32((96 + 126) << 23)) != 0;
}

ON_AVX512 void sn_limit_circle_split_avx512(const limit_call *call)
{
    const float *restrict x = call->inputs[0];
    const float *restrict y = call->inputs[1];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const __m512 half = _mm512_set1_ps(0.5f);
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m512 a = _mm512_sqrt_ps(squares_16(x + i, y + i, 0xFFFF));
        const __m512 s = squares_16(x + i + 16, y + i + 16, 0xFFFF);
        __m512 b = root_by_fma(s);
        if (__builtin_expect(any_outside(s), 0))
            b = _mm512_sqrt_ps(s);
        _mm512_storeu_ps(out + i, _mm512_sub_ps(a, half));
        _mm512_storeu_ps(out + i + 16, _mm512_sub_ps(b, half));
    }
    circle_from_avx512(call, i);
}

ON_AVX2 void sn_limit_circle_avx2(const limit_call *call)
{
    const float *restrict x = call->inputs[0];
    const float *restrict y = call->inputs[1];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const __m256 half = _mm256_set1_ps(0.5f);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        for (int k = 0; k < 16; k += 8) {
            const __m256 a = _mm256_loadu_ps(x + i + k);
            const __m256 b = _mm256_loadu_ps(y + i + k);
            const __m256 root = _mm256_sqrt_ps(_mm256_fmadd_ps(a, a, _mm256_mul_ps(b, b)));
            _mm256_storeu_ps(out + i + k, _mm256_sub_ps(root, half));
        }
    }
    for (; i < n; i += 8) {
        const __m256i m = first_8(n - i);
        const __m256 a = _mm256_maskload_ps(x + i, m);
        const __m256 b = _mm256_maskload_ps(y + i, m);
        const __m256 root = _mm256_sqrt_ps(_mm256_fmadd_ps(a, a, _mm256_mul_ps(b, b)));
        _mm256_maskstore_ps(out + i, m, _mm256_sub_ps(root, half));
    }
}
#endif
