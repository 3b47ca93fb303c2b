/* Members of the library's families, kept as operations for the next program.
 *
 * What a family's member comes to is the same operations whenever its parameters and x are numbers, or tuples of as many, of the program's type that are not constant:
 * hundreds of them for a density of the gamma type, each parsed from the library's text, lowered, and looked for a way by which NaN could get lost. So
 * a context keeps what the first program made of a member whose arguments are inputs, and others have it inserted (ir/extract.c). What takes an argument is
 * offered to the local rules again, since what an argument is may make it simpler; rules change no bit, and those that a program has are part of what a
 * member is kept by (relaxed ones, and whether derivatives are still to come).
 *
 * Log-densities in f64 of the library's families have gone that way when the library was built (lib/write_members.c), and a context takes them from there: the first text with
 * a family costs what later ones do.
 *
 * It is kept with its functions expanded, if nothing else is to be done to the program before that: then that needs no pass for them, and expanding
 * is not done again either.
 *
 * A member that needs anything but its arguments (a table, the sample rate) is not kept, and this is. Whoever compiles holds the context's lock. */
#include "lang/built_members.h"

#include "kernel/kernels.h"

#include <stdio.h>
#include <string.h>

/* No derivatives are to come, which go by functions. */
static bool expands(const lowering *l)
{
    return l->options->expansions && l->p->rules & IR_SIGNS;
}

static bool is_wanted(const lowering *l, const struct lang_kept_member *m, lang_member quantity, uint64_t shape)
{
    return m->quantity == (uint8_t)quantity && m->type == (uint8_t)l->type && m->rules == l->p->rules && m->expanded == expands(l) && (!shape || m->shape == shape);
}

/* What was lowered when the library was built, put among those that are kept; NULL: it was not, or memory is refused. */
static struct lang_kept_member *take_built(const lowering *l, const lang_family_text *family, lang_member quantity, uint64_t shape)
{
    struct kept_members *all = l->options->kept;
    if (!all || all->without_built || quantity != LANG_LOG_DENSITY)
        return NULL;
    uint32_t low = 0, high = sn_lang_built_member_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (strcmp(sn_lang_built_members[middle].family, family->name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < sn_lang_built_member_count && !strcmp(sn_lang_built_members[low].family, family->name); low++)
        if (is_wanted(l, &sn_lang_built_members[low].member, quantity, shape)) {
            struct lang_kept_member *m = sn_arena_take(&all->memory, sizeof *m);
            if (!m)
                return NULL;
            *m = sn_lang_built_members[low].member;
            m->family = family;
            m->next = all->first;
            return all->first = m;
        }
    return NULL;
}

struct lang_kept_member *sn_lang_find_kept(const lowering *l, const lang_family_text *family, lang_member quantity, uint64_t shape)
{
    struct lang_kept_member *m = l->options->kept ? l->options->kept->first : NULL;
    while (m && !(m->family == family && is_wanted(l, m, quantity, shape)))
        m = m->next;
    return m ? m : take_built(l, family, quantity, shape);
}

static ir_ref add_input(const lowering *l, ir_program *p, uint32_t number)
{
    char name[16];
    snprintf(name, sizeof name, "%u", number);
    return sn_ir_emit(p, IR_INPUT, l->type, sn_ir_add_input(p, name, l->type), 0, 0);
}

/* A program of the same inputs in which functions are expanded; its result. */
static ir_ref expand(const lowering *l, const ir_extract *e, ir_program *out)
{
    ir_ref *map = sn_arena_take(l->memory, e->count * sizeof *map);
    sn_ir_open(out, l->memory, l->p->rules);
    if (!map) {
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    map[0] = 0;
    for (uint32_t r = 1; r < e->first; r++)
        map[r] = add_input(l, out, r - 1);
    for (uint32_t r = e->first; r < e->count; r++) {
        const ir_op *op = &e->ops[r];
        const unsigned operands = sn_ir_info[op->code].operands;
        const uint32_t a = operands > 0 ? map[op->a] : op->a, b = operands > 1 ? map[op->b] : op->b, c = operands > 2 ? map[op->c] : op->c;
        if (op->code == IR_CONST)
            map[r] = sn_ir_const_bits(out, (ir_type)op->type, op->a | (uint64_t)op->b << 32);
        else if (sn_ir_info[op->code].kind == IR_KIND_MATH)
            map[r] = sn_math_expand_kept(l->options->expansions, out, (ir_code)op->code, (ir_type)op->type, a, operands > 1 ? b : 0,
                                         op->flags & IR_FLAG_FAST ? MATH_FAST : MATH_DEFAULT);
        else
            map[r] = sn_ir_emit_flagged(out, (ir_code)op->code, (ir_type)op->type, op->flags, a, b, c);
    }
    return map[e->result];
}

static bool keep_operations(const lowering *l, struct lang_kept_member *m, const ir_program *p)
{
    arena *memory = &l->options->kept->memory;
    ir_extract as_it_is;
    ir_program expanded;
    if (!m->expanded)
        return sn_ir_extract(p, m->result, m->inputs + 1, memory, l->memory, &m->extract);
    if (!sn_ir_extract(p, m->result, m->inputs + 1, l->memory, l->memory, &as_it_is))
        return false;
    const ir_ref result = expand(l, &as_it_is, &expanded);
    return expanded.status == SINTER_OK && sn_ir_extract(&expanded, result, m->inputs + 1, memory, l->memory, &m->extract);
}

struct lang_kept_member *sn_lang_keep_member(const lowering *l, const struct lang_kept_member *member, const ir_program *program)
{
    struct kept_members *all = l->options->kept;
    struct lang_kept_member *m = sn_arena_take(&all->memory, sizeof *m);
    if (!m)
        return NULL;
    *m = *member;
    m->expanded = expands(l);
    if (m->result && !keep_operations(l, m, program))
        return NULL;
    m->next = all->first;
    return all->first = m;
}

ir_ref sn_lang_copy_member(lowering *l, const struct lang_kept_member *m, const ir_ref *inputs)
{
    return sn_ir_insert(l->p, &m->extract, inputs);
}
