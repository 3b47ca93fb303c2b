/* Calls of functions in C: when they are made, and in which buffers their streams lie.
 *
 * Purpose: a loop's body must be a straight line without a hole, so a call stands between loops: behind the last one that makes an
 * argument of it, before the first one that reads a result (components.c gives the levels, and sees to it that a call is on no cycle
 * within a chunk). To bodies an argument is a buffer that they fill, a result one that they read. Calls of one level are made in the
 * order of the program, so that those with effects keep it. Linear time but for a counting sort by level. */
#include "plan/plan.h"

/* The level behind which each call may be made, plus 1; 0 where it has no arguments. */
static uint32_t *find_levels(const ir_program *p, const uint8_t *live, const uint16_t *level, arena *memory)
{
    uint32_t *behind = sn_arena_take_zeroed(memory, p->call_count * sizeof *behind);
    for (ir_ref r = 1; behind && r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        if (live[r] && op->code == IR_ARGUMENT && level[r] + 1u > behind[op->b])
            behind[op->b] = level[r] + 1u;
    }
    return behind;
}

static bool *find_made(const ir_program *p, const uint8_t *live, arena *memory)
{
    bool *made = sn_arena_take_zeroed(memory, p->call_count * sizeof *made);
    for (uint32_t k = 0; made && k < p->call_count; k++)
        made[k] = !p->calls[k].type->pure;
    for (ir_ref r = 1; made && r < p->count; r++)
        if (live[r] && p->ops[r].code == IR_RESULT)
            made[p->ops[r].a] = true;
    return made;
}

/* Calls in the order of their levels, those of one level in that of the program; scans apart. */
static void sort_by_level(plan *p, uint32_t scans, const bool *made, const uint32_t *behind, uint32_t *first, uint32_t top, plan_scan *sorted)
{
    const ir_program *program = p->program;
    const uint32_t calls = program->call_count - scans;
    for (uint32_t k = 0; k < program->call_count; k++)
        first[behind[k] + 1] += made[k];
    for (uint32_t level = 1; level <= top; level++)
        first[level] += first[level - 1];
    uint32_t *order = first + top + 2; /* by place: the call, from 1 */
    for (uint32_t k = 0; k < program->call_count; k++)
        if (made[k])
            order[first[behind[k]]++] = k + 1;
    for (uint32_t at = 0; at < program->call_count && order[at]; at++) {
        const uint32_t k = order[at] - 1;
        if (k >= calls) {
            sorted[p->scan_count] = p->scans[k - calls];
            sorted[p->scan_count].before = behind[k];
            p->place_of_call[k] = p->scan_count++;
        } else {
            p->calls[p->call_count] = (plan_call){.call = k, .before = behind[k]};
            p->place_of_call[k] = p->call_count++;
        }
    }
}

static uint32_t add_buffers(plan *p, uint32_t count)
{
    const uint32_t first = p->buffer_count;
    for (uint32_t k = 0; k < count; k++)
        p->buffers[p->buffer_count++] = (plan_buffer){.type = IR_F32};
    return first;
}

static void find_steady(plan *p, uint32_t scans, const uint8_t *live)
{
    const ir_program *program = p->program;
    for (ir_ref r = 1; r < program->count; r++) {
        const ir_op *op = &program->ops[r];
        if (live[r] && op->code == IR_ARGUMENT && op->b < program->call_count - scans && !(op->axes & ~(unsigned)IR_AXIS_SEGMENT))
            p->calls[p->place_of_call[op->b]].steady |= (uint64_t)1 << op->c;
    }
}

uint32_t sn_plan_count_ports(const ir_program *program)
{
    uint32_t ports = 0;
    for (uint32_t k = 0; k < program->call_count; k++)
        ports += program->calls[k].type->inputs + program->calls[k].type->outputs;
    return ports;
}

void sn_plan_add_call_buffers(plan *p)
{
    for (uint32_t k = 0; k < p->call_count; k++) {
        const sinter_node_type *type = p->program->calls[p->calls[k].call].type;
        p->calls[k].inputs = add_buffers(p, type->inputs);
        p->calls[k].outputs = add_buffers(p, type->outputs);
    }
}

sinter_status sn_plan_place_calls(plan *p, uint32_t scans, const uint8_t *live, const uint16_t *level, arena *memory)
{
    const ir_program *program = p->program;
    uint32_t *behind = find_levels(program, live, level, memory);
    bool *made = find_made(program, live, memory);
    uint32_t top = 0;
    for (uint32_t k = 0; behind && k < program->call_count; k++)
        top = behind[k] > top ? behind[k] : top;
    for (uint32_t k = 0; behind && made && k < scans; k++)
        if (p->scans[k].keeps_loop) { /* it is no call: behind all others */
            made[program->call_count - scans + k] = true;
            behind[program->call_count - scans + k] = top + 1;
        }
    top++;
    uint32_t *first = sn_arena_take_zeroed(memory, (top + 2 + (size_t)program->call_count) * sizeof *first);
    plan_scan *sorted = sn_arena_take(memory, (scans + 1) * sizeof *sorted);
    p->calls = sn_arena_take(memory, (program->call_count - scans + 1) * sizeof *p->calls);
    p->place_of_call = sn_arena_take_zeroed(memory, program->call_count * sizeof *p->place_of_call);
    if (!behind || !made || !first || !sorted || !p->calls || !p->place_of_call)
        return SINTER_NO_MEMORY;
    sort_by_level(p, scans, made, behind, first, top, sorted);
    p->scans = sorted;
    find_steady(p, scans, live);
    return SINTER_OK;
}
