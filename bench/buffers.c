/* Arrays whose addresses do not disturb the measurement. A load that follows a store to an address with the
 * same low 12 bits waits for it on most x86-64 processors (up to 1.6 times as long for a whole kernel), so
 * that arrays start at different distances from a multiple of 4096; all are aligned to cache lines, and every
 * page has been touched. */
#include "bench.h"

#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, STAGGER = 17 * 64 };

bool sn_bench_buffers_open(bench_buffers *buffers, size_t size)
{
    const size_t each = (size + BENCH_BUFFERS * STAGGER + 2 * PAGE - 1) / PAGE * PAGE;
    memset(buffers, 0, sizeof *buffers);
    void *mapping =
        mmap(NULL, BENCH_BUFFERS * each, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        return false;
    memset(mapping, 0, BENCH_BUFFERS * each);
    buffers->mapping = mapping;
    buffers->mapped = BENCH_BUFFERS * each;
    for (size_t k = 0; k < BENCH_BUFFERS; k++)
        buffers->at[k] = (char *)mapping + k * each + k * STAGGER;
    return true;
}

void sn_bench_buffers_close(bench_buffers *buffers)
{
    if (buffers->mapping)
        munmap(buffers->mapping, buffers->mapped);
    memset(buffers, 0, sizeof *buffers);
}
