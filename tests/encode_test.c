/* The x86-64 encoder, read back by two independent disassemblers.
 *
 * Every instruction with every length it has: each operand through all registers while the others vary, all
 * masks, zeroing and broadcast, every base with every index, every scale, and displacements around every
 * boundary where their size changes. Zydis is asked for each operand as a number; LLVM's llvm-mc for the
 * whole instruction as text. What is expected comes from the mnemonic, the operand columns and the operands
 * given, never from opcodes or prefix fields, so that one mistake cannot be in both. Each instruction is
 * written 16 bytes before a guard page, which holds the writers to the room that they may touch.
 */
#include "code/x64/encode.h"
#include "repetitions.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <Zydis/Zydis.h>

enum { ROOM = 16, PAGE = 4096, SHOWN_FAILURES = 10 };
enum { LINE = 4096 }; /* llvm-mc comments on shuffles byte by byte */

/* ---- What is expected ---- */

typedef enum form { R, RM, M, ST, SR, STM, GATHER, G2, G4, G6 } form;

/* A line of instructions.h, without what only the encoder needs. */
typedef struct row {
    const char *mnemonic;
    char dst, a, b;
    form form;
    char lengths;
    bool has_vex, has_evex;
    const char *tuple;
    char decoration, extra;
} row;

#define ROW(name, text, dst_, a_, b_, form_, lengths_, map, prefix, opcode, vex, evex, tuple_, \
            decoration_, extra_) \
    {.mnemonic = text, .dst = #dst_[0], .a = #a_[0], .b = #b_[0], .form = form_, .lengths = #lengths_[0], \
     .has_vex = #vex[0] != '_', .has_evex = #evex[0] != '_', .tuple = #tuple_, \
     .decoration = #decoration_[0], .extra = #extra_[0]},
static const row rows[] = {X64_INSTRUCTIONS(ROW)};

typedef enum operand_kind { REGISTER, MEMORY, IMMEDIATE, RELATIVE } operand_kind;
typedef enum encoding_kind { LEGACY, VEX, EVEX } encoding_kind;

typedef struct operand {
    operand_kind kind;
    char class; /* of a register: x y z vectors, k masks, d g general of 32 and 64 bits */
    unsigned number;
    int64_t value;
} operand;

/* One instruction as written and as it must be read. */
typedef struct sample {
    const char *zydis, *llvm; /* mnemonics */
    encoding_kind encoding;
    operand operands[5];
    unsigned count;
    x64_mem mem;
    char index_class;
    unsigned mask;
    bool zero;
    unsigned broadcast;   /* repetitions, 0: none */
    unsigned memory_bits; /* size of the memory operand, 0: not compared */
    const uint8_t *code;
    unsigned size;
    int disp_offset; /* as the encoder says; -1: none */
} sample;

typedef struct tester tester;
struct tester {
    void (*visit)(tester *, const sample *);
    uint8_t *page; /* the guard page begins at page + PAGE */
    uint64_t random;
    unsigned samples, failures;
    FILE *stream;
};

static void fail_sample(tester *t, const sample *s, const char *what, const char *expected, const char *found)
{
    if (t->failures++ >= SHOWN_FAILURES)
        return;
    char bytes[3 * ROOM + 1] = "";
    for (unsigned i = 0; i < s->size && i < ROOM; i++)
        snprintf(bytes + 3 * i, sizeof bytes - 3 * i, "%02x ", s->code[i]);
    print_error("%s: %s: expected `%s`, found `%s` in %s\n", s->llvm, what, expected, found, bytes);
}

static void fail_number(tester *t, const sample *s, const char *what, int64_t expected, int64_t found)
{
    char e[32], f[32];
    snprintf(e, sizeof e, "%lld", (long long)expected);
    snprintf(f, sizeof f, "%lld", (long long)found);
    fail_sample(t, s, what, e, f);
}

/* ---- Read back by Zydis ---- */

static ZydisRegister zydis_register(char class, unsigned number)
{
    switch (class) {
    case 'x': return (ZydisRegister)(ZYDIS_REGISTER_XMM0 + number);
    case 'y': return (ZydisRegister)(ZYDIS_REGISTER_YMM0 + number);
    case 'z': return (ZydisRegister)(ZYDIS_REGISTER_ZMM0 + number);
    case 'k': return (ZydisRegister)(ZYDIS_REGISTER_K0 + number);
    case 'd': return (ZydisRegister)(ZYDIS_REGISTER_EAX + number);
    default: return (ZydisRegister)(ZYDIS_REGISTER_RAX + number);
    }
}

static void compare_memory(tester *t, const sample *s, const ZydisDecodedOperand *found)
{
    if (found->type != ZYDIS_OPERAND_TYPE_MEMORY) {
        fail_number(t, s, "not memory", ZYDIS_OPERAND_TYPE_MEMORY, found->type);
        return;
    }
    bool has_index = s->mem.index != X64_NO_INDEX;
    ZydisRegister base = s->mem.base == X64_RIP ? ZYDIS_REGISTER_RIP : zydis_register('g', s->mem.base);
    ZydisRegister index = has_index ? zydis_register(s->index_class, s->mem.index) : ZYDIS_REGISTER_NONE;
    unsigned scale = has_index ? 1u << s->mem.scale : 0;
    if (found->mem.base != base)
        fail_number(t, s, "base", base, found->mem.base);
    if (found->mem.index != index)
        fail_number(t, s, "index", index, found->mem.index);
    if (found->mem.scale != scale)
        fail_number(t, s, "scale", scale, found->mem.scale);
    if (found->mem.disp.value != s->mem.disp)
        fail_number(t, s, "displacement", s->mem.disp, found->mem.disp.value);
    if (s->memory_bits && found->size != s->memory_bits)
        fail_number(t, s, "size in memory", s->memory_bits, found->size);
}

static void compare_operand(tester *t, const sample *s, const operand *expected,
                            const ZydisDecodedOperand *found)
{
    if (expected->kind == MEMORY) {
        compare_memory(t, s, found);
    } else if (expected->kind == REGISTER) {
        ZydisRegister reg = zydis_register(expected->class, expected->number);
        if (found->type != ZYDIS_OPERAND_TYPE_REGISTER || found->reg.value != reg)
            fail_sample(t, s, "register", ZydisRegisterGetString(reg),
                        found->type == ZYDIS_OPERAND_TYPE_REGISTER ? ZydisRegisterGetString(found->reg.value)
                                                                   : "none");
    } else {
        int64_t value = found->imm.is_signed ? found->imm.value.s : (int64_t)found->imm.value.u;
        if (s->operands[0].class == 'd' && expected->value > INT32_MAX)
            value = (uint32_t)value; /* Zydis holds every immediate of a 32-bit move for signed */
        if (found->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || value != expected->value)
            fail_number(t, s, "immediate", expected->value, value);
        if (found->imm.is_relative != (expected->kind == RELATIVE))
            fail_number(t, s, "relative", expected->kind == RELATIVE, found->imm.is_relative);
    }
}

/* The displacement has the least size that can hold it, and the encoder says where the 32-bit ones are. A
 * unit of the EVEX form is the size that Zydis says the operand in memory has; for gathers, that is an
 * element's. */
static void compare_displacement(tester *t, const sample *s, const ZydisDecodedInstruction *found,
                                 unsigned bits)
{
    unsigned size = found->raw.disp.size;
    int expected_offset = size == 32 ? (int)found->raw.disp.offset : -1;
    if (s->disp_offset != expected_offset)
        fail_number(t, s, "disp_at", expected_offset, s->disp_offset);
    int64_t unit = s->encoding == EVEX ? bits / 8 : 1;
    unsigned least = 32;
    if (s->mem.base == X64_RIP)
        least = 32;
    else if (s->mem.disp == 0 && (s->mem.base & 7) != X64_RBP)
        least = 0;
    else if (s->mem.disp % unit == 0 && s->mem.disp / unit >= -128 && s->mem.disp / unit <= 127)
        least = 8;
    if (size != least)
        fail_number(t, s, "size of the displacement", least, size);
}

static void compare_decoration(tester *t, const sample *s, const ZydisDecodedInstruction *found)
{
    static const unsigned repetitions[] = {[ZYDIS_BROADCAST_MODE_1_TO_2] = 2,
                                           [ZYDIS_BROADCAST_MODE_1_TO_4] = 4,
                                           [ZYDIS_BROADCAST_MODE_1_TO_8] = 8,
                                           [ZYDIS_BROADCAST_MODE_1_TO_16] = 16,
                                           [ZYDIS_BROADCAST_MODE_MAX_VALUE] = 0};
    ZydisRegister mask = (ZydisRegister)(ZYDIS_REGISTER_K0 + s->mask);
    unsigned repeated = found->avx.broadcast.is_static ? 0 : repetitions[found->avx.broadcast.mode];
    if (found->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX) {
        if (found->avx.mask.reg != mask)
            fail_number(t, s, "mask", mask, found->avx.mask.reg);
        if (found->raw.evex.z != s->zero)
            fail_number(t, s, "zeroing", s->zero, found->raw.evex.z);
    }
    if (repeated != s->broadcast)
        fail_number(t, s, "broadcast", s->broadcast, repeated);
    if (found->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX && found->raw.vex.size == 3 && !found->raw.vex.W &&
        found->raw.vex.m_mmmm == 1 && found->raw.vex.B == 1 && found->raw.vex.X == 1)
        fail_sample(t, s, "three bytes of VEX", "two", "three");
}

static void visit_zydis(tester *t, const sample *s)
{
    static const ZydisInstructionEncoding encodings[] = {
        ZYDIS_INSTRUCTION_ENCODING_LEGACY, ZYDIS_INSTRUCTION_ENCODING_VEX, ZYDIS_INSTRUCTION_ENCODING_EVEX};
    ZydisDecoder decoder;
    ZydisDecodedInstruction found;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZyanStatus status = ZydisDecoderDecodeFull(&decoder, s->code, ROOM, &found, operands);
    if (!ZYAN_SUCCESS(status)) {
        fail_number(t, s, "not an instruction", ZYAN_STATUS_SUCCESS, status);
        return;
    }
    if (found.length != s->size)
        fail_number(t, s, "length", s->size, found.length);
    if (strcmp(ZydisMnemonicGetString(found.mnemonic), s->zydis) != 0)
        fail_sample(t, s, "mnemonic", s->zydis, ZydisMnemonicGetString(found.mnemonic));
    if (found.encoding != encodings[s->encoding])
        fail_number(t, s, "encoding", encodings[s->encoding], found.encoding);
    compare_decoration(t, s, &found);
    unsigned count = 0, memory_bits = 0;
    for (unsigned i = 0; i < found.operand_count; i++) {
        if (operands[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN ||
            operands[i].encoding == ZYDIS_OPERAND_ENCODING_MASK)
            continue;
        if (count < s->count)
            compare_operand(t, s, &s->operands[count], &operands[i]);
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
            memory_bits = operands[i].size;
        count++;
    }
    if (count != s->count)
        fail_number(t, s, "operands", s->count, count);
    if (memory_bits != 0)
        compare_displacement(t, s, &found, memory_bits);
}

/* ---- Read back by llvm-mc ---- */

/* Text that grows at its end in a buffer large enough for any instruction. */
typedef struct text {
    char characters[200];
    size_t size;
} text;

static void say(text *out, const char *s)
{
    size_t size = strlen(s);
    assert_true(out->size + size < sizeof out->characters);
    memcpy(out->characters + out->size, s, size + 1);
    out->size += size;
}

static void say_number(text *out, uint64_t n)
{
    char digits[24], *at = digits + sizeof digits - 1;
    *at = 0;
    do {
        *--at = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    say(out, at);
}

static void say_signed(text *out, int64_t n)
{
    if (n < 0)
        say(out, "-");
    say_number(out, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void say_register(text *out, char class, unsigned number)
{
    static const char *const names[2][16] = {{"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d",
                                              "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"},
                                             {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
                                              "r9", "r10", "r11", "r12", "r13", "r14", "r15"}};
    if (class == 'd' || class == 'g') {
        say(out, names[class == 'g'][number]);
    } else {
        say(out, class == 'x' ? "xmm" : class == 'y' ? "ymm" : class == 'z' ? "zmm" : "k");
        say_number(out, number);
    }
}

static void say_memory(text *out, const sample *s)
{
    static const char *const scales[] = {"", "2*", "4*", "8*"};
    say(out, "[");
    if (s->mem.base == X64_RIP)
        say(out, "rip");
    else
        say_register(out, 'g', s->mem.base);
    if (s->mem.index != X64_NO_INDEX) {
        say(out, " + ");
        say(out, scales[s->mem.scale]);
        say_register(out, s->index_class, s->mem.index);
    }
    if (s->mem.disp != 0) {
        say(out, s->mem.disp < 0 ? " - " : " + ");
        say_number(out, (uint64_t)(s->mem.disp < 0 ? -(int64_t)s->mem.disp : s->mem.disp));
    }
    say(out, "]");
    if (s->broadcast) {
        say(out, "{1to");
        say_number(out, s->broadcast);
        say(out, "}");
    }
}

/* The predicate of a comparison is part of llvm-mc's mnemonic where it has a name, and its immediate then
 * goes unsaid. */
static const char *predicate(const sample *s, const char **head, const char **tail)
{
    static const char *const floats[] = {
        "eq",    "lt",     "le",     "unord",    "neq",    "nlt",    "nle",    "ord",
        "eq_uq", "nge",    "ngt",    "false",    "neq_oq", "ge",     "gt",     "true",
        "eq_os", "lt_oq",  "le_oq",  "unord_s",  "neq_us", "nlt_uq", "nle_uq", "ord_s",
        "eq_us", "nge_uq", "ngt_uq", "false_os", "neq_os", "ge_oq",  "gt_oq",  "true_us"};
    static const char *const integers[] = {"eq", "lt", "le", NULL, "neq", "nlt", "nle", NULL};
    const operand *last = &s->operands[s->count - 1];
    if (last->kind != IMMEDIATE)
        return NULL;
    if (strncmp(s->llvm, "vcmp", 4) == 0) {
        *head = "vcmp";
        *tail = s->llvm + 4;
        return last->value < 32 ? floats[last->value] : NULL;
    }
    if (strncmp(s->llvm, "vpcmp", 5) == 0) {
        *head = "vpcmp";
        *tail = s->llvm + 5;
        return last->value < 8 ? integers[last->value] : NULL;
    }
    return NULL;
}

static void say_operand(text *out, const sample *s, const operand *o)
{
    if (o->kind == REGISTER)
        say_register(out, o->class, o->number);
    else if (o->kind == MEMORY)
        say_memory(out, s);
    else if (s->operands[0].class == 'd' && o->value < INT8_MIN)
        say_number(
            out,
            (uint32_t)o->value); /* llvm-mc shows the long immediates of 32-bit instructions without sign */
    else
        say_signed(out, o->value);
}

static void say_sample(text *out, const sample *s)
{
    const char *head, *tail, *name = s->count ? predicate(s, &head, &tail) : NULL;
    unsigned count = s->count - (name != NULL);
    out->size = 0;
    say(out, name ? head : s->llvm);
    if (name) {
        say(out, name);
        say(out, tail);
    }
    for (unsigned i = 0; i < count; i++) {
        say(out, i == 0 ? " " : ", ");
        say_operand(out, s, &s->operands[i]);
        if (i == 0 && s->mask) {
            say(out, " {k");
            say_number(out, s->mask);
            say(out, s->zero ? "} {z}" : "}");
        }
    }
}

static void visit_write(tester *t, const sample *s)
{
    static const char digits[] = "0123456789abcdef";
    char line[5 * ROOM + 1], *at = line;
    for (unsigned i = 0; i < s->size; i++) {
        *at++ = '0';
        *at++ = 'x';
        *at++ = digits[s->code[i] >> 4];
        *at++ = digits[s->code[i] & 15];
        *at++ = i + 1 < s->size ? ',' : '\n';
    }
    fwrite(line, 1, (size_t)(at - line), t->stream);
}

/* Brings a line of llvm-mc to our form: one space behind the mnemonic, no comment, no size in front of
 * memory. */
static void normalise(char *line)
{
    char *out = line;
    for (const char *in = line + strspn(line, "\t "); *in && *in != '\n' && *in != '#'; in++) {
        if (strncmp(in, " ptr ", 5) == 0) {
            while (out > line && out[-1] != ' ')
                out--;
            in += 4;
        } else {
            *out++ = *in == '\t' ? ' ' : *in;
        }
    }
    while (out > line && out[-1] == ' ')
        out--;
    *out = 0;
}

static void visit_compare(tester *t, const sample *s)
{
    char line[LINE];
    text expected;
    if (!fgets(line, sizeof line, t->stream))
        snprintf(line, sizeof line, "nothing");
    normalise(line);
    say_sample(&expected, s);
    if (strcmp(line, expected.characters) != 0)
        fail_sample(t, s, "text", expected.characters, line);
}

/* ---- Every sample ---- */

static unsigned pick(tester *t, unsigned bound)
{
    t->random = t->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(t->random >> 33) % bound;
}

static x64_code begin(tester *t)
{
    uint8_t *at = t->page + PAGE - ROOM;
    memset(at, 0xCC, ROOM);
    return (x64_code){at, at, at + ROOM, at + ROOM}; /* a place that no instruction reports */
}

static bool sample_has_memory(const sample *s)
{
    bool has_memory = false;
    for (unsigned i = 0; i < s->count; i++)
        has_memory |= s->operands[i].kind == MEMORY;
    return has_memory;
}

static void finish(tester *t, sample *s, const x64_code *code)
{
    s->code = code->start;
    s->size = (unsigned)(code->at - code->start);
    s->disp_offset = -1;
    if (sample_has_memory(s) && code->disp_at)
        s->disp_offset = (int)(code->disp_at - code->start);
    t->samples++;
    t->visit(t, s);
}

static void add_register(sample *s, char class, unsigned number)
{
    s->operands[s->count++] = (operand){.kind = REGISTER, .class = class, .number = number};
}

static void add_memory(sample *s)
{
    s->operands[s->count++] = (operand){.kind = MEMORY};
}

static void add_value(sample *s, operand_kind kind, int64_t value)
{
    s->operands[s->count++] = (operand){.kind = kind, .value = value};
}

/* The register class that a column of instructions.h means at one length. */
static char concrete(char column, x64_length length)
{
    static const char vectors[] = "xxyz";
    switch (column) {
    case 'V': return vectors[length];
    case 'H': return vectors[length == X64_512 ? X64_256 : X64_128];
    case 'K': return 'k';
    case 'D': return 'd';
    case 'G': return 'g';
    default: return 'x';
    }
}

static unsigned column_bits(char column, x64_length length)
{
    unsigned bits = length == X64_SCALAR ? 128 : 64u << length;
    return column == 'V' ? bits : column == 'H' ? bits / 2 : column == 'Q' ? bits / 4 : 0;
}

static unsigned registers_of(const row *r, char column)
{
    if (column == '_')
        return 1;
    if (column == 'K')
        return 8;
    if (column == 'D' || column == 'G')
        return 16;
    return r->has_evex ? 32 : 16;
}

static bool is_store(const row *r)
{
    return r->form == ST || r->form == SR || r->form == STM;
}

static bool is_group(const row *r)
{
    return r->form == G2 || r->form == G4 || r->form == G6;
}

static unsigned element_bytes(const row *r)
{
    return strcmp(r->tuple, "F4") == 0 || strcmp(r->tuple, "H4") == 0 ? 4
           : strcmp(r->tuple, "F8") == 0                              ? 8
                                                                      : 0;
}

/* The operands of one vector instruction; mem NULL: all in registers. */
typedef struct request {
    x64_length length;
    unsigned decoration, dst, a, b;
    const x64_mem *mem;
    uint8_t imm;
} request;

static void expect_operands(sample *s, const row *r, const request *q)
{
    char b = concrete(r->b, q->length), dst = concrete(r->dst, q->length);
    bool has_third = r->a != '_' && !(r->a == 'P' && q->mem);
    if (q->mem && is_store(r)) {
        add_memory(s);
        if (has_third)
            add_register(s, concrete(r->a, q->length), q->a);
        add_register(s, b, q->dst);
    } else {
        add_register(s, dst, q->dst);
        if (has_third && r->form != GATHER)
            add_register(s, concrete(r->a, q->length), q->a);
        if (q->mem)
            add_memory(s);
        else
            add_register(s, b, q->b);
        if (r->form == GATHER && s->encoding == VEX)
            add_register(s, concrete(r->a, q->length), q->a);
    }
    if (r->extra == 'I')
        add_value(s, IMMEDIATE, q->imm);
    if (r->extra == 'B')
        add_register(s, dst, q->imm & 15);
}

static void expect(sample *s, const row *r, const request *q)
{
    bool high = ((q->dst | q->a | q->b) & 16) != 0;
    *s = (sample){.zydis = r->mnemonic, .llvm = r->mnemonic};
    s->encoding = !r->has_vex || q->decoration || high || q->length == X64_512 || (q->mem && is_group(r))
                      ? EVEX
                      : VEX;
    s->mask = q->decoration & 7;
    s->zero = (q->decoration & X64_ZERO) != 0;
    if (q->mem) {
        s->mem = *q->mem;
        s->index_class = r->form == GATHER ? concrete(r->b, q->length) : 'g';
        s->memory_bits = r->form == GATHER ? 0 : column_bits(is_store(r) ? r->dst : r->b, q->length);
        if (r->form == STM)
            s->memory_bits = column_bits(r->b, q->length);
        if (q->decoration & X64_BROADCAST) {
            s->broadcast = column_bits(r->b, q->length) / 8 / element_bytes(r);
            s->memory_bits = element_bytes(r) * 8;
        }
    }
    expect_operands(s, r, q);
}

static void encode(x64_code *code, const row *r, const request *q, x64_length length)
{
    x64_insn insn = (x64_insn)(r - rows);
    if (r->extra == 'B' && q->mem)
        sn_x64_blend_mem(code, insn, length, q->dst, q->a, q->mem, q->imm & 15);
    else if (r->extra == 'B')
        sn_x64_blend(code, insn, length, q->dst, q->a, q->b, q->imm & 15);
    else if (r->extra == 'I' && q->mem)
        sn_x64_mem_imm(code, insn, length, q->decoration, q->dst, q->a, q->mem, q->imm);
    else if (r->extra == 'I')
        sn_x64_reg_imm(code, insn, length, q->decoration, q->dst, q->a, q->b, q->imm);
    else if (q->mem)
        sn_x64_mem(code, insn, length, q->decoration, q->dst, q->a, q->mem);
    else
        sn_x64_reg(code, insn, length, q->decoration, q->dst, q->a, q->b);
}

static void try(tester *t, const row *r, request q)
{
    sample s;
    q.imm = (uint8_t)pick(t, pick(t, 2) ? 256 : 32);
    expect(&s, r, &q);
    x64_code code = begin(t);
    encode(&code, r, &q, q.length);
    finish(t, &s, &code);
    if (q.length == X64_SCALAR) {
        uint8_t scalar[ROOM];
        memcpy(scalar, code.start, ROOM);
        code = begin(t);
        encode(&code, r, &q, X64_128);
        if (memcmp(code.start, scalar, s.size) != 0)
            fail_sample(t, &s, "as X64_128", "the same", "another");
    }
}

/* A decoration that the form allows: k 0: any mask register. */
static unsigned decorate(tester *t, const row *r, unsigned k, bool zero, bool broadcast, bool in_memory)
{
    unsigned decoration = 0;
    if (!r->has_evex)
        return 0;
    if (r->decoration != 'N')
        decoration = k ? k : 1 + pick(t, 7);
    if (r->decoration == 'Z' && zero && !(in_memory && is_store(r)))
        decoration |= X64_ZERO;
    if (in_memory && broadcast && element_bytes(r))
        decoration |= X64_BROADCAST;
    return decoration;
}

static unsigned any(tester *t, const row *r, char column, unsigned bound)
{
    unsigned registers = registers_of(r, column);
    return pick(t, registers < bound ? registers : bound);
}

static void try_registers(tester *t, const row *r, x64_length length)
{
    static const unsigned bounds[] = {8, 16, 16, 32, 32, 32};
    for (unsigned slot = 0; slot < 3; slot++) {
        char column = slot == 0 ? r->dst : slot == 1 ? r->a : r->b;
        for (unsigned n = 0; column != '_' && n < registers_of(r, column); n++) {
            for (unsigned round = 0; round < sizeof bounds / sizeof bounds[0]; round++) {
                unsigned bound = bounds[round];
                request q = {.length = length,
                             .dst = any(t, r, r->dst, bound),
                             .a = any(t, r, r->a, bound),
                             .b = any(t, r, r->b, bound)};
                *(slot == 0 ? &q.dst : slot == 1 ? &q.a : &q.b) = n;
                q.decoration = round % 3 == 2 ? decorate(t, r, 0, round == 5, false, false) : 0;
                try(t, r, q);
            }
        }
    }
    for (unsigned k = 1; k < 8 && r->decoration != 'N'; k++) {
        for (unsigned i = 0; i < 8; i++) {
            request q = {.length = length,
                         .dst = any(t, r, r->dst, 8u << i % 3),
                         .a = any(t, r, r->a, 8u << i % 3),
                         .b = any(t, r, r->b, 8u << i % 3),
                         .decoration = decorate(t, r, k, i & 1, false, false)};
            try(t, r, q);
        }
    }
}

/* Gathers forbid that their vector registers coincide, and in EVEX ask for a mask. */
static void try_memory(tester *t, const row *r, request q)
{
    x64_mem mem = *q.mem;
    q.mem = &mem;
    if (r->form == GATHER) {
        if (mem.base == X64_RIP || mem.index == X64_NO_INDEX)
            return;
        if (q.length == X64_512 || ((q.dst | q.a | mem.index) & 16))
            q.decoration |= 1 + pick(t, 7);
        if (q.decoration)
            q.a = 0;
        if (q.dst == mem.index)
            q.dst ^= 1;
        while (!q.decoration && (q.a == q.dst || q.a == mem.index))
            q.a = pick(t, 16);
    }
    if (r->a == 'P')
        q.a = 0;
    try(t, r, q);
}

static request any_request(tester *t, const row *r, x64_length length, unsigned bound, const x64_mem *mem)
{
    char dst = is_store(r) ? r->b : r->dst;
    return (request){.length = length, .dst = any(t, r, dst, bound), .a = any(t, r, r->a, bound), .mem = mem};
}

static uint8_t any_index(tester *t, const row *r)
{
    if (r && r->form == GATHER)
        return (uint8_t)pick(t, 32);
    uint8_t index = (uint8_t)pick(t, 16);
    return index == X64_RSP ? X64_NO_INDEX : index;
}

/* Displacements on both sides of everything that an 8-bit one can hold, in any unit. */
static unsigned boundaries(int32_t *out)
{
    unsigned count = 0;
    out[count++] = 0;
    for (int32_t unit = 1; unit <= 64; unit *= 2) {
        const int32_t distances[] = {unit - 1,       unit,           unit + 1,       127 * unit - 1,
                                     127 * unit,     127 * unit + 1, 128 * unit - 1, 128 * unit,
                                     128 * unit + 1, 129 * unit - 1, 129 * unit,     129 * unit + 1};
        for (unsigned i = 0; i < sizeof distances / sizeof distances[0]; i++) {
            out[count++] = distances[i];
            out[count++] = -distances[i];
        }
    }
    out[count++] = INT32_MAX;
    out[count++] = INT32_MIN;
    out[count++] = INT32_MAX - 1;
    out[count++] = INT32_MIN + 1;
    return count;
}
enum { BOUNDARIES = 7 * 24 + 5 };

static int32_t any_displacement(tester *t)
{
    int32_t displacements[BOUNDARIES];
    return displacements[pick(t, boundaries(displacements))];
}

static void try_bases_and_indices(tester *t, const row *r, x64_length length)
{
    unsigned indices = r->form == GATHER ? 32 : 16;
    for (unsigned base = 0; base <= X64_RIP; base++) {
        for (unsigned index = 0; index < indices; index++) {
            x64_mem mem = {(uint8_t)base, (uint8_t)index, (uint8_t)pick(t, 4),
                           pick(t, 2) ? 0 : any_displacement(t)};
            if (base == X64_RIP || (index == X64_RSP && r->form != GATHER))
                mem.index = X64_NO_INDEX;
            request q = any_request(t, r, length, 8u << pick(t, 3), &mem);
            try_memory(t, r, q);
            q.decoration = decorate(t, r, 0, pick(t, 2), pick(t, 2), true);
            try_memory(t, r, q);
        }
    }
    for (unsigned i = 0; i < 64; i++) {
        x64_mem mem = {(uint8_t)pick(t, 16), any_index(t, r), i & 3, any_displacement(t)};
        try_memory(t, r, any_request(t, r, length, 32, &mem));
    }
}

static void try_displacements(tester *t, const row *r, x64_length length)
{
    static const uint8_t bases[] = {X64_RAX, X64_RSP, X64_RBP, X64_R12, X64_R13, X64_R15, X64_RIP};
    int32_t displacements[BOUNDARIES];
    unsigned count = boundaries(displacements);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned kind = 0; kind < 5; kind++) {
            x64_mem mem = {bases[(i + kind) % sizeof bases], X64_NO_INDEX, 0, displacements[i]};
            if (mem.base != X64_RIP && kind % 2 == 0)
                mem.index = any_index(t, r);
            if (r->form == GATHER)
                mem = (x64_mem){(uint8_t)pick(t, 16), any_index(t, r), (uint8_t)pick(t, 4), displacements[i]};
            request q = any_request(t, r, length, kind == 0 ? 16 : 32, &mem);
            q.decoration = kind < 2 ? 0 : decorate(t, r, 0, kind == 3, kind >= 3, true);
            if (kind == 4)
                q.decoration &= X64_BROADCAST;
            try_memory(t, r, q);
        }
    }
}

static void try_memory_registers(tester *t, const row *r, x64_length length)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        char column = slot ? r->a : is_store(r) ? r->b : r->dst;
        for (unsigned n = 0; column != '_' && n < registers_of(r, column); n++) {
            for (unsigned round = 0; round < 4; round++) {
                x64_mem mem = {(uint8_t)pick(t, 16), any_index(t, r), (uint8_t)pick(t, 4),
                               any_displacement(t)};
                request q = any_request(t, r, length, round < 2 ? 8 : 32, &mem);
                *(slot ? &q.a : &q.dst) = n;
                q.decoration = round % 2 ? decorate(t, r, 0, pick(t, 2), pick(t, 2), true) : 0;
                try_memory(t, r, q);
            }
        }
    }
    for (unsigned k = 1; k < 8 && r->decoration != 'N'; k++) {
        for (unsigned i = 0; i < 4; i++) {
            x64_mem mem = {(uint8_t)pick(t, 16), any_index(t, r), (uint8_t)pick(t, 4), any_displacement(t)};
            request q = any_request(t, r, length, 32, &mem);
            q.decoration = decorate(t, r, k, i & 1, i & 2, true);
            try_memory(t, r, q);
        }
    }
}

static bool has_length(const row *r, x64_length length)
{
    switch (r->lengths) {
    case 'S': return length == X64_SCALAR;
    case 'A': return length >= X64_128;
    case 'B': return length >= X64_256;
    case 'V': return length == X64_128 || length == X64_256;
    case 'Y': return length == X64_256;
    default: return length == X64_512;
    }
}

static void try_row(tester *t, const row *r, x64_length length)
{
    bool in_registers = r->form != M && r->form != STM && r->form != GATHER;
    bool in_memory = r->form != R && r->form != SR;
    if (in_registers)
        try_registers(t, r, length);
    if (in_memory) {
        try_bases_and_indices(t, r, length);
        try_displacements(t, r, length);
        try_memory_registers(t, r, length);
    }
}

/* ---- General instructions ---- */

static const char *const zydis_conditions[] = {"o", "no", "b", "nb", "z", "nz", "be", "nbe",
                                               "s", "ns", "p", "np", "l", "nl", "le", "nle"};
static const char *const llvm_conditions[] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                              "s", "ns", "p", "np", "l", "ge", "le", "g"};
static const struct {
    x64_alu op;
    const char *name;
} alus[] = {{X64_ADD, "add"}, {X64_OR, "or"},   {X64_AND, "and"},  {X64_SUB, "sub"},
            {X64_XOR, "xor"}, {X64_CMP, "cmp"}, {X64_TEST, "test"}};
enum { ALUS = sizeof alus / sizeof alus[0] };
static const int64_t immediates[] = {0,    1,    -1,  5,   127,   128,       129,      -127,
                                     -128, -129, 255, 256, 65535, INT32_MAX, INT32_MIN};
enum { IMMEDIATES = sizeof immediates / sizeof immediates[0] };

static sample general(const char *mnemonic)
{
    return (sample){.zydis = mnemonic, .llvm = mnemonic, .index_class = 'g'};
}

static char general_class(x64_width width)
{
    return width == X64_W64 ? 'g' : 'd';
}

static void try_cmov(tester *t, x64_width width, unsigned dst, unsigned src)
{
    for (unsigned c = 0; c < 16; c++) {
        char zydis[10], llvm[10];
        snprintf(zydis, sizeof zydis, "cmov%s", zydis_conditions[c]);
        snprintf(llvm, sizeof llvm, "cmov%s", llvm_conditions[c]);
        sample s = {.zydis = zydis, .llvm = llvm};
        add_register(&s, general_class(width), dst);
        add_register(&s, general_class(width), src);
        x64_code code = begin(t);
        sn_x64_cmov(&code, (x64_condition)c, width, dst, src);
        finish(t, &s, &code);
    }
}

static void try_two_registers(tester *t, x64_width width, unsigned dst, unsigned src)
{
    static void (*const functions[])(x64_code *, x64_width, unsigned, unsigned) = {sn_x64_mov_rr,
                                                                                   sn_x64_imul_rr};
    static const char *const names[] = {"mov", "imul"};
    char class = general_class(width);
    for (unsigned i = 0; i < 2 + ALUS; i++) {
        sample s = general(i < 2 ? names[i] : alus[i - 2].name);
        bool is_test = i >= 2 && alus[i - 2].op == X64_TEST; /* the only one whose opcode has dst second */
        add_register(&s, class, is_test ? src : dst);
        add_register(&s, class, is_test ? dst : src);
        x64_code code = begin(t);
        if (i < 2)
            functions[i](&code, width, dst, src);
        else
            sn_x64_alu_rr(&code, alus[i - 2].op, width, dst, src);
        finish(t, &s, &code);
    }
    for (unsigned i = 0; i < IMMEDIATES; i++) {
        sample s = general("imul");
        add_register(&s, class, dst);
        add_register(&s, class, src);
        add_value(&s, IMMEDIATE, immediates[i]);
        x64_code code = begin(t);
        sn_x64_imul_rri(&code, width, dst, src, (int32_t)immediates[i]);
        finish(t, &s, &code);
        assert_int_equal(s.size, (width == X64_W64 || dst > 7 || src > 7) +
                                     (immediates[i] == (int8_t)immediates[i] ? 3 : 6));
    }
    try_cmov(t, width, dst, src);
    if (width == X64_W64) {
        sample s = general("movsxd");
        add_register(&s, 'g', dst);
        add_register(&s, 'd', src);
        x64_code code = begin(t);
        sn_x64_movsxd_rr(&code, dst, src);
        finish(t, &s, &code);
    }
}

static void try_immediates(tester *t, x64_width width, unsigned dst)
{
    char class = general_class(width);
    for (unsigned i = 0; i < IMMEDIATES; i++) {
        for (unsigned k = 0; k < ALUS - 1; k++) {
            sample s = general(alus[k].name);
            add_register(&s, class, dst);
            add_value(&s, IMMEDIATE, immediates[i]);
            x64_code code = begin(t);
            sn_x64_alu_imm(&code, alus[k].op, width, dst, (int32_t)immediates[i]);
            finish(t, &s, &code);
            assert_int_equal(s.size, (width == X64_W64 || dst > 7) +
                                         (immediates[i] == (int8_t)immediates[i] ? 3 : 6));
        }
    }
    static const x64_shift shifts[] = {X64_SHL, X64_SHR, X64_SAR};
    static const char *const shift_names[] = {"shl", "shr", "sar"};
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned count = 0; count < 64; count++) {
            sample s = general(shift_names[i]);
            add_register(&s, class, dst);
            add_value(&s, IMMEDIATE, count);
            x64_code code = begin(t);
            sn_x64_shift_imm(&code, shifts[i], width, dst, (uint8_t)count);
            finish(t, &s, &code);
        }
    }
    sample s = general("neg");
    add_register(&s, class, dst);
    x64_code code = begin(t);
    sn_x64_neg(&code, width, dst);
    finish(t, &s, &code);
}

static void try_constants(tester *t, unsigned dst)
{
    static const uint64_t values[] = {0,
                                      1,
                                      127,
                                      128,
                                      INT32_MAX,
                                      0x80000000,
                                      UINT32_MAX,
                                      0x100000000,
                                      0x7FFFFFFFFFFFFFFF,
                                      0x8000000000000000,
                                      0xFFFFFFFF7FFFFFFF,
                                      0xFFFFFFFF80000000,
                                      UINT64_MAX};
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        bool is_32 = values[i] <= UINT32_MAX, is_signed = (int64_t)values[i] == (int32_t)values[i];
        sample s = general("mov");
        s.llvm = is_32 || is_signed ? "mov" : "movabs";
        add_register(&s, is_32 ? 'd' : 'g', dst);
        add_value(&s, IMMEDIATE, (int64_t)values[i]);
        x64_code code = begin(t);
        sn_x64_mov_imm64(&code, dst, values[i]);
        finish(t, &s, &code);
        assert_int_equal(s.size, is_32 ? 5 + (dst > 7) : is_signed ? 7 : 10);
        if (is_32) {
            code = begin(t);
            sn_x64_mov_imm32(&code, dst, (uint32_t)values[i]);
            finish(t, &s, &code);
        }
    }
}

static void mov_load_32(x64_code *code, unsigned reg, const x64_mem *mem)
{
    sn_x64_mov_load(code, X64_W32, reg, mem);
}
static void mov_load_64(x64_code *code, unsigned reg, const x64_mem *mem)
{
    sn_x64_mov_load(code, X64_W64, reg, mem);
}
static void mov_store_32(x64_code *code, unsigned reg, const x64_mem *mem)
{
    sn_x64_mov_store(code, X64_W32, reg, mem);
}
static void mov_store_64(x64_code *code, unsigned reg, const x64_mem *mem)
{
    sn_x64_mov_store(code, X64_W64, reg, mem);
}
static void lea_32(x64_code *code, unsigned reg, const x64_mem *mem)
{
    sn_x64_lea(code, X64_W32, reg, mem);
}
static void lea_64(x64_code *code, unsigned reg, const x64_mem *mem)
{
    sn_x64_lea(code, X64_W64, reg, mem);
}
static void ldmxcsr(x64_code *code, unsigned reg, const x64_mem *mem)
{
    (void)reg;
    sn_x64_ldmxcsr(code, mem);
}
static void stmxcsr(x64_code *code, unsigned reg, const x64_mem *mem)
{
    (void)reg;
    sn_x64_stmxcsr(code, mem);
}

static const struct {
    const char *name;
    void (*write)(x64_code *, unsigned, const x64_mem *);
    char class; /* of the register; _: none */
    bool stores;
    unsigned bits;
} memory_forms[] = {
    {"mov", mov_load_32, 'd', false, 32},
    {"mov", mov_load_64, 'g', false, 64},
    {"mov", mov_store_32, 'd', true, 32},
    {"mov", mov_store_64, 'g', true, 64},
    {"lea", lea_32, 'd', false, 0},
    {"lea", lea_64, 'g', false, 0},
    {"movzx", sn_x64_movzx8, 'd', false, 8},
    {"movzx", sn_x64_movzx16, 'd', false, 16},
    {"movsx", sn_x64_movsx8, 'd', false, 8},
    {"movsx", sn_x64_movsx16, 'd', false, 16},
    {"movsxd", sn_x64_movsxd_load, 'g', false, 32},
    {"ldmxcsr", ldmxcsr, '_', false, 32},
    {"stmxcsr", stmxcsr, '_', false, 32},
};

static void try_general_memory(tester *t, const x64_mem *mem)
{
    for (unsigned i = 0; i < sizeof memory_forms / sizeof memory_forms[0]; i++) {
        sample s = general(memory_forms[i].name);
        unsigned reg = pick(t, 16);
        s.mem = *mem;
        s.memory_bits = memory_forms[i].bits;
        if (memory_forms[i].stores)
            add_memory(&s);
        if (memory_forms[i].class != '_')
            add_register(&s, memory_forms[i].class, reg);
        if (!memory_forms[i].stores)
            add_memory(&s);
        x64_code code = begin(t);
        memory_forms[i].write(&code, reg, mem);
        finish(t, &s, &code);
    }
    for (unsigned i = 0; i < 2 * ALUS; i++) {
        x64_width width = i < ALUS ? X64_W32 : X64_W64;
        sample s = general(alus[i % ALUS].name);
        unsigned reg = pick(t, 16);
        s.mem = *mem;
        s.memory_bits = 32u << width;
        bool is_test = alus[i % ALUS].op == X64_TEST;
        if (is_test)
            add_memory(&s);
        add_register(&s, general_class(width), reg);
        if (!is_test)
            add_memory(&s);
        x64_code code = begin(t);
        sn_x64_alu_load(&code, alus[i % ALUS].op, width, reg, mem);
        finish(t, &s, &code);
    }
}

static void try_general_addresses(tester *t)
{
    for (unsigned base = 0; base <= X64_RIP; base++) {
        for (unsigned index = 0; index < 16; index++) {
            for (unsigned scale = 0; scale < 4; scale++) {
                x64_mem mem = {(uint8_t)base, (uint8_t)index, (uint8_t)scale, any_displacement(t)};
                if (index == X64_RSP || base == X64_RIP)
                    mem.index = X64_NO_INDEX;
                try_general_memory(t, &mem);
            }
        }
        int32_t displacements[BOUNDARIES];
        unsigned count = boundaries(displacements);
        for (unsigned i = 0; i < count; i++) {
            x64_mem mem = {(uint8_t)base, base == X64_RIP ? X64_NO_INDEX : any_index(t, NULL),
                           (uint8_t)pick(t, 4), displacements[i]};
            try_general_memory(t, &mem);
        }
    }
}

static void try_plain(tester *t, const char *name, char class, unsigned reg,
                      void (*write)(x64_code *, unsigned))
{
    sample s = general(name);
    add_register(&s, class, reg);
    x64_code code = begin(t);
    write(&code, reg);
    finish(t, &s, &code);
}

static void try_alone(tester *t, const char *name, encoding_kind encoding, void (*write)(x64_code *))
{
    sample s = general(name);
    s.encoding = encoding;
    x64_code code = begin(t);
    write(&code);
    finish(t, &s, &code);
}

static void try_jumps(tester *t, unsigned c)
{
    static const int32_t distances[] = {0,    1,    10,   126,  127,   128,        129,        130,  131,
                                        1000, -1,   -2,   -100, -123,  -124,       -125,       -126, -127,
                                        -128, -129, -130, -131, -1000, 2000000000, -2000000000};
    char zydis[10], llvm[10];
    snprintf(zydis, sizeof zydis, c == X64_ALWAYS ? "jmp" : "j%s",
             c == X64_ALWAYS ? "" : zydis_conditions[c]);
    snprintf(llvm, sizeof llvm, c == X64_ALWAYS ? "jmp" : "j%s", c == X64_ALWAYS ? "" : llvm_conditions[c]);
    for (unsigned i = 0; i < sizeof distances / sizeof distances[0]; i++) {
        /* distances from the start of the jump */
        int32_t size = c == X64_ALWAYS ? 5 : 6;
        sample s = {.zydis = zydis, .llvm = llvm};
        x64_code code = begin(t);
        const uint8_t *target = (const uint8_t *)((uintptr_t)code.start + (uintptr_t)(intptr_t)distances[i]);
        sn_x64_patch(sn_x64_jump(&code, (x64_condition)c), target);
        add_value(&s, RELATIVE, distances[i] - size);
        finish(t, &s, &code);
        assert_int_equal(s.size, size);

        if (c == X64_ALWAYS) {
            s = (sample){.zydis = "call", .llvm = "call"};
            code = begin(t);
            sn_x64_patch(sn_x64_call(&code), target);
            add_value(&s, RELATIVE, distances[i] - 5);
            finish(t, &s, &code);
            assert_int_equal(s.size, 5);
        }

        bool is_short = distances[i] - 2 >= -128 && distances[i] - 2 <= 127;
        s = (sample){.zydis = zydis, .llvm = llvm};
        code = begin(t);
        sn_x64_jump_to(&code, (x64_condition)c, target);
        add_value(&s, RELATIVE, distances[i] - (is_short ? 2 : size));
        finish(t, &s, &code);
        assert_int_equal(s.size, is_short ? 2 : size);
    }
}

static void try_general(tester *t)
{
    for (unsigned dst = 0; dst < 16; dst++) {
        for (unsigned src = 0; src < 16; src++) {
            try_two_registers(t, X64_W32, dst, src);
            try_two_registers(t, X64_W64, dst, src);
        }
        try_immediates(t, X64_W32, dst);
        try_immediates(t, X64_W64, dst);
        try_constants(t, dst);
        try_plain(t, "push", 'g', dst, sn_x64_push);
        try_plain(t, "pop", 'g', dst, sn_x64_pop);
        try_plain(t, "call", 'g', dst, sn_x64_call_reg);
    }
    for (unsigned c = 0; c <= X64_ALWAYS; c++)
        try_jumps(t, c);
    try_general_addresses(t);
    try_alone(t, "ret", LEGACY, sn_x64_ret);
    try_alone(t, "endbr64", LEGACY, sn_x64_endbr64);
    try_alone(t, "int3", LEGACY, sn_x64_int3);
    try_alone(t, "vzeroupper", VEX, sn_x64_vzeroupper);
}

/* The same samples in the same order on every call. */
static void try_all(tester *t, void (*visit)(tester *, const sample *))
{
    t->visit = visit;
    t->random = 1;
    t->samples = 0;
    for (unsigned i = 0; i < X64_INSN_COUNT; i++) {
        for (x64_length length = X64_SCALAR; length <= X64_512; length++) {
            if (has_length(&rows[i], length))
                try_row(t, &rows[i], length);
        }
    }
    try_general(t);
}

/* ---- The tests ---- */

static uint8_t *map_guarded(void)
{
    uint8_t *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    assert_int_equal(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
    return page;
}

static int open_guarded(void **state)
{
    *state = map_guarded();
    return 0;
}

static int close_guarded(void **state)
{
    return munmap(*state, 2 * PAGE);
}

static void zydis_agrees(void **state)
{
    tester t = {.page = *state};
    try_all(&t, visit_zydis);
    print_message("# %u instructions read back by Zydis\n", t.samples);
    assert_int_equal(t.failures, 0);
    assert_true(t.samples >= 20000);
}

/* Any llvm-mc will do; some distributions only have it with its version behind. */
static bool find_llvm(char *name, size_t size)
{
    FILE *found = popen(
        "command -v llvm-mc || ls /usr/bin/llvm-mc-* /usr/lib/llvm-*/bin/llvm-mc 2>/dev/null | head -n 1",
        "r");
    bool is_found = found && fgets(name, (int)size, found) && name[0] == '/';
    if (found)
        pclose(found);
    name[strcspn(name, "\n")] = 0;
    return is_found;
}

/* A child that writes all samples to llvm-mc. Returns the end of the pipe that its text comes out of. */
static FILE *disassemble_all(const char *llvm, tester *t, pid_t *child)
{
    char command[300];
    int ends[2];
    snprintf(command, sizeof command, "%s --disassemble --output-asm-variant=1 --triple=x86_64 2>&1", llvm);
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    *child = fork();
    assert_true(*child >= 0);
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        t->stream = popen(command, "w");
        if (!t->stream)
            _exit(1);
        try_all(t, visit_write);
        _exit(pclose(t->stream) != 0);
    }
    close(ends[1]);
    return fdopen(ends[0], "r");
}

/* What is encoded does not depend on how this program was built, so one build asks. */
static void llvm_agrees(void **state)
{
    char llvm[200] = "", line[LINE];
    if (test_share() > 1)
        return;
    if (!find_llvm(llvm, sizeof llvm)) {
        print_message("# skipped: llvm-mc (Debian package llvm) is missing\n");
        skip();
    }
    tester t = {.page = *state};
    pid_t child;
    int status;
    t.stream = disassemble_all(llvm, &t, &child);
    assert_non_null(t.stream);
    assert_non_null(fgets(line, sizeof line, t.stream)); /* .text */
    try_all(&t, visit_compare);
    bool has_excess = fgets(line, sizeof line, t.stream) != NULL;
    fclose(t.stream);
    assert_int_equal(waitpid(child, &status, 0), child);
    print_message("# %u instructions read back by %s\n", t.samples, llvm);
    assert_int_equal(t.failures, 0);
    assert_int_equal(status, 0);
    assert_false(has_excess);
    assert_true(t.samples >= 20000);
}

static void is_instruction(const uint8_t *at, const uint8_t *end, ZydisDecodedInstruction *found,
                           ZydisDecodedOperand *operands)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, at, (size_t)(end - at), found, operands)));
}

static void patches_displacements_from_rip(void **state)
{
    uint8_t *page = *state, *target = page + 64;
    for (unsigned with_imm = 0; with_imm < 2; with_imm++) {
        for (x64_length length = X64_128; length <= X64_512; length++) {
            x64_mem mem = {X64_RIP, X64_NO_INDEX, 0, 0};
            x64_code code = {page + 1024, page + 1024, page + PAGE, NULL};
            if (with_imm)
                sn_x64_mem_imm(&code, X64_VSHUFPS, length, 0, 1, 2, &mem, 27);
            else
                sn_x64_mem(&code, X64_VADDPS, length, 0, 1, 2, &mem);
            assert_ptr_equal(code.disp_at, code.at - 4 - with_imm);
            if (with_imm) {
                int32_t distance = (int32_t)(target - code.at);
                memcpy(code.disp_at, &distance, sizeof distance);
            } else {
                sn_x64_patch(code.disp_at, target);
            }
            ZydisDecodedInstruction found;
            ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
            is_instruction(code.start, code.at, &found, operands);
            ZyanU64 address;
            assert_true(ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&found, &operands[length == X64_512 ? 3 : 2],
                                                              (uintptr_t)code.start, &address)));
            assert_ptr_equal((void *)(uintptr_t)address, target);
        }
    }
}

static void patching_touches_the_distance_only(void **state)
{
    uint8_t *page = *state, before[64];
    for (unsigned c = 0; c <= X64_ALWAYS; c++) {
        memset(page, 0xCC, 64);
        x64_code code = {page, page + 16, page + PAGE, NULL};
        uint8_t *place = sn_x64_jump(&code, (x64_condition)c);
        assert_ptr_equal(place + 4, code.at);
        sn_x64_ret(&code);
        memcpy(before, page, 64);
        sn_x64_patch(place, page + 3000);
        sn_x64_patch(place, code.at);
        int32_t distance;
        memcpy(&distance, place, sizeof distance);
        assert_int_equal(distance, 1);
        assert_memory_equal(before, page, (size_t)(place - page));
        assert_memory_equal(before + (place - page) + 4, place + 4, (size_t)(page + 64 - place - 4));
    }
}

static void aligns(void **state)
{
    uint8_t *page = *state, *last = page + PAGE - 32;
    for (unsigned boundary = 16; boundary <= 32; boundary *= 2) {
        for (uint8_t *from = last; from <= page + PAGE; from++) {
            memset(last, 0xCC, 32);
            x64_code code = {from, from, page + PAGE, NULL};
            sn_x64_align(&code, boundary);
            assert_int_equal((uintptr_t)code.at % boundary, 0);
            assert_true(code.at >= from && code.at - from < (ptrdiff_t)boundary);
            for (const uint8_t *at = last; at < page + PAGE; at++)
                assert_true((at >= from && at < code.at) || *at == 0xCC);
            for (const uint8_t *at = from; at < code.at;) {
                ZydisDecodedInstruction found;
                ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
                is_instruction(at, code.at, &found, operands);
                assert_int_equal(found.mnemonic, ZYDIS_MNEMONIC_NOP);
                at += found.length;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(zydis_agrees, open_guarded, close_guarded),
        cmocka_unit_test_setup_teardown(llvm_agrees, open_guarded, close_guarded),
        cmocka_unit_test_setup_teardown(patches_displacements_from_rip, open_guarded, close_guarded),
        cmocka_unit_test_setup_teardown(patching_touches_the_distance_only, open_guarded, close_guarded),
        cmocka_unit_test_setup_teardown(aligns, open_guarded, close_guarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
