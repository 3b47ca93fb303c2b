/* Linear recurrences of order 1 and 2 whose coefficients rest, over whole ticks, in lanes.
 *
 *     s[i] = A s[i-1] + B x[i]        s: 1 or 2 values, x: 1 or 2 streams, or none, which stands for x = 1
 *
 * One element after the other this takes two fused operations an element for each state, of which each waits for the last: 8 cycles or more. But the state is
 * linear in what it was before, so that a tick of 64 elements can be cut into 8 groups of 8 that begin from zero all at once (a lane each), and what lies
 * before each group be added afterwards as a power of A: a scan of two levels. Ticks are those of the stream's absolute index, so the bits do not depend on
 * how calls are cut, as long as nothing but whole ticks comes here.
 *
 * The arithmetic, which every version follows bit for bit (a NaN is any NaN). All of it is f32, each step one product or one fused operation, rounded once. The
 * element e of a tick is (g, j) = (e / 8, e % 8); A y + t, of a matrix and vectors, is everywhere
 *
 *     order 1   fma(a11, y1, t1)
 *     order 2   fma(a11, y1, fma(a12, y2, t1))
 *               fma(a22, y2, fma(a21, y1, t2))
 *
 * and u, what comes in, is b_m1 x1 for one stream, fma(b_m2, x2, b_m1 x1) for two, b_m1 for none.
 *
 *   1. Within groups, from zero:    z(g,0) = u(g,0), z(g,j) = A z(g,j-1) + u(g,j)
 *   2. Over groups, exclusive, in three steps (Kogge and Stone), where lanes that are not there are +0 and take part like any other, so that signs
 *      of zeros are no matter of the version:
 *          e_g = z(g-1,7)    v1_g = A^8 e_(g-1) + e_g    v2_g = A^16 v1_(g-2) + v1_g    v3_g = A^32 v2_(g-4) + v2_g
 *   3. From the state S at the tick's beginning:    S_g = A^(8g) S + v3_g
 *   4. The elements:    s(g,j) = A^(j+1) S_g + z(g,j)
 *
 * The state of the next tick is s(7,7). From tick to tick only step 3 of the last group and step 4 of its last element wait for each other: everything else of
 * a tick overlaps with those before it.
 *
 * Powers of A are computed in f64, by repeated multiplication (A^(n+1) = A^n A, A^(8g+8) = A^(8g) A^8), and rounded to f32 once: an f32 power of a power would
 * err by as many roundings, and poles close to 1 are what filters are made of. Where one of them (A to A^8, or A^8 to A^56) is not finite or has an entry of a
 * magnitude above 1e6, sums of large values of opposite signs would cancel, or infinities meet zeros: then elements are computed one after the other, s = A s'
 * + u with the same A y + t.
 *
 * What it errs by, as root mean square and against f64 (tests/scan_test.c measures it): 0.1 to 1.2 times what the plain f32 recurrence errs by, for one-pole
 * and state variable filters of all cutoffs and qualities up to 200, as a value goes through at most 12 steps of a tick instead of 64. In direct form (s1' = p
 * s1 + q s2 + u, s2' = s1) with both poles close to 1, up to 5 times: the entries of A^n are near n there, of opposite signs, and what counts is their
 * difference.
 *
 * No locks, no memory, no system calls: both functions may be called from real-time threads. The floating-point mode must be the default one. */
#ifndef SN_KERNEL_SCAN_H
#define SN_KERNEL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

enum { SCAN_TICK = 64, SCAN_GROUP = 8, SCAN_MOST = 2 };

/* Any value is allowed; entries beyond `order` and `inputs` are not looked at. */
typedef struct scan_coefficients {
    double a[SCAN_MOST][SCAN_MOST], b[SCAN_MOST][SCAN_MOST]; /* rows: the states; b's columns: the streams */
    uint8_t order;  /* 1 or 2 */
    uint8_t inputs; /* 0 (then x is 1, and what is added is b's first column), 1 or 2 */
} scan_coefficients;

typedef struct scan_matrix {
    float at[SCAN_MOST][SCAN_MOST];
} scan_matrix;

/* What the lanes need of them. To be copied like any value; it holds no address. */
typedef struct scan_powers {
    _Alignas(32) float within[SCAN_MOST][SCAN_MOST][SCAN_GROUP]; /* A^(j+1), by j */
    float across[SCAN_MOST][SCAN_MOST][SCAN_GROUP];              /* A^(8g), by g */
    float constant[SCAN_MOST][SCAN_GROUP]; /* z(g,j), by j, where nothing comes in from streams: it is the same in each group */
    float carried[SCAN_MOST][SCAN_GROUP];  /* v3, by g, then */
    scan_matrix a, b;
    scan_matrix over[3]; /* A^8, A^16, A^32 */
    uint8_t order, inputs;
    bool plain; /* some power is too large: one element after the other */
} scan_powers;

void sn_scan_prepare(scan_powers *to, const scan_coefficients *c);

/* Of `ticks` whole ticks. Of any alignment; what is written overlaps with nothing else. Streams beyond `inputs` and states beyond `order` are not looked at. */
typedef struct scan_streams {
    const float *x[SCAN_MOST];
    float *now[SCAN_MOST];    /* state m of element i; NULL: not wanted */
    float *before[SCAN_MOST]; /* that of element i-1, at a tick's first element the state that it begins from (flushed); NULL: not wanted */
} scan_streams;

/* `ticks` ticks of 64 elements, from a tick's border on. `state`: before the first element, and then of the last one. Bit m of `flush`: at each tick's
 * beginning, before it is used, state m becomes +0 where its magnitude is below 1e-30 or it is not finite. Returns the bits of those that were not finite at
 * some tick. */
unsigned sn_scan_ticks(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush);

#endif
