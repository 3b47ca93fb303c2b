/* The allocation's verifier: replays its trace on a model of registers and slots and sees that every use finds its value.
 *
 * It shares nothing with the allocator but the trace: a register holds what was last defined, loaded or reloaded into it, a slot what was
 * last spilled there. A cold path starts from what the hot path had; behind it only that is known on which both agree, since either
 * may have been taken. */
#include "code/allocate.h"

#include <string.h>

enum { MOST_DEPTH = 16 };
#define PINNED UINT32_MAX

typedef struct model {
    uint32_t reg[CODE_REGISTERS]; /* value index + 1; 0: unknown; PINNED: what `home` says is there */
    uint32_t *slot;
    uint8_t *home;                /* per value index: the register pinned to it */
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

static void copy_model(model *to, const model *from, uint32_t slots)
{
    memcpy(to->reg, from->reg, sizeof to->reg);
    memcpy(to->slot, from->slot, slots * sizeof *to->slot);
}

static void keep_common(model *to, const model *with, uint32_t slots)
{
    for (unsigned r = 0; r < CODE_REGISTERS; r++)
        if (to->reg[r] != with->reg[r])
            to->reg[r] = 0;
    for (uint32_t s = 0; s < slots; s++)
        if (to->slot[s] != with->slot[s])
            to->slot[s] = 0;
}

static const char *replay(model *m, const code_event *e)
{
    switch ((code_event_kind)e->kind) {
    case CODE_EVENT_PIN:
        m->reg[e->reg] = PINNED;
        m->home[e->value] = e->reg;
        return NULL;
    case CODE_EVENT_USE:
        return m->reg[e->reg] == e->value + 1 || (m->reg[e->reg] == PINNED && m->home[e->value] == e->reg) ? NULL : "an operand is not in the register that the operation reads";
    case CODE_EVENT_LOAD: case CODE_EVENT_DEFINE:
        m->reg[e->reg] = e->value + 1;
        return NULL;
    case CODE_EVENT_TEMPORARY:
        m->reg[e->reg] = 0;
        return NULL;
    case CODE_EVENT_MOVE:
        m->reg[e->reg] = m->reg[e->from];
        return NULL;
    case CODE_EVENT_SPILL:
        if (m->reg[e->reg] != e->value + 1)
            return "a register is spilled that does not hold its value";
        m->slot[e->slot] = e->value + 1;
        return NULL;
    case CODE_EVENT_RELOAD:
        if (m->slot[e->slot] != e->value + 1)
            return "a slot is reloaded that does not hold the value";
        m->reg[e->reg] = e->value + 1;
        return NULL;
    case CODE_EVENT_RESTART:
        memset(m->reg, 0, sizeof m->reg);
        return NULL;
    case CODE_EVENT_ENTER_COLD: case CODE_EVENT_LEAVE_COLD:
        return NULL;
    }
    return "an event of an unknown kind";
}

const char *sn_allocate_verify(const code_trace *t, arena *memory)
{
    const uint32_t slots = most_slots(t), values = value_count(t);
    model at[MOST_DEPTH];
    uint8_t *home = sn_arena_take(memory, values);
    if (!home)
        return "out of memory";
    memset(home, CODE_NO_REGISTER, values);
    for (unsigned d = 0; d < MOST_DEPTH; d++) {
        memset(at[d].reg, 0, sizeof at[d].reg);
        at[d].home = home;
        at[d].slot = sn_arena_take_zeroed(memory, (slots + 1) * sizeof *at[d].slot);
        if (!at[d].slot)
            return "out of memory";
    }
    unsigned depth = 0;
    for (uint32_t k = 0; k < t->count; k++) {
        const code_event *e = &t->events[k];
        if (e->kind == CODE_EVENT_ENTER_COLD) {
            if (++depth == MOST_DEPTH)
                return "cold regions nest too deep";
            copy_model(&at[depth], &at[depth - 1], slots);
        } else if (e->kind == CODE_EVENT_LEAVE_COLD) {
            if (depth == 0)
                return "a cold region is left that was not entered";
            keep_common(&at[depth - 1], &at[depth], slots);
            depth--;
        }
        const char *wrong = replay(&at[depth], e);
        if (wrong)
            return wrong;
    }
    return depth ? "a cold region is not left" : NULL;
}
