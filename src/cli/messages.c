/* What the command says: errors, reports, remarks, how far it has come.
 *
 * Everything goes to the standard error stream, without colours. Names of files and words of the command line
 * are shown as they are but for control characters, which could make a terminal do what it should not. */
#include "cli/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_ROOM = 1024 };

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list values)
{
    char text[MESSAGE_ROOM];
    vsnprintf(text, sizeof text, format, values);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
    fflush(stdout); /* so that what belongs before stands before, where both go to one place */
    fprintf(stderr, "sinter: %s\n", text);
}

int sn_cli_fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    return STATUS_BAD;
}

bool sn_cli_refuse(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    return false;
}

int sn_cli_misuse(const command *c, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    if (c)
        fprintf(stderr, "`sinter help %s` tells how to use it\n", c->name);
    else
        fprintf(stderr, "`sinter help` tells how to use it\n");
    return STATUS_USAGE;
}

void sn_cli_note(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
}

void sn_cli_name_report(sinter_report *report, const char *name)
{
    const size_t length = strlen(name);
    *report = (sinter_report){0};
    snprintf(report->name, sizeof report->name, "%s%s", length < sizeof report->name ? "" : "...",
             length < sizeof report->name ? name : name + length - (sizeof report->name - 4));
    for (char *c = report->name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

int sn_cli_print_report(sinter_status status, const sinter_report *report)
{
    fflush(stdout);
    for (int i = 0; i < report->count; i++) {
        char text[2048];
        sinter_report_format(report, i, text, sizeof text);
        fputs(text, stderr);
    }
    if (report->total > report->count)
        fprintf(stderr, "sinter: and %d more errors\n", report->total - report->count);
    if (report->count == 0)
        sn_cli_fail("%s", sinter_status_name(status));
    return STATUS_BAD;
}

/* ---- did you mean ---- */

enum { NAME_MOST = 32 };

/* Edit distance in which a swap of neighbours counts once. */
static int distance(const char *a, const char *b)
{
    const int n = (int)strlen(a), m = (int)strlen(b);
    int row[3][NAME_MOST + 1];
    if (n > NAME_MOST || m > NAME_MOST)
        return NAME_MOST;
    for (int j = 0; j <= m; j++)
        row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

const char *sn_cli_nearest(const char *name, name_source names, const void *context)
{
    const size_t length = strlen(name);
    const char *nearest = NULL;
    int least = length < 3 ? 2 : length < 6 ? 3 : 4; /* one beyond what still looks alike */
    const char *candidate;
    for (int i = 0; (candidate = names(context, i)) != NULL; i++) {
        int d = distance(name, candidate);
        if (d > 1 && length >= 3 && strncmp(name, candidate, length) == 0)
            d = 1; /* a beginning of it */
        const size_t begins = strlen(candidate);
        if (d > 2 && begins >= 3 && strncmp(name, candidate, begins) == 0)
            d = 2; /* it, and more */
        if (d < least) {
            least = d;
            nearest = candidate;
        }
    }
    return nearest;
}

/* ---- JSON ---- */

/* The bytes of the UTF-8 character at p, 0 if it is none. */
static size_t character_length(const unsigned char *p, size_t left)
{
    const size_t length = *p < 0x80 ? 1 : *p < 0xC2 ? 0 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : *p < 0xF5 ? 4 : 0;
    if (length > left)
        return 0;
    for (size_t k = 1; k < length; k++)
        if ((p[k] & 0xC0) != 0x80)
            return 0;
    if (length == 3 && ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)))
        return 0;
    if (length == 4 && ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)))
        return 0;
    return length;
}

void sn_cli_print_json_text(FILE *out, const char *text, size_t length)
{
    putc('"', out);
    for (size_t i = 0; i < length;) {
        const unsigned char c = (unsigned char)text[i];
        const size_t bytes = character_length((const unsigned char *)text + i, length - i);
        if (bytes == 0)
            putc('?', out);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            fprintf(out, "\\u%04x", c);
        else
            fwrite(text + i, 1, bytes, out);
        i += bytes ? bytes : 1;
    }
    putc('"', out);
}

/* ---- progress ---- */

double sn_cli_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void sn_cli_open_progress(progress *p, const char *what, int64_t total)
{
    const char *terminal = getenv("TERM");
    *p = (progress){.what = what, .total = total, .began = sn_cli_now()};
    p->wanted = total > 0 && isatty(STDERR_FILENO) && (!terminal || strcmp(terminal, "dumb") != 0);
}

void sn_cli_show_progress(progress *p, int64_t done)
{
    if (!p->wanted)
        return;
    const double now = sn_cli_now();
    if (now - p->began < 0.75 || now - p->shown < 0.1)
        return;
    p->shown = now;
    fprintf(stderr, "\r%s %3d %%", p->what, (int)(100.0 * (double)done / (double)p->total));
    fflush(stderr);
}

void sn_cli_close_progress(progress *p)
{
    if (p->shown > 0)
        fprintf(stderr, "\r%*s\r", (int)strlen(p->what) + 8, "");
    p->shown = 0;
    p->wanted = false;
}
