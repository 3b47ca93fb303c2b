/* What the tests in tests/ir do with a program beyond reading it: passes, and runs on every engine. */
#ifndef SN_TESTS_IR_ENGINES_H
#define SN_TESTS_IR_ENGINES_H

#include "base/text.h"
#include "ir/ir.h"

/* Prints the program, which is replaced, after the passes named, and what each removed; `default`, `default
 * relaxed`: those that strict and relaxed programs get. */
void run_passes(ir_program *p, arena *memory, const char *passes, text *out);

/* Prints the program, which is replaced, after it has been differentiated: `wanted` is auto, forward or reverse, then names. */
void run_gradient(ir_program *p, arena *memory, const char *wanted, text *out);

/* Runs the program over the elements that the comments in `comments` give and prints every output and total
 * as a table. The reference runs element by element in plain C; every engine must agree with it bit for bit,
 * NaNs counting as equal; where one does not, a line says so. */
void run_bits(const ir_program *p, const char *comments, size_t length, arena *memory, text *out);

#endif
