/* The process around the command: signals and standard streams.
 *
 * A reader that has gone away ends the command quietly, as shells expect it: SIGPIPE keeps its default even
 * where the parent ignored it. What could not be written (a full disk) is an error, which only the last flush
 * can know. */
#include "cli/command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_DFL);
    const int status = sn_cli_run(count, words);
    errno = EIO;
    const bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (lost && status == STATUS_GOOD && errno != EPIPE)
        sn_cli_fail("cannot write the standard output: %s", strerror(errno));
    return lost && status == STATUS_GOOD ? STATUS_BAD : status;
}
