/* The audio thread: takes over what is ready, applies what is due, runs what plays. Nothing here allocates, frees, locks or enters the
 * system; what is replaced goes into a list that the player's thread empties. */
#include "graph/performance.h"

#include <string.h>

/* ---- changes ---- */

/* A name that was asked for after the program was prepared is looked up: rare, and slower by the number of parameters. */
static performed_name place_of(sinter_player *player, const performance *p, uint32_t name)
{
    if (name < p->name_count)
        return p->names[name];
    const player_name *n = sn_player_name(&player->names, name);
    return (performed_name){sinter_parameter_number(p->kernel, n->text), sinter_parameter_number(p->kernel, n->onset), false};
}

static void apply_to(sinter_player *player, const performance *p, const player_change *c, int64_t index)
{
    const performed_name place = place_of(player, p, c->name);
    if (place.parameter < 0)
        return;
    if (c->kind == CHANGE_SET)
        sinter_set(p->instance, place.parameter, c->value);
    else
        sinter_jump(p->instance, place.parameter, c->value);
    if (c->kind == CHANGE_EVENT && place.onset >= 0)
        sinter_jump(p->instance, place.onset, (double)index);
}

static void apply_due(sinter_player *player, int64_t index)
{
    while (player->schedule.count > 0 && player->schedule.changes[0].at <= index) {
        const player_change c = sn_schedule_pop(&player->schedule);
        player_name *name = sn_player_name(&player->names, c.name);
        name->value = c.value;
        name->set = true;
        if (!player->current)
            continue;
        apply_to(player, player->current, &c, index - player->origin);
        if (player->leaving)
            apply_to(player, player->leaving, &c, index - player->origin);
    }
}

static sinter_status post(sinter_player *player, int parameter, double value, int64_t at, change_kind kind)
{
    if (!player || parameter < 0 || (uint32_t)parameter >= atomic_load_explicit(&player->names.count, memory_order_acquire) || value != value)
        return SINTER_BAD_ARGUMENT;
    const player_change c = {.at = at, .value = value, .name = (uint32_t)parameter, .kind = kind};
    return sn_queue_put(player->changes, &c) ? SINTER_OK : SINTER_FULL;
}

sinter_status sinter_player_set_at(sinter_player *player, int parameter, double value, int64_t at)
{
    return post(player, parameter, value, at, CHANGE_SET);
}

sinter_status sinter_player_jump_at(sinter_player *player, int parameter, double value, int64_t at)
{
    return post(player, parameter, value, at, CHANGE_JUMP);
}

sinter_status sinter_player_event_at(sinter_player *player, int parameter, double value, int64_t at)
{
    return post(player, parameter, value, at, CHANGE_EVENT);
}

/* ---- taking over ---- */

static void retire(sinter_player *player, performance *p)
{
    p->next = atomic_load_explicit(&player->retired, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&player->retired, &p->next, p, memory_order_release, memory_order_relaxed))
        continue;
}

/* What came after it is `current`, and holds the way that led there. */
void sn_player_end_leaving(sinter_player *player)
{
    performance *old = player->leaving;
    if (!old)
        return;
    old->spent = player->current->from;
    old->then = NULL;
    player->current->from = NULL;
    player->leaving = NULL;
    retire(player, old);
}

/* What was set before there was such a parameter. */
static void catch_up(sinter_player *player, performance *p)
{
    const uint32_t count = atomic_load_explicit(&player->names.count, memory_order_acquire);
    for (uint32_t k = 0; k < count; k++) {
        const player_name *name = sn_player_name(&player->names, k);
        if (!name->set || (k < p->name_count && p->names[k].inherited))
            continue;
        const int parameter = place_of(player, p, k).parameter;
        if (parameter >= 0)
            sinter_jump(p->instance, parameter, name->value);
    }
}

static void play(sinter_player *player, performance *p, int64_t index)
{
    performance *old = player->current;
    if (!old)
        player->origin = index;
    else if (p->beside)
        sn_instance_migrate_beside(p->from, old->instance, p->instance);
    else
        sinter_instance_migrate(p->from, old->instance, p->instance);
    for (uint32_t k = 0; k < p->initial_count; k++) {
        const changed_initial *c = &p->initials[k];
        if (c->name == UINT32_MAX || !sn_player_name(&player->names, c->name)->set)
            sinter_set(p->instance, c->parameter, p->kernel->params[c->parameter].initial);
    }
    catch_up(player, p);
    if (p->fade >= 0) {
        sinter_jump(p->instance, p->fade, 0);
        sinter_set(p->instance, p->fade, 1);
        player->hold = player->fade;
    }
    for (uint32_t c = old ? old->outputs : 0; c < p->outputs && c < player->outputs; c++)
        player->fade_in[c] = player->fade;
    player->current = p;
    sinter_instance_fault(p->instance, &player->faults_seen);
    atomic_store_explicit(&player->sounding, p, memory_order_release);
    player->leaving = old;
    player->leave = player->leave_over = p->beside;
    if (!p->beside)
        sn_player_end_leaving(player);
    atomic_store_explicit(&player->playing, p->edit, memory_order_relaxed);
    atomic_fetch_add_explicit(&player->swaps, 1, memory_order_release);
}

static uint32_t heard(const sinter_player *player, const performance *p)
{
    return p->outputs < player->outputs ? p->outputs : player->outputs;
}

/* Something is to come after what plays, and whoever made it wants to copy long lines first. It was asked for behind all that was ready. */
static void lend_past(sinter_player *player)
{
    performance *p = atomic_exchange_explicit(&player->asked, NULL, memory_order_acquire);
    if (!p)
        return;
    if (p->before == player->current && !player->leaving)
        sn_instance_lend_past(p->from, player->current->instance, p->instance);
    atomic_store_explicit(&player->lent, p, memory_order_release);
}

/* A thread that waits does not play meanwhile, unless another one has begun to; that one says so before it looks whether this one is at it (begin_playing). */
void sn_player_answer(sinter_player *player)
{
    if (!atomic_load_explicit(&player->asked, memory_order_relaxed))
        return;
    atomic_store(&player->answering, true);
    if (atomic_load(&player->audio) == (uintptr_t)pthread_self())
        lend_past(player);
    atomic_store(&player->answering, false);
}

/* Nothing to wait for, but in the moment in which another thread takes over from one that waits for an edit and answers. */
static void begin_playing(sinter_player *player)
{
    const uintptr_t me = (uintptr_t)pthread_self();
    if (atomic_load_explicit(&player->audio, memory_order_relaxed) == me)
        return;
    atomic_exchange(&player->audio, me);
    while (atomic_load(&player->answering))
        continue;
}

static void take_ready(sinter_player *player, int64_t index)
{
    if (player->waiting || player->hold || player->leaving)
        return;
    if (player->current && player->current->then)
        play(player, player->current->then, index);
    if (!atomic_load_explicit(&player->ready, memory_order_relaxed))
        return;
    performance *p = atomic_exchange_explicit(&player->ready, NULL, memory_order_acquire);
    if (!p)
        return;
    if (player->current && player->fade > 0 && !p->beside && heard(player, p) < heard(player, player->current)) {
        player->waiting = p;
        player->fade_out = player->fade;
    } else {
        play(player, p, index);
    }
}

static void take_over(sinter_player *player, int64_t index)
{
    const bool asked = atomic_load_explicit(&player->asked, memory_order_acquire) != NULL; /* before it looks for what was ready by then */
    take_ready(player, index);
    if (asked && !player->waiting && !player->hold && !player->leaving)
        lend_past(player);
}

/* ---- sound ---- */

static void rise(sinter_player *player, uint32_t channel, float *samples, uint32_t count)
{
    const uint32_t left = player->fade_in[channel], n = left < count ? left : count, gone = player->fade - left;
    const float step = 1 / (float)player->fade;
    for (uint32_t k = 0; k < n; k++)
        samples[k] *= (float)(gone + k + 1) * step;
    player->fade_in[channel] = left - n;
}

static void fall(const sinter_player *player, float *samples, uint32_t count)
{
    const float step = 1 / (float)player->fade;
    for (uint32_t k = 0; k < count; k++)
        samples[k] *= (float)(player->fade_out - 1 - k) * step;
}

/* From what is leaving to what is there. Where both are the same, the same is heard. */
static void mix(const sinter_player *player, const float *before, float *samples, uint32_t count)
{
    const float step = 1 / (float)player->leave_over;
    for (uint32_t k = 0; k < count; k++) {
        const float share = (float)(player->leave - 1 - k) * step;
        if (before[k] < samples[k] || before[k] > samples[k])
            samples[k] += (before[k] - samples[k]) * share;
    }
}

/* Inputs that are not there are silent. Returns whether there is one. */
static bool connect_inputs(sinter_player *player, const performance *p, const void **to, const float *const *inputs, uint32_t begin)
{
    bool missing = false;
    for (uint32_t k = 0; k < p->inputs; k++) {
        const bool there = inputs && k < player->inputs && inputs[k];
        to[k] = there ? inputs[k] + begin : player->silence;
        missing |= !there;
    }
    return missing;
}

static sinter_arguments connect_leaving(sinter_player *player, const float *const *inputs, uint32_t begin, uint32_t count)
{
    const performance *p = player->leaving;
    connect_inputs(player, p, player->leaving_inputs, inputs, begin);
    for (uint32_t k = 0; k < p->outputs; k++)
        player->leaving_outputs[k] = k < player->outputs ? player->beside + (size_t)k * PLAYER_SILENCE : player->unheard;
    return (sinter_arguments){.inputs = player->leaving_inputs, .outputs = player->leaving_outputs, .count = count};
}

/* Outputs may overwrite the inputs, and the other program writes its own meanwhile. */
static void keep_inputs(sinter_player *player, uint32_t count)
{
    for (uint32_t k = 0; k < player->leaving->inputs && k < player->inputs; k++) {
        float *kept = player->beside + (size_t)(player->outputs + k) * PLAYER_SILENCE;
        memcpy(kept, player->leaving_inputs[k], count * sizeof *kept);
        player->leaving_inputs[k] = kept;
    }
}

/* Channels that are not there are silent, or not heard. Returns whether there is one. */
static bool connect(sinter_player *player, const float *const *inputs, float *const *outputs, uint32_t begin)
{
    const performance *p = player->current;
    bool missing = connect_inputs(player, p, player->input_pointers, inputs, begin);
    for (uint32_t k = 0; k < p->outputs; k++) {
        const bool there = k < player->outputs && outputs[k];
        player->output_pointers[k] = there ? outputs[k] + begin : player->unheard;
        missing |= !there;
    }
    return missing;
}

/* What plays, and what is leaving beside it: before it, for its outputs may overwrite the inputs, or where nodes in C are in both at once with it. */
static inline void run_programs(sinter_player *player, const float *const *inputs, uint32_t begin, const sinter_arguments *a)
{
    kernel_beside b;
    const performance *p = player->current, *old = player->leaving;
    if (!old) {
        sinter_instance_run(p->instance, a);
        return;
    }
    const sinter_arguments leaving = connect_leaving(player, inputs, begin, (uint32_t)a->count);
    if (!sn_migration_meets(p->from, &b)) {
        sn_instance_run_beside(p->from, old->instance, &leaving);
        sinter_instance_run(p->instance, a);
        return;
    }
    keep_inputs(player, (uint32_t)a->count);
    b.left = player->leave;
    sn_instances_run_beside(&b, old->instance, &leaving, p->instance, a);
}

static void note_fault(sinter_player *player)
{
    uint64_t count;
    const char *name = sinter_instance_fault(player->current->instance, &count);
    if (count == player->faults_seen)
        return;
    atomic_fetch_add_explicit(&player->faults, count - player->faults_seen, memory_order_relaxed);
    player->faults_seen = count;
    atomic_store_explicit(&player->current->fault, name, memory_order_release);
}

/* Returns how many of `count` samples it made: all, but where channels are missing. */
static uint32_t run(sinter_player *player, const float *const *inputs, float *const *outputs, uint32_t begin, uint32_t count)
{
    const performance *p = player->current;
    uint32_t played = 0;
    if (player->leaving && count > PLAYER_SILENCE)
        count = PLAYER_SILENCE;
    if (p) {
        if (connect(player, inputs, outputs, begin) && count > PLAYER_SILENCE)
            count = PLAYER_SILENCE;
        const sinter_arguments a = {.inputs = player->input_pointers, .outputs = player->output_pointers, .count = count};
        run_programs(player, inputs, begin, &a);
        played = heard(player, p);
        note_fault(player);
    }
    for (uint32_t c = 0; c < player->outputs; c++) {
        if (!outputs[c])
            continue;
        if (c >= played)
            memset(outputs[c] + begin, 0, count * sizeof(float));
        else if (player->fade_in[c])
            rise(player, c, outputs[c] + begin, count);
        if (player->leaving && c < player->leaving->outputs)
            mix(player, player->beside + (size_t)c * PLAYER_SILENCE, outputs[c] + begin, count);
        if (player->waiting && c >= player->waiting->outputs && c < played)
            fall(player, outputs[c] + begin, count);
    }
    return count;
}

void sinter_player_process(sinter_player *player, const float *const *inputs, float *const *outputs, uint32_t count)
{
    const int64_t index = atomic_load_explicit(&player->index, memory_order_relaxed);
    begin_playing(player);
    take_over(player, index);
    sn_schedule_take(&player->schedule, player->changes, index);
    for (uint32_t done = 0; done < count;) {
        apply_due(player, index + done);
        uint32_t n = count - done;
        if (player->schedule.count > 0 && player->schedule.changes[0].at - (index + done) < n)
            n = (uint32_t)(player->schedule.changes[0].at - (index + done));
        if (player->waiting && player->fade_out < n)
            n = player->fade_out;
        if (player->leaving && player->leave < n)
            n = player->leave;
        n = run(player, inputs, outputs, done, n);
        done += n;
        player->hold -= player->hold < n ? player->hold : n;
        if (player->leaving && (player->leave -= n) == 0)
            sn_player_end_leaving(player);
        if (player->waiting && (player->fade_out -= n) == 0) {
            performance *p = player->waiting;
            player->waiting = NULL;
            play(player, p, index + done);
        }
    }
    atomic_store_explicit(&player->index, index + count, memory_order_relaxed);
}
