/* A pool of threads that do one thing together, wait, and do the next. This is the whole room. */
#ifndef SN_THREADS_THREAD_POOL_H
#define SN_THREADS_THREAD_POOL_H

#include <sinter/memory.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct thread_pool thread_pool;

enum { THREADS_MOST = 1024 };

/* How many processors this process may run on: at least 1, at most THREADS_MOST. */
int sn_threads_processors(void);

/* A pool of `wanted` workers (1 to THREADS_MOST), one of which is whoever calls sn_threads_run; so many threads are started, less one. Those that
 * the system refuses are done without. Signals are left to the caller's threads. NULL where the allocator refuses. */
thread_pool *sn_threads_open(const sinter_allocator *allocator, int wanted);
void sn_threads_close(thread_pool *pool); /* NULL is allowed */
int sn_threads_workers(const thread_pool *pool); /* at least 1 */

/* Lets every worker call `work` once, the caller as number 0, and returns when all have returned. What a worker wrote
 * is visible to the caller afterwards. For one caller at a time, and not from within `work`. */
typedef void (*thread_work)(void *context, int worker);
void sn_threads_run(thread_pool *pool, thread_work work, void *context);

#endif
