/* Files that images come from.
 *
 * A file is what its first byte says, so that names do not matter and pipes serve. Nothing read is trusted:
 * sizes are checked against what an image may have before memory is asked for, and memory for texels is asked
 * for where the file's own numbers are there already, or row by row of them can be read (PFM: up to 2^28
 * pixels). */
#include "cli/image_file.h"

#include "cli/command.h"
#include "cli/png_reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 1 << 22, MOST_PIXELS = 1 << 28, MOST_CHANNELS = 4, MESSAGE = 200 };

typedef struct source {
    const char *path;
    FILE *in;
} source;

static bool refuse(const source *s, const char *message)
{
    return sn_cli_refuse("%s: %s", s->path, message);
}

void sn_cli_free_image(image_file *image)
{
    free(image->texels);
    *image = (image_file){0};
}

/* Settles the size; there is room then. */
static bool open_image(const source *s, image_file *image, size_t width, size_t height, size_t channels)
{
    if (width < 1 || height < 1 || width > MOST_SIDE || height > MOST_SIDE || height > MOST_PIXELS / width)
        return refuse(s, "an image has 1 to 4,194,304 pixels a side, and 268,435,456 in all");
    if (channels < 1 || channels > MOST_CHANNELS)
        return refuse(s, "an image has 1 to 4 channels");
    *image = (image_file){(int32_t)width, (int32_t)height, (uint32_t)channels,
                          malloc(width * height * channels * sizeof(float))};
    return image->texels || sn_cli_refuse("out of memory");
}

static size_t plane_of(const image_file *image)
{
    return (size_t)image->width * (size_t)image->height;
}

/* ---- PNG ---- */

static void spread_png(const picture *p, image_file *image)
{
    const size_t count = plane_of(image), channels = image->channels;
    const uint16_t *words = (const uint16_t *)(const void *)p->pixels;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < count; i++)
            image->texels[c * count + i] = p->depth == 16 ? (float)words[i * channels + c] / 65535.0F
                                                          : (float)p->pixels[i * channels + c] / 255.0F;
}

static bool read_png(const source *s, image_file *image)
{
    char message[MESSAGE];
    picture p;
    if (!sn_png_read(s->in, &p, message, sizeof message))
        return refuse(s, message);
    const bool good = open_image(s, image, p.width, p.height, (size_t)p.channels);
    if (good)
        spread_png(&p, image);
    sn_png_free(&p);
    return good;
}

/* ---- NPY ---- */

static bool read_npy(const source *s, image_file *image)
{
    char message[MESSAGE];
    npy_array array;
    if (!sn_npy_read(s->in, NPY_F32, &array, message, sizeof message))
        return refuse(s, message);
    bool good = array.axes >= 2
                || refuse(s, "an image has two axes, rows and columns, or three, the last one of channels");
    good = good && open_image(s, image, array.shape[1], array.shape[0], array.axes == 3 ? array.shape[2] : 1);
    const size_t count = good ? plane_of(image) : 0;
    for (size_t c = 0; good && c < image->channels; c++)
        for (size_t i = 0; i < count; i++)
            image->texels[c * count + i] = ((const float *)array.data)[i * image->channels + c];
    sn_npy_free(&array);
    return good;
}

/* ---- PFM ---- */

/* The next word of the header, and the one blank behind it. */
static bool read_word(const source *s, char *word, size_t room)
{
    size_t length = 0;
    int c;
    while ((c = getc(s->in)) == ' ' || c == '\t' || c == '\r' || c == '\n')
        ;
    for (; c != EOF && c != ' ' && c != '\t' && c != '\r' && c != '\n'; c = getc(s->in)) {
        if (length + 1 == room)
            return false;
        word[length++] = (char)c;
    }
    word[length] = 0;
    return length > 0 && c != EOF;
}

static float read_float(const unsigned char *bytes, bool little)
{
    const uint32_t bits =
        little ? (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0]
               : (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The last row comes first. */
static bool read_pfm_rows(const source *s, image_file *image, bool little)
{
    const size_t width = (size_t)image->width, count = plane_of(image), channels = image->channels,
                 size = width * channels * 4;
    unsigned char *row = malloc(size);
    bool good = row || sn_cli_refuse("out of memory");
    for (size_t j = (size_t)image->height; good && j-- > 0;) {
        good = fread(row, 1, size, s->in) == size || refuse(s, "the PFM file ends too early");
        for (size_t i = 0; good && i < width * channels; i++)
            image->texels[i % channels * count + j * width + i / channels] = read_float(row + 4 * i, little);
    }
    free(row);
    return good;
}

static bool read_pfm(const source *s, image_file *image)
{
    char kind[4], width[16], height[16], scale[32];
    int64_t sides[2];
    double sign;
    const bool good =
        read_word(s, kind, sizeof kind) && read_word(s, width, sizeof width)
        && read_word(s, height, sizeof height) && read_word(s, scale, sizeof scale) && kind[0] == 'P'
        && (kind[1] == 'F' || kind[1] == 'f') && !kind[2] && sn_cli_read_whole(width, 1, MOST_SIDE, &sides[0])
        && sn_cli_read_whole(height, 1, MOST_SIDE, &sides[1])
        && sn_cli_read_number(scale, strlen(scale), SINTER_F64, &sign) && sign != 0 && isfinite(sign);
    if (!good)
        return refuse(s, "this is no PFM file, or none of 1 to 4,194,304 pixels a side");
    return open_image(s, image, (size_t)sides[0], (size_t)sides[1], kind[1] == 'F' ? 3 : 1)
           && read_pfm_rows(s, image, sign < 0);
}

/* ---- any ---- */

static bool read_any(const source *s, image_file *image)
{
    errno = 0;
    const int first = getc(s->in);
    if (first == EOF && ferror(s->in))
        return sn_cli_refuse("cannot read %s: %s", s->path, strerror(errno ? errno : EIO));
    ungetc(first, s->in);
    switch (first) {
    case 0x89: return read_png(s, image);
    case 0x93: return read_npy(s, image);
    case 'P': return read_pfm(s, image);
    default: return refuse(s, "images are read from PNG, PFM and NPY files; this is none");
    }
}

bool sn_cli_read_image(const char *path, image_file *image)
{
    const bool piped = strcmp(path, "-") == 0;
    const source s = {path, piped ? stdin : fopen(path, "rb")};
    *image = (image_file){0};
    if (!s.in)
        return sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    const bool good = read_any(&s, image);
    if (!piped)
        fclose(s.in);
    if (!good)
        sn_cli_free_image(image);
    return good;
}

/* ---- channels ---- */

bool sn_cli_fit_channels(image_file *image, uint32_t channels, bool *memory)
{
    const size_t count = plane_of(image), plane = count * sizeof(float);
    *memory = false;
    if (image->channels == channels)
        return true;
    if (channels < 3 || image->channels == 2) /* RGB and RGBA go from gray and into each other */
        return false;
    float *fitted = malloc(plane * channels);
    *memory = !fitted;
    if (!fitted)
        return false;
    for (uint32_t c = 0; c < 3; c++)
        memcpy(fitted + c * count, image->texels + (image->channels == 1 ? 0 : c * count), plane);
    for (size_t i = 0; channels == 4 && i < count; i++)
        fitted[3 * count + i] = 1;
    free(image->texels);
    image->texels = fitted;
    image->channels = channels;
    return true;
}
