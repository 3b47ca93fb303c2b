/* Priors on parameters of several numbers, `a ~ normal(mu, tau)`: a density each, whose rows are the numbers.
 *
 * They count once in a sum, whatever rows it is of. Numbers go through sinter_density_batch a piece at a time, as rows do, and are added in their order behind
 * the rows, each with its rounding error. */
#include "density/groups.h"

#include <string.h>

static uint32_t find_number(const sinter_groups *g, const char *name)
{
    for (uint32_t k = 0; k < g->scalar_count; k++)
        if (!strcmp(g->parameters[k].name, name))
            return g->parameters[k].first;
    return GROUPS_NONE;
}

static bool take_prior(sinter_groups *g, groups_prior *p, const sinter_density *d)
{
    const uint32_t piece = p->length < GROUPS_PIECE ? p->length : GROUPS_PIECE;
    const size_t bytes = (size_t)piece * (d->type == SINTER_F32 ? 4 : 8);
    p->numbers = sn_arena_take(&g->own, (d->parameter_count + 1) * sizeof *p->numbers);
    p->set = sn_arena_take(&g->own, (d->parameter_count + 1) * sizeof *p->set);
    p->columns = sn_arena_take(&g->own, (d->column_count + 1) * sizeof *p->columns);
    p->by_columns = sn_arena_take_zeroed(&g->own, (d->column_count + 1) * sizeof *p->by_columns);
    p->by_parameters = sn_arena_take_zeroed(&g->own, (d->parameter_count + 1) * sizeof *p->by_parameters);
    p->gathered = sn_arena_take(&g->own, bytes);
    p->logs = sn_arena_take(&g->own, bytes);
    bool whole = p->numbers && p->set && p->columns && p->by_columns && p->by_parameters && p->gathered && p->logs;
    for (uint32_t k = 0; whole && k < d->column_count; k++)
        p->columns[k] = (sinter_density_argument){p->gathered, 1};
    if (whole)
        whole = (p->by_columns[p->column] = sn_arena_take(&g->own, bytes)) != NULL;
    for (uint32_t k = 0; whole && k < d->parameter_count; k++) {
        p->numbers[k] = find_number(g, d->parameters[k].name);
        p->set[k] = d->parameters[k].initial;
        if (p->numbers[k] != GROUPS_NONE)
            whole = (p->by_parameters[k] = sn_arena_take(&g->own, bytes)) != NULL;
    }
    return whole;
}

sinter_status sn_groups_open_priors(sinter_groups *g)
{
    const sinter_density *all = g->density;
    g->priors = sn_arena_take_zeroed(&g->own, (all->prior_count + 1) * sizeof *g->priors);
    if (!g->priors)
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < all->prior_count; k++) {
        const sinter_group_parameter *of = &g->parameters[g->scalar_count + all->prior_vectors[k]];
        const int column = sinter_density_column_number(all->priors[k], of->name);
        groups_prior *p = &g->priors[k];
        *p = (groups_prior){.first = of->first, .length = of->length, .column = column > 0 ? (uint32_t)column : 0};
        if (!take_prior(g, p, all->priors[k]))
            return SINTER_NO_MEMORY;
        const sinter_status status = sinter_density_values_open(all->priors[k], &p->values);
        if (status)
            return status;
        g->prior_count++;
    }
    return SINTER_OK;
}

void sn_groups_close_priors(sinter_groups *g)
{
    for (uint32_t k = 0; k < g->prior_count; k++)
        sinter_density_values_close(g->priors[k].values);
}

/* ---- sums ---- */

static void gather_numbers(const groups_prior *p, const double *numbers, int64_t count, sinter_type type)
{
    for (int64_t i = 0; i < count; i++)
        if (type == SINTER_F32)
            ((float *)(void *)p->gathered)[i] = (float)numbers[i];
        else
            ((double *)(void *)p->gathered)[i] = numbers[i];
}

static void add_all(const sinter_density *d, const void *numbers, int64_t count, double_double *total)
{
    const sinter_density_argument a = {numbers, 1};
    for (int64_t i = 0; i < count; i++)
        sn_groups_add(total, sn_groups_read(d, &a, i));
}

static void add_slopes(sinter_groups *g, const groups_prior *p, const sinter_density *d, int64_t begin, int64_t count)
{
    const sinter_density_argument by_number = {p->by_columns[p->column], 1};
    for (int64_t i = 0; i < count; i++)
        sn_groups_add(&g->totals[1 + p->first + begin + i], sn_groups_read(d, &by_number, i));
    for (uint32_t k = 0; k < d->parameter_count; k++)
        if (p->numbers[k] != GROUPS_NONE)
            add_all(d, p->by_parameters[k], count, &g->totals[1 + p->numbers[k]]);
}

static sinter_status add_prior(sinter_groups *g, groups_prior *p, const sinter_density *d, const double *parameters, bool slopes)
{
    for (uint32_t k = 0; k < d->parameter_count; k++)
        if (p->numbers[k] != GROUPS_NONE)
            p->set[k] = parameters[p->numbers[k]];
    sinter_density_set_all(p->values, p->set);
    const sinter_density_results results = {.logs = p->logs, .columns = slopes ? p->by_columns : NULL, .parameters = slopes ? p->by_parameters : NULL};
    sinter_status status = SINTER_OK;
    for (int64_t begin = 0; begin < p->length && !status; begin += GROUPS_PIECE) {
        const int64_t count = p->length - begin < GROUPS_PIECE ? p->length - begin : GROUPS_PIECE;
        gather_numbers(p, parameters + p->first + begin, count, d->type);
        status = sinter_density_batch(p->values, &(sinter_density_data){.count = count, .columns = p->columns}, &results);
        if (!status)
            add_all(d, p->logs, count, g->totals);
        if (!status && slopes)
            add_slopes(g, p, d, begin, count);
    }
    const int invalid = status == SINTER_BAD_PARAMETER ? sinter_density_invalid(p->values) : -1;
    if (invalid >= 0 && p->numbers[invalid] != GROUPS_NONE)
        g->complaint.number = p->numbers[invalid];
    return status;
}

/* Numbers that no column chooses have been looked at by nobody yet. */
static bool are_within(sinter_groups *g, const double *parameters, const groups_prior *p, const lang_density_vector *v)
{
    for (uint32_t k = 0; k < p->length; k++)
        if (!(parameters[p->first + k] >= v->low && parameters[p->first + k] <= v->high)) {
            g->complaint.number = (int64_t)p->first + k;
            return false;
        }
    return true;
}

sinter_status sn_groups_add_priors(sinter_groups *g, const double *parameters, bool slopes)
{
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; k < g->prior_count && !status; k++) {
        groups_prior *p = &g->priors[k];
        if (!are_within(g, parameters, p, &g->density->vectors[g->density->prior_vectors[k]]))
            return SINTER_BAD_PARAMETER;
        status = add_prior(g, p, g->density->priors[k], parameters, slopes);
    }
    return status;
}
