/* What every file that writes instructions calls: room for them, moves, and notes of what is where. */
#include "code/x64/writing.h"

#include <string.h>

x64_code *sn_x64_more_room(x64_writer *w)
{
    x64_code *c = &w->buffer[w->at].code;
    const size_t used = (size_t)(c->at - c->start), capacity = 2 * (size_t)(c->end - c->start) + 4 * X64_ROOM;
    uint8_t *grown = sn_arena_take(w->memory, capacity + 64);
    if (!grown) {
        w->failed = true; /* what is written from now on is thrown away, over the hot buffer, which is there */
        if (!c->start)
            *c = w->buffer[0].code;
        c->at = c->start;
        return c;
    }
    grown += -(uintptr_t)grown & 63;
    if (used)
        memcpy(grown, c->start, used);
    *c = (x64_code){.start = grown, .at = grown + used, .end = grown + capacity};
    return c;
}

void sn_x64_note_branch(x64_writer *w, unsigned to, uint32_t target, const uint8_t *place)
{
    if (w->branch_count == w->branch_capacity) {
        const uint32_t capacity = w->branch_capacity ? 2 * w->branch_capacity : 32;
        x64_branch *grown = sn_arena_grow(w->memory, w->branches, w->branch_count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            w->failed = true;
            return;
        }
        w->branches = grown;
        w->branch_capacity = capacity;
    }
    const x64_code *c = &w->buffer[w->at].code;
    w->branches[w->branch_count++] = (x64_branch){(uint8_t)w->at, (uint8_t)to, (uint32_t)(place - c->start), target};
}

void sn_x64_mark(x64_writer *w, uint32_t position)
{
    if (w->at != X64_PATHS)
        return;
    if (w->mark_count == w->mark_capacity) {
        const uint32_t capacity = w->mark_capacity ? 2 * w->mark_capacity : 256;
        x64_mark *grown = sn_arena_grow(w->memory, w->marks, w->mark_count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            w->failed = true;
            return;
        }
        w->marks = grown;
        w->mark_capacity = capacity;
    }
    w->marks[w->mark_count++] = (x64_mark){sn_x64_here(w, 0), w->joint.origins ? w->joint.origins[position] : position};
}

void sn_x64_move(void *emitter, unsigned to, unsigned from, unsigned type)
{
    x64_writer *w = emitter;
    if (to == from)
        return;
    sn_x64_room(w);
    if (to >= CODE_MASKS)
        reg3(w, X64_KMOVW, X64_SCALAR, to - CODE_MASKS, 0, from - CODE_MASKS);
    else
        reg3(w, X64_VMOVAPS, register_length(w, type), to, 0, from);
}

unsigned sn_x64_over(x64_writer *w, uint32_t value, unsigned reg)
{
    if (sn_use_dies(&w->a, value))
        return sn_define_over(&w->a, value);
    const unsigned d = sn_define_apart(&w->a);
    sn_x64_move(w, d, reg, op_of(w, value)->type);
    return d;
}

void sn_x64_blend_lanes(x64_writer *w, unsigned d, unsigned mask, unsigned yes, unsigned no, unsigned type)
{
    const x64_length length = register_length(w, type);
    const bool wide = type == IR_MASK ? w->loop->widest == 8 : is_wide(type);
    sn_x64_blend(&w->buffer[w->at].code, wide ? X64_VBLENDVPD : X64_VBLENDVPS, length, d, no, yes, mask);
}
