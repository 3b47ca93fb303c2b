/* A line at the foot of the terminal that is drawn anew while the line below it is typed in.
 *
 * The terminal stays as it is (no mode is changed, so nothing has to be put right whatever happens to the process): the cursor's place is
 * kept by the terminal, and messages are printed between sn_status_hide and the next sn_status_show. */
#ifndef SN_CLI_STATUS_LINE_H
#define SN_CLI_STATUS_LINE_H

#include <stdbool.h>

typedef struct status_line {
    bool wanted; /* the standard error stream is a terminal that knows escape sequences */
    bool shown;
    int below;   /* lines that were typed since it was drawn */
} status_line;

void sn_status_open(status_line *s);
/* Cut to the terminal's width; printable ASCII. */
void sn_status_show(status_line *s, const char *text);
void sn_status_typed(status_line *s, int count); /* so many lines were typed and ended */
void sn_status_hide(status_line *s);

#endif
