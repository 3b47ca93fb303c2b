/* Graphs: what edits do to the text, what they refuse, and that what was not touched sounds on bit for bit. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static sinter_graph *graph;
static sinter_report report;
static char text[1 << 16];

static int open_graph(void **state)
{
    (void)state;
    return (int)sinter_graph_open(context, &graph);
}

static int close_graph(void **state)
{
    (void)state;
    sinter_graph_close(graph);
    return 0;
}

static sinter_node add(const char *type, const char *name)
{
    sinter_node node;
    if (sinter_graph_add(graph, type, name, &node, &report) != SINTER_OK)
        fail_msg("%s: %s", type, report.errors[0].message);
    return node;
}

static uint32_t port(sinter_node node, const char *name)
{
    const uint32_t k = sinter_graph_port(graph, node, name);
    if (k == UINT32_MAX)
        fail_msg("%s has no port %s", sinter_graph_name(graph, node), name);
    return k;
}

static void set(sinter_node node, const char *name, double value)
{
    assert_int_equal(sinter_graph_set(graph, node, port(node, name), value), SINTER_OK);
}

static void fix(sinter_node node, const char *name, double value)
{
    assert_int_equal(sinter_graph_fix(graph, node, port(node, name), value), SINTER_OK);
}

static void join(sinter_node from, uint32_t output, sinter_node to, const char *input)
{
    if (sinter_graph_connect(graph, from, output, to, port(to, input), &report) != SINTER_OK)
        fail_msg("%s", report.errors[0].message);
}

static const char *whole_text(void)
{
    size_t length;
    if (sinter_graph_text(graph, text, sizeof text, &length, &report) != SINTER_OK)
        fail_msg("%s", report.errors[0].message);
    assert_true(length < sizeof text && strlen(text) == length);
    return text;
}

static sinter_kernel *compiled(void)
{
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH, .name = "graph"};
    whole_text();
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%d: %s", text, report.errors[0].line, report.errors[0].message);
    return kernel;
}

static void refused_connection(sinter_node from, uint32_t output, sinter_node to, uint32_t input, sinter_status status, const char *message, const char *hint)
{
    report.count = 0;
    assert_int_equal(sinter_graph_connect(graph, from, output, to, input, &report), status);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.errors[0].status, status);
    assert_string_equal(report.errors[0].message, message);
    if (hint)
        assert_string_equal(report.errors[0].hint, hint);
    assert_int_equal(sinter_graph_connect(graph, from, output, to, input, NULL), status);
}

/* ---- texts ---- */

static void test_text(void **state)
{
    (void)state;
    const sinter_node in = add("input", "mic"), osc = add("saw", "osc"), low = add("lowpass", "low"), room = add("freeverb", "room"),
                      left = add("output", "left"), right = add("output", "right"), level = add("gain", "level"), alone = add("sine", "alone");
    set(osc, "hertz", 110);
    fix(osc, "phase", 0.25);
    set(low, "cutoff", 800.5);
    assert_int_equal(sinter_graph_smooth(graph, low, port(low, "cutoff"), SINTER_GLIDE, 0.125), SINTER_OK);
    assert_int_equal(sinter_graph_smooth(graph, low, port(low, "q"), SINTER_UNSMOOTHED, 0), SINTER_OK);
    fix(level, "level", 1);
    fix(room, "size", 0.75);
    for (uint32_t k = port(room, "damp"); k <= port(room, "width"); k++)
        assert_int_equal(sinter_graph_fix(graph, room, k, 0.5), SINTER_OK);
    set(alone, "hertz", 1);
    join(osc, 0, low, "x");
    join(in, 0, low, "x");
    join(low, 0, level, "x");
    join(level, 0, room, "left");
    join(room, 0, left, "x");
    join(room, 1, right, "x");
    assert_string_equal(whole_text(),
        "input mic\n"
        "param osc__hertz = 110 smooth 0.02\n"
        "param low__cutoff = 800.5 glide 0.125\n"
        "param low__q = 0.7071067811865476\n"
        "mic__out = mic\n"
        "fn osc(hertz, phase=0) = saw(hertz, phase)\n"
        "osc__out = osc(hertz=osc__hertz, phase=0.25)\n"
        "fn low(x, cutoff, q=sqrt(0.5)) = lowpass(x, cutoff, q)\n"
        "low__out = low(x=osc__out + mic__out, cutoff=low__cutoff, q=low__q)\n"
        "fn level(x, level) = gain(x, level)\n"
        "level__out = level(x=low__out, level=1)\n"
        "fn room(left, right, size=0.5, damp=0.5, wet=0.33, dry=0.67, width=1) = freeverb(left, right, size, damp, wet, dry, width)\n"
        "room__out = room(left=level__out, right=0, size=0.75, damp=0.5, wet=0.5, dry=0.5, width=0.5)\n"
        "left__in = room__out.x\n"
        "right__in = room__out.y\n"
        "out left = left__in\n"
        "out right = right__in\n");
    sinter_kernel_close(compiled());
    size_t length;
    assert_int_equal(sinter_graph_explain(graph, text, sizeof text, &length, &report), SINTER_OK);
    assert_non_null(strstr(text, "inputs: mic\noutputs: left, right\nsamples a second: 48000, unless the player says otherwise\n7 nodes in "));
    assert_non_null(strstr(text, "1. mic: input\n2. osc: saw; hertz 110 (live), phase 0.25; "));
    assert_non_null(strstr(text, " operations alone\n    state osc.saw.osc_phase.p: i32[1]\n"
                                 "3. low: lowpass; x from osc__out + mic__out, cutoff 800.5 (live), q 0.7071067811865476 (live); "));
    assert_non_null(strstr(text, "4. level: gain; x from low__out, level 1; passes through\n5. room: freeverb; left from level__out, right 0, "));
    assert_non_null(strstr(text, "    state room.freeverb.reverb_side.reverb_comb.y: f32[1116]\n"));
    assert_non_null(strstr(text, "\n6. left: output; x from room__out.x\n7. right: output; x from room__out.y\nleft out: "));
    assert_non_null(strstr(text, "left out: alone: sine; no output hears it\n"));
    assert_int_equal(sinter_graph_dot(graph, text, sizeof text, &length, &report), SINTER_OK);
    assert_non_null(strstr(text, "    \"low\" -> \"level\" [label=\"x\"]\n"));
    /* Cut where there is no room. */
    char small[10];
    size_t all;
    assert_int_equal(sinter_graph_text(graph, small, sizeof small, &all, NULL), SINTER_OK);
    assert_string_equal(small, "input mic");
    assert_int_equal(sinter_graph_text(graph, NULL, 0, &length, NULL), SINTER_OK);
    assert_int_equal(length, all);
}

/* Constants that change nothing leave nothing behind; chains of constant gains and offsets are one operation. */
static void test_what_vanishes(void **state)
{
    (void)state;
    const sinter_node in = add("input", "x"), out = add("output", "y"), gain = add("gain", NULL), offset = add("offset", NULL), pass = add("pass", NULL);
    fix(gain, "level", 1);
    fix(offset, "amount", 0);
    join(in, 0, gain, "x");
    join(gain, 0, offset, "x");
    join(offset, 0, pass, "x");
    join(pass, 0, out, "x");
    sinter_kernel *kernel = compiled();
    assert_int_equal(sinter_kernel_describe(kernel).operations, 0);
    sinter_kernel_close(kernel);
    fix(gain, "level", 0.5);
    fix(offset, "amount", 1);
    const sinter_node second = add("gain", "second"), last = add("offset", "last");
    fix(second, "level", 2);
    fix(last, "amount", -0.5);
    assert_int_equal(sinter_graph_disconnect(graph, pass, 0, out, 0), SINTER_OK);
    join(pass, 0, second, "x");
    join(second, 0, last, "x");
    join(last, 0, out, "x");
    kernel = compiled();
    assert_int_equal(sinter_kernel_describe(kernel).operations, 1); /* x + 1.5 */
    sinter_kernel_close(kernel);
    /* One value for both levels: the same, where it is fixed; live it is one parameter, and what is left by sample is one operation. */
    const sinter_node both = add("constant", "both");
    fix(both, "value", 0.5);
    join(both, 0, gain, "level");
    join(both, 0, second, "level");
    kernel = compiled();
    assert_int_equal(sinter_kernel_describe(kernel).operations, 1);
    sinter_kernel_close(kernel);
    set(both, "value", 0.5);
    kernel = compiled();
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.operations - info.hoisted, 1);
    sinter_kernel_close(kernel);
}

/* What the compiler makes of a feedback loop: the constant gains on the way round are one, the pass is gone, each line is by the node's name. */
static void test_compiled(void **state)
{
    (void)state;
    const sinter_node in = add("input", "x"), bus = add("pass", "bus"), late = add("delay", "late"), half = add("gain", "half"),
                      third = add("gain", "third"), out = add("output", "y");
    fix(late, "n", 1000);
    fix(half, "level", 0.5);
    fix(third, "level", 0.25);
    join(in, 0, bus, "x");
    join(third, 0, bus, "x");
    join(bus, 0, late, "x");
    join(late, 0, half, "x");
    join(half, 0, third, "x");
    join(bus, 0, out, "x");
    whole_text();
    char *ir;
    size_t length;
    const sinter_options options = {.source = SINTER_PATCH};
    assert_int_equal(sinter_dump(context, text, strlen(text), &options, SINTER_DUMP_IR, NULL, &ir, &length, &report), SINTER_OK);
    static const char expected[] = "input x: f32\n"
                                   "output y: f32\n"
                                   "line late__in: f32[1000]\n"
                                   "%1 = input x                            ; element\n"
                                   "%2 = read late__in, 1000                ; element\n"
                                   "%3 = const f32 0.125\n"
                                   "%4 = mul f32 %2, %3                     ; element\n"
                                   "%5 = add f32 %1, %4                     ; element\n"
                                   "output y, %5                            ; element\n";
    assert_true(length > sizeof expected);
    ir[sizeof expected - 1] = 0; /* behind it the line is written, without what is not finite */
    assert_string_equal(ir, expected);
    sinter_dump_release(context, ir, length);
}

/* Results of any length: from the fifth element on `.x` and its like do not reach. */
static void test_many_outputs(void **state)
{
    (void)state;
    static const char own[] = "fn ladder(x) = (x, 2*x, 3*x, 4*x, 5*x, 6*x)\n";
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node in = add("input", "x"), ladder = add("ladder", "steps"), out = add("output", "y");
    assert_int_equal(sinter_graph_outputs(graph, ladder), 6);
    join(in, 0, ladder, "x");
    join(ladder, 5, out, "x");
    assert_int_equal(sinter_graph_connect_delayed(graph, ladder, 1, out, 0, &report), SINTER_OK);
    sinter_kernel *kernel = compiled();
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    static const float x[4] = {1, 10, 100, 1000}, expected[4] = {6, 62, 620, 6200};
    float y[4];
    sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){x}, .outputs = (void *[]){y}, .count = 4});
    assert_memory_equal(y, expected, sizeof y);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* ---- cycles ---- */

static void test_cycles(void **state)
{
    (void)state;
    const sinter_node in = add("input", "x"), mix = add("pass", "bus"), level = add("gain", "level"), late = add("delay", "late"), out = add("output", "y");
    fix(level, "level", 0.5);
    set(late, "n", 100);
    join(in, 0, mix, "x");
    join(mix, 0, late, "x");
    join(late, 0, level, "x");
    join(level, 0, mix, "x");
    join(mix, 0, out, "x");
    /* Through a delay it is as long as that. */
    sinter_kernel *kernel = compiled();
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    static float click[1000], sound[1000];
    click[0] = 1;
    sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){click}, .outputs = (void *[]){sound}, .count = 1000});
    for (int k = 0; k < 1000; k++)
        assert_true(sound[k] == (k % 100 ? 0 : 1.0f / (float)(1 << k / 100)));
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    /* Without one it is refused, spelled out, and all is as before. */
    static char before[sizeof text];
    strcpy(before, whole_text());
    refused_connection(level, 0, level, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: level → level",
                       "make one of its connections a delayed one, or let it pass through a delay");
    refused_connection(mix, 0, level, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: bus → level → bus", NULL);
    assert_string_equal(whole_text(), before);
    /* Of nodes that no output hears as well. */
    const sinter_node lost = add("pass", "lost"), far = add("pass", "far");
    join(lost, 0, far, "x");
    refused_connection(far, 0, lost, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: far → lost → far", NULL);
    assert_string_equal(whole_text(), before);
    /* By one sample; it stays so where it may not be otherwise. */
    assert_int_equal(sinter_graph_connect_delayed(graph, mix, 0, level, 0, &report), SINTER_OK);
    assert_non_null(strstr(whole_text(), "bus__out'"));
    refused_connection(mix, 0, level, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: bus → level → bus", NULL);
    assert_non_null(strstr(whole_text(), "bus__out'"));
    sinter_kernel_close(compiled());
    /* Where the way back is gone it need not be delayed any more. */
    assert_int_equal(sinter_graph_disconnect(graph, level, 0, mix, 0), SINTER_OK);
    join(mix, 0, level, "x");
    assert_null(strstr(whole_text(), "bus__out'"));
}

/* Definitions may take the delay out of a cycle that is there: then there is no text, until the cycle has another one. */
static void test_cycles_that_lose_their_delay(void **state)
{
    (void)state;
    static const char late[] = "fn far(v) = delay(v, 10)\n", at_once[] = "fn far(v) = v*0.5\n";
    assert_int_equal(sinter_graph_define(graph, late, strlen(late), &report), SINTER_OK);
    const sinter_node far = add("far", "space"), bus = add("pass", "bus"), out = add("output", "y");
    join(bus, 0, far, "v");
    join(far, 0, bus, "x");
    join(bus, 0, out, "x");
    sinter_kernel_close(compiled());
    assert_int_equal(sinter_graph_define(graph, at_once, strlen(at_once), &report), SINTER_OK);
    size_t length;
    assert_int_equal(sinter_graph_text(graph, text, sizeof text, &length, &report), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "a cycle without a delay: bus → space → bus");
    assert_string_equal(report.errors[0].hint, "make one of its connections a delayed one, or let it pass through a delay");
    assert_int_equal(length, 0);
    /* What closes none is not blamed for it; what closes another is. */
    const sinter_node after = add("pass", "after"), behind = add("pass", "behind");
    join(behind, 0, out, "x");
    join(bus, 0, after, "x");
    join(after, 0, behind, "x");
    assert_int_equal(report.count, 0);
    assert_int_equal(sinter_graph_connect_delayed(graph, far, 0, bus, 0, &report), SINTER_OK);
    sinter_kernel_close(compiled());
    refused_connection(behind, 0, after, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: behind → after → behind", NULL);
}

/* Through ports that are only read late a cycle needs nothing else. */
static void test_late_ports(void **state)
{
    (void)state;
    const sinter_node in = add("input", "x"), bus = add("pass", "bus"), line = add("delay_linear", "late"), level = add("gain", "level"),
                      out = add("output", "y");
    fix(line, "seconds", 0.001);
    fix(level, "level", 0.5);
    join(in, 0, bus, "x");
    join(bus, 0, line, "x");
    join(line, 0, level, "x");
    join(bus, 0, out, "x");
    /* Without a cycle it is a node like any other. */
    join(line, 0, out, "x");
    assert_non_null(strstr(whole_text(), "late__out = late(x=bus__out, seconds=0.001)"));
    assert_int_equal(sinter_graph_disconnect(graph, line, 0, out, 0), SINTER_OK);
    join(level, 0, bus, "x");
    assert_string_equal(whole_text(),
        "input x\n"
        "x__out = x\n"
        "fn late(x, seconds, most: const=48000) = delay_linear(x=x, seconds=seconds, most=most)\n"
        "late__out = late(x=late__x, seconds=0.001)\n"
        "fn level(x, level) = gain(x, level)\n"
        "level__out = level(x=late__out, level=0.5)\n"
        "fn bus(x) = pass(x)\n"
        "bus__out = bus(x=x__out + level__out)\n"
        "y__in = bus__out\n"
        "late__x = bus__out\n"
        "out y = y__in\n");
    sinter_kernel *kernel = compiled();
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    static float click[1000], sound[1000];
    click[0] = 1;
    sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){click}, .outputs = (void *[]){sound}, .count = 1000});
    for (int k = 0; k < 1000; k++)
        assert_true(sound[k] == (k % 48 ? 0 : 1.0f / (float)(1 << k / 48)));
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    size_t length;
    assert_int_equal(sinter_graph_dot(graph, text, sizeof text, &length, &report), SINTER_OK);
    assert_non_null(strstr(text, "\"bus\" -> \"late\" [label=\"x\", style=dashed]"));
    assert_int_equal(sinter_graph_explain(graph, text, sizeof text, &length, &report), SINTER_OK);
    assert_non_null(strstr(text, "late: delay_linear; x from bus__out, "));
    /* A second cycle, within the first, through a port of one's own; and one that has to go back past nodes that were begun. */
    static const char own[] = "fn far(v, w) = 0.25*delay(v, 10) + delay(w, 20)\n";
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node far = add("far", "space"), tone = add("lowpass", "tone");
    join(bus, 0, tone, "x");
    join(tone, 0, far, "w");
    join(far, 0, bus, "x");
    join(level, 0, far, "v");
    whole_text();
    assert_non_null(strstr(text, "space__w = tone__out\n"));
    sinter_kernel_close(compiled());
    /* Where each way round has a port that is read at once, it is refused as before. */
    refused_connection(tone, 0, tone, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: tone → tone", NULL);
    /* Of an echo what comes in leaves at once. */
    const sinter_node echo = add("echo", "dub");
    refused_connection(echo, 0, echo, 0, SINTER_BAD_PROGRAM, "a cycle without a delay: dub → dub", NULL);
}

/* What a delay holds is still in it when a cycle is closed through it, whose input then is bound elsewhere in the text. */
static void test_a_cycle_is_closed_while_it_sounds(void **state)
{
    (void)state;
    const sinter_node in = add("input", "x"), bus = add("pass", "bus"), late = add("delay_linear", "late"), level = add("gain", "level"), out = add("output", "y");
    fix(late, "seconds", 0.01);
    fix(level, "level", 0);
    join(in, 0, bus, "x");
    join(bus, 0, late, "x");
    join(late, 0, level, "x");
    join(late, 0, out, "x");
    sinter_player *player;
    static float x[2000], y[2000];
    for (int k = 0; k < 2000; k++)
        x[k] = (float)(1 + k * 7919 % 1000);
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.inputs = 1, .outputs = 1, .fade = -1}, &player), SINTER_OK);
    for (int k = 0; k < 4; k++) {
        uint64_t edit;
        if (k % 2)
            join(level, 0, bus, "x");
        else
            sinter_graph_disconnect(graph, level, 0, bus, 0);
        assert_int_equal(sinter_graph_commit(graph, player, &edit, &report), SINTER_OK);
        assert_int_equal(sinter_player_wait(player, edit, &report), SINTER_OK);
        sinter_player_process(player, (const float *[]){x + 500 * k}, (float *[]){y + 500 * k}, 500);
    }
    for (int k = 0; k < 2000; k++)
        assert_true(y[k] == (k < 480 ? 0 : x[k - 480]));
    sinter_player_close(player);
}

/* ---- events ---- */

static int parameter_of(const sinter_kernel *kernel, const char *name)
{
    const int number = sinter_parameter_number(kernel, name);
    if (number < 0)
        fail_msg("no parameter %s in\n%s", name, text);
    return number;
}

static void test_event_ports(void **state)
{
    (void)state;
    static const char own[] = "fn age(trigger, scale: const=1, bend=1) = bend*scale*min(since(trigger), 1000)\n";
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node env = add("adsr_event", "env"), age = add("age", "old"), out = add("output", "y"), saw = add("saw", "osc");
    join(env, 0, out, "x");
    join(age, 0, out, "x");
    set(age, "scale", 3);
    whole_text();
    assert_non_null(strstr(text, "event env__note = 0\nparam env__attack = 0.01 smooth 0.02\n"));
    assert_non_null(strstr(text, "event old__trigger = 0\nparam old__bend = 1 smooth 0.02\n"));
    assert_non_null(strstr(text, "old(trigger=old__trigger, scale=3, bend=old__bend)"));
    /* Set, fixed and smoothed as they may be, they are events all the same. */
    fix(env, "note", 0.5);
    assert_int_equal(sinter_graph_smooth(graph, env, port(env, "note"), SINTER_RAMP, 1), SINTER_OK);
    assert_non_null(strstr(whole_text(), "event env__note = 0.5\n"));
    sinter_kernel *kernel = compiled();
    parameter_of(kernel, "env__note");
    parameter_of(kernel, "old__trigger.onset");
    sinter_kernel_close(kernel);
    /* Streams are no events, but one event serves many, and is a number too. */
    const sinter_node note = add("event", "note"), other = add("event", "other");
    set(note, "value", 0.25);
    refused_connection(saw, 0, env, port(env, "note"), SINTER_BAD_ARGUMENT, "'note' of 'env' takes an event", "that is a node of the type event");
    refused_connection(saw, 0, note, 0, SINTER_BAD_ARGUMENT, "'value' of 'note' is posted, and takes no connection", "sinter_player_event posts it");
    refused_connection(other, 0, note, 0, SINTER_BAD_ARGUMENT, "'value' of 'note' is posted, and takes no connection", NULL);
    assert_int_equal(sinter_graph_connect_delayed(graph, note, 0, env, port(env, "note"), &report), SINTER_BAD_ARGUMENT);
    assert_string_equal(report.errors[0].message, "'note' of 'env' takes an event at once");
    join(note, 0, env, "note");
    join(note, 0, env, "note");
    join(note, 0, age, "trigger");
    refused_connection(other, 0, env, port(env, "note"), SINTER_BAD_ARGUMENT, "'note' of 'env' has an event already", "disconnect that first");
    join(note, 0, out, "x");
    whole_text();
    assert_non_null(strstr(text, "event note__value = 0.25\n"));
    assert_non_null(strstr(text, "note__out = note__value\n"));
    assert_non_null(strstr(text, "env(note=note__out, "));
    assert_null(strstr(text, "env__note"));
    kernel = compiled();
    sinter_instance *instance;
    static float y[200];
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    sinter_jump(instance, parameter_of(kernel, "note__value"), 0);
    sinter_jump(instance, parameter_of(kernel, "note__value.onset"), 100);
    sinter_instance_run(instance, &(sinter_arguments){.outputs = (void *[]){y}, .count = 200});
    for (int k = 0; k < 200; k++)
        assert_true(y[k] == (float)(k < 100 ? 3000 : 3*(k - 100)));
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    size_t length;
    assert_int_equal(sinter_graph_explain(graph, text, sizeof text, &length, &report), SINTER_OK);
    assert_non_null(strstr(text, "note: event; value 0.25 (event)\n"));
    assert_non_null(strstr(text, "old: age; trigger from note__out, scale 3, bend 1 (live); "));
    /* A port that becomes an event, or a constant, is another one. */
    static const char *const changed[] = {"fn age(trigger, scale: const=1, bend=1) = bend*scale*trigger\n",
                                          "fn age(trigger, scale=1, bend=1) = bend*scale*since(trigger)\n"};
    for (size_t k = 0; k < 2; k++)
        assert_int_equal(sinter_graph_define(graph, changed[k], strlen(changed[k]), &report), SINTER_BAD_PROGRAM);
}

/* Through a player, at the exact sample. */
static void test_events_are_heard(void **state)
{
    (void)state;
    static const char own[] = "fn ring(trigger) = trigger*exp(-since(trigger)/100)\n";
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node note = add("event", "note"), ring = add("ring", "bell"), out = add("output", "y");
    join(note, 0, ring, "trigger");
    join(ring, 0, out, "x");
    sinter_player *player;
    uint64_t edit;
    static float y[600];
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.outputs = 1, .fade = -1}, &player), SINTER_OK);
    assert_int_equal(sinter_graph_commit(graph, player, &edit, &report), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, edit, &report), SINTER_OK);
    char name[128];
    assert_true(sinter_graph_parameter_name(graph, note, 0, name, sizeof name));
    const int number = sinter_player_parameter(player, name);
    assert_int_equal(sinter_player_event_at(player, number, 1, 130), SINTER_OK);
    assert_int_equal(sinter_player_event_at(player, number, 1, 400), SINTER_OK);
    for (int k = 0; k < 600; k += 75)
        sinter_player_process(player, NULL, (float *[]){y + k}, 75);
    for (int k = 0; k < 600; k++)
        assert_true(k < 130 ? y[k] == 0 : k == 130 || k == 400 ? y[k] == 1 : y[k] < y[k - 1] && y[k] > 0.05f);
    sinter_player_close(player);
}

/* ---- what is refused ---- */

static void test_names_that_are_meant(void **state)
{
    (void)state;
    const sinter_node low = add("lowpass", "low");
    add("saw", "oscillator");
    sinter_node node;
    uint32_t number;
    assert_int_equal(sinter_graph_find_node(graph, "low", &node, &report), SINTER_OK);
    assert_int_equal(node, low);
    assert_int_equal(report.count, 0);
    assert_int_equal(sinter_graph_find_node(graph, "osillator", &node, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(node, 0);
    assert_string_equal(report.errors[0].message, "there is no node 'osillator'");
    assert_string_equal(report.errors[0].hint, "did you mean 'oscillator'?");
    assert_int_equal(sinter_graph_find_port(graph, low, "cutoff", &number, &report), SINTER_OK);
    assert_int_equal(number, 1);
    assert_int_equal(sinter_graph_find_port(graph, low, "cutof", &number, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(number, UINT32_MAX);
    assert_string_equal(report.errors[0].message, "'low', which is a lowpass, has no port 'cutof'");
    assert_string_equal(report.errors[0].hint, "did you mean 'cutoff'?");
    assert_int_equal(sinter_graph_find_port(graph, low, "resonance", &number, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_find_port(graph, low, "resonance", &number, &report), SINTER_BAD_ARGUMENT);
    assert_string_equal(report.errors[0].hint, "its ports are x, cutoff, q");
    assert_int_equal(sinter_graph_find_port(graph, 77, "x", &number, &report), SINTER_BAD_ARGUMENT);
    assert_string_equal(report.errors[0].message, "there is no such node any more");
}

/* ---- what ports are ---- */

static sinter_port_info described(sinter_node node, const char *name)
{
    sinter_port_info info;
    assert_int_equal(sinter_graph_describe_port(graph, node, port(node, name), &info), SINTER_OK);
    assert_string_equal(info.name, name);
    return info;
}

static void is_port(sinter_node node, const char *name, sinter_port_kind kind, sinter_port_source source, uint32_t connections, double value)
{
    const sinter_port_info info = described(node, name);
    assert_int_equal(info.kind, kind);
    assert_int_equal(info.source, source);
    assert_int_equal(info.connections, connections);
    assert_true(info.value == value);
}

/* Whoever shows a graph to its user asks what its ports are. What is said to be a parameter is one in the text. */
static void test_what_ports_are(void **state)
{
    (void)state;
    static const char own[] = "fn own(x, k: const, half=0.5, twice=2*half) = x*k*half*twice\n";
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node in = add("input", "in"), level = add("constant", "level"), low = add("lowpass", "low"), node = add("own", "node"),
                      line = add("delay", "tape"), env = add("adsr_event", "env"), note = add("event", "note"), out = add("output", "y"),
                      space = add("freeverb", "space");
    assert_int_equal(sinter_graph_inputs(graph, in), 0);
    assert_int_equal(sinter_graph_inputs(graph, node), 4);
    assert_int_equal(sinter_graph_inputs(graph, space), 7);
    assert_int_equal(sinter_graph_inputs(graph, out), 1);
    is_port(low, "x", SINTER_PORT_STREAM, SINTER_FROM_NOTHING, 0, 0);
    is_port(low, "q", SINTER_PORT_STREAM, SINTER_FROM_PARAMETER, 0, sqrt(0.5));
    is_port(space, "wet", SINTER_PORT_STREAM, SINTER_FROM_PARAMETER, 0, 0.33);
    is_port(node, "k", SINTER_PORT_CONSTANT, SINTER_FROM_NOTHING, 0, 0);
    is_port(node, "half", SINTER_PORT_STREAM, SINTER_FROM_PARAMETER, 0, 0.5);
    is_port(node, "twice", SINTER_PORT_STREAM, SINTER_FROM_DEFAULT, 0, 0);
    is_port(line, "x", SINTER_PORT_STREAM, SINTER_FROM_NOTHING, 0, 0);
    is_port(line, "n", SINTER_PORT_CONSTANT, SINTER_FROM_NOTHING, 0, 1);
    is_port(env, "note", SINTER_PORT_EVENT, SINTER_FROM_PARAMETER, 0, 0);
    is_port(note, "value", SINTER_PORT_EVENT, SINTER_FROM_PARAMETER, 0, 0);
    set(node, "k", 3);
    fix(node, "half", 0.25);
    set(low, "cutoff", 900);
    set(level, "value", 700);
    is_port(node, "k", SINTER_PORT_CONSTANT, SINTER_FROM_CONSTANT, 0, 3);
    is_port(node, "half", SINTER_PORT_STREAM, SINTER_FROM_CONSTANT, 0, 0.25);
    is_port(low, "cutoff", SINTER_PORT_STREAM, SINTER_FROM_PARAMETER, 0, 900);
    join(in, 0, low, "x");
    join(node, 0, low, "x");
    join(level, 0, low, "cutoff");
    join(level, 0, node, "x");
    join(note, 0, env, "note");
    join(low, 0, out, "x");
    join(env, 0, out, "x");
    is_port(low, "x", SINTER_PORT_STREAM, SINTER_FROM_CONNECTIONS, 2, 0);
    is_port(low, "cutoff", SINTER_PORT_STREAM, SINTER_FROM_CONNECTIONS, 1, 900);
    is_port(env, "note", SINTER_PORT_EVENT, SINTER_FROM_CONNECTIONS, 1, 0);
    sinter_port_info info;
    assert_int_equal(sinter_graph_describe_port(graph, low, 3, &info), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_describe_port(graph, 0, 0, &info), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_describe_port(NULL, low, 0, &info), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_describe_port(graph, low, 0, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_remove(graph, node), SINTER_OK);
    assert_int_equal(sinter_graph_inputs(graph, node), 0);
    assert_int_equal(sinter_graph_describe_port(graph, node, 0, &info), SINTER_BAD_ARGUMENT);
    is_port(low, "x", SINTER_PORT_STREAM, SINTER_FROM_CONNECTIONS, 1, 0);
    const sinter_node nodes[] = {in, level, low, line, env, note, out};
    whole_text();
    for (size_t k = 0; k < sizeof nodes / sizeof *nodes; k++)
        for (uint32_t p = 0; p < sinter_graph_inputs(graph, nodes[k]); p++) {
            char name[128], declared[160];
            assert_int_equal(sinter_graph_describe_port(graph, nodes[k], p, &info), SINTER_OK);
            snprintf(declared, sizeof declared, "%s %s = ", info.kind == SINTER_PORT_EVENT ? "event" : "param",
                     sinter_graph_parameter_name(graph, nodes[k], p, name, sizeof name) ? name : "none");
            assert_int_equal(strstr(text, declared) != NULL, info.source == SINTER_FROM_PARAMETER);
        }
}

static void refused(const char *type, const char *name, const char *message, const char *hint)
{
    sinter_node node = 7;
    assert_int_equal(sinter_graph_add(graph, type, name, &node, &report), SINTER_BAD_ARGUMENT);
    assert_int_equal(node, 0);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.errors[0].message, message);
    if (hint)
        assert_string_equal(report.errors[0].hint, hint);
}

static void test_refusals(void **state)
{
    (void)state;
    const sinter_node osc = add("saw", "osc");
    refused("lowpas", NULL, "there is no type of node 'lowpas'", "did you mean 'lowpass'?");
    refused("saw", "osc", "there is a node 'osc' already", "state, parameters and edits find a node by its name");
    refused("saw", "out", "the language needs 'out' for itself", NULL);
    refused("saw", "lowpass", "'lowpass' is a function: a node needs a name of its own", NULL);
    refused("saw", "a__b", "'a__b' is no name for a node", NULL);
    refused("saw", "1a", "'1a' is no name for a node", NULL);
    refused("saw", "", "'' is no name for a node", NULL);
    refused("input", "rate", "the language needs 'rate' for itself", NULL);
    refused("output", "time", "the language needs 'time' for itself", NULL);
    char name[128];
    assert_true(sinter_graph_parameter_name(graph, osc, 1, name, sizeof name));
    assert_string_equal(name, "osc__phase");
    assert_false(sinter_graph_parameter_name(graph, osc, 2, name, sizeof name));
    assert_false(sinter_graph_parameter_name(graph, osc, 1, name, 10));
    size_t length;
    assert_int_equal(sinter_graph_text(graph, text, sizeof text, &length, &report), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "the graph has no output");
    assert_int_equal(sinter_graph_set(graph, osc, 2, 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_set(graph, osc, 0, (double)__builtin_inff()), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_graph_smooth(graph, osc, 0, SINTER_RAMP, 0), SINTER_BAD_ARGUMENT);
    refused_connection(osc, 1, osc, 0, SINTER_BAD_ARGUMENT, "'osc', which is a saw, has no output 1", "its only output is 0");
    refused_connection(osc, 0, osc, 5, SINTER_BAD_ARGUMENT, "'osc', which is a saw, has no input port 5", "its ports are hertz, phase");
    assert_int_equal(sinter_graph_disconnect(graph, osc, 0, osc, 0), SINTER_BAD_ARGUMENT);
    /* What must be a constant takes no stream, and is one though it is set. */
    const sinter_node comb = add("comb", "ring"), out = add("output", "y");
    refused_connection(osc, 0, comb, port(comb, "samples"), SINTER_BAD_ARGUMENT, "'samples' of 'ring' must be a constant",
                       "sinter_graph_fix gives it one");
    refused_connection(out, 0, comb, 0, SINTER_BAD_ARGUMENT, "'y', which is an output, has no output 0", "nothing comes out of it but to outside");
    set(comb, "samples", 77);
    set(comb, "feedback", 0.5);
    join(osc, 0, comb, "x");
    join(comb, 0, out, "x");
    assert_non_null(strstr(whole_text(), "samples=77, feedback=ring__feedback"));
    sinter_kernel_close(compiled());
    /* Stale handles, also once the slot has another node. */
    assert_int_equal(sinter_graph_remove(graph, osc), SINTER_OK);
    assert_int_equal(sinter_graph_remove(graph, osc), SINTER_BAD_ARGUMENT);
    const sinter_node other = add("sine", "osc");
    assert_int_not_equal(other, osc);
    refused_connection(osc, 0, comb, 0, SINTER_BAD_ARGUMENT, "the node to connect from is none, or is gone", "");
    refused_connection(comb, 0, osc, 0, SINTER_BAD_ARGUMENT, "the node to connect to is none, or is gone", "");
    refused_connection(0, 0, comb, 0, SINTER_BAD_ARGUMENT, "the node to connect from is none, or is gone", "");
    assert_null(sinter_graph_name(graph, osc));
    assert_int_equal(sinter_graph_find(graph, "osc"), other);
    assert_int_equal(sinter_graph_outputs(graph, 12345), 0);
    assert_null(strstr(whole_text(), "osc"));
}

/* Words that take something else than numbers: said in terms of the user's, with a way that leads on. */
static void test_words_of_other_things(void **state)
{
    (void)state;
    static const char *const images[] = {"sample", "texel", "size"}, *const others[] = {"sum", "accumulate", "cross", "log_density"};
    static const char by_table[] = "a table can be read: define it and a function, `table wave = [0, 1, 0, -1]`, `fn read(i) = wave[i]` (sinter_graph_define), "
                                   "and add a node 'read'";
    char message[100];
    for (size_t k = 0; k < sizeof images / sizeof *images; k++) {
        snprintf(message, sizeof message, "'%s' is no type of node: it takes an image, and what is played has none", images[k]);
        refused(images[k], NULL, message, by_table);
    }
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        snprintf(message, sizeof message, "'%s' is no type of node: it takes more than numbers", others[k]);
        refused(others[k], NULL, message, "define a function of numbers that calls it (sinter_graph_define), and add a node of that name");
    }
    /* What the hints say can be done. */
    static const char own[] = "table wave = [0, 1, 0, -1]\nfn read(i) = wave[i]\nfn partials(x) = sum(i, 1, 3, x/i)\nfn turned(x, y) = cross((x, y), (0, 1))\n";
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node out = add("output", "y"), read = add("read", NULL);
    set(read, "i", 3);
    join(read, 0, out, "x");
    join(add("partials", NULL), 0, out, "x");
    join(add("turned", NULL), 0, out, "x");
    sinter_kernel_close(compiled());
    /* A mistake of the user's own stays where it is. */
    static const char wrong[] = "fn look(u) = sample(u, 0, 0)\n";
    assert_int_equal(sinter_graph_define(graph, wrong, strlen(wrong), &report), SINTER_BAD_PROGRAM);
}

static void weigh(void *self, double rate, const float *inputs, float *outputs, const sinter_block_context *told)
{
    (void)self, (void)rate, (void)told;
    outputs[0] = 0;
    for (int k = 0; k < 64; k++)
        outputs[0] += (float)(k + 1) * inputs[k];
}

/* A node in C has as many inputs in a graph as it may have. */
static void test_most_ports(void **state)
{
    (void)state;
    static const sinter_node_type weights = {.name = "weights", .inputs = 64, .outputs = 1, .tick = weigh};
    assert_int_equal(sinter_add_node_type(context, &weights), SINTER_OK);
    const sinter_node node = add("weights", "all"), out = add("output", "y"), in = add("input", "mic");
    assert_non_null(sinter_graph_port_name(graph, node, 63));
    assert_null(sinter_graph_port_name(graph, node, 64));
    for (uint32_t k = 0; k < 64; k += 2) /* 1, 3, … of what is connected; 2, 4, … of what is fixed */
        assert_int_equal(sinter_graph_connect(graph, in, 0, node, k, &report), SINTER_OK);
    for (uint32_t k = 1; k < 64; k += 2)
        assert_int_equal(sinter_graph_fix(graph, node, k, k), SINTER_OK);
    join(node, 0, out, "x");
    sinter_kernel *kernel = compiled();
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    float x = 3, y;
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){&x}, .outputs = (void *[]){&y}, .count = 1}), SINTER_OK);
    float wanted = 0;
    for (int k = 0; k < 64; k++)
        wanted += (float)(k + 1) * (k % 2 ? (float)k : 3);
    assert_true(y == wanted);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    /* So has a function of the user's own: a bit for each. */
    char own[2000] = "fn many(";
    for (int k = 0; k < 64; k++)
        snprintf(own + strlen(own), sizeof own - strlen(own), "%sa%d", k ? ", " : "", k);
    strcat(own, ") = delay(a0, a63) + since(a62) + a40\nfn long(");
    for (int k = 0; k < 61; k++)
        strcat(own, "a");
    strcat(own, ") = 1\n");
    assert_int_equal(sinter_graph_define(graph, own, strlen(own), &report), SINTER_OK);
    const sinter_node many = add("many", "several");
    sinter_port_info info;
    assert_int_equal(sinter_graph_describe_port(graph, many, 63, &info), SINTER_OK);
    assert_int_equal(info.kind, SINTER_PORT_CONSTANT);
    assert_int_equal(sinter_graph_describe_port(graph, many, 62, &info), SINTER_OK);
    assert_int_equal(info.kind, SINTER_PORT_EVENT);
    assert_int_equal(sinter_graph_describe_port(graph, many, 40, &info), SINTER_OK);
    assert_int_equal(info.kind, SINTER_PORT_STREAM);
    refused("long", NULL, "a type of node has at most 64 ports, with names of at most 60 characters", NULL);
}

static void test_definitions(void **state)
{
    (void)state;
    static const char first[] = "fn fuzz(x, drive=2) { y = soft_clip(drive*x + 0.1*y')\n y }\nfn pair(x) = (x, -x)\n";
    assert_int_equal(sinter_graph_define(graph, first, strlen(first), &report), SINTER_OK);
    const sinter_node in = add("input", "x"), fuzz = add("fuzz", "dirt"), pair = add("pair", NULL), out = add("output", "y");
    assert_int_equal(sinter_graph_outputs(graph, pair), 2);
    join(in, 0, fuzz, "x");
    join(fuzz, 0, pair, "x");
    join(pair, 1, out, "x");
    sinter_kernel_close(compiled());
    static const char *const wrong[] = {"fn fuzz(x = \n", "fn pair(x) = (x, -x)\n", "fn fuzz(x) = x\nfn pair(x) = (x, -x)\n",
                                        "fn fuzz(x, drive=2) = x\nfn pair(x) = x\n", "fn dirt(x) = x\n"};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        assert_int_not_equal(sinter_graph_define(graph, wrong[k], strlen(wrong[k]), &report), SINTER_OK);
        assert_true(report.count > 0);
        sinter_kernel_close(compiled());
    }
    static const char better[] = "fn fuzz(x, drive=4) = soft_clip(drive*x)\nfn pair(x) = (x, 0.5*x)\n";
    assert_int_equal(sinter_graph_define(graph, better, strlen(better), &report), SINTER_OK);
    assert_non_null(strstr(whole_text(), "param dirt__drive = 4"));
    sinter_kernel_close(compiled());
}

/* Names that are words of Graphviz; which output of several a connection leaves. */
static void test_pictures(void **state)
{
    (void)state;
    const sinter_node node = add("svf", "node"), edge = add("output", "edge");
    join(node, 1, edge, "x");
    assert_int_equal(sinter_graph_dot(graph, text, sizeof text, NULL, &report), SINTER_OK);
    if (!strstr(text, "    \"node\" [label=\"node\\nsvf\"]\n") || !strstr(text, "    \"node\" -> \"edge\" [label=\"x\", taillabel=\"y\"]\n"))
        fail_msg("%s", text);
}

/* Definitions are read as the language reads them; one may come to hide a function of the library, and go again, but not under nodes that have its ports. */
static void test_definitions_that_hide(void **state)
{
    (void)state;
    static const char odd[] = "# fn mine(a, b, c) was here\nfn mine (x, # what comes in, fn mine(y)\n   depth=clamp(2, 0, 1)) = x*depth // fn mine(z)\n";
    static const char hides[] = "fn gain(x, by=3) = x*by\n", other[] = "fn tremolo(x) = x\n";
    sinter_node node;
    assert_int_equal(sinter_graph_define(graph, odd, strlen(odd), &report), SINTER_OK);
    const sinter_node mine = add("mine", NULL), out = add("output", "y");
    assert_int_equal(port(mine, "depth"), 1);
    assert_null(sinter_graph_port_name(graph, mine, 2));
    join(mine, 0, out, "x");
    assert_non_null(strstr(whole_text(), "mine1__depth = 1 "));
    sinter_kernel_close(compiled());
    assert_int_equal(sinter_graph_define(graph, "", 0, &report), SINTER_BAD_PROGRAM);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.errors[0].message, "'mine' is not defined any more, and there are nodes of it");
    assert_int_equal(sinter_graph_remove(graph, mine), SINTER_OK);
    const sinter_node gain = add("gain", "level");
    assert_int_equal(sinter_graph_define(graph, hides, strlen(hides), &report), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "'gain' has other ports than before, and there are nodes of it");
    assert_int_equal(port(gain, "level"), 1);
    assert_int_equal(sinter_graph_remove(graph, gain), SINTER_OK);
    assert_int_equal(sinter_graph_define(graph, hides, strlen(hides), &report), SINTER_OK);
    const sinter_node again = add("gain", "level");
    assert_int_equal(port(again, "by"), 1);
    join(again, 0, out, "x");
    sinter_kernel_close(compiled());
    assert_int_equal(sinter_graph_define(graph, other, strlen(other), &report), SINTER_BAD_PROGRAM);
    assert_int_equal(sinter_graph_remove(graph, again), SINTER_OK);
    assert_int_equal(sinter_graph_define(graph, other, strlen(other), &report), SINTER_OK);
    assert_int_equal(port(add("gain", NULL), "level"), 1);
    assert_int_equal(sinter_graph_add(graph, "mine", NULL, &node, &report), SINTER_BAD_ARGUMENT);
}

/* Of several definitions of a name the one that takes the fewest numbers is the node's, also where the numbers given could fill another one. */
static void test_several_definitions(void **state)
{
    (void)state;
    const sinter_node x = add("input", "x"), cells = add("perlin", "cells"), pair = add("perlin2", "pair"), out = add("output", "y");
    fix(pair, "p_y", 1); /* by its size of 2 */
    join(x, 0, cells, "p");
    fix(cells, "seed", 7);
    join(cells, 0, out, "x");
    static const char same[] = "input x\nperlin(x, seed=7)\n", other[] = "input x\nperlin(x, 7)\n";
    sinter_kernel *kernels[3] = {compiled()};
    const sinter_options options = {.source = SINTER_PATCH};
    assert_int_equal(sinter_compile(context, same, strlen(same), &options, &kernels[1], &report), SINTER_OK);
    assert_int_equal(sinter_compile(context, other, strlen(other), &options, &kernels[2], &report), SINTER_OK);
    float in[64], y[3][64];
    for (int k = 0; k < 64; k++)
        in[k] = 0.37f * (float)k;
    for (int k = 0; k < 3; k++) {
        assert_int_equal(sinter_run(kernels[k], &(sinter_arguments){.inputs = (const void *[]){in}, .outputs = (void *[]){y[k]}, .count = 64}), SINTER_OK);
        sinter_kernel_close(kernels[k]);
    }
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_memory_not_equal(y[0], y[2], sizeof y[0]);
}

/* Every documented signal function is a type of node that compiles. */
static void test_library_types(void **state)
{
    (void)state;
    static const char *const types[] = {"gain", "offset", "affine", "clip", "soft_clip", "pass", "mix", "pan", "sine", "phasor", "saw", "square",
        "triangle", "noise", "lfo", "lowpass", "highpass", "bandpass", "notch", "svf", "adsr", "adsr_event", "line", "sample_hold", "follow", "glide",
        "delay", "delay_linear", "delay_cubic", "comb", "allpass", "echo", "tremolo", "freeverb", "pluck", "min", "sin", "perlin"};
    const sinter_node out = add("output", "y");
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        const sinter_node node = add(types[k], NULL);
        assert_true(sinter_graph_outputs(graph, node) >= 1);
        for (uint32_t p = 0; sinter_graph_port_name(graph, node, p); p++)
            if (strcmp(types[k], "delay") != 0 || p > 0)
                assert_int_equal(sinter_graph_set(graph, node, p, 10), SINTER_OK);
        join(node, 0, out, "x");
    }
    sinter_kernel_close(compiled());
}

/* ---- sound ---- */

enum { COUNT = 9000 };

static float heard[2][COUNT];

static void play(sinter_player *player, int begin, int end, float (*to)[COUNT])
{
    float *const outputs[] = {to[0] + begin, to[1] + begin};
    sinter_player_process(player, NULL, outputs, (uint32_t)(end - begin));
}

static void commit(sinter_player *player)
{
    uint64_t edit;
    assert_int_equal(sinter_graph_commit(graph, player, &edit, &report), SINTER_OK);
    if (sinter_player_wait(player, edit, &report) != SINTER_OK)
        fail_msg("%s\n%d: %s", whole_text(), report.errors[0].line, report.errors[0].message);
}

/* A sine through a low-pass and a gain; the cutoff moves without a new text; a reverb is put behind it while it plays, and the dry channel does
 * not notice. */
static void test_reverb_is_added(void **state)
{
    (void)state;
    static float plain[2][COUNT];
    for (int edited = 0; edited < 2; edited++) {
        sinter_player *player;
        assert_int_equal(sinter_graph_open(context, &graph), SINTER_OK);
        assert_int_equal(sinter_player_open(context, &(sinter_player_options){.outputs = 2, .fade = -1}, &player), SINTER_OK);
        const sinter_node osc = add("sine", "osc"), low = add("lowpass", "low"), level = add("gain", "level"), dry = add("output", "dry");
        set(osc, "hertz", 440);
        set(low, "cutoff", 1000);
        set(level, "level", 0.5);
        join(osc, 0, low, "x");
        join(low, 0, level, "x");
        join(level, 0, dry, "x");
        commit(player);
        float (*const to)[COUNT] = edited ? heard : plain;
        play(player, 0, 3000, to);
        const uint64_t swaps = sinter_player_look(player, NULL).swaps;
        const int cutoff = sinter_player_parameter(player, "low__cutoff");
        assert_int_equal(sinter_player_set(player, cutoff, 300), SINTER_OK);
        play(player, 3000, 4000, to);
        assert_int_equal(sinter_player_look(player, NULL).swaps, swaps);
        if (edited) {
            const sinter_node room = add("freeverb", "room"), wet = add("output", "wet");
            join(level, 0, room, "left");
            join(level, 0, room, "right");
            join(room, 0, wet, "x");
            commit(player);
        }
        play(player, 4000, COUNT, to);
        sinter_player_close(player);
        sinter_graph_close(graph);
    }
    assert_memory_equal(plain[0], heard[0], sizeof plain[0]);
    float most = 0;
    for (int k = 6000; k < COUNT; k++)
        most = heard[1][k] > most ? heard[1][k] : most;
    assert_true(most > 0.01f && plain[1][8000] == 0);
}

/* Random edits around a voice that nobody touches: it sounds as if there had been none, but for the filter's roundings; and the whole text compiles after each. */
static void test_random_edits(void **state)
{
    (void)state;
    static const char *const types[] = {"gain", "saw", "lowpass", "delay", "pan", "soft_clip", "echo", "svf", "pass", "noise"};
    enum { TYPES = sizeof types / sizeof *types, MOST = 24, STEPS = 240 };
    static float alone[2][COUNT];
    sinter_player *player;
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.outputs = 2, .fade = -1}, &player), SINTER_OK);
    const sinter_node osc = add("saw", "osc"), filter = add("svf", "filter"), out = add("output", "first"), other = add("output", "second");
    set(osc, "hertz", 220);
    set(filter, "cutoff", 900);
    join(osc, 0, filter, "x");
    join(filter, 0, out, "x");
    commit(player);
    play(player, 0, COUNT, alone);
    sinter_player_reset(player);
    sinter_node nodes[MOST] = {0};
    uint32_t seed = 77, cycles = 0;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525u + 1013904223u;
        const uint32_t a = (seed >> 8) % MOST, b = (seed >> 13) % MOST, what = (seed >> 19) % 8, p = (seed >> 22) % 3, o = (seed >> 25) % 2;
        if (!nodes[a])
            nodes[a] = add(types[(seed >> 3) % TYPES], NULL);
        else if (what == 0)
            assert_int_equal(sinter_graph_remove(graph, nodes[a]), SINTER_OK), nodes[a] = 0;
        else if (what == 1)
            sinter_graph_connect(graph, nodes[a], o, other, 0, NULL);
        else if (what == 2)
            sinter_graph_fix(graph, nodes[a], 1 + p, 1 + (seed >> 27));
        else if (what == 3)
            sinter_graph_set(graph, nodes[a], 1 + p, 1 + (seed >> 27));
        else if (what == 4 && nodes[b])
            sinter_graph_disconnect(graph, nodes[b], 0, nodes[a], 0);
        else if (what == 5 && nodes[b])
            sinter_graph_connect_delayed(graph, nodes[b], 0, nodes[a], p, NULL);
        else if (nodes[b])
            cycles += sinter_graph_connect(graph, nodes[b], o, nodes[a], p, NULL) == SINTER_BAD_PROGRAM;
        uint64_t edit;
        if (sinter_graph_commit(graph, player, &edit, &report) != SINTER_OK || sinter_player_wait(player, edit, &report) != SINTER_OK)
            fail_msg("%s\n%d: %s", whole_text(), report.errors[0].line, report.errors[0].message);
        play(player, step * (COUNT / STEPS), (step + 1) * (COUNT / STEPS), heard);
    }
    assert_true(cycles > 0);
    for (int k = 0; k < STEPS * (COUNT / STEPS); k++) /* its filter is scanned, or among others of its kind in lanes: that may round otherwise */
        assert_true(fabsf(alone[0][k] - heard[0][k]) < 4e-6f);
    sinter_player_close(player);
}

/* ---- edits beside a list of what they should have left ---- */

enum { LISTED = 20, PORTS = 3, LINKS = 400 };

typedef struct listed_node {
    sinter_node node;
    const char *type;
    char name[64];
    int given[PORTS]; /* 1: set, 2: fixed */
    double values[PORTS];
} listed_node;

typedef struct listed_link {
    int from, to;
    uint32_t output, input;
    bool delayed;
} listed_link;

static listed_node nodes_listed[LISTED];
static listed_link links_listed[LINKS];
static int link_count, cycle_count;

static uint32_t dice_seed;

static uint32_t dice(uint32_t sides)
{
    dice_seed = dice_seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)dice_seed * sides >> 32);
}

static int find_link(const listed_link *l)
{
    int k = 0;
    while (k < link_count && (links_listed[k].from != l->from || links_listed[k].output != l->output || links_listed[k].to != l->to
                              || links_listed[k].input != l->input))
        k++;
    return k;
}

static void unlist(int from, int to)
{
    int kept = 0;
    for (int k = 0; k < link_count; k++)
        if (links_listed[k].from != from && links_listed[k].to != to)
            links_listed[kept++] = links_listed[k];
    link_count = kept;
}

/* Would the link close a cycle without a delay? By what can be reached from it, a step at a time. */
static bool closes_cycle(const listed_link *l)
{
    bool reached[LISTED] = {false};
    reached[l->to] = true;
    for (int step = 0; step < LISTED; step++)
        for (int k = 0; k < link_count; k++) {
            const listed_link *const m = &links_listed[k];
            if (reached[m->from] && !m->delayed && !(m->input == 0 && strcmp(nodes_listed[m->to].type, "delay") == 0))
                reached[m->to] = true;
        }
    return reached[l->from] && !l->delayed && !(l->input == 0 && strcmp(nodes_listed[l->to].type, "delay") == 0);
}

static void edit_links(void)
{
    const listed_link l = {(int)dice(LISTED), (int)dice(LISTED), dice(2), dice(PORTS), dice(8) == 0};
    const sinter_node from = nodes_listed[l.from].node, to = nodes_listed[l.to].node;
    const int k = find_link(&l);
    if (dice(6) == 0) {
        /* One that there is, often: else disconnecting would do nothing. */
        const int which = link_count && dice(4) ? (int)dice((uint32_t)link_count) : k;
        const listed_link *const gone = which < link_count ? &links_listed[which] : &l;
        const sinter_status status = sinter_graph_disconnect(graph, nodes_listed[gone->from].node, gone->output, nodes_listed[gone->to].node, gone->input);
        assert_int_equal(status, which < link_count ? SINTER_OK : SINTER_BAD_ARGUMENT);
        if (status == SINTER_OK) {
            memmove(&links_listed[which], &links_listed[which + 1], (size_t)(link_count - which - 1) * sizeof l);
            link_count--;
        }
        return;
    }
    const sinter_status status = (l.delayed ? sinter_graph_connect_delayed : sinter_graph_connect)(graph, from, l.output, to, l.input, &report);
    assert_int_equal(report.count, status != SINTER_OK);
    if (status == SINTER_OK) {
        assert_true(from && to && k < LINKS && !closes_cycle(&l));
        links_listed[k] = l;
        link_count += k == link_count;
    } else if (status == SINTER_BAD_PROGRAM) {
        assert_true(closes_cycle(&l) && (k == link_count || links_listed[k].delayed));
        cycle_count++;
    } else {
        assert_int_equal(k, link_count);
    }
}

static void edit_listed(void)
{
    static const char *const types[] = {"gain", "saw", "lowpass", "delay", "pan", "soft_clip", "comb", "svf", "pass", "noise", "output", "input"};
    listed_node *n = &nodes_listed[dice(LISTED)];
    const uint32_t p = dice(PORTS), what = dice(10);
    if (what > 3) {
        edit_links();
    } else if (!n->node) {
        *n = (listed_node){.type = types[dice(sizeof types / sizeof *types)]};
        n->node = add(n->type, NULL);
        snprintf(n->name, sizeof n->name, "%s", sinter_graph_name(graph, n->node));
    } else if (what == 0 && dice(3) == 0) {
        assert_int_equal(sinter_graph_remove(graph, n->node), SINTER_OK);
        assert_null(sinter_graph_name(graph, n->node));
        unlist((int)(n - nodes_listed), (int)(n - nodes_listed));
        *n = (listed_node){0};
    } else {
        const double value = 1 + dice(30);
        const sinter_status status = (what == 1 ? sinter_graph_set : sinter_graph_fix)(graph, n->node, p, value);
        assert_int_equal(status == SINTER_OK, sinter_graph_port_name(graph, n->node, p) != NULL);
        n->given[p] = status == SINTER_OK ? 1 + (what != 1) : n->given[p];
        n->values[p] = value;
    }
}

/* A graph that is made from the list, in the order of the nodes' slots, which are the lower halves of their numbers. */
static void build_listed(void)
{
    sinter_node fresh[LISTED];
    for (uint32_t slot = 1; slot <= LISTED; slot++)
        for (int k = 0; k < LISTED; k++) {
            const listed_node *n = &nodes_listed[k];
            if (!n->node || (uint32_t)n->node != slot)
                continue;
            fresh[k] = add(n->type, n->name);
            for (uint32_t p = 0; p < PORTS; p++)
                if (n->given[p])
                    assert_int_equal((n->given[p] == 1 ? sinter_graph_set : sinter_graph_fix)(graph, fresh[k], p, n->values[p]), SINTER_OK);
        }
    for (int k = 0; k < link_count; k++) {
        const listed_link *l = &links_listed[k];
        assert_int_equal((l->delayed ? sinter_graph_connect_delayed : sinter_graph_connect)(graph, fresh[l->from], l->output, fresh[l->to], l->input,
                                                                                                      NULL),
                         SINTER_OK);
    }
}

/* The text depends on what there is, not on how it came to be. */
static void test_rebuilt_from_scratch(void **state)
{
    (void)state;
    static char first[1 << 16];
    sinter_report refusal;
    uint32_t texts = 0;
    dice_seed = 5;
    for (int step = 0; step < 1200; step++) {
        edit_listed();
        if (step % 12)
            continue;
        size_t length;
        const sinter_status status = sinter_graph_text(graph, first, sizeof first, &length, &refusal);
        sinter_graph *const edited = graph;
        assert_int_equal(sinter_graph_open(context, &graph), SINTER_OK);
        build_listed();
        assert_int_equal(sinter_graph_text(graph, text, sizeof text, &length, &report), status);
        assert_string_equal(text, first);
        if (status == SINTER_OK)
            texts++, sinter_kernel_close(compiled());
        else
            assert_string_equal(refusal.errors[0].message, "the graph has no output"), assert_string_equal(report.errors[0].message, "the graph has no output");
        sinter_graph_close(graph);
        graph = edited;
    }
    assert_true(texts > 20 && cycle_count > 10);
}

/* ---- refused memory ---- */

static atomic_int left;

static void *counted(void *unused, size_t size)
{
    (void)unused;
    return atomic_fetch_sub(&left, 1) > 0 ? malloc(size) : NULL;
}

static void released(void *unused, void *block, size_t size)
{
    (void)unused, (void)size;
    free(block);
}

static void test_refused_memory(void **state)
{
    (void)state;
    sinter_context *poor;
    const sinter_context_options options = {.allocator = {counted, released, NULL}};
    atomic_store(&left, 1 << 30);
    assert_int_equal(sinter_open(&options, &poor), SINTER_OK);
    assert_int_equal(sinter_graph_open(poor, &graph), SINTER_OK);
    static const char own[] = "fn mine(x, a=1) = x*a\n";
    for (int round = 0; round < 7; round++)
        for (int k = 0;; k++) {
            assert_true(k < 5000);
            atomic_store(&left, k);
            sinter_node node = 0;
            const sinter_node other = sinter_graph_find(graph, "first");
            size_t length;
            const sinter_status status = round == 0   ? sinter_graph_define(graph, own, sizeof own - 1, &report)
                                         : round == 1 ? sinter_graph_add(graph, "mine", "first", &node, &report)
                                         : round == 2 ? sinter_graph_add(graph, "output", "y", &node, &report)
                                         : round == 3 ? sinter_graph_connect(graph, other, 0, sinter_graph_find(graph, "y"), 0, &report)
                                         : round == 4 ? sinter_graph_define(graph, own, sizeof own - 1, &report)
                                         : round == 5 ? sinter_graph_explain(graph, text, sizeof text, &length, &report)
                                                      : sinter_graph_text(graph, text, sizeof text, &length, &report);
            if (status == SINTER_OK)
                break;
            assert_int_equal(status, SINTER_NO_MEMORY);
        }
    const sinter_node itself = sinter_graph_find(graph, "first");
    for (int k = 0;; k++) {
        atomic_store(&left, k);
        if (sinter_graph_connect(graph, itself, 0, itself, 0, &report) == SINTER_BAD_PROGRAM)
            break;
        assert_true(k < 100 && report.count == 1 && report.errors[0].status == SINTER_NO_MEMORY);
        assert_int_equal(sinter_graph_disconnect(graph, itself, 0, itself, 0), SINTER_BAD_ARGUMENT);
    }
    atomic_store(&left, 1 << 30);
    assert_string_equal(text, "param first__a = 1 smooth 0.02\nfn mine(x, a=1) = x*a\n\nfn first(x, a=1) = mine(x, a)\n"
                              "first__out = first(x=0, a=first__a)\ny__in = first__out\nout y = y__in\n");
    sinter_graph_close(graph);
    sinter_close(poor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_what_vanishes, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_compiled, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_many_outputs, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_cycles, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_cycles_that_lose_their_delay, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_late_ports, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_a_cycle_is_closed_while_it_sounds, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_event_ports, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_events_are_heard, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_names_that_are_meant, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_what_ports_are, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_refusals, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_words_of_other_things, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_most_ports, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_definitions, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_pictures, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_definitions_that_hide, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_several_definitions, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_library_types, open_graph, close_graph),
        cmocka_unit_test(test_reverb_is_added),
        cmocka_unit_test_setup_teardown(test_random_edits, open_graph, close_graph),
        cmocka_unit_test_setup_teardown(test_rebuilt_from_scratch, open_graph, close_graph),
        cmocka_unit_test(test_refused_memory),
    };
    return cmocka_run_group_tests_name("graph", tests, open_context, close_context);
}
