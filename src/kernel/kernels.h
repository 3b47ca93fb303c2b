/* Kernels: IR in, something runnable out. This page is the room's table of contents.
 *
 *   context.c    contexts: code memory, warm working memory, node types
 *   program.c    the public builder
 *   compile.c    text or program → passes → plan → code: the pipeline
 *   engine.c     engines: names, what this machine has
 *   kept_programs.c  machine code of densities, for the next of the same program
 *   image.c      what a kernel keeps of a plan, copied into one block
 *   run.c        the driver: chunks, ticks, totals, grids
 *   lines.c      delay lines: where they lie, how they move on, what is flushed
 *   scans.c      linear recurrences between loops: what goes in, what is kept
 *   scan.h       … and how they are computed, over whole ticks, in lanes (scan.c, scan_avx2.c, scan_avx512.c)
 *   fold.h       partial sums become a total
 *   instance.c   parameters and state
 *   ramp.c       smoothed parameters on their way
 *   migrate.c    state from one kernel's instance to another's
 *   snapshot.c   state as bytes
 *   dump.c       looking inside
 *   report.c     errors as text */
#ifndef SN_KERNEL_KERNELS_H
#define SN_KERNEL_KERNELS_H

#include "exec/exec.h"
#include "interp/interp.h"
#include "kernel/float_mode.h"
#include "math/math.h"
#include "plan/plan.h"
#include <sinter/dump.h>
#include <sinter/kernel.h>
#include <pthread.h>

struct sinter_program {
    sinter_allocator allocator;
    arena memory;
    ir_program ir;
    uint8_t *written; /* by memory object: has a line its value? */
    uint32_t written_count;
};

/* What the language keeps of families (lang/kept_members.h). */
struct lang_kept_member;
typedef struct kept_members {
    arena memory;
    struct lang_kept_member *first;
    bool keeps_checked; /* of parameters that are not checked yet, too: whoever writes what is built */
    bool without_built; /* tests: as if none had been lowered when the library was built */
} kept_members;

/* What it keeps of calls of its library (lang/kept_calls.h). */
struct kept_call;
typedef struct kept_calls {
    arena memory;
    struct kept_call **places; /* by hash; NULL: none yet */
    size_t bytes, count;
} kept_calls;

/* What a context keeps of the densities that it compiled (kept_programs.h). */
enum { KEPT_PLACES = 256 };
struct kept_program;
typedef struct kept_programs {
    arena memory;
    struct kept_program **places; /* KEPT_PLACES, by hash; NULL: none yet */
    size_t bytes;
    uint64_t met[KEPT_PLACES]; /* hashes of programs that were compiled, by hash */
    bool keeps_all;    /* at once, and for good: whoever writes those that come with the library */
    bool without_built; /* tests: as if none did */
} kept_programs;

/* The last text of a player's: the next one is much like it. */
typedef struct last_edited {
    size_t bytes;
    uint32_t operations;
} last_edited;

struct sinter_context {
    sinter_allocator allocator;
    code_memory *code;
    arena scratch;          /* of one compilation at a time */
    arena loops;            /* of one loop at a time, while its code is written */
    math_templates templates; /* used while compiling */
    kept_members members;     /* likewise */
    kept_calls calls;
    kept_programs programs;
    last_edited edited;
    pthread_mutex_t compiling; /* says so when the thread that holds it asks again */
    sinter_node_type *nodes;
    uint32_t node_count, node_capacity;
};

enum { KERNEL_MOST_TOTALS = 64, KERNEL_MOST_PORTS = 64, KERNEL_SMALL_FUNCTION = 64, KERNEL_SIMPLE_SLOTS = 64, KERNEL_SIMPLE_TOTALS = 2 };

typedef void (*kernel_code)(uint64_t *frame, int64_t begin, int64_t end);

typedef struct kernel_loop {
    uint8_t rate; /* plan_rate */
    bool ticked;
    uint32_t guard;
    uint32_t first_flushed, flushed; /* of kernel.flushed: the lines that are flushed before its ticks */
    uint32_t first_scan, scans;      /* which are computed before it */
    uint32_t instead;                /* 0, or 1 + the scan that is computed instead of it while it is settled */
    kernel_code code[2]; /* NULL: interpreted */
    const ir_routine *routine; /* as in plan_loop */
    uint32_t arguments[IR_ROUTINE_ARGUMENTS], results;
} kernel_loop;

typedef struct kernel_table {
    const void *content; /* NULL: bound, or read-write (line says where) */
    uint32_t length;
    uint32_t line;       /* read-write tables: their line number + 1 */
    uint8_t type;
    uint8_t channels;    /* of an image, whose extent is the next table; else 0 */
    bool used;           /* some loop reads it, or the extent */
} kernel_table;

/* Lines whose slots in the frame are others with each chunk; the slots of all other lines are set with the parameters. */
typedef struct kernel_counter {
    uint32_t line, slot;
    uint32_t step_slot; /* as in plan_line */
    int32_t step;
} kernel_counter;

typedef struct kernel_window {
    uint32_t line, slot;
    uint32_t length;
    uint32_t width; /* bytes of an element */
} kernel_window;

/* Lines of one value that a loop of alike components has in its lanes: so many of line_order. */
typedef struct kernel_group {
    uint32_t first, count;
} kernel_group;

typedef struct kernel_total {
    uint8_t type;
    double scale, offset;
} kernel_total;

/* A call of a function in C, made between loops. */
typedef struct kernel_call {
    const char *name; /* what its state is keyed by */
    sinter_node_type type;
    uint32_t before;  /* the loop before which it is made */
    uint32_t inputs, outputs; /* its first buffers */
    uint32_t self;    /* its number among the instance's selves: the same in the kernel and in its moving one */
    uint64_t steady;
} kernel_call;

/* Everything that running needs lies in one block; nothing changes after compiling. */
struct sinter_kernel {
    sinter_context *context;
    size_t block_size; /* of this block */
    arena own;         /* interpreted kernels: plan and interp_code live here */
    const interp_code *interpreted;
    code_block block;
    sinter_engine engine;
    const char *engine_reason;

    plan_frame frame;
    kernel_loop *loops;
    uint32_t loop_count, first_row_loop, first_element_loop; /* loops are ordered by rate */
    uint32_t column_loops, segment_loops;
    plan_buffer *buffers;
    plan_line *lines;
    const char **line_names;
    uint32_t *line_order; /* in which instances lay lines out */
    kernel_group *groups; /* of it */
    kernel_counter *counters;
    kernel_window *windows;
    uint32_t *flushed; /* lines, by the loops that write them, in that order */
    kernel_table *tables;
    kernel_total *totals;
    kernel_call *calls; /* in the order in which they are made */
    plan_scan *scans;   /* likewise */
    sinter_stream_info *inputs, *outputs;
    sinter_image_info *images;
    sinter_parameter_info *params; /* the grid's own come last and are not counted for callers */
    uint8_t *param_types;
    const char **param_names;
    uint64_t latency, tail;
    uint32_t call_count, scan_count;
    uint32_t ahead_count; /* lines, behind all others, that the moving program does not have */
    uint32_t input_count, output_count, param_count, public_params, table_count, bound_count, image_count, total_count, buffer_count, line_count;
    uint32_t counter_count, window_count, flushed_count, group_count;
    bool binds;       /* something is bound with each call */
    bool uses_images;
    uint32_t chunk;
    size_t workspace;         /* of the plan; the interpreter's follows it */
    size_t interp_workspace;
    size_t sums_offset;
    size_t stack;             /* what a call without an instance needs */
    uint64_t state;
    bool stateful, grid;
    bool always_moving;       /* this is the moving program, which runs while parameters rest too: there is no other */
    bool opens_blocks;        /* sn_kernel_open_block is not needed: from element 0 on code begins its sums itself */
    bool folds_sums;          /* and at its end totals of the block so far are in the frame */
    bool simple;              /* one loop of machine code over streams, nothing else: calls take the short way */
    sinter_function function;
    const char *function_reason;
    sinter_kernel *moving;    /* the same program while smoothed parameters move (opt/smooth.c), on the same state; NULL: none are smoothed */
    int32_t rate_parameter;   /* whose value counts the seconds of smoothing; −1: `rate` does */
    double rate;
    uint32_t operations, hoisted;
    sinter_code_part *parts;
    uint32_t part_count;
};

/* Where a line's values lie. Lines from KERNEL_LARGE_LINE bytes on have a block of their own, which a migration may hand over. */
typedef struct instance_line {
    uint8_t *storage;  /* 64-byte aligned; of short held lines as one of their elements (lines.c) */
    uint32_t capacity; /* elements; after a migration not what the plan says */
    uint32_t position; /* where a window's next element goes; of a held line its length */
    void *block;       /* the line's own; NULL: within the instance */
    size_t block_size;
} instance_line;

enum {
    KERNEL_LARGE_LINE = 1 << 15,
    KERNEL_MOST_SHARED = 1 << 17 /* bytes that two programs, side by side, may write each for itself (migrate.c) */
};

/* From so many bytes on a line's past is not moved as a whole when its window comes to the end of its storage: what is written is *carried* to where the window will
 * be then, little by little, `shift` elements further down, where nothing is read any more. */
enum { KERNEL_CARRIED_LINE = 1 << 17, KERNEL_CARRIED_AT_ONCE = 1024 /* elements: so that small blocks do not pay for a call each */ };

/* What a line with a block of its own has besides. Another thread may be reading its past (migrate.c): then the window, when it comes to the end of its storage, goes to
 * the spare one, which lies apart: a swap looks at each block of both programs, and waits for what it has not looked at lately. */
typedef struct instance_block {
    uint32_t line;
    uint32_t shift, carried; /* 0: it is not carried; before which element it has been */
    bool lent;               /* the storage's values up to where they were lent stay as they are, until the window is elsewhere */
} instance_block;

typedef struct instance_spare {
    instance_line line; /* block NULL: there was no need of one yet */
    uint32_t shift;
} instance_spare;

/* A parameter on its way: base + slope·g(index − from), see opt/smooth.c, for elements from `from` to before `until`. */
typedef struct instance_ramp {
    int64_t from, until;
    double base, slope, decay;
    bool moves;
} instance_ramp;

/* What is looked at before a tick: values that lie one behind the other. */
typedef struct instance_flushed {
    void *first;    /* NULL: a line that lies somewhere else with each chunk */
    uint32_t count; /* 0: the loop has no more */
    uint8_t type;
} instance_flushed;

typedef struct instance_scan instance_scan; /* scans.c */

/* What loops of one kernel see: the instance's own kernel has one, the kernel of its moving program another. */
typedef struct instance_side {
    uint64_t *frame;
    uint8_t *workspace;
    uint32_t *counters;        /* the first counter's value, where the others follow it in their order; NULL: they do not */
    uint32_t *steps;           /* per counter, since the segment began */
    instance_flushed *flushed; /* from kernel_loop.first_flushed on */
    instance_scan *scans;      /* per scan */
    bool dirty; /* a parameter changed: segment loops must run */
} instance_side;

struct sinter_instance {
    const sinter_kernel *kernel;
    size_t block_size;
    instance_side sides[2]; /* at rest; moving. Of a kernel that is always moving: its own; none */
    bool side;              /* which one ran last: the lines are as it wants them */
    instance_line *lines;   /* of both */
    instance_block *blocks; /* of the lines that have blocks of their own, in their order */
    instance_spare *spares; /* one for each of them */
    uint32_t line_blocks;   /* how many there are */
    uint32_t starts;        /* how often the state was set anew */
    uint32_t changes;       /* and how often that or a migration changed it: what was computed beforehand of it is worth nothing then */
    size_t moved;           /* bytes that a migration has copied here, or moved elsewhere for it, while nothing could be run */
    void **selves;          /* of the calls */
    double *values;         /* per parameter; then the hidden ones of the moving program */
    instance_ramp *ramps;   /* per public parameter; NULL where the kernel smooths none */
    uint32_t moving;        /* how many of them move */
    int64_t index;
    uint64_t faults;        /* lines found to be infinite or no number, at ticks */
    const char *fault;      /* the name of the last one */
};

/* What one call works on. */
typedef struct kernel_run {
    const sinter_kernel *kernel;
    uint64_t *frame;
    uint8_t *workspace;
    sinter_instance *instance; /* NULL: no state */
} kernel_run;

/* What a call brings along: see sinter_arguments. */
typedef struct kernel_bound {
    const void *const *tables;
    const uint32_t *table_lengths;
    const sinter_image *images;
} kernel_bound;

static inline kernel_bound kernel_bound_of(const sinter_arguments *a)
{
    return (kernel_bound){a->tables, a->table_lengths, a->images};
}

static inline kernel_bound kernel_bound_of_grid(const sinter_grid *g)
{
    return (kernel_bound){g->tables, g->table_lengths, g->images};
}

/* scans.c */
size_t sn_scans_side(const sinter_kernel *k); /* bytes of instance_side.scans, a multiple of 64; they begin as zeros */
void sn_scans_take_factors(const kernel_run *r); /* as parameters determine them */
void sn_scans_run(const kernel_run *r, uint32_t number, int64_t index, int64_t begin, int64_t end); /* one of them, elements of a chunk that begins at `index` */
/* Of one that is computed instead of a loop: may it be, from an element on that is the first of a segment, a tick or a chunk? If not, the loop runs up to the
 * tick's end. */
bool sn_scans_is_settled(const kernel_run *r, uint32_t number, int64_t index);
void sn_scans_leave(sinter_instance *i); /* other programs than that at rest will change its lines */

/* run.c */
size_t sn_kernel_workspace(const sinter_kernel *k); /* bytes, a multiple of 64 */
void sn_kernel_prepare_frame(const kernel_run *r, const double *values); /* parameters, buffers, tables of the kernel */
/* Contents, lengths and extents of what each call brings; false where something is missing or cannot be. */
bool sn_kernel_bind(const kernel_run *r, const kernel_bound *b);
void sn_kernel_run_segment(const kernel_run *r); /* what parameters determine */
kernel_code sn_kernel_only_segment_loop(const sinter_kernel *k); /* NULL, or the machine code that is all which that takes, for element 0 */
bool sn_kernel_are_streams(const sinter_kernel *k, const sinter_arguments *a);
/* Elements [at, at + n) of the call, of which the first has this index; of a program with totals only all of them. */
sinter_status sn_kernel_stream(const kernel_run *r, const sinter_arguments *a, int64_t at, int64_t n, int64_t index);
sinter_status sn_kernel_grid(const kernel_run *r, const sinter_grid *g);

/* Calls, by their numbers in the one kernel and in the other, of one node in C, in an order that both have. */
typedef struct kernel_meeting {
    uint32_t from, to;
} kernel_meeting;

/* Two programs side by side, of which the old one has `left` elements left of `over` when the call begins. */
typedef struct kernel_beside {
    const kernel_meeting *meetings;
    float *mixed; /* PLAN_CHUNK for each input of a node */
    uint32_t count, left, over;
} kernel_beside;

/* sn_kernel_stream of both, chunk by chunk: where they have a node in common it is called once, with what goes from the one's input to the other's. Neither reads
 * what the other writes; neither binds anything. */
void sn_kernel_stream_beside(const kernel_beside *b, const kernel_run *old, const sinter_arguments *to_old, const kernel_run *new,
                             const sinter_arguments *to_new, int64_t at, int64_t n, int64_t index);

/* Totals for whoever cuts the elements himself: open, add as many pieces as make up a block of PLAN_SUM_BLOCK elements (each but the last a multiple
 * of PLAN_TICK; only the last block may be shorter), close; again for the next block. All in the default floating-point mode, of kernels that bind nothing. */
enum { KERNEL_MOST_CARRIES = 52 };
/* Totals of blocks, combined as a binary counter carries: place k holds 2^k blocks. Zeroed: none. */
typedef struct kernel_carries {
    uint64_t count;
    double total[KERNEL_MOST_CARRIES];
} kernel_carries;
void sn_kernel_open_block(const kernel_run *r);
/* The arguments are those of the piece; `into` elements of the block came before. */
void sn_kernel_add_piece(const kernel_run *r, const sinter_arguments *a, int64_t into, int64_t n);
/* NULL, or the loop that is all that a chunk of elements takes; inputs and outputs are addresses in the frame. */
kernel_code sn_kernel_only_loop(const sinter_kernel *k);
void sn_kernel_close_block(const kernel_run *r, kernel_carries *all); /* one for each total */
/* The blocks of `next` follow those of `to`, of which there are a multiple of 2^k, 2^k no less than those of `next`. */
void sn_kernel_join_carries(kernel_carries *to, const kernel_carries *next, unsigned type);
/* −0 of no blocks; without what was taken out of the sum (kernel_total). */
double sn_kernel_combine_carries(const kernel_carries *c, unsigned type);

/* lines.c; all but the opening real-time safe */
bool sn_instance_keeps_apart(const sinter_kernel *k, uint32_t line); /* has the line a block of its own, which can change owners? */
size_t sn_lines_within(const sinter_kernel *k); /* bytes of the lines that have no block of their own */
uint32_t sn_lines_apart(const sinter_kernel *k); /* how many have one */
/* NULL: it has no block of its own. Looks at the place `near` first, then at all. */
instance_block *sn_instance_block(const sinter_instance *i, uint32_t line, uint32_t near);
/* Storage as such a line of this kernel has, touched; false: memory is refused. */
bool sn_instance_open_spare(const sinter_kernel *k, uint32_t line, instance_line *spare);
uint32_t sn_instance_shift(const sinter_kernel *k, uint32_t line); /* in such storage */
/* The line's window to the start of its storage, or of another one where that is lent: for whoever needs room behind it. What was copied, in bytes. */
size_t sn_lines_slide(sinter_instance *i, uint32_t line);
bool sn_lines_open(sinter_instance *i, uint8_t *state); /* i->lines; false where memory is refused */
size_t sn_lines_side(const sinter_kernel *k);   /* bytes of what a side keeps of its lines; k may be NULL */
void sn_lines_open_side(sinter_instance *i, const sinter_kernel *k, uint8_t *at); /* after sn_lines_open */
void sn_lines_take_steps(const kernel_run *r);  /* after segment loops */
void sn_lines_move(const kernel_run *r, int64_t n); /* counters and windows by a chunk */
void sn_lines_flush(const kernel_run *r, uint32_t loop, int64_t begin); /* what the loop writes, before its element `begin`, which is on a tick */

/* instance.c */
/* The place of the line's oldest value; `length` of them follow each other. */
uint8_t *sn_instance_values(const sinter_instance *i, uint32_t line);
void sn_instance_changed(sinter_instance *i); /* some parameter's value did */
/* sinter_parameter_number, which looks at `near` first and then behind it: edits leave most parameters in their order, and there may be a thousand. */
int sn_parameter_near(const sinter_kernel *kernel, const char *name, uint32_t near);
double sn_instance_rate(const sinter_instance *i); /* elements a second */
/* Both for to_new->count elements: sn_kernel_stream_beside. */
void sn_instances_run_beside(const kernel_beside *b, sinter_instance *old, const sinter_arguments *to_old, sinter_instance *new, const sinter_arguments *to_new);

/* ramp.c; all real-time safe */
/* Parameter p moves to `value` from where it is; where it cannot (the way is infinite or shorter than an element), it is there. */
void sn_ramp_start(sinter_instance *i, uint32_t p, double value);
void sn_ramp_stop(sinter_instance *i, uint32_t p);
void sn_ramps_stop(sinter_instance *i);
/* Those that have arrived at i->index rest from now on. */
void sn_ramps_arrive(sinter_instance *i);
int64_t sn_ramps_next(const sinter_instance *i); /* the index at which the next one arrives; INT64_MAX: none moves */
void sn_ramps_fill(sinter_instance *i);          /* the hidden parameters */
/* The parameter p of this instance, at its goal already, comes there on a ramp of the given kind that another instance began: bit for bit where
 * it is the same move; else it moves on from there as its own program says. i->index must be set. */
void sn_ramp_adopt(sinter_instance *i, uint32_t p, const instance_ramp *ramp, unsigned kind, double goal);

/* migrate.c: which line's past a line of another program, or of a snapshot, goes on from. Names may be those of one value, `y` and `y~`: the
 * length of what they have in common. */
size_t sn_line_value_name(const char *name, size_t length);
/* Of the lines of one value the one of the highest rank serves best; `own`: it has the very name. */
uint64_t sn_line_rank(bool own, uint32_t length, uint32_t wanted);

/* sinter_migration_open where names of `to` that begin with `prefix` (NULL: none) are those without it of `from`: state and parameters that go on
 * twice. They are copied, *copied bytes of state (NULL allowed), never handed over. `beside`: so many elements the instance of `from` is to play on
 * beside that of `to` (0: it is not). */
sinter_status sn_migration_open(const sinter_kernel *from, const sinter_kernel *to, const char *prefix, uint32_t beside, sinter_migration **migration,
                                size_t *copied);
/* For how many elements it can: fewer where so many lines are large that each takes time; 0 where nodes in C go on, and are called in another order now or stand
 * beside more than 256 KiB of long lines. */
uint32_t sn_migration_beside(const sinter_migration *m);
/* Where nodes in C go on, which have their state once: what is needed to run both programs at once, and not `from` by sn_instance_run_beside. */
bool sn_migration_meets(const sinter_migration *m, kernel_beside *b);
/* Instead of sinter_instance_migrate, once, where it can. From then on `from` runs by the second and before `to`, both for the same elements, no more than
 * sn_migration_beside of them; after that `from` can only be closed. Real-time safe, both. */
void sn_instance_migrate_beside(sinter_migration *m, sinter_instance *from, sinter_instance *to);
void sn_instance_run_beside(sinter_migration *m, sinter_instance *from, const sinter_arguments *arguments);

/* What neither changes owners nor is small is copied beforehand, while `from` runs, so that the thread that runs it copies only what was written since. Called in this order
 * between sn_migration_open and the move: 1 by whoever made the migration, 2 by the thread that runs `from`, which is real-time safe, 3 by the first one again. What
 * was not called, or `from` reset meanwhile, costs time at the move and nothing else. Nothing but running may be done to `from` during 3. */
bool sn_migration_take_past(sinter_migration *m);  /* room for what 2 and 3 need; false: memory is refused */
bool sn_migration_wants_past(const sinter_migration *m); /* is there something to copy? */
void sn_instance_lend_past(sinter_migration *m, sinter_instance *from, sinter_instance *to);
void sn_migration_copy_past(sinter_migration *m);
/* Begins to bring near what the move looks at, where another program that was opened meanwhile has driven it out of all caches: nothing is read, so `from` may run. */
void sn_migration_fetch(const sinter_migration *m, const sinter_instance *from, const sinter_instance *to);

/* context.c */
/* Is it one of the forms that a node type can have? Its name is not looked at. */
bool sn_node_type_is_valid(const sinter_node_type *type);

/* engine.c */
sinter_engine sn_engine_choose(sinter_engine wanted, const code_memory *code, const char **reason); /* AUTO where it cannot be had */
const char *sn_engine_code_refused(void);

/* What tells a program, and what is asked of it, from others: bytes, which are equal where all that follows is. */
typedef struct program_key {
    const uint8_t *bytes; /* NULL: such a program is not kept */
    size_t size;
    uint64_t machine; /* what of its code does not follow from these bytes: for which engine it is, and the like */
    uint64_t hash;    /* of all that */
} program_key;

/* compile.c: front ends fill `program` between begin and finish. */
typedef struct compilation {
    sinter_context *context;
    sinter_options options;
    sinter_report *report;
    sinter_engine engine;
    const char *engine_reason;
    arena *memory;       /* for the program, the passes and the plan */
    arena own;           /* interpreted kernels keep what was made: `memory` is this */
    ir_program program;
    ir_settling settling; /* of the program, while a front end knows the sample rate */
    const char *free_names; /* of inputs that a text may use, whether it does or not; set by the front end, NULL: none */
    program_key key;     /* of the program as the front end made it */
    ir_program moving;   /* made behind the passes, where parameters are smoothed */
    uint32_t public_params;
    bool relaxed;
    bool narrow;         /* of densities: numbers were rounded to f32, though the type is f64; set before the front end */
    uint32_t prior;      /* of densities: as in lang_options; set before the front end */
    bool of_terms;       /* of densities: outputs are added up, and whoever does that looks whether it is NaN, which costs less than looking at each; set by the front end */
    bool shows_program;  /* somebody wants to see it as the front end makes it */
    bool always_moves;   /* set by the front end: some smoothed parameter will move nearly all the time, so no program is made for when none does;
                            and it is to be ready soon */
    float_mode mode;     /* the caller's: constants are folded in the default one */
} compilation;

typedef sinter_status (*kernel_front)(compilation *c, void *source);

/* Checks arguments, locks the context, has `front` fill c->program (opened for it with the rules that the options ask for), compiles it,
 * unlocks. On success *kernel is set. Falls back to the interpreter where the engine was not named and code memory is full. */
sinter_status sn_kernel_compile(sinter_context *context, const sinter_options *options, kernel_front front, void *source,
                                sinter_kernel **kernel, sinter_report *report);
/* The first half only: c->program after the passes and *p planned (NULL: not planned). The caller ends it with sn_kernel_end, also after errors. */
sinter_status sn_kernel_begin(compilation *c, sinter_context *context, const sinter_options *options, sinter_report *report);
/* Where the options ask for it; parts of sn_kernel_passes. */
sinter_status sn_kernel_shape_density(compilation *c);
sinter_status sn_kernel_gradient(compilation *c);
sinter_status sn_kernel_passes(compilation *c);
/* Gives all mathematical functions of the program the grade `fast`, if the options ask for it. */
void sn_kernel_mark_grade(compilation *c);
sinter_status sn_kernel_plan(compilation *c, plan *p);
/* Does the kernel smooth? Then c->moving can be made and planned, after c->program was. */
bool sn_kernel_smooths(const compilation *c);
sinter_status sn_kernel_plan_moving(compilation *c, plan *p);
void sn_kernel_end(compilation *c);

/* dump.c: what `front` makes, after the passes, printed; see sinter/dump.h. */
sinter_status sn_kernel_dump(sinter_context *context, const sinter_options *options, kernel_front front, void *source, sinter_dump_kind kind,
                             const sinter_dump_options *dump_options, char **out, size_t *length, sinter_report *report);

/* Of a program that is expanded and has no state: one element as a function in C, with what it calls, appended. */
struct text;
sinter_status sn_kernel_export_function(const ir_program *program, const char *name, struct text *out);

/* image.c: everything that running needs, copied into one block; loops have no code yet. NULL when memory is refused. */
sinter_kernel *sn_kernel_image(const compilation *c, const plan *p); /* of the plan's program */

/* report.c */
void sn_report_open(sinter_report *report, const char *name);
/* An error without a place. */
sinter_status sn_report_fail(sinter_report *report, sinter_status status, const char *message, const char *hint);

#endif
