/* The allocator's inner steps, for the two that walk: allocate.c, which can do everything, and a target's walk over a body, which has the
 * commonest case in line.
 *
 * The common case of an operation: its operands are in registers, or are constants that it can read from memory; and a register is free for
 * the result. Then nothing is written but the operation itself, and neither locks nor temporaries are
 * needed. Whether an operand dies is anybody's guess: no branch asks for it. */
#ifndef SN_CODE_WALK_H
#define SN_CODE_WALK_H

#include "code/allocate.h"

void sn_allocate_record(allocation *a, code_event_kind kind, unsigned reg, uint32_t value, uint32_t slot, unsigned from);
/* Behind an operation's instructions, written by way of sn_use_… and sn_define_…: operands that die and temporaries are given up. */
void sn_allocate_end(allocation *a);
/* The slots of the operands that die with this copy. */
void sn_allocate_give_up_slots(allocation *a);
/* The way of the copies to the region that the COLD at `position` begins, and back; its RARE is the last operation that is done by then. */
void sn_allocate_pass_region(allocation *a, uint32_t position);

static inline void record(allocation *a, code_event_kind kind, unsigned reg, uint32_t value, uint32_t slot, unsigned from)
{
#if SINTER_VERIFY
    if (a->trace)
        sn_allocate_record(a, kind, reg, value, slot, from);
#else
    (void)a, (void)kind, (void)reg, (void)value, (void)slot, (void)from;
#endif
}

static inline uint64_t bit(unsigned reg)
{
    return (uint64_t)1 << reg;
}

static inline unsigned lowest(uint64_t set)
{
    return (unsigned)__builtin_ctzll(set);
}

#if SINTER_HOSTILE
static inline unsigned any_of(allocation *a, uint64_t set)
{
    a->random = a->random * 1664525u + 1013904223u;
    for (unsigned skip = (a->random >> 16) % (unsigned)__builtin_popcountll(set); skip; skip--)
        set &= set - 1;
    return lowest(set);
}
#else
static inline unsigned any_of(allocation *a, uint64_t set)
{
    (void)a;
    return lowest(set);
}
#endif

static inline bool is_last_copy(const allocation *a)
{
    return a->copy + 1 == a->copies;
}

/* The operands that die with this copy, as bits. */
static inline unsigned dying_now(const allocation *a)
{
    return is_last_copy(a) ? a->now->dying : a->now->dying_apart;
}

/* The first operand last: where two are one value, its `next` counts. */
static inline void advance_uses(allocation *a, const ir_op *op, const code_uses *uses)
{
    if (uses->operands > 2)
        a->values[op->c].next = uses->next[2];
    if (uses->operands > 1)
        a->values[op->b].next = uses->next[1];
    if (uses->operands > 0)
        a->values[op->a].next = uses->next[0];
}

/* Of an operation that a later copy does once more: what all copies share stays near. */
static inline void advance_apart(allocation *a, const ir_op *op, const code_uses *uses)
{
    for (unsigned k = uses->operands; k-- > 0;) {
        code_value *v = &a->values[sn_ir_operand(op, k)];
        if (v->traits & CODE_APART)
            v->next = uses->next[k];
    }
}

/* Behind the operation, once the copies had their turns. */
static inline void advance(allocation *a, const ir_op *op)
{
    if (a->end_copy == a->copies)
        advance_uses(a, op, a->now);
    else
        advance_apart(a, op, a->now);
}

/* ---- the common case ---- */

typedef struct code_operand { /* one copy of a value */
    code_value *value;
    uint32_t index;
    unsigned copy, reg; /* CODE_NO_REGISTER: it is in none */
} code_operand;

static inline code_operand operand_of(allocation *a, uint32_t value)
{
    code_value *v = &a->values[value];
    const unsigned copy = a->copy & v->traits;
    return (code_operand){v, value * CODE_MAX_COPIES + copy, copy, v->where[copy]};
}

/* Does it give up its register, if it `dies` (0 or 1)? Pinned ones do not. */
static inline unsigned gives_up(const code_operand *o, unsigned dies)
{
    _Static_assert(CODE_PINNED == 8, "shifted down to the lowest bit");
    return dies & ~((unsigned)o->value->traits >> 3);
}

/* An operand in a register that dies, with a slot as well (this copy or another). */
static inline unsigned has_slot_to_give_up(const code_operand *o, unsigned dies)
{
    return dies & (o->value->spilled != 0);
}

/* Behind all reasons for which the operation might have to go the long way. `any`: has_slot_to_give_up says so of an operand. */
static inline void give_up_slots(allocation *a, unsigned any)
{
    if (__builtin_expect(any, 0))
        sn_allocate_give_up_slots(a);
}

/* `gives`: 0 or 1. Of operands that are one value only the first dies: it has to come last. */
static inline void settle_operand(allocation *a, const code_operand *o, unsigned gives)
{
    o->value->where[o->copy] = (uint8_t)(o->reg | (0u - gives));
    record(a, CODE_EVENT_USE, o->reg, o->index, 0, 0);
}

static inline void settle_result(allocation *a, uint64_t free, unsigned reg)
{
    const uint32_t index = a->position * CODE_MAX_COPIES + a->copy; /* no constant, no uniform, not joint: APART */
    a->free = free & ~bit(reg);
    a->holder[reg] = index;
    a->values[a->position].where[a->copy] = (uint8_t)reg;
    record(a, CODE_EVENT_DEFINE, reg, index, 0, 0);
}

#endif
