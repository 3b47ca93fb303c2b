/* Text that grows: what `dump`, `explain` and the exporters print into. */
#ifndef SN_BASE_TEXT_H
#define SN_BASE_TEXT_H

#include "base/arena.h"

typedef struct text {
    arena *memory;
    char *start; /* terminated whenever length > 0; NULL before anything was added */
    size_t length, capacity;
    bool failed; /* memory was refused: what follows is dropped */
} text;

void sn_text_open(text *t, arena *memory);
void sn_text_add(text *t, const char *string);
void sn_text_add_bytes(text *t, const char *bytes, size_t length);
/* Integers, strings, characters and hexadecimal only: floats would follow the locale. */
void sn_text_print(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sn_text_add_f64(text *t, double value); /* shortest form that reads back to the same bits */
void sn_text_add_f32(text *t, float value);

#endif
