/* Members of the library's families, kept as operations for the next program. */
#ifndef SN_LANG_KEPT_MEMBERS_H
#define SN_LANG_KEPT_MEMBERS_H

#include "lang/library.h"
#include "lang/lowering.h"

/* One member of one family: a number that follows from the parameters and from what is given (x). */
struct lang_kept_member {
    struct lang_kept_member *next;
    const lang_family_text *family;
    ir_extract extract; /* of the parameters, then what is given, element by element */
    uint32_t inputs;
    uint64_t shape; /* how many elements each of them has, six bits each, from the lowest on */
    ir_ref result; /* of the program that it is kept from; 0: it cannot be kept */
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
/* The member's operations of these inputs, which are no constants, appended to the program; the result. */
ir_ref sn_lang_copy_member(lowering *l, const struct lang_kept_member *member, const ir_ref *inputs);

#endif
