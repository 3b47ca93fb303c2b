/* Tables of numbers as text: what they may look like, what is told of those that are wrong. */
#include "cli/csv_reader.h"

#include "kernel/kernels.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 7, COLUMNS = 4, MOST = 64 };

static sinter_error error;

typedef struct table {
    csv_reader reader;
    FILE *file;
} table;

static bool open_bytes(table *t, const char *bytes, size_t length, const csv_options *options)
{
    t->file = fmemopen((void *)(uintptr_t)bytes, length, "rb");
    assert_non_null(t->file);
    return sn_csv_open(&t->reader, t->file, options, &error);
}

static void close_table(table *t)
{
    sn_csv_close(&t->reader);
    fclose(t->file);
}

/* All columns, row by row; −1 after an error. */
static int read_all(const char *text, const csv_options *options, double *values)
{
    table t;
    size_t all[COLUMNS] = {0, 1, 2, 3};
    double columns[COLUMNS][ROWS];
    double *const places[COLUMNS] = {columns[0], columns[1], columns[2], columns[3]};
    int total = 0;
    ptrdiff_t count = -1;
    if (open_bytes(&t, text, strlen(text), options)) {
        const size_t width = t.reader.column_count;
        assert_true(width <= COLUMNS);
        assert_true(sn_csv_choose(&t.reader, all, width));
        while ((count = sn_csv_read(&t.reader, places, ROWS, &error)) > 0)
            for (ptrdiff_t i = 0; i < count; i++)
                for (size_t k = 0; k < width; k++)
                    values[total++] = columns[k][i];
    }
    close_table(&t);
    return count < 0 ? -1 : total;
}

/* The numbers of the text, with buffers of every small size and a large one. */
static void holds(const char *text, int count, const double *wanted)
{
    for (size_t buffer = 0; buffer < 40; buffer++) {
        double values[MOST] = {0};
        const csv_options options = {.buffer = buffer, .skip_missing = true};
        const int found = read_all(text, &options, values);
        if (found != count)
            fail_msg("%d numbers instead of %d with a buffer of %zu in: %s (%s)", found, count, buffer, text, error.message);
        for (int i = 0; i < count; i++)
            if (memcmp(&values[i], &wanted[i], sizeof *values) != 0)
                fail_msg("number %d is %.17g instead of %.17g with a buffer of %zu in: %s", i, values[i], wanted[i], buffer, text);
    }
}

#define HOLDS(text, ...) holds(text, (int)(sizeof(double[]){__VA_ARGS__} / sizeof(double)), (double[]){__VA_ARGS__})

static void reads_tables(void **state)
{
    (void)state;
    HOLDS("x,y\n1,2\n3,4\n", 1, 2, 3, 4);
    HOLDS("1,2\n3,4", 1, 2, 3, 4);
    HOLDS("1;2\r\n3;4\r\n", 1, 2, 3, 4);
    HOLDS("1\t2\r3\t4\r", 1, 2, 3, 4);
    HOLDS("  1   2 \n\t3 4\t\t\n", 1, 2, 3, 4);
    HOLDS("1\n2\n3\n", 1, 2, 3);
    HOLDS("\n\n1\n\n  \n2\n\n", 1, 2);
    HOLDS("\xEF\xBB\xBFx\n1\n2\n", 1, 2);
    HOLDS("# measured on a Monday, with, commas\nx,y\n1,2\n  # and a remark\n3,4\n# end", 1, 2, 3, 4);
    HOLDS("\"x\";\"y\"\n1;2\n", 1, 2);
    HOLDS("x;\"a; \"\"long\"\"\r\nname\"\r\n1;2\r\n", 1, 2);
    HOLDS("x, y\n 1 , \" 2 \" \n", 1, 2);
    HOLDS("a b c\n1 2 3\n", 1, 2, 3);
    HOLDS("x,y,z\n1,2,3\n", 1, 2, 3);
}

static void reads_numbers(void **state)
{
    (void)state;
    HOLDS("1\n-2\n+3\n-0\n.5\n5.\n1e3\n1E-3\n-2.5e+2\n", 1, -2, 3, -0.0, 0.5, 5, 1000, 0.001, -250);
    HOLDS("inf\n-inf\n+Infinity\nINF\n", INFINITY, -INFINITY, INFINITY, INFINITY); /* one column without a name would be a word */
    HOLDS("0.1\n1e400\n1e-400\n123456789012345678901234567890\n", 0.1, INFINITY, 0, 123456789012345678901234567890.0);
    HOLDS("4.9406564584124654e-324\n1.7976931348623157e308\n", 0x1p-1074, 0x1.fffffffffffffp1023);
    double once = 0;
    /* Above the middle between two f32, but rounded to f64 first it would be on it. */
    const csv_options single = {.single = true};
    assert_int_equal(read_all("1.00000005960464477539062500000000001", &single, &once), 1);
    assert_true(once == 1.00000011920928955078125);
}

static void leaves_out_missing_values(void **state)
{
    (void)state;
    HOLDS("x,y\n1,2\nNA,3\n4,\n5,6\n", 1, 2, 5, 6);
    HOLDS("1,2\n,\n,3\nnan,NaN\nnull,1\nNone,1\n?,1\n.,1\nn/a,1\n5,\"\"\n7,8\n", 1, 2, 7, 8);
    HOLDS("1\t2\n\t\n3\t\n4\t5\n", 1, 2, 4, 5);
    table t;
    double values[ROWS];
    const csv_options options = {.skip_missing = true};
    assert_true(open_bytes(&t, "x\n1\nNA\n\nNA\n2\n", 13, &options));
    assert_int_equal(sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error), 2);
    assert_int_equal(t.reader.skipped, 2);
    assert_int_equal(t.reader.first_skipped, 3);
    close_table(&t);
}

static void finds_names(void **state)
{
    (void)state;
    static const char text[] = "\"na\"\"me\", length ,NA,\n1,2,3,4\n";
    static const char *const names[] = {"na\"me", "length", "NA", ""};
    for (size_t buffer = 0; buffer < 30; buffer++) {
        table t;
        double values[ROWS];
        const csv_options options = {.buffer = buffer};
        const size_t third = 2;
        assert_true(open_bytes(&t, text, sizeof text - 1, &options));
        assert_int_equal(t.reader.column_count, 4);
        assert_non_null(t.reader.names);
        for (int i = 0; i < 4; i++)
            assert_string_equal(t.reader.names[i], names[i]);
        assert_false(t.reader.one_line);
        assert_true(sn_csv_choose(&t.reader, &third, 1));
        assert_int_equal(sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error), 1);
        assert_true(values[0] == 3);
        assert_int_equal(sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error), 0);
        close_table(&t);
    }
}

/* Text beside the chosen numbers is nobody's business. */
static void passes_over_other_columns(void **state)
{
    (void)state;
    static const char text[] = "species,length\nsetosa,5.1\n\"virginica, \"\"wild\"\"\",6.3\n,\" 1\"\n";
    table t;
    double values[ROWS];
    const csv_options options = {0};
    const size_t second = 1;
    assert_true(open_bytes(&t, text, sizeof text - 1, &options));
    assert_true(sn_csv_choose(&t.reader, &second, 1));
    assert_int_equal(sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error), 3);
    assert_true(values[0] == 5.1 && values[1] == 6.3 && values[2] == 1);
    close_table(&t);
}

static void takes_one_line_as_a_list(void **state)
{
    (void)state;
    static const char *const lists[] = {"1 2 3 4 5 6 7 8 9", "1,2,3,4,5,6,7,8,9\n", "\n 1\t2\t3\t4\t5\t6\t7\t8\t9 \r\n\n  \n"};
    for (size_t i = 0; i < 3; i++)
        for (size_t buffer = 0; buffer < 30; buffer++) {
            table t;
            double values[ROWS], next = 1;
            const csv_options options = {.buffer = buffer};
            ptrdiff_t count;
            assert_true(open_bytes(&t, lists[i], strlen(lists[i]), &options));
            assert_int_equal(t.reader.column_count, 9);
            assert_true(t.reader.one_line);
            sn_csv_take_list(&t.reader);
            while ((count = sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error)) > 0)
                for (ptrdiff_t k = 0; k < count; k++)
                    assert_true(values[k] == next++);
            assert_int_equal(count, 0);
            assert_true(next == 10);
            close_table(&t);
        }
}

static void knows_files_without_rows(void **state)
{
    (void)state;
    static const char *const texts[] = {" ", "\n", "\n\n\r\n", "# nothing", "\xEF\xBB\xBF"};
    const csv_options options = {0};
    double values[ROWS];
    for (size_t i = 0; i < 5; i++) {
        table t;
        assert_true(open_bytes(&t, texts[i], strlen(texts[i]), &options));
        assert_int_equal(t.reader.column_count, 0);
        close_table(&t);
    }
    assert_int_equal(read_all("x,y\n", &options, values), 0);
}

/* ---- errors ---- */

/* The error of a text, whatever the buffer: line, column, width; then what is said. */
static void refuses(const char *text, int line, int column, int width, const char *message, const char *hint)
{
    for (size_t buffer = 0; buffer < 40; buffer++) {
        double values[MOST];
        const csv_options options = {.buffer = buffer};
        memset(&error, 0, sizeof error);
        if (read_all(text, &options, values) >= 0)
            fail_msg("read with a buffer of %zu: %s", buffer, text);
        if (error.line != line || error.column != column || (buffer == 0 && error.width != width))
            fail_msg("at %d:%d, %d wide, instead of %d:%d, %d wide, with a buffer of %zu: %s", error.line, error.column, error.width, line, column, width,
                     buffer, text);
        if (!strstr(error.message, message) || !strstr(error.hint, hint))
            fail_msg("'%s' (%s) instead of '%s' (%s)", error.message, error.hint, message, hint);
    }
}

static void tells_what_is_wrong(void **state)
{
    (void)state;
    refuses("x,y\n1,2\n3,four\n", 3, 3, 4, "'four' is no number (column 2, y)", "NA");
    refuses("1 2\n3 4x\n", 2, 3, 2, "'4x' is no number (column 2)", "");
    refuses("1;2\n1,5;3\n", 2, 1, 3, "'1,5' is no number", "decimal point");
    refuses("1\n0x10\n", 2, 1, 4, "'0x10' is no number", "decimal numbers");
    refuses("1\n1_000\n", 2, 1, 5, "'1_000' is no number", "");
    refuses("1\n50%\n", 2, 1, 3, "'50%' is no number", "percent");
    refuses("x\n1\n\n# remark\n--1\n", 5, 1, 3, "'--1' is no number", "");
    refuses("x,y\n1,\n", 2, 3, 1, "a missing value (column 2, y)", "--na skip");
    refuses("x,y\n1,NaN\n", 2, 3, 3, "a missing value", "--na skip");
    refuses("x,y\n1,2,3\n", 2, 5, 1, "3 fields in this line, 2 in the first", "quotes");
    refuses("x,y\n1,2\n7\n", 3, 1, 1, "1 field in this line, 2 in the first", "");
    refuses("a b\nr1 1 2\n", 2, 6, 1, "3 fields in this line", "row.names = FALSE");
    refuses("x,y\n1,\"2\n3,4\n", 2, 3, 1, "never closed", "written twice");
    refuses("x,y\n1,\"2\"3\n", 2, 6, 1, "something follows the quote", "written twice");
    refuses("x,\"y\r\nz\"\r\n\"1\",w\r\n", 3, 5, 1, "'w' is no number (column 2, y??z)", "");
    refuses("m\u00fc,y\n1,\u00fc\u00fc\n", 2, 3, 2, "'\u00fc\u00fc' is no number", "");
    refuses("x\n1\n\001\002\n", 3, 1, 2, "'?\?' is no number", "");
}

static void shows_the_line(void **state)
{
    (void)state;
    sinter_report report = {.count = 1, .total = 1, .name = "a.csv"};
    char shown[512];
    double values[MOST];
    const csv_options options = {0};
    assert_int_equal(read_all("x,y\n1,2\n3,four\n", &options, values), -1);
    report.errors[0] = error;
    sinter_report_format(&report, 0, shown, sizeof shown);
    assert_string_equal(shown, "a.csv:3:3: error: 'four' is no number (column 2, y)\n    3,four\n      ^~~~\n    hint: a missing value is an empty field or NA\n");
}

/* A long line is cut around the place, never inside a character. */
static void cuts_long_lines(void **state)
{
    (void)state;
    for (int before = 0; before < 150; before++) {
        char text[600] = "";
        strcat(text, "a,b\n\"");
        for (int i = 0; i < before; i++)
            strcat(text, "\u00e9");
        strcat(text, "\",oops\n");
        double values[MOST];
        const csv_options options = {0};
        table t;
        const size_t second = 1;
        assert_true(open_bytes(&t, text, strlen(text), &options));
        assert_true(sn_csv_choose(&t.reader, &second, 1));
        assert_int_equal(sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error), -1);
        close_table(&t);
        assert_int_equal(error.line, 2);
        assert_int_equal(error.column, before + 4);
        const char *at = strstr(error.excerpt, "oops");
        assert_non_null(at);
        int characters = 1;
        for (const char *p = error.excerpt; p < at; p++)
            characters += ((unsigned char)*p & 0xC0) != 0x80;
        assert_int_equal(error.excerpt_column, characters);
        assert_true(((unsigned char)error.excerpt[0] & 0xC0) != 0x80);
    }
}

static void refuses_what_is_no_text(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t length; const char *message; } kinds[] = {
        {"\x1F\x8B\x08\x00\x00", 5, "compressed"}, {"PK\x03\x04 and more", 13, "ZIP"}, {"\xFF\xFE" "1\0,\0" "2\0", 8, "UTF-16"},
        {"1,2\n3,\0" "4\n", 9, "zero bytes"}};
    const csv_options options = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        table t;
        assert_false(open_bytes(&t, kinds[i].bytes, kinds[i].length, &options));
        if (!strstr(error.message, kinds[i].message) || !error.hint[0])
            fail_msg("'%s' instead of '%s'", error.message, kinds[i].message);
        fclose(t.file);
    }
}

/* A quote that nobody closes does not take all memory. */
static void gives_up_on_endless_records(void **state)
{
    (void)state;
    enum { LENGTH = CSV_MOST_RECORD + 1000 };
    char *bytes = malloc(LENGTH);
    assert_non_null(bytes);
    memset(bytes, 'x', LENGTH);
    memcpy(bytes, "x\n1\n\"", 5);
    table t;
    double values[ROWS];
    const csv_options options = {0};
    assert_true(open_bytes(&t, bytes, LENGTH, &options));
    assert_int_equal(sn_csv_read(&t.reader, (double *[]){values}, ROWS, &error), -1);
    assert_non_null(strstr(error.message, "longer than 16 MB"));
    assert_int_equal(error.line, 3);
    close_table(&t);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_tables),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(leaves_out_missing_values),
        cmocka_unit_test(finds_names),
        cmocka_unit_test(passes_over_other_columns),
        cmocka_unit_test(takes_one_line_as_a_list),
        cmocka_unit_test(knows_files_without_rows),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(shows_the_line),
        cmocka_unit_test(cuts_long_lines),
        cmocka_unit_test(refuses_what_is_no_text),
        cmocka_unit_test(gives_up_on_endless_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
