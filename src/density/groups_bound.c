/* Rows bound by groups: those whose columns choose the same numbers are bound together.
 *
 * Within such a group every parameter is one number, so what sinter_density_bind makes of its rows serves as it is: where it collapses the log-likelihood is
 * the sum of as many short ones as there are groups. Rows are put in order of their groups by counting, column by column from the last on, which keeps the order of
 * rows within each. If the first group does not collapse no other would, and the rows are kept as they came. */
#include "density/groups.h"

#include <string.h>

typedef struct groups_cell {
    sinter_bound *bound;
    uint32_t *places; /* for each choice: which of its numbers */
} groups_cell;

struct sinter_groups_bound {
    sinter_groups *groups;
    arena own;
    groups_cell *cells;
    int64_t cell_count;
    sinter_density_argument *columns; /* kept rows, without strides */
    sinter_density_data kept;
    double *gradient; /* of a cell, by the density's parameters */
};

/* What only binding needs. */
typedef struct ordering {
    arena memory;
    const sinter_density_data *data;
    int64_t *rows, *other; /* rows that count, in order */
    int64_t count;
    uint32_t **places;     /* for each choice, by row of the data */
} ordering;

/* ---- order ---- */

static bool list_rows(ordering *o, sinter_groups *g)
{
    const sinter_density *d = g->density;
    const size_t count = (size_t)o->data->count + 1;
    o->rows = sn_arena_take(&o->memory, count * sizeof *o->rows);
    o->other = sn_arena_take(&o->memory, count * sizeof *o->other);
    o->places = sn_arena_take(&o->memory, (g->choice_count + 1) * sizeof *o->places);
    if (!o->rows || !o->other || !o->places)
        return false;
    for (uint32_t k = 0; k < g->choice_count; k++)
        if (!(o->places[k] = sn_arena_take(&o->memory, count * sizeof *o->places[k])))
            return false;
    for (int64_t i = 0; i < o->data->count; i++)
        if (sn_groups_counts(d, o->data, i))
            o->rows[o->count++] = i;
    return true;
}

static bool find_places(ordering *o, sinter_groups *g)
{
    for (uint32_t k = 0; k < g->choice_count; k++)
        for (int64_t i = 0; i < o->count; i++) {
            const groups_choice *c = &g->choices[k];
            const sinter_density_argument *column = &o->data->columns[c->column];
            if (!sn_groups_place(g->density, column, o->rows[i], c->length, &o->places[k][o->rows[i]])) {
                g->complaint = (sinter_groups_complaint){o->rows[i], c->column, sn_groups_read(g->density, column, o->rows[i]), -1};
                return false;
            }
        }
    return true;
}

static bool sort_by(ordering *o, const uint32_t *places, uint32_t length)
{
    int64_t *ends = sn_arena_take_zeroed(&o->memory, ((size_t)length + 1) * sizeof *ends);
    if (!ends)
        return false;
    for (int64_t i = 0; i < o->count; i++)
        ends[places[o->rows[i]] + 1]++;
    for (uint32_t k = 0; k < length; k++)
        ends[k + 1] += ends[k];
    for (int64_t i = 0; i < o->count; i++)
        o->other[ends[places[o->rows[i]]]++] = o->rows[i];
    int64_t *const sorted = o->other;
    o->other = o->rows;
    o->rows = sorted;
    return true;
}

static bool are_together(const ordering *o, const sinter_groups *g, int64_t a, int64_t b)
{
    for (uint32_t k = 0; k < g->choice_count; k++)
        if (o->places[k][a] != o->places[k][b])
            return false;
    return true;
}

/* Behind the last row of the group that the row at `begin` is in. */
static int64_t end_of_group(const ordering *o, const sinter_groups *g, int64_t begin)
{
    int64_t end = begin + 1;
    while (end < o->count && are_together(o, g, o->rows[begin], o->rows[end]))
        end++;
    return end;
}

/* ---- copies ---- */

static void copy_rows(const sinter_density *d, const sinter_density_argument *from, const int64_t *rows, int64_t count, uint8_t *to)
{
    const size_t size = d->type == SINTER_F32 ? 4 : 8;
    for (int64_t i = 0; i < count; i++)
        memcpy(to + (size_t)i * size, (const uint8_t *)from->data + (size_t)(rows[i] * from->stride) * size, size);
}

/* Some of the data's rows, one behind the other, in memory of the arena. */
static bool take_rows(arena *memory, const sinter_density *d, const sinter_density_data *data, const int64_t *rows, int64_t count, sinter_density_argument *columns,
                      sinter_density_data *taken)
{
    const size_t bytes = ((size_t)count + 1) * (d->type == SINTER_F32 ? 4 : 8);
    *taken = (sinter_density_data){.count = count, .columns = columns};
    for (uint32_t k = 0; k <= d->column_count; k++) {
        const sinter_density_argument *from = k < d->column_count ? &data->columns[k] : &data->weights;
        uint8_t *to = from->data ? sn_arena_take(memory, bytes) : NULL;
        if (from->data && !to)
            return false;
        if (to)
            copy_rows(d, from, rows, count, to);
        *(k < d->column_count ? &columns[k] : &taken->weights) = (sinter_density_argument){to, 1};
    }
    return true;
}

/* ---- binding ---- */

static sinter_status bind_cell(sinter_groups_bound *b, const ordering *o, int64_t begin, int64_t end, sinter_report *report)
{
    sinter_groups *g = b->groups;
    sinter_density_data rows;
    groups_cell *cell = &b->cells[b->cell_count];
    arena memory = {.allocator = b->own.allocator};
    sinter_status status = SINTER_NO_MEMORY;
    *cell = (groups_cell){NULL, sn_arena_take(&b->own, (g->choice_count + 1) * sizeof *cell->places)};
    if (cell->places && take_rows(&memory, g->density, o->data, o->rows + begin, end - begin, g->columns, &rows))
        status = sinter_density_bind(g->density, &rows, &cell->bound, report);
    for (uint32_t k = 0; !status && k < g->choice_count; k++)
        cell->places[k] = o->places[k][o->rows[begin]];
    sn_arena_close(&memory);
    b->cell_count += !status;
    return status;
}

/* `*keeps`: the first does not collapse, and is closed. */
static sinter_status bind_cells(sinter_groups_bound *b, const ordering *o, bool *keeps, sinter_report *report)
{
    int64_t count = 0;
    for (int64_t i = 0; i < o->count; i = end_of_group(o, b->groups, i))
        count++;
    b->cells = sn_arena_take(&b->own, ((size_t)count + 1) * sizeof *b->cells);
    sinter_status status = b->cells ? SINTER_OK : SINTER_NO_MEMORY;
    for (int64_t i = 0; i < o->count && !status && !*keeps;) {
        const int64_t end = end_of_group(o, b->groups, i);
        status = bind_cell(b, o, i, end, report);
        *keeps = !status && i == 0 && !sinter_bound_describe(b->cells[0].bound).collapses;
        i = end;
    }
    if (*keeps) {
        sinter_bound_close(b->cells[0].bound);
        b->cell_count = 0;
    }
    return status;
}

/* In the order in which they came. */
static sinter_status keep_rows(sinter_groups_bound *b, ordering *o)
{
    const sinter_density *d = b->groups->density;
    int64_t count = 0;
    for (int64_t i = 0; i < o->data->count; i++)
        if (sn_groups_counts(d, o->data, i))
            o->rows[count++] = i;
    b->columns = sn_arena_take(&b->own, (d->column_count + 1) * sizeof *b->columns);
    return b->columns && take_rows(&b->own, d, o->data, o->rows, count, b->columns, &b->kept) ? SINTER_OK : SINTER_NO_MEMORY;
}

static sinter_status bind_rows(sinter_groups_bound *b, const sinter_density_data *data, sinter_report *report)
{
    sinter_groups *g = b->groups;
    ordering o = {.memory = {.allocator = b->own.allocator}, .data = data};
    bool keeps = false;
    b->gradient = sn_arena_take(&b->own, (g->density->parameter_count + 1) * sizeof *b->gradient);
    sinter_status status = b->gradient && list_rows(&o, g) ? SINTER_OK : SINTER_NO_MEMORY;
    if (!status && !find_places(&o, g))
        status = sn_report_fail(report, SINTER_BAD_ARGUMENT, "a row's column says no number that the parameter has", NULL);
    for (uint32_t k = g->choice_count; !status && k-- > 0;)
        status = sort_by(&o, o.places[k], g->choices[k].length) ? SINTER_OK : SINTER_NO_MEMORY;
    if (!status)
        status = bind_cells(b, &o, &keeps, report);
    if (!status && keeps)
        status = keep_rows(b, &o);
    sn_arena_close(&o.memory);
    return status;
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
    *b = (sinter_groups_bound){.groups = g, .own = {.allocator = *a}};
    g->complaint = (sinter_groups_complaint){.row = -1, .number = -1};
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
    const sinter_allocator a = b->own.allocator;
    for (int64_t k = 0; k < b->cell_count; k++)
        sinter_bound_close(b->cells[k].bound);
    sn_arena_close(&b->own);
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

sinter_status sinter_groups_bound_log(sinter_groups_bound *b, const double *parameters, double *log, double *gradient)
{
    if (!b || !parameters || !log)
        return SINTER_BAD_ARGUMENT;
    sinter_groups *g = b->groups;
    if (!sn_groups_take(g, parameters))
        return sn_groups_fail(g, log, gradient);
    sinter_status status = SINTER_OK;
    if (b->columns)
        status = sn_groups_sum_rows(g, parameters, &b->kept, gradient != NULL);
    else
        for (uint32_t k = 0; k <= g->number_count; k++)
            g->totals[k] = sn_dd(0);
    for (int64_t k = 0; k < b->cell_count && !status; k++)
        status = add_cell(b, &b->cells[k], parameters, gradient != NULL);
    if (status == SINTER_BAD_PARAMETER)
        return sn_groups_fail(g, log, gradient);
    if (!status)
        sn_groups_finish(g, log, gradient);
    return status;
}
