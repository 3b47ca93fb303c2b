/* State from an instance of one kernel to an instance of another: after an edit, after a change of engine.
 *
 * State belongs to the names of the source, so what goes where is settled by names, once for two kernels, where there
 * is time to look; the move itself is a walk over a list, for whoever must not wait. A value that is read both near and far
 * back has two lines of the same history, `y` and `y~`, which differ only in what was flushed: a line goes on from the
 * one of its very name if that holds enough, else from the longer of the two. Lines that have a block of their own are
 * handed over by exchanging the blocks, which costs the same for a second and for a minute of sound; each only to the line
 * of its very name, and after everything is copied that others need of it. Blocks go back to the allocator
 * that they came from, so between contexts of different allocators there is no exchange. What a called node keeps is its own
 * business, so it is always exchanged, between calls of one name and of the same functions. */
#include "kernel/kernels.h"

#include <string.h>

typedef struct line_move {
    uint32_t from, to;
    bool whole; /* the names and the allocators are the same: the block may be handed over */
} line_move;

struct sinter_migration {
    const sinter_kernel *from, *to;
    const char *prefix; /* of names that are others' too; NULL: none */
    bool beside;        /* `from` plays on */
    size_t block_size, copied;
    uint32_t line_count, parameter_count, call_count;
    line_move *lines;
    line_move *parameters;
    line_move *calls; /* by numbers of selves */
};

/* ---- what goes where ---- */

size_t sn_line_value_name(const char *name, size_t length)
{
    return length - (length > 0 && name[length - 1] == '~');
}

uint64_t sn_line_rank(bool own, uint32_t length, uint32_t wanted)
{
    return own && length >= wanted ? UINT64_MAX : length;
}

/* The name of the value, as a number to find it by. */
static uint32_t hash(const char *name, size_t *length)
{
    uint32_t h = 2166136261u;
    *length = sn_line_value_name(name, strlen(name));
    for (size_t k = 0; k < *length; k++)
        h = (h ^ (uint8_t)name[k]) * 16777619u;
    return h;
}

/* The name that it goes by in `from`. */
static const char *former(const sinter_migration *m, const char *name)
{
    const size_t length = m->prefix ? strlen(m->prefix) : 0;
    return length && strncmp(name, m->prefix, length) == 0 ? name + length : name;
}

typedef struct name_table {
    uint32_t *slots; /* line or call + 1, 0: free; lines of one name one after the other */
    uint32_t mask;
} name_table;

static bool same_value(const char *a, size_t length, const char *b)
{
    return sn_line_value_name(b, strlen(b)) == length && memcmp(a, b, length) == 0;
}

static void enter(name_table *t, const char *name, uint32_t i)
{
    size_t length;
    uint32_t at = hash(name, &length) & t->mask;
    while (t->slots[at])
        at = (at + 1) & t->mask;
    t->slots[at] = i + 1;
}

static void enter_lines(name_table *t, const sinter_kernel *k)
{
    for (uint32_t i = 0; i < k->line_count; i++)
        enter(t, k->line_names[i], i);
}

static void enter_calls(name_table *t, const sinter_kernel *k)
{
    memset(t->slots, 0, (t->mask + (size_t)1) * sizeof *t->slots);
    for (uint32_t i = 0; i < k->call_count; i++)
        enter(t, k->calls[i].name, i);
}

/* The best line of that value and type; the line count if there is none. */
static uint32_t find_line(const name_table *t, const sinter_migration *m, uint32_t wanted)
{
    size_t length;
    const sinter_kernel *from = m->from, *to = m->to;
    const char *name = former(m, to->line_names[wanted]);
    uint32_t best = from->line_count;
    uint64_t best_rank = 0;
    for (uint32_t at = hash(name, &length) & t->mask; t->slots[at]; at = (at + 1) & t->mask) {
        const uint32_t i = t->slots[at] - 1;
        if (from->lines[i].type != to->lines[wanted].type || !same_value(name, length, from->line_names[i]))
            continue;
        const bool own = strcmp(name, from->line_names[i]) == 0;
        const uint64_t rank = sn_line_rank(own, from->lines[i].length, to->lines[wanted].length);
        if (rank > best_rank) {
            best = i;
            best_rank = rank;
        }
    }
    return best;
}

static bool same_allocator(const sinter_allocator *a, const sinter_allocator *b)
{
    return a->allocate == b->allocate && a->release == b->release && a->context == b->context;
}

static void find_lines(sinter_migration *m, const name_table *t)
{
    const bool exchange = !m->beside && same_allocator(&m->from->context->allocator, &m->to->context->allocator);
    for (uint32_t i = 0; i < m->to->line_count; i++) {
        const uint32_t from = find_line(t, m, i);
        if (from == m->from->line_count)
            continue;
        m->lines[m->line_count++] = (line_move){from, i, exchange && strcmp(m->from->line_names[from], m->to->line_names[i]) == 0};
        if (m->beside || former(m, m->to->line_names[i]) != m->to->line_names[i])
            m->copied += m->to->lines[i].length * sn_ir_type_size((ir_type)m->to->lines[i].type);
    }
}

static bool same_functions(const sinter_node_type *a, const sinter_node_type *b)
{
    return a->process == b->process && a->tick == b->tick && a->user == b->user && a->create == b->create && a->destroy == b->destroy
           && a->reset == b->reset && a->save == b->save && a->restore == b->restore && a->inputs == b->inputs && a->outputs == b->outputs;
}

/* A self cannot be copied: it stays with the call of its very name. */
static bool is_taken(const sinter_kernel *to, const kernel_call *from)
{
    bool taken = false;
    for (uint32_t i = 0; !taken && i < to->call_count; i++)
        taken = !strcmp(to->calls[i].name, from->name) && same_functions(&from->type, &to->calls[i].type);
    return taken;
}

static void find_calls(sinter_migration *m, const name_table *t)
{
    size_t length;
    for (uint32_t i = 0; i < m->to->call_count; i++) {
        const kernel_call *to = &m->to->calls[i];
        const char *name = former(m, to->name);
        for (uint32_t at = hash(name, &length) & t->mask; t->slots[at]; at = (at + 1) & t->mask) {
            const kernel_call *from = &m->from->calls[t->slots[at] - 1];
            if (!strcmp(from->name, name) && same_functions(&from->type, &to->type) && (name == to->name || !is_taken(m->to, from)))
                m->calls[m->call_count++] = (line_move){from->self, to->self, true};
        }
    }
}

static void find_parameters(sinter_migration *m)
{
    for (uint32_t i = 0; i < m->to->public_params; i++) {
        const int from = sinter_parameter_number(m->from, former(m, m->to->params[i].name));
        if (from >= 0)
            m->parameters[m->parameter_count++] = (line_move){(uint32_t)from, i, true};
    }
}

sinter_status sinter_migration_open(const sinter_kernel *from, const sinter_kernel *to, sinter_migration **migration)
{
    return sn_migration_open(from, to, NULL, false, migration, NULL);
}

sinter_status sn_migration_open(const sinter_kernel *from, const sinter_kernel *to, const char *prefix, bool beside, sinter_migration **migration,
                                size_t *copied)
{
    if (!migration)
        return SINTER_BAD_ARGUMENT;
    *migration = NULL;
    if (!from || !to)
        return SINTER_BAD_ARGUMENT;
    const sinter_allocator *allocator = &to->context->allocator;
    name_table names = {.mask = 63};
    while (names.mask < 2 * from->line_count || names.mask < 2 * from->call_count)
        names.mask = 2 * names.mask + 1;
    const size_t table_size = (names.mask + (size_t)1) * sizeof *names.slots;
    const size_t size = sizeof(sinter_migration) + ((size_t)to->line_count + to->public_params + to->call_count) * sizeof(line_move);
    names.slots = sn_allocate(allocator, table_size);
    sinter_migration *m = names.slots ? sn_allocate(allocator, size) : NULL;
    if (m) {
        memset(names.slots, 0, table_size);
        *m = (sinter_migration){.from = from, .to = to, .prefix = prefix, .beside = beside, .block_size = size, .lines = (line_move *)(void *)(m + 1)};
        m->parameters = m->lines + to->line_count;
        m->calls = m->parameters + to->public_params;
        enter_lines(&names, from);
        find_lines(m, &names);
        find_parameters(m);
        enter_calls(&names, from);
        find_calls(m, &names);
        if (beside && m->call_count > 0)
            m->copied = SIZE_MAX; /* what a called node keeps is never there twice */
    }
    sn_release(allocator, names.slots, table_size);
    *migration = m;
    if (m && copied)
        *copied = m->copied;
    return m ? SINTER_OK : SINTER_NO_MEMORY;
}

void sinter_migration_close(sinter_migration *m)
{
    if (!m)
        return;
    const sinter_allocator allocator = m->to->context->allocator;
    sn_release(&allocator, m, m->block_size);
}

/* ---- the move ---- */

static void move_values(const sinter_instance *from, sinter_instance *to, line_move move)
{
    const plan_line *old = &from->kernel->lines[move.from], *new = &to->kernel->lines[move.to];
    const size_t size = sn_ir_type_size((ir_type)new->type);
    const uint32_t count = old->length < new->length ? old->length : new->length;
    memcpy(sn_instance_values(to, move.to) + (new->length - count) * size,
           sn_instance_values(from, move.from) + (old->length - count) * size, count * size);
}

/* The old block serves as it is if it holds all that the new line keeps and has room for a chunk behind it; the
 * new one must serve the old instance then. */
static bool can_hand_over(const sinter_instance *from, const sinter_instance *to, line_move move)
{
    const plan_line *old = &from->kernel->lines[move.from], *new = &to->kernel->lines[move.to];
    const instance_line *given = &from->lines[move.from], *taken = &to->lines[move.to];
    return move.whole && given->block && taken->block && old->length >= new->length
           && given->capacity >= (uint64_t)new->length + to->kernel->chunk
           && taken->capacity >= (uint64_t)old->length + from->kernel->chunk;
}

static void hand_over(sinter_instance *from, sinter_instance *to, line_move move)
{
    instance_line *given = &from->lines[move.from], *taken = &to->lines[move.to];
    const instance_line kept = *taken;
    *taken = *given;
    *given = kept;
    given->position = from->kernel->lines[move.from].length; /* somewhere within */
}

static void exchange_selves(sinter_instance *from, sinter_instance *to, line_move move)
{
    void *kept = to->selves[move.to];
    to->selves[move.to] = from->selves[move.from];
    from->selves[move.from] = kept;
}

static void move_parameter(const sinter_instance *from, sinter_instance *to, line_move move)
{
    const double goal = from->values[move.from];
    sinter_jump(to, (int)move.to, goal);
    if (from->ramps && from->ramps[move.from].moves)
        sn_ramp_adopt(to, move.to, &from->ramps[move.from], from->kernel->params[move.from].smoothing, goal);
}

sinter_status sinter_instance_migrate(const sinter_migration *m, sinter_instance *from, sinter_instance *to)
{
    if (!m || !from || !to || from == to || from->kernel != m->from || to->kernel != m->to)
        return SINTER_BAD_ARGUMENT;
    for (uint32_t i = 0; i < m->line_count; i++)
        if (!can_hand_over(from, to, m->lines[i]))
            move_values(from, to, m->lines[i]);
    for (uint32_t i = 0; i < m->line_count; i++)
        if (can_hand_over(from, to, m->lines[i]))
            hand_over(from, to, m->lines[i]);
    for (uint32_t i = 0; i < m->call_count; i++)
        exchange_selves(from, to, m->calls[i]);
    to->index = from->index;
    for (uint32_t i = 0; i < m->parameter_count; i++)
        move_parameter(from, to, m->parameters[i]);
    return SINTER_OK;
}
