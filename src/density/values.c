/* Values: parameters, what they determine, and the memory that calls use.
 *
 * A frame belongs to one variant and one worker; what parameters determine is computed into it when a call finds that it was computed from
 * other values. A call may bring values of its own; those that it leaves are not what was set, which is why `given` is kept beside `set`. All
 * memory is taken before a call begins, and kept: a call of a shape that was there before finds everything in place. */
#include "density/shapes.h"

#include "base/arena.h"

#include <math.h>
#include <string.h>

static size_t rounded(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

static int workers_of(const sinter_density *d)
{
    return d->pool ? sn_threads_workers(d->pool) : 1;
}

sinter_status sinter_density_values_open(sinter_density *d, sinter_density_values **values)
{
    if (!d || !values)
        return SINTER_BAD_ARGUMENT;
    *values = NULL;
    const size_t numbers = rounded((size_t)d->parameter_count * sizeof(double) + 1), head = rounded(sizeof(sinter_density_values));
    const size_t size = head + 2 * numbers;
    uint8_t *block = sn_allocate(&d->context->allocator, size);
    if (!block)
        return SINTER_NO_MEMORY;
    sinter_density_values *v = (sinter_density_values *)(void *)block;
    *v = (sinter_density_values){.density = d, .size = size, .set = (double *)(void *)(block + head),
                                 .given = (double *)(void *)(block + head + numbers), .changed = true, .told = -1};
    for (uint32_t k = 0; k < d->parameter_count; k++)
        v->set[k] = v->given[k] = sn_density_in_type(d, d->parameters[k].initial);
    *values = v;
    return SINTER_OK;
}

void sinter_density_values_close(sinter_density_values *v)
{
    if (!v)
        return;
    const sinter_allocator a = v->density->context->allocator;
    for (uint32_t k = 0; k < v->frame_capacity; k++)
        if (v->frames[k])
            sn_release(&a, v->frames[k], v->frames[k]->size);
    sn_release(&a, v->frames, v->frame_capacity * sizeof(density_frame *));
    sn_release(&a, v->scratch, v->scratch_size);
    sn_release(&a, v->carries, v->carries_size);
    sinter_density_values_close(v->wide);
    sn_release(&a, v, v->size);
}

/* ---- parameters ---- */

sinter_status sinter_density_set(sinter_density_values *v, int parameter, double value)
{
    if (!v || parameter < 0 || (uint32_t)parameter >= v->density->parameter_count)
        return SINTER_BAD_ARGUMENT;
    v->set[parameter] = sn_density_in_type(v->density, value);
    v->changed = true;
    v->told = -1;
    return SINTER_OK;
}

sinter_status sinter_density_set_all(sinter_density_values *v, const double *parameters)
{
    if (!v || (!parameters && v->density->parameter_count))
        return SINTER_BAD_ARGUMENT;
    for (uint32_t k = 0; k < v->density->parameter_count; k++)
        v->set[k] = sn_density_in_type(v->density, parameters[k]);
    v->changed = true;
    v->told = -1;
    return SINTER_OK;
}

double sinter_density_get(const sinter_density_values *v, int parameter)
{
    return v && parameter >= 0 && (uint32_t)parameter < v->density->parameter_count ? v->set[parameter] : NAN;
}

/* Of an array among the arguments, which may be NULL, there is no one value. */
static bool is_one_value(const sinter_density_argument *arguments, uint32_t k)
{
    return !arguments || !arguments[k].data || !arguments[k].stride;
}

/* The sums that the parameter is the first of. */
static bool keeps_sums(const sinter_density *d, uint32_t parameter, const double *all, const sinter_density_argument *arguments)
{
    for (uint32_t k = 0; k < d->sum_count; k++) {
        const density_sum *s = &d->sums[k];
        double sum = s->rest;
        bool known = s->parameters[0] == parameter;
        for (uint32_t i = 0; known && i < s->count; i++) {
            known = is_one_value(arguments, s->parameters[i]);
            sum += all[s->parameters[i]];
        }
        if (known && !(fabs(sum - 1) <= sn_lang_simplex_margin(d->narrow)))
            return false;
    }
    return true;
}

/* Among all of them; arrays among them (arguments may be NULL) are no one value, and say no more than that. */
static bool is_valid(const sinter_density *d, uint32_t parameter, const double *all, const sinter_density_argument *arguments)
{
    if (!sn_density_is_within(d->ranges[parameter], all[parameter]))
        return false;
    for (uint32_t k = d->relations_from[parameter]; k < d->relations_from[parameter + 1]; k++) {
        const density_relation r = d->relations[k];
        if (is_one_value(arguments, r.other) && !sn_density_keeps(r, all[parameter], all[r.other]))
            return false;
    }
    return keeps_sums(d, parameter, all, arguments);
}

int sinter_density_invalid(const sinter_density_values *v)
{
    if (!v || v->told >= 0)
        return v ? v->told : -1;
    for (uint32_t k = 0; k < v->density->parameter_count; k++)
        if (!is_valid(v->density, k, v->set, NULL))
            return (int)k;
    return -1;
}

static bool is_array(const sinter_density_argument *a)
{
    return a->data && a->stride != 0;
}

/* Bits are compared, so that NaN is no change after NaN. */
static void take(sinter_density_values *v, uint32_t k, double value, bool *differs)
{
    uint64_t before, now;
    memcpy(&before, &v->given[k], sizeof before);
    memcpy(&now, &value, sizeof now);
    if (before != now) {
        v->given[k] = value;
        *differs = true;
    }
}

static void take_all(sinter_density_values *v, const sinter_density_argument *arguments, bool *differs)
{
    const sinter_density *d = v->density;
    v->overlaid = false;
    v->invalid = -1;
    for (uint32_t k = 0; k < d->parameter_count; k++) {
        const sinter_density_argument *a = arguments ? &arguments[k] : NULL;
        const bool own = a && a->data && a->stride == 0;
        take(v, k, own ? sn_density_number_at(d, a->data, 0) : v->set[k], differs);
        v->overlaid |= own || (a && is_array(a));
    }
    for (uint32_t k = 0; k < d->parameter_count && v->invalid < 0; k++) /* all of them taken: constraints look at others */
        if (is_one_value(arguments, k) && !is_valid(d, k, v->given, arguments))
            v->invalid = (int)k;
}

bool sn_density_settle(sinter_density_values *v, const sinter_density_data *data)
{
    const sinter_density_argument *arguments = data ? data->parameters : NULL;
    if (v->changed || v->overlaid || arguments) {
        bool differs = v->generation == 0;
        take_all(v, arguments, &differs);
        v->generation += differs;
        v->changed = false;
    }
    v->told = v->invalid;
    return v->invalid < 0;
}

/* ---- frames ---- */

/* Of one worker. */
static size_t lane_size(const sinter_kernel *k)
{
    return rounded((size_t)k->frame.count * 8) + rounded(sn_kernel_workspace(k)) + 64; /* no two share a line of the cache */
}

static density_lane lane_at(uint8_t *at, const sinter_kernel *k)
{
    return (density_lane){(uint64_t *)(void *)at, at + rounded((size_t)k->frame.count * 8), 0};
}

static density_frame *open_frame(const sinter_density_values *v, const density_variant *variant)
{
    const int workers = workers_of(v->density);
    const size_t head = rounded(sizeof(density_frame) + (size_t)workers * sizeof(density_lane));
    const size_t maps = rounded(2 * (size_t)variant->results * sizeof(double)), each = lane_size(variant->kernel);
    const size_t coefficients = variant->coefficients ? lane_size(variant->coefficients) : 0;
    const bool cut = variant->shape.part == DENSITY_REST || variant->shape.part == DENSITY_POOLED;
    const size_t results = cut ? rounded((size_t)variant->results * DENSITY_VECTOR * sizeof(double)) : 0;
    const size_t size = head + maps + coefficients + results + (size_t)workers * each + 64;
    uint8_t *block = sn_allocate(&v->density->context->allocator, size);
    if (!block)
        return NULL;
    density_frame *f = memset(block, 0, size);
    uint8_t *at = block + head;
    at += -(uintptr_t)at & 63;
    f->variant = variant;
    f->direct = sn_kernel_only_loop(variant->kernel);
    f->segment = sn_kernel_only_segment_loop(variant->kernel);
    f->size = size;
    f->maps = (double *)(void *)at;
    if (variant->coefficients)
        f->coefficients = lane_at(at + maps, variant->coefficients);
    for (int w = 0; w < workers; w++)
        f->lanes[w] = lane_at(at + maps + coefficients + results + (size_t)w * each, variant->kernel);
    f->inputs = f->lanes[0].frame + variant->kernel->frame.inputs;
    f->opens_blocks = variant->kernel->opens_blocks;
    if (variant->kernel->folds_sums && v->density->type == SINTER_F64)
        f->folded = (const double *)(const void *)(f->lanes[0].frame + variant->kernel->frame.totals);
    if (cut)
        f->results = (double *)(void *)(at + maps + coefficients);
    return f;
}

static bool make_room(sinter_density_values *v, uint32_t number)
{
    const sinter_allocator *a = &v->density->context->allocator;
    if (number < v->frame_capacity)
        return true;
    const uint32_t capacity = number + number / 2 + 4;
    density_frame **grown = sn_allocate(a, capacity * sizeof(density_frame *));
    if (!grown)
        return false;
    memset(grown, 0, capacity * sizeof(density_frame *));
    if (v->frame_capacity)
        memcpy(grown, v->frames, v->frame_capacity * sizeof(density_frame *));
    sn_release(a, v->frames, v->frame_capacity * sizeof(density_frame *));
    v->frames = grown;
    v->frame_capacity = capacity;
    return true;
}

/* Pieces of staged streams, 64 bytes apart from a power of two, and one for log-densities that nobody wants. */
static bool make_scratch(sinter_density_values *v, uint32_t staged)
{
    const sinter_allocator *a = &v->density->context->allocator;
    const size_t each = (size_t)staged * DENSITY_STAGE_BYTES, size = each * (size_t)workers_of(v->density) + 64;
    if (each <= v->scratch_each)
        return true;
    sn_release(a, v->scratch, v->scratch_size);
    v->scratch = sn_allocate(a, size);
    v->scratch_size = v->scratch ? size : 0;
    v->scratch_each = v->scratch ? each : 0;
    return v->scratch != NULL;
}

static bool make_carries(sinter_density_values *v, const density_variant *variant)
{
    const size_t size = (size_t)DENSITY_MOST_SPANS * variant->results * sizeof(kernel_carries);
    if (!v->density->pool || !variant->shape.sum || size <= v->carries_size)
        return true;
    const sinter_allocator *a = &v->density->context->allocator;
    sn_release(a, v->carries, v->carries_size);
    v->carries = sn_allocate(a, size);
    v->carries_size = v->carries ? size : 0;
    return v->carries != NULL;
}

density_frame *sn_density_frame(sinter_density_values *v, const density_variant *variant, uint32_t staged)
{
    if (!make_room(v, variant->number) || (staged && !make_scratch(v, staged)) || !make_carries(v, variant))
        return NULL;
    if (!v->frames[variant->number])
        v->frames[variant->number] = open_frame(v, variant);
    return v->frames[variant->number];
}

static void renew(const kernel_run *r, const double *values)
{
    const float_mode mode = sn_float_mode_enter();
    sn_kernel_prepare_frame(r, values);
    sn_kernel_run_segment(r);
    sn_float_mode_leave(mode);
}

void sn_density_renew(const sinter_density_values *v, density_frame *f, int worker)
{
    density_lane *lane = &f->lanes[worker];
    const kernel_run r = {f->variant->kernel, lane->frame, lane->workspace, NULL};
    renew(&r, v->given);
    lane->generation = v->generation;
}

/* They do not vary by row, so a row of anything gives them. */
void sn_density_renew_maps(const sinter_density_values *v, density_frame *f)
{
    static const double nothing[1] = {0};
    const void *inputs[DENSITY_MOST_STREAMS];
    void *outputs[2 * KERNEL_MOST_TOTALS];
    float narrow[2 * KERNEL_MOST_TOTALS];
    const sinter_kernel *k = f->variant->coefficients;
    const bool is_narrow = v->density->type == SINTER_F32;
    const kernel_run r = {k, f->coefficients.frame, f->coefficients.workspace, NULL};
    for (uint32_t i = 0; i < k->input_count; i++)
        inputs[i] = nothing;
    for (uint32_t i = 0; i < k->output_count; i++)
        outputs[i] = is_narrow ? (void *)&narrow[i] : &f->maps[i];
    renew(&r, v->given);
    sn_kernel_stream(&r, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = 1}, 0, 1, 0);
    for (uint32_t i = 0; is_narrow && i < k->output_count; i++)
        f->maps[i] = (double)narrow[i];
    f->coefficients.generation = v->generation;
    f->trusted = sn_density_may_factor(f->maps, f->variant->results);
}

kernel_run sn_density_run_invalid(const sinter_density_values *v, density_frame *f)
{
    const kernel_run r = {f->variant->kernel, f->lanes[0].frame, f->lanes[0].workspace, NULL};
    double none[SINTER_DENSITY_MOST];
    for (uint32_t k = 0; k < v->density->parameter_count; k++)
        none[k] = NAN;
    renew(&r, none);
    f->lanes[0].generation = 0;
    return r;
}
