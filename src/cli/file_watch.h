/* Whether a file has been saved. */
#ifndef SN_CLI_FILE_WATCH_H
#define SN_CLI_FILE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

typedef struct file_signature {
    bool there;
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec changed;
} file_signature;

typedef struct file_watch {
    const char *path;
    const char *name;    /* its last part */
    int descriptor;      /* becomes readable when something happens in the folder; -1: there is none */
    file_signature seen; /* what was last reported; nothing at first, so that nothing is missed between reading and watching */
    file_signature last; /* at the last look */
    double looked;
} file_watch;

/* `path` must outlive the watch. Where the system cannot tell of changes (or tells nothing, as on network file systems), looking has to do. */
void sn_watch_open(file_watch *w, const char *path);
/* Whether it may have been saved since the last time that this said so, or since it was opened. To be asked when `descriptor` is readable, and
 * several times a second. */
bool sn_watch_look(file_watch *w);
void sn_watch_close(file_watch *w);

#endif
