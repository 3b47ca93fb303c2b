/* Edits of a graph that sounds are no steps: whatever is added, removed, connected or fixed fades, and what is not touched sounds on bit for bit. The
 * sounds are slow sines, so that the largest step between two samples is known: that of the sines, and that of fading between any two of
 * them. A player that does not fade exceeds it, which the test checks too. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { FADE = 240, EVERY = 700, EDITS = 30, COUNT = EVERY * (EDITS + 1) };

static sinter_graph *graph;
static sinter_player *player;
static sinter_report report;
static float heard[3][COUNT], alone[COUNT];
static uint64_t last_edit;

static sinter_node add(const char *type, const char *name)
{
    sinter_node node;
    if (sinter_graph_add(graph, type, name, &node, &report) != SINTER_OK)
        fail_msg("%s: %s", type, report.errors[0].message);
    return node;
}

static void fix(sinter_node node, const char *port, double value)
{
    assert_int_equal(sinter_graph_fix(graph, node, sinter_graph_port(graph, node, port), value), SINTER_OK);
}

static void join(sinter_node from, sinter_node to, const char *port)
{
    assert_int_equal(sinter_graph_connect(graph, from, 0, to, sinter_graph_port(graph, to, port), NULL), SINTER_OK);
}

static void part(sinter_node from, sinter_node to, const char *port)
{
    assert_int_equal(sinter_graph_disconnect(graph, from, 0, to, sinter_graph_port(graph, to, port)), SINTER_OK);
}

/* A sine that stays below `level` and changes by less than `level`/100 from sample to sample. */
static sinter_node slow_sine(const char *name, double hertz, double level)
{
    char gain_name[32];
    snprintf(gain_name, sizeof gain_name, "%s_level", name);
    const sinter_node sine = add("sine", name), gain = add("gain", gain_name);
    fix(sine, "hertz", hertz);
    fix(gain, "level", level);
    join(sine, gain, "x");
    return gain;
}

/* Commits, and waits until what was compiled can be played. */
static void commit(void)
{
    if (sinter_graph_commit(graph, player, &last_edit, &report) != SINTER_OK)
        fail_msg("%s", report.errors[0].message);
    if (sinter_player_wait(player, last_edit, &report) != SINTER_OK)
        fail_msg("line %d: %s", report.errors[0].line, report.errors[0].message);
}

static void play(int begin, int end)
{
    for (int at = begin, n = 0; at < end; at += n) {
        n = 1 + at * 7919 % 97;
        n = at + n < end ? n : end - at;
        sinter_player_process(player, NULL, (float *[]){heard[0] + at, heard[1] + at, heard[2] + at}, (uint32_t)n);
    }
}

/* Plays until there were so many swaps. */
static void await_swaps(uint64_t swaps, int at)
{
    for (int k = 0; k < 10000 && sinter_player_look(player, NULL).swaps < swaps; k++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        play(at, at + 10);
    }
    assert_int_equal(sinter_player_look(player, NULL).swaps, swaps);
}

static double largest_step(const float *y, int begin, int end)
{
    double most = 0;
    for (int k = begin + 1; k < end; k++) {
        const double step = fabs((double)y[k] - (double)y[k - 1]);
        if (step > most) /* gcc 12 for AArch64 fails on fmax here */
            most = step;
    }
    return most;
}

static void open_all(double fade, sinter_engine engine)
{
    const sinter_player_options options = {.outputs = 3, .fade = fade, .engine = engine};
    assert_int_equal(sinter_graph_open(context, &graph), SINTER_OK);
    assert_int_equal(sinter_player_open(context, &options, &player), SINTER_OK);
}

static void close_all(void)
{
    sinter_player_close(player);
    sinter_graph_close(graph);
}

/* A voice on the first channel that nothing touches. */
static void add_voice(void)
{
    const sinter_node saw = add("saw", "voice"), low = add("svf", "filter"), out = add("output", "first"), room = add("delay", "room"), half = add("gain", "half");
    fix(saw, "hertz", 220);
    fix(half, "level", 0.5);
    fix(room, "n", 1234);
    join(saw, low, "x");
    join(low, room, "x");
    join(room, half, "x");
    join(half, low, "x");
    join(low, out, "x");
}

/* ---- one edit of each kind ---- */

static struct {
    sinter_node a, b, c, gain, late, far, ring, bus, out, ring_out, pan;
} n;

/* The node of that name, which goes into its gain, as another oscillator. */
static void replace(const char *name, const char *type)
{
    const sinter_node gain = sinter_graph_find(graph, "a_level");
    sinter_graph_remove(graph, sinter_graph_find(graph, name));
    const sinter_node node = add(type, name);
    fix(node, "hertz", 40);
    join(node, gain, "x");
}

static void edit(int number)
{
    switch (number) {
    case 0: join(n.b, n.out, "x"); break;
    case 1: part(n.a, n.out, "x"); break;
    case 2: join(n.a, n.out, "x"); break;
    case 3: /* a node in between */
        n.gain = add("gain", "between");
        fix(n.gain, "level", -0.5);
        part(n.a, n.out, "x");
        join(n.a, n.gain, "x");
        join(n.gain, n.out, "x");
        break;
    case 4: fix(n.gain, "level", 0.75); break;                                                            /* a constant */
    case 5: join(n.c, n.gain, "level"); break;                                                            /* which becomes a stream, */
    case 6: part(n.c, n.gain, "level"); break;                                                            /* and a constant again */
    case 7: sinter_graph_set(graph, n.gain, sinter_graph_port(graph, n.gain, "level"), 0.25); break;     /* and a parameter */
    case 8: sinter_graph_set(graph, n.gain, sinter_graph_port(graph, n.gain, "level"), 0.5); break;      /* that moves by itself */
    case 9: sinter_graph_remove(graph, n.gain); break;                                                    /* with its connections */
    case 10: /* into a delay, so that a step would come later */
        n.late = add("delay", "late");
        fix(n.late, "n", 100);
        join(n.a, n.late, "x");
        join(n.late, n.out, "x");
        break;
    case 11: join(n.b, n.late, "x"); break;
    case 12: part(n.a, n.late, "x"); break;
    case 13: /* a cycle */
        n.ring = add("gain", "ring");
        fix(n.ring, "level", 0.5);
        join(n.late, n.ring, "x");
        join(n.ring, n.late, "x");
        break;
    case 14: sinter_graph_remove(graph, n.ring); break;
    case 15: /* the same in another order: the way through is turned round */
        n.bus = add("pass", "bus");
        part(n.b, n.out, "x");
        join(n.b, n.bus, "x");
        join(n.bus, n.out, "x");
        break;
    case 16: assert_int_equal(sinter_graph_connect_delayed(graph, n.b, 0, n.bus, 0, NULL), SINTER_OK); break;
    case 17: sinter_graph_remove(graph, n.bus); break;
    case 18: /* another name for the channel */
        sinter_graph_remove(graph, n.out);
        n.out = add("output", "other");
        join(n.c, n.out, "x");
        break;
    case 19: /* a channel more, which the player fades */
        n.ring_out = add("output", "third");
        join(n.c, n.ring_out, "x");
        break;
    case 20: sinter_graph_remove(graph, n.ring_out); break;
    case 21: /* several at once */
        join(n.a, n.out, "x");
        part(n.c, n.out, "x");
        n.pan = add("pan", "place");
        join(n.b, n.pan, "x");
        join(n.pan, n.out, "x");
        break;
    case 22: join(n.c, n.pan, "position"); break;
    case 23: sinter_graph_remove(graph, n.pan); break;
    case 24: fix(n.late, "n", 400); break; /* what must be a constant */
    case 25: replace("a", "triangle"); break; /* another type by a name */
    case 26: replace("a", "sine"); break;
    case 27: fix(n.late, "n", 90); break;
    case 28: /* what begins behind the fade */
        n.far = add("delay", "far");
        fix(n.far, "n", 500);
        join(n.b, n.far, "x");
        join(n.far, n.out, "x");
        break;
    default: sinter_graph_remove(graph, n.far); break;
    }
}

static void build(void)
{
    add_voice();
    n.a = slow_sine("a", 40, 0.4);
    n.b = slow_sine("b", 55, 0.4);
    n.c = slow_sine("c", 30, 0.4);
    n.out = add("output", "second");
    join(n.a, n.out, "x");
}

/* What fading from one thing to another may add to the steps of the sines: each stays below 1.6. */
static const double sines = 0.4 * 4 * 2 * 3.1415927 * 55 / 48000, fading = 3.2 / FADE;

static void run_edits(double fade, sinter_engine engine, double *steps)
{
    open_all(fade, engine);
    build();
    commit();
    play(0, EVERY);
    for (int k = 0; k < EDITS; k++) {
        edit(k);
        commit();
        play((k + 1) * EVERY, (k + 2) * EVERY);
        steps[k] = fmax(largest_step(heard[1], (k + 1) * EVERY - 1, (k + 2) * EVERY), largest_step(heard[2], (k + 1) * EVERY - 1, (k + 2) * EVERY));
    }
    assert_int_equal(sinter_player_look(player, NULL).playing, last_edit);
    close_all();
}

static void play_alone(void)
{
    open_all(-1, SINTER_ENGINE_AUTO);
    add_voice();
    commit();
    play(0, COUNT);
    memcpy(alone, heard[0], sizeof alone);
    close_all();
}

static void assert_untouched(void)
{
    for (int k = FADE; k < COUNT; k++) /* it has faded in as a channel */
        if (memcmp(&heard[0][k], &alone[k], sizeof(float)) != 0)
            fail_msg("sample %d of the voice that nobody touched: %.9g, not %.9g", k, (double)heard[0][k], (double)alone[k]);
}

static void edits_are_no_steps(void **state)
{
    (void)state;
    double steps[EDITS], bare[EDITS];
    static const sinter_engine engines[] = {SINTER_ENGINE_AUTO, SINTER_ENGINE_INTERP};
    play_alone();
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        run_edits((double)FADE / 48000, engines[e], steps);
        assert_untouched();
        for (int k = 0; k < EDITS; k++)
            if (steps[k] > sines + fading)
                fail_msg("edit %d is a step of %g, and %g is allowed", k, steps[k], sines + fading);
    }
    run_edits(-1, SINTER_ENGINE_AUTO, bare);
    int clicks = 0;
    for (int k = 0; k < EDITS; k++)
        clicks += bare[k] > sines + fading;
    if (clicks < EDITS / 2)
        fail_msg("only %d edits are heard without fading: the test would not notice", clicks);
}

/* ---- where it arrives ---- */

static void what_it_fades_to_is_exact(void **state)
{
    (void)state;
    open_all((double)FADE / 48000, SINTER_ENGINE_AUTO);
    const sinter_node out = add("output", "first"), quarter = add("gain", "quarter"), half = add("gain", "half");
    sinter_node constant = add("offset", "three");
    fix(constant, "x", 3);
    fix(constant, "amount", 0);
    fix(quarter, "level", 0.25);
    fix(half, "level", 0.5);
    join(constant, quarter, "x");
    join(constant, half, "x");
    join(quarter, out, "x");
    commit();
    play(0, 2 * FADE);
    assert_true(heard[0][2 * FADE - 1] == 0.75f);
    part(quarter, out, "x");
    join(half, out, "x");
    commit();
    const uint64_t swaps = sinter_player_look(player, NULL).swaps;
    play(2 * FADE, 4 * FADE);
    for (int k = 0; k < 2 * FADE; k++) {
        const double way = k < FADE ? (double)k / FADE : 1, wanted = 0.75 + 0.75 * way;
        if (fabs(heard[0][2 * FADE + k] - wanted) > (k < FADE ? 1e-6 : 0))
            fail_msg("sample %d: %g, not %g", k, (double)heard[0][2 * FADE + k], wanted);
    }
    /* Through a program of both to the new one, which follows when it is ready; an edit that changes no connection needs no way. */
    await_swaps(swaps + 2, 4 * FADE);
    commit();
    await_swaps(swaps + 3, 4 * FADE);
    close_all();
}

/* ---- faster than they fade ---- */

enum { SINES = 8 };

static void rapid_edits_are_no_steps(void **state)
{
    (void)state;
    sinter_node sine[SINES], gain[SINES] = {0};
    bool there[SINES] = {false};
    uint32_t random = 3;
    play_alone();
    open_all((double)FADE / 48000, SINTER_ENGINE_AUTO);
    add_voice();
    const sinter_node out = add("output", "second");
    for (int k = 0; k < SINES; k++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", k);
        sine[k] = slow_sine(name, 20 + 5 * k, 0.125);
    }
    join(sine[0], out, "x");
    commit();
    play(0, EVERY);
    for (int at = EVERY; at < COUNT; at += 60) {
        random = random * 1664525 + 1013904223;
        const int k = 1 + (int)(random >> 20) % (SINES - 1), way = (int)(random >> 10) & 3;
        if (there[k] && gain[k])
            sinter_graph_remove(graph, gain[k]);
        else if (there[k])
            part(sine[k], out, "x");
        else if (way == 0)
            join(sine[k], out, "x");
        gain[k] = 0;
        if (!there[k] && way) {
            gain[k] = add("gain", NULL);
            fix(gain[k], "level", way == 1 ? -1 : 1);
            join(sine[k], gain[k], "x");
            join(gain[k], out, "x");
        }
        there[k] = !there[k];
        /* Of three edits one is waited for; the others overtake each other. */
        if (sinter_graph_commit(graph, player, &last_edit, &report) != SINTER_OK)
            fail_msg("%s", report.errors[0].message);
        if (random >> 30 == 0)
            sinter_player_wait(player, last_edit, NULL);
        play(at, at + 60 < COUNT ? at + 60 : COUNT);
    }
    assert_untouched();
    const double step = largest_step(heard[1], EVERY, COUNT), allowed = 2 * 3.1415927 * 60 / 48000 + 2.0 / FADE;
    if (step > allowed)
        fail_msg("a step of %g, and %g is allowed", step, allowed);
    close_all();
}

/* ---- where there is no way from one to the other ---- */

/* In a straight line, from the next sample on. */
static void expect_line(int begin, double from, double to)
{
    for (int k = 0; k < FADE; k++)
        if (!(fabs((double)heard[0][begin + k] - (from + (to - from) * (k + 1) / FADE)) < 1e-6))
            fail_msg("%g at %d of %d on the way from %g to %g", (double)heard[0][begin + k], k, FADE, from, to);
    assert_true((double)heard[0][begin + FADE - 1] == to);
}

/* What has no program of both plays on beside it. */
static void what_has_no_way_fades_as_a_whole(void **state)
{
    (void)state;
    open_all((double)FADE / 48000, SINTER_ENGINE_AUTO);
    sinter_node a = add("gain", "a"), b = add("gain", "b"), out = add("output", "first");
    fix(a, "level", 0.5);
    fix(b, "level", 0.5);
    fix(a, "x", 1);
    join(a, b, "x");
    join(b, out, "x");
    commit();
    play(0, 2 * FADE);
    assert_true(heard[0][2 * FADE - 1] == 0.25f);
    /* Turned round, both together are a cycle. */
    part(a, b, "x");
    part(b, out, "x");
    fix(b, "x", 3);
    join(b, a, "x");
    join(a, out, "x");
    commit();
    play(2 * FADE, 3 * FADE);
    expect_line(2 * FADE, 0.25, 0.75);
    /* A node of another type takes the name: that fades. */
    sinter_graph_remove(graph, a);
    a = add("offset", "a");
    fix(a, "amount", 5);
    join(b, a, "x");
    join(a, out, "x");
    commit();
    play(3 * FADE, 4 * FADE);
    assert_true(heard[0][3 * FADE] == 0.75f && heard[0][3 * FADE + 1] > 0.75f && heard[0][3 * FADE + 1] < 0.8f);
    assert_true(heard[0][4 * FADE - 1] > 6.45f && heard[0][4 * FADE - 1] < 6.5f);
    /* A text has no graph to fade from. */
    static const char text[] = "out 0.125";
    assert_int_equal(sinter_player_edit(player, text, strlen(text), NULL, &last_edit), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, last_edit, NULL), SINTER_OK);
    play(4 * FADE, 5 * FADE);
    expect_line(4 * FADE, 6.5, 0.125);
    commit();
    play(5 * FADE, 6 * FADE);
    expect_line(5 * FADE, 0.125, 6.5);
    /* One that is refused leaves what was ready before it, and fades to it. */
    fix(a, "amount", 6);
    commit();
    static const char wrong[] = "out (";
    assert_int_equal(sinter_player_edit(player, wrong, strlen(wrong), NULL, &last_edit), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, last_edit, NULL), SINTER_BAD_PROGRAM);
    play(6 * FADE, 8 * FADE);
    assert_true(heard[0][6 * FADE] == 6.5f && heard[0][6 * FADE + 1] > 6.5f && heard[0][6 * FADE + 1] < 6.51f);
    assert_true(heard[0][8 * FADE - 1] == 7.5f);
    close_all();
}

static void edit_text(const char *text)
{
    assert_int_equal(sinter_player_edit(player, text, strlen(text), NULL, &last_edit), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, last_edit, NULL), SINTER_OK);
}

/* A patch that is saved with another number, filter, structure: no step. What sounds the same goes on bit for bit, parameters and events reach both, edits that
 * come meanwhile coalesce, another engine is not heard, and a reset ends it. */
static void texts_fade_as_a_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "out 0.3*sine(300)\nout 0.5*sine(200)\n",
        "out 0.9*sine(300)\nout 0.5*sine(200)\n",
        "param level = 1 smooth 0.004\nout lowpass(sine(300), 200)*level\nout 0.5*sine(200)\n",
        "param level = 1 smooth 0.004\ny = 0.5*y' + 0.2*sine(300)\nout y*level\nout 0.5*sine(200)\n",
    };
    enum { TEXTS = sizeof texts / sizeof *texts, LONG = 4 * FADE };
    open_all((double)FADE / 48000, SINTER_ENGINE_AUTO);
    for (int k = 0; k < TEXTS; k++) {
        edit_text(texts[k]);
        if (k == 3)
            sinter_player_set(player, sinter_player_parameter(player, "level"), 0.2);
        play(k * LONG, (k + 1) * LONG);
        sinter_player_use_engine(player, k % 2 ? SINTER_ENGINE_AUTO : SINTER_ENGINE_INTERP, &last_edit);
        sinter_player_wait(player, last_edit, NULL);
    }
    for (int k = 0; k < TEXTS * LONG; k++)
        alone[k] = heard[1][k];
    const double step = largest_step(heard[0], FADE, TEXTS * LONG);
    if (step > 0.9 * 2 * 3.1416 * 300 / 48000 + 2.0 / FADE)
        fail_msg("a step of %g", step);
    /* Edited before the one before has faded, and reset in the midst. */
    edit_text("out 1\n");
    play(TEXTS * LONG, TEXTS * LONG + FADE / 2);
    edit_text("out 7\n");
    edit_text("out 2\n");
    play(TEXTS * LONG + FADE / 2, TEXTS * LONG + FADE);
    assert_true(heard[0][TEXTS * LONG + FADE - 1] == 1);
    play(TEXTS * LONG + FADE, TEXTS * LONG + 2 * FADE - FADE / 2);
    assert_true(heard[0][TEXTS * LONG + FADE + 2] > 1 && heard[0][TEXTS * LONG + FADE + 2] < 1.1f);
    sinter_player_reset(player);
    play(TEXTS * LONG, TEXTS * LONG + 1);
    assert_true(heard[0][TEXTS * LONG] == 2);
    close_all();

    open_all(-1, SINTER_ENGINE_AUTO);
    for (int k = 0; k < TEXTS; k++) {
        edit_text(texts[k]);
        play(k * LONG, (k + 1) * LONG);
    }
    for (int k = FADE; k < TEXTS * LONG; k++)
        if (memcmp(&alone[k], &heard[1][k], sizeof alone[k]) != 0)
            fail_msg("sample %d of what nobody has changed is %g, not %g", k, (double)alone[k], (double)heard[1][k]);
    assert_true(largest_step(heard[0], FADE, TEXTS * LONG) > step); /* without fades it is seen */
    close_all();
}

/* ---- long lines, of which both programs read the one past ---- */

enum { OLD, AT_ONCE, FADING, PLAYERS, PART = 900 };

static sinter_player *players[PLAYERS];
static float noise[PART], played[PLAYERS][2][PART];

static void open_players(sinter_engine engine)
{
    for (int p = 0; p < PLAYERS; p++) {
        const sinter_player_options options = {.inputs = 1, .outputs = 2, .fade = p == FADING ? (double)FADE / 48000 : -1, .engine = engine};
        assert_int_equal(sinter_player_open(context, &options, &players[p]), SINTER_OK);
    }
}

static void close_players(void)
{
    for (int p = 0; p < PLAYERS; p++)
        sinter_player_close(players[p]);
}

static void edit_player(int p, const char *text)
{
    uint64_t edit;
    assert_int_equal(sinter_player_edit(players[p], text, strlen(text), NULL, &edit), SINTER_OK);
    if (sinter_player_wait(players[p], edit, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
}

static void set_player(int p, double value)
{
    sinter_player_set(players[p], sinter_player_parameter(players[p], "g"), value);
}

/* By pieces of no two players the same. */
static void play_part(int p)
{
    for (int at = 0, size; at < PART; at += size) {
        size = 1 + (at + 37 * p) * 7919 % 97;
        size = at + size < PART ? size : PART - at;
        sinter_player_process(players[p], (const float *[]){noise + at}, (float *[]){played[p][0] + at, played[p][1] + at}, (uint32_t)size);
    }
}

/* `old` goes on where the one that changes at once stands. */
static void leave_behind(const char *text)
{
    edit_player(OLD, text);
    sinter_player_process(players[OLD], NULL, (float *[]){NULL, NULL}, 0);
    const size_t size = sinter_player_snapshot_size(players[AT_ONCE]);
    void *bytes = malloc(size);
    assert_non_null(bytes);
    assert_int_equal(sinter_player_snapshot_save(players[AT_ONCE], bytes, size), SINTER_OK);
    assert_int_equal(sinter_player_snapshot_restore(players[OLD], bytes, size), SINTER_OK);
    free(bytes);
}

/* What fades is the one on the way to the other, both as if each were alone, and then the new one. */
static void expect_both(int number, int fade)
{
    for (int c = 0; c < 2; c++)
        for (int k = 0; k < PART; k++) {
            const float old = played[OLD][c][k];
            float wanted = played[AT_ONCE][c][k];
            if (k < fade && (old < wanted || old > wanted))
                wanted += (old - wanted) * ((float)(fade - 1 - k) * (1 / (float)fade));
            if (memcmp(&wanted, &played[FADING][c][k], sizeof wanted) != 0)
                fail_msg("edit %d, channel %d, sample %d: %.9g, not %.9g", number, c, k, (double)played[FADING][c][k], (double)wanted);
        }
}

static void edit_all(int number, const char *before, const char *after, int fade)
{
    leave_behind(before);
    for (int p = AT_ONCE; p < PLAYERS; p++)
        edit_player(p, after);
    for (int p = 0; p < PLAYERS; p++) {
        set_player(p, number % 3 ? 0.2 + 0.1 * (number % 5) : 0.6); /* moves in both, or only in one */
        play_part(p);
    }
    expect_both(number, fade);
}

/* Lines of minutes are not copied. Their reads are far and near, at fixed and varying distances; what is written changes with the edit, lines are resized, and
 * windows come to their ends in the midst of fades and elsewhere. */
static void long_lines_fade(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "param g = 0.5 smooth 0.01\ninput x\na = x + 0.5*delay(a, 20000)\nb = delay(a, 9000 + 4000*sine(30), 20000)\nc = x + 0.3*delay(c, 20 + 15*sine(70), 8200)\n"
        "d = x + 0.5*delay(d, 4100)\ne = d + 0.5*delay(e, 4300)\nf = e + 0.5*delay(f, 9 + 5*sine(40), 4700)\n"
        "out g*(a + b)\nout c + f + delay(x, 400000)\n",
        "param g = 0.5 smooth 0.01\ninput x\na = x - 0.4*delay(a, 20000)\nb = delay(a, 9000 + 4000*sine(30), 20000)\nc = x*g + 0.9*delay(c, 20 + 15*sine(70), 8200)\n"
        "d = x + 0.1*delay(d, 4100)\ne = d - 0.5*delay(e, 4300)\nf = e - 0.5*delay(f, 12 + 5*sine(20), 4700)\n"
        "out a + b + f\nout g*c + delay(x, 400000)\n",
        "param g = 0.5\ninput x\na = x + g*delay(a, 14000)\nc = x + 0.9*delay(c, 5 + 4*sine(70), 8300)\nout a\nout c\n",
        "input x\na = 0.3*x + 0.2*a' - 0.5*a'' + 0.1*delay(a, 14000)\nc = delay(a, 7 + 4*sine(70), 8300)\nout a\nout c\n",
    };
    enum { TEXTS = sizeof texts / sizeof *texts, COUNT_EDITS = 44 };
    static const sinter_engine engines[] = {SINTER_ENGINE_AUTO, SINTER_ENGINE_INTERP};
    uint32_t random = 11;
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        const int count = e ? COUNT_EDITS / 4 : COUNT_EDITS;
        open_players(engines[e]);
        for (int p = AT_ONCE; p < PLAYERS; p++) {
            edit_player(p, texts[0]);
            play_part(p);
        }
        for (int k = 0, at = 0, next; k < count; k++, at = next) {
            for (int i = 0; i < PART; i++) {
                random = random * 1664525 + 1013904223;
                noise[i] = (float)(int32_t)random * 0x1p-31f;
            }
            next = k < 3 * count / 4 ? 1 - at : (int)(random >> 20) % TEXTS; /* long enough between the same two for windows to come to their ends */
            edit_all(k, texts[at], texts[next], FADE);
        }
        close_players();
    }
    /* So many that the fade is shorter. */
    enum { LINES = 200, ROOM = LINES * 48 };
    static char one[ROOM], other[ROOM];
    int length = snprintf(one, ROOM, "input x\na0 = x\n");
    for (int k = 1; k <= LINES; k++)
        length += snprintf(one + length, (size_t)(ROOM - length), "a%d = x + 0.9*delay(a%d, %d)\n", k, k - 1, 8200 + k);
    memcpy(other, one, (size_t)length);
    snprintf(one + length, (size_t)(ROOM - length), "out a%d\nout x\n", LINES);
    snprintf(other + length, (size_t)(ROOM - length), "out 0.5*a%d\nout x\n", LINES);
    open_players(SINTER_ENGINE_AUTO);
    for (int p = AT_ONCE; p < PLAYERS; p++) {
        edit_player(p, one);
        play_part(p);
    }
    edit_all(0, one, other, (1 << 15) / LINES);
    close_players();
}

/* ---- nodes in C, of which there is one ---- */

typedef struct c_pole {
    float y;
} c_pole;

static atomic_int poles; /* each player has a thread that makes and destroys them */

static void *create_pole(void *unused, double rate)
{
    (void)unused, (void)rate;
    c_pole *p = malloc(sizeof *p);
    assert_non_null(p);
    p->y = 0;
    atomic_fetch_add(&poles, 1);
    return p;
}

static void destroy_pole(void *self)
{
    free(self);
    atomic_fetch_sub(&poles, 1);
}

static float run_pole(c_pole *p, float x)
{
    p->y += 0.25f * (x - p->y);
    return p->y;
}

static void process_pole(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count, const sinter_block_context *told)
{
    (void)rate;
    if (told->steady & 1) /* it says so only where it is */
        for (uint32_t k = 1; k < count; k++)
            assert_true(inputs[0][k] == inputs[0][0]);
    for (uint32_t k = 0; k < count; k++)
        outputs[0][k] = run_pole(self, inputs[0][k]);
}

static void tick_pole(void *self, double rate, const float *inputs, float *outputs, const sinter_block_context *told)
{
    (void)rate, (void)told;
    outputs[0] = run_pole(self, inputs[0]);
}

static float mixed(float old, float new, int k)
{
    return k < FADE && (old < new || old > new) ? new + (old - new) * ((float)(FADE - 1 - k) * (1 / (float)FADE)) : new;
}

/* The two in series, the second in a cycle: each is called once, with what goes from the one input to the other. */
static void expect_poles(int number, const float *input, c_pole *low, c_pole *ring, float *late)
{
    static const float gains[] = {0.5f, 0.75f}, rings[] = {0.5f, -0.25f};
    for (int k = 0; k < PART; k++) {
        const int is = number % 2, was = 1 - is;
        const float x = input[k], y = run_pole(low, mixed(gains[was] * x, gains[is] * x, k)), d = late[k % 10];
        const float z = run_pole(ring, mixed(fmaf(rings[was], d, y), fmaf(rings[is], d, y), k)), here = is ? 0.5f * z : z + x;
        const float wanted = mixed(is ? z + x : 0.5f * z, here, k);
        late[k % 10] = z;
        if (memcmp(&wanted, &played[FADING][1][k], sizeof wanted) != 0)
            fail_msg("edit %d, sample %d: %.9g, not %.9g", number, k, (double)played[FADING][1][k], (double)wanted);
        if (played[FADING][0][k] != 0.25f * x)
            fail_msg("edit %d, sample %d of what nobody has changed is %g", number, k, (double)played[FADING][0][k]);
    }
}

static void nodes_in_c_fade(void **state)
{
    (void)state;
    static const sinter_node_type blocks = {.name = "c_block", .inputs = 1, .outputs = 1, .process = process_pole, .create = create_pole, .destroy = destroy_pole};
    static const sinter_node_type ticks = {.name = "c_tick", .inputs = 1, .outputs = 1, .tick = tick_pole, .create = create_pole, .destroy = destroy_pole};
    static const char *const texts[] = {
        "input x\nlow = c_block(0.5*x)\nring = c_tick(low + 0.5*delay(ring, 10))\nout 0.25*x\nout ring + x\nout c_block(0.5)\n",
        "param g = 1 smooth 0.003\ninput x\nlow = c_block(0.75*x)\nring = c_tick(low - 0.25*delay(ring, 10))\nout 0.25*x + 0*g\nout 0.5*ring\nout c_block(0.75)\n",
    };
    assert_int_equal(sinter_add_node_type(context, &blocks), SINTER_OK);
    assert_int_equal(sinter_add_node_type(context, &ticks), SINTER_OK);
    static const sinter_engine engines[] = {SINTER_ENGINE_AUTO, SINTER_ENGINE_INTERP};
    uint32_t random = 5;
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        c_pole low = {0}, ring = {0};
        float late[10] = {0};
        open_players(engines[e]);
        for (int edit_number = 0; edit_number < 7; edit_number++) {
            for (int i = 0; i < PART; i++) {
                random = random * 1664525 + 1013904223;
                noise[i] = (float)(int32_t)random * 0x1p-31f;
            }
            edit_player(FADING, texts[edit_number % 2]);
            set_player(FADING, 0.1 * edit_number);
            /* In place: its first output is where its input is. */
            for (int at = 0, size; at < PART; at += size) {
                size = at + 53 < PART ? 53 : PART - at;
                memcpy(played[FADING][0] + at, noise + at, (size_t)size * sizeof(float));
                sinter_player_process(players[FADING], (const float *[]){played[FADING][0] + at},
                                      (float *[]){played[FADING][0] + at, played[FADING][1] + at}, (uint32_t)size);
            }
            if (edit_number > 0) /* before, the channels faded in */
                expect_poles(edit_number, noise, &low, &ring, late);
            else
                for (int k = 0; k < PART; k++) {
                    const float y = run_pole(&low, 0.5f * noise[k]);
                    late[k % 10] = run_pole(&ring, fmaf(0.5f, late[k % 10], y));
                }
        }
        close_players();
        assert_int_equal(atomic_load(&poles), 0);
    }
    /* Called in another order there is no way to fade: at once. */
    static const char *const turned[] = {
        "fn one(x) = c_block(x)\nfn two(x) = c_block(x)\ninput x\na = one(x)\nb = two(0.5*a)\nout a + 2*b\nout x\n",
        "fn one(x) = c_block(x)\nfn two(x) = c_block(x)\ninput x\nb = two(x)\na = one(0.5*b)\nout a + 2*b\nout x\n",
    };
    open_players(SINTER_ENGINE_AUTO);
    for (int k = 0; k < 4; k++) {
        for (int p = AT_ONCE; p < PLAYERS; p++) {
            edit_player(p, turned[k % 2]);
            play_part(p);
        }
        if (k > 0)
            for (int i = 0; i < PART; i++)
                assert_true(played[AT_ONCE][0][i] == played[FADING][0][i]);
    }
    close_players();
    assert_int_equal(atomic_load(&poles), 0);
}

/* A definition that changes below a node: both texts would need the one name. */
static void definitions_fade_as_a_whole(void **state)
{
    (void)state;
    static const char one[] = "fn amp(x) = 0.25*x\n", other[] = "fn amp(x) = 2*x\n";
    open_all((double)FADE / 48000, SINTER_ENGINE_AUTO);
    assert_int_equal(sinter_graph_define(graph, one, strlen(one), NULL), SINTER_OK);
    const sinter_node a = add("amp", "a"), out = add("output", "first");
    fix(a, "x", 1);
    join(a, out, "x");
    commit();
    play(0, 2 * FADE);
    assert_int_equal(sinter_graph_define(graph, other, strlen(other), NULL), SINTER_OK);
    commit();
    play(2 * FADE, 3 * FADE);
    expect_line(2 * FADE, 0.25, 2);
    close_all();
}

/* Of a graph that nobody hears yet, of a reset in the midst, of another engine in the midst: the next thing is right. */
static void fades_end_with_a_reset(void **state)
{
    (void)state;
    open_all((double)FADE / 48000, SINTER_ENGINE_AUTO);
    const sinter_node a = add("offset", "a"), out = add("output", "first");
    fix(a, "x", 1);
    fix(a, "amount", 0);
    join(a, out, "x");
    commit();
    play(0, FADE + 10);
    fix(a, "amount", 1);
    commit();
    play(FADE + 10, FADE + 20);
    assert_true(heard[0][FADE + 19] > 1 && heard[0][FADE + 19] < 1.1f);
    sinter_player_reset(player);
    play(0, 20);
    assert_true(heard[0][0] == 2 && heard[0][19] == 2);
    fix(a, "amount", 2);
    commit();
    assert_int_equal(sinter_player_use_engine(player, SINTER_ENGINE_INTERP, &last_edit), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, last_edit, NULL), SINTER_OK);
    play(20, 20 + 3 * FADE);
    assert_true(largest_step(heard[0], 19, 20 + 3 * FADE) < 0.006);
    assert_true(heard[0][20 + 2 * FADE] == 3);
    assert_int_equal(sinter_player_look(player, NULL).engine, SINTER_ENGINE_INTERP);
    /* Closed in the midst. */
    fix(a, "amount", 9);
    commit();
    play(0, 10);
    close_all();
}

/* ---- refused memory ---- */

static atomic_int left, blocks;

static void *counted(void *unused, size_t size)
{
    (void)unused;
    void *block = atomic_fetch_sub(&left, 1) > 0 ? malloc(size) : NULL;
    atomic_fetch_add(&blocks, block != NULL);
    return block;
}

static void released(void *unused, void *block, size_t size)
{
    (void)unused, (void)size;
    atomic_fetch_sub(&blocks, block != NULL);
    free(block);
}

/* Each allocation of a commit refused once: what plays is the old graph or, at last, the new one, and nothing is lost. */
static void refused_memory_leaves_one_graph_or_the_other(void **state)
{
    (void)state;
    sinter_context *const usual = context;
    const sinter_context_options options = {.allocator = {counted, released, NULL}};
    atomic_store(&left, 1 << 30);
    assert_int_equal(sinter_open(&options, &context), SINTER_OK);
    open_all((double)FADE / 48000, SINTER_ENGINE_INTERP);
    const sinter_node a = add("offset", "a"), b = add("gain", "b"), out = add("output", "first");
    fix(a, "x", 1);
    fix(a, "amount", 0);
    fix(b, "level", 0.5);
    join(a, b, "x");
    join(a, out, "x");
    commit();
    play(0, 2 * FADE);
    bool fine = false;
    for (int k = 0; !fine; k++) {
        assert_true(k < 3000);
        if (k % 2)
            part(b, out, "x");
        else
            join(b, out, "x");
        const float before = heard[0][2 * FADE - 1], after = k % 2 ? 1 : 1.5f;
        uint64_t number;
        atomic_store(&left, k);
        sinter_status status = sinter_graph_commit(graph, player, &number, &report);
        if (status == SINTER_OK)
            status = sinter_player_wait(player, number, &report);
        fine = atomic_load(&left) > 0;
        atomic_store(&left, 1 << 30);
        if (status != SINTER_OK)
            assert_int_equal(status, SINTER_NO_MEMORY);
        play(0, 2 * FADE);
        assert_true(heard[0][2 * FADE - 1] == (status == SINTER_OK ? after : before));
        assert_true(largest_step(heard[0], 0, 2 * FADE) < 0.5 / FADE + 1e-6 || status == SINTER_OK); /* where there was no memory to fade */
    }
    close_all();
    sinter_close(context);
    context = usual;
    assert_int_equal(atomic_load(&blocks), 0);
}

/* The same for a text whose long line both programs read: it fades, or what played goes on. */
static void refused_memory_beside_a_long_line(void **state)
{
    (void)state;
    sinter_context *const usual = context;
    const sinter_context_options options = {.allocator = {counted, released, NULL}};
    static const char *const texts[] = {"x = delay(1, 9000)\nout 1 + 0*x\n", "x = delay(1, 9000)\nout 2 + 0*x\n"};
    atomic_store(&left, 1 << 30);
    assert_int_equal(sinter_open(&options, &context), SINTER_OK);
    open_all((double)FADE / 48000, SINTER_ENGINE_INTERP);
    edit_text(texts[0]);
    play(0, 2 * FADE);
    sinter_status status = SINTER_NO_MEMORY;
    for (int k = 0; status != SINTER_OK; k++) {
        uint64_t number;
        assert_true(k < 3000);
        atomic_store(&left, k);
        status = sinter_player_edit(player, texts[1], strlen(texts[1]), NULL, &number);
        if (status == SINTER_OK)
            status = sinter_player_wait(player, number, &report);
        atomic_store(&left, 1 << 30);
        if (status != SINTER_OK) {
            assert_int_equal(status, SINTER_NO_MEMORY);
            play(0, 10);
            assert_true(heard[0][9] == 1);
        }
    }
    play(0, FADE);
    expect_line(0, 1, 2);
    /* Closed in the midst. */
    edit_text(texts[0]);
    play(0, 10);
    close_all();
    sinter_close(context);
    context = usual;
    assert_int_equal(atomic_load(&blocks), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_no_steps),
        cmocka_unit_test(what_it_fades_to_is_exact),
        cmocka_unit_test(rapid_edits_are_no_steps),
        cmocka_unit_test(what_has_no_way_fades_as_a_whole),
        cmocka_unit_test(texts_fade_as_a_whole),
        cmocka_unit_test(long_lines_fade),
        cmocka_unit_test(nodes_in_c_fade),
        cmocka_unit_test(definitions_fade_as_a_whole),
        cmocka_unit_test(fades_end_with_a_reset),
        cmocka_unit_test(refused_memory_leaves_one_graph_or_the_other),
        cmocka_unit_test(refused_memory_beside_a_long_line),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
