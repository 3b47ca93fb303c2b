/* Rows: for people a table, for programs one JSON object a line with the same keys each time. A number that
 * is not finite never leaves here: it becomes null, and so does what does not apply. */
#include "bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <unistd.h>

static bool progress_shown;

void sn_bench_progress(const char *workload, const char *what)
{
    if (!isatty(STDERR_FILENO) || (!workload && !progress_shown))
        return;
    fprintf(stderr, "\r\033[K");
    if (workload)
        fprintf(stderr, "%s %s …", workload, what);
    fflush(stderr);
    progress_shown = workload != NULL;
}

void sn_bench_say(const char *format, ...)
{
    va_list arguments;
    sn_bench_progress(NULL, NULL);
    fputs("bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void print_number(const char *key, double value, bool applies)
{
    if (applies && isfinite(value))
        printf(",\"%s\":%.6g", key, value);
    else
        printf(",\"%s\":null", key);
}

static void print_json(const bench_row *row)
{
    printf("{\"workload\":\"%s\",\"engine\":\"%s\",\"n\":%" PRId64, row->workload, row->engine, row->n);
    print_number("ns", row->ns, true);
    if (row->limit)
        printf(",\"limit\":\"%s\"", row->limit);
    else
        printf(",\"limit\":null");
    print_number("limit_ns", row->limit_ns, row->limit);
    print_number("ratio", row->ratio, row->limit);
    print_number("compile_us", row->compile_us, row->compile_us >= 0);
    print_number("ops", (double)row->ops, row->ops >= 0);
    printf("}\n");
}

static void print_cell(int width, int digits, double value, bool applies)
{
    if (applies && isfinite(value))
        printf(" %*.*f", width, digits, value);
    else
        printf(" %*s", width, "-");
}

static void print_line(const bench_row *row)
{
    printf("%-20s %-10s %8" PRId64, row->workload, row->engine, row->n);
    print_cell(10, 4, row->ns, true);
    print_cell(10, 4, row->limit_ns, row->limit);
    print_cell(8, 3, row->ratio, row->limit);
    print_cell(11, 2, row->compile_us, row->compile_us >= 0);
    print_cell(7, 0, (double)row->ops, row->ops >= 0);
    printf("  %s\n", row->limit ? row->limit : "");
}

void sn_bench_head(const bench_options *options)
{
    if (!options->json)
        printf("%-20s %-10s %8s %10s %10s %8s %11s %7s  %s\n", "workload", "engine", "n", "ns", "limit ns",
               "ratio", "compile us", "ops", "limit");
}

void sn_bench_show(const bench_options *options, const bench_row *row)
{
    sn_bench_progress(NULL, NULL);
    if (options->json)
        print_json(row);
    else
        print_line(row);
    fflush(stdout);
}
