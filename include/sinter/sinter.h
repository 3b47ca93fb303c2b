/* Sinter: expressions, signal graphs and densities as SIMD machine code, in microseconds.
 *
 *   sinter/memory.h      allocators
 *   sinter/report.h      errors as values
 *   sinter/operations.h  the operations of the intermediate representation
 *   sinter/program.h     programs built by calls, node types of one's own
 *   sinter/kernel.h      compiling and running
 *   sinter/image.h       pictures by several threads
 *   sinter/density.h     log-densities over data: rows, sums, derivatives
 *   sinter/dump.h        looking inside: IR, plan, machine code, C */
#ifndef SINTER_SINTER_H
#define SINTER_SINTER_H

#include <sinter/density.h>
#include <sinter/dump.h>
#include <sinter/graph.h>
#include <sinter/image.h>
#include <sinter/kernel.h>
#include <sinter/memory.h>
#include <sinter/operations.h>
#include <sinter/player.h>
#include <sinter/program.h>
#include <sinter/report.h>

#define SINTER_VERSION "0.1.0"

#endif
