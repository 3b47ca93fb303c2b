/* What `sinter help` prints: the subcommands from their table, the options from theirs. */
#include "cli/command.h"

#include <string.h>

void sn_cli_print_overview(FILE *out)
{
    fputs("sinter: expressions and signal graphs as SIMD machine code\n\nusage:\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const command *c = &sn_cli_commands[i];
        char line[64];
        snprintf(line, sizeof line, "sinter %s %s", c->name, c->operand ? c->operand : "");
        fprintf(out, "  %-29s %s\n", line, c->summary);
    }
    fputs("\n`sinter help COMMAND` tells more, `sinter --version` which one this is.\n"
          "Exit status: 0; 1 for an error in the program or the data; 2 for wrong usage.\n",
          out);
}

static void print_option(FILE *out, const option *o)
{
    char line[64];
    char letter[8] = "";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(line, sizeof line, "%s--%s%s%s", letter, o->name, o->value ? " " : "", o->value ? o->value : "");
    fprintf(out, strlen(line) > 25 ? "  %s\n  %25s %s\n" : "  %-25s%s %s\n", line, "", o->summary);
}

void sn_cli_print_help(FILE *out, const command *c)
{
    const unsigned bit = 1U << (c - sn_cli_commands);
    fprintf(out, "usage: sinter %s%s%s [OPTION]...\n\n%s\n\noptions:\n", c->name, c->operand ? " " : "",
            c->operand ? c->operand : "", c->text);
    for (const option *o = sn_cli_options; o->name; o++)
        if (o->commands & bit)
            print_option(out, o);
}
