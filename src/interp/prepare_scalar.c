/* Bodies in scalar form: instructions over registers, all of one element before the next.
 *
 * Constants and uniforms are pinned: copied into registers once a call, the first 512 of them; later ones are
 * loaded each time, so that the workspace stays small. Held lines live in pinned registers too, moved in and
 * out once a call; HELD costs no instruction. HOLD takes effect at the element's end, so all HOLDs stand
 * there, and what one holds may not be a register that another moves: a HELD value that is held is copied
 * where it stands. */
#include "interp/scalar_code.h"

enum { MOST_PINNED = 512 };

typedef struct scalar_maker {
    interp_maker *m;
    const plan_body *body;
    scalar_op *ops;
    scalar_pin *pins;
    scalar_line *lines;
    uint32_t count, capacity, pin_count, line_count;
    uint32_t *line_first; /* per plan line: 1 + first register, or 0 */
} scalar_maker;

static uint32_t emit(scalar_maker *s, uint32_t code, uint32_t out, uint32_t a, uint32_t b, uint32_t c)
{
    s->ops[s->count] = (scalar_op){code, out, a, b, c}; /* one an operation at the most, and the end */
    return s->count++;
}

static const ir_op *operation(const scalar_maker *s, uint32_t k)
{
    return &s->body->ops[k];
}

static bool is_wide(const scalar_maker *s, uint32_t k)
{
    return operation(s, k)->type == IR_F64;
}

static uint32_t operand(const scalar_maker *s, uint32_t k)
{
    return s->m->number[s->m->root[k]];
}

static uint32_t result(scalar_maker *s, uint32_t k)
{
    interp_maker *m = s->m;
    const ir_op *op = operation(s, k);
    for (unsigned j = 0; j < sn_ir_info[op->code].operands; j++)
        sn_interp_give(m, m->root[sn_ir_operand(op, j)], k);
    m->number[k] = sn_interp_take(m);
    m->flags[k] |= INTERP_HAS_NUMBER;
    sn_interp_give(m, k, k); /* nobody asks for it */
    return m->number[k];
}

/* A register that nothing had before: it is filled before the first operation runs. */
static uint32_t pinned(scalar_maker *s, uint32_t k)
{
    s->m->number[k] = s->m->used++;
    s->m->flags[k] |= INTERP_HAS_NUMBER | INTERP_PINNED;
    return s->m->number[k];
}

static void make_uniform(scalar_maker *s, uint32_t k, interp_place from)
{
    if (s->pin_count < MOST_PINNED)
        s->pins[s->pin_count++] = (scalar_pin){pinned(s, k), from};
    else
        emit(s, sn_interp_space(from) == SPACE_CONST ? SCALAR_CONST : SCALAR_UNIFORM, result(s, k),
             from & PLACE_MASK, 0, 0);
}

/* ---- held lines ---- */

static uint32_t first_register(scalar_maker *s, uint32_t line)
{
    if (s->line_first[line])
        return s->line_first[line] - 1;
    const plan_line *l = &s->m->plan->lines[line];
    const uint32_t first = s->m->used; /* new registers, side by side */
    s->m->used += l->length;
    s->line_first[line] = first + 1;
    s->lines[s->line_count++] =
        (scalar_line){first, l->length, s->m->plan->frame.lines + line, sn_ir_type_size(l->type)};
    return first;
}

static void make_held(scalar_maker *s, uint32_t k)
{
    const ir_op *op = operation(s, k);
    const uint32_t at = first_register(s, op->a) + s->m->plan->lines[op->a].length - op->b;
    if (s->m->flags[k] & INTERP_TO_HOLD) {
        emit(s, SCALAR_MOVE, result(s, k), at, 0, 0);
    } else {
        s->m->number[k] = at;
        s->m->flags[k] |= INTERP_HAS_NUMBER | INTERP_PINNED;
    }
}

static void make_holds(scalar_maker *s)
{
    for (uint32_t k = 1; k < s->body->count; k++) {
        const ir_op *op = operation(s, k);
        if (op->code == IR_HOLD)
            emit(s, SCALAR_HOLD, 0, operand(s, op->a), first_register(s, op->b),
                 s->m->plan->lines[op->b].length);
    }
}

/* ---- operations ---- */

static void make_pure(scalar_maker *s, uint32_t k)
{
    interp_maker *m = s->m;
    const ir_op *op = operation(s, k);
    const ir_info *info = &sn_ir_info[op->code];
    const unsigned type = sn_interp_type(info->rule == IR_RULE_CHOOSE ? op->type : operation(s, op->a)->type);
    const uint32_t code = op->code == IR_CVT ? SCALAR_CONVERT + type * TYPES + sn_interp_type(op->type)
                                             : SCALAR_CODE(op->code, type);
    const uint32_t a = operand(s, op->a), b = info->operands > 1 ? operand(s, op->b) : 0;
    const uint32_t c = info->operands > 2 ? operand(s, op->c) : 0;
    const uint32_t cold = m->flags[k] & INTERP_SKIPPED ? m->number[k] + 1 : 0;
    const uint32_t at = emit(s, code, result(s, k), a, b, c);
    if (cold)
        s->ops[cold - 1].c = at;
}

static void make_stream_leaf(scalar_maker *s, uint32_t k)
{
    const plan_frame *f = &s->m->plan->frame;
    const ir_op *op = operation(s, k);
    const uint32_t first = op->code == IR_INPUT ? f->inputs : op->code == IR_BUFFER ? f->buffers : f->lines;
    emit(s, is_wide(s, k) ? SCALAR_READ_8 : SCALAR_READ_4, result(s, k), first + op->a,
         op->code == IR_READ ? op->b : 0, 0);
}

static uint32_t by_memory_type(uint32_t first, unsigned type)
{
    return first + (type == IR_U8 ? 0u : type == IR_I16 ? 1u : type == IR_F64 ? 3u : 2u);
}

static void make_load(scalar_maker *s, uint32_t k)
{
    const plan *p = s->m->plan;
    const ir_op *op = operation(s, k);
    const uint32_t a = operand(s, op->a),
                   code = by_memory_type(SCALAR_LOAD_U8, p->program->memories[op->b].type);
    emit(s, code, result(s, k), a, p->frame.memories + op->b, 0);
}

static void make_readv(scalar_maker *s, uint32_t k)
{
    const ir_op *op = operation(s, k);
    const uint32_t a = operand(s, op->a), bounds = sn_interp_bounds(s->m, op->b);
    emit(s, is_wide(s, k) ? SCALAR_READV_8 : SCALAR_READV_4, result(s, k), a, s->m->plan->frame.lines + op->b,
         bounds);
}

static void make_store(scalar_maker *s, uint32_t k)
{
    const plan *p = s->m->plan;
    const ir_op *op = operation(s, k);
    const uint32_t code = by_memory_type(SCALAR_STORE_U8, p->program->memories[op->c].type);
    emit(s, code, 0, operand(s, op->a), operand(s, op->b), p->frame.memories + op->c);
}

static void make_effect(scalar_maker *s, uint32_t k)
{
    const plan_frame *f = &s->m->plan->frame;
    const ir_op *op = operation(s, k);
    const uint32_t a = operand(s, op->a), wide = is_wide(s, op->a);
    switch ((ir_code)op->code) {
    case IR_OUTPUT: emit(s, SCALAR_WRITE_4 + wide, 0, a, f->outputs + op->b, 0); break;
    case IR_WRITE: emit(s, SCALAR_WRITE_4 + wide, 0, a, f->lines + op->b, 0); break;
    case IR_SET_BUFFER: emit(s, SCALAR_WRITE_4 + wide, 0, a, f->buffers + op->b, 0); break;
    case IR_SET_UNIFORM: emit(s, SCALAR_SET_4 + wide, 0, a, op->b, 0); break;
    case IR_SUM: emit(s, SCALAR_SUM_F32 + wide, 0, a, f->sums + op->b, 0); break;
    case IR_SUMP: emit(s, SCALAR_SUMP_F32 + wide, 0, a, operand(s, op->b), f->sums + op->c); break;
    case IR_STORE: make_store(s, k); break;
    case IR_COLD:
        s->m->number[op->b] = emit(s, SCALAR_COLD, 0, a, 0, 0);
        s->m->flags[op->b] |= INTERP_SKIPPED;
        break;
    default: break; /* HOLD waits for the end */
    }
    for (unsigned j = 0; j < sn_ir_info[op->code].operands; j++)
        sn_interp_give(s->m, s->m->root[sn_ir_operand(op, j)], k);
}

static void make_operation(scalar_maker *s, uint32_t k)
{
    interp_maker *m = s->m;
    const plan_frame *f = &m->plan->frame;
    const ir_op *op = operation(s, k);
    if (m->root[k] != k)
        return;
    switch ((ir_code)op->code) {
    case IR_NONE: break;
    case IR_CONST: make_uniform(s, k, sn_interp_constant(m, sn_interp_constant_bits(op))); break;
    case IR_UNIFORM: make_uniform(s, k, sn_interp_place(SPACE_FRAME, op->a)); break;
    case IR_PARAM: make_uniform(s, k, sn_interp_place(SPACE_FRAME, f->params + op->a)); break;
    case IR_LENGTH: make_uniform(s, k, sn_interp_place(SPACE_FRAME, f->lengths + op->a)); break;
    case IR_ROW: make_uniform(s, k, sn_interp_place(SPACE_FRAME, f->row)); break;
    case IR_INPUT: case IR_BUFFER: case IR_READ: make_stream_leaf(s, k); break;
    case IR_HELD: make_held(s, k); break;
    case IR_INDEX: emit(s, SCALAR_INDEX, result(s, k), f->index, 0, 0); break;
    case IR_COLUMN: emit(s, SCALAR_COLUMN, result(s, k), f->column, 0, 0); break;
    case IR_LOAD: make_load(s, k); break;
    case IR_READV: make_readv(s, k); break;
    default:
        if (sn_ir_info[op->code].kind == IR_KIND_PURE)
            make_pure(s, k);
        else
            make_effect(s, k);
        break;
    }
}

static bool open_scalar(scalar_maker *s)
{
    interp_maker *m = s->m;
    const size_t lines = m->plan->line_count + 1, count = s->body->count + 1;
    s->ops = sn_arena_take(m->memory, count * sizeof *s->ops);
    s->pins = sn_arena_take(m->memory, (count < MOST_PINNED ? count : MOST_PINNED) * sizeof *s->pins);
    s->lines = sn_arena_take(m->memory, lines * sizeof *s->lines);
    s->line_first = sn_arena_take_zeroed(m->memory, lines * sizeof *s->line_first);
    return s->ops && s->pins && s->lines && s->line_first;
}

void sn_interp_prepare_scalar(interp_maker *m, const plan_body *body, scalar_body *out)
{
    scalar_maker s = {.m = m, .body = body};
    if (!open_scalar(&s)) {
        m->failed = true;
        return;
    }
    for (uint32_t k = 1; k < body->count; k++)
        make_operation(&s, k);
    make_holds(&s);
    emit(&s, SCALAR_END, 0, 0, 0, 0);
    *out = (scalar_body){s.ops, s.pins, s.lines, s.count, s.pin_count, s.line_count, m->used};
}
