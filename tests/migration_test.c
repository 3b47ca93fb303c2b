/* State that outlives its kernel: handed to another engine, to an edited program, to bytes and back, in mid-stream. What both
 * programs compute alike goes on with the same bits as if nothing had happened. */
#include "guard_pages.h"
#include "kernel/kernels.h"
#include "lang/lang.h"
#include "open_context.h"

#include <sinter/sinter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "example_texts.h"

enum { COUNT = 40000 };

static double in[COUNT], wanted[2][COUNT], got[2][COUNT];
static sinter_report report;

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512,
                                        SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

/* Every kind of state: in registers, short and long windows, both of one value, varying delays, integers, functions in
 * functions, sums; and parameters and the index. */
static const char everything[] =
    "input x\n"
    "param cutoff = 800 in 20..20000\n"
    "param level = 0.5 in 0..1\n"
    "fn pole(v, k) { y = y' + k*(v - y'); y }\n"
    "n = n' + i32(7)\n"
    "a = x + 0.5*a' - 0.25*a''\n"
    "b = a + 0.6*delay(b, 700)\n"
    "c = b + 0.3*delay(c, 9000) + 0.1*c'\n"
    "d = delay(c, 20 + 15*pole(x, 0.01), 60)\n"
    "e = sum(i, 1, 3, pole(d, 0.1*i))\n"
    "out level*lowpass(e + 0.001*number(n), cutoff)\n"
    "out saw(110) + 0.1*freeverb(x, d).x + 1e-9*index\n";

static sinter_kernel *compiled_by(sinter_context *by, const char *text, sinter_engine engine)
{
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH, .type = SINTER_F64, .engine = engine};
    if (sinter_compile(by, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

static sinter_kernel *compiled(const char *text, sinter_engine engine)
{
    return compiled_by(context, text, engine);
}

static sinter_instance *opened(const sinter_kernel *kernel)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    return instance;
}

static void run(sinter_instance *instance, double (*out)[COUNT], int from, int to)
{
    const void *const inputs[1] = {in + from};
    void *const outputs[2] = {out[0] + from, out[1] + from};
    assert_int_equal(sinter_instance_index(instance), from);
    assert_int_equal(
        sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = to - from}),
        SINTER_OK);
}

static void set(const sinter_kernel *kernel, sinter_instance *instance, const char *name, double value)
{
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, name), value), SINTER_OK);
}

static void make_input(void)
{
    uint32_t state = 1;
    for (int k = 0; k < COUNT; k++) {
        state = state * 1664525u + 1013904223u;
        in[k] = (int32_t)state * 0x1p-31;
    }
}

static void same(const char *what, int from, int to, int outputs)
{
    for (int o = 0; o < outputs; o++)
        for (int k = from; k < to; k++)
            if (memcmp(&wanted[o][k], &got[o][k], sizeof(double)) != 0)
                fail_msg("%s: output %d differs at %d: %.17g, not %.17g", what, o, k, got[o][k], wanted[o][k]);
}

/* A new instance of `to` that goes on where `from` was; the old one is closed. */
static sinter_instance *moved(const sinter_kernel *from, sinter_instance *old, const sinter_kernel *to)
{
    sinter_migration *migration;
    sinter_instance *new = opened(to);
    assert_int_equal(sinter_migration_open(from, to, &migration), SINTER_OK);
    assert_int_equal(sinter_instance_migrate(migration, old, new), SINTER_OK);
    sinter_migration_close(migration);
    sinter_instance_close(old);
    return new;
}

/* The same by way of bytes, into an instance that has held something else. */
static sinter_instance *restored(const sinter_kernel *from, sinter_instance *old, const sinter_kernel *to)
{
    (void)from;
    enum { STREAMS = 8 };
    static double rubbish[STREAMS][64];
    const void *inputs[STREAMS];
    void *outputs[STREAMS];
    for (int k = 0; k < STREAMS; k++) {
        inputs[k] = in;
        outputs[k] = rubbish[k];
    }
    sinter_instance *new = opened(to);
    const sinter_arguments some = {.inputs = inputs, .outputs = outputs, .count = 64};
    assert_int_equal(sinter_instance_run(new, &some), SINTER_OK);
    const size_t size = sinter_snapshot_size(old);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    assert_int_equal(sinter_snapshot_save(old, bytes, size), SINTER_OK);
    assert_int_equal(sinter_snapshot_restore(new, bytes, size), SINTER_OK);
    free(bytes);
    sinter_instance_close(old);
    return new;
}

typedef sinter_instance *way(const sinter_kernel *from, sinter_instance *old, const sinter_kernel *to);
static way *const ways[] = {moved, restored};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- engines change in mid-stream ---- */

static void any_engine_goes_on(void **state)
{
    (void)state;
    sinter_kernel *kernels[ENGINES];
    int available = 0;
    for (int e = 0; e < ENGINES; e++)
        if (sinter_engine_available(engines[e], NULL))
            kernels[available++] = compiled(everything, engines[e]);
    sinter_instance *whole = opened(kernels[0]);
    set(kernels[0], whole, "cutoff", 1234.5);
    run(whole, wanted, 0, COUNT);
    sinter_instance_close(whole);

    sinter_instance *instance = opened(kernels[0]);
    set(kernels[0], instance, "cutoff", 1234.5);
    int at = 0;
    for (int k = 0; at < COUNT; k++) {
        const int length = 1 + (k * 1237) % 2500, to = at + length < COUNT ? at + length : COUNT;
        run(instance, got, at, to);
        instance = ways[k / 2 % WAYS](kernels[k % available], instance, kernels[(k + 1) % available]);
        at = to;
    }
    sinter_instance_close(instance);
    same("engines in turn", 0, COUNT, 2);
    for (int e = 0; e < available; e++)
        sinter_kernel_close(kernels[e]);
}

/* A counter that is one no more, since its step varies from element to element now, and again: both keep the one value. */
static void counters_go_on(void **state)
{
    (void)state;
    static const char steady[] = "input x\nparam k = 3 in 0..1e9\np = p' + low_bits(k, 32)\nout number(p')\nout number(p)\n";
    static const char varying[] =
        "input x\nparam k = 3 in 0..1e9\np = p' + (low_bits(k, 32) + i32(0*x))\nout number(p')\nout number(p)\n";
    for (int e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        sinter_kernel *const kernels[] = {compiled(steady, engines[e]), compiled(varying, engines[e])};
        sinter_instance *instance = opened(kernels[0]);
        uint32_t p = 0;
        for (int at = 0, k = 0, to; at < COUNT; at = to, k++) {
            const uint32_t step = (uint32_t)k * 123456u % 1000000000u;
            to = at + 1 + k * 97 % 1500 < COUNT ? at + 1 + k * 97 % 1500 : COUNT;
            set(kernels[k % 2], instance, "k", step);
            run(instance, got, at, to);
            for (int i = at; i < to; i++) {
                wanted[0][i] = (int32_t)p;
                wanted[1][i] = (int32_t)(p += step);
            }
            instance = ways[k / 2 % WAYS](kernels[k % 2], instance, kernels[(k + 1) % 2]);
        }
        sinter_instance_close(instance);
        same(sinter_engine_name(engines[e]), 0, COUNT, 2);
        sinter_kernel_close(kernels[0]);
        sinter_kernel_close(kernels[1]);
    }
}

/* ---- edits ---- */

static void what_was_not_touched_goes_on(void **state)
{
    (void)state;
    static const char before[] = "input x\nparam k = 0.25 in 0..1\na = x + 0.5*a'\nb = x + 0.6*delay(b, 20000)\n"
                                 "echoes = a + 0.5*delay(echoes, 300)\nout echoes\nout b\n";
    static const char after[] = "input x\nnew = x + 0.9*new'\nparam more = 3\nfn f(v) { y = y' + v; y }\nb = x + 0.6*delay(b, 20000)\n"
                                "extra = f(x)\nparam k = 0.25 in 0..0.3\na = x + 0.5*a'\necho2 = x + 0.1*delay(echo2, 77)\n"
                                "echoes = a + 0.5*delay(echoes, 300)\nout echoes\nout b\nout new + extra + echo2 + k\n";
    sinter_kernel *old = compiled(before, SINTER_ENGINE_AUTO), *new = compiled(after, SINTER_ENGINE_AUTO);
    sinter_instance *whole = opened(old);
    run(whole, wanted, 0, COUNT);
    sinter_instance_close(whole);
    for (int w = 0; w < WAYS; w++) {
        sinter_instance *instance = opened(old);
        set(old, instance, "k", 0.75);
        run(instance, got, 0, 25001);
        instance = ways[w](old, instance, new);
        const int k = sinter_parameter_number(new, "k"), more = sinter_parameter_number(new, "more");
        assert_true(sinter_get(instance, k) == 0.3 && sinter_get(instance, more) == 3);
        static double third[COUNT];
        const void *const inputs[1] = {in + 25001};
        void *const outputs[3] = {got[0] + 25001, got[1] + 25001, third};
        assert_int_equal(
            sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = COUNT - 25001}), SINTER_OK);
        same("an edit", 0, COUNT, 2);
        assert_true(third[0] == in[25001] + in[25001] + in[25001] + 0.3); /* what is new begins at 0 */
        sinter_instance_close(instance);
    }
    sinter_kernel_close(old);
    sinter_kernel_close(new);
}

/* A delay of another length keeps its newest values: what comes out is what went in so many elements ago, or 0 if
 * that is more than was kept. */
static void resized_lines_keep_their_newest_values(void **state)
{
    (void)state;
    static const int lengths[] = {1, 3, 8, 9, 100, 900, 5000, 20000, 30000};
    enum { LENGTHS = sizeof lengths / sizeof *lengths, CUT = 31000 };
    for (int a = 0; a < LENGTHS; a++)
        for (int both = 0; both < LENGTHS * WAYS; both++) {
            const int b = both / WAYS;
            char text[2][80];
            snprintf(text[0], sizeof text[0], "input x\nd = delay(x + 0, %d)\nv = x*1\ndelay(v, %d)", lengths[a], lengths[a]);
            snprintf(text[1], sizeof text[1], "input x\nd = delay(x + 0, %d)\nv = x*1\ndelay(v, %d)", lengths[b], lengths[b]);
            sinter_kernel *old = compiled(text[0], SINTER_ENGINE_AUTO), *new = compiled(text[1], SINTER_ENGINE_AUTO);
            sinter_instance *instance = opened(old);
            run(instance, got, 0, CUT);
            instance = ways[both % WAYS](old, instance, new);
            run(instance, got, CUT, COUNT);
            for (int k = CUT; k < COUNT; k++) {
                const int source = k - lengths[b], kept = CUT - lengths[a];
                const double value = source >= kept ? in[source] : 0;
                if (got[0][k] != value)
                    fail_msg("%d to %d: at %d: %g, not %g", lengths[a], lengths[b], k - CUT, got[0][k], value);
            }
            sinter_instance_close(instance);
            sinter_kernel_close(old);
            sinter_kernel_close(new);
        }
}

/* Read near, or far, or both: one history. */
static void near_and_far_lines_are_one_history(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\nv = x*1\nv' + 0*x", "input x\nv = x*1\ndelay(v, 50)",
                                        "input x\nv = x*1\nv' + 2*delay(v, 50)"};
    for (int a = 0; a < 3; a++)
        for (int both = 0; both < 3 * WAYS; both++) {
            const int b = both / WAYS;
            sinter_kernel *old = compiled(texts[a], SINTER_ENGINE_AUTO), *new = compiled(texts[b], SINTER_ENGINE_AUTO);
            sinter_instance *instance = opened(old);
            run(instance, got, 0, 1000);
            instance = ways[both % WAYS](old, instance, new);
            run(instance, got, 1000, 1001);
            const double one = in[999], fifty = a == 0 ? 0 : in[950];
            assert_true(got[0][1000] == (b == 0 ? one : b == 1 ? fifty : one + 2 * fifty));
            sinter_instance_close(instance);
            sinter_kernel_close(old);
            sinter_kernel_close(new);
        }
}

/* More of the near past is read than before, and the far past, of which it is part, changes owners: whichever of them the text names first. */
static void what_changes_owners_is_copied_before(void **state)
{
    (void)state;
    static const char before[] = "input x\nv = x*1\nout v' + delay(v, 20000)\nout x";
    static const char *const after[] = {"input x\nv = x*1\nout delay(v, 20000)\nout delay(v, 5)", "input x\nv = x*1\nn = delay(v, 5)\nout delay(v, 20000)\nout n"};
    enum { CUT = 31000 };
    for (int both = 0; both < 2 * WAYS; both++) {
        sinter_kernel *old = compiled(before, SINTER_ENGINE_AUTO), *new = compiled(after[both / WAYS], SINTER_ENGINE_AUTO);
        sinter_instance *instance = opened(old);
        run(instance, got, 0, CUT);
        instance = ways[both % WAYS](old, instance, new);
        run(instance, got, CUT, COUNT);
        for (int k = CUT; k < COUNT; k++)
            assert_true(got[0][k] == in[k - 20000] && got[1][k] == in[k - 5]);
        sinter_instance_close(instance);
        sinter_kernel_close(old);
        sinter_kernel_close(new);
    }
}

/* As a player does it: the old one is lent, runs on while somebody copies and behind that, and the new one takes over. Bytes that were copied at the take-over. */
typedef struct lending {
    int first, meanwhile, behind; /* elements: before it is lent, while it is copied, and until it is taken over */
    bool reset;
} lending;

static size_t taken_over(const char *before, const char *after, const lending *l, bool lent, double (*out)[COUNT])
{
    sinter_kernel *from = compiled(before, SINTER_ENGINE_AUTO), *to = compiled(after, SINTER_ENGINE_AUTO);
    sinter_instance *old = opened(from), *new = opened(to);
    sinter_migration *m;
    run(old, out, 0, l->first);
    assert_int_equal(sn_migration_open(from, to, NULL, 0, &m, NULL), SINTER_OK);
    if (lent) {
        assert_true(sn_migration_take_past(m) && sn_migration_wants_past(m));
        sn_instance_lend_past(m, old, new);
    }
    /* What is lent is not touched, as long as it is, by any number of slides; so whenever it is copied it is the same. */
    run(old, out, l->first, l->first + l->meanwhile);
    if (lent)
        sn_migration_copy_past(m);
    const int at = l->first + l->meanwhile + l->behind;
    run(old, out, l->first + l->meanwhile, at);
    if (l->reset) {
        sinter_instance_reset(old);
        old->index = at; /* as a snapshot does */
    }
    assert_int_equal(sinter_instance_migrate(m, old, new), SINTER_OK);
    const size_t moved = new->moved;
    sinter_migration_close(m);
    sinter_instance_close(old);
    run(new, out, at, COUNT);
    sinter_instance_close(new);
    sinter_kernel_close(from);
    sinter_kernel_close(to);
    return moved;
}

static void what_is_large_is_copied_beforehand(void **state)
{
    (void)state;
    enum { SHORT = 5000, LONG = 14000 };
    static const char short_one[] = "input x\nout delay(x, 5000) + 0.5*delay(x, 1234)\nout 0\n";
    static const char long_one[] = "input x\nout delay(x, 14000) + 0.5*delay(x, 4321) + 0.25*delay(x, 40)\nout 0\n";
    static const lending cases[] = {
        {100, 0, 0, false},      {9000, 0, 0, false},      {9000, 1, 0, false},    {9000, 0, 1, false},       {7000, 700, 300, false}, {8000, 4000, 0, false},
        {12345, 0, 4999, false}, {12345, 0, 5000, false},  {200, 15000, 10, false}, {9999, 20000, 100, false}, {20000, 300, 200, true}, {9000, 6000, 7000, true},
    };
    for (unsigned k = 0; k < 2 * sizeof cases / sizeof *cases; k++) {
        const lending *l = &cases[k / 2];
        const bool longer = k % 2 == 0;
        const char *before = longer ? short_one : long_one, *after = longer ? long_one : short_one;
        const size_t all = taken_over(before, after, l, false, wanted), since = (size_t)(l->meanwhile + l->behind);
        const size_t moved = taken_over(before, after, l, true, got);
        same(after, 0, COUNT, 1);
        assert_int_equal(all, SHORT * sizeof(double));
        assert_int_equal(moved, l->reset || since >= SHORT ? all : (longer ? 2 : 1) * since * sizeof(double));
    }
}

/* Names are looked for where the last one was first, and those that are not there are found all the same. */
static void lines_in_another_order_go_on(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\na = a' + 1\nb = b' + 100\nc = c' + 10000\nd = d' + 1000000\nout a + b + c + d + 0*x\nout 0\n",
                                        "input x\na = a' + 1\nd = d' + 1000000\ne = e' + 100000000\nc = c' + 10000\nb = b' + 100\nout a + b + c + d + e + 0*x\nout 0\n",
                                        "input x\nc = c' + 10000\nd = d' + 1000000\nout c + d + 0*x\nout 0\n"};
    static const double steps[] = {1010101, 101010101, 1010000};
    for (int both = 0; both < 9; both++) {
        const int old = both / 3, new = both % 3;
        sinter_kernel *from = compiled(texts[old], SINTER_ENGINE_AUTO), *to = compiled(texts[new], SINTER_ENGINE_AUTO);
        sinter_instance *a = opened(from), *b = opened(to);
        sinter_migration *m;
        run(a, got, 0, 20);
        assert_int_equal(sinter_migration_open(from, to, &m), SINTER_OK);
        assert_int_equal(sinter_instance_migrate(m, a, b), SINTER_OK);
        run(b, got, 20, 30);
        const double common = old == new ? steps[old] : old == 2 || new == 2 ? 1010000 : 1010101;
        for (int k = 20; k < 30; k++)
            assert_true(got[0][k] == 20 * common + (k - 19) * steps[new]);
        sinter_migration_close(m);
        sinter_instance_close(a);
        sinter_instance_close(b);
        sinter_kernel_close(from);
        sinter_kernel_close(to);
    }
}

/* The next one may want the same line, and what was lent for nothing is lent again. */
static void what_was_lent_is_lent_again(void **state)
{
    (void)state;
    sinter_kernel *from = compiled("input x\nout delay(x, 5000)\nout 0\n", SINTER_ENGINE_AUTO), *to = compiled("input x\nout delay(x, 15000)\nout 0\n", SINTER_ENGINE_AUTO);
    sinter_instance *old = opened(from), *new = opened(to);
    int at = 0;
    for (int k = 0; k < 6; k++) {
        sinter_migration *m;
        sinter_instance *dropped = opened(to);
        assert_int_equal(sn_migration_open(from, to, NULL, 0, &m, NULL), SINTER_OK);
        assert_true(sn_migration_take_past(m));
        sn_instance_lend_past(m, old, k < 5 ? dropped : new);
        run(old, got, at, at + 500 + 600 * k);
        at += 500 + 600 * k;
        sn_migration_copy_past(m);
        if (k == 5) {
            assert_int_equal(sinter_instance_migrate(m, old, new), SINTER_OK);
            assert_int_equal(new->moved, 2 * 3500 * sizeof(double));
        }
        sinter_migration_close(m);
        sinter_instance_close(dropped);
    }
    sinter_instance_close(old);
    run(new, got, at, COUNT);
    for (int k = 0; k < COUNT; k++) {
        const double value = k < at ? (k < 5000 ? 0 : in[k - 5000]) : k - 15000 < at - 5000 ? 0 : in[k - 15000];
        wanted[0][k] = value;
    }
    same("lent again", 0, COUNT, 1);
    sinter_instance_close(new);
    sinter_kernel_close(from);
    sinter_kernel_close(to);
}

/* ---- lines so long that their windows are carried ---- */

static double value_at(int64_t index)
{
    return (double)(index * 7919 % 1000003) + 1;
}

/* `n` elements of out = x so long ago, of which the line knows those from `kept` on. */
static void run_delay(sinter_instance *instance, int64_t n, int64_t length, int64_t kept, uint32_t *seed)
{
    static double x[4096], y[4096];
    while (n > 0) {
        *seed = *seed * 1664525u + 1013904223u;
        const int64_t index = sinter_instance_index(instance), most = 1 + (int64_t)(*seed >> 8) % 4096, count = most < n ? most : n;
        for (int64_t k = 0; k < count; k++)
            x[k] = value_at(index + k);
        assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){x}, .outputs = (void *[]){y}, .count = count}), SINTER_OK);
        for (int64_t k = 0; k < count; k++)
            if (y[k] != (index + k - length < kept ? 0 : value_at(index + k - length)))
                fail_msg("a delay of %lld: element %lld is %g", (long long)length, (long long)(index + k), y[k]);
        n -= count;
    }
}

static uint32_t line_with_block(const sinter_instance *i)
{
    assert_int_equal(i->line_blocks, 1);
    return i->blocks[0].line;
}

static void delay_text(char *text, size_t size, int64_t length)
{
    snprintf(text, size, "input x\nv = x*1\nout delay(v, %lld)\n", (long long)length);
}

/* When the window comes to the end of its storage there is next to nothing left to copy. */
static void windows_are_carried(void **state)
{
    (void)state;
    enum { LENGTH = 20000 };
    char text[100];
    uint32_t seed = 3;
    delay_text(text, sizeof text, LENGTH);
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    sinter_instance *instance = opened(kernel);
    const uint32_t line = line_with_block(instance);
    const instance_line *own = &instance->lines[line];
    assert_int_equal(instance->blocks[0].shift, LENGTH);
    for (int round = 0; round < 12; round++) {
        while (own->position + 4096 <= own->capacity)
            run_delay(instance, 4096, LENGTH, 0, &seed);
        const uint32_t before = own->position;
        const size_t copied = sn_lines_slide(instance, line);
        if (copied > (KERNEL_CARRIED_AT_ONCE + PLAN_CHUNK) * sizeof(double) || own->position != before - LENGTH)
            fail_msg("%zu bytes were copied", copied);
        run_delay(instance, 5000 * round, LENGTH, 0, &seed);
        if (round == 6)
            sinter_instance_reset(instance);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* Random lives of a line: run, lent for nothing, lent and taken over by one that is longer, shorter, or the same, with the past copied before or not, handed over. */
static void carried_lines_go_anywhere(void **state)
{
    (void)state;
    static const int64_t lengths[] = {17000, 40000, 30000, 17001, 90000, 46000};
    enum { KINDS = sizeof lengths / sizeof *lengths, STEPS = 120 };
    sinter_kernel *kernels[KINDS];
    char text[100];
    uint32_t seed = 11;
    for (int k = 0; k < KINDS; k++) {
        delay_text(text, sizeof text, lengths[k]);
        kernels[k] = compiled(text, SINTER_ENGINE_AUTO);
    }
    int kind = 0;
    int64_t kept = 0;
    sinter_instance *instance = opened(kernels[0]);
    for (int step = 0; step < STEPS; step++) {
        sinter_migration *m;
        seed = seed * 1664525u + 1013904223u;
        const int next = (int)((seed >> 8) % KINDS), what = (int)((seed >> 16) % 4);
        run_delay(instance, (seed >> 12) % (step % 5 ? 20000 : 130000), lengths[kind], kept, &seed);
        sinter_instance *other = opened(kernels[next]);
        assert_int_equal(sn_migration_open(kernels[kind], kernels[next], NULL, 0, &m, NULL), SINTER_OK);
        if (what > 0) {
            assert_true(sn_migration_take_past(m));
            sn_instance_lend_past(m, instance, other);
            run_delay(instance, (seed >> 9) % (what == 3 ? 150000 : 2000), lengths[kind], kept, &seed);
            sn_migration_copy_past(m);
            run_delay(instance, (seed >> 7) % 700, lengths[kind], kept, &seed);
        }
        if (what == 1) {
            sinter_migration_close(m);
            sinter_instance_close(other);
            continue;
        }
        const int64_t now = sinter_instance_index(instance);
        assert_int_equal(sinter_instance_migrate(m, instance, other), SINTER_OK);
        kept = now - lengths[kind] > kept ? now - lengths[kind] : kept;
        kept = now - lengths[next] > kept ? now - lengths[next] : kept;
        kind = next;
        sinter_migration_close(m);
        sinter_instance_close(instance);
        instance = other;
    }
    sinter_instance_close(instance);
    for (int k = 0; k < KINDS; k++)
        sinter_kernel_close(kernels[k]);
}

static void another_type_begins_at_0(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\nn = n' + i32(7)\nnumber(n') + 0*x", "input x\nn = n' + 0.1\nn' + 0*x"};
    for (int both = 0; both < 2 * WAYS; both++) {
        const char *const *t = &texts[both / WAYS];
        sinter_kernel *old = compiled(*t, SINTER_ENGINE_AUTO), *new = compiled(texts[1 - both / WAYS], SINTER_ENGINE_AUTO);
        sinter_instance *instance = opened(old);
        run(instance, got, 0, 100);
        instance = ways[both % WAYS](old, instance, new);
        run(instance, got, 100, 101);
        assert_true(got[0][99] != 0 && got[0][100] == 0);
        sinter_instance_close(instance);
        sinter_kernel_close(old);
        sinter_kernel_close(new);
    }
}

/* The near line of y is flushed at ticks, the far one is not: each goes on with its own. */
static void tiny_values_go_on_as_they_were(void **state)
{
    (void)state;
    enum { QUIET = 3000 };
    static const char text[] = "input x\ny = 1e-200*x + 0.5*y' + 0.25*y''\nout y\nout delay(y, 20)";
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    double loud[QUIET];
    memcpy(loud, in, sizeof loud);
    memset(in + 1, 0, (QUIET - 1) * sizeof *in); /* one impulse, which dies away */
    sinter_instance *whole = opened(kernel);
    run(whole, wanted, 0, QUIET);
    sinter_instance_close(whole);
    for (int w = 0; w < WAYS; w++) {
        sinter_instance *instance = opened(kernel);
        for (int k = 0; k < QUIET; k++) {
            run(instance, got, k, k + 1);
            instance = ways[w](kernel, instance, kernel);
        }
        sinter_instance_close(instance);
        same("tiny values", 0, QUIET, 2);
    }
    assert_true(wanted[0][QUIET - 1] == 0);
    memcpy(in, loud, sizeof loud);
    sinter_kernel_close(kernel);
}

static void what_was_left_can_begin_again(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled(everything, SINTER_ENGINE_AUTO);
    sinter_instance *first = opened(kernel), *second = opened(kernel);
    sinter_migration *migration;
    run(first, wanted, 0, COUNT);
    assert_int_equal(sinter_migration_open(kernel, kernel, &migration), SINTER_OK);
    assert_int_equal(sinter_instance_migrate(migration, first, second), SINTER_OK);
    sinter_instance_reset(first);
    run(first, got, 0, COUNT);
    same("after a reset", 0, COUNT, 2);
    sinter_instance_reset(second);
    run(second, got, 0, COUNT);
    same("the other one", 0, COUNT, 2);
    assert_int_equal(sinter_instance_migrate(migration, first, first), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_instance_migrate(NULL, first, second), SINTER_BAD_ARGUMENT);
    sinter_migration_close(migration);
    assert_int_equal(sinter_migration_open(NULL, kernel, &migration), SINTER_BAD_ARGUMENT);
    assert_null(migration);
    sinter_migration_close(NULL);
    sinter_instance_close(first);
    sinter_instance_close(second);
    sinter_kernel_close(kernel);
}

/* ---- blocks of their own ---- */

/* An allocator that takes back nothing but its own, between pages that may not be touched. */
enum { MOST_BLOCKS = 256 };
typedef struct owner {
    guarded pages[MOST_BLOCKS];
    void *blocks[MOST_BLOCKS];
    int held, requests;
} owner;

static void *owner_allocate(void *argument, size_t size)
{
    owner *o = argument;
    for (int k = 0; k < MOST_BLOCKS; k++)
        if (!o->blocks[k]) {
            o->held++;
            o->requests++;
            o->pages[k] = guarded_open(size);
            return o->blocks[k] = o->pages[k].high - ((size + 15) & ~(size_t)15);
        }
    return NULL;
}

static void owner_release(void *argument, void *block, size_t size)
{
    (void)size;
    owner *o = argument;
    for (int k = 0; k < MOST_BLOCKS; k++)
        if (o->blocks[k] == block) {
            o->held--;
            o->blocks[k] = NULL;
            guarded_close(&o->pages[k]);
            return;
        }
    fail_msg("%s", "a block of another allocator");
}

static void *block_of(const sinter_instance *instance)
{
    for (uint32_t k = 0; k < instance->kernel->line_count; k++)
        if (instance->lines[k].block)
            return instance->lines[k].block;
    return NULL;
}

/* Handed over where both are of one allocator and each block can serve the other instance; copied otherwise. On again from there: what was
 * given a block can give it away, and be reset. */
static void blocks_go_back_where_they_came_from(void **state)
{
    (void)state;
    static const char *const texts[] = {"input x\nv = x*1\ndelay(v, 30000)", "input x\nv = x*1\ndelay(v, 20000)",
                                        "input x\nv = x*1\ndelay(v, 9000)"};
    enum { TEXTS = sizeof texts / sizeof *texts, CUT = 31000 };
    static const int lengths[TEXTS] = {30000, 20000, 9000};
    static owner owners[2];
    for (int shared = 0; shared < 2; shared++)
        for (int b = 0; b < TEXTS; b++) {
            sinter_context *contexts[2];
            sinter_kernel *kernels[2];
            sinter_instance *old, *new, *last;
            sinter_migration *there, *back;
            for (int k = 0; k < 2; k++) {
                const sinter_context_options options = {.allocator = {owner_allocate, owner_release, &owners[shared ? 0 : k]}};
                assert_int_equal(sinter_open(&options, &contexts[k]), SINTER_OK);
                kernels[k] = compiled_by(contexts[k], texts[k ? b : 0], SINTER_ENGINE_AUTO);
            }
            old = opened(kernels[0]);
            new = opened(kernels[1]);
            last = opened(kernels[0]);
            void *const given = block_of(old), *const taken = block_of(new);
            assert_true(given && taken && given != taken);
            assert_int_equal(sinter_migration_open(kernels[0], kernels[1], &there), SINTER_OK);
            assert_int_equal(sinter_migration_open(kernels[1], kernels[0], &back), SINTER_OK);
            run(old, wanted, 0, CUT);
            const int requests = owners[0].requests + owners[1].requests;
            assert_int_equal(sinter_instance_migrate(there, old, new), SINTER_OK);
            const bool exchanged = shared && 2 * lengths[b] > lengths[0];
            assert_ptr_equal(block_of(new), exchanged ? given : taken);
            assert_ptr_equal(block_of(old), exchanged ? taken : given);
            static uint8_t rubbish[30100 * sizeof(double)]; /* what is left is anything, but within its block */
            assert_int_equal(sinter_snapshot_save(old, rubbish, sizeof rubbish), SINTER_OK);
            run(new, got, CUT, CUT + 100);
            assert_int_equal(sinter_instance_migrate(back, new, last), SINTER_OK);
            assert_int_equal(owners[0].requests + owners[1].requests, requests);
            run(last, got, CUT + 100, COUNT);
            for (int k = CUT; k < COUNT; k++) {
                const int length = k < CUT + 100 ? lengths[b] : lengths[0], source = k - length;
                assert_true(got[0][k] == (source < CUT - lengths[b] ? 0 : in[source]));
            }
            sinter_instance *const all[] = {old, new, last};
            for (int k = 0; k < 3; k++) {
                sinter_instance_reset(all[k]);
                run(all[k], got, 0, COUNT);
                for (int i = 0, length = k == 1 ? lengths[b] : lengths[0]; i < COUNT; i++)
                    assert_true(got[0][i] == (i < length ? 0 : in[i - length]));
                sinter_instance_close(all[k]);
            }
            sinter_migration_close(there);
            sinter_migration_close(back);
            for (int k = 0; k < 2; k++) {
                sinter_kernel_close(kernels[k]);
                sinter_close(contexts[k]);
            }
            assert_int_equal(owners[0].held + owners[1].held, 0);
        }
}

/* ---- bytes ---- */

static void a_snapshot_goes_on_anywhere(void **state)
{
    (void)state;
    sinter_kernel *first = compiled(everything, SINTER_ENGINE_AUTO);
    sinter_instance *instance = opened(first);
    set(first, instance, "level", 0.25);
    run(instance, wanted, 0, 12345);
    const size_t size = sinter_snapshot_size(instance);
    assert_true(size > 9000 * 8);
    guarded pages = guarded_open(size);
    uint8_t *bytes = pages.high - size;
    assert_int_equal(sinter_snapshot_save(instance, bytes, size - 1), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_save(instance, bytes, size), SINTER_OK);
    run(instance, wanted, 12345, COUNT);
    for (int e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        sinter_kernel *other = compiled(everything, engines[e]);
        sinter_instance *restored = opened(other);
        run(restored, got, 0, 777); /* whatever it held is gone then */
        assert_int_equal(sinter_snapshot_restore(restored, bytes, size), SINTER_OK);
        assert_int_equal(sinter_snapshot_size(restored), size);
        run(restored, got, 12345, COUNT);
        same("restored", 12345, COUNT, 2);
        sinter_instance_close(restored);
        sinter_kernel_close(other);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(first);
    guarded_close(&pages);
}

/* Cut anywhere, or with any byte changed: refused, and the instance is as it was; or taken, and nothing breaks. */
static void broken_snapshots_are_refused(void **state)
{
    (void)state;
    static const char text[] = "input x\nparam k = 0.5 in 0..1\na = x + k*a'\nb = a + 0.5*delay(b, 20)\nout a\nout b";
    sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO);
    sinter_instance *instance = opened(kernel), *other = opened(kernel);
    run(instance, wanted, 0, 100);
    const size_t size = sinter_snapshot_size(instance);
    guarded pages = guarded_open(size);
    uint8_t *whole = calloc(size + 8, 1);
    assert_non_null(whole);
    assert_int_equal(sinter_snapshot_save(instance, whole, size), SINTER_OK);
    for (size_t length = 0; length < size; length++) {
        uint8_t *cut = pages.high - length;
        memcpy(cut, whole, length);
        assert_int_equal(sinter_snapshot_restore(other, cut, length), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_index(other), 0);
    }
    assert_int_equal(sinter_snapshot_restore(other, whole, size + 8), SINTER_BAD_ARGUMENT);
    uint8_t *changed = pages.high - size;
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(changed, whole, size);
            changed[at] ^= (uint8_t)(1 << bit);
            if (sinter_snapshot_restore(other, changed, size) == SINTER_OK) {
                assert_true(at >= 8); /* what says that it is a snapshot */
                double out[2][2];
                void *const outputs[2] = {out[0], out[1]};
                const void *const inputs[1] = {in};
                const sinter_arguments arguments = {.inputs = inputs, .outputs = outputs, .count = 2};
                assert_int_equal(sinter_instance_run(other, &arguments), SINTER_OK);
            }
        }
    memcpy(changed, whole, size);
    changed[15] = 0x7F; /* an index that no stream has come to */
    assert_int_equal(sinter_snapshot_restore(other, changed, size), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_restore(other, whole, size), SINTER_OK);
    run(other, got, 100, 200);
    run(instance, wanted, 100, 200);
    same("after all that", 100, 200, 2);
    assert_int_equal(sinter_snapshot_restore(NULL, whole, size), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_restore(other, NULL, size), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_size(NULL), 0);
    free(whole);
    guarded_close(&pages);
    sinter_instance_close(instance);
    sinter_instance_close(other);
    sinter_kernel_close(kernel);
}

/* ---- the examples ---- */

enum { EXAMPLE_COUNT = 30000, EXAMPLE_CUT = 13337, EXAMPLE_MOST_OUTPUTS = 8 };

static float heard[2][EXAMPLE_MOST_OUTPUTS][EXAMPLE_COUNT];
static unsigned patches;

static sinter_kernel *example_compiled(const char *name, const char *text, size_t length, sinter_engine engine)
{
    sinter_kernel *kernel;
    const sinter_options options = {.source = SINTER_PATCH, .engine = engine};
    if (sinter_compile(context, text, length, &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", name, report.errors[0].message);
    return kernel;
}

static void run_example(sinter_instance *instance, float (*out)[EXAMPLE_COUNT], int from, int to)
{
    static float noise[EXAMPLE_COUNT];
    const void *inputs[EXAMPLE_MOST_OUTPUTS];
    void *outputs[EXAMPLE_MOST_OUTPUTS];
    for (int k = from; k < to; k++)
        noise[k] = (float)in[k] * (k % 9000 < 500 ? 0.3f : 0);
    for (int k = 0; k < EXAMPLE_MOST_OUTPUTS; k++) {
        inputs[k] = noise + from;
        outputs[k] = out[k] + from;
    }
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = to - from}), SINTER_OK);
}

/* Saved in the middle, and restored into an instance of another engine, it sounds the same from there on. */
static void example_goes_on(const char *name, const char *text, size_t length)
{
    arena scratch;
    sn_arena_open(&scratch, NULL);
    const bool is_patch = sn_lang_is_patch(&scratch, text, length);
    sn_arena_close(&scratch);
    if (!is_patch)
        return;
    sinter_kernel *kernel = example_compiled(name, text, length, SINTER_ENGINE_AUTO);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    if (info.stateful) {
        sinter_kernel *other = example_compiled(name, text, length, SINTER_ENGINE_INTERP);
        sinter_instance *instance = opened(kernel);
        assert_true(info.output_count <= EXAMPLE_MOST_OUTPUTS && info.input_count <= EXAMPLE_MOST_OUTPUTS);
        run_example(instance, heard[0], 0, EXAMPLE_COUNT);
        sinter_instance_reset(instance);
        run_example(instance, heard[1], 0, EXAMPLE_CUT);
        instance = restored(kernel, instance, other);
        run_example(instance, heard[1], EXAMPLE_CUT, EXAMPLE_COUNT);
        for (uint32_t k = 0; k < info.output_count; k++)
            if (memcmp(heard[0][k], heard[1][k], sizeof heard[0][k]) != 0)
                fail_msg("%s: output %u does not go on as it was", name, k);
        sinter_instance_close(instance);
        sinter_kernel_close(other);
        patches++;
    }
    sinter_kernel_close(kernel);
}

static void every_example_goes_on(void **state)
{
    (void)state;
    each_example(example_goes_on);
    printf("# %u patches\n", patches);
    assert_true(patches >= 10);
}

static int open_all(void **state)
{
    make_input();
    return open_context(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_engine_goes_on),
        cmocka_unit_test(counters_go_on),
        cmocka_unit_test(what_was_not_touched_goes_on),
        cmocka_unit_test(resized_lines_keep_their_newest_values),
        cmocka_unit_test(near_and_far_lines_are_one_history),
        cmocka_unit_test(what_changes_owners_is_copied_before),
        cmocka_unit_test(what_is_large_is_copied_beforehand),
        cmocka_unit_test(lines_in_another_order_go_on),
        cmocka_unit_test(what_was_lent_is_lent_again),
        cmocka_unit_test(windows_are_carried),
        cmocka_unit_test(carried_lines_go_anywhere),
        cmocka_unit_test(another_type_begins_at_0),
        cmocka_unit_test(tiny_values_go_on_as_they_were),
        cmocka_unit_test(what_was_left_can_begin_again),
        cmocka_unit_test(blocks_go_back_where_they_came_from),
        cmocka_unit_test(a_snapshot_goes_on_anywhere),
        cmocka_unit_test(broken_snapshots_are_refused),
        cmocka_unit_test(every_example_goes_on),
    };
    return cmocka_run_group_tests(tests, open_all, close_context);
}
