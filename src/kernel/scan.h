/* Linear recurrences of order 1 and 2 whose coefficients rest, over whole ticks, in lanes.
 *
 *     s[i] = A s[i-1] + B x[i]        s: 1 or 2 values, x: 1 or 2 streams, or none, which stands for x = 1
 *
 * One element after the other this takes two fused operations an element for each state, of which each waits for the last: 8 cycles or more. But the state
 * is linear in what it was before, so that a tick of 64 elements can be cut into 16 groups of 4 that begin from zero all at once (a lane each), and what lies
 * before each group be added afterwards as a power of A: a scan of two levels. Ticks are those of the stream's absolute index, so the bits do not depend on
 * how calls are cut, as long as nothing but whole ticks comes here.
 *
 * The arithmetic, which every version follows bit for bit (a NaN is any NaN). All of it is f32, each step one product, one sum or one fused operation, rounded
 * once. The element e of a tick is (g, j) = (e / 4, e % 4). M y + t, of a matrix and vectors, is everywhere
 *
 *     order 1   fma(m11, y1, t1)
 *     order 2   fma(m11, y1, fma(m12, y2, t1))
 *               fma(m22, y2, fma(m21, y1, t2))
 *
 * and M y alone has the product in the place of the innermost fused operation: m11 y1, or fma(m11, y1, m12 y2) and fma(m22, y2, m21 y1).
 *
 *   1. Within groups, from zero. With Ck = A^k B, of each state and stream, and xk = x(g,k):
 *          z(g,0) = C0 x0                                  z(g,1) = fma(C0, x1, C1 x0)
 *          z(g,2) = fma(C0, x2, fma(C1, x1, C2 x0))        z(g,3) = fma(C2, x1, C3 x0) + fma(C0, x3, C1 x2)
 *      Of two streams, the sum of both, the first one's first. Without a stream, as of one that is 1 everywhere.
 *   2. Over groups, exclusive (Kogge and Stone), where lanes that are not there are +0 and take part like any other, so that signs of zeros are no
 *      matter of the version. From the state S at the tick's beginning, w_g = A^(4g) S, which is added before the last step:
 *          e_g = z(g-1,3)     v1_g = A^4 e_(g-1) + e_g     v2_g = A^8 v1_(g-2) + v1_g     v3_g = A^16 v2_(g-4) + v2_g
 *          S_g = A^32 v3_(g-8) + (v3_g + w_g)
 *   3. The elements:    s(g,j) = A^(j+1) S_g + z(g,j)
 *
 * The state of the next tick is s(15,3). From tick to tick only the product w, the last step and one element wait for each other: everything else of a tick
 * overlaps with those before it. Step 1 is written without recurrence because no state waits for the other then, and of a state that nobody wants only z(g,3)
 * is needed.
 *
 * Powers of A are computed in f64, by repeated multiplication (A^(n+1) = A^n A up to A^4, A^(4g+4) = A^(4g) A^4; entry by entry x11 y11 + x12 y21, not fused),
 * and rounded to f32 once: an f32 power of a power would err by as many roundings, and poles close to 1 are what filters are made of. Likewise Ck, of A^k and
 * B as f64; what is of a magnitude below 1e-30 becomes 0, as some processors are slow with subnormal factors. Where a power (A to A^4, A^4 to A^60) is not finite or has an entry of a magnitude above 1e6, or a Ck is beyond what f32 holds, sums of large
 * values of opposite signs would cancel, or infinities meet zeros: then elements are computed one after the other, s = A s' + u, u = B x: b_m1 x1, or
 * fma(b_m2, x2, b_m1 x1), or b_m1.
 *
 * What it errs by, as root mean square and against f64 (tests/scan_test.c measures it): 0.25 to 1.25 times what the plain f32 recurrence errs by, for one-pole
 * and state variable filters of all cutoffs and qualities up to 200, as a value goes through fewer steps. In direct form (s1' = p s1 + q s2 + u, s2' = s1) with
 * both poles close to 1 more: twice at a cutoff of 0.01 of the sample rate, 4 times at 0.002, 15 times at 0.0004, where it is 0.1 % of the signal. There the
 * entries of A^n are near n and of opposite signs, and rounding them moves the poles, as much as rounding p and q to f32 does. The planner hands over differences instead
 * (plan/linear_scans.c), d = s1 - s2, which err like the first kind.
 *
 * No locks, no memory, no system calls: all functions may be called from real-time threads. The floating-point mode must be the default one. */
#ifndef SN_KERNEL_SCAN_H
#define SN_KERNEL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

enum { SCAN_TICK = 64, SCAN_GROUP = 4, SCAN_GROUPS = SCAN_TICK / SCAN_GROUP, SCAN_MOST = 2 };

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
    _Alignas(32) float across[SCAN_MOST][SCAN_MOST][SCAN_GROUPS]; /* A^(4g), by lanes */
    float carried[SCAN_MOST][SCAN_GROUPS]; /* v3, by lanes, where nothing comes in from streams */
    float constant[SCAN_MOST][SCAN_GROUP]; /* z(g,j), by j, then: it is the same in each group */
    float within[SCAN_MOST][SCAN_MOST][SCAN_GROUP]; /* A^(j+1), by j */
    float in[SCAN_MOST][SCAN_MOST][SCAN_GROUP];     /* Ck of each state and stream, by k */
    scan_matrix a, b;
    scan_matrix over[4]; /* A^4, A^8, A^16, A^32 */
    uint8_t order, inputs;
    bool plain; /* some power is too large: one element after the other */
} scan_powers;

/* Lanes are not in the order of groups: a tick that is read as four rows of 16 elements and turned four by four comes to lie so, without an exchange of larger
 * parts. */
static inline unsigned sn_scan_lane(unsigned group)
{
    return group % 4 * 4 + group / 4;
}

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

/* A tick of which few elements come at a time: one after the other, some 20 cycles each, where a whole tick takes more than 100 however many are wanted. The same
 * arithmetic, the same bits; what it needs of the elements before is kept. */
typedef struct scan_walk {
    uint32_t done; /* elements of the tick; 0: it begins, and nothing else counts */
    float last[SCAN_MOST], z[SCAN_MOST], begin[SCAN_MOST]; /* of the last element its state and z; of its group S_g */
    float over[4][SCAN_GROUPS][SCAN_MOST]; /* e, v1, v2, v3, by g */
} scan_walk;

/* Elements from w->done to before `until`, at most 64, of a tick that begins from `state`, which is flushed. `x` has the tick's elements, `now` and `before` begin with that of
 * number w->done. */
void sn_scan_walk(const scan_powers *p, scan_walk *w, const scan_streams *s, uint32_t until, const float state[SCAN_MOST]);

#endif
