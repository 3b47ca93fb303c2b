/* sinter eval: the values of a field at points.
 *
 * Points come from the command line (--at) or from files (--input), and are columns in either case; what
 * neither gives is an error that names it. Without points there is one value. A long list of points goes
 * through the kernel in pieces that stay in the cache; that the bits do not depend on it is the library's
 * promise. */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 14, FREE_NAMES = 4 };
static const char *const free_names[FREE_NAMES] = {"x", "y", "z", "t"};

typedef struct evaluation {
    const arguments *a;
    preparation prepared;
    columns columns;
    char *names;       /* for options.inputs, or NULL: the text's own */
    uint8_t *given;    /* while --at is read: which of the columns' values have come */
    size_t *column_of; /* for each input of the kernel */
    sinter_instance *instance;
    void **inputs, **outputs; /* PIECE elements each */
    void *rows;               /* outputs side by side */
    receipt receipt;
} evaluation;

/* ---- points of the command line ---- */

static size_t find_column(const columns *c, const char *name, size_t length)
{
    size_t i = 0;
    while (i < c->count && (strlen(c->list[i].name) != length || memcmp(c->list[i].name, name, length) != 0))
        i++;
    return i;
}

typedef bool (*value_visitor)(evaluation *e, size_t row, const char *name, size_t name_length,
                              const char *text, size_t length);

/* Calls the visitor for every NAME=VALUE of every --at. */
static bool visit_points(evaluation *e, value_visitor visit)
{
    for (int row = 0; row < e->a->point_count; row++) {
        for (const char *p = e->a->points[row]; *p; p += *p == ',') {
            const size_t name = strcspn(p, "="), whole = strcspn(p, ",");
            if (!visit(e, (size_t)row, p, name, p + name + 1, whole - name - 1))
                return false;
            p += whole;
        }
    }
    return true;
}

/* The first visit only collects names, in the list of columns that have no values yet. */
static bool collect_name(evaluation *e, size_t row, const char *name, size_t name_length, const char *text,
                         size_t length)
{
    (void)row;
    (void)text;
    (void)length;
    columns *c = &e->columns;
    if (find_column(c, name, name_length) < c->count)
        return true;
    column *list = name_length < sizeof list->name ? realloc(c->list, (c->count + 1) * sizeof *list) : NULL;
    if (!list)
        return sn_cli_refuse(name_length < sizeof list->name ? "out of memory"
                                                             : "a name in --at is too long");
    c->list = list;
    c->list[c->count] = (column){.place = c->count};
    memcpy(c->list[c->count++].name, name, name_length);
    return true;
}

static bool fill_value(evaluation *e, size_t row, const char *name, size_t name_length, const char *text,
                       size_t length)
{
    const size_t at = row * e->columns.count + find_column(&e->columns, name, name_length);
    if (e->given[at]++) {
        sn_cli_misuse(e->a->command, "--at %s gives %.*s twice", e->a->points[row], (int)name_length, name);
        return false;
    }
    return sn_cli_read_number(text, length, e->a->type, (double *)e->columns.arrays[0].data + at);
}

/* Makes the columns of all --at: each must give the same names. */
static int read_points(evaluation *e)
{
    if (!visit_points(e, collect_name))
        return STATUS_BAD;
    columns made;
    const size_t count = e->columns.count, rows = (size_t)e->a->point_count;
    if (!sn_cli_make_columns(&made, count, rows))
        return STATUS_BAD;
    for (size_t i = 0; i < count; i++)
        memcpy(made.list[i].name, e->columns.list[i].name, sizeof made.list[i].name);
    sn_cli_release_columns(&e->columns);
    e->columns = made;
    e->given = calloc(rows * count + 1, 1);
    if (!e->given)
        return sn_cli_fail("out of memory");
    int status = visit_points(e, fill_value) ? STATUS_GOOD : STATUS_USAGE;
    for (size_t i = 0; status == STATUS_GOOD && i < rows * count; i++)
        if (!e->given[i])
            status = sn_cli_misuse(e->a->command, "--at %s lacks %s, which another --at gives",
                                   e->a->points[i / count], e->columns.list[i % count].name);
    return status;
}

/* ---- points of files ---- */

/* Columns without a name are x, y, z, t in this order, but for those that were named. */
static int name_columns(evaluation *e)
{
    columns *c = &e->columns;
    size_t next = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (*c->list[i].name) {
            if (find_column(c, c->list[i].name, strlen(c->list[i].name)) != i)
                return sn_cli_misuse(e->a->command, "--input gives %s twice", c->list[i].name);
            continue;
        }
        while (next < FREE_NAMES && find_column(c, free_names[next], 1) < c->count)
            next++;
        if (next == FREE_NAMES)
            return sn_cli_misuse(
                e->a->command, "the inputs have more columns than x y z t; give the others as NAME=FILE.npy");
        snprintf(c->list[i].name, sizeof c->list[i].name, "%s", free_names[next]);
    }
    return STATUS_GOOD;
}

/* ---- what the kernel's inputs are ---- */

/* Names of the user's own become inputs; then all of them are named, as options.inputs wants it. */
static int settle_names(evaluation *e)
{
    const columns *c = &e->columns;
    bool own = false;
    size_t room = 2 * FREE_NAMES + 1;
    for (size_t i = 0; i < c->count; i++) {
        bool is_free = false;
        for (int k = 0; k < FREE_NAMES; k++)
            is_free = is_free || strcmp(c->list[i].name, free_names[k]) == 0;
        own = own || !is_free;
        room += strlen(c->list[i].name) + 1;
    }
    if (!own)
        return STATUS_GOOD;
    if (!(e->names = calloc(room, 1)))
        return sn_cli_fail("out of memory");
    for (size_t i = 0; i < c->count; i++) {
        strcat(e->names, i ? " " : "");
        strcat(e->names, c->list[i].name);
    }
    return STATUS_GOOD;
}

static int bind_inputs(evaluation *e)
{
    const sinter_kernel_info *info = &e->prepared.info;
    e->column_of = calloc(info->input_count + 1, sizeof *e->column_of);
    if (!e->column_of)
        return sn_cli_fail("out of memory");
    for (uint32_t i = 0; i < info->input_count; i++) {
        const char *name = info->inputs[i].name;
        e->column_of[i] = find_column(&e->columns, name, strlen(name));
        if (e->column_of[i] == e->columns.count)
            return e->a->input_count
                       ? sn_cli_misuse(e->a->command, "the program reads %s, but no --input gives it", name)
                       : sn_cli_misuse(e->a->command, "the program reads %s, which has no value: --at %s=0.5",
                                       name, name);
    }
    return STATUS_GOOD;
}

static int compile(evaluation *e)
{
    sinter_options options = sn_cli_options_of(e->a, &e->prepared.program, false);
    options.inputs = e->prepared.program.form == FORM_VM ? NULL : e->names;
    int status = sn_cli_compile(e->a, &e->prepared, &options);
    if (status == STATUS_GOOD &&
        (e->prepared.info.output_count == 0 || e->prepared.info.bound_table_count > 0))
        return sn_cli_fail("the program has no value to print");
    if (status == STATUS_GOOD)
        status = sn_cli_refuse_images(e->a, &e->prepared);
    if (status == STATUS_GOOD)
        status = bind_inputs(e);
    return status == STATUS_GOOD ? sn_cli_open_instance(e->a, &e->prepared, &e->instance) : status;
}

/* ---- running ---- */

static void close_buffers(void **buffers, uint32_t count)
{
    for (uint32_t i = 0; buffers && i < count; i++)
        free(buffers[i]);
    free(buffers);
}

static void **open_buffers(const sinter_stream_info *streams, uint32_t count)
{
    void **buffers = calloc(count + 1, sizeof *buffers);
    for (uint32_t i = 0; buffers && i < count; i++) {
        if (!(buffers[i] = calloc(PIECE, sn_cli_type_size(streams[i].type)))) {
            close_buffers(buffers, count);
            return NULL;
        }
    }
    return buffers;
}

static void print_plain(const evaluation *e, size_t row)
{
    const sinter_kernel_info *info = &e->prepared.info;
    for (uint32_t k = 0; k < info->output_count; k++) {
        if (k)
            putchar(' ');
        sn_cli_print_element(stdout, info->outputs[k].type, e->outputs[k], row, false);
    }
    putchar('\n');
}

static void print_streams(const sinter_stream_info *streams, uint32_t count, void *const *arrays, size_t row)
{
    for (uint32_t k = 0; k < count; k++) {
        fputs(k ? "," : "", stdout);
        sn_cli_print_json_text(stdout, streams[k].name, strlen(streams[k].name));
        putchar(':');
        sn_cli_print_element(stdout, streams[k].type, arrays[k], row, true);
    }
}

static void print_json(const evaluation *e, size_t row)
{
    const sinter_kernel_info *info = &e->prepared.info;
    fputs("{\"inputs\":{", stdout);
    print_streams(info->inputs, info->input_count, e->inputs, row);
    fputs("},\"outputs\":{", stdout);
    print_streams(info->outputs, info->output_count, e->outputs, row);
    puts("}}");
}

/* Evaluates the points from `first` on, and prints them or adds them to the receipt. */
static int run_piece(evaluation *e, size_t first, size_t count)
{
    const sinter_kernel_info *info = &e->prepared.info;
    for (uint32_t i = 0; i < info->input_count; i++)
        sn_cli_copy_column(&e->columns, e->column_of[i], first, count, info->inputs[i].type, e->inputs[i]);
    const sinter_status status =
        sinter_instance_run(e->instance, &(sinter_arguments){.inputs = (const void *const *)e->inputs,
                                                             .outputs = e->outputs,
                                                             .count = (int64_t)count});
    if (status != SINTER_OK)
        return sn_cli_fail("%s", sinter_status_name(status));
    if (e->a->hash) {
        const sinter_type type = info->outputs[0].type;
        sn_cli_interleave(type, (const void *const *)e->outputs, info->output_count, 0, count, e->rows);
        sn_cli_add_to_receipt(&e->receipt, type, e->rows, count * info->output_count);
    }
    for (size_t row = 0; !e->a->hash && row < count && !ferror(stdout); row++)
        (e->a->json ? print_json : print_plain)(e, row);
    return STATUS_GOOD;
}

static int run(evaluation *e)
{
    const sinter_kernel_info *info = &e->prepared.info;
    const size_t total = e->a->point_count || e->a->input_count ? e->columns.length : 1;
    e->inputs = open_buffers(info->inputs, info->input_count);
    e->outputs = open_buffers(info->outputs, info->output_count);
    e->rows = calloc((size_t)PIECE * info->output_count, 8);
    e->receipt = sn_cli_open_receipt();
    if (!e->inputs || !e->outputs || !e->rows)
        return sn_cli_fail("out of memory");
    for (size_t done = 0; done < total; done += PIECE) {
        const int status = run_piece(e, done, total - done < PIECE ? total - done : PIECE);
        if (status != STATUS_GOOD)
            return status;
    }
    if (e->a->hash)
        printf(e->a->json ? "{\"hash\":\"%016llx\"}\n" : "%016llx\n", (unsigned long long)e->receipt.state);
    return STATUS_GOOD;
}

static int read_columns(evaluation *e)
{
    if (e->a->point_count)
        return read_points(e);
    if (!e->a->input_count)
        return STATUS_GOOD;
    return sn_cli_read_columns(e->a, &e->columns) ? name_columns(e) : STATUS_BAD;
}

int sn_cli_eval(const arguments *a)
{
    evaluation e = {.a = a};
    int status = sn_cli_open_preparation(a, &e.prepared);
    if (status == STATUS_GOOD)
        status = read_columns(&e);
    if (status == STATUS_GOOD)
        status = settle_names(&e);
    if (status == STATUS_GOOD)
        status = compile(&e);
    if (status == STATUS_GOOD)
        status = run(&e);
    close_buffers(e.inputs, e.prepared.info.input_count);
    close_buffers(e.outputs, e.prepared.info.output_count);
    sinter_instance_close(e.instance);
    sn_cli_release_columns(&e.columns);
    sn_cli_close_preparation(&e.prepared);
    free(e.names);
    free(e.given);
    free(e.column_of);
    free(e.rows);
    return status;
}
