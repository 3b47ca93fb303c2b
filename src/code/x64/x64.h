/* Machine code for x86-64: this page is the room's table of contents.
 *
 *   encode.c   instructions as bytes            instructions.h   the list of them        encodings.h   what of it direct.c has in line
 *   pool.c     the constants that code reads
 *   writing.c  what the next four share: room for code, moves, branches between its pieces        writing.h   short names
 *   access.c   operations that touch memory, as instructions: streams, lines, tables, sums; positions
 *   lookup.c   those on tables that registers hold
 *   side_by_side.c  loops of alike components, one a lane: what goes into lanes and out of them        side_by_side.h  of what that is made
 *   select.c   all others, in registers that the allocator gives
 *   direct.c   the walk over a body; the commonest operations once more, in line
 *   joint.c    bodies with look-ups that several vectors share: operations from operations, before any is written
 *   loop.c     loops around them: entry, unrolling, tails, cold regions, the function for one element
 *
 * Each knows those above it.
 *
 * Three instruction sets are served: one lane (scalar forms of AVX2 and FMA), AVX2 with FMA, AVX-512 (F, DQ, BW, VL; VBMI where there is).
 * Lanes: a loop computes W = vector bytes / widest elements a step, so every value fits one register: with f64 about, f32
 * and i32 take half of one. Masks: AVX-512 has mask registers; elsewhere a mask is a vector of lanes as wide as the loop's widest type,
 * all ones or zero.
 *
 * General registers: rdi the frame, rsi the element number i, rdx the end, rcx the last i of the main loop, r10 the pool,
 * r11 minus the elements left (tails), rax scratch; r8, r9, rbx, r12 to r15 base pointers of streams, as many as there are. */
#ifndef SN_CODE_X64_X64_H
#define SN_CODE_X64_X64_H

#include "code/allocate.h"
#include "code/x64/side_by_side.h"
#include "code/x64/encode.h"
#include "plan/plan.h"

typedef enum x64_isa { X64_ONE_LANE, X64_AVX2, X64_AVX512 } x64_isa;

typedef struct x64_options {
    x64_isa isa;      /* of TIME loops; SCALAR ones are one lane anyway */
    uint32_t random;  /* hostile builds */
    bool marks;
    bool byte_permutations; /* AVX-512 has VBMI */
    uint8_t most_registers; /* hostile: 0 all */
    uint8_t most_lanes;     /* 4, or 8 and 16, which are all that AVX-512's masks have instructions for; 0: as many as there is room for */
    bool only_selection;    /* tests: select.c does everything, direct.c nothing */
    const void *const *tables; /* by memory object: the content of constant tables; functions may have no frame to find them in */
} x64_options;

enum { X64_MOST_POINTERS = 7, X64_MOST_SUMS = 8, X64_MOST_KEPT = 8 /* registers */ };
/* Code is written in three pieces, which join() puts one behind the other: paths, the ways from them to cold regions and back, the regions. */
enum { X64_PATHS, X64_WAYS, X64_REGIONS, X64_BUFFERS, X64_REGION_BY_NUMBER = X64_BUFFERS };

/* Constants, gathered while code is written; offsets are from r10 = pool start + X64_POOL_BIAS, so that short displacements
 * reach twice as many. */
enum { X64_POOL_BIAS = 128 };
typedef struct x64_pool_entry {
    uint64_t bits;
    uint32_t at;    /* from pool start */
    uint32_t shape; /* of an element and all its copies: their sizes; 0: a free place */
} x64_pool_entry;
typedef struct x64_pool {
    arena *memory;
    uint8_t *bytes;
    uint32_t size, capacity;
    x64_pool_entry *table; /* open addressing */
    uint32_t table_mask, entries;
    uint32_t *tables;      /* two a memory object: where a short table of narrow integers stands as i32, and as bytes, + 1; NULL: none does yet */
    uint32_t *addresses;   /* by memory object: where the address of its table stands, + 1; NULL: none does */
    bool failed;
} x64_pool;

void sn_x64_pool_open(x64_pool *pool, arena *memory);
void sn_x64_pool_expect(x64_pool *pool, uint32_t elements); /* a hint: so many at most will be new */
/* The place (from pool start) of `copies` repetitions of an element of 4 or 8 bytes, aligned to its whole size up to 64. */
uint32_t sn_x64_pool_element(x64_pool *pool, uint64_t bits, unsigned size, unsigned copies);
/* The place of arbitrary bytes, aligned. */
uint32_t sn_x64_pool_bytes(x64_pool *pool, const void *bytes, unsigned size, unsigned alignment);
/* The place of a program's table of u8 or i16: each element as an i32, or (u8) as bytes, zeros up to 64, 128 or 256 behind them. Once a pool. */
uint32_t sn_x64_pool_table(x64_pool *pool, const ir_program *program, uint32_t memory, bool bytes);
/* The place of the address of a program's table: no other constant's, and once a pool. */
uint32_t sn_x64_pool_address(x64_pool *pool, const ir_program *program, uint32_t memory, const void *address);

typedef struct x64_buffer {
    x64_code code;
} x64_buffer;

typedef struct x64_branch { /* a jump or call between buffers, patched when they are joined */
    uint8_t from_buffer, to_buffer;
    uint32_t place;
    uint32_t target; /* a place; of X64_REGION_BY_NUMBER a region's number */
} x64_branch;

/* For `dump --asm`: which operation the code from here on belongs to. */
typedef struct x64_mark {
    uint32_t at;        /* offset in the loop's code */
    uint32_t operation; /* number in the body; 0: the loop's own */
} x64_mark;

/* A table of bytes that registers hold for the whole loop. */
typedef struct x64_kept_table {
    uint32_t memory;
    uint8_t first, registers;
} x64_kept_table;

/* A body rewritten by joint.c. */
typedef struct x64_joint_body {
    plan_body body;
    uint32_t *origins; /* by operation: its number in the body as it was */
    uint32_t wanted;   /* registers that four copies want at once; UINT32_MAX: there are not to be four */
    bool single;       /* nor two */
} x64_joint_body;

/* What an instruction on values of one type takes in this loop, for direct.c. */
typedef struct x64_form {
    uint8_t l;         /* the length, as the encoder has it */
    uint8_t variant;   /* behind the packed singles: 1 doubles, 2 scalar, 3 both */
    uint8_t constants; /* how many copies of a constant in the pool a memory operand is; 0: it cannot be one */
    bool direct;       /* values of it are in vector registers */
} x64_form;

typedef struct x64_writer {
    allocation a;
    arena *memory; /* the output's `passing` */
    const plan *plan;
    const plan_loop *loop;
    const plan_body *body;
    x64_pool *pool;
    x64_isa isa;
    unsigned lanes;             /* elements a vector */
    x64_length length4, length8; /* of a value of 4, of 8 bytes an element */
    x64_form forms[IR_MASK + 1]; /* by type */
    bool scalar;                /* lanes == 1 */
    bool mask_registers;
    bool masked;                /* a tail, or a long body */
    bool mostly_full;           /* a long body, masked throughout */
    bool function;              /* one element: inputs arrive in registers */
    const void *const *tables;  /* functions: content by memory object */
    bool wide_constants;        /* AVX2: pool entries as wide as vectors */
    bool sums_in_registers;     /* where code is being written */
    uint32_t group;             /* elements before copy 0 of this repetition */
    unsigned repetition;
    uint8_t pointer_count, pointer_register[X64_MOST_POINTERS];
    uint32_t pointer_slot[X64_MOST_POINTERS];
    uint8_t sum_register[X64_MOST_SUMS][8]; /* per SUM in order, per vector of partial sums */
    uint32_t sum_operation[X64_MOST_SUMS];
    unsigned sum_count;
    uint32_t constants, uniforms, held, loads; /* in the body */
    uint32_t work;              /* operations of the path */
    x64_buffer buffer[X64_BUFFERS];
    unsigned at;                /* the buffer being written */
    unsigned way_from;          /* the buffer, and the place in it, to which the way to a region leads back */
    uint32_t way_back;
    int32_t slots_up;           /* bytes between the stack pointer and slot 0: return addresses, in regions */
    uint32_t *region_places;    /* by number; NULL without regions */
    uint32_t mask_table; /* AVX2 tails: its place in the pool + 1 */
    x64_joint_body joint; /* where tables are kept: `body` is in it */
    x64_kept_table kept[X64_MOST_KEPT];
    unsigned kept_count, kept_registers;
    const x64_alike *alike; /* or NULL: `body` is in it */
    bool joins;          /* several copies join values: k7 downwards name their bytes */
    uint32_t join_pattern, part_pattern[3]; /* places in the pool + 1 */
    x64_branch *branches;
    uint32_t branch_count, branch_capacity;
    x64_mark *marks;
    uint32_t mark_count, mark_capacity;
    bool with_marks;
    bool failed;
    bool too_large;
} x64_writer;

/* writing.c */
enum { X64_ROOM = 1024 }; /* bytes that one operation of one copy takes at most, reloads included */
x64_code *sn_x64_more_room(x64_writer *w);
static inline x64_code *sn_x64_room(x64_writer *w) /* the buffer being written, with room for an operation */
{
    x64_code *c = &w->buffer[w->at].code;
    return c->end - c->at >= X64_ROOM ? c : sn_x64_more_room(w);
}
void sn_x64_mark(x64_writer *w, uint32_t position);

/* select.c */
extern const code_target sn_x64_target;
void sn_x64_select(x64_writer *w, const ir_op *op, uint32_t position); /* writes an operation of the current copy; sn_allocate_end comes next */

/* access.c */
/* The slot of the pointer by which a stream is reached. Chunk buffers lie in one workspace, at distances that are known, so that the first one's pointer serves
 * all, and no register, or load, goes for each. */
static inline uint32_t sn_x64_base_slot(const plan *p, uint32_t slot)
{
    const uint32_t most = 1 << 30; /* bytes: distances and what is added to them fit an i32 */
    return slot >= p->frame.buffers && slot - p->frame.buffers < p->buffer_count && p->workspace < most ? p->frame.buffers : slot;
}
x64_mem sn_x64_stream(x64_writer *w, uint32_t slot, unsigned size, int64_t elements); /* element i + elements of the stream in a frame slot */
void sn_x64_load(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m);  /* unmasked, the loop's lanes */
void sn_x64_store(x64_writer *w, unsigned reg, unsigned type, const x64_mem *m);
uint32_t sn_x64_mask_table(x64_writer *w); /* AVX2 tails: pool place of lane masks */
bool sn_x64_is_widened(const x64_writer *w, uint32_t memory); /* vectors read this table as i32 in the pool */
static inline uint32_t sn_x64_total_of(const ir_op *sum) /* SUM or SUMP */
{
    return sum->code == IR_SUM ? sum->b : sum->c;
}

/* joint.c: `body` anew, for the tables that the writer keeps, so that four copies want at most so many registers if it can be. False where
 * memory is refused. */
bool sn_x64_make_joint(const x64_writer *w, const plan_body *body, unsigned registers, x64_joint_body *out);

/* lookup.c */
void sn_x64_keep_tables(x64_writer *w); /* chooses the tables of the body that registers hold */
const x64_kept_table *sn_x64_kept_table(const x64_writer *w, uint32_t memory); /* or NULL */
void sn_x64_load_kept_tables(x64_writer *w);
void sn_x64_load_byte_masks(x64_writer *w);

/* side_by_side.c */
/* Makes a body in lanes of a loop of alike components; false where memory is refused. */
bool sn_x64_pack(x64_alike *out, const plan *p, const plan_loop *loop, const x64_options *options, x64_pool *pool, arena *memory);
bool sn_x64_alike_fits(const x64_alike *a); /* what goes through the stack is not too much */
x64_mem sn_x64_lanes_mem(const x64_writer *w, const ir_op *uniform); /* a vector: what a UNIFORM with b ≠ 0 is */
x64_mem sn_x64_lane_line_mem(const x64_writer *w, uint32_t line, uint32_t delay); /* a vector */
x64_mem sn_x64_lane_stream_mem(x64_writer *w, uint32_t number); /* a vector, or, of a shared stream, an element */
bool sn_x64_is_shared_stream(const x64_writer *w, uint32_t number);
bool sn_x64_has_bare_streams(const x64_writer *w); /* some stream may end where the loop does */
void sn_x64_open_lanes(x64_writer *w);  /* r8, the state and the uniforms in lanes */
void sn_x64_close_lanes(x64_writer *w); /* the state where it belongs */
/* The block of four elements from r9 on: streams to vectors an element in the area, or (`out`) back. `padded`: chunk buffers, else inputs; `masked`: no
 * more than −rcx elements are touched. */
void sn_x64_turn_streams(x64_writer *w, bool out, bool padded, bool masked);
/* Of chunk buffers the block behind that at r9, or (`out`) the one before it, whose place in the area is rcx's. */
void sn_x64_turn_neighbour(x64_writer *w, bool out);
x64_mem sn_x64_alike_begin(const x64_writer *w); /* 8 bytes in the area: where the loop began */

/* direct.c */
void sn_x64_walk(void *emitter, uint32_t first, uint32_t end); /* as code_target has it */

/* loop.c */
/* Elements of a vector in a loop whose widest have so many bytes. */
unsigned sn_x64_lanes_of(const x64_options *options, unsigned widest);

typedef struct x64_function {
    uint32_t start, size; /* in the joined code */
    uint32_t spills;      /* slots */
    uint32_t copies, repetitions; /* of the main loop */
    bool reads_sums;      /* from element 0 on too: sums begin with what their memory holds */
    bool leaves_sums;     /* partial sums are not folded */
} x64_function;

typedef struct x64_output { /* all functions of a plan, joined; position-independent but for the pool's distance */
    uint8_t *code;
    uint32_t size, capacity;
    x64_pool pool;
    uint32_t *pool_references; /* places of 32-bit displacements: pool + X64_POOL_BIAS minus the end of the displacement */
    uint32_t pool_reference_count, pool_reference_capacity;
    x64_mark *marks; /* offsets from `code` */
    uint32_t mark_count;
    arena *memory;
    arena *passing; /* what one function takes while it is written; the next one's begins in the same, warm, place */
    sinter_status status;
    const char *violation; /* builds that verify: what is wrong with an allocation; else NULL */
} x64_output;

/* Appends the code of body `body` of a loop as a function (frame, begin, end). */
x64_function sn_x64_loop(x64_output *out, const plan *p, const plan_loop *loop, const plan_body *body, const x64_options *options);
/* Appends f(x, …): the plan's single stateless ELEMENT loop for one element, inputs in xmm0…, the frame in rdi. */
x64_function sn_x64_function(x64_output *out, const plan *p, const plan_loop *loop, const plan_body *body, const x64_options *options);
/* `passing` is the output's alone, and rewound by it. */
void sn_x64_output_open(x64_output *out, arena *memory, arena *passing);

#endif
