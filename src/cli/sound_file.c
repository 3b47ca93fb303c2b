/* Sound files through libsndfile, from and to whole files: pipes, which its formats cannot all be read from and
 * written to, go through memory and a temporary file. */
#include "cli/sound_file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#if SINTER_SNDFILE
#include <sndfile.h>
#endif

static bool refuse(char *message, size_t room, const char *text)
{
    snprintf(message, room, "%s", text);
    return false;
}

sound_kind sn_sound_kind(const char *path)
{
    static const struct {
        const char *end;
        sound_kind kind;
    } ends[] = {{".wav", SOUND_WAV},   {".aiff", SOUND_AIFF}, {".aif", SOUND_AIFF}, {".au", SOUND_AU},
                {".flac", SOUND_FLAC}, {".ogg", SOUND_OGG},   {".oga", SOUND_OGG}};
    const size_t length = strlen(path);
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        const size_t end = strlen(ends[k].end);
        if (length > end && strcasecmp(path + length - end, ends[k].end) == 0)
            return ends[k].kind;
    }
    return SOUND_NONE;
}

#if SINTER_SNDFILE

/* ---- reading ---- */

typedef struct piped_sound {
    const char *bytes;
    sf_count_t length, at;
} piped_sound;

static sf_count_t piped_length(void *user)
{
    return ((piped_sound *)user)->length;
}

static sf_count_t piped_seek(sf_count_t offset, int whence, void *user)
{
    piped_sound *p = user;
    const sf_count_t from = whence == SEEK_CUR ? p->at : whence == SEEK_END ? p->length : 0;
    const sf_count_t to = from + offset;
    p->at = to < 0 ? 0 : to > p->length ? p->length : to;
    return p->at;
}

static sf_count_t piped_read(void *to, sf_count_t count, void *user)
{
    piped_sound *p = user;
    if (count > p->length - p->at)
        count = p->length - p->at;
    memcpy(to, p->bytes + p->at, (size_t)count);
    p->at += count;
    return count;
}

static sf_count_t piped_tell(void *user)
{
    return ((piped_sound *)user)->at;
}

/* Grows with what really arrives: a header may say anything. */
static bool read_frames(SNDFILE *file, const SF_INFO *info, npy_array *array, char *message, size_t room)
{
    enum { PIECE = 1 << 16 };
    const size_t channels = (size_t)info->channels, size = array->type == NPY_F64 ? 8 : 4;
    size_t held = 0, capacity = 0;
    for (;;) {
        if (capacity - held < PIECE) {
            const size_t larger = capacity ? 2 * capacity : PIECE;
            void *grown = larger > SIZE_MAX / (size * channels) ? NULL : realloc(array->data, larger * channels * size);
            if (!grown)
                return refuse(message, room, "out of memory");
            array->data = grown;
            capacity = larger;
        }
        char *to = (char *)array->data + held * channels * size;
        const sf_count_t count = size == 8 ? sf_readf_double(file, (double *)(void *)to, PIECE)
                                           : sf_readf_float(file, (float *)(void *)to, PIECE);
        if (count <= 0)
            break;
        held += (size_t)count;
    }
    array->axes = 2;
    array->shape[0] = held;
    array->shape[1] = channels;
    array->shape[2] = 1;
    array->count = held * channels;
    return true;
}

bool sn_sound_read(const char *path, const void *bytes, size_t length, npy_array *array, double *rate, char *message,
                   size_t room)
{
    SF_INFO info = {0};
    SF_VIRTUAL_IO io = {.get_filelen = piped_length, .seek = piped_seek, .read = piped_read, .tell = piped_tell};
    piped_sound piped = {bytes, (sf_count_t)length, 0};
    SNDFILE *file = bytes ? sf_open_virtual(&io, SFM_READ, &info, &piped) : sf_open(path, SFM_READ, &info);
    *array = (npy_array){0};
    if (!file)
        return refuse(message, room, sf_strerror(NULL));
    const int form = info.format & SF_FORMAT_SUBMASK;
    array->type = form == SF_FORMAT_DOUBLE || form == SF_FORMAT_PCM_32 ? NPY_F64 : NPY_F32;
    *rate = info.samplerate;
    const bool good = read_frames(file, &info, array, message, room);
    sf_close(file);
    if (!good)
        sn_npy_free(array);
    return good;
}

/* ---- writing ---- */

struct sound_writer {
    SNDFILE *file;
    FILE *out;       /* where it shall go */
    FILE *temporary; /* NULL: straight there */
    int channels;
    bool integers;
    int64_t clipped;
};

static int format_of(const sound_form *form)
{
    static const int kinds[] = {[SOUND_WAV] = SF_FORMAT_WAV,
                                [SOUND_AIFF] = SF_FORMAT_AIFF,
                                [SOUND_AU] = SF_FORMAT_AU,
                                [SOUND_FLAC] = SF_FORMAT_FLAC,
                                [SOUND_OGG] = SF_FORMAT_OGG};
    const int bits = form->bits ? form->bits : form->kind == SOUND_FLAC ? 24 : 32;
    const int values = form->kind == SOUND_OGG ? SF_FORMAT_VORBIS
                       : bits == 16            ? SF_FORMAT_PCM_16
                       : bits == 24            ? SF_FORMAT_PCM_24
                                               : SF_FORMAT_FLOAT;
    return kinds[form->kind] | values;
}

static bool can_seek(FILE *out)
{
    struct stat there;
    return fstat(fileno(out), &there) == 0 && S_ISREG(there.st_mode);
}

static sound_writer *abandon(sound_writer *w, char *message, size_t room, const char *text)
{
    refuse(message, room, text);
    if (w && w->temporary)
        fclose(w->temporary);
    free(w);
    return NULL;
}

sound_writer *sn_sound_open(FILE *out, const sound_form *form, char *message, size_t room)
{
    const int rate = form->rate >= 0.5 && form->rate < INT_MAX ? (int)(form->rate + 0.5) : 0;
    SF_INFO info = {.samplerate = rate, .channels = form->channels, .format = format_of(form)};
    if (rate == 0 || !sf_format_check(&info)) {
        snprintf(message, room, "this kind of file cannot hold %d channel%s of %d bits at %g samples a second",
                 form->channels, form->channels == 1 ? "" : "s", form->bits ? form->bits : 32, form->rate);
        return NULL;
    }
    sound_writer *w = calloc(1, sizeof *w);
    if (!w)
        return abandon(w, message, room, "out of memory");
    w->out = out;
    w->channels = form->channels;
    w->integers = (info.format & SF_FORMAT_SUBMASK) != SF_FORMAT_FLOAT;
    if (!can_seek(out) && !(w->temporary = tmpfile()))
        return abandon(w, message, room, "no temporary file can be made");
    w->file = sf_open_fd(fileno(w->temporary ? w->temporary : out), SFM_WRITE, &info, SF_FALSE);
    if (!w->file)
        return abandon(w, message, room, sf_strerror(NULL));
    sf_command(w->file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    /* It would hold the time of day: the same sound should be the same bytes. */
    sf_command(w->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    return w;
}

static void count_clipped(sound_writer *w, const void *values, size_t count, bool f64)
{
    for (size_t i = 0; i < count; i++) {
        const double v = f64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
        w->clipped += !(v >= -1 && v <= 1);
    }
}

bool sn_sound_write(sound_writer *w, const void *frames, size_t count, bool f64, char *message, size_t room)
{
    if (w->integers)
        count_clipped(w, frames, count * (size_t)w->channels, f64);
    const sf_count_t wanted = (sf_count_t)count;
    errno = 0;
    const sf_count_t written = f64 ? sf_writef_double(w->file, frames, wanted) : sf_writef_float(w->file, frames, wanted);
    /* Of a full disk libsndfile says something about its own state, or that it has nothing to say. */
    return written == wanted || refuse(message, room, errno ? strerror(errno) : sf_strerror(w->file));
}

static bool copy_over(sound_writer *w, char *message, size_t room)
{
    char piece[1 << 14];
    size_t count;
    rewind(w->temporary);
    while ((count = fread(piece, 1, sizeof piece, w->temporary)) > 0)
        if (fwrite(piece, 1, count, w->out) != count)
            return refuse(message, room, "the stream takes no more");
    return !ferror(w->temporary) || refuse(message, room, "the temporary file cannot be read back");
}

bool sn_sound_close(sound_writer *w, int64_t *clipped, char *message, size_t room)
{
    *clipped = w->clipped;
    bool good = sf_close(w->file) == 0 || refuse(message, room, "the end of the file could not be written");
    if (w->temporary) {
        good = good && copy_over(w, message, room);
        fclose(w->temporary);
    }
    free(w);
    return good;
}

const char *sn_sound_library(void)
{
    return sf_version_string();
}

#else

static const char missing[] = "sound files need libsndfile, and this sinter was built without it; .npy files can be read and written";

bool sn_sound_read(const char *path, const void *bytes, size_t length, npy_array *array, double *rate, char *message,
                   size_t room)
{
    (void)path, (void)bytes, (void)length;
    *array = (npy_array){0};
    *rate = 0;
    return refuse(message, room, missing);
}

sound_writer *sn_sound_open(FILE *out, const sound_form *form, char *message, size_t room)
{
    (void)out, (void)form;
    refuse(message, room, missing);
    return NULL;
}

bool sn_sound_write(sound_writer *w, const void *frames, size_t count, bool f64, char *message, size_t room)
{
    (void)w, (void)frames, (void)count, (void)f64;
    return refuse(message, room, missing);
}

bool sn_sound_close(sound_writer *w, int64_t *clipped, char *message, size_t room)
{
    (void)w;
    *clipped = 0;
    return refuse(message, room, missing);
}

const char *sn_sound_library(void)
{
    return "not built in (libsndfile)";
}

#endif
