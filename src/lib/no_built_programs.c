/* The list of built programs that has none. */
#include "kernel/kept_programs.h"

const uint64_t sn_kernel_built_hashes[1];
const kept_program sn_kernel_built_programs[1];
const uint32_t sn_kernel_built_program_count = 0;
