/* What prepared bodies are made of; between the room's files only. */
#ifndef SN_INTERP_INTERP_CODE_H
#define SN_INTERP_INTERP_CODE_H

#include "interp/interp.h"

/* ---- places: where an operand or a result lies, in 32 bits ---- */

/* The two top bits say the space. SLOT, FRAME and CONST count 8 bytes from the workspace, the frame and the
 * constants (the last two are uniform); a STREAM is a number in the body's list, whose address moves with the
 * block. */
typedef enum interp_space { SPACE_SLOT, SPACE_FRAME, SPACE_CONST, SPACE_STREAM } interp_space;
typedef uint32_t interp_place;
enum { PLACE_BITS = 30, PLACE_MASK = (1 << PLACE_BITS) - 1 };

static inline interp_place sn_interp_place(interp_space space, uint32_t number)
{
    return (uint32_t)space << PLACE_BITS | number;
}
static inline interp_space sn_interp_space(interp_place place)
{
    return (interp_space)(place >> PLACE_BITS);
}
static inline bool sn_interp_is_uniform(interp_place place)
{
    return sn_interp_space(place) == SPACE_FRAME || sn_interp_space(place) == SPACE_CONST;
}

/* Element i of a stream: the pointer in the frame's slot, plus (i - delay) * size. A size of 0 is the pointer
 * itself. */
typedef struct interp_stream {
    uint32_t slot;
    uint32_t size;
    uint32_t delay;
} interp_stream;

/* ---- inner loops ---- */

typedef void interp_loop(void *out, const void *a, const void *b, const void *c, size_t n);

typedef struct scalar_body scalar_body;

/* Which operands are one value for all elements; of three operands the first always varies. */
enum { SHAPE_VARYING = 0, SHAPE_FIRST = 1, SHAPE_SECOND = 2, SHAPES = 4 };
enum { TYPE_F32, TYPE_F64, TYPE_I32, TYPES }; /* a mask counts as i32 */

static inline unsigned sn_interp_type(unsigned type)
{
    return type == IR_F32 ? TYPE_F32 : type == IR_F64 ? TYPE_F64 : TYPE_I32;
}

/* All of them, compiled for one instruction set. Every loop bears out == a (b, c) when the elements are of
 * one size. */
typedef struct interp_engine {
    const char *name;
    /* By the type of the first operand that is a number (of CHOOSE, of the result). Of two operands: varying,
     * a or b uniform (SHAPE_…); of three: varying, b uniform, c uniform, both. NULL: none of that shape. */
    interp_loop *pure[IR_CODES][TYPES][SHAPES];
    interp_loop *convert[TYPES][TYPES]; /* from, to */
    interp_loop *fill[2];  /* a uniform; of 4 and of 8 bytes */
    interp_loop *index;    /* a: uniform f64 of element 0, b: uniform i64, the first element */
    interp_loop *column;   /* the same, i32 */
    interp_loop *load[7];  /* by the memory's type; a: indices, b: base */
    interp_loop *store[7]; /* out: base, a: indices, b: values */
    interp_loop *readv[2]; /* of 4 and 8 bytes; a: delays, b: base at the first element, c: two i32, the bounds */
    void (*sum[2])(void *sums, const void *values, size_t first, size_t n); /* f32, f64 */
    void (*sum_products[2])(void *sums, const void *values, const void *factors, size_t first, size_t n);
    bool (*any)(const void *mask, size_t n);
    void (*run_scalar)(const scalar_body *body, const uint64_t *constants, uint64_t *frame, int64_t begin,
                       int64_t end, void *workspace);
} interp_engine;

extern const interp_engine sn_interp_baseline;
#if defined(__x86_64__)
extern const interp_engine sn_interp_avx2, sn_interp_avx512;
#endif

/* ---- vector loops ---- */

typedef enum block_kind {
    BLOCK_LOOP,   /* loop(out, a, b, c) */
    BLOCK_COPY,   /* out = a, varying */
    BLOCK_COUNT,  /* INDEX, COLUMN: loop(out, a, the block's first element) */
    BLOCK_SUM,
    BLOCK_SUM_PRODUCTS,
    BLOCK_COLD    /* to instruction c, a RARE, unless any lane of a asks */
} block_kind;

typedef struct block_op {
    interp_loop *loop;
    interp_place out, a, b, c;
    uint8_t kind; /* block_kind */
    uint8_t size; /* bytes of an element of out */
} block_op;

typedef struct block_body {
    const block_op *ops;
    const interp_stream *streams;
    uint32_t count;
    uint32_t length; /* elements of a block */
    uint32_t slots;  /* bytes of workspace */
} block_body;

/* ---- scalar loops ---- */

/* An operation on registers: 8-byte cells of the workspace, the value in the low bytes. */
typedef struct scalar_op {
    uint32_t code; /* scalar_code, in scalar_loop.h */
    uint32_t out, a, b, c;
} scalar_op;

typedef struct scalar_pin {
    uint32_t out;
    interp_place from; /* FRAME or CONST */
} scalar_pin;

/* A held line: registers first … first + length, oldest first, from and to the address in the frame. */
typedef struct scalar_line {
    uint32_t first, length, slot, size;
} scalar_line;

struct scalar_body {
    const scalar_op *ops;
    const scalar_pin *pins; /* copied before the first element */
    const scalar_line *lines;
    uint32_t count, pin_count, line_count;
    uint32_t registers;
};

typedef struct interp_body {
    bool scalar;
    block_body block;
    scalar_body single;
} interp_body;

struct interp_code {
    const interp_engine *engine;
    const uint64_t *constants;
    interp_body *bodies; /* two a loop */
    uint8_t *rates;      /* plan_rate, one a loop */
    uint32_t *guards;    /* frame slot, one a loop */
    uint32_t loops;
    uint32_t inputs, outputs; /* frame slots */
    uint32_t input_count, output_count;
    size_t workspace;
};

/* ---- preparing ---- */

/* What both forms share while a plan is prepared. */
typedef struct interp_maker {
    const plan *plan;
    const interp_engine *engine;
    arena *memory;
    uint64_t *constants;
    uint32_t constant_count, constant_capacity;
    /* Of the body at work, per operation: */
    uint32_t *root;     /* the operation whose value this one is: BITS and FROM_BITS are their operand */
    uint32_t *uses;     /* of a root: how many operands are it */
    uint32_t *last_use; /* of a root: the last operation with such an operand */
    uint32_t *number;   /* of a root: its slot or register */
    uint8_t *flags;     /* of a root; INTERP_… */
    uint32_t *dest;     /* of a root, block form: 1 + the effect that it is computed straight into, or 0 */
    uint32_t *free;     /* a stack of free slots or registers */
    uint32_t free_count, used;
    bool failed;        /* memory was refused */
} interp_maker;

enum {
    INTERP_HAS_NUMBER = 1, /* a slot or register is taken */
    INTERP_PINNED = 2,     /* and never given back */
    INTERP_TO_OUTPUT = 4,  /* an OUTPUT uses it */
    INTERP_TO_HOLD = 8,    /* a HOLD uses it */
    INTERP_SKIPPED = 16    /* a RARE that a COLD may skip; its number is that COLD's until it is made */
};

/* The place of a constant of these bits. */
interp_place sn_interp_constant(interp_maker *m, uint64_t bits);
/* Of a CONST: the bits as inner loops read them (masks are 0 or −1). */
uint64_t sn_interp_constant_bits(const ir_op *op);
/* A free slot or register. */
uint32_t sn_interp_take(interp_maker *m);
/* Gives back the number of root r if operation k is its last use. */
void sn_interp_give(interp_maker *m, uint32_t r, uint32_t k);
/* The least and the most of a varying read, as one constant of two i32. */
uint32_t sn_interp_bounds(interp_maker *m, uint32_t line);

void sn_interp_prepare_blocks(interp_maker *m, const plan_body *body, const plan_loop *loop, block_body *out);
void sn_interp_prepare_scalar(interp_maker *m, const plan_body *body, scalar_body *out);

void sn_interp_run_blocks(const interp_code *code, const block_body *body, uint64_t *frame, int64_t begin,
                          int64_t end, void *workspace);

#endif
