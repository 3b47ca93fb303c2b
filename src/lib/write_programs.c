/* Writes machine code of the library's families as C: write_programs FILE. It runs while the library is built, with all of it but these lists (kernel/kept_programs.h), compiles
 * families for each engine that has vectors (family_programs.h), and writes what a context of that library keeps. */
#include "kernel/kept_programs.h"
#include "lib/family_programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PROGRAMS = 4000 };

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "write_programs: %s: %s\n", what, why);
    return 1;
}

/* ---- the lists, as text that grows ---- */

/* Bytes that stand somewhere among the words, or a name among the names: each once. */
typedef struct piece {
    const void *bytes;
    size_t size;
    uint32_t place;
} piece;

typedef struct pieces {
    piece *all;
    unsigned count, capacity;
    uint32_t end; /* the next one's place */
} pieces;

typedef struct list {
    FILE *file;
    char *text;
    size_t size;
    uint32_t count;
} list;

typedef struct writing {
    list words, names, loops, buffers, streams, memories, programs;
    pieces of_words, of_names;
} writing;

static void open_list(list *l)
{
    l->file = open_memstream(&l->text, &l->size);
    if (!l->file)
        exit(fail("a list", "out of memory"));
}

static const piece *find_piece(const pieces *p, const void *bytes, size_t size)
{
    for (unsigned k = 0; k < p->count; k++)
        if (p->all[k].size == size && memcmp(p->all[k].bytes, bytes, size) == 0)
            return &p->all[k];
    return NULL;
}

/* It takes so many places. */
static uint32_t add_piece(pieces *p, const void *bytes, size_t size, size_t places)
{
    if (p->count == p->capacity) {
        p->capacity = 2 * p->capacity + 64;
        p->all = realloc(p->all, p->capacity * sizeof *p->all);
        if (!p->all)
            exit(fail("the lists", "out of memory"));
    }
    const uint32_t place = p->end;
    p->all[p->count++] = (piece){bytes, size, place};
    p->end += (uint32_t)places;
    return place;
}

static uint32_t place_words(writing *w, const void *bytes, size_t size)
{
    const piece *known = find_piece(&w->of_words, bytes, size);
    if (known)
        return known->place;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, (const uint8_t *)bytes + at, size - at < 8 ? size - at : 8);
        fprintf(w->words.file, "0x%llx,%s", (unsigned long long)word, at % 64 == 56 ? "\n" : "");
    }
    fprintf(w->words.file, "\n");
    return add_piece(&w->of_words, bytes, size, (size + 7) / 8);
}

static uint32_t place_name(writing *w, const char *name)
{
    const size_t size = strlen(name) + 1;
    const piece *known = find_piece(&w->of_names, name, size);
    if (known)
        return known->place;
    if (strpbrk(name, "\"\\\n"))
        exit(fail(name, "a name that cannot be written"));
    fprintf(w->names.file, "\"%s\\0\"\n", name);
    return add_piece(&w->of_names, name, size, size);
}

/* ---- programs ---- */

_Static_assert(sizeof(void *) != 8 || (sizeof(plan) == 240 && sizeof(plan_loop) == 104 && sizeof(kept_program) == 400), "a member has come or gone: it is to be written, too");

/* What is said of loops (why they are as they are) is for those who want to see a plan, which none of these is for. */
static uint32_t write_loops(writing *w, const plan *p)
{
    const uint32_t first = w->loops.count;
    for (uint32_t k = 0; k < p->loop_count; k++, w->loops.count++) {
        const plan_loop *l = &p->loops[k];
        fprintf(w->loops.file, "{{.rate = %u, .lanes = %u, .widest = %u, .most = %u, .ticked = %d, .alike = %u, .slice = %uu, .guard = %uu, .arguments = {%uu, %uu, %uu}, .results = %uu}, %uu},\n",
                l->rate, l->lanes, l->widest, l->most, l->ticked, l->alike, l->slice, l->guard, l->routine ? l->arguments[0] : 0, l->routine ? l->arguments[1] : 0,
                l->routine ? l->arguments[2] : 0, l->routine ? l->results : 0, l->routine ? l->routine->number + 1 : 0);
    }
    return first;
}

static uint32_t write_buffers(writing *w, const plan *p)
{
    const uint32_t first = w->buffers.count;
    for (uint32_t k = 0; k < p->buffer_count; k++, w->buffers.count++)
        fprintf(w->buffers.file, "{%u, %d, %uu},\n", p->buffers[k].type, p->buffers[k].column, p->buffers[k].offset);
    return first;
}

static void write_stream(writing *w, const char *name, unsigned type)
{
    fprintf(w->streams.file, "{%uu, %u},\n", place_name(w, name), type);
    w->streams.count++;
}

static uint32_t write_memories(writing *w, const kept_streams *s)
{
    const uint32_t first = w->memories.count;
    for (uint32_t i = 0; i < s->memory_count; i++, w->memories.count++) {
        const ir_memory *m = &s->memories[i];
        const uint32_t name = place_name(w, m->name), content = place_words(w, m->content, (size_t)m->length * sn_ir_type_size(m->type));
        fprintf(w->memories.file, "{{.length = %uu, .shortest = %uu, .kind = %u, .type = %u, .flush = %u, .channels = %u, .made = %u}, %uu, %uu},\n", m->length, m->shortest, m->kind, m->type,
                m->flush, m->channels, m->made, name, content);
    }
    return first;
}

static void write_plan(FILE *out, const plan *p)
{
    const plan_frame *f = &p->frame;
    fprintf(out, ".plan = {.loop_count = %uu, .buffer_count = %uu, .latency = %lluu, .tail = UINT64_C(%llu), .chunk = %uu, .workspace = %uu, .sums_offset = %uu, .state = %lluu, .reads_index = %d"
                 ", .grid = %d, .stateful = %d, .as_written = %d, .operations = %uu, .hoisted = %uu,\n", p->loop_count, p->buffer_count, (unsigned long long)p->latency,
            (unsigned long long)p->tail, p->chunk, p->workspace, p->sums_offset, (unsigned long long)p->state, p->reads_index, p->grid, p->stateful, p->as_written, p->operations, p->hoisted);
    fprintf(out, " .frame = {.index = %uu, .inputs = %uu, .outputs = %uu, .buffers = %uu, .lines = %uu, .memories = %uu, .sums = %uu, .params = %uu, .lengths = %uu, .row = %uu, .column = %uu"
                 ", .extents = %uu, .uniforms = %uu, .together = %uu, .totals = %uu, .count = %uu}},\n", f->index, f->inputs, f->outputs, f->buffers, f->lines, f->memories, f->sums,
            f->params, f->lengths, f->row, f->column, f->extents, f->uniforms, f->together, f->totals, f->count);
}

static void write_program(writing *w, const kept_program *k)
{
    const machine_code *c = &k->code;
    const kept_streams *s = &k->streams;
    const plan *p = &k->plan;
    FILE *out = w->programs.file;
    if (k->machine >> 32 || p->line_count || p->call_count || p->scan_count)
        exit(fail("a program", "it is none that is kept"));
    fprintf(out, "{{.key_size = %zu, .machine = UINT64_C(0x%llx), .hash = UINT64_C(0x%llx),\n ", k->key_size, (unsigned long long)k->machine, (unsigned long long)k->hash);
    write_plan(out, p);
    fprintf(out, " .streams = {.output_count = %uu, .total_count = %uu, .memory_count = %uu},\n", s->output_count, s->total_count, s->memory_count);
    fprintf(out, " .code = {.size = %zu, .pool_size = %zu, .reference_count = %uu, .opens_blocks = %d, .folds_sums = %d}},\n", c->size, c->pool_size, c->reference_count, c->opens_blocks, c->folds_sums);
    const uint32_t key = place_words(w, k->key, k->key_size), code = place_words(w, c->code, c->size), pool = place_words(w, c->pool, c->pool_size);
    const uint32_t references = place_words(w, c->references, c->reference_count * sizeof *c->references);
    const uint32_t starts = place_words(w, c->starts, (2 * (size_t)p->loop_count + 1) * sizeof *c->starts);
    fprintf(out, " .key = %uu, .code = %uu, .pool = %uu, .references = %uu, .starts = %uu", key, code, pool, references, starts);
    if (c->addresses && s->memory_count > 0)
        fprintf(out, ", .addresses = %uu", place_words(w, c->addresses, s->memory_count * sizeof *c->addresses));
    if (s->total_count > 0)
        fprintf(out, ", .sum_types = %uu", place_words(w, p->sum_types, s->total_count));
    if (s->total_maps)
        fprintf(out, ", .total_maps = %uu", place_words(w, s->total_maps, s->total_count * sizeof *s->total_maps));
    if (k->function_reason)
        fprintf(out, ", .function_reason = %uu", place_name(w, k->function_reason));
    fprintf(out, ", .loops = %uu, .buffers = %uu, .outputs = %uu", write_loops(w, p), write_buffers(w, p), w->streams.count);
    for (uint32_t i = 0; i < s->output_count; i++)
        write_stream(w, s->outputs[i].name, s->outputs[i].type);
    fprintf(out, ", .totals = %uu", w->streams.count);
    for (uint32_t i = 0; i < s->total_count; i++)
        write_stream(w, s->totals[i], IR_VOID);
    fprintf(out, ", .memories = %uu},\n", write_memories(w, s));
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

/* With an element behind the last, for lists that have none. */
static bool close_list(list *l, const char *head, const char *last, FILE *out)
{
    const bool good = !ferror(l->file) && fclose(l->file) == 0;
    if (good)
        fprintf(out, "\n%s\n%s%s;\n", head, l->text, last);
    free(l->text);
    return good;
}

static bool write_all(FILE *out, const kept_program **all, unsigned count)
{
    static const uint64_t nothing = 0;
    writing w = {.of_words.count = 0};
    open_list(&w.words);
    open_list(&w.names);
    open_list(&w.loops);
    open_list(&w.buffers);
    open_list(&w.streams);
    open_list(&w.memories);
    open_list(&w.programs);
    place_words(&w, &nothing, sizeof nothing); /* places of 0 say that there is nothing */
    place_name(&w, "");
    for (unsigned k = 0; k < count; k++)
        write_program(&w, all[k]);
    fprintf(out, "/* Machine code of the library's families. Written by write_programs.c. */\n#include \"kernel/kept_programs.h\"\n#include \"lang/built_members.h\"\n");
    bool good = close_list(&w.words, "const uint64_t sn_kernel_built_words[] = {", "}", out);
    good &= close_list(&w.names, "const char sn_kernel_built_names[] =", "\"\"", out);
    good &= close_list(&w.loops, "const built_loop sn_kernel_built_loops[] = {", "{.routine = 0}}", out);
    good &= close_list(&w.buffers, "const plan_buffer sn_kernel_built_buffers[] = {", "{.type = 0}}", out);
    good &= close_list(&w.streams, "const built_stream sn_kernel_built_streams[] = {", "{.name = 0}}", out);
    good &= close_list(&w.memories, "const built_memory sn_kernel_built_memories[] = {", "{.name = 0}}", out);
    good &= close_list(&w.programs, "const built_program sn_kernel_built_programs[] = {", "{.key = 0}}", out);
    fprintf(out, "const uint32_t sn_kernel_built_program_count = %uu;\nconst uint64_t sn_kernel_built_hashes[] = {\n", count);
    for (unsigned k = 0; k < count; k++)
        fprintf(out, "UINT64_C(0x%llx),%s", (unsigned long long)all[k]->hash, k % 8 == 7 ? "\n" : "");
    fprintf(out, "0};\n\nconst ir_routine *sn_kernel_built_routine(uint32_t number)\n{\n    return &sn_lang_built_routines[number];\n}\n");
    free(w.of_words.all);
    free(w.of_names.all);
    return good && count < MOST_PROGRAMS && !ferror(out);
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
