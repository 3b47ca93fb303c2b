/* sinter density of a text with parameters of several numbers: what they are set to, rows and sums, in words.
 *
 * All numbers are one array, in the order in which sinter_groups_describe lists parameters. A sum is that of the rows' own numbers in exact arithmetic, as without groups; its
 * derivatives are those of pieces of DENSITY_ROWS rows, added so. */
#include "cli/density_job.h"

#include "base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- open ---- */

int sn_cli_open_groups(density_job *j)
{
    static sinter_report report;
    const sinter_status status = sinter_groups_open(j->density, &j->groups, &report);
    if (status == SINTER_BAD_PROGRAM)
        return STATUS_GOOD;
    if (status != SINTER_OK)
        return sn_cli_print_report(status, &report);
    j->groups_info = sinter_groups_describe(j->groups);
    j->numbers = calloc((size_t)j->groups_info.count + 1, sizeof *j->numbers);
    if (!j->numbers)
        return sn_cli_fail("out of memory");
    for (uint32_t k = 0; k < j->groups_info.parameter_count; k++) {
        const sinter_group_parameter *p = &j->groups_info.parameters[k];
        for (uint32_t i = 0; i < p->length; i++)
            j->numbers[p->first + i] = p->initial;
    }
    return STATUS_GOOD;
}

void sn_cli_close_groups(density_job *j)
{
    sinter_groups_close(j->groups);
    free(j->numbers);
    j->groups = NULL;
    j->numbers = NULL;
}

/* `a`: all of them; `a[2]`: one. False: no such name, or no such number. */
bool sn_cli_set_group(const density_job *j, const char *name, double value)
{
    const size_t length = strcspn(name, "[");
    for (uint32_t k = 0; j->groups && k < j->groups_info.parameter_count; k++) {
        const sinter_group_parameter *p = &j->groups_info.parameters[k];
        int64_t one = -1;
        if (strlen(p->name) != length || memcmp(p->name, name, length) != 0)
            continue;
        if (name[length]) {
            char digits[24];
            const size_t count = strcspn(name + length + 1, "]");
            snprintf(digits, sizeof digits, "%.*s", (int)(count < 20 ? count : 20), name + length + 1);
            if (strcmp(name + length + 1 + count, "]") != 0 || !sn_cli_read_whole(digits, 0, (int64_t)p->length - 1, &one))
                return false;
        }
        for (uint32_t i = 0; i < p->length; i++)
            if (one < 0 || one == (int64_t)i)
                j->numbers[p->first + i] = value;
        return true;
    }
    return false;
}

int sn_cli_check_groups(const density_job *j)
{
    const arguments *a = j->a;
    if (!j->groups)
        return STATUS_GOOD;
    if (a->plot)
        return sn_cli_misuse(a->command, "--plot draws densities whose parameters are one number each");
    if (a->gradient_count || (a->grad && !a->sum))
        return sn_cli_misuse(a->command, "where parameters have several numbers, derivatives are those of a sum: --sum --grad");
    return STATUS_GOOD;
}

/* Which numbers a column of a file may say. */
bool sn_cli_count_groups(const density_job *j, data_rows *rows)
{
    for (uint32_t k = 0; j->groups && rows->kind == DATA_TEXT && k < j->info.column_count; k++) {
        const uint32_t most = sinter_groups_chosen(j->groups, k);
        if (most && !sn_csv_number_groups(&rows->text, k, most))
            return sn_cli_refuse("out of memory");
    }
    return true;
}

/* ---- rows ---- */

/* The constraint that the value breaks, as words; of numbers chosen by rows there may be one for each column that chooses. "": it is a range. */
static const char *broken_constraint(const density_job *j, const sinter_group_parameter *p, double value)
{
    const size_t length = strlen(p->name);
    const char *words = "";
    for (uint32_t k = 0; k < j->info.parameter_count; k++) {
        const sinter_parameter_info *of = &j->info.parameters[k];
        if (strncmp(of->name, p->name, length) != 0 || (of->name[length] && of->name[length] != '['))
            continue;
        if (!(value >= of->low && value <= of->high))
            return j->info.constraints[k];
        words = *words ? words : j->info.constraints[k]; /* by others, or of integers */
    }
    return words;
}

static int tell_number(const density_job *j, const sinter_group_parameter *p, int64_t number)
{
    char name[128], value[SN_DECIMAL_ROOM];
    const char *constraint = broken_constraint(j, p, j->numbers[number]);
    snprintf(name, sizeof name, p->length > 1 ? "%.100s[%lld]" : "%.100s", p->name, (long long)(number - p->first));
    sn_decimal_write_f64(j->numbers[number], value);
    if (*constraint)
        return sn_cli_fail("%s is %s, and must be %s", name, value, constraint);
    return sn_cli_fail("%s is %s, and must be in %g..%g", name, value, p->low, p->high);
}

/* `first`: the row that the piece begins with. */
static int tell(const density_job *j, sinter_status status, int64_t first)
{
    const sinter_groups_complaint c = sinter_groups_complain(j->groups);
    const long long row = first + c.row + 1;
    if (status == SINTER_BAD_ARGUMENT && c.row >= 0)
        return sn_cli_fail("row %lld: %s is %g, and must be a whole number from 0 to %lu", row, j->info.columns[c.column].name, c.value,
                           (unsigned long)sinter_groups_chosen(j->groups, c.column) - 1);
    for (uint32_t k = 0; status == SINTER_BAD_PARAMETER && k < j->groups_info.parameter_count; k++) {
        const sinter_group_parameter *p = &j->groups_info.parameters[k];
        if (c.number < (int64_t)p->first || c.number >= (int64_t)p->first + p->length)
            continue;
        return tell_number(j, p, c.number);
    }
    return sn_cli_fail("%s", sinter_status_name(status));
}

/* What --set changed since. */
static void take_scalars(const density_job *j)
{
    for (uint32_t k = 0; k < j->groups_info.parameter_count; k++) {
        const sinter_group_parameter *p = &j->groups_info.parameters[k];
        const int number = p->length == 1 ? sinter_density_parameter_number(j->density, p->name) : -1;
        if (number >= 0)
            j->numbers[p->first] = sinter_density_get(j->values, number);
    }
}

int sn_cli_compute_groups(const density_job *j, const sinter_density_data *data, int64_t first, void *logs, double *gradient)
{
    double sum;
    take_scalars(j);
    sinter_status status = sinter_groups_batch(j->groups, j->numbers, data, logs);
    if (status == SINTER_OK && gradient)
        status = sinter_groups_sum_piece(j->groups, j->numbers, data, &sum, gradient);
    return status == SINTER_OK ? STATUS_GOOD : tell(j, status, first);
}

int sn_cli_compute_priors(const density_job *j, double *sum, double *gradient)
{
    sinter_density_argument none[SINTER_DENSITY_MOST];
    for (uint32_t k = 0; k < j->info.column_count; k++)
        none[k] = (sinter_density_argument){j->numbers, 0};
    take_scalars(j);
    const sinter_status status = sinter_groups_sum(j->groups, j->numbers, &(sinter_density_data){.count = 0, .columns = none}, sum, gradient);
    return status == SINTER_OK ? STATUS_GOOD : tell(j, status, 0);
}

/* ---- words ---- */

static void print_list(const double *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fputs(i ? "," : "[", stdout);
        sn_cli_print_element(stdout, SINTER_F64, &numbers[i], 0, true);
    }
    putchar(']');
}

void sn_cli_print_json_groups(const density_job *j, const double *numbers, bool scalars)
{
    const char *comma = "";
    for (uint32_t k = 0; k < j->groups_info.parameter_count; k++) {
        const sinter_group_parameter *p = &j->groups_info.parameters[k];
        const bool scalar = sinter_density_parameter_number(j->density, p->name) >= 0;
        if (scalar && !scalars)
            continue;
        fputs(comma, stdout);
        sn_cli_print_json_text(stdout, p->name, strlen(p->name));
        putchar(':');
        if (scalar)
            sn_cli_print_element(stdout, SINTER_F64, &numbers[p->first], 0, true);
        else
            print_list(numbers + p->first, p->length);
        comma = ",";
    }
}

void sn_cli_print_json_labels(const density_job *j, const data_rows *rows)
{
    const char *comma = "";
    fputs(",\"labels\":{", stdout);
    for (uint32_t k = 0; rows->kind == DATA_TEXT && k < j->info.column_count; k++) {
        size_t count;
        const char *const *labels = sn_csv_labels(&rows->text, k, &count);
        if (!labels)
            continue;
        fputs(comma, stdout);
        sn_cli_print_json_text(stdout, j->info.columns[k].name, strlen(j->info.columns[k].name));
        fputs(":[", stdout);
        for (size_t i = 0; i < count; i++) {
            fputs(i ? "," : "", stdout);
            sn_cli_print_json_text(stdout, labels[i], strlen(labels[i]));
        }
        putchar(']');
        comma = ",";
    }
    putchar('}');
}

void sn_cli_describe_groups(const density_job *j)
{
    for (uint32_t k = 0; k < j->groups_info.parameter_count; k++) {
        const sinter_group_parameter *p = &j->groups_info.parameters[k];
        if (sinter_density_parameter_number(j->density, p->name) >= 0)
            continue;
        printf("parameter %s[%lu] =", p->name, (unsigned long)p->length);
        for (uint32_t i = 0; i < p->length && i < 8; i++) {
            putchar(' ');
            sn_cli_print_element(stdout, SINTER_F64, &j->numbers[p->first + i], 0, false);
        }
        const char *words = broken_constraint(j, p, (double)NAN); /* of the first column that chooses one */
        printf("%s%s%s%s\n", p->length > 8 ? " ..." : "", *words ? " (" : "", words, *words ? ")" : "");
    }
}
