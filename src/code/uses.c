/* What the walk of a body needs to know beforehand: the next use after every use, and what cold regions read.
 *
 * Purpose: the walk evicts the value whose next use is furthest away, so every use carries the position of the next. A cold region is
 * not on the hot path: it becomes a routine of its own, written once however many copies of the body call it, so it is a walk of its own,
 * with uses of its own. What it reads from outside, loads that depend on the element included, is handed to it in stack slots; for the path
 * around it all of that is used where the region begins. Regions nest, so the inner ones are done first: their readings are uses of the
 * outer one. Why it ends: every operation is visited once, by the walk it belongs to, and every reading of a region once a region around it
 * (regions nest at most a few deep). */
#include "code/allocate.h"

#include <stddef.h>
#include <string.h>

/* What holds of a value whatever reads it, but for CODE_APART, which is the other way round here. Leaves: what a load makes, again and
 * again if need be. */
static const uint8_t traits_of[IR_CODES] = {
    [IR_CONST] = CODE_LOADED | CODE_APART, [IR_UNIFORM] = CODE_LOADED | CODE_APART,
    [IR_INPUT] = CODE_LOADED | CODE_UNUSUAL, [IR_BUFFER] = CODE_LOADED | CODE_UNUSUAL,
    [IR_READ] = CODE_LOADED | CODE_UNUSUAL, [IR_HELD] = CODE_LOADED | CODE_UNUSUAL,
    [IR_COLD] = CODE_IS_COLD,
};

static bool is_leaf(const ir_op *op)
{
    return traits_of[op->code] & CODE_LOADED;
}

/* One backward walk: over the hot path, or over a region without the regions in it. */
typedef struct use_walk {
    allocation *a;
    code_value *values;
    code_region *region; /* NULL: the hot path */
    uint32_t first; /* values below come from outside of the region */
    uint32_t live[2], most[2]; /* values (without masks, if they have registers of their own), and masks */
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

/* As a number. */
static inline unsigned is_apart(unsigned traits)
{
    _Static_assert(CODE_APART & 1, "all of its bits are set, or none");
    return traits & 1;
}

static inline void note_live(use_walk *w, int change, unsigned traits)
{
    if (!(traits & CODE_APART))
        return;
    if (traits & CODE_IS_MASK)
        w->live[1] += (uint32_t)change;
    if (!(traits & CODE_IS_MASK) || !w->masks_apart)
        w->live[0] += (uint32_t)change;
}

/* The last use of a mask or a leaf, or in a region of what comes from outside. */
static __attribute__((noinline)) void note_unusual_last(use_walk *w, uint32_t position, uint32_t value)
{
    allocation *a = w->a;
    code_value *v = &a->values[value];
    note_live(w, 1, v->traits);
    for (unsigned k = 0; k < 2; k++)
        if (w->live[k] > w->most[k])
            w->most[k] = w->live[k];
    const unsigned user = a->ops[position].code;
    if (v->traits & CODE_LOADED && (user == IR_OUTPUT || user == IR_HOLD) && a->ops[value].code == IR_INPUT)
        v->traits &= (uint8_t)~CODE_LOADED; /* an output may lie over it by then */
    if (w->region && is_from_outside(w, value))
        add_reading(w, value);
}

/* A use by something that is no operation of the walk. Returns the next use behind it. */
static uint32_t note_use(use_walk *w, uint32_t position, uint32_t value)
{
    code_value *v = &w->values[value];
    const uint32_t next = v->next;
    if (next == CODE_NEVER) {
        if (value < w->first || v->traits & CODE_UNUSUAL)
            note_unusual_last(w, position, value);
        else if ((w->live[0] += is_apart(v->traits)) > w->most[0])
            w->most[0] = w->live[0];
    }
    v->next = position;
    return next;
}

/* What of an operation's operands dies is gathered in one word: bit k for operand k, the same of those of which each copy has its own from
 * APART_DYING on, and how many more values are live from MORE_LIVE on. */
enum { APART_DYING = 8, MORE_LIVE = 16 };

/* Whether it is the value's last use is anybody's guess: no branch asks for it. */
static inline unsigned note_operand(use_walk *w, code_uses *uses, uint32_t position, unsigned k, uint32_t value)
{
    code_value *v = &w->values[value];
    const uint32_t next = v->next;
    const unsigned traits = v->traits, dies = next == CODE_NEVER, apart = dies & is_apart(traits);
    uses->next[k] = next;
    v->next = position;
    const unsigned dying = dies << k | apart << (APART_DYING + k);
    if (dies & ((value < w->first) | (traits / CODE_UNUSUAL))) {
        note_unusual_last(w, position, value);
        return dying;
    }
    return dying | apart << MORE_LIVE;
}

/* With all its uses known. */
static inline void note_definition(use_walk *w, uint32_t position)
{
    code_value *v = &w->values[position];
    v->first = v->next;
    if (v->next == CODE_NEVER)
        return;
    if (v->traits & CODE_UNUSUAL)
        note_live(w, -1, v->traits);
    else
        w->live[0] -= is_apart(v->traits); /* joint values are not counted */
}

/* The path around a region: its RARE takes the hot operand, and where it begins everything that it reads is used. */
static uint32_t pass_region(use_walk *w, const code_region *inner)
{
    allocation *a = w->a;
    note_definition(w, inner->rare);
    a->uses[inner->rare].next[2] = note_use(w, inner->rare, a->ops[inner->rare].c);
    for (uint32_t k = 0; k < inner->reading_count; k++) {
        code_reading *reading = &a->readings[inner->first_reading + k];
        reading->next = note_use(w, inner->cold, reading->value);
    }
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
        code_value *v = &w->values[i];
        if ((v->traits & (CODE_APART | CODE_LOADED)) == CODE_LOADED) { /* a constant or a uniform, which is no operation of the walk and never counted */
            v->first = v->next;
            continue;
        }
        note_definition(w, i);
        const unsigned operands = sn_ir_info[op->code].operands, unused = v->next == CODE_NEVER ? CODE_RESULT_DIES : 0;
        code_uses *uses = &a->uses[i];
        unsigned noted = unused | unused << APART_DYING;
        if (operands > 0)
            noted += note_operand(w, uses, i, 0, op->a);
        if (operands > 1)
            noted += note_operand(w, uses, i, 1, op->b);
        if (operands > 2)
            noted += note_operand(w, uses, i, 2, op->c);
        uses->operands = (uint8_t)operands;
        uses->dying = (uint8_t)noted;
        uses->dying_apart = (uint8_t)(noted >> APART_DYING);
        w->live[0] += noted >> MORE_LIVE;
        w->most[0] = w->live[0] > w->most[0] ? w->live[0] : w->most[0];
    }
}

/* ---- regions ---- */

static uint32_t count_uses(const allocation *a, uint32_t value)
{
    uint32_t count = 0;
    for (uint32_t i = value + 1; i < a->count; i++)
        for (unsigned k = 0; k < sn_ir_info[a->ops[i].code].operands; k++)
            count += sn_ir_operand(&a->ops[i], k) == value;
    return count;
}

/* The UNIFORM that a mask is, which comes from outside of the loop as `u < 0`, if it is the region's alone: its COLD's and its RARE's. Then that is no
 * operation of the walk. */
static uint32_t uniform_of_mask(allocation *a, uint32_t mask)
{
    const ir_op *op = &a->ops[mask];
    if (op->code != IR_LT || a->ops[op->a].code != IR_UNIFORM || a->ops[op->a].type != IR_I32 || a->ops[op->a].b || a->ops[op->b].code != IR_CONST
        || a->ops[op->b].a != 0 || count_uses(a, mask) != 2)
        return 0;
    a->values[mask].traits = (uint8_t)((a->values[mask].traits | CODE_LOADED) & ~CODE_APART);
    return op->a;
}

/* Pairs each COLD with its RARE; what encloses what follows from their order. */
static bool pair_regions(allocation *a, uint32_t colds)
{
    a->region_at = sn_arena_take_zeroed(a->memory, a->count * sizeof *a->region_at);
    a->regions = sn_arena_take(a->memory, colds * sizeof *a->regions);
    if (!a->region_at || !a->regions)
        return false;
    uint32_t around = 0;
    for (uint32_t i = 1; a->region_count < colds; i++) {
        if (a->ops[i].code != IR_COLD)
            continue;
        while (around && i > a->regions[around - 1].rare)
            around = a->regions[around - 1].around;
        const uint32_t depth = around ? a->regions[around - 1].depth + 1 : 1;
        a->regions[a->region_count] = (code_region){.cold = i, .rare = a->ops[i].b, .around = around, .depth = depth,
                                                      .uniform = uniform_of_mask(a, a->ops[i].a)};
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
        reading->first = a->values[reading->value].next;
        a->values[reading->value].next = CODE_NEVER; /* another walk's from here on */
        if (!sn_is_shared(&a->ops[reading->value]))
            reading->slot = a->kept_slots++;
    }
    region->slot = a->kept_slots++;
}

static void find_region_uses(allocation *a, bool masks_apart, code_region *region)
{
    use_walk w = {.a = a, .values = a->values, .region = region, .first = region->cold, .masks_apart = masks_apart};
    region->first_reading = a->reading_count;
    if (!region->uniform)
        note_use(&w, region->rare, a->ops[region->rare].a);
    note_use(&w, region->rare, a->ops[region->rare].b);
    find_uses(&w, region->cold, region->rare - 1);
    if (!a->failed)
        give_slots(a, region);
}

/* Nothing is anywhere, nothing used: all ones, but for the traits and `spilled` behind them. */
static void open_values(allocation *a)
{
    _Static_assert(sizeof(code_value) == 16 && offsetof(code_value, where) == 8 && offsetof(code_value, traits) == 13, "two words");
    _Static_assert(CODE_NEVER == UINT32_MAX && CODE_NO_REGISTER == UINT8_MAX, "all ones");
    const ir_op *ops = a->ops;
    code_value *values = a->values;
    for (uint32_t k = 0, count = a->count; k < count; k++) {
        const unsigned mask = ops[k].type == IR_MASK ? CODE_IS_MASK | CODE_UNUSUAL : 0;
        const uint64_t traits = (traits_of[ops[k].code] ^ CODE_APART) | mask;
        const uint64_t words[2] = {UINT64_MAX, UINT64_MAX >> 24 | traits << 40};
        memcpy(&values[k], words, sizeof words);
    }
}

static void open_joint_values(allocation *a)
{
    for (uint32_t k = 0; k < a->count; k++)
        if (a->ops[k].flags & IR_FLAG_JOINT)
            a->values[k].traits &= (uint8_t)~CODE_APART;
}

/* So that who asks what dies is told this too. */
static void note_joint_results(allocation *a)
{
    for (uint32_t k = 0; k < a->count; k++)
        if (a->ops[k].flags & IR_FLAG_JOINT)
            a->uses[k].dying |= CODE_RESULT_JOINT;
}

sinter_status sn_allocate_prepare(allocation *a, const plan_body *body, bool masks_apart, arena *memory)
{
    const uint32_t count = body->count;
    a->memory = memory;
    a->ops = body->ops;
    a->count = count;
    a->values = sn_arena_take(memory, count * sizeof *a->values);
    a->slots = sn_arena_take(memory, (size_t)count * CODE_MAX_COPIES * sizeof *a->slots);
    a->uses = sn_arena_take(memory, count * sizeof *a->uses);
    if (!a->values || !a->slots || !a->uses)
        return SINTER_NO_MEMORY;
    open_values(a);
    if (a->joint)
        open_joint_values(a);
    if (body->cold && !pair_regions(a, body->cold))
        return SINTER_NO_MEMORY;
    for (uint32_t k = a->region_count; k-- > 0 && !a->failed;)
        find_region_uses(a, masks_apart, &a->regions[k]);
    if (a->failed)
        return SINTER_NO_MEMORY;
    use_walk hot = {.a = a, .values = a->values, .masks_apart = masks_apart};
    find_uses(&hot, 0, count - 1);
    a->most_live = hot.most[0];
    a->most_masks = hot.most[1];
    if (a->joint)
        note_joint_results(a);
    return SINTER_OK;
}
