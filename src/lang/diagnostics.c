/* Errors as values.
 *
 * Places are byte offsets until an error happens; only then are lines and characters counted, at most
 * SINTER_MAX_ERRORS times. The excerpt is made to be printed as it is: tabs are one space, other control
 * characters question marks, broken bytes too, so that a mark under it stands where it should; a long line is
 * cut around the place. */
#include "lang/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LEAD = 60 /* characters before the place in a line that is cut */ };

bool sn_lang_open_source(lang_source *s, arena *memory, const char *text, size_t length, const char *appendix,
                         const char *name, sinter_report *report)
{
    *s = (lang_source){.text = "", .report = report};
    report->count = report->total = 0;
    name = name ? name : "expression";
    const size_t name_length = strnlen(name, sizeof report->name - 1);
    memcpy(report->name, name, name_length);
    report->name[name_length] = 0;
    if (length > LANG_MAX_TEXT) {
        sn_lang_error_of_all(s, SINTER_TOO_LARGE, "the text is longer than 256 MB");
        return false;
    }
    const size_t behind = appendix ? strlen(appendix) + LANG_PADDING : 0;
    char *copy = sn_arena_take(memory, length + LANG_PADDING + behind);
    if (!copy) {
        sn_lang_out_of_memory(s);
        return false;
    }
    if (length)
        memcpy(copy, text, length);
    memset(copy + length, 0, LANG_PADDING + behind);
    if (appendix)
        memcpy(copy + length + LANG_PADDING, appendix, strlen(appendix));
    s->text = copy;
    s->length = (uint32_t)length;
    s->used = s->room = (uint32_t)(length + LANG_PADDING + behind);
    return true;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static int characters(const char *from, const char *to)
{
    int count = 0;
    for (; from < to; from++)
        count += !continues(*from);
    return count;
}

int sn_lang_line(const lang_source *s, uint32_t at)
{
    int line = 1;
    const char *end = s->text + at;
    for (const char *p = s->text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        line++;
    return line;
}

/* The bytes of the character at `p`, 0 if it is none. */
static int character_length(const char *p, const char *end)
{
    const unsigned char c = (unsigned char)*p;
    const int length = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    if (length == 0 || end - p < length)
        return 0;
    for (int k = 1; k < length; k++)
        if (!continues(p[k]))
            return 0;
    return length;
}

static void add_excerpt(sinter_error *e, const char *line, const char *place, const char *end)
{
    char *out = e->excerpt;
    char *const last =
        e->excerpt + sizeof e->excerpt - 4; /* room for a character and the final zero, or for an ellipsis */
    e->excerpt_column = e->column;
    if (end - line >= (int)sizeof e->excerpt - 4 && e->column > LEAD) {
        const char *start = place;
        for (int back = 0; start > line && back < LEAD; back += !continues(*start))
            start--;
        while (start < place && continues(*start))
            start++;
        if (start > line) {
            memcpy(out, "\xE2\x80\xA6", 3);
            out += 3;
            e->excerpt_column = characters(start, place) + 2;
            line = start;
        }
    }
    while (line < end) {
        const int length = character_length(line, end);
        if (out + (length ? length : 1) > last - 3) {
            memcpy(out, "\xE2\x80\xA6", 3);
            out += 3;
            break;
        }
        if (length > 1) {
            memcpy(out, line, (size_t)length);
            out += length;
        } else if (length == 1) {
            const unsigned char c = (unsigned char)*line;
            *out++ = *line == '\t' ? ' ' : c < 0x20 || c == 0x7F ? '?' : *line;
        } else if (!continues(*line)) {
            *out++ = '?'; /* columns count it, too */
        }
        line += length ? length : 1;
    }
    *out = 0;
}

/* Cuts a text that did not fit at a whole character. */
static void trim(char *text, size_t size)
{
    size_t length = strlen(text);
    if (length + 1 < size)
        return;
    while (length > 0 && continues(text[length - 1]))
        length--;
    text[length > 0 ? length - 1 : 0] = 0;
}

/* What a message quotes of a text may be anything; it is one line of UTF-8. */
static void replace_odd_bytes(char *text)
{
    const char *const end = text + strlen(text);
    while (text < end) {
        const int length = character_length(text, end);
        const unsigned char c = (unsigned char)*text;
        if (length == 0 || c < 0x20 || c == 0x7F)
            *text = '?';
        text += length ? length : 1;
    }
}

static sinter_error *new_error(lang_source *s, sinter_status status)
{
    if (s->status == SINTER_OK)
        s->status = status;
    sinter_report *report = s->report;
    report->total++;
    if (report->count == SINTER_MAX_ERRORS)
        return NULL;
    sinter_error *e = &report->errors[report->count++];
    e->status = status;
    e->line = e->column = e->width = e->excerpt_column = 0;
    e->message[0] = e->hint[0] = e->excerpt[0] = 0;
    return e;
}

void sn_lang_error_of_all(lang_source *s, sinter_status status, const char *message)
{
    sinter_error *e = new_error(s, status);
    if (e)
        snprintf(e->message, sizeof e->message, "%s", message);
}

void sn_lang_out_of_memory(lang_source *s)
{
    s->report->count = s->report->total = 0;
    s->status = SINTER_OK;
    sn_lang_error_of_all(s, SINTER_NO_MEMORY, "out of memory");
}

void sn_lang_error(lang_source *s, sinter_status status, uint32_t at, uint32_t end, const char *hint,
                   const char *format, ...)
{
    sinter_error *e = new_error(s, status);
    if (!e)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(e->message, sizeof e->message, format, arguments);
    va_end(arguments);
    trim(e->message, sizeof e->message);
    replace_odd_bytes(e->message);
    snprintf(e->hint, sizeof e->hint, "%s", hint ? hint : "");
    trim(e->hint, sizeof e->hint);
    if (at > s->length)
        at = s->length;
    const char *place = s->text + at, *line = place, *line_end = place;
    while (line > s->text && line[-1] != '\n')
        line--;
    while (line_end < s->text + s->length && *line_end != '\n')
        line_end++;
    if (line_end > line && line_end > place && line_end[-1] == '\r')
        line_end--;
    const char *mark_end = s->text + (end < s->length ? end : s->length);
    if (mark_end > line_end)
        mark_end = line_end;
    e->line = sn_lang_line(s, at);
    e->column = characters(line, place) + 1;
    e->width = mark_end > place ? characters(place, mark_end) : 1;
    if (e->width < 1)
        e->width = 1;
    add_excerpt(e, line, place, line_end);
}

void sn_lang_sort_errors(sinter_report *report)
{
    for (int i = 1; i < report->count; i++) {
        const sinter_error moved = report->errors[i];
        int k = i;
        for (; k > 0; k--) {
            const sinter_error *before = &report->errors[k - 1];
            if (before->line < moved.line || (before->line == moved.line && before->column <= moved.column))
                break;
            report->errors[k] = *before;
        }
        report->errors[k] = moved;
    }
}

enum { SLIPS_MOST = 2 }; /* letters wrong, missing, too many or swapped, up to which a name still looks alike */

/* Edit distance, or `limit + 1` if it is more than `limit`. */
static unsigned distance_of(const char *a, size_t a_length, const char *b, size_t b_length, unsigned limit)
{
    enum { LONGEST = 64 };
    unsigned rows[3][LONGEST + 1];
    const size_t difference = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (difference > limit || a_length > LONGEST || b_length > LONGEST)
        return limit + 1;
    for (unsigned k = 0; k <= b_length; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b_length; k++) {
            unsigned best = above[k - 1] + (a[i - 1] != b[k - 1]);
            if (above[k] + 1 < best)
                best = above[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && higher[k - 2] + 1 < best)
                best = higher[k - 2] + 1;
            row[k] = best;
        }
    }
    const unsigned distance = rows[a_length % 3][b_length];
    return distance <= limit ? distance : limit + 1;
}

static size_t common_beginning(const lang_nearest *nearest, const char *name, size_t length)
{
    size_t n = 0;
    while (n < length && n < nearest->wanted_length && name[n] == nearest->wanted[n])
        n++;
    return n;
}

/* The words of a name stand between its underscores. Beyond what a slip of the fingers makes of a name, two are akin if
 *
 * - they have the same words in another order: limited_repeat, repeat_limited;
 * - one has more words behind the other: hsv, hsv_to_rgb; perlin_noise, perlin;
 * - their words are the same but for the last, of which one begins the other (round, rounding), or both begin with
 *   the same four letters: extrude, extrusion.
 *
 * Short words would be akin to too much: three letters are the least that begins a word. */
static size_t word_length(const char *name, size_t length)
{
    const char *end = memchr(name, '_', length);
    return end ? (size_t)(end - name) : length;
}

static bool has_word(const char *name, size_t length, const char *word, size_t word_size)
{
    for (size_t at = 0, size; at <= length; at += size + 1) {
        size = word_length(name + at, length - at);
        if (size == word_size && memcmp(name + at, word, size) == 0)
            return true;
    }
    return false;
}

static bool has_words_of(const char *a, size_t a_length, const char *b, size_t b_length)
{
    for (size_t at = 0, size; at <= b_length; at += size + 1) {
        size = word_length(b + at, b_length - at);
        if (!has_word(a, a_length, b + at, size))
            return false;
    }
    return true;
}

static bool are_akin(const char *a, size_t a_length, const char *b, size_t b_length, size_t common)
{
    size_t last = common; /* where the words begin of which the first that differ are */
    while (last > 0 && a[last - 1] != '_')
        last--;
    const size_t a_rest = a_length - last, b_rest = b_length - last, shorter = a_rest < b_rest ? a_rest : b_rest;
    const bool begins = a_length != b_length && common - last == shorter && shorter >= 3;
    if (begins && (a_length > b_length ? a[common] : b[common]) == '_')
        return true;
    if (word_length(a + last, a_rest) == a_rest && word_length(b + last, b_rest) == b_rest)
        return begins || common - last >= 4;
    return a_length == b_length && memchr(a, '_', a_length) && has_words_of(a, a_length, b, b_length)
           && has_words_of(b, b_length, a, a_length);
}

/* Fewer slips are better, then a longer common beginning, then a shorter name; of equals the first. */
static bool is_nearer(const lang_nearest *nearest, unsigned distance, size_t common, size_t length)
{
    if (!nearest->name || distance != nearest->distance)
        return !nearest->name || distance < nearest->distance;
    const size_t other = common_beginning(nearest, nearest->name, nearest->length);
    return common > other || (common == other && distance > SLIPS_MOST && length < nearest->length);
}

void sn_lang_offer(lang_nearest *nearest, const char *name, size_t length)
{
    const size_t shorter = length < nearest->wanted_length ? length : nearest->wanted_length;
    const unsigned limit = shorter > 3 ? SLIPS_MOST : 1;
    const size_t common = common_beginning(nearest, name, length);
    unsigned distance = distance_of(nearest->wanted, nearest->wanted_length, name, length, limit);
    if (distance > limit || distance >= shorter) {
        if (!are_akin(nearest->wanted, nearest->wanted_length, name, length, common))
            return;
        distance = SLIPS_MOST + 1;
    }
    if (!is_nearer(nearest, distance, common, length))
        return;
    nearest->name = name;
    nearest->length = length;
    nearest->distance = distance;
}
