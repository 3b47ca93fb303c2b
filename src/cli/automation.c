/* Automation: what a file says of parameters over time, a line for each change.
 *
 *     # seconds  parameter  value
 *     0          cutoff     400
 *     1.5        cutoff     2000
 *
 * Changes fall on the sample nearest to their time; those of one sample happen in the order of their lines. What the patch declares as an event is one: each
 * line of it says when it came. */
#include "cli/command.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool add(automation *a, automation_change change)
{
    if (a->count == a->room) {
        const size_t room = a->room ? 2 * a->room : 64;
        automation_change *grown = realloc(a->changes, room * sizeof *grown);
        if (!grown)
            return sn_cli_refuse("out of memory");
        a->changes = grown;
        a->room = room;
    }
    a->changes[a->count++] = change;
    return true;
}

static const char *parameter_at(const void *context, int i)
{
    const sinter_kernel_info *info = context;
    return i < (int)info->parameter_count ? info->parameters[i].name : NULL;
}

static bool refuse_name(const char *path, int line, const char *name, const sinter_kernel_info *info)
{
    const char *nearest = sn_cli_nearest(name, parameter_at, info);
    if (nearest)
        return sn_cli_refuse("%s:%d: there is no parameter %s; did you mean %s?", path, line, name, nearest);
    return sn_cli_refuse("%s:%d: there is no parameter %s", path, line, name);
}

/* An event has its time as a parameter beside it, which is called NAME.onset. */
static int onset_of(const sinter_kernel *kernel, const char *name)
{
    char onset[256 + sizeof ".onset"]; /* names have at most 255 bytes */
    snprintf(onset, sizeof onset, "%s.onset", name);
    return sinter_parameter_number(kernel, onset);
}

static bool read_line(automation *a, char *text, int line, const char *path, const preparation *p, double rate)
{
    static const char blanks[] = " \t\r\n,";
    char *rest = NULL, *words[4];
    int count = 0;
    text[strcspn(text, "#")] = 0;
    for (char *word = strtok_r(text, blanks, &rest); word && count < 4; word = strtok_r(NULL, blanks, &rest))
        words[count++] = word;
    if (count == 0)
        return true;
    double time, value;
    if (count != 3 || !sn_cli_read_number(words[0], strlen(words[0]), SINTER_F64, &time)
        || !sn_cli_read_number(words[2], strlen(words[2]), SINTER_F64, &value) || isnan(value))
        return sn_cli_refuse("%s:%d: a line is: seconds parameter value", path, line);
    if (!(time >= 0 && time <= 1e9))
        return sn_cli_refuse("%s:%d: times are seconds from 0 on", path, line);
    const int parameter = sinter_parameter_number(p->kernel, words[1]);
    if (parameter < 0)
        return refuse_name(path, line, words[1], &p->info);
    const sinter_parameter_info *const known = &p->info.parameters[parameter];
    if (value < known->low || value > known->high)
        sn_cli_note("%s:%d: note: %s is out of the range of %s and becomes its %s end", path, line, words[2], words[1],
                    value < known->low ? "lower" : "upper");
    return add(a, (automation_change){(int64_t)nearbyint(time * rate), parameter, onset_of(p->kernel, words[1]), value, a->count});
}

static int compare_changes(const void *a, const void *b)
{
    const automation_change *c = a, *d = b;
    if (c->frame != d->frame)
        return c->frame < d->frame ? -1 : 1;
    return c->order < d->order ? -1 : 1;
}

bool sn_cli_read_automation(automation *a, const char *path, const preparation *p, double rate)
{
    *a = (automation){0};
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!in)
        return sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    char *text = NULL;
    size_t room = 0;
    bool good = true;
    for (int line = 1; good && getline(&text, &room, in) >= 0; line++)
        good = read_line(a, text, line, path, p, rate);
    if (good && ferror(in))
        good = sn_cli_refuse("cannot read %s: %s", path, strerror(errno));
    free(text);
    if (in != stdin)
        fclose(in);
    if (good && a->count)
        qsort(a->changes, a->count, sizeof *a->changes, compare_changes);
    if (!good)
        sn_cli_release_automation(a);
    return good;
}

int64_t sn_cli_automate(automation *a, sinter_instance *instance, int64_t frame)
{
    while (a->next < a->count && a->changes[a->next].frame <= frame) {
        const automation_change *change = &a->changes[a->next++];
        sinter_set(instance, change->parameter, change->value);
        if (change->onset >= 0)
            sinter_jump(instance, change->onset, (double)frame);
    }
    return a->next < a->count ? a->changes[a->next].frame : INT64_MAX;
}

void sn_cli_release_automation(automation *a)
{
    free(a->changes);
    *a = (automation){0};
}
