/* Tails: how long outputs may go on changing once inputs are steady. What is reported is checked by running: inputs change at random up to
 * some element and are steady from there on; outputs are steady a tail later, and, where the bound is the best one, not an element earlier. */
#include "open_context.h"

#include <sinter/player.h>
#include <sinter/sinter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOVING = 200, COUNT = 4000, MOST = 2 };
#define ENDLESS UINT64_MAX

static sinter_report report;
static float in[MOST][COUNT], out[MOST][COUNT];

static sinter_kernel *compiled(const char *text)
{
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

static void run(const sinter_kernel *kernel)
{
    uint32_t random = 12345;
    for (int c = 0; c < MOST; c++)
        for (int i = 0; i < COUNT; i++) {
            random = random * 1664525 + 1013904223;
            in[c][i] = i < MOVING ? (float)(random >> 8) * 0x1p-23f - 1 : 0.375f;
        }
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const void *const inputs[MOST] = {in[0], in[1]};
    void *const outputs[MOST] = {out[0], out[1]};
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = COUNT}), SINTER_OK);
    sinter_instance_close(instance);
}

/* The element from which on no output changes. */
static uint64_t settled(uint32_t outputs)
{
    uint64_t last = 0;
    for (uint32_t c = 0; c < outputs; c++)
        for (uint64_t i = 1; i < COUNT; i++)
            if (memcmp(&out[c][i], &out[c][i - 1], sizeof(float)) != 0 && i > last)
                last = i;
    return last;
}

static const struct {
    const char *text;
    uint64_t tail;
    bool tight; /* an output does change that late */
} finite[] = {
    {"input x\nx", 0, true},
    {"input x\nout 3", 0, false},
    {"input x\nparam g = 2\nout g*x + 1", 0, true},
    {"input x\ndelay(x, 70)", 70, true},
    {"input x\ndelay(delay(x, 70), 1200)", 1270, true},
    {"input x\ny = x + delay(x, 3)\nout y + y'", 4, true},
    {"input x\ndelay(x, 3)*0 + delay(x, 9)", 9, true},
    {"input x, z\nout delay(x, 5)\nout delay(z, 50)", 50, true},
    {"input x, z\na = delay(x, 500)\nout delay(z, 50)", 50, true}, /* what nothing hears */
    {"input x\ndelay(x, 1 + 50*abs(x), 600)", 600, false},         /* by the most that it may be */
    {"input x\nparam n = 400 in 1..600\nout delay(x, n, 600)", 600, false},
    {"input x\nsum(k, 1, 40, delay(x, k*k))", 1600, true},
    {"input x\ntable t = [3, 1, 4, 1, 5]\nout t[i32(5*abs(x))] + delay(t[i32(5*abs(x))], 30)", 30, true},
    {"input x\nfn f(v) { w = v + 0.5*delay(v, 20); w }\nout f(f(f(x)))", 60, true},
    {"input x\na = 0*a' + 1\nout delay(x, 30)", 30, true}, /* a cycle that no output hears */
};

static void finite_tails_are_kept(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof finite / sizeof *finite; k++) {
        sinter_kernel *kernel = compiled(finite[k].text);
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        if (info.tail != finite[k].tail)
            fail_msg("%s\na tail of %llu, not of %llu", finite[k].text, (unsigned long long)info.tail, (unsigned long long)finite[k].tail);
        run(kernel);
        const uint64_t last = settled(info.output_count), most = MOVING + info.tail;
        if (last > most || (finite[k].tight && last != most))
            fail_msg("%s\nsettled at %llu, not at %llu", finite[k].text, (unsigned long long)last, (unsigned long long)most);
        sinter_kernel_close(kernel);
    }
}

static const char *const endless[] = {
    "input x\ny = x + 0.5*y'\ny",
    "input x\ny = x + 0.5*delay(y, 700)\nout x\nout y",
    "input x\ny = x + 0.5*delay(y, 700)\nout delay(y, 3)",
    "input x\nout x*sine(440)",
    "input x\nout x*saw(440)",      /* a counter */
    "input x\nout x*sin(time)",
    "input x\nout x*f32(index)",
    "input x\nn = delay(n, 9) + 1\nout delay(x, n % 5 + 1, 9)", /* steady in, and the way through changes */
    "input x\nn = i32(0)\nm = m' + i32(3)\nout delay(f32(m), 40) + x",
    "event gate = 0\ninput x\nout x*exp(-since(gate)/100)",
    "lowpass(noise(), 800)",
    "time",
};

static void cycles_and_the_index_have_no_end(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof endless / sizeof *endless; k++) {
        sinter_kernel *kernel = compiled(endless[k]);
        const uint64_t tail = sinter_kernel_describe(kernel).tail;
        if (tail != ENDLESS)
            fail_msg("%s\na tail of %llu", endless[k], (unsigned long long)tail);
        sinter_kernel_close(kernel);
    }
}

static uint32_t below(uint32_t *random, uint32_t limit)
{
    return ((*random = *random * 1664525 + 1013904223) >> 8) % limit;
}

/* Random programs of delays without a cycle: each value reads some of those before it. */
static void random_paths_keep_their_tails(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (int round = 0; round < 60; round++) {
        char text[4096] = "input x\nv0 = x\n";
        uint64_t tail[16] = {0};
        size_t used = strlen(text);
        const uint32_t values = 2 + below(&random, 12);
        for (uint32_t k = 1; k <= values; k++) {
            const uint32_t a = below(&random, k), b = below(&random, k), d = 1 + below(&random, k & 1 ? 5 : 150), e = 1 + below(&random, 90);
            const bool both = below(&random, 2);
            used += (size_t)snprintf(text + used, sizeof text - used, "v%u = 0.75*delay(v%u, %u) + 0.5*", k, a, d);
            used += (size_t)snprintf(text + used, sizeof text - used, both ? "delay(v%u, %u)\n" : "v%u + 0*%u\n", b, e);
            const uint64_t first = tail[a] + d, second = tail[b] + (both ? e : 0);
            tail[k] = first > second ? first : second;
        }
        snprintf(text + used, sizeof text - used, "out v%u\n", values);
        sinter_kernel *kernel = compiled(text);
        const uint64_t found = sinter_kernel_describe(kernel).tail;
        if (found != tail[values])
            fail_msg("%s\na tail of %llu, not of %llu", text, (unsigned long long)found, (unsigned long long)tail[values]);
        run(kernel);
        if (settled(1) > MOVING + found)
            fail_msg("%s\nsettled at %llu", text, (unsigned long long)settled(1));
        sinter_kernel_close(kernel);
    }
}

static void players_show_them(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\nout delay(x, 77)", "input x\nout x + 0.5*delay(x, 20)", "saw(110)"};
    static const uint64_t tails[] = {77, 20, ENDLESS};
    sinter_player *player;
    float *const outputs[] = {out[0]};
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.inputs = 1, .outputs = 1, .fade = -1}, &player), SINTER_OK);
    assert_int_equal(sinter_player_look(player, NULL).tail, 0);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        uint64_t edit;
        assert_int_equal(sinter_player_edit(player, texts[k], strlen(texts[k]), NULL, &edit), SINTER_OK);
        assert_int_equal(sinter_player_wait(player, edit, NULL), SINTER_OK);
        sinter_player_process(player, NULL, outputs, 64);
        assert_int_equal(sinter_player_look(player, NULL).tail, tails[k]);
        assert_int_equal(sinter_player_look(player, NULL).latency, 0);
    }
    sinter_player_close(player);
}

static void assert_explained(const char *text, const char *wanted)
{
    char *shown;
    size_t length;
    const sinter_options options = {.source = SINTER_PATCH};
    assert_int_equal(sinter_dump(context, text, strlen(text), &options, SINTER_DUMP_EXPLAIN, NULL, &shown, &length, &report), SINTER_OK);
    if ((strstr(shown, "tail") != NULL) != (wanted[0] != 0) || !strstr(shown, wanted))
        fail_msg("no \"%s\" in\n%s", wanted, shown);
    sinter_dump_release(context, shown, length);
}

static void dumps_say_so(void **state)
{
    (void)state;
    assert_explained("input x\nout delay(x, 77)", "\ntail: 77 elements\n");
    assert_explained("input x\ny = x + 0.5*y'\ny", "\ntail: without end\n");
    assert_explained("input x\nx", "");
    assert_explained("saw(110)", ""); /* there is nothing whose end could be waited for */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_tails_are_kept),     cmocka_unit_test(cycles_and_the_index_have_no_end),
        cmocka_unit_test(random_paths_keep_their_tails), cmocka_unit_test(players_show_them),
        cmocka_unit_test(dumps_say_so),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
