/* Players: a patch that sounds while it is edited.
 *
 *     sinter_player *player;
 *     sinter_player_open(context, &(sinter_player_options){.rate = 48000, .outputs = 2}, &player);
 *     sinter_player_edit(player, text, length, "voice.sn", &edit);      // compiled by a thread of the player's
 *     …
 *     sinter_player_process(player, inputs, outputs, 64);                 // the audio callback
 *     …
 *     sinter_player_set(player, sinter_player_parameter(player, "cutoff"), 800);
 *
 * Three kinds of threads take part. One *audio thread* at a time calls sinter_player_process, which neither allocates, frees, locks nor
 * enters the operating system. Any number of *control threads* edit, set parameters and post events while it runs. The player's
 * own thread compiles, and frees what the audio thread is done with.
 *
 * An edit is compiled while the old program plays on. When it is ready it takes over at the start of a call of
 * sinter_player_process, with the state: what has a name in both programs goes on where it stood (docs/language.md, names of
 * state), long delay lines change owners instead of being copied. Those that the edit has made longer, or much shorter, are copied by the player's own thread while the old
 * program plays on; sinter_player_process brings along what was written meanwhile. For that such an edit waits for the next call of sinter_player_process, as long as the stream
 * moves on: if it stands still for 0.15 s, the next call copies these lines. A thread that plays and waits for edits itself (sinter_player_wait) waits for nothing but the copy. An edit that is no program leaves the last good one
 * playing; sinter_player_wait and sinter_player_look say why. Edits that follow each other faster than they compile coalesce: the last one counts.
 *
 * Nothing clicks: for a few milliseconds (sinter_player_options.fade) the old program plays on beside the new one, with parameters and events given to both, and
 * what is heard goes from the one to the other in a straight line. A channel of which both say the same goes on bit for bit. Both are computed meanwhile, and
 * further edits wait until it is over, and coalesce. Long delay lines are not copied for that: both programs read the one past, and each has what it writes meanwhile for
 * itself, some KiB at most (where there are more than 130 long lines, at 5 ms and 48 kHz, the fade is shorter by so much). A node in C that goes on has its state once,
 * and is called once: with what goes from the input that it had to the one that it has, in a straight line, and both programs go on with what it makes of that. Only where two
 * such nodes are called in another order than before, or stand beside more than 256 KiB of long lines, the new program takes over at once. Edits of graphs
 * (sinter_graph_commit) fade by what has changed in them.
 *
 * The n-th output of the program is the n-th channel. Channels that an edit brings to sound fade in; those that it silences fade out. Channels without an output are
 * silent. Programs that read images or bound tables are refused. */
#ifndef SINTER_PLAYER_H
#define SINTER_PLAYER_H

#include <sinter/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sinter_player sinter_player;

/* Right when zeroed, but for `outputs`. */
typedef struct sinter_player_options {
    size_t size;             /* sizeof(sinter_player_options), or 0: reserved for growth */
    double rate;             /* samples a second; 0: 48000. Between 1 and 10^7 */
    uint32_t inputs, outputs; /* channels; at most 1024 each */
    sinter_engine engine;
    sinter_grade grade;
    sinter_rewriting rewriting;
    double fade;             /* seconds that edits fade, of texts, graphs and channels; 0: 0.005; negative: they do not. At most 10 */
    uint32_t queue;          /* changes and events that may wait for the audio thread; 0: 4096. At most 2^20; rounded up to a power of 2 */
    double budget;           /* seconds: where compiling an edit will probably take longer, the interpreter takes over first (sinter_player_wait returns
                                then), and machine code from it when it is ready, with the same bits. 0: never */
} sinter_player_options;

/* SINTER_BAD_ARGUMENT, SINTER_NO_MEMORY (a thread that is refused too), SINTER_NO_ENGINE. The context must outlive the player. Plays silence at first. */
SINTER_API sinter_status sinter_player_open(sinter_context *context, const sinter_player_options *options, sinter_player **player);
/* Nothing may be in sinter_player_process, nor come. NULL is allowed. */
SINTER_API void sinter_player_close(sinter_player *player);

/* ---- editing: control threads; these may wait and allocate ---- */

/* From now on this program, a copy of which is taken; `name` (NULL allowed) in messages. *edit (NULL allowed) is its number, from 1.
 * SINTER_NO_MEMORY, SINTER_BAD_ARGUMENT; errors of the text come later. */
SINTER_API sinter_status sinter_player_edit(sinter_player *player, const char *text, size_t length, const char *name, uint64_t *edit);
/* The last good program again, by another engine, which takes over in mid-stream. SINTER_NO_ENGINE. */
SINTER_API sinter_status sinter_player_use_engine(sinter_player *player, sinter_engine engine, uint64_t *edit);
/* Waits until the edit can be played, is refused or overtaken by a later one: its status and report; of an overtaken one those of the one
 * that overtook it. An edit of a graph can be played as soon as the program is ready that fades to it; the one behind that follows on its own. After SINTER_OK the next call of sinter_player_process may play it (once what fades has faded). */
SINTER_API sinter_status sinter_player_wait(sinter_player *player, uint64_t edit, sinter_report *report);

typedef struct sinter_player_view {
    uint64_t edits;           /* asked for */
    uint64_t compiled;        /* the last one that was ready or refused */
    uint64_t playing;         /* the one that sounds; 0: none */
    uint64_t swaps;           /* of programs: two for an edit of a graph that fades */
    sinter_engine engine;     /* of what plays */
    const char *engine_reason;
    double compile_seconds;   /* of the last edit, text to a program that can play */
    uint64_t faults;          /* infinities and NaN that were found in recursive state and reset to 0: see sinter_instance_fault */
    char fault[64];           /* the state in which the last one was, by its name in the program */
    sinter_status status;     /* of the last edit that was compiled or refused */
    uint64_t latency, tail;   /* samples, of what plays: see sinter_kernel_info */
} sinter_player_view;
/* How it stands; `report` (NULL allowed): that of the last edit. Any thread but the audio thread. */
SINTER_API sinter_player_view sinter_player_look(sinter_player *player, sinter_report *report);

/* ---- parameters and events ---- */

/* A number by which the name is known from now on, whether the program that plays has such a parameter or not: it stays valid over all
 * edits. −1 where memory is refused or more than 65,536 names are asked for. May wait and allocate. */
SINTER_API int sinter_player_parameter(sinter_player *player, const char *name);

enum { SINTER_NOW = -1 };

/* Any thread, the audio thread too; real-time safe. `at` is an absolute sample of the stream (sinter_player_index): the change is applied
 * exactly there, or at once if that is past or SINTER_NOW. Changes of one sample are applied in the order in which they were queued. A value
 * outside of the parameter's range is clamped. What the program that then plays does not have is let pass, and remembered: an edit that brings it
 * takes the value over. SINTER_FULL where the queue is full (nothing is lost but this change), SINTER_BAD_ARGUMENT for NaN and unknown numbers.
 * `set` moves there as the parameter is smoothed (docs/language.md), `jump` is there at once; an `event` is a jump that also says when it
 * came, so that the same value twice is two events. */
SINTER_API sinter_status sinter_player_set_at(sinter_player *player, int parameter, double value, int64_t at);
SINTER_API sinter_status sinter_player_jump_at(sinter_player *player, int parameter, double value, int64_t at);
SINTER_API sinter_status sinter_player_event_at(sinter_player *player, int parameter, double value, int64_t at);
static inline sinter_status sinter_player_set(sinter_player *player, int parameter, double value)
{
    return sinter_player_set_at(player, parameter, value, SINTER_NOW);
}
static inline sinter_status sinter_player_jump(sinter_player *player, int parameter, double value)
{
    return sinter_player_jump_at(player, parameter, value, SINTER_NOW);
}
static inline sinter_status sinter_player_event(sinter_player *player, int parameter, double value)
{
    return sinter_player_event_at(player, parameter, value, SINTER_NOW);
}

/* ---- the audio thread ---- */

/* The next `count` samples (any number; 0 only swaps): inputs[k] and outputs[k] are channels, which hold `count` values each, any
 * alignment; an output may be the same array as an input of the same number. NULL inputs, or a NULL channel: silence. What comes out does not depend on how the
 * stream is cut into calls, but for edits and SINTER_NOW, which take effect where a call begins. Real-time safe. */
SINTER_API void sinter_player_process(sinter_player *player, const float *const *inputs, float *const *outputs, uint32_t count);
/* The stream's next sample. Any thread. */
SINTER_API int64_t sinter_player_index(const sinter_player *player);

/* ---- while nothing is in sinter_player_process ---- */

/* All state back to 0, and the index; parameters stay, what waits in the queue is dropped. */
SINTER_API void sinter_player_reset(sinter_player *player);
/* State and parameters of what plays, as bytes: see sinter_snapshot_save. What waits in the queue is not in it, and fades are over after it.
 * With changes and events at the same samples the stream goes on with the same bits. SINTER_BAD_ARGUMENT where nothing plays yet, where `size` is less than
 * sinter_player_snapshot_size (0 where nothing plays), or where the bytes are no whole snapshot. */
SINTER_API size_t sinter_player_snapshot_size(const sinter_player *player);
SINTER_API sinter_status sinter_player_snapshot_save(const sinter_player *player, void *bytes, size_t size);
SINTER_API sinter_status sinter_player_snapshot_restore(sinter_player *player, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
