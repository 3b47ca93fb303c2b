/* Automation: what a file says of parameters over time, a line for each change.
 *
 *     # seconds  parameter  value
 *     0          cutoff     400
 *     1.5        cutoff     2000
 *
 * Changes fall on the sample nearest to their time; those of one sample happen in the order of their lines. What the patch declares as an event is one: each
 * line of it says when it came. All that is wrong is told, as it is of programs. */
#include "cli/command.h"
#include "lang/tree.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAME = 256 }; /* with the end; names have at most 255 bytes */

static bool add(automation *a, automation_change change)
{
    if (a->count == a->room) {
        const size_t room = a->room ? 2 * a->room : 64;
        automation_change *grown = realloc(a->changes, room * sizeof *grown);
        if (!grown)
            return sn_cli_refuse("out of memory");
        a->changes = grown;
        a->room = room;
    }
    a->changes[a->count++] = change;
    return true;
}

static const char *parameter_at(const void *context, int i)
{
    const sinter_kernel_info *info = context;
    return i < (int)info->parameter_count ? info->parameters[i].name : NULL;
}

/* An event has its time as a parameter beside it, which is called NAME.onset. */
static int onset_of(const sinter_kernel *kernel, const char *name)
{
    char onset[MOST_NAME + sizeof ".onset"];
    snprintf(onset, sizeof onset, "%s.onset", name);
    return sinter_parameter_number(kernel, onset);
}

/* ---- a text ---- */

typedef struct reader {
    lang_source source; /* whose errors have places, as those of programs */
    const char *path;
    const preparation *p;
    double rate;
} reader;

typedef struct word {
    uint32_t at, end;
} word;

static const char usual[] = "a line is: seconds parameter value";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

/* Up to four words of the line that ends there; a fourth one is one too many. */
static int split(const char *text, uint32_t at, uint32_t end, word words[4])
{
    int count = 0;
    while (count < 4) {
        while (at < end && is_blank(text[at]))
            at++;
        if (at == end || text[at] == '#')
            break;
        words[count].at = at;
        while (at < end && !is_blank(text[at]) && text[at] != '#')
            at++;
        words[count++].end = at;
    }
    return count;
}

static bool read_number(reader *r, word w, const char *what, double *value)
{
    const char *text = r->source.text + w.at;
    const uint32_t length = w.end - w.at;
    if (sn_cli_read_number(text, length, SINTER_F64, value) && !isnan(*value))
        return true;
    sn_lang_error(&r->source, SINTER_BAD_PROGRAM, w.at, w.end, usual, "'%.*s' is no %s", length < 60 ? (int)length : 60, text, what);
    return false;
}

/* −1: there is none. */
static int find_parameter(reader *r, word w, char name[MOST_NAME])
{
    const uint32_t length = w.end - w.at;
    const char *text = r->source.text + w.at, *nearest = NULL;
    int parameter = -1;
    if (length < MOST_NAME && !memchr(text, 0, length)) {
        memcpy(name, text, length);
        name[length] = 0;
        parameter = sinter_parameter_number(r->p->kernel, name);
        nearest = parameter < 0 ? sn_cli_nearest(name, parameter_at, &r->p->info) : NULL;
    }
    char hint[MOST_NAME + 20] = "";
    if (nearest)
        snprintf(hint, sizeof hint, "did you mean %s?", nearest);
    if (parameter < 0)
        sn_lang_error(&r->source, SINTER_BAD_PROGRAM, w.at, w.end, hint, "there is no parameter '%.*s'", length < 60 ? (int)length : 60, text);
    return parameter;
}

/* Something was wrong if the source has a status. */
static bool read_line(automation *a, reader *r, int line, uint32_t begin, uint32_t end)
{
    word words[4];
    char name[MOST_NAME];
    double time = 0, value = 0;
    const char *text = r->source.text;
    const int count = split(text, begin, end, words);
    if (count == 0)
        return true;
    bool good = read_number(r, words[0], "time", &time);
    if (good && !(time >= 0 && time <= 1e9)) {
        sn_lang_error(&r->source, SINTER_BAD_PROGRAM, words[0].at, words[0].end, NULL, "times are seconds from 0 to 1e9");
        good = false;
    }
    const int parameter = count > 1 ? find_parameter(r, words[1], name) : -1;
    good = count > 2 && read_number(r, words[2], "number", &value) && good;
    if (count < 3)
        sn_lang_error(&r->source, SINTER_BAD_PROGRAM, words[0].at, words[count - 1].end, usual, "this line says no %s", count == 1 ? "parameter" : "value");
    else if (count > 3)
        sn_lang_error(&r->source, SINTER_BAD_PROGRAM, words[3].at, words[3].end, usual, "there is more in this line than a time, a parameter and its value");
    if (!good || parameter < 0 || count > 3)
        return true;
    const sinter_parameter_info *const known = &r->p->info.parameters[parameter];
    if (value < known->low || value > known->high)
        sn_cli_note("%s:%d: note: %.*s is out of the range of %s and becomes its %s end", r->path, line, (int)(words[2].end - words[2].at), text + words[2].at,
                    name, value < known->low ? "lower" : "upper");
    return add(a, (automation_change){(int64_t)nearbyint(time * r->rate), parameter, onset_of(r->p->kernel, name), value, a->count});
}

static bool read_lines(automation *a, reader *r)
{
    const char *text = r->source.text;
    uint32_t begin = 0;
    for (int line = 1; begin < r->source.length; line++) {
        const char *end = memchr(text + begin, '\n', r->source.length - begin);
        const uint32_t at = end ? (uint32_t)(end - text) : r->source.length;
        if (!read_line(a, r, line, begin, at))
            return false;
        begin = at + 1;
    }
    return true;
}

/* The whole stream; NULL where it cannot be read, which has been said. */
static char *read_all(FILE *in, const char *path, size_t *length)
{
    char *text = NULL;
    size_t room = 0, got;
    *length = 0;
    do {
        if (*length == room) {
            room = room ? 2 * room : 1 << 16;
            char *grown = room <= LANG_MAX_TEXT ? realloc(text, room) : NULL;
            if (!grown) {
                free(text);
                sn_cli_refuse(room <= LANG_MAX_TEXT ? "out of memory" : "%s is too long", path);
                return NULL;
            }
            text = grown;
        }
        got = fread(text + *length, 1, room - *length, in);
        *length += got;
    } while (got > 0);
    if (!ferror(in))
        return text;
    sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    free(text);
    return NULL;
}

static int compare_changes(const void *a, const void *b)
{
    const automation_change *c = a, *d = b;
    if (c->frame != d->frame)
        return c->frame < d->frame ? -1 : 1;
    return c->order < d->order ? -1 : 1;
}

bool sn_cli_read_automation(automation *a, const char *path, const preparation *p, double rate)
{
    static sinter_report report;
    size_t length;
    *a = (automation){0};
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!in)
        return sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    char *text = read_all(in, path, &length);
    if (in != stdin)
        fclose(in);
    if (!text)
        return false;
    sn_cli_name_report(&report, path);
    reader r = {.source = {.text = text, .length = (uint32_t)length, .report = &report}, .path = path, .p = p, .rate = rate};
    bool good = read_lines(a, &r);
    if (good && report.total > 0) {
        sn_cli_print_report(SINTER_BAD_PROGRAM, &report);
        good = false;
    }
    free(text);
    if (good && a->count)
        qsort(a->changes, a->count, sizeof *a->changes, compare_changes);
    if (!good)
        sn_cli_release_automation(a);
    return good;
}

int64_t sn_cli_automate(automation *a, sinter_instance *instance, int64_t frame)
{
    while (a->next < a->count && a->changes[a->next].frame <= frame) {
        const automation_change *change = &a->changes[a->next++];
        sinter_set(instance, change->parameter, change->value);
        if (change->onset >= 0)
            sinter_jump(instance, change->onset, (double)frame);
    }
    return a->next < a->count ? a->changes[a->next].frame : INT64_MAX;
}

void sn_cli_release_automation(automation *a)
{
    free(a->changes);
    *a = (automation){0};
}
