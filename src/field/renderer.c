/* Renderers: what a picture needs and the next one needs again.
 *
 * Threads, and for each of them an instance of the kernel and of the map. The memory of tiles and bands is taken when a picture asks for more
 * than the last one left, before anything is drawn: behind that point nothing can be refused but by what draws. */
#include "field/field.h"

#include "base/arena.h"
#include "kernel/kernels.h"

enum { MOST_PAINTED = 64 };

/* ---- memory ---- */

bool sn_field_grow(const sinter_allocator *allocator, field_block *block, size_t size)
{
    if (size <= block->size)
        return true;
    sn_release(allocator, block->bytes, block->size);
    block->bytes = sn_allocate(allocator, size);
    block->size = block->bytes ? size : 0;
    return block->bytes != NULL;
}

static bool prepare_memory(sinter_renderer *r, const field_plan *p)
{
    const size_t tile = sn_field_tile_bytes(r, p), slots = (size_t)sinter_renderer_slots(r), slot = sn_field_slot_bytes(p);
    for (int i = 0; i < r->worker_count; i++)
        if (!sn_field_grow(&r->allocator, &r->workers[i].block, tile))
            return false;
    return slot <= SIZE_MAX / slots && sn_field_grow(&r->allocator, &r->bands, slot * slots);
}

/* ---- what is drawn ---- */

/* All of one type, f32 or f64. */
static bool are_values(const sinter_stream_info *streams, uint32_t count, sinter_type type)
{
    for (uint32_t i = 0; i < count; i++)
        if (streams[i].type != type)
            return false;
    return type == SINTER_F32 || type == SINTER_F64;
}

static bool take_kernel(sinter_renderer *r, const sinter_kernel *kernel)
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    r->kernel = kernel;
    r->allocator = kernel->context->allocator;
    r->outputs = info.output_count;
    r->type = info.output_count ? info.outputs[0].type : SINTER_F32;
    return info.grid && !info.stateful && info.total_count == 0 && info.bound_table_count == 0 && r->outputs > 0
           && r->outputs <= FIELD_MOST_ARRAYS && are_values(info.outputs, info.output_count, r->type);
}

static bool take_painter(sinter_renderer *r, const sinter_renderer_options *o)
{
    r->paint = o->paint;
    r->paint_context = o->paint_context;
    r->allocator = sn_allocator_or_default(&o->allocator);
    r->outputs = o->paint_outputs;
    r->type = o->paint_type ? o->paint_type : SINTER_F32;
    return r->outputs >= 1 && r->outputs <= MOST_PAINTED && (r->type == SINTER_F32 || r->type == SINTER_F64);
}

static bool take_map(sinter_renderer *r, const sinter_kernel *map)
{
    r->channels = r->outputs;
    r->mapped = map != NULL;
    if (!map)
        return true;
    const sinter_kernel_info info = sinter_kernel_describe(map);
    r->channels = info.output_count;
    return !info.grid && !info.stateful && info.total_count == 0 && info.bound_table_count == 0 && info.output_count > 0
           && info.output_count <= FIELD_MOST_ARRAYS && info.input_count == r->outputs && are_values(info.inputs, info.input_count, r->type)
           && are_values(info.outputs, info.output_count, r->type);
}

/* ---- renderers ---- */

static sinter_status open_workers(sinter_renderer *r, const sinter_kernel *map)
{
    sinter_status status = SINTER_OK;
    for (int i = 0; i < r->worker_count && status == SINTER_OK; i++) {
        if (r->kernel)
            status = sinter_instance_open(r->kernel, &r->workers[i].instance);
        if (map && status == SINTER_OK)
            status = sinter_instance_open(map, &r->workers[i].map);
    }
    return status;
}

/* There is a worker for each thread that could be had. */
static sinter_status open_whole(const sinter_renderer *like, const sinter_kernel *map, sinter_renderer **renderer)
{
    const int workers = sn_threads_workers(like->pool);
    const size_t size = sizeof(sinter_renderer) + (size_t)workers * sizeof(field_worker);
    sinter_renderer *r = sn_allocate(&like->allocator, size);
    if (!r) {
        if (!like->borrows)
            sn_threads_close(like->pool);
        return SINTER_NO_MEMORY;
    }
    *r = *like;
    r->size = size;
    r->worker_count = workers;
    for (int i = 0; i < workers; i++)
        r->workers[i] = (field_worker){0};
    const sinter_status status = open_workers(r, map);
    if (status != SINTER_OK)
        sinter_renderer_close(r);
    else
        *renderer = r;
    return status;
}

sinter_status sinter_renderer_open(const sinter_kernel *kernel, const sinter_renderer_options *options, sinter_renderer **renderer)
{
    const sinter_renderer_options none = {0}, *o = options ? options : &none;
    sinter_renderer like = {0};
    if (!renderer)
        return SINTER_BAD_ARGUMENT;
    *renderer = NULL;
    if (o->threads < 0 || o->threads > THREADS_MOST || !kernel == !o->paint)
        return SINTER_BAD_ARGUMENT;
    if (!(kernel ? take_kernel(&like, kernel) : take_painter(&like, o)) || !take_map(&like, o->map))
        return SINTER_BAD_ARGUMENT;
    like.pool = sn_threads_open(&like.allocator, o->threads ? o->threads : sn_threads_processors());
    return like.pool ? open_whole(&like, o->map, renderer) : SINTER_NO_MEMORY;
}

sinter_status sn_field_open_beside(const sinter_renderer *other, const sinter_kernel *kernel, sinter_renderer **renderer)
{
    sinter_renderer like = {.pool = other->pool, .borrows = true};
    return take_kernel(&like, kernel) && take_map(&like, NULL) ? open_whole(&like, NULL, renderer) : SINTER_BAD_ARGUMENT;
}

void sinter_renderer_close(sinter_renderer *r)
{
    if (!r)
        return;
    const sinter_allocator allocator = r->allocator;
    sn_field_close_stages(r);
    if (!r->borrows)
        sn_threads_close(r->pool);
    for (int i = 0; i < r->worker_count; i++) {
        sinter_instance_close(r->workers[i].instance);
        sinter_instance_close(r->workers[i].map);
        sn_release(&allocator, r->workers[i].block.bytes, r->workers[i].block.size);
    }
    sn_release(&allocator, r->bands.bytes, r->bands.size);
    sn_release(&allocator, r, r->size);
}

int sinter_renderer_threads(const sinter_renderer *r)
{
    return r ? r->worker_count : 0;
}

int sinter_renderer_slots(const sinter_renderer *r)
{
    return r ? sn_field_slots(r->worker_count) : 0;
}

uint32_t sinter_renderer_channels(const sinter_renderer *r)
{
    return r ? r->channels : 0;
}

sinter_type sinter_renderer_type(const sinter_renderer *r)
{
    return r ? r->type : SINTER_F32;
}

sinter_status sinter_renderer_set(sinter_renderer *r, int parameter, double value)
{
    if (!r || !r->kernel)
        return SINTER_BAD_ARGUMENT;
    sinter_status status = SINTER_OK;
    for (int i = 0; i < r->worker_count && status == SINTER_OK; i++)
        status = sinter_set(r->workers[i].instance, parameter, value);
    return status == SINTER_OK ? sn_field_set_stages(r, parameter, value) : status;
}

sinter_status sn_field_render(sinter_renderer *r, const sinter_picture *picture)
{
    field_plan p;
    const field_source source = {.workers = r->worker_count, .outputs = r->outputs, .channels = r->channels, .type = r->type,
                                 .anywhere = !r->paint && !r->mapped};
    const sinter_status status = sn_field_plan(&p, picture, &source);
    if (status != SINTER_OK)
        return status;
    return prepare_memory(r, &p) ? sn_field_bands(r, &p) : SINTER_NO_MEMORY;
}

sinter_status sinter_render(sinter_renderer *r, const sinter_picture *picture)
{
    if (!r || !picture)
        return SINTER_BAD_ARGUMENT;
    return r->stages ? sn_field_render_stages(r, picture) : sn_field_render(r, picture);
}
