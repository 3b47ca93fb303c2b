/* Pictures: a kernel over the pixels of a grid, by several threads, into the caller's memory or band after band.
 *
 *     const sinter_options options = {.domain = SINTER_GRID};
 *     sinter_compile(context, text, length, &options, &kernel, &report);
 *     sinter_renderer_open(kernel, NULL, &renderer);
 *     uint8_t pixels[480][640][3];
 *     sinter_render(renderer, &(sinter_picture){.width = 640, .height = 480, .samples = 3, .depth = SINTER_8_BITS,
 *                                               .layout = SINTER_INTERLEAVED, .pixels = (void *[]){pixels}});
 *
 * Every pixel has the same bits for any number of threads and any size of tiles and bands.
 *
 * **Where samples lie.** With one sample a pixel they are the pixels' centres (sinter_grid, kernel.h). With `samples` = n they are the
 * centres of the pixels of a picture n times as wide and n times as high, of the same region: bit for bit the numbers that this larger
 * picture would have, n × n to a pixel.
 *
 * **What a pixel is made of.** The value of a pixel is Σ w v / Σ w over the samples v within the filter's reach, w the product of one weight along x and
 * one along y, each a function of the distance between sample and pixel centre in pixels. Samples outside of the whole picture are left out of both sums.
 * The sums are made in f64, rows before columns, each from the top or left on; the quotient is rounded once to the kernel's type.
 *
 *     SINTER_FILTER_BOX        w = 1 up to ½: the mean of the pixel's own samples, each used once. A constant stays what it is.
 *     SINTER_FILTER_TENT       w = 1 − |d| up to 1
 *     SINTER_FILTER_GAUSSIAN   w = exp(−2 d²) − exp(−2·1.5²) up to 1.5: a standard deviation of half a pixel, down to 0 at the rim
 *     SINTER_FILTER_MITCHELL   the cubic with B = C = 1/3 up to 2 (Mitchell & Netravali, Reconstruction Filters in Computer Graphics,
 *                              1988): the sharpest; its weights are negative beyond 1.14, so that edges overshoot
 *
 * A NaN among a pixel's samples makes it NaN. */
#ifndef SINTER_IMAGE_H
#define SINTER_IMAGE_H

#include <sinter/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sinter_filter {
    SINTER_FILTER_BOX = 0,
    SINTER_FILTER_TENT,
    SINTER_FILTER_GAUSSIAN,
    SINTER_FILTER_MITCHELL
} sinter_filter;

/* What pixels are handed over as. Of values v clamped to 0…1 (NaN becomes 0), 8 bits are v × 255 and 16 bits v × 65535, a product of the
 * kernel's type, rounded to whole numbers, halves to the even one. No gamma is applied. */
typedef enum sinter_depth {
    SINTER_VALUES = 0,   /* float or double, as the kernel computes */
    SINTER_8_BITS = 8,   /* uint8_t */
    SINTER_16_BITS = 16  /* uint16_t */
} sinter_depth;

typedef enum sinter_layout {
    SINTER_PLANES = 0,     /* an array for each channel */
    SINTER_INTERLEAVED = 1 /* one array, the channels of a pixel side by side */
} sinter_layout;

/* ---- renderers ---- */

/* A renderer has threads, and for each of them an instance and room for a tile; all of it serves for any number of pictures. One thread at a time
 * may use it. */
typedef struct sinter_renderer sinter_renderer;

/* What draws in place of a kernel: computes the samples of grid->column_count columns and grid->row_count rows, from (first_column, first_row)
 * on, of a picture of grid->width by grid->height, into grid->outputs, one array for each channel, grid->stride elements from row to row
 * (always column_count here: an array is one piece). `worker` is below sinter_renderer_threads; calls with equal numbers never overlap, others do. Anything
 * but SINTER_OK ends the picture and is what sinter_render returns. What it writes must not depend on how the picture is cut into tiles. */
typedef sinter_status (*sinter_paint)(void *context, int worker, const sinter_grid *grid);

/* Right when zeroed. */
typedef struct sinter_renderer_options {
    size_t size;              /* sizeof(sinter_renderer_options), or 0: reserved for growth */
    int threads;              /* at most 1024; 0: one for each processor that the process may run on. With 1 no thread is started */
    const sinter_kernel *map; /* NULL, or what all samples go through before they are filtered: a kernel over points, without state, whose inputs
                                 are the outputs of the kernel (or of `paint`), as many and of their type; its outputs are then the channels */
    sinter_paint paint;       /* instead of a kernel, which is then NULL; the next four are for it alone */
    void *paint_context;
    uint32_t paint_outputs;   /* 1 to 64 */
    sinter_type paint_type;   /* SINTER_F32 (also 0) or SINTER_F64 */
    sinter_allocator allocator; /* of a renderer that paints; one of a kernel takes that of the kernel's context */
} sinter_renderer_options;

/* `kernel`: compiled with SINTER_GRID, with outputs of one type, f32 or f64. It must outlive the renderer, and so must the map. NULL options: all defaults. Threads that
 * the system refuses are done without. SINTER_BAD_ARGUMENT, SINTER_NO_MEMORY. */
SINTER_API sinter_status sinter_renderer_open(const sinter_kernel *kernel, const sinter_renderer_options *options,
                                              sinter_renderer **renderer);
SINTER_API void sinter_renderer_close(sinter_renderer *renderer); /* NULL is allowed */
/* How many threads take part, the caller of sinter_render included: at least 1. */
SINTER_API int sinter_renderer_threads(const sinter_renderer *renderer);
/* How many bands may be under way at once: `slot` of a band is below it. */
SINTER_API int sinter_renderer_slots(const sinter_renderer *renderer);
/* Channels of its pictures, and the type of their values. */
SINTER_API uint32_t sinter_renderer_channels(const sinter_renderer *renderer);
SINTER_API sinter_type sinter_renderer_type(const sinter_renderer *renderer);
/* A parameter of the kernel, as sinter_set; holds for the pictures that follow, and for the stages. SINTER_BAD_ARGUMENT. */
SINTER_API sinter_status sinter_renderer_set(sinter_renderer *renderer, int parameter, double value);

/* The images that a text makes and samples (`image b = …`) are pictures of their own, of kernels of their own. This compiles those that the
 * renderer's kernel needs; from then on each sinter_render makes them first, one after the other, at the size, of the region and
 * with the samples of the picture, with the renderer's threads, into memory of the renderer's: 4 bytes a pixel and channel. Text and options
 * are those that the kernel was compiled from. Nothing is left to do where the kernel needs none. Errors as
 * sinter_compile; SINTER_BAD_ARGUMENT also for a renderer that paints, and where it has been called before. */
SINTER_API sinter_status sinter_renderer_add_stages(sinter_renderer *renderer, const char *source, size_t length,
                                                    const sinter_options *options, sinter_report *report);

/* ---- pictures ---- */

/* Some whole rows of a picture. */
typedef struct sinter_band {
    int32_t first_row, row_count;
    void *const *pixels; /* SINTER_PLANES: an array for each channel; else one. The first element of each is that of first_row */
    int64_t stride;      /* elements from row to row */
    int slot;
} sinter_band;

/* Right when zeroed, but for width, height, and one of pixels and rows. */
typedef struct sinter_picture {
    size_t size;            /* sizeof(sinter_picture), or 0: reserved for growth */
    int32_t width, height;  /* 1 to 2^24, also when multiplied by `samples` */
    double x0, y0, x1, y1;  /* the region, y up; all 0: from −1, −1 to 1, 1 */
    double z, t;
    int32_t samples;        /* along each side of a pixel, 1 to 64; 0: 1 */
    sinter_filter filter;
    sinter_depth depth;
    sinter_layout layout;
    void *const *pixels;    /* where pixels go, as in sinter_band for the whole picture; NULL: to memory of the renderer's that holds a few
                               bands, so that the size of a picture is bounded by what `rows` does with it alone */
    int64_t stride;         /* of `pixels`, in elements; 0: rows follow each other without a gap */
    int32_t band_rows;      /* rows of a band; 0: as many as have 128 KiB. The last band may have fewer */

    void *context;          /* for the functions that follow, all of which may be NULL */
    /* Called for each band once it is complete, by the thread that completed it: several calls at once, in any order. What it makes of the band (compressed bytes,
     * say) it keeps by band->slot: until `rows` has returned for that band no other band has its slot. False cancels. */
    bool (*pack)(void *context, const sinter_band *band);
    /* Called for each band from the top, in the thread that called sinter_render, behind `pack`, while the other threads go on. False cancels. */
    bool (*rows)(void *context, const sinter_band *band);
    /* Called in the thread that called sinter_render: `done` of `total` pixels are computed, those of stages included. Never less than before; at the end of a picture that
     * is not cancelled, all. */
    void (*progress)(void *context, int64_t done, int64_t total);
    const sinter_image *images; /* what the kernel samples, in the order of sinter_kernel_info; of those that the renderer makes, and of those
                               that nobody uses, nothing is looked at. NULL where there is no other */
    /* NULL, or a flag that another thread or a signal handler raises: as soon as it is found not to be 0, no further tile is begun. Read atomically. */
    const volatile int *cancel;
} sinter_picture;

/* SINTER_OK; SINTER_CANCELLED: by the flag or a function, some bands are missing; SINTER_TOO_LARGE where a stage would have more than 2^22
 * pixels a side or 2^31 − 1 numbers; SINTER_BAD_ARGUMENT, also where an image that is sampled is missing; SINTER_NO_MEMORY; what `paint`
 * returned. Not for real-time threads: it takes memory and locks. */
SINTER_API sinter_status sinter_render(sinter_renderer *renderer, const sinter_picture *picture);

#ifdef __cplusplus
}
#endif

#endif
