/* Characters → tokens.
 *
 * One table of 256 classes tells what a token begins with; the text has zero bytes behind its end, so no loop
 * asks for it. The first eight bytes of a name, as one number, are its hash and most of its comparison. A
 * name becomes a symbol here, once, and what the language itself means by it is looked up at that moment
 * only. Numbers are delimited here and read when their type is known; whole numbers of ordinary length, which
 * are exact in every type, are read at once.
 *
 * Newlines are no tokens: a token knows whether a line began before it, and the parser decides where that
 * ends a statement. */
#include "lang/tree.h"

#include "base/decimal.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { FIRST_SYMBOLS = 32, MOST_FIRST_SYMBOLS = 1 << 13, BYTES_A_SYMBOL = 24 };
enum { EXACT_DIGITS = 15, SHORT_DIGITS = 7 };

/* The longest name of which the first eight bytes say everything: a zero stands behind it, and in no name. */
enum { SHORT_NAME = 7 };

/* What a byte begins: O odd, S space, L line, A letter, D digit, H comment, C slash,
 * W a character of several bytes, M mark, T mark that is a token whatever follows. */
enum { IS_SPACE, IS_LINE, IS_COMMENT, IS_SLASH, IS_LETTER, IS_DIGIT, IS_SINGLE, IS_MARK, IS_WIDE, IS_ODD };
#define O IS_ODD
#define S IS_SPACE
#define L IS_LINE
#define A IS_LETTER
#define D IS_DIGIT
#define H IS_COMMENT
#define W IS_WIDE
#define M IS_MARK
#define T IS_SINGLE
#define C IS_SLASH
static const uint8_t classes[256] = {
    O, O, O, O, O, O, O, O, O, S, L, S, S, S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    /* ! " # $ % & ' ( ) * + , - . / */
    S, M, M, H, O, T, M, T, T, T, M, T, T, T, M, C,
    /* 0 … 9 : ; < = > ? */
    D, D, D, D, D, D, D, D, D, D, T, T, M, M, M, T,
    /* @ A … Z [ \ ] ^ _ */
    O, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, T, O, T, T, A,
    /* ` a … z { | } ~ */
    O, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, T, M, T, T, O,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
};
#undef O
#undef S
#undef L
#undef A
#undef D
#undef H
#undef W
#undef M
#undef T
#undef C

void *sn_lang_grown(lang_tree *tree, arena *memory, void *list, uint32_t *room, size_t size)
{
    void *grown = sn_arena_grow(memory, list, *room * size, 2 * (size_t)*room * size);
    if (grown)
        *room *= 2;
    else
        tree->out_of_memory = true;
    return grown;
}

uint32_t sn_lang_add_literal(lang_tree *tree, arena *memory, lang_literal literal)
{
    if (tree->literal_count == tree->literal_room) {
        lang_literal *grown = sn_lang_grown(tree, memory, tree->literals, &tree->literal_room, sizeof *grown);
        if (!grown)
            return 0;
        tree->literals = grown;
    }
    tree->literals[tree->literal_count] = literal;
    return tree->literal_count++;
}

/* ---- names ---- */

/* The part of the hash that the first eight bytes give: all of it, up to a length of 8. A product carries upwards only:
 * of names like node_001, which differ in their last bytes, its bits from 32 on would differ in the uppermost of them
 * alone, hence the upper half is folded into the lower one before. */
static inline uint32_t hash_key(uint64_t key)
{
    return (uint32_t)((key ^ key >> 32) * 0x9E3779B97F4A7C15u >> 32);
}

static uint32_t hash_name(const char *text, uint32_t length, uint64_t key)
{
    if (length > 8)
        key ^= sn_lang_load8(text + length - 8)
               * 0xD6E8FEB86659FD93u; /* odd, bits well mixed; names of one length differ anywhere */
    if (length > 16) {
        for (uint32_t k = 8; k + 8 < length; k += 8)
            key = (key ^ sn_lang_load8(text + k)) * 0x9E3779B97F4A7C15u;
    }
    return hash_key(key);
}

/* Twice the table: at least half of it is free then. */
static bool grow_table(lang_tree *t, arena *memory)
{
    const uint32_t mask = 2 * t->symbol_mask + 1;
    uint32_t *table = sn_arena_take_zeroed(memory, ((size_t)mask + 1) * sizeof *table);
    if (!table) {
        t->out_of_memory = true;
        return false;
    }
    for (uint32_t s = 1; s < t->symbol_count; s++) {
        const lang_symbol *symbol = &t->symbols[s];
        if (symbol->library != t->in_library)
            continue;
        uint32_t at = hash_name(t->source.text + symbol->at, symbol->length, symbol->key) & mask;
        while (table[at])
            at = (at + 1) & mask;
        table[at] = s;
    }
    t->symbol_table = table;
    t->symbol_mask = mask;
    return true;
}

/* Keywords are tokens of their own. */
static inline uint8_t token_of_word(lang_word_code word)
{
    static const uint8_t kinds[WORD_COUNT] = {
        /* 0: a name */
        [WORD_FN] = TOKEN_FN,   [WORD_PARAM] = TOKEN_PARAM, [WORD_INPUT] = TOKEN_INPUT,
        [WORD_OUT] = TOKEN_OUT, [WORD_TABLE] = TOKEN_TABLE,
    };
    return kinds[word] ? kinds[word] : TOKEN_NAME;
}

/* `slot` is the free place where the search for the name ended; there is room. */
static inline uint32_t place_symbol(lang_tree *t, uint32_t slot, uint64_t key, uint32_t length, uint32_t at)
{
    const uint32_t s = t->symbol_count++;
    lang_symbol *symbol = &t->symbols[s];
    t->symbols_here++;
    t->symbol_table[slot] = s;
    *symbol = (lang_symbol){.key = key, .at = at, .length = (uint8_t)length, .library = t->in_library};
    const lang_word_code word = sn_lang_find_word_by_key(t->source.text + at, length, key);
    symbol->word = (uint8_t)word;
    symbol->token = token_of_word(word);
    return s;
}

static __attribute__((noinline)) uint32_t add_symbol_growing(lang_tree *t, arena *memory, uint64_t key, uint32_t length, uint32_t at)
{
    if (t->symbol_count == t->symbol_room) {
        lang_symbol *grown = sn_lang_grown(t, memory, t->symbols, &t->symbol_room, sizeof *grown);
        if (!grown)
            return 0;
        t->symbols = grown;
    }
    if (2 * (t->symbols_here + 1) > t->symbol_mask && !grow_table(t, memory))
        return 0;
    uint32_t slot = hash_name(t->source.text + at, length, key) & t->symbol_mask;
    while (t->symbol_table[slot])
        slot = (slot + 1) & t->symbol_mask;
    return place_symbol(t, slot, key, length, at);
}

static inline bool has_room_for_symbol(const lang_tree *t)
{
    return t->symbol_count < t->symbol_room && 2 * (t->symbols_here + 1) <= t->symbol_mask;
}

uint32_t sn_lang_find_symbol(const lang_tree *t, const char *text, uint32_t length)
{
    const uint64_t key = sn_lang_first_bytes(text, length);
    uint32_t slot = hash_name(text, length, key) & t->symbol_mask;
    for (uint32_t s; (s = t->symbol_table[slot]) != 0; slot = (slot + 1) & t->symbol_mask) {
        const lang_symbol *symbol = &t->symbols[s];
        if (symbol->key == key && symbol->length == length
            && (length <= 8 || !memcmp(t->source.text + symbol->at + 8, text + 8, length - 8)))
            return s;
    }
    return 0;
}

uint32_t sn_lang_intern(lang_tree *t, arena *memory, const char *text, uint32_t length, uint32_t at)
{
    const uint32_t known = sn_lang_find_symbol(t, text, length);
    if (known)
        return known;
    const uint64_t key = sn_lang_first_bytes(text, length);
    uint32_t slot = hash_name(text, length, key) & t->symbol_mask;
    while (t->symbol_table[slot])
        slot = (slot + 1) & t->symbol_mask;
    return has_room_for_symbol(t) ? place_symbol(t, slot, key, length, at) : add_symbol_growing(t, memory, key, length, at);
}

/* ---- characters of several bytes ---- */

/* The code point and its length in bytes; 0 if it is not UTF-8. */
static uint32_t decode(const char *text, uint32_t *length)
{
    const uint8_t *p = (const uint8_t *)text;
    const uint32_t count = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    *length = 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    uint32_t code = p[0] & (0xFFu >> (count + 1));
    for (uint32_t k = 1; k < count; k++) {
        if ((p[k] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (p[k] & 0x3Fu);
    }
    if (code < least[count] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    *length = count;
    return code;
}

/* Letters of every script, roughly: everything beyond ASCII but the blocks of signs, spaces, arrows and
 * private use. */
static bool is_letter(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } signs[] = {
        {0x80, 0xA9},       {0xAB, 0xB4},        {0xB6, 0xB9},     {0xBB, 0xBF},     {0xD7, 0xD7},
        {0xF7, 0xF7},       {0x2000, 0x206F},    {0x20A0, 0x20CF}, {0x2190, 0x2BFF}, {0x2E00, 0x2E7F},
        {0x3000, 0x3004},   {0x3008, 0x3020},    {0xE000, 0xF8FF}, {0xFDD0, 0xFDEF}, {0xFE10, 0xFE1F},
        {0xFE30, 0xFE6F},   {0xFEFF, 0xFEFF},    {0xFF00, 0xFF0F}, {0xFF1A, 0xFF20}, {0xFFE0, 0xFFFF},
        {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
    };
    for (size_t k = 0; k < sizeof signs / sizeof *signs && code >= signs[k].first; k++)
        if (code <= signs[k].last)
            return false;
    return true;
}

/* How many bytes from `at` on belong to a name. */
static uint32_t name_length(const char *text)
{
    uint32_t n = 0, bytes;
    for (;;) {
        const uint8_t class = classes[(uint8_t)text[n]];
        if (class == IS_LETTER || class == IS_DIGIT)
            n++;
        else if (class == IS_WIDE && is_letter(decode(text + n, &bytes)) && bytes > 1)
            n += bytes;
        else
            return n;
    }
}

/* ---- what is no token ---- */

static void odd_character(lang_lexer *l)
{
    lang_source *s = &l->tree->source;
    const char *text = s->text + l->token.at;
    static const struct {
        uint32_t code;
        const char *hint;
    } hints[] = {
        {'$', "a name begins with a letter"},
        {'@', "a name begins with a letter"},
        {'\\', "a line goes on inside parentheses and after an operator"},
        {'`', NULL},
        {0xD7, "write * for a product"},
        {0xF7, "write / for a quotient"},
        {0x2212, "write - for a difference"},
        {0x2013, "write - for a difference"},
        {0x2019, "write ' for the past of a name"},
        {0xB7, "write * for a product"},
        {0x2032, "write ' for the past of a name"},
        {0x2264, "write <="},
        {0x2265, "write >="},
        {0x2260, "write !="},
        {0x221E, "infinity is written inf"},
        {0x221A, "write sqrt(x)"},
        {0xB2, "write ^2"},
        {0xB3, "write ^3"},
        {0xA0, "this space is not an ordinary one"},
    };
    uint32_t bytes = 1;
    const uint8_t first = (uint8_t)text[0];
    const uint32_t code = first < 0x80 ? first : decode(text, &bytes);
    const char *hint = NULL;
    for (size_t k = 0; k < sizeof hints / sizeof *hints; k++)
        if (hints[k].code == code)
            hint = hints[k].hint;
    l->token.kind = TOKEN_BAD;
    l->at = l->token.end = l->token.at + bytes;
    if (first >= 0x80 && bytes == 1)
        sn_lang_error(s, SINTER_BAD_PROGRAM, l->token.at, l->token.end, NULL, "the byte 0x%02X is not UTF-8",
                      first);
    else if (code < 0x20 || code == 0x7F || (code >= 0x80 && code <= 0xA0))
        sn_lang_error(s, SINTER_BAD_PROGRAM, l->token.at, l->token.end, hint, "unexpected character U+%04X",
                      code);
    else
        sn_lang_error(s, SINTER_BAD_PROGRAM, l->token.at, l->token.end, hint, "unexpected character '%.*s'",
                      (int)bytes, text);
}

static void odd_mark(lang_lexer *l, uint32_t bytes, const char *hint)
{
    lang_source *s = &l->tree->source;
    l->token.kind = TOKEN_BAD;
    l->at = l->token.end = l->token.at + bytes;
    sn_lang_error(s, SINTER_BAD_PROGRAM, l->token.at, l->token.end, hint, "unexpected '%.*s'", (int)bytes,
                  s->text + l->token.at);
}

/* ---- names, numbers, texts, marks ---- */

/* How many bytes from `text` on are letters, digits and underscores. How long names are nobody predicts, so where
 * sixteen bytes can be looked at together there is no branch for each. */
#if defined(__SSE2__)
static inline unsigned name_bits(const char *text)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    /* Moved so that the range ends at the greatest signed byte: one comparison asks for both of its ends. */
    const __m128i letters = _mm_add_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8(INT8_MAX - 'z'));
    const __m128i digits = _mm_add_epi8(bytes, _mm_set1_epi8(INT8_MAX - '9'));
    const __m128i is_letter = _mm_cmpgt_epi8(letters, _mm_set1_epi8(INT8_MAX - 26));
    const __m128i is_digit = _mm_cmpgt_epi8(digits, _mm_set1_epi8(INT8_MAX - 10));
    const __m128i is_underscore = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is_letter, is_digit), is_underscore));
}

static inline uint32_t name_run(const char *text)
{
    uint32_t n = 0;
    unsigned bits;
    while ((bits = name_bits(text + n)) == 0xFFFF)
        n += 16;
    return n + (uint32_t)__builtin_ctz(~bits);
}

/* The same, but of long runs the first 16 bytes only, and of what goes on with a character of several bytes 16. */
static inline uint32_t short_run(const char *text)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    const unsigned wide = (unsigned)_mm_movemask_epi8(bytes), length = (unsigned)__builtin_ctz(~name_bits(text));
    return wide >> length & 1 ? 16 : length;
}
#else
static inline uint32_t name_run(const char *text)
{
    uint32_t n = 0;
    while (classes[(uint8_t)text[n]] == IS_LETTER || classes[(uint8_t)text[n]] == IS_DIGIT)
        n++;
    return n;
}

static inline uint32_t short_run(const char *text)
{
    const uint32_t length = name_run(text);
    return classes[(uint8_t)text[length]] == IS_WIDE ? 16 : length;
}
#endif

static inline void take_name(lang_lexer *l, uint32_t symbol)
{
    l->token.value = symbol;
    l->token.kind = l->tree->symbols[symbol].token;
}

static __attribute__((noinline)) void read_any_name(lang_lexer *l)
{
    lang_source *s = &l->tree->source;
    const char *text = s->text + l->token.at;
    uint32_t length = name_run(text);
    if (classes[(uint8_t)text[length]] == IS_WIDE)
        length += name_length(text + length);
    if (length == 0) {
        odd_character(l);
        return;
    }
    l->at = l->token.end = l->token.at + length;
    if (length > LANG_MAX_NAME) {
        l->token.kind = TOKEN_BAD;
        sn_lang_error(s, SINTER_TOO_LARGE, l->token.at, l->token.end, NULL, "a name has at most %d bytes",
                      LANG_MAX_NAME);
        return;
    }
    take_name(l, sn_lang_intern(l->tree, l->memory, text, length, l->token.at));
}

static __attribute__((noinline)) void add_name_growing(lang_lexer *l, uint64_t key, uint32_t length)
{
    take_name(l, add_symbol_growing(l->tree, l->memory, key, length, l->token.at));
}

static __attribute__((noinline)) void add_name(lang_lexer *l, uint64_t key, uint32_t length, uint32_t slot)
{
    if (has_room_for_symbol(l->tree))
        take_name(l, place_symbol(l->tree, slot, key, length, l->token.at));
    else
        add_name_growing(l, key, length);
}

/* Most names are short: their first eight bytes are compared at once, and nothing else is looked at. A name met
 * before costs 50 instructions this way instead of 150. */
static inline void read_name(lang_lexer *l)
{
    const char *text = l->text + l->token.at;
    const uint32_t length = short_run(text);
    if (length > SHORT_NAME) {
        read_any_name(l);
        return;
    }
    const lang_tree *t = l->tree;
    const uint64_t key = sn_lang_first_bytes(text, length);
    l->at = l->token.end = l->token.at + length;
    uint32_t slot = hash_key(key) & t->symbol_mask, s;
    while ((s = t->symbol_table[slot]) != 0 && t->symbols[s].key != key)
        slot = (slot + 1) & t->symbol_mask;
    if (s)
        take_name(l, s);
    else
        add_name(l, key, length, slot);
}

static bool is_whole(const char *text, uint32_t length)
{
    const bool hexadecimal = length > 1 && (text[1] == 'x' || text[1] == 'X');
    for (uint32_t k = 0; k < length; k++)
        if (text[k] == '.' || text[k] == 'p' || text[k] == 'P'
            || (!hexadecimal && (text[k] == 'e' || text[k] == 'E')))
            return false;
    return true;
}

/* The quotient of two numbers that doubles hold exactly, and so the nearest double. If both fit an f32
 * (SHORT_DIGITS), rounding that once more gives the nearest f32, since a double has more than twice the digits of an
 * f32, and two to spare. */
uint32_t sn_lang_read_plain_number(const char *text, lang_literal *literal)
{
    static const double powers[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint32_t n = 0, fraction = 0;
    int64_t digits = 0;
    for (; n <= EXACT_DIGITS && classes[(uint8_t)text[n]] == IS_DIGIT; n++)
        digits = digits * 10 + (text[n] - '0');
    literal->whole = text[n] != '.';
    if (!literal->whole)
        for (n++; n <= EXACT_DIGITS && classes[(uint8_t)text[n]] == IS_DIGIT; n++, fraction++)
            digits = digits * 10 + (text[n] - '0');
    const uint8_t behind = classes[(uint8_t)text[n]];
    if (n > EXACT_DIGITS || n == 0 || behind == IS_LETTER || behind == IS_WIDE || (!literal->whole && !fraction))
        return 0;
    literal->value = fraction ? (double)digits / powers[fraction] : (double)digits;
    literal->known = literal->whole || n <= SHORT_DIGITS + 1 ? LITERAL_EXACT : LITERAL_F64;
    return n;
}

/* Up to seven digits, perhaps with a point among them, behind which nothing is that could belong to them: all are looked at together, since
 * how many there are nobody predicts. Returns their length, else 0: then they are read one by one. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint32_t read_short_number(const char *text, lang_literal *literal)
{
    static const double powers[8] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    const uint64_t highest = 0x8080808080808080u, digits = sn_lang_load8(text) ^ 0x3030303030303030u;
    uint64_t others = (((digits & ~highest) + 0x7676767676767676u) | digits) & highest; /* bytes that are no digits */
    if (!others)
        return 0;
    const unsigned before = (unsigned)__builtin_ctzll(others) / 8, has_point = text[before] == '.';
    others &= others - has_point; /* the point is one of them, the first */
    if (!others)
        return 0;
    const unsigned length = (unsigned)__builtin_ctzll(others) / 8, fraction = (length - before) - has_point;
    const uint8_t behind = classes[(uint8_t)text[length]];
    if (behind == IS_LETTER || behind == IS_WIDE || has_point > fraction)
        return 0;
    const uint64_t left = ((uint64_t)1 << 8 * before) - 1;
    uint64_t v = (digits & left) | (digits >> 8 * has_point & ~left); /* the first one in the lowest byte */
    v <<= 8 * (8 - (length - has_point));                              /* the last one in the highest; zeros before them */
    v = (v * 10 + (v >> 8)) & 0x00FF00FF00FF00FFu;                     /* numbers of two digits, */
    v = (v * 100 + (v >> 16)) & 0x0000FFFF0000FFFFu;                   /* of four */
    v = (v * 10000 + (v >> 32)) & 0xFFFFFFFFu;
    literal->value = (double)(int64_t)v / powers[fraction];
    literal->whole = !has_point;
    literal->known = LITERAL_EXACT;
    return length;
}
#else
static inline uint32_t read_short_number(const char *text, lang_literal *literal)
{
    (void)text, (void)literal;
    return 0;
}
#endif

/* A number of n characters that letters, digits or _ follow: what was meant? */
static void complain_of_tail(lang_lexer *l, const char *number, uint32_t n)
{
    lang_source *s = &l->tree->source;
    const uint32_t begin = l->token.at, end = l->token.end;
    const char next = number[n] | 0x20; /* as a small letter; _ is none, whatever becomes of it */
    const bool hexadecimal = n > 1 && (number[1] | 0x20) == 'x';
    if (n == 1 && number[0] == '0' && next == 'x')
        sn_lang_error(s, SINTER_BAD_PROGRAM, begin, end, "as in 0x1F", "hexadecimal digits are missing behind 0x");
    else if (number[n] == '_')
        sn_lang_error(s, SINTER_BAD_PROGRAM, begin, end, "as in 1_000", "a single _ may stand between two digits of a number");
    else if (end == begin + n + 1 && next == (hexadecimal ? 'p' : 'e'))
        sn_lang_error(s, SINTER_BAD_PROGRAM, begin, end, hexadecimal ? "as in 0x1.8p3" : "as in 1e3; a product needs its *: 2*e",
                      "the exponent of a number is missing");
    else
        sn_lang_error(s, SINTER_BAD_PROGRAM, begin, end, "a product needs its *: 2*x", "a number runs into a name");
}

static __attribute__((noinline)) void read_any_number(lang_lexer *l)
{
    lang_source *s = &l->tree->source;
    const char *text = s->text + l->token.at;
    lang_literal literal = {.at = l->token.at};
    uint32_t n = sn_lang_read_plain_number(text, &literal);
    uint32_t tail = 0;
    if (n == 0) {
        n = (uint32_t)sn_decimal_read_f64(text, s->length - l->token.at, &literal.value);
        literal.known = LITERAL_F64;
        literal.whole = is_whole(text, n);
        tail = name_length(text + n);
    }
    l->at = l->token.end = l->token.at + n;
    l->token.kind = TOKEN_NUMBER;
    if (tail || n > UINT16_MAX) {
        l->token.kind = TOKEN_BAD;
        l->at = l->token.end += tail;
        if (!tail)
            sn_lang_error(s, SINTER_TOO_LARGE, l->token.at, l->token.end, NULL,
                          "a number has at most %d characters", UINT16_MAX);
        else
            complain_of_tail(l, text, n);
        return;
    }
    literal.length = (uint16_t)n;
    l->token.value = sn_lang_add_literal(l->tree, l->memory, literal);
}

/* A plain number is read into its place. */
static __attribute__((noinline)) void read_number(lang_lexer *l)
{
    lang_tree *t = l->tree;
    lang_literal *literal = &t->literals[t->literal_count];
    uint32_t n = 0;
    if (t->literal_count < t->literal_room) {
        n = read_short_number(l->text + l->token.at, literal);
        n = n ? n : sn_lang_read_plain_number(l->text + l->token.at, literal);
    }
    if (n == 0) {
        read_any_number(l);
        return;
    }
    literal->at = l->token.at;
    literal->length = (uint16_t)n;
    l->at = l->token.end = l->token.at + n;
    l->token.kind = TOKEN_NUMBER;
    l->token.value = t->literal_count++;
}

static void read_text(lang_lexer *l)
{
    lang_source *s = &l->tree->source;
    uint32_t at = l->token.at + 1;
    while (at < s->length && s->text[at] != '"' && s->text[at] != '\n')
        at++;
    l->token.kind = TOKEN_TEXT;
    if (at == s->length || s->text[at] == '\n') {
        l->token.kind = TOKEN_BAD;
        sn_lang_error(s, SINTER_BAD_PROGRAM, l->token.at, at, NULL, "this text has no closing \"");
    } else {
        at++;
    }
    l->at = l->token.end = at;
}

/* Marks that are a token whatever follows. */
static const uint8_t singles[256] = {
    ['('] = TOKEN_LPAREN,   [')'] = TOKEN_RPAREN,   ['['] = TOKEN_LBRACKET, [']'] = TOKEN_RBRACKET,
    ['{'] = TOKEN_LBRACE,   ['}'] = TOKEN_RBRACE,   [','] = TOKEN_COMMA,    [';'] = TOKEN_SEMICOLON,
    [':'] = TOKEN_COLON,    ['\''] = TOKEN_PRIME,   ['?'] = TOKEN_QUESTION, ['+'] = TOKEN_PLUS,
    ['-'] = TOKEN_MINUS,    ['%'] = TOKEN_PERCENT,  ['^'] = TOKEN_CARET,    ['~'] = TOKEN_TILDE,
};

/* What these are where a space, a letter or a digit follows. */
static const uint8_t alone[256] = {
    ['='] = TOKEN_ASSIGN, ['*'] = TOKEN_STAR, ['/'] = TOKEN_SLASH, ['<'] = TOKEN_LT,
    ['>'] = TOKEN_GT,     ['!'] = TOKEN_BANG, ['|'] = TOKEN_PIPE,
};

static void take(lang_lexer *l, token_kind kind, uint32_t length)
{
    l->token.kind = (uint8_t)kind;
    l->at = l->token.end = l->token.at + length;
}

static void read_mark(lang_lexer *l)
{
    const char *text = l->tree->source.text + l->token.at;
    const char next = text[1];
    switch (text[0]) {
    case '"': read_text(l); return;
    case '*':
        if (next == '*')
            odd_mark(l, 2, "powers are written a^b");
        else
            take(l, TOKEN_STAR, 1);
        return;
    case '.':
        if (next == '.')
            take(l, TOKEN_RANGE, 2);
        else if (classes[(uint8_t)next] == IS_DIGIT)
            read_number(l);
        else
            take(l, TOKEN_DOT, 1);
        return;
    case '=': take(l, next == '=' ? TOKEN_EQ : TOKEN_ASSIGN, next == '=' ? 2 : 1); return;
    case '!': take(l, next == '=' ? TOKEN_NE : TOKEN_BANG, next == '=' ? 2 : 1); return;
    case '|': take(l, next == '|' ? TOKEN_OR : TOKEN_PIPE, next == '|' ? 2 : 1); return;
    case '&':
        if (next == '&')
            take(l, TOKEN_AND, 2);
        else
            odd_mark(l, 1, "conditions are joined by &&, bits by and(a, b)");
        return;
    case '<':
        take(l,
             next == '='   ? TOKEN_LE
             : next == '<' ? TOKEN_SHL
                           : TOKEN_LT,
             next == '=' || next == '<' ? 2 : 1);
        return;
    default:
        if (next == '>' && text[2] == '>')
            take(l, TOKEN_SHR, 3);
        else
            take(l,
                 next == '='   ? TOKEN_GE
                 : next == '>' ? TOKEN_SAR
                               : TOKEN_GT,
                 next == '=' || next == '>' ? 2 : 1);
    }
}

/* What is neither a name, a number nor a token of one character. */
static __attribute__((noinline)) void read_other(lang_lexer *l, uint8_t class)
{
    if (class == IS_SLASH)
        take(l, TOKEN_SLASH, 1);
    else if (class == IS_MARK)
        read_mark(l);
    else if (class == IS_WIDE)
        read_any_name(l);
    else if (l->at < l->tree->source.length && !l->tree->out_of_memory)
        odd_character(l);
    else
        take(l, TOKEN_END, 0);
}

static void next_behind_comment(lang_lexer *l, uint32_t at, bool newline);

static inline bool begins_comment(const char *text, uint8_t class)
{
    return class == IS_COMMENT || (class == IS_SLASH && text[1] == '/');
}

/* Every call in here is the last thing done, so that nothing has to be saved around it: that was 13 instructions
 * of the 70 that a token cost. */
static inline void read_token(lang_lexer *l, uint32_t at, bool newline)
{
    const char *text = l->text;
    uint8_t class;
    at += text[at] == ' '; /* or not: nobody predicts it */
    while ((class = classes[(uint8_t)text[at]]) <= IS_LINE) {
        newline |= class == IS_LINE;
        at++;
    }
    l->at = l->token.at = at;
    l->token.newline = newline;
    if (class == IS_LETTER) {
        read_name(l);
    } else if (class == IS_SINGLE) {
        take(l, singles[(uint8_t)text[at]], 1);
    } else if (class == IS_DIGIT) {
        read_number(l);
    } else {
        const uint8_t kind = alone[(uint8_t)text[at]], behind = classes[(uint8_t)text[at + 1]];
        if (kind && (behind == IS_SPACE || behind == IS_LETTER || behind == IS_DIGIT))
            take(l, kind, 1);
        else if (begins_comment(text + at, class))
            next_behind_comment(l, at, newline);
        else
            read_other(l, class);
    }
}

/* Comments in a row are stepped over here, not one inside the other. */
static __attribute__((noinline)) void next_behind_comment(lang_lexer *l, uint32_t at, bool newline)
{
    const char *text = l->text;
    const uint32_t length = l->tree->source.length;
    for (uint8_t class; (class = classes[(uint8_t)text[at]]) <= IS_LINE || begins_comment(text + at, class);) {
        if (class > IS_LINE) {
            const char *end = memchr(text + at, '\n', length - at);
            at = end ? (uint32_t)(end - text) : length;
        } else {
            newline |= class == IS_LINE;
            at++;
        }
    }
    read_token(l, at, newline);
}

void sn_lang_next(lang_lexer *l)
{
    read_token(l, l->at, false);
}

uint32_t sn_lang_token_end(const lang_source *s, uint32_t at)
{
    if (at >= s->length)
        return at;
    const char *text = s->text + at;
    const uint8_t class = classes[(uint8_t)text[0]];
    uint32_t length = 1;
    if (class == IS_LETTER || class == IS_WIDE) {
        length = name_length(text);
    } else if (class == IS_DIGIT || (text[0] == '.' && classes[(uint8_t)text[1]] == IS_DIGIT)) {
        double value;
        length = (uint32_t)sn_decimal_read_f64(text, s->length - at, &value);
    } else if (!memcmp(text, ">>>", 3)) {
        length = 3;
    } else {
        static const char pairs[][3] = {"==", "!=", "<=", ">=", "&&", "||", "<<", ">>", ".."};
        for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
            if (!memcmp(text, pairs[k], 2))
                length = 2;
    }
    return at + (length ? length : 1);
}

/* Room for the names that a text of this length is likely to have, so that the table is seldom filled anew: a
 * power of two. */
static uint32_t first_symbols(uint32_t length)
{
    uint32_t room = FIRST_SYMBOLS;
    while (room < length / BYTES_A_SYMBOL && room < MOST_FIRST_SYMBOLS)
        room *= 2;
    return room;
}

bool sn_lang_open_lexer(lang_lexer *l, lang_tree *tree, arena *memory)
{
    *l = (lang_lexer){.tree = tree, .memory = memory, .text = tree->source.text};
    const uint32_t names = first_symbols(tree->source.length);
    tree->symbol_room = names;
    tree->symbol_mask = 4 * names - 1;
    tree->symbols = sn_arena_take(memory, names * sizeof *tree->symbols);
    tree->symbol_table = sn_arena_take_zeroed(memory, 4 * names * sizeof *tree->symbol_table);
    tree->literal_room = tree->source.length / 8 + 16;
    tree->literals = sn_arena_take(memory, tree->literal_room * sizeof *tree->literals);
    if (!tree->symbols || !tree->symbol_table || !tree->literals) {
        tree->out_of_memory = true;
        return false;
    }
    tree->symbols[0] = (lang_symbol){.token = TOKEN_NAME};
    tree->literals[0] = (lang_literal){.known = LITERAL_EXACT};
    tree->symbol_count = tree->literal_count = 1;
    if (tree->source.length >= 3 && !memcmp(tree->source.text, "\xEF\xBB\xBF", 3)) /* a byte order mark */
        l->at = 3;
    return true;
}
