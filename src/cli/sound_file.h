/* Sound files (WAV, AIFF, AU, FLAC, Ogg Vorbis) through libsndfile. Full scale is -1 to 1.
 *
 * Every function returns whether it succeeded. Where it did not, the reason stands in message (at most room
 * characters, the final zero included), without the name of the file.
 *
 * Built without libsndfile (SINTER_SNDFILE is 0), all of them fail and say so. */
#ifndef SN_CLI_SOUND_FILE_H
#define SN_CLI_SOUND_FILE_H

#include "cli/npy.h"

#include <stdint.h>

typedef enum sound_kind { SOUND_NONE, SOUND_WAV, SOUND_AIFF, SOUND_AU, SOUND_FLAC, SOUND_OGG } sound_kind;

/* What the end of a file's name says. */
sound_kind sn_sound_kind(const char *path);

/* Reads a whole file: frames by channels, f64 where f32 cannot hold its values. `bytes` NULL: the file of that path; else
 * what a pipe brought. */
bool sn_sound_read(const char *path, const void *bytes, size_t length, npy_array *array, double *rate, char *message,
                   size_t room);

typedef struct sound_form {
    sound_kind kind;
    int channels;
    double rate; /* samples a second, rounded to a whole number by the formats */
    int bits;    /* 16 or 24 (integers), 32 (floating point); 0: what the kind is mostly used with: 32 for WAV, AIFF and AU,
                    24 for FLAC; Ogg Vorbis has none */
} sound_form;

typedef struct sound_writer sound_writer;

/* Writes to the stream from its position on, which stays open. A stream that cannot seek gets everything at the close. */
sound_writer *sn_sound_open(FILE *out, const sound_form *form, char *message, size_t room);
/* `count` frames, channels side by side, of doubles if `f64`, else of floats. */
bool sn_sound_write(sound_writer *w, const void *frames, size_t count, bool f64, char *message, size_t room);
/* Ends the file; the writer is gone, whatever the answer. *clipped: how many values lay beyond full scale and were cut
 * to it, which happens in formats of integers. */
bool sn_sound_close(sound_writer *w, int64_t *clipped, char *message, size_t room);

const char *sn_sound_library(void); /* "libsndfile-1.2.0", or why there is none */

#endif
