/* Register allocation: one backward walk for next uses, one forward walk that allocates and has encoded.
 *
 * Purpose: straight-line code needs no interference graph: when no register is free, the value whose next use is furthest away gives
 * way (Belady). Values are immutable, so one that was spilled once never needs storing again, and leaves (constants, uniforms,
 * streams) are not stored but loaded again. Interleaved copies of the body share next uses, and constants. Cold regions are walked
 * where they are entered, in a copy of the state: at their end everything that the hot path believes to be in a register is there
 * again. Cost: a fixed number of steps per operand, a look over the registers per eviction. */
#include "code/allocate.h"

#include <string.h>

enum { TRAIT_NONE, TRAIT_LOADED /* a leaf: loaded again at will */, TRAIT_KEPT /* an input that is stored as an output, or held */ };
enum { CHEAP_BONUS = 12 }; /* operations that a value which need not be stored counts as further away */

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

static void append_event(allocation *a, code_event_kind kind, unsigned reg, uint32_t value, uint32_t slot, unsigned from)
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

static inline void record(allocation *a, code_event_kind kind, unsigned reg, uint32_t value, uint32_t slot, unsigned from)
{
    if (__builtin_expect(a->trace != NULL, 0))
        append_event(a, kind, reg, value, slot, from);
}

/* ---- preparation ---- */

static void note_use(allocation *a, uint32_t position, unsigned k, uint32_t value, uint32_t *live)
{
    a->uses[position].next[k] = a->next[value];
    if (a->next[value] == CODE_NEVER && !sn_is_shared(&a->ops[value])) {
        live[a->ops[value].type == IR_MASK]++;
        const unsigned user = a->ops[position].code;
        if (a->ops[value].code == IR_INPUT && (user == IR_OUTPUT || user == IR_HOLD))
            a->traits[value] = TRAIT_KEPT; /* an output may lie over it by then */
    }
    a->next[value] = position;
}

static void find_uses(allocation *a, bool masks_apart)
{
    uint32_t live[2] = {0, 0}, most[2] = {0, 0};
    for (uint32_t i = a->count - 1; i > 0; i--) {
        const ir_op *op = &a->ops[i];
        if (!a->traits[i] && is_leaf(op))
            a->traits[i] = TRAIT_LOADED;
        if (a->next[i] != CODE_NEVER && !sn_is_shared(op))
            live[op->type == IR_MASK]--;
        const unsigned operands = sn_ir_info[op->code].operands;
        for (unsigned k = 0; k < operands; k++)
            note_use(a, i, k, sn_ir_operand(op, k), live);
        const uint32_t vectors = masks_apart ? live[0] : live[0] + live[1];
        if (vectors > most[0])
            most[0] = vectors;
        if (live[1] > most[1])
            most[1] = live[1];
    }
    a->most_live = most[0];
    a->most_masks = most[1];
}

sinter_status sn_allocate_prepare(allocation *a, const ir_op *ops, uint32_t count, bool masks_apart, arena *memory)
{
    a->memory = memory;
    a->ops = ops;
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
    find_uses(a, masks_apart);
    memcpy(a->first, a->next, count * sizeof *a->first);
    return SINTER_OK;
}

void sn_allocate_pin(allocation *a, uint32_t value, unsigned reg)
{
    a->home[value] = (uint8_t)reg;
    a->pinned |= (uint64_t)1 << reg;
}

/* ---- registers and slots ---- */

static uint32_t index_of(const allocation *a, uint32_t value, unsigned copy)
{
    return value * CODE_MAX_COPIES + (sn_is_shared(&a->ops[value]) ? 0 : copy);
}

static uint64_t bit(unsigned reg)
{
    return (uint64_t)1 << reg;
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

static bool can_load_again(const allocation *a, uint32_t value)
{
    return a->traits[value] == TRAIT_LOADED;
}

static void evict(allocation *a, unsigned reg)
{
    const uint32_t index = a->holder[reg], value = index / CODE_MAX_COPIES;
    if (!can_load_again(a, value) && a->slot[index] == CODE_NO_SLOT) {
        a->slot[index] = take_slot(a);
        if (a->cold_depth)
            push(a, &a->cold_spills, &a->cold_spill_count, &a->cold_spill_capacity, index);
        record(a, CODE_EVENT_SPILL, reg, index, a->slot[index], 0);
        a->target->spill(a->emitter, reg, a->slot[index], a->ops[value].type);
    }
    a->where[index] = CODE_NO_REGISTER;
    a->free |= bit(reg);
}

static unsigned lowest(uint64_t set)
{
    return (unsigned)__builtin_ctzll(set);
}

#if SINTER_HOSTILE
static unsigned any_of(allocation *a, uint64_t set)
{
    a->random = a->random * 1664525u + 1013904223u;
    for (unsigned skip = (a->random >> 16) % (unsigned)__builtin_popcountll(set); skip; skip--)
        set &= set - 1;
    return lowest(set);
}
#else
static unsigned any_of(allocation *a, uint64_t set)
{
    (void)a;
    return lowest(set);
}
#endif

static unsigned furthest(allocation *a, uint64_t candidates)
{
#if SINTER_HOSTILE
    return any_of(a, candidates);
#endif
    unsigned best = lowest(candidates);
    uint64_t best_distance = 0;
    for (; candidates; candidates &= candidates - 1) {
        const unsigned reg = lowest(candidates);
        const uint32_t index = a->holder[reg], value = index / CODE_MAX_COPIES;
        const bool cheap = a->slot[index] != CODE_NO_SLOT || can_load_again(a, value);
        const uint64_t distance = (uint64_t)a->next[value] + (cheap ? CHEAP_BONUS : 0) + 1;
        if (distance > best_distance) {
            best_distance = distance;
            best = reg;
        }
    }
    return best;
}

/* A free register of the kind, by eviction if need be; it is locked. Targets never lock as many as there are. */
static unsigned take_register(allocation *a, bool mask)
{
    const uint64_t kind = mask ? a->masks : a->vectors;
    uint64_t set = a->free & kind;
    if (!set) {
        const uint64_t candidates = kind & ~a->locked & ~a->pinned;
        if (!candidates) { /* a target that locks more than there are: no code rather than wrong code */
            a->failed = a->starved = true;
            return lowest(kind);
        }
        const unsigned reg = furthest(a, candidates);
        evict(a, reg);
        set = bit(reg);
    }
    const unsigned reg = any_of(a, set);
    a->free &= ~bit(reg);
    a->locked |= bit(reg);
    return reg;
}

static void settle(allocation *a, unsigned reg, uint32_t index)
{
    a->holder[reg] = index;
    a->where[index] = (uint8_t)reg;
}

static void release(allocation *a, uint32_t index)
{
    const unsigned reg = a->where[index];
    if (reg != CODE_NO_REGISTER && !(a->pinned & bit(reg))) {
        a->free |= bit(reg);
        a->where[index] = CODE_NO_REGISTER;
    }
    if (a->slot[index] != CODE_NO_SLOT && a->cold_depth == 0) {
        push(a, &a->free_slots, &a->free_slot_count, &a->free_slot_capacity, a->slot[index]);
        a->slot[index] = CODE_NO_SLOT;
    }
}

/* ---- for targets ---- */

unsigned sn_use(allocation *a, uint32_t value)
{
    const uint32_t index = index_of(a, value, a->copy);
    unsigned reg = a->where[index];
    if (reg == CODE_NO_REGISTER) {
        const unsigned type = a->ops[value].type;
        reg = take_register(a, in_masks(a, type));
        if (a->slot[index] != CODE_NO_SLOT) {
            record(a, CODE_EVENT_RELOAD, reg, index, a->slot[index], 0);
            a->target->reload(a->emitter, reg, a->slot[index], type);
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

bool sn_use_is_memory(const allocation *a, uint32_t value)
{
    return sn_is_shared(&a->ops[value]) && a->where[index_of(a, value, 0)] == CODE_NO_REGISTER;
}

unsigned sn_use_temporary(allocation *a, bool mask)
{
    const unsigned reg = take_register(a, mask && a->masks);
    a->holder[reg] = 0;
    a->where[0] = CODE_NO_REGISTER;
    record(a, CODE_EVENT_TEMPORARY, reg, 0, 0, 0);
    return reg;
}

bool sn_use_dies(const allocation *a, uint32_t value)
{
    const ir_op *op = &a->ops[a->position];
    const uint32_t index = index_of(a, value, a->copy);
    if (a->home[value] != CODE_NO_REGISTER || a->where[index] == CODE_NO_REGISTER
        || (sn_is_shared(&a->ops[value]) && a->copy + 1 < a->copies))
        return false;
    for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
        if (sn_ir_operand(op, k) == value && a->uses[a->position].next[k] == CODE_NEVER)
            return true;
    return false;
}

static void release_dying(allocation *a)
{
    if (a->released)
        return;
    a->released = true;
    const ir_op *op = &a->ops[a->position];
    const unsigned operands = sn_ir_info[op->code].operands;
    for (unsigned k = 0; k < operands; k++) {
        const uint32_t value = sn_ir_operand(op, k);
        if (a->uses[a->position].next[k] == CODE_NEVER && (!sn_is_shared(&a->ops[value]) || a->copy + 1 == a->copies))
            release(a, index_of(a, value, a->copy));
    }
}

static unsigned define(allocation *a)
{
    const uint32_t value = a->position;
    const unsigned reg = take_register(a, in_masks(a, a->ops[value].type));
    settle(a, reg, index_of(a, value, a->copy));
    record(a, CODE_EVENT_DEFINE, reg, index_of(a, value, a->copy), 0, 0);
    return reg;
}

unsigned sn_define(allocation *a)
{
    release_dying(a);
    return define(a);
}

unsigned sn_define_apart(allocation *a)
{
    return define(a);
}

unsigned sn_define_over(allocation *a, uint32_t value)
{
    const uint32_t index = index_of(a, value, a->copy);
    const unsigned reg = a->where[index];
    release_dying(a);
    a->free &= ~bit(reg);
    settle(a, reg, index_of(a, a->position, a->copy));
    record(a, CODE_EVENT_DEFINE, reg, index_of(a, a->position, a->copy), 0, 0);
    return reg;
}

/* ---- the walk ---- */

static void unlock(allocation *a)
{
    uint64_t temporaries = a->locked & ~a->free & ~a->pinned;
    for (; temporaries; temporaries &= temporaries - 1) {
        const unsigned reg = lowest(temporaries);
        if (a->where[a->holder[reg]] != reg)
            a->free |= bit(reg);
    }
    a->locked = 0;
}

static void advance_uses(allocation *a, uint32_t position)
{
    const ir_op *op = &a->ops[position];
    const unsigned operands = sn_ir_info[op->code].operands;
    for (unsigned k = 0; k < operands; k++)
        if (a->uses[position].next[k] != position)
            a->next[sn_ir_operand(op, k)] = a->uses[position].next[k];
}

static void end_copy(allocation *a)
{
    release_dying(a);
    a->released = false;
    unlock(a);
    const uint32_t value = a->position;
    if (a->ops[value].type != IR_VOID && a->next[value] == CODE_NEVER)
        release(a, index_of(a, value, a->copy));
}

static void emit_operation(allocation *a, uint32_t position)
{
    a->position = position;
    for (a->copy = 0; a->copy < a->copies; a->copy++) {
        a->target->emit(a->emitter, position);
        end_copy(a);
    }
    advance_uses(a, position);
}

static bool is_last_copy(const allocation *a)
{
    return a->copy + 1 == a->copies;
}

static void emit_cold(allocation *a, uint32_t cold);

/* One copy of the operations of a region, nested regions included. */
static void emit_region(allocation *a, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (a->ops[i].code == IR_COLD) {
            emit_cold(a, i);
            i = a->ops[i].b;
            continue;
        }
        a->position = i;
        if (can_load_again(a, i))
            continue;
        a->target->emit(a->emitter, i);
        end_copy(a);
        advance_uses(a, i);
    }
}

/* What the hot path relies on while a cold one is written. */
typedef struct saved_state {
    uint64_t free;
    uint32_t holder[CODE_REGISTERS];
    uint32_t free_slot_count, slot_top, cold_spill_count;
} saved_state;

static saved_state save(const allocation *a)
{
    saved_state s = {.free = a->free, .free_slot_count = a->free_slot_count, .slot_top = a->slot_top,
                     .cold_spill_count = a->cold_spill_count};
    memcpy(s.holder, a->holder, sizeof s.holder);
    return s;
}

static uint64_t taken_registers(const allocation *a, uint64_t free)
{
    return ~free & (a->vectors | a->masks) & ~a->pinned;
}

/* Has the region consumed this value for good? Other copies of it still wait for theirs. */
static bool is_consumed(const allocation *a, uint32_t index)
{
    const uint32_t value = index / CODE_MAX_COPIES;
    if (a->next[value] != CODE_NEVER)
        return false;
    return sn_is_shared(&a->ops[value]) ? is_last_copy(a) : index % CODE_MAX_COPIES == a->copy;
}

/* Writes what brings every register that the hot path believes in back to its value. */
static void reload_displaced(allocation *a, const saved_state *s)
{
    for (uint64_t set = taken_registers(a, s->free); set; set &= set - 1) {
        const unsigned reg = lowest(set);
        const uint32_t index = s->holder[reg], value = index / CODE_MAX_COPIES;
        if (a->where[index] == reg || is_consumed(a, index))
            continue;
        if (a->slot[index] != CODE_NO_SLOT) {
            record(a, CODE_EVENT_RELOAD, reg, index, a->slot[index], 0);
            a->target->reload(a->emitter, reg, a->slot[index], a->ops[value].type);
        } else {
            record(a, CODE_EVENT_LOAD, reg, index, 0, 0);
            a->target->load_leaf(a->emitter, reg, value, index % CODE_MAX_COPIES);
        }
    }
}

/* The tables go back to what the hot path knows. */
static void restore_tables(allocation *a, const saved_state *s)
{
    for (uint64_t set = taken_registers(a, a->free); set; set &= set - 1)
        a->where[a->holder[lowest(set)]] = CODE_NO_REGISTER;
    while (a->cold_spill_count > s->cold_spill_count)
        a->slot[a->cold_spills[--a->cold_spill_count]] = CODE_NO_SLOT;
    a->free = s->free;
    a->free_slot_count = s->free_slot_count;
    a->slot_top = s->slot_top;
    memcpy(a->holder, s->holder, sizeof a->holder);
    for (uint64_t set = taken_registers(a, a->free); set; set &= set - 1)
        a->where[a->holder[lowest(set)]] = (uint8_t)lowest(set);
}

/* Gives up what only the region, or the RARE at its end, still needed. */
static void release_consumed(allocation *a, uint32_t cold, uint32_t rare)
{
    for (uint32_t i = cold + 1; i <= rare; i++) {
        const ir_op *op = &a->ops[i];
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++) {
            const uint32_t value = sn_ir_operand(op, k);
            if (value < cold && a->uses[i].next[k] == CODE_NEVER && (!sn_is_shared(&a->ops[value]) || is_last_copy(a)))
                release(a, index_of(a, value, a->copy));
        }
    }
}

/* The other copies find the next uses as they were before the region. */
static void rewind_uses(allocation *a, uint32_t cold, uint32_t rare)
{
    for (uint32_t i = rare; i > cold; i--) {
        const ir_op *op = &a->ops[i];
        if (op->type != IR_VOID && i != rare)
            a->next[i] = a->first[i];
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            a->next[sn_ir_operand(op, k)] = i;
    }
}

/* The RARE's result, holding the hot operand: its own register if the region does not read it and nothing comes later. */
static unsigned define_rare(allocation *a, uint32_t rare)
{
    const uint32_t hot = a->ops[rare].c, index = index_of(a, rare, a->copy);
    const unsigned from = sn_use(a, hot), type = a->ops[rare].type;
    if (a->next[hot] == rare && a->uses[rare].next[2] == CODE_NEVER && a->ops[rare].a != hot && a->ops[rare].b != hot
        && a->home[hot] == CODE_NO_REGISTER && !sn_is_shared(&a->ops[hot])) {
        release(a, index_of(a, hot, a->copy));
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

/* The merged result goes where the hot path believes it to be. */
static void return_result(allocation *a, uint32_t rare, unsigned from, unsigned result)
{
    if (from == result)
        return;
    if (!(a->free & bit(result)))
        evict(a, result);
    record(a, CODE_EVENT_MOVE, result, 0, 0, from);
    a->target->move(a->emitter, result, from, a->ops[rare].type);
    a->free = (a->free | bit(from)) & ~bit(result);
    settle(a, result, index_of(a, rare, a->copy));
}

/* One copy of a cold region and its RARE. The result, so far the hot operand, is a value like any other in the region: were it kept in its
 * register, regions within regions would use up all there are. */
static void emit_cold(allocation *a, uint32_t cold)
{
    const uint32_t rare = a->ops[cold].b, mask = a->ops[cold].a;
    a->position = rare;
    advance_uses(a, cold);
    unsigned mask_reg = sn_use(a, mask);
    const unsigned result = define_rare(a, rare);
    const bool unused = a->next[rare] == CODE_NEVER;
    if (unused) /* but not to be forgotten before the merge */
        a->next[rare] = rare + 1;
    unlock(a);
    const saved_state s = save(a);
    a->cold_depth++;
    record(a, CODE_EVENT_ENTER_COLD, 0, 0, 0, 0);
    a->target->enter_cold(a->emitter, mask_reg);
    emit_region(a, cold + 1, rare);
    a->position = rare;
    const unsigned value = sn_use(a, a->ops[rare].b), merged = sn_use(a, rare);
    mask_reg = sn_use(a, mask);
    a->target->merge_cold(a->emitter, merged, mask_reg, value, a->ops[rare].type);
    unlock(a);
    advance_uses(a, rare);
    return_result(a, rare, merged, result);
    const uint64_t pinned = a->pinned;
    a->pinned |= bit(result);
    reload_displaced(a, &s);
    a->target->leave_cold(a->emitter);
    record(a, CODE_EVENT_LEAVE_COLD, 0, 0, 0, 0);
    a->cold_depth--;
    a->pinned = pinned;
    restore_tables(a, &s);
    release_consumed(a, cold, rare);
    if (unused) {
        a->next[rare] = CODE_NEVER;
        release(a, index_of(a, rare, a->copy));
    }
}

static void emit_cold_copies(allocation *a, uint32_t cold)
{
    const uint32_t rare = a->ops[cold].b;
    const uint32_t mask_next = a->next[a->ops[cold].a];
    for (a->copy = 0; a->copy < a->copies; a->copy++) {
        emit_cold(a, cold);
        if (!is_last_copy(a)) {
            rewind_uses(a, cold, rare);
            a->next[a->ops[cold].a] = mask_next;
        }
    }
}

static void start_walk(allocation *a)
{
    memset(a->where, CODE_NO_REGISTER, (size_t)a->count * CODE_MAX_COPIES);
    memset(a->slot, 0xFF, (size_t)a->count * CODE_MAX_COPIES * sizeof *a->slot);
    a->free_slot_count = a->slot_top = 0;
    memcpy(a->next, a->first, a->count * sizeof *a->next);
    a->free = (a->vectors | a->masks) & ~a->pinned;
    a->locked = 0;
    a->cold_depth = a->cold_spill_count = 0;
    for (uint32_t value = 1; value < a->count; value++) {
        if (a->home[value] == CODE_NO_REGISTER)
            continue;
        for (unsigned copy = 0; copy < (sn_is_shared(&a->ops[value]) ? 1 : a->copies); copy++) {
            a->where[value * CODE_MAX_COPIES + copy] = a->home[value];
            record(a, CODE_EVENT_PIN, a->home[value], value * CODE_MAX_COPIES + copy, 0, 0);
        }
        a->holder[a->home[value]] = value * CODE_MAX_COPIES;
    }
}

void sn_allocate_walk(allocation *a)
{
    record(a, CODE_EVENT_RESTART, 0, 0, 0, 0);
    start_walk(a);
    for (uint32_t i = 1; i < a->count && !a->failed; i++) {
        const ir_op *op = &a->ops[i];
        if (op->code == IR_COLD) {
            emit_cold_copies(a, i);
            i = op->b;
        } else if (!can_load_again(a, i) && a->home[i] == CODE_NO_REGISTER) {
            emit_operation(a, i);
        }
    }
}
