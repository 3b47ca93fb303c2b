/* State as bytes: written by any instance of a program, read by any other of the same or of an edited program, on any engine.
 *
 *     bytes   content
 *     8       "SINTER\1" and a zero
 *     8       element index, i64
 *     4, 4    how many parameters, how many lines
 *     per parameter: its value (f64), its name
 *     per line: length (u32), type (u32), its values from the oldest on, its name
 *
 * Numbers are little-endian; a name is its length (u32) and its bytes, and everything begins at a multiple of 8 bytes. Nothing in
 * a snapshot is believed before it was looked at. */
#include "kernel/kernels.h"

#include <math.h>
#include <string.h>

static const char mark[8] = "SINTER\1";

static size_t padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/* ---- writing ---- */

typedef struct snapshot_writer {
    uint8_t *bytes; /* NULL: only counted */
    size_t at;
} snapshot_writer;

static void put(snapshot_writer *w, const void *from, size_t size)
{
    if (w->bytes && size)
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

static size_t write_all(const sinter_instance *i, uint8_t *bytes)
{
    const sinter_kernel *k = i->kernel;
    snapshot_writer w = {bytes, 0};
    put(&w, mark, sizeof mark);
    put_u64(&w, (uint64_t)i->index);
    put_u32(&w, k->public_params);
    put_u32(&w, k->line_count);
    for (uint32_t n = 0; n < k->public_params; n++) {
        uint64_t value;
        memcpy(&value, &i->values[n], 8);
        put_u64(&w, value);
        put_name(&w, k->params[n].name);
    }
    for (uint32_t n = 0; n < k->line_count; n++) {
        put_u32(&w, k->lines[n].length);
        put_u32(&w, k->lines[n].type);
        put_values(&w, i, n);
        put_name(&w, k->line_names[n]);
    }
    return w.at;
}

size_t sinter_snapshot_size(const sinter_instance *i)
{
    return i ? write_all(i, NULL) : 0;
}

sinter_status sinter_snapshot_save(const sinter_instance *i, void *bytes, size_t size)
{
    if (!i || !bytes || size < write_all(i, NULL))
        return SINTER_BAD_ARGUMENT;
    write_all(i, bytes);
    return SINTER_OK;
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

/* Lines mostly come in the order in which they were written: the search begins where the last one ended. */
static uint32_t find_line(const sinter_kernel *k, stored_name name, unsigned type, uint32_t *from)
{
    for (uint32_t tried = 0; tried < k->line_count; tried++) {
        const uint32_t n = (*from + tried) % k->line_count;
        if (k->lines[n].type == type && is_named(name, k->line_names[n])) {
            *from = n + 1;
            return n;
        }
    }
    return k->line_count;
}

static void restore_values(sinter_instance *i, uint32_t line, const uint8_t *values, uint32_t stored)
{
    const plan_line *l = &i->kernel->lines[line];
    const size_t size = sn_ir_type_size((ir_type)l->type);
    const uint32_t count = stored < l->length ? stored : l->length;
    uint8_t *to = sn_instance_values(i, line) + (l->length - count) * size;
    values += (stored - count) * size;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, values, count * size);
#else
    for (size_t at = 0; at < count * size; at += size)
        for (size_t byte = 0; byte < size; byte++)
            to[at + byte] = values[at + size - 1 - byte];
#endif
}

static void read_parameter(snapshot_reader *r, sinter_instance *i, bool apply)
{
    const uint64_t bits = take_u64(r);
    const stored_name name = take_name(r);
    double value;
    memcpy(&value, &bits, 8);
    for (uint32_t n = 0; apply && n < i->kernel->public_params; n++)
        if (is_named(name, i->kernel->params[n].name))
            sinter_set(i, (int)n, value);
}

static void read_line(snapshot_reader *r, sinter_instance *i, uint32_t *from, bool apply)
{
    const uint32_t length = take_u32(r), type = take_u32(r);
    if (type != IR_F32 && type != IR_F64 && type != IR_I32 && type != IR_U8 && type != IR_I16) {
        r->broken = true;
        return;
    }
    const uint8_t *values = take_padded(r, (size_t)length * sn_ir_type_size((ir_type)type));
    const stored_name name = take_name(r);
    const uint32_t line = apply ? find_line(i->kernel, name, type, from) : i->kernel->line_count;
    if (line < i->kernel->line_count)
        restore_values(i, line, values, length);
}

/* True if it is whole. What is wrong must be found before anything changes, so it is read twice. */
static bool read_all(snapshot_reader r, sinter_instance *i, bool apply)
{
    const uint8_t *begin = take(&r, sizeof mark);
    if (!begin || memcmp(begin, mark, sizeof mark) != 0)
        return false;
    const int64_t index = (int64_t)take_u64(&r);
    const uint32_t parameters = take_u32(&r), lines = take_u32(&r);
    if (apply) {
        sinter_instance_reset(i);
        i->index = index;
    }
    for (uint32_t n = 0; n < parameters && !r.broken; n++)
        read_parameter(&r, i, apply);
    uint32_t from = 0;
    for (uint32_t n = 0; n < lines && !r.broken; n++)
        read_line(&r, i, &from, apply);
    return !r.broken && r.at == r.size && index >= 0;
}

sinter_status sinter_snapshot_restore(sinter_instance *i, const void *bytes, size_t size)
{
    if (!i || !bytes)
        return SINTER_BAD_ARGUMENT;
    const snapshot_reader r = {.bytes = bytes, .size = size};
    if (!read_all(r, i, false))
        return SINTER_BAD_ARGUMENT;
    read_all(r, i, true);
    i->dirty = true;
    return SINTER_OK;
}
