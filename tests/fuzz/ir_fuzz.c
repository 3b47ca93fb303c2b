/* The text form of programs, from any bytes: reading never fails but by an error with a place; what is read prints,
 * and reads and prints again as the same; what the verifier accepts it accepts after the passes too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ir/ir.h"
#include "opt/opt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void check_report(const sinter_report *report)
{
    require(report->count > 0 && report->count <= SINTER_MAX_ERRORS && report->total >= report->count);
    for (int k = 0; k < report->count; k++) {
        const sinter_error *e = &report->errors[k];
        require(e->status != SINTER_OK && e->line >= 1 && e->column >= 1 && e->width >= 1);
        require(e->excerpt_column >= 1 && (size_t)e->excerpt_column <= strlen(e->excerpt) + 1);
        require(e->message[0] && strlen(e->message) < sizeof e->message && strlen(e->hint) < sizeof e->hint);
        require(!strpbrk(e->message, "\n\t") && !strpbrk(e->excerpt, "\n\t"));
    }
}

/* Prints, reads, prints: the same text. */
static void check_round_trip(const ir_program *p, arena *memory)
{
    text first, second;
    ir_program again;
    sn_text_open(&first, memory);
    sn_text_add(&first, "");
    sn_ir_print(p, &first);
    sn_ir_open(&again, memory, 0);
    require(sn_ir_parse(&again, first.start, first.length, NULL) == SINTER_OK);
    require(again.count == p->count && !memcmp(again.ops, p->ops, p->count * sizeof *p->ops));
    sn_text_open(&second, memory);
    sn_text_add(&second, "");
    sn_ir_print(&again, &second);
    require(first.length == second.length && !strcmp(first.start, second.start));
}

static void run_passes(ir_program p, arena *memory, bool relaxed)
{
    size_t unknown;
    require(!sn_opt_run(&p, memory, NULL, relaxed, NULL, &unknown));
    require(p.status == SINTER_OK && !sn_ir_verify(&p, memory));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena memory;
    ir_program p;
    sinter_report report;
    sn_arena_open(&memory, NULL);
    sn_ir_open(&p, &memory, size ? data[0] & 7 : 0); /* under any local rules */
    if (sn_ir_parse(&p, (const char *)data, size, &report) == SINTER_OK) {
        require(report.count == 0);
        check_round_trip(&p, &memory);
        if (!sn_ir_verify(&p, &memory)) {
            run_passes(p, &memory, false);
            run_passes(p, &memory, true);
        }
    } else {
        check_report(&report);
    }
    sn_arena_close(&memory);
    return 0;
}
