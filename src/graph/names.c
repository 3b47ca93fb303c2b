/* Parameters by numbers that outlive edits: a list of names that only grows, in pieces that never move, so that the audio thread may read what lies
 * below `count` while a control thread adds to it. */
#include "graph/performance.h"

#include <string.h>

player_name *sn_player_name(player_names *n, uint32_t number)
{
    player_name *chunk = atomic_load_explicit(&n->chunks[number / PLAYER_NAMES_A_CHUNK], memory_order_acquire);
    return &chunk[number % PLAYER_NAMES_A_CHUNK];
}

/* Under the lock. */
static int add(sinter_player *player, const char *text)
{
    player_names *n = &player->names;
    const uint32_t count = atomic_load_explicit(&n->count, memory_order_relaxed);
    if (count == PLAYER_MOST_NAMES)
        return -1;
    if (count % PLAYER_NAMES_A_CHUNK == 0 && !atomic_load_explicit(&n->chunks[count / PLAYER_NAMES_A_CHUNK], memory_order_relaxed)) {
        player_name *chunk = sn_allocate(&player->allocator, PLAYER_NAMES_A_CHUNK * sizeof *chunk);
        if (!chunk)
            return -1;
        memset(chunk, 0, PLAYER_NAMES_A_CHUNK * sizeof *chunk);
        atomic_store_explicit(&n->chunks[count / PLAYER_NAMES_A_CHUNK], chunk, memory_order_release);
    }
    const size_t length = strlen(text), size = length + 1 + length + sizeof ".onset";
    char *copy = sn_allocate(&player->allocator, size);
    if (!copy)
        return -1;
    memcpy(copy, text, length + 1);
    memcpy(copy + length + 1, text, length);
    memcpy(copy + 2 * length + 1, ".onset", sizeof ".onset");
    *sn_player_name(n, count) = (player_name){.text = copy, .onset = copy + length + 1, .size = size};
    atomic_store_explicit(&n->count, count + 1, memory_order_release);
    return (int)count;
}

int sinter_player_parameter(sinter_player *player, const char *name)
{
    if (!player || !name)
        return -1;
    pthread_mutex_lock(&player->lock);
    const uint32_t count = atomic_load_explicit(&player->names.count, memory_order_relaxed);
    uint32_t k = 0;
    while (k < count && strcmp(sn_player_name(&player->names, k)->text, name) != 0)
        k++;
    const int number = k < count ? (int)k : add(player, name);
    pthread_mutex_unlock(&player->lock);
    return number;
}

void sn_player_names_close(sinter_player *player)
{
    const uint32_t count = atomic_load(&player->names.count);
    for (uint32_t k = 0; k < count; k++) {
        const player_name *name = sn_player_name(&player->names, k);
        sn_release(&player->allocator, name->text, name->size);
    }
    for (uint32_t k = 0; k < PLAYER_MOST_NAMES / PLAYER_NAMES_A_CHUNK; k++)
        sn_release(&player->allocator, atomic_load(&player->names.chunks[k]), PLAYER_NAMES_A_CHUNK * sizeof(player_name));
}
