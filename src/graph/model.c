/* What edits change: nodes, connections, values. */
#include "graph/model.h"

#include "lang/library.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double usual_seconds = 0.02, longest = 1000;

/* ---- memory ---- */

/* Room for one more. */
static bool grow(const sinter_graph *g, void **array, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room)
        return true;
    const uint32_t more = *room ? *room * 2 : 16;
    void *grown = sn_allocate(&g->allocator, more * size);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *array, count * size);
    sn_release(&g->allocator, *array, *room * size);
    *array = grown;
    *room = more;
    return true;
}

sinter_status sinter_graph_open(sinter_context *context, sinter_graph **graph)
{
    if (!graph)
        return SINTER_BAD_ARGUMENT;
    *graph = NULL;
    if (!context)
        return SINTER_BAD_ARGUMENT;
    sinter_graph *g = sn_allocate(&context->allocator, sizeof *g);
    if (!g)
        return SINTER_NO_MEMORY;
    *g = (sinter_graph){.context = context, .allocator = context->allocator};
    *graph = g;
    return SINTER_OK;
}

static void forget_node(const sinter_graph *g, graph_node *n)
{
    sn_release(&g->allocator, n->values, n->type->port_count * sizeof *n->values);
    n->values = NULL;
    n->used = false;
}

static void release_types(const sinter_graph *g, graph_type *types)
{
    for (graph_type *t = types, *next; t; t = next) {
        next = t->next;
        sn_release(&g->allocator, t, sizeof *t);
    }
}

void sinter_graph_close(sinter_graph *g)
{
    if (!g)
        return;
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used)
            forget_node(g, &g->nodes[k]);
    release_types(g, g->types);
    sn_release(&g->allocator, g->nodes, g->node_room * sizeof *g->nodes);
    sn_release(&g->allocator, g->connections, g->connection_room * sizeof *g->connections);
    sn_release(&g->allocator, g->definitions, g->definitions_size);
    const sinter_allocator allocator = g->allocator;
    sn_release(&allocator, g, sizeof *g);
}

/* ---- handles ---- */

static sinter_node handle_of(const sinter_graph *g, uint32_t slot)
{
    return (sinter_node)g->nodes[slot].generation << 32 | (slot + 1);
}

bool sn_graph_slot(const sinter_graph *g, sinter_node node, uint32_t *slot)
{
    const uint32_t number = (uint32_t)node;
    if (!g || number == 0 || number > g->node_count)
        return false;
    *slot = number - 1;
    return g->nodes[*slot].used && g->nodes[*slot].generation == (uint32_t)(node >> 32);
}

static graph_node *node_of(const sinter_graph *g, sinter_node node)
{
    uint32_t slot;
    return sn_graph_slot(g, node, &slot) ? &g->nodes[slot] : NULL;
}

sinter_node sinter_graph_find(const sinter_graph *g, const char *name)
{
    if (g && name)
        for (uint32_t k = 0; k < g->node_count; k++)
            if (g->nodes[k].used && strcmp(g->nodes[k].name, name) == 0)
                return handle_of(g, k);
    return 0;
}

const char *sinter_graph_name(const sinter_graph *g, sinter_node node)
{
    const graph_node *n = node_of(g, node);
    return n ? n->name : NULL;
}

uint32_t sinter_graph_outputs(const sinter_graph *g, sinter_node node)
{
    const graph_node *n = node_of(g, node);
    return n ? n->type->output_count : 0;
}

uint32_t sinter_graph_port(const sinter_graph *g, sinter_node node, const char *port)
{
    const graph_node *n = node_of(g, node);
    for (uint32_t k = 0; n && port && k < n->type->port_count; k++)
        if (strcmp(n->type->ports[k].name, port) == 0)
            return k;
    return UINT32_MAX;
}

/* ---- names that are probably meant ---- */

static void forget_errors(sinter_report *report)
{
    if (report)
        report->count = report->total = 0;
}

static sinter_status refuse_name(sinter_report *report, const char *message, const lang_nearest *nearest, const char *otherwise)
{
    char hint[SINTER_MESSAGE_SIZE];
    snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)nearest->length, nearest->name ? nearest->name : "");
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, nearest->name ? hint : otherwise);
}

sinter_status sinter_graph_find_node(const sinter_graph *g, const char *name, sinter_node *node, sinter_report *report)
{
    char message[SINTER_MESSAGE_SIZE];
    if (!g || !name || !node)
        return SINTER_BAD_ARGUMENT;
    forget_errors(report);
    if ((*node = sinter_graph_find(g, name)) != 0)
        return SINTER_OK;
    lang_nearest nearest = {.wanted = name, .wanted_length = strlen(name)};
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used)
            sn_lang_offer(&nearest, g->nodes[k].name, strlen(g->nodes[k].name));
    snprintf(message, sizeof message, "there is no node '%.60s'", name);
    return refuse_name(report, message, &nearest, NULL);
}

/* "which is an echo" */
static const char *article(const graph_node *n)
{
    return strchr("aeiou", n->type->name[0]) ? "an" : "a";
}

/* The ports by name, for a hint. */
static void list_ports(const graph_node *n, char *list, size_t size)
{
    snprintf(list, size, "it has no input ports");
    for (uint32_t k = 0, used = 0; k < n->type->port_count && used < size; k++)
        used += (uint32_t)snprintf(list + used, size - used, "%s%s", k ? ", " : "its ports are ", n->type->ports[k].name);
}

sinter_status sinter_graph_find_port(const sinter_graph *g, sinter_node node, const char *name, uint32_t *port, sinter_report *report)
{
    const graph_node *n = node_of(g, node);
    char message[SINTER_MESSAGE_SIZE], ports[SINTER_MESSAGE_SIZE];
    if (!name || !port)
        return SINTER_BAD_ARGUMENT;
    forget_errors(report);
    *port = sinter_graph_port(g, node, name);
    if (*port != UINT32_MAX)
        return SINTER_OK;
    if (!n)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "there is no such node any more", NULL);
    lang_nearest nearest = {.wanted = name, .wanted_length = strlen(name)};
    for (uint32_t k = 0; k < n->type->port_count; k++)
        sn_lang_offer(&nearest, n->type->ports[k].name, strlen(n->type->ports[k].name));
    list_ports(n, ports, sizeof ports);
    snprintf(message, sizeof message, "'%.40s', which is %s %.40s, has no port '%.60s'", n->name, article(n), n->type->name, name);
    return refuse_name(report, message, &nearest, ports);
}

/* ---- names that the text gives ---- */

bool sinter_graph_parameter_name(const sinter_graph *g, sinter_node node, uint32_t port, char *buffer, size_t size)
{
    const graph_node *n = node_of(g, node);
    if (!n || port >= n->type->port_count || n->type->kind == GRAPH_OUTPUT || !buffer)
        return false;
    return (size_t)snprintf(buffer, size, "%s__%s", n->name, n->type->ports[port].name) < size;
}

const char *sinter_graph_port_name(const sinter_graph *g, sinter_node node, uint32_t port)
{
    const graph_node *n = node_of(g, node);
    return n && port < n->type->port_count ? n->type->ports[port].name : NULL;
}

/* ---- what ports are ---- */

uint32_t sinter_graph_inputs(const sinter_graph *g, sinter_node node)
{
    const graph_node *n = node_of(g, node);
    return n ? n->type->port_count : 0;
}

static sinter_port_source source_of(const graph_node *n, uint32_t port, double *value)
{
    const graph_port *p = &n->type->ports[port];
    const value_kind kind = sn_graph_kind_of(n, port, value);
    if (kind == VALUE_LIVE)
        return SINTER_FROM_PARAMETER;
    if (kind == VALUE_DEFAULT)
        return p->constant && p->is_number ? SINTER_FROM_CONSTANT : SINTER_FROM_DEFAULT;
    return n->values[port].kind == VALUE_DEFAULT ? SINTER_FROM_NOTHING : SINTER_FROM_CONSTANT;
}

sinter_status sinter_graph_describe_port(const sinter_graph *g, sinter_node node, uint32_t port, sinter_port_info *info)
{
    uint32_t slot;
    if (!info || !sn_graph_slot(g, node, &slot) || port >= g->nodes[slot].type->port_count)
        return SINTER_BAD_ARGUMENT;
    const graph_node *n = &g->nodes[slot];
    const graph_port *p = &n->type->ports[port];
    *info = (sinter_port_info){.name = p->name, .kind = p->event ? SINTER_PORT_EVENT : p->constant ? SINTER_PORT_CONSTANT : SINTER_PORT_STREAM};
    info->source = source_of(n, port, &info->value);
    for (uint32_t k = 0; k < g->connection_count; k++)
        info->connections += g->connections[k].to == slot && g->connections[k].input == port;
    if (info->connections)
        info->source = SINTER_FROM_CONNECTIONS;
    return SINTER_OK;
}

/* ---- nodes ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What stands between double underscores is the text's own. */
static bool is_name(const char *name)
{
    size_t k = 0;
    for (; name[k]; k++)
        if (!is_letter(name[k]) && !(k > 0 && name[k] >= '0' && name[k] <= '9') && !(k > 0 && name[k] == '_' && name[k - 1] != '_'))
            return false;
    return k > 0 && k < GRAPH_NAME - 1 && name[k - 1] != '_';
}

/* May a function, or a stream, bear the name? Words such as `out` are no names; an input `rate` would be what counts the seconds of
 * smoothed parameters. */
static sinter_status try_name(sinter_graph *g, graph_kind kind, const char *name)
{
    static const char *const streams[] = {"rate", "dt", "time", "index", "pi", "tau", "e", "inf", "nan"};
    char program[4 * GRAPH_NAME];
    sinter_kernel *kernel = NULL;
    const bool stream = kind == GRAPH_INPUT || kind == GRAPH_OUTPUT;
    for (size_t k = 0; stream && k < sizeof streams / sizeof *streams; k++)
        if (strcmp(name, streams[k]) == 0)
            return SINTER_BAD_PROGRAM;
    snprintf(program, sizeof program, "fn %s(x) = x\nout %s(1)\n", name, name);
    const sinter_status status = sn_graph_try(g, program, &kernel, NULL);
    sinter_kernel_close(kernel);
    return status;
}

static sinter_status name_node(sinter_graph *g, const graph_type *type, const char *wanted, char *name, sinter_report *report)
{
    char message[SINTER_MESSAGE_SIZE];
    if (!wanted) {
        do
            snprintf(name, GRAPH_NAME, "%.40s%u", type->name, ++g->made);
        while (sinter_graph_find(g, name) || !is_name(name) || sn_graph_is_function(g, name));
        return SINTER_OK;
    }
    const char *hint = is_name(wanted) ? "state, parameters and edits find a node by its name" : "letters, digits and single underscores, a letter first";
    const char *wrong = !is_name(wanted)                ? "'%.60s' is no name for a node"
                        : sinter_graph_find(g, wanted) ? "there is a node '%.60s' already"
                        : sn_graph_is_function(g, wanted) ? "'%.60s' is a function: a node needs a name of its own"
                                                       : NULL;
    const sinter_status tried = wrong ? SINTER_OK : try_name(g, type->kind, wanted);
    if (tried == SINTER_NO_MEMORY)
        return sn_report_fail(report, tried, "out of memory", NULL);
    if (tried != SINTER_OK)
        wrong = "the language needs '%.60s' for itself";
    if (wrong) {
        snprintf(message, sizeof message, wrong, wanted);
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, hint);
    }
    snprintf(name, GRAPH_NAME, "%s", wanted);
    return SINTER_OK;
}

static uint32_t free_slot(const sinter_graph *g)
{
    uint32_t k = 0;
    while (k < g->node_count && (g->nodes[k].used || g->nodes[k].generation == UINT32_MAX))
        k++;
    return k;
}

static bool take_slot(sinter_graph *g, graph_type *type, const char *name, sinter_node *node)
{
    const uint32_t slot = free_slot(g);
    const size_t size = type->port_count * sizeof(graph_value);
    graph_value *values = size ? sn_allocate(&g->allocator, size) : NULL;
    if ((size && !values) || slot >= GRAPH_MOST_NODES || !grow(g, (void **)&g->nodes, &g->node_room, slot, sizeof *g->nodes)) {
        sn_release(&g->allocator, values, values ? size : 0);
        return false;
    }
    for (uint32_t k = 0; k < type->port_count; k++)
        values[k] = (graph_value){.smoothing = type->ports[k].steps || type->ports[k].event ? SINTER_UNSMOOTHED : SINTER_RAMP, .seconds = usual_seconds};
    graph_node *n = &g->nodes[slot];
    if (slot == g->node_count) {
        *n = (graph_node){0};
        g->node_count++;
    }
    *n = (graph_node){.generation = n->generation + 1, .used = true, .type = type, .values = values};
    snprintf(n->name, sizeof n->name, "%s", name);
    *node = handle_of(g, slot);
    return true;
}

sinter_status sinter_graph_add(sinter_graph *g, const char *type_name, const char *name, sinter_node *node, sinter_report *report)
{
    graph_type *type;
    char own[GRAPH_NAME];
    if (!g || !type_name || !node)
        return SINTER_BAD_ARGUMENT;
    *node = 0;
    forget_errors(report);
    sinter_status status = sn_graph_find_type(g, type_name, &type, report);
    if (status == SINTER_OK)
        status = name_node(g, type, name, own, report);
    if (status == SINTER_OK && !take_slot(g, type, own, node))
        status = sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    return status;
}

static void drop_connection(sinter_graph *g, uint32_t k)
{
    memmove(&g->connections[k], &g->connections[k + 1], (g->connection_count - k - 1) * sizeof *g->connections);
    g->connection_count--;
}

sinter_status sinter_graph_remove(sinter_graph *g, sinter_node node)
{
    uint32_t slot;
    if (!sn_graph_slot(g, node, &slot))
        return SINTER_BAD_ARGUMENT;
    uint32_t kept = 0;
    for (uint32_t k = 0; k < g->connection_count; k++)
        if (g->connections[k].from != slot && g->connections[k].to != slot)
            g->connections[kept++] = g->connections[k];
    g->connection_count = kept;
    forget_node(g, &g->nodes[slot]);
    return SINTER_OK;
}

/* ---- connections ---- */

static uint32_t find_connection(const sinter_graph *g, const graph_connection *c)
{
    uint32_t k = 0;
    while (k < g->connection_count && (g->connections[k].from != c->from || g->connections[k].output != c->output
                                       || g->connections[k].to != c->to || g->connections[k].input != c->input))
        k++;
    return k;
}

static sinter_status refuse_output(const graph_node *n, uint32_t output, sinter_report *report)
{
    char message[SINTER_MESSAGE_SIZE], hint[SINTER_MESSAGE_SIZE] = "";
    snprintf(message, sizeof message, "'%.60s', which is %s %.60s, has no output %u", n->name, article(n), n->type->name, output);
    if (n->type->output_count > 1)
        snprintf(hint, sizeof hint, "its outputs are 0 to %u", n->type->output_count - 1);
    else
        snprintf(hint, sizeof hint, n->type->output_count ? "its only output is 0" : "nothing comes out of it but to outside");
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, hint);
}

static sinter_status refuse_input(const graph_node *n, uint32_t input, sinter_report *report)
{
    char message[SINTER_MESSAGE_SIZE], ports[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "'%.60s', which is %s %.60s, has no input port %u", n->name, article(n), n->type->name, input);
    list_ports(n, ports, sizeof ports);
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, ports);
}

static sinter_status find_ports(const sinter_graph *g, sinter_node from, uint32_t output, sinter_node to, uint32_t input, graph_connection *c,
                                sinter_report *report)
{
    *c = (graph_connection){.output = output, .input = input};
    if (!sn_graph_slot(g, from, &c->from) || !sn_graph_slot(g, to, &c->to))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT,
                              sn_graph_slot(g, from, &c->from) ? "the node to connect to is none, or is gone" : "the node to connect from is none, or is gone", NULL);
    if (output >= g->nodes[c->from].type->output_count)
        return refuse_output(&g->nodes[c->from], output, report);
    return input < g->nodes[c->to].type->port_count ? SINTER_OK : refuse_input(&g->nodes[c->to], input, report);
}

static sinter_status refuse_port(const sinter_graph *g, const graph_connection *c, const char *wrong, const char *hint, sinter_report *report)
{
    char message[SINTER_MESSAGE_SIZE];
    const graph_node *n = &g->nodes[c->to];
    snprintf(message, sizeof message, "'%.50s' of '%.60s' %s", n->type->ports[c->input].name, n->name, wrong);
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, hint);
}

/* A constant takes no stream. An event is taken by its name: from one node that is one, at once. */
static sinter_status check_port(const sinter_graph *g, const graph_connection *c, bool delayed, sinter_report *report)
{
    const graph_port *p = &g->nodes[c->to].type->ports[c->input];
    if (p->constant)
        return refuse_port(g, c, "must be a constant", "sinter_graph_fix gives it one", report);
    if (!p->event)
        return SINTER_OK;
    if (g->nodes[c->to].type->kind != GRAPH_FUNCTION)
        return refuse_port(g, c, "is posted, and takes no connection", "sinter_player_event posts it", report);
    if (g->nodes[c->from].type->kind != GRAPH_EVENT)
        return refuse_port(g, c, "takes an event", "that is a node of the type event", report);
    if (delayed)
        return refuse_port(g, c, "takes an event at once", "events cannot be delayed", report);
    for (uint32_t k = 0; k < g->connection_count; k++)
        if (g->connections[k].to == c->to && g->connections[k].input == c->input && g->connections[k].from != c->from)
            return refuse_port(g, c, "has an event already", "disconnect that first", report);
    return SINTER_OK;
}

/* Only where something is connected on both sides. */
static bool may_close_cycle(const sinter_graph *g, const graph_connection *c)
{
    bool before = c->from == c->to, behind = before;
    for (uint32_t k = 0; k < g->connection_count; k++) {
        before |= g->connections[k].to == c->from;
        behind |= g->connections[k].from == c->to;
    }
    return before && behind;
}

static void take_back(sinter_graph *g, uint32_t k, bool was_there)
{
    if (was_there)
        g->connections[k].delayed = true;
    else
        g->connection_count--;
}

/* As it now stands in the list; where that closes a cycle without a delay all is as before. One that was there without it, since a definition changed, is the text's to
 * tell. */
static sinter_status keep_unless_cycle(sinter_graph *g, uint32_t k, bool was_there, sinter_report *report)
{
    const graph_connection c = g->connections[k];
    if (!sn_graph_is_ordering(g, &c) || !may_close_cycle(g, &c))
        return SINTER_OK;
    sinter_status status = sn_graph_check_cycles(g, c.to, report);
    if (status == SINTER_OK)
        return status;
    take_back(g, k, was_there);
    const bool older = status == SINTER_BAD_PROGRAM
                       && (sn_graph_check_cycles(g, c.from, NULL) == SINTER_BAD_PROGRAM || sn_graph_check_cycles(g, c.to, NULL) == SINTER_BAD_PROGRAM);
    if (!older)
        return status;
    forget_errors(report);
    g->connections[k] = c;
    g->connection_count += !was_there;
    return SINTER_OK;
}

static sinter_status connect(sinter_graph *g, sinter_node from, uint32_t output, sinter_node to, uint32_t input, bool delayed, sinter_report *report)
{
    graph_connection c;
    forget_errors(report);
    sinter_status status = find_ports(g, from, output, to, input, &c, report);
    if (status == SINTER_OK)
        status = check_port(g, &c, delayed, report);
    if (status != SINTER_OK)
        return status;
    const uint32_t k = find_connection(g, &c);
    const bool was_there = k < g->connection_count;
    if (was_there && g->connections[k].delayed == delayed)
        return SINTER_OK;
    if (!was_there && !grow(g, (void **)&g->connections, &g->connection_room, g->connection_count, sizeof c))
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    g->connections[k] = c;
    g->connections[k].delayed = delayed;
    g->connection_count += !was_there;
    return keep_unless_cycle(g, k, was_there, report);
}

sinter_status sinter_graph_connect(sinter_graph *g, sinter_node from, uint32_t output, sinter_node to, uint32_t input, sinter_report *report)
{
    return connect(g, from, output, to, input, false, report);
}

sinter_status sinter_graph_connect_delayed(sinter_graph *g, sinter_node from, uint32_t output, sinter_node to, uint32_t input, sinter_report *report)
{
    return connect(g, from, output, to, input, true, report);
}

sinter_status sinter_graph_disconnect(sinter_graph *g, sinter_node from, uint32_t output, sinter_node to, uint32_t input)
{
    graph_connection c;
    if (find_ports(g, from, output, to, input, &c, NULL) != SINTER_OK)
        return SINTER_BAD_ARGUMENT;
    const uint32_t k = find_connection(g, &c);
    if (k == g->connection_count)
        return SINTER_BAD_ARGUMENT;
    drop_connection(g, k);
    return SINTER_OK;
}

/* ---- values ---- */

static sinter_status give_value(sinter_graph *g, sinter_node node, uint32_t port, value_kind kind, double value)
{
    graph_node *n = node_of(g, node);
    if (!n || port >= n->type->port_count || !isfinite(value))
        return SINTER_BAD_ARGUMENT;
    n->values[port].kind = n->type->ports[port].constant ? VALUE_FIXED : kind;
    n->values[port].value = value;
    return SINTER_OK;
}

sinter_status sinter_graph_set(sinter_graph *g, sinter_node node, uint32_t port, double value)
{
    return give_value(g, node, port, VALUE_LIVE, value);
}

sinter_status sinter_graph_fix(sinter_graph *g, sinter_node node, uint32_t port, double value)
{
    return give_value(g, node, port, VALUE_FIXED, value);
}

sinter_status sinter_graph_smooth(sinter_graph *g, sinter_node node, uint32_t port, sinter_smoothing kind, double seconds)
{
    graph_node *n = node_of(g, node);
    if (!n || port >= n->type->port_count || (unsigned)kind > SINTER_GLIDE
        || (kind != SINTER_UNSMOOTHED && !(seconds > 0 && seconds <= longest)))
        return SINTER_BAD_ARGUMENT;
    n->values[port].smoothing = kind;
    n->values[port].seconds = kind == SINTER_UNSMOOTHED ? 0 : seconds;
    return SINTER_OK;
}

/* ---- definitions ---- */

static bool is_used(const sinter_graph *g, const graph_type *type)
{
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used && g->nodes[k].type == type)
            return true;
    return false;
}

static bool has_same_ports(const graph_type *a, const graph_type *b)
{
    bool same = a->port_count == b->port_count && a->output_count == b->output_count;
    for (uint32_t p = 0; same && p < a->port_count; p++)
        same = strcmp(a->ports[p].name, b->ports[p].name) == 0 && a->ports[p].event == b->ports[p].event
               && a->ports[p].constant == b->ports[p].constant;
    return same;
}

/* One type by the new definitions. One that no node uses may be gone: it is made when it is asked for again. */
static sinter_status make_again(sinter_graph *g, const graph_type *before, graph_type *again, sinter_report *report)
{
    const bool used = is_used(g, before);
    char message[SINTER_MESSAGE_SIZE];
    const sinter_status status = sn_graph_make_type(g, before->name, again, used ? report : NULL);
    if (status == SINTER_BAD_ARGUMENT && used && !sn_graph_is_function(g, before->name)) {
        forget_errors(report);
        snprintf(message, sizeof message, "'%.60s' is not defined any more, and there are nodes of it", before->name);
        return sn_report_fail(report, SINTER_BAD_PROGRAM, message, "remove the nodes of the type before");
    }
    if (status == SINTER_NO_MEMORY || (status != SINTER_OK && used))
        return status;
    if (status != SINTER_OK) {
        again->name[0] = 0;
    } else if (used && !has_same_ports(before, again)) {
        snprintf(message, sizeof message, "'%.60s' has other ports than before, and there are nodes of it", before->name);
        return sn_report_fail(report, SINTER_BAD_PROGRAM, message, "remove the nodes of the type before");
    }
    return SINTER_OK;
}

static sinter_status keep_names_free(const sinter_graph *g, sinter_report *report)
{
    for (uint32_t k = 0; k < g->node_count; k++) {
        char message[SINTER_MESSAGE_SIZE];
        if (!g->nodes[k].used || !sn_graph_is_function(g, g->nodes[k].name))
            continue;
        snprintf(message, sizeof message, "'%.60s' is the name of a node", g->nodes[k].name);
        return sn_report_fail(report, SINTER_BAD_PROGRAM, message, NULL);
    }
    return SINTER_OK;
}

/* The types that definitions make, or made: all anew before any is replaced, since memory may be refused on the way. */
static sinter_status refresh_types(sinter_graph *g, sinter_report *report)
{
    graph_type *fresh = NULL, **end = &fresh;
    sinter_status status = keep_names_free(g, report);
    for (graph_type *t = g->types; t && status == SINTER_OK; t = t->next) {
        if (!t->own && !sn_graph_is_own(g, t->name))
            continue;
        graph_type *again = sn_allocate(&g->allocator, sizeof *again);
        status = again ? make_again(g, t, again, report) : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
        if (!again)
            break;
        again->next = NULL;
        *end = again;
        end = &again->next;
    }
    const graph_type *from = fresh;
    for (graph_type *t = g->types; t && status == SINTER_OK; t = t->next) {
        if (!t->own && !sn_graph_is_own(g, t->name))
            continue;
        graph_type *const next = t->next;
        *t = *from;
        t->next = next;
        from = from->next;
    }
    release_types(g, fresh);
    return status;
}

sinter_status sinter_graph_define(sinter_graph *g, const char *definitions, size_t length, sinter_report *report)
{
    if (!g || (!definitions && length))
        return SINTER_BAD_ARGUMENT;
    char *const before = g->definitions;
    const size_t size_before = g->definitions_size;
    forget_errors(report);
    char *copy = sn_allocate(&g->allocator, length + 1);
    if (!copy)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    if (length)
        memcpy(copy, definitions, length);
    copy[length] = 0;
    g->definitions = copy;
    g->definitions_size = length + 1;
    sinter_kernel *kernel = NULL;
    sinter_status status = sn_graph_try(g, "out 0\n", &kernel, report);
    sinter_kernel_close(kernel);
    if (status == SINTER_OK)
        status = refresh_types(g, report);
    if (status != SINTER_OK) {
        sn_release(&g->allocator, copy, length + 1);
        g->definitions = before;
        g->definitions_size = size_before;
        return status;
    }
    sn_release(&g->allocator, before, size_before);
    return SINTER_OK;
}
