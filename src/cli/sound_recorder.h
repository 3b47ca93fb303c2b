/* A recording of what is played: the sound's thread puts it into a ring without locks, a thread of the recorder's writes it. */
#ifndef SN_CLI_SOUND_RECORDER_H
#define SN_CLI_SOUND_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sound_recorder sound_recorder;

/* `write` gets frames, channels side by side, and says whether it succeeded; after it has not, the rest is thrown away. NULL: no memory,
 * or no thread. */
typedef bool (*recorder_write)(void *context, const float *frames, size_t count);
sound_recorder *sn_recorder_open(uint32_t channels, double rate, recorder_write write, void *context);
/* One thread at a time. Where the ring (two seconds) is full the frames are lost and counted, unless `wait`. */
void sn_recorder_put(sound_recorder *r, const float *const *channels, uint32_t count, bool wait);
bool sn_recorder_failed(const sound_recorder *r);
/* Nothing may be put any more. Writes what is left; answers how many frames were lost. NULL is allowed. */
uint64_t sn_recorder_close(sound_recorder *r);

#endif
