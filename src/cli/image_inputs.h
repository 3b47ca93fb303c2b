/* The images of a command line: all --input NAME=FILE. */
#ifndef SN_CLI_IMAGE_INPUTS_H
#define SN_CLI_IMAGE_INPUTS_H

#include "cli/command.h"
#include "cli/image_file.h"

typedef struct image_inputs {
    const assignment *names; /* of the arguments */
    image_file *files;
    int count;
    char *list;           /* for sinter_options.images; NULL where there are none */
    sinter_image *images; /* for the kernel, once they fit it; NULL where it has none */
} image_inputs;

/* Reads the files. Failures are reported. */
bool sn_cli_read_images(const arguments *a, image_inputs *inputs);
/* Puts them in the kernel's order, with its numbers of channels; looks whether all that it samples are there.
 */
bool sn_cli_fit_images(image_inputs *inputs, const sinter_kernel_info *info);
void sn_cli_release_images(image_inputs *inputs); /* all zeros are allowed */

#endif
