/* Random programs.
 *
 * Operands are drawn from what stands there already, mostly from what came last, so that graphs grow deep;
 * types mix as the seed says. Shapes that break allocators and plans are made on purpose: cold regions nested
 * in cold regions that share operands with what is hot, hundreds of values alive at once, delay lines whose
 * values come back, values that depend on parameters only. What nothing has used at the end is gathered bit
 * by bit into one output, so that a wrong bit anywhere shows.
 *
 * A NaN's bits are promised by nobody, so whatever reads bits is handed the canonical one (see `build_op`).
 */
#include "random_graph.h"

#include "kernel/kernels.h"
#include "math/math.h"

#include <stdio.h>
#include <string.h>

/* ---- random numbers ---- */

uint32_t random_word(random_numbers *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

uint32_t random_below(random_numbers *r, uint32_t n)
{
    return (uint32_t)((uint64_t)random_word(r) * n >> 32);
}

bool random_chance(random_numbers *r, unsigned percent)
{
    return random_below(r, 100) < percent;
}

static uint64_t bits_of_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t bits_of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double modest_number(random_numbers *r)
{
    const double whole = (double)(int32_t)random_word(r) / 2147483648.0;
    switch (random_below(r, 4)) {
    case 0: return (double)(int32_t)(random_below(r, 17)) - 8;
    case 1: return whole * 1000;
    default: return whole * 2;
    }
}

uint64_t random_bits(random_numbers *r, unsigned type, bool wild)
{
    static const uint32_t f32[] = {
        0,           0x80000000u, 1,           0x80000001u, 0x007FFFFFu, 0x807FFFFFu,
        0x00800000u, 0x3F800000u, 0xBF800000u, 0x7F7FFFFFu, 0xFF7FFFFFu, 0x7F800000u,
        0xFF800000u, 0x7FC00000u, 0xFFC00001u, 0x7FA00000u, 0x4F000000u, 0xCF000000u,
        0x4EFFFFFFu, 0x3F000000u, 0xBF000000u, 0x40200000u, 0x4B000001u, 0x0DA24260u /* 1e-30 */,
        0x3F7FFFFFu, 0x4B7FFFFFu, 0x5F000000u};
    static const uint64_t f64[] = {0,
                                   1ull << 63,
                                   1,
                                   0x8000000000000001ull,
                                   0x000FFFFFFFFFFFFFull,
                                   0x800FFFFFFFFFFFFFull,
                                   0x0010000000000000ull,
                                   0x3FF0000000000000ull,
                                   0xBFF0000000000000ull,
                                   0x7FEFFFFFFFFFFFFFull,
                                   0xFFEFFFFFFFFFFFFFull,
                                   0x7FF0000000000000ull,
                                   0xFFF0000000000000ull,
                                   0x7FF8000000000000ull,
                                   0xFFF8000000000001ull,
                                   0x7FF4000000000000ull,
                                   0x41E0000000000000ull,
                                   0xC1E0000000200000ull,
                                   0xC1E0000000000000ull,
                                   0x41DFFFFFFFC00000ull,
                                   0x41DFFFFFFFE00000ull,
                                   0xC1E00000001FFFFFull,
                                   0x3FE0000000000000ull,
                                   0x4004000000000000ull,
                                   0x47EFFFFFE0000000ull,
                                   0x47EFFFFFEFFFFFFFull,
                                   0x36A0000000000000ull,
                                   0x380FFFFFFFFFFFFFull,
                                   0x3FEFFFFFFFFFFFFFull,
                                   0x0C0829E8DCF3D3C7ull};
    static const uint32_t i32[] = {0, 1,           0xFFFFFFFFu, 0x80000000u, 0x7FFFFFFFu, 31,       32,
                                   2, 0x80000001u, 0xFFFFFFFEu, 255,         65535,       16777217u};
    if (type == IR_MASK)
        return random_word(r) & 1;
    if (type == IR_U8)
        return random_word(r) & 0xFF;
    if (type == IR_I16)
        return random_word(r) & 0xFFFF;
    const bool special = wild && random_chance(r, 40);
    if (type == IR_I32)
        return special                        ? i32[random_below(r, sizeof i32 / sizeof *i32)]
               : wild && random_chance(r, 50) ? random_word(r)
                                              : random_below(r, 200) - (random_chance(r, 30) ? 100u : 0u);
    if (type == IR_F32)
        return special                        ? f32[random_below(r, sizeof f32 / sizeof *f32)]
               : wild && random_chance(r, 30) ? random_word(r)
                                              : bits_of_f32((float)modest_number(r));
    return special                        ? f64[random_below(r, sizeof f64 / sizeof *f64)]
           : wild && random_chance(r, 30) ? (uint64_t)random_word(r) << 32 | random_word(r)
                                          : bits_of_f64(modest_number(r));
}

/* ---- making ---- */

typedef struct pool {
    uint32_t *nodes;
    uint32_t count, capacity;
} pool;

typedef struct maker {
    random_graph *g;
    random_numbers *r;
    pool all[5], uniform[5]; /* by type */
    uint8_t *used;
    uint32_t used_capacity;
    unsigned types[4]; /* number types that the graph favours */
    unsigned of_kind, math, wild;
    unsigned depth; /* of cold regions */
    uint32_t alike_from; /* the first memory object of components that are alike; 0: there are none, or nothing but */
} maker;

static void *grown(arena *memory, void *list, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    const uint32_t more = *capacity ? 2 * *capacity : 64;
    void *made = sn_arena_grow(memory, list, *capacity * size, more * size);
    *capacity = more;
    return made;
}

static void push(maker *m, pool *p, uint32_t node)
{
    p->nodes = grown(m->g->memory, p->nodes, p->count, &p->capacity, sizeof *p->nodes);
    p->nodes[p->count++] = node;
}

static void use(maker *m, uint32_t node)
{
    m->used[node] = 1;
}

static uint32_t add_node(maker *m, graph_node node)
{
    random_graph *g = m->g;
    g->nodes = grown(g->memory, g->nodes, g->count, &g->capacity, sizeof *g->nodes);
    if (g->count >= m->used_capacity) {
        const uint32_t old = m->used_capacity;
        m->used = grown(g->memory, m->used, g->count, &m->used_capacity, 1);
        memset(m->used + old, 0, m->used_capacity - old);
    }
    g->nodes[g->count] = node;
    if (node.type && node.type <= IR_MASK) {
        push(m, &m->all[node.type], g->count);
        if (node.uniform)
            push(m, &m->uniform[node.type], g->count);
    }
    return g->count++;
}

static uint32_t add_constant(maker *m, unsigned type, uint64_t bits)
{
    return add_node(m,
                    (graph_node){.kind = GRAPH_CONST, .type = (uint8_t)type, .uniform = true, .bits = bits});
}

static uint32_t any_constant(maker *m, unsigned type)
{
    if (random_chance(m->r, 20)) { /* what identities look for */
        static const double simple[] = {0, 1, -1, 2, 0.5, -0.0, 4};
        const double value = simple[random_below(m->r, 7)];
        return add_constant(m, type,
                            type == IR_F32   ? bits_of_f32((float)value)
                            : type == IR_F64 ? bits_of_f64(value)
                                             : (uint32_t)(int32_t)value);
    }
    return add_constant(m, type, random_bits(m->r, type, random_chance(m->r, m->wild)));
}

static uint32_t add_op(maker *m, unsigned op, unsigned type, uint32_t a, uint32_t b, uint32_t c)
{
    const graph_node *n = m->g->nodes;
    use(m, a);
    use(m, b);
    use(m, c);
    const bool uniform = (!a || n[a].uniform) && (!b || n[b].uniform) && (!c || n[c].uniform);
    return add_node(m, (graph_node){.kind = GRAPH_OP,
                                    .type = (uint8_t)type,
                                    .op = (uint8_t)op,
                                    .uniform = uniform,
                                    .a = a,
                                    .b = b,
                                    .c = c});
}

static uint32_t add_convert(maker *m, unsigned type, uint32_t a)
{
    use(m, a);
    return add_node(
        m, (graph_node){
               .kind = GRAPH_CONVERT, .type = (uint8_t)type, .uniform = m->g->nodes[a].uniform, .a = a});
}

static unsigned any_number_type(maker *m)
{
    return m->types[random_below(m->r, 4)];
}

static unsigned any_float_type(maker *m)
{
    const unsigned type = any_number_type(m);
    return type != IR_I32 ? type : random_chance(m->r, 50) ? IR_F32 : IR_F64;
}

static uint32_t pick_from(maker *m, const pool *p)
{
    const uint32_t recent = p->count < 8 ? p->count : 8;
    return random_chance(m->r, 60) ? p->nodes[p->count - 1 - random_below(m->r, recent)]
                                   : p->nodes[random_below(m->r, p->count)];
}

static uint32_t compare_any(maker *m, unsigned type);

static uint32_t pick(maker *m, unsigned type)
{
    if (type != IR_MASK && random_chance(m->r, 10))
        return any_constant(m, type);
    if (m->all[type].count)
        return pick_from(m, &m->all[type]);
    if (type == IR_MASK)
        return compare_any(m, any_number_type(m));
    for (unsigned other = IR_F32; other <= IR_I32; other++)
        if (m->all[other].count && random_chance(m->r, 70))
            return add_convert(m, type, pick_from(m, &m->all[other]));
    return any_constant(m, type);
}

static uint32_t pick_uniform(maker *m, unsigned type)
{
    return m->uniform[type].count ? pick_from(m, &m->uniform[type]) : any_constant(m, type);
}

static uint32_t compare_any(maker *m, unsigned type)
{
    const uint32_t a = pick(m, type);
    return add_op(m, SINTER_OP_LT + random_below(m->r, 4), IR_MASK, a, pick(m, type), 0);
}

static uint32_t uniform_mask(maker *m)
{
    const unsigned type = any_number_type(m);
    const uint32_t a = pick_uniform(m, type);
    return add_op(m, SINTER_OP_LT + random_below(m->r, 4), IR_MASK, a, pick_uniform(m, type), 0);
}

/* A mask that few elements set: of a value far out. */
static uint32_t rare_mask(maker *m)
{
    if (random_chance(m->r, 50))
        return pick(m, IR_MASK);
    const unsigned type = any_float_type(m);
    const uint32_t size = add_op(m, SINTER_OP_ABS, type, pick(m, type), 0, 0);
    return add_op(m, SINTER_OP_LT, IR_MASK,
                  add_constant(m, type, type == IR_F32 ? bits_of_f32(900) : bits_of_f64(900)), size, 0);
}

static uint32_t float_operation(maker *m)
{
    static const uint8_t two[] = {SINTER_OP_ADD, SINTER_OP_SUB,     SINTER_OP_MUL, SINTER_OP_ADD,
                                  SINTER_OP_SUB, SINTER_OP_MUL,     SINTER_OP_DIV, SINTER_OP_MIN,
                                  SINTER_OP_MAX, SINTER_OP_COPYSIGN};
    static const uint8_t one[] = {SINTER_OP_NEG,  SINTER_OP_ABS,   SINTER_OP_SQRT, SINTER_OP_FLOOR,
                                  SINTER_OP_CEIL, SINTER_OP_ROUND, SINTER_OP_TRUNC};
    static const uint8_t three[] = {SINTER_OP_FMA, SINTER_OP_FMS, SINTER_OP_FNMA};
    const unsigned type = any_float_type(m);
    const uint32_t a = pick(m, type);
    switch (random_below(m->r, 8)) {
    case 0:
    case 1: return add_op(m, one[random_below(m->r, sizeof one)], type, a, 0, 0);
    case 2:
    case 3: {
        const uint32_t b = random_chance(m->r, 15) ? a : pick(m, type),
                       c = random_chance(m->r, 10) ? a : pick(m, type);
        return add_op(m, three[random_below(m->r, sizeof three)], type, a, b, c);
    }
    default:
        return add_op(m, two[random_below(m->r, sizeof two)], type, a,
                      random_chance(m->r, 8) ? a : pick(m, type), 0);
    }
}

static uint32_t integer_operation(maker *m)
{
    static const uint8_t two[] = {SINTER_OP_ADD, SINTER_OP_SUB, SINTER_OP_MUL,  SINTER_OP_DIV, SINTER_OP_MIN,
                                  SINTER_OP_MAX, SINTER_OP_AND, SINTER_OP_OR,   SINTER_OP_XOR, SINTER_OP_SHL,
                                  SINTER_OP_SAR, SINTER_OP_SHR, SINTER_OP_UMULH};
    static const uint8_t one[] = {SINTER_OP_NEG, SINTER_OP_ABS, SINTER_OP_NOT};
    const uint32_t a = pick(m, IR_I32);
    if (random_chance(m->r, 20))
        return add_op(m, one[random_below(m->r, sizeof one)], IR_I32, a, 0, 0);
    return add_op(m, two[random_below(m->r, sizeof two)], IR_I32, a,
                  random_chance(m->r, 8) ? a : pick(m, IR_I32), 0);
}

static uint32_t mask_operation(maker *m)
{
    static const uint8_t two[] = {SINTER_OP_AND, SINTER_OP_OR, SINTER_OP_XOR};
    if (random_chance(m->r, 50) || !m->all[IR_MASK].count)
        return compare_any(m, any_number_type(m));
    const uint32_t a = pick(m, IR_MASK);
    if (random_chance(m->r, 25))
        return add_op(m, SINTER_OP_NOT, IR_MASK, a, 0, 0);
    return add_op(m, two[random_below(m->r, 3)], IR_MASK, a, pick(m, IR_MASK), 0);
}

static unsigned any_chosen_type(maker *m)
{
    return random_chance(m->r, 12) ? IR_MASK : any_number_type(m);
}

static uint32_t select_operation(maker *m)
{
    const unsigned type = any_chosen_type(m);
    const uint32_t mask = pick(m, IR_MASK), a = pick(m, type);
    return add_op(m, SINTER_OP_SELECT, type, mask, a, pick(m, type));
}

static uint32_t guard_operation(maker *m)
{
    const unsigned type = any_chosen_type(m);
    const uint32_t mask = m->uniform[IR_MASK].count && random_chance(m->r, 60)
                              ? pick_from(m, &m->uniform[IR_MASK])
                              : uniform_mask(m);
    const uint32_t a = pick(m, type);
    return add_op(m, SINTER_OP_GUARD, type, mask, a, pick(m, type));
}

static uint32_t conversion(maker *m)
{
    switch (random_below(m->r, 8)) {
    case 0: return add_op(m, SINTER_OP_BITS, IR_I32, pick(m, IR_F32), 0, 0);
    case 1: return add_op(m, SINTER_OP_FROM_BITS, IR_F32, pick(m, IR_I32), 0, 0);
    case 2:
        return add_op(m, random_chance(m->r, 50) ? SINTER_OP_HI32 : SINTER_OP_LO32, IR_I32, pick(m, IR_F64),
                      0, 0);
    case 3: {
        const uint32_t high = pick(m, IR_I32);
        return add_op(m, SINTER_OP_PACK64, IR_F64, high, pick(m, IR_I32), 0);
    }
    default: {
        const unsigned from = any_number_type(m);
        const unsigned to = IR_F32 + random_below(m->r, 3);
        return from == to ? float_operation(m) : add_convert(m, to, pick(m, from));
    }
    }
}

#define LEAF_CODE(NAME)
#define PURE_CODE(NAME)
#define MEMORY_CODE(NAME)
#define EFFECT_CODE(NAME)
#define PLAN_CODE(NAME)
#define MATH_CODE(NAME) SINTER_OP_##NAME,
#define X(NAME, text, operands, immediates, rule, kind) kind##_CODE(NAME)
static const uint8_t functions[] = {SINTER_OPERATIONS(X)};
#undef X

static uint32_t function(maker *m)
{
    const unsigned type = any_float_type(m);
    const uint8_t op = functions[random_below(m->r, sizeof functions)];
    const bool is_fast = random_chance(m->r, 40);
    const uint32_t a = pick(m, type), b = sn_ir_info[op].operands > 1 ? pick(m, type) : 0;
    const uint32_t node = add_op(m, op, type, a, b, 0);
    m->g->nodes[node].fast = is_fast;
    return node;
}

static unsigned loaded_type(unsigned stored)
{
    return stored == IR_U8 || stored == IR_I16 ? IR_I32 : stored;
}

/* A read of one of the memory objects, or 0 where there is none. */
static uint32_t memory_operation(maker *m)
{
    const random_graph *g = m->g;
    if (!g->memory_count)
        return 0;
    /* what is alike keeps its state to itself, mostly */
    const uint32_t any_of = m->alike_from && random_chance(m->r, 97) ? m->alike_from : g->memory_count;
    const uint32_t k = random_below(m->r, any_of);
    const graph_memory *memory = &g->memories[k];
    if (memory->kind != IR_LINE) {
        const uint32_t any = pick(m, IR_I32); /* mostly far outside */
        const uint32_t index = random_chance(m->r, 50)
                                   ? any
                                   : add_op(m, SINTER_OP_AND, IR_I32, any, add_constant(m, IR_I32, 15), 0);
        if (memory->kind == IR_CELLS && random_chance(m->r, 50)) {
            const uint32_t value = pick(m, loaded_type(memory->type));
            use(m, index);
            use(m, value);
            return add_node(m, (graph_node){.kind = GRAPH_STORE, .a = index, .b = value, .c = k});
        }
        use(m, index);
        return add_node(m, (graph_node){.kind = GRAPH_LOAD,
                                        .type = (uint8_t)loaded_type(memory->type),
                                        .a = index,
                                        .b = k,
                                        .uniform = g->nodes[index].uniform && memory->kind != IR_CELLS});
    }
    if (random_chance(m->r, 25)) {
        const uint32_t delay = pick(m, IR_I32);
        use(m, delay);
        return add_node(m, (graph_node){.kind = GRAPH_READV, .type = memory->type, .a = delay, .b = k});
    }
    const uint32_t delay = random_chance(m->r, 60) ? memory->length : 1 + random_below(m->r, memory->length);
    return add_node(m, (graph_node){.kind = GRAPH_READ, .type = memory->type, .a = k, .b = delay});
}

static uint32_t load_at(maker *m, uint32_t memory, uint32_t index)
{
    use(m, index);
    return add_node(m, (graph_node){.kind = GRAPH_LOAD,
                                    .type = (uint8_t)loaded_type(m->g->memories[memory].type),
                                    .a = index,
                                    .b = memory,
                                    .uniform = m->g->nodes[index].uniform});
}

/* The sign of a number, or all of it, by bits of a hash. */
static uint32_t use_of_hash(maker *m, uint32_t hash)
{
    const uint32_t sign = add_constant(m, IR_I32, 0x80000000u);
    switch (random_below(m->r, 5)) {
    case 0: { /* a sign turned by one bit */
        const uint32_t count = add_constant(m, IR_I32, 24 + random_below(m->r, 8));
        const uint32_t bit = add_op(m, SINTER_OP_AND, IR_I32, add_op(m, SINTER_OP_SHL, IR_I32, hash, count, 0), sign, 0);
        const uint32_t bits = add_op(m, SINTER_OP_BITS, IR_I32, pick(m, IR_F32), 0, 0);
        return add_op(m, SINTER_OP_FROM_BITS, IR_F32, add_op(m, SINTER_OP_XOR, IR_I32, bits, bit, 0), 0, 0);
    }
    case 1: { /* any mask of any shift */
        const uint32_t shifted =
            add_op(m, SINTER_OP_SHL, IR_I32, hash, add_constant(m, IR_I32, random_below(m->r, 32)), 0);
        const uint32_t some = add_op(m, SINTER_OP_AND, IR_I32, shifted, any_constant(m, IR_I32), 0);
        return add_op(m, SINTER_OP_XOR, IR_I32, pick(m, IR_I32), some, 0);
    }
    case 2: { /* a choice */
        const uint32_t one = add_constant(m, IR_I32, 1u << random_below(m->r, 8));
        const uint32_t bit = add_op(m, SINTER_OP_AND, IR_I32, hash, one, 0);
        const uint32_t set = add_op(m, SINTER_OP_NE, IR_MASK, bit, add_constant(m, IR_I32, 0), 0);
        const unsigned type = any_chosen_type(m);
        const uint32_t a = pick(m, type);
        return add_op(m, SINTER_OP_SELECT, type, set, a, pick(m, type));
    }
    case 3: return add_convert(m, any_float_type(m), hash);
    default: return hash;
    }
}

/* What noise does: a hash of a hash of something small. Now and then the mask is wider than the table, or nowhere. */
static uint32_t hash_operation(maker *m)
{
    static const uint8_t mixes[] = {SINTER_OP_ADD, SINTER_OP_ADD, SINTER_OP_ADD, SINTER_OP_SUB, SINTER_OP_XOR, SINTER_OP_OR, SINTER_OP_AND, SINTER_OP_MUL};
    const random_graph *g = m->g;
    uint32_t tables[GRAPH_MOST_MEMORIES], count = 0;
    for (uint32_t k = 0; k < g->memory_count; k++)
        if (g->memories[k].kind == IR_TABLE && g->memories[k].type == IR_U8)
            tables[count++] = k;
    if (!count)
        return 0;
    uint32_t hash = pick(m, IR_I32);
    for (uint32_t turn = 1 + random_below(m->r, 4); turn > 0; turn--) {
        const uint32_t k = tables[random_below(m->r, count)];
        const uint32_t mask = random_chance(m->r, 80) ? 255 : random_below(m->r, 600);
        const uint32_t index =
            random_chance(m->r, 90) ? add_op(m, SINTER_OP_AND, IR_I32, hash, add_constant(m, IR_I32, mask), 0) : hash;
        hash = load_at(m, k, index);
        if (random_chance(m->r, 40))
            use_of_hash(m, hash);
        if (turn > 1) { /* one draw after the other: compilers evaluate arguments in different orders */
            const uint32_t other =
                random_chance(m->r, 40) ? add_constant(m, IR_I32, random_below(m->r, 300)) : pick(m, IR_I32);
            hash = add_op(m, mixes[random_below(m->r, sizeof mixes)], IR_I32, hash, other, 0);
        }
    }
    return use_of_hash(m, hash);
}

static uint32_t any_operation(maker *m);

/* A cold region: operations that only the unlikely side needs, then a RARE; few of them are used elsewhere
 * too. */
static uint32_t rare_of(maker *m, unsigned type, uint32_t levels)
{
    const uint32_t mask = rare_mask(m), hot = pick(m, type), first = m->g->count;
    uint32_t before[5], uniforms[5];
    for (unsigned k = 0; k < 5; k++) {
        before[k] = m->all[k].count;
        uniforms[k] = m->uniform[k].count;
    }
    m->depth++;
    for (uint32_t n = 1 + random_below(m->r, levels ? 3 : 10); n > 0; n--)
        any_operation(m);
    m->depth--;
    const uint32_t cold = levels ? rare_of(m, type, levels - 1) : pick(m, type);
    for (unsigned k = 0; k < 5; k++) {
        m->all[k].count = before[k];
        m->uniform[k].count = uniforms[k];
    }
    for (uint32_t node = first; node < m->g->count; node++) {
        const graph_node *n = &m->g->nodes[node];
        if (n->type && random_chance(m->r, 8))
            push(m, &m->all[n->type], node);
        else
            use(m, node); /* not to be gathered: it stays cold */
    }
    return add_op(m, SINTER_OP_RARE, type, mask, cold, hot);
}

/* Now and then deeper than plans follow. */
static uint32_t rare_operation(maker *m)
{
    enum { DEEPEST = 11 };
    return rare_of(m, any_chosen_type(m), random_chance(m->r, 10) ? random_below(m->r, DEEPEST) : 0);
}

static uint32_t any_operation(maker *m)
{
    if (random_chance(m->r, m->of_kind & GRAPH_WITH_BYTES ? 25 : 2) && hash_operation(m))
        return m->g->count - 1;
    const uint32_t kind = random_below(m->r, 100);
    if (kind < 3 && m->depth < 4 && m->g->count < 3000)
        return rare_operation(m);
    if (kind < (m->of_kind & GRAPH_WITH_STATE ? 40u : 7u) && memory_operation(m))
        return m->g->count - 1;
    if (kind < 7 + m->math)
        return function(m);
    if (kind < 15)
        return select_operation(m);
    if (kind < 22)
        return mask_operation(m);
    if (kind < 32)
        return conversion(m);
    if (kind < 34 && m->g->param_count)
        return guard_operation(m);
    if (kind < 37 && m->g->param_count) {
        const unsigned type = any_float_type(m);
        const uint32_t a = pick_uniform(m, type);
        return add_op(m, SINTER_OP_ADD + random_below(m->r, 4), type, a, pick_uniform(m, type), 0);
    }
    if (kind < 39 && !m->g->grid)
        return add_node(m, (graph_node){.kind = GRAPH_INDEX, .type = IR_F64});
    if (kind < 45) { /* back to numbers of modest size: else everything ends in NaN */
        const unsigned type = any_float_type(m);
        const uint32_t a = pick(m, type), size = add_op(m, SINTER_OP_ABS, type, a, 0, 0);
        const uint32_t most = add_constant(m, type, type == IR_F32 ? bits_of_f32(1e5f) : bits_of_f64(1e5));
        const uint32_t small = add_op(m, SINTER_OP_LT, IR_MASK, size, most, 0);
        return add_op(m, SINTER_OP_SELECT, type, small, a, pick(m, type));
    }
    const unsigned type = any_number_type(m);
    return type == IR_I32 ? integer_operation(m) : float_operation(m);
}

/* Many values that all live until they are used, in order. */
static void pressure(maker *m)
{
    enum { MOST = 300 };
    uint32_t values[MOST];
    const uint32_t count = 8 + random_below(m->r, random_chance(m->r, 30) ? MOST - 8 : 40);
    const unsigned type = any_number_type(m);
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t a = pick(m, type);
        values[k] = add_op(m, SINTER_OP_ADD + random_below(m->r, 3), type, a, pick(m, type), 0);
    }
    uint32_t sum = values[0];
    for (uint32_t k = 1; k < count; k++) {
        sum = add_op(m, type == IR_I32 ? SINTER_OP_XOR : SINTER_OP_SUB, type, sum, values[k], 0);
        if (random_chance(m->r, 10))
            any_operation(m);
    }
}

/* ---- gathering ---- */

/* Everything that nothing uses, bit by bit, in one i32. */
static uint32_t gather_unused(maker *m)
{
    uint32_t sum = add_constant(m, IR_I32, 1);
    const uint32_t factor = add_constant(m, IR_I32, 0x9E3779B1u), end = m->g->count;
    for (uint32_t node = 1; node < end; node++) {
        const graph_node n = m->g->nodes[node];
        if (m->used[node] || !n.type || n.kind == GRAPH_CONST || n.kind == GRAPH_INPUT
            || n.kind == GRAPH_PARAM)
            continue;
        uint32_t bits = node;
        if (n.type == IR_F32) {
            bits = add_op(m, SINTER_OP_BITS, IR_I32, node, 0, 0);
        } else if (n.type == IR_F64) {
            const uint32_t high = add_op(m, SINTER_OP_HI32, IR_I32, node, 0, 0);
            bits = add_op(m, SINTER_OP_XOR, IR_I32, high, add_op(m, SINTER_OP_LO32, IR_I32, node, 0, 0), 0);
        } else if (n.type == IR_MASK) {
            bits = add_op(m, SINTER_OP_SELECT, IR_I32, node, add_constant(m, IR_I32, 12345),
                          add_constant(m, IR_I32, 54321));
        }
        sum = add_op(m, SINTER_OP_ADD, IR_I32, add_op(m, SINTER_OP_MUL, IR_I32, sum, factor, 0), bits, 0);
    }
    return sum;
}

static void add_output(maker *m, uint32_t node)
{
    random_graph *g = m->g;
    if (g->output_count == GRAPH_MOST_STREAMS)
        return;
    if (g->nodes[node].type == IR_MASK)
        node =
            add_op(m, SINTER_OP_SELECT, IR_I32, node, add_constant(m, IR_I32, 1), add_constant(m, IR_I32, 0));
    use(m, node);
    g->outputs[g->output_count++] = node;
}

/* ---- the parts of a graph ---- */

static void choose_types(maker *m)
{
    static const uint8_t mixes[][4] = {{IR_F32, IR_F32, IR_F32, IR_F32}, {IR_F64, IR_F64, IR_F64, IR_F64},
                                       {IR_F32, IR_F32, IR_F32, IR_I32}, {IR_F64, IR_F64, IR_I32, IR_I32},
                                       {IR_F32, IR_F64, IR_I32, IR_F32}, {IR_F32, IR_F64, IR_I32, IR_F64},
                                       {IR_I32, IR_I32, IR_I32, IR_F32}};
    const uint8_t *mix = mixes[random_below(m->r, sizeof mixes / sizeof *mixes)];
    for (unsigned k = 0; k < 4; k++)
        m->types[k] = mix[k];
}

static void add_streams(maker *m)
{
    random_graph *g = m->g;
    g->input_count = g->grid ? 2 + random_below(m->r, 3)
                             : 1 + random_below(m->r, random_chance(m->r, 10) ? GRAPH_MOST_STREAMS : 4);
    for (uint32_t k = 0; k < g->input_count; k++) {
        g->inputs[k] = (uint8_t)(g->grid && k < 2 ? any_float_type(m) : any_number_type(m));
        add_node(m, (graph_node){.kind = GRAPH_INPUT, .type = g->inputs[k], .a = k});
    }
    g->param_count = random_chance(m->r, m->of_kind & GRAPH_SMOOTHED ? 100 : 40) ? 1 + random_below(m->r, GRAPH_MOST_PARAMS) : 0;
    for (uint32_t k = 0; k < g->param_count; k++) {
        g->params[k] = (uint8_t)any_number_type(m);
        g->initial[k] = modest_number(m->r);
        if (m->of_kind & GRAPH_SMOOTHED && g->params[k] != IR_I32 && random_chance(m->r, 80))
            g->smoothed[k] = (uint16_t)(1 + random_below(m->r, random_chance(m->r, 60) ? 40 : 900));
        add_node(m, (graph_node){.kind = GRAPH_PARAM, .type = g->params[k], .uniform = true, .a = k});
    }
}

static void *random_content(maker *m, unsigned type, uint32_t length)
{
    const unsigned size = sn_ir_type_size((ir_type)type);
    char *content = sn_arena_take(m->g->memory, (size_t)length * size);
    for (uint32_t i = 0; i < length; i++) {
        const uint64_t bits = random_bits(m->r, type, random_chance(m->r, 20));
        memcpy(content + (size_t)i * size, &bits, size);
    }
    return content;
}

static void add_table(maker *m)
{
    static const uint8_t types[] = {IR_F32, IR_F64, IR_I32, IR_U8, IR_I16};
    graph_memory *memory = &m->g->memories[m->g->memory_count++];
    const bool bound = !m->g->grid && random_chance(m->r, 30);
    const unsigned type = types[random_below(m->r, bound ? 3 : 5)];
    *memory = (graph_memory){.kind = (uint8_t)(bound ? IR_BOUND : IR_TABLE),
                             .type = (uint8_t)type,
                             .length = 1 + random_below(m->r, random_chance(m->r, 50) ? 5 : 300)};
    memory->content = random_content(m, type, memory->length);
}

/* Of every number of registers that tables of bytes can take, and of one more element than they hold. */
static void add_byte_table(maker *m)
{
    static const uint16_t lengths[] = {256, 256, 256, 256, 255, 257, 129, 128, 127, 65, 64, 63, 16, 1};
    graph_memory *memory = &m->g->memories[m->g->memory_count++];
    *memory = (graph_memory){.kind = IR_TABLE, .type = IR_U8, .length = lengths[random_below(m->r, sizeof lengths / sizeof *lengths)]};
    memory->content = random_content(m, IR_U8, memory->length);
}

static void add_line(maker *m)
{
    static const uint16_t lengths[] = {1,  1,  1,  2,  2,   3,   4,   7,   8,   9,   15,  16,   17,  31,
                                       40, 63, 64, 65, 100, 128, 300, 511, 512, 513, 700, 1024, 2100};
    graph_memory *memory = &m->g->memories[m->g->memory_count++];
    *memory = (graph_memory){.kind = IR_LINE,
                             .type = (uint8_t)any_number_type(m),
                             .shortest = 1,
                             .length = lengths[random_below(m->r, sizeof lengths / sizeof *lengths)],
                             .early = random_chance(m->r, 30)};
    if (random_chance(m->r, 30))
        memory->shortest = 1 + random_below(m->r, memory->length);
    memory->flush = memory->type != IR_I32 && random_chance(m->r, 25);
    m->g->stateful = true;
}

/* An integer that grows; see write_lines. */
static void add_accumulator(maker *m)
{
    m->g->memories[m->g->memory_count++] = (graph_memory){.kind = IR_LINE,
                                                          .type = IR_I32,
                                                          .shortest = 1,
                                                          .length = 1,
                                                          .early = random_chance(m->r, 30)};
    m->g->stateful = true;
}

static void add_cells(maker *m)
{
    static const uint8_t types[] = {IR_F32, IR_F64, IR_I32, IR_U8, IR_I16};
    m->g->memories[m->g->memory_count++] = (graph_memory){
        .kind = IR_CELLS, .type = types[random_below(m->r, 5)], .length = 1 + random_below(m->r, 20)};
    m->g->stateful = true;
}

enum { MOST_DRAWN = 8 };

static void add_memories(maker *m)
{
    const bool state = !(m->of_kind & GRAPH_NO_STATE) && !m->g->grid
                       && (m->of_kind & GRAPH_WITH_STATE || random_chance(m->r, 45));
    if (random_chance(m->r, 25))
        add_table(m);
    if (random_chance(m->r, m->of_kind & GRAPH_WITH_BYTES ? 100 : 8))
        add_byte_table(m);
    if (random_chance(m->r, m->of_kind & GRAPH_WITH_BYTES ? 40 : 10))
        add_table(m);
    if (m->of_kind & GRAPH_WITH_BYTES && random_chance(m->r, 40))
        add_byte_table(m);
    uint32_t lines = state ? 1 + random_below(m->r, random_chance(m->r, 10) ? 6 : 3) : 0;
    for (; lines > 0 && m->g->memory_count < MOST_DRAWN; lines--)
        if (random_chance(m->r, 25))
            add_accumulator(m);
        else
            add_line(m);
    if (state && random_chance(m->r, 20))
        add_cells(m);
}

/* An input, or a past value of a line, as it is. */
static uint32_t any_plain(maker *m, unsigned type)
{
    uint32_t plain[64], count = 0;
    for (uint32_t k = 1; k < m->g->count && count < 64; k++) {
        const graph_node *n = &m->g->nodes[k];
        if (n->type == type && (n->kind == GRAPH_INPUT || n->kind == GRAPH_READ || n->kind == GRAPH_READV))
            plain[count++] = k;
    }
    return count ? plain[random_below(m->r, count)] : pick(m, type);
}

/* So small that half of the values are flushed. */
static uint32_t scaled_down(maker *m, unsigned type, uint32_t value)
{
    const uint32_t scale = add_constant(m, type, type == IR_F32 ? bits_of_f32(1e-30f) : bits_of_f64(1e-250));
    return add_op(m, SINTER_OP_MUL, type, value, scale, 0);
}

/* Its own last value and a step, by the segment or the element, from either side. */
static uint32_t accumulated(maker *m, uint32_t memory)
{
    const uint32_t last = add_node(m, (graph_node){.kind = GRAPH_READ, .type = IR_I32, .a = memory, .b = 1});
    const uint32_t step = random_chance(m->r, 70) ? pick_uniform(m, IR_I32) : pick(m, IR_I32);
    return random_chance(m->r, 70) ? add_op(m, SINTER_OP_ADD, IR_I32, last, step, 0)
                                   : add_op(m, SINTER_OP_ADD, IR_I32, step, last, 0);
}

/* What each line is fed with: mostly something late, so that there are cycles. */
static void write_lines(maker *m)
{
    for (uint32_t k = 0; k < m->g->memory_count; k++) {
        graph_memory *memory = &m->g->memories[k];
        if (memory->kind != IR_LINE || memory->written)
            continue;
        const bool accumulates = memory->type == IR_I32 && memory->length == 1 && random_chance(m->r, 80);
        uint32_t value = accumulates                ? accumulated(m, k)
                         : random_chance(m->r, 15) ? any_plain(m, memory->type)
                                                   : pick(m, memory->type);
        if (memory->flush && random_chance(m->r, 50)) {
            value = scaled_down(m, memory->type, value);
        } else if (memory->type != IR_I32 && random_chance(m->r, 50)) {
            const uint32_t half =
                add_constant(m, memory->type, memory->type == IR_F32 ? bits_of_f32(0.5f) : bits_of_f64(0.5));
            value = add_op(m, SINTER_OP_FMA, memory->type, half, value, pick(m, memory->type));
        }
        use(m, value);
        memory->written = value;
    }
}

/* ---- the same several times over ---- */

enum { MOST_PARTS = 24, MOST_PATTERN = 40, MOST_OWN = 2 };

/* One recurrence, as nodes: those of the first one, and from where they come. */
typedef struct pattern {
    uint32_t first, count; /* nodes: reads of its own lines, then operations */
    uint32_t line, lines;  /* memory objects of the first one */
} pattern;

static bool is_own(const pattern *p, uint32_t node)
{
    return node >= p->first && node < p->first + p->count;
}

/* Of a type, from what the recurrence has so far, or from outside. */
static uint32_t pick_for_pattern(maker *m, const pattern *p, unsigned type)
{
    uint32_t own[MOST_PATTERN], count = 0;
    for (uint32_t k = p->first; k < m->g->count; k++)
        if (m->g->nodes[k].type == type)
            own[count++] = k;
    if (count && random_chance(m->r, 65))
        return random_chance(m->r, 60) ? own[count - 1] : own[random_below(m->r, count)];
    uint32_t outside[MOST_PATTERN];
    uint32_t choices = 0;
    for (uint32_t k = p->first; k-- > 1 && choices < MOST_PATTERN;)
        if (m->g->nodes[k].type == type)
            outside[choices++] = k;
    return choices ? outside[random_below(m->r, choices)] : count ? own[count - 1] : 0;
}

/* Everything from outside stands before the first node, so that the pattern's nodes are in a row. */
static void prepare_outside(maker *m)
{
    for (unsigned type = IR_F32; type <= IR_I32; type++) {
        for (uint32_t k = 0; k < 4; k++)
            any_constant(m, type);
        add_convert(m, type, pick(m, any_number_type(m)));
    }
    compare_any(m, any_number_type(m));
}

static void add_to_pattern(maker *m, const pattern *p, unsigned type)
{
    static const uint8_t floats[] = {SINTER_OP_ADD, SINTER_OP_SUB, SINTER_OP_MUL, SINTER_OP_MIN, SINTER_OP_MAX, SINTER_OP_COPYSIGN};
    static const uint8_t whole[] = {SINTER_OP_ADD, SINTER_OP_SUB, SINTER_OP_MUL, SINTER_OP_XOR, SINTER_OP_AND, SINTER_OP_SHR, SINTER_OP_SHL, SINTER_OP_MAX};
    const uint32_t a = pick_for_pattern(m, p, type), b = pick_for_pattern(m, p, type), c = pick_for_pattern(m, p, type);
    const uint32_t kind = random_below(m->r, 20), mask = pick_for_pattern(m, p, IR_MASK);
    if (kind < 2) {
        const unsigned from = type == IR_F32 ? IR_I32 : IR_F32;
        add_convert(m, type, pick_for_pattern(m, p, from));
    } else if (kind < 4) {
        add_op(m, SINTER_OP_LT + random_below(m->r, 4), IR_MASK, a, b, 0);
    } else if (kind < 7) {
        add_op(m, random_chance(m->r, 25) ? SINTER_OP_RARE : SINTER_OP_SELECT, type, mask, a, b);
    } else if (kind < 8) {
        add_op(m, SINTER_OP_ABS, type, a, 0, 0);
    } else if (type == IR_I32) {
        add_op(m, whole[random_below(m->r, sizeof whole)], type, a, b, 0);
    } else if (kind < 14) {
        add_op(m, SINTER_OP_FMA + random_below(m->r, 3), type, a, b, c);
    } else {
        add_op(m, floats[random_below(m->r, sizeof floats)], type, a, b, 0);
    }
}

static void add_own_line(maker *m, unsigned type, uint32_t length)
{
    m->g->memories[m->g->memory_count++] = (graph_memory){.kind = IR_LINE, .type = (uint8_t)type, .shortest = 1, .length = length};
    m->g->stateful = true;
}

static void make_pattern(maker *m, pattern *p)
{
    prepare_outside(m);
    *p = (pattern){.first = m->g->count, .line = m->g->memory_count, .lines = 1 + random_below(m->r, MOST_OWN)};
    for (uint32_t k = 0; k < p->lines; k++) {
        const unsigned type = any_number_type(m);
        add_own_line(m, type, random_chance(m->r, 60) ? 1 : 1 + random_below(m->r, random_chance(m->r, 90) ? 8 : 20));
        graph_memory *line = &m->g->memories[p->line + k];
        line->flush = type != IR_I32 && random_chance(m->r, 50);
        for (uint32_t reads = 1 + random_below(m->r, 2); reads > 0; reads--)
            add_node(m, (graph_node){.kind = GRAPH_READ, .type = (uint8_t)type, .a = p->line + k, .b = 1 + random_below(m->r, line->length)});
    }
    for (uint32_t n = 4 + random_below(m->r, 16); n > 0; n--)
        add_to_pattern(m, p, m->g->memories[p->line + random_below(m->r, p->lines)].type);
    for (uint32_t k = 0; k < p->lines; k++) {
        const unsigned type = m->g->memories[p->line + k].type;
        uint32_t last = m->g->count - 1;
        while (m->g->nodes[last].type != type)
            last--;
        use(m, last);
        m->g->memories[p->line + k].written = last;
    }
    p->count = m->g->count - p->first;
}

/* What stands for an operand from outside in another one: the same, or one of its kind. */
static uint32_t another(maker *m, uint32_t node)
{
    const graph_node n = m->g->nodes[node];
    if (!n.type || random_chance(m->r, 40))
        return node;
    if (n.kind == GRAPH_CONST)
        return n.type == IR_MASK ? node : any_constant(m, n.type);
    uint32_t other[MOST_PATTERN], count = 0;
    for (uint32_t k = 1; k < m->g->count && count < MOST_PATTERN; k++)
        if (m->g->nodes[k].type == n.type && m->g->nodes[k].kind == n.kind && m->g->nodes[k].uniform == n.uniform)
            other[count++] = k;
    return count ? other[random_below(m->r, count)] : node;
}

static void repeat_pattern(maker *m, const pattern *p, bool differs)
{
    uint32_t outside[3 * MOST_PATTERN], instead[3 * MOST_PATTERN], known = 0;
    for (uint32_t k = 0; k < p->count; k++) { /* those from outside first, each once */
        const graph_node n = m->g->nodes[p->first + k];
        const uint32_t operands[3] = {n.a, n.b, n.c};
        for (unsigned i = 0; n.kind != GRAPH_READ && i < 3; i++) {
            uint32_t at = 0;
            while (at < known && outside[at] != operands[i])
                at++;
            if (!operands[i] || is_own(p, operands[i]) || at < known)
                continue;
            outside[known] = operands[i];
            instead[known++] = another(m, operands[i]);
        }
    }
    const uint32_t shift = m->g->count - p->first, line_shift = m->g->memory_count - p->line;
    for (uint32_t k = 0; k < p->lines; k++) {
        add_own_line(m, m->g->memories[p->line + k].type, m->g->memories[p->line + k].length);
        m->g->memories[m->g->memory_count - 1].flush = m->g->memories[p->line + k].flush;
        m->g->memories[m->g->memory_count - 1].written = m->g->memories[p->line + k].written + shift;
    }
    for (uint32_t k = 0; k < p->count; k++) {
        graph_node n = m->g->nodes[p->first + k];
        uint32_t *const operands[3] = {&n.a, &n.b, &n.c};
        if (n.kind == GRAPH_READ)
            n.a += line_shift;
        for (unsigned i = 0; n.kind != GRAPH_READ && i < 3; i++) {
            uint32_t at = 0;
            while (at < known && outside[at] != *operands[i])
                at++;
            *operands[i] = is_own(p, *operands[i]) ? *operands[i] + shift : at < known ? instead[at] : *operands[i];
            use(m, *operands[i]);
        }
        if (differs && n.kind == GRAPH_OP && n.op == SINTER_OP_ADD) {
            n.op = SINTER_OP_SUB;
            differs = false;
        }
        const uint32_t made = add_node(m, n);
        m->used[made] = m->used[p->first + k];
    }
}

static void alike_components(maker *m)
{
    pattern p;
    m->alike_from = m->g->memory_count;
    for (uint32_t kinds = 1 + random_below(m->r, 2); kinds > 0; kinds--) {
        make_pattern(m, &p);
        const uint32_t room = (GRAPH_MOST_MEMORIES - m->g->memory_count) / p.lines, most = room < MOST_PARTS ? room : MOST_PARTS;
        for (uint32_t n = random_below(m->r, most); n > 0; n--)
            repeat_pattern(m, &p, random_chance(m->r, 3));
        for (uint32_t n = random_below(m->r, 6); n > 0; n--)
            any_operation(m);
        if (GRAPH_MOST_MEMORIES - m->g->memory_count < 2 * MOST_OWN)
            return;
    }
}

/* ---- linear recurrences ---- */

/* Now and then a parameter, as it is or cut to what keeps most poles within the circle. */
static uint32_t any_factor(maker *m)
{
    if (random_chance(m->r, 75) || !m->g->param_count)
        return add_constant(m, IR_F32, bits_of_f32((float)((int32_t)random_below(m->r, 2001) - 1000) * 0.00095f));
    for (uint32_t k = 1; k < m->g->count; k++)
        if (m->g->nodes[k].kind == GRAPH_PARAM && m->g->nodes[k].type == IR_F32)
            return add_node(m, (graph_node){.kind = GRAPH_OP, .type = IR_F32, .op = SINTER_OP_MUL, .uniform = true, .a = k,
                                            .b = add_constant(m, IR_F32, bits_of_f32(random_chance(m->r, 80) ? 0.09f : 0.9f))});
    return add_constant(m, IR_F32, bits_of_f32(0.5f));
}

/* a b + c, one of several ways. */
static uint32_t add_product(maker *m, uint32_t a, uint32_t b, uint32_t c)
{
    static const uint8_t fused[] = {SINTER_OP_FMA, SINTER_OP_FMA, SINTER_OP_FNMA, SINTER_OP_FMS};
    use(m, a);
    use(m, b);
    use(m, c);
    if (random_chance(m->r, 60))
        return add_node(m, (graph_node){.kind = GRAPH_OP, .type = IR_F32, .op = fused[random_below(m->r, 4)], .a = a, .b = b, .c = c});
    const uint32_t product = add_node(m, (graph_node){.kind = GRAPH_OP, .type = IR_F32, .op = SINTER_OP_MUL, .a = a, .b = b});
    use(m, product);
    return add_node(m, (graph_node){.kind = GRAPH_OP, .type = IR_F32, .op = random_chance(m->r, 50) ? SINTER_OP_ADD : SINTER_OP_SUB, .a = product, .b = c});
}

static uint32_t read_line(maker *m, uint32_t line, uint32_t delay)
{
    return add_node(m, (graph_node){.kind = GRAPH_READ, .type = IR_F32, .a = line, .b = delay});
}

/* One value, two of a line, or a line each, of one stream or two. */
static void linear_recurrence(maker *m)
{
    const uint32_t line = m->g->memory_count, shape = random_below(m->r, 3), x = pick(m, IR_F32);
    const bool flush = random_chance(m->r, 70);
    add_own_line(m, IR_F32, shape == 1 ? 2 : 1);
    m->g->memories[line].flush = flush;
    uint32_t value = add_product(m, any_factor(m), read_line(m, line, 1), x);
    if (shape == 1)
        value = add_product(m, any_factor(m), read_line(m, line, 2), value);
    if (shape == 2) {
        add_own_line(m, IR_F32, 1);
        m->g->memories[line + 1].flush = flush;
        value = add_product(m, any_factor(m), read_line(m, line + 1, 1), value);
        const uint32_t y = random_chance(m->r, 50) ? x : pick(m, IR_F32), other = add_product(m, any_factor(m), read_line(m, line, 1), y);
        m->g->memories[line + 1].written = add_product(m, any_factor(m), read_line(m, line + 1, 1), other);
        use(m, m->g->memories[line + 1].written);
    }
    m->g->memories[line].written = value;
    use(m, value);
}

static void linear_recurrences(maker *m)
{
    m->alike_from = m->g->memory_count;
    for (uint32_t n = 1 + random_below(m->r, 6); n > 0 && m->g->memory_count + 2 <= GRAPH_MOST_MEMORIES; n--) {
        linear_recurrence(m);
        for (uint32_t k = random_below(m->r, 4); k > 0; k--)
            any_operation(m);
    }
}

static uint32_t any_size(maker *m)
{
    const uint32_t kind = random_below(m->r, 200);
    if (kind < 100 || m->of_kind & GRAPH_SMALL)
        return 1 + random_below(m->r, 15);
    return kind < 165   ? 15 + random_below(m->r, 50)
           : kind < 193 ? 60 + random_below(m->r, 240)
           : kind < 199 ? 300 + random_below(m->r, 1000)
                        : 1000 + random_below(m->r, 3000);
}

void random_graph_make(random_graph *g, uint64_t seed, unsigned kind, arena *memory)
{
    random_numbers r = {seed * 0x9E3779B97F4A7C15u + 12345};
    *g = (random_graph){.memory = memory, .grid = (kind & GRAPH_ON_GRID) != 0};
    maker m = {.g = g, .r = &r, .of_kind = kind, .wild = random_below(&r, 40)};
    m.math = kind & GRAPH_NO_MATH || random_chance(&r, 60) ? 0 : 4;
    add_node(&m, (graph_node){0});
    choose_types(&m);
    add_streams(&m);
    add_memories(&m);
    if (kind & GRAPH_WITH_ALIKE)
        alike_components(&m);
    if (kind & GRAPH_LINEAR)
        linear_recurrences(&m);
    for (uint32_t n = any_size(&m); n > 0; n--)
        any_operation(&m);
    if (random_chance(&r, 12) && !(kind & GRAPH_SMALL))
        pressure(&m);
    write_lines(&m);
    uint32_t last = g->count - 1;
    while (!g->nodes[last].type) /* a store */
        last--;
    const uint32_t outputs = 1
                             + random_below(&r, random_chance(&r, 70)   ? 1
                                                : random_chance(&r, 90) ? 4
                                                                        : GRAPH_MOST_STREAMS);
    for (uint32_t n = 0; n < outputs; n++)
        add_output(&m, n == 0 ? last : pick(&m, any_chosen_type(&m)));
    if (random_chance(&r, 60))
        add_output(&m, gather_unused(&m));
    if (!g->grid && random_chance(&r, 20))
        for (uint32_t n = 1 + random_below(&r, random_chance(&r, 15) ? GRAPH_MOST_TOTALS : 2); n > 0; n--)
            g->totals[g->total_count++] = pick(&m, any_float_type(&m));
}

void random_graph_copy(random_graph *to, const random_graph *from, arena *memory)
{
    *to = *from;
    to->memory = memory;
    to->capacity = from->count;
    to->nodes = sn_arena_take(memory, from->count * sizeof *to->nodes);
    memcpy(to->nodes, from->nodes, from->count * sizeof *to->nodes);
}

/* ---- what is needed ---- */

static void need(uint8_t *needed, uint32_t node)
{
    needed[node] = 1;
}

static bool is_need_of_line(const random_graph *g, uint8_t *needed, const uint8_t *read)
{
    bool more = false;
    for (uint32_t k = 0; k < g->memory_count; k++)
        if (read[k] && g->memories[k].kind == IR_LINE && !needed[g->memories[k].written]) {
            need(needed, g->memories[k].written);
            more = true;
        }
    return more;
}

static void need_operands(const random_graph *g, uint8_t *needed, uint8_t *read)
{
    for (uint32_t k = g->count; k-- > 1;) {
        const graph_node *n = &g->nodes[k];
        if (n->kind == GRAPH_STORE)
            needed[k] |= read[n->c];
        if (!needed[k])
            continue;
        switch ((graph_kind)n->kind) {
        case GRAPH_OP:
            need(needed, n->a);
            need(needed, n->b);
            need(needed, n->c);
            break;
        case GRAPH_CONVERT:
        case GRAPH_ALIAS: need(needed, n->a); break;
        case GRAPH_LOAD:
        case GRAPH_READV:
            need(needed, n->a);
            read[n->b] = 1;
            break;
        case GRAPH_STORE:
            need(needed, n->a);
            need(needed, n->b);
            break;
        case GRAPH_READ: read[n->a] = 1; break;
        default: break;
        }
    }
}

static uint8_t *find_needed(const random_graph *g, uint8_t *read)
{
    uint8_t *needed = sn_arena_take_zeroed(g->memory, g->count);
    for (uint32_t k = 0; k < g->output_count; k++)
        need(needed, g->outputs[k]);
    for (uint32_t k = 0; k < g->total_count; k++)
        need(needed, g->totals[k]);
    /* Stores are needed by loads that may stand before them, so walks repeat until nothing is added. */
    for (uint32_t before = UINT32_MAX, now = 0;;) {
        need_operands(g, needed, read);
        const bool more = is_need_of_line(g, needed, read);
        now = 0;
        for (uint32_t k = 1; k < g->count; k++)
            now += needed[k];
        if (!more && now == before)
            break;
        before = now;
    }
    needed[0] = 0;
    return needed;
}

uint8_t *random_graph_needed(const random_graph *g)
{
    uint8_t read[GRAPH_MOST_MEMORIES] = {0};
    return find_needed(g, read);
}

/* ---- building ---- */

typedef struct building {
    const random_graph *g;
    sinter_program *p;
    sinter_value *value;                  /* per node */
    uint32_t number[GRAPH_MOST_MEMORIES]; /* in the program */
    bool written[GRAPH_MOST_MEMORIES];
} building;

static sinter_value constant(sinter_program *p, unsigned type, uint64_t bits)
{
    return sn_ir_const_bits(&p->ir, (ir_type)type, bits);
}

/* v, or the one NaN whose bits everyone agrees on. */
static sinter_value canonical(sinter_program *p, sinter_value v)
{
    const unsigned type = sinter_type_of(p, v);
    const sinter_value nan = constant(p, type, type == IR_F32 ? 0x7FC00000u : 0x7FF8000000000000u);
    return sinter_emit(p, SINTER_OP_SELECT, sinter_emit(p, SINTER_OP_EQ, v, v, 0), v, nan);
}

static sinter_value build_op(building *b, const graph_node *n)
{
    sinter_value x = b->value[n->a], y = b->value[n->b];
    if (n->op == SINTER_OP_BITS || n->op == SINTER_OP_HI32 || n->op == SINTER_OP_LO32)
        x = canonical(b->p, x);
    if (n->op == SINTER_OP_COPYSIGN)
        y = canonical(b->p, y);
    if (n->fast)
        return sn_ir_emit_flagged(&b->p->ir, (ir_code)n->op, IR_VOID, IR_FLAG_FAST, x, y, 0);
    return sinter_emit(b->p, (sinter_operation)n->op, x, y, b->value[n->c]);
}

/* The builder has no calls for read-write tables yet; the language has none either. */
static sinter_value inside_cells(building *b, uint32_t memory, sinter_value index)
{
    const sinter_value low = sinter_emit(b->p, SINTER_OP_MAX, index, sinter_i32(b->p, 0), 0);
    return sinter_emit(b->p, SINTER_OP_MIN, low, sinter_i32(b->p, (int32_t)b->g->memories[memory].length - 1),
                       0);
}

static sinter_value parameter(building *b, const graph_node *n, const char *name)
{
    const sinter_value value = sinter_parameter(b->p, name, (sinter_type)n->type, b->g->initial[n->a], -1e9, 1e9);
    if (b->g->smoothed[n->a])
        sinter_smooth(b->p, value, SINTER_RAMP, b->g->smoothed[n->a] / 48000.0);
    return value;
}

static sinter_value build_node(building *b, uint32_t k)
{
    static const char *const grid_names[] = {"x", "y", "z", "t"};
    const graph_node *n = &b->g->nodes[k];
    char name[16];
    switch ((graph_kind)n->kind) {
    case GRAPH_CONST: return constant(b->p, n->type, n->bits);
    case GRAPH_INPUT:
        snprintf(name, sizeof name, "in%u", (unsigned)n->a);
        return sinter_input(b->p, b->g->grid ? grid_names[n->a] : name, (sinter_type)n->type);
    case GRAPH_PARAM:
        snprintf(name, sizeof name, "p%u", (unsigned)n->a);
        return parameter(b, n, name);
    case GRAPH_INDEX: return sinter_index(b->p);
    case GRAPH_OP: return build_op(b, n);
    case GRAPH_CONVERT: return sinter_convert(b->p, b->value[n->a], (sinter_type)n->type);
    case GRAPH_LOAD:
        if (b->g->memories[n->b].kind == IR_CELLS)
            return sn_ir_emit(&b->p->ir, IR_LOAD, IR_VOID, inside_cells(b, n->b, b->value[n->a]),
                              b->number[n->b], 0);
        return sinter_load(b->p, b->number[n->b], b->value[n->a]);
    case GRAPH_READ: return sinter_read(b->p, b->number[n->a], n->b);
    case GRAPH_READV: return sinter_read_varying(b->p, b->number[n->b], b->value[n->a]);
    case GRAPH_STORE:
        sn_ir_emit(&b->p->ir, IR_STORE, IR_VOID, inside_cells(b, n->c, b->value[n->a]), b->value[n->b],
                   b->number[n->c]);
        return 0;
    case GRAPH_ALIAS: return b->value[n->a];
    case GRAPH_NONE: break;
    }
    return 0;
}

static void build_memory(building *b, uint32_t k)
{
    const graph_memory *m = &b->g->memories[k];
    char name[16];
    snprintf(name, sizeof name, "m%u", (unsigned)k);
    if (m->kind == IR_TABLE) {
        b->number[k] = sinter_table(b->p, name, (sinter_type)m->type, m->content, m->length);
    } else if (m->kind == IR_BOUND) {
        b->number[k] = sinter_bound_table(b->p, name, (sinter_type)m->type);
    } else if (m->kind == IR_LINE) {
        b->number[k] = sinter_line(b->p, name, (sinter_type)m->type, m->length);
        b->p->ir.memories[b->number[k]].shortest = m->shortest;
        b->p->ir.memories[b->number[k]].flush = m->flush;
    } else {
        b->number[k] = sn_ir_add_memory(
            &b->p->ir, &(ir_memory){.name = name, .length = m->length, .kind = IR_CELLS, .type = m->type});
    }
}

static void build_write(building *b, uint32_t k)
{
    if (!b->written[k])
        sinter_write(b->p, b->number[k], b->value[b->g->memories[k].written]);
    b->written[k] = true;
}

sinter_program *random_graph_build(const random_graph *g)
{
    uint8_t read[GRAPH_MOST_MEMORIES] = {0};
    const uint8_t *needed = find_needed(g, read);
    building b = {.g = g,
                  .p = sinter_program_open(NULL),
                  .value = sn_arena_take_zeroed(g->memory, g->count * sizeof *b.value)};
    char name[16];
    for (uint32_t k = 0; k < g->memory_count; k++)
        if (read[k])
            build_memory(&b, k);
    for (uint32_t k = 1; k < g->count; k++) {
        if (!needed[k] && g->nodes[k].kind != GRAPH_INPUT && g->nodes[k].kind != GRAPH_PARAM)
            continue;
        b.value[k] = build_node(&b, k);
        for (uint32_t i = 0; i < g->memory_count; i++)
            if (read[i] && g->memories[i].kind == IR_LINE && g->memories[i].early
                && g->memories[i].written == k)
                build_write(&b, i);
    }
    for (uint32_t k = 0; k < g->memory_count; k++)
        if (read[k] && g->memories[k].kind == IR_LINE)
            build_write(&b, k);
    for (uint32_t k = 0; k < g->output_count; k++) {
        snprintf(name, sizeof name, "out%u", (unsigned)k);
        sinter_output(b.p, name, b.value[g->outputs[k]]);
    }
    for (uint32_t k = 0; k < g->total_count; k++) {
        snprintf(name, sizeof name, "total%u", (unsigned)k);
        sinter_total(b.p, name, b.value[g->totals[k]]);
    }
    return b.p;
}

/* ---- shrinking ---- */

static void drop(uint32_t *list, uint32_t *count, uint32_t k)
{
    memmove(list + k, list + k + 1, (*count - k - 1) * sizeof *list);
    --*count;
}

static bool drop_results(random_graph *g, graph_predicate fails, void *context)
{
    bool any = false;
    for (uint32_t k = 0; g->output_count + g->total_count > 1 && k < g->output_count;) {
        random_graph smaller = *g;
        drop(smaller.outputs, &smaller.output_count, k);
        if (fails(context, &smaller)) {
            *g = smaller;
            any = true;
        } else {
            k++;
        }
    }
    for (uint32_t k = 0; g->output_count + g->total_count > 1 && k < g->total_count;) {
        random_graph smaller = *g;
        drop(smaller.totals, &smaller.total_count, k);
        if (fails(context, &smaller)) {
            *g = smaller;
            any = true;
        } else {
            k++;
        }
    }
    return any;
}

/* The result moves to an operand of what makes it. */
static bool raise_outputs(random_graph *g, graph_predicate fails, void *context)
{
    bool any = false;
    for (uint32_t k = 0; k < g->output_count; k++) {
        const graph_node *n = &g->nodes[g->outputs[k]];
        const uint32_t operands[3] = {
            n->kind == GRAPH_OP || n->kind == GRAPH_CONVERT || n->kind == GRAPH_ALIAS ? n->a : 0,
            n->kind == GRAPH_OP ? n->b : 0, n->kind == GRAPH_OP ? n->c : 0};
        for (unsigned i = 0; i < 3; i++) {
            if (!operands[i] || g->nodes[operands[i]].type == IR_MASK)
                continue;
            random_graph smaller = *g;
            smaller.outputs[k] = operands[i];
            if (fails(context, &smaller)) {
                *g = smaller;
                any = true;
                break;
            }
        }
    }
    return any;
}

/* Tries another node in place of one; keeps it if the graph still fails. */
static bool replace(random_graph *g, uint32_t k, graph_node by, graph_predicate fails, void *context)
{
    const graph_node old = g->nodes[k];
    by.uniform = old.uniform;
    g->nodes[k] = by;
    if (fails(context, g))
        return true;
    g->nodes[k] = old;
    return false;
}

static bool replace_by_operand(random_graph *g, uint32_t k, graph_predicate fails, void *context)
{
    const graph_node n = g->nodes[k];
    if (n.kind != GRAPH_OP)
        return false;
    const uint32_t operands[3] = {n.a, n.b, n.c};
    for (unsigned i = 0; i < 3; i++)
        if (operands[i] && g->nodes[operands[i]].type == n.type
            && replace(g, k, (graph_node){.kind = GRAPH_ALIAS, .type = n.type, .a = operands[i]}, fails,
                       context))
            return true;
    return false;
}

static bool replace_by_leaf(random_graph *g, uint32_t k, graph_predicate fails, void *context)
{
    const graph_node n = g->nodes[k];
    for (uint32_t i = 1; i < k && i <= g->input_count + g->param_count; i++)
        if (g->nodes[i].type == n.type
            && replace(g, k, (graph_node){.kind = GRAPH_ALIAS, .type = n.type, .a = i}, fails, context))
            return true;
    const uint64_t one = n.type == IR_F32 ? 0x3F800000u : n.type == IR_F64 ? 0x3FF0000000000000u : 1;
    const uint64_t values[] = {0, one};
    for (unsigned i = 0; i < 2; i++)
        if (replace(g, k, (graph_node){.kind = GRAPH_CONST, .type = n.type, .bits = values[i]}, fails,
                    context))
            return true;
    return false;
}

static bool is_simple(const graph_node *n)
{
    return n->kind == GRAPH_CONST || n->kind == GRAPH_INPUT || n->kind == GRAPH_PARAM
           || n->kind == GRAPH_ALIAS || n->kind == GRAPH_NONE;
}

static bool replace_nodes(random_graph *g, graph_predicate fails, void *context)
{
    bool any = false;
    for (uint32_t k = g->count; k-- > 1;) {
        const uint8_t *needed = random_graph_needed(g);
        while (k > 1 && (!needed[k] || is_simple(&g->nodes[k])))
            k--;
        if (!needed[k] || is_simple(&g->nodes[k]))
            break;
        any |= g->nodes[k].kind == GRAPH_STORE
                   ? replace(g, k, (graph_node){.kind = GRAPH_NONE}, fails, context)
                   : replace_by_leaf(g, k, fails, context) || replace_by_operand(g, k, fails, context);
    }
    return any;
}

/* Whole stretches of nodes become constants first: large graphs shrink in few steps. */
static void replace_stretches(random_graph *g, graph_predicate fails, void *context)
{
    graph_node *kept = sn_arena_take(g->memory, g->count * sizeof *kept);
    for (uint32_t length = g->count / 2; length > 4; length /= 2)
        for (uint32_t first = 1; first < g->count; first += length) {
            const uint32_t end = g->count - first < length ? g->count : first + length;
            memcpy(kept, g->nodes, g->count * sizeof *kept);
            for (uint32_t k = first; k < end; k++)
                if (!is_simple(&g->nodes[k]) && g->nodes[k].type)
                    g->nodes[k] = (graph_node){
                        .kind = GRAPH_CONST, .type = g->nodes[k].type, .uniform = g->nodes[k].uniform};
            if (!fails(context, g))
                memcpy(g->nodes, kept, g->count * sizeof *kept);
        }
}

static void shorten_lines(random_graph *g, graph_predicate fails, void *context)
{
    for (uint32_t k = 0; k < g->memory_count; k++) {
        if (g->memories[k].kind != IR_LINE)
            continue;
        const graph_memory old = g->memories[k];
        g->memories[k].flush = false;
        if (!fails(context, g))
            g->memories[k] = old;
    }
}

void random_graph_shrink(random_graph *g, graph_predicate fails, void *context)
{
    drop_results(g, fails, context);
    replace_stretches(g, fails, context);
    shorten_lines(g, fails, context);
    for (unsigned turn = 0; turn < 4; turn++) {
        bool any = drop_results(g, fails, context);
        any |= raise_outputs(g, fails, context);
        any |= replace_nodes(g, fails, context);
        if (!any)
            break;
    }
}
