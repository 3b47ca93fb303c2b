/* Benchmarks: `sinter bench`. This page is the room's table of contents.
 *
 *   bench.c           the words on the command line, and which theme runs
 *   workloads.c       what is computed: texts, sizes, inputs; checked before it is timed
 *   against_limits.c  each workload against what a person would write by hand: the theme without a name
 *   function_speed.c  theme `math`: each mathematical function against SLEEF's
 *   engines.c         theme `engines`: the same workloads on every engine, and by walking trees
 *   prototype.c       theme `prototype`: what a gain costs, sample by sample, block by block
 *   prototype_fields.c  the same theme: three fields, and from how many points on compiling pays
 *   prototype_densities.c  and densities: plain C, exported C, functions, vectors
 *   exported_loops.c  loops over them in C; write_exported.c makes what they inline
 *   plain_loops.c     the plain C of the first
 *   graph_speed.c     theme `graph`: a voice of ten nodes; edits, swaps, parameters
 *   plain_graph.c     that voice in plain C, interpreted and otherwise
 *   plain_noise.c     noise in plain C: for tree walks, as a reference, as loops
 *   compile_cost.c    themes `compile` and `families`: microseconds from text to callable
 *   density_speed.c   theme `density`: log-densities over data, against loops by hand and R's nmath
 *   timing.c          the clock, two kernels run alternately, medians
 *   buffers.c         arrays that do not get into each other's way
 *   results.c         rows as a table or as JSON; progress
 *   random_program.c  arithmetic of any length, the same on every run
 *   tree_walk.c       a plain tree-walking evaluator: what it is all compared with, in bits and in time
 *   limits/           the hand-written kernels */
#ifndef SN_BENCH_BENCH_H
#define SN_BENCH_BENCH_H

#include "limits/limits.h"
#include "tree_walk.h"

#include <sinter/sinter.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* `sinter bench [THEME] [NAME…] [--json] …`: argv[0] is "bench", what follows are its own words. Results go
 * to stdout, everything else to stderr. Returns the exit status: 0; 1 where a result was wrong or could not
 * be had; 2 for wrong usage. */
int sn_bench_main(int argc, char **argv);

typedef struct bench_options {
    bool json;
    int rounds;               /* how many pairs of batches */
    double batch;             /* ns, at least, of one batch */
    sinter_engine engine;     /* only this one, if not AUTO */
    const char *const *names; /* prefixes of workloads; none: all */
    int name_count;
} bench_options;

bool sn_bench_wanted(const bench_options *options, const char *workload);

/* ---- timing.c ---- */

/* Something to be timed: makes that many calls. */
typedef struct bench_work {
    void (*run)(void *context, int64_t calls);
    void *context;
} bench_work;

typedef struct bench_pair {
    double ns, other_ns; /* of one call, medians over the rounds */
    double ratio;        /* median of the rounds' own ratios */
} bench_pair;

/* Keeps this thread on the core where it is; false if the system will not. */
bool sn_bench_pin(void);
/* Nanoseconds during which this thread had the core. */
double sn_bench_clock(void);
/* Rounds of two batches, one of each, taking turns in who goes first. Both are warm when it begins. */
bench_pair sn_bench_alternate(bench_work work, bench_work other, const bench_options *options);
/* One alone: ns of one call. */
double sn_bench_alone(bench_work work, const bench_options *options);
double sn_bench_median(double *values, int count); /* sorts them */

/* ---- buffers.c ---- */

enum { BENCH_BUFFERS = 4 };

/* Arrays of `size` bytes each, aligned to cache lines, zeroed, and no two the same number of bytes from a
 * multiple of 4096. */
typedef struct bench_buffers {
    void *at[BENCH_BUFFERS];
    void *mapping;
    size_t mapped;
} bench_buffers;

bool sn_bench_buffers_open(bench_buffers *buffers, size_t size);
void sn_bench_buffers_close(bench_buffers *buffers);

/* ---- results.c ---- */

typedef struct bench_row {
    const char *workload, *engine;
    int64_t n;
    double ns;         /* of one element */
    const char *limit; /* NULL where there is none; then limit_ns and ratio are not looked at */
    double limit_ns, ratio;
    double compile_us; /* < 0: does not apply */
    int64_t ops;       /* < 0: does not apply */
} bench_row;

/* Writes the head of the table; nothing for JSON. */
void sn_bench_head(const bench_options *options);
void sn_bench_show(const bench_options *options, const bench_row *row);
/* What is being done, if stderr is a terminal; NULL clears the line. */
void sn_bench_progress(const char *workload, const char *what);
/* Clears the progress and says something on stderr. */
void sn_bench_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- random_program.c ---- */

/* Arithmetic over x and y: `operations` operations (add, sub, mul, fma, min, max, abs, sqrt), every one of
 * which the result needs. With x and y within −1…1 nothing becomes huge, tiny or undefined. As text, to be
 * freed; NULL without memory. */
char *sn_bench_random_text(unsigned operations, uint32_t seed, size_t *length);
/* The same as a program, to be closed. */
sinter_program *sn_bench_random_program(unsigned operations, uint32_t seed);

/* ---- workloads.c ---- */

typedef enum workload_source { WORKLOAD_TEXT, WORKLOAD_RANDOM, WORKLOAD_PROSPERO } workload_source;
typedef enum workload_points { POINTS_RANDOM, POINTS_GRID } workload_points;

typedef struct workload_entry {
    const char *name;
    workload_source source;
    const char *text;    /* of WORKLOAD_TEXT */
    unsigned operations; /* of WORKLOAD_RANDOM */
    int64_t n;
    unsigned inputs;        /* 1: x; 2: x and y */
    workload_points points; /* POINTS_GRID: the pixels of 1024 × 1024 */
    sinter_type type;
    sinter_rewriting rewriting;
    bool total;   /* a sum over all elements */
    double bound; /* how far off it may be, relative to max(1, |value|); 0: the same bits */
} workload_entry;

/* All of them in order; NULL after the last. */
const workload_entry *sn_workload(unsigned k);

/* A workload with its text, inputs and plain evaluation; kernels are compiled for it. */
typedef struct workload_setting {
    const workload_entry *work;
    char *source;
    size_t length;
    sinter_options options; /* all but the engine */
    bench_buffers buffers;  /* x, y, the result, the plain result */
    const void *inputs[2];
    void *outputs[1];
    double total;
    int64_t n;
    tree *plain;
    double wanted_total;
} workload_setting;

/* False if it cannot run; the reason has then been said. To be closed in any case. */
bool sn_workload_open(workload_setting *s, const workload_entry *work);
void sn_workload_close(workload_setting *s);
sinter_arguments sn_workload_arguments(workload_setting *s, int64_t n);
/* Compares what a run over the first n elements left behind with the plain evaluation. What differs is said,
 * with `who` had it wrong. */
bool sn_workload_check(workload_setting *s, int64_t n, double bound, const char *who);

/* A compiled workload, ready to be called. */
typedef struct workload_kernel {
    sinter_kernel *kernel;
    sinter_instance *instance; /* NULL: runs without one */
    sinter_arguments arguments;
} workload_kernel;

/* Compiled, run once and compared. False if that fails; the reason has then been said. To be closed in any
 * case. */
bool sn_workload_compile(workload_kernel *k, workload_setting *s, sinter_context *context,
                         sinter_engine engine);
void sn_workload_kernel_close(workload_kernel *k);
bench_work sn_workload_work(workload_kernel *k);
/* Microseconds from text to callable and back, warm, median. */
double sn_workload_compile_us(const workload_setting *s, sinter_context *context, sinter_engine engine,
                              const bench_options *options);
/* Says why a compilation failed. */
void sn_bench_say_report(const char *workload, sinter_engine engine, sinter_status status,
                         const sinter_report *report);

/* ---- engines.c ---- */

/* A row by walking a tree, then one for each engine that the options allow; true if all went well. */
bool sn_bench_on_engines(const bench_options *options, sinter_context *context, workload_setting *s);

/* ---- themes: true if all went well ---- */

bool sn_bench_against_limits(const bench_options *options, sinter_context *context);
bool sn_bench_engines(const bench_options *options, sinter_context *context);
bool sn_bench_prototype(const bench_options *options, sinter_context *context);
bool sn_bench_prototype_fields(const bench_options *options, sinter_context *context); /* its second half */
/* Densities, of the same theme. Nothing where exported C could not be made when this was built, or needs AVX2, which this machine lacks. */
bool sn_bench_prototype_densities(const bench_options *options, sinter_context *context);
const char *sn_prototype_density_name(unsigned k);
bool sn_bench_compile(const bench_options *options, sinter_context *context);
bool sn_bench_functions(const bench_options *options, sinter_context *context);
bool sn_bench_graph(const bench_options *options, sinter_context *context);
bool sn_bench_density(const bench_options *options, sinter_context *context);
/* The names of their rows; NULL after the last. */
const char *sn_prototype_name(unsigned k);
const char *sn_prototype_field_name(unsigned k); /* which that goes on with */
const char *sn_compile_name(unsigned k);
bool sn_bench_families(const bench_options *options, sinter_context *context);
const char *sn_family_row_name(unsigned k);
const char *sn_function_name(unsigned k);
const char *sn_graph_row_name(unsigned k);
const char *sn_density_row_name(unsigned k);

/* The k-th engine with machine code that the options allow and this machine has, the widest first (where
 * there is none, the interpreter); AUTO from there on. */
sinter_engine sn_bench_engine(const bench_options *options, unsigned k);

#endif
