/* A queue with room for so many items and no more, which many threads fill and one empties, none of them waiting. */
#ifndef SN_THREADS_BOUNDED_QUEUE_H
#define SN_THREADS_BOUNDED_QUEUE_H

#include <sinter/memory.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bounded_queue bounded_queue;

enum { QUEUE_MOST = 1 << 20 };

/* `wanted` items (1 to QUEUE_MOST), rounded up to a power of 2, of `item` bytes. NULL where the allocator refuses. */
bounded_queue *sn_queue_open(const sinter_allocator *allocator, uint32_t wanted, uint32_t item);
void sn_queue_close(bounded_queue *queue); /* NULL is allowed */
uint32_t sn_queue_capacity(const bounded_queue *queue);

/* Any thread; false: there is no room. Items of one thread come out in the order in which they went in. */
bool sn_queue_put(bounded_queue *queue, const void *item);
/* One thread at a time; false: there is none. */
bool sn_queue_take(bounded_queue *queue, void *item);

#endif
