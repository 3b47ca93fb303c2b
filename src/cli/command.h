/* The command `sinter`: what a user at a shell needs around the library. This page is the room's table of
 * contents.
 *
 *   main.c             the process
 *   subcommands.c      what they are, and which one is meant
 *   arguments.c        the command line → struct arguments; every wrong use is found here, before any work
 *   help.c             what `sinter help` prints, from the same tables
 *   messages.c         errors, reports, did-you-mean, progress, JSON
 *   numerals.c         numbers on the command line, numbers to print
 *   program_text.c     which argument is a file, which an expression; reading it, whatever it is
 *   preparation.c      program text → kernel and instances, with the options that all subcommands share
 *   columns.c          streams and points from NPY files
 *   csv_reader.c       tables of numbers as text, a piece at a time
 *   data_rows.c        rows for a density, wherever they come from
 *   canvas.c, stroke_font.c, density_plot.c
 *                      lines, letters, and a density over its data's histogram
 *   receipt.c          --hash
 *   output_file.c      files that appear whole or not at all
 *   npy.c, png_reader.c, png_writer.c, exr_writer.c, sound_file.c
 *                      file formats
 *   sample_output.c    where rendered streams go
 *   automation.c       parameters over time, from a file
 *   sound_device.c, jack_device.c, alsa_device.c, null_device.c
 *                      where sound goes when it is heard
 *   live_stream.c, sound_recorder.c
 *                      what a sound device calls: a player, a fade, meters, a recording
 *   file_watch.c, status_line.c
 *                      whether a file was saved; a line at the foot of the terminal
 *   video_pipe.c       videos, through ffmpeg
 *   picture_sink.c     where pictures go
 *   scene_camera.c     what image --3d draws
 *   eval_command.c, image_command.c, render_command.c, play_command.c, density_command.c, dump_command.c, functions_command.c, doctor_command.c
 *                      the subcommands
 *   disassemble.c      machine code as text
 *
 * A function that may fail has printed why when it returns; what it returns is the exit status, or whether it
 * succeeded. */
#ifndef SN_CLI_COMMAND_H
#define SN_CLI_COMMAND_H

#include "cli/npy.h"
#include "cli/sound_device.h"
#include "cli/sound_file.h"

#include <sinter/sinter.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. */
enum {
    STATUS_GOOD = 0,
    STATUS_BAD = 1,  /* the user's program or data, or the system refused something */
    STATUS_USAGE = 2 /* the command line itself is wrong */
};

/* ---- subcommands.c ---- */

typedef enum command_number {
    COMMAND_EVAL,
    COMMAND_IMAGE,
    COMMAND_RENDER,
    COMMAND_PLAY,
    COMMAND_DENSITY,
    COMMAND_DUMP,
    COMMAND_FUNCTIONS,
    COMMAND_BENCH,
    COMMAND_DOCTOR,
    COMMAND_HELP,
    COMMAND_COUNT
} command_number;

typedef struct arguments arguments;

typedef struct command {
    const char *name;
    const char *operand; /* what help calls the argument that is no option; NULL: there is none */
    const char *summary; /* one line */
    const char *text;    /* the paragraphs of its help */
    int (*run)(const arguments *a); /* NULL: bench, which reads its own words and has its own help */
} command;

/* In the order of command_number. */
extern const command sn_cli_commands[COMMAND_COUNT];
/* NULL where there is none of that name. */
const command *sn_cli_find_command(const char *name);

/* The whole command; main does little else. words[0] is the program's name. */
int sn_cli_run(int count, char **words);

/* ---- arguments.c ---- */

typedef enum option_number {
    OPTION_DATA, OPTION_COLUMN, OPTION_NA, OPTION_SUM, OPTION_SUM_BY, OPTION_GRAD, OPTION_NATURAL, OPTION_DROP, OPTION_PRIOR, OPTION_PLOT, OPTION_AXIS, OPTION_LIST,
    OPTION_AT, OPTION_INPUT, OPTION_OUTPUT, OPTION_SIZE, OPTION_REGION, OPTION_TIME, OPTION_Z,
    OPTION_SUPERSAMPLE, OPTION_FILTER, OPTION_RANGE, OPTION_COLORMAP, OPTION_DEPTH, OPTION_LEVEL, OPTION_FPS,
    OPTION_3D, OPTION_EYE, OPTION_TARGET, OPTION_FOV, OPTION_STEP, OPTION_BACKGROUND,
    OPTION_THREADS, OPTION_RAW, OPTION_BLOCK, OPTION_RATE, OPTION_FRAMES, OPTION_SECONDS, OPTION_TAIL, OPTION_IN_PLACE,
    OPTION_BITS, OPTION_FORMAT, OPTION_AUTOMATE, OPTION_IMPULSE, OPTION_NOISE,
    OPTION_DEVICE, OPTION_JACK_NAME, OPTION_UNPACED,
    OPTION_EXPLAIN, OPTION_IR, OPTION_PLAN, OPTION_ASM, OPTION_C, OPTION_DOT, OPTION_PASSES,
    OPTION_FUNCTION, OPTION_PATCH, OPTION_FIELD, OPTION_DENSITY, OPTION_GRID, OPTION_IR_TEXT, OPTION_VM, OPTION_TYPE,
    OPTION_ENGINE, OPTION_LANES, OPTION_SET, OPTION_GRADIENT, OPTION_RELAXED, OPTION_STRICT, OPTION_FAST, OPTION_HASH,
    OPTION_MARKDOWN, OPTION_JSON, OPTION_HELP
} option_number;

typedef struct option {
    option_number number;
    char letter;         /* 0: none */
    const char *name;    /* without its dashes */
    const char *value;   /* what help calls it; NULL: a switch */
    unsigned commands;   /* bits 1 << command_number */
    const char *summary; /* one line */
} option;

/* All options of all subcommands; the last one has no name. */
extern const option sn_cli_options[];

typedef struct assignment {
    const char *name; /* name_length characters; 0: no name was given */
    size_t name_length;
    const char *text; /* behind the equals sign, to the end of the word */
} assignment;

typedef enum dump_part { DUMP_EXPLAIN, DUMP_IR, DUMP_PLAN, DUMP_ASM, DUMP_C, DUMP_DOT } dump_part;

struct arguments {
    const command *command;
    const char *program; /* the operand, a program or a name; never NULL for eval, image, render, play and dump */
    sinter_engine engine;
    int32_t lanes; /* of a vector at most; 0: as many as there is room for */
    sinter_type type;
    sinter_grade grade;
    sinter_rewriting rewriting;
    bool hash, json, markdown, help;

    const char *data, *plot, *axis; /* of density: files' names, a column's; NULL: none */
    const char *sum_by; /* a column of the file's; NULL: none */
    const char *prior; /* the text of a distribution; NULL: none */
    assignment *columns; /* --column: text is what the file calls it */
    int column_count;
    bool sum, grad, natural, list, skip_missing;
    sinter_drop drop;

    assignment *sets; /* --set */
    const char **points; /* --at, as written */
    assignment *inputs; /* --input: text is a file's name */
    const char **gradient; /* --gradient: names, copied */
    int set_count, point_count, input_count;
    uint32_t gradient_count;
    const char *output; /* NULL: none */

    int32_t width, height;
    bool size_given, region_given;
    double x0, y0, x1, y1, z, time, time_end, range_low, range_high, fps;
    double eye[3], target[3], fov, step, background[3]; /* of --3d */
    const char *range;     /* as written; NULL: none */
    const char *colormap;  /* NULL: none */
    int32_t supersample;
    sinter_filter filter;
    int depth;             /* 0: not said */
    int level;
    int threads;           /* 0: as many as there are processors */
    bool time_range, raw;  /* --time has two numbers */
    bool three_d, eye_given, background_given;

    int64_t frames; /* -1: not said */
    double seconds; /* -1: not said */
    double tail;    /* seconds; -1: not said */
    double rate;    /* -1: not said */
    int64_t noise_seed;
    const char *automation; /* a file's name; NULL: none */
    int32_t block;
    int32_t bits;       /* of samples in sound files; 0: not said */
    char format[8];     /* as the end of a name, "-.wav"; "": not said */
    bool in_place, impulse, noise; /* the last two: what goes into inputs without a stream */

    sound_choice device;
    const char *pcm;       /* of ALSA, behind its name; NULL: its default */
    const char *jack_name; /* what JACK calls us */
    bool unpaced;

    dump_part part;
    bool part_given, type_given, patch, field, density, grid, ir_text, vm;
    const char *passes, *function_name;
};

/* Reads `words`, which follow the subcommand's name. On success *a must be released; else the answer is
 * STATUS_USAGE. */
int sn_cli_read_arguments(const command *c, int count, char **words, arguments *a);
void sn_cli_release_arguments(arguments *a);

/* ---- help.c ---- */

void sn_cli_print_overview(FILE *out);
void sn_cli_print_help(FILE *out, const command *c);

/* ---- messages.c ---- */

/* "sinter: …" on the standard error stream, control characters made harmless. Answers STATUS_BAD. */
int sn_cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, for functions that say whether they succeeded. Answers false. */
bool sn_cli_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for wrong use, and where to read more; c may be NULL. Answers STATUS_USAGE. */
int sn_cli_misuse(const command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A remark that changes no exit status. */
void sn_cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A report without errors, of a file, the end of whose name it keeps. */
void sn_cli_name_report(sinter_report *report, const char *name);
/* Every error of a report; a status without any is told in words. Answers STATUS_BAD. */
int sn_cli_print_report(sinter_status status, const sinter_report *report);

/* Of the candidates, called one after the other until NULL comes, the one that a user may have meant; NULL:
 * none is near. */
typedef const char *(*name_source)(const void *context, int i);
const char *sn_cli_nearest(const char *name, name_source names, const void *context);

/* `text` between quotes, as JSON has it; bytes that are no UTF-8 become question marks. */
void sn_cli_print_json_text(FILE *out, const char *text, size_t length);

/* A line that shows how far long work has come, if the standard error stream is a terminal, after three
 * quarters of a second. */
typedef struct progress {
    const char *what;
    int64_t total;
    double began, shown; /* seconds; shown is 0 until the line stands there */
    bool wanted;
} progress;
void sn_cli_open_progress(progress *p, const char *what, int64_t total);
void sn_cli_show_progress(progress *p, int64_t done);
void sn_cli_close_progress(progress *p); /* takes the line away */
double sn_cli_now(void);                 /* seconds of a clock that never goes back */

/* ---- numerals.c ---- */

/* The whole of text[0 .. length): a sign perhaps, then a number, inf or nan; rounded once, to `type` (the
 * value of an f32 is exact in the double). */
bool sn_cli_read_number(const char *text, size_t length, sinter_type type, double *value);
/* The whole text: decimal digits, low to high. */
bool sn_cli_read_whole(const char *text, int64_t low, int64_t high, int64_t *value);
/* Element i of an array of `type` in the shortest form that reads back; in JSON, what is no number is a
 * string. */
void sn_cli_print_element(FILE *out, sinter_type type, const void *array, size_t i, bool json);
size_t sn_cli_type_size(sinter_type type);

/* ---- program_text.c ---- */

typedef enum text_form { FORM_LANGUAGE, FORM_VM, FORM_IR } text_form;

typedef struct program_text {
    char *text; /* malloc'ed */
    size_t length;
    text_form form;
    char name[64]; /* for messages */
    const char *path; /* of the file that it came from, as given; NULL: it came from none */
} program_text;

/* The program that the operand names or is. */
bool sn_cli_load_program(const arguments *a, program_text *p);
void sn_cli_release_program(program_text *p);

/* ---- preparation.c ---- */

typedef struct preparation {
    program_text program;
    sinter_context *context;
    sinter_kernel *kernel;
    sinter_kernel_info info;
    double compile_seconds;
} preparation;

/* What the arguments say of sinter_options; the source is the form's, `patch` settles language texts. */
sinter_options sn_cli_options_of(const arguments *a, const program_text *p, bool patch);
/* Loads the program and opens a context. */
int sn_cli_open_preparation(const arguments *a, preparation *p);
/* Then compiles it, and looks whether all --set fit. */
int sn_cli_compile(const arguments *a, preparation *p, const sinter_options *options);
/* Refuses a program that samples images, which image alone has. */
int sn_cli_refuse_images(const arguments *a, const preparation *p);
/* An instance with all --set done. */
int sn_cli_open_instance(const arguments *a, const preparation *p, sinter_instance **instance);
/* Does all --set for every thread of a renderer of the kernel. */
void sn_cli_set_renderer(const arguments *a, const preparation *p, sinter_renderer *renderer);
void sn_cli_close_preparation(preparation *p); /* all zeros are allowed */

/* ---- columns.c ---- */

/* Named sequences of numbers, all equally long: the columns of NPY files, or points of the command line. */
typedef struct column {
    char name[64];          /* empty: the file was given without one */
    const npy_array *array; /* element (row, place) of one or two axes */
    size_t place;
} column;

typedef struct columns {
    npy_array *arrays;
    int array_count;
    column *list;
    size_t count;
    size_t length; /* of each */
    double rate;   /* of the first sound file; 0: there is none */
} columns;

/* Reads the files of all --input. */
bool sn_cli_read_columns(const arguments *a, columns *c);
/* Room for `count` columns of `length` numbers, all 0, each with a name to be filled in. */
bool sn_cli_make_columns(columns *c, size_t count, size_t length);
void sn_cli_release_columns(columns *c);
/* Writes rows [first, first + count) of a column as `type`; rows past its end are 0. */
void sn_cli_copy_column(const columns *c, size_t which, size_t first, size_t count, sinter_type type,
                        void *to);

/* One row after the other of several arrays side by side. */
void sn_cli_interleave(sinter_type type, const void *const *arrays, size_t array_count, size_t first,
                       size_t count, void *to);

/* ---- receipt.c ---- */

/* FNV-1a, 64 bits, over the bytes of all outputs, little-endian, element by element, the outputs of one
 * element side by side; every NaN counts as 0x7FC00000 or 0x7FF8000000000000. */
typedef struct receipt {
    uint64_t state;
} receipt;

receipt sn_cli_open_receipt(void);
/* `values`: count numbers of one type in the order of the bytes. */
void sn_cli_add_to_receipt(receipt *r, sinter_type type, const void *values, size_t count);

/* ---- output_file.c ---- */

typedef struct output_file {
    FILE *stream;
    const char *path; /* as the user wrote it */
    char *target;     /* links followed */
    char *temporary;  /* NULL: what is written goes straight to the stream (devices, pipes, `-`) */
} output_file;

/* `-` is the standard output. */
bool sn_cli_open_output(output_file *f, const char *path);
/* Makes what was written the file. */
bool sn_cli_commit_output(output_file *f);
/* Takes back what was written; harmless behind a commit. */
void sn_cli_discard_output(output_file *f);
/* From now on the first of the signals that end a program (interrupt, hang-up, termination) does not end it but
 * raises the flag to its number; the second one ends it at once, unfinished files taken away all the same. */
const volatile int *sn_cli_catch_signals(void);
/* If a signal came: ends the process as it would have done. */
void sn_cli_obey_signal(void);

/* ---- sample_output.c ---- */

typedef struct sample_output {
    output_file file;    /* no stream: nothing is written */
    sound_writer *sound; /* NULL: NPY */
    sinter_type type;
    size_t channels;
} sample_output;

/* What the arguments ask for; STATUS_USAGE where they contradict themselves. */
int sn_cli_choose_samples(const arguments *a, sound_kind *kind);
/* Without -o nothing is written, and all of these succeed. Each tells why it does not. */
bool sn_cli_open_samples(sample_output *o, const arguments *a, sound_kind kind, sinter_type type, size_t channels,
                         int64_t frames, double rate);
/* `rows`: frames of the type, channels side by side. */
bool sn_cli_write_samples(sample_output *o, const void *rows, size_t frames);
bool sn_cli_close_samples(sample_output *o);   /* makes what was written the file */
void sn_cli_discard_samples(sample_output *o); /* takes it back */

/* ---- automation.c ---- */

typedef struct automation_change {
    int64_t frame;
    int parameter, onset; /* `onset`: an event's second parameter; −1: it is none */
    double value;
    size_t order; /* of its line */
} automation_change;

typedef struct automation {
    automation_change *changes; /* in the order they happen */
    size_t count, room, next;
} automation;

bool sn_cli_read_automation(automation *a, const char *path, const preparation *p, double rate);
/* Does what is due at the frame; the frame of the next change, INT64_MAX if there is none. */
int64_t sn_cli_automate(automation *a, sinter_instance *instance, int64_t frame);
void sn_cli_release_automation(automation *a);
/* ---- disassemble.c ---- */

void sn_cli_disassemble(FILE *out, const sinter_code_part *part);
const char *sn_cli_disassembler(void); /* "Zydis 4.0.0", or why there is none */

/* ---- the subcommands ---- */

int sn_cli_eval(const arguments *a);
int sn_cli_image(const arguments *a);
int sn_cli_render(const arguments *a);
int sn_cli_play(const arguments *a);
int sn_cli_density(const arguments *a);
int sn_cli_dump(const arguments *a);
int sn_cli_functions(const arguments *a);
int sn_cli_doctor(const arguments *a);

#endif
