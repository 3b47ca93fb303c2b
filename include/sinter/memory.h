/* Memory: every byte that Sinter takes from the heap comes through one of these.
 *
 * Thread safety: Sinter calls the two functions from whatever thread calls Sinter; an allocator shared by
 * several threads must bear that. Real time: nothing that runs a kernel calls them. */
#ifndef SINTER_MEMORY_H
#define SINTER_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a public symbol of the shared library is marked with. */
#if defined(__GNUC__)
#define SINTER_API __attribute__((visibility("default")))
#else
#define SINTER_API
#endif

/* allocate: `size` bytes (never 0) aligned for any type (16 bytes), or NULL to refuse: every refusal ends in a
 * clean SINTER_NO_MEMORY. release: a block with the size that it was asked for with; never NULL.
 * A zeroed allocator (both functions NULL) means malloc and free. */
typedef struct sinter_allocator {
    void *(*allocate)(void *context, size_t size);
    void (*release)(void *context, void *block, size_t size);
    void *context;
} sinter_allocator;

#ifdef __cplusplus
}
#endif

#endif
