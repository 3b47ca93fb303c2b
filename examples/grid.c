/* A field over the pixels of an image, by several threads: the kernel is compiled once and shared, each thread
 * fills rows of its own, and the picture's bits do not depend on how many threads there are.
 * usage: grid [FILE.pgm [WIDTH HEIGHT THREADS]]     (a portable gray map; `-` is the standard output) */
#include <pthread.h>
#include <sinter/sinter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_THREADS = 64 };

/* Ripples around a drop. Row and column terms (x*x, y*y) are computed once a row and once a column. */
static const char field[] = "r = sqrt(x*x + y*y)\n"
                            "0.5 + 0.5*sin(40*r - 6*t)*exp(-3*r*r)";

typedef struct share {
    const sinter_kernel *kernel;
    sinter_grid grid; /* with this thread's rows */
    sinter_status status;
} share;

static void *fill(void *argument)
{
    share *s = argument;
    s->status = sinter_run_grid(s->kernel, &s->grid);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rows [first, first + count) of each thread; the first `height % threads` have one more. */
static sinter_status render(const sinter_kernel *kernel, float *pixels, int width, int height, int threads)
{
    share shares[MOST_THREADS];
    pthread_t thread[MOST_THREADS];
    void *rows[MOST_THREADS];
    sinter_status status = SINTER_OK;
    int first = 0, started = 0;
    for (int k = 0; k < threads; k++) {
        const int count = height / threads + (k < height % threads);
        rows[k] = pixels + (size_t)first * (size_t)width;
        shares[k] = (share){.kernel = kernel,
                            .grid = {.width = width, .height = height, .x0 = -1, .y0 = -1, .x1 = 1, .y1 = 1,
                                     .t = 0.25, .first_row = first, .row_count = count,
                                     .outputs = &rows[k]}};
        first += count;
    }
    while (started < threads - 1 && pthread_create(&thread[started], NULL, fill, &shares[started]) == 0)
        started++;
    for (int k = started; k < threads; k++) /* the last share, and what no thread could be had for */
        fill(&shares[k]);
    for (int k = 0; k < started; k++)
        pthread_join(thread[k], NULL);
    for (int k = 0; k < threads && status == SINTER_OK; k++)
        status = shares[k].status;
    return status;
}

static int write_gray(const char *name, const float *pixels, int width, int height)
{
    FILE *file = strcmp(name, "-") ? fopen(name, "wb") : stdout;
    if (!file)
        return 1;
    fprintf(file, "P5\n%d %d\n255\n", width, height);
    for (size_t k = 0; k < (size_t)width * (size_t)height; k++)
        putc((int)(255 * pixels[k] + 0.5f), file);
    return fclose(file) != 0;
}

int main(int argc, char **argv)
{
    const int width = argc > 2 ? atoi(argv[2]) : 1024, height = argc > 3 ? atoi(argv[3]) : 1024;
    const int threads = argc > 4 ? atoi(argv[4]) : 2;
    sinter_context *context = NULL;
    sinter_kernel *kernel = NULL;
    sinter_report report;
    if (width < 1 || height < 1 || threads < 1 || threads > MOST_THREADS
        || sinter_open(NULL, &context) != SINTER_OK)
        return 2;
    const sinter_options options = {.domain = SINTER_GRID, .name = "ripples"};
    if (sinter_compile(context, field, sizeof field - 1, &options, &kernel, &report) != SINTER_OK) {
        char text[1024];
        sinter_report_format(&report, 0, text, sizeof text);
        fputs(text, stderr);
        return 1;
    }
    float *pixels = malloc((size_t)width * (size_t)height * sizeof *pixels);
    if (!pixels)
        return 1;
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    fprintf(stderr, "%s: %u operations, %u of them once a row or column; %zu bytes of code\n",
            sinter_engine_name(info.engine), info.operations, info.hoisted, info.code_bytes);
    sinter_status status = render(kernel, pixels, width, height, threads); /* touches the pages */
    const double began = now();
    if (status == SINTER_OK)
        status = render(kernel, pixels, width, height, threads);
    fprintf(stderr, "%d x %d by %d thread%s: %.2f ms\n", width, height, threads, threads > 1 ? "s" : "",
            1e3 * (now() - began));
    if (status == SINTER_OK && argc > 1)
        status = write_gray(argv[1], pixels, width, height) ? SINTER_BAD_ARGUMENT : SINTER_OK;
    free(pixels);
    sinter_kernel_close(kernel);
    sinter_close(context);
    if (status != SINTER_OK)
        fprintf(stderr, "grid: %s\n", sinter_status_name(status));
    return status != SINTER_OK;
}
