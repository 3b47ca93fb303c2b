/* The scan of linear recurrences: what is prepared, the version for any processor, and which version runs.
 *
 * The portable version computes what scan.h says with arrays of 8 in the place of vectors, a loop over the groups around each step, which compilers turn into
 * vector code where the processor's base has a fused operation (AArch64). Where it has none, as x86-64's has not, the C library's fmaf rounds as well, slowly.
 *
 * The features are asked for with each call, which reads one word, rather than kept with the powers: those are plain numbers, to be copied anywhere. */
#include "kernel/scan.h"

#include "base/cpu.h"
#include "kernel/scan_steps.h"

/* ---- preparing ---- */

typedef struct matrix {
    double at[SCAN_MOST][SCAN_MOST];
} matrix;

static matrix product(unsigned order, const matrix *x, const matrix *y)
{
    matrix z = {{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < order; c++)
            z.at[r][c] = order == 1 ? x->at[r][0] * y->at[0][c] : x->at[r][0] * y->at[0][c] + x->at[r][1] * y->at[1][c];
    return z;
}

/* Rounds it to f32 at element k of each of `to`'s rows; true if it is too large, or no number. */
static bool store_power(unsigned order, const matrix *x, float to[SCAN_MOST][SCAN_MOST][SCAN_GROUP], unsigned k)
{
    bool large = false;
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < order; c++) {
            large |= !(__builtin_fabs(x->at[r][c]) <= 1e6);
            to[r][c][k] = (float)x->at[r][c];
        }
    return large;
}

/* Element k of each row as a matrix. */
static SCAN_INLINE scan_matrix take_power(unsigned order, const float from[SCAN_MOST][SCAN_MOST][SCAN_GROUP], unsigned k)
{
    scan_matrix to = {{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < order; c++)
            to.at[r][c] = from[r][c][k];
    return to;
}

/* Step 2 over the lanes of `last`, z(g,7); to v3. */
static SCAN_INLINE void scan_groups(unsigned order, const scan_matrix over[3], float last[SCAN_MOST][SCAN_GROUP], float to[SCAN_MOST][SCAN_GROUP])
{
    float v[SCAN_MOST][4 + SCAN_GROUP] = {{0}}; /* zeros where no group is */
    for (unsigned m = 0; m < order; m++)
        for (unsigned g = 1; g < SCAN_GROUP; g++)
            v[m][4 + g] = last[m][g - 1];
    for (unsigned level = 0; level < 3; level++) {
        float next[SCAN_MOST][SCAN_GROUP];
        for (unsigned g = 0; g < SCAN_GROUP; g++) {
            float y[SCAN_MOST], t[SCAN_MOST];
            for (unsigned m = 0; m < order; m++) {
                y[m] = v[m][4 + g - (1u << level)];
                t[m] = v[m][4 + g];
            }
            scan_step(order, &over[level], y, t, t);
            for (unsigned m = 0; m < order; m++)
                next[m][g] = t[m];
        }
        for (unsigned m = 0; m < order; m++)
            memcpy(v[m] + 4, next[m], sizeof next[m]);
    }
    for (unsigned m = 0; m < order; m++)
        memcpy(to[m], v[m] + 4, sizeof to[m]);
}

/* Steps 1 and 2 of streams that are not there. */
static void prepare_constant(scan_powers *to, unsigned order)
{
    float z[SCAN_MOST], in[SCAN_MOST], last[SCAN_MOST][SCAN_GROUP];
    scan_input(order, 0, &to->b, NULL, 0, in);
    for (unsigned j = 0; j < SCAN_GROUP; j++) {
        if (j == 0)
            memcpy(z, in, sizeof z);
        else
            scan_step(order, &to->a, z, in, z);
        for (unsigned m = 0; m < order; m++)
            to->constant[m][j] = z[m];
    }
    for (unsigned m = 0; m < order; m++)
        for (unsigned g = 0; g < SCAN_GROUP; g++)
            last[m][g] = z[m];
    scan_groups(order, to->over, last, to->carried);
}

void sn_scan_prepare(scan_powers *to, const scan_coefficients *c)
{
    const unsigned order = c->order;
    const scan_powers *from = to;
    matrix a = {{{0}}}, power = {{{0}}};
    memset(to, 0, sizeof *to);
    to->order = c->order;
    to->inputs = c->inputs;
    for (unsigned r = 0; r < order; r++) {
        for (unsigned k = 0; k < order; k++) {
            a.at[r][k] = c->a[r][k];
            to->a.at[r][k] = (float)c->a[r][k];
        }
        for (unsigned k = 0; k < (c->inputs ? c->inputs : 1u); k++)
            to->b.at[r][k] = (float)c->b[r][k];
        power.at[r][r] = 1;
    }
    store_power(order, &power, to->across, 0);
    power = a;
    to->plain = store_power(order, &power, to->within, 0);
    for (unsigned j = 1; j < SCAN_GROUP; j++) {
        power = product(order, &power, &a);
        to->plain |= store_power(order, &power, to->within, j);
    }
    const matrix eighth = power;
    for (unsigned g = 1; g < SCAN_GROUP; g++) {
        if (g > 1)
            power = product(order, &power, &eighth);
        to->plain |= store_power(order, &power, to->across, g);
    }
    for (unsigned level = 0; level < 3; level++)
        to->over[level] = take_power(order, from->across, 1u << level);
    if (!c->inputs && !to->plain)
        prepare_constant(to, order);
}

/* ---- the portable version ---- */

/* A y + t in every lane. */
static SCAN_INLINE void step_lanes(unsigned order, const scan_matrix *a, float y[SCAN_MOST][SCAN_GROUP], float t[SCAN_MOST][SCAN_GROUP],
                            float to[SCAN_MOST][SCAN_GROUP])
{
    for (unsigned g = 0; g < SCAN_GROUP; g++) {
        const float first = y[0][g], second = order == 2 ? y[1][g] : 0;
        if (order == 2) {
            to[0][g] = __builtin_fmaf(a->at[0][0], first, __builtin_fmaf(a->at[0][1], second, t[0][g]));
            to[1][g] = __builtin_fmaf(a->at[1][1], second, __builtin_fmaf(a->at[1][0], first, t[1][g]));
        } else {
            to[0][g] = __builtin_fmaf(a->at[0][0], first, t[0][g]);
        }
    }
}

/* Step 1 of the tick that begins at element `at`, by j and g, and step 2. */
static SCAN_INLINE void add_streams(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s, size_t at,
                                    float z[SCAN_GROUP][SCAN_MOST][SCAN_GROUP], float v[SCAN_MOST][SCAN_GROUP])
{
    if (!inputs) {
        for (unsigned m = 0; m < order; m++) {
            for (unsigned j = 0; j < SCAN_GROUP; j++)
                for (unsigned g = 0; g < SCAN_GROUP; g++)
                    z[j][m][g] = p->constant[m][j];
            memcpy(v[m], p->carried[m], sizeof v[m]);
        }
        return;
    }
    for (unsigned j = 0; j < SCAN_GROUP; j++) {
        for (unsigned g = 0; g < SCAN_GROUP; g++) {
            float in[SCAN_MOST];
            scan_input(order, inputs, &p->b, s, at + g * SCAN_GROUP + j, in);
            for (unsigned m = 0; m < order; m++)
                z[j][m][g] = in[m];
        }
        if (j)
            step_lanes(order, &p->a, z[j - 1], z[j], z[j]);
    }
    scan_groups(order, p->over, z[SCAN_GROUP - 1], v);
}

/* Steps 3 and 4: z becomes s. */
static SCAN_INLINE void add_state(unsigned order, const scan_powers *p, const float *state, float z[SCAN_GROUP][SCAN_MOST][SCAN_GROUP],
                                  float v[SCAN_MOST][SCAN_GROUP])
{
    for (unsigned g = 0; g < SCAN_GROUP; g++) {
        float t[SCAN_MOST];
        for (unsigned m = 0; m < order; m++)
            t[m] = v[m][g];
        const scan_matrix a = take_power(order, p->across, g);
        scan_step(order, &a, state, t, t);
        for (unsigned m = 0; m < order; m++)
            v[m][g] = t[m];
    }
    for (unsigned j = 0; j < SCAN_GROUP; j++) {
        const scan_matrix a = take_power(order, p->within, j);
        step_lanes(order, &a, v, z[j], z[j]);
    }
}

static SCAN_INLINE unsigned scan_ticks(unsigned order, unsigned inputs, const scan_powers *p, const scan_streams *s,
                                       uint32_t ticks, float *state, unsigned flush)
{
    unsigned faults = 0;
    for (size_t at = 0; at < (size_t)ticks * SCAN_TICK; at += SCAN_TICK) {
        float z[SCAN_GROUP][SCAN_MOST][SCAN_GROUP], v[SCAN_MOST][SCAN_GROUP];
        faults |= scan_flush(order, state, flush);
        add_streams(order, inputs, p, s, at, z, v);
        add_state(order, p, state, z, v);
        for (unsigned m = 0; m < order; m++) {
            if (s->before[m])
                s->before[m][at] = state[m];
            for (unsigned e = 0; e < SCAN_TICK; e++) {
                const float value = z[e % SCAN_GROUP][m][e / SCAN_GROUP];
                if (s->now[m])
                    s->now[m][at + e] = value;
                if (s->before[m] && e + 1 < SCAN_TICK)
                    s->before[m][at + e + 1] = value;
            }
            state[m] = z[SCAN_GROUP - 1][m][SCAN_GROUP - 1];
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
    if ((sn_cpu_features() & CPU_X64_AVX2) == CPU_X64_AVX2)
        return sn_scan_ticks_avx2(p, s, ticks, state, flush);
#endif
    return scan_portably(p, s, ticks, state, flush);
}
