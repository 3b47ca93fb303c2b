/* A plan in words: what each loop does, why it has the lanes it has, what it will cost; and the plan as text. */
#include "base/text.h"
#include "plan/plan.h"

#include <string.h>

static const char *rate_name(unsigned rate)
{
    static const char *const names[] = {"segment", "column", "row", "element"};
    return names[rate];
}

static void print_op(const plan_body *body, uint32_t r, text *out)
{
    const ir_op *op = &body->ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    if (info->rule == IR_RULE_EFFECT)
        sn_text_print(out, "        %s", info->name);
    else
        sn_text_print(out, "        %%%u = %s %s", r, info->name, sn_ir_type_name(op->type));
    if (op->code == IR_CONST) {
        const uint64_t bits = op->a | (uint64_t)op->b << 32;
        double wide;
        float narrow;
        memcpy(&wide, &bits, sizeof wide);
        memcpy(&narrow, &op->a, sizeof narrow);
        sn_text_add(out, " ");
        if (op->type == IR_F64)
            sn_text_add_f64(out, wide);
        else if (op->type == IR_F32)
            sn_text_add_f32(out, narrow);
        else
            sn_text_print(out, "%d", (int32_t)op->a);
    } else {
        for (unsigned k = 0; k < (unsigned)info->operands + info->immediates && k < 3; k++)
            sn_text_print(out, k < info->operands ? "%s %%%u" : "%s %u", k ? "," : "", sn_ir_operand(op, k));
    }
    sn_text_add(out, "\n");
}

static void print_body(const plan_body *body, text *out)
{
    for (uint32_t r = 1; r < body->count; r++)
        print_op(body, r, out);
}

static const ir_call *called(const plan *p, const plan_call *call)
{
    return &p->program->calls[call->call];
}

/* Those that are made before this loop; the index of the next one. */
static uint32_t print_calls(const plan *p, uint32_t next, uint32_t loop, text *out)
{
    for (; next < p->call_count && p->calls[next].before <= loop; next++) {
        const ir_call *call = called(p, &p->calls[next]);
        sn_text_print(out, "call %s: %s, %u inputs from buffer %u, %u outputs from buffer %u\n", call->name, call->type->name, call->type->inputs,
                      p->calls[next].inputs, call->type->outputs, p->calls[next].outputs);
    }
    return next;
}

static const char *line_name(const plan *p, uint32_t line)
{
    return p->program->memories[p->lines[line].memory].name;
}

static void add_states(const plan *p, const plan_scan *s, text *out)
{
    for (unsigned k = 0; k < s->line_count; k++)
        sn_text_print(out, "%s%s", k ? ", " : "", line_name(p, s->lines[k]));
}

static void print_factors(const char *name, const plan_scan_factor f[PLAN_SCAN_STATES][PLAN_SCAN_STATES], unsigned rows, unsigned columns, text *out)
{
    sn_text_print(out, "        %s =", name);
    for (unsigned m = 0; m < rows; m++) {
        sn_text_add(out, m ? "; " : " ");
        for (unsigned k = 0; k < columns; k++) {
            sn_text_add(out, k ? ", " : "");
            if (f[m][k].slot)
                sn_text_print(out, "uniform %u", f[m][k].slot);
            else
                sn_text_add_f64(out, f[m][k].constant);
        }
    }
    sn_text_add(out, "\n");
}

static void print_buffers(const char *what, const uint32_t *buffers, unsigned count, text *out)
{
    sn_text_add(out, what);
    for (unsigned k = 0; k < count; k++)
        if (buffers[k])
            sn_text_print(out, " %u", buffers[k] - 1);
        else
            sn_text_add(out, " -");
}

static void print_scan(const plan *p, const plan_scan *s, text *out)
{
    sn_text_add(out, "scan ");
    add_states(p, s, out);
    print_buffers(": x in buffers", s->x, s->inputs, out);
    print_buffers(", states and those before in", s->result, 2u * s->order, out);
    if (s->keeps_loop)
        sn_text_print(out, s->from.slot ? ", instead of loop %u where line %u is uniform %u, from element uniform %u on" : ", instead of loop %u where line %u is uniform %u", s->loop, s->flag,
                      s->settled.slot, s->from.slot);
    sn_text_add(out, "\n");
    print_factors("A", s->a, s->order, s->order, out);
    print_factors("B", s->b, s->order, s->inputs ? s->inputs : 1, out);
}

/* Those that are computed before this loop, or instead of it. */
static void print_scans(const plan *p, uint32_t loop, text *out)
{
    for (uint32_t k = 0; k < p->scan_count; k++)
        if ((p->scans[k].keeps_loop ? p->scans[k].loop : p->scans[k].before) == loop)
            print_scan(p, &p->scans[k], out);
}

/* What is said of a line's storage. */
static bool is_ahead(const plan *p, uint32_t line)
{
    return line >= p->line_count - p->ahead_count;
}

/* Is it a line that a scan has, and no loop? */
static bool is_scans_own(const plan *p, uint32_t line)
{
    for (uint32_t k = 0; k < p->scan_count; k++)
        for (unsigned m = 0; m < p->scans[k].line_count; m++)
            if (p->scans[k].lines[m] == line && !p->scans[k].keeps_loop)
                return true;
    return false;
}

void sn_plan_print(const plan *p, text *out)
{
    uint32_t next = 0;

    sn_text_print(out, "chunk %u, %u buffers in %u bytes, state of %llu bytes\n", p->chunk, p->buffer_count, p->workspace,
                  (unsigned long long)p->state);
    for (uint32_t k = 0; k < p->line_count; k++)
        sn_text_print(out, "line %u: %s, %u values of %s, %s%s\n", k, p->program->memories[p->lines[k].memory].name, p->lines[k].length,
                      sn_ir_type_name(p->lines[k].type), p->lines[k].counter ? "a counter" : is_ahead(p, k) || is_scans_own(p, k) ? "of a scan" : p->lines[k].held ? "in registers" : "a window", p->lines[k].flush ? ", flushed" : "");
    for (uint32_t k = 0; k < p->loop_count; k++) {
        const plan_loop *loop = &p->loops[k];
        next = print_calls(p, next, k, out);
        print_scans(p, k, out);
        sn_text_print(out, "loop %u: %s, %s lanes%s%s", k, rate_name(loop->rate), loop->lanes == PLAN_TIME ? "time" : "one",
                      loop->most ? ", eight at most" : "", loop->ticked ? ", by ticks" : "");
        if (loop->alike)
            sn_text_print(out, ", %u slices alike", loop->alike);
        sn_text_add(out, "\n");
        if (loop->routine) {
            sn_text_print(out, "        routine %s: %u operations; of uniforms %u %u %u; %u results from uniform %u\n", loop->routine->name, loop->routine->operations,
                          loop->arguments[0], loop->arguments[1], loop->arguments[2], loop->routine->result_count, loop->results);
            continue;
        }
        if (loop->guard)
            sn_text_print(out, "    where uniform %u is not set:\n", loop->guard);
        print_body(&loop->body[0], out);
        if (loop->guard) {
            sn_text_print(out, "    where it is set:\n");
            print_body(&loop->body[1], out);
        }
    }
    print_calls(p, next, p->loop_count, out);
}

plan_cost sn_plan_cost_of(unsigned code)
{
    switch (code) {
    case IR_NONE: case IR_CONST: case IR_UNIFORM: case IR_HELD: case IR_HOLD: case IR_BITS: case IR_FROM_BITS:
        return (plan_cost){0, 0};
    case IR_DIV: return (plan_cost){10, 13};
    case IR_SQRT: return (plan_cost){12, 18};
    case IR_LOAD: case IR_READV: return (plan_cost){24, 20};
    case IR_FLOOR: case IR_CEIL: case IR_ROUND: case IR_TRUNC: return (plan_cost){2, 8};
    case IR_CVT: return (plan_cost){2, 6};
    case IR_INPUT: case IR_BUFFER: case IR_READ: return (plan_cost){1, 7};
    case IR_UMULH: return (plan_cost){7, 14};
    case IR_AND: case IR_OR: case IR_XOR: case IR_NOT: case IR_NEG: case IR_ABS: case IR_SHL: case IR_SAR: case IR_SHR:
        return (plan_cost){1, 1};
    default: return (plan_cost){1, 4};
    }
}

/* A look-up in a table of bytes that vector registers can hold: four vectors share four instructions, a half more goes for the way in and out. */
static bool is_kept_lookup(const plan *p, const ir_op *op)
{
    const ir_memory *m = op->code == IR_LOAD ? &p->program->memories[op->b] : NULL;
    return m && m->kind == IR_TABLE && m->type == IR_U8 && m->length <= 256;
}

static unsigned slots_of(const plan *p, const plan_body *body, bool kept)
{
    unsigned slots = 0;
    for (uint32_t r = 1; r < body->count; r++) {
        if (body->ops[r].code == IR_COLD)
            r = body->ops[r].b;
        slots += kept && is_kept_lookup(p, &body->ops[r]) ? 2 : sn_plan_cost_of(body->ops[r].code).slots;
    }
    return slots;
}

static void explain_lookups(const plan *p, const plan_body *body, bool kept, text *out)
{
    uint32_t in_registers = 0, gathered = 0;
    for (uint32_t r = 1; r < body->count; r++) {
        const bool is_kept = kept && is_kept_lookup(p, &body->ops[r]);
        in_registers += is_kept;
        gathered += body->ops[r].code == IR_LOAD && !is_kept;
    }
    if (in_registers)
        sn_text_print(out, "    %u look-up%s in tables that registers hold, shared by vectors side by side\n", in_registers, in_registers == 1 ? "" : "s");
    if (gathered)
        sn_text_print(out, "    %u look-up%s gathered from memory\n", gathered, gathered == 1 ? "" : "s");
}

/* The longest chain from a held value to one that is held next, in cycles. */
static unsigned cycle_latency(const plan_body *body)
{
    enum { MOST = 4096 };
    unsigned at[MOST] = {0}, longest = 0;
    for (uint32_t r = 1; r < body->count && r < MOST; r++) {
        const ir_op *op = &body->ops[r];
        unsigned start = op->code == IR_HELD || op->code == IR_READ ? 1 : 0;
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++) {
            const uint32_t operand = sn_ir_operand(op, k);
            if (operand < MOST && at[operand] > start)
                start = at[operand];
        }
        at[r] = start ? start + sn_plan_cost_of(op->code).latency : 0;
        if ((op->code == IR_HOLD || op->code == IR_WRITE) && at[r] > longest)
            longest = at[r];
    }
    return longest;
}

static uint32_t work_of(const plan_body *body)
{
    uint32_t work = 0;
    for (uint32_t r = 1; r < body->count; r++) {
        const ir_info *info = &sn_ir_info[body->ops[r].code];
        work += info->rule != IR_RULE_LEAF && info->rule != IR_RULE_EFFECT && info->rule != IR_RULE_READ;
    }
    return work;
}

/* Of a loop of alike components. */
static void explain_alike(const plan *p, const plan_loop *loop, unsigned lanes, text *out)
{
    const plan_body slice = {.ops = loop->body[0].ops, .count = 1 + loop->slice};
    plan_alike_work each = {.slots = slots_of(p, &slice, false), .latency = cycle_latency(&slice), .widest = loop->widest};
    for (uint32_t r = 1; r < slice.count; r++) {
        each.streams += slice.ops[r].code == IR_BUFFER || slice.ops[r].code == IR_INPUT || slice.ops[r].code == IR_SET_BUFFER;
        each.values += slice.ops[r].code == IR_HOLD ? p->lines[slice.ops[r].b].length : 0;
    }
    each.slots -= each.streams; /* counted apart */
    const plan_alike_cost cost = sn_plan_cost_of_alike(&each, loop->alike, lanes);
    const unsigned vectors = (loop->alike + lanes - 1) / lanes;
    sn_text_print(out, "    %u components in the lanes of %u vector%s; what each reads and writes is turned four elements at a time\n", loop->alike,
                  vectors, vectors == 1 ? "" : "s");
    sn_text_print(out, "    predicted: %u cycles an element; %u one by one\n", cost.side_by_side, cost.one_by_one);
}

static unsigned lanes_of(const plan_loop *loop, const plan_machine *m)
{
    if (loop->lanes != PLAN_TIME && !loop->alike)
        return 1;
    const unsigned bytes = loop->alike && m->vector_bytes > PLAN_ALIKE_BYTES ? PLAN_ALIKE_BYTES : m->vector_bytes;
    unsigned lanes = bytes / loop->widest;
    if (loop->most && loop->most < lanes)
        lanes = loop->most;
    if (m->most_lanes && m->most_lanes < lanes)
        lanes = m->most_lanes;
    return lanes ? lanes : 1;
}

static void explain_loop(const plan *p, uint32_t k, const plan_machine *machine, text *out)
{
    const plan_loop *loop = &p->loops[k];
    const unsigned lanes = lanes_of(loop, machine);
    const bool vector = loop->lanes == PLAN_TIME && lanes > 1;
    const bool alike = loop->alike && lanes > 1;
    if (loop->routine) {
        sn_text_print(out, "loop %u, %s: %u operations of %s\n    %s\n", k, rate_name(loop->rate), loop->routine->operations, loop->routine->name, loop->reason);
        return;
    }
    sn_text_print(out, "loop %u, %s: %u operations, %u lane%s of %s\n", k, rate_name(loop->rate), work_of(&loop->body[0]), lanes,
                  lanes == 1 ? "" : "s", loop->widest == 8 ? "f64" : "f32");
    sn_text_print(out, "    %s\n", loop->reason);
    if (loop->cycle)
        sn_text_print(out, "    the cycle goes through %s\n", loop->cycle);
    if (loop->guard)
        sn_text_print(out, "    two bodies: %u operations where the guard is set, %u else\n", work_of(&loop->body[1]), work_of(&loop->body[0]));
    if (loop->body[0].cold)
        sn_text_print(out, "    %u cold region%s, run only where a lane asks\n", loop->body[0].cold, loop->body[0].cold == 1 ? "" : "s");
    const bool kept = vector && lanes * loop->widest == 64 && machine->byte_permutations;
    if (vector)
        explain_lookups(p, &loop->body[0], kept, out);
    if (loop->rate != PLAN_ELEMENT)
        return;
    if (alike) {
        explain_alike(p, loop, lanes, out);
        return;
    }
    const unsigned slots = (slots_of(p, &loop->body[0], kept) + 1) / 2, latency = lanes == 1 || loop->most ? cycle_latency(&loop->body[0]) : 0;
    const unsigned cycles = slots > latency ? slots : latency;
    sn_text_print(out, "    predicted: %u.%02u cycles an element, bound by %s\n", cycles / lanes, cycles * 100 / lanes % 100,
                  slots >= latency ? "issue" : "the latency of the cycle");
}

static uint32_t explain_calls(const plan *p, uint32_t next, uint32_t loop, text *out)
{
    for (; next < p->call_count && p->calls[next].before <= loop; next++) {
        const ir_call *call = called(p, &p->calls[next]);
        const sinter_node_type *type = call->type;
        sn_text_print(out, "call %s, external: %u input%s, %u output%s, at most %u elements at once\n", call->name, type->inputs,
                      type->inputs == 1 ? "" : "s", type->outputs, type->outputs == 1 ? "" : "s", p->chunk);
        sn_text_print(out, "    the function in C of '%s', which makes no promise of the same bits%s%s\n", type->name,
                      type->pure ? "" : "; it is called whether its results are read or not",
                      type->process ? "" : "; element by element");
        if (type->latency)
            sn_text_print(out, "    latency: %u elements\n", type->latency);
    }
    return next;
}

static void explain_scans(const plan *p, uint32_t loop, text *out)
{
    for (uint32_t k = 0; k < p->scan_count; k++) {
        const plan_scan *s = &p->scans[k];
        if ((s->keeps_loop ? s->loop : s->before) != loop)
            continue;
        sn_text_add(out, "scan of ");
        add_states(p, s, out);
        sn_text_print(out, s->keeps_loop ? ", instead of loop %u while %s stays as it is\n" : ", before loop %u\n", loop, s->keeps_loop ? line_name(p, s->flag) : "");
        sn_text_print(out, "    a linear recurrence of order %u, its factors steady: %u elements at once\n", s->order, PLAN_TICK);
    }
}

void sn_plan_explain(const plan *p, const plan_machine *machine, text *out)
{
    sn_text_print(out, "engine %s: %u operations in %u loop%s, %u of them hoisted\n", machine->engine, p->operations, p->loop_count,
                  p->loop_count == 1 ? "" : "s", p->hoisted);
    if (p->buffer_count)
        sn_text_print(out, "chunks of %u elements, %u buffers between loops\n", p->chunk, p->buffer_count);
    for (uint32_t k = 0; k < p->line_count - p->ahead_count; k++)
        sn_text_print(out, "%s: %u values, %s\n", p->program->memories[p->lines[k].memory].name, p->lines[k].length,
                      p->lines[k].counter       ? "a counter: follows from the element's number, its step being steady"
                      : is_scans_own(p, k)      ? "the state of a scan"
                      : p->lines[k].held        ? "in registers"
                                                : "a sliding window in memory");
    if (p->latency)
        sn_text_print(out, "latency to the outputs: %llu elements\n", (unsigned long long)p->latency);
    if (p->tail == PLAN_ENDLESS && p->program->input_count)
        sn_text_add(out, "tail: without end\n");
    else if (p->tail && p->program->input_count)
        sn_text_print(out, "tail: %llu elements\n", (unsigned long long)p->tail);
    uint32_t next = 0;
    for (uint32_t k = 0; k < p->loop_count; k++) {
        next = explain_calls(p, next, k, out);
        explain_scans(p, k, out);
        explain_loop(p, k, machine, out);
    }
    explain_calls(p, next, p->loop_count, out);
}
