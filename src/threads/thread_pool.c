/* The pool: threads asleep on a condition until there is work of a new number.
 *
 * A lock, two conditions, and a counter of rounds. A round begins when the caller raises the counter: each
 * thread that sees it raised takes the round's work, and reports back by counting down `busy`; the caller does
 * its own share in between and then waits for 0. There is no queue, since there is one caller and every
 * worker does the same; what is shared out among them is the business of `work`.
 *
 * A thread costs its stack, so what the system does not give is not an error here: the work is done by
 * those that are there, at least by the caller. */
#include "threads/thread_pool.h"

#include "base/arena.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

typedef struct pool_thread {
    thread_pool *pool;
    pthread_t thread;
    int worker;
} pool_thread;

struct thread_pool {
    sinter_allocator allocator;
    size_t size; /* of this block */
    pthread_mutex_t lock;
    pthread_cond_t begun, ended;
    uint64_t round;
    int busy; /* threads that have not yet returned from this round */
    bool stopping;
    thread_work work;
    void *context;
    int started;
    pool_thread threads[];
};

/* A machine with more processors than the set has bits for refuses to fill it. */
int sn_threads_processors(void)
{
    cpu_set_t set;
    const long count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > THREADS_MOST ? THREADS_MOST : (int)count;
}

static void *serve(void *argument)
{
    const pool_thread *self = argument;
    thread_pool *p = self->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stopping && p->round == seen)
            pthread_cond_wait(&p->begun, &p->lock);
        if (p->stopping)
            break;
        seen = p->round;
        pthread_mutex_unlock(&p->lock);
        p->work(p->context, self->worker);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0)
            pthread_cond_signal(&p->ended);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Threads inherit the mask of who makes them: all is blocked, so that signals go to threads of the caller's. But for those that a thread brings on
 * itself: blocked, they end the process without the handler that it may have for them. */
static void start(thread_pool *p, int wanted)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    sigset_t all, before;
    sigfillset(&all);
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        sigdelset(&all, own[k]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->started < wanted - 1) {
        pool_thread *t = &p->threads[p->started];
        *t = (pool_thread){.pool = p, .worker = p->started + 1};
        if (pthread_create(&t->thread, NULL, serve, t) != 0)
            break;
        p->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

thread_pool *sn_threads_open(const sinter_allocator *allocator, int wanted)
{
    const size_t size = sizeof(thread_pool) + (size_t)(wanted - 1) * sizeof(pool_thread);
    thread_pool *p = sn_allocate(allocator, size);
    if (!p)
        return NULL;
    *p = (thread_pool){.allocator = *allocator, .size = size};
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->begun, NULL);
    pthread_cond_init(&p->ended, NULL);
    start(p, wanted);
    return p;
}

void sn_threads_close(thread_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->begun);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->threads[i].thread, NULL);
    pthread_cond_destroy(&p->ended);
    pthread_cond_destroy(&p->begun);
    pthread_mutex_destroy(&p->lock);
    const sinter_allocator allocator = p->allocator;
    sn_release(&allocator, p, p->size);
}

int sn_threads_workers(const thread_pool *p)
{
    return p->started + 1;
}

void sn_threads_run(thread_pool *p, thread_work work, void *context)
{
    pthread_mutex_lock(&p->lock);
    p->work = work;
    p->context = context;
    p->busy = p->started;
    p->round++;
    pthread_cond_broadcast(&p->begun);
    pthread_mutex_unlock(&p->lock);
    work(context, 0);
    pthread_mutex_lock(&p->lock);
    while (p->busy)
        pthread_cond_wait(&p->ended, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
