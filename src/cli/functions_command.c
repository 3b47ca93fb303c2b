/* sinter functions: what the language can call, from its vocabulary. One line a function, or one in detail. */
#include "cli/command.h"

#include "lang/lang.h"

#include <string.h>

/* The names of the arguments, one after the other: the next one's length, 0 behind the last; *at is its place. */
static size_t next_argument(const char **at)
{
    *at += strspn(*at, " ");
    return strcspn(*at, " ");
}

/* clamp(x, low, high), as it is called; what may be left out stands between brackets. */
static void write_signature(char *line, size_t size, const lang_function_entry *f)
{
    int n = snprintf(line, size, "%s(", f->name);
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
    char signature[128];
    write_signature(signature, sizeof signature, f);
    printf("%-27s %s\n", signature, f->summary);
}

static void print_detail(const lang_function_entry *f)
{
    char signature[128];
    write_signature(signature, sizeof signature, f);
    printf("%s\n    %s\n", signature, f->summary);
    if (f->graded)
        printf("    Approximated: the faster and less exact form is fast.%s. docs/accuracy.md says how far both err.\n",
               f->name);
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
    printf("],\"required\":%u,\"fast\":%s,\"summary\":", f->least, f->graded ? "true" : "false");
    sn_cli_print_json_text(stdout, f->summary, strlen(f->summary));
    putchar('}');
}

static const char *name_at(const void *context, int i)
{
    lang_function_entry f;
    (void)context;
    return sn_lang_function((uint32_t)i, &f) ? f.name : NULL;
}

static int print_one(const arguments *a)
{
    lang_function_entry f;
    for (uint32_t i = 0; sn_lang_function(i, &f); i++) {
        if (strcmp(f.name, a->program) != 0)
            continue;
        if (a->json)
            print_json(&f);
        else
            print_detail(&f);
        if (a->json)
            putchar('\n');
        return STATUS_GOOD;
    }
    const char *nearest = sn_cli_nearest(a->program, name_at, NULL);
    if (nearest)
        return sn_cli_misuse(a->command, "there is no function `%s`; did you mean %s?", a->program, nearest);
    return sn_cli_misuse(a->command, "there is no function `%s`", a->program);
}

int sn_cli_functions(const arguments *a)
{
    lang_function_entry f;
    if (a->program)
        return print_one(a);
    if (a->json)
        putchar('[');
    for (uint32_t i = 0; sn_lang_function(i, &f); i++) {
        if (a->json && i)
            putchar(',');
        if (a->json)
            print_json(&f);
        else
            print_line(&f);
    }
    if (a->json)
        puts("]");
    return STATUS_GOOD;
}
