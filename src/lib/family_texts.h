/* The library's families as texts, for the programs that write what comes of them when the library is built. */
#ifndef SN_LIB_FAMILY_TEXTS_H
#define SN_LIB_FAMILY_TEXTS_H

#include <sinter/sinter.h>

/* Calls `visit` for each, until one fails. Families of tuples come as of two and of three numbers, since they differ by how long these are; all others by name. */
typedef sinter_status (*family_visitor)(void *visitor, const char *text);
sinter_status sn_each_family_text(family_visitor visit, void *visitor);

#endif
