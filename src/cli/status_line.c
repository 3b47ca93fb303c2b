/* Escape sequences that every terminal of the last forty years knows: ECMA-48's cursor up and erase, and DEC's save and restore. */
#include "cli/status_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SAVE "\0337"
#define RESTORE "\0338"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

void sn_status_open(status_line *s)
{
    const char *terminal = getenv("TERM");
    *s = (status_line){.wanted = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0};
}

static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
}

void sn_status_show(status_line *s, const char *text)
{
    if (!s->wanted)
        return;
    if (s->shown)
        fprintf(stderr, SAVE "\033[1A\r%.*s" ERASE_LINE RESTORE, columns(), text);
    else
        fprintf(stderr, "\r%.*s" ERASE_LINE "\n" ERASE_LINE, columns(), text);
    fflush(stderr);
    s->shown = true;
}

void sn_status_typed(status_line *s, int count)
{
    s->below += s->shown ? count : 0;
}

void sn_status_hide(status_line *s)
{
    if (s->shown)
        fprintf(stderr, "\033[%dA\r" ERASE_BELOW, 1 + s->below);
    fflush(stderr);
    s->shown = false;
    s->below = 0;
}
