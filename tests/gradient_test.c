/* Derivatives: each operation and each function by its rule, in f32 and f64 and in both modes, against differences of the same in
 * long double; what holds at borders, kinks and poles; that what a choice leaves alone stays alone; recurrences, totals, names,
 * refusals; that the cost is linear. Random programs are gradient_random_test.c's. */
#include "gradient_reference.h"
#include "gradient_walk.h"

#include "kernel/kernels.h"
#include "opt/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { POINTS = 400, MOST_VALUES = 8000 };

static arena memory;
static sinter_context *context;

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

static uint32_t state = 1;

static double any_between(double low, double high)
{
    state = state * 1664525u + 1013904223u;
    return low + (high - low) * (state / 4294967296.0);
}

/* ---- a program and its gradient ---- */

/* Of the operation on inputs a, b, c of the type, as the only output. */
static void build(ir_program *p, ir_code code, ir_type type)
{
    static const char *const names[] = {"a", "b", "c"};
    ir_ref v[3] = {0};
    sn_ir_open(p, &memory, 0);
    for (unsigned k = 0; k < sn_ir_info[code].operands; k++)
        v[k] = sn_ir_emit(p, IR_INPUT, type, sn_ir_add_input(p, names[k], type), 0, 0);
    const ir_ref value = sn_ir_emit(p, code, type, v[0], v[1], v[2]);
    const uint32_t output = sn_ir_add_output(p, "f", type);
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, value, output, 0);
    assert_int_equal(p->status, SINTER_OK);
}

static void emit_gradient(const ir_program *p, ir_program *out, opt_gradient_mode mode)
{
    const char *names[3] = {0};
    uint32_t unknown = 0;
    for (uint32_t k = 0; k < p->input_count; k++)
        names[k] = p->inputs[k].name;
    assert_true(sn_opt_gradient(p, out, &memory, 0, &(opt_gradient){.names = names, .count = p->input_count, .mode = mode}, &unknown));
    if (out->status)
        fail_msg("%s", out->message);
}

static void differentiate(const ir_program *p, ir_program *out, opt_gradient_mode mode)
{
    emit_gradient(p, out, mode);
    const char *wrong = sn_ir_verify(out, &memory);
    if (wrong)
        fail_msg("%s", wrong);
}

static void evaluate(const ir_program *p, const long double *at, long double *outputs)
{
    static long double values[MOST_VALUES];
    assert_true(p->count <= MOST_VALUES);
    walk w = {.p = p, .inputs = at, .values = values, .outputs = outputs};
    walk_element(&w);
}

/* ---- against differences ---- */

static long double operation(ir_code code, const long double *v)
{
    switch ((int)code) {
    case IR_ADD: return v[0] + v[1];
    case IR_SUB: return v[0] - v[1];
    case IR_MUL: return v[0] * v[1];
    case IR_DIV: return v[0] / v[1];
    case IR_FMA: return v[0] * v[1] + v[2];
    case IR_FMS: return v[0] * v[1] - v[2];
    case IR_FNMA: return v[2] - v[0] * v[1];
    case IR_NEG: return -v[0];
    case IR_ABS: return fabsl(v[0]);
    case IR_MIN: return fminl(v[0], v[1]);
    case IR_MAX: return fmaxl(v[0], v[1]);
    case IR_SQRT: return sqrtl(v[0]);
    case IR_FLOOR:
    case IR_CEIL:
    case IR_ROUND:
    case IR_TRUNC: return 0;
    case IR_COPYSIGN: return copysignl(v[0], v[1]);
    default: return reference_function(code, v[0], v[1]);
    }
}

/* By four values around the point. */
static long double difference(ir_code code, const long double *at, unsigned by, long double h)
{
    long double v[3] = {at[0], at[1], at[2]}, f[4];
    h *= fmaxl(1, fabsl(at[by]));
    static const int steps[4] = {-2, -1, 1, 2};
    for (unsigned k = 0; k < 4; k++) {
        v[by] = at[by] + steps[k] * h;
        f[k] = operation(code, v);
    }
    return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h);
}

typedef struct domain {
    ir_code code;
    double low[3], high[3];
    double step; /* of the differences; 0: 1e-4 */
} domain;

static const domain domains[] = {
    {IR_ADD, {-9, -9}, {9, 9}, 0},
    {IR_SUB, {-9, -9}, {9, 9}, 0},
    {IR_MUL, {-9, -9}, {9, 9}, 0},
    {IR_DIV, {-9, 1}, {9, 9}, 0},
    {IR_DIV, {-9, -1e4}, {9, -1e3}, 0},
    {IR_FMA, {-9, -9, -9}, {9, 9, 9}, 0},
    {IR_FMS, {-9, -9, -9}, {9, 9, 9}, 0},
    {IR_FNMA, {-9, -9, -9}, {9, 9, 9}, 0},
    {IR_NEG, {-9}, {9}, 0},
    {IR_ABS, {0.01}, {9}, 0},
    {IR_ABS, {-9}, {-0.01}, 0},
    {IR_MIN, {-9, 1}, {0, 9}, 0},
    {IR_MIN, {1, -9}, {9, 0}, 0},
    {IR_MAX, {-9, 1}, {0, 9}, 0},
    {IR_MAX, {1, -9}, {9, 0}, 0},
    {IR_SQRT, {0.1}, {100}, 0},
    {IR_FLOOR, {-9}, {9}, 0},
    {IR_CEIL, {-9}, {9}, 0},
    {IR_ROUND, {-9}, {9}, 0},
    {IR_TRUNC, {-9}, {9}, 0},
    {IR_COPYSIGN, {0.1, 0.1}, {9, 9}, 0},
    {IR_COPYSIGN, {0.1, -9}, {9, -0.1}, 0},
    {IR_COPYSIGN, {-9, -9}, {-0.1, -0.1}, 0},
    {IR_SIN, {-20}, {20}, 0},
    {IR_COS, {-20}, {20}, 0},
    {IR_SINPI, {-5}, {5}, 0},
    {IR_COSPI, {-5}, {5}, 0},
    {IR_EXP, {-20}, {20}, 0},
    {IR_LOG, {0.01}, {100}, 1e-6},
    {IR_TAN, {-1.5}, {1.5}, 1e-6},
    {IR_TANPI, {-0.48}, {0.48}, 1e-6},
    {IR_ASIN, {-0.99}, {0.99}, 1e-6},
    {IR_ACOS, {-0.99}, {0.99}, 1e-6},
    {IR_ATAN, {-50}, {50}, 0},
    {IR_SINH, {-10}, {10}, 0},
    {IR_COSH, {-10}, {10}, 0},
    {IR_TANH, {-3}, {3}, 0},
    {IR_ASINH, {-50}, {50}, 0},
    {IR_ACOSH, {1.01}, {50}, 1e-6},
    {IR_ATANH, {-0.99}, {0.99}, 1e-6},
    {IR_EXP2, {-30}, {30}, 0},
    {IR_EXP10, {-9}, {9}, 0},
    {IR_EXPM1, {-20}, {20}, 0},
    {IR_LOG2, {0.01}, {100}, 1e-6},
    {IR_LOG10, {0.01}, {100}, 1e-6},
    {IR_LOG1P, {-0.9}, {50}, 1e-6},
    {IR_RSQRT, {0.1}, {50}, 1e-5},
    {IR_CBRT, {0.1}, {50}, 1e-5},
    {IR_CBRT, {-50}, {-0.1}, 1e-5},
    {IR_ERF, {-3}, {3}, 0},
    {IR_ERFC, {-3}, {8}, 0},
    {IR_LGAMMA, {0.3}, {60}, 1e-5},
    {IR_LGAMMA, {-3.8}, {-3.2}, 1e-6},
    {IR_GAMMA, {0.3}, {20}, 1e-5},
    {IR_GAMMA, {-2.8}, {-2.2}, 1e-6},
    {IR_DIGAMMA, {0.3}, {60}, 1e-5},
    {IR_DIGAMMA, {-3.8}, {-3.2}, 1e-6},
    {IR_DIGAMMA, {-0.9}, {-0.1}, 1e-6},
    {IR_LOGISTIC, {-30}, {30}, 0},
    {IR_SOFTPLUS, {-30}, {30}, 0},
    {IR_NORMAL_CDF, {-8}, {5}, 0},
    {IR_NORMAL_LOG_CDF, {-90}, {5}, 0},
    {IR_NORMAL_LOG_CDF, {-20}, {0}, 0},
    {IR_POW, {0.1, -5}, {20, 5}, 1e-5},
    {IR_ATAN2, {-9, 0.1}, {9, 9}, 1e-5},
    {IR_ATAN2, {-9, -9}, {-0.1, 9}, 1e-5},
    {IR_HYPOT, {0.1, -9}, {9, 9}, 1e-5},
};

/* Relative to the derivative, and to what rounding of the argument and of values on the way may do. */
static long double bound_of(ir_code code, ir_type type, long double derivative, const long double *at)
{
    const long double unit = type == IR_F32 ? 0x1p-24L : 0x1p-53L;
    const long double size = 1 + fabsl(at[0]) + fabsl(at[1]);
    if (code == IR_TANH) /* 1 − tanh²: as exact as that of 1 */
        return 8 * unit + 1e-15L;
    /* the exponential of a logarithm of size x² */
    const long double worse = code == IR_NORMAL_LOG_CDF ? 256 : 1;
    const long double least = code >= IR_LGAMMA && code <= IR_DIGAMMA ? 1e-12L
                              : code == IR_HYPOT                      ? 1e-13L
                                                                      : 1e-14L; /* of the differences */
    return (12 * size * worse * unit + 2e-12L) * fabsl(derivative) + least;
}

static void check_derivatives(const domain *d, ir_type type, opt_gradient_mode mode)
{
    ir_program p, out;
    long double outputs[4], at[3] = {0};
    build(&p, d->code, type);
    differentiate(&p, &out, mode);
    const unsigned operands = sn_ir_info[d->code].operands;
    for (unsigned n = 0; n < POINTS; n++) {
        for (unsigned k = 0; k < operands; k++) {
            const double value = any_between(d->low[k], d->high[k]);
            at[k] = type == IR_F32 ? (long double)(float)value : (long double)value;
        }
        evaluate(&out, at, outputs);
        for (unsigned k = 0; k < operands; k++) {
            const long double wanted = difference(d->code, at, k, d->step != 0 ? (long double)d->step : 1e-4L);
            if (!(fabsl(outputs[1 + k] - wanted) <= bound_of(d->code, type, wanted, at)))
                fail_msg("%s of %s at %.17Lg, %.17Lg, %.17Lg by operand %u: %.17Lg, not %.17Lg", sn_ir_info[d->code].name,
                         sn_ir_type_name(type), at[0], at[1], at[2], k, outputs[1 + k], wanted);
        }
    }
    sn_arena_rewind(&memory);
}

static void functions_and_operations(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof domains / sizeof *domains; k++)
        for (unsigned type = IR_F32; type <= IR_F64; type++) {
            check_derivatives(&domains[k], (ir_type)type, OPT_GRADIENT_FORWARD);
            check_derivatives(&domains[k], (ir_type)type, OPT_GRADIENT_REVERSE);
        }
}

/* Whatever is added to the list must be tested here. */
static void no_operation_is_left_out(void **unused)
{
    (void)unused;
    for (unsigned code = 1; code < IR_CODES; code++) {
        const ir_info *info = &sn_ir_info[code];
        bool tested = (info->kind != IR_KIND_MATH && info->rule != IR_RULE_FLOAT && info->rule != IR_RULE_NUMBER) || code == IR_PREPARE /* has no value */;
        for (size_t k = 0; k < sizeof domains / sizeof *domains; k++)
            tested |= domains[k].code == code;
        if (!tested)
            fail_msg("the derivative of %s is not tested", info->name);
    }
}

/* ---- at the borders ---- */

typedef struct border {
    ir_code code;
    double a, b;
    unsigned by;
    double wanted;
} border;

static const border borders[] = {
    {IR_ABS, 0, 0, 0, 1},
    {IR_ABS, -0.0, 0, 0, 1},
    {IR_MIN, 2, 2, 0, 0},
    {IR_MIN, 2, 2, 1, 1},
    {IR_MAX, 2, 2, 0, 0},
    {IR_MAX, 2, 2, 1, 1},
    {IR_MAX, -INFINITY, 2, 1, 1},
    {IR_COPYSIGN, 0, -1, 1, 0},
    {IR_SQRT, 0, 0, 0, INFINITY},
    {IR_SQRT, INFINITY, 0, 0, 0},
    {IR_DIV, 1, 0, 0, INFINITY},
    {IR_DIV, 1, 1e200, 1, 0},
    {IR_FLOOR, 3, 0, 0, 0},
    {IR_EXP, 1000, 0, 0, INFINITY},
    {IR_EXP, -1000, 0, 0, 0},
    {IR_LOG, 0, 0, 0, INFINITY},
    {IR_LOG, 1e-300, 0, 0, 1e300},
    {IR_ASIN, 1, 0, 0, INFINITY},
    {IR_ACOS, -1, 0, 0, -INFINITY},
    {IR_ASIN, 2, 0, 0, NAN},
    {IR_ATAN, 1e200, 0, 0, 0},
    {IR_ASINH, 1e200, 0, 0, 1e-200},
    {IR_ASINH, -1e200, 0, 0, 1e-200},
    {IR_ACOSH, 1, 0, 0, INFINITY},
    {IR_ACOSH, 1e200, 0, 0, 1e-200},
    {IR_ATANH, 1, 0, 0, INFINITY},
    {IR_TANH, 1000, 0, 0, 0},
    {IR_TANH, -1000, 0, 0, 0},
    {IR_SINH, 0, 0, 0, 1},
    {IR_EXPM1, -40, 0, 0, 4.248354255291589e-18},
    {IR_LOG1P, -1, 0, 0, INFINITY},
    {IR_LOG1P, 1e300, 0, 0, 1e-300},
    {IR_RSQRT, 0, 0, 0, -INFINITY},
    {IR_CBRT, 0, 0, 0, INFINITY},
    {IR_CBRT, 1e-300, 0, 0, 1e200 / 3},
    {IR_ERF, 0, 0, 0, 1.1283791670955126},
    {IR_ERF, 300, 0, 0, 0},
    {IR_ERF, INFINITY, 0, 0, 0},
    {IR_ERF, 26, 0, 0, 2.947034993266269e-294},
    {IR_ERFC, -INFINITY, 0, 0, 0},
    {IR_NORMAL_CDF, 1e200, 0, 0, 0},
    {IR_NORMAL_CDF, 0, 0, 0, 0.3989422804014327},
    {IR_NORMAL_LOG_CDF, -1e10, 0, 0, 1e10},
    {IR_NORMAL_LOG_CDF, -1e200, 0, 0, 1e200},
    {IR_NORMAL_LOG_CDF, -INFINITY, 0, 0, INFINITY},
    {IR_NORMAL_LOG_CDF, 1e3, 0, 0, 0},
    {IR_NORMAL_LOG_CDF, INFINITY, 0, 0, 0},
    {IR_LOGISTIC, 1000, 0, 0, 0},
    {IR_LOGISTIC, -1000, 0, 0, 0},
    {IR_LOGISTIC, 50, 0, 0, 1.9287498479639178e-22},
    {IR_LOGISTIC, -50, 0, 0, 1.9287498479639178e-22},
    {IR_SOFTPLUS, 1000, 0, 0, 1},
    {IR_SOFTPLUS, -1000, 0, 0, 0},
    {IR_DIGAMMA, 0, 0, 0, INFINITY},
    {IR_DIGAMMA, -2, 0, 0, INFINITY},
    {IR_DIGAMMA, 1e300, 0, 0, 1e-300},
    {IR_DIGAMMA, 1e-100, 0, 0, 1e200},
    {IR_DIGAMMA, 1, 0, 0, 1.6449340668482264},
    {IR_DIGAMMA, INFINITY, 0, 0, 0},
    {IR_POW, 0, 2, 0, 0},
    {IR_POW, 0, 2, 1, 0},
    {IR_POW, 0, 0, 0, 0},
    {IR_POW, 0, 0, 1, 0},
    {IR_POW, 0, 1, 0, 1},
    {IR_POW, 0, 0.5, 0, INFINITY},
    {IR_POW, -3, 3, 0, 27},
    {IR_POW, -3, 2, 1, 9.887510598012987},
    {IR_POW, INFINITY, -2, 1, 0},
    {IR_POW, 1e300, 1.1, 0, 1.1e30},
    {IR_HYPOT, 0, 0, 0, 0},
    {IR_HYPOT, 0, 0, 1, 0},
    {IR_HYPOT, 1e300, 1e300, 0, 0.7071067811865476},
    {IR_HYPOT, 0, 1e-300, 1, 1},
    {IR_ATAN2, 0, 1e-300, 0, 1e300},
    {IR_ATAN2, 1e300, 1e300, 0, 5e-301},
    {IR_ATAN2, 1e300, 1e300, 1, -5e-301},
    {IR_ATAN2, 0, 0, 0, NAN},
    {IR_ATAN2, 0, -1, 0, -1},
};

static void at_borders(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof borders / sizeof *borders; k++) {
        const border *b = &borders[k];
        for (unsigned mode = OPT_GRADIENT_FORWARD; mode <= OPT_GRADIENT_REVERSE; mode++) {
            ir_program p, out;
            long double outputs[4];
            build(&p, b->code, IR_F64);
            differentiate(&p, &out, (opt_gradient_mode)mode);
            evaluate(&out, (long double[]){(long double)b->a, (long double)b->b, 0}, outputs);
            const double got = (double)outputs[1 + b->by];
            if (!(got == b->wanted || (isnan(got) && isnan(b->wanted)) || fabs(got - b->wanted) <= 1e-13 * fabs(b->wanted)))
                fail_msg("%s at %g, %g by operand %u: %.17g, not %.17g", sn_ir_info[b->code].name, b->a, b->b, b->by, got,
                         b->wanted);
            sn_arena_rewind(&memory);
        }
    }
}

/* ---- texts, compiled ---- */

typedef struct compiled {
    sinter_kernel *kernel;
    sinter_kernel_info info;
    sinter_instance *instance;
} compiled;

static compiled compile(const char *text, const char *const *names, uint32_t count, sinter_options options)
{
    compiled c = {0};
    sinter_report report;
    options.gradient = names;
    options.gradient_count = count;
    if (!options.type)
        options.type = SINTER_F64;
    if (sinter_compile(context, text, strlen(text), &options, &c.kernel, &report))
        fail_msg("%s: %s", text, report.errors[0].message);
    c.info = sinter_kernel_describe(c.kernel);
    assert_int_equal(sinter_instance_open(c.kernel, &c.instance), SINTER_OK);
    return c;
}

static void close(compiled *c)
{
    sinter_instance_close(c->instance);
    sinter_kernel_close(c->kernel);
}

/* The derivatives at one point of programs of x, y, in both modes. */
typedef struct leak {
    const char *text;
    double x, y, by_x, by_y;
} leak;

static const leak leaks[] = {
    {"x > 0 ? sqrt(x) : y", -1, 3, 0, 1},
    {"x > 0 ? sqrt(x) : y", 0, 3, 0, 1},
    {"x > 0 ? sqrt(x) : y", 4, 3, 0.25, 0},
    {"x > 0 ? 2*log(x)*y : 3*x", -1, 5, 3, 0},
    {"x != 0 ? sin(x)/x : 1 + 0*y", 0, 5, 0, 0},
    {"sqrt(max(x, 0)) + y", -1, 5, 0, 1},
    {"sqrt(max(x, 0)) + y", 4, 5, 0.25, 1},
    {"log(min(x, y))", 3, 2, 0, 0.5},
    {"(x > 0 ? sqrt(x) : x) + (x > 0 ? log(x) : 2*x)", -1, 0, 3, 0},
    {"x > 0 ? (x > 1 ? sqrt(x - 1) : x*x) : y", 0.5, 0, 1, 0},
    {"x > 0 ? (x > 1 ? sqrt(x - 1) : x*x) : y", 5, 0, 0.25, 0},
    {"x > 0 ? (x > 1 ? sqrt(x - 1) : x*x) : y", -5, 0, 0, 1},
    {"a = sqrt(x); b = 2*a; x > 0 ? a + b : y*a*0 + y", -4, 7, NAN, NAN},
    {"a = sqrt(x); x > 0 ? a*a : y", -4, 7, 0, 1},
    {"a = x > 0 ? x : 0; b = sqrt(a); c = log(a); y > 0 ? b + c : y", -2, 1, 0, 0},
    {"a = 1/x; (x > 1 ? a : y) + (x < -1 ? a*a : y)", 0, 1, 0, 2},
    {"a = 1/x; (x > 1 ? a : y) + (x > 1 ? a*a : y)", 0, 1, 0, 2},
    {"a = 1/x; (x > 1 ? a : y) + (x > 1 ? a*a : y)", 2, 1, -0.5, 0},
    {"abs(x)*y", 0, 2, 2, 0},
};

static bool is_close(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * (1 + fabs(b));
}

static void check_leak(const leak *l, sinter_gradient_mode mode)
{
    static const char *const names[] = {"x", "y"};
    double out[3];
    compiled c = compile(l->text, names, 2, (sinter_options){.gradient_mode = mode, .inputs = "x y"});
    const void *inputs[] = {&l->x, &l->y};
    assert_int_equal(c.info.output_count, 3);
    assert_int_equal(
        sinter_instance_run(c.instance,
                            &(sinter_arguments){.inputs = inputs, .outputs = (void *[]){out, out + 1, out + 2}, .count = 1}),
        SINTER_OK);
    if (!is_close(out[1], l->by_x) || !is_close(out[2], l->by_y))
        fail_msg("%s at %g, %g, mode %d: %g %g, not %g %g", l->text, l->x, l->y, (int)mode, out[1], out[2], l->by_x,
                 l->by_y);
    close(&c);
}

static void choices_keep_to_themselves(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof leaks / sizeof *leaks; k++)
        for (unsigned mode = SINTER_GRADIENT_AUTO; mode <= SINTER_GRADIENT_REVERSE; mode++)
            check_leak(&leaks[k], (sinter_gradient_mode)mode);
}

static uint32_t count_of(const ir_program *p, ir_code code)
{
    uint32_t count = 0;
    for (ir_ref r = 1; r < p->count; r++)
        count += p->ops[r].code == code;
    return count;
}

/* What is cold stays so: the derivative of a cold side is chosen by a `rare`. */
static void rare_stays_rare(void **unused)
{
    (void)unused;
    for (unsigned mode = OPT_GRADIENT_FORWARD; mode <= OPT_GRADIENT_REVERSE; mode++) {
        ir_program p, out;
        long double outputs[2];
        sn_ir_open(&p, &memory, 0);
        const ir_ref x = sn_ir_emit(&p, IR_INPUT, IR_F64, sn_ir_add_input(&p, "x", IR_F64), 0, 0), nine = sn_ir_f64(&p, 9);
        const ir_ref mask = sn_ir_emit(&p, IR_LT, IR_MASK, nine, x, 0);
        const ir_ref cold = sn_ir_emit(&p, IR_EXP, IR_F64, x, 0, 0), hot = sn_ir_emit(&p, IR_MUL, IR_F64, x, x, 0);
        const ir_ref value = sn_ir_emit(&p, IR_RARE, IR_F64, mask, cold, hot);
        sn_ir_emit(&p, IR_OUTPUT, IR_VOID, value, sn_ir_add_output(&p, "f", IR_F64), 0);
        differentiate(&p, &out, (opt_gradient_mode)mode);
        assert_int_equal(count_of(&out, IR_RARE), 2);
        assert_int_equal(count_of(&out, IR_SELECT), 0);
        evaluate(&out, (long double[]){2}, outputs);
        assert_true(outputs[1] == 4);
        evaluate(&out, (long double[]){10}, outputs);
        assert_true(fabsl(outputs[1] - expl(10)) < 1e-9L);
        sn_arena_rewind(&memory);
    }
}

/* ---- recurrences ---- */

/* y = x + a y', d = y, three elements ago: by a, and by the input. */
static void through_delay_lines(void **unused)
{
    (void)unused;
    enum { COUNT = 300 };
    static const char *const names[] = {"a", "in"};
    static double in[COUNT], out[6][COUNT];
    static double y[COUNT], by_a[COUNT], by_in[COUNT];
    for (int n = 0; n < COUNT; n++)
        in[n] = any_between(-1, 1);
    compiled c =
        compile("input in\nparam a = 0.5 in -1..1\ny = in + a*y'\nd = delay(y, 3)\nout first = y*y\nout second = d*a", names,
                2, (sinter_options){.source = SINTER_PATCH, .rewriting = SINTER_STRICT});
    assert_int_equal(c.info.output_count, 6);
    static const char *const outputs[] = {"first",          "second",         "d(first)/d(a)",
                                          "d(first)/d(in)", "d(second)/d(a)", "d(second)/d(in)"};
    for (unsigned k = 0; k < 6; k++)
        assert_string_equal(c.info.outputs[k].name, outputs[k]);
    void *to[6];
    for (unsigned k = 0; k < 6; k++)
        to[k] = out[k];
    assert_int_equal(
        sinter_instance_run(c.instance, &(sinter_arguments){.inputs = (const void *[]){in}, .outputs = to, .count = COUNT}),
        SINTER_OK);
    for (int n = 0; n < COUNT; n++) {
        y[n] = in[n] + 0.5 * (n ? y[n - 1] : 0);
        by_a[n] = n ? y[n - 1] + 0.5 * by_a[n - 1] : 0;
        by_in[n] = 1 + (n ? 0.5 * by_in[n - 1] : 0); /* of all inputs so far together */
        const double d = n > 2 ? y[n - 3] : 0, d_by_a = n > 2 ? by_a[n - 3] : 0, d_by_in = n > 2 ? by_in[n - 3] : 0;
        assert_true(is_close(out[0][n], y[n] * y[n]) && is_close(out[1][n], d * 0.5));
        assert_true(is_close(out[2][n], 2 * y[n] * by_a[n]) && is_close(out[3][n], 2 * y[n] * by_in[n]));
        assert_true(is_close(out[4][n], d + 0.5 * d_by_a) && is_close(out[5][n], 0.5 * d_by_in));
    }
    close(&c);
}

/* ---- totals ---- */

static void totals_of_derivatives(void **unused)
{
    (void)unused;
    enum { COUNT = 9000 };
    static const char *const names[] = {"mu", "sigma"};
    static double in[COUNT];
    for (int n = 0; n < COUNT; n++)
        in[n] = any_between(-3, 5);
    const char *text =
        "param mu = 0.75 in -9..9\nparam sigma = 1.5 in 0.1..9\n-0.5*((x - mu)/sigma)^2 - log(sigma) - 0.5*log(2*pi)";
    for (unsigned how = 0; how < 6; how++) {
        const sinter_options o = {.sum = true,
                                  .rewriting = how & 1 ? SINTER_RELAXED : SINTER_STRICT,
                                  .gradient_mode = (sinter_gradient_mode)(how / 2)};
        compiled c = compile(text, names, 2, o);
        double totals[3], wanted[3] = {0};
        assert_int_equal(c.info.total_count, 3);
        assert_int_equal(
            sinter_instance_run(c.instance,
                                &(sinter_arguments){.inputs = (const void *[]){in}, .count = COUNT, .totals = totals}),
            SINTER_OK);
        for (int n = 0; n < COUNT; n++) {
            const double z = (in[n] - 0.75) / 1.5;
            wanted[0] += -0.5 * z * z - log(1.5) - 0.5 * log(2 * 3.14159265358979323846);
            wanted[1] += z / 1.5;
            wanted[2] += (z * z - 1) / 1.5;
        }
        for (unsigned k = 0; k < 3; k++)
            if (!(fabs(totals[k] - wanted[k]) <= 1e-9 * COUNT))
                fail_msg("total %u: %.17g, not %.17g", k, totals[k], wanted[k]);
        close(&c);
    }
}

/* A total that a pass has taken constants out of already. */
static void mapped_totals(void **unused)
{
    (void)unused;
    static const char *const names[] = {"x"};
    ir_program p, relaxed, out;
    uint32_t unknown;
    sn_ir_open(&p, &memory, 0);
    const ir_ref x = sn_ir_emit(&p, IR_INPUT, IR_F64, sn_ir_add_input(&p, "x", IR_F64), 0, 0),
                 square = sn_ir_emit(&p, IR_MUL, IR_F64, x, x, 0);
    const ir_ref three = sn_ir_f64(&p, 3), five = sn_ir_f64(&p, 5);
    sn_ir_emit(&p, IR_SUM, IR_VOID, sn_ir_emit(&p, IR_FMA, IR_F64, square, three, five), sn_ir_add_total(&p, "s"), 0);
    sn_opt_affine(&p, &relaxed, &memory, 0);
    assert_true(sn_opt_gradient(&relaxed, &out, &memory, 0, &(opt_gradient){.names = names, .count = 1}, &unknown));
    assert_int_equal(out.status, SINTER_OK);
    assert_null(sn_ir_verify(&out, &memory));
    assert_int_equal(out.total_count, 2);
    assert_true(out.total_maps[0].scale == 3 && out.total_maps[0].offset == 5);
    assert_true(out.total_maps[1].scale == 3 && out.total_maps[1].offset == 0);
    long double outputs[2];
    evaluate(&out, (long double[]){7}, outputs);
    assert_true(outputs[0] == 49 && outputs[1] == 14);
    sn_arena_rewind(&memory);
}

/* ---- types, names, grids ---- */

/* An f64 result by an f32 input and back. */
static void through_conversions(void **unused)
{
    (void)unused;
    for (unsigned mode = SINTER_GRADIENT_FORWARD; mode <= SINTER_GRADIENT_REVERSE; mode++) {
        static const char *const names[] = {"x", "y"};
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value x = sinter_input(p, "x", SINTER_F32), y = sinter_input(p, "y", SINTER_F64),
                           wide = sinter_convert(p, x, SINTER_F64);
        const sinter_value product = sinter_mul(p, sinter_mul(p, wide, wide), y);
        sinter_output(p, "wide", product);
        sinter_output(p, "narrow", sinter_convert(p, product, SINTER_F32));
        sinter_output(p, "whole", sinter_convert(p, product, SINTER_I32));
        sinter_kernel *kernel;
        const sinter_options o = {.gradient = names, .gradient_count = 2, .gradient_mode = (sinter_gradient_mode)mode};
        assert_int_equal(sinter_compile_program(context, p, &o, &kernel, NULL), SINTER_OK);
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        assert_int_equal(info.output_count, 9);
        static const uint8_t types[] = {SINTER_F64, SINTER_F32, SINTER_I32, SINTER_F64, SINTER_F64,
                                        SINTER_F32, SINTER_F32, SINTER_I32, SINTER_I32};
        for (unsigned k = 0; k < 9; k++)
            assert_int_equal(info.outputs[k].type, types[k]);
        assert_string_equal(info.outputs[6].name, "d(narrow)/d(y)");
        const float at = 3;
        const double by = 5;
        double d[3];
        float f[3];
        int32_t i[3];
        assert_int_equal(
            sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){&at, &by},
                                                   .outputs = (void *[]){d, f, i, d + 1, d + 2, f + 1, f + 2, i + 1, i + 2},
                                                   .count = 1}),
            SINTER_OK);
        assert_true(d[0] == 45 && d[1] == 30 && d[2] == 9 && f[0] == 45 && f[1] == 30 && f[2] == 9 && i[0] == 45 &&
                    i[1] == 0 && i[2] == 0);
        sinter_kernel_close(kernel);
        sinter_program_close(p);
    }
}

static void on_a_grid(void **unused)
{
    (void)unused;
    static const char *const names[] = {"x", "y", "z"};
    enum { W = 7, H = 5 };
    double out[4][W * H];
    compiled c = compile("x*x*y + sin(y)", names, 3, (sinter_options){.domain = SINTER_GRID});
    assert_int_equal(c.info.output_count, 4);
    const sinter_grid g = {.width = W,
                           .height = H,
                           .x0 = -1,
                           .y0 = -1,
                           .x1 = 1,
                           .y1 = 1,
                           .row_count = H,
                           .outputs = (void *[]){out[0], out[1], out[2], out[3]}};
    assert_int_equal(sinter_instance_run_grid(c.instance, &g), SINTER_OK);
    for (int row = 0; row < H; row++)
        for (int column = 0; column < W; column++) {
            const double x = -1 + (column + 0.5) * 2 / W, y = 1 - (row + 0.5) * 2 / H;
            const int at = row * W + column;
            assert_true(is_close(out[1][at], 2 * x * y) && is_close(out[2][at], x * x + cos(y)) && out[3][at] == 0);
        }
    close(&c);
}

/* By a parameter that is compiled as a constant: the slope at its value. */
static void by_a_fixed_parameter(void **unused)
{
    (void)unused;
    static const char *const names[] = {"a"};
    const double value = 3;
    double x = 2, out[2];
    compiled c = compile("param a = 1 in 0..9\na*a*x", names, 1,
                         (sinter_options){.fixed_names = names, .fixed_values = &value, .fixed_count = 1});
    assert_int_equal(c.info.parameter_count, 0);
    assert_int_equal(sinter_instance_run(c.instance, &(sinter_arguments){.inputs = (const void *[]){&x},
                                                                         .outputs = (void *[]){out, out + 1},
                                                                         .count = 1}),
                     SINTER_OK);
    assert_true(out[0] == 18 && out[1] == 12);
    close(&c);
}

/* ---- more than 64 of anything ---- */

static void many_variables_and_results(void **unused)
{
    (void)unused;
    enum { MANY = 70 };
    static char text[MANY][8];
    const char *names[MANY];
    for (unsigned mode = OPT_GRADIENT_AUTO; mode <= OPT_GRADIENT_REVERSE; mode++) {
        ir_program p, out;
        long double at[MANY], outputs[MANY * (MANY + 1)];
        uint32_t unknown;
        ir_ref v[MANY];
        sn_ir_open(&p, &memory, 0);
        for (uint32_t k = 0; k < MANY; k++) {
            snprintf(text[k], sizeof text[k], "x%u", (unsigned)k);
            names[k] = text[k];
            at[k] = k + 1;
            v[k] = sn_ir_emit(&p, IR_INPUT, IR_F64, sn_ir_add_input(&p, names[k], IR_F64), 0, 0);
        }
        for (uint32_t k = 0; k < MANY; k++) {
            const ir_ref product = sn_ir_emit(&p, IR_MUL, IR_F64, v[k], v[(k + 1) % MANY], 0);
            sn_ir_emit(&p, IR_OUTPUT, IR_VOID, product, sn_ir_add_output(&p, names[k], IR_F64), 0);
        }
        assert_true(
            sn_opt_gradient(&p, &out, &memory, 0, &(opt_gradient){.names = names, .count = MANY, .mode = (opt_gradient_mode)mode}, &unknown));
        assert_null(sn_ir_verify(&out, &memory));
        evaluate(&out, at, outputs);
        for (uint32_t k = 0; k < MANY; k++)
            for (uint32_t n = 0; n < MANY; n++)
                assert_true(outputs[MANY + k * MANY + n] == (n == k ? at[(k + 1) % MANY] : n == (k + 1) % MANY ? at[k] : 0));
        sn_arena_rewind(&memory);
    }
}

/* ---- refusals ---- */

static void check_refused(const char *text, const char *const *names, uint32_t count, sinter_options options,
                          sinter_status wanted, const char *says, const char *hint)
{
    sinter_kernel *kernel;
    sinter_report report;
    options.gradient = names;
    options.gradient_count = count;
    assert_int_equal(sinter_compile(context, text, strlen(text), &options, &kernel, &report), wanted);
    assert_null(kernel);
    assert_int_equal(report.count, 1);
    if (!strstr(report.errors[0].message, says) || strcmp(report.errors[0].hint, hint) != 0)
        fail_msg("%s: %s; %s", text, report.errors[0].message, report.errors[0].hint);
}

static void refusals(void **unused)
{
    (void)unused;
    static const char *const cut[] = {"cutof"}, *const twice[] = {"x", "y", "x"}, *const x[] = {"x"},
                             *const q[] = {"completely_else"}, *const a[] = {"a"};
    check_refused("param cutoff = 1 in 0..2\nx*cutoff", cut, 1, (sinter_options){0}, SINTER_BAD_ARGUMENT, "\"cutof\"",
                  "did you mean `cutoff`?");
    check_refused("x*y", q, 1, (sinter_options){0}, SINTER_BAD_ARGUMENT, "\"completely_else\"", "");
    check_refused("x*y", twice, 3, (sinter_options){0}, SINTER_BAD_PROGRAM, "names \"x\" twice", "");
    check_refused("u*u", x, 1, (sinter_options){.inputs = "u"}, SINTER_BAD_ARGUMENT, "\"x\"", "");
    check_refused("input in\nparam a = 0.5 in 0..1\ny = in + a*y'\ny", a, 1,
                  (sinter_options){.source = SINTER_PATCH, .gradient_mode = SINTER_GRADIENT_REVERSE}, SINTER_BAD_PROGRAM,
                  "reverse mode cannot go back through the delay line \"y\"", "");
    check_refused("x", x, 1, (sinter_options){.gradient_mode = (sinter_gradient_mode)3}, SINTER_BAD_ARGUMENT, "option", "");
    check_refused("x", NULL, 1, (sinter_options){0}, SINTER_BAD_ARGUMENT, "option", "");
}

static void check_program_refused(sinter_program *p, const char *says)
{
    static const char *const names[] = {"x"};
    sinter_kernel *kernel;
    sinter_report report;
    const sinter_options o = {.gradient = names, .gradient_count = 1};
    assert_int_equal(sinter_compile_program(context, p, &o, &kernel, &report), SINTER_BAD_PROGRAM);
    if (!strstr(report.errors[0].message, says))
        fail_msg("%s", report.errors[0].message);
    sinter_program_close(p);
}

static void programs_without_derivatives(void **unused)
{
    (void)unused;
    sinter_program *p = sinter_program_open(NULL);
    sinter_value x = sinter_input(p, "x", SINTER_F32);
    const sinter_value bits =
        sinter_emit(p, SINTER_OP_AND, sinter_emit(p, SINTER_OP_BITS, x, 0, 0), sinter_i32(p, 0x7FFFFFFF), 0);
    sinter_output(p, "y", sinter_emit(p, SINTER_OP_FROM_BITS, bits, 0, 0));
    check_program_refused(p, "`from_bits` makes a number of bits");
    p = sinter_program_open(NULL);
    x = sinter_input(p, "x", SINTER_F64);
    sinter_output(p, "y", sinter_emit(p, SINTER_OP_PACK64, sinter_emit(p, SINTER_OP_HI32, x, 0, 0), sinter_i32(p, 0), 0));
    check_program_refused(p, "`pack64` makes a number of bits");
    p = sinter_program_open(NULL);
    x = sinter_input(p, "x", SINTER_I32);
    sinter_output(p, "y", x);
    check_program_refused(p, "\"x\" is an integer");
    p = sinter_program_open(NULL);
    x = sinter_input(p, "x", SINTER_F32);
    sinter_output(p, "y", x);
    sinter_output(p, "d(y)/d(x)", x);
    check_program_refused(p, "a result \"d(y)/d(x)\" already");
}

/* Where bits, rounding, tables and comparisons only decide, they do no harm. */
static void what_only_decides(void **unused)
{
    (void)unused;
    static const char *const names[] = {"x"};
    static const float table[] = {2, 3, 5};
    for (unsigned mode = SINTER_GRADIENT_FORWARD; mode <= SINTER_GRADIENT_REVERSE; mode++) {
        sinter_program *p = sinter_program_open(NULL);
        const sinter_value x = sinter_input(p, "x", SINTER_F32);
        const uint32_t t = sinter_table(p, "t", SINTER_F32, table, 3);
        const sinter_value looked = sinter_load(p, t, sinter_convert(p, x, SINTER_I32));
        const sinter_value is_positive =
            sinter_emit(p, SINTER_OP_LE, sinter_i32(p, 0), sinter_emit(p, SINTER_OP_BITS, x, 0, 0), 0);
        sinter_output(p, "y", sinter_mul(p, looked, sinter_emit(p, SINTER_OP_SELECT, is_positive, x, sinter_mul(p, x, x))));
        sinter_kernel *kernel;
        const sinter_options o = {.gradient = names, .gradient_count = 1, .gradient_mode = (sinter_gradient_mode)mode};
        assert_int_equal(sinter_compile_program(context, p, &o, &kernel, NULL), SINTER_OK);
        const float at[2] = {1.5f, -4};
        float y[2], d[2];
        assert_int_equal(
            sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){at}, .outputs = (void *[]){y, d}, .count = 2}),
            SINTER_OK);
        assert_true(y[0] == 4.5f && d[0] == 3 && y[1] == 32 && d[1] == -16);
        sinter_kernel_close(kernel);
        sinter_program_close(p);
    }
}

/* ---- the cost ---- */

/* Seconds of this process. */
static double now(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* A chain with choices in it, so that gates nest as deep as it is long. */
static void build_chain(ir_program *p, uint32_t operations)
{
    sn_ir_open(p, &memory, 0);
    sn_ir_reserve(p, operations + 16);
    const ir_ref x = sn_ir_emit(p, IR_INPUT, IR_F64, sn_ir_add_input(p, "x", IR_F64), 0, 0);
    const ir_ref y = sn_ir_emit(p, IR_INPUT, IR_F64, sn_ir_add_input(p, "y", IR_F64), 0, 0), half = sn_ir_f64(p, 0.5);
    ir_ref v = x;
    while (p->count < operations) {
        const ir_ref product = sn_ir_emit(p, IR_FMA, IR_F64, v, half, y),
                     shifted = sn_ir_emit(p, IR_ADD, IR_F64, product, x, 0);
        const ir_ref ratio = sn_ir_emit(p, IR_DIV, IR_F64, shifted, y, 0),
                     root = sn_ir_emit(p, IR_SQRT, IR_F64, ratio, 0, 0);
        const ir_ref mask = sn_ir_emit(p, IR_LT, IR_MASK, root, y, 0);
        v = sn_ir_emit(p, IR_SELECT, IR_F64, mask, root, product);
        v = sn_ir_emit(p, IR_MAX, IR_F64, v, half, 0);
    }
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, v, sn_ir_add_output(p, "f", IR_F64), 0);
}

static double time_of_chain(uint32_t operations, opt_gradient_mode mode, double *ratio)
{
    ir_program p, out;
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        build_chain(&p, operations);
        const double began = now();
        emit_gradient(&p, &out, mode);
        const double took = now() - began;
        best = took < best ? took : best;
        *ratio = (double)out.count / p.count;
        sn_arena_rewind(&memory);
    }
    return best;
}

static void linear_cost(void **unused)
{
    (void)unused;
    static const char *const modes[] = {"", "forward", "reverse"};
    for (unsigned mode = OPT_GRADIENT_FORWARD; mode <= OPT_GRADIENT_REVERSE; mode++) {
        double small_ratio, ratio;
        const double small = time_of_chain(10000, (opt_gradient_mode)mode, &small_ratio),
                     large = time_of_chain(100000, (opt_gradient_mode)mode, &ratio);
        printf("# %s by 2 variables, 100,000 operations: %.1f ms, %.1f times that of 10,000; %.2f times the operations "
               "(%.2f at 10,000)\n",
               modes[mode], 1e3 * large, large / small, ratio, small_ratio);
        assert_true(ratio < 8 && fabs(ratio - small_ratio) < 0.01);
        assert_true(large <
                    100 * small); /* the square would be that; caches and neighbours on the machine take their share */
    }
}

/* Five bumps of four parameters each. */
static void write_bumps(char *text, size_t size)
{
    size_t at = 0;
    for (int k = 0; k < 5; k++)
        at += (size_t)snprintf(
            text + at, size - at,
            "param a%d = %d.5 in 0..99\nparam m%d = 0.%d in -9..9\nparam s%d = 1.%d in 0..99\nparam w%d = 0.%d in 0..99\n",
            k, k, k, k, k, k, k, k + 1);
    for (int k = 0; k < 5; k++)
        at += (size_t)snprintf(text + at, size - at, "%s a%d*exp(-s%d*(x - m%d)^2)*cos(w%d*x)", k ? " +" : "", k, k, k, k);
}

/* Arithmetic only, each parameter working on what the one before left. */
static void write_steps(char *text, size_t size)
{
    size_t at = 0;
    for (int k = 0; k < 20; k++)
        at += (size_t)snprintf(text + at, size - at, "param %c%d = 1.%d in 0..99\n", "amsw"[k % 4], k / 4, k);
    at += (size_t)snprintf(text + at, size - at, "u0 = x\n");
    for (int k = 0; k < 20; k++)
        at += (size_t)snprintf(text + at, size - at, "u%d = %c%d*u%d/(1 + u%d*u%d) + x\n", k + 1, "amsw"[k % 4], k / 4, k, k,
                               k);
    snprintf(text + at, size - at, "u20");
}

/* The fastest of some calls, in seconds of this process. */
static double time_of(compiled *c, const float *in)
{
    enum { COUNT = 8192, CALLS = 20 };
    static float out[COUNT];
    double totals[64], best = 1e9;
    void *outputs[] = {out};
    for (int round = 0; round < 30; round++) {
        const double began = now();
        for (int call = 0; call < CALLS; call++)
            sinter_instance_run(
                c->instance,
                &(sinter_arguments){.inputs = (const void *[]){in}, .outputs = outputs, .count = COUNT, .totals = totals});
        const double took = (now() - began) / CALLS;
        best = took < best ? took : best;
    }
    return best;
}

static void check_twenty(const char *text, const char *what)
{
    enum { COUNT = 8192, PARAMETERS = 20 };
    static const char *const modes[] = {"auto", "forward", "reverse"};
    static float in[COUNT];
    static char word[PARAMETERS][4];
    const char *names[PARAMETERS];
    for (unsigned k = 0; k < PARAMETERS; k++) {
        snprintf(word[k], sizeof word[k], "%c%u", "amsw"[k % 4], k / 4);
        names[k] = word[k];
    }
    for (int n = 0; n < COUNT; n++)
        in[n] = (float)any_between(-1, 2);
    compiled value = compile(text, NULL, 0, (sinter_options){.sum = true, .type = SINTER_F32});
    const double alone = time_of(&value, in);
    for (unsigned mode = 0; mode < 3; mode++) {
        compiled c = compile(text, names, PARAMETERS,
                             (sinter_options){.sum = true, .type = SINTER_F32, .gradient_mode = (sinter_gradient_mode)mode});
        assert_int_equal(c.info.total_count, 1 + PARAMETERS);
        const double ratio = (double)c.info.operations / value.info.operations;
        printf("# %s, a sum and its gradient by 20 parameters, %s: %u operations, %.2f times those of the sum; %.2f times "
               "its %.2f ns an element\n",
               what, modes[mode], (unsigned)c.info.operations, ratio, time_of(&c, in) / alone, 1e9 * alone / COUNT);
        if (mode != SINTER_GRADIENT_FORWARD)
            assert_true(ratio < 4);
        close(&c);
    }
    close(&value);
}

static void gradient_by_twenty_parameters(void **unused)
{
    (void)unused;
    static char text[4000];
    write_bumps(text, sizeof text);
    check_twenty(text, "bumps");
    write_steps(text, sizeof text);
    check_twenty(text, "arithmetic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_and_operations),
        cmocka_unit_test(no_operation_is_left_out),
        cmocka_unit_test(at_borders),
        cmocka_unit_test(choices_keep_to_themselves),
        cmocka_unit_test(rare_stays_rare),
        cmocka_unit_test(through_delay_lines),
        cmocka_unit_test(totals_of_derivatives),
        cmocka_unit_test(mapped_totals),
        cmocka_unit_test(through_conversions),
        cmocka_unit_test(on_a_grid),
        cmocka_unit_test(by_a_fixed_parameter),
        cmocka_unit_test(many_variables_and_results),
        cmocka_unit_test(refusals),
        cmocka_unit_test(programs_without_derivatives),
        cmocka_unit_test(what_only_decides),
        cmocka_unit_test(linear_cost),
        cmocka_unit_test(gradient_by_twenty_parameters),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
