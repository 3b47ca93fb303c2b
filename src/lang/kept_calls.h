/* Calls of the library's functions, kept as operations for the next program. */
#ifndef SN_LANG_KEPT_CALLS_H
#define SN_LANG_KEPT_CALLS_H

#include "lang/library.h"
#include "lang/lowering.h"

enum { KEPT_KEY_WORDS = 48 };

/* What tells a call from others: the function, and of each argument what the operations can depend on. */
typedef struct kept_key {
    uint64_t words[KEPT_KEY_WORDS];
    uint32_t count; /* 0: such a call is not kept */
    uint32_t inputs; /* numbers among the arguments that the operations take as they come */
} kept_key;

/* `arguments` in the order of the parameters, count 0 where the default stands. */
void sn_lang_kept_key(const lowering *l, const lang_library_item *item, const lang_value *arguments, kept_key *key);
/* The call if it is kept; its operations are appended then, its lines are there, and *value is its value. */
bool sn_lang_take_kept_call(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, const kept_key *key, lang_value *value);
/* The same of a call that is lowered for that, and kept, where it can be. The function has its body. */
bool sn_lang_keep_call(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, const kept_key *key, lang_value *value);
/* Before a program is lowered: forgets all calls where there are too many. */
void sn_lang_trim_kept_calls(struct kept_calls *all);

#endif
