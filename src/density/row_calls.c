/* Calls: what sinter/density.h promises of rows.
 *
 * A call is checked, its shape found, the values settled, everything that its rows need put together (density_rows), and run. What must be
 * compiled or allocated is so before anything is written. Where a parameter breaks its constraint no kernel runs: every result is NaN. */
#include "density/shapes.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* ---- checks ---- */

static bool are_columns(const sinter_density *d, const sinter_density_data *data)
{
    if (!data || data->count < 0 || data->validity_offset < 0 || (d->column_count && !data->columns))
        return false;
    for (uint32_t k = 0; k < d->column_count; k++)
        if (!data->columns[k].data)
            return false;
    return true;
}

static bool is_stream(const sinter_density_argument *a)
{
    return a->data && a->stride != 0;
}

/* ---- shapes ---- */

static void shape_of(const sinter_density *d, const sinter_density_data *data, bool sum, density_shape *shape)
{
    memset(shape, 0, sizeof *shape);
    shape->sum = sum;
    if (!data)
        return;
    shape->weighted = data->weights.data || (sum && data->validity); /* of a batch missing rows lose their results afterwards */
    for (uint32_t k = 0; data->parameters && k < d->parameter_count; k++)
        if (is_stream(&data->parameters[k]))
            sn_density_include(&shape->arrays, k);
}

static void shape_results(const sinter_density *d, const sinter_density_results *results, density_shape *shape)
{
    for (uint32_t k = 0; results->columns && k < d->column_count; k++)
        if (results->columns[k])
            sn_density_include(&shape->by_column, k);
    for (uint32_t k = 0; results->parameters && k < d->parameter_count; k++)
        if (results->parameters[k])
            sn_density_include(&shape->by_parameter, k);
}

static void shape_gradient(const sinter_density *d, density_shape *shape)
{
    for (uint32_t k = 0; k < d->parameter_count; k++)
        if (!sn_density_includes(&shape->arrays, k))
            sn_density_include(&shape->by_parameter, k);
}

static bool has_no_arrays(const density_shape *shape)
{
    const density_set none = {{0}};
    return memcmp(&shape->arrays, &none, sizeof none) == 0;
}

/* No more than columns in, weights perhaps among them, and log-densities out, or their sum? */
static bool is_plain(const density_shape *shape)
{
    density_shape plain;
    memset(&plain, 0, sizeof plain);
    return memcmp(&shape->arrays, &plain.arrays, sizeof plain - offsetof(density_shape, arrays)) == 0;
}

/* ---- streams ---- */

static size_t size_of(const sinter_density *d)
{
    return d->type == SINTER_F32 ? 4 : 8;
}

static void add_stream(density_rows *r, const sinter_density_argument *a, bool masked)
{
    const size_t size = size_of(r->values->density);
    density_stream *s = &r->inputs[r->input_count++];
    *s = (density_stream){a->data, a->stride * (int64_t)size, masked || a->stride != 1};
    r->staged += s->staged;
}

static void list_streams(density_rows *r, const sinter_density_data *data, const density_shape *shape)
{
    const sinter_density *d = r->values->density;
    r->count = data->count;
    r->input_count = r->result_count = r->staged = 0;
    r->scratch_log = false;
    r->validity = data->validity;
    r->validity_offset = data->validity_offset;
    r->masked = shape->weighted && (data->validity || data->weights.stride != 1);
    for (uint32_t k = 0; k < d->column_count; k++)
        add_stream(r, &data->columns[k], false);
    for (uint32_t k = 0; data->parameters && k < d->parameter_count; k++)
        if (is_stream(&data->parameters[k]))
            add_stream(r, &data->parameters[k], false);
    if (shape->weighted)
        add_stream(r, &data->weights, r->masked);
}

static void discard_log(density_rows *r)
{
    r->scratch_log = true;
    r->staged++;
}

static void list_results(density_rows *r, const sinter_density_results *results, const density_shape *shape)
{
    const sinter_density *d = r->values->density;
    r->results[r->result_count++] = results->logs;
    if (!results->logs)
        discard_log(r);
    for (uint32_t k = 0; k < d->column_count; k++)
        if (sn_density_includes(&shape->by_column, k))
            r->results[r->result_count++] = results->columns[k];
    for (uint32_t k = 0; k < d->parameter_count; k++)
        if (sn_density_includes(&shape->by_parameter, k))
            r->results[r->result_count++] = results->parameters[k];
}

/* Kernel and memory; no frame where the variant has no kernel. */
static sinter_status make_ready(density_rows *r, const density_shape *shape, sinter_report *report)
{
    sinter_status status;
    const density_variant *variant = sn_density_variant(r->values->density, shape, report, &status);
    if (!variant)
        return status;
    r->frame = NULL;
    if (!variant->kernel)
        return SINTER_OK;
    r->frame = sn_density_frame(r->values, variant, r->staged);
    return r->frame ? SINTER_OK : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
}

/* ---- batches ---- */

static void lose(const sinter_density *d, uint8_t *to, int64_t n)
{
    const size_t size = size_of(d);
    const double wide = NAN;
    const float narrow = NAN;
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)i * size, size == 8 ? (const void *)&wide : &narrow, size);
}

static sinter_status plan_batch(density_rows *r, const sinter_density_data *data, const sinter_density_results *results, sinter_report *report)
{
    density_shape shape;
    shape_of(r->values->density, data, false, &shape);
    shape_results(r->values->density, results, &shape);
    list_streams(r, data, &shape);
    list_results(r, results, &shape);
    if (!r->results[0] && r->result_count == 1)
        return SINTER_BAD_ARGUMENT;
    const sinter_status status = make_ready(r, &shape, report);
    if (!status && is_plain(&shape))
        *(shape.weighted ? &r->values->weighted : &r->values->row) = r->frame;
    return status;
}

static sinter_status batch_rows(sinter_density_values *v, const sinter_density_data *data, const sinter_density_results *results)
{
    density_rows r;
    r.values = v;
    const sinter_status status = plan_batch(&r, data, results, NULL);
    if (status)
        return status;
    if (!sn_density_settle(v, data)) {
        for (uint32_t k = 0; k < r.result_count; k++)
            if (r.results[k])
                lose(v->density, r.results[k], r.count);
        return SINTER_BAD_PARAMETER;
    }
    if (r.count)
        sn_density_batch_rows(&r);
    return SINTER_OK;
}

sinter_status sinter_density_batch(sinter_density_values *v, const sinter_density_data *data, const sinter_density_results *results)
{
    if (v && results && sn_density_batch_directly(v, data, results))
        return SINTER_OK;
    return v && results && are_columns(v->density, data) ? batch_rows(v, data, results) : SINTER_BAD_ARGUMENT;
}

/* ---- sums ---- */

/* A sum in two ways: of what factors leave of the terms, where there are factors; and of the terms. */
typedef struct sum_plan {
    density_rows rows;
    density_shape shape;
    density_frame *terms, *factored; /* the second may be NULL */
} sum_plan;

static sinter_status plan_sum(sum_plan *p, sinter_density_values *v, const sinter_density_data *data, bool gradient, sinter_report *report)
{
    density_rows *r = &p->rows;
    r->values = v;
    p->factored = NULL;
    shape_of(v->density, data, true, &p->shape);
    if (gradient)
        shape_gradient(v->density, &p->shape);
    list_streams(r, data, &p->shape);
    sinter_status status = make_ready(r, &p->shape, report);
    if (status)
        return status;
    p->terms = r->frame;
    r->result_count = r->frame->variant->results;
    if (!p->shape.weighted) {
        p->shape.factored = true;
        status = make_ready(r, &p->shape, report);
        p->factored = status ? NULL : r->frame;
    }
    if (has_no_arrays(&p->shape))
        v->sums[p->shape.weighted][gradient] = (density_sums){p->terms, p->factored};
    return status;
}

/* By rows that need not be added in full, where that can be trusted. */
static bool sum_factored(sum_plan *p, double *totals)
{
    density_rows *r = &p->rows;
    const bool narrow = r->values->density->type == SINTER_F32;
    if (!p->factored)
        return false;
    if (!sn_density_is_trusted(r->values, p->factored))
        return false;
    r->frame = p->factored;
    sn_density_sum_rows(r, totals);
    return sn_density_accept(p->factored->maps, r->result_count, r->count, narrow, totals);
}

static void sum_all(sum_plan *p, double *totals)
{
    if (sum_factored(p, totals))
        return;
    p->rows.frame = p->terms;
    sn_density_sum_rows(&p->rows, totals);
}

/* Derivatives stand behind the sum in the order of the parameters; those of a NaN are NaN. */
static void hand_over(const sinter_density *d, const density_shape *shape, const double *totals, double *sum, double *gradient)
{
    *sum = *totals++;
    for (uint32_t k = 0; gradient && k < d->parameter_count; k++) {
        const double slope = sn_density_includes(&shape->by_parameter, k) ? *totals++ : NAN;
        gradient[k] = isnan(*sum) ? NAN : slope;
    }
}

static sinter_status sum_rows(sinter_density_values *v, const sinter_density_data *data, double *sum, double *gradient)
{
    sum_plan p;
    double totals[KERNEL_MOST_TOTALS];
    const sinter_status status = plan_sum(&p, v, data, gradient != NULL, NULL);
    if (status)
        return status;
    const bool valid = sn_density_settle(v, data);
    if (valid)
        sum_all(&p, totals);
    for (uint32_t k = 0; !valid && k < p.rows.result_count; k++)
        totals[k] = NAN;
    hand_over(v->density, &p.shape, totals, sum, gradient);
    return valid ? SINTER_OK : SINTER_BAD_PARAMETER;
}

sinter_status sinter_density_sum(sinter_density_values *v, const sinter_density_data *data, double *sum, double *gradient)
{
    double totals[KERNEL_MOST_TOTALS];
    if (!v || !sum)
        return SINTER_BAD_ARGUMENT;
    if (!sn_density_sum_directly(v, data, gradient != NULL, totals))
        return are_columns(v->density, data) ? sum_rows(v, data, sum, gradient) : SINTER_BAD_ARGUMENT;
    *sum = totals[0];
    for (uint32_t k = 0; gradient && k < v->density->parameter_count; k++) /* none of which is an array */
        gradient[k] = isnan(*sum) ? NAN : totals[1 + k];
    return SINTER_OK;
}

static sinter_status plan_exact(density_rows *r, const sinter_density_data *data, sinter_report *report)
{
    density_shape shape;
    shape_of(r->values->density, data, false, &shape);
    shape.weighted |= data->validity != NULL;
    list_streams(r, data, &shape);
    r->results[r->result_count++] = NULL;
    discard_log(r);
    return make_ready(r, &shape, report);
}

sinter_status sinter_density_sum_exact(sinter_density_values *v, const sinter_density_data *data, double *sum)
{
    density_rows r;
    if (!v || !sum || !are_columns(v->density, data))
        return SINTER_BAD_ARGUMENT;
    r.values = v;
    const sinter_status status = plan_exact(&r, data, NULL);
    if (status)
        return status;
    const bool valid = sn_density_settle(v, data);
    *sum = valid ? sn_density_sum_rows_exactly(&r) : NAN;
    return valid ? SINTER_OK : SINTER_BAD_PARAMETER;
}

/* ---- one row ---- */

/* What a row alone needs: the variant of plain batches. */
static density_frame *row_frame(sinter_density_values *v, sinter_report *report, sinter_status *status)
{
    if (v->row)
        return v->row;
    density_shape shape;
    shape_of(v->density, NULL, false, &shape);
    const density_variant *variant = sn_density_variant(v->density, &shape, report, status);
    if (!variant)
        return NULL;
    v->row = sn_density_frame(v, variant, 0);
    if (!v->row)
        *status = sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    return v->row;
}

static double row_by_stream(const sinter_density *d, const kernel_run *run, const double *row)
{
    const void *inputs[SINTER_DENSITY_MOST];
    float narrow[SINTER_DENSITY_MOST], narrow_log;
    double log;
    const bool is_narrow = d->type == SINTER_F32;
    for (uint32_t k = 0; k < d->column_count; k++) {
        if (is_narrow)
            narrow[k] = (float)row[k];
        inputs[k] = is_narrow ? (const void *)&narrow[k] : &row[k];
    }
    void *const outputs[1] = {is_narrow ? (void *)&narrow_log : &log};
    sn_kernel_stream(run, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = 1}, 0, 1, 0);
    return is_narrow ? (double)narrow_log : log;
}

typedef double (*function_of_1)(const void *, double);
typedef double (*function_of_2)(const void *, double, double);

/* The commonest ones are called as functions. */
static bool row_by_function(const sinter_density *d, const kernel_run *run, const double *row, double *log)
{
    const sinter_function f = run->kernel->function;
    if (!f || d->type != SINTER_F64 || !d->parameter_count || d->column_count < 1 || d->column_count > 2)
        return false;
    const float_mode mode = sn_float_mode_enter();
    *log = d->column_count == 1 ? ((function_of_1)f)(run->frame, row[0]) : ((function_of_2)f)(run->frame, row[0], row[1]);
    sn_float_mode_leave(mode);
    return true;
}

sinter_status sinter_density_log(sinter_density_values *v, const double *row, double *log)
{
    sinter_status status = SINTER_OK;
    if (!v || !log || (!row && v->density->column_count))
        return SINTER_BAD_ARGUMENT;
    density_frame *f = row_frame(v, NULL, &status);
    if (!f)
        return status;
    if (!sn_density_settle(v, NULL)) {
        *log = NAN;
        return SINTER_BAD_PARAMETER;
    }
    const kernel_run run = sn_density_run(v, f, 0);
    if (!row_by_function(v->density, &run, row, log))
        *log = row_by_stream(v->density, &run, row);
    return SINTER_OK;
}

sinter_function sinter_density_function(sinter_density_values *v, const void **frame, const char **reason)
{
    sinter_status status = SINTER_OK;
    density_frame *f = v ? row_frame(v, NULL, &status) : NULL;
    if (reason)
        *reason = v ? sinter_status_name(status) : "no values were given";
    if (!f || !frame)
        return NULL;
    const bool valid = sn_density_settle(v, NULL);
    *frame = NULL;
    if (v->density->parameter_count)
        *frame = valid ? sn_density_run(v, f, 0).frame : sn_density_run_invalid(v, f).frame;
    return sinter_kernel_function(f->variant->kernel, reason);
}

/* ---- beforehand ---- */

sinter_status sinter_density_prepare(sinter_density_values *v, sinter_density_call call, const sinter_density_data *data,
                                     const sinter_density_results *results, sinter_report *report)
{
    density_rows r;
    sum_plan sum;
    sinter_status status = SINTER_OK;
    sn_report_open(report, v && v->density->options.name ? v->density->options.name : "density");
    if (!v || (call != SINTER_DENSITY_LOG && !are_columns(v->density, data)) || (call == SINTER_DENSITY_BATCH && !results))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "values, columns or results are missing", NULL);
    r.values = v;
    switch (call) {
    case SINTER_DENSITY_LOG: row_frame(v, report, &status); break;
    case SINTER_DENSITY_BATCH: status = plan_batch(&r, data, results, report); break;
    case SINTER_DENSITY_SUM: status = plan_sum(&sum, v, data, results != NULL, report); break;
    case SINTER_DENSITY_SUM_EXACT: status = plan_exact(&r, data, report); break;
    default: status = SINTER_BAD_ARGUMENT; break;
    }
    if (status == SINTER_BAD_ARGUMENT && report && report->total == 0)
        return sn_report_fail(report, status, "there is no such call, or it has no result", NULL);
    return status;
}
