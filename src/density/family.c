/* What follows from a family's own words: natural parameters and back; means and covariances of sufficient statistics, which are the first and the second
 * derivatives of the log-partition; entropies; the divergence of two members; posteriors of conjugate priors.
 *
 * Each of the members `eta`, `from_natural`, `natural_A`, `entropy` is compiled as a kernel of its own, natural_A with its gradient, and once more with
 * its derivatives in its place, whose gradient are the second ones.
 *
 * A posterior is a function of the prior's parameters, the number of observations and the sums of T, which are exact until they are rounded once. So that
 * nothing which is no datum gets in there, log_h is computed beside T: it is -inf outside of the support. Both are of x, and of parameters that
 * are taken as known, which have the text's values here as in `posterior`. */
#include "density/exact_sum.h"
#include "density/shapes.h"

#include "lang/lang.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_NATURAL = 64,
    MOST_GIVEN = 2 * MOST_NATURAL + 1, /* to a posterior: parameters of the prior, sums, the number of observations */
    MOST_CURVED = 15 /* natural parameters with second derivatives: 240 results */
};

typedef struct member {
    sinter_kernel *kernel;
    sinter_instance *instance;
} member;

struct sinter_family {
    sinter_context *context;
    member eta, from_natural, natural_a;
    member curvature;          /* without a kernel where the family has none */
    member entropy;            /* without one until it was asked for */
    const sinter_density *density;
    bool has_no_entropy;       /* as it turned out then */
    member posterior, statistics, log_h; /* likewise: all of them or none */
    const char *prior;         /* the density's */
    uint32_t natural_count, parameter_count;
    bool is_known[MOST_NATURAL]; /* parameters that are taken as known: they have the text's values */
    double known[MOST_NATURAL];
};

static sinter_status open_member(member *m, const sinter_density *d, const char *quantity, const char *const *gradient, uint32_t count, sinter_report *report)
{
    const sinter_options o = {.engine = d->engine, .source = SINTER_DENSITY, .type = SINTER_F64, .grade = d->options.grade, .name = d->options.name,
                              .inputs = NULL, .quantity = quantity, .gradient = gradient, .gradient_count = count};
    const sinter_status status = sinter_compile(d->context, d->text, d->length, &o, &m->kernel, report);
    return status ? status : sinter_instance_open(m->kernel, &m->instance);
}

static void close_member(member *m)
{
    sinter_instance_close(m->instance);
    sinter_kernel_close(m->kernel);
    *m = (member){NULL, NULL};
}

/* One element: the inputs' values in, all outputs out. */
static void run_member(const member *m, const double *inputs, double *outputs)
{
    const void *in[MOST_GIVEN];
    void *out[MOST_CURVED * (MOST_CURVED + 1)];
    _Static_assert(MOST_NATURAL + 1 <= MOST_CURVED * (MOST_CURVED + 1), "any member's outputs have room");
    for (uint32_t k = 0; k < m->kernel->input_count; k++)
        in[k] = &inputs[k];
    for (uint32_t k = 0; k < m->kernel->output_count; k++)
        out[k] = &outputs[k];
    sinter_instance_run(m->instance, &(sinter_arguments){.inputs = in, .outputs = out, .count = 1});
}

/* A parameter that a function of the natural ones reads. */
static void note_known(sinter_family *f, const sinter_kernel *of)
{
    const sinter_kernel *all = f->eta.kernel;
    for (uint32_t k = 0; k < of->public_params; k++)
        for (uint32_t i = 0; i < all->public_params && i < MOST_NATURAL; i++)
            if (!strcmp(of->params[k].name, all->params[i].name)) {
                f->is_known[i] = true;
                f->known[i] = of->params[k].initial;
            }
}

/* ---- the log-partition ---- */

/* The names of the natural parameters, which all inputs of natural_A are. */
typedef struct natural_names {
    char text[MOST_NATURAL][16];
    const char *list[MOST_NATURAL];
} natural_names;

static sinter_status name_natural(sinter_family *f, const sinter_density *d, natural_names *names, sinter_report *report)
{
    sinter_status status = open_member(&f->natural_a, d, "natural_A", NULL, 0, report);
    if (status)
        return status;
    const sinter_kernel *k = f->natural_a.kernel;
    if (k->input_count != f->natural_count)
        status = sn_report_fail(report, SINTER_BAD_PROGRAM, "`natural_A` has not as many natural parameters as `eta`", NULL);
    for (uint32_t i = 0; i < f->natural_count && !status; i++) {
        snprintf(names->text[i], sizeof names->text[i], "%.15s", k->inputs[i].name);
        names->list[i] = names->text[i];
    }
    close_member(&f->natural_a);
    return status;
}

/* A front end of the compiler: derivatives of the log-partition in its place. */
static sinter_status read_slopes(compilation *c, void *source)
{
    const sinter_density *d = source;
    c->program.rules &= ~(uint32_t)IR_SIGNS;
    const sinter_status status = sn_lang_front(c, d->text, d->length, NULL);
    return status ? status : sn_density_differentiate(c);
}

static sinter_status open_curvature(sinter_family *f, const sinter_density *d, const natural_names *names, sinter_report *report)
{
    const sinter_options o = {.engine = d->engine, .source = SINTER_DENSITY, .type = SINTER_F64, .grade = d->options.grade, .name = d->options.name,
                              .quantity = "natural_A", .gradient = (const char **)(uintptr_t)names->list, .gradient_count = f->natural_count};
    const sinter_status status = sn_kernel_compile(d->context, &o, read_slopes, (void *)(uintptr_t)d, &f->curvature.kernel, report);
    return status ? status : sinter_instance_open(f->curvature.kernel, &f->curvature.instance);
}

static sinter_status open_natural_a(sinter_family *f, const sinter_density *d, sinter_report *report)
{
    natural_names names;
    sinter_status status = name_natural(f, d, &names, report);
    if (!status)
        status = open_member(&f->natural_a, d, "natural_A", names.list, f->natural_count, report);
    if (!status && f->natural_count <= MOST_CURVED)
        status = open_curvature(f, d, &names, report);
    return status;
}

/* Of counts it takes a hundred and fifty terms, which few ask for: it is compiled for the first who does. A family need not have one. */
static sinter_status open_entropy(sinter_family *f)
{
    if (f->entropy.instance || f->has_no_entropy)
        return f->has_no_entropy ? SINTER_BAD_PROGRAM : SINTER_OK;
    const sinter_status status = open_member(&f->entropy, f->density, "entropy", NULL, 0, NULL);
    f->has_no_entropy = status == SINTER_BAD_PROGRAM;
    if (status)
        close_member(&f->entropy);
    return status;
}

/* What a family that declares a prior has as well. */
static sinter_status open_posterior(sinter_family *f, const sinter_density *d, sinter_report *report)
{
    if (!d->prior)
        return SINTER_OK;
    sinter_status status = open_member(&f->posterior, d, "posterior", NULL, 0, report);
    if (!status)
        status = open_member(&f->statistics, d, "T", NULL, 0, report);
    if (!status)
        status = open_member(&f->log_h, d, "log_h", NULL, 0, report);
    if (status)
        return status;
    if (!d->natural)
        f->natural_count = f->statistics.kernel->output_count;
    const uint32_t parameters = f->posterior.kernel->output_count, inputs = parameters + f->natural_count + 1;
    if (f->statistics.kernel->output_count != f->natural_count || f->natural_count > MOST_NATURAL || parameters > MOST_NATURAL || f->statistics.kernel->input_count > MOST_NATURAL
        || f->posterior.kernel->input_count != inputs || f->log_h.kernel->input_count != f->statistics.kernel->input_count)
        return sn_report_fail(report, SINTER_TOO_LARGE, "the prior has more than 64 parameters, or T not as many elements as `eta`", NULL);
    f->prior = d->prior;
    return SINTER_OK;
}

/* ---- open, close ---- */

static sinter_status open_natural(sinter_family *f, const sinter_density *d, sinter_report *report)
{
    sinter_status status = open_member(&f->eta, d, "eta", NULL, 0, report);
    if (!status)
        status = open_member(&f->from_natural, d, "from_natural", NULL, 0, report);
    if (status)
        return status;
    f->natural_count = f->eta.kernel->output_count;
    f->parameter_count = f->from_natural.kernel->output_count;
    if (f->natural_count > MOST_NATURAL || f->parameter_count > MOST_NATURAL || f->from_natural.kernel->input_count != f->natural_count
        || f->eta.kernel->input_count || f->eta.kernel->public_params != f->parameter_count)
        return sn_report_fail(report, SINTER_BAD_PROGRAM, "the text is not a family whose parameters are all live", NULL);
    status = open_natural_a(f, d, report);
    if (!status) {
        note_known(f, f->from_natural.kernel);
        note_known(f, f->natural_a.kernel);
    }
    return status;
}

/* Posteriors are made of T and log_h alone; where nothing else is there, the family is good for them. */
static sinter_status open_members(sinter_family *f, const sinter_density *d, sinter_report *report)
{
    const sinter_status status = d->natural || !d->prior ? open_natural(f, d, report) : SINTER_OK;
    return status ? status : open_posterior(f, d, report);
}

sinter_status sinter_family_open(const sinter_density *d, sinter_family **family, sinter_report *report)
{
    sn_report_open(report, "family");
    if (family)
        *family = NULL;
    if (!d || !family || d->type != SINTER_F64 || d->options.fixed_count)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "it wants a density of type f64 without fixed parameters", NULL);
    sinter_family *f = sn_allocate(&d->context->allocator, sizeof *f);
    if (!f)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    *f = (sinter_family){.context = d->context, .density = d};
    const sinter_status status = open_members(f, d, report);
    if (status)
        sinter_family_close(f);
    else
        *family = f;
    return status;
}

void sinter_family_close(sinter_family *f)
{
    if (!f)
        return;
    close_member(&f->eta);
    close_member(&f->from_natural);
    close_member(&f->natural_a);
    close_member(&f->curvature);
    close_member(&f->entropy);
    close_member(&f->posterior);
    close_member(&f->statistics);
    close_member(&f->log_h);
    const sinter_allocator a = f->context->allocator;
    sn_release(&a, f, sizeof *f);
}

uint32_t sinter_family_statistics(const sinter_family *f)
{
    return f ? f->natural_count : 0;
}

/* ---- calls ---- */

/* A member that is of the parameters. */
static sinter_status run_of_parameters(const sinter_family *f, const member *m, const double *parameters, double *results)
{
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; k < f->parameter_count && !status; k++)
        status = sinter_set(m->instance, (int)k, parameters[k]);
    if (!status)
        run_member(m, NULL, results);
    return status;
}

sinter_status sinter_family_natural(sinter_family *f, const double *parameters, double *eta)
{
    if (!f || !parameters || !eta)
        return SINTER_BAD_ARGUMENT;
    if (!f->eta.kernel)
        return SINTER_BAD_PROGRAM;
    for (uint32_t k = 0; k < f->parameter_count; k++)
        if (f->is_known[k] && parameters[k] != f->known[k])
            return SINTER_BAD_ARGUMENT;
    return run_of_parameters(f, &f->eta, parameters, eta);
}

sinter_status sinter_family_parameters(sinter_family *f, const double *eta, double *parameters)
{
    if (!f || !eta || !parameters)
        return SINTER_BAD_ARGUMENT;
    if (!f->from_natural.kernel)
        return SINTER_BAD_PROGRAM;
    run_member(&f->from_natural, eta, parameters);
    return SINTER_OK;
}

sinter_status sinter_family_log_partition(sinter_family *f, const double *eta, double *value, double *means)
{
    double results[MOST_NATURAL + 1];
    if (!f || !eta || !value)
        return SINTER_BAD_ARGUMENT;
    if (!f->natural_a.kernel)
        return SINTER_BAD_PROGRAM;
    run_member(&f->natural_a, eta, results);
    *value = results[0];
    if (means)
        memcpy(means, results + 1, f->natural_count * sizeof *means);
    return SINTER_OK;
}

sinter_status sinter_family_covariance(sinter_family *f, const double *eta, double *covariance)
{
    double results[MOST_CURVED * (MOST_CURVED + 1)];
    if (!f || !eta || !covariance)
        return SINTER_BAD_ARGUMENT;
    if (!f->curvature.kernel)
        return f->natural_a.kernel ? SINTER_TOO_LARGE : SINTER_BAD_PROGRAM;
    run_member(&f->curvature, eta, results);
    memcpy(covariance, results + f->natural_count, (size_t)f->natural_count * f->natural_count * sizeof *covariance);
    return SINTER_OK;
}

sinter_status sinter_family_entropy(sinter_family *f, const double *parameters, double *entropy)
{
    if (!f || !parameters || !entropy)
        return SINTER_BAD_ARGUMENT;
    if (!f->eta.kernel)
        return SINTER_BAD_PROGRAM;
    const sinter_status status = open_entropy(f);
    return status ? status : run_of_parameters(f, &f->entropy, parameters, entropy);
}

sinter_status sinter_family_divergence(sinter_family *f, const double *p, const double *q, double *divergence)
{
    double eta[2][MOST_NATURAL], value[2], means[MOST_NATURAL];
    if (!f || !p || !q || !divergence)
        return SINTER_BAD_ARGUMENT;
    sinter_status status = sinter_family_natural(f, p, eta[0]);
    if (!status)
        status = sinter_family_natural(f, q, eta[1]);
    if (status)
        return status;
    sinter_family_log_partition(f, eta[0], &value[0], means);
    sinter_family_log_partition(f, eta[1], &value[1], NULL);
    *divergence = value[1] - value[0];
    for (uint32_t k = 0; k < f->natural_count; k++)
        *divergence -= (eta[1][k] - eta[0][k]) * means[k];
    return SINTER_OK;
}

/* ---- posteriors ---- */

const char *sinter_family_prior(const sinter_family *f)
{
    return f ? f->prior : NULL;
}

uint32_t sinter_family_prior_parameters(const sinter_family *f)
{
    return f && f->prior ? f->posterior.kernel->output_count : 0;
}

sinter_status sinter_family_update(sinter_family *f, const double *prior, double observations, const double *sums, double *posterior)
{
    double inputs[MOST_GIVEN], results[MOST_NATURAL];
    if (!f || !prior || !sums || !posterior || !(observations >= 0) || isinf(observations))
        return SINTER_BAD_ARGUMENT;
    if (!f->prior)
        return SINTER_BAD_PROGRAM;
    const uint32_t count = f->posterior.kernel->output_count;
    memcpy(inputs, prior, count * sizeof *inputs);
    memcpy(inputs + count, sums, f->natural_count * sizeof *inputs);
    inputs[count + f->natural_count] = observations;
    run_member(&f->posterior, inputs, results);
    for (uint32_t k = 0; k < count; k++)
        if (!isfinite(results[k]))
            return SINTER_BAD_PARAMETER;
    memcpy(posterior, results, count * sizeof *posterior);
    return SINTER_OK;
}

/* The sums over data: of the weights, and of each statistic times the weight. */
typedef struct data_sums {
    exact_sum observations, statistics[MOST_NATURAL];
} data_sums;

static bool is_missing(const sinter_density_data *data, int64_t row)
{
    const int64_t bit = data->validity_offset + row;
    return data->validity && !(data->validity[bit / 8] >> bit % 8 & 1);
}

static double number_of(const sinter_density_argument *a, int64_t row)
{
    double number; /* which lies anywhere */
    memcpy(&number, (const uint8_t *)a->data + row * a->stride * (int64_t)sizeof number, sizeof number);
    return number;
}

/* SINTER_BAD_ARGUMENT: the row is no datum of the family; SINTER_BAD_PARAMETER: no number is, since what it takes as known is invalid. */
static sinter_status add_row(const sinter_family *f, const sinter_density_data *data, int64_t row, data_sums *sums)
{
    double x[MOST_NATURAL], statistics[MOST_NATURAL], log_h;
    const double weight = data->weights.data ? number_of(&data->weights, row) : 1;
    if (!(weight >= 0) || isinf(weight))
        return SINTER_BAD_ARGUMENT;
    if (weight == 0)
        return SINTER_OK;
    for (uint32_t k = 0; k < f->statistics.kernel->input_count; k++) {
        x[k] = number_of(&data->columns[k], row);
        if (!isfinite(x[k]))
            return SINTER_BAD_ARGUMENT;
    }
    run_member(&f->log_h, x, &log_h);
    if (isnan(log_h) || log_h == -(double)INFINITY)
        return isnan(log_h) ? SINTER_BAD_PARAMETER : SINTER_BAD_ARGUMENT;
    run_member(&f->statistics, x, statistics);
    sn_exact_add(&sums->observations, weight);
    for (uint32_t k = 0; k < f->natural_count; k++)
        sn_exact_add_product(&sums->statistics[k], statistics[k], weight);
    return SINTER_OK;
}

static bool can_be_read(const sinter_family *f, const sinter_density_data *data)
{
    bool can = data && data->count >= 0 && !data->parameters && data->validity_offset >= 0 && (data->columns || data->count == 0);
    for (uint32_t k = 0; can && data->count > 0 && k < f->statistics.kernel->input_count; k++)
        can = data->columns[k].data != NULL;
    return can;
}

static sinter_status add_rows(const sinter_family *f, const sinter_density_data *data, data_sums *sums, int64_t *row)
{
    sn_exact_open(&sums->observations);
    for (uint32_t k = 0; k < f->natural_count; k++)
        sn_exact_open(&sums->statistics[k]);
    for (int64_t i = 0; i < data->count; i++) {
        const sinter_status status = is_missing(data, i) ? SINTER_OK : add_row(f, data, i, sums);
        if (status == SINTER_BAD_ARGUMENT && row)
            *row = i;
        if (status)
            return status;
    }
    return SINTER_OK;
}

sinter_status sinter_family_posterior(sinter_family *f, const double *prior, const sinter_density_data *data, double *posterior, int64_t *row)
{
    double rounded[MOST_NATURAL];
    if (row)
        *row = -1;
    if (!f || !prior || !posterior)
        return SINTER_BAD_ARGUMENT;
    if (!f->prior)
        return SINTER_BAD_PROGRAM;
    if (!can_be_read(f, data))
        return SINTER_BAD_ARGUMENT;
    const sinter_allocator a = f->context->allocator;
    data_sums *sums = sn_allocate(&a, sizeof *sums);
    if (!sums)
        return SINTER_NO_MEMORY;
    sinter_status status = add_rows(f, data, sums, row);
    for (uint32_t k = 0; k < f->natural_count && !status; k++)
        rounded[k] = sn_exact_value(&sums->statistics[k]);
    if (!status)
        status = sinter_family_update(f, prior, sn_exact_value(&sums->observations), rounded, posterior);
    sn_release(&a, sums, sizeof *sums);
    return status;
}
