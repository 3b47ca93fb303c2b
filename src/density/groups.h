/* What groups.c, groups_order.c and groups_bound.c share. */
#ifndef SN_DENSITY_GROUPS_H
#define SN_DENSITY_GROUPS_H

#include "density/double_double.h"
#include "density/shapes.h"

enum {
    GROUPS_NONE = 0x7FFFFFFF,
    GROUPS_PIECE = 4096,        /* rows that are gathered at once */
    GROUPS_SHARED_PIECE = 65536 /* the same where several threads share them */
};

/* One parameter of the density that a column chooses. */
typedef struct groups_choice {
    uint32_t parameter, column;
    uint32_t first, length; /* in the array of all numbers */
    uint32_t *places;       /* of the rows of a piece: which of them each has */
    uint8_t *gathered;      /* the values there, of the density's type */
} groups_choice;

/* A prior on each number of one parameter: a density of the column `column`, the other columns of which nothing depends on. */
typedef struct groups_prior {
    sinter_density_values *values;
    uint32_t first, length, column;
    uint32_t *numbers;                  /* of its parameters, which number of the array each is; GROUPS_NONE: one that nothing depends on */
    double *set;
    sinter_density_argument *columns;
    void **by_columns, **by_parameters; /* derivatives */
    uint8_t *gathered, *logs;           /* of a piece of the numbers */
} groups_prior;

struct sinter_groups {
    sinter_density *density;
    groups_prior *priors;
    uint32_t prior_count;
    sinter_density_values *values;
    arena own;
    groups_choice *choices;
    uint32_t choice_count;
    sinter_group_parameter *parameters;
    uint32_t parameter_count, scalar_count, number_count;
    uint32_t *scalars;                  /* the density's parameters that are one number: in the array by this order */
    int64_t piece;
    uint8_t *logs;
    void **slopes;                      /* of rows, by the density's parameters */
    sinter_density_argument *arguments; /* the same */
    sinter_density_argument *columns;
    double *set;                        /* the density's parameters */
    double_double *totals;              /* the sum, then by each number */
    sinter_groups_complaint complaint;
};

/* Adds and keeps what rounding took. */
static inline void sn_groups_add(double_double *total, double value)
{
    const double_double s = sn_dd_two_sum(total->hi, value);
    *total = (double_double){s.hi, total->lo + s.lo};
}

/* An infinity has no rounding error. */
static inline double sn_groups_total(double_double total)
{
    return isfinite(total.hi) ? total.hi + total.lo : total.hi;
}

/* A number of the density's type. */
static inline double sn_groups_read(const sinter_density *d, const sinter_density_argument *a, int64_t row)
{
    return sn_density_number_at(d, a->data, row * a->stride);
}

/* ---- groups_priors.c ---- */

/* SINTER_NO_MEMORY. Behind the parameters are listed. */
sinter_status sn_groups_open_priors(sinter_groups *g);
void sn_groups_close_priors(sinter_groups *g);
/* Adds their log-densities to the totals, and derivatives if they are wanted. SINTER_BAD_PARAMETER with a complaint, and what compiling says. */
sinter_status sn_groups_add_priors(sinter_groups *g, const double *parameters, bool slopes);

/* ---- groups.c ---- */

/* Are the data what a call without parameters may have? */
bool sn_groups_are_rows(const sinter_density *d, const sinter_density_data *data);
/* Is the row there, and of another weight than 0? */
bool sn_groups_counts(const sinter_density *d, const sinter_density_data *data, int64_t row);
/* Which of `length` the row says; false: none of them. */
bool sn_groups_place(const sinter_density *d, const sinter_density_argument *column, int64_t row, int64_t length, uint32_t *place);
/* The numbers are taken: those that are one are set. False: some number breaks its constraint, which is noted. */
bool sn_groups_take(sinter_groups *g, const double *parameters);
sinter_status sn_groups_fail(const sinter_groups *g, double *sum, double *gradient);
void sn_groups_finish(const sinter_groups *g, double *sum, double *gradient);
/* Of data whose shape is checked, with numbers that are taken, as kept rows have it. */
sinter_status sn_groups_sum_rows(sinter_groups *g, const double *parameters, const sinter_density_data *data, bool gradient);

/* ---- groups_order.c ---- */

/* Rows that count, in order of their groups. */
typedef struct groups_ordering {
    arena memory; /* empty before; closed by whoever made it */
    const sinter_density_data *data;
    int64_t *rows, *other;
    int64_t count;
    uint32_t **places; /* for each choice, by row of the data */
} groups_ordering;

/* `memory` and `data` are set. A row whose column says no number is noted as the complaint. */
sinter_status sn_groups_order(groups_ordering *o, sinter_groups *g, sinter_report *report);
/* Behind the last row, in that order, of the group that the one at `begin` is in. */
int64_t sn_groups_end_of(const groups_ordering *o, const sinter_groups *g, int64_t begin);
/* Those rows one behind the other, without strides, in `memory`. False: refused. */
bool sn_groups_copy(const groups_ordering *o, const sinter_density *d, int64_t begin, int64_t end, arena *memory, sinter_density_data *copy);

#endif
