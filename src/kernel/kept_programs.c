/* Machine code of densities, kept for the next that comes to the same program.
 *
 * The log-density of a family has a thousand operations and more, with its derivatives two thousand. Its parameters are live, so it is the same program whatever
 * values a text gives them, and whoever fits models opens the same families again and again. What follows from a program, passes, plan and code,
 * follows from its operations, its streams and the options alone. So a context keeps the code of a density that it compiles for the second time, by exactly that, and
 * whatever comes to the same operations later gets a copy of it, in code memory of its own: no pass, no plan, no allocation of registers. (On Zen 1, from
 * text to callable, beta: 135 µs, 27 µs where the code is kept.) What is compiled once and never again costs its key and nothing else: to keep code takes a
 * third of what compiling does, most of it to touch memory that nobody has touched lately.
 *
 * What comes of the library's families as they are was kept when the library was built (lib/write_programs.c), and is found first.
 *
 * Nothing is looked for in the text, which may say the same in other words; and nothing that the parameters say of themselves is part of the key but
 * their types, and their names where results are called after them: values, ranges and units are the new kernel's own.
 *
 * What is kept has no state and no calls; constant tables, of which each kernel has its own, are part of the key. Kernels with marks, named passes, fixed parameters,
 * arrays or smoothing are compiled anew. Whoever compiles holds the context's lock. */
#include "kernel/kept_programs.h"

#include "base/cpu.h"

#include <string.h>

enum { WAYS = 4, MOST_BYTES = 1 << 22 /* a hundred densities with their derivatives */, KEY_BLOCK = 32 };

/* ---- keys ---- */

typedef struct writing {
    uint8_t *at; /* NULL while only the size is wanted */
    size_t size;
} writing;

static void put(writing *w, const void *bytes, size_t size)
{
    if (w->at && size)
        memcpy(w->at + w->size, bytes, size);
    w->size += size;
}

static void put_word(writing *w, uint64_t word)
{
    put(w, &word, sizeof word);
}

static void put_name(writing *w, const char *name, unsigned type)
{
    const uint8_t byte = (uint8_t)type;
    put(w, name, strlen(name) + 1);
    put(w, &byte, 1);
}

static void put_table(writing *w, const ir_memory *m)
{
    put_name(w, m->name, m->type);
    put_word(w, m->length);
    put(w, m->content, (size_t)m->length * sn_ir_type_size(m->type));
}

_Static_assert(sizeof(void *) != 8 || sizeof(sinter_options) == 152, "an option has come or gone: code that depends on it has it in its key, or is not kept");

static void put_options(writing *w, const compilation *c)
{
    const sinter_options *o = &c->options;
    const ir_program *p = &c->program;
    const bool reverse = !o->gradient_count || p->slope_count; /* in every mode (gradient.c), or there is nothing to differentiate */
    put_word(w, (uint64_t)o->type | (uint64_t)o->grade << 8 | (uint64_t)(reverse ? 0 : o->gradient_mode) << 16 | (uint64_t)o->sum << 24 | (uint64_t)c->relaxed << 25);
    put_word(w, (uint64_t)p->rules << 32 | o->gradient_count);
    put_word(w, (uint64_t)p->input_count << 32 | p->param_count);
    put_word(w, (uint64_t)p->output_count << 32 | p->total_count);
    put_word(w, (uint64_t)p->memory_count << 32 | p->count);
    put_word(w, p->routine_count);
}

/* Operations first: the rest is as long as it is. */
static void put_all(writing *w, const compilation *c)
{
    const ir_program *p = &c->program;
    const bool names = c->options.gradient_count > 0;
    put_options(w, c);
    put(w, p->ops, p->count * sizeof *p->ops);
    for (uint32_t k = 0; k < p->input_count; k++)
        put_name(w, names ? p->inputs[k].name : "", p->inputs[k].type);
    for (uint32_t k = 0; k < p->param_count; k++)
        put_name(w, names ? p->params[k].name : "", p->params[k].type);
    for (uint32_t k = 0; k < p->output_count; k++)
        put_name(w, p->outputs[k].name, p->outputs[k].type);
    for (uint32_t k = 0; k < p->total_count; k++)
        put_name(w, p->totals[k], IR_VOID);
    for (uint32_t k = 0; k < c->options.gradient_count; k++)
        put_name(w, c->options.gradient[k], IR_VOID);
    for (uint32_t k = 0; k < p->memory_count; k++)
        put_table(w, &p->memories[k]);
    for (uint32_t k = 0; k < p->routine_count; k++)
        put_word(w, p->routines[k]->number);
    while (w->size % KEY_BLOCK)
        put(w, "", 1);
}

/* What code for the program is like besides. Of the processor's features it is the engine, and one that look-ups in tables make use of, which passes may add. */
static uint64_t machine_of(const compilation *c)
{
    const sinter_options *o = &c->options;
    const bool permutes = c->engine == SINTER_ENGINE_AVX512 && sn_cpu_features() & CPU_AVX512VBMI;
    return (uint64_t)c->engine | (uint64_t)o->lanes << 8 | (uint64_t)o->function << 16 | (uint64_t)permutes << 17 | (uint64_t)o->random << 32;
}

static inline uint64_t mixed(uint64_t h, const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    h = (h ^ word) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Of whole blocks of KEY_BLOCK bytes: four words side by side, so that no product waits for another. */
static uint64_t hash_of(const uint8_t *bytes, size_t size, uint64_t machine)
{
    uint64_t a = size, b = machine, c = 2, d = 3;
    for (const uint8_t *at = bytes; at < bytes + size; at += KEY_BLOCK) {
        a = mixed(a, at);
        b = mixed(b, at + 8);
        c = mixed(c, at + 16);
        d = mixed(d, at + 24);
    }
    const uint64_t h = (((a * 3 ^ b) * 5 ^ c) * 7 ^ d) * 0xD6E8FEB86659FD93u;
    return h ^ h >> 32;
}

static bool is_smoothed(const ir_program *p)
{
    bool smoothed = false;
    for (uint32_t k = 0; k < p->param_count; k++)
        smoothed |= p->params[k].smoothing != 0;
    return smoothed;
}

static bool has_tables_alone(const ir_program *p)
{
    bool alone = true;
    for (uint32_t i = 0; i < p->memory_count; i++)
        alone &= p->memories[i].kind == IR_TABLE;
    return alone;
}

/* Is the kernel to be one whose code depends on nothing but its key? */
static bool may_be_kept(const compilation *c)
{
    const sinter_options *o = &c->options;
    const ir_program *p = &c->program;
    return o->source == SINTER_DENSITY && o->domain != SINTER_GRID && c->engine != SINTER_ENGINE_INTERP && !o->passes && !o->marks && !o->fixed_count
           && !o->arrays && !o->drop && p->status == SINTER_OK && has_tables_alone(p) && !p->call_count && !p->total_maps && !p->has_settled && !is_smoothed(p)
           && !(c->of_terms && o->gradient_count);
}

program_key sn_kernel_key_of(const compilation *c)
{
    writing w = {NULL, 0};
    if (!may_be_kept(c))
        return (program_key){NULL, 0, 0, 0};
    put_all(&w, c);
    uint8_t *bytes = sn_arena_take(c->memory, w.size);
    w = (writing){bytes, 0};
    if (bytes)
        put_all(&w, c);
    const uint64_t machine = machine_of(c);
    return (program_key){bytes, w.size, machine, bytes ? hash_of(bytes, w.size, machine) : 0};
}

static kept_program **place_of(kept_programs *all, uint64_t hash)
{
    if (!all->places)
        all->places = sn_arena_take_zeroed(&all->memory, KEPT_PLACES * sizeof(void *));
    return all->places ? &all->places[hash % KEPT_PLACES] : NULL;
}

static bool is_of(const kept_program *k, const uint8_t *bytes, const program_key *key)
{
    return k->hash == key->hash && k->machine == key->machine && k->key_size == key->size && memcmp(bytes, key->bytes, key->size) == 0;
}

/* ---- what comes with the library ---- */

static const void *words_at(uint32_t place)
{
    return &sn_kernel_built_words[place];
}

static const char *name_at(uint32_t place)
{
    return &sn_kernel_built_names[place];
}

/* How many there are: none was found. */
static uint32_t find_built(const program_key *key)
{
    uint32_t low = 0, high = sn_kernel_built_program_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (sn_kernel_built_hashes[middle] < key->hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < sn_kernel_built_program_count && sn_kernel_built_hashes[low] == key->hash; low++)
        if (is_of(&sn_kernel_built_programs[low].as_kept, words_at(sn_kernel_built_programs[low].key), key))
            return low;
    return sn_kernel_built_program_count;
}

static plan_loop *open_loops(const built_program *b, arena *memory)
{
    plan_loop *loops = sn_arena_take(memory, b->as_kept.plan.loop_count * sizeof *loops);
    for (uint32_t i = 0; loops && i < b->as_kept.plan.loop_count; i++) {
        const built_loop *from = &sn_kernel_built_loops[b->loops + i];
        loops[i] = from->loop;
        loops[i].routine = from->routine ? sn_kernel_built_routine(from->routine - 1) : NULL;
    }
    return loops;
}

static bool open_streams(const built_program *b, kept_streams *s, arena *memory)
{
    s->outputs = sn_arena_take(memory, (s->output_count + 1) * sizeof *s->outputs);
    s->totals = sn_arena_take(memory, (s->total_count + 1) * sizeof *s->totals);
    s->memories = sn_arena_take(memory, (s->memory_count + 1) * sizeof *s->memories);
    if (!s->outputs || !s->totals || !s->memories)
        return false;
    for (uint32_t i = 0; i < s->output_count; i++)
        s->outputs[i] = (ir_stream){name_at(sn_kernel_built_streams[b->outputs + i].name), sn_kernel_built_streams[b->outputs + i].type};
    for (uint32_t i = 0; i < s->total_count; i++)
        s->totals[i] = name_at(sn_kernel_built_streams[b->totals + i].name);
    for (uint32_t i = 0; i < s->memory_count; i++) {
        const built_memory *from = &sn_kernel_built_memories[b->memories + i];
        s->memories[i] = from->memory;
        s->memories[i].name = name_at(from->name);
        s->memories[i].content = words_at(from->content);
    }
    s->total_maps = b->total_maps ? (ir_total_map *)words_at(b->total_maps) : NULL; /* nobody writes into any of these */
    return true;
}

const kept_program *sn_kernel_open_built(uint32_t number, arena *memory)
{
    const built_program *b = &sn_kernel_built_programs[number];
    kept_program *k = sn_arena_take(memory, sizeof *k);
    if (!k)
        return NULL;
    *k = b->as_kept;
    k->key = words_at(b->key);
    k->function_reason = b->function_reason ? name_at(b->function_reason) : NULL;
    k->code.code = words_at(b->code);
    k->code.pool = words_at(b->pool);
    k->code.references = words_at(b->references);
    k->code.addresses = b->addresses ? words_at(b->addresses) : NULL;
    k->code.starts = words_at(b->starts);
    k->plan.buffers = (plan_buffer *)&sn_kernel_built_buffers[b->buffers];
    k->plan.sum_types = (uint8_t *)words_at(b->sum_types);
    k->plan.loops = open_loops(b, memory);
    return k->plan.loops && open_streams(b, &k->streams, memory) ? k : NULL;
}

const kept_program *sn_kernel_find_program(const compilation *c, const program_key *key)
{
    kept_programs *all = &c->context->programs;
    if (!key->bytes)
        return NULL;
    const uint32_t built = all->without_built ? sn_kernel_built_program_count : find_built(key);
    if (built < sn_kernel_built_program_count)
        return sn_kernel_open_built(built, c->memory);
    const kept_program *k = all->places ? *place_of(all, key->hash) : NULL;
    while (k && !is_of(k, k->key, key))
        k = k->next;
    return k;
}

/* ---- keeping ---- */

static void *copied(arena *memory, const void *from, size_t size)
{
    void *copy = sn_arena_take(memory, size);
    if (copy && size)
        memcpy(copy, from, size);
    return copy;
}

static const char *name_in(arena *memory, const char *name)
{
    return sn_arena_copy_text(memory, name, strlen(name));
}

static void keep_tables(kept_program *k, const ir_program *p, arena *memory)
{
    kept_streams *to = &k->streams;
    to->memories = copied(memory, p->memories, p->memory_count * sizeof *p->memories);
    to->memory_count = p->memory_count;
    for (uint32_t i = 0; to->memories && i < p->memory_count; i++) {
        to->memories[i].name = name_in(memory, p->memories[i].name);
        to->memories[i].content = copied(memory, p->memories[i].content, (size_t)p->memories[i].length * sn_ir_type_size(p->memories[i].type));
    }
}

/* The streams that passes may have made: derivatives, totals. Inputs and parameters are those of each program itself. */
static void keep_results(kept_program *k, const ir_program *p, arena *memory)
{
    kept_streams *to = &k->streams;
    to->outputs = copied(memory, p->outputs, p->output_count * sizeof *p->outputs);
    to->totals = copied(memory, p->totals, p->total_count * sizeof *p->totals);
    to->total_maps = p->total_maps ? copied(memory, p->total_maps, p->total_count * sizeof *p->total_maps) : NULL;
    to->output_count = p->output_count;
    to->total_count = p->total_count;
    for (uint32_t i = 0; to->outputs && i < p->output_count; i++)
        to->outputs[i].name = name_in(memory, p->outputs[i].name);
    for (uint32_t i = 0; to->totals && i < p->total_count; i++)
        to->totals[i] = name_in(memory, p->totals[i]);
}

static void keep_plan(kept_program *k, const plan *p, arena *memory)
{
    k->plan = *p;
    k->plan.program = NULL; /* that of the kernel that is made of it */
    k->plan.lines = NULL;
    k->plan.line_of_memory = NULL;
    k->plan.loops = copied(memory, p->loops, p->loop_count * sizeof *p->loops);
    k->plan.buffers = copied(memory, p->buffers, p->buffer_count * sizeof *p->buffers);
    k->plan.sum_types = copied(memory, p->sum_types, p->program->total_count);
    for (uint32_t i = 0; k->plan.loops && i < p->loop_count; i++)
        k->plan.loops[i].body[0] = k->plan.loops[i].body[1] = (plan_body){0};
}

/* Without the addresses of tables, which are each kernel's own. */
static uint8_t *pool_of(const machine_code *code, uint32_t tables, arena *memory)
{
    uint8_t *pool = copied(memory, code->pool, code->pool_size);
    for (uint32_t i = 0; pool && code->addresses && i < tables; i++)
        if (code->addresses[i])
            memset(pool + code->addresses[i] - 1, 0, sizeof(void *));
    return pool;
}

static void keep_code(kept_program *k, const machine_code *code, arena *memory)
{
    k->code = *code;
    k->code.code = copied(memory, code->code, code->size);
    k->code.pool = pool_of(code, k->streams.memory_count, memory);
    k->code.references = copied(memory, code->references, code->reference_count * sizeof *code->references);
    k->code.addresses = code->addresses ? copied(memory, code->addresses, k->streams.memory_count * sizeof *code->addresses) : NULL;
    k->code.starts = copied(memory, code->starts, (2 * (size_t)k->plan.loop_count + 1) * sizeof *code->starts);
}

/* Too much, or memory was refused while one was kept. */
static void forget(kept_programs *all)
{
    sn_arena_rewind(&all->memory);
    all->memory.failed = false;
    all->places = NULL;
    all->bytes = 0;
}

/* Notes that it was compiled. Hashes that share a place stand beside each other, the newest first: of four programs that take turns each is met again. */
static bool was_met(kept_programs *all, uint64_t hash)
{
    uint64_t *place = &all->met[hash % (KEPT_PLACES / WAYS) * WAYS];
    unsigned k = 0;
    while (k < WAYS - 1 && place[k] != hash)
        k++;
    const bool met = place[k] == hash;
    memmove(place + 1, place, k * sizeof *place);
    place[0] = hash;
    return met;
}

void sn_kernel_keep_program(const compilation *c, const program_key *key, const plan *p, const machine_code *code, const char *function_reason)
{
    kept_programs *all = &c->context->programs;
    if (!key->bytes || p->line_count || p->call_count || !has_tables_alone(p->program) || !(was_met(all, key->hash) || all->keeps_all))
        return;
    if (all->bytes >= MOST_BYTES && !all->keeps_all)
        forget(all);
    arena *memory = &all->memory;
    kept_program **place = place_of(all, key->hash), *k = sn_arena_take_zeroed(memory, sizeof *k);
    if (k) {
        k->hash = key->hash;
        k->key = copied(memory, key->bytes, key->size);
        k->key_size = key->size;
        k->machine = key->machine;
        k->function_reason = function_reason;
        keep_plan(k, p, memory);
        keep_results(k, p->program, memory);
        keep_tables(k, p->program, memory);
        keep_code(k, code, memory);
    }
    if (!place || memory->failed) {
        forget(all);
        return;
    }
    k->next = *place;
    *place = k;
    all->bytes += sizeof *k + key->size + code->size + code->pool_size + 2 * p->loop_count * sizeof *p->loops;
}
