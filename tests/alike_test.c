/* Components that are alike run side by side, one a lane, and nobody can tell but by the clock: on every engine, cut in any way, each has the bits that it has in a
 * program of its own, where it is alone. Which ones share a loop, and which do not, stands in the plan's text. */
#include "open_context.h"
#include "repetitions.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 2000, MOST = 40, TEXT = 1 << 14, INPUTS = 2 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

typedef union stream {
    float f32[COUNT];
    double f64[COUNT];
} stream;

static stream in[INPUTS], wanted[MOST], got[MOST];
static sinter_report report;
static bool wide;

static size_t element(void)
{
    return wide ? sizeof(double) : sizeof(float);
}

static void *at(stream *s, int k)
{
    return wide ? (void *)&s->f64[k] : (void *)&s->f32[k];
}

static void set_type(bool is_wide)
{
    wide = is_wide;
    uint32_t n = 1;
    for (int i = 0; i < INPUTS; i++)
        for (int k = 0; k < COUNT; k++) {
            n = n * 1664525u + 1013904223u;
            const double value = k < COUNT / 2 ? (int32_t)n * 0x1p-31 : 0; /* then silence, in which states become small */
            if (wide)
                in[i].f64[k] = value;
            else
                in[i].f32[k] = (float)value;
        }
}

/* ---- programs ---- */

/* What a component is: `fn part(x, k)`, of which there are several, with other k and other inputs. */
typedef struct kind {
    const char *name, *text;
    int recurrences; /* in one of them */
    bool narrow;     /* of f64, the eight that fit a loop are too few to pay */
} kind;

static const kind kinds[] = {
    {"a filter", "fn part(x, k) = svf(x, 200 + 97*k, 1 + 0.1*k).x\n", 1, false},
    {"an envelope", "fn part(x, k) = adsr(x, 0.001 + 0.0001*k, 0.002, 0.5 + 0.01*k, 0.003)\n", 1, false},
    {"a follower", "fn part(x, k) {\n y = min(max(y' + (abs(x) > y' ? 0.1 + 0.01*k : 0.001)*(abs(x) - y'), 0.001), 1)*0.9999 + 1e-9\n x/y\n}\n", 1, true},
    {"masks and integers", "fn part(x, k) {\n n = (n' + i32(x*1000))*i32(5) - (n' >> i32(7)) + i32(100 + k)\n b = x > y' && n < n'*i32(3) ? x - y' : 0.25*y'\n"
                           " y = clamp(b + (k + 0.5)*0.01*x, -1, 1)\n y + number(n)*1e-9\n}\n", 2, false},
    {"longer memory", "fn part(x, k) {\n y = x - (0.3 + 0.001*k)*y'''''' + 0.2*y'' - 0.1*abs(y''' - y'''''''')\n z = min(y + 0.5*z'', 1) + 0.3*z'''\n z\n}\n", 2, false},
    {"a cold region", "fn part(x, k) {\n y = 0.3*sin(300*y' + (3 + k)*x + (x > 0.99 ? 1e9 : 0)) + 0.1*y'\n y\n}\n", 1, false},
    {"a filter and an envelope", "fn part(x, k) = svf(x, 200 + 97*k, 1 + 0.1*k).x*adsr(x, 0.001 + 0.0001*k, 0.002, 0.5 + 0.01*k, 0.003)\n", 1, false},
    {"much from outside", "fn part(x, k) {\n y = 0.02*sum(i, 1, 40, min(abs(y' - sqrt(abs(x*(k + 0.1*i)))), 1))\n y\n}\n", 1, false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef void writer(char *text, size_t *used, int k);

static __attribute__((format(printf, 3, 4))) void add(char *text, size_t *used, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    *used += (size_t)vsnprintf(text + *used, TEXT - *used, format, list);
    va_end(list);
    assert_true(*used < TEXT);
}

static void reads_one(char *text, size_t *used, int k)
{
    add(text, used, "out part(x, %d)\n", k);
}

static void reads_either(char *text, size_t *used, int k)
{
    add(text, used, "out part(%s, %d)\n", k % 3 ? "x" : "y", k);
}

static void reads_what_was_made(char *text, size_t *used, int k)
{
    add(text, used, "out part(x*%d.5 + 0.5*y, %d)\n", k % 7, k);
}

static void reads_parameters(char *text, size_t *used, int k)
{
    add(text, used, "out part(x, c*%d + %s)\n", k, k % 2 ? "d" : "c");
}

static writer *const writers[] = {reads_one, reads_either, reads_what_was_made, reads_parameters};
enum { WRITERS = sizeof writers / sizeof *writers };

/* Components [from, to) of a kind. */
static const char *written(const kind *what, writer *write, int from, int to)
{
    static char text[TEXT];
    size_t used = 0;
    add(text, &used, "input x\ninput y\nparam c = 1.5 in 0..10\nparam d = 2.5 in 0..10\n%s", what->text);
    for (int k = from; k < to; k++)
        write(text, &used, k);
    return text;
}

static sinter_options options_for(sinter_engine engine)
{
    return (sinter_options){.source = SINTER_PATCH, .type = wide ? SINTER_F64 : SINTER_F32, .engine = engine, .rewriting = SINTER_STRICT};
}

static sinter_kernel *compiled(const char *text, sinter_engine engine)
{
    sinter_kernel *kernel;
    const sinter_options options = options_for(engine);
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    return kernel;
}

/* How many loops of alike components there are, and how many components are in them. */
static int loops_in_lanes(const char *text, int *components)
{
    char *plan;
    size_t length;
    int loops = 0;
    const sinter_options options = options_for(SINTER_ENGINE_INTERP);
    if (sinter_dump(context, text, strlen(text), &options, SINTER_DUMP_PLAN, NULL, &plan, &length, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    *components = 0;
    for (const char *found = plan; (found = strstr(found, " slices alike")) != NULL; found++) {
        const char *number = found;
        while (number[-1] >= '0' && number[-1] <= '9')
            number--;
        *components += atoi(number);
        loops++;
    }
    sinter_dump_release(context, plan, length);
    return loops;
}

/* ---- running ---- */

static sinter_instance *opened(const sinter_kernel *kernel)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    return instance;
}

static void run(sinter_instance *instance, stream *out, int outputs, int from, int to)
{
    const void *inputs[INPUTS];
    void *places[MOST];
    for (int k = 0; k < INPUTS; k++)
        inputs[k] = at(&in[k], from);
    for (int k = 0; k < outputs; k++)
        places[k] = at(&out[k], from);
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = places, .count = to - from}), SINTER_OK);
}

static int next_cut(int from, int step)
{
    static const int mixed[] = {1, 3, 64, 5, 700, 2, 63, 65, 8, 129, 4};
    const int n = step ? step : mixed[from % 11];
    return from + n < COUNT ? from + n : COUNT;
}

/* Parameters change at these elements, however the stream is cut. */
static void set_parameters(const sinter_kernel *kernel, sinter_instance *instance, int index)
{
    const int c = sinter_parameter_number(kernel, "c"), d = sinter_parameter_number(kernel, "d");
    if (c >= 0)
        assert_int_equal(sinter_set(instance, c, 1.5 + index * 0.001), SINTER_OK);
    if (d >= 0)
        assert_int_equal(sinter_set(instance, d, 2.5 - index * 0.0007), SINTER_OK);
}

enum { CHANGE = 700 };

static void run_all(const char *text, sinter_engine engine, int step, stream *out, int outputs)
{
    sinter_kernel *kernel = compiled(text, engine);
    sinter_instance *instance = opened(kernel);
    for (int from = 0, to; from < COUNT; from = to) {
        to = next_cut(from, step);
        if (from % CHANGE == 0)
            set_parameters(kernel, instance, from);
        if (to > (from / CHANGE + 1) * CHANGE)
            to = (from / CHANGE + 1) * CHANGE;
        run(instance, out, outputs, from, to);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void run_alone(const kind *what, writer *write, int count)
{
    for (int k = 0; k < count; k++) {
        int components;
        const char *text = written(what, write, k, k + 1);
        if (k == 2)
            assert_int_equal(loops_in_lanes(text, &components), 0);
        run_all(text, SINTER_ENGINE_INTERP, 0, &wanted[k], 1);
    }
}

static void same(const char *what, sinter_engine engine, int count, int step, int from)
{
    for (int k = 0; k < count; k++)
        for (int i = from; i < COUNT; i++)
            if (memcmp(at(&got[k], i), at(&wanted[k], i), element()) != 0)
                fail_msg("%s, %d of them, %s, %s, blocks of %d: component %d differs at %d: %.9g, not %.9g", what, count, wide ? "f64" : "f32",
                         sinter_engine_name(engine), step, k, i, wide ? got[k].f64[i] : (double)got[k].f32[i],
                         wide ? wanted[k].f64[i] : (double)wanted[k].f32[i]);
}

static void agree_on(const char *what, const char *text, int count, int step)
{
    for (int e = 0; e < ENGINES; e++)
        if (sinter_engine_available(engines[e], NULL)) {
            memset(got, 0x55, sizeof got);
            run_all(text, engines[e], step, got, count);
            same(what, engines[e], count, step, 0);
        }
}

/* ---- alike ---- */

static void components_have_the_bits_that_they_have_alone(void **state)
{
    (void)state;
    static const int counts[] = {2, 5, 8, 9, 13, 16, 17, 24, 31, 33, 40}, steps[] = {0, 1, 2, 7, 64, 8192};
    unsigned turn = 0;
    for (int is_wide = 0; is_wide < 2; is_wide++) {
        set_type(is_wide);
        for (int k = 0; k < KINDS; k++)
            for (int w = 0; w < WRITERS; w++) {
                if ((uint64_t)(k + w) % test_share())
                    continue;
                const int first = counts[turn % 11], second = counts[(turn + 1) % 11];
                run_alone(&kinds[k], writers[w], first > second ? first : second);
                for (int turns = 0; turns < 2; turns++, turn++) {
                    const int count = turns ? second : first;
                    agree_on(kinds[k].name, written(&kinds[k], writers[w], 0, count), count, steps[turn % 6]);
                }
            }
    }
}

/* As many as there are lanes in the widest vector share a loop; fewer where it still pays. */
static void all_are_in_lanes(void **state)
{
    (void)state;
    for (int is_wide = 0; is_wide < 2; is_wide++) {
        set_type(is_wide);
        const int most = wide ? 8 : 16;
        for (int k = 0; k < KINDS; k++)
            for (int w = 0; w < WRITERS && !(wide && kinds[k].narrow); w++)
                for (int count = 16; count <= 32; count += 16) {
                    if ((uint64_t)(k + w + count / 16) % test_share())
                        continue;
                    int components;
                    const int recurrences = kinds[k].recurrences;
                    const char *text = written(&kinds[k], writers[w], 2, 2 + count);
                    const int loops = loops_in_lanes(text, &components);
                    if (components != count * recurrences || loops > count / most * recurrences) /* of f64 integers alone are not as wide */
                        fail_msg("%s: %d components in %d loops\n%s", kinds[k].name, components, loops, text);
                }
    }
    int components;
    set_type(false);
    assert_int_equal(loops_in_lanes(written(&kinds[0], reads_one, 1, 22), &components), 2);
    assert_int_equal(components, 21);
    const kind much = {"too much from outside", "fn part(x, k) {\n y = 0.01*sum(i, 1, 80, min(abs(y' - sqrt(abs(x*(k + 0.1*i)))), 1))\n y\n}\n", 1, false};
    assert_int_equal(loops_in_lanes(written(&much, reads_one, 1, 17), &components), 0);
    assert_int_equal(loops_in_lanes(written(&kinds[0], reads_one, 1, 3), &components), 0); /* turning costs more than lanes gain */
}

/* ---- not alike ---- */

static void what_depends_on_the_one_before_is_not_in_lanes(void **state)
{
    (void)state;
    static char text[TEXT];
    size_t used = 0;
    int components;
    set_type(false);
    add(text, &used, "input x\ninput y\n%sv0 = x\n", kinds[0].text);
    for (int k = 1; k <= 16; k++)
        add(text, &used, "v%d = part(v%d + 0.1*x, %d)\nout v%d\n", k, k - 1, k, k);
    assert_int_equal(loops_in_lanes(text, &components), 0);
    /* Two rows of eight, the second behind the first: two loops. */
    used = 0;
    add(text, &used, "input x\ninput y\n%s", kinds[0].text);
    for (int k = 0; k < 8; k++)
        add(text, &used, "v%d = part(x, %d)\nw%d = part(0.5*v%d + 0.1*x, %d)\nout w%d\n", k, k, k, k, k + 9, k);
    assert_int_equal(loops_in_lanes(text, &components), 2);
    assert_int_equal(components, 16);
    run_all(text, SINTER_ENGINE_INTERP, 0, wanted, 8);
    agree_on("two rows", text, 8, 0);
}

/* ---- what follows ---- */

/* A filter and an envelope that meet, in so many voices: whether they do in one loop, which the plan says, and the values, which are those of the voices one by one. */
typedef struct meeting {
    const char *name;
    int loops[2]; /* of f32, of f64 */
    void (*write)(char *text, size_t *used, int k, int count);
} meeting;

static void meet(char *text, size_t *used, int k, int count)
{
    (void)count;
    add(text, used, "v%d = filter(x, %d)\nw%d = level(y, %d)\nout v%d*w%d\n", k, k, k, k, k, k);
}

static void meet_the_next_but_two(char *text, size_t *used, int k, int count)
{
    add(text, used, "v%d = filter(x, %d)\n", k, k);
    for (int voice = 0; k == count - 1 && voice < count; voice++)
        add(text, used, "w%d = level(y, %d)\n", voice, voice);
    for (int voice = 0; k == count - 1 && voice < count; voice++)
        add(text, used, "out v%d*w%d\n", voice, (voice + 3) % count);
}

static void one_is_heard_alone(char *text, size_t *used, int k, int count)
{
    meet(text, used, k, count);
    if (k == 5)
        add(text, used, "out w%d\n", k);
}

static void some_share_an_input(char *text, size_t *used, int k, int count)
{
    (void)count;
    add(text, used, "v%d = filter(x, %d)\nw%d = beat(%s, %d)\nout v%d*w%d\n", k, k, k, k % 2 ? "x" : "y", k, k, k);
}

static void all_share_an_input(char *text, size_t *used, int k, int count)
{
    (void)count;
    add(text, used, "v%d = filter(x, %d)\nw%d = beat(x, %d)\nout v%d*w%d\n", k, k, k, k, k, k);
}

static void some_come_first(char *text, size_t *used, int k, int count)
{
    (void)count;
    add(text, used, k % 2 ? "v%d = filter(x, %d)\nw%d = level(y, %d)\n" : "w%d = level(y, %d)\nv%d = filter(x, %d)\n", k, k, k, k);
    add(text, used, "out v%d*w%d\n", k, k);
}

static void some_are_divided(char *text, size_t *used, int k, int count)
{
    (void)count;
    add(text, used, "v%d = filter(x, %d)\nw%d = level(y, %d)\nout v%d%sw%d\n", k, k, k, k, k, k == 2 ? "/" : "*", k);
}

static void values_meet_their_own_kind(char *text, size_t *used, int k, int count)
{
    (void)count;
    add(text, used, "v%d = filter(x, %d)\nw%d = filter(y, %d)\nout v%d*w%d\n", k, k, k, k, k, k);
}

/* What both take comes of a third loop of that kind: from one of its components for most of them, from two for two. */
static void some_follow_one(char *text, size_t *used, int k, int count)
{
    add(text, used, "c%d = filter(x, %d)\n", k, k);
    for (int voice = 0; k == count - 1 && voice < count; voice++)
        add(text, used, "v%d = filter(c%d, %d)\n", voice, voice, voice);
    for (int voice = 0; k == count - 1 && voice < count; voice++)
        add(text, used, "w%d = beat(c%d, %d)\n", voice, voice, voice);
    for (int voice = 0; k == count - 1 && voice < count; voice++)
        add(text, used, "out v%d*w%d\n", voice, voice == 1 ? 2 : voice == 2 ? 1 : voice);
}

static const meeting meetings[] = {
    {"voices", {1, 1}, meet},
    {"each with another's envelope", {1, 1}, meet_the_next_but_two},
    {"one envelope is an output", {2, 2}, one_is_heard_alone},
    {"some with one input for both", {2, 2}, some_share_an_input},
    {"all with one input for both", {1, 1}, all_share_an_input},
    {"some in the other order", {2, 2}, some_come_first},
    {"one operation is another", {2, 2}, some_are_divided},
    {"filters in pairs", {1, 2}, values_meet_their_own_kind},
    {"some behind one filter", {3, 3}, some_follow_one},
};

static void what_follows_goes_along(void **state)
{
    (void)state;
    enum { VOICES = 9 };
    static char text[TEXT];
    for (unsigned m = 0; m < sizeof meetings / sizeof *meetings; m++)
        for (int is_wide = 0; is_wide < 2; is_wide++) {
            size_t used = 0;
            int components;
            const int voices = is_wide ? VOICES - 2 : VOICES;
            set_type(is_wide);
            add(text, &used, "input x\ninput y\nfn filter(x, k) = svf(x, 200 + 97*k, 1 + 0.1*k).x\nfn level(x, k) = 0.25 + 2*adsr(x, 0.001 + 0.0001*k, 0.002, 0.4, 0.003)\n"
                             "fn beat(x, k) {\n a = 0.4*a' + 0.1*x*b'\n b = 0.9*b' - 0.05*a + (0.01*k + 0.1)*x\n 0.1*b + 1\n}\n");
            for (int k = 0; k < voices; k++)
                meetings[m].write(text, &used, k, voices);
            const int loops = loops_in_lanes(text, &components), outputs = voices + (meetings[m].write == one_is_heard_alone);
            if (loops != meetings[m].loops[is_wide])
                fail_msg("%s, %s: %d loops with %d components", meetings[m].name, wide ? "f64" : "f32", loops, components);
            run_all(text, SINTER_ENGINE_INTERP, 0, wanted, outputs);
            agree_on(meetings[m].name, text, outputs, 0);
            agree_on(meetings[m].name, text, outputs, 7);
        }
}

static void others_stand_beside(void **state)
{
    (void)state;
    static char text[TEXT];
    size_t used = 0;
    int components;
    set_type(false);
    add(text, &used, "input x\ninput y\nfn other(x, k) { y = x + 0.5*y' - 0.01*k*y''\n abs(y) }\n%s", kinds[0].text);
    for (int k = 0; k < 9; k++)
        add(text, &used, "out part(x, %d)\n", k);
    for (int k = 0; k < 3; k++)
        add(text, &used, "out other(y, %d)\nout part(%d*y + other(x, 9), 1)\n", k, k);
    /* Nine filters, and six of the other kind; three filters stand behind some of those, too few. */
    assert_int_equal(loops_in_lanes(text, &components), 2);
    assert_int_equal(components, 15);
    run_all(text, SINTER_ENGINE_INTERP, 0, wanted, 15);
    agree_on("others beside", text, 15, 0);
}

/* A line that somebody else reads stays where it can be read. */
static void what_others_read_is_not_in_lanes(void **state)
{
    (void)state;
    static char text[TEXT];
    size_t used = 0;
    int components;
    set_type(false);
    add(text, &used, "input x\ninput y\n");
    for (int k = 0; k < 16; k++)
        add(text, &used, "n%d = (n%d' + i32(x*1000))*i32(5) - (n%d' >> i32(3))*i32(%d + 3)\n", k, k, k, k);
    for (int k = 0; k < 16; k++)
        add(text, &used, "out number(n%d) + x\n", k);
    assert_int_equal(loops_in_lanes(text, &components), 1);
    assert_int_equal(components, 16);
    add(text, &used, "out number(n3'') + x\n");
    assert_int_equal(loops_in_lanes(text, &components), 1);
    assert_int_equal(components, 15);
    run_all(text, SINTER_ENGINE_INTERP, 0, wanted, 17);
    agree_on("one is read", text, 17, 0);
}

/* ---- state ---- */

static sinter_instance *moved(const sinter_kernel *from, sinter_instance *old, const sinter_kernel *to)
{
    sinter_migration *migration;
    sinter_instance *new = opened(to);
    assert_int_equal(sinter_migration_open(from, to, &migration), SINTER_OK);
    assert_int_equal(sinter_instance_migrate(migration, old, new), SINTER_OK);
    sinter_migration_close(migration);
    return new;
}

static sinter_instance *restored(const sinter_instance *old, const sinter_kernel *to)
{
    sinter_instance *new = opened(to);
    const size_t size = sinter_snapshot_size(old);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    assert_int_equal(sinter_snapshot_save(old, bytes, size), SINTER_OK);
    assert_int_equal(sinter_snapshot_restore(new, bytes, size), SINTER_OK);
    free(bytes);
    return new;
}

/* From engine to engine, by migration and by bytes, and while components come and go, so that others share their loop. */
static void state_goes_on(void **state)
{
    (void)state;
    enum { KEPT = 9, PIECE = 190 };
    set_type(false);
    for (int k = 0; k < KINDS; k++) {
        run_alone(&kinds[k], reads_one, KEPT);
        sinter_kernel *kernel = compiled(written(&kinds[k], reads_one, 0, KEPT), SINTER_ENGINE_AUTO);
        sinter_instance *instance = opened(kernel);
        for (int from = 0, to, turn = 1; from < COUNT; from = to, turn++) {
            const sinter_engine engine = sinter_engine_available(engines[turn % ENGINES], NULL) ? engines[turn % ENGINES] : SINTER_ENGINE_AUTO;
            to = from + PIECE + turn < COUNT ? from + PIECE + turn : COUNT;
            run(instance, got, turn % 3 == 2 ? KEPT + turn % 6 : KEPT, from, to);
            const int count = (turn + 1) % 3 == 2 ? KEPT + (turn + 1) % 6 : KEPT;
            sinter_kernel *next = compiled(written(&kinds[k], reads_one, 0, count), engine);
            sinter_instance *other = turn % 2 ? moved(kernel, instance, next) : restored(instance, next);
            sinter_instance_close(instance);
            sinter_kernel_close(kernel);
            kernel = next;
            instance = other;
        }
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
        same(kinds[k].name, SINTER_ENGINE_AUTO, KEPT, 0, 0);
    }
}

/* What is no number leaves one lane at the next tick and never enters another. */
static void a_fault_stays_in_its_lane(void **state)
{
    (void)state;
    enum { COMPONENTS = 16, BAD = 70 };
    static char text[TEXT];
    size_t used = 0;
    set_type(false);
    add(text, &used, "input x\ninput y\n%s", kinds[0].text);
    for (int k = 0; k < COMPONENTS; k++)
        add(text, &used, "out part(%s, %d)\n", k == 5 ? "x*y" : "x", k);
    run_all(text, SINTER_ENGINE_INTERP, 0, wanted, COMPONENTS);
    for (int e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        in[1].f32[BAD] = INFINITY;
        run_all(text, engines[e], 0, got, COMPONENTS);
        for (int k = 0; k < COMPONENTS; k++)
            for (int i = 0; i < COUNT; i++) {
                const float g = got[k].f32[i];
                if (k != 5 && memcmp(&g, &wanted[k].f32[i], sizeof g) != 0)
                    fail_msg("%s: component %d differs at %d", sinter_engine_name(engines[e]), k, i);
                if (k == 5 && isfinite(g) != (i < BAD || i >= 128))
                    fail_msg("%s: the fault lasts until %d", sinter_engine_name(engines[e]), i);
            }
        set_type(false);
    }
}

/* A smoothed parameter: while it moves, other values come from outside, and the loops are other ones. */
static void coefficients_may_move(void **state)
{
    (void)state;
    enum { COMPONENTS = 16 };
    static char text[TEXT];
    size_t used = 0;
    set_type(false);
    add(text, &used, "input x\ninput y\nparam c = 1 in 0..8 smooth 0.01\n%s", kinds[0].text);
    for (int k = 0; k < COMPONENTS; k++)
        add(text, &used, "out part(x, c*%d)\n", k);
    run_all(text, SINTER_ENGINE_INTERP, 0, wanted, COMPONENTS);
    agree_on("moving", text, COMPONENTS, 0);
    agree_on("moving", text, COMPONENTS, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_have_the_bits_that_they_have_alone),
        cmocka_unit_test(all_are_in_lanes),
        cmocka_unit_test(what_depends_on_the_one_before_is_not_in_lanes),
        cmocka_unit_test(what_follows_goes_along),
        cmocka_unit_test(others_stand_beside),
        cmocka_unit_test(what_others_read_is_not_in_lanes),
        cmocka_unit_test(state_goes_on),
        cmocka_unit_test(a_fault_stays_in_its_lane),
        cmocka_unit_test(coefficients_may_move),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
