/* Where parameters are valid and x lies in the support: what distributions.c asks of supports.c. */
#ifndef SN_LANG_SUPPORTS_H
#define SN_LANG_SUPPORTS_H

#include "lang/lowering.h"

/* An evaluation of one member: what parameters and x turned out to be. */
typedef struct lang_evaluation {
    lowering *l;
    uint32_t node;
    lang_value valid; /* all parameters keep their constraints; count 0: nothing that could break */
    lang_value outside; /* of a log-density, where it is known: -inf, or NaN where a parameter is invalid; count 0: it is not */
    const lang_value *arguments; /* the parameters as they were given */
    lang_value parameters[LANG_MAX_TUPLE]; /* as they are bound */
    uint32_t count;
    const struct lang_kept_member *kept; /* what it was copied from; NULL: it was lowered */
    uint64_t carries; /* where it was copied: a bit for each parameter, and one for x: a NaN there makes one of the value */
} lang_evaluation;

/* Of a triangle by rows, is the element the last of its row? */
static inline bool sn_lang_is_diagonal(uint32_t element)
{
    uint32_t row = 0;
    while ((row + 1)*(row + 2)/2 - 1 < element)
        row++;
    return (row + 1)*(row + 2)/2 - 1 == element;
}

/* The parameter, NaN where it breaks its constraint, which is added to the conditions. */
lang_value sn_lang_check_parameter(lang_evaluation *e, const lang_constraint *c, lang_value v);
/* The weights, NaN where they are no point of the simplex. */
lang_value sn_lang_checked_simplex(lowering *l, uint32_t node, lang_value v);
lang_value sn_lang_floor_of(const lang_evaluation *e, lang_value v);

/* Is `to` a NaN wherever `from` is one, as far as a few hundred operations show? */
bool sn_lang_carries_nan(const ir_program *p, ir_ref from, ir_ref to);
/* NaN where x or a parameter is one, if the value's own computation does not see to it. */
lang_value sn_lang_with_nans(const lang_evaluation *e, lang_value x, lang_value v);
/* -inf outside of the support. `derived`: of what is put together from eta and T nobody has seen to what it is at infinity. */
lang_value sn_lang_density_within(const lang_evaluation *e, const lang_constraint *c, lang_value x, lang_value v, bool derived);
/* Of shares: 0 and -inf beyond the ends of the support. */
lang_value sn_lang_tail_within(const lang_evaluation *e, const lang_constraint *c, lang_value x, lang_value v, bool survival);

#endif
