/* Instruction sets by attribute, so that one program holds every kernel and starts on any x86-64; and the
 * masks of tails. What is inlined into a kernel carries the kernel's attribute, since compilers inline only
 * where targets agree. */
#ifndef SN_BENCH_LIMIT_LANES_H
#define SN_BENCH_LIMIT_LANES_H

#include <immintrin.h>
#include <stdint.h>

#define ON_AVX2 __attribute__((target("avx2,fma")))
#define ON_AVX512 __attribute__((target("avx2,fma,bmi2,avx512f,avx512dq,avx512bw,avx512vl")))
#define ON_AVX512_BYTES __attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl,avx512vbmi")))

/* The first `left` lanes, 0 < left. */
static inline ON_AVX512 __mmask16 first_of_16(int64_t left)
{
    return (__mmask16)_bzhi_u32(0xFFFF, (unsigned)left);
}

static inline ON_AVX512 __mmask8 first_of_8(int64_t left)
{
    return (__mmask8)_bzhi_u32(0xFF, (unsigned)left);
}

static inline ON_AVX2 __m256i first_8(int64_t left)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline ON_AVX2 __m256i first_4(int64_t left)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(left), _mm256_setr_epi64x(0, 1, 2, 3));
}

#endif
