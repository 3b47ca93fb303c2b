/* Rows kept: columns and weights of a density's type, growing, shrinking. */
#ifndef SN_DENSITY_ROW_STORE_H
#define SN_DENSITY_ROW_STORE_H

#include <sinter/memory.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct row_store {
    sinter_allocator allocator;
    uint32_t columns; /* the weights' column not counted, which is the last */
    uint32_t element; /* bytes */
    uint8_t *data;    /* column k begins at k·capacity elements */
    int64_t count, capacity;
} row_store;

void sn_store_open(row_store *s, const sinter_allocator *allocator, uint32_t columns, uint32_t element);
void sn_store_close(row_store *s);
/* Of the weights with k = s->columns. */
static inline uint8_t *sn_store_column(const row_store *s, uint32_t k)
{
    return s->data + (uint64_t)k * (uint64_t)s->capacity * s->element;
}
/* Room for so many rows more; false: refused, and nothing has changed. */
bool sn_store_reserve(row_store *s, int64_t more);
/* Row `i` of columns that lie as here, `stride` elements apart; room must be there. */
void sn_store_add(row_store *s, const uint8_t *columns, int64_t stride, int64_t i);
typedef enum store_result { STORE_DONE, STORE_MISSING, STORE_NO_MEMORY } store_result;
/* Takes out a row that has the same bits, weight included, for each row of `gone`, as often as it is there. The others keep their order. Where one is missing
 * nothing changes. */
store_result sn_store_remove(row_store *s, const row_store *gone);
/* The same in two steps, of which the second cannot fail: which rows go (*leaves is for one of the calls below; NULL if none does), and taking them out or leaving
 * them. In between the store does not change. */
store_result sn_store_find(const row_store *s, const row_store *gone, uint8_t **leaves);
void sn_store_take_out(row_store *s, uint8_t *leaves);
void sn_store_leave(const row_store *s, uint8_t *leaves);

#endif
