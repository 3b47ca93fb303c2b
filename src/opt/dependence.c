/* What a gradient has to touch.
 *
 * Purpose: an operation takes part where a variable reaches it and it reaches a result, both along operands through which derivatives
 * pass; everything else keeps its derivative 0 unwritten. Operands stand before their users, so where no value goes through a memory
 * object a walk forwards and one backwards find that. Recurrences make the graph of values and memory objects cyclic: then two searches through
 * it, each edge once. Another walk marks which variables reach what. Of values that come out of a delay line
 * that takes part all variables are said, which is right, only perhaps more than need be. Linear time; 64 variables a walk. */
#include "opt/gradient.h"

#include <string.h>

/* The operands, a bit each, through which derivatives pass: by the operation, where nothing else has a say. */
#define ALL(operands) ((1u << (operands)) - 1)
#define PASSES(NAME, operands, rule)                                                                                                        \
    (rule == IR_RULE_LEAF || rule == IR_RULE_COMPARE || rule == IR_RULE_LOAD || rule == IR_RULE_READ ? 0                                     \
     : rule == IR_RULE_CHOOSE ? 6                                                                                                           \
     : rule == IR_RULE_EFFECT || rule == IR_RULE_LOGIC || rule == IR_RULE_CONVERT || rule == IR_RULE_PREPARED ? ALL(operands)             \
     : IR_##NAME >= IR_FLOOR && IR_##NAME <= IR_TRUNC ? 0 : IR_##NAME == IR_COPYSIGN ? 1 : ALL(operands))
static const uint8_t passing[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) [IR_##NAME] = PASSES(NAME, operands, IR_RULE_##rule),
    SINTER_OPERATIONS(X)
#undef X
};

/* Conversions and effects have it looked at more closely; all others are told without a branch, which would be anybody's guess. */
static const uint8_t is_special[IR_CODES] = {[IR_CVT] = 1, [IR_STORE] = 1, [IR_OUTPUT] = 1};

static unsigned carrying_of(const ir_program *p, const ir_op *op)
{
    _Static_assert(IR_FLAG_FORMS == 1 << 2, "of forms the second has the slopes: bit 2 alone");
    if (is_special[op->code])
        return op->code == IR_STORE ? 2 : op->code == IR_OUTPUT ? p->ops[op->a].type != IR_I32 : op->type != IR_I32 && p->ops[op->a].type != IR_I32;
    return op->type == IR_MASK ? 0 : passing[op->code] & ~((op->flags & IR_FLAG_FORMS) >> 1);
}

static bool is_result(const ir_program *p, const ir_op *op)
{
    return op->code == IR_SUM || op->code == IR_SUMP || (op->code == IR_OUTPUT && p->ops[op->a].type != IR_I32);
}

/* ---- where operands are all that leads from value to value ---- */

static bool is_straight(const ir_program *p)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind == IR_LINE || p->memories[k].kind == IR_CELLS)
            return false;
    return true;
}

/* Where an operand does not carry, operation 0 is looked at in its stead, which is never concerned; no branch asks. */
static inline ir_ref carried(const ir_op *op, unsigned through, unsigned k)
{
    return sn_ir_operand(op, k) & (0 - (through >> k & 1));
}

static void mark_straight(opt_dependence *d, uint8_t *reaching)
{
    const ir_program *p = d->in;
    const ir_op *ops = p->ops; /* marks are bytes, which may be anything to the compiler: it would load these again after each */
    uint8_t *concerned = d->concerned;
    const uint8_t *carrying = d->carrying;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &ops[r];
        const unsigned through = carrying[r];
        concerned[r] = concerned[carried(op, through, 0)] | concerned[carried(op, through, 1)] | concerned[carried(op, through, 2)]
                       | (sn_opt_variable(d, op) != 0);
    }
    for (ir_ref r = p->count - 1; r > 0; r--) {
        const ir_op *op = &ops[r];
        const unsigned through = carrying[r], part = concerned[r] & (reaching[r] | is_result(p, op));
        concerned[r] = (uint8_t)part;
        for (unsigned k = 0; k < 3; k++)
            reaching[carried(op, through, k)] |= (uint8_t)part;
    }
}

/* The same where derivatives of some values are known: these depend on what they are of, and on nothing else, whatever they are made of. */
static void mark_knowing(opt_dependence *d, uint8_t *reaching)
{
    const ir_program *p = d->in;
    uint8_t *concerned = d->concerned;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        concerned[r] = sn_opt_variable(d, op) != 0;
        for (unsigned k = 0; k < 3; k++)
            concerned[r] |= concerned[carried(op, d->carrying[r], k)];
        for (uint32_t k = 0; d->known[r] && k < d->known[r]->count; k++)
            concerned[r] |= d->known[r]->slopes[k] ? concerned[d->known[r]->arguments[k]] : 0;
    }
    for (ir_ref r = p->count - 1; r > 0; r--) {
        const ir_op *op = &p->ops[r];
        concerned[r] = (uint8_t)(concerned[r] & (reaching[r] | is_result(p, op)));
        for (unsigned k = 0; k < 3; k++)
            reaching[carried(op, d->carrying[r], k)] |= concerned[r];
        for (uint32_t k = 0; d->known[r] && k < d->known[r]->count; k++)
            reaching[d->known[r]->arguments[k]] |= d->known[r]->slopes[k] ? concerned[r] : 0;
    }
}

static bool find_known(opt_dependence *d, arena *memory)
{
    const ir_program *p = d->in;
    if (!p->slope_count)
        return true;
    d->known = sn_arena_take_zeroed(memory, p->count * sizeof(void *));
    for (uint32_t k = 0; d->known && k < p->slope_count; k++) {
        d->known[p->slopes[k].value] = &p->slopes[k];
        d->carrying[p->slopes[k].value] = 0;
    }
    return d->known != NULL;
}

/* ---- the graph: values, then memory objects ---- */

typedef struct graph {
    uint32_t *start, *to; /* the edges of node k: to[start[k]] … to[start[k + 1] − 1] */
    uint32_t nodes;
} graph;

typedef void (*edge_visitor)(graph *g, uint32_t from, uint32_t to);

static void count_edge(graph *g, uint32_t from, uint32_t to)
{
    (void)to;
    g->start[from]++;
}

/* Filled from its end, so that `start` stands where it should when all are placed. */
static void place_edge(graph *g, uint32_t from, uint32_t to)
{
    g->to[--g->start[from]] = to;
}

static void visit_edge(graph *g, bool backwards, edge_visitor visit, uint32_t from, uint32_t to)
{
    if (backwards)
        visit(g, to, from);
    else
        visit(g, from, to);
}

static void visit_edges(const opt_dependence *d, graph *g, bool backwards, edge_visitor visit)
{
    const ir_program *p = d->in;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        const unsigned carrying = d->carrying[r];
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            if (carrying >> k & 1)
                visit_edge(g, backwards, visit, sn_ir_operand(op, k), r);
        if (op->code == IR_WRITE || op->code == IR_STORE)
            visit_edge(g, backwards, visit, r, p->count + (op->code == IR_WRITE ? op->b : op->c));
        else if (op->code == IR_READ || op->code == IR_READV || (op->code == IR_LOAD && p->memories[op->b].kind == IR_CELLS))
            visit_edge(g, backwards, visit, p->count + (op->code == IR_READ ? op->a : op->b), r);
    }
}

static bool build(const opt_dependence *d, graph *g, bool backwards, arena *memory)
{
    const ir_program *p = d->in;
    g->nodes = p->count + p->memory_count;
    g->start = sn_arena_take_zeroed(memory, (g->nodes + 1) * sizeof *g->start);
    if (!g->start)
        return false;
    visit_edges(d, g, backwards, count_edge);
    for (uint32_t k = 1; k <= g->nodes; k++) /* where the edges of k end */
        g->start[k] += g->start[k - 1];
    g->to = sn_arena_take(memory, (g->start[g->nodes] + 1) * sizeof *g->to);
    if (!g->to)
        return false;
    visit_edges(d, g, backwards, place_edge);
    return true;
}

/* Marks everything that can be reached from the `depth` nodes on the stack, which are marked already. */
static void search(const graph *g, uint8_t *marked, uint32_t *stack, uint32_t depth)
{
    while (depth) {
        const uint32_t k = stack[--depth];
        for (uint32_t e = g->start[k]; e < g->start[k + 1]; e++)
            if (!marked[g->to[e]]) {
                marked[g->to[e]] = 1;
                stack[depth++] = g->to[e];
            }
    }
}

/* Marks what the variables reach, or what reaches a result. */
static uint8_t *mark(const opt_dependence *d, bool backwards, arena *memory)
{
    const ir_program *p = d->in;
    graph g;
    if (!build(d, &g, backwards, memory))
        return NULL;
    uint8_t *marked = sn_arena_take_zeroed(memory, g.nodes + 1);
    uint32_t *stack = sn_arena_take(memory, (g.nodes + 1) * sizeof *stack), depth = 0;
    if (!marked || !stack)
        return NULL;
    for (ir_ref r = 1; r < p->count; r++)
        if (backwards ? is_result(p, &p->ops[r]) : sn_opt_variable(d, &p->ops[r]) != 0) {
            marked[r] = 1;
            stack[depth++] = r;
        }
    search(&g, marked, stack, depth);
    return marked;
}

bool sn_opt_find_dependence(opt_dependence *d, uint32_t count, arena *memory)
{
    const ir_program *p = d->in;
    d->of_input = sn_arena_take_zeroed(memory, (p->input_count + 1) * sizeof *d->of_input);
    d->of_param = sn_arena_take_zeroed(memory, (p->param_count + 1) * sizeof *d->of_param);
    d->on = sn_arena_take_zeroed(memory, p->count * sizeof *d->on);
    d->carrying = sn_arena_take(memory, p->count);
    if (!d->of_input || !d->of_param || !d->on || !d->carrying)
        return false;
    for (ir_ref r = 0; r < p->count; r++)
        d->carrying[r] = (uint8_t)carrying_of(p, &p->ops[r]);
    if (!find_known(d, memory))
        return false;
    for (uint32_t v = 0; v < count; v++)
        if (d->variables[v].code != IR_NONE)
            (d->variables[v].code == IR_INPUT ? d->of_input : d->of_param)[d->variables[v].number] = v + 1;
    if (is_straight(p)) {
        d->concerned = sn_arena_take_zeroed(memory, p->count + p->memory_count);
        uint8_t *reaching = sn_arena_take_zeroed(memory, p->count);
        if (d->concerned && reaching && d->known)
            mark_knowing(d, reaching);
        else if (d->concerned && reaching)
            mark_straight(d, reaching);
        return d->concerned && reaching;
    }
    d->concerned = mark(d, false, memory);
    const uint8_t *reaching = mark(d, true, memory);
    if (!d->concerned || !reaching)
        return false;
    for (uint32_t k = 0; k < p->count + p->memory_count; k++)
        d->concerned[k] &= reaching[k];
    return true;
}

/* ---- in detail ---- */

static uint64_t of_operands(const opt_dependence *d, ir_ref r)
{
    const ir_op *op = &d->in->ops[r];
    const unsigned carrying = d->carrying[r];
    uint64_t on = 0;
    for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
        on |= carrying >> k & 1 ? d->on[sn_ir_operand(op, k)] : 0;
    return on;
}

uint64_t sn_opt_depend_on(opt_dependence *d, uint32_t first, uint32_t count)
{
    const ir_program *p = d->in;
    const uint64_t all = count < 64 ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
    uint64_t pairs = 0;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        const uint32_t v = sn_opt_variable(d, op);
        d->on[r] = 0;
        if (!d->concerned[r])
            continue;
        if (v)
            d->on[r] = v > first && v - first <= count ? (uint64_t)1 << (v - 1 - first) : 0;
        else
            d->on[r] = sn_ir_info[op->code].rule == IR_RULE_READ ? all : of_operands(d, r);
        pairs += (uint64_t)__builtin_popcountll(d->on[r]);
    }
    return pairs;
}

uint64_t sn_opt_count_results(const opt_dependence *d, const ir_ref *results, uint32_t count, arena *memory)
{
    const ir_program *p = d->in;
    uint64_t *in_results = sn_arena_take_zeroed(memory, p->count * sizeof *in_results), pairs = 0;
    if (!in_results)
        return 0;
    for (uint32_t k = 0; k < count; k++)
        in_results[results[k]] |= (uint64_t)1 << k;
    for (ir_ref r = p->count - 1; r > 0; r--) {
        if (!in_results[r] || !d->concerned[r])
            continue;
        const ir_op *op = &p->ops[r];
        const unsigned carrying = d->carrying[r];
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            if (carrying >> k & 1)
                in_results[sn_ir_operand(op, k)] |= in_results[r];
        pairs += (uint64_t)__builtin_popcountll(in_results[r]);
    }
    return pairs;
}
