/* Players: opening, closing, looking, and what is done while nobody plays. See performance.h for who owns what. */
#include "graph/performance.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_QUEUE = 4096 };
static const double default_rate = 48000, highest_rate = 1e7, default_fade = 0.005, longest_fade = 10;
/* Before anything was compiled: what a text costs on a machine of 2020, by the byte. */
static const double usual_seconds_a_byte = 60e-9;

/* ---- opening ---- */

static bool acceptable(const sinter_player_options *o)
{
    return (o->size == 0 || o->size == sizeof *o) && (o->rate == 0 || (o->rate >= 1 && o->rate <= highest_rate))
           && o->inputs <= PLAYER_MOST_CHANNELS && o->outputs <= PLAYER_MOST_CHANNELS && o->fade <= longest_fade && o->queue <= QUEUE_MOST
           && o->budget >= 0 && sinter_engine_name(o->engine);
}

static void set_up(sinter_player *p, const sinter_player_options *o)
{
    p->rate = o->rate != 0 ? o->rate : default_rate;
    p->inputs = o->inputs;
    p->outputs = o->outputs;
    p->options = (sinter_options){.source = SINTER_PATCH, .grade = o->grade, .rewriting = o->rewriting};
    p->engine = o->engine;
    p->fade = o->fade < 0 ? 0 : (uint32_t)lround((o->fade != 0 ? o->fade : default_fade) * p->rate);
    p->budget = o->budget;
    p->seconds_a_byte = usual_seconds_a_byte;
}

static void *zeroed(const sinter_allocator *allocator, size_t size)
{
    void *block = sn_allocate(allocator, size);
    return block ? memset(block, 0, size) : NULL;
}

static size_t buffers_size(void)
{
    return 2 * PLAYER_SILENCE * sizeof(float) + 4 * PLAYER_MOST_CHANNELS * sizeof(void *) + PLAYER_MOST_CHANNELS * sizeof(uint32_t);
}

static size_t beside_size(const sinter_player *p)
{
    return p->fade > 0 ? ((size_t)p->outputs + p->inputs) * PLAYER_SILENCE * sizeof(float) : 0;
}

static bool take_memory(sinter_player *p)
{
    p->beside = beside_size(p) ? zeroed(&p->allocator, beside_size(p)) : NULL;
    p->changes = sn_queue_open(&p->allocator, p->queue, sizeof(player_change));
    p->schedule.capacity = p->changes ? sn_queue_capacity(p->changes) : 0;
    p->schedule.changes = zeroed(&p->allocator, p->queue * 2 * sizeof(player_change));
    p->input_pointers = zeroed(&p->allocator, buffers_size());
    if (!p->changes || !p->schedule.changes || !p->input_pointers || (!p->beside && beside_size(p)))
        return false;
    p->leaving_inputs = p->input_pointers + PLAYER_MOST_CHANNELS;
    p->output_pointers = (void **)(p->leaving_inputs + PLAYER_MOST_CHANNELS);
    p->leaving_outputs = p->output_pointers + PLAYER_MOST_CHANNELS;
    p->silence = (float *)(p->leaving_outputs + PLAYER_MOST_CHANNELS);
    p->unheard = p->silence + PLAYER_SILENCE;
    p->fade_in = (uint32_t *)(p->unheard + PLAYER_SILENCE);
    return true;
}

static void give_memory_back(sinter_player *p)
{
    sn_queue_close(p->changes);
    sn_release(&p->allocator, p->schedule.changes, p->schedule.changes ? p->queue * 2 * sizeof(player_change) : 0);
    sn_release(&p->allocator, p->input_pointers, p->input_pointers ? buffers_size() : 0);
    sn_release(&p->allocator, p->beside, p->beside ? beside_size(p) : 0);
}

static bool start_thread(sinter_player *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the caller's */
    const bool started = pthread_create(&p->thread, NULL, sn_player_serve, p) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

sinter_status sinter_player_open(sinter_context *context, const sinter_player_options *options, sinter_player **player)
{
    if (!player)
        return SINTER_BAD_ARGUMENT;
    *player = NULL;
    if (!context || !options || !acceptable(options))
        return SINTER_BAD_ARGUMENT;
    if (!sinter_engine_available(options->engine, NULL))
        return SINTER_NO_ENGINE;
    sinter_player *p = zeroed(&context->allocator, sizeof *p);
    if (!p)
        return SINTER_NO_MEMORY;
    p->context = context;
    p->allocator = context->allocator;
    set_up(p, options);
    p->queue = options->queue ? options->queue : DEFAULT_QUEUE;
    if (take_memory(p)) {
        pthread_mutex_init(&p->lock, NULL);
        pthread_condattr_t clock;
        pthread_condattr_init(&clock);
        pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
        pthread_cond_init(&p->wake, &clock);
        pthread_cond_init(&p->done, NULL);
        pthread_condattr_destroy(&clock);
        if (start_thread(p)) {
            *player = p;
            return SINTER_OK;
        }
        pthread_cond_destroy(&p->done);
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
    }
    give_memory_back(p);
    sn_release(&context->allocator, p, sizeof *p);
    return SINTER_NO_MEMORY;
}

void sinter_player_close(sinter_player *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    sn_player_end_leaving(p);
    /* Those first whose migrations know the kernels of others. */
    sn_player_sweep(p);
    sn_performance_free(p, atomic_load(&p->ready));
    sn_performance_free(p, p->waiting);
    sn_performance_free(p, p->current);
    sn_request_forget(p, &p->request);
    sn_request_forget(p, &p->good);
    sn_player_names_close(p);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    give_memory_back(p);
    const sinter_allocator allocator = p->allocator;
    sn_release(&allocator, p, sizeof *p);
}

/* ---- looking ---- */

sinter_player_view sinter_player_look(sinter_player *p, sinter_report *report)
{
    sinter_player_view view = {.engine_reason = ""};
    if (!p)
        return view;
    pthread_mutex_lock(&p->lock);
    view.edits = p->edits;
    view.compiled = p->compiled;
    view.status = p->status;
    view.compile_seconds = p->compile_seconds;
    view.swaps = atomic_load_explicit(&p->swaps, memory_order_acquire);
    view.playing = atomic_load_explicit(&p->playing, memory_order_relaxed);
    const performance *sounding = atomic_load_explicit(&p->sounding, memory_order_acquire);
    if (sounding) {
        view.engine = sounding->kernel->engine;
        view.engine_reason = sounding->kernel->engine_reason;
        view.latency = sounding->kernel->latency;
        view.tail = sounding->kernel->tail;
    }
    view.faults = atomic_load_explicit(&p->faults, memory_order_relaxed);
    const char *fault = sounding ? atomic_load_explicit(&sounding->fault, memory_order_acquire) : NULL;
    snprintf(view.fault, sizeof view.fault, "%s", fault ? fault : p->fault);
    if (report)
        *report = p->report;
    pthread_mutex_unlock(&p->lock);
    return view;
}

int64_t sinter_player_index(const sinter_player *player)
{
    return player ? atomic_load_explicit(&player->index, memory_order_relaxed) : 0;
}

/* ---- while nobody plays ---- */

static void settle(sinter_player *p)
{
    memset(p->fade_in, 0, PLAYER_MOST_CHANNELS * sizeof *p->fade_in);
    p->hold = 0;
    sn_player_end_leaving(p);
}

void sinter_player_reset(sinter_player *p)
{
    if (!p)
        return;
    if (p->current) {
        pthread_mutex_lock(&p->lock);
        sn_player_end_copying(p);
        sinter_instance_reset(p->current->instance);
        pthread_mutex_unlock(&p->lock);
    }
    player_change dropped;
    while (sn_queue_take(p->changes, &dropped))
        continue;
    p->schedule.count = 0;
    p->origin = 0;
    settle(p);
    atomic_store_explicit(&p->index, 0, memory_order_relaxed);
}

size_t sinter_player_snapshot_size(const sinter_player *p)
{
    return p && p->current ? sinter_snapshot_size(p->current->instance) : 0;
}

sinter_status sinter_player_snapshot_save(const sinter_player *p, void *bytes, size_t size)
{
    return p && p->current ? sinter_snapshot_save(p->current->instance, bytes, size) : SINTER_BAD_ARGUMENT;
}

sinter_status sinter_player_snapshot_restore(sinter_player *p, const void *bytes, size_t size)
{
    if (!p || !p->current)
        return SINTER_BAD_ARGUMENT;
    pthread_mutex_lock(&p->lock);
    sn_player_end_copying(p);
    const sinter_status status = sinter_snapshot_restore(p->current->instance, bytes, size);
    pthread_mutex_unlock(&p->lock);
    if (status == SINTER_OK) {
        settle(p);
        atomic_store_explicit(&p->index, p->origin + sinter_instance_index(p->current->instance), memory_order_relaxed);
    }
    return status;
}
