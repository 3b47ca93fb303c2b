/* The pages of code memory and what may be done to them. Offsets and sizes count bytes; those of the calls
 * below are whole pages. Not thread-safe where two calls concern the same pages, or for sn_views_prepare;
 * otherwise from any thread. */
#ifndef SN_EXEC_CODE_VIEWS_H
#define SN_EXEC_CODE_VIEWS_H

#include "exec/exec.h"

#include <sys/types.h>

enum { VIEWS_REASON_ROOM = 240 };

typedef struct code_views {
    code_memory_mode mode; /* never CODE_MEMORY_AUTO */
    size_t page;
    size_t code_size;  /* code lies at offset 0 … */
    size_t pool_start; /* … constants here, an inaccessible page behind each */
    size_t pool_size;
    size_t total;
    uint8_t *run;
    uint8_t *write; /* the same address as run under CODE_MEMORY_REMAP */
    int file;       /* CODE_MEMORY_DUAL: the memory file, from which sn_views_prepare maps */
    dev_t device;
    ino_t inode;
    char reason[VIEWS_REASON_ROOM];
} code_views;

/* Maps the first of the modes asked for that the system permits; none of them is CODE_MEMORY_NONE, not an
 * error. Sets everything above; `reason` says how it works and what was refused. */
void sn_views_open(code_views *views, size_t code_size, size_t pool_size, code_memory_mode wanted,
    unsigned refuse);

/* `inherited`: in the child of a fork, where the address of the writable view is not ours to unmap. */
void sn_views_close(code_views *views, bool inherited);

/* CODE_MEMORY_DUAL: fills the range, CODE_FILL for code and 0 for constants, and only then maps it where it
 * runs. False if the system refuses; nothing is accessible then that was not before. */
bool sn_views_prepare(code_views *views, size_t offset, size_t size);

/* CODE_MEMORY_REMAP. The range has no content at first. unlock: writable, filled as above. lock: executable,
 * or read-only for constants, and no longer writable. drop: without content and inaccessible again. False if
 * the system refuses. */
bool sn_views_unlock(code_views *views, size_t offset, size_t size);
bool sn_views_lock(code_views *views, size_t offset, size_t size);
bool sn_views_drop(code_views *views, size_t offset, size_t size);

#endif
