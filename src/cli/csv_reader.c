/* Tables of numbers as text.
 *
 * The buffer holds the record under way whole; where it ends in the middle of one, the record moves to the front, more is read, and the record is cut
 * into fields anew. So fields are places in the buffer, nothing is copied, and an error can show the line that it is in. A record that does not fit makes the
 * buffer grow, up to a limit that only a quote which nobody closed reaches. */
#include "cli/csv_reader.h"

#include "base/decimal.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 1 << 18, EXCERPT_BEFORE = 60, EXCERPT_LENGTH = 120 };

/* ---- errors ---- */

static bool is_inside(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static int count_characters(const char *from, const char *to)
{
    int count = 0;
    for (; from < to; from++)
        count += !is_inside(*from);
    return count;
}

/* The line around `at`, cut where it is long; what a terminal might obey becomes a question mark. */
static void show_line(sinter_error *e, const char *line, const char *at, const char *end)
{
    const char *from = at - line > EXCERPT_BEFORE ? at - EXCERPT_BEFORE : line;
    while (from < at && is_inside(*from))
        from++;
    const char *to = from;
    while (to < end && *to != '\n' && *to != '\r' && to - from < EXCERPT_LENGTH)
        to++;
    while (to > from && to < end && is_inside(*to))
        to--;
    memcpy(e->excerpt, from, (size_t)(to - from));
    e->excerpt[to - from] = 0;
    for (char *c = e->excerpt; *c; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7F)
            *c = '?';
    for (char *c = e->excerpt + strlen(e->excerpt); c < e->excerpt + (to - from); c++)
        *c = '?';
    e->excerpt_column = count_characters(from, at) + 1;
}

static void set_hint(sinter_error *e, const char *hint)
{
    snprintf(e->hint, sizeof e->hint, "%s", hint ? hint : "");
}

/* An error without a place. */
static bool fail(sinter_error *e, sinter_status status, const char *hint, const char *message)
{
    *e = (sinter_error){.status = status};
    snprintf(e->message, sizeof e->message, "%s", message);
    set_hint(e, hint);
    return false;
}

/* An error at `width` bytes of the record under way. */
__attribute__((format(printf, 6, 7))) static bool fail_at(const csv_reader *r, sinter_error *e, const char *at, size_t width, const char *hint,
                                                          const char *format, ...)
{
    const char *line = r->buffer + r->start, *end = r->buffer + r->end;
    int64_t number = r->line;
    *e = (sinter_error){.status = SINTER_BAD_PROGRAM};
    for (const char *p = line; p < at; p++)
        if (*p == '\n' || (*p == '\r' && !(p + 1 < end && p[1] == '\n'))) {
            line = p + 1;
            number++;
        }
    e->line = number < INT_MAX ? (int)number : INT_MAX;
    e->column = count_characters(line, at) + 1;
    show_line(e, line, at, end);
    const size_t shown = strlen(e->excerpt);
    const int left = count_characters(e->excerpt, e->excerpt + shown) - e->excerpt_column + 1;
    e->width = count_characters(at, at + width);
    e->width = e->width > left ? left : e->width;
    e->width = e->width < 1 ? 1 : e->width;
    va_list values;
    va_start(values, format);
    vsnprintf(e->message, sizeof e->message, format, values);
    va_end(values);
    set_hint(e, hint);
    return false;
}

/* ---- bytes ---- */

static bool grow_buffer(csv_reader *r, sinter_error *e)
{
    if (r->room >= CSV_MOST_RECORD)
        return fail_at(r, e, r->buffer + r->start, 1, "is there a quote that is never closed?", "a line, or what stands between quotes, is longer than 16 MB");
    const size_t room = r->room > 0 && r->room < CSV_MOST_RECORD / 2 ? r->room * 2 : CSV_MOST_RECORD;
    char *grown = realloc(r->buffer, room);
    if (!grown)
        return fail(e, SINTER_NO_MEMORY, NULL, "out of memory");
    r->buffer = grown;
    r->room = room;
    return true;
}

/* More bytes behind those that are there. */
static bool fill(csv_reader *r, sinter_error *e)
{
    if (r->start > 0) {
        memmove(r->buffer, r->buffer + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
    }
    if (r->end == r->room && !grow_buffer(r, e))
        return false;
    errno = 0;
    const size_t count = fread(r->buffer + r->end, 1, r->room - r->end, r->in);
    if (ferror(r->in)) {
        char message[SINTER_MESSAGE_SIZE];
        snprintf(message, sizeof message, "cannot be read: %s", strerror(errno ? errno : EIO));
        return fail(e, SINTER_BAD_ARGUMENT, NULL, message);
    }
    r->end += count;
    r->consumed += (int64_t)count;
    r->at_end = count == 0 || feof(r->in);
    return true;
}

/* ---- records ---- */

static bool is_blank(const csv_reader *r, char c)
{
    return c == ' ' || (c == '\t' && r->delimiter != '\t');
}

static const char *skip_blanks(const csv_reader *r, const char *p, const char *end)
{
    while (p < end && is_blank(r, *p))
        p++;
    return p;
}

static bool add_field(csv_reader *r, const char *text, size_t length, bool quoted, sinter_error *e)
{
    if (r->field_count == r->field_room) {
        const size_t room = r->field_room ? 2 * r->field_room : 16;
        csv_field *grown = realloc(r->fields, room * sizeof *grown);
        if (!grown)
            return fail(e, SINTER_NO_MEMORY, NULL, "out of memory");
        r->fields = grown;
        r->field_room = room;
    }
    r->fields[r->field_count++] = (csv_field){text, length, quoted};
    return true;
}

typedef enum cut { CUT_DONE, CUT_SHORT, CUT_FAILED } cut; /* SHORT: the buffer ends before the record does */

/* From behind the opening quote; *p becomes the place behind the closing one. */
static cut cut_quoted(csv_reader *r, const char **p, const char *end, sinter_error *e)
{
    const char *text = *p, *at = text;
    for (;; at += 2) {
        at = memchr(at, '"', (size_t)(end - at));
        if (!at && !r->at_end)
            return CUT_SHORT;
        if (!at) {
            fail_at(r, e, text - 1, 1, "a quote inside a quoted field is written twice", "a quote that is never closed");
            return CUT_FAILED;
        }
        if (at + 1 == end && !r->at_end)
            return CUT_SHORT;
        if (at + 1 == end || at[1] != '"')
            break;
    }
    *p = at + 1;
    return add_field(r, text, (size_t)(at - text), true, e) ? CUT_DONE : CUT_FAILED;
}

static bool ends_plain(const csv_reader *r, char c)
{
    return c == '\n' || c == '\r' || c == r->delimiter || (r->delimiter == ' ' && c == '\t');
}

/* One field; *p becomes the place of what ends it. */
static cut cut_field(csv_reader *r, const char **p, const char *end, sinter_error *e)
{
    const char *at = *p;
    if (at < end && *at == '"') {
        *p = at + 1;
        const cut done = cut_quoted(r, p, end, e);
        if (done != CUT_DONE)
            return done;
        at = skip_blanks(r, *p, end);
        if (at < end && !ends_plain(r, *at) && r->delimiter != ' ') {
            fail_at(r, e, at, 1, "a quote inside a quoted field is written twice", "something follows the quote that ends a field");
            return CUT_FAILED;
        }
        *p = at;
        return CUT_DONE;
    }
    while (at < end && !ends_plain(r, *at))
        at++;
    const char *last = at;
    while (last > *p && is_blank(r, last[-1]))
        last--;
    const bool good = add_field(r, *p, (size_t)(last - *p), false, e);
    *p = at;
    return good ? CUT_DONE : CUT_FAILED;
}

/* The record at r->start, which is no empty line: its fields, and where it ends. */
static cut cut_record(csv_reader *r, sinter_error *e)
{
    const char *const begin = r->buffer + r->start, *const end = r->buffer + r->end;
    const char *p = begin;
    r->field_count = 0;
    for (;;) {
        p = skip_blanks(r, p, end);
        if (r->delimiter == ' ' && r->field_count > 0 && (p == end || *p == '\n' || *p == '\r'))
            break; /* spaces at the line's end are no field */
        const cut done = cut_field(r, &p, end, e);
        if (done != CUT_DONE)
            return done;
        if (p == end || *p == '\n' || *p == '\r')
            break;
        p += r->delimiter != ' ';
    }
    /* Behind a CR that is the buffer's last byte an LF may come. */
    if ((p == end || (*p == '\r' && p + 1 == end)) && !r->at_end)
        return CUT_SHORT;
    if (p < end)
        p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
    r->record = (size_t)(p - begin);
    return CUT_DONE;
}

static int64_t count_lines(const char *p, const char *end)
{
    int64_t lines = 0;
    for (; p < end; p++)
        lines += *p == '\n' || (*p == '\r' && !(p + 1 < end && p[1] == '\n'));
    return lines;
}

/* Passes over empty lines and remarks. *found: a record stands at r->start, its first bytes are there. */
static bool skip_lines(csv_reader *r, bool *found, sinter_error *e)
{
    for (;;) {
        const char *const begin = r->buffer + r->start, *const end = r->buffer + r->end;
        const char *p = begin;
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        const bool remark = p < end && *p == '#', tabs = r->delimiter == '\t' && p > begin && memchr(begin, '\t', (size_t)(p - begin));
        while (remark && p < end && *p != '\n' && *p != '\r')
            p++;
        if ((p == end || (*p == '\r' && p + 1 == end)) && !r->at_end) {
            if (!fill(r, e))
                return false;
            continue;
        }
        *found = p < end && ((*p != '\n' && *p != '\r') || tabs);
        if (p == end || *found)
            return true;
        r->start += (size_t)(p - begin) + (*p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1);
        r->line++;
    }
}

/* The next record, without taking it. */
static bool find_record(csv_reader *r, bool *found, sinter_error *e)
{
    *found = true;
    if (r->pending)
        return true;
    if (!skip_lines(r, found, e) || !*found)
        return *found ? false : !*e->message;
    cut done;
    while ((done = cut_record(r, e)) == CUT_SHORT)
        if (!fill(r, e))
            return false;
    r->pending = done == CUT_DONE;
    return r->pending;
}

static void take_record(csv_reader *r)
{
    r->line += count_lines(r->buffer + r->start, r->buffer + r->start + r->record);
    r->start += r->record;
    r->pending = false;
}

/* ---- values ---- */

typedef enum reading { READ_NUMBER, READ_MISSING, READ_TEXT } reading;

static bool says(const csv_field *f, const char *word)
{
    for (size_t i = 0; i < f->length; i++)
        if (!word[i] || tolower((unsigned char)f->text[i]) != word[i])
            return false;
    return !word[f->length];
}

static bool is_missing(const csv_field *f)
{
    static const char *const words[] = {"", "na", "n/a", "nan", "null", "none", ".", "?"};
    if (f->length > 4)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (says(f, words[i]))
            return true;
    return false;
}

/* The language's numbers have underscores and hexadecimal digits, data have not. */
static bool read_magnitude(const csv_field *f, bool single, double *value)
{
    float narrow = 0;
    for (size_t i = 0; i < f->length; i++)
        if ((f->text[i] < '0' || f->text[i] > '9') && f->text[i] != '.' && f->text[i] != 'e' && f->text[i] != 'E' && f->text[i] != '-' && f->text[i] != '+')
            return false;
    if (!single)
        return sn_decimal_read_f64(f->text, f->length, value) == f->length;
    const bool good = sn_decimal_read_f32(f->text, f->length, &narrow) == f->length;
    *value = (double)narrow;
    return good;
}

static reading read_value(const csv_field *field, bool single, double *value)
{
    csv_field f = *field;
    while (f.quoted && f.length && (*f.text == ' ' || *f.text == '\t')) {
        f.text++;
        f.length--;
    }
    while (f.quoted && f.length && (f.text[f.length - 1] == ' ' || f.text[f.length - 1] == '\t'))
        f.length--;
    if (f.length == 0 || !isdigit((unsigned char)*f.text))
        if (is_missing(&f))
            return *value = NAN, READ_MISSING;
    const bool negative = f.length && *f.text == '-';
    if (f.length && (*f.text == '-' || *f.text == '+')) {
        f.text++;
        f.length--;
    }
    if (says(&f, "inf") || says(&f, "infinity"))
        *value = INFINITY;
    else if (f.length == 0 || !read_magnitude(&f, single, value))
        return READ_TEXT;
    *value = negative ? -*value : *value;
    return READ_NUMBER;
}

/* ---- the first line ---- */

/* What is no text at all, by its first bytes. */
static bool check_kind(const csv_reader *r, sinter_error *e)
{
    const unsigned char *b = (const unsigned char *)r->buffer;
    const size_t n = r->end;
    if (n >= 2 && b[0] == 0x1F && b[1] == 0x8B)
        return fail(e, SINTER_BAD_ARGUMENT, "gunzip -c FILE | sinter density ... --data -", "a compressed file, not text");
    if (n >= 4 && b[0] == 'P' && b[1] == 'K' && b[2] < 9 && b[3] < 9)
        return fail(e, SINTER_BAD_ARGUMENT, "a spreadsheet? save it as CSV", "a ZIP archive, not text");
    if (n >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF)))
        return fail(e, SINTER_BAD_ARGUMENT, "iconv -f UTF-16 -t UTF-8 FILE | sinter density ... --data -", "text in UTF-16, not in UTF-8");
    return true;
}

/* What the line at r->start is cut by; quoted parts say nothing about it. */
static char find_delimiter(const csv_reader *r)
{
    bool quoted = false, seen[128] = {false};
    const char *const end = r->buffer + r->end;
    for (const char *p = r->buffer + r->start; p < end && (quoted || (*p != '\n' && *p != '\r')); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (unsigned char)*p < 128)
            seen[(unsigned char)*p] = true;
    }
    return seen['\t'] ? '\t' : seen[';'] ? ';' : seen[','] ? ',' : ' ';
}

/* Whether the buffer holds the first line whole, as far as can be seen before it is cut. */
static bool has_line(const csv_reader *r)
{
    bool quoted = false;
    for (size_t i = r->start; i < r->end; i++) {
        quoted ^= r->buffer[i] == '"';
        if (!quoted && (r->buffer[i] == '\n' || r->buffer[i] == '\r'))
            return true;
    }
    return r->at_end;
}

/* It names columns if no field is a number and one is a word. */
static bool is_header(const csv_reader *r)
{
    bool words = false;
    for (size_t i = 0; i < r->field_count; i++) {
        double value;
        const reading what = r->fields[i].quoted && r->fields[i].length ? READ_TEXT : read_value(&r->fields[i], false, &value);
        if (what == READ_NUMBER)
            return false;
        words = words || what == READ_TEXT;
    }
    return words;
}

static char *copy_name(const csv_field *f)
{
    char *name = malloc(f->length + 1);
    size_t length = 0;
    for (size_t i = 0; name && i < f->length; i++) {
        name[length++] = f->text[i];
        i += f->quoted && f->text[i] == '"';
    }
    if (name)
        name[length] = 0;
    return name;
}

static bool take_names(csv_reader *r, sinter_error *e)
{
    r->names = calloc(r->field_count + 1, sizeof *r->names);
    bool good = r->names != NULL;
    for (size_t i = 0; good && i < r->field_count; i++)
        good = (r->names[i] = copy_name(&r->fields[i])) != NULL;
    if (!good)
        return fail(e, SINTER_NO_MEMORY, NULL, "out of memory");
    take_record(r);
    return true;
}

/* Whether something follows the record under way, which stays; numbers must be seen before what follows is waited for. */
static bool look_further(csv_reader *r, sinter_error *e)
{
    const size_t record = r->record;
    for (;;) {
        for (size_t i = r->start + record; i < r->end; i++)
            if (!isspace((unsigned char)r->buffer[i]))
                return true;
        if (r->at_end) {
            r->one_line = true;
            return true;
        }
        if (!fill(r, e))
            return false;
    }
}

static bool read_first(csv_reader *r, sinter_error *e)
{
    bool found = true;
    while (r->end < 4 && !r->at_end)
        if (!fill(r, e))
            return false;
    if (!check_kind(r, e))
        return false;
    if (r->end >= 3 && memcmp(r->buffer, "\xEF\xBB\xBF", 3) == 0)
        r->start = 3;
    if (!skip_lines(r, &found, e) || !found)
        return !found && !*e->message;
    while (!has_line(r))
        if (!fill(r, e))
            return false;
    r->delimiter = find_delimiter(r);
    if (!find_record(r, &found, e))
        return false;
    if (memchr(r->buffer + r->start, 0, r->record))
        return fail(e, SINTER_BAD_ARGUMENT, "data are text (CSV, plain numbers) or NumPy's .npy files", "not text: it has zero bytes");
    r->column_count = r->field_count;
    if (r->column_count > CSV_MOST_COLUMNS && is_header(r))
        return fail_at(r, e, r->buffer + r->start, 1, NULL, "%zu columns; the most is %d", r->column_count, CSV_MOST_COLUMNS);
    if (is_header(r))
        return take_names(r, e);
    if (!look_further(r, e))
        return false;
    /* The buffer may have moved: the fields are cut again. */
    r->pending = false;
    return find_record(r, &found, e);
}

/* ---- reading ---- */

bool sn_csv_open(csv_reader *r, FILE *in, const csv_options *options, sinter_error *e)
{
    *r = (csv_reader){.in = in, .options = *options, .line = 1, .delimiter = ' '};
    *e = (sinter_error){0};
    r->room = options->buffer ? options->buffer : BUFFER;
    r->buffer = malloc(r->room);
    if (r->buffer ? read_first(r, e) : fail(e, SINTER_NO_MEMORY, NULL, "out of memory"))
        return true;
    sn_csv_close(r);
    return false;
}

bool sn_csv_choose(csv_reader *r, const size_t *columns, size_t count)
{
    size_t *chosen = malloc((count + 1) * sizeof *chosen);
    if (!chosen)
        return false;
    memcpy(chosen, columns, count * sizeof *chosen);
    free(r->chosen);
    r->chosen = chosen;
    r->chosen_count = count;
    return true;
}

void sn_csv_take_list(csv_reader *r)
{
    r->list = r->one_line && r->pending;
}

/* `weight`, or nothing where it has no name, for messages. */
static void name_column(const csv_reader *r, size_t column, char *text, size_t room)
{
    if (r->names && *r->names[column])
        snprintf(text, room, "column %zu, %.60s", column + 1, r->names[column]);
    else
        snprintf(text, room, "column %zu", column + 1);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

static const char *hint_for(const csv_field *f)
{
    const char *comma = memchr(f->text, ',', f->length);
    if (comma && isdigit((unsigned char)*f->text))
        return "numbers have a decimal point, no commas: 1.5";
    if (f->length > 1 && f->text[0] == '0' && (f->text[1] == 'x' || f->text[1] == 'X'))
        return "data are decimal numbers";
    if (f->length && isdigit((unsigned char)*f->text) && f->text[f->length - 1] == '%')
        return "percent signs are not read";
    return "a missing value is an empty field or NA";
}

static bool refuse_text(const csv_reader *r, size_t column, sinter_error *e)
{
    char where[128], shown[48];
    const csv_field *f = &r->fields[column];
    size_t n = f->length < 40 ? f->length : 40;
    while (n > 0 && n < f->length && is_inside(f->text[n]))
        n--;
    snprintf(shown, sizeof shown, "%.*s%s", (int)n, f->text, n < f->length ? "..." : "");
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    name_column(r, column, where, sizeof where);
    return fail_at(r, e, f->text, f->length, hint_for(f), "'%s' is no number (%s)", shown, where);
}

static bool refuse_missing(const csv_reader *r, size_t column, sinter_error *e)
{
    char where[128];
    name_column(r, column, where, sizeof where);
    return fail_at(r, e, r->fields[column].text, r->fields[column].length, "--na skip leaves out rows with missing values",
                   "a missing value (%s)", where);
}

static bool check_width(const csv_reader *r, sinter_error *e)
{
    const size_t n = r->field_count, wanted = r->column_count;
    if (n == wanted)
        return true;
    const char *at = n > wanted ? r->fields[wanted].text : r->fields[n - 1].text;
    const char *hint = n == wanted + 1 && wanted > 1 && r->names && r->delimiter == ' ' ? "does the first line lack a name for R's row names? write.table(..., row.names = FALSE)"
                       : n > wanted && r->delimiter == ',' ? "a field with a comma in it stands between quotes; decimal commas are not read" : NULL;
    return fail_at(r, e, at, n > wanted ? r->fields[wanted].length : r->fields[n - 1].length, hint, "%zu field%s in this line, %zu in the first", n,
                   n == 1 ? "" : "s", wanted);
}

/* ---- groups ---- */

bool sn_csv_number_groups(csv_reader *r, size_t k, uint32_t most)
{
    if (!r->groups)
        r->groups = calloc(r->chosen_count + 1, sizeof *r->groups);
    if (r->groups)
        r->groups[k].most = most;
    return r->groups != NULL;
}

const char *const *sn_csv_labels(const csv_reader *r, size_t k, size_t *count)
{
    *count = r->groups ? r->groups[k].count : 0;
    return r->groups && r->groups[k].labelled ? (const char *const *)r->groups[k].labels : NULL;
}

static void close_groups(csv_reader *r)
{
    for (size_t k = 0; r->groups && k < r->chosen_count; k++) {
        for (uint32_t i = 0; i < r->groups[k].count; i++)
            free(r->groups[k].labels[i]);
        free(r->groups[k].labels);
        free(r->groups[k].places);
    }
    free(r->groups);
}

static bool open_labels(csv_groups *g)
{
    for (g->place_count = 16; g->place_count < 2 * (size_t)g->most;)
        g->place_count *= 2;
    g->labels = calloc(g->most, sizeof *g->labels);
    g->places = calloc(g->place_count, sizeof *g->places);
    return g->labels && g->places;
}

/* FNV-1a of 64 bits. */
static uint64_t hash_of(const char *label)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *label; label++)
        hash = (hash ^ (unsigned char)*label) * 0x100000001B3u;
    return hash ^ hash >> 32;
}

/* Where the label is, or is to be. At least half of the places are free. */
static uint32_t *place_of(const csv_groups *g, const char *label)
{
    size_t i = hash_of(label) & (g->place_count - 1);
    while (g->places[i] && strcmp(g->labels[g->places[i] - 1], label) != 0)
        i = (i + 1) & (g->place_count - 1);
    return &g->places[i];
}

static bool number_label(const csv_reader *r, size_t column, csv_groups *g, double *value, sinter_error *e)
{
    char where[128];
    const csv_field *f = &r->fields[column];
    char *label = copy_name(f);
    if (!label || (!g->places && !open_labels(g))) {
        free(label);
        return fail(e, SINTER_NO_MEMORY, NULL, "out of memory");
    }
    uint32_t *place = place_of(g, label);
    if (!*place && g->count == g->most) {
        free(label);
        name_column(r, column, where, sizeof where);
        return fail_at(r, e, f->text, f->length, g->most < CSV_MOST_GROUPS ? "as many as the parameter has: param a[8] = 0" : NULL, "one label more than there are numbers, %lu (%s)",
                       (unsigned long)g->most, where);
    }
    if (*place) {
        free(label);
    } else {
        g->labels[g->count++] = label;
        *place = g->count;
    }
    *value = *place - 1;
    return true;
}

/* What a field of such a column was read as becomes its group. */
static bool take_group(const csv_reader *r, size_t column, csv_groups *g, reading what, double *value, sinter_error *e)
{
    char where[128];
    const csv_field *f = &r->fields[column];
    if (!g->settled)
        g->labelled = what == READ_TEXT;
    g->settled = true;
    if (g->labelled)
        return number_label(r, column, g, value, e);
    if (what == READ_TEXT)
        return refuse_text(r, column, e);
    if (*value >= 0 && *value < g->most && *value == floor(*value))
        return true;
    name_column(r, column, where, sizeof where);
    return fail_at(r, e, f->text, f->length, NULL, "groups are whole numbers from 0 to %lu (%s)", (unsigned long)g->most - 1, where);
}

/* The chosen fields of the record under way as row `row`. */
static bool read_row(csv_reader *r, double *const *values, size_t row, bool *missing, sinter_error *e)
{
    static const size_t first = 0;
    const size_t *chosen = r->chosen ? r->chosen : &first, count = r->chosen ? r->chosen_count : 1;
    *missing = false;
    for (size_t k = 0; k < count; k++) {
        const reading what = read_value(&r->fields[chosen[k]], r->options.single, &values[k][row]);
        csv_groups *groups = r->groups && r->groups[k].most ? &r->groups[k] : NULL;
        if (what == READ_TEXT && !groups)
            return refuse_text(r, chosen[k], e);
        if (what == READ_MISSING && !r->options.skip_missing)
            return refuse_missing(r, chosen[k], e);
        if (what != READ_MISSING && groups && !take_group(r, chosen[k], groups, what, &values[k][row], e))
            return false;
        *missing = *missing || what == READ_MISSING;
    }
    return true;
}

static void skip_row(csv_reader *r)
{
    if (!r->skipped++)
        r->first_skipped = r->line;
}

static ptrdiff_t read_list(csv_reader *r, double *values, size_t room, sinter_error *e)
{
    size_t count = 0;
    for (; count < room && r->list_next < r->field_count; r->list_next++) {
        const reading what = read_value(&r->fields[r->list_next], r->options.single, &values[count]);
        if (what == READ_TEXT)
            return refuse_text(r, r->list_next, e), -1;
        if (what == READ_MISSING && !r->options.skip_missing)
            return refuse_missing(r, r->list_next, e), -1;
        if (what == READ_MISSING)
            skip_row(r);
        count += what == READ_NUMBER;
    }
    return (ptrdiff_t)count;
}

ptrdiff_t sn_csv_read(csv_reader *r, double *const *values, size_t room, sinter_error *e)
{
    *e = (sinter_error){0};
    if (r->list)
        return read_list(r, values[0], room, e);
    size_t count = 0;
    while (count < room) {
        bool found, missing;
        if (!find_record(r, &found, e))
            return -1;
        if (!found)
            break;
        if (!check_width(r, e) || !read_row(r, values, count, &missing, e))
            return -1;
        if (missing)
            skip_row(r);
        count += !missing;
        take_record(r);
    }
    return (ptrdiff_t)count;
}

void sn_csv_close(csv_reader *r)
{
    for (size_t i = 0; r->names && i < r->column_count; i++)
        free(r->names[i]);
    free(r->names);
    close_groups(r);
    free(r->buffer);
    free(r->fields);
    free(r->chosen);
    *r = (csv_reader){0};
}
