/* Delay lines of an instance: where they lie, how they move on from chunk to chunk, what is flushed at ticks.
 *
 * A patch of sixteen voices has 128 short lines, and at blocks of 64 elements what is done to each of them counts: a cycle for every one is a
 * fiftieth of a sample's price. So the values that are looked at together lie together: first the counters, which move on by vectors, then what
 * loops hold, in the order of the loops, of alike components value for value of all of them, so that a tick looks at several in one instruction. Whether
 * it came out so is seen as the instance opens, for a line that the program at rest holds may be a window for the moving one, which needs
 * more room; the other ways are there, too. */
#include "kernel/kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- where they lie ---- */

/* What the moving program makes of a line; NULL where there is none, or it does not have it. */
static const plan_line *moving_line(const sinter_kernel *k, uint32_t n)
{
    return k->moving && n < k->moving->line_count ? &k->moving->lines[n] : NULL;
}

/* Of its storage, which the program at rest and the moving one share: held lines of the one may be windows in the other. */
static uint32_t line_capacity(const sinter_kernel *k, uint32_t n)
{
    const uint32_t capacity = k->lines[n].capacity, moving = moving_line(k, n) ? moving_line(k, n)->capacity : 0;
    return capacity > moving ? capacity : moving;
}

static size_t element_size(const sinter_kernel *k, uint32_t n)
{
    return sn_ir_type_size((ir_type)k->lines[n].type);
}

static size_t line_bytes(const sinter_kernel *k, uint32_t n)
{
    return ((size_t)line_capacity(k, n) * element_size(k, n) + 64 + 63) & ~(size_t)63;
}

/* What is carried lies below the window, however far that has come: so it is as far down as the window is long. */
uint32_t sn_instance_shift(const sinter_kernel *k, uint32_t n)
{
    const plan_line *l = &k->lines[n], *moving = moving_line(k, n);
    const bool window = !l->held && !l->flush && (!moving || (!moving->held && !moving->flush));
    return window && l->length * sn_ir_type_size((ir_type)l->type) >= KERNEL_CARRIED_LINE ? l->length : 0;
}

/* Of a block of its own. Where it is carried the window may begin to move as soon as it could arrive, and go on for a chunk, or for as long as two programs share the line. */
static uint32_t block_capacity(const sinter_kernel *k, uint32_t n)
{
    const uint32_t room = KERNEL_MOST_SHARED / (uint32_t)element_size(k, n) + PLAN_CHUNK;
    return sn_instance_shift(k, n) ? 2 * k->lines[n].length + room : line_capacity(k, n);
}

/* What is held is touched value by value, and a voice may have ten such lines: they lie close together, not a cache line or two each. */
static bool is_packed(const sinter_kernel *k, uint32_t n)
{
    const bool held = k->lines[n].held && (!moving_line(k, n) || moving_line(k, n)->held);
    return held && (size_t)line_capacity(k, n) * element_size(k, n) <= PLAN_HELD * sizeof(double);
}

bool sn_instance_keeps_apart(const sinter_kernel *k, uint32_t n)
{
    return !k->lines[n].held && line_bytes(k, n) >= KERNEL_LARGE_LINE;
}

/* A walk over the lines in their order. */
typedef struct layout {
    const sinter_kernel *kernel;
    size_t at;      /* so many bytes are taken */
    uint32_t group; /* the next one */
} layout;

static size_t up_to(size_t at, size_t unit)
{
    return (at + unit - 1) & ~(unit - 1);
}

/* Where the line that is number j of the order begins. Groups begin and end where vectors of lanes do. */
static size_t take_place(layout *l, uint32_t j)
{
    const sinter_kernel *k = l->kernel;
    const uint32_t n = k->line_order[j];
    const kernel_group *group = l->group < k->group_count ? &k->groups[l->group] : NULL;
    const bool packed = is_packed(k, n), begins = group && j == group->first, ends = group && j == group->first + group->count - 1;
    const size_t begin = up_to(l->at, !packed ? 64 : begins ? PLAN_ALIKE_BYTES : element_size(k, n));
    if (!sn_instance_keeps_apart(k, n))
        l->at = begin + (packed ? line_capacity(k, n) * element_size(k, n) : line_bytes(k, n));
    if (ends) {
        l->at = up_to(l->at, PLAN_ALIKE_BYTES);
        l->group++;
    }
    return begin;
}

size_t sn_lines_within(const sinter_kernel *k)
{
    layout l = {.kernel = k};
    for (uint32_t j = 0; j < k->line_count; j++)
        take_place(&l, j);
    return up_to(l.at, 64);
}

/* Allocators begin large blocks at the same place of a page, and lines of a program move on together: a dozen voices would write, and read, at addresses that are
 * equal in their lower twelve bits, which have the same few places in the first cache and which processors take for one another. So each begins elsewhere
 * in its page. (16 voices with delays of 40,000 samples on Zen 1: 182 cycles of the time stamp a sample, without it 189 to 215.) */
enum { PAGE = 4096, STAGGER = 5 * 64 };

static bool open_large_line(const sinter_kernel *k, uint32_t n, instance_line *own)
{
    own->capacity = block_capacity(k, n);
    own->block_size = up_to((size_t)own->capacity * element_size(k, n) + 64, 64) + 64 + PAGE;
    own->block = sn_allocate(&k->context->allocator, own->block_size);
    own->storage = own->block ? (uint8_t *)own->block + (-(uintptr_t)own->block & 63) + n * (size_t)STAGGER % PAGE : NULL;
    return own->block != NULL;
}

instance_block *sn_instance_block(const sinter_instance *i, uint32_t line, uint32_t near)
{
    if (near < i->line_blocks && i->blocks[near].line == line)
        return &i->blocks[near];
    for (instance_block *at = i->blocks, *end = at + i->line_blocks; at < end; at++)
        if (at->line == line)
            return at;
    return NULL;
}

bool sn_instance_open_spare(const sinter_kernel *k, uint32_t n, instance_line *spare)
{
    *spare = (instance_line){0};
    if (!open_large_line(k, n, spare))
        return false;
    memset(spare->storage, 0, (size_t)spare->capacity * element_size(k, n));
    return true;
}

uint32_t sn_lines_apart(const sinter_kernel *k)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < k->line_count; n++)
        count += sn_instance_keeps_apart(k, n);
    return count;
}

/* Do all counters lie one behind the other? */
static bool counters_follow(const sinter_instance *i, const sinter_kernel *k)
{
    for (uint32_t j = 0; j < k->counter_count; j++)
        if (i->lines[k->counters[j].line].storage != i->lines[k->counters[0].line].storage + j * sizeof(uint32_t))
            return false;
    return true;
}

/* Do the lines of all groups, and is there room behind the last? Of a program that is not the instance's own nobody knows. */
static bool groups_follow(const sinter_instance *i, const sinter_kernel *k)
{
    bool all = k == i->kernel;
    for (uint32_t g = 0; all && g < k->group_count; g++)
        for (uint32_t j = 0; j < k->groups[g].count; j++) {
            const uint32_t n = k->line_order[k->groups[g].first + j], first = k->line_order[k->groups[g].first];
            all &= is_packed(k, n) && i->lines[n].storage == i->lines[first].storage + j * element_size(k, n);
        }
    return all;
}

static bool goes_on(const instance_flushed *f, const void *storage, unsigned type)
{
    return f->type == type && storage == (const uint8_t *)f->first + f->count * sn_ir_type_size((ir_type)type);
}

/* What is looked at before the ticks of a loop: lines that lie one behind the other are one. A window is never the same for long. */
static void gather_flushed(const sinter_instance *i, const sinter_kernel *k, const kernel_loop *loop, instance_flushed *to)
{
    instance_flushed *last = NULL;
    for (uint32_t j = 0; j < loop->flushed; j++) {
        const uint32_t n = k->flushed[loop->first_flushed + j];
        void *storage = is_packed(i->kernel, n) ? i->lines[n].storage : NULL;
        const unsigned type = k->lines[n].type;
        if (!storage || !last || !last->first || !goes_on(last, storage, type)) {
            last = last ? last + 1 : to;
            *last = (instance_flushed){.first = storage, .type = (uint8_t)type};
        }
        last->count += k->lines[n].length;
    }
}

static size_t steps_size(const sinter_kernel *k)
{
    return (k->counter_count * sizeof(uint32_t) + 63) & ~(size_t)63;
}

size_t sn_lines_side(const sinter_kernel *k)
{
    return k ? steps_size(k) + ((k->flushed_count * sizeof(instance_flushed) + 63) & ~(size_t)63) : 0;
}

void sn_lines_open_side(sinter_instance *i, const sinter_kernel *k, uint8_t *at)
{
    instance_side *side = &i->sides[k != i->kernel];
    memset(at, 0, sn_lines_side(k));
    side->steps = (uint32_t *)(void *)at;
    side->flushed = (instance_flushed *)(void *)(at + steps_size(k));
    if (k->counter_count && counters_follow(i, k))
        side->counters = (uint32_t *)(void *)i->lines[k->counters[0].line].storage;
    side->frame[k->frame.together] = groups_follow(i, k);
    for (uint32_t j = 0; j < k->loop_count; j++)
        gather_flushed(i, k, &k->loops[j], side->flushed + k->loops[j].first_flushed);
}

bool sn_lines_open(sinter_instance *i, uint8_t *state)
{
    const sinter_kernel *k = i->kernel;
    layout l = {.kernel = k};
    for (uint32_t n = 0; n < k->line_count; n++)
        if (sn_instance_keeps_apart(k, n))
            i->blocks[i->line_blocks++] = (instance_block){.line = n, .shift = sn_instance_shift(k, n)};
    for (uint32_t j = 0; j < k->line_count; j++) {
        const uint32_t n = k->line_order[j];
        instance_line *own = &i->lines[n];
        const size_t place = take_place(&l, j);
        *own = (instance_line){.capacity = line_capacity(k, n)};
        if (!sn_instance_keeps_apart(k, n))
            own->storage = state + place;
        else if (!open_large_line(k, n, own))
            return false;
    }
    return true;
}

/* ---- how they move on ---- */

static instance_side *side_of(const kernel_run *r)
{
    return &r->instance->sides[r->kernel != r->instance->kernel];
}

void sn_lines_take_steps(const kernel_run *r)
{
    const sinter_kernel *k = r->kernel;
    uint32_t *steps = side_of(r)->steps;
    for (uint32_t j = 0; j < k->counter_count; j++) {
        const kernel_counter *c = &k->counters[j];
        steps[j] = c->step_slot ? (uint32_t)r->frame[c->step_slot] : (uint32_t)c->step;
    }
}

/* A counter's first value of the chunk goes to its slot; its line has the next chunk's from here on. Integers wrap. */
static void move_counters(const kernel_run *r, uint32_t n)
{
    const sinter_kernel *k = r->kernel;
    const instance_side *side = side_of(r);
    const kernel_counter *counters = k->counters;
    const uint32_t *restrict steps = side->steps;
    uint32_t *restrict values = side->counters;
    uint64_t *frame = r->frame;
    const uint32_t count = k->counter_count;
    for (uint32_t j = 0; j < count; j++)
        frame[counters[j].slot] = values[j];
    for (uint32_t j = 0; j < count; j++)
        values[j] += steps[j] * n;
}

static void move_scattered_counters(const kernel_run *r, uint32_t n)
{
    const sinter_kernel *k = r->kernel;
    const uint32_t *steps = side_of(r)->steps;
    for (uint32_t j = 0; j < k->counter_count; j++) {
        uint32_t *value = (uint32_t *)(void *)r->instance->lines[k->counters[j].line].storage;
        r->frame[k->counters[j].slot] = *value;
        *value += steps[j] * n;
    }
}

/* What was written since goes to where the window will be; below it, which is as far down as it is long, nobody reads any more. */
static void carry_line(const sinter_instance *i, instance_block *b)
{
    const instance_line *own = &i->lines[b->line];
    const size_t width = sn_ir_type_size((ir_type)i->kernel->lines[b->line].type);
    if (own->position <= b->carried)
        return;
    uint8_t *from = own->storage + b->carried * width;
    memmove(from - b->shift * width, from, (own->position - b->carried) * width);
    b->carried = own->position;
}

static void carry_lines(sinter_instance *i)
{
    for (instance_block *b = i->blocks, *end = b + i->line_blocks; b < end; b++)
        if (b->shift && !b->lent && i->lines[b->line].position >= b->carried + (uint64_t)KERNEL_CARRIED_AT_ONCE)
            carry_line(i, b);
}

/* To a storage that nobody reads. */
static void move_to_spare(const sinter_instance *i, instance_block *b, const uint8_t *values, size_t bytes)
{
    instance_line *own = &i->lines[b->line];
    instance_spare *spare = &i->spares[b - i->blocks];
    const instance_spare left = {*own, b->shift};
    memcpy(spare->line.storage, values, bytes);
    *own = spare->line;
    b->shift = spare->shift;
    *spare = left;
    b->lent = false;
}

__attribute__((noinline)) size_t sn_lines_slide(sinter_instance *i, uint32_t line)
{
    instance_line *own = &i->lines[line];
    instance_block *b = own->block ? sn_instance_block(i, line, 0) : NULL;
    const uint32_t length = i->kernel->lines[line].length;
    const size_t width = sn_ir_type_size((ir_type)i->kernel->lines[line].type), bytes = length * width;
    const uint8_t *values = own->storage + (size_t)(own->position - length) * width;
    if (b && b->lent) {
        move_to_spare(i, b, values, bytes);
    } else if (b && b->shift && own->position >= (uint64_t)length + b->shift) { /* all that is in the window was carried, or is now */
        const size_t rest = own->position > b->carried ? (own->position - b->carried) * width : 0;
        carry_line(i, b);
        own->position -= b->shift;
        b->carried = b->shift;
        return rest;
    } else {
        memmove(own->storage, values, bytes);
    }
    own->position = length;
    if (b)
        b->carried = b->shift;
    return bytes;
}

static void move_windows(const kernel_run *r, uint32_t n)
{
    const sinter_kernel *k = r->kernel;
    instance_line *lines = r->instance->lines;
    uint64_t *frame = r->frame;
    for (const kernel_window *w = k->windows, *end = w + k->window_count; w < end; w++) {
        instance_line *own = &lines[w->line];
        if (__builtin_expect(own->position + (uint64_t)n > own->capacity, 0))
            sn_lines_slide(r->instance, w->line);
        frame[w->slot] = (uint64_t)(uintptr_t)(own->storage + (size_t)own->position * w->width);
        own->position += n;
    }
}

/* Loops go by the frame, so that the lines themselves may be ahead by the chunk already: one walk over them, not two. */
void sn_lines_move(const kernel_run *r, int64_t n)
{
    const sinter_kernel *k = r->kernel;
    if (k->counter_count && side_of(r)->counters)
        move_counters(r, (uint32_t)n);
    else if (k->counter_count)
        move_scattered_counters(r, (uint32_t)n);
    if (r->instance->line_blocks)
        carry_lines(r->instance);
    if (k->window_count)
        move_windows(r, (uint32_t)n);
}

/* ---- ticks ---- */

/* What is tiny becomes 0, and what is not finite; true if there was something of the second kind. */
static bool flush_f32(float *values, uint32_t count)
{
    bool fault = false;
    for (uint32_t k = 0; k < count; k++) {
        const float magnitude = fabsf(values[k]);
        if (magnitude >= 1e-30f && magnitude <= FLT_MAX)
            continue;
        fault |= !(magnitude < 1e-30f);
        values[k] = 0;
    }
    return fault;
}

static bool flush_f64(double *values, uint32_t count)
{
    bool fault = false;
    for (uint32_t k = 0; k < count; k++) {
        const double magnitude = fabs(values[k]);
        if (magnitude >= 1e-250 && magnitude <= DBL_MAX)
            continue;
        fault |= !(magnitude < 1e-250);
        values[k] = 0;
    }
    return fault;
}

static void flush_line(const kernel_run *r, uint32_t i, int64_t begin)
{
    const sinter_kernel *k = r->kernel;
    const plan_line *line = &k->lines[i];
    uint8_t *at = (uint8_t *)(uintptr_t)r->frame[k->frame.lines + i];
    if (!line->held)
        at += (begin - (int64_t)line->length) * (int64_t)sn_ir_type_size(line->type);
    if (line->type == IR_F64 ? flush_f64((double *)(void *)at, line->length) : flush_f32((float *)(void *)at, line->length)) {
        r->instance->faults++;
        r->instance->fault = r->instance->kernel->line_names[i];
    }
}

typedef int32_t words __attribute__((vector_size(16)));
enum { WORDS = 4, TINY = 0x0DA24260 /* 1e-30f */, LARGEST = 0x7F7FFFFF /* FLT_MAX */ };

/* Ones where bits are not those of +0 or of a number of a magnitude from 1e-30 to FLT_MAX: what flush_f32 would write. */
static words stray(words bits)
{
    const words magnitude = bits & INT32_MAX;
    return ((magnitude < TINY) & (bits != 0)) | (magnitude > LARGEST);
}

static bool any_stray_f32(const void *values, uint32_t count)
{
    const uint8_t *at = values;
    words all = {0};
    for (; count >= WORDS; count -= WORDS, at += sizeof all) {
        words bits;
        memcpy(&bits, at, sizeof bits);
        all |= stray(bits);
    }
    for (; count > 0; count--, at += sizeof(float)) {
        words one = {0};
        int32_t bits;
        memcpy(&bits, at, sizeof bits);
        one[0] = bits;
        all |= stray(one);
    }
    uint64_t halves[2];
    memcpy(halves, &all, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

static bool any_stray_f64(const double *values, uint32_t count)
{
    bool any = false;
    for (uint32_t k = 0; k < count; k++) {
        const double magnitude = fabs(values[k]);
        uint64_t bits;
        memcpy(&bits, &values[k], sizeof bits);
        any |= !(magnitude >= 1e-250 && magnitude <= DBL_MAX) && bits != 0; /* silence has nothing to write */
    }
    return any;
}

/* Windows have to be looked at where they are now. */
static bool any_stray(const instance_flushed *f)
{
    return !f->first || (f->type == IR_F64 ? any_stray_f64(f->first, f->count) : any_stray_f32(f->first, f->count));
}

/* Nearly always there is nothing to write. */
void sn_lines_flush(const kernel_run *r, uint32_t loop, int64_t begin)
{
    const kernel_loop *l = &r->kernel->loops[loop];
    const instance_flushed *f = side_of(r)->flushed + l->first_flushed, *end = f + l->flushed;
    bool any = false;
    for (; f < end && f->count; f++)
        any |= any_stray(f);
    for (uint32_t j = 0; any && j < l->flushed; j++)
        flush_line(r, r->kernel->flushed[l->first_flushed + j], begin);
}
