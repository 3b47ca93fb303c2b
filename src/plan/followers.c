/* What follows from components that are alike goes into their loop, and bunches that meet there become one.
 *
 * Purpose: what leaves a loop of alike components is turned, from a component a lane into an element a lane: on Zen 1 three quarters of a cycle a value and component.
 * The low pass of a state-variable filter is the mean of two states, so that two values leave for what then is one; in a voice it is multiplied by the envelope's
 * level, a value of another loop. So an operation follows into the loop where of all that it takes more than one value is needed by nobody else: then fewer leave.
 * Where these are values of two bunches, as many components in each and as many recursive components in a row before them, their loops become one, a component of
 * each in a slice: none can depend on another, and the latency of the one hides in that of the other. Operations between, of one value and constants, come along.
 * Sixteen voices of two saws, noise, filter, envelope, tremolo and echo: 82 ns a sample on Zen 1, not 88.
 *
 * Requirements: what follows is the same in all slices, operand for operand; it takes values of its slice and constants, nothing else; and it stands at the same
 * place of each slice's order, for the slices' bodies have to correspond operation for operation. So they do for uniforms and streams: what is one value from outside for
 * two operations of a slice is one in all slices.
 *
 * How: of the first slice's values, one after the other, the only operation outside that reads it is looked at; those of the other slices are the only readers of
 * the corresponding values, or there is nothing to gain. Why it ends: values are taken twice, and a bunch has MOST_FOLLOWERS followers at most. */
#include "plan/plan.h"

#include <string.h>

enum { MOST_FOLLOWERS = 8, MOST_KEPT = 9 /* past values in registers, of all vectors of 32 bytes */, MOST_OUTSIDE = 16, MOST_MEMBERS = 128 /* of a slice, where two become one */ };

typedef struct user_lists {
    uint32_t *first; /* per operation: where its users begin in `list`; one more at the end */
    ir_ref *list;
} user_lists;

typedef struct gatherer {
    const plan_components *c;
    const ir_op *ops;
    plan_bunch *bunches;
    plan_levels *out;
    uint32_t *place; /* per operation of a bunch: its place in its slice */
    user_lists users;
    arena *memory;
} gatherer;

/* ---- who reads what ---- */

static bool counts(const gatherer *g, ir_ref r)
{
    return g->c->live[r] && (g->ops[r].axes & IR_AXIS_ELEMENT || sn_ir_info[g->ops[r].code].rule == IR_RULE_EFFECT);
}

static bool list_users(gatherer *g)
{
    const uint32_t count = g->c->program->count;
    uint32_t *first = sn_arena_take_zeroed(g->memory, (count + 2) * sizeof *first), total = 0;
    for (ir_ref r = 1; first && r < count; r++)
        for (unsigned k = 0; counts(g, r) && k < sn_ir_info[g->ops[r].code].operands; k++, total++)
            first[sn_ir_operand(&g->ops[r], k) + 2]++;
    ir_ref *list = sn_arena_take(g->memory, (total + 1) * sizeof *list);
    if (!first || !list)
        return false;
    for (uint32_t k = 2; k <= count; k++)
        first[k] += first[k - 1];
    for (ir_ref r = 1; r < count; r++)
        for (unsigned k = 0; counts(g, r) && k < sn_ir_info[g->ops[r].code].operands; k++)
            list[first[sn_ir_operand(&g->ops[r], k) + 1]++] = r;
    g->users = (user_lists){first, list};
    return true;
}

/* The one operation outside of its slice that reads the value; 0: there are none, or several. */
static ir_ref only_reader(const gatherer *g, ir_ref value)
{
    ir_ref only = 0;
    for (uint32_t k = g->users.first[value]; k < g->users.first[value + 1]; k++) {
        const ir_ref user = g->users.list[k];
        if (g->out->alike[user] == g->out->alike[value] || user == only)
            continue;
        if (only)
            return 0;
        only = user;
    }
    return only;
}

/* ---- members ---- */

static uint32_t tag_of(uint32_t bunch, uint32_t slice)
{
    return 1 + PLAN_MOST_ALIKE * bunch + slice;
}

static uint32_t bunch_of(const gatherer *g, ir_ref r)
{
    return (g->out->alike[r] - 1) / PLAN_MOST_ALIKE;
}

static uint32_t slice_of(const gatherer *g, ir_ref r)
{
    return (g->out->alike[r] - 1) % PLAN_MOST_ALIKE;
}

static ir_ref *slice_at(const plan_bunch *b, uint32_t slice)
{
    return b->members + slice * b->room;
}

/* The order of a slice is that of the program. */
static uint32_t rank_in(const plan_bunch *b, uint32_t slice, ir_ref r)
{
    const ir_ref *members = slice_at(b, slice);
    uint32_t rank = 0;
    for (uint32_t k = 0; k < b->size; k++)
        rank += members[k] < r;
    return rank;
}

static void enter(gatherer *g, uint32_t bunch, uint32_t slice, uint32_t place, ir_ref r)
{
    slice_at(&g->bunches[bunch], slice)[place] = r;
    g->place[r] = place;
    g->out->alike[r] = tag_of(bunch, slice);
    g->out->kind[r] = PLAN_ALIKE;
}

static void let_go_of(gatherer *g, plan_bunch *b, uint32_t size)
{
    for (uint32_t slice = 0; slice < b->slices; slice++)
        for (uint32_t place = size; place < b->size; place++) {
            g->out->alike[slice_at(b, slice)[place]] = 0;
            g->out->kind[slice_at(b, slice)[place]] = PLAN_FREE;
        }
    b->size = size;
}

/* ---- what follows ---- */

/* What an operation takes from bunches. */
typedef struct intake {
    uint32_t ends;  /* values that nobody else reads */
    bool other;     /* some are of another bunch, … */
    uint32_t bunch; /* … this one */
} intake;

static bool may_follow(const gatherer *g, ir_ref r, unsigned widest)
{
    const ir_op *op = &g->ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    return r && g->out->kind[r] == PLAN_FREE && !g->out->alike[r] && info->kind == IR_KIND_PURE && info->rule != IR_RULE_LEAF && op->code != IR_RARE
           && op->code != IR_GUARD && op->code != IR_READ && op->code != IR_READV && op->code != IR_LOAD && op->type != IR_MASK
           && (widest == 8 || op->type != IR_F64);
}

static bool is_again(const ir_op *op, unsigned operand)
{
    for (unsigned k = 0; k < operand; k++)
        if (sn_ir_operand(op, k) == sn_ir_operand(op, operand))
            return true;
    return false;
}

/* False where it takes something else: what is in no bunch and no constant, or of a second other one. */
static bool look_at_operands(const gatherer *g, ir_ref r, uint32_t bunch, intake *in)
{
    const ir_op *op = &g->ops[r];
    *in = (intake){0};
    for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++) {
        const ir_ref operand = sn_ir_operand(op, k);
        if (g->ops[operand].code == IR_CONST && (g->ops[operand].type != IR_F64 || g->bunches[bunch].widest == 8))
            continue;
        if (!g->out->alike[operand])
            return false;
        if (bunch_of(g, operand) != bunch) {
            if (in->other && in->bunch != bunch_of(g, operand))
                return false;
            in->other = true;
            in->bunch = bunch_of(g, operand);
        }
        in->ends += !is_again(op, k) && only_reader(g, operand) == r;
    }
    return true;
}

/* Whether an operation of a slice does there what `first` does in the first slice. *partner: the slice of the other bunch that it takes something of. */
static bool corresponds(const gatherer *g, ir_ref first, ir_ref r, uint32_t bunch, uint32_t slice, uint32_t *partner)
{
    const ir_op *a = &g->ops[first], *b = &g->ops[r];
    if (a->code != b->code || a->type != b->type || a->flags != b->flags)
        return false;
    *partner = UINT32_MAX;
    for (unsigned k = 0; k < sn_ir_info[a->code].operands; k++) {
        const ir_ref x = sn_ir_operand(a, k), y = sn_ir_operand(b, k);
        if (g->ops[x].code == IR_CONST && g->ops[y].code == IR_CONST && g->ops[x].type == g->ops[y].type)
            continue;
        if (!g->out->alike[x] || !g->out->alike[y] || bunch_of(g, x) != bunch_of(g, y) || g->place[x] != g->place[y])
            return false;
        uint32_t *expected = partner;
        if (bunch_of(g, y) == bunch)
            expected = &slice;
        else if (*partner == UINT32_MAX)
            *partner = slice_of(g, y);
        if (slice_of(g, y) != *expected)
            return false;
    }
    return true;
}

/* The operations that follow in all slices, from what follows in the first one; false where some has none, or another. */
static bool find_followers(const gatherer *g, ir_ref first, uint32_t bunch, uint32_t place, ir_ref *followers, uint32_t *partners)
{
    const plan_bunch *b = &g->bunches[bunch];
    uint32_t seen = 0;
    intake in, same;
    if (!look_at_operands(g, first, bunch, &in))
        return false;
    for (uint32_t slice = 0; slice < b->slices; slice++) {
        const ir_ref r = only_reader(g, slice_at(b, slice)[place]);
        if (!may_follow(g, r, b->widest) || !look_at_operands(g, r, bunch, &same) || same.ends != in.ends
            || !corresponds(g, first, r, bunch, slice, &partners[slice]))
            return false;
        for (uint32_t before = 0; before < slice; before++)
            if (followers[before] == r)
                return false;
        if (in.other && seen >> partners[slice] & 1)
            return false;
        seen |= in.other ? 1u << partners[slice] : 0;
        followers[slice] = r;
    }
    return true;
}

/* ---- two bunches ---- */

/* What the operations of a slice take from outside, constants left out: by place and operand. */
typedef struct outside {
    uint32_t count;
    struct { uint32_t place; unsigned operand; } at[MOST_OUTSIDE];
} outside;

static bool find_outside(const gatherer *g, const plan_bunch *b, outside *o)
{
    o->count = 0;
    for (uint32_t place = 0; place < b->size; place++) {
        const ir_op *op = &g->ops[b->members[place]];
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++) {
            const ir_ref operand = sn_ir_operand(op, k);
            const bool own = g->out->alike[operand] && &g->bunches[bunch_of(g, operand)] == b;
            if (own || g->ops[operand].code == IR_CONST)
                continue;
            if (o->count == MOST_OUTSIDE)
                return false;
            o->at[o->count].place = place;
            o->at[o->count++].operand = k;
        }
    }
    return true;
}

static ir_ref outside_at(const gatherer *g, const plan_bunch *b, const outside *o, uint32_t k, uint32_t slice)
{
    return sn_ir_operand(&g->ops[slice_at(b, slice)[o->at[k].place]], o->at[k].operand);
}

/* What two bunches take from outside is one value in all slices or in none. */
static bool share_alike(const gatherer *g, const plan_bunch *a, const plan_bunch *b, const uint32_t *partners)
{
    outside of_a, of_b;
    if (!find_outside(g, a, &of_a) || !find_outside(g, b, &of_b))
        return false;
    for (uint32_t i = 0; i < of_a.count; i++)
        for (uint32_t k = 0; k < of_b.count; k++) {
            const bool same = outside_at(g, a, &of_a, i, 0) == outside_at(g, b, &of_b, k, partners[0]);
            for (uint32_t slice = 1; slice < a->slices; slice++)
                if (same != (outside_at(g, a, &of_a, i, slice) == outside_at(g, b, &of_b, k, partners[slice])))
                    return false;
        }
    return true;
}

static bool stand_alike(const plan_bunch *a, const plan_bunch *b, const uint32_t *partners)
{
    for (uint32_t place = 0; place < b->size; place++) {
        const uint32_t rank = rank_in(a, 0, slice_at(b, partners[0])[place]);
        for (uint32_t slice = 1; slice < a->slices; slice++)
            if (rank_in(a, slice, slice_at(b, partners[slice])[place]) != rank)
                return false;
    }
    return true;
}

static bool may_be_one(const gatherer *g, const plan_bunch *a, const plan_bunch *b, const uint32_t *partners)
{
    const uint32_t vectors = (a->slices * a->widest + 31) / 32;
    return a->slices == b->slices && a->depth == b->depth && a->widest == b->widest && a->size + b->size <= MOST_MEMBERS
           && vectors * (a->values + b->values) <= MOST_KEPT && a->streams + b->streams <= PLAN_MOST_STREAMS && stand_alike(a, b, partners)
           && share_alike(g, a, b, partners);
}

/* The components of the other bunch go into the slices of those that they meet. False where memory is refused. */
static bool unite(gatherer *g, uint32_t bunch, uint32_t other, const uint32_t *partners)
{
    plan_bunch *a = &g->bunches[bunch], *b = &g->bunches[other];
    const plan_bunch before = *a;
    a->room = a->size + b->size + MOST_FOLLOWERS;
    a->members = sn_arena_take(g->memory, (size_t)a->slices * a->room * sizeof *a->members);
    if (!a->members)
        return false;
    for (uint32_t slice = 0; slice < a->slices; slice++) {
        memcpy(slice_at(a, slice), slice_at(&before, slice), a->size * sizeof *a->members);
        for (uint32_t place = 0; place < b->size; place++)
            enter(g, bunch, slice, a->size + place, slice_at(b, partners[slice])[place]);
    }
    a->size += b->size;
    a->values += b->values;
    a->streams += b->streams;
    b->slices = 0;
    return true;
}

/* ---- growing ---- */

static bool stand_in_one_place(const plan_bunch *b, const ir_ref *followers)
{
    const uint32_t rank = rank_in(b, 0, followers[0]);
    for (uint32_t slice = 1; slice < b->slices; slice++)
        if (rank_in(b, slice, followers[slice]) != rank)
            return false;
    return true;
}

/* Lets what reads the value at a place follow it, if it may. *fewer: fewer values leave than before. False where memory is refused. */
static bool let_follow(gatherer *g, uint32_t bunch, uint32_t place, bool *fewer)
{
    plan_bunch *b = &g->bunches[bunch];
    const ir_ref first = only_reader(g, b->members[place]);
    ir_ref followers[PLAN_MOST_ALIKE];
    uint32_t partners[PLAN_MOST_ALIKE];
    intake in;
    *fewer = false;
    if (!may_follow(g, first, b->widest) || !look_at_operands(g, first, bunch, &in) || in.ends < 1u + in.other
        || !find_followers(g, first, bunch, place, followers, partners))
        return true;
    if (in.other) {
        if (!may_be_one(g, b, &g->bunches[in.bunch], partners))
            return true;
        if (!unite(g, bunch, in.bunch, partners))
            return false;
        *fewer = true;
    }
    if (b->size == b->room || !stand_in_one_place(b, followers))
        return true;
    *fewer = in.ends > 1;
    for (uint32_t slice = 0; slice < b->slices; slice++)
        enter(g, bunch, slice, b->size, followers[slice]);
    b->size++;
    return true;
}

static bool grow(gatherer *g, uint32_t bunch)
{
    plan_bunch *b = &g->bunches[bunch];
    for (uint32_t place = 0; place < b->size; place++) {
        bool fewer;
        if (!let_follow(g, bunch, place, &fewer))
            return false;
        b->kept = fewer ? b->size : b->kept;
    }
    return true;
}

/* Twice, since two may meet only when what each has to bring along is there. What came along without making anything fewer in the end goes. */
static bool grow_all(gatherer *g)
{
    for (uint32_t turn = 0; turn < 2; turn++)
        for (uint32_t bunch = 0; bunch < g->out->bunches; bunch++)
            if (g->bunches[bunch].slices && !grow(g, bunch))
                return false;
    for (uint32_t bunch = 0; bunch < g->out->bunches; bunch++)
        let_go_of(g, &g->bunches[bunch], g->bunches[bunch].kept);
    return true;
}

/* Room for followers, and places for the members. */
static bool open_bunch(gatherer *g, uint32_t bunch)
{
    plan_bunch *b = &g->bunches[bunch];
    const ir_ref *const *components = b->components;
    b->kept = b->size;
    b->room = b->size + MOST_FOLLOWERS;
    b->members = sn_arena_take(g->memory, (size_t)b->slices * b->room * sizeof *b->members);
    for (uint32_t slice = 0; b->members && slice < b->slices; slice++)
        for (uint32_t place = 0; place < b->size; place++)
            enter(g, bunch, slice, place, components[slice][place]);
    return b->members != NULL;
}

/* Bunches that are gone leave no gaps in the numbers. */
static void number_anew(gatherer *g)
{
    uint32_t number = 0;
    for (uint32_t bunch = 0; bunch < g->out->bunches; bunch++) {
        plan_bunch *b = &g->bunches[bunch];
        if (!b->slices)
            continue;
        for (uint32_t slice = 0; slice < b->slices; slice++)
            for (uint32_t place = 0; place < b->size; place++)
                g->out->alike[slice_at(b, slice)[place]] = tag_of(number, slice);
        number++;
    }
    g->out->bunches = number;
}

sinter_status sn_plan_find_followers(const plan_components *c, plan_bunch *bunches, arena *memory, plan_levels *out)
{
    gatherer g = {.c = c, .ops = c->program->ops, .bunches = bunches, .out = out, .memory = memory};
    g.place = sn_arena_take(memory, c->program->count * sizeof *g.place);
    bool good = g.place && list_users(&g);
    for (uint32_t bunch = 0; good && bunch < out->bunches; bunch++)
        good = open_bunch(&g, bunch);
    good = good && grow_all(&g);
    if (good)
        number_anew(&g);
    return good ? SINTER_OK : SINTER_NO_MEMORY;
}
