/* Linear recurrences whose coefficients rest: no cycles, for their values follow from a scan.
 *
 * Purpose: a filter, y = x + a*y', is bound by the latency of its cycle, while lanes stand idle. But with a state s of one or two values
 * and s = A*s' + B*x it may be computed for 64 elements at once, with the powers of A (kernel/scan.h: how, and what it does to
 * rounding). That regroups sums, so relaxed programs alone have it, and only where A and B change at segment borders at most: the
 * program of smoothed parameters on their way keeps its cycles. Steps:
 *
 *   1. A component that runs one element at a time, is small, and goes through one line of one or two values or two lines of one, of f32,
 *      is looked at: each of its operations is taken for a sum of its states, of values that are made elsewhere and vary by element, and of
 *      1, with factors that do not. Where one is not such a sum, the cycle stays.
 *   2. The program is copied and its lines' reads and the values that are written become results of a call, which the driver makes
 *      between loops as it makes those of functions in C; the values from elsewhere become its arguments. Of what the component had
 *      besides, whatever nothing else needs is dead then.
 *   3. A component that has a line of one i32 besides, and choices by masks that vary by element, may be linear most of the time: an envelope has come to its peak, and
 *      from then on it falls. Where the integer is what it will be as long as none of the masks is set, and then none can be set, whatever the
 *      states are, the recurrence is the one that the other sides of the choices make. Such a component keeps its loop, which is its own, and
 *      the driver computes the scan instead of it from the first tick on at which the integer is that. A mask that says whether an element is an event's first one is not set
 *      behind that.
 *   4. The factors are made at segment rate, in f64: what is 1 − c in f32 has lost what matters of a small c.
 *
 * Many components of one shape, side by side, run better in the lanes of one loop (alike.c). The state is that of the source: its lines have
 * their values after each chunk. What the scan needs to go on in the middle of a tick stands in a line of its own behind all others.
 * Why it ends: each step is one walk over the operations; a component has MOST_OPERATIONS at most. */
#include "plan/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_OPERATIONS = 40, MOST_TERMS = 4, STATES = PLAN_SCAN_STATES };
/* Of one shape, side by side. Five voices of a filter and an envelope in lanes of loops take 6.3 to 6.6 ns a sample on Zen 4, however short the blocks are; scanned 6.5 in
 * blocks of 256, but 9.2 in such of 64; the filters in lanes and the envelopes scanned 7.0 and 11. Envelopes alone, which take no streams, cost hardly 0.1 each. */
enum { MOST_ALIKE = 4, MOST_KEPT_ALIKE = 8 };

/* A factor: a value of segment rate, f64, of the program that is made; or a constant. */
typedef struct factor {
    ir_ref value; /* 0: it is the constant */
    double constant;
} factor;

/* A factor times a value made elsewhere, or times 1 where `of` is 0. */
typedef struct term {
    ir_ref of;
    factor by;
} term;

/* states[0]*s0' + states[1]*s1' + terms */
typedef struct form {
    factor states[STATES];
    term terms[MOST_TERMS];
    unsigned count;
    bool unknown; /* it is no such sum */
} form;

/* A value of segment rate that stands for one that varies: equal to it, or, of a mask, set wherever that may be. */
typedef struct stand_in {
    ir_ref value; /* 0: nothing is known */
    bool exact;
    bool never;   /* a mask that is not set from the element on that f->onset is about */
} stand_in;

typedef struct finder {
    const plan_components *all;
    arena *memory;
    ir_program *out;
    plan_scans *found;
    uint8_t *varying;        /* per memory: read at varying delays */
    uint8_t *read_late;      /* per memory: of two values the older one is read outside of its component */
    uint8_t *outside;        /* per operation: read by another component than its own */
    uint32_t *number;        /* per operation of the source: its place in `forms` + 1, while its component is looked at */
    form forms[MOST_OPERATIONS];
    ir_ref masks[MOST_OPERATIONS]; /* of the component's choices, which are taken for not set */
    uint32_t mask_count;
    ir_ref onset;            /* 0, or the index of an event: the masks are not set from one element behind it on */
    uint32_t room;
    bool has_lanes;          /* some components of one shape will have the lanes of a loop */
    bool failed;             /* memory was refused */
} finder;

static const factor zero, one = {0, 1};

static bool is_zero(factor f)
{
    return !f.value && f.constant == 0;
}

static bool is_number(factor f, double x)
{
    return !f.value && f.constant == x;
}

/* ---- factors ---- */

static ir_ref append(finder *f, ir_op op)
{
    ir_program *p = f->out;
    if (p->count == f->room) {
        ir_op *grown = sn_arena_grow(f->memory, p->ops, p->count * sizeof *grown, 2 * (size_t)f->room * sizeof *grown);
        if (!grown) {
            f->failed = true;
            return 0;
        }
        p->ops = grown;
        f->room *= 2;
    }
    p->ops[p->count] = op;
    return p->count++;
}

static ir_ref constant(finder *f, ir_type type, double x)
{
    uint64_t bits = 0;
    if (type == IR_F64) {
        memcpy(&bits, &x, 8);
    } else {
        const float narrow = (float)x;
        memcpy(&bits, &narrow, 4);
    }
    return append(f, (ir_op){IR_CONST, (uint8_t)type, 0, 0, (uint32_t)bits, (uint32_t)(bits >> 32), 0});
}

static ir_ref value_of(finder *f, factor x)
{
    return x.value ? x.value : constant(f, IR_F64, x.constant);
}

static factor made(finder *f, ir_code code, ir_ref a, ir_ref b)
{
    const uint8_t axes = f->out->ops[a].axes | f->out->ops[b].axes;
    return (factor){append(f, (ir_op){(uint8_t)code, IR_F64, axes, 0, a, b, 0}), 0};
}

static factor negative(finder *f, factor a)
{
    return a.value ? made(f, IR_NEG, a.value, 0) : (factor){0, -a.constant};
}

static factor product(finder *f, factor a, factor b)
{
    if (is_zero(a) || is_zero(b))
        return zero;
    if (is_number(a, 1))
        return b;
    if (is_number(b, 1))
        return a;
    if (is_number(a, -1) || is_number(b, -1))
        return negative(f, is_number(a, -1) ? b : a);
    if (!a.value && !b.value)
        return (factor){0, a.constant * b.constant};
    return made(f, IR_MUL, value_of(f, a), value_of(f, b));
}

static factor sum(finder *f, factor a, factor b)
{
    if (is_zero(a))
        return b;
    if (is_zero(b))
        return a;
    if (!a.value && !b.value)
        return (factor){0, a.constant + b.constant};
    return made(f, IR_ADD, value_of(f, a), value_of(f, b));
}

static factor chosen(finder *f, ir_ref mask, factor a, factor b)
{
    if (a.value == b.value && (a.value || a.constant == b.constant))
        return a;
    const ir_ref first = value_of(f, a), second = value_of(f, b);
    const uint8_t axes = f->out->ops[mask].axes | f->out->ops[first].axes | f->out->ops[second].axes;
    return (factor){append(f, (ir_op){IR_SELECT, IR_F64, axes, 0, mask, first, second}), 0};
}

/* A value of the source that does not vary by element. */
static factor widened(finder *f, ir_ref r)
{
    const ir_op op = f->out->ops[r];
    if (op.code == IR_CONST) {
        float x;
        memcpy(&x, &op.a, 4);
        return (factor){0, (double)x};
    }
    return (factor){append(f, (ir_op){IR_CVT, IR_F64, op.axes, 0, r, 0, 0}), 0};
}

/* ---- forms ---- */

static form no_form(void)
{
    return (form){.unknown = true};
}

static bool add_term(finder *f, form *to, ir_ref of, factor by)
{
    for (unsigned k = 0; k < to->count; k++)
        if (to->terms[k].of == of) {
            to->terms[k].by = sum(f, to->terms[k].by, by);
            return true;
        }
    if (is_zero(by))
        return true;
    if (to->count == MOST_TERMS)
        return false;
    to->terms[to->count++] = (term){of, by};
    return true;
}

static bool add_form(finder *f, form *to, const form *from)
{
    for (unsigned m = 0; m < STATES; m++)
        to->states[m] = sum(f, to->states[m], from->states[m]);
    bool good = !from->unknown && !to->unknown;
    for (unsigned k = 0; k < from->count && good; k++)
        good = add_term(f, to, from->terms[k].of, from->terms[k].by);
    return good;
}

static void scale(finder *f, form *to, factor by)
{
    for (unsigned m = 0; m < STATES; m++)
        to->states[m] = product(f, to->states[m], by);
    for (unsigned k = 0; k < to->count; k++)
        to->terms[k].by = product(f, to->terms[k].by, by);
}

static void turn_sign(finder *f, form *to)
{
    for (unsigned m = 0; m < STATES; m++)
        to->states[m] = negative(f, to->states[m]);
    for (unsigned k = 0; k < to->count; k++)
        to->terms[k].by = negative(f, to->terms[k].by);
}

/* Is it a factor times 1? */
static bool is_factor(const form *x, factor *by)
{
    for (unsigned m = 0; m < STATES; m++)
        if (!is_zero(x->states[m]))
            return false;
    if (x->unknown || x->count > 1 || (x->count && x->terms[0].of))
        return false;
    *by = x->count ? x->terms[0].by : zero;
    return true;
}

static bool varies(const ir_op *op)
{
    return op->axes & ~(unsigned)IR_AXIS_SEGMENT;
}

/* What an operand is: of the component, made elsewhere, of segment rate, or one of the last times one from elsewhere. */
static form operand(finder *f, ir_ref r)
{
    const ir_op *ops = f->all->program->ops;
    if (f->number[r])
        return f->forms[f->number[r] - 1];
    form x = {.count = 1};
    if (!varies(&ops[r])) {
        x.terms[0] = (term){0, widened(f, r)};
    } else if (ops[r].code == IR_MUL && !varies(&ops[ops[r].a])) {
        x.terms[0] = (term){ops[r].b, widened(f, ops[r].a)};
    } else if (ops[r].code == IR_MUL && !varies(&ops[ops[r].b])) {
        x.terms[0] = (term){ops[r].a, widened(f, ops[r].b)};
    } else {
        x.terms[0] = (term){r, one};
    }
    if (is_zero(x.terms[0].by))
        x.count = 0;
    return x;
}

static bool multiply(finder *f, ir_ref a, ir_ref b, form *out)
{
    form x = operand(f, a), y = operand(f, b);
    factor by;
    if (is_factor(&x, &by)) {
        *out = y;
    } else if (is_factor(&y, &by)) {
        *out = x;
    } else {
        return false;
    }
    scale(f, out, by);
    return !out->unknown;
}

static bool choose(finder *f, const ir_op *op, form *out)
{
    if (f->number[op->a]) { /* a mask of the component: see step 3 */
        *out = operand(f, op->c);
        return true;
    }
    if (varies(&f->all->program->ops[op->a]))
        return false;
    const form x = operand(f, op->b), y = operand(f, op->c);
    *out = (form){0};
    for (unsigned m = 0; m < STATES; m++)
        out->states[m] = chosen(f, op->a, x.states[m], y.states[m]);
    form terms = {0}, other = x;
    for (unsigned k = 0; k < other.count; k++)
        other.terms[k].by = chosen(f, op->a, other.terms[k].by, zero);
    memset(other.states, 0, sizeof other.states);
    if (!add_form(f, &terms, &other))
        return false;
    other = y;
    for (unsigned k = 0; k < other.count; k++)
        other.terms[k].by = chosen(f, op->a, zero, other.terms[k].by);
    memset(other.states, 0, sizeof other.states);
    if (!add_form(f, &terms, &other))
        return false;
    memcpy(out->terms, terms.terms, sizeof out->terms);
    out->count = terms.count;
    return true;
}

/* False where the operation is no sum of what is known. */
static bool form_of(finder *f, const ir_op *op, form *out)
{
    form other;
    switch (op->code) {
    case IR_ADD:
    case IR_SUB:
        *out = operand(f, op->a);
        other = operand(f, op->b);
        if (op->code == IR_SUB)
            turn_sign(f, &other);
        return add_form(f, out, &other);
    case IR_MUL:
        return multiply(f, op->a, op->b, out);
    case IR_FMA:
    case IR_FMS:
    case IR_FNMA:
        if (!multiply(f, op->a, op->b, out))
            return false;
        other = operand(f, op->c);
        if (op->code == IR_FMS)
            turn_sign(f, &other);
        if (op->code == IR_FNMA)
            turn_sign(f, out);
        return add_form(f, out, &other);
    case IR_NEG:
        *out = operand(f, op->a);
        turn_sign(f, out);
        return !out->unknown;
    case IR_SELECT:
    case IR_GUARD:
        return choose(f, op, out);
    default:
        return false;
    }
}

/* ---- components ---- */

typedef struct candidate {
    const ir_ref *members;
    uint32_t count;
    uint32_t lines[STATES], line_count; /* memories */
    ir_ref writes[STATES];              /* per line */
    unsigned order;
    uint32_t flag;     /* the memory that holds an integer */
    ir_ref flag_write; /* 0: there is none */
} candidate;

static unsigned state_of(const finder *f, const candidate *c, uint32_t memory, uint32_t delay)
{
    return f->all->program->memories[memory].length == 2 ? delay - 1 : memory != c->lines[0];
}

static bool take_line(const finder *f, candidate *c, const ir_op *write, ir_ref r)
{
    const ir_memory *line = &f->all->program->memories[write->b];
    if (line->type == IR_I32 && line->kind == IR_LINE && line->length == 1 && !f->varying[write->b] && !c->flag_write) {
        c->flag = write->b;
        c->flag_write = r;
        return true;
    }
    c->order += line->length;
    if (line->type != IR_F32 || line->kind != IR_LINE || c->order > STATES || f->varying[write->b])
        return false;
    c->writes[c->line_count] = r;
    c->lines[c->line_count++] = write->b;
    return true;
}

/* The lines of a component: at most two values, and an integer, which nobody reads at varying delays. */
static bool take_lines(const finder *f, candidate *c)
{
    for (uint32_t k = 0; k < c->count; k++) {
        const ir_op *op = &f->all->program->ops[c->members[k]];
        if (op->code == IR_WRITE && !take_line(f, c, op, c->members[k]))
            return false;
    }
    return c->order > 0;
}

static void note_mask(finder *f, const ir_op *op)
{
    if ((op->code != IR_SELECT && op->code != IR_RARE) || !f->number[op->a])
        return;
    for (uint32_t k = 0; k < f->mask_count; k++)
        if (f->masks[k] == op->a)
            return;
    f->masks[f->mask_count++] = op->a;
}

/* Fills f->forms of all members. */
static void take_forms(finder *f, const candidate *c)
{
    f->mask_count = 0;
    for (uint32_t k = 0; k < c->count; k++) {
        const ir_ref r = c->members[k];
        const ir_op *op = &f->all->program->ops[r];
        form *to = &f->forms[k];
        *to = (form){0};
        if (op->code == IR_READ && op->type == IR_F32)
            to->states[state_of(f, c, op->a, op->b)] = one;
        else if (op->type != IR_F32 || !form_of(f, op, to))
            *to = no_form();
        note_mask(f, op);
        f->number[r] = k + 1;
    }
}

static void forget_forms(finder *f, const candidate *c)
{
    for (uint32_t k = 0; k < c->count; k++)
        f->number[c->members[k]] = 0;
}

/* Of a line of two values the states are the newest and by how much it is more than the one before: as such, their powers do not cancel where both poles are
 * close to 1, which is what low cutoffs make of them (scan.h). y = p*y' + q*y'' is then (p + q)*y' - q*d, and d is y - y'. */
static form next_difference(finder *f, form next, unsigned m)
{
    next.states[0] = sum(f, next.states[0], next.states[1]);
    next.states[1] = negative(f, next.states[1]);
    if (m == 1)
        next.states[0] = sum(f, next.states[0], (factor){0, -1});
    return next;
}

static form next_state(finder *f, const candidate *c, unsigned m)
{
    const form next = operand(f, f->all->program->ops[c->writes[c->line_count > 1 ? m : 0]].a);
    return c->order > c->line_count ? next_difference(f, next, m) : next;
}

static unsigned stream_of(const plan_scan *s, const ir_ref *streams, ir_ref of)
{
    unsigned k = 0;
    while (k < s->inputs && streams[k] != of)
        k++;
    return k;
}

static factor narrowed(finder *f, factor x)
{
    if (!x.value)
        return (factor){constant(f, IR_F32, x.constant), 0};
    return (factor){append(f, (ir_op){IR_CVT, IR_F32, f->out->ops[x.value].axes, 0, x.value, 0, 0}), 0};
}

/* The terms as one value, an operation each. */
static ir_ref sum_up(finder *f, const form *x)
{
    ir_ref total = 0;
    for (unsigned k = 0; k < x->count; k++) {
        const ir_ref by = narrowed(f, x->terms[k].by).value, of = x->terms[k].of;
        const ir_op op = !of && !total  ? f->out->ops[by]
                         : !of          ? (ir_op){IR_ADD, IR_F32, IR_AXIS_ELEMENT, 0, total, by, 0}
                         : total        ? (ir_op){IR_FMA, IR_F32, IR_AXIS_ELEMENT, 0, by, of, total}
                                        : (ir_op){IR_MUL, IR_F32, IR_AXIS_ELEMENT, 0, by, of, 0};
        total = append(f, op);
    }
    return total ? total : constant(f, IR_F32, 0);
}

/* What goes in: nothing but 1; the values that the terms have, if there are no more than states; or of each state its terms' sum. */
static void take_streams(finder *f, plan_scan *s, const form *next, ir_ref *streams, factor b[STATES][STATES])
{
    ir_ref different[STATES * MOST_TERMS];
    unsigned count = 0;
    for (unsigned m = 0; m < s->order; m++)
        for (unsigned k = 0; k < next[m].count; k++) {
            unsigned at = 0;
            while (at < count && different[at] != next[m].terms[k].of)
                at++;
            different[at] = next[m].terms[k].of;
            count += at == count;
        }
    if (count == 0 || (count == 1 && !different[0])) {
        for (unsigned m = 0; m < s->order; m++)
            b[m][0] = next[m].count ? next[m].terms[0].by : zero;
        return;
    }
    if (count > s->order) {
        s->inputs = (uint8_t)s->order;
        for (unsigned m = 0; m < s->order; m++) {
            streams[m] = sum_up(f, &next[m]);
            b[m][m] = one;
        }
        return;
    }
    for (unsigned k = 0; k < count; k++)
        streams[s->inputs++] = different[k];
    for (unsigned m = 0; m < s->order; m++)
        for (unsigned k = 0; k < next[m].count; k++)
            b[m][stream_of(s, streams, next[m].terms[k].of)] = next[m].terms[k].by;
    for (unsigned k = 0; k < s->inputs; k++)
        streams[k] = streams[k] ? streams[k] : constant(f, IR_F32, 1);
}

/* ---- integers that stay as they are ---- */

static stand_in stand_in_for(finder *f, const candidate *c, ir_ref flag, ir_ref r, unsigned depth);

static stand_in combined(finder *f, const candidate *c, ir_ref flag, const ir_op *op, unsigned depth)
{
    const unsigned operands = sn_ir_info[op->code].operands;
    ir_ref values[3] = {0};
    for (unsigned k = 0; k < operands; k++) {
        const stand_in x = stand_in_for(f, c, flag, sn_ir_operand(op, k), depth);
        if (!x.value || !x.exact)
            return (stand_in){0};
        values[k] = x.value;
    }
    ir_op same = *op;
    same.axes = 0;
    same.a = values[0];
    same.b = values[1];
    same.c = values[2];
    for (unsigned k = 0; k < operands; k++)
        same.axes |= f->out->ops[values[k]].axes;
    return (stand_in){append(f, same), true, false};
}

/* Both must be set: what is known of one is enough to say where they may be. */
static stand_in both(finder *f, stand_in x, stand_in y)
{
    if (x.never || y.never)
        return (stand_in){.never = true};
    if (!x.value || !y.value)
        return (stand_in){x.value ? x.value : y.value, false, false};
    const uint8_t axes = f->out->ops[x.value].axes | f->out->ops[y.value].axes;
    return (stand_in){append(f, (ir_op){IR_AND, IR_MASK, axes, 0, x.value, y.value, 0}), x.exact && y.exact, false};
}

/* What is a number alone. */
static bool is_f64(const ir_program *p, ir_ref r, double *number)
{
    const uint64_t bits = sn_ir_bits(p, r);
    memcpy(number, &bits, sizeof bits);
    return p->ops[r].code == IR_CONST && p->ops[r].type == IR_F64;
}

/* The elements since an event, index - onset, as they are or as `since` has them, 1e18 where the event is yet to come: the onset, or 0. */
static ir_ref onset_of(const ir_program *p, ir_ref r)
{
    const ir_op *op = &p->ops[r];
    double far, now;
    if (op->code == IR_SELECT && is_f64(p, op->b, &far) && far >= 1) {
        const ir_op *before = &p->ops[op->a];
        if (before->code != IR_LT || before->a != op->c || !is_f64(p, before->b, &now) || now != 0)
            return 0;
        op = &p->ops[op->c];
    }
    return op->code == IR_SUB && p->ops[op->a].code == IR_INDEX && !varies(&p->ops[op->b]) ? op->b : 0;
}

/* Is it the first element of an event alone, of one event in all? */
static bool is_onset(finder *f, ir_ref r)
{
    const ir_program *p = f->all->program;
    double one_element;
    const ir_ref onset = p->ops[r].code == IR_LT && is_f64(p, p->ops[r].b, &one_element) && one_element == 1 ? onset_of(p, p->ops[r].a) : 0;
    if (!onset || (f->onset && f->onset != onset))
        return false;
    f->onset = onset;
    return true;
}

/* One of them must be set. */
static stand_in either(finder *f, stand_in x, stand_in y)
{
    if (x.never || y.never)
        return x.never ? y : x;
    if (!x.value || !y.value)
        return (stand_in){0};
    const uint8_t axes = f->out->ops[x.value].axes | f->out->ops[y.value].axes;
    return (stand_in){append(f, (ir_op){IR_OR, IR_MASK, axes, 0, x.value, y.value, 0}), x.exact && y.exact, false};
}

/* Where the integer is `flag` and no mask of a choice is set. */
static stand_in stand_in_for(finder *f, const candidate *c, ir_ref flag, ir_ref r, unsigned depth)
{
    const ir_op *ops = f->all->program->ops;
    if (!varies(&ops[r]))
        return (stand_in){r, true, false};
    if (is_onset(f, r))
        return (stand_in){.never = true};
    if (!f->number[r] || depth == 0)
        return (stand_in){0};
    const ir_op *op = &ops[r];
    switch (op->code) {
    case IR_READ:
        return (stand_in){op->a == c->flag && c->flag_write ? flag : 0, true, false};
    case IR_SELECT:
        return f->number[op->a] ? stand_in_for(f, c, flag, op->c, depth - 1) : (stand_in){0};
    case IR_AND:
        if (op->type == IR_MASK)
            return both(f, stand_in_for(f, c, flag, op->a, depth - 1), stand_in_for(f, c, flag, op->b, depth - 1));
        return combined(f, c, flag, op, depth - 1);
    case IR_OR:
        if (op->type == IR_MASK)
            return either(f, stand_in_for(f, c, flag, op->a, depth - 1), stand_in_for(f, c, flag, op->b, depth - 1));
        return combined(f, c, flag, op, depth - 1);
    case IR_XOR: case IR_NOT: case IR_LT: case IR_LE: case IR_EQ: case IR_NE: case IR_ADD: case IR_SUB: case IR_MIN: case IR_MAX:
        return combined(f, c, flag, op, depth - 1);
    default:
        return (stand_in){0};
    }
}

/* What the integer must be, as a factor: no number where a mask may be set even then. False: never. */
static bool find_settled(finder *f, const candidate *c, factor *settled)
{
    enum { MOST_DEPTH = 6 };
    *settled = zero;
    f->onset = 0;
    if (!c->flag_write)
        return f->mask_count == 0;
    const stand_in next = stand_in_for(f, c, 0, f->all->program->ops[c->flag_write].a, MOST_DEPTH);
    if (!next.value)
        return false;
    ir_ref value = append(f, (ir_op){IR_CVT, IR_F64, f->out->ops[next.value].axes, 0, next.value, 0, 0});
    const ir_ref never = constant(f, IR_F64, (double)NAN);
    for (uint32_t k = 0; k < f->mask_count; k++) {
        const stand_in may = stand_in_for(f, c, next.value, f->masks[k], MOST_DEPTH);
        if (may.never)
            continue;
        if (!may.value)
            return false;
        const uint8_t axes = f->out->ops[may.value].axes | f->out->ops[value].axes;
        value = append(f, (ir_op){IR_SELECT, IR_F64, axes, 0, may.value, never, value});
    }
    *settled = (factor){value, 0};
    return !f->failed;
}

static bool add_memory(finder *f, plan_scan *s)
{
    ir_program *p = f->out;
    const ir_memory *of = &p->memories[s->lines[0]];
    const size_t size = strlen(of->name) + sizeof ", ahead";
    char *name = sn_arena_take(f->memory, size);
    if (!name)
        return false;
    snprintf(name, size, "%s, ahead", of->name);
    s->ahead = p->memory_count;
    p->memories[p->memory_count++] = (ir_memory){.name = name, .length = PLAN_SCAN_AHEAD(s->inputs), .shortest = 1, .kind = IR_LINE, .type = IR_F32};
    return true;
}

/* A call of no function: what it takes and gives stands in the list of scans. */
static bool add_call(finder *f, plan_scan *s, const ir_ref *streams)
{
    ir_program *p = f->out;
    sinter_node_type *type = sn_arena_take_zeroed(f->memory, sizeof *type);
    if (!type)
        return false;
    *type = (sinter_node_type){.name = "scan", .inputs = s->inputs, .outputs = 2u * s->order, .pure = true};
    s->call = p->call_count;
    p->calls[p->call_count++] = (ir_call){p->memories[s->ahead].name, type};
    for (unsigned k = 0; k < s->inputs; k++)
        append(f, (ir_op){IR_ARGUMENT, IR_VOID, 0, 0, streams[k], s->call, k});
    return true;
}

static void keep_factor(plan_scan_factor *to, factor x)
{
    *to = (plan_scan_factor){.value = x.value, .constant = x.constant};
}

static void make_result(finder *f, const plan_scan *s, ir_ref r, unsigned state, bool before)
{
    f->out->ops[r] = (ir_op){IR_RESULT, IR_F32, IR_AXIS_ELEMENT, 0, s->call, PLAN_SCAN_PORT(state, before), 0};
}

/* Reads of its lines, in the component or not, are found at the end, for all scans at once: replace_reads. */
static void replace(finder *f, const candidate *c, plan_scan *s, uint32_t number)
{
    for (uint32_t k = 0; k < c->line_count; k++) {
        const ir_op *write = &f->all->program->ops[c->writes[k]];
        if (f->all->program->ops[write->a].code != IR_READ)
            make_result(f, s, write->a, k, false);
        f->out->ops[c->writes[k]] = (ir_op){IR_CONST, IR_F32, 0, 0, 0, 0, 0};
        f->found->scan_of_line[c->lines[k]] = number + 1;
    }
}

/* A component that keeps its loop: what others read of it is the states alone, and what they were. */
static void keep_loop(finder *f, const candidate *c, plan_scan *s)
{
    s->keeps_loop = true;
    s->flag = c->flag;
    for (uint32_t k = 0; k < c->line_count; k++)
        s->values[PLAN_SCAN_PORT(k, 0)] = f->all->program->ops[c->writes[k]].a;
    for (uint32_t k = 0; k < c->count; k++) {
        const ir_op *op = &f->all->program->ops[c->members[k]];
        if (op->code == IR_READ && op->a != c->flag)
            s->values[PLAN_SCAN_PORT(state_of(f, c, op->a, op->b), 1)] = c->members[k];
    }
}

static bool is_value(const plan_scan *s, ir_ref r)
{
    return r == s->values[0] || r == s->values[1] || r == s->values[2] || r == s->values[3];
}

/* Does nobody else read anything of it but those? */
static bool is_closed(const finder *f, const candidate *c, const plan_scan *s)
{
    for (uint32_t k = 0; k < c->count; k++)
        if (f->outside[c->members[k]] && !is_value(s, c->members[k]))
            return false;
    return true;
}

static bool add_scan(finder *f, const candidate *c, factor settled)
{
    form next[STATES];
    factor b[STATES][STATES] = {{{0}}};
    ir_ref streams[STATES] = {0};
    plan_scan *s = &f->found->scans[f->found->count];
    *s = (plan_scan){.order = (uint8_t)c->order, .line_count = (uint8_t)c->line_count};
    for (unsigned m = 0; m < c->order; m++)
        next[m] = next_state(f, c, m);
    take_streams(f, s, next, streams, b);
    for (unsigned m = 0; m < c->order; m++)
        for (unsigned k = 0; k < STATES; k++) {
            keep_factor(&s->a[m][k], next[m].states[k]);
            keep_factor(&s->b[m][k], b[m][k]);
        }
    memcpy(s->lines, c->lines, sizeof s->lines);
    if (c->flag_write) {
        keep_loop(f, c, s);
        keep_factor(&s->settled, settled);
        if (f->onset)
            keep_factor(&s->from, made(f, IR_ADD, f->onset, constant(f, IR_F64, 1)));
        if (s->inputs || !is_closed(f, c, s))
            return true;
        f->found->kept++;
        f->found->keeper_of_flag[c->flag] = f->found->count + 1;
    }
    if (!add_memory(f, s) || !add_call(f, s, streams))
        return false;
    if (!c->flag_write)
        replace(f, c, s, f->found->count);
    f->found->count++;
    return true;
}

static candidate candidate_of(const finder *f, uint32_t component)
{
    const plan_components *all = f->all;
    return (candidate){.members = all->sorted + all->first[component], .count = all->first[component + 1] - all->first[component]};
}

static bool is_filter(const finder *f, uint32_t component)
{
    candidate c = candidate_of(f, component);
    return take_lines(f, &c) && !c.flag_write;
}

static sinter_status look_at(finder *f, uint32_t component, unsigned alike)
{
    candidate c = candidate_of(f, component);
    if (c.count < 3 || c.count > MOST_OPERATIONS || !take_lines(f, &c) || ((!c.flag_write || f->has_lanes) && alike > MOST_ALIKE))
        return SINTER_OK;
    const uint32_t before = f->out->count, count = f->found->count;
    factor settled = zero;
    take_forms(f, &c);
    bool good = (c.order == c.line_count || !f->read_late[c.lines[0]]) && find_settled(f, &c, &settled);
    for (unsigned m = 0; m < c.order; m++)
        good = good && !next_state(f, &c, m).unknown;
    const bool added = !good || add_scan(f, &c, settled);
    forget_forms(f, &c);
    if (f->found->count == count)
        f->out->count = before;
    return added && !f->failed ? SINTER_OK : SINTER_NO_MEMORY;
}

/* ---- programs ---- */

/* With room for so many scans. */
static bool copy_program(finder *f, uint32_t most)
{
    const ir_program *p = f->all->program;
    ir_program *out = f->out;
    *out = *p;
    f->room = p->count + p->count / 2 + 64;
    out->ops = sn_arena_take(f->memory, f->room * sizeof *out->ops);
    out->memories = sn_arena_take(f->memory, (p->memory_count + (size_t)most) * sizeof *out->memories);
    out->calls = sn_arena_take(f->memory, (p->call_count + (size_t)most) * sizeof *out->calls);
    f->found->scans = sn_arena_take(f->memory, most * sizeof *f->found->scans);
    f->found->scan_of_line = sn_arena_take_zeroed(f->memory, (p->memory_count + (size_t)most) * sizeof *f->found->scan_of_line);
    f->found->keeper_of_flag = sn_arena_take_zeroed(f->memory, (p->memory_count + (size_t)most) * sizeof *f->found->keeper_of_flag);
    f->number = sn_arena_take_zeroed(f->memory, p->count * sizeof *f->number);
    if (!f->found->keeper_of_flag || !out->ops || !out->memories || !out->calls || !f->found->scans || !f->found->scan_of_line || !f->number)
        return false;
    memcpy(out->ops, p->ops, p->count * sizeof *out->ops);
    if (p->memory_count)
        memcpy(out->memories, p->memories, p->memory_count * sizeof *out->memories);
    if (p->call_count)
        memcpy(out->calls, p->calls, p->call_count * sizeof *out->calls);
    return true;
}

static bool look_around(finder *f)
{
    const ir_program *p = f->all->program;
    const uint32_t *component = f->all->component;
    f->varying = sn_arena_take_zeroed(f->memory, p->memory_count + 1);
    f->read_late = sn_arena_take_zeroed(f->memory, p->memory_count + 1);
    f->outside = sn_arena_take_zeroed(f->memory, p->count);
    if (!f->varying || !f->read_late || !f->outside)
        return false;
    for (ir_ref r = p->count - 1; r > 0; r--) { /* users before operands */
        const ir_op *op = &p->ops[r];
        if (!f->all->live[r])
            continue;
        if (op->code == IR_READV)
            f->varying[op->b] = 1;
        if (op->code == IR_READ && op->b == 2 && (f->outside[r] || !component[r]))
            f->read_late[op->a] = 1;
        const unsigned operands = sn_ir_info[op->code].operands;
        for (unsigned k = 0; k < operands; k++) {
            const ir_ref of = sn_ir_operand(op, k);
            f->outside[of] |= component[of] != component[r];
        }
    }
    return true;
}

static void replace_reads(finder *f)
{
    const ir_program *p = f->all->program;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        const uint32_t number = op->code == IR_READ ? f->found->scan_of_line[op->a] : 0;
        if (!number)
            continue;
        const plan_scan *s = &f->found->scans[number - 1];
        make_result(f, s, r, p->memories[op->a].length == 2 ? op->b - 1 : op->a != s->lines[0], true);
    }
}

sinter_status sn_plan_find_scans(const plan_components *all, const uint8_t *alike, arena *memory, plan_scans *found)
{
    *found = (plan_scans){.program = sn_arena_take(memory, sizeof *found->program)};
    finder *f = sn_arena_take_zeroed(memory, sizeof *f);
    if (!f || !found->program)
        return SINTER_NO_MEMORY;
    f->all = all;
    f->memory = memory;
    f->out = found->program;
    f->found = found;
    uint32_t candidates = 0;
    for (uint32_t c = 1; c <= all->count; c++)
        candidates += alike[c] != 0;
    if (!look_around(f) || !copy_program(f, candidates))
        return SINTER_NO_MEMORY;
    for (uint32_t c = 1; c <= all->count && !f->has_lanes; c++)
        f->has_lanes = alike[c] > MOST_ALIKE && is_filter(f, c);
    for (uint32_t c = 1; c <= all->count; c++) {
        const sinter_status status = alike[c] && alike[c] <= MOST_KEPT_ALIKE ? look_at(f, c, alike[c]) : SINTER_OK;
        if (status)
            return status;
    }
    replace_reads(f);
    return SINTER_OK;
}
