/* Operations as instructions.
 *
 * The allocator hands out registers; here each operation asks for its operands, then for its result, and writes one to a
 * dozen instructions. One rule keeps it right: a result that may share an operand's register (sn_define) is written by the last
 * instruction that reads operands. Constants and uniforms that no register holds become memory operands: AVX-512 broadcasts one element,
 * scalar code reads one, AVX2 reads a vector's worth from the pool. All instructions here round to nearest even by MXCSR's default. */
#include "code/x64/encodings.h"
#include "code/x64/writing.h"

enum { FLOAT_EQ = 0, FLOAT_LT = 0x11, FLOAT_LE = 0x12, FLOAT_NE = 4 }; /* of vcmp, quiet; NE unordered */
enum { INTEGER_EQ = 0, INTEGER_LT = 1, INTEGER_LE = 2, INTEGER_NE = 4 };
enum { ROUND_EVEN = 8, ROUND_DOWN = 9, ROUND_UP = 10, ROUND_TO_ZERO = 11 }; /* 8: no inexact exception */

const x64_counterpart sn_x64_counterparts[IR_CODES] = {
    [IR_ADD] = {X64_VADDPS, X64_VPADDD, true, true, 0},
    [IR_SUB] = {X64_VSUBPS, X64_VPSUBD, false, false, 0},
    [IR_MUL] = {X64_VMULPS, X64_VPMULLD, true, true, 0},
    [IR_DIV] = {X64_VDIVPS, 0, false, false, 0},
    [IR_MIN] = {X64_VMINPS, X64_VPMINSD, false, true, 0},
    [IR_MAX] = {X64_VMAXPS, X64_VPMAXSD, false, true, 0},
    [IR_AND] = {0, X64_VANDPS, false, true, 0},
    [IR_OR] = {0, X64_VORPS, false, true, 0},
    [IR_XOR] = {0, X64_VXORPS, false, true, 0},
    [IR_FMA] = {X64_VFMADD132PS, 0, false, false, 0},
    [IR_FMS] = {X64_VFMSUB132PS, 0, false, false, 0},
    [IR_FNMA] = {X64_VFNMADD132PS, 0, false, false, 0},
    [IR_LT] = {X64_VCMPPS, X64_VPCMPGTD, false, false, FLOAT_LT},
    [IR_LE] = {X64_VCMPPS, 0, false, false, FLOAT_LE},
    [IR_EQ] = {X64_VCMPPS, X64_VPCMPEQD, false, false, FLOAT_EQ},
    [IR_NE] = {X64_VCMPPS, 0, false, false, FLOAT_NE},
    [IR_SHL] = {0, X64_VPSLLD_IMM, false, false, 0},
    [IR_SAR] = {0, X64_VPSRAD_IMM, false, false, 0},
    [IR_SHR] = {0, X64_VPSRLD_IMM, false, false, 0},
};

const uint16_t sn_x64_conversions[IR_I32 + 1][IR_I32 + 1] = {
    [IR_F32] = {[IR_F64] = X64_VCVTPS2PD, [IR_I32] = X64_VCVTTPS2DQ},
    [IR_F64] = {[IR_F32] = X64_VCVTPD2PS, [IR_I32] = X64_VCVTTPD2DQ},
    [IR_I32] = {[IR_F32] = X64_VCVTDQ2PS, [IR_F64] = X64_VCVTDQ2PD},
};

/* ---- what the allocator asks for ---- */

static x64_mem slot_mem(const x64_writer *w, uint32_t slot)
{
    const uint32_t below = w->alike ? w->alike->area : 0;
    return (x64_mem){X64_RSP, X64_NO_INDEX, 0, w->slots_up + (int32_t)(below + slot * 64)};
}

/* Of a vector register: what a slot's place takes is known, so that the bytes are put together here (30 instructions instead of 70). */
static inline void move_slot(x64_writer *w, x64_insn insn, unsigned reg, unsigned type, const x64_mem *m)
{
    enum { OF_STACK = X64_RSP << 3 | X64_RSP /* the second byte of an address from rsp on */ };
    const unsigned l = length_bits(register_length(w, type));
    if ((reg & 16) | (l & 2)) {
        mem3(w, insn, register_length(w, type), 0, reg, 0, m);
        return;
    }
    x64_code *c = &w->buffer[w->at].code;
    const int32_t disp = m->disp;
    const unsigned mod = disp == 0 ? 0 : disp == (int8_t)disp ? 1 : 2;
    uint8_t *at = store_vex(c->at, sn_x64_encodings[insn].vex ^ (reg & 8) << 12 ^ l << 18);
    store16(at, modrm(mod, reg, X64_RSP) | OF_STACK << 8);
    store32(at + 2, (uint32_t)disp);
    c->at = at + 2 + (mod == 2 ? 4 : mod);
}

static void spill(void *emitter, unsigned reg, uint32_t slot, unsigned type)
{
    x64_writer *w = emitter;
    const x64_mem m = slot_mem(w, slot);
    sn_x64_room(w);
    if (reg >= CODE_MASKS)
        mem3(w, X64_KMOVW_STORE, X64_SCALAR, 0, reg - CODE_MASKS, 0, &m);
    else
        move_slot(w, X64_VMOVAPS_STORE, reg, type, &m);
}

static void reload(void *emitter, unsigned reg, uint32_t slot, unsigned type)
{
    x64_writer *w = emitter;
    const x64_mem m = slot_mem(w, slot);
    sn_x64_room(w);
    if (reg >= CODE_MASKS)
        mem3(w, X64_KMOVW, X64_SCALAR, 0, reg - CODE_MASKS, 0, &m);
    else
        move_slot(w, X64_VMOVAPS, reg, type, &m);
}

/* ---- operand forms ---- */

/* A shared value that no register holds, as a memory operand of a packed or scalar instruction on `type`. */
static bool memory_operand(x64_writer *w, uint32_t value, x64_mem *m, unsigned *decoration)
{
    if (!sn_use_is_memory(&w->a, value))
        return false;
    const ir_op *op = op_of(w, value);
    const unsigned size = is_wide(op->type) ? 8 : 4;
    if (op->type == IR_MASK || (w->scalar && op->type == IR_I32))
        return false;
    *decoration = w->isa == X64_AVX512 && !w->scalar ? X64_BROADCAST : 0;
    if (op->code == IR_UNIFORM && op->b) {
        *m = sn_x64_lanes_mem(w, op);
        *decoration = 0;
        return true;
    }
    if (op->code == IR_UNIFORM) {
        *m = frame_mem(op->a);
        return w->scalar || *decoration;
    }
    if (!w->scalar && !*decoration && !w->wide_constants)
        return false;
    const unsigned copies = w->scalar || *decoration ? 1 : 32 / size;
    *m = sn_x64_pool_mem(sn_x64_pool_element(w->pool, op->a | (uint64_t)op->b << 32, size, copies));
    return true;
}

/* An instruction of two operands, of which the second may be in memory. */
static inline void binary_forms(x64_writer *w, x64_insn insn, x64_length length, uint32_t a, uint32_t b)
{
    const unsigned ra = sn_use(&w->a, a);
    x64_mem m;
    unsigned decoration;
    if (sn_use_is_memory(&w->a, b) && memory_operand(w, b, &m, &decoration)) {
        mem3(w, insn, length, decoration, sn_define(&w->a), ra, &m);
        return;
    }
    const unsigned rb = sn_use(&w->a, b);
    reg3(w, insn, length, sn_define(&w->a), ra, rb);
}

static void unary(x64_writer *w, x64_insn insn, x64_length length, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a);
    reg3(w, insn, length, sn_define(&w->a), 0, a);
}

/* With a vector of one repeated element as second operand: sign flips and the like. */
static void with_constant(x64_writer *w, x64_insn insn, const ir_op *op, uint64_t bits)
{
    const unsigned a = sn_use(&w->a, op->a), size = is_wide(op->type) ? 8 : 4;
    unsigned decoration;
    const x64_mem m = pool_vector(w, bits, size, &decoration);
    mem3(w, insn, vector_length(length_of(w, op->type)), decoration, sn_define(&w->a), a, &m);
}

/* ---- arithmetic ---- */

static void calculate(x64_writer *w, const ir_op *op)
{
    const x64_counterpart *how = &sn_x64_counterparts[op->code];
    const bool whole = op->type != IR_F32 && op->type != IR_F64, commutes = whole ? how->integers_commute : how->floats_commute;
    const x64_insn insn = whole ? (x64_insn)how->integers : variant(w, (x64_insn)how->floats, op->type);
    const bool turned = commutes && sn_use_is_memory(&w->a, op->a) && !sn_use_is_memory(&w->a, op->b);
    binary_forms(w, insn, whole ? register_length(w, op->type) : length_of(w, op->type), turned ? op->b : op->a, turned ? op->a : op->b);
}

static void negate(x64_writer *w, const ir_op *op)
{
    if (op->type != IR_I32) {
        with_constant(w, doubled(X64_VXORPS, op->type), op, sign_bit(op->type));
        return;
    }
    const unsigned a = sn_use(&w->a, op->a), zero = sn_use_temporary(&w->a, false);
    const x64_length length = vector_length(w->length4);
    if (length == X64_512 || zero >= 16)
        reg3(w, X64_VPXORD, length, zero, zero, zero);
    else
        reg3(w, X64_VXORPS, length, zero, zero, zero);
    reg3(w, X64_VPSUBD, length, sn_define(&w->a), zero, a);
}

static void absolute(x64_writer *w, const ir_op *op)
{
    if (op->type == IR_I32)
        unary(w, X64_VPABSD, vector_length(w->length4), op);
    else
        with_constant(w, doubled(X64_VANDPS, op->type), op, sign_bit(op->type) - 1);
}

static void square_root(x64_writer *w, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a);
    reg3(w, variant(w, X64_VSQRTPS, op->type), length_of(w, op->type), sn_define(&w->a), w->scalar ? a : 0, a);
}

static void round_to(x64_writer *w, const ir_op *op)
{
    static const uint8_t modes[] = {ROUND_DOWN, ROUND_UP, ROUND_EVEN, ROUND_TO_ZERO};
    const unsigned a = sn_use(&w->a, op->a), mode = modes[op->code - IR_FLOOR];
    if (w->isa == X64_AVX512 && !w->scalar)
        reg3_imm(w, doubled(X64_VRNDSCALEPS, op->type), length_of(w, op->type), sn_define(&w->a), 0, a, mode);
    else
        reg3_imm(w, variant(w, X64_VROUNDPS, op->type), length_of(w, op->type), sn_define(&w->a), w->scalar ? a : 0, a, mode);
}

/* All but the sign of a, and the sign of b, in one vpternlogd, over that of both which dies; three instructions where there is none. */
static void take_sign(x64_writer *w, const ir_op *op, unsigned a, unsigned b, const x64_mem *sign)
{
    enum { OVER_A = 0xD8, OVER_B = 0xE4 }; /* truth tables: a bit of the last operand chooses b's, or what is overwritten */
    const x64_insn insn = is_wide(op->type) ? X64_VPTERNLOGQ : X64_VPTERNLOGD;
    const bool over_b = !sn_use_dies(&w->a, op->a) && sn_use_dies(&w->a, op->b);
    const unsigned d = over_b ? sn_define_over(&w->a, op->b) : sn_x64_over(w, op->a, a), other = over_b ? a : op->a == op->b ? d : b;
    sn_x64_mem_imm(&w->buffer[w->at].code, insn, length_of(w, op->type), X64_BROADCAST, d, other, sign, over_b ? OVER_B : OVER_A);
}

static void copy_sign(x64_writer *w, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a), b = sn_use(&w->a, op->b), size = is_wide(op->type) ? 8 : 4;
    const x64_length length = vector_length(length_of(w, op->type));
    unsigned decoration;
    const x64_mem sign = pool_vector(w, sign_bit(op->type), size, &decoration);
    if (evex_only(w)) {
        take_sign(w, op, a, b, &sign);
        return;
    }
    const unsigned t = sn_use_temporary(&w->a, false);
    mem3(w, doubled(X64_VANDPS, op->type), length, decoration, t, b, &sign);
    const x64_mem magnitude = pool_vector(w, sign_bit(op->type) - 1, size, &decoration);
    const unsigned d = sn_define_apart(&w->a);
    mem3(w, doubled(X64_VANDPS, op->type), length, decoration, d, a, &magnitude);
    reg3(w, doubled(X64_VORPS, op->type), length, d, d, t);
}

/* Over the operand that dies, and with the one in memory as the last where one is. */
static void fused(x64_writer *w, const ir_op *op)
{
    const x64_insn base = variant(w, (x64_insn)sn_x64_counterparts[op->code].floats, op->type);
    const x64_length length = length_of(w, op->type);
    uint32_t a = op->a, b = op->b;
    const uint32_t c = op->c;
    x64_mem m;
    unsigned decoration;
    if (sn_use_is_memory(&w->a, c) && memory_operand(w, c, &m, &decoration)) {
        const unsigned ra = sn_use(&w->a, a), rb = sn_use(&w->a, b);
        if (!sn_use_dies(&w->a, a) && sn_use_dies(&w->a, b)) {
            const unsigned d = sn_define_over(&w->a, b);
            mem3(w, fused_form(base, X64_FORM_213), length, decoration, d, ra, &m);
        } else {
            const unsigned d = sn_x64_over(w, a, ra);
            mem3(w, fused_form(base, X64_FORM_213), length, decoration, d, a == b ? d : rb, &m);
        }
        return;
    }
    if (sn_use_is_memory(&w->a, a)) {
        a = op->b;
        b = op->a;
    }
    const unsigned ra = sn_use(&w->a, a), rc = sn_use(&w->a, c);
    if (sn_use_is_memory(&w->a, b) && memory_operand(w, b, &m, &decoration)) {
        if (!sn_use_dies(&w->a, c) && sn_use_dies(&w->a, a)) {
            const unsigned d = sn_define_over(&w->a, a);
            mem3(w, fused_form(base, X64_FORM_132), length, decoration, d, a == c ? d : rc, &m);
        } else {
            const unsigned d = sn_x64_over(w, c, rc);
            mem3(w, fused_form(base, X64_FORM_231), length, decoration, d, a == c ? d : ra, &m);
        }
        return;
    }
    const unsigned rb = sn_use(&w->a, b);
    const bool c_dies = sn_use_dies(&w->a, c);
    if (!c_dies && sn_use_dies(&w->a, a)) {
        const unsigned d = sn_define_over(&w->a, a);
        reg3(w, fused_form(base, X64_FORM_213), length, d, a == b ? d : rb, a == c ? d : rc);
    } else if (!c_dies && sn_use_dies(&w->a, b)) {
        const unsigned d = sn_define_over(&w->a, b);
        reg3(w, fused_form(base, X64_FORM_213), length, d, ra, b == c ? d : rc);
    } else {
        const unsigned d = sn_x64_over(w, c, rc);
        reg3(w, fused_form(base, X64_FORM_231), length, d, a == c ? d : ra, b == c ? d : rb);
    }
}

/* ---- integers and bits ---- */

static void mask_logic(x64_writer *w, const ir_op *op)
{
    const bool bytes = w->lanes == 8;
    const x64_insn insn = op->code == IR_AND ? (bytes ? X64_KANDB : X64_KANDW)
                          : op->code == IR_OR ? (bytes ? X64_KORB : X64_KORW) : (bytes ? X64_KXORB : X64_KXORW);
    const unsigned a = sn_use(&w->a, op->a), b = sn_use(&w->a, op->b), d = sn_define(&w->a);
    reg3(w, insn, X64_SCALAR, d - CODE_MASKS, a - CODE_MASKS, b - CODE_MASKS);
}

static void logic(x64_writer *w, const ir_op *op)
{
    if (op->type == IR_MASK && w->mask_registers)
        mask_logic(w, op);
    else
        calculate(w, op);
}

static void invert(x64_writer *w, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a);
    if (op->type == IR_MASK && w->mask_registers) {
        const unsigned d = sn_define(&w->a);
        reg3(w, w->lanes == 8 ? X64_KNOTB : X64_KNOTW, X64_SCALAR, d - CODE_MASKS, 0, a - CODE_MASKS);
        return;
    }
    const x64_length length = vector_length(op->type == IR_MASK ? mask_length(w) : w->length4);
    if (evex_only(w)) {
        const unsigned d = sn_define(&w->a);
        reg3_imm(w, X64_VPTERNLOGD, length, d, a, a, 0x55);
        return;
    }
    const unsigned ones = sn_use_temporary(&w->a, false);
    reg3(w, X64_VPCMPEQD, length, ones, ones, ones);
    reg3(w, X64_VXORPS, length, sn_define(&w->a), a, ones);
}

static bool is_const_from(const x64_writer *w, uint32_t value, uint32_t low, uint32_t high)
{
    const ir_op *op = op_of(w, value);
    return op->code == IR_CONST && op->a >= low && op->a <= high;
}

/* A count that is below 32 as it is, by a mask or as what a shift leaves: needs no mask of its own. */
static bool is_short_count(const x64_writer *w, uint32_t value)
{
    const ir_op *op = op_of(w, value);
    if (op->code == IR_AND)
        return is_const_from(w, op->a, 0, 31) || is_const_from(w, op->b, 0, 31);
    return op->code == IR_SHR && is_const_from(w, op->b, 27, 31);
}

static void shift(x64_writer *w, const ir_op *op)
{
    static const x64_insn by_vector[] = {X64_VPSLLVD, X64_VPSRAVD, X64_VPSRLVD};
    const unsigned kind = op->code - IR_SHL, a = sn_use(&w->a, op->a);
    const x64_length length = vector_length(w->length4);
    if (op_of(w, op->b)->code == IR_CONST) {
        reg3_imm(w, (x64_insn)sn_x64_counterparts[op->code].integers, length, sn_define(&w->a), 0, a, op_of(w, op->b)->a & 31);
        return;
    }
    const unsigned b = sn_use(&w->a, op->b);
    if (is_short_count(w, op->b)) {
        reg3(w, by_vector[kind], length, sn_define(&w->a), a, b);
        return;
    }
    const unsigned count = sn_use_temporary(&w->a, false);
    unsigned decoration;
    const x64_mem m = pool_vector(w, 31, 4, &decoration);
    mem3(w, X64_VANDPS, length, decoration, count, b, &m);
    reg3(w, by_vector[kind], length, sn_define(&w->a), a, count);
}

/* Even lanes' products give their high words by a shift, odd lanes' products have them in place. */
static void multiply_high(x64_writer *w, const ir_op *op)
{
    const unsigned a = sn_use(&w->a, op->a), b = sn_use(&w->a, op->b);
    const unsigned even = sn_use_temporary(&w->a, false), odd = sn_use_temporary(&w->a, false);
    const x64_length length = vector_length(w->length4);
    const unsigned d = sn_define_apart(&w->a);
    reg3(w, X64_VPMULUDQ, length, even, a, b);
    reg3_imm(w, X64_VPSRLQ_IMM, length, even, 0, even, 32);
    reg3_imm(w, X64_VPSRLQ_IMM, length, odd, 0, a, 32);
    reg3_imm(w, X64_VPSRLQ_IMM, length, d, 0, b, 32);
    reg3(w, X64_VPMULUDQ, length, odd, odd, d);
    unsigned decoration;
    const x64_mem high = pool_vector(w, 0xFFFFFFFF00000000u, 8, &decoration);
    mem3(w, X64_VANDPD, length, decoration, odd, odd, &high);
    reg3(w, X64_VORPS, length, d, even, odd);
}

static void same_bits(x64_writer *w, const ir_op *op)
{
    sn_x64_over(w, op->a, sn_use(&w->a, op->a));
}

static void half(x64_writer *w, const ir_op *op)
{
    const bool high = op->code == IR_HI32;
    const unsigned a = sn_use(&w->a, op->a);
    if (w->scalar) {
        if (high)
            reg3_imm(w, X64_VPSRLQ_IMM, X64_128, sn_define(&w->a), 0, a, 32);
        else
            reg3(w, X64_VMOVAPS, X64_128, sn_define(&w->a), 0, a);
    } else if (evex_only(w)) {
        unsigned from = a;
        if (high) {
            from = sn_use_temporary(&w->a, false);
            reg3_imm(w, X64_VPSRLQ_IMM, w->length8, from, 0, a, 32);
        }
        reg3(w, X64_VPMOVQD, w->length8, sn_define(&w->a), 0, from);
    } else {
        const unsigned upper = sn_use_temporary(&w->a, false);
        reg3_imm(w, X64_VEXTRACTF128, X64_256, upper, 0, a, 1);
        reg3_imm(w, X64_VSHUFPS, X64_128, sn_define(&w->a), a, upper, high ? 0xDD : 0x88);
    }
}

static void pack(x64_writer *w, const ir_op *op)
{
    const unsigned high = sn_use(&w->a, op->a);
    const ir_op *lower = op_of(w, op->b);
    if (lower->code == IR_CONST && lower->a == 0 && !w->scalar && sn_use_is_memory(&w->a, op->b)) {
        const unsigned d = sn_define(&w->a);
        reg3(w, X64_VPMOVZXDQ, w->length8, d, 0, high);
        reg3_imm(w, X64_VPSLLQ_IMM, w->length8, d, 0, d, 32);
        return;
    }
    const unsigned low = sn_use(&w->a, op->b);
    if (w->scalar) {
        reg3(w, X64_VUNPCKLPS, X64_128, sn_define(&w->a), low, high);
        return;
    }
    const unsigned t = sn_use_temporary(&w->a, false), d = sn_define_apart(&w->a);
    reg3(w, X64_VPMOVZXDQ, w->length8, t, 0, low);
    reg3(w, X64_VPMOVZXDQ, w->length8, d, 0, high);
    reg3_imm(w, X64_VPSLLQ_IMM, w->length8, d, 0, d, 32);
    reg3(w, X64_VORPD, w->length8, d, d, t);
}

static void convert(x64_writer *w, const ir_op *op)
{
    const unsigned from = op_of(w, op->a)->type, to = op->type;
    const unsigned a = sn_use(&w->a, op->a), d = sn_define(&w->a);
    if (from == to)
        sn_x64_move(w, d, a, to);
    else
        reg3(w, (x64_insn)sn_x64_conversions[from][to], vector_length(from == IR_F64 || to == IR_F64 ? w->length8 : w->length4), d, 0, a);
}

/* ---- masks ---- */

/* A comparison of 4-byte lanes where masks have 8-byte lanes. */
static void widen_mask(x64_writer *w, unsigned d)
{
    if (w->scalar)
        reg3(w, X64_VMOVSLDUP, X64_128, d, 0, d);
    else
        reg3(w, X64_VPMOVSXDQ, X64_256, d, 0, d);
}

static void compare_in_registers(x64_writer *w, const ir_op *op, unsigned type)
{
    static const uint8_t integers[] = {INTEGER_LT, INTEGER_LE, INTEGER_EQ, INTEGER_NE};
    const unsigned a = sn_use(&w->a, op->a), kind = op->code - IR_LT;
    const x64_insn insn = type == IR_I32 ? X64_VPCMPD : doubled(X64_VCMPPS_K, type);
    const uint8_t imm = type == IR_I32 ? integers[kind] : sn_x64_counterparts[op->code].immediate;
    x64_mem m;
    unsigned decoration;
    if (memory_operand(w, op->b, &m, &decoration)) {
        const unsigned d = sn_define(&w->a) - CODE_MASKS;
        sn_x64_mem_imm(&w->buffer[w->at].code, insn, length_of(w, type), decoration, d, a, &m, imm);
        return;
    }
    const unsigned b = sn_use(&w->a, op->b), d = sn_define(&w->a) - CODE_MASKS;
    reg3_imm(w, insn, length_of(w, type), d, a, b, imm);
}

/* Is it `n < 0`, the zero in no register? */
static bool is_sign(const x64_writer *w, const ir_op *op)
{
    const ir_op *bound = op_of(w, op->b);
    return op->code == IR_LT && bound->code == IR_CONST && bound->a == 0 && sn_use_is_memory(&w->a, op->b);
}

/* A mask that comes from outside of the loop is a sign that all lanes share: they need not be compared, nor made wider. */
static void spread_sign(x64_writer *w, const ir_op *op)
{
    const ir_op *n = op_of(w, op->a);
    const bool one_for_all = n->code == IR_UNIFORM && !n->b && !w->scalar && sn_use_is_memory(&w->a, op->a);
    const x64_length length = vector_length(one_for_all && w->loop->widest == 8 ? w->length8 : w->length4);
    unsigned from, d;
    if (one_for_all) {
        const x64_mem m = frame_mem(n->a);
        d = sn_define(&w->a);
        from = d;
        mem3(w, X64_VBROADCASTSS, length, 0, d, 0, &m);
    } else {
        from = sn_use(&w->a, op->a);
        d = sn_define(&w->a);
    }
    reg3_imm(w, X64_VPSRAD_IMM, length, d, 0, from, 31);
    if (!one_for_all && w->loop->widest == 8)
        widen_mask(w, d);
}

static void compare_integers(x64_writer *w, const ir_op *op)
{
    if (is_sign(w, op)) {
        spread_sign(w, op);
        return;
    }
    const x64_length length = vector_length(w->length4);
    const unsigned a = sn_use(&w->a, op->a), b = sn_use(&w->a, op->b);
    const bool inverted = op->code == IR_LE || op->code == IR_NE;
    unsigned ones = 0;
    if (inverted) {
        ones = sn_use_temporary(&w->a, false);
        reg3(w, X64_VPCMPEQD, length, ones, ones, ones);
    }
    const x64_insn insn = op->code == IR_EQ || op->code == IR_NE ? X64_VPCMPEQD : X64_VPCMPGTD;
    const unsigned d = sn_define(&w->a);
    reg3(w, insn, length, d, op->code == IR_LE ? a : b, op->code == IR_LE ? b : a); /* b > a, b = a; of LE what it is not, a > b */
    if (inverted)
        reg3(w, X64_VXORPS, length, d, d, ones);
    if (w->loop->widest == 8)
        widen_mask(w, d);
}

static void compare(x64_writer *w, const ir_op *op)
{
    const unsigned type = op_of(w, op->a)->type;
    if (w->mask_registers) {
        compare_in_registers(w, op, type);
        return;
    }
    if (type == IR_I32) {
        compare_integers(w, op);
        return;
    }
    const unsigned a = sn_use(&w->a, op->a), b = sn_use(&w->a, op->b), d = sn_define(&w->a);
    reg3_imm(w, variant(w, X64_VCMPPS, type), length_of(w, type), d, a, b, sn_x64_counterparts[op->code].immediate);
    if (type == IR_F32 && w->loop->widest == 8)
        widen_mask(w, d);
}

/* A vector mask of the loop's width made as narrow as the values that it chooses from. */
static unsigned fitted_mask(x64_writer *w, unsigned mask, unsigned type)
{
    if (w->scalar || w->loop->widest == 4 || is_wide(type) || type == IR_MASK)
        return mask;
    const unsigned t = sn_use_temporary(&w->a, false);
    reg3_imm(w, X64_VEXTRACTF128, X64_256, t, 0, mask, 1);
    reg3_imm(w, X64_VSHUFPS, X64_128, t, mask, t, 0x88);
    return t;
}

static void choose_masks(x64_writer *w, const ir_op *op)
{
    const bool bytes = w->lanes == 8;
    const unsigned m = sn_use(&w->a, op->a) - CODE_MASKS, yes = sn_use(&w->a, op->b) - CODE_MASKS;
    const unsigned no = sn_use(&w->a, op->c) - CODE_MASKS;
    const unsigned t = sn_use_temporary(&w->a, true) - CODE_MASKS, d = sn_define_apart(&w->a) - CODE_MASKS;
    reg3(w, bytes ? X64_KANDB : X64_KANDW, X64_SCALAR, t, m, yes);
    reg3(w, bytes ? X64_KANDNB : X64_KANDNW, X64_SCALAR, d, m, no);
    reg3(w, bytes ? X64_KORB : X64_KORW, X64_SCALAR, d, d, t);
}

static void choose(x64_writer *w, const ir_op *op)
{
    if (op->type == IR_MASK && w->mask_registers) {
        choose_masks(w, op);
        return;
    }
    const unsigned mask = sn_use(&w->a, op->a), no = sn_use(&w->a, op->c);
    if (w->mask_registers) {
        const x64_insn insn = op->type == IR_I32 ? X64_VPBLENDMD : doubled(X64_VBLENDMPS, op->type);
        x64_mem m;
        unsigned decoration;
        if (memory_operand(w, op->b, &m, &decoration)) {
            mem3(w, insn, length_of(w, op->type), decoration | (mask - CODE_MASKS), sn_define(&w->a), no, &m);
            return;
        }
        const unsigned yes = sn_use(&w->a, op->b);
        sn_x64_reg(&w->buffer[w->at].code, insn, length_of(w, op->type), mask - CODE_MASKS, sn_define(&w->a), no, yes);
        return;
    }
    const unsigned yes = sn_use(&w->a, op->b), fitted = fitted_mask(w, mask, op->type);
    sn_x64_blend_lanes(w, sn_define(&w->a), fitted, yes, no, op->type);
}

/* ---- cold paths ---- */

/* What is written from here on is the way to a region. */
static void leave_path(x64_writer *w)
{
    sn_x64_note_branch(w, X64_WAYS, sn_x64_here(w, X64_WAYS), sn_x64_jump(&w->buffer[w->at].code, X64_IF_NE));
    w->way_from = w->at;
    w->way_back = sn_x64_here(w, w->at);
    w->at = X64_WAYS;
}

static void enter_cold(void *emitter, unsigned mask)
{
    x64_writer *w = emitter;
    x64_code *c = sn_x64_room(w);
    if (w->mask_registers) {
        reg3(w, w->lanes == 8 ? X64_KORTESTB : X64_KORTESTW, X64_SCALAR, mask - CODE_MASKS, 0, mask - CODE_MASKS);
    } else {
        const bool wide = w->loop->widest == 8;
        reg3(w, wide ? X64_VMOVMSKPD : X64_VMOVMSKPS, vector_length(mask_length(w)), X64_RAX, 0, mask);
        if (w->scalar)
            sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RAX, 1);
        else
            sn_x64_alu_rr(c, X64_TEST, X64_W32, X64_RAX, X64_RAX);
    }
    leave_path(w);
}

static void enter_uniform(void *emitter, uint32_t uniform)
{
    x64_writer *w = emitter;
    x64_code *c = sn_x64_room(w);
    const x64_mem m = frame_mem(w->body->ops[uniform].a);
    sn_x64_mov_load(c, X64_W32, X64_RAX, &m);
    sn_x64_alu_imm(c, X64_AND, X64_W32, X64_RAX, INT32_MIN);
    leave_path(w);
}

static void call_cold(void *emitter, uint32_t region)
{
    x64_writer *w = emitter;
    sn_x64_note_branch(w, X64_REGION_BY_NUMBER, region, sn_x64_call(sn_x64_room(w)));
}

static void leave_cold(void *emitter)
{
    x64_writer *w = emitter;
    sn_x64_room(w);
    sn_x64_load_byte_masks(w);
    sn_x64_note_branch(w, w->way_from, w->way_back, sn_x64_jump(sn_x64_room(w), X64_ALWAYS));
    w->at = w->way_from;
}

static void begin_region(void *emitter, uint32_t region, unsigned depth)
{
    x64_writer *w = emitter;
    w->at = X64_REGIONS;
    sn_x64_room(w);
    w->slots_up = 8 * (int32_t)depth;
    w->region_places[region] = sn_x64_here(w, X64_REGIONS);
}

static void end_region(void *emitter)
{
    x64_writer *w = emitter;
    sn_x64_ret(sn_x64_room(w));
    w->slots_up = 0;
    w->at = X64_PATHS;
}

static void merge_cold(void *emitter, unsigned result, unsigned mask, unsigned cold, unsigned type)
{
    x64_writer *w = emitter;
    sn_x64_room(w);
    if (!w->mask_registers) {
        sn_x64_blend_lanes(w, result, fitted_mask(w, mask, type), cold, result, type);
    } else if (type == IR_MASK) {
        const bool bytes = w->lanes == 8;
        const unsigned m = mask - CODE_MASKS, r = result - CODE_MASKS, t = sn_use_temporary(&w->a, true) - CODE_MASKS;
        reg3(w, bytes ? X64_KANDB : X64_KANDW, X64_SCALAR, t, m, cold - CODE_MASKS);
        reg3(w, bytes ? X64_KANDNB : X64_KANDNW, X64_SCALAR, r, m, r);
        reg3(w, bytes ? X64_KORB : X64_KORW, X64_SCALAR, r, r, t);
    } else {
        const x64_insn insn = type == IR_I32 ? X64_VPBLENDMD : doubled(X64_VBLENDMPS, type);
        sn_x64_reg(&w->buffer[w->at].code, insn, length_of(w, type), mask - CODE_MASKS, result, result, cold);
    }
}

/* ---- the dispatch ---- */

void sn_x64_select(x64_writer *w, const ir_op *op, uint32_t position)
{
    if (op->flags & IR_FLAG_JOINT) {
        sn_x64_select_joint(w, op);
        return;
    }
    switch ((ir_code)op->code) {
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_DIV: case IR_MIN: case IR_MAX: calculate(w, op); break;
    case IR_FMA: case IR_FMS: case IR_FNMA: fused(w, op); break;
    case IR_NEG: negate(w, op); break;
    case IR_ABS: absolute(w, op); break;
    case IR_SQRT: square_root(w, op); break;
    case IR_FLOOR: case IR_CEIL: case IR_ROUND: case IR_TRUNC: round_to(w, op); break;
    case IR_COPYSIGN: copy_sign(w, op); break;
    case IR_AND: case IR_OR: case IR_XOR: logic(w, op); break;
    case IR_NOT: invert(w, op); break;
    case IR_SHL: case IR_SAR: case IR_SHR: shift(w, op); break;
    case IR_UMULH: multiply_high(w, op); break;
    case IR_LT: case IR_LE: case IR_EQ: case IR_NE: compare(w, op); break;
    case IR_SELECT: choose(w, op); break;
    case IR_CVT: convert(w, op); break;
    case IR_BITS: case IR_FROM_BITS: same_bits(w, op); break;
    case IR_HI32: case IR_LO32: half(w, op); break;
    case IR_PACK64: pack(w, op); break;
    case IR_INDEX: sn_x64_absolute_index(w); break;
    case IR_COLUMN: sn_x64_column(w); break;
    case IR_LOAD: sn_x64_table_load(w, op); break;
    case IR_READV: sn_x64_varying_read(w, op); break;
    case IR_STORE: sn_x64_table_store(w, op); break;
    case IR_INPUT: sn_x64_load_leaf(w, sn_define(&w->a), position, w->a.copy); break;
    case IR_OUTPUT: case IR_SET_BUFFER: case IR_WRITE: sn_x64_store_value(w, op); break;
    case IR_SET_UNIFORM: sn_x64_set_uniform(w, op); break;
    case IR_SUM: case IR_SUMP: sn_x64_sum(w, op, position); break;
    case IR_HOLD: sn_x64_hold(w, op); break;
    case IR_PART: sn_x64_part(w, op); break;
    case IR_PART_AT: sn_x64_part_at(w, op); break;
    case IR_FLIP: sn_x64_flip(w, op); break;
    /* loaded by load_leaf, passed by the walk, or gone before code is made */
    case IR_NONE: case IR_CONST: case IR_UNIFORM: case IR_BUFFER: case IR_READ: case IR_HELD: case IR_RARE: case IR_COLD:
    case IR_PARAM: case IR_LENGTH: case IR_ROW: case IR_GUARD:
    case IR_JOIN: /* joint */
    default:
        break;
    }
}

const code_target sn_x64_target = {
    sn_x64_walk, sn_x64_load_leaf, spill, reload, sn_x64_move, enter_cold, enter_uniform, call_cold, leave_cold, begin_region, merge_cold, end_region,
};
