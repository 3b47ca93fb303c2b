/* Code memory: where machine code and its constants live. This page is the room's table of contents.
 *
 *   code_memory.c   the calls below: reserve, publish, release
 *   code_space.c    which bytes of the arena are free (code_space.h)
 *   code_views.c    the pages: two views of one memory file, or pages that turn executable (code_views.h)
 *   membarrier.c    what stands between the release of an address and its next use
 *   perf_map.c      names for the `perf` profiler
 *
 * One arena holds code and constants, all of it within 2 GiB, so that code reaches its constants relative to
 * the program counter. A block is written at one address and runs at another, both known before the first
 * byte is written:
 *
 *     code_block b;
 *     if (sn_exec_reserve(memory, code_bound, pool_size, &b) == SINTER_OK) {
 *         … write at b.write and b.pool_write what is meant to stand at b.run and b.pool …
 *         if (sn_exec_publish(memory, &b, code_used, "gain") == SINTER_OK)
 *             … ((float (*)(float))b.run)(x) … until nothing runs it any more …
 *         sn_exec_release(memory, &b);
 *     }
 *
 * No page is ever writable and executable at one address; constants are readable only where the code reads
 * them. What is not code is CODE_FILL, in free space too.
 *
 * Threads: everything may be called from several threads at once (one mutex within); one block belongs to one
 * thread at a time. Whoever hands `run` to another thread does so with release and acquire. Real time: none
 * of these calls is for a thread that must not wait; a kernel that runs needs none of them.
 *
 * Fork: a child keeps the code that it inherited and may run it, but no writable view of it. Under
 * CODE_MEMORY_DUAL it is the parent's very memory, so the parent's release takes it from the child as well;
 * whoever forks to run kernels keeps them in the parent. In the child reserve and publish answer
 * SINTER_NO_ENGINE, release only forgets, and close gives back what is the child's. A child that wants to
 * compile opens code memory of its own. */
#ifndef SN_EXEC_EXEC_H
#define SN_EXEC_EXEC_H

#include <sinter/memory.h>
#include <sinter/report.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CODE_ALIGNMENT = 64, /* of every block's code and pool, at both of their addresses */
#if defined(__aarch64__)
    CODE_FILL = 0x00 /* four of them are udf, which traps */
#else
    CODE_FILL = 0xCC /* int3 */
#endif
};

typedef enum code_memory_mode {
    CODE_MEMORY_AUTO = 0, /* the first of the following that the system permits */
    CODE_MEMORY_DUAL,     /* a memory file mapped twice */
    CODE_MEMORY_REMAP,    /* whole pages that are written, then made executable, in place: 15 µs a block */
    CODE_MEMORY_NONE      /* no code memory: reserve answers SINTER_NO_ENGINE and the interpreter serves */
} code_memory_mode;

/* What the arena shall take for refused by the system, for tests. */
enum {
    CODE_REFUSE_FILE = 1 << 0,      /* the memory file: no CODE_MEMORY_DUAL */
    CODE_REFUSE_MPROTECT = 1 << 1,  /* writable to executable: no CODE_MEMORY_REMAP */
    CODE_REFUSE_MEMBARRIER = 1 << 2 /* the barrier: addresses are never reused */
};

/* Right when zeroed. */
typedef struct code_memory_options {
    /* Bytes of address space, a quarter of them for constants; 0: 64 MiB; at most 1 GiB; both parts are
     * rounded up to whole pages. Memory is taken as it is used, 64 KiB or more at a time. */
    size_t size;
    /* Bytes of code space made ready by open, so that the first blocks touch no fresh page, and a quarter of
     * that for constants; 0: 256 KiB. CODE_MEMORY_REMAP prepares nothing. */
    size_t prepared;
    code_memory_mode mode; /* a mode that is named is used, or else the result is CODE_MEMORY_NONE */
    unsigned refuse;       /* CODE_REFUSE_… */
    bool perf_map;         /* append to /tmp/perf-PID.map, if that file can be had */
} code_memory_options;

typedef struct code_memory code_memory;
typedef struct code_span code_span;

/* Between reserve and publish both addresses of both parts are set. From publish on, `write` and `pool_write`
 * are NULL. A pool of size 0 has NULL addresses. A block may be copied, not released twice. */
typedef struct code_block {
    uint8_t *write;
    const uint8_t *run;
    size_t size; /* at least what was asked for; after publish the bytes of code */
    uint8_t *pool_write;
    const uint8_t *pool;
    size_t pool_size; /* what was asked for; may be lowered before publish, and the rest goes back */
    code_span *code_span, *pool_span; /* the arena's own */
    bool published;
} code_block;

/* Opens an arena; `options` may be NULL. A system that permits no code memory is no error: the arena then has
 * the mode CODE_MEMORY_NONE. SINTER_NO_MEMORY: the allocator refused; SINTER_BAD_ARGUMENT: a size beyond
 * 1 GiB, an unknown mode; *memory is NULL then. Copies the allocator. */
sinter_status sn_exec_open(const sinter_allocator *allocator, const code_memory_options *options,
    code_memory **memory);

/* Ends everything: all blocks vanish, published ones too. NULL is allowed. No other thread may be in
 * a call. */
void sn_exec_close(code_memory *memory);

/* Space for at most code_size bytes of code (all of it CODE_FILL on arrival) and pool_size bytes of constants
 * (all of them 0). About 60 ns in an arena that is warm; where pages must be made ready, some tens of
 * microseconds.
 * SINTER_NO_ENGINE: there is no code memory here (sn_exec_reason says why). SINTER_TOO_LARGE: no room of that
 * size is left. SINTER_NO_MEMORY: the allocator or the system refused. *block is then zeroed and no block has
 * changed. */
sinter_status sn_exec_reserve(code_memory *memory, size_t code_size, size_t pool_size, code_block *block);

/* Makes the first `used` bytes runnable at block->run and gives the rest of the space back. The rest must be
 * as it came, except that the 64 bytes behind the code may have been overwritten. `name` is for perf, NULL
 * for none.
 * SINTER_BAD_ARGUMENT: not a reserved block, or more used than reserved. SINTER_NO_MEMORY, SINTER_NO_ENGINE:
 * the system refuses, or this is the child of a fork; the block is still reserved, and the caller releases
 * it. */
sinter_status sn_exec_publish(code_memory *memory, code_block *block, size_t used, const char *name);

/* Gives a block back, published or not, and zeroes *block; a zeroed block is let pass. Nothing may run it now
 * or later. The code becomes CODE_FILL at once (CODE_MEMORY_REMAP: its pages become inaccessible); its
 * addresses are used again behind a barrier that all threads of the process have passed, and never where the
 * system refuses such barriers. Cannot fail. */
void sn_exec_release(code_memory *memory, code_block *block);

code_memory_mode sn_exec_mode(const code_memory *memory); /* never CODE_MEMORY_AUTO */
const char *sn_exec_mode_name(code_memory_mode mode);     /* "dual mapping", "RW to RX", "none"; "auto" */

/* One line for `sinter doctor`: how the mode works, why it is not a better one, and whether addresses are
 * reused. Never NULL; lives as long as the arena. */
const char *sn_exec_reason(const code_memory *memory);

/* All sizes in bytes. */
typedef struct code_memory_stats {
    size_t code_size, pool_size;         /* address space */
    size_t code_prepared, pool_prepared; /* of it, ready to be written without entering the system */
    size_t code_used, pool_used;         /* reserved or published */
    size_t waiting;                      /* released code before the next barrier */
    size_t retired;                      /* released code whose address is never used again */
    uint64_t barriers;                   /* so far */
    bool reuses;                         /* are barriers to be had? */
    bool perf_map;                       /* is it written? */
} code_memory_stats;

code_memory_stats sn_exec_stats(code_memory *memory);

/* membarrier.c: makes every thread of the process pass an instruction that discards what it had fetched of
 * old code. Register once in a process before the first barrier; false where the system has no such barrier
 * or refuses it. */
bool sn_exec_barrier_register(void);
bool sn_exec_barrier(void);

/* perf_map.c: the file is opened for appending and shared with whoever else in the process writes it; -1
 * where it cannot be had. A line is one write, so that threads need no lock. Control characters in names
 * become '?'. */
int sn_exec_perf_open(void);
void sn_exec_perf_write(int file, const void *run, size_t size, const char *name);
void sn_exec_perf_close(int file);

#endif
