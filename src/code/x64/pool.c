/* The constants that code reads, each once. They are data, in pages that cannot be run; code holds no value of the user's. */
#include "code/x64/x64.h"

#include <string.h>

void sn_x64_pool_open(x64_pool *pool, arena *memory)
{
    *pool = (x64_pool){.memory = memory};
}

static bool make_room(x64_pool *pool, uint32_t more)
{
    if (pool->failed)
        return false;
    if (pool->capacity - pool->size >= more)
        return true;
    uint32_t capacity = pool->capacity ? 2 * pool->capacity : 4096;
    while (capacity - pool->size < more)
        capacity *= 2;
    uint8_t *grown = sn_arena_grow(pool->memory, pool->bytes, pool->size, capacity);
    if (!grown) {
        pool->failed = true;
        return false;
    }
    pool->bytes = grown;
    pool->capacity = capacity;
    return true;
}

static uint32_t append(x64_pool *pool, unsigned size, unsigned alignment)
{
    const uint32_t at = (pool->size + alignment - 1) & ~(alignment - 1);
    if (!make_room(pool, at - pool->size + size))
        return 0;
    memset(pool->bytes + pool->size, 0, at - pool->size);
    pool->size = at + size;
    return at;
}

static uint32_t hash(uint64_t bits, unsigned shape)
{
    bits = (bits + shape) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(bits >> 32);
}

static bool holds(const x64_pool *pool, uint32_t at, uint64_t bits, unsigned size, unsigned copies)
{
    const unsigned total = size * copies;
    if (at % (total > 64 ? 64 : total) || at + total > pool->size)
        return false;
    for (unsigned k = 0; k < copies; k++)
        if (memcmp(pool->bytes + at + k * size, &bits, size) != 0)
            return false;
    return true;
}

static bool grow_table(x64_pool *pool)
{
    const uint32_t old_size = pool->table ? pool->table_mask + 1 : 0, size = old_size ? 2 * old_size : 256;
    uint32_t *table = sn_arena_take_zeroed(pool->memory, 2 * (size_t)size * sizeof *table);
    if (!table) {
        pool->failed = true;
        return false;
    }
    for (uint32_t k = 0; k < old_size; k++) {
        if (!pool->table[2 * k])
            continue;
        uint32_t at = pool->table[2 * k + 1] & (size - 1);
        while (table[2 * at])
            at = (at + 1) & (size - 1);
        table[2 * at] = pool->table[2 * k];
        table[2 * at + 1] = pool->table[2 * k + 1];
    }
    pool->table = table;
    pool->table_mask = size - 1;
    return true;
}

uint32_t sn_x64_pool_element(x64_pool *pool, uint64_t bits, unsigned size, unsigned copies)
{
    if (pool->failed || (2 * pool->entries >= (pool->table ? pool->table_mask : 0) && !grow_table(pool)))
        return 0;
    const unsigned total = size * copies;
    const uint32_t key = hash(bits, total + size);
    uint32_t slot = key & pool->table_mask;
    for (; pool->table[2 * slot]; slot = (slot + 1) & pool->table_mask) {
        const uint32_t at = pool->table[2 * slot] - 1;
        if (pool->table[2 * slot + 1] == key && holds(pool, at, bits, size, copies))
            return at;
    }
    const uint32_t at = append(pool, total, total > 64 ? 64 : total);
    if (pool->failed)
        return 0;
    for (unsigned k = 0; k < copies; k++)
        memcpy(pool->bytes + at + k * size, &bits, size);
    pool->table[2 * slot] = at + 1;
    pool->table[2 * slot + 1] = key;
    pool->entries++;
    return at;
}

uint32_t sn_x64_pool_bytes(x64_pool *pool, const void *bytes, unsigned size, unsigned alignment)
{
    const uint32_t at = append(pool, size, alignment);
    if (!pool->failed)
        memcpy(pool->bytes + at, bytes, size);
    return at;
}
