/* The scan of linear recurrences: what is prepared, the version for any processor, and which version runs.
 *
 * The portable version computes what scan.h says with arrays of 16 in the place of vectors, a loop over the groups around each step, which compilers turn into
 * vector code where the processor's base has a fused operation (AArch64). Where it has none, as x86-64's has not, the C library's fmaf rounds as well, slowly.
 *
 * The features are asked for with each call, which reads one word, rather than kept with the powers: those are plain numbers, to be copied anywhere. */
#include "kernel/scan.h"

#include "base/cpu.h"
#include "kernel/scan_steps.h"

/* ---- matrices ---- */

typedef struct matrix {
    double at[SCAN_MOST][SCAN_MOST];
} matrix;

/* x y, of which y has so many columns. */
static SCAN_INLINE matrix product(unsigned order, unsigned columns, const matrix *x, const matrix *y)
{
    matrix z = {{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < columns; c++)
            z.at[r][c] = order == 1 ? x->at[r][0] * y->at[0][c] : x->at[r][0] * y->at[0][c] + x->at[r][1] * y->at[1][c];
    return z;
}

/* Rounds it to f32; true where an entry is above `most`, or no number. */
static SCAN_INLINE bool rounded(unsigned order, unsigned columns, const matrix *x, double most, scan_matrix *to)
{
    bool large = false;
    *to = (scan_matrix){{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < columns; c++) {
            large |= !(__builtin_fabs(x->at[r][c]) <= most);
            to->at[r][c] = __builtin_fabs(x->at[r][c]) < 1e-30 ? 0 : (float)x->at[r][c];
        }
    return large;
}

/* At element k of each row of `to`; `width` elements a row. */
static SCAN_INLINE void put(const scan_matrix *x, float *to, unsigned width, unsigned k)
{
    for (unsigned r = 0; r < SCAN_MOST; r++)
        for (unsigned c = 0; c < SCAN_MOST; c++)
            to[(r * SCAN_MOST + c) * width + k] = x->at[r][c];
}

static SCAN_INLINE scan_matrix take(const float *from, unsigned width, unsigned k)
{
    scan_matrix x;
    for (unsigned r = 0; r < SCAN_MOST; r++)
        for (unsigned c = 0; c < SCAN_MOST; c++)
            x.at[r][c] = from[(r * SCAN_MOST + c) * width + k];
    return x;
}

/* ---- the steps ---- */

typedef struct groups {
    float of[SCAN_MOST][SCAN_GROUPS];
} groups;

/* M y + t of so many groups; `to` may be `t`. */
static SCAN_INLINE void step_groups(unsigned order, unsigned count, const scan_matrix *a, const groups *y, const groups *t, groups *to)
{
    for (unsigned g = 0; g < count; g++) {
        if (order == 1) {
            to->of[0][g] = __builtin_fmaf(a->at[0][0], y->of[0][g], t->of[0][g]);
        } else {
            to->of[0][g] = __builtin_fmaf(a->at[0][0], y->of[0][g], __builtin_fmaf(a->at[0][1], y->of[1][g], t->of[0][g]));
            to->of[1][g] = __builtin_fmaf(a->at[1][1], y->of[1][g], __builtin_fmaf(a->at[1][0], y->of[0][g], t->of[1][g]));
        }
    }
}

/* z(g,j) of one stream. */
static SCAN_INLINE float from_zero(const float c[SCAN_GROUP], const float x[SCAN_GROUP], unsigned j)
{
    if (j == 0)
        return c[0] * x[0];
    if (j == 1)
        return __builtin_fmaf(c[0], x[1], c[1] * x[0]);
    if (j == 2)
        return __builtin_fmaf(c[0], x[2], __builtin_fmaf(c[1], x[1], c[2] * x[0]));
    return __builtin_fmaf(c[2], x[1], c[3] * x[0]) + __builtin_fmaf(c[0], x[3], c[1] * x[2]);
}

/* Step 1. */
static SCAN_INLINE void within_groups(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s, size_t at, groups z[SCAN_GROUP])
{
    for (unsigned j = 0; j < SCAN_GROUP; j++)
        for (unsigned m = 0; m < order; m++)
            for (unsigned g = 0; g < SCAN_GROUPS; g++) {
                const float first = from_zero(p->in[m][0], s->x[0] + at + g * SCAN_GROUP, j);
                z[j].of[m][g] = inputs == 1 ? first : first + from_zero(p->in[m][1], s->x[1] + at + g * SCAN_GROUP, j);
            }
}

/* Moved up by so many groups, zeros behind. */
static SCAN_INLINE groups moved_up(unsigned order, const groups *v, unsigned by)
{
    groups to;
    for (unsigned m = 0; m < order; m++)
        for (unsigned g = 0; g < SCAN_GROUPS; g++)
            to.of[m][g] = g < by ? 0 : v->of[m][g - by];
    return to;
}

/* Step 2 up to v3. */
static SCAN_INLINE groups over_groups(unsigned order, const scan_powers *p, const groups *last)
{
    groups v = moved_up(order, last, 1);
    for (unsigned level = 0; level < 3; level++) {
        const groups y = moved_up(order, &v, 1u << level);
        step_groups(order, SCAN_GROUPS, &p->over[level], &y, &v, &v);
    }
    return v;
}

/* The rest of it. */
static SCAN_INLINE groups with_state(unsigned order, const scan_powers *p, const float *state, const groups *v)
{
    const groups y = moved_up(order, v, 8);
    groups to;
    for (unsigned g = 0; g < SCAN_GROUPS; g++) {
        const scan_matrix q = take(&p->across[0][0][0], SCAN_GROUPS, sn_scan_lane(g));
        if (order == 1) {
            to.of[0][g] = v->of[0][g] + q.at[0][0] * state[0];
        } else {
            to.of[0][g] = v->of[0][g] + __builtin_fmaf(q.at[0][0], state[0], q.at[0][1] * state[1]);
            to.of[1][g] = v->of[1][g] + __builtin_fmaf(q.at[1][1], state[1], q.at[1][0] * state[0]);
        }
    }
    step_groups(order, SCAN_GROUPS, &p->over[3], &y, &to, &to);
    return to;
}

/* ---- preparing ---- */

/* Steps 1 and 2 of streams that are not there: groups differ only where some before them are not there either. */
static void prepare_constant(scan_powers *to, unsigned order)
{
    static const float ones[SCAN_GROUP] = {1, 1, 1, 1};
    groups v;
    for (unsigned m = 0; m < order; m++) {
        for (unsigned j = 0; j < SCAN_GROUP; j++)
            to->constant[m][j] = from_zero(to->in[m][0], ones, j);
        for (unsigned g = 0; g < SCAN_GROUPS; g++)
            v.of[m][g] = g ? to->constant[m][SCAN_GROUP - 1] : 0;
    }
    for (unsigned level = 0; level < 3; level++) {
        const unsigned alike = 2u << level;
        const groups y = moved_up(order, &v, 1u << level);
        step_groups(order, alike + 1, &to->over[level], &y, &v, &v);
        for (unsigned m = 0; m < order; m++)
            for (unsigned g = alike + 1; g < SCAN_GROUPS; g++)
                v.of[m][g] = v.of[m][alike];
    }
    for (unsigned m = 0; m < order; m++)
        for (unsigned g = 0; g < SCAN_GROUPS; g++)
            to->carried[m][sn_scan_lane(g)] = v.of[m][g];
}

/* A to A^4, and Ck; returns A^4. */
static SCAN_INLINE matrix prepare_groups(scan_powers *to, unsigned order, unsigned columns, const matrix *a, const matrix *b)
{
    matrix power = *a;
    scan_matrix x;
    to->plain |= rounded(order, columns, b, FLT_MAX, &to->b);
    put(&to->b, &to->in[0][0][0], SCAN_GROUP, 0);
    for (unsigned k = 1;; k++) {
        to->plain |= rounded(order, order, &power, 1e6, &x);
        put(&x, &to->within[0][0][0], SCAN_GROUP, k - 1);
        if (k == 1)
            to->a = x;
        if (k == SCAN_GROUP)
            return power;
        const matrix c = product(order, columns, &power, b);
        to->plain |= rounded(order, columns, &c, FLT_MAX, &x);
        put(&x, &to->in[0][0][0], SCAN_GROUP, k);
        power = product(order, order, &power, a);
    }
}

static SCAN_INLINE void prepare(scan_powers *to, unsigned order, unsigned columns, const scan_coefficients *c)
{
    matrix a = {{{0}}}, b = {{{0}}};
    scan_matrix x = {{{1, 0}, {0, 1}}};
    for (unsigned r = 0; r < order; r++) {
        for (unsigned k = 0; k < order; k++)
            a.at[r][k] = c->a[r][k];
        for (unsigned k = 0; k < columns; k++)
            b.at[r][k] = c->b[r][k];
    }
    const matrix fourth = prepare_groups(to, order, columns, &a, &b);
    matrix power = fourth;
    put(&x, &to->across[0][0][0], SCAN_GROUPS, 0);
    for (unsigned g = 1;; g++) {
        to->plain |= rounded(order, order, &power, 1e6, &x);
        put(&x, &to->across[0][0][0], SCAN_GROUPS, sn_scan_lane(g));
        if (!(g & (g - 1)))
            to->over[__builtin_ctz(g)] = x;
        if (g == SCAN_GROUPS - 1)
            break;
        power = product(order, order, &power, &fourth);
    }
}

void sn_scan_prepare(scan_powers *to, const scan_coefficients *c)
{
    memset(to, 0, sizeof *to);
    to->order = c->order;
    to->inputs = c->inputs;
    if (c->order == 1 && c->inputs < 2)
        prepare(to, 1, 1, c);
    else if (c->order == 1)
        prepare(to, 1, 2, c);
    else if (c->inputs < 2)
        prepare(to, 2, 1, c);
    else
        prepare(to, 2, 2, c);
    if (!c->inputs && !to->plain)
        prepare_constant(to, c->order);
}

/* ---- the portable version ---- */

static SCAN_INLINE void scan_tick(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s, size_t at, const float *state,
                                  groups z[SCAN_GROUP])
{
    groups v;
    if (inputs) {
        within_groups(order, inputs, p, s, at, z);
        v = over_groups(order, p, &z[SCAN_GROUP - 1]);
    } else {
        for (unsigned m = 0; m < order; m++)
            for (unsigned g = 0; g < SCAN_GROUPS; g++) {
                for (unsigned j = 0; j < SCAN_GROUP; j++)
                    z[j].of[m][g] = p->constant[m][j];
                v.of[m][g] = p->carried[m][sn_scan_lane(g)];
            }
    }
    v = with_state(order, p, state, &v);
    for (unsigned j = 0; j < SCAN_GROUP; j++) {
        const scan_matrix a = take(&p->within[0][0][0], SCAN_GROUP, j);
        step_groups(order, SCAN_GROUPS, &a, &v, &z[j], &z[j]);
    }
}

static SCAN_INLINE unsigned scan_ticks(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state,
                                        unsigned flush)
{
    unsigned faults = 0;
    for (size_t at = 0; at < (size_t)ticks * SCAN_TICK; at += SCAN_TICK) {
        groups z[SCAN_GROUP];
        faults |= scan_flush(order, state, flush);
        scan_tick(order, inputs, p, s, at, state, z);
        for (unsigned m = 0; m < order; m++) {
            if (s->before[m])
                s->before[m][at] = state[m];
            for (unsigned e = 0; e < SCAN_TICK; e++) {
                const float value = z[e % SCAN_GROUP].of[m][e / SCAN_GROUP];
                if (s->now[m])
                    s->now[m][at + e] = value;
                if (s->before[m] && e + 1 < SCAN_TICK)
                    s->before[m][at + e + 1] = value;
            }
            state[m] = z[SCAN_GROUP - 1].of[m][SCAN_GROUPS - 1];
        }
    }
    return faults;
}

static unsigned scan_portably(const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state, unsigned flush)
{
    if (p->plain)
        return scan_one_by_one(p, s, ticks, state, flush);
    if (p->order == 1)
        return p->inputs == 0   ? scan_ticks(1, 0, p, s, ticks, state, flush)
               : p->inputs == 1 ? scan_ticks(1, 1, p, s, ticks, state, flush)
                                : scan_ticks(1, 2, p, s, ticks, state, flush);
    return p->inputs == 0   ? scan_ticks(2, 0, p, s, ticks, state, flush)
           : p->inputs == 1 ? scan_ticks(2, 1, p, s, ticks, state, flush)
                            : scan_ticks(2, 2, p, s, ticks, state, flush);
}

unsigned sn_scan_ticks(const scan_powers *p, const scan_streams *s, uint32_t ticks, float state[SCAN_MOST], unsigned flush)
{
#if defined(__x86_64__)
    const uint32_t features = sn_cpu_features();
    if ((features & CPU_X64_AVX512) == CPU_X64_AVX512 && !p->plain)
        return sn_scan_ticks_avx512(p, s, ticks, state, flush);
    if ((features & CPU_X64_AVX2) == CPU_X64_AVX2)
        return sn_scan_ticks_avx2(p, s, ticks, state, flush);
#endif
    return scan_portably(p, s, ticks, state, flush);
}

void sn_scan_walk(const scan_powers *p, scan_walk *w, const scan_streams *s, uint32_t until, const float state[SCAN_MOST])
{
#if defined(__x86_64__)
    if ((sn_cpu_features() & CPU_X64_AVX2) == CPU_X64_AVX2) {
        sn_scan_walk_avx2(p, w, s, until, state);
        return;
    }
#endif
    scan_walk_by(p, w, s, until, state);
}
