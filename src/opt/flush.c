/* Denormals, infinities and cycles.
 *
 * A recurrence that decays ends in denormal numbers and stays there, where processors are many times slower.
 * So what comes back to itself is set to 0 while it is still far above them. And one that has become infinite or no number stays so
 * for ever: it is set to 0 in the same places, so that whatever blew up begins anew. That is part of the program's
 * meaning, seen by every engine alike, and so it happens here, in the IR.
 *
 * Where: at the write of each line that lies on a cycle, as a selection between v and 0 by |v|. A unit delay is
 * different: there the comparison and the selection would lengthen the very chain of operations that the loop
 * waits for, at every element, so the line is marked and the engines flush it at ticks, every 64th element.
 * That goes for a line that some cycle reads at the fixed delay 1; a varying delay that may be 1 counts as a
 * longer one. Lines on no cycle are left alone, and so are integers.
 *
 * A call of a function in C stands between loops, and what is flushed at ticks must be read and written in one. So a line is not left to ticks either
 * where a call stands between it and itself and no line that is flushed at its write does; nor is there a chain to keep short then, for on a cycle of
 * delay 1 the loops are left and entered at every element.
 *
 * How: the strongly connected components of the graph whose arcs lead from each operation to its operands and
 * from each read of a line to the value that will be written, and from each result of a call to its arguments (Tarjan, with a stack of its own). Each
 * operation is entered once and each arc is followed once, so the time is linear. A line lies on a cycle if
 * one of its reads is in one component with its value. */
#include "opt/flush.h"

#include <float.h>
#include <string.h>

typedef struct visit {
    ir_ref op;
    uint32_t arc; /* the next one to follow */
} visit;

typedef struct search {
    const ir_program *p;
    ir_ref *written;  /* per line: its value, 0 where it is not ours */
    ir_arguments arguments;
    ir_ref *ring;     /* NULL, or per read of a line: another read of the same, all in a ring */
    uint32_t *order;  /* 0: not reached yet */
    uint32_t *lowest; /* reachable on the stack; UINT32_MAX: its component is complete */
    uint32_t *component;
    ir_ref *open; /* stack of operations whose component is not complete */
    visit *path;
    uint32_t open_count, path_count, reached;
} search;

static uint32_t line_of(const ir_op *op)
{
    return op->code == IR_READ ? op->a : op->b;
}

/* The operation behind arc k, or 0. */
static ir_ref target(const search *s, ir_ref r, uint32_t k)
{
    const ir_op *op = &s->p->ops[r];
    const unsigned operands = sn_ir_info[op->code].operands;
    if (k < operands)
        return sn_ir_operand(op, k);
    switch (op->code) {
    case IR_READ: case IR_READV: return k > operands ? s->ring[r] : s->written[line_of(op)];
    case IR_RESULT: return s->arguments.last[op->a];
    case IR_ARGUMENT: return s->arguments.before[r];
    default: return 0;
    }
}

static uint32_t arcs(const search *s, ir_ref r)
{
    const ir_op *op = &s->p->ops[r];
    const uint32_t operands = sn_ir_info[op->code].operands;
    switch (op->code) {
    case IR_READ: case IR_READV: return operands + (s->ring ? 2 : 1);
    case IR_RESULT: case IR_ARGUMENT: return operands + 1;
    default: return operands;
    }
}

static void enter(search *s, ir_ref r)
{
    s->order[r] = s->lowest[r] = ++s->reached;
    s->open[s->open_count++] = r;
    s->path[s->path_count++] = (visit){r, 0};
}

static void leave(search *s, ir_ref r)
{
    s->path_count--;
    if (s->path_count > 0) {
        const ir_ref above = s->path[s->path_count - 1].op;
        if (s->lowest[r] < s->lowest[above])
            s->lowest[above] = s->lowest[r];
    }
    if (s->lowest[r] != s->order[r])
        return;
    ir_ref member;
    do {
        member = s->open[--s->open_count];
        s->component[member] = r;
        s->lowest[member] = UINT32_MAX;
    } while (member != r);
}

/* What is the same in all elements is on no cycle: mostly coefficients, of which there are many more than of anything else. */
static bool varies(const ir_op *op)
{
    return op->axes & IR_AXIS_ELEMENT || sn_ir_info[op->code].rule == IR_RULE_EFFECT;
}

static void explore(search *s, ir_ref start)
{
    if (s->order[start])
        return;
    enter(s, start);
    while (s->path_count > 0) {
        visit *at = &s->path[s->path_count - 1];
        if (at->arc == arcs(s, at->op)) {
            leave(s, at->op);
            continue;
        }
        const ir_ref to = target(s, at->op, at->arc++);
        if (!to || !varies(&s->p->ops[to]))
            continue;
        if (!s->order[to])
            enter(s, to);
        else if (s->lowest[to] != UINT32_MAX && s->order[to] < s->lowest[at->op])
            s->lowest[at->op] = s->order[to];
    }
}

enum { OFF_CYCLE, ON_CYCLE, ON_UNIT_CYCLE };

/* Of each line, how a cycle passes through it. */
static void classify(const search *s, uint8_t *kinds)
{
    for (ir_ref r = 1; r < s->p->count; r++) {
        const ir_op *op = &s->p->ops[r];
        if (op->code != IR_READ && op->code != IR_READV)
            continue;
        const uint32_t line = line_of(op);
        const ir_ref value = s->written[line];
        if (!value || !s->order[r] || s->component[r] != s->component[value])
            continue;
        const uint8_t kind = op->code == IR_READ && op->b == 1 ? ON_UNIT_CYCLE : ON_CYCLE;
        if (kind > kinds[line])
            kinds[line] = kind;
    }
}

/* Magnitudes of f32 are ordered as their bits are: those that stay are a run of integers, which one comparison finds when it is moved down to
 * the least one. (Two comparisons cost a comb filter 12 % on Zen 1, this 3 %.) */
static ir_ref stays_f32(ir_program *p, ir_ref magnitude)
{
    const float least = 1e-30f, most = FLT_MAX;
    uint32_t low, high;
    memcpy(&low, &least, 4);
    memcpy(&high, &most, 4);
    const ir_ref bits = sn_ir_emit(p, IR_BITS, IR_I32, magnitude, 0, 0);
    const ir_ref moved = sn_ir_emit(p, IR_ADD, IR_I32, bits, sn_ir_i32(p, (int32_t)(0x80000000u - low)), 0);
    return sn_ir_emit(p, IR_LT, IR_MASK, moved, sn_ir_i32(p, (int32_t)(0x80000000u + (high - low) + 1)), 0);
}

static ir_ref stays_f64(ir_program *p, ir_ref magnitude)
{
    return sn_ir_emit(p, IR_AND, IR_MASK, sn_ir_emit(p, IR_LE, IR_MASK, sn_ir_f64(p, 1e-250), magnitude, 0),
                      sn_ir_emit(p, IR_LE, IR_MASK, magnitude, sn_ir_f64(p, DBL_MAX), 0), 0);
}

static ir_ref flushed(ir_program *p, ir_ref value)
{
    const ir_type type = (ir_type)p->ops[value].type;
    const ir_ref magnitude = sn_ir_emit(p, IR_ABS, type, value, 0, 0);
    const ir_ref stays = type == IR_F64 ? stays_f64(p, magnitude) : stays_f32(p, magnitude); /* no NaN does */
    return sn_ir_emit(p, IR_SELECT, type, stays, value, sn_ir_number(p, type, 0));
}

/* Only lines that would be left to ticks lead anywhere now. All of the line must be seen in one loop then: its reads belong together. */
static bool keep_unit_lines(search *s, arena *scratch, const uint8_t *kinds)
{
    const ir_program *p = s->p;
    ir_ref *first = sn_arena_take_zeroed(scratch, ((size_t)p->memory_count + 1) * sizeof *first), *last;
    last = sn_arena_take_zeroed(scratch, ((size_t)p->memory_count + 1) * sizeof *last);
    s->ring = sn_arena_take_zeroed(scratch, p->count * sizeof *s->ring);
    if (!first || !last || !s->ring)
        return false;
    for (uint32_t k = 0; k < p->memory_count; k++)
        s->written[k] = kinds[k] == ON_UNIT_CYCLE ? s->written[k] : 0;
    for (ir_ref r = 1; r < p->count; r++) {
        if ((p->ops[r].code != IR_READ && p->ops[r].code != IR_READV) || !s->written[line_of(&p->ops[r])])
            continue;
        const uint32_t k = line_of(&p->ops[r]);
        first[k] = first[k] ? first[k] : r;
        s->ring[r] = last[k];
        last[k] = r;
    }
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (first[k])
            s->ring[first[k]] = last[k];
    memset(s->order, 0, p->count * sizeof *s->order);
    s->reached = 0;
    return true;
}

/* Lines between whose read and whose write a call stands, with no longer line on the way, are not left to ticks. */
static bool part_from_calls(search *s, arena *scratch, uint8_t *kinds)
{
    const ir_program *p = s->p;
    uint8_t *called = sn_arena_take_zeroed(scratch, p->count); /* by component: a call is on a cycle of it */
    if (!called || !keep_unit_lines(s, scratch, kinds))
        return false;
    for (ir_ref r = 1; r < p->count; r++)
        explore(s, r);
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_ref argument = p->ops[r].code == IR_RESULT ? s->arguments.last[p->ops[r].a] : 0;
        if (argument && s->component[argument] == s->component[r])
            called[s->component[r]] = 1;
    }
    for (ir_ref r = 1; r < p->count; r++)
        if (s->ring[r] && called[s->component[r]])
            kinds[line_of(&p->ops[r])] = ON_CYCLE;
    return true;
}

/* Fills `kinds`; false when memory is refused. */
static bool find_cycles(ir_program *p, arena *scratch, const opt_line_write *writes, uint32_t count,
                        uint8_t *kinds)
{
    const size_t size = p->count * sizeof(uint32_t);
    search s = {.p = p};
    s.written = sn_arena_take_zeroed(scratch, ((size_t)p->memory_count + 1) * sizeof *s.written);
    s.order = sn_arena_take_zeroed(scratch, size);
    s.lowest = sn_arena_take(scratch, size);
    s.component = sn_arena_take(scratch, size);
    s.open = sn_arena_take(scratch, size);
    s.path = sn_arena_take(scratch, p->count * sizeof *s.path);
    if (!s.written || !s.order || !s.lowest || !s.component || !s.open || !s.path || !sn_ir_chain_arguments(p, scratch, &s.arguments))
        return false;
    for (uint32_t k = 0; k < count; k++)
        s.written[writes[k].line] = writes[k].value;
    for (uint32_t k = 0; k < count; k++)
        if (writes[k].value)
            explore(&s, writes[k].value);
    classify(&s, kinds);
    return !p->call_count || part_from_calls(&s, scratch, kinds);
}

void sn_opt_write_lines(ir_program *p, arena *scratch, const opt_line_write *writes, uint32_t count)
{
    if (count == 0 || p->status != SINTER_OK)
        return;
    uint8_t *kinds = sn_arena_take_zeroed(scratch, (size_t)p->memory_count + 1);
    if (!kinds || !find_cycles(p, scratch, writes, count, kinds)) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        ir_memory *line = &p->memories[writes[k].line];
        ir_ref value = writes[k].value;
        if (line->type == IR_F32 || line->type == IR_F64) {
            if (kinds[writes[k].line] == ON_UNIT_CYCLE)
                line->flush = 1;
            else if (kinds[writes[k].line] == ON_CYCLE)
                value = flushed(p, value);
        }
        sn_ir_emit(p, IR_WRITE, IR_VOID, value, writes[k].line, 0);
    }
}
