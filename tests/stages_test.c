/* Images that a text makes: stages read at their own pixel are part of the picture; sampled, they are
 * pictures of their own, made before it, by any number of threads, in order, only where they are needed. What
 * the renderer makes of a text has the bits of kernels that are run by hand one after the other. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 97, HEIGHT = 61, PIXELS = WIDTH * HEIGHT, MOST_CHANNELS = 4 };

static sinter_report report;

static void check_status(const char *text, sinter_status status)
{
    char message[1000];
    if (!status)
        return;
    sinter_report_format(&report, 0, message, sizeof message);
    fail_msg("%s: %s: %s", text, sinter_status_name(status), message);
}

typedef struct picture_of {
    sinter_kernel *kernel;
    sinter_renderer *renderer;
    float values[MOST_CHANNELS][PIXELS];
    double wide[MOST_CHANNELS][PIXELS];
    void *pixels[MOST_CHANNELS];
    sinter_picture picture;
} picture_of;

static picture_of first, second;

static void open_text(picture_of *p, const char *text, const sinter_options *options, int threads)
{
    sinter_options its = options ? *options : (sinter_options){0};
    its.domain = SINTER_GRID;
    check_status(text, sinter_compile(context, text, strlen(text), &its, &p->kernel, &report));
    check_status(
        text, sinter_renderer_open(p->kernel, &(sinter_renderer_options){.threads = threads}, &p->renderer));
    check_status(text, sinter_renderer_add_stages(p->renderer, text, strlen(text), &its, &report));
    memset(p->values, 0xFF, sizeof p->values);
    for (unsigned k = 0; k < MOST_CHANNELS; k++)
        p->pixels[k] = its.type == SINTER_F64 ? (void *)p->wide[k] : p->values[k];
    p->picture = (sinter_picture){.width = WIDTH, .height = HEIGHT, .pixels = p->pixels};
}

static void close_text(picture_of *p)
{
    sinter_renderer_close(p->renderer);
    sinter_kernel_close(p->kernel);
}

/* ---- at their own pixel ---- */

static void a_stage_sampled_at_its_own_pixel_is_its_value(void **state)
{
    (void)state;
    static const char
        fused[] = "image b = (sin(5*x)*y, x - y, fract(3*x*y)); b.yzx",
        sampled[] = "image b = (sin(5*x)*y, x - y, fract(3*x*y)); sample(b, x, y).yzx",
        cubic[] =
            "image b = (sin(5*x)*y, x - y, fract(3*x*y)); sample(b, (x, y), filter=bicubic, edge=mirror).yzx";
    static const double regions[][4] = {
        {0, 0, 0, 0}, {0, 0, 1, 1}, {-1.5, -1, 1.5, 1}, {10, 20, 11, 20.7}, {2, 1, -3, -1}};
    for (size_t k = 0; k < sizeof regions / sizeof *regions; k++)
        for (int threads = 1; threads <= 3; threads++)
            for (int filter = 0; filter < 2; filter++) {
                open_text(&first, fused, NULL, 1);
                open_text(&second, filter ? cubic : sampled, NULL, threads);
                first.picture.x0 = second.picture.x0 = regions[k][0];
                first.picture.y0 = second.picture.y0 = regions[k][1];
                first.picture.x1 = second.picture.x1 = regions[k][2];
                first.picture.y1 = second.picture.y1 = regions[k][3];
                check_status(fused, sinter_render(first.renderer, &first.picture));
                check_status(sampled, sinter_render(second.renderer, &second.picture));
                for (unsigned c = 0; c < 3; c++)
                    for (int i = 0; i < PIXELS; i++)
                        if (first.values[c][i] != second.values[c][i])
                            fail_msg("region %zu, channel %u, pixel %d: %.9g, not %.9g", k, c, i,
                                     (double)second.values[c][i], (double)first.values[c][i]);
                close_text(&first);
                close_text(&second);
            }
}

/* ---- chains ---- */

static const char chain_text[] =
    "image source:3\n"
    "param width = 0.02 in 0..1\n"
    "fn blur(i, p, d) = (sample(i, p - d) + 2*sample(i, p) + sample(i, p + d))/4\n"
    "image across = blur(source, (x*0.5 + 0.5, y*0.5 + 0.5), (width, 0))\n"
    "image down = blur(across, (x, y), (0, width))\n"
    "image unused = blur(down, (x, y), (width, width))\n"
    "image again = blur(down, (x, y), (width, -width)).xy*t\n"
    "sharp = sample(source, x*0.5 + 0.5, y*0.5 + 0.5) + 2*(down - across)\n"
    "(sharp + sample(again, x + width, y, edge=repeat).yxx + 0*unused.x)*2";

enum { SOURCE_WIDTH = 40, SOURCE_HEIGHT = 30 };
static float source_texels[3 * SOURCE_WIDTH * SOURCE_HEIGHT];

static sinter_image source(void)
{
    for (int i = 0; i < 3 * SOURCE_WIDTH * SOURCE_HEIGHT; i++)
        source_texels[i] = (float)(i * 7919 % 1009) / 1009;
    return (sinter_image){.texels = source_texels, .width = SOURCE_WIDTH, .height = SOURCE_HEIGHT};
}

/* The kernel of a stage, or of the result, with `width` set, over the whole grid. */
static void run_by_hand(const char *stage, const sinter_image *images, float *planes)
{
    const sinter_options options = {.domain = SINTER_GRID, .stage = stage, .engine = SINTER_ENGINE_INTERP};
    sinter_kernel *kernel;
    sinter_instance *instance;
    check_status(stage ? stage : "result",
                 sinter_compile(context, chain_text, sizeof chain_text - 1, &options, &kernel, &report));
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_set(instance, 0, 0.03), SINTER_OK);
    void *outputs[3] = {planes, planes + PIXELS, planes + 2 * PIXELS};
    const sinter_grid grid = {.width = WIDTH,
                              .height = HEIGHT,
                              .x0 = -1,
                              .y0 = -1,
                              .x1 = 1,
                              .y1 = 1,
                              .t = 0.75,
                              .row_count = HEIGHT,
                              .outputs = outputs,
                              .images = images};
    assert_int_equal(sinter_instance_run_grid(instance, &grid), SINTER_OK);
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void chains_are_made_in_order(void **state)
{
    (void)state;
    static float across[3 * PIXELS], down[3 * PIXELS], again[2 * PIXELS], wanted[3 * PIXELS];
    const sinter_image from = source();
    sinter_image images[4] = {from};
    float *const made[] = {across, down, again};
    static const char *const names[] = {"across", "down", "again"};
    for (unsigned k = 0; k < 3; k++) {
        run_by_hand(names[k], images, made[k]);
        images[k + 1] = (sinter_image){made[k], WIDTH, HEIGHT, -1, -1, 1, 1};
    }
    run_by_hand(NULL, images, wanted);
    for (int threads = 1; threads <= 7; threads += 2) {
        open_text(&first, chain_text, NULL, threads);
        const sinter_kernel_info info = sinter_kernel_describe(first.kernel);
        assert_int_equal(info.image_count, 4);
        for (unsigned k = 0; k < 3; k++) {
            assert_string_equal(info.images[k + 1].name, names[k]);
            assert_true(info.images[k + 1].made);
        }
        assert_int_equal(sinter_render(first.renderer, &first.picture),
                         SINTER_BAD_ARGUMENT); /* without its source */
        first.picture.images = &from;
        first.picture.t = 0.75;
        first.picture.band_rows = threads == 3 ? 5 : 0;
        assert_int_equal(sinter_renderer_set(first.renderer, 0, 0.03), SINTER_OK);
        for (int round = 0; round < 2; round++) {
            memset(first.values, 0, sizeof first.values);
            check_status(chain_text, sinter_render(first.renderer, &first.picture));
            assert_memory_equal(first.values, wanted, sizeof wanted);
        }
        close_text(&first);
    }
}

/* Whether it was set before they were there or behind. */
static void stages_have_the_parameters_of_the_picture(void **state)
{
    (void)state;
    static const char text[] = "param level = 1 in 0..8; image b = level + 0*x; b + 10*sample(b, y, x)";
    const sinter_options grid = {.domain = SINTER_GRID};
    for (int before = 0; before < 2; before++) {
        check_status(text, sinter_compile(context, text, strlen(text), &grid, &first.kernel, &report));
        check_status(text, sinter_renderer_open(first.kernel, &(sinter_renderer_options){.threads = 2}, &first.renderer));
        if (before)
            assert_int_equal(sinter_renderer_set(first.renderer, 0, 3), SINTER_OK);
        check_status(text, sinter_renderer_add_stages(first.renderer, text, strlen(text), &grid, &report));
        if (!before)
            assert_int_equal(sinter_renderer_set(first.renderer, 0, 3), SINTER_OK);
        first.pixels[0] = first.values[0];
        first.picture = (sinter_picture){.width = WIDTH, .height = HEIGHT, .pixels = first.pixels};
        check_status(text, sinter_render(first.renderer, &first.picture));
        assert_true(first.values[0][0] == 33 && first.values[0][PIXELS - 1] == 33);
        close_text(&first);
    }
}

/* ---- what is needed ---- */

typedef struct watch {
    int64_t done, total;
    int calls;
    volatile int cancel;
    int64_t cancel_at; /* 0: never */
} watch;

static void look(void *user, int64_t done, int64_t total)
{
    watch *w = user;
    assert_true(done >= w->done && done <= total && (w->total == 0 || w->total == total));
    w->done = done;
    w->total = total;
    w->calls++;
    if (w->cancel_at && done >= w->cancel_at)
        __atomic_store_n(&w->cancel, 1, __ATOMIC_RELAXED);
}

static int count_stages(const char *text)
{
    watch w = {0};
    open_text(&first, text, NULL, 2);
    first.picture.progress = look;
    first.picture.context = &w;
    check_status(text, sinter_render(first.renderer, &first.picture));
    close_text(&first);
    assert_int_equal(w.done, w.total);
    assert_int_equal(w.total % PIXELS, 0);
    return (int)(w.total / PIXELS) - 1;
}

static void only_what_is_sampled_is_made(void **state)
{
    (void)state;
    assert_int_equal(count_stages("image b = x*y; image c = b + 1; c*b"), 0);
    assert_int_equal(count_stages("image b = x*y; image c = b + 1; c*sample(c, y, x)"), 1);
    assert_int_equal(count_stages("image b = x*y; image c = sample(b, y, x); c + 1"), 1);
    assert_int_equal(count_stages("image b = x*y; image c = sample(b, y, x); sample(c, y, x) + 1"), 2);
    assert_int_equal(count_stages("image b = x*y; image c = sample(b, y, x); u = sample(c, y, x); x"), 0);
    assert_int_equal(
        count_stages("image b = x*y; image c = sample(b, y, x); u = sample(c, y, x); sample(b, y, x)"), 1);
    assert_int_equal(count_stages("image b = x*y; size(b).x/97"),
                     1); /* what it is made of is not looked at, but where it is */
}

static void making_can_be_cancelled(void **state)
{
    (void)state;
    static const char text[] = "image b = x*y; image c = sample(b, y, x); sample(c, x, y)";
    for (int threads = 1; threads <= 3; threads += 2) {
        open_text(&first, text, NULL, threads);
        for (int part = 0; part < 2; part++) { /* in a stage's first rows nothing behind it is begun */
            watch w = {.cancel_at = part * PIXELS + 1};
            first.picture.progress = look;
            first.picture.context = &w;
            first.picture.cancel = &w.cancel;
            assert_int_equal(sinter_render(first.renderer, &first.picture), SINTER_CANCELLED);
            assert_true(w.done >= w.cancel_at && w.done <= (part + 1) * PIXELS);
        }
        close_text(&first);
    }
}

static void stages_of_f64_programs_are_f32(void **state)
{
    (void)state;
    static const char text[] = "image b = x/3; sample(b, x, y)";
    open_text(&first, text, &(sinter_options){.type = SINTER_F64}, 2);
    check_status(text, sinter_render(first.renderer, &first.picture));
    for (int i = 0; i < WIDTH; i++) {
        const double x = fma(2 * i + 1, 2.0 / (2.0 * WIDTH), -1);
        assert_true(first.wide[0][i] == (double)(float)(x / 3));
    }
    close_text(&first);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char text[] = "image b = x; sample(b, y, x)";
    open_text(&first, text, NULL, 1);
    assert_int_equal(sinter_renderer_add_stages(first.renderer, text, strlen(text), NULL, NULL),
                     SINTER_BAD_ARGUMENT);
    first.picture.width = (1 << 22) + 1;
    assert_int_equal(sinter_render(first.renderer, &first.picture), SINTER_TOO_LARGE);
    first.picture.width = 1 << 17;
    first.picture.height = 1 << 17;
    assert_int_equal(sinter_render(first.renderer, &first.picture), SINTER_TOO_LARGE);
    first.picture.width = 0;
    assert_int_equal(sinter_render(first.renderer, &first.picture), SINTER_BAD_ARGUMENT);
    close_text(&first);
    assert_int_equal(sinter_compile(context, text, strlen(text), &(sinter_options){.domain = SINTER_GRID},
                                    &first.kernel, &report),
                     SINTER_OK);
    assert_int_equal(sinter_renderer_open(first.kernel, NULL, &first.renderer), SINTER_OK);
    assert_int_equal(
        sinter_renderer_add_stages(first.renderer, "image c = x; sample(c, y, x)", 28, NULL, &report),
        SINTER_BAD_ARGUMENT);
    assert_int_equal(sinter_renderer_add_stages(first.renderer, "image b = x + ", 14, NULL, &report),
                     SINTER_BAD_PROGRAM);
    close_text(&first);
}

/* ---- memory that is refused ---- */

typedef struct purse {
    int64_t blocks; /* held */
    int left;       /* allocations until one is refused; negative: none is */
} purse;

static void *take(void *user, size_t size)
{
    purse *p = user;
    if (p->left == 0)
        return NULL;
    p->left -= p->left > 0;
    p->blocks++;
    return malloc(size);
}

static void give_back(void *user, void *block, size_t size)
{
    (void)size;
    ((purse *)user)->blocks--;
    free(block);
}

static sinter_status render_all(purse *p)
{
    static const char text[] =
        "image b = (x, y); image c = sample(b, y, x).x; sample(c, x, y, filter=bicubic, edge=zero)";
    const sinter_context_options options = {.allocator = {take, give_back, p}};
    const sinter_options grid = {.domain = SINTER_GRID};
    sinter_context *own = NULL;
    sinter_kernel *kernel = NULL;
    sinter_renderer *renderer = NULL;
    static float values[64];
    void *pixels[1] = {values};
    sinter_status status = sinter_open(&options, &own);
    if (!status)
        status = sinter_compile(own, text, strlen(text), &grid, &kernel, NULL);
    if (!status)
        status = sinter_renderer_open(kernel, &(sinter_renderer_options){.threads = 2}, &renderer);
    if (!status)
        status = sinter_renderer_add_stages(renderer, text, strlen(text), &grid, NULL);
    if (!status)
        status = sinter_render(renderer, &(sinter_picture){.width = 8, .height = 8, .pixels = pixels});
    sinter_renderer_close(renderer);
    sinter_kernel_close(kernel);
    if (own)
        sinter_close(own);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    int refused = 0;
    for (sinter_status status = SINTER_NO_MEMORY; status != SINTER_OK; refused++) {
        purse p = {.left = refused};
        status = render_all(&p);
        assert_int_equal(p.blocks, 0);
        assert_true(status == SINTER_OK || status == SINTER_NO_MEMORY);
        assert_true(refused < 10000);
    }
    assert_true(refused > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stage_sampled_at_its_own_pixel_is_its_value),
        cmocka_unit_test(chains_are_made_in_order),
        cmocka_unit_test(stages_have_the_parameters_of_the_picture),
        cmocka_unit_test(only_what_is_sampled_is_made),
        cmocka_unit_test(making_can_be_cancelled),
        cmocka_unit_test(stages_of_f64_programs_are_f32),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
