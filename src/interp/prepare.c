/* Plan → prepared bodies.
 *
 * A body takes one of two forms by its loop's lanes. What both need is here: which values are the same bits
 * under another type (they cost nothing), how often and how late each value is used, a stack of free numbers
 * from which temporaries are taken and to which they return after their last use (so that a body of 100,000
 * operations needs as many temporaries as are live at once), and the constants. All of it is one walk
 * forward; nothing depends on the order in which hash tables or pointers fall.
 *
 * Cold regions need no care here: what is made inside is used inside or by the region's RARE, and what ends
 * inside was made before or inside, so a number given back within a region is free after it, skipped or not.
 */
#include "interp/interp_code.h"

#include "base/cpu.h"

#include <string.h>

static const interp_engine *choose_engine(void)
{
#if defined(__x86_64__)
    const uint32_t features = sn_cpu_features();
    if ((features & CPU_X64_AVX512) == CPU_X64_AVX512)
        return &sn_interp_avx512;
    if ((features & CPU_X64_AVX2) == CPU_X64_AVX2)
        return &sn_interp_avx2;
#else
    (void)sn_cpu_features;
#endif
    return &sn_interp_baseline;
}

interp_place sn_interp_constant(interp_maker *m, uint64_t bits)
{
    const uint32_t count = m->constant_count;
    if (count == m->constant_capacity) {
        const uint32_t capacity = count ? 2 * count : 64;
        uint64_t *grown =
            sn_arena_grow(m->memory, m->constants, count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            m->failed = true;
            return sn_interp_place(SPACE_CONST, 0);
        }
        m->constants = grown;
        m->constant_capacity = capacity;
    }
    m->constants[count] = bits;
    m->constant_count++;
    return sn_interp_place(SPACE_CONST, count);
}

uint64_t sn_interp_constant_bits(const ir_op *op)
{
    const uint64_t bits = op->a | (uint64_t)op->b << 32;
    return op->type == IR_MASK ? bits & 1 ? UINT32_MAX : 0 : bits;
}

uint32_t sn_interp_bounds(interp_maker *m, uint32_t line)
{
    const ir_memory *memory = &m->plan->program->memories[m->plan->lines[line].memory];
    return sn_interp_constant(m, memory->shortest | (uint64_t)memory->length << 32) & PLACE_MASK;
}

uint32_t sn_interp_take(interp_maker *m)
{
    return m->free_count ? m->free[--m->free_count] : m->used++;
}

void sn_interp_give(interp_maker *m, uint32_t r, uint32_t k)
{
    if (m->last_use[r] != k || !(m->flags[r] & INTERP_HAS_NUMBER) || m->flags[r] & INTERP_PINNED)
        return;
    m->flags[r] &= (uint8_t)~INTERP_HAS_NUMBER; /* an operand may stand twice */
    m->free[m->free_count++] = m->number[r];
}

/* Finds roots, uses and last uses; HOLD takes effect behind everything else, so what it holds lives to the
 * end. */
static void look_over(interp_maker *m, const plan_body *body)
{
    memset(m->uses, 0, body->count * sizeof *m->uses);
    memset(m->flags, 0, body->count);
    memset(m->dest, 0, body->count * sizeof *m->dest);
    m->free_count = m->used = 0;
    for (uint32_t k = 0; k < body->count; k++) {
        const ir_op *op = &body->ops[k];
        const bool same = op->code == IR_BITS || op->code == IR_FROM_BITS
                          || (op->code == IR_CVT && body->ops[op->a].type == op->type);
        m->root[k] = same ? m->root[op->a] : k;
        m->last_use[k] = k;
        for (unsigned j = 0; !same && j < sn_ir_info[op->code].operands; j++) {
            const uint32_t used = m->root[sn_ir_operand(op, j)];
            m->uses[used]++;
            m->last_use[used] = op->code == IR_HOLD || m->flags[used] & INTERP_TO_HOLD ? body->count : k;
            m->flags[used] |= op->code == IR_OUTPUT ? INTERP_TO_OUTPUT
                              : op->code == IR_HOLD ? INTERP_TO_HOLD
                                                    : 0;
        }
    }
}

/* Bodies that carry state from element to element, or set uniforms, are scalar whatever the plan says of
 * lanes. */
static bool must_be_scalar(const plan_loop *loop, const plan_body *body)
{
    if (loop->lanes == PLAN_SCALAR)
        return true;
    for (uint32_t k = 0; k < body->count; k++) {
        const unsigned code = body->ops[k].code;
        if (code == IR_HELD || code == IR_HOLD || code == IR_SET_UNIFORM)
            return true;
    }
    return false;
}

static bool holds_math(const plan_body *body)
{
    for (uint32_t k = 0; k < body->count; k++)
        if (sn_ir_info[body->ops[k].code].kind == IR_KIND_MATH)
            return true;
    return false;
}

static sinter_status prepare_body(interp_maker *m, const plan_loop *loop, const plan_body *body,
                                  interp_body *out)
{
    if (holds_math(body))
        return SINTER_BAD_PROGRAM;
    look_over(m, body);
    out->scalar = must_be_scalar(loop, body);
    if (out->scalar)
        sn_interp_prepare_scalar(m, body, &out->single);
    else
        sn_interp_prepare_blocks(m, body, loop, &out->block);
    return m->failed ? SINTER_NO_MEMORY : SINTER_OK;
}

static uint32_t most_operations(const plan *p)
{
    uint32_t most = 1;
    for (uint32_t k = 0; k < 2 * p->loop_count; k++)
        if (p->loops[k / 2].body[k % 2].count > most)
            most = p->loops[k / 2].body[k % 2].count;
    return most;
}

static bool open_maker(interp_maker *m, const plan *p, arena *memory)
{
    const size_t most = most_operations(p);
    *m = (interp_maker){.plan = p, .engine = choose_engine(), .memory = memory};
    m->root = sn_arena_take(memory, most * sizeof *m->root);
    m->uses = sn_arena_take(memory, most * sizeof *m->uses);
    m->last_use = sn_arena_take(memory, most * sizeof *m->last_use);
    m->number = sn_arena_take(memory, most * sizeof *m->number);
    m->dest = sn_arena_take(memory, most * sizeof *m->dest);
    m->free = sn_arena_take(memory, (3 * most + 8) * sizeof *m->free);
    m->flags = sn_arena_take(memory, most);
    return m->root && m->uses && m->last_use && m->number && m->dest && m->free && m->flags;
}

static size_t workspace_of(const interp_body *body)
{
    if (body->scalar)
        return body->single.registers * sizeof(uint64_t);
    return body->block.slots;
}

static bool open_code(interp_code *code, const plan *p, arena *memory)
{
    const size_t loops = p->loop_count;
    code->loops = p->loop_count;
    code->bodies = sn_arena_take_zeroed(memory, 2 * loops * sizeof *code->bodies);
    code->rates = sn_arena_take(memory, loops);
    code->guards = sn_arena_take(memory, loops * sizeof *code->guards);
    code->inputs = p->frame.inputs;
    code->outputs = p->frame.outputs;
    code->input_count = p->program->input_count;
    code->output_count = p->program->output_count;
    return code->bodies && code->rates && code->guards;
}

sinter_status sn_interp_prepare(const plan *p, arena *memory, interp_code **out)
{
    interp_maker m;
    interp_code *code = sn_arena_take_zeroed(memory, sizeof *code);
    *out = NULL;
    if (!code || !open_code(code, p, memory) || !open_maker(&m, p, memory))
        return SINTER_NO_MEMORY;
    for (uint32_t k = 0; k < p->loop_count; k++) {
        const plan_loop *loop = &p->loops[k];
        code->rates[k] = loop->rate;
        code->guards[k] = loop->guard;
        for (unsigned side = 0; side < (loop->routine ? 0u : loop->guard ? 2u : 1u); side++) {
            interp_body *body = &code->bodies[2 * k + side];
            const sinter_status status = prepare_body(&m, loop, &loop->body[side], body);
            if (status)
                return status;
            const size_t bytes = workspace_of(body);
            code->workspace = bytes > code->workspace ? bytes : code->workspace;
        }
    }
    code->engine = m.engine;
    code->constants = m.constants;
    *out = code;
    return SINTER_OK;
}

size_t sn_interp_workspace(const interp_code *code)
{
    return code->workspace ? (code->workspace + 63) / 64 * 64 : 64;
}

const char *sn_interp_instructions(const interp_code *code)
{
    return code->engine->name;
}

void sn_interp_loop(const interp_code *code, uint32_t loop, uint32_t body, uint64_t *frame, int64_t begin,
                    int64_t end, void *workspace)
{
    const interp_body *chosen = &code->bodies[2 * loop + body];
    if (begin >= end)
        return;
    if (chosen->scalar)
        code->engine->run_scalar(&chosen->single, code->constants, frame, begin, end, workspace);
    else
        sn_interp_run_blocks(code, &chosen->block, frame, begin, end, workspace);
}

void sn_interp_one(const interp_code *code, uint64_t *frame, const uint64_t *inputs, uint64_t *outputs,
                   void *workspace)
{
    for (uint32_t k = 0; k < code->input_count; k++)
        frame[code->inputs + k] = (uintptr_t)&inputs[k];
    for (uint32_t k = 0; k < code->output_count; k++) {
        outputs[k] = 0;
        frame[code->outputs + k] = (uintptr_t)&outputs[k];
    }
    for (uint32_t k = 0; k < code->loops; k++)
        if (code->rates[k] == PLAN_ELEMENT)
            sn_interp_loop(code, k, code->guards[k] && (uint32_t)frame[code->guards[k]], frame, 0, 1,
                           workspace);
}
