/* NumPy's array files: written and read back, read from what other programs write, refused when hostile,
 * and exchanged with NumPy itself where a Python here has it. */
#include "cli/npy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char message[200];

/* A stream over a copy of the bytes. */
static FILE *stream_of(const void *bytes, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    rewind(file);
    return file;
}

/* A file's bytes: version, header text, values. */
static size_t assemble(unsigned char *to, int version, const char *header, const void *values, size_t size)
{
    size_t length = strlen(header), start = version == 1 ? 10 : 12;
    memcpy(to, "\x93NUMPY", 6);
    to[6] = (unsigned char)version;
    to[7] = 0;
    for (size_t i = 8; i < start; i++)
        to[i] = (unsigned char)(length >> 8 * (i - 8));
    memcpy(to + start, header, length);
    if (size)
        memcpy(to + start + length, values, size);
    return start + length + size;
}

static bool read_bytes(const void *bytes, size_t size, npy_type type, npy_array *array)
{
    FILE *file = stream_of(bytes, size);
    memset(message, '#', sizeof message);
    message[0] = 0;
    memset(array, 0x55, sizeof *array);
    bool good = sn_npy_read(file, type, array, message, sizeof message);
    assert_non_null(memchr(message, 0, sizeof message));
    if (good) {
        assert_string_equal(message, "");
        assert_non_null(array->data);
    } else {
        assert_true(strlen(message) > 10);
        assert_null(array->data);
        assert_int_equal(array->count, 0);
        assert_int_equal(array->axes, 0);
    }
    fclose(file);
    return good;
}

static bool read_text(int version, const char *header, const void *values, size_t size, npy_type type,
                      npy_array *array)
{
    static unsigned char bytes[100000];
    assert_true(strlen(header) + size + 12 <= sizeof bytes);
    return read_bytes(bytes, assemble(bytes, version, header, values, size), type, array);
}

static void check_shape(const npy_array *array, npy_type type, int axes, size_t a, size_t b, size_t c)
{
    assert_int_equal(array->type, type);
    assert_int_equal(array->axes, axes);
    assert_int_equal(array->shape[0], a);
    assert_int_equal(array->shape[1], b);
    assert_int_equal(array->shape[2], c);
    assert_int_equal(array->count, a * b * c);
}

static void refuses(const char *header, const char *reason)
{
    npy_array array;
    static const unsigned char values[64];
    if (read_text(1, header, values, sizeof values, NPY_ANY, &array))
        fail_msg("accepted: %s", header);
    if (!strstr(message, reason))
        fail_msg("%s: refused with '%s', expected '%s'", header, message, reason);
}

/* ---------------------------------------------------------------- Writing and reading back */

static bool write_whole(FILE *file, const npy_array *array)
{
    return sn_npy_write_header(file, array->type, array->axes, array->shape, message, sizeof message) &&
           sn_npy_write_values(file, array->type, array->data, array->count, message, sizeof message);
}

static void round_trip(npy_type type, int axes, size_t a, size_t b, size_t c)
{
    size_t size = type == NPY_F32 ? 4 : 8;
    npy_array array = {type, axes, {a, b, c}, a * b * c, NULL}, again;
    unsigned char *data = malloc(array.count * size + 1);
    for (size_t i = 0; i < array.count * size; i++) /* not-a-numbers among them, kept bit by bit */
        data[i] = (unsigned char)((i * 2654435761u) >> 7);
    array.data = data;
    FILE *file = tmpfile();
    assert_true(write_whole(file, &array));
    long end = ftell(file);
    assert_int_equal((size_t)end % 64, array.count * size % 64); /* the values begin on a border */
    rewind(file);
    assert_true(sn_npy_read(file, NPY_ANY, &again, message, sizeof message));
    check_shape(&again, type, axes, a, b, c);
    assert_memory_equal(again.data, data, array.count * size);
    assert_int_equal(ftell(file), end);
    fclose(file);
    free(data);
    sn_npy_free(&again);
    assert_null(again.data);
    sn_npy_free(&again);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    static const npy_type types[] = {NPY_F32, NPY_F64};
    for (int i = 0; i < 2; i++) {
        round_trip(types[i], 1, 0, 1, 1);
        round_trip(types[i], 1, 1, 1, 1);
        round_trip(types[i], 1, 44100, 1, 1);
        round_trip(types[i], 2, 3, 5, 1);
        round_trip(types[i], 2, 0, 7, 1);
        round_trip(types[i], 2, 700, 401, 1);
        round_trip(types[i], 3, 4, 5, 3);
        round_trip(types[i], 3, 5, 0, 3);
        round_trip(types[i], 3, 128, 128, 3);
        round_trip(types[i], 1, 3000001, 1, 1); /* grows twice */
    }
}

static void writes_in_pieces(void **state)
{
    (void)state;
    const size_t shape[] = {10, 2};
    float values[20];
    for (int i = 0; i < 20; i++)
        values[i] = (float)i / 3;
    FILE *file = tmpfile();
    assert_true(sn_npy_write_header(file, NPY_F32, 2, shape, message, sizeof message));
    for (size_t done = 0; done < 20; done += 5)
        assert_true(sn_npy_write_values(file, NPY_F32, values + done, 5, message, sizeof message));
    assert_true(sn_npy_write_values(file, NPY_F32, values, 0, message, sizeof message));
    rewind(file);
    npy_array array;
    assert_true(sn_npy_read(file, NPY_F32, &array, message, sizeof message));
    check_shape(&array, NPY_F32, 2, 10, 2, 1);
    assert_memory_equal(array.data, values, sizeof values);
    sn_npy_free(&array);
    fclose(file);
}

static void writes_the_documented_bytes(void **state)
{
    (void)state;
    const size_t shape[] = {2};
    const double values[] = {1, -2};
    unsigned char expected[144], bytes[200];
    memset(expected, ' ', 128);
    memcpy(expected, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
           67);
    expected[127] = '\n';
    memcpy(expected + 128, "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0", 16);
    npy_array array = {NPY_F64, 1, {2, 1, 1}, 2, (void *)(uintptr_t)values};
    FILE *file = tmpfile();
    assert_true(sn_npy_write_header(file, NPY_F64, 1, shape, message, sizeof message));
    assert_int_equal(ftell(file), 128);
    rewind(file);
    assert_true(write_whole(file, &array));
    rewind(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    fclose(file);
    const size_t huge[] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    file = tmpfile();
    assert_true(sn_npy_write_header(file, NPY_F64, 3, huge, message, sizeof message));
    assert_int_equal(ftell(file) % 64, 0);
    fclose(file);
}

static void says_why_it_cannot_write(void **state)
{
    (void)state;
    const size_t shape[] = {1, 1, 1};
    npy_array array = {NPY_F32, 1, {1, 1, 1}, 1, (float[]){1}};
    FILE *file = fopen("/dev/full", "wb");
    if (file) {
        setvbuf(file, NULL, _IONBF, 0);
        assert_false(write_whole(file, &array));
        assert_string_equal(message, strerror(ENOSPC));
        fclose(file);
    }
    file = fopen("/dev/null", "rb");
    assert_false(write_whole(file, &array));
    assert_string_equal(message, strerror(EBADF));
    fclose(file);
    file = tmpfile();
    assert_false(sn_npy_write_header(file, NPY_F32, 4, shape, message, sizeof message));
    assert_false(sn_npy_write_header(file, NPY_F32, 0, shape, message, sizeof message));
    assert_false(sn_npy_write_header(file, NPY_ANY, 1, shape, message, sizeof message));
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

/* -------------------------------------------------------------------------------- Reading */

#define HEADER(descr, shape) "{'descr': '" descr "', 'fortran_order': False, 'shape': " shape ", }      \n"

static void converts(void **state)
{
    (void)state;
    npy_array array;
    static const unsigned char i32[] = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x80, 1, 0, 0, 1};
    assert_true(read_text(1, HEADER("<i4", "(4,)"), i32, sizeof i32, NPY_ANY, &array));
    check_shape(&array, NPY_F64, 1, 4, 1, 1);
    assert_memory_equal(array.data, ((double[]){1, -1, -2147483648.0, 16777217}), 32);
    sn_npy_free(&array);
    assert_true(read_text(1, HEADER("<i4", "(4,)"), i32, sizeof i32, NPY_F32, &array));
    check_shape(&array, NPY_F32, 1, 4, 1, 1);
    assert_memory_equal(array.data, ((float[]){1, -1, -2147483648.0f, 16777216}), 16);
    sn_npy_free(&array);

    static const unsigned char i64[] = {2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0x20, 0};
    assert_true(read_text(1, HEADER("<i8", "(3,)"), i64, sizeof i64, NPY_ANY, &array));
    check_shape(&array, NPY_F64, 1, 3, 1, 1);
    assert_memory_equal(array.data, ((double[]){2, -1, 9007199254740992}), 24); /* 2^53 + 1, to even */
    sn_npy_free(&array);
    assert_true(read_text(1, HEADER("<i8", "(3,)"), i64, sizeof i64, NPY_F32, &array));
    assert_memory_equal(array.data, ((float[]){2, -1, 9007199254740992}), 12);
    sn_npy_free(&array);

    static const unsigned char i16[] = {1, 0, 0xff, 0xff, 0, 0x80, 0xff, 0x7f};
    assert_true(read_text(1, HEADER("<i2", "(2, 2)"), i16, sizeof i16, NPY_ANY, &array));
    check_shape(&array, NPY_F32, 2, 2, 2, 1);
    assert_memory_equal(array.data, ((float[]){1, -1, -32768, 32767}), 16);
    sn_npy_free(&array);
    assert_true(read_text(1, HEADER("<i2", "(2, 2)"), i16, sizeof i16, NPY_F64, &array));
    assert_memory_equal(array.data, ((double[]){1, -1, -32768, 32767}), 32);
    sn_npy_free(&array);

    static const unsigned char u8[] = {0, 1, 127, 128, 255, 7};
    assert_true(read_text(1, HEADER("|u1", "(1, 2, 3)"), u8, sizeof u8, NPY_ANY, &array));
    check_shape(&array, NPY_F32, 3, 1, 2, 3);
    assert_memory_equal(array.data, ((float[]){0, 1, 127, 128, 255, 7}), 24);
    sn_npy_free(&array);
    assert_true(read_text(1, HEADER("|u1", "(6,)"), u8, sizeof u8, NPY_F64, &array));
    assert_memory_equal(array.data, ((double[]){0, 1, 127, 128, 255, 7}), 48);
    sn_npy_free(&array);

    const double f64[] = {0.1, DBL_MAX, -INFINITY, 5e-324};
    assert_true(read_text(1, HEADER("<f8", "(4,)"), f64, sizeof f64, NPY_F32, &array));
    assert_memory_equal(array.data, ((float[]){0.1f, INFINITY, -INFINITY, 0}), 16);
    sn_npy_free(&array);
    const float f32[] = {0.1f, FLT_MAX, -INFINITY, 1e-45f};
    assert_true(read_text(1, HEADER("<f4", "(4,)"), f32, sizeof f32, NPY_F64, &array));
    assert_memory_equal(array.data, ((double[]){(double)0.1f, (double)FLT_MAX, -INFINITY, 0x1p-149}), 32);
    sn_npy_free(&array);
}

static void reads_in_pieces(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    static float values[2 * ROWS];
    static double read[2 * ROWS];
    npy_reader r;
    for (int i = 0; i < 2 * ROWS; i++)
        values[i] = (float)i / 3;
    for (size_t most = 1; most < 10000; most = most * 3 + 1) {
        FILE *file = tmpfile();
        assert_non_null(file);
        assert_true(write_whole(file, &(npy_array){NPY_F32, 2, {ROWS, 2, 1}, (size_t)2 * ROWS, values}));
        fputs("what follows", file);
        rewind(file);
        assert_true(sn_npy_open(&r, file, message, sizeof message));
        assert_int_equal(r.shape.axes, 2);
        assert_int_equal(r.shape.shape[0], ROWS);
        while (r.done < r.shape.count) {
            const size_t left = r.shape.count - r.done, count = most < left ? most : left;
            assert_true(sn_npy_read_values(&r, read + r.done, count, message, sizeof message));
        }
        for (int i = 0; i < 2 * ROWS; i++)
            assert_true(read[i] == (double)values[i]);
        assert_int_equal(fgetc(file), 'w');
        rewind(file);
        assert_int_equal(ftruncate(fileno(file), 128 + 4 * (off_t)ROWS + 2), 0);
        assert_true(sn_npy_open(&r, file, message, sizeof message));
        assert_true(sn_npy_read_values(&r, read, ROWS, message, sizeof message));
        assert_false(sn_npy_read_values(&r, read, 1, message, sizeof message));
        assert_non_null(strstr(message, "fewer than its shape says"));
        fclose(file);
    }
}

static void accepts(int version, const char *header)
{
    npy_array array;
    const float values[] = {1, 2, 3, 4, 5, 6};
    if (!read_text(version, header, values, sizeof values, NPY_F32, &array))
        fail_msg("%s: refused with '%s'", header, message);
    check_shape(&array, NPY_F32, 2, 2, 3, 1);
    assert_memory_equal(array.data, values, sizeof values);
    sn_npy_free(&array);
}

static void reads_headers_however_written(void **state)
{
    (void)state;
    for (int version = 1; version <= 3; version++) {
        accepts(version, HEADER("<f4", "(2, 3)"));
        accepts(version, "{'descr':'<f4','fortran_order':False,'shape':(2,3)}");
        accepts(version, "{\"shape\": (2L, 3L,), \"fortran_order\": False, \"descr\": \"<f4\"}\n");
        accepts(version,
                "  { 'fortran_order' :\tFalse ,\r\n 'descr' : '<f4' , 'shape' : ( 2 , 3 , ) , }  \n\n");
        accepts(version, "{'descr': '<f4', 'fortran_order': False, 'shape': (0002, 3)}");
    }
    char header[60000];
    int length = snprintf(header, sizeof header, HEADER("<f4", "(2, 3)"));
    memset(header + length, ' ', sizeof header - (size_t)length);
    header[sizeof header - 1] = 0;
    accepts(1, header);
    accepts(2, header);
    npy_array array;
    const float values[] = {1, 2, 3};
    assert_true(read_text(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (3,)}", values, 12, NPY_ANY,
                          &array));
    check_shape(&array, NPY_F32, 1, 3, 1, 1); /* one axis has no order */
    sn_npy_free(&array);
    assert_true(read_text(1, HEADER("<f4", "(0, 18446744073709551615)"), NULL, 0, NPY_ANY, &array));
    assert_int_equal(array.count, 0);
    sn_npy_free(&array);
}

static void refuses_what_it_cannot_use(void **state)
{
    (void)state;
    refuses(HEADER(">f4", "(2,)"), "big-endian");
    refuses(HEADER("<c8", "(2,)"), "'<c8' are not supported");
    refuses(HEADER("<f2", "(2,)"), "'<f2' are not supported");
    refuses(HEADER("|b1", "(2,)"), "'|b1' are not supported");
    refuses(HEADER("|f4", "(2,)"), "'|f4' are not supported");
    refuses(HEADER("<U7", "(2,)"), "'<U7' are not supported");
    refuses(HEADER("|O", "(2,)"), "'|O' are not supported");
    refuses(HEADER("", "(2,)"), "'' are not supported");
    refuses(HEADER("<", "(2,)"), "'<' are not supported");
    refuses("{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,), }", "records");
    refuses("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", "column by column");
    refuses(HEADER("<f4", "()"), "single value");
    refuses(HEADER("<f4", "(1, 1, 1, 1)"), "more than three axes");
}

static void refuses_broken_headers(void **state)
{
    (void)state;
    refuses("", "'{' is missing");
    refuses("{", "string is missing");
    refuses("{}", "descr, fortran_order or shape is missing");
    refuses("{'descr'", "':' is missing");
    refuses("{'descr':", "string is missing");
    refuses("{'descr': '<f4", "''' is missing");
    refuses("{'descr': '<f4\", 'fortran_order': False, 'shape': (2,), }", "not supported");
    refuses("{'descr': '<f4'", "'}' is missing");
    refuses("{'descr': '<f4', }", "is missing");
    refuses("{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", "twice");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "unknown key");
    refuses("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "neither True nor False");
    refuses("{'descr': '<f4', 'fortran_order': Falsely, 'shape': (2,)}", "'}' is missing");
    refuses("{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}", "'}' is missing");
    refuses(HEADER("<f4", "2"), "'(' is missing");
    refuses(HEADER("<f4", "(2)"), "no tuple");
    refuses(HEADER("<f4", "(-2,)"), "size is missing");
    refuses(HEADER("<f4", "(2.0,)"), "')' is missing");
    refuses(HEADER("<f4", "(,)"), "size is missing");
    refuses(HEADER("<f4", "(2,,)"), "size is missing");
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3}", "')' is missing");
    refuses(HEADER("<f4", "(2, 3,"), "size is missing");
    refuses(HEADER("<f4", "(0x2,)"), "')' is missing");
    refuses(HEADER("<f4", "(2,)") "x", "something follows");
    refuses(HEADER("<f4", "(2,)") "{}", "something follows");
    refuses("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}", "strange characters");
    refuses("{'descr': '\n', 'fortran_order': False, 'shape': (2,)}", "strange characters");
    refuses("{'descr': '<f4444444444444444444444444444444444444444', 'fortran_order': False}", "too long");
    refuses("(((((((((((((((((((((((((((((((((((((((((((((((((", "'{' is missing");
}

static void refuses_hostile_sizes(void **state)
{
    (void)state;
    refuses(HEADER("<f4", "(18446744073709551616,)"), "too large");
    refuses(HEADER("<f4", "(99999999999999999999999999999999999999999,)"), "too large");
    refuses(HEADER("<f4", "(18446744073709551615,)"), "more elements");
    refuses(HEADER("|u1", "(18446744073709551615,)"), "more elements");
    refuses(HEADER("|u1", "(4294967296, 4294967296)"), "more elements");
    refuses(HEADER("|u1", "(4294967296, 4294967296, 4294967296)"), "more elements");
    refuses(HEADER("<f8", "(9223372036854775807, 2)"), "more elements");
    refuses(HEADER("<f8", "(2305843009213693952,)"), "more elements"); /* 2^61 times 8 wraps to 0 */
    /* What can be addressed is believed, but no memory is taken for what does not arrive. */
    refuses(HEADER("<f8", "(1000000000000000000,)"), "fewer than its shape says");
    refuses(HEADER("<f4", "(1000000, 1000000, 100000)"), "fewer than its shape says");
    refuses(HEADER("<f8", "(9,)"), "fewer than its shape says"); /* there are 64 bytes */
    npy_array array;
    unsigned char bytes[64] = "\x93NUMPY\x02\x00\xff\xff\xff\xff{}";
    assert_false(read_bytes(bytes, sizeof bytes, NPY_ANY, &array));
    assert_non_null(strstr(message, "4294967295 bytes"));
    memcpy(bytes + 8, "\x00\x01\x00\x00", 4);
    assert_false(read_bytes(bytes, sizeof bytes, NPY_ANY, &array));
    assert_non_null(strstr(message, "within its header"));
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    unsigned char bytes[300] = {0};
    const float values[] = {1, 2, 3};
    npy_array array;
    for (int version = 1; version <= 2; version++) {
        size_t size = assemble(bytes, version, HEADER("<f4", "(3,)"), values, sizeof values);
        for (size_t cut = 0; cut < size; cut++) {
            assert_false(read_bytes(bytes, cut, NPY_ANY, &array));
            assert_non_null(strstr(message, "the file ends within its "));
        }
        assert_true(read_bytes(bytes, size, NPY_ANY, &array));
        sn_npy_free(&array);
    }
    assert_false(read_bytes("P5 640 480 255 and so on", 24, NPY_ANY, &array));
    assert_non_null(strstr(message, "not a .npy file"));
    assemble(bytes, 4, HEADER("<f4", "(3,)"), values, sizeof values);
    assert_false(read_bytes(bytes, 120, NPY_ANY, &array));
    assert_non_null(strstr(message, "version 4.0"));
    FILE *folder = fopen("/", "rb");
    if (folder) {
        assert_false(sn_npy_read(folder, NPY_ANY, &array, message, sizeof message));
        assert_non_null(strstr(message, "cannot read: "));
        fclose(folder);
    }
}

/* Bytes changed at random: no crash (the sanitizers watch), and a result only if it is consistent. */
static void survives_changed_bytes(void **state)
{
    (void)state;
    static const char *const parts[] = {"'", "(",       ")",       "{",    "}",  ",", ":",
                                        "9", "'shape'", "'descr'", "True", "\\", "L", "\""};
    uint64_t random = 88172645463325252u;
    unsigned char bytes[300] = {0};
    const double values[6] = {1, 2, 3, 4, 5, 6};
    size_t good = 0, bad = 0;
    for (int i = 0; i < 60000; i++) {
        npy_array array;
        char short_message[24];
        size_t size = assemble(bytes, 1 + i % 3, HEADER("<f8", "(2, 3)"), values, sizeof values);
        for (int changes = 0; changes <= i % 4; changes++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            size_t at = random % 90;
            const char *part = parts[(random >> 20) % (sizeof parts / sizeof *parts)];
            if (random >> 60 & 1)
                bytes[at] = (unsigned char)(random >> 32);
            else
                memcpy(bytes + at, part, strlen(part));
        }
        FILE *file = fmemopen(bytes, size, "rb");
        assert_non_null(file);
        if (sn_npy_read(file, NPY_F32, &array, short_message, sizeof short_message)) {
            size_t product = array.shape[0] * array.shape[1] * array.shape[2];
            assert_int_equal(array.count, product);
            assert_true(array.count <= size);
            sn_npy_free(&array);
            good++;
        } else {
            assert_non_null(memchr(short_message, 0, sizeof short_message));
            bad++;
        }
        fclose(file);
    }
    assert_true(good > 100 && bad > 10000);
}

static void reads_no_byte_too_many(void **state)
{
    (void)state;
    int ends[2];
    unsigned char bytes[400];
    const float values[] = {1, 2, 3, 4};
    assert_int_equal(pipe(ends), 0);
    size_t size = assemble(bytes, 1, HEADER("<f4", "(3,)"), values, 12);
    size += assemble(bytes + size, 2, HEADER("<f4", "(2, 2)"), values, 16);
    assert_int_equal(write(ends[1], bytes, size), size);
    close(ends[1]);
    FILE *in = fdopen(ends[0], "rb");
    npy_array array;
    assert_true(sn_npy_read(in, NPY_ANY, &array, message, sizeof message));
    check_shape(&array, NPY_F32, 1, 3, 1, 1);
    sn_npy_free(&array);
    assert_true(sn_npy_read(in, NPY_ANY, &array, message, sizeof message));
    check_shape(&array, NPY_F32, 2, 2, 2, 1);
    sn_npy_free(&array);
    assert_int_equal(fgetc(in), EOF);
    fclose(in);
}

static void writes_messages_into_any_room(void **state)
{
    (void)state;
    npy_array array;
    for (size_t room = 0; room < 20; room++) {
        char small[20];
        memset(small, '#', sizeof small);
        FILE *file = stream_of("nothing of the kind", 19);
        assert_false(sn_npy_read(file, NPY_ANY, &array, small, room));
        if (room)
            assert_int_equal(strlen(small), room - 1);
        for (size_t i = room; i < sizeof small; i++)
            assert_int_equal(small[i], '#');
        fclose(file);
    }
}

/* -------------------------------------------------------------------------------- NumPy */

static const char *python_with_numpy(void)
{
    static const char *const candidates[] = {"python3", "/usr/bin/python3"};
    char command[100];
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        snprintf(command, sizeof command, "%s -c 'import numpy' >/dev/null 2>&1", candidates[i]);
        if (system(command) == 0)
            return candidates[i];
    }
    return NULL;
}

static void understands_numpy(void **state)
{
    (void)state;
    static const char *const program =
        "import numpy as n, sys\n"
        "d = sys.argv[1]\n"
        "for i, t in enumerate(['<f4', '<f8', '<i4', '<i2', '|u1']):\n"
        "    for k, s in enumerate([(24,), (4, 6), (2, 3, 4)]):\n"
        "        n.save('%s/from%d%d.npy' % (d, i, k), (n.arange(24) * 5).astype(t).reshape(s))\n"
        "with open(d + '/from2.npy', 'wb') as f:\n"
        "    n.lib.format.write_array(f, n.arange(24.0), (2, 0))\n"
        "a, b = n.load(d + '/to0.npy', allow_pickle=False), n.load(d + '/to1.npy', allow_pickle=False)\n"
        "assert a.dtype == n.float32 and a.shape == (7,) and (a == n.arange(7, dtype='f4') / "
        "n.float32(3)).all()\n"
        "assert b.dtype == n.float64 and b.shape == (2, 1, 3) and (b.ravel() == n.arange(6) / 3).all()\n"
        "assert not n.isfortran(b)\n";
    const char *python = python_with_numpy();
    if (!python)
        skip();
    char folder[] = "/tmp/npy_test_XXXXXX", path[60], command[2000];
    assert_non_null(mkdtemp(folder));
    float narrow[7];
    double wide[6];
    for (int i = 0; i < 7; i++)
        narrow[i] = (float)i / 3;
    for (int i = 0; i < 6; i++)
        wide[i] = i / 3.0;
    const npy_array arrays[] = {{NPY_F32, 1, {7, 1, 1}, 7, narrow}, {NPY_F64, 3, {2, 1, 3}, 6, wide}};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/to%d.npy", folder, i);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_true(write_whole(file, &arrays[i]));
        fclose(file);
    }
    snprintf(path, sizeof path, "%s/program.py", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(program, file);
    fclose(file);
    snprintf(command, sizeof command, "%s %s/program.py %s", python, folder, folder);
    assert_int_equal(system(command), 0);
    for (int i = 0; i < 16; i++) {
        npy_array array;
        if (i < 15)
            snprintf(path, sizeof path, "%s/from%d%d.npy", folder, i / 3, i % 3);
        else
            snprintf(path, sizeof path, "%s/from2.npy", folder);
        file = fopen(path, "rb");
        assert_non_null(file);
        if (!sn_npy_read(file, NPY_F64, &array, message, sizeof message))
            fail_msg("%s: %s", path, message);
        fclose(file);
        const size_t shapes[3][3] = {{24, 1, 1}, {4, 6, 1}, {2, 3, 4}};
        const size_t *shape = shapes[i < 15 ? i % 3 : 0];
        check_shape(&array, NPY_F64, i < 15 ? i % 3 + 1 : 1, shape[0], shape[1], shape[2]);
        for (int k = 0; k < 24; k++)
            assert_true(((double *)array.data)[k] == (i < 15 ? k * 5 : k));
        sn_npy_free(&array);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(writes_in_pieces),
        cmocka_unit_test(writes_the_documented_bytes),
        cmocka_unit_test(says_why_it_cannot_write),
        cmocka_unit_test(converts),
        cmocka_unit_test(reads_in_pieces),
        cmocka_unit_test(reads_headers_however_written),
        cmocka_unit_test(refuses_what_it_cannot_use),
        cmocka_unit_test(refuses_broken_headers),
        cmocka_unit_test(refuses_hostile_sizes),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_changed_bytes),
        cmocka_unit_test(reads_no_byte_too_many),
        cmocka_unit_test(writes_messages_into_any_room),
        cmocka_unit_test(understands_numpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
