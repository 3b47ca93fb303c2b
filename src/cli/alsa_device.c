/* ALSA, for playing: a thread that computes a block and writes it, waiting where the card is not ready for more.
 *
 * Samples go interleaved, as floating point where the card (or the plugin before it) takes that, else as whole numbers of 32 or
 * 16 bits, cut to full scale. The card's buffer is three blocks: with two, one late wake-up is heard. A card that has run dry
 * (-EPIPE) or was asleep (-ESTRPIPE) is prepared again, and that counts as an xrun.
 *
 * The constants are those of alsa/pcm.h (libasound 1.2.8); they are part of its binary interface. */
#include "cli/sound_device.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct alsa_pcm alsa_pcm;
typedef struct alsa_parameters alsa_parameters;

enum { PLAYBACK = 0, RW_INTERLEAVED = 3, S16 = 2, S32 = 10, F32 = 14, PERIODS = 3 };
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { NATIVE = 1 }; /* each big-endian format stands behind its little-endian one */
#else
enum { NATIVE = 0 };
#endif

static struct {
    int (*open)(alsa_pcm **pcm, const char *name, int stream, int mode);
    int (*close)(alsa_pcm *pcm);
    int (*drain)(alsa_pcm *pcm);
    int (*recover)(alsa_pcm *pcm, int error, int silent);
    long (*write)(alsa_pcm *pcm, const void *frames, unsigned long count);
    const char *(*error)(int number);
    int (*set_error)(void (*say)(const char *file, int line, const char *function, int error, const char *format, ...));
    int (*parameters_open)(alsa_parameters **p);
    void (*parameters_close)(alsa_parameters *p);
    int (*any)(alsa_pcm *pcm, alsa_parameters *p);
    int (*set_access)(alsa_pcm *pcm, alsa_parameters *p, int access);
    int (*set_format)(alsa_pcm *pcm, alsa_parameters *p, int format);
    int (*set_channels)(alsa_pcm *pcm, alsa_parameters *p, unsigned *count);
    int (*set_rate)(alsa_pcm *pcm, alsa_parameters *p, unsigned *rate, int *direction);
    int (*set_period)(alsa_pcm *pcm, alsa_parameters *p, unsigned long *frames, int *direction);
    int (*set_buffer)(alsa_pcm *pcm, alsa_parameters *p, unsigned long *frames);
    int (*install)(alsa_pcm *pcm, alsa_parameters *p);
} alsa;

static bool load(char *reason, size_t room)
{
    const sound_symbol symbols[] = {
        {"snd_pcm_open", &alsa.open},
        {"snd_pcm_close", &alsa.close},
        {"snd_pcm_drain", &alsa.drain},
        {"snd_pcm_recover", &alsa.recover},
        {"snd_pcm_writei", &alsa.write},
        {"snd_strerror", &alsa.error},
        {"snd_lib_error_set_handler", &alsa.set_error},
        {"snd_pcm_hw_params_malloc", &alsa.parameters_open},
        {"snd_pcm_hw_params_free", &alsa.parameters_close},
        {"snd_pcm_hw_params_any", &alsa.any},
        {"snd_pcm_hw_params_set_access", &alsa.set_access},
        {"snd_pcm_hw_params_set_format", &alsa.set_format},
        {"snd_pcm_hw_params_set_channels_near", &alsa.set_channels},
        {"snd_pcm_hw_params_set_rate_near", &alsa.set_rate},
        {"snd_pcm_hw_params_set_period_size_near", &alsa.set_period},
        {"snd_pcm_hw_params_set_buffer_size_near", &alsa.set_buffer},
        {"snd_pcm_hw_params", &alsa.install},
    };
    return sn_sound_library_symbols("libasound.so.2", symbols, sizeof symbols / sizeof *symbols, reason, room);
}

typedef struct alsa_device {
    sound_device device;
    alsa_pcm *pcm;
    pthread_t thread;
    atomic_bool stopping;
    int format;        /* S16, S32 or F32 */
    unsigned channels; /* of the card: those that we have none for stay silent */
    float **inputs, **outputs;
    void *frames;
} alsa_device;

/* What the library would print about each card that is not there. */
static void be_quiet(const char *file, int line, const char *function, int error, const char *format, ...)
{
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

/* ---- playing ---- */

/* Full scale is 2^(bits - 1), and its positive end is cut to one step less; NaN is silence. */
static double scaled(float value, double full)
{
    const double v = nearbyint((double)value * full);
    return v >= full ? full - 1 : v <= -full ? -full : v == v ? v : 0;
}

static void interleave(alsa_device *a)
{
    const uint32_t count = a->device.block, channels = a->channels;
    for (uint32_t k = 0; k < a->device.heard; k++) {
        const float *from = a->outputs[k];
        for (size_t i = 0; i < count; i++) {
            const size_t at = i * channels + k;
            if (a->format == F32)
                ((float *)a->frames)[at] = from[i];
            else if (a->format == S32)
                ((int32_t *)a->frames)[at] = (int32_t)scaled(from[i], 0x1p31);
            else
                ((int16_t *)a->frames)[at] = (int16_t)scaled(from[i], 0x1p15);
        }
    }
}

static size_t sample_size(const alsa_device *a)
{
    return a->format == S16 ? 2 : 4;
}

/* All of the block, or false: the card has gone. */
static bool write_block(alsa_device *a)
{
    uint32_t done = 0;
    while (done < a->device.block) {
        const char *from = (const char *)a->frames + done * a->channels * sample_size(a);
        long count = alsa.write(a->pcm, from, a->device.block - done);
        if (count < 0) {
            if (count == -EPIPE || count == -ESTRPIPE)
                atomic_fetch_add_explicit(&a->device.xruns, 1, memory_order_relaxed);
            if (alsa.recover(a->pcm, (int)count, 1) < 0)
                return false;
            count = 0;
        }
        done += (uint32_t)count;
    }
    return true;
}

static void *run(void *argument)
{
    alsa_device *a = argument;
    sound_device *d = &a->device;
    bool good = true;
    while (good && !atomic_load_explicit(&a->stopping, memory_order_acquire)) {
        d->call(d->context, (const float *const *)a->inputs, a->outputs, d->block);
        interleave(a);
        good = write_block(a);
    }
    if (good)
        alsa.drain(a->pcm);
    else
        atomic_store(&d->lost, true);
    return NULL;
}

static bool start(sound_device *d, char *reason, size_t room)
{
    alsa_device *a = (alsa_device *)d;
    const int error = sn_sound_thread(&a->thread, run, a);
    if (error)
        snprintf(reason, room, "no thread: %s", strerror(error));
    return !error;
}

static void stop(sound_device *d)
{
    alsa_device *a = (alsa_device *)d;
    atomic_store_explicit(&a->stopping, true, memory_order_release);
    pthread_join(a->thread, NULL);
    atomic_store(&a->stopping, false);
}

static void close_alsa(sound_device *d)
{
    alsa_device *a = (alsa_device *)d;
    if (a->pcm)
        alsa.close(a->pcm);
    free(a->inputs);
    free(a->outputs);
    free(a->frames);
    free(a);
}

/* ---- opening ---- */

static int choose_format(alsa_device *a, alsa_parameters *p)
{
    static const int formats[] = {F32, S32, S16};
    int error = -EINVAL;
    for (size_t k = 0; error < 0 && k < sizeof formats / sizeof *formats; k++)
        if ((error = alsa.set_format(a->pcm, p, formats[k] + NATIVE)) >= 0)
            a->format = formats[k];
    return error;
}

/* 0, or a negative error. */
static int configure(alsa_device *a, const sound_wish *wish, alsa_parameters *p)
{
    unsigned rate = (unsigned)(wish->rate + 0.5);
    unsigned long block = wish->block, buffer;
    int error = alsa.any(a->pcm, p);
    a->channels = wish->outputs;
    if (error >= 0)
        error = alsa.set_access(a->pcm, p, RW_INTERLEAVED);
    if (error >= 0)
        error = choose_format(a, p);
    if (error >= 0)
        error = alsa.set_channels(a->pcm, p, &a->channels);
    if (error >= 0)
        error = alsa.set_rate(a->pcm, p, &rate, NULL);
    if (error >= 0)
        error = alsa.set_period(a->pcm, p, &block, NULL);
    buffer = PERIODS * block;
    if (error >= 0)
        error = alsa.set_buffer(a->pcm, p, &buffer);
    if (error >= 0)
        error = alsa.install(a->pcm, p);
    a->device.rate = rate;
    a->device.block = block > 0 && block <= 1 << 20 ? (uint32_t)block : wish->block;
    return error < 0 ? error : 0;
}

static int open_pcm(alsa_device *a, const sound_wish *wish, const char *name)
{
    alsa_parameters *p;
    int error = alsa.open(&a->pcm, name, PLAYBACK, 0);
    if (error < 0) {
        a->pcm = NULL;
        return error;
    }
    if ((error = alsa.parameters_open(&p)) < 0)
        return error;
    error = configure(a, wish, p);
    alsa.parameters_close(p);
    return error;
}

static bool prepare(alsa_device *a, const sound_wish *wish, char *reason, size_t room)
{
    sound_device *d = &a->device;
    const char *name = wish->pcm ? wish->pcm : "default";
    const int error = open_pcm(a, wish, name);
    if (error < 0)
        return snprintf(reason, room, "%s cannot be opened (%s)", name, alsa.error(error)), false;
    d->inputs = wish->inputs;
    d->outputs = wish->outputs;
    d->heard = a->channels < wish->outputs ? a->channels : wish->outputs;
    snprintf(d->name, sizeof d->name, "ALSA, %.48s (%s)", name, a->format == F32 ? "f32" : a->format == S32 ? "s32" : "s16");
    a->inputs = sn_sound_channels(d->inputs, d->block);
    a->outputs = sn_sound_channels(d->outputs, d->block);
    a->frames = calloc((size_t)d->block * a->channels, sample_size(a));
    return (a->inputs && a->outputs && a->frames) || (snprintf(reason, room, "out of memory"), false);
}

static sound_device *open_alsa(const sound_wish *wish, char *reason, size_t room)
{
    if (!load(reason, room))
        return NULL;
    alsa.set_error(be_quiet);
    alsa_device *a = calloc(1, sizeof *a);
    if (!a) {
        snprintf(reason, room, "out of memory");
        return NULL;
    }
    a->device.driver = &sn_alsa_driver;
    a->device.paced = true;
    if (prepare(a, wish, reason, room))
        return &a->device;
    close_alsa(&a->device);
    return NULL;
}

const sound_driver sn_alsa_driver = {"alsa", open_alsa, start, stop, close_alsa};
