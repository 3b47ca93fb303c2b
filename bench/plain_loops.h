/* The gain in plain C, as a compiler makes it: what generated code has to be no slower than. */
#ifndef SN_BENCH_PLAIN_LOOPS_H
#define SN_BENCH_PLAIN_LOOPS_H

#include <stdint.h>

typedef void (*plain_loop)(const float *restrict in, float *restrict out, int64_t count, float gain);
typedef float (*plain_sample)(float in, float gain);

/* Vectorised by the compiler for the plainest machine, for AVX2, for AVX-512; the latter two NULL where the
 * machine lacks them. */
plain_loop sn_plain_loop(void);
plain_loop sn_plain_loop_avx2(void);
plain_loop sn_plain_loop_avx512(void);
/* A function that gains one sample, and a loop that calls one for each, through its pointer. */
float sn_plain_gain(float in, float gain);
void sn_plain_calls(plain_sample f, const float *in, float *out, int64_t count, float gain);
/* The same for a compiled function of one sample. */
void sn_plain_function_calls(float (*f)(float), const float *in, float *out, int64_t count);

#endif
