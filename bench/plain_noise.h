/* Noise in plain C, as a programmer would write it, one point at a time: what trees are walked with, what
 * compiled kernels are compared with (bit for bit), and, as loops that a C compiler makes of it, what they
 * are timed against. Single precision; the functions are those of src/lib/noise.sn. */
#ifndef SN_BENCH_PLAIN_NOISE_H
#define SN_BENCH_PLAIN_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* A function that texts call, with up to three arguments. */
typedef struct plain_function {
    const char *name;
    int arguments;
    float (*f)(float a, float b, float c); /* those that it does not have are 0 */
} plain_function;

/* NULL where there is none of that name and so many arguments. */
const plain_function *sn_plain_function(const char *name, size_t length, int arguments);

/* The fields of the workloads: out[i] of x[i] and y[i]. */
typedef void (*plain_field)(const float *restrict x, const float *restrict y, float *restrict out,
                            int64_t count);
/* By the workload's name, compiled for AVX2 where the machine has it; NULL where there is none. */
plain_field sn_plain_field(const char *workload);

#endif
