/* The interpreter against the meaning of each operation (sn_ir_evaluate), one element at a time: random
 * bodies of every operation, type and operand shape, in both forms, with every set of inner loops that the
 * machine has; and what has state or order (lines, sums, tables, in-place calls, cold regions) by hand. */
#include "base/cpu.h"
#include "interp/interp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include "refusing_allocator.h"
#include "repetitions.h"

enum { MOST = 4096, STREAMS = 4, ROOM = 700, HISTORY = 40, UNIFORMS = 8, SUMS = 2 };

/* ---- random numbers, biased to what breaks things ---- */

static uint64_t seed = 0x9E3779B97F4A7C15u;

static uint32_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed * 0x2545F4914F6CDD1Du >> 32);
}

static uint32_t below(uint32_t n)
{
    return any() % n;
}

static uint64_t any_bits(unsigned type)
{
    static const uint32_t f32[] = {0,           0x80000000u, 1,           0x807FFFFFu,
                                   0x00800000u, 0x3F800000u, 0xBF800000u, 0x7F7FFFFFu,
                                   0x7F800000u, 0xFF800000u, 0x7FC00000u, 0x4F000000u,
                                   0xCF000000u, 0x3F000000u, 0x40200000u, 0x4B000001u};
    static const uint64_t f64[] = {0,
                                   1ull << 63,
                                   1,
                                   0x800FFFFFFFFFFFFFull,
                                   0x0010000000000000ull,
                                   0x3FF0000000000000ull,
                                   0x7FEFFFFFFFFFFFFFull,
                                   0x7FF0000000000000ull,
                                   0xFFF0000000000000ull,
                                   0x7FF8000000000000ull,
                                   0x41E0000000000000ull,
                                   0xC1E0000000200000ull,
                                   0xC1E0000000000000ull,
                                   0x3FE0000000000000ull,
                                   0x4004000000000000ull,
                                   0x41DFFFFFFFC00000ull};
    static const uint32_t i32[] = {0, 1, 0xFFFFFFFFu, 0x80000000u, 0x7FFFFFFFu, 31, 32, 2};
    const bool special = below(4) == 0;
    if (type == IR_MASK)
        return any() & 1;
    if (type == IR_I32)
        return special ? i32[below(8)] : below(2) ? any() : below(100);
    if (type == IR_F32) {
        const float near = (float)(int32_t)any() / (float)(1 << (10 + below(21)));
        uint32_t bits;
        memcpy(&bits, &near, 4);
        return special ? f32[below(16)] : below(3) ? bits : any() & 0xFF7FFFFFu;
    }
    const double near = (double)(int32_t)any() / (double)(1 << (10 + below(21)));
    uint64_t bits;
    memcpy(&bits, &near, 8);
    return special    ? f64[below(16)]
           : below(3) ? bits
                      : (((uint64_t)any() << 32 | any()) & 0xFFEFFFFFFFFFFFFFull);
}

/* ---- a plan by hand ---- */

typedef struct fixture {
    arena memory;
    ir_program program;
    plan plan;
    plan_loop loop;
    ir_op ops[MOST];
    plan_line lines[STREAMS];
    plan_buffer buffers[STREAMS];
    ir_memory memories[STREAMS];
    ir_stream streams[2 * STREAMS];
} fixture;

static void open_fixture(fixture *x, plan_lanes lanes)
{
    memset(x, 0, sizeof *x);
    sn_arena_open(&x->memory, NULL);
    x->program.memories = x->memories;
    x->program.memory_count = STREAMS;
    x->program.input_count = x->program.output_count = STREAMS;
    x->program.total_count = SUMS;
    x->plan.program = &x->program;
    x->plan.loops = &x->loop;
    x->plan.loop_count = 1;
    x->plan.lines = x->lines;
    x->plan.line_count = STREAMS;
    x->plan.buffers = x->buffers;
    x->plan.buffer_count = STREAMS;
    plan_frame *f = &x->plan.frame;
    f->inputs = 1;
    f->outputs = f->inputs + STREAMS;
    f->memories = f->outputs + STREAMS;
    f->sums = f->memories + STREAMS;
    f->lengths = f->sums + SUMS;
    f->row = f->lengths + STREAMS;
    f->column = f->row + 1;
    f->params = f->uniforms = f->column + 1;
    f->buffers = f->uniforms + UNIFORMS;
    f->lines = f->buffers + STREAMS;
    f->count = f->lines + STREAMS;
    x->loop.rate = PLAN_ELEMENT;
    x->loop.lanes = (uint8_t)lanes;
    x->loop.widest = 8;
    x->loop.body[0].ops = x->ops;
    x->loop.body[0].count = 1;
}

static uint32_t add(fixture *x, ir_code code, ir_type type, uint32_t a, uint32_t b, uint32_t c)
{
    assert_true(x->loop.body[0].count < MOST);
    x->ops[x->loop.body[0].count] = (ir_op){(uint8_t)code, (uint8_t)type, IR_AXIS_ELEMENT, 0, a, b, c};
    return x->loop.body[0].count++;
}

static uint32_t constant(fixture *x, ir_type type, uint64_t bits)
{
    return add(x, IR_CONST, type, (uint32_t)bits, (uint32_t)(bits >> 32), 0);
}

static interp_code *prepare(fixture *x)
{
    interp_code *code;
    assert_int_equal(sn_interp_prepare(&x->plan, &x->memory, &code), SINTER_OK);
    return code;
}

/* ---- memory that a run sees: everything at the end of a page that nobody may touch ---- */

typedef struct region {
    char *page;
    size_t bytes;
    char *end;
} region;

static region open_region(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;
    region r = {mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                whole + page, NULL};
    assert_true(r.page != MAP_FAILED);
    assert_int_equal(mprotect(r.page + whole, page, PROT_NONE), 0);
    r.end = r.page + whole;
    return r;
}

typedef struct world {
    region inputs[STREAMS], outputs[STREAMS], buffers[STREAMS], lines[STREAMS], tables[STREAMS], sums[SUMS];
    uint64_t frame[64];
    int64_t begin, end;
} world;

typedef struct places {
    region *regions;
    uint32_t count;
} places;

enum { KINDS = 6 };

static void all_regions(world *w, places *out)
{
    out[0] = (places){w->inputs, STREAMS};
    out[1] = (places){w->outputs, STREAMS};
    out[2] = (places){w->buffers, STREAMS};
    out[3] = (places){w->lines, STREAMS};
    out[4] = (places){w->tables, STREAMS};
    out[5] = (places){w->sums, SUMS};
}

static void open_world(world *w)
{
    places kinds[KINDS];
    all_regions(w, kinds);
    for (unsigned k = 0; k < KINDS; k++)
        for (uint32_t j = 0; j < kinds[k].count; j++)
            kinds[k].regions[j] = open_region((ROOM + HISTORY) * 8);
}

static void close_world(world *w)
{
    places kinds[KINDS];
    all_regions(w, kinds);
    for (unsigned k = 0; k < KINDS; k++)
        for (uint32_t j = 0; j < kinds[k].count; j++)
            munmap(kinds[k].regions[j].page, kinds[k].regions[j].bytes);
}

/* Both worlds alike. */
static void copy_world(world *to, world *from)
{
    places a[KINDS], b[KINDS];
    all_regions(to, a);
    all_regions(from, b);
    for (unsigned k = 0; k < KINDS; k++)
        for (uint32_t j = 0; j < a[k].count; j++)
            memcpy(a[k].regions[j].page, b[k].regions[j].page,
                   (size_t)(a[k].regions[j].end - a[k].regions[j].page));
    memcpy(to->frame, from->frame, sizeof to->frame);
    to->begin = from->begin;
    to->end = from->end;
}

static void point(const fixture *x, world *w)
{
    const plan_frame *f = &x->plan.frame;
    for (uint32_t k = 0; k < STREAMS; k++) {
        const size_t in = sn_ir_type_size(x->streams[k].type),
                     out = sn_ir_type_size(x->streams[STREAMS + k].type);
        w->frame[f->inputs + k] = (uintptr_t)(w->inputs[k].end - (size_t)w->end * in);
        w->frame[f->outputs + k] = (uintptr_t)(w->outputs[k].end - (size_t)w->end * out);
        w->frame[f->buffers + k] =
            (uintptr_t)(w->buffers[k].end - (size_t)w->end * sn_ir_type_size(x->buffers[k].type));
        const size_t line = sn_ir_type_size(x->lines[k].type);
        w->frame[f->lines + k] = x->lines[k].held ? (uintptr_t)(w->lines[k].end - x->lines[k].length * line)
                                                  : (uintptr_t)(w->lines[k].end - (size_t)w->end * line);
        w->frame[f->memories + k] =
            (uintptr_t)(w->tables[k].end - x->memories[k].length * sn_ir_type_size(x->memories[k].type));
        w->frame[f->lengths + k] = x->memories[k].length;
    }
    for (uint32_t k = 0; k < SUMS; k++)
        w->frame[f->sums + k] = (uintptr_t)(w->sums[k].page);
}

static void fill_typed(char *at, char *end, unsigned type)
{
    const size_t size = sn_ir_type_size(type);
    for (char *p = end - size; p >= at; p -= size) {
        const uint64_t bits = any_bits(type == IR_U8 || type == IR_I16 ? IR_I32 : type);
        memcpy(p, &bits, size);
    }
}

static void fill_world(const fixture *x, world *w)
{
    const plan_frame *f = &x->plan.frame;
    for (uint32_t k = 0; k < STREAMS; k++) {
        fill_typed(w->inputs[k].page, w->inputs[k].end, x->streams[k].type);
        memset(w->outputs[k].page, 0x55, (size_t)(w->outputs[k].end - w->outputs[k].page));
        fill_typed(w->buffers[k].page, w->buffers[k].end, x->buffers[k].type);
        fill_typed(w->lines[k].page, w->lines[k].end, x->lines[k].type);
        fill_typed(w->tables[k].page, w->tables[k].end, x->memories[k].type);
    }
    memset(w->sums[0].page, 0, 512);
    memset(w->sums[1].page, 0, 512);
    for (uint32_t k = 0; k < UNIFORMS; k++)
        w->frame[f->uniforms + k] = any_bits(k % 2 ? IR_F64 : IR_F32);
    w->frame[f->uniforms + 2] = any_bits(IR_I32);
    const double index = 4096.0 * below(1 << 20);
    memcpy(&w->frame[f->index], &index, 8);
    w->frame[f->row] = below(1000);
    w->frame[f->column] = below(1000);
}

/* ---- the reference: every element, every operation, by sn_ir_evaluate ---- */

static uint64_t fetch(const void *base, int64_t i, unsigned type)
{
    const size_t size = sn_ir_type_size(type);
    uint64_t bits = 0;
    memcpy(&bits, (const char *)base + i * (int64_t)size, size);
    if (type == IR_I16)
        return (uint64_t)(uint32_t)(int32_t)(int16_t)bits;
    return bits;
}

static void put(void *base, int64_t i, unsigned type, uint64_t bits)
{
    const size_t size = sn_ir_type_size(type);
    memcpy((char *)base + i * (int64_t)size, &bits, size);
}

static void *at_slot(const world *w, uint32_t slot)
{
    return (void *)(uintptr_t)w->frame[slot];
}

static uint64_t low(uint64_t bits, unsigned type)
{
    return type == IR_F64 ? bits : (uint32_t)bits;
}

static uint64_t value_of(const fixture *x, const world *w, const ir_op *op, const uint64_t *v, int64_t i)
{
    const plan_frame *f = &x->plan.frame;
    double index;
    uint64_t bits;
    switch (op->code) {
    case IR_CONST: return op->a | (uint64_t)op->b << 32;
    case IR_UNIFORM: return low(w->frame[op->a], op->type);
    case IR_PARAM: return low(w->frame[f->params + op->a], op->type);
    case IR_LENGTH: return (uint32_t)w->frame[f->lengths + op->a];
    case IR_ROW: return (uint32_t)w->frame[f->row];
    case IR_COLUMN: return (uint32_t)w->frame[f->column] + (uint32_t)i;
    case IR_INDEX:
        memcpy(&index, &w->frame[f->index], 8);
        index += (double)i;
        memcpy(&bits, &index, 8);
        return bits;
    case IR_INPUT: return fetch(at_slot(w, f->inputs + op->a), i, op->type);
    case IR_BUFFER: return fetch(at_slot(w, f->buffers + op->a), i, op->type);
    case IR_READ: return fetch(at_slot(w, f->lines + op->a), i - op->b, op->type);
    case IR_READV: {
        const ir_memory *memory = &x->memories[x->lines[op->b].memory];
        const int64_t asked = (int32_t)v[op->a], least = memory->shortest, most = memory->length;
        return fetch(at_slot(w, f->lines + op->b),
                     i
                         - (asked < least  ? least
                            : asked > most ? most
                                           : asked),
                     op->type);
    }
    case IR_HELD:
        return fetch(at_slot(w, f->lines + op->a), (int64_t)x->lines[op->a].length - op->b, op->type);
    case IR_LOAD: return fetch(at_slot(w, f->memories + op->b), (int32_t)v[op->a], x->memories[op->b].type);
    default: return sn_ir_evaluate(op->code, op->type, x->ops[op->a].type, v[op->a], v[op->b], v[op->c]);
    }
}

static void add_to_sum(void *sums, int64_t i, unsigned type, uint64_t bits)
{
    const int64_t k = type == IR_F64 ? i % 32 : i % 64;
    put(sums, k, type, sn_ir_evaluate(IR_ADD, type, type, fetch(sums, k, type), bits, 0));
}

static void hold(const fixture *x, world *w, uint32_t line, uint64_t bits)
{
    const unsigned type = x->lines[line].type;
    char *base = at_slot(w, x->plan.frame.lines + line);
    const size_t size = sn_ir_type_size(type), length = x->lines[line].length;
    memmove(base, base + size, (length - 1) * size);
    memcpy(base + (length - 1) * size, &bits, size);
}

static void reference(const fixture *x, world *w)
{
    const plan_frame *f = &x->plan.frame;
    const plan_body *body = &x->loop.body[0];
    static uint64_t v[MOST];
    for (int64_t i = w->begin; i < w->end; i++) {
        for (uint32_t k = 1; k < body->count; k++) {
            const ir_op *op = &body->ops[k];
            const unsigned type =
                sn_ir_info[op->code].rule == IR_RULE_EFFECT ? body->ops[op->a].type : IR_VOID;
            switch (op->code) {
            case IR_OUTPUT: put(at_slot(w, f->outputs + op->b), i, type, v[op->a]); break;
            case IR_SET_BUFFER: put(at_slot(w, f->buffers + op->b), i, type, v[op->a]); break;
            case IR_WRITE: put(at_slot(w, f->lines + op->b), i, type, v[op->a]); break;
            case IR_SET_UNIFORM: w->frame[op->b] = low(v[op->a], type); break;
            case IR_STORE:
                put(at_slot(w, f->memories + op->c), (int32_t)v[op->a], x->memories[op->c].type, v[op->b]);
                break;
            case IR_SUM: add_to_sum(at_slot(w, f->sums + op->b), i, type, v[op->a]); break;
            case IR_COLD: case IR_HOLD: break;
            default: v[k] = value_of(x, w, op, v, i); break;
            }
        }
        for (uint32_t k = 1; k < body->count; k++)
            if (body->ops[k].code == IR_HOLD)
                hold(x, w, body->ops[k].b, v[body->ops[k].a]);
    }
}

/* ---- comparison: bits, but for NaN ---- */

static bool alike(uint64_t a, uint64_t b, unsigned type)
{
    if (type == IR_F32) {
        const bool nan_a = (a & 0x7FFFFFFFu) > 0x7F800000u, nan_b = (b & 0x7FFFFFFFu) > 0x7F800000u;
        return nan_a && nan_b ? true : (uint32_t)a == (uint32_t)b;
    }
    const uint64_t all = ~(1ull << 63);
    return type == IR_F64 && (a & all) > 0x7FF0000000000000ull && (b & all) > 0x7FF0000000000000ull ? true
                                                                                                    : a == b;
}

static void compare(const region *a, const region *b, unsigned type, const char *what, uint32_t number)
{
    const size_t size = sn_ir_type_size(type);
    for (size_t back = size; back <= (size_t)(a->end - a->page); back += size) {
        uint64_t x = 0, y = 0;
        memcpy(&x, a->end - back, size);
        memcpy(&y, b->end - back, size);
        if (!alike(x, y, type))
            fail_msg("%s %u, %zu from its end: %llx, not %llx", what, number, back / size,
                     (unsigned long long)x, (unsigned long long)y);
    }
}

static void compare_worlds(const fixture *x, const world *got, const world *expected)
{
    for (uint32_t k = 0; k < STREAMS; k++) {
        compare(&got->inputs[k], &expected->inputs[k], x->streams[k].type, "input", k);
        compare(&got->outputs[k], &expected->outputs[k], x->streams[STREAMS + k].type, "output", k);
        compare(&got->buffers[k], &expected->buffers[k], x->buffers[k].type, "buffer", k);
        compare(&got->lines[k], &expected->lines[k], x->lines[k].type, "line", k);
        compare(&got->tables[k], &expected->tables[k], x->memories[k].type, "table", k);
    }
    compare(&got->sums[0], &expected->sums[0], IR_F32, "sum", 0);
    compare(&got->sums[1], &expected->sums[1], IR_F64, "sum", 1);
    for (uint32_t k = 0; k < UNIFORMS; k++)
        assert_int_equal(got->frame[x->plan.frame.uniforms + k], expected->frame[x->plan.frame.uniforms + k]);
}

static world mine, theirs;
static _Alignas(64) char workspace[1 << 20];

static void run_code(const interp_code *code, world *w)
{
    assert_true(sn_interp_workspace(code) <= sizeof workspace);
    memset(workspace, 0xA5, sn_interp_workspace(code));
    sn_interp_loop(code, 0, 0, w->frame, w->begin, w->end, workspace);
}

static void check(fixture *x, int64_t begin, int64_t end)
{
    theirs.begin = mine.begin = begin;
    theirs.end = mine.end = end;
    memset(theirs.frame, 0, sizeof theirs.frame);
    fill_world(x, &theirs);
    copy_world(&mine, &theirs);
    point(x, &mine);
    point(x, &theirs);
    run_code(prepare(x), &mine);
    reference(x, &theirs);
    compare_worlds(x, &mine, &theirs);
}

static const struct {
    int64_t begin, end;
} runs[] = {{0, 0},   {0, 1},   {0, 2},   {3, 4},   {1, 16},  {0, 17},  {5, 36},   {0, 63},
            {31, 97}, {0, 128}, {7, 263}, {0, 511}, {0, 512}, {0, 513}, {13, 690}};
enum { RUNS = sizeof runs / sizeof *runs };

/* ---- random bodies ---- */

static uint32_t pick(const fixture *x, uint32_t from, unsigned type)
{
    const uint32_t count = x->loop.body[0].count;
    for (uint32_t tries = 0; tries < 60; tries++) {
        const uint32_t k = from < count ? from + below(count - from) : 1 + below(count - 1);
        if (x->ops[k].type == type)
            return k;
    }
    for (uint32_t k = 1; k < count; k++)
        if (x->ops[k].type == type)
            return k;
    fail();
    return 0;
}

/* A NaN's payload is not promised, so whatever looks at bits looks at a canonical NaN. */
static uint32_t canonical(fixture *x, uint32_t value)
{
    const ir_type type = x->ops[value].type;
    const uint32_t mask = add(x, IR_NE, IR_MASK, value, value, 0);
    const uint32_t nan = constant(x, type, type == IR_F32 ? 0x7FC00000u : 0x7FF8000000000000u);
    return add(x, IR_SELECT, type, mask, nan, value);
}

static ir_type any_type(unsigned count)
{
    static const ir_type types[] = {IR_F32, IR_F64, IR_I32, IR_MASK};
    return types[below(count)];
}

static uint32_t add_pure(fixture *x, ir_code code)
{
    ir_type type = IR_VOID, operand = IR_VOID;
    switch ((ir_rule)sn_ir_info[code].rule) {
    case IR_RULE_FLOAT: type = operand = any_type(2); break;
    case IR_RULE_NUMBER: type = operand = any_type(3); break;
    case IR_RULE_INT: type = operand = IR_I32; break;
    case IR_RULE_LOGIC: type = operand = below(2) ? IR_I32 : IR_MASK; break;
    case IR_RULE_COMPARE: operand = any_type(3); type = IR_MASK; break;
    case IR_RULE_CHOOSE:
        type = any_type(4);
        return add(x, code, type, pick(x, 1, IR_MASK), pick(x, 1, type), pick(x, 1, type));
    case IR_RULE_CONVERT: operand = any_type(3); type = any_type(3); break;
    case IR_RULE_BITS: return add(x, code, IR_I32, canonical(x, pick(x, 1, IR_F32)), 0, 0);
    case IR_RULE_FROM_BITS: type = IR_F32; operand = IR_I32; break;
    case IR_RULE_HALF: return add(x, code, IR_I32, canonical(x, pick(x, 1, IR_F64)), 0, 0);
    case IR_RULE_PACK: type = IR_F64; operand = IR_I32; break;
    default: fail();
    }
    const unsigned operands = sn_ir_info[code].operands;
    const uint32_t a = pick(x, 1, operand);
    uint32_t b = operands > 1 ? pick(x, 1, operand) : 0;
    if (code == IR_COPYSIGN)
        b = canonical(x, b);
    return add(x, code, type, a, b, operands > 2 ? pick(x, 1, operand) : 0);
}

static ir_code any_pure(void)
{
    for (;;) {
        const ir_code code = below(IR_CODES);
        if (sn_ir_info[code].kind == IR_KIND_PURE)
            return code;
    }
}

static uint32_t clamped(fixture *x, uint32_t length)
{
    const uint32_t top = constant(x, IR_I32, length - 1), zero = constant(x, IR_I32, 0);
    return add(x, IR_MAX, IR_I32, add(x, IR_MIN, IR_I32, pick(x, 1, IR_I32), top, 0), zero, 0);
}

/* A region whose values only its RARE sees; regions nest. */
static void add_region(fixture *x, unsigned depth)
{
    const ir_type type = any_type(4);
    const uint32_t hot = pick(x, 1, type);
    uint32_t mask = pick(x, 1, IR_MASK);
    if (below(2)) /* seldom set */
        mask = add(x, IR_AND, IR_MASK, mask, pick(x, 1, IR_MASK), 0);
    const uint32_t cold = add(x, IR_COLD, IR_VOID, mask, 0, 0), first = x->loop.body[0].count;
    for (uint32_t k = below(5); k > 0; k--)
        add_pure(x, any_pure());
    if (depth < 3 && below(3) == 0)
        add_region(x, depth + 1);
    const uint32_t value = pick(x, below(2) ? first : 1, type);
    const uint32_t end = add(x, IR_RARE, type, mask, value, hot);
    x->ops[cold].b = end;
    for (uint32_t k = first; k < end; k++) /* hide what is inside */
        if (x->ops[k].type != IR_VOID)
            x->ops[k].flags = x->ops[k].type;
    for (uint32_t k = first; k < end; k++)
        x->ops[k].type = IR_VOID;
}

static void show_hidden(fixture *x)
{
    for (uint32_t k = 1; k < x->loop.body[0].count; k++)
        if (x->ops[k].flags) {
            x->ops[k].type = x->ops[k].flags;
            x->ops[k].flags = 0;
        }
}

static void add_leaves(fixture *x)
{
    const plan_frame *f = &x->plan.frame;
    for (uint32_t k = 0; k < STREAMS; k++)
        if (below(3))
            add(x, IR_INPUT, x->streams[k].type, k, 0, 0);
    for (uint32_t k = 0; k < UNIFORMS; k++)
        if (below(2))
            add(x, IR_UNIFORM, k == 2 ? IR_I32 : k % 2 ? IR_F64 : IR_F32, f->uniforms + k, 0, 0);
    add(x, IR_LENGTH, IR_I32, below(STREAMS), 0, 0);
    add(x, IR_ROW, IR_I32, 0, 0, 0);
    add(x, IR_INDEX, IR_F64, 0, 0, 0);
    add(x, IR_COLUMN, IR_I32, 0, 0, 0);
    add(x, IR_BUFFER, x->buffers[0].type, 0, 0, 0);
    for (unsigned type = 0; type < 4; type++) {
        static const ir_type types[] = {IR_F32, IR_F64, IR_I32, IR_MASK};
        constant(x, types[type], any_bits(types[type]));
    }
}

static void set_types(fixture *x)
{
    static const uint8_t stored[] = {IR_F32, IR_F64, IR_I32, IR_U8, IR_I16};
    for (uint32_t k = 0; k < 2 * STREAMS; k++)
        x->streams[k].type = k == 0 ? IR_F32 : (uint8_t)any_type(3);
    for (uint32_t k = 0; k < STREAMS; k++) {
        x->buffers[k].type = (uint8_t)any_type(3);
        x->memories[k] =
            (ir_memory){.length = 1 + below(60), .type = stored[below(5)], .kind = k ? IR_TABLE : IR_CELLS};
    }
    for (uint32_t k = 0; k < STREAMS; k++) { /* lines 1 and 2 are held in scalar loops */
        const uint8_t type = k == 0 ? IR_F32 : (uint8_t)any_type(3);
        x->lines[k] = (plan_line){.memory = 1 + k % 3, .type = type, .length = 1 + below(8)};
        x->lines[k].held = x->loop.lanes == PLAN_SCALAR && (k == 1 || k == 2);
        x->memories[x->lines[k].memory].shortest = 1;
    }
    x->memories[1].length = HISTORY; /* line 3 is read varying, and so is the table of its number */
}

static uint32_t loaded(fixture *x, uint32_t table)
{
    const unsigned type = x->memories[table].type;
    const ir_type result = type == IR_U8 || type == IR_I16 ? IR_I32 : (ir_type)type;
    return add(x, IR_LOAD, result, clamped(x, x->memories[table].length), table, 0);
}

static void add_memory(fixture *x)
{
    switch (below(6)) {
    case 0: loaded(x, 1 + below(3)); break;
    case 1: add(x, IR_READ, x->lines[0].type, 0, 1 + below(HISTORY), 0); break;
    case 2: add(x, IR_READV, x->lines[3].type, pick(x, 1, IR_I32), 3, 0); break;
    case 3:
        if (x->loop.lanes == PLAN_SCALAR) {
            const uint32_t k = 1 + below(2);
            add(x, IR_HELD, x->lines[k].type, k, 1 + below(x->lines[k].length), 0);
        }
        break;
    case 4:
        if (x->loop.lanes == PLAN_SCALAR) {
            const unsigned type = x->memories[0].type;
            const uint32_t at = clamped(x, x->memories[0].length);
            add(x, IR_STORE, IR_VOID, at, pick(x, 1, type == IR_U8 || type == IR_I16 ? IR_I32 : type), 0);
            loaded(x, 0);
        }
        break;
    default: add(x, IR_SUM, IR_VOID, pick(x, 1, IR_F32), 0, 0); break;
    }
}

static void add_effects(fixture *x)
{
    if (below(2))
        add(x, IR_SUM, IR_VOID, pick(x, 1, IR_F64), 1, 0);
    for (uint32_t k = 1; k < STREAMS; k++)
        if (below(2))
            add(x, IR_SET_BUFFER, IR_VOID, pick(x, 1, x->buffers[k].type), k, 0);
    if (x->loop.lanes == PLAN_SCALAR) {
        add(x, IR_WRITE, IR_VOID, pick(x, 1, x->lines[0].type), 0, 0);
        add(x, IR_HOLD, IR_VOID, pick(x, 1, x->lines[1].type), 1, 0);
        add(x, IR_HOLD, IR_VOID, pick(x, 1, x->lines[2].type), 2, 0);
    }
    for (uint32_t k = 0; k < STREAMS; k++)
        if (k == 0 || below(2))
            add(x, IR_OUTPUT, IR_VOID, pick(x, 1, x->streams[STREAMS + k].type), k, 0);
}

static void random_body(fixture *x, plan_lanes lanes, uint32_t size)
{
    open_fixture(x, lanes);
    set_types(x);
    add_leaves(x);
    for (uint32_t k = 0; k < size; k++) {
        const uint32_t dice = below(12);
        if (dice == 0)
            add_region(x, 0);
        else if (dice == 1)
            add_memory(x);
        else
            add_pure(x, any_pure());
    }
    add_effects(x);
    show_hidden(x);
    x->loop.body[0].sums = 1;
}

/* Are these loops others than the best ones here? */
static bool has_features(uint32_t features)
{
    const uint32_t all = sn_cpu_features() & CPU_X64_AVX512;
    return features == UINT32_MAX || (all & features) != all;
}

static void random_bodies(plan_lanes lanes, uint32_t features)
{
    static fixture x;
    if (!has_features(features))
        skip();
    sn_cpu_override(features);
    for (uint32_t k = 0; k < repetitions(200); k++) {
        const uint32_t run = below(RUNS);
        random_body(&x, lanes, 1 + below(k % 10 ? 40 : 200));
        check(&x, runs[run].begin, runs[run].end);
        sn_arena_close(&x.memory);
    }
    sn_cpu_override(UINT32_MAX);
}

static void blocks_match_best(void **state) { (void)state; random_bodies(PLAN_TIME, UINT32_MAX); }
static void blocks_match_avx2(void **state) { (void)state; random_bodies(PLAN_TIME, CPU_X64_AVX2); }
static void blocks_match_baseline(void **state) { (void)state; random_bodies(PLAN_TIME, 0); }
static void scalars_match_best(void **state) { (void)state; random_bodies(PLAN_SCALAR, UINT32_MAX); }
static void scalars_match_avx2(void **state) { (void)state; random_bodies(PLAN_SCALAR, CPU_X64_AVX2); }
static void scalars_match_baseline(void **state) { (void)state; random_bodies(PLAN_SCALAR, 0); }

/* ---- every operation and type alone, on many arguments, in every shape ---- */

static uint32_t shaped(fixture *x, bool uniform, ir_type type, uint32_t stream)
{
    const uint32_t slot = x->plan.frame.uniforms + stream;
    if (type == IR_MASK) {
        const uint32_t number =
            uniform ? add(x, IR_UNIFORM, IR_I32, slot, 0, 0) : add(x, IR_INPUT, IR_I32, stream, 0, 0);
        return add(x, IR_LT, IR_MASK, number, constant(x, IR_I32, 50), 0);
    }
    x->streams[stream].type = (uint8_t)type;
    return uniform ? add(x, IR_UNIFORM, type, slot, 0, 0) : add(x, IR_INPUT, type, stream, 0, 0);
}

static void one_operation(ir_code code, ir_type type, ir_type first, ir_type others, unsigned shape)
{
    static fixture x;
    const unsigned operands = sn_ir_info[code].operands;
    open_fixture(&x, shape & 8 ? PLAN_SCALAR : PLAN_TIME);
    for (uint32_t k = 0; k < STREAMS; k++) {
        x.streams[k].type = x.streams[STREAMS + k].type = x.buffers[k].type = x.lines[k].type = IR_I32;
        x.memories[k] = (ir_memory){.length = 1, .type = IR_I32};
        x.lines[k].length = 1;
    }
    uint32_t v[3] = {0};
    for (unsigned k = 0; k < operands; k++) {
        v[k] = shaped(&x, shape >> k & 1, k ? others : first, k);
        if (code == IR_COPYSIGN || sn_ir_info[code].rule == IR_RULE_HALF
            || sn_ir_info[code].rule == IR_RULE_BITS)
            v[k] = canonical(&x, v[k]);
    }
    uint32_t result = add(&x, code, type, v[0], v[1], v[2]);
    if (type == IR_MASK)
        result = add(&x, IR_SELECT, IR_I32, result, constant(&x, IR_I32, 7), constant(&x, IR_I32, 9));
    x.streams[STREAMS].type = x.ops[result].type;
    add(&x, IR_OUTPUT, IR_VOID, result, 0, 0);
    for (unsigned k = 0; k < 3; k++)
        check(&x, 0, k ? ROOM - 3 - k : 1);
    sn_arena_close(&x.memory);
}

static void all_types(ir_code code, unsigned shape)
{
    static const ir_type types[] = {IR_F32, IR_F64, IR_I32, IR_MASK};
    for (unsigned k = 0; k < 4; k++) {
        const ir_type type = types[k];
        switch ((ir_rule)sn_ir_info[code].rule) {
        case IR_RULE_FLOAT: if (k < 2) one_operation(code, type, type, type, shape); break;
        case IR_RULE_NUMBER: if (k < 3) one_operation(code, type, type, type, shape); break;
        case IR_RULE_INT: if (type == IR_I32) one_operation(code, type, type, type, shape); break;
        case IR_RULE_LOGIC: if (k >= 2) one_operation(code, type, type, type, shape); break;
        case IR_RULE_COMPARE: if (k < 3) one_operation(code, IR_MASK, type, type, shape); break;
        case IR_RULE_CHOOSE: one_operation(code, type, IR_MASK, type, shape); break;
        case IR_RULE_CONVERT:
            for (unsigned to = 0; k < 3 && to < 3; to++)
                one_operation(code, types[to], type, type, shape);
            break;
        case IR_RULE_BITS: if (!k) one_operation(code, IR_I32, IR_F32, IR_F32, shape); break;
        case IR_RULE_FROM_BITS: if (!k) one_operation(code, IR_F32, IR_I32, IR_I32, shape); break;
        case IR_RULE_HALF: if (!k) one_operation(code, IR_I32, IR_F64, IR_F64, shape); break;
        case IR_RULE_PACK: if (!k) one_operation(code, IR_F64, IR_I32, IR_I32, shape); break;
        default: fail();
        }
    }
}

static void every_operation(void **state)
{
    (void)state;
    static const uint32_t features[] = {UINT32_MAX, CPU_X64_AVX2, 0};
    for (unsigned f = 0; f < 3; f++) {
        if (!has_features(features[f]))
            continue;
        sn_cpu_override(features[f]);
        for (unsigned code = 0; code < IR_CODES; code++)
            if (sn_ir_info[code].kind == IR_KIND_PURE)
                for (unsigned shape = 0; shape < 16; shape++)
                    if ((shape & 7) >> sn_ir_info[code].operands == 0 && (code + shape) % test_share() == 0)
                        all_types(code, shape);
    }
    sn_cpu_override(UINT32_MAX);
}

/* ---- by hand ---- */

static void plain(fixture *x, plan_lanes lanes)
{
    open_fixture(x, lanes);
    for (uint32_t k = 0; k < STREAMS; k++) {
        x->streams[k].type = x->streams[STREAMS + k].type = x->buffers[k].type = x->lines[k].type = IR_F32;
        x->memories[k] = (ir_memory){.length = 1, .type = IR_I32};
        x->lines[k].length = 1;
    }
    x->loop.widest = 4;
}

static void set_streams(fixture *x, uint64_t *frame, float *in0, float *in1, float *out0, float *out1)
{
    frame[x->plan.frame.inputs] = (uintptr_t)in0;
    frame[x->plan.frame.inputs + 1] = (uintptr_t)in1;
    frame[x->plan.frame.outputs] = (uintptr_t)out0;
    frame[x->plan.frame.outputs + 1] = (uintptr_t)out1;
}

/* Two streams change places; a sum of both goes to the second. */
static void in_place_calls_read_first(void **state)
{
    (void)state;
    static fixture x;
    enum { N = 1000 };
    static float a[N], b[N];
    for (unsigned lanes = 0; lanes < 2; lanes++) {
        for (unsigned form = 0; form < 3; form++) {
            plain(&x, lanes);
            const uint32_t p = add(&x, IR_INPUT, IR_F32, 0, 0, 0), q = add(&x, IR_INPUT, IR_F32, 1, 0, 0);
            const uint32_t first = form == 1 ? add(&x, IR_NEG, IR_F32, q, 0, 0) : q;
            const uint32_t second = form ? add(&x, IR_ADD, IR_F32, p, q, 0) : p;
            add(&x, IR_OUTPUT, IR_VOID, first, 0, 0);
            add(&x, IR_OUTPUT, IR_VOID, second, 1, 0);
            for (int i = 0; i < N; i++) {
                a[i] = (float)i;
                b[i] = (float)(7 * i + 1);
            }
            uint64_t frame[64] = {0};
            set_streams(&x, frame, a, b, a, b);
            sn_interp_loop(prepare(&x), 0, 0, frame, 0, N, workspace);
            for (int i = 0; i < N; i++) {
                const float was = (float)i, other = (float)(7 * i + 1);
                assert_true(a[i] == (form == 1 ? -other : other));
                assert_true(b[i] == (form ? was + other : was));
            }
            sn_arena_close(&x.memory);
        }
    }
}

/* y = x + y'/2, a held line, in pieces: the same as in one. */
static void held_lines_go_on(void **state)
{
    (void)state;
    static fixture x;
    enum { N = 300 };
    static float in[N], out[N];
    plain(&x, PLAN_SCALAR);
    x.lines[0] = (plan_line){.type = IR_F32, .length = 2, .held = true};
    const uint32_t v = add(&x, IR_INPUT, IR_F32, 0, 0, 0), last = add(&x, IR_HELD, IR_F32, 0, 1, 0);
    const uint32_t before = add(&x, IR_HELD, IR_F32, 0, 2, 0), half = constant(&x, IR_F32, 0x3F000000u);
    const uint32_t y = add(&x, IR_FMA, IR_F32, last, half, v);
    add(&x, IR_HOLD, IR_VOID, y, 0, 0);
    add(&x, IR_OUTPUT, IR_VOID, add(&x, IR_SUB, IR_F32, y, before, 0), 0, 0);
    interp_code *code = prepare(&x);
    float past[2] = {3.0f, -2.0f};
    uint64_t frame[64] = {0};
    set_streams(&x, frame, in, in, out, out);
    frame[x.plan.frame.lines] = (uintptr_t)past;
    for (int i = 0; i < N; i++)
        in[i] = (float)(i % 7) - 2.5f;
    float y1 = past[1], y2 = past[0];
    for (int i = 0; i < N; i += 1 + i % 13)
        sn_interp_loop(code, 0, 0, frame, i, i + 1 + i % 13 < N ? i + 1 + i % 13 : N, workspace);
    for (int i = 0; i < N; i++) {
        const float now = y1 * 0.5f + in[i];
        assert_true(out[i] == now - y2);
        y2 = y1;
        y1 = now;
    }
    assert_true(past[0] == y2 && past[1] == y1);
    sn_arena_close(&x.memory);
}

/* Two held lines exchange their values: HOLD sees what HELD saw. */
static void holds_take_effect_together(void **state)
{
    (void)state;
    static fixture x;
    plain(&x, PLAN_SCALAR);
    x.lines[0] = x.lines[1] = (plan_line){.type = IR_F32, .length = 1, .held = true};
    const uint32_t a = add(&x, IR_HELD, IR_F32, 0, 1, 0), b = add(&x, IR_HELD, IR_F32, 1, 1, 0);
    add(&x, IR_HOLD, IR_VOID, b, 0, 0);
    add(&x, IR_HOLD, IR_VOID, a, 1, 0);
    add(&x, IR_OUTPUT, IR_VOID, a, 0, 0);
    float one = 1, two = 2, out[5];
    uint64_t frame[64] = {0};
    set_streams(&x, frame, out, out, out, out);
    frame[x.plan.frame.lines] = (uintptr_t)&one;
    frame[x.plan.frame.lines + 1] = (uintptr_t)&two;
    sn_interp_loop(prepare(&x), 0, 0, frame, 0, 5, workspace);
    for (int i = 0; i < 5; i++)
        assert_true(out[i] == (float)(1 + i % 2));
    assert_true(one == 2 && two == 1);
    sn_arena_close(&x.memory);
}

/* A body of 100,000 operations, few of them live at once, works in a small workspace; and one with very many
 * live works. */
static void workspaces_stay_small(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    for (unsigned lanes = 0; lanes < 2; lanes++) {
        for (unsigned many = 0; many < 2; many++) {
            static fixture x;
            plain(&x, lanes);
            const uint32_t count = many ? 6000 : LONG;
            ir_op *ops = calloc(2 * LONG + 10, sizeof *ops);
            uint32_t n = 1;
            assert_non_null(ops);
            ops[n++] = (ir_op){IR_INPUT, IR_F32, 0, 0, 0, 0, 0};
            for (uint32_t k = 0; k < count; k++) {
                ops[n++] = (ir_op){IR_CONST, IR_F32, 0, 0, 0x3F800000u + k, 0, 0};
                ops[n] = (ir_op){IR_ADD, IR_F32, 0, 0, many || !k ? 1 : n - 2, n - 1, 0};
                n++;
            }
            uint32_t last = n - 1;
            for (uint32_t k = 1; many && k < count; k++) {
                ops[n] = (ir_op){IR_ADD, IR_F32, 0, 0, last, 3 + 2 * (k - 1), 0};
                last = n++;
            }
            ops[n++] = (ir_op){IR_OUTPUT, IR_VOID, 0, 0, last, 0, 0};
            x.loop.body[0] = (plan_body){.ops = ops, .count = n};
            interp_code *code = prepare(&x);
            if (!many)
                assert_true(sn_interp_workspace(code) <= 32 << 10);
            float in[70], out[70];
            for (int i = 0; i < 70; i++)
                in[i] = (float)i;
            uint64_t frame[64] = {0};
            set_streams(&x, frame, in, in, out, out);
            void *room = aligned_alloc(64, sn_interp_workspace(code));
            assert_non_null(room);
            sn_interp_loop(code, 0, 0, frame, 0, 70, room);
            for (int i = 0; i < 70; i++) {
                float expected = in[i];
                for (uint32_t k = 0; k < n && !many; k++)
                    if (ops[k].code == IR_CONST) {
                        float c;
                        memcpy(&c, &ops[k].a, 4);
                        expected += c;
                    }
                for (uint32_t k = 0; k < count && many; k++) {
                    const uint32_t bits = 0x3F800000u + (k ? k - 1 : count - 1);
                    float c;
                    memcpy(&c, &bits, 4);
                    expected = k ? expected + (in[i] + c) : in[i] + c;
                }
                assert_true(out[i] == expected);
            }
            free(room);
            free(ops);
            sn_arena_close(&x.memory);
        }
    }
}

static void one_element(void **state)
{
    (void)state;
    static fixture x;
    plain(&x, PLAN_TIME);
    const uint32_t a = add(&x, IR_INPUT, IR_F32, 0, 0, 0), b = add(&x, IR_INPUT, IR_F32, 1, 0, 0);
    add(&x, IR_OUTPUT, IR_VOID, add(&x, IR_MUL, IR_F32, a, b, 0), 0, 0);
    add(&x, IR_OUTPUT, IR_VOID, add(&x, IR_SUB, IR_F32, a, b, 0), 1, 0);
    const uint64_t in[STREAMS] = {0x40400000u, 0x3F000000u};
    uint64_t out[STREAMS], frame[64] = {0};
    memset(out, 0xFF, sizeof out);
    sn_interp_one(prepare(&x), frame, in, out, workspace);
    assert_int_equal(out[0], 0x3FC00000u); /* 3 × 0.5 */
    assert_int_equal(out[1], 0x40200000u); /* 3 − 0.5 */
    sn_arena_close(&x.memory);
}

static void set_uniforms(void **state)
{
    (void)state;
    static fixture x;
    plain(&x, PLAN_SCALAR);
    x.loop.rate = PLAN_SEGMENT;
    const uint32_t slot = x.plan.frame.uniforms;
    const uint32_t a = add(&x, IR_UNIFORM, IR_F32, slot, 0, 0), wide = add(&x, IR_CVT, IR_F64, a, 0, 0);
    add(&x, IR_SET_UNIFORM, IR_VOID, add(&x, IR_ADD, IR_F32, a, a, 0), slot + 1, 0);
    add(&x, IR_SET_UNIFORM, IR_VOID, wide, slot + 2, 0);
    uint64_t frame[64] = {0};
    frame[slot] = 0x40400000u;
    sn_interp_loop(prepare(&x), 0, 0, frame, 0, 1, workspace);
    assert_int_equal(frame[slot + 1], 0x40C00000u);
    assert_int_equal(frame[slot + 2], 0x4008000000000000u);
    sn_arena_close(&x.memory);
}

/* ---- refused memory ---- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static fixture x;
    for (unsigned lanes = 0; lanes < 2; lanes++) {
        random_body(&x, lanes, 300);
        int failures = 0;
        for (int n = 0;; n++) {
            refusing r = {n, 0};
            const sinter_allocator allocator = refusing_allocator(&r);
            arena memory;
            interp_code *code;
            sn_arena_open(&memory, &allocator);
            const sinter_status status = sn_interp_prepare(&x.plan, &memory, &code);
            sn_arena_close(&memory);
            assert_int_equal(r.taken, 0);
            if (status == SINTER_OK)
                break;
            assert_int_equal(status, SINTER_NO_MEMORY);
            assert_null(code);
            failures++;
        }
        assert_true(failures > 0);
        sn_arena_close(&x.memory);
    }
}

static void mathematical_functions_are_refused(void **state)
{
    (void)state;
    static fixture x;
    plain(&x, PLAN_TIME);
    add(&x, IR_OUTPUT, IR_VOID, add(&x, IR_SIN, IR_F32, add(&x, IR_INPUT, IR_F32, 0, 0, 0), 0, 0), 0, 0);
    interp_code *code;
    assert_int_equal(sn_interp_prepare(&x.plan, &x.memory, &code), SINTER_BAD_PROGRAM);
    sn_arena_close(&x.memory);
}

static int open_worlds(void **state)
{
    (void)state;
    open_world(&mine);
    open_world(&theirs);
    return 0;
}

static int close_worlds(void **state)
{
    (void)state;
    close_world(&mine);
    close_world(&theirs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation),
        cmocka_unit_test(blocks_match_best),
        cmocka_unit_test(blocks_match_avx2),
        cmocka_unit_test(blocks_match_baseline),
        cmocka_unit_test(scalars_match_best),
        cmocka_unit_test(scalars_match_avx2),
        cmocka_unit_test(scalars_match_baseline),
        cmocka_unit_test(in_place_calls_read_first),
        cmocka_unit_test(held_lines_go_on),
        cmocka_unit_test(holds_take_effect_together),
        cmocka_unit_test(workspaces_stay_small),
        cmocka_unit_test(one_element),
        cmocka_unit_test(set_uniforms),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(mathematical_functions_are_refused),
    };
    return cmocka_run_group_tests(tests, open_worlds, close_worlds);
}
