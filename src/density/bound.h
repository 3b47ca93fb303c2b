/* Data bound to a density: what is kept of them, and between the files that do it.
 *
 *   separate.c     which statistics a log-likelihood depends on; wide_rows.c: those of one row
 *   compress.c     exact sums of them, and the few rows that have the same
 *   row_store.c    rows that are kept as they are
 *   bind.c         rows come and go
 *   quantity.c     the log-density as the family's statistics make it
 *   reference.c    the constant by which the few rows' log-likelihood differs from that of all
 *   bound_calls.c  the log-likelihood at parameters */
#ifndef SN_DENSITY_BOUND_H
#define SN_DENSITY_BOUND_H

#include "density/compress.h"
#include "density/row_store.h"
#include "density/shapes.h"

enum { BOUND_VECTOR = 8 /* rows that standing rows are filled up to */ };

struct sinter_bound {
    sinter_density *density;
    size_t size; /* of this block */
    arena own, derived; /* the second: of the text read anew, whose names and tables the separation refers to */
    bool collapses;
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

/* ---- quantity.c ---- */
/* Another quantity of the text (sinter_options.quantity), with the density's inputs and fixed parameters, as a program in `memory`, which is empty before and
 * closed by the caller. What the text has not is an error. */
sinter_status sn_density_read_quantity(const sinter_density *d, const char *quantity, arena *memory, ir_program *program);

/* ---- bound_calls.c ---- */
/* In the default floating-point mode. `direct`: NULL, or the kernel's only loop; rows from `count` to `filled` are computed, for nothing but that vectors are full. totals[0] += the weighted log-densities of the rows, totals[1], … those of the derivatives. */
void sn_bound_add_rows(const kernel_run *run, kernel_code direct, const row_store *rows, int64_t filled, double *totals);
/* The standing rows of the nodes. */
void sn_bound_stand(sinter_bound *b);

#endif
