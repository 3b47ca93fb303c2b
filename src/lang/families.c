/* Families by name: those that the text defines, and those of the library, which are found as functions are, in a sorted list of their own. Of a
 * family of the library only the statements are put behind the text and parsed that a quantity needs: which ones these are
 * was found out when the library was built. */
#include "lang/library.h"
#include "lang/lowering.h"

#include <string.h>

static int compare(const lang_library_item *item, const char *text, uint32_t length)
{
    const uint32_t common = item->name_length < length ? item->name_length : length;
    const int order = memcmp(item->name, text, common);
    return order ? order : (int)item->name_length - (int)length;
}

const lang_library_item *sn_lang_find_family(const char *text, uint32_t length)
{
    uint32_t low = 0, high = sn_lang_family_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (compare(&sn_lang_families[middle], text, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sn_lang_family_count && compare(&sn_lang_families[low], text, length) == 0 ? &sn_lang_families[low] : NULL;
}

/* ---- for whoever lists them ---- */

bool sn_lang_family(uint32_t i, lang_family_entry *entry)
{
    if (i >= sn_lang_family_count)
        return false;
    const lang_library_item *item = &sn_lang_families[i];
    uint32_t members = 0;
    for (unsigned m = 0; m < LANG_MEMBERS; m++)
        members |= item->family->needs[m] ? 1u << m : 0;
    *entry = (lang_family_entry){.name = item->name,
                                 .same_as = strcmp(item->name, item->family->name) ? item->family->name : NULL,
                                 .form = item->arguments,
                                 .names = item->names,
                                 .support = item->family->support,
                                 .parameter_count = item->count,
                                 .members = members,
                                 .summary = item->summary,
                                 .group = item->group,
                                 .details = item->details};
    return true;
}

/* ---- what a name means ---- */

/* Aliases of the text lead to what they name: chains end, since each name is bound once, unless they close. */
static uint32_t meant(const lang_tree *t, uint32_t symbol)
{
    for (uint32_t steps = 0; t->symbols[symbol].alias && !t->symbols[symbol].family && steps < t->symbol_count; steps++)
        symbol = t->symbols[symbol].alias;
    return symbol;
}

lang_family_name sn_lang_family_of(const lang_tree *t, uint32_t symbol)
{
    const uint32_t m = meant(t, symbol);
    const lang_symbol *s = &t->symbols[m];
    if (s->family && !s->library)
        return (lang_family_name){.symbol = m, .function = s->family};
    return (lang_family_name){.symbol = m, .item = s->alias ? NULL : sn_lang_find_family(sn_lang_symbol_text(t, m), s->length)};
}

bool sn_lang_has_quantity(const lang_tree *t, const lang_family_name *name, lang_member quantity)
{
    if (name->item)
        return name->item->family->needs[quantity] != 0;
    const lang_family *f = t->families[t->functions[name->function].family];
    const bool derived = f->members[LANG_T] && f->members[LANG_ETA] && f->members[LANG_A];
    return quantity == LANG_DERIVED ? derived : f->members[quantity] || (quantity == LANG_LOG_DENSITY && derived);
}

/* ---- nearest names ---- */

void sn_lang_offer_families(const lang_tree *t, lang_nearest *nearest)
{
    for (uint32_t k = 1; k < t->symbol_count; k++)
        if ((t->symbols[k].family || t->symbols[k].alias) && !t->symbols[k].library)
            sn_lang_offer(nearest, sn_lang_symbol_text(t, k), t->symbols[k].length);
    for (uint32_t k = 0; k < sn_lang_family_count; k++)
        sn_lang_offer(nearest, sn_lang_families[k].name, sn_lang_families[k].name_length);
}
