/* What plan.c settles before bodies are made, per operation of the program. */
#ifndef SN_PLAN_BODY_H
#define SN_PLAN_BODY_H

#include "plan/plan.h"

enum { PLAN_NO_LOOP = 0xFFFF };

/* Where a body made a leaf, or fetched the value of another loop. What the body's own loop computes is made before it is used, in a
 * region that holds all uses, so that nothing is to be noted of it. */
typedef struct plan_fetched {
    ir_ref region;
    uint32_t turn; /* the body that this is true of; 0: none yet */
} plan_fetched;

typedef struct plan_placement {
    const uint8_t *live;
    bool has_rare, has_guard; /* among live operations */
    uint16_t *loop;    /* the loop that computes it; PLAN_NO_LOOP for leaves and dead operations */
    uint32_t *slot;    /* where its value crosses loops: 0 nowhere, else uniform slot, or buffer number + 1; NULL where there is one loop */
    ir_ref *region;    /* the RARE whose cold side alone needs it, or 0; NULL if the program has none */
    ir_ref *region_next, *region_first; /* operations of a region in order; NULL likewise */
    uint32_t *number; /* what it is in the body being made */
    plan_fetched *fetched; /* of leaves and of what crosses loops */
    uint32_t turn;
} plan_placement;

/* Makes the body (or the two) of loop `number` from its operations `members` (ascending). */
sinter_status sn_plan_make_bodies(plan *p, plan_placement *where, uint32_t number, const ir_ref *members, uint32_t count,
                                  arena *memory);
/* Finds region, region_next and region_first; NULLs stay where there is no RARE. */
sinter_status sn_plan_find_regions(const ir_program *program, plan_placement *where, arena *memory);

#endif
