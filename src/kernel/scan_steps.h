/* What the versions of the scan (scan.h) share: the matrix product, the flush, and the elements one after the other. Inlined into functions of any target,
 * where __builtin_fmaf becomes that target's instruction. Included only by the scan*.c files. */
#ifndef SN_KERNEL_SCAN_STEPS_H
#define SN_KERNEL_SCAN_STEPS_H

#include "kernel/scan.h"

#include <float.h>
#include <string.h>

#define SCAN_INLINE inline __attribute__((always_inline, unused))

/* For processors with AVX2 and FMA, and with CPU_X64_AVX512; the second of powers that are not `plain`. */
unsigned sn_scan_ticks_avx2(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush);
unsigned sn_scan_ticks_avx512(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush);

void sn_scan_walk_avx2(const scan_powers *p, scan_walk *w, const scan_streams *s, uint32_t until, const float state[SCAN_MOST]);

/* to = A y + t; `to` may be `y` or `t`. */
static SCAN_INLINE void scan_step(unsigned order, const scan_matrix *a, const float *y, const float *t, float *to)
{
    if (order == 1) {
        to[0] = __builtin_fmaf(a->at[0][0], y[0], t[0]);
    } else {
        const float first = __builtin_fmaf(a->at[0][0], y[0], __builtin_fmaf(a->at[0][1], y[1], t[0]));
        to[1] = __builtin_fmaf(a->at[1][1], y[1], __builtin_fmaf(a->at[1][0], y[0], t[1]));
        to[0] = first;
    }
}

/* What comes in at one element. */
static SCAN_INLINE void scan_input(unsigned order, unsigned inputs, const scan_matrix *b, const scan_streams *s, size_t i, float *to)
{
    for (unsigned m = 0; m < order; m++)
        to[m] = inputs == 0   ? b->at[m][0]
                : inputs == 1 ? b->at[m][0] * s->x[0][i]
                              : __builtin_fmaf(b->at[m][1], s->x[1][i], b->at[m][0] * s->x[0][i]);
}

/* At a tick's beginning; returns the bits of the states that were not finite. */
static SCAN_INLINE unsigned scan_flush(unsigned order, float *state, unsigned flush)
{
    unsigned faults = 0;
    for (unsigned m = 0; m < order; m++) {
        const float magnitude = __builtin_fabsf(state[m]);
        if (!(flush >> m & 1) || (magnitude >= 1e-30f && magnitude <= FLT_MAX))
            continue;
        faults |= magnitude <= FLT_MAX ? 0 : 1u << m;
        state[m] = 0;
    }
    return faults;
}

/* One after the other, where powers are too large. */
static SCAN_INLINE unsigned scan_plainly(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s,
                                         uint32_t ticks, float *state, unsigned flush)
{
    float now[SCAN_MOST] = {0}, in[SCAN_MOST];
    unsigned faults = 0;
    memcpy(now, state, order * sizeof *now);
    for (size_t i = 0; i < (size_t)ticks * SCAN_TICK; i++) {
        if (i % SCAN_TICK == 0)
            faults |= scan_flush(order, now, flush);
        for (unsigned m = 0; m < order; m++)
            if (s->before[m])
                s->before[m][i] = now[m];
        scan_input(order, inputs, &p->b, s, i, in);
        scan_step(order, &p->a, now, in, now);
        for (unsigned m = 0; m < order; m++)
            if (s->now[m])
                s->now[m][i] = now[m];
    }
    memcpy(state, now, order * sizeof *now);
    return faults;
}

/* The same by what is to be done, so that the loop has neither in it. */
static SCAN_INLINE unsigned scan_one_by_one(const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state, unsigned flush)
{
    if (p->order == 1)
        return p->inputs == 0   ? scan_plainly(1, 0, p, s, ticks, state, flush)
               : p->inputs == 1 ? scan_plainly(1, 1, p, s, ticks, state, flush)
                                : scan_plainly(1, 2, p, s, ticks, state, flush);
    return p->inputs == 0   ? scan_plainly(2, 0, p, s, ticks, state, flush)
           : p->inputs == 1 ? scan_plainly(2, 1, p, s, ticks, state, flush)
                            : scan_plainly(2, 2, p, s, ticks, state, flush);
}

/* ---- a tick, few elements at a time ---- */

/* z(g,j) of one stream, from the group's first element on. */
static SCAN_INLINE float scan_from_zero(const float c[SCAN_GROUP], const float *x, unsigned j)
{
    if (j == 0)
        return c[0] * x[0];
    if (j == 1)
        return __builtin_fmaf(c[0], x[1], c[1] * x[0]);
    if (j == 2)
        return __builtin_fmaf(c[0], x[2], __builtin_fmaf(c[1], x[1], c[2] * x[0]));
    return __builtin_fmaf(c[2], x[1], c[3] * x[0]) + __builtin_fmaf(c[0], x[3], c[1] * x[2]);
}

static SCAN_INLINE scan_matrix scan_across(unsigned order, const scan_powers *p, unsigned g)
{
    scan_matrix a = {{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < order; c++)
            a.at[r][c] = p->across[r][c][sn_scan_lane(g)];
    return a;
}

static SCAN_INLINE scan_matrix scan_within(unsigned order, const scan_powers *p, unsigned j)
{
    scan_matrix a = {{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < order; c++)
            a.at[r][c] = p->within[r][c][j];
    return a;
}

/* Steps 2: w->begin becomes S_g. */
static SCAN_INLINE void scan_begin_group(unsigned order, const scan_powers *p, scan_walk *w, unsigned g, const float *state)
{
    static const float none[SCAN_MOST];
    const scan_matrix a = scan_across(order, p, g);
    float t[SCAN_MOST] = {0};
    for (unsigned m = 0; m < order; m++)
        w->over[0][g][m] = g ? w->z[m] : 0;
    for (unsigned level = 0; level < 3; level++) {
        const unsigned by = 1u << level;
        scan_step(order, &p->over[level], g < by ? none : w->over[level][g - by], w->over[level][g], w->over[level + 1][g]);
    }
    if (order == 1) {
        t[0] = w->over[3][g][0] + a.at[0][0] * state[0];
    } else {
        t[0] = w->over[3][g][0] + __builtin_fmaf(a.at[0][0], state[0], a.at[0][1] * state[1]);
        t[1] = w->over[3][g][1] + __builtin_fmaf(a.at[1][1], state[1], a.at[1][0] * state[0]);
    }
    scan_step(order, &p->over[3], g < 8 ? none : w->over[3][g - 8], t, w->begin);
}

static SCAN_INLINE void scan_walk_on(unsigned order, unsigned inputs, const scan_powers *p, scan_walk *w, const scan_streams *s, uint32_t until,
                                     const float *state)
{
    const unsigned from = w->done;
    if (from == 0)
        memcpy(w->last, state, order * sizeof *state);
    for (unsigned e = from; e < until; e++) {
        const unsigned g = e / SCAN_GROUP, j = e % SCAN_GROUP;
        float now[SCAN_MOST];
        for (unsigned m = 0; m < order; m++)
            if (s->before[m])
                s->before[m][e - from] = w->last[m];
        if (p->plain) {
            float in[SCAN_MOST];
            scan_input(order, inputs, &p->b, s, e, in);
            scan_step(order, &p->a, w->last, in, now);
        } else {
            if (j == 0)
                scan_begin_group(order, p, w, g, state);
            for (unsigned m = 0; m < order; m++) {
                w->z[m] = inputs ? scan_from_zero(p->in[m][0], s->x[0] + e - j, j) : p->constant[m][j];
                if (inputs == 2)
                    w->z[m] = w->z[m] + scan_from_zero(p->in[m][1], s->x[1] + e - j, j);
            }
            const scan_matrix a = scan_within(order, p, j);
            scan_step(order, &a, w->begin, w->z, now);
        }
        for (unsigned m = 0; m < order; m++) {
            w->last[m] = now[m];
            if (s->now[m])
                s->now[m][e - from] = now[m];
        }
    }
    w->done = until;
}

static SCAN_INLINE void scan_walk_by(const scan_powers *p, scan_walk *w, const scan_streams *s, uint32_t until, const float *state)
{
    if (p->order == 1)
        scan_walk_on(1, p->inputs, p, w, s, until, state);
    else
        scan_walk_on(2, p->inputs, p, w, s, until, state);
}

#endif
