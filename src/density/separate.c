/* The separation of data from parameters: see separate.h.
 *
 * One forward walk gives each operation a list of terms: what it is a sum of, each a monomial of atoms times something that depends on parameters at
 * most. Coefficients are not kept, only whether they depend on parameters: what is computed from data and parameters is the
 * density's own program, later, on rows that have the same sums of monomials (compress.c). So it does no harm to list a monomial more than
 * is needed.
 *
 * What has no list (a function of data and parameters together, but for sums and products) is the reason why it does not collapse, if the result depends on it.
 * Of two forms of one number it is the second that is looked at, in which terms have not been put so that they cancel well.
 * A choice between operands is a sum of both where parameters decide; where data decide, of both times 1 or 0; and where one of
 * the two is a constant and infinite or no number, as beyond a family's support, rows are of the domain, or are set apart. */
#include "density/separate.h"

#include "opt/opt.h"

#include <stdio.h>
#include <string.h>

enum { DATA = 1, PARAMETERS = 2, MOST_TERMS = 256 };

typedef struct term {
    density_monomial monomial;
    bool live; /* its coefficient depends on parameters */
} term;

typedef struct term_list {
    term *terms;
    uint32_t count;
    ir_ref culprit; /* not 0: there is no list, because of this operation, unless nobody asks */
} term_list;

typedef struct separating {
    density_separation *out;
    ir_program *p;
    arena *memory;
    uint8_t *depends; /* by operation */
    uint8_t *needed;  /* by operation: for the output's list */
    term_list *lists;
    uint32_t original; /* operations of the program as it was */
    bool failed;       /* memory, or the reason is there */
} separating;

static void give_up(separating *s, const char *reason)
{
    if (!s->out->reason)
        s->out->reason = reason;
    s->failed = true;
}

static void give_up_at(separating *s, const ir_op *op)
{
    density_separation *out = s->out;
    if (op->code == IR_DIV) {
        give_up(s, "something is divided by a sum of data and parameters");
    } else if (sn_ir_info[op->code].rule == IR_RULE_CHOOSE) {
        give_up(s, "a condition compares data with parameters");
    } else {
        snprintf(out->message, sizeof out->message, "`%s` is taken of what depends on data and parameters together", sn_ir_info[op->code].name);
        give_up(s, out->message);
    }
}

/* ---- monomials ---- */

static bool same(density_monomial a, density_monomial b)
{
    return a.a == b.a && a.b == b.b;
}

/* Number + 1. */
static uint16_t atom_of(separating *s, ir_ref value)
{
    density_separation *out = s->out;
    for (uint32_t k = 0; k < out->atom_count; k++)
        if (out->atoms[k] == value)
            return (uint16_t)(k + 1);
    if (out->atom_count == DENSITY_MOST_ATOMS) {
        give_up(s, "it has more than 64 different functions of the data");
        return 0;
    }
    out->atoms[out->atom_count++] = value;
    return (uint16_t)out->atom_count;
}

static density_monomial alone(separating *s, ir_ref value)
{
    return (density_monomial){atom_of(s, value), 0};
}

static ir_ref value_of(const separating *s, density_monomial m)
{
    const ir_ref *atoms = s->out->atoms;
    if (!m.a)
        return sn_ir_f64(s->p, 1);
    return m.b ? sn_ir_emit(s->p, IR_MUL, IR_VOID, atoms[m.a - 1], atoms[m.b - 1], 0) : atoms[m.a - 1];
}

/* Of degree 3 and more the product is an atom. */
static density_monomial product(separating *s, density_monomial a, density_monomial b)
{
    if (!b.a)
        return a;
    if (!a.a)
        return b;
    if (!a.b && !b.b)
        return a.a > b.a ? (density_monomial){a.a, b.a} : (density_monomial){b.a, a.a};
    return alone(s, sn_ir_emit(s->p, IR_MUL, IR_VOID, value_of(s, a), value_of(s, b), 0));
}

/* ---- lists ---- */

static void add_term(separating *s, term_list *list, density_monomial m, bool live)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (same(list->terms[k].monomial, m)) {
            list->terms[k].live |= live;
            return;
        }
    if (list->count == MOST_TERMS) {
        give_up(s, "it is a sum of more than 256 products of data and parameters");
        return;
    }
    list->terms[list->count++] = (term){m, live};
}

static term_list open_list(separating *s, uint32_t most)
{
    term_list list = {sn_arena_take(s->memory, (most < MOST_TERMS ? most + 1 : MOST_TERMS) * sizeof(term)), 0, 0};
    if (!list.terms)
        s->failed = true;
    return list;
}

static term_list single(separating *s, density_monomial m, bool live)
{
    term_list list = open_list(s, 1);
    if (!s->failed)
        add_term(s, &list, m, live);
    return list;
}

static term_list joined(separating *s, term_list a, term_list b)
{
    term_list list = open_list(s, a.count + b.count);
    for (uint32_t k = 0; k < a.count && !s->failed; k++)
        add_term(s, &list, a.terms[k].monomial, a.terms[k].live);
    for (uint32_t k = 0; k < b.count && !s->failed; k++)
        add_term(s, &list, b.terms[k].monomial, b.terms[k].live);
    return list;
}

static term_list multiplied(separating *s, term_list a, term_list b)
{
    term_list list = open_list(s, a.count * b.count);
    for (uint32_t i = 0; i < a.count && !s->failed; i++)
        for (uint32_t k = 0; k < b.count && !s->failed; k++) {
            const density_monomial m = product(s, a.terms[i].monomial, b.terms[k].monomial);
            if (!s->failed)
                add_term(s, &list, m, a.terms[i].live || b.terms[k].live);
        }
    return list;
}

/* Where data decide. */
static term_list masked(separating *s, ir_ref mask, term_list of, bool first)
{
    term_list list = open_list(s, of.count);
    const ir_ref zero = sn_ir_f64(s->p, 0);
    for (uint32_t k = 0; k < of.count && !s->failed; k++) {
        const ir_ref value = value_of(s, of.terms[k].monomial);
        const ir_ref chosen = sn_ir_emit(s->p, IR_SELECT, IR_VOID, mask, first ? value : zero, first ? zero : value);
        const density_monomial m = alone(s, chosen);
        if (!s->failed)
            add_term(s, &list, m, of.terms[k].live);
    }
    return list;
}

/* ---- operations ---- */

/* Anything of the data: itself an atom, unless it is a sum and product of such. */
static bool is_polynomial(const ir_op *op)
{
    return op->code == IR_ADD || op->code == IR_SUB || op->code == IR_NEG || op->code == IR_MUL || op->code == IR_FMA || op->code == IR_FMS
           || op->code == IR_FNMA;
}

static bool is_infinite_or_nan(const ir_program *p, ir_ref r)
{
    if (!sn_ir_is_const(p, r) || p->ops[r].type != IR_F64)
        return false;
    return (sn_ir_bits(p, r) >> 52 & 0x7FF) == 0x7FF;
}

static bool is_nan(const ir_program *p, ir_ref r)
{
    return is_infinite_or_nan(p, r) && (sn_ir_bits(p, r) << 12) != 0;
}

/* An infinity or a NaN, one or the other, whatever is chosen by: what stands outside of a support is −inf, and NaN where a parameter is invalid. */
static bool is_never_finite(const ir_program *p, ir_ref r, unsigned depth)
{
    const ir_op *op = &p->ops[r];
    const bool chooses = op->code == IR_SELECT || op->code == IR_RARE || op->code == IR_GUARD;
    if (!chooses)
        return is_infinite_or_nan(p, r);
    return depth && is_never_finite(p, op->b, depth - 1) && is_never_finite(p, op->c, depth - 1);
}

/* An infinity, or the greatest number. */
static bool is_end(const ir_program *p, ir_ref r)
{
    return sn_ir_is_const(p, r) && p->ops[r].type == IR_F64 && (sn_ir_bits(p, r) << 1 >> 1) >= 0x7FEFFFFFFFFFFFFF;
}

/* Does the mask say no more than that a value is finite or no NaN: a comparison with infinity or of a value with itself, or several of these? */
static bool asks_for_finite(const ir_program *p, ir_ref mask, unsigned depth)
{
    const ir_op *op = &p->ops[mask];
    if (op->code == IR_AND || op->code == IR_OR || op->code == IR_NOT)
        return depth && asks_for_finite(p, op->a, depth - 1) && (op->code == IR_NOT || asks_for_finite(p, op->b, depth - 1));
    return sn_ir_info[op->code].rule == IR_RULE_COMPARE && (op->a == op->b || is_end(p, op->a) || is_end(p, op->b));
}

static void add_domain(separating *s, ir_ref mask, bool wanted)
{
    density_separation *out = s->out;
    for (uint32_t k = 0; k < out->domain_count; k++)
        if (out->domains[k] == mask && out->wanted[k] == wanted)
            return;
    if (out->domain_count == DENSITY_MOST_DOMAINS) {
        give_up(s, "it has more than 16 conditions on the data");
        return;
    }
    out->domains[out->domain_count] = mask;
    out->wanted[out->domain_count++] = wanted;
}

static term_list choice(separating *s, ir_ref r, const ir_op *op)
{
    const ir_program *p = s->p;
    const term_list a = s->lists[op->b], b = s->lists[op->c];
    const unsigned mask = s->depends[op->a];
    if (!(mask & DATA))
        return is_nan(p, op->c) ? a : is_nan(p, op->b) ? b : joined(s, a, b);
    if (mask & PARAMETERS) {
        if (is_nan(p, op->c) && asks_for_finite(p, op->a, 8))
            return a;
        return (term_list){NULL, 0, r};
    }
    if (is_never_finite(p, op->b, 4) || is_never_finite(p, op->c, 4)) {
        const bool first = is_never_finite(p, op->c, 4);
        add_domain(s, op->a, first);
        return first ? a : b;
    }
    const term_list left = masked(s, op->a, a, true);
    return s->failed ? left : joined(s, left, masked(s, op->a, b, false));
}

static term_list quotient(separating *s, ir_ref r, const ir_op *op)
{
    term_list below = s->lists[op->b];
    if (!(s->depends[op->b] & DATA))
        return multiplied(s, s->lists[op->a], below);
    if (s->depends[op->b] & PARAMETERS && below.count != 1) {
        return (term_list){NULL, 0, r};
    }
    const bool live = (s->depends[op->b] & PARAMETERS) != 0;
    const ir_ref value = live ? value_of(s, below.terms[0].monomial) : op->b;
    const ir_ref reciprocal = sn_ir_emit(s->p, IR_DIV, IR_VOID, sn_ir_f64(s->p, 1), value, 0);
    const term_list inverse = single(s, alone(s, reciprocal), live);
    return s->failed ? inverse : multiplied(s, s->lists[op->a], inverse);
}

static term_list polynomial(separating *s, const ir_op *op)
{
    const term_list *of = s->lists;
    switch (op->code) {
    case IR_ADD:
    case IR_SUB:
        return joined(s, of[op->a], of[op->b]);
    case IR_NEG:
        return of[op->a];
    case IR_MUL:
        return multiplied(s, of[op->a], of[op->b]);
    default: /* FMA and its kin */
        {
            const term_list first = multiplied(s, of[op->a], of[op->b]);
            return s->failed ? first : joined(s, first, of[op->c]);
        }
    }
}

/* Of data alone: an atom where it is no polynomial of degree 2. */
static term_list of_data(separating *s, ir_ref r)
{
    const ir_op op = s->p->ops[r]; /* they may move */
    if (op.code == IR_DIV && !s->depends[op.b])
        return s->lists[op.a];
    if (is_polynomial(&op)) {
        const uint32_t atoms = s->out->atom_count;
        const term_list list = polynomial(s, &op);
        if (s->failed || s->out->atom_count == atoms)
            return list;
        s->out->atom_count = atoms; /* of higher degree: as a whole */
    }
    return single(s, alone(s, r), false);
}

/* The first operand that has no list, of those that matter. */
static ir_ref culprit_of(const separating *s, const ir_op *op)
{
    const bool chooses = op->code == IR_SELECT || op->code == IR_RARE || op->code == IR_GUARD;
    for (unsigned k = chooses; k < sn_ir_info[op->code].operands; k++)
        if (s->lists[sn_ir_operand(op, k)].culprit)
            return s->lists[sn_ir_operand(op, k)].culprit;
    return 0;
}

static term_list list_of(separating *s, ir_ref r)
{
    const ir_op op = s->p->ops[r];
    if (s->depends[r] == 0 || s->depends[r] == PARAMETERS)
        return single(s, (density_monomial){0, 0}, s->depends[r] != 0);
    if (s->depends[r] == DATA)
        return of_data(s, r);
    if (op.flags & IR_FLAG_FORMS)
        return s->lists[op.c];
    const ir_ref culprit = culprit_of(s, &op);
    if (culprit)
        return (term_list){NULL, 0, culprit};
    if (is_polynomial(&op))
        return polynomial(s, &op);
    if (op.code == IR_DIV)
        return quotient(s, r, &op);
    if (op.code == IR_SELECT || op.code == IR_RARE || op.code == IR_GUARD)
        return choice(s, r, &op);
    return (term_list){NULL, 0, r};
}

static unsigned dependence(const separating *s, const ir_op *op)
{
    if (op->code == IR_INPUT)
        return DATA;
    if (op->code == IR_PARAM)
        return PARAMETERS;
    unsigned all = 0;
    for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
        all |= s->depends[sn_ir_operand(op, k)];
    return all;
}

/* What depends on what, and what the list of the output needs. */
static void survey(separating *s)
{
    const ir_op *ops = s->p->ops;
    for (ir_ref r = 1; r < s->original; r++)
        s->depends[r] = (uint8_t)dependence(s, &ops[r]);
    for (ir_ref r = s->original; r-- > 1;) {
        s->needed[r] |= ops[r].code == IR_OUTPUT;
        if (!s->needed[r])
            continue;
        if (ops[r].flags & IR_FLAG_FORMS && s->depends[r] == (DATA | PARAMETERS))
            s->needed[ops[r].c] = 1;
        else
            sn_ir_mark_operands(s->needed, &ops[r]);
    }
}

/* The list of the output; what is a condition, or a number that is no f64, has none: whoever needs it gives up. */
static term_list walk(separating *s)
{
    term_list result = {NULL, 0, 0};
    survey(s);
    for (ir_ref r = 1; r < s->original && !s->failed; r++) {
        const ir_op op = s->p->ops[r];
        if (!s->needed[r])
            continue;
        if (op.code == IR_OUTPUT)
            result = s->lists[op.a];
        else if (op.type == IR_F64)
            s->lists[r] = list_of(s, r);
        else if (op.type != IR_MASK && s->depends[r] == (DATA | PARAMETERS))
            s->lists[r].culprit = r;
    }
    if (result.culprit)
        give_up_at(s, &s->p->ops[result.culprit]);
    return result;
}

/* ---- the result ---- */

static bool add_monomial(density_separation *out, density_monomial m)
{
    for (uint32_t k = 0; k < out->monomial_count; k++)
        if (same(out->monomials[k], m))
            return true;
    if (out->monomial_count == DENSITY_MOST_MONOMIALS)
        return false;
    out->monomials[out->monomial_count++] = m;
    return true;
}

static bool has_monomial(const density_separation *out, density_monomial m)
{
    for (uint32_t k = 0; k < out->monomial_count; k++)
        if (same(out->monomials[k], m))
            return true;
    return false;
}

static void collect(separating *s, term_list result)
{
    density_separation *out = s->out;
    bool room = add_monomial(out, (density_monomial){0, 0});
    for (uint32_t k = 0; k < result.count; k++) {
        const density_monomial m = result.terms[k].monomial;
        if (!result.terms[k].live)
            continue;
        room = room && add_monomial(out, m) && (!m.b || (add_monomial(out, (density_monomial){m.a, 0}) && add_monomial(out, (density_monomial){m.b, 0})));
    }
    if (!room)
        give_up(s, "it depends on more than 80 statistics of the data");
    for (uint32_t k = 0; k < result.count; k++)
        out->remainder |= !has_monomial(out, result.terms[k].monomial);
}

/* Atoms that no monomial has go, the others get new numbers. */
static void drop_atoms(density_separation *out)
{
    uint16_t number[DENSITY_MOST_ATOMS + 1] = {0};
    for (uint32_t k = 0; k < out->monomial_count; k++)
        number[out->monomials[k].a] = number[out->monomials[k].b] = 1;
    uint32_t kept = 0;
    for (uint32_t k = 0; k < out->atom_count; k++)
        if (number[k + 1]) {
            out->atoms[kept++] = out->atoms[k];
            number[k + 1] = (uint16_t)kept;
        }
    number[0] = 0;
    out->atom_count = kept;
    for (uint32_t k = 0; k < out->monomial_count; k++) {
        density_monomial *m = &out->monomials[k];
        *m = (density_monomial){number[m->a], number[m->b]}; /* their order stays */
    }
}

ir_ref *sn_density_needed(const ir_program *p, const ir_ref *wanted, uint32_t wanted_count, arena *memory, uint32_t *count, ir_ref *culprit)
{
    uint8_t *live = sn_arena_take_zeroed(memory, p->count);
    ir_ref *needed = sn_arena_take(memory, p->count * sizeof *needed);
    *culprit = 0;
    *count = 0;
    if (!live || !needed)
        return NULL;
    for (uint32_t k = 0; k < wanted_count; k++)
        live[wanted[k]] = 1;
    for (ir_ref r = p->count; r-- > 1;)
        if (live[r])
            sn_ir_mark_operands(live, &p->ops[r]);
    for (ir_ref r = 1; r < p->count; r++) {
        if (!live[r])
            continue;
        if (!sn_density_is_wide(p, &p->ops[r])) {
            *culprit = r;
            return NULL;
        }
        needed[(*count)++] = r;
    }
    return needed;
}

/* What atoms and domains are computed by. */
static void find_needed(separating *s)
{
    density_separation *out = s->out;
    ir_ref wanted[DENSITY_MOST_ATOMS + DENSITY_MOST_DOMAINS], culprit;
    memcpy(wanted, out->atoms, out->atom_count * sizeof *wanted);
    memcpy(wanted + out->atom_count, out->domains, out->domain_count * sizeof *wanted);
    out->needed = sn_density_needed(s->p, wanted, out->atom_count + out->domain_count, s->memory, &out->needed_count, &culprit);
    if (culprit) {
        snprintf(out->message, sizeof out->message, "a statistic needs `%s`, which has no exact form", sn_ir_info[s->p->ops[culprit].code].name);
        give_up(s, out->message);
    } else if (!out->needed) {
        s->failed = true;
    }
}

sinter_status sn_density_separate(density_separation *out, const ir_program *program, arena *memory)
{
    memset(out, 0, sizeof *out);
    sn_opt_rebuild(program, &out->program, memory, IR_IDENTITY | IR_FOLD, NULL, NULL);
    separating s = {.out = out, .p = &out->program, .memory = memory, .original = out->program.count};
    s.depends = sn_arena_take_zeroed(memory, s.original);
    s.lists = sn_arena_take_zeroed(memory, s.original * sizeof *s.lists);
    s.needed = sn_arena_take_zeroed(memory, s.original);
    if (out->program.status || !s.depends || !s.needed || !s.lists)
        return SINTER_NO_MEMORY;
    const term_list result = walk(&s);
    if (!s.failed)
        collect(&s, result);
    if (!s.failed) {
        drop_atoms(out);
        find_needed(&s);
    }
    return memory->failed || out->program.status ? SINTER_NO_MEMORY : SINTER_OK;
}
