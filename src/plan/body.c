/* Bodies: the operations of one loop as a program of its own.
 *
 * Purpose: engines should see nothing but straight lines. An operand that another loop computes becomes a leaf (UNIFORM or
 * BUFFER), parameters and lengths become uniforms, masks cross as i32. Leaves are made at their first use, where they cost no
 * register before; one first used in a cold region is made again outside. Cold regions: an operation that only the cold side of one RARE
 * needs (found in one backward walk as the innermost region that holds all users) moves down to just before that RARE, behind a
 * COLD that names it. The body of a loop of alike components is made of slices, each with leaves and outlets of its own, so that they correspond
 * operation for operation. A guarded loop gets two bodies; in each, its guard is decided and what the other side needed is gone.
 * Why it ends: every operation is appended once, leaves at most once a region; regions nest at most MOST_NESTED deep, which bounds the recursion. */
#include "plan/body.h"

#include <string.h>

enum { MOST_NESTED = 8 };

typedef struct maker {
    plan *plan;
    const plan_placement *where;
    arena *memory;
    plan_body *body;
    uint32_t capacity;
    uint32_t *number; /* of the placement, as the next */
    const uint32_t *slot; /* or NULL */
    uint32_t fetched;  /* how many of `made` there are: leaves, and values of other loops */
    uint32_t members;  /* how many were made, effects left out */
    const uint8_t *needed; /* NULL: all members */
    ir_ref guard;      /* the mask decided in this body, 0 for none */
    bool guard_value;
    uint16_t loop;
    ir_ref *late; /* outputs and holds, in order: they come last */
    uint32_t late_count;
    uint32_t column; /* the element's number, which counters go by; 0: not made yet */
    bool holds;   /* some of them are holds */
    bool apart;   /* slices: each use of a constant has a leaf of its own, for constants that are equal in one slice may differ in another */
    bool wide;    /* something is f64 */
    bool failed;
} maker;

/* ---- regions ---- */

static uint32_t depth_of(const plan_placement *w, ir_ref region)
{
    uint32_t depth = 0;
    for (; region; region = w->region[region])
        depth++;
    return depth;
}

static ir_ref common_region(const plan_placement *w, ir_ref a, ir_ref b)
{
    uint32_t deep_a = depth_of(w, a), deep_b = depth_of(w, b);
    for (; deep_a > deep_b; deep_a--)
        a = w->region[a];
    for (; deep_b > deep_a; deep_b--)
        b = w->region[b];
    while (a != b) {
        a = w->region[a];
        b = w->region[b];
    }
    return a;
}

static __attribute__((noinline)) void move_region(plan_placement *w, ir_ref user, ir_ref used, bool cold)
{
    const uint32_t unseen = UINT32_MAX;
    const ir_ref before = w->region[used];
    ir_ref region = w->loop[used] != w->loop[user] ? 0 : w->region[user];
    if (cold && w->loop[used] == w->loop[user] && depth_of(w, region) < MOST_NESTED)
        region = user;
    if (before == unseen)
        w->region[used] = region;
    else if (before != region && before != 0)
        w->region[used] = region ? common_region(w, before, region) : 0;
}

/* Every use narrows or widens the region of what it uses; users come after operands, so one backward walk settles all. Most
 * uses find it where they are themselves (in the same loop then), or outside of all regions already, or are the first that there is
 * in a program of one loop. `cold`: by the cold side of a RARE. */
static inline void narrow(plan_placement *w, ir_ref user, ir_ref used, bool cold, bool one_loop)
{
    ir_ref *region = w->region;
    const ir_ref before = region[used], here = region[user];
    if (before == 0 || (before == here && !cold))
        return;
    if (before == UINT32_MAX && one_loop && !cold)
        region[used] = here;
    else
        move_region(w, user, used, cold);
}

static bool is_counter(const plan_placement *w, uint32_t memory)
{
    return w->steps && w->steps[memory];
}

/* Between the stores of its table a load stays where it is; and so does what asks where in its stream the element stands, which
 * regions, called from several places, do not know. */
static bool keeps_place(const ir_program *p, const plan_placement *w, const ir_op *op)
{
    return op->code == IR_READV || (op->code == IR_READ && is_counter(w, op->a)) || (op->code == IR_LOAD && p->memories[op->b].kind == IR_CELLS);
}

sinter_status sn_plan_find_regions(const ir_program *p, plan_placement *w, bool one_loop, arena *memory)
{
    w->region = w->region_next = w->region_first = NULL;
    if (!w->has_rare)
        return SINTER_OK;
    w->region = sn_arena_take(memory, p->count * sizeof *w->region);
    w->region_next = sn_arena_take(memory, p->count * sizeof *w->region_next);
    w->region_first = sn_arena_take(memory, p->count * sizeof *w->region_first);
    if (!w->region || !w->region_next || !w->region_first)
        return SINTER_NO_MEMORY;
    ir_ref *region = w->region, *next = w->region_next, *first = w->region_first;
    memset(region, 0, p->count * sizeof *region); /* leaves stay outside */
    for (uint32_t k = 0; k < w->order_count; k++)
        region[w->order[k]] = UINT32_MAX;
    for (uint32_t k = 0; w->steps && k < p->memory_count; k++)
        region[w->steps[k]] = 0; /* the driver needs them */
    for (ir_ref r = 1; p->routine_count && r < p->count; r++)
        if (p->ops[r].code == IR_PREPARE)
            region[p->ops[r].a] = region[p->ops[r].b] = region[p->ops[r].c] = 0; /* and these */
    for (uint32_t k = w->order_count; k-- > 0;) {
        const ir_ref r = w->order[k];
        const ir_op *op = &p->ops[r];
        const ir_info *info = &sn_ir_info[op->code];
        const bool pure = info->kind == IR_KIND_PURE, rare = op->code == IR_RARE;
        if (region[r] == UINT32_MAX || (!pure && (info->rule == IR_RULE_EFFECT || keeps_place(p, w, op))))
            region[r] = 0;
        if (pure && !region[r] && !rare) { /* what is used outside of all regions is outside itself */
            region[op->a] = region[op->b] = region[op->c] = 0;
            continue;
        }
        if (rare) /* its members come before it, later in this walk */
            first[r] = 0;
        if (info->operands > 0)
            narrow(w, r, op->a, false, one_loop);
        if (info->operands > 1)
            narrow(w, r, op->b, rare, one_loop);
        if (info->operands > 2)
            narrow(w, r, op->c, false, one_loop);
        if (region[r]) {
            next[r] = first[region[r]];
            first[region[r]] = r;
        }
    }
    return SINTER_OK;
}

/* ---- appending ---- */

static __attribute__((noinline)) bool grow(maker *m)
{
    plan_body *body = m->body;
    ir_op *grown = sn_arena_grow(m->memory, body->ops, body->count * sizeof *grown, 2 * (size_t)m->capacity * sizeof *grown);
    if (!grown) {
        m->failed = true;
        return false;
    }
    body->ops = grown;
    m->capacity *= 2;
    return true;
}

static inline uint32_t append(maker *m, ir_code code, ir_type type, uint8_t axes, uint32_t a, uint32_t b, uint32_t c)
{
    plan_body *body = m->body;
    if (__builtin_expect(body->count == m->capacity, 0) && !grow(m))
        return 0;
    m->wide |= type == IR_F64;
    body->ops[body->count] = (ir_op){(uint8_t)code, (uint8_t)type, axes, 0, a, b, c};
    return body->count++;
}

/* The same operation with operands of the body. */
static inline uint32_t append_as(maker *m, const ir_op *op, uint32_t a, uint32_t b, uint32_t c)
{
    plan_body *body = m->body;
    if (__builtin_expect(body->count == m->capacity, 0) && !grow(m))
        return 0;
    m->wide |= op->type == IR_F64;
    ir_op *made = &body->ops[body->count];
    *made = *op;
    made->a = a;
    made->b = b;
    made->c = c;
    return body->count++;
}

static inline uint32_t remember(maker *m, ir_ref r, uint32_t local)
{
    return m->number[r] = local;
}

static uint32_t constant(maker *m, ir_type type, uint64_t bits)
{
    return append(m, IR_CONST, type, 0, (uint32_t)bits, (uint32_t)(bits >> 32), 0);
}

static uint32_t uniform(maker *m, ir_type type, uint32_t slot)
{
    return append(m, IR_UNIFORM, type, IR_AXIS_SEGMENT, slot, 0, 0);
}

static uint32_t crossing(maker *m, ir_ref r, uint32_t slot)
{
    const ir_op *op = &m->plan->program->ops[r];
    const bool mask = op->type == IR_MASK, buffered = m->plan->loops[m->where->loop[r]].rate == PLAN_ELEMENT
                                                      || m->plan->loops[m->where->loop[r]].rate == PLAN_COLUMN;
    const ir_type type = mask ? IR_I32 : op->type;
    const uint32_t value = buffered ? append(m, IR_BUFFER, type, IR_AXIS_ELEMENT, slot - 1, 0, 0) : uniform(m, type, slot);
    return mask ? append(m, IR_LT, IR_MASK, m->body->ops[value].axes, value, constant(m, IR_I32, 0), 0) : value; /* its bits are all set, or none */
}

uint32_t sn_plan_leaf_slot(const plan_frame *f, const ir_op *leaf)
{
    switch (leaf->code) {
    case IR_PARAM: return f->params + leaf->a;
    case IR_LENGTH: return f->lengths + leaf->a;
    case IR_ROW: return f->row;
    default: return 0;
    }
}

static const plan_scan *scan_of(const plan *p, uint32_t call)
{
    return p->scan_count && call >= p->first_scan_call ? &p->scans[p->place_of_call[call]] : NULL;
}

static uint32_t result_buffer(const plan *p, const ir_op *result)
{
    const plan_scan *s = scan_of(p, result->a);
    return s ? s->result[result->b] - 1 : p->calls[p->place_of_call[result->a]].outputs + result->b;
}

static uint32_t argument_buffer(const plan *p, const ir_op *argument)
{
    const plan_scan *s = scan_of(p, argument->b);
    return s ? s->x[argument->c] - 1 : p->calls[p->place_of_call[argument->b]].inputs + argument->c;
}

static uint32_t leaf(maker *m, const ir_op *op)
{
    const plan *p = m->plan;
    if (op->code == IR_RESULT)
        return append(m, IR_BUFFER, IR_F32, IR_AXIS_ELEMENT, result_buffer(p, op), 0, 0);
    const uint32_t slot = sn_plan_leaf_slot(&p->frame, op);
    return slot ? uniform(m, op->type, slot) : append(m, op->code, op->type, op->axes, op->a, op->b, 0);
}

/* A leaf, or a value of another loop, at its first use. */
static __attribute__((noinline)) uint32_t fetch(maker *m, ir_ref r)
{
    const bool is_leaf = m->where->loop[r] == PLAN_NO_LOOP;
    const uint32_t local = is_leaf ? leaf(m, &m->plan->program->ops[r]) : crossing(m, r, m->where->slot[r]);
    if (m->apart && m->plan->program->ops[r].code == IR_CONST)
        return local;
    if (local) /* memory was not refused */
        m->where->made[m->fetched++] = r;
    return remember(m, r, local);
}

/* What was fetched since there were `fetched` is not there any more. */
static void forget(maker *m, uint32_t fetched)
{
    while (m->fetched > fetched)
        m->number[m->where->made[--m->fetched]] = PLAN_NOT_MADE;
}

/* Numbers are far below, so that the highest bit says it of several at once. */
static inline bool is_missing(uint32_t numbers)
{
    return numbers >= PLAN_NOT_MADE / 2 + 1;
}

/* The body's number of a program operation. */
static inline uint32_t local_of(maker *m, ir_ref r)
{
    const uint32_t number = m->number[r];
    return is_missing(number) ? fetch(m, r) : number;
}

static void append_effect(maker *m, const ir_op *op)
{
    const plan *p = m->plan;
    const uint32_t a = local_of(m, op->a);
    switch (op->code) {
    case IR_WRITE:
        append(m, IR_WRITE, IR_VOID, 0, a, p->line_of_memory[op->b], 0);
        break;
    case IR_ARGUMENT:
        append(m, IR_SET_BUFFER, IR_VOID, 0, a, argument_buffer(p, op), 0);
        break;
    case IR_STORE:
        append(m, IR_STORE, IR_VOID, 0, a, local_of(m, op->b), op->c);
        break;
    case IR_SUMP:
        m->body->sums++;
        append(m, IR_SUMP, IR_VOID, 0, a, local_of(m, op->b), op->c);
        break;
    case IR_SUM:
        m->body->sums++;
        append(m, IR_SUM, IR_VOID, 0, a, op->b, 0);
        break;
    default:
        break;
    }
}

static void export(maker *m, ir_ref r, uint32_t local)
{
    const ir_op *op = &m->plan->program->ops[r];
    const plan_loop *loop = &m->plan->loops[m->loop];
    const bool buffered = loop->rate == PLAN_ELEMENT || loop->rate == PLAN_COLUMN;
    uint32_t value = local;
    if (op->type == IR_MASK)
        value = append(m, IR_SELECT, IR_I32, op->axes, local, constant(m, IR_I32, 0xFFFFFFFFu), constant(m, IR_I32, 0));
    append(m, buffered ? IR_SET_BUFFER : IR_SET_UNIFORM, IR_VOID, 0, value, m->where->slot[r] - buffered, 0);
}

static bool is_hold(const maker *m, const ir_op *op)
{
    return op->code == IR_WRITE && m->plan->lines[m->plan->line_of_memory[op->b]].held;
}

static void append_special(maker *m, ir_ref r);
static void export(maker *m, ir_ref r, uint32_t local);

/* Operands alone, the choices left out. */
static const bool is_plain[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) \
    [IR_##NAME] = IR_KIND_##kind == IR_KIND_PURE && IR_##NAME != IR_RARE && IR_##NAME != IR_GUARD,
    SINTER_OPERATIONS(X)
#undef X
};

/* Some operand has to be fetched. Operands that an operation does not have are 0. */
static __attribute__((noinline)) void fetch_operands(maker *m, const ir_op *op)
{
    local_of(m, op->a);
    if (op->b)
        local_of(m, op->b);
    if (op->c)
        local_of(m, op->c);
}

/* Nearly all members are plain: half the cost of the way through append_special. */
static inline void append_member(maker *m, ir_ref r)
{
    const ir_op *op = &m->plan->program->ops[r];
    if (!is_plain[op->code]) {
        append_special(m, r);
        return;
    }
    const uint32_t *number = m->number; /* of operation 0 it is 0, as it is there */
    uint32_t x = number[op->a], y = number[op->b], z = number[op->c];
    if (is_missing(x | y | z) && m->apart) {
        x = local_of(m, op->a);
        y = op->b ? local_of(m, op->b) : 0;
        z = op->c ? local_of(m, op->c) : 0;
    } else if (is_missing(x | y | z)) {
        fetch_operands(m, op);
        x = number[op->a];
        y = number[op->b];
        z = number[op->c];
    }
    const uint32_t local = remember(m, r, append_as(m, op, x, y, z));
    m->members++;
    if (m->slot && m->slot[r])
        export(m, r, local);
}

static void append_region(maker *m, ir_ref rare)
{
    for (ir_ref r = m->where->region_first[rare]; r; r = m->where->region_next[r])
        if (!m->needed || m->needed[r])
            append_member(m, r);
}

/* The numbers of elements and columns that a region reads are made before it: a region does not know where it is called from. */
static void make_positions(maker *m, ir_ref rare)
{
    const ir_op *ops = m->plan->program->ops;
    for (ir_ref r = m->where->region_first[rare]; r; r = m->where->region_next[r]) {
        const unsigned operands = sn_ir_info[ops[r].code].operands;
        for (unsigned k = 0; k < operands; k++) {
            const ir_ref operand = sn_ir_operand(&ops[r], k);
            if (ops[operand].code == IR_INDEX || ops[operand].code == IR_COLUMN)
                local_of(m, operand);
        }
        if (ops[r].code == IR_RARE)
            make_positions(m, r);
    }
}

static uint32_t append_rare(maker *m, ir_ref r)
{
    const ir_op *op = &m->plan->program->ops[r];
    const uint32_t mask = local_of(m, op->a), hot = local_of(m, op->c);
    if (!m->where->region || !m->where->region_first[r])
        return append(m, IR_SELECT, op->type, op->axes, mask, local_of(m, op->b), hot);
    if (m->plan->reads_index || m->plan->grid) {
        make_positions(m, r);
        if (m->plan->program->ops[op->b].code == IR_INDEX || m->plan->program->ops[op->b].code == IR_COLUMN)
            local_of(m, op->b);
    }
    const uint32_t cold = append(m, IR_COLD, IR_VOID, 0, mask, 0, 0), fetched = m->fetched;
    append_region(m, r);
    const uint32_t b = local_of(m, op->b);
    forget(m, fetched); /* outside it is to be made again */
    const uint32_t rare = append(m, IR_RARE, op->type, op->axes, mask, b, hot);
    if (!m->failed)
        m->body->ops[cold].b = rare;
    m->body->cold++;
    return rare;
}

/* What a counter was one element ago: the chunk's first value and a step for each element since. */
static uint32_t append_count(maker *m, const ir_op *read)
{
    const ir_ref step = m->where->steps[read->a];
    const ir_op *constant_step = &m->plan->program->ops[step];
    const uint32_t first = uniform(m, IR_I32, m->plan->frame.lines + m->plan->line_of_memory[read->a]);
    if (!m->column)
        m->column = append(m, IR_COLUMN, IR_I32, IR_AXIS_ELEMENT, 0, 0, 0);
    uint32_t steps = m->column;
    if (constant_step->code != IR_CONST || constant_step->a != 1)
        steps = append(m, IR_MUL, IR_I32, IR_AXIS_ELEMENT, m->column, local_of(m, step), 0);
    return append(m, IR_ADD, IR_I32, IR_AXIS_ELEMENT, steps, first, 0);
}

static uint32_t append_pure(maker *m, ir_ref r)
{
    const plan *p = m->plan;
    const ir_op *op = &p->program->ops[r];
    if (op->code == IR_RARE)
        return append_rare(m, r);
    if (op->code == IR_GUARD) {
        if (m->guard && op->a == m->guard)
            return local_of(m, m->guard_value ? op->b : op->c);
        return append(m, IR_SELECT, op->type, op->axes, local_of(m, op->a), local_of(m, op->b), local_of(m, op->c));
    }
    if (op->code == IR_READ && is_counter(m->where, op->a))
        return append_count(m, op);
    if (op->code == IR_READ) {
        const uint32_t line = p->line_of_memory[op->a];
        return append(m, p->lines[line].held ? IR_HELD : IR_READ, op->type, op->axes, line, op->b, 0);
    }
    if (op->code == IR_READV)
        return append(m, IR_READV, op->type, op->axes, local_of(m, op->a), p->line_of_memory[op->b], 0);
    const unsigned operands = sn_ir_info[op->code].operands;
    const uint32_t a = operands > 0 ? local_of(m, op->a) : op->a;
    const uint32_t b = operands > 1 ? local_of(m, op->b) : op->b;
    const uint32_t c = operands > 2 ? local_of(m, op->c) : op->c;
    return append(m, op->code, op->type, op->axes, a, b, c);
}

static __attribute__((noinline)) void append_special(maker *m, ir_ref r)
{
    const ir_op *op = &m->plan->program->ops[r];
    if (op->code == IR_OUTPUT || is_hold(m, op)) {
        m->late[m->late_count++] = r;
        m->holds |= op->code != IR_OUTPUT;
        return;
    }
    if (sn_ir_info[op->code].rule == IR_RULE_EFFECT) {
        append_effect(m, op);
        return;
    }
    const uint32_t local = remember(m, r, append_pure(m, r));
    m->members++;
    if (m->slot && m->slot[r])
        export(m, r, local);
}

/* Outputs come last: an in-place call has read all that it reads of an element by then, what held lines take over included. */
static void append_outputs(maker *m)
{
    const ir_op *ops = m->plan->program->ops;
    for (uint32_t k = 0; k < m->late_count; k++)
        local_of(m, ops[m->late[k]].a);
    for (uint32_t k = 0; k < m->late_count; k++) {
        const ir_op *op = &ops[m->late[k]];
        if (op->code == IR_OUTPUT)
            append(m, IR_OUTPUT, IR_VOID, 0, local_of(m, op->a), op->b, 0);
    }
}

/* Held lines move on last of all. One that takes over another's past value takes a copy (min of it with itself), since the
 * registers of that line may have moved on before. */
static void append_holds(maker *m)
{
    const ir_op *ops = m->plan->program->ops;
    for (uint32_t k = 0; k < m->late_count; k++) {
        const ir_op *op = &ops[m->late[k]];
        if (op->code == IR_OUTPUT)
            continue;
        const uint32_t value = local_of(m, op->a);
        const ir_op held = m->body->ops[value];
        if (held.code == IR_HELD)
            remember(m, op->a, append(m, IR_MIN, held.type, held.axes, value, value, 0));
    }
    for (uint32_t k = 0; k < m->late_count; k++) {
        const ir_op *op = &ops[m->late[k]];
        if (op->code != IR_OUTPUT)
            append(m, IR_HOLD, IR_VOID, 0, local_of(m, op->a), m->plan->line_of_memory[op->b], 0);
    }
}

static bool open_body(maker *m, plan_body *body, uint32_t count)
{
    m->body = body;
    m->capacity = count + count / 2 + 16;
    m->late_count = m->members = m->fetched = m->column = 0;
    m->holds = m->wide = false;
    m->late = sn_arena_take(m->memory, (count + 1) * sizeof *m->late);
    *body = (plan_body){.ops = sn_arena_take(m->memory, m->capacity * sizeof(ir_op))};
    m->failed |= !body->ops || !m->late;
    if (!m->failed)
        append(m, IR_NONE, IR_VOID, 0, 0, 0, 0);
    return !m->failed;
}

static void append_members(maker *m, const ir_ref *members, uint32_t count)
{
    const ir_ref *region = m->where->region;
    const uint8_t *needed = m->needed;
    for (uint32_t k = 0; k < count && !m->failed; k++) {
        const ir_ref r = members[k];
        if (!(region && region[r]) && !(needed && !needed[r]))
            append_member(m, r);
    }
    append_outputs(m);
    if (m->holds)
        append_holds(m);
}

static void count_members(const maker *m)
{
    m->plan->operations += m->members;
    m->plan->hoisted += m->plan->loops[m->loop].rate != PLAN_ELEMENT ? m->members : 0;
}

static void make_body(maker *m, plan_body *body, const ir_ref *members, uint32_t count)
{
    if (!open_body(m, body, count))
        return;
    append_members(m, members, count);
    count_members(m);
}

/* To another body, members are values of another loop. */
static void close_body(maker *m, const ir_ref *members, uint32_t count)
{
    forget(m, 0);
    for (uint32_t k = 0; k < count; k++)
        m->number[members[k]] = PLAN_NOT_MADE;
}

/* ---- slices ---- */

/* Whether what is not an operand corresponds: what may differ from slice to slice is left out, and so are operands. */
static bool immediates_agree(const plan *p, const ir_op *a, const ir_op *b, uint32_t distance)
{
    switch (a->code) {
    case IR_CONST: case IR_UNIFORM: case IR_INPUT: case IR_BUFFER: case IR_SET_BUFFER:
        return true;
    case IR_HELD:
        return a->b == b->b && p->lines[a->a].held && p->lines[b->a].held && p->lines[a->a].length == p->lines[b->a].length;
    case IR_HOLD:
        return p->lines[a->b].held && p->lines[b->b].held && p->lines[a->b].length == p->lines[b->b].length;
    case IR_COLD:
        return a->b + distance == b->b;
    case IR_LOAD:
        return a->b == b->b;
    default:
        return sn_ir_info[a->code].kind == IR_KIND_PURE;
    }
}

static bool slices_agree(const plan *p, const plan_body *body, uint32_t slice, uint32_t slices)
{
    for (uint32_t k = slice + 1; k < body->count; k++) {
        const uint32_t distance = (k - 1) / slice * slice;
        const ir_op *a = &body->ops[k - distance], *b = &body->ops[k];
        bool agree = a->code == b->code && a->type == b->type && a->flags == b->flags && immediates_agree(p, a, b, distance);
        for (unsigned i = 0; i < sn_ir_info[a->code].operands; i++)
            agree &= sn_ir_operand(a, i) + distance == sn_ir_operand(b, i) && sn_ir_operand(a, i) != 0;
        if (!agree)
            return false;
    }
    return body->count == 1 + slice * slices;
}

/* Slice by slice, each with leaves of its own. Where they do not correspond after all, which only a mistake of alike.c could bring about, it is a body
 * like any other. */
static void make_slices(maker *m, plan_loop *loop, const ir_ref *members, uint32_t count)
{
    const uint32_t slices = loop->alike, size = count / slices;
    m->apart = true;
    if (!open_body(m, &loop->body[0], 2 * count))
        return;
    for (uint32_t k = 0; k < slices && !m->failed; k++) {
        m->late_count = 0;
        append_members(m, members + k * size, size);
        close_body(m, members + k * size, size);
        if (k == 0)
            loop->slice = loop->body[0].count - 1;
    }
    count_members(m);
    if (!m->failed && !slices_agree(m->plan, &loop->body[0], loop->slice, slices))
        loop->alike = 0;
}

/* ---- guards ---- */

static ir_ref first_guard(const ir_program *p, const ir_ref *members, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (p->ops[members[k]].code == IR_GUARD)
            return p->ops[members[k]].a;
    return 0;
}

/* What the body needs once the guard is decided: a backward walk over its members. */
static void find_needed(const maker *m, uint8_t *needed, const ir_ref *members, uint32_t count)
{
    const ir_program *p = m->plan->program;
    for (uint32_t k = 0; k < count; k++)
        needed[members[k]] = 0;
    for (uint32_t k = count; k-- > 0;) {
        const ir_ref r = members[k];
        const ir_op *op = &p->ops[r];
        const ir_info *info = &sn_ir_info[op->code];
        if (info->rule == IR_RULE_EFFECT || (m->slot && m->slot[r]))
            needed[r] = 1;
        if (!needed[r])
            continue;
        if (op->code == IR_GUARD && op->a == m->guard) {
            needed[m->guard_value ? op->b : op->c] = 1;
            continue;
        }
        for (unsigned i = 0; i < info->operands; i++)
            needed[sn_ir_operand(op, i)] = 1;
    }
}

static bool may_interleave(const plan *p, const plan_loop *loop)
{
    return !p->as_written && p->line_count && loop->rate == PLAN_ELEMENT && loop->lanes == PLAN_TIME;
}

sinter_status sn_plan_make_bodies(plan *p, plan_placement *where, uint32_t number, const ir_ref *members, uint32_t count,
                                  arena *memory)
{
    maker m = {.plan = p, .where = where, .memory = memory, .loop = (uint16_t)number, .number = where->number, .slot = where->slot};
    plan_loop *loop = &p->loops[number];
    if (loop->alike) {
        make_slices(&m, loop, members, count);
        loop->widest = m.wide ? 8 : 4;
        return m.failed ? SINTER_NO_MEMORY : SINTER_OK;
    }
    m.guard = where->has_guard && loop->rate == PLAN_ELEMENT ? first_guard(p->program, members, count) : 0;
    if (!m.guard) {
        make_body(&m, &loop->body[0], members, count);
        m.failed |= !m.failed && may_interleave(p, loop) && sn_plan_interleave(&loop->body[0], memory);
        if (p->loop_count > 1)
            close_body(&m, members, count);
        loop->widest = m.wide ? 8 : 4;
        return m.failed ? SINTER_NO_MEMORY : SINTER_OK;
    }
    uint8_t *needed = sn_arena_take_zeroed(memory, p->program->count);
    if (!needed)
        return SINTER_NO_MEMORY;
    m.needed = needed;
    loop->guard = where->slot ? where->slot[m.guard] : 0;
    const uint32_t counted = p->operations;
    bool wide = false;
    for (int side = 0; side < 2; side++) {
        p->operations = counted;
        m.guard_value = side;
        find_needed(&m, needed, members, count);
        make_body(&m, &loop->body[side], members, count);
        m.failed |= !m.failed && may_interleave(p, loop) && sn_plan_interleave(&loop->body[side], memory);
        close_body(&m, members, count);
        wide |= m.wide;
    }
    loop->widest = wide ? 8 : 4;
    return m.failed ? SINTER_NO_MEMORY : SINTER_OK;
}
