/* Members of the library's families that are lowered when the library is built (lib/write_members.c), so that the first text of a context finds what later ones do. */
#ifndef SN_LANG_BUILT_MEMBERS_H
#define SN_LANG_BUILT_MEMBERS_H

#include "lang/kept_members.h"

typedef struct lang_built_member {
    const char *family;
    struct lang_kept_member member; /* its `family` and `next` are NULL */
} lang_built_member;

/* What the routines of these members are, one of each at most. Compiled apart from the rest, for what machine code needs as well (meson.build). */
extern const ir_routine sn_lang_built_routines[];

/* Sorted by the family. There are none in the library that writes them, and where what is built cannot be run (lib/no_built_members.c). */
extern const lang_built_member sn_lang_built_members[];
extern const uint32_t sn_lang_built_member_count;

#endif
