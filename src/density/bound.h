/* Data bound to a density: what is kept of them, and between the files that do it.
 *
 *   separate.c     which statistics a log-likelihood depends on; wide_rows.c: those of one row
 *   compress.c     exact sums of them, and the few rows that have the same
 *   row_store.c    rows that are kept as they are
 *   bind.c         rows come and go
 *   quantity.c     the log-density as the family's statistics make it
 *   pooled.c       the log-likelihood by the means of the statistics, where a family says it
 *   reference.c    the constant by which the few rows' log-likelihood differs from that of all
 *   bound_calls.c  the log-likelihood at parameters */
#ifndef SN_DENSITY_BOUND_H
#define SN_DENSITY_BOUND_H

#include "density/compress.h"
#include "density/row_store.h"
#include "density/shapes.h"

enum {
    BOUND_MOST_POOLED = 64 /* terms of pooled data, and their derivatives */
};

/* Means of statistics, and what is computed of them (pooled.c). */
typedef struct bound_pool {
    bool is_there;       /* the family says it */
    bool stands;         /* of the rows as they are it can be used */
    uint32_t statistics, monomials[8]; /* the sum that each is */
    ir_ref *columns, *needed;          /* operations of the density's program of means: columns behind the cut, and what they are computed by */
    uint32_t column_count, needed_count;
    double_double *values;             /* of its operations */
    double *row;                       /* the columns, each DENSITY_VECTOR times */
    uint64_t *addresses;               /* of the columns, as frames hold them */
    double weight, constant;           /* of all rows; what of the data alone stands in the log-likelihood */
    const density_variant *plain, *sloped;
} bound_pool;

struct sinter_bound {
    sinter_density *given;   /* whose data and values come */
    sinter_density *density; /* what is computed with: the same, or, of f32 that collapses, its `wide` */
    size_t size; /* of this block */
    arena own, derived; /* the second: of the text read anew, whose names and tables the separation refers to */
    bool collapses, is_derived; /* the second: the separation is that of log h + η·T − A */
    const char *reason; /* why not; "" */
    density_separation separation;
    density_compression compression;
    row_store nodes;    /* the few rows that stand for the others */
    row_store rows;     /* all rows, or, where it collapses, those that stand for themselves */
    int64_t count;      /* of rows, whatever became of them */
    const density_variant *plain, *sloped; /* a row's log-density; with all derivatives by parameters */
    /* The nodes as the kernels behind a cut (cut.c) read them, `filled` up to whole vectors: under a mask they take longer. */
    row_store standing;
    int64_t filled;
    uint64_t *addresses; /* of its columns, as frames hold them */
    bound_pool pool;
    const density_variant *data_part, *rest, *rest_sloped; /* the first is NULL where a cut is too wide: nodes stand as they are */
    /* What the log-density of the rows and that of the nodes differ by, times their weights: found at the reference. */
    bool has_reference;
    sinter_density_values *reference; /* also what the data part runs with */
    exact_sum at_reference; /* Σ over the rows that were put into sums */
    double constant;
    /* Working memory of binding, appending, removing. */
    uint8_t *piece;     /* DENSITY_PIECE rows of columns, then weights */
    double *row, *logs;
    double_double *values, *atoms;
};

/* A row's weight, as f64; row i of the piece. */
double sn_bound_weight(const sinter_bound *b, int64_t i);

/* ---- reference.c ---- */
/* Chooses parameters at which the nodes are likely, for all that follows. False where there are none. */
bool sn_bound_choose_reference(sinter_bound *b);
/* The log-densities of so many rows of the piece at the reference. */
sinter_status sn_bound_log_piece(sinter_bound *b, int64_t rows);
/* For the nodes as they are. */
void sn_bound_find_constant(sinter_bound *b);

/* ---- bind.c ---- */
/* A row's log-density, or a part of it; `sloped`: with all derivatives by parameters. */
const density_variant *sn_bound_variant(sinter_bound *b, density_part part, bool sloped, sinter_report *report, sinter_status *status);

/* Rows that were appended last are as if they had not been: `kept` is what sinter_bound_describe said of kept rows before. It cannot fail. */
void sn_bound_take_back(sinter_bound *b, const sinter_density_data *data, int64_t kept);
/* sinter_bound_remove in two steps, of which the second fails only where the kernel does: that rows are there (*leaves is for one of the next two), and taking them out. */
sinter_status sn_bound_find_rows(sinter_bound *b, const sinter_density_data *data, uint8_t **leaves);
void sn_bound_leave_rows(const sinter_bound *b, uint8_t *leaves);
sinter_status sn_bound_take_out(sinter_bound *b, const sinter_density_data *data, uint8_t *leaves);

/* ---- pooled.c ---- */
/* Once, when it is known what the sums are. What the family does not say is no error. */
sinter_status sn_bound_open_pool(sinter_bound *b, sinter_report *report);
/* Of the rows as they are; where something of the data alone stands in the log-density, with the log-likelihood at the reference. */
void sn_bound_pool_rows(sinter_bound *b);
void sn_bound_pool_remainder(sinter_bound *b, exact_sum at_reference);
/* Of a pool that stands, with the results that are in a frame: the log-likelihood and, if the value will do, derivatives (NULL: not wanted). False: it will not do for these
 * parameters, and nothing is done. */
bool sn_bound_pooled(const sinter_bound *b, const double *results, double *log, double *gradient);

/* ---- bound_calls.c ---- */
/* sinter_bound_log with values of what is computed with. */
sinter_status sn_bound_log_at(const sinter_bound *b, sinter_density_values *v, const double *parameters, double *log, double *gradient);
/* The frame brought up to date. In the default floating-point mode. */
kernel_run sn_bound_renewed(const sinter_density_values *v, density_frame *f);
/* DENSITY_VECTOR rows, or, of a kernel of one lane, so many as are wanted, whose columns lie at these addresses; results DENSITY_VECTOR apart are in
 * the frame's `results`. */
void sn_bound_run_vector(const kernel_run *run, density_frame *f, const uint64_t *addresses, int64_t wanted);
/* In the default floating-point mode. `direct`: NULL, or the kernel's only loop; rows from `count` to `filled` are computed, for nothing but that vectors are full. A sum has the same order
 * whatever is filled. totals[0] += the weighted log-densities of the rows, totals[1], … those of the derivatives. */
void sn_bound_add_rows(const kernel_run *run, kernel_code direct, const row_store *rows, int64_t filled, double *totals);
/* The standing rows of the nodes. */
void sn_bound_stand(sinter_bound *b);

#endif
