/* Direct calls: the commonest ones, without the steps that find nothing to do.
 *
 * A batch or a sum with no arguments but what was set, of rows that make one chunk (of a sum one block), by this thread alone, of a kernel that is one loop of
 * machine code: its frame is remembered, and the call is a few comparisons, the addresses, the loop. Columns are contiguous, and so are weights, and no row is
 * missing; of a batch without weights rows may be apart or missing. The long way costs some 50 to 100 ns before the first row, as much as a thousand rows of a
 * normal density. The bits are those of the long way. */
#include "density/shapes.h"
#include "kernel/fold.h"

#include <string.h>

static bool is_one_block(const sinter_density_values *v, const sinter_density_data *data)
{
    const bool contiguous_weights = !data->weights.data || data->weights.stride == 1;
    return data->count > 0 && data->count <= PLAN_SUM_BLOCK && !data->parameters && contiguous_weights && data->validity_offset >= 0
           && (data->columns || !v->density->column_count);
}

/* Contiguous columns, and weights behind them, go into the first worker's frame; false: some are not. */
static inline bool place_columns(const sinter_density *d, const density_frame *f, const sinter_density_data *data)
{
    for (uint32_t k = 0; k < d->column_count; k++) {
        if (!data->columns[k].data || data->columns[k].stride != 1)
            return false;
        f->inputs[k] = (uint64_t)(uintptr_t)data->columns[k].data;
    }
    if (data->weights.data)
        f->inputs[d->column_count] = (uint64_t)(uintptr_t)data->weights.data;
    return true;
}

static bool is_settled(const sinter_density_values *v)
{
    return !v->changed && !v->overlaid && v->invalid < 0;
}

/* The values as they were when the last call ended, or made so; false: one is invalid, which the long way says. */
static bool settle(sinter_density_values *v)
{
    if (!is_settled(v) && !sn_density_settle(v, NULL))
        return false;
    v->told = -1;
    return true;
}

/* Rows that are apart, or missing. False: a column is not there, or memory for those that are apart. */
static bool batch_rows(sinter_density_values *v, const sinter_density_data *data, void *logs)
{
    const int64_t size = v->density->type == SINTER_F32 ? 4 : 8;
    density_rows r;
    r.values = v;
    r.frame = v->row;
    r.count = data->count;
    r.input_count = v->density->column_count;
    r.result_count = 1;
    r.staged = 0;
    r.scratch_log = r.masked = false;
    r.validity = data->validity;
    r.validity_offset = data->validity_offset;
    r.results[0] = logs;
    for (uint32_t k = 0; k < r.input_count; k++) {
        const sinter_density_argument *a = &data->columns[k];
        if (!a->data)
            return false;
        r.inputs[k] = (density_stream){a->data, a->stride * size, a->stride != 1};
        r.staged += a->stride != 1;
    }
    if ((size_t)r.staged * DENSITY_STAGE_BYTES > v->scratch_each)
        return false;
    sn_density_batch_span(&r, 0, 0, r.count);
    return true;
}

bool sn_density_batch_directly(sinter_density_values *v, const sinter_density_data *data, const sinter_density_results *results)
{
    density_frame *f = data && data->weights.data ? v->weighted : v->row;
    if (!f || !f->direct || !data || !is_one_block(v, data) || !results->logs || results->columns || results->parameters || !settle(v))
        return false;
    const kernel_run r = sn_density_run(v, f, 0);
    if (data->validity || !place_columns(v->density, f, data))
        return !data->weights.data && batch_rows(v, data, results->logs);
    r.frame[r.kernel->frame.outputs] = (uint64_t)(uintptr_t)results->logs;
    const float_mode mode = sn_float_mode_enter();
    f->direct(r.frame, 0, data->count);
    sn_float_mode_leave(mode);
    return true;
}

/* What machine code of short bodies does itself. */
__attribute__((noinline)) static void open_block(sinter_density_values *v, density_frame *f)
{
    const kernel_run r = sn_density_run(v, f, 0);
    sn_kernel_open_block(&r);
}

__attribute__((noinline)) static const double *fold_block(sinter_density_values *v, density_frame *f, double *totals)
{
    const kernel_run r = sn_density_run(v, f, 0);
    for (uint32_t k = 0; k < f->variant->results; k++)
        totals[k] = sn_kernel_fold(&r, k);
    return totals;
}

/* The sums of one variant's terms, in the default floating-point mode: where they are, perhaps in `totals`; NULL: a column is not contiguous. */
static inline const double *sum_frame(sinter_density_values *v, density_frame *f, const sinter_density_data *data, double *totals)
{
    if (f->lanes[0].generation != v->generation)
        sn_density_renew(v, f, 0);
    if (!place_columns(v->density, f, data))
        return NULL;
    if (!f->opens_blocks)
        open_block(v, f);
    f->direct(f->lanes[0].frame, 0, data->count);
    return f->folded ? f->folded : fold_block(v, f, totals);
}

static inline bool sum_factored(sinter_density_values *v, density_frame *f, const sinter_density_data *data, double *totals)
{
    const double *sums = f && sn_density_is_trusted(v, f) ? sum_frame(v, f, data, totals) : NULL;
    const bool narrow = v->density->type == SINTER_F32;
    bool good = sums != NULL;
    for (uint32_t k = 0; good && k < f->variant->results; k++)
        good = sn_density_accept_total(f->maps + 2 * k, sums[k], data->count, narrow, &totals[k]);
    return good;
}

/* The terms themselves: rarely. */
__attribute__((noinline)) static bool sum_terms(sinter_density_values *v, density_frame *f, const sinter_density_data *data, double *totals)
{
    const double *sums = sum_frame(v, f, data, totals);
    for (uint32_t k = 0; sums && k < f->variant->results; k++)
        totals[k] = sums[k] + 0.0; /* -0 is 0 */
    return sums != NULL;
}

bool sn_density_sum_directly(sinter_density_values *v, const sinter_density_data *data, bool gradient, double *totals)
{
    const density_sums *s = &v->sums[data && data->weights.data][gradient];
    if (!s->terms || !s->terms->direct || (s->factored && !s->factored->direct) || !data || data->validity || !is_one_block(v, data) || !settle(v))
        return false;
    const float_mode mode = sn_float_mode_enter();
    const bool done = sum_factored(v, s->factored, data, totals) || sum_terms(v, s->terms, data, totals);
    sn_float_mode_leave(mode);
    return done;
}
