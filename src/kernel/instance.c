/* Instances: parameters, state, and a frame of their own, in one block. */
#include "kernel/kernels.h"

#include <math.h>
#include <string.h>

enum { SMALLEST_PAGE = 4096, NEAR_WINDOW = 1 << 10, NEAR_CHUNKS = 1 << 16 };

static size_t rounded(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

uint8_t *sn_instance_values(const sinter_instance *i, uint32_t line)
{
    const plan_line *l = &i->kernel->lines[line];
    return i->lines[line].storage + (size_t)(i->lines[line].position - l->length) * sn_ir_type_size((ir_type)l->type);
}

/* So that the first run faults no page, and finds in the caches what it begins with. Nothing is read there before it is written, as on the stack of a run without an
 * instance; to clear it all would take a thousand nodes, whose chunks and windows are a MiB, 0.1 ms of the 4 that their edit takes. */
static void touch(uint8_t *at, size_t size, size_t near)
{
#if SINTER_HOSTILE
    (void)near;
    memset(at, 0xFF, size); /* numbers that are none */
#else
    near = near < size ? near : size;
    memset(at, 0, near);
    for (size_t k = near; k < size; k += SMALLEST_PAGE)
        at[k] = 0;
    if (size)
        at[size - 1] = 0;
#endif
}

static void start_lines(sinter_instance *i)
{
    const sinter_kernel *k = i->kernel;
    for (uint32_t n = 0; n < k->line_count; n++) {
        const size_t width = sn_ir_type_size((ir_type)k->lines[n].type), past = k->lines[n].length * width;
        i->lines[n].position = k->lines[n].length;
        memset(i->lines[n].storage, 0, past);
        touch(i->lines[n].storage + past, i->lines[n].capacity * width - past, NEAR_WINDOW);
    }
    for (uint32_t n = 0; n < i->line_blocks; n++)
        i->blocks[n].carried = i->blocks[n].shift;
    i->index = 0;
    i->starts++;
    i->changes++;
}

double sn_instance_rate(const sinter_instance *i)
{
    const int32_t parameter = i->kernel->rate_parameter;
    return parameter >= 0 ? i->values[parameter] : i->kernel->rate;
}

/* Frame and workspace of a kernel. */
static size_t side_size(const sinter_kernel *k)
{
    return k ? rounded((size_t)k->frame.count * 8) + rounded(sn_kernel_workspace(k)) : 0;
}

static void open_side(instance_side *side, const sinter_kernel *k, uint8_t *at)
{
    const size_t frame = rounded((size_t)k->frame.count * 8);
    memset(at, 0, frame);
    touch(at + frame, side_size(k) - frame, NEAR_CHUNKS);
    *side = (instance_side){.frame = (uint64_t *)(void *)at, .workspace = at + frame, .dirty = true};
}

/* False where a node refuses. */
static bool create_selves(sinter_instance *i)
{
    for (uint32_t n = 0; n < i->kernel->call_count; n++) {
        const kernel_call *c = &i->kernel->calls[n];
        void **self = &i->selves[c->self];
        *self = c->type.create ? c->type.create(c->type.user, sn_instance_rate(i)) : c->type.user;
        if (c->type.create && !*self)
            return false;
    }
    return true;
}

static void destroy_selves(const sinter_instance *i)
{
    for (uint32_t n = 0; n < i->kernel->call_count; n++) {
        const kernel_call *c = &i->kernel->calls[n];
        if (c->type.create && c->type.destroy && i->selves[c->self])
            c->type.destroy(i->selves[c->self]);
    }
}

static void reset_selves(const sinter_instance *i)
{
    for (uint32_t n = 0; n < i->kernel->call_count; n++) {
        const kernel_call *c = &i->kernel->calls[n];
        if (c->type.reset)
            c->type.reset(i->selves[c->self]);
    }
}

sinter_status sinter_instance_open(const sinter_kernel *k, sinter_instance **instance)
{
    if (!k || !instance)
        return SINTER_BAD_ARGUMENT;
    *instance = NULL;
    const sinter_kernel *moving = k->moving;
    const bool smooths = moving || k->always_moving;
    const uint32_t all_params = moving ? moving->param_count : k->param_count;
    const size_t sides = side_size(k) + side_size(moving), state = sn_lines_within(k), lines = rounded(k->line_count * sizeof(instance_line));
    const size_t selves = rounded(k->call_count * sizeof(void *)), blocks = rounded(sn_lines_apart(k) * sizeof(instance_block));
    const size_t spares = rounded(sn_lines_apart(k) * sizeof(instance_spare));
    const size_t values = rounded((all_params + 1) * sizeof(double)), ramps = smooths ? rounded(k->public_params * sizeof(instance_ramp)) : 0;
    const size_t own_lines = sn_lines_side(k) + sn_scans_side(k), head = rounded(sizeof(sinter_instance));
    const size_t size = head + sides + state + lines + values + ramps + selves + blocks + spares + own_lines + sn_lines_side(moving) + sn_scans_side(moving) + 64;
    uint8_t *block = sn_allocate(&k->context->allocator, size);
    if (!block)
        return SINTER_NO_MEMORY;
    sinter_instance *i = (sinter_instance *)(void *)block;
    uint8_t *at = block + head;
    at += -(uintptr_t)at & 63;
    *i = (sinter_instance){.kernel = k, .block_size = size};
    open_side(&i->sides[0], k, at);
    if (moving)
        open_side(&i->sides[1], moving, at + side_size(k));
    at += sides;
    i->lines = (instance_line *)(void *)(at + state);
    i->values = (double *)(void *)(at + state + lines);
    if (smooths)
        i->ramps = memset(at + state + lines + values, 0, ramps);
    i->selves = memset(at + state + lines + values + ramps, 0, selves);
    i->blocks = memset(at + state + lines + values + ramps + selves, 0, blocks);
    i->spares = memset(at + state + lines + values + ramps + selves + blocks, 0, spares);
    memset(i->lines, 0, lines);
    for (uint32_t n = 0; n < k->param_count; n++)
        i->values[n] = k->params[n].initial;
    if (!sn_lines_open(i, at) || !create_selves(i)) {
        sinter_instance_close(i);
        return SINTER_NO_MEMORY;
    }
    at += state + lines + values + ramps + selves + blocks + spares;
    sn_lines_open_side(i, k, at);
    i->sides[0].scans = memset(at + sn_lines_side(k), 0, sn_scans_side(k));
    if (moving)
        sn_lines_open_side(i, moving, at + own_lines);
    start_lines(i);
    const kernel_run r = {k, i->sides[0].frame, i->sides[0].workspace, i};
    sn_kernel_prepare_frame(&r, i->values);
    *instance = i;
    return SINTER_OK;
}

void sinter_instance_close(sinter_instance *i)
{
    if (!i)
        return;
    const sinter_allocator a = i->kernel->context->allocator;
    for (uint32_t n = 0; n < i->kernel->line_count; n++)
        sn_release(&a, i->lines[n].block, i->lines[n].block_size);
    for (uint32_t n = 0; n < i->line_blocks; n++)
        sn_release(&a, i->spares[n].line.block, i->spares[n].line.block_size);
    destroy_selves(i);
    sn_release(&a, i, i->block_size);
}

int sn_parameter_near(const sinter_kernel *kernel, const char *name, uint32_t near)
{
    const uint32_t count = kernel->public_params;
    for (uint32_t n = near < count ? near : 0, left = count; left > 0; left--, n = n + 1 < count ? n + 1 : 0)
        if (!strcmp(kernel->params[n].name, name))
            return (int)n;
    return -1;
}

int sinter_parameter_number(const sinter_kernel *kernel, const char *name)
{
    return kernel && name ? sn_parameter_near(kernel, name, 0) : -1;
}

void sn_instance_changed(sinter_instance *i)
{
    i->sides[0].dirty = i->sides[1].dirty = true;
}

static sinter_status set(sinter_instance *i, int parameter, double value, bool jump)
{
    if (!i || parameter < 0 || (uint32_t)parameter >= i->kernel->public_params || isnan(value))
        return SINTER_BAD_ARGUMENT;
    const sinter_parameter_info *info = &i->kernel->params[parameter];
    const float_mode mode = sn_float_mode_enter();
    value = value < info->low ? info->low : value > info->high ? info->high : value;
    if (i->ramps && info->smoothing) {
        if (jump || i->index == 0)
            sn_ramp_stop(i, (uint32_t)parameter);
        else if (value != i->values[parameter])
            sn_ramp_start(i, (uint32_t)parameter, value);
    }
    sn_float_mode_leave(mode);
    i->values[parameter] = value;
    sn_instance_changed(i);
    return SINTER_OK;
}

sinter_status sinter_set(sinter_instance *i, int parameter, double value)
{
    return set(i, parameter, value, false);
}

sinter_status sinter_jump(sinter_instance *i, int parameter, double value)
{
    return set(i, parameter, value, true);
}

double sinter_get(const sinter_instance *i, int parameter)
{
    return i && parameter >= 0 && (uint32_t)parameter < i->kernel->public_params ? i->values[parameter] : NAN;
}

/* Brings the side's frame up to date with the parameters. Where tables or images are bound, what they determine is computed by the run that
 * binds them. */
static inline void renew(sinter_instance *i, bool moving, kernel_run *r)
{
    instance_side *side = &i->sides[moving];
    *r = (kernel_run){moving ? i->kernel->moving : i->kernel, side->frame, side->workspace, i};
    if (!side->dirty)
        return;
    if (moving || i->kernel->always_moving)
        sn_ramps_fill(i);
    sn_kernel_prepare_frame(r, i->values);
    side->dirty = false;
    if (r->kernel->binds)
        return;
    const float_mode mode = sn_float_mode_enter();
    sn_kernel_run_segment(r);
    sn_float_mode_leave(mode);
}

/* The two sides keep the same lines, but one may hold in place, at the start, what is a window to the other; the start is a good place for a
 * window too. */
static void take_lines(sinter_instance *i, const sinter_kernel *k)
{
    for (uint32_t n = 0; n < k->line_count; n++) {
        instance_line *own = &i->lines[n];
        if (!k->lines[n].held || own->position == k->lines[n].length)
            continue;
        memmove(own->storage, sn_instance_values(i, n), k->lines[n].length * sn_ir_type_size((ir_type)k->lines[n].type));
        own->position = k->lines[n].length;
    }
}

/* Up to the end of the call, or to where a parameter arrives: from there on another program may run. */
static inline int64_t part_of(const sinter_instance *i, int64_t left)
{
    const int64_t most = i->moving > 0 ? sn_ramps_next(i) - i->index : left;
    return most < left ? most : left;
}

static inline void begin_part(sinter_instance *i, kernel_run *r)
{
    const bool side = i->moving > 0 && !i->kernel->always_moving;
    renew(i, side, r);
    if (side != i->side) {
        take_lines(i, r->kernel);
        if (side)
            sn_scans_leave(i);
    }
    i->side = side;
}

static inline void end_part(sinter_instance *i, int64_t n)
{
    i->index += n;
    if (i->moving > 0)
        sn_ramps_arrive(i);
}

static sinter_status run_part(sinter_instance *i, const sinter_arguments *a, int64_t at, int64_t n)
{
    kernel_run r;
    begin_part(i, &r);
    const sinter_status status = sn_kernel_stream(&r, a, at, n, i->index);
    if (!status)
        end_part(i, n);
    return status;
}

sinter_status sinter_instance_run(sinter_instance *i, const sinter_arguments *arguments)
{
    if (!i || !arguments)
        return SINTER_BAD_ARGUMENT;
    int64_t at = 0, n;
    do {
        n = part_of(i, arguments->count - at);
        const sinter_status status = run_part(i, arguments, at, n);
        if (status)
            return status;
        at += n;
    } while (at < arguments->count);
    return SINTER_OK;
}

void sn_instances_run_beside(const kernel_beside *b, sinter_instance *old, const sinter_arguments *to_old, sinter_instance *new, const sinter_arguments *to_new)
{
    for (int64_t at = 0, n; at < to_new->count; at += n) {
        kernel_run was, is;
        n = part_of(new, part_of(old, to_new->count - at));
        begin_part(old, &was);
        begin_part(new, &is);
        sn_kernel_stream_beside(b, &was, to_old, &is, to_new, at, n, new->index);
        end_part(old, n);
        end_part(new, n);
    }
}

sinter_status sinter_instance_run_grid(sinter_instance *i, const sinter_grid *grid)
{
    kernel_run r;
    if (!i || !grid)
        return SINTER_BAD_ARGUMENT;
    renew(i, false, &r);
    return sn_kernel_grid(&r, grid);
}

void sinter_instance_reset(sinter_instance *i)
{
    if (!i)
        return;
    sn_ramps_stop(i);
    start_lines(i);
    reset_selves(i);
}

const void *sinter_instance_frame(sinter_instance *i)
{
    kernel_run r;
    if (!i || i->kernel->binds) /* kernels with functions of one element bind nothing */
        return NULL;
    renew(i, false, &r);
    return r.frame;
}

int64_t sinter_instance_index(const sinter_instance *i)
{
    return i ? i->index : 0;
}

const char *sinter_instance_fault(const sinter_instance *i, uint64_t *count)
{
    if (count)
        *count = i ? i->faults : 0;
    return i ? i->fault : NULL;
}
