/* The words of the language, as one constant table in alphabetical order with an index by first letter, so
 * that a compilation builds nothing. A name that a text brings is compared with the words of its letter, eight
 * bytes at a time: the words themselves stand apart, close together. */
#include "lang/vocabulary.h"

#include "lang/library.h"

#include <math.h>
#include <string.h>

#define FUNCTION(NAME, text, least, most, arguments, summary) \
    {text, sizeof(text) - 1, WORD_IS_FUNCTION, least, most, 0, 0, 0, arguments, summary},
#define MATHEMATICAL(NAME, text, count, arguments, code, summary) \
    {text, sizeof(text) - 1, WORD_IS_FUNCTION, count, count, 0, code, 0, arguments, summary},
#define CONSTANT(NAME, text, value, summary) {text, sizeof(text) - 1, WORD_IS_CONSTANT, 0, 0, 0, 0, value, NULL, summary},
#define KEYWORD(NAME, text, summary) {text, sizeof(text) - 1, WORD_IS_KEYWORD, 0, 0, 0, 0, 0, NULL, summary},
#define FREE_NAME(NAME, text, number, summary) {text, sizeof(text) - 1, WORD_IS_FREE, 0, 0, number, 0, 0, NULL, summary},
#define GRADE(NAME, text, summary) {text, sizeof(text) - 1, WORD_IS_GRADE, 0, 0, 0, 0, 0, NULL, summary},

const lang_word sn_lang_words[WORD_COUNT] = {
    {"", 0, WORD_IS_NOTHING, 0, 0, 0, 0, 0, NULL, NULL},
    LANG_WORDS(FUNCTION, MATHEMATICAL, CONSTANT, KEYWORD, FREE_NAME, GRADE)
};

#define TEXT(NAME, text, ...) text,
const char sn_lang_word_texts[WORD_COUNT][LANG_LONGEST_WORD + 1] = {
    "", LANG_WORDS(TEXT, TEXT, TEXT, TEXT, TEXT, TEXT)
};

const uint8_t sn_lang_first_words[28] = {
    WORD_ABS, WORD_BITS, WORD_CBRT, WORD_DEGREES, WORD_E, WORD_F32, WORD_GAMMA, WORD_HYPOT, WORD_I32,
    WORD_LENGTH /* j */, WORD_LENGTH /* k */, WORD_LENGTH, WORD_MAX, WORD_NAN, WORD_OR, WORD_PARAM,
    WORD_RADIANS /* q */, WORD_RADIANS, WORD_SAMPLE, WORD_T, WORD_UMULH, WORD_X /* v */, WORD_X /* w */,
    WORD_X, WORD_Y, WORD_Z,
    WORD_PI_GREEK, WORD_COUNT,
};

lang_word_code sn_lang_find_word(const char *text, uint32_t length)
{
    return sn_lang_find_word_by_key(text, length, sn_lang_first_bytes(text, length));
}

static bool library_function(uint32_t i, lang_function_entry *entry)
{
    for (uint32_t k = 0; k < sn_lang_library_count; k++) {
        const lang_library_item *item = &sn_lang_library[k];
        if (!item->summary || i-- > 0)
            continue;
        *entry = (lang_function_entry){.name = item->name,
                                       .arguments = item->names,
                                       .least = item->least,
                                       .most = item->count,
                                       .summary = item->summary,
                                       .group = item->group,
                                       .form = item->arguments,
                                       .details = item->details};
        return true;
    }
    return false;
}

/* ---- parameters ---- */

static const char *behind_blanks(const char *at)
{
    return at + strspn(at, " ");
}

/* Where the argument that begins here ends: at a comma outside of parentheses, or with the text. */
static const char *end_of_argument(const char *at)
{
    for (int depth = 0; *at && (*at != ',' || depth > 0); at++)
        depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
    return at;
}

/* `p:2 const=(0, 1)` */
static void read_parameter(const char *at, const char *end, lang_parameter_entry *p)
{
    *p = (lang_parameter_entry){.name = at, .name_length = (uint32_t)strcspn(at, " :=,")};
    at = behind_blanks(at + p->name_length);
    if (*at == ':') {
        for (at = behind_blanks(at + 1); *at >= '0' && *at <= '9'; at++)
            p->size = 10 * p->size + (uint32_t)(*at - '0');
        at = behind_blanks(at);
        p->constant = strncmp(at, "const", 5) == 0;
        at = behind_blanks(at + (p->constant ? 5 : 0));
    }
    if (*at == '=') {
        p->standard = behind_blanks(at + 1);
        p->standard_length = (uint32_t)(end - p->standard);
    }
}

bool sn_lang_function_parameter(const lang_function_entry *entry, uint32_t k, lang_parameter_entry *parameter)
{
    const char *at = behind_blanks(entry->form ? entry->form : entry->arguments);
    for (uint32_t i = 0; *at; i++) {
        const char *end = entry->form ? end_of_argument(at) : at + strcspn(at, " ");
        if (i == k) {
            read_parameter(at, end, parameter);
            if (!entry->form && k >= entry->least)
                parameter->standard = "";
            return true;
        }
        at = behind_blanks(end + (*end == ','));
    }
    return false;
}

bool sn_lang_function(uint32_t i, lang_function_entry *entry)
{
    for (unsigned w = 0; w < WORD_COUNT; w++) {
        const lang_word *word = &sn_lang_words[w];
        if (word->kind != WORD_IS_FUNCTION || i-- > 0)
            continue;
        *entry = (lang_function_entry){.name = word->text,
                                       .arguments = word->arguments,
                                       .least = word->least,
                                       .most = word->most,
                                       .summary = word->summary,
                                       .graded = sn_lang_is_graded(w),
                                       .details = ""};
        return true;
    }
    return library_function(i, entry);
}
