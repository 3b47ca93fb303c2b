/* Components and levels: which loop an operation runs in.
 *
 * Purpose: operations on a cycle through a delay line must run one element at a time; everything else takes as many elements as a
 * vector holds. Steps:
 *
 *   1. All delay edges taken, Tarjan's algorithm finds the cycles. The chunk becomes as short as the shortest delay of at
 *      least 16 on any of them, so that those edges can be cut: inside a chunk their values lie wholly in the past.
 *   2. Edges of at least a chunk cut, Tarjan again: what still lies on a cycle is recursive. It runs scalar; but where the
 *      shortest delay on its cycles is 8 or more, so many elements at a time, since none of them needs another.
 *      A call of a function in C is made between loops, for a whole chunk, so it must be on no cycle then: where one is, the chunk becomes as
 *      short as it takes (a search by halves, down to 1).
 *   3. Of the components that run one element at a time those that are alike and side by side run in the lanes of loops of their own (alike.c).
 *   4. Levels in the order of the components: an operation follows its operands; levels are of four kinds by turns (PLAN_FREE,
 *      PLAN_ONE, PLAN_EIGHT, PLAN_ALIKE). A line that is read less than a chunk after it was written is read in a later loop (the whole
 *      chunk is there by then), or in the same scalar loop. What reads
 *      a result of a call runs in a later loop than all that the call's arguments come from.
 *   5. What a loop of recursive components has waits for a later loop of others, where nothing that follows from it needs it before
 *      and registers suffice for both; and what is read from a line waits until it is needed.
 *
 * A scalar loop is bound by the latency of its cycles and has issue slots to spare, so a small vector part is not worth a
 * loop of its own: up to 6 operations a cycle, and 16 in all, join the scalar ones (a saw and one second-order filter on Zen 1,
 * 15 operations and a cycle: 5.4 ns an element together, 3.1 apart; three filters in a row, 15 and three: 7.0 and 7.5). What is a
 * counter (counters.c) is on no cycle. Why it ends: each step is one walk over operations and edges, the search by halves at most ten;
 * Tarjan's stack is explicit, so deep programs cost no C stack. Programs without delay lines and calls skip all of it. */
#include "plan/plan.h"

#include <string.h>

enum { SMALL_PART = 16, SMALL_PART_OF_CYCLE = 6, LEAST_ALIKE = 24 /* operations in all components of a shape */ };
#define NO_CUT UINT32_MAX

typedef struct graph {
    const ir_program *program;
    const uint8_t *live;
    const ir_ref *writer; /* per memory object: its WRITE, or 0 */
    const ir_ref *reads;  /* per memory object that is flushed: its last read, or 0 */
    const ir_ref *other;  /* per operation: of a flushed line's reads, the one before */
    ir_arguments arguments;
    uint32_t cut;         /* delay edges at least this long do not count */
} graph;

typedef struct search {
    uint32_t *number, *low; /* per operation; number 0: not seen */
    uint32_t *component;    /* per operation, in topological order from 1 */
    ir_ref *order;          /* operations, component after component */
    ir_ref *stack, *call;
    uint8_t *edge;          /* per operation on the call stack: the next edge to look at */
    uint32_t components, ordered;
} search;

static uint32_t delay_of(const graph *g, const ir_op *op)
{
    return op->code == IR_READ ? op->b : g->program->memories[op->b].shortest;
}

static bool is_read(const ir_op *op)
{
    return op->code == IR_READ || op->code == IR_READV;
}

static uint32_t line_of(const ir_op *op)
{
    return op->code == IR_READ ? op->a : op->b;
}

/* Dependency k of an operation: its operands, then, of a read, the line's write. 0: none, skip; *more false after the last.
 * A line that is flushed at ticks must look the same to all its readers, so they belong together with its write: it depends on its
 * last read, each read on the one before, and no delay is long enough to be cut. */
static inline ir_ref dependency(const graph *g, ir_ref r, unsigned k, bool *more)
{
    const ir_op *op = &g->program->ops[r];
    const unsigned operands = sn_ir_info[op->code].operands;
    *more = true;
    if (k < operands)
        return sn_ir_operand(op, k);
    if (k == operands && is_read(op)) {
        const uint32_t line = line_of(op);
        return delay_of(g, op) < g->cut || g->program->memories[line].flush ? g->writer[line] : 0;
    }
    if (k == operands && op->code == IR_WRITE)
        return g->reads[op->b];
    if (k == operands && op->code == IR_RESULT)
        return g->arguments.last[op->a];
    if (k == operands && op->code == IR_ARGUMENT)
        return g->arguments.before[r];
    if (k == operands + 1 && is_read(op))
        return g->other[r];
    *more = false;
    return 0;
}

static void close_component(const graph *g, search *s, ir_ref root, uint32_t *depth)
{
    (void)g;
    s->components++;
    ir_ref member;
    do {
        member = s->stack[--*depth];
        s->component[member] = s->components;
        s->order[s->ordered++] = member;
    } while (member != root);
}

/* What is the same in all elements runs before all of them, and is on no cycle: most of a program whose coefficients are hoisted. */
static inline bool takes_part(const ir_op *op)
{
    return op->axes & IR_AXIS_ELEMENT || sn_ir_info[op->code].rule == IR_RULE_EFFECT;
}

/* Tarjan's strongly connected components from one root, without recursion. */
static void search_from(const graph *g, search *s, ir_ref root, uint32_t *next, uint32_t *depth)
{
    const ir_op *ops = g->program->ops;
    uint32_t calls = 0;
    s->call[calls++] = root;
    s->edge[root] = 0;
    s->number[root] = s->low[root] = ++*next;
    s->stack[(*depth)++] = root;
    while (calls) {
        const ir_ref at = s->call[calls - 1];
        bool more;
        const ir_ref to = dependency(g, at, s->edge[at], &more);
        if (more) {
            s->edge[at]++;
            if (to == 0 || !takes_part(&ops[to]))
                continue;
            if (s->number[to] == 0) {
                s->call[calls++] = to;
                s->edge[to] = 0;
                s->number[to] = s->low[to] = ++*next;
                s->stack[(*depth)++] = to;
            } else if (s->component[to] == 0 && s->number[to] < s->low[at]) {
                s->low[at] = s->number[to];
            }
            continue;
        }
        if (s->low[at] == s->number[at])
            close_component(g, s, at, depth);
        if (--calls) {
            const ir_ref up = s->call[calls - 1];
            if (s->low[at] < s->low[up])
                s->low[up] = s->low[at];
        }
    }
}

static void find_components(const graph *g, search *s)
{
    const uint32_t count = g->program->count;
    memset(s->number, 0, count * sizeof *s->number);
    memset(s->component, 0, count * sizeof *s->component);
    s->components = s->ordered = 0;
    uint32_t next = 0, depth = 0;
    for (ir_ref r = 1; r < count; r++)
        if (g->live[r] && s->number[r] == 0 && takes_part(&g->program->ops[r]))
            search_from(g, s, r, &next, &depth);
}

static uint32_t *component_sizes(const search *s, arena *memory)
{
    uint32_t *size = sn_arena_take_zeroed(memory, (s->components + 1) * sizeof *size);
    for (uint32_t k = 0; size && k < s->ordered; k++)
        size[s->component[s->order[k]]]++;
    return size;
}

/* Per component the shortest delay on its cycles; of a line that is flushed it counts as 1. */
static uint32_t *shortest_delays(const graph *g, const search *s, arena *memory)
{
    uint32_t *shortest = sn_arena_take(memory, (s->components + 1) * sizeof *shortest);
    if (!shortest)
        return NULL;
    memset(shortest, 0xFF, (s->components + 1) * sizeof *shortest);
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const ir_op *op = &g->program->ops[r];
        const uint32_t component = s->component[r];
        if (!is_read(op) || s->component[g->writer[line_of(op)]] != component)
            continue;
        const uint32_t delay = g->program->memories[line_of(op)].flush ? 1 : delay_of(g, op);
        if (delay < shortest[component])
            shortest[component] = delay;
    }
    return shortest;
}

static bool on_cycle(const graph *g, const search *s, const uint32_t *size, ir_ref read)
{
    const uint32_t line = line_of(&g->program->ops[read]);
    const ir_ref writer = g->writer[line];
    return writer && !g->program->memories[line].flush && s->component[writer] == s->component[read] && size[s->component[read]] > 1;
}

/* Partial sums are taken by element number modulo 64, so with sums a chunk is a multiple of that. */
static uint32_t choose_chunk(const graph *g, const search *s, const uint32_t *size)
{
    const uint32_t shortest = g->program->total_count ? 64 : PLAN_SHORTEST_LONG;
    uint32_t chunk = PLAN_CHUNK;
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const ir_op *op = &g->program->ops[r];
        if (!is_read(op) || !on_cycle(g, s, size, r))
            continue;
        const uint32_t delay = delay_of(g, op);
        if (delay >= shortest && delay < chunk)
            chunk = delay;
    }
    return g->program->total_count ? chunk & ~63u : chunk;
}

/* Is some edge too long to count now, that counted in the search before? */
static bool cuts_any(const graph *g, const search *s)
{
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_op *op = &g->program->ops[s->order[k]];
        if (is_read(op) && delay_of(g, op) >= g->cut && !g->program->memories[line_of(op)].flush)
            return true;
    }
    return false;
}

/* Is some call on a cycle? */
static bool calls_itself(const graph *g, const search *s)
{
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const ir_op *op = &g->program->ops[r];
        const ir_ref argument = op->code == IR_RESULT ? g->arguments.last[op->a] : 0;
        if (argument && s->component[argument] == s->component[r])
            return true;
    }
    return false;
}

/* The components with edges cut for a chunk at which no call is on a cycle: the longest one, at most g->cut. False where there is none,
 * because of a line that is never cut. */
static bool cut_for_calls(graph *g, search *s)
{
    if (cuts_any(g, s))
        find_components(g, s);
    if (!g->program->call_count || !calls_itself(g, s))
        return true;
    uint32_t good = 0, bad = g->cut;
    while (bad - good > 1) {
        g->cut = good + (bad - good) / 2;
        find_components(g, s);
        if (calls_itself(g, s))
            bad = g->cut;
        else
            good = g->cut;
    }
    g->cut = good;
    if (good > 0)
        find_components(g, s);
    return good > 0;
}

/* ---- latency ---- */

/* Whether a dependency hands a value on, in the order of the program: not on the way back to an operation's own component through a line, and not
 * where it only keeps a line's readers together. */
static bool hands_on(const graph *g, const search *s, ir_ref r, unsigned k, ir_ref to)
{
    const ir_op *op = &g->program->ops[r];
    const unsigned operands = sn_ir_info[op->code].operands;
    if (k < operands || op->code == IR_RESULT || op->code == IR_ARGUMENT)
        return true;
    return is_read(op) && k == operands && s->component[to] != s->component[r];
}

static uint64_t latency_of(const graph *g, const search *s, const uint64_t *latency, ir_ref r)
{
    const ir_op *op = &g->program->ops[r];
    uint64_t most = 0;
    bool more = true;
    for (unsigned k = 0; more; k++) {
        const ir_ref to = dependency(g, r, k, &more);
        if (to && hands_on(g, s, r, k, to) && latency[to] > most)
            most = latency[to];
    }
    return most + (op->code == IR_RESULT ? g->program->calls[op->a].type->latency : 0);
}

/* The operations component after component, those of one in the order of the program, so that what hands on comes first. */
static ir_ref *sort_by_component(const graph *g, const search *s, const uint32_t *size, arena *memory)
{
    uint32_t *next = sn_arena_take_zeroed(memory, (s->components + 2) * sizeof *next);
    ir_ref *sorted = sn_arena_take(memory, (s->ordered + 1) * sizeof *sorted);
    if (!next || !sorted)
        return NULL;
    for (uint32_t c = 1; c <= s->components; c++)
        next[c + 1] = next[c] + size[c];
    for (ir_ref r = 1; r < g->program->count; r++)
        if (s->component[r])
            sorted[next[s->component[r]]++] = r;
    return sorted;
}

/* Of the graph in which no edge is cut. */
static bool find_latency(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    if (!g->program->call_count)
        return true;
    const ir_ref *sorted = sort_by_component(g, s, size, memory);
    uint64_t *latency = sn_arena_take_zeroed(memory, g->program->count * sizeof *latency);
    if (!sorted || !latency)
        return false;
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = sorted[k];
        latency[r] = latency_of(g, s, latency, r);
        if (g->program->ops[r].code == IR_OUTPUT && latency[r] > out->latency)
            out->latency = latency[r];
    }
    return true;
}

/* ---- tail ---- */

/* How long an operation goes on changing by itself once what it reads is steady. What lies on a cycle may do so for ever, and so may what goes by
 * the element's number, by a table that the program writes, and what a function in C makes, of which nothing is known. Of a line nobody
 * writes, as it seems, what is written is a counter's. */
static uint64_t own_tail(const graph *g, const search *s, const uint32_t *size, ir_ref r)
{
    const ir_op *op = &g->program->ops[r];
    if (size[s->component[r]] > 1 || op->code == IR_INDEX || op->code == IR_RESULT)
        return PLAN_ENDLESS;
    if (op->code == IR_LOAD && g->program->memories[op->b].kind == IR_CELLS)
        return PLAN_ENDLESS;
    if (!is_read(op))
        return 0;
    const uint32_t line = line_of(op);
    return !g->writer[line] ? PLAN_ENDLESS : op->code == IR_READ ? op->b : g->program->memories[line].length;
}

static uint64_t tail_of(const graph *g, const search *s, const uint32_t *size, const uint64_t *tail, ir_ref r)
{
    const uint64_t own = own_tail(g, s, size, r);
    uint64_t most = 0;
    bool more = true;
    for (unsigned k = 0; more; k++) {
        const ir_ref to = dependency(g, r, k, &more);
        if (to && s->component[to] != s->component[r] && tail[to] > most)
            most = tail[to];
    }
    return own == PLAN_ENDLESS || most == PLAN_ENDLESS ? PLAN_ENDLESS : own + most;
}

/* Of the graph in which no edge is cut: the longest path to an output. What is not in any component (it does not vary by element) is steady. */
static bool find_tail(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    uint64_t *tail = sn_arena_take_zeroed(memory, g->program->count * sizeof *tail);
    for (uint32_t k = 0; tail && k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        tail[r] = tail_of(g, s, size, tail, r);
        if (g->program->ops[r].code == IR_OUTPUT && tail[r] > out->tail)
            out->tail = tail[r];
    }
    return tail != NULL;
}

static bool counts_as_work(const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    return info->rule != IR_RULE_LEAF && info->rule != IR_RULE_EFFECT && op->axes & IR_AXIS_ELEMENT;
}

/* Whether so much other work is not worth loops of its own beside so many cycles. */
static bool is_small(uint32_t work, uint32_t cycles)
{
    return cycles && work <= SMALL_PART && work <= cycles * SMALL_PART_OF_CYCLE;
}

/* Per component how many recursive ones stand in a row before it and with it: none of as many can depend on another. */
static uint32_t *find_depths(const graph *g, const search *s, const uint32_t *size, arena *memory)
{
    uint32_t *depth = sn_arena_take_zeroed(memory, (s->components + 1) * sizeof *depth);
    for (uint32_t first = 0, end; depth && first < s->ordered; first = end) {
        const uint32_t component = s->component[s->order[first]];
        uint32_t most = 0;
        for (end = first; end < s->ordered && s->component[s->order[end]] == component; end++) {
            bool more = takes_part(&g->program->ops[s->order[end]]); /* nothing recursive leads to the others */
            for (unsigned k = 0; more; k++) {
                const ir_ref to = dependency(g, s->order[end], k, &more);
                if (to && s->component[to] != component && depth[s->component[to]] > most)
                    most = depth[s->component[to]];
            }
        }
        depth[component] = most + (size[component] > 1);
    }
    return depth;
}

static uint32_t *first_of_components(const search *s, const uint32_t *size, arena *memory)
{
    uint32_t *first = sn_arena_take_zeroed(memory, (s->components + 2) * sizeof *first);
    for (uint32_t c = 1; first && c <= s->components; c++)
        first[c + 1] = first[c] + size[c];
    return first;
}

typedef struct shape_count {
    uint64_t hash;
    uint32_t components, operations; /* that have it */
} shape_count;

/* The shapes of recursive components: the same operations in the same order, whatever their operands; of the same depth, if depths are given. */
typedef struct shape_list {
    uint64_t *hash; /* per component */
    shape_count *table;
    uint32_t slots;
} shape_list;

/* Of so many recursive components at most. False when memory is refused. */
static bool open_shapes(shape_list *l, const graph *g, const search *s, const uint32_t *size, const uint32_t *depth, uint32_t cycles, arena *memory)
{
    l->slots = 4;
    while (l->slots < 2 * cycles)
        l->slots *= 2;
    l->hash = sn_arena_take_zeroed(memory, (s->components + 1) * sizeof *l->hash);
    l->table = sn_arena_take_zeroed(memory, l->slots * sizeof *l->table);
    if (!l->hash || !l->table)
        return false;
    for (uint32_t c = 1; depth && c <= s->components; c++)
        l->hash[c] = depth[c];
    for (ir_ref r = 1; r < g->program->count; r++) {
        const uint32_t component = s->component[r];
        if (size[component] > 1)
            l->hash[component] = (l->hash[component] ^ ((uint32_t)g->program->ops[r].code << 8 | g->program->ops[r].type)) * 0x9E3779B97F4A7C15u;
    }
    return true;
}

static shape_count *shape_of(const shape_list *l, uint32_t component)
{
    const uint64_t hash = l->hash[component];
    uint32_t at = (uint32_t)(hash >> 32) & (l->slots - 1);
    while (l->table[at].components && l->table[at].hash != hash)
        at = (at + 1) & (l->slots - 1);
    l->table[at].hash = hash;
    return &l->table[at];
}

/* Whether recursive components of one shape have so many operations together that lanes may pay. Most programs have none: a look tells. */
static bool may_be_alike(const graph *g, const search *s, const uint32_t *size, const uint32_t *depth, uint32_t cycles, arena *memory)
{
    shape_list shapes;
    if (!open_shapes(&shapes, g, s, size, depth, cycles, memory))
        return true; /* whoever asks for memory next will say so */
    for (uint32_t c = 1; c <= s->components; c++) {
        if (size[c] < 2)
            continue;
        shape_count *of = shape_of(&shapes, c);
        of->operations += size[c];
        if (++of->components > 1 && of->operations >= LEAST_ALIKE)
            return true;
    }
    return false;
}

static sinter_status find_alike(const graph *g, const search *s, const uint32_t *size, uint32_t cycles, arena *memory, plan_levels *out)
{
    if (!may_be_alike(g, s, size, NULL, cycles, memory))
        return SINTER_OK;
    out->depth = find_depths(g, s, size, memory);
    if (!out->depth)
        return SINTER_NO_MEMORY;
    if (!may_be_alike(g, s, size, out->depth, cycles, memory))
        return SINTER_OK;
    const plan_components all = {.program = g->program, .live = g->live, .component = s->component, .count = s->components,
                                 .sorted = sort_by_component(g, s, size, memory), .first = first_of_components(s, size, memory),
                                 .depth = out->depth};
    if (!all.sorted || !all.first)
        return SINTER_NO_MEMORY;
    return sn_plan_find_alike(&all, memory, out);
}

/* Scans that keep a loop: it is their component's alone, as if they were alike to nothing. Per component 0, or 1 + which it is. */
static uint32_t *find_kept(const graph *g, const search *s, const plan_scans *scans, plan_levels *out, arena *memory)
{
    uint32_t *kept = sn_arena_take_zeroed(memory, (s->components + 1) * sizeof *kept), count = 0;
    for (uint32_t k = 0; kept && k < g->program->memory_count; k++)
        if (scans->keeper_of_flag[k] && g->writer[k])
            kept[s->component[g->writer[k]]] = ++count;
    for (ir_ref r = 1; kept && r < g->program->count; r++)
        if (kept[s->component[r]])
            out->kind[r] = PLAN_ALIKE;
    return kept;
}

static sinter_status give_kept_loops(const graph *g, const search *s, const uint32_t *size, const uint32_t *kept, uint32_t count, arena *memory, plan_levels *out)
{
    if (!out->alike)
        out->alike = sn_arena_take_zeroed(memory, g->program->count * sizeof *out->alike);
    if (!out->depth)
        out->depth = find_depths(g, s, size, memory);
    if (!out->alike || !out->depth)
        return SINTER_NO_MEMORY;
    for (ir_ref r = 1; r < g->program->count; r++)
        if (kept[s->component[r]])
            out->alike[r] = 1 + PLAN_MOST_ALIKE * (out->bunches + kept[s->component[r]] - 1);
    out->bunches += count;
    return SINTER_OK;
}

/* Of each operation the kind of loop: by the cycles that it is on, and whether others are like it; the rest, where it is small, goes with them. */
static sinter_status choose_kinds(const graph *g, const search *s, const uint32_t *size, const uint32_t *shortest, const plan_scans *scans, arena *memory, plan_levels *out)
{
    uint32_t work[PLAN_KINDS] = {0}, cycles[PLAN_KINDS] = {0}, before = 0;
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const uint32_t component = s->component[r];
        out->kind[r] = size[component] < 2 ? PLAN_FREE : shortest[component] < 8 ? PLAN_ONE : PLAN_EIGHT;
        work[out->kind[r]] += counts_as_work(&g->program->ops[r]);
        cycles[out->kind[r]] += component != before;
        before = component;
    }
    const uint32_t *kept = scans && scans->kept ? find_kept(g, s, scans, out, memory) : NULL;
    if (scans && scans->kept && !kept)
        return SINTER_NO_MEMORY;
    sinter_status status = SINTER_OK;
    if (!g->program->cells && cycles[PLAN_ONE] > 1)
        status = find_alike(g, s, size, cycles[PLAN_ONE] + cycles[PLAN_EIGHT], memory, out);
    if (!status && kept)
        status = give_kept_loops(g, s, size, kept, scans->kept, memory, out);
    if (status || out->bunches)
        return status;
    if (g->program->cells || is_small(work[PLAN_FREE] + work[PLAN_EIGHT], cycles[PLAN_ONE]))
        memset(out->kind, PLAN_ONE, g->program->count);
    else if (!cycles[PLAN_ONE] && is_small(work[PLAN_FREE], cycles[PLAN_EIGHT]))
        memset(out->kind, PLAN_EIGHT, g->program->count);
    return SINTER_OK;
}

/* The least level of a kind that is not before another. */
static uint32_t at_kind(uint32_t level, uint32_t kind)
{
    return level + (PLAN_KINDS + kind - level % PLAN_KINDS) % PLAN_KINDS;
}

static bool is_vector_only(const ir_op *op)
{
    return op->code == IR_SUM || op->code == IR_SUMP; /* partial sums are lanes */
}

/* Is it a value that another component makes, in a loop? Leaves are at hand everywhere, but for what a call returns. */
static bool is_made_elsewhere(const search *s, const graph *g, ir_ref r, uint32_t component)
{
    if (r == 0 || s->component[r] == 0 || s->component[r] == component)
        return false;
    return sn_ir_info[g->program->ops[r].code].rule != IR_RULE_LEAF || g->program->ops[r].code == IR_RESULT;
}

/* The least level at which the operation may run, given its dependencies' levels. */
static uint32_t least_level(const graph *g, const plan_levels *out, ir_ref r, uint32_t component, const search *s)
{
    const ir_op *op = &g->program->ops[r];
    if (op->code == IR_RESULT) /* the call is made between the two; what only hands it on does so in lanes */
        return g->arguments.last[op->a] ? at_kind(out->level[g->arguments.last[op->a]] + 1u, PLAN_FREE) : 0;
    const uint32_t kind = out->kind[r];
    /* An effect goes where its value is made, unless that is among components that are alike; only sums need lanes. */
    const bool follows_value = sn_ir_info[op->code].rule == IR_RULE_EFFECT && !is_vector_only(op) && out->kind[op->a] != PLAN_ALIKE;
    uint32_t least = kind;
    bool more = true;
    for (unsigned k = 0; more; k++) {
        const ir_ref to = dependency(g, r, k, &more);
        if (!is_made_elsewhere(s, g, to, component))
            continue;
        uint32_t level = out->level[to];
        const bool through_line = k >= sn_ir_info[op->code].operands && is_read(op);
        if ((through_line && !(kind == PLAN_ONE && level % PLAN_KINDS == PLAN_ONE))
            || (kind == PLAN_ALIKE && level % PLAN_KINDS == PLAN_ALIKE && out->alike[to] != out->alike[r]))
            level++; /* what is alike has a loop of its own, with what follows in its slices */
        if (!follows_value)
            level = at_kind(level, kind);
        if (level > least)
            least = level;
    }
    return least + (kind != PLAN_ALIKE && least % PLAN_KINDS == PLAN_ALIKE); /* an effect that follows a result of a call */
}

/* The least level at which a component may run, those before it given, whose operations stand in s->order from `first` on; *end is where they end. */
static uint32_t least_level_of(const graph *g, const search *s, uint32_t first, uint32_t *end, plan_levels *out)
{
    const uint32_t component = s->component[s->order[first]];
    uint32_t level = 0, k = first;
    for (; k < s->ordered && s->component[s->order[k]] == component; k++) {
        const ir_ref r = s->order[k];
        if (is_vector_only(&g->program->ops[r]))
            out->kind[r] = PLAN_FREE;
        const uint32_t least = least_level(g, out, r, component, s);
        if (least > level)
            level = least;
    }
    *end = k;
    /* a write may have followed a value that is made in lanes */
    return k - first > 1 ? at_kind(level, out->kind[s->order[first]]) : level;
}

static sinter_status set_level(const search *s, uint32_t first, uint32_t end, uint32_t level, plan_levels *out)
{
    if (level > UINT16_MAX - 5)
        return SINTER_TOO_LARGE;
    for (uint32_t k = first; k < end; k++)
        out->level[s->order[k]] = (uint16_t)level;
    if (level > out->top)
        out->top = level;
    return SINTER_OK;
}

/* What is alike has one level, the last of those that its components could have. So components are taken by depth, of one depth first the recursive ones, which
 * do not depend on each other, and then what follows from them: then each finds the final levels of all that it depends on. */
typedef struct depth_order {
    const uint32_t *first; /* per component: where it stands in s->order */
    uint32_t *components;  /* by turns: recursive ones of a depth, others of that depth */
    uint32_t *turn;        /* where each turn ends */
    uint32_t turns;
} depth_order;

static bool order_by_depth(const search *s, const uint32_t *size, const uint32_t *depth, arena *memory, depth_order *o)
{
    uint32_t deepest = 0;
    for (uint32_t c = 1; c <= s->components; c++)
        deepest = depth[c] > deepest ? depth[c] : deepest;
    o->turns = 2 * deepest + 2;
    o->first = first_of_components(s, size, memory);
    o->components = sn_arena_take(memory, (s->components + 1) * sizeof *o->components);
    o->turn = sn_arena_take_zeroed(memory, (o->turns + 1) * sizeof *o->turn);
    if (!o->first || !o->components || !o->turn)
        return false;
    for (uint32_t c = 1; c <= s->components; c++)
        o->turn[2 * depth[c] + (size[c] < 2) + 1]++;
    for (uint32_t k = 1; k <= o->turns; k++)
        o->turn[k] += o->turn[k - 1];
    for (uint32_t c = 1; c <= s->components; c++)
        o->components[o->turn[2 * depth[c] + (size[c] < 2)]++] = c;
    return true;
}

static sinter_status set_alike_levels(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    depth_order o;
    uint16_t *level = sn_arena_take_zeroed(memory, out->bunches * sizeof *level);
    if (!level || !order_by_depth(s, size, out->depth, memory, &o))
        return SINTER_NO_MEMORY;
    sinter_status status = SINTER_OK;
    for (uint32_t turn = 0, k = 0; turn < o.turns; turn++) {
        const uint32_t from = k;
        for (; k < o.turn[turn] && !status; k++) {
            const uint32_t first = o.first[o.components[k]], alike = out->alike[s->order[first]];
            uint32_t end;
            const uint32_t least = least_level_of(g, s, first, &end, out);
            status = set_level(s, first, end, least, out);
            if (alike && !status && least > level[(alike - 1) / PLAN_MOST_ALIKE])
                level[(alike - 1) / PLAN_MOST_ALIKE] = (uint16_t)least;
        }
        for (uint32_t again = from; again < k && !status; again++) {
            const uint32_t first = o.first[o.components[again]], alike = out->alike[s->order[first]];
            if (alike)
                status = set_level(s, first, o.first[o.components[again] + 1], level[(alike - 1) / PLAN_MOST_ALIKE], out);
        }
    }
    return status;
}

/* ---- loops of recursive components, together ---- */

/* The earliest levels may put a component into a loop of its own although it could as well wait for another with which it has nothing to do: a filter at the
 * beginning, and an envelope that begins with a line's last element, which takes a loop in lanes to be there. Each is bound by the latency of its cycle, so one
 * loop takes hardly longer for both than for the slower. The latest levels that change nothing about the last loop are found backwards; a level that has a
 * recursive component which cannot wait is one that others may wait for. Any choice between the earliest and the latest level of each can be met, since what a
 * component depends on is no later than that component's latest level allows.
 *
 * All of a level wait together, for only its loop's end gains anything, and only while the past values of both loops find registers. On Zen 1, voices of a filter
 * and an envelope (two values each, one loop and two, ns): one 10.9 11.3, two 18.0 18.6, three 30 26.6, four 42 36. */
enum { MOST_TOGETHER = 9 };

typedef struct waiting {
    uint32_t *latest;  /* per component */
    uint32_t *target;  /* per level: the one that its recursive components wait for, which may be itself */
    uint32_t *nearest; /* per level: the last that is awaited up to there, or 0 */
    uint32_t *values;  /* per level: the past values that its recursive components keep, those that wait for it included */
    uint8_t *awaited;  /* per level: a recursive component is there that cannot be later */
} waiting;

/* The last level that is of a kind and not behind another. */
static uint32_t at_kind_before(uint32_t level, uint32_t kind)
{
    const uint32_t back = (PLAN_KINDS + level % PLAN_KINDS - kind) % PLAN_KINDS;
    return level < back ? 0 : level - back;
}

static void let_wait_until(const search *s, waiting *w, ir_ref r, uint32_t level)
{
    uint32_t *latest = &w->latest[s->component[r]];
    *latest = level < *latest ? level : *latest;
}

/* What least_level asks of the levels of an operation's dependencies, from behind. */
static void bound_dependencies(const graph *g, const search *s, const plan_levels *out, ir_ref r, waiting *w)
{
    const ir_op *op = &g->program->ops[r];
    const uint32_t component = s->component[r], latest = w->latest[component];
    if (op->code == IR_RESULT) {
        if (g->arguments.last[op->a])
            let_wait_until(s, w, g->arguments.last[op->a], latest - 1);
        return;
    }
    bool more = true;
    for (unsigned k = 0; more; k++) {
        const ir_ref to = dependency(g, r, k, &more);
        if (!is_made_elsewhere(s, g, to, component))
            continue;
        const bool through_line = k >= sn_ir_info[op->code].operands && is_read(op);
        const bool same_loop = out->kind[r] == PLAN_ONE && out->level[to] % PLAN_KINDS == PLAN_ONE;
        let_wait_until(s, w, to, latest - (through_line && !same_loop));
    }
}

static bool is_recursive(const uint32_t *size, const plan_levels *out, uint32_t component, ir_ref head)
{
    return size[component] > 1 && out->kind[head] == PLAN_ONE;
}

static void find_latest(const graph *g, const search *s, const uint32_t *size, const plan_levels *out, waiting *w)
{
    for (uint32_t c = 1; c <= s->components; c++)
        w->latest[c] = out->top;
    for (uint32_t end = s->ordered, first; end > 0; end = first) {
        const uint32_t component = s->component[s->order[end - 1]];
        first = end - size[component];
        const ir_ref head = s->order[first];
        /* effects that follow a value stay with it, so that their level's kind may be another than theirs */
        if (size[component] > 1 || sn_ir_info[g->program->ops[head].code].rule != IR_RULE_EFFECT)
            w->latest[component] = at_kind_before(w->latest[component], out->level[head] % PLAN_KINDS);
        if (w->latest[component] < out->level[head])
            w->latest[component] = out->level[head];
        for (uint32_t k = first; k < end; k++)
            bound_dependencies(g, s, out, s->order[k], w);
        if (is_recursive(size, out, component, head) && w->latest[component] == out->level[head])
            w->awaited[out->level[head]] = 1;
    }
}

static uint32_t kept_by(const graph *g, ir_ref r)
{
    const ir_op *op = &g->program->ops[r];
    return op->code == IR_WRITE && g->program->memories[op->b].length <= PLAN_HELD ? g->program->memories[op->b].length : 0;
}

/* The latest level that has what all of a level may wait for, if there are registers for both. */
static void find_targets(const graph *g, const search *s, const uint32_t *size, const plan_levels *out, waiting *w)
{
    for (uint32_t level = 1; level <= out->top; level++) {
        w->nearest[level] = w->awaited[level] ? level : w->nearest[level - 1];
        w->target[level] = out->top;
    }
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const uint32_t component = s->component[r], level = out->level[r], nearest = w->nearest[w->latest[component]];
        if (!is_recursive(size, out, component, r))
            continue;
        w->values[level] += kept_by(g, r);
        w->target[level] = nearest < w->target[level] ? nearest : w->target[level];
    }
    for (uint32_t level = 1; level <= out->top; level++) {
        const uint32_t target = w->target[level];
        if (w->awaited[level] || target <= level || w->values[level] + w->values[target] > MOST_TOGETHER)
            w->target[level] = level;
        else
            w->values[target] += w->values[level];
    }
}

static bool has_several_recursive_loops(const search *s, const uint32_t *size, const plan_levels *out)
{
    uint32_t level = 0;
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        if (!is_recursive(size, out, s->component[r], r))
            continue;
        if (level && out->level[r] != level)
            return true;
        level = out->level[r];
    }
    return false;
}

static sinter_status let_wait(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    if (!has_several_recursive_loops(s, size, out))
        return SINTER_OK;
    const uint32_t levels = out->top + 1;
    waiting w = {.latest = sn_arena_take(memory, (s->components + 1) * sizeof *w.latest),
                 .target = sn_arena_take_zeroed(memory, levels * sizeof *w.target),
                 .nearest = sn_arena_take_zeroed(memory, levels * sizeof *w.nearest),
                 .values = sn_arena_take_zeroed(memory, levels * sizeof *w.values),
                 .awaited = sn_arena_take_zeroed(memory, levels)};
    if (!w.latest || !w.target || !w.nearest || !w.values || !w.awaited)
        return SINTER_NO_MEMORY;
    find_latest(g, s, size, out, &w);
    find_targets(g, s, size, out, &w);
    sinter_status status = SINTER_OK;
    for (uint32_t first = 0, end; first < s->ordered && !status; first = end) {
        const ir_ref head = s->order[first];
        const uint32_t target = is_recursive(size, out, s->component[head], head) ? w.target[out->level[head]] : 0;
        const uint32_t least = least_level_of(g, s, first, &end, out), level = target > least ? target : least;
        status = set_level(s, first, end, level, out);
    }
    return status;
}

static sinter_status set_least_levels(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    if (out->bunches)
        return set_alike_levels(g, s, size, memory, out);
    sinter_status status = SINTER_OK;
    for (uint32_t first = 0, end; first < s->ordered && !status; first = end) {
        const uint32_t level = least_level_of(g, s, first, &end, out);
        status = set_level(s, first, end, level, out);
    }
    return status ? status : let_wait(g, s, size, memory, out);
}

/* ---- reads, where they are needed ---- */

/* What a line had so many elements ago is there as long as the chunk lasts, so whoever reads it may do so in a later loop than the first that could: the past of an echo,
 * which is needed behind the filter, is not copied through a buffer before it. Not in scalar loops: there it would be read one element at a time, in lanes before. */
static sinter_status let_reads_wait(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    const ir_op *ops = g->program->ops;
    uint16_t *needed = sn_arena_take(memory, g->program->count * sizeof *needed); /* the first level at which it is */
    if (!needed)
        return SINTER_NO_MEMORY;
    memset(needed, 0xFF, g->program->count * sizeof *needed);
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        for (unsigned i = 0; i < sn_ir_info[ops[r].code].operands; i++) {
            uint16_t *of = &needed[sn_ir_operand(&ops[r], i)];
            *of = out->level[r] < *of ? out->level[r] : *of;
        }
    }
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const ir_op *op = &ops[r];
        if (op->code == IR_READ && size[s->component[r]] < 2 && op->b > PLAN_HELD && needed[r] != UINT16_MAX && needed[r] > out->level[r]
            && needed[r] % PLAN_KINDS == PLAN_FREE && out->kind[r] == PLAN_FREE)
            out->level[r] = needed[r];
    }
    return SINTER_OK;
}

static sinter_status set_levels(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    const sinter_status status = set_least_levels(g, s, size, memory, out);
    return status ? status : let_reads_wait(g, s, size, memory, out);
}

static sinter_status name_cycles(const graph *g, const search *s, const uint32_t *size, arena *memory, plan_levels *out)
{
    out->cycle_name = sn_arena_take_zeroed(memory, (out->top + 2) * sizeof *out->cycle_name); /* outputs may be put off by a level */
    if (!out->cycle_name)
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < s->ordered; k++) {
        const ir_ref r = s->order[k];
        const ir_op *op = &g->program->ops[r];
        if (op->code == IR_WRITE && size[s->component[r]] > 1 && !out->cycle_name[out->level[r]])
            out->cycle_name[out->level[r]] = g->program->memories[op->b].name;
    }
    return SINTER_OK;
}

/* ---- scans ---- */

/* Per recursive component how many there are of its shape and depth, itself included, up to 255; 0: it is not to be looked at. */
static bool count_alike(const graph *g, const search *s, const uint32_t *size, const uint32_t *shortest, const uint32_t *depth, uint32_t cycles, uint8_t *alike,
                        arena *memory)
{
    shape_list shapes;
    if (!open_shapes(&shapes, g, s, size, depth, cycles, memory))
        return false;
    for (uint32_t c = 1; c <= s->components; c++)
        if (size[c] > 1 && shortest[c] < 8)
            shape_of(&shapes, c)->components++;
    for (uint32_t c = 1; c <= s->components; c++) {
        const uint32_t count = size[c] > 1 && shortest[c] < 8 ? shape_of(&shapes, c)->components : 0;
        alike[c] = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX);
    }
    return true;
}

static sinter_status find_scans(const graph *g, const search *s, const uint32_t *size, const uint32_t *shortest, arena *memory, plan_scans *scans)
{
    uint32_t cycles = 0;
    for (uint32_t c = 1; c <= s->components; c++)
        cycles += size[c] > 1 && shortest[c] < 8;
    if (!cycles)
        return SINTER_OK;
    const uint32_t *depth = find_depths(g, s, size, memory);
    uint8_t *alike = sn_arena_take_zeroed(memory, s->components + 1);
    const plan_components all = {.program = g->program, .live = g->live, .component = s->component, .count = s->components,
                                 .sorted = sort_by_component(g, s, size, memory), .first = first_of_components(s, size, memory), .depth = depth};
    if (!depth || !alike || !all.sorted || !all.first || !count_alike(g, s, size, shortest, depth, cycles, alike, memory))
        return SINTER_NO_MEMORY;
    return sn_plan_find_scans(&all, alike, memory, scans);
}

static bool open_search(search *s, uint32_t count, arena *memory)
{
    s->number = sn_arena_take(memory, count * sizeof *s->number);
    s->low = sn_arena_take(memory, count * sizeof *s->low);
    s->component = sn_arena_take(memory, count * sizeof *s->component);
    s->order = sn_arena_take(memory, count * sizeof *s->order);
    s->stack = sn_arena_take(memory, count * sizeof *s->stack);
    s->call = sn_arena_take(memory, count * sizeof *s->call);
    s->edge = sn_arena_take(memory, count);
    return s->number && s->low && s->component && s->order && s->stack && s->call && s->edge;
}

static ir_ref *find_writers(const ir_program *p, const uint8_t *live, arena *memory)
{
    ir_ref *writer = sn_arena_take_zeroed(memory, (p->memory_count + 1) * sizeof *writer);
    for (ir_ref r = 1; writer && r < p->count; r++)
        if (live[r] && p->ops[r].code == IR_WRITE)
            writer[p->ops[r].b] = r;
    return writer;
}

/* Fills g->reads and g->other. */
static bool chain_reads(graph *g, arena *memory)
{
    const ir_program *p = g->program;
    ir_ref *last = sn_arena_take_zeroed(memory, (p->memory_count + 1) * sizeof *last);
    ir_ref *other = sn_arena_take_zeroed(memory, p->count * sizeof *other);
    for (ir_ref r = 1; last && other && r < p->count; r++)
        if (g->live[r] && is_read(&p->ops[r]) && p->memories[line_of(&p->ops[r])].flush) {
            other[r] = last[line_of(&p->ops[r])];
            last[line_of(&p->ops[r])] = r;
        }
    g->reads = last;
    g->other = other;
    return last && other;
}

/* The chunk, and the components with edges cut for it; what the graph says in which none is. */
static sinter_status find_cut(graph *g, search *s, arena *memory, plan_levels *out)
{
    find_components(g, s);
    const uint32_t *size = component_sizes(s, memory);
    if (!size || !find_latency(g, s, size, memory, out) || !find_tail(g, s, size, memory, out))
        return SINTER_NO_MEMORY;
    g->cut = choose_chunk(g, s, size);
    return cut_for_calls(g, s) ? SINTER_OK : SINTER_BAD_PROGRAM;
}

sinter_status sn_plan_find_levels(const ir_program *p, const uint8_t *live, plan_scans *scans, bool find, arena *memory, plan_levels *out)
{
    *out = (plan_levels){.chunk = PLAN_CHUNK};
    if (find)
        *scans = (plan_scans){0};
    out->level = sn_arena_take_zeroed(memory, p->count * sizeof *out->level);
    out->kind = sn_arena_take_zeroed(memory, p->count);
    search s = {0};
    graph g = {.program = p, .live = live, .writer = find_writers(p, live, memory), .cut = NO_CUT};
    if (!out->level || !out->kind || !g.writer || !chain_reads(&g, memory) || !open_search(&s, p->count, memory)
        || !sn_ir_chain_arguments(p, memory, &g.arguments))
        return SINTER_NO_MEMORY;
    if (!find && scans && scans->count) {
        g.cut = scans->chunk;
        out->latency = scans->latency;
        out->tail = scans->tail;
        find_components(&g, &s);
    } else {
        const sinter_status status = find_cut(&g, &s, memory, out);
        if (status)
            return status;
    }
    out->chunk = g.cut;
    const uint32_t *size = component_sizes(&s, memory), *shortest = shortest_delays(&g, &s, memory);
    if (!size || !shortest)
        return SINTER_NO_MEMORY;
    if (find && g.cut >= PLAN_TICK && !p->cells && !p->total_count) {
        const sinter_status found = find_scans(&g, &s, size, shortest, memory, scans);
        scans->chunk = g.cut;
        scans->latency = out->latency;
        scans->tail = out->tail;
        if (found || scans->count)
            return found;
    }
    sinter_status status = choose_kinds(&g, &s, size, shortest, find ? NULL : scans, memory, out);
    if (!status)
        status = set_levels(&g, &s, size, memory, out);
    return status ? status : name_cycles(&g, &s, size, memory, out);
}
