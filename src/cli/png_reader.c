/* PNG files through libpng.
 *
 * libpng reports errors by longjmp. Here every use of it is a job: what it holds lives in the caller's
 * frame, a body without anything to free runs under the one setjmp of `attempt`, and the caller releases
 * the job whether the body ended or was left. So no variable is changed between setjmp and longjmp but
 * those inside the job, and nothing can leak. The error's text is put into the caller's message before the
 * jump. Reading goes through a function of our own, for the system's reason to be told, where
 * libpng says "Read Error". */
#include "cli/png_reader.h"

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
    picture *picture;
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

/* Settles for 8 or 16 bits and 1, 3 or 4 channels. */
static void set_transformations(png_structp png, png_infop info)
{
    bool transparent = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (png_get_bit_depth(png, info) == 16)
        png_set_swap(png);
#endif
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
    p->depth = png_get_bit_depth(j->png, j->info);
    if (stride != (size_t)p->width * (size_t)p->channels * (size_t)p->depth / 8 || p->channels == 2)
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

bool sn_png_read(FILE *in, picture *p, char *message, size_t room)
{
    (void)in;
    *p = (picture){0};
    if (room)
        snprintf(message, room, "built without libpng: PNG files cannot be read");
    return false;
}

#endif
