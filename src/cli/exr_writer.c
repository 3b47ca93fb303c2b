/* OpenEXR files, written without a library: the part of the format that a renderer needs is small.
 *
 * A head of named attributes, a table with the place of each block, the blocks. A block is 16 rows; a row is all
 * of the first channel, then all of the second, …, channels in the order of their names. Compressed, the block's bytes are
 * first sorted into the low and the high ones (every second byte), then replaced by differences to the one before, plus 128, then given to zlib; a
 * block that grows stays as it is. Blocks are independent, so threads pack bands at the same time; only where
 * they come to lie is known when they are written, and goes into the table at the end.
 *
 * Format: OpenEXR, Reference Guide and File Layout, https://openexr.com/en/latest/OpenEXRFileLayout.html */
#include "cli/exr_writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef SINTER_ZLIB
#define SINTER_ZLIB 1
#endif
#if SINTER_ZLIB
#include <zlib.h>
#endif

enum { MAGIC = 20000630, VERSION = 2, LONG_NAMES = 0x400, LONGEST_SHORT_NAME = 31, LONGEST_NAME = 255 };
enum { NO_COMPRESSION = 0, ZIP_COMPRESSION = 3, PIXEL_HALF = 1, PIXEL_FLOAT = 2, BLOCK_HEAD = 8 };

typedef struct packed_rows {
    unsigned char *raw, *sorted, *bytes; /* one block as it is, ready for zlib; all blocks as the file has them */
    size_t block_room, bytes_room, size;
} packed_rows;

struct exr_writer {
    FILE *out;
    exr_form form;
    int *order; /* of the channels, by name */
    size_t element, row_bytes;
    uint64_t *table;
    uint32_t block_count, next_block;
    long long table_at, at; /* places in the file */
    int slots;
    packed_rows bands[];
};

static void say(char *message, size_t room, const char *text)
{
    if (room)
        snprintf(message, room, "%s", text);
}

/* What the system says. */
static bool refuse(char *message, size_t room)
{
    say(message, room, strerror(errno ? errno : EIO));
    return false;
}

static bool write_bytes(exr_writer *w, const void *bytes, size_t size, char *message, size_t room)
{
    errno = 0;
    if (fwrite(bytes, 1, size, w->out) != size)
        return refuse(message, room);
    w->at += (long long)size;
    return true;
}

/* ---- the head ---- */

/* Little-endian, whatever the machine. */
static size_t put_number(unsigned char *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
    return bytes;
}

static size_t put_float(unsigned char *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return put_number(to, bits, 4);
}

static bool write_attribute(exr_writer *w, const char *name, const char *type, const void *value, size_t size, char *message,
                            size_t room)
{
    unsigned char length[4];
    put_number(length, size, 4);
    return write_bytes(w, name, strlen(name) + 1, message, room) && write_bytes(w, type, strlen(type) + 1, message, room) &&
           write_bytes(w, length, sizeof length, message, room) && write_bytes(w, value, size, message, room);
}

/* For each channel: name, type, a byte of its meaning and three unused ones, one sample a pixel either way. A zero ends them. */
static bool write_channels(exr_writer *w, char *message, size_t room)
{
    size_t size = 1, at = 0;
    for (int k = 0; k < w->form.channels; k++)
        size += strlen(w->form.names[k]) + 17;
    unsigned char *value = calloc(1, size);
    if (!value) {
        say(message, room, "out of memory");
        return false;
    }
    for (int k = 0; k < w->form.channels; k++) {
        const char *name = w->form.names[w->order[k]];
        memcpy(value + at, name, strlen(name));
        at += strlen(name) + 1;
        at += put_number(value + at, w->form.half ? PIXEL_HALF : PIXEL_FLOAT, 4) + 4;
        at += put_number(value + at, 1, 4);
        at += put_number(value + at, 1, 4);
    }
    const bool good = write_attribute(w, "channels", "chlist", value, size, message, room);
    free(value);
    return good;
}

static bool write_window(exr_writer *w, const char *name, char *message, size_t room)
{
    unsigned char box[16] = {0};
    put_number(box + 8, w->form.width - 1, 4);
    put_number(box + 12, w->form.height - 1, 4);
    return write_attribute(w, name, "box2i", box, sizeof box, message, room);
}

static bool write_head(exr_writer *w, char *message, size_t room)
{
    unsigned char start[8], number[4], centre[8] = {0}, order = 0;
    const unsigned char compression = SINTER_ZLIB ? ZIP_COMPRESSION : NO_COMPRESSION;
    bool long_names = false;
    for (int k = 0; k < w->form.channels; k++)
        long_names |= strlen(w->form.names[k]) > LONGEST_SHORT_NAME;
    put_number(start, MAGIC, 4);
    put_number(start + 4, VERSION | (long_names ? LONG_NAMES : 0), 4);
    put_float(number, 1);
    return write_bytes(w, start, sizeof start, message, room) && write_channels(w, message, room) &&
           write_attribute(w, "compression", "compression", &compression, 1, message, room) &&
           write_window(w, "dataWindow", message, room) && write_window(w, "displayWindow", message, room) &&
           write_attribute(w, "lineOrder", "lineOrder", &order, 1, message, room) &&
           write_attribute(w, "pixelAspectRatio", "float", number, sizeof number, message, room) &&
           write_attribute(w, "screenWindowCenter", "v2f", centre, sizeof centre, message, room) &&
           write_attribute(w, "screenWindowWidth", "float", number, sizeof number, message, room) &&
           write_bytes(w, "", 1, message, room);
}

/* The table as it is known so far. */
static bool write_table(exr_writer *w, char *message, size_t room)
{
    unsigned char place[8];
    for (uint32_t i = 0; i < w->block_count; i++) {
        put_number(place, w->table[i], sizeof place);
        if (!write_bytes(w, place, sizeof place, message, room))
            return false;
    }
    return true;
}

/* ---- numbers ---- */

uint16_t sn_exr_half(double value)
{
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const double v = fabs(value);
    if (isnan(value))
        return (uint16_t)(sign | 0x7E00);
    if (v >= 65520)
        return (uint16_t)(sign | 0x7C00);
    if (v < 0x1p-14) /* subnormal: multiples of 2^-24; the largest rounds up to the smallest normal by itself */
        return (uint16_t)(sign | (uint16_t)nearbyint(v * 0x1p24));
    int exponent;
    const double fraction = frexp(v, &exponent); /* 0.5 to 1 */
    return (uint16_t)(sign | (uint16_t)(((exponent + 13) << 10) + (int)nearbyint(fraction * 2048)));
}

static void put_value(const exr_form *f, unsigned char *to, double value)
{
    if (f->half)
        put_number(to, sn_exr_half(value), 2);
    else
        put_float(to, (float)value);
}

static void put_row(const exr_writer *w, unsigned char *to, const void *values, size_t at)
{
    for (uint32_t i = 0; i < w->form.width; i++)
        put_value(&w->form, to + i * w->element,
                  w->form.wide ? ((const double *)values)[at + i] : (double)((const float *)values)[at + i]);
}

/* ---- packing ---- */

static bool make_room(const exr_writer *w, packed_rows *b, uint32_t row_count)
{
    const size_t block = w->row_bytes * EXR_BLOCK_ROWS;
    const size_t bytes = w->row_bytes * row_count + (row_count / EXR_BLOCK_ROWS + 1) * BLOCK_HEAD;
    if (b->block_room < block) {
        free(b->raw);
        free(b->sorted);
        b->raw = malloc(block);
        b->sorted = malloc(block);
        b->block_room = b->raw && b->sorted ? block : 0;
    }
    if (b->bytes_room < bytes) {
        free(b->bytes);
        b->bytes = malloc(bytes);
        b->bytes_room = b->bytes ? bytes : 0;
    }
    return b->block_room && b->bytes_room;
}

#if SINTER_ZLIB
static void sort_bytes(unsigned char *restrict to, const unsigned char *restrict from, size_t size)
{
    const size_t low = (size + 1) / 2;
    for (size_t i = 0; i < size; i++)
        to[i % 2 ? low + i / 2 : i / 2] = from[i];
    for (size_t i = size; i-- > 1;)
        to[i] = (unsigned char)(to[i] - to[i - 1] + 128);
}

/* 0: it would not become smaller. */
static size_t compress_block(unsigned char *to, packed_rows *b, size_t size, int level)
{
    uLongf packed = (uLongf)size;
    sort_bytes(b->sorted, b->raw, size);
    return compress2(to, &packed, b->sorted, (uLong)size, level) == Z_OK && packed < size ? packed : 0;
}
#else
static size_t compress_block(unsigned char *to, packed_rows *b, size_t size, int level)
{
    (void)to;
    (void)b;
    (void)size;
    (void)level;
    return 0;
}
#endif

/* The block's rows, and how many bytes they have in the file. */
static void pack_block(const exr_writer *w, packed_rows *b, uint32_t first_row, uint32_t row_count)
{
    const size_t size = w->row_bytes * row_count;
    unsigned char *head = b->bytes + b->size;
    size_t packed = compress_block(head + BLOCK_HEAD, b, size, w->form.level);
    if (!packed)
        memcpy(head + BLOCK_HEAD, b->raw, packed = size);
    put_number(head, first_row, 4);
    put_number(head + 4, packed, 4);
    b->size += BLOCK_HEAD + packed;
}

bool sn_exr_pack(exr_writer *w, int slot, uint32_t first_row, uint32_t row_count, const void *const *planes, size_t stride)
{
    packed_rows *b = &w->bands[slot];
    if (!make_room(w, b, row_count))
        return false;
    b->size = 0;
    for (uint32_t at = 0; at < row_count; at += EXR_BLOCK_ROWS) {
        const uint32_t rows = row_count - at < EXR_BLOCK_ROWS ? row_count - at : EXR_BLOCK_ROWS;
        unsigned char *to = b->raw;
        for (uint32_t row = at; row < at + rows; row++)
            for (int k = 0; k < w->form.channels; k++, to += w->form.width * w->element)
                put_row(w, to, planes[w->order[k]], row * stride);
        pack_block(w, b, first_row + at, rows);
    }
    return true;
}

bool sn_exr_put(exr_writer *w, int slot, char *message, size_t room)
{
    const packed_rows *b = &w->bands[slot];
    for (size_t at = 0; at < b->size;) {
        size_t size = 0;
        for (size_t i = 0; i < 4; i++)
            size |= (size_t)b->bytes[at + 4 + i] << (8 * i);
        w->table[w->next_block++] = (uint64_t)w->at + at;
        at += BLOCK_HEAD + size;
    }
    return write_bytes(w, b->bytes, b->size, message, room);
}

/* ---- the whole ---- */

static bool is_form(const exr_form *f, char *message, size_t room)
{
    const size_t element = f->half ? 2 : 4;
    bool named = f->channels >= 1 && f->channels <= EXR_MOST_CHANNELS;
    for (int k = 0; named && k < f->channels; k++)
        named = *f->names[k] && strlen(f->names[k]) <= LONGEST_NAME;
    if (!named)
        say(message, room, "an EXR file here has 1 to 1024 channels, with names of 1 to 255 bytes");
    else if (f->width == 0 || f->height == 0 || f->width > INT32_MAX || f->height > INT32_MAX ||
             f->width > INT32_MAX / (EXR_BLOCK_ROWS * element * (size_t)f->channels))
        say(message, room, "an EXR file of this size cannot be written");
    else
        return true;
    return false;
}

/* By insertion: there are few. */
static void sort_channels(exr_writer *w)
{
    for (int k = 0; k < w->form.channels; k++) {
        int at = k;
        for (; at > 0 && strcmp(w->form.names[w->order[at - 1]], w->form.names[k]) > 0; at--)
            w->order[at] = w->order[at - 1];
        w->order[at] = k;
    }
}

static bool start(exr_writer *w, char *message, size_t room)
{
    w->at = ftello(w->out);
    if (w->at < 0) {
        say(message, room, "the table in front of an EXR file is written last, so the file must be one that seeks");
        return false;
    }
    if (!write_head(w, message, room))
        return false;
    w->table_at = w->at;
    return write_table(w, message, room);
}

exr_writer *sn_exr_open(FILE *out, const exr_form *form, int slots, char *message, size_t room)
{
    if (!is_form(form, message, room))
        return NULL;
    exr_writer *w = calloc(1, sizeof *w + (size_t)slots * sizeof *w->bands);
    if (w) {
        w->out = out;
        w->form = *form;
        w->element = form->half ? 2 : 4;
        w->row_bytes = form->width * w->element * (size_t)form->channels;
        w->block_count = (form->height - 1) / EXR_BLOCK_ROWS + 1;
        w->order = calloc((size_t)form->channels, sizeof *w->order);
        w->table = calloc(w->block_count, sizeof *w->table);
        w->slots = slots;
    }
    if (!w || !w->order || !w->table) {
        say(message, room, "out of memory");
        sn_exr_close(w);
        return NULL;
    }
    sort_channels(w);
    if (start(w, message, room))
        return w;
    sn_exr_close(w);
    return NULL;
}

bool sn_exr_finish(exr_writer *w, char *message, size_t room)
{
    const long long end = w->at;
    errno = 0;
    if (fseeko(w->out, w->table_at, SEEK_SET) != 0)
        return refuse(message, room);
    if (!write_table(w, message, room))
        return false;
    errno = 0;
    if (fseeko(w->out, end, SEEK_SET) != 0 || fflush(w->out) != 0)
        return refuse(message, room);
    return true;
}

void sn_exr_close(exr_writer *w)
{
    if (!w)
        return;
    for (int i = 0; i < w->slots; i++) {
        free(w->bands[i].raw);
        free(w->bands[i].sorted);
        free(w->bands[i].bytes);
    }
    free(w->order);
    free(w->table);
    free(w);
}
