/* sinter density --prior: the posterior of the conjugate prior that the density's family declares.
 *
 * All rows are kept and handed over in one call, so that sums are rounded once, however the file was read. */
#include "cli/density_job.h"

#include "lang/lang.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The prior's text as a density, which says its parameters. */
typedef struct prior_text {
    sinter_density *density;
    sinter_density_info info;
    sinter_family *family; /* of the likelihood */
    double parameters[SINTER_DENSITY_MOST];
} prior_text;

/* `normal` of `gaussian`. */
static const char *own_name(const char *family)
{
    lang_family_entry f;
    for (uint32_t i = 0; sn_lang_family(i, &f); i++)
        if (!strcmp(f.name, family) && f.same_as)
            return f.same_as;
    return family;
}

static int open_prior(const density_job *j, prior_text *p)
{
    static sinter_report report;
    const char *declared = j->info.prior;
    if (!j->info.family)
        return sn_cli_fail("--prior wants one family, and this is a combination, a number or a model");
    if (!declared)
        return sn_cli_fail("the family %s declares no conjugate prior", j->info.family);
    sinter_status status = sinter_family_open(j->density, &p->family, &report);
    if (status != SINTER_OK)
        return sn_cli_print_report(status, &report);
    const sinter_density_options options = {.size = sizeof options, .name = "prior", .use = SINTER_DENSITY_FEW_CALLS};
    status = sinter_density_open(j->context, j->a->prior, strlen(j->a->prior), &options, &p->density, &report);
    if (status != SINTER_OK)
        return sn_cli_print_report(status, &report);
    p->info = sinter_density_describe(p->density);
    if (!p->info.family || strcmp(own_name(p->info.family), declared) != 0)
        return sn_cli_fail("the conjugate prior of %s is %s, not %s", j->info.family, declared, p->info.family ? p->info.family : "what --prior says");
    if (p->info.parameter_count != sinter_family_prior_parameters(p->family))
        return sn_cli_fail("the prior of %s has %u numbers here, all of them constants", j->info.family, sinter_family_prior_parameters(p->family));
    for (uint32_t k = 0; k < p->info.parameter_count; k++)
        p->parameters[k] = p->info.parameters[k].initial;
    return STATUS_GOOD;
}

static void print_value(double value, bool json)
{
    sn_cli_print_element(stdout, SINTER_F64, &value, 0, json);
}

/* As a density is described. */
static void print_posterior(const density_job *j, const prior_text *p, size_t rows)
{
    if (!j->a->json) {
        printf("family %s\n", p->info.family);
        for (uint32_t k = 0; k < p->info.parameter_count; k++) {
            printf("parameter %s = ", p->info.parameters[k].name);
            print_value(p->parameters[k], false);
            putchar('\n');
        }
        return;
    }
    printf("{\"family\":\"%s\",\"parameters\":{", p->info.family);
    for (uint32_t k = 0; k < p->info.parameter_count; k++) {
        printf("%s\"%s\":", k ? "," : "", p->info.parameters[k].name);
        print_value(p->parameters[k], true);
    }
    printf("},\"rows\":%zu}\n", rows);
}

static int update(const density_job *j, prior_text *p, const density_table *t)
{
    sinter_density_argument given[SINTER_DENSITY_MOST];
    int64_t row;
    for (uint32_t k = 0; k < j->info.column_count; k++)
        given[k] = (sinter_density_argument){t->columns[k], 1};
    const sinter_density_data data = {.count = (int64_t)t->count, .columns = given};
    const sinter_status status = sinter_family_posterior(p->family, p->parameters, &data, p->parameters, &row);
    if (status == SINTER_BAD_ARGUMENT && row >= 0)
        return sn_cli_fail("row %lld of the data lies outside of the support of %s", (long long)row + 1, j->info.family);
    if (status == SINTER_BAD_PARAMETER)
        return sn_cli_fail("no posterior: a parameter of %s, or one that %s takes as known, is invalid or has no value", p->info.family, j->info.family);
    return status == SINTER_OK ? STATUS_GOOD : sn_cli_fail("%s", sinter_status_name(status));
}

static int read_table(const density_job *j, data_rows *rows, density_table *t)
{
    double **values = (double **)sn_cli_open_arrays(j->info.column_count, sizeof(double));
    ptrdiff_t count = values ? 0 : -1;
    while (values && (count = sn_cli_read_rows(rows, values, DENSITY_ROWS)) > 0)
        if (!sn_cli_keep_rows(t, j->info.column_count, values, (size_t)count)) {
            count = -1;
            break;
        }
    sn_cli_close_arrays((void **)values, j->info.column_count);
    return count < 0 ? STATUS_BAD : STATUS_GOOD;
}

int sn_cli_print_posterior(const density_job *j, data_rows *rows, density_table *t)
{
    prior_text *p = calloc(1, sizeof *p);
    if (!p)
        return sn_cli_fail("out of memory");
    int status = open_prior(j, p);
    if (status == STATUS_GOOD)
        status = read_table(j, rows, t);
    if (status == STATUS_GOOD)
        status = update(j, p, t);
    if (status == STATUS_GOOD) {
        print_posterior(j, p, t->count);
        sn_cli_tell_skipped(rows);
    }
    sinter_family_close(p->family);
    sinter_density_close(p->density);
    free(p);
    return status;
}
