/* A few programs, precisely: every byte of their machine code, for one lane, AVX2 and AVX-512, against tests/listings/NAME.txt. Whether code is right, others
 * prove; this shows what becomes of a change to plans, allocation or encoders, and that nothing else became of it. Only compiled, never run, so that all
 * three take part on any x86-64.
 *
 * Lines are an offset, the bytes, and what Zydis reads in them, which is for readers: only offsets and bytes are compared. With SINTER_UPDATE=1 in the environment
 * the files are written anew. */
#include "code/x64/x64.h"
#include "kernel/kernels.h"
#include "lang/lang.h"
#include "opt/opt.h"

#include <Zydis/Zydis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_TEXT = 1 << 17, TEXT_COLUMN = 34 };

typedef struct listed {
    const char *name, *text;
    ir_type type;
    bool total;
} listed;

static const listed programs[] = {
    {"gain", "x*0.8", IR_F32, false},
    {"circle", "sqrt(x*x + y*y) - 0.5", IR_F32, false},
    {"choice", "x < 0 && y >= x ? -x : x*y", IR_F64, false},
    {"mixture", "f64(x)*0.1 + i32(y)", IR_F32, false}, /* three types, and lanes of two widths, in one loop */
    {"table", "table t = [3, 1, 4, 1, 5, 9, 2, 6]\nt[x]", IR_F32, false},
    {"peak", "input x\nparam c = 0.99 in 0..1\ny = max(abs(x), c*y')\nout y", IR_F32, false}, /* a cycle: one element after the other */
    {"sum", "param c = 0.3\n(x - c)*(x - c)", IR_F64, true}, /* partial sums, and what is the same for all, in registers */
};

static const struct {
    const char *name;
    x64_isa isa;
} targets[] = {{"one lane", X64_ONE_LANE}, {"AVX2", X64_AVX2}, {"AVX-512", X64_AVX512}};

/* ---- making listings ---- */

typedef struct listing {
    char text[MOST_TEXT];
    size_t length;
} listing;

__attribute__((format(printf, 2, 3))) static void say(listing *l, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(l->text + l->length, sizeof l->text - l->length, format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && (size_t)n < sizeof l->text - l->length);
    l->length += (size_t)n;
}

static void list_function(listing *l, const x64_output *out, const x64_function *f)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const uint8_t *code = out->code + f->start;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_FORCE_RELATIVE_RIPREL, ZYAN_TRUE);
    for (size_t at = 0; at < f->size; at += instruction.length) {
        char text[160];
        assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, f->size - at, &instruction, operands)));
        ZydisFormatterFormatInstruction(&formatter, &instruction, operands, instruction.operand_count_visible, text, sizeof text, at, NULL);
        const size_t start = l->length;
        say(l, "%04zx  ", at);
        for (unsigned k = 0; k < instruction.length; k++)
            say(l, "%02x", code[at + k]);
        say(l, "%*s%s\n", (int)(l->length - start < TEXT_COLUMN ? TEXT_COLUMN - (l->length - start) : 1), "", text);
    }
}

static void list_plan(listing *l, const plan *p, const void *const *tables, arena *memory)
{
    arena passing;
    sn_arena_open(&passing, NULL);
    for (unsigned t = 0; t < sizeof targets / sizeof *targets; t++) {
        const x64_options options = {.isa = targets[t].isa, .tables = tables};
        x64_output out;
        sn_x64_output_open(&out, memory, &passing);
        for (uint32_t k = 0; k < p->loop_count; k++) {
            const x64_function f = sn_x64_loop(&out, p, &p->loops[k], &p->loops[k].body[0], &options);
            assert_int_equal(out.status, SINTER_OK);
            say(l, "\n%s, loop %u\n", targets[t].name, (unsigned)k);
            list_function(l, &out, &f);
        }
    }
    sn_arena_close(&passing);
}

static void make_listing(listing *l, const listed *program)
{
    arena memory, scratch;
    ir_program ir;
    plan p;
    sinter_report report;
    size_t unknown;
    const size_t length = strlen(program->text);
    sn_arena_open(&memory, NULL);
    sn_arena_open(&scratch, NULL);
    sn_ir_open(&ir, &memory, IR_IDENTITY | IR_FOLD | IR_SIGNS);
    const lang_options options = {.type = program->type, .patch = sn_lang_is_patch(&scratch, program->text, length)};
    if (sn_lang_lower(&ir, &scratch, program->text, length, &options, &report))
        fail_msg("%s: %s", program->name, report.errors[0].message);
    assert_null(sn_opt_run(&ir, &memory, NULL, options.patch, NULL, &unknown));
    if (program->total) {
        const ir_program terms = ir;
        sn_opt_total(&terms, &ir, &memory, IR_IDENTITY | IR_FOLD | IR_SIGNS);
    }
    assert_int_equal(sn_plan_make(&p, &ir, 0, &memory), SINTER_OK);
    const void **tables = sn_arena_take_zeroed(&memory, (ir.memory_count + 1) * sizeof *tables);
    l->length = 0;
    say(l, "%s\n", program->text);
    list_plan(l, &p, tables, &memory);
    sn_arena_close(&scratch);
    sn_arena_close(&memory);
}

/* ---- comparing ---- */

/* How much of a line counts: offset and bytes; of a line without them, all. */
static size_t counting(const char *line, size_t length)
{
    const size_t offset = strspn(line, "0123456789abcdef");
    if (offset < 4 || line[offset] != ' ')
        return length;
    return offset + 2 + strspn(line + offset + 2, "0123456789abcdef");
}

static void compare(const char *name, const char *now, const char *wanted)
{
    for (unsigned number = 1; *now || *wanted; number++) {
        const size_t length = strcspn(now, "\n"), other = strcspn(wanted, "\n");
        const size_t counts = counting(now, length), counts_there = counting(wanted, other);
        if (counts != counts_there || strncmp(now, wanted, counts) != 0)
            fail_msg("listings/%s.txt:%u: %.*s\nnow: %.*s\n(SINTER_UPDATE=1 writes it anew)", name, number, (int)other, wanted, (int)length, now);
        now += length + (now[length] != 0);
        wanted += other + (wanted[other] != 0);
    }
}

static void code_is_as_listed(void **state)
{
    (void)state;
    static listing l;
    static char wanted[MOST_TEXT];
    const char *tests = getenv("SINTER_TESTS");
    if (SINTER_HOSTILE)
        skip();
    for (size_t k = 0; k < sizeof programs / sizeof *programs; k++) {
        char path[1200];
        make_listing(&l, &programs[k]);
        snprintf(path, sizeof path, "%.1023s/listings/%s.txt", tests ? tests : "tests", programs[k].name);
        const bool update = getenv("SINTER_UPDATE") != NULL;
        FILE *file = fopen(path, update ? "wb" : "rb");
        if (!file)
            fail_msg("%s cannot be opened", path);
        if (update)
            assert_int_equal(fwrite(l.text, 1, l.length, file), l.length);
        else
            wanted[fread(wanted, 1, sizeof wanted - 1, file)] = 0;
        fclose(file);
        if (!update)
            compare(programs[k].name, l.text, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(code_is_as_listed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
