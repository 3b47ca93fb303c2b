/* The list of built members that has none. */
#include "lang/built_members.h"

const lang_built_member sn_lang_built_members[1] = {{.family = NULL}};
const uint32_t sn_lang_built_member_count = 0;
