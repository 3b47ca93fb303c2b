/* Where rendered streams go: NPY, or a sound file as the name's end says. */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 200 };

static bool ends_in_npy(const char *path)
{
    const size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".npy") == 0;
}

static bool names_no_kind(const char *path)
{
    return strcmp(path, "-") == 0 || strncmp(path, "/dev/", 5) == 0;
}

int sn_cli_choose_samples(const arguments *a, sound_kind *kind)
{
    *kind = a->output ? sn_sound_kind(a->output) : SOUND_NONE;
    if (*a->format && !names_no_kind(a->output ? a->output : ""))
        return sn_cli_misuse(a->command, "--format is for -o -; elsewhere the name's end says what is written");
    if (*a->format)
        *kind = sn_sound_kind(a->format);
    if (*a->format && *kind == SOUND_NONE && !ends_in_npy(a->format))
        return sn_cli_misuse(a->command, "--format takes npy, wav, aiff, au, flac or ogg, not `%s`", a->format + 2);
    if (a->output && *kind == SOUND_NONE && !ends_in_npy(a->output) && !names_no_kind(a->output))
        return sn_cli_misuse(a->command, "-o takes a name that ends in .wav, .flac, .ogg, .aiff, .au or .npy, not `%s`",
                             a->output);
    if (a->bits && *kind == SOUND_NONE)
        return sn_cli_misuse(a->command, "--bits is for sound files");
    if (a->bits && *kind == SOUND_OGG)
        return sn_cli_misuse(a->command, "Ogg Vorbis has no --bits");
    if (a->bits == 32 && *kind == SOUND_FLAC)
        return sn_cli_misuse(a->command, "FLAC has 16 or 24 bits");
    return STATUS_GOOD;
}

static bool fail(sample_output *o, const char *message)
{
    sn_cli_discard_samples(o);
    return sn_cli_refuse("cannot write %s: %s", o->file.path, message);
}

bool sn_cli_open_samples(sample_output *o, const arguments *a, sound_kind kind, sinter_type type, size_t channels,
                         int64_t frames, double rate)
{
    char message[MESSAGE];
    *o = (sample_output){.type = type, .channels = channels};
    if (!a->output)
        return true;
    if (!sn_cli_open_output(&o->file, a->output))
        return false;
    if (kind == SOUND_NONE) {
        const size_t shape[3] = {(size_t)frames, channels, 1};
        return sn_npy_write_header(o->file.stream, type == SINTER_F32 ? NPY_F32 : NPY_F64, channels > 1 ? 2 : 1, shape, message,
                                   sizeof message)
               || fail(o, message);
    }
    const sound_form form = {.kind = kind, .channels = (int)channels, .rate = rate, .bits = a->bits};
    o->sound = sn_sound_open(o->file.stream, &form, message, sizeof message);
    return o->sound || fail(o, message);
}

/* Neither file knows i32; every value of it is exact in f64. */
static bool write_whole_numbers(const sample_output *o, const int32_t *values, size_t count, char *message)
{
    for (size_t i = 0; i < count; i++) {
        const double value = values[i];
        if (!sn_npy_write_values(o->file.stream, NPY_F64, &value, 1, message, MESSAGE))
            return false;
    }
    return true;
}

bool sn_cli_write_samples(sample_output *o, const void *rows, size_t frames)
{
    char message[MESSAGE];
    const size_t count = frames * o->channels;
    bool good = true;
    if (!o->file.stream)
        return true;
    if (o->sound)
        good = sn_sound_write(o->sound, rows, frames, o->type == SINTER_F64, message, sizeof message);
    else if (o->type == SINTER_I32)
        good = write_whole_numbers(o, rows, count, message);
    else
        good = sn_npy_write_values(o->file.stream, o->type == SINTER_F64 ? NPY_F64 : NPY_F32, rows, count, message,
                                   sizeof message);
    return good || fail(o, message);
}

bool sn_cli_close_samples(sample_output *o)
{
    char message[MESSAGE];
    int64_t clipped = 0;
    if (o->sound) {
        const bool good = sn_sound_close(o->sound, &clipped, message, sizeof message);
        o->sound = NULL;
        if (!good)
            return fail(o, message);
    }
    if (clipped)
        sn_cli_note("note: %lld sample%s beyond full scale %s cut; a .wav of 32 bits keeps them", (long long)clipped,
                    clipped == 1 ? "" : "s", clipped == 1 ? "was" : "were");
    return !o->file.stream || sn_cli_commit_output(&o->file);
}

void sn_cli_discard_samples(sample_output *o)
{
    char message[MESSAGE];
    int64_t clipped;
    if (o->sound)
        sn_sound_close(o->sound, &clipped, message, sizeof message);
    o->sound = NULL;
    sn_cli_discard_output(&o->file);
}
