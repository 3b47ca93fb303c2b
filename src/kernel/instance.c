/* Instances: parameters, state, and a frame of their own, in one block. */
#include "kernel/kernels.h"

#include <math.h>
#include <string.h>

static size_t rounded(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

static void start_lines(sinter_instance *i)
{
    const sinter_kernel *k = i->kernel;
    memset(i->state, 0, (size_t)k->state);
    for (uint32_t n = 0; n < k->line_count; n++)
        i->positions[n] = k->lines[n].length;
    i->index = 0;
}

sinter_status sinter_instance_open(const sinter_kernel *k, sinter_instance **instance)
{
    if (!k || !instance)
        return SINTER_BAD_ARGUMENT;
    *instance = NULL;
    const size_t frame = rounded((size_t)k->frame.count * 8), workspace = rounded(sn_kernel_workspace(k)), state = rounded((size_t)k->state);
    const size_t positions = rounded(k->line_count * sizeof(uint32_t)), values = rounded((k->param_count + 1) * sizeof(double));
    const size_t head = rounded(sizeof(sinter_instance)), size = head + frame + workspace + state + positions + values + 64;
    uint8_t *block = sn_allocate(&k->context->allocator, size);
    if (!block)
        return SINTER_NO_MEMORY;
    sinter_instance *i = (sinter_instance *)(void *)block;
    uint8_t *at = block + head;
    at += -(uintptr_t)at & 63;
    *i = (sinter_instance){.kernel = k, .block_size = size, .dirty = true};
    i->frame = (uint64_t *)(void *)at;
    i->workspace = at + frame;
    i->state = i->workspace + workspace;
    i->positions = (uint32_t *)(void *)(i->state + state);
    i->values = (double *)(void *)(i->state + state + positions);
    memset(at, 0, frame + workspace);
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

/* Brings the frame up to date: what parameters determine, and the lengths and contents of bound tables, which may be others than at the
 * last call. False where `a` lacks a table. */
static bool renew(sinter_instance *i, const sinter_arguments *a, kernel_run *r)
{
    *r = (kernel_run){i->kernel, i->frame, i->workspace, i};
    const bool bound = i->kernel->bound_count > 0;
    if (!i->dirty && !bound)
        return true;
    sn_kernel_prepare_frame(r, i->values);
    if (bound && !(a && sn_kernel_bind_tables(r, a)))
        return false;
    const float_mode mode = sn_float_mode_enter();
    sn_kernel_run_segment(r);
    sn_float_mode_leave(mode);
    i->dirty = false;
    return true;
}

sinter_status sinter_instance_run(sinter_instance *i, const sinter_arguments *arguments)
{
    kernel_run r;
    if (!i || !arguments || !renew(i, arguments, &r))
        return SINTER_BAD_ARGUMENT;
    const sinter_status status = sn_kernel_stream(&r, arguments, i->index);
    if (!status)
        i->index += arguments->count;
    return status;
}

sinter_status sinter_instance_run_grid(sinter_instance *i, const sinter_grid *grid)
{
    kernel_run r;
    if (!i || !grid || !renew(i, NULL, &r))
        return SINTER_BAD_ARGUMENT;
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
    return i && renew(i, NULL, &r) ? i->frame : NULL;
}

int64_t sinter_instance_index(const sinter_instance *i)
{
    return i ? i->index : 0;
}
