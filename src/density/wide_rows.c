/* Statistics of one row in twice the precision.
 *
 * A sum of statistics multiplies what each errs by how steep the density is there, so that 53 bits are too few: of a gamma
 * density with shape 10^6 the statistic log(x) is multiplied by as much. So the operations that statistics are made of are computed here, row by row, in
 * double-double arithmetic; what is a column itself is exact. The logarithm, which most families have, is a series; other functions are those of long double. */
#include "density/separate.h"

#include <string.h>

typedef long double (*wide_function)(long double);

static wide_function function_of(unsigned code)
{
    switch (code) {
    case IR_SIN: return sinl;
    case IR_COS: return cosl;
    case IR_TAN: return tanl;
    case IR_ASIN: return asinl;
    case IR_ACOS: return acosl;
    case IR_ATAN: return atanl;
    case IR_SINH: return sinhl;
    case IR_COSH: return coshl;
    case IR_TANH: return tanhl;
    case IR_ASINH: return asinhl;
    case IR_ACOSH: return acoshl;
    case IR_ATANH: return atanhl;
    case IR_EXP: return expl;
    case IR_EXP2: return exp2l;
    case IR_EXPM1: return expm1l;
    case IR_CBRT: return cbrtl;
    case IR_ERF: return erfl;
    case IR_ERFC: return erfcl;
    case IR_LGAMMA: return lgammal;
    default: return NULL;
    }
}

/* ---- logarithms ---- */

/* 2·atanh(z) = log((1 + z)/(1 − z)) for |z| < 0.18: the odd series. Terms from the eleventh on are below 2^-54 of the sum, so
 * that f64 does for them. */
static double_double twice_atanh(double_double z)
{
    const double_double square = sn_dd_multiply(z, z);
    double tail = 0;
    for (int k = 25; k >= 11; k--)
        tail = tail * square.hi + 1.0 / (2 * k + 1);
    double_double sum = sn_dd(tail);
    for (int k = 10; k >= 0; k--) {
        const double odd = 2 * k + 1, first = 1.0 / odd;
        sum = sn_dd_add(sn_dd_multiply(sum, square), (double_double){first, fma(-odd, first, 1) / odd});
    }
    sum = sn_dd_multiply(sum, z);
    return (double_double){2 * sum.hi, 2 * sum.lo};
}

static double_double wide_log(double_double x)
{
    static const double_double ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
    if (!(x.hi > 0) || isinf(x.hi))
        return sn_dd(log(x.hi));
    int exponent;
    if (frexp(x.hi, &exponent) < 0.70710678118654752)
        exponent--;
    const double_double m = sn_dd_scale(x, -exponent);
    const double_double z = sn_dd_divide(sn_dd_add(m, sn_dd(-1)), sn_dd_add(m, sn_dd(1)));
    const double_double log_m = twice_atanh(z);
    return exponent ? sn_dd_add(sn_dd_multiply(ln2, sn_dd(exponent)), log_m) : log_m;
}

/* Of small arguments without 1 + x, which would round. */
static double_double wide_log1p(double_double x)
{
    if (!(fabs(x.hi) < 0.25))
        return wide_log(sn_dd_add(x, sn_dd(1)));
    return x.hi == 0 ? x : twice_atanh(sn_dd_divide(x, sn_dd_add(x, sn_dd(2))));
}

/* ---- other operations ---- */

static double_double from_wide(long double value)
{
    const double hi = (double)value;
    return (double_double){hi, isfinite(hi) ? (double)(value - (long double)hi) : 0};
}

static double_double square_root(double_double a)
{
    const double first = sqrt(a.hi);
    if (!(first > 0) || isinf(first))
        return sn_dd(first);
    const double_double rest = sn_dd_subtract(a, sn_dd_two_product(first, first));
    return sn_dd_quick_sum(first, rest.hi / (2 * first));
}

static double_double power(double_double a, double_double b)
{
    return from_wide(powl((long double)a.hi + (long double)a.lo, (long double)b.hi + (long double)b.lo));
}

static bool below(double_double a, double_double b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static bool equal(double_double a, double_double b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

/* Conditions are 1 and 0. */
static double_double compared(const ir_op *op, double_double a, double_double b)
{
    switch (op->code) {
    case IR_LT: return sn_dd(below(a, b));
    case IR_LE: return sn_dd(below(a, b) || equal(a, b));
    case IR_EQ: return sn_dd(equal(a, b));
    default: return sn_dd(!equal(a, b)); /* of a NaN too */
    }
}

static double_double logic(const ir_op *op, double_double a, double_double b)
{
    const bool first = a.hi != 0, second = b.hi != 0;
    return sn_dd(op->code == IR_AND ? first && second : op->code == IR_OR ? first || second : op->code == IR_XOR ? first != second : !first);
}

static double_double rounded(const ir_op *op, double_double a)
{
    /* A number with a second part has a fraction there, or none at all: what lies between two f64 is rounded as the first one is. */
    const double whole = op->code == IR_FLOOR ? floor(a.hi) : op->code == IR_CEIL ? ceil(a.hi) : op->code == IR_TRUNC ? trunc(a.hi) : nearbyint(a.hi);
    return sn_dd(whole);
}

/* Sums and products are exact to some 2^-104; an infinity or a NaN has no second part. */
static double_double settled(double_double a)
{
    return isfinite(a.hi) && isfinite(a.lo) ? a : sn_dd(a.hi);
}

static double_double sum(double_double a, double_double b)
{
    const double plain = a.hi + b.hi;
    return isfinite(plain) ? sn_dd_add(a, b) : sn_dd(plain);
}

static double_double product(double_double a, double_double b)
{
    const double plain = a.hi * b.hi;
    return isfinite(plain) ? settled(sn_dd_multiply(a, b)) : sn_dd(plain);
}

static double_double computed(const ir_op *op, double_double a, double_double b, double_double c)
{
    switch (op->code) {
    case IR_ADD: return sum(a, b);
    case IR_SUB: return sum(a, sn_dd_negative(b));
    case IR_MUL: return product(a, b);
    case IR_DIV: return settled(sn_dd_divide(a, b));
    case IR_FMA: return sum(product(a, b), c);
    case IR_FMS: return sum(product(a, b), sn_dd_negative(c));
    case IR_FNMA: return sum(c, sn_dd_negative(product(a, b)));
    case IR_NEG: return sn_dd_negative(a);
    case IR_ABS: return a.hi < 0 ? sn_dd_negative(a) : a.hi == 0 ? sn_dd(0) : a;
    case IR_MIN: return below(a, b) ? a : b;
    case IR_MAX: return below(b, a) ? a : b;
    case IR_SQRT: return square_root(a);
    case IR_FLOOR: case IR_CEIL: case IR_ROUND: case IR_TRUNC: return rounded(op, a);
    case IR_AND: case IR_OR: case IR_XOR: case IR_NOT: return logic(op, a, b);
    case IR_LT: case IR_LE: case IR_EQ: case IR_NE: return compared(op, a, b);
    case IR_SELECT: case IR_RARE: case IR_GUARD: return a.hi != 0 ? b : c;
    case IR_LOG: return wide_log(a);
    case IR_LOG1P: return wide_log1p(a);
    case IR_POW: return power(a, b);
    default: return from_wide(function_of(op->code)((long double)a.hi + (long double)a.lo));
    }
}

bool sn_density_is_wide(const ir_program *p, const ir_op *op)
{
    switch (op->code) {
    case IR_CONST:
        return op->type == IR_F64 || op->type == IR_MASK;
    case IR_INPUT:
        return op->type == IR_F64;
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_DIV: case IR_FMA: case IR_FMS: case IR_FNMA: case IR_NEG: case IR_ABS: case IR_MIN: case IR_MAX:
    case IR_SQRT: case IR_FLOOR: case IR_CEIL: case IR_ROUND: case IR_TRUNC: case IR_LOG: case IR_LOG1P: case IR_POW:
        return op->type == IR_F64;
    case IR_AND: case IR_OR: case IR_XOR: case IR_NOT:
        return op->type == IR_MASK;
    case IR_LT: case IR_LE: case IR_EQ: case IR_NE:
        return p->ops[op->a].type == IR_F64;
    case IR_SELECT: case IR_RARE: case IR_GUARD:
        return op->type == IR_F64 || op->type == IR_MASK;
    default:
        return op->type == IR_F64 && function_of(op->code) != NULL;
    }
}

static double_double constant(const ir_program *p, ir_ref r)
{
    const uint64_t bits = sn_ir_bits(p, r);
    double value;
    if (p->ops[r].type == IR_MASK)
        return sn_dd(bits != 0);
    memcpy(&value, &bits, sizeof value);
    return sn_dd(value);
}

void sn_density_widen(const ir_program *p, const ir_ref *needed, uint32_t count, const double *inputs, double_double *values)
{
    const double_double none = {0, 0};
    for (uint32_t k = 0; k < count; k++) {
        const ir_ref r = needed[k];
        const ir_op *op = &p->ops[r];
        const unsigned operands = sn_ir_info[op->code].operands;
        values[r] = op->code == IR_INPUT ? sn_dd(inputs[op->a]) : op->code == IR_CONST ? constant(p, r)
                    : computed(op, values[op->a], operands > 1 ? values[op->b] : none, operands > 2 ? values[op->c] : none);
    }
}

bool sn_density_atoms(const density_separation *s, const double *row, double_double *values, double_double *atoms)
{
    sn_density_widen(&s->program, s->needed, s->needed_count, row, values);
    for (uint32_t k = 0; k < s->domain_count; k++)
        if ((values[s->domains[k]].hi != 0) != s->wanted[k])
            return false;
    for (uint32_t k = 0; k < s->atom_count; k++)
        atoms[k] = values[s->atoms[k]];
    return true;
}
