/* The interpreter: the plan's loops without machine code, with the bits of every other engine. It serves
 * where code memory is refused, on machines without an encoder, and as the reference that generated code is
 * compared with.
 *
 *   interp_code.h   what a prepared body is: instructions, operand places, the tables of inner loops
 *   prepare.c       plan → interp_code: the choice of form, constants
 *   prepare_blocks.c, prepare_scalar.c   the two forms; temporaries by live range
 *   run_blocks.c    vector loops: one operation over a block of elements at a time
 *   elements.h      each operation's meaning on one element, in C
 *   block_loops.h, scalar_loop.h   the inner loops of both forms, compiled once for each instruction set by
 *                   engine_baseline.c, engine_avx2.c and engine_avx512.c
 *
 * PLAN_TIME loops run an operation over a block of 16 to 512 elements at a time; PLAN_SCALAR loops run all
 * operations of one element, then the next. */
#ifndef SN_INTERP_INTERP_H
#define SN_INTERP_INTERP_H

#include "plan/plan.h"

/* The plan's bodies with a temporary for each live value. Never changes after it was made: any number of
 * threads may run it at once, each with a frame and a workspace of its own. It holds no pointer into the
 * plan. */
typedef struct interp_code interp_code;

/* Prepares every body of the plan; the result lives in `memory`. Picks the inner loops by sn_cpu_features().
 * Linear time. Errors: NO_MEMORY; BAD_PROGRAM where a body holds a MATH operation. */
sinter_status sn_interp_prepare(const plan *p, arena *memory, interp_code **out);

/* Bytes that one run needs, a multiple of 64, never 0. At most 32 KiB unless more than about 500 values are
 * live at once (f64). */
size_t sn_interp_workspace(const interp_code *code);

/* Runs body `body` (0 or 1) of loop `loop` for the elements [begin, end) of the frame. The workspace is
 * 64-byte aligned, of sn_interp_workspace bytes, and need not be initialised. Streams may lie at any address;
 * an output may be an input. Element i is added to partial sum i mod 64 (f32) or 32 (f64) of its total.
 * Held lines are updated in place at the end. The floating-point mode must be the default one. Real-time
 * safe, reentrant. */
void sn_interp_loop(const interp_code *code, uint32_t loop, uint32_t body, uint64_t *frame, int64_t begin,
                    int64_t end, void *workspace);

/* One element of a program without state or sums: runs the ELEMENT loops for element 0 of the frame. Inputs
 * and outputs are bits, in the low bytes (the rest of an output is 0); the frame's input and output pointers
 * are overwritten; its uniforms (and buffers, where values cross loops) must be ready. Real-time safe,
 * reentrant. */
void sn_interp_one(const interp_code *code, uint64_t *frame, const uint64_t *inputs, uint64_t *outputs,
                   void *workspace);

/* What the inner loops were compiled for: "baseline", "avx2" or "avx512". */
const char *sn_interp_instructions(const interp_code *code);

#endif
