/* What the files of `sinter density` share: a density that is open, its values, rows.
 *
 *   density_command.c   what is asked for; rows, sums, hashes
 *   density_report.c    what a density is, in words; natural parameters; the list of families
 *   density_groups.c    parameters of several numbers
 *   density_plot.c      a density over its data's histogram
 *   density_posterior.c the posterior of a conjugate prior
 *   density_sum_by.c    a sum for each group of rows */
#ifndef SN_CLI_DENSITY_JOB_H
#define SN_CLI_DENSITY_JOB_H

#include "cli/data_rows.h"
#include "density/exact_sum.h"

enum { DENSITY_ROWS = 1 << 14 /* rows that are read and computed at once */ };

typedef struct density_job {
    const arguments *a;
    program_text program;
    sinter_context *context;
    sinter_density *density;
    sinter_density_values *values; /* all --set done */
    sinter_density_info info;
    sinter_groups *groups; /* NULL: all parameters are one number */
    sinter_groups_info groups_info;
    double *numbers;       /* of all parameters, as the groups have them; those that are one number are in `values` */
} density_job;

/* Arrays of DENSITY_ROWS elements of `size` bytes, `count` of them; NULL: out of memory, which is told. */
void **sn_cli_open_arrays(uint32_t count, size_t size);
void sn_cli_close_arrays(void **arrays, uint32_t count); /* NULL is allowed */

/* ---- density_report.c ---- */

int sn_cli_list_families(const arguments *a);
int sn_cli_describe_density(const density_job *j);
/* `rows` NULL: without data. */
int sn_cli_print_natural(const density_job *j, data_rows *rows);
/* A quantity of the density's family in the values that are set, as sinter_options.quantity names it: how many numbers it has (at most `most`), 0 where
 * the density has no such quantity. */
uint32_t sn_cli_density_quantity(const density_job *j, const char *quantity, double *numbers, uint32_t most);

/* ---- density_groups.c ---- */

int sn_cli_open_groups(density_job *j);
void sn_cli_close_groups(density_job *j);
/* `a` or `a[2]`; false: there is none such. */
bool sn_cli_set_group(const density_job *j, const char *name, double value);
/* STATUS_USAGE where what is asked for cannot be had of groups. */
int sn_cli_check_groups(const density_job *j);
/* Tells the file's reader which columns are groups. */
bool sn_cli_count_groups(const density_job *j, data_rows *rows);
/* Rows from row `first` on: log-densities, and the sum's derivatives by all numbers (NULL: not wanted). */
int sn_cli_compute_groups(const density_job *j, const sinter_density_data *data, int64_t first, void *logs, double *gradient);
/* What the text's priors on numbers of parameters add to a sum, once, and to its derivatives (NULL: not wanted). */
int sn_cli_compute_priors(const density_job *j, double *sum, double *gradient);
void sn_cli_describe_groups(const density_job *j);
/* Members of an object: `"a":[…]`; those of one number too if `scalars`. */
void sn_cli_print_json_groups(const density_job *j, const double *numbers, bool scalars);
/* A member: what each column's labels are numbered as. */
void sn_cli_print_json_labels(const density_job *j, const data_rows *rows);

/* ---- density_plot.c ---- */

/* All rows, column by column. */
typedef struct density_table {
    double *columns[SINTER_DENSITY_MOST];
    size_t count, room;
} density_table;

/* Which column --plot draws; STATUS_USAGE where that is not said. */
int sn_cli_choose_axis(const density_job *j, uint32_t *axis);
bool sn_cli_keep_rows(density_table *t, uint32_t column_count, double *const *values, size_t count);
void sn_cli_free_rows(density_table *t, uint32_t column_count);
/* Writes the picture of --plot. `t` NULL: without data. */
int sn_cli_plot_density(const density_job *j, uint32_t axis, const density_table *t);

/* ---- density_posterior.c ---- */

/* Of --prior and the rows, which are kept in the table. */
int sn_cli_print_posterior(const density_job *j, data_rows *rows, density_table *t);

/* ---- density_sum_by.c ---- */

typedef struct sums_by {
    struct group_sums **groups; /* by number; NULL: no row of it came */
    size_t room;
    uint32_t results;           /* of a row: the log-density and derivatives; set before the first call */
} sums_by;

/* Rows of these groups, whole numbers. False: out of memory, which is told. */
bool sn_cli_add_by(sums_by *s, const double *groups, sinter_type type, void *const *outputs, size_t count);
void sn_cli_print_by(const sums_by *s, const data_rows *rows, int64_t row_count, const char *const *names, const arguments *a);
void sn_cli_close_by(sums_by *s); /* all zeros are allowed */

#endif
