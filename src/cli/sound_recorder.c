/* One writer, one reader, and a ring of frames whose length is a power of two.
 *
 * `put` and `taken` only grow; their difference is what lies in the ring. The reader sleeps for a few milliseconds when there is nothing:
 * to be woken by the sound's thread would cost that one a system call. */
#include "cli/sound_recorder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sound_recorder {
    uint32_t channels;
    uint64_t capacity; /* frames */
    recorder_write write;
    void *context;
    pthread_t thread;
    atomic_bool ending, failed;
    _Atomic uint64_t put, taken, lost;
    float frames[];
};

static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

/* What lies there up to the ring's end. */
static void write_piece(sound_recorder *r, uint64_t taken, uint64_t put)
{
    const uint64_t at = taken & (r->capacity - 1), most = r->capacity - at;
    const uint64_t count = put - taken < most ? put - taken : most;
    if (!atomic_load(&r->failed) && !r->write(r->context, r->frames + at * r->channels, (size_t)count))
        atomic_store(&r->failed, true);
    atomic_store_explicit(&r->taken, taken + count, memory_order_release);
}

static void *run(void *argument)
{
    sound_recorder *r = argument;
    for (;;) {
        const bool ending = atomic_load_explicit(&r->ending, memory_order_acquire); /* before the look: what was put is seen */
        const uint64_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
        const uint64_t put = atomic_load_explicit(&r->put, memory_order_acquire);
        if (put != taken)
            write_piece(r, taken, put);
        else if (ending)
            return NULL;
        else
            doze();
    }
}

sound_recorder *sn_recorder_open(uint32_t channels, double rate, recorder_write write, void *context)
{
    uint64_t capacity = 1 << 14;
    while ((double)capacity < 2 * rate && capacity < 1 << 24)
        capacity *= 2;
    sound_recorder *r = calloc(1, sizeof *r + capacity * channels * sizeof(float));
    if (!r)
        return NULL;
    memset(r->frames, 0, capacity * channels * sizeof(float)); /* pages that are there before sound needs them */
    r->channels = channels;
    r->capacity = capacity;
    r->write = write;
    r->context = context;
    if (pthread_create(&r->thread, NULL, run, r) == 0)
        return r;
    free(r);
    return NULL;
}

void sn_recorder_put(sound_recorder *r, const float *const *channels, uint32_t count, bool wait)
{
    const uint64_t put = atomic_load_explicit(&r->put, memory_order_relaxed);
    while (put + count - atomic_load_explicit(&r->taken, memory_order_acquire) > r->capacity) {
        if (!wait || count > r->capacity) {
            atomic_fetch_add_explicit(&r->lost, count, memory_order_relaxed);
            return;
        }
        doze();
    }
    for (uint32_t k = 0; k < r->channels; k++)
        for (uint32_t i = 0; i < count; i++)
            r->frames[((put + i) & (r->capacity - 1)) * r->channels + k] = channels[k][i];
    atomic_store_explicit(&r->put, put + count, memory_order_release);
}

bool sn_recorder_failed(const sound_recorder *r)
{
    return atomic_load(&r->failed);
}

uint64_t sn_recorder_close(sound_recorder *r)
{
    if (!r)
        return 0;
    atomic_store_explicit(&r->ending, true, memory_order_release);
    pthread_join(r->thread, NULL);
    const uint64_t lost = atomic_load(&r->lost);
    free(r);
    return lost;
}
