/* Writes machine code of the library's families as C: write_programs FILE. It runs while the library is built, with all of it but that list (kernel/kept_programs.h), compiles
 * families for each engine that has vectors (family_programs.h), and writes what a context of that library keeps. */
#include "kernel/kept_programs.h"
#include "lang/built_members.h"
#include "lib/family_programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PROGRAMS = 4000, MOST_STREAMS = 64 };

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "write_programs: %s: %s\n", what, why);
    return 1;
}

/* ---- bytes, each piece once ---- */

typedef struct blob {
    const void *bytes;
    size_t size;
} blob;

typedef struct writing {
    FILE *out;
    blob *blobs;
    unsigned count, capacity;
} writing;

/* Its number. */
static unsigned write_blob(writing *w, const void *bytes, size_t size)
{
    for (unsigned k = 0; k < w->count; k++)
        if (w->blobs[k].size == size && memcmp(w->blobs[k].bytes, bytes, size) == 0)
            return k;
    if (w->count == w->capacity) {
        w->capacity = 2 * w->capacity + 64;
        w->blobs = realloc(w->blobs, w->capacity * sizeof *w->blobs);
        if (!w->blobs)
            exit(fail("blobs", "out of memory"));
    }
    w->blobs[w->count] = (blob){bytes, size};
    fprintf(w->out, "static const uint64_t b%u[] = {", w->count);
    for (size_t at = 0; at < size || at == 0; at += 8) {
        uint64_t word = 0;
        memcpy(&word, (const uint8_t *)bytes + at, size - at < 8 ? size - at : 8);
        fprintf(w->out, "0x%llx,%s", (unsigned long long)word, at % 64 == 56 ? "\n" : "");
    }
    fprintf(w->out, "};\n");
    return w->count++;
}

/* ---- programs ---- */

static void write_string(FILE *out, const char *text)
{
    if (text && strpbrk(text, "\"\\\n"))
        exit(fail(text, "a name that cannot be written"));
    fprintf(out, text ? "\"%s\"" : "NULL", text);
}

static void write_loops(FILE *out, const plan *p, unsigned number)
{
    fprintf(out, "static const plan_loop loops%u[] = {\n", number);
    for (uint32_t k = 0; k < p->loop_count; k++) {
        const plan_loop *l = &p->loops[k];
        fprintf(out, "{.rate = %u, .lanes = %u, .widest = %u, .most = %u, .ticked = %d, .alike = %u, .slice = %uu, .guard = %uu, .results = %uu, .reason = ", l->rate, l->lanes,
                l->widest, l->most, l->ticked, l->alike, l->slice, l->guard, l->results);
        write_string(out, l->reason);
        fprintf(out, ", .cycle = ");
        write_string(out, l->cycle);
        if (l->routine)
            fprintf(out, ", .routine = &sn_lang_built_routines[%u], .arguments = {%uu, %uu, %uu}", l->routine->number, l->arguments[0], l->arguments[1], l->arguments[2]);
        fprintf(out, "},\n");
    }
    fprintf(out, "};\n");
}

static void write_buffers(FILE *out, const plan *p, unsigned number)
{
    if (p->buffer_count > 0)
        fprintf(out, "static const plan_buffer buffers%u[] = {", number);
    for (uint32_t k = 0; k < p->buffer_count; k++)
        fprintf(out, "{%u, %d, %uu},", p->buffers[k].type, p->buffers[k].column, p->buffers[k].offset);
    if (p->buffer_count > 0)
        fprintf(out, "};\n");
}

static void write_streams(writing *w, const kept_program *k, unsigned number)
{
    FILE *out = w->out;
    const kept_streams *s = &k->streams;
    unsigned contents[MOST_STREAMS];
    if (s->memory_count > MOST_STREAMS)
        exit(fail("tables", "too many"));
    if (s->output_count > 0)
        fprintf(out, "static const ir_stream outputs%u[] = {", number);
    for (uint32_t i = 0; i < s->output_count; i++) {
        fprintf(out, "{");
        write_string(out, s->outputs[i].name);
        fprintf(out, ", %u},", s->outputs[i].type);
    }
    fprintf(out, "%s", s->output_count > 0 ? "};\n" : "");
    if (s->total_count > 0)
        fprintf(out, "static const char *const totals%u[] = {", number);
    for (uint32_t i = 0; i < s->total_count; i++) {
        write_string(out, s->totals[i]);
        fprintf(out, ",");
    }
    fprintf(out, "%s", s->total_count > 0 ? "};\n" : "");
    if (s->total_maps)
        fprintf(out, "static const ir_total_map maps%u[] = {", number);
    for (uint32_t i = 0; s->total_maps && i < s->total_count; i++)
        fprintf(out, "{%a, %a},", s->total_maps[i].scale, s->total_maps[i].offset);
    fprintf(out, "%s", s->total_maps ? "};\n" : "");
    for (uint32_t i = 0; i < s->memory_count; i++)
        contents[i] = write_blob(w, s->memories[i].content, (size_t)s->memories[i].length * sn_ir_type_size(s->memories[i].type));
    if (s->memory_count > 0)
        fprintf(out, "static const ir_memory memories%u[] = {", number);
    for (uint32_t i = 0; i < s->memory_count; i++) {
        const ir_memory *m = &s->memories[i];
        fprintf(out, "{.name = ");
        write_string(out, m->name);
        fprintf(out, ", .content = b%u, .length = %uu, .shortest = %uu, .kind = %u, .type = %u},", contents[i], m->length, m->shortest, m->kind, m->type);
    }
    fprintf(out, "%s", s->memory_count > 0 ? "};\n" : "");
}

/* Everything that the program's own entry points to. */
static void write_parts(writing *w, const kept_program *k, unsigned number)
{
    const plan *p = &k->plan;
    const machine_code *c = &k->code;
    if (k->machine >> 32 || p->line_count || p->call_count || p->scan_count)
        exit(fail("a program", "it is none that is kept"));
    write_loops(w->out, p, number);
    write_buffers(w->out, p, number);
    write_streams(w, k, number);
    if (c->addresses && k->streams.memory_count > 0) {
        fprintf(w->out, "static const uint32_t addresses%u[] = {", number);
        for (uint32_t i = 0; i < k->streams.memory_count; i++)
            fprintf(w->out, "%uu,", c->addresses[i]);
        fprintf(w->out, "};\n");
    }
    if (k->streams.total_count > 0) {
        fprintf(w->out, "static const uint8_t types%u[] = {", number);
        for (uint32_t i = 0; i < k->streams.total_count; i++)
            fprintf(w->out, "%u,", p->sum_types[i]);
        fprintf(w->out, "};\n");
    }
}

_Static_assert(sizeof(void *) != 8 || (sizeof(plan) == 240 && sizeof(plan_loop) == 104 && sizeof(kept_program) == 400), "a member has come or gone: it is to be written, too");

static void write_plan(FILE *out, const kept_program *k, unsigned number)
{
    const plan *p = &k->plan;
    const plan_frame *f = &p->frame;
    fprintf(out, ".plan = {.loops = (plan_loop *)loops%u, .loop_count = %uu", number, p->loop_count);
    if (p->buffer_count > 0)
        fprintf(out, ", .buffers = (plan_buffer *)buffers%u, .buffer_count = %uu", number, p->buffer_count);
    if (k->streams.total_count > 0)
        fprintf(out, ", .sum_types = (uint8_t *)types%u", number);
    fprintf(out, ", .latency = %lluu, .tail = UINT64_C(%llu), .chunk = %uu, .workspace = %uu, .sums_offset = %uu, .state = %lluu, .reads_index = %d, .grid = %d, .stateful = %d, .as_written = %d"
                 ", .operations = %uu, .hoisted = %uu,\n", (unsigned long long)p->latency, (unsigned long long)p->tail, p->chunk, p->workspace, p->sums_offset,
            (unsigned long long)p->state, p->reads_index, p->grid, p->stateful, p->as_written, p->operations, p->hoisted);
    fprintf(out, " .frame = {.index = %uu, .inputs = %uu, .outputs = %uu, .buffers = %uu, .lines = %uu, .memories = %uu, .sums = %uu, .params = %uu, .lengths = %uu, .row = %uu, .column = %uu"
                 ", .extents = %uu, .uniforms = %uu, .together = %uu, .totals = %uu, .count = %uu}},\n", f->index, f->inputs, f->outputs, f->buffers, f->lines, f->memories, f->sums,
            f->params, f->lengths, f->row, f->column, f->extents, f->uniforms, f->together, f->totals, f->count);
}

typedef struct piece_numbers {
    unsigned key, code, pool, references, starts;
} piece_numbers;

static void write_program(FILE *out, const kept_program *k, unsigned number, piece_numbers pieces)
{
    const machine_code *c = &k->code;
    const kept_streams *s = &k->streams;
    fprintf(out, "{.key = (const uint8_t *)b%u, .key_size = %zu, .machine = UINT64_C(0x%llx), .hash = UINT64_C(0x%llx),\n ", pieces.key, k->key_size, (unsigned long long)k->machine,
            (unsigned long long)k->hash);
    write_plan(out, k, number);
    fprintf(out, " .streams = {.output_count = %uu, .total_count = %uu, .memory_count = %uu", s->output_count, s->total_count, s->memory_count);
    if (s->output_count > 0)
        fprintf(out, ", .outputs = (ir_stream *)outputs%u", number);
    if (s->total_count > 0)
        fprintf(out, ", .totals = (const char **)totals%u", number);
    if (s->total_maps)
        fprintf(out, ", .total_maps = (ir_total_map *)maps%u", number);
    if (s->memory_count > 0)
        fprintf(out, ", .memories = (ir_memory *)memories%u", number);
    fprintf(out, "},\n .code = {.code = (const uint8_t *)b%u, .size = %zu, .pool = (const uint8_t *)b%u, .pool_size = %zu, .references = (const uint32_t *)b%u, .reference_count = %uu, .starts = (const uint32_t *)b%u",
            pieces.code, c->size, pieces.pool, c->pool_size, pieces.references, c->reference_count, pieces.starts);
    if (c->addresses && s->memory_count > 0)
        fprintf(out, ", .addresses = addresses%u", number);
    fprintf(out, ", .opens_blocks = %d, .folds_sums = %d}, .function_reason = ", c->opens_blocks, c->folds_sums);
    write_string(out, k->function_reason);
    fprintf(out, "},\n");
}

/* ---- all of them, in one order, so that whoever builds the library again has the same file ---- */

static int compare(const void *a, const void *b)
{
    const kept_program *p = *(const kept_program *const *)a, *q = *(const kept_program *const *)b;
    if (p->hash != q->hash)
        return p->hash < q->hash ? -1 : 1;
    if (p->machine != q->machine)
        return p->machine < q->machine ? -1 : 1;
    if (p->key_size != q->key_size)
        return p->key_size < q->key_size ? -1 : 1;
    return memcmp(p->key, q->key, p->key_size);
}

static unsigned collect(const sinter_context *context, const kept_program **all, unsigned count)
{
    for (unsigned k = 0; context->programs.places && k < KEPT_PLACES; k++)
        for (const kept_program *p = context->programs.places[k]; p && count < MOST_PROGRAMS; p = p->next)
            all[count++] = p;
    return count;
}

static bool write_all(FILE *out, const kept_program **all, unsigned count)
{
    writing w = {.out = out};
    piece_numbers *pieces = malloc((count + 1) * sizeof *pieces);
    if (!pieces)
        return false;
    fprintf(out, "/* Machine code of the library's families. Written by write_programs.c. */\n#include \"kernel/kept_programs.h\"\n#include \"lang/built_members.h\"\n\n");
    for (unsigned k = 0; k < count; k++) {
        pieces[k].key = write_blob(&w, all[k]->key, all[k]->key_size);
        pieces[k].code = write_blob(&w, all[k]->code.code, all[k]->code.size);
        pieces[k].pool = write_blob(&w, all[k]->code.pool, all[k]->code.pool_size);
        pieces[k].references = write_blob(&w, all[k]->code.references, all[k]->code.reference_count * sizeof(uint32_t));
        pieces[k].starts = write_blob(&w, all[k]->code.starts, (2 * (size_t)all[k]->plan.loop_count + 1) * sizeof(uint32_t));
        write_parts(&w, all[k], k);
    }
    fprintf(out, "\nconst uint64_t sn_kernel_built_hashes[] = {\n");
    for (unsigned k = 0; k < count; k++)
        fprintf(out, "UINT64_C(0x%llx),%s", (unsigned long long)all[k]->hash, k % 8 == 7 ? "\n" : "");
    fprintf(out, "0};\nconst kept_program sn_kernel_built_programs[] = {\n");
    for (unsigned k = 0; k < count; k++)
        write_program(out, all[k], k, pieces[k]);
    fprintf(out, "{.key = NULL}};\nconst uint32_t sn_kernel_built_program_count = %uu;\n", count);
    free(pieces);
    free(w.blobs);
    return count < MOST_PROGRAMS && !ferror(out);
}

int main(int argc, char **argv)
{
    static const kept_program *all[MOST_PROGRAMS];
    sinter_context *contexts[FAMILY_PROCESSORS] = {NULL};
    unsigned found = 0, count = 0;
    bool good = argc == 2;
    for (unsigned k = 0; good && k < FAMILY_PROCESSORS; k++) {
        good = sinter_open(NULL, &contexts[k]) == SINTER_OK && sn_keep_family_programs(contexts[k], k) == SINTER_OK;
        found = good ? collect(contexts[k], all, found) : 0;
    }
    if (!good)
        return fail(argc == 2 ? argv[1] : "usage", argc == 2 ? "the families cannot be compiled" : "write_programs FILE");
    qsort(all, found, sizeof(const kept_program *), compare);
    for (unsigned k = 0; k < found; k++)
        if (k == 0 || compare(&all[k - 1], &all[k]) != 0)
            all[count++] = all[k];
    if (count == 0)
        fprintf(stderr, "write_programs: no machine code can be made here, so the library comes without that of its families\n");
    FILE *out = fopen(argv[1], "wb");
    const bool written = out && write_all(out, all, count);
    const bool closed = out && fclose(out) == 0;
    for (unsigned k = 0; k < FAMILY_PROCESSORS; k++)
        sinter_close(contexts[k]);
    return written && closed ? 0 : fail(argv[1], "the file cannot be written");
}
