/* A field as a picture, by several threads: the kernel is compiled once, the renderer keeps a thread for each processor, and the picture's
 * bits do not depend on how many there are. Edges are smoothed by 3 x 3 samples a pixel; rows go to the file as they are made.
 * usage: grid [FILE.pgm [WIDTH HEIGHT THREADS]]     (a portable gray map; `-` is the standard output) */
#include <sinter/sinter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ripples around a drop. Row and column terms (x*x, y*y) are computed once a row and once a column. */
static const char field[] = "r = sqrt(x*x + y*y)\n"
                            "r > 1 ? 0 : 0.5 + 0.5*sin(40*r - 6*t)*exp(-3*r*r)";

typedef struct gray_map {
    FILE *file; /* NULL: only the time is wanted */
    size_t width;
} gray_map;

/* Called for each band from the top, in the thread that called sinter_render. */
static bool write_rows(void *context, const sinter_band *band)
{
    const gray_map *map = context;
    const uint8_t *row = band->pixels[0];
    for (int i = 0; map->file && i < band->row_count; i++, row += band->stride)
        if (fwrite(row, 1, map->width, map->file) != map->width)
            return false;
    return true;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static sinter_status render(sinter_renderer *renderer, int width, int height, FILE *file)
{
    gray_map map = {file, (size_t)width};
    const sinter_picture picture = {.width = width, .height = height, .t = 0.25, .samples = 3, .depth = SINTER_8_BITS,
                                    .context = &map, .rows = write_rows};
    if (file)
        fprintf(file, "P5\n%d %d\n255\n", width, height);
    return sinter_render(renderer, &picture);
}

static int measure_and_write(sinter_renderer *renderer, int width, int height, const char *name)
{
    sinter_status status = render(renderer, width, height, NULL); /* touches the memory */
    const double began = now();
    if (status == SINTER_OK)
        status = render(renderer, width, height, NULL);
    const int threads = sinter_renderer_threads(renderer);
    fprintf(stderr, "%d x %d by %d thread%s: %.2f ms\n", width, height, threads, threads > 1 ? "s" : "", 1e3 * (now() - began));
    FILE *file = !name ? NULL : strcmp(name, "-") ? fopen(name, "wb") : stdout;
    if (status == SINTER_OK && file)
        status = render(renderer, width, height, file);
    const bool written = !name || (file && fclose(file) == 0);
    if (status != SINTER_OK || !written)
        fprintf(stderr, "grid: %s\n", status != SINTER_OK ? sinter_status_name(status) : "cannot write the file");
    return status != SINTER_OK || !written;
}

int main(int argc, char **argv)
{
    const int width = argc > 2 ? atoi(argv[2]) : 1024, height = argc > 3 ? atoi(argv[3]) : 1024;
    sinter_context *context = NULL;
    sinter_kernel *kernel = NULL;
    sinter_renderer *renderer = NULL;
    sinter_report report;
    if (sinter_open(NULL, &context) != SINTER_OK)
        return 2;
    const sinter_options options = {.domain = SINTER_GRID, .name = "ripples"};
    if (sinter_compile(context, field, sizeof field - 1, &options, &kernel, &report) != SINTER_OK) {
        char text[1024];
        sinter_report_format(&report, 0, text, sizeof text);
        fputs(text, stderr);
        return 1;
    }
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    fprintf(stderr, "%s: %u operations, %u of them once a row or column; %zu bytes of code\n",
            sinter_engine_name(info.engine), info.operations, info.hoisted, info.code_bytes);
    const sinter_renderer_options how = {.threads = argc > 4 ? atoi(argv[4]) : 0};
    const sinter_status status = sinter_renderer_open(kernel, &how, &renderer);
    int wrong = status != SINTER_OK;
    if (wrong)
        fprintf(stderr, "grid: %s\n", sinter_status_name(status));
    else
        wrong = measure_and_write(renderer, width, height, argc > 1 ? argv[1] : NULL);
    sinter_renderer_close(renderer);
    sinter_kernel_close(kernel);
    sinter_close(context);
    return wrong;
}
