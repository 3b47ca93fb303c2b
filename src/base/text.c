/* Growing text over an arena. */
#include "base/text.h"

#include "base/decimal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sn_text_open(text *t, arena *memory)
{
    *t = (text){.memory = memory};
}

static bool make_room(text *t, size_t more)
{
    if (t->failed)
        return false;
    if (t->capacity - t->length > more)
        return true;
    size_t capacity = t->capacity ? t->capacity * 2 : 1024;
    while (capacity - t->length <= more)
        capacity *= 2;
    char *grown = sn_arena_grow(t->memory, t->start, t->length, capacity);
    if (!grown) {
        t->failed = true;
        return false;
    }
    t->start = grown;
    t->capacity = capacity;
    return true;
}

void sn_text_add_bytes(text *t, const char *bytes, size_t length)
{
    if (!make_room(t, length))
        return;
    memcpy(t->start + t->length, bytes, length);
    t->length += length;
    t->start[t->length] = 0;
}

void sn_text_add(text *t, const char *string)
{
    sn_text_add_bytes(t, string, strlen(string));
}

void sn_text_print(text *t, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length > 0 && make_room(t, (size_t)length)) {
        vsnprintf(t->start + t->length, (size_t)length + 1, format, arguments);
        t->length += (size_t)length;
    }
    va_end(arguments);
}

void sn_text_add_f64(text *t, double value)
{
    char digits[40];
    sn_text_add_bytes(t, digits, sn_decimal_write_f64(value, digits));
}

void sn_text_add_f32(text *t, float value)
{
    char digits[40];
    sn_text_add_bytes(t, digits, sn_decimal_write_f32(value, digits));
}
