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

typedef double pair __attribute__((vector_size(16)));

static inline pair product_of_two(const double *v, const double *w)
{
    pair a, b;
    memcpy(&a, v, sizeof a);
    memcpy(&b, w, sizeof b);
    return a * b;
}

/* Of eight rows: four sums, which are added by halves. In pairs: values were just written, and eight loads of one each wait 3 ns longer for that. */
static inline double sum_of_eight(const double *v, const double *w)
{
    const pair sums = (product_of_two(v, w) + product_of_two(v + 4, w + 4)) + (product_of_two(v + 2, w + 2) + product_of_two(v + 6, w + 6));
    return sums[0] + sums[1];
}

/* Weights beyond `rows`, up to the next multiple of eight, are 0 if `filled`, and values then are those of some row. */
static double weighted_sum(const double *values, const double *weights, int64_t rows, bool filled)
{
    double sum = 0;
    int64_t i = 0;
    for (; i + DENSITY_VECTOR <= rows || (filled && i < rows); i += DENSITY_VECTOR)
        sum += sum_of_eight(values + i, weights + i);
    if (i < rows) {
        double last[2][DENSITY_VECTOR] = {{0}};
        memcpy(last[0], values + i, (size_t)(rows - i) * sizeof *values);
        memcpy(last[1], weights + i, (size_t)(rows - i) * sizeof *weights);
        sum += sum_of_eight(last[0], last[1]);
    }
    return isfinite(sum) ? sum : careful_sum(values, weights, rows);
}

/* The same of one vector that is filled. */
static inline double vector_sum(const double *values, const double *weights, int64_t rows)
{
    const double sum = sum_of_eight(values, weights);
    return isfinite(sum) ? sum : careful_sum(values, weights, rows);
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

void sn_bound_run_vector(const kernel_run *run, density_frame *f, const uint64_t *addresses, int64_t wanted)
{
    const sinter_kernel *k = run->kernel;
    const int64_t rows = k->engine == SINTER_ENGINE_SCALAR ? wanted : DENSITY_VECTOR;
    if (f->direct) {
        uint64_t *out = &run->frame[k->frame.outputs];
        if (out[0] != (uint64_t)(uintptr_t)f->results) /* more rows than a vector had theirs elsewhere */
            for (uint32_t i = 0; i < k->output_count; i++)
                out[i] = (uint64_t)(uintptr_t)(f->results + (size_t)i * DENSITY_VECTOR);
        for (uint32_t i = 0; i < k->input_count; i++)
            if (f->inputs[i] != addresses[i]) /* seldom: all calls for the same data have the same */
                f->inputs[i] = addresses[i];
        f->direct(run->frame, 0, rows);
        return;
    }
    const void *inputs[SINTER_DENSITY_MOST];
    void *outputs[RESULTS];
    for (uint32_t i = 0; i < k->input_count; i++)
        inputs[i] = (const void *)(uintptr_t)addresses[i];
    for (uint32_t i = 0; i < k->output_count; i++)
        outputs[i] = f->results + (size_t)i * DENSITY_VECTOR;
    sn_kernel_stream(run, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = rows}, 0, rows, 0);
}

/* Most often one call, which counts beside the few rows that a bound sum is made of. */
static inline void run_segment_of(const density_frame *f)
{
    const density_lane *lane = &f->lanes[0];
    if (f->segment)
        f->segment(lane->frame, 0, 1);
    else
        sn_kernel_run_segment(&(kernel_run){f->variant->kernel, lane->frame, lane->workspace, NULL});
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
        run_segment_of(f);
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
        for (uint32_t k = 0; k < count; k++)
            totals[k] += weighted_sum(results + (int64_t)k * computed, (const double *)(const void *)sn_store_column(rows, rows->columns) + at, n, computed > n);
    }
}

/* Column k of the standing rows becomes what the data part computes; what is beyond the nodes, copies of the first. */
void sn_bound_stand(sinter_bound *b)
{
    const row_store *n = &b->nodes;
    row_store *s = &b->standing;
    s->count = n->count;
    b->filled = (n->count + DENSITY_VECTOR - 1) / DENSITY_VECTOR * DENSITY_VECTOR;
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
            to[i] = k == s->columns ? 0 : to[0];
        if (k < s->columns)
            b->addresses[k] = (uint64_t)(uintptr_t)to;
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

/* What sinter_density_set_all and settling do where nothing is wrong, in one go; where something is, settling is left to do. `slots`: NULL, or a frame's
 * parameters. They are written here, number by number: copied from `given` in larger steps they would wait for what was just written there. */
static void take(sinter_density_values *v, const double *parameters, uint64_t *slots)
{
    const sinter_density *d = v->density;
    bool valid = !d->related;
    for (uint32_t k = 0; k < d->parameter_count; k++) {
        const double value = parameters[k];
        v->set[k] = v->given[k] = value;
        if (slots)
            memcpy(&slots[k], &value, sizeof value);
        valid &= sn_density_is_within(d->ranges[k], value);
    }
    v->generation++;
    v->changed = !valid;
    v->overlaid = false;
    v->invalid = v->told = -1;
}

/* The frame of a variant that was there before. */
static density_frame *frame_of(sinter_density_values *v, const density_variant *variant)
{
    if (variant->number < v->frame_capacity && v->frames[variant->number])
        return v->frames[variant->number];
    return sn_density_frame(v, variant, 0);
}

/* By the nodes. Of these and those below, false: memory was refused. */
static bool stand_rows(const sinter_bound *b, sinter_density_values *v, double *log, double *gradient)
{
    density_frame *f = frame_of(v, gradient ? b->rest_sloped : b->rest);
    if (!f)
        return false;
    const uint32_t count = f->variant->results;
    const double start = b->has_reference ? b->constant : 0;
    const kernel_run run = sn_bound_renewed(v, f);
    if (b->filled == DENSITY_VECTOR && f->results) {
        const double *weights = (const double *)(const void *)sn_store_column(&b->standing, b->standing.columns);
        sn_bound_run_vector(&run, f, b->addresses, DENSITY_VECTOR);
        *log = start + vector_sum(f->results, weights, b->standing.count);
        for (uint32_t k = 1; k < count; k++)
            gradient[k - 1] = 0 + vector_sum(f->results + (size_t)k * DENSITY_VECTOR, weights, b->standing.count);
        return true;
    }
    double totals[SINTER_DENSITY_MOST + 1];
    for (uint32_t k = 0; k < count; k++)
        totals[k] = 0;
    totals[0] = start;
    sn_bound_add_rows(&run, f->direct, &b->standing, b->filled, totals);
    *log = totals[0];
    if (count > 1)
        memcpy(gradient, totals + 1, (count - 1) * sizeof *totals);
    return true;
}

/* By the means, if these will do. The value never depends on whether derivatives are wanted: where one of them is no number, those of the nodes stand in. */
static bool pool_rows(const sinter_bound *b, sinter_density_values *v, density_frame *f, double *log, double *gradient)
{
    const kernel_run run = sn_bound_renewed(v, f);
    sn_bound_run_vector(&run, f, b->pool.addresses, 1);
    if (!sn_bound_pooled(b, f->results, log, gradient))
        return false;
    bool finite = true;
    for (uint32_t k = 0; gradient && k < b->density->parameter_count; k++)
        finite = finite && isfinite(gradient[k]);
    const double value = *log;
    if (!finite && !stand_rows(b, v, log, gradient))
        return false;
    *log = value;
    return true;
}

/* Rows that stand for themselves. */
static bool add_odd_rows(const sinter_bound *b, sinter_density_values *v, double *log, double *gradient)
{
    double totals[SINTER_DENSITY_MOST + 1];
    density_frame *f = frame_of(v, gradient ? b->sloped : b->plain);
    if (!f)
        return false;
    const uint32_t count = f->variant->results;
    const kernel_run run = sn_bound_renewed(v, f);
    totals[0] = *log;
    for (uint32_t k = 1; k < count; k++)
        totals[k] = gradient[k - 1];
    sn_bound_add_rows(&run, f->direct, &b->rows, b->rows.count, totals);
    *log = totals[0];
    for (uint32_t k = 1; k < count; k++)
        gradient[k - 1] = totals[k];
    return true;
}

/* What is run first, if it was run before; else NULL. */
static density_frame *first_frame(const sinter_bound *b, const sinter_density_values *v, bool sloped)
{
    const density_variant *variant = b->pool.stands ? (sloped ? b->pool.sloped : b->pool.plain) : sloped ? b->rest_sloped : b->rest;
    return variant->number < v->frame_capacity ? v->frames[variant->number] : NULL;
}

/* Where its frame has parameters, if it is one that sn_bound_renewed brings up to date by these alone; else NULL. */
static uint64_t *parameter_slots(const sinter_bound *b, const sinter_density_values *v, bool sloped)
{
    const density_frame *f = first_frame(b, v, sloped);
    return f && f->direct && f->lanes[0].generation && f->variant->kernel->param_count == b->density->parameter_count
               ? f->lanes[0].frame + f->variant->kernel->frame.params : NULL;
}

static void run_segment(const sinter_density_values *v, density_frame *f)
{
    run_segment_of(f);
    f->lanes[0].generation = v->generation;
}

sinter_status sn_bound_log_at(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *log, double *gradient)
{
    uint64_t *slots = parameters && b->collapses ? parameter_slots(b, v, gradient != NULL) : NULL;
    if (parameters && b->collapses)
        take(v, parameters, slots);
    else if (parameters)
        sinter_density_set_all(v, parameters);
    if (!b->collapses)
        return sum_all(b, v, log, gradient);
    if ((v->changed || v->overlaid || v->invalid >= 0 || !v->generation) && !sn_density_settle(v, NULL))
        return invalid(b, log, gradient);
    density_frame *f = b->pool.stands ? frame_of(v, gradient ? b->pool.sloped : b->pool.plain) : NULL;
    if (b->pool.stands && !f)
        return SINTER_NO_MEMORY;
    const float_mode mode = sn_float_mode_enter();
    if (slots)
        run_segment(v, first_frame(b, v, gradient != NULL));
    const bool done = (f && pool_rows(b, v, f, log, gradient)) || stand_rows(b, v, log, gradient);
    const bool added = done && (!b->rows.count || add_odd_rows(b, v, log, gradient));
    sn_float_mode_leave(mode);
    for (uint32_t k = 0; added && gradient && isnan(*log) && k < b->density->parameter_count; k++)
        gradient[k] = NAN;
    return added ? SINTER_OK : SINTER_NO_MEMORY;
}

/* Values of f32 as those of the density in f64: what is valid there is valid here. NULL: memory was refused; *valid: they keep their constraints. */
static sinter_density_values *widened(const sinter_bound *b, sinter_density_values *v, const double *parameters, bool *valid)
{
    if (!v->wide && sinter_density_values_open(b->density, &v->wide))
        return NULL;
    if (parameters)
        sinter_density_set_all(v, parameters);
    *valid = sn_density_settle(v, NULL);
    sinter_density_set_all(v->wide, v->given);
    return v->wide;
}

sinter_status sinter_bound_log(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *log, double *gradient)
{
    bool valid;
    if (!b || !v || !log || v->density != b->given)
        return SINTER_BAD_ARGUMENT;
    if (b->density == b->given)
        return sn_bound_log_at(b, v, parameters, log, gradient);
    sinter_density_values *wide = widened(b, v, parameters, &valid);
    return !wide ? SINTER_NO_MEMORY : valid ? sn_bound_log_at(b, wide, NULL, log, gradient) : invalid(b, log, gradient);
}

/* Outputs of the curvature's kernel: derivatives by each parameter, then of the first by each, of the second, …. */
sinter_status sinter_bound_hessian(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *hessian)
{
    sinter_status status;
    density_shape shape;
    memset(&shape, 0, sizeof shape);
    if (!b || !v || !hessian || v->density != b->given || !b->collapses || b->rows.count || !b->data_part)
        return SINTER_BAD_ARGUMENT;
    const uint32_t count = b->density->parameter_count;
    if (count > MOST_CURVED)
        return SINTER_TOO_LARGE;
    shape.part = DENSITY_CURVATURE;
    for (uint32_t k = 0; k < count; k++)
        sn_density_include(&shape.by_parameter, k);
    bool valid = true;
    if (b->density != b->given)
        v = widened(b, v, parameters, &valid);
    else if (parameters)
        sinter_density_set_all(v, parameters);
    if (!v)
        return SINTER_NO_MEMORY;
    const density_variant *variant = count ? sn_density_variant(b->density, &shape, NULL, &status) : b->rest;
    if (!variant)
        return status;
    density_frame *f = sn_density_frame(v, variant, 0);
    if (!f)
        return SINTER_NO_MEMORY;
    valid = sn_density_settle(v, NULL) && valid;
    double totals[MOST_CURVED * (MOST_CURVED + 1) + 1] = {0};
    const float_mode mode = sn_float_mode_enter();
    if (valid && count) {
        const kernel_run run = sn_bound_renewed(v, f);
        const row_store *rows = variant->of_rows ? &b->nodes : &b->standing;
        sn_bound_add_rows(&run, f->direct, rows, variant->of_rows ? rows->count : b->filled, totals);
    }
    sn_float_mode_leave(mode);
    for (uint32_t k = 0; k < count * count; k++)
        hessian[k] = valid ? totals[count + k] : NAN;
    return valid ? SINTER_OK : SINTER_BAD_PARAMETER;
}

sinter_status sinter_bound_prepare(const sinter_bound *b, sinter_density_values *v, sinter_report *report)
{
    sn_report_open(report, "density");
    if (!b || !v || v->density != b->given)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "what is bound or values of its density are missing", NULL);
    if (b->density != b->given)
        v = widened(b, v, NULL, &(bool){false});
    if (!v)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
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
