/* Rows bound by groups: those whose columns choose the same numbers are bound together, as a cell.
 *
 * Within a cell every parameter is one number, so what sinter_density_bind makes of its rows serves as it is: where it collapses the log-likelihood is
 * the sum of as many short ones as there are groups. If the first group does not collapse no other would, and the rows are kept as they came.
 *
 * Rows come and go by cells as well. So that nothing has changed where memory is refused half-way, all that may be refused is done first: rows that come are
 * appended cell by cell and taken back where a later cell refuses; rows that go are looked for in all cells before any loses one. */
#include "density/bound.h"
#include "density/groups.h"

#include <string.h>

typedef struct groups_cell {
    sinter_bound *bound;
    uint32_t *places; /* for each choice: which of its numbers; memory of its own */
} groups_cell;

struct sinter_groups_bound {
    sinter_groups *groups;
    sinter_allocator allocator;
    groups_cell *cells; /* by ascending places */
    int64_t cell_count, cell_capacity;
    bool keeps;         /* rows, in the order in which they came */
    row_store rows;
    sinter_density_argument *columns; /* theirs */
    double *gradient;   /* of a cell, by the density's parameters */
};

/* ---- cells ---- */

static size_t places_bytes(const sinter_groups_bound *b)
{
    return (b->groups->choice_count + 1u) * sizeof(uint32_t);
}

static void close_cell(const sinter_groups_bound *b, groups_cell *cell)
{
    sinter_bound_close(cell->bound);
    sn_release(&b->allocator, cell->places, places_bytes(b));
    *cell = (groups_cell){NULL, NULL};
}

static bool reserve_cells(sinter_groups_bound *b, int64_t more)
{
    if (more <= b->cell_capacity - b->cell_count)
        return true;
    const int64_t capacity = b->cell_count + (more > b->cell_count / 2 ? more : b->cell_count / 2) + 1;
    groups_cell *larger = sn_allocate(&b->allocator, (size_t)capacity * sizeof *larger);
    if (!larger)
        return false;
    if (b->cell_count)
        memcpy(larger, b->cells, (size_t)b->cell_count * sizeof *larger);
    sn_release(&b->allocator, b->cells, (size_t)b->cell_capacity * sizeof *b->cells);
    b->cells = larger;
    b->cell_capacity = capacity;
    return true;
}

/* The group of a row of the ordering before, at or behind that of a cell: -1, 0, 1. */
static int compare_places(const sinter_groups_bound *b, const groups_ordering *o, int64_t at, const groups_cell *cell)
{
    for (uint32_t k = 0; k < b->groups->choice_count; k++) {
        const uint32_t place = o->places[k][o->rows[at]];
        if (place != cell->places[k])
            return place < cell->places[k] ? -1 : 1;
    }
    return 0;
}

/* The first cell that is not before the row's group. */
static int64_t find_cell(const sinter_groups_bound *b, const groups_ordering *o, int64_t at, bool *is_there)
{
    int64_t low = 0, high = b->cell_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (compare_places(b, o, at, &b->cells[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    *is_there = low < b->cell_count && compare_places(b, o, at, &b->cells[low]) == 0;
    return low;
}

static void close_all(sinter_groups_bound *b)
{
    for (int64_t k = 0; k < b->cell_count; k++)
        close_cell(b, &b->cells[k]);
    b->cell_count = 0;
}

/* Cells whose rows have all gone. */
static void close_empty(sinter_groups_bound *b)
{
    int64_t kept = 0;
    for (int64_t k = 0; k < b->cell_count; k++) {
        if (sinter_bound_describe(b->cells[k].bound).rows)
            b->cells[kept++] = b->cells[k];
        else
            close_cell(b, &b->cells[k]);
    }
    b->cell_count = kept;
}

/* ---- changes ---- */

/* What happens to the rows of one group. */
typedef struct groups_change {
    sinter_density_data rows;
    groups_cell cell;  /* a new one, or the one that is there, whose `places` are its own */
    int64_t at, kept;  /* the cell's number, or the one before which it comes; kept rows that it had */
    uint8_t *leaves;   /* rows of the cell that go */
    bool is_new, done;
} groups_change;

typedef struct groups_changes {
    groups_ordering order;
    groups_change *list;
    int64_t count, added;
} groups_changes;

static sinter_status list_changes(sinter_groups_bound *b, groups_changes *c, sinter_report *report)
{
    sinter_groups *g = b->groups;
    sinter_status status = sn_groups_order(&c->order, g, report);
    if (status)
        return status;
    int64_t count = 0;
    for (int64_t i = 0; i < c->order.count; i = sn_groups_end_of(&c->order, g, i))
        count++;
    c->list = sn_arena_take_zeroed(&c->order.memory, ((size_t)count + 1) * sizeof *c->list);
    if (!c->list)
        return SINTER_NO_MEMORY;
    for (int64_t i = 0; i < c->order.count;) {
        groups_change *change = &c->list[c->count++];
        const int64_t end = sn_groups_end_of(&c->order, g, i);
        bool is_there;
        if (!sn_groups_copy(&c->order, g->density, i, end, &c->order.memory, &change->rows))
            return SINTER_NO_MEMORY;
        change->at = find_cell(b, &c->order, i, &is_there);
        change->is_new = !is_there;
        if (is_there)
            change->cell = b->cells[change->at];
        i = end;
    }
    return SINTER_OK;
}

/* ---- rows that come ---- */

static sinter_status open_cell(sinter_groups_bound *b, const groups_ordering *o, groups_change *change, int64_t begin, sinter_report *report)
{
    groups_cell *cell = &change->cell;
    cell->places = sn_allocate(&b->allocator, places_bytes(b));
    if (!cell->places)
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < b->groups->choice_count; k++)
        cell->places[k] = o->places[k][o->rows[begin]];
    const sinter_status status = sinter_density_bind(b->groups->density, &change->rows, &cell->bound, report);
    if (status)
        close_cell(b, cell);
    return status;
}

static sinter_status add_rows(sinter_groups_bound *b, groups_changes *c, bool *keeps, sinter_report *report)
{
    sinter_status status = SINTER_OK;
    int64_t begin = 0;
    for (int64_t k = 0; k < c->count && !status && !*keeps; k++) {
        groups_change *change = &c->list[k];
        if (change->is_new) {
            status = open_cell(b, &c->order, change, begin, report);
            c->added += !status;
            *keeps = !status && b->cell_count == 0 && k == 0 && !sinter_bound_describe(change->cell.bound).collapses;
        } else {
            change->kept = sinter_bound_describe(change->cell.bound).kept_rows;
            status = sinter_bound_append(change->cell.bound, &change->rows);
        }
        change->done = !status;
        begin += change->rows.count;
    }
    return status;
}

static void take_back(sinter_groups_bound *b, groups_changes *c)
{
    for (int64_t k = 0; k < c->count && c->list[k].done; k++) {
        groups_change *change = &c->list[k];
        if (change->is_new)
            close_cell(b, &change->cell);
        else
            sn_bound_take_back(change->cell.bound, &change->rows, change->kept);
    }
}

/* From the last on, so that each cell moves once. */
static void insert_cells(sinter_groups_bound *b, const groups_changes *c)
{
    int64_t from = b->cell_count, to = b->cell_count + c->added;
    b->cell_count = to;
    for (int64_t k = c->count; k-- > 0;) {
        if (!c->list[k].is_new)
            continue;
        while (from > c->list[k].at)
            b->cells[--to] = b->cells[--from];
        b->cells[--to] = c->list[k].cell;
    }
}

static void read_row(const sinter_density *d, const sinter_density_data *data, int64_t i, uint8_t *row, size_t size)
{
    const float one = 1;
    for (uint32_t k = 0; k < d->column_count; k++)
        memcpy(row + k * size, (const uint8_t *)data->columns[k].data + (size_t)(i * data->columns[k].stride) * size, size);
    if (data->weights.data)
        memcpy(row + d->column_count * size, (const uint8_t *)data->weights.data + (size_t)(i * data->weights.stride) * size, size);
    else if (size == sizeof one)
        memcpy(row + d->column_count * size, &one, size);
    else
        memcpy(row + d->column_count * size, &(double){1}, size);
}

static sinter_status keep_rows(sinter_groups_bound *b, const sinter_density_data *data)
{
    const sinter_density *d = b->groups->density;
    const size_t size = d->type == SINTER_F32 ? 4 : 8;
    uint8_t row[(SINTER_DENSITY_MOST + 1) * sizeof(double)]; /* its columns, then its weight */
    int64_t count = 0;
    for (int64_t i = 0; i < data->count; i++)
        count += sn_groups_counts(d, data, i);
    if (!sn_store_reserve(&b->rows, count))
        return SINTER_NO_MEMORY;
    for (int64_t i = 0; i < data->count; i++)
        if (sn_groups_counts(d, data, i)) {
            read_row(d, data, i, row, size);
            sn_store_add(&b->rows, row, 1, 0);
        }
    return SINTER_OK;
}

static sinter_status append_cells(sinter_groups_bound *b, const sinter_density_data *data, sinter_report *report)
{
    groups_changes c = {.order = {.memory = {.allocator = b->allocator}, .data = data}};
    bool keeps = false;
    sinter_status status = list_changes(b, &c, report);
    if (!status)
        status = reserve_cells(b, c.count) ? add_rows(b, &c, &keeps, report) : SINTER_NO_MEMORY;
    if (status || keeps)
        take_back(b, &c);
    else
        insert_cells(b, &c);
    if (!status && keeps)
        status = keep_rows(b, data);
    b->keeps = !status && keeps;
    sn_arena_close(&c.order.memory);
    return status;
}

/* Kept rows are looked at first: their columns must say numbers that there are. */
static sinter_status check_places(sinter_groups_bound *b, const sinter_density_data *data)
{
    groups_ordering o = {.memory = {.allocator = b->allocator}, .data = data};
    const sinter_status status = sn_groups_order(&o, b->groups, NULL);
    sn_arena_close(&o.memory);
    return status;
}

sinter_status sinter_groups_append(sinter_groups_bound *b, const sinter_density_data *data)
{
    if (!b || !sn_groups_are_rows(b->groups->density, data))
        return SINTER_BAD_ARGUMENT;
    if (!b->keeps)
        return append_cells(b, data, NULL);
    const sinter_status status = check_places(b, data);
    return status ? status : keep_rows(b, data);
}

/* ---- rows that go ---- */

static sinter_status remove_kept(sinter_groups_bound *b, const sinter_density_data *data)
{
    sinter_groups_bound gone = {.groups = b->groups};
    sn_store_open(&gone.rows, &b->allocator, b->rows.columns, b->rows.element);
    sinter_status status = check_places(b, data);
    if (!status)
        status = keep_rows(&gone, data);
    const store_result result = status ? STORE_DONE : sn_store_remove(&b->rows, &gone.rows);
    sn_store_close(&gone.rows);
    return status ? status : result == STORE_DONE ? SINTER_OK : result == STORE_MISSING ? SINTER_BAD_ARGUMENT : SINTER_NO_MEMORY;
}

static sinter_status find_rows(groups_changes *c)
{
    sinter_status status = SINTER_OK;
    for (int64_t k = 0; k < c->count && !status; k++) {
        groups_change *change = &c->list[k];
        status = change->is_new ? SINTER_BAD_ARGUMENT : sn_bound_find_rows(change->cell.bound, &change->rows, &change->leaves);
        change->done = !status;
    }
    return status;
}

static sinter_status remove_from_cells(sinter_groups_bound *b, const sinter_density_data *data)
{
    groups_changes c = {.order = {.memory = {.allocator = b->allocator}, .data = data}};
    sinter_status status = list_changes(b, &c, NULL);
    const sinter_status found = status ? status : find_rows(&c);
    for (int64_t k = 0; k < c.count && c.list[k].done; k++) {
        groups_change *change = &c.list[k];
        if (found)
            sn_bound_leave_rows(change->cell.bound, change->leaves);
        else if (!status)
            status = sn_bound_take_out(change->cell.bound, &change->rows, change->leaves);
    }
    if (!found)
        close_empty(b);
    sn_arena_close(&c.order.memory);
    return found ? found : status;
}

sinter_status sinter_groups_remove(sinter_groups_bound *b, const sinter_density_data *data)
{
    if (!b || !sn_groups_are_rows(b->groups->density, data))
        return SINTER_BAD_ARGUMENT;
    return b->keeps ? remove_kept(b, data) : remove_from_cells(b, data);
}

/* ---- open, close ---- */

static sinter_status bind_rows(sinter_groups_bound *b, const sinter_density_data *data, sinter_report *report)
{
    const sinter_density *d = b->groups->density;
    sn_store_open(&b->rows, &b->allocator, d->column_count, d->type == SINTER_F32 ? 4 : 8);
    b->gradient = sn_allocate(&b->allocator, (d->parameter_count + 1u) * sizeof *b->gradient);
    b->columns = sn_allocate(&b->allocator, (d->column_count + 1u) * sizeof *b->columns);
    return b->gradient && b->columns ? append_cells(b, data, report) : SINTER_NO_MEMORY;
}

sinter_status sinter_groups_bind(sinter_groups *g, const sinter_density_data *data, sinter_groups_bound **bound, sinter_report *report)
{
    sn_report_open(report, "groups");
    if (bound)
        *bound = NULL;
    if (!g || !bound || !sn_groups_are_rows(g->density, data))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "groups or data are missing, or data have parameters", NULL);
    const sinter_allocator *a = &g->density->context->allocator;
    sinter_groups_bound *b = sn_allocate(a, sizeof *b);
    if (!b)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    *b = (sinter_groups_bound){.groups = g, .allocator = *a};
    const sinter_status status = bind_rows(b, data, report);
    if (!status) {
        *bound = b;
        return SINTER_OK;
    }
    sinter_groups_unbind(b);
    return report && report->total ? status : sn_report_fail(report, status, sinter_status_name(status), NULL);
}

void sinter_groups_unbind(sinter_groups_bound *b)
{
    if (!b)
        return;
    const sinter_allocator a = b->allocator;
    const sinter_density *d = b->groups->density;
    close_all(b);
    sn_store_close(&b->rows);
    sn_release(&a, b->cells, (size_t)b->cell_capacity * sizeof *b->cells);
    sn_release(&a, b->gradient, (d->parameter_count + 1u) * sizeof *b->gradient);
    sn_release(&a, b->columns, (d->column_count + 1u) * sizeof *b->columns);
    sn_release(&a, b, sizeof *b);
}

int64_t sinter_groups_bound_count(const sinter_groups_bound *b)
{
    return b ? b->cell_count : 0;
}

/* ---- values ---- */

static sinter_status add_cell(sinter_groups_bound *b, const groups_cell *cell, const double *parameters, bool slopes)
{
    sinter_groups *g = b->groups;
    double log;
    for (uint32_t k = 0; k < g->choice_count; k++)
        g->set[g->choices[k].parameter] = parameters[g->choices[k].first + cell->places[k]];
    const sinter_status status = sinter_bound_log(cell->bound, g->values, g->set, &log, slopes ? b->gradient : NULL);
    if (status)
        return status;
    sn_groups_add(&g->totals[0], log);
    for (uint32_t k = 0; slopes && k < g->scalar_count; k++)
        sn_groups_add(&g->totals[1 + k], b->gradient[g->scalars[k]]);
    for (uint32_t k = 0; slopes && k < g->choice_count; k++)
        sn_groups_add(&g->totals[1 + g->choices[k].first + cell->places[k]], b->gradient[g->choices[k].parameter]);
    return SINTER_OK;
}

static sinter_status sum_kept(sinter_groups_bound *b, const double *parameters, bool slopes)
{
    const row_store *s = &b->rows;
    for (uint32_t k = 0; k < s->columns; k++)
        b->columns[k] = (sinter_density_argument){s->data ? (const void *)sn_store_column(s, k) : (const void *)b, 1};
    const sinter_density_data data = {.count = s->count, .columns = b->columns, .weights = {s->data ? sn_store_column(s, s->columns) : NULL, 1}};
    return sn_groups_sum_rows(b->groups, parameters, &data, slopes);
}

sinter_status sinter_groups_bound_log(sinter_groups_bound *b, const double *parameters, double *log, double *gradient)
{
    if (!b || !parameters || !log)
        return SINTER_BAD_ARGUMENT;
    sinter_groups *g = b->groups;
    if (!sn_groups_take(g, parameters))
        return sn_groups_fail(g, log, gradient);
    sinter_status status = SINTER_OK;
    if (b->keeps)
        status = sum_kept(b, parameters, gradient != NULL);
    else
        for (uint32_t k = 0; k <= g->number_count; k++)
            g->totals[k] = sn_dd(0);
    for (int64_t k = 0; k < b->cell_count && !status; k++)
        status = add_cell(b, &b->cells[k], parameters, gradient != NULL);
    if (!status)
        status = sn_groups_add_priors(g, parameters, gradient != NULL);
    if (status == SINTER_BAD_PARAMETER)
        return sn_groups_fail(g, log, gradient);
    if (!status)
        sn_groups_finish(g, log, gradient);
    return status;
}
