/* One tile: samples are computed, mapped, filtered, and written as pixels where they belong.
 *
 * The worker's block holds the samples, channel after channel, then one row of sums and one of values. Everything
 * between the program and the pixels happens while the samples are in the second-level cache; the filter and the conversion go row by row, so that
 * theirs stay in the first. Where the picture is nothing but the program's outputs in arrays of their own, the program writes them there itself. */
#include "field/field.h"

#include "kernel/float_mode.h"

enum { ALIGNMENT = 64 };

static size_t rounded(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static uint32_t array_count(const sinter_renderer *r)
{
    return r->outputs > r->channels ? r->outputs : r->channels;
}

static size_t array_bytes(const sinter_renderer *r, const field_plan *p)
{
    return rounded(p->tile_samples * sn_field_type_size(r->type));
}

static size_t sums_bytes(const field_plan *p)
{
    return rounded((size_t)p->most_columns * sizeof(double));
}

size_t sn_field_tile_bytes(const sinter_renderer *r, const field_plan *p)
{
    if (p->direct)
        return 0;
    return array_count(r) * array_bytes(r, p) + sums_bytes(p) + rounded((size_t)p->tile_columns * sn_field_type_size(r->type))
           + ALIGNMENT;
}

/* ---- samples ---- */

static sinter_grid grid_of(const field_plan *p, field_area area, void *const *outputs, int64_t stride)
{
    const sinter_picture *q = &p->picture;
    return (sinter_grid){.width = p->sample_width, .height = p->sample_height,
                         .x0 = q->x0, .y0 = q->y0, .x1 = q->x1, .y1 = q->y1, .z = q->z, .t = q->t,
                         .first_row = area.first_row, .row_count = area.row_count,
                         .outputs = outputs, .stride = stride,
                         .first_column = area.first_column, .column_count = area.column_count, .images = q->images};
}

static sinter_status paint(const sinter_renderer *r, int worker, const sinter_grid *grid)
{
    return r->paint ? r->paint(r->paint_context, worker, grid) : sinter_instance_run_grid(r->workers[worker].instance, grid);
}

/* In place: the outputs of the map overwrite its inputs. */
static sinter_status map(const sinter_renderer *r, int worker, void *const *arrays, int64_t count)
{
    const sinter_arguments a = {.inputs = (const void *const *)arrays, .outputs = arrays, .count = count};
    return r->mapped ? sinter_instance_run(r->workers[worker].map, &a) : SINTER_OK;
}

/* ---- pixels ---- */

/* Where the pixels of an area's row begin in an array of the band. */
static uint8_t *place(const field_plan *p, const sinter_band *band, uint32_t channel, int32_t row, int32_t column)
{
    const uint32_t array = p->arrays == 1 ? 0 : channel;
    const int64_t element = (row - band->first_row) * band->stride + column * (int64_t)p->step + (p->arrays == 1 ? channel : 0);
    return (uint8_t *)band->pixels[array] + element * (int64_t)p->element;
}

typedef struct working {
    void *arrays[FIELD_MOST_ARRAYS];
    double *sums;
    void *values;
} working;

static void lay_out(const sinter_renderer *r, const field_plan *p, int worker, working *w)
{
    uint8_t *at = r->workers[worker].block.bytes;
    at += -(uintptr_t)at & (ALIGNMENT - 1);
    for (uint32_t k = 0; k < array_count(r); k++, at += array_bytes(r, p))
        w->arrays[k] = at;
    w->sums = (double *)(void *)at;
    w->values = at + sums_bytes(p);
}

static void write_channel(const sinter_renderer *r, const field_plan *p, const working *w, uint32_t channel, field_area area,
                          field_area samples, const sinter_band *band)
{
    const field_samples s = {.values = w->arrays[channel], .type = r->type,
                             .first_row = samples.first_row, .first_column = samples.first_column,
                             .rows = samples.row_count, .columns = samples.column_count,
                             .height = p->sample_height, .width = p->sample_width};
    const bool plain = sn_field_filter_is_plain(&p->filter);
    const size_t row_bytes = (size_t)area.column_count * sn_field_type_size(r->type);
    for (int32_t i = 0; i < area.row_count; i++) {
        const int32_t row = area.first_row + i;
        const void *values = (const uint8_t *)s.values + (size_t)i * row_bytes; /* where pixels are samples */
        if (!plain) {
            sn_field_filter_row(&p->filter, &s, row, area.first_column, area.column_count, w->sums, w->values);
            values = w->values;
        }
        sn_field_store(p->picture.depth, r->type, values, area.column_count, place(p, band, channel, row, area.first_column),
                       p->step);
    }
}

static sinter_status run_directly(const sinter_renderer *r, const field_plan *p, int worker, field_area area,
                                  const sinter_band *band)
{
    void *outputs[FIELD_MOST_ARRAYS];
    for (uint32_t k = 0; k < r->outputs; k++)
        outputs[k] = place(p, band, k, area.first_row, area.first_column);
    const sinter_grid grid = grid_of(p, area, outputs, band->stride);
    return paint(r, worker, &grid);
}

sinter_status sn_field_tile(sinter_renderer *r, const field_plan *p, int worker, field_area area, const sinter_band *band)
{
    if (p->direct)
        return run_directly(r, p, worker, area, band);
    working w;
    lay_out(r, p, worker, &w);
    const field_area samples = sn_field_sample_area(p, area);
    const sinter_grid grid = grid_of(p, samples, w.arrays, samples.column_count);
    sinter_status status = paint(r, worker, &grid);
    if (status == SINTER_OK)
        status = map(r, worker, w.arrays, (int64_t)samples.row_count * samples.column_count);
    if (status != SINTER_OK)
        return status;
    const float_mode mode = sn_float_mode_enter();
    for (uint32_t k = 0; k < r->channels; k++)
        write_channel(r, p, &w, k, area, samples, band);
    sn_float_mode_leave(mode);
    return SINTER_OK;
}
