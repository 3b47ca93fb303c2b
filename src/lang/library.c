/* The standard library in a text: its names, found; its definitions, put behind the text and parsed.
 *
 * Library texts have names of their own: their symbols stand in a table apart, so that a text may define `fade` and
 * use what the library made of another `fade`. Each definition of a name is a function of the tree from the first call
 * of that name on, and is parsed when it is first chosen: of a noise in one to four dimensions, the one that is used. */
#include "lang/library.h"

#include "lang/parsing.h"

enum { FIRST_NAMES = 64 };

static int compare(const lang_library_item *item, const char *text, uint32_t length)
{
    const uint32_t common = item->name_length < length ? item->name_length : length;
    const int order = memcmp(item->name, text, common);
    return order ? order : (int)item->name_length - (int)length;
}

const lang_library_item *sn_lang_find_item(const char *text, uint32_t length)
{
    uint32_t low = 0, high = sn_lang_library_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (compare(&sn_lang_library[middle], text, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sn_lang_library_count && compare(&sn_lang_library[low], text, length) == 0 ? &sn_lang_library[low]
                                                                                            : NULL;
}

const lang_library_item *sn_lang_next_item(const lang_library_item *item)
{
    const lang_library_item *next = item + 1;
    return next < sn_lang_library + sn_lang_library_count && strcmp(next->name, item->name) == 0 ? next : NULL;
}

const lang_library_item *sn_lang_find_callable(const lang_tree *t, uint32_t symbol)
{
    const lang_symbol *s = &t->symbols[symbol];
    const lang_library_item *item = sn_lang_find_item(sn_lang_symbol_text(t, symbol), s->length);
    return item && item->text && (item->summary || s->library) ? item : NULL;
}

/* ---- names of the library ---- */

/* The tree's names and those of the library change places. */
static void exchange_names(lang_tree *t)
{
    uint32_t *const table = t->symbol_table;
    const uint32_t mask = t->symbol_mask;
    t->symbol_table = t->other_table;
    t->symbol_mask = t->other_mask;
    t->other_table = table;
    t->other_mask = mask;
    t->in_library = !t->in_library;
}

static bool enter_library(lang_tree *t, arena *memory)
{
    if (!t->other_table) {
        t->other_table = sn_arena_take_zeroed(memory, FIRST_NAMES * sizeof *t->other_table);
        t->other_mask = FIRST_NAMES - 1;
        t->out_of_memory |= !t->other_table;
    }
    if (t->other_table)
        exchange_names(t);
    return t->other_table != NULL;
}

/* The library's symbol of the name that a text calls. */
static uint32_t library_symbol(lang_tree *t, arena *memory, uint32_t symbol)
{
    if (t->symbols[symbol].library)
        return symbol;
    if (!enter_library(t, memory))
        return 0;
    const lang_symbol *s = &t->symbols[symbol];
    const uint32_t own = sn_lang_intern(t, memory, t->source.text + s->at, s->length, s->at);
    exchange_names(t);
    return own;
}

/* ---- definitions ---- */

/* A function whose body is parsed later. */
static uint32_t add_definition(lang_tree *t, arena *memory, uint32_t symbol, const lang_library_item *item)
{
    return sn_lang_new_function(t, memory, (lang_function){.symbol = symbol,
                                                           .at = t->symbols[symbol].at,
                                                           .item = item,
                                                           .free_names = item->free_names,
                                                           .stateful = item->stateful,
                                                           .visited = true});
}

uint32_t sn_lang_library_function(lang_tree *t, arena *memory, uint32_t symbol)
{
    const uint32_t known = t->symbols[symbol].library_name;
    if (known)
        return t->symbols[known].function;
    const lang_library_item *item = sn_lang_find_callable(t, symbol);
    const uint32_t own = item ? library_symbol(t, memory, symbol) : 0;
    if (!own || t->symbols[own].function) {
        t->symbols[symbol].library_name = own;
        return t->symbols[own].function;
    }
    uint32_t first = 0, last = 0;
    for (; item; item = sn_lang_next_item(item)) {
        const uint32_t definition = add_definition(t, memory, own, item);
        if (!definition)
            return 0;
        if (last)
            t->functions[last].next = definition;
        else
            first = definition;
        last = definition;
    }
    return t->symbols[own].function = first;
}

/* Room for a definition behind the text; where it stands, or 0 when memory is refused. */
static uint32_t append_room(lang_tree *t, arena *memory, uint32_t length)
{
    const uint32_t at = t->source.used, size = at + length + LANG_PADDING;
    if (size > t->source.room) {
        const uint32_t room = size + size / 2 + 1024;
        char *grown = sn_arena_grow(memory, (char *)(uintptr_t)t->source.text, t->source.room, room);
        if (!grown) {
            t->out_of_memory = true;
            return 0;
        }
        t->source.text = grown;
        t->source.room = room;
    }
    memset((char *)(uintptr_t)t->source.text + at + length, 0, LANG_PADDING); /* the text is the source's own copy */
    t->source.used = size;
    return at;
}

static uint32_t append_text(lang_tree *t, arena *memory, const lang_library_item *item)
{
    const uint32_t at = append_room(t, memory, item->length);
    if (at)
        memcpy((char *)(uintptr_t)t->source.text + at, item->text, item->length);
    return at;
}

bool sn_lang_parse_item(lang_tree *t, arena *memory, uint32_t function)
{
    const lang_library_item *item = t->functions[function].item;
    if (t->functions[function].first || !item)
        return t->functions[function].first != 0 && !t->out_of_memory; /* what was parsed in part is not to be lowered */
    const uint32_t at = append_text(t, memory, item);
    if (!at || !enter_library(t, memory))
        return false;
    sn_lang_parse_definition(t, memory, at, function);
    exchange_names(t);
    return t->functions[function].first != 0 && !t->out_of_memory;
}

/* ---- families ---- */

static char *append(char *to, const char *text)
{
    const size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

/* The head and the statements that the quantity needs, as a text of their own. */
static uint32_t append_family(lang_tree *t, arena *memory, const lang_family_text *family, uint64_t needs)
{
    size_t length = strlen(family->head) + 2;
    for (uint32_t k = 0; k < family->statement_count; k++)
        length += needs >> k & 1 ? strlen(family->statements[k]) + 1 : 0;
    const uint32_t at = append_room(t, memory, (uint32_t)length);
    if (!at)
        return 0;
    char *to = append((char *)(uintptr_t)t->source.text + at, family->head);
    for (uint32_t k = 0; k < family->statement_count; k++)
        if (needs >> k & 1)
            to = append(append(to, "\n"), family->statements[k]);
    append(to, "\n}");
    return at;
}

static uint32_t parsed_family(const lang_tree *t, uint32_t own, lang_member quantity, bool bare)
{
    for (uint32_t f = t->symbols[own].family; f; f = t->functions[f].next) {
        const lang_family *family = t->families[t->functions[f].family];
        if (family->quantity == quantity && (bare || !family->bare))
            return f;
    }
    return 0;
}

uint32_t sn_lang_library_family(lang_tree *t, arena *memory, uint32_t symbol, lang_member quantity, bool bare)
{
    const lang_library_item *item = sn_lang_find_family(sn_lang_symbol_text(t, symbol), t->symbols[symbol].length);
    const uint64_t needs = item ? item->family->needs[quantity] : 0;
    const uint32_t own = needs ? library_symbol(t, memory, symbol) : 0;
    if (!own)
        return 0;
    const uint32_t known = parsed_family(t, own, quantity, bare);
    if (known)
        return known;
    const uint32_t function = add_definition(t, memory, own, item);
    const uint32_t at = function ? append_family(t, memory, item->family, bare ? 0 : needs) : 0;
    if (!at || !enter_library(t, memory))
        return 0;
    sn_lang_parse_definition(t, memory, at, function);
    exchange_names(t);
    if (t->out_of_memory || !t->functions[function].family)
        return 0;
    t->families[t->functions[function].family]->quantity = (uint8_t)quantity;
    t->families[t->functions[function].family]->bare = bare;
    t->functions[function].next = t->symbols[own].family;
    t->symbols[own].family = function;
    return function;
}
