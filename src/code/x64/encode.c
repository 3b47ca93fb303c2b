/* The x86-64 encoder.
 *
 * A vector instruction is a prefix of 2 to 4 bytes that carries most of it, an opcode byte, and the operand
 * bytes that every x86 instruction has. The three prefixes agree on where the register bits go: in VEX (C4)
 * and in EVEX (62), read as one little-endian word, R, B and vvvv are the same bits, stored inverted. So
 * each instruction keeps both words ready, with all inverted bits set, and encoding is: fetch a word,
 * exclusive-or the register numbers in, store it. The two-byte VEX prefix (C5) is the C4 word with a byte
 * squeezed out, possible if the bits in that byte have their defaults. The words come from the one list in
 * instructions.h at compile time: 16 bytes an instruction, under 6 KB in all, with no decision left for run
 * time but "VEX or EVEX" and the size of the displacement.
 *
 *            byte 0   byte 1           byte 2           byte 3
 *     VEX    C4       R X B mmmmm      W vvvv L pp      opcode
 *     EVEX   62       R X B R' 0 mmm   W vvvv 1 pp      z L'L b V' aaa       (opcode in byte 4)
 *
 * R, R' extend the register in ModRM.reg; B, and X in the register form, that in ModRM.rm; X the index, B
 * the base of an address; V' extends vvvv, or a vector index. The decoration's bits are defined so that they
 * fall in place in byte 3.
 *
 * Stores are whole words wherever the rest is overwritten by what follows; hence the 16 bytes of room.
 * Sources: Intel Software Developer's Manual, volume 2, chapters 2.3 (VEX), 2.7 (EVEX), and the NOP page for
 * the fill bytes.
 */
#include "code/x64/encodings.h"

#include <stddef.h>

enum { MAP_0F = 1, MAP_0F38 = 2, MAP_0F3A = 3 };
enum { PREFIX_NP = 0, PREFIX_66 = 1, PREFIX_F3 = 2, PREFIX_F2 = 3 };

/* Bit 0: the form exists; bit 1: W; bit 2: L. */
enum { VEX__ = 0, VEX_I = 1, VEX_W0 = 1, VEX_W1 = 3, VEX_L1W0 = 5 };
enum { EVEX__ = 0, EVEX_W0 = 1, EVEX_W1 = 3 };

/* What an instruction does unlike the rest. The digit of a group sits above the flags. */
enum { HAS_VEX = 1, STORES = 2, GATHERS = 4, GROUP = 8, DIGIT_SHIFT = 4 };
enum {
    FORM_R = 0,
    FORM_RM = 0,
    FORM_M = 0,
    FORM_ST = STORES,
    FORM_SR = STORES,
    FORM_STM = STORES,
    FORM_GATHER = GATHERS,
    FORM_G2 = GROUP | 2 << DIGIT_SHIFT,
    FORM_G4 = GROUP | 4 << DIGIT_SHIFT,
    FORM_G6 = GROUP | 6 << DIGIT_SHIFT
};

/* log2 of the unit of an 8-bit displacement: a byte each for 128, 256, 512 and, on top, the broadcast. */
enum {
    TUPLE__ = 0,
    TUPLE_F4 = 0x02060504,
    TUPLE_F8 = 0x03060504,
    TUPLE_FM = 0x060504,
    TUPLE_H4 = 0x02050403,
    TUPLE_HM = 0x050403,
    TUPLE_QM = 0x040302,
    TUPLE_S4 = 0x020202,
    TUPLE_S8 = 0x030303,
    TUPLE_G16 = 0x040404,
    TUPLE_G32 = 0x050505
};
enum { BROADCAST_SLOT = 3 };

#define ENCODING(name, mnemonic, dst, a, b, form, lengths, map, prefix, op, v, e, tuple, decoration, extra) \
    [X64_##name] = {                                                                                        \
        .vex = 0xC4u | (0xE0u | MAP_##map) << 8 |                                                           \
               (0x78u | PREFIX_##prefix | (VEX_##v & 2u) << 6 | (VEX_##v & 4u)) << 16 | (uint32_t)op << 24, \
        .evex = 0x62u | (0xF0u | MAP_##map) << 8 | (0x7Cu | PREFIX_##prefix | (EVEX_##e & 2u) << 6) << 16 | \
                8u << 24,                                                                                   \
        .units = TUPLE_##tuple,                                                                             \
        .opcode = op,                                                                                       \
        .flags = FORM_##form | (VEX_##v & 1),                                                               \
    },
const x64_encoding sn_x64_encodings[X64_INSN_COUNT] = {X64_INSTRUCTIONS(ENCODING)};
#undef ENCODING

_Static_assert(sizeof(x64_encoding) == 16, "an encoding is fetched by a shift, and four to a cache line");

static inline uint8_t *vector_reg(uint8_t *at, x64_insn insn, x64_length length, unsigned decoration,
                                  unsigned dst, unsigned a, unsigned b)
{
    const x64_encoding *e = &sn_x64_encodings[insn];
    unsigned reg = dst, third = a, rm = b, l = length_bits(length);
    if (__builtin_expect(e->flags & (STORES | GROUP), 0)) {
        if (e->flags & STORES) {
            reg = b;
            rm = dst;
        } else {
            reg = e->flags >> DIGIT_SHIFT;
            third = dst;
        }
    }
    uint32_t bits = reg_bits(reg) ^ third_bits(third) ^ rm_bits(rm);
    if ((e->flags & HAS_VEX) && !(((dst | a | b) & 16) | decoration | (l & 2)))
        at = store_vex(at, e->vex ^ bits ^ l << 18);
    else
        at = store_evex(at, e->evex ^ bits ^ decoration << 24 ^ l << 29, e);
    *at = (uint8_t)modrm(3, reg, rm);
    return at + 1;
}

/* ModRM, SIB and displacement. A unit of 1 << unit bytes is what an 8-bit displacement counts in. */
static inline uint8_t *address(x64_code *code, uint8_t *at, unsigned reg, const x64_mem *mem, unsigned unit)
{
    code->disp_at = NULL;
    if (mem->base == X64_RIP) {
        *at = (uint8_t)modrm(0, reg, 5);
        code->disp_at = at + 1;
        store32(at + 1, (uint32_t)mem->disp);
        return at + 5;
    }
    int32_t count = mem->disp >> unit;
    bool is_short = count == (int8_t)count && (mem->disp & ((1 << unit) - 1)) == 0;
    bool is_none = mem->disp == 0 && (mem->base & 7) != X64_RBP;
    unsigned mod = is_none ? 0 : is_short ? 1 : 2;
    if (mem->index != X64_NO_INDEX || (mem->base & 7) == X64_RSP) {
        unsigned sib = mem->index != X64_NO_INDEX ? modrm(mem->scale, mem->index, mem->base)
                                                  : modrm(0, X64_RSP, mem->base);
        store16(at, modrm(mod, reg, X64_RSP) | sib << 8);
        at += 2;
    } else {
        *at++ = (uint8_t)modrm(mod, reg, mem->base);
    }
    if (mod == 2) {
        code->disp_at = at;
        store32(at, (uint32_t)mem->disp);
        return at + 4;
    }
    *at = (uint8_t)count;
    return at + mod;
}

static inline uint8_t *vector_mem(x64_code *code, x64_insn insn, x64_length length, unsigned decoration,
                                  unsigned dst, unsigned a, const x64_mem *mem)
{
    const x64_encoding *e = &sn_x64_encodings[insn];
    unsigned reg = dst, third = a, l = length_bits(length);
    unsigned index = mem->index == X64_NO_INDEX ? 0 : mem->index;
    if (__builtin_expect(e->flags & (GROUP | GATHERS), 0)) {
        if (e->flags & GROUP) {
            reg = e->flags >> DIGIT_SHIFT;
            third = dst;
        } else {
            third |= index & 16;
        }
    }
    uint32_t bits = reg_bits(reg) ^ third_bits(third) ^ (index & 8) << 11 ^ (mem->base & 8u) << 10;
    /* Shifts by an immediate take memory in their EVEX form only. */
    if ((e->flags & (HAS_VEX | GROUP)) == HAS_VEX && !(((reg | third) & 16) | decoration | (l & 2))) {
        uint8_t *at = store_vex(code->at, e->vex ^ bits ^ l << 18);
        return address(code, at, reg, mem, 0);
    }
    unsigned slot = decoration & X64_BROADCAST ? BROADCAST_SLOT : l;
    uint8_t *at = store_evex(code->at, e->evex ^ bits ^ decoration << 24 ^ l << 29, e);
    return address(code, at, reg, mem, e->units >> 8 * slot & 7);
}

/* Apart, so that the short way below saves no registers. */
static __attribute__((noinline)) void general_reg(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                                                  unsigned a, unsigned b)
{
    code->at = vector_reg(code->at, insn, length, decoration, dst, a, b);
}

/* Most instructions have the VEX form, registers below 16 and b in ModRM.rm: prefix, opcode and ModRM are one store (60
 * instructions in all, where the general way takes 76). */
void sn_x64_reg(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                unsigned a, unsigned b)
{
    const x64_encoding *e = &sn_x64_encodings[insn];
    unsigned l = length_bits(length);
    if ((e->flags & (HAS_VEX | STORES | GROUP)) != HAS_VEX || ((dst | a | b) & 16) | decoration | (l & 2)) {
        general_reg(code, insn, length, decoration, dst, a, b);
        return;
    }
    code->at = store_vex_reg(code->at, e, l, dst, a, b);
}

void sn_x64_reg_imm(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                    unsigned a, unsigned b, uint8_t imm)
{
    uint8_t *at = vector_reg(code->at, insn, length, decoration, dst, a, b);
    *at = imm;
    code->at = at + 1;
}

static __attribute__((noinline)) void general_vector_mem(x64_code *code, x64_insn insn, x64_length length, unsigned decoration,
                                                         unsigned dst, unsigned a, const x64_mem *mem)
{
    code->at = vector_mem(code, insn, length, decoration, dst, a, mem);
}

void sn_x64_mem(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                unsigned a, const x64_mem *mem)
{
    const x64_encoding *e = &sn_x64_encodings[insn];
    unsigned l = length_bits(length);
    if ((e->flags & (HAS_VEX | GROUP | GATHERS)) != HAS_VEX || ((dst | a) & 16) | decoration | (l & 2)) {
        general_vector_mem(code, insn, length, decoration, dst, a, mem);
        return;
    }
    unsigned index = mem->index == X64_NO_INDEX ? 0 : mem->index;
    uint32_t word = e->vex ^ (dst & 8) << 12 ^ a << 19 ^ (index & 8) << 11 ^ (mem->base & 8u) << 10 ^ l << 18;
    code->at = address(code, store_vex(code->at, word), dst, mem, 0);
}

void sn_x64_mem_imm(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                    unsigned a, const x64_mem *mem, uint8_t imm)
{
    uint8_t *at = vector_mem(code, insn, length, decoration, dst, a, mem);
    *at = imm;
    code->at = at + 1;
}

void sn_x64_blend(x64_code *code, x64_insn insn, x64_length length, unsigned dst, unsigned a, unsigned b,
                  unsigned mask)
{
    sn_x64_reg_imm(code, insn, length, 0, dst, a, b, (uint8_t)(mask << 4));
}

void sn_x64_blend_mem(x64_code *code, x64_insn insn, x64_length length, unsigned dst, unsigned a,
                      const x64_mem *b, unsigned mask)
{
    sn_x64_mem_imm(code, insn, length, 0, dst, a, b, (uint8_t)(mask << 4));
}

void sn_x64_vzeroupper(x64_code *code)
{
    store32(code->at, 0x77F8C5);
    code->at += 3;
}

/* Opcodes of the general instructions: one byte, or 0F and one byte. */
enum {
    OP_MOVSXD = 0x63,
    OP_IMUL_IMM32 = 0x69,
    OP_IMUL_IMM8 = 0x6B,
    OP_JCC8 = 0x70,
    OP_ALU_IMM32 = 0x81,
    OP_ALU_IMM8 = 0x83,
    OP_TEST = 0x85,
    OP_STORE = 0x89,
    OP_LOAD = 0x8B,
    OP_LEA = 0x8D,
    OP_MOV_IMM = 0xB8,
    OP_SHIFT_IMM = 0xC1,
    OP_MOV_SIGNED = 0xC7,
    OP_UNARY = 0xF7,
    OP_INDIRECT = 0xFF,
    OP_CMOV = 0x0F40,
    OP_STATE = 0x0FAE,
    OP_IMUL = 0x0FAF,
    OP_MOVZX8 = 0x0FB6,
    OP_MOVZX16 = 0x0FB7,
    OP_MOVSX8 = 0x0FBE,
    OP_MOVSX16 = 0x0FBF
};

/* The digits that extend some of them. */
enum { DIGIT_MOV_SIGNED = 0, DIGIT_CALL = 2, DIGIT_LDMXCSR = 2, DIGIT_STMXCSR = 3, DIGIT_NEG = 3 };

static inline uint8_t *store_opcode(uint8_t *at, x64_width width, unsigned opcode, unsigned reg,
                                    unsigned index, unsigned rm)
{
    unsigned rex = (unsigned)width << 3 | (reg & 8) >> 1 | (index & 8) >> 2 | (rm & 8) >> 3;
    *at = (uint8_t)(0x40 | rex);
    at += rex != 0;
    *at = 0x0F;
    at += opcode > 0xFF;
    *at = (uint8_t)opcode;
    return at + 1;
}

static inline uint8_t *general_rr(uint8_t *at, x64_width width, unsigned opcode, unsigned reg, unsigned rm)
{
    at = store_opcode(at, width, opcode, reg, 0, rm);
    *at = (uint8_t)modrm(3, reg, rm);
    return at + 1;
}

static inline uint8_t *store_imm32(uint8_t *at, uint32_t imm)
{
    store32(at, imm);
    return at + 4;
}

static inline uint8_t *store_imm8(uint8_t *at, unsigned imm)
{
    *at = (uint8_t)imm;
    return at + 1;
}

static void general_mem(x64_code *code, x64_width width, unsigned opcode, unsigned reg, const x64_mem *mem)
{
    unsigned index = mem->index == X64_NO_INDEX ? 0 : mem->index;
    uint8_t *at = store_opcode(code->at, width, opcode, reg, index, mem->base);
    code->at = address(code, at, reg, mem, 0);
}

void sn_x64_mov_rr(x64_code *code, x64_width width, unsigned dst, unsigned src)
{
    code->at = general_rr(code->at, width, OP_LOAD, dst, src);
}

void sn_x64_mov_load(x64_code *code, x64_width width, unsigned dst, const x64_mem *mem)
{
    general_mem(code, width, OP_LOAD, dst, mem);
}

void sn_x64_mov_store(x64_code *code, x64_width width, unsigned src, const x64_mem *mem)
{
    general_mem(code, width, OP_STORE, src, mem);
}

void sn_x64_mov_imm32(x64_code *code, unsigned dst, uint32_t imm)
{
    uint8_t *at = store_opcode(code->at, X64_W32, OP_MOV_IMM | (dst & 7), 0, 0, dst);
    code->at = store_imm32(at, imm);
}

void sn_x64_mov_imm64(x64_code *code, unsigned dst, uint64_t imm)
{
    if (imm == (uint32_t)imm) {
        sn_x64_mov_imm32(code, dst, (uint32_t)imm);
    } else if (imm >= 0xFFFFFFFF80000000) {
        uint8_t *at = general_rr(code->at, X64_W64, OP_MOV_SIGNED, DIGIT_MOV_SIGNED, dst);
        code->at = store_imm32(at, (uint32_t)imm);
    } else {
        uint8_t *at = store_opcode(code->at, X64_W64, OP_MOV_IMM | (dst & 7), 0, 0, dst);
        store64(at, imm);
        code->at = at + 8;
    }
}

void sn_x64_lea(x64_code *code, x64_width width, unsigned dst, const x64_mem *mem)
{
    general_mem(code, width, OP_LEA, dst, mem);
}

/* The six others of the oldest instructions are eight opcodes apart; their fourth form is "register,
 * register or memory". */
static inline unsigned alu_opcode(x64_alu op)
{
    return op == X64_TEST ? OP_TEST : (unsigned)op * 8 + 3;
}

void sn_x64_alu_rr(x64_code *code, x64_alu op, x64_width width, unsigned dst, unsigned src)
{
    code->at = general_rr(code->at, width, alu_opcode(op), dst, src);
}

void sn_x64_alu_load(x64_code *code, x64_alu op, x64_width width, unsigned dst, const x64_mem *mem)
{
    general_mem(code, width, alu_opcode(op), dst, mem);
}

void sn_x64_alu_imm(x64_code *code, x64_alu op, x64_width width, unsigned dst, int32_t imm)
{
    if (imm == (int8_t)imm)
        code->at = store_imm8(general_rr(code->at, width, OP_ALU_IMM8, op, dst), (unsigned)imm);
    else
        code->at = store_imm32(general_rr(code->at, width, OP_ALU_IMM32, op, dst), (uint32_t)imm);
}

void sn_x64_shift_imm(x64_code *code, x64_shift op, x64_width width, unsigned dst, uint8_t count)
{
    code->at = store_imm8(general_rr(code->at, width, OP_SHIFT_IMM, op, dst), count);
}

void sn_x64_imul_rr(x64_code *code, x64_width width, unsigned dst, unsigned src)
{
    code->at = general_rr(code->at, width, OP_IMUL, dst, src);
}

void sn_x64_imul_rri(x64_code *code, x64_width width, unsigned dst, unsigned src, int32_t imm)
{
    if (imm == (int8_t)imm)
        code->at = store_imm8(general_rr(code->at, width, OP_IMUL_IMM8, dst, src), (unsigned)imm);
    else
        code->at = store_imm32(general_rr(code->at, width, OP_IMUL_IMM32, dst, src), (uint32_t)imm);
}

void sn_x64_neg(x64_code *code, x64_width width, unsigned dst)
{
    code->at = general_rr(code->at, width, OP_UNARY, DIGIT_NEG, dst);
}

void sn_x64_movzx8(x64_code *code, unsigned dst, const x64_mem *mem)
{
    general_mem(code, X64_W32, OP_MOVZX8, dst, mem);
}

void sn_x64_movzx16(x64_code *code, unsigned dst, const x64_mem *mem)
{
    general_mem(code, X64_W32, OP_MOVZX16, dst, mem);
}

void sn_x64_movsx8(x64_code *code, unsigned dst, const x64_mem *mem)
{
    general_mem(code, X64_W32, OP_MOVSX8, dst, mem);
}

void sn_x64_movsx16(x64_code *code, unsigned dst, const x64_mem *mem)
{
    general_mem(code, X64_W32, OP_MOVSX16, dst, mem);
}

void sn_x64_movsxd_rr(x64_code *code, unsigned dst, unsigned src)
{
    code->at = general_rr(code->at, X64_W64, OP_MOVSXD, dst, src);
}

void sn_x64_movsxd_load(x64_code *code, unsigned dst, const x64_mem *mem)
{
    general_mem(code, X64_W64, OP_MOVSXD, dst, mem);
}

void sn_x64_push(x64_code *code, unsigned src)
{
    code->at = store_opcode(code->at, X64_W32, 0x50 | (src & 7), 0, 0, src);
}

void sn_x64_pop(x64_code *code, unsigned dst)
{
    code->at = store_opcode(code->at, X64_W32, 0x58 | (dst & 7), 0, 0, dst);
}

void sn_x64_call_reg(x64_code *code, unsigned target)
{
    code->at = general_rr(code->at, X64_W32, OP_INDIRECT, DIGIT_CALL, target);
}

void sn_x64_ret(x64_code *code)
{
    *code->at++ = 0xC3;
}

void sn_x64_endbr64(x64_code *code)
{
    store32(code->at, 0xFA1E0FF3);
    code->at += 4;
}

void sn_x64_int3(x64_code *code)
{
    *code->at++ = 0xCC;
}

void sn_x64_ldmxcsr(x64_code *code, const x64_mem *mem)
{
    general_mem(code, X64_W32, OP_STATE, DIGIT_LDMXCSR, mem);
}

void sn_x64_stmxcsr(x64_code *code, const x64_mem *mem)
{
    general_mem(code, X64_W32, OP_STATE, DIGIT_STMXCSR, mem);
}

void sn_x64_cmov(x64_code *code, x64_condition condition, x64_width width, unsigned dst, unsigned src)
{
    code->at = general_rr(code->at, width, OP_CMOV + (unsigned)condition, dst, src);
}

uint8_t *sn_x64_jump(x64_code *code, x64_condition condition)
{
    uint8_t *at = code->at;
    if (condition == X64_ALWAYS) {
        store64(at, 0xE9);
        at += 1;
    } else {
        store64(at, 0x800F | (unsigned)condition << 8);
        at += 2;
    }
    code->at = at + 4;
    return at;
}

uint8_t *sn_x64_call(x64_code *code)
{
    uint8_t *at = code->at;
    store64(at, 0xE8);
    code->at = at + 5;
    return at + 1;
}

void sn_x64_patch(uint8_t *place, const uint8_t *target)
{
    store32(place, (uint32_t)(target - (place + 4)));
}

void sn_x64_jump_to(x64_code *code, x64_condition condition, const uint8_t *target)
{
    ptrdiff_t distance = target - (code->at + 2);
    if (distance == (int8_t)distance) {
        unsigned opcode = condition == X64_ALWAYS ? 0xEB : OP_JCC8 | (unsigned)condition;
        store16(code->at, opcode | (unsigned)(uint8_t)distance << 8);
        code->at += 2;
    } else {
        sn_x64_patch(sn_x64_jump(code, condition), target);
    }
}

/* One no-operation of each size up to 9; longer ones cost some decoders more than two short ones. */
static const uint8_t fillers[][9] = {
    {0x90},
    {0x66, 0x90},
    {0x0F, 0x1F, 0x00},
    {0x0F, 0x1F, 0x40, 0x00},
    {0x0F, 0x1F, 0x44, 0x00, 0x00},
    {0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00},
    {0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00},
    {0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    {0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
};

void sn_x64_align(x64_code *code, unsigned boundary)
{
    size_t gap = (size_t)(-(uintptr_t)code->at & (boundary - 1));
    while (gap != 0) {
        size_t size = gap < sizeof fillers[0] ? gap : sizeof fillers[0];
        memcpy(code->at, fillers[size - 1], size);
        code->at += size;
        gap -= size;
    }
}
