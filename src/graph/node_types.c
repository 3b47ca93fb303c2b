/* Types of nodes: what a function's parameters say, and what only compiling it can.
 *
 * Ports come from the parameters: of a library function from its form (`p:2, q=sqrt(0.5)`), of a word from its arguments' names, of a user's
 * own from the text of its definition. How many results a function has, and which arguments are events, depends on its body, and so does which must be
 * constants where its parameters do not say so; so a small patch that calls it is compiled, once a type: with streams for all arguments, and where
 * that is refused, with one constant after the other, with events, with constants all over. Through which arguments a cycle may be closed is found by
 * compiling too, when a cycle first asks. */
#include "graph/model.h"

#include "lang/lang.h"
#include "lang/library.h"
#include "lang/vocabulary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- trials ---- */

sinter_status sn_graph_try(sinter_graph *g, const char *program, sinter_kernel **kernel, sinter_report *report)
{
    arena memory;
    text whole;
    sn_arena_open(&memory, &g->allocator);
    sn_text_open(&whole, &memory);
    if (g->definitions)
        sn_text_add(&whole, g->definitions);
    sn_text_add(&whole, "\n");
    sn_text_add(&whole, program);
    const sinter_options options = {.source = SINTER_PATCH, .engine = SINTER_ENGINE_INTERP, .name = "definitions"};
    const sinter_status status = whole.failed ? sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL)
                                              : sinter_compile(g->context, whole.start, whole.length, &options, kernel, report);
    sn_arena_close(&memory);
    return status;
}

/* Where arguments have sizes they are given by name: `perlin(p, seed)` of a pair and a number could as well be that of three coordinates. */
static bool is_by_name(const graph_type *t)
{
    return strchr(t->form, ':') != NULL;
}

/* What the ports of a trial are given: bits for constants and events, streams to the others; and one that is bound behind the call. */
typedef struct trial {
    uint64_t constants, events;
    uint32_t late; /* UINT32_MAX: none */
} trial;

static void write_trial(const graph_type *t, trial with, text *call)
{
    for (uint32_t k = 0; k < t->port_count; k++)
        if (with.events >> k & 1)
            sn_text_print(call, "event in%u = 0\n", k);
        else if (!(with.constants >> k & 1))
            sn_text_print(call, "input in%u\n", k);
    sn_text_print(call, "result = %s(", t->name);
    for (uint32_t k = 0; k < t->port_count; k++) {
        const graph_port *p = &t->ports[k];
        sn_text_add(call, k == 0 ? "" : ", ");
        if (is_by_name(t) && p->element == 0)
            sn_text_print(call, "%.*s=", (int)sn_graph_argument_length(p), p->name);
        sn_text_add(call, p->size && p->element == 0 ? "(" : "");
        if (with.constants >> k & 1)
            sn_text_add_f64(call, p->is_number ? p->value : 1);
        else
            sn_text_print(call, k == with.late ? "late" : "in%u", k);
        sn_text_add(call, p->size && p->element + 1 == p->size ? ")" : "");
    }
    sn_text_add(call, ")\n");
    if (with.late != UINT32_MAX) /* what is computed with needs to be there: not so a result that only hands the argument on */
        sn_text_print(call, "used = 2*result\nlate = in%u\nout used\n", with.late);
    else
        sn_text_add(call, "out result\n");
}

/* Does the node remember what it was given for longer than a filter does? The constants of a trial say nothing of how long: then any state counts. */
static bool keeps_sound(const sinter_kernel *k, bool constants)
{
    const uint32_t lines = k->line_count - k->ahead_count; /* what scans need besides is a tick, however much the node remembers */
    bool keeps = lines > 0 && constants;
    for (uint32_t n = 0; n < lines; n++)
        keeps |= k->lines[n].length > PLAN_HELD;
    return keeps;
}

/* The results of such a call, 0 where it is refused. */
static uint32_t results(sinter_graph *g, graph_type *t, trial with, sinter_status *status, sinter_report *report)
{
    arena memory;
    text call;
    sn_arena_open(&memory, &g->allocator);
    sn_text_open(&call, &memory);
    write_trial(t, with, &call);
    sinter_kernel *kernel = NULL;
    *status = call.failed ? sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL) : sn_graph_try(g, call.start, &kernel, report);
    const uint32_t count = kernel ? sinter_kernel_describe(kernel).output_count : 0;
    if (kernel)
        t->keeps = keeps_sound(kernel, with.constants != 0);
    sinter_kernel_close(kernel);
    sn_arena_close(&memory);
    return count;
}

/* Of bits that are all set in a trial that succeeds, as few as are needed. */
static sinter_status keep_needed(sinter_graph *g, graph_type *t, trial *with, uint64_t *bits)
{
    sinter_status status = SINTER_OK;
    const uint64_t all = *bits;
    for (uint32_t k = 0; k < t->port_count && status != SINTER_NO_MEMORY; k++) {
        const uint64_t before = *bits;
        *bits = before & ~(all & UINT64_C(1) << k);
        if (*bits != before && !results(g, t, *with, &status, NULL))
            *bits = before;
    }
    return status == SINTER_NO_MEMORY ? status : SINTER_OK;
}

/* Which ports must be constants beyond those that say so, and which are events: none, or as few as leave the rest streams. */
static sinter_status try_type(sinter_graph *g, graph_type *t, sinter_report *report)
{
    sinter_status status;
    const uint64_t all = t->port_count < 64 ? (UINT64_C(1) << t->port_count) - 1 : UINT64_MAX;
    uint64_t declared = 0;
    for (uint32_t k = 0; k < t->port_count; k++)
        declared |= (uint64_t)t->ports[k].constant << k;
    trial with = {declared, 0, UINT32_MAX};
    t->output_count = results(g, t, with, &status, report);
    /* One more constant; then events, without and with one more constant; then constants all over. */
    for (uint32_t k = 0; !t->output_count && status == SINTER_BAD_PROGRAM && k < t->port_count; k++) {
        with.constants = declared | UINT64_C(1) << k;
        t->output_count = results(g, t, with, &status, NULL);
    }
    for (uint32_t k = 0; !t->output_count && status == SINTER_BAD_PROGRAM && k <= t->port_count; k++) {
        with.constants = declared | (k > 0 ? UINT64_C(1) << (k - 1) : 0);
        with.events = all & ~with.constants;
        t->output_count = results(g, t, with, &status, NULL);
    }
    if (!t->output_count && status == SINTER_BAD_PROGRAM) {
        with = (trial){all, 0, UINT32_MAX};
        t->output_count = results(g, t, with, &status, NULL);
    }
    if (t->output_count && report)
        report->count = report->total = 0; /* what it was refused for at first */
    if (t->output_count)
        status = with.events ? keep_needed(g, t, &with, &with.events) : with.constants == all ? keep_needed(g, t, &with, &with.constants) : status;
    for (uint32_t k = 0; k < t->port_count; k++) {
        t->ports[k].constant = (with.constants | declared) >> k & 1;
        t->ports[k].event = with.events >> k & 1;
    }
    return status;
}

sinter_status sn_graph_reads_late(sinter_graph *g, graph_type *t, uint32_t port, bool *late)
{
    sinter_status status = SINTER_OK;
    *late = false;
    if (t->kind != GRAPH_FUNCTION || t->ports[port].constant || t->ports[port].event)
        return status;
    if (t->ports[port].late == LATE_UNKNOWN) {
        trial with = {0, 0, port};
        for (uint32_t k = 0; k < t->port_count; k++) {
            with.constants |= (uint64_t)t->ports[k].constant << k;
            with.events |= (uint64_t)t->ports[k].event << k;
        }
        const bool good = results(g, t, with, &status, NULL) > 0;
        if (status == SINTER_NO_MEMORY)
            return status;
        t->ports[port].late = good ? LATE : AT_ONCE;
    }
    *late = t->ports[port].late == LATE;
    return SINTER_OK;
}

/* ---- parameters ---- */

/* The default, if it is a number by itself. */
static sinter_status evaluate(sinter_graph *g, const char *expression, graph_port *p)
{
    sinter_kernel *kernel = NULL;
    const sinter_options options = {.type = SINTER_F64, .engine = SINTER_ENGINE_INTERP, .inputs = ""};
    const sinter_status status = sinter_compile(g->context, expression, strlen(expression), &options, &kernel, NULL);
    p->is_number = status == SINTER_OK && sinter_kernel_describe(kernel).output_count == 1
                   && sinter_run(kernel, &(sinter_arguments){.outputs = (void *[]){&p->value}, .count = 1}) == SINTER_OK && isfinite(p->value);
    sinter_kernel_close(kernel);
    return status == SINTER_NO_MEMORY ? status : SINTER_OK;
}

static sinter_status add_ports(sinter_graph *g, graph_type *t, const lang_parameter_entry *parameter, unsigned argument)
{
    sinter_status status = SINTER_OK;
    char standard[GRAPH_FORM] = "";
    const unsigned size = parameter->size <= 9 ? parameter->size : 0;
    const int length = (int)parameter->name_length;
    if (length >= GRAPH_NAME - 3 || t->port_count + (size ? size : 1) > GRAPH_MOST_PORTS)
        return SINTER_TOO_LARGE;
    if (parameter->standard)
        snprintf(standard, sizeof standard, "%.*s", (int)parameter->standard_length, parameter->standard);
    for (unsigned k = 0; k < (size ? size : 1); k++) {
        graph_port *p = &t->ports[t->port_count++];
        *p = (graph_port){.argument = (uint8_t)argument, .element = (uint8_t)k, .size = (uint8_t)size, .has_default = standard[0] != 0,
                          .constant = parameter->constant};
        if (size > 1)
            snprintf(p->name, sizeof p->name, "%.*s_%c", length, parameter->name, "xyzw"[k & 3]);
        else
            snprintf(p->name, sizeof p->name, "%.*s", length, parameter->name);
        p->steps = !strcmp(p->name, "gate") || !strcmp(p->name, "trigger");
        if (p->has_default && size == 0)
            status = evaluate(g, standard, p);
    }
    const size_t used = strlen(t->arguments);
    const int by_name = is_by_name(t) ? length : 0;
    const int added = snprintf(t->arguments + used, sizeof t->arguments - used, "%s%.*s%s%.*s", argument ? ", " : "", by_name, parameter->name,
                               by_name ? "=" : "", length, parameter->name);
    return added < (int)(sizeof t->arguments - used) ? status : SINTER_TOO_LARGE;
}

static sinter_status read_form(sinter_graph *g, graph_type *t, const char *form)
{
    sinter_status status = SINTER_OK;
    snprintf(t->form, sizeof t->form, "%s", form);
    const lang_function_entry entry = {.name = t->name, .form = t->form};
    lang_parameter_entry parameter;
    for (unsigned argument = 0; status == SINTER_OK && sn_lang_function_parameter(&entry, argument, &parameter); argument++)
        status = parameter.name_length ? add_ports(g, t, &parameter, argument) : SINTER_BAD_PROGRAM;
    return status;
}

/* `x y z` of a word, of which the first `least` are needed: the others are left out. */
static void words_as_form(const char *arguments, unsigned least, char *form)
{
    size_t used = 0;
    form[0] = 0;
    for (unsigned k = 0; k < least && *arguments; k++) {
        const size_t length = strcspn(arguments, " ");
        used += (size_t)snprintf(form + used, GRAPH_FORM - used, "%s%.*s", k ? ", " : "", (int)length, arguments);
        arguments += length + strspn(arguments + length, " ");
    }
}

/* ---- where functions are ---- */

/* Behind a comment that begins here. */
static const char *pass_comment(const char *at)
{
    return *at == '#' || (at[0] == '/' && at[1] == '/') ? at + strcspn(at, "\n") : at;
}

static bool is_part_of_name(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 128;
}

/* Up to the closing parenthesis, on one line and without comments. */
static bool copy_form(const char *at, char *form)
{
    size_t used = 0;
    for (unsigned depth = 1; *at && used < GRAPH_FORM - 1; at++) {
        at = pass_comment(at);
        depth += *at == '(';
        depth -= *at == ')';
        if (depth == 0) {
            form[used] = 0;
            return true;
        }
        form[used] = *at == '\n' || *at == '\t' || *at == '\r' ? ' ' : *at;
        used += *at != 0;
        if (*at == 0)
            break;
    }
    return false;
}

/* The parameters of `fn NAME(…)` in the graph's definitions. Only a definition has the word `fn` in front of a name. */
static bool find_own(const sinter_graph *g, const char *name, char *form)
{
    const size_t length = strlen(name);
    if (!g->definitions)
        return false;
    for (const char *at = g->definitions; *at;) {
        const char *word = at;
        while (is_part_of_name(*at))
            at++;
        if (at - word != 2 || memcmp(word, "fn", 2) != 0) {
            const char *behind = pass_comment(at);
            at = behind != at ? behind : at + (at == word);
            continue;
        }
        at += strspn(at, " \t");
        word = at;
        while (is_part_of_name(*at))
            at++;
        if ((size_t)(at - word) != length || memcmp(word, name, length) != 0)
            continue;
        at += strspn(at, " \t");
        return *at == '(' && copy_form(at + 1, form);
    }
    return false;
}

bool sn_graph_is_own(const sinter_graph *g, const char *name)
{
    char form[GRAPH_FORM];
    return find_own(g, name, form);
}

static bool find_callback(const sinter_graph *g, const char *name, char *form)
{
    for (uint32_t k = 0; k < g->context->node_count; k++) {
        const sinter_node_type *type = &g->context->nodes[k];
        if (strcmp(type->name, name) != 0)
            continue;
        size_t used = 0;
        form[0] = 0;
        for (uint32_t i = 0; i < type->inputs && used < GRAPH_FORM - 16; i++)
            used += (size_t)snprintf(form + used, GRAPH_FORM - used, "%sin%u", i ? ", " : "", i);
        return true;
    }
    return false;
}

/* The language's and the library's: of several the one that needs the fewest numbers. Every node that is added asks this, so nothing is listed. */
static bool find_public(const char *name, char *form)
{
    char padded[GRAPH_NAME + LANG_PADDING] = "";
    const size_t length = strlen(name);
    if (length == 0 || length >= GRAPH_NAME)
        return false;
    memcpy(padded, name, length);
    const lang_word *word = &sn_lang_words[sn_lang_find_word(padded, (uint32_t)length)];
    if (word->kind == WORD_IS_FUNCTION) {
        words_as_form(word->arguments, word->least, form);
        return true;
    }
    const lang_library_item *fewest = NULL;
    for (const lang_library_item *item = sn_lang_find_item(padded, (uint32_t)length); item; item = sn_lang_next_item(item))
        if (item->text && item->summary && (!fewest || item->needed < fewest->needed))
            fewest = item;
    if (fewest)
        snprintf(form, GRAPH_FORM, "%s", fewest->arguments);
    return fewest != NULL;
}

bool sn_graph_is_function(const sinter_graph *g, const char *name)
{
    char form[GRAPH_FORM];
    return find_own(g, name, form) || find_callback(g, name, form) || find_public(name, form);
}

static sinter_status unknown(const char *name, sinter_report *report)
{
    lang_function_entry entry;
    lang_nearest nearest = {.wanted = name, .wanted_length = strlen(name)};
    char message[SINTER_MESSAGE_SIZE], hint[SINTER_MESSAGE_SIZE];
    for (uint32_t i = 0; sn_lang_function(i, &entry); i++)
        sn_lang_offer(&nearest, entry.name, strlen(entry.name));
    snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)nearest.length, nearest.name ? nearest.name : "");
    snprintf(message, sizeof message, "there is no type of node '%.60s'", name);
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, nearest.name ? hint : "`sinter functions` lists them; and input, output, event");
}

/* A word that takes something else than numbers: what the trial was refused for is no text of the user's. */
static sinter_status refuse_word(const graph_type *t, sinter_report *report)
{
    char message[SINTER_MESSAGE_SIZE], padded[GRAPH_NAME + LANG_PADDING] = "";
    memcpy(padded, t->name, strlen(t->name));
    const lang_word *word = &sn_lang_words[sn_lang_find_word(padded, (uint32_t)strlen(t->name))];
    if (report)
        report->count = report->total = 0;
    const bool image = word->kind == WORD_IS_FUNCTION && strncmp(word->arguments, "image", 5) == 0;
    snprintf(message, sizeof message, "'%s' is no type of node: it takes %s", t->name, image ? "an image, and what is played has none" : "more than numbers");
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message,
                          image ? "a table can be read: define it and a function, `table wave = [0, 1, 0, -1]`, `fn read(i) = wave[i]` (sinter_graph_define), and add a node 'read'"
                                : "define a function of numbers that calls it (sinter_graph_define), and add a node of that name");
}

/* ---- types ---- */

static void make_stream(graph_type *t, graph_kind kind)
{
    t->kind = kind;
    t->output_count = kind == GRAPH_INPUT;
    t->port_count = kind == GRAPH_OUTPUT;
    if (kind == GRAPH_OUTPUT)
        snprintf(t->ports[0].name, sizeof t->ports[0].name, "x");
}

sinter_status sn_graph_make_type(sinter_graph *g, const char *name, graph_type *t, sinter_report *report)
{
    char form[GRAPH_FORM];
    memset(t, 0, sizeof *t);
    if (strlen(name) >= GRAPH_NAME)
        return unknown(name, report);
    snprintf(t->name, sizeof t->name, "%s", name);
    if (!strcmp(name, "event")) {
        t->kind = GRAPH_EVENT;
        t->output_count = t->port_count = 1;
        t->ports[0] = (graph_port){.name = "value", .has_default = true, .is_number = true, .event = true};
        return SINTER_OK;
    }
    if (!strcmp(name, "input") || !strcmp(name, "output")) {
        make_stream(t, !strcmp(name, "input") ? GRAPH_INPUT : GRAPH_OUTPUT);
        return SINTER_OK;
    }
    t->own = find_own(g, name, form);
    const bool given = t->own || find_callback(g, name, form);
    if (!given && !find_public(name, form))
        return unknown(name, report);
    sinter_status status = read_form(g, t, form);
    if (status == SINTER_NO_MEMORY)
        return sn_report_fail(report, status, "out of memory", NULL);
    if (status != SINTER_OK)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "a type of node has at most 64 ports, with names of at most 60 characters", NULL);
    t->kind = !t->own && !strcmp(name, "delay") ? GRAPH_DELAY : GRAPH_FUNCTION;
    status = try_type(g, t, report);
    if (status == SINTER_BAD_PROGRAM && !given)
        return refuse_word(t, report);
    if (t->kind == GRAPH_DELAY)
        t->ports[1].value = 1; /* the shortest */
    return status == SINTER_BAD_PROGRAM ? SINTER_BAD_ARGUMENT : status;
}

sinter_status sn_graph_find_type(sinter_graph *g, const char *name, graph_type **type, sinter_report *report)
{
    for (graph_type *t = g->types; t; t = t->next)
        if (strcmp(t->name, name) == 0) {
            *type = t;
            return SINTER_OK;
        }
    graph_type *made = sn_allocate(&g->allocator, sizeof *made);
    if (!made)
        return sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    const sinter_status status = sn_graph_make_type(g, name, made, report);
    if (status != SINTER_OK) {
        sn_release(&g->allocator, made, sizeof *made);
        return status;
    }
    made->next = g->types;
    g->types = made;
    *type = made;
    return SINTER_OK;
}
