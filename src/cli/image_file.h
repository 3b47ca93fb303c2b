/* Files that images come from: PNG, PFM and NPY, told apart by how they begin. */
#ifndef SN_CLI_IMAGE_FILE_H
#define SN_CLI_IMAGE_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Planes of f32, one for each channel, each of rows from the top: what sinter_image has. */
typedef struct image_file {
    int32_t width, height;
    uint32_t channels; /* 1 to 4 */
    float *texels;     /* malloc'ed */
} image_file;

/* Reads the whole file; `-` is the standard input. Numbers of 8 and 16 bits are divided by the largest one,
 * floating-point numbers stay what they are, without gamma; gray with transparency becomes RGBA. NPY files
 * have two axes, rows and columns, or three, the last one of 1 to 4 channels. On failure, which is reported,
 * *image is all zeros. */
bool sn_cli_read_image(const char *path, image_file *image);
void sn_cli_free_image(image_file *image);

/* Gives the image the number of channels that is asked for: gray goes to all colours, alpha is 1 or left out.
 * False where that would lose colours: then it stays as it is. False and `*memory` where memory is refused.
 */
bool sn_cli_fit_channels(image_file *image, uint32_t channels, bool *memory);

#endif
