/* Parameters of several numbers, one for each group: `param a[8] = 0`, read by a column as `a[group]`.
 *
 * Which of the numbers a row reads is data, so a kernel knows nothing of it: `a[group]` is a parameter of the program, of this name, that whoever
 * runs rows gives row by row (density/groups.c). The text decides how many numbers there are, and each column that a parameter is read by
 * makes one such parameter. Only the texts of densities have rows. */
#include "lang/lowering.h"

#include <math.h>
#include <string.h>

typedef struct lang_group {
    ir_param one; /* what each number is; `name` of them all */
    uint32_t length;
    uint32_t number; /* among those of the description */
} lang_group;

/* ---- declared ---- */

static bool good_length(lowering *l, uint32_t node, uint32_t *length)
{
    double value;
    const lang_value v = sn_lang_expression(l, node);
    if (v.type == TYPE_WRONG)
        return false;
    if (sn_lang_constant(l, v, &value) && value >= 1 && value <= LANG_MAX_GROUPS && value == floor(value)) {
        *length = (uint32_t)value;
        return true;
    }
    sn_lang_complain(l, node, "param a[8] = 0", "a parameter has from 1 to 16,777,216 numbers, a constant");
    return false;
}

/* Room for all that the description can have, once. */
static bool open_description(lowering *l, lang_density *out)
{
    if (!out->vectors)
        out->vectors = sn_arena_take(l->memory, LANG_DENSITY_PARAMETERS * sizeof *out->vectors);
    if (!out->choices)
        out->choices = sn_arena_take(l->memory, LANG_DENSITY_PARAMETERS * sizeof *out->choices);
    l->t->out_of_memory |= !out->vectors || !out->choices;
    return !l->t->out_of_memory;
}

static uint32_t describe_vector(lowering *l, const lang_group *g, uint32_t at)
{
    lang_density *out = l->options->described;
    if (!out || !open_description(l, out))
        return 0;
    if (out->vector_count == LANG_DENSITY_PARAMETERS) {
        sn_lang_too_large(l, at, "a density has at most 256 parameters of several numbers");
        return 0;
    }
    out->vectors[out->vector_count] = (lang_density_vector){g->one.name, g->length, g->one.initial, g->one.low, g->one.high};
    return out->vector_count++;
}

void sn_lang_grouped_param(lowering *l, uint32_t statement, uint32_t length, const ir_param *one)
{
    const lang_statement s = l->t->statements[statement];
    uint32_t place = 0;
    lang_group g = {.length = 0};
    if (!l->dry && !l->options->density) {
        sn_lang_complain_at(l, s.at, s.end, "its source is SINTER_DENSITY, its command sinter density",
                            "only a density has parameters of several numbers");
    } else if (!l->dry && good_length(l, length, &g.length)) {
        if (l->group_count + 1 >= l->group_room) {
            lang_group *grown = sn_lang_more(l, l->groups, l->groups ? l->group_count + 1 : 0, &l->group_room, sizeof *grown);
            if (!grown)
                return;
            l->groups = grown;
        }
        g.one = *one;
        g.number = describe_vector(l, &g, s.at);
        l->groups[place = ++l->group_count] = g;
    }
    lang_slot *slot = &l->slots[sn_lang_slot(l, s.c)];
    slot->value = sn_lang_scalar(place, l->type);
    slot->state = SLOT_GROUPED;
}

/* ---- read ---- */

/* `a[group]` */
static const char *name_choice(lowering *l, const char *of, const char *column)
{
    const size_t length = strlen(of), more = strlen(column);
    char *name = sn_arena_take(l->memory, length + more + 3);
    l->t->out_of_memory |= !name;
    if (!name)
        return "";
    memcpy(name, of, length);
    name[length] = '[';
    memcpy(name + length + 1, column, more);
    memcpy(name + length + 1 + more, "]", 2);
    return name;
}

static void describe_choice(lowering *l, const lang_group *g, const char *name, uint32_t column, uint32_t at)
{
    lang_density *out = l->options->described;
    if (!out || !out->choices)
        return;
    if (out->choice_count == LANG_DENSITY_PARAMETERS) {
        sn_lang_too_large(l, at, "a density has at most 256 parameters");
        return;
    }
    out->choices[out->choice_count++] = (lang_density_choice){name, g->number, column};
}

/* The parameter's number; made when it is read first. */
static uint32_t choice(lowering *l, const lang_group *g, uint32_t column, uint32_t at)
{
    const char *name = name_choice(l, g->one.name, l->p->inputs[column].name);
    for (uint32_t k = 0; k < l->p->param_count; k++)
        if (!strcmp(l->p->params[k].name, name))
            return k;
    ir_param one = g->one;
    one.name = name;
    describe_choice(l, g, name, column, at);
    return sn_ir_add_param(l->p, &one);
}

lang_value sn_lang_grouped_element(lowering *l, uint32_t node, uint32_t slot)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t place = l->slots[slot].value.ref;
    const lang_value index = sn_lang_expression(l, n.b);
    if (index.type == TYPE_WRONG || (!l->dry && !place))
        return sn_lang_wrong();
    if (l->dry)
        return sn_lang_scalar(0, l->type);
    const bool is_column = index.count == 1 && index.type == (unsigned)l->type && index.ref < l->p->count && l->p->ops[index.ref].code == IR_INPUT;
    if (!is_column) {
        sn_lang_complain(l, node, "input group, then a[group]", "a parameter of several numbers is read by a column alone");
        return sn_lang_wrong();
    }
    const uint32_t number = choice(l, &l->groups[place], l->p->ops[index.ref].a, n.at);
    return sn_lang_scalar(sn_ir_emit(l->p, IR_PARAM, l->type, number, 0, 0), l->type);
}

/* ---- priors ---- */

/* `a ~ normal(mu, tau)`: of each number once, not of each row. So it is no term of the program of rows; whoever has the numbers compiles it as one of its own,
 * whose input is the number. */

uint32_t sn_lang_all_numbers(const lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    const uint32_t slot = n->kind == NODE_LOCAL ? sn_lang_slot(l, n->a) : n->kind == NODE_GLOBAL ? l->t->symbols[n->a].global_slot : 0;
    return slot && l->slots[slot].state == SLOT_GROUPED ? slot : 0;
}

uint32_t sn_lang_chosen_number(const lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    return n->kind == NODE_INDEX ? sn_lang_all_numbers(l, n->a) : 0;
}

const char *sn_lang_note_prior(lowering *l, uint32_t statement, uint32_t slot)
{
    const lang_statement s = l->t->statements[statement];
    const uint32_t place = l->slots[slot].value.ref;
    lang_density *out = l->options->described;
    if (!place || l->dry)
        return NULL;
    const lang_group *g = &l->groups[place];
    if (l->prior_count == LANG_DENSITY_PARAMETERS) {
        sn_lang_too_large(l, s.at, "a density has at most 256 priors on numbers of parameters");
        return NULL;
    }
    l->prior_count++;
    if (out && !out->priors) {
        out->priors = sn_arena_take(l->memory, LANG_DENSITY_PARAMETERS * sizeof *out->priors);
        l->t->out_of_memory |= !out->priors;
    }
    if (out && out->priors)
        out->priors[out->prior_count++] = g->number;
    return l->options->prior == l->prior_count ? g->one.name : NULL;
}
