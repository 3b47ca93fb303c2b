/* How a picture is cut.
 *
 * Bands serve those who take the rows: large enough that a compressor has something to work on, small enough
 * that several of them are little memory. They are whole rows and depend on the picture alone, so that what is made
 * of them (a PNG file whose bands are compressed apart) does not depend on the number of threads.
 *
 * Tiles serve the caches and the threads. The samples of a tile, all channels, fit a second-level cache; a row of them is long,
 * as what the program computes once a row is computed once a row of a tile. With a filter that reaches beyond the pixel, tiles share samples with their
 * neighbours, which are then computed twice; such tiles are more like squares. And there are at least eight for each
 * worker, where pixels suffice, so that none waits long for the last one. */
#include "field/field.h"

#include <math.h>

enum {
    BAND_BYTES = 128 << 10,
    REACHING_ROWS = 16,             /* of a band at least, where the filter reaches beyond it, … */
    REACHING_BYTES = 4 << 20,       /* … unless that is more than this */
    REACHING_TILE = 8,              /* rows of a tile at least, where it shares samples with those above and below */
    TILE_BYTES = 256 << 10,
    LONG_ROW = 4096, SQUARE_ROW = 512, /* samples of a tile's row */
    LEAST_SAMPLES = 2048,           /* of a tile: below, taking it costs too much */
    TILES_PER_WORKER = 8,
    MOST_SIDE = 1 << 24
};

static int32_t smaller(int64_t a, int64_t b)
{
    return (int32_t)(a < b ? a : b);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- what is asked for ---- */

static bool is_region(const sinter_picture *q)
{
    return isfinite(q->x0) && isfinite(q->y0) && isfinite(q->x1) && isfinite(q->y1);
}

static bool are_choices(const sinter_picture *q)
{
    return (unsigned)q->filter <= SINTER_FILTER_MITCHELL
           && (q->depth == SINTER_VALUES || q->depth == SINTER_8_BITS || q->depth == SINTER_16_BITS)
           && (unsigned)q->layout <= SINTER_INTERLEAVED;
}

static bool are_places(const sinter_picture *q, uint32_t arrays, int64_t row)
{
    if (!q->pixels)
        return q->rows || q->pack;
    for (uint32_t k = 0; k < arrays; k++)
        if (!q->pixels[k])
            return false;
    return q->stride == 0 || q->stride >= row;
}

void sn_field_settle_region(sinter_picture *q)
{
    if (q->x0 == 0 && q->y0 == 0 && q->x1 == 0 && q->y1 == 0) {
        q->x0 = q->y0 = -1;
        q->x1 = q->y1 = 1;
    }
}

static sinter_status take_picture(field_plan *p, const sinter_picture *given, const field_source *source)
{
    sinter_picture *q = &p->picture;
    *q = *given;
    if (q->samples == 0)
        q->samples = 1;
    sn_field_settle_region(q);
    if (q->width < 1 || q->height < 1 || q->samples < 1 || q->samples > FIELD_MOST_SAMPLES || q->width > MOST_SIDE / q->samples
        || q->height > MOST_SIDE / q->samples || q->band_rows < 0 || !is_region(q) || !are_choices(q))
        return SINTER_BAD_ARGUMENT;
    p->arrays = q->layout == SINTER_PLANES ? source->channels : 1;
    p->step = q->layout == SINTER_PLANES ? 1 : source->channels;
    const int64_t row = (int64_t)q->width * (int64_t)p->step;
    if (!are_places(q, p->arrays, row))
        return SINTER_BAD_ARGUMENT;
    if (!q->pixels || q->stride == 0)
        q->stride = row;
    return SINTER_OK;
}

/* ---- how it is cut ---- */

static void cut_bands(field_plan *p)
{
    sinter_picture *q = &p->picture;
    const int64_t row = (int64_t)q->width * p->channels * (int64_t)p->element;
    int64_t rows = BAND_BYTES / row;
    if (p->filter.reach)
        rows = larger(rows, smaller(REACHING_ROWS, REACHING_BYTES / row));
    if (q->band_rows == 0)
        q->band_rows = smaller(larger(rows, 1), q->height);
    if (q->band_rows > q->height)
        q->band_rows = q->height;
    p->bands = (q->height - 1) / q->band_rows + 1;
}

static void cut_tiles(field_plan *p, const field_source *source)
{
    const sinter_picture *q = &p->picture;
    const int64_t n = q->samples, reach = p->filter.reach;
    const uint32_t arrays = source->outputs > source->channels ? source->outputs : source->channels;
    int64_t room = TILE_BYTES / (arrays * (int64_t)sn_field_type_size(source->type));
    room = smaller(room, (int64_t)p->sample_width * p->sample_height / (source->workers * TILES_PER_WORKER));
    room = larger(room, LEAST_SAMPLES);
    const int64_t across = larger((p->sample_width + (reach ? SQUARE_ROW : LONG_ROW) / 2) / (reach ? SQUARE_ROW : LONG_ROW), 1);
    p->tile_columns = smaller(larger((q->width + across - 1) / across, 1), q->width);
    p->tile_rows = smaller(larger(room / (p->tile_columns * n) / n, reach ? REACHING_TILE : 1), q->band_rows);
    p->tiles_across = (q->width - 1) / p->tile_columns + 1;
    p->most_columns = smaller(p->tile_columns * n + 2 * reach, p->sample_width);
    p->tile_samples = (size_t)p->most_columns * (size_t)smaller(p->tile_rows * n + 2 * reach, p->sample_height);
}

sinter_status sn_field_plan(field_plan *p, const sinter_picture *picture, const field_source *source)
{
    *p = (field_plan){.channels = source->channels};
    const sinter_status status = take_picture(p, picture, source);
    if (status != SINTER_OK)
        return status;
    const sinter_picture *q = &p->picture;
    sn_field_open_filter(&p->filter, q->filter, q->samples);
    p->sample_width = q->width * q->samples;
    p->sample_height = q->height * q->samples;
    p->element = sn_field_element_size(q->depth, source->type);
    p->direct = source->anywhere && sn_field_filter_is_plain(&p->filter) && q->depth == SINTER_VALUES && p->step == 1;
    cut_bands(p);
    cut_tiles(p, source);
    return SINTER_OK;
}

/* ---- the parts ---- */

int32_t sn_field_band_rows(const field_plan *p, int32_t band)
{
    const int32_t rows = p->picture.band_rows;
    return smaller(rows, p->picture.height - band * rows);
}

int32_t sn_field_band_tiles(const field_plan *p, int32_t band)
{
    return ((sn_field_band_rows(p, band) - 1) / p->tile_rows + 1) * p->tiles_across;
}

field_area sn_field_tile_area(const field_plan *p, int32_t band, int32_t tile)
{
    const int32_t down = tile / p->tiles_across * p->tile_rows, right = tile % p->tiles_across * p->tile_columns;
    return (field_area){.first_row = band * p->picture.band_rows + down,
                        .row_count = smaller(p->tile_rows, sn_field_band_rows(p, band) - down),
                        .first_column = right,
                        .column_count = smaller(p->tile_columns, p->picture.width - right)};
}

/* Of pixels [first, first + count) of `size` samples along an axis. */
static void reach_out(const field_filter *f, int32_t size, int32_t *first, int32_t *count)
{
    const int32_t begin = *first * f->samples, end = begin + *count * f->samples;
    *first = begin > f->reach ? begin - f->reach : 0;
    *count = smaller(end + f->reach, size) - *first;
}

field_area sn_field_sample_area(const field_plan *p, field_area pixels)
{
    reach_out(&p->filter, p->sample_height, &pixels.first_row, &pixels.row_count);
    reach_out(&p->filter, p->sample_width, &pixels.first_column, &pixels.column_count);
    return pixels;
}
