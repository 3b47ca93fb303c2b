/* Who calls whom: recursion is reported, with its cycle, before anything is lowered, and what a function does through others
 * (state, free names) becomes known of it. */
#include "lang/library.h"
#include "lang/lowering.h"

#include <stdio.h>

typedef struct step {
    uint32_t function, call; /* the next one to follow */
} step;

static void report_cycle(lang_tree *t, const step *path, uint32_t from, uint32_t to, const lang_call *call)
{
    char cycle[SINTER_MESSAGE_SIZE];
    int n = 0;
    for (uint32_t k = from; k <= to + 1 && n < (int)sizeof cycle; k++) {
        const uint32_t symbol = t->functions[path[k <= to ? k : from].function].symbol;
        n += snprintf(cycle + n, sizeof cycle - (size_t)n, "%s%.*s", k > from ? " \xE2\x86\x92 " : "",
                      sn_lang_shown(t, symbol), sn_lang_symbol_text(t, symbol));
    }
    for (uint32_t k = from; k <= to; k++)
        t->functions[path[k].function].recursive = true;
    sn_lang_error(&t->source, SINTER_BAD_PROGRAM, call->at, sn_lang_token_end(&t->source, call->at),
                  sn_lang_is_function(t->symbols[call->symbol].word)
                      ? "the name means this function, no longer the language's: give it another"
                      : "for a recurrence in time use y', for repetition sum(i, a, b, ...)",
                  "a function calls itself: %s", cycle);
}

/* Of a function that the text does not define. A callback may append what has state. */
static void note_foreign_call(const lang_tree *t, const lang_options *options, lang_function *f, uint32_t symbol)
{
    if (sn_lang_is_function(t->symbols[symbol].word))
        return;
    const lang_library_item *item =
        sn_lang_find_node_type(t, options, symbol) ? NULL : sn_lang_find_callable(t, symbol);
    f->stateful |= !item || item->stateful;
    f->free_names |= item ? item->free_names : 0;
}

static void follow(lang_tree *t, const lang_options *options, step *path, uint32_t start)
{
    uint32_t depth = 0;
    path[0] = (step){start, 0};
    t->functions[start].visited = true;
    for (;;) {
        lang_function *f = &t->functions[path[depth].function];
        if (path[depth].call == f->call_count) {
            f->on_path = false;
            if (depth == 0)
                return;
            lang_function *caller = &t->functions[path[--depth].function];
            caller->stateful |= f->stateful;
            caller->free_names |= f->free_names;
            continue;
        }
        f->on_path = true;
        const lang_call *call = &t->calls[f->first_call + path[depth].call++];
        const uint32_t callee = t->symbols[call->symbol].function;
        if (!callee) {
            note_foreign_call(t, options, f, call->symbol);
        } else if (t->functions[callee].on_path) {
            uint32_t from = depth;
            while (path[from].function != callee)
                from--;
            report_cycle(t, path, from, depth, call);
        } else if (t->functions[callee].visited) {
            f->stateful |= t->functions[callee].stateful;
            f->free_names |= t->functions[callee].free_names;
        } else {
            t->functions[callee].visited = true;
            path[++depth] = (step){callee, 0};
        }
    }
}

void sn_lang_sort_calls(lang_tree *t, arena *memory, const lang_options *options)
{
    step *path = sn_arena_take(memory, t->function_count * sizeof *path);
    if (!path) {
        t->out_of_memory = true;
        return;
    }
    for (uint32_t f = 1; f < t->function_count; f++)
        if (!t->functions[f].visited)
            follow(t, options, path, f);
    lang_function top = {.free_names = t->free_names};
    for (uint32_t k = 0; k < t->call_count; k++)
        if (t->calls[k].scope == 0 || t->functions[t->calls[k].scope].family) {
            const uint32_t callee = t->symbols[t->calls[k].symbol].function;
            if (callee)
                top.free_names |= t->functions[callee].free_names;
            else
                note_foreign_call(t, options, &top, t->calls[k].symbol);
        }
    t->free_names = top.free_names;
}
