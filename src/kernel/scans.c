/* Scans: linear recurrences that the driver computes between loops, 64 elements at a time (scan.h has the arithmetic).
 *
 * Ticks are what is scanned as a whole, so that a result does not depend on how calls are cut: of a tick that a call does not cover the elements that it has are
 * kept, in the line `ahead`, and the rest of it is computed with those before it once more, when the next call brings more. Where calls bring a few elements each a tick is
 * walked over instead, one element after the other; what that keeps is worth nothing to others and can be made again. The state that counts for others
 * (edits, snapshots, the moving program) is that of the source: its lines have the last element's values after each chunk.
 *
 * Where factors change, within a tick perhaps, the recurrence begins anew with what its lines have: the elements from there to the tick's end are a tick of their
 * own, which is shorter. It is seen by the factors that the line `ahead` was filled with, wherever that comes from: an instance that was just opened
 * has zeros there, the moving program leaves infinities, a snapshot what was, so that what is restored goes on with the same bits. Nothing here
 * allocates, locks or enters the system. */
#include "kernel/kernels.h"
#include "kernel/scan.h"

#include <math.h>
#include <string.h>

/* A and B, by rows. They count as the same where their bits are. */
enum { FACTORS = 2 * PLAN_SCAN_STATES * PLAN_SCAN_STATES };
typedef struct scan_factors {
    uint64_t bits[FACTORS];
} scan_factors;

static inline bool are_same(const scan_factors *a, const scan_factors *b)
{
    uint64_t differ = 0;
    for (unsigned k = 0; k < FACTORS; k++)
        differ |= a->bits[k] ^ b->bits[k];
    return differ == 0;
}

/* What the line `ahead` holds. */
typedef struct scan_ahead {
    scan_factors factors; /* which the rest is of */
    float state[PLAN_SCAN_STATES]; /* before the tick's first element */
    float origin;                  /* that element's number in its tick: not 0 where factors changed within it */
    float unused;
    float x[PLAN_SCAN_STATES][PLAN_TICK]; /* from the origin on; as many as there are inputs */
} scan_ahead;
_Static_assert(sizeof(scan_ahead) == PLAN_SCAN_AHEAD(PLAN_SCAN_STATES) * sizeof(float), "plan.h has its length");

/* What is prepared of the factors of a side. */
struct instance_scan {
    scan_powers powers;
    scan_factors factors;
    bool prepared;
    uint32_t changes;   /* the walk is that of an instance that was not changed since; */
    int64_t walked_to;  /* its next element has this absolute index */
    scan_walk walk;     /* of a tick that comes in small pieces */
};

/* Elements, with those that the walk has to make up for, that are walked over rather than scanned with their whole tick. */
enum { MOST_WALKED = 6 };

size_t sn_scans_side(const sinter_kernel *k)
{
    return k ? (k->scan_count * sizeof(instance_scan) + 63) & ~(size_t)63 : 0;
}

static uint64_t factor_bits(const kernel_run *r, const plan_scan_factor *f)
{
    uint64_t bits;
    memcpy(&bits, &f->constant, sizeof bits);
    return f->slot ? r->frame[f->slot] : bits;
}

static double factor_of(const kernel_run *r, const plan_scan_factor *f)
{
    const uint64_t bits = factor_bits(r, f);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Those of nothing that was prepared. */
static void leave(scan_ahead *a)
{
    const double none = INFINITY;
    memcpy(&a->factors.bits[0], &none, sizeof none);
}

static void prepare(instance_scan *own, const plan_scan *s)
{
    scan_coefficients c = {.order = s->order, .inputs = s->inputs};
    memcpy(c.a, own->factors.bits, sizeof c.a);
    memcpy(c.b, own->factors.bits + FACTORS / 2, sizeof c.b);
    sn_scan_prepare(&own->powers, &c);
}

void sn_scans_take_factors(const kernel_run *r)
{
    instance_scan *own = r->instance->sides[r->kernel != r->instance->kernel].scans;
    for (uint32_t k = 0; k < r->kernel->scan_count; k++, own++) {
        const plan_scan *s = &r->kernel->scans[k];
        scan_factors factors;
        for (unsigned j = 0; j < FACTORS / 2; j++) {
            factors.bits[j] = factor_bits(r, &s->a[j / PLAN_SCAN_STATES][j % PLAN_SCAN_STATES]);
            factors.bits[FACTORS / 2 + j] = factor_bits(r, &s->b[j / PLAN_SCAN_STATES][j % PLAN_SCAN_STATES]);
        }
        if (own->prepared && are_same(&factors, &own->factors))
            continue;
        own->prepared = true;
        own->factors = factors;
        prepare(own, s);
    }
}

static scan_ahead *ahead_of(const sinter_instance *i, const plan_scan *s)
{
    return (scan_ahead *)(void *)i->lines[s->ahead].storage;
}

void sn_scans_leave(sinter_instance *i)
{
    for (uint32_t k = 0; k < i->kernel->scan_count; k++)
        leave(ahead_of(i, &i->kernel->scans[k]));
}

/* Values of a line stand in their order in time. */
static float *line_of(const sinter_instance *i, const plan_scan *s, unsigned m)
{
    return (float *)(void *)i->lines[s->lines[m]].storage;
}

static bool has_difference(const plan_scan *s)
{
    return s->order > s->line_count;
}

static void read_source(const sinter_instance *i, const plan_scan *s, float *state)
{
    if (has_difference(s)) {
        const float *line = line_of(i, s, 0);
        state[0] = line[1];
        state[1] = line[1] - line[0];
        return;
    }
    for (unsigned m = 0; m < s->order; m++)
        state[m] = *line_of(i, s, m);
}

static void write_source(const sinter_instance *i, const plan_scan *s, const float *state)
{
    if (has_difference(s)) {
        float *line = line_of(i, s, 0);
        line[0] = state[0] - state[1];
        line[1] = state[0];
        return;
    }
    for (unsigned m = 0; m < s->order; m++)
        *line_of(i, s, m) = state[m];
}

static void begin_anew(const sinter_instance *i, const plan_scan *s, instance_scan *own, scan_ahead *a, unsigned into)
{
    own->walk.done = 0;
    a->factors = own->factors;
    read_source(i, s, a->state);
    a->origin = (float)into;
}

static void report(sinter_instance *i, const plan_scan *s, unsigned faults)
{
    for (unsigned m = 0; m < s->order; m++)
        if (faults & 1u << m) {
            i->faults++;
            i->fault = i->kernel->line_names[s->lines[has_difference(s) ? 0 : m]];
        }
}

/* What a tick does before its first element, where that is not the beginning of a whole tick, which sn_scan_ticks sees to. */
static unsigned flush(float *state, unsigned states)
{
    unsigned faults = 0;
    for (unsigned m = 0; m < PLAN_SCAN_STATES; m++) {
        const float magnitude = fabsf(state[m]);
        if (!(states & 1u << m) || (magnitude >= 1e-30f && isfinite(magnitude)))
            continue;
        faults |= (unsigned)!(magnitude < 1e-30f) << m;
        state[m] = 0;
    }
    return faults;
}

/* The streams of a chunk. */
typedef struct chunk_streams {
    const float *x[PLAN_SCAN_STATES];
    float *now[PLAN_SCAN_STATES], *before[PLAN_SCAN_STATES]; /* NULL: nobody reads that */
} chunk_streams;

static float *stream(const kernel_run *r, uint32_t buffer)
{
    return buffer ? (float *)(void *)(r->workspace + r->kernel->buffers[buffer - 1].offset) : NULL;
}

/* It may have come from a snapshot, whose bytes may be anything. */
static unsigned origin_of(const scan_ahead *a, unsigned into)
{
    return a->origin >= 0 && a->origin <= (float)into ? (unsigned)a->origin : 0;
}

/* Elements of a tick that do not fill it, or do not begin where it does: n of them, from `at` of the chunk on. */
typedef struct tick_part {
    int64_t at, index; /* in the chunk; absolute */
    unsigned into, first, n; /* the first one's number in the tick, and behind the origin */
} tick_part;

static tick_part begin_part(const kernel_run *r, const plan_scan *s, scan_ahead *a, int64_t index, int64_t at, unsigned n)
{
    tick_part t = {.at = at, .index = index + at, .into = (unsigned)((index + at) & (PLAN_TICK - 1)), .n = n};
    if (t.into == 0) {
        a->origin = 0;
        report(r->instance, s, flush(a->state, s->flush));
    }
    t.first = t.into - origin_of(a, t.into);
    return t;
}

static void end_part(const kernel_run *r, const plan_scan *s, scan_ahead *a, const tick_part *t, const float *last)
{
    write_source(r->instance, s, last);
    if (t->into + t->n == PLAN_TICK)
        memcpy(a->state, last, s->order * sizeof *last);
}

/* By computing the whole tick. */
static void scan_part(const kernel_run *r, const plan_scan *s, const instance_scan *own, scan_ahead *a, const chunk_streams *c, const tick_part *t)
{
    float now[PLAN_SCAN_STATES][PLAN_TICK], before[PLAN_SCAN_STATES][PLAN_TICK];
    scan_streams part = {.now = {now[0], now[1]}, .before = {before[0], before[1]}};
    for (unsigned k = 0; k < s->inputs; k++) {
        memcpy(a->x[k] + t->first, c->x[k] + t->at, t->n * sizeof(float));
        part.x[k] = a->x[k];
    }
    float state[PLAN_SCAN_STATES] = {a->state[0], a->state[1]};
    sn_scan_ticks(&own->powers, &part, 1, state, 0);
    for (unsigned m = 0; m < s->order; m++) {
        if (c->now[m])
            memcpy(c->now[m] + t->at, now[m] + t->first, t->n * sizeof(float));
        if (c->before[m])
            memcpy(c->before[m] + t->at, before[m] + t->first, t->n * sizeof(float));
        state[m] = now[m][t->first + t->n - 1];
    }
    end_part(r, s, a, t, state);
}

/* One after the other: whoever calls with a sample at a time does not pay for a tick each. */
static void walk_part(const kernel_run *r, const plan_scan *s, instance_scan *own, scan_ahead *a, const chunk_streams *c, const tick_part *t)
{
    scan_streams part = {.x = {NULL}};
    for (unsigned k = 0; k < s->inputs; k++) {
        for (unsigned i = 0; i < t->n; i++)
            a->x[k][t->first + i] = c->x[k][t->at + i];
        part.x[k] = a->x[k];
    }
    if (own->walk.done < t->first)
        sn_scan_walk(&own->powers, &own->walk, &part, t->first, a->state);
    for (unsigned m = 0; m < s->order; m++) {
        part.now[m] = c->now[m] ? c->now[m] + t->at : NULL;
        part.before[m] = c->before[m] ? c->before[m] + t->at : NULL;
    }
    sn_scan_walk(&own->powers, &own->walk, &part, t->first + t->n, a->state);
    own->walked_to = t->index + t->n;
    own->changes = r->instance->changes;
    end_part(r, s, a, t, own->walk.last);
}

/* Is the walk where the part begins? Then it goes on; else from the tick's beginning. */
static bool is_walked(const kernel_run *r, instance_scan *own, const tick_part *t)
{
    if (own->walked_to != t->index || own->changes != r->instance->changes || own->walk.done != t->first)
        own->walk.done = 0;
    return t->first - own->walk.done + t->n <= MOST_WALKED;
}

static void scan_ticks(const kernel_run *r, const plan_scan *s, const instance_scan *own, scan_ahead *a, const chunk_streams *c, int64_t at, uint32_t ticks)
{
    scan_streams whole = {.x = {NULL}};
    for (unsigned k = 0; k < s->inputs; k++)
        whole.x[k] = c->x[k] + at;
    for (unsigned m = 0; m < s->order; m++) {
        whole.now[m] = c->now[m] ? c->now[m] + at : NULL;
        whole.before[m] = c->before[m] ? c->before[m] + at : NULL;
    }
    a->origin = 0;
    const unsigned faults = sn_scan_ticks(&own->powers, &whole, ticks, a->state, s->flush);
    if (faults)
        report(r->instance, s, faults);
    write_source(r->instance, s, a->state);
}

bool sn_scans_is_settled(const kernel_run *r, uint32_t number, int64_t index)
{
    const plan_scan *s = &r->kernel->scans[number];
    const instance_scan *own = &r->instance->sides[r->kernel != r->instance->kernel].scans[number];
    scan_ahead *a = ahead_of(r->instance, s);
    int32_t flag;
    memcpy(&flag, r->instance->lines[s->flag].storage, sizeof flag);
    const bool goes_on = are_same(&a->factors, &own->factors), settled = (double)flag == factor_of(r, &s->settled) && (double)index >= factor_of(r, &s->from);
    if (settled && (goes_on || (index & (PLAN_TICK - 1)) == 0)) /* where calls are cut must not show: within a tick it only goes on */
        return true;
    leave(a);
    return false;
}

void sn_scans_run(const kernel_run *r, uint32_t number, int64_t index, int64_t begin, int64_t end)
{
    const plan_scan *s = &r->kernel->scans[number];
    instance_scan *own = &r->instance->sides[r->kernel != r->instance->kernel].scans[number];
    scan_ahead *a = ahead_of(r->instance, s);
    chunk_streams c;
    for (unsigned k = 0; k < PLAN_SCAN_STATES; k++) {
        c.x[k] = stream(r, s->x[k]);
        c.now[k] = stream(r, s->result[PLAN_SCAN_PORT(k, 0)]);
        c.before[k] = stream(r, s->result[PLAN_SCAN_PORT(k, 1)]);
    }
    if (!are_same(&a->factors, &own->factors))
        begin_anew(r->instance, s, own, a, (unsigned)((index + begin) & (PLAN_TICK - 1)));
    for (int64_t at = begin, part; at < end; at += part) {
        const unsigned into = (unsigned)((index + at) & (PLAN_TICK - 1));
        part = end - at;
        if (into == 0 && part >= PLAN_TICK) {
            part &= ~(int64_t)(PLAN_TICK - 1);
            scan_ticks(r, s, own, a, &c, at, (uint32_t)(part / PLAN_TICK));
        } else {
            part = part < PLAN_TICK - into ? part : PLAN_TICK - into;
            const tick_part t = begin_part(r, s, a, index, at, (unsigned)part);
            if (is_walked(r, own, &t))
                walk_part(r, s, own, a, &c, &t);
            else
                scan_part(r, s, own, a, &c, &t);
        }
    }
}
