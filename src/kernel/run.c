/* The driver: what happens between the loops of a plan. Every engine runs under it, and the exported C says the same in C.
 *
 * A call is cut into chunks. For each, the frame gets the addresses of the chunk's first elements; windows of delay lines slide where
 * they have come to their end; then the loops run. Loops with flushed lines never cross a tick (an absolute index that is a multiple of
 * 64), and at a tick the line's values that have become tiny, infinite or no number turn to 0 (lines.c). Totals are folded every 4,096 elements and
 * their blocks combined like the carries of a counter, so that any cutting at multiples of 4,096 gives the same tree. Functions in C that the
 * program calls are called between the loops, a chunk at a time, and so are scans computed (scans.c).
 * Nothing here allocates, locks or enters the system. */
#include "kernel/fold.h"
#include "kernel/kernels.h"

#include <math.h>
#include <string.h>

enum { STACK_SMALL = 2 << 10, STACK_LARGE = 64 << 10 };

/* What stands on the way of every chunk is one piece of code: a processor that waits for the end of a cycle's chain of latency takes as many of the instructions
 * behind it as it has places for, and of these the stores that calls make are the first to run out. */
#define ON_THE_WAY inline __attribute__((always_inline))

static ON_THE_WAY void call(const kernel_run *r, uint32_t number, int64_t begin, int64_t end)
{
    const kernel_loop *loop = &r->kernel->loops[number];
    const unsigned side = loop->guard && (int32_t)(uint32_t)r->frame[loop->guard] != 0;
    if (loop->code[side])
        loop->code[side](r->frame, begin, end);
    else
        sn_interp_loop(r->kernel->interpreted, number, side, r->frame, begin, end,
                       r->workspace + ((r->kernel->workspace + 63) & ~(size_t)63));
}

static ON_THE_WAY void set_pointer(uint64_t *slot, const void *address)
{
    *slot = (uint64_t)(uintptr_t)address;
}

static void set_i32(uint64_t *slot, int32_t value)
{
    *slot = (uint32_t)value;
}

static void set_value(uint64_t *slot, unsigned type, double value)
{
    *slot = 0;
    if (type == IR_F64) {
        memcpy(slot, &value, 8);
    } else if (type == IR_F32) {
        const float narrow = (float)value;
        memcpy(slot, &narrow, 4);
    } else {
        /* NaN fails both */
        set_i32(slot, value >= 2147483647.0 ? INT32_MAX : value > -2147483648.0 ? (int32_t)value : INT32_MIN);
    }
}

size_t sn_kernel_workspace(const sinter_kernel *k)
{
    return ((k->workspace + 63) & ~(size_t)63) + k->interp_workspace;
}

void sn_kernel_prepare_frame(const kernel_run *r, const double *values)
{
    const sinter_kernel *k = r->kernel;
    const plan_frame *f = &k->frame;
    r->frame[f->index] = 0;
    set_i32(&r->frame[f->row], 0);
    set_i32(&r->frame[f->column], 0);
    for (uint32_t i = 0; i < k->buffer_count; i++)
        set_pointer(&r->frame[f->buffers + i], r->workspace + k->buffers[i].offset);
    for (uint32_t i = 0; i < k->total_count; i++)
        set_pointer(&r->frame[f->sums + i], r->workspace + k->sums_offset + 256 * (size_t)i);
    for (uint32_t i = 0; i < k->table_count; i++) {
        const kernel_table *t = &k->tables[i];
        set_pointer(&r->frame[f->memories + i], t->line ? r->instance->lines[t->line - 1].storage : t->content);
        set_i32(&r->frame[f->lengths + i], (int32_t)t->length);
    }
    for (uint32_t i = 0; r->instance && i < k->line_count; i++) /* of those that move: until the next chunk */
        set_pointer(&r->frame[f->lines + i], r->instance->lines[i].storage);
    const float_mode mode = sn_float_mode_enter(); /* values are rounded */
    for (uint32_t i = 0; i < k->param_count; i++)
        set_value(&r->frame[f->params + i], k->param_types[i], values ? values[i] : k->params[i].initial);
    sn_float_mode_leave(mode);
}

static void call_routine(const kernel_loop *loop, uint64_t *frame)
{
    double arguments[IR_ROUTINE_ARGUMENTS];
    for (unsigned k = 0; k < IR_ROUTINE_ARGUMENTS; k++)
        memcpy(&arguments[k], &frame[loop->arguments[k]], sizeof arguments[k]);
    loop->routine->run(arguments, &frame[loop->results]);
}

void sn_kernel_run_segment(const kernel_run *r)
{
    const uint32_t loops = r->kernel->segment_loops;
    for (uint32_t k = 0; k < loops; k++)
        if (r->kernel->loops[k].routine)
            call_routine(&r->kernel->loops[k], r->frame);
        else
            call(r, k, 0, 1);
    if (r->kernel->counter_count)
        sn_lines_take_steps(r);
    if (r->kernel->scan_count)
        sn_scans_take_factors(r);
}

kernel_code sn_kernel_only_segment_loop(const sinter_kernel *k)
{
    return k->segment_loops == 1 && !k->counter_count && !k->scan_count ? k->loops[0].code[0] : NULL; /* a routine's loop has none */
}

static bool bind_table(const kernel_run *r, uint32_t i, const void *content, uint32_t length)
{
    const sinter_kernel *k = r->kernel;
    if (!content || length == 0 || length > INT32_MAX)
        return false;
    set_pointer(&r->frame[k->frame.memories + i], content);
    set_i32(&r->frame[k->frame.lengths + i], (int32_t)length);
    return true;
}

/* All finite, and not without width or height. */
static bool is_region(const double *e)
{
    return isfinite(e[IR_EXTENT_X0]) && isfinite(e[IR_EXTENT_Y0]) && isfinite(e[IR_EXTENT_X1]) && isfinite(e[IR_EXTENT_Y1])
           && e[IR_EXTENT_X0] != e[IR_EXTENT_X1] && e[IR_EXTENT_Y0] != e[IR_EXTENT_Y1];
}

static bool bind_image(const kernel_run *r, uint32_t i, uint32_t number, const sinter_image *image)
{
    const sinter_kernel *k = r->kernel;
    const int32_t most = 1 << 22;
    if (image->width < 1 || image->height < 1 || image->width > most || image->height > most
        || (int64_t)image->width * image->height > INT32_MAX / k->tables[i].channels)
        return false;
    double extent[IR_EXTENT_LENGTH] = {image->width, image->height, image->x0, image->y0, image->x1, image->y1};
    if (image->x0 == 0 && image->y0 == 0 && image->x1 == 0 && image->y1 == 0)
        extent[IR_EXTENT_X1] = extent[IR_EXTENT_Y1] = 1;
    uint64_t *place = &r->frame[k->frame.extents + IR_EXTENT_LENGTH * number];
    memcpy(place, extent, sizeof extent);
    return is_region(extent) && bind_table(r, i, image->texels, (uint32_t)(image->width * image->height) * k->tables[i].channels)
           && bind_table(r, i + 1, place, IR_EXTENT_LENGTH);
}

bool sn_kernel_bind(const kernel_run *r, const kernel_bound *b)
{
    const sinter_kernel *k = r->kernel;
    uint32_t table = 0, image = 0;
    if ((k->bound_count && (!b->tables || !b->table_lengths)) || (k->uses_images && !b->images))
        return false;
    for (uint32_t i = 0; i < k->table_count; i++) {
        if (k->tables[i].content || k->tables[i].line || k->tables[i].length) /* the last: a delay line */
            continue;
        if (k->tables[i].channels) {
            if (k->tables[i].used && !bind_image(r, i, image, &b->images[image]))
                return false;
            image++;
            i++; /* its extent */
        } else {
            if (!bind_table(r, i, b->tables[table], b->table_lengths[table]))
                return false;
            table++;
        }
    }
    return true;
}

/* ---- ticks ---- */

/* From one element on, at most to the tick's end; returns where that is. */
static ON_THE_WAY int64_t call_in_tick(const kernel_run *r, uint32_t loop, int64_t index, int64_t begin, int64_t n)
{
    const int64_t into = (index + begin) & (PLAN_TICK - 1), end = begin + PLAN_TICK - into < n ? begin + PLAN_TICK - into : n;
    if (into == 0 && r->kernel->loops[loop].ticked)
        sn_lines_flush(r, loop, begin);
    call(r, loop, begin, end);
    return end;
}

static ON_THE_WAY void call_by_ticks(const kernel_run *r, uint32_t loop, int64_t index, int64_t n)
{
    for (int64_t begin = 0; begin < n;)
        begin = call_in_tick(r, loop, index, begin, n);
}

/* Once a recurrence is settled it remains so up to the end of the segment, and so of the chunk. */
static void run_until_settled(const kernel_run *r, uint32_t loop, int64_t index, int64_t n)
{
    const uint32_t scan = r->kernel->loops[loop].instead - 1;
    int64_t begin = 0;
    while (begin < n && !sn_scans_is_settled(r, scan, index + begin))
        begin = call_in_tick(r, loop, index, begin, n);
    if (begin < n)
        sn_scans_run(r, scan, index, begin, n);
}

/* ---- totals ---- */

void sn_kernel_open_block(const kernel_run *r)
{
    const sinter_kernel *k = r->kernel;
    for (uint32_t i = 0; !k->opens_blocks && i < k->total_count; i++) {
        void *partial = (void *)(uintptr_t)r->frame[k->frame.sums + i];
        if (k->totals[i].type == IR_F64)
            for (unsigned j = 0; j < 32; j++)
                ((double *)partial)[j] = -0.0;
        else
            for (unsigned j = 0; j < 64; j++)
                ((float *)partial)[j] = -0.0f;
    }
}

static double add(unsigned type, double a, double b)
{
    return type == IR_F64 ? a + b : (double)((float)a + (float)b);
}

/* One more total of 2^place blocks. */
static void carry(kernel_carries *c, unsigned type, double total, unsigned place)
{
    const uint64_t blocks = (uint64_t)1 << place;
    for (uint64_t count = c->count >> place; count & 1; count >>= 1)
        total = add(type, c->total[place++], total);
    c->total[place] = total;
    c->count += blocks;
}

void sn_kernel_join_carries(kernel_carries *to, const kernel_carries *next, unsigned type)
{
    for (uint64_t places = next->count; places; ) { /* the largest first: each place that is taken already carries */
        const unsigned place = 63 - (unsigned)__builtin_clzll(places);
        carry(to, type, next->total[place], place);
        places ^= (uint64_t)1 << place;
    }
}

kernel_code sn_kernel_only_loop(const sinter_kernel *k)
{
    const kernel_loop *loop = &k->loops[k->loop_count - 1];
    const bool alone = k->first_element_loop + 1 == k->loop_count && !loop->guard && !loop->ticked;
    return alone && !k->buffer_count && !k->line_count && !k->call_count && !k->binds && !k->grid ? loop->code[0] : NULL;
}

void sn_kernel_close_block(const kernel_run *r, kernel_carries *all)
{
    const sinter_kernel *k = r->kernel;
    for (uint32_t i = 0; i < k->total_count; i++)
        carry(&all[i], k->totals[i].type, sn_kernel_fold(r, i), 0);
}

/* What is left over joins from the smallest up; then the constants that were taken out of the sum. */
double sn_kernel_combine_carries(const kernel_carries *c, unsigned type)
{
    if (c->count == 0)
        return -0.0;
    uint64_t places = c->count;
    double total = c->total[__builtin_ctzll(places)];
    for (places &= places - 1; places; places &= places - 1)
        total = add(type, c->total[__builtin_ctzll(places)], total);
    return total;
}

static void hand_over(const sinter_kernel *k, uint32_t i, double total, const sinter_arguments *a)
{
    const kernel_total *t = &k->totals[i];
    if (a->count && (t->scale != 1 || t->offset != 0)) /* nothing is −0, and no offset of infinity times 0 */
        total = fma(t->scale, total, t->offset * (double)a->count);
    a->totals[i] = t->type == IR_F64 ? total : (double)(float)total;
}

static void finish_totals(const sinter_kernel *k, const kernel_carries *all, const sinter_arguments *a)
{
    for (uint32_t i = 0; i < k->total_count; i++)
        hand_over(k, i, sn_kernel_combine_carries(&all[i], k->totals[i].type), a);
}

/* ---- streams ---- */

static ON_THE_WAY void place_streams(const kernel_run *r, const sinter_arguments *a, int64_t at)
{
    const sinter_kernel *k = r->kernel;
    for (uint32_t i = 0; i < k->input_count; i++)
        set_pointer(&r->frame[k->frame.inputs + i], (const uint8_t *)a->inputs[i] + at * (int64_t)sn_ir_type_size((ir_type)k->inputs[i].type));
    for (uint32_t i = 0; i < k->output_count; i++)
        set_pointer(&r->frame[k->frame.outputs + i], (uint8_t *)a->outputs[i] + at * (int64_t)sn_ir_type_size((ir_type)k->outputs[i].type));
}

/* ---- calls of functions in C ---- */

/* Element by element. */
static void tick(const kernel_call *c, void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t n,
                 sinter_block_context *context)
{
    float in[KERNEL_MOST_PORTS], out[KERNEL_MOST_PORTS];
    const int64_t index = context->index;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < c->type.inputs; k++)
            in[k] = inputs[k][i];
        context->index = index + i;
        context->time = (double)context->index / rate;
        c->type.tick(self, rate, in, out, context);
        for (uint32_t k = 0; k < c->type.outputs; k++)
            outputs[k][i] = out[k];
    }
}

static float *buffer_of(const kernel_run *r, uint32_t buffer)
{
    return (float *)(void *)(r->workspace + r->kernel->buffers[buffer].offset);
}

static void make_call_with(const kernel_run *r, const kernel_call *c, const float *const *inputs, uint64_t steady, int64_t index, uint32_t n)
{
    const sinter_instance *i = r->instance;
    const double rate = sn_instance_rate(i);
    float *outputs[KERNEL_MOST_PORTS];
    for (uint32_t port = 0; port < c->type.outputs; port++)
        outputs[port] = buffer_of(r, c->outputs + port);
    sinter_block_context context = {.index = index, .time = (double)index / rate, .steady = steady, .parameter_count = i->kernel->public_params,
                                    .parameters = i->values, .parameter_names = i->kernel->param_names};
    void *self = i->selves[c->self];
    if (c->type.process)
        c->type.process(self, rate, inputs, outputs, n, &context);
    else
        tick(c, self, rate, inputs, outputs, n, &context);
}

static void make_call(const kernel_run *r, const kernel_call *c, int64_t index, uint32_t n)
{
    const float *inputs[KERNEL_MOST_PORTS];
    for (uint32_t port = 0; port < c->type.inputs; port++)
        inputs[port] = buffer_of(r, c->inputs + port);
    make_call_with(r, c, inputs, c->steady, index, n);
}

/* Those from `next` on that are made before this loop; the first that is not. */
static uint32_t make_calls(const kernel_run *r, uint32_t next, uint32_t loop, int64_t index, int64_t n)
{
    const sinter_kernel *k = r->kernel;
    for (; next < k->call_count && k->calls[next].before <= loop; next++)
        make_call(r, &k->calls[next], index, (uint32_t)n);
    return next;
}

static ON_THE_WAY void begin_chunk(const kernel_run *r, const sinter_arguments *a, int64_t at, int64_t index, int64_t n)
{
    const sinter_kernel *k = r->kernel;
    place_streams(r, a, at);
    const double absolute = (double)index;
    memcpy(&r->frame[k->frame.index], &absolute, 8);
    if (k->counter_count || k->window_count)
        sn_lines_move(r, n);
}

static ON_THE_WAY void run_loop(const kernel_run *r, uint32_t loop, int64_t index, int64_t n)
{
    const kernel_loop *l = &r->kernel->loops[loop];
    for (uint32_t k = 0; k < l->scans; k++)
        sn_scans_run(r, l->first_scan + k, index, 0, n);
    if (l->instead)
        run_until_settled(r, loop, index, n);
    else if (l->ticked)
        call_by_ticks(r, loop, index, n);
    else
        call(r, loop, 0, n);
}

static void run_loops_and_calls(const kernel_run *r, int64_t index, int64_t n)
{
    const sinter_kernel *k = r->kernel;
    uint32_t made = 0;
    for (uint32_t i = k->first_element_loop; i < k->loop_count; i++) {
        made = make_calls(r, made, i, index, n);
        run_loop(r, i, index, n);
    }
    make_calls(r, made, k->loop_count, index, n);
}

static ON_THE_WAY void run_chunk(const kernel_run *r, const sinter_arguments *a, int64_t at, int64_t index, int64_t n)
{
    const sinter_kernel *k = r->kernel;
    begin_chunk(r, a, at, index, n);
    if (k->call_count) {
        run_loops_and_calls(r, index, n);
        return;
    }
    const uint32_t count = k->loop_count;
    for (uint32_t i = k->first_element_loop; i < count; i++)
        run_loop(r, i, index, n);
}

/* ---- two programs that have nodes in C in common ---- */

/* A chunk under way: what comes next. */
typedef struct chunk_progress {
    const kernel_run *run;
    int64_t index, n;
    uint32_t loop, call;
} chunk_progress;

/* Loops, and calls before them, until call `until` is next, or all is done. */
static void go_on(chunk_progress *c, uint32_t until)
{
    const sinter_kernel *k = c->run->kernel;
    for (;; c->loop++) {
        for (; c->call < k->call_count && k->calls[c->call].before <= c->loop; c->call++) {
            if (c->call == until)
                return;
            make_call(c->run, &k->calls[c->call], c->index, (uint32_t)c->n);
        }
        if (c->loop >= k->loop_count)
            return;
        run_loop(c->run, c->loop, c->index, c->n);
    }
}

/* What comes from the old program goes to that of the new one in a straight line; where both are the same it is that. */
static bool mix_input(const kernel_beside *b, float *to, const float *old, const float *new, uint32_t left, uint32_t n)
{
    const float step = 1 / (float)b->over;
    bool same = true;
    for (uint32_t k = 0; k < n; k++) {
        const bool differs = old[k] < new[k] || old[k] > new[k];
        to[k] = differs ? new[k] + (old[k] - new[k]) * ((float)(left - 1 - k) * step) : new[k];
        same &= !differs;
    }
    return same;
}

/* Both programs are before it. The node is the new one's; what it makes of both inputs both have. */
static void meet(const kernel_beside *b, chunk_progress *old, chunk_progress *new, uint32_t left)
{
    const kernel_call *was = &old->run->kernel->calls[old->call++], *is = &new->run->kernel->calls[new->call++];
    const uint32_t n = (uint32_t)new->n;
    const float *inputs[KERNEL_MOST_PORTS];
    uint64_t steady = was->steady & is->steady;
    for (uint32_t port = 0; port < is->type.inputs; port++) {
        float *mixed = b->mixed + (size_t)port * PLAN_CHUNK;
        if (!mix_input(b, mixed, buffer_of(old->run, was->inputs + port), buffer_of(new->run, is->inputs + port), left, n))
            steady &= ~((uint64_t)1 << port);
        inputs[port] = mixed;
    }
    make_call_with(new->run, is, inputs, steady, new->index, n);
    for (uint32_t port = 0; port < is->type.outputs; port++)
        memcpy(buffer_of(old->run, was->outputs + port), buffer_of(new->run, is->outputs + port), n * sizeof(float));
}

void sn_kernel_stream_beside(const kernel_beside *b, const kernel_run *old, const sinter_arguments *to_old, const kernel_run *new,
                             const sinter_arguments *to_new, int64_t at, int64_t n, int64_t index)
{
    const float_mode mode = sn_float_mode_enter();
    const int64_t most = old->kernel->chunk < new->kernel->chunk ? old->kernel->chunk : new->kernel->chunk;
    for (int64_t done = 0, part; done < n; done += part) {
        part = n - done < most ? n - done : most;
        begin_chunk(old, to_old, at + done, index + done, part);
        begin_chunk(new, to_new, at + done, index + done, part);
        chunk_progress was = {old, index + done, part, old->kernel->first_element_loop, 0}, is = {new, index + done, part, new->kernel->first_element_loop, 0};
        for (uint32_t k = 0; k < b->count; k++) {
            go_on(&was, b->meetings[k].from);
            go_on(&is, b->meetings[k].to);
            meet(b, &was, &is, b->left - (uint32_t)(at + done));
        }
        go_on(&was, UINT32_MAX);
        go_on(&is, UINT32_MAX);
    }
    sn_float_mode_leave(mode);
}

static ON_THE_WAY bool are_streams(const sinter_kernel *k, const sinter_arguments *a)
{
    if (!a || a->count < 0 || (k->input_count && !a->inputs) || (k->output_count && !a->outputs) || (k->total_count && !a->totals))
        return false;
    for (uint32_t i = 0; a->count && i < k->input_count; i++)
        if (!a->inputs[i])
            return false;
    for (uint32_t i = 0; a->count && i < k->output_count; i++)
        if (!a->outputs[i])
            return false;
    return true;
}

bool sn_kernel_are_streams(const sinter_kernel *k, const sinter_arguments *a)
{
    return are_streams(k, a);
}

void sn_kernel_add_piece(const kernel_run *r, const sinter_arguments *a, int64_t into, int64_t n)
{
    const sinter_kernel *k = r->kernel;
    if (k->chunk < PLAN_SUM_BLOCK) { /* sums go through memory anyway; buffers hold no more */
        for (int64_t done = 0, part; done < n; done += part) {
            part = n - done < k->chunk ? n - done : k->chunk;
            run_chunk(r, a, done, 0, part);
        }
        return;
    }
    /* Where the block's elements would begin if they followed each other: code goes by their numbers in it. */
    begin_chunk(r, a, -into, 0, 0);
    for (uint32_t i = k->first_element_loop; i < k->loop_count; i++)
        call(r, i, into, into + n);
}

static void run_totals(const kernel_run *r, const sinter_arguments *a, int64_t index)
{
    const sinter_kernel *k = r->kernel;
    kernel_carries all[KERNEL_MOST_TOTALS];
    for (uint32_t i = 0; i < k->total_count; i++)
        all[i].count = 0;
    for (int64_t block = 0; block < a->count; block += PLAN_SUM_BLOCK) {
        const int64_t end = a->count - block < PLAN_SUM_BLOCK ? a->count : block + PLAN_SUM_BLOCK;
        sn_kernel_open_block(r);
        for (int64_t at = block, n; at < end; at += n) {
            n = end - at < k->chunk ? end - at : k->chunk;
            run_chunk(r, a, at, index + at, n);
        }
        sn_kernel_close_block(r, all);
    }
    finish_totals(k, all, a);
}

static bool bind(const kernel_run *r, const sinter_arguments *a)
{
    const kernel_bound bound = kernel_bound_of(a);
    return sn_kernel_bind(r, &bound);
}

sinter_status sn_kernel_stream(const kernel_run *r, const sinter_arguments *a, int64_t at, int64_t n, int64_t index)
{
    const sinter_kernel *k = r->kernel;
    if (k->grid || !are_streams(k, a) || (k->binds && !bind(r, a)))
        return SINTER_BAD_ARGUMENT;
    const float_mode mode = sn_float_mode_enter();
    if (k->binds)
        sn_kernel_run_segment(r); /* what is bound may be something else now */
    if (k->total_count)
        run_totals(r, a, index);
    else
        for (int64_t done = 0, part; done < n; done += part) {
            part = n - done < k->chunk ? n - done : k->chunk;
            run_chunk(r, a, at + done, index + done, part);
        }
    sn_float_mode_leave(mode);
    return SINTER_OK;
}

/* ---- grids ---- */

static void set_grid(const kernel_run *r, const sinter_grid *g)
{
    const sinter_kernel *k = r->kernel;
    const double values[] = {g->x0, (g->x1 - g->x0) / (2.0 * g->width), g->y1, (g->y1 - g->y0) / (2.0 * g->height), g->z, g->t};
    for (unsigned i = 0; k->public_params + i < k->param_count; i++)
        set_value(&r->frame[k->frame.params + k->public_params + i], k->param_types[k->public_params + i], values[i]);
}

static int32_t columns_of(const sinter_grid *g)
{
    return g->column_count ? g->column_count : g->width;
}

/* Columns [at, at + n) of those that are asked for. */
static void run_rows(const kernel_run *r, const sinter_grid *g, int32_t at, int32_t n)
{
    const sinter_kernel *k = r->kernel;
    const int64_t stride = g->stride ? g->stride : columns_of(g);
    for (int32_t row = 0; row < g->row_count; row++) {
        set_i32(&r->frame[k->frame.row], g->first_row + row);
        for (uint32_t i = 0; i < k->output_count; i++)
            set_pointer(&r->frame[k->frame.outputs + i],
                        (uint8_t *)g->outputs[i] + (row * stride + at) * (int64_t)sn_ir_type_size((ir_type)k->outputs[i].type));
        for (uint32_t i = k->first_row_loop; i < k->first_element_loop; i++)
            call(r, i, 0, 1);
        for (uint32_t i = k->first_element_loop; i < k->loop_count; i++)
            call(r, i, 0, n);
    }
}

static bool is_grid(const sinter_kernel *k, const sinter_grid *g)
{
    const int32_t most = 1 << 24;
    if (!k->grid || !g || k->total_count || g->width < 1 || g->height < 1 || g->width > most || g->height > most || g->first_row < 0
        || g->row_count < 0 || g->row_count > g->height - g->first_row || g->first_column < 0 || g->column_count < 0
        || columns_of(g) > g->width - g->first_column || (g->stride && g->stride < columns_of(g)) || !g->outputs)
        return false;
    for (uint32_t i = 0; i < k->output_count; i++)
        if (!g->outputs[i])
            return false;
    return true;
}

sinter_status sn_kernel_grid(const kernel_run *r, const sinter_grid *g)
{
    const sinter_kernel *k = r->kernel;
    const kernel_bound bound = kernel_bound_of_grid(g);
    if (!is_grid(k, g) || k->stateful || (k->binds && !sn_kernel_bind(r, &bound)))
        return SINTER_BAD_ARGUMENT;
    const float_mode mode = sn_float_mode_enter();
    set_grid(r, g);
    sn_kernel_run_segment(r);
    const int32_t columns = columns_of(g), tile = k->chunk < (uint32_t)columns ? (int32_t)k->chunk : columns;
    for (int32_t at = 0; at < columns; at += tile) {
        const int32_t n = columns - at < tile ? columns - at : tile;
        set_i32(&r->frame[k->frame.column], g->first_column + at);
        for (uint32_t i = k->segment_loops; i < k->first_row_loop; i++)
            call(r, i, 0, n);
        run_rows(r, g, at, n);
    }
    sn_float_mode_leave(mode);
    return SINTER_OK;
}

/* ---- without an instance ---- */

typedef union call_arguments {
    const sinter_arguments *stream;
    const sinter_grid *grid;
} call_arguments;

static sinter_status run_in(const sinter_kernel *k, uint8_t *memory, call_arguments a, bool grid)
{
    uint8_t *aligned = memory + (-(uintptr_t)memory & 63);
    const kernel_run r = {k, (uint64_t *)(void *)aligned, aligned + (((size_t)k->frame.count * 8 + 63) & ~(size_t)63), NULL};
    sn_kernel_prepare_frame(&r, NULL);
    if (grid)
        return sn_kernel_grid(&r, a.grid);
    if (k->segment_loops && !k->binds) {
        const float_mode mode = sn_float_mode_enter();
        sn_kernel_run_segment(&r);
        sn_float_mode_leave(mode);
    }
    return sn_kernel_stream(&r, a.stream, 0, a.stream->count, 0);
}

static sinter_status run_small(const sinter_kernel *k, call_arguments a, bool grid)
{
    uint8_t memory[STACK_SMALL];
    return run_in(k, memory, a, grid);
}

static sinter_status run_large(const sinter_kernel *k, call_arguments a, bool grid)
{
    uint8_t memory[STACK_LARGE];
    return run_in(k, memory, a, grid);
}

static sinter_status run(const sinter_kernel *k, call_arguments a, bool grid)
{
    if (k->stateful || k->stack > STACK_LARGE)
        return SINTER_NEEDS_INSTANCE;
    return k->stack <= STACK_SMALL ? run_small(k, a, grid) : run_large(k, a, grid);
}

/* The same for the commonest kernels, without the steps that find nothing to do: a call of a few elements should cost what they
 * do (the long way takes about 13 ns before the first). */
static sinter_status run_simple(const sinter_kernel *k, const sinter_arguments *a)
{
    uint64_t frame[KERNEL_SIMPLE_SLOTS];
    _Alignas(64) uint8_t partial[KERNEL_SIMPLE_TOTALS][256];
    const kernel_run r = {k, frame, NULL, NULL};
    if (!sn_kernel_are_streams(k, a))
        return SINTER_BAD_ARGUMENT;
    frame[k->frame.index] = 0;
    place_streams(&r, a, 0);
    for (uint32_t i = 0; i < k->total_count; i++)
        set_pointer(&frame[k->frame.sums + i], partial[i]);
    if (k->total_count)
        sn_kernel_open_block(&r);
    const float_mode mode = sn_float_mode_enter();
    k->loops[0].code[0](frame, 0, a->count);
    for (uint32_t i = 0; i < k->total_count; i++)
        hand_over(k, i, sn_kernel_fold(&r, i), a);
    sn_float_mode_leave(mode);
    return SINTER_OK;
}

sinter_status sinter_run(const sinter_kernel *kernel, const sinter_arguments *arguments)
{
    if (!kernel || !arguments)
        return SINTER_BAD_ARGUMENT;
    if (kernel->simple && arguments->count <= kernel->chunk)
        return run_simple(kernel, arguments);
    return run(kernel, (call_arguments){.stream = arguments}, false);
}

sinter_status sinter_run_grid(const sinter_kernel *kernel, const sinter_grid *grid)
{
    if (!kernel || !grid)
        return SINTER_BAD_ARGUMENT;
    return run(kernel, (call_arguments){.grid = grid}, true);
}
