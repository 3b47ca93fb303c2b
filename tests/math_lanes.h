/* A small evaluator for the tests of src/math: a program of pure operations, an operation at a time over a
 * block of elements, fast enough for millions of arguments when compiled for the machine at hand. It is
 * written apart from the engines and from the constant folder, so that the expansions are measured on
 * operations that nobody else's code defines. */
#ifndef TESTS_MATH_LANES_H
#define TESTS_MATH_LANES_H

#include "ir/ir.h"

enum { LANES = 512 };

typedef union lanes {
    float f32[LANES];
    double f64[LANES];
    int32_t i32[LANES]; /* masks are −1 or 0 */
    uint32_t u32[LANES];
    uint64_t u64[LANES];
} lanes;

/* Values: one for each operation of the program, filled with its constants. NULL when memory is out; freed
 * with free. */
lanes *lanes_open(const ir_program *p);
/* Computes every operation from the arguments that stand in the values of the INPUT operations. */
void lanes_run(const ir_program *p, lanes *values);

#endif
