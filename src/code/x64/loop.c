/* Loops around bodies.
 *
 * A loop is a function (frame, begin, end): entry, a main loop over whole groups of vectors without any mask, then vectors one
 * by one under a mask until the end. The main loop takes two vectors side by side where registers allow (their chains of
 * latency overlap) and repeats short bodies; what is uniform stays in registers while there are any. Sums keep their partial sums in
 * registers where exactly as many vectors fit side by side as there are partial sums, and in memory else. Scalar
 * loops carry the lines of their cycles in registers; so do those of alike components, with a component a lane. Cold regions, and the ways to them, are written into buffers of their own and joined
 * behind the end. */
#include "code/x64/writing.h"

#include <string.h>

enum {
    FIRST_ROOM = 8192,
    SHORT_BODY = 12,      /* operations: repeated in the main loop */
    MOST_TAIL = 48,       /* operations, in all: a short body with partial sums in registers is repeated in the tail too, and these are folded there */
    LONG_BODY = 64,       /* operations: beyond, masks cost little (vmaskmov is slow on some machines: atan2 in f64, 51 operations, 13.4 ns
                             an element masked, 10.1 not), and the body is written once, masked throughout */
    LONG_BODY_512 = 24,   /* the same where masks are registers */
    TURNING = 2,          /* registers that the turning of streams needs beside SPARE_REGISTERS, whatever the body does */
    MOST_SPILLED = 8,     /* of four copies at once */
    SPARE_REGISTERS = 4,  /* for temporaries and memory operands that must be loaded */
    MOST_WIDE_CONSTANTS = 256, /* AVX2: beyond, a constant has 4 or 8 bytes in the pool and is broadcast by a load */
    MOST_SLOTS = 4096,    /* spilled vectors: 256 KiB of stack */
    CALLEE_SAVED = 5
};

static const uint8_t pointer_registers[X64_MOST_POINTERS] = {X64_R8, X64_R9, X64_RBX, X64_R12, X64_R13, X64_R14, X64_R15};
static const uint8_t callee_saved[CALLEE_SAVED] = {X64_RBX, X64_R12, X64_R13, X64_R14, X64_R15};

void sn_x64_output_open(x64_output *out, arena *memory, arena *passing)
{
    *out = (x64_output){.memory = memory, .passing = passing};
    sn_x64_pool_open(&out->pool, memory);
}

/* ---- what a body needs ---- */

static void add_pointer(x64_writer *w, uint32_t slot)
{
    for (unsigned k = 0; k < w->pointer_count; k++)
        if (w->pointer_slot[k] == slot)
            return;
    if (w->pointer_count == X64_MOST_POINTERS)
        return;
    w->pointer_register[w->pointer_count] = pointer_registers[w->pointer_count];
    w->pointer_slot[w->pointer_count++] = slot;
}

/* What a look over the body looks at more closely; everything else is work, and nothing more. */
static const uint8_t is_surveyed[IR_CODES] = {
    [IR_CONST] = 1, [IR_UNIFORM] = 1, [IR_INPUT] = 1, [IR_BUFFER] = 1, [IR_READ] = 1, [IR_HELD] = 1, [IR_OUTPUT] = 1, [IR_SET_BUFFER] = 1,
    [IR_WRITE] = 1, [IR_HOLD] = 1, [IR_LOAD] = 1, [IR_READV] = 1, [IR_SUM] = 1, [IR_SUMP] = 1, [IR_COLD] = 1,
};

static void note_sum(x64_writer *w, uint32_t operation)
{
    if (w->sum_count < X64_MOST_SUMS)
        w->sum_operation[w->sum_count] = operation;
    w->sum_count++;
}

static void survey_operation(x64_writer *w, uint32_t k, const ir_op *op)
{
    const plan_frame *f = &w->plan->frame;
    switch (op->code) {
    case IR_CONST: w->constants++; break;
    case IR_UNIFORM: w->uniforms++; break;
    case IR_INPUT: add_pointer(w, f->inputs + op->a); break;
    case IR_BUFFER: add_pointer(w, sn_x64_base_slot(w->plan, f->buffers + op->a)); break;
    case IR_HELD: w->held++; add_pointer(w, f->lines + op->a); break;
    case IR_READ: add_pointer(w, f->lines + op->a); break;
    case IR_OUTPUT: add_pointer(w, f->outputs + op->b); break;
    case IR_SET_BUFFER: add_pointer(w, sn_x64_base_slot(w->plan, f->buffers + op->b)); break;
    case IR_WRITE: case IR_HOLD: add_pointer(w, f->lines + op->b); break;
    case IR_LOAD: w->loads++; break;
    case IR_READV: if (!w->scalar) add_pointer(w, f->lines + op->b); break;
    case IR_SUM: case IR_SUMP: note_sum(w, k); break;
    default: break;
    }
}

/* Tables that are not in the pool. */
static void point_to_tables(x64_writer *w)
{
    for (uint32_t k = 1; k < w->body->count; k++) {
        const ir_op *op = &w->body->ops[k];
        if (op->code == IR_LOAD && !sn_x64_is_widened(w, op->b))
            add_pointer(w, w->plan->frame.memories + op->b);
    }
}

/* One look over the body: what it points to, how many constants and uniforms it has, its sums, and its work, which is the operations
 * of the path; of regions only that they are called. */
static void survey(x64_writer *w)
{
    uint32_t cold_end = 0;
    for (uint32_t k = 1; k < w->body->count; k++) {
        const ir_op *op = &w->body->ops[k];
        if (is_surveyed[op->code])
            survey_operation(w, k, op);
        if (op->code == IR_COLD && k > cold_end)
            cold_end = op->b;
        w->work += k > cold_end && !sn_is_shared(op);
    }
    if (w->loads && !w->scalar)
        point_to_tables(w);
}

static unsigned bit_count(uint64_t set)
{
    return (unsigned)__builtin_popcountll(set);
}

static uint64_t low_bits(unsigned count)
{
    return ((uint64_t)1 << count) - 1;
}

unsigned sn_x64_lanes_of(const x64_options *options, unsigned widest)
{
    const unsigned room = (options->isa == X64_AVX512 ? 64u : options->isa == X64_AVX2 ? 32u : widest) / widest;
    return options->most_lanes && options->most_lanes < room ? options->most_lanes : room;
}

static void set_shape(x64_writer *w, const x64_options *options)
{
    const x64_isa isa = options->isa;
    const bool scalar = isa == X64_ONE_LANE || (w->loop->lanes == PLAN_SCALAR && !w->alike) || w->function;
    static const x64_length lengths[] = {X64_128, X64_256, X64_512};
    w->isa = isa;
    w->scalar = scalar;
    w->lanes = scalar ? 1 : sn_x64_lanes_of(options, w->loop->widest);
    if (w->loop->most && w->loop->most < w->lanes)
        w->lanes = w->loop->most;
    if (w->alike)
        w->lanes = w->alike->lanes;
    w->mask_registers = isa == X64_AVX512 && !scalar;
    w->length4 = scalar ? X64_SCALAR : lengths[(4 * w->lanes) / 32];
    w->length8 = scalar ? X64_SCALAR : lengths[8 * w->lanes >= 64 ? 2 : 1];
    w->wide_constants = isa == X64_AVX2 && !scalar;
}

static x64_form form_of(const x64_writer *w, unsigned type, bool only_selection)
{
    const bool wide = type == IR_F64 || (type == IR_MASK && w->loop->widest == 8), is_float = type == IR_F32 || type == IR_F64;
    const x64_length length = wide ? w->length8 : w->length4;
    const unsigned whole = w->wide_constants ? (type == IR_F64 ? 4 : 8) : w->scalar || w->mask_registers;
    return (x64_form){.l = (uint8_t)(length - (length != X64_SCALAR)),
                      .variant = (uint8_t)(is_float ? wide + 2 * w->scalar : 0),
                      .constants = (uint8_t)(is_float || (type == IR_I32 && !w->scalar) ? whole : 0),
                      .direct = !only_selection && (type != IR_MASK || !w->mask_registers)};
}

static void set_forms(x64_writer *w, bool only_selection)
{
    for (unsigned type = IR_F32; type <= IR_MASK; type++)
        w->forms[type] = form_of(w, type, only_selection);
}

/* ---- which values stay in registers ---- */

static void pin(x64_writer *w, uint32_t value, uint64_t *spare)
{
    const unsigned reg = 63 - (unsigned)__builtin_clzll(*spare);
    *spare &= ~((uint64_t)1 << reg);
    sn_allocate_pin(&w->a, value, reg);
}

/* Of the `count` operations of a code, as many as there are registers for. */
static void pin_code(x64_writer *w, unsigned code, uint32_t count, uint64_t *spare)
{
    for (uint32_t k = 1; count && *spare; k++) {
        if (w->body->ops[k].code != code)
            continue;
        count--;
        if (w->body->ops[k].type != IR_MASK && w->a.values[k].first != CODE_NEVER)
            pin(w, k, spare);
    }
}

/* How many registers the body can do without, for one copy, or two side by side. */
static int spare_count(const x64_writer *w, unsigned copies, unsigned taken)
{
    return (int)bit_count(w->a.vectors) - (int)(taken + SPARE_REGISTERS + copies * w->a.most_live);
}

static uint64_t highest(uint64_t set, int count)
{
    uint64_t chosen = 0;
    for (; count > 0 && set; count--) {
        const uint64_t top = (uint64_t)1 << (63 - __builtin_clzll(set));
        chosen |= top;
        set &= ~top;
    }
    return chosen;
}

/* Registers 15 and below are left to values where code has VEX forms; what is pinned takes the highest. */
static void pin_values(x64_writer *w, unsigned taken)
{
    /* Constants and uniforms that find no register still have to be loaded, two for one operation; where all find one, none is. */
    const int room = spare_count(w, w->a.copies, taken), spare = room >= (int)(w->constants + w->uniforms) ? room : room - 2;
    uint64_t set = highest(w->a.vectors & ~w->a.pinned, spare);
    pin_code(w, IR_UNIFORM, w->uniforms, &set);
    pin_code(w, IR_CONST, w->constants, &set);
}

/* Past values of lines that move every element: as many as leave the body enough registers. */
static void pin_held(x64_writer *w)
{
    uint64_t set = highest(w->a.vectors, (int)bit_count(w->a.vectors) - SPARE_REGISTERS - 3);
    pin_code(w, IR_HELD, w->held, &set);
}

/* ---- sums ---- */

static unsigned partial_vectors(const x64_writer *w, const ir_op *sum)
{
    const unsigned size = w->body->ops[sum->a].type == IR_F64 ? 8 : 4;
    return 256 / size / w->lanes;
}

/* Registers for all partial sums, if every sum has the same number of vectors of them and they leave the body enough. */
static unsigned place_sums(x64_writer *w)
{
    w->sums_in_registers = false;
    if (w->sum_count == 0 || w->sum_count > X64_MOST_SUMS || w->scalar)
        return 0;
    const unsigned vectors = partial_vectors(w, &w->body->ops[w->sum_operation[0]]);
    for (unsigned k = 1; k < w->sum_count; k++)
        if (partial_vectors(w, &w->body->ops[w->sum_operation[k]]) != vectors)
            return 0;
    if (vectors > 8 || spare_count(w, 1, w->sum_count * vectors) < 0)
        return 0;
    uint64_t set = highest(w->a.vectors, (int)(w->sum_count * vectors));
    w->a.pinned |= set;
    for (unsigned k = 0; k < w->sum_count; k++)
        for (unsigned v = 0; v < vectors; v++) {
            w->sum_register[k][v] = (uint8_t)__builtin_ctzll(set);
            set &= set - 1;
        }
    w->sums_in_registers = true;
    return vectors;
}

static void start_sums(x64_writer *w, unsigned vectors)
{
    for (unsigned k = 0; k < w->sum_count; k++) {
        const ir_op *op = &w->body->ops[w->sum_operation[k]];
        const bool wide = w->body->ops[op->a].type == IR_F64;
        const uint64_t minus_zero = wide ? (uint64_t)1 << 63 : 0x80000000u;
        const x64_mem m = sn_x64_pool_mem(sn_x64_pool_element(w->pool, minus_zero, wide ? 8 : 4, 1));
        for (unsigned v = 0; v < vectors; v++)
            sn_x64_mem(sn_x64_room(w), wide ? X64_VBROADCASTSD : X64_VBROADCASTSS, wide ? w->length8 : w->length4, 0, w->sum_register[k][v], 0, &m);
    }
}

static void move_sums(x64_writer *w, unsigned vectors, bool in)
{
    for (unsigned k = 0; k < w->sum_count; k++) {
        const ir_op *op = &w->body->ops[w->sum_operation[k]];
        const unsigned type = w->body->ops[op->a].type, bytes = w->lanes * (type == IR_F64 ? 8 : 4);
        const x64_mem slot = frame_mem(w->plan->frame.sums + sn_x64_total_of(op));
        sn_x64_mov_load(sn_x64_room(w), X64_W64, X64_RAX, &slot);
        for (unsigned v = 0; v < vectors; v++) {
            const x64_mem m = {X64_RAX, X64_NO_INDEX, 0, (int32_t)(v * bytes)};
            if (in)
                sn_x64_load(w, w->sum_register[k][v], type, &m);
            else
                sn_x64_store(w, w->sum_register[k][v], type, &m);
        }
    }
}

/* ---- entry and exit ---- */

static x64_code *code(x64_writer *w)
{
    return &w->buffer[w->at].code;
}

static unsigned saved_registers(const x64_writer *w)
{
    return w->pointer_count > 2 ? w->pointer_count - 2u : 0;
}

/* Returns the place of the frame's size. The stack is aligned to 64, so that spilled vectors do not straddle lines. */
static uint8_t *enter(x64_writer *w)
{
    x64_code *c = sn_x64_room(w);
    sn_x64_endbr64(c);
    sn_x64_push(c, X64_RBP);
    sn_x64_mov_rr(c, X64_W64, X64_RBP, X64_RSP);
    for (unsigned k = 0; k < saved_registers(w); k++)
        sn_x64_push(c, callee_saved[k]);
    sn_x64_alu_imm(c, X64_SUB, X64_W64, X64_RSP, 0x7FFFFFFF);
    uint8_t *place = c->at - 4;
    sn_x64_alu_imm(c, X64_AND, X64_W64, X64_RSP, -64);
    return place;
}

static void load_bases(x64_writer *w, uint32_t *pool_place)
{
    x64_code *c = sn_x64_room(w);
    const x64_mem rip = {X64_RIP, X64_NO_INDEX, 0, 0};
    sn_x64_lea(c, X64_W64, X64_R10, &rip);
    *pool_place = (uint32_t)(c->at - 4 - c->start);
    for (unsigned k = 0; k < w->pointer_count; k++) {
        const x64_mem slot = frame_mem(w->pointer_slot[k]);
        sn_x64_mov_load(c, X64_W64, w->pointer_register[k], &slot);
    }
}

static void leave(x64_writer *w)
{
    x64_code *c = sn_x64_room(w);
    const unsigned saved = saved_registers(w);
    const x64_mem top = {X64_RBP, X64_NO_INDEX, 0, -(int32_t)(8 * saved)};
    sn_x64_lea(c, X64_W64, X64_RSP, &top);
    for (unsigned k = saved; k-- > 0;)
        sn_x64_pop(c, callee_saved[k]);
    sn_x64_pop(c, X64_RBP);
    if (!w->function && !w->scalar)
        sn_x64_vzeroupper(c);
    sn_x64_ret(c);
}

static void load_pinned(x64_writer *w)
{
    for (uint32_t k = 0; k < w->a.pin_count; k++)
        w->a.target->load_leaf(w, w->a.values[w->a.pins[k]].home, w->a.pins[k], 0);
}

/* Held registers go back to the line's memory: the newest value last. */
static void store_held(x64_writer *w)
{
    for (uint32_t k = 1; w->held && k < w->body->count; k++) {
        const ir_op *op = &w->body->ops[k];
        if (op->code != IR_HELD || w->a.values[k].home == CODE_NO_REGISTER)
            continue;
        const plan_line *line = &w->plan->lines[op->a];
        const unsigned size = sn_ir_type_size(op->type);
        const x64_mem slot = frame_mem(w->plan->frame.lines + op->a);
        sn_x64_mov_load(sn_x64_room(w), X64_W64, X64_RAX, &slot);
        const x64_mem m = {X64_RAX, X64_NO_INDEX, 0, (int32_t)((line->length - op->b) * size)};
        sn_x64_store(w, w->a.values[k].home, op->type, &m);
    }
}

/* ---- loops ---- */

static void jump_back(x64_writer *w, x64_condition condition, uint32_t target)
{
    x64_code *c = sn_x64_room(w);
    sn_x64_jump_to(c, condition, c->start + target);
}

typedef struct forward {
    uint32_t place;
} forward;

static forward jump_forward(x64_writer *w, x64_condition condition)
{
    x64_code *c = sn_x64_room(w);
    return (forward){(uint32_t)(sn_x64_jump(c, condition) - c->start)};
}

static void land(x64_writer *w, forward f)
{
    x64_code *c = code(w);
    sn_x64_patch(c->start + f.place, c->at);
}

/* Where nothing is buffered between loops, a call from element 0 on begins a block of 4,096 elements: its sums begin at −0, which need
 * not go through memory. One from another element on goes on with a block. */
static void take_sums(x64_writer *w, unsigned vectors)
{
    if (w->plan->chunk != PLAN_SUM_BLOCK) {
        move_sums(w, vectors, true);
        return;
    }
    sn_x64_alu_rr(sn_x64_room(w), X64_TEST, X64_W64, X64_RSI, X64_RSI);
    const forward begun = jump_forward(w, X64_IF_NE);
    start_sums(w, vectors);
    const forward started = jump_forward(w, X64_ALWAYS);
    land(w, begun);
    move_sums(w, vectors, true);
    land(w, started);
}

static void walk(x64_writer *w, unsigned repetitions)
{
    for (unsigned r = 0; r < repetitions; r++) {
        w->repetition = r;
        w->group = r * w->a.copies * w->lanes;
        sn_allocate_walk(&w->a);
    }
    w->group = 0;
    w->repetition = 0;
}

static void main_loop(x64_writer *w, unsigned repetitions)
{
    const int32_t step = (int32_t)(w->lanes * w->a.copies * repetitions);
    x64_code *c = sn_x64_room(w);
    const x64_mem last = {X64_RDX, X64_NO_INDEX, 0, -step};
    sn_x64_lea(c, X64_W64, X64_RCX, &last);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RCX);
    const forward none = jump_forward(w, X64_IF_G);
    sn_x64_align(sn_x64_room(w), 32);
    const uint32_t top = sn_x64_here(w, w->at);
    walk(w, repetitions);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_RSI, step);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RCX);
    jump_back(w, X64_IF_LE, top);
    land(w, none);
}

/* Minus the elements left for each copy, from −lanes to 0: r11 and rcx; k1 and k2 their masks. */
static void tail_mask(x64_writer *w, uint32_t masks)
{
    x64_code *c = sn_x64_room(w);
    sn_x64_mov_imm64(c, X64_RAX, (uint64_t)-(int64_t)w->lanes);
    sn_x64_mov_rr(c, X64_W64, X64_R11, X64_RSI);
    sn_x64_alu_rr(c, X64_SUB, X64_W64, X64_R11, X64_RDX);
    if (w->a.copies == 2) {
        const x64_mem next = {X64_R11, X64_NO_INDEX, 0, (int32_t)w->lanes};
        sn_x64_lea(c, X64_W64, X64_RCX, &next);
        sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RCX, X64_RAX);
        sn_x64_cmov(c, X64_IF_L, X64_W64, X64_RCX, X64_RAX);
    }
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_R11, X64_RAX);
    sn_x64_cmov(c, X64_IF_L, X64_W64, X64_R11, X64_RAX);
    if (w->a.copies == 2) {
        sn_x64_mov_imm32(c, X64_RAX, 0);
        sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RCX, X64_RAX);
        sn_x64_cmov(c, X64_IF_G, X64_W64, X64_RCX, X64_RAX);
    }
    for (unsigned copy = 0; w->mask_registers && copy < w->a.copies; copy++) {
        const x64_mem m = {X64_R10, copy ? X64_RCX : X64_R11, 1, (int32_t)(masks + 2 * w->lanes) - X64_POOL_BIAS};
        sn_x64_mem(c, X64_KMOVW, X64_SCALAR, 0, 1 + copy, 0, &m);
    }
}

/* Words of 0 to `lanes` ones, the longest first. */
static uint32_t mask_words(x64_writer *w)
{
    uint16_t words[17];
    for (unsigned k = 0; k <= w->lanes; k++)
        words[k] = (uint16_t)((1u << (w->lanes - k)) - 1);
    return sn_x64_pool_bytes(w->pool, words, (w->lanes + 1) * 2, 2);
}

/* All vectors that are left under masks: the tail, or, of a long body, the whole loop. */
static void masked_loop(x64_writer *w)
{
    x64_code *c = sn_x64_room(w);
    const uint32_t masks = w->mask_registers ? mask_words(w) : 0;
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    const forward none = jump_forward(w, X64_IF_GE);
    sn_x64_align(sn_x64_room(w), 16);
    const uint32_t top = sn_x64_here(w, w->at);
    tail_mask(w, masks);
    w->masked = true;
    const uint64_t mask_set = w->a.masks;
    w->a.masks &= ~((uint64_t)(w->a.copies == 2 ? 6 : 2) << CODE_MASKS); /* k1, k2 */
    walk(w, 1);
    w->a.masks = mask_set;
    w->masked = false;
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_RSI, (int32_t)(w->lanes * w->a.copies));
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    jump_back(w, X64_IF_L, top);
    land(w, none);
}

/* The same of a short body whose partial sums are in registers: no more vectors are left than there are of these, each with its own. Through memory a
 * sum of 1,000 elements would wait for what it has just written, twice. */
static void masked_sums(x64_writer *w, unsigned vectors)
{
    const uint32_t masks = w->mask_registers ? mask_words(w) : 0;
    forward none[8];
    for (unsigned v = 0; v < vectors; v++) {
        sn_x64_alu_rr(sn_x64_room(w), X64_CMP, X64_W64, X64_RSI, X64_RDX);
        none[v] = jump_forward(w, X64_IF_GE);
        tail_mask(w, masks);
        w->masked = true;
        w->repetition = v;
        const uint64_t mask_set = w->a.masks;
        w->a.masks &= ~((uint64_t)2 << CODE_MASKS); /* k1 */
        sn_allocate_walk(&w->a);
        w->a.masks = mask_set;
        w->masked = false;
        if (v + 1 < vectors)
            sn_x64_alu_imm(sn_x64_room(w), X64_ADD, X64_W64, X64_RSI, (int32_t)w->lanes);
    }
    for (unsigned v = 0; v < vectors; v++)
        land(w, none[v]);
    w->repetition = 0;
}

/* Of one sum, behind the loops: by halves, as kernel/fold.h has it, into register 0. */
static void fold_registers(x64_writer *w, const uint8_t *sums, unsigned vectors, bool wide)
{
    x64_code *c = sn_x64_room(w);
    const x64_insn add = (x64_insn)(X64_VADDPS + wide);
    const unsigned sum = sums[0], other = 0;
    x64_length length = wide ? w->length8 : w->length4;
    for (unsigned half = vectors / 2; half; half /= 2)
        for (unsigned v = 0; v < half; v++)
            sn_x64_reg(c, add, length, 0, sums[v], sums[v], sums[v + half]);
    if (length == X64_512) {
        sn_x64_reg_imm(c, X64_VEXTRACTF64X4, X64_512, 0, other, 0, sum, 1);
        sn_x64_reg(c, add, X64_256, 0, sum, sum, other);
        length = X64_256;
    }
    if (length == X64_256) {
        sn_x64_reg_imm(c, w->mask_registers ? X64_VEXTRACTF32X4 : X64_VEXTRACTF128, X64_256, 0, other, 0, sum, 1);
        sn_x64_reg(c, add, X64_128, 0, sum, sum, other);
    }
    sn_x64_reg(c, X64_VUNPCKHPD, X64_128, 0, other, sum, sum);
    if (!wide) {
        sn_x64_reg(c, add, X64_128, 0, sum, sum, other);
        sn_x64_reg_imm(c, X64_VPERMILPS_IMM, X64_128, 0, other, 0, sum, 1);
    }
    sn_x64_reg(c, (x64_insn)(add + 2), X64_SCALAR, 0, other, sum, other);
}

/* Through memory a total would wait for partial sums that were just written: 10 ns a call. */
static void fold_sums(x64_writer *w, unsigned vectors)
{
    for (unsigned k = 0; k < w->sum_count; k++) {
        const ir_op *op = &w->body->ops[w->sum_operation[k]];
        const bool wide = w->body->ops[op->a].type == IR_F64;
        const x64_mem slot = frame_mem(w->plan->frame.totals + sn_x64_total_of(op));
        fold_registers(w, w->sum_register[k], vectors, wide);
        sn_x64_mem(sn_x64_room(w), wide ? X64_VMOVSD_STORE : X64_VMOVSS_STORE, X64_SCALAR, 0, 0, 0, &slot);
    }
}

static void scalar_loop(x64_writer *w)
{
    x64_code *c = sn_x64_room(w);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    const forward none = jump_forward(w, X64_IF_GE);
    sn_x64_align(sn_x64_room(w), 32);
    const uint32_t top = sn_x64_here(w, w->at);
    walk(w, 1);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_RSI, 1);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    jump_back(w, X64_IF_L, top);
    land(w, none);
}

/* Of alike components: blocks of four elements, the last one maybe of fewer, whose streams are turned before and behind them. */
static void turn_block(x64_writer *w)
{
    const x64_mem end = {X64_RSI, X64_NO_INDEX, 0, X64_ALIKE_BLOCK};
    x64_code *c = sn_x64_room(w);
    sn_x64_mov_rr(c, X64_W64, X64_R9, X64_RSI);
    sn_x64_lea(c, X64_W64, X64_R11, &end);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_R11, X64_RDX);
    sn_x64_cmov(c, X64_IF_G, X64_W64, X64_R11, X64_RDX);
    sn_x64_turn_streams(w, false, true, false);
    if (sn_x64_has_bare_streams(w)) {
        c = sn_x64_room(w);
        sn_x64_mov_rr(c, X64_W64, X64_RCX, X64_R9);
        sn_x64_alu_rr(c, X64_SUB, X64_W64, X64_RCX, X64_R11);
        sn_x64_alu_imm(c, X64_CMP, X64_W64, X64_RCX, -X64_ALIKE_BLOCK);
        const forward partial = jump_forward(w, X64_IF_NE);
        sn_x64_turn_streams(w, false, false, false);
        const forward whole = jump_forward(w, X64_ALWAYS);
        land(w, partial);
        sn_x64_turn_streams(w, false, false, true);
        land(w, whole);
    }
    sn_x64_mov_imm32(sn_x64_room(w), X64_RCX, 0);
}

/* r11: where the half of a block that begins at rsi ends. */
static void bound_half(x64_writer *w)
{
    const x64_mem two = {X64_RSI, X64_NO_INDEX, 0, X64_ALIKE_BLOCK / 2};
    x64_code *c = sn_x64_room(w);
    sn_x64_lea(c, X64_W64, X64_R11, &two);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_R11, X64_RDX);
    sn_x64_cmov(c, X64_IF_G, X64_W64, X64_R11, X64_RDX);
}

static void compare_first(x64_writer *w)
{
    const x64_mem begin = sn_x64_alike_begin(w);
    x64_code *c = sn_x64_room(w);
    sn_x64_mov_load(c, X64_W64, X64_RAX, &begin);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_R9, X64_RAX);
}

/* The same, with the streams of the next block turned in the middle of each, and of the block before at its end. Both read and write a few elements more than there are, where
 * chunk buffers have room. A branch an element, since more of them cost more than they saved. */
static void woven_loop(x64_writer *w)
{
    enum { ELEMENT = X64_ALIKE_VECTOR, HALF = 2 * ELEMENT, WHOLE = 4 * ELEMENT, BOTH = 2 * WHOLE };
    const x64_mem before = {X64_RSI, X64_NO_INDEX, 0, -X64_ALIKE_BLOCK}, finished = {X64_R9, X64_NO_INDEX, 0, -X64_ALIKE_BLOCK};
    const x64_mem begin = sn_x64_alike_begin(w);
    x64_code *c = sn_x64_room(w);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    const forward none = jump_forward(w, X64_IF_GE);
    sn_x64_mov_store(c, X64_W64, X64_RSI, &begin);
    bound_half(w);
    sn_x64_lea(c, X64_W64, X64_R9, &before);
    sn_x64_mov_imm32(c, X64_RCX, BOTH - HALF);
    const uint32_t ahead = sn_x64_here(w, w->at);
    sn_x64_alu_imm(c, X64_ADD, X64_W32, X64_RCX, HALF);
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RCX, BOTH - 1);
    sn_x64_turn_neighbour(w, false);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_SUB, X64_W32, X64_RCX, HALF);
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RCX, BOTH - 1);
    compare_first(w);
    const forward on = jump_forward(w, X64_IF_GE);
    sn_x64_mov_rr(c, X64_W64, X64_R9, X64_RAX); /* that was the first block */
    sn_x64_mov_imm32(c, X64_RCX, 0);
    sn_x64_align(sn_x64_room(w), 32);
    land(w, on);
    const uint32_t top = sn_x64_here(w, w->at);
    walk(w, 1);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_RSI, 1);
    sn_x64_alu_imm(c, X64_ADD, X64_W32, X64_RCX, ELEMENT);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_R11);
    jump_back(w, X64_IF_L, top);
    c = sn_x64_room(w);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    const forward end = jump_forward(w, X64_IF_GE);
    bound_half(w);
    sn_x64_mov_rr(c, X64_W32, X64_RAX, X64_RCX);
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RAX, HALF);
    jump_back(w, X64_IF_NE, ahead);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RCX, BOTH - 1);
    compare_first(w);
    const forward second = jump_forward(w, X64_IF_NE);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_R9, X64_ALIKE_BLOCK);
    jump_back(w, X64_ALWAYS, top);
    land(w, end);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_SUB, X64_W32, X64_RCX, ELEMENT);
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RCX, WHOLE);
    compare_first(w);
    const forward two = jump_forward(w, X64_IF_NE);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_R9, X64_ALIKE_BLOCK); /* there is none before it */
    sn_x64_alu_imm(c, X64_XOR, X64_W32, X64_RCX, WHOLE);
    land(w, two);
    const uint32_t last = sn_x64_here(w, w->at);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_XOR, X64_W32, X64_RCX, WHOLE);
    land(w, second);
    sn_x64_turn_neighbour(w, true);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_R9, X64_ALIKE_BLOCK);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    jump_back(w, X64_IF_L, top);
    c = sn_x64_room(w);
    sn_x64_lea(c, X64_W64, X64_RAX, &finished);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RAX, X64_RDX);
    jump_back(w, X64_IF_L, last);
    land(w, none);
}

static void alike_loop(x64_writer *w)
{
    x64_code *c = sn_x64_room(w);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    const forward none = jump_forward(w, X64_IF_GE);
    const uint32_t block = sn_x64_here(w, w->at);
    turn_block(w);
    sn_x64_align(sn_x64_room(w), 32);
    const uint32_t top = sn_x64_here(w, w->at);
    walk(w, 1);
    c = sn_x64_room(w);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_RSI, 1);
    sn_x64_alu_imm(c, X64_ADD, X64_W64, X64_RCX, X64_ALIKE_VECTOR);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_R11);
    jump_back(w, X64_IF_L, top);
    sn_x64_turn_streams(w, true, true, false);
    c = sn_x64_room(w);
    sn_x64_alu_rr(c, X64_CMP, X64_W64, X64_RSI, X64_RDX);
    jump_back(w, X64_IF_L, block);
    land(w, none);
}

/* The cold regions that the loops call: in tails too, so that they leave alone the mask registers which are the tails'. */
static void write_regions(x64_writer *w)
{
    w->a.masks &= ~((uint64_t)6 << CODE_MASKS); /* k1, k2 */
    sn_allocate_walk_regions(&w->a);
}

/* ---- joining ---- */

static bool grow_output(x64_output *out, uint32_t more)
{
    if (out->capacity - out->size >= more)
        return true;
    uint32_t capacity = out->capacity ? 2 * out->capacity : 2 * FIRST_ROOM;
    while (capacity - out->size < more)
        capacity *= 2;
    uint8_t *grown = sn_arena_grow(out->memory, out->code, out->size, capacity);
    if (!grown)
        return false;
    out->code = grown;
    out->capacity = capacity;
    return true;
}

static bool add_pool_reference(x64_output *out, uint32_t place)
{
    if (out->pool_reference_count == out->pool_reference_capacity) {
        const uint32_t capacity = out->pool_reference_capacity ? 2 * out->pool_reference_capacity : 16;
        uint32_t *grown = sn_arena_grow(out->memory, out->pool_references, out->pool_reference_count * sizeof *grown,
                                        capacity * sizeof *grown);
        if (!grown)
            return false;
        out->pool_references = grown;
        out->pool_reference_capacity = capacity;
    }
    out->pool_references[out->pool_reference_count++] = place;
    return true;
}

static bool keep_marks(x64_output *out, const x64_writer *w, uint32_t start)
{
    if (!w->with_marks)
        return true;
    x64_mark *all = sn_arena_grow(out->memory, out->marks, out->mark_count * sizeof *all,
                                  (out->mark_count + w->mark_count) * sizeof *all);
    if (!all)
        return false;
    out->marks = all;
    for (uint32_t k = 0; k < w->mark_count; k++)
        all[out->mark_count++] = (x64_mark){w->marks[k].at + start, w->marks[k].operation};
    return true;
}

/* Appends hot and cold code to the output and sets the jumps between them. */
static sinter_status join(x64_writer *w, x64_output *out, uint32_t pool_place, x64_function *f)
{
    uint32_t offset[X64_BUFFERS], total = 0;
    for (unsigned k = 0; k < X64_BUFFERS; k++) {
        offset[k] = total;
        total += (uint32_t)(w->buffer[k].code.at - w->buffer[k].code.start);
    }
    const uint32_t start = (out->size + 63) & ~63u;
    if (!grow_output(out, start - out->size + total + 64) || !keep_marks(out, w, start))
        return SINTER_NO_MEMORY;
    memset(out->code + out->size, 0xCC, start - out->size);
    for (unsigned k = 0; k < X64_BUFFERS; k++)
        if (w->buffer[k].code.start)
            memcpy(out->code + start + offset[k], w->buffer[k].code.start,
                   (size_t)(w->buffer[k].code.at - w->buffer[k].code.start));
    for (uint32_t k = 0; k < w->branch_count; k++) {
        const x64_branch *b = &w->branches[k];
        const uint32_t target = b->to_buffer == X64_REGION_BY_NUMBER ? offset[X64_REGIONS] + w->region_places[b->target]
                                                                     : offset[b->to_buffer] + b->target;
        sn_x64_patch(out->code + start + offset[b->from_buffer] + b->place, out->code + start + target);
    }
    if (!add_pool_reference(out, start + pool_place))
        return SINTER_NO_MEMORY;
    out->size = start + total;
    f->start = start;
    f->size = total;
    f->spills = w->a.slot_count;
    return SINTER_OK;
}

/* ---- functions ---- */

/* From here on the body is the one that joint.c makes. */
static bool join_look_ups(x64_writer *w)
{
    if (!sn_x64_make_joint(w, w->body, bit_count(w->a.vectors) - SPARE_REGISTERS, &w->joint))
        return false;
    w->body = &w->joint.body;
    w->a.joint = true;
    w->sum_count = 0;
    for (uint32_t k = 1; k < w->body->count; k++)
        if (w->body->ops[k].code == IR_SUM || w->body->ops[k].code == IR_SUMP)
            note_sum(w, k);
    return true;
}

static sinter_status open_writer(x64_writer *w, x64_output *out, const plan *p, const plan_loop *loop, const plan_body *body,
                                 const x64_options *options)
{
    w->memory = out->passing;
    w->plan = p;
    w->loop = loop;
    w->body = body;
    w->pool = &out->pool;
    w->with_marks = options->marks;
    w->tables = options->tables;
    set_shape(w, options);
    w->a.target = &sn_x64_target;
    w->a.emitter = w;
    w->a.copies = 1;
    w->a.random = options->random;
#if SINTER_VERIFY
    w->a.trace = sn_arena_take_zeroed(w->memory, sizeof *w->a.trace);
    if (w->a.trace)
        w->a.trace->memory = w->memory;
#endif
    const unsigned most = w->isa == X64_AVX512 && !w->scalar ? 32 : 16;
    const unsigned registers = options->most_registers && options->most_registers < most ? options->most_registers : most;
    w->a.vectors = low_bits(registers);
    w->a.masks = w->mask_registers ? (uint64_t)0xFE << CODE_MASKS : 0; /* k0 cannot be a predicate */
    survey(w);
    if (w->loads && options->byte_permutations && w->mask_registers && registers == 32 && w->lanes * loop->widest == 64)
        sn_x64_keep_tables(w);
    if (w->kept_count && !join_look_ups(w))
        return SINTER_NO_MEMORY;
    w->wide_constants = w->wide_constants && w->constants <= MOST_WIDE_CONSTANTS;
    set_forms(w, options->only_selection);
    sn_x64_pool_expect(w->pool, w->constants);
    sn_x64_room(w);
    if (w->failed)
        return SINTER_NO_MEMORY;
    const sinter_status status = sn_allocate_prepare(&w->a, w->body, w->mask_registers, w->memory);
    if (!status && w->a.region_count) {
        w->region_places = sn_arena_take(w->memory, (w->a.region_count + 1) * sizeof *w->region_places);
        return w->region_places ? SINTER_OK : SINTER_NO_MEMORY;
    }
    return status;
}

#if SINTER_VERIFY
/* Every allocation of a debug build is replayed. */
static const char *find_violation(const x64_writer *w)
{
    return w->a.trace ? sn_allocate_verify(w->a.trace, w->body->ops, w->body->count, w->memory) : NULL;
}
#endif

static sinter_status close_writer(x64_writer *w, x64_output *out, uint32_t frame_place, uint32_t pool_place, x64_function *f)
{
    if (w->a.starved)
        return SINTER_TOO_LARGE;
    if (w->a.failed || w->failed || out->pool.failed)
        return SINTER_NO_MEMORY;
    if (w->a.slot_count > MOST_SLOTS)
        return SINTER_TOO_LARGE;
#if SINTER_VERIFY
    out->violation = find_violation(w);
    if (out->violation)
        return w->memory->failed ? SINTER_NO_MEMORY : SINTER_BAD_PROGRAM;
#endif
    const uint32_t bytes = w->a.slot_count * 64 + (w->alike ? w->alike->area : 0);
    memcpy(w->buffer[0].code.start + frame_place, &bytes, 4);
    return join(w, out, pool_place, f);
}

/* Four vectors share look-ups where they find registers, or nearly: a spilled value costs a store and a load, for which other pipes are idle. */
static bool four_fit(const x64_writer *w)
{
    return w->joint.wanted <= bit_count(w->a.vectors) - SPARE_REGISTERS + MOST_SPILLED && w->a.most_masks <= 2;
}

/* Of joint values each vector but the first has a mask register that names its bytes. */
static void name_bytes(x64_writer *w, unsigned copies)
{
    w->joins = w->a.joint && copies > 1;
    for (unsigned copy = 1; w->joins && copy < copies; copy++)
        w->a.masks &= ~((uint64_t)1 << (CODE_MASKS + 8 - copy));
}

static void write_vector_loops(x64_writer *w, unsigned sum_vectors, x64_function *f)
{
    const unsigned taken = sum_vectors * w->sum_count;
    const uint32_t work = w->work;
    const bool two = !w->loop->most /* the second would need what the first has not stored yet */
                     && spare_count(w, 2, taken) >= 0 && w->a.most_masks <= 2 && sum_vectors != 1 && !w->joint.single;
    const bool four = w->a.joint && !taken && four_fit(w);
    w->a.copies = f->copies = four ? 4 : two ? 2 : 1;
    const uint64_t masks = w->a.masks;
    name_bytes(w, w->a.copies);
    f->repetitions = sum_vectors ? sum_vectors / f->copies : work * f->copies <= SHORT_BODY && !w->a.most_masks ? 2 : 1;
    pin_values(w, taken);
    load_pinned(w);
    sn_x64_load_kept_tables(w);
    sn_x64_load_byte_masks(w);
    if (sum_vectors)
        take_sums(w, sum_vectors);
    if (work <= (w->mask_registers ? LONG_BODY_512 : LONG_BODY) || sum_vectors || four) {
        main_loop(w, f->repetitions);
        w->a.copies = 1;
        w->a.masks = masks;
    } else {
        w->mostly_full = true;
    }
    w->sums_in_registers = sum_vectors && work * sum_vectors <= MOST_TAIL;
    if (w->sums_in_registers)
        masked_sums(w, sum_vectors);
    if (sum_vectors)
        move_sums(w, sum_vectors, false);
    if (w->sums_in_registers)
        fold_sums(w, sum_vectors);
    else
        masked_loop(w);
    f->leaves_sums = w->sum_count && !w->sums_in_registers;
    w->a.masks = masks;
    f->reads_sums = w->sum_count && !(sum_vectors && w->plan->chunk == PLAN_SUM_BLOCK);
}

static void write_scalar_loop(x64_writer *w, x64_function *f)
{
    pin_held(w);
    const unsigned held = bit_count(w->a.pinned);
    pin_values(w, held);
    load_pinned(w);
    scalar_loop(w);
    store_held(w);
    f->reads_sums = f->leaves_sums = w->sum_count;
    f->copies = f->repetitions = 1;
}

static void write_alike_loop(x64_writer *w, x64_function *f)
{
    sn_x64_open_lanes(w);
    pin_held(w);
    pin_values(w, bit_count(w->a.pinned) + TURNING);
    load_pinned(w);
    if (sn_x64_has_bare_streams(w))
        alike_loop(w);
    else
        woven_loop(w);
    sn_x64_close_lanes(w);
    f->reads_sums = f->leaves_sums = w->sum_count;
    f->copies = f->repetitions = 1;
}

/* A loop of alike components in lanes, where the engine has any and the components fit. False where memory is refused. */
static bool pack(x64_writer *w, x64_output *out, const plan *p, const plan_loop *loop, const x64_options *options, x64_alike *alike)
{
    if (!loop->alike || options->isa == X64_ONE_LANE)
        return true;
    if (!sn_x64_pack(alike, p, loop, options, &out->pool, out->passing))
        return false;
    if (sn_x64_alike_fits(alike)) {
        w->alike = alike;
        w->joint.origins = alike->origins;
    }
    return true;
}

x64_function sn_x64_loop(x64_output *out, const plan *p, const plan_loop *loop, const plan_body *body, const x64_options *options)
{
    x64_function f = {0};
    if (out->status)
        return f;
    sn_arena_rewind(out->passing);
    x64_writer w = {0};
    x64_alike alike;
    out->status = pack(&w, out, p, loop, options, &alike) ? open_writer(&w, out, p, loop, w.alike ? &alike.body : body, options) : SINTER_NO_MEMORY;
    if (out->status)
        return f;
    if (w.alike) /* its general registers are its own */
        w.pointer_count = 0;
    uint32_t pool_place;
    uint8_t *frame = enter(&w);
    const uint32_t frame_place = (uint32_t)(frame - code(&w)->start);
    load_bases(&w, &pool_place);
    if (w.alike)
        write_alike_loop(&w, &f);
    else if (w.scalar)
        write_scalar_loop(&w, &f);
    else
        write_vector_loops(&w, place_sums(&w), &f);
    leave(&w);
    write_regions(&w);
    out->status = close_writer(&w, out, frame_place, pool_place, &f);
    return f;
}

x64_function sn_x64_function(x64_output *out, const plan *p, const plan_loop *loop, const plan_body *body, const x64_options *options)
{
    x64_function f = {0};
    if (out->status)
        return f;
    sn_arena_rewind(out->passing);
    x64_writer w = {.function = true};
    x64_options plain = *options;
    plain.isa = X64_ONE_LANE;
    if (plain.most_registers) /* beside those in which inputs arrive */
        plain.most_registers = (uint8_t)(plain.most_registers + p->program->input_count);
    plain.marks = false;
    out->status = open_writer(&w, out, p, loop, body, &plain);
    if (out->status)
        return f;
    w.pointer_count = 0;
    uint32_t pool_place;
    uint8_t *frame = enter(&w);
    const uint32_t frame_place = (uint32_t)(frame - code(&w)->start);
    load_bases(&w, &pool_place);
    for (uint32_t k = 1; k < body->count; k++)
        if (body->ops[k].code == IR_INPUT)
            sn_allocate_pin(&w.a, k, body->ops[k].a);
    walk(&w, 1);
    leave(&w);
    write_regions(&w);
    out->status = close_writer(&w, out, frame_place, pool_place, &f);
    return f;
}
