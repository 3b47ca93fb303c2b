/* The player's own thread: texts become performances; what the audio thread is done with is freed.
 *
 * The audio thread cannot wake anybody without entering the system, so that retired performances are looked for: after every edit, and
 * every 20 ms as long as there is one to be expected. */
#include "graph/model.h"
#include "graph/performance.h"
#include "lang/lang.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SWEEP_NANOSECONDS = 20000000,
    ASK_NANOSECONDS = 500000,
    MOST_COPIED = 1 << 16 /* bytes of state that the audio thread copies for the sake of a fade between graphs: some 5 µs */
};

/* An audio thread that does nothing for so long is not waited for: long blocks, and a machine that has much to do. */
static const double longest_silence = 0.15;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Under the lock, which is free meanwhile; or until somebody asks for something. */
static void wait_for(sinter_player *player, long nanoseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += nanoseconds;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&player->wake, &player->lock, &until);
}

/* ---- performances ---- */

void sn_performance_free(sinter_player *player, performance *p)
{
    if (!p)
        return;
    sn_performance_free(player, p->then);
    const char *fault = atomic_load_explicit(&p->fault, memory_order_acquire);
    if (fault)
        snprintf(player->fault, sizeof player->fault, "%s", fault);
    sinter_migration_close(p->from);
    sinter_migration_close(p->spent);
    sinter_instance_close(p->instance);
    sinter_kernel_close(p->kernel);
    sn_graph_drop_snapshot(p->graph);
    sn_release(&player->allocator, p, p->size);
    player->alive--;
}

void sn_player_sweep(sinter_player *player)
{
    performance *p = atomic_exchange_explicit(&player->retired, NULL, memory_order_acquire), *oldest = NULL;
    /* The oldest first: each knows the way to the one after it, which must be there while that is closed. */
    while (p) {
        performance *next = p->next;
        p->next = oldest;
        oldest = p;
        p = next;
    }
    while (oldest) {
        performance *next = oldest->next;
        sn_performance_free(player, oldest);
        oldest = next;
    }
}

static sinter_status refuse(sinter_report *report, const char *message, const char *what)
{
    report->count = report->total = 1;
    sinter_error *e = &report->errors[0];
    *e = (sinter_error){.status = SINTER_BAD_PROGRAM};
    snprintf(e->message, sizeof e->message, message, what);
    return SINTER_BAD_PROGRAM;
}

/* Players have streams to give a program, and nothing else. */
static sinter_status check(const sinter_kernel_info *info, sinter_report *report)
{
    if (info->input_count > PLAYER_MOST_CHANNELS || info->output_count > PLAYER_MOST_CHANNELS)
        return refuse(report, "the program has more than 1024 %s", info->input_count > PLAYER_MOST_CHANNELS ? "inputs" : "outputs");
    if (info->bound_table_count + info->image_count > 0)
        return refuse(report, "the program reads %s that nobody brings", info->image_count ? "an image" : "a table");
    return SINTER_OK;
}

static sinter_status compile(sinter_player *player, const player_request *r, sinter_engine engine, bool fades, sinter_kernel **kernel,
                             sinter_report *report)
{
    sinter_options options = player->options;
    options.engine = engine;
    options.name = r->name[0] ? r->name : NULL;
    const sinter_status status = sn_lang_compile(player->context, r->text, r->length, &options, player->rate, fades, kernel, report);
    if (status != SINTER_OK)
        return status;
    const sinter_kernel_info info = sinter_kernel_describe(*kernel);
    const sinter_status fits = check(&info, report);
    if (fits != SINTER_OK)
        sinter_kernel_close(*kernel);
    return fits;
}

/* The instance with its memory touched, at the player's rate, and the names known so far. */
static sinter_status prepare(sinter_player *player, sinter_kernel *kernel, performance **made)
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    const uint32_t names = atomic_load_explicit(&player->names.count, memory_order_acquire);
    const size_t size = sizeof(performance) + names * sizeof(performed_name) + info.parameter_count * sizeof(changed_initial);
    performance *p = sn_allocate(&player->allocator, size);
    sinter_instance *instance;
    if (!p || sinter_instance_open(kernel, &instance) != SINTER_OK) {
        sn_release(&player->allocator, p, p ? size : 0);
        return SINTER_NO_MEMORY;
    }
    *p = (performance){.kernel = kernel, .instance = instance, .inputs = info.input_count, .outputs = info.output_count,
                       .name_count = names, .size = size, .fade = -1};
    p->names = (performed_name *)(p + 1);
    p->initials = (changed_initial *)(p->names + names);
    for (uint32_t k = 0; k < names; k++) {
        const player_name *name = sn_player_name(&player->names, k);
        p->names[k].parameter = sinter_parameter_number(kernel, name->text);
        p->names[k].onset = sinter_parameter_number(kernel, name->onset);
        p->names[k].inherited = false;
    }
    const int rate = sinter_parameter_number(kernel, "rate");
    if (rate >= 0)
        sinter_set(instance, rate, player->rate);
    *made = p;
    return SINTER_OK;
}

static uint32_t name_of(const performance *p, int parameter)
{
    for (uint32_t k = 0; k < p->name_count; k++)
        if (p->names[k].parameter == parameter)
            return k;
    return UINT32_MAX;
}

/* The way from the one before, which plays on for so many samples if it can. */
static sinter_status find_way(performance *p, const performance *before, uint32_t beside)
{
    size_t copied = 0;
    const sinter_status status = sn_migration_open(before->kernel, p->kernel, p->fade >= 0 ? GRAPH_WAS : NULL, beside, &p->from, &copied);
    p->beside = status == SINTER_OK ? sn_migration_beside(p->from) : 0;
    if (status == SINTER_OK && !sn_migration_take_past(p->from))
        return SINTER_NO_MEMORY;
    return status == SINTER_OK && copied > MOST_COPIED ? SINTER_TOO_LARGE : status;
}

/* How it comes after the one that will be playing by then. */
static sinter_status follow(performance *p, performance *before, uint32_t beside)
{
    p->before = before;
    if (!before)
        return SINTER_OK;
    const sinter_kernel_info old = sinter_kernel_describe(before->kernel), now = sinter_kernel_describe(p->kernel);
    for (uint32_t k = 0; k < p->name_count; k++)
        p->names[k].inherited = p->names[k].parameter >= 0
                                && sinter_parameter_number(before->kernel, now.parameters[p->names[k].parameter].name) >= 0;
    uint32_t near = 0;
    for (uint32_t k = 0; k < now.parameter_count; k++) {
        const int was = sn_parameter_near(before->kernel, now.parameters[k].name, near);
        near = was >= 0 ? (uint32_t)was + 1 : near;
        if (was >= 0 && old.parameters[was].initial != now.parameters[k].initial && strcmp(now.parameters[k].name, "rate") != 0)
            p->initials[p->initial_count++] = (changed_initial){(int)k, name_of(p, (int)k)};
    }
    return find_way(p, before, beside);
}

/* Asks the audio thread for what the performance goes on from. True as soon as it has answered: it has lent it, or could not, and copies it at the move. False: it plays nothing at
 * the moment. */
static bool ask_for_past(sinter_player *player, performance *p)
{
    double silent_since = now();
    int64_t index = atomic_load_explicit(&player->index, memory_order_relaxed);
    atomic_store_explicit(&player->lent, NULL, memory_order_relaxed);
    atomic_store_explicit(&player->asked, p, memory_order_release);
    pthread_cond_broadcast(&player->done);
    bool asked = true;
    while (atomic_load_explicit(&player->lent, memory_order_acquire) != p) {
        wait_for(player, ASK_NANOSECONDS);
        const int64_t at = atomic_load_explicit(&player->index, memory_order_relaxed);
        if (at != index)
            silent_since = now();
        index = at;
        if (asked && (player->stopping || now() - silent_since > longest_silence)) {
            if (atomic_exchange_explicit(&player->asked, NULL, memory_order_acquire) == p)
                return false;
            asked = false; /* it is just about to answer */
        }
    }
    return true;
}

/* Copies what must be copied of long lines, while the program before plays. Nothing is ready meanwhile, so that this one goes on playing. Under the lock, which is free as long
 * as it waits and copies. */
static void bring_past(sinter_player *player, performance *p)
{
    if (!p->from || !sn_migration_wants_past(p->from) || !ask_for_past(player, p))
        return;
    player->copying = true;
    pthread_mutex_unlock(&player->lock);
    sn_migration_copy_past(p->from);
    pthread_mutex_lock(&player->lock);
    player->copying = false;
    pthread_cond_broadcast(&player->done);
}

void sn_player_end_copying(sinter_player *player)
{
    while (player->copying)
        pthread_cond_wait(&player->done, &player->lock);
}

/* What was ready and nobody has taken, with what was to follow it. Under the lock. */
static performance *take_back(sinter_player *player)
{
    performance *back = atomic_exchange_explicit(&player->ready, NULL, memory_order_acq_rel);
    if (back)
        player->newest = back->before;
    return back;
}

/* Nothing is ready. Under the lock. */
static void put_ready(sinter_player *player, performance *p)
{
    player->newest = p->then ? p->then : p;
    if (p->from)
        sn_migration_fetch(p->from, p->before->instance, p->instance);
    atomic_store_explicit(&player->ready, p, memory_order_release);
}

/* Takes the place of one that was not taken yet, and comes as that would have. Under the lock. */
static sinter_status give(sinter_player *player, performance *p, bool fades)
{
    performance *back = take_back(player);
    const uint32_t beside = fades || (back && back->beside) ? player->fade : 0;
    sn_performance_free(player, back);
    const sinter_status status = follow(p, player->newest, beside);
    if (status != SINTER_OK)
        return status;
    bring_past(player, p);
    put_ready(player, p);
    return SINTER_OK;
}

/* Behind one that fades to it: on its own where that is taken, else together with it. What takes long is done while that may be taken. Under the lock. */
static sinter_status give_behind(sinter_player *player, performance *p, performance *fading)
{
    const sinter_status status = follow(p, fading, 0);
    if (status == SINTER_OK)
        bring_past(player, p);
    performance *back = take_back(player);
    if (status == SINTER_OK && back)
        back->then = p;
    if (back)
        put_ready(player, back);
    else if (status == SINTER_OK)
        put_ready(player, p);
    return status;
}

/* ---- edits ---- */

/* Something to play, not yet given to anybody. `fades`: for no longer than it fades and what follows it takes to compile, all the time with something that moves. */
static sinter_status make(sinter_player *player, const player_request *r, sinter_engine engine, bool fades, uint64_t edit, performance **made,
                          sinter_report *report)
{
    sinter_kernel *kernel = NULL;
    sinter_status status = compile(player, r, engine, fades, &kernel, report);
    if (status == SINTER_OK && (status = prepare(player, kernel, made)) != SINTER_OK)
        sinter_kernel_close(kernel);
    if (status != SINTER_OK)
        return status;
    (*made)->edit = edit;
    (*made)->graph = sn_graph_share_snapshot(r->graph);
    pthread_mutex_lock(&player->lock);
    player->alive++;
    pthread_mutex_unlock(&player->lock);
    return status;
}

/* Gives it behind `fading`, or where that is NULL instead of what is ready; `fades` if it is another program than that which plays. */
static sinter_status hand_on(sinter_player *player, performance *p, performance *fading, bool fades)
{
    pthread_mutex_lock(&player->lock);
    const sinter_status status = fading ? give_behind(player, p, fading) : give(player, p, fades);
    if (status != SINTER_OK)
        sn_performance_free(player, p);
    pthread_mutex_unlock(&player->lock);
    return status;
}

/* What fades from the graph that plays to the next one; NULL where there is nothing to fade, or no way to. The edit does not depend on it. */
static performance *make_fading(sinter_player *player, const player_request *r, graph_snapshot *from, sinter_engine engine, uint64_t edit)
{
    arena memory;
    text between;
    performance *made = NULL;
    sinter_report report;
    sn_arena_open(&memory, &player->allocator);
    if (sn_graph_write_between(from, r->graph, player->fade / player->rate, &memory, &between)) {
        player_request request = *r;
        request.text = between.start;
        request.length = between.length;
        report.count = report.total = 0;
        if (make(player, &request, engine, true, edit, &made, &report) == SINTER_OK)
            made->fade = sinter_parameter_number(made->kernel, GRAPH_FADE);
        else
            made = NULL;
    }
    sn_arena_close(&memory);
    return made;
}

/* From a graph to a graph. What is ready and not taken is held back meanwhile: so what will be playing is known, and does not change. It is
 * ready again where the edit comes to nothing. *fading: what was given, NULL if nothing was. */
static sinter_status begin_fading(sinter_player *player, const player_request *r, sinter_engine engine, uint64_t edit, performance **fading)
{
    *fading = NULL;
    if (!r->graph || !player->fade)
        return SINTER_OK;
    pthread_mutex_lock(&player->lock);
    performance *back = take_back(player);
    graph_snapshot *from = player->newest ? player->newest->graph : NULL;
    pthread_mutex_unlock(&player->lock);
    performance *made = from ? make_fading(player, r, from, engine, edit) : NULL;
    pthread_mutex_lock(&player->lock);
    if (made && follow(made, player->newest, 0) == SINTER_OK) {
        sn_performance_free(player, back);
        bring_past(player, made);
        put_ready(player, made);
        *fading = made;
    } else {
        sn_performance_free(player, made);
        if (back)
            put_ready(player, back);
    }
    pthread_mutex_unlock(&player->lock);
    return SINTER_OK;
}

/* The edit can be heard: whoever waits for it need not wait for what follows it. */
static void announce(sinter_player *player, uint64_t number, double seconds)
{
    pthread_mutex_lock(&player->lock);
    player->compiled = number;
    player->status = SINTER_OK;
    player->report.count = player->report.total = 0;
    player->compile_seconds = seconds;
    pthread_cond_broadcast(&player->done);
    pthread_mutex_unlock(&player->lock);
}

/* By the interpreter first where machine code takes longer than allowed: it can be heard then, and the rest follows on its own. What fades is all that is needed
 * for that; and for another engine nothing, since the program plays already. */
static sinter_status edit(sinter_player *player, const player_request *r, sinter_engine engine, uint64_t number, bool fades, sinter_report *report)
{
    const double estimate = player->seconds_a_byte * (double)r->length;
    const bool dear = fades && player->budget > 0 && estimate > player->budget && engine != SINTER_ENGINE_INTERP;
    performance *fading, *p;
    double begin = now();
    begin_fading(player, r, dear ? SINTER_ENGINE_INTERP : engine, number, &fading);
    if (fading)
        announce(player, number, now() - begin);
    const bool interpreted = dear && !fading;
    if (interpreted) {
        sinter_status status = make(player, r, SINTER_ENGINE_INTERP, false, number, &p, report);
        if (status == SINTER_OK)
            status = hand_on(player, p, NULL, fades);
        if (status != SINTER_OK)
            return status;
        announce(player, number, now() - begin);
    }
    begin = now();
    sinter_status status = make(player, r, engine, false, number, &p, report);
    if (status == SINTER_OK)
        status = hand_on(player, p, fading, fades && !interpreted);
    if (status == SINTER_OK) {
        const double seconds = now() - begin;
        player->seconds_a_byte = seconds / (double)(r->length ? r->length : 1);
        if (!fading && !interpreted)
            announce(player, number, seconds);
    }
    if (!fading && !interpreted)
        return status;
    if (status != SINTER_OK && report)
        report->count = report->total = 0; /* what has faded to the graph plays it, too, as the interpreter does */
    return SINTER_OK;
}

void sn_request_forget(sinter_player *player, player_request *r)
{
    sn_release(&player->allocator, r->text, r->text ? r->length + 1 : 0);
    sn_graph_drop_snapshot(r->graph);
    *r = (player_request){0};
}

/* Under the lock, which is free while it compiles. */
static void serve_edit(sinter_player *player)
{
    const uint64_t number = player->edits;
    const sinter_engine engine = player->engine;
    player_request r = player->request;
    const bool again = !r.text; /* the good one, by another engine */
    if (again)
        r = player->good;
    player->request = (player_request){0};
    pthread_mutex_unlock(&player->lock);
    sinter_report report;
    report.count = report.total = 0;
    const sinter_status status = r.text ? edit(player, &r, engine, number, !again, &report) : SINTER_OK;
    pthread_mutex_lock(&player->lock);
    if (!again) {
        sn_request_forget(player, status == SINTER_OK ? &player->good : &r);
        if (status == SINTER_OK)
            player->good = r;
    }
    player->status = status;
    player->report = report;
    player->compiled = number;
    pthread_cond_broadcast(&player->done);
}

static void wait_awhile(sinter_player *player)
{
    if (player->alive < 2) {
        pthread_cond_wait(&player->wake, &player->lock);
        return;
    }
    wait_for(player, SWEEP_NANOSECONDS);
}

void *sn_player_serve(void *argument)
{
    sinter_player *player = argument;
    pthread_mutex_lock(&player->lock);
    while (!player->stopping) {
        if (player->compiled < player->edits)
            serve_edit(player);
        else
            wait_awhile(player);
        sn_player_sweep(player);
    }
    pthread_mutex_unlock(&player->lock);
    return NULL;
}

/* ---- asking ---- */

static sinter_status ask(sinter_player *player, const char *program, size_t length, const char *name, graph_snapshot *graph, uint64_t *number)
{
    player_request r = {.length = length, .text = sn_allocate(&player->allocator, length + 1), .graph = graph};
    if (!r.text) {
        sn_graph_drop_snapshot(graph);
        return SINTER_NO_MEMORY;
    }
    if (length > 0)
        memcpy(r.text, program, length);
    r.text[length] = 0;
    snprintf(r.name, sizeof r.name, "%s", name ? name : "");
    pthread_mutex_lock(&player->lock);
    sn_request_forget(player, &player->request);
    player->request = r;
    const uint64_t edit = ++player->edits;
    pthread_cond_signal(&player->wake);
    pthread_mutex_unlock(&player->lock);
    if (number)
        *number = edit;
    return SINTER_OK;
}

sinter_status sinter_player_edit(sinter_player *player, const char *program, size_t length, const char *name, uint64_t *number)
{
    if (!player || (!program && length > 0))
        return SINTER_BAD_ARGUMENT;
    return ask(player, program, length, name, NULL, number);
}

sinter_status sn_player_edit_graph(sinter_player *player, const char *program, size_t length, graph_snapshot *graph, uint64_t *number)
{
    return ask(player, program, length, "graph", graph, number);
}

sinter_status sinter_player_use_engine(sinter_player *player, sinter_engine engine, uint64_t *number)
{
    if (!player)
        return SINTER_BAD_ARGUMENT;
    if (!sinter_engine_available(engine, NULL))
        return sinter_engine_name(engine) ? SINTER_NO_ENGINE : SINTER_BAD_ARGUMENT;
    pthread_mutex_lock(&player->lock);
    player->engine = engine;
    const uint64_t edit = ++player->edits;
    pthread_cond_signal(&player->wake);
    pthread_mutex_unlock(&player->lock);
    if (number)
        *number = edit;
    return SINTER_OK;
}

sinter_status sinter_player_wait(sinter_player *player, uint64_t edit, sinter_report *report)
{
    if (!player)
        return SINTER_BAD_ARGUMENT;
    pthread_mutex_lock(&player->lock);
    sinter_status status = SINTER_BAD_ARGUMENT;
    if (edit <= player->edits) {
        while (sn_player_answer(player), player->compiled < edit)
            pthread_cond_wait(&player->done, &player->lock);
        status = player->status;
    }
    if (report)
        *report = player->report;
    pthread_mutex_unlock(&player->lock);
    return status;
}
