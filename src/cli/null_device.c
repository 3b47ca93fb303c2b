/* The device that is always there: a thread that calls as often as a sound card would, or as often as it can. What comes out of it
 * goes nowhere. A block that ends after its time is an xrun, and the clock starts anew there, as a card's would. */
#include "cli/sound_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct null_device {
    sound_device device;
    pthread_t thread;
    atomic_bool stopping;
    float **inputs, **outputs;
} null_device;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t then)
{
    const struct timespec t = {.tv_sec = (time_t)(then / 1000000000), .tv_nsec = (long)(then % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        continue;
}

static void *run(void *argument)
{
    null_device *n = argument;
    sound_device *d = &n->device;
    const double block = 1e9 * d->block / d->rate;
    int64_t start = now(), blocks = 0;
    while (!atomic_load_explicit(&n->stopping, memory_order_acquire)) {
        d->call(d->context, (const float *const *)n->inputs, n->outputs, d->block);
        if (!d->paced)
            continue;
        const int64_t due = start + (int64_t)(block * (double)++blocks);
        if (now() <= due) {
            sleep_until(due);
            continue;
        }
        atomic_fetch_add_explicit(&d->xruns, 1, memory_order_relaxed);
        start = now();
        blocks = 0;
    }
    return NULL;
}

static bool start(sound_device *d, char *reason, size_t room)
{
    null_device *n = (null_device *)d;
    const int error = sn_sound_thread(&n->thread, run, n);
    if (error)
        snprintf(reason, room, "no thread: %s", strerror(error));
    return !error;
}

static void stop(sound_device *d)
{
    null_device *n = (null_device *)d;
    atomic_store_explicit(&n->stopping, true, memory_order_release);
    pthread_join(n->thread, NULL);
    atomic_store(&n->stopping, false);
}

static void close_null(sound_device *d)
{
    null_device *n = (null_device *)d;
    free(n->inputs);
    free(n->outputs);
    free(n);
}

static sound_device *open_null(const sound_wish *wish, char *reason, size_t room)
{
    null_device *n = calloc(1, sizeof *n);
    if (n) {
        n->inputs = sn_sound_channels(wish->inputs, wish->block);
        n->outputs = sn_sound_channels(wish->outputs, wish->block);
    }
    if (!n || !n->inputs || !n->outputs) {
        snprintf(reason, room, "out of memory");
        if (n)
            close_null(&n->device);
        return NULL;
    }
    sound_device *d = &n->device;
    d->driver = &sn_null_driver;
    snprintf(d->name, sizeof d->name, "the null device");
    d->rate = wish->rate;
    d->block = wish->block;
    d->inputs = wish->inputs;
    d->outputs = wish->outputs;
    d->heard = wish->outputs;
    d->paced = !wish->unpaced;
    return d;
}

const sound_driver sn_null_driver = {"null", open_null, start, stop, close_null};
