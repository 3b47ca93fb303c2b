/* Tables of numbers as text, a piece of rows at a time: CSV as RFC 4180 has it and as programs write it, and plain numbers.
 *
 * Fields are separated by tabs, semicolons or commas, whichever of them the first line has (looked for in this order), else by spaces
 * and tabs. They may be quoted, quotes doubled inside; lines end in LF, CRLF or CR, and a quoted field may have line breaks. Spaces around a
 * field do not count; empty lines and lines that begin with # are passed over; so is a byte order mark of UTF-8. A first line without any number names
 * the columns. Every line must have as many fields as the first.
 *
 * Numbers are decimal, with a point, and are rounded once; `inf` and `infinity` are numbers. Missing is an empty field, and one that says NA, N/A, NaN, null, none, ? or a lone
 * point, in capitals or not. Columns that nobody chose may hold anything.
 *
 * A chosen column may say groups: whole numbers from 0 to before a limit, or, if its first field is no number, labels, which are numbered from 0 as they come.
 *
 * Memory does not grow with the file: a record may have up to CSV_MOST_RECORD bytes. Nothing read is trusted. Where a function fails
 * *e says why, with line and column, and the name of the file is the caller's to say. */
#ifndef SN_CLI_CSV_READER_H
#define SN_CLI_CSV_READER_H

#include <sinter/kernel.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CSV_MOST_RECORD = 1 << 24, CSV_MOST_COLUMNS = 65536, CSV_MOST_GROUPS = 1 << 20 /* that no parameter limits */ };

typedef struct csv_options {
    bool skip_missing; /* rows with a missing value in a chosen column are left out; else they are errors */
    bool single;       /* values are those of f32 */
    size_t buffer;     /* bytes read at once; 0: what is fast */
} csv_options;

typedef struct csv_field {
    const char *text; /* in the buffer, without quotes around it; quotes inside are still doubled */
    size_t length;
    bool quoted;
} csv_field;

/* Of a column of groups. */
typedef struct csv_groups {
    uint32_t most;    /* 0: it is none */
    bool settled, labelled; /* its first field was read; it is a label */
    char **labels;
    uint32_t count;
    uint32_t *places; /* by hash: number of the label + 1; 0: free */
    size_t place_count;
} csv_groups;

/* The first members are for all to read; the rest is the reader's own. */
typedef struct csv_reader {
    size_t column_count;
    char **names;      /* of the columns; NULL: the first line has numbers */
    uint64_t skipped;  /* rows left out so far */
    int64_t first_skipped; /* the line of the first of them; 0: none */
    int64_t consumed;  /* bytes of the file */
    bool one_line;     /* there are no names, and nothing follows the first line */

    bool at_end;             /* of the file */
    bool pending;            /* the record is there and was not taken yet */
    bool list;
    char delimiter;          /* ' ': spaces and tabs */
    FILE *in;
    csv_options options;
    char *buffer;
    size_t start, end, room; /* of what was read: the next record begins at `start` */
    int64_t line;            /* that `start` is on */
    csv_field *fields;       /* of the record at `start`, which ends `record` bytes behind it */
    size_t field_count, field_room, record;
    int64_t record_lines;
    size_t *chosen;          /* NULL: the first column */
    size_t chosen_count;
    csv_groups *groups;      /* of the chosen columns; NULL: none is one */
    size_t list_next;
} csv_reader;

/* Reads the first line. A file without any is one without columns. On success the reader must be closed. */
bool sn_csv_open(csv_reader *r, FILE *in, const csv_options *options, sinter_error *e);
/* Columns by number, from 0 on: those whose values are read from now on. False: out of memory. */
bool sn_csv_choose(csv_reader *r, const size_t *columns, size_t count);
/* Of a single line: its numbers are rows of one column. */
void sn_csv_take_list(csv_reader *r);
/* Reads up to `room` rows, chosen column k into values[k]; how many there were, 0 at the end, -1 after an error (rows before it are lost). */
ptrdiff_t sn_csv_read(csv_reader *r, double *const *values, size_t room, sinter_error *e);
/* The chosen column `k` (of those that sn_csv_choose was given) says groups, at most `most`. False: out of memory. */
bool sn_csv_number_groups(csv_reader *r, size_t k, uint32_t most);
/* The labels of that column so far, in the order of their numbers; NULL: it has none. */
const char *const *sn_csv_labels(const csv_reader *r, size_t k, size_t *count);
void sn_csv_close(csv_reader *r); /* the file stays open */

#endif
