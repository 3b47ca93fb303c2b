/* What touches memory: streams, lines, tables, partial sums; and positions.
 *
 * Element i of a stream lies at its base + i elements; up to seven bases stay in registers, others are loaded from the frame where they are
 * needed. In a tail every access of a vector is masked, by a mask register on AVX-512, by a vector from the pool on AVX2; a lane that is masked
 * out touches nothing. Tables are gathered, one element a lane; lines are read at a distance that is known, or gathered where it varies. */
#include "code/x64/writing.h"

#include <string.h>

/* ---- places in memory ---- */

static unsigned pointer_in(x64_writer *w, uint32_t slot)
{
    for (unsigned k = 0; k < w->pointer_count; k++)
        if (w->pointer_slot[k] == slot)
            return w->pointer_register[k];
    const x64_mem m = frame_mem(slot);
    sn_x64_mov_load(&w->buffer[w->at].code, X64_W64, X64_RAX, &m);
    return X64_RAX;
}

x64_mem sn_x64_stream(x64_writer *w, uint32_t slot, unsigned size, int64_t elements)
{
    const uint32_t base = sn_x64_base_slot(w->plan, slot);
    const int64_t distance = base == slot ? 0 : (int64_t)w->plan->buffers[slot - base].offset - (int64_t)w->plan->buffers[0].offset;
    return (x64_mem){(uint8_t)pointer_in(w, base), X64_RSI, scale_of(size), (int32_t)(distance + elements * (int64_t)size)};
}

static int64_t element_of(const x64_writer *w, unsigned copy)
{
    return (int64_t)w->group + (int64_t)copy * w->lanes;
}

/* Lane masks for AVX2 tails: eight words of all ones, then zeros, so that minus the elements left indexes them. */
uint32_t sn_x64_mask_table(x64_writer *w)
{
    if (w->mask_table)
        return w->mask_table - 1;
    int32_t lanes[16];
    for (unsigned k = 0; k < 16; k++)
        lanes[k] = k < 8 ? -1 : 0;
    w->mask_table = sn_x64_pool_bytes(w->pool, lanes, sizeof lanes, 64) + 1;
    return w->mask_table - 1;
}

static x64_mem tail_mask(x64_writer *w, unsigned size, unsigned copy)
{
    const uint32_t table = sn_x64_mask_table(w);
    return (x64_mem){X64_R10, copy ? X64_RCX : X64_R11, scale_of(size), (int32_t)table + 32 - X64_POOL_BIAS};
}

/* ---- loads and stores ---- */

void sn_x64_load(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m)
{
    if (w->scalar)
        mem3(w, is_wide(type) ? X64_VMOVSD : X64_VMOVSS, X64_SCALAR, 0, reg, 0, m);
    else
        mem3(w, X64_VMOVUPS, length_of(w, type), 0, reg, 0, m);
}

void sn_x64_store(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m)
{
    if (w->scalar)
        mem3(w, is_wide(type) ? X64_VMOVSD_STORE : X64_VMOVSS_STORE, X64_SCALAR, 0, reg, 0, m);
    else
        mem3(w, X64_VMOVUPS_STORE, length_of(w, type), 0, reg, 0, m);
}

static inline void load_masked(x64_writer *w, unsigned reg, unsigned type, unsigned copy, const x64_mem *m)
{
    if (w->isa == X64_AVX512) {
        mem3(w, is_wide(type) ? X64_VMOVUPD : X64_VMOVUPS, length_of(w, type), (1 + copy) | X64_ZERO, reg, 0, m);
    } else {
        const x64_mem mask = tail_mask(w, is_wide(type) ? 8 : 4, copy);
        sn_x64_load(w, reg, type, &mask);
        mem3(w, is_wide(type) ? X64_VMASKMOVPD : X64_VMASKMOVPS, length_of(w, type), 0, reg, reg, m);
    }
}

static inline void store_masked(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m, unsigned lanes)
{
    if (w->isa == X64_AVX512) {
        mem3(w, is_wide(type) ? X64_VMOVUPD_STORE : X64_VMOVUPS_STORE, length_of(w, type), 1 + w->a.copy, reg, 0, m);
    } else {
        const x64_mem mask = tail_mask(w, is_wide(type) ? 8 : 4, w->a.copy);
        sn_x64_load(w, lanes, type, &mask);
        mem3(w, is_wide(type) ? X64_VMASKMOVPD_STORE : X64_VMASKMOVPS_STORE, length_of(w, type), 0, reg, lanes, m);
    }
}

/* Where a long body is written once, masked, nearly every vector is full, and masked accesses are dear (improved noise, 75 operations: 9.3 ns
 * an element on Zen 1, 8.8 with plain stores, 7.9 with plain loads as well; masked stores alone 6 to 12 % on Zen 4 with AVX-512). So there a
 * full vector is loaded and stored plainly, and the masked access stands aside. */
static bool may_step_aside(const x64_writer *w)
{
    return w->mostly_full && w->at == X64_PATHS;
}

static void branch_if_partial(x64_writer *w, unsigned copy)
{
    x64_code *c = &w->buffer[w->at].code;
    sn_x64_alu_imm(c, X64_CMP, X64_W64, copy ? X64_RCX : X64_R11, -(int32_t)w->lanes);
    sn_x64_note_branch(w, X64_WAYS, sn_x64_here(w, X64_WAYS), sn_x64_jump(c, X64_IF_NE));
}

/* Behind the plain access. Returns the place to go back to. */
static uint32_t step_aside(x64_writer *w)
{
    const uint32_t back = sn_x64_here(w, X64_PATHS);
    w->at = X64_WAYS;
    sn_x64_room(w);
    return back;
}

static void step_back(x64_writer *w, uint32_t back)
{
    sn_x64_note_branch(w, X64_PATHS, back, sn_x64_jump(&w->buffer[w->at].code, X64_ALWAYS));
    w->at = X64_PATHS;
}

static void load_stream(x64_writer *w, unsigned reg, unsigned type, unsigned copy, const x64_mem *m)
{
    if (!w->masked) {
        sn_x64_load(w, reg, type, m);
    } else if (!may_step_aside(w)) {
        load_masked(w, reg, type, copy, m);
    } else {
        branch_if_partial(w, copy);
        sn_x64_load(w, reg, type, m);
        const uint32_t back = step_aside(w);
        load_masked(w, reg, type, copy, m);
        step_back(w, back);
    }
}

static void store_stream(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m)
{
    if (!w->masked) {
        sn_x64_store(w, reg, type, m);
        return;
    }
    const unsigned lanes = w->isa == X64_AVX512 ? 0 : sn_use_temporary(&w->a, false);
    if (!may_step_aside(w)) {
        store_masked(w, reg, type, m, lanes);
        return;
    }
    branch_if_partial(w, w->a.copy);
    sn_x64_store(w, reg, type, m);
    const uint32_t back = step_aside(w);
    store_masked(w, reg, type, m, lanes);
    step_back(w, back);
}

/* One element at `m` in every lane. */
static void load_element(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m)
{
    if (w->scalar)
        sn_x64_load(w, reg, type, m);
    else if (is_wide(type))
        mem3(w, X64_VBROADCASTSD, w->length8, 0, reg, 0, m);
    else
        mem3(w, X64_VBROADCASTSS, w->length4, 0, reg, 0, m);
}

static void load_constant(x64_writer *w, unsigned reg, const ir_op *op)
{
    const uint64_t bits = op->a | (uint64_t)op->b << 32;
    if (op->type == IR_MASK && w->mask_registers) {
        reg3(w, bits ? X64_KXNORW : X64_KXORW, X64_SCALAR, reg - CODE_MASKS, reg - CODE_MASKS, reg - CODE_MASKS);
        if (bits && w->lanes == 8)
            reg3_imm(w, X64_KSHIFTRW, X64_SCALAR, reg - CODE_MASKS, 0, reg - CODE_MASKS, 8);
        return;
    }
    const x64_length length = vector_length(op->type == IR_MASK ? mask_length(w) : length_of(w, op->type));
    if (bits == 0 || op->type == IR_MASK) { /* below 16 the short VEX form clears a whole register */
        if (bits)
            reg3(w, X64_VPCMPEQD, length, reg, reg, reg);
        else if (reg < 16)
            reg3(w, X64_VXORPS, X64_128, reg, reg, reg);
        else
            reg3(w, X64_VPXORD, length, reg, reg, reg);
        return;
    }
    const unsigned size = is_wide(op->type) ? 8 : 4;
    const x64_mem m = sn_x64_pool_mem(sn_x64_pool_element(w->pool, bits, size, w->wide_constants ? 32 / size : 1));
    load_element(w, reg, op->type, &m);
}

static uint32_t stream_slot(const x64_writer *w, const ir_op *op)
{
    const plan_frame *f = &w->plan->frame;
    switch (op->code) {
    case IR_INPUT: return f->inputs + op->a;
    case IR_BUFFER: return f->buffers + op->a;
    case IR_READ: return f->lines + op->a;
    case IR_OUTPUT: return f->outputs + op->b;
    case IR_SET_BUFFER: return f->buffers + op->b;
    default: return f->lines + op->b; /* WRITE */
    }
}

static x64_mem held_mem(x64_writer *w, uint32_t line, uint32_t delay, unsigned size)
{
    if (w->alike)
        return sn_x64_lane_line_mem(w, line, delay);
    const unsigned pointer = pointer_in(w, w->plan->frame.lines + line);
    return (x64_mem){(uint8_t)pointer, X64_NO_INDEX, 0, (int32_t)((w->plan->lines[line].length - delay) * size)};
}

static void load_lane_stream(x64_writer *w, unsigned reg, const ir_op *op)
{
    const x64_mem m = sn_x64_lane_stream_mem(w, op->a);
    if (sn_x64_is_shared_stream(w, op->a))
        load_element(w, reg, op->type, &m);
    else
        sn_x64_load(w, reg, op->type, &m);
}

void sn_x64_load_leaf(void *emitter, unsigned reg, uint32_t value, unsigned copy)
{
    x64_writer *w = emitter;
    const ir_op *op = op_of(w, value);
    sn_x64_room(w);
    const unsigned size = is_wide(op->type) ? 8 : 4;
    switch (op->code) {
    case IR_CONST:
        load_constant(w, reg, op);
        return;
    case IR_UNIFORM: {
        const x64_mem m = op->b ? sn_x64_lanes_mem(w, op) : frame_mem(op->a);
        if (op->b)
            sn_x64_load(w, reg, op->type, &m);
        else
            load_element(w, reg, op->type, &m);
        return;
    }
    case IR_HELD: {
        const x64_mem m = held_mem(w, op->a, op->b, size);
        sn_x64_load(w, reg, op->type, &m);
        return;
    }
    default: {
        if (w->alike) {
            load_lane_stream(w, reg, op);
            return;
        }
        const int64_t back = op->code == IR_READ ? (int64_t)op->b : 0;
        const x64_mem m = sn_x64_stream(w, stream_slot(w, op), size, element_of(w, copy) - back);
        load_stream(w, reg, op->type, copy, &m);
    }
    }
}

/* ---- positions ---- */

static x64_mem lane_numbers(x64_writer *w, unsigned copy)
{
    int32_t lanes[16];
    for (unsigned k = 0; k < w->lanes; k++)
        lanes[k] = (int32_t)k + (int32_t)element_of(w, copy);
    const unsigned bytes = 4 * w->lanes < 16 ? 16 : 4 * w->lanes;
    for (unsigned k = w->lanes; k < 4; k++)
        lanes[k] = 0;
    return sn_x64_pool_mem(sn_x64_pool_bytes(w->pool, lanes, bytes, bytes));
}

/* i32 in eax → eax + lane numbers */
static void spread(x64_writer *w, unsigned d)
{
    const x64_length length = vector_length(w->length4);
    if (evex_only(w)) {
        reg3(w, X64_VPBROADCASTD_GENERAL, length, d, 0, X64_RAX);
    } else {
        reg3(w, X64_VMOVD, X64_SCALAR, d, 0, X64_RAX);
        if (!w->scalar)
            reg3(w, X64_VPBROADCASTD, length, d, 0, d);
    }
    const x64_mem lanes = lane_numbers(w, w->a.copy);
    mem3(w, X64_VPADDD, length, 0, d, d, &lanes);
}

void sn_x64_absolute_index(x64_writer *w)
{
    const unsigned base = sn_use_temporary(&w->a, false), d = sn_define_apart(&w->a);
    const x64_mem slot = frame_mem(w->plan->frame.index);
    load_element(w, base, IR_F64, &slot);
    sn_x64_mov_rr(&w->buffer[w->at].code, X64_W32, X64_RAX, X64_RSI);
    spread(w, d);
    reg3(w, X64_VCVTDQ2PD, vector_length(w->length8), d, 0, d);
    reg3(w, X64_VADDPD, vector_length(w->length8), d, d, base);
}

void sn_x64_column(x64_writer *w)
{
    const unsigned d = sn_define_apart(&w->a);
    const x64_mem slot = frame_mem(w->plan->frame.column);
    sn_x64_mov_rr(&w->buffer[w->at].code, X64_W32, X64_RAX, X64_RSI);
    sn_x64_alu_load(&w->buffer[w->at].code, X64_ADD, X64_W32, X64_RAX, &slot);
    spread(w, d);
}

/* ---- memory objects ---- */

/* Short constant tables of narrow integers are gathered from the pool, where they stand as i32: no lane then reads across the end of a cache
 * line, nothing has to be masked off afterwards, and no general register holds their address. */
enum { MOST_WIDENED = 512 };

bool sn_x64_is_widened(const x64_writer *w, uint32_t memory)
{
    const ir_memory *m = &w->plan->program->memories[memory];
    return m->kind == IR_TABLE && m->length <= MOST_WIDENED && (m->type == IR_U8 || m->type == IR_I16);
}

/* Elements of type `stored` at base + (index << scale) + disp, one a lane. */
static void gather(x64_writer *w, unsigned d, unsigned stored, unsigned base, unsigned index, int32_t disp)
{
    const bool wide = stored == IR_F64;
    const x64_mem m = {(uint8_t)base, (uint8_t)index, scale_of(sn_ir_type_size(stored)), disp};
    const x64_insn insn = wide ? X64_VGATHERDPD : X64_VPGATHERDD;
    const x64_length length = wide ? w->length8 : w->length4;
    if (evex_only(w)) {
        const unsigned all = sn_use_temporary(&w->a, true) - CODE_MASKS;
        reg3(w, X64_KXNORW, X64_SCALAR, all, all, all);
        mem3(w, insn, length, all, d, 0, &m);
    } else {
        const unsigned all = sn_use_temporary(&w->a, false);
        reg3(w, X64_VPCMPEQD, length, all, all, all);
        mem3(w, insn, length, 0, d, all, &m);
    }
    if (stored == IR_U8) {
        unsigned decoration;
        const x64_mem byte = pool_vector(w, 0xFF, 4, &decoration);
        mem3(w, X64_VANDPS, length, decoration, d, d, &byte);
    } else if (stored == IR_I16) {
        reg3_imm(w, X64_VPSLLD_IMM, length, d, 0, d, 16);
        reg3_imm(w, X64_VPSRAD_IMM, length, d, 0, d, 16);
    }
}

static void load_one(x64_writer *w, unsigned d, unsigned stored, const x64_mem *m)
{
    x64_code *c = &w->buffer[w->at].code;
    if (stored == IR_U8)
        sn_x64_movzx8(c, X64_RAX, m);
    else if (stored == IR_I16)
        sn_x64_movsx16(c, X64_RAX, m);
    else
        sn_x64_load(w, d, stored, m);
    if (stored == IR_U8 || stored == IR_I16)
        reg3(w, X64_VMOVD, X64_SCALAR, d, 0, X64_RAX);
}

/* Where the address of a table is found: functions of one element read it from the pool. */
static x64_mem table_address(x64_writer *w, uint32_t memory)
{
    if (w->function)
        return sn_x64_pool_mem(sn_x64_pool_address(w->pool, w->plan->program, memory, w->tables[memory]));
    return frame_mem(w->plan->frame.memories + memory);
}

void sn_x64_table_load(x64_writer *w, const ir_op *op)
{
    const ir_memory *memory = &w->plan->program->memories[op->b];
    const uint32_t slot = w->plan->frame.memories + op->b;
    const unsigned index = sn_use(&w->a, op->a), d = sn_define_apart(&w->a);
    x64_code *c = &w->buffer[w->at].code;
    if (w->scalar) {
        const x64_mem at = table_address(w, op->b);
        sn_x64_mov_load(c, X64_W64, X64_R11, &at);
        reg3(w, X64_VMOVD_STORE, X64_SCALAR, X64_RAX, 0, index);
        const x64_mem m = {X64_R11, X64_RAX, scale_of(sn_ir_type_size(memory->type)), 0};
        load_one(w, d, memory->type, &m);
        return;
    }
    if (sn_x64_is_widened(w, op->b))
        gather(w, d, IR_I32, X64_R10, index, (int32_t)sn_x64_pool_table(w->pool, w->plan->program, op->b, false) - X64_POOL_BIAS);
    else
        gather(w, d, memory->type, pointer_in(w, slot), index, 0);
}

void sn_x64_table_store(x64_writer *w, const ir_op *op) /* scalar loops only */
{
    const unsigned index = sn_use(&w->a, op->a), value = sn_use(&w->a, op->b);
    const unsigned stored = w->plan->program->memories[op->c].type;
    x64_code *c = &w->buffer[w->at].code;
    const x64_mem at = frame_mem(w->plan->frame.memories + op->c);
    sn_x64_mov_load(c, X64_W64, X64_R11, &at);
    reg3(w, X64_VMOVD_STORE, X64_SCALAR, X64_RAX, 0, index);
    const x64_mem m = {X64_R11, X64_RAX, scale_of(sn_ir_type_size(stored)), 0};
    if (stored == IR_U8)
        sn_x64_mem_imm(c, X64_VPEXTRB_STORE, X64_SCALAR, 0, value, 0, &m, 0);
    else if (stored == IR_I16)
        sn_x64_mem_imm(c, X64_VPEXTRW_STORE, X64_SCALAR, 0, value, 0, &m, 0);
    else
        sn_x64_store(w, value, stored, &m);
}

/* i + lane − clamp(a) elements from the line's base. */
void sn_x64_varying_read(x64_writer *w, const ir_op *op)
{
    const plan_line *line = &w->plan->lines[op->b];
    const ir_memory *memory = &w->plan->program->memories[line->memory];
    const unsigned a = sn_use(&w->a, op->a), at = sn_use_temporary(&w->a, false), d = sn_define_apart(&w->a);
    const x64_length length = vector_length(w->length4);
    unsigned decoration;
    const x64_mem shortest = pool_vector(w, memory->shortest ? memory->shortest : 1, 4, &decoration);
    mem3(w, X64_VPMAXSD, length, decoration, at, a, &shortest);
    const x64_mem longest = pool_vector(w, line->length, 4, &decoration);
    mem3(w, X64_VPMINSD, length, decoration, at, at, &longest);
    const x64_mem lanes = lane_numbers(w, w->a.copy);
    mem3(w, X64_VMOVUPS, length, 0, d, 0, &lanes);
    reg3(w, X64_VPSUBD, length, at, d, at);
    x64_code *c = &w->buffer[w->at].code;
    const unsigned size = sn_ir_type_size(line->type);
    const uint32_t slot = w->plan->frame.lines + op->b;
    if (w->scalar) {
        const x64_mem base = frame_mem(slot);
        reg3(w, X64_VMOVD_STORE, X64_SCALAR, X64_RAX, 0, at);
        sn_x64_movsxd_rr(c, X64_RAX, X64_RAX);
        sn_x64_alu_rr(c, X64_ADD, X64_W64, X64_RAX, X64_RSI);
        sn_x64_mov_load(c, X64_W64, X64_R11, &base);
        const x64_mem m = {X64_R11, X64_RAX, scale_of(size), 0};
        sn_x64_load(w, d, line->type, &m);
        return;
    }
    if (op_of(w, op->a)->code == IR_UNIFORM) { /* as long ago in all lanes: one behind the other, from the first lane's on */
        const x64_mem base = frame_mem(slot), first = {X64_RAX, X64_NO_INDEX, 0, 0};
        reg3(w, X64_VMOVD_STORE, X64_SCALAR, X64_RAX, 0, at);
        sn_x64_movsxd_rr(c, X64_RAX, X64_RAX);
        sn_x64_alu_rr(c, X64_ADD, X64_W64, X64_RAX, X64_RSI);
        sn_x64_shift_imm(c, X64_SHL, X64_W64, X64_RAX, scale_of(size));
        sn_x64_alu_load(c, X64_ADD, X64_W64, X64_RAX, &base);
        load_stream(w, d, line->type, w->a.copy, &first);
        return;
    }
    const unsigned pointer = pointer_in(w, slot);
    const x64_mem m = {(uint8_t)pointer, X64_RSI, scale_of(size), 0};
    sn_x64_lea(c, X64_W64, X64_RAX, &m);
    gather(w, d, line->type, X64_RAX, at, 0);
}

/* ---- effects ---- */

void sn_x64_store_value(x64_writer *w, const ir_op *op)
{
    const unsigned value = sn_use(&w->a, op->a), type = op_of(w, op->a)->type;
    if (w->function) {
        sn_x64_move(w, 0, value, type);
        return;
    }
    if (w->alike) {
        const x64_mem lanes = sn_x64_lane_stream_mem(w, op->b);
        sn_x64_store(w, value, type, &lanes);
        return;
    }
    const x64_mem m = sn_x64_stream(w, stream_slot(w, op), is_wide(type) ? 8 : 4, element_of(w, w->a.copy));
    store_stream(w, value, type, &m);
}

void sn_x64_set_uniform(x64_writer *w, const ir_op *op)
{
    const unsigned value = sn_use(&w->a, op->a);
    const x64_mem m = frame_mem(op->b);
    sn_x64_store(w, value, op_of(w, op->a)->type, &m);
}

/* Partial sums are numbered by element modulo 256 bytes' worth: rax = where those of elements i … lie. */
static x64_mem partial_sums(x64_writer *w, uint32_t total, unsigned size)
{
    x64_code *c = &w->buffer[w->at].code;
    const x64_mem slot = frame_mem(w->plan->frame.sums + total);
    sn_x64_mov_rr(c, X64_W32, X64_RAX, X64_RSI);
    sn_x64_alu_imm(c, X64_ADD, X64_W32, X64_RAX, (int32_t)element_of(w, w->a.copy));
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RAX, (int32_t)(256 / size - 1));
    sn_x64_shift_imm(c, X64_SHL, X64_W32, X64_RAX, scale_of(size));
    sn_x64_alu_load(c, X64_ADD, X64_W64, X64_RAX, &slot);
    return (x64_mem){X64_RAX, X64_NO_INDEX, 0, 0};
}

/* dst = dst + value, or dst + value·factor with one rounding, in the lanes of mask register k1 or k2 if `mask` names one. */
static void accumulate(x64_writer *w, const ir_op *op, unsigned mask, unsigned d, unsigned value, unsigned factor)
{
    const unsigned type = op_of(w, op->a)->type;
    x64_code *c = &w->buffer[w->at].code;
    if (op->code == IR_SUM)
        sn_x64_reg(c, variant(w, X64_VADDPS, type), length_of(w, type), mask, d, d, value);
    else
        sn_x64_reg(c, variant(w, X64_VFMADD231PS, type), length_of(w, type), mask, d, value, factor);
}

/* Partial sums in a register; of a tail only those whose lanes are there. */
static void add_to_sum(x64_writer *w, const ir_op *op, unsigned sum, unsigned value, unsigned factor)
{
    const unsigned type = op_of(w, op->a)->type, size = is_wide(type) ? 8 : 4;
    if (!w->masked || w->isa == X64_AVX512) {
        accumulate(w, op, w->masked ? 1 + w->a.copy : 0, sum, value, factor);
        return;
    }
    const unsigned added = sn_use_temporary(&w->a, false), lanes = sn_use_temporary(&w->a, false);
    sn_x64_move(w, added, sum, type);
    accumulate(w, op, 0, added, value, factor);
    const x64_mem mask = tail_mask(w, size, w->a.copy);
    sn_x64_load(w, lanes, type, &mask);
    sn_x64_blend_lanes(w, sum, lanes, added, sum, type);
}

void sn_x64_sum(x64_writer *w, const ir_op *op, uint32_t position)
{
    const unsigned type = op_of(w, op->a)->type, size = is_wide(type) ? 8 : 4;
    const unsigned value = sn_use(&w->a, op->a), factor = op->code == IR_SUMP ? sn_use(&w->a, op->b) : value;
    if (w->sums_in_registers) {
        for (unsigned k = 0; k < w->sum_count; k++)
            if (w->sum_operation[k] == position)
                add_to_sum(w, op, w->sum_register[k][w->repetition * w->a.copies + w->a.copy], value, factor);
        return;
    }
    const unsigned t = sn_use_temporary(&w->a, false);
    const x64_mem m = partial_sums(w, sn_x64_total_of(op), size);
    sn_x64_load(w, t, type, &m);
    add_to_sum(w, op, t, value, factor);
    sn_x64_store(w, t, type, &m);
}

/* The line's values move up by one; registers where it has them, memory else. */
void sn_x64_hold(x64_writer *w, const ir_op *op)
{
    const plan_line *line = &w->plan->lines[op->b];
    const unsigned type = op_of(w, op->a)->type, size = is_wide(type) ? 8 : 4;
    const unsigned value = sn_use(&w->a, op->a);
    uint8_t homes[PLAN_HELD + 1];
    memset(homes, CODE_NO_REGISTER, sizeof homes);
    for (uint32_t k = 1; k < w->body->count; k++)
        if (op_of(w, k)->code == IR_HELD && op_of(w, k)->a == op->b)
            homes[op_of(w, k)->b] = w->a.values[k].home;
    const unsigned t = sn_use_temporary(&w->a, false);
    for (uint32_t d = line->length; d >= 1; d--) {
        const bool newest = d == 1;
        unsigned from = newest ? value : homes[d - 1];
        if (from == CODE_NO_REGISTER) {
            const x64_mem m = held_mem(w, op->b, d - 1, size);
            from = homes[d] == CODE_NO_REGISTER ? t : homes[d];
            sn_x64_load(w, from, type, &m);
        }
        if (homes[d] != CODE_NO_REGISTER) {
            sn_x64_move(w, homes[d], from, type);
        } else {
            const x64_mem m = held_mem(w, op->b, d, size);
            sn_x64_store(w, from, type, &m);
        }
    }
}

