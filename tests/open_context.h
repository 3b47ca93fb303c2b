/* The context that a test program compiles with: opened before its first test, closed behind its last. */
#ifndef TEST_OPEN_CONTEXT_H
#define TEST_OPEN_CONTEXT_H

#include <sinter/kernel.h>

static sinter_context *context;

static int open_context(void **state)
{
    (void)state;
    return (int)sinter_open(NULL, &context);
}

static int close_context(void **state)
{
    (void)state;
    sinter_close(context);
    return 0;
}

#endif
