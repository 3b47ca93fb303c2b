/* What sounds between two graphs, so that an edit is no step.
 *
 * A graph that plays is followed by a text of both: nodes that are gone are still in it, nodes that are new already, and an input port whose
 * sources (or value) have changed has what it will have and what it had, faded from the one to the other by a parameter that
 * moves from 0 to 1 in a straight line, `__fade`. What goes into a new
 * delay, or as `x` into another new node that has a delay line, fades in: else it would come out as a step when the fade is over. When it has arrived the text computes the very numbers of the new graph, which then takes over. A port that is
 * as it was is written as it was, so untouched nodes compute what they did, bit for bit.
 *
 * The two graphs may have been edited apart for any number of steps, and their nodes go by their names, as their states do. So each text
 * that is committed takes a copy of its graph along (a snapshot), and the text between is made when it is known which graph will be playing.
 *
 * A node whose name has gone to another type, or of which an argument that must be a constant is another one, is two nodes meanwhile: the old one under a name that
 * no graph has, `__was_low`, with a copy of its state and its parameters (sn_migration_open), and the new one, which keeps the state that the types have in common. What
 * they are connected to fades from the one to the other.
 *
 * The text cannot always be made: both graphs together may have a cycle that neither has; inputs may have become other channels; a text has one definition of
 * each name. Then the whole graph fades as texts do, the old one beside the new one (process.c), as it does where the copy of a node would take the audio thread too long.
 * Outputs are channels: they fade from what the channel had, whatever its name was. */
#include "graph/model.h"

#include <stdio.h>

/* ---- snapshots ---- */

/* The copy of a type that a node of the copy has; made for the first. */
static graph_type *copy_type(graph_snapshot *s, const graph_type *type, const graph_type **originals, uint32_t *count)
{
    graph_type *at = s->g.types;
    for (uint32_t k = *count; k-- > 0; at = at->next)
        if (originals[k] == type)
            return at;
    graph_type *made = sn_arena_take(&s->memory, sizeof *made);
    if (!made)
        return NULL;
    *made = *type;
    made->next = s->g.types;
    s->g.types = made;
    originals[(*count)++] = type;
    return made;
}

static bool copy_nodes(graph_snapshot *s, const sinter_graph *g)
{
    uint32_t types = 1, copied = 0;
    for (const graph_type *t = g->types; t; t = t->next)
        types++;
    const graph_type **originals = sn_arena_take(&s->memory, types * sizeof(void *));
    s->g.nodes = sn_arena_take(&s->memory, (g->node_count + 1) * sizeof *s->g.nodes);
    if (!originals || !s->g.nodes)
        return false;
    for (uint32_t k = 0; k < g->node_count; k++) {
        graph_node *n = &s->g.nodes[k];
        *n = g->nodes[k];
        if (!n->used)
            continue;
        const size_t size = n->type->port_count * sizeof *n->values;
        n->type = copy_type(s, g->nodes[k].type, originals, &copied);
        n->values = sn_arena_take(&s->memory, size);
        if (!n->type || !n->values)
            return false;
        if (size)
            memcpy(n->values, g->nodes[k].values, size);
    }
    return true;
}

graph_snapshot *sn_graph_take_snapshot(const sinter_graph *g, const uint8_t *heard)
{
    graph_snapshot *s = sn_allocate(&g->allocator, sizeof *s);
    if (!s)
        return NULL;
    *s = (graph_snapshot){.g = *g};
    atomic_init(&s->owners, 1);
    sn_arena_open(&s->memory, &g->allocator);
    s->g.types = NULL;
    s->g.nodes = NULL;
    s->g.connections = sn_arena_take(&s->memory, (g->connection_count + 1) * sizeof *g->connections);
    s->heard = sn_arena_take(&s->memory, g->node_count + 1);
    s->g.definitions = g->definitions ? sn_arena_copy_text(&s->memory, g->definitions, strlen(g->definitions)) : NULL;
    if (!s->memory.failed && copy_nodes(s, g)) {
        if (g->connection_count)
            memcpy(s->g.connections, g->connections, g->connection_count * sizeof *g->connections);
        memcpy(s->heard, heard, g->node_count + 1);
        return s;
    }
    sn_graph_drop_snapshot(s);
    return NULL;
}

graph_snapshot *sn_graph_share_snapshot(graph_snapshot *s)
{
    if (s)
        atomic_fetch_add_explicit(&s->owners, 1, memory_order_relaxed);
    return s;
}

void sn_graph_drop_snapshot(graph_snapshot *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->owners, 1, memory_order_acq_rel) > 1)
        return;
    const sinter_allocator allocator = s->g.allocator;
    sn_arena_close(&s->memory);
    sn_release(&allocator, s, sizeof *s);
}

/* ---- both graphs as one ---- */

typedef struct joining {
    const graph_snapshot *old, *new;
    graph_both both;
    sinter_graph g;
    uint32_t *place; /* per node of the old graph: where it is in both; UINT32_MAX: nowhere */
} joining;

static bool is_played(const graph_snapshot *s, uint32_t node)
{
    return s->heard[node] && s->g.nodes[node].used;
}

/* The node of that name; mostly it is where it was. */
static uint32_t find_name(const joining *j, uint32_t slot, const char *name)
{
    const sinter_graph *g = &j->new->g;
    if (slot < g->node_count && g->nodes[slot].used && strcmp(g->nodes[slot].name, name) == 0)
        return slot;
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used && strcmp(g->nodes[k].name, name) == 0)
            return k;
    return UINT32_MAX;
}

static uint32_t add_gone(joining *j, uint32_t slot)
{
    const uint32_t at = j->g.node_count++;
    j->g.nodes[at] = j->old->g.nodes[slot];
    j->both.gone[at] = true;
    return at;
}

/* Does the new node compute something else than the old one, whatever its ports are given? */
static bool is_another(const graph_node *old, const graph_node *new)
{
    const graph_type *t = old->type, *u = new->type;
    if (strcmp(t->name, u->name) != 0 || t->port_count != u->port_count || t->output_count != u->output_count)
        return true;
    for (uint32_t k = 0; k < t->port_count; k++) {
        double was, is;
        if (!t->ports[k].constant)
            continue;
        const value_kind kind = sn_graph_kind_of(old, k, &was);
        if (kind != sn_graph_kind_of(new, k, &is) || was < is || was > is)
            return true;
    }
    return false;
}

/* The old one beside its successor. False: it cannot be called as it was. */
static bool add_former(joining *j, uint32_t slot, uint32_t *at)
{
    const graph_node *n = &j->old->g.nodes[slot];
    if (n->type->own || n->type->kind == GRAPH_INPUT || n->type->kind == GRAPH_OUTPUT || strlen(n->name) + sizeof GRAPH_WAS > GRAPH_NAME)
        return false;
    *at = add_gone(j, slot);
    snprintf(j->g.nodes[*at].name, GRAPH_NAME, GRAPH_WAS "%s", n->name);
    return true;
}

/* The old graph's k-th output fades to the new one's. */
static uint32_t find_output(const joining *j, uint32_t ordinal)
{
    const sinter_graph *g = &j->new->g;
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].used && g->nodes[k].type->kind == GRAPH_OUTPUT && ordinal-- == 0)
            return k;
    return UINT32_MAX;
}

static bool place_nodes(joining *j)
{
    uint32_t outputs = 0;
    for (uint32_t k = 0; k < j->old->g.node_count; k++) {
        const graph_node *n = &j->old->g.nodes[k];
        j->place[k] = UINT32_MAX;
        if (!is_played(j->old, k))
            continue;
        uint32_t at = n->type->kind == GRAPH_OUTPUT ? find_output(j, outputs++) : find_name(j, k, n->name);
        if (at == UINT32_MAX && n->type->kind == GRAPH_OUTPUT)
            continue; /* the player has faded it out */
        if (at == UINT32_MAX)
            at = add_gone(j, k);
        if (is_another(n, &j->g.nodes[at])) {
            j->both.goes_on[at] = strcmp(j->g.nodes[at].type->name, n->type->name) == 0;
            if (!add_former(j, k, &at))
                return false;
        }
        j->place[k] = at;
        j->both.before[at] = n->values;
    }
    return true;
}

/* Those of both, each as belonging to its side. */
static void place_connections(joining *j)
{
    const sinter_graph *sides[] = {&j->new->g, &j->old->g};
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t k = 0; k < sides[side]->connection_count; k++) {
            graph_connection c = sides[side]->connections[k];
            if (side == 1) {
                if (j->place[c.from] == UINT32_MAX || j->place[c.to] == UINT32_MAX)
                    continue;
                c.from = j->place[c.from];
                c.to = j->place[c.to];
            }
            c.side = side == 0 ? GRAPH_NEW : GRAPH_OLD;
            j->g.connections[j->g.connection_count++] = c;
        }
}

static bool take_room(joining *j, arena *memory)
{
    const uint32_t nodes = j->old->g.node_count + j->new->g.node_count + 1;
    const uint32_t connections = j->old->g.connection_count + j->new->g.connection_count + 1;
    j->g = j->new->g;
    j->g.nodes = sn_arena_take(memory, nodes * sizeof *j->g.nodes);
    j->g.connections = sn_arena_take(memory, connections * sizeof *j->g.connections);
    j->g.connection_count = 0;
    j->both.before = sn_arena_take_zeroed(memory, nodes * sizeof(void *));
    j->both.gone = sn_arena_take_zeroed(memory, nodes * sizeof *j->both.gone);
    j->both.goes_on = sn_arena_take_zeroed(memory, nodes * sizeof *j->both.goes_on);
    j->place = sn_arena_take(memory, nodes * sizeof *j->place);
    if (memory->failed)
        return false;
    memcpy(j->g.nodes, j->new->g.nodes, j->new->g.node_count * sizeof *j->g.nodes);
    return true;
}

/* ---- inputs are channels ---- */

/* The next node that is an input of what plays, from `k` on. */
static uint32_t next_input(const sinter_graph *g, const uint8_t *heard, uint32_t k)
{
    while (k < g->node_count && !(heard[k] && g->nodes[k].used && g->nodes[k].type->kind == GRAPH_INPUT))
        k++;
    return k;
}

/* Are the inputs of the one the first ones of both? */
static bool has_its_inputs(const graph_snapshot *s, const graph_writing *both)
{
    uint32_t k = 0, other = 0;
    while ((k = next_input(&s->g, s->heard, k)) < s->g.node_count) {
        other = next_input(both->g, both->heard, other);
        if (other == both->g->node_count || strcmp(s->g.nodes[k].name, both->g->nodes[other].name) != 0)
            return false;
        k++;
        other++;
    }
    return true;
}

/* ---- the text ---- */

static void write_both(graph_writing *w)
{
    sn_text_add(&w->out, "param " GRAPH_FADE " = 0 smooth ");
    sn_text_add_f64(&w->out, w->both->seconds);
    sn_text_add(&w->out, "\n" GRAPH_AWAY " = 1 - " GRAPH_FADE "\n");
    sn_graph_write_text(w);
}

bool sn_graph_write_between(graph_snapshot *old, graph_snapshot *new, double seconds, arena *memory, text *out)
{
    joining j = {.old = old, .new = new, .both = {.seconds = seconds}};
    graph_writing w;
    if (!take_room(&j, memory) || !place_nodes(&j))
        return false;
    place_connections(&j);
    bool good = sn_graph_write(&j.g, &j.both, write_both, &w, NULL) == SINTER_OK && j.both.fades && has_its_inputs(old, &w)
                && has_its_inputs(new, &w);
    if (good) {
        sn_text_open(out, memory);
        sn_text_add_bytes(out, w.out.start, w.out.length);
        good = !out->failed;
    }
    sn_arena_close(&w.memory);
    return good;
}
