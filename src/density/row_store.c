/* Rows kept: see row_store.h. What is to be removed is found through a table of hashes, so that a removal takes one pass over the rows, however
 * many go. */
#include "density/row_store.h"

#include "base/arena.h"

#include <string.h>

void sn_store_open(row_store *s, const sinter_allocator *allocator, uint32_t columns, uint32_t element)
{
    *s = (row_store){.allocator = *allocator, .columns = columns, .element = element};
}

static size_t bytes_of(const row_store *s, int64_t capacity)
{
    return (size_t)capacity * (s->columns + 1u) * s->element;
}

void sn_store_close(row_store *s)
{
    if (s->data)
        sn_release(&s->allocator, s->data, bytes_of(s, s->capacity));
    s->data = NULL;
    s->count = s->capacity = 0;
}

bool sn_store_reserve(row_store *s, int64_t more)
{
    const int64_t most = INT64_MAX / 2 / ((int64_t)(s->columns + 1u) * s->element);
    if (more <= s->capacity - s->count)
        return true;
    if (more > most - s->count)
        return false;
    const int64_t wanted = s->count + more, grown = s->count + s->count / 2 + 16;
    row_store larger = *s;
    larger.capacity = wanted > grown ? wanted : grown;
    larger.data = sn_allocate(&s->allocator, bytes_of(s, larger.capacity));
    if (!larger.data)
        return false;
    for (uint32_t k = 0; s->count && k <= s->columns; k++)
        memcpy(sn_store_column(&larger, k), sn_store_column(s, k), (size_t)s->count * s->element);
    if (s->data)
        sn_release(&s->allocator, s->data, bytes_of(s, s->capacity));
    *s = larger;
    return true;
}

void sn_store_add(row_store *s, const uint8_t *columns, int64_t stride, int64_t i)
{
    for (uint32_t k = 0; k <= s->columns; k++)
        memcpy(sn_store_column(s, k) + s->count * s->element, columns + ((int64_t)k * stride + i) * s->element, s->element);
    s->count++;
}

/* ---- removing ---- */

/* FNV-1a over the bytes. */
static uint64_t hash_of(const row_store *s, int64_t row)
{
    uint64_t hash = 0xCBF29CE484222325;
    for (uint32_t k = 0; k <= s->columns; k++) {
        const uint8_t *at = sn_store_column(s, k) + row * s->element;
        for (uint32_t b = 0; b < s->element; b++)
            hash = (hash ^ at[b]) * 0x100000001B3;
    }
    return hash ^ hash >> 32;
}

static bool are_same(const row_store *a, int64_t i, const row_store *b, int64_t k)
{
    for (uint32_t c = 0; c <= a->columns; c++)
        if (memcmp(sn_store_column(a, c) + i * a->element, sn_store_column(b, c) + k * b->element, a->element) != 0)
            return false;
    return true;
}

typedef struct sought {
    int64_t row;   /* of those that go */
    int64_t count; /* how many like it are still to be found */
} sought;

typedef struct sought_table {
    sought *places;
    uint64_t mask;
} sought_table;

/* The place of rows that are like this one; an empty one where there are none. */
static sought *place_of(const sought_table *table, const row_store *gone, const row_store *s, int64_t row)
{
    uint64_t at = hash_of(s, row) & table->mask;
    while (table->places[at].row >= 0 && !are_same(gone, table->places[at].row, s, row))
        at = (at + 1) & table->mask;
    return &table->places[at];
}

/* Which rows go: `leaves` has a flag for each. Returns how many. */
static int64_t find_all(const sought_table *table, const row_store *gone, const row_store *s, uint8_t *leaves)
{
    int64_t found = 0;
    for (uint64_t at = 0; at <= table->mask; at++)
        table->places[at] = (sought){-1, 0};
    for (int64_t row = 0; row < gone->count; row++) {
        sought *place = place_of(table, gone, gone, row);
        place->row = row;
        place->count++;
    }
    for (int64_t row = 0; row < s->count; row++) {
        sought *place = place_of(table, gone, s, row);
        leaves[row] = place->count > 0;
        place->count -= leaves[row];
        found += leaves[row];
    }
    return found;
}

static void close_gaps(row_store *s, const uint8_t *leaves)
{
    int64_t kept = 0;
    for (uint32_t k = 0; k <= s->columns; k++) {
        uint8_t *column = sn_store_column(s, k);
        kept = 0;
        for (int64_t row = 0; row < s->count; row++)
            if (!leaves[row])
                memmove(column + kept++ * s->element, column + row * s->element, s->element);
    }
    s->count = kept;
}

store_result sn_store_find(const row_store *s, const row_store *gone, uint8_t **leaves)
{
    *leaves = NULL;
    if (gone->count > s->count)
        return STORE_MISSING;
    if (!gone->count)
        return STORE_DONE;
    uint64_t places = 4;
    while (places < 2 * (uint64_t)gone->count)
        places *= 2;
    sought *table = sn_allocate(&s->allocator, places * sizeof *table);
    uint8_t *flags = sn_allocate(&s->allocator, (size_t)s->count);
    store_result result = STORE_NO_MEMORY;
    if (table && flags)
        result = find_all(&(sought_table){table, places - 1}, gone, s, flags) == gone->count ? STORE_DONE : STORE_MISSING;
    sn_release(&s->allocator, table, places * sizeof *table);
    if (result == STORE_DONE)
        *leaves = flags;
    else
        sn_store_leave(s, flags);
    return result;
}

void sn_store_leave(const row_store *s, uint8_t *leaves)
{
    sn_release(&s->allocator, leaves, (size_t)s->count);
}

void sn_store_take_out(row_store *s, uint8_t *leaves)
{
    const size_t count = (size_t)s->count; /* it falls */
    if (!leaves)
        return;
    close_gaps(s, leaves);
    sn_release(&s->allocator, leaves, count);
}

store_result sn_store_remove(row_store *s, const row_store *gone)
{
    uint8_t *leaves;
    const store_result result = sn_store_find(s, gone, &leaves);
    if (result == STORE_DONE)
        sn_store_take_out(s, leaves);
    return result;
}
