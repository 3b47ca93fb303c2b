/* The scan of linear recurrences (src/kernel/scan.h): every version's bits beside a plain reference written from the header's text, element by element; what
 * it errs by, beside the plain f32 recurrence, against f64; streams between guard pages. A NaN counts as any NaN. */
#include "base/cpu.h"
#include "kernel/scan.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "guard_pages.h"
#include "repetitions.h"

enum { TICKS = 6, ELEMENTS = TICKS * SCAN_TICK };

/* ---- random values ---- */

static uint64_t seed = 0x9E3779B97F4A7C15u;

static uint32_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed * 0x2545F4914F6CDD1Du >> 32);
}

static uint32_t below(uint32_t n)
{
    return any() % n;
}

/* From -1 to 1. */
static double unit(void)
{
    return (double)(int32_t)any() / 2147483648.0;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float hard(void)
{
    static const float special[] = {0.0f, -0.0f, 1.0f, -1.0f, 1e-30f, -1e-30f, 0.99999e-30f, 1e-38f, 1e-45f, -1e-41f, FLT_MAX,
                                    -FLT_MAX, 1e30f, INFINITY, -INFINITY, NAN};
    return below(4) ? (float)unit() : below(4) ? special[below(sizeof special / sizeof *special)] : from_bits(any());
}

/* Kinds of streams: well-behaved ones above all, as an infinity soon leaves nothing but NaN to compare. */
static float sample(unsigned kind, uint32_t i)
{
    static const float edges[] = {0.0f, -0.0f};
    switch (kind) {
    case 0: return (float)unit();
    case 1: return edges[below(2)]; /* whose signs tell how they were added */
    case 2: return from_bits(any() & 0x807FFFFFu); /* subnormal */
    case 3: return i % 97 == 90 ? hard() : (float)unit();
    case 4: return hard();
    default: return i == 0;
    }
}

/* Poles of a filter with a state for each: a pair, or two of their own. */
static void poles(scan_coefficients *c, double radius, double angle)
{
    const double x = radius * cos(angle), y = radius * sin(angle);
    c->a[0][0] = x;
    c->a[0][1] = -y;
    c->a[1][0] = y;
    c->a[1][1] = x;
}

/* Direct form: s1' = p s1 + q s2 + u, s2' = s1. */
static void direct_form(scan_coefficients *c, double radius, double angle)
{
    c->a[0][0] = 2 * radius * cos(angle);
    c->a[0][1] = -radius * radius;
    c->a[1][0] = 1;
    c->a[1][1] = 0;
}

enum { KINDS = 14 };
static scan_coefficients coefficients(unsigned kind, unsigned order, unsigned inputs)
{
    static const double huge[] = {1e4, -1e6, 1e7, 1e30, 1e300, INFINITY, -INFINITY, NAN};
    scan_coefficients c;
    memset(&c, 0xFF, sizeof c); /* NaN where nobody may look */
    c.order = (uint8_t)order;
    c.inputs = (uint8_t)inputs;
    for (unsigned r = 0; r < order; r++) {
        for (unsigned k = 0; k < order; k++)
            c.a[r][k] = unit() * 0.7;
        for (unsigned k = 0; k < (inputs ? inputs : 1); k++)
            c.b[r][k] = below(8) ? unit() : below(2) ? 0 : hard();
    }
    static const double radii[] = {0.999, 0.9999999, 1.0, 1.0001, 1.2, 1.25, 1.4};
    const double near_one = kind <= 6 ? radii[kind] : 0;
    if (kind <= 6 && order == 1)
        c.a[0][0] = below(2) ? near_one : -near_one;
    else if (kind <= 6 && below(2))
        poles(&c, near_one, unit() * 3.2);
    else if (kind <= 6)
        direct_form(&c, near_one, pow(10, unit() * 2 - 2));
    else if (kind == 7) /* zeros of both signs */
        for (unsigned k = 0; k < 4; k++)
            c.a[k / 2][k % 2] = below(2) ? 0.0 : -0.0;
    else if (kind == 8 || kind == 9)
        c.a[below(order)][below(order)] = below(3) ? unit() : 0;
    else if (kind == 10)
        c.a[below(order)][below(order)] = huge[below(sizeof huge / sizeof *huge)];
    else if (kind == 11) /* powers that vanish, subnormal ones among them */
        for (unsigned k = 0; k < 4; k++)
            c.a[k / 2][k % 2] = unit() * 1e-6;
    else if (kind == 12 && order == 2) { /* an integrator behind a pole */
        c.a[0][0] = unit();
        c.a[0][1] = 0;
        c.a[1][1] = 1;
    }
    return c;
}

/* ---- the reference ---- */

typedef struct values {
    float at[2];
} values;

typedef struct square {
    double at[2][2];
} square;

static square times(unsigned order, square x, square y)
{
    square z = {{{0}}};
    for (unsigned r = 0; r < order; r++)
        for (unsigned c = 0; c < order; c++) {
            z.at[r][c] = x.at[r][0] * y.at[0][c];
            if (order == 2)
                z.at[r][c] += x.at[r][1] * y.at[1][c];
        }
    return z;
}

/* The `count`-th power by repeated multiplication; the 0th is one. */
static square power(unsigned order, square x, unsigned count)
{
    square result = {{{1, 0}, {0, 1}}};
    for (unsigned k = 0; k < count; k++)
        result = k ? times(order, result, x) : x;
    return result;
}

static bool too_large(unsigned order, square x)
{
    for (unsigned k = 0; k < 4; k++)
        if (k / 2 < order && k % 2 < order && !(fabs(x.at[k / 2][k % 2]) <= 1e6))
            return true;
    return false;
}

/* As it is rounded: what is tiny becomes 0. */
static float factor(double x)
{
    return fabs(x) < 1e-30 ? 0 : (float)x;
}

static values apply(unsigned order, square a, values y, values t)
{
    values to = t;
    if (order == 1) {
        to.at[0] = fmaf(factor(a.at[0][0]), y.at[0], t.at[0]);
        return to;
    }
    to.at[0] = fmaf(factor(a.at[0][0]), y.at[0], fmaf(factor(a.at[0][1]), y.at[1], t.at[0]));
    to.at[1] = fmaf(factor(a.at[1][1]), y.at[1], fmaf(factor(a.at[1][0]), y.at[0], t.at[1]));
    return to;
}

/* Without what is added. */
static values apply_alone(unsigned order, square a, values y)
{
    values to = {{0, 0}};
    if (order == 1) {
        to.at[0] = factor(a.at[0][0]) * y.at[0];
        return to;
    }
    to.at[0] = fmaf(factor(a.at[0][0]), y.at[0], factor(a.at[0][1]) * y.at[1]);
    to.at[1] = fmaf(factor(a.at[1][1]), y.at[1], factor(a.at[1][0]) * y.at[0]);
    return to;
}

/* A^k B of one state and stream, in f64. */
static double coefficient(const scan_coefficients *c, square a, unsigned k, unsigned m, unsigned stream)
{
    const square p = power(c->order, a, k);
    if (k == 0)
        return c->b[m][stream];
    const double first = p.at[m][0] * c->b[0][stream];
    return c->order == 1 ? first : first + p.at[m][1] * c->b[1][stream];
}

static values incoming(const scan_coefficients *c, const float *const x[2], uint32_t i)
{
    values u = {{0, 0}};
    for (unsigned m = 0; m < c->order; m++) {
        if (c->inputs == 0)
            u.at[m] = factor(c->b[m][0]);
        else
            u.at[m] = factor(c->b[m][0]) * x[0][i];
        if (c->inputs == 2)
            u.at[m] = fmaf(factor(c->b[m][1]), x[1][i], u.at[m]);
    }
    return u;
}

/* z(g,j) of one state and stream, whose group begins at x. */
static float from_zero(const double c[4], const float *x, unsigned j)
{
    const float c0 = factor(c[0]), c1 = factor(c[1]), c2 = factor(c[2]), c3 = factor(c[3]);
    switch (j) {
    case 0: return c0 * x[0];
    case 1: return fmaf(c0, x[1], c1 * x[0]);
    case 2: return fmaf(c0, x[2], fmaf(c1, x[1], c2 * x[0]));
    default: return fmaf(c2, x[1], c3 * x[0]) + fmaf(c0, x[3], c1 * x[2]);
    }
}

/* Is a tick to be computed as a scan? */
static bool is_tame(const scan_coefficients *c, square a)
{
    const square fourth = power(c->order, a, 4);
    for (unsigned k = 1; k <= 4; k++)
        if (too_large(c->order, power(c->order, a, k)))
            return false;
    for (unsigned k = 1; k < 16; k++)
        if (too_large(c->order, power(c->order, fourth, k)))
            return false;
    for (unsigned k = 0; k < 4; k++)
        for (unsigned m = 0; m < c->order; m++)
            for (unsigned i = 0; i < (c->inputs ? c->inputs : 1u); i++)
                if (!(fabs(coefficient(c, a, k, m, i)) <= FLT_MAX))
                    return false;
    return true;
}

/* s of one tick, from S. */
static void reference_tick(const scan_coefficients *c, const float *const x[2], uint32_t at, values begin, values s[SCAN_TICK])
{
    static const float ones[4] = {1, 1, 1, 1};
    static const values zero;
    const unsigned order = c->order;
    square a = {{{0}}};
    for (unsigned k = 0; k < 4; k++)
        if (k / 2 < order && k % 2 < order)
            a.at[k / 2][k % 2] = c->a[k / 2][k % 2];
    if (!is_tame(c, a)) {
        for (unsigned e = 0; e < SCAN_TICK; e++)
            s[e] = begin = apply(order, a, begin, incoming(c, x, at + e));
        return;
    }
    const square fourth = power(order, a, 4);
    values z[16][4], v[16], next[16];
    for (unsigned m = 0; m < order; m++) {
        double of[2][4];
        for (unsigned k = 0; k < 8; k++)
            of[k / 4][k % 4] = k / 4 < c->inputs || k < 4 ? coefficient(c, a, k % 4, m, k / 4) : 0;
        for (unsigned e = 0; e < SCAN_TICK; e++) {
            float *const to = &z[e / 4][e % 4].at[m];
            *to = from_zero(of[0], c->inputs ? &x[0][at + e / 4 * 4] : ones, e % 4);
            if (c->inputs == 2)
                *to += from_zero(of[1], &x[1][at + e / 4 * 4], e % 4);
        }
    }
    for (unsigned g = 0; g < 16; g++)
        v[g] = g ? z[g - 1][3] : zero;
    for (unsigned reach = 1; reach < 16; reach *= 2) {
        for (unsigned g = 0; g < 16; g++) {
            values t = v[g];
            if (reach == 8) {
                const values w = apply_alone(order, power(order, fourth, g), begin);
                for (unsigned m = 0; m < order; m++)
                    t.at[m] += w.at[m];
            }
            next[g] = apply(order, power(order, fourth, reach), g >= reach ? v[g - reach] : zero, t);
        }
        memcpy(v, next, sizeof v);
    }
    for (unsigned e = 0; e < SCAN_TICK; e++)
        s[e] = apply(order, power(order, a, e % 4 + 1), v[e / 4], z[e / 4][e % 4]);
}

typedef struct result {
    float now[2][ELEMENTS], before[2][ELEMENTS], state[2];
    unsigned faults;
} result;

static void reference(const scan_coefficients *c, const float *const x[2], uint32_t ticks, const float state[2], unsigned flush, result *r)
{
    values s[SCAN_TICK], begin = {{state[0], state[1]}};
    r->faults = 0;
    for (uint32_t t = 0; t < ticks; t++) {
        for (unsigned m = 0; m < c->order; m++) {
            if (!(flush & 1u << m))
                continue;
            if (!isfinite(begin.at[m]))
                r->faults |= 1u << m;
            if (!isfinite(begin.at[m]) || fabsf(begin.at[m]) < 1e-30f)
                begin.at[m] = 0;
        }
        reference_tick(c, x, t * SCAN_TICK, begin, s);
        for (unsigned m = 0; m < c->order; m++)
            for (uint32_t e = 0; e < SCAN_TICK; e++) {
                r->now[m][t * SCAN_TICK + e] = s[e].at[m];
                r->before[m][t * SCAN_TICK + e] = e ? s[e - 1].at[m] : begin.at[m];
            }
        begin = s[SCAN_TICK - 1];
    }
    memcpy(r->state, begin.at, sizeof r->state);
}

/* ---- bits ---- */

static bool same(float x, float y)
{
    return (x != x && y != y) || !memcmp(&x, &y, sizeof x);
}

enum { STREAMS = 6, FILL = 0xA5 };
static guarded pages[STREAMS];

/* Where a stream lies among guard pages: its end on the border behind, its beginning on that before, or anywhere. */
static float *place(unsigned stream, size_t bytes, unsigned how)
{
    guarded *g = &pages[stream];
    const size_t room = (size_t)(g->high - g->low) - bytes;
    return (float *)(void *)(how == 0 ? g->high - bytes : how == 1 ? g->low : g->low + below((uint32_t)(room / 4 + 1)) * 4);
}

/* Nothing but the stream was written. */
static void check_around(unsigned stream, const float *at, size_t bytes)
{
    for (const uint8_t *k = pages[stream].low; k < pages[stream].high; k++)
        if ((k < (const uint8_t *)at || k >= (const uint8_t *)at + bytes) && *k != FILL)
            fail_msg("byte %td of stream %u was written", k - (const uint8_t *)at, stream);
}

typedef struct trial {
    scan_coefficients c;
    uint32_t ticks;
    unsigned flush, wanted; /* bits: now of each state, before of each */
    float state[2];
    const float *x[2];
    unsigned where;
} trial;

static void compare(const trial *t, const char *what, const float *found, const float *expected)
{
    for (uint32_t i = 0; i < t->ticks * SCAN_TICK; i++)
        if (!same(found[i], expected[i]))
            fail_msg("order %u, inputs %u, a %g %g %g %g, b %g %g %g %g, flush %u, wanted %u: %s of element %u is %a (%g), not %a (%g)", t->c.order,
                     t->c.inputs, t->c.a[0][0], t->c.a[0][1], t->c.a[1][0], t->c.a[1][1], t->c.b[0][0], t->c.b[0][1], t->c.b[1][0], t->c.b[1][1],
                     t->flush, t->wanted, what, i, (double)found[i], (double)found[i], (double)expected[i], (double)expected[i]);
}

/* `cut`: in two calls. */
static void run_trial(const trial *t, const result *expected, bool cut)
{
    const size_t bytes = t->ticks * SCAN_TICK * sizeof(float);
    float *const nowhere = (float *)(uintptr_t)16; /* to be left alone */
    float *now[2] = {NULL, NULL}, *before[2] = {NULL, NULL}, state[2];
    scan_powers powers;
    sn_scan_prepare(&powers, &t->c);
    for (unsigned k = 2; k < STREAMS; k++)
        memset(pages[k].low, FILL, (size_t)(pages[k].high - pages[k].low));
    for (unsigned m = 0; m < 2; m++) {
        now[m] = m >= t->c.order ? nowhere : t->wanted >> m & 1 ? place(2 + m, bytes, t->where) : NULL;
        before[m] = m >= t->c.order ? nowhere : t->wanted >> (2 + m) & 1 ? place(4 + m, bytes, t->where) : NULL;
    }
    memcpy(state, t->state, sizeof state);
    unsigned faults = 0;
    const uint32_t first = cut && t->ticks ? 1 + below(t->ticks) : t->ticks;
    for (uint32_t done = 0, n = first;; done += n, n = t->ticks - done) {
        scan_streams s = {{nowhere, nowhere}, {now[0], now[1]}, {before[0], before[1]}};
        for (unsigned k = 0; k < 2; k++) {
            if (k < t->c.inputs)
                s.x[k] = t->x[k] + done * SCAN_TICK;
            if (k < t->c.order && now[k])
                s.now[k] += done * SCAN_TICK;
            if (k < t->c.order && before[k])
                s.before[k] += done * SCAN_TICK;
        }
        faults |= sn_scan_ticks(&powers, &s, n, state, t->flush);
        if (done + n == t->ticks)
            break;
    }
    assert_int_equal(faults, expected->faults);
    for (unsigned m = 0; m < 2; m++)
        assert_true(same(state[m], expected->state[m]));
    for (unsigned m = 0; m < t->c.order; m++) {
        if (now[m])
            compare(t, m ? "s2" : "s1", now[m], expected->now[m]);
        if (before[m])
            compare(t, m ? "s2 before" : "s1 before", before[m], expected->before[m]);
        check_around(2 + m, now[m] ? now[m] : (float *)(void *)pages[2 + m].low, now[m] ? bytes : 0);
        check_around(4 + m, before[m] ? before[m] : (float *)(void *)pages[4 + m].low, before[m] ? bytes : 0);
    }
}

static trial random_trial(unsigned kind, unsigned order, unsigned inputs, unsigned wanted)
{
    trial t = {.c = coefficients(kind, order, inputs), .ticks = below(16) ? 1 + below(TICKS) : 0, .flush = below(4), .wanted = wanted, .where = below(3)};
    const unsigned stream = below(3) ? 0 : below(6);
    for (unsigned k = 0; k < inputs; k++) {
        float *const x = place(k, t.ticks * SCAN_TICK * sizeof(float), below(3));
        for (uint32_t i = 0; i < t.ticks * SCAN_TICK; i++)
            x[i] = sample(stream, i);
        t.x[k] = x;
    }
    for (unsigned m = 0; m < 2; m++)
        t.state[m] = stream == 1 ? sample(1, 0) : below(3) ? (float)unit() : hard();
    return t;
}

static const uint32_t masks[] = {UINT32_MAX, CPU_X64_AVX2, 0, ~(uint32_t)CPU_FMA, ~(uint32_t)CPU_AVX512BW, ~(uint32_t)CPU_AVX2};

static int open_pages(void **state)
{
    (void)state;
    for (unsigned k = 0; k < STREAMS; k++)
        pages[k] = guarded_open(ELEMENTS * sizeof(float));
    return 0;
}

static int close_pages(void **state)
{
    (void)state;
    sn_cpu_override(UINT32_MAX);
    for (unsigned k = 0; k < STREAMS; k++)
        guarded_close(&pages[k]);
    return 0;
}

static void versions_agree_with_the_text(void **state)
{
    (void)state;
    static result expected;
    for (uint64_t round = 0; round < repetitions(160); round++)
        for (unsigned kind = 0; kind < KINDS; kind++)
            for (unsigned order = 1; order <= 2; order++)
                for (unsigned inputs = 0; inputs <= 2; inputs++) {
                    const unsigned wanted = (unsigned)(round + kind) % 16;
                    const trial t = random_trial(kind, order, inputs, wanted & (order == 2 ? 15 : 5));
                    reference(&t.c, t.x, t.ticks, t.state, t.flush, &expected);
                    if (order == 1)
                        expected.state[1] = t.state[1];
                    for (unsigned k = 0; k < sizeof masks / sizeof *masks; k++) {
                        sn_cpu_override(masks[k]);
                        run_trial(&t, &expected, k == 0 && round % 2);
                    }
                }
    sn_cpu_override(UINT32_MAX);
}

/* A tick that comes in pieces has the bits of one that is there at once, whichever outputs are wanted of each piece. */
static void walks_arrive_where_ticks_do(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < repetitions(300); round++)
        for (unsigned kind = 0; kind < KINDS; kind++)
            for (unsigned order = 1; order <= 2; order++)
                for (unsigned inputs = 0; inputs <= 2; inputs++) {
                    trial t = random_trial(kind, order, inputs, 0);
                    float now[2][SCAN_TICK], before[2][SCAN_TICK], x[2][SCAN_TICK], to[SCAN_MOST] = {t.state[0], t.state[1]};
                    for (unsigned k = 0; k < inputs; k++)
                        for (uint32_t i = 0; i < SCAN_TICK; i++)
                            x[k][i] = sample(kind % 6, i);
                    scan_powers powers;
                    scan_walk walk;
                    memset(&walk, 0xA5, sizeof walk);
                    walk.done = 0;
                    sn_scan_prepare(&powers, &t.c);
                    sn_cpu_override(masks[round % 3]);
                    sn_scan_ticks(&powers, &(scan_streams){.x = {x[0], x[1]}, .now = {now[0], now[1]}, .before = {before[0], before[1]}}, 1, to, 0);
                    sn_cpu_override(masks[below(3)]);
                    for (uint32_t at = 0, n; at < SCAN_TICK; at += n) {
                        float piece[4][SCAN_TICK], *out[4];
                        n = 1 + below(below(3) ? 5 : SCAN_TICK);
                        n = SCAN_TICK - at < n ? SCAN_TICK - at : n;
                        for (unsigned k = 0; k < 4; k++)
                            out[k] = below(3) ? piece[k] : NULL;
                        sn_scan_walk(&powers, &walk, &(scan_streams){.x = {x[0], x[1]}, .now = {out[0], out[1]}, .before = {out[2], out[3]}}, at + n, t.state);
                        assert_int_equal(walk.done, at + n);
                        for (unsigned m = 0; m < order; m++)
                            for (uint32_t i = 0; i < n; i++)
                                assert_true((!out[m] || same(out[m][i], now[m][at + i])) && (!out[2 + m] || same(out[2 + m][i], before[m][at + i])));
                    }
                    for (unsigned m = 0; m < order; m++)
                        assert_true(same(walk.last[m], to[m]));
                }
    sn_cpu_override(UINT32_MAX);
}

/* What the random trials rest on: both ways of computing are taken, and finite numbers are what is compared most. */
static void large_powers_are_found(void **state)
{
    (void)state;
    static const struct {
        double a[2][2];
        unsigned order;
        bool plain;
    } cases[] = {
        {{{0}}, 1, false},
        {{{1}}, 1, false},
        {{{-1}}, 1, false},
        {{{1.25}}, 1, false}, /* to the 60th: 650,000 */
        {{{1.27}}, 1, true},
        {{{INFINITY}}, 1, true},
        {{{NAN}}, 1, true},
        {{{1e6, 0}, {0, 0}}, 2, true},
        {{{0, 1e6}, {0, 0}}, 2, false}, /* whose square is 0 */
        {{{0, 1.0001e6}, {0, 0}}, 2, true},
        {{{0, 0}, {NAN, 0}}, 2, true},
        {{{2, -1}, {1, 0}}, 2, false}, /* a double pole at 1 */
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        scan_coefficients c = {.b = {{1}}, .order = (uint8_t)cases[k].order, .inputs = 1};
        scan_powers powers;
        memcpy(c.a, cases[k].a, sizeof c.a);
        sn_scan_prepare(&powers, &c);
        assert_int_equal(powers.plain, cases[k].plain);
    }
}

static void flushes_are_seen_and_told(void **state)
{
    (void)state;
    static const struct {
        float begin;
        unsigned flush, faults;
        float before;
    } cases[] = {
        {1e-30f, 1, 0, 1e-30f}, {-1e-30f, 1, 0, -1e-30f}, {0.9999e-30f, 1, 0, 0}, {-0.9999e-30f, 1, 0, 0},
        {1e-40f, 1, 0, 0}, {-0.0f, 1, 0, 0}, {INFINITY, 1, 1, 0}, {-INFINITY, 1, 1, 0}, {NAN, 1, 1, 0},
        {FLT_MAX, 1, 0, FLT_MAX}, {0.9999e-30f, 0, 0, 0.9999e-30f}, {INFINITY, 0, 0, INFINITY},
    };
    for (unsigned mask = 0; mask < 3; mask++)
        for (unsigned inputs = 0; inputs < 3; inputs++)
            for (unsigned order = 1; order <= 2; order++)
                for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
                    float x[SCAN_TICK] = {0}, before[SCAN_TICK], carried[2] = {cases[k].begin, 0.25f};
                    const scan_coefficients c = {.a = {{0.5}, {0, 0.5}}, .order = (uint8_t)order, .inputs = (uint8_t)inputs};
                    const scan_streams s = {.x = {x, x}, .before = {before, NULL}};
                    scan_powers powers;
                    sn_cpu_override(masks[mask]);
                    sn_scan_prepare(&powers, &c);
                    assert_int_equal(sn_scan_ticks(&powers, &s, 1, carried, cases[k].flush), cases[k].faults);
                    assert_true(same(before[0], cases[k].before));
                }
    sn_cpu_override(UINT32_MAX);
}

/* ---- accuracy ---- */

enum { SETTLE = 40, SECONDS = SETTLE * SCAN_TICK };

typedef struct errors {
    double scan, plain, size; /* root mean squares */
} errors;

/* Adds what white noise and then rest give, against f64 with the coefficients that f32 has: what is asked is how computing errs. */
static void measure_once(const scan_coefficients *c, const scan_powers *powers, errors *e)
{
    static float x[SECONDS], now[2][SECONDS];
    float state[2] = {0}, s[2] = {0};
    double exact[2] = {0};
    for (uint32_t i = 0; i < SECONDS; i++)
        x[i] = i < SECONDS * 3 / 4 ? (float)unit() : 0;
    const scan_streams streams = {.x = {x}, .now = {now[0], c->order == 2 ? now[1] : NULL}};
    assert_int_equal(sn_scan_ticks(powers, &streams, SETTLE, state, 0), 0);
    for (uint32_t i = 0; i < SECONDS; i++) {
        double next[2] = {0};
        float plain[2] = {0};
        for (unsigned m = 0; m < c->order; m++) {
            next[m] = c->b[m][0] * (double)x[i];
            plain[m] = (float)c->b[m][0] * x[i];
            for (unsigned k = c->order; k-- > 0;) {
                next[m] += c->a[m][k] * exact[k];
                plain[m] = fmaf((float)c->a[m][k], s[k], plain[m]);
            }
        }
        memcpy(exact, next, sizeof exact);
        memcpy(s, plain, sizeof s);
        for (unsigned m = 0; m < c->order; m++) {
            e->scan += pow((double)now[m][i] - exact[m], 2);
            e->plain += pow((double)s[m] - exact[m], 2);
            e->size += pow(exact[m], 2);
        }
    }
}

static errors measure(const scan_coefficients *c)
{
    enum { RUNS = 24 };
    errors e = {0};
    scan_powers powers;
    sn_scan_prepare(&powers, c);
    for (unsigned k = 0; k < RUNS; k++)
        measure_once(c, &powers, &e);
    e.scan = sqrt(e.scan), e.plain = sqrt(e.plain), e.size = sqrt(e.size);
    return e;
}

static void rounded(scan_coefficients *c)
{
    for (unsigned k = 0; k < 4; k++) {
        c->a[k / 2][k % 2] = (double)(float)c->a[k / 2][k % 2];
        c->b[k / 2][k % 2] = (double)(float)c->b[k / 2][k % 2];
    }
}

/* A state variable filter, as trapezoidal integration makes it of a cutoff (in cycles an element) and a quality. */
static scan_coefficients state_variable(double cutoff, double quality)
{
    const double g = tan(3.141592653589793 * cutoff), k = 1 / quality, a1 = 1 / (1 + g * (g + k)), a2 = g * a1, a3 = g * a2;
    return (scan_coefficients){
        .a = {{2 * a1 - 1, -2 * a2}, {2 * a2, 1 - 2 * a3}}, .b = {{2 * a2}, {2 * a3}}, .order = 2, .inputs = 1};
}

/* Filters err as the plain recurrence does. In direct form the entries of A^n are near n and of opposite signs where both poles are close to 1 (low cutoffs),
 * and their difference is what counts: rounding them moves the poles, as rounding the coefficients themselves would. */
static void errs_about_as_one_by_one(void **state)
{
    (void)state;
    static const double cutoffs[] = {0.0004, 0.002, 0.01, 0.05, 0.2, 0.45}, qualities[] = {0.5, 0.7071, 2, 20, 200};
    double worst = 0, worst_direct = 0;
    seed = 0xD1B54A32D192ED03u;
    for (unsigned i = 0; i < sizeof cutoffs / sizeof *cutoffs; i++)
        for (unsigned k = 0; k < 2 + sizeof qualities / sizeof *qualities; k++) {
            const double pole = exp(-6.283185307179586 * cutoffs[i]);
            scan_coefficients c = {.a = {{pole}}, .b = {{1 - pole}}, .order = 1, .inputs = 1};
            if (k == 1) {
                c = (scan_coefficients){.b = {{1}}, .order = 2, .inputs = 1};
                direct_form(&c, pole, 6.283185307179586 * cutoffs[i]);
            } else if (k > 1) {
                c = state_variable(cutoffs[i], qualities[k - 2]);
            }
            rounded(&c);
            const errors e = measure(&c);
            if (getenv("SINTER_SHOW"))
                print_message("cutoff %g, %u: scan %.3g, plain %.3g of %.3g: %.2f\n", cutoffs[i], k, e.scan, e.plain, e.size, e.scan / e.plain);
            double *const of = k == 1 ? &worst_direct : &worst;
            *of = fmax(*of, e.scan / e.plain);
        }
    print_message("root mean square: at most %.2f times that of the plain recurrence, %.2f times in direct form\n", worst, worst_direct);
    assert_true(worst < 1.5);
    assert_true(worst_direct < 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(versions_agree_with_the_text, open_pages, close_pages),
        cmocka_unit_test_setup_teardown(walks_arrive_where_ticks_do, open_pages, close_pages),
        cmocka_unit_test(large_powers_are_found),
        cmocka_unit_test(flushes_are_seen_and_told),
        cmocka_unit_test(errs_about_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
