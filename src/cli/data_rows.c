/* Data for a density.
 *
 * What a stranger types must either mean one thing or be refused with what could be meant: a file whose columns have no names and are
 * more than the density has is not guessed at. A single line of numbers is the one exception: for a density of one column it is a list of its values,
 * as `echo 1 2 3` makes it. */
#include "cli/data_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NPY_NUMBERS = 4096 /* of rows read at once */ };

static const char *column_at(const void *context, int i)
{
    const data_rows *d = context;
    return (uint32_t)i < d->column_count ? d->columns[i].name : NULL;
}

static uint32_t find_column(const data_rows *d, const char *name, size_t length)
{
    uint32_t k = 0;
    while (k < d->column_count && (strlen(d->columns[k].name) != length || memcmp(d->columns[k].name, name, length) != 0))
        k++;
    return k;
}

/* `x`, or `x and y`, or `x, y and z`. */
static void list_columns(const data_rows *d, char *text, size_t room)
{
    size_t n = 0;
    for (uint32_t k = 0; k < d->column_count && n < room; k++)
        n += (size_t)snprintf(text + n, room - n, "%s%s", k == 0 ? "" : k + 1 < d->column_count ? ", " : " and ", d->columns[k].name);
}

static int refuse_column(const data_rows *d, const char *where, const char *name, size_t length)
{
    char word[64], wanted[200];
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    const char *nearest = sn_cli_nearest(word, column_at, d);
    list_columns(d, wanted, sizeof wanted);
    if (nearest)
        return sn_cli_misuse(d->a->command, "%s: the density has no column %s; did you mean %s?", where, word, nearest);
    return sn_cli_misuse(d->a->command, "%s: the density has no column %s; it has %s (parameters are set by --set)", where, word, wanted);
}

/* ---- points ---- */

static size_t count_numbers(const char *text)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == ',';
    return count;
}

/* x=1,y=2: one row. */
static int read_named_point(data_rows *d, const char *text, double *row)
{
    for (uint32_t k = 0; k < d->column_count; k++)
        row[k] = NAN;
    uint64_t given[SINTER_DENSITY_MOST / 64] = {0};
    for (const char *p = text; *p; p += *p == ',') {
        const size_t name = strcspn(p, "="), whole = strcspn(p, ",");
        const uint32_t k = find_column(d, p, name);
        if (k == d->column_count)
            return refuse_column(d, "--at", p, name);
        if (given[k / 64] >> k % 64 & 1)
            return sn_cli_misuse(d->a->command, "--at %s gives %.*s twice", text, (int)name, p);
        given[k / 64] |= (uint64_t)1 << k % 64;
        if (!sn_cli_read_number(p + name + 1, whole - name - 1, d->a->type, &row[k]))
            return STATUS_BAD;
        p += whole;
    }
    for (uint32_t k = 0; k < d->column_count; k++)
        if (!(given[k / 64] >> k % 64 & 1))
            return sn_cli_misuse(d->a->command, "--at %s lacks %s", text, d->columns[k].name);
    d->point_count++;
    return STATUS_GOOD;
}

/* 1,2,3: rows of a density of one column; one row of a density of three. */
static int read_bare_point(data_rows *d, const char *text, double *rows)
{
    char wanted[200];
    const size_t count = count_numbers(text);
    if (d->column_count != 1 && count != d->column_count) {
        list_columns(d, wanted, sizeof wanted);
        return sn_cli_misuse(d->a->command, "--at %s: the density has %u columns, %s", text, d->column_count, wanted);
    }
    for (size_t i = 0; i < count; i++) {
        const size_t length = strcspn(text, ",");
        if (!sn_cli_read_number(text, length, d->a->type, &rows[i]))
            return STATUS_BAD;
        text += length + 1;
    }
    d->point_count += d->column_count == 1 ? count : 1;
    return STATUS_GOOD;
}

static int read_points(data_rows *d)
{
    size_t most = 0;
    for (int i = 0; i < d->a->point_count; i++)
        most += count_numbers(d->a->points[i]) + d->column_count;
    d->record = malloc((most + 1) * sizeof *d->record);
    if (!d->record)
        return sn_cli_fail("out of memory");
    for (int i = 0; i < d->a->point_count; i++) {
        double *to = d->record + d->point_count * d->column_count;
        const char *text = d->a->points[i];
        const int status = strchr(text, '=') ? read_named_point(d, text, to) : read_bare_point(d, text, to);
        if (status != STATUS_GOOD)
            return status;
    }
    return STATUS_GOOD;
}

/* ---- which column is which ---- */

static size_t width_of(const data_rows *d)
{
    if (d->kind == DATA_TEXT)
        return d->text.column_count;
    return d->npy.shape.axes == 2 ? d->npy.shape.shape[1] : 1;
}

static const char *name_at(const void *context, int i)
{
    const data_rows *d = context;
    return (size_t)i < d->text.column_count ? d->text.names[i] : NULL;
}

/* By a name of the file's, which it must have once; width where there is none. */
static size_t find_name(const data_rows *d, const char *name, bool *twice)
{
    const size_t width = width_of(d);
    size_t found = width;
    *twice = false;
    for (size_t i = 0; d->kind == DATA_TEXT && d->text.names && i < width; i++)
        if (strcmp(d->text.names[i], name) == 0) {
            *twice = *twice || found < width;
            found = found < width ? found : i;
        }
    return found;
}

/* What the file's columns are called, for messages: a few of them. */
static void list_names(const data_rows *d, char *text, size_t room)
{
    const size_t width = width_of(d);
    size_t n = 0;
    for (size_t i = 0; i < width && i < 8 && n < room; i++)
        n += (size_t)snprintf(text + n, room - n, "%s%s", i ? ", " : "", d->text.names[i]);
    if (width > 8 && n < room)
        snprintf(text + n, room - n, ", ... (%zu in all)", width);
}

/* What --column says: a name, else a number from 1 on. */
static int resolve(const data_rows *d, const char *said, size_t *found)
{
    bool twice;
    int64_t number;
    char names[300];
    *found = find_name(d, said, &twice);
    if (twice)
        return sn_cli_fail("%s has two columns named %s; choose by number, from 1 on: --column %zu", d->name, said, *found + 1);
    if (*found < width_of(d))
        return STATUS_GOOD;
    if (sn_cli_read_whole(said, 1, (int64_t)width_of(d), &number)) {
        *found = (size_t)number - 1;
        return STATUS_GOOD;
    }
    if (d->kind != DATA_TEXT || !d->text.names)
        return sn_cli_fail("there is no column %s in %s: its columns have no names, and are 1 to %zu", said, d->name, width_of(d));
    const char *nearest = sn_cli_nearest(said, name_at, d);
    list_names(d, names, sizeof names);
    if (nearest)
        return sn_cli_fail("there is no column %s in %s; did you mean %s?", said, d->name, nearest);
    return sn_cli_fail("there is no column %s in %s; it has %s", said, d->name, names);
}

/* The column of the file that --column gives the density's column k; NULL: it says nothing about it. */
static const assignment *said_of(const data_rows *d, uint32_t k)
{
    const assignment *said = NULL;
    for (int i = 0; i < d->a->column_count; i++) {
        const assignment *c = &d->a->columns[i];
        if (c->name_length ? find_column(d, c->name, c->name_length) == k : d->column_count == 1)
            said = c;
    }
    return said;
}

static int check_said(const data_rows *d)
{
    char wanted[200];
    for (int i = 0; i < d->a->column_count; i++) {
        const assignment *c = &d->a->columns[i];
        if (c->name_length && find_column(d, c->name, c->name_length) == d->column_count)
            return refuse_column(d, "--column", c->name, c->name_length);
        list_columns(d, wanted, sizeof wanted);
        if (!c->name_length && d->column_count != 1)
            return sn_cli_misuse(d->a->command, "--column %s: for which of the density's columns %s? As in --column %s=%s", c->text, wanted,
                                 d->columns[0].name, c->text);
    }
    return STATUS_GOOD;
}

static int refuse_width(const data_rows *d)
{
    char wanted[200];
    list_columns(d, wanted, sizeof wanted);
    if (d->column_count == 1)
        return sn_cli_fail("%s has %zu columns, the density has one, %s; choose by --column, as in --column 1", d->name, width_of(d), wanted);
    return sn_cli_fail("%s has %zu column%s without names, the density has %u, %s; choose by --column, as in --column %s=1", d->name, width_of(d),
                       width_of(d) == 1 ? "" : "s", d->column_count, wanted, d->columns[0].name);
}

static int bind_by_name(data_rows *d, uint32_t k)
{
    bool twice;
    char names[300];
    const char *name = d->columns[k].name;
    d->chosen[k] = find_name(d, name, &twice);
    if (twice)
        return sn_cli_fail("%s has two columns named %s; choose by number, from 1 on: --column %s=%zu", d->name, name, name, d->chosen[k] + 1);
    if (d->chosen[k] < width_of(d))
        return STATUS_GOOD;
    if (d->column_count == 1 && width_of(d) == 1) {
        d->chosen[k] = 0;
        return STATUS_GOOD;
    }
    list_names(d, names, sizeof names);
    const char *nearest = sn_cli_nearest(name, name_at, d);
    if (d->column_count == 1)
        return sn_cli_fail("which column of %s? It has %s; choose by --column, as in --column %s", d->name, names, nearest ? nearest : d->text.names[0]);
    return sn_cli_fail("%s has no column %s, which the density reads; it has %s; say which is meant: --column %s=%s", d->name, name, names, name,
                       nearest ? nearest : d->text.names[0]);
}

static int bind_columns(data_rows *d)
{
    const size_t width = width_of(d);
    const bool named = d->kind == DATA_TEXT && d->text.names;
    int status = check_said(d);
    if (!named && d->column_count == 1 && width > 1 && d->kind == DATA_TEXT && d->text.one_line && !d->a->column_count)
        sn_csv_take_list(&d->text);
    for (uint32_t k = 0; status == STATUS_GOOD && k < d->column_count; k++) {
        const assignment *said = said_of(d, k);
        if (said)
            status = resolve(d, said->text, &d->chosen[k]);
        else if (named)
            status = bind_by_name(d, k);
        else if (width != d->column_count && !d->text.list)
            status = refuse_width(d);
        else
            d->chosen[k] = k;
    }
    return status;
}

/* ---- files ---- */

static int fail_report(const data_rows *d, const sinter_error *e)
{
    static sinter_report report;
    sn_cli_name_report(&report, d->name);
    report.count = report.total = 1;
    report.errors[0] = *e;
    return sn_cli_print_report(e->status, &report);
}

static int open_npy(data_rows *d)
{
    char message[200];
    d->kind = DATA_NPY;
    if (!sn_npy_open(&d->npy, d->in, message, sizeof message))
        return sn_cli_fail("%s: %s", d->name, message);
    if (d->npy.shape.axes > 2)
        return sn_cli_fail("%s: arrays of one or two axes can be read, this one has %d", d->name, d->npy.shape.axes);
    if (width_of(d) > CSV_MOST_COLUMNS)
        return sn_cli_fail("%s has %zu columns; the most is %d", d->name, width_of(d), CSV_MOST_COLUMNS);
    d->record_rows = width_of(d) < NPY_NUMBERS ? NPY_NUMBERS / (width_of(d) + !width_of(d)) : 1;
    d->record = malloc((d->record_rows * width_of(d) + 1) * sizeof *d->record);
    return d->record ? STATUS_GOOD : sn_cli_fail("out of memory");
}

static int open_text(data_rows *d)
{
    sinter_error e;
    d->kind = DATA_TEXT;
    const csv_options options = {.skip_missing = d->a->skip_missing, .single = d->a->type == SINTER_F32};
    return sn_csv_open(&d->text, d->in, &options, &e) ? STATUS_GOOD : fail_report(d, &e);
}

static int open_file(data_rows *d)
{
    struct stat there;
    d->name = strcmp(d->path, "-") == 0 ? "stdin" : d->path;
    d->in = strcmp(d->path, "-") == 0 ? stdin : fopen(d->path, "rb");
    if (!d->in)
        return sn_cli_fail("cannot read %s: %s", d->path, strerror(errno));
    const bool sized = fstat(fileno(d->in), &there) == 0 && S_ISREG(there.st_mode);
    if (sized && (d->a->sum || d->a->hash || d->a->plot || !isatty(STDOUT_FILENO)))
        sn_cli_open_progress(&d->progress, "reading", there.st_size);
    /* An array begins with a byte that begins no text. */
    const int first = getc(d->in);
    if (first != EOF)
        ungetc(first, d->in);
    else if (ferror(d->in))
        return sn_cli_fail("cannot read %s: %s", d->path, strerror(errno));
    return first == 0x93 ? open_npy(d) : open_text(d);
}

int sn_cli_open_rows(data_rows *d, const arguments *a, const sinter_density_info *info)
{
    *d = (data_rows){.a = a, .path = a->data, .name = "--at", .columns = info->columns, .column_count = info->column_count,
                     .read_count = info->column_count + (a->sum_by != NULL)};
    if (!a->data)
        return read_points(d);
    d->chosen = calloc(d->read_count + 1u, sizeof *d->chosen);
    if (!d->chosen)
        return sn_cli_fail("out of memory");
    int status = open_file(d);
    if (status == STATUS_GOOD && !(d->kind == DATA_TEXT && d->text.column_count == 0))
        status = bind_columns(d);
    if (status == STATUS_GOOD && a->sum_by && width_of(d))
        status = d->text.list ? sn_cli_fail("%s is one line of numbers, without a column %s", d->name, a->sum_by) : resolve(d, a->sum_by, &d->chosen[d->column_count]);
    if (status == STATUS_GOOD && d->kind == DATA_TEXT
        && (!sn_csv_choose(&d->text, d->chosen, d->read_count) || (a->sum_by && !sn_csv_number_groups(&d->text, d->column_count, CSV_MOST_GROUPS))))
        status = sn_cli_fail("out of memory");
    return status;
}

/* ---- reading ---- */

static ptrdiff_t take_points(data_rows *d, double *const *values, size_t room)
{
    size_t count = 0;
    for (; count < room && d->next < d->point_count; count++, d->next++)
        for (uint32_t k = 0; k < d->column_count; k++)
            values[k][count] = d->record[d->next * d->column_count + k];
    return (ptrdiff_t)count;
}

static ptrdiff_t read_text(data_rows *d, double *const *values, size_t room)
{
    sinter_error e;
    const ptrdiff_t count = sn_csv_read(&d->text, values, room, &e);
    if (count < 0) {
        sn_cli_close_progress(&d->progress);
        fail_report(d, &e);
    }
    d->skipped = d->text.skipped;
    d->first_skipped = d->text.first_skipped;
    sn_cli_show_progress(&d->progress, d->text.consumed);
    return count;
}

const char *const *sn_cli_labels_by(const data_rows *d)
{
    size_t count;
    return d->kind == DATA_TEXT ? sn_csv_labels(&d->text, d->column_count, &count) : NULL;
}

/* A row of the file; whether it counts. A missing value is NaN. */
static bool take_record(data_rows *d, const double *record, double *const *values, size_t count, bool *good)
{
    d->next++;
    for (uint32_t k = 0; k < d->read_count; k++) {
        const double value = record[d->chosen[k]];
        if (isnan(value) && !d->a->skip_missing)
            *good = sn_cli_refuse("%s: row %zu, column %zu is NaN; --na skip leaves out rows with missing values", d->name, d->next, d->chosen[k] + 1);
        if (isnan(value)) {
            if (!d->skipped++)
                d->first_skipped = (int64_t)d->next;
            return false;
        }
        if (k == d->column_count && !(value >= 0 && value < CSV_MOST_GROUPS && value == floor(value)))
            *good = sn_cli_refuse("%s: row %zu, column %zu is %g; groups are whole numbers from 0 to %d", d->name, d->next, d->chosen[k] + 1, value, CSV_MOST_GROUPS - 1);
        values[k][count] = d->a->type == SINTER_F32 ? (double)(float)value : value;
    }
    return true;
}

static ptrdiff_t read_npy(data_rows *d, double *const *values, size_t room)
{
    char message[200];
    const size_t width = width_of(d), rows = d->npy.shape.shape[0];
    size_t count = 0;
    bool good = true;
    while (good && count < room && d->next < rows) {
        size_t n = rows - d->next < room - count ? rows - d->next : room - count;
        n = n < d->record_rows ? n : d->record_rows;
        if (!sn_npy_read_values(&d->npy, d->record, n * width, message, sizeof message))
            good = sn_cli_refuse("%s: %s", d->name, message);
        for (size_t i = 0; good && i < n; i++)
            count += take_record(d, d->record + i * width, values, count, &good);
    }
    sn_cli_show_progress(&d->progress, (int64_t)((double)d->progress.total * (double)d->next / ((double)rows + 1)));
    return good ? (ptrdiff_t)count : -1;
}

ptrdiff_t sn_cli_read_rows(data_rows *d, double *const *values, size_t room)
{
    const ptrdiff_t count = d->kind == DATA_POINTS ? take_points(d, values, room)
                            : d->kind == DATA_TEXT ? (d->text.column_count ? read_text(d, values, room) : 0)
                                                   : read_npy(d, values, room);
    if (count <= 0)
        sn_cli_close_progress(&d->progress);
    return count;
}

void sn_cli_tell_skipped(const data_rows *d)
{
    if (d->skipped)
        sn_cli_note("note: %s: %llu row%s left out for missing values, the first %s %lld", d->name, (unsigned long long)d->skipped,
                    d->skipped == 1 ? "" : "s", d->kind == DATA_TEXT ? "in line" : "is row", (long long)d->first_skipped);
}

void sn_cli_close_rows(data_rows *d)
{
    sn_cli_close_progress(&d->progress);
    if (d->kind == DATA_TEXT)
        sn_csv_close(&d->text);
    if (d->in && d->in != stdin)
        fclose(d->in);
    free(d->record);
    free(d->chosen);
    *d = (data_rows){0};
}
