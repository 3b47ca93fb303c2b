/* Members of the library's families, kept as operations for the next program.
 *
 * What a family's member comes to is the same operations whenever its parameters and x are numbers of the program's type that are not constant:
 * hundreds of them for a density of the gamma type, each parsed from the library's text, lowered, and looked for a way by which NaN could get lost. So
 * a context keeps what the first program made of a member whose arguments are inputs, and others copy it. The operations are offered to the local rules again,
 * since what an argument is may make them simpler; rules change no bit, and those that a program has are part of what a member is kept by (relaxed ones,
 * and whether derivatives are still to come).
 *
 * Functions among the operations are expanded here, if nothing else is to be done to the program before that: then it needs no pass for them.
 *
 * A member that needs anything but its arguments (a table, the sample rate) is not kept, and this is. Whoever compiles holds the context's lock. */
#include "lang/kept_members.h"

#include "kernel/kernels.h"

#include <string.h>

struct lang_kept_member *sn_lang_find_kept(const lowering *l, const lang_family_text *family, lang_member quantity)
{
    struct lang_kept_member *m = l->options->kept ? l->options->kept->first : NULL;
    while (m && (m->family != family || m->quantity != (uint8_t)quantity || m->type != (uint8_t)l->type || m->rules != l->p->rules))
        m = m->next;
    return m;
}

/* The operations that the result needs, numbered behind the inputs. */
static bool keep_operations(struct lang_kept_member *m, const ir_program *p, arena *memory, arena *scratch)
{
    ir_extract extract;
    if (!sn_ir_extract(p, m->result, m->inputs + 1, memory, scratch, &extract))
        return false;
    m->ops = extract.ops;
    m->count = extract.count;
    m->result = extract.result;
    return true;
}

struct lang_kept_member *sn_lang_keep_member(const lowering *l, const struct lang_kept_member *member, const ir_program *program)
{
    struct kept_members *all = l->options->kept;
    struct lang_kept_member *m = sn_arena_take(&all->memory, sizeof *m);
    if (!m)
        return NULL;
    *m = *member;
    if (m->result && !keep_operations(m, program, &all->memory, l->memory))
        return NULL;
    m->next = all->first;
    return all->first = m;
}

ir_ref sn_lang_copy_member(lowering *l, const struct lang_kept_member *m, const ir_ref *inputs)
{
    ir_program *p = l->p;
    ir_ref *map = sn_arena_take(l->memory, m->count * sizeof *map);
    if (!map) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return 0;
    }
    const bool expands = l->options->expansions && p->rules & IR_SIGNS; /* no derivatives, which go by functions */
    sn_ir_reserve(p, p->count + m->count);
    map[0] = 0;
    memcpy(map + 1, inputs, m->inputs * sizeof *map);
    for (uint32_t r = m->inputs + 1; r < m->count; r++) {
        const ir_op *op = &m->ops[r];
        if (op->code == IR_CONST) {
            map[r] = sn_ir_const_bits(p, (ir_type)op->type, op->a | (uint64_t)op->b << 32);
            continue;
        }
        const unsigned operands = sn_ir_info[op->code].operands;
        if (expands && sn_ir_info[op->code].kind == IR_KIND_MATH) {
            map[r] = sn_math_expand_kept(l->options->expansions, p, (ir_code)op->code, (ir_type)op->type, map[op->a], operands > 1 ? map[op->b] : 0,
                                         op->flags & IR_FLAG_FAST ? MATH_FAST : MATH_DEFAULT);
            continue;
        }
        map[r] = sn_ir_emit_flagged(p, (ir_code)op->code, (ir_type)op->type, op->flags, operands > 0 ? map[op->a] : op->a,
                                    operands > 1 ? map[op->b] : op->b, operands > 2 ? map[op->c] : op->c);
    }
    return map[m->result];
}
