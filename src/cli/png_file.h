/* PNG files of 8 bits a channel, or of 16 where that is asked for, whole ones in memory, from and to streams that need not seek; read through libpng.
 *
 * Every function returns whether it succeeded. Where it did not, the reason stands in message (at most room
 * characters, the final zero included), without the name of the file. Nothing leaks and nothing jumps out
 * of these functions, whatever a file holds. Values are taken as they are: no gamma, no colour profile is
 * written or applied.
 *
 * Pixels are rows from the top, pixels from the left, the channels of a pixel side by side: 1 (gray), 3
 * (RGB) or 4 (RGBA, alpha not multiplied in). Rows follow each other without a gap.
 *
 * Built without libpng (SINTER_PNG is 0), reading fails and says so. */
#ifndef SN_CLI_PNG_FILE_H
#define SN_CLI_PNG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a file read may have at most, so that a few hostile bytes cannot ask for all memory: 16,384 squared.
 */
enum { PNG_MOST_PIXELS = 1 << 28 };

typedef struct picture {
    uint32_t width, height;
    int channels;
    unsigned char *pixels; /* width * height * channels, malloc'ed by sn_png_read; of 16 bits, two bytes each, in the machine's order */
    int depth;             /* 8 (also 0) or 16 */
} picture;

/* Writes one picture of 8 bits (png_writer.h) and flushes the stream. */
bool sn_png_write(FILE *out, const picture *p, char *message, size_t room);

/* Reads one picture, and not a byte more, from the stream. Palettes and fewer bits are expanded, 16 bits
 * rounded to 8; gray with transparency becomes RGBA, and so does RGB with a transparent colour. On failure
 * *p is all zeros. */
bool sn_png_read(FILE *in, picture *p, char *message, size_t room);
/* The same, but 16 bits a channel stay what they are. */
bool sn_png_read_deep(FILE *in, picture *p, char *message, size_t room);

/* Frees what sn_png_read made, and makes *p all zeros. */
void sn_png_free(picture *p);

#endif
