/* The constant by which a few rows' log-likelihood differs from that of all.
 *
 * Rows and nodes have the same sums of statistics, so their log-likelihoods differ by Σ d(x_i) − Σ w_j·d(x_j), whatever the parameters are. d(x) itself, −log(x!) of
 * Poisson's distribution, say, is as large as the statistics make it, and its difference would be lost in rounding where counts are large. But the
 * difference is also that of the log-likelihoods at any parameters, and near those that fit the data all log-densities are small. So they are computed there, by
 * the density's own form, and added in exact arithmetic.
 *
 * Which parameters fit is found from the nodes, by the sign of the derivative, one parameter after the other: roughly is enough. */
#include "density/bound.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { HALVINGS = 64, TURNS = 4 };

/* f64 by their order: neighbours differ by 1. So a range is halved in a sense that suits a rate, which may be 1e-300 or 1e300, as it suits a location. */
static int64_t order_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double of_order(int64_t order)
{
    const int64_t bits = order < 0 ? INT64_MIN - order : order;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double midway(double low, double high)
{
    const int64_t a = order_of(low), b = order_of(high);
    return of_order((a & b) + ((a ^ b) >> 1));
}

static double slope(const sinter_bound *b, uint32_t parameter, double value)
{
    double log, gradient[SINTER_DENSITY_MOST];
    sinter_density_set(b->reference, (int)parameter, value);
    if (sn_bound_log_at(b, b->reference, NULL, &log, gradient))
        return NAN;
    return log > -INFINITY ? gradient[parameter] : NAN; /* of no number either: beyond what a distribution allows slopes are 0 */
}

/* Of those that are no infinities. */
static double lowest(const sinter_parameter_info *p)
{
    return fmax(p->low, -DBL_MAX);
}

static double highest(const sinter_parameter_info *p)
{
    return fmin(p->high, DBL_MAX);
}

/* To where the log-likelihood rises no more; where a derivative does not exist, to what is of the size of 1. */
static void climb(const sinter_bound *b, uint32_t parameter)
{
    const sinter_parameter_info *p = &b->density->parameters[parameter];
    double low = lowest(p), high = highest(p);
    for (int k = 0; k < HALVINGS && low < high; k++) {
        const double middle = midway(low, high), by = slope(b, parameter, middle);
        const bool rises = isnan(by) ? middle < copysign(1, middle) : by > 0;
        *(rises ? &low : &high) = middle;
    }
    sinter_density_set(b->reference, (int)parameter, low);
}

bool sn_bound_choose_reference(sinter_bound *b)
{
    const sinter_density *d = b->density;
    double log;
    for (uint32_t k = 0; k < d->parameter_count; k++) {
        const double initial = d->parameters[k].initial;
        const bool is_valid = initial >= d->parameters[k].low && initial <= d->parameters[k].high;
        sinter_density_set(b->reference, (int)k, is_valid ? initial : fmin(fmax(1, lowest(&d->parameters[k])), highest(&d->parameters[k])));
    }
    for (int turn = 0; turn < (d->parameter_count > 1 ? TURNS : 1); turn++)
        for (uint32_t k = 0; k < d->parameter_count; k++)
            climb(b, k);
    return sn_bound_log_at(b, b->reference, NULL, &log, NULL) == SINTER_OK && isfinite(log);
}

sinter_status sn_bound_log_piece(sinter_bound *b, int64_t rows)
{
    sinter_density_argument columns[SINTER_DENSITY_MOST];
    for (uint32_t k = 0; k < b->density->column_count; k++)
        columns[k] = (sinter_density_argument){b->piece + (size_t)k * DENSITY_PIECE * sizeof(double), 1};
    const sinter_density_data data = {.count = rows, .columns = columns};
    return sinter_density_batch(b->reference, &data, &(sinter_density_results){.logs = b->logs});
}

void sn_bound_find_constant(sinter_bound *b)
{
    exact_sum difference = b->at_reference;
    const row_store *n = &b->nodes;
    sn_bound_pool_remainder(b, difference);
    sinter_density_argument columns[SINTER_DENSITY_MOST];
    double logs[DENSITY_MOST_MONOMIALS];
    for (uint32_t k = 0; k < n->columns; k++)
        columns[k] = (sinter_density_argument){sn_store_column(n, k), 1};
    const sinter_density_data data = {.count = n->count, .columns = columns};
    sinter_density_batch(b->reference, &data, &(sinter_density_results){.logs = logs});
    for (int64_t j = 0; j < n->count; j++)
        sn_exact_add_product(&difference, -((const double *)(const void *)sn_store_column(n, n->columns))[j], logs[j]);
    b->constant = sn_exact_value(&difference);
}
