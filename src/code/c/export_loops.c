/* The plan's loops as C.
 *
 * A loop becomes a function: pointers and uniforms first, then one statement an operation, in a for over the
 * elements of the piece. Values are constants named v and the operation's number, so that the compiler sees
 * straight-line code it can vectorise; constants stand where they are used. A cold region is an `if` around
 * its statements: select's meaning, element by element. Held lines are variables that the function takes from
 * the instance and puts back.
 *
 * The function of one element is the same statements without the loop: all loops in a row, inputs and
 * parameters as arguments, what crosses loops in variables (u and b, by slot and buffer; values are called v,
 * the loop's number, their own).
 *
 * Vector loops carry the promise that their elements do not depend on each other, which the plan proved; but
 * for those with sums, whose partial sums come round again. */
#include "code/c/export_writer.h"

#include <stdio.h>
#include <string.h>

/* ---- what each operation is in C, by the type of its first number: f32, f64, i32, mask ---- */

enum { FORM_F32, FORM_F64, FORM_I32, FORM_MASK, FORMS };

#define SAME(form) {form, form, form, form}
#define C_ADD {"$a + $b", "$a + $b", "@_add($a, $b)", NULL}
#define C_SUB {"$a - $b", "$a - $b", "@_sub($a, $b)", NULL}
#define C_MUL {"$a * $b", "$a * $b", "@_mul($a, $b)", NULL}
#define C_DIV {"$a / $b", "$a / $b", "@_div($a, $b)", NULL}
#define C_FMA {"@_fmaf($a, $b, $c)", "@_fma($a, $b, $c)", NULL, NULL}
#define C_FMS {"@_fmaf($a, $b, -$c)", "@_fma($a, $b, -$c)", NULL, NULL}
#define C_FNMA {"@_fmaf(-$a, $b, $c)", "@_fma(-$a, $b, $c)", NULL, NULL}
#define C_NEG {"-$a", "-$a", "@_sub(0, $a)", NULL}
#define C_ABS {"fabsf($a)", "fabs($a)", "@_abs($a)", NULL}
#define C_MIN {"$a < $b ? $a : $b", "$a < $b ? $a : $b", "$a < $b ? $a : $b", NULL}
#define C_MAX {"$a > $b ? $a : $b", "$a > $b ? $a : $b", "$a > $b ? $a : $b", NULL}
#define C_SQRT {"sqrtf($a)", "sqrt($a)", NULL, NULL}
#define C_FLOOR {"floorf($a)", "floor($a)", NULL, NULL}
#define C_CEIL {"ceilf($a)", "ceil($a)", NULL, NULL}
#define C_ROUND {"rintf($a)", "rint($a)", NULL, NULL}
#define C_TRUNC {"truncf($a)", "trunc($a)", NULL, NULL}
#define C_COPYSIGN {"copysignf($a, $b)", "copysign($a, $b)", NULL, NULL}
#define C_AND {NULL, NULL, "$a & $b", "$a & $b"}
#define C_OR {NULL, NULL, "$a | $b", "$a | $b"}
#define C_XOR {NULL, NULL, "$a ^ $b", "$a ^ $b"}
#define C_NOT {NULL, NULL, "~$a", "!$a"}
#define C_SHL {NULL, NULL, "@_shl($a, $b)", NULL}
#define C_SAR {NULL, NULL, "@_sar($a, $b)", NULL}
#define C_SHR {NULL, NULL, "@_shr($a, $b)", NULL}
#define C_UMULH {NULL, NULL, "@_umulh($a, $b)", NULL}
#define C_LT {"$a < $b", "$a < $b", "$a < $b", NULL}
#define C_LE {"$a <= $b", "$a <= $b", "$a <= $b", NULL}
#define C_EQ {"$a == $b", "$a == $b", "$a == $b", NULL}
#define C_NE {"$a != $b", "$a != $b", "$a != $b", NULL}
#define C_SELECT SAME("$a ? $b : $c")
#define C_RARE SAME("$a ? $b : $c")
#define C_GUARD SAME("$a ? $b : $c")
#define C_CVT {NULL, NULL, NULL, NULL} /* by both types, below */
#define C_BITS {"@_bits($a)", NULL, NULL, NULL}
#define C_FROM_BITS {NULL, NULL, "@_from_bits($a)", NULL}
#define C_HI32 {NULL, "@_high($a)", NULL, NULL}
#define C_LO32 {NULL, "@_low($a)", NULL, NULL}
#define C_PACK64 {NULL, NULL, "@_pack($a, $b)", NULL}

#define IF_LEAF(NAME)
#define IF_PURE(NAME) [IR_##NAME] = C_##NAME,
#define IF_MATH(NAME)
#define IF_MEMORY(NAME)
#define IF_EFFECT(NAME)
#define IF_PLAN(NAME)

static const char *const pure_forms[IR_CODES][FORMS] = {
#define X(NAME, text, operands, immediates, rule, kind) IF_##kind(NAME)
    SINTER_OPERATIONS(X)
#undef X
};

/* From, to. */
static const char *const convert_forms[3][3] = {
    {"$a", "(double)$a", "@_i32f($a)"},
    {"(float)$a", "$a", "@_i32d($a)"},
    {"(float)$a", "(double)$a", "$a"},
};

/* ---- writing statements ---- */

typedef struct statements {
    const c_writer *w;
    const plan_loop *loop;
    const plan_body *body;
    char prefix[16];  /* of values: "v", or "v3_" in the function of one element */
    bool one;         /* the function of one element */
    bool common;      /* without the cold regions that parameters decide */
    unsigned depth;   /* of indentation */
    const uint8_t *used; /* per operation: something asks for it */
    const uint8_t *uniform; /* the same: parameters decide it; of `common` */
} statements;

static const ir_op *operation(const statements *s, uint32_t k)
{
    return &s->body->ops[k];
}

static unsigned type_of(const statements *s, uint32_t k)
{
    return operation(s, k)->type;
}

static void indent(const statements *s)
{
    for (unsigned k = 0; k < s->depth; k++)
        sn_text_add(s->w->out, "    ");
}

static void end(const statements *s)
{
    sn_text_add(s->w->out, ";\n");
}

void sn_c_uniform(const c_writer *w, uint32_t slot, bool one)
{
    const ir_program *p = w->plan->program;
    const plan_frame *f = &w->plan->frame;
    if (slot - f->params < p->param_count) {
        sn_text_print(w->out, one ? "%s" : "s->p_%s", w->params[slot - f->params]);
    } else if (slot - f->lengths < p->memory_count) {
        const ir_memory *memory = &p->memories[slot - f->lengths];
        if (memory->kind == IR_BOUND)
            sn_text_print(w->out, "(int32_t)s->n%u", slot - f->lengths);
        else
            sn_text_print(w->out, "%u", memory->length);
    } else if (slot - f->lines < w->plan->line_count) {
        sn_text_print(w->out, "s->h%u[0]", slot - f->lines); /* a counter */
    } else if (slot == f->row) {
        sn_text_add(w->out, one ? "row" : "s->row");
    } else {
        sn_text_print(w->out, one ? "u%u" : "s->u%u", slot);
    }
}

/* An operand. */
static void say_value(const statements *s, uint32_t k)
{
    const c_writer *w = s->w;
    const ir_op *op = operation(s, k);
    if (op->code == IR_CONST)
        sn_c_constant(w, op->type, op->a | (uint64_t)op->b << 32);
    else if (s->one && op->code == IR_INPUT)
        sn_text_add(w->out, w->inputs[op->a]);
    else if (s->one && op->code == IR_BUFFER)
        sn_text_print(w->out, "b%u", op->a);
    else if (s->one && op->code == IR_INDEX)
        sn_text_add(w->out, "index");
    else if (s->one && op->code == IR_COLUMN)
        sn_text_add(w->out, "column");
    else if (s->one && op->code == IR_UNIFORM)
        sn_c_uniform(w, op->a, true);
    else
        sn_text_print(w->out, "%s%u", s->prefix, k);
}

static void say_form(const statements *s, const char *form, const ir_op *op)
{
    const c_writer *w = s->w;
    for (; *form; form++) {
        if (*form == '$')
            say_value(s, sn_ir_operand(op, (unsigned)(*++form - 'a')));
        else if (*form == '@')
            sn_text_add(w->out, w->name);
        else
            sn_text_add_bytes(w->out, form, 1);
    }
}

static const char *form_of(const statements *s, const ir_op *op)
{
    static const uint8_t form_of_type[] = {[IR_F32] = FORM_F32, [IR_F64] = FORM_F64, [IR_I32] = FORM_I32,
                                           [IR_MASK] = FORM_MASK};
    const unsigned from = form_of_type[type_of(s, op->a)];
    if (op->code == IR_CVT)
        return convert_forms[from][form_of_type[op->type]];
    return pure_forms[op->code][from];
}

static void say_read(const statements *s, const ir_op *op)
{
    if (op->code == IR_READ) {
        sn_text_print(s->w->out, "l%u[i - %u]", op->a, op->b);
        return;
    }
    const plan_line *line = &s->w->plan->lines[op->b];
    const ir_memory *memory = &s->w->plan->program->memories[line->memory];
    sn_text_print(s->w->out, "l%u[i - ", op->b);
    sn_c_say(s->w, "@_clamp(");
    say_value(s, op->a);
    sn_text_print(s->w->out, ", %u, %u)]", memory->shortest, memory->length);
}

static void say_table(const statements *s, uint32_t k)
{
    const c_writer *w = s->w;
    switch (w->plan->program->memories[k].kind) {
    case IR_TABLE:
        sn_c_say(w, "@_table_");
        sn_text_add(w->out, w->memories[k]);
        break;
    case IR_BOUND: sn_text_print(w->out, "s->t%u", k); break;
    default: sn_text_print(w->out, "s->c%u", k); break;
    }
}

static void say_leaf_or_memory(const statements *s, uint32_t k)
{
    const c_writer *w = s->w;
    const ir_op *op = operation(s, k);
    switch ((ir_code)op->code) {
    case IR_INPUT: sn_text_print(w->out, "in%u[i]", op->a); break;
    case IR_BUFFER: sn_text_print(w->out, "s->b%u[i]", op->a); break;
    case IR_INDEX: sn_text_add(w->out, "(double)(s->index + i)"); break;
    case IR_COLUMN: sn_text_add(w->out, w->plan->grid ? "s->column + i" : "i"); break;
    case IR_HELD: sn_text_print(w->out, "h%u_%u", op->a, op->b); break;
    case IR_READ: case IR_READV: say_read(s, op); break;
    case IR_LOAD:
        say_table(s, op->b);
        sn_text_add(w->out, "[");
        say_value(s, op->a);
        sn_text_add(w->out, "]");
        break;
    default: break;
    }
}

static bool is_uniform_leaf(unsigned code)
{
    return code == IR_UNIFORM || code == IR_PARAM || code == IR_LENGTH || code == IR_ROW;
}

/* Named where it is used, so that it needs no statement of its own. */
static bool stands_in_place(const statements *s, const ir_op *op)
{
    const unsigned code = op->code;
    if (code == IR_CONST || code == IR_NONE || is_uniform_leaf(code))
        return true;
    return s->one && (code == IR_INPUT || code == IR_BUFFER || code == IR_INDEX || code == IR_COLUMN);
}

static void write_value(const statements *s, uint32_t k)
{
    const ir_op *op = operation(s, k);
    indent(s);
    sn_text_print(s->w->out, "const %s %s%u = ", sn_c_type(op->type), s->prefix, k);
    if (sn_ir_info[op->code].kind == IR_KIND_PURE)
        say_form(s, form_of(s, op), op);
    else
        say_leaf_or_memory(s, k);
    end(s);
}

/* ---- cold regions ---- */

static void open_region(statements *s, const ir_op *cold)
{
    const ir_op *rare = operation(s, cold->b);
    indent(s);
    sn_text_print(s->w->out, "%s %s%u = ", sn_c_type(rare->type), s->prefix, cold->b);
    say_value(s, rare->c);
    end(s);
    indent(s);
    sn_text_add(s->w->out, "if (");
    say_value(s, cold->a);
    sn_text_add(s->w->out, ") { /* rare */\n");
    s->depth++;
}

static void close_region(statements *s, uint32_t rare)
{
    indent(s);
    sn_text_print(s->w->out, "%s%u = ", s->prefix, rare);
    say_value(s, operation(s, rare)->b);
    end(s);
    s->depth--;
    indent(s);
    sn_text_add(s->w->out, "}\n");
}

/* ---- effects ---- */

static void say_assignment(const statements *s, const ir_op *op)
{
    sn_text_add(s->w->out, " = ");
    say_value(s, op->a);
}

static void say_store(const statements *s, const ir_op *op)
{
    say_table(s, op->c);
    sn_text_add(s->w->out, "[");
    say_value(s, op->a);
    sn_text_print(s->w->out, "] = (%s)", sn_c_type(s->w->plan->program->memories[op->c].type));
    say_value(s, op->b);
}

static void say_hold(const statements *s, const ir_op *op)
{
    for (uint32_t d = s->w->plan->lines[op->b].length; d > 1; d--)
        sn_text_print(s->w->out, "h%u_%u = h%u_%u, ", op->b, d, op->b, d - 1);
    sn_text_print(s->w->out, "h%u_1", op->b);
    say_assignment(s, op);
}

static void say_sum_product(const statements *s, const ir_op *op)
{
    text *t = s->w->out;
    const bool wide = type_of(s, op->a) == IR_F64;
    sn_text_print(t, "s->sum%u[i %% %d] = ", op->c, wide ? 32 : 64);
    sn_c_say(s->w, wide ? "@_fma(" : "@_fmaf(");
    say_value(s, op->a);
    sn_text_add(t, ", ");
    say_value(s, op->b);
    sn_text_print(t, ", s->sum%u[i %% %d])", op->c, wide ? 32 : 64);
}

static void write_effect(const statements *s, const ir_op *op)
{
    text *t = s->w->out;
    indent(s);
    switch ((ir_code)op->code) {
    case IR_OUTPUT: sn_text_print(t, s->one ? "out%u" : "out%u[i]", op->b); break;
    case IR_WRITE: sn_text_print(t, "l%u[i]", op->b); break;
    case IR_SET_BUFFER:
        sn_text_print(t, s->one ? "b%u" : "s->b%u[i]", op->b);
        break;
    case IR_SET_UNIFORM: sn_c_uniform(s->w, op->b, s->one); break;
    case IR_SUM: sn_text_print(t, "s->sum%u[i %% %d] +", op->b, type_of(s, op->a) == IR_F64 ? 32 : 64); break;
    default: break;
    }
    if (op->code == IR_SUMP)
        say_sum_product(s, op);
    else if (op->code == IR_STORE)
        say_store(s, op);
    else if (op->code == IR_HOLD)
        say_hold(s, op);
    else if (op->code == IR_SUM)
        sn_text_add(t, "= "), say_value(s, op->a);
    else
        say_assignment(s, op);
    end(s);
}

/* ---- bodies ---- */

static bool is_effect(unsigned code)
{
    return sn_ir_info[code].rule == IR_RULE_EFFECT;
}

/* Where a region that parameters decide is left out: its result is the hot operand. Returns the RARE that ends it. */
static uint32_t leave_out(const statements *s, uint32_t cold)
{
    const uint32_t rare = operation(s, cold)->b;
    if (s->used[rare]) {
        indent(s);
        sn_text_print(s->w->out, "const %s %s%u = ", sn_c_type(operation(s, rare)->type), s->prefix, rare);
        say_value(s, operation(s, rare)->c);
        end(s);
    }
    return rare;
}

static void write_statements(statements *s)
{
    const plan_body *body = s->body;
    uint8_t *regions = sn_arena_take_zeroed(s->w->memory, body->count); /* which RARE close one */
    if (!regions) {
        s->w->out->failed = true;
        return;
    }
    for (uint32_t k = 1; k < body->count; k++) {
        const ir_op *op = operation(s, k);
        if (op->code == IR_COLD && s->common && s->uniform[op->a]) {
            k = leave_out(s, k);
        } else if (op->code == IR_COLD) {
            regions[op->b] = 1;
            open_region(s, op);
        } else if (regions[k]) {
            close_region(s, k);
        } else if (is_effect(op->code)) {
            if (op->code != IR_HOLD)
                write_effect(s, op);
        } else if (s->used[k] && !stands_in_place(s, op)) {
            write_value(s, k);
        }
    }
    for (uint32_t k = 1; k < body->count; k++)
        if (operation(s, k)->code == IR_HOLD)
            write_effect(s, operation(s, k));
}

static const uint8_t *find_used(const c_writer *w, const plan_body *body)
{
    uint8_t *used = sn_arena_take_zeroed(w->memory, body->count);
    for (uint32_t k = 1; used && k < body->count; k++)
        for (unsigned j = 0; j < sn_ir_info[body->ops[k].code].operands; j++)
            used[sn_ir_operand(&body->ops[k], j)] = 1;
    return used;
}

/* ---- cold regions that parameters decide ---- */

/* gcc 12 does not turn a loop into vector code in which such a test stands, though all its turns decide alike; so it can be made before the loop. */
static const uint8_t *find_uniform(const c_writer *w, const plan_body *body)
{
    uint8_t *uniform = sn_arena_take_zeroed(w->memory, body->count);
    for (uint32_t k = 1; uniform && k < body->count; k++) {
        const ir_op *op = &body->ops[k];
        const bool pure = sn_ir_info[op->code].kind == IR_KIND_PURE && op->code != IR_RARE;
        uniform[k] = pure || op->code == IR_CONST || (is_uniform_leaf(op->code) && op->code != IR_ROW);
        for (unsigned j = 0; pure && j < sn_ir_info[op->code].operands; j++)
            uniform[k] &= uniform[sn_ir_operand(op, j)];
    }
    return uniform;
}

/* The COLD of such a region by the RARE that ends it. */
static uint32_t *find_decided(const statements *s)
{
    uint32_t *cold = sn_arena_take_zeroed(s->w->memory, s->body->count * sizeof *cold);
    for (uint32_t k = 1; cold && s->uniform && k < s->body->count; k++)
        if (operation(s, k)->code == IR_COLD && s->uniform[operation(s, k)->a])
            cold[operation(s, k)->b] = k;
    return cold;
}

static void mark_operands(const statements *s, uint8_t *used, uint32_t k)
{
    const ir_op *op = operation(s, k);
    for (unsigned j = 0; j < sn_ir_info[op->code].operands; j++)
        used[sn_ir_operand(op, j)] = 1;
}

/* What effects need where those regions are left out. */
static const uint8_t *find_used_commonly(const statements *s)
{
    const uint32_t *cold = find_decided(s);
    uint8_t *used = sn_arena_take_zeroed(s->w->memory, s->body->count);
    if (!cold || !used)
        return NULL;
    for (uint32_t k = s->body->count - 1; k > 0; k--) {
        if (cold[k]) {
            used[operation(s, k)->c] |= used[k];
            k = cold[k];
        } else if (used[k] || is_effect(operation(s, k)->code)) {
            mark_operands(s, used, k);
        }
    }
    return used;
}

/* What decides those regions, and what that needs; NULL: there are none, or no memory. */
static const uint8_t *find_deciding(const statements *s)
{
    const uint32_t *cold = find_decided(s);
    uint8_t *used = sn_arena_take_zeroed(s->w->memory, s->body->count);
    bool any = false;
    s->w->out->failed |= !s->uniform || !cold || !used;
    for (uint32_t k = 1; cold && used && k < s->body->count; k++)
        if (cold[k]) {
            used[operation(s, cold[k])->a] = 1;
            any = true;
        }
    for (uint32_t k = s->body->count - 1; any && k > 0; k--)
        if (used[k])
            mark_operands(s, used, k);
    return any ? used : NULL;
}

/* What the body names, each thing once. */
typedef struct mentions {
    uint8_t *inputs, *outputs, *lines;
    bool instance, in, out, sums;
} mentions;

static bool look_over(const c_writer *w, const plan_body *body, mentions *m)
{
    const ir_program *p = w->plan->program;
    *m = (mentions){sn_arena_take_zeroed(w->memory, p->input_count),
                    sn_arena_take_zeroed(w->memory, p->output_count),
                    sn_arena_take_zeroed(w->memory, w->plan->line_count),
                    false,
                    false,
                    false,
                    false};
    if (!m->inputs || !m->outputs || !m->lines)
        return false;
    for (uint32_t k = 1; k < body->count; k++) {
        const ir_op *op = &body->ops[k];
        switch ((ir_code)op->code) {
        case IR_INPUT: m->inputs[op->a] = 1; m->in = true; break;
        case IR_OUTPUT: m->outputs[op->b] = 1; m->out = true; break;
        case IR_HELD: case IR_READ: m->lines[op->a] = 1; m->instance = true; break;
        case IR_HOLD: case IR_WRITE: case IR_READV: m->lines[op->b] = 1; m->instance = true; break;
        case IR_SUM: case IR_SUMP: m->sums = m->instance = true; break;
        case IR_UNIFORM:
        case IR_PARAM:
        case IR_LENGTH:
        case IR_ROW:
        case IR_COLUMN:
        case IR_INDEX:
        case IR_BUFFER:
        case IR_SET_UNIFORM: case IR_SET_BUFFER: case IR_STORE: m->instance = true; break;
        case IR_LOAD: m->instance |= p->memories[op->b].kind != IR_TABLE; break;
        default: break;
        }
    }
    return true;
}

static void write_streams(const statements *s, const mentions *m)
{
    const ir_program *p = s->w->plan->program;
    text *t = s->w->out;
    for (uint32_t k = 0; k < p->input_count; k++)
        if (m->inputs[k])
            sn_text_print(t, "    const %s *const in%u = (const %s *)inputs[%u] + done; /* %s */\n",
                          sn_c_type(p->inputs[k].type), k, sn_c_type(p->inputs[k].type), k, s->w->inputs[k]);
    for (uint32_t k = 0; k < p->output_count; k++)
        if (m->outputs[k])
            sn_text_print(t, "    %s *const out%u = (%s *)outputs[%u] + done; /* %s */\n",
                          sn_c_type(p->outputs[k].type), k, sn_c_type(p->outputs[k].type), k,
                          s->w->outputs[k]);
}

static void write_lines(const statements *s, const mentions *m)
{
    const plan *p = s->w->plan;
    text *t = s->w->out;
    for (uint32_t k = 0; k < p->line_count; k++) {
        const plan_line *line = &p->lines[k];
        const char *type = sn_c_type(line->type), *name = s->w->memories[line->memory];
        if (!m->lines[k])
            continue;
        if (!line->held) {
            sn_text_print(t, "    %s *const l%u = s->l%u + s->at%u; /* %s */\n", type, k, k, k, name);
            continue;
        }
        sn_text_print(t, "    %s", type);
        for (uint32_t d = 1; d <= line->length; d++)
            sn_text_print(t, "%s h%u_%u = s->h%u[%u]", d == 1 ? "" : ",", k, d, k, line->length - d);
        sn_text_print(t, "; /* %s */\n", name);
    }
}

static void write_held_back(const statements *s, const mentions *m)
{
    const plan *p = s->w->plan;
    text *t = s->w->out;
    for (uint32_t k = 0; k < p->line_count; k++)
        for (uint32_t d = 1; m->lines[k] && p->lines[k].held && d <= p->lines[k].length; d++)
            sn_text_print(t, "    s->h%u[%u] = h%u_%u;\n", k, p->lines[k].length - d, k, d);
}

static void write_uniforms(const statements *s)
{
    for (uint32_t k = 1; k < s->body->count; k++) {
        const ir_op *op = operation(s, k);
        const plan_frame *f = &s->w->plan->frame;
        if (!is_uniform_leaf(op->code) || !s->used[k])
            continue;
        sn_text_print(s->w->out, "    const %s v%u = ", sn_c_type(op->type), k);
        sn_c_uniform(s->w,
                     op->code == IR_UNIFORM  ? op->a
                     : op->code == IR_PARAM  ? f->params + op->a
                     : op->code == IR_LENGTH ? f->lengths + op->a
                                             : f->row,
                     s->one);
        end(s);
    }
}

static void write_unused(const statements *s, const mentions *m)
{
    text *t = s->w->out;
    const bool each = s->loop->rate == PLAN_ELEMENT || s->loop->rate == PLAN_COLUMN;
    const struct {
        const char *name;
        bool used;
    } arguments[] = {{"s", m->instance},        {"inputs", m->in}, {"outputs", m->out},
                     {"done", m->in || m->out}, {"begin", each},   {"end", each}};
    bool any = false;
    for (size_t k = 0; k < sizeof arguments / sizeof *arguments; k++)
        if (!arguments[k].used) {
            sn_text_print(t, "%s(void)%s", any ? ", " : "    ", arguments[k].name);
            any = true;
        }
    if (any)
        sn_text_add(t, ";\n");
}

static const char *rate_comment(const plan_loop *loop)
{
    switch (loop->rate) {
    case PLAN_SEGMENT: return "Once when parameters are set.";
    case PLAN_COLUMN: return "Once a tile, over its columns.";
    case PLAN_ROW: return "Once a row.";
    default:
        return loop->lanes == PLAN_TIME && !loop->most ? "Over the elements of a piece, which do not depend on each other."
                                                       : "Over the elements of a piece, one after the other.";
    }
}

static void write_loop(const c_writer *w, uint32_t number, unsigned side)
{
    const plan_loop *loop = &w->plan->loops[number];
    statements s = {.w = w, .loop = loop, .body = &loop->body[side], .prefix = "v", .depth = 1};
    mentions m;
    s.used = find_used(w, s.body);
    if (!s.used || !look_over(w, s.body, &m)) {
        w->out->failed = true;
        return;
    }
    const bool each = loop->rate == PLAN_ELEMENT || loop->rate == PLAN_COLUMN;
    sn_text_print(w->out, "\n/* %s */\n", rate_comment(loop));
    sn_c_say(w, "static void @_loop");
    sn_text_print(w->out, "%u%s", number, loop->guard ? side ? "_guarded" : "_open" : "");
    sn_c_say(w, "(@_instance *s, const void *const *inputs, void *const *outputs, int64_t done, int32_t "
                "begin, int32_t end)\n{\n");
    write_unused(&s, &m);
    write_streams(&s, &m);
    write_lines(&s, &m);
    write_uniforms(&s);
    if (each) {
        if (loop->lanes == PLAN_TIME && !loop->most && !m.sums)
            sn_c_say(w, "    @_LANES\n");
        sn_text_add(w->out, "    for (int32_t i = begin; i < end; i++) {\n");
        s.depth = 2;
    }
    write_statements(&s);
    if (each)
        sn_text_add(w->out, "    }\n");
    write_held_back(&s, &m);
    sn_text_add(w->out, "}\n");
}

void sn_c_write_loops(const c_writer *w)
{
    for (uint32_t k = 0; k < w->plan->loop_count; k++)
        for (unsigned side = 0; side < (w->plan->loops[k].guard ? 2u : 1u); side++)
            write_loop(w, k, side);
}

/* ---- the function of one element ---- */

bool sn_c_has_function(const plan *p)
{
    if (p->stateful || p->program->total_count || !p->program->output_count)
        return false;
    for (uint32_t k = 0; k < p->program->memory_count; k++)
        if (p->program->memories[k].kind == IR_BOUND)
            return false;
    return true;
}

static void say_arguments(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    text *t = w->out;
    const char *comma = "";
    for (uint32_t k = 0; k < p->input_count; k++, comma = ", ")
        sn_text_print(t, "%s%s %s", comma, sn_c_type(p->inputs[k].type), w->inputs[k]);
    if (w->plan->grid) {
        sn_text_print(t, "%sint32_t column, int32_t row", comma);
        comma = ", ";
    }
    if (w->plan->reads_index) {
        sn_text_print(t, "%sdouble index", comma);
        comma = ", ";
    }
    for (uint32_t k = 0; k < p->param_count; k++, comma = ", ")
        sn_text_print(t, "%s%s %s", comma, sn_c_type(p->params[k].type), w->params[k]);
    for (uint32_t k = 1; k < p->output_count; k++, comma = ", ")
        sn_text_print(t, "%s%s *%s", comma, sn_c_type(p->outputs[k].type), w->outputs[k]);
    if (!*comma)
        sn_text_add(t, "void");
}

/* Which inputs, parameters (by frame slot) and coordinates some body names. */
static void find_named(const c_writer *w, uint8_t *inputs, uint8_t *slots, bool *column)
{
    const plan *p = w->plan;
    for (uint32_t k = 0; k < 2 * p->loop_count; k++) {
        const plan_body *body = &p->loops[k / 2].body[k % 2];
        for (uint32_t i = 1; i < body->count; i++) {
            const ir_op *op = &body->ops[i];
            if (op->code == IR_INPUT)
                inputs[op->a] = 1;
            else if (op->code == IR_UNIFORM)
                slots[op->a] = 1;
            *column |= op->code == IR_COLUMN;
        }
    }
}

static void write_unused_arguments(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    uint8_t *inputs = sn_arena_take_zeroed(w->memory, p->input_count);
    uint8_t *slots = sn_arena_take_zeroed(w->memory, w->plan->frame.count);
    bool column = false;
    if (!inputs || !slots) {
        w->out->failed = true;
        return;
    }
    find_named(w, inputs, slots, &column);
    for (uint32_t k = 0; k < p->input_count; k++)
        if (!inputs[k])
            sn_text_print(w->out, "    (void)%s;\n", w->inputs[k]);
    for (uint32_t k = 0; k < p->param_count; k++)
        if (!slots[w->plan->frame.params + k])
            sn_text_print(w->out, "    (void)%s;\n", w->params[k]);
    if (w->plan->grid && !column)
        sn_text_add(w->out, "    (void)column;\n");
    if (w->plan->grid && !slots[w->plan->frame.row])
        sn_text_add(w->out, "    (void)row;\n");
}

/* What crosses loops, and the results. */
static void write_variables(const c_writer *w)
{
    const plan *p = w->plan;
    for (uint32_t k = 0; k < p->frame.count; k++)
        if (w->uniform_types[k])
            sn_text_print(w->out, "    %s u%u;\n", sn_c_type(w->uniform_types[k]), k);
    for (uint32_t k = 0; k < p->buffer_count; k++)
        sn_text_print(w->out, "    %s b%u;\n", sn_c_type(p->buffers[k].type), k);
    for (uint32_t k = 0; k < p->program->output_count; k++)
        sn_text_print(w->out, "    %s out%u;\n", sn_c_type(p->program->outputs[k].type), k);
}

static statements of_one(const c_writer *w, uint32_t number, unsigned side, unsigned depth)
{
    const plan_loop *loop = &w->plan->loops[number];
    statements s = {.w = w, .loop = loop, .body = &loop->body[side], .one = true, .depth = depth};
    snprintf(s.prefix, sizeof s.prefix, w->plan->loop_count > 1 ? "v%u_" : "v", number);
    return s;
}

static void write_one(const c_writer *w, uint32_t number, unsigned side, unsigned depth)
{
    statements s = of_one(w, number, side, depth);
    s.used = find_used(w, s.body);
    if (s.used)
        write_statements(&s);
    else
        w->out->failed = true;
}

static void write_one_commonly(const c_writer *w, uint32_t number)
{
    statements s = of_one(w, number, 0, 1);
    s.common = true;
    s.uniform = find_uniform(w, s.body);
    s.used = find_used_commonly(&s);
    if (s.uniform && s.used)
        write_statements(&s);
    else
        w->out->failed = true;
}

static void write_one_guarded(const c_writer *w, uint32_t number)
{
    const plan_loop *loop = &w->plan->loops[number];
    if (!loop->guard) {
        write_one(w, number, 0, 1);
        return;
    }
    sn_text_print(w->out, "    if (u%u) {\n", loop->guard);
    write_one(w, number, 1, 2);
    sn_text_add(w->out, "    } else {\n");
    write_one(w, number, 0, 2);
    sn_text_add(w->out, "    }\n");
}

/* How many loops run only when parameters are set, where they can stand in a function of their own; else 0. */
static uint32_t loops_before(const c_writer *w)
{
    const plan *p = w->plan;
    uint32_t count = 0;
    while (count < p->loop_count && p->loops[count].rate == PLAN_SEGMENT)
        count++;
    return p->grid || p->reads_index || p->buffer_count || p->program->output_count != 1 || count == p->loop_count ? 0 : count;
}

static void write_prepared_type(const c_writer *w)
{
    const plan *p = w->plan;
    sn_text_print(w->out, "\n/* What parameters determine, for any number of elements. */\ntypedef struct %s_prepared {\n", w->name);
    for (uint32_t k = 0; k < p->program->param_count; k++)
        sn_text_print(w->out, "    %s p_%s;\n", sn_c_type(p->program->params[k].type), w->params[k]);
    for (uint32_t k = 0; k < p->frame.count; k++)
        if (w->uniform_types[k])
            sn_text_print(w->out, "    %s u%u;\n", sn_c_type(w->uniform_types[k]), k);
    sn_text_print(w->out, "} %s_prepared;\n", w->name);
}

static void write_prepare(const c_writer *w, uint32_t loops)
{
    const ir_program *p = w->plan->program;
    const char *comma = "";
    sn_text_print(w->out, "\n%s_INLINE %s_prepared %s_prepare(", w->name, w->name, w->name);
    for (uint32_t k = 0; k < p->param_count; k++, comma = ", ")
        sn_text_print(w->out, "%s%s %s", comma, sn_c_type(p->params[k].type), w->params[k]);
    sn_text_print(w->out, "%s)\n{\n    %s_prepared b0;\n", *comma ? "" : "void", w->name);
    for (uint32_t k = 0; k < w->plan->frame.count; k++)
        if (w->uniform_types[k])
            sn_text_print(w->out, "    %s u%u = 0;\n", sn_c_type(w->uniform_types[k]), k);
    for (uint32_t k = 0; k < loops; k++)
        write_one_guarded(w, k);
    for (uint32_t k = 0; k < p->param_count; k++)
        sn_text_print(w->out, "    b0.p_%s = %s;\n", w->params[k], w->params[k]);
    for (uint32_t k = 0; k < w->plan->frame.count; k++)
        if (w->uniform_types[k])
            sn_text_print(w->out, "    b0.u%u = u%u;\n", k, k);
    sn_text_add(w->out, "    return b0;\n}\n");
}

/* What was prepared, by the names that statements know. Names that are not read are said to be so. */
static void write_unpacked(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    text *t = w->out;
    for (uint32_t k = 0; k < p->param_count; k++)
        sn_text_print(t, "    const %s %s = b0->p_%s;\n", sn_c_type(p->params[k].type), w->params[k], w->params[k]);
    for (uint32_t k = 0; k < w->plan->frame.count; k++)
        if (w->uniform_types[k])
            sn_text_print(t, "    %s u%u = b0->u%u;\n    (void)u%u;\n", sn_c_type(w->uniform_types[k]), k, k, k);
    for (uint32_t k = 0; k < p->param_count; k++)
        sn_text_print(t, "    (void)%s;\n", w->params[k]);
}

static void open_at(const c_writer *w, const char *ending)
{
    const ir_program *p = w->plan->program;
    text *t = w->out;
    sn_text_print(t, "%s_INLINE %s %s_at%s(const %s_prepared *b0", w->name, sn_c_type(p->outputs[0].type), w->name, ending, w->name);
    for (uint32_t k = 0; k < p->input_count; k++)
        sn_text_print(t, ", %s %s", sn_c_type(p->inputs[k].type), w->inputs[k]);
    sn_text_print(t, ")\n{\n    %s out0;\n", sn_c_type(p->outputs[0].type));
    write_unpacked(w);
    for (uint32_t k = 0; k < p->input_count; k++)
        sn_text_print(t, "    (void)%s;\n", w->inputs[k]);
}

static void write_at(const c_writer *w, uint32_t loops)
{
    sn_text_add(w->out, "\n/* One element, of parameters that are prepared: for loops in which they do not change. */\n");
    open_at(w, "");
    for (uint32_t k = loops; k < w->plan->loop_count; k++)
        write_one_guarded(w, k);
    sn_text_add(w->out, "    return out0;\n}\n");
}

/* ---- the same where parameters ask for no cold region ---- */

/* Of loop `number` what decides its regions; `used` NULL: none does. */
static statements deciding(const c_writer *w, uint32_t number)
{
    statements s = of_one(w, number, 0, 1);
    if (w->plan->loops[number].guard)
        return s;
    s.uniform = find_uniform(w, s.body);
    s.used = find_deciding(&s);
    return s;
}

static bool has_decided(const c_writer *w, uint32_t loops)
{
    bool any = false;
    for (uint32_t k = loops; k < w->plan->loop_count; k++)
        any |= deciding(w, k).used != NULL;
    return any;
}

static void write_deciding(const c_writer *w, uint32_t number)
{
    const statements s = deciding(w, number);
    for (uint32_t k = 1; s.used && k < s.body->count; k++)
        if (s.used[k] && !stands_in_place(&s, operation(&s, k)))
            write_value(&s, k);
    for (uint32_t k = 1; s.used && k < s.body->count; k++) {
        const ir_op *op = operation(&s, k);
        if (op->code != IR_COLD || !s.uniform[op->a])
            continue;
        sn_text_add(w->out, "    common &= !");
        say_value(&s, op->a);
        sn_text_add(w->out, ";\n");
    }
}

static void write_common(const c_writer *w, uint32_t loops)
{
    text *t = w->out;
    sn_text_print(t,
                  "\n/* Do these parameters need no long form, for no element? Then %s_at_common gives what %s_at does, and has no branch that keeps a compiler\n"
                  " * from making vector code of the caller's loop:\n"
                  " *\n"
                  " *     if (%s_is_common(&prepared))\n"
                  " *         for (int i = 0; i < n; i++)\n"
                  " *             out[i] = %s_at_common(&prepared, x[i]);\n"
                  " *     else\n"
                  " *         for (int i = 0; i < n; i++)\n"
                  " *             out[i] = %s_at(&prepared, x[i]);\n"
                  " */\n"
                  "%s_INLINE int %s_is_common(const %s_prepared *b0)\n{\n    int common = 1;\n",
                  w->name, w->name, w->name, w->name, w->name, w->name, w->name, w->name);
    write_unpacked(w);
    for (uint32_t k = loops; k < w->plan->loop_count; k++)
        write_deciding(w, k);
    sn_text_add(t, "    return common;\n}\n\n");
    open_at(w, "_common");
    for (uint32_t k = loops; k < w->plan->loop_count; k++)
        if (w->plan->loops[k].guard)
            write_one_guarded(w, k);
        else
            write_one_commonly(w, k);
    sn_text_add(t, "    return out0;\n}\n");
}

/* The element as both together. */
static void write_call(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    const char *comma = "";
    sn_text_print(w->out, ")\n{\n    const %s_prepared b0 = %s_prepare(", w->name, w->name);
    for (uint32_t k = 0; k < p->param_count; k++, comma = ", ")
        sn_text_print(w->out, "%s%s", comma, w->params[k]);
    sn_text_print(w->out, ");\n    return %s_at(&b0", w->name);
    for (uint32_t k = 0; k < p->input_count; k++)
        sn_text_print(w->out, ", %s", w->inputs[k]);
    sn_text_add(w->out, ");\n}\n");
}

void sn_c_write_function(const c_writer *w)
{
    const uint32_t before = loops_before(w);
    if (before) {
        write_prepared_type(w);
        write_prepare(w, before);
        write_at(w, before);
        if (has_decided(w, before))
            write_common(w, before);
    }
    const ir_program *p = w->plan->program;
    text *t = w->out;
    sn_text_print(t, "\n/* One element. */\n%s_INLINE %s %s(", w->name, sn_c_type(p->outputs[0].type), w->name);
    say_arguments(w);
    if (before) {
        write_call(w);
        return;
    }
    sn_text_add(t, ")\n{\n");
    write_variables(w);
    write_unused_arguments(w);
    for (uint32_t k = 0; k < w->plan->loop_count; k++)
        write_one_guarded(w, k);
    for (uint32_t k = 1; k < p->output_count; k++)
        sn_text_print(t, "    *%s = out%u;\n", w->outputs[k], k);
    sn_text_add(t, "    return out0;\n}\n");
}
