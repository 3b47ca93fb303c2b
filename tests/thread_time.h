/* What tests of growth measure with: the thread's own time, with memory that is touched once. A kernel may take 10 us
 * to hand out a page (virtual machines do), and only large programs reach the sizes that malloc gives back at once. */
#ifndef TESTS_THREAD_TIME_H
#define TESTS_THREAD_TIME_H

#include <malloc.h>
#include <time.h>

static inline double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* From here on what is freed stays with the process, so that the second run of several finds it there. */
static inline void keep_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

#endif
