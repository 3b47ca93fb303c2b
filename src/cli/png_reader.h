/* PNG files read whole, through libpng, from streams that need not seek.
 *
 * Nothing leaks and nothing jumps out of these functions, whatever a file holds. Values are taken as they are:
 * no gamma, no colour profile is applied.
 *
 * Pixels are rows from the top, pixels from the left, the channels of a pixel side by side: 1 (gray), 3
 * (RGB) or 4 (RGBA, alpha not multiplied in). Rows follow each other without a gap.
 *
 * Built without libpng (SINTER_PNG is 0), reading fails and says so. */
#ifndef SN_CLI_PNG_READER_H
#define SN_CLI_PNG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a file read may have at most, so that a few hostile bytes cannot ask for all memory: 16,384 squared.
 */
enum { PNG_MOST_PIXELS = 1 << 28 };

typedef struct picture {
    uint32_t width, height;
    int channels, depth;   /* 1, 3, 4; bits: 8 or 16 */
    unsigned char *pixels; /* malloc'ed; of 16 bits, two bytes each, in the machine's order */
} picture;

/* Reads one picture, and not a byte more, from the stream. Palettes and fewer bits than 8 are expanded; gray with
 * transparency becomes RGBA, and so does RGB with a transparent colour. Where it fails the answer is false, *p is all
 * zeros, and the reason stands in message (at most room characters, the final zero included), without the name of the
 * file. */
bool sn_png_read(FILE *in, picture *p, char *message, size_t room);

/* Frees what sn_png_read made, and makes *p all zeros. */
void sn_png_free(picture *p);

#endif
