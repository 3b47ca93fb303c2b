/* Random programs, and programs made smaller.
 *
 * A graph is a program before it is one: nodes that name earlier nodes, so that it can be built through the
 * public builder as often as needed, and changed in between (a node replaced by an earlier one or by a
 * constant) when a failure is to be shrunk. One seed makes one graph, on every machine. */
#ifndef TEST_RANDOM_GRAPH_H
#define TEST_RANDOM_GRAPH_H

#include "base/arena.h"
#include "ir/ir.h"
#include <sinter/sinter.h>

enum { GRAPH_MOST_STREAMS = 8, GRAPH_MOST_PARAMS = 4, GRAPH_MOST_MEMORIES = 48, GRAPH_MOST_TOTALS = 12 };

typedef struct random_numbers {
    uint64_t state;
} random_numbers;

uint32_t random_word(random_numbers *r);
uint32_t random_below(random_numbers *r, uint32_t n); /* 0 … n − 1 */
bool random_chance(random_numbers *r, unsigned percent);
/* Bits of a value of the type. `wild`: zeros, subnormals, infinities, NaN and extremes; else numbers of
 * modest size. */
uint64_t random_bits(random_numbers *r, unsigned type, bool wild);

typedef enum graph_kind {
    GRAPH_NONE, /* node 0 */
    GRAPH_CONST,
    GRAPH_INPUT,
    GRAPH_PARAM,
    GRAPH_INDEX,
    GRAPH_OP,
    GRAPH_CONVERT,
    GRAPH_LOAD,  /* a: index, b: memory */
    GRAPH_READ,  /* a: memory, b: delay */
    GRAPH_READV, /* a: delay, b: memory */
    GRAPH_STORE, /* a: index, b: value, c: memory; no value */
    GRAPH_ALIAS  /* the same as node a (when shrinking) */
} graph_kind;

typedef struct graph_node {
    uint8_t kind, type; /* graph_kind, ir_type */
    uint8_t op;         /* sinter_operation */
    bool uniform;       /* depends on parameters only */
    bool fast;          /* a mathematical function of the grade `fast` */
    uint32_t a, b, c;
    uint64_t bits;
} graph_node;

typedef struct graph_memory {
    uint8_t kind, type; /* ir_memory_kind, ir_type */
    uint32_t length;    /* of a bound table: what the runs bind */
    uint32_t shortest;  /* lines: the least delay of varying reads */
    void *content;      /* tables, bound tables */
    uint32_t written;   /* lines: the node whose value enters */
    bool early;         /* lines: the write stands as early as it can */
    bool flush;
} graph_memory;

typedef struct random_graph {
    arena *memory;
    graph_node *nodes;
    uint32_t count, capacity;
    uint8_t inputs[GRAPH_MOST_STREAMS], params[GRAPH_MOST_PARAMS]; /* types */
    double initial[GRAPH_MOST_PARAMS];
    uint16_t smoothed[GRAPH_MOST_PARAMS]; /* elements that the way to another value takes; 0: it is there at once */
    graph_memory memories[GRAPH_MOST_MEMORIES];
    uint32_t outputs[GRAPH_MOST_STREAMS], totals[GRAPH_MOST_TOTALS]; /* nodes */
    uint32_t input_count, param_count, memory_count, output_count, total_count;
    bool grid; /* made for SINTER_GRID: inputs x, y, and perhaps z, t */
    bool stateful;
} random_graph;

/* What kind of graph. */
enum {
    GRAPH_NO_STATE = 1,
    GRAPH_NO_MATH = 2,
    GRAPH_ON_GRID = 4,
    GRAPH_SMALL = 8,
    GRAPH_WITH_STATE = 16,
    GRAPH_WITH_BYTES = 32, /* tables of bytes, looked up by hashes of hashes */
    GRAPH_WITH_ALIKE = 64, /* the same recurrence several times over */
    GRAPH_SMOOTHED = 128,  /* parameters, most of which go to other values in straight lines */
    GRAPH_LINEAR = 256     /* linear recurrences of f32, most of which relaxed programs scan */
};

void random_graph_make(random_graph *g, uint64_t seed, unsigned kind, arena *memory);
void random_graph_copy(random_graph *to, const random_graph *from, arena *memory);
/* Built through the public interface; the caller closes it. What nothing depends on is left out. */
sinter_program *random_graph_build(const random_graph *g);
/* Nodes that an output or a total depends on: a flag each, in the graph's memory. */
uint8_t *random_graph_needed(const random_graph *g);

/* Makes the graph as small as `fails` allows. `fails` is asked about many graphs. */
typedef bool (*graph_predicate)(void *context, const random_graph *g);
void random_graph_shrink(random_graph *g, graph_predicate fails, void *context);

#endif
