/* Machine code as text, each instruction under the operation that it belongs to.
 *
 * Addresses are offsets into the part, so that the same program gives the same text on every run. What an
 * instruction reads from the constant pool stands beside it as a value. Without Zydis, and for other machines
 * than x86-64, the bytes are shown. */
#include "cli/command.h"

#include "base/decimal.h"

#include <string.h>

#ifndef SINTER_ZYDIS
#define SINTER_ZYDIS 0
#endif

/* Prints the operations whose code begins at or before the offset. */
static void print_marks(FILE *out, const sinter_code_part *part, uint32_t *next, size_t offset)
{
    for (; *next < part->mark_count && part->marks[*next].offset <= offset; ++*next)
        fprintf(out, "  ; %s\n", part->marks[*next].text);
}

static void print_bytes(FILE *out, const unsigned char *bytes, size_t offset, size_t count)
{
    fprintf(out, "    %04zx ", offset);
    for (size_t i = 0; i < count; i++)
        fprintf(out, " %02x", bytes[offset + i]);
    putc('\n', out);
}

#if SINTER_ZYDIS && defined(__x86_64__)

#include <Zydis/Zydis.h>
#include <math.h>

const char *sn_cli_disassembler(void)
{
    static char text[32];
    const ZyanU64 version = ZydisGetVersion();
    snprintf(text, sizeof text, "Zydis %u.%u.%u", (unsigned)(version >> 48 & 0xFFFF),
             (unsigned)(version >> 32 & 0xFFFF), (unsigned)(version >> 16 & 0xFFFF));
    return text;
}

typedef struct instruction {
    ZydisDecodedInstruction decoded;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
} instruction;

/* A float where the instruction reads floats, but for bits that only look like one. */
static bool print_float(char *text, const unsigned char *at, const ZydisDecodedOperand *operand)
{
    double value = 0;
    float single = 0;
    if (operand->element_size == 64 && operand->element_type == ZYDIS_ELEMENT_TYPE_FLOAT64) {
        memcpy(&value, at, sizeof value);
        sn_decimal_write_f64(value, text);
        return value == 0 || isinf(value) || isnormal(value);
    }
    if (operand->element_size != 32 || operand->element_type != ZYDIS_ELEMENT_TYPE_FLOAT32)
        return false;
    memcpy(&single, at, sizeof single);
    sn_decimal_write_f32(single, text);
    return single == 0 || isinf(single) || isnormal(single);
}

static void print_value(FILE *out, const unsigned char *at, const ZydisDecodedOperand *operand)
{
    char text[SN_DECIMAL_ROOM];
    uint64_t bits = 0;
    if (!print_float(text, at, operand)) {
        memcpy(&bits, at, operand->element_size >= 64 ? 8 : operand->element_size >= 32 ? 4 : 1);
        snprintf(text, sizeof text, "0x%llx", (unsigned long long)bits);
    }
    fprintf(out, "  ; %s", text);
}

/* A register that holds the address of constants: what the last `lea register, [rip + …]` put there, until it
 * is written again. */
typedef struct constant_base {
    ZydisRegister name; /* ZYDIS_REGISTER_NONE: there is none */
    const unsigned char *address;
} constant_base;

/* Where the operand's constant lies; NULL if it is no constant. */
static const unsigned char *constant_of(const ZydisDecodedOperand *operand, const unsigned char *behind,
                                        const constant_base *base)
{
    if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.type != ZYDIS_MEMOP_TYPE_MEM ||
        operand->mem.index != ZYDIS_REGISTER_NONE || !(operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ))
        return NULL;
    if (operand->mem.base == ZYDIS_REGISTER_RIP)
        return behind + operand->mem.disp.value;
    const bool based = base->name != ZYDIS_REGISTER_NONE && operand->mem.base == base->name;
    return based ? base->address + operand->mem.disp.value : NULL;
}

static ZydisRegister whole_register(ZydisRegister part)
{
    return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, part);
}

static void follow_base(const instruction *i, const unsigned char *behind, constant_base *base)
{
    const ZydisDecodedOperand *to = &i->operands[0], *from = &i->operands[1];
    for (unsigned k = 0; k < i->decoded.operand_count; k++)
        if (i->operands[k].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (i->operands[k].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
            whole_register(i->operands[k].reg.value) == base->name)
            base->name = ZYDIS_REGISTER_NONE;
    if (i->decoded.mnemonic == ZYDIS_MNEMONIC_LEA && from->mem.base == ZYDIS_REGISTER_RIP)
        *base = (constant_base){to->reg.value, behind + from->mem.disp.value};
}

static void print_constants(FILE *out, const instruction *i, const unsigned char *behind,
                            const constant_base *base)
{
    for (unsigned k = 0; k < i->decoded.operand_count_visible; k++) {
        const unsigned char *at = constant_of(&i->operands[k], behind, base);
        if (at)
            print_value(out, at, &i->operands[k]);
    }
}

void sn_cli_disassemble(FILE *out, const sinter_code_part *part)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    constant_base base = {ZYDIS_REGISTER_NONE, NULL};
    uint32_t mark = 0;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_FORCE_RELATIVE_RIPREL, ZYAN_TRUE);
    fprintf(out, "%s: %zu bytes\n", part->name, part->size);
    for (size_t offset = 0; offset < part->size;) {
        instruction i;
        char text[160];
        const unsigned char *bytes = part->address;
        print_marks(out, part, &mark, offset);
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes + offset, part->size - offset, &i.decoded,
                                                 i.operands))) {
            print_bytes(out, bytes, offset++, 1);
            continue;
        }
        ZydisFormatterFormatInstruction(&formatter, &i.decoded, i.operands, i.decoded.operand_count_visible,
                                        text, sizeof text, offset, ZYAN_NULL);
        fprintf(out, "    %04zx  %s", offset, text);
        offset += i.decoded.length;
        print_constants(out, &i, bytes + offset, &base);
        putc('\n', out);
        follow_base(&i, bytes + offset, &base);
    }
}

#else

const char *sn_cli_disassembler(void)
{
    return "none (built without Zydis)";
}

void sn_cli_disassemble(FILE *out, const sinter_code_part *part)
{
    enum { LINE = 16 };
    uint32_t mark = 0;
    fprintf(out, "%s: %zu bytes (built without Zydis: no disassembly)\n", part->name, part->size);
    for (size_t offset = 0; offset < part->size;) {
        print_marks(out, part, &mark, offset);
        size_t end = offset + LINE < part->size ? offset + LINE : part->size;
        if (mark < part->mark_count && part->marks[mark].offset < end)
            end = part->marks[mark].offset;
        print_bytes(out, part->address, offset, end - offset);
        offset = end;
    }
}

#endif
