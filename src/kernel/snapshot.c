/* State as bytes: written by any instance of a program, read by any other of the same or of an edited program, on any engine.
 *
 *     bytes   content
 *     8       "SINTER\1" and a zero; "SINTER\2" where parameters move; "SINTER\3" where nodes in C save their state
 *     8       element index, i64, from 0 to 2^53
 *     4, 4    how many parameters, how many lines
 *     per parameter: its value (f64), its name
 *     per line: length (u32), type (u32), its values from the oldest on, its name
 *     where parameters move or nodes save, 8: how many move; per such one:
 *         its smoothing (u64), the elements at which the move began and at which it arrives (i64), base, slope and decay of the ramp (f64;
 *         opt/smooth.c), its name
 *     where nodes save, 8: how many; per such one: how many bytes (u64), these bytes, its name, the name of its type
 *
 * Numbers are little-endian; a name is its length (u32) and its bytes, and everything begins at a multiple of 8 bytes. Nothing in
 * a snapshot is believed before it was looked at. */
#include "kernel/kernels.h"

#include <math.h>
#include <string.h>

static const char mark[8] = "SINTER\1", moving_mark[8] = "SINTER\2", calling_mark[8] = "SINTER\3";
static const uint64_t MOST_INDEX = (uint64_t)1 << 53; /* programs see it as f64 */

static size_t padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/* ---- writing ---- */

typedef struct snapshot_writer {
    uint8_t *bytes; /* NULL: only counted */
    size_t room;    /* where they are written: more is counted, and not written */
    size_t at;
} snapshot_writer;

static bool has_room(const snapshot_writer *w, size_t size)
{
    return w->bytes && w->at <= w->room && size <= w->room - w->at;
}

static void put(snapshot_writer *w, const void *from, size_t size)
{
    if (size && has_room(w, size))
        memcpy(w->bytes + w->at, from, size);
    w->at += size;
}

static void put_u32(snapshot_writer *w, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put(w, bytes, 4);
}

static void put_u64(snapshot_writer *w, uint64_t value)
{
    put_u32(w, (uint32_t)value);
    put_u32(w, (uint32_t)(value >> 32));
}

static void put_f64(snapshot_writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    put_u64(w, bits);
}

static void pad(snapshot_writer *w)
{
    static const uint8_t zeros[8];
    put(w, zeros, padded(w->at) - w->at);
}

static void put_name(snapshot_writer *w, const char *name)
{
    const size_t length = strlen(name);
    put_u32(w, (uint32_t)length);
    put(w, name, length);
    pad(w);
}

static void put_values(snapshot_writer *w, const sinter_instance *i, uint32_t line)
{
    const plan_line *l = &i->kernel->lines[line];
    const uint8_t *values = sn_instance_values(i, line);
    const size_t size = sn_ir_type_size((ir_type)l->type), bytes = l->length * size;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    put(w, values, bytes);
#else
    for (size_t at = 0; at < bytes; at += size)
        for (size_t byte = size; byte-- > 0;)
            put(w, values + at + byte, 1);
#endif
    pad(w);
}

static void put_ramps(snapshot_writer *w, const sinter_instance *i)
{
    const sinter_kernel *k = i->kernel;
    put_u64(w, i->moving);
    for (uint32_t n = 0; i->moving && n < k->public_params; n++) {
        const instance_ramp *ramp = &i->ramps[n];
        if (!ramp->moves)
            continue;
        put_u64(w, k->params[n].smoothing);
        put_u64(w, (uint64_t)ramp->from);
        put_u64(w, (uint64_t)ramp->until);
        put_f64(w, ramp->base);
        put_f64(w, ramp->slope);
        put_f64(w, ramp->decay);
        put_name(w, k->params[n].name);
    }
}

static uint32_t count_saving(const sinter_kernel *k)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < k->call_count; n++)
        count += k->calls[n].type.save != NULL;
    return count;
}

static void put_call(snapshot_writer *w, const sinter_instance *i, const kernel_call *c)
{
    const void *self = i->selves[c->self];
    const size_t size = c->type.save(self, NULL, 0);
    put_u64(w, size);
    if (has_room(w, size))
        c->type.save(self, w->bytes + w->at, size);
    w->at += size;
    pad(w);
    put_name(w, c->name);
    put_name(w, c->type.name);
}

static void put_calls(snapshot_writer *w, const sinter_instance *i, uint32_t count)
{
    put_u64(w, count);
    for (uint32_t n = 0; n < i->kernel->call_count; n++)
        if (i->kernel->calls[n].type.save)
            put_call(w, i, &i->kernel->calls[n]);
}

/* How many bytes it takes, of which `room` are there. */
static size_t write_all(const sinter_instance *i, uint8_t *bytes, size_t room)
{
    const sinter_kernel *k = i->kernel;
    const uint32_t saving = count_saving(k);
    snapshot_writer w = {bytes, room, 0};
    put(&w, saving ? calling_mark : i->moving ? moving_mark : mark, sizeof mark);
    put_u64(&w, (uint64_t)i->index);
    put_u32(&w, k->public_params);
    put_u32(&w, k->line_count);
    for (uint32_t n = 0; n < k->public_params; n++) {
        put_f64(&w, i->values[n]);
        put_name(&w, k->params[n].name);
    }
    for (uint32_t n = 0; n < k->line_count; n++) {
        put_u32(&w, k->lines[n].length);
        put_u32(&w, k->lines[n].type);
        put_values(&w, i, n);
        put_name(&w, k->line_names[n]);
    }
    if (i->moving || saving)
        put_ramps(&w, i);
    if (saving)
        put_calls(&w, i, saving);
    return w.at;
}

size_t sinter_snapshot_size(const sinter_instance *i)
{
    return i ? write_all(i, NULL, 0) : 0;
}

sinter_status sinter_snapshot_save(const sinter_instance *i, void *bytes, size_t size)
{
    if (!i || !bytes || size < write_all(i, NULL, 0))
        return SINTER_BAD_ARGUMENT;
    return write_all(i, bytes, size) <= size ? SINTER_OK : SINTER_BAD_ARGUMENT;
}

/* ---- reading ---- */

typedef struct snapshot_reader {
    const uint8_t *bytes;
    size_t size, at;
    bool broken;
} snapshot_reader;

/* The next bytes, NULL where there are not so many. */
static const uint8_t *take(snapshot_reader *r, size_t size)
{
    if (r->broken || size > r->size - r->at) {
        r->broken = true;
        return NULL;
    }
    r->at += size;
    return r->bytes + r->at - size;
}

static uint32_t take_u32(snapshot_reader *r)
{
    const uint8_t *b = take(r, 4);
    return b ? b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

static uint64_t take_u64(snapshot_reader *r)
{
    const uint64_t low = take_u32(r);
    return low | (uint64_t)take_u32(r) << 32;
}

static double take_f64(snapshot_reader *r)
{
    const uint64_t bits = take_u64(r);
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

static const uint8_t *take_padded(snapshot_reader *r, size_t size)
{
    const uint8_t *bytes = take(r, size);
    if (bytes)
        take(r, padded(r->at) - r->at);
    return r->broken ? NULL : bytes;
}

typedef struct stored_name {
    const uint8_t *text;
    size_t length;
} stored_name;

static stored_name take_name(snapshot_reader *r)
{
    stored_name name = {.length = take_u32(r)};
    name.text = take_padded(r, name.length);
    return name;
}

static bool is_named(stored_name name, const char *text)
{
    return strlen(text) == name.length && memcmp(text, name.text, name.length) == 0;
}

static bool is_of_value(stored_name name, const char *text, size_t length)
{
    return sn_line_value_name((const char *)name.text, name.length) == length && memcmp(text, name.text, length) == 0;
}

typedef struct stored_line {
    uint32_t length, type;
    const uint8_t *values;
    stored_name name;
} stored_line;

static stored_line take_line(snapshot_reader *r)
{
    stored_line l;
    l.length = take_u32(r);
    l.type = take_u32(r);
    const bool known = l.type == IR_F32 || l.type == IR_F64 || l.type == IR_I32 || l.type == IR_U8 || l.type == IR_I16;
    r->broken |= !known;
    l.values = take_padded(r, known ? (size_t)l.length * sn_ir_type_size((ir_type)l.type) : 0);
    l.name = take_name(r);
    return l;
}

static void restore_values(sinter_instance *i, uint32_t line, const stored_line *stored)
{
    const plan_line *l = &i->kernel->lines[line];
    const size_t size = sn_ir_type_size((ir_type)l->type);
    const uint32_t count = stored->length < l->length ? stored->length : l->length;
    uint8_t *to = sn_instance_values(i, line) + (l->length - count) * size;
    const uint8_t *values = stored->values + (stored->length - count) * size;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, values, count * size);
#else
    for (size_t at = 0; at < count * size; at += size)
        for (size_t byte = 0; byte < size; byte++)
            to[at + byte] = values[at + size - 1 - byte];
#endif
}

/* All lines of a snapshot, and which is the next to look at. */
typedef struct stored_lines {
    snapshot_reader first, next;
    uint32_t count, left; /* before the first one again */
} stored_lines;

/* Lines mostly come in the order in which they were written: the search goes on where the last one ended. */
static void restore_line(stored_lines *s, sinter_instance *i, uint32_t line)
{
    const plan_line *l = &i->kernel->lines[line];
    const char *name = i->kernel->line_names[line];
    const size_t length = sn_line_value_name(name, strlen(name));
    stored_line best = {0};
    uint64_t best_rank = 0;
    for (uint32_t tried = 0; tried < s->count && best_rank != UINT64_MAX; tried++) {
        if (s->left-- == 0) {
            s->next = s->first;
            s->left = s->count - 1;
        }
        const stored_line stored = take_line(&s->next);
        if (stored.type != l->type || !is_of_value(stored.name, name, length))
            continue;
        const uint64_t rank = sn_line_rank(is_named(stored.name, name), stored.length, l->length);
        if (rank > best_rank) {
            best = stored;
            best_rank = rank;
        }
    }
    if (best_rank > 0)
        restore_values(i, line, &best);
}

static uint32_t find_parameter(const sinter_kernel *k, stored_name name)
{
    uint32_t n = 0;
    while (n < k->public_params && !is_named(name, k->params[n].name))
        n++;
    return n;
}

static void read_parameter(snapshot_reader *r, sinter_instance *i, bool apply)
{
    const double value = take_f64(r);
    const stored_name name = take_name(r);
    const uint32_t n = apply ? find_parameter(i->kernel, name) : i->kernel->public_params;
    if (n < i->kernel->public_params)
        sinter_jump(i, (int)n, value);
}

/* The goal is the parameter's value, which was read before. */
static void read_ramp(snapshot_reader *r, sinter_instance *i, uint64_t index, bool apply)
{
    const uint64_t kind = take_u64(r), from = take_u64(r), until = take_u64(r);
    instance_ramp ramp = {.from = (int64_t)from, .until = (int64_t)until, .moves = true};
    ramp.base = take_f64(r);
    ramp.slope = take_f64(r);
    ramp.decay = take_f64(r);
    const stored_name name = take_name(r);
    r->broken |= (kind != SINTER_RAMP && kind != SINTER_GLIDE) || from > index || until <= index || until > 2 * MOST_INDEX
                 || !isfinite(ramp.base) || !isfinite(ramp.slope) || !(ramp.decay <= 0) || !isfinite(ramp.decay);
    const uint32_t n = apply ? find_parameter(i->kernel, name) : i->kernel->public_params;
    if (n < i->kernel->public_params && !(i->ramps && i->ramps[n].moves))
        sn_ramp_adopt(i, n, &ramp, (unsigned)kind, i->values[n]);
}

static void read_ramps(snapshot_reader *r, sinter_instance *i, uint64_t index, bool apply)
{
    const uint64_t ramps = take_u64(r);
    for (uint64_t n = 0; n < ramps && !r->broken; n++)
        read_ramp(r, i, index, apply);
}

/* For a node that has been reset. */
static void restore_call(const sinter_instance *i, const uint8_t *state, size_t size, stored_name name, stored_name type)
{
    for (uint32_t n = 0; n < i->kernel->call_count; n++) {
        const kernel_call *c = &i->kernel->calls[n];
        if (!c->type.restore || !is_named(name, c->name) || !is_named(type, c->type.name))
            continue;
        if (!c->type.restore(i->selves[c->self], state, size) && c->type.reset)
            c->type.reset(i->selves[c->self]);
    }
}

static void read_calls(snapshot_reader *r, const sinter_instance *i, bool apply)
{
    const uint64_t count = take_u64(r);
    for (uint64_t n = 0; n < count && !r->broken; n++) {
        const uint64_t size = take_u64(r);
        r->broken |= size > SIZE_MAX;
        const uint8_t *state = take_padded(r, (size_t)size);
        const stored_name name = take_name(r), type = take_name(r);
        if (apply)
            restore_call(i, state, (size_t)size, name, type);
    }
}

/* True if it is whole. What is wrong must be found before anything changes, so it is read twice. */
static bool read_all(snapshot_reader r, sinter_instance *i, bool apply)
{
    const uint8_t *begin = take(&r, sizeof mark);
    const bool calling = begin && !memcmp(begin, calling_mark, sizeof calling_mark);
    const bool moving = calling || (begin && !memcmp(begin, moving_mark, sizeof moving_mark));
    if (!begin || (!moving && memcmp(begin, mark, sizeof mark) != 0))
        return false;
    const uint64_t index = take_u64(&r);
    const uint32_t parameters = take_u32(&r), lines = take_u32(&r);
    for (uint32_t n = 0; n < parameters && !r.broken; n++)
        read_parameter(&r, i, apply);
    if (apply) {
        stored_lines s = {.first = r, .next = r, .count = lines, .left = lines};
        sinter_instance_reset(i);
        i->index = (int64_t)index;
        for (uint32_t n = 0; n < i->kernel->line_count; n++)
            restore_line(&s, i, n);
    }
    for (uint32_t n = 0; n < lines && !r.broken; n++)
        take_line(&r);
    if (moving)
        read_ramps(&r, i, index, apply);
    if (calling)
        read_calls(&r, i, apply);
    return !r.broken && r.at == r.size && index <= MOST_INDEX;
}

sinter_status sinter_snapshot_restore(sinter_instance *i, const void *bytes, size_t size)
{
    if (!i || !bytes)
        return SINTER_BAD_ARGUMENT;
    const snapshot_reader r = {.bytes = bytes, .size = size};
    if (!read_all(r, i, false))
        return SINTER_BAD_ARGUMENT;
    read_all(r, i, true);
    return SINTER_OK;
}
