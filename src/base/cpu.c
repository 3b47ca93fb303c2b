/* CPU features: CPUID says what the processor has, XGETBV what the operating system saves at a context
 * switch.
 *
 * Both must agree. A kernel or a hypervisor that leaves the AVX-512 state switched off does not always hide
 * the CPUID bits, and the first instruction would then fault. The answer is kept in one atomic word whose top
 * bit means "found"; two threads that look at the same time find the same. An override stores into the same
 * word, so that there is no second piece of state that could disagree; the compare-and-swap keeps a late
 * first look from undoing it. */
#include "base/cpu.h"

#include <stdatomic.h>
#include <stddef.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define KNOWN (UINT32_C(1) << 31)

_Static_assert((1 << CPU_FEATURES) == CPU_NEON << 1, "CPU_FEATURES counts the bits");

static _Atomic uint32_t cached;

#if defined(__x86_64__)

typedef struct feature_bit {
    unsigned bit; /* of CPUID 7.0 */
    int feature;
} feature_bit;

static const feature_bit leaf7_ebx_512[] = {
    {16, CPU_AVX512F}, {17, CPU_AVX512DQ}, {30, CPU_AVX512BW}, {31, CPU_AVX512VL},
};

enum {
    XCR0_AVX = 0x06,   /* SSE and AVX: xmm, ymm */
    XCR0_AVX512 = 0xE6 /* and the mask registers, the upper halves of zmm0 to 15, zmm16 to 31 */
};

/* XCR0: which registers the operating system saves. Needs OSXSAVE. */
static uint32_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t detect(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX))
        return 0;
    const uint32_t saved = saved_registers();
    if ((saved & XCR0_AVX) != XCR0_AVX)
        return 0;

    uint32_t features = ecx & bit_FMA ? CPU_FMA : 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return features;
    if (ebx & bit_AVX2)
        features |= CPU_AVX2;
    if ((saved & XCR0_AVX512) != XCR0_AVX512 || !(ebx & bit_AVX512F))
        return features;
    for (size_t i = 0; i < sizeof leaf7_ebx_512 / sizeof *leaf7_ebx_512; i++)
        if (ebx >> leaf7_ebx_512[i].bit & 1)
            features |= (uint32_t)leaf7_ebx_512[i].feature;
    if (ecx & bit_AVX512VBMI)
        features |= CPU_AVX512VBMI;
    return features;
}

#elif defined(__aarch64__)

/* Advanced SIMD is part of the architecture's base for every system that runs programs such as this one. */
static uint32_t detect(void)
{
    return CPU_NEON;
}

#else

static uint32_t detect(void)
{
    return 0;
}

#endif

uint32_t sn_cpu_features(void)
{
    uint32_t mask = atomic_load_explicit(&cached, memory_order_relaxed);
    if (!mask) {
        const uint32_t found = detect() | KNOWN;
        if (atomic_compare_exchange_strong_explicit(&cached, &mask, found, memory_order_relaxed,
                memory_order_relaxed))
            mask = found;
    }
    return mask & ~KNOWN;
}

void sn_cpu_override(uint32_t mask)
{
    atomic_store_explicit(&cached, (detect() & mask) | KNOWN, memory_order_relaxed);
}

void sn_cpu_pretend(uint32_t features)
{
    atomic_store_explicit(&cached, features | KNOWN, memory_order_relaxed);
}

const char *sn_cpu_feature_name(unsigned index)
{
    static const char *const names[CPU_FEATURES] = {
        "avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512vbmi", "neon",
    };
    return index < CPU_FEATURES ? names[index] : NULL;
}
