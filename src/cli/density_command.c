/* sinter density: log-densities of rows of data.
 *
 * Rows come in pieces and go through one batch each, so that a file may have any size. A sum is that of the very numbers that would be printed
 * for the rows, added in exact arithmetic and rounded once: it depends neither on how the file was cut nor on the order of its rows, and needs no second pass.
 *
 * Parameters are looked at before any row: one that breaks its constraint, or has no value, is an error that names it, not a column of NaN. */
#include "cli/density_job.h"

#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct derivative {
    bool by_column;
    uint32_t number;
} derivative;

typedef struct density_run {
    density_job job;
    data_rows rows;
    derivative *derivatives;
    uint32_t derivative_count;
    double **read;   /* DENSITY_ROWS of each column, and of that of groups */
    void **inputs;   /* the same as the density's type; for f64 they are `read` */
    void **outputs;  /* the log-density, then the derivatives */
    void *together;  /* outputs side by side, for the receipt */
    void **by_columns, **by_parameters;
    exact_sum *sums; /* one for each output, with --sum */
    double *piece_gradient; /* of groups, with --sum --grad */
    exact_sum *number_sums; /* the same, added */
    sums_by by;      /* with --sum-by */
    int64_t row_count;
    receipt receipt;
    density_table table; /* all rows, for --plot and --prior */
    uint32_t axis;
} density_run;

/* ---- memory ---- */

void **sn_cli_open_arrays(uint32_t count, size_t size)
{
    void **arrays = calloc((size_t)count + 1, sizeof *arrays);
    for (uint32_t k = 0; arrays && k < count; k++)
        if (!(arrays[k] = calloc(DENSITY_ROWS, size))) {
            sn_cli_close_arrays(arrays, count);
            arrays = NULL;
        }
    if (!arrays)
        sn_cli_fail("out of memory");
    return arrays;
}

void sn_cli_close_arrays(void **arrays, uint32_t count)
{
    for (uint32_t k = 0; arrays && k < count; k++)
        free(arrays[k]);
    free(arrays);
}

/* ---- the density ---- */

static const char *parameter_at(const void *context, int i)
{
    const sinter_density_info *info = context;
    return (uint32_t)i < info->parameter_count ? info->parameters[i].name : NULL;
}

static int set_parameters(density_job *j)
{
    for (int i = 0; i < j->a->set_count; i++) {
        const assignment *set = &j->a->sets[i];
        double value;
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)set->name_length, set->name);
        sn_cli_read_number(set->text, strlen(set->text), SINTER_F64, &value);
        const int number = strchr(name, '[') ? -1 : sinter_density_parameter_number(j->density, name);
        if (number < 0 && sn_cli_set_group(j, name, value))
            continue;
        if (number >= 0) {
            sinter_density_set(j->values, number, value);
            continue;
        }
        if (sinter_density_column_number(j->density, name) >= 0)
            return sn_cli_misuse(j->a->command, "%s is a column, not a parameter: --at %s=%s", name, name, set->text);
        const char *nearest = sn_cli_nearest(name, parameter_at, &j->info);
        return nearest ? sn_cli_misuse(j->a->command, "there is no parameter %s; did you mean %s?", name, nearest)
                       : sn_cli_misuse(j->a->command, "there is no parameter %s", name);
    }
    return STATUS_GOOD;
}

static int open_density(density_job *j)
{
    static sinter_report report;
    const arguments *a = j->a;
    if (j->program.form != FORM_LANGUAGE)
        return sn_cli_fail("%s is no text of a density", j->program.name);
    const sinter_density_options options = {.size = sizeof options, .engine = a->engine, .type = a->type, .grade = a->grade, .drop = a->drop,
                                            .name = j->program.name};
    sinter_status status = sinter_density_open(j->context, j->program.text, j->program.length, &options, &j->density, &report);
    if (status != SINTER_OK)
        return sn_cli_print_report(status, &report);
    j->info = sinter_density_describe(j->density);
    status = sinter_density_values_open(j->density, &j->values);
    if (status == SINTER_OK && sn_cli_open_groups(j) != STATUS_GOOD)
        return STATUS_BAD;
    return status == SINTER_OK ? set_parameters(j) : sn_cli_fail("%s", sinter_status_name(status));
}

static int open_job(density_job *j)
{
    const char *reason = NULL;
    if (!sinter_engine_available(j->a->engine, &reason))
        return sn_cli_fail("the engine %s cannot run here: %s", sinter_engine_name(j->a->engine), reason ? reason : "unknown");
    if (!sn_cli_load_program(j->a, &j->program))
        return STATUS_BAD;
    const sinter_status status = sinter_open(NULL, &j->context);
    return status == SINTER_OK ? open_density(j) : sn_cli_fail("%s", sinter_status_name(status));
}

static void close_job(density_job *j)
{
    sn_cli_close_groups(j);
    sinter_density_values_close(j->values);
    sinter_density_close(j->density);
    if (j->context)
        sinter_close(j->context);
    sn_cli_release_program(&j->program);
}

/* Of theta0, or of theta0_2, the second of its name, how long `theta` is. */
static size_t length_of_tuple_name(const char *first)
{
    const char *second = strrchr(first, '_');
    const bool again = second > first && second[-1] == '0' && strspn(second + 1, "0123456789") == strlen(second + 1);
    return again ? (size_t)(second - first) - 1 : strlen(first) - 1;
}

/* The parameters from k on that are to be a point of the simplex, none of them out of 0..1. Those of another one may follow. */
static int say_shares(const density_job *j, uint32_t k)
{
    double sum = 0;
    const char *first = j->info.parameters[k].name;
    const size_t length = length_of_tuple_name(first);
    for (uint32_t e = k; e < j->info.parameter_count; e++) {
        const char *name = j->info.parameters[e].name;
        if (strcmp(j->info.constraints[e], "in simplex") != 0 || strncmp(name, first, length) != 0 || strtoul(name + length, NULL, 10) != e - k)
            break;
        sum += sinter_density_get(j->values, (int)e);
    }
    return sn_cli_fail("the parameters from %s on are no point of the simplex: they add up to %.10g, and must to 1 within %s", first, sum,
                       j->info.type == SINTER_F32 ? "1e-6" : "1e-8");
}

/* A parameter that makes every row NaN is an error. */
static int check_parameters(const density_job *j)
{
    const int k = sinter_density_invalid(j->values);
    char number[SN_DECIMAL_ROOM];
    if (k < 0)
        return STATUS_GOOD;
    const sinter_parameter_info *p = &j->info.parameters[k];
    const double value = sinter_density_get(j->values, k);
    if (isnan(value))
        return sn_cli_fail("the parameter %s has no value: --set %s=1", p->name, p->name);
    sn_decimal_write_f64(value, number);
    if (!strcmp(j->info.constraints[k], "in simplex") && value >= 0 && value <= 1)
        return say_shares(j, (uint32_t)k);
    if (isinf(value) && strchr("<>", *j->info.constraints[k]) && *j->info.constraints[k])
        return sn_cli_fail("the parameter %s is %s, and must be finite and %s", p->name, number, j->info.constraints[k]);
    if (strchr(j->info.constraints[k], '&')) /* the rest has the name again */
        return sn_cli_fail("the parameter %s is %s, and must have %s %s", p->name, number, p->name, j->info.constraints[k]);
    if (*j->info.constraints[k])
        return sn_cli_fail("the parameter %s is %s, and must be %s", p->name, number, j->info.constraints[k]);
    if (p->low > -DBL_MAX || p->high < DBL_MAX)
        return sn_cli_fail("the parameter %s is %s, and must be in %g..%g", p->name, number, p->low, p->high);
    return sn_cli_fail("the parameter %s is %s, and must be finite", p->name, number);
}

/* ---- derivatives ---- */

static bool add_derivative(density_run *r, bool by_column, uint32_t number)
{
    derivative *grown = realloc(r->derivatives, (r->derivative_count + 1) * sizeof *grown);
    if (!grown)
        return sn_cli_refuse("out of memory");
    r->derivatives = grown;
    r->derivatives[r->derivative_count++] = (derivative){by_column, number};
    return true;
}

static const char *name_of(const density_run *r, derivative d)
{
    return d.by_column ? r->job.info.columns[d.number].name : r->job.info.parameters[d.number].name;
}

static const char *variable_at(const void *context, int i)
{
    const sinter_density_info *info = context;
    const uint32_t k = (uint32_t)i;
    return k < info->column_count ? info->columns[k].name : parameter_at(context, (int)(k - info->column_count));
}

static int choose_named(density_run *r, const char *name)
{
    const arguments *a = r->job.a;
    const int place = sinter_density_column_number(r->job.density, name), parameter = sinter_density_parameter_number(r->job.density, name);
    if (place >= 0 && (a->sum || a->sum_by))
        return sn_cli_misuse(a->command, "--gradient %s: a sum has derivatives by parameters, not by columns", name);
    if (place < 0 && parameter < 0) {
        const char *nearest = sn_cli_nearest(name, variable_at, &r->job.info);
        return nearest ? sn_cli_misuse(a->command, "--gradient: there is no column or parameter %s; did you mean %s?", name, nearest)
                       : sn_cli_misuse(a->command, "--gradient: there is no column or parameter %s", name);
    }
    return add_derivative(r, place >= 0, (uint32_t)(place >= 0 ? place : parameter)) ? STATUS_GOOD : STATUS_BAD;
}

static int choose_derivatives(density_run *r)
{
    const arguments *a = r->job.a;
    int status = STATUS_GOOD;
    bool good = true;
    for (uint32_t k = 0; a->grad && !a->sum && !a->sum_by && good && k < r->job.info.column_count; k++)
        good = add_derivative(r, true, k);
    for (uint32_t k = 0; a->grad && !r->job.groups && good && k < r->job.info.parameter_count; k++)
        good = add_derivative(r, false, k);
    for (uint32_t i = 0; good && status == STATUS_GOOD && i < a->gradient_count; i++)
        status = choose_named(r, a->gradient[i]);
    return good ? status : STATUS_BAD;
}

/* ---- printing ---- */

static bool prints_rows(const arguments *a)
{
    return !a->sum && !a->sum_by && !a->hash && !a->plot;
}

static void print_names(const density_run *r, const double *values, sinter_type type, void *const *outputs, size_t row)
{
    fputs(",\"gradient\":{", stdout);
    for (uint32_t k = 0; k < r->derivative_count; k++) {
        const char *name = name_of(r, r->derivatives[k]);
        fputs(k ? "," : "", stdout);
        sn_cli_print_json_text(stdout, name, strlen(name));
        putchar(':');
        sn_cli_print_element(stdout, type, values ? (const void *)&values[1 + k] : outputs[1 + k], row, true);
    }
    putchar('}');
}

static void print_json_row(const density_run *r, size_t row)
{
    const sinter_density_info *info = &r->job.info;
    fputs("{\"columns\":{", stdout);
    for (uint32_t k = 0; k < info->column_count; k++) {
        fputs(k ? "," : "", stdout);
        sn_cli_print_json_text(stdout, info->columns[k].name, strlen(info->columns[k].name));
        putchar(':');
        sn_cli_print_element(stdout, info->type, r->inputs[k], row, true);
    }
    fputs("},\"log_density\":", stdout);
    sn_cli_print_element(stdout, info->type, r->outputs[0], row, true);
    if (r->derivative_count)
        print_names(r, NULL, info->type, r->outputs, row);
    puts("}");
}

static void print_row(const density_run *r, size_t row)
{
    for (uint32_t k = 0; k <= r->derivative_count; k++) {
        if (k)
            putchar(' ');
        sn_cli_print_element(stdout, r->job.info.type, r->outputs[k], row, false);
    }
    putchar('\n');
}

/* Derivatives of groups become numbers. */
static void settle_number_sums(density_run *r)
{
    for (uint32_t k = 0; r->piece_gradient && k < r->job.groups_info.count; k++)
        r->piece_gradient[k] = sn_exact_value(&r->number_sums[k]);
}

static void print_json_sums(density_run *r)
{
    if (!r->job.groups)
        return;
    if (r->piece_gradient) {
        fputs(",\"gradient\":{", stdout);
        sn_cli_print_json_groups(&r->job, r->piece_gradient, true);
        putchar('}');
    }
    sn_cli_print_json_labels(&r->job, &r->rows);
}

static void print_number_sums(const density_run *r)
{
    for (uint32_t k = 0; r->piece_gradient && !r->job.a->json && !r->job.a->hash && k < r->job.groups_info.count; k++) {
        sn_cli_print_element(stdout, SINTER_F64, r->piece_gradient, k, false);
        putchar(k + 1 == r->job.groups_info.count ? '\n' : ' ');
    }
}

static int print_sum(density_run *r)
{
    double *values = calloc((size_t)r->derivative_count + 1, sizeof *values);
    if (!values)
        return sn_cli_fail("out of memory");
    settle_number_sums(r);
    for (uint32_t k = 0; k <= r->derivative_count; k++)
        values[k] = sn_exact_value(&r->sums[k]);
    if (r->job.a->json && !r->job.a->hash) {
        printf("{\"rows\":%lld,\"left_out\":%llu,\"log_density\":", (long long)r->row_count, (unsigned long long)r->rows.skipped);
        sn_cli_print_element(stdout, SINTER_F64, values, 0, true);
        if (r->derivative_count)
            print_names(r, values, SINTER_F64, NULL, 0);
        print_json_sums(r);
        puts("}");
    }
    for (uint32_t k = 0; !r->job.a->json && !r->job.a->hash && k <= r->derivative_count; k++) {
        sn_cli_print_element(stdout, SINTER_F64, values, k, false);
        putchar(k == r->derivative_count && !r->piece_gradient ? '\n' : ' ');
    }
    print_number_sums(r);
    if (r->job.a->hash)
        sn_cli_add_to_receipt(&r->receipt, SINTER_F64, values, (size_t)r->derivative_count + 1);
    if (r->job.a->hash && r->piece_gradient)
        sn_cli_add_to_receipt(&r->receipt, SINTER_F64, r->piece_gradient, r->job.groups_info.count);
    free(values);
    return STATUS_GOOD;
}

/* ---- running ---- */

static bool open_number_sums(density_run *r)
{
    if (!r->job.groups || !r->job.a->grad)
        return true;
    r->piece_gradient = calloc((size_t)r->job.groups_info.count + 1, sizeof *r->piece_gradient);
    r->number_sums = calloc((size_t)r->job.groups_info.count + 1, sizeof *r->number_sums);
    for (uint32_t k = 0; r->number_sums && k < r->job.groups_info.count; k++)
        sn_exact_open(&r->number_sums[k]);
    return (r->piece_gradient && r->number_sums) || sn_cli_refuse("out of memory");
}

static bool open_buffers(density_run *r)
{
    const sinter_density_info *info = &r->job.info;
    const size_t size = sn_cli_type_size(info->type);
    r->read = (double **)sn_cli_open_arrays(r->rows.read_count, sizeof(double));
    r->inputs = info->type == SINTER_F64 ? (void **)r->read : sn_cli_open_arrays(info->column_count, size);
    r->outputs = sn_cli_open_arrays(r->derivative_count + 1, size);
    if (!r->read || !r->inputs || !r->outputs)
        return false;
    r->together = calloc(DENSITY_ROWS * ((size_t)r->derivative_count + 1), size);
    r->by_columns = calloc(info->column_count + 1, sizeof *r->by_columns);
    r->by_parameters = calloc(info->parameter_count + 1, sizeof *r->by_parameters);
    r->sums = calloc((size_t)r->derivative_count + 1, sizeof *r->sums);
    if (!r->together || !r->by_columns || !r->by_parameters || !r->sums)
        return sn_cli_refuse("out of memory");
    for (uint32_t k = 0; k < r->derivative_count; k++)
        (r->derivatives[k].by_column ? r->by_columns : r->by_parameters)[r->derivatives[k].number] = r->outputs[1 + k];
    for (uint32_t k = 0; k <= r->derivative_count; k++)
        sn_exact_open(&r->sums[k]);
    r->receipt = sn_cli_open_receipt();
    r->by.results = r->derivative_count + 1;
    return open_number_sums(r);
}

static void close_run(density_run *r)
{
    const sinter_density_info *info = &r->job.info;
    if (r->inputs != (void **)r->read)
        sn_cli_close_arrays(r->inputs, info->column_count);
    sn_cli_close_arrays((void **)r->read, r->rows.read_count);
    sn_cli_close_arrays(r->outputs, r->derivative_count + 1);
    free(r->together);
    free(r->by_columns);
    free(r->by_parameters);
    free(r->sums);
    free(r->piece_gradient);
    free(r->number_sums);
    sn_cli_close_by(&r->by);
    free(r->derivatives);
    sn_cli_free_rows(&r->table, info->column_count);
    sn_cli_close_rows(&r->rows);
}

static void convert_rows(const density_run *r, size_t count)
{
    for (uint32_t k = 0; r->job.info.type == SINTER_F32 && k < r->job.info.column_count; k++)
        for (size_t i = 0; i < count; i++)
            ((float *)r->inputs[k])[i] = (float)r->read[k][i];
}

static int compute_rows(density_run *r, size_t count)
{
    sinter_density_argument given[SINTER_DENSITY_MOST];
    for (uint32_t k = 0; k < r->job.info.column_count; k++)
        given[k] = (sinter_density_argument){r->inputs[k], 1};
    const sinter_density_data data = {.count = (int64_t)count, .columns = given};
    if (r->job.groups)
        return sn_cli_compute_groups(&r->job, &data, r->row_count, r->outputs[0], r->piece_gradient);
    const sinter_density_results results = {.logs = r->outputs[0], .columns = r->by_columns, .parameters = r->by_parameters};
    const sinter_status status = sinter_density_batch(r->job.values, &data, &results);
    return status == SINTER_OK ? STATUS_GOOD : sn_cli_fail("%s", sinter_status_name(status));
}

static void add_rows(density_run *r, size_t count)
{
    for (uint32_t k = 0; r->piece_gradient && k < r->job.groups_info.count; k++)
        sn_exact_add(&r->number_sums[k], r->piece_gradient[k]);
    for (uint32_t k = 0; k <= r->derivative_count; k++) {
        if (r->job.info.type == SINTER_F64)
            sn_exact_add_all(&r->sums[k], r->outputs[k], (int64_t)count);
        for (size_t i = 0; r->job.info.type == SINTER_F32 && i < count; i++)
            sn_exact_add(&r->sums[k], (double)((const float *)r->outputs[k])[i]);
    }
}

static int take_rows(density_run *r, size_t count)
{
    const arguments *a = r->job.a;
    if (a->plot && !sn_cli_keep_rows(&r->table, r->job.info.column_count, r->read, count))
        return STATUS_BAD;
    convert_rows(r, count);
    const int status = compute_rows(r, count);
    if (status != STATUS_GOOD)
        return status;
    r->row_count += (int64_t)count;
    if (a->sum)
        add_rows(r, count);
    if (a->sum_by && !sn_cli_add_by(&r->by, r->read[r->job.info.column_count], r->job.info.type, r->outputs, count))
        return STATUS_BAD;
    if (a->hash && !a->sum) {
        sn_cli_interleave(r->job.info.type, (const void *const *)r->outputs, r->derivative_count + 1, 0, count, r->together);
        sn_cli_add_to_receipt(&r->receipt, r->job.info.type, r->together, count * (r->derivative_count + 1));
    }
    for (size_t row = 0; prints_rows(a) && row < count && !ferror(stdout); row++)
        (a->json ? print_json_row : print_row)(r, row);
    return STATUS_GOOD;
}

static int print_sums_by(const density_run *r)
{
    const char **names = calloc((size_t)r->derivative_count + 1, sizeof *names);
    if (!names)
        return sn_cli_fail("out of memory");
    for (uint32_t k = 0; k < r->derivative_count; k++)
        names[k] = name_of(r, r->derivatives[k]);
    sn_cli_print_by(&r->by, &r->rows, r->row_count, names, r->job.a);
    free(names);
    return STATUS_GOOD;
}

/* Behind all rows. */
static int add_priors(density_run *r)
{
    double sum;
    if (!r->job.groups)
        return STATUS_GOOD;
    const int status = sn_cli_compute_priors(&r->job, &sum, r->piece_gradient);
    for (uint32_t k = 0; status == STATUS_GOOD && r->piece_gradient && k < r->job.groups_info.count; k++)
        sn_exact_add(&r->number_sums[k], r->piece_gradient[k]);
    if (status == STATUS_GOOD)
        sn_exact_add(&r->sums[0], sum);
    return status;
}

static int finish(density_run *r)
{
    const arguments *a = r->job.a;
    int status = a->sum ? add_priors(r) : STATUS_GOOD;
    if (status != STATUS_GOOD)
        return status;
    status = a->sum ? print_sum(r) : a->sum_by ? print_sums_by(r) : STATUS_GOOD;
    if (status == STATUS_GOOD && a->hash)
        printf(a->json ? "{\"hash\":\"%016llx\"}\n" : "%016llx\n", (unsigned long long)r->receipt.state);
    if (status == STATUS_GOOD && a->plot)
        status = sn_cli_plot_density(&r->job, r->axis, &r->table);
    if (status == STATUS_GOOD)
        sn_cli_tell_skipped(&r->rows);
    return status;
}

static int run_rows(density_run *r)
{
    int status = choose_derivatives(r);
    ptrdiff_t count = 0;
    if (status == STATUS_GOOD && r->job.a->plot)
        status = sn_cli_choose_axis(&r->job, &r->axis);
    if (status == STATUS_GOOD)
        status = check_parameters(&r->job);
    if (status == STATUS_GOOD)
        status = sn_cli_check_groups(&r->job);
    if (status == STATUS_GOOD)
        status = sn_cli_open_rows(&r->rows, r->job.a, &r->job.info);
    if (status == STATUS_GOOD && (!sn_cli_count_groups(&r->job, &r->rows) || !open_buffers(r)))
        status = STATUS_BAD;
    while (status == STATUS_GOOD && (count = sn_cli_read_rows(&r->rows, r->read, DENSITY_ROWS)) > 0)
        status = take_rows(r, (size_t)count);
    if (count < 0)
        status = STATUS_BAD;
    return status == STATUS_GOOD ? finish(r) : status;
}

static int run_natural(density_run *r)
{
    const bool data = r->job.a->data || r->job.a->point_count;
    int status = data ? sn_cli_open_rows(&r->rows, r->job.a, &r->job.info) : STATUS_GOOD;
    return status == STATUS_GOOD ? sn_cli_print_natural(&r->job, data ? &r->rows : NULL) : status;
}

static int run_posterior(density_run *r)
{
    const int status = sn_cli_open_rows(&r->rows, r->job.a, &r->job.info);
    return status == STATUS_GOOD ? sn_cli_print_posterior(&r->job, &r->rows, &r->table) : status;
}

static int run_without_rows(density_run *r)
{
    const int invalid = sinter_density_invalid(r->job.values);
    if (!r->job.a->plot && invalid >= 0 && !isnan(sinter_density_get(r->job.values, invalid))) /* moments would be those of another value */
        return check_parameters(&r->job);
    if (!r->job.a->plot)
        return sn_cli_describe_density(&r->job);
    if (r->job.groups)
        return sn_cli_check_groups(&r->job);
    int status = sn_cli_choose_axis(&r->job, &r->axis);
    if (status == STATUS_GOOD)
        status = check_parameters(&r->job);
    return status == STATUS_GOOD ? sn_cli_plot_density(&r->job, r->axis, NULL) : status;
}

int sn_cli_density(const arguments *a)
{
    if (a->list)
        return sn_cli_list_families(a);
    density_run run = {.job.a = a};
    int status = open_job(&run.job);
    if (status == STATUS_GOOD && a->natural)
        status = run_natural(&run);
    else if (status == STATUS_GOOD && a->prior)
        status = run_posterior(&run);
    else if (status == STATUS_GOOD && (a->data || a->point_count))
        status = run_rows(&run);
    else if (status == STATUS_GOOD)
        status = run_without_rows(&run);
    close_run(&run);
    close_job(&run.job);
    return status;
}
