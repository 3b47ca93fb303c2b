/* libFuzzer on the reader of tables: whatever the bytes, no crash, an error that can be shown, and the same rows whether the file is read at once or
 * a few bytes at a time. The first byte chooses the size of the buffer and what becomes of missing values. */
#include "cli/csv_reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 64, MOST = 1 << 14 };

typedef struct outcome {
    bool failed;
    size_t columns, rows;
    double values[MOST];
    sinter_error error;
} outcome;

static void complain(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

static void read_rows(csv_reader *r, outcome *o)
{
    double first[ROWS], last[ROWS];
    const size_t chosen[2] = {0, r->column_count - 1};
    ptrdiff_t count;
    if (r->one_line)
        sn_csv_take_list(r);
    else if (!sn_csv_choose(r, chosen, 2))
        complain("no memory for a choice");
    while ((count = sn_csv_read(r, (double *[]){first, last}, ROWS, &o->error)) > 0)
        for (ptrdiff_t i = 0; i < count; i++, o->rows++) {
            o->values[2 * o->rows % MOST] = first[i];
            o->values[(2 * o->rows + 1) % MOST] = r->one_line ? 0 : last[i];
        }
    o->failed = count < 0;
}

static void read_table(const uint8_t *data, size_t size, const csv_options *options, outcome *o)
{
    memset(o, 0, sizeof *o);
    FILE *in = fmemopen((void *)(uintptr_t)data, size, "rb");
    csv_reader r;
    if (!in)
        complain("no stream");
    if (!sn_csv_open(&r, in, options, &o->error)) {
        o->failed = true;
    } else {
        o->columns = r.column_count;
        if (r.column_count)
            read_rows(&r, o);
        sn_csv_close(&r);
    }
    fclose(in);
    if (o->failed && (!o->error.message[0] || (o->error.line > 0 && (o->error.column < 1 || o->error.width < 1 || o->error.excerpt_column < 1))))
        complain("an error without message or place");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static outcome whole, pieces;
    if (size < 2)
        return 0;
    csv_options options = {.skip_missing = data[0] & 1, .single = data[0] & 2};
    read_table(data + 1, size - 1, &options, &whole);
    options.buffer = 1 + data[0] / 4;
    read_table(data + 1, size - 1, &options, &pieces);
    /* Where something is wrong, only as much as was read of it can be told. */
    if (whole.failed != pieces.failed || whole.columns != pieces.columns || whole.rows != pieces.rows
        || memcmp(whole.values, pieces.values, sizeof whole.values) != 0)
        complain("another table in pieces");
    if (whole.error.line != pieces.error.line || whole.error.column != pieces.error.column || strcmp(whole.error.message, pieces.error.message) != 0)
        complain("another error in pieces");
    return 0;
}
