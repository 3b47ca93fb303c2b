/* Register allocation: one forward walk that allocates and has encoded.
 *
 * Purpose: straight-line code needs no interference graph: when no register is free, the value whose next use is furthest away gives
 * way (Belady). Values are immutable, so one that was spilled once never needs storing again, and leaves (constants, uniforms,
 * streams) are not stored but loaded again. Interleaved copies of the body share next uses, and constants. A cold region is a routine:
 * the path stores what it holds and what the region reads, calls, and loads what it held again, so that the region costs it no register
 * and all copies and walks share one. Cost: a fixed number of steps per operand, a look over the registers per eviction or call. */
#include "code/walk.h"

#include <string.h>

enum { CHEAP_BONUS = 12 }; /* operations that a value which need not be stored counts as further away */

void sn_allocate_record(allocation *a, code_event_kind kind, unsigned reg, uint32_t value, uint32_t slot, unsigned from)
{
    code_trace *t = a->trace;
    if (t->count == t->capacity) {
        const uint32_t capacity = t->capacity ? 2 * t->capacity : 1024;
        code_event *grown = sn_arena_grow(t->memory, t->events, t->count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            a->failed = true;
            return;
        }
        t->events = grown;
        t->capacity = capacity;
    }
    t->events[t->count++] = (code_event){(uint8_t)kind, (uint8_t)reg, (uint8_t)from, value, slot};
}

static void push(allocation *a, uint32_t **list, uint32_t *count, uint32_t *capacity, uint32_t number)
{
    if (*count == *capacity) {
        const uint32_t more = *capacity ? 2 * *capacity : 64;
        uint32_t *grown = sn_arena_grow(a->memory, *list, *count * sizeof *grown, more * sizeof *grown);
        if (!grown) {
            a->failed = true;
            return;
        }
        *list = grown;
        *capacity = more;
    }
    (*list)[(*count)++] = number;
}

void sn_allocate_pin(allocation *a, uint32_t value, unsigned reg)
{
    code_value *v = &a->values[value];
    v->home = (uint8_t)reg;
    memset(v->where, (int)reg, sizeof v->where);
    v->traits |= CODE_PINNED;
    a->pinned |= (uint64_t)1 << reg;
    push(a, &a->pins, &a->pin_count, &a->pin_capacity, value);
}

/* ---- registers and slots ---- */

static uint32_t index_of(const allocation *a, uint32_t value, unsigned copy)
{
    return value * CODE_MAX_COPIES + (copy & a->values[value].traits);
}

_Static_assert(CODE_APART == CODE_MAX_COPIES - 1, "a copy is two bits, which a value's traits cover or let through");

static uint8_t *where_of(allocation *a, uint32_t index)
{
    return &a->values[index / CODE_MAX_COPIES].where[index % CODE_MAX_COPIES];
}

static uint32_t slot_of(const allocation *a, uint32_t index)
{
    return a->values[index / CODE_MAX_COPIES].spilled >> index % CODE_MAX_COPIES & 1 ? a->slots[index] : CODE_NO_SLOT;
}

static void set_slot(allocation *a, uint32_t index, uint32_t slot)
{
    code_value *v = &a->values[index / CODE_MAX_COPIES];
    const unsigned mine = 1u << index % CODE_MAX_COPIES;
    v->spilled = (uint8_t)(slot == CODE_NO_SLOT ? v->spilled & ~mine : v->spilled | mine);
    a->slots[index] = slot;
}

static bool in_masks(const allocation *a, unsigned type)
{
    return type == IR_MASK && a->masks;
}

static uint32_t take_slot(allocation *a)
{
    if (a->free_slot_count)
        return a->free_slots[--a->free_slot_count];
    if (++a->slot_top > a->slot_count)
        a->slot_count = a->slot_top;
    return a->slot_top - 1;
}

static bool can_load_again(const allocation *a, uint32_t value)
{
    return a->values[value].traits & CODE_LOADED;
}

static void evict(allocation *a, unsigned reg)
{
    const uint32_t index = a->holder[reg], value = index / CODE_MAX_COPIES;
    if (!can_load_again(a, value) && slot_of(a, index) == CODE_NO_SLOT) {
        const uint32_t slot = take_slot(a);
        set_slot(a, index, slot);
        record(a, CODE_EVENT_SPILL, reg, index, slot, 0);
        a->target->spill(a->emitter, reg, slot, a->ops[value].type);
    }
    *where_of(a, index) = CODE_NO_REGISTER;
    a->free |= bit(reg);
}

static unsigned furthest(allocation *a, uint64_t candidates)
{
#if SINTER_HOSTILE
    return any_of(a, candidates);
#endif
    /* The greatest of distance and register as one number, the lowest register first where distances are the same: which it is, no branch could guess. */
    uint64_t best = 0;
    for (; candidates; candidates &= candidates - 1) {
        const unsigned reg = lowest(candidates);
        const uint32_t index = a->holder[reg];
        const code_value *v = &a->values[index / CODE_MAX_COPIES];
        const unsigned cheap = (v->spilled >> index % CODE_MAX_COPIES & 1) | (v->traits & CODE_LOADED) / CODE_LOADED;
        const uint64_t farther = ((uint64_t)v->next + cheap * CHEAP_BONUS + 1) << 8 | (UINT8_MAX - reg);
        best = farther > best ? farther : best;
    }
    return UINT8_MAX - (unsigned)(best & UINT8_MAX);
}

/* Of a kind of which none is free. Targets never lock as many as there are. */
static uint64_t make_free(allocation *a, uint64_t kind)
{
    const uint64_t candidates = kind & ~a->locked & ~a->pinned;
    if (!candidates) { /* a target that locks more than there are: no code rather than wrong code */
        a->failed = a->starved = true;
        return bit(lowest(kind));
    }
    const unsigned reg = furthest(a, candidates);
    evict(a, reg);
    return bit(reg);
}

static inline unsigned take_of(allocation *a, uint64_t set)
{
    const unsigned reg = any_of(a, set);
    a->free &= ~bit(reg);
    a->locked |= bit(reg);
    return reg;
}

/* A free register of the kind, by eviction if need be; it is locked. */
static inline unsigned take_register(allocation *a, bool mask)
{
    const uint64_t kind = mask ? a->masks : a->vectors, free = a->free & kind;
    return take_of(a, free ? free : make_free(a, kind));
}

static void settle(allocation *a, unsigned reg, uint32_t index)
{
    a->holder[reg] = index;
    *where_of(a, index) = (uint8_t)reg;
}

static void release_slot(allocation *a, uint32_t index)
{
    if (a->slots[index] >= a->kept_slots)
        push(a, &a->free_slots, &a->free_slot_count, &a->free_slot_capacity, a->slots[index]);
    set_slot(a, index, CODE_NO_SLOT);
}

static inline void release(allocation *a, uint32_t value, unsigned of_copy)
{
    code_value *v = &a->values[value];
    const unsigned copy = of_copy & v->traits, reg = v->where[copy];
    if (reg != CODE_NO_REGISTER && !(v->traits & CODE_PINNED)) {
        a->free |= bit(reg);
        v->where[copy] = CODE_NO_REGISTER;
    }
    if (v->spilled >> copy & 1)
        release_slot(a, value * CODE_MAX_COPIES + copy);
}

void sn_allocate_give_up_slots(allocation *a)
{
    const unsigned dying = dying_now(a);
    const ir_op *op = &a->ops[a->position];
    for (unsigned k = 0; k < 3; k++) {
        if (!(dying >> k & 1)) /* or no operand at all */
            continue;
        const uint32_t value = sn_ir_operand(op, k);
        const code_value *v = &a->values[value];
        const unsigned copy = a->copy & v->traits;
        if (v->spilled >> copy & 1)
            release_slot(a, value * CODE_MAX_COPIES + copy);
    }
}

/* ---- for targets ---- */

unsigned sn_use_loaded(allocation *a, uint32_t value)
{
    const uint32_t index = index_of(a, value, a->copy);
    unsigned reg = *where_of(a, index);
    if (reg == CODE_NO_REGISTER) {
        const unsigned type = a->ops[value].type;
        const uint32_t slot = slot_of(a, index);
        reg = take_register(a, in_masks(a, type));
        if (slot != CODE_NO_SLOT) {
            record(a, CODE_EVENT_RELOAD, reg, index, slot, 0);
            a->target->reload(a->emitter, reg, slot, type);
        } else {
            record(a, CODE_EVENT_LOAD, reg, index, 0, 0);
            a->target->load_leaf(a->emitter, reg, value, a->copy);
        }
        settle(a, reg, index);
    }
    a->locked |= bit(reg);
    record(a, CODE_EVENT_USE, reg, index, 0, 0);
    return reg;
}

unsigned sn_use_temporary(allocation *a, bool mask)
{
    const unsigned reg = take_register(a, mask && a->masks);
    a->temporaries |= bit(reg);
    a->holder[reg] = 0;
    record(a, CODE_EVENT_TEMPORARY, reg, 0, 0, 0);
    return reg;
}

bool sn_use_dies(const allocation *a, uint32_t value)
{
    const unsigned dying = dying_now(a);
    const ir_op *op = &a->ops[a->position];
    const code_value *v = &a->values[value];
    return ((dying & 1 && op->a == value) || (dying & 2 && op->b == value) || (dying & 4 && op->c == value))
        && !(v->traits & CODE_PINNED) && v->where[a->copy & v->traits] != CODE_NO_REGISTER;
}

static inline void release_dying(allocation *a)
{
    const unsigned dying = dying_now(a);
    const ir_op *op = &a->ops[a->position];
    a->released = true;
    if (dying & 1)
        release(a, op->a, a->copy);
    if (dying & 2)
        release(a, op->b, a->copy);
    if (dying & 4)
        release(a, op->c, a->copy);
}

static inline unsigned result_in(allocation *a, code_value *v, unsigned reg)
{
    const unsigned copy = a->copy & v->traits;
    a->holder[reg] = a->position * CODE_MAX_COPIES + copy;
    v->where[copy] = (uint8_t)reg;
    record(a, CODE_EVENT_DEFINE, reg, a->position * CODE_MAX_COPIES + copy, 0, 0);
    return reg;
}

static unsigned define(allocation *a)
{
    code_value *v = &a->values[a->position];
    return result_in(a, v, take_register(a, v->traits & CODE_IS_MASK && a->masks));
}

static __attribute__((noinline)) unsigned release_and_define(allocation *a)
{
    release_dying(a);
    return define(a);
}

/* Gives up the register of operand k; false if it has a slot as well. */
static inline bool release_register(allocation *a, unsigned dying, unsigned k, uint32_t value)
{
    if (!(dying & 1u << k))
        return true;
    code_value *v = &a->values[value];
    const unsigned copy = a->copy & v->traits, reg = v->where[copy];
    if (v->spilled) /* this copy or another */
        return false;
    if (reg != CODE_NO_REGISTER && !(v->traits & CODE_PINNED)) {
        a->free |= bit(reg);
        v->where[copy] = CODE_NO_REGISTER;
    }
    return true;
}

/* Nearly always no operand that dies was spilled and a register is free: that way calls nothing, so it saves no registers (60
 * instructions rather than 69). Else all is done again; what was released stays so. */
unsigned sn_define(allocation *a)
{
    const unsigned dying = dying_now(a);
    const ir_op *op = &a->ops[a->position];
    code_value *v = &a->values[a->position];
    if (!release_register(a, dying, 0, op->a) || !release_register(a, dying, 1, op->b) || !release_register(a, dying, 2, op->c))
        return release_and_define(a);
    const uint64_t free = a->free & (v->traits & CODE_IS_MASK && a->masks ? a->masks : a->vectors);
    if (!free)
        return release_and_define(a);
    a->released = true;
    return result_in(a, v, take_of(a, free));
}

unsigned sn_define_apart(allocation *a)
{
    return define(a);
}

unsigned sn_define_over(allocation *a, uint32_t value)
{
    const unsigned reg = *where_of(a, index_of(a, value, a->copy));
    release_dying(a);
    a->free &= ~bit(reg);
    settle(a, reg, index_of(a, a->position, a->copy));
    record(a, CODE_EVENT_DEFINE, reg, index_of(a, a->position, a->copy), 0, 0);
    return reg;
}

unsigned sn_define_more(allocation *a)
{
    const uint32_t index = index_of(a, a->position, 0);
    const unsigned reg = sn_use(a, a->position);
    if (slot_of(a, index) != CODE_NO_SLOT)
        release_slot(a, index); /* it holds less */
    record(a, CODE_EVENT_DEFINE, reg, index, 0, 0);
    return reg;
}

static inline void unlock(allocation *a)
{
    a->free |= a->temporaries;
    a->temporaries = 0;
    a->locked = 0;
}

void sn_allocate_end(allocation *a)
{
    if (!a->released)
        release_dying(a);
    a->released = false;
    unlock(a);
    if (a->now->dying & CODE_RESULT_DIES)
        release(a, a->position, a->copy);
}

/* ---- cold regions ---- */

/* The RARE's result, holding the hot operand: its own register if the region does not read it and nothing comes later. */
static unsigned define_rare(allocation *a, uint32_t rare)
{
    const uint32_t hot = a->ops[rare].c, index = index_of(a, rare, a->copy);
    const unsigned from = sn_use(a, hot), type = a->ops[rare].type;
    if (a->values[hot].next == rare && a->uses[rare].next[2] == CODE_NEVER && (a->values[hot].traits & (CODE_PINNED | CODE_APART)) == CODE_APART) {
        release(a, hot, a->copy);
        a->free &= ~bit(from);
        settle(a, from, index);
        record(a, CODE_EVENT_DEFINE, from, index, 0, 0);
        return from;
    }
    const unsigned reg = take_register(a, in_masks(a, type));
    a->target->move(a->emitter, reg, from, type);
    settle(a, reg, index);
    record(a, CODE_EVENT_DEFINE, reg, index, 0, 0);
    return reg;
}

static void store(allocation *a, unsigned reg, uint32_t slot, uint32_t index)
{
    record(a, CODE_EVENT_SPILL, reg, index, slot, 0);
    a->target->spill(a->emitter, reg, slot, a->ops[index / CODE_MAX_COPIES].type);
}

static void bring(allocation *a, unsigned reg, uint32_t slot, uint32_t index)
{
    const uint32_t value = index / CODE_MAX_COPIES;
    if (slot != CODE_NO_SLOT) {
        record(a, CODE_EVENT_RELOAD, reg, index, slot, 0);
        a->target->reload(a->emitter, reg, slot, a->ops[value].type);
    } else {
        record(a, CODE_EVENT_LOAD, reg, index, 0, 0);
        a->target->load_leaf(a->emitter, reg, value, index % CODE_MAX_COPIES);
    }
}

/* Where each register of the path is kept during a call. */
typedef struct kept_registers {
    uint64_t set;
    uint64_t last; /* of them, those that nothing reads behind the region */
    uint32_t slot[CODE_REGISTERS];
} kept_registers;

/* Everything in registers goes to slots: the region's own for what it reads, else fresh ones. Constants and uniforms are loaded again instead. */
static kept_registers keep_registers(allocation *a, const code_region *region)
{
    kept_registers kept = {.set = ~a->free & (a->vectors | a->masks) & ~a->pinned};
    for (uint64_t set = kept.set; set; set &= set - 1)
        kept.slot[lowest(set)] = CODE_NO_SLOT;
    for (uint32_t k = 0; k < region->reading_count; k++) {
        const code_reading *reading = &a->readings[region->first_reading + k];
        const unsigned reg = *where_of(a, index_of(a, reading->value, a->copy));
        if (reg == CODE_NO_REGISTER || reading->slot == CODE_NO_SLOT)
            continue;
        kept.slot[reg] = reading->slot;
        if (reading->next == CODE_NEVER)
            kept.last |= bit(reg);
    }
    kept.slot[*where_of(a, index_of(a, region->rare, a->copy))] = region->slot;
    for (uint64_t set = kept.set; set; set &= set - 1) {
        const unsigned reg = lowest(set);
        const uint32_t index = a->holder[reg];
        if (kept.slot[reg] == CODE_NO_SLOT && slot_of(a, index) != CODE_NO_SLOT) {
            kept.slot[reg] = slot_of(a, index);
            continue;
        }
        if (kept.slot[reg] == CODE_NO_SLOT && sn_is_shared(&a->ops[index / CODE_MAX_COPIES]))
            continue;
        if (kept.slot[reg] == CODE_NO_SLOT)
            kept.slot[reg] = take_slot(a);
        store(a, reg, kept.slot[reg], index);
    }
    return kept;
}

/* What the region reads and no register held goes through one to the region's slot. Pinned registers are left alone, by the region too. */
static void hand_over(allocation *a, const code_region *region)
{
    for (uint32_t k = 0; k < region->reading_count; k++) {
        const code_reading *reading = &a->readings[region->first_reading + k];
        const uint32_t index = index_of(a, reading->value, a->copy);
        if (reading->slot == CODE_NO_SLOT || a->values[reading->value].home != CODE_NO_REGISTER)
            continue;
        if (*where_of(a, index) == CODE_NO_REGISTER) {
            const uint64_t kind = in_masks(a, a->ops[reading->value].type) ? a->masks : a->vectors;
            const unsigned reg = lowest(kind & ~a->pinned);
            bring(a, reg, slot_of(a, index), index);
            store(a, reg, reading->slot, index);
        }
        record(a, CODE_EVENT_HAND, 0, index, reading->slot, 0);
    }
}

/* One copy's way to a region and back. */
static void emit_cold(allocation *a, uint32_t number)
{
    const code_region *region = &a->regions[number - 1];
    a->position = region->rare;
    const unsigned mask = region->uniform ? 0 : sn_use(a, a->ops[region->cold].a);
    define_rare(a, region->rare);
    unlock(a);
    const uint32_t slot_top = a->slot_top, free_slot_count = a->free_slot_count;
    record(a, CODE_EVENT_ENTER_COLD, 0, 0, 0, 0);
    if (region->uniform)
        a->target->enter_uniform(a->emitter, region->uniform);
    else
        a->target->enter_cold(a->emitter, mask);
    const kept_registers kept = keep_registers(a, region);
    hand_over(a, region);
    record(a, CODE_EVENT_HAND, 0, index_of(a, region->rare, a->copy), region->slot, 0);
    record(a, CODE_EVENT_CALL, 0, 0, 0, 0);
    a->target->call_cold(a->emitter, number);
    for (uint64_t set = kept.set & ~kept.last; set; set &= set - 1)
        bring(a, lowest(set), kept.slot[lowest(set)], a->holder[lowest(set)]);
    a->target->leave_cold(a->emitter);
    record(a, CODE_EVENT_LEAVE_COLD, 0, 0, 0, 0);
    a->slot_top = slot_top;
    a->free_slot_count = free_slot_count;
}

/* Behind its last use on this path a value is given up, copy by copy. */
static void release_read(allocation *a, const code_region *region)
{
    const uint32_t hot = a->ops[region->rare].c;
    for (uint32_t k = 0; k < region->reading_count; k++) {
        const code_reading *reading = &a->readings[region->first_reading + k];
        if (reading->next == CODE_NEVER && (!sn_is_shared(&a->ops[reading->value]) || is_last_copy(a)))
            release(a, reading->value, a->copy);
    }
    if (a->uses[region->rare].next[2] == CODE_NEVER && *where_of(a, index_of(a, hot, a->copy)) != CODE_NO_REGISTER
        && (!sn_is_shared(&a->ops[hot]) || is_last_copy(a)))
        release(a, hot, a->copy);
    if (a->values[region->rare].next == CODE_NEVER)
        release(a, region->rare, a->copy);
}

void sn_allocate_pass_region(allocation *a, uint32_t position)
{
    const uint32_t number = a->region_at[position];
    const code_region *region = &a->regions[number - 1];
    for (a->copy = a->first_copy; a->copy < a->end_copy; a->copy++) {
        emit_cold(a, number);
        release_read(a, region);
    }
    for (uint32_t k = 0; k < region->reading_count; k++) {
        const code_reading *reading = &a->readings[region->first_reading + k];
        a->values[reading->value].next = reading->next;
    }
    a->values[a->ops[region->rare].c].next = a->uses[region->rare].next[2];
}

/* ---- runs of copies ---- */

/* What next uses were before the operations from `first` up to `end`. */
static void rewind_uses(allocation *a, uint32_t first, uint32_t end)
{
    for (uint32_t i = end; i-- > first;) {
        const ir_op *op = &a->ops[i];
        if (op->code == IR_RARE && a->region_at && a->region_at[i]) {
            const code_region *region = &a->regions[a->region_at[i] - 1];
            a->values[op->c].next = i;
            for (uint32_t k = 0; k < region->reading_count; k++)
                a->values[a->readings[region->first_reading + k].value].next = region->cold;
            i = region->cold;
            continue;
        }
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++) /* constants have no code_uses */
            a->values[sn_ir_operand(op, k)].next = i;
    }
}

/* These copies take turns at each of the operations from `first` up to `end`. */
static void walk_copies(allocation *a, unsigned first_copy, unsigned end_copy, uint32_t first, uint32_t end)
{
    a->first_copy = first_copy;
    a->end_copy = end_copy;
    a->target->walk(a->emitter, first, end);
}

static void walk_runs(allocation *a)
{
    for (uint32_t i = 1; i < a->count && !a->failed;) {
        uint32_t end = i;
        while (end < a->count && !sn_is_joint_work(&a->ops[end]))
            end = a->values[end].traits & CODE_IS_COLD ? a->ops[end].b + 1 : end + 1;
        for (unsigned copy = 0; copy < a->copies && end > i; copy++) {
            if (copy)
                rewind_uses(a, i, end);
            walk_copies(a, copy, copy + 1, i, end);
        }
        for (i = end; i < a->count && sn_is_joint_work(&a->ops[i]);)
            i++;
        if (i > end)
            walk_copies(a, a->copies - 1, a->copies, end, i); /* operands die in the last copy */
    }
}

/* ---- the walks ---- */

static void record_pins(allocation *a)
{
    for (uint32_t k = 0; k < a->pin_count; k++) {
        const uint32_t value = a->pins[k];
        for (unsigned copy = 0; copy < (sn_is_shared(&a->ops[value]) ? 1 : a->copies); copy++)
            record(a, CODE_EVENT_PIN, a->values[value].home, value * CODE_MAX_COPIES + copy, 0, 0);
    }
}

/* A walk leaves no value in a register or slot, since each is given up behind its last use; only next uses begin anew. */
static void start_walk(allocation *a)
{
    for (uint32_t k = 0; a->walked && k < a->count; k++)
        a->values[k].next = a->values[k].first;
    a->walked = true;
    a->free = (a->vectors | a->masks) & ~a->pinned;
    a->locked = a->temporaries = 0;
    a->free_slot_count = 0;
    a->slot_top = a->kept_slots;
    if (a->slot_count < a->slot_top)
        a->slot_count = a->slot_top;
    for (uint32_t k = 0; k < a->pin_count; k++)
        a->holder[a->values[a->pins[k]].home] = a->pins[k] * CODE_MAX_COPIES;
    record(a, CODE_EVENT_RESTART, 0, 0, 0, 0);
    record_pins(a);
}

void sn_allocate_walk(allocation *a)
{
    start_walk(a);
    if (a->joint && a->copies > 1)
        walk_runs(a);
    else
        walk_copies(a, 0, a->copies, 1, a->count);
}

/* A region begins with nothing but what is pinned and what it is handed. Its own slots lie above everybody's. */
static void start_region(allocation *a, const code_region *region)
{
    a->free = (a->vectors | a->masks) & ~a->pinned;
    a->locked = a->temporaries = 0;
    a->free_slot_count = 0;
    a->slot_top = a->slot_count;
    record(a, CODE_EVENT_RESTART, 0, 0, 0, 0);
    record_pins(a);
    for (uint32_t k = 0; k < region->reading_count; k++) {
        const code_reading *reading = &a->readings[region->first_reading + k];
        const uint32_t index = index_of(a, reading->value, 0);
        *where_of(a, index) = a->values[reading->value].home;
        set_slot(a, index, reading->slot);
        a->values[reading->value].next = reading->first;
        if (reading->slot != CODE_NO_SLOT && a->values[reading->value].home == CODE_NO_REGISTER)
            record(a, CODE_EVENT_GIVEN, 0, index, reading->slot, 0);
    }
    const uint32_t result = index_of(a, region->rare, 0);
    *where_of(a, result) = CODE_NO_REGISTER;
    set_slot(a, result, region->slot);
    a->values[region->rare].next = region->rare;
    record(a, CODE_EVENT_GIVEN, 0, result, region->slot, 0);
}

static void walk_region(allocation *a, uint32_t number)
{
    const code_region *region = &a->regions[number - 1];
    const uint32_t rare = region->rare;
    start_region(a, region);
    a->target->begin_region(a->emitter, number, region->depth);
    walk_copies(a, 0, 1, region->cold + 1, rare);
    a->position = rare;
    a->copy = 0;
    const unsigned value = sn_use(a, a->ops[rare].b), merged = sn_use(a, rare);
    if (region->uniform)
        a->target->move(a->emitter, merged, value, a->ops[rare].type);
    else
        a->target->merge_cold(a->emitter, merged, sn_use(a, a->ops[rare].a), value, a->ops[rare].type);
    record(a, CODE_EVENT_DEFINE, merged, index_of(a, rare, 0), 0, 0);
    store(a, merged, region->slot, index_of(a, rare, 0));
    a->target->end_region(a->emitter);
}

void sn_allocate_walk_regions(allocation *a)
{
    a->copies = 1;
    if (a->region_count)
        start_walk(a);
    for (uint32_t number = 1; number <= a->region_count && !a->failed; number++)
        walk_region(a, number);
}
