/* Register allocation for one straight-line body, and the walk that has each operation encoded as it is allocated.
 *
 *   uses.c      next uses, and what cold regions read      allocate.c  registers, slots, regions
 *   verify.c    replays what a walk did                     x64/        a target
 *   walk.h      the steps that a target has in line
 *
 * The allocator knows values, registers by number and stack slots by number, but no instruction: a target (x64/) writes those.
 * target->walk takes operation by operation; it asks for operands and results by the sn_use_… functions
 * below, and these call back for loads, spills, reloads and moves. */
#ifndef SN_CODE_ALLOCATE_H
#define SN_CODE_ALLOCATE_H

#include "plan/plan.h"

enum {
    CODE_NO_REGISTER = 0xFF,
    CODE_MASKS = 32, /* registers 0…31 are vectors, 32…39 masks (where the target has them) */
    CODE_REGISTERS = 40,
    CODE_MAX_COPIES = 4
};

#define CODE_NEVER UINT32_MAX /* a next use */
#define CODE_NO_SLOT UINT32_MAX

/* What a target writes. `copy` numbers the interleaved vectors of one body. Types are ir_type. */
typedef struct code_target {
    /* The operations from `first` up to `end`, in order, each for the allocation's copies in turn: walk.h has what that takes. */
    void (*walk)(void *emitter, uint32_t first, uint32_t end);
    void (*load_leaf)(void *emitter, unsigned reg, uint32_t value, unsigned copy);
    void (*spill)(void *emitter, unsigned reg, uint32_t slot, unsigned type);
    void (*reload)(void *emitter, unsigned reg, uint32_t slot, unsigned type);
    void (*move)(void *emitter, unsigned to, unsigned from, unsigned type);
    /* Leaves the path if any lane of the mask is set; what is written from here on is the way to a cold region and back. */
    void (*enter_cold)(void *emitter, unsigned mask);
    void (*enter_uniform)(void *emitter, uint32_t uniform); /* the same if the UNIFORM, an i32, is not 0 */
    void (*call_cold)(void *emitter, uint32_t region); /* runs the region's routine */
    void (*leave_cold)(void *emitter);                 /* back to the path, behind enter_cold's branch */
    /* A region's routine, `depth` calls away from the hot path; within, slots lie that many return addresses further up. */
    void (*begin_region)(void *emitter, uint32_t region, unsigned depth);
    void (*merge_cold)(void *emitter, unsigned result, unsigned mask, unsigned cold, unsigned type); /* result = mask ? cold : result */
    void (*end_region)(void *emitter);
} code_target;

enum { CODE_RESULT_DIES = 8, CODE_RESULT_JOINT = 16 };

/* What the walk asks of an operation, once a copy and walk: found beforehand. */
typedef struct code_uses {
    uint32_t next[3]; /* after this use of operand k: the next one, CODE_NEVER, or this very position: the same value as an earlier operand */
    uint8_t operands; /* how many */
    uint8_t dying;    /* bit k: next[k] is CODE_NEVER; CODE_RESULT_DIES: nothing uses the result; CODE_RESULT_JOINT */
    uint8_t dying_apart; /* of them, those of which each copy has its own; the others die in the last copy */
} code_uses;

/* What is known of a value, and where it is. One record, since whoever asks for a register asks for the rest too: a quarter of a cache line. */
typedef struct code_value {
    uint32_t next;                  /* its next use */
    uint32_t first;                 /* its first one on the hot path */
    uint8_t where[CODE_MAX_COPIES]; /* per copy: its register */
    uint8_t home;                   /* the register pinned to it (leaves only), or CODE_NO_REGISTER */
    uint8_t traits;
    uint8_t spilled;                /* bit k: copy k has a stack slot */
} code_value;

enum { /* traits */
    CODE_APART = 3,  /* each copy has its own: all but constants, uniforms and joint values, which are of copy 0. The lowest bits, so that `copy & traits` is the copy */
    CODE_LOADED = 4, /* a leaf: loaded again at will. Not an input that is stored as an output, or held */
    CODE_PINNED = 8,
    CODE_IS_MASK = 16,
    CODE_IS_COLD = 32, /* a COLD: the walk calls its region */
    CODE_NOTED = 64, /* a constant, which has no slots: in `slots`, as that of its last copy, is its place in memory; a target notes it */
    CODE_UNUSUAL = 128 /* a mask, or a leaf that each copy has of its own: its last use is looked at more closely. The highest bit */
};

/* What a cold region reads from outside. */
typedef struct code_reading {
    uint32_t value;
    uint32_t slot;  /* where it is handed over; CODE_NO_SLOT: a constant or uniform, which the region loads itself */
    uint32_t first; /* its first use in the region */
    uint32_t next;  /* its next use behind the region, on the path around it */
} code_reading;

/* A cold region: the operations between a COLD and its RARE, a routine that finds its readings in slots and leaves the result in one. */
typedef struct code_region {
    uint32_t cold, rare;
    uint32_t around; /* the region that it lies in, from 1; 0: the hot path */
    uint32_t depth;  /* 1 for a region of the hot path */
    uint32_t first_reading, reading_count;
    uint32_t slot;   /* of the RARE's value: the hot operand at first, then the result */
    uint32_t uniform; /* the mask is one value for all lanes, this UNIFORM's, and nobody else asks for it: no register holds it; 0: it is any */
} code_region;

/* An event of the allocation, for its verifier. */
typedef enum code_event_kind { CODE_EVENT_LOAD, CODE_EVENT_USE, CODE_EVENT_DEFINE, CODE_EVENT_TEMPORARY, CODE_EVENT_SPILL, CODE_EVENT_RELOAD,
    CODE_EVENT_MOVE, CODE_EVENT_ENTER_COLD, CODE_EVENT_LEAVE_COLD, CODE_EVENT_RESTART,
    CODE_EVENT_HAND /* a region about to be called finds the value in the slot */, CODE_EVENT_CALL /* only pinned registers outlive it */,
    CODE_EVENT_GIVEN /* at a region's beginning the slot holds the value */,
    CODE_EVENT_PIN /* the register is the value's throughout; several leaves may be one input */ } code_event_kind;
typedef struct code_event {
    uint8_t kind, reg, from; /* from: MOVE's source */
    uint32_t value;          /* value number · copies + copy */
    uint32_t slot;
} code_event;
typedef struct code_trace {
    arena *memory;
    code_event *events;
    uint32_t count, capacity;
} code_trace;

typedef struct allocation {
    const code_target *target;
    void *emitter;
    arena *memory;
    const ir_op *ops;
    uint32_t count;
    unsigned copies;
    bool joint;              /* some values are joint: made once for all copies (IR_FLAG_JOINT) */
    uint64_t vectors, masks; /* the registers of each kind that may be used */
    uint64_t pinned;         /* of them, those taken for the whole loop */
    uint32_t *pins;          /* their values; several leaves may be one input */
    uint32_t pin_count, pin_capacity;

    unsigned first_copy, end_copy; /* those that take turns: all, or one where copies are walked one after the other */
    uint32_t position;
    unsigned copy;
    uint64_t free, locked;
    uint64_t temporaries; /* registers taken for the current operation only */
    uint32_t holder[CODE_REGISTERS]; /* value · copies + copy */
    code_value *values;
    uint32_t *slots;   /* value · CODE_MAX_COPIES + copy: the stack slot, where `spilled` says that there is one; CODE_NOTED */
    bool walked;       /* once: next uses have to be set back */
    code_uses *uses;   /* per operation */
    const code_uses *now; /* those of the current operation */
    code_region *regions; /* outer ones before those within */
    uint32_t region_count;
    uint32_t *region_at;  /* per operation: the region that a COLD begins or a RARE ends, from 1; NULL without regions */
    code_reading *readings;
    uint32_t reading_count, reading_capacity;
    uint32_t kept_slots;  /* the lowest ones, in which regions are called */
    bool released;     /* the operands that die here have given up their registers */
    uint32_t *free_slots;
    uint32_t free_slot_count, free_slot_capacity;
    uint32_t slot_top, slot_count; /* slots given out; the most ever */
    uint32_t most_live, most_masks; /* found by sn_allocate_prepare: values (masks) live at once on the hot path, one copy, constants and uniforms not counted */
    uint32_t random;  /* hostile builds: nonzero */
    bool failed;      /* memory was refused */
    bool starved;     /* an operation asked for more registers at once than there are */
    code_trace *trace; /* or NULL */
} allocation;

/* Takes memory and finds next uses; to be called once a body. `copies` may be lowered before the walk. */
sinter_status sn_allocate_prepare(allocation *a, const plan_body *body, bool masks_apart, arena *memory);
/* Keeps a leaf (CONST, UNIFORM, HELD, or an INPUT that arrives in a register) in a register throughout. */
void sn_allocate_pin(allocation *a, uint32_t value, unsigned reg);
/* Walks the body once, its hot path. Between walks (unrolling) everything but pinned registers is forgotten. Copies take turns at every
 * operation; where there are joint values, at every run of operations between those, so that only what crosses them lives in all copies. */
void sn_allocate_walk(allocation *a);
/* Walks the cold regions, once a body, after its last walk: all walks call the same routines. */
void sn_allocate_walk_regions(allocation *a);

/* ---- for targets, within an operation ---- */
static inline unsigned sn_use(allocation *a, uint32_t value); /* in a register, and locked there until the operation ends */
static inline bool sn_use_is_memory(const allocation *a, uint32_t value); /* a CONST or UNIFORM that no register holds: may be a memory operand */
unsigned sn_use_temporary(allocation *a, bool mask);   /* a register for the operation only */
bool sn_use_dies(const allocation *a, uint32_t value); /* this operation is its last use and its register may be overwritten */
/* The result's register. Operands that die give theirs up first, so it may be one of them: the instruction that writes
 * it must be the last to read operands. */
unsigned sn_define(allocation *a);
unsigned sn_define_apart(allocation *a);               /* differs from every operand */
unsigned sn_define_over(allocation *a, uint32_t value); /* the register of an operand that dies */
/* A joint value that each copy writes a part of: the register, with what earlier copies wrote in it. */
unsigned sn_define_more(allocation *a);

static inline bool sn_is_shared(const ir_op *op)
{
    return op->code == IR_CONST || op->code == IR_UNIFORM;
}

/* Made once for all copies, from joint values only; a JOIN gathers its own from the copies, with what they compute apart. */
static inline bool sn_is_joint_work(const ir_op *op)
{
    return op->flags & IR_FLAG_JOINT && op->code != IR_JOIN;
}

unsigned sn_use_loaded(allocation *a, uint32_t value); /* sn_use where it takes a load, or is traced */

static inline unsigned sn_use(allocation *a, uint32_t value)
{
#if !SINTER_VERIFY /* builds that verify keep a trace, in which every use stands */
    const code_value *v = &a->values[value];
    const unsigned reg = v->where[a->copy & v->traits];
    if (reg != CODE_NO_REGISTER) {
        a->locked |= (uint64_t)1 << reg;
        return reg;
    }
#endif
    return sn_use_loaded(a, value);
}

static inline bool sn_use_is_memory(const allocation *a, uint32_t value)
{
    const code_value *v = &a->values[value];
    return !(v->traits & CODE_APART) && v->where[0] == CODE_NO_REGISTER;
}

/* verify.c: replays the trace of walks over `ops` and checks that every use finds its value. NULL, or what is wrong (static text). */
const char *sn_allocate_verify(const code_trace *trace, const ir_op *ops, uint32_t count, arena *memory);

#endif
