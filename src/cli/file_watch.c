/* Two ways to notice that a file was saved, side by side.
 *
 * The folder is watched by inotify, since many editors write a new file and give it the old one's name: the end of a writing and a name
 * that arrives are what counts, so that a file is read when it is whole. And the file is looked at four times a second, which also finds
 * what inotify does not tell: changes from other machines, and those of a file that the path is a link to. Since such a look may come
 * amid a writing, a change counts when two looks in a row have found the same. */
#include "cli/file_watch.h"

#include "cli/command.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_SECONDS 0.25

static file_signature look_at(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return (file_signature){0};
    return (file_signature){true, s.st_dev, s.st_ino, s.st_size, s.st_mtim};
}

static bool same(const file_signature *a, const file_signature *b)
{
    return a->there == b->there && a->device == b->device && a->number == b->number && a->size == b->size
           && a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

void sn_watch_open(file_watch *w, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    *w = (file_watch){.path = path, .name = slash ? slash + 1 : path};
    w->descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->descriptor >= 0 && inotify_add_watch(w->descriptor, folder, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        close(w->descriptor);
        w->descriptor = -1;
    }
}

/* Takes all that inotify has to tell; whether something of it is about the file. */
static bool told(file_watch *w)
{
    _Alignas(struct inotify_event) char events[4096];
    bool ours = false;
    ssize_t length;
    while (w->descriptor >= 0 && (length = read(w->descriptor, events, sizeof events)) > 0)
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)(events + at);
            ours = ours || (e->mask & IN_Q_OVERFLOW) || (e->len > 0 && strcmp(e->name, w->name) == 0);
            at += (ssize_t)(sizeof *e + e->len);
        }
    return ours;
}

bool sn_watch_look(file_watch *w)
{
    const bool saved = told(w);
    const double now = sn_cli_now();
    if (!saved && now - w->looked < LOOK_SECONDS)
        return false;
    w->looked = now;
    const file_signature found = look_at(w->path), before = w->last;
    w->last = found;
    if (!found.there || (!saved && (same(&found, &w->seen) || !same(&found, &before))))
        return false;
    w->seen = found;
    return true;
}

void sn_watch_close(file_watch *w)
{
    if (w->descriptor >= 0)
        close(w->descriptor);
    w->descriptor = -1;
}
