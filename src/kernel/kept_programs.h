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
/* Those that come with the library, sorted by their hashes, which stand by themselves for whoever looks for one. There are none in the library that writes them, and where what is
 * built cannot be run (lib/no_built_programs.c). */
extern const uint64_t sn_kernel_built_hashes[];
extern const kept_program sn_kernel_built_programs[];
extern const uint32_t sn_kernel_built_program_count;

/* NULL: it is not kept. Valid until the next one is kept. */
const kept_program *sn_kernel_find_program(const compilation *c, const program_key *key);
/* Keeps what came of the program of that key, if one of the same key was compiled before and there is memory for it; forgets all others first where there is too
 * much. */
void sn_kernel_keep_program(const compilation *c, const program_key *key, const plan *p, const machine_code *code, const char *function_reason);

#endif
