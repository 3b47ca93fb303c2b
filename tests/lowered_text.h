/* One text at a time, lowered to operations: what the tests of the language look at. */
#ifndef TEST_LOWERED_TEXT_H
#define TEST_LOWERED_TEXT_H

#include "lang/lang.h"

typedef struct lowered {
    arena memory, scratch;
    ir_program p;
    sinter_report report;
    sinter_status status;
} lowered;

static lowered it;

static void close_it(void)
{
    sn_arena_close(&it.memory);
    sn_arena_close(&it.scratch);
}

static int teardown(void **state)
{
    (void)state;
    close_it();
    return 0;
}

/* Forgets the last one. */
static void open_it(const sinter_allocator *allocator, uint32_t rules)
{
    close_it();
    sn_arena_open(&it.memory, allocator);
    sn_arena_open(&it.scratch, allocator);
    sn_ir_open(&it.p, &it.memory, rules);
}

#endif
