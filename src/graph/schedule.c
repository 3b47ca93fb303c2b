/* Changes and events on their way to their samples: a binary heap by sample, then by the order of arrival. All the memory it will ever
 * need is there from the start: where it is full, changes stay in the queue, whose writers then hear that it is full. */
#include "graph/performance.h"

static bool before(const player_change *a, const player_change *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(player_schedule *s, const player_change *c)
{
    uint32_t k = s->count++;
    for (; k > 0 && before(c, &s->changes[(k - 1) / 2]); k = (k - 1) / 2)
        s->changes[k] = s->changes[(k - 1) / 2];
    s->changes[k] = *c;
}

player_change sn_schedule_pop(player_schedule *s)
{
    const player_change first = s->changes[0], last = s->changes[--s->count];
    uint32_t k = 0;
    for (;;) {
        uint32_t child = 2 * k + 1;
        if (child >= s->count)
            break;
        if (child + 1 < s->count && before(&s->changes[child + 1], &s->changes[child]))
            child++;
        if (!before(&s->changes[child], &last))
            break;
        s->changes[k] = s->changes[child];
        k = child;
    }
    s->changes[k] = last;
    return first;
}

void sn_schedule_take(player_schedule *s, bounded_queue *queue, int64_t now)
{
    player_change c;
    while (s->count < s->capacity && sn_queue_take(queue, &c)) {
        c.at = c.at < now ? now : c.at;
        c.order = s->taken++;
        push(s, &c);
    }
}
