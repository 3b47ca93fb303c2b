/* Two saws, noise, their sum, a state-variable filter, an envelope, a gain, a tremolo, a delay with feedback, a soft clip: the formulas of
 * src/lib, written as one writes them in C, with what parameters determine computed once.
 *
 * The interpreted way is how a program runs a graph that its user edits: nodes in a slot map, named by handles of an index and a generation, so that one
 * which outlived its node is noticed; for every sample each node of the order is looked up, then what it reads, and a function behind a pointer is called.
 * Nodes in an array in their order, which know the places of what they read, are faster by the look-ups and cannot be edited. The functions are the same
 * in all ways, so that the ways differ in nothing but who calls them when. */
#include "plain_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 10, MOST_INPUTS = 4, BLOCK = 512, MOST_VOICES = 16, DELAY = 12000 };
#define NOISE_STEP 0x01FCE553u /* of the seed 0 */

typedef struct saw_state {
    uint32_t phase, step;
    float inverse;
} saw_state;

typedef struct noise_state {
    uint32_t count;
} noise_state;

typedef struct svf_state {
    float a, ak, ag, s, u;
} svf_state;

typedef struct adsr_state {
    float pace, keep, sustain, level;
    int attacking, held;
} adsr_state;

typedef struct tremolo_state {
    uint32_t phase, step;
    float depth;
} tremolo_state;

typedef struct echo_state {
    float *line;
    uint32_t at;
    float feedback;
} echo_state;

typedef struct voice {
    saw_state a, b;
    noise_state n;
    svf_state filter;
    adsr_state envelope;
    tremolo_state tremolo;
    echo_state echo;
} voice;

/* ---- what nodes do ---- */

static inline float saw(saw_state *s)
{
    const float d = (float)(int32_t)s->phase;
    s->phase += s->step;
    float u = 1 - fabsf(d) * s->inverse;
    u = u > 0 ? u : 0;
    return d * 0x1p-31f - copysignf(1 - u * u, d);
}

static inline uint32_t stir(uint32_t a)
{
    a = (a ^ a >> 16) * 0x7FEB352Du;
    a = (a ^ a >> 15) * 0x846CA68Bu;
    return a ^ a >> 16;
}

static inline float noise(noise_state *s)
{
    const uint32_t n = s->count;
    s->count += NOISE_STEP;
    return (float)(int32_t)stir(n) * 0x1p-31f;
}

static inline float svf(svf_state *f, float x)
{
    const float d = x - f->u, u = f->u + f->a * f->s + f->ag * d, s = f->s - f->ak * f->s + f->a * d;
    const float w = 0.5f * (u + f->u);
    f->u = u;
    f->s = s;
    return w;
}

static inline float adsr(adsr_state *e, float gate)
{
    const int held = gate > 0.5f;
    const int begun = held > e->held ? 1 : e->attacking;
    e->attacking = e->level < 1 && held ? begun : 0;
    e->held = held;
    if (e->attacking)
        e->level = e->level + e->pace < 1 ? e->level + e->pace : 1;
    else
        e->level = e->keep * e->level + (1 - e->keep) * (held ? e->sustain : 0);
    return e->level;
}

static inline float tremolo(tremolo_state *t, float x)
{
    const float wave = sinf((float)(int32_t)t->phase * 7.3145903963357984e-10f);
    t->phase += t->step;
    return x * (1 - t->depth * (wave * wave));
}

static inline float echo(echo_state *e, float x)
{
    const float y = x + e->feedback * e->line[e->at];
    e->line[e->at] = y;
    e->at = e->at + 1 == DELAY ? 0 : e->at + 1;
    return y;
}

static inline float soft_clip(float x)
{
    const float v = x < -1.5f ? -1.5f : x > 1.5f ? 1.5f : x;
    return v - 0.14814815f * v * v * v;
}

/* ---- nodes behind a pointer ---- */

typedef struct node node;
struct node {
    float (*tick)(node *self, const float *inputs);
    void *state;
    uint32_t inputs[MOST_INPUTS]; /* nodes, by their places in the order */
    uint32_t input_count;
};

static float saw_tick(node *n, const float *in)
{
    (void)in;
    return saw(n->state);
}

static float noise_tick(node *n, const float *in)
{
    (void)in;
    return noise(n->state);
}

static float sum_tick(node *n, const float *in)
{
    (void)n;
    return in[0] + in[1] + in[2];
}

static float longer_sum_tick(node *n, const float *in)
{
    (void)n;
    return in[0] + in[1] + in[2] + in[3];
}

static float svf_tick(node *n, const float *in)
{
    return svf(n->state, in[0]);
}

static float adsr_tick(node *n, const float *in)
{
    (void)in;
    return adsr(n->state, 1);
}

static float gain_tick(node *n, const float *in)
{
    (void)n;
    return in[0] * in[1];
}

static float tremolo_tick(node *n, const float *in)
{
    return tremolo(n->state, in[0]);
}

static float echo_tick(node *n, const float *in)
{
    return echo(n->state, in[0]);
}

static float soft_clip_tick(node *n, const float *in)
{
    (void)n;
    return soft_clip(in[0]);
}

typedef struct handle {
    uint32_t index, generation;
} handle;

/* A node of the slot map, with what it made last. */
typedef struct slot {
    uint32_t generation;
    float value;
    node node;
    handle inputs[MOST_INPUTS];
} slot;

struct plain_graph {
    plain_way way;
    unsigned voices;
    uint32_t heard; /* the first node that is: every tenth from there on */
    voice voice[MOST_VOICES];
    node nodes[MOST_VOICES * NODES];
    float values[MOST_VOICES * NODES];
    slot slots[MOST_VOICES * NODES];
    handle order[MOST_VOICES * NODES];
    float buffers[NODES][BLOCK];
};

static void make_nodes(plain_graph *g, unsigned k, bool series)
{
    voice *v = &g->voice[k];
    const uint32_t at = k * NODES;
    const bool follows = series && k > 0;
    const node nodes[NODES] = {
        {saw_tick, &v->a, {0}, 0},
        {saw_tick, &v->b, {0}, 0},
        {noise_tick, &v->n, {0}, 0},
        {follows ? longer_sum_tick : sum_tick, NULL, {at, at + 1, at + 2, follows ? at - 1 : 0}, follows ? 4 : 3},
        {svf_tick, &v->filter, {at + 3}, 1},
        {adsr_tick, &v->envelope, {0}, 0},
        {gain_tick, NULL, {at + 4, at + 5}, 2},
        {tremolo_tick, &v->tremolo, {at + 6}, 1},
        {echo_tick, &v->echo, {at + 7}, 1},
        {soft_clip_tick, NULL, {at + 8}, 1},
    };
    memcpy(g->nodes + at, nodes, sizeof nodes);
}

/* The order in which nodes were made is no order of slots: freed ones are taken again. A step that is prime to any count of nodes stands for that. */
static void fill_slots(plain_graph *g)
{
    const uint32_t nodes = g->voices * NODES;
    enum { STEP = 7 };
    for (uint32_t k = 0; k < nodes; k++)
        g->order[k] = (handle){k * STEP % nodes, 1 + k % 3};
    for (uint32_t k = 0; k < nodes; k++) {
        slot *s = &g->slots[g->order[k].index];
        *s = (slot){.generation = g->order[k].generation, .node = g->nodes[k]};
        for (uint32_t j = 0; j < s->node.input_count; j++)
            s->inputs[j] = g->order[g->nodes[k].inputs[j]];
    }
}

static slot *find(plain_graph *g, handle h)
{
    return g->slots[h.index].generation == h.generation ? &g->slots[h.index] : NULL;
}

static float value_of(plain_graph *g, handle h)
{
    const slot *s = find(g, h);
    return s ? s->value : 0;
}

static void run_interpreted(plain_graph *g, float *out, int64_t count)
{
    const uint32_t nodes = g->voices * NODES;
    for (int64_t i = 0; i < count; i++) {
        float sum = 0;
        for (uint32_t k = 0; k < nodes; k++) {
            slot *s = find(g, g->order[k]);
            float in[MOST_INPUTS];
            if (!s)
                continue;
            for (uint32_t j = 0; j < s->node.input_count; j++)
                in[j] = value_of(g, s->inputs[j]);
            s->value = s->node.tick(&s->node, in);
        }
        for (uint32_t k = g->heard; k < nodes; k += NODES)
            sum += value_of(g, g->order[k]);
        out[i] = sum;
    }
}

static void run_in_order(plain_graph *g, float *out, int64_t count)
{
    const uint32_t nodes = g->voices * NODES;
    for (int64_t i = 0; i < count; i++) {
        float sum = 0;
        for (uint32_t k = 0; k < nodes; k++) {
            node *n = &g->nodes[k];
            float in[MOST_INPUTS];
            for (uint32_t j = 0; j < n->input_count; j++)
                in[j] = g->values[n->inputs[j]];
            g->values[k] = n->tick(n, in);
        }
        for (uint32_t k = g->heard; k < nodes; k += NODES)
            sum += g->values[k];
        out[i] = sum;
    }
}

/* ---- nearer to the machine ---- */

static void run_blocks(plain_graph *g, voice *v, float *out, int64_t count)
{
    float (*b)[BLOCK] = g->buffers;
    for (int64_t i = 0; i < count; i++)
        b[0][i] = saw(&v->a);
    for (int64_t i = 0; i < count; i++)
        b[1][i] = saw(&v->b);
    for (int64_t i = 0; i < count; i++)
        b[2][i] = noise(&v->n);
    for (int64_t i = 0; i < count; i++)
        b[3][i] = b[0][i] + b[1][i] + b[2][i];
    for (int64_t i = 0; i < count; i++)
        b[4][i] = svf(&v->filter, b[3][i]);
    for (int64_t i = 0; i < count; i++)
        b[5][i] = adsr(&v->envelope, 1);
    for (int64_t i = 0; i < count; i++)
        b[6][i] = b[4][i] * b[5][i];
    for (int64_t i = 0; i < count; i++)
        b[7][i] = tremolo(&v->tremolo, b[6][i]);
    for (int64_t i = 0; i < count; i++)
        b[8][i] = echo(&v->echo, b[7][i]);
    for (int64_t i = 0; i < count; i++)
        out[i] += soft_clip(b[8][i]);
}

static void run_fused(voice *v, float *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const float sum = saw(&v->a) + saw(&v->b) + noise(&v->n);
        const float level = svf(&v->filter, sum) * adsr(&v->envelope, 1);
        out[i] += soft_clip(echo(&v->echo, tremolo(&v->tremolo, level)));
    }
}

/* A saw whose i-th phase is known without the one before. */
static inline float saw_at(const saw_state *s, uint32_t i)
{
    saw_state there = *s;
    there.phase += i * s->step;
    return saw(&there);
}

static void run_vectors(plain_graph *g, voice *v, float *out, int64_t count)
{
    float *restrict sum = g->buffers[0], *restrict level = g->buffers[1], *restrict heard = g->buffers[2];
    const uint32_t n = (uint32_t)count;
    for (uint32_t i = 0; i < n; i++)
        sum[i] = saw_at(&v->a, i) + saw_at(&v->b, i) + (float)(int32_t)stir(v->n.count + i * NOISE_STEP) * 0x1p-31f;
    v->a.phase += n * v->a.step;
    v->b.phase += n * v->b.step;
    v->n.count += n * NOISE_STEP;
    for (uint32_t i = 0; i < n; i++)
        level[i] = svf(&v->filter, sum[i]) * adsr(&v->envelope, 1);
    for (uint32_t i = 0; i < n; i++)
        level[i] = tremolo(&v->tremolo, level[i]);
    for (uint32_t i = 0; i < n; i++)
        heard[i] = echo(&v->echo, level[i]);
    for (uint32_t i = 0; i < n; i++)
        out[i] += soft_clip(heard[i]);
}

void sn_plain_graph_run(plain_graph *g, float *out, int64_t count)
{
    if (g->way == PLAIN_INTERPRETED) {
        run_interpreted(g, out, count);
        return;
    }
    if (g->way == PLAIN_IN_ORDER) {
        run_in_order(g, out, count);
        return;
    }
    memset(out, 0, (size_t)count * sizeof *out);
    for (unsigned k = 0; k < g->voices; k++) {
        if (g->way == PLAIN_BLOCKS)
            run_blocks(g, &g->voice[k], out, count);
        else if (g->way == PLAIN_FUSED)
            run_fused(&g->voice[k], out, count);
        else
            run_vectors(g, &g->voice[k], out, count);
    }
}

/* ---- opening ---- */

static uint32_t step_of(double hertz, double rate)
{
    return (uint32_t)(int64_t)llrint(hertz / rate * 0x1p32);
}

static void tune_saw(saw_state *s, double hertz, double rate)
{
    s->step = step_of(hertz, rate);
    s->inverse = 1 / (float)(int32_t)s->step;
}

static int tune(voice *v, unsigned k, double rate)
{
    const double g = tan(3.14159265358979323846 * 1200 / rate), q = 1 / 2.0, a = 2 * g / (1 + g * (g + q));
    tune_saw(&v->a, 220 + 10 * k, rate);
    tune_saw(&v->b, 221.5 + 10 * k, rate);
    v->filter.a = (float)a;
    v->filter.ak = (float)(a * (g + q));
    v->filter.ag = (float)(a * g);
    v->envelope.pace = (float)(1 / (0.01 * rate));
    v->envelope.keep = (float)exp(-6.907755278982137 / (0.1 * rate));
    v->envelope.sustain = 0.7f;
    v->tremolo.step = step_of(5, rate);
    v->tremolo.depth = 0.5f;
    v->echo.feedback = 0.4f;
    v->echo.line = calloc(DELAY, sizeof(float));
    return v->echo.line != NULL;
}

plain_graph *sn_plain_graph_open(plain_way way, unsigned voices, bool series, double rate)
{
    plain_graph *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->way = way;
    g->voices = voices;
    g->heard = (series ? voices * NODES : NODES) - 1;
    for (unsigned k = 0; k < voices; k++) {
        if (!tune(&g->voice[k], k, rate)) {
            sn_plain_graph_close(g);
            return NULL;
        }
        make_nodes(g, k, series);
    }
    fill_slots(g);
    return g;
}

void sn_plain_graph_close(plain_graph *g)
{
    if (!g)
        return;
    for (unsigned k = 0; k < g->voices; k++)
        free(g->voice[k].echo.line);
    free(g);
}
