/* The scan (scan.h) in vectors whose lanes are the 16 groups of a tick. Included once by each of scan_avx512.c and scan_avx2.c, which say before what such a
 * vector is: one register, or two.
 *
 *     groups              the vector
 *     zeros()
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
 * A tick is about 100 instructions (twice as many of half the width). Where many follow each other, what one costs is how many they are, as long as those of
 * several ticks are at work: streams are therefore a tick ahead of the state. Where one is alone it is how long they wait for each other, about 100 cycles.
 * There are no loops over states and elements, as compilers would keep what they index in memory. */

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
    to.of[0] = step_state(order, 0, &a->at[0][0], &a->at[0][1], y, t->of[0]);
    if (order == 2)
        to.of[1] = step_state(order, 1, &a->at[1][1], &a->at[1][0], y, t->of[1]);
    return to;
}

/* ---- streams ---- */

/* Element j of each group, of a tick. */
typedef struct turned {
    groups at[SCAN_GROUP];
} turned;

/* A tick before the state is known. */
typedef struct from_streams {
    turned z[SCAN_MOST];
    states v;
} from_streams;

static LANES turned read_turned(const float *x)
{
    turned v = {{read_row(x), read_row(x + 16), read_row(x + 32), read_row(x + 48)}};
    turn(v.at);
    return v;
}

/* z(g,3) of one stream. */
static LANES groups last_from_zero(const float c[SCAN_GROUP], const turned *x)
{
    return add(fused(all(&c[2]), x->at[1], multiply(all(&c[3]), x->at[0])), fused(all(&c[0]), x->at[3], multiply(all(&c[1]), x->at[2])));
}

static LANES void from_zero(unsigned inputs, bool wanted, const float c[SCAN_MOST][SCAN_GROUP], const turned x[SCAN_MOST], turned *z)
{
    const groups second = inputs == 2 ? last_from_zero(c[1], &x[1]) : zeros();
    z->at[3] = last_from_zero(c[0], &x[0]);
    if (inputs == 2)
        z->at[3] = add(z->at[3], second);
    if (!wanted)
        return;
    z->at[0] = multiply(all(&c[0][0]), x[0].at[0]);
    z->at[1] = fused(all(&c[0][0]), x[0].at[1], multiply(all(&c[0][1]), x[0].at[0]));
    z->at[2] = fused(all(&c[0][0]), x[0].at[2], fused(all(&c[0][1]), x[0].at[1], multiply(all(&c[0][2]), x[0].at[0])));
    if (inputs == 1)
        return;
    z->at[0] = add(z->at[0], multiply(all(&c[1][0]), x[1].at[0]));
    z->at[1] = add(z->at[1], fused(all(&c[1][0]), x[1].at[1], multiply(all(&c[1][1]), x[1].at[0])));
    z->at[2] = add(z->at[2], fused(all(&c[1][0]), x[1].at[2], fused(all(&c[1][1]), x[1].at[1], multiply(all(&c[1][2]), x[1].at[0]))));
}

/* Steps 1 and 2 up to v3; of states that nobody wants only z(g,3). */
static LANES from_streams add_streams(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at)
{
    from_streams to;
    turned x[SCAN_MOST];
    states v, y;
    x[0] = read_turned(s->x[0] + at);
    if (inputs == 2)
        x[1] = read_turned(s->x[1] + at);
    from_zero(inputs, wanted & 1, p->in[0], x, &to.z[0]);
    v.of[0] = up_1(to.z[0].at[3]);
    y.of[0] = up_2(to.z[0].at[3]);
    if (order == 2) {
        from_zero(inputs, wanted & 2, p->in[1], x, &to.z[1]);
        v.of[1] = up_1(to.z[1].at[3]);
        y.of[1] = up_2(to.z[1].at[3]);
    }
    v = step(order, &p->over[0], &y, &v);
    y.of[0] = up_2(v.of[0]);
    if (order == 2)
        y.of[1] = up_2(v.of[1]);
    v = step(order, &p->over[1], &y, &v);
    y.of[0] = up_4(v.of[0]);
    if (order == 2)
        y.of[1] = up_4(v.of[1]);
    to.v = step(order, &p->over[2], &y, &v);
    return to;
}

/* ---- states ---- */

/* v3 and what the state makes of the tick. */
static LANES groups with_product(unsigned order, unsigned m, const scan_powers *p, const states *state, groups v)
{
    const groups own = lanes_of(p->across[m][m]);
    return add(v, order == 1 ? multiply(own, state->of[0])
                             : fused(own, state->of[m], multiply(lanes_of(p->across[m][1 - m]), state->of[1 - m])));
}

/* The rest of step 2. */
static LANES states with_state(unsigned order, const scan_powers *p, const states *state, const states *v)
{
    states t, y;
    t.of[0] = with_product(order, 0, p, state, v->of[0]);
    y.of[0] = up_8(v->of[0]);
    if (order == 2) {
        t.of[1] = with_product(order, 1, p, state, v->of[1]);
        y.of[1] = up_8(v->of[1]);
    }
    return step(order, &p->over[3], &y, &t);
}

/* s(g,j) of one state. */
static LANES groups element(unsigned order, unsigned m, unsigned j, const scan_powers *p, const states *v, const from_streams *from)
{
    return step_state(order, m, &p->within[m][m][j], &p->within[m][1 - m][j], v, from->z[m].at[j]);
}

static LANES void write_state(unsigned order, unsigned m, const scan_powers *p, const scan_streams *s, size_t at, const states *state, const states *v,
                              const from_streams *from, groups fourth)
{
    turned row = {{element(order, m, 0, p, v, from), element(order, m, 1, p, v, from), element(order, m, 2, p, v, from), fourth}};
    turn(row.at);
    write_rows(row.at, state->of[m], s->now[m] ? s->now[m] + at : NULL, s->before[m] ? s->before[m] + at : NULL);
}

/* Step 3; returns the state behind the tick, which is made first. */
static LANES states add_state(unsigned order, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at, const states *state,
                              const from_streams *from)
{
    const states v = with_state(order, p, state, &from->v);
    states fourth, next;
    fourth.of[0] = element(order, 0, 3, p, &v, from);
    next.of[0] = last(fourth.of[0]);
    if (order == 2) {
        fourth.of[1] = element(order, 1, 3, p, &v, from);
        next.of[1] = last(fourth.of[1]);
    }
    if (wanted & 1)
        write_state(order, 0, p, s, at, state, &v, from, fourth.of[0]);
    if (wanted & 2)
        write_state(order, 1, p, s, at, state, &v, from, fourth.of[1]);
    return next;
}

/* ---- without streams ---- */

/* Row r of one state: nothing is turned, every element is a power of what its group begins from. */
static LANES groups constant_row(unsigned order, unsigned m, unsigned r, const scan_powers *p, const states *v)
{
    groups t = fours_of(p->constant[m]);
    if (order == 2)
        t = fused(fours_of(p->within[m][1 - m]), spread_row(v->of[1 - m], r), t);
    return fused(fours_of(p->within[m][m]), spread_row(v->of[m], r), t);
}

static LANES groups constant_state(unsigned order, unsigned m, bool wanted, const scan_powers *p, const scan_streams *s, size_t at, const states *state,
                                   const states *v)
{
    const groups fourth = constant_row(order, m, 3, p, v);
    if (wanted) {
        const turned row = {{constant_row(order, m, 0, p, v), constant_row(order, m, 1, p, v), constant_row(order, m, 2, p, v), fourth}};
        write_rows(row.at, state->of[m], s->now[m] ? s->now[m] + at : NULL, s->before[m] ? s->before[m] + at : NULL);
    }
    return last(fourth);
}

static LANES states constant_tick(unsigned order, unsigned wanted, const scan_powers *p, const scan_streams *s, size_t at, const states *state)
{
    states v, next;
    v.of[0] = lanes_of(p->carried[0]);
    if (order == 2)
        v.of[1] = lanes_of(p->carried[1]);
    v = with_state(order, p, state, &v);
    next.of[0] = constant_state(order, 0, wanted & 1, p, s, at, state, &v);
    if (order == 2)
        next.of[1] = constant_state(order, 1, wanted & 2, p, s, at, state, &v);
    return next;
}

/* ---- ticks ---- */

/* A branch, as what decides about the state is off the way that it takes from tick to tick then, and hardly ever changes. */
static LANES unsigned flush_state(groups *state, bool flush)
{
    enum { TINY = 0x0DA24260 /* 1e-30f */, LARGEST = 0x7F7FFFFF /* FLT_MAX */ };
    const uint32_t magnitude = bits(*state) & 0x7FFFFFFFu;
    if (!flush || magnitude - TINY <= LARGEST - TINY)
        return 0;
    __asm__ volatile(""); /* or compilers make a choice of it */
    *state = zeros();
    return magnitude > LARGEST;
}

static LANES unsigned flush_states(unsigned order, states *state, unsigned flush)
{
    const unsigned first = flush_state(&state->of[0], flush & 1);
    return order == 1 ? first : first | flush_state(&state->of[1], flush & 2) << 1;
}

/* Keeps compilers from taking the powers out of the loop: there are more than registers, and operands in memory cost nothing. */
static LANES const scan_powers *in_memory(const scan_powers *p)
{
    __asm__("" : "+r"(p));
    return p;
}

/* What streams make of a tick is computed before the state of the one before is put in, so that it need not wait in the processor's window behind what does. */
static LANES unsigned scan_lanes(unsigned order, unsigned inputs, unsigned wanted, const scan_powers *p, const scan_streams *streams, uint32_t ticks,
                                 float *state, unsigned flush)
{
    const scan_streams s = *streams; /* which nothing written can change */
    const size_t end = (size_t)ticks * SCAN_TICK;
    from_streams from;
    states now;
    unsigned faults = 0;
    if (!ticks)
        return 0;
    now.of[0] = all(&state[0]);
    if (order == 2)
        now.of[1] = all(&state[1]);
    if (inputs)
        from = add_streams(order, inputs, wanted, p, &s, 0);
    for (size_t at = 0; at < end; at += SCAN_TICK) {
        p = in_memory(p);
        if (inputs) {
            from_streams after = from;
            if (at + SCAN_TICK < end)
                after = add_streams(order, inputs, wanted, p, &s, at + SCAN_TICK);
            faults |= flush_states(order, &now, flush);
            now = add_state(order, wanted, p, &s, at, &now, &from);
            from = after;
        } else {
            faults |= flush_states(order, &now, flush);
            now = constant_tick(order, wanted, p, &s, at, &now);
        }
    }
    const uint32_t first = bits(now.of[0]);
    memcpy(&state[0], &first, sizeof first);
    if (order == 2) {
        const uint32_t second = bits(now.of[1]);
        memcpy(&state[1], &second, sizeof second);
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
