/* Which device it is, and what devices have in common. */
#include "cli/sound_device.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sound_device *open_any(const sound_wish *wish, char *reason, size_t room)
{
    char jack[160], alsa[160];
    sound_device *d = sn_jack_driver.open(wish, jack, sizeof jack);
    if (!d)
        d = sn_alsa_driver.open(wish, alsa, sizeof alsa);
    if (!d)
        snprintf(reason, room, "JACK: %s; ALSA: %s", jack, alsa);
    return d;
}

sound_device *sn_sound_open_device(sound_choice choice, const sound_wish *wish, char *reason, size_t room)
{
    static const sound_driver *const drivers[] = {
        [SOUND_JACK] = &sn_jack_driver, [SOUND_ALSA] = &sn_alsa_driver, [SOUND_NULL] = &sn_null_driver};
    return choice == SOUND_AUTO ? open_any(wish, reason, room) : drivers[choice]->open(wish, reason, room);
}

bool sn_sound_start(sound_device *d, sound_callback call, void *context, char *reason, size_t room)
{
    d->call = call;
    d->context = context;
    return d->started = d->driver->start(d, reason, room);
}

void sn_sound_stop(sound_device *d)
{
    if (d && d->started)
        d->driver->stop(d);
    if (d)
        d->started = false;
}

void sn_sound_close_device(sound_device *d)
{
    sn_sound_stop(d);
    if (d)
        d->driver->close(d);
}

float **sn_sound_channels(uint32_t count, uint32_t frames)
{
    const size_t head = (count + 1) * sizeof(float *), channel = (size_t)frames * sizeof(float);
    float **channels = calloc(1, head + count * channel);
    for (uint32_t k = 0; channels && k < count; k++)
        channels[k] = (float *)(void *)((char *)channels + head + k * channel);
    return channels;
}

/* Above what the desktop runs at, below the kernel's own threads: where JACK's clients are. */
enum { PRIORITY = 70 };

int sn_sound_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
    pthread_attr_t attributes;
    const struct sched_param priority = {.sched_priority = PRIORITY};
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &priority);
    error = pthread_create(thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    return error ? pthread_create(thread, NULL, body, argument) : 0;
}

bool sn_sound_library_symbols(const char *library, const sound_symbol *symbols, size_t count, char *reason, size_t room)
{
    /* Never closed again: these libraries leave threads and destructors of threads behind. */
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(reason, room, "%s is not installed", library);
        return false;
    }
    for (size_t k = 0; k < count; k++) {
        void *address = dlsym(handle, symbols[k].name);
        if (!address) {
            snprintf(reason, room, "%s has no %s", library, symbols[k].name);
            return false;
        }
        memcpy(symbols[k].to, &address, sizeof address); /* a pointer to an object, as POSIX promises, becomes one to a function */
    }
    return true;
}
