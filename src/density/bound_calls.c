/* The log-likelihood of bound data at parameters.
 *
 * Where it collapses, the few rows go through the very kernel that computes a batch, all of them in one vector or two, and their results are
 * weighted and added here. */
#include "density/bound.h"

#include <math.h>
#include <string.h>

enum {
    RESULTS = 2048, /* numbers that a kernel writes at once, on the stack */
    MOST_CURVED = 15 /* parameters with second derivatives: 240 results, of a vector of rows each */
};

/* What is infinite is so whatever the size of the weight, and its sign: a weight of the size of a rounding error may be negative. */
static double careful_sum(const double *values, const double *weights, int64_t rows)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++)
        sum += isinf(values[i]) ? fabs(weights[i]) * values[i] : weights[i] * values[i];
    return sum;
}

/* Results lie `stride` apart. */
static void add_results(const double *results, int64_t stride, const double *weights, int64_t rows, uint32_t count, double *totals)
{
    for (uint32_t k = 0; k < count; k++) {
        const double *at = results + (int64_t)k * stride;
        double sum = 0;
        for (int64_t i = 0; i < rows; i++)
            sum += weights[i] * at[i];
        totals[k] += isfinite(sum) ? sum : careful_sum(at, weights, rows);
    }
}

/* Rows [at, at + n), results behind each other. */
static void run_rows(const kernel_run *run, kernel_code direct, const row_store *rows, int64_t at, int64_t n, double *results)
{
    const uint32_t count = run->kernel->output_count;
    if (direct) {
        uint64_t *in = &run->frame[run->kernel->frame.inputs], *out = &run->frame[run->kernel->frame.outputs];
        for (uint32_t k = 0; k < rows->columns; k++)
            in[k] = (uint64_t)(uintptr_t)(sn_store_column(rows, k) + at * (int64_t)sizeof(double));
        for (uint32_t k = 0; k < count; k++)
            out[k] = (uint64_t)(uintptr_t)(results + (int64_t)k * n);
        direct(run->frame, 0, n);
        return;
    }
    const void *inputs[SINTER_DENSITY_MOST];
    void *outputs[RESULTS];
    for (uint32_t k = 0; k < rows->columns; k++)
        inputs[k] = sn_store_column(rows, k) + at * (int64_t)sizeof(double);
    for (uint32_t k = 0; k < count; k++)
        outputs[k] = results + (int64_t)k * n;
    sn_kernel_stream(run, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = n}, 0, n, 0);
}

void sn_bound_run_row(const kernel_run *run, kernel_code direct, const double *row, uint32_t columns, double *results)
{
    const uint32_t count = run->kernel->output_count;
    double spread[BOUND_MOST_POOLED * BOUND_VECTOR];
    const int64_t n = run->kernel->engine == SINTER_ENGINE_SCALAR || !direct ? 1 : BOUND_VECTOR;
    if (direct) {
        uint64_t *in = &run->frame[run->kernel->frame.inputs], *out = &run->frame[run->kernel->frame.outputs];
        for (uint32_t k = 0; k < columns; k++)
            in[k] = (uint64_t)(uintptr_t)(row + k * BOUND_VECTOR);
        for (uint32_t k = 0; k < count; k++)
            out[k] = (uint64_t)(uintptr_t)(n == 1 ? results + k : spread + k * BOUND_VECTOR);
        direct(run->frame, 0, n);
        for (uint32_t k = 0; k < count && n > 1; k++)
            results[k] = spread[k * BOUND_VECTOR];
        return;
    }
    const void *inputs[SINTER_DENSITY_MOST];
    void *outputs[BOUND_MOST_POOLED];
    for (uint32_t k = 0; k < columns; k++)
        inputs[k] = row + k * BOUND_VECTOR;
    for (uint32_t k = 0; k < count; k++)
        outputs[k] = results + k;
    sn_kernel_stream(run, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = 1}, 0, 1, 0);
}

/* The frame brought up to date, where the kernel is machine code without anything but parameters that are f64 changing in its frame: it may have to be with
 * each call, and the general way costs as much as the rows. Within the default floating-point mode. */
kernel_run sn_bound_renewed(const sinter_density_values *v, density_frame *f)
{
    density_lane *lane = &f->lanes[0];
    const sinter_kernel *k = f->variant->kernel;
    if (!f->direct || !lane->generation)
        return sn_density_run(v, f, 0);
    if (lane->generation != v->generation) {
        if (k->param_count)
            memcpy(&lane->frame[k->frame.params], v->given, k->param_count * sizeof(double));
        if (k->has_segment_loop)
            k->loops[0].code[0](lane->frame, 0, 1);
        lane->generation = v->generation;
    }
    return (kernel_run){k, lane->frame, lane->workspace, NULL};
}

void sn_bound_add_rows(const kernel_run *run, kernel_code direct, const row_store *rows, int64_t filled, double *totals)
{
    const uint32_t count = run->kernel->output_count;
    const int64_t most = RESULTS / count;
    double results[RESULTS];
    for (int64_t at = 0, n; at < rows->count; at += n) {
        int64_t computed = filled - at < most ? filled - at : most;
        n = rows->count - at < computed ? rows->count - at : computed;
        run_rows(run, direct, rows, at, computed, results);
        add_results(results, computed, (const double *)(const void *)sn_store_column(rows, rows->columns) + at, n, count, totals);
    }
}

/* Column k of the standing rows becomes what the data part computes; what is beyond the nodes, copies of the first. */
void sn_bound_stand(sinter_bound *b)
{
    const row_store *n = &b->nodes;
    row_store *s = &b->standing;
    s->count = n->count;
    b->filled = (n->count + BOUND_VECTOR - 1) / BOUND_VECTOR * BOUND_VECTOR;
    if (!n->count)
        return;
    if (b->data_part) {
        density_frame *f = sn_density_frame(b->reference, b->data_part, 0);
        const void *inputs[SINTER_DENSITY_MOST];
        void *outputs[SINTER_DENSITY_MOST];
        sn_density_settle(b->reference, NULL);
        const kernel_run run = sn_density_run(b->reference, f, 0);
        for (uint32_t k = 0; k < n->columns; k++)
            inputs[k] = sn_store_column(n, k);
        for (uint32_t k = 0; k < s->columns; k++)
            outputs[k] = sn_store_column(s, k);
        sn_kernel_stream(&run, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = n->count}, 0, n->count, 0);
    }
    for (uint32_t k = 0; k <= s->columns; k++) {
        double *to = (double *)(void *)sn_store_column(s, k);
        if (k == s->columns || !b->data_part)
            memcpy(to, sn_store_column(n, k == s->columns ? n->columns : k), (size_t)n->count * sizeof(double));
        for (int64_t i = n->count; i < b->filled; i++)
            to[i] = to[0];
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

/* What sinter_density_set_all and settling do where nothing is wrong, in one go; false: something is, and nothing is done. */
static bool take_valid(sinter_density_values *v, const double *parameters)
{
    const sinter_density *d = v->density;
    for (uint32_t k = 0; k < d->parameter_count; k++)
        if (!sn_density_is_within(d->ranges[k], parameters[k]) || d->relations[k].other >= 0)
            return false;
    for (uint32_t k = 0; k < d->parameter_count; k++)
        v->set[k] = v->given[k] = parameters[k];
    v->generation++;
    v->changed = v->overlaid = false;
    v->invalid = v->told = -1;
    return true;
}

/* The frame of a variant that was there before. */
static density_frame *frame_of(sinter_density_values *v, const density_variant *variant)
{
    if (variant->number < v->frame_capacity && v->frames[variant->number])
        return v->frames[variant->number];
    return sn_density_frame(v, variant, 0);
}

/* By the nodes. Of these and those below, false: memory was refused. */
static bool stand_rows(const sinter_bound *b, sinter_density_values *v, uint32_t derivatives, double *totals)
{
    density_frame *f = frame_of(v, derivatives ? b->rest_sloped : b->rest);
    if (!f)
        return false;
    for (uint32_t k = 0; k <= derivatives; k++)
        totals[k] = 0;
    totals[0] = b->has_reference ? b->constant : 0;
    const kernel_run run = sn_bound_renewed(v, f);
    sn_bound_add_rows(&run, f->direct, &b->standing, b->filled, totals);
    return true;
}

/* By the means, if these will do. The value never depends on whether derivatives are wanted: where one of them is no number, those of the nodes stand in. */
static bool pool_rows(const sinter_bound *b, sinter_density_values *v, density_frame *f, uint32_t derivatives, double *totals)
{
    const kernel_run run = sn_bound_renewed(v, f);
    if (!sn_bound_pooled(b, &run, f->direct, totals, derivatives))
        return false;
    bool finite = true;
    for (uint32_t k = 1; k <= derivatives; k++)
        finite = finite && isfinite(totals[k]);
    const double value = totals[0];
    if (!finite && !stand_rows(b, v, derivatives, totals))
        return false;
    totals[0] = value;
    return true;
}

/* Rows that stand for themselves. */
static bool add_odd_rows(const sinter_bound *b, sinter_density_values *v, uint32_t derivatives, double *totals)
{
    density_frame *f = frame_of(v, derivatives ? b->sloped : b->plain);
    if (!f)
        return false;
    const kernel_run run = sn_bound_renewed(v, f);
    sn_bound_add_rows(&run, f->direct, &b->rows, b->rows.count, totals);
    return true;
}

sinter_status sinter_bound_log(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *log, double *gradient)
{
    double totals[SINTER_DENSITY_MOST + 1];
    if (!b || !v || !log || v->density != b->density)
        return SINTER_BAD_ARGUMENT;
    if (parameters && !(b->collapses && take_valid(v, parameters)))
        sinter_density_set_all(v, parameters);
    if (!b->collapses)
        return sum_all(b, v, log, gradient);
    if ((v->changed || v->overlaid || v->invalid >= 0 || !v->generation) && !sn_density_settle(v, NULL))
        return invalid(b, log, gradient);
    const uint32_t derivatives = gradient ? b->density->parameter_count : 0;
    density_frame *f = b->pool.stands ? frame_of(v, derivatives ? b->pool.sloped : b->pool.plain) : NULL;
    if (b->pool.stands && !f)
        return SINTER_NO_MEMORY;
    const float_mode mode = sn_float_mode_enter();
    const bool done = (f && pool_rows(b, v, f, derivatives, totals)) || stand_rows(b, v, derivatives, totals);
    const bool added = done && (!b->rows.count || add_odd_rows(b, v, derivatives, totals));
    sn_float_mode_leave(mode);
    if (!added)
        return SINTER_NO_MEMORY;
    *log = totals[0];
    for (uint32_t k = 0; k < derivatives; k++)
        gradient[k] = totals[1 + k];
    return SINTER_OK;
}

/* Outputs of the curvature's kernel: derivatives by each parameter, then of the first by each, of the second, …. */
sinter_status sinter_bound_hessian(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *hessian)
{
    sinter_status status;
    density_shape shape;
    memset(&shape, 0, sizeof shape);
    if (!b || !v || !hessian || v->density != b->density || !b->collapses || b->rows.count || !b->data_part)
        return SINTER_BAD_ARGUMENT;
    const uint32_t count = b->density->parameter_count;
    if (count > MOST_CURVED)
        return SINTER_TOO_LARGE;
    shape.part = DENSITY_CURVATURE;
    for (uint32_t k = 0; k < count; k++)
        sn_density_include(&shape.by_parameter, k);
    const density_variant *variant = count ? sn_density_variant(b->density, &shape, NULL, &status) : b->rest;
    if (!variant)
        return status;
    density_frame *f = sn_density_frame(v, variant, 0);
    if (!f)
        return SINTER_NO_MEMORY;
    if (parameters)
        sinter_density_set_all(v, parameters);
    const bool valid = sn_density_settle(v, NULL);
    double totals[MOST_CURVED * (MOST_CURVED + 1) + 1] = {0};
    const float_mode mode = sn_float_mode_enter();
    if (valid && count) {
        const kernel_run run = sn_bound_renewed(v, f);
        sn_bound_add_rows(&run, f->direct, &b->standing, b->filled, totals);
    }
    sn_float_mode_leave(mode);
    for (uint32_t k = 0; k < count * count; k++)
        hessian[k] = valid ? totals[count + k] : NAN;
    return valid ? SINTER_OK : SINTER_BAD_PARAMETER;
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
    const bool pooled = !b->pool.is_there || (sn_density_frame(v, b->pool.plain, 0) && sn_density_frame(v, b->pool.sloped, 0));
    const bool rows = !b->rows.count || (sn_density_frame(v, b->plain, 0) && sn_density_frame(v, b->sloped, 0));
    return pooled && rows && sn_density_frame(v, b->rest, 0) && sn_density_frame(v, b->rest_sloped, 0) ? SINTER_OK : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
}
