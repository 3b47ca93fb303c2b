/* Pure operations are sn_ir_evaluate's business where numbers have their types; functions are the C library's. In wide numbers
 * arithmetic is plain long double, and what looks at bits or integers goes through the types. */
#include "gradient_walk.h"

#include "gradient_reference.h"

#include <string.h>

static uint64_t bits_of(unsigned type, long double value)
{
    uint64_t bits = 0;
    if (type == IR_F64) {
        const double v = (double)value;
        memcpy(&bits, &v, sizeof v);
    } else if (type == IR_F32) {
        const float v = (float)value;
        memcpy(&bits, &v, sizeof v);
    } else {
        bits = type == IR_MASK ? value != 0 : (uint32_t)(int32_t)value;
    }
    return bits;
}

static long double number_of(unsigned type, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    int32_t whole;
    double real;
    float single;
    memcpy(&real, &bits, sizeof real);
    memcpy(&single, &low, sizeof single);
    memcpy(&whole, &low, sizeof whole);
    return type == IR_F64    ? (long double)real
           : type == IR_F32  ? (long double)single
           : type == IR_MASK ? (long double)(bits != 0)
                             : (long double)whole;
}

static bool is_float(unsigned type)
{
    return type == IR_F32 || type == IR_F64;
}

static long double by_types(const walk *w, const ir_op *op, const long double v[3])
{
    const ir_info *info = &sn_ir_info[op->code];
    const unsigned operand = w->p->ops[info->rule == IR_RULE_CHOOSE ? op->b : op->a].type;
    uint64_t bits[3] = {0};
    for (unsigned k = 0; k < info->operands; k++)
        bits[k] = bits_of(w->p->ops[sn_ir_operand(op, k)].type, v[k]);
    return number_of(op->type, sn_ir_evaluate(op->code, op->type, operand, bits[0], bits[1], bits[2]));
}

static long double wide_arithmetic(const walk *w, const ir_op *op, const long double v[3])
{
    switch ((int)op->code) {
    case IR_ADD: return v[0] + v[1];
    case IR_SUB: return v[0] - v[1];
    case IR_MUL: return v[0] * v[1];
    case IR_DIV: return v[0] / v[1];
    case IR_FMA: return v[0] * v[1] + v[2];
    case IR_FMS: return v[0] * v[1] - v[2];
    case IR_FNMA: return v[2] - v[0] * v[1];
    case IR_NEG: return -v[0];
    case IR_ABS: return fabsl(v[0]);
    case IR_MIN: return v[0] < v[1] ? v[0] : v[1];
    case IR_MAX: return v[0] > v[1] ? v[0] : v[1];
    case IR_SQRT: return sqrtl(v[0]);
    case IR_FLOOR: return floorl(v[0]);
    case IR_CEIL: return ceill(v[0]);
    case IR_ROUND: return nearbyintl(v[0]);
    case IR_TRUNC: return truncl(v[0]);
    case IR_COPYSIGN: return copysignl(v[0], v[1]);
    default: return by_types(w, op, v);
    }
}

static long double compared(const ir_op *op, long double a, long double b)
{
    return op->code == IR_LT ? a < b : op->code == IR_LE ? a <= b : op->code == IR_EQ ? a == b : a != b;
}

static long double pure_value(const walk *w, const ir_op *op, const long double v[3])
{
    const ir_info *info = &sn_ir_info[op->code];
    if (info->rule == IR_RULE_CHOOSE)
        return v[0] != 0 ? v[1] : v[2];
    if (!w->wide)
        return by_types(w, op, v);
    if (info->rule == IR_RULE_COMPARE)
        return compared(op, v[0], v[1]);
    if (op->code == IR_CVT && is_float(op->type))
        return v[0];
    return is_float(op->type) ? wide_arithmetic(w, op, v) : by_types(w, op, v);
}

static long double value_of(walk *w, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    long double v[3] = {0};
    for (unsigned k = 0; k < info->operands; k++)
        v[k] = w->values[sn_ir_operand(op, k)];
    if (info->kind == IR_KIND_PURE)
        return pure_value(w, op, v);
    if (info->kind == IR_KIND_MATH) {
        const long double f = reference_function(op->code, v[0], v[1]);
        return w->wide ? f : number_of(op->type, bits_of(op->type, f));
    }
    switch ((int)op->code) {
    case IR_CONST: return number_of(op->type, op->a | (uint64_t)op->b << 32);
    case IR_INPUT: return w->inputs[op->a];
    case IR_PARAM: return w->params[op->a];
    case IR_LENGTH: return 3;
    case IR_LOAD: return is_float(op->type) ? 0.25L * v[0] : v[0];
    case IR_OUTPUT: w->outputs[op->b] = v[0]; return 0;
    case IR_SUM: w->outputs[w->p->output_count + op->b] = v[0]; return 0;
    case IR_SUMP: w->outputs[w->p->output_count + op->c] = v[0] * v[1]; return 0;
    default: return 0;
    }
}

void walk_element(walk *w)
{
    w->greatest = 0;
    for (ir_ref r = 1; r < w->p->count; r++) {
        w->values[r] = value_of(w, &w->p->ops[r]);
        if (is_float(w->p->ops[r].type) && isfinite(w->values[r]) && fabsl(w->values[r]) > w->greatest)
            w->greatest = fabsl(w->values[r]);
    }
}
