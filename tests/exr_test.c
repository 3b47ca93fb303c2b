/* EXR files: the conversion to f16, every border of it; what is refused. Whole files are read back in command_test.py. */
#include "cli/exr_writer.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char message[200];

/* The value of an f16, by its definition. */
static double value_of(unsigned bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    const double v = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits & 0x8000 ? -v : v;
}

static void halves_are_the_nearest(void **state)
{
    (void)state;
    for (unsigned sign = 0; sign <= 0x8000; sign += 0x8000)
        for (unsigned bits = sign; bits < sign + 0x7C00; bits++) {
            /* The next one is infinity behind the largest, and then counts as 65536. */
            const double v = value_of(bits), next = value_of(bits + 1), middle = (v + next) / 2;
            assert_int_equal(sn_exr_half(v), bits);
            assert_int_equal(sn_exr_half(middle), bits + (bits & 1));
            assert_int_equal(sn_exr_half(nextafter(middle, v)), bits);
            assert_int_equal(sn_exr_half(nextafter(middle, next)), bits + 1);
        }
    assert_int_equal(sn_exr_half(INFINITY), 0x7C00);
    assert_int_equal(sn_exr_half(-INFINITY), 0xFC00);
    assert_int_equal(sn_exr_half(1e300), 0x7C00);
    assert_int_equal(sn_exr_half(5e-324), 0);
    assert_int_equal(sn_exr_half(NAN) & 0x7C00, 0x7C00);
    assert_int_not_equal(sn_exr_half(NAN) & 0x3FF, 0);
}

static void says_why_it_cannot_write(void **state)
{
    (void)state;
    const char *const names[] = {"Y", "Z"}, *const empty[] = {"Y", ""};
    const exr_form good = {.width = 4, .height = 4, .channels = 2, .names = names, .level = 4};
    FILE *file = tmpfile();
    exr_form wrong = good;
    wrong.names = empty;
    assert_null(sn_exr_open(file, &wrong, 1, message, sizeof message));
    assert_non_null(strstr(message, "names"));
    wrong = good;
    wrong.channels = 1025;
    assert_null(sn_exr_open(file, &wrong, 1, message, sizeof message));
    wrong = good;
    wrong.width = 1 << 26;
    assert_null(sn_exr_open(file, &wrong, 1, message, sizeof message));
    assert_non_null(strstr(message, "size"));
    assert_int_equal(ftell(file), 0);
    fclose(file);

    file = fopen("/dev/full", "wb");
    const float pixels[16] = {0};
    exr_writer *w = file ? sn_exr_open(file, &good, 1, message, sizeof message) : NULL;
    if (w) { /* the stream's buffer may hold all of it until the end */
        assert_true(sn_exr_pack(w, 0, 0, 4, (const void *const[]){pixels, pixels}, 4));
        assert_false(sn_exr_put(w, 0, message, sizeof message) && sn_exr_finish(w, message, sizeof message));
        assert_string_equal(message, strerror(ENOSPC));
        sn_exr_close(w);
    }
    if (file)
        fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_are_the_nearest),
        cmocka_unit_test(says_why_it_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
