/* The allocation's verifier: replays its trace on a model of registers and slots and sees that every use finds its value.
 *
 * It shares nothing with the allocator but the trace: a register holds what was last defined, loaded or reloaded into it, a slot what was
 * last spilled there; a pinned register is never written, and what is loaded instead of being kept must be a leaf. A walk begins with
 * nothing but what is pinned, a region's with what it is given in slots too, and whoever calls the region has to have it there. The way to
 * a region and back starts from what the path had; behind it only that is known on which both agree, since either may have been taken. */
#include "code/allocate.h"

#include <string.h>

enum { MOST_DEPTH = 16 };
#define PINNED UINT32_MAX

typedef struct model {
    uint32_t reg[CODE_REGISTERS]; /* value index + 1; 0: unknown; PINNED: what `home` says is there */
    uint32_t *slot;
    uint8_t *home;                /* per value index: the register pinned to it */
    uint32_t values, slots;
} model;

static uint32_t value_count(const code_trace *t)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < t->count; k++)
        most = t->events[k].value > most ? t->events[k].value : most;
    return most + 1;
}

static uint32_t most_slots(const code_trace *t)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < t->count; k++)
        if (t->events[k].slot >= most && t->events[k].slot != CODE_NO_SLOT)
            most = t->events[k].slot + 1;
    return most;
}

static void copy_model(model *to, const model *from)
{
    memcpy(to->reg, from->reg, sizeof to->reg);
    memcpy(to->slot, from->slot, from->slots * sizeof *to->slot);
}

static void keep_common(model *to, const model *with)
{
    for (unsigned r = 0; r < CODE_REGISTERS; r++)
        if (to->reg[r] != with->reg[r])
            to->reg[r] = 0;
    for (uint32_t s = 0; s < to->slots; s++)
        if (to->slot[s] != with->slot[s])
            to->slot[s] = 0;
}

/* Writing to a register forgets what it held; a pinned one is never written. */
static const char *put(model *m, const code_event *e, uint32_t content)
{
    if (m->reg[e->reg] == PINNED)
        return "a register is overwritten that is pinned to a value";
    m->reg[e->reg] = content;
    return NULL;
}

static bool is_leaf(const ir_op *op)
{
    switch (op->code) {
    case IR_CONST: case IR_UNIFORM: case IR_INPUT: case IR_BUFFER: case IR_READ: case IR_HELD:
        return true;
    default:
        return false;
    }
}

static bool holds(const model *m, unsigned reg, uint32_t value)
{
    return m->reg[reg] == value + 1 || (m->reg[reg] == PINNED && m->home[value] == reg);
}

static const char *replay(model *m, const code_event *e, const ir_op *ops)
{
    switch ((code_event_kind)e->kind) {
    case CODE_EVENT_PIN:
        m->reg[e->reg] = PINNED;
        m->home[e->value] = e->reg;
        return NULL;
    case CODE_EVENT_USE:
        return holds(m, e->reg, e->value) ? NULL : "an operand is not in the register that the operation reads";
    case CODE_EVENT_LOAD:
        return is_leaf(&ops[e->value / CODE_MAX_COPIES]) ? put(m, e, e->value + 1) : "a value is loaded that no load makes";
    case CODE_EVENT_DEFINE:
        return put(m, e, e->value + 1);
    case CODE_EVENT_TEMPORARY:
        return put(m, e, 0);
    case CODE_EVENT_MOVE:
        return put(m, e, m->reg[e->from]);
    case CODE_EVENT_SPILL:
        if (!holds(m, e->reg, e->value))
            return "a register is spilled that does not hold its value";
        m->slot[e->slot] = e->value + 1;
        return NULL;
    case CODE_EVENT_RELOAD:
        if (m->slot[e->slot] != e->value + 1)
            return "a slot is reloaded that does not hold the value";
        return put(m, e, e->value + 1);
    case CODE_EVENT_RESTART: /* slots, too: what an earlier walk left there is of other elements */
        memset(m->reg, 0, sizeof m->reg);
        memset(m->home, CODE_NO_REGISTER, m->values);
        memset(m->slot, 0, m->slots * sizeof *m->slot);
        return NULL;
    case CODE_EVENT_HAND:
        return m->slot[e->slot] == e->value + 1 ? NULL : "a region is called without what it reads";
    case CODE_EVENT_CALL:
        for (unsigned r = 0; r < CODE_REGISTERS; r++)
            if (m->reg[r] != PINNED)
                m->reg[r] = 0;
        return NULL;
    case CODE_EVENT_GIVEN:
        m->slot[e->slot] = e->value + 1;
        return NULL;
    case CODE_EVENT_ENTER_COLD: case CODE_EVENT_LEAVE_COLD:
        return NULL;
    }
    return "an event of an unknown kind";
}

static const char *check_event(const code_event *e, uint32_t count)
{
    if (e->reg >= CODE_REGISTERS || e->from >= CODE_REGISTERS)
        return "there is no such register";
    if (e->value / CODE_MAX_COPIES >= count)
        return "there is no such value";
    const bool has_slot = e->kind == CODE_EVENT_SPILL || e->kind == CODE_EVENT_RELOAD || e->kind == CODE_EVENT_HAND || e->kind == CODE_EVENT_GIVEN;
    if (has_slot && e->slot == CODE_NO_SLOT)
        return "there is no such slot";
    return NULL;
}

const char *sn_allocate_verify(const code_trace *t, const ir_op *ops, uint32_t count, arena *memory)
{
    const uint32_t slots = most_slots(t), values = value_count(t);
    model at[MOST_DEPTH];
    uint8_t *home = sn_arena_take(memory, values);
    if (!home)
        return "out of memory";
    memset(home, CODE_NO_REGISTER, values);
    for (unsigned d = 0; d < MOST_DEPTH; d++) {
        at[d] = (model){.home = home, .values = values, .slots = slots};
        at[d].slot = sn_arena_take_zeroed(memory, (slots + 1) * sizeof *at[d].slot);
        if (!at[d].slot)
            return "out of memory";
    }
    unsigned depth = 0;
    for (uint32_t k = 0; k < t->count; k++) {
        const code_event *e = &t->events[k];
        const char *wrong = check_event(e, count);
        if (wrong)
            return wrong;
        if (e->kind == CODE_EVENT_RESTART && depth > 0)
            return "a walk begins within a cold region";
        if (e->kind == CODE_EVENT_ENTER_COLD) {
            if (++depth == MOST_DEPTH)
                return "cold regions nest too deep";
            copy_model(&at[depth], &at[depth - 1]);
        } else if (e->kind == CODE_EVENT_LEAVE_COLD) {
            if (depth == 0)
                return "a cold region is left that was not entered";
            keep_common(&at[depth - 1], &at[depth]);
            depth--;
        }
        wrong = replay(&at[depth], e, ops);
        if (wrong)
            return wrong;
    }
    return depth ? "a cold region is not left" : NULL;
}
