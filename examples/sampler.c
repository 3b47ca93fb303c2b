/* Hamiltonian Monte Carlo on bound data: a linear regression y = a + b·(x − 100) + noise over a million rows. Binding reads the rows once; each of the
 * 60,000 gradients after that costs the same as over ten rows.
 *
 *     posterior of 4000 draws, 94% of them accepted; 1000000 rows as 6
 *     a      … ± …
 *     b      … ± …
 *     sigma  … ± …
 *
 * Priors are flat in a, b and log(sigma). R. M. Neal, MCMC using Hamiltonian dynamics, 2011. */
#include <sinter/sinter.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1000000, WARM_UP = 1000, DRAWS = 4000, STEPS = 12, A = 0, B = 1, SIGMA = 2, PARAMETERS = 3 };

static const char MODEL[] = "input x, y; param a = 0; param b = 0; param sigma = 1 in 0..inf; y ~ normal(a + b*(x - 100), sigma)";

static uint64_t state = 20111128;

static double uniform(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double)(state >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
    return sqrt(-2*log(uniform()))*cos(6.283185307179586*uniform());
}

typedef struct target {
    const sinter_bound *bound;
    sinter_density_values *values;
    double scale[PARAMETERS]; /* of the coordinates: about the posterior's deviations */
    double centre[PARAMETERS];
} target;

/* The log-posterior and its gradient at a point q, in coordinates of centre 0 and deviation 1; the third is log(sigma). */
static double log_posterior(const target *t, const double *q, double *gradient)
{
    double parameters[PARAMETERS], level;
    for (int k = 0; k < PARAMETERS; k++)
        parameters[k] = t->centre[k] + t->scale[k]*q[k];
    parameters[SIGMA] = exp(parameters[SIGMA]);
    if (sinter_bound_log(t->bound, t->values, parameters, &level, gradient) != SINTER_OK)
        return -INFINITY;
    gradient[SIGMA] *= parameters[SIGMA];
    for (int k = 0; k < PARAMETERS; k++)
        gradient[k] *= t->scale[k];
    return level;
}

/* A few leapfrog steps; q, its log-posterior and gradient become those of the draw. True if it moved. */
static int draw(const target *t, double *q, double *level, double *gradient, double step)
{
    double there[PARAMETERS], slope[PARAMETERS], p[PARAMETERS], energy = -*level, end;
    memcpy(there, q, sizeof there);
    memcpy(slope, gradient, sizeof slope);
    for (int k = 0; k < PARAMETERS; k++) {
        p[k] = normal();
        energy += 0.5*p[k]*p[k];
    }
    double level_there = *level;
    for (int s = 0; s < STEPS; s++) {
        for (int k = 0; k < PARAMETERS; k++) {
            p[k] += 0.5*step*slope[k];
            there[k] += step*p[k];
        }
        level_there = log_posterior(t, there, slope);
        for (int k = 0; k < PARAMETERS; k++)
            p[k] += 0.5*step*slope[k];
    }
    end = -level_there;
    for (int k = 0; k < PARAMETERS; k++)
        end += 0.5*p[k]*p[k];
    if (!(log(uniform()) < energy - end))
        return 0;
    memcpy(q, there, sizeof there);
    memcpy(gradient, slope, sizeof slope);
    *level = level_there;
    return 1;
}

/* Centre and scale of the coordinates: the least squares line and its deviations. */
static void place(target *t, const double *x, const double *y, long n)
{
    double mx = 0, my = 0, xx = 0, xy = 0, rest = 0;
    for (long i = 0; i < n; i++) {
        mx += x[i]/(double)n;
        my += y[i]/(double)n;
    }
    for (long i = 0; i < n; i++) {
        xx += (x[i] - mx)*(x[i] - mx);
        xy += (x[i] - mx)*(y[i] - my);
    }
    const double b = xy/xx, a = my + b*(100 - mx);
    for (long i = 0; i < n; i++)
        rest += (y[i] - a - b*(x[i] - 100))*(y[i] - a - b*(x[i] - 100))/(double)n;
    t->centre[A] = a;
    t->centre[B] = b;
    t->centre[SIGMA] = 0.5*log(rest);
    t->scale[A] = sqrt(rest/(double)n);
    t->scale[B] = sqrt(rest/xx);
    t->scale[SIGMA] = sqrt(0.5/(double)n);
}

static void sample(const target *t, const sinter_bound_info *info)
{
    static const char *const names[PARAMETERS] = {"a", "b", "sigma"};
    double q[PARAMETERS] = {0.5, -0.5, 0.5}, gradient[PARAMETERS], sum[PARAMETERS] = {0}, squares[PARAMETERS] = {0};
    double level = log_posterior(t, q, gradient);
    int moved = 0;
    for (int k = -WARM_UP; k < DRAWS; k++) {
        const int accepted = draw(t, q, &level, gradient, 0.15*(0.8 + 0.4*uniform()));
        if (k < 0)
            continue;
        moved += accepted;
        for (int j = 0; j < PARAMETERS; j++) {
            const double value = j == SIGMA ? exp(t->centre[j] + t->scale[j]*q[j]) - exp(t->centre[j]) : t->scale[j]*q[j];
            sum[j] += value;
            squares[j] += value*value;
        }
    }
    printf("posterior of %d draws, %.0f%% of them accepted; %lld rows as %lld\n", DRAWS, 100.0*moved/DRAWS, (long long)info->rows,
           (long long)(info->standing_rows + info->kept_rows));
    for (int j = 0; j < PARAMETERS; j++) {
        const double mean = sum[j]/DRAWS, centre = j == SIGMA ? exp(t->centre[j]) : t->centre[j];
        printf("%-6s %.8f ± %.8f\n", names[j], centre + mean, sqrt(squares[j]/DRAWS - mean*mean));
    }
}

int main(void)
{
    sinter_context *context;
    sinter_density *density;
    sinter_bound *bound;
    sinter_report report;
    target t;
    double *x = malloc(ROWS*sizeof *x), *y = malloc(ROWS*sizeof *y);
    if (!x || !y || sinter_open(NULL, &context) != SINTER_OK)
        return 1;
    for (long i = 0; i < ROWS; i++) {
        x[i] = 100 + 3*normal();
        y[i] = 1.5 - 0.25*(x[i] - 100) + 0.5*normal();
    }
    const sinter_density_argument columns[] = {{x, 1}, {y, 1}};
    const sinter_density_data data = {.count = ROWS, .columns = columns};
    if (sinter_density_open(context, MODEL, strlen(MODEL), NULL, &density, &report) != SINTER_OK
        || sinter_density_bind(density, &data, &bound, &report) != SINTER_OK || sinter_density_values_open(density, &t.values) != SINTER_OK) {
        char text[1000] = "no memory\n";
        if (report.count)
            sinter_report_format(&report, 0, text, sizeof text);
        fputs(text, stderr);
        return 1;
    }
    place(&t, x, y, ROWS);
    free(x); /* what is bound needs the rows no more */
    free(y);
    t.bound = bound;
    const sinter_bound_info info = sinter_bound_describe(bound);
    sample(&t, &info);
    sinter_density_values_close(t.values);
    sinter_bound_close(bound);
    sinter_density_close(density);
    sinter_close(context);
    return 0;
}
