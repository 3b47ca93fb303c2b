/* Videos, through the program ffmpeg: pictures go into its standard input as plain pixels, it writes the file.
 *
 * Where a function fails it has printed why. */
#ifndef SN_CLI_VIDEO_PIPE_H
#define SN_CLI_VIDEO_PIPE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

typedef enum video_kind { VIDEO_MP4, VIDEO_MKV, VIDEO_WEBM, VIDEO_GIF, VIDEO_KINDS } video_kind;

typedef struct video_pipe {
    FILE *stream; /* where the pixels go: 8 bits, channels side by side, rows from the top, no gaps */
    pid_t child;
    const char *path; /* for messages */
} video_pipe;

/* Where ffmpeg is, as the PATH says; false: nowhere. */
bool sn_video_program(char *path, size_t room);
/* The kind whose names end so; VIDEO_KINDS: none. */
video_kind sn_video_kind(const char *path);
/* Whether pictures of this form can be had, before any work is done; if not it has said so. */
bool sn_video_can(video_kind kind, const char *path, int32_t width, int32_t height, size_t channels);
/* `path` is shown, `file` written. */
bool sn_video_open(video_pipe *v, video_kind kind, const char *path, const char *file, int32_t width, int32_t height, size_t channels,
                   double fps);
/* Ends the video and waits for it. */
bool sn_video_close(video_pipe *v);
/* Ends the program; what it wrote is worth nothing. Harmless behind a close. */
void sn_video_abandon(video_pipe *v);

#endif
