/* Number text against the C library's, whose strtod and strtof round correctly in the C locale and which
 * prints any number of digits exactly. Where a German locale is installed, everything runs under it, and
 * the C library is asked in the C locale through newlocale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/decimal.h"
#include "repetitions.h"

static locale_t c_locale;

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1du;
}

static uint64_t bits_of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t bits_of_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double f64_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float f32_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* What follows the text is a digit, which a reader that ignores the length would take for its own. */
static char *with_trap(const char *text, size_t length)
{
    static char copy[1 << 16];
    assert_true(length < sizeof copy);
    memcpy(copy, text, length);
    copy[length] = '7';
    return copy;
}

/* glibc before 2.38 drops the last bit of a number in the subnormal range that takes exactly one bit more than the
 * normal precision (its bug 30220). A long double holds such a number whole and is rounded to ours. */
static bool is_glibc_bug_30220(const char *text, double ours, bool single)
{
    const long double value = strtold_l(text, NULL, c_locale);
    int exponent;
    const long double bits = ldexpl(frexpl(value, &exponent), single ? 25 : 54);
    return fabs(ours) < (single ? (double)FLT_MIN : DBL_MIN) && bits == rintl(bits) &&
           ours == (single ? (double)(float)value : (double)value);
}

/* Our reading of the text, all of which must be a number, against the C library's. */
static void check_reading(const char *text)
{
    size_t length = strlen(text);
    const char *trapped = with_trap(text, length);
    double wide, expected_wide = strtod_l(text, NULL, c_locale);
    float narrow, expected_narrow = strtof_l(text, NULL, c_locale);
    size_t used_wide = sn_decimal_read_f64(trapped, length, &wide);
    size_t used_narrow = sn_decimal_read_f32(trapped, length, &narrow);
    if (used_wide != length ||
        (bits_of_f64(wide) != bits_of_f64(expected_wide) && !is_glibc_bug_30220(text, wide, false)))
        fail_msg("f64 %.900s: used %zu of %zu, read %a, expected %a", text, used_wide, length, wide,
                 expected_wide);
    if (used_narrow != length ||
        (bits_of_f32(narrow) != bits_of_f32(expected_narrow) && !is_glibc_bug_30220(text, (double)narrow, true)))
        fail_msg("f32 %.900s: used %zu of %zu, read %a, expected %a", text, used_narrow, length,
                 (double)narrow, (double)expected_narrow);
}

/* %.*e, %.*f or %.*a in the C locale. */
static void print_in_c(char *buffer, size_t room, const char *format, int precision, double value)
{
    locale_t previous = uselocale(c_locale);
    int length = snprintf(buffer, room, format, precision, value);
    uselocale(previous);
    assert_true(length > 0 && (size_t)length < room);
}

/* -------------------------------------------------------------------------------- Reading */

static void check_prefix(const char *text, size_t expected_length, double expected)
{
    double wide = -7;
    float narrow = -7;
    size_t length = strlen(text);
    size_t used = sn_decimal_read_f64(text, length, &wide);
    if (used != expected_length || bits_of_f64(wide) != bits_of_f64(expected_length ? expected : -7))
        fail_msg("%s: used %zu, not %zu; read %g, not %g", text, used, expected_length, wide, expected);
    used = sn_decimal_read_f32(text, length, &narrow);
    assert_int_equal(used, expected_length);
    assert_int_equal(bits_of_f32(narrow), bits_of_f32(expected_length ? (float)expected : -7));
}

static void takes_the_longest_prefix(void **state)
{
    (void)state;
    check_prefix("", 0, 0);
    check_prefix(".", 0, 0);
    check_prefix("..5", 0, 0);
    check_prefix("+1", 0, 0);
    check_prefix("-1", 0, 0);
    check_prefix("inf", 0, 0);
    check_prefix("nan", 0, 0);
    check_prefix("e5", 0, 0);
    check_prefix("_1", 0, 0);
    check_prefix("x", 0, 0);
    check_prefix(" 1", 0, 0);
    check_prefix("0", 1, 0);
    check_prefix("00", 2, 0);
    check_prefix("007", 3, 7);
    check_prefix("12", 2, 12);
    check_prefix("12,5", 2, 12);
    check_prefix("1.5.5", 3, 1.5);
    check_prefix(".5", 2, 0.5);
    check_prefix(".5e1x", 4, 5);
    check_prefix("2.", 2, 2);
    check_prefix("2./3", 2, 2);
    check_prefix("2.)", 2, 2);
    check_prefix("2.e3", 4, 2000);
    check_prefix("2.e3x", 4, 2000);
    check_prefix("20..20000", 2, 20);
    check_prefix("2.xy", 1, 2);
    check_prefix("2.e", 1, 2);
    check_prefix("2._5", 1, 2);
    check_prefix("2.5xy", 3, 2.5);
    check_prefix("1e", 1, 1);
    check_prefix("1e+", 1, 1);
    check_prefix("1e-", 1, 1);
    check_prefix("1e+-3", 1, 1);
    check_prefix("1e3", 3, 1000);
    check_prefix("1E+3", 4, 1000);
    check_prefix("1e-3", 4, 0.001);
    check_prefix("1e1_0", 5, 1e10);
    check_prefix("1e_3", 1, 1);
    check_prefix("1_000", 5, 1000);
    check_prefix("1_000.000_5", 11, 1000.0005);
    check_prefix("1_", 1, 1);
    check_prefix("1__0", 1, 1);
    check_prefix("1_.5", 1, 1);
    check_prefix("1_e5", 1, 1);
    check_prefix("1._5", 1, 1);
    check_prefix("5%", 1, 5);
    check_prefix("5'", 1, 5);
    check_prefix("1/", 1, 1);
    check_prefix("1:", 1, 1);
    check_prefix("1\xff", 1, 1);
    check_prefix("0x", 1, 0);
    check_prefix("0xg", 1, 0);
    check_prefix("0x.", 1, 0);
    check_prefix("0x_1", 1, 0);
    check_prefix("0x1F", 4, 31);
    check_prefix("0XfF", 4, 255);
    check_prefix("0xDEAD_BEEF", 11, 3735928559.0);
    check_prefix("0x1.8p3", 7, 12);
    check_prefix("0x1.8P-3", 8, 0.1875);
    check_prefix("0x1.8", 5, 1.5);
    check_prefix("0x.8", 4, 0.5);
    check_prefix("0x1p", 3, 1);
    check_prefix("0x1p+", 3, 1);
    check_prefix("0x1..2", 3, 1);
    check_prefix("0x1.p1", 6, 2);
    check_prefix("0x1.q", 3, 1);
    check_prefix("0x1e3", 5, 0x1e3);
    check_prefix("0x0p9", 5, 0);
    check_prefix("1e99999999999999999999999999", 28, INFINITY);
    check_prefix("1e-99999999999999999999999999", 29, 0);
    check_prefix("0e99999999999999999999999999", 28, 0);
    check_prefix("0x1p99999999999999999999999999", 30, INFINITY);
    check_prefix("0x1p-99999999999999999999999999", 31, 0);
}

static void stops_at_the_length(void **state)
{
    (void)state;
    const char *text = "0x12.5e67";
    const size_t expected[] = {0, 1, 1, 3, 4, 5, 6, 7, 8, 9};
    double value;
    for (size_t length = 0; length <= 9; length++)
        assert_int_equal(sn_decimal_read_f64(text, length, &value), expected[length]);
    const char *decimal = "12.5e+67";
    const size_t expected_decimal[] = {0, 1, 2, 3, 4, 4, 4, 7, 8};
    for (size_t length = 0; length <= 8; length++)
        assert_int_equal(sn_decimal_read_f64(decimal, length, &value), expected_decimal[length]);
}

static void reads_powers_of_ten(void **state)
{
    (void)state;
    static const char *const mantissas[] = {"1",
                                            "9",
                                            "1.5",
                                            "9.999999999999999",
                                            "9007199254740993",
                                            "18446744073709551615",
                                            "18446744073709551616",
                                            "9999999999999999999",
                                            "99999999999999999999",
                                            "1000000000000000000000000000000000000000001"};
    char text[80];
    for (size_t i = 0; i < sizeof mantissas / sizeof *mantissas; i++)
        for (int exponent = -420; exponent <= 420; exponent++) {
            snprintf(text, sizeof text, "%se%d", mantissas[i], exponent);
            check_reading(text);
        }
}

static void reads_known_hard_cases(void **state)
{
    (void)state;
    static const char *const texts[] = {"2.2250738585072011e-308",
                                        "2.2250738585072012e-308",
                                        "2.2250738585072014e-308",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327208e-324",
                                        "2.4703282292062328e-324",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "179769313486231580793e289",
                                        "3.4028234663852886e38",
                                        "3.4028235677973366e38",
                                        "3.4028235677973367e38",
                                        "3.40282357e38",
                                        "1.1754943508222875e-38",
                                        "1.1754942807573643e-38",
                                        "1.401298464324817e-45",
                                        "7.006492321624085e-46",
                                        "7.006492321624086e-46",
                                        "7.0064923216240853546186479164495e-46",
                                        "7.0064923216240853546186479164496e-46",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "9007199254740993.0000000000000000001",
                                        "16777217",
                                        "16777217.0000000001",
                                        "16777216.9999999999",
                                        "8388608.5",
                                        "8388609.5",
                                        "4503599627370497.5",
                                        "1.00000005960464477539062500",
                                        "1.00000005960464477539062499",
                                        "1.00000005960464477539062501",
                                        "0.1",
                                        "0.2",
                                        "0.3",
                                        "0.7",
                                        "123456789012345678901234567890",
                                        "6.02214076e23",
                                        "1e23",
                                        "8.41e21",
                                        "9.5e22"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_reading(texts[i]);
}

/* Text of a decimal expansion with one added to or taken from its last digit of the mantissa. */
static void change_last_digit(char *text, int by)
{
    char *p = strpbrk(text, "eE");
    for (p = p ? p - 1 : text + strlen(text) - 1; p >= text; p--) {
        if (*p == '.')
            continue;
        *p = (char)(*p + by);
        if (*p >= '0' && *p <= '9')
            return;
        *p = by > 0 ? '0' : '9';
    }
}

static void insert_before_exponent(char *text, const char *digits)
{
    char *exponent = strchr(text, 'e'), saved[16];
    assert_non_null(exponent);
    snprintf(saved, sizeof saved, "%s", exponent);
    strcpy(exponent, digits);
    strcat(text, saved);
}

/* The exact expansion of significand * 2^exponent, and texts right beside it. */
static void check_around(long double value)
{
    char text[20000], changed[20000], zeros[6000];
    locale_t previous = uselocale(c_locale);
    int length = snprintf(text, sizeof text, "%.820Le", value);
    uselocale(previous);
    assert_true(length > 0 && length < (int)sizeof text);
    char *end = strchr(text, 'e'), *last = end;
    while (last[-1] == '0' && last[-2] != '.')
        last--;
    memmove(last, end, strlen(end) + 1); /* without the zeros at its end */
    check_reading(text);
    for (int by = -1; by <= 1; by += 2) {
        strcpy(changed, text);
        change_last_digit(changed, by);
        check_reading(changed);
    }
    memset(zeros, '0', sizeof zeros);
    strcpy(zeros + 1000, "");
    strcpy(changed, text);
    insert_before_exponent(changed, zeros);
    check_reading(changed);
    strcpy(zeros + 999, "1");
    strcpy(changed, text);
    insert_before_exponent(changed, zeros);
    check_reading(changed);
    strcpy(changed, text);
    change_last_digit(changed, -1);
    memset(zeros, '9', 1000);
    insert_before_exponent(changed, zeros);
    check_reading(changed);
}

/* Middles between neighbouring numbers of binary64 and of binary32, exactly: long double holds both. */
static void reads_middles(void **state)
{
    (void)state;
    static const uint64_t chosen[] = {0,
                                      1,
                                      2,
                                      3,
                                      0xffffffffffffeu,
                                      0xfffffffffffffu,
                                      0x10000000000000u,
                                      0x10000000000001u,
                                      0x1fffffffffffffu,
                                      0x20000000000000u,
                                      0x7fefffffffffffffu,
                                      0x7feffffffffffffeu,
                                      0x3ff0000000000000u,
                                      0x433fffffffffffffu,
                                      0x4340000000000000u};
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen + 1500; i++) {
        uint64_t bits = i < sizeof chosen / sizeof *chosen ? chosen[i] : random_bits() >> 1;
        if (i % 3 == 1 && i > 20)
            bits &= 0x000fffffffffffffu | bits >> 9; /* more of the small ones */
        if (bits >= 0x7ff0000000000000u)
            continue;
        double low = f64_of_bits(bits), high = f64_of_bits(bits + 1);
        long double middle = bits + 1 == 0x7ff0000000000000u ? 0x1.fffffffffffff8p1023L
                                                             : ((long double)low + (long double)high) / 2;
        check_around(middle);
    }
    for (int i = 0; i < 1500; i++) {
        uint32_t bits = i < 4   ? (uint32_t)i
                        : i < 8 ? 0x7f7fffffu - (uint32_t)(i - 4)
                                : (uint32_t)(random_bits() >> 33);
        if (i % 3 == 1 && i > 8)
            bits &= 0x7fffff;
        if (bits >= 0x7f800000u)
            continue;
        double low = f32_of_bits(bits), high = f32_of_bits(bits + 1);
        check_around(bits + 1 == 0x7f800000u ? 0x1.ffffffp127L
                                             : ((long double)low + (long double)high) / 2);
    }
}

static void reads_random_texts(void **state)
{
    (void)state;
    char text[1200];
    for (uint64_t i = 0; i < repetitions(400000); i++) {
        int digits = (int)(random_bits() % (i % 8 == 0 ? 60 : 20)) + 1, n = 0;
        int point = (int)(random_bits() % (unsigned)(digits + 1));
        if (i % 1000 == 0)
            digits = 1000;
        for (int k = 0; k < digits; k++) {
            if (k == point)
                text[n++] = '.';
            text[n++] = (char)('0' + random_bits() % 10);
        }
        if (random_bits() % 4)
            n += snprintf(text + n, 16, "e%d",
                          (int)(random_bits() % (i % 3 ? 30 : 760)) - (i % 3 ? 15 : 380));
        text[n] = 0;
        check_reading(text);
    }
}

/* Every number of few digits, at every exponent where Eisel's and Clinger's shortcuts change hands. */
static void reads_short_texts(void **state)
{
    (void)state;
    char text[32];
    for (int whole = 0; whole < 1000; whole++)
        for (int exponent = -60; exponent <= 60; exponent += 4) {
            snprintf(text, sizeof text, "%de%d", whole, exponent + whole % 4);
            check_reading(text);
        }
}

static void reads_printed_numbers(void **state)
{
    (void)state;
    char text[64];
    for (uint64_t i = 0; i < repetitions(100000); i++) {
        uint64_t bits = random_bits() >> 1;
        if (bits >= 0x7ff0000000000000u)
            continue;
        print_in_c(text, sizeof text, "%.*e", (int)(random_bits() % 25), f64_of_bits(bits));
        check_reading(text);
        float narrow = f32_of_bits((uint32_t)(bits >> 32) % 0x7f800000u);
        print_in_c(text, sizeof text, "%.*e", (int)(random_bits() % 12), (double)narrow);
        check_reading(text);
    }
}

static void reads_long_texts(void **state)
{
    (void)state;
    static char text[50000];
    for (int length = 700; length <= 40000; length = length * 3 / 2 + 1) {
        memset(text, '3', (size_t)length);
        text[1] = '.';
        text[length] = 0;
        check_reading(text);
        memset(text, '0', (size_t)length);
        text[1] = '.';
        strcpy(text + length, "1");
        check_reading(text);
        snprintf(text + length, 40, "123456789012345678901e%d", length);
        check_reading(text);
        memset(text, '0', (size_t)length);
        text[0] = '9';
        snprintf(text + length, 40, "e-%d", length);
        check_reading(text);
        text[length - 1] = '1';
        check_reading(text);
    }
}

static void reads_hexadecimal(void **state)
{
    (void)state;
    char text[200];
    for (uint64_t i = 0; i < repetitions(100000); i++) {
        int digits = (int)(random_bits() % (i % 8 == 0 ? 40 : 16)) + 1,
            point = (int)(random_bits() % (unsigned)(digits + 1));
        int n = snprintf(text, sizeof text, "0x");
        for (int k = 0; k < digits; k++) {
            if (k == point && k)
                text[n++] = '.';
            unsigned choice = (unsigned)(random_bits() % 20);
            text[n++] = choice < 16 ? "0123456789abcDEF"[choice] : i % 2 ? '0' : 'f';
        }
        if (random_bits() % 8)
            n += snprintf(text + n, 16, "p%d", (int)(random_bits() % 2400) - 1200);
        text[n] = 0;
        check_reading(text);
    }
    static const char *const texts[] = {"0x1.00000100000000001",
                                        "0x1.000001",
                                        "0x1.000003",
                                        "0x1.00000000000008",
                                        "0x1.00000000000008000001",
                                        "0x1.00000000000018",
                                        "0x1p-1074",
                                        "0x1p-1075",
                                        "0x1.000000000000000000001p-1075",
                                        "0x1p-1076",
                                        "0x1.8p-1074",
                                        "0x1p-149",
                                        "0x1p-150",
                                        "0x1.8p-150",
                                        "0x1p-151",
                                        "0x1.fffffffffffffp1023",
                                        "0x1.fffffffffffff7fffffffffp1023",
                                        "0x1.fffffffffffff8p1023",
                                        "0x1p1024",
                                        "0x1.fffffep127",
                                        "0x1.ffffffp127",
                                        "0x1.fffffefffp127",
                                        "0x0.00000000000000000000000000000001p128",
                                        "0xffffffffffffffff",
                                        "0xfffffffffffffffff",
                                        "0x10000000000000001",
                                        "0xb44263f7716014p-1079"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_reading(texts[i]);
}

/* Underscores change the length and nothing else, on the long road as well. */
static void skips_underscores(void **state)
{
    (void)state;
    char plain[1000], divided[2000], exact[1000];
    print_in_c(exact, sizeof exact, "%.*f", 700, 0x1.0000000000001p-640);
    for (int i = 0; i < 200; i++) {
        size_t n = 0, m = 0;
        const char *source = exact;
        if (i > 0) {
            snprintf(plain, sizeof plain, "%llu.%lluE%d", (unsigned long long)random_bits(),
                     (unsigned long long)random_bits(), (int)(random_bits() % 600) - 300);
            source = plain;
        }
        for (; source[n]; n++) {
            divided[m++] = source[n];
            if (source[n] >= '0' && source[n] <= '9' && source[n + 1] >= '0' && source[n + 1] <= '9' &&
                random_bits() % 2)
                divided[m++] = '_';
        }
        double value;
        assert_int_equal(sn_decimal_read_f64(divided, m, &value), m);
        assert_int_equal(bits_of_f64(value), bits_of_f64(strtod_l(source, NULL, c_locale)));
    }
}

/* -------------------------------------------------------------------------------- Writing */

static void check_text(double value, const char *expected_wide, const char *expected_narrow)
{
    char buffer[SN_DECIMAL_ROOM];
    assert_int_equal(sn_decimal_write_f64(value, buffer), strlen(expected_wide));
    assert_string_equal(buffer, expected_wide);
    assert_int_equal(sn_decimal_write_f32((float)value, buffer), strlen(expected_narrow));
    assert_string_equal(buffer, expected_narrow);
}

static void writes_readable_forms(void **state)
{
    (void)state;
    check_text(0, "0", "0");
    check_text(-0.0, "-0", "-0");
    check_text(1, "1", "1");
    check_text(-1, "-1", "-1");
    check_text(1.5, "1.5", "1.5");
    check_text(0.1, "0.1", "0.1");
    check_text(-0.25, "-0.25", "-0.25");
    check_text(100, "100", "100");
    check_text(1234567.25, "1234567.25", "1234567.2");
    check_text(16777216, "16777216", "16777216");
    check_text(33554432, "33554432", "33554432");
    check_text(99999992, "99999992", "99999992");
    check_text(1e8, "100000000", "1e+8");
    check_text(123456789, "123456789", "1.2345679e+8");
    check_text(9007199254740992.0, "9007199254740992", "9.007199e+15");
    check_text(9999999999999998.0, "9999999999999998", "1e+16");
    check_text(1e15, "1000000000000000", "1e+15");
    check_text(1e16, "1e+16", "1e+16");
    check_text(1e30, "1e+30", "1e+30");
    check_text(-1.5e300, "-1.5e+300", "-inf");
    check_text(0.5, "0.5", "0.5");
    check_text(0.05, "0.05", "0.05");
    check_text(0.001, "0.001", "0.001");
    check_text(0.00001, "0.00001", "0.00001");
    check_text(0.0000123, "0.0000123", "0.0000123");
    check_text(0.000001, "1e-6", "1e-6");
    check_text(1.25e-7, "1.25e-7", "1.25e-7");
    check_text(5e-324, "5e-324", "0");
    check_text(1e-323, "1e-323", "0");
    check_text(DBL_MAX, "1.7976931348623157e+308", "inf");
    check_text(-DBL_MIN, "-2.2250738585072014e-308", "-0");
    check_text((double)FLT_MAX, "3.4028234663852886e+38", "3.4028235e+38");
    check_text((double)FLT_MIN, "1.1754943508222875e-38", "1.1754944e-38");
    check_text(0x1p-149, "1.401298464324817e-45", "1e-45");
    check_text(3.141592653589793, "3.141592653589793", "3.1415927");
    check_text(1125899906842624.25, "1125899906842624.2", "1.1258999e+15");
    check_text(9.5e22, "9.5e+22", "9.5e+22");
    check_text(INFINITY, "inf", "inf");
    check_text(-INFINITY, "-inf", "-inf");
    check_text((double)NAN, "nan", "nan");
    check_text(-(double)NAN, "nan", "nan");
}

/* Length that reads back; the buffer is checked for writes behind its end. */
static size_t write_f64(double value, char *buffer)
{
    memset(buffer, '#', SN_DECIMAL_ROOM + 8);
    size_t length = sn_decimal_write_f64(value, buffer);
    assert_true(length <= 24 && strlen(buffer) == length);
    assert_memory_equal(buffer + SN_DECIMAL_ROOM, "########", 8);
    double again;
    size_t sign = buffer[0] == '-';
    size_t used = sn_decimal_read_f64(buffer + sign, length - sign, &again);
    if (used + sign != length || bits_of_f64(sign ? -again : again) != bits_of_f64(value))
        fail_msg("%a is written as %s, which reads as %a", value, buffer, again);
    return length;
}

static size_t write_f32(float value, char *buffer)
{
    memset(buffer, '#', SN_DECIMAL_ROOM + 8);
    size_t length = sn_decimal_write_f32(value, buffer);
    assert_true(length <= 24 && strlen(buffer) == length);
    assert_memory_equal(buffer + SN_DECIMAL_ROOM, "########", 8);
    float again;
    size_t sign = buffer[0] == '-';
    size_t used = sn_decimal_read_f32(buffer + sign, length - sign, &again);
    if (used + sign != length || bits_of_f32(sign ? -again : again) != bits_of_f32(value))
        fail_msg("%a is written as %s, which reads as %a", (double)value, buffer, (double)again);
    return length;
}

static void round_trips(void **state)
{
    (void)state;
    char buffer[SN_DECIMAL_ROOM + 8];
    for (uint64_t i = 0; i < repetitions(1000000); i++) {
        uint64_t bits = random_bits();
        if (i % 4 == 3)
            bits = bits_of_f64((double)(int64_t)(bits >> (bits % 64)) / (double)(1 + i % 1000));
        double wide = f64_of_bits(bits);
        if (wide == wide)
            write_f64(wide, buffer);
        float narrow = i % 4 == 3 ? (float)wide : f32_of_bits((uint32_t)(bits >> 32));
        if (narrow == narrow)
            write_f32(narrow, buffer);
    }
}

static bool reads_as(const char *text, double value, bool narrow)
{
    return narrow ? strtof_l(text, NULL, c_locale) == (float)value
                  : strtod_l(text, NULL, c_locale) == value;
}

/* The significant digits of a text of ours, without zeros at either end. */
static int significant(const char *text, char *digits)
{
    int count = 0, last = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        digits[count++] = *text;
        if (*text != '0')
            last = count;
    }
    digits[last] = 0;
    return last;
}

/* No text of one digit less reads back; of those of as many, the closest that does is ours. Whole numbers
 * in plain form are shown exactly, so only their length is compared. */
static void check_shortest(double value, bool narrow)
{
    char buffer[SN_DECIMAL_ROOM + 8], digits[32], text[64], expected[32];
    value = fabs(value);
    if (narrow)
        write_f32((float)value, buffer);
    else
        write_f64(value, buffer);
    bool plain_whole = strpbrk(buffer, ".e") == NULL;
    int count = significant(buffer, digits);
    if (plain_whole) {
        print_in_c(text, sizeof text, "%.*f", 0, value);
        assert_string_equal(buffer, text);
        return;
    }
    if (count > 1) {
        print_in_c(text, sizeof text, "%.*e", count - 2, value);
        assert_false(reads_as(text, value, narrow));
        for (int by = -1; by <= 1; by += 2) {
            print_in_c(text, sizeof text, "%.*e", count - 2, value);
            change_last_digit(text, by);
            if (reads_as(text, value, narrow))
                fail_msg("%a is written as %s, but %s is shorter", value, buffer, text);
        }
    }
    print_in_c(text, sizeof text, "%.*e", count - 1, value);
    significant(text, expected);
    if (reads_as(text, value, narrow) && strcmp(digits, expected) != 0)
        fail_msg("%a is written as %s, but %s is closer", value, buffer, text);
}

static void writes_the_shortest(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent <= 1023; exponent++)
        for (int step = -1; step <= 1; step++) {
            uint64_t bits = bits_of_f64(ldexp(1, exponent));
            check_shortest(f64_of_bits(bits + (uint64_t)step), false);
            float narrow = (float)ldexp(1, exponent);
            if (exponent >= -149 && exponent <= 127)
                check_shortest((double)f32_of_bits(bits_of_f32(narrow) + (uint32_t)step), true);
        }
    char text[16];
    for (int exponent = -323; exponent <= 308; exponent++)
        for (int step = -2; step <= 2; step++) {
            snprintf(text, sizeof text, "1e%d", exponent);
            double value = f64_of_bits(bits_of_f64(strtod_l(text, NULL, c_locale)) + (uint64_t)step);
            if (value < (double)INFINITY)
                check_shortest(value, false);
            float narrow = f32_of_bits(bits_of_f32(strtof_l(text, NULL, c_locale)) + (uint32_t)step);
            if (exponent > -45 && exponent <= 38 && narrow < (float)INFINITY)
                check_shortest((double)narrow, true);
        }
    for (uint64_t i = 0; i < repetitions(100000); i++) {
        uint64_t bits = random_bits() >> 1;
        if (i % 2)
            bits = bits_of_f64((double)(bits >> 30) / 1024);
        if (bits < 0x7ff0000000000000u)
            check_shortest(f64_of_bits(bits), false);
        float narrow = i % 2 ? (float)f64_of_bits(bits) : f32_of_bits((uint32_t)(bits >> 32));
        if (narrow < (float)INFINITY)
            check_shortest((double)narrow, true);
    }
}

/* -------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Not a test: what the functions cost, printed if asked for. */
static void print_costs(void)
{
    static const char *const texts[] = {
        "1", "0.5", "2.95", "8.13008", "0.175", "1e-3", "440.0", "3.141592653589793", "6.02214076e23"};
    enum { COUNT = sizeof texts / sizeof *texts, ROUNDS = 300000 };
    size_t lengths[COUNT], sum = 0;
    for (size_t i = 0; i < COUNT; i++)
        lengths[i] = strlen(texts[i]);
    double started = seconds(), wide = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < COUNT; i++)
            sum += sn_decimal_read_f64(texts[i], lengths[i], &wide);
    double read_f64 = (seconds() - started) / (ROUNDS * COUNT);
    float narrow;
    started = seconds();
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < COUNT; i++)
            sum += sn_decimal_read_f32(texts[i], lengths[i], &narrow);
    double read_f32 = (seconds() - started) / (ROUNDS * COUNT);
    char buffer[SN_DECIMAL_ROOM];
    started = seconds();
    for (int i = 0; i < ROUNDS; i++)
        sum += sn_decimal_write_f64((double)i / 7, buffer);
    double write_wide = (seconds() - started) / ROUNDS;
    started = seconds();
    for (int i = 0; i < ROUNDS; i++)
        sum += sn_decimal_write_f32((float)i / 7, buffer);
    double write_narrow = (seconds() - started) / ROUNDS;
    printf("read f64 %.1f ns, f32 %.1f ns; write f64 %.0f ns, f32 %.0f ns (%zu)\n", 1e9 * read_f64,
           1e9 * read_f32, 1e9 * write_wide, 1e9 * write_narrow, sum);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_longest_prefix),
        cmocka_unit_test(stops_at_the_length),
        cmocka_unit_test(reads_powers_of_ten),
        cmocka_unit_test(reads_known_hard_cases),
        cmocka_unit_test(reads_middles),
        cmocka_unit_test(reads_random_texts),
        cmocka_unit_test(reads_short_texts),
        cmocka_unit_test(reads_printed_numbers),
        cmocka_unit_test(reads_long_texts),
        cmocka_unit_test(reads_hexadecimal),
        cmocka_unit_test(skips_underscores),
        cmocka_unit_test(writes_readable_forms),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(writes_the_shortest),
    };
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "de_DE"))
        print_message("# no German locale here: not tested under one\n");
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return 1;
    if (argc > 1 && strcmp(argv[1], "--costs") == 0)
        print_costs();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    freelocale(c_locale);
    return failed;
}
