/* Posteriors of the families that declare a conjugate prior: log prior + log likelihood − log posterior is one number wherever on the parameter it is taken,
 * which it is of no other parameters; data in two parts, weighted, or in another order; priors and data that are none. */
#include "open_context.h"

#include <sinter/sinter.h>

#include <float.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "refusing_allocator.h"
#include "density_checks.h"

enum { MOST = 4, ROWS = 8, PLACES = 5 };

typedef struct conjugate {
    const char *text, *prior;
    double parameters[MOST];
    int data_count;
    double data[ROWS];
    const char *names[MOST];       /* of the parameters that the prior is on */
    double places[PLACES][MOST];   /* values of those */
    double posterior[MOST];        /* worked out by hand */
} conjugate;

static const conjugate cases[] = {
    {"poisson", "gamma", {2, 0.5}, 5, {3, 0, 7, 2, 1}, {"lambda"}, {{0.01}, {0.7}, {3}, {11}, {60}}, {15, 5.5}},
    {"exponential", "gamma", {1.5, 2}, 4, {0.25, 3, 0, 1.5}, {"beta"}, {{0.01}, {0.3}, {1}, {7}, {30}}, {5.5, 6.75}},
    {"bernoulli", "beta", {0.5, 3}, 6, {1, 0, 0, 1, 1, 0}, {"theta"}, {{0.001}, {0.2}, {0.5}, {0.9}, {0.999}}, {3.5, 6}},
    {"binomial(N = 9)", "beta", {2, 1}, 3, {4, 9, 0}, {"theta"}, {{0.001}, {0.2}, {0.5}, {0.9}, {0.999}}, {15, 15}},
    {"geometric", "beta", {1, 1}, 4, {0, 5, 2, 11}, {"p"}, {{0.001}, {0.2}, {0.5}, {0.9}, {0.999}}, {5, 19}},
    {"normal(sigma = 2)", "normal", {1, 4}, 4, {3, 5, -1, 9}, {"mu"}, {{-9}, {-0.5}, {1}, {4}, {20}}, {1 + 12 / 4.25, 4 / 4.123105625617661}},
    {"normal(sigma = 2)", "normal", {1, 0.5}, 4, {3, 5, -1, 9}, {"mu"}, {{-9}, {-0.5}, {1}, {4}, {20}}, {1 + 12 / 20.0, 0.5 / 1.118033988749895}},
    {"normal_variance(mu = 2)", "inv_gamma", {2, 3}, 4, {3, 5, -1, 9}, {"nu"}, {{0.01}, {0.3}, {1}, {7}, {300}}, {4, 37}},
    {"normal_precision(mu = 2)", "gamma", {2, 3}, 4, {3, 5, -1, 9}, {"tau"}, {{0.01}, {0.3}, {1}, {7}, {30}}, {4, 37}},
    {"neg_binomial_p(r = 2.5)", "beta", {1.5, 2}, 4, {0, 5, 2, 11}, {"p"}, {{0.001}, {0.2}, {0.5}, {0.9}, {0.999}}, {11.5, 20}},
    {"family counts(lambda > 0) on integers 0..inf with lambda ~ gamma { T = x\n log_h = -lgamma(x + 1)\n log_density = log_h + x*log(lambda) - lambda\n"
     " posterior = (prior.x + sums, prior.y + observations) }\ncounts", "gamma", {2, 0.5}, 5, {3, 0, 7, 2, 1}, {"lambda"}, {{0.01}, {0.7}, {3}, {11}, {60}}, {15, 5.5}},
    {"gamma(alpha = 2.5)", "gamma", {2, 3}, 3, {0.5, 2, 4}, {"beta"}, {{0.01}, {0.3}, {1}, {7}, {30}}, {9.5, 9.5}},
    {"inv_gamma(alpha = 2.5)", "gamma", {2, 3}, 3, {0.5, 2, 4}, {"beta"}, {{0.01}, {0.3}, {1}, {7}, {30}}, {9.5, 5.75}},
    {"pareto(y_min = 2)", "gamma", {2, 3}, 3, {2, 4, 16}, {"alpha"}, {{0.01}, {0.3}, {1}, {7}, {30}}, {5, 3 + 4 * 0.6931471805599453}},
    {"categorical((0.25, 0.25, 0.5))", "dirichlet((1, 1, 1))", {0.5, 2, 1}, 5, {1, 3, 3, 2, 3}, {"theta0", "theta1", "theta2"},
     {{0.25, 0.25, 0.5}, {0.5, 0.25, 0.25}, {0.125, 0.75, 0.125}, {0.03125, 0.03125, 0.9375}, {0.25, 0.5, 0.25}}, {1.5, 3, 4}},
};
enum { CASES = sizeof cases / sizeof *cases };

static sinter_density *open_text(const char *text)
{
    static sinter_report report;
    sinter_density *d;
    if (sinter_density_open(context, text, strlen(text), NULL, &d, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
    return d;
}

static sinter_family *open_family(const sinter_density *d, const char *text)
{
    static sinter_report report;
    sinter_family *f;
    if (sinter_family_open(d, &f, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.total ? report.errors[0].message : "no family");
    return f;
}

static void expect_near(double got, double wanted, double within, const char *what)
{
    if (!(fabs(got - wanted) <= within * fmax(fabs(wanted), 1)))
        fail_msg("%s: %.17g, not %.17g", what, got, wanted);
}

static double log_at(sinter_density *d, const double *parameters, const double *row)
{
    sinter_density_values *v;
    double log;
    expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
    if (parameters)
        expect_status(sinter_density_set_all(v, parameters), SINTER_OK, "set");
    expect_status(sinter_density_log(v, row, &log), SINTER_OK, "log");
    sinter_density_values_close(v);
    return log;
}

static double likelihood(sinter_density *d, const conjugate *c, const double *place)
{
    sinter_density_values *v;
    double sum;
    const sinter_density_data data = {.count = c->data_count, .columns = &(sinter_density_argument){c->data, 1}};
    expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
    for (int k = 0; k < MOST && c->names[k]; k++)
        expect_status(sinter_density_set(v, sinter_density_parameter_number(d, c->names[k]), place[k]), SINTER_OK, c->names[k]);
    expect_status(sinter_density_sum(v, &data, &sum, NULL), SINTER_OK, "sum");
    sinter_density_values_close(v);
    return sum;
}

static void expect_conjugate(const conjugate *c, sinter_density *d, const double *posterior)
{
    sinter_density *prior = open_text(c->prior);
    double first = 0;
    for (int k = 0; k < PLACES; k++) {
        const double before = log_at(prior, c->parameters, c->places[k]), sum = likelihood(d, c, c->places[k]);
        const double after = log_at(prior, posterior, c->places[k]), evidence = before + sum - after;
        if (k == 0)
            first = evidence;
        if (!(fabs(evidence - first) <= 1e-12 * fmax(1, fabs(before) + fabs(sum) + fabs(after))))
            fail_msg("%s at %g: log prior + log likelihood - log posterior is %.17g, elsewhere %.17g", c->text, c->places[k][0], evidence, first);
    }
    sinter_density_close(prior);
}

static void posteriors_are_proportional(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++) {
        const conjugate *c = &cases[k];
        sinter_density *d = open_text(c->text);
        sinter_family *f = open_family(d, c->text);
        double got[MOST] = {0};
        int64_t row = 99;
        const uint32_t count = sinter_family_prior_parameters(f);
        const sinter_density_data data = {.count = c->data_count, .columns = &(sinter_density_argument){c->data, 1}};
        if (strncmp(c->prior, sinter_family_prior(f), strlen(sinter_family_prior(f))) != 0 || count > MOST)
            fail_msg("%s: prior %s of %u numbers", c->text, sinter_family_prior(f), count);
        expect_status(sinter_family_posterior(f, c->parameters, &data, got, &row), SINTER_OK, c->text);
        if (row != -1)
            fail_msg("%s: row %d", c->text, (int)row);
        for (uint32_t i = 0; i < count; i++)
            expect_near(got[i], c->posterior[i], 4 * DBL_EPSILON, c->text);
        expect_conjugate(c, d, got);
        sinter_family_close(f);
        sinter_density_close(d);
    }
}

/* The first rows, then the others with the posterior as the prior; all of them backwards; none. */
static void data_may_come_in_parts(void **state)
{
    (void)state;
    for (int k = 0; k < CASES; k++) {
        const conjugate *c = &cases[k];
        sinter_density *d = open_text(c->text);
        sinter_family *f = open_family(d, c->text);
        double whole[MOST] = {0}, parts[MOST] = {0}, backwards[MOST] = {0};
        const uint32_t count = sinter_family_prior_parameters(f);
        const int n = c->data_count;
        const sinter_density_argument forth = {c->data, 1}, rest = {c->data + 2, 1}, back = {c->data + n - 1, -1};
        expect_status(sinter_family_posterior(f, c->parameters, &(sinter_density_data){.count = n, .columns = &forth}, whole, NULL), SINTER_OK, "all");
        expect_status(sinter_family_posterior(f, c->parameters, &(sinter_density_data){.count = n, .columns = &back}, backwards, NULL), SINTER_OK, "backwards");
        expect_status(sinter_family_posterior(f, c->parameters, &(sinter_density_data){.count = 2, .columns = &forth}, parts, NULL), SINTER_OK, "two");
        expect_status(sinter_family_posterior(f, parts, &(sinter_density_data){.count = n - 2, .columns = &rest}, parts, NULL), SINTER_OK, "the others");
        for (uint32_t i = 0; i < count; i++) {
            expect_near(parts[i], whole[i], 4 * DBL_EPSILON, "in two parts");
            expect_near(backwards[i], whole[i], 0, "backwards");
        }
        expect_status(sinter_family_posterior(f, c->parameters, &(sinter_density_data){.count = 0}, whole, NULL), SINTER_OK, "none");
        for (uint32_t i = 0; i < count; i++)
            expect_near(whole[i], c->parameters[i], 0, "without data the prior");
        sinter_family_close(f);
        sinter_density_close(d);
    }
}

/* A weight is as many rows; what is missing or weighs nothing is not looked at; sums do not cancel. */
static void weights_and_missing_rows(void **state)
{
    (void)state;
    sinter_density *d = open_text("poisson"), *n = open_text("normal(sigma = 1)");
    sinter_family *f = open_family(d, "poisson"), *g = open_family(n, "normal");
    const double x[] = {4, -1, 2.5, 6}, w[] = {2, 1, 0, 0.5}, large[] = {1e300, 3, -1e300}, prior[] = {1, 1}, wide[] = {0, 0x1p600};
    const uint8_t there = 0x1a; /* from bit 1 on: 1, 0, 1, 1 */
    double got[2];
    const sinter_density_data data = {.count = 4, .columns = &(sinter_density_argument){x, 1}, .weights = {w, 1}, .validity = &there, .validity_offset = 1};
    expect_status(sinter_family_posterior(f, prior, &data, got, NULL), SINTER_OK, "weights");
    expect_near(got[0], 12, 0, "alpha");
    expect_near(got[1], 3.5, 0, "beta");
    expect_status(sinter_family_update(f, prior, 2.5, &(double){11}, got), SINTER_OK, "by sums");
    expect_near(got[0], 12, 0, "alpha by sums");
    const sinter_density_data heights = {.count = 3, .columns = &(sinter_density_argument){large + 1, 0}};
    expect_status(sinter_family_posterior(g, wide, &heights, got, NULL), SINTER_OK, "a prior of great width");
    expect_near(got[0], 3, DBL_EPSILON, "the mean of the data");
    expect_near(got[1], 1 / sqrt(3), DBL_EPSILON, "its error");
    const double narrow[] = {0.5, 0x1p-600};
    expect_status(sinter_family_posterior(g, narrow, &heights, got, NULL), SINTER_OK, "a prior of no width");
    expect_near(got[0], 0.5, 0, "the prior's mean");
    if (got[1] != 0x1p-600)
        fail_msg("the prior's sigma: %a", got[1]);
    const double sums[] = {3, 0};
    expect_status(sinter_family_update(g, prior, 3, sums, got), SINTER_OK, "normal by sums");
    expect_near(got[0], 1, 0, "where the data's mean is the prior's");
    sinter_family_close(g);
    sinter_family_close(f);
    sinter_density_close(n);
    sinter_density_close(d);
}

static void what_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double prior[3], data[3];
        int64_t row;          /* that is no datum; -1: a parameter is at fault */
    } faults[] = {
        {"poisson", {2, 0.5}, {3, 2.5, 1}, 1},
        {"poisson", {2, 0.5}, {3, 2, -1}, 2},
        {"poisson", {2, 0.5}, {NAN, 2, 1}, 0},
        {"poisson", {-1, 0.5}, {3, 2, 1}, -1},
        {"poisson", {2, 0}, {3, 2, 1}, -1},
        {"poisson", {2, NAN}, {3, 2, 1}, -1},
        {"binomial(N = 4)", {2, 1}, {4, 0, 5}, 2},
        {"binomial", {2, 1}, {4, 0, 5}, -1},
        {"bernoulli", {2, 1}, {1, 2, 0}, 1},
        {"exponential", {2, 1}, {1, 0, -1e-300}, 2},
        {"normal(sigma = 1)", {0, 1}, {1, INFINITY, 0}, 1},
        {"normal", {0, 1}, {1, 2, 0}, -1},
        {"normal(sigma = -1)", {0, 1}, {1, 2, 0}, -1},
        {"normal(sigma = 1)", {0, -1}, {1, 2, 0}, -1},
        {"normal_variance", {2, 1}, {1, 2, 0}, -1},
        {"normal_precision(mu = 0)", {2, 0}, {1, 2, 0}, -1},
        {"neg_binomial_p(r = 3)", {2, 1}, {2, 0.5, 9}, 1},
        {"neg_binomial_p", {2, 1}, {2, 1, 9}, -1},
        {"pareto(y_min = 2)", {2, 1}, {2, 1.5, 9}, 1},
        {"categorical((0.5, 0.25, 0.25))", {1, 1, 1}, {1, 3, 4}, 2},
        {"categorical((0.5, 0.25, 0.25))", {1, 0, 1}, {1, 3, 3}, -1},
    };
    for (unsigned k = 0; k < sizeof faults / sizeof *faults; k++) {
        sinter_density *d = open_text(faults[k].text);
        sinter_family *f = open_family(d, faults[k].text);
        double got[3] = {7, 7, 7};
        int64_t row = 99;
        const sinter_density_data data = {.count = 3, .columns = &(sinter_density_argument){faults[k].data, 1}};
        const sinter_status status = sinter_family_posterior(f, faults[k].prior, &data, got, &row);
        if (status != (faults[k].row < 0 ? SINTER_BAD_PARAMETER : SINTER_BAD_ARGUMENT) || row != faults[k].row || got[0] != 7)
            fail_msg("%s, case %u: %s, row %d", faults[k].text, k, sinter_status_name(status), (int)row);
        sinter_family_close(f);
        sinter_density_close(d);
    }
}

static void what_is_not_declared(void **state)
{
    (void)state;
    sinter_density *d = open_text("gumbel"), *w = open_text("weibull(2, 1)"), *p = open_text("poisson");
    sinter_family *f = open_family(w, "weibull"), *g = open_family(p, "poisson");
    double got[2] = {7, 7};
    const double prior[] = {1, 1};
    const sinter_density_data data = {.count = 2, .columns = &(sinter_density_argument){prior, 1}};
    const sinter_density_data faulty = {.count = 2, .columns = &(sinter_density_argument){prior, 1}, .weights = {(const double[]){1, -1}, 1}};
    int64_t row;
    if (sinter_family_prior(f) || sinter_family_prior_parameters(f) || sinter_family_prior(NULL))
        fail_msg("%s", "a prior that nobody declared");
    expect_status(sinter_family_posterior(f, prior, &data, got, NULL), SINTER_BAD_PROGRAM, "no prior");
    expect_status(sinter_family_update(f, prior, 1, prior, got), SINTER_BAD_PROGRAM, "no prior");
    expect_status(sinter_family_posterior(NULL, prior, &data, got, NULL), SINTER_BAD_ARGUMENT, "no family");
    expect_status(sinter_family_posterior(g, prior, NULL, got, NULL), SINTER_BAD_ARGUMENT, "no data");
    expect_status(sinter_family_posterior(g, prior, &faulty, got, &row), SINTER_BAD_ARGUMENT, "a weight below 0");
    if (row != 1)
        fail_msg("the weight below 0 is row %d", (int)row);
    expect_status(sinter_family_update(g, prior, -1, prior, got), SINTER_BAD_ARGUMENT, "fewer than no observations");
    expect_status(sinter_family_update(g, prior, (double)NAN, prior, got), SINTER_BAD_ARGUMENT, "NaN observations");
    expect_near(got[0], 7, 0, "nothing is written");
    sinter_family_close(g);
    sinter_family_close(f);
    sinter_density_close(p);
    sinter_density_close(w);
    sinter_density_close(d);
}

/* A text's own family with a prior and without natural parameters is good for posteriors alone. */
static void posteriors_need_no_natural_parameters(void **state)
{
    (void)state;
    static const char text[] = "family waits(rate > 0) on 0..inf with rate ~ gamma { T = x\n log_h = 0\n log_density = log(rate) - rate*x\n"
                               " posterior = (prior.x + observations, prior.y + sums) }\nwaits";
    sinter_density *d = open_text(text);
    sinter_family *f = open_family(d, text);
    double got[2] = {7, 7};
    const double prior[] = {2, 3};
    if (!sinter_density_describe(d).prior || strcmp(sinter_density_describe(d).prior, "gamma") != 0 || sinter_family_statistics(f) != 1)
        fail_msg("%s", "the prior of a text's own family");
    expect_status(sinter_family_update(f, prior, 2, &(double){5}, got), SINTER_OK, "by sums");
    expect_near(got[0], 4, 0, "alpha");
    expect_near(got[1], 8, 0, "beta");
    expect_status(sinter_family_natural(f, prior, got), SINTER_BAD_PROGRAM, "eta");
    expect_status(sinter_family_parameters(f, prior, got), SINTER_BAD_PROGRAM, "from_natural");
    expect_status(sinter_family_log_partition(f, prior, got, NULL), SINTER_BAD_PROGRAM, "natural_A");
    expect_status(sinter_family_covariance(f, prior, got), SINTER_BAD_PROGRAM, "its second derivatives");
    expect_status(sinter_family_entropy(f, prior, got), SINTER_BAD_PROGRAM, "entropy");
    expect_status(sinter_family_divergence(f, prior, prior, got), SINTER_BAD_PROGRAM, "divergence");
    expect_near(got[0], 4, 0, "nothing is written");
    sinter_family_close(f);
    sinter_density_close(d);
}

/* As many categories as natural parameters are allowed. */
static void many_categories(void **state)
{
    (void)state;
    enum { MANY = 64 };
    char text[16 * MANY] = "categorical((";
    double prior[MANY], got[MANY];
    size_t length = strlen(text);
    for (int k = 0; k < MANY; k++) {
        prior[k] = 1 + k;
        length += (size_t)snprintf(text + length, sizeof text - length, k < MANY - 1 ? "0.015625, " : "0.015625))");
    }
    sinter_density *d = open_text(text);
    sinter_family *f = open_family(d, text);
    const double x[] = {1, 64, 64};
    const sinter_density_data data = {.count = 3, .columns = &(sinter_density_argument){x, 1}};
    assert_int_equal(sinter_family_prior_parameters(f), MANY);
    expect_status(sinter_family_posterior(f, prior, &data, got, NULL), SINTER_OK, "many categories");
    for (int k = 0; k < MANY; k++)
        expect_near(got[k], prior[k] + (k == 0) + 2 * (k == MANY - 1), 0, "a category");
    sinter_family_close(f);
    sinter_density_close(d);
}

#define OWN_HEAD "family decay(rate > 0, unit > 0) on 0..inf with rate ~ "
#define OWN_BODY " { T = x/unit; eta = -rate; A = log(unit/rate); log_h = 0; natural_A = log(-unit/eta); from_natural = (-eta, unit); "

/* A text's own families, likelihood and prior. */
static void families_of_a_text(void **state)
{
    (void)state;
    static const char text[] = "family spread(shape > 1, scale > 0) on 0..inf { log_density = (shape - 1)*log(x) - scale*x }\n" OWN_HEAD "spread" OWN_BODY
                               "posterior = (prior.x + observations, prior.y + sums) }\ndecay(unit = 4)";
    sinter_density *d = open_text(text);
    sinter_family *f = open_family(d, text);
    double got[2];
    const double x[] = {2, 6}, prior[] = {2, 1}, invalid[] = {0.5, 1};
    const sinter_density_data data = {.count = 2, .columns = &(sinter_density_argument){x, 1}};
    expect_status(sinter_family_posterior(f, prior, &data, got, NULL), SINTER_OK, "own families");
    expect_near(got[0], 4, 0, "shape");
    expect_near(got[1], 3, 0, "scale");
    expect_status(sinter_family_posterior(f, invalid, &data, got, NULL), SINTER_BAD_PARAMETER, "by the constraint of its own family");
    sinter_family_close(f);
    sinter_density_close(d);
}

/* Of all whole numbers: no bounds stand between the support and the prior. */
static void support_without_bounds(void **state)
{
    (void)state;
    static const char text[] = "family steps(p in 0..1) on integers with p ~ beta { T = abs(x); eta = log1p(-p); A = log((2 - p)/p); log_h = 0\n"
                               "natural_A = log1p(exp(eta)) - log(-expm1(eta)); from_natural = -expm1(eta); posterior = (prior.x + observations, prior.y + sums) }\nsteps";
    sinter_density *d = open_text(text);
    sinter_family *f = open_family(d, text);
    double got[2];
    const double x[] = {-3, 2}, prior[] = {1, 1};
    const sinter_density_data data = {.count = 2, .columns = &(sinter_density_argument){x, 1}};
    expect_status(sinter_family_posterior(f, prior, &data, got, NULL), SINTER_OK, "on integers");
    expect_near(got[0], 3, 0, "alpha");
    expect_near(got[1], 6, 0, "beta");
    sinter_family_close(f);
    sinter_density_close(d);
}

static void mistakes_in_texts(void **state)
{
    (void)state;
    static const char *const mistakes[][2] = {
        {OWN_HEAD "gama" OWN_BODY "posterior = prior }\ndecay", "there is no family 'gama'"},
        {OWN_HEAD "gamma" OWN_BODY "}\ndecay", "the family has a prior, and no member 'posterior'"},
        {"family f(a > 0) on 0..inf { T = x; log_h = 0; log_density = -x*a; posterior = a }\nf", "the family's head does not say what its prior is"},
        {"family f(a > 0) on 0..inf with b ~ gamma { log_density = -x*a }\nf", "the parameter that the prior is on is missing before 'b'"},
        {"family f(a > 0) on 0..inf with a gamma { log_density = -x*a }\nf", "the family of the prior is missing before 'gamma'"},
        {"family f(prior > 0) on 0..inf with prior ~ gamma { log_density = -x }\nf", "a family with a prior has no parameter 'prior': that is the parameters of the prior"},
        {"family f(a > 0) on 0..inf with a ~ gamma { log_density = -x*a; posterior = prior + sums }\nf", "a family with a posterior has T and log_h"},
        {OWN_HEAD "gamma" OWN_BODY "posterior = (prior.x + x, prior.y) }\ndecay", "'posterior' is of the sums of T, and reads x"},
        {OWN_HEAD "gamma" OWN_BODY "posterior = prior; mean = sums }\ndecay", "'mean' reads what only 'posterior' is given: prior, sums or observations"},
        {OWN_HEAD "gamma" OWN_BODY "observations = 3; posterior = prior }\ndecay", "'observations' is the number of observations, and is not bound"},
    };
    for (unsigned k = 0; k < sizeof mistakes / sizeof *mistakes; k++) {
        static sinter_report report;
        sinter_density *d = NULL;
        const sinter_status status = sinter_density_open(context, mistakes[k][0], strlen(mistakes[k][0]), NULL, &d, &report);
        if (status != SINTER_BAD_PROGRAM || !strstr(report.errors[0].message, mistakes[k][1]))
            fail_msg("%s\n%s: %s", mistakes[k][0], sinter_status_name(status), status ? report.errors[0].message : "");
        sinter_density_close(d);
    }
    sinter_density *d = open_text(OWN_HEAD "gamma" OWN_BODY "posterior = prior.x + sums }\ndecay");
    sinter_report report;
    sinter_family *f;
    expect_status(sinter_family_open(d, &f, &report), SINTER_BAD_PROGRAM, "too few");
    if (strcmp(report.errors[0].message, "the prior has 2 parameters, and the posterior 1") != 0)
        fail_msg("%s", report.errors[0].message);
    sinter_density_close(d);
}

/* ---- memory that is refused ---- */

/* Opened, and asked for a posterior, with all allocations refused from one on: a clean error, and nothing is kept. Each of the first 32 is that one, further on every
 * thirtieth or so, since a hostile build has many. */
static void memory_may_be_refused(void **state)
{
    (void)state;
    refusing r = {.left = LONG_MAX, .taken = 0};
    sinter_context *own;
    sinter_density *d;
    sinter_status status = SINTER_NO_MEMORY;
    long refused = 0;
    const double prior[] = {2, 0.5}, x[] = {3, 4};
    const sinter_density_data data = {.count = 2, .columns = &(sinter_density_argument){x, 1}};
    expect_status(sinter_open(&(sinter_context_options){.allocator = refusing_allocator(&r)}, &own), SINTER_OK, "context");
    expect_status(sinter_density_open(own, "poisson", 7, NULL, &d, NULL), SINTER_OK, "density");
    for (long allowed = 0; status != SINTER_OK; allowed += 1 + allowed / 32) {
        sinter_family *f = NULL;
        double got[2] = {7, 7}, entropy = 7;
        r.left = allowed;
        status = sinter_family_open(d, &f, NULL);
        if (status == SINTER_OK)
            status = sinter_family_posterior(f, prior, &data, got, NULL);
        if (status != SINTER_OK && (status != SINTER_NO_MEMORY || got[0] != 7))
            fail_msg("with %ld allocations: %s", allowed, sinter_status_name(status));
        if (status == SINTER_OK)
            status = sinter_family_entropy(f, (const double[]){3}, &entropy); /* compiled only now */
        if (status != SINTER_OK && (status != SINTER_NO_MEMORY || entropy != 7))
            fail_msg("with %ld allocations: %s, entropy %g", allowed, sinter_status_name(status), entropy);
        refused += status != SINTER_OK;
        r.left = LONG_MAX;
        if (f && refused && entropy == 7) /* what was refused may be had later */
            expect_status(sinter_family_entropy(f, (const double[]){3}, &entropy), SINTER_OK, "entropy, again");
        sinter_family_close(f);
    }
    sinter_density_close(d);
    sinter_close(own);
    if (refused < 10 || r.taken != 0)
        fail_msg("%ld refusals, %zu bytes are not given back", refused, r.taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posteriors_are_proportional),
        cmocka_unit_test(data_may_come_in_parts),
        cmocka_unit_test(weights_and_missing_rows),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(what_is_not_declared),
        cmocka_unit_test(posteriors_need_no_natural_parameters), cmocka_unit_test(many_categories),
        cmocka_unit_test(families_of_a_text),
        cmocka_unit_test(support_without_bounds),
        cmocka_unit_test(mistakes_in_texts),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
