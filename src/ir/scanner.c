/* The characters of the text form. Lines and columns are counted when an error needs them: columns in
 * characters, not bytes; broken UTF-8 and control characters never reach a message. Every byte is looked at a
 * fixed number of times. */
#include "ir/scanner.h"

#include "base/decimal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN = 40,         /* bytes of a word in a message */
    LONGEST_HINTED = 31 /* bytes of a name that others are compared with */
};

/* ---- errors ---- */

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static int characters(const char *from, const char *to)
{
    int count = 0;
    for (; from < to; from++)
        count += !continues(*from);
    return count;
}

/* The bytes of the character that begins here; 0 where UTF-8 is broken or the byte is no text. */
static size_t character_size(const char *c, const char *end)
{
    const unsigned char byte = (unsigned char)*c;
    if (byte < 0x80)
        return byte >= 0x20 && byte != 0x7F;
    const size_t size = byte >= 0xC2 && byte < 0xE0   ? 2
                        : byte >= 0xE0 && byte < 0xF0 ? 3
                        : byte >= 0xF0 && byte < 0xF5 ? 4
                                                      : 0;
    if (size > (size_t)(end - c))
        return 0;
    for (size_t k = 1; k < size; k++)
        if (!continues(c[k]))
            return 0;
    return size;
}

/* Copies as much of the text as fits, whole characters only; a byte that is no text becomes a question mark
 * (a tab: a blank), a broken continuation nothing, so that columns stay. */
static size_t copy_clean(char *to, size_t room, const char *from, const char *end)
{
    size_t length = 0;
    while (from < end) {
        const size_t size = character_size(from, end);
        if (length + (size ? size : 1) >= room)
            break;
        if (size) {
            memcpy(to + length, from, size);
            length += size;
        } else if (!continues(*from)) {
            to[length++] = *from == '\t' ? ' ' : '?';
        }
        from += size ? size : 1;
    }
    to[length] = 0;
    return length;
}

const char *sn_ir_line_end(const scanner *s, const char *from)
{
    const char *newline = memchr(from, '\n', (size_t)(s->end - from));
    return newline ? newline : s->end;
}

static const char *earlier(const char *c, const char *first, int bytes)
{
    const char *from = c - first > bytes ? c - bytes : first;
    while (from > first && continues(*from))
        from--;
    return from;
}

/* The source line; of a long one the surroundings of the place. */
static void fill_excerpt(const scanner *s, sinter_error *error, const char *from)
{
    enum { BEFORE = 60, DOTS = 3 };
    const char *last = sn_ir_line_end(s, from);
    if (last > s->line_start && last[-1] == '\r' && last > from)
        last--;
    const bool whole = from - s->line_start < SINTER_EXCERPT_SIZE / 2;
    const char *first = whole ? s->line_start : earlier(from, s->line_start, BEFORE);
    char *out = error->excerpt;
    size_t room = SINTER_EXCERPT_SIZE;
    if (!whole) {
        memcpy(out, "…", DOTS);
        out += DOTS;
        room -= DOTS;
    }
    error->excerpt_column = characters(first, from) + 1 + !whole;
    if ((size_t)(last - first) < room) {
        copy_clean(out, room, first, last);
    } else {
        out += copy_clean(out, room - DOTS, first, last);
        memcpy(out, "…", DOTS + 1);
    }
}

static bool is_full(const scanner *s)
{
    return s->report->total >= SINTER_MAX_ERRORS;
}

static void fill_error(const scanner *s, sinter_error *error, slice place, const char *hint)
{
    if (hint)
        copy_clean(error->hint, sizeof error->hint, hint, hint + strlen(hint));
    error->line = s->line;
    error->column = characters(s->line_start, place.start) + 1;
    error->width = characters(place.start, place.end);
    if (error->width < 1)
        error->width = 1;
    fill_excerpt(s, error, place.start);
}

__attribute__((format(printf, 5, 0)))
static bool report_error(scanner *s, sinter_status status, slice place,
                                                               const char *hint, const char *format,
                                                               va_list arguments)
{
    const bool full = is_full(s);
    s->report->total++;
    if (full)
        return false;
    sinter_error *error = &s->report->errors[s->report->count++];
    *error = (sinter_error){.status = status};
    char raw[SINTER_MESSAGE_SIZE];
    vsnprintf(raw, sizeof raw, format, arguments);
    copy_clean(error->message, sizeof error->message, raw, raw + strlen(raw));
    fill_error(s, error, place, hint);
    return false;
}

bool sn_ir_complain(scanner *s, slice place, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_error(s, SINTER_BAD_PROGRAM, place, hint, format, arguments);
    va_end(arguments);
    return false;
}

__attribute__((format(printf, 4, 5)))
static void report_stop(scanner *s, sinter_status status, slice place,
                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_error(s, status, place, NULL, format, arguments);
    va_end(arguments);
}

bool sn_ir_stop(scanner *s, sinter_status status, slice place, const char *message)
{
    s->stopped = status;
    s->stop_message = message;
    report_stop(s, status, place, "%s", message);
    return false;
}

bool sn_ir_no_memory(scanner *s)
{
    return sn_ir_stop(s, SINTER_NO_MEMORY, (slice){s->at, s->at}, "out of memory");
}

int sn_ir_shown(slice word)
{
    return word.end - word.start > SHOWN ? (int)SHOWN : (int)(word.end - word.start);
}

/* ---- hints: the nearest of some names ---- */

/* Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
static unsigned edit_distance(slice a, slice b)
{
    unsigned rows[3][LONGEST_HINTED + 1];
    const unsigned n = (unsigned)(a.end - a.start), m = (unsigned)(b.end - b.start);
    for (unsigned j = 0; j <= m; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            const bool same = a.start[i - 1] == b.start[j - 1];
            unsigned best = before[j - 1] + !same;
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a.start[i - 1] == b.start[j - 2] && a.start[i - 2] == b.start[j - 1]
                && two_before[j - 2] + 1 < best)
                best = two_before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

/* Farther than `distance` is no neighbour; 0: nobody asks. */
nearest sn_ir_nearest_to(const scanner *s, slice wanted)
{
    const size_t length = (size_t)(wanted.end - wanted.start);
    return (nearest){.wanted = wanted,
                     .distance = length > LONGEST_HINTED || is_full(s) ? 0 : (unsigned)(length + 1) / 3 + 1};
}

void sn_ir_compare_name(nearest *n, slice candidate)
{
    if (n->distance == 0 || candidate.end - candidate.start > LONGEST_HINTED)
        return;
    const unsigned distance = edit_distance(n->wanted, candidate);
    if (distance < n->distance) {
        n->distance = distance;
        n->best = candidate;
    }
}

void sn_ir_compare_text(nearest *n, const char *candidate)
{
    sn_ir_compare_name(n, (slice){candidate, candidate + strlen(candidate)});
}

const char *sn_ir_hint(const nearest *n, char *buffer, size_t size)
{
    if (!n->best.start)
        return NULL;
    snprintf(buffer, size, "did you mean `%.*s`?", (int)(n->best.end - n->best.start), n->best.start);
    return buffer;
}

/* ---- the characters ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool sn_ir_in_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '\'';
}

void sn_ir_skip_blanks(scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
    if (s->at < s->end && *s->at == ';')
        s->at = sn_ir_line_end(s, s->at);
}

bool sn_ir_at_line_end(scanner *s)
{
    sn_ir_skip_blanks(s);
    return s->at == s->end || *s->at == '\n';
}

void sn_ir_next_line(scanner *s)
{
    s->at = sn_ir_line_end(s, s->at);
    if (s->at < s->end) {
        s->at++;
        s->line++;
        s->line_start = s->at;
    }
}

bool sn_ir_accept(scanner *s, char c)
{
    sn_ir_skip_blanks(s);
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* What stands here, as an error would underline it: a word, a number, or one character. */
slice sn_ir_here(scanner *s)
{
    sn_ir_skip_blanks(s);
    const char *end = s->at;
    if (end < s->end && *end != '\n') {
        end++;
        while (end < s->end
               && (sn_ir_in_word(end[-1]) || end[-1] == '%' ? sn_ir_in_word(*end) : continues(*end)))
            end++;
    }
    return (slice){s->at, end};
}

bool sn_ir_expected(scanner *s, const char *what)
{
    const slice found = sn_ir_here(s);
    if (found.start == found.end)
        return sn_ir_complain(s, found, NULL, "expected %s, but the line ends", what);
    return sn_ir_complain(s, found, NULL, "expected %s, not `%.*s`", what, sn_ir_shown(found), found.start);
}

bool sn_ir_expect(scanner *s, char c)
{
    const char what[] = {'`', c, '`', 0};
    return sn_ir_accept(s, c) || sn_ir_expected(s, what);
}

slice sn_ir_peek_word(scanner *s)
{
    sn_ir_skip_blanks(s);
    const char *end = s->at;
    if (end < s->end && is_letter(*end))
        while (end < s->end && sn_ir_in_word(*end))
            end++;
    return (slice){s->at, end};
}

bool sn_ir_is_text(slice word, const char *text)
{
    const size_t length = strlen(text);
    return (size_t)(word.end - word.start) == length && !memcmp(word.start, text, length);
}

bool sn_ir_accept_word(scanner *s, const char *text)
{
    const slice word = sn_ir_peek_word(s);
    if (!sn_ir_is_text(word, text))
        return false;
    s->at = word.end;
    return true;
}

static int hex_digit(char c)
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One escape of a quoted name, behind the backslash: the byte, or −1. */
static int read_escape(scanner *s)
{
    const char c = s->at < s->end ? *s->at++ : 0;
    switch (c) {
    case '"':
    case '\\': return c;
    case 'n': return '\n';
    case 't': return '\t';
    case 'x':
        if (s->end - s->at >= 2 && hex_digit(s->at[0]) >= 0 && hex_digit(s->at[1]) >= 0) {
            const int byte = hex_digit(s->at[0]) << 4 | hex_digit(s->at[1]);
            s->at += 2;
            return byte ? byte : -1;
        }
        return -1;
    default: return -1;
    }
}

bool sn_ir_read_quoted(scanner *s, slice *name)
{
    const char *open = s->at++;
    char *text = sn_arena_take(s->memory, (size_t)(sn_ir_line_end(s, open) - open));
    if (!text)
        return sn_ir_no_memory(s);
    size_t length = 0;
    while (s->at < s->end && *s->at != '\n' && *s->at != '"') {
        int c = (unsigned char)*s->at++;
        const char *escape = s->at - 1;
        if (c == '\\')
            c = read_escape(s);
        if (c <= 0)
            return sn_ir_complain(s, (slice){escape, s->at}, "these are: \\\" \\\\ \\n \\t \\x01 to \\xFF",
                                  "this is no escape");
        text[length++] = (char)c;
    }
    if (s->at == s->end || *s->at != '"')
        return sn_ir_complain(s, (slice){open, s->at}, NULL, "the quote is not closed");
    s->at++;
    *name = (slice){text, text + length};
    return true;
}

bool sn_ir_read_name(scanner *s, const char *what, slice *name)
{
    sn_ir_skip_blanks(s);
    if (s->at < s->end && *s->at == '"')
        return sn_ir_read_quoted(s, name);
    *name = sn_ir_peek_word(s);
    if (name->start == name->end)
        return sn_ir_expected(s, what);
    s->at = name->end;
    return true;
}

bool sn_ir_accept_type(scanner *s, ir_type *type)
{
    static const ir_type types[] = {IR_F32, IR_F64, IR_I32, IR_MASK, IR_U8, IR_I16};
    const slice word = sn_ir_peek_word(s);
    for (unsigned k = 0; k < sizeof types / sizeof *types; k++) {
        if (sn_ir_is_text(word, sn_ir_type_name(types[k]))) {
            s->at = word.end;
            *type = types[k];
            return true;
        }
    }
    return false;
}

bool sn_ir_read_type(scanner *s, ir_type *type)
{
    return sn_ir_accept_type(s, type)
           || sn_ir_expected(s, "a type (f32, f64, i32, mask; u8 and i16 in tables)");
}

/* ---- numbers ---- */

/* The bits in hexadecimal, at most `digits` of them. */
static bool read_hex(scanner *s, unsigned digits, uint64_t *bits)
{
    const char *start = s->at;
    unsigned count = 0;
    *bits = 0;
    for (s->at += 2; s->at < s->end && hex_digit(*s->at) >= 0; s->at++, count++)
        *bits = *bits << 4 | (uint64_t)hex_digit(*s->at);
    if (count < 1 || count > digits)
        return sn_ir_complain(s, (slice){start, s->at}, NULL, "expected 1 to %u hexadecimal digits", digits);
    return true;
}

static bool starts_hex(const scanner *s)
{
    return s->end - s->at > 2 && s->at[0] == '0' && (s->at[1] == 'x' || s->at[1] == 'X');
}

/* inf and nan may be followed by `..` in a range, which a word would swallow. */
static bool accept_special(scanner *s, const char *text)
{
    const size_t length = strlen(text);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, text, length) != 0)
        return false;
    const char *next = s->at + length;
    if (next < s->end && sn_ir_in_word(*next) && *next != '.')
        return false;
    s->at = next;
    return true;
}

bool sn_ir_read_f64(scanner *s, uint64_t *bits)
{
    const slice place = sn_ir_here(s);
    if (starts_hex(s))
        return read_hex(s, 16, bits);
    const bool negative = sn_ir_accept(s, '-');
    double value;
    if (accept_special(s, "inf")) {
        value = (double)INFINITY;
    } else if (!negative && accept_special(s, "nan")) {
        *bits = 0x7FF8000000000000u;
        return true;
    } else {
        const size_t length = sn_decimal_read_f64(s->at, (size_t)(s->end - s->at), &value);
        if (!length)
            return sn_ir_expected(s, "a number");
        s->at += length;
        if (isinf(value))
            return sn_ir_complain(s, (slice){place.start, s->at}, NULL,
                                  "this number is beyond the range of f64");
    }
    value = negative ? -value : value;
    memcpy(bits, &value, sizeof value);
    return true;
}

static bool read_f32(scanner *s, uint64_t *bits)
{
    const slice place = sn_ir_here(s);
    if (starts_hex(s))
        return read_hex(s, 8, bits);
    const bool negative = sn_ir_accept(s, '-');
    float value;
    if (accept_special(s, "inf")) {
        value = INFINITY;
    } else if (!negative && accept_special(s, "nan")) {
        *bits = 0x7FC00000u;
        return true;
    } else {
        const size_t length = sn_decimal_read_f32(s->at, (size_t)(s->end - s->at), &value);
        if (!length)
            return sn_ir_expected(s, "a number");
        s->at += length;
        if (isinf(value))
            return sn_ir_complain(s, (slice){place.start, s->at}, NULL,
                                  "this number is beyond the range of f32");
    }
    value = negative ? -value : value;
    uint32_t low;
    memcpy(&low, &value, sizeof value);
    *bits = low;
    return true;
}

bool sn_ir_read_integer(scanner *s, int64_t low, int64_t high, const char *what, int64_t *value)
{
    const slice place = sn_ir_here(s);
    const bool negative = sn_ir_accept(s, '-');
    if (s->at == s->end || !is_digit(*s->at))
        return sn_ir_expected(s, what);
    const int64_t limit = INT64_C(1) << 40;
    int64_t sum = 0;
    for (; s->at < s->end && is_digit(*s->at); s->at++)
        sum = sum < limit ? sum * 10 + (*s->at - '0') : limit;
    *value = negative ? -sum : sum;
    if (*value < low || *value > high)
        return sn_ir_complain(s, (slice){place.start, s->at}, NULL, "expected %s from %lld to %lld", what,
                              (long long)low, (long long)high);
    return true;
}

bool sn_ir_read_bits(scanner *s, ir_type type, uint64_t *bits)
{
    int64_t whole = 0;
    bool good = true;
    switch (type) {
    case IR_F32: return read_f32(s, bits);
    case IR_F64: return sn_ir_read_f64(s, bits);
    case IR_MASK:
        *bits = sn_ir_accept_word(s, "true");
        return *bits || sn_ir_accept_word(s, "false") || sn_ir_expected(s, "`true` or `false`");
    case IR_I32:
        sn_ir_skip_blanks(s);
        if (starts_hex(s))
            return read_hex(s, 8, bits);
        good = sn_ir_read_integer(s, INT32_MIN, INT32_MAX, "an integer", &whole);
        break;
    case IR_U8: good = sn_ir_read_integer(s, 0, UINT8_MAX, "an integer", &whole); break;
    case IR_I16: good = sn_ir_read_integer(s, INT16_MIN, INT16_MAX, "an integer", &whole); break;
    case IR_VOID: good = false; break;
    }
    *bits = (uint32_t)(int32_t)whole;
    return good;
}
