/* The language: what texts mean, checked on the IR they become and on the numbers that this IR gives in a
 * small evaluator of its own; what wrong texts are told, message, place and hint; limits, hostile texts,
 * refused memory. */
#include "lowered_text.h"

#include "base/decimal.h"
#include "base/text.h"
#include "lang/tree.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* ---- lowering a text ---- */

enum { BUDGET = 1 << 16 };

static sinter_status lower_as(const char *source, size_t length, lang_options options, uint32_t rules)
{
    open_it(NULL, rules);
    it.status = sn_lang_lower(&it.p, &it.scratch, source, length, &options, &it.report);
    assert_int_equal(it.status == SINTER_OK, it.report.count == 0);
    assert_int_equal(it.p.status, it.status);
    if (it.status == SINTER_OK) {
        const char *violation = sn_ir_verify(&it.p, &it.memory);
        if (violation)
            fail_msg("%.200s\n%s", source, violation);
    }
    return it.status;
}

static sinter_status lower(const char *source, bool patch)
{
    return lower_as(source, strlen(source), (lang_options){.type = IR_F32, .patch = patch}, 0);
}

static void density_well(const char *source)
{
    if (lower_as(source, strlen(source), (lang_options){.type = IR_F64, .density = true}, 0) != SINTER_OK) {
        char shown[1024];
        sinter_report_format(&it.report, 0, shown, sizeof shown);
        fail_msg("%s\n%s", source, shown);
    }
}

static void lower_well(const char *source, bool patch)
{
    if (lower(source, patch) != SINTER_OK) {
        char shown[1024];
        sinter_report_format(&it.report, 0, shown, sizeof shown);
        fail_msg("%s\n%s", source, shown);
    }
}

/* ---- an evaluator: one element after the other ---- */

typedef struct machine {
    uint64_t *values;
    uint64_t *lines[256];
    uint32_t element;
} machine;

static double number_of(unsigned type, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double wide;
    memcpy(&single, &low, sizeof single);
    memcpy(&wide, &bits, sizeof wide);
    return type == IR_F64 ? wide : type == IR_F32 ? (double)single : (double)(int32_t)low;
}

static uint64_t bits_of(unsigned type, double value)
{
    const float single = (float)value;
    uint64_t bits = 0;
    if (type == IR_F64)
        memcpy(&bits, &value, sizeof value);
    else if (type == IR_F32)
        memcpy(&bits, &single, sizeof single);
    else
        bits = (uint32_t)(int32_t)value;
    return bits;
}

static uint64_t load_bits(const ir_memory *m, uint32_t i)
{
    assert_true(i < m->length);
    const char *at = (const char *)m->content + i * sn_ir_type_size((ir_type)m->type);
    uint64_t bits = 0;
    int16_t half;
    memcpy(&half, at, m->type == IR_I16 ? 2 : 0);
    if (m->type == IR_U8)
        return *(const uint8_t *)at;
    if (m->type == IR_I16) {
        memcpy(&half, at, 2);
        return (uint64_t)(uint32_t)(int32_t)half;
    }
    memcpy(&bits, at, m->type == IR_F64 ? 8 : 4);
    return bits;
}

static uint64_t past(const machine *m, uint32_t line, int64_t n)
{
    assert_true(n >= 1 && n <= it.p.memories[line].length);
    return n > m->element ? 0 : m->lines[line][m->element - n];
}

/* By recurrence to where the asymptotic series holds. */
static double digamma(double x)
{
    double sum = 0;
    for (; x < 20; x++)
        sum -= 1 / x;
    const double s = 1 / (x * x);
    return sum + log(x) - 0.5 / x - s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s / 240)));
}

static double math(unsigned code, double x, double y)
{
    const double pi = 3.14159265358979323846;
    switch (code) {
    case IR_SIN: return sin(x);
    case IR_COS: return cos(x);
    case IR_TAN: return tan(x);
    case IR_SINPI: return sin(pi * x);
    case IR_COSPI: return cos(pi * x);
    case IR_TANPI: return tan(pi * x);
    case IR_ASIN: return asin(x);
    case IR_ACOS: return acos(x);
    case IR_ATAN: return atan(x);
    case IR_ATAN2: return atan2(x, y);
    case IR_SINH: return sinh(x);
    case IR_COSH: return cosh(x);
    case IR_TANH: return tanh(x);
    case IR_ASINH: return asinh(x);
    case IR_ACOSH: return acosh(x);
    case IR_ATANH: return atanh(x);
    case IR_EXP: return exp(x);
    case IR_EXP2: return exp2(x);
    case IR_EXP10: return pow(10, x);
    case IR_EXPM1: return expm1(x);
    case IR_LOG: return log(x);
    case IR_LOG2: return log2(x);
    case IR_LOG10: return log10(x);
    case IR_LOG1P: return log1p(x);
    case IR_POW: return pow(x, y);
    case IR_RSQRT: return 1 / sqrt(x);
    case IR_CBRT: return cbrt(x);
    case IR_HYPOT: return hypot(x, y);
    case IR_ERF: return erf(x);
    case IR_ERFC: return erfc(x);
    case IR_LGAMMA: return lgamma(x);
    case IR_GAMMA: return tgamma(x);
    case IR_DIGAMMA: return digamma(x);
    case IR_LOGISTIC: return 1 / (1 + exp(-x));
    case IR_SOFTPLUS: return log1p(exp(x));
    case IR_NORMAL_CDF: return 0.5 * erfc(-x / sqrt(2));
    case IR_NORMAL_LOG_CDF: return log(0.5 * erfc(-x / sqrt(2)));
    default: fail_msg("%s is not known here", sn_ir_info[code].name); return 0;
    }
}

static uint64_t value_of(const machine *m, ir_ref r, const double *inputs)
{
    const ir_op *op = &it.p.ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    switch (op->code) {
    case IR_CONST: return sn_ir_bits(&it.p, r);
    case IR_INPUT: return bits_of(op->type, inputs[op->a]);
    case IR_PARAM: return bits_of(op->type, it.p.params[op->a].initial);
    case IR_INDEX: return bits_of(IR_F64, m->element);
    case IR_LOAD: return load_bits(&it.p.memories[op->b], (uint32_t)m->values[op->a]);
    case IR_READ: return past(m, op->a, op->b);
    case IR_READV: {
        const ir_memory *line = &it.p.memories[op->b];
        int64_t n = (int32_t)(uint32_t)m->values[op->a];
        n = n < line->shortest ? line->shortest : n > line->length ? line->length : n;
        return past(m, op->b, n);
    }
    default: break;
    }
    if (info->kind == IR_KIND_MATH)
        return bits_of(op->type, math(op->code, number_of(op->type, m->values[op->a]),
                                      info->operands > 1 ? number_of(op->type, m->values[op->b]) : 0));
    if (info->kind != IR_KIND_PURE)
        return 0;
    unsigned type = IR_VOID;
    for (unsigned k = 0; k < info->operands && !type; k++)
        if (it.p.ops[sn_ir_operand(op, k)].type != IR_MASK)
            type = it.p.ops[sn_ir_operand(op, k)].type;
    return sn_ir_evaluate((ir_code)op->code, (ir_type)op->type, (ir_type)type, m->values[op->a],
                          info->operands > 1 ? m->values[op->b] : 0,
                          info->operands > 2 ? m->values[op->c] : 0);
}

/* Output `stream` at `count` elements, the inputs being the same at each, plus `slope` an element. */
static void run(const double *inputs, double slope, uint32_t stream, double *out, uint32_t count)
{
    machine m = {.values = calloc(it.p.count, sizeof *m.values)};
    assert_true(it.p.memory_count < 256);
    for (uint32_t k = 0; k < it.p.memory_count; k++)
        m.lines[k] = calloc(count, sizeof **m.lines);
    for (m.element = 0; m.element < count; m.element++) {
        double now[8] = {0};
        for (uint32_t k = 0; k < it.p.input_count && k < 8; k++)
            now[k] = inputs[k] + slope * m.element;
        for (ir_ref r = 1; r < it.p.count; r++) {
            const ir_op *op = &it.p.ops[r];
            if (op->code == IR_OUTPUT && op->b == stream)
                out[m.element] = number_of(it.p.ops[op->a].type, m.values[op->a]);
            else if (op->code == IR_WRITE)
                m.lines[op->b][m.element] = m.values[op->a];
            else
                m.values[r] = value_of(&m, r, now);
        }
    }
    for (uint32_t k = 0; k < it.p.memory_count; k++)
        free(m.lines[k]);
    free(m.values);
}

static const double at_point[4] = {3, 5, 7, 0.25};

static double value_in(const char *source, ir_type type, uint32_t rules)
{
    double out = -12345;
    lang_options options = {.type = type, .inputs = "x y z t"};
    if (lower_as(source, strlen(source), options, rules) != SINTER_OK) {
        char shown[1024];
        sinter_report_format(&it.report, 0, shown, sizeof shown);
        fail_msg("%s\n%s", source, shown);
    }
    run(at_point, 0, 0, &out, 1);
    return out;
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static void expect_number(const char *source, double wanted)
{
    for (uint32_t rules = 0; rules < 4; rules++) {
        const double found = value_in(source, IR_F64, rules);
        if (!same(found, wanted))
            fail_msg("%s: %.17g, not %.17g", source, found, wanted);
    }
    const double single = value_in(source, IR_F32, 0);
    if (!(fabs(single - wanted) <= 1e-5 * fabs(wanted)) && !same(single, wanted))
        fail_msg("%s in f32: %.9g, not %.9g", source, single, wanted);
}

/* The operations in order, without inputs, constants and outputs: "mul.f32 add.f32". */
static const char *operations(void)
{
    static char shown[4096];
    shown[0] = 0;
    for (ir_ref r = 1; r < it.p.count; r++) {
        const ir_op *op = &it.p.ops[r];
        const ir_info *info = &sn_ir_info[op->code];
        if (op->code == IR_INPUT || op->code == IR_CONST || op->code == IR_OUTPUT)
            continue;
        unsigned type = op->type;
        if (info->rule == IR_RULE_COMPARE)
            type = it.p.ops[op->a].type;
        const size_t length = strlen(shown);
        snprintf(shown + length, sizeof shown - length, "%s%s%s%s", length ? " " : "", info->name,
                 type ? "." : "", type ? sn_ir_type_name((ir_type)type) : "");
    }
    return shown;
}

static void expect_operations(const char *source, bool patch, const char *wanted)
{
    lower_well(source, patch);
    if (strcmp(operations(), wanted))
        fail_msg("%s: %s, not %s", source, operations(), wanted);
}

/* ---- values ---- */

static void expressions_have_their_values(void **state)
{
    (void)state;
    static const struct { const char *source; double value; } table[] = {
        {"1", 1}, {"1.5", 1.5}, {".5", 0.5}, {"1e-3", 1e-3}, {"0x10", 16}, {"1_000", 1000}, {"2.", 2},
        {"0x1.8p3", 12},
        {"pi", 3.14159265358979323846}, {"\317\200", 3.14159265358979323846}, {"tau", 6.28318530717958647692},
        {"\317\204", 6.28318530717958647692}, {"e", 2.71828182845904523536}, {"inf", INFINITY},
        {"-inf", -INFINITY}, {"nan", NAN},
        {"x+y*z", 38}, {"(x+y)*z", 56}, {"x-y-z", -9}, {"z-y*x/x", 2}, {"x*y%z", 1}, {"-x", -3}, {"--x", 3},
        {"- -x", 3},
        {"2^3^2", 512}, {"-2^2", -4}, {"(-2)^2", 4}, {"2^-1", 0.5}, {"x^2*y", 45}, {"-x^2", -9}, {"x^0", 1},
        {"x^1", 3},
        {"x^5", 243}, {"x^-2", 1.0 / 9}, {"t^0.5", 0.5}, {"t^-0.5", 2}, {"2^10", 1024}, {"x^(1+1)", 9},
        {"2*x^2", 18},
        {"-x*y", -15}, {"x*-y", -15}, {"x- -y", 8}, {"x--y", 8},
        {"x<y", 1}, {"x>y", 0}, {"x<=3", 1}, {"x>=4", 0}, {"x==3", 1}, {"x!=3", 0}, {"x<y == 1", 1},
        {"nan==nan", 0},
        {"nan!=nan", 1}, {"nan<1", 0}, {"!(x<y)", 0}, {"!x", 0}, {"!0", 1}, {"x<y && y<z", 1},
        {"x>y || y<z", 1},
        {"x>y && y<z || 1", 1}, {"0 && 0 || 1", 1}, {"1 || 0 && 0", 1}, {"x < y ? 10 : 20", 10},
        {"x ? 1 : 2", 1},
        {"x>y ? 1 : y>z ? 2 : 3", 3}, {"(x<y) + (y<z)", 2}, {"x + (x<y)", 4}, {"x>y ? 1 : 2 + 3", 5},
        {"min(x, y)", 3}, {"max(x, y)", 5}, {"abs(-x)", 3}, {"floor(-2.5)", -3}, {"ceil(-2.5)", -2},
        {"round(2.5)", 2},
        {"round(3.5)", 4}, {"trunc(-2.5)", -2}, {"fract(-0.25)", 0.75}, {"mod(-1, x)", 2}, {"-1 % x", 2},
        {"7 % -4", -1},
        {"sqrt(4)", 2}, {"sign(-x)", -1}, {"sign(x)", 1}, {"sign(0)", 0}, {"sign(-0.0)", -0.0},
        {"sign(nan)", NAN},
        {"clamp(x, 4, 5)", 4}, {"clamp(x, 0, 2)", 2}, {"mix(2, 4, 0.5)", 3}, {"lerp(2, 4, 0.5)", 3},
        {"step(4, x)", 0},
        {"step(3, x)", 1}, {"select(x<y, 1, 2)", 1}, {"refined(x<y, x, 2)", 3}, {"refined(x>y, x, 2)", 2}, {"dot(refined((x<y, x>y), (x, 1), z), (1, 10))", 73}, {"copysign(x, -1)", -3}, {"copysign(x, -0.0)", -3},
        {"copysign(-x, nan)", 3}, {"fma(x, y, z)", 22}, {"degrees(pi)", 180},
        {"radians(180)", 3.14159265358979323846},
        {"dot((1, 2, 3), (4, 5, 6))", 32}, {"dot(x, y)", 15}, {"length((x, 4))", 5}, {"length(-x)", 3},
        {"exp(0)", 1}, {"log(1)", 0}, {"ln(1)", 0}, {"sinpi(0.5)", 1}, {"cospi(1)", -1}, {"sin(0)", 0},
        {"cos(0)", 1},
        {"i32(x)^2 / 2", 4}, {"i32(x)^i32(2) / 2", 4.5}, {"x^(x<y)", 3}, {"x^inf", INFINITY},
        {"n = 2; x^n", 9}, {"x^(y - 3)", 9}, {"sum(k, 0, 3, x^k)", 40}, {"x^nan", NAN},
        {"rem(-7, x)", -1}, {"rem(7, -3)", 1}, {"rem(x, 0)", NAN}, {"rem(i32(-7), 3)", -1},
        {"rem(i32(7), -3)", 1}, {"rem(i32(7), 0)", 7}, {"rem(i32(0x80000000), -1)", 0},
        {"umulh(i32(-1), 2)", 1}, {"umulh(i32(0x10000), 0x10000)", 1},
        {"flip(x, i32(2))", 3}, {"flip(x, i32(-1))", -3}, {"flip(x, 5)", -3}, {"flip(-0.0, i32(1))", 0},
        {"flip(0, i32(1))", -0.0}, {"flip(inf, 3)", -INFINITY}, {"flip(nan, 2)", NAN},
        {"flip(i32(x), i32(1))", -3}, {"flip(i32(0x80000000), 1)", -2147483648.0}, {"flip(i32(x), 4)", 3},
        {"flip((x, y), (0, 1)).y", -5}, {"flip(f64(x), i32(x))", -3}, {"n = 8; low_bits(x, n)", 3},
        {"low_bits(-1, 8)", 255}, {"low_bits(-0.5, 32)", -1}, {"low_bits(255.9, 8)", 255},
        {"low_bits(i32(-2), 4)", 14}, {"low_bits(3e9, 32)", 3e9 - 0x1p32}, {"low_bits(-3e9, 32)", 0x1p32 - 3e9},
        {"low_bits(0x1p31, 32)", -0x1p31}, {"low_bits(-0x1p31, 32)", -0x1p31}, {"low_bits(0x1.8p32, 32)", -0x1p31},
        {"low_bits(f32(0x1.fffffep31), 32)", -256}, {"low_bits(f32(-0x1.fffffep35), 16)", 0x1000},
        {"low_bits(f32(0x1.fffffep31), 9)", 256}, {"low_bits(f32(0x1.fffffep30), 8)", 128},
        {"low_bits(9007199254740991, 32)", -1}, {"low_bits(9007199254740990, 8)", 254},
        {"low_bits(-9007199254740991, 32)", 1}, {"low_bits(0x1.0000000000001p60, 12)", 0x100},
        {"low_bits(1e300, 32)", 0}, {"low_bits(f32(-1e38), 32)", 0}, {"low_bits(inf, 32)", -2147483648.0},
        {"low_bits(nan, 32)", -2147483648.0}, {"low_bits(nan, 8)", 0}, {"low_bits(f32(-inf), 8)", 0},
        {"low_bits(x < y, 1)", 1}, {"low_bits((x, y), 2).y", 1},
        {"smoothstep(0, 4, 1)", 0.15625}, {"smoothstep(4, 0, 1)", 0.84375}, {"smoothstep(1, 2, x)", 1},
        {"smoothstep(4, 5, x)", 0}, {"smoothstep(3, 3, x)", 0}, {"smoothstep(2, 2, x)", 1},
        {"smoothstep(0, 1, nan)", 0}, {"smoothstep(i32(0), i32(4), i32(1))", 0.15625},
        {"smootherstep(0, 4, 2)", 0.5}, {"smootherstep(low=0, high=4, x=1)", 0.103515625},
        {"smootherstep(3, 3, x)", 0}, {"smootherstep(0, 1, inf)", 1}, {"smootherstep(0, 1, nan)", 0},
        {"distance((1, 2), (4, 6))", 5}, {"distance((4, 5), 1)", 5}, {"distance(x, y)", 2},
        {"cross((1, 2, 3), (4, 5, 6)).x", -3}, {"cross((1, 2, 3), (4, 5, 6)).y", 6},
        {"cross((1, 2, 3), (4, 5, 6)).z", -3}, {"cross((1, 2), (3, 4))", -2},
        {"normalize((0, 4, 0)).y", 1}, {"normalize((0, 0)).y", NAN},
        {"reflect((1, -1), (0, 1)).y", 1}, {"reflect((1, -1), (0, 1)).x", 1}, {"reflect(x, 1)", -3},
        {"fast.exp(0)", 1}, {"0 | fast.exp", 1}, {"x | fast.pow(2)", 9},
        {"fast = 2; fast + x", 5}, {"fast = (x, y); fast.yx.x + fast.exp(0)", 6},
        {"fn f(fast) = fast.x + fast.exp(0)\nf((x, y))", 4}, {"fn fast(a) = a*2; fast(x)", 6},
        {"gamma = 2; gamma*x", 6}, {"fn gamma(a) = a*2; gamma(x)", 6},
        {"length((x, y))\nfn length(v) = v.x - v.y", -2}, {"fn max(a) = a; x | max", 3},
        {"fn f(a) = sin(a)\nfn sin(a) = a + 1\nf(x)", 4},
        {"bits(1)", 1065353216}, {"bits(f32(nan))", 2143289344}, {"from_bits(0x3f800000)", 1},
        {"from_bits(i32(0x40000000))", 2},
        {"upper_bits(f64(-1))", -1074790400}, {"upper_bits(f64(nan))", 0x7FF80000}, {"upper_bits(0.5)", 0x3FE00000},
        {"from_upper_bits(0x3FF80000)", 1.5}, {"from_upper_bits(upper_bits(f64(0.75)))", 0.75},
        {"and(i32(12), 10)", 8}, {"or(i32(12), 10)", 14}, {"xor(i32(12), 10)", 6}, {"not(i32(0))", -1},
        {"and(x<y, y<z)", 1},
        {"xor(x<y, y<z)", 0}, {"or(x>y, y<z)", 1}, {"not(x<y)", 0}, {"i32(1) << 4", 16}, {"shl(1, 4)", 16},
        {"-8 >> 1", -4},
        {"i32(-8) >>> 28", 15}, {"shr(-8, 28)", 15}, {"sar(-8, 1)", -4}, {"i32(1) << 2 + i32(1)", 8},
        {"1 << 33", 2},
        {"i32(7) / 2", 3}, {"i32(-7) / 2", -3}, {"i32(7) / 0", 0}, {"i32(-7) % 3", 2}, {"i32(7) % -3", -2},
        {"i32(6) % -3", 0},
        {"i32(-7) % 0", -7}, {"i32(2.9)", 2}, {"i32(-2.9)", -2}, {"i32(3e9)", -2147483648.0},
        {"i32(nan)", -2147483648.0},
        {"i32(x)", 3}, {"f64(x)", 3}, {"f32(x)", 3}, {"i32(x<y)", 1}, {"i32(0xFFFFFFFF)", -1},
        {"i32(2147483647) + 1", -2147483648.0},
        {"a = x + 1; a*2", 8}, {"a = x\nb = a*2\nb + a", 9}, {"(a, b) = (x, y); a - b", -2},
        {"p = (x, y, z); p.y", 5},
        {"(x, y, z).zx.y", 3}, {"(x, y).yx.x", 5}, {"(1, 2, 3, 4).rgba.b", 3}, {"(1, 2, 3, 4).w", 4},
        {"x.x", 3}, {"x.xx.y", 3},
        {"((x, y), z).z", 7}, {"((x, y) + 1).y", 6}, {"((x, y)*(2, 3)).y", 15}, {"(x < (1, 5)).y", 1},
        {"(1 ? (x, y) : (0, 0)).y", 5}, {"max((1, 9), (5, 5)).y", 9}, {"(-(x, y)).x", -3},
        {"f = 2; fn f(a) = a + 1\nf(f)", 3}, {"fn f(a, b=10) = a + b\nf(1)", 11},
        {"fn f(a, b=10) = a - b\nf(b=1, a=2)", 1},
        {"fn f(a, b=a*2) = a + b\nf(1)", 3}, {"fn f(a) { b = a*2; b + 1 }\nf(x)", 7},
        {"fn f(a) = { b = a*2\n b + 1\n}\nf(x)", 7},
        {"f(x)\nfn f(a) = a + 1", 4}, {"k = 2; fn f(a) = a*k\nf(x)", 6},
        {"fn g(a) = f(a)*2\nfn f(a) = a + 1\ng(x)", 8},
        {"fn f(a) = a.x + a.y\nf((x, y))", 8}, {"fn f() = 4\nf()", 4},
        {"fn swap(p) = p.yx\nswap((x, y)).x", 5},
        {"x | max(4)", 4}, {"x | max(4) | min(3.5)", 3.5}, {"x + 1 | sqrt", 2}, {"-x | abs", 3},
        {"x\n | max(4)\n | min(3.5)", 3.5},
        {"max(x | min(1), 2)", 2}, {"clamp(x, high=2, low=1)", 2}, {"mix(a=1, b=3, t=0.5)", 2},
        {"sum(i, 1, 4, i)", 10}, {"sum(i, 0, 3, i*x)", 18}, {"sum(i, 2, 1, x)", 0},
        {"sum(i, 1, 3, sum(j, 1, i, 1))", 6},
        {"sum(i, -2, 2, i*i)", 10}, {"n = 3; sum(i, 1, n, x)", 9}, {"sum(i, 0, 1, (i, x)).y", 6},
        {"i = 5; sum(i, 1, 2, i) + i", 8},
        {"accumulate(i, 1, 5, z = 1, i*z)", 120}, {"accumulate(i, 2, 1, z = x, 0*z)", 3},
        {"accumulate(i, 1, 3, z = x, (z, i + z[i - 1])).w", 9}, {"sum(j, 0, 2, accumulate(i, 1, 2, z = j, (z, z + i))[2])", 9},
        {"z = 2; i = 7; accumulate(i, 1, 2, z = z, z*z) + i + z", 25}, {"fn f(n, a) = accumulate(i, 1, n - 1, z = a, (z, x)); dot(f(3, 1), f(3, 2))", 20},
        {"accumulate(i, 1, 3, f = (0, 1), (f.y, f.x + f.y)).y", 3}, {"length((accumulate(k, 1, 63, z = 1, (z, 1))))", 8},
        {"table t = [1, 2.5, -3]; t[1]", 2.5}, {"table t = [1, 2.5, -3]\nt[2]", -3},
        {"table t = [1, 2,]; t[9]", 2},
        {"table t = [1, 2]; t[-9]", 1}, {"table t = [4, 5]; t[nan]", 4}, {"table t = [4, 5, 6]; t[1.9]", 5},
        {"table t: i32 = [7, -8]; t[1] / 3", -2}, {"table t: u8 = [255, 0]; t[0]", 255},
        {"table t: i16 = [-300]; t[0]", -300},
        {"table t = [pi/2]; t[0]", 1.57079632679489661923}, {"table p = [10, 20]; p[x<y]", 20},
        {"table t = [1, 2]; t[(0, 1)].y", 2},
        {"fn f(i) = u[i]\ntable u = [3, 4]\nf(1)", 4},
        {"param a = 2 in 1..3\na*x", 6}, {"param a = 0.5\na", 0.5}, {"param a = -1 in -2..-0.5; a", -1},
        {"param a=1 \"Hz\"; a", 1},
        {"x = 4\nx*2", 8}, {"e = 2; e", 2}, {"\303\244\317\200 = x\n\303\244\317\200", 3},
        {"sin = 3; sin + cos(0)", 4},
        {"x # comment\n", 3}, {"x // comment", 3}, {"# first\n\n\nx", 3}, {";;x;;", 3}, {"x +\n y", 8},
        {"(x\n+ y)", 8},
        {"max(x,\n y)", 5}, {"x < y\n ? 1\n : 2", 1}, {"a = \n 3\na", 3}, {"\xEF\xBB\xBFx", 3}, {"x\r\n", 3},
        {"\tx", 3},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        expect_number(table[k].source, table[k].value);
}

/* The evaluator here takes them from libm, which is not exact. */
static void functions_have_their_values(void **state)
{
    (void)state;
    static const struct { const char *source; double value; } table[] = {
        {"tan(pi/4)", 1}, {"tan(1)*cos(1)/sin(1)", 1}, {"tanpi(0.25)", 1}, {"asin(sin(1))", 1},
        {"acos(cos(1))", 1}, {"4*atan(1)/pi", 1}, {"atan2(1, -1)/pi", 0.75}, {"atan2(x=-1, y=1)/pi", 0.75},
        {"sinh(x) + cosh(x)", 20.085536923187668}, {"tanh(asinh(1))", 0.70710678118654752},
        {"cosh(acosh(x))", 3},
        {"tanh(atanh(t))", 0.25}, {"exp(1)", 2.7182818284590452}, {"exp2(x)", 8}, {"exp10(x)", 1000},
        {"expm1(1)", 1.7182818284590452}, {"log(e)", 1}, {"log2(8)", 3}, {"log10(1000)", 3},
        {"log1p(e - 1)", 1},
        {"pow(x, y)", 243}, {"pow(4, 0.5)", 2}, {"pow(2, -2)", 0.25}, {"rsqrt(4)", 0.5}, {"cbrt(-27)", -3},
        {"hypot(x, 4)", 5}, {"erf(1) + erfc(1)", 1}, {"erf(0.5)", 0.52049987781304653},
        {"lgamma(y)", 3.1780538303479456},
        {"gamma(y)", 24}, {"digamma(4) - digamma(3)", 1.0 / 3}, {"logistic(log(3))", 0.75},
        {"softplus(0)", 0.69314718055994531}, {"normal_cdf(1)", 0.84134474606854293},
        {"exp(normal_log_cdf(-1))", 0.15865525393145707},
        {"x^y", 243}, {"x^t", 1.3160740129524924}, {"2^0.3", 1.2311444133449163}, {"x^65/x^64", 3},
        {"x^-65*x^64", 1.0 / 3}, {"i32(x)^y", 243}, {"length((x, y)^(2, t))", 9.123380293372616},
        {"fast.cos(x*pi)", -1}, {"fast.tan(pi/4)", 1},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        const double wanted = table[k].value, wide = value_in(table[k].source, IR_F64, 0);
        const double single = value_in(table[k].source, IR_F32, 0);
        if (!(fabs(wide - wanted) <= 1e-14 * fabs(wanted) && fabs(single - wanted) <= 1e-5 * fabs(wanted)))
            fail_msg("%s: %.17g and %.9g, not %.17g", table[k].source, wide, single, wanted);
    }
}

static void numbers_are_read_in_the_type_that_they_meet(void **state)
{
    (void)state;
    static const struct { const char *source; double value; } table[] = {
        {"0.1", (double)0.1f}, {"f64(0.1)", (double)0.1f}, /* outputs are f32 here */
        {"f64(0.1) == 0.1", 1}, {"f64(0.1) == f32(0.1)", 0}, {"f64(x)*0 + 0.1 == f64(0.1)", 1},
        {"f32(0.1) == 0.1", 1},
        {"a = 0.1; f64(a) == f64(0.1)", 1}, {"fn f(a) = f64(a)\nf(0.1) == 0.1", 1},
        {"a = 0.1 + 0; f64(a) == 0.1", 0},
        {"-0.1 == f64(-0.1)", 1}, {"f64(pi) - 3.1415926535897931 == 0", 1},
        {"f64(e) == 2.7182818284590452354", 1},
        {"f64(16777217) == 16777217", 1}, {"f32(16777217) == 16777216", 1}, {"f64(1e308)*10 == inf", 1},
        {"i32(3)/2", 1}, {"i32(3)/2.0", 1.5}, {"i32(3)*0.5", 1.5}, {"i32(1)/f32(2)", 0.5}, {"i32(x) / 2", 1},
        {"1/2", 0.5},
        {"i32(16777217) + f32(0) == 16777217", 1},
        {"1.00000017881393432617187500000000001 == 1.00000023841857910156250000", 1},
        {"f32(9007199791611905) == f32(9007200328482816)",
         1}, /* through an f64 it would round to even, and down */
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        const double found = value_in(table[k].source, IR_F32, IR_FOLD | IR_IDENTITY);
        if (!same(found, table[k].value))
            fail_msg("%s: %.17g, not %.17g", table[k].source, found, table[k].value);
    }
}

static void operands_meet_in_one_type(void **state)
{
    (void)state;
    static const struct { const char *source, *operations; } table[] = {
        {"x + 1", "add.f32"}, {"x + f64(1)", "cvt.f64 add.f64 cvt.f32"},
        {"i32(x) + 1", "cvt.i32 add.i32 cvt.f32"},
        {"i32(x) + x", "cvt.i32 cvt.f64 cvt.f64 add.f64 cvt.f32"},
        {"i32(x) + 1.5", "cvt.i32 cvt.f64 add.f64 cvt.f32"},
        {"f64(x) + i32(x)", "cvt.f64 cvt.i32 cvt.f64 add.f64 cvt.f32"},
        {"sqrt(i32(x))", "cvt.i32 cvt.f64 sqrt.f64 cvt.f32"},
        {"i32(x) < 2", "cvt.i32 lt.i32 select.f32"}, {"x > f64(2)", "cvt.f64 lt.f64 select.f32"},
        {"min(i32(x), 3)", "cvt.i32 min.i32 cvt.f32"},
        {"clamp(i32(x), 0, 0.5)", "cvt.i32 cvt.f64 max.f64 min.f64 cvt.f32"},
        {"x < 1 ? i32(x) : 2", "lt.f32 cvt.i32 select.i32 cvt.f32"},
        {"(x<1) + (x<2)", "lt.f32 lt.f32 select.f32 select.f32 add.f32"},
        {"i32(x) + (x<1)", "cvt.i32 lt.f32 select.i32 add.i32 cvt.f32"},
        {"abs(i32(x))", "cvt.i32 abs.i32 cvt.f32"},
        {"x < 1 && x > 0", "lt.f32 lt.f32 and.mask select.f32"},
        {"x && 1", "ne.f32 ne.f32 and.mask select.f32"},
        {"bits(x)", "ne.f32 bits.i32 select.i32 cvt.f32"},
        {"bits(max(x, 0))", "max.f32 bits.i32 cvt.f32"}, /* never NaN, as the next may be */
        {"bits(max(0, x))", "max.f32 ne.f32 bits.i32 select.i32 cvt.f32"},
        {"from_bits(bits(x))", "ne.f32 bits.i32 select.i32 from_bits.f32"},
        {"floor(f64(x))", "cvt.f64 floor.f64 cvt.f32"},
        {"tan(i32(x))", "cvt.i32 cvt.f64 tan.f64 cvt.f32"},
        {"atan2(x, f64(y))", "cvt.f64 cvt.f64 atan2.f64 cvt.f32"},
        {"x^y", "pow.f32"}, {"x^0.3", "pow.f32"}, {"x^f64(y)", "cvt.f64 cvt.f64 pow.f64 cvt.f32"},
        {"x^f64(2)", "cvt.f64 mul.f64 cvt.f32"}, {"x^(1+1)", "add.f32 mul.f32"},
        {"i32(x)^2", "cvt.i32 mul.i32 cvt.f32"}, {"i32(x)^(1+1)", "cvt.i32 add.f32 cvt.f64 mul.f64 cvt.f32"},
        {"i32(x)^0.5", "cvt.i32 cvt.f64 sqrt.f64 cvt.f32"}, {"i32(x)^65", "cvt.i32 cvt.f64 pow.f64 cvt.f32"},
        {"x^(y, 2)", "pow.f32 mul.f32"}, {"pow(x, 2)", "pow.f32"},
        {"x^64", "mul.f32 mul.f32 mul.f32 mul.f32 mul.f32 mul.f32"},
        {"umulh(i32(x), 3)", "cvt.i32 umulh.i32 cvt.f32"},
        {"flip(x, i32(y))", "cvt.i32 shl.i32 or.i32 from_bits.f32 mul.f32"},
        {"f32(low_bits(x, 8))", "floor.f32 cvt.i32 and.i32 cvt.f32"},
        {"f32(low_bits(x, 9))", "floor.f32 mul.f32 round.f32 fnma.f32 cvt.i32 and.i32 cvt.f32"},
        {"rem(i32(x), 3)", "cvt.i32 div.i32 mul.i32 sub.i32 cvt.f32"},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        expect_operations(table[k].source, false, table[k].operations);
}

/* ---- contraction ---- */

static void products_and_sums_are_fused_as_written(void **state)
{
    (void)state;
    static const struct { const char *source, *operations; } table[] = {
        {"x*y+z", "fma.f32"}, {"z+x*y", "fma.f32"}, {"x*y-z", "fms.f32"}, {"z-x*y", "fnma.f32"},
        {"(x*y)+z", "fma.f32"},
        {"z+(x*y)", "fma.f32"}, {"((x*y))-z", "fms.f32"}, {"x*y+z*t", "mul.f32 fma.f32"},
        {"x*y-z*t", "mul.f32 fms.f32"},
        {"x*x + y*y + z*z", "mul.f32 fma.f32 fma.f32"}, {"x*y*z+t", "mul.f32 fma.f32"},
        {"t+x*y*z", "mul.f32 fma.f32"},
        {"t-x*y*z", "mul.f32 fnma.f32"}, {"-x*y+z", "neg.f32 fma.f32"},
        {"-(x*y)+z", "mul.f32 neg.f32 add.f32"},
        {"x*y/z+t", "mul.f32 div.f32 add.f32"}, {"x/y+z", "div.f32 add.f32"}, {"x*(y+z)", "add.f32 mul.f32"},
        {"x*(y*z+t)", "fma.f32 mul.f32"}, {"x*y+z+t", "fma.f32 add.f32"}, {"a = x*y; a+z", "mul.f32 add.f32"},
        {"a = x*y\nb = a + z\nb", "mul.f32 add.f32"}, {"fn f(a, b) = a*b\nf(x, y) + z", "mul.f32 add.f32"},
        {"fn f(a) = a + z\nf(x*y)", "mul.f32 add.f32"}, {"fn f(a) = a*y + z\nf(x)", "fma.f32"},
        {"x^2+y", "mul.f32 add.f32"},
        {"i32(x)*i32(y)+1", "cvt.i32 cvt.i32 mul.i32 add.i32 cvt.f32"},
        {"1-i32(x)*2", "cvt.i32 mul.i32 sub.i32 cvt.f32"},
        {"x*y+f64(z)", "cvt.f64 mul.f32 cvt.f64 add.f64 cvt.f32"},
        {"f64(z)-x*y", "cvt.f64 mul.f32 cvt.f64 sub.f64 cvt.f32"},
        {"f64(z)*x+y", "cvt.f64 cvt.f64 cvt.f64 fma.f64 cvt.f32"},
        {"mod(x, y)", "div.f32 floor.f32 fnma.f32"},
        {"x % y", "div.f32 floor.f32 fnma.f32"}, {"mix(x, y, z)", "sub.f32 fma.f32"},
        {"dot((x, y), (z, t))", "mul.f32 fma.f32"},
        {"sum(i, 1, 2, x*i)", "mul.f32 mul.f32 add.f32"},
        {"(x*y > 1) + z", "mul.f32 lt.f32 select.f32 add.f32"},
        {"x*y + (z, t)", "fma.f32 fma.f32"}, {"(x, y)*z - 1", "fms.f32 fms.f32"},
        {"length((x, y))", "mul.f32 fma.f32 sqrt.f32"}, {"rem(x, y)", "div.f32 trunc.f32 fnma.f32"},
        {"cross((x, y), (z, t))", "mul.f32 fms.f32"},
        {"reflect((x, y), (z, t))", "mul.f32 fma.f32 mul.f32 fnma.f32 fnma.f32"},
        {"max(x*y, z) + t", "mul.f32 max.f32 add.f32"}, {"x*y | max(z)", "mul.f32 max.f32"},
        {"sqrt(x*x+y*y)-0.5", "mul.f32 fma.f32 sqrt.f32 sub.f32"},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        expect_operations(table[k].source, false, table[k].operations);
    /* Of two products the left one is fused: the operands say which. */
    lower_well("x*y - z*t", false);
    const ir_op *last = &it.p.ops[it.p.count - 2];
    assert_int_equal(last->code, IR_FMS);
    assert_int_equal(it.p.ops[last->a].code, IR_INPUT);
    assert_int_equal(it.p.ops[last->c].code, IR_MUL);
}

/* The formulas of the vocabulary are programs, and give the same operations. */
static void functions_are_their_formulas(void **state)
{
    (void)state;
    static const struct { const char *call, *formula; } table[] = {
        {"clamp(x, y, z)", "min(max(x, y), z)"},
        {"degrees(x)", "x * 57.29577951308232087680"}, {"radians(x)", "x * 0.01745329251994329577"}, /* 180/pi, pi/180 */
        {"fract(x)", "x - floor(x)"}, {"mix(x, y, z)", "x + z*(y - x)"}, {"lerp(x, y, z)", "x + z*(y - x)"},
        {"mod(x, y)", "x - y*floor(x/y)"}, {"rem(x, y)", "x - y*trunc(x/y)"},
        {"step(x, y)", "y < x ? 0 : 1"}, {"select(x < y, z, t)", "x < y ? z : t"},
        {"smoothstep(x, y, z)", "a = clamp((z - x)/(y - x), 0, 1); a*a*(3 - 2*a)"},
        {"smootherstep(x, y, z)", "a = clamp((z - x)/(y - x), 0, 1); min(a*a*a*(a*(6*a - 15) + 10), 1)"},
        {"dot((x, y, z), (y, z, t))", "x*y + y*z + z*t"}, {"length((x, y))", "sqrt(dot((x, y), (x, y)))"},
        {"distance((x, y), (z, t))", "length((x, y) - (z, t))"},
        {"cross((x, y, z), (t, x, y))", "(y*y - z*x, z*t - x*y, x*x - y*t)"},
        {"cross((x, y), (z, t))", "x*t - y*z"}, {"normalize((x, y, z))", "v = (x, y, z); v * (1/length(v))"},
        {"reflect((x, y), (z, t))", "v = (x, y); n = (z, t); v - 2*dot(v, n)*n"},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        for (ir_type type = IR_F32; type <= IR_F64; type++) {
            char wanted[4096];
            double values[2];
            values[0] = value_in(table[k].formula, type, 0);
            snprintf(wanted, sizeof wanted, "%s", operations());
            values[1] = value_in(table[k].call, type, 0);
            if (strcmp(operations(), wanted) || !same(values[0], values[1]))
                fail_msg("%s: %s, not %s", table[k].call, operations(), wanted);
        }
}

/* The functions that a text calls with `fast.` have the flag, and no others. */
static void grades_are_asked_for_call_by_call(void **state)
{
    (void)state;
    static const struct { const char *source; unsigned fast, others; } table[] = {
        {"sin(x)", 0, 1}, {"fast.sin(x)", 1, 0}, {"fast.sin(x) + sin(x)", 1, 1}, {"fast.tan(x*pi)", 1, 0},
        {"fast.pow(x, y)", 1, 0}, {"fast.sin(sin(x))", 1, 1}, {"sin(fast.sin(x))", 1, 1},
        {"x | fast.sin", 1, 0}, {"x | fast.atan2(y)", 1, 0}, {"fast.exp((x, y))", 2, 0},
        {"fast . sin (x)", 1, 0}, {"(fast.\nsin(x))", 1, 0}, {"fast.sin(x)^fast.cos(y)", 2, 1},
        {"fn f(a) = fast.exp(a)\nf(x) + exp(x)", 1, 1},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        unsigned fast = 0, others = 0;
        lower_well(table[k].source, false);
        for (ir_ref r = 1; r < it.p.count; r++)
            if (sn_ir_info[it.p.ops[r].code].kind == IR_KIND_MATH)
                *(it.p.ops[r].flags & IR_FLAG_FAST ? &fast : &others) += 1;
        if (fast != table[k].fast || others != table[k].others)
            fail_msg("%s: %u fast, %u others", table[k].source, fast, others);
    }
    lang_function_entry entry; /* each that has a grade */
    for (uint32_t i = 0; sn_lang_function(i, &entry); i++) {
        char source[80];
        snprintf(source, sizeof source, "fast.%s(x%s)", entry.name, entry.most > 1 ? ", y" : "");
        if (!entry.graded)
            continue;
        lower_well(source, false);
        assert_int_equal(it.p.ops[it.p.count - 2].flags, IR_FLAG_FAST);
    }
}

static void pi_as_a_factor_is_exact(void **state)
{
    (void)state;
    static const struct { const char *source, *operations; } table[] = {
        {"sin(x*pi)", "sinpi.f32"}, {"sin(pi*x)", "sinpi.f32"}, {"cos(\317\200*x)", "cospi.f32"},
        {"sin(2*pi*x)", "mul.f32 sinpi.f32"},
        {"sin(x*pi/4)", "div.f32 sinpi.f32"}, {"sin(-x*pi)", "neg.f32 sinpi.f32"},
        {"sin(-(x*pi))", "neg.f32 sinpi.f32"},
        {"sin(pi)", "sinpi.f32"}, {"sin(tau*x)", "mul.f32 sinpi.f32"}, {"cos(pi*(x+y))", "add.f32 cospi.f32"},
        {"tan(x*pi)", "tanpi.f32"}, {"tan(tau*x)", "mul.f32 tanpi.f32"}, {"fast.sin(x*pi)", "sinpi.f32"},
        {"x*pi/2 | fast.tan", "div.f32 tanpi.f32"}, {"sinh(x*pi)", "mul.f32 sinh.f32"},
        {"sin(pi*x+1)", "fma.f32 sin.f32"}, {"sin(x)", "sin.f32"}, {"sin(1/pi)", "div.f32 sin.f32"},
        {"sin(x*pi^2)", "mul.f32 mul.f32 sin.f32"},
        {"pi = 3; sin(pi*x)", "mul.f32 sin.f32"}, {"a = pi*x; sin(a)", "mul.f32 sin.f32"},
        {"x*pi | sin", "sinpi.f32"},
        {"sin(pi/x)", "div.f32 sinpi.f32"}, {"sin((x, y)*pi)", "sinpi.f32 sinpi.f32"},
        {"sin(x*(y*pi))", "mul.f32 sinpi.f32"},
        {"sin(x*pi*pi)", "mul.f32 sinpi.f32"}, {"exp(x*pi)", "mul.f32 exp.f32"},
        {"sin(pi*x*y+0)", "mul.f32 fma.f32 sin.f32"},
        {"fn w(p) = sin(p*pi)\nw(x)", "sinpi.f32"}, {"sin(x*\317\204)", "mul.f32 sinpi.f32"},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        expect_operations(table[k].source, false, table[k].operations);
    expect_number("sin(pi)", sin(3.14159265358979323846));
    expect_number("sin(tau/4)", 1);
    expect_number("cos(pi/2*2)", -1);
}

/* ---- streams ---- */

static void streams_and_parameters_are_declared(void **state)
{
    (void)state;
    lower_well("t*z + x", false);
    assert_int_equal(it.p.input_count, 3);
    assert_string_equal(it.p.inputs[0].name, "x");
    assert_string_equal(it.p.inputs[1].name, "z");
    assert_string_equal(it.p.inputs[2].name, "t");
    assert_string_equal(it.p.outputs[0].name, "out");
    lower_well("fn f(x) = x\nfn g() = y\nf(1)", false); /* y is read by nothing that runs */
    assert_int_equal(it.p.input_count, 0);
    lower_well("fn g() = y\nfn f() = g()\nf()", false);
    assert_int_equal(it.p.input_count, 1);
    lower_well("y = 3; y", false);
    assert_int_equal(it.p.input_count, 0);
    lower_well("(x, y) = (1, 2); x", false);
    assert_int_equal(it.p.input_count, 0);

    const lang_options named = {.type = IR_F64, .inputs = " u  v x"};
    assert_int_equal(lower_as("v", 1, named, 0), SINTER_OK);
    assert_int_equal(it.p.input_count, 3);
    assert_string_equal(it.p.inputs[1].name, "v");
    assert_int_equal(it.p.inputs[1].type, IR_F64);
    assert_int_equal(it.p.ops[1].a, 1);
    assert_int_equal(lower_as("y", 1, named, 0), SINTER_BAD_PROGRAM);
    assert_string_equal(it.report.errors[0].hint, "the inputs are:  u  v x");

    lower_well("(x, x*2)", false);
    assert_string_equal(it.p.outputs[0].name, "out.0");
    assert_string_equal(it.p.outputs[1].name, "out.1");
    lower_well("input a, b\nl = a*2\nout l, r = b, a + b, (a, b)", true);
    assert_int_equal(it.p.output_count, 5);
    assert_string_equal(it.p.outputs[0].name, "l");
    assert_string_equal(it.p.outputs[1].name, "r");
    assert_string_equal(it.p.outputs[2].name, "out.0");
    assert_string_equal(it.p.outputs[3].name, "out.1");
    assert_string_equal(it.p.outputs[4].name, "out.2");
    lower_well("input a\nout s = (a, a)\nout a + 1", true);
    assert_string_equal(it.p.outputs[0].name, "s.0");
    assert_string_equal(it.p.outputs[1].name, "s.1");
    assert_string_equal(it.p.outputs[2].name, "out");
    assert_int_equal(it.p.outputs[0].type, IR_F32);

    lower_well(
        "param cutoff = 800 in 20..20000 log \"Hz\"\nparam g = 2*0.25 in -1.5..2\nparam free = 3\ncutoff*g",
        true);
    assert_int_equal(it.p.param_count, 3);
    assert_string_equal(it.p.params[0].name, "cutoff");
    assert_string_equal(it.p.params[0].unit, "Hz");
    assert_int_equal(it.p.params[0].curve, SINTER_LOGARITHMIC);
    assert_true(it.p.params[0].initial == 800 && it.p.params[0].low == 20 && it.p.params[0].high == 20000);
    assert_true(it.p.params[1].initial == 0.5 && it.p.params[1].low == -1.5 && it.p.params[1].high == 2);
    assert_int_equal(it.p.params[1].curve, SINTER_LINEAR);
    assert_true(it.p.params[2].low == -INFINITY && it.p.params[2].high == INFINITY);

    expect_operations("time", true, "index.f64 param.f64 div.f64 cvt.f32");
    assert_string_equal(it.p.params[0].name, "rate");
    assert_true(it.p.params[0].initial == 48000);
    assert_int_equal(it.p.params[0].type, IR_F64);
    expect_operations("dt + rate + index", true, "param.f64 div.f64 add.f64 index.f64 add.f64 cvt.f32");
    assert_int_equal(it.p.param_count, 1);
}

/* ---- the past ---- */

static const ir_memory *line_called(const char *name)
{
    for (uint32_t k = 0; k < it.p.memory_count; k++)
        if (!strcmp(it.p.memories[k].name, name))
            return &it.p.memories[k];
    fail_msg("no line is called %s", name);
    return NULL;
}

static void expect_stream(const char *source, const double *wanted, uint32_t count)
{
    double out[16];
    const double inputs[8] = {1, 10, 0, 0, 0, 0, 0, 0};
    lower_well(source, true);
    run(inputs, 1, 0, out, count); /* the first input is 1, 2, 3, …, the second 10, 11, 12, … */
    for (uint32_t k = 0; k < count; k++)
        if (!same(out[k], wanted[k]))
            fail_msg("%s: element %u is %.9g, not %.9g", source, k, out[k], wanted[k]);
}
#define EXPECT_STREAM(source, ...)                                                                           \
    do {                                                                                                     \
        const double wanted_[] = {__VA_ARGS__};                                                              \
        expect_stream(source, wanted_, sizeof wanted_ / sizeof *wanted_);                                    \
    } while (0)

static void the_past_is_read(void **state)
{
    (void)state;
    EXPECT_STREAM("input a\na'", 0, 1, 2, 3);
    EXPECT_STREAM("input a\na''", 0, 0, 1, 2);
    EXPECT_STREAM("input a\ny = a + 0.5*y'\ny", 1, 2.5, 4.25, 6.125);
    EXPECT_STREAM("input a\nout y = a + y'", 1, 3, 6, 10);
    EXPECT_STREAM("input a\ny = a - y''\ny", 1, 2, 2, 2, 3, 4, 4, 4);
    EXPECT_STREAM("input a\nb = a + c'\nc = b*2\nb", 1, 4, 11, 26);
    EXPECT_STREAM("input a\ndelay(a, 2)", 0, 0, 1, 2);
    EXPECT_STREAM("input a\na | delay(1)", 0, 1, 2);
    EXPECT_STREAM("input a\ndelay(a, 0)", 1, 2, 3);
    EXPECT_STREAM("input a\ndelay(a*2, 1)", 0, 2, 4);
    EXPECT_STREAM("input a\ny = a + delay(y, 2)\ny", 1, 2, 4, 6, 9);
    EXPECT_STREAM("input a\ndelay(a, a/2, 2)", 0, 1, 2, 2, 3, 4);
    EXPECT_STREAM("input a\ndelay(a, 9, 2)", 0, 0, 1, 2);
    EXPECT_STREAM("input a\ndelay(a, -1, 2) + delay(a, nan, 2)", 0, 2, 4);
    EXPECT_STREAM("input a\ndelay(a, a, 2) + delay(a, 5)", 0, 0, 1, 2, 3, 5);
    EXPECT_STREAM("input a\ny = (a, 2*a) + y'\ny.x + y.y", 3, 9, 18);
    EXPECT_STREAM("input a\ny = (a + y'.y, y'.x)\ny.x", 1, 2, 4, 6);
    EXPECT_STREAM("input a\n(p, q) = (a + q', p')\np", 1, 2, 4, 6);
    EXPECT_STREAM("input a\ndelay((a, 2*a), (1, 2)).y", 0, 0, 2, 4);
    EXPECT_STREAM("fn count() { n = n' + 1; n }\ncount() + 10*count()", 11, 22, 33);
    EXPECT_STREAM("fn lag(v) = v'\ninput a\nlag(a) + lag(2*a)", 0, 3, 6);
    EXPECT_STREAM("fn f(v) { w = v + w'; w }\ninput a\nf(f(a))", 1, 4, 10);
    EXPECT_STREAM("input a\nfn f(k) { w = k + w'; w }\nsum(i, 1, 3, f(i))", 6, 12, 18);
    EXPECT_STREAM("input a\nsum(i, 1, 2, delay(a*i, i))", 0, 1, 4);
    EXPECT_STREAM("input a\nu = a > 1\nu' + 0", 0, 0, 1, 1);
    EXPECT_STREAM("y = 1\ny'", 0, 1, 1);
    EXPECT_STREAM("input a\nfn g() = a'\ng()", 0, 1, 2);
    EXPECT_STREAM("gate = !(gate')\ngate", 1, 0, 1, 0);
    EXPECT_STREAM("index", 0, 1, 2);
    EXPECT_STREAM("s = i32(s') * 1664525 + 1013904223\ns % 1000", 223, 762, 401);
    EXPECT_STREAM("s = i32(1) + s'\ns/2", 0, 1, 1, 2);
    EXPECT_STREAM("s = s' * 3 + i32(1)\ns", 1, 4, 13);
    EXPECT_STREAM("a = b' + 1\nb = i32(a')\na", 1, 1, 2, 2);
}

/* What a name stands for above its binding, where nothing computes with it yet. */
static void names_may_be_handed_on_above_their_binding(void **state)
{
    (void)state;
    EXPECT_STREAM("input a\nfn d(v, n) = delay(v, n)\ny = a + d(y, 2)\ny", 1, 2, 4, 6, 9);
    EXPECT_STREAM("input a\nfn d(v, n) { w = v; delay(w, n) }\nx = a + d(y, 2)\ny = 2*x\nx", 1, 2, 5, 8, 15);
    EXPECT_STREAM("input a\nfn prime(v) = v'\nx = a + prime(y)\ny = 2*x\ny", 2, 8, 22);
    EXPECT_STREAM("input a\nfn d(v, n=1) = delay(v, n)\nx = a + (y | d(n=2))\ny = 2*x\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn d(v, n) = delay(v, n)\nfn e(n, w) = d(w, n)\nx = a + e(w=y, n=2)\ny = 2*x\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn d(v:2, n) = delay(v, n)\nx = a + d((y, a), 2).x\ny = 2*x\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn d(v:2, n) = delay(v, n)\nx = a + d(y, a, 2).x\ny = 2*x\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn d(v:2, n) = delay(v, n)\nx = a + d(y, 2).y\ny = (a, 2*x)\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn d(v, w=v) = delay(w, 2)\nx = a + d(y)\ny = 2*x\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn pass(v) = v\nz = pass(y)\nx = a + delay(z, 2)\ny = 2*x\nx + z", 3, 6, 15, 24);
    EXPECT_STREAM("input a\np = (y, a)\nx = a + delay(p, 2).x + p.y\ny = 2*x\nx + p.x", 6, 12, 30);
    EXPECT_STREAM("input a\n(p, q) = (y, a)\nx = q + p'\ny = 2*x\ny", 2, 8, 22);
    EXPECT_STREAM("input a\nx = y\nz = x\ny = 2*a\nx + z + z'", 4, 10, 16);
    EXPECT_STREAM("input a\n(x, y) = (y, a)\nx", 1, 2, 3);
    EXPECT_STREAM("input a\nx = y.y\ny = (z, a)\nz = a + x'\nz", 1, 3, 5);
    EXPECT_STREAM("x = y\ny = 3\nx + x'", 3, 6, 6);
    EXPECT_STREAM("input a\nx = y\ny = a > 1\nx + x'", 0, 1, 2);
    EXPECT_STREAM("input a\nfn d(v) { s = w; w = 2*v; s' + s }\nd(a)", 2, 6, 10);
    EXPECT_STREAM("input a\nfn d(v) { s = v + h(s); s }\nfn h(v) = delay(v, 1)\nd(a)", 1, 3, 6);
    EXPECT_STREAM("input a\nfn h(v) = delay(v, 1)\nx = a + sum(i, 1, 2, i*h(x))\nx", 1, 5, 18);
    EXPECT_STREAM("input a\nfn d(v) { s = v + 0*h(s); s }\nfn h(v) = delay(v, 1)\nx = a + h(y)\ny = d(h(x)) + h(z)\nz = d(x)\nx", 1, 2, 5, 8);
    EXPECT_STREAM("input a\nfn h(v) = delay(v, 1)\ntable t = [5, 7]\nx = h(y) + t[0]\ntable u: u8 = [2]\ny = x + u[0]*a\nx", 5, 12, 21);
    EXPECT_STREAM("input a\nx = a + delay(k, 1)\nparam k = 3\nx", 1, 5, 6);
    EXPECT_STREAM("fn h(v) = delay(v, 1)\nout x = 1 + h(x)", 1, 2, 3);
}

static void arguments_may_have_to_be_constants(void **state)
{
    (void)state;
    EXPECT_STREAM("input a\nfn f(v, n: const) = delay(v, n)\nf(a, 1 + 1)", 0, 0, 1, 2);
    EXPECT_STREAM("input a\nfn g(v, m: const=2) = f(v, m - 1)\nfn f(v, n: const) = delay(v, n)\ng(a) + g(m=3, v=a)", 0, 1, 3, 5);
    EXPECT_STREAM("input a\nfn f(v, p:2 const=(1, 2)) = delay(v, p)\nf(a).y + f(a, 0, 1).x", 1, 2, 4);
    EXPECT_STREAM("input a\nconst = 2\nfn f(v, const) = v*const\nf(a, const)", 2, 4, 6); /* a name like any other */
    EXPECT_STREAM("input a\nfn f(v, n: const) = n < 2 ? v : f2(v)\nfn f2(v) = 2*v\nf(a, i32(1)) + f(a, 2)", 3, 6, 9);
}

static lang_function_entry entry_called(const char *name)
{
    lang_function_entry entry;
    for (uint32_t i = 0; sn_lang_function(i, &entry); i++)
        if (strcmp(entry.name, name) == 0)
            return entry;
    fail_msg("%s", name);
    return entry;
}

static void expect_parameters(const char *name, const char *wanted)
{
    const lang_function_entry entry = entry_called(name);
    char all[512] = "";
    lang_parameter_entry p;
    for (uint32_t k = 0; sn_lang_function_parameter(&entry, k, &p); k++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%.*s:%u%s%s%.*s", k ? " | " : "", (int)p.name_length, p.name, p.size,
                 p.constant ? " const" : "", p.standard ? " = " : "", (int)p.standard_length, p.standard ? p.standard : "");
    assert_string_equal(all, wanted);
}

static void functions_say_what_they_take(void **state)
{
    (void)state;
    expect_parameters("comb", "x:0 | samples:0 const | feedback:0");
    expect_parameters("delay_linear", "x:0 | seconds:0 | most:0 const = 48000");
    expect_parameters("fbm", "p:4 | octaves:0 const = 6 | lacunarity:0 = 2 | gain:0 = 0.5 | seed:0 = 0");
    expect_parameters("lowpass", "x:0 | cutoff:0 | q:0 = sqrt(0.5)");
    expect_parameters("clamp", "x:0 | low:0 | high:0");
    expect_parameters("delay", "x:0 | n:0 | max:0 = ");
    const lang_function_entry made = {.name = "f", .form = "a=max(1, [2, 3]), b:3 const = (0, 1, 2) , c"};
    lang_parameter_entry p;
    assert_true(sn_lang_function_parameter(&made, 1, &p));
    assert_int_equal(p.size, 3);
    assert_true(p.constant && p.standard_length >= 9 && !memcmp(p.standard, "(0, 1, 2)", 9));
    assert_true(sn_lang_function_parameter(&made, 2, &p) && p.name_length == 1 && !p.standard);
    assert_false(sn_lang_function_parameter(&made, 3, &p));
}

static void events_are_names_with_an_onset(void **state)
{
    (void)state;
    EXPECT_STREAM("input event\nevent", 1, 2, 3);
    EXPECT_STREAM("event = 3\nevent + dt*0", 3, 3);
    lower_well("event gate = 2\nevent other = 0\na = gate\nout since(a) - since(other)", true);
    assert_int_equal(it.p.param_count, 4);
    assert_string_equal(it.p.params[3].name, "other.onset");
    assert_int_equal(it.p.params[3].type, IR_F64);
    static const char *const patches[] = {"event gate = 0\ngate", "event gate = 0\nx = since(gate)\nx"};
    for (size_t k = 0; k < 2; k++) {
        open_it(NULL, 0);
        assert_true(sn_lang_is_patch(&it.scratch, patches[k], strlen(patches[k])));
    }
}

static void expect_type_of_line(const char *source, const char *name, ir_type type)
{
    lower_well(source, true);
    if (line_called(name)->type != type)
        fail_msg("%s: %s is %s", source, name, sn_ir_type_name((ir_type)line_called(name)->type));
}

static void recurrences_find_their_types(void **state)
{
    (void)state;
    expect_type_of_line("input a\ny = a + y'\ny", "y", IR_F32);
    expect_type_of_line("y = y' + 1\ny", "y", IR_F32);
    expect_type_of_line("s = i32(1) + s'\ns", "s", IR_I32);
    expect_type_of_line("s = s' + i32(1)\ns", "s", IR_I32);
    expect_type_of_line("s = s' * 2 + i32(1)\ns", "s", IR_I32);
    expect_type_of_line("s = s' * 0.5 + i32(1)\ns", "s", IR_F64);
    expect_type_of_line("y = y' + f64(1)\ny", "y", IR_F64);
    expect_type_of_line("y = y' + time\ny", "y", IR_F64);
    expect_type_of_line("y = max(y', 1) + dt\ny", "y", IR_F64);
    expect_type_of_line("s = i32(f64(s') * 1.5)\ns", "s", IR_I32);
    expect_type_of_line("s = s' < 3 ? s' + i32(1) : 0\ns", "s", IR_I32);
    expect_type_of_line("s = xor(s', 5)\ns", "s", IR_I32);
    expect_type_of_line("s = s' << 1\ns", "s", IR_I32);
    expect_type_of_line("a = b'\nb = c'\nc = i32(a') + 1\nc", "a", IR_I32);
    expect_type_of_line("a = b' + 1\nb = a*f64(2)\na", "b", IR_F64);
    expect_type_of_line("fn f(k) { s = s' + k; s }\nf(i32(2))", "f.s", IR_I32);
    expect_type_of_line("fn f(k) { s = s' + g(k); s }\nfn g(k) { u = u'*k; u }\nf(i32(2))", "f.g.u", IR_I32);
    expect_type_of_line("fn f(k) { s = s' + k; s }\ny = f(y') + i32(1)\ny", "f.s", IR_I32);
    expect_type_of_line("s = delay(s, 3) + i32(1)\ns", "s", IR_I32);
    expect_type_of_line("s = s'^2 + i32(1)\ns", "s", IR_I32);
    expect_type_of_line("s = s'^i32(2) + i32(1)\ns", "s", IR_F64);
    expect_type_of_line("y = y'^y' + f64(1)\ny", "y", IR_F64);
    expect_type_of_line("y = length((y', i32(1)))\ny", "y", IR_F64);
    expect_type_of_line("g = s' > 1\ns = i32(g) + s'\ns", "s", IR_I32);
    expect_type_of_line("y = (y'.x + i32(1), y'.y + dt)\ny.x", "y.0", IR_I32);
    assert_int_equal(line_called("y.1")->type, IR_F64);
    expect_type_of_line("fn h(v) = delay(v, 1)\ns = h(s) + i32(1)\ns", "h.v", IR_I32);
    expect_type_of_line("fn h(v) = delay(v, 1)\ny = h(z) + 1\nz = y*f64(1)\ny", "h.v", IR_F64);
    expect_type_of_line("fn h(v) = delay(v, 1)\ny = h(z) + 1\nz = y < 1\ny", "h.v", IR_F32);
    expect_type_of_line("fn h(v) { w = v; u = w' + i32(2); u + w' }\ny = h(z)\nz = y + f64(1)\ny", "h.w", IR_F64);
    expect_type_of_line("fn h(v) = delay(v, 1)\ny = h(z).y\nz = (dt, i32(y) + i32(1))\ny", "h.v.1", IR_I32);
    expect_type_of_line("fn h(v) { s = delay(v, 2) + k(w); w = s + 0; s }\nfn k(v) = v'\ny = h(z)\nz = i32(y)\ny", "h.k.v", IR_I32);
    expect_type_of_line("x = y\ny = x' + i32(1)\ny", "x", IR_I32);
}

static void state_has_names(void **state)
{
    (void)state;
    lower_well(
        "input a\nfn lp(v) { y = y' + 0.5*(v - y'); y }\nfn two(v) = lp(lp(v)) + v'\n"
        "p = two(a); q = two(p) + lp(a)\nsum(i, -1, 0, lp(a*i)) + delay(a*2, 1) + delay(a*3, 1)"
               " + q + sum(i, 1, 2, delay(a*i, 2))",
        true);
    static const char *const names[] = {
        "two.lp.y",   "two.lp#2.y", "two.v",   "two#2.lp.y", "two#2.lp#2.y", "two#2.v",    "lp.y",
        "lp#2[-1].y", "lp#2[0].y",  "delay#1", "delay#2",    "delay#3[1]",   "delay#3[2]",
    };
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        line_called(names[k]);
    assert_int_equal(it.p.memory_count, sizeof names / sizeof *names);
    /* A function's own name for what it gets, whether that is known or not. */
    lower_well("input a\nfn h(v) { w = v; w' + two(v) }\nfn two(v) = v + delay(v, 2)*0\nfn k(v) = v'\nb = a + k(c) + k(c)\nc = h(b)\nb", true);
    static const char *const inside[] = {"k.v", "k#2.v", "h.w", "h.two.v"};
    for (size_t k = 0; k < 4; k++)
        line_called(inside[k]);
    assert_int_equal(it.p.memory_count, 4);
    /* An edit elsewhere changes no name. */
    lower_well("input a\nb = a*3\nfn lp(v) { y = y' + 0.5*(v - y'); y }\nlp(b)", true);
    line_called("lp.y");
    assert_int_equal(it.p.memory_count, 1);
}

static void near_and_far_reads_have_lines_of_their_own(void **state)
{
    (void)state;
    lower_well("input a\na' + delay(a, 8) + delay(a, 9) + delay(a, 1000)", true);
    assert_int_equal(it.p.memory_count, 2);
    assert_int_equal(line_called("a")->length, 8);
    assert_int_equal(line_called("a~")->length, 1000);
    lower_well("input a\ndelay(a, 1000)", true);
    assert_int_equal(line_called("a")->length, 1000);
    lower_well("input a\ndelay(a, a, 4) + a'", true);
    assert_int_equal(it.p.memory_count, 1);
    assert_int_equal(line_called("a")->length, 4);
    assert_int_equal(line_called("a")->shortest, 1);
    lower_well("input a\ny = (a, a) + y'\ndelay(y, 20).x + y.x", true);
    assert_int_equal(it.p.memory_count, 4);
    line_called("y.1~");
}

static uint32_t count_of(ir_code code)
{
    uint32_t count = 0;
    for (ir_ref r = 1; r < it.p.count; r++)
        count += it.p.ops[r].code == code;
    return count;
}

static void denormals_stay_out_of_cycles(void **state)
{
    (void)state;
    lower_well("input a\ny = a + 0.5*y'\ny + a'", true);
    assert_int_equal(line_called("y")->flush, 1);
    assert_int_equal(line_called("a")->flush, 0);
    assert_int_equal(count_of(IR_SELECT), 0);
    lower_well("input a\ny = a + 0.5*delay(y, 100)\ny", true);
    assert_int_equal(line_called("y")->flush, 0);
    assert_int_equal(count_of(IR_SELECT), 1);
    const ir_op *write = &it.p.ops[it.p.count - 1];
    assert_int_equal(write->code, IR_WRITE);
    assert_int_equal(it.p.ops[write->a].code, IR_SELECT);
    lower_well("input a\ny = a + 0.5*y'' + delay(y, 3)\ny", true);
    assert_int_equal(line_called("y")->flush, 0);
    assert_int_equal(count_of(IR_SELECT), 1);
    lower_well("input a\ny = a + 0.5*y'\ny + delay(y, 100)", true); /* the far line is on no cycle */
    assert_int_equal(line_called("y")->flush, 1);
    assert_int_equal(line_called("y~")->flush, 0);
    assert_int_equal(count_of(IR_SELECT), 0);
    lower_well("input a\nb = a + c'\nc = 0.5*delay(b, 20)\nc", true); /* one cycle through both */
    assert_int_equal(line_called("c")->flush, 1);
    assert_int_equal(line_called("b")->flush, 0);
    assert_int_equal(count_of(IR_SELECT), 1);
    lower_well("input a\ny = a + 0.5*delay(y, a, 50)\ny", true);
    assert_int_equal(count_of(IR_SELECT), 1);
    lower_well("s = i32(1) + s'\ns + delay(s, 30)", true);
    assert_int_equal(line_called("s")->flush, 0);
    assert_int_equal(count_of(IR_SELECT), 0);
    lower_well("input a\ny = a + 0.5*delay(y, 10) + f64(0)\ny", true);
    assert_int_equal(count_of(IR_SELECT), 1);
    for (ir_ref r = 1; r < it.p.count; r++) /* its threshold is that of f64 */
        if (it.p.ops[r].code == IR_LT)
            assert_true(number_of(IR_F64, sn_ir_bits(&it.p, it.p.ops[r].b)) == 1e-250);
    /* a long chain of operations within one cycle */
    text source;
    arena memory;
    sn_arena_open(&memory, NULL);
    sn_text_open(&source, &memory);
    sn_text_add(&source, "input a\ny = a*y'");
    for (int k = 0; k < 100000; k++)
        sn_text_add(&source, "+a");
    sn_text_add(&source, "\ny");
    lower_well(source.start, true);
    assert_int_equal(line_called("y")->flush, 1);
    sn_arena_close(&memory);
}

static void tell_apart(bool (*is)(arena *scratch, const char *source, size_t length), const char *const *texts, size_t count, const char *const *others, size_t other_count)
{
    arena scratch;
    sn_arena_open(&scratch, NULL);
    for (size_t k = 0; k < count + other_count; k++) {
        const char *each = k < count ? texts[k] : others[k - count];
        if (is(&scratch, each, strlen(each)) != (k < count))
            fail_msg("%s", each);
    }
    sn_arena_close(&scratch);
}

static void patches_are_told_from_fields(void **state)
{
    (void)state;
    static const char *const patches[] = {"input a\na", "y = x + y'\ny",      "delay(x, 3)",
                                          "time",       "fn f() = rate\nf()", "dt + 1",
                                          "index",      "x | delay(1)"};
    static const char *const fields[] = {
        "x*y", "rate = 3; rate", "t", "", "$", "fn f(time) = time\nf(x)", "time = 1\ntime"};
    tell_apart(sn_lang_is_patch, patches, sizeof patches / sizeof *patches, fields, sizeof fields / sizeof *fields);
}

static void densities_are_told_from_others(void **state)
{
    (void)state;
    static const char *const densities[] = {"normal(0, 1)", "normal", "gamma(2, 3)", "gamma(alpha=2)", "input y\ny ~ normal(0, 1)", "input y\ntarget += -y*y", "mixture((0.5, 0.5), normal(0, 1), normal(2, 1))",
                                            "family f(a) on real { log_density = -a*x*x }\nf(2)", "fn g(x) = x\nnormal(g(1), 2)"};
    static const char *const others[] = {"x", "gamma(x)", "logistic(x)", "fn normal(x) = x\nnormal(x)", "normal = 3; normal", "log_density(normal(0, 1), x)", "", "$", "y = x + y'\ny",
                                         "gamma(2, 3)*x"};
    tell_apart(sn_lang_is_density, densities, sizeof densities / sizeof *densities, others, sizeof others / sizeof *others);
}

/* ---- functions by callbacks ---- */

static void emit_double(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                        sinter_value *outputs, uint32_t output_count)
{
    assert_int_equal(input_count, 1);
    assert_int_equal(output_count, 1);
    ++*(int *)user;
    outputs[0] = sinter_add(p, inputs[0], inputs[0]);
}

static void emit_parts(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                       sinter_value *outputs, uint32_t output_count)
{
    (void)user;
    assert_int_equal(input_count + output_count, 4);
    outputs[0] = sinter_emit(p, SINTER_OP_FLOOR, inputs[0], 0, 0);
    outputs[1] = sinter_emit(p, SINTER_OP_LT, inputs[0], inputs[1], 0);
}

static void emit_failure(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                         sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)inputs, (void)input_count, (void)outputs, (void)output_count;
    sinter_program_fail(p, "not today");
}

static void emit_nothing(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                         sinter_value *outputs, uint32_t output_count)
{
    (void)user, (void)p, (void)inputs, (void)input_count, (void)outputs, (void)output_count;
}

static void callbacks_are_functions(void **state)
{
    (void)state;
    int calls = 0;
    const sinter_node_type nodes[] = {
        {.name = "twice", .inputs = 1, .outputs = 1, .emit = emit_double, .user = &calls},
        {.name = "parts", .inputs = 2, .outputs = 2, .emit = emit_parts},
        {.name = "refuse", .inputs = 1, .outputs = 1, .emit = emit_failure},
        {.name = "empty", .inputs = 0, .outputs = 1, .emit = emit_nothing},
    };
    const lang_options field = {.type = IR_F32, .inputs = "x y z t", .nodes = nodes, .node_count = 4};
    const lang_options patch = {.type = IR_F32, .patch = true, .nodes = nodes, .node_count = 4};
    double out[4];
    static const struct { const char *source; double value; } good[] = {
        {"twice(x) + 1", 7}, {"x | twice | twice", 12}, {"parts(2.5, 1).x", 2},
        {"parts((x, y)).y ? 4 : 5", 4}, {"twice(i32(x))/4", 1},
        {"twice(x < y)", 2}, {"fn f(a) = twice(a)\nf(x) + f(x)", 12}, {"twice(f64(0.1)) == 0.2", 1},
    };
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        if (lower_as(good[k].source, strlen(good[k].source), field, 0) != SINTER_OK)
            fail_msg("%s: %s", good[k].source, it.report.errors[0].message);
        run(at_point, 0, 0, out, 1);
        if (!same(out[0], good[k].value))
            fail_msg("%s: %g, not %g", good[k].source, out[0], good[k].value);
    }
    assert_true(calls > 5);
    const char *recurrence = "s = twice(s') + i32(1)\ns";
    assert_int_equal(lower_as(recurrence, strlen(recurrence), patch, 0), SINTER_OK);
    run(at_point, 0, 0, out, 4);
    assert_true(out[0] == 1 && out[1] == 3 && out[2] == 7 && out[3] == 15);
    static const struct { const char *source, *message; int column; } bad[] = {
        {"1 + refuse(x)", "not today", 5}, {"empty()", "the callback of this function gave no value", 1},
        {"twice(x, y)", "'twice' takes 1 number, not 2", 1},
        {"parts(x)", "'parts' takes 2 numbers, not 1", 1},
        {"twise(x)", "there is no function 'twise'", 1},
        {"twice(a=x)", "the arguments of this function have no names", 7},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(lower_as(bad[k].source, strlen(bad[k].source), field, 0), SINTER_BAD_PROGRAM);
        assert_int_equal(it.report.count, 1);
        assert_string_equal(it.report.errors[0].message, bad[k].message);
        assert_int_equal(it.report.errors[0].column, bad[k].column);
    }
}

/* ---- the page about it ---- */

static char *read_page(void)
{
    const char *folder = getenv("SINTER_TESTS");
    char path[1024];
    snprintf(path, sizeof path, "%s/../docs/language.md", folder ? folder : "tests");
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be read", path);
    static char page[1 << 17];
    page[fread(page, 1, sizeof page - 1, file)] = 0;
    fclose(file);
    return page;
}

/* A row of its table for each: | `clamp(x, low, high)` | min(max(x, low), high) | */
static void the_documented_functions_are_the_functions(void **state)
{
    (void)state;
    const char *const page = read_page();
    lang_function_entry entry;
    for (uint32_t i = 0; sn_lang_function(i, &entry) && !entry.group; i++) { /* docs/functions.md has the library's */
        char row[512];
        int n = snprintf(row, sizeof row, "\n| `%s(", entry.name);
        unsigned argument = 0;
        for (const char *c = entry.arguments; *c || argument + 1 == entry.most; c += *c != 0) {
            if (*c && *c != ' ') {
                row[n++] = *c;
                continue;
            }
            n += snprintf(row + n, 16, "%s%s", argument >= entry.least ? "=\342\200\246" : "",
                          *c ? ", " : "");
            argument++;
        }
        n += snprintf(row + n, 8, ")` | ");
        for (const char *c = entry.summary; *c; c++)
            n += snprintf(row + n, 4, "%s%c", *c == '|' ? "\\" : "", *c);
        snprintf(row + n, 8, " |\n");
        if (!strstr(page, row))
            fail_msg("docs/language.md has no row%s", row);
    }
}

static void the_documented_programs_are_programs(void **state)
{
    (void)state;
    char *const page = read_page();
    const char *const densities = strstr(page, "\n## Densities\n"), *const functions = strstr(page, "\n## Functions\n");
    int programs = 0;
    for (char *at = strstr(page, "\n```\n"); at; at = strstr(at, "\n```\n")) {
        char *const start = at + 5, *const end = strstr(start, "```\n");
        assert_non_null(end);
        *end = 0;
        at = end + 1;
        if (strstr(start, "error:"))
            continue;
        open_it(NULL, 0);
        if (start > densities && start < functions)
            density_well(start);
        else
            lower_well(start, sn_lang_is_patch(&it.scratch, start, strlen(start)));
        programs++;
        *end = '\n'; /* the closing marks open no block */
        memset(end, '-', 3);
    }
    assert_true(programs >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(expressions_have_their_values, teardown),
        cmocka_unit_test_teardown(functions_have_their_values, teardown),
        cmocka_unit_test_teardown(numbers_are_read_in_the_type_that_they_meet, teardown),
        cmocka_unit_test_teardown(operands_meet_in_one_type, teardown),
        cmocka_unit_test_teardown(products_and_sums_are_fused_as_written, teardown),
        cmocka_unit_test_teardown(functions_are_their_formulas, teardown),
        cmocka_unit_test_teardown(grades_are_asked_for_call_by_call, teardown),
        cmocka_unit_test_teardown(pi_as_a_factor_is_exact, teardown),
        cmocka_unit_test_teardown(streams_and_parameters_are_declared, teardown),
        cmocka_unit_test_teardown(the_past_is_read, teardown),
        cmocka_unit_test_teardown(names_may_be_handed_on_above_their_binding, teardown),
        cmocka_unit_test_teardown(arguments_may_have_to_be_constants, teardown),
        cmocka_unit_test(functions_say_what_they_take),
        cmocka_unit_test_teardown(events_are_names_with_an_onset, teardown),
        cmocka_unit_test_teardown(recurrences_find_their_types, teardown),
        cmocka_unit_test_teardown(state_has_names, teardown),
        cmocka_unit_test_teardown(near_and_far_reads_have_lines_of_their_own, teardown),
        cmocka_unit_test_teardown(denormals_stay_out_of_cycles, teardown),
        cmocka_unit_test_teardown(patches_are_told_from_fields, teardown), cmocka_unit_test_teardown(densities_are_told_from_others, teardown),
        cmocka_unit_test_teardown(callbacks_are_functions, teardown),
        cmocka_unit_test(the_documented_functions_are_the_functions),
        cmocka_unit_test_teardown(the_documented_programs_are_programs, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
