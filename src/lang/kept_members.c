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
 * Half of what a density of the gamma type computes it computes from its parameters alone. If these are the same for all elements of a call, which is known where nothing turns them
 * into streams later, that is left to a routine, which was compiled with the library: the program has a call instead (plan/routines.c).
 *
 * A member that needs anything but its arguments (a table, the sample rate) is not kept, and this is. Whoever compiles holds the context's lock. */
#include "lang/built_members.h"

#include "base/cpu.h"
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

/* A program of the same inputs in which functions are expanded; its result and, where it has one, the further one. */
static ir_ref expand(const lowering *l, const ir_extract *e, ir_program *out, ir_ref *other)
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
    *other = e->other_count ? map[e->others[0]] : 0;
    return map[e->result];
}

/* `other`: a further result, or 0. */
static bool keep_operations(const lowering *l, const struct lang_kept_member *m, const ir_program *p, ir_ref result, ir_ref other, ir_extract *out)
{
    arena *memory = &l->options->kept->memory;
    ir_extract as_it_is;
    ir_program expanded;
    if (!m->expanded)
        return sn_ir_extract_all(p, result, &other, other != 0, m->inputs + 1, memory, l->memory, out);
    if (!sn_ir_extract_all(p, result, &other, other != 0, m->inputs + 1, l->memory, l->memory, &as_it_is))
        return false;
    result = expand(l, &as_it_is, &expanded, &other);
    return expanded.status == SINTER_OK && sn_ir_extract_all(&expanded, result, &other, other != 0, m->inputs + 1, memory, l->memory, out);
}

struct lang_kept_member *sn_lang_keep_member(const lowering *l, const struct lang_kept_member *member, const ir_program *program)
{
    struct kept_members *all = l->options->kept;
    struct lang_kept_member *m = sn_arena_take(&all->memory, sizeof *m);
    if (!m)
        return NULL;
    *m = *member;
    m->expanded = expands(l);
    if (m->result && !keep_operations(l, m, program, m->result, 0, &m->extract))
        return NULL;
    m->next = all->first;
    return all->first = m;
}

bool sn_lang_keeps_checked(const lowering *l)
{
    return l->options->kept->keeps_checked;
}

bool sn_lang_keep_checked(const lowering *l, struct lang_kept_member *m, const ir_program *program, ir_ref result, ir_ref outside)
{
    ir_extract *checked = sn_arena_take(&l->options->kept->memory, sizeof *checked);
    m->checked = checked;
    return checked && keep_operations(l, m, program, result, outside, checked);
}

/* ---- routines ---- */

/* What a program has a routine called for. */
typedef struct lang_routine_use {
    ir_ref arguments; /* a PREPARE */
    ir_ref results;   /* the first of so many PREPARED */
} lang_routine_use;

/* They are compiled for what machine code needs, too. */
static bool can_run_routines(void)
{
#if defined(__x86_64__)
    return (sn_cpu_features() & CPU_X64_AVX2) == CPU_X64_AVX2;
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

/* Are parameters the same for all elements of a segment, and what is given not? Then nothing that is computed once a segment waits for the routine. */
static bool may_prepare(const lowering *l, const struct lang_kept_member *m, const ir_ref *inputs)
{
    const ir_program *p = l->p;
    bool may = m->prepared && l->options->routines && p->routine_count < IR_MOST_ROUTINES && can_run_routines();
    for (uint32_t k = 0; may && k < m->inputs; k++) /* operation 0, which is none, has no axes */
        may = k < m->prepared->parameters ? p->ops[inputs[k]].axes == IR_AXIS_SEGMENT : p->ops[inputs[k]].axes & IR_AXIS_ELEMENT;
    return may;
}

/* Of these arguments: as the program has it called already, or is to have from now on, with results that no table lists, since nobody looks for them. NULL: the program has failed. */
static const lang_routine_use *use_routine(lowering *l, const ir_routine *routine, const ir_ref *arguments, uint32_t count)
{
    ir_program *p = l->p;
    if (!l->routine_uses)
        l->routine_uses = sn_arena_take(l->memory, IR_MOST_ROUTINES * sizeof *l->routine_uses);
    const ir_ref prepare = sn_ir_emit(p, IR_PREPARE, IR_F64, arguments[0], arguments[count > 1 ? 1 : 0], arguments[count - 1]);
    for (uint32_t k = 0; l->routine_uses && k < p->routine_count; k++)
        if (p->routines[k] == routine && l->routine_uses[k].arguments == prepare)
            return &l->routine_uses[k];
    const uint32_t number = sn_ir_add_routine(p, routine);
    sn_ir_reserve(p, p->count + routine->result_count);
    if (p->status || !l->routine_uses)
        return NULL;
    l->routine_uses[number] = (lang_routine_use){prepare, p->count};
    const bool room = p->capacity - p->count >= routine->result_count;
    for (uint32_t k = 0; k < routine->result_count; k++) {
        const ir_op op = {.code = IR_PREPARED, .type = routine->types[k], .axes = IR_AXIS_SEGMENT, .a = prepare, .b = k, .c = number};
        if (room)
            p->ops[p->count++] = op;
        else
            sn_ir_emit_settled(p, &op);
    }
    return p->status ? NULL : &l->routine_uses[number];
}

/* Of a value that is there, made of what stands from `first` on or was there already, with its derivatives by the inputs and their gates. Rules that are offered a value with a minus take what is behind the minus: that has slopes, too. What
 * the member is outside has none. */
static void note_slopes(ir_program *p, const lang_prepared *m, ir_ref value, ir_ref first, const ir_ref *inputs, ir_ref *others, const kept_checks *checks)
{
    ir_ref *gates = sn_arena_take_zeroed(p->memory, m->slopes * sizeof *gates);
    const ir_ref *gate = others + m->slopes;
    for (uint32_t k = 0; gates && k < m->slopes; k++) {
        if (m->slope_flags[k] & PREPARED_GATE)
            gates[k] = *gate++;
        others[k] = m->slope_flags[k] & PREPARED_NONE ? 0 : others[k];
    }
    ir_slopes s = {.value = value, .arguments = inputs, .slopes = others, .gates = gates, .flags = m->slope_flags, .count = m->slopes};
    if (!gates) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    sn_ir_add_slopes(p, &s);
    s.value = p->ops[value].a;
    s.negated = true;
    if (p->ops[value].code == IR_NEG && s.value >= first)
        sn_ir_add_slopes(p, &s);
    if (checks->outside)
        sn_ir_add_slopes(p, &(ir_slopes){.value = checks->outside});
}

static ir_ref copy_prepared(lowering *l, const struct lang_kept_member *m, const ir_ref *inputs, kept_checks *checks)
{
    const lang_prepared *prepared = m->prepared;
    const ir_routine *routine = prepared->routine;
    const uint32_t known = l->p->routine_count, others = prepared->extract.other_count;
    const ir_ref first = l->p->count;
    ir_ref *all = sn_arena_take_zeroed(l->p->memory, (m->inputs + routine->result_count + others) * sizeof *all);
    const lang_routine_use *use = all ? use_routine(l, routine, inputs, prepared->parameters) : NULL;
    if (!use) {
        sn_ir_fail(l->p, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    memcpy(all, inputs, m->inputs * sizeof *all);
    for (uint32_t k = 0; k < routine->result_count; k++)
        all[m->inputs + k] = use->results + k;
    ir_ref *const other = all + m->inputs + routine->result_count;
    const ir_ref value = sn_ir_insert(l->p, &prepared->extract, all, l->p->routine_count > known, other);
    if (l->p->status)
        return 0;
    if (prepared->checks)
        *checks = (kept_checks){other[others - 2], other[others - 1]};
    if (prepared->slopes)
        note_slopes(l->p, prepared, value, first, all, other, checks);
    return value;
}

ir_ref sn_lang_copy_member(lowering *l, const struct lang_kept_member *m, const ir_ref *inputs, const ir_ref *unchecked, kept_checks *checks)
{
    const ir_ref *of_routine = m->prepared && m->prepared->checks ? unchecked : inputs;
    if (l->options->described)
        l->options->described->has_routines |= m->prepared != NULL;
    return may_prepare(l, m, of_routine) ? copy_prepared(l, m, of_routine, checks) : sn_ir_insert(l->p, &m->extract, inputs, true, NULL);
}
