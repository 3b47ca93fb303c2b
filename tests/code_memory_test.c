/* Code memory: every mode runs code, no page is ever writable and executable, addresses are reused behind a
 * barrier only, and whatever the system or the allocator refuses ends in a status while older code goes on
 * running. What the system refuses is refused for real (seccomp, limits, PR_SET_MDWE), in children made for
 * that. */
#include "exec/exec.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- a function of our own: returns number + the constant in its pool ---- */

typedef uint32_t (*function)(void);

enum { FUNCTION_ROOM = 32 };

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

#if defined(__x86_64__)

static size_t write_function(const code_block *b, uint16_t number)
{
    static const uint8_t bytes[] = {
        0xF3, 0x0F, 0x1E, 0xFA, /* endbr64 */
        0xB8, 0, 0, 0, 0,       /* mov eax, number */
        0x03, 0x05, 0, 0, 0, 0, /* add eax, [rip + distance] */
        0xC3                    /* ret */
    };
    memcpy(b->write, bytes, sizeof bytes);
    put32(b->write + 5, number);
    put32(b->write + 11, (uint32_t)(b->pool - (b->run + 15)));
    return sizeof bytes;
}

#elif defined(__aarch64__)

static size_t write_function(const code_block *b, uint16_t number)
{
    const uint64_t pool = (uint64_t)(uintptr_t)b->pool, run = (uint64_t)(uintptr_t)b->run;
    const uint32_t pages = (uint32_t)((pool >> 12) - ((run + 4) >> 12));
    put32(b->write, UINT32_C(0x52800000) | (uint32_t)number << 5); /* movz w0 */
    /* adrp x1; ldr w1, [x1, …] */
    put32(b->write + 4, UINT32_C(0x90000001) | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5);
    put32(b->write + 8, UINT32_C(0xB9400021) | ((uint32_t)pool & 0xFFF) / 4 << 10);
    put32(b->write + 12, UINT32_C(0x0B010000)); /* add w0, w0, w1 */
    put32(b->write + 16, UINT32_C(0xD65F03C0)); /* ret */
    return 20;
}

#else

static size_t write_function(const code_block *b, uint16_t number)
{
    (void)b;
    (void)number;
    return 0;
}

#endif

static uint32_t run_function(const code_block *b)
{
    function f;
    memcpy(&f, &b->run, sizeof f);
    return f();
}

/* A function that returns number + constant, reserved with room to spare. */
static sinter_status make_function(code_memory *m, uint16_t number, uint32_t constant, code_block *b)
{
    sinter_status status = sn_exec_reserve(m, 300, 4, b);
    if (status != SINTER_OK)
        return status;
    put32(b->pool_write, constant);
    status = sn_exec_publish(m, b, write_function(b, number), "test function");
    if (status != SINTER_OK)
        sn_exec_release(m, b);
    return status;
}

/* ---- arenas ---- */

static code_memory *open_memory(code_memory_options options)
{
    code_memory *m = NULL;
    assert_int_equal(sn_exec_open(NULL, &options, &m), SINTER_OK);
    assert_non_null(m);
    return m;
}

/* An arena of this very mode, or the test is skipped: a build or a system without it cannot be asked. */
static code_memory *need_memory(code_memory_options options)
{
    code_memory *m = open_memory(options);
    if (sn_exec_mode(m) != options.mode) {
        print_message("%s: %s\n", sn_exec_mode_name(options.mode), sn_exec_reason(m));
        sn_exec_close(m);
        skip();
    }
    return m;
}

static bool has_mode(code_memory_mode mode)
{
    code_memory *m = open_memory((code_memory_options){.mode = mode});
    const bool has = sn_exec_mode(m) == mode;
    sn_exec_close(m);
    return has;
}

static bool under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

static bool all_are(const uint8_t *bytes, size_t size, int value)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* ---- what the system says of a page ---- */

/* The rights of the page at an address, as "rwxp"; empty where nothing is mapped. */
static void rights_of(const void *address, char rights[5])
{
    char line[512];
    const uintptr_t wanted = (uintptr_t)address;
    FILE *maps = fopen("/proc/self/maps", "r");
    rights[0] = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long long first = 0, last = 0;
        char found[5];
        if (sscanf(line, "%llx-%llx %4s", &first, &last, found) == 3 && wanted >= first && wanted < last)
            memcpy(rights, found, 5);
    }
    if (maps)
        fclose(maps);
}

static bool rights_are(const void *address, const char *wanted)
{
    char rights[5];
    rights_of(address, rights);
    return !strncmp(rights, wanted, 3);
}

/* Mappings that are writable and executable at once, in the whole process. */
static int bad_mappings(void)
{
    char line[512], rights[5];
    int bad = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%*s %4s", rights) == 1 && rights[1] == 'w' && rights[2] == 'x')
            bad++;
    if (maps)
        fclose(maps);
    return bad;
}

/* The descriptor of the arena's memory file, or -1. */
static int find_file(void)
{
    for (int file = 0; file < 256; file++) {
        char path[48], target[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        const ssize_t length = readlink(path, target, sizeof target - 1);
        if (length > 0) {
            target[length] = 0;
            if (strstr(target, "sinter-code"))
                return file;
        }
    }
    return -1;
}

/* ---- children ---- */

enum { CHILD_SKIPS = 77 };

#define CHECK(condition)                                                                      \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            fprintf(stderr, "%s:%d: in a child: %s\n", __FILE__, __LINE__, #condition);        \
            return 1;                                                                         \
        }                                                                                     \
    } while (0)

/* Runs `body` in a child, which must come to its end and return 0. */
static void in_child(int (*body)(void *), void *context)
{
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child)
        _exit(body(context));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CHILD_SKIPS)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* One call that the system is to refuse: with this argument equal to `value` under `mask` (a mask of 0:
 * always). */
typedef struct refusal {
    long call;
    unsigned argument;
    uint32_t mask, value;
    uint16_t error;
} refusal;

enum { MAX_REFUSALS = 8 };

static bool refuse_calls(const refusal *refusals, size_t count)
{
    struct sock_filter filter[MAX_REFUSALS * 6 + 1];
    unsigned short length = 0;
    for (size_t i = 0; i < count; i++) {
        const refusal *r = &refusals[i];
        const uint32_t argument = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * r->argument);
        const struct sock_filter rule[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->call, 0, 4),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
            BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r->mask),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, r->value, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | r->error),
        };
        memcpy(filter + length, rule, sizeof rule);
        length = (unsigned short)(length + sizeof rule / sizeof *rule);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {length, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#define REFUSE(...)                                                                          \
    do {                                                                                     \
        const refusal refusals[] = {__VA_ARGS__};                                            \
        if (!refuse_calls(refusals, sizeof refusals / sizeof *refusals))                      \
            return CHILD_SKIPS;                                                              \
    } while (0)

#define NO_FILE {SYS_memfd_create, 0, 0, 0, EPERM}
#define NO_MPROTECT_EXEC {SYS_mprotect, 2, PROT_EXEC, PROT_EXEC, EACCES}
#define NO_MMAP_EXEC {SYS_mmap, 2, PROT_EXEC, PROT_EXEC, EACCES}
#define NO_MEMBARRIER {SYS_membarrier, 0, 0, 0, EPERM}

/* An arena of the mode expected, whose reason mentions `word`, and, where there is one, code that runs in
 * it. */
static int check_arena(code_memory_mode expected, const char *word)
{
    code_memory *m;
    code_block b;
    CHECK(sn_exec_open(NULL, NULL, &m) == SINTER_OK);
    if (sn_exec_mode(m) != expected || !strstr(sn_exec_reason(m), word))
        fprintf(stderr, "%s: %s\n", sn_exec_mode_name(sn_exec_mode(m)), sn_exec_reason(m));
    CHECK(sn_exec_mode(m) == expected);
    CHECK(strstr(sn_exec_reason(m), word));
    if (expected == CODE_MEMORY_NONE) {
        CHECK(sn_exec_reserve(m, 16, 16, &b) == SINTER_NO_ENGINE);
        CHECK(!b.write && !b.run && !b.code_span);
    } else {
        CHECK(make_function(m, 40, 2, &b) == SINTER_OK);
        CHECK(run_function(&b) == 42);
        CHECK(rights_are(b.run, "r-x"));
        CHECK(rights_are(b.pool, "r--"));
        CHECK(bad_mappings() == 0);
        sn_exec_release(m, &b);
    }
    sn_exec_close(m);
    return 0;
}

/* ---- one block ---- */

static void runs_in(code_memory_mode mode)
{
    code_memory *m = need_memory((code_memory_options){.mode = mode});
    code_block b;
    assert_int_equal(sn_exec_reserve(m, 100, 5, &b), SINTER_OK);
    assert_true(b.size >= 100);
    assert_int_equal(b.pool_size, 5);
    assert_false(b.published);
    assert_int_equal((uintptr_t)b.write % CODE_ALIGNMENT, 0);
    assert_int_equal((uintptr_t)b.run % CODE_ALIGNMENT, 0);
    assert_int_equal((uintptr_t)b.pool_write % CODE_ALIGNMENT, 0);
    assert_int_equal((uintptr_t)b.pool % CODE_ALIGNMENT, 0);
    assert_true(llabs((long long)((intptr_t)b.pool - (intptr_t)b.run)) < INT64_C(1) << 31);
    assert_true(all_are(b.write, b.size, CODE_FILL));
    assert_true(all_are(b.pool_write, b.pool_size, 0));
    assert_true(rights_are(b.write, "rw-"));
    assert_true(rights_are(b.pool_write, "rw-"));
    if (mode == CODE_MEMORY_DUAL) {
        assert_ptr_not_equal(b.write, b.run);
        assert_true(rights_are(b.run, "r-x"));
        assert_true(rights_are(b.pool, "r--"));
    }

    put32(b.pool_write, 1000);
    const size_t used = write_function(&b, 234);
    assert_int_equal(sn_exec_publish(m, &b, used, "one"), SINTER_OK);
    assert_true(b.published);
    assert_null(b.write);
    assert_null(b.pool_write);
    assert_int_equal(b.size, used);
    assert_int_equal(run_function(&b), 1234);
    assert_true(rights_are(b.run, "r-x"));
    assert_true(rights_are(b.pool, "r--"));
    if (!under_valgrind())
        assert_int_equal(bad_mappings(), 0);

    const uint8_t *run = b.run;
    sn_exec_release(m, &b);
    assert_null(b.run);
    assert_null(b.code_span);
    if (mode == CODE_MEMORY_DUAL)
        assert_true(all_are(run, used, CODE_FILL));
    else
        assert_true(rights_are(run, "---"));
    sn_exec_release(m, &b);
    assert_int_equal(sn_exec_stats(m).code_used, 0);
    assert_int_equal(sn_exec_stats(m).pool_used, 0);
    sn_exec_close(m);
}

static void runs_in_dual_mapping(void **state)
{
    (void)state;
    runs_in(CODE_MEMORY_DUAL);
}

static void runs_in_remapped_pages(void **state)
{
    (void)state;
    runs_in(CODE_MEMORY_REMAP);
}

/* The best mode that there is, named or not. */
static void takes_the_best_mode(void **state)
{
    (void)state;
    code_memory *m = open_memory((code_memory_options){0});
    if (has_mode(CODE_MEMORY_DUAL))
        assert_int_equal(sn_exec_mode(m), CODE_MEMORY_DUAL);
    else if (has_mode(CODE_MEMORY_REMAP))
        assert_int_equal(sn_exec_mode(m), CODE_MEMORY_REMAP);
    else
        assert_int_equal(sn_exec_mode(m), CODE_MEMORY_NONE);
    assert_true(strlen(sn_exec_reason(m)) > 10);
    sn_exec_close(m);
    sn_exec_close(NULL);
    assert_string_equal(sn_exec_mode_name(CODE_MEMORY_AUTO), "auto");
    assert_string_equal(sn_exec_mode_name(CODE_MEMORY_DUAL), "dual mapping");
    assert_string_equal(sn_exec_mode_name(CODE_MEMORY_REMAP), "RW to RX");
    assert_string_equal(sn_exec_mode_name(CODE_MEMORY_NONE), "none");
}

#if !defined(SINTER_JIT) || SINTER_JIT
static void has_code_memory(void **state)
{
    (void)state;
    /* Where every test of a mode is skipped nothing is tested: a build for this machine expects one of
     * them. */
    assert_true(has_mode(CODE_MEMORY_DUAL) || has_mode(CODE_MEMORY_REMAP));
}
#endif

static void refusals_fall_back(void **state)
{
    (void)state;
    code_block b;
    code_memory *m = open_memory((code_memory_options){.refuse = CODE_REFUSE_FILE});
    assert_int_equal(sn_exec_mode(m), has_mode(CODE_MEMORY_REMAP) ? CODE_MEMORY_REMAP : CODE_MEMORY_NONE);
    sn_exec_close(m);

    const code_memory_options none[] = {
        {.refuse = CODE_REFUSE_FILE | CODE_REFUSE_MPROTECT},
        {.mode = CODE_MEMORY_DUAL, .refuse = CODE_REFUSE_FILE},
        {.mode = CODE_MEMORY_REMAP, .refuse = CODE_REFUSE_MPROTECT},
        {.mode = CODE_MEMORY_NONE},
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        m = open_memory(none[i]);
        assert_int_equal(sn_exec_mode(m), CODE_MEMORY_NONE);
        assert_true(strlen(sn_exec_reason(m)) > 10);
        assert_int_equal(sn_exec_reserve(m, 1, 1, &b), SINTER_NO_ENGINE);
        assert_null(b.run);
        sn_exec_release(m, &b);
        assert_int_equal(sn_exec_stats(m).code_prepared, 0);
        sn_exec_close(m);
    }
}

static void wrong_calls_are_statuses(void **state)
{
    (void)state;
    code_memory *m;
    const code_memory_options wrong[] = {{.size = ((size_t)1 << 30) + 1}, {.mode = (code_memory_mode)4}};
    for (size_t i = 0; i < 2; i++) {
        m = (code_memory *)&m;
        assert_int_equal(sn_exec_open(NULL, &wrong[i], &m), SINTER_BAD_ARGUMENT);
        assert_null(m);
    }

    m = need_memory((code_memory_options){.mode = CODE_MEMORY_DUAL});
    code_block b = {0};
    assert_int_equal(sn_exec_publish(m, &b, 0, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sn_exec_reserve(m, SIZE_MAX, 0, &b), SINTER_TOO_LARGE);
    assert_int_equal(sn_exec_reserve(m, 1, SIZE_MAX - 10, &b), SINTER_TOO_LARGE);
    assert_int_equal(sn_exec_reserve(m, 64, 0, &b), SINTER_OK);
    assert_null(b.pool);
    assert_null(b.pool_write);
    assert_int_equal(sn_exec_publish(m, &b, b.size + 1, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sn_exec_publish(m, &b, b.size, NULL), SINTER_OK);
    assert_int_equal(sn_exec_publish(m, &b, b.size, NULL), SINTER_BAD_ARGUMENT);
    sn_exec_release(m, &b);
    assert_int_equal(sn_exec_reserve(m, 0, 64, &b), SINTER_OK);
    b.pool_size = 65;
    assert_int_equal(sn_exec_publish(m, &b, 0, NULL), SINTER_BAD_ARGUMENT);
    sn_exec_release(m, &b);
    sn_exec_close(m);
}

/* What is not code is the filling: the tail of the last granule, what the writer scribbled behind it, the
 * space that goes back. */
static void unused_bytes_are_filled(void **state)
{
    (void)state;
    code_memory *m = need_memory((code_memory_options){.mode = CODE_MEMORY_DUAL});
    for (size_t used = 0; used <= 200; used++) {
        code_block b;
        assert_int_equal(sn_exec_reserve(m, 1024, 256, &b), SINTER_OK);
        const uint8_t *run = b.run, *pool = b.pool;
        assert_true(all_are(run, 1024, CODE_FILL));
        assert_true(all_are(pool, 256, 0));
        memset(b.write, 0x90, used + 64);
        memset(b.pool_write, 0x5A, 256);
        b.pool_size = used;
        assert_int_equal(sn_exec_publish(m, &b, used, NULL), SINTER_OK);
        assert_true(all_are(run, used, 0x90));
        assert_true(all_are(run + used, 1024 - used, CODE_FILL));
        assert_true(all_are(pool, used, 0x5A));
        assert_true(all_are(pool + used, 256 - used, 0));
        const size_t kept = used ? (used + 63) / 64 * 64 : 64;
        assert_int_equal(sn_exec_stats(m).code_used, kept);
        assert_int_equal(sn_exec_stats(m).pool_used, kept);
        sn_exec_release(m, &b);
        assert_true(all_are(run, 1024, CODE_FILL));
        assert_true(all_are(pool, 256, 0));

        assert_int_equal(sn_exec_reserve(m, 640, 64, &b), SINTER_OK);
        run = b.run;
        memset(b.write, 0x90, 640);
        sn_exec_release(m, &b);
        assert_true(all_are(run, 640, CODE_FILL));
    }
    sn_exec_close(m);
}

/* Beyond what is ready nothing can be read, written or run; what a large block makes ready is. */
static void grows_in_steps(void **state)
{
    (void)state;
    code_memory *m = need_memory((code_memory_options){.mode = CODE_MEMORY_DUAL, .prepared = 1});
    const size_t ready = sn_exec_stats(m).code_prepared;
    const size_t pool_ready = sn_exec_stats(m).pool_prepared;
    code_block small, large;
    assert_int_equal(make_function(m, 1, 1, &small), SINTER_OK);
    const uint8_t *start = small.run, *pool = small.pool;
    assert_true(rights_are(start + ready, "---"));
    assert_true(rights_are(pool + pool_ready, "---"));

    assert_int_equal(sn_exec_reserve(m, 1 << 20, 1 << 20, &large), SINTER_OK);
    assert_true(sn_exec_stats(m).code_prepared >= 1 << 20);
    assert_true(all_are(large.run, large.size, CODE_FILL));
    assert_true(all_are(large.pool, large.pool_size, 0));
    assert_true(rights_are(large.run + large.size - 1, "r-x"));
    assert_true(rights_are(large.pool + large.pool_size - 1, "r--"));
    assert_true(rights_are(large.write + large.size - 1, "rw-"));
    assert_true(rights_are(start + sn_exec_stats(m).code_prepared, "---"));
    put32(large.pool_write, 5);
    const size_t used = write_function(&large, 6);
    assert_int_equal(sn_exec_publish(m, &large, used, NULL), SINTER_OK);
    assert_int_equal(run_function(&large), 11);
    assert_int_equal(run_function(&small), 2);
    sn_exec_close(m);
}

/* ---- a long random life against a model ---- */

enum { LIVE = 96, UNIT = 64 };

typedef struct live_block {
    code_block block;
    uint16_t number;
    uint32_t constant;
    bool whole; /* a pattern that fills the block, instead of a function */
} live_block;

/* For each unit of code space: is it in use, and how many barriers there had been when published code was
 * released there. */
typedef struct model {
    code_memory *memory;
    const uint8_t *code, *pool; /* the lowest addresses */
    size_t code_units, pool_units;
    bool *code_used, *pool_used;
    uint64_t *released; /* 1 + barriers; 0: nothing was released here since */
    live_block live[LIVE];
    int count;
    uint64_t random;
} model;

static uint32_t next_random(model *m)
{
    m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(m->random >> 33);
}

static size_t units(size_t size)
{
    return size ? (size + UNIT - 1) / UNIT : 1;
}

static void claim(bool *used, size_t first, size_t count, size_t limit)
{
    assert_true(first + count <= limit);
    for (size_t i = first; i < first + count; i++) {
        assert_false(used[i]);
        used[i] = true;
    }
}

static void model_reserve(model *m)
{
    live_block *l = &m->live[m->count];
    const uint32_t kind = next_random(m) % 16;
    const size_t bound = kind == 0 ? 40000 : kind < 4 ? 4000 : 300;
    const size_t code = 1 + next_random(m) % bound, pool = 4 + next_random(m) % (bound / 4);
    const sinter_status status = sn_exec_reserve(m->memory, code + FUNCTION_ROOM, pool, &l->block);
    if (status == SINTER_TOO_LARGE)
        return;
    assert_int_equal(status, SINTER_OK);
    code_block *b = &l->block;
    const code_memory_stats stats = sn_exec_stats(m->memory);
    const size_t first = (size_t)(b->run - m->code) / UNIT, first_pool = (size_t)(b->pool - m->pool) / UNIT;
    assert_true(b->size >= code + FUNCTION_ROOM);
    assert_true(all_are(b->write, b->size, CODE_FILL));
    assert_true(all_are(b->pool_write, b->pool_size, 0));
    claim(m->code_used, first, units(b->size), m->code_units);
    claim(m->pool_used, first_pool, units(pool), m->pool_units);
    for (size_t i = first; i < first + units(b->size); i++) {
        if (m->released[i]) {
            assert_true(stats.reuses);
            assert_true(stats.barriers >= m->released[i]);
        }
        m->released[i] = 0;
    }

    l->number = (uint16_t)next_random(m);
    l->constant = next_random(m);
    l->whole = next_random(m) % 4 == 0;
    put32(b->pool_write, l->constant);
    if (next_random(m) % 8) {
        const size_t reserved = b->size;
        size_t used = write_function(b, l->number);
        if (l->whole) {
            used = next_random(m) % (code + 1);
            memset(b->write, (int)(l->number & 0xFF), used);
        }
        assert_int_equal(sn_exec_publish(m->memory, b, used, "random"), SINTER_OK);
        for (size_t i = first + units(used); i < first + units(reserved); i++)
            m->code_used[i] = false;
    }
    m->count++;
}

static void model_check(const live_block *l)
{
    const code_block *b = &l->block;
    uint32_t constant;
    memcpy(&constant, b->pool, sizeof constant);
    assert_int_equal(constant, l->constant);
    if (!b->published)
        assert_true(all_are(b->write, b->size, CODE_FILL));
    else if (l->whole)
        assert_true(all_are(b->run, b->size, l->number & 0xFF));
    else
        assert_int_equal(run_function(b), (uint32_t)l->number + l->constant);
}

static void model_release(model *m, int i)
{
    live_block *l = &m->live[i];
    code_block *b = &l->block;
    model_check(l);
    const size_t first = (size_t)(b->run - m->code) / UNIT, first_pool = (size_t)(b->pool - m->pool) / UNIT;
    const uint64_t stamp = sn_exec_stats(m->memory).barriers + 1;
    const uint8_t *run = b->run;
    const size_t size = units(b->size) * UNIT, pool = units(b->pool_size);
    for (size_t k = first; k < first + size / UNIT; k++) {
        m->code_used[k] = false;
        if (b->published)
            m->released[k] = stamp;
    }
    memset(m->pool_used + first_pool, 0, pool * sizeof *m->pool_used);
    sn_exec_release(m->memory, b);
    if (sn_exec_mode(m->memory) == CODE_MEMORY_DUAL)
        assert_true(all_are(run, size, CODE_FILL));
    m->live[i] = m->live[--m->count];
}

/* The first block of an arena lies at its start, in both parts. */
static void model_open(model *m, code_memory_options options, uint64_t seed)
{
    code_block b;
    m->memory = need_memory(options);
    assert_int_equal(sn_exec_reserve(m->memory, 1, 1, &b), SINTER_OK);
    m->code = b.run;
    m->pool = b.pool;
    sn_exec_release(m->memory, &b);
    m->code_units = sn_exec_stats(m->memory).code_size / UNIT;
    m->pool_units = sn_exec_stats(m->memory).pool_size / UNIT;
    m->code_used = calloc(m->code_units, sizeof *m->code_used);
    m->pool_used = calloc(m->pool_units, sizeof *m->pool_used);
    m->released = calloc(m->code_units, sizeof *m->released);
    m->count = 0;
    m->random = seed;
    assert_true(m->code_used && m->pool_used && m->released);
}

static void model_close(model *m)
{
    sn_exec_close(m->memory);
    free(m->code_used);
    free(m->pool_used);
    free(m->released);
}

static void model_live(model *m, int steps)
{
    for (int step = 0; step < steps; step++) {
        /* Waves of filling and emptying, so that both the full and the nearly empty arena are seen. */
        const uint32_t filling = step / 500 % 2 ? 3 : 6;
        if (m->count < LIVE && (!m->count || next_random(m) % 9 < filling))
            model_reserve(m);
        else
            model_release(m, (int)(next_random(m) % (uint32_t)m->count));
        if (m->count)
            model_check(&m->live[next_random(m) % (uint32_t)m->count]);
    }
    while (m->count)
        model_release(m, m->count - 1);
    const code_memory_stats stats = sn_exec_stats(m->memory);
    assert_int_equal(stats.code_used, 0);
    assert_int_equal(stats.pool_used, 0);
}

static void live_and_reuse(code_memory_mode mode, size_t size, int steps)
{
    model m;
    code_block b;
    model_open(&m, (code_memory_options){.size = size, .prepared = 1, .mode = mode}, 1);
    if (!sn_exec_stats(m.memory).reuses) {
        model_close(&m);
        skip();
    }
    model_live(&m, steps);
    assert_int_equal(sn_exec_stats(m.memory).retired, 0);
    /* All of it is one piece again. */
    const code_memory_stats stats = sn_exec_stats(m.memory);
    assert_true(stats.barriers > 0);
    assert_int_equal(sn_exec_reserve(m.memory, stats.code_size, stats.pool_size, &b), SINTER_OK);
    assert_int_equal(sn_exec_stats(m.memory).waiting, 0);
    sn_exec_release(m.memory, &b);
    model_close(&m);
}

static void random_life_in_dual_mapping(void **state)
{
    (void)state;
    live_and_reuse(CODE_MEMORY_DUAL, 1 << 20, under_valgrind() ? 2000 : 20000);
}

static void random_life_in_a_full_arena(void **state)
{
    (void)state;
    live_and_reuse(CODE_MEMORY_DUAL, 96 << 10, under_valgrind() ? 2000 : 20000);
}

static void random_life_in_remapped_pages(void **state)
{
    (void)state;
    live_and_reuse(CODE_MEMORY_REMAP, 2 << 20, under_valgrind() ? 1000 : 5000);
}

/* Without barriers no address of published code comes back, which the model checks at each reservation; the
 * arena fills up, and what lives goes on. */
static void without_barriers_nothing_is_reused(void **state)
{
    (void)state;
    const code_memory_mode modes[] = {CODE_MEMORY_DUAL, CODE_MEMORY_REMAP};
    for (size_t i = 0; i < 2; i++) {
        model m;
        const code_memory_options options = {
            .size = 1 << 20, .mode = modes[i], .refuse = CODE_REFUSE_MEMBARRIER};
        model_open(&m, options, 2);
        assert_false(sn_exec_stats(m.memory).reuses);
        assert_non_null(strstr(sn_exec_reason(m.memory), "not reused"));
        model_live(&m, 12000);
        const code_memory_stats stats = sn_exec_stats(m.memory);
        assert_int_equal(stats.barriers, 0);
        assert_int_equal(stats.waiting, 0);
        assert_true(stats.retired > stats.code_size / 2);
        model_close(&m);
    }
}

/* The same address comes back behind a barrier, and before it does not. */
static void reuse_follows_a_barrier(void **state)
{
    (void)state;
    code_memory *m = need_memory((code_memory_options){.mode = CODE_MEMORY_DUAL});
    if (!sn_exec_stats(m).reuses) {
        sn_exec_close(m);
        skip();
    }
    code_block b;
    assert_int_equal(make_function(m, 1, 0, &b), SINTER_OK);
    const uint8_t *first = b.run;
    sn_exec_release(m, &b);
    bool reused = false;
    for (uint16_t i = 0; i < 20000; i++) {
        assert_int_equal(make_function(m, i, 7, &b), SINTER_OK);
        assert_int_equal(run_function(&b), i + 7u);
        if (b.run == first) {
            assert_true(sn_exec_stats(m).barriers > 0);
            reused = true;
        }
        sn_exec_release(m, &b);
    }
    const code_memory_stats stats = sn_exec_stats(m);
    assert_true(reused);
    assert_true(stats.barriers > 0 && stats.barriers < 100);
    assert_int_equal(stats.code_prepared, 256 << 10);
    sn_exec_close(m);
}

static void a_full_arena_keeps_running(void **state)
{
    (void)state;
    enum { MANY = 4096 };
    static code_block blocks[MANY];
    const code_memory_mode modes[] = {CODE_MEMORY_DUAL, CODE_MEMORY_REMAP};
    for (size_t k = 0; k < 2; k++) {
        code_memory *m = need_memory((code_memory_options){.size = 128 << 10, .mode = modes[k]});
        int first_count = 0;
        for (int round = 0; round < 3; round++) {
            int count = 0;
            sinter_status status;
            while ((status = make_function(m, (uint16_t)count, 3, &blocks[count])) == SINTER_OK)
                assert_true(++count < MANY);
            assert_int_equal(status, SINTER_TOO_LARGE);
            assert_null(blocks[count].run);
            for (int i = 0; i < count; i++)
                assert_int_equal(run_function(&blocks[i]), (uint32_t)i + 3);
            if (!round)
                first_count = count;
            else if (sn_exec_stats(m).reuses)
                assert_int_equal(count, first_count);
            /* In different orders, so that neighbours join in all ways. */
            for (int i = 0; i < count; i += round + 2)
                sn_exec_release(m, &blocks[i]);
            for (int i = 0; i < count; i++)
                sn_exec_release(m, &blocks[i]);
            assert_int_equal(sn_exec_stats(m).code_used, 0);
            assert_int_equal(sn_exec_stats(m).pool_used, 0);
        }
        assert_true(first_count >= 8);
        sn_exec_close(m);
    }
}

/* Constants run out before code does. */
static void a_full_pool_takes_no_code(void **state)
{
    (void)state;
    code_memory *m = need_memory((code_memory_options){.size = 64 << 10, .mode = CODE_MEMORY_DUAL});
    code_block all, b;
    assert_int_equal(sn_exec_reserve(m, 64, 16 << 10, &all), SINTER_OK);
    assert_int_equal(sn_exec_reserve(m, 64, 1, &b), SINTER_TOO_LARGE);
    assert_int_equal(sn_exec_stats(m).code_used, 64);
    assert_int_equal(sn_exec_reserve(m, 64, 0, &b), SINTER_OK);
    sn_exec_release(m, &b);
    sn_exec_release(m, &all);
    assert_int_equal(sn_exec_reserve(m, 64, 1, &b), SINTER_OK);
    sn_exec_release(m, &b);
    sn_exec_close(m);
}

/* ---- the allocator refuses ---- */

typedef struct counting {
    int allowed; /* calls until the refusal */
    int calls;
    size_t outstanding;
} counting;

static void *counting_allocate(void *context, size_t size)
{
    counting *c = context;
    if (c->calls++ >= c->allowed)
        return NULL;
    void *block = malloc(size);
    c->outstanding += block ? size : 0;
    return block;
}

static void counting_release(void *context, void *block, size_t size)
{
    counting *c = context;
    c->outstanding -= size;
    free(block);
}

/* True if everything could be had. */
static bool use_with(const sinter_allocator *allocator, code_memory_mode mode)
{
    enum { BLOCKS = 150 };
    static code_block blocks[BLOCKS];
    code_memory *m;
    const sinter_status opened = sn_exec_open(allocator, &(code_memory_options){.mode = mode}, &m);
    if (opened != SINTER_OK) {
        assert_int_equal(opened, SINTER_NO_MEMORY);
        assert_null(m);
        return false;
    }
    sinter_status status = SINTER_OK;
    int count = 0;
    while (count < BLOCKS && status == SINTER_OK) {
        status = make_function(m, (uint16_t)count, 1, &blocks[count]);
        count += status == SINTER_OK;
    }
    if (status != SINTER_OK) {
        assert_int_equal(status, SINTER_NO_MEMORY);
        assert_null(blocks[count].run);
        assert_int_equal(sn_exec_stats(m).pool_used / 64, sn_exec_stats(m).code_used / 64);
    }
    for (int i = 0; i < count; i++)
        assert_int_equal(run_function(&blocks[i]), (uint32_t)i + 1);
    for (int i = 0; i < count; i++)
        sn_exec_release(m, &blocks[i]);
    assert_int_equal(sn_exec_stats(m).code_used, 0);
    sn_exec_close(m);
    return status == SINTER_OK;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const code_memory_mode modes[] = {CODE_MEMORY_DUAL, CODE_MEMORY_REMAP};
    for (size_t k = 0; k < 2; k++) {
        if (!has_mode(modes[k]))
            skip();
        bool all = false;
        int refused = 0;
        while (!all) {
            counting c = {.allowed = refused};
            const sinter_allocator allocator = {counting_allocate, counting_release, &c};
            all = use_with(&allocator, modes[k]);
            assert_int_equal(c.outstanding, 0);
            refused += !all;
            assert_true(refused < 100);
        }
        assert_true(refused >= 4); /* the arena itself, and slabs of both spaces */
    }
}

/* ---- threads ---- */

typedef struct worker {
    code_memory *memory;
    uint16_t number;
    int rounds;
    int wrong;
} worker;

static void *work(void *context)
{
    worker *w = context;
    enum { HELD = 8 };
    code_block held[HELD] = {{0}};
    for (int i = 0; i < w->rounds; i++) {
        code_block *b = &held[i % HELD];
        if (b->run && run_function(b) != w->number + (uint32_t)(i - HELD))
            w->wrong++;
        sn_exec_release(w->memory, b);
        if (make_function(w->memory, w->number, (uint32_t)i, b) != SINTER_OK
            || run_function(b) != w->number + (uint32_t)i)
            w->wrong++;
    }
    for (int i = 0; i < HELD; i++)
        sn_exec_release(w->memory, &held[i]);
    return NULL;
}

static void threads_share_an_arena(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    const code_memory_mode modes[] = {CODE_MEMORY_DUAL, CODE_MEMORY_REMAP};
    for (size_t k = 0; k < 2; k++) {
        code_memory *m = need_memory((code_memory_options){.size = 4 << 20, .prepared = 1, .mode = modes[k]});
        const int rounds = modes[k] == CODE_MEMORY_DUAL && !under_valgrind() ? 20000 : 1000;
        pthread_t threads[THREADS];
        worker workers[THREADS];
        for (int i = 0; i < THREADS; i++) {
            workers[i] = (worker){m, (uint16_t)(i * 1000), rounds, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(workers[i].wrong, 0);
        }
        assert_int_equal(sn_exec_stats(m).code_used, 0);
        assert_int_equal(sn_exec_stats(m).pool_used, 0);
        sn_exec_close(m);
    }
}

/* ---- fork ---- */

typedef struct family {
    code_memory *memory;
    code_block published, reserved;
    const uint8_t *write;
} family;

/* In the child: what was inherited runs, cannot be written, and cannot harm the parent; new code needs a new
 * arena. */
static int inherit(void *context)
{
    family *f = context;
    code_block b;
    CHECK(run_function(&f->published) == 1007);
    CHECK(rights_are(f->published.run, "r-x"));
    if (sn_exec_mode(f->memory) == CODE_MEMORY_DUAL)
        CHECK(!rights_are(f->write, "rw-"));
    CHECK(sn_exec_reserve(f->memory, 64, 64, &b) == SINTER_NO_ENGINE);
    CHECK(!b.run && !b.code_span);
    CHECK(sn_exec_publish(f->memory, &f->reserved, 1, "child") == SINTER_NO_ENGINE);
    CHECK(strstr(sn_exec_reason(f->memory), "fork"));
    CHECK(sn_exec_stats(f->memory).code_used == 0);
    b = f->published;
    sn_exec_release(f->memory, &b);
    CHECK(!b.run);
    CHECK(run_function(&f->published) == 1007);

    code_memory *own;
    CHECK(sn_exec_open(NULL, NULL, &own) == SINTER_OK);
    CHECK(make_function(own, 20, 22, &b) == SINTER_OK);
    CHECK(run_function(&b) == 42);
    sn_exec_release(own, &b);
    sn_exec_close(own);

    /* The place of the writable view is somebody else's here, and closing leaves it alone. */
    void *mine = MAP_FAILED;
    if (sn_exec_mode(f->memory) == CODE_MEMORY_DUAL) {
        void *place = (void *)((uintptr_t)f->write & ~(uintptr_t)4095);
        mine = mmap(place, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        CHECK(mine != MAP_FAILED);
    }
    sn_exec_close(f->memory);
    CHECK(rights_are(f->published.run, ""));
    if (mine != MAP_FAILED)
        CHECK(rights_are(mine, "rw-"));
    return 0;
}

static int bear_child(code_memory_mode mode)
{
    family f = {0};
    int status = 0;
    CHECK(sn_exec_open(NULL, &(code_memory_options){.mode = mode}, &f.memory) == SINTER_OK);
    if (sn_exec_mode(f.memory) != mode) {
        sn_exec_close(f.memory);
        return CHILD_SKIPS;
    }
    CHECK(make_function(f.memory, 7, 1000, &f.published) == SINTER_OK);
    CHECK(sn_exec_reserve(f.memory, 64, 64, &f.reserved) == SINTER_OK);
    f.write = f.reserved.write;
    fflush(NULL);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (!child)
        _exit(inherit(&f));
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    CHECK(run_function(&f.published) == 1007);
    CHECK(all_are(f.reserved.write, f.reserved.size, CODE_FILL));
    sn_exec_release(f.memory, &f.reserved);
    sn_exec_release(f.memory, &f.published);
    CHECK(sn_exec_stats(f.memory).code_used == 0);
    sn_exec_close(f.memory);
    return 0;
}

static void a_child_inherits_code_but_no_view(void **state)
{
    (void)state;
    if (bear_child(CODE_MEMORY_DUAL) == CHILD_SKIPS)
        skip();
    assert_int_equal(bear_child(CODE_MEMORY_DUAL), 0);
}

static void a_child_inherits_remapped_pages(void **state)
{
    (void)state;
    const int result = bear_child(CODE_MEMORY_REMAP);
    if (result == CHILD_SKIPS)
        skip();
    assert_int_equal(result, 0);
}

/* ---- the file ---- */

/* F_SEAL_FUTURE_WRITE, since Linux 5.1. */
static bool knows_the_write_seal(void)
{
    const int file = memfd_create("probe", 0x2);
    const bool knows = file >= 0 && fcntl(file, F_ADD_SEALS, 0x10) == 0;
    close(file);
    return knows;
}

static void nobody_else_can_change_the_file(void **state)
{
    (void)state;
    code_memory *m = need_memory((code_memory_options){.mode = CODE_MEMORY_DUAL});
    const int file = find_file();
    assert_true(file > 2);
    assert_true(fcntl(file, F_GETFD) & FD_CLOEXEC);
    assert_true(ftruncate(file, 4096) != 0);
    assert_true(ftruncate(file, (off_t)1 << 32) != 0);
    assert_true(fcntl(file, F_ADD_SEALS, 0) != 0);
    if (knows_the_write_seal()) {
        assert_true(write(file, "x", 1) < 0);
        assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), MAP_FAILED);
        code_block b;
        assert_int_equal(make_function(m, 1, 1, &b), SINTER_OK);
        void *page = (void *)((uintptr_t)b.run & ~(uintptr_t)4095);
        assert_true(mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0);
        assert_int_equal(run_function(&b), 2);
    }
    sn_exec_close(m);
    assert_int_equal(find_file(), -1);
}

/* A program that closes our descriptor and opens a file in its place: no growth, no mapping of that file, and
 * it stays open. */
static void a_lost_descriptor_stops_growth(void **state)
{
    (void)state;
    code_memory *m = need_memory((code_memory_options){.mode = CODE_MEMORY_DUAL, .prepared = 1});
    code_block old, b;
    assert_int_equal(make_function(m, 2, 3, &old), SINTER_OK);
    const int file = find_file();
    const int other = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0 && other >= 0);
    assert_int_equal(dup2(other, file), file);
    close(other);
    assert_int_equal(sn_exec_reserve(m, 1 << 20, 0, &b), SINTER_NO_MEMORY);
    assert_int_equal(sn_exec_reserve(m, 64, 64, &b), SINTER_OK);
    sn_exec_release(m, &b);
    assert_int_equal(run_function(&old), 5);
    sn_exec_close(m);
    assert_int_equal(fcntl(file, F_GETFD), 0);
    close(file);
}

/* ---- the system refuses ---- */

static int without_memory_files(void *context)
{
    (void)context;
    REFUSE(NO_FILE);
    return check_arena(CODE_MEMORY_REMAP, "memfd_create: EPERM");
}

static int without_files_and_mprotect(void *context)
{
    (void)context;
    REFUSE(NO_FILE, NO_MPROTECT_EXEC);
    return check_arena(CODE_MEMORY_NONE, "mprotect(PROT_EXEC): EACCES");
}

/* What systemd's MemoryDenyWriteExecute does. */
static int without_mprotect(void *context)
{
    (void)context;
    REFUSE(NO_MPROTECT_EXEC);
    return check_arena(CODE_MEMORY_DUAL, "second mapping");
}

static int without_executable_files(void *context)
{
    (void)context;
    REFUSE(NO_MMAP_EXEC);
    return check_arena(CODE_MEMORY_REMAP, "executable mapping of a memory file: EACCES");
}

static int without_any_code(void *context)
{
    (void)context;
    REFUSE(NO_MMAP_EXEC, NO_MPROTECT_EXEC);
    return check_arena(CODE_MEMORY_NONE, "executable mapping of a memory file: EACCES");
}

static int without_membarrier(void *context)
{
    (void)context;
    REFUSE(NO_MEMBARRIER);
    return check_arena(CODE_MEMORY_DUAL, "addresses are not reused");
}

static int without_mdwe(void *context)
{
    (void)context;
    const int set_mdwe = 65, refuse_exec_gain = 1;
    if (prctl(set_mdwe, refuse_exec_gain, 0, 0, 0) != 0)
        return CHILD_SKIPS;
    code_memory *m;
    CHECK(sn_exec_open(NULL, &(code_memory_options){.refuse = CODE_REFUSE_FILE}, &m) == SINTER_OK);
    CHECK(sn_exec_mode(m) == CODE_MEMORY_NONE);
    sn_exec_close(m);
    return check_arena(CODE_MEMORY_DUAL, "second mapping");
}

/* A file beyond the limit would raise SIGXFSZ, which ends a process. */
static int beyond_the_file_limit(void *context)
{
    (void)context;
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 1 << 20}) == 0);
    return check_arena(CODE_MEMORY_REMAP, "RLIMIT_FSIZE");
}

static int without_descriptors(void *context)
{
    (void)context;
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3}) == 0);
    for (int file = 3; file < 64; file++)
        close(file);
    code_memory *m;
    code_block b;
    CHECK(sn_exec_open(NULL, NULL, &m) == SINTER_OK);
    CHECK(sn_exec_mode(m) == CODE_MEMORY_REMAP);
    CHECK(strstr(sn_exec_reason(m), "memfd_create: EMFILE"));
    CHECK(make_function(m, 40, 2, &b) == SINTER_OK);
    CHECK(run_function(&b) == 42);
    sn_exec_close(m);
    return 0;
}

static int without_address_space(void *context)
{
    (void)context;
    /* What is mapped already counts, so that the limit cannot be lower than it. */
    CHECK(setrlimit(RLIMIT_AS, &(struct rlimit){1 << 20, 1 << 20}) == 0);
    code_memory *m;
    code_block b;
    CHECK(sn_exec_open(NULL, NULL, &m) == SINTER_OK);
    CHECK(sn_exec_mode(m) == CODE_MEMORY_NONE);
    CHECK(strstr(sn_exec_reason(m), "mmap of a memory file: ENOMEM; mmap: ENOMEM"));
    CHECK(sn_exec_reserve(m, 16, 16, &b) == SINTER_NO_ENGINE);
    sn_exec_close(m);
    return 0;
}

/* Standard streams closed: the arena's descriptor does not take their place. */
static int without_standard_streams(void *context)
{
    (void)context;
    close(0);
    close(1);
    code_memory *m;
    CHECK(sn_exec_open(NULL, &(code_memory_options){.mode = CODE_MEMORY_DUAL}, &m) == SINTER_OK);
    CHECK(sn_exec_mode(m) == CODE_MEMORY_DUAL);
    CHECK(find_file() > 2);
    CHECK(fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0);
    sn_exec_close(m);
    return 0;
}

/* Linux 4.14 or so: neither MFD_EXEC nor F_SEAL_FUTURE_WRITE nor MADV_POPULATE_WRITE nor MADV_WIPEONFORK nor
 * membarrier. */
static int on_an_old_system(void *context)
{
    (void)context;
    const refusal flag_exec = {SYS_memfd_create, 1, 0x10, 0x10, EINVAL};
    const refusal future_write = {SYS_fcntl, 2, 0x10, 0x10, EINVAL};
    const refusal populate = {SYS_madvise, 2, 0xFF, 23, EINVAL};
    const refusal wipe = {SYS_madvise, 2, 0xFF, 18, EINVAL};
    REFUSE(flag_exec, future_write, populate, wipe, NO_MEMBARRIER);
    CHECK(check_arena(CODE_MEMORY_DUAL, "addresses are not reused") == 0);
    CHECK(bear_child(CODE_MEMORY_DUAL) == 0);
    CHECK(bear_child(CODE_MEMORY_REMAP) == 0);
    code_memory *m;
    code_block b;
    CHECK(sn_exec_open(NULL, NULL, &m) == SINTER_OK);
    CHECK(sn_exec_reserve(m, 2 << 20, 2 << 20, &b) == SINTER_OK);
    CHECK(all_are(b.run, b.size, CODE_FILL));
    CHECK(all_are(b.pool, b.pool_size, 0));
    sn_exec_close(m);
    return 0;
}

/* Refusals that begin while the arena is in use. */
static int refused_later(void *context)
{
    (void)context;
    enum { BLOCKS = 3 };
    code_memory *dual, *remap, *waits;
    code_block a, b, c, kept[BLOCKS];
    const code_memory_options growing = {.mode = CODE_MEMORY_DUAL, .prepared = 1};
    const code_memory_options remapping = {.mode = CODE_MEMORY_REMAP};
    const code_memory_options full = {.mode = CODE_MEMORY_DUAL, .size = 16 << 10};
    CHECK(sn_exec_open(NULL, &growing, &dual) == SINTER_OK);
    CHECK(sn_exec_open(NULL, &remapping, &remap) == SINTER_OK);
    CHECK(sn_exec_open(NULL, &full, &waits) == SINTER_OK);
    if (sn_exec_mode(dual) != CODE_MEMORY_DUAL || sn_exec_mode(remap) != CODE_MEMORY_REMAP)
        return CHILD_SKIPS;
    CHECK(make_function(dual, 1, 10, &a) == SINTER_OK);
    CHECK(make_function(remap, 2, 20, &b) == SINTER_OK);
    CHECK(sn_exec_reserve(remap, 100, 100, &c) == SINTER_OK);
    for (int i = 0; i < BLOCKS; i++) {
        CHECK(sn_exec_reserve(waits, 4096, 4, &kept[i]) == SINTER_OK);
        CHECK(sn_exec_publish(waits, &kept[i], 4096, NULL) == SINTER_OK);
    }

    REFUSE({SYS_mprotect, 2, 0, 0, EACCES}, {SYS_mmap, 2, 7, PROT_NONE, ENOMEM}, NO_MEMBARRIER);
    code_block x;
    CHECK(sn_exec_reserve(dual, 1 << 20, 0, &x) == SINTER_NO_MEMORY);
    CHECK(sn_exec_reserve(remap, 100, 100, &x) == SINTER_NO_MEMORY);
    CHECK(!x.run);
    CHECK(sn_exec_publish(remap, &c, 10, NULL) == SINTER_NO_MEMORY);
    CHECK(!c.published && c.write);
    CHECK(run_function(&a) == 11);
    CHECK(run_function(&b) == 22);
    /* What cannot be erased is never used again; what waits for a barrier goes on waiting. */
    sn_exec_release(remap, &c);
    sn_exec_release(remap, &b);
    CHECK(sn_exec_stats(remap).code_used == 0);
    CHECK(sn_exec_stats(remap).retired > 0);
    for (int i = 0; i < BLOCKS; i++)
        sn_exec_release(waits, &kept[i]);
    const size_t waiting = sn_exec_stats(waits).waiting;
    CHECK(waiting == BLOCKS * 4096);
    CHECK(sn_exec_reserve(waits, 64, 4, &x) == SINTER_TOO_LARGE);
    CHECK(sn_exec_stats(waits).waiting == waiting);
    CHECK(sn_exec_stats(waits).barriers == 0);
    CHECK(run_function(&a) == 11);
    sn_exec_close(dual);
    sn_exec_close(remap);
    sn_exec_close(waits);
    return 0;
}

/* ---- names for perf ---- */

static int named_in_the_perf_map(void *context)
{
    (void)context;
    char path[48], line[512], expected[128];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    unlink(path);
    code_memory *m, *silent;
    code_block b, c, d;
    CHECK(sn_exec_open(NULL, &(code_memory_options){0}, &silent) == SINTER_OK);
    CHECK(make_function(silent, 1, 1, &d) == SINTER_OK);
    CHECK(access(path, F_OK) != 0);
    CHECK(sn_exec_open(NULL, &(code_memory_options){.perf_map = true}, &m) == SINTER_OK);
    CHECK(sn_exec_stats(m).perf_map && !sn_exec_stats(silent).perf_map);
    CHECK(make_function(m, 1, 1, &b) == SINTER_OK);
    CHECK(sn_exec_reserve(m, 64, 0, &c) == SINTER_OK);
    CHECK(sn_exec_publish(m, &c, 33, "two\nlines\x7F") == SINTER_OK);

    FILE *map = fopen(path, "r");
    CHECK(map);
    CHECK(fgets(line, sizeof line, map));
    snprintf(expected, sizeof expected, "%llx %llx test function\n", (unsigned long long)(uintptr_t)b.run,
        (unsigned long long)b.size);
    CHECK(!strcmp(line, expected));
    CHECK(fgets(line, sizeof line, map));
    snprintf(expected, sizeof expected, "%llx 21 two?lines?\n", (unsigned long long)(uintptr_t)c.run);
    CHECK(!strcmp(line, expected));
    CHECK(!fgets(line, sizeof line, map));
    fclose(map);
    sn_exec_close(m);

    /* A file that is not ours alone is not written. */
    CHECK(unlink(path) == 0 && symlink("/dev/null", path) == 0);
    CHECK(sn_exec_open(NULL, &(code_memory_options){.perf_map = true}, &m) == SINTER_OK);
    CHECK(!sn_exec_stats(m).perf_map);
    CHECK(make_function(m, 1, 1, &b) == SINTER_OK);
    sn_exec_close(m);
    CHECK(unlink(path) == 0);
    sn_exec_close(silent);
    return 0;
}

/* ---- all of them ---- */

typedef struct system_test {
    int (*body)(void *);
} system_test;

static void in_a_child_of_its_own(void **state)
{
    const system_test *test = *state;
    /* Valgrind answers some of these calls itself. */
    if (under_valgrind() || !has_mode(CODE_MEMORY_DUAL) || !has_mode(CODE_MEMORY_REMAP))
        skip();
    in_child(test->body, NULL);
}

#define SYSTEM_TEST(name) {#name, in_a_child_of_its_own, NULL, NULL, &(system_test){name}}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if !defined(SINTER_JIT) || SINTER_JIT
        cmocka_unit_test(has_code_memory),
#endif
        cmocka_unit_test(runs_in_dual_mapping),
        cmocka_unit_test(runs_in_remapped_pages),
        cmocka_unit_test(takes_the_best_mode),
        cmocka_unit_test(refusals_fall_back),
        cmocka_unit_test(wrong_calls_are_statuses),
        cmocka_unit_test(unused_bytes_are_filled),
        cmocka_unit_test(grows_in_steps),
        cmocka_unit_test(random_life_in_dual_mapping),
        cmocka_unit_test(random_life_in_a_full_arena),
        cmocka_unit_test(random_life_in_remapped_pages),
        cmocka_unit_test(without_barriers_nothing_is_reused),
        cmocka_unit_test(reuse_follows_a_barrier),
        cmocka_unit_test(a_full_arena_keeps_running),
        cmocka_unit_test(a_full_pool_takes_no_code),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(threads_share_an_arena),
        cmocka_unit_test(a_child_inherits_code_but_no_view),
        cmocka_unit_test(a_child_inherits_remapped_pages),
        cmocka_unit_test(nobody_else_can_change_the_file),
        cmocka_unit_test(a_lost_descriptor_stops_growth),
        SYSTEM_TEST(without_memory_files),
        SYSTEM_TEST(without_files_and_mprotect),
        SYSTEM_TEST(without_mprotect),
        SYSTEM_TEST(without_executable_files),
        SYSTEM_TEST(without_any_code),
        SYSTEM_TEST(without_membarrier),
        SYSTEM_TEST(without_mdwe),
        SYSTEM_TEST(beyond_the_file_limit),
        SYSTEM_TEST(without_descriptors),
        SYSTEM_TEST(without_address_space),
        SYSTEM_TEST(without_standard_streams),
        SYSTEM_TEST(on_an_old_system),
        SYSTEM_TEST(refused_later),
        SYSTEM_TEST(named_in_the_perf_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
