/* Where a program's text comes from.
 *
 * An argument that names an existing file, or ends as programs do (.sn, .vm, .ir), is a file; `-` is the
 * standard input; all else is an expression. Nothing is asked about a file beforehand: bytes are read until
 * there are none or too many, so that pipes, files that grow and /dev/zero all end well. */
#include "cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_MOST = 1 << 28 /* as much as the language takes */ };

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length > tail && memcmp(text + length - tail, end, tail) == 0;
}

static bool is_file(const char *word)
{
    struct stat there;
    if (strcmp(word, "-") == 0 || ends_with(word, ".sn") || ends_with(word, ".vm") || ends_with(word, ".ir"))
        return true;
    return stat(word, &there) == 0 && !S_ISDIR(there.st_mode);
}

static bool read_all(FILE *in, program_text *p)
{
    size_t room = 1 << 16;
    p->text = malloc(room);
    for (;;) {
        if (!p->text)
            return sn_cli_refuse("out of memory");
        errno = 0;
        p->length += fread(p->text + p->length, 1, room - p->length, in);
        if (ferror(in))
            return sn_cli_refuse("cannot read %s: %s", p->name, strerror(errno ? errno : EIO));
        if (p->length < room)
            return true;
        if (p->length > TEXT_MOST)
            return sn_cli_refuse("%s is refused: longer than 256 MB", p->name);
        room *= 2;
        char *grown = realloc(p->text, room);
        if (!grown)
            free(p->text);
        p->text = grown;
    }
}

/* What messages call a file: its path, or the end of a long one. */
static void set_name(program_text *p, const char *path)
{
    const size_t length = strlen(path);
    if (length < sizeof p->name)
        memcpy(p->name, path, length + 1);
    else
        snprintf(p->name, sizeof p->name, "...%s", path + length - (sizeof p->name - 4));
    for (char *c = p->name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

static bool read_file(const char *path, program_text *p)
{
    set_name(p, path);
    FILE *in = fopen(path, "rb");
    if (!in)
        return sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    const bool good = read_all(in, p);
    fclose(in);
    return good;
}

bool sn_cli_load_program(const arguments *a, program_text *p)
{
    const char *word = a->program;
    bool good;
    *p = (program_text){.name = "expression"};
    p->form = a->vm ? FORM_VM : a->ir_text ? FORM_IR : FORM_LANGUAGE;
    if (strcmp(word, "-") == 0) {
        set_name(p, "stdin");
        good = read_all(stdin, p);
    } else if (is_file(word)) {
        if (p->form == FORM_LANGUAGE)
            p->form = ends_with(word, ".vm") ? FORM_VM : ends_with(word, ".ir") ? FORM_IR : FORM_LANGUAGE;
        good = read_file(word, p);
        p->path = word;
    } else {
        p->length = strlen(word);
        good = (p->text = strdup(word)) != NULL;
        if (!good)
            sn_cli_fail("out of memory");
    }
    if (!good)
        sn_cli_release_program(p);
    return good;
}

void sn_cli_release_program(program_text *p)
{
    free(p->text);
    *p = (program_text){0};
}
