/* Writes of delay lines, with denormals, infinities and NaN kept out of cycles. */
#ifndef SN_OPT_FLUSH_H
#define SN_OPT_FLUSH_H

#include "ir/ir.h"

typedef struct opt_line_write {
    uint32_t line; /* a memory object of kind IR_LINE that nothing writes yet */
    ir_ref value;  /* what enters it at each element */
} opt_line_write;

/* Emits the WRITE of each line, once all its reads have been emitted. A line of floats through which a value
 * comes back to itself is flushed: by its memory object's `flush` where the cycle reads it at delay 1 (the
 * engines flush at ticks), else by an explicit select before the write. Values of magnitude below 1e-30 (f32)
 * or 1e-250 (f64) become 0, and those that are not finite. Linear in the size of the program. Errors: the program's status
 * (SINTER_NO_MEMORY). */
void sn_opt_write_lines(ir_program *program, arena *scratch, const opt_line_write *writes, uint32_t count);

#endif
