/* What machine code may consist of, read back by a disassembler that is not ours: every part begins with
 * endbr64, holds whole instructions only, jumps to the beginnings of its own, calls nothing but its own cold
 * regions and enters no system; and nothing that a user chose (numbers of the text, contents of tables, fixed parameters) stands
 * in it, neither as an immediate nor anywhere among its bytes. */
#include <sinter/sinter.h>

#include <Zydis/Zydis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_BYTES = 1 << 16, MOST_NUMBERS = 8 };

/* The words that must not be found, low bytes first. */
typedef struct chosen {
    uint32_t words[MOST_NUMBERS];
    unsigned count;
} chosen;

static uint32_t f32_word(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t f64_word(double value, bool high)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint32_t)(high ? bits >> 32 : bits);
}

static bool is_chosen(const chosen *c, uint32_t word)
{
    for (unsigned k = 0; k < c->count; k++)
        if (c->words[k] == word)
            return true;
    return false;
}

static void check_bytes(const uint8_t *code, size_t size, const chosen *c, const char *text)
{
    for (size_t k = 0; k + 4 <= size; k++) {
        uint32_t word;
        memcpy(&word, code + k, sizeof word);
        if (is_chosen(c, word))
            fail_msg("\"%s\": %08x stands in the code at %zu", text, (unsigned)word, k);
    }
}

static bool is_forbidden(ZydisMnemonic m)
{
    switch (m) {
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_RCPPS:
    case ZYDIS_MNEMONIC_VRCPPS:
    case ZYDIS_MNEMONIC_VRSQRTPS:
    case ZYDIS_MNEMONIC_VRCP14PS:
    case ZYDIS_MNEMONIC_VRSQRT14PS:
    case ZYDIS_MNEMONIC_VRCP14PD:
    case ZYDIS_MNEMONIC_VRSQRT14PD: /* estimates differ between makers */ return true;
    default: return false;
    }
}

static void check_part(const sinter_code_part *part, const chosen *c, const char *text)
{
    static bool starts[MOST_BYTES + 1];
    static size_t targets[MOST_BYTES];
    size_t target_count = 0, returns = 0, calls = 0;
    const uint8_t *code = part->address;
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    assert_true(part->size <= MOST_BYTES);
    memset(starts, 0, sizeof starts);
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (size_t at = 0; at < part->size; at += instruction.length) {
        if (!ZYAN_SUCCESS(
                ZydisDecoderDecodeFull(&decoder, code + at, part->size - at, &instruction, operands)))
            fail_msg("\"%s\", %s: no instruction at %zu", text, part->name, at);
        starts[at] = true;
        assert_true(at > 0 || instruction.mnemonic == ZYDIS_MNEMONIC_ENDBR64);
        if (is_forbidden(instruction.mnemonic))
            fail_msg("\"%s\", %s: %s at %zu", text, part->name, ZydisMnemonicGetString(instruction.mnemonic),
                     at);
        returns += instruction.mnemonic == ZYDIS_MNEMONIC_RET;
        if (instruction.mnemonic == ZYDIS_MNEMONIC_CALL) { /* to one of its own instructions, as jumps go */
            calls++;
            assert_int_equal(operands[0].type, ZYDIS_OPERAND_TYPE_IMMEDIATE);
        }
        for (unsigned k = 0; k < instruction.operand_count; k++) {
            const ZydisDecodedOperand *o = &operands[k];
            if (o->type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
                continue;
            if (instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE && o->imm.is_relative)
                targets[target_count++] = at + instruction.length + (size_t)o->imm.value.s;
            else if (is_chosen(c, (uint32_t)o->imm.value.u) || is_chosen(c, (uint32_t)(o->imm.value.u >> 32)))
                fail_msg("\"%s\", %s: a number of the user's is an immediate at %zu", text, part->name, at);
        }
    }
    assert_in_range(returns, 1, 1 + calls); /* the function's own, and one a region */
    for (size_t k = 0; k < target_count; k++)
        if (targets[k] >= part->size || !starts[targets[k]])
            fail_msg("\"%s\", %s: a jump to %zu, where no instruction begins", text, part->name, targets[k]);
    check_bytes(code, part->size, c, text);
}

static void check_text(const char *text, sinter_options o, const chosen *c)
{
    for (int engine = SINTER_ENGINE_SCALAR; engine <= SINTER_ENGINE_AVX512; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        sinter_context *context;
        sinter_kernel *kernel;
        sinter_report report;
        sinter_code_part part;
        assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
        o.engine = (sinter_engine)engine;
        o.marks = o.function = true;
        if (sinter_compile(context, text, strlen(text), &o, &kernel, &report))
            fail_msg("\"%s\": %s", text, report.errors[0].message);
        uint32_t parts = 0;
        for (; sinter_kernel_code(kernel, parts, &part); parts++)
            check_part(&part, c, text);
        assert_true(parts > 0);
        sinter_kernel_close(kernel);
        sinter_close(context);
    }
}

static void numbers_stand_in_the_pool(void **state)
{
    (void)state;
    static const char *const names[] = {"gain"};
    static const double values[] = {0.71234567};
    check_text("x*0.12345678 + 7.6543217*sin(x*3.3333337) - (x > 4.5678912 ? y : 9.8765432)",
               (sinter_options){0},
               &(chosen){{f32_word(0.12345678f), f32_word(7.6543217f), f32_word(3.3333337f),
                          f32_word(4.5678912f), f32_word(9.8765432f)},
                         5});
    check_text("x*0.12345678901 + exp(x*1.2345678909)*y + f64(0.98765432101)",
               (sinter_options){.type = SINTER_F64},
               &(chosen){{f64_word(0.12345678901, true), f64_word(0.12345678901, false),
                          f64_word(1.2345678909, true), f64_word(1.2345678909, false),
                          f64_word(0.98765432101, true), f64_word(0.98765432101, false)},
                         6});
    check_text("i32(x)*1234567891 + xor(i32(y), 0x5EC12E70) + and(i32(x), 0x1F0E55AA)", (sinter_options){0},
               &(chosen){{1234567891, 0x5EC12E70, 0x1F0E55AA}, 3});
    check_text("param gain = 0.5 in 0..1\nx*gain",
               (sinter_options){.fixed_names = names, .fixed_values = values, .fixed_count = 1},
               &(chosen){{f32_word(0.71234567f)}, 1});
    check_text("param gain = 0.71234567 in 0..1.2345678\nx*gain + log(gain)", (sinter_options){0},
               &(chosen){{f32_word(0.71234567f), f32_word(1.2345678f), f64_word(0.71234567, true),
                          f64_word(0.71234567, false)},
                         4});
    check_text("table t = [0.12345678, 7.6543217, 3.3333337]\nt[i32(x)]*y", (sinter_options){0},
               &(chosen){{f32_word(0.12345678f), f32_word(7.6543217f), f32_word(3.3333337f)}, 3});
    check_text("input a\ny = a*0.12345678 + 0.76543217*y'\ny + delay(y, 100)*0.33333337",
               (sinter_options){.source = SINTER_PATCH},
               &(chosen){{f32_word(0.12345678f), f32_word(0.76543217f), f32_word(0.33333337f)}, 3});
    check_text("sin(x*7.6543217)*cos(y*3.3333337) + 0.12345678", (sinter_options){.domain = SINTER_GRID},
               &(chosen){{f32_word(0.12345678f), f32_word(7.6543217f), f32_word(3.3333337f)}, 3});
    check_text("x*0.12345678 + 7.6543217", (sinter_options){.sum = true},
               &(chosen){{f32_word(0.12345678f), f32_word(7.6543217f)}, 2});
}

/* Many numbers at once, which no register can hold. */
static void many_numbers_too(void **state)
{
    (void)state;
    static char text[40000];
    size_t at = (size_t)snprintf(text, sizeof text, "x");
    for (int k = 0; k < 600; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, "*%d.0625 + %d.4375*y", 1000 + k, 700 + k);
    for (int k = 0; k < 600; k += 4) {
        chosen c = {.count = MOST_NUMBERS};
        for (int i = 0; i < MOST_NUMBERS; i++)
            c.words[i] = f32_word(i & 1 ? 1000.0625f + (float)(k + i / 2) : 700.4375f + (float)(k + i / 2));
        if (k % 100 == 0)
            check_text(text, (sinter_options){0}, &c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_in_the_pool),
        cmocka_unit_test(many_numbers_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
