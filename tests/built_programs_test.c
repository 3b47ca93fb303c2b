/* Machine code of the library's families that comes with it: what is compiled here is the same, byte for byte, for each kind of processor; each family as it is is made of
 * it, by whatever text; nothing else is; it gives the bits of what is compiled; refused memory. */
#include "base/cpu.h"
#include "kernel/kept_programs.h"
#include "lang/lang.h"
#include "lib/family_programs.h"
#include "refusing_allocator.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile_text.h"

enum { ROWS = 37, MOST_RESULTS = 8, MOST_NAMES = 8 };

static const sinter_engine engines[] = {SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512};
enum { ENGINES = sizeof engines / sizeof *engines };

static void skip_where_none_comes(void)
{
    if (sn_kernel_built_program_count > 0)
        return;
    puts("# this library was built without it");
    skip();
}

/* ---- the same as what is compiled ---- */

static bool same_bytes(const void *a, const void *b, size_t size)
{
    return size == 0 || (a && b && memcmp(a, b, size) == 0);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_loops(const plan *p, const plan *q)
{
    bool same = p->loop_count == q->loop_count;
    for (uint32_t k = 0; same && k < p->loop_count; k++) {
        plan_loop a = p->loops[k], b = q->loops[k];
        same = a.rate == b.rate && a.lanes == b.lanes && a.widest == b.widest && a.most == b.most
               && a.ticked == b.ticked && a.alike == b.alike && a.slice == b.slice && a.guard == b.guard && a.routine == b.routine
               && (!a.routine || (same_bytes(a.arguments, b.arguments, sizeof a.arguments) && a.results == b.results));
    }
    return same;
}

static bool same_plans(const plan *p, const plan *q, uint32_t totals)
{
    bool same = same_loops(p, q) && p->buffer_count == q->buffer_count && p->line_count == q->line_count && p->call_count == q->call_count && p->latency == q->latency
                && p->tail == q->tail && same_bytes(&p->frame, &q->frame, sizeof p->frame) && p->chunk == q->chunk && p->workspace == q->workspace
                && p->sums_offset == q->sums_offset && same_bytes(p->sum_types, q->sum_types, totals) && p->state == q->state && p->reads_index == q->reads_index
                && p->grid == q->grid && p->stateful == q->stateful && p->as_written == q->as_written && p->operations == q->operations && p->hoisted == q->hoisted
                && p->status == q->status && p->scan_count == q->scan_count && p->ahead_count == q->ahead_count;
    for (uint32_t k = 0; same && k < p->buffer_count; k++)
        same = p->buffers[k].type == q->buffers[k].type && p->buffers[k].column == q->buffers[k].column && p->buffers[k].offset == q->buffers[k].offset;
    return same;
}

static bool same_streams(const kept_streams *a, const kept_streams *b)
{
    bool same = a->output_count == b->output_count && a->total_count == b->total_count && a->memory_count == b->memory_count && !a->total_maps == !b->total_maps;
    for (uint32_t k = 0; same && k < a->output_count; k++)
        same = same_text(a->outputs[k].name, b->outputs[k].name) && a->outputs[k].type == b->outputs[k].type;
    for (uint32_t k = 0; same && k < a->total_count; k++)
        same = same_text(a->totals[k], b->totals[k]);
    for (uint32_t k = 0; same && k < a->memory_count; k++) {
        const ir_memory *m = &a->memories[k], *n = &b->memories[k];
        same = same_text(m->name, n->name) && m->length == n->length && m->shortest == n->shortest && m->kind == n->kind && m->type == n->type && m->flush == n->flush
               && m->channels == n->channels && m->made == n->made && same_bytes(m->content, n->content, m->length * (size_t)sn_ir_type_size(m->type));
    }
    return same;
}

static bool same_code(const machine_code *a, const machine_code *b, uint32_t loops, uint32_t tables)
{
    return a->size == b->size && same_bytes(a->code, b->code, a->size) && a->pool_size == b->pool_size && same_bytes(a->pool, b->pool, a->pool_size)
           && a->reference_count == b->reference_count && same_bytes(a->references, b->references, a->reference_count * sizeof *a->references)
           && (tables == 0 || !a->addresses == !b->addresses) && (!a->addresses || same_bytes(a->addresses, b->addresses, tables * sizeof *a->addresses))
           && same_bytes(a->starts, b->starts, (2 * (size_t)loops + 1) * sizeof *a->starts) && a->opens_blocks == b->opens_blocks && a->folds_sums == b->folds_sums;
}

/* Its number, or how many there are. */
static uint32_t built_of(const kept_program *k, arena *memory)
{
    for (uint32_t i = 0; i < sn_kernel_built_program_count; i++) {
        const kept_program *b = sn_kernel_built_hashes[i] == k->hash ? sn_kernel_open_built(i, memory) : NULL;
        if (b && b->machine == k->machine && b->key_size == k->key_size && memcmp(b->key, k->key, k->key_size) == 0)
            return i;
    }
    return sn_kernel_built_program_count;
}

/* Marks which of those that come with the library it is. */
static void compare_program(const kept_program *k, bool *seen, arena *memory)
{
    const uint32_t number = built_of(k, memory);
    if (number == sn_kernel_built_program_count)
        fail_msg("a program of %u operations does not come with the library", k->plan.operations);
    const kept_program *b = sn_kernel_open_built(number, memory);
    assert_non_null(b);
    seen[number] = true;
    if (!same_plans(&b->plan, &k->plan, k->streams.total_count) || !same_streams(&b->streams, &k->streams) || !same_text(b->function_reason, k->function_reason)
        || !same_code(&b->code, &k->code, k->plan.loop_count, k->streams.memory_count))
        fail_msg("a program of %u operations, machine %llx, is another when it is compiled here", k->plan.operations, (unsigned long long)k->machine);
}

static void it_is_what_would_be_compiled(void **state)
{
    (void)state;
    skip_where_none_comes();
    bool *seen = calloc(sn_kernel_built_program_count, sizeof *seen);
    assert_non_null(seen);
    for (unsigned processor = 0; processor < FAMILY_PROCESSORS; processor++) {
        sinter_context *c;
        assert_int_equal(sinter_open(NULL, &c), SINTER_OK);
        c->programs.without_built = true;
        const sinter_status status = sn_keep_family_programs(c, processor);
        sn_cpu_override(UINT32_MAX);
        assert_int_equal(status, SINTER_OK);
        for (unsigned k = 0; c->programs.places && k < KEPT_PLACES; k++)
            for (const kept_program *p = c->programs.places[k]; p; p = p->next)
                compare_program(p, seen, &c->scratch);
        sinter_close(c);
    }
    for (uint32_t i = 0; i < sn_kernel_built_program_count; i++) {
        if (!seen[i])
            fail_msg("program %u comes with the library for nobody", i);
        assert_true(sn_kernel_built_hashes[i] == sn_kernel_built_programs[i].as_kept.hash && (i == 0 || sn_kernel_built_hashes[i - 1] <= sn_kernel_built_hashes[i]));
    }
    free(seen);
}

/* ---- who gets it ---- */

static bool was_compiled(const sinter_context *c)
{
    bool met = false;
    for (unsigned k = 0; k < KEPT_PLACES; k++)
        met |= c->programs.met[k] != 0;
    return met;
}

/* In a context of its own. */
static bool is_compiled(const char *text, const sinter_options *o)
{
    sinter_context *c;
    assert_int_equal(sinter_open(NULL, &c), SINTER_OK);
    sinter_kernel_close(compile(c, text, o));
    const bool compiled = was_compiled(c);
    sinter_close(c);
    return compiled;
}

static const char *const texts[] = {
    "bernoulli", "beta", "binomial_logit", "gamma", "gamma(2, 3)", "gamma(alpha=2, beta=4)", "inverse_gamma(1, 2)", "normal", "laplace(0, 1)", "neg_binomial_2", "von_mises",
    "param a = 1 in 0..9\nparam b = 2 in 0..9\ninput y\ny ~ gamma(a, b)", "dirichlet((1, 2, 3))", "student_t # with a remark",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void families_are_made_of_it(void **state)
{
    static const char *const by[] = {"alpha", "beta"};
    (void)state;
    skip_where_none_comes();
    for (unsigned e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        for (unsigned k = 0; k < 2 * TEXTS; k++) {
            const sinter_options o = {.source = SINTER_DENSITY, .engine = engines[e], .function = k >= TEXTS};
            if (is_compiled(texts[k % TEXTS], &o))
                fail_msg("%s is compiled", texts[k % TEXTS]);
        }
        for (unsigned mode = SINTER_GRADIENT_AUTO; mode <= SINTER_GRADIENT_REVERSE; mode += SINTER_GRADIENT_REVERSE)
            assert_false(is_compiled("gamma", &(sinter_options){.source = SINTER_DENSITY, .engine = engines[e], .gradient = by, .gradient_count = 2,
                                                                .gradient_mode = (sinter_gradient_mode)mode}));
    }
}

static void nothing_else_is(void **state)
{
    static const char *const by[] = {"beta", "alpha"};
    static const struct {
        const char *text;
        sinter_options options;
    } all[] = {
        {"gamma", {.random = 7}}, {"gamma", {.lanes = 4}}, {"gamma", {.lanes = 1}}, {"gamma", {.engine = SINTER_ENGINE_SCALAR}}, {"gamma", {.grade = SINTER_GRADE_FAST}},
        {"gamma", {.type = SINTER_F32}}, {"gamma", {.sum = true}}, {"gamma", {.gradient = by, .gradient_count = 2}}, {"gamma", {.gradient = by, .gradient_count = 1}},
        {"gamma", {.rewriting = SINTER_RELAXED}}, {"gamma", {.quantity = "log_cdf"}}, {"affine(gamma, 1, 2)", {.function = true}},
        {"param a = 1 in 0..9\ninput y\ny ~ gamma(a, 2*a)", {.function = true}},
    };
    (void)state;
    skip_where_none_comes();
    for (unsigned k = 0; k < sizeof all / sizeof *all; k++) {
        sinter_options o = all[k].options;
        o.source = SINTER_DENSITY;
        if (sinter_engine_available(SINTER_ENGINE_AVX2, NULL) && !is_compiled(all[k].text, &o))
            fail_msg("case %u, %s, is not compiled", k, all[k].text);
    }
}

/* ---- what it computes ---- */

static void run(const sinter_kernel *kernel, double out[MOST_RESULTS][ROWS])
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    double rows[MOST_NAMES][ROWS];
    const void *inputs[MOST_NAMES];
    void *outputs[MOST_RESULTS];
    sinter_instance *instance;
    assert_true(info.input_count <= MOST_NAMES && info.output_count <= MOST_RESULTS);
    for (unsigned k = 0; k < MOST_NAMES; k++)
        inputs[k] = rows[k];
    for (unsigned k = 0; k < MOST_RESULTS; k++)
        outputs[k] = out[k];
    for (unsigned k = 0; k < MOST_NAMES; k++)
        for (int i = 0; i < ROWS; i++)
            rows[k][i] = i == 0 ? NAN : i % 3 ? i % 5 : (i - 5) * 0.03125 * (k + 1);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const sinter_arguments a = {.inputs = inputs, .outputs = outputs, .count = ROWS};
    assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
    sinter_instance_close(instance);
}

static void compare_runs(const char *text, const sinter_kernel *brought, const sinter_kernel *compiled)
{
    static double got[MOST_RESULTS][ROWS], wanted[MOST_RESULTS][ROWS];
    const sinter_kernel_info info = sinter_kernel_describe(compiled);
    run(brought, got);
    run(compiled, wanted);
    for (uint32_t k = 0; k < info.output_count; k++)
        for (int i = 0; i < ROWS; i++)
            if (memcmp(&got[k][i], &wanted[k][i], sizeof got[k][i]) != 0 && !(isnan(got[k][i]) && isnan(wanted[k][i])))
                fail_msg("%s, result %u, row %d: %a, compiled %a", text, k, i, got[k][i], wanted[k][i]);
}

/* Values, and with derivatives by all parameters. */
static void it_gives_the_bits_of_what_is_compiled(void **state)
{
    (void)state;
    skip_where_none_comes();
    for (unsigned e = 0; e < ENGINES; e++)
        for (unsigned k = 0; sinter_engine_available(engines[e], NULL) && k < 2 * TEXTS; k++) {
            const char *text = texts[k / 2], *names[MOST_NAMES];
            sinter_options o = {.source = SINTER_DENSITY, .engine = engines[e], .gradient = names};
            sinter_context *with, *without;
            assert_int_equal(sinter_open(NULL, &with), SINTER_OK);
            assert_int_equal(sinter_open(NULL, &without), SINTER_OK);
            without->programs.without_built = true;
            sinter_kernel *values = compile(without, text, &o);
            const sinter_kernel_info info = sinter_kernel_describe(values);
            for (; k % 2 && o.gradient_count < info.parameter_count; o.gradient_count++)
                names[o.gradient_count] = info.parameters[o.gradient_count].name;
            sinter_kernel *brought = compile(with, text, &o), *compiled = compile(without, text, &o);
            compare_runs(text, brought, compiled);
            sinter_kernel_close(values);
            sinter_kernel_close(brought);
            sinter_kernel_close(compiled);
            sinter_close(with);
            sinter_close(without);
        }
}

static void memory_may_be_refused(void **state)
{
    unsigned refused = 0;
    bool made = false;
    (void)state;
    skip_where_none_comes();
    const sinter_options o = {.source = SINTER_DENSITY};
    for (long n = 0; !made && n < 1000; n++) {
        refusing r = {.left = 1000000};
        sinter_context *c;
        sinter_kernel *kernel;
        assert_int_equal(sinter_open(&(sinter_context_options){.allocator = refusing_allocator(&r)}, &c), SINTER_OK);
        r.left = n;
        const sinter_status status = sinter_compile(c, "beta", 4, &o, &kernel, NULL);
        r.left = 1000000;
        made = status == SINTER_OK;
        refused += !made;
        if (!made && (status != SINTER_NO_MEMORY || kernel))
            fail_msg("%ld requests granted: %s", n, sinter_status_name(status));
        sinter_kernel_close(kernel);
        sinter_close(c);
        assert_true(r.taken == 0);
    }
    assert_true(made && refused > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_would_be_compiled),
        cmocka_unit_test(families_are_made_of_it),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(it_gives_the_bits_of_what_is_compiled),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
