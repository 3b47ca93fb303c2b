/* The standard library as the language sees it: functions and tables that are written in the language itself, in
 * src/lib/NAME.sn, and become this one sorted list when the library is built (src/lib/embed.py). Texts that use a name
 * of it get its definition put behind them and parsed when it is called first: what a program costs to compile depends
 * on what it uses, not on what there is. */
#ifndef SN_LANG_LIBRARY_H
#define SN_LANG_LIBRARY_H

#include "lang/tree.h"

/* A family's text in pieces: what is asked for needs some of its statements, and only these are parsed. */
typedef struct lang_family_text {
    const char *name;     /* of the family, also where the item is another name of it */
    const char *head;     /* `family normal(mu, sigma > 0) on real {` */
    const char *support;  /* `real` */
    const char *const *statements;
    uint8_t statement_count;
    bool has_f32; /* its forms are right in f32 as well; without that it computes in f64 and is rounded */
    uint64_t needs[LANG_QUANTITIES]; /* the statements of each quantity, a bit each; 0: it has none */
} lang_family_text;

typedef struct lang_library_item {
    const char *name;
    const char *text; /* of the definition, without comments; NULL: a table */
    uint32_t length;  /* of the text */
    uint8_t name_length;
    uint8_t count, least; /* arguments; how many have no default */
    uint8_t needed;       /* numbers that those take, one for each that has no size */
    uint8_t free_names;   /* that it or what it calls reads, as in lang_function */
    bool stateful;        /* it or what it calls */
    const uint8_t *sizes; /* of the arguments, 0: any */
    const char *names;    /* of the arguments, separated by spaces */
    const char *arguments; /* as written: `p:2, seed=0` */
    const char *group;     /* title of its file */
    const char *summary;   /* NULL: for the library's own use */
    const char *details;   /* lines, "" if there are none */
    const void *content;   /* of a table */
    uint32_t entries;
    ir_type type; /* of the table's entries */
    const lang_family_text *family; /* of a family; else NULL */
} lang_library_item;

/* Sorted by name, definitions of one name by `needed`, greatest first. */
extern const lang_library_item sn_lang_library[];
extern const uint32_t sn_lang_library_count;

/* Families, which are a space of names of their own, sorted by name. */
extern const lang_library_item sn_lang_families[];
extern const uint32_t sn_lang_family_count;
const lang_library_item *sn_lang_find_family(const char *text, uint32_t length);

/* The family that the symbol names, with the text of what a quantity needs, parsed; with the head alone, if that will do (`bare`) and nothing else is
 * there. 0: it has no such quantity, or memory was refused. */
uint32_t sn_lang_library_family(lang_tree *t, arena *memory, uint32_t symbol, lang_member quantity, bool bare);

/* The first item of that name, NULL if there is none. `text` can be read up to 8 bytes past its end. */
const lang_library_item *sn_lang_find_item(const char *text, uint32_t length);
/* The same for what a text calls: only what is documented can be called from outside the library. */
const lang_library_item *sn_lang_find_callable(const lang_tree *t, uint32_t symbol);
/* The item behind one in the list, if it has the same name; else NULL. */
const lang_library_item *sn_lang_next_item(const lang_library_item *item);

/* The first definition of what the symbol calls, as a function of the tree: without a body until it is parsed.
 * 0: there is none, or memory was refused, which the tree remembers. */
uint32_t sn_lang_library_function(lang_tree *t, arena *memory, uint32_t symbol);
/* Gives the function its body; true if it has one. Arrays of the tree and its text may move. */
bool sn_lang_parse_item(lang_tree *t, arena *memory, uint32_t function);

#endif
