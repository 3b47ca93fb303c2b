/* sinter density without rows: what a density is, in words; natural parameters and sufficient statistics; the list of families.
 *
 * What a family says of itself (its mean, its natural parameters) is a quantity that is compiled like the density: a program of the parameters
 * alone. Where a density has no such quantity compiling says so, and the line is left out. */
#include "cli/density_job.h"

#include "density/exact_sum.h"
#include "lang/lang.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NUMBERS = 64 };

/* ---- the list ---- */

static void print_entry(const lang_family_entry *f)
{
    char signature[256];
    snprintf(signature, sizeof signature, "%s(%s)", f->name, f->form);
    if (f->same_as)
        printf("%-38s the same as %s\n", signature, f->same_as);
    else
        printf("%-38s on %-18s %s\n", signature, f->support, f->summary);
}

static void print_json_member(const char *name, const char *text)
{
    printf(",\"%s\":", name);
    sn_cli_print_json_text(stdout, text, strlen(text));
}

/* "T","eta": what a density of the family has beside its log-density. */
static void print_json_quantities(const lang_family_entry *f)
{
    const char *comma = "";
    fputs(",\"quantities\":[", stdout);
    for (unsigned m = 0; m < LANG_MEMBERS; m++)
        if (f->members >> m & 1) {
            printf("%s\"%s\"", comma, sn_lang_quantity_names[m]);
            comma = ",";
        }
    putchar(']');
}

static void print_json_entry(const lang_family_entry *f)
{
    const char *comma = "";
    fputs("{\"name\":", stdout);
    sn_cli_print_json_text(stdout, f->name, strlen(f->name));
    fputs(",\"parameters\":[", stdout);
    for (const char *at = f->names; *at; at += strspn(at, " ")) {
        const size_t length = strcspn(at, " ");
        fputs(comma, stdout);
        sn_cli_print_json_text(stdout, at, length);
        comma = ",";
        at += length;
    }
    putchar(']');
    print_json_member("form", f->form);
    if (f->same_as)
        print_json_member("same_as", f->same_as);
    print_json_member("support", f->support);
    print_json_member("summary", f->summary);
    print_json_quantities(f);
    puts("}");
}

int sn_cli_list_families(const arguments *a)
{
    lang_family_entry f;
    for (uint32_t i = 0; sn_lang_family(i, &f); i++)
        (a->json ? print_json_entry : print_entry)(&f);
    return STATUS_GOOD;
}

/* ---- quantities ---- */

static sinter_kernel *compile_quantity(const density_job *j, const char *quantity, const char *const *gradient, uint32_t gradient_count,
                                       sinter_kernel_info *info)
{
    static sinter_report report;
    sinter_kernel *kernel = NULL;
    const sinter_options options = {.size = sizeof options, .source = SINTER_DENSITY, .type = SINTER_F64, .engine = j->a->engine,
                                    .name = j->program.name, .quantity = quantity, .gradient = (const char **)(uintptr_t)gradient, .gradient_count = gradient_count};
    if (sinter_compile(j->context, j->program.text, j->program.length, &options, &kernel, &report) != SINTER_OK)
        return NULL;
    *info = sinter_kernel_describe(kernel);
    if (info->output_count <= MOST_NUMBERS && info->input_count <= MOST_NUMBERS)
        return kernel;
    sinter_kernel_close(kernel);
    return NULL;
}

/* With the parameters as they are set in the job. */
static sinter_instance *open_instance(const density_job *j, sinter_kernel *kernel, const sinter_kernel_info *info)
{
    sinter_instance *instance;
    if (sinter_instance_open(kernel, &instance) != SINTER_OK)
        return NULL;
    for (uint32_t k = 0; k < info->parameter_count; k++) {
        const int number = sinter_density_parameter_number(j->density, info->parameters[k].name);
        if (number >= 0)
            sinter_set(instance, (int)k, sinter_density_get(j->values, number));
    }
    return instance;
}

/* One element: numbers of f64 in, numbers of f64 out. */
static bool run_once(const density_job *j, sinter_kernel *kernel, const sinter_kernel_info *info, const double *in, double *out)
{
    const void *inputs[MOST_NUMBERS];
    void *outputs[MOST_NUMBERS];
    for (uint32_t k = 0; k < info->input_count; k++)
        inputs[k] = &in[k];
    for (uint32_t k = 0; k < info->output_count; k++)
        outputs[k] = &out[k];
    sinter_instance *instance = open_instance(j, kernel, info);
    const bool good = instance && sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = 1}) == SINTER_OK;
    sinter_instance_close(instance);
    return good;
}

uint32_t sn_cli_density_quantity(const density_job *j, const char *quantity, double *numbers, uint32_t most)
{
    sinter_kernel_info info;
    double all[MOST_NUMBERS];
    sinter_kernel *kernel = compile_quantity(j, quantity, NULL, 0, &info);
    if (!kernel)
        return 0;
    uint32_t count = info.input_count == 0 && info.output_count <= most && run_once(j, kernel, &info, NULL, all) ? info.output_count : 0;
    memcpy(numbers, all, count * sizeof *numbers);
    sinter_kernel_close(kernel);
    return count;
}

/* ---- words ---- */

static void print_value(double value, bool json)
{
    sn_cli_print_element(stdout, SINTER_F64, &value, 0, json);
}

/* `NAME VALUE`, numbered where there are several; in JSON a member. */
static void print_numbers(const arguments *a, const char *name, const double *numbers, uint32_t count)
{
    if (a->json) {
        printf(",\"%s\":%s", name, count == 1 ? "" : "[");
        for (uint32_t k = 0; k < count; k++) {
            fputs(k ? "," : "", stdout);
            print_value(numbers[k], true);
        }
        fputs(count == 1 ? "" : "]", stdout);
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        if (count == 1)
            printf("%s ", name);
        else
            printf("%s%u ", name, k);
        print_value(numbers[k], false);
        putchar('\n');
    }
}

static void print_parameters(const density_job *j)
{
    for (uint32_t k = 0; k < j->info.parameter_count; k++) {
        const sinter_parameter_info *p = &j->info.parameters[k];
        const double value = sinter_density_get(j->values, (int)k);
        if (strchr(p->name, '[')) /* one of several numbers */
            continue;
        printf("parameter %s", p->name);
        if (isnan(value)) {
            printf(" (%s%sno value yet: --set %s=1)\n", j->info.constraints[k], *j->info.constraints[k] ? "; " : "", p->name);
            continue;
        }
        fputs(" = ", stdout);
        print_value(value, false);
        if (*j->info.constraints[k]) {
            printf(" (%s)", j->info.constraints[k]);
        } else if (p->low > -DBL_MAX || p->high < DBL_MAX) {
            fputs(" in ", stdout);
            print_value(p->low, false);
            fputs("..", stdout);
            print_value(p->high, false);
        }
        putchar('\n');
    }
}

static void print_json_names(const density_job *j)
{
    const char *comma = "";
    fputs("{\"family\":", stdout);
    if (j->info.family)
        sn_cli_print_json_text(stdout, j->info.family, strlen(j->info.family));
    else
        fputs("null", stdout);
    fputs(",\"columns\":[", stdout);
    for (uint32_t k = 0; k < j->info.column_count; k++) {
        fputs(k ? "," : "", stdout);
        sn_cli_print_json_text(stdout, j->info.columns[k].name, strlen(j->info.columns[k].name));
    }
    fputs("],\"parameters\":{", stdout);
    for (uint32_t k = 0; k < j->info.parameter_count; k++) {
        if (strchr(j->info.parameters[k].name, '['))
            continue;
        fputs(comma, stdout);
        comma = ",";
        sn_cli_print_json_text(stdout, j->info.parameters[k].name, strlen(j->info.parameters[k].name));
        putchar(':');
        print_value(sinter_density_get(j->values, (int)k), true);
    }
    if (j->groups) {
        fputs(comma, stdout);
        sn_cli_print_json_groups(j, j->numbers, false);
    }
    putchar('}');
}

int sn_cli_describe_density(const density_job *j)
{
    static const char *const quantities[] = {"mean", "variance", "entropy"};
    double numbers[MOST_NUMBERS];
    if (j->a->json) {
        print_json_names(j);
    } else {
        if (j->info.family)
            printf("family %s\n", j->info.family);
        for (uint32_t k = 0; k < j->info.column_count; k++)
            printf("column %s\n", j->info.columns[k].name);
        print_parameters(j);
        sn_cli_describe_groups(j);
    }
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++)
        print_numbers(j->a, quantities[i], numbers, sn_cli_density_quantity(j, quantities[i], numbers, MOST_NUMBERS));
    if (j->a->json)
        puts("}");
    return STATUS_GOOD;
}

/* ---- the natural form ---- */

/* The mean of T is the slope of A in the natural parameters. */
static uint32_t mean_of_T(const density_job *j, const double *eta, uint32_t count, double *mean)
{
    char names[MOST_NUMBERS][16];
    const char *by[MOST_NUMBERS];
    double out[MOST_NUMBERS];
    sinter_kernel_info info;
    for (uint32_t k = 0; k < count; k++) {
        snprintf(names[k], sizeof names[k], "eta%u", k);
        by[k] = names[k];
    }
    sinter_kernel *kernel = compile_quantity(j, "natural_A", by, count, &info);
    if (!kernel)
        return 0;
    const bool good = info.input_count == count && info.output_count == count + 1 && run_once(j, kernel, &info, eta, out);
    sinter_kernel_close(kernel);
    memcpy(mean, out + 1, good ? count * sizeof *mean : 0);
    return good ? count : 0;
}

/* Sums over rows of a quantity of x. */
typedef struct statistic {
    sinter_kernel *kernel;
    sinter_kernel_info info;
    sinter_instance *instance;
    void **outputs;
    exact_sum *sums;
} statistic;

static bool open_statistic(const density_job *j, const char *quantity, statistic *s)
{
    *s = (statistic){.kernel = compile_quantity(j, quantity, NULL, 0, &s->info)};
    if (!s->kernel)
        return false;
    s->info = sinter_kernel_describe(s->kernel);
    s->instance = open_instance(j, s->kernel, &s->info);
    s->outputs = sn_cli_open_arrays(s->info.output_count, sizeof(double));
    s->sums = calloc(s->info.output_count + 1, sizeof *s->sums);
    for (uint32_t k = 0; s->sums && k < s->info.output_count; k++)
        sn_exact_open(&s->sums[k]);
    return s->instance && s->outputs && s->sums;
}

static void close_statistic(statistic *s)
{
    if (s->kernel)
        sn_cli_close_arrays(s->outputs, s->info.output_count);
    free(s->sums);
    sinter_instance_close(s->instance);
    sinter_kernel_close(s->kernel);
}

static bool add_to_statistic(const density_job *j, statistic *s, double *const *values, size_t count)
{
    const void *inputs[MOST_NUMBERS];
    for (uint32_t k = 0; k < s->info.input_count; k++) {
        const int place = sinter_density_column_number(j->density, s->info.inputs[k].name);
        if (place < 0)
            return sn_cli_refuse("%s is no column", s->info.inputs[k].name);
        inputs[k] = values[place];
    }
    const sinter_status status =
        sinter_instance_run(s->instance, &(sinter_arguments){.inputs = inputs, .outputs = s->outputs, .count = (int64_t)count});
    for (uint32_t k = 0; status == SINTER_OK && k < s->info.output_count; k++)
        sn_exact_add_all(&s->sums[k], s->outputs[k], (int64_t)count);
    return status == SINTER_OK || sn_cli_refuse("%s", sinter_status_name(status));
}

static void print_statistic(const arguments *a, const char *name, statistic *s)
{
    double sums[MOST_NUMBERS];
    for (uint32_t k = 0; k < s->info.output_count; k++)
        sums[k] = sn_exact_value(&s->sums[k]);
    print_numbers(a, name, sums, s->info.output_count);
}

static int64_t add_all(const density_job *j, data_rows *rows, statistic *T, statistic *log_h)
{
    double **values = (double **)sn_cli_open_arrays(j->info.column_count, sizeof(double));
    ptrdiff_t count = -1;
    int64_t total = 0;
    bool good = values != NULL;
    while (good && (count = sn_cli_read_rows(rows, values, DENSITY_ROWS)) > 0) {
        good = add_to_statistic(j, T, values, (size_t)count) && add_to_statistic(j, log_h, values, (size_t)count);
        total += count;
    }
    sn_cli_close_arrays((void **)values, j->info.column_count);
    return good && count == 0 ? total : -1;
}

/* The covariances of T are the second derivatives of A: row by row, where the family has them, there are not too many, and what is taken as known is as the text has it. */
static void print_covariance(const density_job *j, const double *eta, uint32_t count)
{
    double numbers[MOST_NUMBERS], parameters[SINTER_DENSITY_MOST], same[MOST_NUMBERS];
    sinter_family *family;
    if (count * count > MOST_NUMBERS || sinter_family_open(j->density, &family, NULL) != SINTER_OK)
        return;
    for (uint32_t k = 0; k < j->info.parameter_count; k++)
        parameters[k] = sinter_density_get(j->values, (int)k);
    if (sinter_family_statistics(family) == count && sinter_family_natural(family, parameters, same) == SINTER_OK
        && sinter_family_covariance(family, eta, numbers) == SINTER_OK)
        print_numbers(j->a, "covariance_T", numbers, count * count);
    sinter_family_close(family);
}

static void print_family(const density_job *j, const double *eta, uint32_t count)
{
    double numbers[MOST_NUMBERS];
    if (j->a->json)
        print_json_names(j);
    print_numbers(j->a, "eta", eta, count);
    print_numbers(j->a, "A", numbers, sn_cli_density_quantity(j, "A", numbers, 1));
    print_numbers(j->a, "mean_T", numbers, mean_of_T(j, eta, count, numbers));
    print_covariance(j, eta, count);
}

static int print_with_data(const density_job *j, data_rows *rows, const double *eta, uint32_t count)
{
    statistic T = {0}, log_h = {0};
    int64_t total = -1;
    if (!open_statistic(j, "T", &T) || !open_statistic(j, "log_h", &log_h))
        sn_cli_fail("sufficient statistics cannot be had of this density");
    else if ((total = add_all(j, rows, &T, &log_h)) >= 0) {
        print_family(j, eta, count);
        print_numbers(j->a, "rows", &(double){(double)total}, 1);
        print_statistic(j->a, "sum_T", &T);
        print_statistic(j->a, "sum_log_h", &log_h);
    }
    close_statistic(&T);
    close_statistic(&log_h);
    return total >= 0 ? STATUS_GOOD : STATUS_BAD;
}

int sn_cli_print_natural(const density_job *j, data_rows *rows)
{
    double eta[MOST_NUMBERS];
    int status = STATUS_GOOD;
    const uint32_t count = sn_cli_density_quantity(j, "eta", eta, MOST_NUMBERS);
    if (count == 0)
        return sn_cli_fail("--natural is for a distribution of an exponential family alone, as normal(0, 1) is one (--list prints them)");
    if (rows)
        status = print_with_data(j, rows, eta, count);
    else
        print_family(j, eta, count);
    if (status == STATUS_GOOD && j->a->json)
        puts("}");
    if (status == STATUS_GOOD && rows)
        sn_cli_tell_skipped(rows);
    return status;
}
