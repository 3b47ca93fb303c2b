/* Linear recurrences that are computed 64 elements at a time (src/plan/linear_scans.c, src/kernel/scans.c): the same bits on every engine and however calls are cut,
 * near what strict programs make of them one element after the other; parameters that jump and move, snapshots, edits, what is not finite; which
 * recurrences are computed so and which are not. */
#include "kernel/kernels.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "repetitions.h"

enum { COUNT = 3000, MOST_CHANGES = 8 };

static sinter_context *context;
static float in[COUNT], wanted[COUNT], got[COUNT], plain[COUNT];

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

/* The parameter `p` gets the value at that element. */
typedef struct change {
    int at;
    double value;
} change;

typedef struct sample {
    const char *name, *text;
    unsigned scans, instead; /* how many; of them computed instead of a loop */
    double bound;            /* how far from the strict program's, against the largest of it */
    change changes[MOST_CHANGES]; /* in their order; the list ends with 0 */
} sample;

static const sample samples[] = {
    {"one pole", "input x\ny = x + 0.5*y'\nout y", 1, 0, 1e-6, {{0, 0}}},
    {"an integrator", "input x\ny = y' + 0.01*x\nout y", 1, 0, 1e-5, {{0, 0}}},
    {"no input", "param p = 0.99\ny = p*y' + 0.25\nout y", 1, 0, 1e-5, {{70, 0.9}, {71, 0.99}, {128, 0.5}, {1000, 0.999}}},
    {"two numbers", "input x\nu = 0.9*u' - 0.3*v' + x\nv = 0.3*u' + 0.9*v'\nout u - 2*v", 1, 0, 1e-5, {{0, 0}}},
    {"direct form", "input x\nparam p = 1.8\ny = x + p*y' - 0.9*y''\nout y*0.1", 1, 0, 1e-5, {{33, 1.7}, {34, 1.75}, {640, 1.2}, {1001, 0.3}}},
    {"two streams", "input x\nw = x*abs(x)\nu = 0.9*u' - 0.1*v' + x\nv = 0.8*v' + 0.1*u' + w\nout u - v", 1, 0, 1e-5, {{0, 0}}},
    {"three streams", "input x\nw = x*abs(x)\nz = w*x\nu = 0.9*u' - 0.1*v' + x + 0.5*w\nv = 0.8*v' + 0.1*u' + w - z + 0.25\nout u - v", 1, 0, 1e-5, {{0, 0}}},
    {"chosen by a parameter", "input x\nparam p = 1\ny = (p > 0.5 ? 0.9 : 0.2)*y' + (p > 0.5 ? x : 0.5*x)\nout y", 1, 0, 1e-6, {{100, 0}, {101, 1}, {192, 0}, {500, 1}}},
    {"low pass", "input x\nparam p = 1000 in 20..20000\nout lowpass(x, p)", 1, 0, 1e-4, {{1, 300}, {63, 5000}, {64, 200}, {65, 1000}, {2000, 40}}},
    {"band and shelf", "input x\nparam p = 1000 in 20..20000\nout low_shelf(bandpass(x, p, 8), 300, 6)", 2, 0, 1e-4, {{500, 2000}}},
    {"svf", "input x\nparam p = 1000 in 20..20000\nv = svf(x, p, 4)\nout v.x + 0.5*v.y - 0.25*v.z", 1, 0, 1e-5, {{100, 9000}, {130, 100}, {1900, 18000}}},
    {"in a row", "input x\nout lowpass1(svf(highpass1(x, 30), 2000).x, 500)", 3, 0, 1e-5, {{0, 0}}},
    {"echo around", "input x\ny = x + 0.6*lowpass1(delay(y, 777), 3000)\nout y", 1, 0, 1e-5, {{0, 0}}},
    {"dc", "input x\nout dc_block(x + 1)", 1, 0, 1e-5, {{0, 0}}},
    {"an envelope", "param p = 1\nout adsr(p, 0.002, 0.01, 0.5, 0.02)", 1, 1, 2e-5, {{300, 0}, {310, 1}, {311, 0}, {1024, 1}, {1090, 0}, {2000, 1}}},
    {"a voice", "input x\nparam p = 1\nout svf(x, 1500, 3).x*adsr(p, 0.001, 0.02, 0.6, 0.01)", 2, 1, 2e-5, {{640, 0}, {900, 1}, {905, 0}, {907, 1}}},
    {"a note", "event p = 0\nout adsr_event(p, 0.002, 0.01, 0.5, 0.02)", 1, 1, 2e-5, {{64, 0.8}, {300, 0}, {310, 1}, {311, 1}, {600, 1}, {1000, 0.5}, {1500, 0}, {1502, 0.25}}},
    {"large powers", "input x\ny = x + 1.5*y'\nout y*0.000000000000000000000001", 1, 0, 1e-5, {{0, 0}}},
    {"decays within a tick", "input x\ny = x + 0.0001*y'\nout y", 1, 0, 1e-6, {{0, 0}}},
    {"smoothed", "input x\nparam p = 1000 in 20..20000 smooth 0.004\nout lowpass(x, p) + lowpass1(x, 200)", 2, 0, 1e-5, {{100, 3000}, {400, 200}, {1500, 900}}},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static sinter_kernel *compiled(const char *text, sinter_engine engine, sinter_rewriting rewriting)
{
    static sinter_report report;
    sinter_kernel *kernel;
    if (sinter_compile(context, text, strlen(text), &(sinter_options){.source = SINTER_PATCH, .engine = engine, .rewriting = rewriting}, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
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

static void run(sinter_instance *instance, const float *from, int begin, int end, float *to)
{
    const sinter_arguments a = {.inputs = (const void *[]){from + begin}, .outputs = (void *[]){to + begin}, .count = end - begin};
    assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
}

static uint32_t seed;

static int below(int n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((uint64_t)seed * (uint64_t)n >> 32);
}

/* A parameter, or an event. */
static void set_p(sinter_instance *instance, double value)
{
    const int onset = sinter_parameter_number(instance->kernel, "p.onset");
    assert_int_equal(sinter_set(instance, sinter_parameter_number(instance->kernel, "p"), value), SINTER_OK);
    if (onset >= 0)
        assert_int_equal(sinter_jump(instance, onset, (double)sinter_instance_index(instance)), SINTER_OK);
}

/* Cut at random, seldom far, from one change to the next; `cut` 0: not at all. */
static void run_changes(sinter_instance *instance, const sample *s, unsigned cut, int begin, int end, float *to)
{
    int next = 0;
    while (next < MOST_CHANGES && s->changes[next].at && s->changes[next].at < begin)
        next++;
    for (int at = begin, until; at < end; at = until) {
        if (next < MOST_CHANGES && s->changes[next].at == at && at)
            set_p(instance, s->changes[next++].value);
        until = next < MOST_CHANGES && s->changes[next].at > at && s->changes[next].at < end ? s->changes[next].at : end;
        static const int lengths[] = {1, 7, 63, 64, 65, 128, 200, 1000};
        const int most = cut == 0 ? COUNT : cut <= 8 ? lengths[cut - 1] : 1 + below(below(3) ? 20 : 300);
        until = until - at < most ? until : at + most;
        run(instance, in, at, until, to);
    }
}

static void make_noise(void)
{
    seed = 1;
    for (int k = 0; k < COUNT; k++)
        in[k] = k < COUNT * 3 / 4 ? (float)below(1 << 24) * 0x1p-23f - 1 : 0; /* then silence */
}

static bool near(double bound, const float *a, const float *b, int *where)
{
    double most = 0, off = 0;
    for (int k = 0; k < COUNT; k++) {
        most = fabs((double)b[k]) > most ? fabs((double)b[k]) : most;
        if (fabs((double)a[k] - (double)b[k]) > off) {
            off = fabs((double)a[k] - (double)b[k]);
            *where = k;
        }
    }
    return off <= bound * most;
}

static unsigned loops_instead(const sinter_kernel *kernel)
{
    unsigned count = 0;
    for (uint32_t k = 0; k < kernel->loop_count; k++)
        count += kernel->loops[k].instead != 0;
    return count;
}

static void same(const sample *s, sinter_engine engine, const char *what)
{
    for (int k = 0; k < COUNT; k++)
        if (memcmp(&got[k], &wanted[k], sizeof *got))
            fail_msg("%s, %s, %s: element %d is %a, not %a", s->name, sinter_engine_name(engine), what, k, (double)got[k], (double)wanted[k]);
}

static void bits_are_the_same_and_near_the_strict_ones(void **state)
{
    (void)state;
    for (const sample *s = samples; s < samples + SAMPLES; s++) {
        int where = 0;
        for (unsigned e = 0; e < ENGINES; e++) {
            if (!sinter_engine_available(engines[e], NULL))
                continue;
            sinter_kernel *kernel = compiled(s->text, engines[e], SINTER_RELAXED);
            if (kernel->scan_count != s->scans || loops_instead(kernel) != s->instead)
                fail_msg("%s: %u scans, %u of them instead of a loop", s->name, kernel->scan_count, loops_instead(kernel));
            for (unsigned cut = 0; cut < 10; cut++) {
                sinter_instance *instance = opened(kernel);
                run_changes(instance, s, cut, 0, COUNT, e || cut ? got : wanted);
                sinter_instance_close(instance);
                if (e || cut)
                    same(s, engines[e], "cut");
            }
            sinter_kernel_close(kernel);
        }
        sinter_kernel *strict = compiled(s->text, SINTER_ENGINE_AUTO, SINTER_STRICT);
        assert_int_equal(strict->scan_count, 0);
        sinter_instance *instance = opened(strict);
        run_changes(instance, s, 0, 0, COUNT, plain);
        sinter_instance_close(instance);
        sinter_kernel_close(strict);
        if (!near(s->bound, wanted, plain, &where))
            fail_msg("%s: element %d is %a, strict %a", s->name, where, (double)wanted[where], (double)plain[where]);
    }
}

/* Saved in the midst of a tick, and of a block, and gone on with elsewhere. */
static void snapshots_go_on_with_the_same_bits(void **state)
{
    (void)state;
    static const int moments[] = {1, 63, 64, 100, 333, 1919, 1920, 2001};
    for (const sample *s = samples; s < samples + SAMPLES; s++) {
        sinter_kernel *kernel = compiled(s->text, SINTER_ENGINE_AUTO, SINTER_RELAXED);
        sinter_instance *instance = opened(kernel);
        run_changes(instance, s, 0, 0, COUNT, wanted);
        sinter_instance_reset(instance);
        for (uint32_t k = 0; k < kernel->public_params; k++)
            if (strcmp(kernel->params[k].name, "rate") != 0)
                sinter_jump(instance, (int)k, kernel->params[k].initial);
        int at = 0;
        for (unsigned k = 0; k < sizeof moments / sizeof *moments; k++) {
            run_changes(instance, s, 9, at, moments[k], got);
            at = moments[k];
            const size_t size = sinter_snapshot_size(instance);
            void *bytes = malloc(size);
            sinter_instance *other = opened(kernel);
            run(other, in, 0, 50, plain); /* it has been somewhere */
            assert_int_equal(sinter_snapshot_save(instance, bytes, size), SINTER_OK);
            assert_int_equal(sinter_snapshot_restore(other, bytes, size), SINTER_OK);
            free(bytes);
            sinter_instance_close(instance);
            instance = other;
        }
        run_changes(instance, s, 9, at, COUNT, got);
        same(s, SINTER_ENGINE_AUTO, "from bytes");
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* Bytes that are broken are refused, or give a state that may sound like anything; nothing is read or written where it should not be. */
static void snapshots_may_be_broken(void **state)
{
    (void)state;
    for (const sample *s = samples; s < samples + SAMPLES; s++) {
        sinter_kernel *kernel = compiled(s->text, SINTER_ENGINE_AUTO, SINTER_RELAXED);
        sinter_instance *instance = opened(kernel), *other = opened(kernel);
        run_changes(instance, s, 0, 0, 411, wanted);
        const size_t size = sinter_snapshot_size(instance);
        uint8_t *bytes = malloc(size), *broken = malloc(size);
        assert_int_equal(sinter_snapshot_save(instance, bytes, size), SINTER_OK);
        unsigned taken = 0;
        for (uint64_t turn = 0; turn < repetitions(4000); turn++) {
            memcpy(broken, bytes, size);
            for (int n = 1 + below(4); n > 0; n--) { /* a word at a time: floats that are huge, negative, no numbers */
                const uint32_t word = (uint32_t)below(1 << 30) << 2 | (uint32_t)below(4);
                memcpy(broken + (size_t)below((int)(size / 4)) * 4, &word, sizeof word);
            }
            const sinter_status status = sinter_snapshot_restore(other, broken, size);
            taken += status == SINTER_OK;
            run(other, in, 0, 1 + below(200), got);
        }
        assert_true(taken > 0);
        free(bytes);
        free(broken);
        sinter_instance_close(instance);
        sinter_instance_close(other);
        sinter_kernel_close(kernel);
    }
}

/* Another program that has the same recurrences, and something else: what it has in common goes on with the same bits, in the midst of a tick, from one engine to another. */
static void edits_go_on_with_the_same_bits(void **state)
{
    (void)state;
    static char more[1000];
    for (const sample *s = samples; s < samples + SAMPLES; s++) {
        if (strstr(s->text, "smooth"))
            continue;
        snprintf(more, sizeof more, "%s\nout sine(440)*0.5 + lowpass1(sine(441), 77)\n", s->text);
        sinter_kernel *kernels[] = {compiled(s->text, SINTER_ENGINE_AUTO, SINTER_RELAXED), compiled(more, SINTER_ENGINE_INTERP, SINTER_RELAXED)};
        sinter_instance *instance = opened(kernels[0]);
        run_changes(instance, s, 0, 0, COUNT, wanted);
        sinter_instance_close(instance);
        instance = opened(kernels[0]);
        unsigned now = 0;
        float second[COUNT];
        int next = 0;
        for (int at = 0, until; at < COUNT; at = until) {
            if (next < MOST_CHANGES && s->changes[next].at == at && at)
                set_p(instance, s->changes[next++].value);
            until = at + 1 + below(150);
            until = until < COUNT ? until : COUNT;
            until = next < MOST_CHANGES && s->changes[next].at > at && s->changes[next].at < until ? s->changes[next].at : until;
            const sinter_arguments a = {.inputs = (const void *[]){in + at}, .outputs = (void *[]){got + at, second}, .count = until - at};
            assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
            if (below(3))
                continue;
            sinter_instance *to = opened(kernels[1 - now]);
            sinter_migration *way;
            assert_int_equal(sinter_migration_open(kernels[now], kernels[1 - now], &way), SINTER_OK);
            assert_int_equal(sinter_instance_migrate(way, instance, to), SINTER_OK);
            sinter_migration_close(way);
            sinter_instance_close(instance);
            instance = to;
            now = 1 - now;
        }
        same(s, SINTER_ENGINE_AUTO, "edited");
        sinter_instance_close(instance);
        sinter_kernel_close(kernels[0]);
        sinter_kernel_close(kernels[1]);
    }
}

/* A strict program takes over, and hands back: nothing jumps. */
static void the_source_state_is_at_hand(void **state)
{
    (void)state;
    for (const sample *s = samples; s < samples + SAMPLES; s++) {
        sinter_kernel *kernels[] = {compiled(s->text, SINTER_ENGINE_AUTO, SINTER_RELAXED), compiled(s->text, SINTER_ENGINE_AUTO, SINTER_STRICT)};
        sinter_instance *instance = opened(kernels[1]);
        int where = 0;
        run_changes(instance, s, 0, 0, COUNT, plain);
        sinter_instance_close(instance);
        instance = opened(kernels[0]);
        for (int at = 0, turn = 0, until; at < COUNT; at = until, turn++) {
            until = at + 170 < COUNT ? at + 170 : COUNT;
            run_changes(instance, s, 0, at, until, got);
            sinter_instance *to = opened(kernels[(turn + 1) % 2]);
            sinter_migration *way;
            assert_int_equal(sinter_migration_open(kernels[turn % 2], kernels[(turn + 1) % 2], &way), SINTER_OK);
            assert_int_equal(sinter_instance_migrate(way, instance, to), SINTER_OK);
            sinter_migration_close(way);
            sinter_instance_close(instance);
            instance = to;
        }
        if (!near(10 * s->bound, got, plain, &where))
            fail_msg("%s: element %d is %a by turns, strict %a", s->name, where, (double)got[where], (double)plain[where]);
        sinter_instance_close(instance);
        sinter_kernel_close(kernels[0]);
        sinter_kernel_close(kernels[1]);
    }
}

/* What is not finite, or tiny, is out at the next tick, told and named; also where calls end within the tick. */
static void what_is_not_finite_leaves_the_state(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\ny = x + 0.9*y'\nout y", "input x\ny = x + 1.8*y' - 0.9*y''\nout y", "input x\nout svf(x, 900).x"};
    static const char *const lines[] = {"y", "y", "svf."};
    static float fed[COUNT], clean[COUNT];
    for (unsigned t = 0; t < 3; t++)
        for (unsigned kind = 0; kind < 2; kind++)
            for (int cut = 0; cut < 2; cut++) {
                sinter_kernel *kernel = compiled(texts[t], SINTER_ENGINE_AUTO, SINTER_RELAXED);
                memset(fed, 0, sizeof fed);
                memset(clean, 0, sizeof clean);
                fed[100] = kind ? INFINITY : NAN;
                for (int k = 128; k < COUNT; k++)
                    fed[k] = clean[k] = in[k];
                sinter_instance *instance = opened(kernel), *other = opened(kernel);
                for (int at = 0, until; at < COUNT; at = until) {
                    until = cut ? at + 37 : COUNT;
                    until = until < COUNT ? until : COUNT;
                    run(instance, fed, at, until, got);
                    run(other, clean, at, until, wanted);
                }
                uint64_t count;
                const char *fault = sinter_instance_fault(instance, &count);
                assert_true(count > 0 && fault && strncmp(fault, lines[t], strlen(lines[t])) == 0);
                assert_true(isnan(got[101]) || isinf(got[101]));
                for (int k = 128; k < COUNT; k++)
                    if (memcmp(&got[k], &wanted[k], 4))
                        fail_msg("%s: element %d is %a after a tick, not %a", texts[t], k, (double)got[k], (double)wanted[k]);
                assert_null(sinter_instance_fault(other, &count));
                assert_int_equal(count, 0);
                sinter_instance_close(instance);
                sinter_instance_close(other);
                sinter_kernel_close(kernel);
            }
}

static void decays_end_in_zero(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\ny = x + 0.97*y'\nout y", "input x\nout lowpass(x, 3000)", "input x\nout svf(x, 3000).x"};
    static float once[COUNT];
    once[0] = 1;
    for (unsigned t = 0; t < 3; t++) {
        sinter_kernel *kernel = compiled(texts[t], SINTER_ENGINE_AUTO, SINTER_RELAXED);
        sinter_instance *instance = opened(kernel);
        run(instance, once, 0, COUNT, got);
        assert_true(got[3] > 0 && got[COUNT - 1] == 0);
        for (int k = 0; k < COUNT; k++)
            assert_true(got[k] == 0 || fabsf(got[k]) > 1e-32f * 1e-3f);
        memcpy(wanted, got, sizeof got);
        sinter_instance_reset(instance);
        run(instance, once, 0, COUNT, got);
        assert_memory_equal(got, wanted, sizeof got);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* What keeps its cycle, or goes to lanes. */
static void others_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scans;
    } texts[] = {
        {"input x\ny = sin(x + y')\nout y", 0},
        {"input x\ny = x + y'*y'\nout y", 0},
        {"input x\ny = max(x, 0.9*y')\nout y", 0},
        {"input x\ny = x + abs(x)*y'\nout y", 0},                              /* a factor that varies by element */
        {"input x\ny = x + 0.5*y' - 0.25*y'' + 0.1*y'''\nout y", 0},           /* three values */
        {"input x\ny = x + 0.5*y' - 0.25*y''\nout y + y''", 0},                /* the older one is read elsewhere */
        {"input x\ny = x + 0.5*y'\nout y + delay(y, 1 + 3*abs(x), 8)", 0},     /* read at varying delays */
        {"input x\ny = x + 0.5*y'\nout y + delay(y, 1 + 30*abs(x), 80)", 1},   /* which is another line */
        {"input x\ny = x + 0.5*y' + 0.2*delay(y, 40)\nout y", 0},              /* a chunk of 40 elements */
        {"input x\ny = x + 0.5*y' + 0.2*delay(y, 400)\nout y", 1},
        {"input x\nout follow(x)", 0},
        {"input x\nparam g = 1\nout x*adsr(x > g, 0.01, 0.1, 0.5, 0.1)", 0},   /* a gate that varies by element */
        {"input x\ny = f64(x) + 0.5*y'\nout number(y)", 0},
        {"input x\nout sum(i, 1, 4, lowpass1(x, 100*i))", 4},
        {"input x\nout sum(i, 1, 5, lowpass1(x, 100*i))", 0},
        {"input x\nout lowpass1(lowpass1(lowpass1(lowpass1(lowpass1(x, 100), 200), 300), 400), 500)", 5},
        {"event e = 0\nout follow(adsr_event(e))*adsr_event(e, 0.01, 0.1 + abs(sine(1)))", 1}, /* a decay that varies by element: not the second */
        {"out sum(i, 1, 8, adsr(1, 0.01*i, 0.1, 0.5, 0.1))", 8},
        {"out sum(i, 1, 9, adsr(1, 0.01*i, 0.1, 0.5, 0.1))", 0},
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        sinter_kernel *kernel = compiled(texts[k].text, SINTER_ENGINE_AUTO, SINTER_RELAXED);
        if (kernel->scan_count != texts[k].scans)
            fail_msg("%s: %u scans, not %u", texts[k].text, kernel->scan_count, texts[k].scans);
        sinter_instance *instance = opened(kernel);
        run(instance, in, 0, COUNT, got);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

static int open_all(void **state)
{
    (void)state;
    make_noise();
    return sinter_open(NULL, &context) != SINTER_OK;
}

static int close_all(void **state)
{
    (void)state;
    sinter_close(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_the_same_and_near_the_strict_ones), cmocka_unit_test(snapshots_go_on_with_the_same_bits),
        cmocka_unit_test(snapshots_may_be_broken),
        cmocka_unit_test(edits_go_on_with_the_same_bits),             cmocka_unit_test(the_source_state_is_at_hand),
        cmocka_unit_test(what_is_not_finite_leaves_the_state),        cmocka_unit_test(decays_end_in_zero),
        cmocka_unit_test(others_are_not),
    };
    return cmocka_run_group_tests_name("scans", tests, open_all, close_all);
}
