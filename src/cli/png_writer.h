/* PNG files written band by band: whole rows, which several threads filter and compress at once, each band by itself.
 *
 * 8 or 16 bits; 1 (gray), 3 (RGB) or 4 channels (RGBA, alpha not multiplied in). Values are taken as they are: no gamma, no
 * colour profile is written. The same bands give the same bytes with the same zlib, whoever packs them in whatever order.
 *
 * Where a function fails, the reason stands in the message that it was given, without the name of the file. Built without
 * zlib (SINTER_ZLIB is 0), opening fails and says so. */
#ifndef SN_CLI_PNG_WRITER_H
#define SN_CLI_PNG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct png_writer png_writer;

/* zlib's level at which time and size meet: 1024² pixels of three waves of colour take (on one Zen core at 2.2 GHz) 54 ms and 820 KB at level 1, 90 ms
 * and 660 KB at 4, 300 ms and 545 KB at 6. */
enum { PNG_LEVEL = 4 };

typedef struct png_form {
    uint32_t width, height;
    int channels, depth; /* 1, 3, 4; 8, 16 */
    int level;           /* 0 to 9 */
} png_form;

/* Writes what stands before the pixels. `slots`: how many bands may be packed before they are written. NULL: failed. */
png_writer *sn_png_open(FILE *out, const png_form *form, int slots, char *message, size_t room);
/* Rows [first_row, first_row + row_count), `stride` elements apart, of uint8_t or of uint16_t in the machine's order, into a
 * slot. Threads may pack into different slots at once. False: out of memory. */
bool sn_png_pack(png_writer *w, int slot, uint32_t first_row, uint32_t row_count, const void *pixels, size_t stride);
/* Writes what was packed into the slot. Bands follow each other from the top. */
bool sn_png_put(png_writer *w, int slot, char *message, size_t room);
/* Writes what stands behind the pixels, and flushes the stream. */
bool sn_png_finish(png_writer *w, char *message, size_t room);
void sn_png_close(png_writer *w); /* gives back memory; NULL is allowed */

#endif
