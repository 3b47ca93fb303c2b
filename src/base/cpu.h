/* What this processor can do, as one mask.
 *
 * A bit says that the instructions exist and that the operating system keeps their registers (XGETBV), so
 * that a bit which is set may be used at once. A bit says nothing about the others: AVX-512 code asks for
 * CPU_X64_AVX512 whole. Every function may be called from any thread; the mask is found on the first call
 * (some hundred nanoseconds, in a virtual machine some microseconds) and read from one atomic word from then
 * on. The environment is not consulted. */
#ifndef SN_BASE_CPU_H
#define SN_BASE_CPU_H

#include <stdint.h>

enum {
    CPU_AVX2 = 1 << 0,
    CPU_FMA = 1 << 1,
    CPU_AVX512F = 1 << 2,
    CPU_AVX512DQ = 1 << 3,
    CPU_AVX512BW = 1 << 4,
    CPU_AVX512VL = 1 << 5,
    CPU_AVX512VBMI = 1 << 6,
    CPU_NEON = 1 << 7,
    CPU_FEATURES = 8, /* how many bits there are */

    /* What the encoders ask for. */
    CPU_X64_AVX2 = CPU_AVX2 | CPU_FMA,
    CPU_X64_AVX512 = CPU_X64_AVX2 | CPU_AVX512F | CPU_AVX512DQ | CPU_AVX512BW | CPU_AVX512VL
};

/* The mask; 0 on a machine that Sinter knows nothing of. */
uint32_t sn_cpu_features(void);

/* For tests: leaves only those features that the processor has and `mask` names; UINT32_MAX undoes it. It
 * cannot add what the processor lacks. It concerns the whole process from the next sn_cpu_features on, not
 * the kernels that exist. */
void sn_cpu_override(uint32_t mask);
/* For programs that write code for other processors and do not run it, while the library is built: these features, whatever there is. */
void sn_cpu_pretend(uint32_t features);

/* "avx512dq", the name that Linux shows for the bit 1 << index; NULL from CPU_FEATURES on. */
const char *sn_cpu_feature_name(unsigned index);

#endif
