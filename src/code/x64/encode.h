/* Writing x86-64 machine code.
 *
 * One call writes one instruction at code->at and moves code->at behind it. Nothing is checked: before every
 * call the caller guarantees 16 bytes of room up to code->end (the writers store whole words, so they may
 * touch bytes behind the instruction, never more than 16 from its start), and only passes operands that the
 * instruction has. Which ones it has, instructions.h says, a line each. No function allocates, fails, or
 * keeps state; different x64_code may be written from different threads.
 *
 * Vector instructions get the shorter VEX form if they have one, all registers are below 16, there is no
 * decoration and the length is at most 256; else the EVEX form, whose 8-bit displacement counts in units of
 * the memory operand.
 */
#ifndef SINTER_CODE_X64_ENCODE_H
#define SINTER_CODE_X64_ENCODE_H

#include <stdint.h>

#include "code/x64/instructions.h"

typedef struct x64_code {
    uint8_t *start; /* first byte of the code */
    uint8_t *at;    /* where the next instruction goes */
    uint8_t *end;   /* end of the room; read by no function here */
    uint8_t *disp_at; /* the last memory operand's 32-bit displacement; NULL if it has 8 bits or none */
} x64_code;

/* X64_SCALAR is encoded like X64_128; instructions whose line in instructions.h says S take either. */
typedef enum x64_length { X64_SCALAR, X64_128, X64_256, X64_512 } x64_length;

/* Width of a general instruction. 32-bit results clear the upper half of their register. */
typedef enum x64_width { X64_W32, X64_W64 } x64_width;

enum {
    X64_RAX, X64_RCX, X64_RDX, X64_RBX, X64_RSP, X64_RBP, X64_RSI, X64_RDI,
    X64_R8, X64_R9, X64_R10, X64_R11, X64_R12, X64_R13, X64_R14, X64_R15,
    X64_RIP = 16,      /* as base only; no index then */
    X64_NO_INDEX = 255 /* as index only */
};

/* base + (index << scale) + disp. base: a general register or X64_RIP. index: a general register other than
 * X64_RSP, or X64_NO_INDEX, or, for gathers, the vector register 0..31 of the indices. scale: 0..3,
 * ignored without an index.
 * With X64_RIP the displacement always has 32 bits and is written as it is; what counts is target minus the
 * end of the instruction, so patch through code->disp_at once both are known (code->at is that end, right
 * after the call). */
typedef struct x64_mem {
    uint8_t base, index, scale;
    int32_t disp;
} x64_mem;

/* Decoration: the low three bits name the mask register k1..k7 (0: no mask), plus these. */
enum {
    X64_BROADCAST = 0x10, /* the memory operand is one element, repeated */
    X64_ZERO = 0x80       /* masked lanes become 0 instead of keeping dst */
};

#define X64_ENUMERATOR(name, ...) X64_##name,
typedef enum x64_insn { X64_INSTRUCTIONS(X64_ENUMERATOR) X64_INSN_COUNT } x64_insn;
#undef X64_ENUMERATOR

/* Vector and mask instructions. dst, a, b: register numbers, vectors 0..31, masks 0..7, general registers
 * 0..15; a where the instruction has none must be 0. Fused operations read dst too; the scalar ones take the
 * upper lanes from a, those of one source included.
 * In instructions that store (suffix _STORE, vextract, vpextr, vpmovqd, vpmovdb, vpmovdw), sn_x64_mem stores
 * the register dst to memory, and sn_x64_reg moves b to dst.
 * Mask of vmaskmov and vpmaskmov: a. Gathers without decoration have their mask vector in a, and dst, a and
 * the index must differ; with decoration a mask register, and dst and the index must differ. Each clears its
 * mask. X64_ZERO needs a mask register, and no store has it. */
void sn_x64_reg(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                unsigned a, unsigned b);
void sn_x64_reg_imm(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                    unsigned a, unsigned b, uint8_t imm);
void sn_x64_mem(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                unsigned a, const x64_mem *mem);
void sn_x64_mem_imm(x64_code *code, x64_insn insn, x64_length length, unsigned decoration, unsigned dst,
                    unsigned a, const x64_mem *mem, uint8_t imm);

/* vblendvps, vblendvpd, vpblendvb: dst = mask ? b : a, by the sign of each element (vpblendvb: byte) of mask.
 * Registers 0..15. */
void sn_x64_blend(x64_code *code, x64_insn insn, x64_length length, unsigned dst, unsigned a, unsigned b,
                  unsigned mask);
void sn_x64_blend_mem(x64_code *code, x64_insn insn, x64_length length, unsigned dst, unsigned a,
                      const x64_mem *b, unsigned mask);

void sn_x64_vzeroupper(x64_code *code);

/* General instructions; registers 0..15. No function changes flags unless its instruction does:
 * sn_x64_mov_imm32 of 0 is a move, not an exclusive or. */
void sn_x64_mov_rr(x64_code *code, x64_width width, unsigned dst, unsigned src);
void sn_x64_mov_load(x64_code *code, x64_width width, unsigned dst, const x64_mem *mem);
void sn_x64_mov_store(x64_code *code, x64_width width, unsigned src, const x64_mem *mem);
void sn_x64_mov_imm32(x64_code *code, unsigned dst, uint32_t imm); /* clears the upper half */
void sn_x64_mov_imm64(x64_code *code, unsigned dst, uint64_t imm); /* the shortest of 5, 7 and 10 bytes */
void sn_x64_lea(x64_code *code, x64_width width, unsigned dst, const x64_mem *mem);

/* dst = dst op src, src a register, an immediate or in memory; X64_CMP and X64_TEST only set flags.
 * sn_x64_alu_imm takes no X64_TEST; it picks the 8-bit immediate (sign-extended, like the 32-bit one) when it
 * fits. */
typedef enum x64_alu {
    X64_ADD = 0, X64_OR = 1, X64_AND = 4, X64_SUB = 5, X64_XOR = 6, X64_CMP = 7, X64_TEST = 8
} x64_alu;
void sn_x64_alu_rr(x64_code *code, x64_alu op, x64_width width, unsigned dst, unsigned src);
void sn_x64_alu_imm(x64_code *code, x64_alu op, x64_width width, unsigned dst, int32_t imm);
void sn_x64_alu_load(x64_code *code, x64_alu op, x64_width width, unsigned dst, const x64_mem *mem);

typedef enum x64_shift { X64_SHL = 4, X64_SHR = 5, X64_SAR = 7 } x64_shift;
void sn_x64_shift_imm(x64_code *code, x64_shift op, x64_width width, unsigned dst, uint8_t count);
/* dst = dst * src; dst = src * imm. */
void sn_x64_imul_rr(x64_code *code, x64_width width, unsigned dst, unsigned src);
void sn_x64_imul_rri(x64_code *code, x64_width width, unsigned dst, unsigned src, int32_t imm);
void sn_x64_neg(x64_code *code, x64_width width, unsigned dst);

/* Loads of a byte or a 16-bit word, extended to 32 bits (and with zeros to 64). */
void sn_x64_movzx8(x64_code *code, unsigned dst, const x64_mem *mem);
void sn_x64_movzx16(x64_code *code, unsigned dst, const x64_mem *mem);
void sn_x64_movsx8(x64_code *code, unsigned dst, const x64_mem *mem);
void sn_x64_movsx16(x64_code *code, unsigned dst, const x64_mem *mem);
/* 32 bits, sign-extended to 64. */
void sn_x64_movsxd_rr(x64_code *code, unsigned dst, unsigned src);
void sn_x64_movsxd_load(x64_code *code, unsigned dst, const x64_mem *mem);

void sn_x64_push(x64_code *code, unsigned src);
void sn_x64_pop(x64_code *code, unsigned dst);
void sn_x64_call_reg(x64_code *code, unsigned target);
void sn_x64_ret(x64_code *code);
void sn_x64_endbr64(x64_code *code);
void sn_x64_int3(x64_code *code);
void sn_x64_ldmxcsr(x64_code *code, const x64_mem *mem);
void sn_x64_stmxcsr(x64_code *code, const x64_mem *mem);

/* Conditions, numbered as the processor does; the last bit negates. B and A are below and above (unsigned,
 * and after vcomis), L and G less and greater (signed), P unordered after vcomis, B (carry) after kortest:
 * all ones. */
typedef enum x64_condition {
    X64_IF_O, X64_IF_NO, X64_IF_B, X64_IF_AE, X64_IF_E, X64_IF_NE, X64_IF_BE, X64_IF_A,
    X64_IF_S, X64_IF_NS, X64_IF_P, X64_IF_NP, X64_IF_L, X64_IF_GE, X64_IF_LE, X64_IF_G,
    X64_ALWAYS
} x64_condition;

void sn_x64_cmov(x64_code *code, x64_condition condition, x64_width width, unsigned dst, unsigned src);

/* Jumps forward: returns the place of the 32-bit distance, for sn_x64_patch once the target is known. */
uint8_t *sn_x64_jump(x64_code *code, x64_condition condition);
uint8_t *sn_x64_call(x64_code *code); /* the same of a call */
/* Makes the jump whose distance is at place go to target. Serves displacements from X64_RIP as well, where
 * the instruction ends right behind its displacement (no immediate). */
void sn_x64_patch(uint8_t *place, const uint8_t *target);
/* Jumps to a known target within 2 GB; 8-bit distance when it fits. */
void sn_x64_jump_to(x64_code *code, x64_condition condition, const uint8_t *target);

/* Fills with no-operations up to the next multiple of 16 or 32. The exception to the room rule: 32 bytes. */
void sn_x64_align(x64_code *code, unsigned boundary);

#endif
