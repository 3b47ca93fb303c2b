/* PNG files written band by band.
 *
 * A PNG file's pixels are one zlib stream, cut into chunks at will. Here each band is compressed by itself, as a piece of that stream
 * that ends on a byte (a sync flush) and refers to nothing before it, and is a chunk; so bands are compressed at the same time by several
 * threads, and only their writing has an order. A band of 128 KiB loses about a hundredth against a stream that may look
 * back 32 KiB. The check sum of the whole comes from those of the bands (adler32_combine).
 *
 * Each row is first replaced by differences (a PNG filter): that one of five whose bytes are smallest in sum,
 * read as signed, as the format's authors recommend. The first row of a band uses no filter that looks at the row
 * above, which is another band's.
 *
 * Format: W3C, Portable Network Graphics (PNG) Specification, https://www.w3.org/TR/png/ */
#include "cli/png_writer.h"

#ifndef SINTER_ZLIB
#define SINTER_ZLIB 1
#endif

static void say(char *message, size_t room, const char *text)
{
    if (room)
        snprintf(message, room, "%s", text);
}

#if SINTER_ZLIB

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { WINDOW_BITS = 15, MEMORY_LEVEL = 8, FILTERS = 5, FLUSH_ROOM = 64 };

/* What the zlib stream begins with: deflate, a window of 32 KiB, and a remark that it was fast (RFC 1950). */
static const unsigned char stream_head[2] = {0x78, 0x5E};

typedef struct packed_band {
    z_stream stream; /* opaque is the writer, once it is open */
    unsigned char *raw, *bytes; /* filtered rows, the chunk's data */
    size_t raw_room, bytes_room, raw_size, size;
    uint32_t adler, crc;
} packed_band;

struct png_writer {
    FILE *out;
    png_form form;
    size_t row_bytes; /* of pixels */
    size_t pixel_bytes;
    uint32_t adler;
    int slots;
    packed_band bands[];
};

/* ---- chunks ---- */

static void put_number(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool write_bytes(png_writer *w, const void *bytes, size_t size, char *message, size_t room)
{
    errno = 0;
    if (fwrite(bytes, 1, size, w->out) == size)
        return true;
    say(message, room, strerror(errno ? errno : EIO));
    return false;
}

/* `crc`: of the type and the data. */
static bool write_summed(png_writer *w, const char *type, const void *data, size_t size, uint32_t crc, char *message, size_t room)
{
    unsigned char head[8], tail[4];
    put_number(head, (uint32_t)size);
    memcpy(head + 4, type, 4);
    put_number(tail, crc);
    return write_bytes(w, head, sizeof head, message, room) && (size == 0 || write_bytes(w, data, size, message, room)) &&
           write_bytes(w, tail, sizeof tail, message, room);
}

static uint32_t sum_chunk(const char *type, const void *data, size_t size)
{
    const uLong head = crc32(0, (const Bytef *)type, 4);
    return (uint32_t)(size ? crc32_z(head, data, size) : head);
}

static bool write_chunk(png_writer *w, const char *type, const void *data, size_t size, char *message, size_t room)
{
    return write_summed(w, type, data, size, sum_chunk(type, data, size), message, room);
}

/* ---- filters ---- */

/* The differences of one row into to[0 .. size); `above` is the row above or NULL. */
static void take_left(unsigned char *restrict to, const unsigned char *row, size_t size, size_t step)
{
    for (size_t i = 0; i < size && i < step; i++)
        to[i] = row[i];
    for (size_t i = step; i < size; i++)
        to[i] = (unsigned char)(row[i] - row[i - step]);
}

static void take_above(unsigned char *restrict to, const unsigned char *row, const unsigned char *above, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(row[i] - above[i]);
}

static void take_mean(unsigned char *restrict to, const unsigned char *row, const unsigned char *above, size_t size, size_t step)
{
    for (size_t i = 0; i < size && i < step; i++)
        to[i] = (unsigned char)(row[i] - above[i] / 2);
    for (size_t i = step; i < size; i++)
        to[i] = (unsigned char)(row[i] - (row[i - step] + above[i]) / 2);
}

/* Of left, above and above left the one nearest to left + above - above left. */
static void take_paeth(unsigned char *restrict to, const unsigned char *row, const unsigned char *above, size_t size, size_t step)
{
    for (size_t i = 0; i < size && i < step; i++)
        to[i] = (unsigned char)(row[i] - above[i]);
    for (size_t i = step; i < size; i++) {
        const short a = row[i - step], b = above[i], c = above[i - step];
        const short to_a = (short)abs(b - c), to_b = (short)abs(a - c), to_c = (short)abs(a + b - 2 * c);
        const short nearer = to_b <= to_c ? b : c, far = to_b <= to_c ? to_b : to_c;
        to[i] = (unsigned char)(row[i] - (to_a <= far ? a : nearer));
    }
}

static uint64_t size_of(const unsigned char *bytes, size_t size)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < size;) {
        const size_t end = size - at < 4096 ? size : at + 4096;
        uint32_t part = 0;
        for (; at < end; at++)
            part += (uint32_t)(bytes[at] < 128 ? bytes[at] : 256 - bytes[at]);
        sum += part;
    }
    return sum;
}

static void filter_as(int kind, unsigned char *to, const unsigned char *row, const unsigned char *above, size_t size, size_t step)
{
    to[0] = (unsigned char)kind;
    switch (kind) {
    case 1: take_left(to + 1, row, size, step); break;
    case 2: take_above(to + 1, row, above, size); break;
    case 3: take_mean(to + 1, row, above, size, step); break;
    case 4: take_paeth(to + 1, row, above, size, step); break;
    default: memcpy(to + 1, row, size); break;
    }
}

/* The row with the best of the filters, its number before it; `trial` has room for as much. */
static void filter_row(unsigned char *to, unsigned char *trial, const unsigned char *row, const unsigned char *above, size_t size,
                       size_t step)
{
    filter_as(0, to, row, above, size, step);
    uint64_t best = size_of(to + 1, size);
    for (int kind = 1; kind < (above ? FILTERS : 2) && best; kind++) {
        filter_as(kind, trial, row, above, size, step);
        const uint64_t other = size_of(trial + 1, size);
        if (other < best) {
            best = other;
            memcpy(to, trial, size + 1);
        }
    }
}

/* ---- packing ---- */

static bool make_room(unsigned char **block, size_t *room, size_t size)
{
    if (size <= *room)
        return true;
    free(*block);
    *block = malloc(size);
    *room = *block ? size : 0;
    return *block != NULL;
}

/* 16 bits have the high byte first in the file. */
static void take_row(const png_writer *w, const void *pixels, size_t at, unsigned char *row)
{
    if (w->form.depth == 8) {
        memcpy(row, (const unsigned char *)pixels + at, w->row_bytes);
        return;
    }
    const uint16_t *from = (const uint16_t *)pixels + at;
    for (size_t i = 0; i < w->row_bytes / 2; i++) {
        row[2 * i] = (unsigned char)(from[i] >> 8);
        row[2 * i + 1] = (unsigned char)from[i];
    }
}

static bool open_stream(packed_band *b, int level)
{
    if (b->stream.opaque)
        return deflateReset(&b->stream) == Z_OK;
    if (deflateInit2(&b->stream, level, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    b->stream.opaque = b; /* says that it is open; zlib's own functions do not look at it */
    return true;
}

/* Raw bytes into a piece of the stream. */
static bool compress_band(packed_band *b, int level, bool last)
{
    if (b->raw_size > UINT_MAX - FLUSH_ROOM || !open_stream(b, level) ||
        !make_room(&b->bytes, &b->bytes_room, deflateBound(&b->stream, (uLong)b->raw_size) + FLUSH_ROOM))
        return false;
    b->stream.next_in = b->raw;
    b->stream.avail_in = (uInt)b->raw_size;
    b->stream.next_out = b->bytes;
    b->stream.avail_out = b->bytes_room > UINT_MAX ? UINT_MAX : (uInt)b->bytes_room;
    const int end = deflate(&b->stream, last ? Z_FINISH : Z_SYNC_FLUSH);
    if (end != (last ? Z_STREAM_END : Z_OK) || b->stream.avail_in)
        return false;
    b->size = (size_t)(b->stream.next_out - b->bytes);
    b->adler = (uint32_t)adler32_z(1, b->raw, b->raw_size);
    b->crc = sum_chunk("IDAT", b->bytes, b->size);
    return true;
}

bool sn_png_pack(png_writer *w, int slot, uint32_t first_row, uint32_t row_count, const void *pixels, size_t stride)
{
    packed_band *b = &w->bands[slot];
    const size_t line = w->row_bytes + 1;
    b->raw_size = line * row_count;
    if (!make_room(&b->raw, &b->raw_room, b->raw_size + 3 * line)) /* and this row, that above, a trial */
        return false;
    unsigned char *spare[2] = {b->raw + b->raw_size, b->raw + b->raw_size + line}, *trial = b->raw + b->raw_size + 2 * line;
    for (uint32_t i = 0; i < row_count; i++) {
        take_row(w, pixels, i * stride, spare[i % 2]);
        filter_row(b->raw + i * line, trial, spare[i % 2], i ? spare[(i + 1) % 2] : NULL, w->row_bytes, w->pixel_bytes);
    }
    return compress_band(b, w->form.level, first_row + row_count == w->form.height);
}

bool sn_png_put(png_writer *w, int slot, char *message, size_t room)
{
    const packed_band *b = &w->bands[slot];
    w->adler = (uint32_t)adler32_combine(w->adler, b->adler, (z_off_t)b->raw_size);
    return write_summed(w, "IDAT", b->bytes, b->size, b->crc, message, room);
}

/* ---- the whole ---- */

static bool write_head(png_writer *w, char *message, size_t room)
{
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    unsigned char head[13] = {0};
    put_number(head, w->form.width);
    put_number(head + 4, w->form.height);
    head[8] = (unsigned char)w->form.depth;
    head[9] = w->form.channels == 1 ? 0 : w->form.channels == 3 ? 2 : 6;
    return write_bytes(w, signature, sizeof signature, message, room) &&
           write_chunk(w, "IHDR", head, sizeof head, message, room) &&
           write_chunk(w, "IDAT", stream_head, sizeof stream_head, message, room);
}

static bool is_form(const png_form *f, char *message, size_t room)
{
    if (f->channels != 1 && f->channels != 3 && f->channels != 4)
        say(message, room, "a PNG file here has 1, 3 or 4 channels");
    else if (f->depth != 8 && f->depth != 16)
        say(message, room, "a PNG file here has 8 or 16 bits");
    else if (f->level < 0 || f->level > 9)
        say(message, room, "zlib's levels are 0 to 9");
    else if (f->width == 0 || f->height == 0 || f->width > INT32_MAX / 8 || f->height > INT32_MAX)
        say(message, room, "a PNG file of this size cannot be written");
    else
        return true;
    return false;
}

png_writer *sn_png_open(FILE *out, const png_form *form, int slots, char *message, size_t room)
{
    if (!is_form(form, message, room))
        return NULL;
    png_writer *w = calloc(1, sizeof *w + (size_t)slots * sizeof *w->bands);
    if (!w) {
        say(message, room, "out of memory");
        return NULL;
    }
    w->out = out;
    w->form = *form;
    w->pixel_bytes = (size_t)form->channels * (size_t)form->depth / 8;
    w->row_bytes = form->width * w->pixel_bytes;
    w->adler = 1;
    w->slots = slots;
    if (write_head(w, message, room))
        return w;
    sn_png_close(w);
    return NULL;
}

bool sn_png_finish(png_writer *w, char *message, size_t room)
{
    unsigned char adler[4];
    put_number(adler, w->adler);
    if (!write_chunk(w, "IDAT", adler, sizeof adler, message, room) || !write_chunk(w, "IEND", NULL, 0, message, room))
        return false;
    errno = 0;
    if (fflush(w->out) == 0)
        return true;
    say(message, room, strerror(errno ? errno : EIO));
    return false;
}

void sn_png_close(png_writer *w)
{
    for (int i = 0; w && i < w->slots; i++) {
        if (w->bands[i].stream.opaque)
            deflateEnd(&w->bands[i].stream);
        free(w->bands[i].raw);
        free(w->bands[i].bytes);
    }
    free(w);
}

#else

png_writer *sn_png_open(FILE *out, const png_form *form, int slots, char *message, size_t room)
{
    (void)out;
    (void)form;
    (void)slots;
    say(message, room, "built without zlib: PNG files cannot be written");
    return NULL;
}

bool sn_png_pack(png_writer *w, int slot, uint32_t first_row, uint32_t row_count, const void *pixels, size_t stride)
{
    (void)w;
    (void)slot;
    (void)first_row;
    (void)row_count;
    (void)pixels;
    (void)stride;
    return false;
}

bool sn_png_put(png_writer *w, int slot, char *message, size_t room)
{
    (void)w;
    (void)slot;
    (void)message;
    (void)room;
    return false;
}

bool sn_png_finish(png_writer *w, char *message, size_t room)
{
    (void)w;
    (void)message;
    (void)room;
    return false;
}

void sn_png_close(png_writer *w)
{
    (void)w;
}

#endif
