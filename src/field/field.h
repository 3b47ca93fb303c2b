/* Fields: pictures of kernels, made in tiles by several threads. This page is the room's table of contents.
 *
 *   renderer.c   what sinter/image.h promises: renderers, checks, defaults
 *   stages.c     images that a text makes before its picture
 *   cutting.c    how a picture is cut: bands of rows, tiles of bands
 *   bands.c      who does which tile, and when a band is handed over
 *   tiles.c      one tile: samples, map, filter, pixels
 *   filter.c     samples → values of pixels
 *   samples.c    values → 8 and 16 bits, planes → pixels
 *
 * A *sample* is one evaluation of the program; a *pixel* is made of samples × samples of them and perhaps some around it; a
 * *band* is some whole rows of pixels, handed to the caller as one; a *tile* is the part of a band that one worker does
 * at a time. No result depends on any of these sizes. */
#ifndef SN_FIELD_FIELD_H
#define SN_FIELD_FIELD_H

#include "threads/thread_pool.h"
#include <sinter/image.h>

enum { FIELD_MOST_ARRAYS = 1024 /* as many outputs as a program may have */ };

/* ---- filter.c ---- */

enum { FIELD_MOST_SAMPLES = 64, FIELD_MOST_TAPS = 4 * FIELD_MOST_SAMPLES };

/* Weights along one axis: of sample k of a pixel, k from -reach to samples - 1 + reach, at taps[k + reach]. */
typedef struct field_filter {
    int32_t samples; /* along a pixel's side */
    int32_t reach;   /* samples beyond a pixel's own, on either side */
    double taps[FIELD_MOST_TAPS];
} field_filter;

void sn_field_open_filter(field_filter *f, sinter_filter kind, int32_t samples);
/* There is nothing to do: each pixel is its one sample. */
bool sn_field_filter_is_plain(const field_filter *f);

/* The samples at hand of one channel: `rows` by `columns` of them, which are those from (first_row, first_column) on of the picture's
 * sample_height by sample_width. */
typedef struct field_samples {
    const void *values;
    sinter_type type;
    int32_t first_row, first_column, rows, columns;
    int32_t height, width; /* of the whole picture, in samples */
} field_samples;

/* The pixels [first_column, first_column + count) of row `row` into values[], of the type of the samples, which must hold all
 * that the filter reaches within the picture. `sums`: room for s->columns numbers. */
void sn_field_filter_row(const field_filter *f, const field_samples *s, int32_t row, int32_t first_column, int32_t count,
                         double *sums, void *values);

/* ---- samples.c ---- */

size_t sn_field_type_size(sinter_type type);
size_t sn_field_element_size(sinter_depth depth, sinter_type type);
/* `count` values into elements of the depth, `step` elements from one to the next. */
void sn_field_store(sinter_depth depth, sinter_type type, const void *values, int32_t count, void *to, size_t step);

/* ---- cutting.c ---- */

/* A picture with all defaults filled in, and how it is cut. */
typedef struct field_plan {
    sinter_picture picture;
    field_filter filter;
    int32_t sample_width, sample_height;
    uint32_t channels;
    size_t element;        /* bytes of one number of a pixel */
    uint32_t arrays;       /* of pixels: one a channel, or one for all */
    size_t step;           /* elements from one pixel's number to the same of the next */
    bool direct;           /* the kernel writes where pixels go */
    int32_t tile_columns, tile_rows; /* of pixels; those at the right and at the end of a band may be smaller */
    int32_t tiles_across, bands;
    size_t tile_samples;   /* at most, of one channel */
    int32_t most_columns;  /* of samples in a tile */
} field_plan;

typedef struct field_area {
    int32_t first_row, row_count, first_column, column_count;
} field_area;

/* What counts for the sizes: the workers, how many arrays of samples a tile has, of which type, and whether the kernel could write its outputs
 * anywhere (it has no map, and is no function of the caller's). */
typedef struct field_source {
    int workers;
    uint32_t outputs, channels;
    sinter_type type;
    bool anywhere;
} field_source;

/* The default where there is none. */
void sn_field_settle_region(sinter_picture *picture);
/* SINTER_BAD_ARGUMENT for a picture that cannot be. */
sinter_status sn_field_plan(field_plan *p, const sinter_picture *picture, const field_source *source);
int32_t sn_field_band_rows(const field_plan *p, int32_t band);
int32_t sn_field_band_tiles(const field_plan *p, int32_t band);
field_area sn_field_tile_area(const field_plan *p, int32_t band, int32_t tile);
/* The samples that the pixels of an area are made of. */
field_area sn_field_sample_area(const field_plan *p, field_area pixels);

/* ---- renderer.c ---- */

/* A block that grows and is kept. */
typedef struct field_block {
    uint8_t *bytes;
    size_t size;
} field_block;

typedef struct field_worker {
    sinter_instance *instance, *map; /* NULL: none */
    field_block block;               /* samples, sums, one row of values */
} field_worker;

struct sinter_renderer {
    sinter_allocator allocator;
    size_t size; /* of this block */
    thread_pool *pool;
    bool borrows; /* the pool is that of the renderer whose stage this one makes */
    struct field_stages *stages; /* NULL: none */
    const sinter_kernel *kernel; /* NULL: it paints */
    sinter_paint paint;
    void *paint_context;
    bool mapped;
    uint32_t outputs, channels; /* before and behind the map */
    sinter_type type;
    field_block bands;
    int worker_count;
    field_worker workers[];
};

/* A renderer of a stage's kernel, with the threads of the other, which must stay. */
sinter_status sn_field_open_beside(const sinter_renderer *other, const sinter_kernel *kernel, sinter_renderer **renderer);
/* A picture of which everything but the stages is there. */
sinter_status sn_field_render(sinter_renderer *r, const sinter_picture *picture);
bool sn_field_grow(const sinter_allocator *allocator, field_block *block, size_t size);

/* ---- stages.c ---- */

/* Makes the stages, then the picture. */
sinter_status sn_field_render_stages(sinter_renderer *r, const sinter_picture *picture);
/* A parameter, which all kernels of a text have. */
sinter_status sn_field_set_stages(sinter_renderer *r, int parameter, double value);
void sn_field_close_stages(sinter_renderer *r);

/* ---- tiles.c ---- */

/* Bytes that a worker's block must have. */
size_t sn_field_tile_bytes(const sinter_renderer *r, const field_plan *p);
/* Makes the pixels of `area`, which lies in the band. */
sinter_status sn_field_tile(sinter_renderer *r, const field_plan *p, int worker, field_area area, const sinter_band *band);

/* ---- bands.c ---- */

int sn_field_slots(int workers);
/* Bytes that a slot has for the pixels of a band. */
size_t sn_field_slot_bytes(const field_plan *p);
/* Does the whole picture. All memory is there. */
sinter_status sn_field_bands(sinter_renderer *r, const field_plan *p);

#endif
