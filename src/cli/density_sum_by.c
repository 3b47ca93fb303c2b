/* sinter density --sum-by: a sum for each group that a column of the file says.
 *
 * Each is that of its rows' numbers in exact arithmetic, rounded once, as --sum is. Groups are listed in ascending order of their numbers, labels in the order
 * in which they came; a group of which no row came is not listed. Only groups that came take memory, however great their numbers are. */
#include "cli/density_job.h"

#include <stdlib.h>
#include <string.h>

typedef struct group_sums {
    int64_t rows;
    exact_sum sums[]; /* the log-density, then derivatives */
} group_sums;

static bool has_room(sums_by *s, uint32_t group)
{
    if (group < s->room)
        return true;
    const size_t room = group + group / 2u + 16u;
    group_sums **grown = realloc(s->groups, room * sizeof(void *));
    if (!grown)
        return sn_cli_refuse("out of memory");
    for (size_t k = s->room; k < room; k++)
        grown[k] = NULL;
    s->groups = grown;
    s->room = room;
    return true;
}

static group_sums *open_group(sums_by *s, uint32_t group)
{
    if (!has_room(s, group))
        return NULL;
    if (s->groups[group])
        return s->groups[group];
    group_sums *g = malloc(sizeof *g + s->results * sizeof *g->sums);
    if (!g) {
        sn_cli_fail("out of memory");
        return NULL;
    }
    g->rows = 0;
    for (uint32_t k = 0; k < s->results; k++)
        sn_exact_open(&g->sums[k]);
    s->groups[group] = g;
    return g;
}

bool sn_cli_add_by(sums_by *s, const double *groups, sinter_type type, void *const *outputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        group_sums *g = open_group(s, (uint32_t)groups[i]);
        if (!g)
            return false;
        g->rows++;
        for (uint32_t k = 0; k < s->results; k++)
            sn_exact_add(&g->sums[k], type == SINTER_F32 ? (double)((const float *)outputs[k])[i] : ((const double *)outputs[k])[i]);
    }
    return true;
}

void sn_cli_close_by(sums_by *s)
{
    for (size_t k = 0; k < s->room; k++)
        free(s->groups[k]);
    free(s->groups);
    *s = (sums_by){NULL, 0, 0};
}

/* ---- printing ---- */

static void print_group_name(const char *const *labels, size_t group, bool json)
{
    if (!labels)
        printf("%zu", group);
    else if (json)
        sn_cli_print_json_text(stdout, labels[group], strlen(labels[group]));
    else
        fputs(labels[group], stdout);
}

static void print_group(const sums_by *s, group_sums *g, const char *const *labels, size_t group)
{
    print_group_name(labels, group, false);
    for (uint32_t k = 0; k < s->results; k++) {
        const double value = sn_exact_value(&g->sums[k]);
        putchar(labels ? '\t' : ' ');
        sn_cli_print_element(stdout, SINTER_F64, &value, 0, false);
    }
    putchar('\n');
}

/* `names`: of the derivatives. */
static void print_json_group(const sums_by *s, group_sums *g, const char *const *labels, size_t group, const char *const *names)
{
    double value = sn_exact_value(&g->sums[0]);
    fputs("{\"group\":", stdout);
    print_group_name(labels, group, true);
    printf(",\"rows\":%lld,\"log_density\":", (long long)g->rows);
    sn_cli_print_element(stdout, SINTER_F64, &value, 0, true);
    for (uint32_t k = 1; k < s->results; k++) {
        fputs(k == 1 ? ",\"gradient\":{" : ",", stdout);
        sn_cli_print_json_text(stdout, names[k - 1], strlen(names[k - 1]));
        putchar(':');
        value = sn_exact_value(&g->sums[k]);
        sn_cli_print_element(stdout, SINTER_F64, &value, 0, true);
    }
    fputs(s->results > 1 ? "}}" : "}", stdout);
}

void sn_cli_print_by(const sums_by *s, const data_rows *rows, int64_t row_count, const char *const *names, const arguments *a)
{
    const char *const *labels = sn_cli_labels_by(rows), *comma = "";
    if (a->json) {
        printf("{\"rows\":%lld,\"left_out\":%llu,\"by\":", (long long)row_count, (unsigned long long)rows->skipped);
        sn_cli_print_json_text(stdout, a->sum_by, strlen(a->sum_by));
        fputs(",\"sums\":[", stdout);
    }
    for (size_t k = 0; k < s->room; k++) {
        if (!s->groups[k])
            continue;
        if (!a->json) {
            print_group(s, s->groups[k], labels, k);
            continue;
        }
        fputs(comma, stdout);
        print_json_group(s, s->groups[k], labels, k, names);
        comma = ",";
    }
    if (a->json)
        puts("]}");
}
