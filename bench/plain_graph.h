/* A voice of ten nodes in plain C, five ways: as programs that hold graphs at run time run them, and step by step nearer to what a compiler makes of it. */
#ifndef SN_BENCH_PLAIN_GRAPH_H
#define SN_BENCH_PLAIN_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

typedef enum plain_way {
    PLAIN_INTERPRETED, /* for each sample and node a call through a pointer; nodes in a slot map, found by handles, so that the graph may be edited */
    PLAIN_IN_ORDER,    /* the same calls, of nodes that stand in an array in their order and know the places of their inputs: nothing can be edited */
    PLAIN_BLOCKS,      /* for each node a loop over the block, results in buffers */
    PLAIN_FUSED,       /* one loop, all nodes in line, their state in memory */
    PLAIN_VECTORS,     /* the same, but what no recursion stands in is done before and after in loops that the compiler makes vectors of */
    PLAIN_WAYS
} plain_way;

typedef struct plain_graph plain_graph;

/* `voices` of them (1 to 16), side by side, summed; in series (the first two ways only), each has the sound of the one before in its sum, and the
 * last is heard. NULL without memory. */
plain_graph *sn_plain_graph_open(plain_way way, unsigned voices, bool series, double rate);
void sn_plain_graph_close(plain_graph *graph);
void sn_plain_graph_run(plain_graph *graph, float *out, int64_t count); /* up to 512 samples */

#endif
