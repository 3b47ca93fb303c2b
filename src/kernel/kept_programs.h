/* Machine code of densities, kept for the next that comes to the same program. */
#ifndef SN_KERNEL_KEPT_PROGRAMS_H
#define SN_KERNEL_KEPT_PROGRAMS_H

#include "kernel/kernels.h"

/* Machine code before it has a place. */
typedef struct machine_code {
    const uint8_t *code, *pool;
    size_t size, pool_size;
    const uint32_t *references; /* places in the code of the distance from behind them to the pool */
    const uint32_t *addresses;  /* by memory object: where in the pool the address of its table stands, + 1; NULL: none does */
    const uint32_t *starts;     /* of the loops, two each, then of the function for one element, if there is one */
    uint32_t reference_count;
    bool opens_blocks; /* no sum begins with what its memory holds, but for those that go on with a block */
    bool folds_sums;   /* every total stands in the frame at the end */
} machine_code;

/* What passes may have added to a program's streams (derivatives, totals), and its tables. */
typedef struct kept_streams {
    ir_stream *outputs;
    const char **totals;
    ir_total_map *total_maps;
    ir_memory *memories;
    uint32_t output_count, total_count, memory_count;
} kept_streams;

/* A program that was planned and written. */
typedef struct kept_program {
    struct kept_program *next;
    const uint8_t *key;
    size_t key_size;
    uint64_t machine, hash; /* as in program_key */
    plan plan; /* without bodies */
    kept_streams streams;
    machine_code code;
    const char *function_reason;
} kept_program;

/* Of what the front end made, before any pass; in c->memory. */
program_key sn_kernel_key_of(const compilation *c);
/* Programs that come with the library: the same with places in the arrays below where pointers would be, so that nothing of them has to be put right when the library is loaded.
 * There are none in the library that writes them, and where what is built cannot be run (lib/no_built_programs.c). */
typedef struct built_loop {
    plan_loop loop;
    uint32_t routine; /* its number, + 1; 0: none */
} built_loop;

typedef struct built_stream {
    uint32_t name;
    uint8_t type;
} built_stream;

typedef struct built_memory {
    ir_memory memory;
    uint32_t name, content;
} built_memory;

typedef struct built_program {
    kept_program as_kept; /* all its pointers are NULL */
    uint32_t key, code, pool, references, addresses, starts, sum_types, total_maps; /* among the words; no addresses or maps: 0 */
    uint32_t function_reason; /* among the names; 0: NULL */
    uint32_t loops, buffers, outputs, totals, memories; /* the first of so many */
} built_program;

extern const uint64_t sn_kernel_built_hashes[]; /* of the programs, ascending: for whoever looks for one */
extern const built_program sn_kernel_built_programs[];
extern const uint32_t sn_kernel_built_program_count;
extern const uint64_t sn_kernel_built_words[];
extern const char sn_kernel_built_names[]; /* each with a zero behind it; the first one is empty */
extern const built_loop sn_kernel_built_loops[];
extern const plan_buffer sn_kernel_built_buffers[];
extern const built_stream sn_kernel_built_streams[];
extern const built_memory sn_kernel_built_memories[];
const ir_routine *sn_kernel_built_routine(uint32_t number);

/* One of them with pointers, in `memory`; NULL where it is refused. */
const kept_program *sn_kernel_open_built(uint32_t number, arena *memory);

/* NULL: it is not kept. Valid until the next one is kept, and while c->memory is. */
const kept_program *sn_kernel_find_program(const compilation *c, const program_key *key);
/* Keeps what came of the program of that key, if one of the same key was compiled before and there is memory for it; forgets all others first where there is too
 * much. */
void sn_kernel_keep_program(const compilation *c, const program_key *key, const plan *p, const machine_code *code, const char *function_reason);

#endif
