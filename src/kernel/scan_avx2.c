/* The scan for AVX2 and FMA: the 8 groups of a tick are the lanes.
 *
 * 64 elements are turned on their way in, so that the vector j holds element j of each group and steps 1 and 4 of scan.h are plain fused operations. Of the
 * results only those that are wanted are turned back; `before` is the same vectors, stored one element further. Without streams nothing is turned at all:
 * every group adds the same numbers to what a power makes of its state, so that lanes are the elements of one group, and each state is broadcast.
 *
 * What a tick costs is not how long its operations wait for each other (150 cycles) but how many there are, as ticks overlap in the processor's window: the
 * state goes from one to the next through two steps and a broadcast. */
#if defined(__x86_64__)
#include "kernel/scan.h"
#include "kernel/scan_steps.h"

#include <immintrin.h>

#define LANES inline __attribute__((always_inline, unused, target("avx2,fma")))
#define TARGET __attribute__((target("avx2,fma")))

/* One value for each state. */
typedef struct lanes {
    __m256 of[SCAN_MOST];
} lanes;

/* A y + t, of one state, where A's entries are vectors. */
static LANES __m256 step_one(unsigned order, unsigned m, __m256 own, __m256 other, const lanes *y, const lanes *t)
{
    if (order == 1)
        return _mm256_fmadd_ps(own, y->of[0], t->of[0]);
    return _mm256_fmadd_ps(own, y->of[m], _mm256_fmadd_ps(other, y->of[1 - m], t->of[m]));
}

static LANES __m256 step_state(unsigned order, unsigned m, const scan_matrix *a, const lanes *y, const lanes *t)
{
    return step_one(order, m, _mm256_broadcast_ss(&a->at[m][m]), _mm256_broadcast_ss(&a->at[m][1 - m]), y, t);
}

static LANES lanes step(unsigned order, const scan_matrix *a, const lanes *y, const lanes *t)
{
    lanes to = *t;
    to.of[0] = step_state(order, 0, a, y, t);
    if (order == 2)
        to.of[1] = step_state(order, 1, a, y, t);
    return to;
}

/* ---- turning ---- */

/* Four by four within each half: v[k] of elements k to... */
static LANES void turn_halves(__m256 v[SCAN_GROUP])
{
    for (unsigned k = 0; k < SCAN_GROUP; k += 4) {
        const __m256 a = _mm256_unpacklo_ps(v[k], v[k + 1]), b = _mm256_unpackhi_ps(v[k], v[k + 1]);
        const __m256 c = _mm256_unpacklo_ps(v[k + 2], v[k + 3]), d = _mm256_unpackhi_ps(v[k + 2], v[k + 3]);
        v[k] = _mm256_shuffle_ps(a, c, 0x44);
        v[k + 1] = _mm256_shuffle_ps(a, c, 0xEE);
        v[k + 2] = _mm256_shuffle_ps(b, d, 0x44);
        v[k + 3] = _mm256_shuffle_ps(b, d, 0xEE);
    }
}

/* Element j of each group in v[j]: rows are read as halves, which spares the exchange of halves. */
static LANES void read_turned(const float *x, __m256 v[SCAN_GROUP])
{
    for (unsigned k = 0; k < SCAN_GROUP; k++) {
        const float *row = x + k % 4 * SCAN_GROUP + k / 4 * 4;
        v[k] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row)), _mm_loadu_ps(row + 4 * SCAN_GROUP), 1);
    }
    turn_halves(v);
}

/* v[j] holds element j of each group; v[g] becomes group g. */
static LANES void turn_back(__m256 v[SCAN_GROUP])
{
    turn_halves(v);
    for (unsigned k = 0; k < 4; k++) {
        const __m256 low = v[k], high = v[k + 4];
        v[k] = _mm256_permute2f128_ps(low, high, 0x20);
        v[k + 4] = _mm256_permute2f128_ps(low, high, 0x31);
    }
}

/* ---- writing ---- */

/* All groups of one state, by elements; `begin` is what the tick began from. Behind the tick nothing is written. */
static LANES void write_groups(const __m256 v[SCAN_GROUP], __m256 begin, float *now, float *before)
{
    if (now)
        for (unsigned g = 0; g < SCAN_GROUP; g++)
            _mm256_storeu_ps(now + g * SCAN_GROUP, v[g]);
    if (!before)
        return;
    _mm_store_ss(before, _mm256_castps256_ps128(begin));
    for (unsigned g = 0; g + 1 < SCAN_GROUP; g++)
        _mm256_storeu_ps(before + g * SCAN_GROUP + 1, v[g]);
    const __m128 low = _mm256_castps256_ps128(v[SCAN_GROUP - 1]), high = _mm256_extractf128_ps(v[SCAN_GROUP - 1], 1);
    _mm_storeu_ps(before + SCAN_TICK - 7, low);
    _mm_storeu_ps(before + SCAN_TICK - 4, _mm_castsi128_ps(_mm_alignr_epi8(_mm_castps_si128(high), _mm_castps_si128(low), 12)));
}

/* ---- the tick ---- */

/* [0, low half]. */
static LANES __m256 half_up(__m256 v)
{
    return _mm256_permute2f128_ps(v, v, 0x08);
}

/* Lanes moved up by 1 and by 2, zeros behind them; `up` is half_up of it. */
static LANES __m256 up_1(__m256 v, __m256 up)
{
    return _mm256_castsi256_ps(_mm256_alignr_epi8(_mm256_castps_si256(v), _mm256_castps_si256(up), 12));
}

static LANES __m256 up_2(__m256 v, __m256 up)
{
    return _mm256_castsi256_ps(_mm256_alignr_epi8(_mm256_castps_si256(v), _mm256_castps_si256(up), 8));
}

/* Step 2, from z(g,7) to v3. */
static LANES lanes over_groups(unsigned order, const scan_powers *p, const lanes *last)
{
    lanes y, v;
    for (unsigned m = 0; m < order; m++) {
        const __m256 up = half_up(last->of[m]);
        v.of[m] = up_1(last->of[m], up);
        y.of[m] = up_2(last->of[m], up);
    }
    v = step(order, &p->over[0], &y, &v);
    for (unsigned m = 0; m < order; m++)
        y.of[m] = up_2(v.of[m], half_up(v.of[m]));
    v = step(order, &p->over[1], &y, &v);
    for (unsigned m = 0; m < order; m++)
        y.of[m] = half_up(v.of[m]);
    return step(order, &p->over[2], &y, &v);
}

/* What comes in at element j of each group. */
static LANES __m256 coming_in(unsigned inputs, unsigned m, const scan_powers *p, __m256 x, __m256 second)
{
    const __m256 first = _mm256_mul_ps(_mm256_broadcast_ss(&p->b.at[m][0]), x);
    return inputs == 1 ? first : _mm256_fmadd_ps(_mm256_broadcast_ss(&p->b.at[m][1]), second, first);
}

/* Step 1. */
static LANES lanes within_groups(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s, size_t at, __m256 z[SCAN_MOST][SCAN_GROUP])
{
    __m256 x[SCAN_MOST][SCAN_GROUP];
    lanes last, in;
    for (unsigned k = 0; k < inputs; k++)
        read_turned(s->x[k] + at, x[k]);
    for (unsigned j = 0; j < SCAN_GROUP; j++) {
        for (unsigned m = 0; m < order; m++)
            in.of[m] = coming_in(inputs, m, p, x[0][j], x[inputs - 1][j]);
        last = j ? step(order, &p->a, &last, &in) : in;
        for (unsigned m = 0; m < order; m++)
            z[m][j] = last.of[m];
    }
    return last;
}

/* The last lane in each. */
static LANES __m256 broadcast_last(__m256 v)
{
    return _mm256_permutevar8x32_ps(v, _mm256_set1_epi32(SCAN_GROUP - 1));
}

/* The states, each in all lanes: becomes 0 where it is to be flushed; `faults` collects those that were not finite. */
static LANES __m256 flushed(__m256 state, __m256 *faults)
{
    const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), state);
    const __m256 finite = _mm256_cmp_ps(magnitude, _mm256_set1_ps(FLT_MAX), _CMP_LE_OQ);
    *faults = _mm256_or_ps(*faults, _mm256_xor_ps(finite, _mm256_castsi256_ps(_mm256_set1_epi32(-1))));
    return _mm256_and_ps(state, _mm256_and_ps(finite, _mm256_cmp_ps(magnitude, _mm256_set1_ps(1e-30f), _CMP_GE_OQ)));
}

static LANES void wanted_rows(unsigned order, unsigned m, const scan_powers *p, const scan_streams *s, size_t at, const lanes *state, const lanes *begin,
                       const __m256 z[SCAN_GROUP])
{
    __m256 v[SCAN_GROUP];
    lanes t;
    for (unsigned j = 0; j < SCAN_GROUP; j++) {
        t.of[m] = z[j];
        v[j] = step_one(order, m, _mm256_broadcast_ss(&p->within[m][m][j]), _mm256_broadcast_ss(&p->within[m][1 - m][j]), begin, &t);
    }
    turn_back(v);
    write_groups(v, state->of[m], s->now[m] ? s->now[m] + at : NULL, s->before[m] ? s->before[m] + at : NULL);
}

static LANES lanes tick(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at, const lanes *state)
{
    __m256 z[SCAN_MOST][SCAN_GROUP];
    lanes last = within_groups(order, inputs, p, s, at, z), begin, next;
    const lanes v = over_groups(order, p, &last);
    for (unsigned m = 0; m < order; m++)
        begin.of[m] = step_one(order, m, _mm256_load_ps(p->across[m][m]), _mm256_load_ps(p->across[m][1 - m]), state, &v);
    for (unsigned m = 0; m < order; m++) {
        next.of[m] = broadcast_last(step_one(order, m, _mm256_broadcast_ss(&p->within[m][m][SCAN_GROUP - 1]),
                                             _mm256_broadcast_ss(&p->within[m][1 - m][SCAN_GROUP - 1]), &begin, &last));
        if (wanted >> m & 1)
            wanted_rows(order, m, p, s, at, state, &begin, z[m]);
    }
    return next;
}

/* Without streams: lanes are elements of one group. */
static LANES lanes constant_tick(unsigned order, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at, const lanes *state)
{
    _Alignas(32) float states[SCAN_MOST][SCAN_GROUP];
    lanes begin = {{_mm256_setzero_ps()}}, v, next;
    for (unsigned m = 0; m < order; m++)
        v.of[m] = _mm256_load_ps(p->carried[m]);
    for (unsigned m = 0; m < order; m++)
        _mm256_store_ps(states[m], step_one(order, m, _mm256_load_ps(p->across[m][m]), _mm256_load_ps(p->across[m][1 - m]), state, &v));
    for (unsigned m = 0; m < order; m++) {
        lanes z;
        __m256 row[SCAN_GROUP];
        z.of[m] = _mm256_load_ps(p->constant[m]);
        for (unsigned g = wanted >> m & 1 ? 0 : SCAN_GROUP - 1; g < SCAN_GROUP; g++) {
            for (unsigned k = 0; k < order; k++)
                begin.of[k] = _mm256_broadcast_ss(&states[k][g]);
            row[g] = step_one(order, m, _mm256_load_ps(p->within[m][m]), _mm256_load_ps(p->within[m][1 - m]), &begin, &z);
        }
        if (wanted >> m & 1)
            write_groups(row, state->of[m], s->now[m] ? s->now[m] + at : NULL, s->before[m] ? s->before[m] + at : NULL);
        next.of[m] = broadcast_last(row[SCAN_GROUP - 1]);
    }
    return next;
}

static LANES unsigned scan_ticks(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const scan_streams *s,
                                 uint32_t ticks, float *state, unsigned flush)
{
    __m256 faults[SCAN_MOST];
    lanes now;
    unsigned found = 0;
    for (unsigned m = 0; m < order; m++) {
        now.of[m] = _mm256_broadcast_ss(&state[m]);
        faults[m] = _mm256_setzero_ps();
    }
    for (size_t at = 0; at < (size_t)ticks * SCAN_TICK; at += SCAN_TICK) {
        for (unsigned m = 0; m < order; m++)
            if (flush >> m & 1)
                now.of[m] = flushed(now.of[m], &faults[m]);
        now = inputs ? tick(order, inputs, wanted, p, s, at, &now) : constant_tick(order, wanted, p, s, at, &now);
    }
    for (unsigned m = 0; m < order; m++) {
        _mm_store_ss(&state[m], _mm256_castps256_ps128(now.of[m]));
        found |= _mm256_movemask_ps(faults[m]) ? 1u << m : 0;
    }
    return found;
}

typedef unsigned version(const scan_powers *, const scan_streams *, uint32_t, float *, unsigned);

#define VERSION(order, inputs, wanted)                                                                                                               \
    static TARGET unsigned scan_##order##_##inputs##_##wanted(const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state, unsigned flush) \
    {                                                                                                                                                \
        return scan_ticks(order, inputs, wanted, p, s, ticks, state, flush);                                                                         \
    }
VERSION(1, 0, 0)
VERSION(1, 0, 1)
VERSION(1, 1, 0)
VERSION(1, 1, 1)
VERSION(1, 2, 0)
VERSION(1, 2, 1)
VERSION(2, 0, 0)
VERSION(2, 0, 1)
VERSION(2, 0, 2)
VERSION(2, 0, 3)
VERSION(2, 1, 0)
VERSION(2, 1, 1)
VERSION(2, 1, 2)
VERSION(2, 1, 3)
VERSION(2, 2, 0)
VERSION(2, 2, 1)
VERSION(2, 2, 2)
VERSION(2, 2, 3)

static TARGET unsigned scan_plain(const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state, unsigned flush)
{
    return scan_one_by_one(p, s, ticks, state, flush);
}

unsigned sn_scan_ticks_avx2(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush)
{
    static version *const first[3][2] = {{scan_1_0_0, scan_1_0_1}, {scan_1_1_0, scan_1_1_1}, {scan_1_2_0, scan_1_2_1}};
    static version *const second[3][4] = {{scan_2_0_0, scan_2_0_1, scan_2_0_2, scan_2_0_3},
                                          {scan_2_1_0, scan_2_1_1, scan_2_1_2, scan_2_1_3},
                                          {scan_2_2_0, scan_2_2_1, scan_2_2_2, scan_2_2_3}};
    unsigned wanted = 0;
    for (unsigned m = 0; m < p->order; m++)
        wanted |= s->now[m] || s->before[m] ? 1u << m : 0;
    version *const run = p->plain ? scan_plain : p->order == 1 ? first[p->inputs][wanted] : second[p->inputs][wanted];
    return run(p, s, ticks, state, flush);
}
#else
typedef int sn_scan_no_avx2; /* a file must not be empty */
#endif
