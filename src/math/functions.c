/* The list of functions.
 *
 * One record each, in which everything known of a function stands side by side: its expansion, its
 * derivative (derivatives.c), and its range when a pass asks for it. An expansion looks up the grade in its formula; one
 * that does not uses the default form for `fast` too, which keeps the looser bound as well.
 *
 * The switch below expands the list of operations, so an operation of the kind MATH without its record
 * does not compile. */
#include "math/derivatives.h"

typedef struct math_function {
    ir_ref (*of_one)(formula *m, ir_ref x);
    ir_ref (*of_two)(formula *m, ir_ref x, ir_ref y);
    math_slope *slope, *slope_by_y; /* the derivative by the first argument, by the second */
} math_function;

static const math_function function_SIN = {.of_one = sn_math_sin, .slope = sn_math_slope_sin};
static const math_function function_COS = {.of_one = sn_math_cos, .slope = sn_math_slope_cos};
static const math_function function_SINPI = {.of_one = sn_math_sinpi, .slope = sn_math_slope_sinpi};
static const math_function function_COSPI = {.of_one = sn_math_cospi, .slope = sn_math_slope_cospi};
static const math_function function_EXP = {.of_one = sn_math_exp, .slope = sn_math_slope_exp};
static const math_function function_LOG = {.of_one = sn_math_log, .slope = sn_math_slope_log};
static const math_function function_TAN = {.of_one = sn_math_tan, .slope = sn_math_slope_tan};
static const math_function function_TANPI = {.of_one = sn_math_tanpi, .slope = sn_math_slope_tanpi};
static const math_function function_ASIN = {.of_one = sn_math_asin, .slope = sn_math_slope_asin};
static const math_function function_ACOS = {.of_one = sn_math_acos, .slope = sn_math_slope_acos};
static const math_function function_ATAN = {.of_one = sn_math_atan, .slope = sn_math_slope_atan};
static const math_function function_SINH = {.of_one = sn_math_sinh, .slope = sn_math_slope_sinh};
static const math_function function_COSH = {.of_one = sn_math_cosh, .slope = sn_math_slope_cosh};
static const math_function function_TANH = {.of_one = sn_math_tanh, .slope = sn_math_slope_tanh};
static const math_function function_ASINH = {.of_one = sn_math_asinh, .slope = sn_math_slope_asinh};
static const math_function function_ACOSH = {.of_one = sn_math_acosh, .slope = sn_math_slope_acosh};
static const math_function function_ATANH = {.of_one = sn_math_atanh, .slope = sn_math_slope_atanh};
static const math_function function_EXP2 = {.of_one = sn_math_exp2, .slope = sn_math_slope_exp2};
static const math_function function_EXP10 = {.of_one = sn_math_exp10, .slope = sn_math_slope_exp10};
static const math_function function_EXPM1 = {.of_one = sn_math_expm1, .slope = sn_math_slope_expm1};
static const math_function function_LOG2 = {.of_one = sn_math_log2, .slope = sn_math_slope_log2};
static const math_function function_LOG10 = {.of_one = sn_math_log10, .slope = sn_math_slope_log10};
static const math_function function_LOG1P = {.of_one = sn_math_log1p, .slope = sn_math_slope_log1p};
static const math_function function_RSQRT = {.of_one = sn_math_rsqrt, .slope = sn_math_slope_rsqrt};
static const math_function function_CBRT = {.of_one = sn_math_cbrt, .slope = sn_math_slope_cbrt};
static const math_function function_ERF = {.of_one = sn_math_erf, .slope = sn_math_slope_erf};
static const math_function function_ERFC = {.of_one = sn_math_erfc, .slope = sn_math_slope_erfc};
static const math_function function_LGAMMA = {.of_one = sn_math_lgamma, .slope = sn_math_slope_lgamma};
static const math_function function_GAMMA = {.of_one = sn_math_gamma, .slope = sn_math_slope_gamma};
static const math_function function_DIGAMMA = {.of_one = sn_math_digamma, .slope = sn_math_slope_digamma};
static const math_function function_LOGISTIC = {.of_one = sn_math_logistic, .slope = sn_math_slope_logistic};
static const math_function function_SOFTPLUS = {.of_one = sn_math_softplus, .slope = sn_math_slope_softplus};
static const math_function function_NORMAL_CDF = {.of_one = sn_math_normal_cdf, .slope = sn_math_slope_normal_cdf};
static const math_function function_NORMAL_LOG_CDF = {.of_one = sn_math_normal_log_cdf, .slope = sn_math_slope_normal_log_cdf};
static const math_function function_POW = {.of_two = sn_math_pow, .slope = sn_math_slope_pow_base,
                                           .slope_by_y = sn_math_slope_pow_exponent};
static const math_function function_ATAN2 = {.of_two = sn_math_atan2, .slope = sn_math_slope_atan2_y, .slope_by_y = sn_math_slope_atan2_x};
static const math_function function_HYPOT = {.of_two = sn_math_hypot, .slope = sn_math_slope_hypot_x, .slope_by_y = sn_math_slope_hypot_y};

#define LEAF_CASE(NAME)
#define PURE_CASE(NAME)
#define MEMORY_CASE(NAME)
#define EFFECT_CASE(NAME)
#define PLAN_CASE(NAME)
#define MATH_CASE(NAME) \
    case IR_##NAME: return &function_##NAME;

static const math_function *function_of(ir_code code)
{
    switch ((int)code) {
#define X(NAME, text, operands, immediates, rule, kind) kind##_CASE(NAME)
        SINTER_OPERATIONS(X)
#undef X
    default: return NULL;
    }
}

ir_ref sn_math_expand(ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade)
{
    const math_function *f = function_of(function);
    if (!f) {
        sn_ir_fail(p, SINTER_BAD_PROGRAM, "not a mathematical function");
        return 0;
    }
    const uint32_t rules = p->rules;
    p->rules &= ~(uint32_t)IR_RELAXED;
    formula m = {p, type, grade};
    const ir_ref result = f->of_one ? f->of_one(&m, x) : f->of_two(&m, x, y);
    p->rules = rules;
    return result;
}

ir_ref sn_math_slope(ir_program *p, ir_code function, ir_type type, math_grade grade, unsigned k, ir_ref x, ir_ref y, ir_ref value)
{
    const math_function *f = function_of(function);
    math_slope *slope = !f ? NULL : k ? f->slope_by_y : f->slope;
    if (!slope) {
        sn_ir_fail(p, SINTER_BAD_PROGRAM, "not a mathematical function that has a derivative");
        return 0;
    }
    formula m = {p, type, grade};
    return slope(&m, x, y, value);
}
