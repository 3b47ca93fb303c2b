/* sum(i, first, last, term) and accumulate(i, first, last, z = start, term).
 *
 * Bounds are constants, and a loop is written out: its body is lowered once an index, which is a number as written. Where types are looked for
 * and nothing is emitted (dry), two terms have the type of many; but how many elements an accumulated tuple has may hang on all of them. */
#include "lang/lowering.h"

#include <string.h>

enum { WRITTEN_DEPTH = 16 };

/* What numbers as written come to. Where nothing is emitted, operations have no values; but how many elements a tuple has may hang on them. */
static bool written_value(lowering *l, uint32_t node, double *value, unsigned depth)
{
    const lang_node n = l->t->nodes[node];
    double left, right;
    if (n.kind == NODE_NUMBER || n.kind == NODE_LOCAL) {
        const lang_value v = sn_lang_expression(l, node);
        return v.type == TYPE_LITERAL && sn_lang_constant(l, v, value);
    }
    if (n.kind != NODE_BINARY || depth == 0 || !written_value(l, n.a, &left, depth - 1) || !written_value(l, n.b, &right, depth - 1))
        return false;
    switch (n.op) {
    case TOKEN_PLUS: *value = left + right; return true;
    case TOKEN_MINUS: *value = left - right; return true;
    case TOKEN_STAR: *value = left*right; return true;
    case TOKEN_SLASH: *value = left/right; return true;
    default: return false;
    }
}

/* `known`: false where nothing is emitted and the bounds are not known yet, the width of a family's tuple, say. */
static bool sum_bounds(lowering *l, const uint32_t *list, int32_t *first, int32_t *last, bool *known)
{
    double bounds[2] = {0, 0};
    *known = true;
    for (unsigned k = 0; k < 2; k++) {
        const lang_value v = sn_lang_expression(l, list[k]);
        if (v.type == TYPE_WRONG)
            return false;
        if (!sn_lang_constant(l, v, &bounds[k])) {
            if (l->dry) {
                *known &= written_value(l, list[k], &bounds[k], WRITTEN_DEPTH);
                continue;
            }
            sn_lang_complain(l, list[k], NULL, "the bounds of a sum are constants");
            return false;
        }
        if (!(bounds[k] >= -1e9 && bounds[k] <= 1e9 && bounds[k] == (double)(int32_t)bounds[k])) {
            sn_lang_complain(l, list[k], NULL,
                             "the bounds of a sum are whole numbers, at most 1,000,000,000");
            return false;
        }
    }
    *first = (int32_t)bounds[0];
    *last = (int32_t)bounds[1];
    if (*last - *first < LANG_MAX_TERMS)
        return true;
    sn_lang_complain(l, list[1], NULL, "a sum has at most 65,536 terms");
    return false;
}

/* The term for one index. Where something is accumulated, its slot has what there is so far. */
static lang_value lower_term(lowering *l, uint32_t slot, int32_t i, uint32_t term)
{
    l->loops[l->loop_count - 1] = i;
    l->slots[slot].value = sn_lang_small(l, i, true);
    l->slots[slot].state = SLOT_INDEX;
    return sn_lang_expression(l, term);
}

static bool open_loop(lowering *l, const lang_node *n, const uint32_t *list, int32_t *first, int32_t *last, bool *known)
{
    if (!sum_bounds(l, list, first, last, known))
        return false;
    if (l->loop_count >= LANG_MAX_NESTING) {
        sn_lang_too_large(l, n->at, "sums are nested too deeply");
        return false;
    }
    l->loop_count++;
    return true;
}

lang_value sn_lang_lower_sum(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t slot = sn_lang_slot(l, n.a);
    uint32_t list[3];
    int32_t first, last;
    bool known;
    memcpy(list, l->t->lists + n.b, sizeof list);
    if (!open_loop(l, &n, list, &first, &last, &known))
        return sn_lang_wrong();
    if (l->dry && last > first + 1)
        last = first + 1; /* two terms have the type of many */
    lang_value sum = sn_lang_small(l, 0, true);
    for (int32_t i = first; i <= last && !l->too_large; i++) {
        const lang_value term = lower_term(l, slot, i, list[2]);
        sum = i == first ? term : sn_lang_binary(l, node, TOKEN_PLUS, sum, term);
        if (sum.type == TYPE_WRONG)
            break;
    }
    l->loop_count--;
    return sum;
}

/* All terms also where nothing is emitted: they may be tuples that grow. */
lang_value sn_lang_lower_accumulation(lowering *l, uint32_t node)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t slot = sn_lang_slot(l, n.a);
    uint32_t list[5];
    int32_t first, last;
    bool known;
    memcpy(list, l->t->lists + n.b, sizeof list);
    lang_value z = sn_lang_expression(l, list[3]);
    if (z.type == TYPE_WRONG || !open_loop(l, &n, list, &first, &last, &known))
        return sn_lang_wrong();
    for (int32_t i = first; i <= last && !l->too_large && z.type != TYPE_WRONG; i++) {
        const uint32_t z_slot = sn_lang_slot(l, list[4]);
        l->slots[z_slot].value = z;
        l->slots[z_slot].state = SLOT_ACCUMULATED;
        z = lower_term(l, slot, i, list[2]);
    }
    l->loop_count--;
    return known || z.type == TYPE_WRONG ? z : sn_lang_scalar(0, TYPE_UNKNOWN);
}
