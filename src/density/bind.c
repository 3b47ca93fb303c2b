/* Binding: rows come and go.
 *
 * Rows are read in pieces: columns side by side, whatever their strides, rows that are missing or have no weight left out. If the density collapses, a row's
 * monomials are added to exact sums (with the negative weight where it goes), and the row is forgotten; a row whose monomials are infinite or no number, or that
 * lies outside of the support, stands for itself. When all rows have come, a few rows are chosen anew. If it does not collapse, all rows are kept.
 *
 * What fails leaves things as they were: exact sums have no memory of what came and went again. */
#include "density/bound.h"

#include "lang/lang.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- rows in pieces ---- */

static size_t element_of(const sinter_density *d)
{
    return d->type == SINTER_F32 ? sizeof(float) : sizeof(double);
}

static bool is_missing(const sinter_density_data *data, int64_t row)
{
    const uint64_t bit = (uint64_t)(data->validity_offset + row);
    return data->validity && !(data->validity[bit / 8] >> bit % 8 & 1);
}

static double weight_at(const sinter_density *d, const sinter_density_data *data, int64_t row)
{
    const int64_t at = row * data->weights.stride;
    return data->weights.data ? sn_density_number_at(d, data->weights.data, at) : 1;
}

double sn_bound_weight(const sinter_bound *b, int64_t i)
{
    const void *weights = b->piece + (size_t)b->density->column_count * DENSITY_PIECE * element_of(b->density);
    return sn_density_number_at(b->density, weights, i);
}

/* A number of the caller's type into one of the type that is computed with. */
static void put_number(void *to, size_t to_size, const void *from, size_t from_size)
{
    float narrow;
    if (to_size == from_size) {
        memcpy(to, from, to_size);
        return;
    }
    memcpy(&narrow, from, sizeof narrow);
    memcpy(to, &(double){(double)narrow}, sizeof(double));
}

/* Rows [begin, end) of the call, as many as count, into the piece; their number. */
static int64_t load_piece(sinter_bound *b, const sinter_density_data *data, int64_t begin, int64_t end)
{
    const sinter_density *d = b->density;
    const size_t size = element_of(d), given = element_of(b->given), column = DENSITY_PIECE * size;
    int64_t kept = 0;
    for (int64_t row = begin; row < end; row++) {
        if (is_missing(data, row))
            continue;
        const double weight = weight_at(b->given, data, row);
        if (weight == 0)
            continue;
        uint8_t *to = b->piece + (size_t)kept++ * size;
        for (uint32_t k = 0; k < d->column_count; k++)
            put_number(to + k * column, size, (const uint8_t *)data->columns[k].data + row * data->columns[k].stride * (int64_t)given, given);
        if (size == sizeof(float))
            memcpy(to + d->column_count * column, &(float){(float)weight}, size);
        else
            memcpy(to + d->column_count * column, &weight, size);
    }
    return kept;
}

typedef sinter_status (*piece_visitor)(sinter_bound *b, int64_t rows, void *context);

/* Calls `visit` for each piece of rows [0, end); *done rows are through when it says something else than SINTER_OK. */
static sinter_status walk(sinter_bound *b, const sinter_density_data *data, int64_t end, piece_visitor visit, void *context, int64_t *done)
{
    sinter_status status = SINTER_OK;
    for (*done = 0; *done < end && !status;) {
        const int64_t next = end - *done < DENSITY_PIECE ? end : *done + DENSITY_PIECE, rows = load_piece(b, data, *done, next);
        status = rows ? visit(b, rows, context) : SINTER_OK;
        if (!status)
            *done = next;
    }
    return status;
}

/* ---- into sums ---- */

/* False where the row stands for itself. */
static bool find_atoms(sinter_bound *b, int64_t i)
{
    for (uint32_t k = 0; k < b->density->column_count; k++)
        b->row[k] = ((const double *)(const void *)b->piece)[(size_t)k * DENSITY_PIECE + (size_t)i];
    if (!sn_density_atoms(&b->separation, b->row, b->values, b->atoms))
        return false;
    for (uint32_t k = 0; k < b->separation.atom_count; k++)
        if (!isfinite(b->atoms[k].hi))
            return false;
    return isfinite(sn_bound_weight(b, i));
}

typedef struct passage {
    double sign;    /* 1: rows come; −1: they go */
    bool offer;     /* rows may become nodes */
    bool store;     /* those that stand for themselves are kept */
    bool reference; /* their log-densities at the reference are added up too */
} passage;

static sinter_status pass_piece(sinter_bound *b, int64_t rows, void *context)
{
    const passage *p = context;
    sinter_status status = SINTER_OK;
    if (p->store && !sn_store_reserve(&b->rows, rows))
        return SINTER_NO_MEMORY;
    if (p->reference)
        status = sn_bound_log_piece(b, rows);
    for (int64_t i = 0; i < rows && !status; i++) {
        const double weight = p->sign * sn_bound_weight(b, i);
        if (!find_atoms(b, i) || !sn_density_count_row(&b->compression, b->atoms, weight)) {
            if (p->store)
                sn_store_add(&b->rows, b->piece, DENSITY_PIECE, i);
            continue;
        }
        if (p->offer)
            sn_density_offer_row(&b->compression, b->row, b->atoms);
        if (p->reference)
            sn_exact_add_product(&b->at_reference, weight, b->logs[i]);
    }
    return status;
}

/* The log-densities at a reference that was chosen when rows were there already. */
static sinter_status refer_piece(sinter_bound *b, int64_t rows, void *context)
{
    (void)context;
    const sinter_status status = sn_bound_log_piece(b, rows);
    for (int64_t i = 0; i < rows && !status; i++)
        if (find_atoms(b, i))
            sn_exact_add_product(&b->at_reference, sn_bound_weight(b, i), b->logs[i]);
    return status;
}

static sinter_status store_piece(sinter_bound *b, int64_t rows, void *context)
{
    row_store *to = context;
    if (!sn_store_reserve(to, rows))
        return SINTER_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++)
        sn_store_add(to, b->piece, DENSITY_PIECE, i);
    return SINTER_OK;
}

/* Those that stand for themselves. */
static sinter_status collect_piece(sinter_bound *b, int64_t rows, void *context)
{
    row_store *to = context;
    if (!sn_store_reserve(to, rows))
        return SINTER_NO_MEMORY;
    for (int64_t i = 0; i < rows; i++)
        if (!find_atoms(b, i))
            sn_store_add(to, b->piece, DENSITY_PIECE, i);
    return SINTER_OK;
}

/* ---- nodes ---- */

typedef struct farthest {
    double deviation;
    bool found;
} farthest;

static sinter_status seek_piece(sinter_bound *b, int64_t rows, void *context)
{
    farthest *f = context;
    for (int64_t i = 0; i < rows; i++) {
        if (!find_atoms(b, i))
            continue;
        const double deviation = sn_density_deviation(&b->compression, b->atoms);
        if (!(deviation > f->deviation))
            continue;
        /* The place that comes next is overwritten until the farthest is there. */
        b->compression.added -= f->found;
        sn_density_add_candidate(&b->compression, b->row, b->atoms);
        *f = (farthest){deviation, true};
    }
    return SINTER_OK;
}

/* `data`: rows that have just come, among which those lie that are beside the plane of the rows before; NULL: none have. */
static void choose_nodes(sinter_bound *b, const sinter_density_data *data)
{
    density_compression *c = &b->compression;
    for (uint32_t turn = 0; !sn_density_choose_rows(c) && data && turn < b->separation.monomial_count; turn++) {
        farthest f = {0, false};
        int64_t done;
        walk(b, data, data->count, seek_piece, &f, &done);
        if (!f.found)
            break;
    }
    b->nodes.count = 0;
    for (uint32_t j = 0; j < c->node_count; j++) {
        if (c->weights[j] == 0)
            continue;
        double *at = (double *)(void *)b->nodes.data + b->nodes.count++;
        for (uint32_t k = 0; k < b->density->column_count; k++)
            at[(int64_t)k * b->nodes.capacity] = c->candidates[c->nodes[j]].row[k];
        at[(int64_t)b->density->column_count * b->nodes.capacity] = c->weights[j];
    }
    sn_bound_stand(b);
    sn_bound_pool_rows(b);
    if (b->has_reference)
        sn_bound_find_constant(b);
}

/* ---- coming and going ---- */

static bool are_rows(const sinter_density *d, const sinter_density_data *data)
{
    if (!data || data->count < 0 || data->validity_offset < 0 || (d->column_count && !data->columns))
        return false;
    for (uint32_t k = 0; k < d->column_count; k++)
        if (!data->columns[k].data)
            return false;
    for (uint32_t k = 0; data->parameters && k < d->parameter_count; k++)
        if (data->parameters[k].data)
            return false;
    return true;
}

static int64_t count_rows(const sinter_bound *b, const sinter_density_data *data)
{
    int64_t count = 0;
    for (int64_t row = 0; row < data->count; row++)
        count += !is_missing(data, row) && weight_at(b->given, data, row) != 0;
    return count;
}

static sinter_status append_rows(sinter_bound *b, const sinter_density_data *data)
{
    int64_t done, undone;
    const int64_t stored = b->rows.count;
    passage come = {1, true, true, b->has_reference}, back = {-1, false, false, b->has_reference};
    const sinter_status status = b->collapses ? walk(b, data, data->count, pass_piece, &come, &done)
                                 : walk(b, data, data->count, store_piece, &b->rows, &done);
    if (!status)
        return status;
    b->rows.count = stored;
    if (b->collapses)
        walk(b, data, done, pass_piece, &back, &undone);
    return status;
}

sinter_status sinter_bound_append(sinter_bound *b, const sinter_density_data *data)
{
    if (!b || !are_rows(b->density, data))
        return SINTER_BAD_ARGUMENT;
    const sinter_status status = append_rows(b, data);
    if (status)
        return status;
    b->count += count_rows(b, data);
    if (b->collapses)
        choose_nodes(b, data);
    return SINTER_OK;
}

void sn_bound_take_back(sinter_bound *b, const sinter_density_data *data, int64_t kept)
{
    int64_t done;
    passage back = {-1, false, false, b->has_reference};
    b->rows.count = kept;
    b->count -= count_rows(b, data);
    if (!b->collapses)
        return;
    walk(b, data, data->count, pass_piece, &back, &done);
    choose_nodes(b, NULL);
}

sinter_status sn_bound_find_rows(sinter_bound *b, const sinter_density_data *data, uint8_t **leaves)
{
    row_store gone;
    int64_t done;
    *leaves = NULL;
    if (!b || !are_rows(b->density, data) || count_rows(b, data) > b->count)
        return SINTER_BAD_ARGUMENT;
    sn_store_open(&gone, &b->density->context->allocator, b->density->column_count, (uint32_t)element_of(b->density));
    const sinter_status status = walk(b, data, data->count, b->collapses ? collect_piece : store_piece, &gone, &done);
    const store_result result = status ? STORE_DONE : sn_store_find(&b->rows, &gone, leaves);
    sn_store_close(&gone);
    return status ? status : result == STORE_DONE ? SINTER_OK : result == STORE_MISSING ? SINTER_BAD_ARGUMENT : SINTER_NO_MEMORY;
}

void sn_bound_leave_rows(const sinter_bound *b, uint8_t *leaves)
{
    sn_store_leave(&b->rows, leaves);
}

sinter_status sn_bound_take_out(sinter_bound *b, const sinter_density_data *data, uint8_t *leaves)
{
    int64_t done;
    passage go = {-1, false, false, b->has_reference};
    sn_store_take_out(&b->rows, leaves);
    const sinter_status status = b->collapses ? walk(b, data, data->count, pass_piece, &go, &done) : SINTER_OK;
    if (status)
        return status;
    b->count -= count_rows(b, data);
    if (b->collapses)
        choose_nodes(b, NULL);
    return SINTER_OK;
}

sinter_status sinter_bound_remove(sinter_bound *b, const sinter_density_data *data)
{
    uint8_t *leaves;
    const sinter_status status = sn_bound_find_rows(b, data, &leaves);
    return status ? status : sn_bound_take_out(b, data, leaves);
}

/* ---- opening ---- */

/* A stable form of a family does not show that it is a sum of products; log h + η·T − A does. Where that tells no more, the reason is that of the form that is
 * computed. */
static sinter_status separate(sinter_bound *b)
{
    const sinter_density *d = b->density;
    ir_program derived;
    const sinter_status status = sn_density_read_derived(d, &b->derived, &derived);
    if (status == SINTER_NO_MEMORY)
        return status;
    if (!status) {
        const sinter_status done = sn_density_separate(&b->separation, &derived, &b->own);
        b->is_derived = !b->separation.reason;
        if (done || b->is_derived)
            return done;
    }
    return sn_density_separate(&b->separation, &d->program, &b->own);
}

/* The density in f64: f32 numbers are such numbers too, and in them statistics have exact sums. One that is of f32 by what its text says has none. */
static sinter_status open_wide(sinter_density *d)
{
    sinter_density_options o = d->options;
    double *fixed = sn_allocate(&d->context->allocator, (o.fixed_count + 1) * sizeof *fixed);
    if (!fixed)
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < o.fixed_count; k++)
        fixed[k] = (double)(float)o.fixed_values[k];
    o.type = SINTER_F64;
    o.fixed_values = fixed;
    o.threads = 1;
    pthread_mutex_lock(&d->lock);
    const sinter_status status = d->wide ? SINTER_OK : sn_density_open_wide(d, &o, &d->wide);
    pthread_mutex_unlock(&d->lock);
    sn_release(&d->context->allocator, fixed, (o.fixed_count + 1) * sizeof *fixed);
    return status;
}

/* With what is computed, and whether it collapses. */
static sinter_status choose_density(sinter_bound *b)
{
    if (b->given->type == SINTER_F64)
        return separate(b);
    sinter_status status = open_wide(b->given);
    if (status) {
        b->separation.reason = "numbers are f32, and the text cannot be read as one of f64";
        return status == SINTER_NO_MEMORY ? status : SINTER_OK;
    }
    b->density = b->given->wide;
    status = separate(b);
    if (b->separation.reason)
        b->density = b->given;
    return status;
}

static bool take_memory(sinter_bound *b)
{
    const sinter_density *d = b->density;
    const density_separation *s = &b->separation;
    const sinter_allocator *a = &d->context->allocator;
    sn_store_open(&b->nodes, a, d->column_count, sizeof(double));
    sn_store_open(&b->rows, a, d->column_count, (uint32_t)element_of(d));
    b->piece = sn_arena_take(&b->own, (size_t)(d->column_count + 1) * DENSITY_PIECE * sizeof(double));
    b->row = sn_arena_take(&b->own, (d->column_count + 1) * sizeof *b->row);
    b->logs = sn_arena_take(&b->own, DENSITY_PIECE * sizeof *b->logs);
    if (b->own.failed || !b->collapses)
        return !b->own.failed;
    b->values = sn_arena_take(&b->own, s->program.count * sizeof *b->values);
    b->atoms = sn_arena_take(&b->own, (s->atom_count + 1) * sizeof *b->atoms);
    b->addresses = sn_arena_take(&b->own, (b->rest->kernel->input_count + 1u) * sizeof *b->addresses);
    sn_store_open(&b->standing, a, b->rest->kernel->input_count, sizeof(double));
    return sn_density_open_compression(&b->compression, s, d->column_count, &b->own) && sn_store_reserve(&b->nodes, s->monomial_count)
           && sn_store_reserve(&b->standing, s->monomial_count + DENSITY_VECTOR) && !sinter_density_values_open(b->density, &b->reference)
           && (!b->data_part || sn_density_frame(b->reference, b->data_part, 0)) && (!b->pool.is_there || sn_density_frame(b->reference, b->pool.plain, 0));
}

const density_variant *sn_bound_variant(sinter_bound *b, density_part part, bool sloped, sinter_report *report, sinter_status *status)
{
    density_shape shape;
    memset(&shape, 0, sizeof shape);
    shape.part = part;
    for (uint32_t k = 0; sloped && k < b->density->parameter_count; k++)
        sn_density_include(&shape.by_parameter, k);
    return sn_density_variant(b->density, &shape, report, status);
}

static sinter_status compile_parts(sinter_bound *b, sinter_report *report)
{
    sinter_status status;
    b->data_part = sn_bound_variant(b, DENSITY_DATA_PART, false, report, &status);
    if (status == SINTER_TOO_LARGE) {
        b->rest = b->plain;
        b->rest_sloped = b->sloped;
        return SINTER_OK;
    }
    if (!status)
        b->rest = sn_bound_variant(b, DENSITY_REST, false, report, &status);
    if (!status)
        b->rest_sloped = sn_bound_variant(b, DENSITY_REST, true, report, &status);
    return status;
}

static sinter_status compile(sinter_bound *b, sinter_report *report)
{
    sinter_status status;
    b->plain = sn_bound_variant(b, DENSITY_WHOLE, false, report, &status);
    if (!status)
        b->sloped = sn_bound_variant(b, DENSITY_WHOLE, true, report, &status);
    return !status && b->collapses ? compile_parts(b, report) : status;
}

/* All rows are kept, because of the reason. */
static sinter_status keep_all(sinter_bound *b, const sinter_density_data *data, const char *reason)
{
    b->collapses = false;
    b->has_reference = false;
    b->reason = reason;
    b->rows.count = 0;
    return append_rows(b, data);
}

static sinter_status open_rows(sinter_bound *b, const sinter_density_data *data)
{
    int64_t done;
    sinter_status status = append_rows(b, data);
    if (status || !b->collapses)
        return status;
    choose_nodes(b, data);
    if (!b->separation.remainder)
        return SINTER_OK;
    if (!sn_bound_choose_reference(b))
        return keep_all(b, data, "no parameters were found at which the rows are likely");
    sn_exact_open(&b->at_reference);
    status = walk(b, data, data->count, refer_piece, NULL, &done);
    b->has_reference = true;
    if (!status)
        sn_bound_find_constant(b);
    if (!status && !isfinite(b->constant))
        return keep_all(b, data, "no parameters were found at which all rows are likely");
    return status;
}

static sinter_status open_whole(sinter_bound *b, const sinter_density_data *data, sinter_report *report)
{
    sinter_status status = choose_density(b);
    if (status)
        return status;
    b->collapses = b->separation.reason == NULL;
    b->reason = b->collapses ? "" : b->separation.reason;
    status = compile(b, report);
    if (!status && b->collapses && b->is_derived)
        status = sn_bound_open_pool(b, report);
    if (status)
        return status;
    if (!take_memory(b))
        return SINTER_NO_MEMORY;
    status = open_rows(b, data);
    if (!status)
        b->count = count_rows(b, data);
    return status;
}

sinter_status sinter_density_bind(sinter_density *d, const sinter_density_data *data, sinter_bound **bound, sinter_report *report)
{
    sn_report_open(report, d && d->options.name ? d->options.name : "density");
    if (bound)
        *bound = NULL;
    if (!d || !bound || !are_rows(d, data))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "the density, columns or a place for what is bound are missing, or a parameter is given", NULL);
    sinter_bound *b = sn_allocate(&d->context->allocator, sizeof *b);
    if (!b)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    memset(b, 0, sizeof *b);
    b->given = b->density = d;
    b->size = sizeof *b;
    sn_arena_open(&b->own, &d->context->allocator);
    sn_arena_open(&b->derived, &d->context->allocator);
    const sinter_status status = open_whole(b, data, report);
    if (!status) {
        *bound = b;
        return status;
    }
    sinter_bound_close(b);
    if (report && report->total == 0)
        sn_report_fail(report, status, status == SINTER_NO_MEMORY ? "out of memory" : sinter_status_name(status), NULL);
    return status;
}

void sinter_bound_close(sinter_bound *b)
{
    if (!b)
        return;
    const sinter_allocator a = b->density->context->allocator;
    sinter_density_values_close(b->reference);
    sn_store_close(&b->standing);
    sn_store_close(&b->nodes);
    sn_store_close(&b->rows);
    sn_arena_close(&b->own);
    sn_arena_close(&b->derived);
    sn_release(&a, b, b->size);
}

sinter_bound_info sinter_bound_describe(const sinter_bound *b)
{
    if (!b)
        return (sinter_bound_info){.reason = "nothing was given"};
    return (sinter_bound_info){.collapses = b->collapses, .reason = b->reason, .rows = b->count, .statistics = b->collapses ? b->separation.monomial_count : 0,
                               .standing_rows = b->nodes.count, .kept_rows = b->rows.count, .cancellation = b->collapses ? b->compression.spread : 1};
}
