/* Members as two parts: what their parameters alone determine, which becomes a routine in C, and the rest, which takes the routine's results. */
#ifndef SN_LIB_SPLIT_MEMBERS_H
#define SN_LIB_SPLIT_MEMBERS_H

#include "lang/kept_members.h"
#include "math/math.h"

struct text;

typedef struct split_member {
    ir_extract rest;     /* of the member's inputs and, behind them, the results */
    ir_program routine;  /* parameters are its parameters; its outputs are the results: f64, or i32, as which masks go */
    uint8_t *types;      /* ir_type of the results */
    uint32_t parameters, results, operations; /* the last: that the routine computes */
    uint32_t slopes;     /* as in lang_prepared */
    uint8_t *slope_flags;
    bool checks;
} split_member;

/* Of a member whose functions are not expanded the parts have its derivatives by all inputs as further results, and are expanded. Parameters are checked by the routine,
 * where the member is kept that way, too. False where there is nothing to be gained, or it has no place in a program (IR_ROUTINE_ARGUMENTS). Everything lives in
 * `memory`. */
bool sn_split_member(const struct lang_kept_member *m, math_templates *functions, arena *memory, split_member *out);
/* Appends the routine as a function in C, and ROUTINE_NUMBER, its ir_routine as an initializer. False when memory is refused. */
bool sn_write_routine(const split_member *s, const char *family, unsigned number, struct text *out);

#endif
