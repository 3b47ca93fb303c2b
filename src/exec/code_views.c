/* The pages of code memory.
 *
 * Dual mapping. A memory file is mapped twice: at `write` readable and writable, at `run` readable and
 * executable (code) or readable (constants). Writing a block then costs no system call. What it takes to be
 * safe:
 *   - the file can neither shrink nor grow nor be mapped or written anew by whoever holds its descriptor
 *     (seals);
 *   - the writable view is not inherited by fork, so that a child cannot change its parent's code;
 *   - both views begin inaccessible. A step is made writable and filled, and then mapped where it runs. It is
 *     mapped rather than given to mprotect, because systems that forbid a page to gain the right to execute
 *     (PR_SET_MDWE, systemd's MemoryDenyWriteExecute, SELinux's execmod) permit this;
 *   - the memory of a step is taken by a call that can fail, never by a page fault that raises SIGBUS;
 *   - the writable view is one mapping whose right is changed, not many, so that mlockall(MCL_FUTURE) does
 *     not fill the arena with memory that nobody uses;
 *   - the descriptor stays open for later steps. A program that closes descriptors it does not know must not
 *     make us map a file of its own as code, hence the comparison of the inode;
 *   - a file beyond RLIMIT_FSIZE raises a signal, so that the limit is looked at first.
 *
 * Remap. Where no memory file is to be had or none is executable, pages of anonymous memory are written and
 * then lose the right to be written as they gain the right to be executed. They never go back: a released
 * page is replaced by a new one. Two system calls a part of a block, which is more than compiling costs, but
 * code runs. */
#include "exec/code_views.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif

/* A new line of refusals, or how it works. strerror depends on the locale, and names are shorter. */
static void note(code_views *views, const char *what, int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EPERM, "EPERM"}, {EACCES, "EACCES"}, {ENOSYS, "ENOSYS"}, {ENOMEM, "ENOMEM"}, {EINVAL, "EINVAL"},
        {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {EAGAIN, "EAGAIN"}, {ENOSPC, "ENOSPC"}, {EFBIG, "EFBIG"},
        {EFAULT, "EFAULT"}, {ENOTSUP, "ENOTSUP"},
    };
    char number[24];
    snprintf(number, sizeof number, "error %d", error);
    const char *name = number;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            name = names[i].name;
    const size_t length = strlen(views->reason);
    snprintf(views->reason + length, sizeof views->reason - length, "%s%s%s%s", length ? "; " : "", what,
        error ? ": " : "", error ? name : "");
}

static uint8_t *map_nothing(uint8_t *at, size_t size)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED : 0);
    void *address = mmap(at, size, PROT_NONE, flags, -1, 0);
    return address == MAP_FAILED ? NULL : address;
}

static bool is_code(const code_views *views, size_t offset)
{
    return offset < views->pool_start;
}

static int fill_of(const code_views *views, size_t offset)
{
    return is_code(views, offset) ? CODE_FILL : 0;
}

static int rights_to_run(const code_views *views, size_t offset)
{
    return is_code(views, offset) ? PROT_READ | PROT_EXEC : PROT_READ;
}

/* ---- dual mapping ---- */

#if defined(__linux__)

enum { /* what headers may be too old for, with the Linux that brought it */
    FILE_CLOEXEC = 0x1,       /* MFD_CLOEXEC, 3.17 */
    FILE_SEALABLE = 0x2,      /* MFD_ALLOW_SEALING, 3.17 */
    FILE_EXEC = 0x10,         /* MFD_EXEC, 6.3 */
    ADD_SEALS = 1024 + 9,     /* F_ADD_SEALS, 3.17 */
    SEAL_SEAL = 0x1,          /* F_SEAL_SEAL */
    SEAL_SHRINK = 0x2,        /* F_SEAL_SHRINK */
    SEAL_GROW = 0x4,          /* F_SEAL_GROW */
    SEAL_FUTURE_WRITE = 0x10, /* F_SEAL_FUTURE_WRITE, 5.1 */
    POPULATE_WRITE = 23       /* MADV_POPULATE_WRITE, 5.14 */
};

static int create_file(void)
{
    const unsigned flags = FILE_CLOEXEC | FILE_SEALABLE;
    int file = memfd_create("sinter-code", flags | FILE_EXEC);
    if (file < 0 && errno == EINVAL)
        file = memfd_create("sinter-code", flags);
    if (file < 0 || file > 2)
        return file;
    /* Not in the place of a standard stream that the program has closed: it may open that again. */
    const int higher = fcntl(file, F_DUPFD_CLOEXEC, 3);
    const int error = errno;
    close(file);
    errno = error;
    return higher;
}

static bool within_file_limit(size_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur;
}

static bool is_our_file(const code_views *views)
{
    struct stat status;
    return fstat(views->file, &status) == 0 && status.st_dev == views->device
        && status.st_ino == views->inode;
}

static void close_dual(code_views *views, bool inherited)
{
    if (views->write && !inherited)
        munmap(views->write, views->total);
    if (views->run)
        munmap(views->run, views->total);
    if (views->file >= 0 && is_our_file(views))
        close(views->file);
    views->write = NULL;
    views->run = NULL;
    views->file = -1;
}

/* Takes memory for a step, without the risk of SIGBUS, and touches it. */
static bool populate(code_views *views, size_t offset, size_t size)
{
    if (madvise(views->write + offset, size, POPULATE_WRITE) == 0)
        return true;
    return errno == EINVAL && fallocate(views->file, 0, (off_t)offset, (off_t)size) == 0;
}

bool sn_views_prepare(code_views *views, size_t offset, size_t size)
{
    if (!size)
        return true;
    if (!is_our_file(views) || mprotect(views->write + offset, size, PROT_READ | PROT_WRITE) != 0)
        return false;
    if (populate(views, offset, size)) {
        memset(views->write + offset, fill_of(views, offset), size);
        const int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
        if (mmap(views->run + offset, size, rights_to_run(views, offset), flags, views->file, (off_t)offset)
            != MAP_FAILED)
            return true;
    }
    /* A mapping in a fixed place that fails may have removed what was there: the place must stay ours. */
    const int error = errno;
    map_nothing(views->run + offset, size);
    mprotect(views->write + offset, size, PROT_NONE);
    errno = error;
    return false;
}

static bool seal(int file)
{
    const int seals = SEAL_SEAL | SEAL_SHRINK | SEAL_GROW;
    return fcntl(file, ADD_SEALS, seals | SEAL_FUTURE_WRITE) == 0 || fcntl(file, ADD_SEALS, seals) == 0;
}

/* Each step names itself, so that the reason says which of them was refused. */
static const char *try_dual(code_views *views)
{
    struct stat status;
    errno = 0;
    if (!within_file_limit(views->total))
        return "memory file beyond RLIMIT_FSIZE";
    if ((views->file = create_file()) < 0)
        return "memfd_create";
    if (fstat(views->file, &status) != 0)
        return "fstat of a memory file";
    views->device = status.st_dev;
    views->inode = status.st_ino;
    if (ftruncate(views->file, (off_t)views->total) != 0)
        return "ftruncate of a memory file";
    void *write = mmap(NULL, views->total, PROT_NONE, MAP_SHARED | MAP_NORESERVE, views->file, 0);
    if (write == MAP_FAILED)
        return "mmap of a memory file";
    views->write = write;
    if (madvise(write, views->total, MADV_DONTFORK) != 0)
        return "madvise(MADV_DONTFORK)";
    if (!seal(views->file))
        return "seals of a memory file";
    if (!(views->run = map_nothing(NULL, views->total)))
        return "mmap";
    /* Something is always ready, which is how one finds out whether it may be. */
    if (!sn_views_prepare(views, 0, views->page))
        return "executable mapping of a memory file";
    errno = 0;
    if (views->run[0] != CODE_FILL)
        return "two views of a memory file that agree";
    return NULL;
}

static bool open_dual(code_views *views, unsigned refuse)
{
    const char *refused = "memfd_create";
    errno = EPERM;
    if (!(refuse & CODE_REFUSE_FILE))
        refused = try_dual(views);
    if (!refused) {
        views->mode = CODE_MEMORY_DUAL;
        note(views, "code is written through a second mapping of a memory file", 0);
        return true;
    }
    note(views, refused, errno);
    close_dual(views, false);
    return false;
}

#else

static bool open_dual(code_views *views, unsigned refuse)
{
    (void)refuse;
    note(views, "memory files", ENOSYS);
    return false;
}

static void close_dual(code_views *views, bool inherited)
{
    (void)views;
    (void)inherited;
}

bool sn_views_prepare(code_views *views, size_t offset, size_t size)
{
    (void)views;
    (void)offset;
    return !size;
}

#endif

/* ---- pages that turn from writable to executable ---- */

bool sn_views_unlock(code_views *views, size_t offset, size_t size)
{
    if (!size)
        return true;
    if (mprotect(views->run + offset, size, PROT_READ | PROT_WRITE) != 0)
        return false;
    if (is_code(views, offset))
        memset(views->run + offset, CODE_FILL, size);
    return true;
}

bool sn_views_lock(code_views *views, size_t offset, size_t size)
{
    return !size || mprotect(views->run + offset, size, rights_to_run(views, offset)) == 0;
}

bool sn_views_drop(code_views *views, size_t offset, size_t size)
{
    return !size || map_nothing(views->run + offset, size);
}

static const char *try_remap(code_views *views)
{
    if (!(views->run = map_nothing(NULL, views->total)))
        return "mmap";
    if (!sn_views_unlock(views, 0, views->page) || !sn_views_lock(views, 0, views->page))
        return "mprotect(PROT_EXEC)";
    if (!sn_views_drop(views, 0, views->page))
        return "mmap";
    return NULL;
}

static bool open_remap(code_views *views, unsigned refuse)
{
    const char *refused = "mprotect(PROT_EXEC)";
    errno = EPERM;
    if (!(refuse & CODE_REFUSE_MPROTECT))
        refused = try_remap(views);
    if (!refused) {
        views->mode = CODE_MEMORY_REMAP;
        views->write = views->run;
        note(views, "each block takes pages of its own, written first and then made executable", 0);
        return true;
    }
    note(views, refused, errno);
    if (views->run)
        munmap(views->run, views->total);
    views->run = NULL;
    return false;
}

/* ---- both ---- */

void sn_views_open(code_views *views, size_t code_size, size_t pool_size, code_memory_mode wanted,
    unsigned refuse)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *views = (code_views){
        .mode = CODE_MEMORY_NONE,
        .page = page,
        .code_size = code_size,
        .pool_start = code_size + page,
        .pool_size = pool_size,
        .total = code_size + page + pool_size + page,
        .file = -1,
    };
#if defined(SINTER_JIT) && !SINTER_JIT
    (void)open_dual;
    (void)open_remap;
    (void)wanted;
    (void)refuse;
    note(views, "built without machine code for this machine", 0);
#else
    if (wanted == CODE_MEMORY_NONE) {
        note(views, "not asked for", 0);
        return;
    }
    if (wanted != CODE_MEMORY_REMAP && open_dual(views, refuse))
        return;
    if (wanted != CODE_MEMORY_DUAL && open_remap(views, refuse))
        return;
#endif
}

void sn_views_close(code_views *views, bool inherited)
{
    if (views->mode == CODE_MEMORY_DUAL)
        close_dual(views, inherited);
    else if (views->mode == CODE_MEMORY_REMAP && views->run)
        munmap(views->run, views->total);
}
