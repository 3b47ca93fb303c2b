/* State from an instance of one kernel to an instance of another: after an edit, after a change of engine.
 *
 * State belongs to the names of the source, so what goes where is settled by names, once for two kernels, where there
 * is time to look; the move itself is a walk over a list, for whoever must not wait. A value that is read both near and far
 * back has two lines of the same history, `y` and `y~`, which differ only in what was flushed: a line goes on from the
 * one of its very name if that holds enough, else from the longer of the two. Lines that have a block of their own are
 * handed over by exchanging the blocks, which costs the same for a second and for a minute of sound; each only to the line
 * of its very name, and after everything is copied that others need of it. Blocks go back to the allocator
 * that they came from, so between contexts of different allocators there is no exchange. What a called node keeps is its own
 * business, so it is always exchanged, between calls of one name and of the same functions.
 *
 * For a few milliseconds the old program may play on *beside* the new one, while what is heard fades from the one to the other. Then both need the past of a
 * large line, of which there is one copy: they share the block. All that differs is what each has written since they are two, at the one place
 * where the line goes on. There the new program's values lie; those of the old one are kept apart, change places with them before it runs, and
 * again behind it. So a line costs the audio thread some values of the fade. Neither program moves its window meanwhile: where there is no room for that, it is
 * moved before, as it is now and then in any case (kernels.h: what is long is carried there little by little). Of the two it is the new program that carries.
 *
 * A line that has become longer, or so short that its block is none for the old program, or has another name, has room for its past in its own new block only. What is large
 * of that is copied by the thread that made the migration, while the old program runs on. The thread that runs it *lends* the line first: it says where the values lie,
 * and from then on changes none of them, for where the window would move to the start of its storage it moves to the start of another one. So neither waits for the
 * other, and nothing is read that is being written. At the move there is left what was written since, and as much that the old line has forgotten since to be set to 0.
 *
 * A node in C is there once, too. Where both programs call it they *meet*: each runs up to the call, which is made with what goes from the one's input to the other's,
 * and both go on with what came out. So there both must call their common nodes in one order; and as the two run by turns within a chunk, long lines are
 * copied there. */
#include "kernel/kernels.h"

#include <string.h>

/* With all that the plans of both kernels have to say about it: a swap waits for what it has not looked at lately, and these were just made. */
typedef struct line_move {
    uint32_t from, to;
    uint32_t past; /* of `pasts`, from 1; 0: it is not copied beforehand */
    uint32_t old_length, new_length;
    uint32_t given_least, taken_least; /* room that the old line's block, and the new one's, must have to change owners */
    uint8_t width; /* bytes of an element */
    bool whole; /* the names and the allocators are the same: the block may be handed over, or shared */
} line_move;

/* A parameter, or what a called node keeps. */
typedef struct other_move {
    uint32_t from, to;
} other_move;

/* What of a line is copied beforehand. */
typedef struct line_past {
    uint32_t move;
    bool lent;
    instance_line spare; /* for the line that is lent, if it has none */
    const uint8_t *values;
    uint8_t *into;
    size_t size;
} line_past;

typedef struct line_share {
    size_t width;    /* bytes of an element */
    uint8_t *place;  /* in the block: where the first element lies that each program has written for itself */
    uint8_t *newest; /* of the program that does not run */
} line_share;

/* Bytes that the audio thread exchanges, twice a block: where lines are so many that it would be more, fades are shorter. 130 lines for 5 ms at 48 kHz. */
enum {
    MOST_SHARED = KERNEL_MOST_SHARED,
    MOST_FETCHED = 1 << 16,
    MOST_BESIDE = 1 << 18 /* of long lines that it copies where programs meet: some 20 µs, a second */
};

struct sinter_migration {
    const sinter_kernel *from, *to;
    const char *prefix; /* of names that are others' too; NULL: none */
    uint32_t beside;    /* elements that `from` plays on for; 0: it does not */
    uint32_t done;      /* of these */
    bool crossed;       /* two calls are made in another order */
    uint32_t line_count, parameter_count, call_count, share_count;
    size_t block_size, newest_size, copied;
    uint8_t *newest;    /* of all lines that may be shared; of the inputs of nodes */
    line_share *shares;
    line_past *pasts;
    size_t pasts_size;
    uint32_t past_count, past_starts;
    int64_t past_index; /* of the instance when it lent them */
    bool past_copied;
    sinter_allocator spares_from;
    kernel_meeting *meetings; /* as many as calls */
    line_move *lines;
    other_move *parameters;
    other_move *calls; /* by numbers of selves */
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
    bool has_lines;
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
    memset(t->slots, 0, (t->mask + (size_t)1) * sizeof *t->slots);
    for (uint32_t i = 0; i < k->line_count; i++)
        enter(t, k->line_names[i], i);
    t->has_lines = true;
}

static void enter_calls(name_table *t, const sinter_kernel *k)
{
    memset(t->slots, 0, (t->mask + (size_t)1) * sizeof *t->slots);
    for (uint32_t i = 0; i < k->call_count; i++)
        enter(t, k->calls[i].name, i);
}

/* Is the line the best that there could be, of the very name and long enough? */
static bool is_own(const sinter_migration *m, const char *name, uint32_t line, uint32_t wanted)
{
    const plan_line *old = &m->from->lines[line], *new = &m->to->lines[wanted];
    return old->type == new->type && old->length >= new->length && strcmp(name, m->from->line_names[line]) == 0;
}

/* The best line of that value and type; the line count if there is none. Mostly it is `near`, where names are as they were: the table is filled when one is not. */
static uint32_t find_line(name_table *t, const sinter_migration *m, uint32_t wanted, uint32_t near)
{
    size_t length;
    const sinter_kernel *from = m->from, *to = m->to;
    const char *name = former(m, to->line_names[wanted]);
    if (near < from->line_count && is_own(m, name, near, wanted))
        return near;
    if (!t->has_lines)
        enter_lines(t, from);
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

/* Is it a window, which nothing changes behind the newest value? */
static bool is_window(const sinter_kernel *k, uint32_t line)
{
    return !k->lines[line].held && !k->lines[line].flush && (!k->moving || is_window(k->moving, line));
}

static bool can_be_shared(const sinter_migration *m, uint32_t from, uint32_t to)
{
    return is_window(m->from, from) && is_window(m->to, to) && sn_instance_keeps_apart(m->from, from) && sn_instance_keeps_apart(m->to, to);
}

static bool can_be_handed_over(const sinter_migration *m, uint32_t from, uint32_t to)
{
    return same_allocator(&m->from->context->allocator, &m->to->context->allocator) && strcmp(m->from->line_names[from], m->to->line_names[to]) == 0;
}

/* Lengths are below 2^31, chunks no longer than 2^30. */
static line_move make_move(const sinter_migration *m, uint32_t from, uint32_t to, bool whole)
{
    const plan_line *old = &m->from->lines[from], *new = &m->to->lines[to];
    return (line_move){.from = from, .to = to, .old_length = old->length, .new_length = new->length,
                       .given_least = new->length + m->to->chunk, .taken_least = old->length + m->from->chunk,
                       .width = (uint8_t)sn_ir_type_size((ir_type)new->type), .whole = whole};
}

static void find_lines(sinter_migration *m, name_table *t)
{
    uint32_t near = 0;
    for (uint32_t i = 0; i < m->to->line_count; i++) {
        const uint32_t from = find_line(t, m, i, near);
        if (from == m->from->line_count)
            continue;
        near = from + 1;
        const bool whole = can_be_handed_over(m, from, i) && (!m->beside || can_be_shared(m, from, i));
        m->lines[m->line_count++] = make_move(m, from, i, whole);
        if (former(m, m->to->line_names[i]) != m->to->line_names[i])
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
            if (strcmp(from->name, name) != 0 || !same_functions(&from->type, &to->type) || (name != to->name && is_taken(m->to, from)))
                continue;
            const kernel_meeting meeting = {t->slots[at] - 1, i};
            m->crossed |= m->call_count > 0 && m->meetings[m->call_count - 1].from >= meeting.from;
            m->meetings[m->call_count] = meeting;
            m->calls[m->call_count++] = (other_move){from->self, to->self};
        }
    }
}

static void find_parameters(sinter_migration *m)
{
    uint32_t near = 0;
    for (uint32_t i = 0; i < m->to->public_params; i++) {
        const int from = sn_parameter_near(m->from, former(m, m->to->params[i].name), near);
        if (from < 0)
            continue;
        m->parameters[m->parameter_count++] = (other_move){(uint32_t)from, i};
        near = (uint32_t)from + 1;
    }
}

static bool take_newest(sinter_migration *m, size_t size)
{
    m->newest_size = size;
    m->newest = sn_allocate(&m->to->context->allocator, size);
    if (m->newest)
        memset(m->newest, 0, size); /* touched: the audio thread faults no page */
    return m->newest != NULL;
}

static bool prepare_meetings(sinter_migration *m)
{
    size_t long_lines = 0;
    uint32_t ports = 1;
    for (uint32_t i = 0; i < m->line_count; i++) {
        const plan_line *line = &m->to->lines[m->lines[i].to];
        long_lines += m->lines[i].whole ? line->length * sn_ir_type_size((ir_type)line->type) : 0;
    }
    if (m->crossed || long_lines > MOST_BESIDE) {
        m->beside = 0;
        for (uint32_t i = 0; i < m->line_count; i++)
            m->lines[i].whole = can_be_handed_over(m, m->lines[i].from, m->lines[i].to);
        return true;
    }
    for (uint32_t i = 0; i < m->line_count; i++)
        m->lines[i].whole = false;
    for (uint32_t i = 0; i < m->call_count; i++) {
        const uint32_t inputs = m->to->calls[m->meetings[i].to].type.inputs;
        ports = inputs > ports ? inputs : ports;
    }
    return take_newest(m, ports * PLAN_CHUNK * sizeof(float));
}

/* How long both play, and the memory for what one of them has written meanwhile. False: there is none. */
static bool prepare_shares(sinter_migration *m)
{
    size_t width = 0;
    if (m->call_count > 0)
        return prepare_meetings(m);
    for (uint32_t i = 0; i < m->line_count; i++)
        width += m->lines[i].whole ? sn_ir_type_size((ir_type)m->to->lines[m->lines[i].to].type) : 0;
    if (!m->beside || !width)
        return true;
    if (m->beside > MOST_SHARED / width)
        m->beside = width < MOST_SHARED ? (uint32_t)(MOST_SHARED / width) : 1;
    return take_newest(m, m->beside * width);
}

uint32_t sn_migration_beside(const sinter_migration *m)
{
    return m->beside;
}

bool sn_migration_meets(const sinter_migration *m, kernel_beside *b)
{
    *b = (kernel_beside){.meetings = m->meetings, .mixed = (float *)(void *)m->newest, .count = m->call_count, .over = m->beside};
    return m->call_count > 0;
}

sinter_status sinter_migration_open(const sinter_kernel *from, const sinter_kernel *to, sinter_migration **migration)
{
    return sn_migration_open(from, to, NULL, 0, migration, NULL);
}

sinter_status sn_migration_open(const sinter_kernel *from, const sinter_kernel *to, const char *prefix, uint32_t beside, sinter_migration **migration,
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
    const size_t shares = beside ? to->line_count * sizeof(line_share) : 0;
    const size_t moves = to->line_count * sizeof(line_move) + ((size_t)to->public_params + to->call_count) * sizeof(other_move);
    const size_t size = sizeof(sinter_migration) + shares + moves + to->call_count * sizeof(kernel_meeting);
    names.slots = sn_allocate(allocator, table_size);
    sinter_migration *m = names.slots ? sn_allocate(allocator, size) : NULL;
    if (m) {
        *m = (sinter_migration){.from = from, .to = to, .prefix = prefix, .beside = beside, .block_size = size, .shares = (line_share *)(void *)(m + 1)};
        m->lines = (line_move *)(void *)((uint8_t *)(m + 1) + shares);
        m->parameters = (other_move *)(void *)(m->lines + to->line_count);
        m->calls = m->parameters + to->public_params;
        m->meetings = (kernel_meeting *)(void *)(m->calls + to->call_count);
        find_lines(m, &names);
        find_parameters(m);
        enter_calls(&names, from);
        find_calls(m, &names);
    }
    sn_release(allocator, names.slots, table_size);
    if (m && beside && !prepare_shares(m)) {
        sinter_migration_close(m);
        m = NULL;
    }
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
    for (uint32_t i = 0; i < m->past_count; i++)
        sn_release(&m->spares_from, m->pasts[i].spare.block, m->pasts[i].spare.block_size);
    sn_release(&allocator, m->pasts, m->pasts_size);
    sn_release(&allocator, m->newest, m->newest_size);
    sn_release(&allocator, m, m->block_size);
}

/* ---- what is copied beforehand ---- */

static size_t bytes_to_move(const sinter_migration *m, const line_move *move)
{
    const uint32_t old = m->from->lines[move->from].length, new = m->to->lines[move->to].length;
    return (size_t)(old < new ? old : new) * sn_ir_type_size((ir_type)m->to->lines[move->to].type);
}

/* Blocks are what their kernels plan, or, after a migration, larger ones. */
static bool will_change_owners(const sinter_migration *m, const line_move *move)
{
    const plan_line *old = &m->from->lines[move->from], *new = &m->to->lines[move->to];
    return move->whole && sn_instance_keeps_apart(m->to, move->to) && old->length >= new->length
           && new->capacity >= (uint64_t)old->length + m->from->chunk && old->capacity >= (uint64_t)old->length + m->beside;
}

static bool wants_past(const sinter_migration *m, const line_move *move)
{
    return is_window(m->from, move->from) && is_window(m->to, move->to) && sn_instance_keeps_apart(m->from, move->from)
           && bytes_to_move(m, move) >= KERNEL_LARGE_LINE / 2 && !will_change_owners(m, move);
}

bool sn_migration_take_past(sinter_migration *m)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->line_count; i++)
        count += wants_past(m, &m->lines[i]);
    if (!count)
        return true;
    m->pasts_size = count * sizeof *m->pasts;
    m->pasts = sn_allocate(&m->to->context->allocator, m->pasts_size);
    if (!m->pasts)
        return false;
    m->spares_from = m->from->context->allocator;
    for (uint32_t i = 0; i < m->line_count; i++) {
        if (!wants_past(m, &m->lines[i]))
            continue;
        line_past *past = &m->pasts[m->past_count];
        *past = (line_past){.move = i};
        if (!sn_instance_open_spare(m->from, m->lines[i].from, &past->spare))
            return false;
        m->lines[i].past = ++m->past_count;
    }
    return true;
}

bool sn_migration_wants_past(const sinter_migration *m)
{
    return m->past_count > 0;
}

/* What is carried would be written into what is lent. So it is not, meanwhile; and if the window could have to move while it is lent, it does so before. */
static void lend(line_past *past, sinter_instance *from, sinter_instance *to, line_move move, size_t size, uint32_t *near)
{
    instance_block *b = sn_instance_block(from, move.from, *near);
    if (!b)
        return;
    *near = (uint32_t)(b - from->blocks) + 1;
    if (b->shift && !b->lent && from->lines[move.from].position >= (uint64_t)from->kernel->lines[move.from].length + b->shift)
        sn_lines_slide(from, move.from);
    instance_spare *spare = &from->spares[b - from->blocks];
    if (!spare->line.block) {
        *spare = (instance_spare){past->spare, sn_instance_shift(from->kernel, move.from)};
        past->spare.block = NULL;
    }
    b->lent = past->lent = true;
    past->size = size;
    past->values = from->lines[move.from].storage + from->lines[move.from].position * sn_ir_type_size((ir_type)from->kernel->lines[move.from].type) - size;
    past->into = to->lines[move.to].storage + to->lines[move.to].position * sn_ir_type_size((ir_type)to->kernel->lines[move.to].type) - size;
}

void sn_instance_lend_past(sinter_migration *m, sinter_instance *from, sinter_instance *to)
{
    uint32_t near = 0;
    m->past_index = from->index;
    m->past_starts = from->starts;
    for (uint32_t i = 0; i < m->past_count; i++) {
        const line_move *move = &m->lines[m->pasts[i].move];
        lend(&m->pasts[i], from, to, *move, bytes_to_move(m, move), &near);
    }
}

void sn_migration_copy_past(sinter_migration *m)
{
    for (uint32_t i = 0; i < m->past_count; i++)
        if (m->pasts[i].lent)
            memcpy(m->pasts[i].into, m->pasts[i].values, m->pasts[i].size);
    m->past_copied = true;
}

/* Of more than that the first would be gone again. */
static void fetch(const void *at, size_t size)
{
    size = size < MOST_FETCHED ? size : MOST_FETCHED;
    for (size_t k = 0; k < size; k += 64)
        __builtin_prefetch((const uint8_t *)at + k);
}

void sn_migration_fetch(const sinter_migration *m, const sinter_instance *from, const sinter_instance *to)
{
    const sinter_instance *both[2] = {from, to};
    for (unsigned k = 0; k < 2; k++) {
        fetch(both[k], sizeof *both[k]);
        fetch(both[k]->lines, both[k]->kernel->line_count * sizeof *both[k]->lines);
        fetch(both[k]->blocks, both[k]->line_blocks * sizeof *both[k]->blocks);
        fetch(both[k]->values, both[k]->kernel->public_params * sizeof *both[k]->values);
    }
    fetch(m->lines, m->line_count * sizeof *m->lines);
}

/* ---- the move ---- */

/* The last of so many values that the line keeps, oldest first. */
static uint8_t *values_of(const instance_line *l, uint32_t count, size_t width)
{
    return l->storage + (size_t)(l->position - count) * width;
}

static void move_values(const sinter_instance *from, sinter_instance *to, const line_move *move)
{
    const uint32_t count = move->old_length < move->new_length ? move->old_length : move->new_length;
    const size_t bytes = count * (size_t)move->width;
    memcpy(values_of(&to->lines[move->to], count, move->width), values_of(&from->lines[move->from], count, move->width), bytes);
    to->moved += bytes;
}

/* All but so many elements, which have come since, are there. What they have driven out of the old line is 0 in the new one, which is longer. */
static void move_newest(const sinter_instance *from, sinter_instance *to, const line_move *move, uint32_t since)
{
    const size_t width = move->width, bytes = since * width;
    instance_line *new = &to->lines[move->to];
    if (move->new_length > move->old_length)
        memset(values_of(new, move->old_length, width), 0, bytes);
    new->position += since;
    memcpy(values_of(new, since, width), values_of(&from->lines[move->from], since, width), bytes);
    to->moved += move->new_length > move->old_length ? 2 * bytes : bytes;
}

static void bring(const sinter_migration *m, const sinter_instance *from, sinter_instance *to, const line_move *move)
{
    const uint64_t since = (uint64_t)(from->index - m->past_index);
    const line_past *past = move->past ? &m->pasts[move->past - 1] : NULL;
    const bool copied = past && past->lent && m->past_copied && from->starts == m->past_starts;
    if (copied && since * move->width < past->size && to->lines[move->to].position + since <= to->lines[move->to].capacity)
        move_newest(from, to, move, (uint32_t)since);
    else
        move_values(from, to, move);
}

/* The old block serves as it is if it holds all that the new line keeps and has room for a chunk behind it; the
 * new one must serve the old instance then. */
static bool can_hand_over(const sinter_instance *from, const sinter_instance *to, const line_move *move)
{
    const instance_line *given = &from->lines[move->from], *taken = &to->lines[move->to];
    return move->whole && given->block && taken->block && move->old_length >= move->new_length && given->capacity >= move->given_least
           && taken->capacity >= move->taken_least;
}

/* Where the blocks of the next line are, as a rule: there may be a hundred. */
typedef struct block_places {
    uint32_t from, to;
} block_places;

/* What is carried in a block goes with it. The other way goes a block of a line that is shorter, perhaps: there is nothing carried to where the longer window still is. */
static instance_block *exchange_shifts(sinter_instance *from, sinter_instance *to, const line_move *move, block_places *near)
{
    instance_block *given = sn_instance_block(from, move->from, near->from), *taken = sn_instance_block(to, move->to, near->to);
    const uint32_t kept = taken->shift;
    *near = (block_places){(uint32_t)(given - from->blocks) + 1, (uint32_t)(taken - to->blocks) + 1};
    taken->shift = given->shift;
    taken->carried = given->carried;
    given->shift = given->carried = kept >= move->old_length ? kept : 0;
    given->lent = false;
    return given;
}

static void hand_over(sinter_instance *from, sinter_instance *to, const line_move *move, block_places *near)
{
    instance_line *given = &from->lines[move->from], *taken = &to->lines[move->to];
    const instance_line kept = *taken;
    *taken = *given;
    *given = kept;
    given->position = move->old_length; /* somewhere within */
    exchange_shifts(from, to, move, near);
}

static void exchange_selves(sinter_instance *from, sinter_instance *to, other_move call)
{
    void *kept = to->selves[call.to];
    to->selves[call.to] = from->selves[call.from];
    from->selves[call.from] = kept;
}

static void move_parameter(const sinter_instance *from, sinter_instance *to, other_move parameter)
{
    const double goal = from->values[parameter.from];
    sinter_jump(to, (int)parameter.to, goal);
    if (from->ramps && from->ramps[parameter.from].moves)
        sn_ramp_adopt(to, parameter.to, &from->ramps[parameter.from], from->kernel->params[parameter.from].smoothing, goal);
}

static void move_parameters(const sinter_migration *m, const sinter_instance *from, sinter_instance *to)
{
    to->index = from->index;
    for (uint32_t i = 0; i < m->parameter_count; i++)
        move_parameter(from, to, m->parameters[i]);
    to->changes++;
}

sinter_status sinter_instance_migrate(const sinter_migration *m, sinter_instance *from, sinter_instance *to)
{
    if (!m || !from || !to || from == to || from->kernel != m->from || to->kernel != m->to)
        return SINTER_BAD_ARGUMENT;
    block_places near = {0, 0};
    for (uint32_t i = 0; i < m->line_count; i++)
        if (!can_hand_over(from, to, &m->lines[i]))
            bring(m, from, to, &m->lines[i]);
    for (uint32_t i = 0; i < m->line_count; i++)
        if (can_hand_over(from, to, &m->lines[i]))
            hand_over(from, to, &m->lines[i], &near);
    for (uint32_t i = 0; i < m->call_count; i++)
        exchange_selves(from, to, m->calls[i]);
    move_parameters(m, from, to);
    return SINTER_OK;
}

/* ---- both beside each other ---- */

/* The block has room for what the old line keeps and what both write meanwhile. */
static bool can_share(const sinter_migration *m, const sinter_instance *from, const sinter_instance *to, const line_move *move)
{
    return can_hand_over(from, to, move) && from->lines[move->from].capacity >= (uint64_t)move->old_length + m->beside;
}

/* The window is where neither program moves it for as long as both run. */
static void make_room(sinter_instance *from, sinter_instance *to, uint32_t line, uint32_t elements)
{
    if (from->lines[line].position + (uint64_t)elements > from->lines[line].capacity)
        to->moved += sn_lines_slide(from, line);
}

/* The new instance has the block from now on; the old one gives that back which the new one had, and looks at the block as long as it runs. */
static line_share share(sinter_instance *from, sinter_instance *to, const line_move *move, uint8_t *newest, block_places *near)
{
    instance_line *given = &from->lines[move->from], *taken = &to->lines[move->to];
    const instance_line kept = *taken;
    *taken = *given;
    given->block = kept.block;
    given->block_size = kept.block_size;
    exchange_shifts(from, to, move, near)->shift = 0; /* the new program carries what is in the line */
    return (line_share){move->width, given->storage + given->position * (size_t)move->width, newest};
}

void sn_instance_migrate_beside(sinter_migration *m, sinter_instance *from, sinter_instance *to)
{
    uint8_t *newest = m->newest;
    block_places near = {0, 0};
    for (uint32_t i = 0; i < m->line_count; i++)
        if (!can_share(m, from, to, &m->lines[i]))
            bring(m, from, to, &m->lines[i]);
    for (uint32_t i = 0; i < m->line_count; i++) {
        if (!can_share(m, from, to, &m->lines[i]))
            continue;
        make_room(from, to, m->lines[i].from, m->beside);
        const line_share s = share(from, to, &m->lines[i], newest, &near);
        m->shares[m->share_count++] = s;
        newest += m->beside * s.width;
    }
    for (uint32_t i = 0; i < m->call_count; i++)
        exchange_selves(from, to, m->calls[i]);
    move_parameters(m, from, to);
}

static void exchange(uint8_t *a, uint8_t *b, size_t size)
{
    uint8_t kept[512];
    for (size_t n; size > 0; a += n, b += n, size -= n) {
        n = size < sizeof kept ? size : sizeof kept;
        memcpy(kept, a, n);
        memcpy(a, b, n);
        memcpy(b, kept, n);
    }
}

static void exchange_newest(const sinter_migration *m)
{
    for (const line_share *s = m->shares, *end = s + m->share_count; s < end; s++)
        exchange(s->place, s->newest, m->done * s->width);
}

void sn_instance_run_beside(sinter_migration *m, sinter_instance *from, const sinter_arguments *arguments)
{
    exchange_newest(m);
    sinter_instance_run(from, arguments);
    m->done += (uint32_t)arguments->count;
    exchange_newest(m);
}
