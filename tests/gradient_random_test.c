/* Derivatives of random programs: forward and reverse mode agree; both agree with differences where the program is smooth; and what
 * the engines make of them are the same bits. */
#include "gradient_walk.h"
#include "random_graph.h"

#include "kernel/kernels.h"
#include "opt/opt.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "repetitions.h"

enum { PROGRAMS = 3000, SMOOTH = 2000, ENGINE_PROGRAMS = 1500, MOST_NAMES = 12, POINTS = 6, COUNT = 45 };

static sinter_context *context;
static arena memory;

static int open_all(void **unused)
{
    (void)unused;
    sn_arena_open(&memory, NULL);
    return (int)sinter_open(NULL, &context);
}

static int close_all(void **unused)
{
    (void)unused;
    sinter_close(context);
    sn_arena_close(&memory);
    return 0;
}

/* ---- any program: one mode against the other ---- */

/* Names of the program's float inputs and parameters. */
static uint32_t names_of(const ir_program *p, const char **names)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < p->input_count; k++)
        if (p->inputs[k].type != IR_I32)
            names[count++] = p->inputs[k].name;
    for (uint32_t k = 0; k < p->param_count; k++)
        if (p->params[k].type != IR_I32)
            names[count++] = p->params[k].name;
    return count;
}

static void assert_same_operations(const ir_program *a, const ir_program *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->ops, b->ops, a->count * sizeof *a->ops);
}

/* Where the program is given up, its operations are the new one's: the same ones as in a copy. */
static void check_in_place(const ir_program *p, const ir_program *made, const opt_gradient *wanted)
{
    uint32_t unknown;
    ir_program given, again;
    opt_gradient gives_up = *wanted;
    gives_up.gives_up = true;
    sn_ir_open(&given, &memory, p->rules);
    sn_opt_share(p, &given);
    sn_ir_take_operations(&given, p, p->count);
    assert_true(sn_opt_gradient(&given, &again, &memory, 0, &gives_up, &unknown));
    assert_same_operations(made, &again);
}

static uint32_t copies, settled_copies;

/* What rules leave alone, as they do of nearly all programs from the second time on, is copied as emitting it once more would have it. */
static void check_copy(const ir_program *from, uint32_t rules)
{
    ir_program p, emitted, copied;
    sn_opt_rebuild(from, &p, &memory, rules, NULL, NULL);
    sn_opt_rebuild(&p, &emitted, &memory, rules, NULL, NULL);
    sn_opt_copy(&p, &copied, &memory, rules, NULL, NULL);
    assert_null(sn_ir_verify(&copied, &memory));
    assert_true(copied.count >= emitted.count);
    copies++;
    if (emitted.count == p.count) {
        settled_copies++;
        assert_same_operations(&emitted, &copied);
    }
}

static bool differentiate(const ir_program *p, ir_program *out, const char *const *names, uint32_t count,
                          opt_gradient_mode mode)
{
    uint32_t unknown;
    ir_program made;
    const opt_gradient wanted = {.names = names, .count = count, .mode = mode};
    assert_true(sn_opt_gradient(p, &made, &memory, 0, &wanted, &unknown));
    check_in_place(p, &made, &wanted);
    /* As passes do behind it: reverse mode leaves values as they are, and what is folded is computed in another precision than the walk's. */
    sn_opt_rebuild(&made, out, &memory, IR_IDENTITY | IR_FOLD, NULL, NULL);
    if (out->status) {
        assert_int_equal(out->status, SINTER_BAD_PROGRAM);
        if (!strstr(out->message, "makes a number of bits") && !strstr(out->message, "go through the table"))
            fail_msg("%s", out->message);
        return false;
    }
    const char *wrong = sn_ir_verify(out, &memory);
    if (wrong)
        fail_msg("%s", wrong);
    check_copy(out, IR_IDENTITY | IR_FOLD);
    return true;
}

/* Of settled forms the first comes in the place of the choice: rules see it there, and that two operands are one value now. */
static void rules_meet_what_forms_become(void **unused)
{
    (void)unused;
    ir_program p, copied;
    sn_ir_open(&p, &memory, IR_IDENTITY | IR_FOLD);
    const ir_ref x = sn_ir_emit(&p, IR_INPUT, IR_F64, sn_ir_add_input(&p, "x", IR_F64), 0, 0);
    const ir_ref y = sn_ir_emit(&p, IR_INPUT, IR_F64, sn_ir_add_input(&p, "y", IR_F64), 0, 0);
    const ir_ref always = sn_ir_const_bits(&p, IR_MASK, 1), minus = sn_ir_emit(&p, IR_NEG, IR_F64, x, 0, 0);
    const ir_ref turned = sn_ir_emit_flagged(&p, IR_RARE, IR_F64, IR_FLAG_FORMS, always, minus, y);
    const ir_ref same = sn_ir_emit_flagged(&p, IR_RARE, IR_F64, IR_FLAG_FORMS, always, y, x);
    const ir_ref sum = sn_ir_emit(&p, IR_ADD, IR_F64, y, turned, 0), least = sn_ir_emit(&p, IR_MIN, IR_F64, same, y, 0);
    const ir_ref choice = sn_ir_emit(&p, IR_SELECT, IR_F64, sn_ir_emit(&p, IR_LT, IR_MASK, x, y, 0), same, y);
    const ir_ref product = sn_ir_emit(&p, IR_MUL, IR_F64, x, y, 0), its_equal = sn_ir_emit(&p, IR_MUL, IR_F64, x, same, 0);
    const ir_ref greatest = sn_ir_emit(&p, IR_MAX, IR_F64, product, its_equal, 0);
    const ir_ref results[] = {sum, least, choice, greatest};
    for (unsigned k = 0; k < 4; k++)
        sn_ir_emit(&p, IR_OUTPUT, IR_VOID, results[k], sn_ir_add_output(&p, (const char *[]){"a", "b", "c", "d"}[k], IR_F64), 0);
    sn_opt_copy(&p, &copied, &memory, IR_IDENTITY | IR_FOLD | IR_SIGNS, NULL, NULL);
    assert_null(sn_ir_verify(&copied, &memory));
    ir_ref outputs[4] = {0};
    for (ir_ref r = 1; r < copied.count; r++)
        if (copied.ops[r].code == IR_OUTPUT)
            outputs[copied.ops[r].b] = copied.ops[r].a;
    assert_int_equal(copied.ops[outputs[0]].code, IR_SUB);
    assert_int_equal(copied.ops[outputs[1]].code, IR_INPUT);
    assert_int_equal(copied.ops[outputs[2]].code, IR_INPUT);
    assert_int_equal(copied.ops[outputs[3]].code, IR_MUL);
    check_copy(&copied, IR_IDENTITY | IR_FOLD | IR_SIGNS);
    sn_arena_rewind(&memory);
}

static uint32_t result_count(const ir_program *p)
{
    return p->output_count + p->total_count;
}

/* All results at the point, and the magnitude of what came up on the way. */
static long double *evaluate(const ir_program *p, const long double *inputs, const long double *params,
                             long double *greatest)
{
    long double *values = sn_arena_take(&memory, (p->count + result_count(p)) * sizeof *values);
    walk w = {.p = p, .wide = true, .inputs = inputs, .params = params, .values = values, .outputs = values + p->count};
    walk_element(&w);
    *greatest = w.greatest > *greatest ? w.greatest : *greatest;
    return w.outputs;
}

static uint32_t compared, not_finite, refused;

/* Products of constants are folded in their type, in another order by each mode. */
static bool has_f32(const ir_program *p)
{
    bool found = false;
    for (ir_ref r = 1; r < p->count; r++)
        found |= p->ops[r].type == IR_F32;
    return found;
}

/* Sums in another order: numbers lose some units of their last places, by the largest of them. What lies beyond f64 is
 * infinite where it is computed: the walk's wider numbers reach further, and there a rounding of f32 in an exponent of powers of
 * powers shows in the fourth digit. */
static void compare_modes(const ir_program *forward, const ir_program *reverse, const long double *inputs,
                          const long double *params, uint64_t seed)
{
    long double greatest = 0;
    const long double unit = has_f32(forward) ? 0x1p-22L : 0x1p-50L;
    const long double *a = evaluate(forward, inputs, params, &greatest), *b = evaluate(reverse, inputs, params, &greatest);
    for (uint32_t k = 0; k < result_count(forward); k++) {
        if (!(fabsl(a[k]) <= DBL_MAX) || !(fabsl(b[k]) <= DBL_MAX)) {
            not_finite++;
            continue;
        }
        compared++;
        if (!(fabsl(a[k] - b[k]) <= 32 * unit * (fabsl(a[k]) + fabsl(b[k])) + unit * greatest))
            fail_msg("program %u, result %u: forward %.17Lg, reverse %.17Lg", (unsigned)seed, (unsigned)k, a[k], b[k]);
    }
}

static void modes_agree(void **unused)
{
    (void)unused;
    compared = not_finite = refused = 0;
    const uint64_t programs = repetitions(PROGRAMS);
    for (uint64_t seed = 1; seed <= programs; seed++) {
        random_graph g;
        ir_program forward, reverse;
        const char *names[MOST_NAMES];
        random_numbers r = {seed};
        random_graph_make(&g, seed, GRAPH_NO_STATE, &memory);
        sinter_program *program = random_graph_build(&g);
        const uint32_t count = names_of(&program->ir, names);
        if (!differentiate(&program->ir, &forward, names, count, OPT_GRADIENT_FORWARD)) {
            assert_false(differentiate(&program->ir, &reverse, names, count, OPT_GRADIENT_REVERSE));
            refused++;
        } else if (differentiate(&program->ir, &reverse, names, count, OPT_GRADIENT_REVERSE)) {
            for (unsigned n = 0; n < POINTS; n++) {
                long double at[2][MOST_NAMES];
                for (unsigned k = 0; k < 2 * MOST_NAMES; k++)
                    at[k / MOST_NAMES][k % MOST_NAMES] = ((double)random_below(&r, 2001) - 1000) / 200;
                compare_modes(&forward, &reverse, at[0], at[1], seed);
            }
        }
        sinter_program_close(program);
        sn_arena_rewind(&memory);
    }
    printf("# %u programs: %u results of both modes compared, %u not finite in one of them; %u programs refused for their "
           "bits\n",
           (unsigned)programs, (unsigned)compared, (unsigned)not_finite, (unsigned)refused);
    assert_true(compared > 10 * programs && refused < programs / 2);
    assert_true(settled_copies > copies / 10 * 9);
}

/* ---- smooth programs: against differences ---- */

static ir_ref emit(ir_program *p, ir_code code, ir_ref a, ir_ref b, ir_ref c)
{
    return sn_ir_emit(p, code, IR_F64, a, b, c);
}

/* Operations that stay of modest size for any operands. */
static ir_ref smooth_operation(ir_program *p, random_numbers *r, ir_ref a, ir_ref b, ir_ref c)
{
    const ir_ref one = sn_ir_f64(p, 1), square = emit(p, IR_FMA, a, a, one);
    switch (random_below(r, 15)) {
    case 0: return emit(p, IR_ADD, a, b, 0);
    case 1: return emit(p, IR_SUB, a, b, 0);
    case 2: return emit(p, IR_SIN, emit(p, IR_MUL, a, b, 0), 0, 0);
    case 3: return emit(p, IR_DIV, b, square, 0);
    case 4: return emit(p, IR_LOG, square, 0, 0);
    case 5: return emit(p, IR_SQRT, square, 0, 0);
    case 6: return emit(p, IR_TANH, emit(p, IR_FMS, a, b, c), 0, 0);
    case 7: return emit(p, IR_MIN, a, b, 0);
    case 8: return emit(p, IR_MAX, a, b, 0);
    case 9: return emit(p, IR_SELECT, emit(p, IR_LT, a, b, 0), c, a);
    case 10: return emit(p, IR_ATAN2, a, square, 0);
    case 11: return emit(p, IR_EXP, emit(p, IR_COS, emit(p, IR_FNMA, a, b, c), 0, 0), 0, 0);
    case 12: return emit(p, IR_ABS, a, 0, 0);
    case 13: return emit(p, IR_POW, square, emit(p, IR_LOGISTIC, b, 0, 0), 0);
    default: return emit(p, IR_SOFTPLUS, emit(p, IR_MUL, a, one, 0), 0, 0);
    }
}

enum { VARIABLES = 4, RESULTS = 2 };
static const char *const variables[VARIABLES] = {"a", "b", "c", "d"};

static void build_smooth(ir_program *p, random_numbers *r)
{
    ir_ref v[80];
    uint32_t count = VARIABLES;
    sn_ir_open(p, &memory, 0);
    for (uint32_t k = 0; k < VARIABLES; k++) {
        const ir_param param = {.name = variables[k], .type = IR_F64, .low = -9, .high = 9};
        v[k] = k < 2 ? sn_ir_emit(p, IR_INPUT, IR_F64, sn_ir_add_input(p, variables[k], IR_F64), 0, 0)
                     : sn_ir_emit(p, IR_PARAM, IR_F64, sn_ir_add_param(p, &param), 0, 0);
    }
    for (uint32_t n = 3 + random_below(r, 25); n > 0; n--) {
        const ir_ref a = v[count - 1 - random_below(r, count < 4 ? count : 4)], b = v[random_below(r, count)],
                     c = v[random_below(r, count)];
        v[count++] = smooth_operation(p, r, a, b, c);
    }
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, v[count - 1], sn_ir_add_output(p, "f", IR_F64), 0);
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, v[count - 2], sn_ir_add_output(p, "g", IR_F64), 0);
    assert_int_equal(p->status, SINTER_OK);
}

/* By five values; of no use where a kink lies between them, which two widths that differ tell. */
static bool difference(const ir_program *p, const long double *at, uint32_t by, uint32_t result, long double *slope,
                       long double *error)
{
    long double estimates[2], greatest = 0;
    for (unsigned turn = 0; turn < 2; turn++) {
        static const int steps[4] = {-2, -1, 1, 2};
        const long double h = turn ? 5e-5L : 1e-4L;
        long double f[4], moved[VARIABLES];
        for (unsigned k = 0; k < 4; k++) {
            memcpy(moved, at, sizeof moved);
            moved[by] += steps[k] * h;
            f[k] = evaluate(p, moved, moved + 2, &greatest)[result];
        }
        estimates[turn] = (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
    }
    *slope = estimates[1];
    *error = fabsl(estimates[0] - estimates[1]);
    return isfinite(estimates[0]) && *error <= 1e-6L * (1 + fabsl(estimates[1]));
}

static uint32_t smooth_compared, kinks;

/* In f64 as engines compute, with the C library's functions. */
static void check_smooth(const ir_program *p, opt_gradient_mode mode, const long double *at, uint64_t seed)
{
    ir_program out;
    assert_true(differentiate(p, &out, variables, VARIABLES, mode));
    long double *values = sn_arena_take(&memory, (out.count + result_count(&out)) * sizeof *values);
    walk w = {.p = &out, .inputs = at, .params = at + 2, .values = values, .outputs = values + out.count};
    walk_element(&w);
    for (uint32_t k = 0; k < RESULTS; k++)
        for (uint32_t v = 0; v < VARIABLES; v++) {
            long double wanted, error;
            if (!difference(p, at, v, k, &wanted, &error)) {
                kinks++;
                continue;
            }
            smooth_compared++;
            const long double got = w.outputs[RESULTS + k * VARIABLES + v];
            if (!(fabsl(got - wanted) <= 16 * error + 1e-11L * (1 + w.greatest)))
                fail_msg("program %u, d%u/d%u, mode %d: %.17Lg, not %.17Lg ± %Lg", (unsigned)seed, (unsigned)k, (unsigned)v,
                         (int)mode, got, wanted, error);
        }
}

static void differences_agree(void **unused)
{
    (void)unused;
    smooth_compared = kinks = 0;
    const uint64_t smooth = repetitions(SMOOTH);
    for (uint64_t seed = 1; seed <= smooth; seed++) {
        random_numbers r = {seed};
        ir_program p;
        long double at[VARIABLES];
        build_smooth(&p, &r);
        for (unsigned k = 0; k < VARIABLES; k++)
            at[k] = ((double)random_below(&r, 4001) - 2000.5) / 1000;
        check_smooth(&p, OPT_GRADIENT_FORWARD, at, seed);
        check_smooth(&p, OPT_GRADIENT_REVERSE, at, seed);
        sn_arena_rewind(&memory);
    }
    printf("# %u smooth programs: %u derivatives compared with differences, %u beside a kink\n", (unsigned)smooth,
           (unsigned)smooth_compared, (unsigned)kinks);
    assert_true(smooth_compared > 12 * smooth);
}

/* ---- engines ---- */

typedef struct streams {
    uint64_t inputs[GRAPH_MOST_STREAMS][COUNT];
    uint64_t outputs[128][COUNT];
    double totals[64];
} streams;

static void draw_inputs(const random_graph *g, streams *s, random_numbers *r)
{
    for (uint32_t k = 0; k < g->input_count; k++)
        for (uint32_t n = 0; n < COUNT; n++) {
            const uint64_t bits = random_bits(r, g->inputs[k], n % 3 == 0);
            const size_t size = sn_ir_type_size(g->inputs[k]);
            memcpy((char *)s->inputs[k] + n * size, &bits, size);
        }
}

static sinter_status run(const random_graph *g, const sinter_kernel *kernel, streams *s)
{
    const void *inputs[GRAPH_MOST_STREAMS], *tables[GRAPH_MOST_MEMORIES];
    void *outputs[128];
    uint32_t lengths[GRAPH_MOST_MEMORIES], bound = 0;
    sinter_instance *instance;
    memset(s->outputs, 0, sizeof s->outputs);
    memset(s->totals, 0, sizeof s->totals);
    for (uint32_t k = 0; k < GRAPH_MOST_STREAMS; k++)
        inputs[k] = s->inputs[k];
    for (uint32_t k = 0; k < 128; k++)
        outputs[k] = s->outputs[k];
    for (uint32_t k = 0; k < g->memory_count; k++)
        if (g->memories[k].kind == IR_BOUND) {
            lengths[bound] = g->memories[k].length;
            tables[bound++] = g->memories[k].content;
        }
    sinter_status status = sinter_instance_open(kernel, &instance);
    if (!status)
        status = sinter_instance_run(instance, &(sinter_arguments){inputs, outputs, COUNT, s->totals, tables, lengths, NULL});
    sinter_instance_close(instance);
    return status;
}

/* A NaN is a NaN. */
static void canonical(const sinter_kernel_info *info, streams *s)
{
    for (uint32_t k = 0; k < info->output_count; k++)
        for (uint32_t n = 0; n < COUNT; n++) {
            double real;
            float single;
            memcpy(&real, (char *)s->outputs[k] + 8 * n, sizeof real);
            memcpy(&single, (char *)s->outputs[k] + 4 * n, sizeof single);
            if (info->outputs[k].type == SINTER_F64 && isnan(real))
                memset((char *)s->outputs[k] + 8 * n, 0xFF, 8);
            else if (info->outputs[k].type == SINTER_F32 && isnan(single))
                memset((char *)s->outputs[k] + 4 * n, 0xFF, 4);
        }
    for (uint32_t k = 0; k < info->total_count; k++)
        if (isnan(s->totals[k]))
            s->totals[k] = NAN;
}

static uint32_t kernels, engine_refused;

/* Every engine like the first. */
static void compare_engines_on(const random_graph *g, const sinter_program *program, sinter_options options, uint64_t seed)
{
    static streams first, other;
    bool have = false;
    random_numbers r = {seed ^ 0xABCDEF};
    draw_inputs(g, &first, &r);
    memcpy(other.inputs, first.inputs, sizeof other.inputs);
    for (unsigned engine = SINTER_ENGINE_INTERP; sinter_engine_name((sinter_engine)engine); engine++) {
        sinter_kernel *kernel;
        sinter_report report;
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        options.engine = (sinter_engine)engine;
        const sinter_status compiled = sinter_compile_program(context, program, &options, &kernel, &report);
        if (compiled) {
            if (!strstr(report.errors[0].message, "makes a number of bits") &&
                !strstr(report.errors[0].message, "go through the table") &&
                !strstr(report.errors[0].message, "reverse mode") && !strstr(report.errors[0].message, "64 totals") &&
                !strstr(report.errors[0].message, "256 KiB"))
                fail_msg("program %u: %s", (unsigned)seed, report.errors[0].message);
            engine_refused++;
            return;
        }
        kernels++;
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        streams *s = have ? &other : &first;
        assert_true(info.output_count <= 128);
        assert_int_equal(run(g, kernel, s), SINTER_OK);
        canonical(&info, s);
        if (have && (memcmp(first.outputs, other.outputs, sizeof first.outputs) != 0 ||
                     memcmp(first.totals, other.totals, sizeof first.totals) != 0))
            fail_msg("program %u: %s gives other bits", (unsigned)seed, sinter_engine_name((sinter_engine)engine));
        have = true;
        sinter_kernel_close(kernel);
    }
}

static void engines_agree(void **unused)
{
    (void)unused;
    kernels = engine_refused = 0;
    const uint64_t engine_programs = repetitions(ENGINE_PROGRAMS);
    for (uint64_t seed = 1; seed <= engine_programs; seed++) {
        random_graph g;
        const char *names[MOST_NAMES];
        random_graph_make(&g, seed,
                          seed % 3 == 0   ? GRAPH_SMALL | GRAPH_WITH_STATE
                          : seed % 3 == 1 ? GRAPH_NO_STATE
                                          : 0,
                          &memory);
        sinter_program *program = random_graph_build(&g);
        const sinter_options o = {.gradient = names,
                                  .gradient_count = names_of(&program->ir, names),
                                  .gradient_mode = (sinter_gradient_mode)(seed / 3 % 3),
                                  .rewriting = seed & 1 ? SINTER_STRICT : SINTER_RELAXED};
        compare_engines_on(&g, program, o, seed);
        sinter_program_close(program);
        sn_arena_rewind(&memory);
    }
    printf("# %u programs: %u kernels; %u programs refused\n", (unsigned)engine_programs, (unsigned)kernels,
           (unsigned)engine_refused);
    assert_true(engine_refused < engine_programs / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_meet_what_forms_become),
        cmocka_unit_test(modes_agree),
        cmocka_unit_test(differences_agree),
        cmocka_unit_test(engines_agree),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
