/* Runs tests/ir/ *.ir: programs in the text form, what is to be done with each, and what must come of it.
 *
 * A file is a list of cases, each with comments above it as one likes:
 *
 *     ; run: rules identity        what is done
 *     input x: f32                 the program; where only comments stand, that of the case before
 *     …
 *     ; expect:
 *     …                            the output, up to the comments above the next `; run:`; blank lines at its
 * end do not count
 *
 *     print             the program as it is printed again
 *     rules R,R…        printed after building it under these local rules: identity, fold, relaxed, signs (or none)
 *     passes P,P…       printed after these passes, and what each removed; `default` and `default relaxed` for those of strict
 *                       and of relaxed programs
 *     gradient M N,N…   printed with its derivatives by these names; M: auto, forward or reverse
 *     errors            what the parser reports
 *     verify            the verifier's sentence, or `good`
 *     bits              the results of a run over the elements, which must be the same on every engine. Inputs, parameters and
 *                       bound tables are given in comments: `; with x: f32 = [1, nan]`; `; count 5` where there is no input
 *
 * A program that parses is also printed, parsed and printed again, each time with the same outcome. With
 * SINTER_UPDATE in the environment the files are rewritten with what came out, to be read before it is
 * believed. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "ir/ir.h"
#include "ir_engines.h"

typedef struct slice {
    const char *start, *end;
} slice;

typedef struct file_case {
    int line;
    char run[128];
    slice own;     /* between `; run:` and `; expect:` */
    slice program; /* the same, or that of a case before */
    slice expected;
} file_case;

enum { MOST_CASES = 200, MOST_FILES = 100 };

/* ---- files ---- */

static char *read_whole(const char *path, size_t *length)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    char *content = malloc((size_t)size + 1);
    assert_non_null(content);
    *length = fread(content, 1, (size_t)size, f);
    content[*length] = 0;
    fclose(f);
    return content;
}

static const char *after_line(const char *at)
{
    const char *newline = strchr(at, '\n');
    return newline ? newline + 1 : at + strlen(at);
}

static bool starts(const char *at, const char *prefix)
{
    return !strncmp(at, prefix, strlen(prefix));
}

static bool has_statement(slice s)
{
    for (const char *at = s.start; at < s.end; at = after_line(at)) {
        at += strspn(at, " ");
        if (*at != ';' && *at != '\n' && at < s.end)
            return true;
    }
    return false;
}

static slice trimmed(slice s)
{
    while (s.end > s.start && (s.end[-1] == '\n' || s.end[-1] == ' '))
        s.end--;
    return s;
}

static const char *skip_to(const char *at, const char *first, const char *second, int *line)
{
    while (*at && !starts(at, first) && !(second && starts(at, second))) {
        at = after_line(at);
        ++*line;
    }
    return at;
}

/* Before the comments that stand above a case, behind a blank line. */
static const char *before_title(const char *from, const char *at)
{
    const char *title = at;
    while (title > from) {
        const char *line = title - 1;
        while (line > from && line[-1] != '\n')
            line--;
        if (*line != ';')
            return *line == '\n' ? title : at;
        title = line;
    }
    return at;
}

static unsigned find_cases(const char *content, file_case *cases)
{
    unsigned count = 0;
    int line = 1;
    slice program = {content, content};
    for (const char *at = skip_to(content, "; run:", NULL, &line); *at;) {
        assert_true(count < MOST_CASES);
        file_case *c = &cases[count++];
        c->line = line;
        const char *run = at + strlen("; run:");
        snprintf(c->run, sizeof c->run, "%.*s", (int)strcspn(run + 1, "\n"), run + 1);
        c->own.start = after_line(at);
        line++;
        at = skip_to(c->own.start, "; expect:", "; run:", &line);
        if (!starts(at, "; expect:"))
            fail_msg("line %d: a case without `; expect:`", c->line);
        c->own.end = at;
        if (has_statement(c->own))
            program = c->own;
        c->program = program;
        c->expected.start = after_line(at);
        line++;
        at = skip_to(c->expected.start, "; run:", NULL, &line);
        c->expected.end = *at ? before_title(c->expected.start, at) : at;
    }
    return count;
}

/* ---- what is done ---- */

static sinter_status parse(ir_program *p, arena *memory, slice source, uint32_t rules, sinter_report *report)
{
    sn_ir_open(p, memory, rules);
    return sn_ir_parse(p, source.start, (size_t)(source.end - source.start), report);
}

static void add_error(text *out, const sinter_error *e)
{
    sn_text_print(out, "%d:%d: %s\n    %s\n    ", e->line, e->column, e->message, e->excerpt);
    for (int k = 1; k < e->excerpt_column; k++)
        sn_text_add(out, " ");
    sn_text_add(out, "^");
    for (int k = 1; k < e->width && k < SINTER_EXCERPT_SIZE; k++)
        sn_text_add(out, "~");
    sn_text_add(out, "\n");
    if (e->hint[0])
        sn_text_print(out, "    hint: %s\n", e->hint);
}

static void add_errors(text *out, const sinter_report *report)
{
    for (int k = 0; k < report->count; k++)
        add_error(out, &report->errors[k]);
    if (report->total > report->count)
        sn_text_print(out, "%d errors in all\n", report->total);
}

static uint32_t rules_of(const char *names)
{
    static const struct {
        const char *name;
        uint32_t rule;
    } known[] = {{"identity", IR_IDENTITY}, {"fold", IR_FOLD}, {"relaxed", IR_RELAXED}, {"signs", IR_SIGNS}, {"none", 0}};
    uint32_t rules = 0;
    while (*names) {
        const size_t length = strcspn(names, ",");
        bool found = false;
        for (unsigned k = 0; k < sizeof known / sizeof *known; k++) {
            if (strlen(known[k].name) == length && !memcmp(known[k].name, names, length)) {
                rules |= known[k].rule;
                found = true;
            }
        }
        assert_true(found);
        names += length + (names[length] == ',');
    }
    return rules;
}

static void check_good(const ir_program *p, arena *memory)
{
    const char *wrong = sn_ir_verify(p, memory);
    if (wrong)
        fail_msg("%s", wrong);
}

static bool same_memory(const ir_memory *a, const ir_memory *b)
{
    return !strcmp(a->name, b->name) && a->length == b->length && a->shortest == b->shortest
           && a->kind == b->kind && a->type == b->type && a->flush == b->flush
           && (a->kind != IR_TABLE
               || !memcmp(a->content, b->content, (size_t)a->length * sn_ir_type_size(a->type)));
}

static void check_same(const ir_program *a, const ir_program *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->ops, b->ops, a->count * sizeof *a->ops);
    assert_int_equal(a->input_count, b->input_count);
    assert_int_equal(a->output_count, b->output_count);
    assert_int_equal(a->total_count, b->total_count);
    assert_int_equal(a->param_count, b->param_count);
    assert_int_equal(a->memory_count, b->memory_count);
    assert_int_equal(a->cells, b->cells);
    assert_int_equal(!a->total_maps, !b->total_maps);
    if (a->total_maps)
        assert_memory_equal(a->total_maps, b->total_maps, a->total_count * sizeof *a->total_maps);
    for (uint32_t k = 0; k < a->param_count; k++) {
        assert_string_equal(a->params[k].name, b->params[k].name);
        assert_string_equal(a->params[k].unit, b->params[k].unit);
        assert_memory_equal(&a->params[k].initial, &b->params[k].initial, 3 * sizeof(double));
        assert_int_equal(a->params[k].curve, b->params[k].curve);
    }
    for (uint32_t k = 0; k < a->memory_count; k++)
        assert_true(same_memory(&a->memories[k], &b->memories[k]));
}

static void check_round_trip(slice source, arena *memory)
{
    ir_program first, second;
    text printed, again;
    if (parse(&first, memory, source, 0, NULL) != SINTER_OK)
        return;
    sn_text_open(&printed, memory);
    sn_ir_print(&first, &printed);
    assert_int_equal(parse(&second, memory, (slice){printed.start, printed.start + printed.length}, 0, NULL),
                     SINTER_OK);
    check_same(&first, &second);
    sn_text_open(&again, memory);
    sn_ir_print(&second, &again);
    assert_string_equal(printed.start, again.start);
}

/* The output of the case. */
static char *produce(const file_case *c, arena *memory)
{
    ir_program p;
    sinter_report report;
    text out;
    const char *rest = c->run + strcspn(c->run, " ");
    rest += *rest == ' ';
    sn_text_open(&out, memory);
    sn_text_add(&out, "");
    if (starts(c->run, "errors")) {
        assert_int_not_equal(parse(&p, memory, c->program, 0, &report), SINTER_OK);
        assert_true(report.count > 0);
        add_errors(&out, &report);
        return out.start;
    }
    const uint32_t rules = starts(c->run, "rules") ? rules_of(rest) : 0;
    if (parse(&p, memory, c->program, rules, &report) != SINTER_OK) {
        add_errors(&out, &report);
        return out.start;
    }
    if (starts(c->run, "verify")) {
        const char *wrong = sn_ir_verify(&p, memory);
        sn_text_print(&out, "%s\n", wrong ? wrong : "good");
        return out.start;
    }
    check_good(&p, memory);
    check_round_trip(c->program, memory);
    if (starts(c->run, "print") || starts(c->run, "rules"))
        sn_ir_print(&p, &out);
    else if (starts(c->run, "passes"))
        run_passes(&p, memory, rest, &out);
    else if (starts(c->run, "gradient"))
        run_gradient(&p, memory, rest, &out);
    else if (starts(c->run, "bits"))
        run_bits(&p, c->own.start, (size_t)(c->own.end - c->own.start), memory, &out);
    else
        fail_msg("there is no run `%s`", c->run);
    return out.start;
}

/* ---- the tests: one a file ---- */

static bool is_updating(void)
{
    return getenv("SINTER_UPDATE") != NULL;
}

static void rewrite_case(text *updated, const file_case *c, const char *from, const char *actual)
{
    const slice kept = trimmed((slice){actual, actual + strlen(actual)});
    sn_text_add_bytes(updated, from, (size_t)(c->expected.start - from));
    sn_text_add_bytes(updated, kept.start, (size_t)(kept.end - kept.start));
    sn_text_add(updated, *c->expected.end ? "\n\n" : "\n");
}

static void update_file(const char *path, const text *updated)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(updated->start, 1, updated->length, f), updated->length);
    fclose(f);
}

static bool check_case(const char *path, const file_case *c, const char *actual)
{
    const slice got = trimmed((slice){actual, actual + strlen(actual)}), wanted = trimmed(c->expected);
    if (got.end - got.start == wanted.end - wanted.start
        && !memcmp(got.start, wanted.start, (size_t)(got.end - got.start)))
        return true;
    print_error("%s:%d: %s\n---- expected\n%.*s\n---- came\n%.*s\n", path, c->line, c->run,
                (int)(wanted.end - wanted.start), wanted.start, (int)(got.end - got.start), got.start);
    return false;
}

static void run_file(void **state)
{
    static file_case cases[MOST_CASES];
    const char *path = *state;
    size_t length;
    char *content = read_whole(path, &length);
    const unsigned count = find_cases(content, cases);
    const char *written = content;
    unsigned wrong = 0;
    arena kept;
    text updated;
    sn_arena_open(&kept, NULL);
    sn_text_open(&updated, &kept);
    for (unsigned k = 0; k < count; k++) {
        arena memory;
        sn_arena_open(&memory, NULL);
        const char *actual = produce(&cases[k], &memory);
        if (is_updating())
            rewrite_case(&updated, &cases[k], written, actual);
        else
            wrong += !check_case(path, &cases[k], actual);
        written = cases[k].expected.end;
        sn_arena_close(&memory);
    }
    if (is_updating())
        update_file(path, &updated);
    sn_arena_close(&kept);
    free(content);
    assert_true(count > 0);
    if (wrong)
        fail_msg("%u of %u cases", wrong, count);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

static bool is_ir_file(const char *name)
{
    const size_t length = strlen(name);
    return length > 3 && !strcmp(name + length - 3, ".ir");
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MOST_FILES];
    const char *top = getenv("SINTER_TESTS");
    char folder[1024], path[2048];
    size_t count = 0;
    snprintf(folder, sizeof folder, "%s/ir", top ? top : "tests");
    DIR *files = opendir(folder);
    if (!files) {
        fprintf(stderr, "%s cannot be read\n", folder);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
        if (!is_ir_file(entry->d_name) || (argc > 1 && strcmp(argv[1], entry->d_name) != 0)
            || count == MOST_FILES)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *kept = strdup(path);
        tests[count++] = (struct CMUnitTest){
            .name = kept + strlen(folder) + 1, .test_func = run_file, .initial_state = kept};
    }
    closedir(files);
    qsort(tests, count, sizeof *tests, compare_paths);
    const int failed = _cmocka_run_group_tests("ir files", tests, count, NULL, NULL);
    for (size_t k = 0; k < count; k++)
        free(tests[k].initial_state);
    return failed || count == 0;
}
