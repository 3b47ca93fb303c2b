/* Node types that are called: functions in C with a state of their own, in series, side by side and in cycles, on every engine. What such a
 * node computes is written in the language too, and the bits are the same. */
#include "ir/ir.h"
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 9000 };

static float input[2][COUNT], wanted[4][COUNT], got[4][COUNT];
static sinter_report report;

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512,
                                        SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

/* ---- nodes ---- */

/* What the nodes were told and asked. */
static struct watch {
    int created, destroyed, resets, refuse_after; /* create refuses when so many exist; 0: never */
    uint32_t most;                                /* elements at once */
    uint64_t calls, elements, steady;
    int64_t index;
    double time, rate, level, onset;
} watch;

typedef struct pole {
    float y;
    int64_t next; /* the index that has to come; −1: any */
    struct pole *itself;
} pole;

static void *create_pole(void *user, double rate)
{
    assert_ptr_equal(user, &watch);
    assert_true(rate == 48000);
    if (watch.refuse_after && watch.created - watch.destroyed >= watch.refuse_after)
        return NULL;
    pole *p = malloc(sizeof *p);
    assert_non_null(p);
    *p = (pole){0, -1, p};
    watch.created++;
    return p;
}

static void destroy_pole(void *self)
{
    assert_ptr_equal(((pole *)self)->itself, self); /* once, and what was created */
    ((pole *)self)->itself = NULL;
    free(self);
    watch.destroyed++;
}

static void reset_pole(void *self)
{
    ((pole *)self)->y = 0;
    ((pole *)self)->next = -1;
    watch.resets++;
}

static double parameter(const sinter_block_context *told, const char *name)
{
    for (uint32_t k = 0; k < told->parameter_count; k++)
        if (!strcmp(told->parameter_names[k], name))
            return told->parameters[k];
    return -1;
}

static void note_call(pole *p, double rate, uint32_t count, const sinter_block_context *told)
{
    if (p->next >= 0)
        assert_int_equal(told->index, p->next);
    p->next = told->index + count;
    assert_true(told->time == (double)told->index / rate);
    watch.most = count > watch.most ? count : watch.most;
    watch.calls++;
    watch.elements += count;
    watch.steady = told->steady;
    watch.index = told->index;
    watch.time = told->time;
    watch.rate = rate;
    watch.level = parameter(told, "level");
    watch.onset = parameter(told, "gate.onset");
}

/* y = y' + k*(x - y') */
static void process_pole(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count,
                         const sinter_block_context *told)
{
    pole *p = self;
    assert_ptr_equal(p->itself, p);
    assert_in_range(count, 1, 512);
    assert_true(((uintptr_t)inputs[0] | (uintptr_t)inputs[1] | (uintptr_t)outputs[0]) % 64 == 0);
    for (uint32_t i = 0; told->steady & 2 && i < count; i++)
        assert_true(inputs[1][i] == inputs[1][0]);
    note_call(p, rate, count, told);
    for (uint32_t i = 0; i < count; i++)
        outputs[0][i] = p->y = fmaf(inputs[1][i], inputs[0][i] - p->y, p->y);
}

static void tick_pole(void *self, double rate, const float *inputs, float *outputs, const sinter_block_context *told)
{
    pole *p = self;
    note_call(p, rate, 1, told);
    outputs[0] = p->y = fmaf(inputs[1], inputs[0] - p->y, p->y);
}

/* (what is high, what is low): the outputs' order counts. */
static void process_split(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count,
                          const sinter_block_context *told)
{
    pole *p = self;
    note_call(p, rate, count, told);
    for (uint32_t i = 0; i < count; i++) {
        p->y = fmaf(0.125f, inputs[0][i] - p->y, p->y);
        outputs[1][i] = p->y;
        outputs[0][i] = inputs[0][i] - p->y;
    }
}

/* Without self and without inputs: a function of the index. */
static void process_ramp(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count,
                         const sinter_block_context *told)
{
    (void)inputs;
    assert_ptr_equal(self, &watch);
    assert_true(rate > 0);
    for (uint32_t i = 0; i < count; i++)
        outputs[0][i] = (float)((told->index + i) % 1000) * 0.001f;
}

static size_t save_pole(const void *self, void *bytes, size_t size)
{
    if (bytes) {
        assert_int_equal(size, sizeof(float) + 3);
        memcpy((char *)bytes + 3, &((const pole *)self)->y, sizeof(float));
        memcpy(bytes, "abc", 3);
    }
    return sizeof(float) + 3;
}

static bool restore_pole(void *self, const void *bytes, size_t size)
{
    if (size != sizeof(float) + 3 || memcmp(bytes, "abc", 3) != 0)
        return false;
    memcpy(&((pole *)self)->y, (const char *)bytes + 3, sizeof(float));
    ((pole *)self)->next = -1;
    return true;
}

static const sinter_node_type pole_type = {.name = "cpole", .inputs = 2, .outputs = 1, .user = &watch, .process = process_pole,
                                           .create = create_pole, .destroy = destroy_pole, .reset = reset_pole, .pure = true};

static sinter_node_type named(const char *name, sinter_node_type type)
{
    type.name = name;
    return type;
}

static void add_types(sinter_context *to)
{
    sinter_node_type tick = named("tpole", pole_type), split = named("split", pole_type), meter = named("meter", pole_type),
                     kept = named("kpole", pole_type), ramp = {.name = "ramp", .outputs = 1, .user = &watch, .process = process_ramp, .pure = true};
    tick.process = NULL;
    tick.tick = tick_pole;
    tick.latency = 5;
    split.process = process_split;
    split.inputs = 1;
    split.outputs = 2;
    split.latency = 100;
    meter.pure = false;
    kept.save = save_pole;
    kept.restore = restore_pole;
    const sinter_node_type *types[] = {&pole_type, &tick, &split, &meter, &kept, &ramp};
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        assert_int_equal(sinter_add_node_type(to, types[k]), SINTER_OK);
}

/* What they are in the language. */
#define IN_WORDS \
    "fn pole(v, k) { y = y' + k*(v - y'); y }\n" \
    "fn parts(v) { low = pole(v, 0.125); (v - low, low) }\n"

/* ---- running ---- */

static sinter_status try_compile(const char *text, sinter_options options, sinter_kernel **kernel)
{
    options.source = SINTER_PATCH;
    options.rewriting = SINTER_STRICT;
    return sinter_compile(context, text, strlen(text), &options, kernel, &report);
}

static sinter_kernel *compiled(const char *text, sinter_engine engine)
{
    sinter_kernel *kernel;
    if (try_compile(text, (sinter_options){.engine = engine}, &kernel) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

static sinter_instance *opened(const sinter_kernel *kernel)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    return instance;
}

static void run(sinter_instance *instance, float (*to)[COUNT], int begin, int end, int block)
{
    for (int at = begin, n; at < end; at += n) {
        n = end - at < block ? end - at : block;
        assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){input[0] + at, input[1] + at},
                                                                           .outputs = (void *[]){to[0] + at, to[1] + at, to[2] + at, to[3] + at},
                                                                           .count = n}),
                         SINTER_OK);
    }
}

static void assert_same(const char *text, const sinter_kernel *kernel, int count)
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    for (uint32_t k = 0; k < info.output_count; k++)
        for (int i = 0; i < count; i++)
            if (memcmp(&got[k][i], &wanted[k][i], sizeof(float)) != 0)
                fail_msg("%s%s: output %u at %d is %.9g, not %.9g", text, sinter_engine_name(info.engine), k, i, (double)got[k][i],
                         (double)wanted[k][i]);
}

static int fill_inputs(void **state)
{
    uint32_t seed = 7;
    for (int k = 0; k < 2 * COUNT; k++) {
        seed = seed * 1664525u + 1013904223u;
        input[k / COUNT][k % COUNT] = (float)(int32_t)seed * 0x1p-31f;
    }
    if (open_context(state))
        return 1;
    add_types(context);
    return 0;
}

/* ---- the same as in words ---- */

typedef struct pair {
    const char *called, *written; /* behind IN_WORDS, and input x, input y */
    uint32_t most;                /* elements at once; 0: nothing is called */
} pair;

static const pair pairs[] = {
    {"cpole(x, 0.1)", "pole(x, 0.1)", 512},
    {"cpole(cpole(x, 0.1), 0.3)", "pole(pole(x, 0.1), 0.3)", 512},
    {"cpole(x, 0.1) - cpole(x, 0.1) + 2*cpole(y, 0.7)", "pole(x, 0.1) - pole(x, 0.1) + 2*pole(y, 0.7)", 512},
    {"cpole(x + y, 0.5*y*y)*x + y", "pole(x + y, 0.5*y*y)*x + y", 512},
    {"tpole(cpole(tpole(x, 0.2), 0.3), 0.4)", "pole(pole(pole(x, 0.2), 0.3), 0.4)", 512},
    {"p = split(x)\nq = split(p.x)\nout q.y\nout p.x + q.x\nout p.y", "p = parts(x)\nq = parts(p.x)\nout q.y\nout p.x + q.x\nout p.y", 512},
    /* constants, parameters and conditions as arguments; a result that is an output, or an argument, and nothing else */
    {"param level = 0.3 in 0..1\ncpole(1, level)", "param level = 0.3 in 0..1\npole(1, level)", 512},
    {"out cpole(x > 0.5, 0.25)\nout cpole(i32(3), 0.5*0.5)", "out pole(x > 0.5 ? 1.0 : 0.0, 0.25)\nout pole(3.0, 0.25)", 512},
    {"fn two(v) = cpole(v, 0.1) + cpole(v, 0.2)\ntwo(x) + two(y)", "fn two(v) = pole(v, 0.1) + pole(v, 0.2)\ntwo(x) + two(y)", 512},
    {"sum(i, 1, 4, cpole(x, 0.1*i))", "sum(i, 1, 4, pole(x, 0.1*i))", 512},
    /* recurrences and lines beside calls, before and behind them */
    {"a = x + 0.5*a' - 0.25*a''\nb = cpole(a, 0.5)\nc = b + 0.7*c'\ndelay(c, 40) + 0.5*delay(b, 3) + index*1e-9",
     "a = x + 0.5*a' - 0.25*a''\nb = pole(a, 0.5)\nc = b + 0.7*c'\ndelay(c, 40) + 0.5*delay(b, 3) + index*1e-9", 512},
    /* cycles */
    {"b = x - 0.6*cpole(b', 0.5)\nb", "b = x - 0.6*pole(b', 0.5)\nb", 1},
    {"b = cpole(x - 0.6*b', 0.5)\nb", "b = pole(x - 0.6*b', 0.5)\nb", 1},
    {"b = x - 0.6*cpole(delay(b, 7), 0.5)\nb", "b = x - 0.6*pole(delay(b, 7), 0.5)\nb", 7},
    {"b = x - 0.6*cpole(delay(b, 64), 0.5)\nb", "b = x - 0.6*pole(delay(b, 64), 0.5)\nb", 64},
    {"b = x - 0.6*tpole(delay(b, 64), 0.5)\nb", "b = x - 0.6*pole(delay(b, 64), 0.5)\nb", 1},
    {"b = x - 0.6*cpole(delay(b, 1000), 0.5)\nb", "b = x - 0.6*pole(delay(b, 1000), 0.5)\nb", 512},
    /* the longest delay of a cycle counts, and of several cycles the shortest; one that no call is on counts not at all */
    {"b = x + 0.5*cpole(c', 0.5)\nc = 0.9*delay(b, 40)\nc", "b = x + 0.5*pole(c', 0.5)\nc = 0.9*delay(b, 40)\nc", 40},
    {"b = x + 0.3*cpole(delay(b, 90), 0.5) + 0.3*cpole(delay(b, 30), 0.4)\nb", "b = x + 0.3*pole(delay(b, 90), 0.5) + 0.3*pole(delay(b, 30), 0.4)\nb",
     30},
    {"b = x + 0.6*cpole(delay(b, 100), 0.5)\nc = b + 0.5*c' - 0.2*delay(c, 9)\nc", "b = x + 0.6*pole(delay(b, 100), 0.5)\nc = b + 0.5*c' - 0.2*delay(c, 9)\nc",
     100},
    {"a = cpole(delay(b, 300), 0.5)\nb = x + 0.4*a + 0.5*b' - 0.1*delay(b, 2)\nb", "a = pole(delay(b, 300), 0.5)\nb = x + 0.4*a + 0.5*b' - 0.1*delay(b, 2)\nb",
     300},
    {"a = x + 0.5*cpole(delay(b, 20), 0.5)\nb = cpole(a, 0.3) + 0.2*delay(b, 5)\nb", "a = x + 0.5*pole(delay(b, 20), 0.5)\nb = pole(a, 0.3) + 0.2*delay(b, 5)\nb",
     20},
    /* a line that is read by a cycle of its own, by that of a call, and by a varying delay that a call gives */
    {"b = x + 0.4*b' + 0.2*cpole(b', 0.5)\nb", "b = x + 0.4*b' + 0.2*pole(b', 0.5)\nb", 1},
    {"b = x + 0.4*b'\nd = cpole(b, 0.5)\nb + delay(b, i32(3*d + 4), 8)", "b = x + 0.4*b'\nd = pole(b, 0.5)\nb + delay(b, i32(3*d + 4), 8)", 512},
    {"b = x + 0.3*cpole(delay(b, i32(20 + 10*y), 40), 0.5)\nb", "b = x + 0.3*pole(delay(b, i32(20 + 10*y), 40), 0.5)\nb", 1},
    /* what is cold, and a mask that crosses a call */
    {"b = cpole(x, 0.5)\nb > 0 ? sin(1e6*b) : cpole(y, 0.5) > 0 ? x : y", "b = pole(x, 0.5)\nb > 0 ? sin(1e6*b) : pole(y, 0.5) > 0 ? x : y", 512},
};

static void text_of(const char *body, char *text, size_t size)
{
    snprintf(text, size, "input x\ninput y\n%s%s\n", IN_WORDS, body);
}

static void nodes_do_what_words_do(void **state)
{
    (void)state;
    static const int blocks[] = {COUNT, 1, 3, 64, 8192};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        char text[1000], words[1000];
        text_of(pairs[k].called, text, sizeof text);
        text_of(pairs[k].written, words, sizeof words);
        sinter_kernel *reference = compiled(words, SINTER_ENGINE_INTERP);
        sinter_instance *instance = opened(reference);
        run(instance, wanted, 0, COUNT, COUNT);
        sinter_instance_close(instance);
        sinter_kernel_close(reference);
        for (size_t e = 0; e < ENGINES; e++) {
            if (!sinter_engine_available(engines[e], NULL))
                continue;
            sinter_kernel *kernel = compiled(text, engines[e]);
            for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
                if (engines[e] == SINTER_ENGINE_INTERP && b > 2)
                    continue;
                const int count = blocks[b] < 64 ? 2500 : COUNT;
                watch.most = 0;
                instance = opened(kernel);
                run(instance, got, 0, count, blocks[b]);
                sinter_instance_close(instance);
                assert_same(text, kernel, count);
                if (blocks[b] == COUNT && watch.most != pairs[k].most)
                    fail_msg("%scalled with %u elements at once, not %u", text, watch.most, pairs[k].most);
            }
            sinter_kernel_close(kernel);
        }
    }
    assert_int_equal(watch.created, watch.destroyed);
}

static void close_both(sinter_kernel *kernel, sinter_instance *instance)
{
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* ---- random programs ---- */

static uint32_t seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % sides;
}

static void add(char *text, size_t size, const char *piece)
{
    const size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", piece);
}

/* An input, a value made before, or the past of any; so small that no cycle grows. */
static void add_operand(char *text, size_t size, unsigned values, unsigned made)
{
    static const unsigned delays[] = {1, 1, 2, 3, 7, 8, 9, 15, 16, 17, 40, 64, 100, 500, 600};
    char piece[100];
    const unsigned kind = dice(6), value = dice(values);
    if (kind == 0)
        snprintf(piece, sizeof piece, "%s", dice(2) ? "x" : "y");
    else if (kind == 1 && made)
        snprintf(piece, sizeof piece, "v%u", dice(made));
    else if (kind == 2 && dice(3) == 0)
        snprintf(piece, sizeof piece, "delay(v%u, i32(12 + 10*y), 24)", value);
    else
        snprintf(piece, sizeof piece, "delay(v%u, %u)", value, delays[dice(sizeof delays / sizeof *delays)]);
    add(text, size, piece);
}

/* Twice the same, but for what `pole` is called. */
static void make_program(char *text, size_t size, uint32_t start, bool called)
{
    static const char *const poles[] = {"cpole(", "tpole(", "meter(", "pole("};
    const unsigned values = (seed = start, 2 + dice(6));
    text_of("", text, size);
    for (unsigned k = 0; k < values; k++) {
        char piece[60];
        const unsigned form = dice(4), kind = dice(4);
        snprintf(piece, sizeof piece, "v%u = 0.2*%s", k, form < 3 ? called ? poles[kind] : "pole(" : "(");
        add(text, size, piece);
        add_operand(text, size, values, k);
        add(text, size, " + 0.3*");
        add_operand(text, size, values, k);
        add(text, size, form < 3 ? form ? ", 0.5) + 0.3*" : ", 0.1 + 0.2*y*y) + 0.3*" : ") - 0.2*");
        add_operand(text, size, values, k);
        add(text, size, " + 0.1*x\n");
    }
    snprintf(text + strlen(text), size - strlen(text), "out a = v%u\nout b = v%u\n", dice(values), dice(values));
}

static void random_programs_do_what_words_do(void **state)
{
    (void)state;
    enum { PROGRAMS = 300, FEW = 1500 };
    for (uint32_t k = 1; k <= PROGRAMS; k++) {
        char text[4000], words[4000];
        make_program(text, sizeof text, k * 7919, true);
        make_program(words, sizeof words, k * 7919, false);
        sinter_kernel *kernel = compiled(words, SINTER_ENGINE_INTERP);
        sinter_instance *instance = opened(kernel);
        run(instance, wanted, 0, FEW, FEW);
        close_both(kernel, instance);
        for (size_t e = 0; e < ENGINES; e++) {
            if (!sinter_engine_available(engines[e], NULL) || (e && e % 3 != k % 3))
                continue;
            kernel = compiled(text, engines[e]);
            instance = opened(kernel);
            run(instance, got, 0, FEW, k % 2 ? FEW : 37);
            assert_same(text, kernel, FEW);
            close_both(kernel, instance);
        }
    }
    assert_int_equal(watch.created, watch.destroyed);
}

/* ---- what is called ---- */

static uint64_t elements_of(const char *text)
{
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    sinter_instance *instance = opened(kernel);
    watch.elements = 0;
    run(instance, got, 0, 1000, 300);
    close_both(kernel, instance);
    return watch.elements;
}

static void only_impure_nodes_stay_unread(void **state)
{
    (void)state;
    assert_int_equal(elements_of("input x\na = cpole(x, 0.5)\nout x"), 0);
    assert_int_equal(elements_of("input x\na = meter(x, 0.5)\nout x"), 1000);
    assert_int_equal(elements_of("input x\na = cpole(x, 0.5)\nb = meter(a, 0.5)\nc = cpole(b, 0.5)\nout x"), 2000);
    assert_int_equal(elements_of("input x\nmeter(x, 0.5)*0 + meter(2, 0.5)"), 2000);
    assert_int_equal(elements_of("input x\na = 0.5*cpole(a', 0.5) + x\nout x"), 0);
    /* Two calls alike are two nodes, pure ones too. */
    assert_int_equal(elements_of("input x\ncpole(x, 0.5) + cpole(x, 0.5)"), 2000);
    sinter_kernel *kernel = compiled("input x\na = cpole(x, 0.5)\nout x", SINTER_ENGINE_AUTO);
    assert_false(sinter_kernel_describe(kernel).stateful);
    assert_int_equal(sinter_kernel_describe(kernel).call_count, 0);
    sinter_kernel_close(kernel);
}

static void nodes_without_inputs_know_the_index(void **state)
{
    (void)state;
    for (size_t e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        sinter_kernel *kernel = compiled("out ramp()\nout ramp()*2 + 1", engines[e]);
        sinter_instance *instance = opened(kernel);
        run(instance, got, 0, 5000, 777);
        for (int i = 0; i < 5000; i++) {
            const float value = (float)(i % 1000) * 0.001f;
            assert_true(got[0][i] == value && got[1][i] == fmaf(value, 2, 1));
        }
        close_both(kernel, instance);
    }
}

static void outputs_may_be_the_inputs(void **state)
{
    (void)state;
    static float shared[2][COUNT];
    sinter_kernel *kernel = compiled("input x\ninput y\nout cpole(x, 0.5) + 0.1*y\nout x + cpole(y, 0.25)", SINTER_ENGINE_AUTO);
    sinter_instance *instance = opened(kernel);
    run(instance, got, 0, COUNT, COUNT);
    sinter_instance_reset(instance);
    memcpy(shared, input, sizeof shared);
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){shared[0], shared[1]},
                                                                       .outputs = (void *[]){shared[0], shared[1]},
                                                                       .count = COUNT}),
                     SINTER_OK);
    assert_memory_equal(shared, got, sizeof shared);
    close_both(kernel, instance);
}

/* ---- what a node is told ---- */

static void nodes_are_told_time_and_parameters(void **state)
{
    (void)state;
    sinter_kernel *kernel =
        compiled("input x\nparam level = 0.5 in 0..1\nparam other = 2\nevent gate = 0\ncpole(x + since(gate)*0, level*other)", SINTER_ENGINE_AUTO);
    sinter_instance *instance = opened(kernel);
    run(instance, got, 0, 100, 100);
    assert_int_equal(watch.index, 0);
    assert_true(watch.rate == 48000 && watch.level == 0.5 && watch.onset == -1e18);
    assert_int_equal(watch.steady, 2); /* the second input depends on parameters alone */
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "rate"), 1000), SINTER_OK);
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "level"), 0.25), SINTER_OK);
    assert_int_equal(sinter_jump(instance, sinter_parameter_number(kernel, "gate.onset"), 100), SINTER_OK);
    run(instance, got, 100, 200, 100);
    assert_int_equal(watch.index, 100);
    assert_true(watch.time == 0.1 && watch.rate == 1000 && watch.level == 0.25 && watch.onset == 100);
    close_both(kernel, instance);
    /* A text that calls has the rate, though it does not read it. */
    kernel = compiled("input x\ncpole(x, x)", SINTER_ENGINE_AUTO);
    assert_true(sinter_parameter_number(kernel, "rate") >= 0);
    instance = opened(kernel);
    run(instance, got, 0, 10, 10);
    assert_int_equal(watch.steady, 0);
    close_both(kernel, instance);
}

static void moving_parameters_are_followed(void **state)
{
    (void)state;
    static const char called[] = "input x\nparam level = 0.1 in 0..1 smooth 0.01\nb = cpole(x, level) + 0.4*cpole(delay(b, 90), 0.5)\nb",
                      written[] = IN_WORDS "input x\nparam level = 0.1 in 0..1 smooth 0.01\nb = pole(x, level) + 0.4*pole(delay(b, 90), 0.5)\nb";
    for (size_t e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        for (int turn = 0; turn < 2; turn++) {
            sinter_kernel *kernel = compiled(turn ? called : written, engines[e]);
            sinter_instance *instance = opened(kernel);
            const int level = sinter_parameter_number(kernel, "level");
            run(instance, turn ? got : wanted, 0, 1000, turn ? 111 : 1000);
            assert_true(!turn || watch.level == 0.1);
            sinter_set(instance, level, 0.9);
            run(instance, turn ? got : wanted, 1000, 1300, turn ? 50 : 300);
            assert_true(!turn || watch.level == 0.9);
            sinter_set(instance, level, 0.3);
            run(instance, turn ? got : wanted, 1300, 4000, turn ? 64 : 2700);
            if (turn)
                assert_same(called, kernel, 4000);
            close_both(kernel, instance);
        }
    }
}

/* ---- selves ---- */

static void selves_are_created_and_destroyed_once(void **state)
{
    (void)state;
    static const char text[] = "input x\nfn f(v) = cpole(v, 0.1) + tpole(v, 0.2)\nf(x) + f(2*x) + ramp() + split(x).x";
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    memset(&watch, 0, sizeof watch);
    assert_int_equal(sinter_kernel_describe(kernel).call_count, 6);
    assert_true(sinter_kernel_describe(kernel).stateful);
    assert_int_equal(watch.created, 0);
    sinter_instance *a = opened(kernel), *b = opened(kernel);
    assert_int_equal(watch.created, 10);
    run(a, wanted, 0, 2000, 700);
    run(b, got, 0, 2000, 13); /* each instance has its own */
    assert_same(text, kernel, 2000);
    assert_int_equal(watch.resets, 0);
    sinter_instance_reset(b);
    assert_int_equal(watch.resets, 5);
    run(b, got, 0, 2000, 2000);
    assert_same(text, kernel, 2000);
    sinter_instance_close(a);
    assert_int_equal(watch.destroyed, 5);
    sinter_instance_close(b);
    assert_int_equal(watch.destroyed, 10);
    for (int n = 1; n < 5; n++) {
        watch = (struct watch){.refuse_after = n};
        assert_int_equal(sinter_instance_open(kernel, &a), SINTER_NO_MEMORY);
        assert_null(a);
        assert_int_equal(watch.created, n);
        assert_int_equal(watch.destroyed, n);
    }
    memset(&watch, 0, sizeof watch);
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){input[0]}, .outputs = (void *[]){got[0]}, .count = 10}),
                     SINTER_NEEDS_INSTANCE);
    const char *why;
    assert_null(sinter_kernel_function(kernel, &why));
    if (sinter_kernel_describe(kernel).engine != SINTER_ENGINE_INTERP)
        assert_non_null(strstr(why, "functions in C"));
    sinter_kernel_close(kernel);
}

/* From one engine to another in mid-stream, and to an edited program, the nodes go on. */
static void selves_move_with_a_migration(void **state)
{
    (void)state;
    static const char text[] = "input x\nfn f(v) = cpole(v, 0.01)\nb = f(x) + 0.5*kpole(delay(b, 50), 0.02)\nout b\nout f(b)";
    static const char edited[] = "input x\nfn f(v) = cpole(v, 0.01)\nb = f(x) + 0.5*kpole(delay(b, 50), 0.02)\nout b\nout f(b)\nout cpole(b, 0.25)";
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_INTERP);
    sinter_instance *instance = opened(kernel);
    run(instance, wanted, 0, COUNT, COUNT);
    sinter_instance_reset(instance);
    watch.resets = 0;
    int at = 0;
    for (size_t e = 0; e < 2 * ENGINES; e++) {
        if (!sinter_engine_available(engines[e % ENGINES], NULL))
            continue;
        run(instance, got, at, at + 800, 333);
        at += 800;
        sinter_kernel *next = compiled(e % 2 ? text : edited, engines[e % ENGINES]);
        sinter_instance *to = opened(next);
        sinter_migration *migration;
        assert_int_equal(sinter_migration_open(kernel, next, &migration), SINTER_OK);
        assert_int_equal(sinter_instance_migrate(migration, instance, to), SINTER_OK);
        sinter_migration_close(migration);
        close_both(kernel, instance);
        kernel = next;
        instance = to;
    }
    run(instance, got, at, at + 800, 333);
    for (int k = 0; k < 2; k++)
        assert_memory_equal(got[k], wanted[k], (size_t)(at + 800) * sizeof(float));
    close_both(kernel, instance);
    assert_int_equal(watch.resets, 0);
}

/* A node of that name, but of other functions, begins anew. */
static void other_functions_are_other_nodes(void **state)
{
    (void)state;
    sinter_context *other;
    assert_int_equal(sinter_open(NULL, &other), SINTER_OK);
    sinter_node_type type = pole_type;
    type.save = save_pole; /* of this name there is another, that saves */
    type.restore = restore_pole;
    assert_int_equal(sinter_add_node_type(other, &type), SINTER_OK);
    static const char text[] = "input x\ncpole(x, 0.25)";
    sinter_kernel *from = compiled(text, SINTER_ENGINE_AUTO), *to;
    assert_int_equal(sinter_compile(other, text, strlen(text), &(sinter_options){.source = SINTER_PATCH, .rewriting = SINTER_STRICT}, &to, &report),
                     SINTER_OK);
    sinter_instance *a = opened(from), *b = opened(to);
    run(a, wanted, 0, 100, 100);
    run(b, got, 0, 50, 50);
    sinter_migration *migration;
    assert_int_equal(sinter_migration_open(from, to, &migration), SINTER_OK);
    assert_int_equal(sinter_instance_migrate(migration, a, b), SINTER_OK);
    sinter_migration_close(migration);
    assert_int_equal(sinter_instance_index(b), 100);
    run(a, wanted, 100, 200, 100); /* it kept its own */
    close_both(from, a);
    close_both(to, b);
    sinter_close(other);
}

static void snapshots_hold_what_nodes_save(void **state)
{
    (void)state;
    static uint8_t bytes[4096];
    static const char text[] = "input x\nparam level = 0.1 smooth 0.05\nb = kpole(x, 0.01) + 0.5*kpole(delay(b, 50), level)\nout b";
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO), *slow = compiled(text, SINTER_ENGINE_INTERP);
    sinter_instance *instance = opened(kernel), *other = opened(slow);
    run(instance, wanted, 0, 700, 700);
    sinter_set(instance, sinter_parameter_number(kernel, "level"), 0.2);
    run(instance, wanted, 700, 1000, 300);
    const size_t size = sinter_snapshot_size(instance);
    assert_in_range(size, 1, sizeof bytes);
    assert_int_equal(sinter_snapshot_save(instance, bytes, size - 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_save(instance, bytes, size), SINTER_OK);
    run(instance, wanted, 1000, 5000, 4000);
    run(other, got, 0, 300, 300);
    memcpy(got[0], wanted[0], 1000 * sizeof(float));
    for (size_t cut = 0; cut < size; cut++) /* nothing of a part is taken */
        assert_int_equal(sinter_snapshot_restore(other, bytes, cut), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_restore(other, bytes, size), SINTER_OK);
    run(other, got, 1000, 5000, 91);
    assert_same(text, slow, 5000);
    /* Bytes that the node does not know: it is reset. So is one that does not save. */
    uint8_t *own = NULL;
    for (size_t k = 0; k + 3 < size && !own; k++)
        own = memcmp(bytes + k, "abc", 3) ? NULL : bytes + k;
    assert_non_null(own);
    own[0] = 'z';
    watch.resets = 0;
    assert_int_equal(sinter_snapshot_restore(other, bytes, size), SINTER_OK);
    assert_int_equal(watch.resets, 3);
    close_both(kernel, instance);
    close_both(slow, other);

    kernel = compiled("input x\ncpole(x, 0.25)", SINTER_ENGINE_AUTO);
    instance = opened(kernel);
    run(instance, got, 0, 500, 500);
    const size_t plain = sinter_snapshot_size(instance);
    assert_int_equal(sinter_snapshot_save(instance, bytes, plain), SINTER_OK);
    assert_memory_equal(bytes, "SINTER\1", 8); /* as if there were no node */
    assert_int_equal(sinter_snapshot_restore(instance, bytes, plain), SINTER_OK);
    assert_int_equal(sinter_instance_index(instance), 500);
    run(instance, got, 500, 501, 1);
    assert_true(got[0][500] == 0.25f * input[0][500]);
    close_both(kernel, instance);
}

/* ---- memory ---- */

typedef struct ledger {
    long blocks;
    int requests, refuse_at;
} ledger;

static void *count_allocate(void *user, size_t size)
{
    ledger *l = user;
    if (++l->requests == l->refuse_at)
        return NULL;
    l->blocks++;
    return malloc(size);
}

static void count_release(void *user, void *block, size_t size)
{
    (void)size;
    ((ledger *)user)->blocks--;
    free(block);
}

/* Everything that may be refused memory, from the context on. */
static sinter_status try_all(ledger *l, sinter_engine engine)
{
    static const char text[] = "input x\nb = cpole(x, 0.1) + 0.5*kpole(delay(b, 50), 0.2)\nb + split(b).x + split(b').y";
    sinter_context *c = NULL;
    sinter_kernel *kernel = NULL;
    sinter_instance *a = NULL, *b = NULL;
    sinter_migration *migration = NULL;
    sinter_node_type split = named("split", pole_type), kept = named("kpole", pole_type);
    split.process = process_split;
    split.inputs = 1;
    split.outputs = 2;
    kept.save = save_pole;
    kept.restore = restore_pole;
    sinter_status status = sinter_open(&(sinter_context_options){.allocator = {count_allocate, count_release, l}}, &c);
    status = status ? status : sinter_add_node_type(c, &pole_type);
    status = status ? status : sinter_add_node_type(c, &split);
    status = status ? status : sinter_add_node_type(c, &kept);
    status = status ? status
                    : sinter_compile(c, text, strlen(text), &(sinter_options){.source = SINTER_PATCH, .engine = engine, .rewriting = SINTER_STRICT}, &kernel,
                                     &report);
    status = status ? status : sinter_instance_open(kernel, &a);
    status = status ? status : sinter_instance_open(kernel, &b);
    status = status ? status : sinter_migration_open(kernel, kernel, &migration);
    if (!status) {
        const int before = l->requests;
        run(a, got, 0, 1000, 100);
        assert_int_equal(sinter_instance_migrate(migration, a, b), SINTER_OK);
        run(b, got, 1000, 2000, 70);
        sinter_instance_reset(b);
        assert_int_equal(l->requests, before); /* none of these may allocate */
    }
    sinter_migration_close(migration);
    sinter_instance_close(a);
    sinter_instance_close(b);
    sinter_kernel_close(kernel);
    sinter_close(c);
    return status;
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    for (int engine = SINTER_ENGINE_AUTO; engine <= SINTER_ENGINE_INTERP; engine++)
        for (int n = 1;; n++) {
            ledger l = {.refuse_at = n};
            const sinter_status status = try_all(&l, (sinter_engine)engine);
            assert_int_equal(l.blocks, 0);
            assert_int_equal(watch.created, watch.destroyed);
            if (l.requests < n) {
                assert_int_equal(status, SINTER_OK);
                break;
            }
            /* code memory that is refused a list makes room for the interpreter */
            assert_true(status == SINTER_NO_MEMORY || (status == SINTER_OK && engine == SINTER_ENGINE_AUTO));
        }
}

/* ---- latency ---- */

static uint64_t latency_of(const char *text)
{
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    const uint64_t latency = sinter_kernel_describe(kernel).latency;
    sinter_kernel_close(kernel);
    return latency;
}

static void latencies_add_up_along_paths(void **state)
{
    (void)state;
    assert_int_equal(latency_of("input x\nx"), 0);
    assert_int_equal(latency_of("input x\ncpole(x, 0.5)"), 0);
    assert_int_equal(latency_of("input x\ntpole(x, 0.5)"), 5);
    assert_int_equal(latency_of("input x\nsplit(tpole(x, 0.5)).x + tpole(x, 0.5)"), 105);
    assert_int_equal(latency_of("input x\nout tpole(tpole(x, tpole(x, 0.1)), 0.5)\nout x"), 15);
    assert_int_equal(latency_of("input x\nout tpole(tpole(x, 0.5), tpole(x, tpole(x, 0.1)))\nout x"), 15);
    assert_int_equal(latency_of("input x\na = split(x).x\nout x"), 0);                  /* does not lead to an output */
    assert_int_equal(latency_of("input x\na = split(x).x\nout x + delay(a, 40)"), 100); /* a delay that is meant is none */
    assert_int_equal(latency_of("input x\nb = split(x + 0.5*b').x\nout b"), 100);       /* once around */
    assert_int_equal(latency_of("input x\nb = split(x + 0.5*delay(c, 30)).x\nc = tpole(b, 0.5)\nout c + x"), 105);
    assert_int_equal(latency_of("input x\na = tpole(x, 0.5)\nb = a + 0.5*b'\nout tpole(b + delay(b, 3), 0.5)"), 10);
}

/* ---- how it shows ---- */

static char *dumped(const char *text, sinter_dump_kind kind, const sinter_dump_options *options, size_t *length)
{
    char *out;
    const sinter_options patch = {.source = SINTER_PATCH, .rewriting = SINTER_STRICT};
    if (sinter_dump(context, text, strlen(text), &patch, kind, options, &out, length, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return out;
}

static void assert_shows(const char *text, sinter_dump_kind kind, const char *wanted_text)
{
    size_t length;
    char *out = dumped(text, kind, NULL, &length);
    if (!strstr(out, wanted_text))
        fail_msg("no \"%s\" in\n%s", wanted_text, out);
    sinter_dump_release(context, out, length);
}

static void calls_are_shown(void **state)
{
    (void)state;
    static const char text[] = "input x\nfn f(v) = split(v)\nb = x + 0.5*tpole(delay(b, 90), 0.25)\nout f(b).y\n";
    assert_shows(text, SINTER_DUMP_IR, "call tpole: tpole\n");
    assert_shows(text, SINTER_DUMP_IR, "call f.split: split\n");
    assert_shows(text, SINTER_DUMP_IR, "argument tpole, %2, 0");
    assert_shows(text, SINTER_DUMP_IR, " = result f.split, 1");
    assert_shows(text, SINTER_DUMP_PLAN, "call f.split: split, 1 inputs from buffer ");
    assert_shows(text, SINTER_DUMP_EXPLAIN, "call f.split, external: 1 input, 2 outputs, at most 90 elements at once\n");
    assert_shows(text, SINTER_DUMP_EXPLAIN, "the function in C of 'tpole', which makes no promise of the same bits; element by element\n");
    assert_shows(text, SINTER_DUMP_EXPLAIN, "latency: 5 elements\n");
    assert_shows(text, SINTER_DUMP_EXPLAIN, "latency to the outputs: 105 elements\n");
    assert_shows(text, SINTER_DUMP_DOT, "result f.split");
    /* The text form reads back as it was printed. */
    size_t length, again_length;
    char *once = dumped(text, SINTER_DUMP_IR, &(sinter_dump_options){.passes = ""}, &length);
    char *again = dumped(once, SINTER_DUMP_IR, &(sinter_dump_options){.passes = "", .ir_text = true}, &again_length);
    assert_string_equal(once, again);
    sinter_dump_release(context, once, length);
    sinter_dump_release(context, again, again_length);
}

/* ---- errors ---- */

static void assert_error(const char *text, sinter_options options, const char *message)
{
    sinter_kernel *kernel;
    options.source = options.source == SINTER_VM ? SINTER_FIELD : SINTER_PATCH;
    const sinter_status status = sinter_compile(context, text, strlen(text), &options, &kernel, &report);
    if (status != SINTER_BAD_PROGRAM)
        fail_msg("%s: status %d", text, status);
    assert_null(kernel);
    if (report.count < 1 || !strstr(report.errors[0].message, message))
        fail_msg("%s: not \"%s\": %s", text, message, report.count ? report.errors[0].message : "nothing");
}

static void assert_ir_error(const char *text, const char *message)
{
    char *out;
    size_t length;
    assert_int_equal(sinter_dump(context, text, strlen(text), NULL, SINTER_DUMP_EXPLAIN, &(sinter_dump_options){.ir_text = true}, &out, &length, &report),
                     SINTER_BAD_PROGRAM);
    if (!strstr(report.errors[0].message, message))
        fail_msg("%s: not \"%s\": %s", text, message, report.errors[0].message);
}

/* What reads well and is no program. */
static void assert_violation(const char *text, const char *message)
{
    const sinter_node_type types[] = {pole_type, {.name = "meter", .inputs = 2, .outputs = 1, .process = process_pole}};
    const sinter_allocator allocator = sn_allocator_or_default(NULL);
    arena memory;
    ir_program p;
    sn_arena_open(&memory, &allocator);
    sn_ir_open(&p, &memory, 0);
    p.node_types = types;
    p.node_type_count = 2;
    assert_int_equal(sn_ir_parse(&p, text, strlen(text), &report), SINTER_OK);
    const char *violation = sn_ir_verify(&p, &memory);
    if (!violation || !strstr(violation, message))
        fail_msg("%s: not \"%s\": %s", text, message, violation ? violation : "nothing");
    sn_arena_close(&memory);
}

static void texts_that_cannot_call_are_refused(void **state)
{
    (void)state;
    const sinter_options none = {0}, field = {.source = SINTER_VM};
    assert_error("x + cpole(y, 0.5)", field, "'cpole' is a function in C, and a field calls none");
    assert_error("input x\ncpole(x)", none, "'cpole' takes 2 numbers, not 1");
    assert_error("input x\nfast.cpole(x, 0.5)", none, "has no fast form");
    assert_error("input x\nb = cpole(b, 0.5)\nb", none, "b");
    assert_error("input x\nparam g = 1\ncpole(x, g)", (sinter_options){.gradient = (const char *const[]){"g"}, .gradient_count = 1},
                 "there is no derivative through 'cpole'");
    assert_error("input x\ncpole(x, 1)", (sinter_options){.sum = true}, "'cpole' is a function in C, which a program with totals cannot call");
    char *out;
    size_t length;
    static const char text[] = "input x\ncpole(x, 1)";
    assert_int_equal(sinter_dump(context, text, strlen(text), &(sinter_options){.source = SINTER_PATCH}, SINTER_DUMP_C, NULL, &out, &length, &report),
                     SINTER_BAD_PROGRAM);
    assert_non_null(strstr(report.errors[0].message, "the exported file would not have 'cpole'"));

#define HEAD "input x: f32\noutput o: f32\ncall c: cpole\n%1 = input x\n"
    assert_ir_error("call c: nothing\n", "there is no node type `nothing`");
    assert_ir_error(HEAD "call c: tpole\n", "call `c` is defined already");
    assert_ir_error(HEAD "argument c, %1, 2\n", "argument");
    assert_ir_error(HEAD "argument c, %1, 0\nargument c, %1, 1\n%2 = result c, 1\n", "result");
    assert_ir_error(HEAD "argument d, %1, 0\n", "there is no call `d`");
    assert_ir_error(HEAD "%2 = index\nargument c, %2, 0\n", "argument does not take operands of type f64");
    assert_violation(HEAD "argument c, %1, 0\n%2 = result c, 0\noutput o, %2\n", "before that has its arguments");
    assert_violation(HEAD "argument c, %1, 0\nargument c, %1, 0\n%2 = result c, 0\noutput o, %2\n", "again");
    assert_violation("input x: f32\noutput o: f32\ncall c: meter\n%1 = input x\nargument c, %1, 0\noutput o, %1\n", "lacks an argument");
    assert_ir_error("input x: f32\noutput o: f32\nline y: f32[1] flush\ncall c: cpole\n%1 = input x\n%2 = read y, 1\n%3 = add f32 %1, %2\n"
                    "argument c, %3, 0\nargument c, %1, 1\n%4 = result c, 0\noutput o, %4\nwrite y, %4\n",
                    "a call is on a cycle through a line that is flushed at ticks");
}

static void types_that_cannot_be_are_refused(void **state)
{
    (void)state;
    sinter_node_type t = named("mine", pole_type);
#define REFUSED(change) \
    do { \
        sinter_node_type wrong = t; \
        change; \
        assert_int_equal(sinter_add_node_type(context, &wrong), SINTER_BAD_ARGUMENT); \
    } while (0)
    REFUSED(wrong.tick = tick_pole);
    REFUSED(wrong.process = NULL);
    REFUSED(wrong.create = NULL);
    REFUSED(wrong.save = save_pole);
    REFUSED(wrong.restore = restore_pole);
    REFUSED(wrong.latency = (1 << 28) + 1);
    REFUSED(wrong.outputs = 0);
    REFUSED(wrong.inputs = 65);
    REFUSED(wrong.name = "cpole");
    assert_int_equal(sinter_add_node_type(context, &t), SINTER_OK);
}

/* ---- programs built by calls ---- */

static void programs_may_call(void **state)
{
    (void)state;
    for (size_t e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value x = sinter_input(p, "x", SINTER_F32), k = sinter_f64(p, 0.25);
        const uint32_t line = sinter_line(p, "line", SINTER_F32, 20);
        const sinter_node_type borrowed = pole_type;
        sinter_value y, z;
        sinter_call(p, "first", &borrowed, (const sinter_value[]){sinter_sub(p, x, sinter_mul(p, sinter_read(p, line, 20), sinter_f32(p, 0.5f))), k}, &y);
        sinter_write(p, line, y);
        sinter_call(p, "second", &borrowed, (const sinter_value[]){y, x}, &z);
        sinter_output(p, "y", y);
        sinter_output(p, "z", z);
        sinter_kernel *kernel;
        assert_int_equal(sinter_compile_program(context, p, &(sinter_options){.engine = engines[e]}, &kernel, &report), SINTER_OK);
        sinter_program_close(p);
        sinter_instance *instance = opened(kernel);
        run(instance, got, 0, 3000, 1000);
        float first = 0, second = 0;
        for (int i = 0; i < 3000; i++) {
            first = fmaf(0.25f, input[0][i] - (i < 20 ? 0 : wanted[0][i - 20] * 0.5f) - first, first);
            second = fmaf(input[0][i], first - second, second);
            wanted[0][i] = first;
            wanted[1][i] = second;
        }
        assert_same("a program built by calls\n", kernel, 3000);
        close_both(kernel, instance);
    }
    sinter_program *p = sinter_program_open(NULL);
    sinter_value x = sinter_input(p, "x", SINTER_F32), y = 7;
    sinter_call(p, "a", &pole_type, (const sinter_value[]){x, x}, &y);
    sinter_call(p, "a", &pole_type, (const sinter_value[]){x, x}, &y);
    assert_int_equal(y, 0);
    assert_int_equal(sinter_program_status(p, &report), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "there is a call \"a\" already");
    sinter_program_close(p);
    p = sinter_program_open(NULL);
    sinter_call(p, "a", &pole_type, (const sinter_value[]){x, 9}, &y);
    assert_int_equal(sinter_program_status(p, &report), SINTER_BAD_PROGRAM);
    sinter_program_close(p);
    p = sinter_program_open(NULL);
    sinter_call(p, "a", &(sinter_node_type){.outputs = 1}, NULL, &y);
    assert_int_equal(sinter_program_status(p, &report), SINTER_BAD_PROGRAM);
    sinter_program_close(p);
    sinter_call(NULL, "a", &pole_type, NULL, NULL);
}

/* ---- players and graphs ---- */

static void await(sinter_player *player, const char *text)
{
    uint64_t edit;
    assert_int_equal(sinter_player_edit(player, text, strlen(text), NULL, &edit), SINTER_OK);
    if (sinter_player_wait(player, edit, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
}

static void nodes_play_on_through_edits(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled("input x\nb = cpole(x, 0.001) + 0.5*tpole(delay(b, 70), 0.002)\nb", SINTER_ENGINE_INTERP);
    sinter_instance *instance = opened(kernel);
    run(instance, wanted, 0, 4000, 4000);
    close_both(kernel, instance);
    sinter_player *player;
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.inputs = 1, .outputs = 1, .fade = -1, .rewriting = SINTER_STRICT}, &player),
                     SINTER_OK);
    for (int at = 0; at < 4000; at += 500) {
        char text[200];
        snprintf(text, sizeof text, "input x\nb = cpole(x, 0.001) + 0.5*tpole(delay(b, 70), 0.002)\nb + %d*meter(x, 0.5)*0", at);
        await(player, text);
        for (int n = at; n < at + 500; n += 50)
            sinter_player_process(player, (const float *const[]){input[0] + n}, (float *const[]){got[0] + n}, 50);
    }
    sinter_player_close(player);
    for (int i = 0; i < 4000; i++)
        assert_true(got[0][i] == wanted[0][i]);
    assert_int_equal(watch.created, watch.destroyed);
}

static void graphs_have_such_nodes(void **state)
{
    (void)state;
    sinter_graph *graph;
    sinter_node in, node, both, out;
    char text[2000];
    size_t length;
    assert_int_equal(sinter_graph_open(context, &graph), SINTER_OK);
    assert_int_equal(sinter_graph_add(graph, "input", "x", &in, &report), SINTER_OK);
    assert_int_equal(sinter_graph_add(graph, "cpole", "smoother", &node, &report), SINTER_OK);
    assert_int_equal(sinter_graph_add(graph, "split", "both", &both, &report), SINTER_OK);
    assert_int_equal(sinter_graph_add(graph, "output", "left", &out, &report), SINTER_OK);
    assert_int_equal(sinter_graph_outputs(graph, both), 2);
    assert_int_equal(sinter_graph_connect(graph, in, 0, node, 0, NULL), SINTER_OK);
    assert_int_equal(sinter_graph_fix(graph, node, 1, 0.25), SINTER_OK);
    assert_int_equal(sinter_graph_connect(graph, node, 0, both, 0, NULL), SINTER_OK);
    assert_int_equal(sinter_graph_connect(graph, both, 1, out, 0, NULL), SINTER_OK);
    assert_int_equal(sinter_graph_text(graph, text, sizeof text, &length, &report), SINTER_OK);
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    assert_int_equal(sinter_kernel_describe(kernel).call_count, 2);
    sinter_kernel_close(kernel);
    assert_int_equal(sinter_graph_explain(graph, text, sizeof text, &length, &report), SINTER_OK);
    assert_non_null(strstr(text, "state smoother.cpole: of the function in C 'cpole'\n"));
    assert_null(strstr(text, "passes through"));
    sinter_graph_close(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_do_what_words_do),
        cmocka_unit_test(random_programs_do_what_words_do),
        cmocka_unit_test(only_impure_nodes_stay_unread),
        cmocka_unit_test(nodes_without_inputs_know_the_index),
        cmocka_unit_test(outputs_may_be_the_inputs),
        cmocka_unit_test(nodes_are_told_time_and_parameters),
        cmocka_unit_test(moving_parameters_are_followed),
        cmocka_unit_test(selves_are_created_and_destroyed_once),
        cmocka_unit_test(selves_move_with_a_migration),
        cmocka_unit_test(other_functions_are_other_nodes),
        cmocka_unit_test(snapshots_hold_what_nodes_save),
        cmocka_unit_test(refused_memory_is_an_error),
        cmocka_unit_test(latencies_add_up_along_paths),
        cmocka_unit_test(calls_are_shown),
        cmocka_unit_test(texts_that_cannot_call_are_refused),
        cmocka_unit_test(types_that_cannot_be_are_refused),
        cmocka_unit_test(programs_may_call),
        cmocka_unit_test(nodes_play_on_through_edits),
        cmocka_unit_test(graphs_have_such_nodes),
    };
    return cmocka_run_group_tests(tests, fill_inputs, close_context);
}
