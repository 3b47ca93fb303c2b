/* The plan: a program as a short list of loops over straight-line code. Every engine runs the same plan, so order, storage
 * and meaning are settled here; an engine only encodes. This page is the room's table of contents.
 *
 *   plan.c        program → plan: the driver of the steps below
 *   counters.c    integers that grow by steady steps: no cycles, for their values follow from the element's number
 *   components.c  cycles through delay lines: components, which must run one element at a time, levels (which loop)
 *   alike.c       of those components the ones that are alike and side by side: bunches, one loop each, one component a lane
 *   linear_scans.c linear recurrences whose coefficients rest: no cycles either, for they may be computed 64 elements at a time
 *   blocks.c      calls of functions in C, and scans: when they are made, from which buffers to which
 *   routines.c    when routines of the library are called
 *   crossings.c   where values lie that cross loops: in places that are used again and again
 *   body.c        the operations of one loop with operands by local number; cold regions; guarded bodies
 *   interleave.c  the order of the operations of patches' loops in lanes
 *   explain.c     what was chosen and why, in words; predicted cost
 *
 * A loop's body refers to nothing outside it: constants, frame slots, streams and buffers are leaves of its own. Loops
 * run in the order of the list, by rate:
 *
 *   SEGMENT  once when parameters are set
 *   COLUMN   over the columns of a tile, once a tile     (grids)
 *   ROW      once a row                                  (grids)
 *   ELEMENT  over the elements of a chunk
 *
 * The frame is what a loop sees of the world: an array of 8-byte slots (see plan_frame) with base pointers and uniforms.
 * Element i of a stream, buffer or line lies at base[i] for i in [begin, end) of the call; lines reach back: base[i - d].
 * Values that cross loops: uniforms (8-byte slots, the value in the low bytes; masks as i32 0 or −1) for SEGMENT and ROW
 * values, chunk buffers for ELEMENT and COLUMN values. Calls of functions in C stand between loops, their arguments and results in chunk
 * buffers; no engine sees them. Nor do they see routines of the library, which have loops of SEGMENT rate to themselves. */
#ifndef SN_PLAN_PLAN_H
#define SN_PLAN_PLAN_H

#include "ir/ir.h"

typedef enum plan_rate { PLAN_SEGMENT, PLAN_COLUMN, PLAN_ROW, PLAN_ELEMENT } plan_rate;
typedef enum plan_lanes {
    PLAN_TIME,  /* as many consecutive elements as a vector holds */
    PLAN_SCALAR /* one element a step */
} plan_lanes;

enum {
    PLAN_CHUNK = 512,          /* elements between loops: three f32 buffers in 6 KiB */
    PLAN_SUM_BLOCK = 4096,     /* elements per total (contract 1) */
    PLAN_TICK = 64,
    PLAN_HELD = 8,             /* lines up to this length can live in registers */
    PLAN_MOST_ALIKE = 16,      /* components in a loop of alike ones: two vectors of eight lanes; of f64 half as many */
    PLAN_ALIKE_BYTES = 32,     /* of the vectors of such a loop at most: x64/side_by_side.c */
    PLAN_MOST_STREAMS = 64,    /* that lead into and out of a slice of such a loop */
    PLAN_SHORTEST_LONG = 16,   /* delays in cycles from here on are cut: chunks become that short */
    PLAN_WHOLE = 1 << 30       /* a chunk where nothing crosses loops: as large as offsets allow */
};
#define PLAN_ENDLESS UINT64_MAX /* of tails */

/* A straight-line body. Operations are ir_op with operands by position in `ops` (0 is NONE), each operand before its
 * users. OUTPUT come last, so that in-place calls read before they write; other effects stand in source order, and a HOLD takes
 * effect at the element's end. COLD a, k: the operations from here to k (a RARE whose mask is `a`) run only if any lane of
 * `a` is set; values made in between are used in between or as the cold operand (b) of that RARE only. */
typedef struct plan_body {
    ir_op *ops;
    uint32_t count;
    uint32_t cold; /* how many COLD there are */
    uint32_t sums;
} plan_body;

typedef struct plan_loop {
    uint8_t rate;   /* plan_rate */
    uint8_t lanes;  /* plan_lanes; SEGMENT and ROW loops are SCALAR with one element */
    uint8_t widest; /* 4 or 8: the largest element that the body computes with; W = vector bytes / widest */
    uint8_t most;   /* TIME: how many elements may be computed side by side, a power of two; 0: any number */
    bool ticked;    /* ELEMENT: never crosses a tick in one call: some line of it is flushed there */
    /* SCALAR, ELEMENT: 0, or the body consists of so many slices, `slice` operations each (operation 0 belongs to none), which are the same operation
     * for operation but for constants, slots, streams, buffers and lines, and none of which depends on another: alike.c. An engine may treat it as any
     * body, or run the slices side by side, one a lane. Slices touch chunk buffers, inputs, uniforms and lines that are held, nothing else. */
    uint8_t alike;
    uint32_t slice;
    /* Two bodies where a GUARD was found: body[1] where the uniform mask in slot `guard` is set, else body[0]. guard = 0: one body, body[0]. */
    uint32_t guard;
    /* SEGMENT: NULL, or there is no body: the routine is called with what is in these slots, and its results lie from slot `results` on. */
    const ir_routine *routine;
    uint32_t arguments[IR_ROUTINE_ARGUMENTS], results;
    plan_body body[2];
    const char *reason; /* why not more lanes; static text */
    const char *cycle;  /* name of a line on its cycle, or NULL */
} plan_loop;

typedef struct plan_buffer {
    uint8_t type;
    bool column; /* filled once a tile by a COLUMN loop */
    uint32_t offset; /* bytes from the workspace's start */
} plan_buffer;

typedef struct plan_line {
    uint32_t memory;   /* index in the program's memories */
    uint32_t length;   /* how many past values it keeps */
    uint32_t capacity; /* elements of storage: `length` if held, else a window that slides: length + room */
    uint8_t type;
    bool held;  /* the values lie at base[0 … length), oldest first, in place; else the newest is base[-1], moving on with each chunk */
    bool counter;    /* held, one i32: see counters.c. No body touches it: its slot in frame.lines has the value itself, and after a chunk of n elements
                        n steps are added */
    bool flush;      /* its values below 1e-30 (f32) or 1e-250 (f64) become 0 before the first element of every tick */
    uint16_t loop;   /* the loop that writes it */
    uint32_t offset; /* bytes from the state's start, 64-byte aligned */
    uint32_t step_slot; /* of a counter: the uniform that is its step; 0: the constant `step` is */
    int32_t step;
} plan_line;

/* A call of a function in C, which the driver makes between loops, for each chunk: from buffers to buffers, all of f32. */
typedef struct plan_call {
    uint32_t call;     /* index in the program's calls */
    uint32_t before;   /* the loop before which it is made, or how many loops there are; calls come in that order */
    uint32_t inputs, outputs; /* its first buffer of each; the others follow */
    uint64_t steady;   /* a bit for each input that is the same all over a segment */
} plan_call;

/* A linear recurrence that the driver computes between loops (linear_scans.c; kernel/scan.h): s = A*s' + B*x, with one or two states. */
enum { PLAN_SCAN_STATES = 2, PLAN_SCAN_HEAD = 20 /* f32 words: A and B in f64, the states, where the tick's elements begin (kernel/scans.c) */ };
#define PLAN_SCAN_AHEAD(inputs) (PLAN_SCAN_HEAD + PLAN_TICK * (uint32_t)(inputs)) /* the length of its line */
#define PLAN_SCAN_PORT(state, before) (2u * (state) + (before)) /* results: a state, and what it was one element ago */
enum { PLAN_SCAN_PORTS = 2 * PLAN_SCAN_STATES };

typedef struct plan_scan_factor {
    ir_ref value;    /* of the program, f64; 0: the constant is it */
    uint32_t slot;   /* where a frame has it; 0: the constant is it */
    double constant;
} plan_scan_factor;

typedef struct plan_scan {
    uint8_t order, inputs; /* 1 or 2; 0 (x is 1), 1 or 2 */
    uint8_t line_count;    /* one or two lines of one value, or one of two: then the states are the newest value and its difference from the one before */
    uint8_t flush;         /* a bit for each state that is flushed at ticks */
    plan_scan_factor a[PLAN_SCAN_STATES][PLAN_SCAN_STATES], b[PLAN_SCAN_STATES][PLAN_SCAN_STATES];
    uint32_t lines[PLAN_SCAN_STATES], ahead; /* plan line numbers (while it is being found: memories); the line that has what a scan needs to go on */
    uint32_t call;         /* its number among the program's calls */
    uint32_t before;       /* the loop before which it is computed; scans come in that order */
    uint32_t x[PLAN_SCAN_STATES], result[PLAN_SCAN_PORTS]; /* buffers, + 1; 0: none, nobody reads that */
    /* Where the recurrence is linear only while an integer has a certain value: it has a loop of its own, and is computed instead of that where the integer is that. */
    bool keeps_loop;
    plan_scan_factor settled; /* the value; no number where there is none */
    plan_scan_factor from;    /* at the earliest for the element of this absolute index */
    uint32_t flag, loop;      /* the line that holds the integer (while it is being found: the memory); the loop */
    ir_ref values[PLAN_SCAN_PORTS]; /* of the program: what results are of the loop's; 0: nothing */
} plan_scan;

typedef struct plan_scans {
    ir_program *program; /* the same with scans as calls, `lines` and `ahead` among its memories; NULL while there are none */
    plan_scan *scans;
    uint32_t count;
    uint32_t *scan_of_line;   /* per memory: 0, or 1 + the scan whose state it is, and no loop's */
    uint32_t *keeper_of_flag; /* per memory: 0, or 1 + the scan that keeps a loop while it is not settled */
    uint32_t kept;            /* how many those are */
    uint32_t chunk;           /* what was found out about the program besides, which scans do not change: as in plan_levels */
    uint64_t latency, tail;
} plan_scans;

/* Where things are in the frame, in slots of 8 bytes. */
typedef struct plan_frame {
    uint32_t index;   /* f64: absolute index of element 0 */
    uint32_t inputs, outputs, buffers, lines, memories; /* pointers, one slot each, in order (`lines` by plan line number, memories by program number);
                                                           of a line that is a counter the i32 before element 0 */
    uint32_t sums;    /* pointers, one per total: 64 f32 or 32 f64 partial sums, 64-byte aligned */
    uint32_t params;  /* uniforms: parameter values in their type */
    uint32_t lengths; /* i32, one per memory object */
    uint32_t row, column; /* i32: the row; the column of element 0, which is 0 in streams: there COLUMN is the element's number in its chunk */
    uint32_t extents; /* f64, IR_EXTENT_LENGTH for each image: what its extent is bound to where the caller hands over images */
    uint32_t uniforms; /* the first computed one */
    uint32_t together; /* i32: not 0 where of each loop of alike components the lines of one value lie in the order of the slices, one behind the other, and so many
                          bytes behind the last as fill PLAN_ALIKE_BYTES are nobody's; set with the instance */
    uint32_t totals;  /* one per total, in its type: its partial sums folded, where machine code does that */
    uint32_t count;
} plan_frame;

typedef struct plan {
    const ir_program *program; /* streams, parameters, memory objects; must outlive the plan */
    plan_loop *loops;
    uint32_t loop_count;
    plan_buffer *buffers;
    uint32_t buffer_count;
    plan_line *lines;
    uint32_t line_count;
    uint32_t *line_of_memory; /* plan line number by memory index */
    plan_call *calls;
    uint32_t call_count;
    uint32_t *place_of_call;  /* by number of the program's calls: where in `calls` it is, or, from first_scan_call on, in `scans` */
    plan_scan *scans;
    uint32_t scan_count, first_scan_call;
    uint32_t ahead_count;     /* lines, behind all others, of what scans need to go on */
    uint64_t latency;         /* the largest sum of the latencies of calls along a path to an output (sinter/kernel.h) */
    uint64_t tail;            /* elements after which outputs are steady once inputs are (sinter/kernel.h), or PLAN_ENDLESS */
    plan_frame frame;
    uint32_t chunk;           /* elements a chunk at most */
    uint32_t workspace;       /* bytes for buffers, 64-byte aligned; partial sums included (at sums_offset) */
    uint32_t sums_offset;     /* 256 bytes each */
    uint8_t *sum_types;       /* ir_type per total */
    uint64_t state;           /* bytes, lines */
    bool reads_index, grid, stateful;
    bool as_written;          /* loops keep the order of the program */
    uint32_t operations;      /* in all bodies, leaves excluded */
    uint32_t hoisted;         /* of them in SEGMENT, COLUMN and ROW loops */
    sinter_status status;
} plan;

/* How a plan is made. */
enum {
    PLAN_SOON = 1,      /* of a program that is wanted soon and plays for milliseconds: its loops are as it is written, which takes longer to run and less to make */
    PLAN_LOOK_AHEAD = 2 /* of a relaxed program: linear recurrences may be regrouped */
};
/* Makes the plan of a program that has no MATH operations left. Everything lives in `memory`. The IR must be verified.
 * Linear time but for sorting. Errors: NO_MEMORY, TOO_LARGE (state over 2^31 bytes), BAD_PROGRAM (a call on a cycle of lines that are flushed at
 * ticks, which the language does not make). */
sinter_status sn_plan_make(plan *out, const ir_program *program, unsigned how, arena *memory);

struct text;
void sn_plan_print(const plan *p, struct text *out);   /* `dump --plan`: loops and bodies */
/* For whom a plan is explained. */
typedef struct plan_machine {
    const char *engine;
    unsigned vector_bytes; /* 0: one lane */
    unsigned most_lanes;   /* 0: as many as there is room for */
    bool byte_permutations;
} plan_machine;
void sn_plan_explain(const plan *p, const plan_machine *machine, struct text *out);

/* ---- between the room's files ---- */
/* What a loop may do at once, and what levels are, by turns: any number of elements; one; or eight, since each needs what is eight
 * elements back or more; or one of several components that are alike. */
enum { PLAN_FREE, PLAN_ONE, PLAN_EIGHT, PLAN_ALIKE, PLAN_KINDS };

typedef struct plan_levels {
    uint16_t *level;   /* per operation of the program: the loop level it runs at, level % PLAN_KINDS its kind */
    uint8_t *kind;     /* per operation */
    uint32_t top;      /* the highest level */
    uint32_t chunk;
    const char **cycle_name; /* per level: a line on a cycle, or NULL */
    uint64_t latency, tail; /* see plan */
    uint32_t *alike;   /* per operation: 0, or of kind PLAN_ALIKE: 1 + PLAN_MOST_ALIKE · its bunch + its slice; NULL where there is no bunch */
    uint32_t bunches;
    const uint32_t *depth; /* where there are bunches, per component: see plan_components */
} plan_levels;

/* The components of a program, as alike.c sees them. */
typedef struct plan_components {
    const ir_program *program;
    const uint8_t *live;
    const uint32_t *component; /* per operation, from 1; 0: none */
    uint32_t count;            /* of components */
    const ir_ref *sorted;      /* operations, component after component, those of one in the order of the program */
    const uint32_t *first;     /* per component, from 1: its first in `sorted`; one more at the end */
    const uint32_t *depth;     /* per component: how many recursive ones stand in a row before it and with it */
} plan_components;
/* Components that are alike and side by side, which will be a loop: alike.c finds them, followers.c adds to them. */
typedef struct plan_bunch {
    const ir_ref *const *components; /* per slice: its component's operations, `size` of them */
    ir_ref *members;           /* followers.c: slice after slice, `room` places each */
    uint32_t slices;           /* 0: it has become part of another */
    uint32_t size, room, kept; /* operations of a slice; so many places; so many stay, whatever comes */
    uint32_t depth;            /* of its components */
    uint32_t widest;           /* element, in bytes */
    uint32_t values, streams;  /* of a slice: past values that it keeps; streams that lead in and out */
} plan_bunch;
/* Finds bunches among the components of kind PLAN_ONE: sets out->kind of their operations, out->alike and out->bunches. */
sinter_status sn_plan_find_alike(const plan_components *c, arena *memory, plan_levels *out);
/* The same of out->bunches bunches, with what follows from them; some become one, so that there may be fewer. */
sinter_status sn_plan_find_followers(const plan_components *c, plan_bunch *bunches, arena *memory, plan_levels *out);

/* routines.c: loops of segment rate by stages, where the program has routines; those of a stage are called behind what is computed in it. */
enum { PLAN_MOST_STAGES = 64, PLAN_NO_STAGE = 0xFF };
_Static_assert((int)IR_MOST_ROUTINES < (int)PLAN_MOST_STAGES, "each routine may wait for the one before");
typedef struct plan_stages {
    uint8_t *of_operation; /* of segment rate; else 0 */
    uint8_t *of_routine;   /* PLAN_NO_STAGE: nobody reads a result */
    uint64_t computed;     /* a bit for each in which something is computed besides */
    uint8_t last;
} plan_stages;
/* `members` are live, ascending. */
sinter_status sn_plan_find_stages(const ir_program *p, const ir_ref *members, uint32_t count, arena *memory, plan_stages *out);

/* The loops that fill a buffer and read it last. */
typedef struct plan_stretch {
    uint16_t first, last;
} plan_stretch;
/* Gives all buffers their offsets, from *end on, which then is where they end. The first `count` have a stretch each; the others, and those of columns, share
 * their places with none. p->chunk is known. SINTER_TOO_LARGE, SINTER_NO_MEMORY. */
sinter_status sn_plan_place_buffers(plan *p, const plan_stretch *stretches, uint32_t count, uint64_t *end, arena *memory);

/* Rough costs of an operation in issue slots of one vector, and in cycles of latency, after the tables of Zen 4 and Golden Cove
 * (https://uops.info): enough to compare loops with each other. */
typedef struct plan_cost {
    unsigned slots, latency;
} plan_cost;
plan_cost sn_plan_cost_of(unsigned code);
/* What so many alike components take an element, in cycles, one after the other or side by side in vectors of so many lanes. */
typedef struct plan_alike_work { /* of each */
    unsigned slots, latency; /* of its operations */
    unsigned streams;        /* that lead in and out */
    unsigned values;         /* of its lines */
    unsigned widest;         /* element, in bytes */
} plan_alike_work;
typedef struct plan_alike_cost {
    unsigned one_by_one, side_by_side;
} plan_alike_cost;
plan_alike_cost sn_plan_cost_of_alike(const plan_alike_work *each, unsigned count, unsigned lanes);
/* Per memory object the step, if it is a counter, else 0; NULL where there are none. `live` is then what is live without the cycles. */
sinter_status sn_plan_find_counters(const ir_program *p, uint8_t **live, arena *memory, const ir_ref **steps);
/* Where scans are to be found, and some are, nothing but those is: the caller asks again, of their program. NULL: there are none. */
sinter_status sn_plan_find_levels(const ir_program *program, const uint8_t *live, plan_scans *scans, bool find_scans, arena *memory, plan_levels *out);
/* Which components are scans, and the program with those instead; of each, from 1, how many there are like it, 0: it is none. */
sinter_status sn_plan_find_scans(const plan_components *all, const uint8_t *alike, arena *memory, plan_scans *found);
/* blocks.c: which calls are made, in the order in which `level` (per operation) has them; sets p->calls, but for `before`, and their buffers, for
 * which p->buffers has room and which the second adds. The last so many of the program's calls are scans, which lead from p->scans to a sorted list of those
 * that are needed. */
sinter_status sn_plan_place_calls(plan *p, uint32_t scans, const uint8_t *live, const uint16_t *level, arena *memory);
void sn_plan_add_call_buffers(plan *p);
/* Puts the operations into an order in which chains lie side by side. SINTER_NO_MEMORY. */
sinter_status sn_plan_interleave(plan_body *body, arena *memory);
/* How many buffers that will be at most. */
uint32_t sn_plan_count_ports(const ir_program *program);

#endif
