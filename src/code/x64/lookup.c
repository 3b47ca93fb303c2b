/* Look-ups of bytes in tables that registers hold, and what joins and parts vectors for them (joint.c says why).
 *
 * A byte index selects among 128 entries of two registers (vpermi2b ignores its top bit), and that bit then chooses between two such pairs.
 * Tables of up to 64 entries need one register and vpermb, of up to 128 two. Byte c of each 32-bit lane belongs to vector c; mask registers
 * k7, k6, k5 name the bytes 1, 2, 3 for the whole loop. */
#include "code/x64/writing.h"

#include <string.h>

/* ---- tables in registers ---- */

static unsigned registers_for(uint32_t length)
{
    return length <= 64 ? 1 : length <= 128 ? 2 : 4;
}

const x64_kept_table *sn_x64_kept_table(const x64_writer *w, uint32_t memory)
{
    for (unsigned k = 0; k < w->kept_count; k++)
        if (w->kept[k].memory == memory)
            return &w->kept[k];
    return NULL;
}

/* As many as X64_MOST_KEPT registers hold, in the order in which they are read. They leave the allocator's set. */
void sn_x64_keep_tables(x64_writer *w)
{
    for (uint32_t k = 1; k < w->body->count; k++) {
        const ir_op *op = &w->body->ops[k];
        const ir_memory *m = op->code == IR_LOAD ? &w->plan->program->memories[op->b] : NULL;
        if (!m || m->kind != IR_TABLE || m->type != IR_U8 || m->length > 256 || sn_x64_kept_table(w, op->b))
            continue;
        const unsigned wanted = registers_for(m->length);
        if (w->kept_registers + wanted > X64_MOST_KEPT)
            continue;
        w->kept_registers += wanted;
        w->kept[w->kept_count++] = (x64_kept_table){op->b, (uint8_t)(32 - w->kept_registers), (uint8_t)wanted};
    }
    w->a.vectors &= ~(uint64_t)0 >> (64 - (32 - w->kept_registers));
}

static uint32_t byte_mask(x64_writer *w, unsigned byte)
{
    return sn_x64_pool_element(w->pool, 0x1111111111111111u << byte, 8, 1);
}

/* Which bytes of a joint value belong to vectors 1 to 3. Calls of cold regions do not keep them. */
void sn_x64_load_byte_masks(x64_writer *w)
{
    for (unsigned byte = 1; w->joins && byte < w->a.copies; byte++) {
        const x64_mem m = sn_x64_pool_mem(byte_mask(w, byte));
        mem3(w, X64_KMOVQ, X64_SCALAR, 0, 8 - byte, 0, &m);
    }
}

void sn_x64_load_kept_tables(x64_writer *w)
{
    for (unsigned k = 0; k < w->kept_count; k++) {
        const x64_kept_table *t = &w->kept[k];
        const uint32_t place = sn_x64_pool_table(w->pool, w->plan->program, t->memory, true);
        for (unsigned r = 0; r < t->registers; r++) {
            const x64_mem m = sn_x64_pool_mem(place + 64 * r);
            mem3(w, X64_VMOVUPS, X64_512, 0, t->first + r, 0, &m);
        }
    }
}

/* ---- joint values ---- */

/* A pattern for vpshufb, the same in every lane: byte k of each 32-bit lane comes from byte from[k], or is 0 where that is 0x80. */
static x64_mem byte_pattern(x64_writer *w, const uint8_t from[4], uint32_t *place)
{
    if (!*place) {
        uint8_t bytes[64];
        for (unsigned k = 0; k < 64; k++)
            bytes[k] = (uint8_t)(from[k % 4] == 0x80 ? 0x80 : k % 16 / 4 * 4 + from[k % 4]);
        *place = sn_x64_pool_bytes(w->pool, bytes, 64, 64) + 1;
    }
    return sn_x64_pool_mem(*place - 1);
}

static void join(x64_writer *w, const ir_op *op)
{
    static const uint8_t lowest[4] = {0};
    const unsigned a = sn_use(&w->a, op->a);
    if (w->a.copy == 0) {
        sn_x64_over(w, op->a, a);
        return;
    }
    const x64_mem pattern = byte_pattern(w, lowest, &w->join_pattern);
    mem3(w, X64_VPSHUFB, w->length4, 8 - w->a.copy, sn_define_more(&w->a), a, &pattern);
}

void sn_x64_part(x64_writer *w, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a), copy = w->a.copy;
    if (copy == 0) {
        unsigned decoration;
        const x64_mem byte = pool_vector(w, 0xFF, 4, &decoration);
        mem3(w, X64_VPANDD, w->length4, decoration, sn_define(&w->a), a, &byte);
    } else if (copy == 3) {
        reg3_imm(w, X64_VPSRLD_IMM, w->length4, sn_define(&w->a), 0, a, 24);
    } else {
        const uint8_t from[4] = {(uint8_t)copy, 0x80, 0x80, 0x80};
        const x64_mem pattern = byte_pattern(w, from, &w->part_pattern[copy]);
        mem3(w, X64_VPSHUFB, w->length4, 0, sn_define(&w->a), a, &pattern);
    }
}

void sn_x64_part_at(x64_writer *w, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a), from = 8 * w->a.copy, to = op->b;
    if (to > from)
        reg3_imm(w, X64_VPSLLD_IMM, w->length4, sn_define(&w->a), 0, a, to - from);
    else if (to < from)
        reg3_imm(w, X64_VPSRLD_IMM, w->length4, sn_define(&w->a), 0, a, from - to);
    else
        sn_x64_over(w, op->a, a);
}

/* a xor (b and c) in one vpternlogd, over that of a and b which dies. */
void sn_x64_flip(x64_writer *w, const ir_op *op)
{
    enum { FIRST_FLIPPED = 0x78, SECOND_FLIPPED = 0x6C }; /* truth tables: the overwritten operand is a, or it is b */
    const unsigned a = sn_use(&w->a, op->a), b = sn_use(&w->a, op->b), c = sn_use(&w->a, op->c);
    if (!sn_use_dies(&w->a, op->a) && sn_use_dies(&w->a, op->b)) {
        reg3_imm(w, X64_VPTERNLOGD, w->length4, sn_define_over(&w->a, op->b), a, c, SECOND_FLIPPED);
        return;
    }
    const unsigned d = sn_x64_over(w, op->a, a);
    reg3_imm(w, X64_VPTERNLOGD, w->length4, d, op->a == op->b ? d : b, c, FIRST_FLIPPED);
}

/* ---- work on joint values ---- */

static bool is_constant(const x64_writer *w, uint32_t value)
{
    return op_of(w, value)->code == IR_CONST;
}

static x64_mem constant_bytes(x64_writer *w, uint32_t value)
{
    return sn_x64_pool_mem(sn_x64_pool_element(w->pool, (op_of(w, value)->a & 0xFF) * 0x01010101u, 4, 16));
}

static unsigned use_joint(x64_writer *w, uint32_t value)
{
    if (!is_constant(w, value))
        return sn_use(&w->a, value);
    const unsigned t = sn_use_temporary(&w->a, false);
    const x64_mem m = constant_bytes(w, value);
    mem3(w, X64_VMOVUPS, X64_512, 0, t, 0, &m);
    return t;
}

static void calculate_bytes(x64_writer *w, const ir_op *op, x64_insn insn)
{
    const bool turned = op->code != IR_SUB && is_constant(w, op->a);
    const uint32_t first = turned ? op->b : op->a, second = turned ? op->a : op->b;
    const unsigned a = use_joint(w, first);
    if (is_constant(w, second)) {
        const x64_mem m = constant_bytes(w, second);
        mem3(w, insn, w->length4, 0, sn_define(&w->a), a, &m);
        return;
    }
    const unsigned b = sn_use(&w->a, second);
    reg3(w, insn, w->length4, sn_define(&w->a), a, b);
}

/* The index's top bit chooses between what it selects of each half. The permutations overwrite their index, so each gets a copy, the second one
 * the index itself where it dies; copies of whole registers are renamings. */
static void look_up_256(x64_writer *w, const ir_op *op, const x64_kept_table *t)
{
    x64_code *c = &w->buffer[w->at].code;
    const unsigned index = use_joint(w, op->a);
    const unsigned top = sn_use_temporary(&w->a, true) - CODE_MASKS, low = sn_use_temporary(&w->a, false);
    reg3(w, X64_VPMOVB2M, X64_512, top, 0, index);
    reg3(w, X64_VMOVAPS, X64_512, low, 0, index);
    reg3(w, X64_VPERMI2B, X64_512, low, t->first, t->first + 1u);
    const unsigned d = sn_x64_over(w, op->a, index);
    reg3(w, X64_VPERMI2B, X64_512, d, t->first + 2u, t->first + 3u);
    sn_x64_reg(c, X64_VPBLENDMB, X64_512, top, d, low, d);
}

static void look_up(x64_writer *w, const ir_op *op)
{
    const x64_kept_table *t = sn_x64_kept_table(w, op->b);
    if (t->registers == 4) {
        look_up_256(w, op, t);
        return;
    }
    const unsigned index = use_joint(w, op->a);
    if (t->registers == 1) {
        reg3(w, X64_VPERMB, X64_512, sn_define(&w->a), index, t->first);
        return;
    }
    const unsigned d = sn_x64_over(w, op->a, index);
    reg3(w, X64_VPERMI2B, X64_512, d, t->first, t->first + 1u);
}

void sn_x64_select_joint(x64_writer *w, const ir_op *op)
{
    switch (op->code) {
    case IR_JOIN: join(w, op); break;
    case IR_LOAD: look_up(w, op); break;
    case IR_ADD: calculate_bytes(w, op, X64_VPADDB); break;
    case IR_SUB: calculate_bytes(w, op, X64_VPSUBB); break;
    case IR_AND: calculate_bytes(w, op, X64_VPANDD); break;
    case IR_OR: calculate_bytes(w, op, X64_VPORD); break;
    default: calculate_bytes(w, op, X64_VPXORD); break;
    }
}
