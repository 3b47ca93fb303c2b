/* The log-likelihood of bound data at parameters.
 *
 * Where it collapses, the few rows go through the very kernel that computes a batch, all of them in one vector or two, and their results are
 * weighted and added here. */
#include "density/bound.h"

#include <math.h>
#include <string.h>

enum { RESULTS = 2048 /* numbers that a kernel writes at once, on the stack */ };

/* What is infinite is so whatever the size of the weight, and its sign: a weight of the size of a rounding error may be negative. */
static double weighed(double weight, double value)
{
    return isinf(value) ? fabs(weight) * value : weight * value;
}

static void add_results(const double *results, const double *weights, int64_t rows, uint32_t count, double *totals)
{
    for (uint32_t k = 0; k < count; k++) {
        const double *at = results + (int64_t)k * rows;
        double sum = 0;
        for (int64_t i = 0; i < rows; i++)
            sum += weights[i] * at[i];
        if (isnan(sum)) {
            sum = 0;
            for (int64_t i = 0; i < rows; i++)
                sum += weighed(weights[i], at[i]);
        }
        totals[k] += sum;
    }
}

void sn_bound_add_rows(const kernel_run *run, const row_store *rows, double *totals)
{
    const uint32_t count = run->kernel->output_count;
    const int64_t most = RESULTS / count;
    double results[RESULTS];
    const void *inputs[SINTER_DENSITY_MOST];
    void *outputs[SINTER_DENSITY_MOST + 1];
    for (int64_t at = 0, n; at < rows->count; at += n) {
        n = rows->count - at < most ? rows->count - at : most;
        for (uint32_t k = 0; k < rows->columns; k++)
            inputs[k] = sn_store_column(rows, k) + at * (int64_t)sizeof(double);
        for (uint32_t k = 0; k < count; k++)
            outputs[k] = results + (int64_t)k * n;
        sn_kernel_stream(run, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = n}, 0, n, 0);
        add_results(results, (const double *)(const void *)sn_store_column(rows, rows->columns) + at, n, count, totals);
    }
}

static sinter_status sum_all(const sinter_bound *b, sinter_density_values *v, double *log, double *gradient)
{
    sinter_density_argument columns[SINTER_DENSITY_MOST];
    const row_store *rows = &b->rows;
    for (uint32_t k = 0; k < rows->columns; k++)
        columns[k] = (sinter_density_argument){rows->data ? sn_store_column(rows, k) : (const void *)b, 1};
    const sinter_density_data data = {.count = rows->count, .columns = columns, .weights = {rows->data ? sn_store_column(rows, rows->columns) : NULL, 1}};
    return sinter_density_sum(v, &data, log, gradient);
}

static sinter_status invalid(const sinter_bound *b, double *log, double *gradient)
{
    *log = NAN;
    for (uint32_t k = 0; gradient && k < b->density->parameter_count; k++)
        gradient[k] = NAN;
    return SINTER_BAD_PARAMETER;
}

sinter_status sinter_bound_log(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *log, double *gradient)
{
    double totals[SINTER_DENSITY_MOST + 1];
    if (!b || !v || !log || v->density != b->density)
        return SINTER_BAD_ARGUMENT;
    if (parameters)
        sinter_density_set_all(v, parameters);
    if (!b->collapses)
        return sum_all(b, v, log, gradient);
    const density_variant *variant = gradient ? b->sloped : b->plain;
    density_frame *f = sn_density_frame(v, variant, 0);
    if (!f)
        return SINTER_NO_MEMORY;
    if (!sn_density_settle(v, NULL))
        return invalid(b, log, gradient);
    const kernel_run run = sn_density_run(v, f, 0);
    memset(totals, 0, variant->results * sizeof *totals);
    totals[0] = b->has_reference ? b->constant : 0;
    sn_bound_add_rows(&run, &b->nodes, totals);
    if (b->rows.count)
        sn_bound_add_rows(&run, &b->rows, totals);
    *log = totals[0];
    if (gradient)
        memcpy(gradient, totals + 1, b->density->parameter_count * sizeof *gradient);
    return SINTER_OK;
}

sinter_status sinter_bound_prepare(const sinter_bound *b, sinter_density_values *v, sinter_report *report)
{
    sn_report_open(report, "density");
    if (!b || !v || v->density != b->density)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "what is bound or values of its density are missing", NULL);
    if (!b->collapses) {
        double log, *gradient = sn_allocate(&b->density->context->allocator, (b->density->parameter_count + 1) * sizeof *gradient);
        sinter_status status = gradient ? sum_all(b, v, &log, gradient) : SINTER_NO_MEMORY;
        if (!status || status == SINTER_BAD_PARAMETER)
            status = sum_all(b, v, &log, NULL);
        sn_release(&b->density->context->allocator, gradient, (b->density->parameter_count + 1) * sizeof *gradient);
        return !status || status == SINTER_BAD_PARAMETER ? SINTER_OK : sn_report_fail(report, status, sinter_status_name(status), NULL);
    }
    return sn_density_frame(v, b->plain, 0) && sn_density_frame(v, b->sloped, 0) ? SINTER_OK : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
}
