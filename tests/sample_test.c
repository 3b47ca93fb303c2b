/* Images in the language: sample, texel and size against plain C, bit for bit, with every filter and edge, in
 * f32 and f64, on every engine, with coordinates that are no numbers, or far outside, and images between
 * pages that may not be touched; copies on grids; sizes that change from call to call; images given from
 * outside, declared, made; derivatives. */
#include "guard_pages.h"
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

enum { ENGINES = SINTER_ENGINE_NEON + 1, POINTS = 613, MOST_CHANNELS = 4 };

static sinter_report report;

static sinter_kernel *compiled(const char *text, const sinter_options *options)
{
    sinter_kernel *kernel;
    if (sinter_compile(context, text, strlen(text), options, &kernel, &report)) {
        char message[1000];
        sinter_report_format(&report, 0, message, sizeof message);
        fail_msg("%s: %s", text, message);
    }
    return kernel;
}

/* The next engine that the machine has, from the interpreter on. */
static int engine_after(int engine)
{
    do
        engine++;
    while (engine < ENGINES && !sinter_engine_available((sinter_engine)engine, NULL));
    return engine;
}

static uint32_t random_bits(void)
{
    static uint64_t state = 0x9E3779B97F4A7C15u;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

/* From 0 to 1. */
static double random_number(void)
{
    return random_bits() * 0x1p-32;
}

/* ---- the reference ---- */

enum { REFERENCE_NEAREST, REFERENCE_BILINEAR, REFERENCE_BICUBIC, REFERENCE_TEXEL, REFERENCE_FILTERS };
enum { REFERENCE_CLAMP, REFERENCE_REPEAT, REFERENCE_MIRROR, REFERENCE_ZERO, REFERENCE_EDGES };

static const char *const filter_names[] = {"nearest", "bilinear", "bicubic"};
static const char *const edge_names[] = {"clamp", "repeat", "mirror", "zero"};

typedef struct reference_image {
    const float *texels;
    int32_t width, height;
    double x0, y0, x1, y1;
} reference_image;

/* The texel that number `i` stands for; -1: none. */
static int32_t reference_index(int32_t i, int32_t size, int edge)
{
    switch (edge) {
    case REFERENCE_CLAMP: return i < 0 ? 0 : i >= size ? size - 1 : i;
    case REFERENCE_ZERO: return i < 0 || i >= size ? -1 : i;
    case REFERENCE_REPEAT:
        while (i < 0)
            i += size;
        return i % size;
    default:
        while (i < 0 || i >= size)
            i = i < 0 ? -1 - i : 2 * size - 1 - i;
        return i;
    }
}

#define REAL float
#define NAMED(name) name##_f32
#define SUFFIX(constant) (constant##f)
#define FMA fmaf
#define FLOOR floorf
#define FABS fabsf
#include "sample_reference.h"
#undef REAL
#undef NAMED
#undef SUFFIX
#undef FMA
#undef FLOOR
#undef FABS
#define REAL double
#define NAMED(name) name##_f64
#define SUFFIX(constant) (constant)
#define FMA fma
#define FLOOR floor
#define FABS fabs
#include "sample_reference.h"

/* ---- coordinates ---- */

/* Of a point in an image of that size over [low, high]: anywhere near it, exactly on centres and borders, or
 * absurd. */
static double any_coordinate(int32_t size, double low, double high, bool texel)
{
    static const double odd[] = {
        0,          -0.0,          1,        -1,        0.5,   2,      INFINITY,     -INFINITY,     NAN, 1e30,
        -1e30,      3e9,           -3e9,     1e300,     1e-40, 1e-320, 2147483648.0, -2147483649.0, 1e7, -1e7,
        16777216.0, 0x1.fffffep-1, -0x1p-30, 123456.789};
    const int32_t k = (int32_t)(random_bits() % (uint32_t)(5 * size)) - 2 * size;
    const double extent = high - low;
    switch (random_bits() % 6) {
    case 0: return odd[random_bits() % (sizeof odd / sizeof *odd)];
    case 1: return texel ? k : low + extent * k / size;
    case 2: return texel ? k : low + extent * (k + 0.5) / size;
    case 3: return texel ? k + 0.25 : low + extent * (k + 0.5 + 1e-6 * random_number()) / size;
    default: return texel ? 5 * size * random_number() - 2 * size : low + extent * (5 * random_number() - 2);
    }
}

/* ---- every filter and edge ---- */

typedef struct trial {
    reference_image image;
    uint32_t channels;
    int filter, edge;
    bool wide;
    double u[POINTS], v[POINTS];
    float narrow[2][POINTS];
    float results[MOST_CHANNELS][POINTS];
    double wide_results[MOST_CHANNELS][POINTS];
} trial;

static bool same(const trial *t, uint32_t channel, int k)
{
    if (t->wide) {
        const double wanted = reference_sample_f64(&t->image, channel, t->filter, t->edge, t->u[k], t->v[k]);
        return memcmp(&wanted, &t->wide_results[channel][k], sizeof wanted) == 0;
    }
    const float wanted =
        reference_sample_f32(&t->image, channel, t->filter, t->edge, t->narrow[0][k], t->narrow[1][k]);
    return memcmp(&wanted, &t->results[channel][k], sizeof wanted) == 0;
}

static void check_trial(trial *t, const sinter_kernel *kernel, const char *engine)
{
    const void *inputs[] = {t->wide ? (const void *)t->u : t->narrow[0],
                            t->wide ? (const void *)t->v : t->narrow[1]};
    void *outputs[MOST_CHANNELS];
    for (uint32_t c = 0; c < t->channels; c++)
        outputs[c] = t->wide ? (void *)t->wide_results[c] : t->results[c];
    const sinter_image image = {t->image.texels, t->image.width, t->image.height, t->image.x0,
                                t->image.y0,     t->image.x1,    t->image.y1};
    assert_int_equal(
        sinter_run(kernel, &(sinter_arguments){inputs, outputs, .count = POINTS, .images = &image}),
        SINTER_OK);
    for (uint32_t c = 0; c < t->channels; c++)
        for (int k = 0; k < POINTS; k++)
            if (!same(t, c, k))
                fail_msg("%s, filter %d, edge %s, %d by %d, channel %u at (%.9g, %.9g): %.9g, not %.9g",
                         engine, t->filter, edge_names[t->edge], (int)t->image.width, (int)t->image.height,
                         (unsigned)c, t->u[k], t->v[k],
                         t->wide ? t->wide_results[c][k] : (double)t->results[c][k],
                         t->wide ? reference_sample_f64(&t->image, c, t->filter, t->edge, t->u[k], t->v[k])
                                 : (double)reference_sample_f32(&t->image, c, t->filter, t->edge,
                                                                t->narrow[0][k], t->narrow[1][k]));
}

static void choose_points(trial *t)
{
    for (int k = 0; k < POINTS; k++) {
        t->u[k] = any_coordinate(t->image.width, t->image.x0, t->image.x1, t->filter == REFERENCE_TEXEL);
        t->v[k] = any_coordinate(t->image.height, t->image.y0, t->image.y1, t->filter == REFERENCE_TEXEL);
        t->narrow[0][k] = (float)t->u[k];
        t->narrow[1][k] = (float)t->v[k];
    }
}

static void fill(float *texels, size_t count)
{
    for (size_t k = 0; k < count; k++)
        texels[k] = (float)(4 * random_number() - 1);
}

/* The image lies at the end, then at the beginning of the memory that may be touched. */
static void check_sizes(trial *t, const sinter_kernel *kernel, const char *engine, guarded *g)
{
    static const int32_t sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2},  {3, 1},  {1, 4},
                                       {3, 3}, {4, 5}, {7, 2}, {16, 9}, {33, 31}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int32_t width = sizes[k][0], height = sizes[k][1];
        const size_t count = (size_t)width * (size_t)height * t->channels;
        float *end = (float *)(void *)g->high - count, *start = (float *)(void *)g->low;
        t->image = (reference_image){end, width, height, 0, 0, 1, 1};
        if (k % 3 == 2) {
            t->image.x0 = -1.5;
            t->image.y0 = 2;
            t->image.x1 = 0.3;
            t->image.y1 = k % 2 ? 7 : -7;
        }
        choose_points(t);
        fill(end, count);
        check_trial(t, kernel, engine);
        fill(start, count);
        t->image.texels = start;
        check_trial(t, kernel, engine);
    }
}

static void samples_are_those_of_plain_c(void **state)
{
    (void)state;
    static trial t;
    guarded g = guarded_open(33 * 31 * 3 * sizeof(float));
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (int variant = 0; variant < REFERENCE_FILTERS * REFERENCE_EDGES * 2; variant++) {
            char text[200];
            t.wide = variant & 1;
            t.edge = variant / 2 % REFERENCE_EDGES;
            t.filter = variant / 2 / REFERENCE_EDGES;
            t.channels = variant % 3 ? 1 : 3;
            if (t.filter == REFERENCE_TEXEL)
                snprintf(text, sizeof text, "image a:%u; texel(a, x, y, edge=%s)", (unsigned)t.channels,
                         edge_names[t.edge]);
            else
                snprintf(text, sizeof text, "image a:%u; sample(a, x, y, filter=%s, edge=%s)",
                         (unsigned)t.channels, filter_names[t.filter], edge_names[t.edge]);
            const sinter_options options = {
                .engine = (sinter_engine)engine, .type = t.wide ? SINTER_F64 : SINTER_F32, .inputs = "x y"};
            sinter_kernel *kernel = compiled(text, &options);
            const sinter_kernel_info info = sinter_kernel_describe(kernel);
            assert_int_equal(info.image_count, 1);
            assert_int_equal(info.bound_table_count, 0);
            assert_string_equal(info.images[0].name, "a");
            assert_int_equal(info.images[0].channels, t.channels);
            assert_false(info.images[0].made);
            assert_int_equal(info.output_count, t.channels);
            check_sizes(&t, kernel, sinter_engine_name((sinter_engine)engine), &g);
            sinter_kernel_close(kernel);
        }
    guarded_close(&g);
}

/* ---- grids ---- */

static void run_grid(const sinter_kernel *kernel, const sinter_grid *grid)
{
    assert_int_equal(sinter_run_grid(kernel, grid), SINTER_OK);
}

/* An image of any size, sampled at the pixels of a grid of that size: the same numbers, whatever the filter.
 */
static void check_copy(const sinter_kernel *kernel, bool wide, int32_t width, int32_t height,
                       const double *region)
{
    const size_t count = (size_t)width * (size_t)height;
    float *texels = malloc(count * sizeof *texels);
    void *out = malloc(count * (wide ? sizeof(double) : sizeof(float)));
    fill(texels, count);
    const sinter_image image = {texels, width, height, region[0], region[1], region[2], region[3]};
    run_grid(kernel, &(sinter_grid){.width = width,
                                    .height = height,
                                    .x0 = region[0],
                                    .y0 = region[1],
                                    .x1 = region[2],
                                    .y1 = region[3],
                                    .row_count = height,
                                    .outputs = &out,
                                    .images = &image});
    for (size_t k = 0; k < count; k++) {
        const double got = wide ? ((double *)out)[k] : (double)((float *)out)[k];
        if (got != (double)texels[k])
            fail_msg("%d by %d, texel %zu: %.9g, not %.9g", (int)width, (int)height, k, got,
                     (double)texels[k]);
    }
    free(texels);
    free(out);
}

static void an_image_at_its_own_pixels_is_a_copy(void **state)
{
    (void)state;
    static const double unit[4] = {0, 0, 1, 1},
                        regions[][4] = {
                            {-1.5, -1, 1.5, 1}, {100, 3, 101, 4}, {-2.4, -1.6, 2.4, 1.6}, {1, 1, -1, -1}};
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (int variant = 0; variant < 6; variant++) {
            char text[100];
            const bool wide = variant & 1;
            snprintf(text, sizeof text, "image a; sample(a, x, y, filter=%s)", filter_names[variant / 2]);
            sinter_kernel *kernel = compiled(text, &(sinter_options){.engine = (sinter_engine)engine,
                                                                     .domain = SINTER_GRID,
                                                                     .type = wide ? SINTER_F64 : SINTER_F32});
            for (int32_t width = 1; width < 300; width += 1 + width / 20)
                check_copy(kernel, wide, width, 300 - width, unit);
            check_copy(kernel, wide, 16384, 2, unit);
            check_copy(kernel, wide, 3, 9999, unit);
            check_copy(kernel, wide, 480, 320, unit);
            for (size_t k = 0; k < sizeof regions / sizeof *regions; k++)
                check_copy(kernel, wide, 301, 77, regions[k]);
            sinter_kernel_close(kernel);
        }
}

static const char blur_text[] =
    "image a:3\n"
    "s = 1/size(a)\n"
    "(sample(a, x - s.x, y) + 2*sample(a, x, y) + sample(a, x + s.x, y - s.y))*0.25";

/* Sizes change from call to call, and rows are shared out: the bits are those of whole calls, on every
 * engine. */
static void kernels_serve_images_of_any_size(void **state)
{
    (void)state;
    enum { WIDTH = 301, HEIGHT = 40, TEXELS = 90 * 70 * 3 };
    static float texels[TEXELS], first[3][WIDTH * HEIGHT], again[3][WIDTH * HEIGHT], small[3][WIDTH * HEIGHT];
    fill(texels, TEXELS);
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *kernel =
            compiled(blur_text, &(sinter_options){.engine = (sinter_engine)engine, .domain = SINTER_GRID});
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        const sinter_image large = {.texels = texels, .width = 90, .height = 70},
                           little = {.texels = texels, .width = 5, .height = 3};
        sinter_grid grid = {.width = WIDTH,
                            .height = HEIGHT,
                            .x1 = 1,
                            .y1 = 1,
                            .row_count = HEIGHT,
                            .outputs = (void *[]){again[0], again[1], again[2]},
                            .images = &large};
        run_grid(kernel, &grid);
        if (engine == engine_after(0))
            memcpy(first, again, sizeof first);
        assert_memory_equal(first, again, sizeof first);
        grid.outputs = (void *[]){small[0], small[1], small[2]};
        grid.images = &little;
        assert_int_equal(sinter_instance_run_grid(instance, &grid), SINTER_OK);
        assert_true(memcmp(first, small, sizeof first) != 0);
        grid.images = &large;
        memset(again, 0, sizeof again);
        for (int32_t row = 0; row < HEIGHT; row += 7) {
            grid.first_row = row;
            grid.row_count = HEIGHT - row < 7 ? HEIGHT - row : 7;
            grid.outputs = (void *[]){&again[0][row * WIDTH], &again[1][row * WIDTH], &again[2][row * WIDTH]};
            assert_int_equal(sinter_instance_run_grid(instance, &grid), SINTER_OK);
        }
        assert_memory_equal(first, again, sizeof first);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

/* What a coordinate determines is computed once a column or a row: indices, weights, and all that the extent
 * determines. */
static void coordinates_are_worked_out_along_their_axes(void **state)
{
    (void)state;
    sinter_kernel *kernel = compiled("image a; sample(a, x, y)", &(sinter_options){.domain = SINTER_GRID});
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    if (info.operations - info.hoisted > 14)
        fail_msg("%u for each pixel",
                 (unsigned)(info.operations
                            - info.hoisted)); /* four additions, four loads, two for each of three blends */
    sinter_kernel_close(kernel);
}

/* ---- what is refused ---- */

static void images_must_be_there(void **state)
{
    (void)state;
    const float texels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    float x[3] = {0, 0.5f, 1}, out[3][3];
    const double far = 1e308;
    const sinter_image good = {.texels = texels, .width = 2, .height = 2},
                       wrong[] = {
                           {.texels = NULL, .width = 2, .height = 2},
                           {.texels = texels, .width = 0, .height = 2},
                           {.texels = texels, .width = 2, .height = -1},
                           {.texels = texels, .width = (1 << 22) + 1, .height = 1},
                           {.texels = texels, .width = 1 << 22, .height = 171},
                           {.texels = texels, .width = 2, .height = 2, .x1 = 1},
                           {.texels = texels, .width = 2, .height = 2, .x1 = NAN, .y1 = 1},
                           {.texels = texels, .width = 2, .height = 2, .x1 = far * 10, .y1 = 1},
                       };
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine)) {
        sinter_kernel *kernel =
            compiled("image a:3; sample(a, x, 0.5)", &(sinter_options){.engine = (sinter_engine)engine});
        sinter_instance *instance;
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        sinter_arguments a = {
            .inputs = (const void *[]){x}, .outputs = (void *[]){out[0], out[1], out[2]}, .count = 3};
        assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_BAD_ARGUMENT);
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            a.images = &wrong[k];
            assert_int_equal(sinter_run(kernel, &a), SINTER_BAD_ARGUMENT);
            assert_int_equal(sinter_instance_run(instance, &a), SINTER_BAD_ARGUMENT);
        }
        a.images = &good;
        assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
        assert_true(out[0][0] == 2 && out[0][1] == 2.5f && out[0][2] == 3 && out[2][1] == 10.5f);
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
        assert_null(sinter_instance_frame(instance));
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
}

static void refused(const char *text, const sinter_options *options, sinter_status status,
                    const char *message)
{
    sinter_kernel *kernel;
    assert_int_equal(sinter_compile(context, text, strlen(text), options, &kernel, &report), status);
    if (!strstr(report.errors[0].message, message))
        fail_msg("%s is refused with \"%s\"", text, report.errors[0].message);
}

/* ---- images from outside, several, in functions ---- */

static double value_at(const char *text, const sinter_options *options, const sinter_image *images, double x,
                       double y)
{
    const float in[2] = {(float)x, (float)y};
    float out[4] = {0};
    sinter_options with = *options;
    with.inputs = "x y";
    sinter_kernel *kernel = compiled(text, &with);
    assert_int_equal(
        sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){&in[0], &in[1]},
                                               .outputs = (void *[]){&out[0], &out[1], &out[2], &out[3]},
                                               .count = 1,
                                               .images = images}),
        SINTER_OK);
    sinter_kernel_close(kernel);
    return (double)out[0];
}

static void images_go_by_name(void **state)
{
    (void)state;
    const float first[] = {1, 2, 3, 4}, second[] = {10, 20, 30, 40, 50, 60}, third[] = {7, 8, 9};
    const sinter_image images[] = {{.texels = first, .width = 2, .height = 2},
                                   {.texels = second, .width = 3, .height = 2},
                                   {.texels = third, .width = 1, .height = 1}};
    const sinter_options none = {0}, given = {.images = "a b"}, mixed = {.images = "a b c:3"};
    assert_true(value_at("image a, b; sample(b, 0, 1) - sample(a, 0, 1)", &none, images, 0, 0) == 9);
    assert_true(value_at("sample(b, 0, 1) - sample(a, 0, 1)", &given, images, 0, 0) == 9);
    assert_true(value_at("image b; sample(b, 0, 1) - sample(a, 0, 1)", &given, images, 0, 0) == 9);
    assert_true(value_at("sample(c, x, y).y", &mixed, images, 0, 0) == 8);
    assert_true(value_at("image c; sample(c, x, y).z", &mixed, images, 0, 0) == 9);
    assert_true(value_at("image d:3; sample(d, x, y).z", &given, images, 0, 0) == 9);
    assert_true(
        value_at("fn f(i, p) = sample(i, p, filter=nearest); f(b, (1, 1)) - f(a, (1, 1)) + f(b, (x, y))",
                 &given, images, 0, 0)
        == 30 - 2 + 40);
    assert_true(value_at("fn f(i=a, u=0) = texel(i, u, 0); f() + f(b) + f(u=1)", &given, images, 0, 0)
                == 3 + 40 + 4);
    assert_true(value_at("b | sample(1, 1) | max(3)", &given, images, 0, 0) == 30);
    assert_true(
        value_at(
            "sample = 5; image = 2; nearest = 1; sample(b, 1, 0, filter=nearest)*image + sample + nearest",
            &given, images, 0, 0)
        == 126);
    assert_true(value_at("fn sample(a, b) = a*b; sample(2, x + 4)", &none, NULL, 0, 0) == 8);
    assert_true(value_at("texel(b, i32(x), 1)", &given, images, 2, 0) == 30);
    assert_true(value_at("(size(b).x, 1)", &given, images, 2, 0) == 3);
    refused("image a:3; x", &(sinter_options){.images = "a a"}, SINTER_BAD_ARGUMENT, "list of images");
    refused("x", &(sinter_options){.images = "a:5"}, SINTER_BAD_ARGUMENT, "list of images");
    refused("x", &(sinter_options){.images = ":3"}, SINTER_BAD_ARGUMENT, "list of images");
    refused("image a = x; a", &(sinter_options){.images = "a"}, SINTER_BAD_PROGRAM, "given from outside");
    refused("image a = x; a", &(sinter_options){.stage = "b"}, SINTER_BAD_ARGUMENT, "\"b\"");
    refused("image a; sample(a, x, y)", &(sinter_options){.stage = "a"}, SINTER_BAD_ARGUMENT, "\"a\"");
}

/* ---- stages ---- */

static const char stages_text[] =
    "image a:3\n"
    "image hard = smoothstep(0.2, 0.8, sample(a, x, y))\n"
    "image wide = (sample(hard, x - 0.05, y) + hard + sample(hard, x + 0.05, y))/3\n"
    "image unread = sin(hard.x)\n"
    "(sample(wide, x, y - 0.05) + wide + sample(wide, x, y + 0.05))/3 + 0*unread";

static void stages_are_kernels_of_their_own(void **state)
{
    (void)state;
    sinter_kernel *kernel =
        compiled(stages_text, &(sinter_options){.domain = SINTER_GRID, .type = SINTER_F64});
    sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_int_equal(info.image_count, 3);
    assert_string_equal(info.images[1].name, "hard");
    assert_true(info.images[1].made && info.images[1].channels == 3);
    assert_string_equal(info.images[2].name, "wide");
    sinter_kernel_close(kernel);
    kernel =
        compiled(stages_text, &(sinter_options){.domain = SINTER_GRID, .type = SINTER_F64, .stage = "hard"});
    info = sinter_kernel_describe(kernel);
    assert_int_equal(info.output_count, 3);
    assert_int_equal(info.outputs[0].type, SINTER_F32);
    assert_string_equal(info.outputs[2].name, "hard.2");
    sinter_kernel_close(kernel);
}

/* ---- derivatives ---- */

/* Within a cell bilinear has the slope of its formula, at centres that of the cell behind them; nearest has
 * none. */
static void samples_have_slopes(void **state)
{
    (void)state;
    const float texels[] = {1, 5, 2, 4, 8, 16};
    const sinter_image image = {.texels = texels, .width = 3, .height = 2};
    const float x[] = {0.25f, 0.5f, 0.6f, 0.9f, -3.0f}, y[] = {0.75f, 0.5f, 0.75f, 0.75f, 0.75f};
    const float slope[] = {12, 7.5f, -9, 0, 0};
    for (int engine = engine_after(0); engine < ENGINES; engine = engine_after(engine))
        for (int mode = SINTER_GRADIENT_FORWARD; mode <= SINTER_GRADIENT_REVERSE; mode++) {
            float out[5], along_x[5], along_y[5];
            const sinter_options options = {.engine = (sinter_engine)engine,
                                            .inputs = "x y",
                                            .gradient = (const char *const[]){"x", "y"},
                                            .gradient_count = 2,
                                            .gradient_mode = (sinter_gradient_mode)mode};
            const sinter_arguments a = {.inputs = (const void *[]){x, y},
                                        .outputs = (void *[]){out, along_x, along_y},
                                        .count = 5,
                                        .images = &image};
            sinter_kernel *kernel = compiled("image a; sample(a, x, y)", &options);
            assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
            sinter_kernel_close(kernel);
            for (int k = 0; k < 5; k++)
                assert_true(fabsf(along_x[k] - slope[k]) < 1e-4f);
            assert_true(fabsf(along_y[1] - 2 * (5 - 8)) < 1e-4f);
            kernel = compiled("image a; sample(a, x, y, filter=nearest)", &options);
            assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
            sinter_kernel_close(kernel);
            for (int k = 0; k < 5; k++)
                assert_true(along_x[k] == 0 && along_y[k] == 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_those_of_plain_c),
        cmocka_unit_test(an_image_at_its_own_pixels_is_a_copy),
        cmocka_unit_test(kernels_serve_images_of_any_size),
        cmocka_unit_test(coordinates_are_worked_out_along_their_axes),
        cmocka_unit_test(images_must_be_there),
        cmocka_unit_test(images_go_by_name),
        cmocka_unit_test(stages_are_kernels_of_their_own),
        cmocka_unit_test(samples_have_slopes),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
