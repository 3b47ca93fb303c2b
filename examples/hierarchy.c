/* A hierarchical normal model: yields of batches about a mean of each batch, the means about one of their own (examples/densities/yields.csv).
 *
 *     yield  ~ normal(effect[batch], sigma)      the likelihood, bound by batches: a gradient costs what there are batches, not rows
 *     effect ~ normal(mu, tau)                   the prior on group effects: a density whose rows are the effects
 *     mu ~ normal(1500, 200); sigma, tau ~ half_normal(100)
 *
 * Draws are made by Hamiltonian Monte Carlo in mu, log(sigma), log(tau) and z, effect = mu + tau·z, in which the prior is a row of standard normal densities
 * (O. Papaspiliopoulos, G. O. Roberts, M. Sköld, A general framework for the parametrization of hierarchical models, 2007), so that small tau are no funnel.
 *
 *     hierarchy examples/densities/yields.csv
 *     posterior of 40000 draws, 9…% of them accepted; 30 rows in 6 batches
 *     mu     … ± …
 *     sigma  … ± …
 *     tau    … ± …
 *     A      … ± …          a line for each batch: its effect */
#include <sinter/sinter.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BATCHES = 6, MOST_ROWS = 1000, WARM_UP = 2000, DRAWS = 40000, STEPS = 12 };
enum { MU, LOG_SIGMA, LOG_TAU, Z, COORDINATES = Z + BATCHES, SHOWN = COORDINATES };

static const char YIELDS[] = "input yield, batch; param effect[6] = 1527.5; param sigma = 50 in 0..inf; yield ~ normal(effect[batch], sigma)";
static const char STANDARD[] = "normal(mu = 0, sigma = 1)";
static const char HYPER[] = "input mu, sigma, tau; target += log_density(normal(1500, 200), mu) + log_density(half_normal(100), sigma) + log_density(half_normal(100), tau)";

static uint64_t state = 20111128;

static double uniform(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double)(state >> 11) + 0.5)*0x1p-53;
}

static double normal(void)
{
    return sqrt(-2*log(uniform()))*cos(6.283185307179586*uniform());
}

typedef struct model {
    sinter_context *context;
    sinter_density *yields, *standard, *hyper;
    sinter_groups *groups;
    sinter_groups_bound *bound;
    sinter_density_values *of_standard, *of_hyper;
} model;

/* Coordinates have about unit deviations. */
static const double centre[3] = {1525, 4, 3.6}, scale[3] = {20, 0.15, 0.6};

/* mu, sigma, tau, then the effects. */
static void unfold(const double *q, double *shown)
{
    shown[MU] = centre[MU] + scale[MU]*q[MU];
    shown[LOG_SIGMA] = exp(centre[LOG_SIGMA] + scale[LOG_SIGMA]*q[LOG_SIGMA]);
    shown[LOG_TAU] = exp(centre[LOG_TAU] + scale[LOG_TAU]*q[LOG_TAU]);
    for (int j = 0; j < BATCHES; j++)
        shown[Z + j] = shown[MU] + shown[LOG_TAU]*q[Z + j];
}

/* Rows of a density and their slopes by its columns. */
static double add_rows(sinter_density_values *v, int64_t count, const sinter_density_argument *columns, double *logs, double *const *slopes)
{
    const sinter_density_data data = {.count = count, .columns = columns};
    const sinter_density_results results = {.logs = logs, .columns = (void *const *)(const void *)slopes};
    double sum = 0;
    if (sinter_density_batch(v, &data, &results) != SINTER_OK)
        return -INFINITY;
    for (int64_t i = 0; i < count; i++)
        sum += logs[i];
    return sum;
}

/* The log-posterior of the coordinates, the logarithms' own slopes included, and its gradient. */
static double log_posterior(const model *m, const double *q, double *gradient)
{
    double shown[SHOWN], numbers[1 + BATCHES], likelihood, of_numbers[1 + BATCHES], logs[BATCHES], of_z[BATCHES], of_hyper[3];
    unfold(q, shown);
    /* numbers of the groups: those that are one first, here sigma */
    numbers[0] = shown[LOG_SIGMA];
    memcpy(numbers + 1, shown + Z, BATCHES*sizeof *numbers);
    if (sinter_groups_bound_log(m->bound, numbers, &likelihood, of_numbers) != SINTER_OK)
        return -INFINITY;
    const sinter_density_argument z[] = {{q + Z, 1}}, hyper[] = {{&shown[MU], 0}, {&shown[LOG_SIGMA], 0}, {&shown[LOG_TAU], 0}};
    double *const z_slopes[] = {of_z}, *const hyper_slopes[] = {&of_hyper[0], &of_hyper[1], &of_hyper[2]};
    double level = likelihood + add_rows(m->of_standard, BATCHES, z, logs, z_slopes) + add_rows(m->of_hyper, 1, hyper, logs, hyper_slopes);
    double by_mu = of_hyper[MU], by_tau = of_hyper[LOG_TAU];
    for (int j = 0; j < BATCHES; j++) {
        by_mu += of_numbers[1 + j];
        by_tau += of_numbers[1 + j]*q[Z + j];
        gradient[Z + j] = of_z[j] + shown[LOG_TAU]*of_numbers[1 + j];
    }
    gradient[MU] = scale[MU]*by_mu;
    gradient[LOG_SIGMA] = scale[LOG_SIGMA]*((of_numbers[0] + of_hyper[LOG_SIGMA])*shown[LOG_SIGMA] + 1);
    gradient[LOG_TAU] = scale[LOG_TAU]*(by_tau*shown[LOG_TAU] + 1);
    return level + scale[LOG_SIGMA]*q[LOG_SIGMA] + scale[LOG_TAU]*q[LOG_TAU];
}

/* A few leapfrog steps; true if the point moved. */
static int draw(const model *m, double *q, double *level, double *gradient, double step)
{
    double there[COORDINATES], slope[COORDINATES], p[COORDINATES], level_there = *level, before = -*level, after;
    memcpy(there, q, sizeof there);
    memcpy(slope, gradient, sizeof slope);
    for (int k = 0; k < COORDINATES; k++) {
        p[k] = normal();
        before += 0.5*p[k]*p[k];
    }
    for (int s = 0; s < STEPS; s++) {
        for (int k = 0; k < COORDINATES; k++) {
            p[k] += 0.5*step*slope[k];
            there[k] += step*p[k];
        }
        level_there = log_posterior(m, there, slope);
        for (int k = 0; k < COORDINATES; k++)
            p[k] += 0.5*step*slope[k];
    }
    after = -level_there;
    for (int k = 0; k < COORDINATES; k++)
        after += 0.5*p[k]*p[k];
    if (!(log(uniform()) < before - after))
        return 0;
    memcpy(q, there, sizeof there);
    memcpy(gradient, slope, sizeof slope);
    *level = level_there;
    return 1;
}

static void sample(const model *m, int rows)
{
    static const char *const names[SHOWN] = {"mu", "sigma", "tau", "A", "B", "C", "D", "E", "F"};
    double q[COORDINATES] = {0}, gradient[COORDINATES], shown[SHOWN], sum[SHOWN] = {0}, squares[SHOWN] = {0};
    double level = log_posterior(m, q, gradient);
    int moved = 0;
    for (int k = -WARM_UP; k < DRAWS; k++) {
        const int accepted = draw(m, q, &level, gradient, 0.18*(0.8 + 0.4*uniform()));
        if (k < 0)
            continue;
        moved += accepted;
        unfold(q, shown);
        for (int j = 0; j < SHOWN; j++) {
            sum[j] += shown[j];
            squares[j] += shown[j]*shown[j];
        }
    }
    printf("posterior of %d draws, %.0f%% of them accepted; %d rows in %lld batches\n", DRAWS, 100.0*moved/DRAWS, rows,
           (long long)sinter_groups_bound_count(m->bound));
    for (int j = 0; j < SHOWN; j++)
        printf("%-6s %.2f ± %.2f\n", names[j], sum[j]/DRAWS, sqrt(squares[j]/DRAWS - sum[j]/DRAWS*(sum[j]/DRAWS)));
}

/* Lines `1545,A`; how many there are. */
static int read_rows(const char *name, double *yields, double *batches)
{
    char line[400], batch;
    int rows = 0;
    FILE *file = fopen(name, "r");
    while (file && rows < MOST_ROWS && fgets(line, sizeof line, file))
        if (sscanf(line, "%lf,%c", &yields[rows], &batch) == 2)
            batches[rows++] = batch - 'A';
    if (file)
        fclose(file);
    return rows;
}

static sinter_status open_text(const model *m, const char *text, sinter_density **density, sinter_report *report)
{
    return sinter_density_open(m->context, text, strlen(text), NULL, density, report);
}

/* The first batch is bound; the others come later, as they would from a plant. */
static sinter_status open_model(model *m, const double *yields, const double *batches, int rows, sinter_report *report)
{
    const int first = rows < 5 ? rows : 5;
    const sinter_density_argument columns[] = {{yields, 1}, {batches, 1}}, later[] = {{yields + first, 1}, {batches + first, 1}};
    const sinter_density_data some = {.count = first, .columns = columns}, others = {.count = rows - first, .columns = later};
    sinter_status status = open_text(m, YIELDS, &m->yields, report);
    if (!status)
        status = open_text(m, STANDARD, &m->standard, report);
    if (!status)
        status = open_text(m, HYPER, &m->hyper, report);
    if (!status)
        status = sinter_density_values_open(m->standard, &m->of_standard);
    if (!status)
        status = sinter_density_values_open(m->hyper, &m->of_hyper);
    if (!status)
        status = sinter_groups_open(m->yields, &m->groups, report);
    if (!status)
        status = sinter_groups_bind(m->groups, &some, &m->bound, report);
    return status ? status : sinter_groups_append(m->bound, &others);
}

static void close_model(model *m)
{
    sinter_groups_unbind(m->bound);
    sinter_groups_close(m->groups);
    sinter_density_values_close(m->of_standard);
    sinter_density_values_close(m->of_hyper);
    sinter_density_close(m->yields);
    sinter_density_close(m->standard);
    sinter_density_close(m->hyper);
    sinter_close(m->context);
}

int main(int count, char **words)
{
    static double yields[MOST_ROWS], batches[MOST_ROWS];
    static sinter_report report;
    model m = {.context = NULL};
    const int rows = count == 2 ? read_rows(words[1], yields, batches) : 0;
    if (!rows) {
        fputs("usage: hierarchy examples/densities/yields.csv\n", stderr);
        return 2;
    }
    if (sinter_open(NULL, &m.context) != SINTER_OK)
        return 1;
    const sinter_status status = open_model(&m, yields, batches, rows, &report);
    if (status) {
        char text[1000] = "";
        sinter_report_format(&report, 0, text, sizeof text);
        fprintf(stderr, "%s%s\n", text, sinter_status_name(status));
    } else {
        sample(&m, rows);
    }
    close_model(&m);
    return status ? 1 : 0;
}
