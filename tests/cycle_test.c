/* Cycles whose delay stands in a function: on every engine the same bits as with the delay written out, whatever way the
 * name takes to it, and state that is found again by its name. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 1500, OUTPUTS = 4, TEXT = 1 << 14 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512,
                                        SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

static double in[COUNT], wanted[OUTPUTS][COUNT], got[OUTPUTS][COUNT];
static sinter_report report;

static int make_input(void **state)
{
    uint32_t n = 1;
    for (int k = 0; k < COUNT; k++) {
        n = n * 1664525u + 1013904223u;
        in[k] = (int32_t)n * 0x1p-31;
    }
    return open_context(state);
}

static sinter_kernel *compiled(const char *text, sinter_engine engine)
{
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH, .type = SINTER_F64, .engine = engine};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

static void run_on(sinter_instance *instance, double (*out)[COUNT], int from, int to)
{
    const void *const inputs[1] = {in + from};
    void *const outputs[OUTPUTS] = {out[0] + from, out[1] + from, out[2] + from, out[3] + from};
    assert_int_equal(
        sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = to - from}),
        SINTER_OK);
}

static uint32_t run(const char *text, sinter_engine engine, double (*out)[COUNT])
{
    sinter_kernel *kernel = compiled(text, engine);
    sinter_instance *instance;
    const uint32_t outputs = sinter_kernel_describe(kernel).output_count;
    assert_in_range(outputs, 1, OUTPUTS);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (int at = 0, to; at < COUNT; at = to) {
        to = at + 1 + at * 7 % 400 < COUNT ? at + 1 + at * 7 % 400 : COUNT;
        run_on(instance, out, at, to);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    return outputs;
}

static void same(const char *what, uint32_t outputs, int from)
{
    for (uint32_t o = 0; o < outputs; o++)
        for (int k = from; k < COUNT; k++)
            if (memcmp(&wanted[o][k], &got[o][k], sizeof(double)) != 0)
                fail_msg("%s\noutput %u differs at %d: %.17g, not %.17g", what, o, k, got[o][k], wanted[o][k]);
}

/* Both texts mean the same, on every engine. */
static void mean_the_same(const char *text, const char *plain)
{
    const uint32_t outputs = run(plain, SINTER_ENGINE_INTERP, wanted);
    for (int e = 0; e < ENGINES; e++)
        if (sinter_engine_available(engines[e], NULL)) {
            assert_int_equal(run(text, engines[e], got), outputs);
            same(text, outputs, 0);
        }
}

/* ---- cycles of the library ---- */

static void a_delay_in_a_function_is_a_delay(void **state)
{
    (void)state;
    mean_the_same("input x\na = x + 0.5*delay_linear(a, 0.005)\nout a\n",
                  "input x\nat = clamp(number(0.005*rate), 1, 47999)\nn = i32(floor(at))\np = at - floor(at)\n"
                  "near = delay(a, n, 48000)\nfar = delay(a, n + 1, 48000)\nd = near + p*(far - near)\na = x + 0.5*d\nout a\n");
    /* Two lines and a filter in a ring: 300 samples and 211 samples, none more. */
    mean_the_same("input x\nfn hold(v, n) { w = v; delay(w, n) }\na = x + 0.6*hold(b, 300)\n"
                  "b = lowpass1(a, 3000) - 0.3*hold(c, 211)\nc = b + 0.1*a\nout a\nout b\nout c\n",
                  "input x\na = x + 0.6*delay(b, 300)\nb = lowpass1(a, 3000) - 0.3*delay(c, 211)\nc = b + 0.1*a\nout a\nout b\nout c\n");
    mean_the_same("input x\nfn h(v) = delay(v, 1)\na = x + 0.5*h(b)\nb = 0.9*a + 0.1*h(a)\nout a, b\n",
                  "input x\na = x + 0.5*b'\nb = 0.9*a + 0.1*a'\nout a, b\n");
    /* Feedback in feedback: the outer cycle goes through a function that has one of its own. */
    mean_the_same("input x\nfn tank(v, n) { w = delay(v, n); y = w + 0.4*echoed(y); y }\nfn echoed(v) = delay(v, 37)\n"
                  "a = x - 0.5*tank(a, 100) + 0.2*tank(b, 50)\nb = a*0.9\nout a\nout b\n",
                  "input x\np = delay(a, 100) + 0.4*delay(p, 37)\nq = delay(b, 50) + 0.4*delay(q, 37)\n"
                  "a = x - 0.5*p + 0.2*q\nb = a*0.9\nout a\nout b\n");
    /* A pair that crosses over, by tuples, a pipe and a delay that varies. */
    mean_the_same("input x\nfn wobble(v:2, n) = delay(v, n, 64)\ns = 20 + 10*x\n"
                  "wet = (x, -x) + 0.5*((wet.y, wet.x) | wobble(s))\nout wet\n",
                  "input x\ns = 20 + 10*x\nwet = (x, -x) + 0.5*delay(wet, s, 64).yx\nout wet\n");
}

/* ---- random ones ---- */

static uint32_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed ^ seed >> 15) * n >> 32);
}

typedef struct pair {
    char through[TEXT], plain[TEXT];
    size_t used, plain_used;
} pair;

static __attribute__((format(printf, 2, 3))) void both(pair *t, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    t->used += (size_t)vsnprintf(t->through + t->used, TEXT - t->used, format, list);
    t->plain_used += (size_t)vsnprintf(t->plain + t->plain_used, TEXT - t->plain_used, format, again);
    va_end(again);
    va_end(list);
    assert_true(t->used < TEXT && t->plain_used < TEXT);
}

/* One name's past, by one of many ways. */
static void add_delay(pair *t, uint32_t name, uint32_t n)
{
    both(t, " + 0.3*");
    switch (below(9)) {
#define WAY(k, format) case k: t->used += (size_t)snprintf(t->through + t->used, TEXT - t->used, format, name, n); break;
        WAY(0, "one(v%u, %u)") WAY(1, "two(v%u, %u)") WAY(2, "(v%u | one(%u))") WAY(3, "four(w=v%u, n=%u)")
        WAY(4, "five(v%u, %u).y") WAY(5, "delay(pass(v%u), %u)") WAY(6, "one(pass(v%u), %u)")
        WAY(7, "delay((x, v%u).y, %u)") default: WAY(8, "six((v%u, x), %u)")
#undef WAY
    }
    t->plain_used += (size_t)snprintf(t->plain + t->plain_used, TEXT - t->plain_used, "delay(v%u, %u)", name, n);
}

static void write_random(pair *t)
{
    static const char functions[] = "fn pass(v) = v\nfn one(v, n) = delay(v, n)\nfn two(v, n) { w = pass(v); u = w; delay(u, n) }\n"
                                    "fn four(n, w) = pass(one(w, n))\nfn five(v, n) { p = (0, v); q = delay(p, n); q }\n"
                                    "fn six(v:2, n) { (a, b) = v; delay(a, n) }\n";
    const uint32_t names = 2 + below(6);
    t->used = t->plain_used = 0;
    both(t, "input x\n");
    t->used += (size_t)snprintf(t->through + t->used, TEXT - t->used, "%s", functions);
    for (uint32_t k = 0; k < names; k++) {
        both(t, "v%u = %s", k, below(2) ? "x" : "0.5*x");
        if (k && below(2))
            both(t, " + 0.2*v%u", below(k));
        for (uint32_t d = 1 + below(2); d > 0; d--)
            add_delay(t, below(names), 1 + below(below(2) ? 10 : 400));
        both(t, "\n");
    }
    both(t, "out v0\nout v%u\n", names - 1);
}

static void random_cycles_mean_what_they_say(void **state)
{
    (void)state;
    static pair t;
    for (uint32_t program = 1; program <= 60; program++) {
        seed = program * 2654435761u;
        write_random(&t);
        mean_the_same(t.through, t.plain);
    }
}

/* ---- state by names ---- */

static void an_edit_finds_the_state_again(void **state)
{
    (void)state;
    static const char before[] = "input x\na = x + 0.5*delay_linear(b, 0.005)\nb = lowpass1(a, 3000)\nout a\nout b\n";
    static const char edited[] =
        "input x\nnew = noise(3)\na = x + 0.5*delay_linear(b, 0.005)\nb = lowpass1(a, 3000)\nout a\nout b\nout new\n";
    assert_int_equal(run(before, SINTER_ENGINE_INTERP, wanted), 2);
    for (int e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        sinter_kernel *const old = compiled(before, engines[e]), *const new = compiled(edited, engines[e]);
        sinter_instance *first, *second;
        sinter_migration *migration;
        assert_int_equal(sinter_instance_open(old, &first), SINTER_OK);
        assert_int_equal(sinter_instance_open(new, &second), SINTER_OK);
        run_on(first, got, 0, 700);
        assert_int_equal(sinter_migration_open(old, new, &migration), SINTER_OK);
        assert_int_equal(sinter_instance_migrate(migration, first, second), SINTER_OK);
        run_on(second, got, 700, COUNT);
        same(edited, 2, 0);
        sinter_migration_close(migration);
        sinter_instance_close(first);
        sinter_instance_close(second);
        sinter_kernel_close(old);
        sinter_kernel_close(new);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delay_in_a_function_is_a_delay),
        cmocka_unit_test(random_cycles_mean_what_they_say),
        cmocka_unit_test(an_edit_finds_the_state_again),
    };
    return cmocka_run_group_tests_name("cycles through functions", tests, make_input, close_context);
}
