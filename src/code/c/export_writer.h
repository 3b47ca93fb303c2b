/* What the exporter's files share. */
#ifndef SN_CODE_C_EXPORT_WRITER_H
#define SN_CODE_C_EXPORT_WRITER_H

#include "base/text.h"
#include "code/c/export_c.h"

typedef struct c_writer {
    const plan *plan;
    arena *memory;
    const char *name;            /* what every external identifier begins with */
    const char **inputs;         /* identifiers: arguments of the function of one element */
    const char **outputs;
    const char **params;
    const char **memories;
    uint8_t *uniform_types;      /* ir_type, by frame slot; 0 where nothing is set */
    text *out;
} c_writer;

/* ---- export_names.c ---- */
/* Adds the string; each @ in it becomes the name. */
void sn_c_say(const c_writer *w, const char *string);
/* The value as a C constant expression of its type, in parentheses where it begins with a sign. */
void sn_c_constant(const c_writer *w, unsigned type, uint64_t bits);
const char *sn_c_type(unsigned type); /* of values and memory elements; a mask is an int */
/* A valid identifier that resembles `name`, unlike the `count` ones in `taken` and whatever the file itself
 * names. */
const char *sn_c_identifier(arena *memory, const char *name, const char *const *taken, uint32_t count);
/* The same for a name at file scope: unlike the functions that the file's headers declare, too. */
const char *sn_c_function_name(arena *memory, const char *name);
bool sn_c_name_all(c_writer *w);

/* ---- export_loops.c ---- */
/* A uniform by its frame slot: what it is called in the instance, or (`one`) in the function of one element. */
void sn_c_uniform(const c_writer *w, uint32_t slot, bool one);
void sn_c_write_loops(const c_writer *w);
/* One element; false if the program has none such. */
bool sn_c_has_function(const plan *p);
void sn_c_write_function(const c_writer *w);

/* ---- export_scans.c ---- */
void sn_c_write_scan_types(const c_writer *w);
void sn_c_write_scan_fields(const c_writer *w); /* of an instance */
void sn_c_write_scans(const c_writer *w);
void sn_c_call_scans(const c_writer *w, uint32_t loop); /* those before it */
/* The one that is computed instead of a loop, and its number, or NULL. */
const plan_scan *sn_c_scan_instead(const c_writer *w, uint32_t loop, uint32_t *number);

/* ---- export_support.c ---- */
/* Those functions that `code` calls. */
void sn_c_write_support(const c_writer *w, const text *code);

#endif
