/* How types meet, and what each operator and function computes, number by number.
 *
 * A literal has no type until it meets one: next to an f64 it is read as an f64, next to an i32 it is an i32
 * if it is written without point and exponent, among its like it has the program's type. A condition used as
 * a number is the literal 1 or 0. Any other mixture goes to f64. A tuple takes part element by element, a
 * number next to it stands for all elements.
 *
 * While types are looked for (dry), the same code runs with operations that are 0: there is one set of rules,
 * not two. */
#include "lang/lowering.h"

#include "base/decimal.h"

#include <math.h>
#include <string.h>

enum { EVALUATION_BUDGET = 4096 };

static ir_ref emit(lowering *l, ir_code code, unsigned type, uint32_t a, uint32_t b, uint32_t c)
{
    return l->dry ? 0 : sn_ir_emit(l->p, code, (ir_type)type, a, b, c);
}

static bool is_float(unsigned type)
{
    return type == IR_F32 || type == IR_F64;
}

static bool is_wrong(const lang_value *v, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        if (v[k].type == TYPE_WRONG)
            return true;
    return false;
}

/* ---- literals ---- */

lang_value sn_lang_small(lowering *l, double value, bool whole)
{
    const lang_literal literal = {.value = fabs(value), .whole = whole, .known = LITERAL_EXACT};
    lang_value v = sn_lang_scalar(sn_lang_add_literal(l->t, l->memory, literal), TYPE_LITERAL);
    v.negated = signbit(value) && !isnan(value);
    return v;
}

static double literal_f64(const lowering *l, lang_value v)
{
    const double value = l->t->literals[v.ref].value;
    return v.negated ? -value : value;
}

static float literal_f32(const lowering *l, lang_value v)
{
    const lang_literal *literal = &l->t->literals[v.ref];
    float value = (float)literal->value;
    if (literal->known != LITERAL_EXACT)
        sn_decimal_read_f32(l->t->source.text + literal->at, literal->length, &value);
    return v.negated ? -value : value;
}

static lang_value literal_i32(lowering *l, uint32_t node, lang_value v)
{
    const lang_literal *literal = &l->t->literals[v.ref];
    const double value = literal_f64(l, v);
    const bool hexadecimal = literal->length > 1 && (l->t->source.text[literal->at + 1] | 0x20) == 'x';
    if (hexadecimal && literal->value <= (double)UINT32_MAX) {
        const uint32_t bits = (uint32_t)literal->value;
        return sn_lang_scalar(l->dry ? 0 : sn_ir_const_bits(l->p, IR_I32, v.negated ? 0u - bits : bits),
                              IR_I32);
    }
    if (value < -2147483648.0 || value > 2147483647.0) {
        sn_lang_complain(l, node,
                         "write it in hexadecimal if its bits are meant, or f64(...) around the other",
                         "the number is too large for an i32");
        return sn_lang_wrong();
    }
    return sn_lang_scalar(l->dry ? 0 : sn_ir_i32(l->p, (int32_t)value), IR_I32);
}

static lang_value literal_to(lowering *l, uint32_t node, lang_value v, unsigned type)
{
    if (type == IR_I32)
        return literal_i32(l, node, v);
    if (l->dry)
        return sn_lang_scalar(0, type);
    if (type == IR_F64)
        return sn_lang_scalar(sn_ir_f64(l->p, literal_f64(l, v)), IR_F64);
    return sn_lang_scalar(sn_ir_f32(l->p, literal_f32(l, v)), IR_F32);
}

/* ---- constants ---- */

static bool evaluate(const ir_program *p, ir_ref r, unsigned depth, unsigned *budget, uint64_t *bits)
{
    const ir_op *op = &p->ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    if (op->code == IR_CONST) {
        *bits = sn_ir_bits(p, r);
        return true;
    }
    if (info->kind != IR_KIND_PURE || depth == 0 || *budget == 0)
        return false;
    --*budget;
    uint64_t operands[3] = {0};
    ir_type type = IR_VOID;
    for (unsigned k = 0; k < info->operands; k++) {
        const ir_ref operand = sn_ir_operand(op, k);
        if (!evaluate(p, operand, depth - 1, budget, &operands[k]))
            return false;
        if (type == IR_VOID && p->ops[operand].type != IR_MASK)
            type = (ir_type)p->ops[operand].type;
    }
    *bits = sn_ir_evaluate((ir_code)op->code, (ir_type)op->type, type, operands[0], operands[1], operands[2]);
    return true;
}

static double number_of_bits(unsigned type, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    if (type == IR_F64) {
        double v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    if (type == IR_F32) {
        float v;
        memcpy(&v, &low, sizeof v);
        return (double)v;
    }
    return type == IR_I32 ? (double)(int32_t)low : (double)low;
}

bool sn_lang_constant(lowering *l, lang_value v, double *value)
{
    if (v.type == TYPE_LITERAL) {
        *value = literal_f64(l, v);
        return true;
    }
    unsigned budget = EVALUATION_BUDGET;
    uint64_t bits;
    if (v.count != 1 || v.type == TYPE_WRONG || v.type == TYPE_UNKNOWN || v.ref == 0
        || !evaluate(l->p, v.ref, 64, &budget, &bits))
        return false;
    *value = number_of_bits(v.type, bits);
    return true;
}

/* ---- how types meet ---- */

unsigned sn_lang_common_type(const lowering *l, const lang_value *v, unsigned count)
{
    if (count == 2 && v[0].type == v[1].type && v[0].type <= IR_I32)
        return v[0].type;
    bool has[TYPE_TUPLE + 1] = {false}, fraction = false;
    for (unsigned k = 0; k < count; k++) {
        has[v[k].type] = true;
        fraction |= v[k].type == TYPE_LITERAL && !l->t->literals[v[k].ref].whole;
    }
    if (has[IR_F64] || (has[IR_I32] && (has[IR_F32] || fraction)))
        return IR_F64;
    if (has[IR_F32])
        return IR_F32;
    if (has[IR_I32])
        return IR_I32;
    return has[TYPE_UNKNOWN] && !fraction ? (unsigned)TYPE_UNKNOWN : (unsigned)l->type;
}

lang_value sn_lang_to(lowering *l, uint32_t node, lang_value v, unsigned type)
{
    if (v.type == type || v.type == TYPE_WRONG)
        return v;
    if (type == TYPE_UNKNOWN)
        return sn_lang_scalar(0, TYPE_UNKNOWN);
    if (v.type == TYPE_LITERAL)
        return literal_to(l, node, v, type);
    if (l->dry)
        return sn_lang_scalar(0, type);
    if (v.type == IR_MASK) {
        const ir_ref one = sn_ir_number(l->p, (ir_type)type, 1);
        const ir_ref zero = sn_ir_number(l->p, (ir_type)type, 0);
        return sn_lang_scalar(emit(l, IR_SELECT, type, v.ref, one, zero), type);
    }
    return sn_lang_scalar(emit(l, IR_CVT, type, v.ref, 0, 0), type);
}

lang_value sn_lang_number(lowering *l, uint32_t node, lang_value v)
{
    return v.type == TYPE_LITERAL || v.type == IR_MASK ? sn_lang_to(l, node, v, l->type) : v;
}

static lang_value condition(lowering *l, uint32_t node, lang_value v)
{
    if (v.type == IR_MASK || v.type == TYPE_WRONG)
        return v;
    if (v.type == TYPE_UNKNOWN || l->dry)
        return sn_lang_scalar(0, IR_MASK);
    v = sn_lang_number(l, node, v);
    return sn_lang_scalar(emit(l, IR_NE, IR_MASK, v.ref, sn_ir_number(l->p, (ir_type)v.type, 0), 0), IR_MASK);
}

/* The value as an i32, of which bits or shifts are asked. */
static lang_value integer(lowering *l, uint32_t node, lang_value v, const char *what)
{
    if (v.type == IR_I32 || v.type == TYPE_WRONG)
        return v;
    if (v.type == TYPE_UNKNOWN)
        return sn_lang_scalar(0, IR_I32);
    if (v.type == TYPE_LITERAL && l->t->literals[v.ref].whole)
        return literal_i32(l, node, v);
    sn_lang_complain(l, node, "write i32(...) around it", "%s of i32 only", what);
    return sn_lang_wrong();
}

static unsigned float_type(const lowering *l, const lang_value *v, unsigned count)
{
    const unsigned type = sn_lang_common_type(l, v, count);
    return type == IR_I32 ? (unsigned)IR_F64 : type == TYPE_UNKNOWN ? (unsigned)l->type : type;
}

/* ---- element by element ---- */

typedef lang_value (*scalar_rule)(lowering *l, uint32_t node, unsigned which, const lang_value *v);

static lang_value each(lowering *l, uint32_t node, scalar_rule rule, unsigned which, const lang_value *v,
                       unsigned count)
{
    uint16_t elements = 1;
    for (unsigned k = 0; k < count; k++) {
        if (v[k].type == TYPE_WRONG)
            return sn_lang_wrong();
        if (v[k].count == 1)
            continue;
        if (elements > 1 && v[k].count != elements) {
            sn_lang_complain(l, node,
                             "arithmetic goes element by element; a single number goes with any tuple",
                             "a tuple of %u elements meets one of %u", elements, v[k].count);
            return sn_lang_wrong();
        }
        elements = v[k].count;
    }
    if (elements == 1)
        return rule(l, node, which, v);
    const uint32_t place = sn_lang_pool(l, elements);
    if (!place)
        return sn_lang_wrong();
    for (uint32_t e = 0; e < elements; e++) {
        lang_value one[3] = {{0}};
        for (unsigned k = 0; k < count; k++)
            one[k] = sn_lang_element(l, v[k], e);
        const lang_value result = is_wrong(one, count) && count ? sn_lang_wrong() : rule(l, node, which, one);
        l->pool[place + e] = result;
    }
    return (lang_value){.ref = place, .count = elements, .type = TYPE_TUPLE};
}

/* Both operands in the type they meet in; false if something is wrong. */
static bool meet(lowering *l, uint32_t node, lang_value *v, unsigned count, unsigned *type)
{
    *type = sn_lang_common_type(l, v, count);
    for (unsigned k = 0; k < count; k++)
        v[k] = sn_lang_to(l, node, v[k], *type);
    return !is_wrong(v, count);
}

/* ---- operators ---- */

static lang_value two(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b)
{
    lang_value v[2] = {a, b};
    unsigned type;
    if (!meet(l, node, v, 2, &type))
        return sn_lang_wrong();
    return sn_lang_scalar(type == TYPE_UNKNOWN ? 0 : emit(l, code, type, v[0].ref, v[1].ref, 0), type);
}

static lang_value compare(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b)
{
    lang_value result = two(l, node, code, a, b);
    if (result.type != TYPE_WRONG)
        result.type = IR_MASK;
    return result;
}

/* Three operands of one type: a*b + c in one rounding, or two operations where the type is i32. */
static lang_value fuse(lowering *l, ir_code code, unsigned type, ir_ref a, ir_ref b, ir_ref c)
{
    if (is_float(type))
        return sn_lang_scalar(emit(l, code, type, a, b, c), type);
    if (type == TYPE_UNKNOWN)
        return sn_lang_scalar(0, type);
    const ir_ref product = emit(l, IR_MUL, type, a, b, 0);
    if (code == IR_FMA)
        return sn_lang_scalar(emit(l, IR_ADD, type, product, c, 0), type);
    return sn_lang_scalar(
        code == IR_FMS ? emit(l, IR_SUB, type, product, c, 0) : emit(l, IR_SUB, type, c, product, 0), type);
}

/* a - b*floor(a/b); among integers the remainder that has the sign of b. */
static lang_value modulo(lowering *l, uint32_t node, lang_value a, lang_value b)
{
    lang_value v[2] = {a, b};
    unsigned type;
    if (!meet(l, node, v, 2, &type))
        return sn_lang_wrong();
    if (l->dry)
        return sn_lang_scalar(0, type);
    const ir_ref x = v[0].ref, y = v[1].ref, quotient = emit(l, IR_DIV, type, x, y, 0);
    if (is_float(type))
        return fuse(l, IR_FNMA, type, y, emit(l, IR_FLOOR, type, quotient, 0, 0), x);
    const ir_ref zero = sn_ir_i32(l->p, 0);
    const ir_ref rest = emit(l, IR_SUB, type, x, emit(l, IR_MUL, type, y, quotient, 0), 0);
    const ir_ref differ = emit(l, IR_LT, IR_MASK, emit(l, IR_XOR, type, rest, y, 0), zero, 0);
    const ir_ref adjust = emit(l, IR_AND, IR_MASK, differ, emit(l, IR_NE, IR_MASK, rest, zero, 0), 0);
    return sn_lang_scalar(emit(l, IR_SELECT, type, adjust, emit(l, IR_ADD, type, rest, y, 0), rest), type);
}

/* a - b*trunc(a/b), which has the sign of a; the division of integers truncates. */
static lang_value remainder_of(lowering *l, uint32_t node, lang_value a, lang_value b)
{
    lang_value v[2] = {a, b};
    unsigned type;
    if (!meet(l, node, v, 2, &type))
        return sn_lang_wrong();
    if (l->dry)
        return sn_lang_scalar(0, type);
    ir_ref quotient = emit(l, IR_DIV, type, v[0].ref, v[1].ref, 0);
    if (is_float(type))
        quotient = emit(l, IR_TRUNC, type, quotient, 0, 0);
    return fuse(l, IR_FNMA, type, v[1].ref, quotient, v[0].ref);
}

static lang_value shift(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b)
{
    a = integer(l, node, a, "shifts are");
    b = integer(l, node, b, "shifts are");
    if (a.type == TYPE_WRONG || b.type == TYPE_WRONG)
        return sn_lang_wrong();
    return sn_lang_scalar(emit(l, code, IR_I32, a.ref, b.ref, 0), IR_I32);
}

static lang_value join(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b)
{
    a = condition(l, node, a);
    b = condition(l, node, b);
    return sn_lang_scalar(emit(l, code, IR_MASK, a.ref, b.ref, 0), IR_MASK);
}

static lang_value binary_rule(lowering *l, uint32_t node, unsigned token, const lang_value *v)
{
    switch (token) {
    case TOKEN_OR: return join(l, node, IR_OR, v[0], v[1]);
    case TOKEN_AND: return join(l, node, IR_AND, v[0], v[1]);
    case TOKEN_EQ: return compare(l, node, IR_EQ, v[0], v[1]);
    case TOKEN_NE: return compare(l, node, IR_NE, v[0], v[1]);
    case TOKEN_LT: return compare(l, node, IR_LT, v[0], v[1]);
    case TOKEN_LE: return compare(l, node, IR_LE, v[0], v[1]);
    case TOKEN_GT: return compare(l, node, IR_LT, v[1], v[0]);
    case TOKEN_GE: return compare(l, node, IR_LE, v[1], v[0]);
    case TOKEN_SHL: return shift(l, node, IR_SHL, v[0], v[1]);
    case TOKEN_SAR: return shift(l, node, IR_SAR, v[0], v[1]);
    case TOKEN_SHR: return shift(l, node, IR_SHR, v[0], v[1]);
    case TOKEN_PLUS: return two(l, node, IR_ADD, v[0], v[1]);
    case TOKEN_MINUS: return two(l, node, IR_SUB, v[0], v[1]);
    case TOKEN_STAR: return two(l, node, IR_MUL, v[0], v[1]);
    case TOKEN_SLASH: return two(l, node, IR_DIV, v[0], v[1]);
    default: return modulo(l, node, v[0], v[1]);
    }
}

/* Numbers of the program's type and literals: most of all texts. They become operations at once, here and where
 * functions are applied. */
static inline bool is_plain(const lowering *l, lang_value v)
{
    return v.type == l->type || v.type == TYPE_LITERAL;
}

static inline ir_ref plain(lowering *l, lang_value v)
{
    return v.type == TYPE_LITERAL ? literal_to(l, 0, v, l->type).ref : v.ref;
}

static __attribute__((noinline)) lang_value binary_by_rule(lowering *l, uint32_t node, unsigned token, lang_value a, lang_value b)
{
    const lang_value v[2] = {a, b};
    return each(l, node, binary_rule, token, v, 2);
}

static __attribute__((noinline)) lang_value any_binary(lowering *l, uint32_t node, unsigned token, unsigned code,
                                                       lang_value a, lang_value b)
{
    if (!code || !is_plain(l, a) || !is_plain(l, b))
        return binary_by_rule(l, node, token, a, b);
    const ir_ref left = plain(l, a), right = plain(l, b);
    return sn_lang_scalar(emit(l, (ir_code)code, l->type, left, right, 0), l->type);
}

lang_value sn_lang_binary(lowering *l, uint32_t node, unsigned token, lang_value a, lang_value b)
{
    static const uint8_t codes[TOKEN_COUNT] = {[TOKEN_PLUS] = IR_ADD,
                                               [TOKEN_MINUS] = IR_SUB,
                                               [TOKEN_STAR] = IR_MUL,
                                               [TOKEN_SLASH] = IR_DIV};
    const unsigned code = codes[token], type = l->type;
    if (!code || a.type != type || b.type != type || l->dry)
        return any_binary(l, node, token, code, a, b);
    return sn_lang_scalar(sn_ir_emit(l->p, (ir_code)code, (ir_type)type, a.ref, b.ref, 0), type);
}

/* A product and a sum in one expression. Where the sum's type is wider than the product's, the product is
 * rounded to its own type first, as it would be alone. */
static lang_value fused_rule(lowering *l, uint32_t node, unsigned code, const lang_value *v)
{
    lang_value product[2] = {v[0], v[1]};
    unsigned type;
    if (!meet(l, node, product, 2, &type))
        return sn_lang_wrong();
    lang_value sum[2] = {sn_lang_scalar(0, type), v[2]};
    if (sn_lang_common_type(l, sum, 2) == type) {
        const lang_value c = sn_lang_to(l, node, v[2], type);
        return c.type == TYPE_WRONG ? c : fuse(l, (ir_code)code, type, product[0].ref, product[1].ref, c.ref);
    }
    sum[0] = two(l, node, IR_MUL, product[0], product[1]);
    if (code == IR_FMA)
        return two(l, node, IR_ADD, sum[0], sum[1]);
    return code == IR_FMS ? two(l, node, IR_SUB, sum[0], sum[1]) : two(l, node, IR_SUB, sum[1], sum[0]);
}

lang_value sn_lang_fused(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b, lang_value c)
{
    if (is_plain(l, a) && is_plain(l, b) && is_plain(l, c)) {
        const ir_ref left = plain(l, a), right = plain(l, b), third = plain(l, c);
        return sn_lang_scalar(emit(l, code, l->type, left, right, third), l->type);
    }
    const lang_value v[3] = {a, b, c};
    return each(l, node, fused_rule, code, v, 3);
}

static lang_value negate_rule(lowering *l, uint32_t node, unsigned which, const lang_value *v)
{
    (void)which;
    lang_value a = v[0];
    if (a.type == TYPE_LITERAL) {
        a.negated = !a.negated;
        return a;
    }
    a = sn_lang_number(l, node, a);
    return sn_lang_scalar(a.type == TYPE_UNKNOWN ? 0 : emit(l, IR_NEG, a.type, a.ref, 0, 0), a.type);
}

lang_value sn_lang_negate(lowering *l, uint32_t node, lang_value a)
{
    return each(l, node, negate_rule, 0, &a, 1);
}

static lang_value not_rule(lowering *l, uint32_t node, unsigned which, const lang_value *v)
{
    (void)which;
    return sn_lang_scalar(emit(l, IR_NOT, IR_MASK, condition(l, node, v[0]).ref, 0, 0), IR_MASK);
}

lang_value sn_lang_not(lowering *l, uint32_t node, lang_value a)
{
    return each(l, node, not_rule, 0, &a, 1);
}

/* By SELECT; of two forms (`word` is REFINED) by a RARE that says so. */
static lang_value choose_rule(lowering *l, uint32_t node, unsigned word, const lang_value *v)
{
    const lang_value c = condition(l, node, v[0]);
    lang_value ways[2] = {v[1], v[2]};
    unsigned type = IR_MASK;
    if ((ways[0].type != IR_MASK || ways[1].type != IR_MASK) && !meet(l, node, ways, 2, &type))
        return sn_lang_wrong();
    if (type == TYPE_UNKNOWN || l->dry)
        return sn_lang_scalar(0, type);
    const bool forms = word == WORD_REFINED && is_float(type);
    return sn_lang_scalar(sn_ir_emit_flagged(l->p, forms ? IR_RARE : IR_SELECT, (ir_type)type, forms ? IR_FLAG_FORMS : 0, c.ref, ways[0].ref,
                                             ways[1].ref), type);
}

lang_value sn_lang_choose(lowering *l, uint32_t node, lang_value c, lang_value a, lang_value b)
{
    const lang_value v[3] = {c, a, b};
    return each(l, node, choose_rule, 0, v, 3);
}

/* ---- powers ----
 *
 * A constant exponent that is whole and small makes products, by squaring, from the exponent's highest digit
 * down; one half is the root. What else stands behind a ^ is the function pow. An exponent as written has no
 * type, and the power that of the base; any other is an operand whose type counts, constant or not: while
 * types are looked for nobody knows which it is. */

static lang_value constant_of(lowering *l, unsigned type, double value)
{
    return sn_lang_scalar(l->dry || type == TYPE_UNKNOWN ? 0 : sn_ir_number(l->p, (ir_type)type, value),
                          type);
}

static bool is_root(double exponent)
{
    return fabs(exponent) == 0.5;
}

static bool is_short(double exponent)
{
    return is_root(exponent) || (fabs(exponent) <= LANG_MAX_POWER && exponent == floor(exponent));
}

static lang_value short_power(lowering *l, uint32_t node, lang_value base, double exponent, unsigned type)
{
    const lang_value x = sn_lang_to(l, node, base, type);
    if (x.type == TYPE_WRONG || l->dry)
        return x;
    ir_ref result = x.ref;
    const unsigned n = (unsigned)fabs(exponent);
    if (is_root(exponent))
        result = emit(l, IR_SQRT, type, x.ref, 0, 0);
    else if (n == 0)
        result = constant_of(l, type, 1).ref;
    unsigned bit = 1;
    while (2 * bit <= n)
        bit *= 2;
    while (bit /= 2) {
        result = emit(l, IR_MUL, type, result, result, 0);
        if (n & bit)
            result = emit(l, IR_MUL, type, result, x.ref, 0);
    }
    if (exponent < 0)
        result = emit(l, IR_DIV, type, constant_of(l, type, 1).ref, result, 0);
    return sn_lang_scalar(result, type);
}

static lang_value power_rule(lowering *l, uint32_t node, unsigned which, const lang_value *v)
{
    (void)which;
    double exponent;
    const bool brief = sn_lang_constant(l, v[1], &exponent) && is_short(exponent);
    if (brief && v[1].type == TYPE_LITERAL)
        return short_power(l, node, v[0], exponent,
                           is_root(exponent) ? float_type(l, v, 1) : sn_lang_common_type(l, v, 1));
    const unsigned type = float_type(l, v, 2);
    if (brief)
        return short_power(l, node, v[0], exponent, type);
    const lang_value x = sn_lang_to(l, node, v[0], type), y = sn_lang_to(l, node, v[1], type);
    return sn_lang_scalar(emit(l, IR_POW, type, x.ref, y.ref, 0), type);
}

lang_value sn_lang_power(lowering *l, uint32_t node, lang_value base, lang_value exponent)
{
    const lang_value v[2] = {base, exponent};
    return each(l, node, power_rule, 0, v, 2);
}

/* ---- functions ---- */

/* A function that is one operation on floating-point numbers; its flags stand above its code. */
static lang_value operation_rule(lowering *l, uint32_t node, unsigned which, const lang_value *v)
{
    const ir_code code = (ir_code)(which & 0xFF);
    const bool is_of_two = sn_ir_info[code].operands > 1;
    const unsigned type = float_type(l, v, is_of_two ? 2 : 1);
    const lang_value x = sn_lang_to(l, node, v[0], type);
    const ir_ref y = is_of_two ? sn_lang_to(l, node, v[1], type).ref : 0;
    if (l->dry)
        return x;
    return sn_lang_scalar(sn_ir_emit_flagged(l->p, code, (ir_type)type, (uint8_t)(which >> 8), x.ref, y, 0),
                          type);
}

static lang_value logic(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b)
{
    if (a.type == IR_MASK && b.type == IR_MASK)
        return sn_lang_scalar(emit(l, code, IR_MASK, a.ref, b.ref, 0), IR_MASK);
    a = integer(l, node, a, "bits are");
    b = integer(l, node, b, "bits are");
    if (a.type == TYPE_WRONG || b.type == TYPE_WRONG)
        return sn_lang_wrong();
    return sn_lang_scalar(emit(l, code, IR_I32, a.ref, b.ref, 0), IR_I32);
}

static lang_value convert(lowering *l, uint32_t node, unsigned type, lang_value x)
{
    if (type == IR_I32 && x.type == TYPE_LITERAL && !l->t->literals[x.ref].whole)
        x = literal_to(l, node, x, IR_F64);
    return sn_lang_to(l, node, x, type);
}

static lang_value magnitude(lowering *l, uint32_t node, lang_value x)
{
    x = sn_lang_number(l, node, x);
    return sn_lang_scalar(x.type == TYPE_UNKNOWN ? 0 : emit(l, IR_ABS, x.type, x.ref, 0, 0), x.type);
}

static lang_value sign(lowering *l, uint32_t node, lang_value x)
{
    x = sn_lang_number(l, node, x);
    if (l->dry || x.type == TYPE_WRONG)
        return x;
    const ir_ref zero = sn_ir_number(l->p, (ir_type)x.type, 0), one = sn_ir_number(l->p, (ir_type)x.type, 1);
    const ir_ref minus_one = sn_ir_number(l->p, (ir_type)x.type, -1);
    const ir_ref is_below = emit(l, IR_LT, IR_MASK, x.ref, zero, 0);
    const ir_ref below = emit(l, IR_SELECT, x.type, is_below, minus_one, x.ref);
    const ir_ref is_above = emit(l, IR_LT, IR_MASK, zero, x.ref, 0);
    return sn_lang_scalar(emit(l, IR_SELECT, x.type, is_above, one, below), x.type);
}

static lang_value fraction(lowering *l, uint32_t node, lang_value x)
{
    x = sn_lang_to(l, node, x, float_type(l, &x, 1));
    return sn_lang_scalar(emit(l, IR_SUB, x.type, x.ref, emit(l, IR_FLOOR, x.type, x.ref, 0, 0), 0), x.type);
}

static lang_value clamp(lowering *l, uint32_t node, const lang_value *arguments)
{
    lang_value v[3] = {arguments[0], arguments[1], arguments[2]};
    unsigned type;
    if (!meet(l, node, v, 3, &type))
        return sn_lang_wrong();
    const ir_ref raised = type == TYPE_UNKNOWN ? 0 : emit(l, IR_MAX, type, v[0].ref, v[1].ref, 0);
    return sn_lang_scalar(type == TYPE_UNKNOWN ? 0 : emit(l, IR_MIN, type, raised, v[2].ref, 0), type);
}

static lang_value mix(lowering *l, uint32_t node, const lang_value *arguments)
{
    lang_value v[3] = {arguments[0], arguments[1], arguments[2]};
    unsigned type;
    if (!meet(l, node, v, 3, &type))
        return sn_lang_wrong();
    const ir_ref range = type == TYPE_UNKNOWN ? 0 : emit(l, IR_SUB, type, v[1].ref, v[0].ref, 0);
    return fuse(l, IR_FMA, type, v[2].ref, range, v[0].ref);
}

static lang_value three(lowering *l, uint32_t node, const lang_value *arguments)
{
    lang_value v[3] = {arguments[0], arguments[1], arguments[2]};
    unsigned type;
    return meet(l, node, v, 3, &type) ? fuse(l, IR_FMA, type, v[0].ref, v[1].ref, v[2].ref) : sn_lang_wrong();
}

static lang_value copy_sign(lowering *l, uint32_t node, const lang_value *arguments)
{
    const unsigned type = float_type(l, arguments, 2);
    const lang_value x = sn_lang_to(l, node, arguments[0], type), s = sn_lang_to(l, node, arguments[1], type);
    if (l->dry)
        return x;
    const ir_op *sign = &l->p->ops[s.ref];
    ir_ref plain = s.ref;
    if (sign->code != IR_CVT || l->p->ops[sign->a].type != IR_I32) { /* what was an integer is no NaN */
        const ir_ref is_nan = emit(l, IR_NE, IR_MASK, s.ref, s.ref, 0);
        plain = emit(l, IR_SELECT, type, is_nan, constant_of(l, type, 0).ref, s.ref);
    }
    return sn_lang_scalar(emit(l, IR_COPYSIGN, type, x.ref, plain, 0), type);
}

/* An f32 as bits, or the upper half of an f64: its sign, its exponent, and the first 20 bits of its significand. */
static lang_value bits_of(lowering *l, uint32_t node, lang_value x, ir_type type)
{
    const bool wide = type == IR_F64;
    if (x.type == TYPE_LITERAL || x.type == IR_MASK)
        x = sn_lang_to(l, node, x, type);
    if (x.type != type && (x.type == IR_F32 || x.type == IR_F64 || x.type == IR_I32)) {
        const char *convert = wide ? "write upper_bits(f64(...))" : "write bits(f32(...))";
        sn_lang_complain(l, node, x.type == IR_I32 ? "an i32 consists of its bits" : convert,
                         wide ? "upper_bits takes an f64" : "bits takes an f32");
        return sn_lang_wrong();
    }
    if (l->dry || x.type == TYPE_WRONG)
        return x.type == TYPE_WRONG ? x : sn_lang_scalar(0, IR_I32);
    const unsigned code = wide ? IR_HI32 : IR_BITS;
    if (sn_ir_is_number(l->p, x.ref))
        return sn_lang_scalar(emit(l, code, IR_I32, x.ref, 0, 0), IR_I32);
    const ir_ref is_nan = emit(l, IR_NE, IR_MASK, x.ref, x.ref, 0);
    const ir_ref canonical = sn_ir_i32(l->p, wide ? 0x7FF80000 : 0x7FC00000);
    const ir_ref raw = emit(l, code, IR_I32, x.ref, 0, 0);
    return sn_lang_scalar(emit(l, IR_SELECT, IR_I32, is_nan, canonical, raw), IR_I32);
}

static lang_value from_bits(lowering *l, uint32_t node, lang_value n)
{
    n = integer(l, node, n, "from_bits takes bits");
    return n.type == TYPE_WRONG ? n : sn_lang_scalar(emit(l, IR_FROM_BITS, IR_F32, n.ref, 0, 0), IR_F32);
}

static lang_value from_upper_bits(lowering *l, uint32_t node, lang_value n)
{
    n = integer(l, node, n, "from_upper_bits takes bits");
    if (n.type == TYPE_WRONG)
        return n;
    const ir_ref lower = sn_ir_i32(l->p, 0);
    return sn_lang_scalar(emit(l, IR_PACK64, IR_F64, n.ref, lower, 0), IR_F64);
}

/* x times a number, which is rounded to x's type once: 180/pi computed in f32 would be off by 0.8 ULP, and the product by
 * up to 1.4. */
static lang_value scale(lowering *l, uint32_t node, lang_value x, double factor)
{
    const unsigned type = float_type(l, &x, 1);
    x = sn_lang_to(l, node, x, type);
    return sn_lang_scalar(emit(l, IR_MUL, type, x.ref, constant_of(l, type, factor).ref, 0), type);
}

static lang_value step(lowering *l, uint32_t node, lang_value edge, lang_value x)
{
    lang_value v[2] = {edge, x};
    unsigned type;
    if (!meet(l, node, v, 2, &type))
        return sn_lang_wrong();
    if (type == TYPE_UNKNOWN)
        return sn_lang_scalar(0, type);
    const ir_ref is_below = emit(l, IR_LT, IR_MASK, v[1].ref, v[0].ref, 0);
    const ir_ref zero = constant_of(l, type, 0).ref, one = constant_of(l, type, 1).ref;
    return sn_lang_scalar(emit(l, IR_SELECT, type, is_below, zero, one), type);
}

/* clamp((x - low)/(high - low), 0, 1): 0 at the one edge, 1 at the other. */
static lang_value between(lowering *l, uint32_t node, const lang_value *arguments)
{
    const unsigned type = float_type(l, arguments, 3);
    const lang_value low = sn_lang_to(l, node, arguments[0], type);
    const lang_value high = sn_lang_to(l, node, arguments[1], type);
    const lang_value x = sn_lang_to(l, node, arguments[2], type);
    const ir_ref way = emit(l, IR_SUB, type, x.ref, low.ref, 0);
    const ir_ref t = emit(l, IR_DIV, type, way, emit(l, IR_SUB, type, high.ref, low.ref, 0), 0);
    const ir_ref raised = emit(l, IR_MAX, type, t, constant_of(l, type, 0).ref, 0);
    return sn_lang_scalar(emit(l, IR_MIN, type, raised, constant_of(l, type, 1).ref, 0), type);
}

/* t*t*(3 - 2*t), which never exceeds 1: with t = 1 - e the second factor is 1 + 2e, exactly, and the product
 * 1 - 3e*e and less; what the rounding of t*t adds to that is no half of the way to the next number. */
static lang_value smooth_step(lowering *l, uint32_t node, const lang_value *arguments)
{
    const lang_value t = between(l, node, arguments);
    const unsigned type = t.type;
    const ir_ref square = emit(l, IR_MUL, type, t.ref, t.ref, 0), factor = constant_of(l, type, 2).ref;
    const ir_ref rest = emit(l, IR_FNMA, type, factor, t.ref, constant_of(l, type, 3).ref);
    return sn_lang_scalar(emit(l, IR_MUL, type, square, rest, 0), type);
}

/* min(t*t*t*(t*(6*t - 15) + 10), 1): near 1 the sum cancels, and the product may be 5 ULP above it. */
static lang_value smoother_step(lowering *l, uint32_t node, const lang_value *arguments)
{
    const lang_value t = between(l, node, arguments);
    const unsigned type = t.type;
    const ir_ref square = emit(l, IR_MUL, type, t.ref, t.ref, 0);
    const ir_ref cube = emit(l, IR_MUL, type, square, t.ref, 0), six = constant_of(l, type, 6).ref;
    const ir_ref inner = emit(l, IR_FMS, type, six, t.ref, constant_of(l, type, 15).ref);
    const ir_ref rest = emit(l, IR_FMA, type, t.ref, inner, constant_of(l, type, 10).ref);
    const ir_ref raw = emit(l, IR_MUL, type, cube, rest, 0);
    return sn_lang_scalar(emit(l, IR_MIN, type, raw, constant_of(l, type, 1).ref, 0), type);
}

static lang_value upper_half(lowering *l, uint32_t node, lang_value a, lang_value b)
{
    a = integer(l, node, a, "upper halves of products are");
    b = integer(l, node, b, "upper halves of products are");
    if (a.type == TYPE_WRONG || b.type == TYPE_WRONG)
        return sn_lang_wrong();
    return sn_lang_scalar(emit(l, IR_UMULH, IR_I32, a.ref, b.ref, 0), IR_I32);
}

/* x times 1 or -1, whose sign is n's last bit: a product has a derivative by x, and a sum takes it into a fused
 * operation without another rounding; numbers put together from bits have neither. */
static lang_value flip(lowering *l, uint32_t node, lang_value x, lang_value n)
{
    x = sn_lang_number(l, node, x);
    n = integer(l, node, n, "what is even or odd is");
    if (l->dry || x.type == TYPE_WRONG || n.type == TYPE_WRONG)
        return n.type == TYPE_WRONG ? n : x;
    const ir_ref top = emit(l, IR_SHL, IR_I32, n.ref, sn_ir_i32(l->p, 31), 0);
    if (x.type == IR_I32) {
        const ir_ref spread = emit(l, IR_SAR, IR_I32, top, sn_ir_i32(l->p, 31), 0);
        const ir_ref unit = emit(l, IR_OR, IR_I32, spread, sn_ir_i32(l->p, 1), 0);
        return sn_lang_scalar(emit(l, IR_MUL, IR_I32, x.ref, unit, 0), IR_I32);
    }
    const ir_ref bits = emit(l, IR_OR, IR_I32, top, sn_ir_i32(l->p, 0x3F800000), 0);
    const lang_value unit = sn_lang_scalar(emit(l, IR_FROM_BITS, IR_F32, bits, 0, 0), IR_F32);
    return sn_lang_scalar(emit(l, IR_MUL, x.type, x.ref, sn_lang_to(l, node, unit, x.type).ref, 0), x.type);
}

/* How many bits, from 1 to 32; 0 after a report. */
static unsigned count_of_bits(lowering *l, uint32_t node, lang_value n)
{
    double count;
    if (sn_lang_constant(l, n, &count) && count >= 1 && count <= 32 && count == floor(count))
        return (unsigned)count;
    if (l->dry)
        return 32;
    sn_lang_complain(l, node, NULL, "the number of bits is a constant whole number from 1 to 32");
    return 0;
}

/* Beyond the i32 multiples of 2^32 are taken off, which is exact: what is left is at most 2^31 in magnitude, and
 * 2^31 itself becomes the right bits when it is converted, since those are also what stands for numbers out of
 * range. Every f32 out of range is a multiple of 256, so that up to 8 bits come out right without that. */
static lang_value low_bits(lowering *l, uint32_t node, lang_value x, lang_value n)
{
    const unsigned count = count_of_bits(l, node, n);
    if (count == 0 || x.type == TYPE_WRONG)
        return sn_lang_wrong();
    if (x.type == TYPE_LITERAL || x.type == IR_MASK)
        x = sn_lang_to(l, node, x, IR_F64);
    if (l->dry)
        return sn_lang_scalar(0, IR_I32);
    ir_ref whole = x.ref;
    if (x.type != IR_I32) {
        whole = emit(l, IR_FLOOR, x.type, x.ref, 0, 0);
        if (x.type == IR_F64 || count > 8) {
            const ir_ref scaled = emit(l, IR_MUL, x.type, whole, constant_of(l, x.type, 0x1p-32).ref, 0);
            const ir_ref turns = emit(l, IR_ROUND, x.type, scaled, 0, 0);
            whole = emit(l, IR_FNMA, x.type, turns, constant_of(l, x.type, 0x1p32).ref, whole);
        }
        whole = emit(l, IR_CVT, IR_I32, whole, 0, 0);
    }
    const uint32_t mask = 0xFFFFFFFFu >> (32 - count);
    return sn_lang_scalar(emit(l, IR_AND, IR_I32, whole, sn_ir_const_bits(l->p, IR_I32, mask), 0), IR_I32);
}

static lang_value function_rule(lowering *l, uint32_t node, unsigned word, const lang_value *v)
{
    const double pi = 3.1415926535897932385;
    switch (word) {
    case WORD_ABS: return magnitude(l, node, v[0]);
    case WORD_AND: return logic(l, node, IR_AND, v[0], v[1]);
    case WORD_BITS: return bits_of(l, node, v[0], IR_F32);
    case WORD_CLAMP: return clamp(l, node, v);
    case WORD_COPYSIGN: return copy_sign(l, node, v);
    case WORD_DEGREES: return scale(l, node, v[0], 180 / pi);
    case WORD_F32: return convert(l, node, IR_F32, v[0]);
    case WORD_F64: return convert(l, node, IR_F64, v[0]);
    case WORD_FLIP: return flip(l, node, v[0], v[1]);
    case WORD_FMA: return three(l, node, v);
    case WORD_FRACT: return fraction(l, node, v[0]);
    case WORD_FROM_BITS: return from_bits(l, node, v[0]);
    case WORD_FROM_UPPER_BITS: return from_upper_bits(l, node, v[0]);
    case WORD_I32: return convert(l, node, IR_I32, v[0]);
    case WORD_NUMBER: return convert(l, node, l->type, v[0]);
    case WORD_LERP: case WORD_MIX: return mix(l, node, v);
    case WORD_LOW_BITS: return low_bits(l, node, v[0], v[1]);
    case WORD_MAX: return two(l, node, IR_MAX, v[0], v[1]);
    case WORD_MIN: return two(l, node, IR_MIN, v[0], v[1]);
    case WORD_MOD: return modulo(l, node, v[0], v[1]);
    case WORD_NOT: {
        if (v[0].type == IR_MASK)
            return not_rule(l, node, 0, v);
        const lang_value n = integer(l, node, v[0], "bits are");
        return n.type == TYPE_WRONG ? n : sn_lang_scalar(emit(l, IR_NOT, IR_I32, n.ref, 0, 0), IR_I32);
    }
    case WORD_OR: return logic(l, node, IR_OR, v[0], v[1]);
    case WORD_RADIANS: return scale(l, node, v[0], pi / 180);
    case WORD_REFINED: return choose_rule(l, node, word, v);
    case WORD_REM: return remainder_of(l, node, v[0], v[1]);
    case WORD_SAR: return shift(l, node, IR_SAR, v[0], v[1]);
    case WORD_SELECT: return choose_rule(l, node, 0, v);
    case WORD_SHL: return shift(l, node, IR_SHL, v[0], v[1]);
    case WORD_SHR: return shift(l, node, IR_SHR, v[0], v[1]);
    case WORD_SIGN: return sign(l, node, v[0]);
    case WORD_SMOOTHERSTEP: return smoother_step(l, node, v);
    case WORD_SMOOTHSTEP: return smooth_step(l, node, v);
    case WORD_STEP: return step(l, node, v[0], v[1]);
    case WORD_UMULH: return upper_half(l, node, v[0], v[1]);
    case WORD_UPPER_BITS: return bits_of(l, node, v[0], IR_F64);
    case WORD_XOR: return logic(l, node, IR_XOR, v[0], v[1]);
    default: return sn_lang_wrong();
    }
}

/* The operation that is all that the function does with floating-point numbers of one type; 0: it is not so. */
static unsigned only_operation(unsigned word)
{
    switch (word) {
    case WORD_ABS: return IR_ABS;
    case WORD_MAX: return IR_MAX;
    case WORD_MIN: return IR_MIN;
    default: return sn_lang_words[word].operation;
    }
}

lang_value sn_lang_apply(lowering *l, uint32_t node, unsigned word, uint8_t flags,
                         const lang_value *arguments, unsigned count)
{
    const unsigned only = only_operation(word);
    if (only && count <= 2 && !l->dry && is_plain(l, arguments[0]) && (count < 2 || is_plain(l, arguments[1]))) {
        const ir_ref x = plain(l, arguments[0]), y = count < 2 ? 0 : plain(l, arguments[1]);
        return sn_lang_scalar(sn_ir_emit_flagged(l->p, (ir_code)only, l->type, flags, x, y, 0), l->type);
    }
    if (is_wrong(arguments, count))
        return sn_lang_wrong();
    switch (word) {
    case WORD_CROSS:
    case WORD_DISTANCE:
    case WORD_DOT:
    case WORD_LENGTH:
    case WORD_NORMALIZE:
    case WORD_REFLECT: return sn_lang_geometric(l, node, word, arguments);
    default: break;
    }
    const unsigned operation = sn_lang_words[word].operation;
    if (operation)
        return each(l, node, operation_rule, operation | (unsigned)flags << 8, arguments, count);
    return each(l, node, function_rule, word, arguments, count);
}

/* ---- tables ---- */

static lang_value load_rule(lowering *l, uint32_t node, unsigned memory, const lang_value *v)
{
    const ir_memory *table = l->p->memory_count > memory ? &l->p->memories[memory] : NULL;
    if (!table)
        return sn_lang_wrong();
    const unsigned type = table->type == IR_U8 || table->type == IR_I16 ? (unsigned)IR_I32 : table->type;
    const lang_value index = convert(l, node, IR_I32, v[0]);
    if (l->dry || index.type == TYPE_WRONG)
        return index.type == TYPE_WRONG ? index : sn_lang_scalar(0, type);
    const ir_ref low = emit(l, IR_MIN, IR_I32, index.ref, sn_ir_i32(l->p, (int32_t)(table->length - 1)), 0);
    const ir_ref inside = emit(l, IR_MAX, IR_I32, low, sn_ir_i32(l->p, 0), 0);
    return sn_lang_scalar(emit(l, IR_LOAD, type, inside, memory, 0), type);
}

lang_value sn_lang_load(lowering *l, uint32_t node, uint32_t memory, lang_value index)
{
    return each(l, node, load_rule, memory, &index, 1);
}
