/* Numbers on the command line and numbers to print.
 *
 * The language's own reader and writer of numbers serve here too, for two reasons: what a user writes behind
 * --at must become the very number that it would be inside the expression, rounded once and to the type that
 * is computed in; and no locale may turn points into commas. */
#include "cli/command.h"

#include "base/decimal.h"

#include <math.h>
#include <string.h>

static bool says(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

bool sn_cli_read_number(const char *text, size_t length, sinter_type type, double *value)
{
    const bool negative = length > 0 && text[0] == '-';
    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        text++;
        length--;
    }
    double magnitude;
    float single;
    if (says(text, length, "inf"))
        magnitude = INFINITY;
    else if (says(text, length, "nan"))
        magnitude = NAN;
    else if (length == 0)
        return false;
    else if (type == SINTER_F64 ? sn_decimal_read_f64(text, length, &magnitude) != length
                                : sn_decimal_read_f32(text, length, &single) != length)
        return false;
    else if (type != SINTER_F64)
        magnitude = single;
    *value = negative ? -magnitude : magnitude;
    return true;
}

bool sn_cli_read_whole(const char *text, int64_t low, int64_t high, int64_t *value)
{
    int64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > (INT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (*text - '0');
    }
    if (number < low || number > high)
        return false;
    *value = number;
    return true;
}

size_t sn_cli_type_size(sinter_type type)
{
    return type == SINTER_F64 ? 8 : type == SINTER_I16 ? 2 : type == SINTER_U8 ? 1 : 4;
}

void sn_cli_print_element(FILE *out, sinter_type type, const void *array, size_t i, bool json)
{
    char text[SN_DECIMAL_ROOM];
    if (type == SINTER_I32) {
        fprintf(out, "%d", ((const int32_t *)array)[i]);
        return;
    }
    const double value = type == SINTER_F64 ? ((const double *)array)[i] : (double)((const float *)array)[i];
    if (type == SINTER_F64)
        sn_decimal_write_f64(value, text);
    else
        sn_decimal_write_f32((float)value, text);
    fprintf(out, json && !isfinite(value) ? "\"%s\"" : "%s", text);
}
