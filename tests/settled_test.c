/* What makes edits quick must not be heard: a rate that is known, functions of constants and calls of the library that were asked for before, values in places
 * that others had. */
#include "lang/lang.h"
#include "open_context.h"

#include "kernel/kernels.h"
#include <sinter/dump.h>

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
    return sn_lang_compile(context, text, length, &(sinter_options){.source = SINTER_PATCH}, rate, &kernel, &report) == SINTER_OK ? kernel : NULL;
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
    if (known->line_count != open->line_count || known->state != open->state)
        fail_msg("%s: %u lines where the rate is known, not %u", name, known->line_count, open->line_count);
    for (uint32_t k = 0; k < known->line_count; k++)
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
    enum { MOST_KEPT = 20000, CALLS = 1500, ROUNDS = 12 };
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
    }
    if (!forgot || most > MOST_KEPT || context->calls.bytes > 1 << 23)
        fail_msg("%zu calls were kept, %zu bytes", most, context->calls.bytes);
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
        cmocka_unit_test(settled_values_are_none_of_constants),
        cmocka_unit_test(what_is_settled_is_no_operation),
        cmocka_unit_test(kept_calls_are_the_calls),
        cmocka_unit_test(calls_are_kept),
        cmocka_unit_test(places_are_used_again),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
