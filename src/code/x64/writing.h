/* What the files that write instructions for operations share: select.c and direct.c, which write nearly all of them, and access.c and
 * lookup.c, from which select.c has the rest. Those two know nothing of the first two; all four stand on writing.c.
 *
 * Short names, as in a formula: nearly every line of those files calls one of these. All of them are a call of the encoder, or a look at the
 * writer; they are written in line where they are called. */
#ifndef SN_CODE_X64_WRITING_H
#define SN_CODE_X64_WRITING_H

#include "code/x64/x64.h"

static inline const ir_op *op_of(const x64_writer *w, uint32_t value)
{
    return &w->body->ops[value];
}

static inline bool is_wide(unsigned type)
{
    return type == IR_F64;
}

static inline x64_length length_of(const x64_writer *w, unsigned type)
{
    return is_wide(type) ? w->length8 : w->length4;
}

/* A mask as a vector has the loop's widest lanes. */
static inline x64_length mask_length(const x64_writer *w)
{
    return w->loop->widest == 8 ? w->length8 : w->length4;
}

/* packed or scalar, single or double, from the packed single form */
static inline x64_insn variant(const x64_writer *w, x64_insn packed_single, unsigned type)
{
    return (x64_insn)((unsigned)packed_single + is_wide(type) + (w->scalar ? 2 : 0));
}

static inline x64_insn doubled(x64_insn single, unsigned type)
{
    return (x64_insn)((unsigned)single + is_wide(type));
}

static inline void reg3(x64_writer *w, x64_insn insn, x64_length length, unsigned d, unsigned a, unsigned b)
{
    sn_x64_reg(&w->buffer[w->at].code, insn, length, 0, d, a, b);
}

static inline void reg3_imm(x64_writer *w, x64_insn insn, x64_length length, unsigned d, unsigned a, unsigned b, unsigned imm)
{
    sn_x64_reg_imm(&w->buffer[w->at].code, insn, length, 0, d, a, b, (uint8_t)imm);
}

static inline void mem3(x64_writer *w, x64_insn insn, x64_length length, unsigned decoration, unsigned d, unsigned a, const x64_mem *m)
{
    sn_x64_mem(&w->buffer[w->at].code, insn, length, decoration, d, a, m);
}

static inline x64_length vector_length(x64_length length)
{
    return length == X64_SCALAR ? X64_128 : length;
}

/* Of a register that holds a value of the type. */
static inline x64_length register_length(const x64_writer *w, unsigned type)
{
    return vector_length(type == IR_MASK ? mask_length(w) : length_of(w, type));
}

static inline bool evex_only(const x64_writer *w)
{
    return w->isa == X64_AVX512 && !w->scalar;
}

static inline x64_mem frame_mem(uint32_t slot)
{
    return (x64_mem){X64_RDI, X64_NO_INDEX, 0, (int32_t)(slot * 8)};
}

static inline x64_mem sn_x64_pool_mem(uint32_t place)
{
    return (x64_mem){X64_R10, X64_NO_INDEX, 0, (int32_t)place - X64_POOL_BIAS};
}

static inline uint8_t scale_of(unsigned size)
{
    return size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0;
}

/* A vector-wide, or on AVX-512 broadcast, operand in the pool. */
static inline x64_mem pool_vector(x64_writer *w, uint64_t bits, unsigned size, unsigned *decoration)
{
    *decoration = w->isa == X64_AVX512 && !w->scalar ? X64_BROADCAST : 0;
    const unsigned bytes = w->scalar ? 16 : 32;
    return sn_x64_pool_mem(sn_x64_pool_element(w->pool, bits, size, *decoration ? 1 : bytes / size));
}

static inline uint32_t sn_x64_here(const x64_writer *w, unsigned buffer) /* a place in one of the pieces of code */
{
    return (uint32_t)(w->buffer[buffer].code.at - w->buffer[buffer].code.start);
}

static inline uint64_t sign_bit(unsigned type)
{
    return is_wide(type) ? (uint64_t)1 << 63 : 0x80000000u;
}

/* A fused operation in one of its forms: dst = dst·src3 + src2 (132), src2·dst + src3 (213), src2·src3 + dst (231); src3 may be in memory. */
enum { X64_FORM_132, X64_FORM_213, X64_FORM_231, X64_FUSED_TYPES = 4 /* forms are so many instructions apart */ };
_Static_assert(X64_VFMADD231PS - X64_VFMADD132PS == X64_FORM_231 * X64_FUSED_TYPES, "the order of the list");
static inline x64_insn fused_form(x64_insn form_132, unsigned form)
{
    return (x64_insn)((unsigned)form_132 + X64_FUSED_TYPES * form);
}

/* ---- writing.c ---- */
/* The jump or call whose distance is at `place`, in the piece being written, goes to `target` in piece `to`. */
void sn_x64_note_branch(x64_writer *w, unsigned to, uint32_t target, const uint8_t *place);
void sn_x64_move(void *emitter, unsigned to, unsigned from, unsigned type);
/* The result's register, which holds `value`: `reg`, where the value is, if it dies here, else another, with a copy. */
unsigned sn_x64_over(x64_writer *w, uint32_t value, unsigned reg);
/* d = mask ? yes : no, by the sign of each lane of a vector mask. */
void sn_x64_blend_lanes(x64_writer *w, unsigned d, unsigned mask, unsigned yes, unsigned no, unsigned type);

/* ---- access.c ---- */
void sn_x64_load_leaf(void *emitter, unsigned reg, uint32_t value, unsigned copy);
void sn_x64_absolute_index(x64_writer *w);
void sn_x64_column(x64_writer *w);
void sn_x64_table_load(x64_writer *w, const ir_op *op);
void sn_x64_table_store(x64_writer *w, const ir_op *op); /* scalar loops only */
void sn_x64_varying_read(x64_writer *w, const ir_op *op);
void sn_x64_store_value(x64_writer *w, const ir_op *op);
void sn_x64_set_uniform(x64_writer *w, const ir_op *op);
void sn_x64_sum(x64_writer *w, const ir_op *op, uint32_t position);
void sn_x64_hold(x64_writer *w, const ir_op *op);

/* ---- lookup.c ---- */
void sn_x64_select_joint(x64_writer *w, const ir_op *op); /* one that makes a joint value */
void sn_x64_part(x64_writer *w, const ir_op *op);
void sn_x64_part_at(x64_writer *w, const ir_op *op);
void sn_x64_flip(x64_writer *w, const ir_op *op);

/* ---- select.c ---- */
/* The instructions that an operation is. */
typedef struct x64_counterpart {
    uint16_t floats;   /* packed singles; doubles and scalar ones follow. 0: there is none */
    uint16_t integers; /* on i32, and on masks that are vectors; likewise */
    bool floats_commute, integers_commute;
    uint8_t immediate; /* of `floats` */
} x64_counterpart;
extern const x64_counterpart sn_x64_counterparts[IR_CODES];
extern const uint16_t sn_x64_conversions[IR_I32 + 1][IR_I32 + 1]; /* from, to; 0: none is needed */

#endif
