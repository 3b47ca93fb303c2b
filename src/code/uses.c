/* What the walk of a body needs to know beforehand: the next use after every use, and what cold regions read.
 *
 * Purpose: the walk evicts the value whose next use is furthest away, so every use carries the position of the next. A cold region is
 * not on the hot path: it becomes a routine of its own, written once however many copies of the body call it, so it is a walk of its own,
 * with uses of its own. What it reads from outside, loads that depend on the element included, is handed to it in stack slots; for the path
 * around it all of that is used where the region begins. Regions nest, so the inner ones are done first: their readings are uses of the
 * outer one. Why it ends: every operation is visited once, by the walk it belongs to, and every reading of a region once a region around it
 * (regions nest at most a few deep). */
#include "code/allocate.h"

#include <string.h>

/* What a load makes, again and again if need be. */
static bool is_leaf(const ir_op *op)
{
    switch (op->code) {
    case IR_CONST: case IR_UNIFORM: case IR_INPUT: case IR_BUFFER: case IR_READ: case IR_HELD:
        return true;
    default:
        return false;
    }
}

/* One backward walk: over the hot path, or over a region without the regions in it. */
typedef struct use_walk {
    allocation *a;
    code_region *region; /* NULL: the hot path */
    uint32_t live[2], most[2]; /* values, and masks of them */
    bool masks_apart;
} use_walk;

/* ---- readings of regions ---- */

static bool is_from_outside(const use_walk *w, uint32_t value)
{
    const ir_op *op = &w->a->ops[value];
    return value < w->region->cold || (is_leaf(op) && !sn_is_shared(op));
}

static void add_reading(use_walk *w, uint32_t value)
{
    allocation *a = w->a;
    if (a->reading_count == a->reading_capacity) {
        const uint32_t capacity = a->reading_capacity ? 2 * a->reading_capacity : 64;
        code_reading *grown = sn_arena_grow(a->memory, a->readings, a->reading_count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            a->failed = true;
            return;
        }
        a->readings = grown;
        a->reading_capacity = capacity;
    }
    a->readings[a->reading_count++] = (code_reading){.value = value, .slot = CODE_NO_SLOT};
    w->region->reading_count++;
}

/* ---- uses ---- */

static void note_live(use_walk *w, int change, const ir_op *op)
{
    if (!sn_is_shared(op))
        w->live[op->type == IR_MASK] += (uint32_t)change;
}

static void note_use(use_walk *w, uint32_t position, uint32_t value)
{
    allocation *a = w->a;
    if (a->next[value] == CODE_NEVER) {
        const unsigned user = a->ops[position].code;
        note_live(w, 1, &a->ops[value]);
        if (a->ops[value].code == IR_INPUT && (user == IR_OUTPUT || user == IR_HOLD))
            a->traits[value] = CODE_KEPT; /* an output may lie over it by then */
        if (w->region && is_from_outside(w, value))
            add_reading(w, value);
    }
    a->next[value] = position;
}

static void note_operand(use_walk *w, uint32_t position, unsigned k, uint32_t value)
{
    w->a->uses[position].next[k] = w->a->next[value];
    note_use(w, position, value);
}

static void note_definition(use_walk *w, uint32_t position)
{
    const ir_op *op = &w->a->ops[position];
    if (!w->a->traits[position] && is_leaf(op))
        w->a->traits[position] = CODE_LOADED;
    if (w->a->next[position] != CODE_NEVER)
        note_live(w, -1, op);
}

static void note_most(use_walk *w)
{
    const uint32_t vectors = w->masks_apart ? w->live[0] : w->live[0] + w->live[1];
    if (vectors > w->most[0])
        w->most[0] = vectors;
    if (w->live[1] > w->most[1])
        w->most[1] = w->live[1];
}

/* The path around a region: its RARE takes the hot operand, and where it begins everything that it reads is used. */
static uint32_t pass_region(use_walk *w, const code_region *inner)
{
    allocation *a = w->a;
    note_definition(w, inner->rare);
    note_operand(w, inner->rare, 2, a->ops[inner->rare].c);
    for (uint32_t k = 0; k < inner->reading_count; k++) {
        code_reading *reading = &a->readings[inner->first_reading + k];
        reading->next = a->next[reading->value];
        note_use(w, inner->cold, reading->value);
    }
    note_most(w);
    return inner->cold;
}

static void find_uses(use_walk *w, uint32_t after, uint32_t last)
{
    allocation *a = w->a;
    for (uint32_t i = last; i > after; i--) {
        const ir_op *op = &a->ops[i];
        if (op->code == IR_RARE && a->region_at && a->region_at[i]) {
            i = pass_region(w, &a->regions[a->region_at[i] - 1]);
            continue;
        }
        note_definition(w, i);
        const unsigned operands = sn_ir_info[op->code].operands;
        for (unsigned k = 0; k < operands; k++)
            note_operand(w, i, k, sn_ir_operand(op, k));
        note_most(w);
    }
}

/* ---- regions ---- */

/* Pairs each COLD with its RARE; what encloses what follows from their order. */
static bool pair_regions(allocation *a, uint32_t colds)
{
    a->region_at = sn_arena_take_zeroed(a->memory, a->count * sizeof *a->region_at);
    a->regions = sn_arena_take(a->memory, colds * sizeof *a->regions);
    if (!a->region_at || !a->regions)
        return false;
    uint32_t around = 0;
    for (uint32_t i = 1; i < a->count; i++) {
        while (around && i > a->regions[around - 1].rare)
            around = a->regions[around - 1].around;
        if (a->ops[i].code != IR_COLD)
            continue;
        const uint32_t depth = around ? a->regions[around - 1].depth + 1 : 1;
        a->regions[a->region_count] = (code_region){.cold = i, .rare = a->ops[i].b, .around = around, .depth = depth};
        around = ++a->region_count;
        a->region_at[i] = a->region_at[a->ops[i].b] = around;
    }
    return true;
}

/* Slots that are the region's for the whole loop: its readings', and behind them that of the result, which begins as the hot operand. */
static void give_slots(allocation *a, code_region *region)
{
    for (uint32_t k = 0; k < region->reading_count; k++) {
        code_reading *reading = &a->readings[region->first_reading + k];
        reading->first = a->next[reading->value];
        a->next[reading->value] = CODE_NEVER; /* another walk's from here on */
        if (!sn_is_shared(&a->ops[reading->value]))
            reading->slot = a->kept_slots++;
    }
    region->slot = a->kept_slots++;
}

static void find_region_uses(allocation *a, bool masks_apart, code_region *region)
{
    use_walk w = {.a = a, .region = region, .masks_apart = masks_apart};
    region->first_reading = a->reading_count;
    note_operand(&w, region->rare, 0, a->ops[region->rare].a);
    note_operand(&w, region->rare, 1, a->ops[region->rare].b);
    find_uses(&w, region->cold, region->rare - 1);
    if (!a->failed)
        give_slots(a, region);
}

sinter_status sn_allocate_prepare(allocation *a, const plan_body *body, bool masks_apart, arena *memory)
{
    const uint32_t count = body->count;
    a->memory = memory;
    a->ops = body->ops;
    a->count = count;
    a->where = sn_arena_take(memory, (size_t)count * CODE_MAX_COPIES);
    a->home = sn_arena_take(memory, count);
    a->traits = sn_arena_take_zeroed(memory, count);
    a->slot = sn_arena_take(memory, (size_t)count * CODE_MAX_COPIES * sizeof *a->slot);
    a->next = sn_arena_take(memory, count * sizeof *a->next);
    a->first = sn_arena_take(memory, count * sizeof *a->first);
    a->uses = sn_arena_take(memory, count * sizeof *a->uses);
    if (!a->where || !a->home || !a->traits || !a->slot || !a->next || !a->first || !a->uses)
        return SINTER_NO_MEMORY;
    memset(a->next, 0xFF, count * sizeof *a->next);
    memset(a->home, CODE_NO_REGISTER, count);
    if (body->cold && !pair_regions(a, body->cold))
        return SINTER_NO_MEMORY;
    for (uint32_t k = a->region_count; k-- > 0 && !a->failed;)
        find_region_uses(a, masks_apart, &a->regions[k]);
    if (a->failed)
        return SINTER_NO_MEMORY;
    use_walk hot = {.a = a, .masks_apart = masks_apart};
    find_uses(&hot, 0, count - 1);
    a->most_live = hot.most[0];
    a->most_masks = hot.most[1];
    memcpy(a->first, a->next, count * sizeof *a->first);
    return SINTER_OK;
}
