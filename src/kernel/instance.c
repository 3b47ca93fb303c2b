/* Instances: parameters, state, and a frame of their own, in one block. */
#include "kernel/kernels.h"

#include <math.h>
#include <string.h>

static size_t rounded(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

/* Of its storage. */
static size_t line_bytes(const plan_line *line)
{
    return rounded((size_t)line->capacity * sn_ir_type_size((ir_type)line->type) + 64);
}

uint8_t *sn_instance_values(const sinter_instance *i, uint32_t line)
{
    const plan_line *l = &i->kernel->lines[line];
    return i->lines[line].storage + (size_t)(i->lines[line].position - l->length) * sn_ir_type_size((ir_type)l->type);
}

static void start_lines(sinter_instance *i)
{
    const sinter_kernel *k = i->kernel;
    for (uint32_t n = 0; n < k->line_count; n++) {
        i->lines[n].position = k->lines[n].length;
        memset(i->lines[n].storage, 0, (size_t)i->lines[n].capacity * sn_ir_type_size((ir_type)k->lines[n].type));
    }
    i->index = 0;
}

static bool is_large(const plan_line *line)
{
    return !line->held && line_bytes(line) >= KERNEL_LARGE_LINE;
}

static size_t state_within(const sinter_kernel *k)
{
    size_t bytes = 0;
    for (uint32_t n = 0; n < k->line_count; n++)
        bytes += is_large(&k->lines[n]) ? 0 : line_bytes(&k->lines[n]);
    return bytes;
}

static bool open_large_line(const sinter_kernel *k, const plan_line *line, instance_line *own)
{
    own->block_size = line_bytes(line) + 64;
    own->block = sn_allocate(&k->context->allocator, own->block_size);
    own->storage = own->block ? (uint8_t *)own->block + (-(uintptr_t)own->block & 63) : NULL;
    return own->block != NULL;
}

static bool open_lines(sinter_instance *i, uint8_t *state)
{
    const sinter_kernel *k = i->kernel;
    for (uint32_t n = 0; n < k->line_count; n++) {
        instance_line *own = &i->lines[n];
        *own = (instance_line){.storage = state, .capacity = k->lines[n].capacity};
        if (!is_large(&k->lines[n]))
            state += line_bytes(&k->lines[n]);
        else if (!open_large_line(k, &k->lines[n], own))
            return false;
    }
    return true;
}

sinter_status sinter_instance_open(const sinter_kernel *k, sinter_instance **instance)
{
    if (!k || !instance)
        return SINTER_BAD_ARGUMENT;
    *instance = NULL;
    const size_t frame = rounded((size_t)k->frame.count * 8), workspace = rounded(sn_kernel_workspace(k)), state = state_within(k);
    const size_t lines = rounded(k->line_count * sizeof(instance_line)), values = rounded((k->param_count + 1) * sizeof(double));
    const size_t head = rounded(sizeof(sinter_instance)), size = head + frame + workspace + state + lines + values + 64;
    uint8_t *block = sn_allocate(&k->context->allocator, size);
    if (!block)
        return SINTER_NO_MEMORY;
    sinter_instance *i = (sinter_instance *)(void *)block;
    uint8_t *at = block + head;
    at += -(uintptr_t)at & 63;
    *i = (sinter_instance){.kernel = k, .block_size = size, .dirty = true};
    i->frame = (uint64_t *)(void *)at;
    i->workspace = at + frame;
    i->lines = (instance_line *)(void *)(i->workspace + workspace + state);
    i->values = (double *)(void *)(i->workspace + workspace + state + lines);
    memset(at, 0, frame + workspace);
    memset(i->lines, 0, lines);
    if (!open_lines(i, i->workspace + workspace)) {
        sinter_instance_close(i);
        return SINTER_NO_MEMORY;
    }
    for (uint32_t n = 0; n < k->param_count; n++)
        i->values[n] = k->params[n].initial;
    start_lines(i);
    const kernel_run r = {k, i->frame, i->workspace, i};
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
    sn_release(&a, i, i->block_size);
}

int sinter_parameter_number(const sinter_kernel *kernel, const char *name)
{
    for (uint32_t n = 0; kernel && name && n < kernel->public_params; n++)
        if (!strcmp(kernel->params[n].name, name))
            return (int)n;
    return -1;
}

sinter_status sinter_set(sinter_instance *i, int parameter, double value)
{
    if (!i || parameter < 0 || (uint32_t)parameter >= i->kernel->public_params || isnan(value))
        return SINTER_BAD_ARGUMENT;
    const sinter_parameter_info *info = &i->kernel->params[parameter];
    const float_mode mode = sn_float_mode_enter();
    i->values[parameter] = value < info->low ? info->low : value > info->high ? info->high : value;
    sn_float_mode_leave(mode);
    i->dirty = true;
    return SINTER_OK;
}

double sinter_get(const sinter_instance *i, int parameter)
{
    return i && parameter >= 0 && (uint32_t)parameter < i->kernel->public_params ? i->values[parameter] : NAN;
}

/* Brings the frame up to date with the parameters. Where tables or images are bound, what they determine is computed by the run that
 * binds them. */
static void renew(sinter_instance *i, kernel_run *r)
{
    *r = (kernel_run){i->kernel, i->frame, i->workspace, i};
    if (!i->dirty)
        return;
    sn_kernel_prepare_frame(r, i->values);
    i->dirty = false;
    if (i->kernel->binds)
        return;
    const float_mode mode = sn_float_mode_enter();
    sn_kernel_run_segment(r);
    sn_float_mode_leave(mode);
}

sinter_status sinter_instance_run(sinter_instance *i, const sinter_arguments *arguments)
{
    kernel_run r;
    if (!i || !arguments)
        return SINTER_BAD_ARGUMENT;
    renew(i, &r);
    const sinter_status status = sn_kernel_stream(&r, arguments, i->index);
    if (!status)
        i->index += arguments->count;
    return status;
}

sinter_status sinter_instance_run_grid(sinter_instance *i, const sinter_grid *grid)
{
    kernel_run r;
    if (!i || !grid)
        return SINTER_BAD_ARGUMENT;
    renew(i, &r);
    return sn_kernel_grid(&r, grid);
}

void sinter_instance_reset(sinter_instance *i)
{
    if (i)
        start_lines(i);
}

const void *sinter_instance_frame(sinter_instance *i)
{
    kernel_run r;
    if (!i || i->kernel->binds) /* kernels with functions of one element bind nothing */
        return NULL;
    renew(i, &r);
    return i->frame;
}

int64_t sinter_instance_index(const sinter_instance *i)
{
    return i ? i->index : 0;
}
