/* Memory between pages that may not be touched: what reads or writes beyond a stream's end faults. */
#ifndef TEST_GUARD_PAGES_H
#define TEST_GUARD_PAGES_H

#include <stddef.h>
#include <stdint.h>

typedef struct guarded {
    uint8_t *low, *high; /* the bytes that may be touched; a page before and one behind may not */
} guarded;

guarded guarded_open(size_t bytes); /* whole pages, at least `bytes`; fails the test when refused */
void guarded_close(guarded *g);

#endif
