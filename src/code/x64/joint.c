/* Bodies that look up bytes, rewritten for registers that hold tables (AVX-512 with VBMI).
 *
 * Purpose: a table of up to 256 bytes fits four registers, and one pair of vpermi2b looks up 64 bytes; but an i32 vector has 16 lanes and
 * its index is one byte of each. So four vectors that are computed side by side share a look-up: their low bytes are joined, byte c of every
 * 32-bit lane being vector c's, and what follows from them by additions and bits is computed on the joint value, once for all four (byte
 * arithmetic wraps modulo 256, which is all that an index needs). Improved noise has, for 64 points, 6 look-ups of 4 instructions and 6
 * additions this way, where 16 lanes at a time would take 96 and 24. The order of the bytes was chosen for the ways in and out: into a joint
 * value a vector's bytes go by one masked vpshufb, out of it they come by one shift (`part_at`, where only the bits that arrive are
 * looked at, as in turning a sign by a bit of a hash) or one vpshufb (`part`). With the vectors one behind the other in the register it would be
 * vpmovdb and inserts, extracts and vpmovzxbd: on Zen 4 vpmovdb takes 2.5 cycles and vpmovzxbd 2, vpshufb 1 and a shift a half; on Sapphire
 * Rapids all of those want port 5, as the permutations do (LLVM 19's tables).
 *
 * What it gains, in cycles for 64 points of improved noise, by llvm-mca of LLVM 19: on Zen 4 121, where 16 lanes at a time take 153 and
 * intrinsics that keep 64 points one behind the other 125; on Sapphire Rapids 157, 242 and 160.
 *
 * How: one walk forward finds what may be had as bytes, one backward what is needed as bytes and what as i32, one forward makes the new body
 * as groups: what vectors compute apart, then what they compute jointly. An operation on joint values goes into the earliest group that has its
 * operands, so that look-ups which stand scattered in a text come together; the others keep their order, but for those that can wait: they
 * come behind the look-ups, so that less lives across those in four vectors. Cold regions stay in one piece; what
 * they read is an i32. Why it ends: each walk visits an operation once (regions twice), and each makes at most four.
 *
 * A joint value has its bytes right for any number of vectors: with one, in tails and cold regions, it is the i32 itself, of which the low byte
 * counts. */
#include "code/x64/x64.h"

#include <string.h>

enum { /* facts about operations */
    IS_LOOKUP = 1,    /* reads a table that registers hold */
    AS_BYTES = 2,     /* its low byte follows from its operands' by one operation, and one of them is joint or constant */
    IS_NATIVE = 4,    /* has its low byte for nothing */
    NEEDS_BYTES = 8,
    NEEDS_WHOLE = 16, /* as an i32 */
    IS_FUSED = 32,    /* written by its user */
    FEEDS = 64,       /* a look-up waits for it */
    WAITS = 128,      /* for a look-up */
    STAYS = 256,      /* read by what waits: it lives until then anyway */
    IS_TYPED = 512,   /* read by what looks at its type */
    IS_COLD = 1024    /* in a region */
};

typedef struct joint_maker {
    const x64_writer *w;
    const ir_op *ops; /* the body as it was */
    uint32_t count;
    uint16_t *facts;
    uint32_t *uses;
    uint32_t *whole, *bytes; /* by old number: what it is in the new body, each way; 0: nothing yet */
    ir_op *made;             /* unsorted */
    uint32_t *key;           /* of what was made: 2·group, 2·group + 1 of what is joint */
    uint32_t *origin;        /* the old number that it stems from */
    uint32_t made_count;
    uint32_t group;
    uint32_t sign;           /* the constant that is all sign, if one was wanted */
    uint32_t region_end;     /* the RARE that ends the region being made; 0: the hot path */
    bool some_wait;          /* what can wait does */
} joint_maker;

/* ---- what may be had as bytes, and what is needed ---- */

static bool is_byte_mask(const ir_op *op)
{
    return op->code == IR_CONST && (op->a & 0xFF) == 0xFF;
}

/* and(x, c), c ending in FF: its low byte is that of x. Returns x, or 0. */
static uint32_t masked_value(const ir_op *ops, const ir_op *op)
{
    return op->code != IR_AND ? 0 : is_byte_mask(&ops[op->b]) ? op->a : is_byte_mask(&ops[op->a]) ? op->b : 0;
}

static bool is_bitwise(unsigned code)
{
    return code == IR_ADD || code == IR_SUB || code == IR_AND || code == IR_OR || code == IR_XOR;
}

static void find_native(joint_maker *m, uint32_t r)
{
    const ir_op *op = &m->ops[r];
    if (op->code == IR_LOAD && sn_x64_kept_table(m->w, op->b)) {
        m->facts[r] |= m->facts[r] & IS_COLD ? IS_LOOKUP : IS_LOOKUP | IS_NATIVE | WAITS;
    } else if (op->type == IR_I32 && is_bitwise(op->code) && !(m->facts[r] & IS_COLD)) {
        const bool native = (m->facts[op->a] | m->facts[op->b]) & IS_NATIVE;
        if (native || m->ops[op->a].code == IR_CONST || m->ops[op->b].code == IR_CONST)
            m->facts[r] |= native ? AS_BYTES | IS_NATIVE : AS_BYTES;
    }
}

static void find_natives(joint_maker *m)
{
    uint32_t cold_end = 0;
    for (uint32_t r = 1; r < m->count; r++) {
        const ir_op *op = &m->ops[r];
        if (op->code == IR_COLD && r > cold_end)
            cold_end = op->b;
        if (r < cold_end)
            m->facts[r] |= IS_COLD;
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            m->facts[r] |= m->facts[sn_ir_operand(op, k)] & WAITS;
        find_native(m, r);
    }
}

static bool is_made_as_bytes(const joint_maker *m, uint32_t r)
{
    return (m->facts[r] & (AS_BYTES | NEEDS_BYTES | NEEDS_WHOLE)) == (AS_BYTES | NEEDS_BYTES);
}

static void need(joint_maker *m, uint32_t value, unsigned what)
{
    m->facts[value] |= (uint16_t)what;
    m->uses[value]++;
}

static bool is_renaming(const ir_op *op)
{
    return op->code == IR_BITS || op->code == IR_FROM_BITS;
}

static bool is_hot_lookup(const joint_maker *m, uint32_t r)
{
    return (m->facts[r] & (IS_LOOKUP | IS_NATIVE)) == (IS_LOOKUP | IS_NATIVE);
}

/* What the operands of r are to be, from what r is to be. */
static unsigned needs_of(joint_maker *m, uint32_t r)
{
    const unsigned code = m->ops[r].code;
    if (is_made_as_bytes(m, r) || is_hot_lookup(m, r))
        return NEEDS_BYTES;
    if (m->facts[r] & NEEDS_BYTES)
        m->facts[r] |= FEEDS;
    unsigned needs = NEEDS_WHOLE | (m->facts[r] & FEEDS);
    if (m->facts[r] & WAITS || (is_renaming(&m->ops[r]) && m->facts[r] & STAYS))
        needs |= STAYS;
    if (code == IR_CVT || (code >= IR_LT && code <= IR_NE))
        needs |= IS_TYPED;
    return needs;
}

static void find_needs(joint_maker *m)
{
    for (uint32_t r = m->count; r-- > 1;) {
        const ir_op *op = &m->ops[r];
        const unsigned needs = needs_of(m, r);
        const uint32_t same = is_made_as_bytes(m, r) ? masked_value(m->ops, op) : 0;
        if (same) {
            need(m, same, NEEDS_BYTES);
            continue;
        }
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            need(m, sn_ir_operand(op, k), needs);
    }
}

/* ---- xor(x, and(s, k)) in one operation ---- */

/* What an exclusive or with some bits of a shifted value is written from. */
typedef struct flipped {
    uint32_t hash; /* the look-up whose byte is shifted up to bit `at`; 0: `value` as it is */
    unsigned at;
    uint32_t value;
    uint32_t mask; /* the constant; 0: the sign */
} flipped;

static bool is_constant_shift(const joint_maker *m, uint32_t value, unsigned code)
{
    const ir_op *op = &m->ops[value];
    return op->code == code && m->ops[op->b].code == IR_CONST;
}

static unsigned shift_count(const joint_maker *m, uint32_t value)
{
    return m->ops[m->ops[value].b].a & 31;
}

/* A look-up's byte shifted up, or one bit of it made the sign: shl(h, n), shl(h >> k, 31). Nothing else reads what lies between. */
static bool find_raised(const joint_maker *m, uint32_t value, flipped *f)
{
    if (m->uses[value] != 1 || !is_constant_shift(m, value, IR_SHL))
        return false;
    const uint32_t inner = m->ops[value].a;
    f->at = shift_count(m, value);
    f->hash = inner;
    if (is_hot_lookup(m, inner))
        return true;
    f->hash = m->ops[inner].a;
    const bool shifted = m->uses[inner] == 1 && (is_constant_shift(m, inner, IR_SAR) || is_constant_shift(m, inner, IR_SHR));
    if (!shifted || f->at != 31 || shift_count(m, inner) > 7 || !is_hot_lookup(m, f->hash))
        return false;
    f->at -= shift_count(m, inner);
    return true;
}

static bool find_flipped(const joint_maker *m, uint32_t value, flipped *f)
{
    const ir_op *op = &m->ops[value];
    *f = (flipped){0};
    if (find_raised(m, value, f) && shift_count(m, value) == 31)
        return true;
    if (op->code != IR_AND || m->ops[op->b].code != IR_CONST || m->uses[value] != 1 || m->facts[value] & NEEDS_BYTES)
        return false;
    *f = (flipped){.value = op->a, .mask = op->b};
    flipped raised = *f;
    if (find_raised(m, op->a, &raised) && !(m->ops[op->b].a & ~(0xFFu << raised.at)))
        *f = raised;
    return true;
}

/* Marks what an exclusive or writes itself; on the hot path. */
static void find_fused(joint_maker *m)
{
    for (uint32_t r = 1; r < m->count; r++) {
        const ir_op *op = &m->ops[r];
        flipped f;
        if (op->code != IR_XOR || op->type != IR_I32 || m->facts[r] & IS_COLD || is_made_as_bytes(m, r))
            continue;
        const uint32_t value = find_flipped(m, op->b, &f) ? op->b : find_flipped(m, op->a, &f) ? op->a : 0;
        if (value)
            m->facts[value] |= IS_FUSED;
        for (uint32_t at = value; f.hash && value && at != f.hash; at = m->ops[at].a)
            m->facts[at] |= IS_FUSED;
    }
}

/* ---- the new body ---- */

static uint32_t make(joint_maker *m, ir_op op, uint32_t key, uint32_t origin)
{
    const uint32_t number = m->made_count++;
    m->made[number] = op;
    m->key[number] = key;
    m->origin[number] = origin;
    return number;
}

static uint32_t make_apart(joint_maker *m, ir_op op, uint32_t origin)
{
    return make(m, op, 2 * m->group, origin);
}

/* What vectors compute apart comes behind the joint value that it reads. In a region there are no groups. */
static void come_behind(joint_maker *m, uint32_t joint)
{
    if (!m->region_end && m->key[joint] / 2 >= m->group)
        m->group = m->key[joint] / 2 + 1;
}

static uint32_t whole_of(joint_maker *m, uint32_t value)
{
    if (!m->whole[value] && m->bytes[value]) {
        come_behind(m, m->bytes[value]);
        m->whole[value] = make_apart(m, (ir_op){.code = IR_PART, .type = IR_I32, .a = m->bytes[value]}, value);
    }
    return m->whole[value];
}

static uint32_t bytes_of(joint_maker *m, uint32_t value)
{
    while (is_made_as_bytes(m, value) && masked_value(m->ops, &m->ops[value]))
        value = masked_value(m->ops, &m->ops[value]);
    if (m->ops[value].code == IR_CONST)
        return m->whole[value];
    if (m->bytes[value] && !m->region_end)
        return m->bytes[value];
    const uint32_t whole = whole_of(m, value);
    const ir_op join = {.code = IR_JOIN, .type = IR_I32, .flags = IR_FLAG_JOINT, .a = whole};
    if (m->region_end) /* its own, whatever the path has */
        return make_apart(m, join, value);
    return m->bytes[value] = make(m, join, m->key[whole], value);
}

/* As early as its operands: constants are in front of everything. */
static void make_joint(joint_maker *m, uint32_t r)
{
    ir_op op = m->ops[r];
    op.flags |= IR_FLAG_JOINT;
    op.a = bytes_of(m, op.a);
    uint32_t key = m->key[op.a];
    if (sn_ir_info[op.code].operands > 1) {
        op.b = bytes_of(m, op.b);
        key = m->key[op.b] > key ? m->key[op.b] : key;
    }
    m->bytes[r] = make(m, op, m->region_end ? 2 * m->group : key | 1, r);
}

/* The group of an operation whose operands may have come to stand behind it. */
static void come_behind_operands(joint_maker *m, const ir_op *op)
{
    for (unsigned k = 0; k < sn_ir_info[op->code].operands && !m->region_end; k++) {
        const uint32_t group = m->key[sn_ir_operand(op, k)] / 2;
        m->group = group > m->group ? group : m->group;
    }
}

/* The byte of a look-up from bit `at` on, of which only the bits that come from it are looked at. */
static uint32_t raised(joint_maker *m, const flipped *f, uint32_t origin)
{
    const uint32_t joint = m->bytes[f->hash];
    come_behind(m, joint);
    return make_apart(m, (ir_op){.code = IR_PART_AT, .type = IR_I32, .a = joint, .b = f->at}, origin);
}

static uint32_t sign_bit(joint_maker *m)
{
    if (!m->sign)
        m->sign = make(m, (ir_op){.code = IR_CONST, .type = IR_I32, .a = 0x80000000u}, 0, 0);
    return m->sign;
}

static bool make_flip(joint_maker *m, uint32_t r)
{
    const ir_op *op = &m->ops[r];
    flipped f;
    if (op->code != IR_XOR || !((m->facts[op->a] | m->facts[op->b]) & IS_FUSED))
        return false;
    const bool right = m->facts[op->b] & IS_FUSED;
    find_flipped(m, right ? op->b : op->a, &f);
    const uint32_t value = whole_of(m, right ? op->a : op->b);
    const uint32_t bits = f.hash ? raised(m, &f, right ? op->b : op->a) : whole_of(m, f.value);
    const ir_op flip = {.code = IR_FLIP, .type = IR_I32, .a = value, .b = bits, .c = f.mask ? m->whole[f.mask] : sign_bit(m)};
    come_behind_operands(m, &flip);
    m->whole[r] = make_apart(m, flip, r);
    return true;
}

/* Later than it stands, behind the look-ups of this group: what no look-up waits for, if it keeps nothing alive by that but itself. Effects,
 * conditions of regions and what they read stay where they are. */
static bool can_wait(const joint_maker *m, uint32_t r)
{
    const ir_op *op = &m->ops[r];
    const unsigned operands = sn_ir_info[op->code].operands;
    bool any = false;
    if (m->region_end || !operands || op->type == IR_VOID || op->type == IR_MASK || m->facts[r] & (FEEDS | WAITS))
        return false;
    for (unsigned k = 0; k < operands; k++) {
        const uint32_t value = sn_ir_operand(op, k);
        if (sn_ir_info[m->ops[value].code].operands == 0)
            continue;
        any = true;
        if (!(m->facts[value] & STAYS) && m->key[m->whole[value]] / 2 <= m->group)
            return false;
    }
    return any;
}

static void make_whole(joint_maker *m, uint32_t r)
{
    ir_op op = m->ops[r];
    const bool waits = m->some_wait && can_wait(m, r);
    if (m->facts[r] & IS_FUSED || make_flip(m, r))
        return;
    const unsigned operands = sn_ir_info[op.code].operands;
    if (operands > 0)
        op.a = whole_of(m, op.a);
    if (operands > 1)
        op.b = whole_of(m, op.b);
    if (operands > 2)
        op.c = whole_of(m, op.c);
    if (is_renaming(&op) && !(m->facts[r] & (IS_TYPED | IS_COLD))) { /* of 4 bytes each: one register */
        m->whole[r] = op.a;
    } else if (op.code == IR_CONST) {
        m->whole[r] = make(m, op, 0, r);
    } else if (waits) {
        m->whole[r] = make(m, op, 2 * (m->group + 1), r);
    } else {
        come_behind_operands(m, &op);
        m->whole[r] = make_apart(m, op, r);
    }
}

/* What a region reads, and what stands in for it where it does not run, is made an i32 before it; of one within another too. */
static void enter_region(joint_maker *m, uint32_t cold)
{
    const uint32_t end = m->ops[cold].b;
    for (uint32_t r = cold; r <= end; r++)
        for (unsigned k = 0; k < sn_ir_info[m->ops[r].code].operands; k++) {
            const uint32_t value = sn_ir_operand(&m->ops[r], k);
            if (value >= cold)
                continue;
            const uint32_t group = m->key[whole_of(m, value)] / 2;
            m->group = group > m->group ? group : m->group;
        }
    m->region_end = m->region_end ? m->region_end : end;
}

static void make_body(joint_maker *m)
{
    memset(m->whole, 0, 2 * (size_t)m->count * sizeof *m->whole); /* and m->bytes behind it */
    m->made_count = 1;
    m->key[0] = 0;
    m->group = m->sign = 0;
    for (uint32_t r = 1; r < m->count; r++) {
        if (m->ops[r].code == IR_COLD)
            enter_region(m, r);
        if (m->facts[r] & IS_LOOKUP || is_made_as_bytes(m, r)) {
            if (m->facts[r] & IS_LOOKUP || !masked_value(m->ops, &m->ops[r]))
                make_joint(m, r);
        } else {
            make_whole(m, r);
        }
        if (r == m->region_end)
            m->region_end = 0;
    }
}

/* ---- order ---- */

/* By key, as they were made within one. */
static bool sort(joint_maker *m, plan_body *body, uint32_t **origins)
{
    arena *memory = m->w->memory;
    const uint32_t keys = 2 * m->group + 4;
    uint32_t *first = sn_arena_take_zeroed(memory, (keys + 1) * sizeof *first);
    uint32_t *place = sn_arena_take_zeroed(memory, m->made_count * sizeof *place);
    ir_op *ops = sn_arena_take(memory, m->made_count * sizeof *ops);
    *origins = sn_arena_take_zeroed(memory, m->made_count * sizeof **origins);
    if (!first || !place || !ops || !*origins)
        return false;
    for (uint32_t k = 1; k < m->made_count; k++)
        first[m->key[k] + 1]++;
    first[0] = 1;
    for (uint32_t k = 1; k <= keys; k++)
        first[k] += first[k - 1];
    for (uint32_t k = 1; k < m->made_count; k++)
        place[k] = first[m->key[k]]++;
    ops[0] = (ir_op){0};
    for (uint32_t k = 1; k < m->made_count; k++) {
        ir_op op = m->made[k];
        const unsigned operands = sn_ir_info[op.code].operands;
        op.a = operands > 0 ? place[op.a] : op.a;
        op.b = operands > 1 ? place[op.b] : op.code == IR_COLD ? place[m->whole[op.b]] : op.b;
        op.c = operands > 2 ? place[op.c] : op.c;
        ops[place[k]] = op;
        (*origins)[place[k]] = m->origin[k];
    }
    body->ops = ops;
    body->count = m->made_count;
    return true;
}

/* ---- how many registers it wants ---- */

/* Values that are alive: those that each copy has of its own, and joint ones. What is loaded at will is not counted. */
typedef struct living {
    const plan_body *body;
    uint32_t *last; /* by operation: its last use */
    uint32_t apart, joint;
} living;

static uint32_t *count_of(living *l, uint32_t r)
{
    const ir_op *op = &l->body->ops[r];
    const bool none = op->type == IR_VOID || op->type == IR_MASK || sn_is_shared(op) || op->code == IR_INPUT || op->code == IR_BUFFER || !l->last[r];
    return none ? NULL : op->flags & IR_FLAG_JOINT ? &l->joint : &l->apart;
}

static void pass(living *l, uint32_t r)
{
    const ir_op *op = &l->body->ops[r];
    uint32_t *count = count_of(l, r);
    if (count)
        ++*count;
    for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++) {
        const uint32_t value = sn_ir_operand(op, k);
        const bool again = (k > 0 && value == op->a) || (k > 1 && value == op->b);
        count = count_of(l, value);
        if (count && l->last[value] == r && !again)
            --*count;
    }
}

/* One run of what copies compute apart: while one is at work the others have what goes in, or what comes out. */
static uint32_t wanted_by_run(living *l, uint32_t *at, unsigned copies)
{
    const uint32_t in = l->apart;
    uint32_t peak = in, joint = l->joint;
    for (; *at < l->body->count && !sn_is_joint_work(&l->body->ops[*at]); ++*at) {
        if (l->body->ops[*at].code == IR_COLD)
            *at = l->body->ops[*at].b; /* a region is a routine of its own; the RARE counts */
        pass(l, *at);
        peak = l->apart > peak ? l->apart : peak;
        joint = l->joint > joint ? l->joint : joint;
    }
    return joint + peak + (copies - 1) * (in > l->apart ? in : l->apart);
}

static uint32_t most_wanted(const plan_body *body, unsigned copies, arena *memory)
{
    living l = {.body = body, .last = sn_arena_take_zeroed(memory, body->count * sizeof *l.last)};
    uint32_t most = 0;
    if (!l.last)
        return UINT32_MAX;
    for (uint32_t r = 1; r < body->count; r++)
        for (unsigned k = 0; k < sn_ir_info[body->ops[r].code].operands; k++)
            l.last[sn_ir_operand(&body->ops[r], k)] = r;
    for (uint32_t r = 1; r < body->count;) {
        const uint32_t wanted = wanted_by_run(&l, &r, copies);
        most = wanted > most ? wanted : most;
        for (; r < body->count && sn_is_joint_work(&body->ops[r]); r++) {
            pass(&l, r);
            const uint32_t here = copies * l.apart + l.joint;
            most = here > most ? here : most;
        }
    }
    return most;
}

/* ---- the pass ---- */

/* Lines are written and read in the order of elements, and sums are added by twos: there copies stay two. */
static bool may_have_four(const plan_body *body)
{
    for (uint32_t r = 1; r < body->count; r++)
        switch (body->ops[r].code) {
        case IR_READ: case IR_READV: case IR_WRITE: case IR_SUM: case IR_SUMP: case IR_STORE:
            return false;
        default:
            break;
        }
    return true;
}

/* A choice between masks wants five mask registers at once, which is more than the names of bytes leave. */
static bool chooses_masks(const plan_body *body)
{
    for (uint32_t r = 1; r < body->count; r++)
        if (body->ops[r].type == IR_MASK && (body->ops[r].code == IR_SELECT || body->ops[r].code == IR_RARE))
            return true;
    return false;
}

static bool finish(joint_maker *m, const plan_body *body, x64_joint_body *out)
{
    make_body(m);
    out->body = *body;
    return sort(m, &out->body, &out->origins);
}

bool sn_x64_make_joint(const x64_writer *w, const plan_body *body, unsigned registers, x64_joint_body *out)
{
    arena *memory = w->memory;
    const size_t count = body->count, room = 4 * count;
    joint_maker m = {.w = w, .ops = body->ops, .count = body->count};
    m.facts = sn_arena_take_zeroed(memory, count * sizeof *m.facts);
    m.uses = sn_arena_take_zeroed(memory, 3 * count * sizeof *m.uses);
    m.made = sn_arena_take_zeroed(memory, room * sizeof *m.made);
    m.key = sn_arena_take(memory, 2 * room * sizeof *m.key);
    if (!m.facts || !m.uses || !m.made || !m.key)
        return false;
    m.whole = m.uses + count;
    m.bytes = m.whole + count;
    m.origin = m.key + room;
    find_natives(&m);
    find_needs(&m);
    find_fused(&m);
    if (!finish(&m, body, out))
        return false;
    out->single = chooses_masks(body);
    out->wanted = UINT32_MAX;
    if (out->single || !may_have_four(body))
        return true;
    out->wanted = most_wanted(&out->body, CODE_MAX_COPIES, memory);
    if (out->wanted <= registers)
        return true;
    m.some_wait = true;
    if (!finish(&m, body, out))
        return false;
    out->wanted = most_wanted(&out->body, CODE_MAX_COPIES, memory);
    return true;
}
