/* The lists of built programs that have none. */
#include "kernel/kept_programs.h"

const uint64_t sn_kernel_built_hashes[1], sn_kernel_built_words[1];
const built_program sn_kernel_built_programs[1];
const uint32_t sn_kernel_built_program_count = 0;
const char sn_kernel_built_names[1];
const built_loop sn_kernel_built_loops[1];
const plan_buffer sn_kernel_built_buffers[1];
const built_stream sn_kernel_built_streams[1];
const built_memory sn_kernel_built_memories[1];

const ir_routine *sn_kernel_built_routine(uint32_t number)
{
    (void)number;
    return NULL;
}
