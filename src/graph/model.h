/* Graphs: the model behind sinter/graph.h. This page is the room's table of contents for them.
 *
 *   model.c          nodes, connections, values: what edits change
 *   node_types.c     types: ports by reading a function's parameters, the rest by compiling it once
 *   graph_text.c     the model as a text of the language
 *   transition.c     what sounds between two graphs
 *   explain_graph.c  what became of each node; the graph as a picture
 *
 * Nodes stand in slots that are used again, each time by another generation, which is the upper half of a handle. */
#ifndef SN_GRAPH_MODEL_H
#define SN_GRAPH_MODEL_H

#include "base/decimal.h"
#include "base/text.h"
#include "kernel/kernels.h"
#include <sinter/graph.h>
#include <stdatomic.h>
#include <string.h>

enum { GRAPH_NAME = 64, GRAPH_MOST_PORTS = 64, /* as many as a node in C has */ GRAPH_MOST_NODES = 1 << 20, GRAPH_FORM = 512 };

/* Is the port read only by delays, so that a cycle may be closed through it? Found out when a cycle asks. */
typedef enum graph_lateness { LATE_UNKNOWN, LATE, AT_ONCE } graph_lateness;

/* An input port: an argument, or an element of one that has a size. */
typedef struct graph_port {
    char name[GRAPH_NAME];
    uint8_t argument, element, size; /* size 0: the argument is a number */
    bool has_default, is_number;     /* a default; one that is a number, which `value` is */
    bool constant;
    bool event;                      /* takes an event by its name, as `since` does */
    bool steps;                      /* a gate: never smoothed */
    graph_lateness late;
    double value;
} graph_port;

/* How much of the port's name is its argument's: `p` of `p_x`. */
static inline size_t sn_graph_argument_length(const graph_port *p)
{
    return strlen(p->name) - (p->size > 1 ? 2 : 0);
}

typedef enum graph_kind { GRAPH_FUNCTION, GRAPH_DELAY, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_EVENT } graph_kind;

typedef struct graph_type {
    struct graph_type *next;
    char name[GRAPH_NAME];
    char form[GRAPH_FORM];      /* the parameters as the definition has them */
    char arguments[GRAPH_FORM]; /* their names, to call it with */
    graph_kind kind;
    uint32_t port_count, output_count;
    bool own;   /* defined by the graph's text */
    bool keeps; /* a delay line is in it: what goes in comes out later */
    graph_port ports[GRAPH_MOST_PORTS];
} graph_type;

typedef enum value_kind { VALUE_DEFAULT, VALUE_LIVE, VALUE_FIXED } value_kind;

typedef struct graph_value {
    value_kind kind;
    sinter_smoothing smoothing;
    double value, seconds;
} graph_value;

typedef struct graph_node {
    uint32_t generation;
    bool used;
    graph_type *type;
    char name[GRAPH_NAME];
    graph_value *values; /* per port */
} graph_node;

typedef enum graph_side { GRAPH_ANY, GRAPH_NEW, GRAPH_OLD } graph_side;

typedef struct graph_connection {
    uint32_t from, output, to, input; /* nodes by their slots */
    bool delayed;
    bool late;    /* only in a text: what the port is connected to is bound behind the node */
    uint8_t side; /* graph_side: only where two graphs are one */
} graph_connection;

struct sinter_graph {
    sinter_context *context;
    sinter_allocator allocator;
    graph_node *nodes;
    graph_connection *connections; /* in the order in which they were made */
    uint32_t node_count, node_room, connection_count, connection_room;
    uint32_t made; /* nodes so far: for names */
    graph_type *types;
    char *definitions;
    size_t definitions_size;
};

/* A graph as it was committed, for whoever comes after it. Does not change; is shared. */
typedef struct graph_snapshot {
    atomic_uint owners;
    arena memory;
    sinter_graph g; /* everything in `memory`; not to be closed */
    uint8_t *heard; /* per node: it is in the text */
} graph_snapshot;

/* In a text of two graphs, the one that plays and the one that follows it (transition.c): names that no graph's text has. */
#define GRAPH_FADE "__fade"
#define GRAPH_AWAY "__away"
#define GRAPH_WAS "__was_" /* before the name of a node that is not what it was */
typedef struct graph_both {
    const graph_value **before; /* per node: its values in the old graph; NULL: it was not there */
    bool *gone;                 /* per node: it is not in the new graph */
    bool *goes_on;              /* per node without values in the old graph: its state was there, for other constants */
    double seconds;
    uint32_t fades; /* ports that do, in what was written */
} graph_both;

/* A text in the making. */
/* A number as it is written: nodes of one type have many in common, and to find the shortest digits takes a while. */
typedef struct graph_number {
    uint64_t bits;
    uint32_t length; /* 0: none yet */
    char digits[SN_DECIMAL_ROOM];
} graph_number;

enum { GRAPH_NUMBERS = 16 /* a power of 2 */ };

typedef struct graph_writing {
    sinter_graph *g;
    arena memory;
    text out;
    uint8_t *heard, *state; /* per node: does it lead to an output; where the walk stands with it */
    uint32_t *order, count;
    uint32_t *path, *next;  /* nodes on it, and the connection that each follows next */
    graph_connection *arriving; /* connections by the node they lead to, for each in the order they were made */
    uint32_t *first;            /* per node: the first of its own; those of the next node follow */
    graph_both *both;           /* NULL: one graph */
    graph_number numbers[GRAPH_NUMBERS];
    bool alone;                 /* one node by itself: what is connected to port k is the stream `ink` */
    sinter_status status;
    sinter_report *report;
} graph_writing;

/* ---- model.c ---- */

bool sn_graph_slot(const sinter_graph *g, sinter_node node, uint32_t *slot);

/* ---- node_types.c ---- */

/* The type of that name, made when it is first asked for. SINTER_BAD_ARGUMENT with the report, SINTER_NO_MEMORY. */
sinter_status sn_graph_find_type(sinter_graph *g, const char *name, graph_type **type, sinter_report *report);
/* The same anew, for definitions that have changed. */
sinter_status sn_graph_make_type(sinter_graph *g, const char *name, graph_type *type, sinter_report *report);
/* Would a node of that name stand in the way of a function that texts call? */
bool sn_graph_is_function(const sinter_graph *g, const char *name);
/* Do the graph's definitions have a function of that name? */
bool sn_graph_is_own(const sinter_graph *g, const char *name);
/* A short text behind the graph's definitions, compiled as a patch. */
sinter_status sn_graph_try(sinter_graph *g, const char *text, sinter_kernel **kernel, sinter_report *report);

/* Is the port of a node's type read late? */
sinter_status sn_graph_reads_late(sinter_graph *g, graph_type *type, uint32_t port, bool *late);

/* ---- graph_text.c ---- */

/* Does the connection need its source to be computed first? */
bool sn_graph_is_ordering(const sinter_graph *g, const graph_connection *c);
bool sn_graph_is_connected(const graph_writing *w, uint32_t node, uint32_t port);
/* Is what the port is connected to bound behind the node, on the way of a cycle? */
bool sn_graph_is_late(const graph_writing *w, uint32_t node, uint32_t port);
/* What an unconnected port is: a parameter, a constant, or what the definition has. */
value_kind sn_graph_kind_of(const graph_node *n, uint32_t port, double *value);
/* The sum of what is connected to the port; false: nothing is. */
bool sn_graph_write_sum(graph_writing *w, uint32_t node, uint32_t port);
void sn_graph_write_parameters(graph_writing *w, uint32_t node);
void sn_graph_write_function(graph_writing *w, uint32_t node);
void sn_graph_write_arguments(graph_writing *w, uint32_t node);
void sn_graph_write_text(graph_writing *w);
/* Opens the writing, whose memory the caller closes, finds the order and calls `write`. `both`: NULL, or what the graph is two of. */
sinter_status sn_graph_write(sinter_graph *g, graph_both *both, void (*write)(graph_writing *), graph_writing *w, sinter_report *report);

/* Is there a cycle without a delay among what the node in that slot hears? SINTER_BAD_PROGRAM with the report, SINTER_NO_MEMORY. */
sinter_status sn_graph_check_cycles(sinter_graph *g, uint32_t node, sinter_report *report);

/* ---- transition.c ---- */

/* NULL when memory is refused. One owner; `heard` as in graph_writing. */
graph_snapshot *sn_graph_take_snapshot(const sinter_graph *g, const uint8_t *heard);
graph_snapshot *sn_graph_share_snapshot(graph_snapshot *s); /* NULL is allowed */
void sn_graph_drop_snapshot(graph_snapshot *s);             /* NULL is allowed; on any thread */
/* The text that fades from the one to the other. False where there is nothing to fade, or no such text. */
bool sn_graph_write_between(graph_snapshot *old, graph_snapshot *new, double seconds, arena *memory, text *out);
/* edits.c: sinter_player_edit of a graph; takes the snapshot over. */
sinter_status sn_player_edit_graph(sinter_player *player, const char *text, size_t length, graph_snapshot *graph, uint64_t *edit);

/* ---- explain_graph.c ---- */

void sn_graph_explain(graph_writing *w);
void sn_graph_draw(graph_writing *w);

#endif
