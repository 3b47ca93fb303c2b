/* A log density as a line of text, summed over data. Under `relaxed` the constants leave the sum: what is left in
 * the loop is a few operations, and the weights and the normaliser are applied once at the end. So a million
 * points cost little more than reading them, and a parameter is moved by setting it, without compiling again.
 * Prints the log likelihood for a few values of mu, and where it is greatest.
 * usage: likelihood [POINTS] */
#include <sinter/sinter.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char density[] = "param mu = 0 in -1e6..1e6\n"
                              "param sigma = 1.5 in 1e-6..1e6\n"
                              "precision = 1/sigma\n"
                              "normaliser = log(sigma) + 0.5*log(2*pi)\n"
                              "z = (x - mu)*precision\n"
                              "-0.5*z*z - normaliser";
/* Twelve uniform numbers, less six: nearly normal, with mean 0 and deviation 1. Each term of the sum has a
 * generator of its own. */
static const char sample[] = "fn uniform(k) {\n"
                             "    s = i32(s')*1664525 + 1013904223 + i32(k)*2654435\n"
                             "    (s >>> 8) * 5.9604644775390625e-8\n"
                             "}\n"
                             "0.75 + 1.5*(sum(k, 1, 12, uniform(k)) - 6)";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static sinter_instance *start(sinter_context *context, const char *text, size_t length, const sinter_options *options,
                              sinter_kernel **kernel)
{
    sinter_report report;
    sinter_instance *instance = NULL;
    if (sinter_compile(context, text, length, options, kernel, &report) != SINTER_OK) {
        char message[1024];
        sinter_report_format(&report, 0, message, sizeof message);
        fputs(message, stderr);
    } else if (sinter_instance_open(*kernel, &instance) != SINTER_OK) {
        fputs("likelihood: no memory\n", stderr);
    }
    return instance;
}

static double log_likelihood(sinter_instance *sum, const double *data, int64_t count, double mu)
{
    double total = 0;
    sinter_set(sum, 0, mu);
    const sinter_arguments arguments = {.inputs = (const void *[]){data}, .count = count, .totals = &total};
    sinter_instance_run(sum, &arguments);
    return total;
}

int main(int argc, char **argv)
{
    const int64_t count = argc > 1 ? atoll(argv[1]) : 1000000;
    sinter_context *context = NULL;
    sinter_kernel *sum_kernel = NULL, *sample_kernel = NULL;
    double *data = count > 0 && count < INT64_C(1) << 40 ? malloc((size_t)count * sizeof *data) : NULL;
    if (!data || sinter_open(NULL, &context) != SINTER_OK)
        return 2;
    const sinter_options patch = {.type = SINTER_F64, .source = SINTER_PATCH, .name = "sample"};
    const sinter_options total = {.type = SINTER_F64, .sum = true, .rewriting = SINTER_RELAXED, .name = "density"};
    sinter_instance *draw = start(context, sample, sizeof sample - 1, &patch, &sample_kernel);
    sinter_instance *sum = start(context, density, sizeof density - 1, &total, &sum_kernel);
    if (!draw || !sum)
        return 1;
    sinter_instance_run(draw, &(sinter_arguments){.outputs = (void *[]){data}, .count = count});

    log_likelihood(sum, data, count, 0); /* touches the data */
    double best = 0, greatest = -1e300;
    const double began = now();
    for (int k = 0; k <= 6; k++) {
        const double mu = 0.25 * k, value = log_likelihood(sum, data, count, mu);
        printf("mu = %-4g log likelihood = %.6f\n", mu, value);
        if (value > greatest)
            greatest = value, best = mu;
    }
    const double each = (now() - began) / 7;
    printf("greatest at %g; %.3f ms for %lld points, %.3f ns each (%s)\n", best, 1e3 * each, (long long)count,
           1e9 * each / (double)count, sinter_engine_name(sinter_kernel_describe(sum_kernel).engine));
    sinter_instance_close(sum);
    sinter_instance_close(draw);
    sinter_kernel_close(sum_kernel);
    sinter_kernel_close(sample_kernel);
    sinter_close(context);
    free(data);
    return 0;
}
