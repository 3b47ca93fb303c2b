/* Densities at run time: kernels by the shape of a call, and what runs rows through them. This page is the room's table of contents.
 *
 *   density.c    what sinter/density.h promises of a density: text read once, its description
 *   shapes.c     which kernel a call needs: compiled of the program that was read, kept
 *   factors.c    what sums need not add: factors and addends that are the same for all rows
 *   values.c     parameters' values, frames, all memory that calls use
 *   row_calls.c  one row, batches, sums: what a call hands to its rows, and what it says
 *   family.c     natural parameters, means and covariances of statistics, entropies, divergences, posteriors
 *   groups.c     parameters that are chosen by a column, row by row; groups_bound.c: rows bound by groups
 *   direct_calls.c  the same for the commonest calls, without the steps that find nothing to do
 *   cut.c        what of a row depends on the data alone, and the rest
 *   rows.c       rows in pieces: staged where they are not contiguous, by several threads
 *   exact_sum.c  sums in exact arithmetic, declared in exact_sum.h
 *
 * A *shape* is what of a call decides what code runs: which parameters are arrays, whether there are weights, which derivatives are
 * wanted, and whether rows are summed. A *stream* is what a kernel reads or writes row by row; it is *staged*, copied to and fro a piece of
 * DENSITY_PIECE rows at a time, where the caller's array is not what a kernel can read. */
#ifndef SN_DENSITY_SHAPES_H
#define SN_DENSITY_SHAPES_H

#include "density/exact_sum.h"
#include "kernel/kernels.h"
#include "lang/lang.h"
#include "threads/thread_pool.h"
#include <math.h>
#include <sinter/density.h>

#include <string.h>

enum {
    DENSITY_PIECE = 512,        /* rows that are staged at once: 4 KiB a stream; divides PLAN_SUM_BLOCK */
    DENSITY_NEAR = 2048,        /* rows whose results are gone over once more */
    DENSITY_SPAN = 8192,        /* rows that a thread takes at once, at least: two blocks of a sum */
    DENSITY_MOST_SPANS = 64,    /* of a sum */
    DENSITY_MOST_STREAMS = 2 * SINTER_DENSITY_MOST + 1, /* columns, arrays of parameters, weights; or results */
    DENSITY_SET_WORDS = SINTER_DENSITY_MOST / 64,
    DENSITY_VECTOR = 8,         /* rows that a kernel behind a cut is run for at once (bound.h): the widest vector, of f64 */
    DENSITY_STAGE_BYTES = DENSITY_PIECE * 8 + 64 /* of a staged stream: a line of the cache off a power of two */
};

/* ---- shapes.c ---- */

/* Of columns or parameters. */
typedef struct density_set {
    uint64_t words[DENSITY_SET_WORDS];
} density_set;

static inline void sn_density_include(density_set *s, uint32_t k)
{
    s->words[k / 64] |= (uint64_t)1 << k % 64;
}

static inline bool sn_density_includes(const density_set *s, uint32_t k)
{
    return s->words[k / 64] >> k % 64 & 1;
}

/* Of a density that is cut (cut.c): its columns then are what the data part writes. DENSITY_POOLED is the rest of another program, `pooled`. */
typedef enum density_part { DENSITY_WHOLE, DENSITY_DATA_PART, DENSITY_REST, DENSITY_CURVATURE, DENSITY_POOLED } density_part;

typedef struct density_shape {
    density_part part;
    bool sum, weighted;
    bool factored; /* a sum of what factors.c leaves of the terms */
    density_set arrays;             /* parameters that are streams */
    density_set by_column, by_parameter; /* derivatives */
} density_shape;

/* A kernel and the shape that it serves. Streams in: all columns, the arrays, the weights; out, or totals: the log-density, then derivatives by columns
 * and parameters. Its parameters are the density's. */
typedef struct density_variant {
    struct density_variant *next;
    uint32_t number;
    density_shape shape;
    sinter_kernel *kernel; /* NULL: a factored sum that has no factors */
    sinter_kernel *coefficients; /* of a factored sum: factor and addend of each total, its outputs for one row of anything */
    uint32_t results;
    bool of_rows; /* a curvature, of the derived form: of whole rows, no cut */
} density_variant;

/* The least and the greatest number that a parameter can be. */
typedef struct density_range {
    double low, high;
    bool whole; /* integers only */
} density_range;

static inline bool sn_density_is_within(density_range r, double value)
{
    return value >= r.low && value <= r.high && (!r.whole || value == (double)(int64_t)value || value >= 0x1p52 || value <= -0x1p52); /* NaN is not */
}

/* A parameter that has to lie above another one, or below it. */
typedef struct density_relation {
    uint32_t parameter, other;
    bool above, open; /* not at it either */
} density_relation;

static inline bool sn_density_keeps(density_relation r, double value, double other)
{
    const double low = r.above ? other : value, high = r.above ? value : other;
    return r.open ? low < high : low <= high; /* NaN does not */
}

/* Parameters that are a point of the simplex: a tuple of a family's, or weights of the text. */
typedef struct density_sum {
    const uint32_t *parameters;
    uint32_t count;
    double rest; /* what is no parameter, or fixed, of it */
} density_sum;

struct sinter_density {
    sinter_context *context;
    size_t size; /* of this block */
    arena own;   /* the program and what it names, the text, variants */
    ir_program program;
    sinter_density_options options;
    const char *text;
    size_t length;
    sinter_type type;
    sinter_engine engine;
    const char *engine_reason;
    uint32_t column_count, parameter_count;
    sinter_stream_info *columns;
    sinter_parameter_info *parameters;
    density_range *ranges;       /* of parameters */
    density_relation *relations; /* in the order of the parameters that have them: those of one from relations_from of its number on, up to the next one's */
    uint32_t *relations_from;
    density_sum *sums;
    uint32_t relation_count, sum_count;
    bool related;                /* some parameter is valid or not by the values of others */
    uint32_t prior_number;       /* 0, or it is the prior of that number of another one's text (lang_options) */
    struct sinter_density **priors; /* on the numbers of parameters of several, each a density of the column of that name; and which parameter that is */
    uint32_t *prior_vectors, prior_count;
    bool narrow;                 /* its numbers were rounded to f32, whatever its type is */
    const char **constraints;    /* as written */
    const char *family, *prior;  /* `prior`: the family of the conjugate prior; NULL: none is declared */
    bool has_routines;           /* as in lang_density */
    bool natural;                /* the family has eta, natural_A and from_natural */
    lang_density_vector *vectors; /* of several numbers, and the parameters that are one of them by a column */
    lang_density_choice *choices;
    uint32_t vector_count, choice_count;
    pthread_mutex_t lock; /* compiling and `own` */
    density_variant *variants; /* the newest first; read without the lock */
    uint32_t variant_count;
    thread_pool *pool; /* NULL: the caller does all */
    pthread_mutex_t pooled; /* held by the call that the pool works for */
    sinter_density *wide; /* of an f32 density that data were bound to: the same in f64; NULL: not yet, or there is none. Under the lock */
    bool means_read;    /* the quantity `pooled` of the text was looked for; under the lock */
    arena means_memory; /* its program's, where there is one */
    ir_program of_means; /* no outputs: there is none */
    arena derived_memory; /* that of log h + η·T − A, once its second derivatives were wanted; under the lock */
    ir_program derived;
};

/* As the density computes with it. */
static inline double sn_density_in_type(const sinter_density *d, double value)
{
    return d->type == SINTER_F32 ? (double)(float)value : value;
}

/* Number `at` of numbers of the density's type, which lie anywhere. */
static inline double sn_density_number_at(const sinter_density *d, const void *numbers, int64_t at)
{
    float narrow;
    double wide;
    if (d->type == SINTER_F32)
        memcpy(&narrow, (const uint8_t *)numbers + at * (int64_t)sizeof narrow, sizeof narrow);
    else
        memcpy(&wide, (const uint8_t *)numbers + at * (int64_t)sizeof wide, sizeof wide);
    return d->type == SINTER_F32 ? (double)narrow : wide;
}

/* The variant, compiled if it is not there; NULL with *status. `report` may be NULL. */
const density_variant *sn_density_variant(sinter_density *d, const density_shape *shape, sinter_report *report, sinter_status *status);
/* The same, but NULL where it is not there. Real-time safe. */
const density_variant *sn_density_find(const sinter_density *d, const density_shape *shape);
void sn_density_close_variants(sinter_density *d);

/* ---- density.c ---- */

/* The density in f64, of numbers that were rounded to f32. */
sinter_status sn_density_open_wide(const sinter_density *d, const sinter_density_options *options, sinter_density **wide);

/* ---- factors.c ---- */

typedef struct density_factors {
    ir_ref gain[KERNEL_MOST_TOTALS], offset[KERNEL_MOST_TOTALS];
    bool any; /* of them is not 1 and 0 */
} density_factors;

/* Appends, instead of the sum of a term, the sum of what is left of it. */
ir_ref sn_density_factor_sum(density_factors *s, ir_program *out, const ir_op *sum);
/* Can sums be made with these factors and addends, by turns? */
bool sn_density_may_factor(const double *maps, uint32_t totals);
/* The total of what was left becomes that of the terms; false: it is not to be trusted. */
static inline bool sn_density_accept_total(const double *map, double total, int64_t count, bool narrow, double *accepted)
{
    const double scaled = map[0] * total, added = map[1] * (double)count, result = scaled + added;
    *accepted = (narrow ? (double)(float)result : result) + 0.0; /* -0 is 0 */
    return isfinite(result) && !(fabs(scaled) + fabs(added) > 8 * fabs(result));
}

/* All of them. */
static inline bool sn_density_accept(const double *maps, uint32_t results, int64_t count, bool narrow, double *totals)
{
    for (uint32_t k = 0; k < results; k++)
        if (!sn_density_accept_total(maps + 2 * k, totals[k], count, narrow, &totals[k]))
            return false;
    return true;
}

/* ---- cut.c ---- */

typedef struct density_cut {
    const sinter_density *density;
    density_part part;
} density_cut;

/* Front ends of the compiler; `source` is a density_cut. DENSITY_CURVATURE: instead of the log-density its derivatives, by all the options' gradient. */
sinter_status sn_density_cut_program(compilation *c, void *source);
/* The same derivatives, of the program `derived`. */
sinter_status sn_density_curve_program(compilation *c, void *source);
/* The operations that become columns, in order. SINTER_NO_MEMORY, SINTER_TOO_LARGE. */
sinter_status sn_density_cut_columns(const ir_program *program, arena *memory, ir_ref **columns, uint32_t *count);
/* Outputs' derivatives by all the options' gradient in the place of the outputs, but for the first: the compiler differentiates them once more. */
sinter_status sn_density_differentiate(compilation *c);

/* ---- quantity.c ---- */
/* Another quantity of the text (sinter_options.quantity), with the density's inputs and fixed parameters, as a program in `memory`, which is empty before and
 * closed by the caller. What the text has not is an error. */
sinter_status sn_density_read_quantity(const sinter_density *d, const char *quantity, arena *memory, ir_program *program);
/* log h + η·T − A of the same columns and parameters, as a program in `memory`, as above: SINTER_BAD_PROGRAM where there is no such form, or the density is another quantity
 * or one of which terms are left out. */
sinter_status sn_density_read_derived(const sinter_density *d, arena *memory, ir_program *program);

/* ---- values.c ---- */

/* What a worker runs a variant with. */
typedef struct density_lane {
    uint64_t *frame;
    uint8_t *workspace;
    uint64_t generation; /* of the values that the frame was computed from; 0: of none */
} density_lane;

typedef struct density_frame {
    const density_variant *variant;
    kernel_code direct; /* NULL, or the loop that direct_calls.c runs */
    kernel_code segment; /* NULL, or all that parameters determine */
    uint64_t *inputs;   /* where the first worker's frame has addresses of columns */
    const double *folded; /* NULL, or where that frame has totals at the loop's end */
    bool opens_blocks;  /* the loop does: sn_kernel_open_block is not needed */
    size_t size; /* of this block */
    double *results;        /* of a kernel behind a cut: DENSITY_VECTOR of each, where bound_calls.c lets them go; else NULL */
    double *maps;           /* of a factored sum's totals: factor, addend, … */
    bool trusted;           /* sums may be made with them */
    density_lane coefficients; /* with which they are computed */
    density_lane lanes[];   /* for each worker */
} density_frame;

/* A sum in two ways: of the terms, and of what factors leave of them (which may be NULL). */
typedef struct density_sums {
    density_frame *terms, *factored;
} density_sums;

struct sinter_density_values {
    sinter_density *density;
    size_t size;
    double *set;       /* what the caller set */
    double *given;     /* what the last call computed with */
    uint64_t generation; /* of `given`, from 1 */
    sinter_density_values *wide; /* of the density's `wide`, for bound data; NULL: not yet */
    bool changed;      /* `set` may differ from `given` */
    bool overlaid;     /* the last call brought values of its own */
    int invalid;       /* among `given`; −1: none */
    int told;          /* what the last call complained of; −1: of nothing, or values were set since */
    density_frame *row, *weighted; /* of plain batches, and of those with weights besides, once they are there */
    density_sums sums[2][2]; /* likewise: without weights and with them, without derivatives and with them */
    density_frame **frames; /* by number of variant */
    uint32_t frame_capacity;
    uint8_t *scratch;  /* `scratch_each` bytes for each worker */
    size_t scratch_size, scratch_each;
    kernel_carries *carries; /* of spans of sums, one for each total, by several threads */
    size_t carries_size;
};

/* Takes over `set`, and of `data` (NULL: none) parameters that are one value for all. Says whether all are valid. */
bool sn_density_settle(sinter_density_values *v, const sinter_density_data *data);
/* The frame of a variant, with memory for calls with so many staged streams; NULL: refused. */
density_frame *sn_density_frame(sinter_density_values *v, const density_variant *variant, uint32_t staged);
void sn_density_renew(const sinter_density_values *v, density_frame *f, int worker);
/* A worker's frame, up to date with the values. */
static inline kernel_run sn_density_run(const sinter_density_values *v, density_frame *f, int worker)
{
    const density_lane *lane = &f->lanes[worker];
    if (lane->generation != v->generation)
        sn_density_renew(v, f, worker);
    return (kernel_run){f->variant->kernel, lane->frame, lane->workspace, NULL};
}
/* Factors and addends of a factored sum become up to date with the values. */
void sn_density_renew_maps(const sinter_density_values *v, density_frame *f);
/* They are to be looked at afterwards; false: with these values no sum can be made so. */
static inline bool sn_density_is_trusted(const sinter_density_values *v, density_frame *f)
{
    if (f->coefficients.generation != v->generation)
        sn_density_renew_maps(v, f);
    return f->trusted;
}
/* The same with NaN for all parameters, which the values are not. */
kernel_run sn_density_run_invalid(const sinter_density_values *v, density_frame *f);

/* ---- direct_calls.c ---- */

/* False: it takes the long way, and nothing is done yet. The other arguments are checked but `data`. */
bool sn_density_batch_directly(sinter_density_values *v, const sinter_density_data *data, const sinter_density_results *results);
bool sn_density_sum_directly(sinter_density_values *v, const sinter_density_data *data, bool gradient, double *totals);

/* ---- rows.c ---- */

typedef struct density_stream {
    const uint8_t *data;
    int64_t stride; /* in bytes */
    bool staged;
} density_stream;

/* Everything that the rows of a call need. */
typedef struct density_rows {
    sinter_density_values *values;
    density_frame *frame;
    int64_t count;
    uint32_t input_count, result_count;
    uint32_t staged;          /* how many streams are */
    bool scratch_log;         /* the first result goes nowhere */
    bool masked;              /* rows may be missing, or have weights of another stride than 1: the last input is made of both */
    const uint8_t *validity;
    int64_t validity_offset;
    density_stream inputs[DENSITY_MOST_STREAMS];
    uint8_t *results[DENSITY_MOST_STREAMS];
} density_rows;

/* All results of all rows. */
void sn_density_batch_rows(density_rows *r);
/* Of the rows [begin, end), by this worker. */
void sn_density_batch_span(const density_rows *r, int worker, int64_t begin, int64_t end);
/* Totals, one for each result. */
void sn_density_sum_rows(density_rows *r, double *totals);
double sn_density_sum_rows_exactly(density_rows *r);

#endif
