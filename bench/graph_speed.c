/* Theme `graph`: a voice of ten nodes, compiled, against the same as an interpreted graph and as plain C of several kinds; what an edit, a swap, a parameter
 * and a block cost besides; and how long the slowest of very many blocks takes while the graph is edited 50 times a second. */
#include "bench.h"

#include "plain_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 64, LONG_BLOCK = 256 /* what JACK has by default, give or take a power of two */, RATE = 48000, CUTOFF = 1200, CHECKED = 24000, MOST_TEXT = 1 << 18, LATENCIES = 21, SECOND = 1000000000 };

static const struct { const char *name; unsigned voices, block; bool series; plain_way way; const char *limit; } voices[] = {
    {"voice-10", 1, LONG_BLOCK, false, PLAIN_INTERPRETED, "interpreted graph"},
    {"voice-10-in-order", 1, LONG_BLOCK, false, PLAIN_IN_ORDER, "its nodes in order"},
    {"voice-10-blocks", 1, LONG_BLOCK, false, PLAIN_BLOCKS, "a block function a node"},
    {"voice-10-fused", 1, LONG_BLOCK, false, PLAIN_FUSED, "one scalar loop"},
    {"voice-10-vectors", 1, LONG_BLOCK, false, PLAIN_VECTORS, "vectors where C can"},
    {"voice-50", 5, LONG_BLOCK, false, PLAIN_INTERPRETED, "interpreted graph"},
    {"voice-50-series", 5, LONG_BLOCK, true, PLAIN_INTERPRETED, "interpreted graph"},
    {"voice-160", 16, LONG_BLOCK, false, PLAIN_INTERPRETED, "interpreted graph"},
    {"short-voice-10", 1, BLOCK, false, PLAIN_INTERPRETED, "interpreted graph"},
    {"short-voice-50", 5, BLOCK, false, PLAIN_INTERPRETED, "interpreted graph"},
    {"short-voice-50-series", 5, BLOCK, true, PLAIN_INTERPRETED, "interpreted graph"},
    {"short-voice-160", 16, BLOCK, false, PLAIN_INTERPRETED, "interpreted graph"},
};
enum { VOICES = sizeof voices / sizeof *voices };
/* As texts, and as graphs. */
static const struct { const char *name; unsigned nodes; bool graph; } edits[] = {{"edit-10", 10, false},   {"edit-100", 100, false},   {"edit-1000", 1000, false},
                                                                                 {"commit-10", 10, true}, {"commit-100", 100, true}, {"commit-1000", 1000, true}};
enum { EDITS = sizeof edits / sizeof *edits };
static const char *const others[] = {"swap-100", "set", "event", "block-overhead", "biquad", "biquad-strict"};
enum { OTHERS = sizeof others / sizeof *others };
static const struct { const char *name; double share; } edited[] = {{"edited-p50", 0.5}, {"edited-p99.9", 0.999}, {"edited-worst", 1}};
enum { EDITED = sizeof edited / sizeof *edited };

const char *sn_graph_row_name(unsigned k)
{
    return k < VOICES                   ? voices[k].name
           : k < VOICES + EDITS          ? edits[k - VOICES].name
           : k < VOICES + EDITS + OTHERS ? others[k - VOICES - EDITS]
           : k < VOICES + EDITS + OTHERS + EDITED ? edited[k - VOICES - EDITS - OTHERS].name
                                                  : NULL;
}

/* ---- the voice ---- */

/* What one of them is, with `more` in its sum and the cutoff of its filter. */
static size_t write_voice(char *text, const char *arguments, const char *more, unsigned cutoff)
{
    return (size_t)sprintf(text, "fn one(%s) {\n    tone = saw(220 + 10*k) + saw(221.5 + 10*k) + noise()%s\n"
                                 "    t = tremolo(svf(tone, %u, 2).x*adsr(1, 0.01, 0.1, 0.7, 0.3), 5, 0.5)\n"
                                 "    d = t + 0.4*delay(d, 12000)\n    soft_clip(d)\n}\n", arguments, more, cutoff);
}

static void write_parallel(char *text, unsigned count)
{
    size_t n = write_voice(text, "k", "", CUTOFF);
    for (unsigned k = 0; k < count; k++)
        n += (size_t)sprintf(text + n, "%sone(%u)", k ? " + " : "out ", k);
    sprintf(text + n, "\n");
}

static void write_series(char *text, unsigned count)
{
    size_t n = write_voice(text, "k, before", " + before", CUTOFF);
    n += (size_t)sprintf(text + n, "v0 = one(0, 0)\n");
    for (unsigned k = 1; k < count; k++)
        n += (size_t)sprintf(text + n, "v%u = one(%u, v%u)\n", k, k, k - 1);
    sprintf(text + n, "out v%u\n", count - 1);
}

typedef struct compiled {
    sinter_kernel *kernel;
    sinter_instance *instance;
    unsigned block;
    float out[LONG_BLOCK], in[LONG_BLOCK];
} compiled;

static bool open_compiled(compiled *c, sinter_context *context, const char *text, unsigned block, sinter_rewriting rewriting, sinter_engine engine, const char *name)
{
    static sinter_report report;
    memset(c, 0, sizeof *c);
    c->block = block;
    const sinter_status status =
        sinter_compile(context, text, strlen(text), &(sinter_options){.source = SINTER_PATCH, .engine = engine, .rewriting = rewriting}, &c->kernel, &report);
    if (status != SINTER_OK || sinter_instance_open(c->kernel, &c->instance) != SINTER_OK) {
        sn_bench_say_report(name, engine, status, &report);
        return false;
    }
    const int rate = sinter_parameter_number(c->kernel, "rate");
    if (rate >= 0)
        sinter_set(c->instance, rate, RATE);
    return true;
}

static void close_compiled(compiled *c)
{
    sinter_instance_close(c->instance);
    sinter_kernel_close(c->kernel);
}

static void run_compiled(void *context, int64_t calls)
{
    compiled *c = context;
    const sinter_arguments arguments = {.inputs = (const void *[]){c->in}, .outputs = (void *[]){c->out}, .count = c->block};
    for (; calls > 0; calls--)
        sinter_instance_run(c->instance, &arguments);
}

typedef struct plain {
    plain_graph *graph;
    unsigned block;
    float out[LONG_BLOCK];
} plain;

static void run_plain(void *context, int64_t calls)
{
    plain *p = context;
    for (; calls > 0; calls--)
        sn_plain_graph_run(p->graph, p->out, p->block);
}

/* The same sound, but for roundings, which filters, envelopes and the echo carry on: they make 4e-5 of the signal at most here, where five voices stand in a row. */
static bool agree(compiled *c, bench_work other, const float *other_out, const char *name)
{
    double error = 0, power = 0;
    for (unsigned at = 0; at < CHECKED; at += c->block) {
        run_compiled(c, 1);
        other.run(other.context, 1);
        for (unsigned k = 0; k < c->block; k++) {
            error += pow((double)c->out[k] - (double)other_out[k], 2);
            power += pow((double)other_out[k], 2);
        }
    }
    if (power > 0 && error < 1e-8 * power)
        return true;
    sn_bench_say("%s: compiled and plain C differ by %.3g of the signal; not timed", name, sqrt(error / power));
    return false;
}

static bool show_voices(const bench_options *o, sinter_context *context, unsigned k)
{
    static char text[4096];
    compiled c;
    const unsigned block = voices[k].block;
    plain p = {.graph = sn_plain_graph_open(voices[k].way, voices[k].voices, voices[k].series, RATE), .block = block};
    const bench_work other = {run_plain, &p};
    (voices[k].series ? write_series : write_parallel)(text, voices[k].voices);
    sn_bench_progress(voices[k].name, NULL);
    bool good = open_compiled(&c, context, text, block, SINTER_REWRITING_DEFAULT, sn_bench_engine(o, 0), voices[k].name) && p.graph && agree(&c, other, p.out, voices[k].name);
    if (good) {
        const bench_pair pair = sn_bench_alternate((bench_work){run_compiled, &c}, other, o);
        const sinter_kernel_info info = sinter_kernel_describe(c.kernel);
        sn_bench_show(o, &(bench_row){.workload = voices[k].name, .engine = sinter_engine_name(info.engine), .n = block, .ns = pair.ns / block,
                                      .limit = voices[k].limit, .limit_ns = pair.other_ns / block, .ratio = pair.ratio, .compile_us = -1,
                                      .ops = info.operations});
    }
    close_compiled(&c);
    sn_plain_graph_close(p.graph);
    return good;
}

/* ---- edits ---- */

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * SECOND + (double)t.tv_nsec;
}

static void one_row(const bench_options *o, const char *name, int64_t n, double ns)
{
    sn_bench_show(o, &(bench_row){.workload = name, .engine = sinter_engine_name(sn_bench_engine(o, 0)), .n = n, .ns = ns, .compile_us = -1, .ops = -1});
}

/* A chain of so many nodes; `variant` changes one constant. */
static void write_chain(char *text, unsigned nodes, unsigned variant)
{
    static const char *const kinds[] = {"lowpass(n%u, %u)", "n%u*0.%u", "soft_clip(n%u + 0.%u)", "svf(n%u, %u).x", "n%u + saw(%u)"};
    size_t n = (size_t)sprintf(text, "input n0\n");
    for (unsigned k = 1; k < nodes; k++) {
        n += (size_t)sprintf(text + n, "n%u = ", k);
        n += (size_t)sprintf(text + n, kinds[k % 5], k - 1, 500 + k + (k == nodes / 2 ? variant : 0));
        text[n++] = '\n';
    }
    sprintf(text + n, "out n%u\n", nodes - 1);
}

static sinter_player *open_player(const bench_options *o, sinter_context *context)
{
    sinter_player *player = NULL;
    const sinter_player_options options = {.rate = RATE, .inputs = 1, .outputs = 1, .engine = sn_bench_engine(o, 0), .fade = -1};
    if (sinter_player_open(context, &options, &player) != SINTER_OK)
        sn_bench_say("no player");
    return player;
}

/* The same chain as a graph, every node of which is one of the text's: where that adds an oscillator, a node has two connections. */
typedef struct chain {
    sinter_graph *graph;
    sinter_node middle; /* whose constant the edits change */
    uint32_t port;
    unsigned before;
} chain;

static bool add_node(chain *c, const char *type, const char *port, unsigned value, sinter_node *node)
{
    bool good = sinter_graph_add(c->graph, type, NULL, node, NULL) == SINTER_OK;
    if (!good || !port)
        return good;
    const uint32_t number = sinter_graph_port(c->graph, *node, port);
    c->middle = *node; /* the last one that has a constant */
    c->port = number;
    c->before = value;
    return sinter_graph_fix(c->graph, *node, number, (double)value) == SINTER_OK;
}

/* What would be a live parameter is a number, as it is in the text: a graph with parameters that move smoothly is two programs. */
static bool fix_rest(const chain *c, sinter_node node)
{
    bool good = true;
    sinter_port_info info;
    for (uint32_t p = 0; good && sinter_graph_describe_port(c->graph, node, p, &info) == SINTER_OK; p++)
        good = info.source != SINTER_FROM_PARAMETER || sinter_graph_fix(c->graph, node, p, info.value) == SINTER_OK;
    return good;
}

static bool open_chain(chain *c, sinter_context *context, unsigned nodes)
{
    static const struct { const char *type, *port; } kinds[] = {{"lowpass", "cutoff"}, {"gain", "level"}, {"soft_clip", NULL}, {"svf", "cutoff"}, {"saw", "hertz"}};
    sinter_node before, oscillator = 0, node;
    chain middle = {0};
    bool good = sinter_graph_open(context, &c->graph) == SINTER_OK && add_node(c, "input", NULL, 0, &before);
    for (unsigned k = 1; good && k <= nodes; k++) {
        const unsigned kind = k == nodes ? 5 : k % 5; /* the last one is the output */
        good = kind == 5 ? add_node(c, "output", NULL, 0, &node) : add_node(c, kinds[kind].type, kinds[kind].port, 500 + k, &node) && fix_rest(c, node);
        if (kind == 4) {
            oscillator = node;
        } else {
            good = good && sinter_graph_connect(c->graph, before, 0, node, 0, NULL) == SINTER_OK
                   && (!oscillator || sinter_graph_connect(c->graph, oscillator, 0, node, 0, NULL) == SINTER_OK);
            oscillator = 0;
            before = node;
        }
        if (k <= nodes / 2)
            middle = *c;
    }
    *c = middle.graph ? middle : *c;
    return good;
}

static bool commit_chain(chain *c, sinter_player *player, unsigned variant, uint64_t *edit)
{
    return sinter_graph_fix(c->graph, c->middle, c->port, (double)(c->before + variant)) == SINTER_OK
           && sinter_graph_commit(c->graph, player, edit, NULL) == SINTER_OK;
}

/* From the call that asks to the first block of the new program, by the clock on the wall, while this thread waits as a callback would. */
static bool show_edit(const bench_options *o, sinter_context *context, const char *name, unsigned nodes, bool graph)
{
    sinter_player *player = open_player(o, context);
    char *text = malloc(MOST_TEXT);
    double ns[LATENCIES];
    static float block[BLOCK];
    chain c = {0};
    bool good = player && text && (!graph || open_chain(&c, context, nodes));
    for (int k = 0; good && k < LATENCIES; k++) {
        uint64_t edit;
        write_chain(text, nodes, (unsigned)k);
        const double begin = wall();
        good = graph ? commit_chain(&c, player, (unsigned)k, &edit) : sinter_player_edit(player, text, strlen(text), NULL, &edit) == SINTER_OK;
        good = good && sinter_player_wait(player, edit, NULL) == SINTER_OK;
        sinter_player_process(player, (const float *const[]){block}, (float *const[]){block}, 1);
        ns[k] = wall() - begin;
    }
    if (good)
        one_row(o, name, 1, sn_bench_median(ns, LATENCIES));
    else
        sn_bench_say("%s: the edit was refused", name);
    free(text);
    sinter_graph_close(c.graph);
    sinter_player_close(player);
    return good;
}

/* A hundred nodes with ten seconds of delay each: what the block in which it happens takes longer. */
static bool show_swap(const bench_options *o, sinter_context *context)
{
    sinter_player *player = open_player(o, context);
    char *text = malloc(MOST_TEXT);
    double ns[LATENCIES];
    static float block[BLOCK];
    bool good = player && text;
    for (int k = 0; good && k < LATENCIES; k++) {
        uint64_t edit;
        size_t n = (size_t)sprintf(text, "input x\nunused%d = 1\n", k);
        for (int i = 0; i < 100; i++)
            n += (size_t)sprintf(text + n, "d%d = x + 0.5*delay(d%d, %d)\n", i, i, 480000 - i);
        n += (size_t)sprintf(text + n, "out 0.01*(d0");
        for (int i = 1; i < 100; i++)
            n += (size_t)sprintf(text + n, " + d%d", i);
        sprintf(text + n, ")\n");
        good = sinter_player_edit(player, text, strlen(text), NULL, &edit) == SINTER_OK && sinter_player_wait(player, edit, NULL) == SINTER_OK;
        const double begin = wall();
        sinter_player_process(player, (const float *const[]){block}, (float *const[]){block}, 0);
        ns[k] = wall() - begin;
    }
    if (good)
        one_row(o, "swap-100", 1, sn_bench_median(ns + 1, LATENCIES - 1));
    free(text);
    sinter_player_close(player);
    return good;
}

/* ---- the rest ---- */

typedef struct posting {
    sinter_player *player;
    int name;
    bool event;
} posting;

/* 2,048 at a time, which the queue holds; emptying it is the audio thread's business and not counted here. */
static double post_ns(const posting *p)
{
    enum { AT_A_TIME = 2048 };
    double ns[LATENCIES];
    for (int k = 0; k < LATENCIES; k++) {
        const double begin = sn_bench_clock();
        for (int i = 0; i < AT_A_TIME; i++)
            if (p->event)
                sinter_player_event_at(p->player, p->name, 1, 1000);
            else
                sinter_player_set(p->player, p->name, 0.001 * i);
        ns[k] = (sn_bench_clock() - begin) / AT_A_TIME;
        float one[1];
        sinter_player_process(p->player, NULL, (float *const[]){one}, 1);
        sinter_player_reset(p->player);
    }
    return sn_bench_median(ns, LATENCIES);
}

static bool show_posting(const bench_options *o, sinter_context *context, const char *name, bool event)
{
    sinter_player *player = open_player(o, context);
    if (!player)
        return false;
    uint64_t edit;
    static const char text[] = "param level = 1 in 0..10\nout level\n";
    const bool good = sinter_player_edit(player, text, sizeof text - 1, NULL, &edit) == SINTER_OK && sinter_player_wait(player, edit, NULL) == SINTER_OK;
    if (good)
        one_row(o, name, 1, post_ns(&(posting){player, sinter_player_parameter(player, "level"), event}));
    sinter_player_close(player);
    return good;
}

static void run_player(void *context, int64_t calls)
{
    static float block[BLOCK];
    for (; calls > 0; calls--)
        sinter_player_process(context, NULL, (float *const[]){block}, BLOCK);
}

/* A block of 64 by a player, less a sixteenth of one of 1,024: what calling costs, in ns a block. */
static bool show_overhead(const bench_options *o, sinter_context *context)
{
    static char text[4096];
    static float block[1024];
    sinter_player *player = open_player(o, context);
    if (!player)
        return false;
    uint64_t edit;
    write_parallel(text, 1);
    const bool good = sinter_player_edit(player, text, strlen(text), NULL, &edit) == SINTER_OK && sinter_player_wait(player, edit, NULL) == SINTER_OK;
    double ns[LATENCIES];
    run_player(player, 100);
    for (int k = 0; good && k < LATENCIES; k++) {
        const double begin = sn_bench_clock();
        run_player(player, 1600);
        const double middle = sn_bench_clock();
        for (int i = 0; i < 100; i++)
            sinter_player_process(player, NULL, (float *const[]){block}, 1024);
        ns[k] = (2 * middle - begin - sn_bench_clock()) / 1600;
    }
    if (good)
        one_row(o, "block-overhead", BLOCK, sn_bench_median(ns, LATENCIES));
    sinter_player_close(player);
    return good;
}

typedef struct biquad {
    float b0, b1, b2, a1, a2, x1, x2, y1, y2;
    float in[LONG_BLOCK], out[LONG_BLOCK];
} biquad;

/* As it is found in textbooks, direct form I. */
static void run_biquad(void *context, int64_t calls)
{
    biquad *f = context;
    for (; calls > 0; calls--)
        for (int k = 0; k < LONG_BLOCK; k++) {
            const float x = f->in[k], y = f->b0 * x + f->b1 * f->x1 + f->b2 * f->x2 - f->a1 * f->y1 - f->a2 * f->y2;
            f->x2 = f->x1;
            f->x1 = x;
            f->y2 = f->y1;
            f->y1 = y;
            f->out[k] = y;
        }
}

/* Relaxed it is a scan; strict, one element after the other. */
static bool show_biquad(const bench_options *o, sinter_context *context, const char *name, sinter_rewriting rewriting)
{
    compiled c;
    const double w = 2 * 3.14159265358979323846 * 1000 / RATE, a = sin(w) / 2, k = 1 / (1 + a);
    biquad f = {.b0 = (float)((1 - cos(w)) / 2 * k), .b1 = (float)((1 - cos(w)) * k), .b2 = (float)((1 - cos(w)) / 2 * k),
                .a1 = (float)(-2 * cos(w) * k), .a2 = (float)((1 - a) * k)};
    const bench_work other = {run_biquad, &f};
    bool good = open_compiled(&c, context, "input x\nout lowpass(x, 1000, 1)\n", LONG_BLOCK, rewriting, sn_bench_engine(o, 0), name);
    for (int i = 0; i < LONG_BLOCK; i++)
        f.in[i] = c.in[i] = sinf((float)i);
    good = good && agree(&c, other, f.out, name);
    if (good) {
        const bench_pair pair = sn_bench_alternate((bench_work){run_compiled, &c}, other, o);
        const sinter_kernel_info info = sinter_kernel_describe(c.kernel);
        sn_bench_show(o, &(bench_row){.workload = name, .engine = sinter_engine_name(info.engine), .n = LONG_BLOCK, .ns = pair.ns / LONG_BLOCK,
                                      .limit = "a loop in C", .limit_ns = pair.other_ns / LONG_BLOCK, .ratio = pair.ratio, .compile_us = -1,
                                      .ops = info.operations});
    }
    close_compiled(&c);
    return good;
}

/* ---- block after block, edited ---- */

enum { EDIT_EVERY = 15 /* blocks: 20 ms */, SECONDS_A_ROUND = 4, CLOCK_READINGS = 1001 };

/* Five graphs in turn, each of which differs from the one before in what it has, not only in a number: a filter more, a longer line, a line less. */
static size_t write_edit(char *text, unsigned k)
{
    static const char *const ends[] = {
        "out one(0)\n",
        "out lowpass(one(0), 3000)\n",
        "v = one(0)\nw = v + 0.3*delay(w, 30000)\nout w\n",
        "v = one(0)\nw = v + 0.3*delay(w, 48000)\nout lowpass(w, 3000)\n",
        "out one(0) + one(1)\n",
    };
    const size_t n = write_voice(text, "k", "", CUTOFF + k % 1009);
    return n + (size_t)sprintf(text + n, "%s", ends[k % 5]);
}

static bool edit_and_wait(sinter_player *player, const char *text, size_t length)
{
    uint64_t edit;
    return sinter_player_edit(player, text, length, NULL, &edit) == SINTER_OK && sinter_player_wait(player, edit, NULL) == SINTER_OK;
}

/* What reading the clock twice takes by itself. */
static double clock_ns(void)
{
    static double ns[CLOCK_READINGS];
    for (int k = 0; k < CLOCK_READINGS; k++) {
        const double begin = sn_bench_clock();
        ns[k] = sn_bench_clock() - begin;
    }
    return sn_bench_median(ns, CLOCK_READINGS);
}

/* This thread is the one that edits and the one that plays, so that every edit becomes a swap, in the first block after it, however fast the audio goes by. The
 * player's thread compiles on the same core meanwhile: the block finds its caches full of a compiler's things, as on a busy machine. */
static bool play_edited(sinter_player *player, double *ns, int64_t blocks)
{
    static char text[4096];
    static float block[BLOCK];
    const double reading = clock_ns();
    for (int64_t k = 0; k < blocks; k++) {
        if (k % EDIT_EVERY == 0 && !edit_and_wait(player, text, write_edit(text, (unsigned)(k / EDIT_EVERY))))
            return false;
        const double begin = sn_bench_clock();
        sinter_player_process(player, NULL, (float *const[]){block}, BLOCK);
        ns[k] = fmax(1, sn_bench_clock() - begin - reading);
    }
    return true;
}

/* Four seconds of audio for each round: a minute's worth unless another number of rounds is asked for; 900 make an hour. */
static bool show_edited(const bench_options *o, sinter_context *context)
{
    const int64_t blocks = (int64_t)SECONDS_A_ROUND * o->rounds * RATE / BLOCK, swaps = (blocks + EDIT_EVERY - 1) / EDIT_EVERY;
    sinter_player *player = open_player(o, context);
    double *ns = malloc((size_t)blocks * sizeof *ns);
    sn_bench_progress("edited", NULL);
    bool good = player && ns && play_edited(player, ns, blocks);
    if (good && (int64_t)sinter_player_look(player, NULL).swaps != swaps) {
        sn_bench_say("edited: not every edit was swapped in");
        good = false;
    }
    if (good) {
        sn_bench_median(ns, (int)blocks);
        for (unsigned k = 0; k < EDITED; k++)
            if (sn_bench_wanted(o, edited[k].name))
                one_row(o, edited[k].name, 1, ns[(int64_t)(edited[k].share * (double)(blocks - 1))]);
    } else {
        sn_bench_say("edited: no figures");
    }
    free(ns);
    sinter_player_close(player);
    return good;
}

static bool edited_wanted(const bench_options *o)
{
    bool wanted = false;
    for (unsigned k = 0; k < EDITED; k++)
        wanted |= sn_bench_wanted(o, edited[k].name);
    return wanted;
}

bool sn_bench_graph(const bench_options *o, sinter_context *context)
{
    bool good = true;
    for (unsigned k = 0; k < VOICES; k++)
        good &= !sn_bench_wanted(o, voices[k].name) || show_voices(o, context, k);
    if (sn_bench_wanted(o, "biquad"))
        good &= show_biquad(o, context, "biquad", SINTER_REWRITING_DEFAULT);
    if (sn_bench_wanted(o, "biquad-strict"))
        good &= show_biquad(o, context, "biquad-strict", SINTER_STRICT);
    for (unsigned k = 0; k < EDITS; k++)
        good &= !sn_bench_wanted(o, edits[k].name) || show_edit(o, context, edits[k].name, edits[k].nodes, edits[k].graph);
    if (sn_bench_wanted(o, "swap-100"))
        good &= show_swap(o, context);
    if (sn_bench_wanted(o, "set"))
        good &= show_posting(o, context, "set", false);
    if (sn_bench_wanted(o, "event"))
        good &= show_posting(o, context, "event", true);
    if (sn_bench_wanted(o, "block-overhead"))
        good &= show_overhead(o, context);
    if (edited_wanted(o))
        good &= show_edited(o, context);
    return good;
}
