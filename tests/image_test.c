/* Pictures: the same bits for any number of threads and any cutting; samples where the header says, filtered as it says; bands in
 * order and whole; cancelling, refused memory, refused threads. */
#include "repetitions.h"
#include "threads/thread_pool.h"

#include <sinter/sinter.h>

#include <dlfcn.h>
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- threads that can be refused: this one stands before the C library's ---- */

static atomic_int threads_given = 1 << 20;

typedef int (*creator)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*start)(void *),
                   void *restrict argument)
{
    if (atomic_fetch_sub(&threads_given, 1) <= 0)
        return EAGAIN;
    creator real;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, start, argument);
}

/* ---- an allocator that counts and refuses ---- */

typedef struct ledger {
    pthread_mutex_t lock;
    size_t blocks, bytes, peak;
    int64_t refuse_at, requests; /* 0: never */
} ledger;

static void *count_allocate(void *context, size_t size)
{
    ledger *l = context;
    pthread_mutex_lock(&l->lock);
    const bool refused = ++l->requests == l->refuse_at;
    if (!refused) {
        l->blocks++;
        l->bytes += size;
        l->peak = l->bytes > l->peak ? l->bytes : l->peak;
    }
    pthread_mutex_unlock(&l->lock);
    return refused ? NULL : malloc(size);
}

static void count_release(void *context, void *block, size_t size)
{
    ledger *l = context;
    pthread_mutex_lock(&l->lock);
    l->blocks--;
    l->bytes -= size;
    pthread_mutex_unlock(&l->lock);
    free(block);
}

static ledger book = {.lock = PTHREAD_MUTEX_INITIALIZER};
static sinter_context *context;

static int open_context(void **state)
{
    (void)state;
    const sinter_context_options options = {.allocator = {count_allocate, count_release, &book}};
    return sinter_open(&options, &context) != SINTER_OK;
}

static int close_context(void **state)
{
    (void)state;
    sinter_close(context);
    return book.blocks != 0 || book.bytes != 0;
}

static sinter_kernel *compile_as(const char *text, sinter_type type, sinter_domain domain, const char *inputs)
{
    sinter_kernel *kernel;
    static sinter_report report;
    const sinter_options options = {.domain = domain, .type = type, .inputs = inputs};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

static sinter_kernel *compile(const char *text, sinter_type type)
{
    return compile_as(text, type, SINTER_GRID, NULL);
}

static sinter_renderer *open_renderer(const sinter_kernel *kernel, const sinter_kernel *map, int threads)
{
    sinter_renderer *r;
    assert_int_equal(sinter_renderer_open(kernel, &(sinter_renderer_options){.threads = threads, .map = map}, &r), SINTER_OK);
    assert_int_equal(sinter_renderer_threads(r), threads);
    return r;
}

/* Depends on every input and differs from pixel to pixel. */
static const char tuple[] = "(sin(x*37 + t)*cos(y*41) + x*y + z, fract(x*1000)*y, x - y*y)";

enum { MOST_CHANNELS = 4 };

/* The program's own outputs, by one call of sinter_run_grid. */
static void *plain(const sinter_kernel *kernel, int width, int height, const sinter_picture *q)
{
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    const size_t size = info.outputs[0].type == SINTER_F64 ? 8 : 4, plane = (size_t)width * (size_t)height * size;
    uint8_t *all = malloc(plane * info.output_count);
    void *outputs[MOST_CHANNELS];
    for (uint32_t k = 0; k < info.output_count; k++)
        outputs[k] = all + k * plane;
    const bool region = q->x0 != 0 || q->y0 != 0 || q->x1 != 0 || q->y1 != 0;
    const sinter_grid grid = {.width = width, .height = height,
                              .x0 = region ? q->x0 : -1, .y0 = region ? q->y0 : -1,
                              .x1 = region ? q->x1 : 1, .y1 = region ? q->y1 : 1,
                              .z = q->z, .t = q->t, .row_count = height, .outputs = outputs};
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_instance_run_grid(instance, &grid), SINTER_OK);
    sinter_instance_close(instance);
    return all;
}

static size_t element_size(sinter_depth depth, sinter_type type)
{
    return depth == SINTER_8_BITS ? 1 : depth == SINTER_16_BITS ? 2 : type == SINTER_F64 ? 8 : 4;
}

/* A whole picture in one block without gaps, planes one after the other. */
static void *render_whole(sinter_renderer *r, const sinter_picture *like)
{
    sinter_picture q = *like;
    const size_t element = element_size(q.depth, sinter_renderer_type(r)), channels = sinter_renderer_channels(r);
    const size_t plane = (size_t)q.width * (size_t)q.height * element;
    uint8_t *all = malloc(plane * channels);
    memset(all, 0xA5, plane * channels);
    void *pixels[MOST_CHANNELS];
    for (size_t k = 0; k < channels; k++)
        pixels[k] = all + k * plane;
    q.pixels = pixels;
    assert_int_equal(sinter_render(r, &q), SINTER_OK);
    return all;
}

/* ---- grids by columns ---- */

static void columns_of_a_grid_have_the_bits_of_the_whole(void **state)
{
    (void)state;
    enum { WIDTH = 1300, HEIGHT = 3 };
    sinter_kernel *kernel = compile("sin(x*37)*cos(y*41) + x", SINTER_F32);
    const sinter_picture q = {.width = WIDTH};
    float *whole = plain(kernel, WIDTH, HEIGHT, &q), part[2 * WIDTH];
    static const int32_t cuts[][2] = {{0, 1}, {1, 64}, {63, 513}, {511, 789}, {1299, 1}, {0, 1300}};
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        const int32_t first = cuts[i][0], count = cuts[i][1];
        sinter_grid g = {.width = WIDTH, .height = HEIGHT, .x0 = -1, .y0 = -1, .x1 = 1, .y1 = 1, .first_row = 1, .row_count = 2,
                         .outputs = (void *[]){part}, .first_column = first, .column_count = count};
        assert_int_equal(sinter_instance_run_grid(instance, &g), SINTER_OK);
        for (int row = 0; row < 2; row++)
            assert_memory_equal(part + row * count, whole + (row + 1) * WIDTH + first, (size_t)count * 4);
        g.column_count = WIDTH - first + 1;
        assert_int_equal(sinter_instance_run_grid(instance, &g), SINTER_BAD_ARGUMENT);
        g.column_count = count;
        g.stride = count - 1;
        assert_int_equal(sinter_instance_run_grid(instance, &g), count == 1 ? SINTER_OK : SINTER_BAD_ARGUMENT);
    }
    sinter_grid wrong = {.width = 8, .height = 8, .x1 = 1, .y1 = 1, .row_count = 1, .outputs = (void *[]){part}, .first_column = -1,
                         .column_count = 2};
    assert_int_equal(sinter_instance_run_grid(instance, &wrong), SINTER_BAD_ARGUMENT);
    wrong.first_column = 0;
    wrong.column_count = -1;
    assert_int_equal(sinter_instance_run_grid(instance, &wrong), SINTER_BAD_ARGUMENT);
    wrong.first_column = 1;
    wrong.column_count = 0; /* all of the columns from the second on: one too many */
    assert_int_equal(sinter_instance_run_grid(instance, &wrong), SINTER_BAD_ARGUMENT);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    free(whole);
}

/* ---- the bits ---- */

static const int sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {129, 67}, {4200, 9}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void values_are_those_of_the_program(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++) {
        sinter_kernel *kernel = compile(tuple, type ? SINTER_F64 : SINTER_F32);
        for (int threads = 1; threads <= 8; threads++) {
            sinter_renderer *r = open_renderer(kernel, NULL, threads);
            for (int s = 0; s < SIZES; s++) {
                const sinter_picture q = {.width = sizes[s][0], .height = sizes[s][1], .x0 = -2, .y0 = 0.5, .x1 = 1, .y1 = 3,
                                          .z = 0.25, .t = 7};
                void *expected = plain(kernel, q.width, q.height, &q), *got = render_whole(r, &q);
                assert_memory_equal(got, expected, (size_t)q.width * (size_t)q.height * 3 * (type ? 8 : 4));
                free(expected);
                free(got);
            }
            sinter_renderer_close(r);
        }
        sinter_kernel_close(kernel);
    }
}

static void no_cutting_can_be_seen(void **state)
{
    (void)state;
    static const int32_t bands[] = {1, 3, 8, 50, 1000};
    sinter_kernel *kernel = compile(tuple, SINTER_F32);
    for (int s = 1; s <= 3; s++) {
        for (int filter = 0; filter <= SINTER_FILTER_MITCHELL; filter++) {
            const sinter_picture q = {.width = 271, .height = 61, .t = 1, .samples = s, .filter = (sinter_filter)filter,
                                      .depth = s == 2 ? SINTER_16_BITS : SINTER_VALUES,
                                      .layout = s == 3 ? SINTER_INTERLEAVED : SINTER_PLANES};
            const size_t size = 271 * 61 * 3 * element_size(q.depth, SINTER_F32);
            sinter_renderer *r = open_renderer(kernel, NULL, 1);
            void *expected = render_whole(r, &q);
            sinter_renderer_close(r);
            for (int threads = 2; threads <= 8; threads += test_share() > 1 ? 3 : 1) {
                r = open_renderer(kernel, NULL, threads);
                sinter_picture other = q;
                other.band_rows = bands[threads % 5];
                void *got = render_whole(r, &other);
                assert_memory_equal(got, expected, size);
                free(got);
                sinter_renderer_close(r);
            }
            free(expected);
        }
    }
    sinter_kernel_close(kernel);
}

/* Neither in what the kernel computes nor in what is made of it; and the caller gets its mode back. */
static void the_callers_rounding_cannot_be_seen(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile(tuple, SINTER_F64);
    sinter_renderer *r = open_renderer(kernel, NULL, 2);
    for (int filter = 0; filter <= SINTER_FILTER_MITCHELL; filter++) {
        const sinter_picture q = {.width = 61, .height = 43, .samples = 3, .filter = (sinter_filter)filter};
        void *expected = render_whole(r, &q);
        assert_int_equal(fesetround(FE_UPWARD), 0);
        void *got = render_whole(r, &q);
        const int after = fegetround();
        fesetround(FE_TONEAREST);
        assert_int_equal(after, FE_UPWARD);
        assert_memory_equal(got, expected, 61 * 43 * 3 * sizeof(double));
        free(expected);
        free(got);
    }
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

static void rows_may_stand_apart(void **state)
{
    (void)state;
    enum { WIDTH = 20, HEIGHT = 33, STRIDE = 71 };
    sinter_kernel *kernel = compile("(x, y, 0.5)", SINTER_F32);
    sinter_renderer *r = open_renderer(kernel, NULL, 3);
    for (int layout = 0; layout < 2; layout++) {
        sinter_picture q = {.width = WIDTH, .height = HEIGHT, .samples = 2, .layout = (sinter_layout)layout};
        float *packed = render_whole(r, &q), *apart = malloc(sizeof(float) * STRIDE * HEIGHT * 3);
        for (int i = 0; i < STRIDE * HEIGHT * 3; i++)
            apart[i] = -77;
        q.stride = STRIDE;
        q.pixels = (void *[]){apart, apart + STRIDE * HEIGHT, apart + 2 * STRIDE * HEIGHT};
        assert_int_equal(sinter_render(r, &q), SINTER_OK);
        const int wide = layout ? WIDTH * 3 : WIDTH, planes = layout ? 1 : 3;
        for (int k = 0; k < planes; k++)
            for (int row = 0; row < HEIGHT; row++)
                for (int i = 0; i < STRIDE; i++) {
                    const float got = apart[k * STRIDE * HEIGHT + row * STRIDE + i];
                    const float expected = i < wide ? packed[(k * HEIGHT + row) * wide + i] : -77;
                    assert_memory_equal(&got, &expected, 4);
                }
        q.stride = wide - 1;
        assert_int_equal(sinter_render(r, &q), SINTER_BAD_ARGUMENT);
        free(packed);
        free(apart);
    }
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

/* ---- filters ---- */

/* The weights of the header, written down anew; reach in pixels. */
static double weight_of(sinter_filter filter, double d)
{
    d = fabs(d);
    switch (filter) {
    case SINTER_FILTER_TENT: return d < 1 ? 1 - d : 0;
    case SINTER_FILTER_GAUSSIAN: return d < 1.5 ? exp(-2 * d * d) - exp(-2 * 1.5 * 1.5) : 0;
    case SINTER_FILTER_MITCHELL: {
        const double b = 1.0 / 3, c = 1.0 / 3;
        if (d < 1)
            return ((12 - 9 * b - 6 * c) * d * d * d + (-18 + 12 * b + 6 * c) * d * d + (6 - 2 * b)) / 6;
        return d < 2 ? ((-b - 6 * c) * d * d * d + (6 * b + 30 * c) * d * d + (-12 * b - 48 * c) * d + (8 * b + 24 * c)) / 6 : 0;
    }
    default: return d < 0.5 ? 1 : 0;
    }
}

/* Σ w v / Σ w of pixel (column, row) over all samples of the picture. */
static double filtered(sinter_filter filter, int n, const double *samples, int width, int height, int column, int row)
{
    double sum = 0, weights = 0;
    for (int j = (row - 2) * n; j < (row + 3) * n; j++)
        for (int i = (column - 2) * n; i < (column + 3) * n; i++) {
            if (i < 0 || j < 0 || i >= width * n || j >= height * n)
                continue;
            const double w = weight_of(filter, (i + 0.5) / n - column - 0.5) * weight_of(filter, (j + 0.5) / n - row - 0.5);
            sum += w * samples[j * width * n + i];
            weights += w;
        }
    return sum / weights;
}

static void pixels_are_filtered_samples_of_the_larger_picture(void **state)
{
    (void)state;
    enum { WIDTH = 23, HEIGHT = 17 };
    sinter_kernel *kernel = compile("sin(x*37)*cos(y*41) + x*y", SINTER_F64);
    sinter_renderer *r = open_renderer(kernel, NULL, 2);
    static const int counts[] = {1, 2, 3, 4, 7, 16};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int filter = 0; filter <= SINTER_FILTER_MITCHELL; filter++) {
            const int n = counts[c];
            if (n > 7 && test_share() > 1)
                continue;
            const sinter_picture q = {.width = WIDTH, .height = HEIGHT, .samples = n, .filter = (sinter_filter)filter};
            double *samples = plain(kernel, WIDTH * n, HEIGHT * n, &q), *got = render_whole(r, &q);
            for (int row = 0; row < HEIGHT; row++)
                for (int column = 0; column < WIDTH; column++) {
                    const double expected = filtered(q.filter, n, samples, WIDTH, HEIGHT, column, row);
                    if (!(fabs(got[row * WIDTH + column] - expected) <= 1e-13))
                        fail_msg("filter %d, %d samples, pixel %d, %d: %.17g, not %.17g", filter, n, column, row,
                                 got[row * WIDTH + column], expected);
                }
            free(samples);
            free(got);
        }
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

/* The box to the bit, in the order that is promised: rows first. */
static void the_box_is_the_mean(void **state)
{
    (void)state;
    enum { WIDTH = 37, HEIGHT = 29 };
    sinter_kernel *kernel = compile("sin(x*37)*cos(y*41) + x*y", SINTER_F32);
    sinter_renderer *r = open_renderer(kernel, NULL, 2);
    for (int n = 1; n <= 6; n++) {
        const sinter_picture q = {.width = WIDTH, .height = HEIGHT, .samples = n};
        float *samples = plain(kernel, WIDTH * n, HEIGHT * n, &q), *got = render_whole(r, &q);
        for (int row = 0; row < HEIGHT; row++)
            for (int column = 0; column < WIDTH; column++) {
                double sum = 0;
                for (int i = 0; i < n; i++) {
                    double along = samples[row * n * WIDTH * n + column * n + i];
                    for (int j = 1; j < n; j++)
                        along += (double)samples[(row * n + j) * WIDTH * n + column * n + i];
                    sum = i ? sum + along : along;
                }
                const float expected = (float)(sum / (n * n));
                assert_memory_equal(&got[row * WIDTH + column], &expected, 4);
            }
        free(samples);
        free(got);
    }
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

static void a_constant_stays_what_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.1 + 0*x", "1/3 + 0*x", "16777215 + 0*x", "1e-41 + 0*x", "0/0 + 0*x", "-0.0 + 0*x*0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sinter_kernel *kernel = compile(texts[i], SINTER_F32);
        sinter_renderer *r = open_renderer(kernel, NULL, 1);
        sinter_picture q = {.width = 3, .height = 3};
        float *value = render_whole(r, &q);
        for (q.samples = 2; q.samples <= 64; q.samples += q.samples < 9 ? 1 : 11) {
            float *got = render_whole(r, &q);
            for (int k = 0; k < 9; k++)
                assert_true(isnan(*value) ? isnan(got[k]) : got[k] == *value);
            free(got);
        }
        free(value);
        sinter_renderer_close(r);
        sinter_kernel_close(kernel);
    }
}

/* ---- depth, layout ---- */

static sinter_status paint_numbers(void *numbers, int worker, const sinter_grid *grid)
{
    assert_int_equal(worker, 0);
    for (int row = 0; row < grid->row_count; row++)
        for (int i = 0; i < grid->column_count; i++) {
            const int at = (grid->first_row + row) * grid->width + grid->first_column + i;
            const int to = row * (int)grid->stride + i;
            ((float *)grid->outputs[0])[to] = ((const float *)numbers)[at];
        }
    return SINTER_OK;
}

static void depths_clamp_and_round_to_even(void **state)
{
    (void)state;
    enum { COUNT = 300 * 1000 };
    float *values = malloc(COUNT * sizeof *values);
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)i / 250000 - 0.1f;
    for (int i = 0; i < 256; i++) /* halves and their neighbours */
        values[i] = ((float)i + 0.5f) / 255, values[256 + i] = nextafterf(values[i], 0), values[512 + i] = nextafterf(values[i], 2);
    static const float special[] = {NAN, -NAN, INFINITY, -INFINITY, -0.0f, 1, 1e-40f, 0x1.fffffep-1f, 3e38f, -1e-40f};
    memcpy(values + 1000, special, sizeof special);
    sinter_renderer *r;
    const sinter_renderer_options options = {.threads = 1, .paint = paint_numbers, .paint_context = values, .paint_outputs = 1};
    assert_int_equal(sinter_renderer_open(NULL, &options, &r), SINTER_OK);
    sinter_picture q = {.width = 1000, .height = 300, .depth = SINTER_8_BITS};
    uint8_t *eight = render_whole(r, &q);
    q.depth = SINTER_16_BITS;
    uint16_t *sixteen = render_whole(r, &q);
    for (int i = 0; i < COUNT; i++) {
        const float v = values[i] >= 1 ? 1 : values[i] > 0 ? values[i] : 0;
        assert_int_equal(eight[i], nearbyintf(v * 255));
        assert_int_equal(sixteen[i], nearbyintf(v * 65535));
    }
    free(eight);
    free(sixteen);
    free(values);
    sinter_renderer_close(r);

    sinter_kernel *kernel = compile("x", SINTER_F64);
    r = open_renderer(kernel, NULL, 1);
    q = (sinter_picture){.width = 765, .height = 1, .x0 = -1, .x1 = 2, .y1 = 1};
    double *exact = render_whole(r, &q);
    q.depth = SINTER_8_BITS;
    eight = render_whole(r, &q);
    q.depth = SINTER_16_BITS;
    sixteen = render_whole(r, &q);
    int halves = 0;
    for (int i = 0; i < q.width; i++) {
        const double v = exact[i] >= 1 ? 1 : exact[i] > 0 ? exact[i] : 0;
        assert_int_equal(eight[i], nearbyint(v * 255));
        assert_int_equal(sixteen[i], nearbyint(v * 65535));
        halves += v * 255 == floor(v * 255) + 0.5;
    }
    assert_true(halves > 100); /* they have been tried */
    free(exact);
    free(eight);
    free(sixteen);
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

static void channels_side_by_side(void **state)
{
    (void)state;
    static const sinter_depth depths[] = {SINTER_VALUES, SINTER_8_BITS, SINTER_16_BITS};
    sinter_kernel *kernel = compile("(x, y, x*y, 0.5)", SINTER_F32);
    sinter_renderer *r = open_renderer(kernel, NULL, 2);
    for (int d = 0; d < 3; d++) {
        sinter_picture q = {.width = 600, .height = 5, .depth = depths[d]};
        uint8_t *planes = render_whole(r, &q);
        q.layout = SINTER_INTERLEAVED;
        uint8_t *pixels = render_whole(r, &q);
        const size_t size = element_size(depths[d], SINTER_F32);
        for (size_t i = 0; i < 600 * 5; i++)
            for (size_t k = 0; k < 4; k++)
                assert_memory_equal(pixels + (i * 4 + k) * size, planes + (k * 600 * 5 + i) * size, size);
        free(planes);
        free(pixels);
    }
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

/* ---- maps, parameters ---- */

static void a_map_is_a_function_of_the_outputs(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++) {
        const sinter_type t = type ? SINTER_F64 : SINTER_F32;
        sinter_kernel *two = compile("(x*3 + y, y)", t), *map = compile_as("(a*b, sin(a), b - a)", t, SINTER_POINTS, "a b");
        sinter_kernel *all = compile("a = x*3 + y; b = y; (a*b, sin(a), b - a)", t);
        sinter_renderer *r = open_renderer(two, map, 3), *expected_by = open_renderer(all, NULL, 1);
        assert_int_equal(sinter_renderer_channels(r), 3);
        for (int n = 1; n <= 2; n++) {
            const sinter_picture q = {.width = 700, .height = 11, .samples = n};
            void *expected = render_whole(expected_by, &q), *got = render_whole(r, &q);
            assert_memory_equal(got, expected, 700 * 11 * 3 * (type ? 8 : 4));
            free(expected);
            free(got);
        }
        sinter_renderer_close(r);
        sinter_renderer_close(expected_by);
        sinter_kernel *other = compile_as("a", t, SINTER_POINTS, "a");
        assert_int_equal(sinter_renderer_open(two, &(sinter_renderer_options){.map = other}, &r), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_renderer_open(two, &(sinter_renderer_options){.map = all}, &r), SINTER_BAD_ARGUMENT);
        sinter_kernel_close(other);
        sinter_kernel_close(two);
        sinter_kernel_close(map);
        sinter_kernel_close(all);
    }
}

static void parameters_hold_for_every_thread(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile("param gain = 1 in 0..8\nx*gain", SINTER_F32), *twice = compile("x*2", SINTER_F32);
    sinter_renderer *r = open_renderer(kernel, NULL, 4), *expected_by = open_renderer(twice, NULL, 1);
    const sinter_picture q = {.width = 300, .height = 300};
    assert_int_equal(sinter_renderer_set(r, 0, 2), SINTER_OK);
    assert_int_equal(sinter_renderer_set(r, 1, 2), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_set(r, 0, NAN), SINTER_BAD_ARGUMENT);
    void *got = render_whole(r, &q), *expected = render_whole(expected_by, &q);
    assert_memory_equal(got, expected, 300 * 300 * 4);
    free(got);
    free(expected);
    sinter_renderer_close(r);
    sinter_renderer_close(expected_by);
    sinter_kernel_close(kernel);
    sinter_kernel_close(twice);
}

/* ---- bands ---- */

enum { MOST_SLOTS = 64 };

typedef struct taker {
    pthread_t caller;
    int32_t next_row, height, band_rows;
    atomic_int in_slot[MOST_SLOTS]; /* 1 + first row of the packed band; 0: none */
    int slots;
    float *expected;
    int width;
    int64_t told, total;
    int stop_pack, stop_rows; /* 0: never; else at this row */
    int64_t stop_told;
    volatile int cancel;
} taker;

static bool pack_band(void *argument, const sinter_band *band)
{
    taker *k = argument;
    assert_true(band->slot >= 0 && band->slot < k->slots);
    assert_int_equal(atomic_exchange(&k->in_slot[band->slot], band->first_row + 1), 0);
    return !k->stop_pack || band->first_row < k->stop_pack;
}

static bool take_band(void *argument, const sinter_band *band)
{
    taker *k = argument;
    assert_true(pthread_equal(pthread_self(), k->caller));
    assert_int_equal(band->first_row, k->next_row);
    assert_int_equal(atomic_exchange(&k->in_slot[band->slot], 0), band->first_row + 1);
    assert_int_equal(band->row_count, k->height - k->next_row < k->band_rows ? k->height - k->next_row : k->band_rows);
    for (int row = 0; row < band->row_count; row++)
        assert_memory_equal((const float *)band->pixels[0] + row * band->stride, k->expected + (k->next_row + row) * k->width,
                            (size_t)k->width * 4);
    k->next_row += band->row_count;
    return !k->stop_rows || k->next_row < k->stop_rows;
}

static void hear_progress(void *argument, int64_t done, int64_t total)
{
    taker *k = argument;
    assert_true(pthread_equal(pthread_self(), k->caller));
    assert_true(done >= k->told && done <= total);
    assert_true(k->total == 0 || k->total == total);
    k->told = done;
    k->total = total;
    if (k->stop_told && done >= k->stop_told)
        __atomic_store_n(&k->cancel, 1, __ATOMIC_RELAXED);
}

enum { BAND_WIDTH = 500, BAND_HEIGHT = 203, BAND_ROWS = 4 };

static taker make_taker(const sinter_renderer *r, float *expected)
{
    return (taker){.caller = pthread_self(), .height = BAND_HEIGHT, .band_rows = BAND_ROWS, .slots = sinter_renderer_slots(r),
                   .expected = expected, .width = BAND_WIDTH};
}

static sinter_status take_picture(sinter_renderer *r, taker *k)
{
    const sinter_picture q = {.width = BAND_WIDTH, .height = BAND_HEIGHT, .samples = 2, .band_rows = BAND_ROWS,
                              .context = k, .pack = pack_band, .rows = take_band, .progress = hear_progress, .cancel = &k->cancel};
    return sinter_render(r, &q);
}

static void bands_come_in_order_and_whole(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile("sin(x*37)*cos(y*41) + x*y", SINTER_F32);
    for (int threads = 1; threads <= 8; threads++) {
        sinter_renderer *r = open_renderer(kernel, NULL, threads);
        assert_true(sinter_renderer_slots(r) <= MOST_SLOTS);
        float *expected = render_whole(r, &(sinter_picture){.width = BAND_WIDTH, .height = BAND_HEIGHT, .samples = 2});
        for (int again = 0; again < 5; again++) {
            taker k = make_taker(r, expected);
            assert_int_equal(take_picture(r, &k), SINTER_OK);
            assert_int_equal(k.next_row, BAND_HEIGHT);
            assert_int_equal(k.told, BAND_WIDTH * BAND_HEIGHT);
            assert_int_equal(k.total, BAND_WIDTH * BAND_HEIGHT);
        }
        free(expected);
        sinter_renderer_close(r);
    }
    sinter_kernel_close(kernel);
}

static void whoever_cancels_is_obeyed(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile("sin(x*37)*cos(y*41) + x*y", SINTER_F32);
    for (int threads = 1; threads <= 4; threads++) {
        sinter_renderer *r = open_renderer(kernel, NULL, threads);
        float *expected = render_whole(r, &(sinter_picture){.width = BAND_WIDTH, .height = BAND_HEIGHT, .samples = 2});
        for (int who = 0; who < 4; who++) {
            taker k = make_taker(r, expected);
            k.cancel = who == 0;
            k.stop_pack = who == 1 ? 40 : 0;
            k.stop_rows = who == 2 ? 40 : 0;
            k.stop_told = who == 3 ? BAND_WIDTH * 40 : 0;
            assert_int_equal(take_picture(r, &k), SINTER_CANCELLED);
            assert_true(who == 0 ? k.next_row == 0 && k.told == 0 : k.next_row < BAND_HEIGHT);
            if (who == 2)
                assert_int_equal(k.next_row, 40);
            if (who == 1)
                assert_true(k.next_row <= 40);
            taker whole = make_taker(r, expected); /* the renderer is as good as before */
            assert_int_equal(take_picture(r, &whole), SINTER_OK);
            assert_int_equal(whole.next_row, BAND_HEIGHT);
        }
        free(expected);
        sinter_renderer_close(r);
    }
    sinter_kernel_close(kernel);
}

static void *raise_later(void *flag)
{
    for (volatile int spin = 0; spin < 2000000; spin++)
        ;
    __atomic_store_n((int *)flag, 1, __ATOMIC_RELAXED);
    return NULL;
}

static bool ignore_band(void *argument, const sinter_band *band)
{
    (void)argument;
    (void)band;
    return true;
}

static void another_thread_may_cancel(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile("sin(x*37)*cos(y*41) + x*y", SINTER_F32);
    sinter_renderer *r = open_renderer(kernel, NULL, 3);
    int flag = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, raise_later, &flag), 0);
    const sinter_picture q = {.width = 1 << 18, .height = 1 << 18, .rows = ignore_band, .cancel = &flag}; /* a minute, else */
    assert_int_equal(sinter_render(r, &q), SINTER_CANCELLED);
    pthread_join(thread, NULL);
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

static sinter_status fail_at_a_row(void *row, int worker, const sinter_grid *grid)
{
    (void)worker;
    for (int i = 0; i < grid->row_count; i++)
        memset((float *)grid->outputs[0] + i * grid->stride, 0, (size_t)grid->column_count * 4);
    return grid->first_row <= *(int *)row && *(int *)row < grid->first_row + grid->row_count ? SINTER_TOO_LARGE : SINTER_OK;
}

static void what_a_painter_says_is_told(void **state)
{
    (void)state;
    static float pixels[64 * 64];
    for (int threads = 1; threads <= 3; threads++) {
        int row = 50;
        sinter_renderer *r;
        const sinter_renderer_options o = {.threads = threads, .paint = fail_at_a_row, .paint_context = &row, .paint_outputs = 1};
        assert_int_equal(sinter_renderer_open(NULL, &o, &r), SINTER_OK);
        const sinter_picture q = {.width = 64, .height = 64, .pixels = (void *[]){pixels}};
        assert_int_equal(sinter_render(r, &q), SINTER_TOO_LARGE);
        row = 64;
        assert_int_equal(sinter_render(r, &q), SINTER_OK);
        sinter_renderer_close(r);
    }
}

/* ---- what is refused ---- */

static bool stop_at_once(void *argument, const sinter_band *band)
{
    (void)argument;
    return band->first_row < 64;
}

static void large_pictures_take_little_memory(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile("(x, y, x*y)", SINTER_F32);
    sinter_renderer *r = open_renderer(kernel, NULL, 4);
    const size_t before = book.bytes;
    book.peak = before;
    sinter_picture q = {.width = 16384, .height = 16384, .depth = SINTER_8_BITS, .layout = SINTER_INTERLEAVED, .rows = stop_at_once};
    assert_int_equal(sinter_render(r, &q), SINTER_CANCELLED);
    assert_true(book.peak - before < 4 << 20);
    q.samples = test_share() > 1 ? 1 : 4; /* what is taken follows from the width */
    q.filter = SINTER_FILTER_MITCHELL;
    assert_int_equal(sinter_render(r, &q), SINTER_CANCELLED);
    assert_true(book.peak - before < 16 << 20);
    sinter_renderer_close(r);
    sinter_kernel_close(kernel);
}

static void refused_memory_is_a_status(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile(tuple, SINTER_F32), *map = compile_as("(a, b)", SINTER_F32, SINTER_POINTS, "a b c");
    const size_t blocks = book.blocks, bytes = book.bytes;
    const sinter_picture q = {.width = 40, .height = 30, .samples = 2, .rows = ignore_band};
    int64_t refused = 0;
    for (book.refuse_at = 1;; book.refuse_at++) {
        sinter_renderer *r;
        book.requests = 0;
        sinter_status status = sinter_renderer_open(kernel, &(sinter_renderer_options){.threads = 3, .map = map}, &r);
        if (status != SINTER_OK)
            assert_null(r);
        else
            status = sinter_render(r, &q);
        const bool all = book.requests < book.refuse_at;
        if (!all) {
            refused++;
            assert_int_equal(status, SINTER_NO_MEMORY);
        }
        if (r && !all) /* it may go better the next time */
            assert_int_equal(sinter_render(r, &q), SINTER_OK);
        sinter_renderer_close(r);
        assert_int_equal(book.blocks, blocks);
        assert_int_equal(book.bytes, bytes);
        if (all)
            break;
    }
    book.refuse_at = 0;
    assert_true(refused >= 12); /* the pool, the renderer, two instances and a block for each of three, the bands */
    sinter_kernel_close(map);
    sinter_kernel_close(kernel);
}

static void refused_threads_are_done_without(void **state)
{
    (void)state;
    sinter_kernel *kernel = compile(tuple, SINTER_F32);
    const sinter_picture q = {.width = 200, .height = 100};
    void *expected = plain(kernel, 200, 100, &q);
    for (int given = 0; given < 5; given++) {
        sinter_renderer *r;
        threads_given = given;
        assert_int_equal(sinter_renderer_open(kernel, &(sinter_renderer_options){.threads = 6}, &r), SINTER_OK);
        assert_int_equal(sinter_renderer_threads(r), given + 1);
        void *got = render_whole(r, &q);
        assert_memory_equal(got, expected, 200 * 100 * 3 * 4);
        free(got);
        sinter_renderer_close(r);
    }
    threads_given = 1 << 20;
    free(expected);
    sinter_kernel_close(kernel);
}

static void wrong_calls_are_told(void **state)
{
    (void)state;
    sinter_kernel *grid = compile("x", SINTER_F32), *points = compile_as("x", SINTER_F32, SINTER_POINTS, NULL);
    sinter_renderer *r;
    static float pixels[64];
    assert_int_equal(sinter_renderer_open(grid, NULL, NULL), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(NULL, NULL, &r), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(points, NULL, &r), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(grid, &(sinter_renderer_options){.threads = -1}, &r), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(grid, &(sinter_renderer_options){.threads = 1025}, &r), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(grid, &(sinter_renderer_options){.paint = paint_numbers, .paint_outputs = 1}, &r),
                     SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(NULL, &(sinter_renderer_options){.paint = paint_numbers}, &r), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_open(NULL, &(sinter_renderer_options){.paint = paint_numbers, .paint_outputs = 1,
                                                                           .paint_type = SINTER_I32}, &r), SINTER_BAD_ARGUMENT);
    assert_null(r);
    assert_int_equal(sinter_renderer_open(grid, NULL, &r), SINTER_OK);
    const sinter_picture good = {.width = 8, .height = 8, .pixels = (void *[]){pixels}};
    assert_int_equal(sinter_render(r, &good), SINTER_OK);
    assert_int_equal(sinter_render(NULL, &good), SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_render(r, NULL), SINTER_BAD_ARGUMENT);
#define WRONG(...)                                                                                                   \
    do {                                                                                                             \
        sinter_picture q = good;                                                                                     \
        __VA_ARGS__;                                                                                                 \
        assert_int_equal(sinter_render(r, &q), SINTER_BAD_ARGUMENT);                                                 \
    } while (0)
    WRONG(q.width = 0);
    WRONG(q.height = -1);
    WRONG(q.width = (1 << 24) + 1);
    WRONG(q.samples = 65);
    WRONG(q.samples = -1);
    WRONG(q.samples = 2, q.height = (1 << 23) + 1);
    WRONG(q.filter = (sinter_filter)4);
    WRONG(q.depth = (sinter_depth)10);
    WRONG(q.layout = (sinter_layout)2);
    WRONG(q.pixels = NULL);
    WRONG(q.pixels = (void *[]){NULL});
    WRONG(q.stride = 7);
    WRONG(q.stride = -8);
    WRONG(q.band_rows = -1);
    WRONG(q.x0 = INFINITY);
    WRONG(q.y1 = NAN);
#undef WRONG
    sinter_renderer_close(r);
    sinter_renderer_close(NULL);
    sinter_kernel_close(grid);
    sinter_kernel_close(points);
}

/* ---- the pool itself ---- */

typedef struct roll {
    atomic_int calls[8];
    int written[8];
} roll;

static void answer(void *argument, int worker)
{
    roll *r = argument;
    atomic_fetch_add(&r->calls[worker], 1);
    r->written[worker]++;
}

static void every_worker_works_once_a_round(void **state)
{
    (void)state;
    const sinter_allocator allocator = {count_allocate, count_release, &book};
    for (int workers = 1; workers <= 8; workers++) {
        roll r = {0};
        thread_pool *pool = sn_threads_open(&allocator, workers);
        assert_int_equal(sn_threads_workers(pool), workers);
        for (int round = 1; round <= 500; round++) {
            sn_threads_run(pool, answer, &r);
            for (int k = 0; k < 8; k++) {
                assert_int_equal(atomic_load(&r.calls[k]), k < workers ? round : 0);
                assert_int_equal(r.written[k], k < workers ? round : 0);
            }
        }
        sn_threads_close(pool);
    }
    sn_threads_close(NULL);
    const int processors = sn_threads_processors();
    assert_true(processors >= 1 && processors <= THREADS_MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_a_grid_have_the_bits_of_the_whole),
        cmocka_unit_test(values_are_those_of_the_program),
        cmocka_unit_test(no_cutting_can_be_seen),
        cmocka_unit_test(the_callers_rounding_cannot_be_seen),
        cmocka_unit_test(rows_may_stand_apart),
        cmocka_unit_test(pixels_are_filtered_samples_of_the_larger_picture),
        cmocka_unit_test(the_box_is_the_mean),
        cmocka_unit_test(a_constant_stays_what_it_is),
        cmocka_unit_test(depths_clamp_and_round_to_even),
        cmocka_unit_test(channels_side_by_side),
        cmocka_unit_test(a_map_is_a_function_of_the_outputs),
        cmocka_unit_test(parameters_hold_for_every_thread),
        cmocka_unit_test(bands_come_in_order_and_whole),
        cmocka_unit_test(whoever_cancels_is_obeyed),
        cmocka_unit_test(another_thread_may_cancel),
        cmocka_unit_test(what_a_painter_says_is_told),
        cmocka_unit_test(large_pictures_take_little_memory),
        cmocka_unit_test(refused_memory_is_a_status),
        cmocka_unit_test(refused_threads_are_done_without),
        cmocka_unit_test(wrong_calls_are_told),
        cmocka_unit_test(every_worker_works_once_a_round),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
