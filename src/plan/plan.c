/* Program → plan.
 *
 * In order: what is live; at which rate each operation runs (its axes say so) and in which loop; which values cross loops, in
 * which slots and buffers; how lines are stored; the bodies; where everything lies in frame, workspace and state. Each
 * step is one walk over the operations. Programs without delay lines and calls, the common case, have one ELEMENT loop and skip
 * the search for cycles. */
#include "plan/plan.h"

#include "plan/body.h"

#include <string.h>

typedef struct planner {
    plan *plan;
    const ir_program *program;
    arena *memory;
    uint8_t *live;
    plan_placement where;
    plan_levels levels;
    uint8_t *level_has_loop;
    uint16_t *loop_of_level;
    uint16_t *loop_of_bunch;
    uint8_t *bunch_size;      /* how many components */
    uint32_t *bunch_of_level; /* per level: the first bunch, from 1 */
    uint32_t *next_bunch;     /* of the same level, from 1 */
    uint16_t segment_loop, column_loop, row_loop;
    plan_stages stages;       /* where there are routines, and then: */
    uint16_t *loop_of_stage, *loop_of_routine;
    uint8_t *by_elements;     /* per operation: does one of the elements' loops read it? */
    ir_ref *members; /* live operations with a loop, loop after loop */
    uint32_t member_count;
    uint32_t *first; /* per loop: its first member; one more at the end */
    bool has_hoisted_rare;   /* a RARE in another loop than the elements' */
    uint32_t next_uniform;
    plan_stretch *stretches; /* per buffer of a value that crosses */
    uint32_t crossing;       /* how many those are, and of scans; buffers of calls follow */
    plan_scans scans;
    bool looks_ahead;
} planner;

static bool has_lines(const ir_program *p)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind == IR_LINE)
            return true;
    return false;
}

/* ---- rates and loops ---- */

static bool is_leaf(const ir_op *op)
{
    return sn_ir_info[op->code].rule == IR_RULE_LEAF;
}

/* What of an operation's axes decides its rate, as one of eight numbers, and which rate that is. */
enum { RATE_KEYS = 8, ELEMENT_KEY = 4 };
static const uint8_t rate_of_key[RATE_KEYS] = {PLAN_SEGMENT, PLAN_ROW,     PLAN_COLUMN,  PLAN_ELEMENT,
                                               PLAN_ELEMENT, PLAN_ELEMENT, PLAN_ELEMENT, PLAN_ELEMENT};
_Static_assert(IR_AXIS_ROW == 4 && IR_AXIS_COLUMN == 8 && IR_AXIS_ELEMENT == 32, "shifted down to bits 0, 1 and 2");

static inline unsigned rate_key(const ir_op *op)
{
    return sn_ir_info[op->code].rule == IR_RULE_EFFECT ? ELEMENT_KEY : (op->axes >> 2 & 3u) | (op->axes >> 3 & 4u);
}

/* What is planned from here on is the program with scans. */
static sinter_status take_scans(planner *m)
{
    const ir_program *p = m->scans.program;
    if (m->where.steps) {
        ir_ref *steps = sn_arena_take_zeroed(m->memory, (p->memory_count + 1) * sizeof *steps);
        if (!steps)
            return SINTER_NO_MEMORY;
        memcpy(steps, m->where.steps, m->program->memory_count * sizeof *steps);
        m->where.steps = steps;
    }
    m->plan->first_scan_call = m->program->call_count;
    m->plan->ahead_count = m->scans.count;
    m->program = m->plan->program = p;
    m->live = sn_ir_find_live_beside(p, m->where.steps, m->memory);
    if (!m->live)
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < m->scans.count; k++) {
        for (unsigned j = 0; j < PLAN_SCAN_STATES * PLAN_SCAN_STATES; j++) { /* what they need is marked by `place` */
            m->live[m->scans.scans[k].a[j / PLAN_SCAN_STATES][j % PLAN_SCAN_STATES].value] = 1;
            m->live[m->scans.scans[k].b[j / PLAN_SCAN_STATES][j % PLAN_SCAN_STATES].value] = 1;
        }
        m->live[m->scans.scans[k].settled.value] = 1;
        m->live[m->scans.scans[k].from.value] = 1;
    }
    m->live[0] = 0;
    return SINTER_OK;
}

/* Levels need to know what is live; without them `place` finds it out as it goes. */
static sinter_status find_levels(planner *m)
{
    const ir_program *p = m->program;
    const bool levels = has_lines(p) || p->cells || p->call_count;
    m->live = levels ? sn_ir_find_live(p, m->memory) : sn_arena_take_zeroed(m->memory, p->count);
    if (!m->live)
        return SINTER_NO_MEMORY;
    m->levels = (plan_levels){.chunk = PLAN_CHUNK};
    if (!levels)
        return SINTER_OK;
    sinter_status status = sn_plan_find_counters(p, &m->live, m->memory, &m->where.steps);
    if (!status)
        status = sn_plan_find_levels(p, m->live, &m->scans, m->looks_ahead, m->memory, &m->levels);
    if (status || !m->scans.count)
        return status;
    status = take_scans(m);
    return status ? status : sn_plan_find_levels(m->program, m->live, &m->scans, false, m->memory, &m->levels);
}

/* An output waits for the last loop that still reads an input: the caller may have given both the same buffer. */
static uint32_t last_input_level(const planner *m)
{
    const ir_program *p = m->program;
    uint32_t last = 0;
    for (ir_ref r = 1; r < p->count; r++) {
        if (!m->live[r] || is_leaf(&p->ops[r]) || p->ops[r].code == IR_OUTPUT)
            continue;
        const unsigned operands = sn_ir_info[p->ops[r].code].operands;
        for (unsigned k = 0; k < operands; k++)
            if (p->ops[sn_ir_operand(&p->ops[r], k)].code == IR_INPUT && m->levels.level[r] > last)
                last = m->levels.level[r];
    }
    return last;
}

static void delay_outputs(planner *m)
{
    const ir_program *p = m->program;
    if (!m->levels.level)
        return;
    uint32_t last = last_input_level(m);
    last += last % PLAN_KINDS == PLAN_ALIKE; /* loops of alike components touch no output */
    if (last > m->levels.top)
        m->levels.top = last;
    for (ir_ref r = 1; r < p->count; r++)
        if (m->live[r] && p->ops[r].code == IR_OUTPUT && m->levels.level[r] < last)
            m->levels.level[r] = (uint16_t)last;
}

static uint16_t add_loop(planner *m, plan_rate rate, plan_lanes lanes)
{
    plan_loop *loop = &m->plan->loops[m->plan->loop_count];
    *loop = (plan_loop){.rate = (uint8_t)rate, .lanes = (uint8_t)lanes, .widest = 4};
    return (uint16_t)m->plan->loop_count++;
}

static uint32_t bunch_of(uint32_t alike)
{
    return (alike - 1) / PLAN_MOST_ALIKE;
}

static uint32_t slice_of(uint32_t alike)
{
    return (alike - 1) % PLAN_MOST_ALIKE;
}

static bool is_alike(const planner *m, ir_ref r)
{
    return m->levels.bunches && m->levels.alike[r];
}

static uint32_t level_of(const planner *m, ir_ref r)
{
    return m->levels.level ? m->levels.level[r] : 0;
}

/* What is asked of every live operation at once: each code's traits, or-ed together over the program. */
enum { IS_LEAF = 1, IS_EFFECT = 2, IS_RARE = 4, IS_GUARD = 8, IS_INDEX = 16, IS_GRID = 32, IS_ROOT = 64 /* live whatever reads it */, IS_PREPARE = 128 };

static const uint8_t traits_of[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) \
    [IR_##NAME] = (IR_RULE_##rule == IR_RULE_LEAF ? IS_LEAF : 0) | (IR_RULE_##rule == IR_RULE_EFFECT ? IS_EFFECT : 0) \
                  | (IR_RULE_##rule == IR_RULE_EFFECT && IR_##NAME != IR_WRITE && IR_##NAME != IR_ARGUMENT ? IS_ROOT : 0) \
                  | (IR_##NAME == IR_RARE ? IS_RARE : 0) | (IR_##NAME == IR_GUARD ? IS_GUARD : 0) \
                  | (IR_##NAME == IR_PREPARE ? IS_PREPARE : 0) | (IR_##NAME == IR_INDEX ? IS_INDEX : 0) | (IR_##NAME == IR_ROW || IR_##NAME == IR_COLUMN ? IS_GRID : 0),
    SINTER_OPERATIONS(X)
#undef X
};

static void note_traits(planner *m, unsigned traits)
{
    m->where.has_rare = traits & IS_RARE;
    m->where.has_guard = traits & IS_GUARD;
    m->plan->reads_index = traits & IS_INDEX;
    m->plan->grid = traits & IS_GRID;
}

/* Bunches of alike components: how large each is, and its level. */
static sinter_status open_bunches(planner *m)
{
    if (!m->levels.bunches)
        return SINTER_OK;
    m->loop_of_bunch = sn_arena_take(m->memory, m->levels.bunches * sizeof *m->loop_of_bunch);
    m->bunch_size = sn_arena_take_zeroed(m->memory, m->levels.bunches * sizeof *m->bunch_size);
    m->next_bunch = sn_arena_take(m->memory, m->levels.bunches * sizeof *m->next_bunch);
    m->bunch_of_level = sn_arena_take_zeroed(m->memory, (m->levels.top + 1) * sizeof *m->bunch_of_level);
    if (!m->loop_of_bunch || !m->bunch_size || !m->next_bunch || !m->bunch_of_level)
        return SINTER_NO_MEMORY;
    for (ir_ref r = m->program->count - 1; r > 0; r--) {
        const uint32_t alike = m->levels.alike[r];
        if (!alike)
            continue;
        const uint32_t bunch = bunch_of(alike), slice = slice_of(alike);
        if (!m->bunch_size[bunch]) {
            m->next_bunch[bunch] = m->bunch_of_level[m->levels.level[r]];
            m->bunch_of_level[m->levels.level[r]] = bunch + 1;
        }
        if (slice >= m->bunch_size[bunch])
            m->bunch_size[bunch] = (uint8_t)(slice + 1);
    }
    return SINTER_OK;
}

static void add_bunch_loops(planner *m, uint32_t level)
{
    m->loop_of_level[level] = (uint16_t)m->plan->loop_count; /* the first of them: calls are made before */
    for (uint32_t next = m->bunch_of_level[level]; next; next = m->next_bunch[next - 1]) {
        m->loop_of_bunch[next - 1] = add_loop(m, PLAN_ELEMENT, PLAN_SCALAR);
        plan_loop *loop = &m->plan->loops[m->loop_of_bunch[next - 1]];
        loop->alike = m->bunch_size[next - 1] > 1 ? m->bunch_size[next - 1] : 0;
        loop->cycle = m->levels.cycle_name[level];
    }
}

static void add_level_loop(planner *m, uint32_t level)
{
    const uint32_t kind = level % PLAN_KINDS;
    if (kind == PLAN_ALIKE) {
        add_bunch_loops(m, level);
        return;
    }
    m->loop_of_level[level] = add_loop(m, PLAN_ELEMENT, kind == PLAN_ONE ? PLAN_SCALAR : PLAN_TIME);
    m->plan->loops[m->loop_of_level[level]].most = kind == PLAN_EIGHT ? 8 : 0;
    m->plan->loops[m->loop_of_level[level]].cycle = m->levels.cycle_name ? m->levels.cycle_name[level] : NULL;
}

/* Loops of segment rate where there are routines. */
static sinter_status find_stages(planner *m)
{
    const ir_program *p = m->program;
    m->loop_of_stage = sn_arena_take(m->memory, PLAN_MOST_STAGES * sizeof *m->loop_of_stage);
    m->loop_of_routine = sn_arena_take(m->memory, p->routine_count * sizeof *m->loop_of_routine);
    if (!m->loop_of_stage || !m->loop_of_routine)
        return SINTER_NO_MEMORY;
    return sn_plan_find_stages(p, m->members, m->member_count, m->memory, &m->stages);
}

static void add_segment_loops(planner *m)
{
    for (uint32_t stage = 0; stage <= m->stages.last; stage++) {
        if (m->stages.computed >> stage & 1)
            m->loop_of_stage[stage] = add_loop(m, PLAN_SEGMENT, PLAN_SCALAR);
        for (uint32_t k = 0; k < m->program->routine_count; k++)
            if (m->stages.of_routine[k] == stage) {
                m->loop_of_routine[k] = add_loop(m, PLAN_SEGMENT, PLAN_SCALAR);
                m->plan->loops[m->loop_of_routine[k]].routine = m->program->routines[k];
            }
    }
}

/* Finds which loops there are, and what is live. Until collect_members every member stands in loop 0, in order: most programs have no other. */
static sinter_status place(planner *m)
{
    const ir_program *p = m->program;
    m->where.loop = sn_arena_take(m->memory, p->count * sizeof *m->where.loop);
    m->where.number = sn_arena_take(m->memory, p->count * sizeof *m->where.number);
    m->where.made = sn_arena_take(m->memory, p->count * sizeof *m->where.made);
    m->where.order = sn_arena_take(m->memory, p->count * sizeof *m->where.order);
    uint8_t *used = m->level_has_loop = sn_arena_take_zeroed(m->memory, m->levels.top + 1);
    m->loop_of_level = sn_arena_take(m->memory, (m->levels.top + 1) * sizeof *m->loop_of_level);
    if (!m->where.loop || !m->where.number || !m->where.made || !m->where.order || !used || !m->loop_of_level)
        return SINTER_NO_MEMORY;
    bool rates[PLAN_ELEMENT + 1] = {false};
    unsigned seen = 0, keys = 0, rare_keys = 0; /* a bit each */
    uint8_t *live = m->live;
    const uint16_t *level = m->levels.level;
    uint8_t *by_elements = m->by_elements = p->routine_count ? sn_arena_take_zeroed(m->memory, p->count) : NULL;
    uint16_t *loop = m->where.loop;
    if (p->routine_count && !by_elements)
        return SINTER_NO_MEMORY;
    ir_ref *const end = m->where.order + p->count, *first = end;
    const ir_op *ops = p->ops; /* marks are bytes, which may be anything to the compiler: it would load this again after each */
    memset(loop, 0xFF, p->count * sizeof *loop);
    memset(m->where.number, 0xFF, p->count * sizeof *m->where.number); /* PLAN_NOT_MADE */
    m->where.number[0] = 0;
    for (ir_ref r = p->count - 1; r > 0; r--) { /* users before operands */
        const ir_op *op = &ops[r];
        const unsigned traits = traits_of[op->code];
        if (!(live[r] | (traits & IS_ROOT)))
            continue;
        seen |= traits;
        if (traits & IS_LEAF)
            continue;
        sn_ir_mark_operands(live, op);
        if (traits & IS_PREPARE) /* for whoever calls the routine: no loop computes it */
            continue;
        loop[r] = 0;
        *--first = r;
        const unsigned key = rate_key(op);
        if (by_elements && rate_of_key[key] == PLAN_ELEMENT)
            sn_ir_mark_operands(by_elements, op);
        keys |= 1u << key;
        rare_keys |= traits / IS_RARE % 2 << key;
        if (level && rate_of_key[key] == PLAN_ELEMENT)
            used[level[r]] = 1;
    }
    for (unsigned key = 0; key < RATE_KEYS; key++)
        rates[rate_of_key[key]] |= keys >> key & 1;
    if (!level)
        used[0] = rates[PLAN_ELEMENT];
    for (unsigned key = 0; key < RATE_KEYS; key++)
        m->has_hoisted_rare |= rare_keys >> key & 1 && rate_of_key[key] != PLAN_ELEMENT;
    m->where.order = m->members = first;
    m->where.order_count = m->member_count = (uint32_t)(end - first);
    note_traits(m, seen);
    const bool staged = seen & IS_PREPARE;
    sinter_status status = staged ? find_stages(m) : SINTER_OK;
    if (status)
        return status;
    uint32_t levels = staged ? PLAN_MOST_STAGES + p->routine_count : 0;
    for (uint32_t k = 0; k <= m->levels.top; k++)
        levels += used[k];
    if (levels + m->levels.bunches >= PLAN_NO_LOOP - 3)
        return SINTER_TOO_LARGE;
    m->plan->loops = sn_arena_take(m->memory, (levels + m->levels.bunches + 3) * sizeof *m->plan->loops);
    if (!m->plan->loops || open_bunches(m))
        return SINTER_NO_MEMORY;
    if (staged)
        add_segment_loops(m);
    else if (rates[PLAN_SEGMENT])
        m->segment_loop = add_loop(m, PLAN_SEGMENT, PLAN_SCALAR);
    if (rates[PLAN_COLUMN])
        m->column_loop = add_loop(m, PLAN_COLUMN, PLAN_TIME);
    if (rates[PLAN_ROW])
        m->row_loop = add_loop(m, PLAN_ROW, PLAN_SCALAR);
    for (uint32_t k = 0; k <= m->levels.top; k++)
        if (used[k])
            add_level_loop(m, k);
    return SINTER_OK;
}

static uint16_t loop_for(const planner *m, ir_ref r)
{
    switch ((plan_rate)rate_of_key[rate_key(&m->program->ops[r])]) {
    case PLAN_SEGMENT:
        if (m->program->ops[r].code == IR_PREPARED)
            return m->loop_of_routine[m->program->ops[r].c];
        return m->loop_of_stage ? m->loop_of_stage[m->stages.of_operation[r]] : m->segment_loop;
    case PLAN_COLUMN: return m->column_loop;
    case PLAN_ROW: return m->row_loop;
    case PLAN_ELEMENT: break;
    }
    return is_alike(m, r) ? m->loop_of_bunch[bunch_of(m->levels.alike[r])] : m->loop_of_level[level_of(m, r)];
}

/* Of all members, and how many each has, counted two places behind where it begins. */
static void find_loops(planner *m)
{
    const ir_op *ops = m->program->ops;
    const ir_ref *members = m->members;
    uint16_t *loop = m->where.loop;
    if (m->levels.level) {
        for (uint32_t k = 0; k < m->member_count; k++)
            m->first[(loop[members[k]] = loop_for(m, members[k])) + 2]++;
        return;
    }
    uint16_t loop_of_key[RATE_KEYS];
    const uint16_t loops[PLAN_ELEMENT + 1] = {[PLAN_SEGMENT] = m->segment_loop, [PLAN_COLUMN] = m->column_loop, [PLAN_ROW] = m->row_loop,
                                              [PLAN_ELEMENT] = m->loop_of_level[0]};
    for (unsigned key = 0; key < RATE_KEYS; key++)
        loop_of_key[key] = loops[rate_of_key[key]];
    for (uint32_t k = 0; k < m->member_count; k++) {
        const unsigned key = rate_key(&ops[members[k]]);
        const bool staged = m->loop_of_stage && rate_of_key[key] == PLAN_SEGMENT;
        m->first[(loop[members[k]] = staged ? loop_for(m, members[k]) : loop_of_key[key]) + 2]++;
    }
}

/* The members of loops of alike components by slices, in their order: all slices have as many. */
static sinter_status sort_slices(planner *m)
{
    ir_ref *members = m->members, *sorted = sn_arena_take(m->memory, (m->member_count + 1) * sizeof *sorted);
    if (!sorted)
        return SINTER_NO_MEMORY;
    for (uint32_t loop = 0; loop < m->plan->loop_count; loop++) {
        const uint32_t first = m->first[loop], count = m->first[loop + 1] - first, slices = m->plan->loops[loop].alike;
        if (!slices)
            continue;
        uint32_t next[PLAN_MOST_ALIKE];
        for (uint32_t k = 0; k < slices; k++)
            next[k] = count / slices * k;
        for (uint32_t k = 0; k < count; k++)
            sorted[next[slice_of(m->levels.alike[members[first + k]])]++] = members[first + k];
        memcpy(members + first, sorted, count * sizeof *sorted);
    }
    return SINTER_OK;
}

/* Sorts the members by loop, in their order. */
static sinter_status collect_members(planner *m)
{
    const uint32_t loops = m->plan->loop_count;
    m->first = sn_arena_take_zeroed(m->memory, (loops + 2) * sizeof *m->first);
    if (!m->first)
        return SINTER_NO_MEMORY;
    if (loops < 2) {
        m->first[1] = m->member_count;
        return SINTER_OK;
    }
    ir_ref *sorted = sn_arena_take(m->memory, (m->member_count + 1) * sizeof *sorted);
    if (!sorted)
        return SINTER_NO_MEMORY;
    find_loops(m);
    for (uint32_t k = 2; k <= loops + 1; k++)
        m->first[k] += m->first[k - 1];
    for (uint32_t k = 0; k < m->member_count; k++)
        sorted[m->first[m->where.loop[m->members[k]] + 1]++] = m->members[k];
    m->members = sorted;
    return m->levels.bunches ? sort_slices(m) : SINTER_OK;
}

/* ---- values that cross loops ---- */

static void add_buffer(planner *m, ir_ref r, bool column)
{
    plan *p = m->plan;
    const unsigned type = m->program->ops[r].type == IR_MASK ? IR_I32 : m->program->ops[r].type;
    p->buffers[p->buffer_count] = (plan_buffer){.type = (uint8_t)type, .column = column};
    m->stretches[p->buffer_count] = (plan_stretch){m->where.loop[r], m->where.loop[r]};
    m->where.slot[r] = ++p->buffer_count;
}

static void give_slot(planner *m, ir_ref r)
{
    if (m->where.slot[r])
        return;
    const plan_loop *loop = &m->plan->loops[m->where.loop[r]];
    const unsigned rate = loop->rate;
    if (loop->routine)
        m->where.slot[r] = loop->results + m->program->ops[r].b;
    else if (rate == PLAN_SEGMENT || rate == PLAN_ROW)
        m->where.slot[r] = m->next_uniform++;
    else
        add_buffer(m, r, rate == PLAN_COLUMN);
}

static bool is_buffered(const planner *m, ir_ref r)
{
    const plan_rate rate = m->plan->loops[m->where.loop[r]].rate;
    return rate == PLAN_ELEMENT || rate == PLAN_COLUMN;
}

/* The value is read in that loop, which is not its own. */
static void cross(planner *m, ir_ref r, uint16_t loop)
{
    give_slot(m, r);
    if (!is_buffered(m, r))
        return;
    plan_stretch *s = &m->stretches[m->where.slot[r] - 1];
    s->last = loop > s->last ? loop : s->last;
}

/* What crosses from one of the components that are alike crosses from all. */
static void cross_alike(planner *m)
{
    for (uint32_t loop = 0; loop < m->plan->loop_count; loop++) {
        const uint32_t slices = m->plan->loops[loop].alike;
        const uint32_t size = slices ? (m->first[loop + 1] - m->first[loop]) / slices : 0;
        const ir_ref *members = m->members + m->first[loop];
        for (uint32_t k = 0; k < size; k++) {
            bool crosses = false;
            for (uint32_t slice = 0; slice < slices; slice++)
                crosses |= m->where.slot[members[slice * size + k]] != 0;
            for (uint32_t slice = 0; crosses && slice < slices; slice++)
                give_slot(m, members[slice * size + k]);
        }
    }
}

/* Of pure operations without a look at how many operands they have: those that are absent are operation 0, which is in no loop. */
static void find_operands_of_others(planner *m, ir_ref r)
{
    const ir_op *op = &m->program->ops[r];
    const uint16_t *loops = m->where.loop;
    const uint16_t loop = loops[r];
    if (sn_ir_info[op->code].kind == IR_KIND_PURE) {
        const uint16_t a = loops[op->a], b = loops[op->b], c = loops[op->c];
        if ((a == loop || a == PLAN_NO_LOOP) & (b == loop || b == PLAN_NO_LOOP) & (c == loop || c == PLAN_NO_LOOP))
            return;
    }
    const unsigned operands = sn_ir_info[op->code].operands;
    for (unsigned k = 0; k < operands; k++) {
        const ir_ref d = sn_ir_operand(op, k);
        if (loops[d] != PLAN_NO_LOOP && loops[d] != loop)
            cross(m, d, loop);
    }
}

/* Where whoever calls the routine finds the argument; 0: nowhere. */
static uint32_t slot_of_argument(planner *m, ir_ref argument, uint16_t loop)
{
    if (m->where.loop[argument] == PLAN_NO_LOOP)
        return sn_plan_leaf_slot(&m->plan->frame, &m->program->ops[argument]);
    cross(m, argument, loop);
    return m->where.slot[argument];
}

/* All results of a routine have a slot, one behind the other, whether they are read or not. */
static sinter_status place_routines(planner *m)
{
    for (uint32_t k = 0; k < m->plan->loop_count; k++) {
        plan_loop *loop = &m->plan->loops[k];
        if (!loop->routine)
            continue;
        loop->results = m->next_uniform;
        m->next_uniform += loop->routine->result_count;
        const ir_op *prepare = &m->program->ops[m->program->ops[m->members[m->first[k]]].a];
        for (unsigned j = 0; j < IR_ROUTINE_ARGUMENTS; j++)
            if (!(loop->arguments[j] = slot_of_argument(m, sn_ir_operand(prepare, j), (uint16_t)k)))
                return SINTER_BAD_PROGRAM;
    }
    return SINTER_OK;
}

/* Values of segment rate that the driver reads. */
static void give_factor(planner *m, plan_scan_factor *f)
{
    if (!f->value)
        return;
    give_slot(m, f->value);
    f->slot = m->where.slot[f->value];
}

static sinter_status find_crossings(planner *m)
{
    const ir_program *p = m->program;
    if (m->plan->loop_count < 2 && !p->call_count)
        return SINTER_OK;
    const uint32_t most = m->member_count + sn_plan_count_ports(p);
    m->where.slot = sn_arena_take_zeroed(m->memory, p->count * sizeof *m->where.slot);
    m->plan->buffers = sn_arena_take(m->memory, (most + 1) * sizeof *m->plan->buffers);
    m->stretches = sn_arena_take(m->memory, (most + 1) * sizeof *m->stretches);
    if (!m->where.slot || !m->plan->buffers || !m->stretches)
        return SINTER_NO_MEMORY;
    const sinter_status status = place_routines(m);
    if (status)
        return status;
    const uint16_t last = (uint16_t)(m->plan->loop_count - 1);
    if (m->loop_of_stage && m->plan->loops[last - 1].rate == PLAN_SEGMENT) { /* one loop of elements, and what is steady: half of a long program is in there, and is asked nothing */
        for (uint32_t k = 0; k < m->first[last]; k++) {
            find_operands_of_others(m, m->members[k]);
            if (m->by_elements[m->members[k]])
                cross(m, m->members[k], last);
        }
    } else if (m->plan->loop_count == 2) { /* the first loop reads nothing of another */
        for (uint32_t k = m->first[1]; k < m->member_count; k++)
            find_operands_of_others(m, m->members[k]);
    } else {
        for (ir_ref r = 1; r < p->count; r++)
            if (m->where.loop[r] != PLAN_NO_LOOP)
                find_operands_of_others(m, r);
    }
    for (uint32_t k = 0; m->where.steps && k < p->memory_count; k++)
        if (m->where.loop[m->where.steps[k]] != PLAN_NO_LOOP)
            give_slot(m, m->where.steps[k]);
    for (uint32_t k = 0; k < m->scans.count; k++) {
        plan_scan *scan = &m->scans.scans[k];
        for (unsigned j = 0; j < PLAN_SCAN_STATES * PLAN_SCAN_STATES; j++) {
            give_factor(m, &scan->a[j / PLAN_SCAN_STATES][j % PLAN_SCAN_STATES]);
            give_factor(m, &scan->b[j / PLAN_SCAN_STATES][j % PLAN_SCAN_STATES]);
        }
        give_factor(m, &scan->settled);
        give_factor(m, &scan->from);
        for (unsigned j = 0; j < PLAN_SCAN_PORTS; j++)
            scan->result[j] = m->where.slot[scan->values[j]];
    }
    if (m->levels.bunches)
        cross_alike(m);
    m->crossing = m->plan->buffer_count;
    return SINTER_OK;
}

/* ---- calls ---- */

/* From a level to the loop of the next one that has any. */
static uint32_t loop_from(const planner *m, uint32_t level)
{
    while (level <= m->levels.top && !m->level_has_loop[level])
        level++;
    return level <= m->levels.top ? m->loop_of_level[level] : m->plan->loop_count;
}

static uint32_t add_scan_buffer(planner *m, uint16_t first, uint16_t last)
{
    m->plan->buffers[m->plan->buffer_count] = (plan_buffer){.type = IR_F32};
    m->stretches[m->plan->buffer_count] = (plan_stretch){first, last};
    return ++m->plan->buffer_count;
}

static plan_scan *scan_of(const planner *m, uint32_t call)
{
    return m->program->call_count && m->scans.count && call >= m->plan->first_scan_call ? &m->plan->scans[m->plan->place_of_call[call]] : NULL;
}

/* What goes into a scan is there until the loop behind it begins, what comes out until the last loop that reads it ends. */
static void place_scan_streams(planner *m)
{
    plan *p = m->plan;
    for (uint32_t k = 0; k < m->member_count; k++) {
        const ir_ref r = m->members[k];
        const ir_op *op = &m->program->ops[r];
        const uint16_t loop = m->where.loop[r];
        plan_scan *into = op->code == IR_ARGUMENT ? scan_of(m, op->b) : NULL;
        if (into)
            into->x[op->c] = add_scan_buffer(m, loop, (uint16_t)into->before);
        const unsigned operands = sn_ir_info[op->code].operands;
        for (unsigned j = 0; j < operands; j++) {
            const ir_op *from = &m->program->ops[sn_ir_operand(op, j)];
            plan_scan *s = from->code == IR_RESULT ? scan_of(m, from->a) : NULL;
            if (!s)
                continue;
            if (!s->result[from->b])
                s->result[from->b] = add_scan_buffer(m, (uint16_t)s->before, loop);
            plan_stretch *stretch = &m->stretches[s->result[from->b] - 1];
            stretch->last = loop > stretch->last ? loop : stretch->last;
        }
    }
    m->crossing = p->buffer_count;
}

static void place_scans(planner *m)
{
    plan *p = m->plan;
    for (uint32_t k = 0; k < p->scan_count; k++)
        if (!p->scans[k].keeps_loop)
            p->scans[k].before = loop_from(m, p->scans[k].before);
    place_scan_streams(m);
}

static sinter_status place_calls(planner *m)
{
    plan *p = m->plan;
    p->latency = m->levels.latency;
    p->tail = m->levels.level ? m->levels.tail : p->reads_index ? PLAN_ENDLESS : 0;
    if (!m->program->call_count)
        return SINTER_OK;
    p->scans = m->scans.scans;
    const sinter_status status = sn_plan_place_calls(p, m->scans.count, m->live, m->levels.level, m->memory);
    if (status)
        return status;
    if (p->scan_count)
        place_scans(m);
    sn_plan_add_call_buffers(p);
    for (uint32_t k = 0; k < p->call_count; k++)
        p->calls[k].before = loop_from(m, p->calls[k].before);
    return SINTER_OK;
}

/* ---- lines ---- */

static bool is_counter(const planner *m, uint32_t k)
{
    return m->where.steps && m->where.steps[k];
}

/* Is it a line that no loop touches: the state of a scan, or what a scan needs to go on? */
static bool is_scans(const planner *m, uint32_t k)
{
    return m->scans.count && (m->scans.scan_of_line[k] || k >= m->scans.program->memory_count - m->scans.count);
}

/* Where the driver finds the step. */
static void place_step(const planner *m, plan_line *line)
{
    const ir_ref step = m->where.steps[line->memory];
    const ir_op *op = &m->program->ops[step];
    if (op->code == IR_CONST)
        line->step = (int32_t)op->a;
    else if (m->where.loop[step] == PLAN_NO_LOOP)
        line->step_slot = sn_plan_leaf_slot(&m->plan->frame, op);
    else
        line->step_slot = m->where.slot[step];
}

static void find_line_uses(const planner *m, uint16_t *loop_of_line, uint16_t *writing, uint8_t *varying)
{
    const ir_program *p = m->program;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        if (m->where.loop[r] == PLAN_NO_LOOP || (op->code != IR_READ && op->code != IR_READV && op->code != IR_WRITE))
            continue;
        const uint32_t k = op->code == IR_READ ? op->a : op->b;
        if (op->code == IR_READV)
            varying[k] = 1;
        if (op->code == IR_WRITE)
            writing[k] = m->where.loop[r];
        if (loop_of_line[k] == PLAN_NO_LOOP)
            loop_of_line[k] = m->where.loop[r];
        else if (loop_of_line[k] != m->where.loop[r])
            varying[k] = 1;
    }
}

/* From memories to lines. */
static void number_scan_lines(const planner *m, plan_scan *s)
{
    for (unsigned k = 0; k < s->line_count; k++) {
        const ir_memory *memory = &m->program->memories[s->lines[k]];
        s->flush |= memory->flush ? memory->length == 2 ? 3 : 1 << k : 0;
        s->lines[k] = m->plan->line_of_memory[s->lines[k]];
    }
    s->ahead = m->plan->line_of_memory[s->ahead];
    if (s->keeps_loop) {
        s->flag = m->plan->line_of_memory[s->flag];
        s->loop = m->plan->lines[s->flag].loop;
    }
}

static sinter_status lay_out_lines(planner *m)
{
    const ir_program *p = m->program;
    plan *out = m->plan;
    const uint32_t count = p->memory_count;
    if (!count)
        return SINTER_OK;
    uint16_t *loop_of_line = sn_arena_take(m->memory, (count + 1) * sizeof *loop_of_line);
    uint16_t *writing = sn_arena_take_zeroed(m->memory, (count + 1) * sizeof *writing);
    uint8_t *varying = sn_arena_take_zeroed(m->memory, count + 1);
    out->lines = sn_arena_take(m->memory, (count + 1) * sizeof *out->lines);
    out->line_of_memory = sn_arena_take_zeroed(m->memory, (count + 1) * sizeof *out->line_of_memory);
    if (!loop_of_line || !writing || !varying || !out->lines || !out->line_of_memory)
        return SINTER_NO_MEMORY;
    memset(loop_of_line, 0xFF, (count + 1) * sizeof *loop_of_line);
    if (has_lines(p))
        find_line_uses(m, loop_of_line, writing, varying);
    uint64_t at = 0;
    for (uint32_t k = 0; k < count; k++) {
        const ir_memory *memory = &p->memories[k];
        if (memory->kind == IR_CELLS) { /* read-write tables are state too; their place is kept as a line of no motion */
            loop_of_line[k] = 0;
        } else if (memory->kind != IR_LINE || (loop_of_line[k] == PLAN_NO_LOOP && !is_scans(m, k))) {
            continue;
        }
        const bool cells = memory->kind == IR_CELLS, scanned = is_scans(m, k);
        const bool held = cells || is_counter(m, k) || scanned || (!varying[k] && memory->length <= PLAN_HELD
                                    && out->loops[loop_of_line[k]].lanes == PLAN_SCALAR);
        /* What moves at the end of the storage is as long as the line: of a filter's past, two values, which may move often and lie close to others. */
        const uint32_t slack = memory->length > 4 * PLAN_CHUNK ? memory->length : memory->length > PLAN_TICK ? 4 * PLAN_CHUNK : PLAN_CHUNK;
        const uint64_t capacity = held ? memory->length : (uint64_t)memory->length + slack;
        const unsigned type = memory->type;
        out->line_of_memory[k] = out->line_count;
        out->lines[out->line_count++] = (plan_line){.memory = k, .length = memory->length, .capacity = (uint32_t)capacity,
                                                    .type = (uint8_t)type, .held = held, .flush = memory->flush && !cells && !scanned,
                                                    .loop = writing[k],
                                                    .offset = (uint32_t)at};
        if (is_counter(m, k)) {
            out->lines[out->line_count - 1].counter = true;
            place_step(m, &out->lines[out->line_count - 1]);
        }
        if (memory->flush && !cells && !scanned)
            out->loops[writing[k]].ticked = true;
        at += (capacity * sn_ir_type_size(type) + 64 + 63) & ~(uint64_t)63;
        if (at > INT32_MAX)
            return SINTER_TOO_LARGE;
    }
    out->state = at;
    for (uint32_t k = 0; k < out->scan_count; k++)
        number_scan_lines(m, &out->scans[k]);
    return SINTER_OK;
}

/* ---- frame, workspace ---- */

static void lay_out_frame(planner *m)
{
    const ir_program *p = m->program;
    plan_frame *f = &m->plan->frame;
    f->index = 0;
    f->inputs = 1;
    f->outputs = f->inputs + p->input_count;
    f->memories = f->outputs + p->output_count;
    f->sums = f->memories + p->memory_count;
    f->params = f->sums + p->total_count;
    f->lengths = f->params + p->param_count;
    f->row = f->lengths + p->memory_count;
    f->column = f->row + 1;
    f->extents = f->column + 1;
    f->uniforms = f->extents;
    for (uint32_t k = 0; k < p->memory_count; k++)
        f->uniforms += p->memories[k].channels ? IR_EXTENT_LENGTH : 0;
    m->next_uniform = f->uniforms;
}

static void finish_frame(planner *m)
{
    plan_frame *f = &m->plan->frame;
    f->buffers = m->next_uniform;
    f->lines = f->buffers + m->plan->buffer_count;
    f->together = f->lines + m->plan->line_count;
    f->totals = f->together + 1;
    f->count = f->totals + m->program->total_count;
}

static sinter_status choose_chunk(planner *m)
{
    plan *p = m->plan;
    bool crossing = p->buffer_count > 0;
    for (uint32_t k = 0; k < p->line_count; k++)
        crossing |= !p->lines[k].held;
    p->chunk = crossing ? m->levels.chunk : m->program->total_count ? PLAN_SUM_BLOCK : PLAN_WHOLE;
    uint64_t at = (uint64_t)m->program->total_count * 256;
    p->sums_offset = 0;
    const sinter_status status = p->buffer_count ? sn_plan_place_buffers(p, m->stretches, m->crossing, &at, m->memory) : SINTER_OK;
    p->workspace = (uint32_t)at;
    return status;
}

static sinter_status find_sum_types(planner *m)
{
    const ir_program *p = m->program;
    if (!p->total_count)
        return SINTER_OK;
    m->plan->sum_types = sn_arena_take_zeroed(m->memory, p->total_count + 1);
    if (!m->plan->sum_types)
        return SINTER_NO_MEMORY;
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_SUM || p->ops[r].code == IR_SUMP)
            m->plan->sum_types[p->ops[r].code == IR_SUM ? p->ops[r].b : p->ops[r].c] = p->ops[p->ops[r].a].type;
    return SINTER_OK;
}

static const char *reason_for(const plan_loop *loop)
{
    if (loop->routine)
        return "a routine of the library, called when parameters are set";
    if (loop->rate == PLAN_SEGMENT)
        return "varies with parameters only: computed when they are set";
    if (loop->rate == PLAN_ROW)
        return "varies by row only: computed once a row";
    if (loop->rate == PLAN_COLUMN)
        return "varies by column only: computed once a tile";
    if (loop->alike)
        return "its components are alike and side by side: one element at a time, one component a lane";
    if (loop->lanes == PLAN_SCALAR)
        return loop->cycle ? "its cycle has a short delay: one element at a time" : "read-write tables keep their order: one element at a time";
    if (loop->most)
        return "its cycle has no delay below 8: so many consecutive elements at once";
    return "no cycle: consecutive elements fill the lanes";
}

static sinter_status make_bodies(planner *m)
{
    for (uint32_t k = 0; k < m->plan->loop_count; k++) {
        const ir_routine *routine = m->plan->loops[k].routine;
        m->plan->loops[k].reason = reason_for(&m->plan->loops[k]);
        if (routine) {
            m->plan->operations += routine->operations;
            m->plan->hoisted += routine->operations;
            continue;
        }
        const sinter_status status = sn_plan_make_bodies(m->plan, &m->where, k, m->members + m->first[k],
                                                         m->first[k + 1] - m->first[k], m->memory);
        if (status)
            return status;
    }
    return SINTER_OK;
}

/* What is computed before the only loop over elements is in no region where that loop alone has any: then no other operations are looked at. */
static sinter_status find_regions(planner *m)
{
    const uint32_t loops = m->plan->loop_count;
    const bool last_alone = loops >= 2 && !m->has_hoisted_rare && m->plan->loops[loops - 1].rate == PLAN_ELEMENT
                            && m->plan->loops[loops - 2].rate != PLAN_ELEMENT;
    if (last_alone) {
        m->where.order = m->members + m->first[loops - 1];
        m->where.order_count = m->member_count - m->first[loops - 1];
    }
    return sn_plan_find_regions(m->program, &m->where, last_alone || loops < 2, m->memory);
}

sinter_status sn_plan_make(plan *out, const ir_program *program, unsigned how, arena *memory)
{
    *out = (plan){.program = program, .as_written = how & PLAN_SOON};
    planner m = {.plan = out, .program = program, .memory = memory, .looks_ahead = how & PLAN_LOOK_AHEAD};
    sinter_status status = find_levels(&m);
    if (!status) {
        delay_outputs(&m);
        status = place(&m);
    }
    if (!status)
        status = collect_members(&m);
    if (!status) {
        lay_out_frame(&m);
        status = find_crossings(&m);
    }
    if (!status)
        status = place_calls(&m);
    if (!status)
        status = find_regions(&m);
    if (!status)
        status = lay_out_lines(&m);
    if (!status)
        status = choose_chunk(&m);
    if (!status)
        status = find_sum_types(&m);
    if (!status) {
        out->stateful = out->line_count > 0 || out->call_count > 0;
        finish_frame(&m);
        status = make_bodies(&m);
    }
    return out->status = status;
}
