/* Copying, one gain, one line g x + o, and the chain of five such lines in their order.
 *
 * The first three are bound by memory: 44,100 samples in and out lie in L2, and one multiplication or fused
 * operation a vector hides behind the loads. Two vectors of AVX2 a turn are the best there (0.073 ns a sample
 * on Sapphire Rapids, where four a turn take 0.100 and every number of AVX-512 vectors 0.078); Zen 4 does not
 * care. The chain is bound by five fused operations of four cycles each: vectors side by side keep both pipes
 * busy where one chain would wait for itself. */
#include "limits.h"

#include <string.h>

void sn_limit_copy_f32(const limit_call *call)
{
    memcpy(call->outputs[0], call->inputs[0], (size_t)call->count * sizeof(float));
}

#if defined(__x86_64__)
#include "limit_lanes.h"

ON_AVX512 void sn_limit_gain_avx512(const limit_call *call)
{
    const float *restrict in = call->inputs[0];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const __m512 gain = _mm512_set1_ps(((const limit_affine *)call->numbers)->gain);
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512 a = _mm512_mul_ps(gain, _mm512_loadu_ps(in + i));
        const __m512 b = _mm512_mul_ps(gain, _mm512_loadu_ps(in + i + 16));
        const __m512 c = _mm512_mul_ps(gain, _mm512_loadu_ps(in + i + 32));
        const __m512 d = _mm512_mul_ps(gain, _mm512_loadu_ps(in + i + 48));
        _mm512_storeu_ps(out + i, a);
        _mm512_storeu_ps(out + i + 16, b);
        _mm512_storeu_ps(out + i + 32, c);
        _mm512_storeu_ps(out + i + 48, d);
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xFFFF : first_of_16(n - i);
        _mm512_mask_storeu_ps(out + i, m, _mm512_mul_ps(gain, _mm512_maskz_loadu_ps(m, in + i)));
    }
}

ON_AVX2 void sn_limit_gain_avx2(const limit_call *call)
{
    const float *restrict in = call->inputs[0];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const __m256 gain = _mm256_set1_ps(((const limit_affine *)call->numbers)->gain);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256 a = _mm256_mul_ps(gain, _mm256_loadu_ps(in + i));
        const __m256 b = _mm256_mul_ps(gain, _mm256_loadu_ps(in + i + 8));
        _mm256_storeu_ps(out + i, a);
        _mm256_storeu_ps(out + i + 8, b);
    }
    for (; i < n; i += 8) {
        const __m256i m = first_8(n - i);
        _mm256_maskstore_ps(out + i, m, _mm256_mul_ps(gain, _mm256_maskload_ps(in + i, m)));
    }
}

ON_AVX512 void sn_limit_affine_avx512(const limit_call *call)
{
    const float *restrict in = call->inputs[0];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const limit_affine *line = call->numbers;
    const __m512 g = _mm512_set1_ps(line->gain);
    const __m512 o = _mm512_set1_ps(line->offset);
    int64_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512 a = _mm512_fmadd_ps(_mm512_loadu_ps(in + i), g, o);
        const __m512 b = _mm512_fmadd_ps(_mm512_loadu_ps(in + i + 16), g, o);
        const __m512 c = _mm512_fmadd_ps(_mm512_loadu_ps(in + i + 32), g, o);
        const __m512 d = _mm512_fmadd_ps(_mm512_loadu_ps(in + i + 48), g, o);
        _mm512_storeu_ps(out + i, a);
        _mm512_storeu_ps(out + i + 16, b);
        _mm512_storeu_ps(out + i + 32, c);
        _mm512_storeu_ps(out + i + 48, d);
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xFFFF : first_of_16(n - i);
        _mm512_mask_storeu_ps(out + i, m, _mm512_fmadd_ps(_mm512_maskz_loadu_ps(m, in + i), g, o));
    }
}

ON_AVX2 void sn_limit_affine_avx2(const limit_call *call)
{
    const float *restrict in = call->inputs[0];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const limit_affine *line = call->numbers;
    const __m256 g = _mm256_set1_ps(line->gain);
    const __m256 o = _mm256_set1_ps(line->offset);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256 a = _mm256_fmadd_ps(_mm256_loadu_ps(in + i), g, o);
        const __m256 b = _mm256_fmadd_ps(_mm256_loadu_ps(in + i + 8), g, o);
        _mm256_storeu_ps(out + i, a);
        _mm256_storeu_ps(out + i + 8, b);
    }
    for (; i < n; i += 8) {
        const __m256i m = first_8(n - i);
        _mm256_maskstore_ps(out + i, m, _mm256_fmadd_ps(_mm256_maskload_ps(in + i, m), g, o));
    }
}

enum { CHAIN_512 = 2, CHAIN_256 = 4 }; /* vectors side by side */

ON_AVX512 void sn_limit_chain_avx512(const limit_call *call)
{
    const float *restrict in = call->inputs[0];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const limit_chain *chain = call->numbers;
    __m512 g[5], o[5];
    for (int k = 0; k < 5; k++) {
        g[k] = _mm512_set1_ps(chain->gain[k]);
        o[k] = _mm512_set1_ps(chain->offset[k]);
    }
    int64_t i = 0;
    for (; i + 16 * CHAIN_512 <= n; i += 16 * CHAIN_512) {
        __m512 v[CHAIN_512];
        for (int j = 0; j < CHAIN_512; j++)
            v[j] = _mm512_fmadd_ps(_mm512_loadu_ps(in + i + 16 * j), g[0], o[0]);
        for (int k = 1; k < 5; k++)
            for (int j = 0; j < CHAIN_512; j++)
                v[j] = _mm512_fmadd_ps(v[j], g[k], o[k]);
        for (int j = 0; j < CHAIN_512; j++)
            _mm512_storeu_ps(out + i + 16 * j, v[j]);
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xFFFF : first_of_16(n - i);
        __m512 v = _mm512_maskz_loadu_ps(m, in + i);
        for (int k = 0; k < 5; k++)
            v = _mm512_fmadd_ps(v, g[k], o[k]);
        _mm512_mask_storeu_ps(out + i, m, v);
    }
}

ON_AVX2 void sn_limit_chain_avx2(const limit_call *call)
{
    const float *restrict in = call->inputs[0];
    float *restrict out = call->outputs[0];
    const int64_t n = call->count;
    const limit_chain *chain = call->numbers;
    __m256 g[5], o[5];
    for (int k = 0; k < 5; k++) {
        g[k] = _mm256_set1_ps(chain->gain[k]);
        o[k] = _mm256_set1_ps(chain->offset[k]);
    }
    int64_t i = 0;
    for (; i + 8 * CHAIN_256 <= n; i += 8 * CHAIN_256) {
        __m256 v[CHAIN_256];
        for (int j = 0; j < CHAIN_256; j++)
            v[j] = _mm256_fmadd_ps(_mm256_loadu_ps(in + i + 8 * j), g[0], o[0]);
        for (int k = 1; k < 5; k++)
            for (int j = 0; j < CHAIN_256; j++)
                v[j] = _mm256_fmadd_ps(v[j], g[k], o[k]);
        for (int j = 0; j < CHAIN_256; j++)
            _mm256_storeu_ps(out + i + 8 * j, v[j]);
    }
    for (; i < n; i += 8) {
        const __m256i m = first_8(n - i);
        __m256 v = _mm256_maskload_ps(in + i, m);
        for (int k = 0; k < 5; k++)
            v = _mm256_fmadd_ps(v, g[k], o[k]);
        _mm256_maskstore_ps(out + i, m, v);
    }
}
#endif
