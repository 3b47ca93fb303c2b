/* Pages of PROT_NONE around memory from mmap. */
#include "guard_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

guarded guarded_open(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (bytes + page - 1) / page * page;
    uint8_t *whole = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED || mprotect(whole + page, inner, PROT_READ | PROT_WRITE)) {
        fprintf(stderr, "no guarded pages\n");
        exit(2);
    }
    return (guarded){whole + page, whole + page + inner};
}

void guarded_close(guarded *g)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(g->low - page, (size_t)(g->high - g->low) + 2 * page);
    *g = (guarded){0};
}
