/* Errors as text, word for word: place, source line, mark, hint; tabs, characters of several bytes, long
 * lines, small buffers. */
#include <sinter/sinter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static sinter_report report;

static void compile(const char *text, const char *name)
{
    sinter_context *context;
    sinter_kernel *kernel;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    assert_int_equal(sinter_compile(context, text, strlen(text), &(sinter_options){.name = name}, &kernel,
                                    &report),
                     SINTER_BAD_PROGRAM);
    sinter_close(context);
}

static void assert_shown(int i, const char *wanted)
{
    char shown[1000];
    memset(shown, '#', sizeof shown);
    const size_t length = sinter_report_format(&report, i, shown, sizeof shown);
    assert_string_equal(shown, wanted);
    assert_int_equal(length, strlen(wanted));
}

static void errors_are_shown_as_compilers_do(void **state)
{
    (void)state;
    compile("a = 1\nb = sinn(x)\na + b + tine", "wave.sn");
    assert_int_equal(report.count, 2);
    assert_shown(0, "wave.sn:2:5: error: there is no function 'sinn'\n"
                    "    b = sinn(x)\n"
                    "        ^~~~\n"
                    "    hint: did you mean 'sin'?\n");
    assert_shown(1, "wave.sn:3:9: error: there is no 'tine' here\n"
                    "    a + b + tine\n"
                    "            ^~~~\n"
                    "    hint: a field has x, y, z and t\n");
    compile("x + foo", NULL);
    assert_shown(0, "expression:1:5: error: there is no 'foo' here\n"
                    "    x + foo\n"
                    "        ^~~\n"
                    "    hint: a field has x, y, z and t\n");
}

static void marks_stand_under_their_place(void **state)
{
    (void)state;
    /* Tabs and characters of several bytes count one column each, as wide as the excerpt shows them. */
    compile("x\t+\tfoo", NULL);
    assert_shown(0, "expression:1:5: error: there is no 'foo' here\n"
                    "    x + foo\n"
                    "        ^~~\n"
                    "    hint: a field has x, y, z and t\n");
    compile("\317\200*foo", NULL);
    assert_shown(0, "expression:1:3: error: there is no 'foo' here\n"
                    "    \317\200*foo\n"
                    "      ^~~\n"
                    "    hint: a field has x, y, z and t\n");
    compile("\xC0\x80 + \001foo", NULL);
    char shown[1000];
    for (int i = 0; i < report.count; i++) {
        sinter_report_format(&report, i, shown, sizeof shown);
        for (const char *p = shown; *p; p++)
            assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    }
}

/* A name of 250 characters, of which the excerpt shows some: the mark ends with it. */
static void marks_end_with_the_excerpt(void **state)
{
    (void)state;
    char text[251], shown[1000];
    memset(text, 'a', 250);
    text[250] = 0;
    compile(text, NULL);
    assert_int_equal(report.errors[0].width, 250);
    sinter_report_format(&report, 0, shown, sizeof shown);
    const char *const excerpt = strchr(shown, '\n') + 1, *const mark = strchr(excerpt, '\n') + 1;
    const size_t bytes = (size_t)(mark - 1 - excerpt);
    assert_memory_equal(mark - 4, "\xE2\x80\xA6", 3);
    assert_int_equal(strcspn(mark, "\n"), bytes - 2); /* the ellipsis is one character of three bytes */
}

static void long_lines_are_cut_around_the_place(void **state)
{
    (void)state;
    static char text[3000];
    size_t at = 0;
    for (int k = 0; k < 300; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, "x+y+z+t+");
    snprintf(text + at, sizeof text - at, "foo+x");
    compile(text, NULL);
    assert_int_equal(report.count, 1);
    const sinter_error *e = &report.errors[0];
    assert_int_equal(e->line, 1);
    assert_int_equal(e->column, 2401);
    assert_true(strlen(e->excerpt) < SINTER_EXCERPT_SIZE);
    const char *place = strstr(e->excerpt, "foo");
    assert_non_null(place);
    int column = 1;
    for (const char *p = e->excerpt; p < place; p++)
        column += ((unsigned char)*p & 0xC0) != 0x80;
    assert_int_equal(e->excerpt_column, column);
    assert_memory_equal(e->excerpt, "\xE2\x80\xA6", 3); /* an ellipsis: something is left out before */
}

static void the_buffer_is_never_overrun(void **state)
{
    (void)state;
    compile("x + foo", NULL);
    char whole[1000], part[1000];
    const size_t length = sinter_report_format(&report, 0, whole, sizeof whole);
    for (size_t size = 0; size <= length + 2; size++) {
        memset(part, '#', sizeof part);
        assert_int_equal(sinter_report_format(&report, 0, part, size), length);
        const size_t kept = size == 0 ? 0 : size - 1 < length ? size - 1 : length;
        assert_memory_equal(part, whole, kept);
        if (size)
            assert_int_equal(part[kept], 0);
        for (size_t k = kept + (size > 0); k < length + 10; k++)
            assert_int_equal(part[k], '#');
    }
    assert_int_equal(sinter_report_format(&report, 0, NULL, 0), length);
}

static void what_is_not_there_is_not_shown(void **state)
{
    (void)state;
    char shown[10] = "unchanged";
    compile("x + foo", NULL);
    assert_int_equal(sinter_report_format(&report, 1, shown, sizeof shown), 0);
    assert_string_equal(shown, "");
    assert_int_equal(sinter_report_format(&report, -1, shown, sizeof shown), 0);
    assert_int_equal(sinter_report_format(&report, INT32_MAX, shown, sizeof shown), 0);
    assert_int_equal(sinter_report_format(NULL, 0, shown, sizeof shown), 0);
}

static void errors_without_a_place_have_one_line(void **state)
{
    (void)state;
    sinter_program *p = sinter_program_open(NULL);
    sinter_program_fail(p, "no luck");
    assert_int_equal(sinter_program_status(p, &report), SINTER_BAD_PROGRAM);
    assert_shown(0, "program: error: no luck\n");
    sinter_program_close(p);
    sinter_context *context;
    sinter_kernel *kernel;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    assert_int_equal(sinter_compile(context, "x", 1, &(sinter_options){.passes = "polish"}, &kernel, &report),
                     SINTER_BAD_PROGRAM);
    assert_shown(0, "expression: error: there is no pass \"polish\"\n"
                    "    hint: passes: identity, fold, affine, expand, hoist, dce\n");
    sinter_close(context);
}

static void twenty_errors_are_kept_and_all_are_counted(void **state)
{
    (void)state;
    static char text[2000];
    size_t at = 0;
    for (int k = 0; k < 50; k++)
        at += (size_t)snprintf(text + at, sizeof text - at, "a%d = b%d_\n", k, k);
    snprintf(text + at, sizeof text - at, "x");
    compile(text, NULL);
    assert_int_equal(report.count, SINTER_MAX_ERRORS);
    assert_int_equal(report.total, 50);
    for (int k = 0; k < report.count; k++)
        assert_int_equal(report.errors[k].line, k + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_shown_as_compilers_do),
        cmocka_unit_test(marks_stand_under_their_place),
        cmocka_unit_test(marks_end_with_the_excerpt),
        cmocka_unit_test(long_lines_are_cut_around_the_place),
        cmocka_unit_test(the_buffer_is_never_overrun),
        cmocka_unit_test(what_is_not_there_is_not_shown),
        cmocka_unit_test(errors_without_a_place_have_one_line),
        cmocka_unit_test(twenty_errors_are_kept_and_all_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
