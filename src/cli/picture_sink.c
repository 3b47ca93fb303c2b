/* Where pictures go.
 *
 * Each kind of file is a few cases in four functions: begin, pack, put, end. Compressing is done in pack, by the thread that made the band; put
 * only writes. Where a hash is asked for, bands hold the values themselves, and pixels are made of them here instead of by the renderer. */
#include "cli/picture_sink.h"

#include "field/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MESSAGE_ROOM = 200, EXR_BAND_BYTES = 256 << 10 };

/* ---- the kind ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcasecmp(text + length - tail, end) == 0;
}

static const struct {
    const char *ending;
    picture_kind kind;
} endings[] = {{".png", PICTURE_PNG}, {".exr", PICTURE_EXR}, {".pfm", PICTURE_PFM}, {".npy", PICTURE_NPY}};

static picture_kind kind_of(const char *path)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(path, endings[i].ending))
            return endings[i].kind;
    return sn_video_kind(path) != VIDEO_KINDS ? PICTURE_VIDEO : PICTURE_NONE;
}

/* The place of `%d`, or `%0Nd`, *length characters; NULL: there is none, or more than one. */
static const char *find_number(const char *path, size_t *length)
{
    const char *found = NULL;
    for (const char *p = strchr(path, '%'); p; p = strchr(p + 1, '%')) {
        size_t n = 1;
        if (p[n] == '0')
            n++;
        if (n == 2 && p[n] >= '1' && p[n] <= '9')
            n++;
        if (p[n] != 'd' || n == 2)
            continue;
        if (found)
            return NULL;
        found = p;
        *length = n + 1;
    }
    return found;
}

static int check_depth(const arguments *a, picture_kind kind)
{
    const int d = a->depth;
    if (d == 0 || (kind == PICTURE_PNG && d != 32) || (kind == PICTURE_EXR && d != 8) || (kind == PICTURE_VIDEO && d == 8) ||
        ((kind == PICTURE_PFM || kind == PICTURE_NPY) && d == 32 && a->type != SINTER_F64))
        return STATUS_GOOD;
    return sn_cli_misuse(a->command, "--depth %d: PNG has 8 or 16 bits, EXR 16 or 32, a video 8; the others hold what is computed", d);
}

int sn_cli_choose_picture(const arguments *a, picture_kind *kind)
{
    const bool animated = a->frames >= 0 || a->seconds >= 0;
    size_t length;
    *kind = a->output ? kind_of(a->output) : PICTURE_NONE;
    if (a->raw && *kind != PICTURE_NONE && *kind != PICTURE_NPY)
        return sn_cli_misuse(a->command, "--raw writes NPY; %s ends in %s", a->output, strrchr(a->output, '.'));
    if (a->raw)
        *kind = PICTURE_NPY;
    if (a->output && *kind == PICTURE_NONE) {
        if (strcmp(a->output, "-") != 0 && strncmp(a->output, "/dev/", 5) != 0)
            return sn_cli_misuse(a->command,
                                 "-o takes a name that ends in .png, .exr, .pfm or .npy, or for a video in .mp4, .webm, .mkv or "
                                 ".gif, not `%s`", a->output);
        *kind = PICTURE_PNG;
    }
    if (*kind == PICTURE_VIDEO && !animated)
        return sn_cli_misuse(a->command, "%s is a video: how long? --frames or --seconds is missing", a->output);
    if (a->output && animated && *kind != PICTURE_VIDEO && !find_number(a->output, &length))
        return sn_cli_misuse(a->command, "several pictures need numbers: -o 'name%%04d.png', or a video's name, not `%s`", a->output);
    return check_depth(a, *kind);
}

bool sn_cli_can_picture(const arguments *a, const picture_form *f)
{
    const bool usual = f->channels == 1 || f->channels == 3 || f->channels == 4;
    const char *who = a->colormap ? "--colormap" : "the program";
    if (f->channels == 0 || (f->kind == PICTURE_PNG && !usual))
        return sn_cli_refuse("%s gives %zu values; a picture has 1 (gray), 3 (RGB) or 4 (RGBA)", who, f->channels);
    if (f->kind == PICTURE_PFM && f->channels != 1 && f->channels != 3)
        return sn_cli_refuse("%s gives %zu values; a PFM file has 1 (gray) or 3 (RGB)", who, f->channels);
    return f->kind != PICTURE_VIDEO || sn_video_can(sn_video_kind(a->output), a->output, a->width, a->height, f->channels);
}

/* ---- the whole ---- */

bool sn_cli_open_sink(picture_sink *s, const arguments *a, const picture_form *form, const sinter_renderer *renderer)
{
    *s = (picture_sink){.a = a, .form = *form, .slots = sinter_renderer_slots(renderer), .stopped = sn_cli_catch_signals()};
    s->converted = calloc((size_t)s->slots, sizeof *s->converted);
    return s->converted || sn_cli_refuse("out of memory");
}

static bool makes_pixels(const picture_sink *s)
{
    return s->form.kind == PICTURE_PNG || s->form.kind == PICTURE_VIDEO;
}

static sinter_depth pixel_depth(const picture_sink *s)
{
    return s->form.kind == PICTURE_PNG && s->a->depth == 16 ? SINTER_16_BITS : SINTER_8_BITS;
}

void sn_cli_shape_bands(const picture_sink *s, sinter_picture *q)
{
    q->depth = makes_pixels(s) && !s->a->hash ? pixel_depth(s) : SINTER_VALUES;
    q->layout = s->form.kind == PICTURE_EXR ? SINTER_PLANES : SINTER_INTERLEAVED;
    if (s->form.kind == PICTURE_EXR) {
        const int64_t block = EXR_BLOCK_ROWS * (int64_t)q->width * (int64_t)(s->form.channels * sn_cli_type_size(s->form.type));
        const int64_t blocks = EXR_BAND_BYTES / block;
        q->band_rows = (int32_t)(blocks > 1 ? blocks * EXR_BLOCK_ROWS : EXR_BLOCK_ROWS);
    }
}

/* ---- a picture begins ---- */

static bool refuse_file(const picture_sink *s, const char *message)
{
    return *s->stopped ? false : sn_cli_refuse("cannot write %s: %s", s->path, message);
}

static bool begin_png(picture_sink *s)
{
    char message[MESSAGE_ROOM];
    const png_form form = {.width = (uint32_t)s->a->width, .height = (uint32_t)s->a->height, .channels = (int)s->form.channels,
                           .depth = pixel_depth(s) == SINTER_16_BITS ? 16 : 8, .level = s->a->level};
    s->png = sn_png_open(s->file.stream, &form, s->slots, message, sizeof message);
    return s->png || refuse_file(s, message);
}

static bool begin_exr(picture_sink *s)
{
    static const char *const usual[] = {"R", "G", "B", "A"}, *const gray[] = {"Y"};
    const char *names[EXR_MOST_CHANNELS];
    char message[MESSAGE_ROOM];
    const size_t count = s->form.channels;
    for (size_t k = 0; k < count && k < EXR_MOST_CHANNELS; k++)
        names[k] = count == 1 ? gray[k] : count == 3 || count == 4 ? usual[k] : s->form.outputs[k].name;
    const exr_form form = {.width = (uint32_t)s->a->width, .height = (uint32_t)s->a->height, .channels = (int)count, .names = names,
                           .wide = s->form.type == SINTER_F64, .half = s->a->depth == 16, .level = s->a->level};
    s->exr = sn_exr_open(s->file.stream, &form, s->slots, message, sizeof message);
    return s->exr || refuse_file(s, message);
}

/* Its rows go from the bottom up, so it is written from the end: it must seek. */
static bool begin_pfm(picture_sink *s)
{
    errno = 0;
    fprintf(s->file.stream, "%s\n%d %d\n-1.0\n", s->form.channels == 3 ? "PF" : "Pf", s->a->width, s->a->height);
    s->start = ftello(s->file.stream);
    return s->start > 0 || refuse_file(s, "PFM files have their last row first, so the file must be one that seeks");
}

static bool begin_npy(picture_sink *s)
{
    char message[MESSAGE_ROOM];
    const size_t shape[3] = {(size_t)s->a->height, (size_t)s->a->width, s->form.channels};
    return sn_npy_write_header(s->file.stream, s->form.type == SINTER_F64 ? NPY_F64 : NPY_F32, s->form.channels > 1 ? 3 : 2, shape,
                               message, sizeof message) || refuse_file(s, message);
}

static bool begin_file(picture_sink *s)
{
    switch (s->form.kind) {
    case PICTURE_PNG: return begin_png(s);
    case PICTURE_EXR: return begin_exr(s);
    case PICTURE_PFM: return begin_pfm(s);
    case PICTURE_NPY: return begin_npy(s);
    default: return true;
    }
}

/* The name with its number in place. */
static bool set_path(picture_sink *s, int64_t number)
{
    const char *name = s->a->output;
    size_t length = 0;
    const char *at = s->form.animated && s->form.kind != PICTURE_VIDEO ? find_number(name, &length) : NULL;
    char digits[32];
    const int width = at && length == 4 ? at[2] - '0' : 0;
    snprintf(digits, sizeof digits, "%0*lld", width, (long long)number);
    free(s->path);
    s->path = malloc(strlen(name) + sizeof digits);
    if (!s->path)
        return sn_cli_refuse("out of memory");
    if (at)
        sprintf(s->path, "%.*s%s%s", (int)(at - name), name, digits, at + length);
    else
        strcpy(s->path, name);
    return true;
}

static bool begin_video(picture_sink *s)
{
    if (s->open)
        return true;
    if (!set_path(s, 0) || !sn_cli_open_output(&s->file, s->path))
        return false;
    s->open = true;
    const char *file = s->file.temporary ? s->file.temporary : s->path;
    return sn_video_open(&s->video, sn_video_kind(s->path), s->path, file, s->a->width, s->a->height, s->form.channels, s->a->fps);
}

bool sn_cli_begin_picture(picture_sink *s, int64_t number)
{
    if (s->form.kind == PICTURE_NONE)
        return true;
    if (s->form.kind == PICTURE_VIDEO)
        return begin_video(s);
    if (!set_path(s, number) || !sn_cli_open_output(&s->file, s->path))
        return false;
    s->open = true;
    return begin_file(s);
}

/* ---- bands ---- */

/* Pixels of a band, `*stride` elements from row to row: its own, or made of its values. */
static const void *pixels_of(picture_sink *s, const sinter_band *band, int64_t *stride)
{
    *stride = band->stride;
    if (!s->a->hash)
        return band->pixels[0];
    const size_t row = (size_t)s->a->width * s->form.channels, element = sn_field_element_size(pixel_depth(s), s->form.type);
    void **to = &s->converted[band->slot];
    if (!*to) /* bands of a slot that come later are as large, or the picture's last one */
        *to = malloc(row * (size_t)band->row_count * element);
    for (int32_t i = 0; *to && i < band->row_count; i++)
        sn_field_store(pixel_depth(s), s->form.type,
                       (const uint8_t *)band->pixels[0] + (size_t)i * (size_t)band->stride * sn_cli_type_size(s->form.type),
                       (int32_t)row, (uint8_t *)*to + (size_t)i * row * element, 1);
    *stride = (int64_t)row;
    return *to;
}

bool sn_cli_pack_band(picture_sink *s, const sinter_band *band)
{
    int64_t stride;
    bool good = true;
    if (s->form.kind == PICTURE_PNG) {
        const void *pixels = pixels_of(s, band, &stride);
        good = pixels && sn_png_pack(s->png, band->slot, (uint32_t)band->first_row, (uint32_t)band->row_count, pixels, (size_t)stride);
    } else if (s->form.kind == PICTURE_EXR) {
        good = sn_exr_pack(s->exr, band->slot, (uint32_t)band->first_row, (uint32_t)band->row_count,
                           (const void *const *)band->pixels, (size_t)band->stride);
    }
    if (!good)
        atomic_store(&s->refused, true);
    return good;
}

static bool put_pfm(picture_sink *s, const sinter_band *band)
{
    char message[MESSAGE_ROOM];
    const size_t count = (size_t)s->a->width * s->form.channels;
    float *row = malloc(count * sizeof *row);
    bool good = row || sn_cli_refuse("out of memory");
    for (int32_t i = 0; good && i < band->row_count; i++) {
        const size_t at = (size_t)i * (size_t)band->stride;
        for (size_t k = 0; k < count; k++)
            row[k] = s->form.type == SINTER_F64 ? (float)((const double *)band->pixels[0])[at + k] : ((const float *)band->pixels[0])[at + k];
        const int64_t below = s->a->height - 1 - (band->first_row + i);
        errno = 0;
        good = fseeko(s->file.stream, s->start + (off_t)below * (off_t)(count * sizeof *row), SEEK_SET) == 0 ||
               refuse_file(s, strerror(errno));
        good = good && (sn_npy_write_values(s->file.stream, NPY_F32, row, count, message, sizeof message) || refuse_file(s, message));
    }
    free(row);
    return good;
}

static bool put_video(picture_sink *s, const sinter_band *band)
{
    int64_t stride;
    const uint8_t *pixels = pixels_of(s, band, &stride);
    const size_t row = (size_t)s->a->width * s->form.channels;
    if (!pixels)
        return sn_cli_refuse("out of memory");
    for (int32_t i = 0; i < band->row_count; i++)
        if (fwrite(pixels + (size_t)i * (size_t)stride, 1, row, s->video.stream) != row)
            return *s->stopped ? false : sn_cli_refuse("ffmpeg has ended before %s was whole", s->path);
    return true;
}

bool sn_cli_put_band(picture_sink *s, const sinter_band *band)
{
    char message[MESSAGE_ROOM];
    switch (s->form.kind) {
    case PICTURE_PNG: return sn_png_put(s->png, band->slot, message, sizeof message) || refuse_file(s, message);
    case PICTURE_EXR: return sn_exr_put(s->exr, band->slot, message, sizeof message) || refuse_file(s, message);
    case PICTURE_PFM: return put_pfm(s, band);
    case PICTURE_NPY:
        return sn_npy_write_values(s->file.stream, s->form.type == SINTER_F64 ? NPY_F64 : NPY_F32, band->pixels[0],
                                   (size_t)band->row_count * (size_t)band->stride, message, sizeof message) || refuse_file(s, message);
    case PICTURE_VIDEO: return put_video(s, band);
    default: return true;
    }
}

/* ---- a picture ends ---- */

static void release_writers(picture_sink *s)
{
    sn_png_close(s->png);
    sn_exr_close(s->exr);
    s->png = NULL;
    s->exr = NULL;
}

bool sn_cli_end_picture(picture_sink *s)
{
    char message[MESSAGE_ROOM];
    if (!s->open || s->form.kind == PICTURE_VIDEO)
        return true;
    const bool good = (!s->png || sn_png_finish(s->png, message, sizeof message)) &&
                      (!s->exr || sn_exr_finish(s->exr, message, sizeof message));
    release_writers(s);
    if (!good)
        return refuse_file(s, message);
    s->open = false;
    return sn_cli_commit_output(&s->file);
}

static bool close_video(picture_sink *s, bool good)
{
    if (s->video.child <= 0)
        return good;
    if (good)
        return sn_video_close(&s->video) && sn_cli_commit_output(&s->file);
    sn_video_abandon(&s->video);
    return false;
}

bool sn_cli_close_sink(picture_sink *s, bool good)
{
    if (atomic_load(&s->refused))
        good = sn_cli_refuse("out of memory");
    good = close_video(s, good);
    release_writers(s);
    if (s->open && !good)
        sn_cli_discard_output(&s->file);
    for (int i = 0; s->converted && i < s->slots; i++)
        free(s->converted[i]);
    free(s->converted);
    free(s->path);
    s->converted = NULL;
    s->path = NULL;
    return good;
}
