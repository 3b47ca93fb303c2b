/* Recursive components that have nothing to do with each other share a loop, though one could run earlier; and whatever waits, the values are those of the program,
 * computed here by hand. How many loops there are stands in the plan's text, and in which order
 * their operations come. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "repetitions.h"

enum { COUNT = 700, STAGES = 30, TEXT = 1 << 12, MOST_RECURSIVE = 6 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

static float in[COUNT], wanted[STAGES][COUNT], got[STAGES][COUNT];
static sinter_report report;

static const sinter_options *options_for(sinter_engine engine)
{
    static sinter_options options;
    options = (sinter_options){.source = SINTER_PATCH, .type = SINTER_F32, .engine = engine, .rewriting = SINTER_STRICT};
    return &options;
}

/* ---- how many loops ---- */

/* Enough work without a cycle that it has loops of its own. */
#define WORK "fn work(x) { sum(i, 1, 20, abs(x - i*0.25)) }\n"
#define FILTER "fn filter(x) { y = min(abs(x - y'), 1)\n y }\n"
#define ENVELOPE "fn envelope(x) { e = max(0.5*e', abs(x - e''))\n e }\n"

static int scalar_loops(const char *text)
{
    char *plan;
    size_t length;
    int loops = 0;
    if (sinter_dump(context, text, strlen(text), options_for(SINTER_ENGINE_INTERP), SINTER_DUMP_PLAN, NULL, &plan, &length, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    for (const char *found = plan; (found = strstr(found, "element, one lanes")) != NULL; found++)
        loops++;
    sinter_dump_release(context, plan, length);
    return loops;
}

static void what_can_wait_shares_a_loop(void **state)
{
    (void)state;
    static const struct { const char *text; int loops; } programs[] = {
        /* The envelope begins with a line's last element, which is there a loop later; the filter waits for it. */
        {WORK FILTER ENVELOPE "input x\nw = work(x)\nout filter(w)*envelope(w')\n", 1},
        /* What follows from the filter waits as well. */
        {WORK FILTER ENVELOPE "input x\nw = work(x)\nout work(filter(w))*envelope(w')\n", 1},
        /* Nothing can wait that another needs before. */
        {WORK FILTER ENVELOPE "input x\nw = work(x)\nf = filter(w)\nout envelope(w' + f')\n", 2},
        {WORK FILTER ENVELOPE "input x\nw = work(x)\nout envelope(work(filter(w)))\n", 2},
        /* One behind the other, and one beside both: it is with the last of them. */
        {WORK FILTER ENVELOPE "input x\nw = work(x)\nz = max(abs(w - z'), z''')\nout z + envelope(work(filter(w)))\n", 2},
        /* Two rows of two, one a loop behind the other: each waits for its like. */
        {WORK FILTER ENVELOPE "input x\nw = work(x)\nz = max(abs(w' - z'), z''')\nv = max(v', abs(work(z) - v'''))\nout v*envelope(work(filter(w)))\n", 2},
        /* Too many values for registers. */
        {WORK FILTER ENVELOPE "fn all(x) { sum(i, 1, 3, envelope(x - 0.1*i))*filter(x) }\ninput x\nw = work(x)\nz = max(z'*0.5, abs(w - z'''))\n"
                              "out z*all(w')\n", 2},
        /* What runs last is a loop in lanes behind a scalar one; nobody waits for that. */
        {WORK FILTER "input x\nw = work(x)\nd = work(w')\nout work(filter(w)) + d'\n", 1},
    };
    for (size_t k = 0; k < sizeof programs / sizeof *programs; k++)
        if (scalar_loops(programs[k].text) != programs[k].loops)
            fail_msg("%d scalar loops, not %d:\n%s", scalar_loops(programs[k].text), programs[k].loops, programs[k].text);
}

/* A chain of products and behind it one of sums: in the loop they alternate. */
static void chains_stand_side_by_side(void **state)
{
    (void)state;
    static const char text[] = "input x\ninput y\n"
                               "a = x*x*x*x*x*x*x*x*x*x*x*x*x*x*x*x*x*x*x*x\n"
                               "b = y + 1 + y + 2 + y + 3 + y + 4 + y + 5 + y + 6 + y + 7 + y + 8 + y + 9\n"
                               "out a\nout b\nout a'\n";
    char *plan;
    size_t length;
    if (sinter_dump(context, text, strlen(text), options_for(SINTER_ENGINE_INTERP), SINTER_DUMP_PLAN, NULL, &plan, &length, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    const char *loop = strstr(plan, "element, time lanes"), *last_sum = NULL, *products[20];
    int count = 0;
    for (const char *found = loop; found && (found = strstr(found, "= mul f32")) != NULL && count < 20; found++)
        products[count++] = found;
    for (const char *found = loop; found && (found = strstr(found, "= add f32")) != NULL; found++)
        last_sum = found;
    if (count < 19 || !last_sum || last_sum < products[count / 2] || strstr(loop, "= add f32") > products[count / 2])
        fail_msg("%d products:\n%s", count, plan);
    sinter_dump_release(context, plan, length);
}

/* ---- what they compute ---- */

typedef struct stage {
    int rule, a, b; /* of which stages before */
} stage;

enum { DIFFERENCE, BEFORE, THREE_BEFORE, FILTERED, HELD, FED_BACK, RULES };

static const char *const rules[RULES] = {
    [DIFFERENCE] = "v%d = abs(v%d - v%d)\n",
    [BEFORE] = "v%d = max(v%d', v%d)\n",
    [THREE_BEFORE] = "v%d = min(delay(v%d, 3), v%d)\n",
    [FILTERED] = "v%d = min(abs(v%d - v%d'), 1)\n",
    [HELD] = "v%d = max(v%d - v%d'', 0.25)\n",
    [FED_BACK] = "v%d = abs(max(v%d, v%d''') - 0.5)\n",
};

static uint32_t seed;

static int draw(int below)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((uint64_t)seed * (unsigned)below >> 32);
}

static void draw_stages(stage *s)
{
    int recursive = 0;
    for (int k = 1; k < STAGES; k++) {
        const int rule = draw(3) ? draw(RULES) : DIFFERENCE;
        s[k].rule = rule >= FILTERED && recursive == MOST_RECURSIVE ? DIFFERENCE : rule;
        recursive += s[k].rule >= FILTERED;
        s[k].a = draw(k);
        s[k].b = s[k].rule >= FILTERED ? k : draw(k);
    }
}

static float past(int k, int i, int n)
{
    return i < n ? 0 : wanted[k][i - n];
}

static float at(const stage *s, int k, int i)
{
    const float a = wanted[s->a][i], b = wanted[s->b][i];
    float one, other;
    switch (s->rule) {
    case DIFFERENCE: return fabsf(a - b);
    case BEFORE: one = past(s->a, i, 1); return one > b ? one : b;
    case THREE_BEFORE: one = past(s->a, i, 3); return one < b ? one : b;
    case FILTERED: one = fabsf(a - past(k, i, 1)); return one < 1 ? one : 1;
    case HELD: one = a - past(k, i, 2); return one > 0.25f ? one : 0.25f;
    default: other = past(k, i, 3); one = a > other ? a : other; return fabsf(one - 0.5f);
    }
}

static void run_in_blocks(const char *text, sinter_engine engine, int step)
{
    sinter_kernel *kernel;
    sinter_instance *instance;
    if (sinter_compile(context, text, strlen(text), options_for(engine), &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (int from = 0; from < COUNT; from += step) {
        const void *inputs[] = {in + from};
        void *outputs[STAGES];
        for (int k = 1; k < STAGES; k++)
            outputs[k - 1] = got[k] + from;
        const sinter_arguments arguments = {.inputs = inputs, .outputs = outputs, .count = COUNT - from < step ? COUNT - from : step};
        assert_int_equal(sinter_instance_run(instance, &arguments), SINTER_OK);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void compare(const char *text, sinter_engine engine, int step)
{
    run_in_blocks(text, engine, step);
    for (int k = 1; k < STAGES; k++)
        for (int i = 0; i < COUNT; i++)
            if (bits_of(got[k][i]) != bits_of(wanted[k][i]))
                fail_msg("%s in blocks of %d: v%d is %.9g at %d, not %.9g\n%s", sinter_engine_name(engine), step, k, (double)got[k][i], i,
                         (double)wanted[k][i], text);
}

static void values_are_those_of_the_program(void **state)
{
    (void)state;
    static const int steps[] = {COUNT, 1, 7, 64, 513};
    static stage stages[STAGES];
    for (int i = 0; i < COUNT; i++)
        in[i] = (float)(draw(1 << 24) - (1 << 23)) * 0x1p-22f;
    memcpy(wanted[0], in, sizeof in);
    for (int program = 0; program < (int)repetitions(60); program++) {
        static char text[TEXT];
        draw_stages(stages);
        size_t used = (size_t)snprintf(text, TEXT, "input v0\n");
        for (int k = 1; k < STAGES; k++) {
            used += (size_t)snprintf(text + used, TEXT - used, rules[stages[k].rule], k, stages[k].a, stages[k].b);
            used += (size_t)snprintf(text + used, TEXT - used, "out v%d\n", k);
            for (int i = 0; i < COUNT; i++)
                wanted[k][i] = at(&stages[k], k, i);
        }
        for (int e = 0; e < ENGINES; e++)
            if (sinter_engine_available(engines[e], NULL))
                compare(text, engines[e], steps[(program + e) % 5]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_wait_shares_a_loop),
        cmocka_unit_test(chains_stand_side_by_side),
        cmocka_unit_test(values_are_those_of_the_program),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
