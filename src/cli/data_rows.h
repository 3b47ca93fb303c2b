/* Data for a density: rows of the columns that it wants, from the command line (--at), a table of text or an NPY file, a piece at a time.
 *
 * With --sum-by one column more is read, behind those of the density, which says groups: whole numbers from 0 on.
 *
 * Which column of a file serves which column of the density is settled when the file is opened: --column says it; else names do, where the file
 * has them; else the order, where there are as many. */
#ifndef SN_CLI_DATA_ROWS_H
#define SN_CLI_DATA_ROWS_H

#include "cli/command.h"
#include "cli/csv_reader.h"

typedef enum data_kind { DATA_POINTS, DATA_TEXT, DATA_NPY } data_kind;

typedef struct data_rows {
    const arguments *a;
    const char *path, *name; /* name: what messages call it */
    data_kind kind;
    const sinter_stream_info *columns; /* of the density */
    uint32_t column_count;
    uint32_t read_count;     /* columns that are read: the same, or one more */
    FILE *in;
    csv_reader text;
    npy_reader npy;
    double *record;  /* rows of the NPY file, or all points */
    size_t record_rows;
    size_t *chosen;  /* for each column of the density, that of the file */
    size_t point_count, next;
    uint64_t skipped;       /* rows left out for missing values */
    int64_t first_skipped;  /* the line of the first, or its row in NPY files */
    progress progress;
} data_rows;

/* STATUS_USAGE where the arguments do not fit. */
int sn_cli_open_rows(data_rows *d, const arguments *a, const sinter_density_info *info);
/* Of the column that --sum-by names: its labels; NULL: it has numbers. */
const char *const *sn_cli_labels_by(const data_rows *d);
/* Up to `room` rows, column k into values[k]; 0 at the end, -1 after an error, which is told. */
ptrdiff_t sn_cli_read_rows(data_rows *d, double *const *values, size_t room);
/* How many rows were left out, if any, on the standard error stream. */
void sn_cli_tell_skipped(const data_rows *d);
void sn_cli_close_rows(data_rows *d); /* all zeros are allowed */

#endif
