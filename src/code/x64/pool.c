/* The constants that code reads, each once. They are data, in pages that cannot be run; code holds no value of the user's. */
#include "code/x64/x64.h"

#include <string.h>

enum { FIRST_ENTRIES = 64, MOST_EXPECTED = 4096 };

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

static inline uint32_t append(x64_pool *pool, unsigned size, unsigned alignment)
{
    const uint32_t at = (pool->size + alignment - 1) & ~(alignment - 1);
    if (!make_room(pool, at - pool->size + size))
        return 0;
    if (at != pool->size)
        memset(pool->bytes + pool->size, 0, at - pool->size);
    pool->size = at + size;
    return at;
}

/* Short numbers in f64 differ in their upper bits alone, and a product's lower half would not see those. */
static uint32_t hash(uint64_t bits, uint32_t shape)
{
    bits = ((bits ^ bits >> 32) + shape) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(bits >> 32);
}

static bool grow_table(x64_pool *pool, uint32_t size)
{
    const uint32_t old_size = pool->table ? pool->table_mask + 1 : 0;
    x64_pool_entry *table = sn_arena_take_zeroed(pool->memory, (size_t)size * sizeof *table);
    if (!table) {
        pool->failed = true;
        return false;
    }
    for (uint32_t k = 0; k < old_size; k++) {
        const x64_pool_entry *entry = &pool->table[k];
        if (!entry->shape)
            continue;
        uint32_t at = hash(entry->bits, entry->shape) & (size - 1);
        while (table[at].shape)
            at = (at + 1) & (size - 1);
        table[at] = *entry;
    }
    pool->table = table;
    pool->table_mask = size - 1;
    return true;
}

void sn_x64_pool_expect(x64_pool *pool, uint32_t elements)
{
    uint32_t size = FIRST_ENTRIES;
    while (size < 2 * (pool->entries + elements) && size < MOST_EXPECTED)
        size *= 2;
    if (!pool->table || pool->table_mask + 1 < size)
        grow_table(pool, size);
}

static void repeat(uint8_t *at, uint64_t bits, unsigned size, unsigned copies)
{
    if (size == 4)
        bits = (uint32_t)bits | bits << 32;
    unsigned left = size * copies;
    if (left == 32) { /* as most are where vectors are AVX2's */
        const uint64_t all[4] = {bits, bits, bits, bits};
        memcpy(at, all, sizeof all);
        return;
    }
    for (; left >= 8; left -= 8, at += 8)
        memcpy(at, &bits, 8);
    if (left)
        memcpy(at, &bits, 4);
}

static uint32_t add_element(x64_pool *pool, x64_pool_entry *entry, uint64_t bits, unsigned size, unsigned copies)
{
    const unsigned total = size * copies;
    const uint32_t at = append(pool, total, total > 64 ? 64 : total);
    if (pool->failed)
        return 0;
    repeat(pool->bytes + at, bits, size, copies);
    *entry = (x64_pool_entry){bits, at, total << 8 | size};
    pool->entries++;
    return at;
}

uint32_t sn_x64_pool_element(x64_pool *pool, uint64_t bits, unsigned size, unsigned copies)
{
    if (2 * pool->entries >= pool->table_mask && !grow_table(pool, pool->table ? 2 * (pool->table_mask + 1) : FIRST_ENTRIES))
        return 0;
    const uint32_t shape = size * copies << 8 | size, first = hash(bits, shape) & pool->table_mask;
    x64_pool_entry *entry = &pool->table[first];
    for (; entry->shape; entry = &pool->table[(uint32_t)(entry - pool->table + 1) & pool->table_mask])
        if (entry->bits == bits && entry->shape == shape)
            return entry->at;
    return add_element(pool, entry, bits, size, copies);
}

uint32_t sn_x64_pool_bytes(x64_pool *pool, const void *bytes, unsigned size, unsigned alignment)
{
    const uint32_t at = append(pool, size, alignment);
    if (!pool->failed)
        memcpy(pool->bytes + at, bytes, size);
    return at;
}

static void write_widened(uint8_t *at, const ir_memory *m)
{
    for (uint32_t k = 0; k < m->length; k++) {
        const int32_t value = m->type == IR_U8 ? ((const uint8_t *)m->content)[k] : ((const int16_t *)m->content)[k];
        memcpy(at + 4 * k, &value, 4);
    }
}

uint32_t sn_x64_pool_table(x64_pool *pool, const ir_program *program, uint32_t memory, bool bytes)
{
    const ir_memory *m = &program->memories[memory];
    if (!pool->tables)
        pool->tables = sn_arena_take_zeroed(pool->memory, 2 * (size_t)program->memory_count * sizeof *pool->tables);
    if (!pool->tables) {
        pool->failed = true;
        return 0;
    }
    uint32_t *known = &pool->tables[2 * memory + bytes];
    if (*known)
        return *known - 1;
    const uint32_t size = !bytes ? 4 * m->length : m->length <= 64 ? 64 : m->length <= 128 ? 128 : 256, at = append(pool, size, 64);
    if (pool->failed)
        return 0;
    if (bytes) {
        memset(pool->bytes + at, 0, size);
        memcpy(pool->bytes + at, m->content, m->length);
    } else {
        write_widened(pool->bytes + at, m);
    }
    *known = at + 1;
    return at;
}

uint32_t sn_x64_pool_address(x64_pool *pool, const ir_program *program, uint32_t memory, const void *address)
{
    const uint64_t bits = (uint64_t)(uintptr_t)address;
    if (!pool->addresses)
        pool->addresses = sn_arena_take_zeroed(pool->memory, program->memory_count * sizeof *pool->addresses);
    if (!pool->addresses) {
        pool->failed = true;
        return 0;
    }
    if (!pool->addresses[memory])
        pool->addresses[memory] = sn_x64_pool_bytes(pool, &bits, sizeof bits, sizeof bits) + 1;
    return pool->addresses[memory] - 1;
}
