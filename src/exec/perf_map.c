/* The map by which `perf report` and `perf top` name code that no file on disk contains: /tmp/perf-PID.map, a
 * line a function, `START SIZE name`, the numbers hexadecimal without 0x.
 *
 * The file's name is foreseeable and /tmp is everybody's, so the file is only written if it is a plain file
 * of our own with one name. It is appended to, never emptied: other compilers in the process may write to it
 * too. Of two lines for one address perf takes the later. */
#include "exec/exec.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ROOM = 160, LINE_ROOM = NAME_ROOM + 40 };

int sn_exec_perf_open(void)
{
    char path[48];
    struct stat status;
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file < 0)
        return -1;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid()
        || status.st_nlink != 1) {
        close(file);
        return -1;
    }
    return file;
}

static bool printable(char c)
{
    return (unsigned char)c >= ' ' && c != 0x7F;
}

void sn_exec_perf_write(int file, const void *run, size_t size, const char *name)
{
    char line[LINE_ROOM];
    const int head = snprintf(line, sizeof line, "%" PRIxPTR " %zx ", (uintptr_t)run, size);
    size_t length = (size_t)head;
    if (!name || !*name)
        name = "sinter";
    for (size_t i = 0; i < NAME_ROOM && name[i]; i++)
        line[length++] = printable(name[i]) ? name[i] : '?';
    line[length++] = '\n';
    /* A profile that lacks a name is no reason to fail a publication. */
    const ssize_t written = write(file, line, length);
    (void)written;
}

void sn_exec_perf_close(int file)
{
    if (file >= 0)
        close(file);
}
