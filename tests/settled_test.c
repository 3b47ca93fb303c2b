/* What makes edits quick must not be heard: a rate that is known, functions of constants and calls of the library that were asked for before, values in places
 * that others had. */
#include "lang/lang.h"
#include "open_context.h"

#include "kernel/kernels.h"
#include <sinter/dump.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "example_texts.h"

enum { COUNT = 1500, RATE = 44100, MOST_STREAMS = 8 };

static float inputs[MOST_STREAMS][COUNT], wanted[MOST_STREAMS][COUNT], got[MOST_STREAMS][COUNT];
static unsigned folded, compared;

static void make_noise(void)
{
    uint32_t seed = 7;
    for (unsigned k = 0; k < MOST_STREAMS; k++)
        for (unsigned i = 0; i < COUNT; i++) {
            seed = seed * 1664525u + 1013904223u;
            inputs[k][i] = (float)(int32_t)seed * 0x1p-31f;
        }
}

static sinter_kernel *compile(const char *text, size_t length, double rate)
{
    static sinter_report report;
    sinter_kernel *kernel = NULL;
    return sn_lang_compile(context, text, length, &(sinter_options){.source = SINTER_PATCH}, rate, false, &kernel, &report) == SINTER_OK ? kernel : NULL;
}

/* While it runs the first parameter that is not the rate moves, by a ramp where it is smoothed. */
static void run(const sinter_kernel *kernel, float out[][COUNT])
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    sinter_instance *instance;
    const void *in[MOST_STREAMS];
    void *to[MOST_STREAMS];
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    sinter_set(instance, sinter_parameter_number(kernel, "rate"), RATE);
    for (unsigned half = 0; half < 2; half++) {
        for (unsigned k = 0; k < MOST_STREAMS; k++) {
            in[k] = inputs[k] + half * COUNT / 2;
            to[k] = out[k] + half * COUNT / 2;
        }
        const sinter_arguments a = {.inputs = in, .outputs = to, .count = COUNT / 2};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        for (uint32_t k = 0; k < info.parameter_count; k++)
            if (strcmp(info.parameters[k].name, "rate") != 0)
                sinter_set(instance, (int)k, 0.75 * info.parameters[k].initial);
    }
    sinter_instance_close(instance);
}

/* The state of both is found by the same names. */
static void compare_state(const char *name, const sinter_kernel *known, const sinter_kernel *open)
{
    const uint32_t lines = known->line_count - known->ahead_count; /* what scans need besides is not the source's */
    if (lines != open->line_count - open->ahead_count)
        fail_msg("%s: %u lines where the rate is known, not %u", name, lines, open->line_count - open->ahead_count);
    for (uint32_t k = 0; k < lines; k++)
        if (strcmp(known->line_names[k], open->line_names[k]) != 0 || known->lines[k].length != open->lines[k].length)
            fail_msg("%s: %s where the rate is known, not %s", name, known->line_names[k], open->line_names[k]);
}

/* Twice, so that the second time all functions of constants and all calls of the library are kept. */
static void compare(const char *name, const char *text, size_t length)
{
    sinter_kernel *open = compile(text, length, 0);
    if (!open) /* a field */
        return;
    const sinter_kernel_info info = sinter_kernel_describe(open);
    compared++;
    if (info.input_count <= MOST_STREAMS && info.output_count <= MOST_STREAMS && info.bound_table_count + info.image_count == 0) {
        run(open, wanted);
        for (unsigned turn = 0; turn < 2; turn++) {
            sinter_kernel *known = compile(text, length, RATE);
            assert_non_null(known);
            folded += sinter_kernel_describe(known).operations < info.operations;
            compare_state(name, known, open);
            assert_int_equal(sinter_parameter_number(known, "rate"), sinter_parameter_number(open, "rate"));
            run(known, got);
            for (uint32_t k = 0; k < info.output_count; k++)
                for (unsigned i = 0; i < COUNT; i++)
                    if (memcmp(&got[k][i], &wanted[k][i], sizeof got[k][i]) != 0)
                        fail_msg("%s, output %u: sample %u is %a where the rate is known, not %a", name, k, i, (double)got[k][i], (double)wanted[k][i]);
            sinter_kernel_close(known);
        }
    }
    sinter_kernel_close(open);
}

static void known_rates_change_no_bit(void **state)
{
    (void)state;
    static const char glide[] = "param cutoff = 900 in 20..20000 \"Hz\" glide 0.01\ninput x\nout lowpass(highpass(x, 200), cutoff)\n";
    make_noise();
    each_example(compare);
    compare("a filter that moves", glide, sizeof glide - 1);
    assert_true(folded > 10);
}

/* ---- only the moving program ---- */

static sinter_kernel *compile_for(const char *text, size_t length, sinter_engine engine, sinter_rewriting rewriting, bool moves)
{
    static sinter_report report;
    sinter_kernel *kernel = NULL;
    const sinter_options options = {.source = SINTER_PATCH, .engine = engine, .rewriting = rewriting};
    return sn_lang_compile(context, text, length, &options, RATE, moves, &kernel, &report) == SINTER_OK ? kernel : NULL;
}

static sinter_instance *opened(const sinter_kernel *kernel)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    sinter_set(instance, sinter_parameter_number(kernel, "rate"), RATE);
    return instance;
}

static void run_part(sinter_instance *instance, unsigned from, unsigned to)
{
    const void *in[MOST_STREAMS];
    void *out[MOST_STREAMS];
    for (unsigned k = 0; k < MOST_STREAMS; k++) {
        in[k] = inputs[k] + from;
        out[k] = got[k] + from;
    }
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = in, .outputs = out, .count = to - from}), SINTER_OK);
}

static sinter_instance *go_on(sinter_instance *from, const sinter_kernel *old, const sinter_kernel *new)
{
    sinter_instance *to = opened(new);
    sinter_migration *way;
    assert_int_equal(sinter_migration_open(old, new, &way), SINTER_OK);
    assert_int_equal(sinter_instance_migrate(way, from, to), SINTER_OK);
    sinter_migration_close(way);
    sinter_instance_close(from);
    return to;
}

static sinter_instance *go_on_from_bytes(sinter_instance *from, const sinter_kernel *new)
{
    const size_t size = sinter_snapshot_size(from);
    void *bytes = malloc(size);
    sinter_instance *to = opened(new);
    assert_non_null(bytes);
    assert_int_equal(sinter_snapshot_save(from, bytes, size), SINTER_OK);
    assert_int_equal(sinter_snapshot_restore(to, bytes, size), SINTER_OK);
    free(bytes);
    sinter_instance_close(from);
    return to;
}

/* All parameters but the rate set out for elsewhere every 300 samples, the last time for good. Where both kernels are the same it is one instance; else the two take
 * turns, in the midst of moves and at rest, by migration and by bytes. */
static void run_moving(sinter_kernel *const kernels[2])
{
    enum { EVERY = 300, TURN = 170 };
    const sinter_kernel_info info = sinter_kernel_describe(kernels[0]);
    sinter_instance *instance = opened(kernels[1]);
    unsigned now = 1;
    for (unsigned at = 0, to; at < COUNT; at = to) {
        if (at % EVERY == 0 && at < 3 * EVERY)
            for (uint32_t k = 0; k < info.parameter_count; k++)
                if (strcmp(info.parameters[k].name, "rate") != 0)
                    sinter_set(instance, (int)k, (at % (2 * EVERY) ? 0.75 : 1.25) * info.parameters[k].initial);
        if (at && at % TURN == 0 && kernels[0] != kernels[1]) {
            instance = at % (4 * TURN) ? go_on(instance, kernels[now], kernels[1 - now]) : go_on_from_bytes(instance, kernels[1 - now]);
            now = 1 - now;
        }
        const unsigned set = (at / EVERY + 1) * EVERY, turn = (at / TURN + 1) * TURN;
        to = set < turn ? set : turn;
        to = to < COUNT ? to : COUNT;
        run_part(instance, at, to);
    }
    sinter_instance_close(instance);
}

static unsigned without_rest;

/* The bits of strict programs; of relaxed ones those at rest look ahead, which rounds otherwise, and cycles carry that on. */
static bool is_as_wanted(sinter_rewriting rewriting, float got_one, float wanted_one)
{
    return rewriting == SINTER_STRICT ? memcmp(&got_one, &wanted_one, sizeof got_one) == 0 : fabsf(got_one - wanted_one) <= 1e-4f * (1 + fabsf(wanted_one));
}

static void compare_moving(const char *name, const char *text, size_t length)
{
    static const sinter_engine engines[] = {SINTER_ENGINE_AUTO, SINTER_ENGINE_INTERP};
    for (size_t turn = 0; turn < 2 * sizeof engines / sizeof *engines; turn++) {
        const size_t e = turn / 2;
        const sinter_rewriting rewriting = turn % 2 ? SINTER_RELAXED : SINTER_STRICT;
        sinter_kernel *both = compile_for(text, length, engines[e], rewriting, false), *one = compile_for(text, length, engines[e], rewriting, true);
        if (!both) /* a field */
            return;
        const sinter_kernel_info info = sinter_kernel_describe(both), alone = sinter_kernel_describe(one);
        if (info.input_count <= MOST_STREAMS && info.output_count <= MOST_STREAMS && info.bound_table_count + info.image_count + info.call_count == 0) {
            const bool smooths = both->moving != NULL;
            compare_state(name, one, both);
            if (one->moving || one->always_moving != smooths || (smooths && info.code_bytes && alone.code_bytes >= info.code_bytes))
                fail_msg("%s: %zu bytes of code of which the program at rest is left out, of %zu", name, alone.code_bytes, info.code_bytes);
            without_rest += smooths;
            run_moving((sinter_kernel *[]){both, both});
            memcpy(wanted, got, sizeof wanted);
            for (unsigned turns = 0; turns < 2; turns++) {
                memset(got, 0, sizeof got);
                run_moving((sinter_kernel *[]){turns ? both : one, one});
                for (uint32_t k = 0; k < info.output_count; k++)
                    for (unsigned i = 0; i < COUNT; i++)
                        if (!is_as_wanted(rewriting, got[k][i], wanted[k][i]))
                            fail_msg("%s, output %u, %s: sample %u is %a where the program at rest is left out, not %a", name, k,
                                     sinter_engine_name(engines[e]), i, (double)got[k][i], (double)wanted[k][i]);
            }
        }
        sinter_kernel_close(both);
        sinter_kernel_close(one);
    }
}

/* What plays while an edit fades has no program for parameters that rest: those that do have their values in it all the same. */
static void what_always_moves_has_the_same_bits(void **state)
{
    (void)state;
    static const char all[] =
        "param cutoff = 900 in 20..20000 \"Hz\" glide 0.003\nparam gain = 0.7 smooth 0.002\nparam kept = 0.25\nparam depth = 3 smooth 0.005\n"
        "input x\ny = x + 0.5*gain*y' - 0.2*y''\nz = y + 0.6*delay(z, 300)*kept\nw = delay(z, 20 + 5*depth*gain, 60)\n"
        "out lowpass(w, cutoff)*gain + saw(kept*900)\nout max(0, refined(gain > 0.8, x*gain, x*gain))*sine(100*depth)\nout 3*gain - kept\nout freeverb(x, kept).x\n";
    static const char none[] = "param g = 2\ninput x\nout lowpass(x, 100*g)\n";
    make_noise();
    without_rest = 0;
    compare_moving("all kinds of state", all, sizeof all - 1);
    assert_int_equal(without_rest, 4); /* on two engines, strict and relaxed */
    each_example(compare_moving);
    assert_true(without_rest > 8); /* of the examples some */
    compare_moving("nothing smoothed", none, sizeof none - 1);
}

/* Rules see a settled value as the parameter that it is: relaxed ones keep a -0 to which 0 is added, and do not regroup it as a constant. Everything that can be
 * said of a rate, all kinds of operations among them. */
static void settled_values_are_none_of_constants(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "input x\nzero = (rate - rate)*(0 - 1) + 0\nout copysign(x, zero)\nout x/zero\n",
        "input x\nout (x*3 + rate)*0.1 + rate*1e-9\nout ((x + 0.1)*dt + 0.3)*rate\nout x/rate/3\nout (x - rate)*0x1p-20 - 1\n",
        "input x\nn = i32(rate)\nout x*(n % 7) + n/11\nout delay(x, or(and(n, 15), 1), 16)\nout n > 40000 && n < 45000 ? x : 0 - x\nout xor(n, n >>> 3)*x*0x1p-31\n",
        "input x\nout fast.sin(rate)*x\nout pow(rate, 0.3)*x + log(rate)\nout f64(x)*exp(f64(dt)) + tanpi(440/rate)\nout gamma(dt*rate/7)*x\n",
        "table t = [1, 2, 3, 5, 8]\ninput x\nout x*t[and(i32(rate), 3)] + floor(rate/7)\nout min(rate, 1e5)*x - max(x, dt)\n",
        "param gain = 2 smooth 0.01\ninput x\nout x*(gain*rate*0.5 + gain)*dt\nout lowpass(x, 100*gain) + adsr(x > 0, 0.01, 0.1, gain, 0.2)\n",
    };
    make_noise();
    compared = 0;
    for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++)
        compare(texts[k], texts[k], strlen(texts[k]));
    assert_int_equal(compared, sizeof texts / sizeof *texts);
}

static bool some_value(void *unused, const ir_op *op, uint64_t a, uint64_t b, uint64_t *result)
{
    (void)unused;
    (void)op;
    (void)b;
    *result = a;
    return true;
}

static uint32_t count_operations(const char *text, double rate)
{
    static const ir_settling settling = {some_value, NULL};
    ir_program p;
    arena memory;
    sn_arena_open(&memory, NULL);
    sn_ir_open(&p, &memory, IR_IDENTITY | IR_FOLD | IR_RELAXED | IR_SIGNS);
    p.settling = rate > 0 ? &settling : NULL;
    assert_int_equal(sn_lang_lower(&p, &memory, text, strlen(text), &(lang_options){.type = IR_F32, .patch = true, .rate = rate}, NULL), SINTER_OK);
    uint32_t count = 0;
    for (ir_ref r = 1; r < p.count; r++)
        count += p.ops[r].code != IR_CONST && p.ops[r].code != IR_PARAM;
    sn_arena_close(&memory);
    return count;
}

/* The coefficients of filters are numbers before any pass sees the program. */
static void what_is_settled_is_no_operation(void **state)
{
    (void)state;
    static const char text[] = "input x\nout svf(lowpass(x, 900), 300).x + saw(110)\n";
    const uint32_t live = count_operations(text, 0), known = count_operations(text, RATE);
    if (known > live / 2)
        fail_msg("%u operations where the rate is known, %u where it is not", known, live);
}

/* Calls stand for themselves: by what their arguments are, wherever they stand. Arguments that are one value, constants of all kinds, tuples, names of state
 * in sums and in functions; what reads a table or an event is not kept. */
static void kept_calls_are_the_calls(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "input x\nfn twice(v, c) = lowpass(lowpass(v, c), c)\nout sum(k, 1, 3, twice(x, 300*k) + svf(twice(x, 300), 900*k, 0.7).y)\n",
        "input x\nout saw(110) + saw(110) + saw(f64(110)) + saw(x) + saw(-110) + saw(0x6e) + saw(110, x) + saw(110, phase=0.25)\n",
        "input x\nout svf(x, x, x).x + svf(x, 1000*x, x).y + svf(-x, 1000, 1/x).z + lowpass(-(x*x), 1200)\n",
        "param c = 900 in 20..20000 smooth 0.01\ninput x\nout svf(x, c).x + svf(x, c, 2).y + lowpass(x, c)*tremolo(x, 5, 0.5)\n",
        /* Of one value as an f64, of two as an f32: the first is read from the text. */
        "input x\nout svf(x, 1000, 1.00000005960464477539062500001).x + svf(x, 1000, 1.000000059604644775390625).x + svf(x, 1000, 0.7071067811865476).x\n",
        "event gate = 0\ninput x\nout adsr_event(gate, 0.01, 0.1, 0.5, 0.2)*freeverb(x, x).x + comb(x, 440, 0.5) + noise()*pluck(x, 220, 0.5)\n",
    };
    make_noise();
    compared = 0;
    for (unsigned turn = 0; turn < 2; turn++)
        for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++)
            compare(texts[k], texts[k], strlen(texts[k]));
    assert_int_equal(compared, 2 * (sizeof texts / sizeof *texts));
}

/* An edit that changes nothing finds all; ever new constants do not fill memory. */
static void calls_are_kept(void **state)
{
    (void)state;
    enum { MOST_KEPT = 20000, CALLS = 1500, ROUNDS = 12, PLACES = 1 << 12 /* of kept_calls.c */ };
    static char text[32 * CALLS];
    size_t most = 0, last = 0;
    bool forgot = false;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t n = (size_t)sprintf(text, "input x0\n");
        for (unsigned k = 0; k < CALLS; k++)
            n += (size_t)sprintf(text + n, "x%u = lowpass1(x%u, %u)\n", k + 1, k, 20 + CALLS * round + k);
        n += (size_t)sprintf(text + n, "out x%u\n", CALLS);
        for (unsigned turn = 0; turn < 2; turn++) {
            sinter_kernel *kernel = compile(text, n, RATE);
            assert_non_null(kernel);
            sinter_kernel_close(kernel);
            if (turn == 1 && context->calls.count != last && context->calls.count != CALLS) /* all were forgotten before it */
                fail_msg("%zu calls are kept after the same text again, not %zu", context->calls.count, last);
            forgot |= context->calls.count < last;
            last = context->calls.count;
            most = last > most ? last : most;
        }
        assert_true(last >= CALLS);
        /* They are found at once: whole numbers that differ in few bits have places that differ. */
        uint32_t used = 0;
        for (uint32_t k = 0; k < PLACES; k++)
            used += context->calls.places[k] != NULL;
        if (used < 1000)
            fail_msg("%zu calls have %u places of %u", last, used, (unsigned)PLACES);
    }
    if (!forgot || most > MOST_KEPT || context->calls.bytes > 1 << 23)
        fail_msg("%zu calls were kept, %zu bytes", most, context->calls.bytes);
}

/* With numbers of many digits too, as graphs write them; not with one of which the value does not say the nearest f32. */
static void calls_with_long_numbers_are_kept(void **state)
{
    (void)state;
    static const char *const numbers[] = {"0.7071067811865476", "0.70710678118654752440084436210484903928", "1.000000059604644775390625",
                                          "1.00000005960464477539062500001"};
    char text[200];
    for (unsigned k = 0; k < 4; k++) {
        const size_t n = (size_t)sprintf(text, "input x\nout lowpass1(x, %s)\n", numbers[k]), before = context->calls.count;
        for (unsigned turn = 0; turn < 2; turn++)
            sinter_kernel_close(compile(text, n, RATE));
        assert_int_equal(context->calls.count - before, k == 0 || k == 2 ? 1 : 0); /* the second is the first one's f64 */
    }
}

/* Recursions in a row, a loop each: what crosses from one to the next is done with behind that. */
static void places_are_used_again(void **state)
{
    (void)state;
    enum { STAGES = 60 };
    char text[64 * STAGES], *printed;
    size_t length, n = (size_t)sprintf(text, "input n0\n");
    for (unsigned k = 1; k <= STAGES; k++)
        n += (size_t)snprintf(text + n, sizeof text - n, "n%u = 0.5*n%u' + soft_clip(n%u)\n", k, k, k - 1);
    snprintf(text + n, sizeof text - n, "out n%u\n", STAGES);
    assert_int_equal(sinter_dump(context, text, strlen(text), &(sinter_options){.source = SINTER_PATCH}, SINTER_DUMP_PLAN, NULL, &printed, &length, NULL), SINTER_OK);
    unsigned chunk = 0, buffers = 0, bytes = 0;
    assert_int_equal(sscanf(printed, "chunk %u, %u buffers in %u bytes", &chunk, &buffers, &bytes), 3);
    if (buffers < STAGES || bytes > 6 * chunk * sizeof(float))
        fail_msg("%u buffers take %u bytes", buffers, bytes);
    sinter_dump_release(context, printed, length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_rates_change_no_bit),
        cmocka_unit_test(what_always_moves_has_the_same_bits),
        cmocka_unit_test(settled_values_are_none_of_constants),
        cmocka_unit_test(what_is_settled_is_no_operation),
        cmocka_unit_test(kept_calls_are_the_calls),
        cmocka_unit_test(calls_are_kept),
        cmocka_unit_test(calls_with_long_numbers_are_kept),
        cmocka_unit_test(places_are_used_again),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
