/* The scan for AVX2 and FMA: the 16 groups of a tick are two registers, the blocks of four lanes 0 and 1, and 2 and 3. See scan_lanes.h. */
#if defined(__x86_64__)
#include "kernel/scan.h"
#include "kernel/scan_steps.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define LANES inline __attribute__((always_inline, unused, target("avx2,fma")))

typedef struct groups {
    __m256 low, high;
} groups;

static LANES groups all(const float *x)
{
    const __m256 v = _mm256_broadcast_ss(x);
    return (groups){v, v};
}

static LANES groups zeros(void)
{
    return (groups){_mm256_setzero_ps(), _mm256_setzero_ps()};
}

static LANES groups lanes_of(const float *x)
{
    return (groups){_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)};
}

static LANES groups fours_of(const float *x)
{
    const __m128 four = _mm_loadu_ps(x);
    const __m256 v = _mm256_set_m128(four, four);
    return (groups){v, v};
}

static LANES groups multiply(groups a, groups b)
{
    return (groups){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

static LANES groups add(groups a, groups b)
{
    return (groups){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

static LANES groups fused(groups a, groups b, groups c)
{
    return (groups){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

/* Within each block of four lanes, by one and by two. */
static LANES __m256 lane_up(__m256 v)
{
    return _mm256_castsi256_ps(_mm256_bslli_epi128(_mm256_castps_si256(v), 4));
}

static LANES __m256 lanes_up(__m256 v)
{
    return _mm256_castsi256_ps(_mm256_bslli_epi128(_mm256_castps_si256(v), 8));
}

/* Lane 4b+r holds group 4r+b: by one group, a block takes the one before, and the first the last moved up by a lane. */
static LANES groups up_1(groups v)
{
    return (groups){_mm256_permute2f128_ps(lane_up(v.high), v.low, 0x21), _mm256_permute2f128_ps(v.low, v.high, 0x21)};
}

static LANES groups up_2(groups v)
{
    return (groups){lane_up(v.high), v.low};
}

static LANES groups up_4(groups v)
{
    return (groups){lane_up(v.low), lane_up(v.high)};
}

static LANES groups up_8(groups v)
{
    return (groups){lanes_up(v.low), lanes_up(v.high)};
}

static LANES void turn(groups v[SCAN_GROUP])
{
    const __m256 a = _mm256_unpacklo_ps(v[0].low, v[1].low), b = _mm256_unpackhi_ps(v[0].low, v[1].low);
    const __m256 c = _mm256_unpacklo_ps(v[2].low, v[3].low), d = _mm256_unpackhi_ps(v[2].low, v[3].low);
    const __m256 e = _mm256_unpacklo_ps(v[0].high, v[1].high), f = _mm256_unpackhi_ps(v[0].high, v[1].high);
    const __m256 g = _mm256_unpacklo_ps(v[2].high, v[3].high), h = _mm256_unpackhi_ps(v[2].high, v[3].high);
    v[0] = (groups){_mm256_shuffle_ps(a, c, 0x44), _mm256_shuffle_ps(e, g, 0x44)};
    v[1] = (groups){_mm256_shuffle_ps(a, c, 0xEE), _mm256_shuffle_ps(e, g, 0xEE)};
    v[2] = (groups){_mm256_shuffle_ps(b, d, 0x44), _mm256_shuffle_ps(f, h, 0x44)};
    v[3] = (groups){_mm256_shuffle_ps(b, d, 0xEE), _mm256_shuffle_ps(f, h, 0xEE)};
}

static LANES groups spread_row(groups v, unsigned r)
{
    return r == 0   ? (groups){_mm256_permute_ps(v.low, 0x00), _mm256_permute_ps(v.high, 0x00)}
           : r == 1 ? (groups){_mm256_permute_ps(v.low, 0x55), _mm256_permute_ps(v.high, 0x55)}
           : r == 2 ? (groups){_mm256_permute_ps(v.low, 0xAA), _mm256_permute_ps(v.high, 0xAA)}
                    : (groups){_mm256_permute_ps(v.low, 0xFF), _mm256_permute_ps(v.high, 0xFF)};
}

static LANES groups last(groups v)
{
    const __m256 block = _mm256_permute_ps(_mm256_permute2f128_ps(v.high, v.high, 0x11), 0xFF);
    return (groups){block, block};
}

static LANES uint32_t bits(groups v)
{
    return (uint32_t)_mm_cvtsi128_si32(_mm_castps_si128(_mm256_castps256_ps128(v.low)));
}

static LANES groups read_row(const float *x)
{
    return lanes_of(x);
}

static LANES void write_row(float *to, groups v)
{
    _mm256_storeu_ps(to, v.low);
    _mm256_storeu_ps(to + 8, v.high);
}

/* What lies one element further is stored there. Behind the tick nothing is written. */
static LANES void write_rows(const groups v[SCAN_GROUP], groups begin, float *now, float *before)
{
    if (now) {
        write_row(now, v[0]);
        write_row(now + 16, v[1]);
        write_row(now + 32, v[2]);
        write_row(now + 48, v[3]);
    }
    if (before) {
        const __m128 low = _mm256_castps256_ps128(v[3].high), high = _mm256_extractf128_ps(v[3].high, 1);
        _mm_store_ss(before, _mm256_castps256_ps128(begin.low));
        write_row(before + 1, v[0]);
        write_row(before + 17, v[1]);
        write_row(before + 33, v[2]);
        _mm256_storeu_ps(before + 49, v[3].low);
        _mm_storeu_ps(before + 57, low);
        _mm_storeu_ps(before + 60, _mm_castsi128_ps(_mm_alignr_epi8(_mm_castps_si128(high), _mm_castps_si128(low), 12)));
    }
}

#include "kernel/scan_lanes.h"

static TARGET unsigned scan_plain(const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state, unsigned flush)
{
    return scan_one_by_one(p, s, ticks, state, flush);
}

unsigned sn_scan_ticks_avx2(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush)
{
    version *const run = p->plain ? scan_plain : version_for(p, s);
    return run(p, s, ticks, state, flush);
}

TARGET void sn_scan_walk_avx2(const scan_powers *p, scan_walk *w, const scan_streams *s, uint32_t until, const float state[SCAN_MOST])
{
    scan_walk_by(p, w, s, until, state);
}
#else
typedef int sn_scan_no_avx2; /* a file must not be empty */
#endif
