/* What instructions look like as bytes: the words that encode.c keeps ready, and how numbers go into them. For the encoder, and for
 * direct.c, which has the commonest forms in line; everybody else writes instructions by encode.h. */
#ifndef SN_CODE_X64_ENCODINGS_H
#define SN_CODE_X64_ENCODINGS_H

#include "code/x64/encode.h"

#include <stdbool.h>
#include <string.h>

typedef struct x64_encoding {
    uint32_t vex, evex; /* prefix words, all inverted bits set; the first with the opcode in its last byte */
    uint32_t units;     /* log2 of the unit of an 8-bit displacement: a byte each for 128, 256, 512 and, on top, the broadcast */
    uint8_t opcode, flags;
} x64_encoding;

extern const x64_encoding sn_x64_encodings[X64_INSN_COUNT];

static inline void store16(uint8_t *at, unsigned value)
{
    uint16_t word = (uint16_t)value;
    memcpy(at, &word, sizeof word);
}

static inline void store32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline void store64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

/* The fields that one register number is split into, as bits to exclusive-or into a prefix word. */
static inline uint32_t reg_bits(unsigned reg)
{
    return (reg & 8) << 12 | (reg & 16) << 8;
}

static inline uint32_t rm_bits(unsigned rm)
{
    return (rm & 24) << 10;
}

static inline uint32_t third_bits(unsigned third)
{
    return (third & 15) << 19 | (third & 16) << 23;
}

static inline unsigned length_bits(x64_length length)
{
    return (unsigned)length - (length != X64_SCALAR);
}

/* The word of the two-byte prefix and the opcode behind it. */
static inline uint32_t short_vex(uint32_t word)
{
    return 0xC5 | (word & 0x8000) | (word >> 8 & 0x7F00) | (word >> 8 & 0xFF0000);
}

/* Stores prefix and opcode; VEX words carry the opcode in their last byte. Which prefix it is depends on register numbers, which no
 * branch predictor knows: no branch. */
static inline uint8_t *store_vex(uint8_t *at, uint32_t word)
{
    const bool is_long = (word & 0x807F00) != 0x6100;
    store32(at, is_long ? word : short_vex(word));
    return at + 3 + is_long;
}

static inline uint8_t *store_evex(uint8_t *at, uint32_t word, const x64_encoding *e)
{
    store64(at, word | (uint64_t)e->opcode << 32);
    return at + 5;
}

static inline unsigned modrm(unsigned mod, unsigned reg, unsigned rm)
{
    return mod << 6 | (reg & 7) << 3 | (rm & 7);
}

/* An instruction that has the VEX form, stores nothing and belongs to no group, on registers below 16 and at most 256 bits: prefix,
 * opcode and ModRM are one store. l: length_bits. */
static inline uint8_t *store_vex_reg(uint8_t *at, const x64_encoding *e, unsigned l, unsigned dst, unsigned a, unsigned b)
{
    const uint32_t word = e->vex ^ (dst & 8) << 12 ^ a << 19 ^ (b & 8) << 10 ^ l << 18, rm = modrm(3, dst, b);
    const bool is_long = (word & 0x807F00) != 0x6100;
    store64(at, is_long ? word | (uint64_t)rm << 32 : (uint64_t)(short_vex(word) | rm << 24));
    return at + 4 + is_long;
}

/* The same in the EVEX form, on any registers. */
static inline uint8_t *store_evex_reg(uint8_t *at, const x64_encoding *e, unsigned l, unsigned dst, unsigned a, unsigned b)
{
    const uint32_t word = e->evex ^ reg_bits(dst) ^ third_bits(a) ^ rm_bits(b) ^ l << 29;
    store64(at, word | (uint64_t)e->opcode << 32 | (uint64_t)modrm(3, dst, b) << 40);
    return at + 6;
}

#endif
