/* One random graph on every engine, against its meaning, element by element.
 *
 * The meaning is worked out here from the IR with sn_ir_evaluate, in plain C, without passes, plan or
 * engines. */
#ifndef TEST_ENGINE_COMPARE_H
#define TEST_ENGINE_COMPARE_H

#include "random_graph.h"
#include <stdio.h>

/* Which runs are made; 0 of a number: by the seed. */
typedef struct comparison {
    uint64_t seed;       /* of everything but the graph: data, lengths, places, cuts */
    uint32_t count;      /* elements */
    unsigned engines;    /* bits by sinter_engine; 0: all */
    bool all_placements; /* several alignments instead of one */
    bool relaxed;        /* always; else by the seed, now and then */
} comparison;

/* A program exported as C and compiled; see code/c/export_c.h. */
typedef struct exported {
    void *(*open)(void);
    void (*run)(void *instance, const void *const *inputs, void *const *outputs, double *totals,
                int64_t count);
    void (*set)(void *instance, int parameter, double value);
    void (*bind)(void *instance, int table, const void *content, uint32_t length);
} exported;

typedef struct mismatch {
    char what[400];
    sinter_engine engine;
} mismatch;

typedef struct compare_tally {
    uint64_t programs, kernels, runs, elements, functions;
    uint64_t scanned; /* programs with recurrences that are scanned */
} compare_tally;

void compare_open(void);
void compare_close(void);
/* True where all engines agree with the meaning. */
bool compare_engines(const random_graph *g, const comparison *c, mismatch *m);
bool compare_grids(const random_graph *g, const comparison *c, mismatch *m);
/* Writes a graph's program as C; its functions begin with `name`, and `name`_open makes an instance (malloc).
 */
bool compare_export(const random_graph *g, const char *name, FILE *out);
/* The same runs as of an engine, of what a compiler made of that. */
bool compare_exported(const random_graph *g, const comparison *c, const exported *code, mismatch *m);
/* Shrinks a graph that fails and prints it, with everything needed to see it again. */
void compare_explain(const random_graph *g, const comparison *c, const mismatch *m, uint64_t seed);
extern compare_tally compare_counts;

#endif
