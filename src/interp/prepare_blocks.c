/* Bodies in block form: every operation becomes one call of an inner loop over a block of elements.
 *
 * What makes it fast is what it leaves out. Uniform operands (constants, parameters, what outer loops
 * computed) are never spread over a block where a loop of that shape exists. Inputs, buffers and delay lines
 * are operands where they lie, at base + i. A value that has one user, an effect that would only copy it, is
 * computed straight into the stream. Results take the place of operands that end.
 *
 * Outputs may be inputs in place, so two cases are kept apart: a value goes straight to an output only if
 * nothing after it reads an input where it lies, and an input that is itself an output, among several, is
 * copied when it is loaded.
 *
 * The block is as long as 32 KiB of slots allow, from 512 elements, where the calls cost little, down to 16.
 * Where a body adds to one total twice it is at most 32, so that each partial sum is met once a block and the
 * order is that of the elements. */
#include "interp/interp_code.h"

#include <string.h>

enum { MOST_BYTES = 32 << 10, LONGEST_BLOCK = 512, SHORTEST_BLOCK = 16, SUMS_BLOCK = 32 };

typedef struct block_maker {
    interp_maker *m;
    const plan_body *body;
    block_op *ops;
    interp_stream *streams;
    uint32_t count, capacity, stream_count, stream_capacity;
    uint32_t scratch[3],
        scratch_size[3]; /* slots that uniform operands of the operation at work were spread over */
    uint32_t scratch_count;
    uint8_t *summed; /* per total: a SUM adds to it */
    bool summed_twice;
} block_maker;

static uint32_t emit(block_maker *b, block_op op)
{
    if (b->count == b->capacity) {
        const uint32_t capacity = b->capacity ? 2 * b->capacity : b->body->count + 8;
        block_op *grown =
            sn_arena_grow(b->m->memory, b->ops, b->count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            b->m->failed = true;
            return 0;
        }
        b->ops = grown;
        b->capacity = capacity;
    }
    b->ops[b->count] = op;
    return b->count++;
}

/* Neighbouring operations tend to name the same streams. */
static interp_place stream(block_maker *b, uint32_t slot, unsigned size, uint32_t delay)
{
    enum { LOOK_BACK = 8 };
    const interp_stream wanted = {slot, size, delay};
    for (uint32_t k = b->stream_count; k > 0 && k + LOOK_BACK > b->stream_count; k--)
        if (!memcmp(&b->streams[k - 1], &wanted, sizeof wanted))
            return sn_interp_place(SPACE_STREAM, k - 1);
    if (b->stream_count == b->stream_capacity) {
        const uint32_t capacity = b->stream_capacity ? 2 * b->stream_capacity : 16;
        interp_stream *grown = sn_arena_grow(b->m->memory, b->streams, b->stream_count * sizeof *grown,
                                             capacity * sizeof *grown);
        if (!grown) {
            b->m->failed = true;
            return sn_interp_place(SPACE_STREAM, 0);
        }
        b->streams = grown;
        b->stream_capacity = capacity;
    }
    b->streams[b->stream_count] = wanted;
    return sn_interp_place(SPACE_STREAM, b->stream_count++);
}

static const ir_op *operation(const block_maker *b, uint32_t k)
{
    return &b->body->ops[k];
}

static uint8_t size_of(const block_maker *b, uint32_t k)
{
    return (uint8_t)sn_ir_type_size(operation(b, k)->type);
}

/* The stream that an effect fills. */
static interp_place filled(block_maker *b, uint32_t effect)
{
    const plan_frame *f = &b->m->plan->frame;
    const ir_op *op = operation(b, effect);
    const uint32_t first = op->code == IR_OUTPUT ? f->outputs : op->code == IR_WRITE ? f->lines : f->buffers;
    return stream(b, first + op->b, size_of(b, b->m->root[op->a]), 0);
}

/* ---- operands ---- */

static interp_place operand(const block_maker *b, uint32_t k)
{
    return b->m->number[b->m->root[k]];
}

/* The place of operand k, one value for each element: a uniform one is spread over a slot. */
static interp_place varying(block_maker *b, uint32_t k)
{
    const interp_place place = operand(b, k);
    if (!sn_interp_is_uniform(place))
        return place;
    const uint8_t size = size_of(b, k);
    const uint32_t slot = sn_interp_take(b->m);
    b->scratch[b->scratch_count] = slot;
    b->scratch_size[b->scratch_count++] = size;
    emit(b, (block_op){.kind = BLOCK_LOOP,
                       .loop = b->m->engine->fill[size == 8],
                       .out = slot,
                       .a = place,
                       .size = size});
    return slot;
}

/* A result may take the place of an operand that ends here if their elements are of one size; of the others
 * what ends is given back once the result has its place. The operand given back last is the one that the
 * result takes: of RARE the hot one, which saves its copy when the region is skipped. */
static void give_operands(block_maker *b, uint32_t k, unsigned result_size, bool same)
{
    interp_maker *m = b->m;
    const ir_op *op = operation(b, k);
    for (uint32_t s = 0; s < b->scratch_count; s++)
        if ((b->scratch_size[s] == result_size) == same)
            m->free[m->free_count++] = b->scratch[s];
    for (unsigned j = 0; j < sn_ir_info[op->code].operands; j++) {
        const uint32_t r = m->root[sn_ir_operand(op, j)];
        if ((size_of(b, r) == result_size) == same)
            sn_interp_give(m, r, k);
    }
}

/* Where operation k puts its result: straight into a stream, or into a slot of its own. */
static interp_place result(block_maker *b, uint32_t k)
{
    interp_maker *m = b->m;
    const unsigned size = size_of(b, k);
    give_operands(b, k, size, true);
    if (m->dest[k]) {
        m->number[k] = filled(b, m->dest[k] - 1);
    } else {
        m->number[k] = sn_interp_take(m);
        m->flags[k] |= INTERP_HAS_NUMBER;
    }
    give_operands(b, k, size, false);
    b->scratch_count = 0;
    sn_interp_give(m, k, k); /* nobody asks for it */
    return m->number[k];
}

static void release_scratch(block_maker *b, uint32_t k)
{
    give_operands(b, k, 0, true);
    give_operands(b, k, 0, false);
    b->scratch_count = 0;
}

/* ---- operations ---- */

static void make_copy(block_maker *b, uint32_t k, interp_place from)
{
    const interp_place out = result(b, k);
    emit(b, (block_op){.kind = BLOCK_COPY, .out = out, .a = from, .size = size_of(b, k)});
}

static void make_stream_leaf(block_maker *b, uint32_t k)
{
    interp_maker *m = b->m;
    const plan_frame *f = &m->plan->frame;
    const ir_op *op = operation(b, k);
    const uint32_t first = op->code == IR_INPUT ? f->inputs : op->code == IR_BUFFER ? f->buffers : f->lines;
    const interp_place place = stream(b, first + op->a, size_of(b, k), op->code == IR_READ ? op->b : 0);
    if (op->code == IR_INPUT && m->flags[k] & INTERP_TO_OUTPUT && m->plan->program->output_count > 1)
        make_copy(b, k, place);
    else
        m->number[k] = place;
}

static unsigned type_index(const block_maker *b, const ir_op *op)
{
    const unsigned rule = sn_ir_info[op->code].rule;
    return sn_interp_type(rule == IR_RULE_CHOOSE ? op->type : operation(b, op->a)->type);
}

static void make_unary(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    const unsigned type = type_index(b, op);
    interp_loop *loop = op->code == IR_CVT ? b->m->engine->convert[type][sn_interp_type(op->type)]
                                           : b->m->engine->pure[op->code][type][SHAPE_VARYING];
    const interp_place a = varying(b, op->a);
    const interp_place out = result(b, k);
    emit(b, (block_op){.kind = BLOCK_LOOP, .loop = loop, .out = out, .a = a, .size = size_of(b, k)});
}

static void make_binary(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    interp_place first = operand(b, op->a), second = operand(b, op->b);
    if (sn_interp_is_uniform(first) && sn_interp_is_uniform(second))
        first = varying(b, op->a);
    const unsigned shape = sn_interp_is_uniform(first)    ? SHAPE_FIRST
                           : sn_interp_is_uniform(second) ? SHAPE_SECOND
                                                          : SHAPE_VARYING;
    interp_loop *loop = b->m->engine->pure[op->code][type_index(b, op)][shape];
    const interp_place out = result(b, k);
    emit(b,
         (block_op){
             .kind = BLOCK_LOOP, .loop = loop, .out = out, .a = first, .b = second, .size = size_of(b, k)});
}

static void make_ternary(block_maker *b, uint32_t k)
{
    interp_maker *m = b->m;
    const ir_op *op = operation(b, k);
    interp_place first = operand(b, op->a), second = operand(b, op->b);
    const interp_place third = operand(b, op->c);
    if (sn_interp_is_uniform(first) && sn_ir_info[op->code].rule == IR_RULE_FLOAT
        && !sn_interp_is_uniform(second)) {
        const interp_place swapped = first; /* the factors commute */
        first = second;
        second = swapped;
    }
    if (sn_interp_is_uniform(first))
        first = varying(b, op->a);
    const unsigned shape =
        (unsigned)sn_interp_is_uniform(second) | (unsigned)sn_interp_is_uniform(third) << 1;
    interp_loop *loop = m->engine->pure[op->code][type_index(b, op)][shape];
    const uint32_t cold = m->flags[k] & INTERP_SKIPPED ? m->number[k] + 1 : 0;
    const interp_place out = result(b, k);
    const uint32_t at = emit(b, (block_op){.kind = BLOCK_LOOP,
                                           .loop = loop,
                                           .out = out,
                                           .a = first,
                                           .b = second,
                                           .c = third,
                                           .size = size_of(b, k)});
    if (cold && !m->failed)
        b->ops[cold - 1].c = at;
}

static void make_pure(block_maker *b, uint32_t k)
{
    switch (sn_ir_info[operation(b, k)->code].operands) {
    case 1: make_unary(b, k); break;
    case 2: make_binary(b, k); break;
    default: make_ternary(b, k); break;
    }
}

static void make_count(block_maker *b, uint32_t k)
{
    const plan_frame *f = &b->m->plan->frame;
    const bool index = operation(b, k)->code == IR_INDEX;
    const interp_place out = result(b, k);
    emit(b, (block_op){.kind = BLOCK_COUNT,
                       .loop = index ? b->m->engine->index : b->m->engine->column,
                       .out = out,
                       .a = sn_interp_place(SPACE_FRAME, index ? f->index : f->column),
                       .size = size_of(b, k)});
}

static void make_load(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    const plan *p = b->m->plan;
    const interp_place a = varying(b, op->a), base = stream(b, p->frame.memories + op->b, 0, 0);
    const interp_place out = result(b, k);
    emit(b, (block_op){.kind = BLOCK_LOOP,
                       .loop = b->m->engine->load[p->program->memories[op->b].type],
                       .out = out,
                       .a = a,
                       .b = base,
                       .size = size_of(b, k)});
}

static void make_readv(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    const uint8_t size = size_of(b, k);
    const interp_place a = varying(b, op->a), base = stream(b, b->m->plan->frame.lines + op->b, size, 0);
    const interp_place bounds = sn_interp_place(SPACE_CONST, sn_interp_bounds(b->m, op->b));
    const interp_place out = result(b, k);
    emit(b, (block_op){.kind = BLOCK_LOOP,
                       .loop = b->m->engine->readv[size == 8],
                       .out = out,
                       .a = a,
                       .b = base,
                       .c = bounds,
                       .size = size});
}

/* ---- effects ---- */

static void make_store(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    const plan *p = b->m->plan;
    const interp_place a = varying(b, op->a), value = varying(b, op->b);
    const interp_place table = stream(b, p->frame.memories + op->c, 0, 0);
    emit(b, (block_op){.kind = BLOCK_LOOP,
                       .loop = b->m->engine->store[p->program->memories[op->c].type],
                       .out = table,
                       .a = a,
                       .b = value});
    release_scratch(b, k);
}

static void make_sum(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    const bool products = op->code == IR_SUMP;
    const uint32_t total = products ? op->c : op->b;
    const interp_place a = varying(b, op->a), factor = products ? varying(b, op->b) : a;
    const interp_place sums = stream(b, b->m->plan->frame.sums + total, 0, 0);
    b->summed_twice |= b->summed[total];
    b->summed[total] = 1;
    emit(b, (block_op){.kind = products ? BLOCK_SUM_PRODUCTS : BLOCK_SUM, .out = sums, .a = a, .b = factor, .size = size_of(b, op->a)});
    release_scratch(b, k);
}

/* OUTPUT, WRITE, SET_BUFFER. */
static void make_fill(block_maker *b, uint32_t k)
{
    interp_maker *m = b->m;
    const ir_op *op = operation(b, k);
    const uint32_t r = m->root[op->a];
    if (m->dest[r] == k + 1)
        return;
    const interp_place from = m->number[r], out = filled(b, k);
    const uint8_t size = size_of(b, r);
    const bool uniform = sn_interp_is_uniform(from);
    emit(b, (block_op){.kind = uniform ? BLOCK_LOOP : BLOCK_COPY,
                       .loop = m->engine->fill[size == 8],
                       .out = out,
                       .a = from,
                       .size = size});
    sn_interp_give(m, r, k);
}

static void make_cold(block_maker *b, uint32_t k)
{
    const ir_op *op = operation(b, k);
    b->m->number[op->b] = emit(b, (block_op){.kind = BLOCK_COLD, .a = operand(b, op->a)});
    b->m->flags[op->b] |= INTERP_SKIPPED;
    sn_interp_give(b->m, b->m->root[op->a], k);
}

static void make_operation(block_maker *b, uint32_t k)
{
    interp_maker *m = b->m;
    const plan_frame *f = &m->plan->frame;
    const ir_op *op = operation(b, k);
    if (m->root[k] != k)
        return;
    switch ((ir_code)op->code) {
    case IR_CONST: m->number[k] = sn_interp_constant(m, sn_interp_constant_bits(op)); break;
    case IR_UNIFORM: m->number[k] = sn_interp_place(SPACE_FRAME, op->a); break;
    case IR_PARAM: m->number[k] = sn_interp_place(SPACE_FRAME, f->params + op->a); break;
    case IR_LENGTH: m->number[k] = sn_interp_place(SPACE_FRAME, f->lengths + op->a); break;
    case IR_ROW: m->number[k] = sn_interp_place(SPACE_FRAME, f->row); break;
    case IR_INPUT: case IR_BUFFER: case IR_READ: make_stream_leaf(b, k); break;
    case IR_INDEX: case IR_COLUMN: make_count(b, k); break;
    case IR_LOAD: make_load(b, k); break;
    case IR_READV: make_readv(b, k); break;
    case IR_OUTPUT: case IR_WRITE: case IR_SET_BUFFER: make_fill(b, k); break;
    case IR_STORE: make_store(b, k); break;
    case IR_SUM:
    case IR_SUMP: make_sum(b, k); break;
    case IR_COLD: make_cold(b, k); break;
    default:
        if (sn_ir_info[op->code].kind == IR_KIND_PURE)
            make_pure(b, k);
        break; /* NONE; the others make a body scalar */
    }
}

/* ---- results straight into streams ---- */

static bool reads_input_in_place(const block_maker *b, uint32_t k)
{
    const interp_maker *m = b->m;
    const ir_op *op = operation(b, k);
    if (op->code == IR_INPUT) /* the copy of one that is an output itself, among several */
        return m->flags[k] & INTERP_TO_OUTPUT && m->plan->program->output_count > 1;
    for (unsigned j = 0; j < sn_ir_info[op->code].operands; j++) {
        const uint32_t r = m->root[sn_ir_operand(op, j)];
        if (operation(b, r)->code == IR_INPUT
            && !(m->flags[r] & INTERP_TO_OUTPUT && m->plan->program->output_count > 1))
            return true;
    }
    return false;
}

static bool has_loop(const ir_op *op)
{
    const unsigned code = op->code;
    return sn_ir_info[code].kind == IR_KIND_PURE || code == IR_LOAD || code == IR_READV || code == IR_INDEX
           || code == IR_COLUMN;
}

static void find_straight_results(block_maker *b)
{
    interp_maker *m = b->m;
    uint32_t last_read = 0;
    for (uint32_t k = 1; k < b->body->count; k++)
        if (reads_input_in_place(b, k))
            last_read = k;
    for (uint32_t k = 1; k < b->body->count; k++) {
        const ir_op *op = operation(b, k);
        if (op->code != IR_OUTPUT && op->code != IR_WRITE && op->code != IR_SET_BUFFER)
            continue;
        const uint32_t r = m->root[op->a];
        if (m->uses[r] == 1 && has_loop(operation(b, r)) && (op->code != IR_OUTPUT || r >= last_read))
            m->dest[r] = k + 1;
    }
}

/* ---- the whole ---- */

static interp_place settle(interp_place place, uint32_t stride)
{
    return sn_interp_space(place) == SPACE_SLOT ? place * stride : place;
}

/* Chooses the block's length; slots, so far numbers, become places. */
static void settle_slots(block_maker *b, const plan_loop *loop, block_body *out)
{
    const unsigned widest = loop->widest;
    const uint32_t used = b->m->used;
    uint32_t length = b->summed_twice ? SUMS_BLOCK : LONGEST_BLOCK;
    while (length > SHORTEST_BLOCK && (uint64_t)used * length * widest > MOST_BYTES)
        length /= 2;
    if (loop->most && loop->most < length)
        length = loop->most;
    const uint32_t stride = length * widest / 8;
    for (block_op *op = b->ops; op < b->ops + b->count; op++) {
        op->out = settle(op->out, stride);
        op->a = settle(op->a, stride);
        op->b = settle(op->b, stride);
        op->c = op->kind == BLOCK_COLD ? op->c : settle(op->c, stride);
    }
    *out = (block_body){b->ops, b->streams, b->count, length, used * stride * 8};
}

void sn_interp_prepare_blocks(interp_maker *m, const plan_body *body, const plan_loop *loop, block_body *out)
{
    block_maker b = {.m = m, .body = body};
    b.summed = sn_arena_take_zeroed(m->memory, m->plan->program->total_count);
    m->failed |= !b.summed;
    find_straight_results(&b);
    for (uint32_t k = 1; k < body->count && !m->failed; k++)
        make_operation(&b, k);
    if (!m->failed)
        settle_slots(&b, loop, out);
}
