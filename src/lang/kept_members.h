/* Members of the library's families, kept as operations for the next program. */
#ifndef SN_LANG_KEPT_MEMBERS_H
#define SN_LANG_KEPT_MEMBERS_H

#include "lang/library.h"
#include "lang/lowering.h"

enum { PREPARED_GATE = 4 /* it has a gate */, PREPARED_NONE = 8 /* there is no such derivative: it is 0 */ };

/* A member of which what the parameters alone determine is the results of a routine: its arguments are the parameters, and the extract's those of the member with the
 * results behind them. Functions are expanded. Its further results are the derivative by each input, of a member whose own functions are not expanded, and behind them, where
 * the parameters are to be given as they are before they are checked, whether they are valid, and what the density is outside of the support: -inf, or NaN where they are not. */
typedef struct lang_prepared {
    ir_extract extract;
    uint32_t parameters; /* of the inputs, the first ones */
    uint32_t slopes;     /* among the further results; behind them, of those that have one, their gates */
    const uint8_t *slope_flags; /* PREPARED_… and IR_SLOPE_… of each */
    bool checks;
    const ir_routine *routine;
} lang_prepared;

/* One member of one family: a number that follows from the parameters and from what is given (x). */
struct lang_kept_member {
    struct lang_kept_member *next;
    const lang_family_text *family;
    ir_extract extract; /* of the parameters, then what is given, element by element */
    uint32_t inputs;
    uint64_t shape; /* how many elements each of them has, six bits each, from the lowest on */
    ir_ref result; /* of the program that it is kept from; 0: it cannot be kept */
    const lang_prepared *prepared; /* NULL, or the same with a routine */
    const ir_extract *checked; /* NULL, or the same of parameters that are yet to be checked, with what the density is outside as a further result, a choice, if there is anything to be
                                  checked: for whoever writes the above */
    uint64_t carries; /* by input: a NaN there makes one of the result */
    uint32_t rules;
    uint8_t quantity, type;
    bool derived; /* put together from eta and T */
    bool expanded; /* functions are, if it has any */
};

/* NULL: it has not been asked for, or is not kept, or nothing is. A shape of 0: any will do. */
struct lang_kept_member *sn_lang_find_kept(const lowering *l, const lang_family_text *family, lang_member quantity, uint64_t shape);
/* Keeps the result of a program whose inputs are those of the member, with its `carries` and `derived`; a result of 0, that there is none to be
 * kept. NULL when memory is refused. */
struct lang_kept_member *sn_lang_keep_member(const lowering *l, const struct lang_kept_member *member, const ir_program *program);
bool sn_lang_keeps_checked(const lowering *l); /* is it wanted? */
/* Sets `checked` of one that was kept. `outside`: 0, or the choice. False when memory is refused. */
bool sn_lang_keep_checked(const lowering *l, struct lang_kept_member *member, const ir_program *program, ir_ref result, ir_ref outside);

/* What is known of parameters where a routine checked them. */
typedef struct kept_checks {
    ir_ref valid, outside; /* 0: it did not */
} kept_checks;
/* The member's operations of these inputs, which are no constants, appended to the program; the result. `unchecked`: the same with the parameters as they were before they were
 * checked, 0: they are of other types; if these are taken, *checks is set. */
ir_ref sn_lang_copy_member(lowering *l, const struct lang_kept_member *member, const ir_ref *inputs, const ir_ref *unchecked, kept_checks *checks);

#endif
