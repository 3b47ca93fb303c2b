/* The model as a text of the language.
 *
 * What is heard is found from the outputs backwards. The nodes of it are put in an order in which each stands behind those that it
 * reads, by a walk in depth with a stack of its own, so that a cycle is found as the path that it is. Two kinds of connections do not take part: those that
 * are delayed by a sample (a prime reads what is bound further down) and those into a delay, which the language lets read what is
 * bound further down too. A delay's input gets a name of its own at the end of the text, so that it may be a sum. The same goes for any port that its
 * function only hands to delays; but that is asked, and done, only where a cycle is found that has no other way. */
#include "graph/model.h"

#include <stdio.h>
#include <string.h>

enum { ON_PATH = 1, DONE = 2 };

bool sn_graph_is_ordering(const sinter_graph *g, const graph_connection *c)
{
    return !c->delayed && !c->late && !(g->nodes[c->to].type->kind == GRAPH_DELAY && c->input == 0);
}

/* ---- order ---- */

static sinter_status refuse_cycle(graph_writing *w, uint32_t first, uint32_t depth)
{
    const sinter_graph *g = w->g;
    char message[SINTER_MESSAGE_SIZE] = "a cycle without a delay: ";
    size_t used = strlen(message);
    /* The path leads from a node to what it reads; sound goes the other way. */
    for (uint32_t k = depth + 1; k-- > first;)
        used += (size_t)snprintf(message + used, sizeof message - used, "%s → ", g->nodes[w->path[k]].name) * (used < sizeof message - 80);
    snprintf(message + used, sizeof message - used, "%s", g->nodes[w->path[depth]].name);
    return sn_report_fail(w->report, SINTER_BAD_PROGRAM, message, "make one of its connections a delayed one, or let it pass through a delay");
}

/* A cycle that enters a port which is only read late: what is connected to that is bound behind the node, and the walk goes back to it. Returns the node's
 * depth, or UINT32_MAX where there is none. */
static uint32_t bind_late(graph_writing *w, uint32_t first, uint32_t depth)
{
    for (uint32_t k = depth + 1; k-- > first && w->status == SINTER_OK;) {
        const uint32_t node = w->path[k], input = w->arriving[w->next[k] - 1].input;
        bool late;
        w->status = sn_graph_reads_late(w->g, w->g->nodes[node].type, input, &late);
        if (!late)
            continue;
        for (uint32_t c = w->first[node]; c < w->first[node + 1]; c++)
            w->arriving[c].late |= w->arriving[c].input == input;
        while (depth > k)
            w->state[w->path[depth--]] = 0;
        return k;
    }
    return UINT32_MAX;
}

/* What has to come before the node, then the node. */
static sinter_status visit(graph_writing *w, uint32_t start)
{
    const sinter_graph *g = w->g;
    uint32_t depth = 0;
    w->path[0] = start;
    w->next[0] = w->first[start];
    w->state[start] = ON_PATH;
    for (;;) {
        const uint32_t node = w->path[depth];
        const graph_connection *c = &w->arriving[w->next[depth]];
        if (w->next[depth] == w->first[node + 1]) {
            w->state[node] = DONE;
            w->order[w->count++] = node;
            if (depth-- == 0)
                return SINTER_OK;
            continue;
        }
        w->next[depth]++;
        if (!sn_graph_is_ordering(g, c) || w->state[c->from] == DONE)
            continue;
        if (w->state[c->from] == ON_PATH) {
            uint32_t first = 0;
            while (w->path[first] != c->from)
                first++;
            const uint32_t back = bind_late(w, first, depth);
            if (back == UINT32_MAX)
                return w->status != SINTER_OK ? w->status : refuse_cycle(w, first, depth);
            depth = back;
            continue;
        }
        w->path[++depth] = c->from;
        w->next[depth] = w->first[c->from];
        w->state[c->from] = ON_PATH;
    }
}

/* Everything that leads to an output, by whatever connection. */
static void find_heard(graph_writing *w)
{
    const sinter_graph *g = w->g;
    uint32_t waiting = 0;
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used && g->nodes[k].type->kind == GRAPH_OUTPUT)
            w->heard[w->path[waiting++] = k] = 1;
    while (waiting > 0) {
        const uint32_t node = w->path[--waiting];
        for (uint32_t k = w->first[node]; k < w->first[node + 1]; k++)
            if (!w->heard[w->arriving[k].from])
                w->heard[w->path[waiting++] = w->arriving[k].from] = 1;
    }
}

static sinter_status find_order(graph_writing *w)
{
    const sinter_graph *g = w->g;
    bool has_output = false;
    find_heard(w);
    /* Inputs and outputs keep the order of their slots: they are channels. */
    for (uint32_t k = 0; k < g->node_count; k++) {
        has_output |= w->heard[k] && g->nodes[k].type->kind == GRAPH_OUTPUT;
        const sinter_status status = w->heard[k] && !w->state[k] ? visit(w, k) : SINTER_OK;
        if (status != SINTER_OK)
            return status;
    }
    return has_output ? SINTER_OK
                      : sn_report_fail(w->report, SINTER_BAD_PROGRAM, "the graph has no output", "add a node of the type output and connect something to it");
}

/* ---- the text ---- */

/* String by string, since printf would take more time than compiling what it writes. Most are literals, of which the compiler knows the length. */
static inline __attribute__((always_inline)) void say(graph_writing *w, const char *string)
{
    text *t = &w->out;
    const size_t length = strlen(string);
    if (t->failed || t->capacity - t->length <= length) {
        sn_text_add_bytes(t, string, length);
        return;
    }
    memcpy(t->start + t->length, string, length + 1);
    t->length += length;
}

/* Results of more than four elements have a name for each, which no port's parameter can have. */
static bool is_taken_apart(const graph_node *n)
{
    return n->type->output_count > 4;
}

/* The element of a result; of one number the number. */
static void write_source(graph_writing *w, const graph_connection *c)
{
    const graph_node *n = &w->g->nodes[c->from];
    const char *prime = c->delayed ? "'" : "";
    if (is_taken_apart(n)) {
        sn_text_print(&w->out, "%s__%u%s", n->name, c->output, prime);
        return;
    }
    say(w, n->name), say(w, "__out"), say(w, prime);
    if (n->type->output_count > 1)
        sn_text_add_bytes(&w->out, &".x.y.z.w"[2 * c->output], 2);
}

/* Where two graphs are one: the side by which the node is written, but for what fades. */
static graph_side side_of(const graph_writing *w, uint32_t node)
{
    return !w->both ? GRAPH_ANY : w->both->gone[node] ? GRAPH_OLD : GRAPH_NEW;
}

/* The next connection to the port on that side, from `k` on; w->first[node + 1]: there is none. */
static uint32_t next_source(const graph_writing *w, uint32_t node, uint32_t port, graph_side side, uint32_t k)
{
    while (k < w->first[node + 1] && !(w->arriving[k].input == port && w->arriving[k].side == (uint8_t)side))
        k++;
    return k;
}

static bool has_source(const graph_writing *w, uint32_t node, uint32_t port, graph_side side)
{
    return next_source(w, node, port, side, w->first[node]) < w->first[node + 1];
}

bool sn_graph_is_connected(const graph_writing *w, uint32_t node, uint32_t port)
{
    return has_source(w, node, port, side_of(w, node));
}

/* The sum of what is connected on that side; false: nothing is. */
static bool write_sum(graph_writing *w, uint32_t node, uint32_t port, graph_side side)
{
    bool any = false;
    if (w->alone && sn_graph_is_connected(w, node, port)) {
        sn_text_print(&w->out, "in%u", port);
        return true;
    }
    for (uint32_t k = w->first[node]; (k = next_source(w, node, port, side, k)) < w->first[node + 1]; k++) {
        say(w, any ? " + " : "");
        write_source(w, &w->arriving[k]);
        any = true;
    }
    return any;
}

bool sn_graph_write_sum(graph_writing *w, uint32_t node, uint32_t port)
{
    return write_sum(w, node, port, side_of(w, node));
}

bool sn_graph_is_late(const graph_writing *w, uint32_t node, uint32_t port)
{
    for (uint32_t k = w->first[node]; k < w->first[node + 1]; k++)
        if (w->arriving[k].input == port)
            return w->arriving[k].late;
    return false;
}

static value_kind kind_of(const graph_node *n, uint32_t port, const graph_value *values, double *value)
{
    const graph_port *p = &n->type->ports[port];
    const graph_value *v = &values[port];
    *value = v->kind == VALUE_DEFAULT ? p->value : v->value;
    if (p->event)
        return VALUE_LIVE;
    if (v->kind != VALUE_DEFAULT)
        return v->kind;
    if (p->constant || (p->has_default && !p->is_number))
        return p->has_default ? VALUE_DEFAULT : VALUE_FIXED; /* of no default: 0, of a delay 1 */
    return p->is_number ? VALUE_LIVE : VALUE_FIXED;
}

/* What an unconnected port is: a parameter, a constant, or what the definition has. */
value_kind sn_graph_kind_of(const graph_node *n, uint32_t port, double *value)
{
    return kind_of(n, port, n->values, value);
}

/* ---- ports that fade from what they had to what they have ---- */

static const graph_value *values_of(const graph_writing *w, uint32_t node, graph_side side)
{
    return side == GRAPH_OLD ? w->both->before[node] : w->g->nodes[node].values;
}

static bool has_same_sources(const graph_writing *w, uint32_t node, uint32_t port)
{
    const uint32_t end = w->first[node + 1];
    uint32_t a = w->first[node], b = a;
    do {
        a = next_source(w, node, port, GRAPH_NEW, a);
        b = next_source(w, node, port, GRAPH_OLD, b);
        const graph_connection *x = &w->arriving[a], *y = &w->arriving[b];
        if ((a == end) != (b == end) || (a < end && (x->from != y->from || x->output != y->output || x->delayed != y->delayed)))
            return false;
    } while (a++ < end && b++ < end);
    return true;
}

/* Inputs of streams are 0 where nothing is connected. */
static bool is_plain(const graph_node *n, uint32_t port)
{
    return n->type->kind == GRAPH_OUTPUT || (n->type->kind == GRAPH_DELAY && port == 0);
}

/* A new node may keep what it is given for longer than the fade: signals into it begin at 0. */
static bool fades_in(const graph_writing *w, uint32_t node, uint32_t port)
{
    const graph_type *t = w->g->nodes[node].type;
    const bool signal = t->kind == GRAPH_DELAY ? port == 0 : t->keeps && strcmp(t->ports[port].name, "x") == 0;
    return signal && !w->both->goes_on[node] && !t->ports[port].constant && has_source(w, node, port, GRAPH_NEW);
}

static bool fades(const graph_writing *w, uint32_t node, uint32_t port)
{
    if (!w->both || w->both->gone[node])
        return false;
    if (!w->both->before[node])
        return fades_in(w, node, port);
    const graph_node *n = &w->g->nodes[node];
    if (n->type->ports[port].constant || n->type->ports[port].event)
        return false;
    const bool now = has_source(w, node, port, GRAPH_NEW), then = has_source(w, node, port, GRAPH_OLD);
    double value, before;
    const value_kind kind = kind_of(n, port, n->values, &value), was = kind_of(n, port, w->both->before[node], &before);
    if (is_plain(n, port) || (now && then))
        return !has_same_sources(w, node, port);
    if ((!now && kind == VALUE_DEFAULT) || (!then && was == VALUE_DEFAULT))
        return false; /* what only the definition knows */
    return now || then || kind != was || (kind == VALUE_FIXED && value != before);
}

/* Is the port a live parameter, on some side that is written? */
static bool is_live(const graph_writing *w, uint32_t node, uint32_t port, const graph_value **values)
{
    const graph_node *n = &w->g->nodes[node];
    double value;
    *values = n->values;
    if (!sn_graph_is_connected(w, node, port) && sn_graph_kind_of(n, port, &value) == VALUE_LIVE)
        return true;
    if (!fades(w, node, port) || !w->both->before[node] || has_source(w, node, port, GRAPH_OLD))
        return false;
    *values = w->both->before[node];
    return kind_of(n, port, *values, &value) == VALUE_LIVE;
}

static void add_number(graph_writing *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    graph_number *n = &w->numbers[(bits * 0x9E3779B97F4A7C15u) >> 32 & (GRAPH_NUMBERS - 1)];
    if (n->length == 0 || n->bits != bits) {
        n->bits = bits;
        n->length = (uint32_t)sn_decimal_write_f64(value, n->digits);
    }
    sn_text_add_bytes(&w->out, n->digits, n->length);
}

void sn_graph_write_parameters(graph_writing *w, uint32_t node)
{
    const graph_node *n = &w->g->nodes[node];
    for (uint32_t k = 0; k < n->type->port_count; k++) {
        double value;
        const graph_value *values;
        if (!is_live(w, node, k, &values))
            continue;
        kind_of(n, k, values, &value);
        const bool event = n->type->ports[k].event;
        say(w, event ? "event " : "param "), say(w, n->name), say(w, "__"), say(w, n->type->ports[k].name), say(w, " = ");
        add_number(w, value);
        if (values[k].smoothing && !event) {
            say(w, values[k].smoothing == SINTER_RAMP ? " smooth " : " glide ");
            add_number(w, values[k].seconds);
        }
        say(w, "\n");
    }
}

static void write_side(graph_writing *w, uint32_t node, uint32_t port, graph_side side)
{
    const graph_node *n = &w->g->nodes[node];
    double value;
    if (write_sum(w, node, port, side))
        return;
    if (is_plain(n, port) || (side == GRAPH_OLD && !values_of(w, node, side)))
        say(w, "0");
    else if (kind_of(n, port, values_of(w, node, side), &value) == VALUE_LIVE)
        say(w, n->name), say(w, "__"), say(w, n->type->ports[port].name);
    else
        add_number(w, value);
}

static void write_whole(graph_writing *w, uint32_t node, uint32_t port)
{
    if (!fades(w, node, port)) {
        write_side(w, node, port, side_of(w, node));
        return;
    }
    w->both->fades++;
    say(w, "(");
    write_side(w, node, port, GRAPH_NEW);
    say(w, ")*" GRAPH_FADE " + (");
    write_side(w, node, port, GRAPH_OLD);
    say(w, ")*" GRAPH_AWAY);
}

/* On a side where nothing is connected the port's name is its parameter's. */
static const char *behind_name(const graph_writing *w, uint32_t node, uint32_t port)
{
    const graph_value *values;
    return is_live(w, node, port, &values) ? "__in" : "";
}

/* What is bound behind the node stands here by its name. */
static void write_value(graph_writing *w, uint32_t node, uint32_t port)
{
    const graph_node *n = &w->g->nodes[node];
    if (n->type->kind == GRAPH_DELAY && port == 0)
        say(w, n->name), say(w, "__in");
    else if (!w->alone && sn_graph_is_late(w, node, port))
        say(w, n->name), say(w, "__"), say(w, n->type->ports[port].name), say(w, behind_name(w, node, port));
    else
        write_whole(w, node, port);
}

/* Is the argument left to the definition? One that has a size is given as a whole, or not at all. */
static bool is_left_out(const graph_writing *w, uint32_t node, uint32_t port)
{
    const graph_type *t = w->g->nodes[node].type;
    double value;
    for (uint32_t k = port; k < t->port_count && t->ports[k].argument == t->ports[port].argument; k++)
        if (sn_graph_is_connected(w, node, k) || sn_graph_kind_of(&w->g->nodes[node], k, &value) != VALUE_DEFAULT)
            return false;
    return true;
}

void sn_graph_write_arguments(graph_writing *w, uint32_t node)
{
    const graph_type *t = w->g->nodes[node].type;
    bool any = false;
    for (uint32_t k = 0; k < t->port_count; k++) {
        const graph_port *p = &t->ports[k];
        const uint32_t first = k - p->element;
        if (is_left_out(w, node, first))
            continue;
        say(w, any && p->element == 0 ? ", " : p->element ? ", " : "");
        any = true;
        if (p->element == 0 && t->kind != GRAPH_DELAY) { /* by name, since others may be left out before it */
            sn_text_add_bytes(&w->out, p->name, sn_graph_argument_length(p));
            say(w, p->size ? "=(" : "=");
        }
        write_value(w, node, k);
        say(w, p->size && p->element + 1 == p->size ? ")" : "");
    }
}

static void write_result_name(graph_writing *w, const graph_node *n)
{
    if (!is_taken_apart(n)) {
        say(w, n->name), say(w, "__out");
        return;
    }
    for (uint32_t k = 0; k < n->type->output_count; k++)
        sn_text_print(&w->out, "%s%s__%u", k ? ", " : "(", n->name, k);
    say(w, ")");
}

void sn_graph_write_function(graph_writing *w, uint32_t node)
{
    const graph_node *n = &w->g->nodes[node];
    say(w, "fn "), say(w, n->name), say(w, "("), say(w, n->type->form), say(w, ") = ");
    say(w, n->type->name), say(w, "("), say(w, n->type->arguments), say(w, ")\n");
}

static void write_node(graph_writing *w, uint32_t node)
{
    const graph_node *n = &w->g->nodes[node];
    switch (n->type->kind) {
    case GRAPH_INPUT:
        say(w, n->name), say(w, "__out = "), say(w, n->name), say(w, "\n");
        break;
    case GRAPH_OUTPUT:
        say(w, n->name), say(w, "__in = ");
        write_whole(w, node, 0);
        say(w, "\n");
        break;
    case GRAPH_DELAY:
        say(w, n->name), say(w, "__out = delay(");
        sn_graph_write_arguments(w, node);
        say(w, ")\n");
        break;
    case GRAPH_EVENT:
        say(w, n->name), say(w, "__out = "), say(w, n->name), say(w, "__value\n");
        break;
    case GRAPH_FUNCTION:
        sn_graph_write_function(w, node);
        write_result_name(w, n);
        say(w, " = "), say(w, n->name), say(w, "(");
        sn_graph_write_arguments(w, node);
        say(w, ")\n");
        break;
    }
}

/* What enters a delay, or another port that is read late, on a cycle. */
static void write_late(graph_writing *w, uint32_t node)
{
    const graph_node *n = &w->g->nodes[node];
    for (uint32_t p = 0; p < n->type->port_count; p++) {
        if (n->type->kind == GRAPH_DELAY && p == 0)
            say(w, n->name), say(w, "__in = ");
        else if (sn_graph_is_late(w, node, p))
            say(w, n->name), say(w, "__"), say(w, n->type->ports[p].name), say(w, behind_name(w, node, p)), say(w, " = ");
        else
            continue;
        write_whole(w, node, p);
        say(w, "\n");
    }
}

/* Declarations first, then nodes, then what may be bound late. */
void sn_graph_write_text(graph_writing *w)
{
    const sinter_graph *g = w->g;
    for (uint32_t k = 0; k < g->node_count; k++)
        if (w->heard[k] && g->nodes[k].type->kind == GRAPH_INPUT)
            say(w, "input "), say(w, g->nodes[k].name), say(w, "\n");
    for (uint32_t k = 0; k < w->count; k++)
        if (g->nodes[w->order[k]].type->kind != GRAPH_INPUT && g->nodes[w->order[k]].type->kind != GRAPH_OUTPUT)
            sn_graph_write_parameters(w, w->order[k]);
    if (g->definitions && g->definitions[0])
        say(w, g->definitions), say(w, "\n");
    for (uint32_t k = 0; k < w->count; k++)
        write_node(w, w->order[k]);
    for (uint32_t k = 0; k < w->count; k++)
        write_late(w, w->order[k]);
    for (uint32_t k = 0; k < g->node_count; k++)
        if (w->heard[k] && g->nodes[k].type->kind == GRAPH_OUTPUT)
            say(w, "out "), say(w, g->nodes[k].name), say(w, " = "), say(w, g->nodes[k].name), say(w, "__in\n");
}

/* ---- asking ---- */

/* By counting. */
static void sort_connections(graph_writing *w)
{
    const sinter_graph *g = w->g;
    for (uint32_t k = 0; k < g->connection_count; k++)
        w->first[g->connections[k].to + 2]++;
    for (uint32_t k = 2; k <= g->node_count + 1; k++)
        w->first[k] += w->first[k - 1];
    for (uint32_t k = 0; k < g->connection_count; k++)
        w->arriving[w->first[g->connections[k].to + 1]++] = g->connections[k];
}

static bool open_writing(graph_writing *w, sinter_graph *g, graph_both *both, sinter_report *report)
{
    const size_t n = g->node_count + 1;
    *w = (graph_writing){.g = g, .both = both, .report = report};
    sn_arena_open(&w->memory, &g->allocator);
    sn_text_open(&w->out, &w->memory);
    w->heard = sn_arena_take_zeroed(&w->memory, n);
    w->state = sn_arena_take_zeroed(&w->memory, n);
    w->order = sn_arena_take(&w->memory, n * sizeof *w->order);
    w->path = sn_arena_take(&w->memory, n * sizeof *w->path);
    w->next = sn_arena_take(&w->memory, n * sizeof *w->next);
    w->first = sn_arena_take_zeroed(&w->memory, (n + 2) * sizeof *w->first);
    w->arriving = sn_arena_take(&w->memory, (g->connection_count + 1) * sizeof *w->arriving);
    if (w->memory.failed)
        return false;
    sort_connections(w);
    return true;
}

sinter_status sn_graph_write(sinter_graph *g, graph_both *both, void (*write)(graph_writing *), graph_writing *w, sinter_report *report)
{
    sinter_report none;
    if (!report)
        report = &none;
    report->count = report->total = 0;
    sinter_status status = open_writing(w, g, both, report) ? find_order(w) : SINTER_NO_MEMORY;
    if (status == SINTER_OK) {
        write(w);
        status = w->out.failed || w->memory.failed ? SINTER_NO_MEMORY : w->status;
    }
    w->report = NULL;
    if (status == SINTER_NO_MEMORY)
        report->count = report->total = 0;
    return status == SINTER_NO_MEMORY ? sn_report_fail(report, status, "out of memory", NULL) : status;
}

sinter_status sn_graph_check_cycles(sinter_graph *g, uint32_t node, sinter_report *report)
{
    graph_writing w;
    sinter_report none;
    none.count = none.total = 0;
    sinter_status status = open_writing(&w, g, NULL, report ? report : &none) ? visit(&w, node) : SINTER_NO_MEMORY;
    if (status == SINTER_NO_MEMORY)
        sn_report_fail(report, status, "out of memory", NULL);
    sn_arena_close(&w.memory);
    return status;
}

static sinter_status copy(sinter_graph *g, void (*write)(graph_writing *), char *buffer, size_t size, size_t *length, sinter_report *report)
{
    graph_writing w;
    if (!g || (!buffer && size > 0))
        return SINTER_BAD_ARGUMENT;
    const sinter_status status = sn_graph_write(g, NULL, write, &w, report);
    const size_t all = status == SINTER_OK ? w.out.length : 0, n = all < size ? all : size ? size - 1 : 0;
    if (n)
        memcpy(buffer, w.out.start, n);
    if (size)
        buffer[n] = 0;
    if (length)
        *length = all;
    sn_arena_close(&w.memory);
    return status;
}

sinter_status sinter_graph_text(sinter_graph *g, char *buffer, size_t size, size_t *length, sinter_report *report)
{
    return copy(g, sn_graph_write_text, buffer, size, length, report);
}

sinter_status sinter_graph_explain(sinter_graph *g, char *buffer, size_t size, size_t *length, sinter_report *report)
{
    return copy(g, sn_graph_explain, buffer, size, length, report);
}

sinter_status sinter_graph_dot(sinter_graph *g, char *buffer, size_t size, size_t *length, sinter_report *report)
{
    return copy(g, sn_graph_draw, buffer, size, length, report);
}

sinter_status sinter_graph_commit(sinter_graph *g, sinter_player *player, uint64_t *edit, sinter_report *report)
{
    graph_writing w;
    if (!g || !player)
        return SINTER_BAD_ARGUMENT;
    sinter_status status = sn_graph_write(g, NULL, sn_graph_write_text, &w, report);
    graph_snapshot *snapshot = status == SINTER_OK ? sn_graph_take_snapshot(g, w.heard) : NULL;
    if (status == SINTER_OK)
        status = snapshot ? sn_player_edit_graph(player, w.out.start, w.out.length, snapshot, edit)
                          : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    sn_arena_close(&w.memory);
    return status;
}
