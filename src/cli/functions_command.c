/* sinter functions: what texts can call: the words of the language, and the standard library by its groups. One line a
 * function; one in detail, all its definitions; one group; or all of it as the page docs/functions.md. Who asks for another word of
 * the language, a constant or the beginning of a statement, is told what that is. */
#include "cli/command.h"

#include "lang/lang.h"
#include "lang/vocabulary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct listing {
    lang_function_entry *entries; /* in the order they are printed: words, then groups in the order of their titles */
    uint32_t count;
} listing;

/* ---- the list ---- */

static const char *title_of(const lang_function_entry *f)
{
    return f->group ? f->group : "The language";
}

/* Words first; of one group in the order they came. */
static int compare_entries(const void *a, const void *b)
{
    const lang_function_entry *f = a, *g = b;
    if (!f->group != !g->group)
        return f->group ? 1 : -1;
    const int groups = f->group ? strcmp(f->group, g->group) : 0;
    const int names = groups ? groups : strcmp(f->name, g->name);
    return names ? names : (f->least > g->least) - (f->least < g->least);
}

/* A family of distributions among the functions: they are called alike where a distribution is wanted. */
static lang_function_entry family_entry(uint32_t i)
{
    lang_family_entry family;
    sn_lang_family(i, &family);
    return (lang_function_entry){.name = family.name, .arguments = family.names, .least = family.parameter_count, .most = family.parameter_count,
                                 .summary = family.summary, .group = family.group, .form = family.form, .details = family.details,
                                 .support = family.support};
}

static bool open_listing(listing *l)
{
    lang_function_entry f;
    *l = (listing){0};
    lang_family_entry family;
    uint32_t functions = 0, families = 0;
    while (sn_lang_function(functions, &f))
        functions++;
    while (sn_lang_family(families, &family))
        families++;
    l->count = functions + families;
    l->entries = malloc(((size_t)l->count + 1) * sizeof *l->entries);
    for (uint32_t i = 0; l->entries && i < functions; i++)
        sn_lang_function(i, &l->entries[i]);
    for (uint32_t i = 0; l->entries && i < families; i++)
        l->entries[functions + i] = family_entry(i);
    if (l->entries)
        qsort(l->entries, l->count, sizeof *l->entries, compare_entries);
    return l->entries != NULL;
}

static bool begins_group(const listing *l, uint32_t i)
{
    return i == 0 || strcmp(title_of(&l->entries[i - 1]), title_of(&l->entries[i])) != 0;
}

/* ---- one function ---- */

/* The names of the arguments, one after the other: the next one's length, 0 behind the last; *at is its place. */
static size_t next_argument(const char **at)
{
    *at += strspn(*at, " ");
    return strcspn(*at, " ");
}

/* clamp(x, low, high), as it is called; what may be left out of a word's arguments stands between brackets. */
static void write_signature(char *line, size_t size, const lang_function_entry *f)
{
    int n = snprintf(line, size, "%s(", f->name);
    if (f->form) {
        snprintf(line + n, size - (size_t)n, f->support ? "%s) on %s" : "%s)", f->form, f->support);
        return;
    }
    unsigned k = 0;
    for (const char *at = f->arguments; next_argument(&at); k++) {
        const size_t length = next_argument(&at);
        n += snprintf(line + n, size - (size_t)n, "%s%s%.*s", k == f->least ? "[" : "", k ? ", " : "",
                      (int)length, at);
        at += length;
    }
    snprintf(line + n, size - (size_t)n, "%s)", f->most > f->least ? "]" : "");
}

static void print_line(const lang_function_entry *f)
{
    char signature[256];
    write_signature(signature, sizeof signature, f);
    printf("%-27s %s\n", signature, f->summary);
}

/* Details, each line behind `margin`. */
static void print_details(const char *details, const char *margin)
{
    while (*details) {
        const size_t length = strcspn(details, "\n");
        printf("%s%.*s\n", length ? margin : "", (int)length, details);
        details += length + (details[length] == '\n');
    }
}

static void print_detail(const lang_function_entry *f)
{
    char signature[256];
    write_signature(signature, sizeof signature, f);
    printf("%s\n    %s\n", signature, f->summary);
    if (f->graded)
        printf("    Approximated: the faster and less exact form is fast.%s. docs/accuracy.md says how far both err.\n",
               f->name);
    print_details(f->details, "    ");
}

static void print_json_member(const char *name, const char *text)
{
    printf(",\"%s\":", name);
    sn_cli_print_json_text(stdout, text, strlen(text));
}

static void print_json(const lang_function_entry *f)
{
    printf("{\"name\":\"%s\",\"arguments\":[", f->name);
    const char *comma = "";
    for (const char *at = f->arguments; next_argument(&at); comma = ",") {
        const size_t length = next_argument(&at);
        printf("%s\"%.*s\"", comma, (int)length, at);
        at += length;
    }
    char signature[256];
    write_signature(signature, sizeof signature, f);
    printf("],\"required\":%u,\"fast\":%s", f->least, f->graded ? "true" : "false");
    print_json_member("form", signature);
    print_json_member("summary", f->summary);
    print_json_member("group", title_of(f));
    print_json_member("details", f->details);
    putchar('}');
}

/* ---- one word that is no function ---- */

/* WORD_NONE for functions, too, which have entries. */
static lang_word_code find_other_word(const char *name)
{
    char padded[LANG_MAX_NAME + 1 + sizeof(uint64_t)] = "";
    const size_t length = strlen(name);
    if (length > LANG_MAX_NAME)
        return WORD_NONE;
    memcpy(padded, name, length);
    const lang_word_code word = sn_lang_find_word(padded, (uint32_t)length);
    return sn_lang_is_function(word) ? WORD_NONE : word;
}

static void print_word(lang_word_code word, bool json)
{
    const lang_word *w = &sn_lang_words[word];
    if (!json) {
        printf("%s\n    %s\n", w->text, w->summary);
        return;
    }
    printf("{\"name\":\"%s\"", w->text);
    print_json_member("summary", w->summary);
    puts("}");
}

/* ---- as a page ---- */

static void print_link(const char *title)
{
    printf("- [%s](#", title);
    for (const char *c = title; *c; c++)
        if (isalnum((unsigned char)*c) || *c == '-' || *c == '_')
            putchar(tolower((unsigned char)*c));
        else if (*c == ' ')
            putchar('-');
    puts(")");
}

static void print_page(const listing *l)
{
    puts("# The standard library\n\n"
         "What texts can call beside the [words of the language](language.md#functions). This page is what `sinter functions --markdown`\n"
         "prints, from the texts in `src/lib`; `sinter functions NAME` prints one entry.\n\n"
         "`p:2` is an argument of two elements: a pair, or two numbers in a row; `n: const` is one that must be a constant where the\n"
         "function is called. What stands behind `=` may be left out. What has a support, `on 0..inf`, is a family of distributions\n"
         "([language.md](language.md#densities)), with the constraints of its parameters.\n");
    for (uint32_t i = 0; i < l->count; i++)
        if (l->entries[i].group && begins_group(l, i))
            print_link(l->entries[i].group);
    for (uint32_t i = 0; i < l->count; i++) {
        const lang_function_entry *f = &l->entries[i];
        if (!f->group)
            continue;
        char signature[256];
        write_signature(signature, sizeof signature, f);
        if (begins_group(l, i))
            printf("\n## %s\n", f->group);
        printf("\n**`%s`**  \n%s\n", signature, f->summary);
        print_details(f->details, "");
    }
}

/* ---- the whole ---- */

static const char *name_at(const void *context, int i)
{
    const listing *l = context;
    return (uint32_t)i < l->count ? l->entries[i].name : NULL;
}

/* The entries for which `take` holds, JSON as a list unless there is but one to be had. */
static uint32_t print_entries(const listing *l, const arguments *a, bool (*take)(const lang_function_entry *, const char *),
                              void (*print)(const lang_function_entry *), bool list)
{
    uint32_t printed = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        const lang_function_entry *f = &l->entries[i];
        if (!take(f, a->program))
            continue;
        if (a->json)
            fputs(printed ? "," : list ? "[" : "", stdout);
        if (!a->json && !a->program && begins_group(l, i))
            printf("%s%s\n", printed ? "\n" : "", title_of(f));
        (a->json ? print_json : print)(f);
        printed++;
    }
    if (a->json && printed)
        puts(list ? "]" : "");
    return printed;
}

/* By its name, or as `fast.sin`. */
static bool is_named(const lang_function_entry *f, const char *name)
{
    const char *grade = sn_lang_words[WORD_FAST].text;
    const size_t length = strlen(grade);
    if (f->graded && strncmp(name, grade, length) == 0 && name[length] == '.')
        name += length + 1;
    return strcmp(f->name, name) == 0;
}

static bool is_of_group(const lang_function_entry *f, const char *title)
{
    return strcasecmp(title_of(f), title) == 0;
}

/* `sdf_smooth` and `ease` are the first words of several names. */
static bool begins_so(const lang_function_entry *f, const char *words)
{
    const size_t length = strlen(words);
    return strncmp(f->name, words, length) == 0 && f->name[length] == '_';
}

static bool is_any(const lang_function_entry *f, const char *nothing)
{
    (void)f;
    (void)nothing;
    return true;
}

static int print_named(const listing *l, const arguments *a)
{
    const lang_word_code word = find_other_word(a->program);
    if (word) {
        print_word(word, a->json);
        return STATUS_GOOD;
    }
    uint32_t definitions = 0;
    for (uint32_t i = 0; i < l->count; i++)
        definitions += is_named(&l->entries[i], a->program);
    if (print_entries(l, a, is_named, print_detail, definitions > 1)
        || print_entries(l, a, is_of_group, print_line, true) || print_entries(l, a, begins_so, print_line, true))
        return STATUS_GOOD;
    const char *nearest = sn_cli_nearest(a->program, name_at, l);
    if (nearest)
        return sn_cli_misuse(a->command, "there is no function `%s`; did you mean %s?", a->program, nearest);
    return sn_cli_misuse(a->command, "there is no function and no group `%s`", a->program);
}

int sn_cli_functions(const arguments *a)
{
    listing l;
    int status = STATUS_GOOD;
    if (!open_listing(&l))
        return sn_cli_fail("out of memory");
    if (a->markdown)
        print_page(&l);
    else if (a->program)
        status = print_named(&l, a);
    else
        print_entries(&l, a, is_any, print_line, true);
    free(l.entries);
    return status;
}
