/* libFuzzer on the `.vm` form: no crash, and a program that the verifier accepts where there is no error. The
 * first byte chooses the type and the builder's rules. */
#include "lang/lang.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const lang_options options = {.type = data[0] & 1 ? IR_F64 : IR_F32};
    arena memory, scratch;
    ir_program p;
    sinter_report report;
    sn_arena_open(&memory, NULL);
    sn_arena_open(&scratch, NULL);
    sn_ir_open(&p, &memory, data[0] & 2 ? IR_IDENTITY | IR_FOLD : 0);
    const sinter_status status =
        sn_vm_lower(&p, &scratch, (const char *)data + 1, size - 1, &options, &report);
    const char *violation = status == SINTER_OK ? sn_ir_verify(&p, &memory) : NULL;
    if (violation || (status == SINTER_OK) != (report.count == 0)) {
        fprintf(stderr, "%s\n", violation ? violation : "status and report disagree");
        abort();
    }
    sn_arena_close(&memory);
    sn_arena_close(&scratch);
    return 0;
}
