/* Where pictures go: a file, numbered files, a video, or nowhere, of a kind that the name says.
 *
 * A function that fails has printed why, unless a signal has stopped the work. */
#ifndef SN_CLI_PICTURE_SINK_H
#define SN_CLI_PICTURE_SINK_H

#include "cli/command.h"
#include "cli/exr_writer.h"
#include "cli/png_writer.h"
#include "cli/video_pipe.h"

#include <stdatomic.h>

typedef enum picture_kind { PICTURE_NONE, PICTURE_PNG, PICTURE_EXR, PICTURE_PFM, PICTURE_NPY, PICTURE_VIDEO } picture_kind;

/* Of all pictures of a call. */
typedef struct picture_form {
    picture_kind kind;
    bool animated; /* files are numbered, if it is no video */
    size_t channels;
    sinter_type type;                  /* of values */
    const sinter_stream_info *outputs; /* names of the channels */
} picture_form;

typedef struct picture_sink {
    const arguments *a;
    picture_form form;
    int slots;
    const volatile int *stopped; /* a signal's number, or 0 */
    char *path;                  /* of the file under way */
    output_file file;
    bool open;
    off_t start; /* of the pixels in it, where that counts */
    png_writer *png;
    exr_writer *exr;
    video_pipe video;
    void **converted; /* for each slot: pixels, where the bands have values; NULL until it is needed */
    atomic_bool refused; /* memory, while packing */
} picture_sink;

/* The kind that the arguments name; STATUS_USAGE where they go together badly. */
int sn_cli_choose_picture(const arguments *a, picture_kind *kind);
/* Whether such pictures can be written at all. */
bool sn_cli_can_picture(const arguments *a, const picture_form *form);

bool sn_cli_open_sink(picture_sink *s, const arguments *a, const picture_form *form, const sinter_renderer *renderer);
/* How the sink wants bands: depth, layout, rows. */
void sn_cli_shape_bands(const picture_sink *s, sinter_picture *q);
/* One picture: begin, then its bands (packed by any thread, put from the top by the one that renders), then end. */
bool sn_cli_begin_picture(picture_sink *s, int64_t number);
bool sn_cli_pack_band(picture_sink *s, const sinter_band *band);
bool sn_cli_put_band(picture_sink *s, const sinter_band *band);
bool sn_cli_end_picture(picture_sink *s);
/* Ends a video, if all went well. What is not finished goes away. */
bool sn_cli_close_sink(picture_sink *s, bool good);

#endif
