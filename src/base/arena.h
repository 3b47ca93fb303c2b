/* An arena: memory that one compilation takes piece by piece and gives back whole.
 *
 * All heap of the library comes through here or through sn_allocate. A refusal is sticky (`failed`), so that code which
 * takes many pieces may check once at its end; a refused piece is NULL all the same. Not thread-safe: one owner. */
#ifndef SN_BASE_ARENA_H
#define SN_BASE_ARENA_H

#include <sinter/memory.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARENA_ALIGNMENT = 16 };

typedef struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of the whole block, this head included */
} arena_chunk;

typedef struct arena {
    sinter_allocator allocator;
    arena_chunk *chunks; /* the newest first */
    char *at, *end;
    char *last; /* the newest piece, which can still grow in place */
    size_t first_size; /* of the first chunk after a rewind that gave several back; 0: the usual */
    bool failed;
} arena;

/* malloc and free where the caller's allocator is NULL or zeroed. */
sinter_allocator sn_allocator_or_default(const sinter_allocator *allocator);
void *sn_allocate(const sinter_allocator *allocator, size_t size);
void sn_release(const sinter_allocator *allocator, void *block, size_t size); /* NULL is allowed */

void sn_arena_open(arena *a, const sinter_allocator *allocator);
/* 16-byte aligned, not zeroed; a size of 0 gives a valid place. NULL when refused. */
void *sn_arena_take_slowly(arena *a, size_t size);
static inline void *sn_arena_take(arena *a, size_t size)
{
#if !SINTER_HOSTILE
    /* In line, since the smallest program takes fifty pieces. */
    const size_t bytes = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (__builtin_expect(a->at && bytes >= size && (size_t)(a->end - a->at) >= bytes, 1)) {
        a->last = a->at;
        a->at += bytes;
        return a->last;
    }
#endif
    return sn_arena_take_slowly(a, size);
}
void *sn_arena_take_zeroed(arena *a, size_t size);
/* Makes a piece larger, in place if it is the newest; the content moves along. `old` may be NULL with size 0. */
void *sn_arena_grow(arena *a, void *old, size_t old_size, size_t new_size);
char *sn_arena_copy_text(arena *a, const char *text, size_t length); /* terminated */
/* Forgets all pieces but keeps, from the second time on, a chunk that held them all, so that the next compilation touches warm
 * memory only. */
void sn_arena_rewind(arena *a);
void sn_arena_close(arena *a);

#endif
