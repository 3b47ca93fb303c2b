/* Players: who may touch what, and when. This page is the room's table of contents for them.
 *
 *   player.c          opening, closing, looking, snapshots
 *   edits.c           the player's own thread: text → something to play; what is done with is freed here
 *   names.c           parameters by numbers that outlive edits
 *   schedule.c        changes on their way to the sample where they belong
 *   process.c         the audio thread
 *
 * A *performance* is a program made ready to play: kernel, instance, and the way its state comes from the one before. It has one
 * owner at a time:
 *
 *   the player's thread makes it → `ready` (a slot, by exchange) → the audio thread plays it → `retired` (a list, by exchange)
 *   → the player's thread frees it.
 *
 * Between two graphs sounds a third program, which fades (transition.c). Nothing is taken while it does; then what it fades to, in
 * `then` or in `ready`.
 *
 * Between other programs there is no such third one. There the one before plays on beside the new one, with a copy of its state, as `leaving`, and what is heard
 * goes from the one to the other in a straight line; where both say the same, that is what is heard, bit for bit. Nothing is taken meanwhile. Long lines
 * are not copied: both read the one past; and nodes in C are called once, for both (kernel/migrate.c).
 *
 * The past of long lines that became longer has to be copied, which the player's thread does, before such a performance is ready. For that it *asks* (`asked`) the audio
 * thread, which lends what it plays and says so (`lent`). Where one thread does all, edits, waits and plays, it answers while it waits (sn_player_answer).
 *
 * What is in `ready` and not yet taken may be taken back by the player's thread, which is how edits coalesce. So the player's thread always knows
 * which performance will be playing when its next one is taken: the last one that was not taken back. Nobody waits for the audio thread, and the audio
 * thread waits for nobody. */
#ifndef SN_GRAPH_PERFORMANCE_H
#define SN_GRAPH_PERFORMANCE_H

#include "kernel/kernels.h"
#include "threads/bounded_queue.h"
#include <sinter/player.h>
#include <stdatomic.h>

enum {
    PLAYER_MOST_CHANNELS = 1024,
    PLAYER_MOST_NAMES = 1 << 16,
    PLAYER_NAMES_A_CHUNK = 256,
    PLAYER_SILENCE = 1024 /* samples at a time where channels are missing */
};

typedef struct graph_snapshot graph_snapshot; /* model.h */

/* ---- names.c ---- */

/* `value` is the audio thread's: what the parameter was last set to. The rest does not change. */
typedef struct player_name {
    char *text;
    const char *onset; /* text.onset, behind it */
    size_t size;
    double value;
    bool set;
} player_name;

typedef struct player_names {
    player_name *_Atomic chunks[PLAYER_MOST_NAMES / PLAYER_NAMES_A_CHUNK];
    atomic_uint count; /* what lies below it is there to stay */
} player_names;

player_name *sn_player_name(player_names *names, uint32_t number); /* number < count */
void sn_player_names_close(sinter_player *player);

/* ---- schedule.c ---- */

typedef enum change_kind { CHANGE_SET, CHANGE_JUMP, CHANGE_EVENT } change_kind;

typedef struct player_change {
    int64_t at;      /* absolute sample */
    uint64_t order;  /* of those at one sample; given when it is taken from the queue */
    double value;
    uint32_t name;
    uint32_t kind;
} player_change;

/* A heap, the next one first. The audio thread's. */
typedef struct player_schedule {
    player_change *changes;
    uint32_t count, capacity;
    uint64_t taken;
} player_schedule;

/* From the queue, as long as there is room; what should have been before `now` is now. */
void sn_schedule_take(player_schedule *schedule, bounded_queue *queue, int64_t now);
player_change sn_schedule_pop(player_schedule *schedule); /* count > 0 */

/* ---- performances: edits.c ---- */

/* A parameter under a name that somebody has asked for. */
typedef struct performed_name {
    int parameter, onset; /* −1: there is none */
    bool inherited;       /* the performance before had it too */
} performed_name;

/* A parameter whose initial value the edit has changed: it is set to it, unless somebody has set it before. */
typedef struct changed_initial {
    int parameter;
    uint32_t name; /* UINT32_MAX: nobody has asked for it */
} changed_initial;

typedef struct performance {
    sinter_kernel *kernel;
    sinter_instance *instance;
    sinter_migration *from;     /* from the performance before; NULL: there is none */
    sinter_migration *spent;    /* of the one that took over, once it has */
    struct performance *before; /* which one that is; followed only while this one is not taken */
    struct performance *next;   /* in the list of the retired */
    struct performance *then;   /* takes over as soon as this one has faded; NULL: whatever comes */
    graph_snapshot *graph;      /* what it plays, or fades to; NULL: a text */
    uint32_t beside;            /* samples for which the one before plays on while this one fades in; 0: it does not */
    int fade;                   /* the parameter that moves from the graph before to this one; −1: there is none */
    uint64_t edit;
    const char *_Atomic fault;  /* the state that was last reset; the kernel's */
    uint32_t inputs, outputs;
    performed_name *names;
    changed_initial *initials;
    uint32_t name_count, initial_count;
    size_t size;                /* of this block, names and initials behind it */
} performance;

/* A text that was asked for; taken by the player's thread. */
typedef struct player_request {
    char *text;
    size_t length;
    char name[64];
    graph_snapshot *graph; /* that the text is of; NULL: just a text */
} player_request;

struct sinter_player {
    sinter_context *context;
    sinter_allocator allocator;
    double rate;
    uint32_t inputs, outputs;
    sinter_options options;     /* of every compilation, but for engine and name */
    uint32_t fade;              /* samples */
    uint32_t queue;             /* as asked for */
    double budget;
    player_names names;

    /* Between control threads and the player's thread, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t thread;
    bool stopping;
    bool copying;                 /* what plays may be run, but not set anew */
    player_request request, good; /* text NULL: nothing asked; `good` is the last one that compiled */
    sinter_engine engine;
    uint64_t edits, compiled;
    sinter_status status;
    sinter_report report;
    double compile_seconds;
    double seconds_a_byte;        /* of the last compilation */
    performance *newest;          /* given to `ready` and not taken back */
    uint32_t alive;               /* performances that are not freed */
    char fault[64];               /* of those that are gone, the last one */

    /* Between the threads. */
    performance *_Atomic ready;
    performance *_Atomic retired;
    performance *_Atomic asked;   /* wants the past of what plays */
    performance *_Atomic lent;    /* the last one that was asked for and has been answered */
    _Atomic uintptr_t audio;      /* the thread that was the last one in sinter_player_process */
    _Atomic bool answering;       /* that thread lends, in sinter_player_wait */
    performance *_Atomic sounding; /* `current`, for whoever holds the lock, under which alone performances are freed */
    bounded_queue *changes;
    _Atomic uint64_t playing, swaps, faults;
    _Atomic int64_t index;

    /* The audio thread's; by others while nothing is in sinter_player_process. */
    performance *current, *waiting; /* `waiting` takes over when channels have faded out */
    performance *leaving;           /* plays beside `current`, which came after it; NULL: nothing does */
    int64_t origin;                 /* the sample at which the program's index 0 lay */
    uint64_t faults_seen;           /* of the current instance */
    uint32_t fade_out;              /* samples that are left of it */
    uint32_t leave, leave_over;     /* samples for which `leaving` is heard yet, and of the whole fade */
    uint32_t hold;                  /* samples for which `current` has to play yet: it fades from the graph before to its own */
    uint32_t *fade_in;              /* per channel: samples that are left */
    player_schedule schedule;
    const void **input_pointers, **leaving_inputs;
    void **output_pointers, **leaving_outputs;
    float *silence, *unheard;
    float *beside;                  /* PLAYER_SILENCE samples for each output of what is leaving, then for each of its inputs; NULL where nothing fades */
};

void *sn_player_serve(void *player); /* the player's thread */
void sn_performance_free(sinter_player *player, performance *p); /* NULL is allowed */
void sn_request_forget(sinter_player *player, player_request *request);
/* Where something is leaving it is gone. */
void sn_player_end_leaving(sinter_player *player);
/* Nobody reads what plays any more. Under the lock, which is free meanwhile. */
void sn_player_end_copying(sinter_player *player);
/* Does what the player's thread has asked for, if the thread that calls is the one that plays. Under the lock. */
void sn_player_answer(sinter_player *player);
/* Frees what the audio thread is done with. Under the lock. */
void sn_player_sweep(sinter_player *player);

#endif
