/* The default floating-point mode for the length of a call: round to nearest, subnormals kept, exceptions masked. The caller's mode is
 * read (a few cycles) and set back only if it differed. */
#ifndef SN_KERNEL_FLOAT_MODE_H
#define SN_KERNEL_FLOAT_MODE_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>

typedef unsigned float_mode;
enum { FLOAT_MODE_DEFAULT = 0x1F80, FLOAT_MODE_CONTROL = 0xFFC0 }; /* MXCSR without its sticky flags */

static inline float_mode sn_float_mode_enter(void)
{
    const float_mode mode = _mm_getcsr();
    if ((mode & FLOAT_MODE_CONTROL) != FLOAT_MODE_DEFAULT)
        _mm_setcsr(FLOAT_MODE_DEFAULT);
    return mode;
}

static inline void sn_float_mode_leave(float_mode mode)
{
    if ((mode & FLOAT_MODE_CONTROL) != FLOAT_MODE_DEFAULT)
        _mm_setcsr(mode);
}
#elif defined(__aarch64__)
typedef uint64_t float_mode;

static inline float_mode sn_float_mode_enter(void)
{
    float_mode mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    if (mode)
        __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
    return mode;
}

static inline void sn_float_mode_leave(float_mode mode)
{
    if (mode)
        __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
#else
typedef int float_mode;

static inline float_mode sn_float_mode_enter(void)
{
    return 0;
}

static inline void sn_float_mode_leave(float_mode mode)
{
    (void)mode;
}
#endif

#endif
