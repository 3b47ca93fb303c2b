/* The callback of `sinter play`, and how it is spoken to.
 *
 * Two gains move by straight lines, ten milliseconds from 0 to 1: that of all channels, for the end and for a reset; and the one with
 * which a single output is also played by the second channel, so that it does not jump when an edit brings that channel an output of
 * its own. At rest at 1 and 0 they touch no sample.
 *
 * A reset needs the player for itself. `held` is raised first, then `busy` awaited; the callback does it in the other order. Both are
 * sequentially consistent, so one of the two sees the other (as in Dekker's algorithm), and the callback never waits: it plays silence. */
#include "cli/live_stream.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define FADE_SECONDS 0.01

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void sn_live_open(live_stream *s, sinter_player *player, sound_recorder *recorder, uint32_t outputs, double rate, double seconds,
                  bool paced)
{
    memset(s, 0, sizeof *s);
    s->player = player;
    s->recorder = recorder;
    s->outputs = outputs;
    s->rate = rate;
    s->length = seconds < 0 ? -1 : (int64_t)nearbyint(fmin(seconds * rate, 0x1p62));
    s->paced = paced;
    s->gain = 1;
    s->step = (float)(1 / (FADE_SECONDS * rate));
}

/* ---- the device's thread ---- */

static float toward(float from, float to, float step)
{
    return from < to ? fminf(from + step, to) : fmaxf(from - step, to);
}

/* The first channel into the second one as well. */
static void spread(live_stream *s, float *const *outputs, uint32_t count)
{
    const float to = atomic_load_explicit(&s->single, memory_order_relaxed) ? 1 : 0;
    if (s->outputs < 2 || (s->spread == 0 && to == 0))
        return;
    for (uint32_t i = 0; i < count; i++) {
        s->spread = toward(s->spread, to, s->step);
        outputs[1][i] += s->spread * outputs[0][i];
    }
}

/* `first` is the block's first sample of the stream. */
static void fade(live_stream *s, float *const *outputs, uint32_t count, int64_t first)
{
    const int64_t end = s->length < 0 ? INT64_MAX : s->length - (int64_t)(FADE_SECONDS * s->rate);
    const bool quiet = atomic_load_explicit(&s->quiet, memory_order_relaxed);
    if (s->gain == 1 && !quiet && first + count <= end)
        return;
    for (uint32_t i = 0; i < count; i++) {
        s->gain = toward(s->gain, quiet || first + i >= end ? 0 : 1, s->step);
        for (uint32_t k = 0; k < s->outputs; k++)
            outputs[k][i] *= s->gain;
    }
    atomic_store_explicit(&s->silent, quiet && s->gain == 0, memory_order_release);
}

static void silence(const live_stream *s, float *const *outputs, uint32_t from, uint32_t count)
{
    for (uint32_t k = 0; k < s->outputs; k++)
        memset(outputs[k] + from, 0, (count - from) * sizeof **outputs);
}

static void measure(live_stream *s, float *const *outputs, uint32_t count)
{
    for (uint32_t k = 0; k < s->outputs && k < LIVE_METERS; k++) {
        float peak = atomic_load_explicit(&s->peaks[k], memory_order_relaxed);
        for (uint32_t i = 0; i < count; i++)
            peak = fmaxf(peak, fabsf(outputs[k][i]));
        atomic_store_explicit(&s->peaks[k], peak, memory_order_relaxed);
    }
}

static void account(live_stream *s, int64_t spent, uint32_t count)
{
    const double budget = 1e9 * count / s->rate;
    const uint64_t thousandths = (uint64_t)(1000 * (double)spent / budget);
    atomic_fetch_add_explicit(&s->spent, (uint64_t)spent, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->budget, (uint64_t)budget, memory_order_relaxed);
    if (thousandths > atomic_load_explicit(&s->worst, memory_order_relaxed))
        atomic_store_explicit(&s->worst, thousandths, memory_order_relaxed);
}

static void play(live_stream *s, const float *const *inputs, float *const *outputs, uint32_t count)
{
    atomic_store(&s->busy, true);
    if (atomic_load(&s->held))
        silence(s, outputs, 0, count);
    else
        sinter_player_process(s->player, inputs, outputs, count);
    atomic_store(&s->busy, false);
}

void sn_live_call(void *context, const float *const *inputs, float *const *outputs, uint32_t count)
{
    live_stream *s = context;
    const int64_t began = nanoseconds(), first = atomic_load_explicit(&s->frames, memory_order_relaxed);
    const int64_t left = s->length < 0 ? count : s->length - first;
    const uint32_t wanted = left < count ? (uint32_t)left : count;
    play(s, inputs, outputs, wanted);
    spread(s, outputs, wanted);
    fade(s, outputs, wanted, first);
    silence(s, outputs, wanted, count);
    if (wanted == 0) {
        if (!s->paced) /* nothing else slows such a device down until it is stopped */
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        return;
    }
    measure(s, outputs, wanted);
    account(s, nanoseconds() - began, wanted);
    if (s->recorder)
        sn_recorder_put(s->recorder, (const float *const *)outputs, wanted, !s->paced);
    atomic_store_explicit(&s->frames, first + wanted, memory_order_release);
}

/* ---- the other thread ---- */

bool sn_live_ended(const live_stream *s)
{
    return s->length >= 0 && atomic_load_explicit(&s->frames, memory_order_acquire) >= s->length;
}

/* Until the flag has the value, or for a second. */
static void await(const atomic_bool *flag, bool value)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    for (int i = 0; i < 1000 && atomic_load(flag) != value; i++)
        nanosleep(&millisecond, NULL);
}

void sn_live_fade_out(live_stream *s)
{
    atomic_store(&s->silent, false);
    atomic_store(&s->quiet, true);
    if (!sn_live_ended(s))
        await(&s->silent, true);
}

void sn_live_reset(live_stream *s)
{
    sn_live_fade_out(s);
    atomic_store(&s->held, true);
    await(&s->busy, false);
    if (!atomic_load(&s->busy))
        sinter_player_reset(s->player);
    atomic_store(&s->held, false);
    atomic_store(&s->quiet, false);
}

live_meters sn_live_look(live_stream *s)
{
    live_meters m = {.seconds = (double)atomic_load(&s->frames) / s->rate};
    for (uint32_t k = 0; k < s->outputs && k < LIVE_METERS; k++)
        m.peaks[k] = atomic_exchange_explicit(&s->peaks[k], 0, memory_order_relaxed);
    const uint64_t spent = atomic_exchange(&s->spent, 0), budget = atomic_exchange(&s->budget, 0);
    m.load = budget ? (double)spent / (double)budget : 0;
    m.worst = 1e-3 * (double)atomic_load(&s->worst);
    return m;
}
