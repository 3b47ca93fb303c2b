/* Videos through ffmpeg.
 *
 * The program is started by its name, without a shell; posix_spawnp says whether it is there. While it lives, SIGPIPE is ignored,
 * so that its early end is an error that can be told and not the end of this process; it says itself, on the standard error
 * stream, what it has against its arguments. -xerror: without it, an end of the file that the disk has no room for is no error.
 *
 * Colours: pixels are taken as sRGB and become the limited range of BT.709, marked as such, which players show as the PNG files look;
 * left to itself ffmpeg converts by BT.601 and marks nothing. GIF gets a palette of its own, made from all pictures. */
#include "cli/video_pipe.h"

#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct video_form {
    const char *ending, *container;
    bool even; /* width and height must be */
    bool alpha;
    const char *encode[24]; /* behind the input */
} video_form;

#define BT709 "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
#define BT709_ALPHA "scale=out_color_matrix=bt709:out_range=tv,format=yuva420p|yuv420p"
#define MARKS "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "iec61966-2-1"
#define H264 "-vf", BT709, "-c:v", "libx264", "-crf", "18", MARKS
#define VP9 "-vf", BT709_ALPHA, "-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1", MARKS

static const video_form forms[VIDEO_KINDS] = {
    [VIDEO_MP4] = {".mp4", "mp4", true, false, {H264, "-movflags", "+faststart"}},
    [VIDEO_MKV] = {".mkv", "matroska", true, false, {H264}},
    [VIDEO_WEBM] = {".webm", "webm", false, true, {VP9}},
    [VIDEO_GIF] = {".gif", "gif", false, true, {"-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse", "-loop", "0"}},
};

video_kind sn_video_kind(const char *path)
{
    const size_t length = strlen(path);
    for (int i = 0; i < VIDEO_KINDS; i++) {
        const size_t tail = strlen(forms[i].ending);
        if (length > tail && strcasecmp(path + length - tail, forms[i].ending) == 0)
            return (video_kind)i;
    }
    return VIDEO_KINDS;
}

bool sn_video_can(video_kind kind, const char *path, int32_t width, int32_t height, size_t channels)
{
    const video_form *f = &forms[kind];
    if (channels != 1 && channels != 3 && channels != 4)
        return sn_cli_refuse("the program gives %zu values; a video has 1 (gray), 3 (RGB) or 4 (RGBA)", channels);
    if (channels == 4 && !f->alpha)
        return sn_cli_refuse("a video in %s has no alpha: %s wants 1 or 3 values, not 4", f->ending, path);
    if (f->even && (width % 2 || height % 2))
        return sn_cli_refuse("a video in %s is of even width and height, not %dx%d; try --size %dx%d", f->ending, width, height,
                             width + width % 2, height + height % 2);
    return true;
}

bool sn_video_program(char *path, size_t room)
{
    for (const char *at = getenv("PATH"); at && *at; at += *at == ':') {
        const size_t length = strcspn(at, ":");
        const int size = snprintf(path, room, "%.*s/ffmpeg", length ? (int)length : 1, length ? at : ".");
        if (size > 0 && (size_t)size < room && access(path, X_OK) == 0)
            return true;
        at += length;
    }
    return false;
}

/* ---- the process ---- */

enum { MOST_WORDS = 64 };

typedef struct command_line {
    const char *words[MOST_WORDS];
    int count;
} command_line;

static void add(command_line *c, const char *word)
{
    c->words[c->count++] = word;
}

static bool spawn(video_pipe *v, const command_line *c, int input)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    /* It changes none of the words; its type is older than const. */
    errno = posix_spawnp(&v->child, c->words[0], &actions, &attributes, (char *const *)(uintptr_t)c->words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (errno == 0)
        return true;
    v->child = 0;
    if (errno == ENOENT)
        return sn_cli_refuse("%s is a video, and those are made by ffmpeg, which is not in the PATH: install it (on Debian: "
                             "apt install ffmpeg), or write numbered pictures, as in -o 'frame%%04d.png'", v->path);
    return sn_cli_refuse("cannot start ffmpeg: %s", strerror(errno));
}

static bool start(video_pipe *v, const command_line *c)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return sn_cli_refuse("cannot start ffmpeg: %s", strerror(errno));
    const bool started = spawn(v, c, ends[0]);
    close(ends[0]);
    v->stream = started ? fdopen(ends[1], "wb") : NULL;
    if (v->stream)
        return true;
    close(ends[1]);
    if (started)
        sn_cli_fail("cannot start ffmpeg: %s", strerror(errno));
    sn_video_abandon(v);
    return false;
}

bool sn_video_open(video_pipe *v, video_kind kind, const char *path, const char *file, int32_t width, int32_t height, size_t channels,
                   double fps)
{
    const char *const *encode = forms[kind].encode;
    char size[32], rate[32], target[4096 + 8];
    *v = (video_pipe){.path = path};
    snprintf(size, sizeof size, "%dx%d", width, height);
    snprintf(rate, sizeof rate, "%.10g", fps);
    snprintf(target, sizeof target, "file:%s", file); /* so that no name looks like an option or an address */
    command_line c = {0};
    static const char *const common[] = {"ffmpeg", "-hide_banner", "-loglevel", "error", "-xerror", "-nostdin", "-y", "-f", "rawvideo", "-pixel_format"};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        add(&c, common[i]);
    const char *const input[] = {channels == 1 ? "gray" : channels == 3 ? "rgb24" : "rgba",
                                 "-video_size", size, "-framerate", rate, "-i", "pipe:0"};
    for (size_t i = 0; i < sizeof input / sizeof *input; i++)
        add(&c, input[i]);
    while (*encode)
        add(&c, *encode++);
    add(&c, "-f");
    add(&c, forms[kind].container);
    add(&c, target);
    add(&c, NULL);
    signal(SIGPIPE, SIG_IGN);
    return start(v, &c);
}

/* Whether it ended well. */
static bool wait_for(video_pipe *v)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(v->child, &status, 0)) < 0 && errno == EINTR)
        ;
    v->child = 0;
    return ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool sn_video_close(video_pipe *v)
{
    const bool written = fclose(v->stream) == 0;
    v->stream = NULL;
    const bool ended = wait_for(v);
    return (written && ended) || sn_cli_refuse("ffmpeg could not make %s", v->path);
}

void sn_video_abandon(video_pipe *v)
{
    if (v->child > 0)
        kill(v->child, SIGKILL);
    if (v->stream)
        fclose(v->stream);
    v->stream = NULL;
    if (v->child > 0)
        wait_for(v);
}
