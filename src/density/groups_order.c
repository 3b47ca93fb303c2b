/* Rows put in order of the groups that their columns say.
 *
 * By counting, column by column from the last on, which keeps the order of rows within each group. What serves a group's rows as data of their own is copied one
 * behind the other. */
#include "density/groups.h"

#include <string.h>

static bool list_rows(groups_ordering *o, const sinter_groups *g)
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

static bool find_places(groups_ordering *o, sinter_groups *g)
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

static bool sort_by(groups_ordering *o, const uint32_t *places, uint32_t length)
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

static bool are_together(const groups_ordering *o, const sinter_groups *g, int64_t a, int64_t b)
{
    for (uint32_t k = 0; k < g->choice_count; k++)
        if (o->places[k][a] != o->places[k][b])
            return false;
    return true;
}

int64_t sn_groups_end_of(const groups_ordering *o, const sinter_groups *g, int64_t begin)
{
    int64_t end = begin + 1;
    while (end < o->count && are_together(o, g, o->rows[begin], o->rows[end]))
        end++;
    return end;
}

sinter_status sn_groups_order(groups_ordering *o, sinter_groups *g, sinter_report *report)
{
    g->complaint = (sinter_groups_complaint){.row = -1, .number = -1};
    if (!list_rows(o, g))
        return SINTER_NO_MEMORY;
    if (!find_places(o, g))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "a row's column says no number that the parameter has", NULL);
    for (uint32_t k = g->choice_count; k-- > 0;)
        if (!sort_by(o, o->places[k], g->choices[k].length))
            return SINTER_NO_MEMORY;
    return SINTER_OK;
}

/* ---- copies ---- */

static void copy_rows(const sinter_density *d, const sinter_density_argument *from, const int64_t *rows, int64_t count, uint8_t *to)
{
    const size_t size = d->type == SINTER_F32 ? 4 : 8;
    for (int64_t i = 0; i < count; i++)
        memcpy(to + (size_t)i * size, (const uint8_t *)from->data + (size_t)(rows[i] * from->stride) * size, size);
}

bool sn_groups_copy(const groups_ordering *o, const sinter_density *d, int64_t begin, int64_t end, arena *memory, sinter_density_data *copy)
{
    const size_t bytes = (size_t)(end - begin) * (d->type == SINTER_F32 ? 4 : 8);
    sinter_density_argument *columns = sn_arena_take(memory, (d->column_count + 1) * sizeof *columns);
    if (!columns)
        return false;
    *copy = (sinter_density_data){.count = end - begin, .columns = columns};
    for (uint32_t k = 0; k <= d->column_count; k++) {
        const sinter_density_argument *from = k < d->column_count ? &o->data->columns[k] : &o->data->weights;
        uint8_t *to = from->data ? sn_arena_take(memory, bytes) : NULL;
        if (from->data && !to)
            return false;
        if (to)
            copy_rows(d, from, o->rows + begin, end - begin, to);
        *(k < d->column_count ? &columns[k] : &copy->weights) = (sinter_density_argument){to, 1};
    }
    return true;
}
