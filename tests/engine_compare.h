/* One random graph on every engine, against its meaning, element by element.
 *
 * The meaning is worked out here from the IR with sn_ir_evaluate, in plain C, without passes, plan or engines. */
#ifndef TEST_ENGINE_COMPARE_H
#define TEST_ENGINE_COMPARE_H

#include "random_graph.h"

/* Which runs are made; 0 of a number: by the seed. */
typedef struct comparison {
    uint64_t seed;     /* of everything but the graph: data, lengths, places, cuts */
    uint32_t count;    /* elements */
    unsigned engines;  /* bits by sinter_engine; 0: all */
    bool all_placements; /* several alignments instead of one */
} comparison;

typedef struct mismatch {
    char what[400];
    sinter_engine engine;
} mismatch;

typedef struct compare_tally {
    uint64_t programs, kernels, runs, elements, functions;
} compare_tally;

void compare_open(void);
void compare_close(void);
/* True where all engines agree with the meaning. */
bool compare_engines(const random_graph *g, const comparison *c, mismatch *m);
bool compare_grids(const random_graph *g, const comparison *c, mismatch *m);
/* Shrinks a graph that fails and prints it, with everything needed to see it again. */
void compare_explain(const random_graph *g, const comparison *c, const mismatch *m, uint64_t seed);
extern compare_tally compare_counts;

#endif
