/* The barrier behind which a code address may be used again.
 *
 * A processor that ran the old code, or guessed its way into it, may hold fetched or decoded bytes of it.
 * Releasing code means that no thread will call it, not that every core has forgotten it. membarrier with
 * SYNC_CORE interrupts the cores on which this process runs and lets every other thread pass a
 * core-serialising instruction before it returns to user mode. Old code is overwritten before the barrier, so
 * whatever is fetched after it is the filling or what is written later; writes invalidate fetched lines by
 * physical address. It costs 0.2 µs in a process of one thread, and an interrupt to each running core
 * otherwise, which is why released blocks are collected and share one.
 *
 * The other ways to force it (an mprotect that shoots down TLBs, a signal to every thread) are side effects
 * that no manual promises, or not a library's to use. Where this call is missing, addresses are not
 * reused. */
#include "exec/exec.h"

#if defined(__linux__)

#include <sys/syscall.h>
#include <unistd.h>

enum { /* <linux/membarrier.h>, since Linux 4.16 */
    PRIVATE_EXPEDITED_SYNC_CORE = 1 << 5,
    REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 1 << 6
};

static bool membarrier(int command)
{
#if defined(SYS_membarrier)
    return syscall(SYS_membarrier, command, 0, 0) == 0;
#else
    (void)command;
    return false;
#endif
}

bool sn_exec_barrier_register(void)
{
    return membarrier(REGISTER_PRIVATE_EXPEDITED_SYNC_CORE);
}

bool sn_exec_barrier(void)
{
    return membarrier(PRIVATE_EXPEDITED_SYNC_CORE);
}

#else

bool sn_exec_barrier_register(void)
{
    return false;
}

bool sn_exec_barrier(void)
{
    return false;
}

#endif
