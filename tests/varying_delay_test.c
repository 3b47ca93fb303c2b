/* Varying delays whose shortest is known lie on cycles that run in lanes; what they are is what plain C makes of them, on every engine, however cut, with
 * delays that are anything at all. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 1500, MOST = 300 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

static float in[2][COUNT], wanted[COUNT], got[COUNT];
static sinter_report report;

typedef enum what { VARYING, STEADY, STEADY_OF_INPUT } what;

static const struct {
    const char *text;
    what what;
    int least;
    bool in_lanes; /* no loop that takes one element at a time */
} programs[] = {
    {"input x; input n; y = x + 0.5*delay(y, i32(clamp(n, 70, 300)), 300); out y", VARYING, 70, true},
    {"input x; input n; y = x + 0.5*delay(y, i32(clamp(n, 8, 300)), 300); out y", VARYING, 8, true},
    {"input x; input n; y = x + 0.5*delay(y, i32(clamp(n, 7, 300)), 300); out y", VARYING, 7, false},
    {"input x; input n; y = x + 0.5*delay(y, i32(floor(clamp(n, 20.7, 300))), 300); out y", VARYING, 20, true},
    {"input x; input n; y = x + 0.5*delay(y, i32(clamp(n, 1, 300)), 300); out y", VARYING, 1, false},
    {"input x; input n; y = x + 0.5*delay(y, max(i32(n), 33), 300); out y", VARYING, 33, true},
    {"input x; input n; y = x + 0.5*delay(y, i32(n), 300); out y", VARYING, 1, false},
    {"param p = 90; input x; input n; y = x + 0.5*delay(y, i32(clamp(p, 40, 300)), 300); out y", STEADY, 40, true},
    {"param p = 90; input x; input n; y = x + 0.5*delay(y, i32(p), 300); out y", STEADY, 1, false},
    {"param p = 90; input x; input n; y = x + 0.5*delay(x, i32(p), 300); out y", STEADY_OF_INPUT, 1, true},
};

/* What a number from outside becomes: truncated, what is no i32 the least, then clamped. */
static int delay_of(float n, int least)
{
    const int whole = n > -2147483648.0f && n < 2147483648.0f ? (int)n : -MOST;
    return isnan(n) || whole < least ? least : whole > MOST ? MOST : whole;
}

static void compute(int k, float p)
{
    for (int i = 0; i < COUNT; i++) {
        const float n = programs[k].what >= STEADY ? p : in[1][i];
        /* a clamp from above meets what is too large before it could become the least */
        const int ago = n >= 2147483648.0f && strstr(programs[k].text, "clamp") ? MOST : delay_of(n, programs[k].least);
        const float *of = programs[k].what == STEADY_OF_INPUT ? in[0] : wanted;
        wanted[i] = fmaf(0.5f, i < ago ? 0 : of[i - ago], in[0][i]);
    }
}

static bool has_scalar_loop(const char *text)
{
    char *plan;
    size_t length;
    const sinter_options options = {.source = SINTER_PATCH, .type = SINTER_F32};
    if (sinter_dump(context, text, strlen(text), &options, SINTER_DUMP_PLAN, NULL, &plan, &length, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    const bool found = strstr(plan, "element, one lanes") != NULL;
    sinter_dump_release(context, plan, length);
    return found;
}

static void run(int k, sinter_engine engine, float p, int step)
{
    sinter_kernel *kernel;
    sinter_instance *instance;
    const char *text = programs[k].text;
    const sinter_options options = {.source = SINTER_PATCH, .type = SINTER_F32, .engine = engine, .rewriting = SINTER_STRICT};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    if (sinter_parameter_number(kernel, "p") >= 0)
        sinter_set(instance, sinter_parameter_number(kernel, "p"), (double)p);
    for (int at = 0; at < COUNT; at += step) {
        const int count = COUNT - at < step ? COUNT - at : step;
        const sinter_arguments arguments = {.inputs = (const void *[]){in[0] + at, in[1] + at}, .outputs = (void *[]){got + at}, .count = count};
        assert_int_equal(sinter_instance_run(instance, &arguments), SINTER_OK);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    for (int i = 0; i < COUNT; i++)
        if (got[i] != wanted[i])
            fail_msg("%s, engine %s, p = %g, by %d: element %d is %.9g, not %.9g", text, sinter_engine_name(engine), (double)p, step, i, (double)got[i],
                     (double)wanted[i]);
}

static void fill(void)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 3e9f, -3e9f, 0, -1, 8, 7.99f, 300, 300.5f, 2147483648.0f, -2147483648.0f};
    unsigned seed = 1;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 1664525u + 1013904223u;
        in[0][i] = (float)(seed >> 8) * 0x1p-23f + 0.25f;
        in[1][i] = seed >> 29 ? (float)(seed >> 10 & 511) : odd[(seed >> 16) % (sizeof odd / sizeof *odd)];
    }
}

static void delays_are_what_they_say(void **state)
{
    (void)state;
    static const float params[] = {90, 1, 2, 15.9f, 40, 300, 1e9f, -5, 17, 64};
    static const int steps[] = {COUNT, 64, 1, 77};
    fill();
    for (int k = 0; k < (int)(sizeof programs / sizeof *programs); k++)
        for (int j = 0; j < (programs[k].what >= STEADY ? (int)(sizeof params / sizeof *params) : 1); j++) {
            compute(k, params[j]);
            for (int e = 0; e < ENGINES; e++)
                for (int s = 0; sinter_engine_available(engines[e], NULL) && s < (int)(sizeof steps / sizeof *steps); s++)
                    run(k, engines[e], params[j], steps[s]);
        }
}

static void those_that_may_run_in_lanes(void **state)
{
    (void)state;
    for (int k = 0; k < (int)(sizeof programs / sizeof *programs); k++)
        if (has_scalar_loop(programs[k].text) == programs[k].in_lanes)
            fail_msg("%s: %s", programs[k].text, programs[k].in_lanes ? "one element at a time" : "in lanes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_are_what_they_say),
        cmocka_unit_test(those_that_may_run_in_lanes),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
