/* Regrouped chains of gains and offsets stay within rounding of what they say.
 *
 * Relaxed programs are regrouped before any engine sees them, so comparing engines says nothing about the
 * regrouping itself. Here random chains, with constants and parameters, values in between that are used
 * twice, and totals over them, are compared with the same chain in long double; the bound is the roundings of
 * all steps, measured by the magnitudes that went through them. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CHAINS = 4000, MOST_STEPS = 12, PARAMS = 3, COUNT = 40 };

typedef struct step {
    int op; /* sinter_operation */
    double g, o;
    int g_param, o_param; /* their number, or −1: constants */
    bool swapped;         /* the chain's value is the second operand */
} step;

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)state * n >> 32);
}

static double any_number(void)
{
    static const double simple[] = {0, 1, -1, 2, 0.5, -0.25};
    return below(4) == 0 ? simple[below(6)] : ((double)below(1u << 20) - (1 << 19)) / (1 << 17);
}

static void make_step(step *s, const double *params)
{
    static const int ops[] = {SINTER_OP_ADD, SINTER_OP_SUB,  SINTER_OP_MUL, SINTER_OP_FMA,
                              SINTER_OP_FMS, SINTER_OP_FNMA, SINTER_OP_NEG};
    s->op = ops[below(7)];
    s->g_param = below(3) ? -1 : (int)below(PARAMS);
    s->o_param = below(3) ? -1 : (int)below(PARAMS);
    s->g = s->g_param < 0 ? any_number() : params[s->g_param];
    s->o = s->o_param < 0 ? any_number() : params[s->o_param];
    s->swapped = below(2);
}

static sinter_value number(sinter_program *p, sinter_type type, double value, int param,
                           const sinter_value *params)
{
    return param >= 0           ? params[param]
           : type == SINTER_F32 ? sinter_f32(p, (float)value)
                                : sinter_f64(p, value);
}

static sinter_value emit(sinter_program *p, sinter_type type, const step *s, sinter_value v,
                         const sinter_value *params)
{
    const sinter_value g = number(p, type, s->g, s->g_param, params),
                       o = number(p, type, s->o, s->o_param, params);
    switch (s->op) {
    case SINTER_OP_NEG: return sinter_emit(p, SINTER_OP_NEG, v, 0, 0);
    case SINTER_OP_ADD:
    case SINTER_OP_SUB:
        return s->swapped ? sinter_emit(p, (sinter_operation)s->op, o, v, 0)
                          : sinter_emit(p, (sinter_operation)s->op, v, o, 0);
    case SINTER_OP_MUL: return s->swapped ? sinter_mul(p, g, v) : sinter_mul(p, v, g);
    default:
        return s->swapped ? sinter_emit(p, (sinter_operation)s->op, g, v, o)
                          : sinter_emit(p, (sinter_operation)s->op, v, g, o);
    }
}

/* The step exactly, nearly; `size` bounds every magnitude on the way. */
static void follow(const step *s, sinter_type type, long double *v, long double *size)
{
    const long double g = type == SINTER_F32 ? (float)s->g : s->g,
                      o = type == SINTER_F32 ? (float)s->o : s->o;
    switch (s->op) {
    case SINTER_OP_NEG: *v = -*v; return;
    case SINTER_OP_ADD: *v += o; break;
    case SINTER_OP_SUB: *v = s->swapped ? o - *v : *v - o; break;
    case SINTER_OP_MUL:
        *v *= g;
        *size *= fabsl(g);
        return;
    case SINTER_OP_FMA:
        *v = *v * g + o;
        *size *= fabsl(g);
        break;
    case SINTER_OP_FMS:
        *v = *v * g - o;
        *size *= fabsl(g);
        break;
    default:
        *v = o - *v * g;
        *size *= fabsl(g);
        break;
    }
    *size += fabsl(o);
}

static sinter_program *build(sinter_type type, const step *steps, uint32_t count, uint32_t shared, bool total)
{
    static const char *const names[PARAMS] = {"a", "b", "c"};
    sinter_program *p = sinter_program_open(NULL);
    sinter_value params[PARAMS], v = sinter_input(p, "x", type);
    for (unsigned k = 0; k < PARAMS; k++)
        params[k] = sinter_parameter(p, names[k], type, 0, -100, 100);
    for (uint32_t k = 0; k < count; k++) {
        v = emit(p, type, &steps[k], v, params);
        if (k == shared)
            sinter_output(p, "between", v);
    }
    if (total)
        sinter_total(p, "total", v);
    else
        sinter_output(p, "y", v);
    return p;
}

static void close_to(double got, long double wanted, long double bound, uint32_t chain)
{
    if (!(fabsl((long double)got - wanted) <= bound))
        fail_msg("chain %u: %.17g, not %.17Lg within %Lg", (unsigned)chain, got, wanted, bound);
}

static double element(const void *stream, sinter_type type, uint32_t i)
{
    float f;
    double d;
    memcpy(&f, (const char *)stream + i * sizeof f, sizeof f);
    memcpy(&d, (const char *)stream + (type == SINTER_F64 ? i * sizeof d : 0), sizeof d);
    return type == SINTER_F32 ? (double)f : d;
}

static void check_chain(uint32_t chain, sinter_type type)
{
    static double in64[COUNT], between[COUNT], y[COUNT];
    static float in32[COUNT];
    step steps[MOST_STEPS];
    double params[PARAMS], totals[1];
    for (unsigned k = 0; k < PARAMS; k++)
        params[k] = any_number();
    const uint32_t count = 1 + below(MOST_STEPS), shared = below(3) ? UINT32_MAX : below(count);
    const bool total = below(4) == 0;
    for (uint32_t k = 0; k < count; k++)
        make_step(&steps[k], params);
    for (uint32_t i = 0; i < COUNT; i++)
        in32[i] = (float)(in64[i] = any_number());
    sinter_program *p = build(type, steps, count, shared, total);
    sinter_kernel *kernel;
    sinter_instance *instance;
    const sinter_options options = {.rewriting = SINTER_RELAXED};
    assert_int_equal(sinter_compile_program(context, p, &options, &kernel, NULL), SINTER_OK);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (int k = 0; k < PARAMS; k++)
        sinter_set(instance, k, params[k]);
    const void *in = type == SINTER_F32 ? (const void *)in32 : in64;
    void *outputs[2] = {shared < count ? between : y, y};
    const sinter_arguments a = {.inputs = &in, .outputs = outputs, .count = COUNT, .totals = totals};
    assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);

    const long double unit = type == SINTER_F32 ? 0x1p-23L : 0x1p-52L;
    long double sum = 0, sum_size = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        long double v = type == SINTER_F32 ? (long double)in32[i] : (long double)in64[i], size = fabsl(v);
        for (uint32_t k = 0; k < count; k++) {
            follow(&steps[k], type, &v, &size);
            if (k == shared)
                close_to(element(between, type, i), v, size * unit * (k + 2), chain);
        }
        if (!total)
            close_to(element(y, type, i), v, size * unit * (count + 2), chain);
        sum += v;
        sum_size += size;
    }
    if (total)
        close_to(totals[0], sum, sum_size * unit * (count + 10), chain);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    sinter_program_close(p);
}

static void chains_of_f32(void **unused)
{
    (void)unused;
    for (uint32_t chain = 0; chain < CHAINS; chain++)
        check_chain(chain, SINTER_F32);
}

static void chains_of_f64(void **unused)
{
    (void)unused;
    for (uint32_t chain = 0; chain < CHAINS; chain++)
        check_chain(chain, SINTER_F64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_f32),
        cmocka_unit_test(chains_of_f64),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
