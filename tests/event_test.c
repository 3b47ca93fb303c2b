/* Events: parameters that say when they came. Counting from them is exact on every engine however the stream is cut, and goes on
 * across edits and snapshots; the envelope made for them begins anew at each; the player says where they came. */
#include "open_context.h"

#include <sinter/player.h>
#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 5000, OUTPUTS = 2 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512,
                                        SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

static double out[OUTPUTS][COUNT], first_out[OUTPUTS][COUNT];
static sinter_report report;

static sinter_kernel *compiled(const char *text, sinter_engine engine)
{
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH, .type = SINTER_F64, .engine = engine};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

static void run(sinter_instance *instance, int from, int to)
{
    for (int at = from, end; at < to; at = end) {
        end = at + 1 + at * 13 % 170 < to ? at + 1 + at * 13 % 170 : to;
        void *const part[OUTPUTS] = {out[0] + at, out[1] + at};
        assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.outputs = part, .count = end - at}), SINTER_OK);
    }
}

/* As the player does it. */
static void event(const sinter_kernel *kernel, sinter_instance *instance, const char *name, double value)
{
    char onset[80];
    snprintf(onset, sizeof onset, "%s.onset", name);
    assert_int_equal(sinter_jump(instance, sinter_parameter_number(kernel, name), value), SINTER_OK);
    assert_int_equal(sinter_jump(instance, sinter_parameter_number(kernel, onset), (double)sinter_instance_index(instance)), SINTER_OK);
}

static void an_event_is_two_parameters(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled("event gate = 0.25\nparam level = 1\nout level*gate", SINTER_ENGINE_INTERP);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.parameter_count, 3);
    assert_string_equal(info.parameters[0].name, "gate");
    assert_string_equal(info.parameters[1].name, "gate.onset");
    assert_string_equal(info.parameters[2].name, "level");
    assert_true(info.parameters[0].initial == 0.25 && info.parameters[1].initial == -1e18);
    for (int k = 0; k < 2; k++) {
        assert_true(info.parameters[k].low == -(double)INFINITY && info.parameters[k].high == (double)INFINITY);
        assert_int_equal(info.parameters[k].smoothing, SINTER_UNSMOOTHED);
    }
    sinter_kernel_close(kernel);
}

static const char counting[] = "event gate = 0\nfn through(g) { e = g; since(e) }\nout through(gate)\nout gate\n";

static void counting_is_exact(void **state)
{
    (void)state;
    static const int at[] = {0, 1, 700, 701, 3000, COUNT};
    for (int e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        sinter_kernel *kernel = compiled(counting, engines[e]);
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        for (int k = 0; k < 5; k++) {
            event(kernel, instance, "gate", k + 1);
            run(instance, at[k], at[k + 1]);
            for (int i = at[k]; i < at[k + 1]; i++)
                if (out[0][i] != i - at[k] || out[1][i] != k + 1)
                    fail_msg("%s: %d is %.17g, %.17g", sinter_engine_name(engines[e]), i, out[0][i], out[1][i]);
        }
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

static void before_it_came_it_is_long_ago(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled(counting, SINTER_ENGINE_AUTO);
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    run(instance, 0, 100);
    for (int i = 0; i < 100; i++)
        assert_true(out[0][i] >= 1e18 && out[0][i] <= 1e18 + 1000);
    event(kernel, instance, "gate", 1);
    run(instance, 100, 200);
    assert_true(out[0][199] == 99);
    sinter_instance_reset(instance); /* parameters stay, the index is 0 again: the event lies ahead */
    run(instance, 0, 300);
    assert_true(out[0][0] == 1e18 && out[0][99] == 1e18 && out[0][100] == 0 && out[0][299] == 199);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* Into an edited text and another engine, and by bytes. */
static void it_goes_on_elsewhere(void **state)
{
    (void)state;
    sinter_kernel *const from = compiled(counting, SINTER_ENGINE_INTERP);
    sinter_kernel *const to = compiled("param new = 3\nevent other = 1\nevent gate = 0\nout since(gate)\nout since(other)\n", SINTER_ENGINE_AUTO);
    sinter_kernel *const again = compiled(counting, SINTER_ENGINE_AUTO);
    sinter_instance *a, *b, *c;
    sinter_migration *migration;
    static char bytes[1 << 12];
    assert_int_equal(sinter_instance_open(from, &a), SINTER_OK);
    assert_int_equal(sinter_instance_open(to, &b), SINTER_OK);
    assert_int_equal(sinter_instance_open(again, &c), SINTER_OK);
    run(a, 0, 50);
    event(from, a, "gate", 1);
    run(a, 50, 60);
    assert_true(sinter_snapshot_size(a) <= sizeof bytes);
    assert_int_equal(sinter_snapshot_save(a, bytes, sinter_snapshot_size(a)), SINTER_OK);
    assert_int_equal(sinter_migration_open(from, to, &migration), SINTER_OK);
    assert_int_equal(sinter_instance_migrate(migration, a, b), SINTER_OK);
    run(b, 60, 70);
    assert_true(out[0][69] == 19 && out[1][69] >= 1e18);
    assert_int_equal(sinter_snapshot_restore(c, bytes, sinter_snapshot_size(a)), SINTER_OK);
    run(c, 60, 70);
    assert_true(out[0][69] == 19 && out[1][69] == 1);
    sinter_migration_close(migration);
    sinter_instance_close(a);
    sinter_instance_close(b);
    sinter_instance_close(c);
    sinter_kernel_close(from);
    sinter_kernel_close(to);
    sinter_kernel_close(again);
}

static void notes(const char *text, sinter_engine engine)
{
    sinter_kernel *kernel = compiled(text, engine);
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    sinter_set(instance, sinter_parameter_number(kernel, "rate"), 1000);
    static const struct {
        int at;
        double value;
    } played[] = {{100, 0.8}, {1000, 0.8}, {1500, 0.4}, {2500, 0}, {4000, 1}, {COUNT, 0}};
    run(instance, 0, 100);
    for (int k = 0; k < 5; k++) {
        event(kernel, instance, "note", played[k].value);
        run(instance, played[k].at, played[k + 1].at);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void near(int at, double wanted)
{
    if (!(fabs(out[0][at] - wanted) < 1e-9))
        fail_msg("the level at %d is %.12g, not %.12g", at, out[0][at], wanted);
}

static void an_envelope_begins_anew(void **state)
{
    (void)state;
    static const char text[] = "event note = 0\nout adsr_event(note, 0.1, 0.05, 0.5, 0.2)\nout exp(-since(note)/(0.1*rate))\n";
    notes(text, SINTER_ENGINE_INTERP);
    const double keep = pow(0.001, 1 / 50.0), release = pow(0.001, 1 / 200.0);
    near(99, 0);
    near(100, 0.008);                   /* one step of 0.8 in 100 elements */
    near(149, 0.4);
    near(199, 0.8);                     /* the attack's end */
    near(200, keep * 0.8 + (1 - keep) * 0.4);
    near(999, 0.4);                     /* sustained */
    near(1000, 0.408);                  /* the same value again: up from where it is */
    near(1049, 0.8);
    near(1499, 0.4);
    near(1500, keep * out[0][1499] + (1 - keep) * 0.2); /* a softer one, which is there already, decays to its own level */
    near(2499, 0.2);
    near(2500, release * out[0][2499]);
    near(2699, 0.2 * 0.001);
    near(4099, 1);
    for (int i = 1; i < COUNT; i++) /* nothing jumps */
        assert_true(fabs(out[0][i] - out[0][i - 1]) < 0.07); /* the steepest is the first step of a decay from 1 */
    assert_true(out[1][99] == 0 && out[1][100] == 1 && fabs(out[1][1000 + 100] - exp(-1)) < 1e-12);
    memcpy(first_out, out, sizeof out);
    for (int e = 1; e < ENGINES; e++)
        if (sinter_engine_available(engines[e], NULL)) {
            notes(text, engines[e]);
            assert_memory_equal(out, first_out, sizeof out);
        }
}

static void the_player_says_where(void **state)
{
    (void)state;
    static float samples[COUNT];
    static const char text[] = "input x\nevent gate = 0\nout min(since(gate), 1e6) + 0*gate\n";
    const float *const inputs[1] = {NULL};
    sinter_player *player;
    uint64_t edit;
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.rate = 48000, .inputs = 1, .outputs = 1, .fade = -1}, &player),
                     SINTER_OK);
    float *part[1] = {samples};
    sinter_player_process(player, inputs, part, 77); /* the program's first element is not the stream's */
    assert_int_equal(sinter_player_edit(player, text, strlen(text), "counting", &edit), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, edit, &report), SINTER_OK);
    const int gate = sinter_player_parameter(player, "gate");
    for (int k = 0; k < 4; k++) /* the same value each time, in the midst of blocks */
        assert_int_equal(sinter_player_event_at(player, gate, 1, 77 + 100 + 333 * k), SINTER_OK);
    for (int at = 0; at < 2000; at += 250) {
        part[0] = samples + at;
        sinter_player_process(player, inputs, part, 250);
    }
    for (int i = 0; i < 2000; i++) {
        const int k = i < 100 ? -1 : (i - 100) / 333 < 3 ? (i - 100) / 333 : 3;
        const float wanted = k < 0 ? 1e6f : (float)(i - 100 - 333 * k);
        if (samples[i] != wanted)
            fail_msg("sample %d is %.9g, not %.9g", i, (double)samples[i], (double)wanted);
    }
    sinter_player_close(player);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_two_parameters), cmocka_unit_test(counting_is_exact),
        cmocka_unit_test(before_it_came_it_is_long_ago), cmocka_unit_test(it_goes_on_elsewhere),
        cmocka_unit_test(an_envelope_begins_anew), cmocka_unit_test(the_player_says_where),
    };
    return cmocka_run_group_tests_name("events", tests, open_context, close_context);
}
