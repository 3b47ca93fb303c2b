/* Counters: integers that grow by steady steps.
 *
 * Purpose: the phase of an oscillator, p = p' + step, is a cycle, and so it would run one element at a time, and small neighbours with
 * it. But integers wrap, so that sums of them are exact in any order: k elements after the chunk's first one, p' is
 * p0 + k*step, where p0 is the value that the line has when the chunk begins. With a step that changes at segment borders only that
 * is a value like any other, made in lanes, strict programs included, and the line's own value moves once a chunk, by as many
 * steps as there were elements. The state is that of the source, bit for bit.
 *
 * A step that varies by element keeps its cycle, one addition in a loop of its own (0.5 ns an element on Zen 1). As a prefix sum in
 * lanes it would draw what comes before it, the frequency in f64, and what follows, the waveform in f32, into one
 * loop of the wider type's lanes, and the waveform would lose more than the sum gains.
 *
 * What counts: a line of one i32 whose value is its own last one plus something of segment rate, and which is
 * read at the delay 1 only. Lines that keep more values stay as they are: what they hold when a kernel takes
 * over need not lie a step apart. Why it ends: one walk over the operations, and another for what is live
 * afterwards, since nothing needs the sum that was written but who reads it otherwise. */
#include "plan/plan.h"

/* The step, if the write is that of a counter; else 0. */
static ir_ref step_of(const ir_program *p, const ir_op *write)
{
    const ir_memory *line = &p->memories[write->b];
    const ir_op *sum = &p->ops[write->a];
    if (line->length != 1 || line->type != IR_I32 || line->flush || sum->code != IR_ADD)
        return 0;
    for (unsigned k = 0; k < 2; k++) {
        const ir_op *read = &p->ops[k ? sum->b : sum->a];
        const ir_ref step = k ? sum->a : sum->b;
        if (read->code == IR_READ && read->a == write->b && !(p->ops[step].axes & ~(unsigned)IR_AXIS_SEGMENT))
            return step;
    }
    return 0;
}

sinter_status sn_plan_find_counters(const ir_program *p, uint8_t **live, arena *memory, const ir_ref **steps)
{
    *steps = NULL;
    ir_ref *found = NULL;
    for (ir_ref r = 1; r < p->count; r++) {
        if (p->ops[r].code != IR_WRITE || !(*live)[r])
            continue;
        const ir_ref step = step_of(p, &p->ops[r]);
        if (!step)
            continue;
        if (!found && !(found = sn_arena_take_zeroed(memory, p->memory_count * sizeof *found)))
            return SINTER_NO_MEMORY;
        found[p->ops[r].b] = step;
    }
    if (!found)
        return SINTER_OK;
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_READV)
            found[p->ops[r].b] = 0;
    *steps = found;
    *live = sn_ir_find_live_beside(p, found, memory);
    return *live ? SINTER_OK : SINTER_NO_MEMORY;
}
