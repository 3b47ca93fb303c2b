/* An allocator that refuses: so many requests are granted, all behind them are not. What is out is counted, so that a test sees whether it came back. */
#ifndef TESTS_REFUSING_ALLOCATOR_H
#define TESTS_REFUSING_ALLOCATOR_H

#include <stddef.h>
#include <stdlib.h>

#include <sinter/kernel.h>

typedef struct refusing {
    long left;    /* requests that are granted */
    size_t taken; /* bytes that are out */
} refusing;

static inline void *take_or_refuse(void *user, size_t size)
{
    refusing *r = user;
    if (r->left-- <= 0)
        return NULL;
    r->taken += size;
    return malloc(size);
}

static inline void give_back(void *user, void *block, size_t size)
{
    ((refusing *)user)->taken -= block ? size : 0;
    free(block);
}

static inline sinter_allocator refusing_allocator(refusing *r)
{
    return (sinter_allocator){take_or_refuse, give_back, r};
}

#endif
