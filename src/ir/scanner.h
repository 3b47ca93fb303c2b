/* The text form as characters: words, names, numbers, and errors with their places. What parser.c reads with.
 *
 * Readers skip blanks and comments before what they read, never a line's end. Those that give bool give false
 * after an error was reported; `accept…` reports nothing. Errors beyond what the report holds are counted
 * only, and cost nothing. */
#ifndef SN_IR_SCANNER_H
#define SN_IR_SCANNER_H

#include "ir/ir.h"

/* A stretch of the text, or of a quoted name without its quotes. */
typedef struct slice {
    const char *start, *end;
} slice;

typedef struct scanner {
    arena *memory; /* for quoted names */
    sinter_report *report;
    const char *at, *end, *line_start;
    int line;
    sinter_status stopped; /* why nothing more can be read: memory was refused or a limit reached */
    const char *stop_message;
} scanner;

/* An error at the place; its words may be cut. Always false. */
bool sn_ir_complain(scanner *s, slice place, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* An error after which nothing is read any more. Always false. */
bool sn_ir_stop(scanner *s, sinter_status status, slice place, const char *message);
bool sn_ir_no_memory(scanner *s);
/* For %.*s in messages: not too much of a word. */
int sn_ir_shown(slice word);

/* ---- hints: the nearest of some names ---- */
typedef struct nearest {
    slice wanted, best;
    unsigned distance; /* of the best; at first: what is no neighbour any more. 0: nobody asks */
} nearest;

nearest sn_ir_nearest_to(const scanner *s, slice wanted);
void sn_ir_compare_name(nearest *n, slice candidate);
void sn_ir_compare_text(nearest *n, const char *candidate);
/* The hint, in the buffer, or NULL. */
const char *sn_ir_hint(const nearest *n, char *buffer, size_t size);

/* ---- characters and words ---- */
const char *sn_ir_line_end(const scanner *s, const char *from);
void sn_ir_skip_blanks(scanner *s);
bool sn_ir_at_line_end(scanner *s);
void sn_ir_next_line(scanner *s);
bool sn_ir_accept(scanner *s, char c);
bool sn_ir_expect(scanner *s, char c);
bool sn_ir_expected(scanner *s, const char *what); /* `expected …, not …`: always false */
slice sn_ir_here(scanner *s);                      /* what an error here would underline */
bool sn_ir_in_word(char c);                        /* letters, digits, _ . ' */
slice sn_ir_peek_word(scanner *s);                 /* empty where none begins */
bool sn_ir_is_text(slice word, const char *text);
bool sn_ir_accept_word(scanner *s, const char *text);
bool sn_ir_read_quoted(scanner *s, slice *name);                 /* at the quote */
bool sn_ir_read_name(scanner *s, const char *what, slice *name); /* a word, or quoted */
bool sn_ir_accept_type(scanner *s, ir_type *type);
bool sn_ir_read_type(scanner *s, ir_type *type);

/* ---- numbers ---- */
bool sn_ir_read_f64(scanner *s, uint64_t *bits);
bool sn_ir_read_integer(scanner *s, int64_t low, int64_t high, const char *what, int64_t *value);
/* A number of that type as it stands in constants and tables; its bits. */
bool sn_ir_read_bits(scanner *s, ir_type type, uint64_t *bits);

#endif
