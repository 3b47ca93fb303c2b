/* The bounded queue: a ring of cells, each with a number that says whose turn it is (D. Vyukov, Bounded MPMC queue, 1024cores.net).
 *
 * A cell that is free for the n-th item bears the number n, one that holds it n + 1; whoever takes it out makes it free for the item
 * that comes a round later. So a writer needs one compare-and-swap, on the place where items go in, and only loses it to another
 * writer that got its item in; the reader, being alone, needs none. Ends and cells lie on cache lines of their own as far as they
 * belong to different threads. */
#include "threads/bounded_queue.h"

#include "base/arena.h"

#include <stdatomic.h>
#include <string.h>

enum { CACHE_LINE = 64 };

/* What does not change, then the end where items go in, then the one where they come out. */
struct bounded_queue {
    sinter_allocator allocator;
    size_t size;
    uint8_t *cells;
    size_t cell; /* bytes of one: its number, then the item */
    uint64_t mask;
    uint32_t item;
    uint8_t other_lines[CACHE_LINE];
    _Atomic uint64_t in;
    uint8_t another_line[CACHE_LINE];
    uint64_t out;
};

static uint8_t *cell_of(const bounded_queue *q, uint64_t number)
{
    return q->cells + (size_t)(number & q->mask) * q->cell;
}

static _Atomic uint64_t *turn_of(uint8_t *cell)
{
    return (_Atomic uint64_t *)(void *)cell;
}

bounded_queue *sn_queue_open(const sinter_allocator *allocator, uint32_t wanted, uint32_t item)
{
    uint64_t capacity = 1;
    while (capacity < wanted)
        capacity *= 2;
    const size_t cell = sizeof(uint64_t) + ((item + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1));
    const size_t size = sizeof(bounded_queue) + (size_t)capacity * cell;
    bounded_queue *q = sn_allocate(allocator, size);
    if (!q)
        return NULL;
    q->allocator = *allocator;
    q->size = size;
    q->cells = (uint8_t *)(q + 1);
    q->cell = cell;
    q->mask = capacity - 1;
    q->item = item;
    atomic_init(&q->in, 0);
    q->out = 0;
    for (uint64_t k = 0; k < capacity; k++)
        atomic_init(turn_of(cell_of(q, k)), k);
    return q;
}

void sn_queue_close(bounded_queue *q)
{
    if (!q)
        return;
    const sinter_allocator allocator = q->allocator;
    sn_release(&allocator, q, q->size);
}

uint32_t sn_queue_capacity(const bounded_queue *q)
{
    return (uint32_t)(q->mask + 1);
}

bool sn_queue_put(bounded_queue *q, const void *item)
{
    uint64_t number = atomic_load_explicit(&q->in, memory_order_relaxed);
    for (;;) {
        uint8_t *cell = cell_of(q, number);
        const int64_t ahead = (int64_t)(atomic_load_explicit(turn_of(cell), memory_order_acquire) - number);
        if (ahead < 0)
            return false;
        if (ahead > 0) {
            number = atomic_load_explicit(&q->in, memory_order_relaxed);
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(&q->in, &number, number + 1, memory_order_relaxed, memory_order_relaxed)) {
            memcpy(cell + sizeof(uint64_t), item, q->item);
            atomic_store_explicit(turn_of(cell), number + 1, memory_order_release);
            return true;
        }
    }
}

bool sn_queue_take(bounded_queue *q, void *item)
{
    uint8_t *cell = cell_of(q, q->out);
    if (atomic_load_explicit(turn_of(cell), memory_order_acquire) != q->out + 1)
        return false;
    memcpy(item, cell + sizeof(uint64_t), q->item);
    atomic_store_explicit(turn_of(cell), q->out + q->mask + 1, memory_order_release);
    q->out++;
    return true;
}
