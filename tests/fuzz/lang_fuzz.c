/* libFuzzer on the language: whatever the text, no crash, a report that can be shown, and a program that the
 * verifier accepts where there is no error. The first byte chooses field, patch or density, the type, the builder's
 * rules and the quantity. */
#include "lang/lang.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void complain(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const unsigned choice = data[0];
    const lang_options options = {
        .type = choice & 1 ? IR_F64 : IR_F32, .patch = (choice & 18) == 2, .inputs = choice & 4 ? "x y" : NULL,
        .density = choice & 16, .quantity = choice & 16 ? (lang_member)(choice >> 5) : LANG_LOG_DENSITY};
    arena memory, scratch;
    ir_program p;
    sinter_report report;
    char shown[1024];
    sn_arena_open(&memory, NULL);
    sn_arena_open(&scratch, NULL);
    sn_ir_open(&p, &memory, choice & 8 ? IR_IDENTITY | IR_FOLD : 0);
    const sinter_status status =
        sn_lang_lower(&p, &scratch, (const char *)data + 1, size - 1, &options, &report);
    if ((status == SINTER_OK) != (report.count == 0))
        complain("status and report disagree");
    for (int k = 0; k < report.count; k++) {
        const sinter_error *e = &report.errors[k];
        if (status != SINTER_OK
            && (!e->message[0] || (e->line > 0 && (e->column < 1 || e->width < 1 || e->excerpt_column < 1))))
            complain("an error without message or place");
        sinter_report_format(&report, k, shown, sizeof shown);
    }
    const char *violation = status == SINTER_OK ? sn_ir_verify(&p, &memory) : NULL;
    if (violation)
        complain(violation);
    sn_lang_is_patch(&scratch, (const char *)data + 1, size - 1);
    sn_lang_is_density(&scratch, (const char *)data + 1, size - 1);
    sn_arena_close(&memory);
    sn_arena_close(&scratch);
    return 0;
}
