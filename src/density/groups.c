/* Parameters of several numbers, one for each group of rows (`a[group]`): gathered, and their derivatives scattered.
 *
 * To a kernel `a[group]` is a parameter that comes by row. What it is of each row is looked up here, for a piece of rows at a time, and the piece goes through
 * sinter_density_batch with that array; rows' derivatives by it are added to those of the numbers that they came from. Additions are made in the
 * order of rows by the thread that calls, so the bits do not depend on how the batch was shared; each has its rounding error summed
 * beside it (A. Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974). */
#include "density/groups.h"

#include <string.h>

/* ---- rows ---- */

static bool is_there(const sinter_density_data *data, int64_t row)
{
    const int64_t bit = data->validity_offset + row;
    return !data->validity || data->validity[bit / 8] >> bit % 8 & 1;
}

bool sn_groups_counts(const sinter_density *d, const sinter_density_data *data, int64_t row)
{
    return is_there(data, row) && !(data->weights.data && sn_groups_read(d, &data->weights, row) == 0);
}

bool sn_groups_place(const sinter_density *d, const sinter_density_argument *column, int64_t row, int64_t length, uint32_t *place)
{
    const double value = sn_groups_read(d, column, row);
    const bool good = value >= 0 && value < (double)length && value == floor(value);
    *place = good ? (uint32_t)value : 0;
    return good;
}

bool sn_groups_are_rows(const sinter_density *d, const sinter_density_data *data)
{
    if (!data || data->count < 0 || data->validity_offset < 0 || data->parameters || (d->column_count && !data->columns))
        return false;
    for (uint32_t k = 0; k < d->column_count; k++)
        if (!data->columns[k].data)
            return false;
    return true;
}

static sinter_density_argument moved(const sinter_density *d, const sinter_density_argument *a, int64_t rows)
{
    const int64_t size = d->type == SINTER_F32 ? 4 : 8;
    return (sinter_density_argument){a->data ? (const uint8_t *)a->data + rows * a->stride * size : NULL, a->stride};
}

/* Rows from `begin` on. `columns` has room for all. */
static sinter_density_data piece_of(const sinter_density *d, const sinter_density_data *data, int64_t begin, int64_t count, sinter_density_argument *columns)
{
    for (uint32_t k = 0; k < d->column_count; k++)
        columns[k] = moved(d, &data->columns[k], begin);
    return (sinter_density_data){.count = count, .columns = columns, .weights = moved(d, &data->weights, begin), .validity = data->validity,
                                 .validity_offset = data->validity_offset + begin};
}

/* ---- open, close ---- */

static bool is_chosen(const sinter_density *d, const char *name)
{
    for (uint32_t k = 0; k < d->choice_count; k++)
        if (!strcmp(d->choices[k].name, name))
            return true;
    return false;
}

static bool list_parameters(sinter_groups *g)
{
    const sinter_density *d = g->density;
    g->parameters = sn_arena_take(&g->own, (d->parameter_count + d->vector_count) * sizeof *g->parameters);
    g->scalars = sn_arena_take(&g->own, (d->parameter_count + 1) * sizeof *g->scalars);
    if (!g->parameters || !g->scalars)
        return false;
    for (uint32_t k = 0; k < d->parameter_count; k++) {
        const sinter_parameter_info *p = &d->parameters[k];
        if (is_chosen(d, p->name))
            continue;
        g->scalars[g->scalar_count++] = k;
        g->parameters[g->parameter_count++] = (sinter_group_parameter){p->name, g->number_count++, 1, p->initial, p->low, p->high};
    }
    for (uint32_t k = 0; k < d->vector_count; k++) {
        const lang_density_vector *v = &d->vectors[k];
        g->parameters[g->parameter_count++] = (sinter_group_parameter){v->name, g->number_count, v->length, v->initial, v->low, v->high};
        g->number_count += v->length;
    }
    return true;
}

/* Of parameters that were made constants there is none. */
static bool list_choices(sinter_groups *g)
{
    const sinter_density *d = g->density;
    const size_t size = d->type == SINTER_F32 ? 4 : 8;
    g->choices = sn_arena_take(&g->own, (d->choice_count + 1) * sizeof *g->choices);
    for (uint32_t k = 0; g->choices && k < d->choice_count; k++) {
        const int parameter = sinter_density_parameter_number(d, d->choices[k].name);
        sinter_group_parameter *p = &g->parameters[g->scalar_count + d->choices[k].vector];
        if (parameter < 0)
            continue;
        p->low = fmax(p->low, d->ranges[parameter].low);
        p->high = fmin(p->high, d->ranges[parameter].high);
        groups_choice *c = &g->choices[g->choice_count++];
        *c = (groups_choice){.parameter = (uint32_t)parameter, .column = d->choices[k].column, .first = p->first, .length = p->length,
                             .places = sn_arena_take(&g->own, (size_t)g->piece * sizeof *c->places),
                             .gathered = sn_arena_take(&g->own, (size_t)g->piece * size)};
        if (!c->places || !c->gathered)
            return false;
    }
    return g->choices != NULL;
}

static bool take_memory(sinter_groups *g)
{
    const sinter_density *d = g->density;
    const size_t bytes = (size_t)g->piece * (d->type == SINTER_F32 ? 4 : 8);
    g->logs = sn_arena_take(&g->own, bytes);
    g->slopes = sn_arena_take(&g->own, (d->parameter_count + 1) * sizeof *g->slopes);
    g->arguments = sn_arena_take_zeroed(&g->own, (d->parameter_count + 1) * sizeof *g->arguments);
    g->columns = sn_arena_take(&g->own, (d->column_count + 1) * sizeof *g->columns);
    g->set = sn_arena_take_zeroed(&g->own, (d->parameter_count + 1) * sizeof *g->set);
    g->totals = sn_arena_take(&g->own, ((size_t)g->number_count + 1) * sizeof *g->totals);
    bool whole = g->logs && g->slopes && g->arguments && g->columns && g->set && g->totals;
    for (uint32_t k = 0; whole && k < d->parameter_count; k++)
        whole = (g->slopes[k] = sn_arena_take(&g->own, bytes)) != NULL;
    return whole;
}

static sinter_status open_groups(sinter_groups *g)
{
    g->piece = g->density->pool ? GROUPS_SHARED_PIECE : GROUPS_PIECE;
    if (!list_parameters(g) || !list_choices(g) || !take_memory(g))
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < g->choice_count; k++)
        g->arguments[g->choices[k].parameter] = (sinter_density_argument){g->choices[k].gathered, 1};
    const sinter_status status = sinter_density_values_open(g->density, &g->values);
    return status ? status : sn_groups_open_priors(g);
}

sinter_status sinter_groups_open(sinter_density *d, sinter_groups **groups, sinter_report *report)
{
    sn_report_open(report, "groups");
    if (groups)
        *groups = NULL;
    if (!d || !groups)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "no density was given", NULL);
    if (!d->vector_count)
        return sn_report_fail(report, SINTER_BAD_PROGRAM, "the density has no parameter of several numbers", "param a[8] = 0, then a[group]");
    sinter_groups *g = sn_allocate(&d->context->allocator, sizeof *g);
    if (!g)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    *g = (sinter_groups){.density = d, .own = {.allocator = d->context->allocator}, .complaint = {.row = -1, .number = -1}};
    const sinter_status status = open_groups(g);
    if (!status) {
        *groups = g;
        return SINTER_OK;
    }
    sinter_groups_close(g);
    return sn_report_fail(report, status, sinter_status_name(status), NULL);
}

void sinter_groups_close(sinter_groups *g)
{
    if (!g)
        return;
    const sinter_allocator a = g->density->context->allocator;
    sn_groups_close_priors(g);
    sinter_density_values_close(g->values);
    sn_arena_close(&g->own);
    sn_release(&a, g, sizeof *g);
}

sinter_groups_info sinter_groups_describe(const sinter_groups *g)
{
    return g ? (sinter_groups_info){g->number_count, g->parameter_count, g->parameters} : (sinter_groups_info){.count = 0};
}

uint32_t sinter_groups_chosen(const sinter_groups *g, uint32_t column)
{
    uint32_t fewest = 0;
    for (uint32_t k = 0; g && k < g->choice_count; k++)
        if (g->choices[k].column == column && (!fewest || g->choices[k].length < fewest))
            fewest = g->choices[k].length;
    return fewest;
}

sinter_groups_complaint sinter_groups_complain(const sinter_groups *g)
{
    return g ? g->complaint : (sinter_groups_complaint){.row = -1, .number = -1};
}

/* ---- parameters ---- */

static bool are_within(sinter_groups *g, const double *parameters, const groups_choice *c)
{
    const density_range range = g->density->ranges[c->parameter];
    for (uint32_t k = 0; k < c->length; k++)
        if (!sn_density_is_within(range, sn_density_in_type(g->density, parameters[c->first + k]))) {
            g->complaint.number = (int64_t)c->first + k;
            return false;
        }
    return true;
}

static const groups_choice *choice_of(const sinter_groups *g, uint32_t parameter)
{
    for (uint32_t k = 0; k < g->choice_count; k++)
        if (g->choices[k].parameter == parameter)
            return &g->choices[k];
    return NULL;
}

/* Where of the two sides one at least is chosen by rows: whichever number of it that may be. Two are chosen by one column (constraints.c). */
static bool keeps_relation(sinter_groups *g, const double *parameters, density_relation r)
{
    const groups_choice *own = choice_of(g, r.parameter), *other = choice_of(g, r.other);
    uint32_t count = own ? own->length : other ? other->length : 0;
    if (own && other && other->length < count) /* no row chooses what one of them has not */
        count = other->length;
    for (uint32_t k = 0; k < count; k++)
        if (!sn_density_keeps(r, sn_density_in_type(g->density, own ? parameters[own->first + k] : g->set[r.parameter]),
                              sn_density_in_type(g->density, other ? parameters[other->first + k] : g->set[r.other]))) {
            for (uint32_t s = 0; s < g->scalar_count; s++)
                if (g->scalars[s] == r.parameter)
                    g->complaint.number = s;
            if (own)
                g->complaint.number = (int64_t)own->first + k;
            return false;
        }
    return true;
}

bool sn_groups_take(sinter_groups *g, const double *parameters)
{
    g->complaint = (sinter_groups_complaint){.row = -1, .number = -1};
    for (uint32_t k = 0; k < g->choice_count; k++) {
        if (!are_within(g, parameters, &g->choices[k]))
            return false;
        g->set[g->choices[k].parameter] = parameters[g->choices[k].first];
    }
    for (uint32_t k = 0; k < g->scalar_count; k++)
        g->set[g->scalars[k]] = parameters[k];
    for (uint32_t k = 0; k < g->density->relation_count; k++)
        if (!keeps_relation(g, parameters, g->density->relations[k]))
            return false;
    sinter_density_set_all(g->values, g->set);
    const int invalid = sinter_density_invalid(g->values);
    for (uint32_t k = 0; k < g->scalar_count; k++)
        if (invalid >= 0 && g->scalars[k] == (uint32_t)invalid)
            g->complaint.number = k;
    return invalid < 0;
}

/* ---- sums ---- */

sinter_status sn_groups_fail(const sinter_groups *g, double *sum, double *gradient)
{
    *sum = NAN;
    for (uint32_t k = 0; gradient && k < g->number_count; k++)
        gradient[k] = NAN;
    return SINTER_BAD_PARAMETER;
}

void sn_groups_finish(const sinter_groups *g, double *sum, double *gradient)
{
    *sum = sn_groups_total(g->totals[0]);
    for (uint32_t k = 0; gradient && k < g->number_count; k++)
        gradient[k] = isnan(*sum) ? NAN : sn_groups_total(g->totals[1 + k]);
}

static bool gather(sinter_groups *g, const double *parameters, const sinter_density_data *rows, int64_t begin)
{
    const sinter_density *d = g->density;
    for (uint32_t k = 0; k < g->choice_count; k++) {
        groups_choice *c = &g->choices[k];
        const sinter_density_argument *column = &rows->columns[c->column];
        for (int64_t i = 0; i < rows->count; i++) {
            if (!sn_groups_place(d, column, i, c->length, &c->places[i]) && sn_groups_counts(d, rows, i)) {
                g->complaint = (sinter_groups_complaint){begin + i, c->column, sn_groups_read(d, column, i), -1};
                return false;
            }
            const double value = parameters[c->first + c->places[i]];
            if (d->type == SINTER_F32)
                ((float *)(void *)c->gathered)[i] = (float)value;
            else
                ((double *)(void *)c->gathered)[i] = value;
        }
    }
    return true;
}

/* All rows' numbers to one total, or to those of their places. */
static void scatter(const sinter_density *d, const sinter_density_data *rows, const void *numbers, const uint32_t *places, double_double *totals)
{
    const sinter_density_argument a = {numbers, 1};
    for (int64_t i = 0; i < rows->count; i++)
        if (is_there(rows, i))
            sn_groups_add(&totals[places ? places[i] : 0], sn_groups_read(d, &a, i));
}

static void scatter_slopes(const sinter_groups *g, const sinter_density_data *rows)
{
    for (uint32_t k = 0; k < g->scalar_count; k++)
        scatter(g->density, rows, g->slopes[g->scalars[k]], NULL, &g->totals[1 + k]);
    for (uint32_t k = 0; k < g->choice_count; k++)
        scatter(g->density, rows, g->slopes[g->choices[k].parameter], g->choices[k].places, &g->totals[1 + g->choices[k].first]);
}

static sinter_status run_piece(sinter_groups *g, const double *parameters, const sinter_density_data *data, int64_t begin, const sinter_density_results *results)
{
    const int64_t left = data->count - begin;
    sinter_density_data rows = piece_of(g->density, data, begin, left < g->piece ? left : g->piece, g->columns);
    if (!gather(g, parameters, &rows, begin))
        return SINTER_BAD_ARGUMENT;
    rows.parameters = g->arguments;
    const sinter_status status = sinter_density_batch(g->values, &rows, results);
    if (!status && results->logs == g->logs) {
        scatter(g->density, &rows, g->logs, NULL, g->totals);
        if (results->parameters)
            scatter_slopes(g, &rows);
    }
    return status;
}

sinter_status sn_groups_sum_rows(sinter_groups *g, const double *parameters, const sinter_density_data *data, bool gradient)
{
    const sinter_density_results results = {.logs = g->logs, .parameters = gradient ? g->slopes : NULL};
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; k <= (gradient ? g->number_count : 0); k++)
        g->totals[k] = sn_dd(0);
    for (int64_t begin = 0; begin < data->count && !status; begin += g->piece)
        status = run_piece(g, parameters, data, begin, &results);
    return status;
}

static sinter_status sum_all(sinter_groups *g, const double *parameters, const sinter_density_data *data, bool priors, double *sum, double *gradient)
{
    if (!g || !parameters || !sum || !sn_groups_are_rows(g->density, data))
        return SINTER_BAD_ARGUMENT;
    if (!sn_groups_take(g, parameters))
        return sn_groups_fail(g, sum, gradient);
    sinter_status status = sn_groups_sum_rows(g, parameters, data, gradient != NULL);
    if (!status && priors)
        status = sn_groups_add_priors(g, parameters, gradient != NULL);
    if (status == SINTER_BAD_PARAMETER)
        return sn_groups_fail(g, sum, gradient);
    if (!status)
        sn_groups_finish(g, sum, gradient);
    return status;
}

sinter_status sinter_groups_sum(sinter_groups *g, const double *parameters, const sinter_density_data *data, double *sum, double *gradient)
{
    return sum_all(g, parameters, data, true, sum, gradient);
}

sinter_status sinter_groups_sum_piece(sinter_groups *g, const double *parameters, const sinter_density_data *data, double *sum, double *gradient)
{
    return sum_all(g, parameters, data, false, sum, gradient);
}

/* ---- batches ---- */

static void fill_nan(const sinter_density *d, void *logs, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (d->type == SINTER_F32)
            ((float *)logs)[i] = NAN;
        else
            ((double *)logs)[i] = NAN;
}

sinter_status sinter_groups_batch(sinter_groups *g, const double *parameters, const sinter_density_data *data, void *logs)
{
    if (!g || !parameters || !logs || !sn_groups_are_rows(g->density, data))
        return SINTER_BAD_ARGUMENT;
    const bool good = sn_groups_take(g, parameters);
    if (!good)
        fill_nan(g->density, logs, data->count);
    sinter_status status = good ? SINTER_OK : SINTER_BAD_PARAMETER;
    for (int64_t begin = 0; begin < data->count && !status; begin += g->piece) {
        uint8_t *to = (uint8_t *)logs + (size_t)begin * (g->density->type == SINTER_F32 ? 4 : 8);
        status = run_piece(g, parameters, data, begin, &(sinter_density_results){.logs = to});
    }
    return status;
}

/* ---- sums by a column ---- */

/* The first row that says no group; -1: all do. */
static int64_t find_stray(const sinter_density *d, const sinter_density_data *data, const sinter_density_argument *column, int64_t count)
{
    uint32_t place;
    for (int64_t i = 0; i < data->count; i++)
        if (!sn_groups_place(d, column, i, count, &place) && sn_groups_counts(d, data, i))
            return i;
    return -1;
}

typedef struct summing {
    double logs[GROUPS_PIECE];
    uint32_t places[GROUPS_PIECE];
    sinter_density_argument columns[SINTER_DENSITY_MOST], parameters[SINTER_DENSITY_MOST];
} summing;

static sinter_status sum_pieces(sinter_density_values *v, const sinter_density_data *data, const sinter_density_argument *column, int64_t count, summing *s,
                                double_double *totals)
{
    const sinter_density *d = v->density;
    sinter_status status = SINTER_OK;
    for (int64_t begin = 0; begin < data->count && !status; begin += GROUPS_PIECE) {
        const int64_t left = data->count - begin;
        sinter_density_data rows = piece_of(d, data, begin, left < GROUPS_PIECE ? left : GROUPS_PIECE, s->columns);
        const sinter_density_argument by = moved(d, column, begin);
        for (uint32_t k = 0; data->parameters && k < d->parameter_count; k++)
            s->parameters[k] = moved(d, &data->parameters[k], begin);
        rows.parameters = data->parameters ? s->parameters : NULL;
        for (int64_t i = 0; i < rows.count; i++)
            sn_groups_place(d, &by, i, count, &s->places[i]);
        status = sinter_density_batch(v, &rows, &(sinter_density_results){.logs = s->logs});
        if (!status)
            scatter(d, &rows, s->logs, s->places, totals);
    }
    return status;
}

sinter_status sinter_density_sum_by(sinter_density_values *v, const sinter_density_data *data, const sinter_density_argument *column, int64_t count, double *sums,
                                    int64_t *row)
{
    sinter_density_data given = data ? *data : (sinter_density_data){.count = -1};
    given.parameters = NULL; /* the batch looks at them */
    if (row)
        *row = -1;
    if (!v || !column || !column->data || count < 0 || count > LANG_MAX_GROUPS || (count && !sums) || !sn_groups_are_rows(v->density, &given))
        return SINTER_BAD_ARGUMENT;
    const int64_t stray = find_stray(v->density, data, column, count);
    if (row)
        *row = stray;
    if (stray >= 0)
        return SINTER_BAD_ARGUMENT;
    const sinter_allocator *a = &v->density->context->allocator;
    const size_t size = sizeof(summing) + ((size_t)count + 1) * sizeof(double_double);
    summing *s = sn_allocate(a, size);
    if (!s)
        return SINTER_NO_MEMORY;
    double_double *totals = (double_double *)(void *)(s + 1);
    for (int64_t k = 0; k < count + 1; k++)
        totals[k] = sn_dd(0);
    const sinter_status status = sum_pieces(v, data, column, count, s, totals);
    for (int64_t k = 0; k < count && (!status || status == SINTER_BAD_PARAMETER); k++)
        sums[k] = status ? NAN : sn_groups_total(totals[k]);
    sn_release(a, s, size);
    return status;
}
