/* What plan.c settles before bodies are made, per operation of the program. */
#ifndef SN_PLAN_BODY_H
#define SN_PLAN_BODY_H

#include "plan/plan.h"

enum { PLAN_NO_LOOP = 0xFFFF };
#define PLAN_NOT_MADE UINT32_MAX

typedef struct plan_placement {
    bool has_rare, has_guard; /* among live operations */
    uint16_t *loop;    /* the loop that computes it; PLAN_NO_LOOP for leaves and dead operations */
    uint32_t *slot;    /* where its value crosses loops: 0 nowhere, else uniform slot, or buffer number + 1; NULL where there is one loop */
    ir_ref *region;    /* the RARE whose cold side alone needs it, or 0; NULL if the program has none */
    ir_ref *region_next, *region_first; /* operations of a region in order; NULL likewise */
    ir_ref *order;        /* operations that have a loop, ascending; from find_regions on, where regions are of one loop alone, those of that loop */
    uint32_t order_count;
    uint32_t *number; /* what it is in the body being made, or PLAN_NOT_MADE, which all are between bodies but operation 0 */
    const ir_ref *steps; /* per memory object: the step, if it is a counter; NULL where there are none */
    ir_ref *made;     /* room for the leaves, and values of other loops, that have a number */
} plan_placement;

/* The frame slot of a leaf that is a uniform to bodies (a parameter, a length, a row), or 0. */
uint32_t sn_plan_leaf_slot(const plan_frame *f, const ir_op *leaf);
/* Makes the body (or the two) of loop `number` from its operations `members` (ascending). */
sinter_status sn_plan_make_bodies(plan *p, plan_placement *where, uint32_t number, const ir_ref *members, uint32_t count,
                                  arena *memory);
/* Finds region, region_next and region_first; NULLs stay where there is no RARE. */
sinter_status sn_plan_find_regions(const ir_program *program, plan_placement *where, bool one_loop, arena *memory);

#endif
