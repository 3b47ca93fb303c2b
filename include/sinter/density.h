/* Densities: log-densities over columns of data, one row, many rows or their sum, with derivatives.
 *
 *     sinter_density *density;
 *     sinter_density_values *values;
 *     sinter_density_open(context, "normal(mu = 2, sigma = 1.5)", 27, NULL, &density, &report);
 *     sinter_density_values_open(density, &values);
 *     sinter_density_set(values, sinter_density_parameter_number(density, "mu"), 1.75);
 *     double x[1000], logs[1000], sum;
 *     const sinter_density_data data = {.count = 1000, .columns = &(sinter_density_argument){x, 1}};
 *     sinter_density_batch(values, &data, &(sinter_density_results){.logs = logs});
 *     sinter_density_sum(values, &data, &sum, NULL);
 *
 * A density has *columns*, the inputs of its text: what a row of data consists of; and *parameters*, which are the same for all rows or,
 * where a call says so, columns too. What a text may say is in docs/densities.md.
 *
 * **What is computed.** Outside the support −inf. NaN where a datum is NaN. NaN for a parameter that breaks its constraint: where it is
 * one value for all rows the call says SINTER_BAD_PARAMETER besides, results are NaN, and sinter_density_invalid names the parameter; where it
 * is a column the rows concerned are NaN, and nothing else is said. A parameter that has no value yet, or whose value is NaN, breaks its
 * constraint. What a text declares keeps its own range and whatever the families want of it that have it as an argument; where an argument is an expression, and that is
 * invalid, rows are NaN, and nothing else is said. Where a row or a sum is NaN its derivatives are.
 *
 * **Bits.** A row's value has the same bits in a call of one row and of many, on every engine, for all strides and alignments, whether
 * arguments are arrays or one value for all, and for any number of threads. A sum has the same bits for every engine, stride, alignment and number
 * of threads; other rows or another order of them round otherwise. See sinter_density_sum, sinter_density_sum_exact.
 *
 * **Kernels.** Which arguments are arrays, whether there are weights, and which derivatives are wanted, decide what machine code runs: it is
 * compiled when a call first wants it, and kept with the density. sinter_density_prepare has it done beforehand; after that the calls
 * are real-time safe. */
#ifndef SINTER_DENSITY_H
#define SINTER_DENSITY_H

#include <sinter/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- densities ---- */

/* A text, understood, and the kernels that were compiled of it so far. Any number of threads may use one. */
typedef struct sinter_density sinter_density;

/* What it is opened for. It chooses the engine where none is named: bits are the same on all. */
typedef enum sinter_density_use {
    SINTER_DENSITY_BATCHES = 0, /* many rows a call: the widest vectors */
    SINTER_DENSITY_MANY_CALLS,  /* of one row each: machine code of one lane, with a function (sinter_density_function) however long it is */
    SINTER_DENSITY_FEW_CALLS    /* of few rows: the interpreter, which costs least to compile for */
} sinter_density_use;

enum { SINTER_DENSITY_MOST = 256 /* columns, and parameters */ };

/* Right when zeroed. */
typedef struct sinter_density_options {
    size_t size;            /* sizeof(sinter_density_options), or 0: reserved for growth */
    sinter_density_use use;
    sinter_engine engine;   /* AUTO: what suits the use */
    sinter_type type;       /* of all columns, parameters and results: SINTER_F64 (also 0) or SINTER_F32 */
    sinter_grade grade;
    const char *name;       /* in messages and profiles; NULL: `density` */
    const char *quantity;   /* NULL: the log-density; or another of sinter_options.quantity that is one number */
    sinter_drop drop;       /* terms that are left out, as sinter_options.drop; a parameter is one also where it comes by row */
    const char *inputs;     /* NULL: the columns that the text uses or declares; or names separated by spaces: these, in this order */
    const char *const *fixed_names; /* parameters compiled as constants: names and values, `fixed_count` of them; the density then has them no more */
    const double *fixed_values;
    uint32_t fixed_count;
    int threads;            /* that share the rows of a call; 0: 1, at most 1024. With more than one, calls of many rows wake threads and are not
                               real-time safe. They serve one call at a time; calls of other threads meanwhile run on those alone */
} sinter_density_options;

/* Understands `length` bytes of text, which are copied; nothing is compiled for good yet. On success *density is set; else it is NULL and the
 * report (NULL allowed) says why. Errors as sinter_compile; SINTER_BAD_PROGRAM also for a text with state, with several results, or whose
 * columns are of another type; SINTER_TOO_LARGE for more than SINTER_DENSITY_MOST columns or parameters. NULL options: all defaults. Not for real-time threads. */
SINTER_API sinter_status sinter_density_open(sinter_context *context, const char *text, size_t length,
                                             const sinter_density_options *options, sinter_density **density, sinter_report *report);
/* All its values, and what is bound to it, must be closed before. NULL is allowed. */
SINTER_API void sinter_density_close(sinter_density *density);

/* What it is. Strings and arrays live as long as the density. */
typedef struct sinter_density_info {
    uint32_t column_count, parameter_count;
    const sinter_stream_info *columns;
    const sinter_parameter_info *parameters; /* `initial`: the value that the text gives, NaN where it gives none. `low`, `high`: the least and the greatest value
                                                that can be valid (of `> 0` the least number above 0); values outside are not clamped but invalid */
    const char *const *constraints; /* of each parameter as written, `> 0`, `> alpha`, `in 0..1`; of those that the text declares what families
                                     want of them, `> 0`, `in 0..9, > a`, `in 0..1, with w + v = 1`. "" where there is none, or a param statement has the range */
    const char *family;         /* of the distribution at the text's end; NULL: a combination of several, a number or a model */
    const char *prior;          /* the family of the conjugate prior that it declares; NULL: none */
    sinter_type type;
    sinter_density_use use;
    sinter_engine engine;       /* that batches and sums run on */
    const char *engine_reason;  /* why this one, or why not a wider one; "" if nothing stands against it */
    int threads;                /* those that could be had, the caller's included */
    uint32_t kernel_count;      /* compiled so far, for whatever was asked */
    size_t code_bytes;          /* of their machine code */
} sinter_density_info;
SINTER_API sinter_density_info sinter_density_describe(const sinter_density *density);
/* −1 where there is none of that name. */
SINTER_API int sinter_density_column_number(const sinter_density *density, const char *name);
SINTER_API int sinter_density_parameter_number(const sinter_density *density, const char *name);

/* ---- values ---- */

/* A value for each parameter, and what they determine, computed once for all calls that follow. One thread at a time may use it; a density may
 * have any number of them. */
typedef struct sinter_density_values sinter_density_values;

/* All parameters have their initial values. SINTER_NO_MEMORY, SINTER_BAD_ARGUMENT. The context's allocator is used. Not for real-time threads. */
SINTER_API sinter_status sinter_density_values_open(sinter_density *density, sinter_density_values **values);
SINTER_API void sinter_density_values_close(sinter_density_values *values); /* NULL is allowed */
/* Any number, also NaN and those that break the constraint: calls say so. Real-time safe. SINTER_BAD_ARGUMENT where there is no such parameter. */
SINTER_API sinter_status sinter_density_set(sinter_density_values *values, int parameter, double value);
/* All of them, in order. */
SINTER_API sinter_status sinter_density_set_all(sinter_density_values *values, const double *parameters);
/* NaN where there is no such parameter. */
SINTER_API double sinter_density_get(const sinter_density_values *values, int parameter);
/* The first parameter that breaks its constraint, −1 where none does: as the values stand, or, after a call that said SINTER_BAD_PARAMETER and until
 * the next one or the next value, as it was given them. Of numbers that do not add up to 1 though they must the first. Real-time safe. */
SINTER_API int sinter_density_invalid(const sinter_density_values *values);

/* ---- rows ---- */

/* Numbers of the density's type: that of row i lies at data[i·stride], so that a stride of 0 is one value for all rows; it may be negative. */
typedef struct sinter_density_argument {
    const void *data;
    int64_t stride; /* in elements */
} sinter_density_argument;

/* Right when zeroed, but for `count` and, where the density has columns, `columns`. What it points to must not overlap results. */
typedef struct sinter_density_data {
    size_t size;                               /* sizeof(sinter_density_data), or 0: reserved for growth */
    int64_t count;                             /* rows, ≥ 0 */
    const sinter_density_argument *columns;    /* one for each column */
    const sinter_density_argument *parameters; /* NULL, or one for each parameter: data NULL: what was set; stride 0: this value, in this call */
    sinter_density_argument weights;           /* data NULL: 1. A row's value and derivatives are multiplied by its weight; a row of weight 0
                                                  counts as 0, whatever is in it, NaN and −inf too */
    const uint8_t *validity;                   /* NULL: all rows are there. Else row i is missing where bit (validity_offset + i) is 0: bit k is that of
                                                  value 1 << k % 8 in byte k/8, as in Arrow. A missing row counts as 0 in sums and is NaN in batches, derivatives
                                                  too; what columns hold for it is not looked at */
    int64_t validity_offset;                   /* in bits, ≥ 0 */
} sinter_density_data;

/* Where a batch's results go: arrays of `count` elements of the density's type. NULL: not wanted; at least one is. */
typedef struct sinter_density_results {
    size_t size;             /* sizeof(sinter_density_results), or 0: reserved for growth */
    void *logs;              /* the log-densities */
    void *const *columns;    /* NULL, or for each column NULL or an array: the derivative by it */
    void *const *parameters; /* likewise */
} sinter_density_results;

/* One row: `row` has a number for each column, `*log` becomes its log-density. Real-time safe once prepared (sinter_density_prepare with
 * neither data nor results). SINTER_BAD_PARAMETER, SINTER_BAD_ARGUMENT; where it must be compiled first, what compiling says. */
SINTER_API sinter_status sinter_density_log(sinter_density_values *values, const double *row, double *log);

/* The log-density of each row and derivatives. SINTER_BAD_PARAMETER (all results are written), SINTER_BAD_ARGUMENT; where a kernel must be compiled
 * first, what compiling says. */
SINTER_API sinter_status sinter_density_batch(sinter_density_values *values, const sinter_density_data *data,
                                              const sinter_density_results *results);

/* The sum of the rows' log-densities, and by `gradient` (NULL, or a number for each parameter) its derivatives. A parameter that is an array in this
 * call has no such derivative: its number becomes NaN. The sum of no rows is 0.
 *
 * Summed as kernel.h says (32 partial sums of f64, 64 of f32, by row number; blocks of 4,096 rows in a binary tree), except that factors and
 * addends that are the same for all rows are taken out where there are no weights: of terms g·b + o, with g and o that do not vary, what is computed is
 * g·Σb + n·o; or, where that would lose digits, the sum of the terms. Of n rows the result is within 17·(log2(n) + 40)·ε·Σ|terms|, ε = 2^-52
 * (2^-23), at worst; typically within 10ε. At most 63 derivatives at once: SINTER_TOO_LARGE. */
SINTER_API sinter_status sinter_density_sum(sinter_density_values *values, const sinter_density_data *data, double *sum, double *gradient);

/* The sum of the very numbers that sinter_density_batch gives, in exact arithmetic, rounded once: within half a unit in the last place of it,
 * whatever cancels; the same for any order of rows. An infinity among them is the sum, two opposite ones or a NaN make it NaN. f32 values are
 * added as they are, and the result is f64. */
SINTER_API sinter_status sinter_density_sum_exact(sinter_density_values *values, const sinter_density_data *data, double *sum);

/* ---- data bound to a density ---- */

/* Rows, understood once: their log-likelihood at any number of parameter values then costs what it must. Of an exponential family, and of all
 * whose log-density is a sum of products, of something of the data and something of the parameters (a linear regression, say), it *collapses*: a few rows with
 * weights, no more than there are sufficient statistics, have the same log-likelihood for all parameters, so that new parameters cost the same for any
 * number of rows, and no row need be kept. Of anything else the rows are kept, and go through sinter_density_sum each time. sinter_bound_describe says which it
 * is, and why. Data, weights and parameters of f32 that collapse are taken for the numbers that they are, and computed with in f64. */
typedef struct sinter_bound sinter_bound;

/* Rows are copied, or taken into sums: `data` need not live on. Weights and validity as in sinter_density_sum; parameters must not be given. SINTER_BAD_ARGUMENT,
 * SINTER_NO_MEMORY, and what compiling says. Not for real-time threads. One pass over the data where it collapses, two where something of the data
 * alone stands in the log-density (log(x!) of Poisson's). */
SINTER_API sinter_status sinter_density_bind(sinter_density *density, const sinter_density_data *data, sinter_bound **bound, sinter_report *report);
SINTER_API void sinter_bound_close(sinter_bound *bound); /* NULL is allowed */

/* More rows. Nothing changes where it fails. Not while another thread uses what is bound, nor for real-time threads. SINTER_BAD_ARGUMENT, SINTER_NO_MEMORY. */
SINTER_API sinter_status sinter_bound_append(sinter_bound *bound, const sinter_density_data *data);
/* Fewer rows: such as have the same bits, weights included, as rows that are there. Sums of statistics are kept in exact arithmetic: they become what they
 * would be if these rows had never come. SINTER_BAD_ARGUMENT where there are not so many rows, or where a row that is kept is not there (one that was
 * taken into sums is not known any more: to remove what was not there is an error that is not noticed). The rest as sinter_bound_append. */
SINTER_API sinter_status sinter_bound_remove(sinter_bound *bound, const sinter_density_data *data);

typedef struct sinter_bound_info {
    bool collapses;
    const char *reason;     /* why it does not; "" */
    int64_t rows;           /* that are there: not missing, and of another weight than 0 */
    uint32_t statistics;    /* sums that the log-likelihood depends on, that of the weights included; 0 where it does not collapse */
    int64_t standing_rows;  /* those that stand for all rows that were taken into sums */
    int64_t kept_rows;      /* those that are kept: all, or, where it collapses, those outside of the support or whose statistics are infinite or no number */
    double cancellation;    /* Σ|w|/|Σw| of the weights of standing rows: 1, or more where rows were removed until the mean lay outside of all that is known; the
                               bound below is to be multiplied by it */
} sinter_bound_info;
SINTER_API sinter_bound_info sinter_bound_describe(const sinter_bound *bound);

/* The log-likelihood of the bound rows, and by `gradient` (NULL, or a number for each parameter) its derivatives. `parameters`: a number for each, which are set;
 * NULL: as they were set. `values` are of the density that the rows are bound to; each thread needs its own, any number of them may use what is bound at
 * once. Real-time safe after sinter_bound_prepare, but for the time that rows take which are kept. SINTER_BAD_PARAMETER: results are NaN, and
 * sinter_density_invalid names the parameter. SINTER_BAD_ARGUMENT, SINTER_NO_MEMORY.
 *
 * Where it collapses the result is as far from the exact one as that of sinter_density_sum_exact may be, whose rows are rounded each: within b·Σ max(|ℓ|, 1) over the rows,
 * where the density's rows are within b of max(|ℓ|, 1), and 4ε·Σ|ℓ| besides. To this comes, from statistics that are not columns themselves or products of two,
 * 2^-100 (logarithms) or 2^-63 (other functions) of Σ|η·T|; and where something of the data alone stands in the log-density, the same bound at the
 * parameters that fitted the rows of sinter_density_bind. Derivatives likewise.
 *
 * Of a family that says what the mean log-density of data is (`poisson`, `gamma` and its kin, `beta`, `exponential`, `lognormal`, with known `N` and `y_min` `binomial` and `pareto`, and others: the member `pooled`) that is computed instead, in plain f64, where its
 * terms do not cancel: within 8ε·Σ max(|ℓ|, 1) of the exact value by all that was measured (3.2 of Poisson and gamma data; the others are within 3.3 of what their standing rows give), and derivatives within 12ε·Σ|∂ℓ| (7.6), by a shape α of Σ(|∂ℓ − r| + |r|), r = log α − ψ(α). Elsewhere, and
 * where something is infinite or no number, the standing rows serve. Which it is follows from the data and the parameters alone: the same parameters have the same value, with derivatives and
 * without, on every engine. */
SINTER_API sinter_status sinter_bound_log(const sinter_bound *bound, sinter_density_values *values, const double *parameters, double *log,
                                          double *gradient);
/* The second derivatives of the log-likelihood of bound rows that collapse: `hessian` gets as many rows of as many numbers as there are parameters, symmetric but for
 * rounding. The rest as sinter_bound_log; the first call compiles and allocates. SINTER_BAD_ARGUMENT where rows are kept;
 * SINTER_TOO_LARGE for more than 15 parameters. */
SINTER_API sinter_status sinter_bound_hessian(const sinter_bound *bound, sinter_density_values *values, const double *parameters, double *hessian);
/* Takes the memory that sinter_bound_log will need with these values. SINTER_NO_MEMORY, SINTER_BAD_ARGUMENT; where rows are kept, what compiling says. */
SINTER_API sinter_status sinter_bound_prepare(const sinter_bound *bound, sinter_density_values *values, sinter_report *report);

/* ---- parameters by group ---- */

/* A density whose text has parameters of several numbers, `param a[8] = 0`, read by a column: `y ~ normal(a[group], sigma)`. The column's values are whole numbers
 * from 0, in the density's type. To all other calls `a[group]` is one parameter of that name. Here each of its numbers is one, and a row has that which its column says.
 *
 * Parameters are one array of numbers: first those that are one number, in the density's order, then those of several, one after the other, as the text declares them.
 * The text may have priors on all numbers of a parameter, `a ~ normal(mu, tau)`. They count once in a sum, whatever rows it is of; to calls of rows one by one,
 * and to all that knows no groups, they are nothing.
 *
 * One thread at a time; any number of them may be open of one density, which must outlive them. */
typedef struct sinter_groups sinter_groups;
typedef struct sinter_group_parameter {
    const char *name;
    uint32_t first, length; /* its place in the array; 1: of one number */
    double initial, low, high;
} sinter_group_parameter;
typedef struct sinter_groups_info {
    uint32_t count;         /* numbers in the array */
    uint32_t parameter_count;
    const sinter_group_parameter *parameters;
} sinter_groups_info;
/* What the last call that failed complained of. */
typedef struct sinter_groups_complaint {
    int64_t row;      /* whose column says no number that there is; -1: none */
    uint32_t column;
    double value;     /* what it says */
    int64_t number;   /* in the array of parameters: the one that breaks its constraint; -1: none */
} sinter_groups_complaint;

/* SINTER_BAD_PROGRAM where no parameter has several numbers. Not for real-time threads. */
SINTER_API sinter_status sinter_groups_open(sinter_density *density, sinter_groups **groups, sinter_report *report);
SINTER_API void sinter_groups_close(sinter_groups *groups); /* NULL is allowed */
SINTER_API sinter_groups_info sinter_groups_describe(const sinter_groups *groups);
/* Of how many numbers the column chooses (of the fewest, where it chooses of several parameters); 0: it chooses none. */
SINTER_API uint32_t sinter_groups_chosen(const sinter_groups *groups, uint32_t column);
SINTER_API sinter_groups_complaint sinter_groups_complain(const sinter_groups *groups);
/* The log-density of each row, to `logs`, numbers of the density's type: the bits of sinter_density_batch with these parameters as arrays. `data` as there, without
 * parameters. SINTER_BAD_ARGUMENT, also for a row that says no number (rows before it may have been written; of rows that are missing or of weight 0 the columns that choose
 * are not looked at); SINTER_BAD_PARAMETER: logs are NaN. Compiles when called first; real-time safe afterwards if the density has one thread. */
SINTER_API sinter_status sinter_groups_batch(sinter_groups *groups, const double *parameters, const sinter_density_data *data, void *logs);
/* Their sum, with that of the text's priors on all numbers of a parameter (`a ~ normal(mu, tau)`, once each), and by
 * `gradient` (NULL, or `count` numbers) its derivatives by each number. Every sum is that of its rows in their order, with the rounding errors of the additions
 * summed beside it: within ε·|sum| + (n·ε)^2·Σ|terms| of that of the batch's numbers, the same bits for any number of threads. The rest as sinter_groups_batch;
 * nothing is written where it says SINTER_BAD_ARGUMENT. */
SINTER_API sinter_status sinter_groups_sum(sinter_groups *groups, const double *parameters, const sinter_density_data *data, double *sum, double *gradient);
/* The same without the text's priors on numbers, for rows that come in pieces; the sum of no rows, with a count of 0 and any columns, is that of the priors. */
SINTER_API sinter_status sinter_groups_sum_piece(sinter_groups *groups, const double *parameters, const sinter_density_data *data, double *sum,
                                                 double *gradient);

/* Rows bound by groups: those that all columns that choose say the same of are bound together (sinter_density_bind), so where that collapses new parameters cost what there are groups, not
 * rows. Else the rows are kept, and summed as above. Rows are copied or taken into sums. Errors as sinter_density_bind and sinter_groups_sum. `groups` must outlive it, and serves one call at a time. */
typedef struct sinter_groups_bound sinter_groups_bound;
SINTER_API sinter_status sinter_groups_bind(sinter_groups *groups, const sinter_density_data *data, sinter_groups_bound **bound, sinter_report *report);
SINTER_API void sinter_groups_unbind(sinter_groups_bound *bound); /* NULL is allowed */
/* More rows, and fewer, as sinter_bound_append and sinter_bound_remove have it: groups that have none yet come, those whose last row went are gone, and a group's sums are those
 * of the rows that it has, in exact arithmetic, whatever came and went. Errors as there, and for rows that say no number (sinter_groups_complain); SINTER_BAD_ARGUMENT also where a row goes whose group
 * has not so many. Where they fail no row has come or gone. Not while the groups compute, nor for real-time threads. */
SINTER_API sinter_status sinter_groups_append(sinter_groups_bound *bound, const sinter_density_data *data);
SINTER_API sinter_status sinter_groups_remove(sinter_groups_bound *bound, const sinter_density_data *data);
/* Groups that have rows; 0: rows are kept. */
SINTER_API int64_t sinter_groups_bound_count(const sinter_groups_bound *bound);
/* As sinter_groups_sum, of the bound rows; groups are added in ascending order of what their columns say. As accurate as sinter_bound_log. */
SINTER_API sinter_status sinter_groups_bound_log(sinter_groups_bound *bound, const double *parameters, double *log, double *gradient);

/* Of any density: sums of the log-densities of rows by a column of whole numbers from 0 to before `count`: sums[j] of the rows where it is j, 0 where there are none. The column may be one
 * that the density reads or any other, of the density's type. Added as in sinter_groups_sum. `*row` (NULL allowed) is the row whose number does not fit, or -1; then
 * SINTER_BAD_ARGUMENT, and nothing is written. Not for real-time threads. */
SINTER_API sinter_status sinter_density_sum_by(sinter_density_values *values, const sinter_density_data *data, const sinter_density_argument *column, int64_t count,
                                               double *sums, int64_t *row);

/* ---- what follows from a family ---- */

/* Of a density whose text is a family (`normal`, `gamma(alpha = 2, beta = 1)`) of type f64, without fixed parameters, that has the members `eta`, `from_natural` and `natural_A`, or
 * declares a conjugate prior: posteriors need no natural parameters, and what does is SINTER_BAD_PROGRAM without those members. One thread at a time.
 * SINTER_BAD_PROGRAM where it has neither, and what compiling says. The density must outlive it. Not for real-time threads; the
 * other functions are real-time safe, but for sinter_family_posterior, and for sinter_family_entropy when it is called for the first time. */
typedef struct sinter_family sinter_family;
SINTER_API sinter_status sinter_family_open(const sinter_density *density, sinter_family **family, sinter_report *report);
SINTER_API void sinter_family_close(sinter_family *family); /* NULL is allowed */
SINTER_API uint32_t sinter_family_statistics(const sinter_family *family); /* how many natural parameters; without those, elements of T */
/* Natural parameters of the family's parameters, in order, and back. Some families are exponential ones only where one parameter is known, the shape of a
 * Weibull distribution, say, or the number of tries: from_natural and natural_A have its value from the text, `weibull(2, 1)`, and where it is another one
 * here, or NaN, that is SINTER_BAD_ARGUMENT. */
SINTER_API sinter_status sinter_family_natural(sinter_family *family, const double *parameters, double *eta);
SINTER_API sinter_status sinter_family_parameters(sinter_family *family, const double *eta, double *parameters);
/* The log-partition A, and its gradient (NULL: not wanted): the means of the sufficient statistics. */
SINTER_API sinter_status sinter_family_log_partition(sinter_family *family, const double *eta, double *value, double *means);
/* Its second derivatives: the covariances of the sufficient statistics, as many rows of as many numbers as there are natural parameters, symmetric but for
 * rounding. SINTER_TOO_LARGE for more than 15 of them. */
SINTER_API sinter_status sinter_family_covariance(sinter_family *family, const double *eta, double *covariance);
/* The mean of −log density under the density itself (of counts −log probability), in nats. The first call compiles it, and may say SINTER_NO_MEMORY; SINTER_BAD_PROGRAM where
 * the family has no member `entropy`. */
SINTER_API sinter_status sinter_family_entropy(sinter_family *family, const double *parameters, double *entropy);
/* Kullback and Leibler's divergence of q from p, the mean under p of log p − log q: A(η_q) − A(η_p) − (η_q − η_p)·∇A(η_p), whose terms cancel where the two are close. */
SINTER_API sinter_status sinter_family_divergence(sinter_family *family, const double *p, const double *q, double *divergence);
/* The family of its conjugate prior, as its text declares it: `gamma` of `poisson`; NULL: it declares none. How many parameters that family has (those of `dirichlet` are
 * as many as there are statistics); 0: none is declared. */
SINTER_API const char *sinter_family_prior(const sinter_family *family);
SINTER_API uint32_t sinter_family_prior_parameters(const sinter_family *family);
/* The posterior, of the same family as the prior: its parameters after so many observations (or their weight: finite, ≥ 0) with these sums of the sufficient statistics.
 * `prior` and `posterior` have numbers for the prior's parameters in order, and may be the same array. Without observations the posterior is the prior. What the family takes as known, the
 * sigma of `normal(sigma = 2)`, has the value of the density's text. SINTER_BAD_PARAMETER where parameters of the prior or known ones break their constraints, or where no finite numbers come out;
 * SINTER_BAD_PROGRAM where no prior is declared; SINTER_BAD_ARGUMENT. `posterior` is written where it says SINTER_OK. */
SINTER_API sinter_status sinter_family_update(sinter_family *family, const double *prior, double observations, const double *sums, double *posterior);
/* The same of rows of data (`data->parameters` is NULL), whose sums are exact and rounded once, so that neither their order nor how many there are matters. Weights are ≥ 0;
 * missing rows and those of weight 0 do not count. More data: again, with the posterior as the prior. Errors as above; SINTER_BAD_ARGUMENT with *row (NULL allowed; else −1)
 * for a row that lies outside of the support, is not finite, or has a weight that is not; SINTER_NO_MEMORY. Not real-time safe: it takes memory for the sums and gives it back. */
SINTER_API sinter_status sinter_family_posterior(sinter_family *family, const double *prior, const sinter_density_data *data, double *posterior, int64_t *row);

/* ---- beforehand ---- */

typedef enum sinter_density_call {
    SINTER_DENSITY_LOG = 0,   /* sinter_density_log and sinter_density_function; data and results are NULL */
    SINTER_DENSITY_BATCH,     /* with these results */
    SINTER_DENSITY_SUM,       /* with all derivatives if results is not NULL */
    SINTER_DENSITY_SUM_EXACT
} sinter_density_call;

/* Compiles what such a call needs and takes all memory that it will take, so that later ones with these values, and those of the same shape, neither
 * compile nor allocate nor lock. The shape: which pointers are NULL, and which strides are 0 and 1. Data and results are not touched. Errors as
 * sinter_compile. Not for real-time threads. */
SINTER_API sinter_status sinter_density_prepare(sinter_density_values *values, sinter_density_call call, const sinter_density_data *data,
                                                const sinter_density_results *results, sinter_report *report);

/* The log-density as a C function of one row, for inner loops of one's own: `double f(const void *frame, double column, …)`, all columns in
 * order (float where the density's type is f32); without parameters `double f(double column, …)`, and *frame is NULL. The frame is good until the next value is set or a call brings
 * values of its own. For a parameter that breaks its constraint it gives NaN. NULL where there is none: the interpreter, more than 8 columns, and what else sinter_kernel_function says;
 * *reason (may be NULL) says which. Compiles where sinter_density_prepare has not. */
SINTER_API sinter_function sinter_density_function(sinter_density_values *values, const void **frame, const char **reason);

/* The log-density as C, as sinter_dump has it: the text (*length bytes and a terminating zero) is the caller's, from the context's allocator. */
SINTER_API sinter_status sinter_density_export(const sinter_density *density, char **out, size_t *length, sinter_report *report);

#ifdef __cplusplus
}
#endif

#endif
