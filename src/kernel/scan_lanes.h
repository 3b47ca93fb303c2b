/* The scan (scan.h) in vectors whose lanes are the 16 groups of a tick. Included once by each of scan_avx512.c and scan_avx2.c, which say before what such a
 * vector is: one register, or two.
 *
 *     groups              the vector
 *     all(x)              one value in all lanes, from memory
 *     lanes_of(x)         16 values, one after the other
 *     fours_of(x)         4 values, four times over
 *     multiply, add, fused(a, b, c)
 *     up_1(v) ... up_8(v) moved up by so many groups, zeros behind
 *     turn(v)             four vectors, four by four: rows of 16 elements become vectors of element j of each group, or these become rows
 *     spread_row(v, r)    of groups 4r to 4r+3, each four times: what a row of elements begins from
 *     last(v)             the last group's in all lanes
 *     read_row(x), write_rows(v, begin, now, before)
 *     bits(v)             of the first lane
 *
 * A tick is about 100 instructions (twice as many of half the width), so that the processor's window holds several: what a tick costs where many follow each
 * other is how many they are, and where one is alone how long they wait for each other, about 90 cycles. */
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* A value for each state. */
typedef struct states {
    groups of[SCAN_MOST];
} states;

/* M y + t, of one state. */
static LANES groups step_state(unsigned order, unsigned m, const float *own, const float *other, const states *y, groups t)
{
    return order == 1 ? fused(all(own), y->of[0], t) : fused(all(own), y->of[m], fused(all(other), y->of[1 - m], t));
}

static LANES states step(unsigned order, const scan_matrix *a, const states *y, const states *t)
{
    states to = *t;
    UNROLLED
    for (unsigned m = 0; m < order; m++)
        to.of[m] = step_state(order, m, &a->at[m][m], &a->at[m][1 - m], y, t->of[m]);
    return to;
}

/* ---- streams ---- */

/* z(g,j) of one stream. */
static LANES groups from_zero(const float c[SCAN_GROUP], const groups x[SCAN_GROUP], unsigned j)
{
    if (j == 0)
        return multiply(all(&c[0]), x[0]);
    if (j == 1)
        return fused(all(&c[0]), x[1], multiply(all(&c[1]), x[0]));
    if (j == 2)
        return fused(all(&c[0]), x[2], fused(all(&c[1]), x[1], multiply(all(&c[2]), x[0])));
    return add(fused(all(&c[2]), x[1], multiply(all(&c[3]), x[0])), fused(all(&c[0]), x[3], multiply(all(&c[1]), x[2])));
}

/* Steps 1 and 2 up to v3; of states that nobody wants only z(g,3). */
static LANES states add_streams(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const float *const x[SCAN_MOST],
                                groups z[SCAN_MOST][SCAN_GROUP])
{
    groups in[SCAN_MOST][SCAN_GROUP];
    states v, y;
    UNROLLED
    for (unsigned k = 0; k < inputs; k++) {
        UNROLLED
        for (unsigned r = 0; r < SCAN_GROUP; r++)
            in[k][r] = read_row(x[k] + r * SCAN_GROUPS);
        turn(in[k]);
    }
    UNROLLED
    for (unsigned i = 0; i < SCAN_GROUP; i++) {
        const unsigned j = SCAN_GROUP - 1 - i;
        UNROLLED
        for (unsigned m = 0; m < order; m++)
            if (!i || (wanted >> m & 1)) {
                z[m][j] = from_zero(p->in[m][0], in[0], j);
                if (inputs == 2)
                    z[m][j] = add(z[m][j], from_zero(p->in[m][1], in[1], j));
            }
    }
    UNROLLED
    for (unsigned m = 0; m < order; m++) {
        v.of[m] = up_1(z[m][SCAN_GROUP - 1]);
        y.of[m] = up_2(z[m][SCAN_GROUP - 1]);
    }
    v = step(order, &p->over[0], &y, &v);
    UNROLLED
    for (unsigned m = 0; m < order; m++)
        y.of[m] = up_2(v.of[m]);
    v = step(order, &p->over[1], &y, &v);
    UNROLLED
    for (unsigned m = 0; m < order; m++)
        y.of[m] = up_4(v.of[m]);
    return step(order, &p->over[2], &y, &v);
}

/* ---- states ---- */

/* The rest of step 2. */
static LANES states with_state(unsigned order, const scan_powers *p, const states *state, const states *v)
{
    states t, y;
    UNROLLED
    for (unsigned m = 0; m < order; m++) {
        const groups own = lanes_of(p->across[m][m]);
        const groups w = order == 1 ? multiply(own, state->of[0])
                                    : fused(own, state->of[m], multiply(lanes_of(p->across[m][1 - m]), state->of[1 - m]));
        t.of[m] = add(v->of[m], w);
        y.of[m] = up_8(v->of[m]);
    }
    return step(order, &p->over[3], &y, &t);
}

/* Step 3; returns the state behind the tick. */
static LANES states stream_tick(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at, const states *state)
{
    const float *const x[SCAN_MOST] = {s->x[0] + at, inputs == 2 ? s->x[1] + at : NULL};
    groups z[SCAN_MOST][SCAN_GROUP];
    states next, v = add_streams(order, inputs, wanted, p, x, z);
    v = with_state(order, p, state, &v);
    UNROLLED
    for (unsigned m = 0; m < order; m++) {
        groups row[SCAN_GROUP];
        UNROLLED
        for (unsigned i = 0; i < SCAN_GROUP; i++) {
            const unsigned j = SCAN_GROUP - 1 - i;
            if (!i || (wanted >> m & 1))
                row[j] = step_state(order, m, &p->within[m][m][j], &p->within[m][1 - m][j], &v, z[m][j]);
        }
        next.of[m] = last(row[SCAN_GROUP - 1]);
        if (wanted >> m & 1) {
            turn(row);
            write_rows(row, state->of[m], s->now[m] ? s->now[m] + at : NULL, s->before[m] ? s->before[m] + at : NULL);
        }
    }
    return next;
}

/* Without streams nothing is turned: every element of a row is a power of what its group begins from. */
static LANES states constant_tick(unsigned order, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at, const states *state)
{
    states v, next;
    UNROLLED
    for (unsigned m = 0; m < order; m++)
        v.of[m] = lanes_of(p->carried[m]);
    v = with_state(order, p, state, &v);
    UNROLLED
    for (unsigned m = 0; m < order; m++) {
        const groups z = fours_of(p->constant[m]);
        groups row[SCAN_GROUP];
        UNROLLED
        for (unsigned i = 0; i < SCAN_GROUP; i++) {
            const unsigned r = SCAN_GROUP - 1 - i;
            if (i && !(wanted >> m & 1))
                continue;
            row[r] = z;
            if (order == 2)
                row[r] = fused(fours_of(p->within[m][1 - m]), spread_row(v.of[1 - m], r), z);
            row[r] = fused(fours_of(p->within[m][m]), spread_row(v.of[m], r), row[r]);
        }
        next.of[m] = last(row[SCAN_GROUP - 1]);
        if (wanted >> m & 1)
            write_rows(row, state->of[m], s->now[m] ? s->now[m] + at : NULL, s->before[m] ? s->before[m] + at : NULL);
    }
    return next;
}

/* At a tick's beginning. Branches, as what decides about the state is off the way that it takes from tick to tick then, and hardly ever changes. */
static LANES unsigned flush_states(unsigned order, states *state, unsigned flush)
{
    enum { TINY = 0x0DA24260 /* 1e-30f */, LARGEST = 0x7F7FFFFF /* FLT_MAX */ };
    unsigned faults = 0;
    UNROLLED
    for (unsigned m = 0; m < order; m++) {
        const uint32_t magnitude = bits(state->of[m]) & 0x7FFFFFFFu;
        if ((flush >> m & 1) && magnitude - TINY > LARGEST - TINY) {
            __asm__ volatile(""); /* or compilers make a choice of it */
            faults |= magnitude > LARGEST ? 1u << m : 0;
            state->of[m] = zeros();
        }
    }
    return faults;
}

static LANES unsigned scan_lanes(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const scan_streams *streams, uint32_t ticks,
                                 float *state, unsigned flush)
{
    const scan_streams s = *streams; /* which nothing written can change */
    states now;
    unsigned faults = 0;
    UNROLLED
    for (unsigned m = 0; m < order; m++)
        now.of[m] = all(&state[m]);
    for (size_t at = 0; at < (size_t)ticks * SCAN_TICK; at += SCAN_TICK) {
        faults |= flush_states(order, &now, flush);
        now = inputs ? stream_tick(order, inputs, wanted, p, &s, at, &now) : constant_tick(order, wanted, p, &s, at, &now);
    }
    UNROLLED
    for (unsigned m = 0; m < order; m++) {
        const uint32_t value = bits(now.of[m]);
        memcpy(&state[m], &value, sizeof value);
    }
    return faults;
}

/* ---- versions ---- */

typedef unsigned version(const scan_powers *, const scan_streams *, uint32_t, float *, unsigned);

#define VERSION(order, inputs, wanted)                                                                                                                  \
    static TARGET unsigned scan_##order##_##inputs##_##wanted(const scan_powers *p, const scan_streams *s, uint32_t ticks, float *state, unsigned flush) \
    {                                                                                                                                                   \
        return scan_lanes(order, inputs, wanted, p, s, ticks, state, flush);                                                                            \
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
#undef VERSION

static version *version_for(const scan_powers *p, const scan_streams *s)
{
    static version *const first[3][2] = {{scan_1_0_0, scan_1_0_1}, {scan_1_1_0, scan_1_1_1}, {scan_1_2_0, scan_1_2_1}};
    static version *const second[3][4] = {{scan_2_0_0, scan_2_0_1, scan_2_0_2, scan_2_0_3},
                                          {scan_2_1_0, scan_2_1_1, scan_2_1_2, scan_2_1_3},
                                          {scan_2_2_0, scan_2_2_1, scan_2_2_2, scan_2_2_3}};
    unsigned wanted = 0;
    for (unsigned m = 0; m < p->order; m++)
        wanted |= s->now[m] || s->before[m] ? 1u << m : 0;
    return p->order == 1 ? first[p->inputs][wanted] : second[p->inputs][wanted];
}
