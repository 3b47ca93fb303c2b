/* Limits of parameters, noted for whoever sets them: what supports.c and combinations.c tell parameter_limits.c. */
#ifndef SN_LANG_PARAMETER_LIMITS_H
#define SN_LANG_PARAMETER_LIMITS_H

#include "lang/lowering.h"

/* A density is NaN unless the number lies above the limit, or below it; `open`: at it too. */
void sn_lang_note_limit(lowering *l, lang_value v, bool above, bool open, lang_value limit);
void sn_lang_note_finite(lowering *l, lang_value v);
void sn_lang_note_whole(lowering *l, lang_value v);
/* A density is NaN unless the elements add up to 1. */
void sn_lang_note_sum(lowering *l, lang_value v);

#endif
