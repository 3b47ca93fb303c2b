/* Loops of alike components, one component a lane.
 *
 * Purpose: a component that takes one element after the other fills one lane of a vector; as many of them as there are lanes, side by side, fill all. The plan
 * has made a body of slices that are the same but for constants, slots, streams and lines. Here, of each W slices (W lanes) one is made whose values are vectors:
 * each operation does in a lane what it would do alone, so the bits are the same. Lanes without a component read what the last one reads; what they make goes to no
 * stream, and to no line's value.
 *
 * Vectors have 32 bytes where wider ones are to be had, too. What such a loop takes is latency, and the turning of streams; Zen 4 does 64 bytes in two steps, so an
 * operation that nobody waits for delays one of the cycle by two cycles instead of one, and the eight shuffles of a turn in fewer 128-bit parts take less than half as much
 * (16 voices, a filter and an envelope each: 20.9 cycles an element in vectors of 64 bytes, 16.1 in two of 32).
 *
 * What is in lanes and what is not: constants that differ are vectors of the pool. Everything else goes through an area on the stack, below the slots of spilled
 * values: uniforms are gathered there as the loop begins; the past values of held lines too, and go back to their lines as it ends, so that state is always
 * the source's. Streams lie in buffers of their own, element after element; four elements at a time they are turned (rows of four elements of four lanes become
 * columns: eight shuffles in all 128-bit parts at once), which leaves a vector an element in the area, and results are turned back. A stream that
 * all components read is broadcast from where it lies.
 *
 * Turning and the loop's own operations depend on each other block by block, and a processor has less than two blocks in view: one after the other they took
 * the sum of both. So the streams of the next block are turned in the middle of each, those of the one before at its end, whose values nobody waits for (five filters and envelopes
 * in lanes: 12.6 cycles an element before, 9.3 so). Where streams end with the caller's memory they are turned with their own block.
 *
 * General registers: rsi the element, r9 where its block of four begins, rcx the element's place in the area (32 bytes each), r11 where half of the block
 * ends (where blocks are turned with themselves: the block), r8 the first chunk buffer, from which all others have known distances. */
#include "code/x64/writing.h"

#include <string.h>

enum {
    VECTOR = X64_ALIKE_VECTOR,
    BLOCK = X64_ALIKE_BLOCK,
    MOST_AREA = 64 << 10,     /* bytes; what the plan makes takes less */
    MOST_CONSTANTS = 32,      /* among which equals are looked for */
    MOVED = 6                 /* registers that the turning of streams uses: four rows, one more, a mask; loop.c leaves as many (TURNING) */
};

/* ---- the body in lanes ---- */

typedef struct packer {
    x64_alike *out;
    const plan *plan;
    const plan_loop *loop;
    x64_pool *pool;
    unsigned first, lanes; /* the slices of the vector that is being made: how many have a component */
    uint32_t *instead;     /* per operation that is made: itself, or of a constant that was there already that one */
    uint32_t cold_end;     /* the last RARE of a region so far */
    uint32_t constants[MOST_CONSTANTS], constant_count; /* the last few that are the same in all lanes */
} packer;

static const ir_op *slice_op(const packer *k, unsigned lane, uint32_t place)
{
    const unsigned slice = k->first + (lane < k->lanes ? lane : k->lanes - 1);
    return &k->loop->body[0].ops[1 + slice * k->loop->slice + place];
}

static uint32_t take_area(x64_alike *a, uint32_t vectors)
{
    const uint32_t place = a->area;
    a->area += vectors * VECTOR;
    return place;
}

static bool all_equal(const packer *k, uint32_t place, uint32_t (*what)(const packer *, const ir_op *))
{
    for (unsigned lane = 1; lane < k->lanes; lane++)
        if (what(k, slice_op(k, lane, place)) != what(k, slice_op(k, 0, place)))
            return false;
    return true;
}

static uint32_t field_a(const packer *k, const ir_op *op)
{
    (void)k;
    return op->a;
}

static uint32_t field_b(const packer *k, const ir_op *op)
{
    (void)k;
    return op->b;
}

static uint32_t stream_slot(const packer *k, const ir_op *op)
{
    const plan_frame *f = &k->plan->frame;
    return op->code == IR_INPUT ? f->inputs + op->a : f->buffers + (op->code == IR_BUFFER ? op->a : op->b);
}

/* Each use has a constant of its own (body.c); equal ones are one again, but for those of cold regions, which only they know. */
static void find_equal(packer *k, const ir_op *constant)
{
    const x64_alike *a = k->out;
    for (uint32_t i = 0; i < k->constant_count && i < MOST_CONSTANTS; i++) {
        const ir_op *other = &a->body.ops[k->constants[i]];
        if (other->type == constant->type && other->a == constant->a && other->b == constant->b) {
            k->instead[a->body.count] = k->constants[i];
            return;
        }
    }
    if (a->body.count > k->cold_end)
        k->constants[k->constant_count++ % MOST_CONSTANTS] = a->body.count;
}

static void pack_constant(packer *k, uint32_t place, ir_op *made)
{
    x64_alike *a = k->out;
    if (all_equal(k, place, field_a) && all_equal(k, place, field_b)) {
        find_equal(k, made);
        return;
    }
    const unsigned size = sn_ir_type_size(made->type == IR_F64 ? IR_F64 : IR_I32);
    uint8_t bytes[VECTOR];
    for (unsigned lane = 0; lane < a->lanes; lane++) {
        const ir_op *op = slice_op(k, lane, place);
        const uint32_t words[2] = {op->a, op->b};
        memcpy(bytes + lane * size, words, size);
    }
    const uint32_t at = sn_x64_pool_bytes(k->pool, bytes, a->lanes * size, a->lanes * size);
    a->vectors[a->vector_count++] = (x64_lanes){.place = at, .in_pool = true, .type = made->type};
    *made = (ir_op){IR_UNIFORM, made->type, made->axes, 0, 0, a->vector_count, 0};
}

static void pack_uniform(packer *k, uint32_t place, ir_op *made)
{
    made->b = 0;
    if (all_equal(k, place, field_a))
        return;
    x64_alike *a = k->out;
    x64_lanes *v = &a->vectors[a->vector_count++];
    *v = (x64_lanes){.place = take_area(a, 1), .type = made->type};
    for (unsigned lane = 0; lane < a->lanes; lane++)
        v->slot[lane] = slice_op(k, lane, place)->a;
    made->b = a->vector_count;
}

static uint32_t pack_stream(packer *k, uint32_t place, const ir_op *first, unsigned type)
{
    x64_alike *a = k->out;
    x64_lane_stream *s = &a->streams[a->stream_count++];
    const bool out = first->code == IR_SET_BUFFER, padded = first->code != IR_INPUT;
    *s = (x64_lane_stream){.type = (uint8_t)type, .out = out, .padded = padded, .lanes = (uint8_t)k->lanes, .shared = !out && all_equal(k, place, stream_slot)};
    for (unsigned lane = 0; lane < a->lanes; lane++) {
        const ir_op *op = slice_op(k, lane, place);
        s->slot[lane] = stream_slot(k, op);
        if (padded)
            s->offset[lane] = (int32_t)(k->plan->buffers[out ? op->b : op->a].offset - k->plan->buffers[0].offset);
    }
    if (!s->shared)
        s->place = take_area(a, X64_ALIKE_ROOM);
    return a->stream_count - 1;
}

static void pack_line(packer *k, uint32_t place, const ir_op *first)
{
    x64_alike *a = k->out;
    const uint32_t number = first->code == IR_HELD ? first->a : first->b;
    for (uint32_t i = 0; i < a->line_count; i++)
        if (a->lines[i].line == number)
            return;
    x64_lane_line *l = &a->lines[a->line_count++];
    *l = (x64_lane_line){.line = number, .place = take_area(a, k->plan->lines[number].length), .lanes = (uint8_t)k->lanes};
    for (unsigned lane = 0; lane < a->lanes; lane++) {
        const ir_op *op = slice_op(k, lane, place);
        l->slot[lane] = k->plan->frame.lines + (op->code == IR_HELD ? op->a : op->b);
    }
}

/* The operation at a place of the slices, with operands in the body that is made. */
static ir_op pack_operation(packer *k, uint32_t place)
{
    const uint32_t back = k->first * k->loop->slice - k->out->body.count + 1 + place; /* from a slice of the loop to the one that is made */
    const ir_op *first = slice_op(k, 0, place);
    ir_op made = *first;
    const unsigned operands = sn_ir_info[made.code].operands;
    k->instead[k->out->body.count] = k->out->body.count;
    if (operands > 0)
        made.a = k->instead[made.a - back];
    if (operands > 1)
        made.b = k->instead[made.b - back];
    if (operands > 2)
        made.c = k->instead[made.c - back];
    if (made.code == IR_COLD) {
        made.b -= back;
        k->cold_end = made.b > k->cold_end ? made.b : k->cold_end;
    }
    switch (made.code) {
    case IR_CONST: pack_constant(k, place, &made); break;
    case IR_UNIFORM: pack_uniform(k, place, &made); break;
    case IR_INPUT: case IR_BUFFER: made.a = pack_stream(k, place, first, made.type); break;
    case IR_SET_BUFFER: made.b = pack_stream(k, place, first, k->loop->body[0].ops[first->a].type); break;
    case IR_HELD: case IR_HOLD: pack_line(k, place, first); break;
    default: break;
    }
    return made;
}

static void pack_slice(packer *k)
{
    x64_alike *a = k->out;
    for (uint32_t place = 0; place < k->loop->slice; place++) {
        const ir_op made = pack_operation(k, place);
        a->origins[a->body.count] = 1 + k->first * k->loop->slice + place;
        a->body.cold += made.code == IR_COLD;
        a->body.ops[a->body.count++] = made;
    }
}

bool sn_x64_pack(x64_alike *out, const plan *p, const plan_loop *loop, const x64_options *options, x64_pool *pool, arena *memory)
{
    unsigned lanes = sn_x64_lanes_of(options, loop->widest);
    if (lanes > PLAN_ALIKE_BYTES / loop->widest)
        lanes = PLAN_ALIKE_BYTES / loop->widest;
    const unsigned vectors = (loop->alike + lanes - 1) / lanes;
    const size_t most = 1 + (size_t)vectors * loop->slice;
    *out = (x64_alike){.loop = loop, .lanes = lanes};
    out->body.ops = sn_arena_take(memory, most * sizeof *out->body.ops);
    out->origins = sn_arena_take_zeroed(memory, most * sizeof *out->origins);
    uint32_t leaves = 0;
    for (uint32_t k = 1; k <= loop->slice; k++)
        leaves += sn_ir_info[loop->body[0].ops[k].code].rule == IR_RULE_LEAF || sn_ir_info[loop->body[0].ops[k].code].rule == IR_RULE_EFFECT;
    out->vectors = sn_arena_take(memory, (leaves * vectors + 1) * sizeof *out->vectors);
    out->streams = sn_arena_take(memory, (leaves * vectors + 1) * sizeof *out->streams);
    out->lines = sn_arena_take(memory, (leaves * vectors + 1) * sizeof *out->lines);
    if (!out->body.ops || !out->origins || !out->vectors || !out->streams || !out->lines)
        return false;
    out->body.ops[0] = (ir_op){.code = IR_NONE};
    out->body.count = 1;
    packer k = {.out = out, .plan = p, .loop = loop, .pool = pool, .instead = sn_arena_take(memory, most * sizeof *k.instead)};
    if (!k.instead)
        return false;
    for (k.first = 0; k.first < loop->alike; k.first += lanes) {
        k.lanes = loop->alike - k.first < lanes ? loop->alike - k.first : lanes;
        pack_slice(&k);
    }
    out->begin = take_area(out, 1);
    return true;
}

bool sn_x64_alike_fits(const x64_alike *a)
{
    return a->area <= MOST_AREA;
}

/* ---- places ---- */

static x64_mem area_mem(const x64_writer *w, uint32_t place)
{
    return (x64_mem){X64_RSP, X64_NO_INDEX, 0, w->slots_up + (int32_t)place};
}

x64_mem sn_x64_alike_begin(const x64_writer *w)
{
    return area_mem(w, w->alike->begin);
}

x64_mem sn_x64_lanes_mem(const x64_writer *w, const ir_op *uniform)
{
    const x64_lanes *v = &w->alike->vectors[uniform->b - 1];
    return v->in_pool ? sn_x64_pool_mem(v->place) : area_mem(w, v->place);
}

x64_mem sn_x64_lane_line_mem(const x64_writer *w, uint32_t line, uint32_t delay)
{
    const x64_alike *a = w->alike;
    uint32_t k = 0;
    while (a->lines[k].line != line)
        k++;
    return area_mem(w, a->lines[k].place + (w->plan->lines[line].length - delay) * VECTOR);
}

/* Element `index` (a register) of a lane's stream; chunk buffers have known distances, others take rax. */
static x64_mem lane_mem(x64_writer *w, const x64_lane_stream *s, unsigned lane, unsigned index, int32_t disp)
{
    const uint8_t scale = scale_of(is_wide(s->type) ? 8 : 4);
    if (s->padded)
        return (x64_mem){X64_R8, (uint8_t)index, scale, s->offset[lane] + disp};
    const x64_mem slot = frame_mem(s->slot[lane]);
    sn_x64_mov_load(&w->buffer[w->at].code, X64_W64, X64_RAX, &slot);
    return (x64_mem){X64_RAX, (uint8_t)index, scale, disp};
}

x64_mem sn_x64_lane_stream_mem(x64_writer *w, uint32_t number)
{
    const x64_lane_stream *s = &w->alike->streams[number];
    if (s->shared)
        return lane_mem(w, s, 0, X64_RSI, 0);
    return (x64_mem){X64_RSP, X64_RCX, 0, w->slots_up + (int32_t)s->place};
}

bool sn_x64_is_shared_stream(const x64_writer *w, uint32_t number)
{
    return w->alike->streams[number].shared;
}

/* ---- lines and uniforms ---- */

static void move_element(x64_writer *w, unsigned size, const x64_mem *from, const x64_mem *to)
{
    x64_code *c = sn_x64_room(w);
    const x64_width width = size == 8 ? X64_W64 : X64_W32;
    sn_x64_mov_load(c, width, X64_RCX, from);
    sn_x64_mov_store(c, width, X64_RCX, to);
}

static void gather_uniforms(x64_writer *w)
{
    const x64_alike *a = w->alike;
    for (uint32_t k = 0; k < a->vector_count; k++) {
        const x64_lanes *v = &a->vectors[k];
        const unsigned size = is_wide(v->type) ? 8 : 4;
        for (unsigned lane = 0; !v->in_pool && lane < a->lanes; lane++) {
            const x64_mem from = frame_mem(v->slot[lane]), to = area_mem(w, v->place + lane * size);
            move_element(w, size, &from, &to);
        }
    }
}

/* Between a line's values and the area, one by one; lanes without a component read only. */
static void move_values(x64_writer *w, const x64_lane_line *l, bool in)
{
    const plan_line *line = &w->plan->lines[l->line];
    const unsigned size = sn_ir_type_size(line->type), lanes = in ? w->alike->lanes : l->lanes;
    for (unsigned lane = 0; lane < lanes; lane++) {
        const x64_mem slot = frame_mem(l->slot[lane]);
        sn_x64_mov_load(sn_x64_room(w), X64_W64, X64_RAX, &slot);
        for (uint32_t past = 0; past < line->length; past++) {
            const x64_mem own = {X64_RAX, X64_NO_INDEX, 0, (int32_t)(past * size)}, place = area_mem(w, l->place + past * VECTOR + lane * size);
            move_element(w, size, in ? &own : &place, in ? &place : &own);
        }
    }
}

/* Ones in as many lanes as have a component. */
static x64_mem lanes_taken(x64_writer *w, const x64_lane_line *l, unsigned size)
{
    uint8_t bytes[VECTOR] = {0};
    memset(bytes, 0xFF, l->lanes * size);
    return sn_x64_pool_mem(sn_x64_pool_bytes(w->pool, bytes, w->alike->lanes * size, w->alike->lanes * size));
}

/* The same of lines that lie together, as a vector: behind the last component's value is room. Lanes without one begin with 0, for what was left
 * there might have become subnormal, which no tick looks at. */
static void move_together(x64_writer *w, const x64_lane_line *l, bool in)
{
    const unsigned type = w->plan->lines[l->line].type, size = sn_ir_type_size((ir_type)type);
    const unsigned reg = (unsigned)__builtin_ctzll(w->a.vectors & ~w->a.pinned);
    const x64_length length = length_of(w, type);
    const x64_mem slot = frame_mem(l->slot[0]), own = {X64_RAX, X64_NO_INDEX, 0, 0}, place = area_mem(w, l->place);
    sn_x64_mov_load(sn_x64_room(w), X64_W64, X64_RAX, &slot);
    if (!in) {
        mem3(w, X64_VMOVAPS, length, 0, reg, 0, &place);
        mem3(w, X64_VMOVUPS_STORE, length, 0, reg, 0, &own);
        return;
    }
    if (l->lanes < w->alike->lanes) {
        const x64_mem mask = lanes_taken(w, l, size);
        mem3(w, X64_VMOVUPS, length, 0, reg, 0, &mask);
        mem3(w, X64_VMASKMOVPS, length, 0, reg, reg, &own);
    } else {
        mem3(w, X64_VMOVUPS, length, 0, reg, 0, &own);
    }
    mem3(w, X64_VMOVAPS_STORE, length, 0, reg, 0, &place);
}

static void move_lines_of(x64_writer *w, bool single, bool in, void (*move)(x64_writer *w, const x64_lane_line *l, bool in))
{
    const x64_alike *a = w->alike;
    for (uint32_t k = 0; k < a->line_count; k++)
        if ((w->plan->lines[a->lines[k].line].length == 1) == single)
            move(w, &a->lines[k], in);
}

/* A jump over what follows; `land` is where it goes. */
static uint32_t jump_over(x64_writer *w, x64_condition condition)
{
    x64_code *c = sn_x64_room(w);
    return (uint32_t)(sn_x64_jump(c, condition) - c->start);
}

static void land(x64_writer *w, uint32_t place)
{
    x64_code *c = sn_x64_room(w);
    sn_x64_patch(c->start + place, c->at);
}

/* Between lines and the area. Sixteen values that are stored one by one and loaded as a vector have to reach the cache in between, which takes longer than an element of
 * the loop; so lines of one value, which are nearly all, are moved as vectors where they lie so. */
static void move_lines(x64_writer *w, bool in)
{
    const x64_mem together = frame_mem(w->plan->frame.together);
    x64_code *c = sn_x64_room(w);
    sn_x64_mov_load(c, X64_W32, X64_RAX, &together);
    sn_x64_alu_rr(c, X64_TEST, X64_W32, X64_RAX, X64_RAX);
    const uint32_t scattered = jump_over(w, X64_IF_E);
    move_lines_of(w, true, in, move_together);
    const uint32_t done = jump_over(w, X64_ALWAYS);
    land(w, scattered);
    move_lines_of(w, true, in, move_values);
    land(w, done);
    move_lines_of(w, false, in, move_values);
}

void sn_x64_open_lanes(x64_writer *w)
{
    x64_code *c = sn_x64_room(w);
    const x64_mem buffers = frame_mem(w->plan->frame.buffers);
    sn_x64_mov_load(c, X64_W64, X64_R8, &buffers);
    gather_uniforms(w);
    move_lines(w, true);
}

void sn_x64_close_lanes(x64_writer *w)
{
    for (uint32_t k = 1; k < w->body->count; k++) {
        const ir_op *op = op_of(w, k);
        if (op->code != IR_HELD || w->a.values[k].home == CODE_NO_REGISTER)
            continue;
        const x64_mem m = sn_x64_lane_line_mem(w, op->a, op->b);
        sn_x64_room(w);
        sn_x64_store(w, w->a.values[k].home, op->type, &m);
    }
    move_lines(w, false);
}

/* ---- turning ---- */

typedef struct turner {
    x64_writer *w;
    const x64_lane_stream *stream;
    unsigned reg[MOVED];
    bool masked; /* the block is not full, and what lies behind the stream is not to be touched */
    bool woven;  /* the place in the area is rcx's */
    int shift;   /* elements from the block at r9 to that which is turned */
} turner;

enum { SPARE = BLOCK, MASK };

static void find_registers(turner *t)
{
    uint64_t free = t->w->a.vectors & ~t->w->a.pinned;
    for (unsigned k = 0; k < MOVED; k++) {
        t->reg[k] = (unsigned)__builtin_ctzll(free);
        free &= free - 1;
    }
}

static unsigned lanes_of_chunk(const turner *t)
{
    return is_wide(t->stream->type) ? 2 : 4;
}

static unsigned chunks_of(const turner *t)
{
    return t->w->alike->lanes / lanes_of_chunk(t);
}

/* Four elements of 4 bytes, or two of 8, of a lane into 128 bits of a register: `bytes` behind the block's first. */
static void load_chunk(turner *t, unsigned reg, unsigned chunk, unsigned lane, int32_t bytes)
{
    x64_writer *w = t->w;
    sn_x64_room(w);
    const x64_mem m = lane_mem(w, t->stream, lane, X64_R9, bytes);
    const x64_length length = length_of(w, t->stream->type);
    x64_code *c = &w->buffer[w->at].code;
    if (t->masked) {
        const unsigned to = chunk ? t->reg[SPARE] : reg;
        mem3(w, X64_VMASKMOVPS, X64_128, 0, to, t->reg[MASK], &m);
        if (chunk)
            reg3_imm(w, X64_VINSERTF128, length, reg, reg, to, chunk);
    } else if (chunk) {
        sn_x64_mem_imm(c, X64_VINSERTF128, length, 0, reg, reg, &m, (uint8_t)chunk);
    } else {
        mem3(w, X64_VMOVUPS, X64_128, 0, reg, 0, &m);
    }
}

static void store_chunk(turner *t, unsigned reg, unsigned chunk, unsigned lane, int32_t bytes)
{
    x64_writer *w = t->w;
    sn_x64_room(w);
    const x64_mem m = lane_mem(w, t->stream, lane, X64_R9, bytes);
    const x64_length length = length_of(w, t->stream->type);
    if (chunk)
        sn_x64_mem_imm(&w->buffer[w->at].code, X64_VEXTRACTF128, length, 0, reg, 0, &m, (uint8_t)chunk);
    else
        mem3(w, X64_VMOVUPS_STORE, X64_128, 0, reg, 0, &m);
}

/* Rows `row` of all chunks: lanes `row`, `row` + 4 (or 2) … */
static void load_row(turner *t, unsigned reg, unsigned row, int32_t bytes)
{
    for (unsigned chunk = 0; chunk < chunks_of(t); chunk++)
        load_chunk(t, reg, chunk, chunk * lanes_of_chunk(t) + row, bytes);
}

static void store_row(turner *t, unsigned reg, unsigned row, int32_t bytes)
{
    for (unsigned chunk = 0; chunk < chunks_of(t); chunk++)
        if (chunk * lanes_of_chunk(t) + row < t->stream->lanes)
            store_chunk(t, reg, chunk, chunk * lanes_of_chunk(t) + row, bytes);
}

/* The vector of the block's element number `element`. */
static void move_vector(turner *t, unsigned reg, unsigned element, bool in)
{
    x64_mem m = area_mem(t->w, t->stream->place + element * VECTOR);
    if (t->woven)
        m.index = X64_RCX;
    sn_x64_room(t->w);
    mem3(t->w, in ? X64_VMOVAPS : X64_VMOVAPS_STORE, length_of(t->w, t->stream->type), 0, reg, 0, &m);
}

/* In all 128 bits of the registers, the four 4-byte elements of the first four: rows become columns. The order of the registers that results. */
static void turn_four(turner *t)
{
    x64_writer *w = t->w;
    const x64_length length = length_of(w, t->stream->type);
    unsigned *r = t->reg;
    const unsigned a = r[0], b = r[1], c = r[2], d = r[3], e = r[SPARE];
    sn_x64_room(w);
    reg3(w, X64_VUNPCKLPS, length, e, a, b);
    reg3(w, X64_VUNPCKHPS, length, a, a, b);
    reg3(w, X64_VUNPCKLPS, length, b, c, d);
    reg3(w, X64_VUNPCKHPS, length, c, c, d);
    reg3(w, X64_VUNPCKLPD, length, d, e, b);
    reg3(w, X64_VUNPCKHPD, length, e, e, b);
    reg3(w, X64_VUNPCKLPD, length, b, a, c);
    reg3(w, X64_VUNPCKHPD, length, a, a, c);
    r[0] = d;
    r[1] = e;
    r[2] = b;
    r[3] = a;
    r[SPARE] = c;
}

/* The same of two 8-byte elements of the first two. */
static void turn_two(turner *t)
{
    x64_writer *w = t->w;
    const x64_length length = length_of(w, t->stream->type);
    unsigned *r = t->reg;
    const unsigned a = r[0], spare = r[SPARE];
    sn_x64_room(w);
    reg3(w, X64_VUNPCKLPD, length, spare, a, r[1]);
    reg3(w, X64_VUNPCKHPD, length, r[1], a, r[1]);
    r[0] = spare;
    r[SPARE] = a;
}

/* Ones in as many of the block's elements as there are, from the element at `bytes` on; rcx is minus how many there are. */
static void load_mask(turner *t, int32_t bytes)
{
    x64_writer *w = t->w;
    const x64_mem m = {X64_R10, X64_RCX, scale_of(is_wide(t->stream->type) ? 8 : 4), (int32_t)sn_x64_mask_table(w) + 32 + bytes - X64_POOL_BIAS};
    sn_x64_room(w);
    mem3(w, X64_VMOVUPS, X64_128, 0, t->reg[MASK], 0, &m);
}

/* The element at `at` of the block, from where r9 is. */
static int32_t bytes_to(const turner *t, unsigned at)
{
    return ((int32_t)at + t->shift) * (is_wide(t->stream->type) ? 8 : 4);
}

static void turn_in(turner *t)
{
    const bool wide = is_wide(t->stream->type);
    const unsigned rows = lanes_of_chunk(t);
    for (unsigned at = 0; at < BLOCK; at += rows) {
        const int32_t bytes = bytes_to(t, at);
        if (t->masked)
            load_mask(t, bytes);
        for (unsigned row = 0; row < rows; row++)
            load_row(t, t->reg[row], row, bytes);
        if (wide)
            turn_two(t);
        else
            turn_four(t);
        for (unsigned row = 0; row < rows; row++)
            move_vector(t, t->reg[row], at + row, false);
    }
}

static void turn_out(turner *t)
{
    const bool wide = is_wide(t->stream->type);
    const unsigned rows = lanes_of_chunk(t);
    for (unsigned at = 0; at < BLOCK; at += rows) {
        for (unsigned row = 0; row < rows; row++)
            move_vector(t, t->reg[row], at + row, true);
        if (wide)
            turn_two(t);
        else
            turn_four(t);
        for (unsigned row = 0; row < rows; row++)
            store_row(t, t->reg[row], row, bytes_to(t, at));
    }
}

bool sn_x64_has_bare_streams(const x64_writer *w)
{
    for (uint32_t k = 0; k < w->alike->stream_count; k++)
        if (!w->alike->streams[k].padded && !w->alike->streams[k].shared)
            return true;
    return false;
}

static void turn_all(turner *t, bool out, bool padded)
{
    const x64_alike *a = t->w->alike;
    for (uint32_t k = 0; k < a->stream_count; k++) {
        t->stream = &a->streams[k];
        if (t->stream->shared || t->stream->out != out || t->stream->padded != padded)
            continue;
        find_registers(t);
        if (out)
            turn_out(t);
        else
            turn_in(t);
    }
}

void sn_x64_turn_streams(x64_writer *w, bool out, bool padded, bool masked)
{
    turner t = {.w = w, .masked = masked};
    turn_all(&t, out, padded);
}

void sn_x64_turn_neighbour(x64_writer *w, bool out)
{
    turner t = {.w = w, .woven = true, .shift = out ? -BLOCK : BLOCK};
    turn_all(&t, out, true);
}
