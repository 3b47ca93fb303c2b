/* The arena: chunks from the caller's allocator, pieces cut off their front.
 *
 * Chunks double, so that their number stays logarithmic. Where one did not suffice, a rewind gives all back and the next
 * use begins with one as large as all of them; that one is kept, so that a compiler which is used again asks the allocator for
 * nothing and touches pages that are there already.
 *
 * Hostile builds ask the allocator for every piece, of exactly its size, and move what grows: each refusal has a place of its own
 * to go wrong, and a step beyond a piece or into an abandoned one is one that the sanitizers see. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK = 64 << 10, ALIGNMENT = ARENA_ALIGNMENT };

static void *default_allocate(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void default_release(void *context, void *block, size_t size)
{
    (void)context;
    (void)size;
    free(block);
}

sinter_allocator sn_allocator_or_default(const sinter_allocator *allocator)
{
    if (allocator && allocator->allocate && allocator->release)
        return *allocator;
    return (sinter_allocator){default_allocate, default_release, NULL};
}

void *sn_allocate(const sinter_allocator *allocator, size_t size)
{
    return allocator->allocate(allocator->context, size);
}

void sn_release(const sinter_allocator *allocator, void *block, size_t size)
{
    if (block)
        allocator->release(allocator->context, block, size);
}

void sn_arena_open(arena *a, const sinter_allocator *allocator)
{
    *a = (arena){.allocator = sn_allocator_or_default(allocator)};
}

static size_t rounded(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static bool add_chunk(arena *a, size_t needed)
{
    const size_t head = rounded(sizeof(arena_chunk));
#if SINTER_HOSTILE
    size_t size = 0;
#else
    size_t size = a->chunks ? a->chunks->size * 2 : a->first_size ? a->first_size : FIRST_CHUNK;
#endif
    if (needed > SIZE_MAX / 2 - head) {
        a->failed = true;
        return false;
    }
    if (size < needed + head)
        size = needed + head;
    arena_chunk *chunk = sn_allocate(&a->allocator, size);
    if (!chunk) {
        a->failed = true;
        a->first_size = 0; /* too much, perhaps: the next use begins small again */
        return false;
    }
    *chunk = (arena_chunk){a->chunks, size};
    a->chunks = chunk;
    a->at = (char *)chunk + head;
    a->end = (char *)chunk + size;
    return true;
}

#if SINTER_HOSTILE
void *sn_arena_take_slowly(arena *a, size_t size)
{
    if (!add_chunk(a, size))
        return NULL;
    a->at = a->end;
    return a->end - size;
}
#else
void *sn_arena_take_slowly(arena *a, size_t size)
{
    const size_t bytes = rounded(size);
    if (bytes < size) {
        a->failed = true;
        return NULL;
    }
    if (((size_t)(a->end - a->at) < bytes || !a->at) && !add_chunk(a, bytes))
        return NULL;
    a->last = a->at;
    a->at += bytes;
    return a->last;
}
#endif

void *sn_arena_take_zeroed(arena *a, size_t size)
{
    void *piece = sn_arena_take(a, size);
    if (piece)
        memset(piece, 0, size);
    return piece;
}

void *sn_arena_grow(arena *a, void *old, size_t old_size, size_t new_size)
{
    if (old && old == a->last && new_size < SIZE_MAX - ALIGNMENT
        && (size_t)(a->end - a->last) >= rounded(new_size)) {
        a->at = a->last + rounded(new_size);
        return old;
    }
    void *piece = sn_arena_take(a, new_size);
    if (piece && old && old_size)
        memcpy(piece, old, old_size);
    return piece;
}

char *sn_arena_copy_text(arena *a, const char *text, size_t length)
{
    char *copy = sn_arena_take(a, length + 1);
    if (copy) {
        if (length)
            memcpy(copy, text, length);
        copy[length] = 0;
    }
    return copy;
}

void sn_arena_rewind(arena *a)
{
    a->last = NULL;
    a->failed = false;
    if (a->chunks && a->chunks->next) { /* one chunk would have done: the next taker gets one of that size */
        size_t total = 0;
        for (arena_chunk *c = a->chunks, *next; c; c = next) {
            next = c->next;
            total += c->size;
            sn_release(&a->allocator, c, c->size);
        }
        a->chunks = NULL;
        a->at = a->end = NULL;
        a->first_size = total;
    } else if (a->chunks) {
        a->at = (char *)a->chunks + rounded(sizeof(arena_chunk));
    }
}

void sn_arena_close(arena *a)
{
    for (arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        sn_release(&a->allocator, c, c->size);
    }
    *a = (arena){.allocator = a->allocator};
}
