/* Players: what sounds is the program's own stream, bit for bit, however it is cut into calls, edited and swapped. */
#include "graph/performance.h"
#include "guard_pages.h"
#include "open_context.h"

#include <sinter/sinter.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { COUNT = 12000 };

static float input[COUNT], wanted[2][COUNT], got[2][COUNT];

static const char voice[] =
    "input x\n"
    "param cutoff = 800 in 20..20000\n"
    "param level = 0.5 in 0..1\n"
    "tone = saw(220) + 0.3*x\n"
    "low = svf(tone, cutoff, 2).x\n"
    "late = low + 0.5*delay(late, 441)\n"
    "out left = level*late\n"
    "out right = lowpass(late, cutoff)\n";

static void fill_input(void)
{
    uint32_t seed = 9;
    for (int k = 0; k < COUNT; k++) {
        seed = seed * 1664525u + 1013904223u;
        input[k] = (float)(int32_t)seed * 0x1p-31f;
    }
}

/* ---- a reference: the instance alone ---- */

static sinter_kernel *compiled(const char *text)
{
    static sinter_report report;
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s", report.errors[0].message);
    return kernel;
}

static void run_plainly(sinter_instance *instance, float (*to)[COUNT], int begin, int end)
{
    void *const outputs[] = {to[0] + begin, to[1] + begin};
    sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){input + begin}, .outputs = outputs, .count = end - begin});
}

static sinter_instance *opened(const sinter_kernel *kernel)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const int rate = sinter_parameter_number(kernel, "rate");
    if (rate >= 0)
        sinter_set(instance, rate, 48000);
    return instance;
}

/* ---- players ---- */

static sinter_player *player_with(const sinter_player_options *wanted_options)
{
    sinter_player *player;
    sinter_player_options options = *wanted_options;
    options.inputs = 1;
    options.outputs = options.outputs ? options.outputs : 2;
    assert_int_equal(sinter_player_open(context, &options, &player), SINTER_OK);
    return player;
}

static sinter_player *open_player(void)
{
    return player_with(&(sinter_player_options){.fade = -1});
}

static sinter_status edit(sinter_player *player, const char *text)
{
    uint64_t number;
    assert_int_equal(sinter_player_edit(player, text, strlen(text), "test.sn", &number), SINTER_OK);
    return sinter_player_wait(player, number, NULL);
}

static void process(sinter_player *player, int begin, int end)
{
    const float *const inputs[] = {input + begin};
    float *const outputs[] = {got[0] + begin, got[1] + begin};
    sinter_player_process(player, inputs, outputs, (uint32_t)(end - begin));
}

/* In calls of changing lengths. */
static void process_cut(sinter_player *player, int begin, int end, int most)
{
    uint32_t seed = (uint32_t)most;
    while (begin < end) {
        seed = seed * 1664525u + 1013904223u;
        const int n = most == 1 ? 1 : 1 + (int)((seed >> 8) % (uint32_t)most);
        const int next = begin + n < end ? begin + n : end;
        process(player, begin, next);
        begin = next;
    }
}

static void assert_same_sound(int begin, int end)
{
    for (int c = 0; c < 2; c++)
        for (int k = begin; k < end; k++)
            if (memcmp(&got[c][k], &wanted[c][k], sizeof(float)) != 0)
                fail_msg("channel %d, sample %d: %.9g instead of %.9g", c, k, (double)got[c][k], (double)wanted[c][k]);
}

/* ---- the stream ---- */

static const int cuts[] = {1, 7, 64, 1000, 8192, COUNT};
enum { CUTS = sizeof cuts / sizeof *cuts };

static void test_cuts(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled(voice);
    sinter_instance *instance = opened(kernel);
    run_plainly(instance, wanted, 0, COUNT);
    for (int k = 0; k < CUTS; k++) {
        sinter_player *player = open_player();
        assert_int_equal(edit(player, voice), SINTER_OK);
        memset(got, 0x7F, sizeof got);
        process_cut(player, 0, COUNT, cuts[k]);
        assert_same_sound(0, COUNT);
        assert_int_equal(sinter_player_index(player), COUNT);
        sinter_player_close(player);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* At samples of their own, several at one, at borders, out of order, past ones; the last of one sample counts. */
static void test_changes(void **state)
{
    (void)state;
    static const struct { int at, name; double value; } changes[] = {
        {0, 0, 300}, {1, 1, 0.25}, {64, 0, 5000}, {64, 0, 2000}, {65, 1, 0.75}, {1000, 1, 0.1}, {1000, 0, 100}, {1000, 1, 0.9},
        {4095, 0, 12000}, {4096, 0, 600}, {9999, 1, 2}, {COUNT - 1, 1, 0},
    };
    enum { CHANGES = sizeof changes / sizeof *changes };
    sinter_kernel *kernel = compiled(voice);
    sinter_instance *instance = opened(kernel);
    const int numbers[] = {sinter_parameter_number(kernel, "cutoff"), sinter_parameter_number(kernel, "level")};
    for (int k = 0, at = 0; k <= CHANGES; k++) {
        const int next = k < CHANGES ? changes[k].at : COUNT;
        run_plainly(instance, wanted, at, next);
        if (k < CHANGES)
            sinter_set(instance, numbers[changes[k].name], changes[k].value);
        at = next;
    }
    for (int cut = 0; cut < CUTS; cut++) {
        sinter_player *player = open_player();
        assert_int_equal(edit(player, voice), SINTER_OK);
        const int names[] = {sinter_player_parameter(player, "cutoff"), sinter_player_parameter(player, "level")};
        /* Later samples first; those of one sample in their order. */
        for (int end = CHANGES; end > 0;) {
            int begin = end - 1;
            while (begin > 0 && changes[begin - 1].at == changes[begin].at)
                begin--;
            for (int k = begin; k < end; k++)
                assert_int_equal(sinter_player_jump_at(player, names[changes[k].name], changes[k].value, changes[k].at), SINTER_OK);
            end = begin;
        }
        process_cut(player, 0, COUNT, cuts[cut]);
        assert_same_sound(0, COUNT);
        sinter_player_close(player);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void test_queue_full(void **state)
{
    (void)state;
    sinter_player *player = player_with(&(sinter_player_options){.fade = -1, .queue = 5});
    assert_int_equal(edit(player, voice), SINTER_OK);
    const int level = sinter_player_parameter(player, "level");
    for (int k = 0; k < 8; k++)
        assert_int_equal(sinter_player_jump(player, level, 0.1 * k), SINTER_OK);
    assert_int_equal(sinter_player_jump(player, level, 1), SINTER_FULL);
    process(player, 0, 10);
    assert_int_equal(sinter_player_jump(player, level, 1), SINTER_OK);
    /* What is meant for later does not block what is for now until there are as many as the queue holds. */
    for (int k = 0; k < 7; k++)
        assert_int_equal(sinter_player_jump_at(player, level, 0, 5000 + k), SINTER_OK);
    process(player, 10, 20);
    assert_int_equal(sinter_player_jump(player, level, 0.5), SINTER_OK);
    assert_int_equal(sinter_player_jump(player, level, (double)(0.0f / 1.0f)), SINTER_OK);
    process(player, 20, 30);
    sinter_player_close(player);
}

/* ---- edits ---- */

/* A program that is edited goes on as if it had been the new one all along where the two agree. */
static void test_edit_keeps_state(void **state)
{
    (void)state;
    char edited[sizeof voice + 100];
    snprintf(edited, sizeof edited, "%sthird = noise()\n", voice);
    sinter_kernel *kernel = compiled(voice);
    sinter_instance *instance = opened(kernel);
    run_plainly(instance, wanted, 0, COUNT);
    sinter_player *player = open_player();
    assert_int_equal(edit(player, voice), SINTER_OK);
    for (int k = 0; k < COUNT; k += 100) {
        process_cut(player, k, k + 100, 33);
        assert_int_equal(edit(player, k / 100 % 2 ? voice : edited), SINTER_OK);
    }
    assert_same_sound(0, COUNT);
    assert_int_equal(sinter_player_look(player, NULL).swaps, COUNT / 100);
    sinter_player_close(player);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void test_wrong_edit(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled(voice);
    sinter_instance *instance = opened(kernel);
    run_plainly(instance, wanted, 0, COUNT);
    sinter_player *player = open_player();
    assert_int_equal(edit(player, "out left = swa(220)\n"), SINTER_BAD_PROGRAM);
    process(player, 0, 100);
    for (int k = 0; k < 100; k++)
        assert_true(got[0][k] == 0 && got[1][k] == 0);
    assert_int_equal(sinter_player_look(player, NULL).playing, 0);
    sinter_player_reset(player);
    assert_int_equal(edit(player, voice), SINTER_OK);
    process(player, 0, 5000);
    static sinter_report report;
    static const char *const wrong[] = {
        "out left = (1\n", "input x: f64\nout left = f32(x)\n", "out left = sum(i, 1, 3, x)\n", "input x\ny = x\n z = ", "",
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        uint64_t number;
        assert_int_equal(sinter_player_edit(player, wrong[k], strlen(wrong[k]), "wrong.sn", &number), SINTER_OK);
        assert_int_not_equal(sinter_player_wait(player, number, &report), SINTER_OK);
        assert_true(report.count > 0 && report.errors[0].message[0]);
        process(player, 5000 + (int)k * 100, 5100 + (int)k * 100);
    }
    process(player, 5500, COUNT);
    assert_same_sound(0, COUNT);
    const sinter_player_view view = sinter_player_look(player, &report);
    assert_int_equal(view.playing, 2);
    assert_int_equal(view.compiled, 7);
    assert_int_not_equal(view.status, SINTER_OK);
    sinter_player_close(player);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* Many edits in a row without a call between them: one swap to the last. */
static void test_coalescing(void **state)
{
    (void)state;
    sinter_player *player = open_player();
    uint64_t number = 0;
    char text[100];
    for (int k = 0; k < 200; k++) {
        snprintf(text, sizeof text, "input x\nout left = %d\nout right = x\n", k);
        assert_int_equal(sinter_player_edit(player, text, strlen(text), NULL, &number), SINTER_OK);
        if (k % 50 == 0)
            sinter_player_wait(player, number, NULL);
    }
    assert_int_equal(number, 200);
    assert_int_equal(sinter_player_wait(player, number, NULL), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, 3, NULL), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, 201, NULL), SINTER_BAD_ARGUMENT);
    process(player, 0, 10);
    assert_true(got[0][0] == 199 && got[1][9] == input[9]);
    const sinter_player_view view = sinter_player_look(player, NULL);
    assert_int_equal(view.swaps, 1);
    assert_int_equal(view.playing, 200);
    sinter_player_close(player);
}

static void test_engines(void **state)
{
    (void)state;
    static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512,
                                            SINTER_ENGINE_NEON, SINTER_ENGINE_AUTO};
    sinter_kernel *kernel = compiled(voice);
    sinter_instance *instance = opened(kernel);
    run_plainly(instance, wanted, 0, COUNT);
    sinter_player *player = open_player();
    assert_int_equal(edit(player, voice), SINTER_OK);
    for (int k = 0; k < COUNT / 1000; k++) {
        process_cut(player, k * 1000, (k + 1) * 1000, 200);
        const sinter_engine engine = engines[k % 6];
        uint64_t number;
        if (sinter_player_use_engine(player, engine, &number) != SINTER_OK)
            continue;
        assert_int_equal(sinter_player_wait(player, number, NULL), SINTER_OK);
        process(player, 0, 0);
        if (engine != SINTER_ENGINE_AUTO)
            assert_int_equal(sinter_player_look(player, NULL).engine, engine);
    }
    assert_same_sound(0, COUNT);
    sinter_player_close(player);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* A node that is a piece of the program, and can be told how often compilers may ask for it: so a compilation can be held in its midst. */
static atomic_int asked, allowed, held_in_vain;

static void pause_awhile(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void emit_held(void *user, sinter_program *program, const sinter_value *inputs, uint32_t input_count, sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)program, (void)input_count, (void)output_count;
    outputs[0] = inputs[0];
    atomic_fetch_add(&asked, 1);
    for (int k = 0; atomic_load(&asked) > atomic_load(&allowed); k++, pause_awhile())
        if (k == 5000) {
            atomic_store(&held_in_vain, 1);
            break;
        }
}

/* And one that is called. */
static atomic_uint most_at_once;

static void process_mean(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count, const sinter_block_context *told)
{
    (void)rate, (void)told;
    float *before = self;
    for (uint32_t k = 0; k < count; k++) {
        outputs[0][k] = 0.5f * (inputs[0][k] + *before);
        *before = inputs[0][k];
    }
    if (count > atomic_load(&most_at_once))
        atomic_store(&most_at_once, count);
}

static void *create_mean(void *user, double rate)
{
    (void)user, (void)rate;
    return calloc(1, sizeof(float));
}

static const char held_voice[] =
    "input x\n"
    "tone = saw(220) + 0.3*held(x)\n"
    "low = svf(tone, 700 + 600*sine(3), 2).x\n"
    "late = low + 0.5*mean(delay(late, 41)) - 0.2*delay(late, 4410)\n"
    "out left = late\n"
    "out right = lowpass(late, 900)\n";

/* Where compiling takes longer than it may, the interpreter plays as soon as it can, and whoever waits for the edit waits no longer. Machine code takes over
 * from it in mid-stream, with the state that it has by then, that of a node in C in a cycle as well; and from that another engine, at once. */
static void test_budget(void **state)
{
    (void)state;
    const sinter_node_type held = {.name = "held", .inputs = 1, .outputs = 1, .emit = emit_held},
                           mean = {.name = "mean", .inputs = 1, .outputs = 1, .process = process_mean, .create = create_mean, .destroy = free, .pure = true};
    const bool has_code = sinter_engine_available(SINTER_ENGINE_SCALAR, NULL);
    assert_int_equal(sinter_add_node_type(context, &held), SINTER_OK);
    assert_int_equal(sinter_add_node_type(context, &mean), SINTER_OK);
    atomic_store(&allowed, 1 << 30);
    sinter_kernel *kernel = compiled(held_voice);
    sinter_instance *instance = opened(kernel);
    run_plainly(instance, wanted, 0, COUNT);
    /* How often the interpreter asks. */
    sinter_player *player = player_with(&(sinter_player_options){.fade = -1, .engine = SINTER_ENGINE_INTERP});
    atomic_store(&asked, 0);
    assert_int_equal(edit(player, held_voice), SINTER_OK);
    sinter_player_close(player);
    atomic_store(&allowed, atomic_exchange(&asked, 0));
    player = player_with(&(sinter_player_options){.fade = -1, .budget = 1e-9});
    assert_int_equal(edit(player, held_voice), SINTER_OK);
    process_cut(player, 0, 5000, 200);
    sinter_player_view view = sinter_player_look(player, NULL);
    assert_int_equal(view.engine, SINTER_ENGINE_INTERP);
    assert_int_equal(view.swaps, 1);
    assert_int_equal(view.playing, 1);
    assert_int_equal(view.compiled, 1);
    assert_false(atomic_load(&held_in_vain));
    atomic_store(&allowed, 1 << 30);
    int begin = 5000;
    for (int k = 0; k < 10000 && sinter_player_look(player, NULL).swaps < 2; k++, pause_awhile())
        if (begin < 7000)
            process(player, begin, begin + 1), begin++;
        else
            process(player, 0, 0);
    process_cut(player, begin, 9000, 200);
    view = sinter_player_look(player, NULL);
    assert_int_equal(view.swaps, 2);
    if (has_code && !view.engine_reason[0])
        assert_int_not_equal(view.engine, SINTER_ENGINE_INTERP);
    uint64_t number;
    if (sinter_player_use_engine(player, SINTER_ENGINE_SCALAR, &number) == SINTER_OK) {
        assert_int_equal(sinter_player_wait(player, number, NULL), SINTER_OK);
        process_cut(player, 9000, 9500, 200);
        assert_int_equal(sinter_player_look(player, NULL).engine, SINTER_ENGINE_SCALAR);
        assert_int_equal(sinter_player_look(player, NULL).swaps, 3);
        process_cut(player, 9500, COUNT, 200);
    }
    assert_same_sound(0, has_code ? COUNT : 9000);
    assert_int_equal(atomic_load(&most_at_once), 41);
    sinter_player_close(player);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* ---- channels ---- */

static void test_fades(void **state)
{
    (void)state;
    enum { FADE = 480 };
    sinter_player *player = player_with(&(sinter_player_options){.fade = 0.01});
    assert_int_equal(edit(player, "out 1\nout 1\n"), SINTER_OK);
    process_cut(player, 0, 1000, 100);
    for (int k = 0; k < 1000; k++)
        assert_float_equal(got[1][k], k < FADE ? (float)(k + 1) / FADE : 1, 1e-6);
    /* The second one goes, the first one changes: the old program plays on beside the new one until it is gone. */
    assert_int_equal(edit(player, "out 0.5\n"), SINTER_OK);
    process_cut(player, 1000, 2000, 70);
    for (int k = 0; k < 1000; k++) {
        assert_float_equal(got[0][1000 + k], k < FADE ? 0.5f + 0.5f * (float)(FADE - 1 - k) / FADE : 0.5f, 1e-6);
        assert_float_equal(got[1][1000 + k], k < FADE ? (float)(FADE - 1 - k) / FADE : 0, 1e-6);
    }
    /* And comes again; the first one is not touched. */
    assert_int_equal(edit(player, "out 0.5\nout 1\n"), SINTER_OK);
    process_cut(player, 2000, 2100, 70);
    assert_int_equal(edit(player, "out 0.5\n"), SINTER_OK);
    process_cut(player, 2100, 3000, 70);
    for (int k = 2000; k < 3000; k++)
        assert_true(got[0][k] == 0.5f);
    for (int k = 2001; k < 3000; k++)
        assert_true(got[1][k] - got[1][k - 1] < 2.0f / FADE && got[1][k] - got[1][k - 1] > -2.0f / FADE);
    sinter_player_close(player);
}

/* More and fewer channels than the program has, some of them missing, and in place. */
static void test_channels(void **state)
{
    (void)state;
    sinter_player *player;
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.inputs = 2, .outputs = 4, .fade = -1}, &player), SINTER_OK);
    assert_int_equal(edit(player, "input a\ninput b\ninput c\nout a + 1\nout b + c\nout a - b\n"), SINTER_OK);
    float first[3000], second[3000], last[3000];
    for (int k = 0; k < 3000; k++) {
        first[k] = (float)k;
        second[k] = 2;
        last[k] = 7;
    }
    sinter_player_process(player, (const float *const[]){first, second}, (float *const[]){first, NULL, second, last}, 3000);
    for (int k = 0; k < 3000; k++)
        assert_true(first[k] == (float)k + 1 && second[k] == (float)k - 2 && last[k] == 0);
    sinter_player_process(player, NULL, (float *const[]){first, second, last, NULL}, 3000);
    for (int k = 0; k < 3000; k++)
        assert_true(first[k] == 1 && second[k] == 0 && last[k] == 0);
    sinter_player_close(player);
}

/* ---- parameters over edits ---- */

static void test_parameters(void **state)
{
    (void)state;
    sinter_player *player = open_player();
    const int early = sinter_player_parameter(player, "early"), level = sinter_player_parameter(player, "level");
    assert_int_equal(sinter_player_parameter(player, "early"), early);
    assert_int_not_equal(early, level);
    /* Before anything plays. */
    assert_int_equal(sinter_player_jump(player, early, 3), SINTER_OK);
    assert_int_equal(edit(player, "param level = 0.5\nout level\n"), SINTER_OK);
    process(player, 0, 1);
    assert_true(got[0][0] == 0.5f);
    /* Before the program has it; and a new initial value, which nobody has set. */
    assert_int_equal(edit(player, "param level = 0.25\nparam early = 1\nout level\nout early\n"), SINTER_OK);
    process(player, 0, 1);
    assert_true(got[0][0] == 0.25f && got[1][0] == 3);
    /* What was set outlives new initial values, and a time without the parameter. */
    sinter_player_jump(player, level, 0.75);
    process(player, 0, 1);
    assert_true(got[0][0] == 0.75f);
    assert_int_equal(edit(player, "param level = 0.1\nparam late = 4\nout level\nout late\n"), SINTER_OK);
    const int late = sinter_player_parameter(player, "late");
    process(player, 0, 1);
    assert_true(got[0][0] == 0.75f && got[1][0] == 4);
    sinter_player_jump(player, late, 5);
    sinter_player_jump(player, early, 6);
    process(player, 0, 1);
    assert_true(got[1][0] == 5);
    assert_int_equal(edit(player, "param early = 1\nparam late = 1\nout early\nout late\n"), SINTER_OK);
    process(player, 0, 1);
    assert_true(got[0][0] == 6 && got[1][0] == 5);
    sinter_player_close(player);
}

/* A smoothed parameter moves from the sample on at which it is set, over edits too; a jump ends that. */
static void test_smoothing(void **state)
{
    (void)state;
    static const char ramped[] = "param level = 0 in 0..100 smooth 0.01\nout level\n";
    for (int cut = 0; cut < CUTS; cut++) {
        sinter_player *player = open_player();
        assert_int_equal(edit(player, ramped), SINTER_OK);
        const int level = sinter_player_parameter(player, "level");
        sinter_player_set_at(player, level, 48, 1000);
        sinter_player_set_at(player, level, 0, 3000);
        sinter_player_jump_at(player, level, 7, 3100);
        process_cut(player, 0, 1200, cuts[cut]);
        assert_int_equal(edit(player, "param level = 0 in 0..100 smooth 0.01\nout level\nout 2*level\n"), SINTER_OK);
        process_cut(player, 1200, 4000, cuts[cut]);
        for (int k = 0; k < 4000; k++) {
            const double right = k < 1000 ? 0 : k < 1480 ? 0.1 * (k - 1000) : k < 3000 ? 48 : k < 3100 ? 48 - 0.1 * (k - 3000) : 7;
            assert_float_equal(got[0][k], right, k > 1000 && k < 3100 ? 1e-5f : 0);
        }
        sinter_player_close(player);
    }
}

/* What explodes is named, and recovers, also when the program that did is gone. */
static void test_faults(void **state)
{
    (void)state;
    sinter_player *player = open_player();
    assert_int_equal(edit(player, "input x\nparam boost = 0\nwild = x + boost + 0.5*wild'\nout wild\nout x\n"), SINTER_OK);
    process(player, 0, 640);
    assert_int_equal(sinter_player_look(player, NULL).faults, 0);
    const int boost = sinter_player_parameter(player, "boost");
    sinter_player_jump_at(player, boost, 1e39, 700);
    sinter_player_jump_at(player, boost, 0, 701);
    process_cut(player, 640, 1280, 50);
    assert_true(got[0][768] > -10 && got[0][768] < 10);
    sinter_player_view view = sinter_player_look(player, NULL);
    assert_int_equal(view.faults, 1);
    assert_string_equal(view.fault, "wild");
    assert_int_equal(edit(player, "out 1\n"), SINTER_OK);
    process(player, 0, 10);
    while (sinter_player_look(player, NULL).fault[0] == 0)
        continue; /* for the player's thread to free what played */
    view = sinter_player_look(player, NULL);
    assert_int_equal(view.faults, 1);
    assert_string_equal(view.fault, "wild");
    sinter_player_close(player);
}

static void test_snapshot(void **state)
{
    (void)state;
    sinter_player *player = open_player();
    assert_int_equal(sinter_player_snapshot_size(player), 0);
    assert_int_equal(sinter_player_snapshot_save(player, got, sizeof got), SINTER_BAD_ARGUMENT);
    assert_int_equal(edit(player, voice), SINTER_OK);
    process(player, 0, 3000);
    const size_t size = sinter_player_snapshot_size(player);
    void *bytes = malloc(size);
    assert_int_equal(sinter_player_snapshot_save(player, bytes, size), SINTER_OK);
    const int cutoff = sinter_player_parameter(player, "cutoff");
    for (int round = 0; round < 2; round++) {
        assert_int_equal(sinter_player_index(player), 3000);
        sinter_player_jump_at(player, cutoff, 4000, 5000);
        process_cut(player, 3000, 7000, round ? 64 : 1000);
        if (round == 0) {
            memcpy(wanted, got, sizeof got);
            assert_int_equal(sinter_player_snapshot_restore(player, bytes, size - 1), SINTER_BAD_ARGUMENT);
            assert_int_equal(sinter_player_snapshot_restore(player, bytes, size), SINTER_OK);
        }
    }
    assert_same_sound(0, 7000);
    free(bytes);
    sinter_player_close(player);
}

/* ---- wrong arguments, refused memory ---- */

static void test_wrong_arguments(void **state)
{
    (void)state;
    sinter_player *player = NULL;
    const sinter_player_options wrong[] = {
        {.rate = 0.5}, {.rate = 1e8}, {.inputs = 1025}, {.outputs = 1025}, {.fade = 11}, {.budget = -1}, {.engine = (sinter_engine)99},
        {.size = 3}, {.queue = (1 << 20) + 1},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        assert_int_equal(sinter_player_open(context, &wrong[k], &player), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_player_open(context, NULL, &player), SINTER_BAD_ARGUMENT);
    assert_null(player);
    player = open_player();
    assert_int_equal(sinter_player_set(player, -1, 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_player_set(player, 0, 1), SINTER_BAD_ARGUMENT);
    const int x = sinter_player_parameter(player, "x");
    assert_int_equal(sinter_player_set(player, x, (double)__builtin_nanf("")), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_player_use_engine(player, (sinter_engine)99, NULL), SINTER_BAD_ARGUMENT);
    sinter_player_close(player);
    sinter_player_close(NULL);
}

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

/* Each allocation refused once: a clean error, and what played goes on. */
static void test_refused_memory(void **state)
{
    (void)state;
    const sinter_context_options options = {.allocator = {counted, released, NULL}};
    sinter_context *poor;
    atomic_store(&left, 1 << 30);
    assert_int_equal(sinter_open(&options, &poor), SINTER_OK);
    sinter_player *player = NULL;
    for (int k = 0;; k++) {
        assert_true(k < 20);
        atomic_store(&left, k);
        const sinter_status status = sinter_player_open(poor, &(sinter_player_options){.outputs = 2, .fade = -1}, &player);
        if (status == SINTER_OK)
            break;
        assert_int_equal(status, SINTER_NO_MEMORY);
    }
    atomic_store(&left, 1 << 30);
    assert_int_equal(edit(player, "out 1\n"), SINTER_OK);
    process(player, 0, 1);
    static const char larger[] = "out 1\nout delay(noise(), 30000) + lowpass(saw(100), 1000)\n";
    for (int k = 0;; k++) {
        assert_true(k < 5000);
        atomic_store(&left, k);
        uint64_t number;
        sinter_status status = sinter_player_edit(player, larger, strlen(larger), NULL, &number);
        if (status == SINTER_OK)
            status = sinter_player_wait(player, number, NULL);
        if (status == SINTER_OK)
            break;
        assert_int_equal(status, SINTER_NO_MEMORY);
        process(player, 0, 10);
        assert_true(got[0][9] == 1 && got[1][9] == 0);
    }
    for (int k = 0; k < 5; k++) {
        atomic_store(&left, k);
        const int number = sinter_player_parameter(player, "somebody");
        assert_true(number >= -1);
    }
    sinter_player_close(player);
    sinter_close(poor);
}

/* ---- long lines ---- */

static atomic_bool edited;
static const char *longer_text;

static void *lengthen(void *player)
{
    assert_int_equal(edit(player, longer_text), SINTER_OK);
    atomic_store(&edited, true);
    return NULL;
}

/* One by one, with what was at `from` as the first. */
static float ramp_at(int64_t index)
{
    return (float)(index % 1000003) * 0x1p-10f;
}

/* Edits that resize lines of a minute, while the stream runs: what is copied where the program changes is what was written since the line was lent, and as much set to 0 where it has
 * become longer; not the line. Blocks come ten times as fast as from a sound card. */
static void test_longer_lines(void **state)
{
    (void)state;
    enum { BLOCK = 64, EDITS = 8, FADE = 240 };
    static const char *const texts[] = {"input x\nout delay(x, 1000000)\n", "input x\nout delay(x, 3000000)\n", "input x\nout delay(x, 1200000)\n",
                                        "input x\nout delay(x, 2999999)\n"};
    static const int lengths[] = {1000000, 3000000, 1200000, 2999999};
    static float x[BLOCK], y[BLOCK];
    for (int fades = 0; fades < 2; fades++) {
        sinter_player *player = player_with(&(sinter_player_options){.outputs = 1,
                                                                           .engine = fades ? SINTER_ENGINE_INTERP : SINTER_ENGINE_AUTO, /* whose writes are seen by who looks for races */
                                                                           .fade = fades ? (double)FADE / 48000 : -1});
        assert_int_equal(edit(player, texts[0]), SINTER_OK);
        int64_t index = 0, swapped = 0, kept = 0, lent = 0; /* what the line that plays knows begins at `kept` */
        int without = 0;
        for (int k = 0; k <= EDITS; k++) {
            pthread_t thread;
            const uint64_t playing = sinter_player_look(player, NULL).playing;
            if (k > 0) {
                longer_text = texts[k % 4];
                lent = 0;
                atomic_store(&edited, false);
                atomic_store(&player->lent, NULL);
                pthread_create(&thread, NULL, lengthen, player);
            }
            for (int64_t since = 0; since < 1500000 + 77 * BLOCK * k;) {
                for (int i = 0; i < BLOCK; i++)
                    x[i] = ramp_at(index + i);
                sinter_player_process(player, (const float *const[]){x}, (float *const[]){y}, BLOCK);
                if (k > 0 && since == 0 && atomic_load(&player->playing) != playing) {
                    const int old = lengths[(k - 1) % 4], new = lengths[k % 4];
                    const size_t moved = player->current->instance->moved, all = (size_t)(old < new ? old : new) * sizeof(float);
                    const size_t newest = (size_t)(index - lent) * sizeof(float);
                    assert_int_equal(moved, lent == 0 || newest >= all ? all : new > old ? 2 * newest : newest);
                    without += moved > all / 8;
                    kept = index - old > kept ? index - old : kept;
                    swapped = index;
                    since += BLOCK;
                } else if (k == 0 || since > 0) {
                    since += BLOCK;
                } else {
                    nanosleep(&(struct timespec){.tv_nsec = 70000}, NULL);
                }
                if (lent == 0 && since == 0 && atomic_load(&player->lent))
                    lent = index; /* behind what was ready, before what came then */
                const int length = lengths[since > 0 ? k % 4 : (k - 1) % 4];
                for (int i = 0; i < BLOCK && (index >= swapped + FADE || !fades); i++) {
                    const int64_t from = index + i - length;
                    if (y[i] != (from < kept || from < 0 ? 0 : ramp_at(from)))
                        fail_msg("edit %d, sample %lld: %g", k, (long long)(index + i), (double)y[i]);
                }
                index += BLOCK;
            }
            if (k > 0)
                pthread_join(thread, NULL);
        }
        sinter_player_close(player);
        assert_true(without <= EDITS / 2); /* a machine that has much else to do may have kept the other thread waiting */
    }
}

static void *edit_elsewhere(void *player)
{
    assert_int_equal(edit(player, longer_text), SINTER_OK);
    return NULL;
}

/* The thread that plays waits itself: all is copied meanwhile, but where the edit before still fades. Or another one does, and nobody plays: that does not take long, and
 * then all is copied as the programs change. */
static void test_longer_lines_at_rest(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\nout delay(x, 10000)\nout 0\n", "input x\nout delay(x, 11000)\nout 0\n"};
    for (int k = 0; k < 3; k++) {
        sinter_player *player = player_with(&(sinter_player_options){.fade = k == 1 ? 0.1 : -1});
        assert_int_equal(edit(player, texts[0]), SINTER_OK);
        process(player, 0, k == 1 ? 1000 : 5000);
        if (k == 1) {
            assert_int_equal(edit(player, "input x\nout delay(x, 10000)\nout 1 - 1\n"), SINTER_OK);
            process(player, 1000, 5000);
        }
        longer_text = texts[1];
        if (k < 2) {
            assert_int_equal(edit(player, texts[1]), SINTER_OK);
        } else {
            pthread_t thread;
            pthread_create(&thread, NULL, edit_elsewhere, player);
            pthread_join(thread, NULL);
        }
        process(player, 5000, 6000);
        process(player, 6000, COUNT);
        for (int i = 0; i < COUNT; i++) {
            wanted[0][i] = i < 11000 || k == 1 ? 0 : input[i - 11000];
            wanted[1][i] = 0;
        }
        assert_same_sound(0, k == 1 ? 5000 : COUNT);
        assert_int_equal(sinter_player_look(player, NULL).swaps, k == 1 ? 3 : 2);
        assert_int_equal(player->current->instance->moved, k == 0 ? 0 : 10000 * sizeof(float));
        sinter_player_close(player);
    }
}

/* ---- all at once ---- */

static sinter_player *shared;
static atomic_bool over;

static void *fiddle(void *which)
{
    const int number = sinter_player_parameter(shared, which ? "cutoff" : "level");
    for (int k = 0; !atomic_load(&over); k++) {
        const double value = which ? 100 + k % 1000 : 0.001 * (k % 1000);
        const sinter_status status = k % 3 ? sinter_player_set(shared, number, value)
                                           : sinter_player_event_at(shared, number, value, sinter_player_index(shared) + k % 500);
        assert_true(status == SINTER_OK || status == SINTER_FULL);
        if (k % 64 == 0)
            sinter_player_look(shared, NULL);
    }
    return NULL;
}

static void *rewrite(void *unused)
{
    (void)unused;
    char text[sizeof voice + 100];
    for (int k = 0; !atomic_load(&over); k++) {
        snprintf(text, sizeof text, "%sunused%d = %s\n", voice, k % 7, k % 11 == 5 ? "(" : "noise()");
        uint64_t number;
        sinter_player_edit(shared, text, strlen(text), NULL, &number);
        if (k % 2)
            sinter_player_wait(shared, number, NULL);
    }
    return NULL;
}

/* For whoever looks for races: everything from several threads, and the sound stays finite. */
static void test_threads(void **state)
{
    (void)state;
    shared = player_with(&(sinter_player_options){.queue = 256});
    atomic_store(&over, false);
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, fiddle, NULL);
    pthread_create(&threads[1], NULL, fiddle, shared);
    pthread_create(&threads[2], NULL, rewrite, NULL);
    for (int round = 0; round < 60 || (sinter_player_look(shared, NULL).swaps < 20 && round < 100000); round++) {
        process_cut(shared, 0, 4000, 100);
        for (int k = 0; k < 4000; k++)
            assert_true(got[0][k] > -1000 && got[0][k] < 1000);
    }
    assert_true(sinter_player_look(shared, NULL).swaps >= 20);
    atomic_store(&over, true);
    for (int k = 0; k < 3; k++)
        pthread_join(threads[k], NULL);
    sinter_player_close(shared);
}

int main(void)
{
    fill_input();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_queue_full),
        cmocka_unit_test(test_edit_keeps_state),
        cmocka_unit_test(test_wrong_edit),
        cmocka_unit_test(test_coalescing),
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_fades),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_smoothing),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_refused_memory),
        cmocka_unit_test(test_longer_lines),
        cmocka_unit_test(test_longer_lines_at_rest),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("player", tests, open_context, close_context);
}
