/* --hash: a receipt for the promise that a program gives the same bits on every engine.
 *
 * FNV-1a (Fowler, Noll, Vo; http://www.isthe.com/chongo/tech/comp/fnv/) is not the fastest of hashes, a
 * nanosecond a byte, but anyone can check it with five lines of any language. NaNs are the one thing whose
 * bits are not promised; they are made alike before they count. */
#include "cli/command.h"

#include <string.h>

receipt sn_cli_open_receipt(void)
{
    return (receipt){0xcbf29ce484222325};
}

static uint64_t add_bytes(uint64_t state, uint64_t bits, int bytes)
{
    for (int i = 0; i < bytes; i++, bits >>= 8)
        state = (state ^ (bits & 0xFF)) * 0x100000001b3;
    return state;
}

void sn_cli_add_to_receipt(receipt *r, sinter_type type, const void *values, size_t count)
{
    uint64_t state = r->state;
    if (type == SINTER_F64) {
        for (size_t i = 0; i < count; i++) {
            uint64_t bits;
            memcpy(&bits, (const char *)values + 8 * i, 8);
            if ((bits & INT64_MAX) > 0x7FF0000000000000)
                bits = 0x7FF8000000000000;
            state = add_bytes(state, bits, 8);
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, (const char *)values + 4 * i, 4);
            if (type == SINTER_F32 && (bits & INT32_MAX) > 0x7F800000)
                bits = 0x7FC00000;
            state = add_bytes(state, bits, 4);
        }
    }
    r->state = state;
}
