/* Bands: who does which tile, and when rows are handed over.
 *
 * Tiles are numbered down the picture, and workers take them in this order. So bands are completed nearly in order too, and a ring of a few
 * slots holds all that are under way: a tile is not begun before the band that had its slot has been handed over. The worker
 * that completes a band packs it. The caller, who is worker 0, hands bands over whenever the next one is ready, before it takes another tile;
 * when no tile may be begun it waits for one of the two. Nobody waits for a tile that nobody works on: the band that the
 * ring waits for consists of tiles that have all been taken, by workers who never wait while they have one.
 *
 * One lock guards all of it. It is taken twice a tile, and a tile is thousands of samples.
 *
 * An error or a cancellation is a status: from then on no tile is begun and no band handed over, and everyone goes home. */
#include "field/field.h"

#include <pthread.h>
#include <string.h>

enum { SPARE_SLOTS = 2, MOST_SLOTS = THREADS_MOST + SPARE_SLOTS };

typedef struct slot {
    int32_t tiles_left; /* of the band that has the slot */
    bool packed;        /* complete, and `pack` has returned */
} slot;

typedef struct schedule {
    sinter_renderer *renderer;
    const field_plan *plan;
    int slot_count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* The next tile to be taken. */
    int32_t band, tile;
    int32_t handed_over; /* bands, from the top */
    int64_t pixels_done;
    sinter_status status;
    slot slots[MOST_SLOTS];
} schedule;

typedef struct task {
    enum { TASK_NONE, TASK_TILE, TASK_BAND } kind;
    int32_t band, tile;
} task;

int sn_field_slots(int workers)
{
    return workers + SPARE_SLOTS;
}

static size_t array_bytes(const field_plan *p)
{
    return ((size_t)p->picture.stride * (size_t)p->picture.band_rows * p->element + 63) & ~(size_t)63;
}

size_t sn_field_slot_bytes(const field_plan *p)
{
    return p->picture.pixels ? 0 : p->arrays * array_bytes(p);
}

/* ---- a band's memory ---- */

static sinter_band band_of(const schedule *s, int32_t number, void **arrays)
{
    const field_plan *p = s->plan;
    const sinter_picture *q = &p->picture;
    const sinter_band band = {.first_row = number * q->band_rows,
                              .row_count = sn_field_band_rows(p, number),
                              .pixels = arrays,
                              .stride = q->stride,
                              .slot = number % s->slot_count};
    for (uint32_t k = 0; k < p->arrays; k++)
        arrays[k] = q->pixels ? (uint8_t *)q->pixels[k] + (size_t)band.first_row * (size_t)q->stride * p->element
                              : s->renderer->bands.bytes + (size_t)band.slot * sn_field_slot_bytes(p) + k * array_bytes(p);
    return band;
}

/* ---- what is next; all of this under the lock ---- */

static bool is_cancelled(const schedule *s)
{
    const volatile int *flag = s->plan->picture.cancel;
    return flag && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

static bool may_begin(const schedule *s)
{
    return s->band < s->plan->bands && s->band < s->handed_over + s->slot_count;
}

static task take_tile(schedule *s)
{
    const task t = {TASK_TILE, s->band, s->tile};
    slot *at = &s->slots[s->band % s->slot_count];
    if (s->tile == 0)
        *at = (slot){.tiles_left = sn_field_band_tiles(s->plan, s->band)};
    if (++s->tile == sn_field_band_tiles(s->plan, s->band)) {
        s->tile = 0;
        s->band++;
    }
    return t;
}

static task next_task(schedule *s, bool caller)
{
    for (;;) {
        if (s->status == SINTER_OK && is_cancelled(s))
            s->status = SINTER_CANCELLED;
        if (s->status != SINTER_OK || s->handed_over == s->plan->bands)
            return (task){.kind = TASK_NONE};
        if (caller && s->slots[s->handed_over % s->slot_count].packed)
            return (task){TASK_BAND, s->handed_over, 0};
        if (may_begin(s))
            return take_tile(s);
        if (!caller && s->band == s->plan->bands)
            return (task){.kind = TASK_NONE};
        pthread_cond_wait(&s->changed, &s->lock);
    }
}

static void settle(schedule *s, sinter_status status)
{
    if (s->status == SINTER_OK)
        s->status = status;
}

/* ---- doing it ---- */

static void do_tile(schedule *s, const task *t, int worker)
{
    void *arrays[FIELD_MOST_ARRAYS];
    const field_plan *p = s->plan;
    const sinter_band band = band_of(s, t->band, arrays);
    const field_area area = sn_field_tile_area(p, t->band, t->tile);
    sinter_status status = sn_field_tile(s->renderer, p, worker, area, &band);
    slot *at = &s->slots[band.slot];

    pthread_mutex_lock(&s->lock);
    s->pixels_done += (int64_t)area.row_count * area.column_count;
    const bool complete = --at->tiles_left == 0 && status == SINTER_OK && s->status == SINTER_OK;
    pthread_mutex_unlock(&s->lock);

    if (complete && p->picture.pack && !p->picture.pack(p->picture.context, &band))
        status = SINTER_CANCELLED;

    pthread_mutex_lock(&s->lock);
    settle(s, status);
    at->packed |= complete;
    pthread_cond_broadcast(&s->changed);
}

static void hand_over(schedule *s, const task *t)
{
    void *arrays[FIELD_MOST_ARRAYS];
    const sinter_picture *q = &s->plan->picture;
    const sinter_band band = band_of(s, t->band, arrays);
    const sinter_status status = !q->rows || q->rows(q->context, &band) ? SINTER_OK : SINTER_CANCELLED;

    pthread_mutex_lock(&s->lock);
    settle(s, status);
    s->slots[band.slot].packed = false;
    s->handed_over++;
    pthread_cond_broadcast(&s->changed);
}

static void tell(const schedule *s, int64_t done)
{
    const sinter_picture *q = &s->plan->picture;
    if (q->progress)
        q->progress(q->context, done, (int64_t)q->width * q->height);
}

static void take_part(void *context, int worker)
{
    schedule *s = context;
    int64_t told = -1;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        const task t = next_task(s, worker == 0);
        if (t.kind == TASK_NONE)
            break;
        const int64_t done = s->pixels_done;
        pthread_mutex_unlock(&s->lock);
        if (worker == 0 && done > told)
            tell(s, told = done);
        if (t.kind == TASK_TILE)
            do_tile(s, &t, worker);
        else
            hand_over(s, &t);
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

sinter_status sn_field_bands(sinter_renderer *r, const field_plan *p)
{
    schedule s = {.renderer = r, .plan = p, .slot_count = sn_field_slots(sn_threads_workers(r->pool))};
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.changed, NULL);
    sn_threads_run(r->pool, take_part, &s);
    pthread_cond_destroy(&s.changed);
    pthread_mutex_destroy(&s.lock);
    if (s.status == SINTER_OK)
        tell(&s, s.pixels_done);
    return s.status;
}
