/* Chains of gains and offsets.
 *
 * Purpose: ten gains and offsets in a row cost one fused operation, and live ones too: their products are of segment rate, computed when a
 * parameter is set. Every value is remembered as g·base + o, g and o constant or of segment rate; a step on such a value works on g and
 * o instead and is emitted anew from the base. The step's own operation stays where someone else uses the value in between, and is dead
 * otherwise. Sums: Σ(g·base + o) = g·Σbase + n·o with constant g and o, kept in the total's map. Requirements: relaxed, since roundings
 * are regrouped: products of constants are taken in double and rounded once, those of parameters in their type. Why it ends: one
 * walk, a fixed number of operations emitted per operation. */
#include "opt/opt.h"

#include <math.h>
#include <string.h>

typedef struct coefficient {
    ir_ref ref;   /* of segment rate, or 0: the constant `value` */
    double value;
} coefficient;

typedef struct form {
    ir_ref base; /* 0: not an affine step */
    coefficient gain, offset;
} form;

/* Few values have a form, and a form is larger than an operation: values have the number of theirs. */
typedef struct regrouping {
    uint32_t *number; /* per value of the output, below `capacity`: its form among `forms`, from 1; 0: it has none */
    form *forms;
    uint32_t capacity, form_count, form_capacity;
    arena *memory;
} regrouping;

static bool is_uniform(const ir_program *p, ir_ref r)
{
    return !(p->ops[r].axes & ~(unsigned)IR_AXIS_SEGMENT);
}

static coefficient constant(double value)
{
    return (coefficient){0, value};
}

static double value_of(const ir_program *p, ir_ref r)
{
    const uint64_t bits = sn_ir_bits(p, r);
    if (p->ops[r].type == IR_F64) {
        double v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    const uint32_t low = (uint32_t)bits;
    float v;
    memcpy(&v, &low, sizeof v);
    return (double)v;
}

static coefficient coefficient_of(const ir_program *p, ir_ref r)
{
    return sn_ir_is_const(p, r) ? constant(value_of(p, r)) : (coefficient){r, 0};
}

static ir_ref as_ref(ir_program *p, ir_type type, coefficient c)
{
    return c.ref ? c.ref : sn_ir_number(p, type, c.value);
}

static coefficient times(ir_program *p, ir_type type, coefficient a, coefficient b)
{
    if (!a.ref && !b.ref)
        return constant(a.value * b.value);
    if (!a.ref && a.value == 1)
        return b;
    if (!b.ref && b.value == 1)
        return a;
    if ((!a.ref && a.value == 0) || (!b.ref && b.value == 0))
        return constant(0);
    return coefficient_of(p, sn_ir_emit(p, IR_MUL, type, as_ref(p, type, a), as_ref(p, type, b), 0));
}

static coefficient plus(ir_program *p, ir_type type, coefficient a, coefficient b)
{
    if (!a.ref && !b.ref)
        return constant(a.value + b.value);
    if (!a.ref && a.value == 0)
        return b;
    if (!b.ref && b.value == 0)
        return a;
    return coefficient_of(p, sn_ir_emit(p, IR_ADD, type, as_ref(p, type, a), as_ref(p, type, b), 0));
}

static coefficient negative(ir_program *p, ir_type type, coefficient a)
{
    return a.ref ? coefficient_of(p, sn_ir_emit(p, IR_NEG, type, a.ref, 0, 0)) : constant(-a.value);
}

static coefficient reciprocal(ir_program *p, ir_type type, coefficient a)
{
    if (!a.ref)
        return constant(1 / a.value);
    return coefficient_of(p, sn_ir_emit(p, IR_DIV, type, sn_ir_number(p, type, 1), a.ref, 0));
}

/* What is remembered of a value; every value is at least 1·itself + 0. */
static form form_of(const regrouping *g, ir_ref r)
{
    if (r < g->capacity && g->number[r])
        return g->forms[g->number[r] - 1];
    return (form){r, constant(1), constant(0)};
}

static void *grown(const regrouping *g, ir_program *out, void *old, size_t size, size_t new_size)
{
    void *more = sn_arena_grow(g->memory, old, size, new_size);
    if (!more)
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
    return more;
}

static bool make_room(regrouping *g, ir_program *out, ir_ref r)
{
    if (r >= g->capacity) {
        const uint32_t capacity = r + r / 2 + 64;
        uint32_t *number = grown(g, out, g->number, g->capacity * sizeof *number, capacity * sizeof *number);
        if (!number)
            return false;
        memset(number + g->capacity, 0, (capacity - g->capacity) * sizeof *number);
        g->number = number;
        g->capacity = capacity;
    }
    if (g->form_count == g->form_capacity) {
        const uint32_t capacity = g->form_capacity ? 2 * g->form_capacity : 64;
        form *forms = grown(g, out, g->forms, g->form_count * sizeof *forms, capacity * sizeof *forms);
        if (!forms)
            return false;
        g->forms = forms;
        g->form_capacity = capacity;
    }
    return true;
}

static void remember(regrouping *g, ir_program *out, ir_ref r, form f)
{
    if (!make_room(g, out, r))
        return;
    if (!g->number[r])
        g->number[r] = ++g->form_count;
    g->forms[g->number[r] - 1] = f;
}

/* f·gain + offset */
static form step(ir_program *p, ir_type type, form f, coefficient gain, coefficient offset)
{
    return (form){f.base, times(p, type, f.gain, gain), plus(p, type, times(p, type, f.offset, gain), offset)};
}

/* The form that one operation makes of its operands; base 0 where it is no affine step. */
static form form_after(const regrouping *g, ir_program *p, const ir_op *op)
{
    const form none = {0, {0, 0}, {0, 0}};
    const ir_type type = op->type;
    if (type != IR_F32 && type != IR_F64)
        return none;
    const bool a = sn_ir_info[op->code].operands > 0 && !is_uniform(p, op->a);
    const bool b = sn_ir_info[op->code].operands > 1 && !is_uniform(p, op->b);
    const bool c = sn_ir_info[op->code].operands > 2 && !is_uniform(p, op->c);
    switch (op->code) {
    case IR_NEG:
        return a ? step(p, type, form_of(g, op->a), constant(-1), constant(0)) : none;
    case IR_MUL:
        if (a == b)
            return none;
        return step(p, type, form_of(g, a ? op->a : op->b), coefficient_of(p, a ? op->b : op->a), constant(0));
    case IR_DIV: /* by what does not vary: a product with its reciprocal */
        return a && !b ? step(p, type, form_of(g, op->a), reciprocal(p, type, coefficient_of(p, op->b)), constant(0)) : none;
    case IR_ADD:
        if (a == b)
            return none;
        return step(p, type, form_of(g, a ? op->a : op->b), constant(1), coefficient_of(p, a ? op->b : op->a));
    case IR_SUB:
        if (a == b)
            return none;
        return a ? step(p, type, form_of(g, op->a), constant(1), negative(p, type, coefficient_of(p, op->b)))
                 : step(p, type, form_of(g, op->b), constant(-1), coefficient_of(p, op->a));
    case IR_FMA: case IR_FMS: case IR_FNMA: {
        if (!a && !b && c) { /* a product of coefficients is an offset */
            const coefficient product = times(p, type, coefficient_of(p, op->a), coefficient_of(p, op->b));
            return step(p, type, form_of(g, op->c), constant(op->code == IR_FMS ? -1 : 1),
                        op->code == IR_FNMA ? negative(p, type, product) : product);
        }
        if (a == b || c)
            return none;
        const coefficient gain = coefficient_of(p, a ? op->b : op->a), offset = coefficient_of(p, op->c);
        return step(p, type, form_of(g, a ? op->a : op->b), op->code == IR_FNMA ? negative(p, type, gain) : gain,
                    op->code == IR_FMS ? negative(p, type, offset) : offset);
    }
    default:
        return none;
    }
}

static bool is_constant(coefficient c, double value)
{
    return !c.ref && c.value == value;
}

static bool is_representable(ir_type type, coefficient c)
{
    return c.ref || (isfinite(c.value) && (type == IR_F64 || c.value == 0 || (fabs(c.value) < 3e38 && fabs(c.value) > 1e-37)));
}

static ir_ref emit_form(ir_program *p, ir_type type, form f)
{
    if (is_constant(f.offset, 0))
        return is_constant(f.gain, 1)    ? f.base
               : is_constant(f.gain, -1) ? sn_ir_emit(p, IR_NEG, type, f.base, 0, 0)
                                         : sn_ir_emit(p, IR_MUL, type, f.base, as_ref(p, type, f.gain), 0);
    const ir_ref offset = as_ref(p, type, f.offset);
    if (is_constant(f.gain, 1))
        return sn_ir_emit(p, IR_ADD, type, f.base, offset, 0);
    return sn_ir_emit(p, IR_FMA, type, f.base, as_ref(p, type, f.gain), offset);
}

/* A sum of products needs not round each of them. */
static ir_ref emit_sum(ir_program *out, ir_ref value, uint32_t total)
{
    const ir_op *op = &out->ops[value];
    if (op->code == IR_MUL)
        return sn_ir_emit(out, IR_SUMP, IR_VOID, op->a, op->b, total);
    return sn_ir_emit(out, IR_SUM, IR_VOID, value, total, 0);
}

static ir_ref total(regrouping *g, ir_program *out, const ir_op *op)
{
    const form f = form_of(g, op->a);
    if (f.base == op->a || f.gain.ref || f.offset.ref)
        return emit_sum(out, op->a, op->b);
    out->total_maps[op->b].offset += out->total_maps[op->b].scale * f.offset.value;
    out->total_maps[op->b].scale *= f.gain.value;
    return emit_sum(out, f.base, op->b);
}

static ir_ref visit(void *context, ir_program *out, const ir_op *op)
{
    regrouping *g = context;
    if (op->code == IR_SUM && out->total_maps)
        return total(g, out, op);
    const form f = form_after(g, out, op);
    if (!f.base || !is_representable(op->type, f.gain) || !is_representable(op->type, f.offset))
        return sn_ir_emit_flagged(out, op->code, op->type, op->flags, op->a, op->b, op->c);
    const ir_ref value = emit_form(out, op->type, f);
    if (value != f.base)
        remember(g, out, value, f);
    return value;
}

/* Maps that can be written to: the input's, or identities. */
static ir_total_map *copy_maps(const ir_program *in, arena *memory)
{
    ir_total_map *maps = sn_arena_take(memory, (in->total_count + 1) * sizeof *maps);
    for (uint32_t k = 0; maps && k < in->total_count; k++)
        maps[k] = in->total_maps ? in->total_maps[k] : (ir_total_map){1, 0};
    return maps;
}

void sn_opt_affine(const ir_program *in, ir_program *out, arena *memory, uint32_t rules)
{
    regrouping g = {.memory = memory};
    ir_program source = *in;
    source.total_maps = copy_maps(in, memory);
    sn_opt_rebuild(&source, out, memory, rules | IR_IDENTITY | IR_FOLD | IR_RELAXED, visit, &g);
}
