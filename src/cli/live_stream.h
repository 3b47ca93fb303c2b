/* What a sound device calls: a player, and behind it a fade, meters and a recording.
 *
 * The device's thread runs sn_live_call, which neither allocates, locks nor waits (but for a recording of a device that is not bound to
 * the clock: that one waits until there is room). All else is for the thread that opened it. */
#ifndef SN_CLI_LIVE_STREAM_H
#define SN_CLI_LIVE_STREAM_H

#include "cli/sound_recorder.h"

#include <sinter/player.h>
#include <stdatomic.h>

enum { LIVE_METERS = 4 /* channels with a meter: as many as a line has room for */ };

typedef struct live_stream {
    sinter_player *player;
    sound_recorder *recorder; /* NULL: nothing is recorded */
    uint32_t outputs;
    double rate;
    int64_t length; /* samples until the end, with a fade before it; -1: none */
    bool paced;

    /* The device's thread's. */
    float gain, spread; /* of all channels; of the first one in the second one */
    float step;         /* of both, a sample */

    /* To it. */
    atomic_bool held;      /* the player must be left alone */
    atomic_bool quiet;     /* fade to silence and stay there */
    atomic_bool single;    /* the program has one output, which both of the first channels play */

    /* From it. */
    atomic_bool busy;      /* is in the player now */
    atomic_bool silent;    /* has faded to silence */
    _Atomic int64_t frames;
    _Atomic float peaks[LIVE_METERS];
    _Atomic uint64_t spent, budget, worst; /* nanoseconds in the player, and what there were; thousandths of a block's budget */
} live_stream;

void sn_live_open(live_stream *s, sinter_player *player, sound_recorder *recorder, uint32_t outputs, double rate, double seconds,
                  bool paced);
/* A sound_callback; `context` is the stream. */
void sn_live_call(void *context, const float *const *inputs, float *const *outputs, uint32_t count);

bool sn_live_ended(const live_stream *s); /* its length is over */
/* Fades out and waits until it is silent, or until a device that calls no more has been given a second. */
void sn_live_fade_out(live_stream *s);
/* The state of what plays back to its beginning: faded out before it, faded in behind it. */
void sn_live_reset(live_stream *s);

/* Since the last look. */
typedef struct live_meters {
    double seconds;            /* since the start */
    float peaks[LIVE_METERS];  /* greatest magnitudes */
    double load, worst;        /* of the block budget: 1 is all of it; the worst is since the start */
} live_meters;
live_meters sn_live_look(live_stream *s);

#endif
