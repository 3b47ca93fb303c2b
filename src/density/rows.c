/* Rows: a call's rows in pieces, alone or by several threads.
 *
 * Where all arrays are such that the kernel can read and write them, a worker runs whole spans. Else it goes by pieces of DENSITY_PIECE rows, for which
 * strided columns are gathered into its scratch memory, one value for all rows is written there once, and weights and validity are made into one
 * column: the weight, or 0 for a row that is missing.
 *
 * A batch's rows know nothing of each other, so any cutting gives the same bits. Sums are cut at multiples of a power of two of blocks: the total of
 * such a span is a whole branch of the tree that one worker alone would have built. Exact sums need no such care. */
#include "density/shapes.h"

#include <math.h>
#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static size_t element_size(const density_rows *r)
{
    return r->values->density->type == SINTER_F32 ? 4 : 8;
}

static uint8_t *scratch_of(const density_rows *r, int worker, uint32_t slot)
{
    uint8_t *base = r->values->scratch;
    base += -(uintptr_t)base & 63;
    return base + (size_t)worker * r->values->scratch_each + (size_t)slot * DENSITY_STAGE_BYTES;
}

/* ---- staging ---- */

typedef double pair __attribute__((vector_size(16)));

static inline pair two_of(const uint8_t *from, int64_t stride)
{
    double first, second;
    memcpy(&first, from, 8);
    memcpy(&second, from + stride, 8);
    return (pair){first, second};
}

/* Fixed sizes, so that copying a number is one move; two are stored at once, since stores are what there are fewest of. */
static void gather_8(uint8_t *to, const uint8_t *from, int64_t stride, int64_t n)
{
    int64_t i = 0;
    for (; i + 4 <= n; i += 4, from += 4 * stride) {
        const pair first = two_of(from, stride), second = two_of(from + 2 * stride, stride);
        memcpy(to + 8 * i, &first, sizeof first);
        memcpy(to + 8 * i + 16, &second, sizeof second);
    }
    for (; i < n; i++, from += stride)
        memcpy(to + 8 * i, from, 8);
}

static void gather_4(uint8_t *to, const uint8_t *from, int64_t stride, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + 4 * i, from + i * stride, 4);
}

static void gather(const density_rows *r, uint8_t *to, const density_stream *s, int64_t begin, int64_t n)
{
    if (element_size(r) == 8)
        gather_8(to, s->data + begin * s->stride, s->stride, n);
    else
        gather_4(to, s->data + begin * s->stride, s->stride, n);
}

enum { FEW_BITS = 56 }; /* that lie within 8 bytes, wherever they begin */

/* Of the n rows from `row` on, at most FEW_BITS, a bit for each that is missing. No byte is read that has no bit of the call's rows. */
static uint64_t find_missing(const density_rows *r, int64_t row, int64_t n)
{
    const uint64_t first = (uint64_t)(r->validity_offset + row), shift = first % 8;
    uint64_t bits = 0;
    if (first / 8 + sizeof bits <= ((uint64_t)r->validity_offset + (uint64_t)r->count + 7) / 8)
        memcpy(&bits, r->validity + first / 8, sizeof bits); /* one move */
    else
        memcpy(&bits, r->validity + first / 8, (shift + (uint64_t)n + 7) / 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    return ~(bits >> shift) & (((uint64_t)1 << n) - 1);
}

/* Anywhere. */
static void fill(const density_rows *r, uint8_t *to, double value, int64_t n)
{
    const float narrow = (float)value;
    if (element_size(r) == 8)
        for (int64_t i = 0; i < n; i++)
            memcpy(to + 8 * i, &value, 8);
    else
        for (int64_t i = 0; i < n; i++)
            memcpy(to + 4 * i, &narrow, 4);
}

/* The value, at each bit of the set. */
static void put(const density_rows *r, uint8_t *to, double value, uint64_t set)
{
    const float narrow = (float)value;
    if (element_size(r) == 8)
        for (; set; set &= set - 1)
            memcpy(to + 8 * __builtin_ctzll(set), &value, 8);
    else
        for (; set; set &= set - 1)
            memcpy(to + 4 * __builtin_ctzll(set), &narrow, 4);
}

static void put_missing(const density_rows *r, uint8_t *to, double value, int64_t begin, int64_t n)
{
    for (int64_t at = 0; at < n; at += FEW_BITS)
        put(r, to + (size_t)at * element_size(r), value, find_missing(r, begin + at, least(FEW_BITS, n - at)));
}

/* The last input: weights, of rows that are there. */
static void stage_weights(const density_rows *r, uint8_t *to, const density_stream *s, int64_t begin, int64_t n)
{
    if (s->data)
        gather(r, to, s, begin, n);
    else
        fill(r, to, 1, n);
    if (r->validity)
        put_missing(r, to, 0, begin, n);
}

/* Where the kernel finds the rows [begin, begin + n); `first` of a span: what is the same for all rows is written then. */
static void place_inputs(const density_rows *r, int worker, int64_t begin, int64_t n, bool first, const void **inputs)
{
    uint32_t slot = 0;
    for (uint32_t k = 0; k < r->input_count; k++) {
        const density_stream *s = &r->inputs[k];
        if (!s->staged) {
            inputs[k] = s->data + begin * s->stride;
            continue;
        }
        uint8_t *to = scratch_of(r, worker, slot++);
        inputs[k] = to;
        if (r->masked && k == r->input_count - 1)
            stage_weights(r, to, s, begin, n);
        else if (first || s->stride)
            gather(r, to, s, begin, n);
    }
}

static void place_results(const density_rows *r, int worker, int64_t begin, void **results)
{
    for (uint32_t k = 0; k < r->result_count; k++)
        results[k] = r->results[k] ? r->results[k] + (size_t)begin * element_size(r) : NULL;
    if (r->scratch_log)
        results[0] = scratch_of(r, worker, r->staged - 1);
}

/* ---- batches ---- */

static void run_piece(const density_rows *r, const kernel_run *run, const void *const *inputs, void *const *results, int64_t n)
{
    const plan_frame *f = &run->kernel->frame;
    if (!r->frame->direct) {
        sn_kernel_stream(run, &(sinter_arguments){.inputs = inputs, .outputs = results, .count = n}, 0, n, 0);
        return;
    }
    for (uint32_t k = 0; k < r->input_count; k++)
        run->frame[f->inputs + k] = (uint64_t)(uintptr_t)inputs[k];
    for (uint32_t k = 0; k < r->result_count; k++)
        run->frame[f->outputs + k] = (uint64_t)(uintptr_t)results[k];
    const float_mode mode = sn_float_mode_enter();
    r->frame->direct(run->frame, 0, n);
    sn_float_mode_leave(mode);
}

static void batch_piece(const density_rows *r, const kernel_run *run, int worker, int64_t begin, int64_t n, bool first)
{
    const void *inputs[DENSITY_MOST_STREAMS];
    void *results[DENSITY_MOST_STREAMS];
    place_inputs(r, worker, begin, n, first, inputs);
    place_results(r, worker, begin, results);
    run_piece(r, run, inputs, results, n);
    for (uint32_t k = 0; r->validity && k < r->result_count; k++)
        put_missing(r, results[k], NAN, begin, n);
}

static int64_t piece_of(const density_rows *r, int64_t n)
{
    return r->staged ? DENSITY_PIECE : n;
}

void sn_density_batch_span(const density_rows *r, int worker, int64_t begin, int64_t end)
{
    const kernel_run run = sn_density_run(r->values, r->frame, worker);
    /* Missing rows lose their results while these are near. */
    const int64_t piece = r->validity && !r->staged ? DENSITY_NEAR : piece_of(r, end - begin);
    for (int64_t at = begin; at < end; at += piece)
        batch_piece(r, &run, worker, at, least(piece, end - at), at == begin);
}

/* ---- sums ---- */

/* Of streams that the kernel reads where they are, by its only loop. Little stands between one block's last row and the next one's first, so that the processor
 * goes on reading meanwhile: what it waits for in large sums. */
static void sum_blocks(const density_rows *r, const kernel_run *run, int64_t begin, int64_t end, kernel_carries *totals)
{
    uint64_t *inputs = &run->frame[run->kernel->frame.inputs];
    for (int64_t block = begin; block < end; block += PLAN_SUM_BLOCK) {
        for (uint32_t k = 0; k < r->input_count; k++)
            inputs[k] = (uint64_t)(uintptr_t)(r->inputs[k].data + block * r->inputs[k].stride);
        sn_kernel_open_block(run);
        r->frame->direct(run->frame, 0, least(PLAN_SUM_BLOCK, end - block));
        sn_kernel_close_block(run, totals);
    }
}

/* Whole blocks from `begin` on, but perhaps for the last row's. */
static void sum_span(const density_rows *r, int worker, int64_t begin, int64_t end, kernel_carries *totals)
{
    const void *inputs[DENSITY_MOST_STREAMS];
    const kernel_run run = sn_density_run(r->values, r->frame, worker);
    const bool directly = r->frame->direct && !r->staged;
    const float_mode mode = sn_float_mode_enter();
    for (uint32_t k = 0; k < r->result_count; k++)
        totals[k].count = 0;
    if (directly)
        sum_blocks(r, &run, begin, end, totals);
    for (int64_t block = begin; !directly && block < end; block += PLAN_SUM_BLOCK) {
        const int64_t stop = least(block + PLAN_SUM_BLOCK, end), piece = piece_of(r, PLAN_SUM_BLOCK);
        sn_kernel_open_block(&run);
        for (int64_t at = block; at < stop; at += piece) {
            const int64_t n = least(piece, stop - at);
            place_inputs(r, worker, at, n, at == begin, inputs);
            sn_kernel_add_piece(&run, &(sinter_arguments){.inputs = inputs}, at - block, n);
        }
        sn_kernel_close_block(&run, totals);
    }
    sn_float_mode_leave(mode);
}

static unsigned kernel_type(const density_rows *r)
{
    return r->values->density->type == SINTER_F32 ? IR_F32 : IR_F64;
}

static void finish_sums(const density_rows *r, const kernel_carries *all, double *totals)
{
    for (uint32_t k = 0; k < r->result_count; k++)
        totals[k] = sn_kernel_combine_carries(&all[k], kernel_type(r)) + 0.0; /* no rows, or −0: 0 */
}

/* ---- exact sums ---- */

static void add_narrow(exact_sum *s, const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sn_exact_add(s, (double)values[i]);
}

static void exact_span(const density_rows *r, int worker, int64_t begin, int64_t end, exact_sum *sum)
{
    const kernel_run run = sn_density_run(r->values, r->frame, worker);
    const void *logs = scratch_of(r, worker, r->staged - 1), *inputs[DENSITY_MOST_STREAMS];
    for (int64_t at = begin; at < end; at += DENSITY_PIECE) {
        const int64_t n = least(DENSITY_PIECE, end - at);
        place_inputs(r, worker, at, n, at == begin, inputs);
        sn_kernel_stream(&run, &(sinter_arguments){.inputs = inputs, .outputs = (void *[]){scratch_of(r, worker, r->staged - 1)}, .count = n}, 0, n, 0);
        if (element_size(r) == 8)
            sn_exact_add_all(sum, logs, n);
        else
            add_narrow(sum, logs, n);
    }
}

/* ---- by several threads ---- */

typedef enum share_kind { SHARE_BATCH, SHARE_SUM, SHARE_EXACT } share_kind;

typedef struct share {
    const density_rows *rows;
    share_kind kind;
    int64_t span;  /* rows of each, but the last */
    int64_t spans;
    int64_t next;  /* the first that nobody has taken */
    exact_sum *sum;
    pthread_mutex_t joining;
} share;

static int64_t take_span(share *s)
{
    return __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED);
}

static void work(void *context, int worker)
{
    share *s = context;
    const density_rows *r = s->rows;
    exact_sum own;
    sn_exact_open(&own);
    for (int64_t k = take_span(s); k < s->spans; k = take_span(s)) {
        const int64_t begin = k * s->span, end = least(begin + s->span, r->count);
        if (s->kind == SHARE_BATCH)
            sn_density_batch_span(r, worker, begin, end);
        else if (s->kind == SHARE_SUM)
            sum_span(r, worker, begin, end, &r->values->carries[k * r->result_count]);
        else
            exact_span(r, worker, begin, end, &own);
    }
    if (s->kind != SHARE_EXACT)
        return;
    pthread_mutex_lock(&s->joining);
    sn_exact_join(s->sum, &own);
    pthread_mutex_unlock(&s->joining);
}

static int64_t span_of(share_kind kind, int64_t count)
{
    int64_t span = DENSITY_SPAN;
    while (kind == SHARE_SUM && (count + span - 1) / span > DENSITY_MOST_SPANS)
        span *= 2;
    return span;
}

/* False: there are no threads, none to spare, or not enough rows to wake them for. */
static bool share_out(const density_rows *r, share_kind kind, exact_sum *sum, share *s)
{
    sinter_density *d = r->values->density;
    const int64_t span = span_of(kind, r->count);
    if (!d->pool || r->count <= span || pthread_mutex_trylock(&d->pooled) != 0)
        return false;
    *s = (share){.rows = r, .kind = kind, .span = span, .spans = (r->count + span - 1) / span, .sum = sum};
    pthread_mutex_init(&s->joining, NULL);
    sn_threads_run(d->pool, work, s);
    pthread_mutex_destroy(&s->joining);
    pthread_mutex_unlock(&d->pooled);
    return true;
}

void sn_density_batch_rows(density_rows *r)
{
    share s;
    if (!share_out(r, SHARE_BATCH, NULL, &s))
        sn_density_batch_span(r, 0, 0, r->count);
}

void sn_density_sum_rows(density_rows *r, double *totals)
{
    share s;
    kernel_carries all[KERNEL_MOST_TOTALS];
    if (!share_out(r, SHARE_SUM, NULL, &s)) {
        sum_span(r, 0, 0, r->count, all);
        finish_sums(r, all, totals);
        return;
    }
    kernel_carries *spans = r->values->carries;
    for (int64_t span = 1; span < s.spans; span++)
        for (uint32_t k = 0; k < r->result_count; k++)
            sn_kernel_join_carries(&spans[k], &spans[span * r->result_count + k], kernel_type(r));
    finish_sums(r, spans, totals);
}

double sn_density_sum_rows_exactly(density_rows *r)
{
    share s;
    exact_sum sum;
    sn_exact_open(&sum);
    if (!share_out(r, SHARE_EXACT, &sum, &s))
        exact_span(r, 0, 0, r->count, &sum);
    return sn_exact_value(&sum);
}
