/* The intermediate representation: a program is an array of operations in single assignment, its streams, parameters and
 * memory objects. This page is the room's table of contents.
 *
 *   builder.c   programs made by appending; hash-consing; types and axes as operations arrive
 *   rewrite.c   the local rules: identities and constant folding, applied as operations arrive
 *   range.c     between which bounds an integer lies
 *   evaluate.c  one operation on constants, bit for bit as every engine does it
 *   settled.c   values that are known but must not count as constants yet
 *   live.c      which operations something depends on
 *   extract.c   what leads to a result, taken out of one program and put into others
 *   argument_chain.c  which arguments belong to which call
 *   printer.c, parser.c   the text form; dot.c      as a graph for Graphviz
 *   verifier.c  what holds of every program between passes
 *
 * An operation names its operands by index; operands come before their users (cycles go through memory objects only).
 * Operation 0 is NONE, so that 0 means "absent". Building never fails half-way: the first error is kept in `status` and
 * everything after it is harmless; the caller looks once, at the end. One thread at a time. */
#ifndef SN_IR_IR_H
#define SN_IR_IR_H

#include "base/arena.h"
#include "ir/ops.h"
#include <sinter/report.h>

typedef uint32_t ir_ref;

typedef struct ir_op {
    uint8_t code; /* ir_code */
    uint8_t type; /* ir_type of the result */
    uint8_t axes;
    uint8_t flags; /* IR_FLAG_… */
    uint32_t a, b, c; /* operands first, then immediates; unused ones 0 */
} ir_op;

enum {
    IR_FLAG_FAST = 1, /* a mathematical function of the grade `fast` */
    IR_FLAG_JOINT = 2, /* in an encoder's bodies: one value for all vectors that are computed side by side */
    IR_FLAG_FORMS = 4, /* a RARE whose sides are forms of one function: its derivative is that of the second, whatever the mask says */
    IR_FLAG_SETTLED = 8 /* a PARAM that is not the parameter's value but one that follows from it, which is known: settled.c */
};

typedef struct ir_stream {
    const char *name;
    uint8_t type;
} ir_stream;

typedef struct ir_total_map {
    double scale, offset;
} ir_total_map;

typedef struct ir_param {
    const char *name;
    uint8_t type;
    uint8_t curve; /* sinter_curve: how a control moves over the range */
    uint8_t smoothing; /* sinter_smoothing: how it gets from one value to the next, in so many seconds */
    double initial, low, high;
    double seconds;
    const char *unit;
} ir_param;

enum { IR_MOST_SECONDS = 1000 }; /* of smoothing */

typedef enum ir_memory_kind {
    IR_TABLE, /* constant content */
    IR_BOUND, /* content bound at run time, read only; length ≥ 1 known then */
    IR_LINE,  /* a delay line: the last `length` values of one stream */
    IR_CELLS  /* a table that the program reads and writes, element by element, from 0 */
} ir_memory_kind;

typedef struct ir_memory {
    const char *name; /* what state is keyed by: unique within the program */
    const void *content; /* IR_TABLE: length elements */
    uint32_t length;
    uint32_t shortest; /* IR_LINE, READV: the least delay; larger reads are clamped to [shortest, length] */
    uint8_t kind;
    uint8_t type; /* ir_type, u8 and i16 included */
    uint8_t flush; /* IR_LINE: denormals are flushed from its last `length` values at every tick */
    uint8_t channels; /* IR_BOUND: 0, or it holds the texels of an image (f32), and the next object says how large that is and where it lies */
    uint8_t made;     /* of an image: the text itself says what is in it (a stage) */
} ir_memory;

/* Which local rules are applied as operations arrive, and what each removed. */
enum {
    IR_IDENTITY = 1,
    IR_FOLD = 2,
    IR_RELAXED = 4,
    IR_SIGNS = 8 /* no derivative is to be found any more: a factor of 1 or -1 made from a bit turns the sign, for bits have none; of two forms one may go */
};
enum { IR_MAX_OPERATIONS = 1 << 22 };

/* A call of a function in C, an operation of which the program sees streams alone: ARGUMENT hands one to it, RESULT is one that it gives, both
 * of f32. The number of the call is its identity, so calls are never merged; those of a type that is `pure` need be made only where a
 * result is read. */
typedef struct ir_call {
    const char *name;             /* what its state is keyed by: unique among the program's calls */
    const sinter_node_type *type; /* with `process` or `tick`; belongs to the context or lies in the program's memory */
} ir_call;

/* A routine of the library: a function in C of one to three f64, which no element changes, that gives the bits which operations would. PREPARE stands for its arguments (the
 * last one again where it has fewer), PREPARED for each of its results. Passes see values that vary by segment; the plan has routines called between the loops that
 * run once a segment, and no engine knows of them. There is no derivative through one. */
enum { IR_ROUTINE_ARGUMENTS = 3, IR_MOST_ROUTINES = 32 /* of a program: each is a loop */ };
typedef struct ir_routine {
    const char *name;
    void (*run)(const double *arguments, uint64_t *results); /* f64; of masks the i32 0 or -1, in the low bytes */
    const uint8_t *types; /* ir_type of each result: f64, i32 or mask */
    uint32_t result_count;
    uint32_t operations;  /* that it stands for */
    uint32_t number;      /* among the library's: the same wherever it is loaded */
} ir_routine;

/* A value whose derivatives by what it is of are values of the program too, since they were found before: whoever differentiates takes these, and does not go on into its own
 * operations, which have bits and routines among them. */
enum { IR_SLOPE_RARE = 1 /* the gate is seldom open */, IR_SLOPE_CLEAN = 2 /* it is 0 outside of the gate already */ };
typedef struct ir_slopes {
    ir_ref value;
    const ir_ref *arguments;
    const ir_ref *slopes; /* by each of them; 0: that is 0, whatever it is multiplied by */
    const ir_ref *gates;  /* masks: outside of it a derivative is 0, whatever stands there, and whatever it is multiplied by; 0: it has none */
    const uint8_t *flags; /* IR_SLOPE_… */
    uint32_t count;       /* of all four; 0: it has no derivative but 0 */
    bool negated;         /* they are those of -value */
} ir_slopes;

/* What a program needs to settle values as operations arrive. `function` evaluates one of the kind MATH, bits in, bits out; false: it stays an operation. */
typedef struct ir_settling {
    bool (*function)(void *context, const ir_op *op, uint64_t a, uint64_t b, uint64_t *result);
    void *context;
} ir_settling;

/* What stands behind the texels of an image, as a bound table of f64: width, height, and the region that it covers. */
enum { IR_EXTENT_WIDTH, IR_EXTENT_HEIGHT, IR_EXTENT_X0, IR_EXTENT_Y0, IR_EXTENT_X1, IR_EXTENT_Y1, IR_EXTENT_LENGTH, IR_MOST_CHANNELS = 4 };

typedef struct ir_program {
    arena *memory; /* where everything below lives */
    ir_op *ops;
    uint32_t count, capacity;
    uint32_t *table; /* hash-consing: open addressing, 0 is empty */
    uint32_t table_mask;
    ir_ref unlisted; /* operations from here on may not be in the table yet; 0: all are */
    ir_ref inner_end; /* 0, or those that are not are below this, and each takes one from there that is no constant */
    bool constants_are_listed; /* but constants are */
    ir_stream *inputs, *outputs;
    ir_param *params;
    ir_memory *memories;
    ir_call *calls; /* those that nothing depends on any more keep their number */
    const ir_routine **routines; /* whose results PREPARED are, one for each set of arguments */
    ir_slopes *slopes; /* of the program as the front end made it, and of no other */
    const sinter_node_type *node_types; /* what texts may call by name, where the program is read from one; else NULL */
    const char **totals; /* names of the sums */
    ir_total_map *total_maps; /* NULL: all identities; else what the caller receives of each sum over n elements: scale·sum + offset·n */
    uint32_t input_count, output_count, param_count, memory_count, total_count, call_count, node_type_count, routine_count, slope_count;
    uint32_t rules; /* IR_IDENTITY | IR_FOLD | IR_RELAXED | IR_SIGNS */
    uint32_t removed_by_identity, removed_by_fold;
    uint32_t cells; /* how many memories are IR_CELLS */
    const ir_settling *settling; /* NULL: what follows from settled values is appended like everything else. Passes do not take it over */
    bool has_functions; /* something was appended that engines do not have: a mathematical function, a division of integers */
    bool has_settled;   /* something was appended that is settled */
    sinter_status status; /* sticky */
    char message[SINTER_MESSAGE_SIZE]; /* of the first error */
} ir_program;

/* ---- building ---- */
void sn_ir_open(ir_program *p, arena *memory, uint32_t rules);
/* All operations of another program, into one that has none yet, and room for so many in all. Lists are the caller's business. */
void sn_ir_take_operations(ir_program *p, const ir_program *from, uint32_t operations);
/* The same without a copy: they are this program's from now on, their table of equals included; the other may be read, but not appended to. Both live in
 * one arena. */
void sn_ir_take_over(ir_program *p, const ir_program *from);
/* Room for so many operations at once, where the caller can tell: growing costs a hash table each time. A hint. */
void sn_ir_reserve(ir_program *p, uint32_t operations);
/* Appends an operation, or returns an equal or simpler one that is there already. Operands that the operation does not
 * have are 0; immediates follow operands. `type` is needed where operands do not settle it (LEAF, CVT, READ) and is ignored elsewhere. */
ir_ref sn_ir_emit(ir_program *p, ir_code code, ir_type type, uint32_t a, uint32_t b, uint32_t c);
ir_ref sn_ir_emit_flagged(ir_program *p, ir_code code, ir_type type, uint8_t flags, uint32_t a, uint32_t b, uint32_t c);
/* For copies of what was emitted once, under the same rules, too: pure operations are not looked up among their equals. Of the second it is known that no rule
 * makes it simpler. */
ir_ref sn_ir_emit_copy(ir_program *p, const ir_op *op);
ir_ref sn_ir_append_copy(ir_program *p, const ir_op *op);
/* The same of an operation that has its type, and that no rule makes simpler: for copies of what was emitted once. */
ir_ref sn_ir_emit_settled(ir_program *p, const ir_op *op);
/* Operations that are settled with their axes and equal nothing in the program may be appended by hand, where sn_ir_reserve has made
 * room, if each takes one of them that is no constant, or is one. The table of equals does not know them yet: this, called behind them with the first, has them put in
 * when something is looked up that may be equal to one. */
void sn_ir_list_inner_later(ir_program *p, ir_ref first);
ir_ref sn_ir_const_bits(ir_program *p, ir_type type, uint64_t bits); /* a mask's bits are 0 or 1 */
ir_ref sn_ir_f32(ir_program *p, float value);
ir_ref sn_ir_f64(ir_program *p, double value);
ir_ref sn_ir_i32(ir_program *p, int32_t value);
ir_ref sn_ir_number(ir_program *p, ir_type type, double value); /* converted to f32 or i32 where that is the type */

/* Each copies the name (and a table its content) and returns its index; names must be unique within their kind. */
uint32_t sn_ir_add_input(ir_program *p, const char *name, ir_type type);
uint32_t sn_ir_add_output(ir_program *p, const char *name, ir_type type);
uint32_t sn_ir_add_total(ir_program *p, const char *name);
uint32_t sn_ir_add_param(ir_program *p, const ir_param *param);
uint32_t sn_ir_add_memory(ir_program *p, const ir_memory *memory);
uint32_t sn_ir_add_call(ir_program *p, const ir_call *call); /* the type is not copied */
uint32_t sn_ir_add_routine(ir_program *p, const ir_routine *routine); /* which is not copied */
uint32_t sn_ir_add_slopes(ir_program *p, const ir_slopes *slopes); /* its lists are not copied */
/* The first error wins; the message is formatted by the caller. */
void sn_ir_fail(ir_program *p, sinter_status status, const char *message);

static inline bool sn_ir_is_const(const ir_program *p, ir_ref r)
{
    return p->ops[r].code == IR_CONST;
}
static inline uint64_t sn_ir_bits(const ir_program *p, ir_ref r)
{
    return p->ops[r].a | (uint64_t)p->ops[r].b << 32;
}
static inline uint32_t sn_ir_operand(const ir_op *op, unsigned k)
{
    return k == 0 ? op->a : k == 1 ? op->b : op->c;
}

/* ---- evaluate.c: the meaning of every pure operation, on one element ---- */
/* Bits in, bits out (f32, i32 in the low word; a mask is 0 or 1). `operand` is the type of the first operand that is a
 * number (of CVT and comparisons, where it is not the result's). Pure operations only. Thread-safe. */
uint64_t sn_ir_evaluate(ir_code code, ir_type type, ir_type operand, uint64_t a, uint64_t b, uint64_t c);

/* ---- rewrite.c ---- */
/* Applies the program's rules to an operation about to be appended: returns the value that it amounts to, or 0 if it
 * stays; may change `op` in place into a simpler operation. */
ir_ref sn_ir_simplify(ir_program *p, ir_op *op);

/* ---- settled.c ---- */
/* A value of the type given that follows from a parameter which is known; its bits are those of a constant. */
ir_ref sn_ir_settled(ir_program *p, uint32_t param, ir_type type, uint64_t bits);
static inline bool sn_ir_is_settled(const ir_op *op)
{
    return op->code == IR_PARAM && op->flags & IR_FLAG_SETTLED;
}
static inline uint64_t sn_ir_settled_bits(const ir_op *op)
{
    return op->b | (uint64_t)op->c << 32;
}
/* Of an operation about to be appended, whose type is known: the value that it amounts to where it follows from settled values and constants alone; else 0. */
ir_ref sn_ir_settle(ir_program *p, const ir_op *op);

/* ---- range.c ---- */
typedef struct ir_range {
    int32_t low, high; /* both included */
} ir_range;
/* Of a value of type i32, whatever the inputs; bounded work. */
ir_range sn_ir_range(const ir_program *p, ir_ref r);
/* Of a value of a floating type: is it never NaN, whatever the inputs? Bounded work; false in doubt. */
bool sn_ir_is_number(const ir_program *p, ir_ref r);
uint32_t sn_ir_possible_bits(const ir_program *p, ir_ref r); /* those that its range leaves open */

/* ---- live.c ---- */
/* Pure operations have operands and 0 only: no branches. Operation 0 is marked along with them. */
static inline void sn_ir_mark_operands(uint8_t *live, const ir_op *op)
{
    if (sn_ir_info[op->code].kind == IR_KIND_PURE) {
        live[op->a] = live[op->b] = live[op->c] = 1;
        return;
    }
    const unsigned operands = sn_ir_info[op->code].operands;
    if (operands > 0)
        live[op->a] = 1;
    if (operands > 1)
        live[op->b] = 1;
    if (operands > 2)
        live[op->c] = 1;
}

/* A flag per operation: does an output, a sum or a store depend on it, delay lines included? NULL when memory is refused. Linear time. */
uint8_t *sn_ir_find_live(const ir_program *p, arena *memory);
/* The same where reads of line k need `instead[k]`, if that is not 0, and not what is written to it. */
uint8_t *sn_ir_find_live_beside(const ir_program *p, const ir_ref *instead, arena *memory);

/* ---- extract.c ---- */
/* What leads to a result, or to several: operations numbered from `first` on; the numbers from 1 on stand for the inputs 0, 1, … of the program that it is from. */
typedef struct ir_extract {
    const ir_op *ops;
    const uint8_t *parts; /* what each takes: see extract.c */
    const ir_memory *memories; /* those of the program, which are tables */
    uint32_t first, count;
    uint32_t fresh;       /* up to `first`: from this number on arguments are what nothing but the extract reads, of a routine called for it (or `first`: none are) */
    ir_ref result;
    const ir_ref *others; /* further results */
    uint32_t other_count;
    bool has_functions; /* as of a program */
} ir_extract;
/* Everything that the extract keeps is taken from `memory`. False when memory is refused. Linear time. */
bool sn_ir_extract(const ir_program *p, ir_ref result, uint32_t first, arena *memory, arena *scratch, ir_extract *out);
/* The same with further results. */
bool sn_ir_extract_all(const ir_program *p, ir_ref result, const ir_ref *others, uint32_t other_count, uint32_t first, arena *memory, arena *scratch, ir_extract *out);
/* What an operation of the extract is to whoever inserts it, as `parts` has it: for extracts made of others. Those of lower numbers are there. */
uint8_t sn_ir_part_of(const ir_extract *e, const ir_op *op);
/* The same of these arguments, which are values of the program of the inputs' types and no constants; returns the result. Tables become the program's,
 * unless it has those of the same names. `are_new`: no operation reads the fresh ones, which differ from each other, yet. Further results go to `others`, if that is not NULL. */
ir_ref sn_ir_insert(ir_program *p, const ir_extract *e, const ir_ref *arguments, bool are_new, ir_ref *others);

/* ---- argument_chain.c ---- */
/* The ARGUMENTs of each call as a chain from the last one back, for all that walk along dependencies: a RESULT depends on the last, each on the
 * one before. */
typedef struct ir_arguments {
    ir_ref *last;   /* per call: 0 where it has none */
    ir_ref *before; /* per operation: of an ARGUMENT the one before of the same call, or 0 */
} ir_arguments;
/* NULLs stay where the program has no calls. False when memory is refused. Linear time. */
bool sn_ir_chain_arguments(const ir_program *p, arena *memory, ir_arguments *out);

/* ---- printer.c, parser.c, verifier.c ---- */
struct text;
void sn_ir_print(const ir_program *p, struct text *out);
void sn_ir_print_dot(const ir_program *p, struct text *out); /* for Graphviz */
/* Builds the program that the text describes; errors go to the report with their places. Returns the status. */
sinter_status sn_ir_parse(ir_program *p, const char *source, size_t length, sinter_report *report);
/* Checks everything that passes and engines rely on. Returns NULL, or a description of the first violation (in `memory`). */
const char *sn_ir_verify(const ir_program *p, arena *memory);

#endif
