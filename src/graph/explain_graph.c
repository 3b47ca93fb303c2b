/* What became of each node, and the graph as a picture.
 *
 * The whole text is compiled once: its streams, its parameters and its lines of state, which bear the names of the nodes, are the graph's.
 * What a node costs is found by compiling it by itself, its connections streams and its constants constants: so a gain of 1 has no operation,
 * and is said to pass through. In the graph it costs that or less, since the compiler joins what it can across nodes. */
#include "graph/model.h"

#include <string.h>

static sinter_kernel *compile(graph_writing *w, const text *source)
{
    sinter_kernel *kernel = NULL;
    const sinter_options options = {.source = SINTER_PATCH, .engine = SINTER_ENGINE_INTERP, .name = "graph"};
    if (w->status == SINTER_OK)
        w->status = source->failed ? SINTER_NO_MEMORY
                                   : sinter_compile(w->g->context, source->start, source->length, &options, &kernel, w->report);
    return kernel;
}

/* Writes elsewhere for a while. */
static text begin_apart(graph_writing *w)
{
    const text before = w->out;
    sn_text_open(&w->out, &w->memory);
    return before;
}

static text end_apart(graph_writing *w, text before)
{
    const text written = w->out;
    w->out = before;
    return written;
}

static sinter_kernel *compile_whole(graph_writing *w)
{
    const text before = begin_apart(w);
    sn_graph_write_text(w);
    const text source = end_apart(w, before);
    return compile(w, &source);
}

static sinter_kernel *compile_alone(graph_writing *w, uint32_t node)
{
    const graph_type *t = w->g->nodes[node].type;
    const text before = begin_apart(w);
    w->alone = true;
    for (uint32_t p = 0; p < t->port_count; p++)
        if (sn_graph_is_connected(w, node, p))
            sn_text_print(&w->out, t->ports[p].event ? "event in%u = 0\n" : "input in%u\n", p);
    sn_graph_write_parameters(w, node);
    if (w->g->definitions)
        sn_text_print(&w->out, "%s\n", w->g->definitions);
    sn_graph_write_function(w, node);
    sn_text_print(&w->out, "out %s(", w->g->nodes[node].name);
    sn_graph_write_arguments(w, node);
    sn_text_add(&w->out, ")\n");
    w->alone = false;
    const text source = end_apart(w, before);
    return compile(w, &source);
}

/* ---- nodes ---- */

static void explain_port(graph_writing *w, uint32_t node, uint32_t port)
{
    const graph_node *n = &w->g->nodes[node];
    double value;
    sn_text_print(&w->out, "%s%s ", port ? ", " : "; ", n->type->ports[port].name);
    if (sn_graph_is_connected(w, node, port)) {
        sn_text_add(&w->out, "from ");
        sn_graph_write_sum(w, node, port);
        return;
    }
    const value_kind kind = n->type->kind == GRAPH_OUTPUT ? VALUE_FIXED : sn_graph_kind_of(n, port, &value);
    if (kind == VALUE_DEFAULT) {
        sn_text_add(&w->out, "as defined");
        return;
    }
    sn_text_add_f64(&w->out, n->type->kind == GRAPH_OUTPUT ? 0 : value);
    sn_text_add(&w->out, n->type->ports[port].event ? " (event)" : kind == VALUE_LIVE ? " (live)" : "");
}

/* `osc.phase`, `late__in`, `bus__out` are state of nodes osc, late, bus. */
static bool belongs_to(const char *line, const char *node)
{
    const size_t length = strlen(node);
    return strncmp(line, node, length) == 0 && (line[length] == '.' || (line[length] == '_' && line[length + 1] == '_'));
}

/* Is it the state of a linear recurrence that is computed for many elements at once? */
static bool is_scanned(const sinter_kernel *k, uint32_t line)
{
    for (uint32_t i = 0; i < k->scan_count; i++)
        for (unsigned m = 0; m < k->scans[i].line_count; m++)
            if (k->scans[i].lines[m] == line)
                return true;
    return false;
}

static void explain_state(graph_writing *w, const sinter_kernel *whole, const char *name)
{
    for (uint32_t k = 0; k < whole->line_count - whole->ahead_count; k++) {
        const plan_line *line = &whole->lines[k];
        if (belongs_to(whole->line_names[k], name))
            sn_text_print(&w->out, "    state %s: %s[%u]%s\n", whole->line_names[k],
                          line->type == SINTER_F64 ? "f64" : line->type == SINTER_I32 ? "i32" : "f32", line->length, is_scanned(whole, k) ? ", a scan's" : "");
    }
    for (uint32_t k = 0; k < whole->call_count; k++)
        if (belongs_to(whole->calls[k].name, name))
            sn_text_print(&w->out, "    state %s: of the function in C '%s'\n", whole->calls[k].name, whole->calls[k].type.name);
}

static void explain_cost(graph_writing *w, uint32_t node)
{
    if (w->g->nodes[node].type->kind != GRAPH_FUNCTION)
        return;
    sinter_kernel *kernel = compile_alone(w, node);
    if (!kernel)
        return;
    const uint32_t operations = kernel->operations;
    const bool passes = operations == 0 && !kernel->stateful;
    sinter_kernel_close(kernel);
    if (passes)
        sn_text_add(&w->out, "; passes through");
    else
        sn_text_print(&w->out, "; %u operation%s alone", operations, operations == 1 ? "" : "s");
}

static void explain_node(graph_writing *w, const sinter_kernel *whole, uint32_t place)
{
    const uint32_t node = w->order[place];
    const graph_node *n = &w->g->nodes[node];
    sn_text_print(&w->out, "%u. %s: %s", place + 1, n->name, n->type->name);
    for (uint32_t p = 0; p < n->type->port_count; p++)
        explain_port(w, node, p);
    if (n->type->output_count > 1)
        sn_text_print(&w->out, "; %u outputs", n->type->output_count);
    explain_cost(w, node);
    sn_text_add(&w->out, "\n");
    explain_state(w, whole, n->name);
}

/* ---- the whole ---- */

static void list_streams(graph_writing *w, const char *what, const sinter_stream_info *streams, uint32_t count)
{
    sn_text_add(&w->out, what);
    for (uint32_t k = 0; k < count; k++)
        sn_text_print(&w->out, "%s%s", k ? ", " : " ", streams[k].name);
    sn_text_add(&w->out, count ? "\n" : " none\n");
}

void sn_graph_explain(graph_writing *w)
{
    const sinter_graph *g = w->g;
    sinter_kernel *whole = compile_whole(w);
    if (!whole)
        return;
    const sinter_kernel_info info = sinter_kernel_describe(whole);
    list_streams(w, "inputs:", info.inputs, info.input_count);
    list_streams(w, "outputs:", info.outputs, info.output_count);
    for (uint32_t k = 0; k < info.parameter_count; k++)
        if (strcmp(info.parameters[k].name, "rate") == 0) {
            sn_text_add(&w->out, "samples a second: ");
            sn_text_add_f64(&w->out, info.parameters[k].initial);
            sn_text_add(&w->out, ", unless the player says otherwise\n");
        }
    sn_text_print(&w->out, "%u nodes in %u operations\n", w->count, info.operations);
    for (uint32_t k = 0; k < w->count && w->status == SINTER_OK; k++)
        explain_node(w, whole, k);
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used && !w->heard[k])
            sn_text_print(&w->out, "left out: %s: %s; no output hears it\n", g->nodes[k].name, g->nodes[k].type->name);
    sinter_kernel_close(whole);
}

/* Of a node with several outputs, which one it is. */
static void draw_output(graph_writing *w, const graph_connection *c)
{
    const uint32_t outputs = w->g->nodes[c->from].type->output_count;
    if (outputs > 4)
        sn_text_print(&w->out, ", taillabel=\"%u\"", c->output);
    else if (outputs > 1)
        sn_text_print(&w->out, ", taillabel=\"%c\"", "xyzw"[c->output]);
}

/* Names stand in quotation marks: Graphviz has words of its own, `node` and `edge` among them. */
void sn_graph_draw(graph_writing *w)
{
    const sinter_graph *g = w->g;
    sn_text_add(&w->out, "digraph sinter {\n    rankdir=LR\n    node [shape=box, fontname=\"sans-serif\"]\n");
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used)
            sn_text_print(&w->out, "    \"%s\" [label=\"%s\\n%s\"%s]\n", g->nodes[k].name, g->nodes[k].name, g->nodes[k].type->name,
                          w->heard[k] ? "" : ", style=dotted");
    for (uint32_t k = 0; k < g->connection_count; k++) {
        const graph_connection *c = &g->connections[k];
        sn_text_print(&w->out, "    \"%s\" -> \"%s\" [label=\"%s\"", g->nodes[c->from].name, g->nodes[c->to].name,
                      g->nodes[c->to].type->ports[c->input].name);
        draw_output(w, c);
        sn_text_add(&w->out, sn_graph_is_ordering(g, c) && !sn_graph_is_late(w, c->to, c->input) ? "]\n" : ", style=dashed]\n");
    }
    sn_text_add(&w->out, "}\n");
}
