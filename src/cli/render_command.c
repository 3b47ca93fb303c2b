/* sinter render: a patch over streams.
 *
 * One instance runs block after block; each block's inputs are copied from the columns of the files into
 * arrays of their own, and its outputs written at once, so that only the inputs' files are ever in memory as
 * a whole. The block's size is for whoever wants to see that it leaves no trace, and so is --in-place, in
 * which output k is written where input k was. Where a parameter changes, the block is cut. */
#include "cli/command.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct rendering {
    const arguments *a;
    preparation prepared;
    columns columns;
    size_t *column_of;
    automation automation;
    sound_kind kind;
    sample_output output;
    uint64_t noise; /* the state of what --noise asks for */
    sinter_instance *instance;
    int64_t frames;
    double rate;
    sinter_type type;
    void **inputs, **outputs; /* a->block elements each */
    void *rows;
    receipt receipt;
    double run_seconds;
} rendering;

/* ---- which column is which input ---- */

/* The column of a name; else the next one that has none. */
static size_t column_for(const columns *c, const char *name, size_t *next)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->list[i].name, name) == 0)
            return i;
    while (*next < c->count && *c->list[*next].name)
        ++*next;
    return *next < c->count ? (*next)++ : c->count;
}

static const char *input_at(const void *context, int i)
{
    const sinter_kernel_info *info = context;
    return i < (int)info->input_count ? info->inputs[i].name : NULL;
}

static int check_names(const rendering *r)
{
    const columns *c = &r->columns;
    const sinter_kernel_info *info = &r->prepared.info;
    for (size_t i = 0; i < c->count; i++) {
        const char *name = c->list[i].name, *input;
        int k = 0;
        while (*name && (input = input_at(info, k)) != NULL && strcmp(input, name) != 0)
            k++;
        if (*name && k == (int)info->input_count) {
            const char *nearest = sn_cli_nearest(name, input_at, info);
            return nearest
                       ? sn_cli_misuse(r->a->command, "there is no input %s; did you mean %s?", name, nearest)
                       : sn_cli_misuse(r->a->command, "there is no input %s", name);
        }
        for (size_t other = 0; *name && other < i; other++)
            if (strcmp(c->list[other].name, name) == 0)
                return sn_cli_misuse(r->a->command, "--input gives %s twice", name);
    }
    return STATUS_GOOD;
}

static int bind_inputs(rendering *r)
{
    const sinter_kernel_info *info = &r->prepared.info;
    size_t next = 0;
    const int status = check_names(r);
    if (status != STATUS_GOOD)
        return status;
    if (r->columns.count > info->input_count)
        return sn_cli_fail("--input gives %zu streams; the patch takes %u (`input left, right` takes two)", r->columns.count,
                           info->input_count);
    if (!(r->column_of = calloc(info->input_count + 1, sizeof *r->column_of)))
        return sn_cli_fail("out of memory");
    for (uint32_t i = 0; i < info->input_count; i++) {
        r->column_of[i] = column_for(&r->columns, info->inputs[i].name, &next);
        if (r->column_of[i] == r->columns.count && !r->a->impulse && !r->a->noise)
            return sn_cli_fail("the patch's input %s has no stream: --input %s=FILE, --impulse or --noise SEED",
                               info->inputs[i].name, info->inputs[i].name);
    }
    return STATUS_GOOD;
}

/* ---- preparing ---- */

static void settle_rate(rendering *r)
{
    const int number = sinter_parameter_number(r->prepared.kernel, "rate");
    r->rate = r->a->rate > 0 ? r->a->rate : r->columns.rate > 0 ? r->columns.rate : 48000;
    if (number < 0)
        return;
    if (r->a->rate > 0 || r->columns.rate > 0)
        sinter_set(r->instance, number, r->rate);
    r->rate = sinter_get(r->instance, number);
}

static int settle_frames(rendering *r)
{
    const arguments *a = r->a;
    r->frames = a->frames;
    if (a->seconds >= 0) {
        const double frames = nearbyint(a->seconds * r->rate);
        if (!(frames <= 281474976710656.0))
            return sn_cli_misuse(a->command, "--seconds is too long");
        r->frames = (int64_t)frames;
    }
    const bool pulse = a->impulse && a->tail >= 0; /* all that goes in is one element */
    if (r->frames < 0 && r->columns.count == 0 && !pulse)
        return sn_cli_misuse(a->command, "how long? without files that go in, --frames or --seconds says so");
    if (r->frames < 0) {
        const double most = a->tail >= 0 ? nearbyint(a->tail * r->rate) : 0;
        if (!(most <= 281474976710656.0))
            return sn_cli_misuse(a->command, "--tail is too long");
        const uint64_t tail = r->prepared.info.tail;
        r->frames = (int64_t)(r->columns.count ? r->columns.length : 1) + (int64_t)(tail < (uint64_t)most ? tail : (uint64_t)most);
    }
    return STATUS_GOOD;
}

static int compile(rendering *r)
{
    sinter_options options = sn_cli_options_of(r->a, &r->prepared.program, true);
    int status = sn_cli_compile(r->a, &r->prepared, &options);
    const sinter_kernel_info *info = &r->prepared.info;
    if (status == STATUS_GOOD)
        status = sn_cli_refuse_images(r->a, &r->prepared);
    if (status != STATUS_GOOD)
        return status;
    if (info->output_count == 0 || info->bound_table_count > 0)
        return sn_cli_fail("the patch has no output");
    r->type = info->outputs[0].type;
    for (uint32_t k = 1; k < info->output_count; k++)
        if (info->outputs[k].type != r->type)
            return sn_cli_fail("the outputs %s and %s are of different types", info->outputs[0].name,
                               info->outputs[k].name);
    return sn_cli_open_instance(r->a, &r->prepared, &r->instance);
}

/* Room for one block of each stream; with --in-place, outputs lie where inputs of their type are. */
static int open_buffers(rendering *r)
{
    const sinter_kernel_info *info = &r->prepared.info;
    const size_t block = (size_t)r->a->block;
    r->inputs = calloc(info->input_count + 1, sizeof *r->inputs);
    r->outputs = calloc(info->output_count + 1, sizeof *r->outputs);
    r->rows = calloc(block * info->output_count, sn_cli_type_size(r->type));
    bool good = r->inputs && r->outputs && r->rows;
    for (uint32_t i = 0; good && i < info->input_count; i++)
        good = (r->inputs[i] = calloc(block, sn_cli_type_size(info->inputs[i].type))) != NULL;
    for (uint32_t k = 0; good && k < info->output_count; k++) {
        if (r->a->in_place && k < info->input_count && info->inputs[k].type == r->type)
            r->outputs[k] = r->inputs[k];
        else
            good = (r->outputs[k] = calloc(block, sn_cli_type_size(r->type))) != NULL;
    }
    return good ? STATUS_GOOD : sn_cli_fail("out of memory");
}

static int prepare(rendering *r)
{
    int status = sn_cli_open_preparation(r->a, &r->prepared);
    if (status == STATUS_GOOD && r->prepared.program.form == FORM_VM)
        status = sn_cli_misuse(r->a->command, "a .vm file is a field; render takes patches");
    if (status == STATUS_GOOD)
        status = compile(r);
    if (status == STATUS_GOOD && !sn_cli_read_columns(r->a, &r->columns))
        status = STATUS_BAD;
    if (status == STATUS_GOOD)
        status = bind_inputs(r);
    if (status == STATUS_GOOD) {
        settle_rate(r);
        status = settle_frames(r);
    }
    if (status == STATUS_GOOD && r->a->automation
        && !sn_cli_read_automation(&r->automation, r->a->automation, &r->prepared, r->rate))
        status = STATUS_BAD;
    return status == STATUS_GOOD ? open_buffers(r) : status;
}

/* ---- running ---- */

static void store(sinter_type type, void *to, size_t i, double value)
{
    if (type == SINTER_F64)
        ((double *)to)[i] = value;
    else if (type == SINTER_I32)
        ((int32_t *)to)[i] = (int32_t)value;
    else
        ((float *)to)[i] = (float)value;
}

/* The next of 2^24 values from -1 to 1 (SplitMix64: G. Steele, D. Lea, C. Flood, 2014). */
static double next_noise(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 40) * 0x1p-23 - 1;
}

/* What inputs without a file get. */
static void stimulate(rendering *r, int64_t first, size_t count, sinter_type type, void *to)
{
    for (size_t i = 0; i < count; i++)
        store(type, to, i, r->a->noise ? next_noise(&r->noise) : first + (int64_t)i == 0);
}

/* One noise for each input and frame, whatever the block: drawn frame by frame it would be another. */
static void fill_inputs(rendering *r, int64_t first, size_t count)
{
    const sinter_kernel_info *info = &r->prepared.info;
    for (uint32_t i = 0; i < info->input_count; i++) {
        if (r->column_of[i] < r->columns.count) {
            sn_cli_copy_column(&r->columns, r->column_of[i], (size_t)first, count, info->inputs[i].type, r->inputs[i]);
            continue;
        }
        r->noise = ((uint64_t)r->a->noise_seed << 20 | i) * 0xD1342543DE82EF95u + (uint64_t)first * 0x9E3779B97F4A7C15u;
        stimulate(r, first, count, info->inputs[i].type, r->inputs[i]);
    }
}

static bool run_block(rendering *r, int64_t first, size_t count)
{
    const sinter_kernel_info *info = &r->prepared.info;
    fill_inputs(r, first, count);
    const double began = sn_cli_now();
    const sinter_status status =
        sinter_instance_run(r->instance, &(sinter_arguments){.inputs = (const void *const *)r->inputs,
                                                             .outputs = r->outputs,
                                                             .count = (int64_t)count});
    r->run_seconds += sn_cli_now() - began;
    if (status != SINTER_OK)
        return sn_cli_refuse("%s", sinter_status_name(status));
    sn_cli_interleave(r->type, (const void *const *)r->outputs, info->output_count, 0, count, r->rows);
    if (r->a->hash)
        sn_cli_add_to_receipt(&r->receipt, r->type, r->rows, count * info->output_count);
    return sn_cli_write_samples(&r->output, r->rows, count);
}

static bool run_all(rendering *r)
{
    progress shown;
    bool good = true;
    sn_cli_open_progress(&shown, "render", r->frames);
    for (int64_t done = 0; good && done < r->frames;) {
        const int64_t change = sn_cli_automate(&r->automation, r->instance, done);
        const int64_t left = (change < r->frames ? change : r->frames) - done;
        const int64_t count = left < r->a->block ? left : r->a->block;
        good = run_block(r, done, (size_t)count);
        done += count;
        sn_cli_show_progress(&shown, done);
    }
    sn_cli_close_progress(&shown);
    return good;
}

static void print_result(const rendering *r)
{
    const unsigned long long hash = (unsigned long long)r->receipt.state;
    if (!r->a->json) {
        if (r->a->hash)
            printf("%016llx\n", hash);
        return;
    }
    printf("{\"frames\":%lld,\"outputs\":%u,\"engine\":\"%s\",\"block\":%d", (long long)r->frames,
           r->prepared.info.output_count, sinter_engine_name(r->prepared.info.engine), r->a->block);
    printf(",\"compile_us\":%.0f,\"run_us\":%.0f", 1e6 * r->prepared.compile_seconds, 1e6 * r->run_seconds);
    if (r->a->hash)
        printf(",\"hash\":\"%016llx\"", hash);
    puts("}");
}

static int run(rendering *r)
{
    r->receipt = sn_cli_open_receipt();
    if (!sn_cli_open_samples(&r->output, r->a, r->kind, r->type, r->prepared.info.output_count, r->frames, r->rate))
        return STATUS_BAD;
    if (!run_all(r)) {
        sn_cli_discard_samples(&r->output);
        return STATUS_BAD;
    }
    if (!sn_cli_close_samples(&r->output))
        return STATUS_BAD;
    print_result(r);
    return STATUS_GOOD;
}

static void release(rendering *r)
{
    const sinter_kernel_info *info = &r->prepared.info;
    for (uint32_t k = 0; r->outputs && k < info->output_count; k++)
        if (!r->inputs || k >= info->input_count || r->outputs[k] != r->inputs[k])
            free(r->outputs[k]);
    for (uint32_t i = 0; r->inputs && i < info->input_count; i++)
        free(r->inputs[i]);
    free(r->inputs);
    free(r->outputs);
    free(r->rows);
    free(r->column_of);
    sn_cli_release_automation(&r->automation);
    sinter_instance_close(r->instance);
    sn_cli_release_columns(&r->columns);
    sn_cli_close_preparation(&r->prepared);
}

int sn_cli_render(const arguments *a)
{
    rendering r = {.a = a};
    int status = sn_cli_choose_samples(a, &r.kind);
    if (status != STATUS_GOOD)
        return status;
    status = prepare(&r);
    if (status == STATUS_GOOD)
        status = run(&r);
    release(&r);
    return status;
}
