/* The scan for AVX-512: the 16 groups of a tick are one register. See scan_lanes.h. */
#if defined(__x86_64__)
#include "kernel/scan.h"
#include "kernel/scan_steps.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")))
#define LANES inline __attribute__((always_inline, unused, target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")))

typedef __m512 groups;

static LANES groups all(const float *x)
{
    return _mm512_set1_ps(*x);
}

static LANES groups zeros(void)
{
    return _mm512_setzero_ps();
}

static LANES groups lanes_of(const float *x)
{
    return _mm512_loadu_ps(x);
}

static LANES groups fours_of(const float *x)
{
    return _mm512_broadcast_f32x4(_mm_loadu_ps(x));
}

static LANES groups multiply(groups a, groups b)
{
    return _mm512_mul_ps(a, b);
}

static LANES groups add(groups a, groups b)
{
    return _mm512_add_ps(a, b);
}

static LANES groups fused(groups a, groups b, groups c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* Lane 4b+r holds group 4r+b: by one group, a block of four lanes takes the one before, and the first the last moved up by a lane. */
static LANES groups up_1(groups v)
{
    return _mm512_maskz_permutexvar_ps(0xFFFE, _mm512_setr_epi32(0, 12, 13, 14, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), v);
}

static LANES groups up_2(groups v)
{
    return _mm512_maskz_permutexvar_ps(0xFFEE, _mm512_setr_epi32(0, 8, 9, 10, 0, 12, 13, 14, 0, 1, 2, 3, 4, 5, 6, 7), v);
}

static LANES groups up_4(groups v)
{
    return _mm512_castsi512_ps(_mm512_bslli_epi128(_mm512_castps_si512(v), 4));
}

static LANES groups up_8(groups v)
{
    return _mm512_castsi512_ps(_mm512_bslli_epi128(_mm512_castps_si512(v), 8));
}

static LANES void turn(groups v[SCAN_GROUP])
{
    const groups a = _mm512_unpacklo_ps(v[0], v[1]), b = _mm512_unpackhi_ps(v[0], v[1]);
    const groups c = _mm512_unpacklo_ps(v[2], v[3]), d = _mm512_unpackhi_ps(v[2], v[3]);
    v[0] = _mm512_shuffle_ps(a, c, 0x44);
    v[1] = _mm512_shuffle_ps(a, c, 0xEE);
    v[2] = _mm512_shuffle_ps(b, d, 0x44);
    v[3] = _mm512_shuffle_ps(b, d, 0xEE);
}

static LANES groups spread_row(groups v, unsigned r)
{
    return r == 0   ? _mm512_permute_ps(v, 0x00)
           : r == 1 ? _mm512_permute_ps(v, 0x55)
           : r == 2 ? _mm512_permute_ps(v, 0xAA)
                    : _mm512_permute_ps(v, 0xFF);
}

static LANES groups last(groups v)
{
    return _mm512_permutexvar_ps(_mm512_set1_epi32(15), v);
}

static LANES uint32_t bits(groups v)
{
    return (uint32_t)_mm_cvtsi128_si32(_mm_castps_si128(_mm512_castps512_ps128(v)));
}

static LANES groups read_row(const float *x)
{
    return _mm512_loadu_ps(x);
}

/* What lies one element further is put together in registers: stored there, each row would cross a border of lines. */
static LANES groups shifted(groups v, groups previous)
{
    return _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(v), _mm512_castps_si512(previous), 15));
}

static LANES void write_rows(const groups v[SCAN_GROUP], groups begin, float *now, float *before)
{
    if (now) {
        _mm512_storeu_ps(now, v[0]);
        _mm512_storeu_ps(now + 16, v[1]);
        _mm512_storeu_ps(now + 32, v[2]);
        _mm512_storeu_ps(now + 48, v[3]);
    }
    if (before) {
        _mm512_storeu_ps(before, shifted(v[0], begin));
        _mm512_storeu_ps(before + 16, shifted(v[1], v[0]));
        _mm512_storeu_ps(before + 32, shifted(v[2], v[1]));
        _mm512_storeu_ps(before + 48, shifted(v[3], v[2]));
    }
}

#include "kernel/scan_lanes.h"

unsigned sn_scan_ticks_avx512(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush)
{
    return version_for(p, s)(p, s, ticks, state, flush);
}
#else
typedef int sn_scan_no_avx512; /* a file must not be empty */
#endif
