/* sinter play: a patch that sounds while its file is edited.
 *
 * This thread does everything but the sound: it looks whether the file was saved, gives what stands in it to the player, reads lines
 * from the standard input, and draws the status line. It wakes up fifty times a second; nothing here is in a hurry.
 *
 * A program is compiled twice: by the player, which plays it, and here, by the interpreter, which is the quickest way to know its
 * parameters. What was typed is remembered here, since the player only says what it was told.
 *
 * Messages go to the standard error stream, and answers to what was asked (a parameter's value) to the standard output. */
#include "cli/command.h"

#include "base/decimal.h"
#include "cli/file_watch.h"
#include "cli/live_stream.h"
#include "cli/sound_device.h"
#include "cli/status_line.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LINE_MOST = 1024 };

typedef struct typed_value {
    char *name;
    double value;
} typed_value;

typedef struct playing {
    const arguments *a;
    preparation prepared; /* of the last good edit */
    sound_device *device;
    sinter_player *player;
    sound_recorder *recorder;
    sample_output output;
    sound_kind kind;
    live_stream stream;
    uint32_t inputs, outputs;

    file_watch watch; /* path NULL: there is no file */
    uint64_t edit, announced; /* the last good one; the last one that was said to play */
    bool wrong;               /* the last one was refused */
    double compile_seconds;

    bool listening, terminal; /* the standard input is read; and is a terminal */
    char line[LINE_MOST];
    size_t line_length;
    bool line_too_long;
    typed_value *typed;
    size_t typed_count;

    status_line status;
    double shown, fault_told; /* when */
    uint64_t faults;
    bool quit;
} playing;

/* ---- parameters ---- */

static const sinter_parameter_info *find_parameter(const playing *p, const char *name)
{
    const sinter_kernel_info *info = &p->prepared.info;
    for (uint32_t k = 0; k < info->parameter_count; k++)
        if (strcmp(info->parameters[k].name, name) == 0)
            return &info->parameters[k];
    return NULL;
}

static const char *parameter_at(const void *context, int i)
{
    const sinter_kernel_info *info = context;
    return i < (int)info->parameter_count ? info->parameters[i].name : NULL;
}

static void refuse_name(const playing *p, const char *name)
{
    const char *nearest = sn_cli_nearest(name, parameter_at, &p->prepared.info);
    if (nearest)
        sn_cli_note("there is no parameter %s; did you mean %s?", name, nearest);
    else
        sn_cli_note("there is no parameter %s", name);
}

/* An event has its time as a parameter beside it, which is called NAME.onset. */
static bool is_event(const playing *p, const char *name)
{
    char onset[LINE_MOST + 8];
    snprintf(onset, sizeof onset, "%s.onset", name);
    return find_parameter(p, onset) != NULL;
}

static bool remember(playing *p, const char *name, double value)
{
    for (size_t k = 0; k < p->typed_count; k++)
        if (strcmp(p->typed[k].name, name) == 0) {
            p->typed[k].value = value;
            return true;
        }
    typed_value *grown = realloc(p->typed, (p->typed_count + 1) * sizeof *grown);
    if (!grown)
        return false;
    p->typed = grown;
    if (!(grown[p->typed_count].name = strdup(name)))
        return false;
    grown[p->typed_count++].value = value;
    return true;
}

static double clamp(const sinter_parameter_info *parameter, double value)
{
    return value < parameter->low ? parameter->low : value > parameter->high ? parameter->high : value;
}

static double value_of(const playing *p, const sinter_parameter_info *parameter)
{
    for (size_t k = 0; k < p->typed_count; k++)
        if (strcmp(p->typed[k].name, parameter->name) == 0)
            return clamp(parameter, p->typed[k].value);
    return parameter->initial;
}

/* `at_once`: what is set before anything sounds does not move there. */
static bool set(playing *p, const char *name, double value, bool at_once)
{
    const int number = sinter_player_parameter(p->player, name);
    if (number < 0 || !remember(p, name, value))
        return sn_cli_refuse("out of memory");
    const sinter_status status = is_event(p, name) ? sinter_player_event(p->player, number, value)
                                 : at_once         ? sinter_player_jump(p->player, number, value)
                                                   : sinter_player_set(p->player, number, value);
    return status == SINTER_OK || sn_cli_refuse("%s: %s", name, sinter_status_name(status));
}

static void print_number(double value)
{
    char text[SN_DECIMAL_ROOM];
    sn_decimal_write_f64(value, text);
    fputs(text, stdout);
}

static void print_parameter(const playing *p, const sinter_parameter_info *parameter)
{
    printf("%s = ", parameter->name);
    print_number(value_of(p, parameter));
    if (parameter->unit && *parameter->unit)
        printf(" %s", parameter->unit);
    if (isfinite(parameter->low) || isfinite(parameter->high)) {
        fputs(" (", stdout);
        print_number(parameter->low);
        fputs("..", stdout);
        print_number(parameter->high);
        putchar(')');
    }
    putchar('\n');
    fflush(stdout);
}

/* ---- the standard input ---- */

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = 0;
    return text;
}

static void assign(playing *p, const char *name, const char *text)
{
    double value;
    const sinter_parameter_info *parameter = find_parameter(p, name);
    if (!parameter) {
        refuse_name(p, name);
        return;
    }
    if (!sn_cli_read_number(text, strlen(text), SINTER_F64, &value) || isnan(value)) {
        sn_cli_note("%s takes a number, not `%s`", name, text);
        return;
    }
    if (value != clamp(parameter, value))
        sn_cli_note("note: %s is out of the range of %s and becomes its %s end", text, name, value < parameter->low ? "lower" : "upper");
    set(p, name, value, false);
}

static bool says(const char *word, const char *whole)
{
    return strcmp(word, whole) == 0 || (word[0] == whole[0] && !word[1]);
}

/* A parameter's name comes before the letters of the same name. */
static void obey(playing *p, char *line)
{
    char *equals = strchr(line, '=');
    if (equals)
        *equals = 0;
    char *word = trim(line);
    const sinter_parameter_info *parameter = find_parameter(p, word);
    if (equals)
        assign(p, word, trim(equals + 1));
    else if (parameter)
        print_parameter(p, parameter);
    else if (says(word, "quit"))
        p->quit = true;
    else if (says(word, "reset"))
        sn_live_reset(&p->stream);
    else if (*word)
        refuse_name(p, word);
}

static void end_line(playing *p)
{
    p->line[p->line_length] = 0;
    if (p->line_too_long)
        sn_cli_note("a line longer than %d characters is left out", LINE_MOST - 1);
    else
        obey(p, p->line);
    p->line_length = 0;
    p->line_too_long = false;
}

static void add_character(playing *p, char c)
{
    if (c == '\n')
        end_line(p);
    else if (p->line_length + 1 < LINE_MOST)
        p->line[p->line_length++] = c;
    else
        p->line_too_long = true;
}

static int count_lines(const char *text, ssize_t length)
{
    int count = 0;
    for (ssize_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

/* At a terminal, whoever ends the input ends the playing; a pipe may have said all it had to say. */
static void read_lines(playing *p)
{
    char piece[512];
    const ssize_t length = read(STDIN_FILENO, piece, sizeof piece);
    if (p->terminal)
        sn_status_typed(&p->status, count_lines(piece, length));
    if (count_lines(piece, length) > 0 || length <= 0)
        sn_status_hide(&p->status);
    for (ssize_t i = 0; i < length && !p->quit; i++)
        add_character(p, piece[i]);
    if (length > 0 || (length < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    p->listening = false;
    if (p->line_length > 0)
        end_line(p);
    p->quit = p->quit || p->terminal;
}

/* ---- edits ---- */

/* The parameters of what the player has accepted. */
static void describe(playing *p, program_text *text)
{
    preparation *was = &p->prepared;
    sinter_kernel *kernel;
    sinter_options options = sn_cli_options_of(p->a, text, true);
    options.engine = SINTER_ENGINE_INTERP;
    if (sinter_compile(was->context, text->text, text->length, &options, &kernel, NULL) != SINTER_OK)
        return; /* no memory: the old list stays */
    sinter_kernel_close(was->kernel);
    was->kernel = kernel;
    was->info = sinter_kernel_describe(kernel);
}

static void note_channels(const playing *p)
{
    const sinter_kernel_info *info = &p->prepared.info;
    if (info->output_count > p->outputs)
        sn_cli_note("note: the program has %u outputs now, of which %u are played; play it anew to hear all", info->output_count, p->outputs);
    if (info->input_count > p->inputs)
        sn_cli_note("note: the program has %u inputs now, of which %u are connected; play it anew for all", info->input_count, p->inputs);
}

/* Gives a text to the player and waits until it is compiled. */
static bool give(playing *p, program_text *text)
{
    static sinter_report report;
    uint64_t edit;
    sinter_status status = sinter_player_edit(p->player, text->text, text->length, text->name, &edit);
    report = (sinter_report){0};
    if (status == SINTER_OK)
        status = sinter_player_wait(p->player, edit, &report);
    if (status != SINTER_OK) {
        sn_cli_print_report(status, &report);
        return false;
    }
    p->edit = edit;
    describe(p, text);
    atomic_store(&p->stream.single, p->prepared.info.output_count == 1);
    return true;
}

static bool is_same(const program_text *a, const program_text *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* The file was saved: what was refused is told again only if it is another text. */
static void reload(playing *p)
{
    program_text text;
    sn_status_hide(&p->status);
    if (!sn_cli_load_program(p->a, &text))
        return;
    if (is_same(&text, &p->prepared.program)) {
        sn_cli_release_program(&text);
        return;
    }
    sn_cli_release_program(&p->prepared.program);
    p->prepared.program = text;
    if (give(p, &p->prepared.program)) {
        note_channels(p);
        return;
    }
    sn_cli_note("%s is refused; edit %llu plays on", p->prepared.program.name, (unsigned long long)p->edit);
    p->wrong = true;
}

/* Says of an edit that it plays as soon as it does. */
static void announce(playing *p)
{
    if (p->announced == p->edit)
        return;
    const sinter_player_view view = sinter_player_look(p->player, NULL);
    if (view.playing < p->edit)
        return;
    sn_status_hide(&p->status);
    sn_cli_note("%s: %sedit %llu plays (compiled in %.2f ms, %s)", p->prepared.program.name, p->wrong ? "right again; " : "",
                (unsigned long long)p->edit, 1e3 * view.compile_seconds, sinter_engine_name(view.engine));
    p->announced = p->edit;
    p->wrong = false;
}

/* At most once a second, however many there are. */
static void tell_faults(playing *p, double now)
{
    const sinter_player_view view = sinter_player_look(p->player, NULL);
    if (view.faults == p->faults || now - p->fault_told < 1)
        return;
    sn_status_hide(&p->status);
    sn_cli_note("%s was no finite number and was set back to 0 (%llu such state%s so far)", view.fault, (unsigned long long)view.faults,
                view.faults == 1 ? "" : "s");
    p->faults = view.faults;
    p->fault_told = now;
}

/* ---- the status line ---- */

enum { METER_CELLS = 8 };
#define METER_FLOOR (-48.0) /* dB: below it a meter is empty */

static size_t add_meter(char *text, size_t room, float peak)
{
    char bar[METER_CELLS + 1];
    const double level = 20 * log10((double)peak);
    const int filled = (int)ceil(METER_CELLS * (1 - level / METER_FLOOR));
    for (int i = 0; i < METER_CELLS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[METER_CELLS] = 0;
    const int length = level > -200 ? snprintf(text, room, "%s %6.1f dB%c ", bar, level, peak > 1 ? '!' : ' ')
                                    : snprintf(text, room, "%s   -inf dB  ", bar);
    return length < (int)room ? (size_t)length : room - 1;
}

static void show_status(playing *p)
{
    char text[512];
    const live_meters m = sn_live_look(&p->stream);
    const int minutes = (int)(m.seconds / 60);
    size_t length = (size_t)snprintf(text, sizeof text, "%d:%04.1f  ", minutes, floor(10 * (m.seconds - 60.0 * minutes)) / 10);
    for (uint32_t k = 0; k < p->outputs && k < LIVE_METERS; k++)
        length += add_meter(text + length, sizeof text - length, m.peaks[k]);
    snprintf(text + length, sizeof text - length, " load %.1f %%, worst %.0f %%  xruns %llu  edit %llu%s", 100 * m.load, 100 * m.worst,
             (unsigned long long)atomic_load(&p->device->xruns), (unsigned long long)p->edit, p->wrong ? ", the last one refused" : "");
    sn_status_show(&p->status, text);
}

/* ---- the loop ---- */

/* Whoever reads from a terminal in the background is stopped. */
static bool may_read(const playing *p)
{
    return p->listening && (!p->terminal || tcgetpgrp(STDIN_FILENO) == getpgrp());
}

static void wait_for_something(playing *p, int milliseconds)
{
    struct pollfd wanted[2] = {{.fd = may_read(p) ? STDIN_FILENO : -1, .events = POLLIN},
                               {.fd = p->watch.path ? p->watch.descriptor : -1, .events = POLLIN}};
    if (poll(wanted, 2, milliseconds) <= 0)
        return;
    if (wanted[0].revents)
        read_lines(p);
}

/* What was said before the first sample holds from it on. Not for ever: some can say more than anyone reads. */
static void read_what_is_there(playing *p)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (int i = 0; i < 1000 && may_read(p) && !p->quit && poll(&input, 1, 0) > 0; i++)
        read_lines(p);
}

static int run(playing *p, const volatile int *signal_number)
{
    while (!p->quit && !*signal_number && !sn_live_ended(&p->stream)) {
        wait_for_something(p, 20);
        const double now = sn_cli_now();
        if (p->watch.path && sn_watch_look(&p->watch))
            reload(p);
        announce(p);
        tell_faults(p, now);
        if (atomic_load(&p->device->lost)) {
            sn_status_hide(&p->status);
            return sn_cli_fail("%s has gone", p->device->name);
        }
        if (p->recorder && sn_recorder_failed(p->recorder)) {
            sn_status_hide(&p->status);
            return STATUS_BAD; /* it has said why */
        }
        if (now - p->shown >= 0.1) {
            p->shown = now;
            show_status(p);
        }
    }
    announce(p);
    sn_live_fade_out(&p->stream);
    sn_status_hide(&p->status);
    return STATUS_GOOD;
}

/* ---- opening ---- */

static bool prepare_program(playing *p, int *status)
{
    const arguments *a = p->a;
    *status = sn_cli_open_preparation(a, &p->prepared);
    if (*status == STATUS_GOOD && p->prepared.program.form == FORM_VM)
        *status = sn_cli_misuse(a->command, "a .vm file is a field; play takes patches");
    if (*status != STATUS_GOOD)
        return false;
    const sinter_options options = sn_cli_options_of(a, &p->prepared.program, true);
    *status = sn_cli_compile(a, &p->prepared, &options);
    if (*status == STATUS_GOOD)
        *status = sn_cli_refuse_images(a, &p->prepared);
    if (*status == STATUS_GOOD && p->prepared.info.output_count == 0)
        *status = sn_cli_fail("the patch has no output");
    return *status == STATUS_GOOD;
}

/* At least two channels: a patch of one output is heard on both sides, and an edit may bring it a second one. */
static bool open_device(playing *p)
{
    const arguments *a = p->a;
    char reason[400];
    p->inputs = p->prepared.info.input_count;
    p->outputs = p->prepared.info.output_count < 2 ? 2 : p->prepared.info.output_count;
    const sound_wish wish = {.client = a->jack_name, .pcm = a->pcm, .rate = a->rate > 0 ? a->rate : 48000, .block = (uint32_t)a->block,
                             .inputs = p->inputs, .outputs = p->outputs, .unpaced = a->unpaced};
    p->device = sn_sound_open_device(a->device, &wish, reason, sizeof reason);
    if (!p->device)
        return sn_cli_refuse("no sound device: %s; --device null plays without one, and render writes a file", reason);
    if (a->rate > 0 && p->device->rate != a->rate)
        sn_cli_note("note: %s runs at %g samples a second, not %g", p->device->name, p->device->rate, a->rate);
    if (p->device->heard < p->prepared.info.output_count)
        sn_cli_note("note: %s has %u channel%s, the patch %u outputs", p->device->name, p->device->heard, p->device->heard == 1 ? "" : "s",
                    p->prepared.info.output_count);
    if (p->device->captured < p->inputs)
        sn_cli_note("note: %s brings nothing to the patch's inputs, which are silent", p->device->name);
    return true;
}

static bool open_player(playing *p)
{
    const arguments *a = p->a;
    const sinter_player_options options = {.size = sizeof options, .rate = p->device->rate, .inputs = p->inputs, .outputs = p->outputs,
                                           .engine = a->engine, .grade = a->grade, .rewriting = a->rewriting};
    const sinter_status status = sinter_player_open(p->prepared.context, &options, &p->player);
    return status == SINTER_OK || sn_cli_refuse("%s", sinter_status_name(status));
}

static bool set_all(playing *p)
{
    for (int i = 0; i < p->a->set_count; i++) {
        const assignment *s = &p->a->sets[i];
        char name[LINE_MOST];
        double value = 0;
        snprintf(name, sizeof name, "%.*s", (int)s->name_length, s->name);
        sn_cli_read_number(s->text, strlen(s->text), SINTER_F64, &value);
        if (!set(p, name, value, true))
            return false;
    }
    return true;
}

static bool write_frames(void *context, const float *frames, size_t count)
{
    return sn_cli_write_samples(context, frames, count);
}

static bool open_recorder(playing *p)
{
    if (!p->a->output)
        return true;
    if (!sn_cli_open_samples(&p->output, p->a, p->kind, SINTER_F32, p->outputs, 0, p->device->rate))
        return false;
    p->recorder = sn_recorder_open(p->outputs, p->device->rate, write_frames, &p->output);
    return p->recorder || sn_cli_refuse("out of memory");
}

/* Memory that is swapped out is not there when sound needs it. Only where there is no limit: below one, locking what comes later would
 * let the allocations of the whole process fail. Pages count when they are used, not the addresses that are kept for code. */
static void lock_memory(void)
{
#ifdef MCL_ONFAULT
    struct rlimit limit;
    if (geteuid() == 0 || (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY))
        (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
#endif
}

static void introduce(const playing *p)
{
    const sinter_kernel_info *info = &p->prepared.info;
    sn_cli_note("%s on %s: %u output%s, %g samples a second, blocks of %u%s", p->prepared.program.name, p->device->name, info->output_count,
                info->output_count == 1 ? "" : "s", p->device->rate, p->device->block,
                p->status.wanted ? "; NAME=VALUE sets a parameter, reset and quit do that" : "");
}

static bool start(playing *p)
{
    char reason[200];
    const arguments *a = p->a;
    if (!open_device(p) || !open_player(p) || !open_recorder(p))
        return false;
    sn_live_open(&p->stream, p->player, p->recorder, p->outputs, p->device->rate, a->seconds, p->device->paced);
    if (!set_all(p) || !give(p, &p->prepared.program))
        return false;
    p->stream.spread = p->prepared.info.output_count == 1;
    p->announced = p->edit; /* of the first one the introduction speaks */
    p->terminal = isatty(STDIN_FILENO);
    p->listening = strcmp(a->program, "-") != 0;
    sn_status_open(&p->status);
    introduce(p);
    if (p->prepared.program.path)
        sn_watch_open(&p->watch, p->prepared.program.path);
    read_what_is_there(p);
    if (p->device->driver != &sn_null_driver)
        lock_memory();
    return sn_sound_start(p->device, sn_live_call, &p->stream, reason, sizeof reason) ||
           sn_cli_refuse("%s cannot start: %s", p->device->name, reason);
}

/* The sound first: what is used by its thread goes when that is over. */
static int finish(playing *p, int status)
{
    sn_sound_close_device(p->device);
    const uint64_t lost = sn_recorder_close(p->recorder);
    if (lost)
        sn_cli_note("note: %llu samples could not be recorded in time", (unsigned long long)lost);
    if (p->recorder && status == STATUS_GOOD && !sn_cli_close_samples(&p->output))
        status = STATUS_BAD;
    if (status != STATUS_GOOD)
        sn_cli_discard_samples(&p->output);
    if (p->watch.path)
        sn_watch_close(&p->watch);
    sinter_player_close(p->player);
    for (size_t k = 0; k < p->typed_count; k++)
        free(p->typed[k].name);
    free(p->typed);
    sn_cli_close_preparation(&p->prepared);
    return status;
}

int sn_cli_play(const arguments *a)
{
    static playing p;
    p = (playing){.a = a};
    int status = a->output ? sn_cli_choose_samples(a, &p.kind) : STATUS_GOOD;
    if (status == STATUS_GOOD && a->output && p.kind == SOUND_NONE)
        status = sn_cli_misuse(a->command, "-o takes a sound file: .wav, .flac, .ogg, .aiff or .au");
    if (status != STATUS_GOOD || !prepare_program(&p, &status))
        return finish(&p, status);
    const volatile int *signal_number = sn_cli_catch_signals();
    return finish(&p, start(&p) ? run(&p, signal_number) : STATUS_BAD);
}
