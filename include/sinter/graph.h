/* Graphs: nodes and connections that their user edits, as a text that the compiler takes and a player plays.
 *
 *     sinter_graph *graph;
 *     sinter_node osc, low, out;
 *     sinter_graph_open(context, &graph);
 *     sinter_graph_add(graph, "saw", "osc", &osc, &report);
 *     sinter_graph_add(graph, "lowpass", "low", &low, &report);
 *     sinter_graph_add(graph, "output", "left", &out, &report);
 *     sinter_graph_set(graph, osc, sinter_graph_port(graph, osc, "hertz"), 110);
 *     sinter_graph_set(graph, low, sinter_graph_port(graph, low, "cutoff"), 800);
 *     sinter_graph_connect(graph, osc, 0, low, 0, &report);
 *     sinter_graph_connect(graph, low, 0, out, 0, &report);
 *     sinter_graph_commit(graph, player, &edit, &report);
 *     sinter_player_set(player, sinter_player_parameter(player, "low__cutoff"), 2000);   // no new text
 *
 * A node's type is any function that a text may call: the library's (`sinter functions`), words such as `min` or `delay`, node types
 * that were given to the context (sinter_add_node_type), functions that sinter_graph_define brought; or `input`, a stream
 * from outside, `output`, one to outside, or `event`. Each of a function's arguments is an input port, by its name and its number, each element of its result
 * an output port. An input port that is
 *
 *   connected     has the sum of what is connected to it, in the order of connecting;
 *   set           is a parameter of the text, by the name `node__port`, which moves to new values in 20 ms (sinter_graph_smooth chooses otherwise);
 *   fixed         is a constant: what it makes superfluous vanishes when the text is compiled (a gain of 1, an offset of 0), and chains fuse;
 *   none of these has its default, where that is a number as a parameter, else as it stands in the function's definition; without one it is 0.
 *
 * Arguments that must be constants (the samples of a comb) are fixed, whether they are set or fixed. Arguments that are events (the note of an
 * adsr_event, whatever a function hands to `since`) are events of the text, by the name `node__port`, posted by sinter_player_event; or connected to one
 * node of the type `event`, `name__value` to the player, which may trigger many and whose output is its value.
 *
 * In the text each node is a function of its own by the node's name, so that its state bears that name and nothing else: however the
 * graph around it is rebuilt, a node goes on where it stood. Nodes that no output hears are left out.
 *
 * Feedback: a cycle needs a delay. It has one where it enters the first port of a node of the type `delay`, or any port of another that is only
 * read through delays (that of delay_linear, say), or where a connection was made by sinter_graph_connect_delayed, which takes one sample. Any other is refused when it would be closed, with the nodes it goes
 * through; and when the text is made, where definitions that have changed left it without its delay.
 *
 * A graph is for one thread at a time; it does not know the audio thread. Nothing here is real-time safe but what the player does. */
#ifndef SINTER_GRAPH_H
#define SINTER_GRAPH_H

#include <sinter/player.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sinter_graph sinter_graph;
/* A node, for good: once it is removed its number means no node ever again, and calls with it are SINTER_BAD_ARGUMENT. 0 is none. */
typedef uint64_t sinter_node;

/* The context must outlive the graph; its allocator is used. SINTER_NO_MEMORY, SINTER_BAD_ARGUMENT. */
SINTER_API sinter_status sinter_graph_open(sinter_context *context, sinter_graph **graph);
SINTER_API void sinter_graph_close(sinter_graph *graph); /* NULL is allowed */

/* Functions and tables of one's own, in the language: `fn fuzz(x, drive=2) = …`; what was defined before is replaced as a whole, and must still have what
 * nodes use. SINTER_BAD_PROGRAM with the report (NULL allowed), SINTER_NO_MEMORY: then all is as before. */
SINTER_API sinter_status sinter_graph_define(sinter_graph *graph, const char *text, size_t length, sinter_report *report);

/* A node. Its name (letters, digits, single underscores; unique) is what its state goes by; NULL: made from the type and a number. Of several definitions of
 * one name (noises of one to four dimensions) the one that takes the fewest numbers. SINTER_BAD_ARGUMENT with the report (NULL allowed) for types and
 * names that cannot be, SINTER_NO_MEMORY. */
SINTER_API sinter_status sinter_graph_add(sinter_graph *graph, const char *type, const char *name, sinter_node *node, sinter_report *report);
/* Its connections go with it. */
SINTER_API sinter_status sinter_graph_remove(sinter_graph *graph, sinter_node node);

/* From an output port to an input port; a connection that is there keeps its place in the sum, and becomes delayed, by one sample, or not. A port for an event takes
 * one connection, from a node of the type `event`. Where it cannot be all is as before, and the report (NULL allowed) says why: SINTER_BAD_ARGUMENT for nodes that are gone, ports that
 * there are not or that take a constant; SINTER_BAD_PROGRAM for what would close a cycle without a delay, spelled out (`a → b → a`), whether an output hears it
 * or not; SINTER_NO_MEMORY. */
SINTER_API sinter_status sinter_graph_connect(sinter_graph *graph, sinter_node from, uint32_t output, sinter_node to, uint32_t input, sinter_report *report);
SINTER_API sinter_status sinter_graph_connect_delayed(sinter_graph *graph, sinter_node from, uint32_t output, sinter_node to, uint32_t input,
                                                      sinter_report *report);
/* SINTER_BAD_ARGUMENT where there is no such connection. */
SINTER_API sinter_status sinter_graph_disconnect(sinter_graph *graph, sinter_node from, uint32_t output, sinter_node to, uint32_t input);

/* The value of an input port, as a parameter or as a constant; finite. What is connected to it comes first. A value that a player has been told of needs no
 * new text, but the graph should know it too: it is where the parameter begins in the next one. */
SINTER_API sinter_status sinter_graph_set(sinter_graph *graph, sinter_node node, uint32_t port, double value);
SINTER_API sinter_status sinter_graph_fix(sinter_graph *graph, sinter_node node, uint32_t port, double value);
/* How it moves: see sinter_smooth; `seconds` above 0 and at most 1000, not looked at for SINTER_UNSMOOTHED. Ports called gate or trigger are not smoothed. */
SINTER_API sinter_status sinter_graph_smooth(sinter_graph *graph, sinter_node node, uint32_t port, sinter_smoothing kind, double seconds);

/* UINT32_MAX where there is no such node or port. */
SINTER_API uint32_t sinter_graph_port(const sinter_graph *graph, sinter_node node, const char *port);
/* As sinter_graph_find and sinter_graph_port, with a report (NULL allowed) of what was probably meant where there is none: SINTER_BAD_ARGUMENT. */
SINTER_API sinter_status sinter_graph_find_node(const sinter_graph *graph, const char *name, sinter_node *node, sinter_report *report);
SINTER_API sinter_status sinter_graph_find_port(const sinter_graph *graph, sinter_node node, const char *name, uint32_t *port, sinter_report *report);
/* What an input port takes. */
typedef enum sinter_port_kind {
    SINTER_PORT_STREAM,   /* a stream; or a parameter or a constant, which is a stream that stands still */
    SINTER_PORT_EVENT,    /* an event: of a node of the type `event`, or posted to the port itself */
    SINTER_PORT_CONSTANT  /* a constant only */
} sinter_port_kind;
typedef enum sinter_port_source {
    SINTER_FROM_NOTHING,    /* no value, no default: 0 (of the `n` of a delay 1) */
    SINTER_FROM_DEFAULT,    /* what the definition has, which is no number: an expression of other arguments, say */
    SINTER_FROM_PARAMETER,  /* a live parameter, or an event: sinter_graph_parameter_name has its name */
    SINTER_FROM_CONSTANT,   /* a constant */
    SINTER_FROM_CONNECTIONS /* the sum of what is connected */
} sinter_port_source;
typedef struct sinter_port_info {
    const char *name;          /* valid until the node goes */
    sinter_port_kind kind;
    sinter_port_source source; /* where it has its values from, now */
    uint32_t connections;      /* how many there are */
    double value;              /* of a parameter, an event, a constant, or what stands for nothing; where there are connections, the one behind them */
} sinter_port_info;
/* Input ports are numbered from 0 to sinter_graph_inputs − 1; 0 of no node. An output, and a delay, have their stream as port 0. */
SINTER_API uint32_t sinter_graph_inputs(const sinter_graph *graph, sinter_node node);
/* SINTER_BAD_ARGUMENT where there is no such port. */
SINTER_API sinter_status sinter_graph_describe_port(const sinter_graph *graph, sinter_node node, uint32_t port, sinter_port_info *info);
/* By number; NULL where there is none. Valid until the node goes. */
SINTER_API const char *sinter_graph_port_name(const sinter_graph *graph, sinter_node node, uint32_t port);
/* What the player calls the live parameter of that port, `node__port`, for sinter_player_parameter: into `buffer`. False where there is no such port, or no
 * room: 128 bytes are always enough. Node names do not change, so the answer holds as long as the node does. */
SINTER_API bool sinter_graph_parameter_name(const sinter_graph *graph, sinter_node node, uint32_t port, char *buffer, size_t size);
SINTER_API const char *sinter_graph_name(const sinter_graph *graph, sinter_node node);
SINTER_API sinter_node sinter_graph_find(const sinter_graph *graph, const char *name); /* 0 where there is none */
SINTER_API uint32_t sinter_graph_outputs(const sinter_graph *graph, sinter_node node); /* ports; 0 of no node */

/* The text, into `buffer` of `size` bytes, cut where it does not fit and terminated (size > 0); *length (NULL allowed) is what all of it takes.
 * SINTER_BAD_PROGRAM with the report for no output, or a cycle that lost its delay with a definition; SINTER_NO_MEMORY. */
SINTER_API sinter_status sinter_graph_text(sinter_graph *graph, char *buffer, size_t size, size_t *length, sinter_report *report);
/* What became of the graph: its streams, the sample rate, how many operations it compiles to; then the nodes in the order in which they are
 * computed, a line each: type, what is connected to each port or what it is, number of outputs, the operations that the node has when it is compiled
 * alone (none: it passes through); behind it a line for each piece of its state, by name, type and length; and of those that no output hears that they are left out. Compiles each node once.
 * As sinter_graph_text. */
SINTER_API sinter_status sinter_graph_explain(sinter_graph *graph, char *buffer, size_t size, size_t *length, sinter_report *report);
/* The graph as a picture for Graphviz. As sinter_graph_text. */
SINTER_API sinter_status sinter_graph_dot(sinter_graph *graph, char *buffer, size_t size, size_t *length, sinter_report *report);

/* Gives the text to the player: sinter_player_edit. What played before plays on where there is none (the report says why).
 *
 * Nothing clicks: where the player plays a graph already, and fades (sinter_player_options.fade), ports whose connections or constants
 * have changed go in a straight line over that time from what they had to what they have, and nodes that are new or gone are there as long; everything else
 * computes what it did: with the same bits where the player compiles strict programs, otherwise but for the roundings of filters, whose sums are regrouped or not by what
 * else is there and moves (docs/language.md, filters in lanes). A node whose name has gone to another type, or of which an argument that must be a constant is another one, fades as one that is
 * gone and one that is new; what both types call alike goes on. What goes into a delay that is new, or as `x` into another new node with a delay line, fades in,
 * so that it comes out without a step. Edits that come while it fades wait until it has, and coalesce. Where there is no such program of both the whole graph fades, as texts do (sinter/player.h says
 * how, and up to which size of state): definitions that change, nodes whose type they define, nodes with more than 64 KiB of state that change type or constants, a graph that together with the
 * one before it would have a cycle without a delay, inputs that have become other channels. At once changes what had no number as its default. Each edit then compiles two programs; the first is heard, and
 * sinter_player_wait returns, when it is ready. */
SINTER_API sinter_status sinter_graph_commit(sinter_graph *graph, sinter_player *player, uint64_t *edit, sinter_report *report);

#ifdef __cplusplus
}
#endif

#endif
