/* PNG files: written and read back, other kinds read, broken ones refused. */
#include "cli/png_reader.h"
#include "cli/png_writer.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char message[200];

static unsigned char pattern(size_t i)
{
    return (unsigned char)((i * 2654435761u) >> 9);
}

static picture make(uint32_t width, uint32_t height, int channels)
{
    picture p = {.width = width, .height = height, .channels = channels, .depth = 8};
    size_t size = (size_t)width * height * (size_t)channels;
    p.pixels = malloc(size);
    assert_non_null(p.pixels);
    for (size_t i = 0; i < size; i++)
        p.pixels[i] = pattern(i);
    return p;
}

static size_t contents(FILE *file, unsigned char *bytes, size_t room)
{
    rewind(file);
    size_t size = fread(bytes, 1, room, file);
    assert_true(size < room);
    return size;
}

static void check_same(const picture *p, const picture *expected)
{
    assert_int_equal(p->width, expected->width);
    assert_int_equal(p->height, expected->height);
    assert_int_equal(p->channels, expected->channels);
    assert_int_equal(p->depth, 8);
    assert_memory_equal(p->pixels, expected->pixels, (size_t)p->width * p->height * (size_t)p->channels);
}

/* In bands of `rows` rows each, packed from the bottom up and put from the top, as threads may. */
static void write_in_bands(FILE *file, const picture *p, uint32_t rows, int level)
{
    const png_form form = {p->width, p->height, p->channels, 8, level};
    const size_t stride = (size_t)p->width * (size_t)p->channels;
    const int bands = (int)((p->height - 1) / rows + 1);
    png_writer *w = sn_png_open(file, &form, bands, message, sizeof message);
    assert_non_null(w);
    for (int i = bands - 1; i >= 0; i--) {
        const uint32_t first = (uint32_t)i * rows, count = p->height - first < rows ? p->height - first : rows;
        assert_true(sn_png_pack(w, i, first, count, p->pixels + first * stride, stride));
    }
    for (int i = 0; i < bands; i++)
        assert_true(sn_png_put(w, i, message, sizeof message));
    assert_true(sn_png_finish(w, message, sizeof message));
    sn_png_close(w);
}

static bool try_to_write(FILE *file, const picture *p)
{
    const png_form form = {p->width, p->height, p->channels, 8, PNG_LEVEL};
    png_writer *w = sn_png_open(file, &form, 1, message, sizeof message);
    const bool good = w && sn_png_pack(w, 0, 0, p->height, p->pixels, (size_t)p->width * (size_t)p->channels) &&
                      sn_png_put(w, 0, message, sizeof message) && sn_png_finish(w, message, sizeof message);
    sn_png_close(w);
    return good;
}

static void bands_make_the_same_picture(uint32_t width, uint32_t height, int channels)
{
    static const uint32_t cuts[] = {1, 3, 64, 1000};
    picture p = make(width, height, channels), again;
    for (size_t i = 0; i < p.width * (size_t)p.height * (size_t)channels; i += i % 7 + 1)
        p.pixels[i] = (unsigned char)(i / 300); /* smooth parts, for the filters */
    for (int level = 0; level <= 9; level += 3)
        for (int i = 0; i < 4; i++) {
            FILE *file = tmpfile();
            write_in_bands(file, &p, cuts[i], level);
            rewind(file);
            if (!sn_png_read(file, &again, message, sizeof message))
                fail_msg("%u x %u in bands of %u: %s", width, height, cuts[i], message);
            check_same(&again, &p);
            assert_int_equal(fgetc(file), EOF);
            sn_png_free(&again);
            fclose(file);
        }
    sn_png_free(&p);
}

static void round_trip(uint32_t width, uint32_t height, int channels)
{
    static unsigned char whole[1 << 20];
    picture p = make(width, height, channels), again;
    FILE *file = tmpfile();
    assert_true(try_to_write(file, &p));
    size_t size = contents(file, whole, sizeof whole);
    rewind(file);
    assert_true(sn_png_read(file, &again, message, sizeof message));
    check_same(&again, &p);
    assert_int_equal(ftell(file), size);
    fclose(file);

    bands_make_the_same_picture(width, height, channels);

    static const unsigned char kinds[] = {0, 0, 0, 2, 6}; /* the format's colour types, by channels */
    assert_memory_equal(whole, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(whole[24], 8);
    assert_int_equal(whole[25], kinds[channels]);
    assert_int_equal(whole[28], 0);
    sn_png_free(&again);
    assert_null(again.pixels);
    sn_png_free(&again);
    sn_png_free(&p);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    static const int channels[] = {1, 3, 4};
    for (int i = 0; i < 3; i++) {
        round_trip(1, 1, channels[i]);
        round_trip(7, 1, channels[i]);
        round_trip(1, 9, channels[i]);
        round_trip(17, 13, channels[i]);
        round_trip(256, 200, channels[i]);
    }
}

static void reads_no_byte_too_many(void **state)
{
    (void)state;
    static unsigned char bytes[100000];
    picture a = make(20, 10, 3), b = make(5, 30, 1), p;
    int ends[2];
    FILE *file = tmpfile();
    assert_true(try_to_write(file, &a));
    assert_true(try_to_write(file, &b));
    size_t size = contents(file, bytes, sizeof bytes);
    fclose(file);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), size);
    close(ends[1]);
    file = fdopen(ends[0], "rb");
    assert_true(sn_png_read(file, &p, message, sizeof message));
    check_same(&p, &a);
    sn_png_free(&p);
    assert_true(sn_png_read(file, &p, message, sizeof message));
    check_same(&p, &b);
    sn_png_free(&p);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    sn_png_free(&a);
    sn_png_free(&b);
}

/* 16 bits, read back by libpng alone. */
static void writes_16_bits(void **state)
{
    (void)state;
    enum { WIDTH = 41, HEIGHT = 23, MOST = 41 * 23 * 4 };
    static uint16_t pixels[MOST];
    for (int channels = 1; channels <= 4; channels++) {
        if (channels == 2)
            continue;
        const size_t stride = (size_t)WIDTH * (size_t)channels + 5; /* rows stand apart */
        static uint16_t apart[HEIGHT * (WIDTH * 4 + 5)];
        for (size_t i = 0; i < MOST; i++)
            pixels[i] = (uint16_t)(i * 40503u + (i >> 3));
        const png_form form = {WIDTH, HEIGHT, channels, 16, PNG_LEVEL};
        FILE *file = tmpfile();
        png_writer *w = sn_png_open(file, &form, 2, message, sizeof message);
        assert_non_null(w);
        for (size_t row = 0; row < HEIGHT; row++)
            memcpy(apart + row * stride, pixels + row * WIDTH * (size_t)channels, WIDTH * (size_t)channels * 2);
        assert_true(sn_png_pack(w, 0, 0, 10, apart, stride) && sn_png_pack(w, 1, 10, 13, apart + 10 * stride, stride));
        assert_true(sn_png_put(w, 0, message, sizeof message) && sn_png_put(w, 1, message, sizeof message));
        assert_true(sn_png_finish(w, message, sizeof message));
        sn_png_close(w);
        rewind(file);
        png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
        png_infop info = png_create_info_struct(png);
        png_init_io(png, file);
        png_read_info(png, info);
        assert_int_equal(png_get_bit_depth(png, info), 16);
        assert_int_equal(png_get_channels(png, info), channels);
        unsigned char row[WIDTH * 8];
        for (size_t y = 0; y < HEIGHT; y++) {
            png_read_row(png, row, NULL);
            for (size_t i = 0; i < WIDTH * (size_t)channels; i++)
                assert_int_equal(row[2 * i] << 8 | row[2 * i + 1], pixels[y * WIDTH * (size_t)channels + i]);
        }
        png_read_end(png, NULL);
        png_destroy_read_struct(&png, &info, NULL);
        fclose(file);
    }
}

static void says_why_it_cannot_write(void **state)
{
    (void)state;
    picture p = make(100, 100, 4);
    FILE *file = fopen("/dev/full", "wb");
    if (file) {
        assert_false(try_to_write(file, &p));
        assert_string_equal(message, strerror(ENOSPC));
        fclose(file);
    }
    file = fopen("/dev/null", "rb");
    assert_false(try_to_write(file, &p));
    assert_string_equal(message, strerror(EBADF));
    fclose(file);
    file = tmpfile();
    static const struct {
        png_form form;
        const char *why;
    } wrong[] = {{{0, 10, 1, 8, 4}, "size"}, {{10, 0, 1, 8, 4}, "size"}, {{UINT32_MAX, 1, 4, 8, 4}, "size"},
                 {{1, UINT32_MAX, 4, 8, 4}, "size"}, {{1, 1, 2, 8, 4}, "channels"}, {{1, 1, 0, 8, 4}, "channels"},
                 {{1, 1, 5, 8, 4}, "channels"}, {{1, 1, 1, 4, 4}, "bits"}, {{1, 1, 1, 8, 10}, "level"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(sn_png_open(file, &wrong[i].form, 1, message, sizeof message));
        assert_non_null(strstr(message, wrong[i].why));
    }
    assert_int_equal(ftell(file), 0);
    fclose(file);
    sn_png_free(&p);
}

/* -------------------------------------------------------------------------------- Broken files */

static bool read_bytes(const unsigned char *bytes, size_t size)
{
    picture p;
    FILE *file = size ? fmemopen((void *)(uintptr_t)bytes, size, "rb") : fopen("/dev/null", "rb");
    assert_non_null(file);
    memset(&p, 0x55, sizeof p);
    memset(message, '#', sizeof message);
    message[0] = 0;
    bool good = sn_png_read(file, &p, message, sizeof message);
    assert_non_null(memchr(message, 0, sizeof message));
    if (!good) {
        assert_true(strlen(message) > 4);
        assert_null(p.pixels);
        assert_int_equal(p.width, 0);
    }
    sn_png_free(&p);
    fclose(file);
    return good;
}

static void refuses_broken_files(void **state)
{
    (void)state;
    static unsigned char bytes[10000], changed[10000];
    picture p = make(12, 9, 3);
    FILE *file = tmpfile();
    assert_true(try_to_write(file, &p));
    size_t size = contents(file, bytes, sizeof bytes);
    fclose(file);
    sn_png_free(&p);
    assert_true(read_bytes(bytes, size));
    for (size_t cut = 0; cut < size; cut++) {
        assert_false(read_bytes(bytes, cut));
        assert_string_equal(message, "the PNG file ends too early");
    }
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(changed, bytes, size);
            changed[at] ^= (unsigned char)(1 << bit);
            /* The check sum of the last chunk is not looked at by every libpng. */
            if (at < size - 4 && read_bytes(changed, size))
                fail_msg("bit %d of byte %zu changed, and still read", bit, at);
        }
    memset(changed, 0, sizeof changed);
    assert_false(read_bytes(changed, sizeof changed));
    assert_non_null(strstr(message, "PNG"));
    char small[6] = "#####";
    picture none;
    file = fopen("/dev/null", "rb");
    assert_false(sn_png_read(file, &none, small, 3));
    assert_memory_equal(small, "th\0##", 6);
    assert_false(sn_png_read(file, &none, small, 0));
    assert_memory_equal(small, "th\0##", 6);
    fclose(file);
}

static void put_chunk(FILE *file, const char *type, const unsigned char *data, uint32_t size)
{
    unsigned char length[4] = {(unsigned char)(size >> 24), (unsigned char)(size >> 16),
                               (unsigned char)(size >> 8), (unsigned char)size};
    uint32_t crc = 0xffffffffu;
    for (uint32_t i = 0; i < size + 4; i++) {
        crc ^= i < 4 ? (unsigned char)type[i] : data[i - 4];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    crc = ~crc;
    unsigned char sum[4] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                            (unsigned char)(crc >> 8), (unsigned char)crc};
    fwrite(length, 1, 4, file);
    fwrite(type, 1, 4, file);
    fwrite(data, 1, size, file);
    fwrite(sum, 1, 4, file);
}

static void refuses_hostile_sizes(void **state)
{
    (void)state;
    static const unsigned char headers[][13] = {
        {0, 0, 0x80, 0, 0, 0, 0x80, 0, 8, 6, 0, 0, 0},       /* 2^15 by 2^15 */
        {0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1, 8, 6, 0, 0, 0}, /* 2^31 - 1 by 1 */
        {0x0f, 0xff, 0xff, 0xff, 0, 0, 0, 2, 8, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0},
        {0x80, 0, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0},
        {0, 0, 0, 1, 0, 0, 0, 1, 9, 0, 0, 0, 0},
        {0, 0, 0, 1, 0, 0, 0, 1, 8, 1, 0, 0, 0},
        {0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 3}};
    static const unsigned char data[] = {0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1};
    unsigned char bytes[400];
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        FILE *file = tmpfile();
        fwrite("\x89PNG\r\n\x1a\n", 1, 8, file);
        put_chunk(file, "IHDR", headers[i], 13);
        put_chunk(file, "IDAT", data, sizeof data);
        put_chunk(file, "IEND", data, 0);
        size_t size = contents(file, bytes, sizeof bytes);
        fclose(file);
        assert_false(read_bytes(bytes, size));
        assert_null(strstr(message, "memory"));
        assert_null(strstr(message, "early"));
    }
}

/* -------------------------------------------------------------------------------- Other kinds */

typedef struct kind {
    int bits, color_type, interlace, transparent, channels;
} kind;

/* A 5 by 4 picture written by libpng itself. The test's own tables, no longjmp: an error aborts. */
static FILE *write_kind(const kind *k, const unsigned char *rows, size_t stride)
{
    FILE *file = tmpfile();
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    static const png_color palette[] = {{10, 20, 30}, {255, 0, 1}, {0, 255, 2}, {3, 4, 255}};
    static const png_byte alphas[] = {0, 128, 255};
    png_init_io(png, file);
    png_set_IHDR(png, info, 5, 4, k->bits, k->color_type, k->interlace, 0, 0);
    if (k->color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    if (k->transparent)
        png_set_tRNS(png, info, alphas, k->color_type == PNG_COLOR_TYPE_PALETTE ? 3 : 0,
                     &(png_color_16){.gray = 1});
    png_write_info(png, info);
    png_bytep pointers[4];
    for (size_t i = 0; i < 4; i++)
        pointers[i] = (png_bytep)(uintptr_t)(rows + i * stride);
    png_write_image(png, pointers);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    rewind(file);
    return file;
}

/* The pixel that a value of this kind must become, of 8 or 16 bits. */
static void expect_pixel(const kind *k, const unsigned char *row, size_t x, uint16_t *to)
{
    static const unsigned char palette[][3] = {{10, 20, 30}, {255, 0, 1}, {0, 255, 2}, {3, 4, 255}};
    static const unsigned char alphas[] = {0, 128, 255, 255};
    const size_t bits = (size_t)k->bits;
    unsigned index = row[x * bits / 8] >> (8 - bits % 8 - x * bits % 8) & 3;
    switch (k->color_type) {
    case PNG_COLOR_TYPE_PALETTE:
        for (size_t i = 0; i < 3; i++)
            to[i] = palette[index][i];
        to[3] = alphas[index];
        break;
    case PNG_COLOR_TYPE_GRAY:
        to[0] = to[1] = to[2] = (unsigned char)(k->bits == 2 ? index * 85 : row[x]);
        if (k->channels == 4)
            to[3] = index == 1 ? 0 : 255;
        break;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        to[0] = to[1] = to[2] = row[2 * x];
        to[3] = row[2 * x + 1];
        break;
    default:
        for (size_t i = 0; i < 4 && i < (size_t)k->channels; i++) {
            const size_t at = x * (size_t)k->channels + i;
            to[i] = k->bits == 8 ? row[at] : (uint16_t)(row[2 * at] << 8 | row[2 * at + 1]);
        }
    }
}

static void reads_other_kinds(void **state)
{
    (void)state;
    static const kind kinds[] = {
        {2, PNG_COLOR_TYPE_PALETTE, 0, 0, 3},    {2, PNG_COLOR_TYPE_PALETTE, 0, 1, 4},
        {2, PNG_COLOR_TYPE_GRAY, 0, 0, 1},       {2, PNG_COLOR_TYPE_GRAY, 0, 1, 4},
        {2, PNG_COLOR_TYPE_GRAY, 1, 0, 1},       {8, PNG_COLOR_TYPE_GRAY, 1, 0, 1},
        {8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, 0, 4}, {8, PNG_COLOR_TYPE_GRAY_ALPHA, 1, 0, 4},
        {8, PNG_COLOR_TYPE_RGB, 1, 0, 3},        {8, PNG_COLOR_TYPE_RGB_ALPHA, 1, 0, 4},
        {16, PNG_COLOR_TYPE_RGB, 0, 0, 3},       {16, PNG_COLOR_TYPE_RGB_ALPHA, 1, 0, 4}};
    unsigned char rows[4 * 40];
    for (size_t i = 0; i < sizeof rows; i++)
        rows[i] = pattern(i);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        picture p;
        FILE *file = write_kind(&kinds[i], rows, 40);
        if (!sn_png_read(file, &p, message, sizeof message))
            fail_msg("kind %zu: %s", i, message);
        fclose(file);
        assert_int_equal(p.width, 5);
        assert_int_equal(p.height, 4);
        assert_int_equal(p.channels, kinds[i].channels);
        assert_int_equal(p.depth, kinds[i].bits == 16 ? 16 : 8);
        for (size_t y = 0; y < 4; y++)
            for (size_t x = 0; x < 5; x++) {
                uint16_t expected[4];
                expect_pixel(&kinds[i], rows + 40 * y, x, expected);
                for (size_t c = 0, at = (5 * y + x) * (size_t)p.channels; c < (size_t)p.channels; c++, at++)
                    if ((p.depth == 16 ? ((const uint16_t *)(const void *)p.pixels)[at] : p.pixels[at]) != expected[c])
                        fail_msg("kind %zu differs at %zu, %zu", i, x, y);
            }
        sn_png_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),     cmocka_unit_test(reads_no_byte_too_many),
        cmocka_unit_test(writes_16_bits),            cmocka_unit_test(says_why_it_cannot_write), cmocka_unit_test(refuses_broken_files),
        cmocka_unit_test(refuses_hostile_sizes),    cmocka_unit_test(reads_other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
