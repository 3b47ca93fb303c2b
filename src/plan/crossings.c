/* Where the values lie that cross loops.
 *
 * Purpose: a buffer is needed from the loop that fills it to the last one that reads it, within one chunk. Later ones may lie in its place: a chain of a
 * thousand nodes then works in a few KiB, which stay in the first cache, instead of the megabytes that all its buffers would be, and
 * that whoever opens an instance would have to clear. Buffers of columns are filled once a tile, and those of calls are read by others than loops: these
 * keep their places.
 *
 * Requirements: loops run in the order of the list. A loop never writes where it reads: a place is free again only behind the last
 * loop that reads it, so loops need not know that there are neighbours. Linear time: both ends of all stretches are listed by loop. */
#include "plan/plan.h"

/* Bytes between places: chunks are powers of two, and buffers that many bytes apart would share few lines of the first cache. An odd number
 * of cache lines. */
enum { STAGGER = 3 * 64 };

enum { WIDTHS = 2 /* 4 and 8 bytes an element */ };

typedef struct placing {
    plan *plan;
    uint64_t end;          /* of what is taken */
    uint32_t *next_first;  /* per buffer, from 1: the next one that is filled in the same loop */
    uint32_t *next_last;   /* … that is read for the last time in the same loop; of a free place: the next free one */
    uint32_t *first, *last; /* per loop: the first of these lists */
    uint32_t free[WIDTHS];
} placing;

static unsigned width_of(const plan_buffer *b)
{
    return sn_ir_type_size(b->type) > 4;
}

static void take_new(placing *w, plan_buffer *b)
{
    b->offset = (uint32_t)w->end;
    w->end += (((uint64_t)w->plan->chunk * sn_ir_type_size(b->type) + 63) & ~(uint64_t)63) + STAGGER;
}

static void place(placing *w, uint32_t k)
{
    plan_buffer *b = &w->plan->buffers[k - 1];
    uint32_t *free = &w->free[width_of(b)];
    if (!*free) {
        take_new(w, b);
        return;
    }
    b->offset = w->plan->buffers[*free - 1].offset;
    *free = w->next_last[*free];
}

static void give_back(placing *w, uint32_t loop)
{
    for (uint32_t k = w->last[loop], next; k; k = next) {
        next = w->next_last[k];
        uint32_t *free = &w->free[width_of(&w->plan->buffers[k - 1])];
        w->next_last[k] = *free;
        *free = k;
    }
}

static bool take_lists(placing *w, uint32_t buffers, arena *memory)
{
    w->next_first = sn_arena_take_zeroed(memory, (buffers + 1) * sizeof *w->next_first);
    w->next_last = sn_arena_take_zeroed(memory, (buffers + 1) * sizeof *w->next_last);
    w->first = sn_arena_take_zeroed(memory, (w->plan->loop_count + 1) * sizeof *w->first);
    w->last = sn_arena_take_zeroed(memory, (w->plan->loop_count + 1) * sizeof *w->last);
    return w->next_first && w->next_last && w->first && w->last;
}

sinter_status sn_plan_place_buffers(plan *p, const plan_stretch *stretches, uint32_t count, uint64_t *end, arena *memory)
{
    placing w = {.plan = p, .end = *end};
    if (!take_lists(&w, count, memory))
        return SINTER_NO_MEMORY;
    for (uint32_t k = p->buffer_count; k > 0; k--) { /* backwards, so that lists have them in their order */
        if (k > count || p->buffers[k - 1].column)
            continue;
        const plan_stretch *s = &stretches[k - 1];
        w.next_first[k] = w.first[s->first];
        w.first[s->first] = k;
        w.next_last[k] = w.last[s->last];
        w.last[s->last] = k;
    }
    for (uint32_t k = 0; k < p->buffer_count; k++)
        if (k >= count || p->buffers[k].column)
            take_new(&w, &p->buffers[k]);
    for (uint32_t loop = 0; loop < p->loop_count && w.end <= INT32_MAX; loop++) {
        for (uint32_t k = w.first[loop]; k; k = w.next_first[k])
            place(&w, k);
        give_back(&w, loop);
    }
    *end = w.end;
    return w.end > INT32_MAX ? SINTER_TOO_LARGE : SINTER_OK;
}
