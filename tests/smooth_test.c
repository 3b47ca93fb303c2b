/* Smoothed parameters: what they pass through, element by element, against the formulas of sinter/program.h in plain C; that no cutting of
 * calls, no engine, no migration and no snapshot shows; that at rest nothing is there but the program without smoothing. And what
 * becomes of infinities and NaN in recursive state. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 6000, OUTPUTS = 2 };

static double in[COUNT], wanted[OUTPUTS][COUNT], got[OUTPUTS][COUNT];
static float in32[COUNT], wanted32[COUNT], got32[COUNT];
static sinter_report report;

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512,
                                        SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

static sinter_kernel *compiled_by(const char *text, const sinter_options *given)
{
    sinter_kernel *kernel;
    sinter_options options = *given;
    options.source = SINTER_PATCH;
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

static sinter_kernel *compiled(const char *text, sinter_engine engine, sinter_type type)
{
    return compiled_by(text, &(sinter_options){.engine = engine, .type = type});
}

static sinter_instance *opened(const sinter_kernel *kernel)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    return instance;
}

static void run(sinter_instance *instance, int from, int to)
{
    const void *const inputs[1] = {in + from};
    void *const outputs[OUTPUTS] = {got[0] + from, got[1] + from};
    assert_int_equal(sinter_instance_index(instance), from);
    assert_int_equal(
        sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = to - from}), SINTER_OK);
}

static void run32(sinter_instance *instance, int from, int to)
{
    const void *const inputs[1] = {in32 + from};
    void *const outputs[1] = {got32 + from};
    assert_int_equal(
        sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = to - from}), SINTER_OK);
}

static void set(sinter_instance *instance, const sinter_kernel *kernel, const char *name, double value)
{
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, name), value), SINTER_OK);
}

static void make_input(void)
{
    uint32_t state = 1;
    for (int k = 0; k < COUNT; k++) {
        state = state * 1664525u + 1013904223u;
        in[k] = (int32_t)state * 0x1p-31;
        in32[k] = (float)in[k];
    }
}

static void same(const char *what, int from, int to)
{
    for (int o = 0; o < OUTPUTS; o++)
        for (int k = from; k < to; k++)
            if (memcmp(&wanted[o][k], &got[o][k], sizeof(double)) != 0)
                fail_msg("%s: output %d differs at %d: %.17g, not %.17g", what, o, k, got[o][k], wanted[o][k]);
}

/* ---- the values of a move ---- */

typedef struct change {
    int at;
    double value;
    bool jump;
} change;

/* In the midst of a move, at its very end and just before, on ticks, back to where it came from, the value it is going to, far and near. */
static const change changes[] = {{10, 0.25, false},  {64, 0.25, false},   {100, 1, false},    {101, 0.125, false}, {581, -0.0, false},
                                 {1060, 1, false},   {1540, 0.5, false},  {1600, 2, true},    {1664, 0.3, false},  {2143, 0.7, false},
                                 {2200, 0.9, true},  {3200, 0.1, false},  {5000, 1e-7, false}};
enum { CHANGES = sizeof changes / sizeof *changes };

/* One call from one change to the next, cut where `cut` says so. */
static void run_changes(sinter_instance *instance, int cut, void (*run_on)(sinter_instance *, int, int))
{
    for (int k = 0, at = 0; k <= CHANGES; k++) {
        const int end = k < CHANGES ? changes[k].at : COUNT;
        for (int to; at < end; at = to) {
            to = cut && at + cut < end ? at + cut : end;
            run_on(instance, at, to);
        }
        if (k < CHANGES)
            assert_int_equal(changes[k].jump ? sinter_jump(instance, 0, changes[k].value) : sinter_set(instance, 0, changes[k].value),
                             SINTER_OK);
    }
}

/* A ramp of 480 elements, or a glide of twice that, by their formulas. */
static void reference(bool glides, double *values)
{
    const double n = glides ? 960 : 480, slope = log2(1000) / 480;
    double start = 0.5, goal = 0.5;
    int from = 0;
    bool moves = false;
    for (int k = 0, next = 0; k < COUNT; k++) {
        for (int again = 0; again < 2; again++) { /* where a new move starts the old one says from where */
            moves &= k - from < n;
            values[k] = !moves   ? goal
                        : glides ? fma(start - goal, exp2(-slope * (k - from)), goal)
                                 : fma((goal - start) / n, k - from, start);
            if (again || next == CHANGES || changes[next].at != k)
                break;
            const change c = changes[next++];
            if (c.jump || c.value != goal) {
                start = values[k];
                moves = !c.jump;
                goal = c.value;
                from = k;
            }
        }
    }
}

static const sinter_engine *next_engine(const sinter_engine *at)
{
    while (at < engines + ENGINES && !sinter_engine_available(*at, NULL))
        at++;
    return at < engines + ENGINES ? at : NULL;
}
#define EACH_ENGINE(e) const sinter_engine *e = next_engine(engines); e; e = next_engine(e + 1)

static void ramps_are_straight_and_land(void **state)
{
    (void)state;
    static const int cuts[] = {0, 1, 3, 64, 100, 511};
    for (EACH_ENGINE(e)) {
        sinter_kernel *wide = compiled("param g = 0.5 in -5..5 smooth 0.01\nout g\nout 1", *e, SINTER_F64);
        reference(false, wanted[0]);
        for (unsigned c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            sinter_instance *instance = opened(wide);
            run_changes(instance, cuts[c], run);
            for (int k = 0; k < COUNT; k++)
                wanted[1][k] = 1;
            same(sinter_engine_name(*e), 0, COUNT);
            sinter_instance_close(instance);
        }
        sinter_kernel_close(wide);
    }
}

/* What depends on the parameter follows it: a recurrence in f32 whose coefficient moves, beside a plain loop. */
static void what_depends_on_it_follows(void **state)
{
    (void)state;
    static const int cuts[] = {0, 1, 63, 64, 100};
    double values[COUNT];
    reference(false, values);
    float y = 0;
    for (int k = 0; k < COUNT; k++)
        wanted32[k] = y = fmaf((float)values[k] * 0.5f, y, in32[k]);
    for (EACH_ENGINE(e)) {
        const sinter_options strict = {.engine = *e, .type = SINTER_F32, .rewriting = SINTER_STRICT}; /* relaxed it looks ahead at rest */
        sinter_kernel *kernel = compiled_by("input x\nparam g = 0.5 in -5..5 smooth 0.01\nc = g*0.5\ny = x + c*y'\ny", &strict);
        for (unsigned c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            sinter_instance *instance = opened(kernel);
            run_changes(instance, cuts[c], run32);
            for (int k = 0; k < COUNT; k++)
                if (memcmp(&got32[k], &wanted32[k], 4) != 0)
                    fail_msg("%s at %d: %a, not %a", sinter_engine_name(*e), k, (double)got32[k], (double)wanted32[k]);
            sinter_instance_close(instance);
        }
        sinter_kernel_close(kernel);
    }
}

static void glides_approach_and_snap(void **state)
{
    (void)state;
    bool first = true;
    reference(true, wanted[1]);
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel = compiled("param g = 0.5 in -5..5 glide 0.01\nout g\nout g + 0", *e, SINTER_F64);
        for (int cut = 0; cut < 200; cut += 67) {
            sinter_instance *instance = opened(kernel);
            run_changes(instance, cut, run);
            for (int k = 0; k < COUNT; k++)
                if (fabs(got[0][k] - wanted[1][k]) > 2e-15)
                    fail_msg("%s at %d: %.17g, not %.17g", sinter_engine_name(*e), k, got[0][k], wanted[1][k]);
            for (int k = 0; k < COUNT && first; k++)
                wanted[0][k] = got[0][k];
            first = false;
            assert_memory_equal(got[0], wanted[0], sizeof *got);
            sinter_instance_close(instance);
        }
        sinter_kernel_close(kernel);
    }
    /* the move at 3200: a thousandth is left after 480 elements, a millionth after 960, then nothing */
    const double way = 0.9 - 0.1;
    assert_true(fabs((got[0][3680] - 0.1) / way - 1e-3) < 1e-12);
    assert_true(fabs(got[0][4159] - 0.1) / way < 1.02e-6 && got[0][4159] != 0.1 && got[0][4160] == 0.1);
}

/* ---- a program with all kinds of state ---- */

#define STATES \
    "fn pole(v, k) { y = y' + k*(v - y'); y }\n" \
    "n = n' + i32(7)\n" \
    "a = x + 0.5*level*a' - 0.25*a''\n" \
    "b = a + 0.6*delay(b, 700)\n" \
    "c = b + 0.3*delay(c, 9000) + 0.1*level*c'\n" \
    "d = delay(c, 20 + 15*pole(x, 0.01*level) + 10*depth, 60)\n" \
    "e = sum(i, 1, 3, pole(d, 0.1*i))\n" \
    "out level*lowpass(e + 0.001*number(n), cutoff) + rate*0\n" \
    "out depth*saw(110) + 0.1*freeverb(x, d).x + 1e-9*index + 0.1*saw(pitch) + 0.1*sine(pitch*1.5)\n"

static const char smoothed[] = "input x\nparam cutoff = 800 in 20..20000 glide 0.003\nparam level = 0.5 in 0..1 smooth 0.02\n"
                               "param depth = 0.25 in 0..1 smooth 0.0013333333\nparam pitch = 220 in 20..2000 log glide 0.002\n" STATES;
static const char unsmoothed[] = "input x\nparam cutoff = 800 in 20..20000\nparam level = 0.5 in 0..1\nparam depth = 0.25 in 0..1\n"
                                 "param pitch = 220 in 20..2000 log\n" STATES;

typedef struct setting {
    int at;
    const char *name;
    double value;
} setting;
static const setting settings[] = {{64, "level", 0.9},   {128, "depth", 0.75}, {150, "cutoff", 5000}, {400, "cutoff", 300},  {777, "level", 0.1},
                                   {1024, "rate", 44100}, {1025, "level", 1},   {1700, "depth", 0},    {3000, "cutoff", 12000}, {3001, "cutoff", 90},
                                   {2000, "pitch", 880},
                                   {2600, "pitch", 55},   {5990, "level", 0}};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* Applies what is due at `at`; the next time something is. */
static int apply(sinter_instance *instance, const sinter_kernel *kernel, int at)
{
    int next = COUNT;
    for (int k = 0; k < SETTINGS; k++) {
        if (settings[k].at == at)
            set(instance, kernel, settings[k].name, settings[k].value);
        if (settings[k].at > at && settings[k].at < next)
            next = settings[k].at;
    }
    return next;
}

static void run_settings(sinter_instance *instance, const sinter_kernel *kernel, int cut)
{
    for (int at = 0, to; at < COUNT; at = to) {
        const int next = apply(instance, kernel, at);
        to = cut && at + cut < next ? at + cut : next;
        run(instance, at, to);
    }
}

static void no_cutting_shows(void **state)
{
    (void)state;
    static const int cuts[] = {0, 1, 7, 64, 500, 1021};
    bool first = true;
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel = compiled(smoothed, *e, SINTER_F64);
        for (unsigned c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            sinter_instance *instance = opened(kernel);
            run_settings(instance, kernel, cuts[c]);
            if (first)
                memcpy(wanted, got, sizeof wanted);
            first = false;
            same(sinter_engine_name(*e), 0, COUNT);
            sinter_instance_close(instance);
        }
        sinter_kernel_close(kernel);
    }
}

/* ---- at rest ---- */

/* The same code, instruction by instruction but for addresses, and the same bits: before the first move and after the last. */
static void at_rest_it_is_the_program_without(void **state)
{
    (void)state;
    for (EACH_ENGINE(e)) {
        sinter_kernel *with = compiled_by(smoothed, &(sinter_options){.engine = *e, .type = SINTER_F64, .marks = true});
        sinter_kernel *without = compiled_by(unsmoothed, &(sinter_options){.engine = *e, .type = SINTER_F64, .marks = true});
        const sinter_kernel_info a = sinter_kernel_describe(with), b = sinter_kernel_describe(without);
        assert_true(a.operations == b.operations && a.hoisted == b.hoisted && a.loops == b.loops);
        assert_true(a.parameter_count == b.parameter_count && a.state_bytes == b.state_bytes);
        sinter_code_part mine, plain;
        for (uint32_t k = 0; sinter_kernel_code(without, k, &plain); k++) {
            assert_true(sinter_kernel_code(with, k, &mine));
            assert_string_equal(mine.name, plain.name);
            assert_int_equal(mine.size, plain.size);
        }
        sinter_instance *moves = opened(with), *jumps = opened(without);
        set(jumps, without, "cutoff", 2000);
        set(moves, with, "cutoff", 2000); /* nothing ran yet: at once */
        run(jumps, 0, 3000);
        memcpy(wanted, got, sizeof wanted);
        run(moves, 0, 1000);
        assert_int_equal(sinter_jump(moves, sinter_parameter_number(with, "level"), 0.5), SINTER_OK);
        set(moves, with, "depth", 0.25); /* where it is */
        run(moves, 1000, 3000);
        same("at rest", 0, 3000);
        sinter_instance_close(moves);
        sinter_instance_close(jumps);
        sinter_kernel_close(with);
        sinter_kernel_close(without);
    }
}

/* At rest the past of x is in a register of the filter's loop; while the coefficient moves there is enough to do in lanes for
 * loops of their own, and it is a window in memory. */
static void lines_change_their_places(void **state)
{
    (void)state;
    static const char text[] = "input x\nparam g = 0.5 in -5..5 smooth 0.01\n"
                               "c = 0.5*sin(g)*exp(-g*g)\ny = x + c*y'\nout y + x'\nout x'''";
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel = compiled(text, *e, SINTER_F64);
        for (int cut = 0; cut < 1000; cut += 333) {
            sinter_instance *instance = opened(kernel);
            run_changes(instance, cut, run);
            for (int k = 3; k < COUNT; k++)
                if (got[1][k] != in[k - 3])
                    fail_msg("%s at %d", sinter_engine_name(*e), k);
            sinter_instance_close(instance);
        }
        sinter_kernel_close(kernel);
    }
}

/* Another one moves; −0 and infinities stay what they are. */
static void what_rests_keeps_its_bits(void **state)
{
    (void)state;
    static const double values[] = {-0.0, 0, 0.1, -(double)INFINITY, 1e-310, 1.7e308};
    for (EACH_ENGINE(e))
        for (int kind = 0; kind < 2; kind++) {
            sinter_kernel *kernel = compiled(kind ? "param g = 0 smooth 0.01\nparam h = 0 glide 1\nout h\nout g"
                                                  : "param g = 0 glide 0.01\nparam h = 0 smooth 1\nout h\nout g", *e, SINTER_F64);
            for (unsigned v = 0; v < sizeof values / sizeof *values; v++) {
                sinter_instance *instance = opened(kernel);
                set(instance, kernel, "h", values[v]);
                run(instance, 0, 100);
                set(instance, kernel, "g", 1);
                run(instance, 100, 300);
                assert_true(got[1][299] > 0 && got[1][299] < 1);
                for (int k = 0; k < 300; k++)
                    assert_memory_equal(&got[0][k], &values[v], sizeof *values);
                sinter_instance_close(instance);
            }
            sinter_kernel_close(kernel);
        }
}

/* Once it has arrived, the program without memory is as if it had been there all the time; and not one element earlier. */
static void it_arrives_at_the_element(void **state)
{
    (void)state;
    for (int n = 1; n < 200; n += 9) {
        char text[120];
        snprintf(text, sizeof text, "input x\nparam g = 2 smooth %.17g\nout x*sin(g)\nout g", n / 48000.0);
        sinter_kernel *kernel = compiled(text, SINTER_ENGINE_AUTO, SINTER_F64);
        sinter_instance *instance = opened(kernel);
        run(instance, 0, 55);
        set(instance, kernel, "g", 3);
        run(instance, 55, 1000);
        assert_true(got[1][54] == 2 && got[1][55] == 2 && got[1][54 + n] != 3 && got[1][55 + n] == 3);
        memcpy(wanted, got, sizeof wanted);
        sinter_instance_reset(instance);
        run(instance, 0, 1000);
        same("arrived", 55 + n, 1000);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* ---- instances change in the midst of moves ---- */

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

/* By way of bytes, into an instance in which something else moves. */
static sinter_instance *restored(const sinter_kernel *from, sinter_instance *old, const sinter_kernel *to)
{
    (void)from;
    static double rubbish[OUTPUTS][64];
    sinter_instance *new = opened(to);
    const sinter_arguments some = {
        .inputs = (const void *const[]){in}, .outputs = (void *const[]){rubbish[0], rubbish[1]}, .count = 64};
    assert_int_equal(sinter_instance_run(new, &some), SINTER_OK);
    set(new, to, "depth", 1);
    assert_int_equal(sinter_instance_run(new, &some), SINTER_OK);
    const size_t size = sinter_snapshot_size(old);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    assert_int_equal(sinter_snapshot_save(old, bytes, size), SINTER_OK);
    for (size_t cut = 0; cut < size; cut += cut < 16 || size - cut < 200 ? 1 : 4001)
        assert_int_equal(sinter_snapshot_restore(new, bytes, cut), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_snapshot_restore(new, bytes, size), SINTER_OK);
    free(bytes);
    sinter_instance_close(old);
    return new;
}

static void moves_go_on_elsewhere(void **state)
{
    (void)state;
    sinter_kernel *kernels[ENGINES];
    int available = 0;
    for (EACH_ENGINE(e))
        kernels[available++] = compiled(smoothed, *e, SINTER_F64);
    sinter_instance *instance = opened(kernels[0]);
    run_settings(instance, kernels[0], 0);
    memcpy(wanted, got, sizeof wanted);
    sinter_instance_close(instance);
    instance = opened(kernels[0]);
    for (int at = 0, to, k = 0; at < COUNT; at = to, k++) {
        const int next = apply(instance, kernels[k % available], at), length = 1 + k * 37 % 101;
        to = at + length < next ? at + length : next;
        run(instance, at, to);
        instance = (k / 2 % 2 ? moved : restored)(kernels[k % available], instance, kernels[(k + 1) % available]);
    }
    same("elsewhere", 0, COUNT);
    sinter_instance_close(instance);
    for (int k = 0; k < available; k++)
        sinter_kernel_close(kernels[k]);
}

/* An edit of the smoothing itself: on from where it is, in the new way; without smoothing it is there. */
static void edited_moves_go_on_from_where_they_are(void **state)
{
    (void)state;
    static const char *const texts[] = {"param depth = 0 in -9..9 smooth 0.01\nout depth\nout 1", "param depth = 0 in -9..9 glide 0.01\nout depth\nout 1",
                                        "param depth = 0 in -9..9\nout depth\nout 1", "param depth = 0 in -9..4 smooth 0.01\nout depth\nout 1"};
    for (int both = 0; both < 32; both++) {
        const int a = both % 4, b = both / 4 % 4;
        sinter_kernel *old = compiled(texts[a], SINTER_ENGINE_AUTO, SINTER_F64), *new = compiled(texts[b], SINTER_ENGINE_AUTO, SINTER_F64);
        sinter_instance *instance = opened(old);
        const double goal = a == 3 ? 4 : 8, new_goal = b == 3 ? 4 : goal;
        run(instance, 0, 100);
        set(instance, old, "depth", goal);
        run(instance, 100, 200);
        instance = (both / 16 ? moved : restored)(old, instance, new);
        assert_true(sinter_get(instance, 0) == new_goal);
        run(instance, 200, 1400);
        const double before = got[0][199], here = got[0][200], step = fabs(here - before);
        if (a == 2 || b == 2)
            assert_true(here == new_goal);
        else
            assert_true(here > before && step < goal / 50 && here < goal);
        assert_true(got[0][1399] == new_goal);
        sinter_instance_close(instance);
        sinter_kernel_close(old);
        sinter_kernel_close(new);
    }
}

static void broken_moves_are_refused(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled("param depth = 0 smooth 0.01\nout depth\nout 1", SINTER_ENGINE_AUTO, SINTER_F64);
    sinter_instance *instance = opened(kernel);
    run(instance, 0, 100);
    set(instance, kernel, "depth", 8);
    run(instance, 100, 200);
    uint8_t bytes[512], broken[512];
    const size_t size = sinter_snapshot_size(instance);
    assert_in_range(size, 1, sizeof bytes);
    assert_int_equal(sinter_snapshot_save(instance, bytes, size), SINTER_OK);
    const size_t ramp = size - 16 - 6 * 8; /* behind it its name, whose length and bytes take 16 */
    static const struct {
        int field;
        uint64_t bits;
    } wrong[] = {{0, 0}, {0, 3}, {1, 201}, {1, UINT64_MAX}, {2, 200}, {2, UINT64_MAX / 2}, {3, 0x7FF0000000000000u},
                 {4, 0x7FF8000000000000u}, {5, 0x3FF0000000000000u}, {5, 0xFFF0000000000000u}};
    for (unsigned k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        memcpy(broken, bytes, size);
        for (int byte = 0; byte < 8; byte++)
            broken[ramp + 8 * (size_t)wrong[k].field + (size_t)byte] = (uint8_t)(wrong[k].bits >> 8 * byte);
        assert_int_equal(sinter_snapshot_restore(instance, broken, size), SINTER_BAD_ARGUMENT);
    }
    assert_int_equal(sinter_snapshot_restore(instance, bytes, size), SINTER_OK);
    run(instance, 200, 1000);
    assert_true(got[0][579] != 8 && got[0][580] == 8);
    /* any byte, by any other: refused, or something that runs */
    uint32_t dice = 1, taken = 0;
    for (int k = 0; k < 4000; k++) {
        double out[OUTPUTS][70];
        memcpy(broken, bytes, size);
        dice = dice * 1664525u + 1013904223u;
        broken[(dice >> 8) % size] = (uint8_t)(dice >> 20 ^ dice >> 4);
        if (sinter_snapshot_restore(instance, broken, size) != SINTER_OK)
            continue;
        taken++;
        const sinter_arguments a = {.outputs = (void *const[]){out[0], out[1]}, .count = 70};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        assert_true(out[1][69] == 1);
    }
    assert_in_range(taken, 100, 3900);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* ---- what callers see ---- */

static void parameters_look_as_they_did(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled("param g = 0.5 in 0..1 smooth 0.25\nparam h = 1 glide 2\nparam k = 1\nout g + h + k\nout 1", SINTER_ENGINE_AUTO, SINTER_F64);
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.parameter_count, 4);
    assert_int_equal(sinter_parameter_number(kernel, "g@base"), -1);
    const sinter_parameter_info *g = &info.parameters[sinter_parameter_number(kernel, "g")], *h = &info.parameters[sinter_parameter_number(kernel, "h")],
                                *k = &info.parameters[sinter_parameter_number(kernel, "k")];
    assert_true(g->smoothing == SINTER_RAMP && g->seconds == 0.25 && h->smoothing == SINTER_GLIDE && h->seconds == 2 && !k->smoothing);
    sinter_instance *instance = opened(kernel);
    run(instance, 0, 10);
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "g"), 3), SINTER_OK);
    assert_true(sinter_get(instance, sinter_parameter_number(kernel, "g")) == 1);
    assert_int_equal(sinter_jump(instance, 4, 3), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_jump(instance, 0, (double)NAN), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_jump(NULL, 0, 1), SINTER_BAD_ARGUMENT);
    run(instance, 10, 20);
    sinter_instance_reset(instance);
    run(instance, 0, 10);
    assert_true(got[0][0] == 3 && got[0][9] == 3);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* Fixed parameters are constants; a fixed rate still counts the seconds. */
static void fixed_parameters_do_not_move(void **state)
{
    (void)state;
    static const char *const names[] = {"g", "rate"};
    static const double values[] = {0.75, 1000};
    for (uint32_t count = 1; count <= 2; count++)
        for (uint32_t first = 0; first + count <= 2; first++) {
            sinter_kernel *kernel = compiled_by("param g = 0.5 smooth 0.1\nparam h = 0 smooth 0.1\nout g\nout h",
                                                &(sinter_options){.type = SINTER_F64, .fixed_names = names + first, .fixed_values = values + first,
                                                                  .fixed_count = count});
            sinter_instance *instance = opened(kernel);
            assert_int_equal(sinter_parameter_number(kernel, "g") < 0, first == 0);
            run(instance, 0, 10);
            set(instance, kernel, "h", 1);
            run(instance, 10, COUNT);
            const int n = first + count == 2 ? 100 : 4800;
            assert_true(got[0][20] == (first == 0 ? 0.75 : 0.5) && got[1][9 + n] < 1 && got[1][10 + n] == 1);
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
        }
}

/* Programs built by calls: without a rate there are 48,000 elements a second; a guard whose mask moves; a way without end is a jump. */
static void builders_smooth(void **state)
{
    (void)state;
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel;
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value g = sinter_parameter(p, "g", SINTER_F64, 0, -(double)INFINITY, (double)INFINITY);
        sinter_smooth(p, g, SINTER_RAMP, 0.001);
        const sinter_value above = sinter_emit(p, SINTER_OP_LT, sinter_f64(p, 0.5), g, 0);
        sinter_output(p, "a", g);
        sinter_output(p, "b", sinter_emit(p, SINTER_OP_GUARD, above, g, sinter_mul(p, sinter_index(p), g)));
        assert_int_equal(sinter_compile_program(context, p, &(sinter_options){.engine = *e}, &kernel, &report), SINTER_OK);
        sinter_instance *instance = opened(kernel);
        run(instance, 0, 10);
        set(instance, kernel, "g", 1);
        run(instance, 10, 100);
        for (int k = 0; k < 100; k++) {
            const double value = k < 10 ? 0 : k < 58 ? fma(1.0 / 48, k - 10, 0) : 1;
            assert_true(got[0][k] == value && got[1][k] == (value > 0.5 ? value : k * value));
        }
        set(instance, kernel, "g", (double)INFINITY);
        run(instance, 100, 200);
        assert_true(isinf(got[0][100]));
        set(instance, kernel, "g", 0);
        run(instance, 200, 300);
        assert_true(got[0][200] == 0);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
        sinter_program_close(p);
    }
    static const float content[4] = {10, 20, 30, 40};
    for (EACH_ENGINE(e)) { /* both programs are handed the call's tables */
        sinter_kernel *kernel;
        sinter_program *p = sinter_program_open(NULL);
        const uint32_t table = sinter_bound_table(p, "t", SINTER_F32);
        const sinter_value g = sinter_parameter(p, "g", SINTER_F32, 0, -9, 9);
        sinter_smooth(p, g, SINTER_RAMP, 0.002);
        sinter_output(p, "a", sinter_load(p, table, sinter_convert(p, g, SINTER_I32)));
        assert_int_equal(sinter_compile_program(context, p, &(sinter_options){.engine = *e}, &kernel, &report), SINTER_OK);
        sinter_instance *instance = opened(kernel);
        sinter_arguments a = {.outputs = (void *const[]){got32}, .count = 8, .tables = (const void *const[]){content},
                              .table_lengths = (const uint32_t[]){4}};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        set(instance, kernel, "g", 3);
        a.count = 200;
        assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.outputs = a.outputs, .count = 200}), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        for (int k = 0; k < 200; k++)
            assert_true(got32[k] == content[k < 96 ? (int)(float)fma(3.0 / 96, k, 0) : 3]);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
        sinter_program_close(p);
    }
    for (int k = 0; k < 5; k++) {
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value g = sinter_parameter(p, "g", k == 0 ? SINTER_I32 : SINTER_F32, 0, 0, 1);
        sinter_smooth(p, k == 1 ? sinter_f32(p, 1) : g, k == 2 ? (sinter_smoothing)3 : SINTER_GLIDE, k == 3 ? 0 : k == 4 ? 1001 : 1);
        assert_int_equal(sinter_program_status(p, NULL), SINTER_BAD_PROGRAM);
        sinter_program_close(p);
    }
}

/* Derivatives follow as everything does; functions of one element see the goal. */
static void derivatives_move_and_functions_do_not(void **state)
{
    (void)state;
    static const char *const by[] = {"g"};
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel = compiled_by("param g = 0.5 in -5..5 smooth 0.01\ng*g*g", &(sinter_options){
                                                .type = SINTER_F64, .engine = *e, .rewriting = SINTER_STRICT, .gradient = by, .gradient_count = 1});
        sinter_instance *instance = opened(kernel);
        run_changes(instance, 50, run);
        double values[COUNT];
        reference(false, values);
        for (int k = 0; k < COUNT; k++) {
            const double g = values[k];
            assert_true(got[0][k] == g * g * g);
            assert_true(fabs(got[1][k] - 3 * g * g) <= 1e-15 * (1 + g * g));
        }
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
    sinter_kernel *kernel = compiled("input x\nparam g = 0.5 in -5..5 smooth 0.01\nx*g", SINTER_ENGINE_AUTO, SINTER_F64);
    double (*function)(const void *, double) = (double (*)(const void *, double))sinter_kernel_function(kernel, NULL);
    sinter_instance *instance = opened(kernel);
    run(instance, 0, 10);
    set(instance, kernel, "g", 2);
    assert_true(!function || function(sinter_instance_frame(instance), 8) == 16);
    run(instance, 10, 20);
    assert_true(got[0][19] == in[19] * fma(1.5 / 480, 9, 0.5));
    assert_true(!function || function(sinter_instance_frame(instance), 8) == 16);
    assert_true(function || !sinter_engine_available(SINTER_ENGINE_SCALAR, NULL));
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void wrong_clauses_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        bool field;
    } cases[] = {
        {"param g = 1 smooth 0\ng", "the time of smoothing is above 0 and at most 1,000 seconds", false},
        {"param g = 1 glide 1001\ng", "the time of smoothing is above 0 and at most 1,000 seconds", false},
        {"input x\nparam g = 1 smooth x\ng", "the time of smoothing is a constant", false},
        {"param g = 1 smooth 0.1\ng*x", "only the parameters of a patch are smoothed", true},
    };
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_kernel *kernel;
        const sinter_options options = {.source = cases[k].field ? SINTER_FIELD : SINTER_PATCH};
        assert_int_equal(sinter_compile(context, cases[k].text, strlen(cases[k].text), &options, &kernel, &report), SINTER_BAD_PROGRAM);
        assert_string_equal(report.errors[0].message, cases[k].message);
    }
    /* no words of the language elsewhere */
    sinter_kernel_close(compiled("input smooth, glide\nsmooth + glide", SINTER_ENGINE_AUTO, SINTER_F64));
}

/* ---- what is not finite ---- */

/* One NaN, one infinity, and one value that overflows, into all kinds of cycles. After the tick and the lengths of the lines all is as finite
 * as the input. */
static void what_is_not_finite_leaves_the_state(void **state)
{
    (void)state;
    static const char text[] = "input x\n"
                               "one = x + 0.5*one'\n"
                               "band = svf(x, 1000, 2).y\n"
                               "out one + band + lowpass(x, 500)\n"
                               "long = x + 0.5*delay(long, 100)\n"
                               "near = x + 0.3*delay(long, 3) + 0.2*near''\n"
                               "out long + near + (x - x')";
    enum { LONGEST = 100 };
    double loud[COUNT];
    memcpy(loud, in, sizeof loud);
    in[1000] = (double)NAN;
    in[2001] = (double)INFINITY;
    in[3002] = -1e308;
    in[3003] = -1e308;
    bool first = true;
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel = compiled(text, *e, SINTER_F64);
        for (int cut = 0; cut < 200; cut += 33) {
            sinter_instance *instance = opened(kernel);
            uint64_t count = 1;
            assert_null(sinter_instance_fault(instance, &count));
            assert_int_equal(count, 0);
            for (int at = 0, to; at < COUNT; at = to) {
                to = cut && at + cut < COUNT ? at + cut : COUNT;
                run(instance, at, to);
            }
            for (int k = 0; k < COUNT; k++) {
                const bool may = (k >= 1000 && k < 1024 + LONGEST) || (k >= 2001 && k < 2048 + LONGEST) || (k >= 3002 && k < 3008 + LONGEST);
                for (int o = 0; o < OUTPUTS; o++) {
                    if (!may && !isfinite(got[o][k]))
                        fail_msg("%s: output %d at %d", sinter_engine_name(*e), o, k);
                    if (isnan(got[o][k])) /* its sign is not promised */
                        got[o][k] = (double)NAN;
                }
            }
            assert_true(isnan(got[0][1023]) && isfinite(got[0][1024])); /* it was there, up to the tick */
            assert_true(isnan(got[1][1000]) && isinf(got[1][2001]));
            if (first)
                memcpy(wanted, got, sizeof wanted);
            first = false;
            same("not finite", 0, COUNT);
            const char *name = sinter_instance_fault(instance, &count);
            assert_non_null(name);
            assert_true(strcmp(name, "one") == 0 || strncmp(name, "svf.", 4) == 0 || strncmp(name, "lowpass.", 8) == 0 || strncmp(name, "near", 4) == 0);
            assert_in_range(count, 6, 40);
            sinter_instance_close(instance);
        }
        sinter_kernel_close(kernel);
    }
    memcpy(in, loud, sizeof loud);
}

/* At writes the borders are sharp, and nothing between them changes a bit. */
static void long_lines_keep_what_is_between_the_borders(void **state)
{
    (void)state;
    static const char text[] = "input x\nparam k = 0\ny = x + k*delay(y, 5)\ndelay(y, 5)";
    const float f[] = {1e-30f, nextafterf(1e-30f, 0), FLT_MAX, INFINITY, NAN, 1, 0x1p-149f, 0x1p-126f, 3e-30f, 1e38f, 0};
    const double d[] = {1e-250, nextafter(1e-250, 0), DBL_MAX, (double)INFINITY, (double)NAN, 1, 0x1p-1074, 0x1p-1022, 3e-250, 1e300, 0};
    static const int stays[] = {1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0};
    enum { VALUES = sizeof stays / sizeof *stays, TURNS = 2 * VALUES };
    for (EACH_ENGINE(e))
        for (int wide = 0; wide < 2; wide++) {
            sinter_kernel *kernel = compiled(text, *e, wide ? SINTER_F64 : SINTER_F32);
            sinter_instance *instance = opened(kernel);
            float narrow[2][TURNS + 5] = {{0}};
            double broad[2][TURNS + 5] = {{0}};
            for (int k = 0; k < TURNS; k++) {
                narrow[0][k] = k < VALUES ? f[k] : -f[k - VALUES];
                broad[0][k] = k < VALUES ? d[k] : -d[k - VALUES];
            }
            const void *from = wide ? (void *)broad[0] : (void *)narrow[0];
            void *to = wide ? (void *)broad[1] : (void *)narrow[1];
            assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = &from, .outputs = &to, .count = TURNS + 5}), SINTER_OK);
            for (int k = 0; k < TURNS; k++) {
                const double zero = 0;
                const size_t size = wide ? 8 : 4;
                const void *as = wide ? (void *)&broad[0][k] : (void *)&narrow[0][k];
                if (memcmp((char *)to + size * (size_t)(k + 5), stays[k % VALUES] ? as : &zero, size) != 0)
                    fail_msg("%s, %d: value %d", sinter_engine_name(*e), wide, k);
            }
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
        }
}

/* Exactly which and how often. */
static void faults_are_named_and_counted(void **state)
{
    (void)state;
    double loud[COUNT];
    memcpy(loud, in, sizeof loud);
    in[100] = (double)NAN;
    in[300] = (double)INFINITY;
    for (EACH_ENGINE(e)) {
        sinter_kernel *kernel = compiled("input x\nfn leak(v) { y = v + 0.5*y'; y }\nout leak(x)\nout x + delay(x, 5)", *e, SINTER_F64);
        sinter_instance *instance = opened(kernel);
        uint64_t count;
        run(instance, 0, 128);
        assert_null(sinter_instance_fault(instance, &count));
        run(instance, 128, 129);
        assert_string_equal(sinter_instance_fault(instance, &count), "leak.y");
        assert_int_equal(count, 1);
        run(instance, 129, COUNT);
        assert_string_equal(sinter_instance_fault(instance, &count), "leak.y");
        assert_int_equal(count, 2);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
    assert_null(sinter_instance_fault(NULL, NULL));
    memcpy(in, loud, sizeof loud);
}

int main(void)
{
    make_input();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ramps_are_straight_and_land),
        cmocka_unit_test(what_depends_on_it_follows),
        cmocka_unit_test(glides_approach_and_snap),
        cmocka_unit_test(no_cutting_shows),
        cmocka_unit_test(at_rest_it_is_the_program_without),
        cmocka_unit_test(lines_change_their_places),
        cmocka_unit_test(what_rests_keeps_its_bits),
        cmocka_unit_test(it_arrives_at_the_element),
        cmocka_unit_test(moves_go_on_elsewhere),
        cmocka_unit_test(edited_moves_go_on_from_where_they_are),
        cmocka_unit_test(broken_moves_are_refused),
        cmocka_unit_test(parameters_look_as_they_did),
        cmocka_unit_test(fixed_parameters_do_not_move),
        cmocka_unit_test(builders_smooth),
        cmocka_unit_test(derivatives_move_and_functions_do_not),
        cmocka_unit_test(wrong_clauses_are_errors),
        cmocka_unit_test(what_is_not_finite_leaves_the_state),
        cmocka_unit_test(long_lines_keep_what_is_between_the_borders),
        cmocka_unit_test(faults_are_named_and_counted),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
