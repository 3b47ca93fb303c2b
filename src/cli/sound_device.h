/* Where sound goes, and perhaps comes from: JACK (PipeWire's library of that name too), ALSA, or nowhere at the pace of a clock.
 *
 *     device = sn_sound_open_device(SOUND_AUTO, &wish, reason, sizeof reason);   // the rate is known from here on
 *     sn_sound_start(device, callback, context, reason, sizeof reason);
 *     …
 *     sn_sound_stop(device);                                                     // the callback is not running any more
 *     sn_sound_close_device(device);
 *
 * A device calls back from a thread of its own, block after block: `inputs` and `outputs` are arrays of channels with `count` samples
 * each. The libraries are opened when they are wanted, so that neither building nor running needs them. Where something cannot be
 * had the reason stands in `reason`, as a clause that may follow a colon. */
#ifndef SN_CLI_SOUND_DEVICE_H
#define SN_CLI_SOUND_DEVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*sound_callback)(void *context, const float *const *inputs, float *const *outputs, uint32_t count);

typedef enum sound_choice { SOUND_AUTO, SOUND_JACK, SOUND_ALSA, SOUND_NULL } sound_choice;

typedef struct sound_wish {
    const char *client; /* what JACK calls us */
    const char *pcm;    /* what ALSA shall play to; NULL: "default" */
    double rate;        /* samples a second; ALSA takes a near one, JACK has its own */
    uint32_t block;     /* samples a call; likewise */
    uint32_t inputs, outputs;
    bool unpaced;       /* the null device does not wait for the clock */
} sound_wish;

typedef struct sound_device sound_device;

typedef struct sound_driver {
    const char *name;
    sound_device *(*open)(const sound_wish *wish, char *reason, size_t room); /* NULL: it cannot be had */
    bool (*start)(sound_device *d, char *reason, size_t room);
    void (*stop)(sound_device *d);
    void (*close)(sound_device *d); /* stopped before */
} sound_driver;

extern const sound_driver sn_jack_driver, sn_alsa_driver, sn_null_driver;

/* What all devices have; each one's own structure begins with it. */
struct sound_device {
    const sound_driver *driver;
    char name[96];
    double rate;
    uint32_t block, inputs, outputs; /* channels of the callback, as wished */
    uint32_t heard, captured;        /* of them, from the first on: those that go to, and come from, somewhere */
    bool paced;                      /* a callback that takes longer than its block lasts is late */
    bool started;
    sound_callback call;
    void *context;
    _Atomic uint64_t xruns;          /* times that a block came too late */
    atomic_bool lost;                /* it calls no more: the server has gone, the device was unplugged */
};

/* SOUND_AUTO: JACK if a server runs, else ALSA; never the null device. */
sound_device *sn_sound_open_device(sound_choice choice, const sound_wish *wish, char *reason, size_t room);
bool sn_sound_start(sound_device *d, sound_callback call, void *context, char *reason, size_t room);
void sn_sound_stop(sound_device *d);         /* NULL, and what never started, are allowed */
void sn_sound_close_device(sound_device *d); /* stops it first; NULL is allowed */

/* ---- for the devices ---- */

/* `count` channels of `frames` samples, all 0, as one block that begins with their addresses; free releases it. */
float **sn_sound_channels(uint32_t count, uint32_t frames);
/* A thread with the priority of sound where the system allows that, else a plain one. 0, or an error's number. */
int sn_sound_thread(pthread_t *thread, void *(*body)(void *), void *argument);
/* Symbols by name from a library: false, and the reason, if one is missing. Each goes to the pointer to a function at `to`. */
typedef struct sound_symbol {
    const char *name;
    void *to;
} sound_symbol;
bool sn_sound_library_symbols(const char *library, const sound_symbol *symbols, size_t count, char *reason, size_t room);

#endif
