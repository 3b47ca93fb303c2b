/* Errors as text, and errors that have no place in a text. */
#include "kernel/kernels.h"

#include <stdio.h>
#include <string.h>

const char *sinter_status_name(sinter_status status)
{
    switch (status) {
    case SINTER_OK: return "no error";
    case SINTER_BAD_PROGRAM: return "not a program";
    case SINTER_BAD_ARGUMENT: return "wrong argument";
    case SINTER_NO_MEMORY: return "no memory";
    case SINTER_NO_ENGINE: return "the engine cannot run here";
    case SINTER_TOO_LARGE: return "too large";
    case SINTER_NEEDS_INSTANCE: return "the kernel needs an instance";
    case SINTER_CANCELLED: return "stopped by the caller";
    case SINTER_FULL: return "the queue is full";
    case SINTER_BAD_PARAMETER: return "a parameter that breaks its constraint";
    }
    return "unknown status";
}

/* Appends at *at, counts what does not fit. */
static void add(char *buffer, size_t size, size_t *at, const char *text, size_t length)
{
    if (*at < size) {
        const size_t room = size - *at - 1;
        memcpy(buffer + *at, text, length < room ? length : room);
        buffer[*at + (length < room ? length : room)] = 0;
    }
    *at += length;
}

static void add_text(char *buffer, size_t size, size_t *at, const char *text)
{
    add(buffer, size, at, text, strlen(text));
}

void sn_report_open(sinter_report *report, const char *name)
{
    if (!report)
        return;
    report->count = report->total = 0;
    size_t at = 0;
    add_text(report->name, sizeof report->name, &at, name ? name : "expression");
}

sinter_status sn_report_fail(sinter_report *report, sinter_status status, const char *message, const char *hint)
{
    if (!report)
        return status;
    report->total++;
    if (report->count == SINTER_MAX_ERRORS)
        return status;
    sinter_error *e = &report->errors[report->count++];
    memset(e, 0, sizeof *e);
    e->status = status;
    snprintf(e->message, sizeof e->message, "%s", message);
    snprintf(e->hint, sizeof e->hint, "%s", hint ? hint : "");
    return status;
}

/* The mark under column `column` of the excerpt: tabs are kept, so that it stands where the terminal puts the text. */
static void add_mark(char *buffer, size_t size, size_t *at, const sinter_error *e)
{
    add_text(buffer, size, at, "    ");
    const char *p = e->excerpt;
    for (int column = 1; column < e->excerpt_column; column++) {
        add(buffer, size, at, *p == '\t' ? "\t" : " ", 1);
        if (*p)
            p++;
        while (((unsigned char)*p & 0xC0) == 0x80)
            p++;
    }
    add_text(buffer, size, at, "^");
    if (*p)
        p++;
    for (int k = 1; k < e->width; k++) { /* no further than the excerpt, which may be cut */
        while (((unsigned char)*p & 0xC0) == 0x80)
            p++;
        if (!*p)
            break;
        add_text(buffer, size, at, "~");
        p++;
    }
    add_text(buffer, size, at, "\n");
}

size_t sinter_report_format(const sinter_report *report, int i, char *buffer, size_t size)
{
    size_t at = 0;
    if (size)
        buffer[0] = 0;
    if (!report || i < 0 || i >= report->count)
        return 0;
    const sinter_error *e = &report->errors[i];
    char place[64] = "";
    if (e->line)
        snprintf(place, sizeof place, ":%d:%d", e->line, e->column);
    add_text(buffer, size, &at, report->name);
    add_text(buffer, size, &at, place);
    add_text(buffer, size, &at, ": error: ");
    add_text(buffer, size, &at, e->message);
    add_text(buffer, size, &at, "\n");
    if (e->line && e->excerpt_column) {
        add_text(buffer, size, &at, "    ");
        add_text(buffer, size, &at, e->excerpt);
        add_text(buffer, size, &at, "\n");
        add_mark(buffer, size, &at, e);
    }
    if (e->hint[0]) {
        add_text(buffer, size, &at, "    hint: ");
        add_text(buffer, size, &at, e->hint);
        add_text(buffer, size, &at, "\n");
    }
    return at;
}
