/* OpenEXR files: planes of f32 or f16 values, written band by band, without a library.
 *
 * Scan lines from the top, one part, compressed by zlib in blocks of 16 rows (ZIP), or not at all where Sinter was built
 * without zlib. The stream must be one that seeks: the table of the blocks stands before them.
 *
 * Where a function fails, the reason stands in the message that it was given, without the name of the file. */
#ifndef SN_CLI_EXR_WRITER_H
#define SN_CLI_EXR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct exr_writer exr_writer;

enum { EXR_BLOCK_ROWS = 16, EXR_MOST_CHANNELS = 1024 };

typedef struct exr_form {
    uint32_t width, height;
    int channels;             /* 1 to EXR_MOST_CHANNELS */
    const char *const *names; /* of the channels, as image programs know them: Y; R, G, B; A; or others; all different */
    bool wide;                /* values are double, not float */
    bool half;                /* the file's values are f16, not f32 */
    int level;                /* zlib's, 0 to 9 */
} exr_form;

/* Writes what stands before the pixels. `slots`: how many bands may be packed before they are written. NULL: failed. */
exr_writer *sn_exr_open(FILE *out, const exr_form *form, int slots, char *message, size_t room);
/* Rows [first_row, first_row + row_count), an array for each channel, rows `stride` elements apart, into a slot. first_row is a multiple of
 * EXR_BLOCK_ROWS, and row_count too, but for the last band. Threads may pack into different slots at once. False: out of memory. */
bool sn_exr_pack(exr_writer *w, int slot, uint32_t first_row, uint32_t row_count, const void *const *planes, size_t stride);
/* Writes what was packed into the slot. Bands follow each other from the top. */
bool sn_exr_put(exr_writer *w, int slot, char *message, size_t room);
/* Completes the table, and flushes the stream. */
bool sn_exr_finish(exr_writer *w, char *message, size_t room);
void sn_exr_close(exr_writer *w); /* gives back memory; NULL is allowed */

/* The f16 nearest to a value, halves to the even one; beyond 65519.99… infinity. */
uint16_t sn_exr_half(double value);

#endif
