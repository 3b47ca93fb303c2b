/* Sums of log-densities in C: what a person writes, and what Sinter exports, each put into the same loop by the same compiler with the same options. Parameters are live:
 * what they determine is computed in the call. */
#ifndef SN_BENCH_EXPORTED_LOOPS_H
#define SN_BENCH_EXPORTED_LOOPS_H

#include <stdint.h>

typedef double (*density_loop)(const double *x, int64_t n, double a, double b);

double sn_plain_normal_sum(const double *x, int64_t n, double mu, double sigma);
double sn_exported_normal_sum(const double *x, int64_t n, double mu, double sigma);
double sn_plain_exponential_sum(const double *x, int64_t n, double beta, double unused);
double sn_exported_exponential_sum(const double *x, int64_t n, double beta, double unused);

#endif
