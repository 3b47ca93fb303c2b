/* Components that are alike and stand side by side: bunches, which run one component a lane.
 *
 * Purpose: a recursive component takes one element after the other, so of a vector it can use one lane. Where a program has the same component several
 * times over (the filters of sixteen voices, the dampers of eight combs), the lanes can be those. A bunch is made of components that
 *
 *   are of one shape: the same operations in the same order, each operand corresponding, each delay the same. Constants and what varies by segment may differ, so
 *   that a filter's coefficients do; but where two operands are one value from outside, and no constant, they are that in all;
 *   stand side by side: as many recursive components in a row lead to each, itself included, so that none can depend on another;
 *   keep their state in lines that nobody else reads, short enough to be held, and touch nothing that is not in lanes (no varying delay, no position);
 *   have not so much to read and to keep that it would not go through the stack;
 *   are enough for it to pay: what is read and written has to be turned from an element a lane into a component a lane, and back.
 *
 * Each bunch is a loop of its own (PLAN_ALIKE), with what follows from it (followers.c). Its body is made slice by slice (body.c), a component a slice, so that engines which know nothing of it run it
 * as any other scalar loop. The state stays where it was: each component's lines are its own.
 *
 * How: a component's signature is its operations as words, with its own operands by their places in it, lines and what comes from outside by the order in which they
 * appear. Equal signatures are found by sorting hashes, and compared word by word. Why it ends: three walks over the operations and a sort; a program with fewer
 * than LEAST recursive components takes none of them. */
#include "plan/plan.h"

#include <string.h>

enum { LEAST = 2, WORDS = 5 /* of a signature, an operation at most */ };
enum { MOST_VALUES = 128 }; /* of a component: vectors of all of them, and of PLAN_MOST_STREAMS streams four, lie on the stack, 48 KiB together for 16 components */

typedef struct candidate {
    uint64_t hash;
    uint32_t component, depth;
    uint32_t words, word_count; /* its signature */
    uint32_t uniforms;          /* that come from outside */
    plan_alike_work work;
} candidate;

typedef struct finder {
    const plan_components *c;
    const ir_op *ops;
    uint32_t *words, word_count;
    uint32_t *place;   /* per operation of the component that is looked at: its place in it; of what comes from outside its number */
    uint32_t *seen_by; /* per operation: the last component that had it from outside */
    uint32_t *line, *line_seen_by; /* the same of memory objects */
    uint32_t *readers; /* per memory object: the component of all its reads; 0: there are none; MIXED */
    uint8_t *leaves;   /* per operation: something outside of its component reads it */
    uint32_t *when;    /* per operation: cycles from the state to its value */
    candidate *all;
    uint32_t count;
    plan_bunch *bunches;
    const ir_ref **heads; /* of their components, bunch after bunch: the first operation */
} finder;

#define MIXED UINT32_MAX

/* One by one, three slots take two cycles, and of the values of lines, which are read and written at each element, no more than IN_REGISTERS find registers. Side
 * by side, streams are turned, which takes three quarters of a cycle an element and stream. After measurements on Zen 1 at 3 GHz, whose 256-bit vectors are two
 * halves, of so many filters in a row, in ns an element, one by one and side by side:
 *
 *              4              5              8              12             16
 *   svf        9.3            15.5   12.3    26     12.4    49     20.5    69     22.8
 *   lowpass1   3.5            4.1            7.6            21     12.3    31     14
 *   lowpass    8.9            12.1   12.5    26     13      41     19      58     25
 *   adsr       18             22     17      43     23      66     37      92     41 */
plan_alike_cost sn_plan_cost_of_alike(const plan_alike_work *each, unsigned count, unsigned lanes)
{
    enum { IN_REGISTERS = 9 };
    const unsigned vectors = (count + lanes - 1) / lanes, moved = count * each->values > IN_REGISTERS ? 2 * each->values : 0;
    const unsigned one = count * (each->slots + each->streams + moved) * 2 / 3, side = vectors * (each->slots + each->streams) / 2 + 2;
    const unsigned longest = each->latency + 2;
    return (plan_alike_cost){one > each->latency ? one : each->latency, (side > longest ? side : longest) + count * each->streams * 3 / 4};
}

static bool is_inside(const finder *f, ir_ref r, uint32_t component)
{
    return f->c->component[r] == component;
}

/* ---- what a component may be ---- */

static bool may_come_in(const ir_op *op)
{
    return op->code != IR_INDEX && op->code != IR_COLUMN && op->code != IR_ROW;
}

static bool is_line_of(const finder *f, uint32_t memory, uint32_t component)
{
    const ir_memory *m = &f->c->program->memories[memory];
    return m->kind == IR_LINE && m->length <= PLAN_HELD && f->readers[memory] == component;
}

static bool may_be_inside(const finder *f, const ir_op *op, uint32_t component)
{
    if (op->code == IR_READ)
        return is_line_of(f, op->a, component);
    if (op->code == IR_WRITE)
        return is_line_of(f, op->b, component);
    if (op->code == IR_LOAD)
        return f->c->program->memories[op->b].kind != IR_CELLS;
    return sn_ir_info[op->code].kind == IR_KIND_PURE && op->code != IR_GUARD;
}

/* ---- signatures ---- */

static void add_word(finder *f, candidate *made, uint32_t word)
{
    f->words[f->word_count++] = word;
    made->hash = (made->hash ^ word) * 0x9E3779B97F4A7C15u;
    made->hash ^= made->hash >> 29;
}

static uint32_t line_number(finder *f, candidate *made, uint32_t memory, uint32_t *lines)
{
    if (f->line_seen_by[memory] != made->component) {
        f->line_seen_by[memory] = made->component;
        f->line[memory] = (*lines)++;
        made->work.values += f->c->program->memories[memory].length;
    }
    return f->line[memory];
}

static void add_line(finder *f, candidate *made, uint32_t memory, uint32_t *lines)
{
    const ir_memory *m = &f->c->program->memories[memory];
    add_word(f, made, line_number(f, made, memory, lines) << 16 | m->length << 8 | (uint32_t)m->flush << 7 | m->type);
}

/* Of what comes from outside the signature has which one it is, in order of appearance, and whether it varies by element; of a constant nothing but its type. */
static void add_from_outside(finder *f, candidate *made, ir_ref r, uint32_t *outside)
{
    const ir_op *op = &f->ops[r];
    if (op->code == IR_CONST) {
        made->work.widest = op->type == IR_F64 ? 8 : made->work.widest;
        add_word(f, made, 0x80000000u | op->type);
        return;
    }
    const bool varies = op->axes & IR_AXIS_ELEMENT;
    if (f->seen_by[r] != made->component) {
        f->seen_by[r] = made->component;
        f->place[r] = (*outside)++;
        made->work.streams += varies;
        made->uniforms += !varies;
        made->work.widest = op->type == IR_F64 ? 8 : made->work.widest;
    }
    const unsigned from = !varies ? 1u : op->code == IR_INPUT ? 2u : 3u;
    add_word(f, made, 0x80000000u | f->place[r] << 8 | from << 4 | op->type);
}

/* Adds an operation to the signature and the costs; false where the component cannot be one of a bunch. */
static bool add_operation(finder *f, candidate *made, ir_ref r, uint32_t *outside, uint32_t *lines)
{
    const ir_op *op = &f->ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    const plan_cost cost = sn_plan_cost_of(op->code);
    uint32_t when = op->code == IR_READ ? 1 : 0;
    if (!may_be_inside(f, op, made->component))
        return false;
    add_word(f, made, (uint32_t)op->code | (uint32_t)op->type << 8 | (uint32_t)op->flags << 16);
    for (unsigned k = 0; k < info->operands; k++) {
        const ir_ref operand = sn_ir_operand(op, k);
        if (!is_inside(f, operand, made->component)) {
            if (!may_come_in(&f->ops[operand]))
                return false;
            add_from_outside(f, made, operand, outside);
            continue;
        }
        add_word(f, made, f->place[operand]);
        when = f->when[operand] > when ? f->when[operand] : when;
    }
    if (op->code == IR_READ || op->code == IR_WRITE)
        add_line(f, made, op->code == IR_READ ? op->a : op->b, lines);
    if (op->code == IR_READ || op->code == IR_LOAD)
        add_word(f, made, op->b);
    const bool is_work = info->rule != IR_RULE_EFFECT && op->code != IR_READ;
    f->when[r] = when ? when + (is_work ? cost.latency : 0) : 0;
    made->work.latency = f->when[r] > made->work.latency ? f->when[r] : made->work.latency;
    made->work.slots += is_work ? cost.slots : 0;
    made->work.streams += f->leaves[r];
    made->work.widest = op->type == IR_F64 ? 8 : made->work.widest;
    return true;
}

static void look_at(finder *f, uint32_t component)
{
    const uint32_t first = f->c->first[component], end = f->c->first[component + 1];
    candidate *made = &f->all[f->count];
    uint32_t outside = 0, lines = 0;
    *made = (candidate){.component = component, .depth = f->c->depth[component], .words = f->word_count, .work.widest = 4};
    for (uint32_t k = first; k < end; k++)
        f->place[f->c->sorted[k]] = k - first;
    for (uint32_t k = first; k < end; k++)
        if (!add_operation(f, made, f->c->sorted[k], &outside, &lines)) {
            f->word_count = made->words;
            return;
        }
    made->word_count = f->word_count - made->words;
    f->count += made->work.streams <= PLAN_MOST_STREAMS && made->work.values + made->uniforms <= MOST_VALUES;
}

/* ---- bunches ---- */

static bool is_before(const candidate *a, const candidate *b)
{
    if (a->depth != b->depth)
        return a->depth < b->depth;
    return a->hash != b->hash ? a->hash < b->hash : a->component < b->component;
}

static void sift_down(candidate *heap, uint32_t root, uint32_t count)
{
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        child += child + 1 < count && is_before(&heap[child], &heap[child + 1]);
        if (!is_before(&heap[root], &heap[child]))
            return;
        const candidate lesser = heap[root];
        heap[root] = heap[child];
        heap[child] = lesser;
    }
}

/* By hand: the C library's qsort takes heap that is not the caller's. */
static void sort(candidate *all, uint32_t count)
{
    for (uint32_t k = count / 2; k-- > 0;)
        sift_down(all, k, count);
    for (uint32_t end = count; end-- > 1;) {
        const candidate last = all[end];
        all[end] = all[0];
        all[0] = last;
        sift_down(all, 0, end);
    }
}

static bool are_alike(const finder *f, const candidate *a, const candidate *b)
{
    return a->depth == b->depth && a->hash == b->hash && a->word_count == b->word_count
           && !memcmp(f->words + a->words, f->words + b->words, a->word_count * sizeof *f->words);
}

static bool pays(const candidate *one, uint32_t count)
{
    const plan_alike_cost cost = sn_plan_cost_of_alike(&one->work, count, 32 / one->work.widest);
    return cost.side_by_side * 5 <= cost.one_by_one * 4;
}

static void make_bunch(finder *f, const candidate *members, uint32_t count, plan_levels *out)
{
    const uint32_t component = members->component;
    f->bunches[out->bunches++] = (plan_bunch){.components = f->heads, .slices = count, .size = f->c->first[component + 1] - f->c->first[component],
                                              .depth = members->depth, .widest = members->work.widest, .values = members->work.values,
                                              .streams = members->work.streams};
    for (uint32_t slice = 0; slice < count; slice++)
        *f->heads++ = f->c->sorted + f->c->first[members[slice].component];
}

/* Of a run of alike components as many full bunches as there are, and one of what is left, where it pays. */
static void make_bunches(finder *f, const candidate *run, uint32_t count, plan_levels *out)
{
    const uint32_t most = PLAN_MOST_ALIKE * 4 / run->work.widest;
    for (uint32_t done = 0, n; done < count; done += n) {
        n = count - done < most ? count - done : most;
        if (pays(run, n))
            make_bunch(f, run + done, n, out);
    }
}

/* ---- what is asked of the whole program ---- */

static void find_readers(finder *f)
{
    const plan_components *c = f->c;
    for (ir_ref r = 1; r < c->program->count; r++) {
        const ir_op *op = &f->ops[r];
        if (!c->live[r] || !(op->axes & IR_AXIS_ELEMENT || sn_ir_info[op->code].rule == IR_RULE_EFFECT))
            continue;
        if (op->code == IR_READ || op->code == IR_READV) {
            uint32_t *readers = &f->readers[op->code == IR_READ ? op->a : op->b];
            *readers = op->code == IR_READV || (*readers && *readers != c->component[r]) ? MIXED : c->component[r];
        }
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            if (c->component[sn_ir_operand(op, k)] != c->component[r])
                f->leaves[sn_ir_operand(op, k)] = 1;
    }
}

static bool open_finder(finder *f, uint32_t candidates, uint32_t operations, arena *memory)
{
    const uint32_t count = f->c->program->count, memories = f->c->program->memory_count + 1;
    f->words = sn_arena_take(memory, (size_t)operations * WORDS * sizeof *f->words);
    f->place = sn_arena_take(memory, count * sizeof *f->place);
    f->seen_by = sn_arena_take_zeroed(memory, count * sizeof *f->seen_by);
    f->line = sn_arena_take(memory, memories * sizeof *f->line);
    f->line_seen_by = sn_arena_take_zeroed(memory, memories * sizeof *f->line_seen_by);
    f->readers = sn_arena_take_zeroed(memory, memories * sizeof *f->readers);
    f->leaves = sn_arena_take_zeroed(memory, count);
    f->when = sn_arena_take(memory, count * sizeof *f->when);
    f->all = sn_arena_take(memory, candidates * sizeof *f->all);
    f->bunches = sn_arena_take(memory, candidates * sizeof *f->bunches);
    f->heads = sn_arena_take(memory, candidates * sizeof *f->heads);
    return f->words && f->place && f->seen_by && f->line && f->line_seen_by && f->readers && f->leaves && f->when && f->all && f->bunches && f->heads;
}

static bool is_candidate(const plan_components *c, const plan_levels *out, uint32_t component)
{
    return c->first[component + 1] - c->first[component] > 1 && out->kind[c->sorted[c->first[component]]] == PLAN_ONE;
}

sinter_status sn_plan_find_alike(const plan_components *c, arena *memory, plan_levels *out)
{
    finder f = {.c = c, .ops = c->program->ops};
    uint32_t candidates = 0, operations = 0;
    for (uint32_t k = 1; k <= c->count; k++)
        if (is_candidate(c, out, k)) {
            candidates++;
            operations += c->first[k + 1] - c->first[k];
        }
    if (candidates < LEAST)
        return SINTER_OK;
    out->alike = sn_arena_take_zeroed(memory, c->program->count * sizeof *out->alike);
    if (!out->alike || !open_finder(&f, candidates, operations, memory))
        return SINTER_NO_MEMORY;
    find_readers(&f);
    for (uint32_t k = 1; k <= c->count; k++)
        if (is_candidate(c, out, k))
            look_at(&f, k);
    sort(f.all, f.count);
    for (uint32_t first = 0, end; first < f.count; first = end) {
        for (end = first + 1; end < f.count && are_alike(&f, &f.all[first], &f.all[end]); end++)
            ;
        make_bunches(&f, &f.all[first], end - first, out);
    }
    if (!out->bunches)
        out->alike = NULL;
    return out->bunches ? sn_plan_find_followers(c, f.bunches, memory, out) : SINTER_OK;
}
