/* sinter dump: a program at one of the stages between its text and its machine code. */
#include "cli/command.h"

#include "base/arena.h"
#include "lang/lang.h"

#include <stdlib.h>
#include <string.h>

/* What a text of the language is, if nobody says: a density where it has a distribution at its end or behind `~`, a patch where it has inputs, state or the rate. */
static sinter_source source_of(const arguments *a, const program_text *p)
{
    arena memory;
    if (a->field || a->grid || a->patch || a->density)
        return a->density ? SINTER_DENSITY : a->patch ? SINTER_PATCH : SINTER_FIELD;
    sn_arena_open(&memory, NULL);
    const bool density = sn_lang_is_density(&memory, p->text, p->length), patch = sn_lang_is_patch(&memory, p->text, p->length);
    sn_arena_close(&memory);
    return density ? SINTER_DENSITY : patch ? SINTER_PATCH : SINTER_FIELD;
}

static sinter_options options_of(const arguments *a, const program_text *p)
{
    const sinter_source source = p->form == FORM_LANGUAGE ? source_of(a, p) : SINTER_FIELD;
    sinter_options options = sn_cli_options_of(a, p, source == SINTER_PATCH);
    if (source == SINTER_DENSITY) {
        options.source = source;
        options.drop = a->drop;
        options.type = a->type_given ? a->type : SINTER_F64;
    }
    options.domain = a->grid ? SINTER_GRID : SINTER_POINTS;
    options.passes = a->passes;
    return options;
}

static void print_text(const arguments *a, const char *text, size_t length)
{
    static const char *const names[] = {"explain", "ir", "plan", "asm", "c", "dot"};
    if (!a->json) {
        fwrite(text, 1, length, stdout);
        return;
    }
    printf("{\"%s\":", names[a->part]);
    sn_cli_print_json_text(stdout, text, length);
    puts("}");
}

static int dump_text(const arguments *a, const preparation *p)
{
    static const sinter_dump_kind kinds[] = {[DUMP_EXPLAIN] = SINTER_DUMP_EXPLAIN,
                                             [DUMP_IR] = SINTER_DUMP_IR,
                                             [DUMP_PLAN] = SINTER_DUMP_PLAN,
                                             [DUMP_C] = SINTER_DUMP_C,
                                             [DUMP_DOT] = SINTER_DUMP_DOT};
    static sinter_report report;
    const sinter_options options = options_of(a, &p->program);
    const sinter_dump_options dump_options = {.size = sizeof dump_options,
                                              .passes = a->passes,
                                              .function_name = a->function_name,
                                              .ir_text = p->program.form == FORM_IR};
    char *text;
    size_t length;
    const sinter_status status = sinter_dump(p->context, p->program.text, p->program.length, &options,
                                             kinds[a->part], &dump_options, &text, &length, &report);
    if (status != SINTER_OK) {
        snprintf(report.name, sizeof report.name, "%s", p->program.name); /* of operations, too */
        return sn_cli_print_report(status, &report);
    }
    print_text(a, text, length);
    sinter_dump_release(p->context, text, length);
    return STATUS_GOOD;
}

/* ---- machine code ---- */

static int print_code(const preparation *p, FILE *out)
{
    sinter_code_part part;
    uint32_t k = 0;
    for (; sinter_kernel_code(p->kernel, k, &part); k++) {
        if (k)
            putc('\n', out);
        sn_cli_disassemble(out, &part);
    }
    return k > 0
               ? STATUS_GOOD
               : sn_cli_fail("there is no machine code: %s runs it (%s)", sinter_engine_name(p->info.engine),
                             *p->info.engine_reason ? p->info.engine_reason : "as --engine says");
}

static int print_code_as_json(const arguments *a, const preparation *p)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return sn_cli_fail("out of memory");
    int status = print_code(p, out);
    if (fclose(out) != 0)
        status = sn_cli_fail("out of memory");
    if (status == STATUS_GOOD)
        print_text(a, text, length);
    free(text);
    return status;
}

static int dump_code(const arguments *a, preparation *p)
{
    if (p->program.form == FORM_IR)
        return sn_cli_fail(
            "operations as text are not compiled: --ir, --plan, --explain, --c and --dot show them");
    sinter_options options = options_of(a, &p->program);
    options.marks = true;
    const int status = sn_cli_compile(a, p, &options);
    if (status != STATUS_GOOD)
        return status;
    return a->json ? print_code_as_json(a, p) : print_code(p, stdout);
}

int sn_cli_dump(const arguments *a)
{
    preparation p;
    int status = sn_cli_open_preparation(a, &p);
    if (status == STATUS_GOOD)
        status = a->part == DUMP_ASM ? dump_code(a, &p) : dump_text(a, &p);
    sn_cli_close_preparation(&p);
    return status;
}
