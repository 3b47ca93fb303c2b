/* Plain C for the prototype's table. Each loop is compiled for the instruction set that its attribute names,
 * at the optimisation level 3 whatever the rest is built with (clang knows no such attribute and takes the
 * level of the build). */
#include "plain_loops.h"

#include <stddef.h>

#if defined(__clang__)
#define PLAIN
#define PLAIN_ON(target_of) __attribute__((target(target_of)))
#define WIDE ""
#else
#define PLAIN __attribute__((optimize("O3")))
#define PLAIN_ON(target_of) __attribute__((optimize("O3"), target(target_of)))
#define WIDE ",prefer-vector-width=512"
#endif

#define DEFINE_LOOP(NAME, ATTRIBUTE) \
    ATTRIBUTE static void NAME(const float *restrict in, float *restrict out, int64_t count, float gain) \
    { \
        for (int64_t i = 0; i < count; i++) \
            out[i] = in[i] * gain; \
    }

DEFINE_LOOP(gain_loop, PLAIN)

plain_loop sn_plain_loop(void)
{
    return gain_loop;
}

#if defined(__x86_64__)
DEFINE_LOOP(gain_loop_avx2, PLAIN_ON("avx2,fma"))
DEFINE_LOOP(gain_loop_avx512, PLAIN_ON("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl" WIDE))

plain_loop sn_plain_loop_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? gain_loop_avx2 : NULL;
}

plain_loop sn_plain_loop_avx512(void)
{
    const int all = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
                    && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return all ? gain_loop_avx512 : NULL;
}
#else
plain_loop sn_plain_loop_avx2(void)
{
    return NULL;
}

plain_loop sn_plain_loop_avx512(void)
{
    return NULL;
}
#endif

float sn_plain_gain(float in, float gain)
{
    return in * gain;
}

void sn_plain_calls(plain_sample f, const float *in, float *out, int64_t count, float gain)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = f(in[i], gain);
}

void sn_plain_function_calls(float (*f)(float), const float *in, float *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = f(in[i]);
}
