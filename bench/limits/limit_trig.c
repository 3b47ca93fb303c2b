/* sin(π x) cos(π y), within 2e-7 for any arguments that f32 can tell apart.
 *
 * In half turns nothing is lost on the way to the nearest whole number. What is left, at most 1/2 either way,
 * serves the sine as it stands; for the cosine it is turned round, cos(π r) = sin(π (1/2 − |r|)), so that one
 * polynomial does for both. Each whole number is a change of sign, and the product needs only their sum. */
#include "limits.h"

#if defined(__x86_64__)
#include "limit_lanes.h"

/* sin(π r)/r in r² on |r| ≤ 1/2: Sollya's fpminimax for the relative error in f32 coefficients, 2.8e-8. */
static const float c0 = 0x1.921fb6p1f, c2 = -0x1.4abbd8p2f, c4 = 0x1.466b26p1f, c6 = -0x1.328004p-1f,
                   c8 = 0x1.407998p-4f;

static inline ON_AVX512 __m512 sine_16(__m512 r)
{
    const __m512 s = _mm512_mul_ps(r, r);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(c8), s, _mm512_set1_ps(c6));
    p = _mm512_fmadd_ps(p, s, _mm512_set1_ps(c4));
    p = _mm512_fmadd_ps(p, s, _mm512_set1_ps(c2));
    p = _mm512_fmadd_ps(p, s, _mm512_set1_ps(c0));
    return _mm512_mul_ps(p, r);
}

static inline ON_AVX512 __m512 product_16(__m512 x, __m512 y)
{
    enum { NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };
    const __m512 n = _mm512_roundscale_ps(x, NEAREST), m = _mm512_roundscale_ps(y, NEAREST);
    const __m512 turned = _mm512_sub_ps(_mm512_set1_ps(0.5f), _mm512_abs_ps(_mm512_sub_ps(y, m)));
    const __m512 p = _mm512_mul_ps(sine_16(_mm512_sub_ps(x, n)), sine_16(turned));
    const __m512i odd = _mm512_slli_epi32(_mm512_cvtps_epi32(_mm512_add_ps(n, m)), 31);
    return _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(p), odd));
}

ON_AVX512 void sn_limit_trig_avx512(const limit_call *call)
{
    const float *restrict x = call->inputs[0];
    const float *restrict y = call->inputs[1];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        _mm512_storeu_ps(out + i, product_16(_mm512_loadu_ps(x + i), _mm512_loadu_ps(y + i)));
        _mm512_storeu_ps(out + i + 16, product_16(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(y + i + 16)));
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xFFFF : first_of_16(n - i);
        const __m512 p = product_16(_mm512_maskz_loadu_ps(m, x + i), _mm512_maskz_loadu_ps(m, y + i));
        _mm512_mask_storeu_ps(out + i, m, p);
    }
}

static inline ON_AVX2 __m256 sine_8(__m256 r)
{
    const __m256 s = _mm256_mul_ps(r, r);
    __m256 p = _mm256_fmadd_ps(_mm256_set1_ps(c8), s, _mm256_set1_ps(c6));
    p = _mm256_fmadd_ps(p, s, _mm256_set1_ps(c4));
    p = _mm256_fmadd_ps(p, s, _mm256_set1_ps(c2));
    p = _mm256_fmadd_ps(p, s, _mm256_set1_ps(c0));
    return _mm256_mul_ps(p, r);
}

static inline ON_AVX2 __m256 product_8(__m256 x, __m256 y)
{
    enum { NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };
    const __m256 n = _mm256_round_ps(x, NEAREST), m = _mm256_round_ps(y, NEAREST);
    const __m256 size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(y, m));
    const __m256 turned = _mm256_sub_ps(_mm256_set1_ps(0.5f), size);
    const __m256 p = _mm256_mul_ps(sine_8(_mm256_sub_ps(x, n)), sine_8(turned));
    const __m256i odd = _mm256_slli_epi32(_mm256_cvtps_epi32(_mm256_add_ps(n, m)), 31);
    return _mm256_xor_ps(p, _mm256_castsi256_ps(odd));
}

ON_AVX2 void sn_limit_trig_avx2(const limit_call *call)
{
    const float *restrict x = call->inputs[0];
    const float *restrict y = call->inputs[1];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, product_8(_mm256_loadu_ps(x + i), _mm256_loadu_ps(y + i)));
    if (i < n) {
        const __m256i m = first_8(n - i);
        _mm256_maskstore_ps(out + i, m, product_8(_mm256_maskload_ps(x + i, m), _mm256_maskload_ps(y + i, m)));
    }
}
#endif
