/* Files that appear whole or not at all.
 *
 * What is written goes to a new file in the folder of the one that is meant, and takes its name when all of
 * it has arrived; until then the old file stays as it was, whatever happens to the program, the disk or the
 * electricity. A signal that ends the program takes the unfinished file away; a command that can stop by itself may ask for the first one
 * to raise a flag instead. Links are followed, so that a
 * link to a file stays one. What cannot be replaced (a device, a pipe, `-`) is written to directly. */
#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char unfinished[PATH_MAX + 16]; /* what a signal removes; written only while the signals are blocked */
static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { ENDING_SIGNALS = sizeof ending_signals / sizeof *ending_signals };

static bool caught;                  /* the first signal only raises the flag */
static volatile int signal_number;   /* the flag */

static void end(int number)
{
    if (caught && !signal_number && number != SIGPIPE) {
        signal_number = number;
        return;
    }
    if (*unfinished)
        unlink(unfinished);
    signal(number, SIG_DFL);
    raise(number);
}

static void handle_signals(bool wanted)
{
    for (int i = 0; i < ENDING_SIGNALS; i++) {
        struct sigaction now;
        sigaction(ending_signals[i], NULL, &now);
        if (now.sa_handler == SIG_IGN) /* as nohup wants it */
            continue;
        now = (struct sigaction){.sa_handler = wanted ? end : SIG_DFL};
        sigaction(ending_signals[i], &now, NULL);
    }
}

/* NULL: nothing is left to remove. */
static void set_unfinished(const char *path)
{
    sigset_t ending, before;
    sigemptyset(&ending);
    for (int i = 0; i < ENDING_SIGNALS; i++)
        sigaddset(&ending, ending_signals[i]);
    sigprocmask(SIG_BLOCK, &ending, &before);
    snprintf(unfinished, sizeof unfinished, "%s", path ? path : "");
    handle_signals(path || caught);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

const volatile int *sn_cli_catch_signals(void)
{
    caught = true;
    handle_signals(true);
    return &signal_number;
}

void sn_cli_obey_signal(void)
{
    if (!signal_number)
        return;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static bool refuse(output_file *f)
{
    sn_cli_fail("cannot write %s: %s", f->path, strerror(errno));
    sn_cli_discard_output(f);
    return false;
}

static bool open_directly(output_file *f, const char *path)
{
    f->stream = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    return f->stream ? true : refuse(f);
}

/* The path behind all links; one that leads nowhere yet is where the file will be. */
static char *follow(const char *path)
{
    char *real = realpath(path, NULL);
    if (real || errno != ENOENT)
        return real;
    struct stat link;
    if (lstat(path, &link) == 0) /* a link to nothing: no telling apart what was meant */
        return NULL;
    return strdup(path);
}

static bool open_temporary(output_file *f, mode_t mode)
{
    const size_t length = strlen(f->target);
    f->temporary = malloc(length + 8);
    if (!f->temporary || length + 8 > PATH_MAX) {
        free(f->temporary);
        f->temporary = NULL;
        errno = ENAMETOOLONG;
        return refuse(f);
    }
    memcpy(f->temporary, f->target, length);
    memcpy(f->temporary + length, ".XXXXXX", 8);
    const int descriptor = mkstemp(f->temporary);
    if (descriptor < 0) {
        free(f->temporary);
        f->temporary = NULL;
        return refuse(f);
    }
    set_unfinished(f->temporary);
    f->stream = fchmod(descriptor, mode) == 0 ? fdopen(descriptor, "wb") : NULL;
    if (!f->stream) {
        close(descriptor);
        return refuse(f);
    }
    return true;
}

bool sn_cli_open_output(output_file *f, const char *path)
{
    *f = (output_file){.path = path};
    struct stat there;
    const bool exists = strcmp(path, "-") != 0 && stat(path, &there) == 0;
    if (strcmp(path, "-") == 0 || (exists && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)))
        return open_directly(f, path);
    if (exists && S_ISDIR(there.st_mode))
        errno = EISDIR;
    if (exists && (S_ISDIR(there.st_mode) || access(path, W_OK) != 0))
        return refuse(f);
    if (!(f->target = follow(path)))
        return refuse(f);
    const mode_t mask = umask(0);
    umask(mask);
    return open_temporary(f, exists ? there.st_mode & 07777 : 0666 & ~mask);
}

bool sn_cli_commit_output(output_file *f)
{
    errno = EIO;
    if (fflush(f->stream) != 0 || ferror(f->stream))
        return refuse(f);
    if (f->stream != stdout && fclose(f->stream) != 0) {
        f->stream = NULL;
        return refuse(f);
    }
    f->stream = NULL;
    if (f->temporary) {
        if (rename(f->temporary, f->target) != 0)
            return refuse(f);
        set_unfinished(NULL);
        free(f->temporary);
        f->temporary = NULL;
    }
    sn_cli_discard_output(f);
    return true;
}

void sn_cli_discard_output(output_file *f)
{
    if (f->stream && f->stream != stdout)
        fclose(f->stream);
    if (f->temporary) {
        unlink(f->temporary);
        set_unfinished(NULL);
    }
    free(f->temporary);
    free(f->target);
    *f = (output_file){.path = f->path};
}
