/* Which parts of a range of addresses are free: the bookkeeping of code memory, without the memory.
 *
 * Offsets and sizes count granules; what a granule is, and what lies there, is the caller's business. Not
 * thread-safe. */
#ifndef SN_EXEC_CODE_SPACE_H
#define SN_EXEC_CODE_SPACE_H

#include <sinter/memory.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum span_state {
    SPAN_USED,
    SPAN_FREE,
    SPAN_WAITING, /* for the next barrier */
    SPAN_RETIRED  /* never used again */
} span_state;

typedef struct code_span {
    uint32_t offset, size;
    span_state state;
    struct code_span *below, *above;   /* the neighbours */
    struct code_span *next, *previous; /* the list that it is in */
    struct code_span *spare;           /* the node that trimming it may need */
} code_span;

enum { SPAN_CLASSES = 96 };

typedef struct code_space {
    sinter_allocator allocator;
    uint32_t size;
    uint32_t prepared; /* spans end here at the latest; the owner raises it, up to size */
    uint32_t top;      /* where the highest span ends */
    uint32_t used, waiting_size, retired; /* sums */
    code_span *highest;
    code_span *waiting;
    code_span *classes[SPAN_CLASSES]; /* free spans by size */
    uint64_t occupied[(SPAN_CLASSES + 63) / 64];
    code_span *nodes; /* unused ones */
    struct span_slab *slabs;
} code_space;

void sn_space_open(code_space *space, const sinter_allocator *allocator, uint32_t size);
void sn_space_close(code_space *space);

/* Provides for one span to come; false if the allocator refuses. Only this function allocates. */
bool sn_space_provide(code_space *space);

/* A span of `size` ≥ 1 granules from prepared space, after sn_space_provide; NULL if there is none. Constant
 * time. A free span of almost that size (within a quarter) may be overlooked; sn_space_search looks at those,
 * one after the other. */
code_span *sn_space_take(code_space *space, uint32_t size);
code_span *sn_space_search(code_space *space, uint32_t size);

/* Keeps the first `size` ≥ 1 granules and frees the others. Done once in a span's life. */
void sn_space_trim(code_space *space, code_span *span, uint32_t size);

/* Three ways to end a used span: free for the next taker; free after the next sn_space_drain; gone for
 * ever. */
void sn_space_free(code_space *space, code_span *span);
void sn_space_wait(code_space *space, code_span *span);
void sn_space_retire(code_space *space, code_span *span);

/* Frees all that waits. */
void sn_space_drain(code_space *space);

#endif
