/* Code memory: blocks of code and constants, from reservation to release.
 *
 * Two spaces (code, constants) are cut into spans; the views say at which addresses they are written and
 * read. In the usual mode, two views of one file, a block costs no system call: the arena was mapped in
 * advance and is made ready in steps of 64 KiB or more, ahead of use. What is ready holds CODE_FILL wherever
 * no code lies, for as long as it is free; so a jump that goes astray stops at once.
 *
 * Released code is overwritten by its owner at once, before the mutex is taken, but its addresses wait until
 * a barrier has made every core forget them (membarrier.c). One barrier serves all that waits, and is drawn
 * only when the ready space is used up and a quarter of it waits, or when there is no more space to make
 * ready. Constants are data and need no barrier. A block that was never published, and the unused tail of one
 * that was, has never been run either and is free at once.
 *
 * After a fork the writable view is gone and the mutex may be held by a thread that does not exist here. So
 * the child must be told apart before anything else, and cheaply: a page that the system empties in the child
 * (MADV_WIPEONFORK) says whose process this is, 90 ns less than asking for its number. */
#include "exec/exec.h"

#include "base/arena.h"
#include "exec/code_space.h"
#include "exec/code_views.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEFAULT_SIZE ((size_t)64 << 20)
#define LARGEST_SIZE ((size_t)1 << 30)
#define DEFAULT_PREPARED ((size_t)256 << 10)

enum {
    STEP = 64 << 10,  /* the least that is made ready at once */
    OVERWRITTEN = 64, /* what may be overwritten behind the code */
    REASON_ROOM = VIEWS_REASON_ROOM + 80
};

struct code_memory {
    sinter_allocator allocator;
    pthread_mutex_t mutex; /* guards the spaces and the count of barriers */
    code_views views;
    size_t granule; /* bytes: CODE_ALIGNMENT where blocks share pages, a page otherwise */
    code_space code, pool;
    uint64_t barriers;
    bool reuses;
    int perf; /* the perf map, or -1 */
    pid_t process;
    _Atomic unsigned char *ours; /* 1, and 0 in the child of a fork; NULL where the system has no such page */
    char reason[REASON_ROOM];
};

/* ---- whose process this is ---- */

static void mark_process(code_memory *m)
{
    m->process = getpid();
    m->ours = NULL;
#if defined(MADV_WIPEONFORK)
    void *page = mmap(NULL, m->views.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return;
    if (madvise(page, m->views.page, MADV_WIPEONFORK) != 0) {
        munmap(page, m->views.page);
        return;
    }
    m->ours = page;
    atomic_store_explicit(m->ours, 1, memory_order_relaxed);
#endif
}

static void unmark_process(code_memory *m)
{
    if (m->ours)
        munmap((void *)m->ours, m->views.page);
}

static bool inherited(const code_memory *m)
{
    return m->ours ? !atomic_load_explicit(m->ours, memory_order_relaxed) : getpid() != m->process;
}

static bool usable(const code_memory *m)
{
    return m->views.mode != CODE_MEMORY_NONE && !inherited(m);
}

/* ---- making space ready ---- */

static size_t start_of(const code_memory *m, const code_space *space)
{
    return space == &m->pool ? m->views.pool_start : 0;
}

static size_t bytes(const code_memory *m, uint32_t granules)
{
    return (size_t)granules * m->granule;
}

static uint32_t granules_of(const code_memory *m, size_t size)
{
    return size ? (uint32_t)((size + m->granule - 1) / m->granule) : 1;
}

/* Makes room for `size` granules at the top ready. */
static sinter_status grow(code_memory *m, code_space *space, uint32_t size)
{
    if (size > space->size - space->top)
        return SINTER_TOO_LARGE;
    const size_t ready = bytes(m, space->prepared);
    const size_t unit = STEP > m->views.page ? STEP : m->views.page;
    size_t target = (bytes(m, space->top + size) + unit - 1) / unit * unit;
    if (target > bytes(m, space->size))
        target = bytes(m, space->size);
    if (!sn_views_prepare(&m->views, start_of(m, space) + ready, target - ready))
        return SINTER_NO_MEMORY;
    space->prepared = (uint32_t)(target / m->granule);
    return SINTER_OK;
}

static bool drain(code_memory *m, code_space *space)
{
    if (!space->waiting || !sn_exec_barrier())
        return false;
    m->barriers++;
    sn_space_drain(space);
    return true;
}

/* Every way to come by a span, the cheap ones first. Spans of `pool` never wait. */
static sinter_status take(code_memory *m, code_space *space, uint32_t size, code_span **span)
{
    sinter_status status = SINTER_OK;
    *span = NULL;
    if (!sn_space_provide(space))
        return SINTER_NO_MEMORY;
    if ((*span = sn_space_take(space, size)))
        return SINTER_OK;
    if (space->waiting_size > space->prepared / 4 && drain(m, space) && (*span = sn_space_take(space, size)))
        return SINTER_OK;
    if (space->prepared < space->size)
        status = grow(m, space, size);
    else
        status = SINTER_TOO_LARGE;
    if (status == SINTER_OK || drain(m, space))
        *span = sn_space_take(space, size);
    if (!*span)
        *span = sn_space_search(space, size);
    return *span ? SINTER_OK : status;
}

/* ---- blocks ---- */

static size_t code_offset(const code_memory *m, const code_span *span)
{
    return bytes(m, span->offset);
}

static size_t pool_offset(const code_memory *m, const code_span *span)
{
    return m->views.pool_start + bytes(m, span->offset);
}

static void fill_block(code_memory *m, const code_block *block)
{
    memset(m->views.write + code_offset(m, block->code_span), CODE_FILL, bytes(m, block->code_span->size));
    if (block->pool_span)
        memset(m->views.write + pool_offset(m, block->pool_span), 0, bytes(m, block->pool_span->size));
}

static bool unlock_block(code_memory *m, const code_block *block)
{
    const code_span *code = block->code_span, *pool = block->pool_span;
    return sn_views_unlock(&m->views, code_offset(m, code), bytes(m, code->size))
        && (!pool || sn_views_unlock(&m->views, pool_offset(m, pool), bytes(m, pool->size)));
}

static bool drop_block(code_memory *m, const code_block *block)
{
    const code_span *code = block->code_span, *pool = block->pool_span;
    const bool dropped = sn_views_drop(&m->views, code_offset(m, code), bytes(m, code->size));
    return (!pool || sn_views_drop(&m->views, pool_offset(m, pool), bytes(m, pool->size))) && dropped;
}

/* Removes the content of a block that is given back; false if its pages could not be. */
static bool erase_block(code_memory *m, const code_block *block)
{
    if (m->views.mode == CODE_MEMORY_REMAP)
        return drop_block(m, block);
    fill_block(m, block);
    return true;
}

static void end_block(code_memory *m, const code_block *block, bool erased)
{
    if (block->pool_span)
        (erased ? sn_space_free : sn_space_retire)(&m->pool, block->pool_span);
    if (!erased || (block->published && !m->reuses))
        sn_space_retire(&m->code, block->code_span);
    else if (block->published)
        sn_space_wait(&m->code, block->code_span);
    else
        sn_space_free(&m->code, block->code_span);
}

static void address_block(const code_memory *m, code_block *block, size_t pool_size)
{
    const size_t code = code_offset(m, block->code_span);
    block->write = m->views.write + code;
    block->run = m->views.run + code;
    block->size = bytes(m, block->code_span->size);
    if (!block->pool_span)
        return;
    const size_t pool = pool_offset(m, block->pool_span);
    block->pool_write = m->views.write + pool;
    block->pool = m->views.run + pool;
    block->pool_size = pool_size;
}

static sinter_status take_block(code_memory *m, size_t code_size, size_t pool_size, code_block *block)
{
    sinter_status status = take(m, &m->code, granules_of(m, code_size), &block->code_span);
    if (status == SINTER_OK && pool_size) {
        status = take(m, &m->pool, granules_of(m, pool_size), &block->pool_span);
        if (status != SINTER_OK)
            sn_space_free(&m->code, block->code_span);
    }
    return status;
}

sinter_status sn_exec_reserve(code_memory *memory, size_t code_size, size_t pool_size, code_block *block)
{
    *block = (code_block){0};
    if (!usable(memory))
        return SINTER_NO_ENGINE;
    if (code_size > memory->views.code_size || pool_size > memory->views.pool_size)
        return SINTER_TOO_LARGE;

    code_block taken = {0};
    pthread_mutex_lock(&memory->mutex);
    const sinter_status status = take_block(memory, code_size, pool_size, &taken);
    pthread_mutex_unlock(&memory->mutex);
    if (status != SINTER_OK)
        return status;

    address_block(memory, &taken, pool_size);
    if (memory->views.mode == CODE_MEMORY_REMAP && !unlock_block(memory, &taken)) {
        sn_exec_release(memory, &taken);
        return SINTER_NO_MEMORY;
    }
    *block = taken;
    return SINTER_OK;
}

/* Code and constants lose the right to be written; whole pages behind them go back. The constants are first,
 * so that what can be run is complete. */
static bool lock_block(code_memory *m, const code_block *block, uint32_t code_kept, uint32_t pool_kept)
{
    const code_span *code = block->code_span, *pool = block->pool_span;
    if (pool) {
        const size_t at = pool_offset(m, pool), kept = bytes(m, pool_kept);
        if (!sn_views_lock(&m->views, at, kept)
            || !sn_views_drop(&m->views, at + kept, bytes(m, pool->size) - kept))
            return false;
    }
    const size_t at = code_offset(m, code), kept = bytes(m, code_kept);
    return sn_views_drop(&m->views, at + kept, bytes(m, code->size) - kept)
        && sn_views_lock(&m->views, at, kept);
}

/* Processors whose instruction fetch does not watch the data caches must be told; x86 needs nothing. */
static void synchronise(const uint8_t *run, size_t size)
{
    char *first = (char *)(uintptr_t)run;
    __builtin___clear_cache(first, first + size);
#if defined(__aarch64__)
    /* The other cores pass their instruction barrier here, if the system can make them. */
    sn_exec_barrier();
#endif
}

/* What goes back, and what the last granule holds behind the block, is as it was. */
static void refill_behind(const code_memory *m, const code_block *block, size_t used)
{
    const size_t left = block->size - used;
    memset(block->write + used, CODE_FILL, left < OVERWRITTEN ? left : OVERWRITTEN);
    if (block->pool_span)
        memset(block->pool_write + block->pool_size, 0, bytes(m, block->pool_span->size) - block->pool_size);
}

sinter_status sn_exec_publish(code_memory *memory, code_block *block, size_t used, const char *name)
{
    if (!block->code_span || block->published || used > block->size)
        return SINTER_BAD_ARGUMENT;
    if (!usable(memory))
        return SINTER_NO_ENGINE;
    const uint32_t code_kept = granules_of(memory, used);
    const uint32_t pool_kept = granules_of(memory, block->pool_size);
    if (block->pool_span && pool_kept > block->pool_span->size)
        return SINTER_BAD_ARGUMENT;

    refill_behind(memory, block, used);
    if (memory->views.mode == CODE_MEMORY_REMAP && !lock_block(memory, block, code_kept, pool_kept))
        return SINTER_NO_MEMORY;
    synchronise(block->run, used);

    pthread_mutex_lock(&memory->mutex);
    sn_space_trim(&memory->code, block->code_span, code_kept);
    if (block->pool_span)
        sn_space_trim(&memory->pool, block->pool_span, pool_kept);
    pthread_mutex_unlock(&memory->mutex);

    block->published = true;
    block->size = used;
    block->write = NULL;
    block->pool_write = NULL;
    if (memory->perf >= 0)
        sn_exec_perf_write(memory->perf, block->run, used, name);
    return SINTER_OK;
}

void sn_exec_release(code_memory *memory, code_block *block)
{
    if (block->code_span && usable(memory)) {
        const bool erased = erase_block(memory, block);
        pthread_mutex_lock(&memory->mutex);
        end_block(memory, block, erased);
        pthread_mutex_unlock(&memory->mutex);
    }
    *block = (code_block){0};
}

/* ---- the arena ---- */

static size_t whole_pages(size_t size, size_t page)
{
    return (size + page - 1) / page * page;
}

static void prepare_first(code_memory *m, size_t prepared)
{
    if (m->views.mode == CODE_MEMORY_REMAP) {
        m->code.prepared = m->code.size;
        m->pool.prepared = m->pool.size;
        return;
    }
    /* The views have made the first page ready. What is refused here is refused again, with a status, by
     * reserve. */
    m->code.prepared = (uint32_t)(m->views.page / m->granule);
    const size_t code = prepared < m->views.code_size ? prepared : m->views.code_size;
    const size_t pool = prepared / 4 < m->views.pool_size ? prepared / 4 : m->views.pool_size;
    if (code > m->views.page)
        (void)grow(m, &m->code, granules_of(m, code));
    (void)grow(m, &m->pool, granules_of(m, pool));
}

static void open_spaces(code_memory *m, size_t prepared)
{
    m->granule = m->views.mode == CODE_MEMORY_REMAP ? m->views.page : CODE_ALIGNMENT;
    sn_space_open(&m->code, &m->allocator, (uint32_t)(m->views.code_size / m->granule));
    sn_space_open(&m->pool, &m->allocator, (uint32_t)(m->views.pool_size / m->granule));
    prepare_first(m, prepared);
}

static void explain(code_memory *m)
{
    const bool retires = m->views.mode != CODE_MEMORY_NONE && !m->reuses;
    strcpy(m->reason, m->views.reason);
    if (retires)
        strcat(m->reason, "; without membarrier, addresses are not reused");
}

sinter_status sn_exec_open(const sinter_allocator *allocator, const code_memory_options *options,
    code_memory **memory)
{
    const code_memory_options wanted = options ? *options : (code_memory_options){0};
    const size_t size = wanted.size ? wanted.size : DEFAULT_SIZE;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *memory = NULL;
    if (size > LARGEST_SIZE || (unsigned)wanted.mode > CODE_MEMORY_NONE)
        return SINTER_BAD_ARGUMENT;

    const sinter_allocator source = sn_allocator_or_default(allocator);
    code_memory *m = sn_allocate(&source, sizeof *m);
    if (!m)
        return SINTER_NO_MEMORY;
    memset(m, 0, sizeof *m);
    m->allocator = source;
    m->perf = -1;
    if (pthread_mutex_init(&m->mutex, NULL) != 0) {
        sn_release(&source, m, sizeof *m);
        return SINTER_NO_MEMORY;
    }
    sn_views_open(&m->views, whole_pages(size - size / 4, page), whole_pages(size / 4, page),
        wanted.mode, wanted.refuse);
    if (m->views.mode != CODE_MEMORY_NONE) {
        m->reuses = !(wanted.refuse & CODE_REFUSE_MEMBARRIER) && sn_exec_barrier_register();
        open_spaces(m, wanted.prepared ? wanted.prepared : DEFAULT_PREPARED);
        mark_process(m);
        if (wanted.perf_map)
            m->perf = sn_exec_perf_open();
    }
    explain(m);
    *memory = m;
    return SINTER_OK;
}

void sn_exec_close(code_memory *memory)
{
    if (!memory)
        return;
    const bool child = memory->views.mode != CODE_MEMORY_NONE && inherited(memory);
    const sinter_allocator allocator = memory->allocator;
    sn_views_close(&memory->views, child);
    unmark_process(memory);
    sn_exec_perf_close(memory->perf);
    sn_space_close(&memory->code);
    sn_space_close(&memory->pool);
    if (!child)
        pthread_mutex_destroy(&memory->mutex);
    sn_release(&allocator, memory, sizeof *memory);
}

code_memory_mode sn_exec_mode(const code_memory *memory)
{
    return memory->views.mode;
}

const char *sn_exec_mode_name(code_memory_mode mode)
{
    switch (mode) {
    case CODE_MEMORY_AUTO:
        return "auto";
    case CODE_MEMORY_DUAL:
        return "dual mapping";
    case CODE_MEMORY_REMAP:
        return "RW to RX";
    case CODE_MEMORY_NONE:
        break;
    }
    return "none";
}

const char *sn_exec_reason(const code_memory *memory)
{
    if (memory->views.mode != CODE_MEMORY_NONE && inherited(memory))
        return "the arena belongs to the process that this one was forked from";
    return memory->reason;
}

code_memory_stats sn_exec_stats(code_memory *memory)
{
    code_memory *m = memory;
    code_memory_stats stats = {0};
    if (!usable(m))
        return stats;
    pthread_mutex_lock(&m->mutex);
    stats = (code_memory_stats){
        .code_size = bytes(m, m->code.size),
        .pool_size = bytes(m, m->pool.size),
        .code_prepared = bytes(m, m->code.prepared),
        .pool_prepared = bytes(m, m->pool.prepared),
        .code_used = bytes(m, m->code.used),
        .pool_used = bytes(m, m->pool.used),
        .waiting = bytes(m, m->code.waiting_size),
        .retired = bytes(m, m->code.retired),
        .barriers = m->barriers,
        .reuses = m->reuses,
        .perf_map = m->perf >= 0,
    };
    pthread_mutex_unlock(&m->mutex);
    return stats;
}
