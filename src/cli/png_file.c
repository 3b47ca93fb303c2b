/* PNG files through libpng.
 *
 * libpng reports errors by longjmp. Here every use of it is a job: what it holds lives in the caller's
 * frame, a body without anything to free runs under the one setjmp of `attempt`, and the caller releases
 * the job whether the body ended or was left. So no variable is changed between setjmp and longjmp but
 * those inside the job, and nothing can leak. The error's text is put into the caller's message before the
 * jump. Reading and writing go through functions of our own, for the system's reason to be told, where
 * libpng says "Write Error". */
#include "cli/png_file.h"

#include <stdlib.h>

#ifndef SINTER_PNG
#define SINTER_PNG 1
#endif

void sn_png_free(picture *p)
{
    free(p->pixels);
    *p = (picture){0};
}

#if SINTER_PNG

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

typedef struct job {
    png_structp png;
    png_infop info;
    FILE *stream;
    picture *picture; /* of fill, only its sizes count */
    picture_row fill;
    void *context;
    unsigned char *row;
    char *message;
    size_t room;
} job;

static void say(const job *j, const char *text)
{
    if (j->room)
        snprintf(j->message, j->room, "%s", text);
}

static void on_error(png_structp png, png_const_charp text)
{
    say(png_get_error_ptr(png), text);
    png_longjmp(png, 1);
}

/* Warnings are about what was repaired or left out; the pixels are right. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void stop(png_structp png, const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "%s: %s", what, strerror(errno ? errno : EIO));
    png_error(png, text);
}

static void write_bytes(png_structp png, png_bytep bytes, size_t size)
{
    errno = 0;
    if (fwrite(bytes, 1, size, png_get_io_ptr(png)) != size)
        stop(png, "cannot write");
}

static void flush_bytes(png_structp png)
{
    errno = 0;
    if (fflush(png_get_io_ptr(png)) != 0)
        stop(png, "cannot write");
}

static void read_bytes(png_structp png, png_bytep bytes, size_t size)
{
    FILE *in = png_get_io_ptr(png);
    errno = 0;
    if (fread(bytes, 1, size, in) == size)
        return;
    if (ferror(in))
        stop(png, "cannot read");
    png_error(png, "the PNG file ends too early");
}

/* Runs the body to its end, or until libpng finds an error. */
static bool attempt(job *j, void (*body)(job *))
{
    if (setjmp(png_jmpbuf(j->png)))
        return false;
    body(j);
    return true;
}

/* -------------------------------------------------------------------------------- Writing */

static int color_type_of(int channels)
{
    return channels == 1   ? PNG_COLOR_TYPE_GRAY
           : channels == 3 ? PNG_COLOR_TYPE_RGB
                           : PNG_COLOR_TYPE_RGB_ALPHA;
}

static void write_body(job *j)
{
    const picture *p = j->picture;
    png_set_write_fn(j->png, j->stream, write_bytes, flush_bytes);
    png_set_user_limits(j->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(j->png, j->info, p->width, p->height, 8, color_type_of(p->channels), PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(j->png, j->info);
    for (uint32_t row = 0; row < p->height; row++) {
        if (!j->fill(j->context, row, j->row))
            png_error(j->png, "writing was stopped");
        png_write_row(j->png, j->row);
    }
    png_write_end(j->png, NULL);
    flush_bytes(j->png);
}

bool sn_png_write_rows(FILE *out, uint32_t width, uint32_t height, int channels, picture_row fill,
                       void *context, char *message, size_t room)
{
    picture p = {width, height, channels, NULL};
    job j = {
        .stream = out, .picture = &p, .fill = fill, .context = context, .message = message, .room = room};
    bool good = false;
    if (channels != 1 && channels != 3 && channels != 4) {
        say(&j, "a PNG file here has 1, 3 or 4 channels");
        return false;
    }
    if (width == 0 || height == 0 || width > PNG_UINT_31_MAX / 8 || height > PNG_UINT_31_MAX) {
        say(&j, "a PNG file of this size cannot be written");
        return false;
    }
    j.row = malloc((size_t)width * (size_t)channels);
    j.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    if (j.row && j.info)
        good = attempt(&j, write_body);
    else
        say(&j, "out of memory");
    png_destroy_write_struct(&j.png, &j.info);
    free(j.row);
    return good;
}

static bool copy_row(void *context, uint32_t row, unsigned char *pixels)
{
    const picture *p = context;
    size_t size = (size_t)p->width * (size_t)p->channels;
    memcpy(pixels, p->pixels + row * size, size);
    return true;
}

bool sn_png_write(FILE *out, const picture *p, char *message, size_t room)
{
    picture copy = *p;
    return sn_png_write_rows(out, p->width, p->height, p->channels, copy_row, &copy, message, room);
}

/* -------------------------------------------------------------------------------- Reading */

/* Settles for 8 bits and 1, 3 or 4 channels. */
static void set_transformations(png_structp png, png_infop info)
{
    bool transparent = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    png_set_scale_16(png);
    png_set_expand(png);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY_ALPHA ||
        (png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY && transparent))
        png_set_gray_to_rgb(png);
}

static void read_body(job *j)
{
    picture *p = j->picture;
    png_set_read_fn(j->png, j->stream, read_bytes);
    png_set_user_limits(j->png, PNG_MOST_PIXELS, PNG_MOST_PIXELS);
    png_read_info(j->png, j->info);
    p->width = png_get_image_width(j->png, j->info);
    p->height = png_get_image_height(j->png, j->info);
    if (p->height > PNG_MOST_PIXELS / p->width)
        png_error(j->png, "the picture is refused: more than 268,435,456 pixels");
    set_transformations(j->png, j->info);
    int passes = png_set_interlace_handling(j->png);
    png_read_update_info(j->png, j->info);
    p->channels = png_get_channels(j->png, j->info);
    size_t stride = png_get_rowbytes(j->png, j->info);
    if (stride != (size_t)p->width * (size_t)p->channels || p->channels == 2)
        png_error(j->png, "this kind of PNG file is not supported");
    p->pixels = malloc(stride * p->height);
    if (!p->pixels)
        png_error(j->png, "out of memory");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t row = 0; row < p->height; row++)
            png_read_row(j->png, p->pixels + row * stride, NULL);
    png_read_end(j->png, NULL);
}

bool sn_png_read(FILE *in, picture *p, char *message, size_t room)
{
    job j = {.stream = in, .picture = p, .message = message, .room = room};
    bool good = false;
    *p = (picture){0};
    j.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning);
    j.info = j.png ? png_create_info_struct(j.png) : NULL;
    if (j.info)
        good = attempt(&j, read_body);
    else
        say(&j, "out of memory");
    png_destroy_read_struct(&j.png, &j.info, NULL);
    if (!good)
        sn_png_free(p);
    return good;
}

#else

static bool refuse(char *message, size_t room)
{
    if (room)
        snprintf(message, room, "built without libpng: PNG files can be neither read nor written");
    return false;
}

bool sn_png_write(FILE *out, const picture *p, char *message, size_t room)
{
    (void)out;
    (void)p;
    return refuse(message, room);
}

bool sn_png_write_rows(FILE *out, uint32_t width, uint32_t height, int channels, picture_row fill,
                       void *context, char *message, size_t room)
{
    (void)out;
    (void)width;
    (void)height;
    (void)channels;
    (void)fill;
    (void)context;
    return refuse(message, room);
}

bool sn_png_read(FILE *in, picture *p, char *message, size_t room)
{
    (void)in;
    *p = (picture){0};
    return refuse(message, room);
}

#endif
