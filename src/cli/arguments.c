/* The command line, read once and whole.
 *
 * One table holds every option of every subcommand; help.c prints from it what this file obeys. Words become
 * values here, ranges included, so that the subcommands find a struct of things that make sense, and no
 * picture is half drawn when a number turns out to be none.
 *
 * An option's value follows it as the next word or behind an equals sign; a letter's also directly. Behind
 * `--` nothing is an option. A word such as -1 or -sin(x) is an expression, as no option looks like that. */
#include "cli/command.h"

#include "cli/png_writer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EVAL (1U << COMMAND_EVAL)
#define IMAGE (1U << COMMAND_IMAGE)
#define RENDER (1U << COMMAND_RENDER)
#define PLAY (1U << COMMAND_PLAY)
#define DUMP (1U << COMMAND_DUMP)
#define DENSITY (1U << COMMAND_DENSITY)
#define FUNCTIONS (1U << COMMAND_FUNCTIONS)
#define DOCTOR (1U << COMMAND_DOCTOR)
#define HELP (1U << COMMAND_HELP)
#define RUNNING (EVAL | IMAGE | RENDER)
#define COMPILING (RUNNING | DUMP)
#define TAKING_PROGRAMS (COMPILING | PLAY | DENSITY)

const option sn_cli_options[] = {
    {OPTION_AT, 0, "at", "NAME=VALUE,...", EVAL, "a point to evaluate at; may be given many times"},
    {OPTION_AT, 0, "at", "VALUES", DENSITY, "rows to evaluate at: x=0.5,y=2, or 1,2,3 of a single column; may be given many times"},
    {OPTION_DATA, 0, "data", "FILE", DENSITY, "a table to read rows from: CSV, plain numbers or NPY; - is the standard input"},
    {OPTION_COLUMN, 0, "column", "[NAME=]COLUMN", DENSITY,
     "which column of the table the density reads (as NAME): its name, or its number from 1 on; may be given many times"},
    {OPTION_NA, 0, "na", "error|skip", DENSITY, "rows with a missing value: an error (default), or left out"},
    {OPTION_SUM, 0, "sum", NULL, DENSITY, "print the sum over all rows, rounded once"},
    {OPTION_SUM_BY, 0, "sum-by", "COLUMN", DENSITY, "print a sum for each group that a column of the table says: labels, or whole numbers from 0 on"},
    {OPTION_GRAD, 0, "grad", NULL, DENSITY, "add the derivatives by all columns and parameters (of the sum: by all parameters)"},
    {OPTION_NATURAL, 0, "natural", NULL, DENSITY,
     "print natural parameters, log-partition and moments of an exponential family, and the data's sufficient statistics"},
    {OPTION_DROP, 0, "drop", "x|theta", DENSITY | DUMP, "leave out terms that are constant in x, or in the parameters"},
    {OPTION_PRIOR, 0, "prior", "DENSITY", DENSITY, "print the posterior that the data make of this conjugate prior: --prior 'gamma(2, 0.5)'"},
    {OPTION_PLOT, 0, "plot", "FILE", DENSITY, "draw the density over the data's histogram: a PNG file"},
    {OPTION_AXIS, 0, "axis", "NAME", DENSITY, "the column that --plot draws (default: the only one, or y)"},
    {OPTION_LIST, 0, "list", NULL, DENSITY, "print the families that a density can name"},
    {OPTION_INPUT, 0, "input", "[NAME=]FILE", EVAL | RENDER,
     "NPY or sound files of points or streams: one, or one in each column or channel; may be given many times"},
    {OPTION_INPUT, 0, "input", "NAME=FILE", IMAGE,
     "what the program samples as the image NAME: PNG, PFM or NPY; may be given many times"},
    {OPTION_OUTPUT, 'o', "output", "FILE", IMAGE | RENDER, "where the result goes; - is the standard output"},
    {OPTION_OUTPUT, 'o', "output", "FILE", PLAY, "record what is played: .wav, .flac, .ogg, .aiff or .au"},
    {OPTION_DEVICE, 0, "device", "NAME", PLAY,
     "auto, jack, alsa, alsa:PCM or null (default auto: JACK if a server runs, else ALSA)"},
    {OPTION_JACK_NAME, 0, "jack-name", "NAME", PLAY, "what JACK calls this client (default sinter)"},
    {OPTION_UNPACED, 0, "unpaced", NULL, PLAY, "the null device does not wait for the clock"},
    {OPTION_SIZE, 0, "size", "WxH", DENSITY, "pixels of the plot (default 1200x800)"},
    {OPTION_SIZE, 0, "size", "WxH", IMAGE, "pixels (default: those of the first --input, else 512x512)"},
    {OPTION_REGION, 0, "region", "X0,Y0,X1,Y1", IMAGE, "the part of the plane, y up (default -1,-1,1,1; with --input 0,0,1,1)"},
    {OPTION_SUPERSAMPLE, 's', "supersample", "N", IMAGE, "N x N samples a pixel, 1 to 64 (default 1)"},
    {OPTION_FILTER, 0, "filter", "NAME", IMAGE,
     "what samples are weighted by: box, tent, gaussian or mitchell (default box)"},
    {OPTION_RANGE, 0, "range", "LOW,HIGH", IMAGE, "values from LOW to HIGH become 0 to 1 (alpha stays)"},
    {OPTION_COLORMAP, 0, "colormap", "NAME|EXPR", IMAGE,
     "colour the single value: a function of one number, or an expression of x"},
    {OPTION_DEPTH, 0, "depth", "BITS", IMAGE, "bits a channel: PNG 8 or 16 (default 8), EXR 16 or 32 (default 32)"},
    {OPTION_LEVEL, 0, "level", "N", IMAGE, "how hard PNG and EXR are compressed, 0 to 9 (default 4)"},
    {OPTION_TIME, 0, "time", "T0[,T1]", IMAGE,
     "the value of t (default 0); of several pictures the first one, or from T0 on, T1 left out"},
    {OPTION_Z, 0, "z", "Z", IMAGE, "the value of z (default 0)"},
    {OPTION_3D, 0, "3d", NULL, IMAGE,
     "a field of x, y, z whose surface is where it is 0, negative inside; or that and a colour"},
    {OPTION_EYE, 0, "eye", "X,Y,Z", IMAGE, "where the camera stands (default: 1.9,1.7,4.3 from the target)"},
    {OPTION_TARGET, 0, "target", "X,Y,Z", IMAGE, "what it looks at (default 0,0,0)"},
    {OPTION_FOV, 0, "fov", "DEGREES", IMAGE, "its angle of view along the shorter side (default 40)"},
    {OPTION_STEP, 0, "step", "F", IMAGE,
     "how much of the field's value a ray's step is, up to 1 (default 1): less where it exceeds the distance"},
    {OPTION_BACKGROUND, 0, "background", "R,G,B", IMAGE, "one colour, each part from 0 to 1 (default: a sky)"},
    {OPTION_FPS, 0, "fps", "F", IMAGE, "pictures a second (default 30): t advances by 1/F, unless --time says T1"},
    {OPTION_THREADS, 0, "threads", "N", IMAGE,
     "threads (default: one a processor); the bits do not depend on it"},
    {OPTION_RAW, 0, "raw", NULL, IMAGE, "write plain values as NPY, also to -"},
    {OPTION_BLOCK, 0, "block", "B", RENDER, "elements a call (default 512); the bits do not depend on it"},
    {OPTION_BLOCK, 0, "block", "B", PLAY, "samples a block (default 256); JACK's is its server's"},
    {OPTION_RATE, 0, "rate", "R", PLAY, "samples a second (default 48000); JACK's is its server's"},
    {OPTION_RATE, 0, "rate", "R", RENDER, "elements a second (default: that of the inputs, or 48000)"},
    {OPTION_FRAMES, 0, "frames", "N", IMAGE, "an animation of N pictures"},
    {OPTION_FRAMES, 0, "frames", "N", RENDER, "how many elements (default: as many as the inputs have)"},
    {OPTION_SECONDS, 0, "seconds", "S", IMAGE | RENDER, "the same in seconds"},
    {OPTION_SECONDS, 0, "seconds", "S", PLAY, "end after so long (default: on and on)"},
    {OPTION_TAIL, 0, "tail", "S", RENDER, "go on behind the inputs' end as long as the patch needs, at most S seconds"},
    {OPTION_IN_PLACE, 0, "in-place", NULL, RENDER,
     "let outputs overwrite inputs; the bits do not depend on it"},
    {OPTION_BITS, 0, "bits", "16|24|32", RENDER | PLAY,
     "of sound files: 32 is floating point (default: 32; 24 for FLAC)"},
    {OPTION_FORMAT, 0, "format", "NAME", RENDER, "of -o -: npy, wav, aiff, au, flac or ogg (default npy)"},
    {OPTION_AUTOMATE, 0, "automate", "FILE", RENDER, "parameters over time: lines of seconds, name, value"},
    {OPTION_IMPULSE, 0, "impulse", NULL, RENDER, "inputs without a file get a single 1, then 0"},
    {OPTION_NOISE, 0, "noise", "SEED", RENDER, "inputs without a file get white noise from -1 to 1"},
    {OPTION_EXPLAIN, 0, "explain", NULL, DUMP, "what was chosen and why, what it will cost (default)"},
    {OPTION_IR, 0, "ir", NULL, DUMP, "the operations, and what each pass removed"},
    {OPTION_PLAN, 0, "plan", NULL, DUMP, "the loops and their bodies"},
    {OPTION_ASM, 0, "asm", NULL, DUMP, "the machine code, each instruction under its operation"},
    {OPTION_C, 0, "c", NULL, DUMP, "the plan as a C file"},
    {OPTION_DOT, 0, "dot", NULL, DUMP, "the operations as a graph for Graphviz"},
    {OPTION_PASSES, 0, "passes", "NAMES", DUMP,
     "only these, separated by commas: identity fold affine expand hoist dce"},
    {OPTION_FUNCTION, 0, "function", "NAME", DUMP, "what --c calls the function (default kernel)"},
    {OPTION_PATCH, 0, "patch", NULL, DUMP, "take the text for a patch"},
    {OPTION_FIELD, 0, "field", NULL, DUMP, "take it for a field (default: what it looks like)"},
    {OPTION_DENSITY, 0, "density", NULL, DUMP, "take it for a density"},
    {OPTION_GRID, 0, "grid", NULL, DUMP, "compile for the pixels of a grid, as image does"},
    {OPTION_IR_TEXT, 0, "ir-text", NULL, DUMP,
     "the text is operations, as --ir prints them (so are .ir files)"},
    {OPTION_VM, 0, "vm", NULL, COMPILING & ~RENDER, "the text is of the .vm form, whatever its name"},
    {OPTION_TYPE, 0, "type", "f32|f64", COMPILING & ~DUMP, "what is computed in (default f32)"},
    {OPTION_TYPE, 0, "type", "f32|f64", DUMP, "what is computed in (default f32, of densities f64)"},
    {OPTION_TYPE, 0, "type", "f32|f64", DENSITY, "what is computed in (default f64)"},
    {OPTION_ENGINE, 0, "engine", "NAME", TAKING_PROGRAMS,
     "auto, interp, scalar, avx2, avx512 or neon (default auto)"},
    {OPTION_LANES, 0, "lanes", "1|4|8|16", COMPILING, "the most elements of a vector (default: as many as it has room for)"},
    {OPTION_SET, 0, "set", "NAME=VALUE", RUNNING | PLAY | DENSITY, "a parameter's value; may be given many times"},
    {OPTION_GRADIENT, 0, "gradient", "NAMES", EVAL | DUMP | DENSITY,
     "add the derivatives by these inputs and parameters, separated by commas"},
    {OPTION_RELAXED, 0, "relaxed", NULL, COMPILING | PLAY, "rewritings may change rounding (default for patches)"},
    {OPTION_STRICT, 0, "strict", NULL, COMPILING | PLAY, "no rewriting changes a bit (default for fields)"},
    {OPTION_FAST, 0, "fast", NULL, TAKING_PROGRAMS,
     "mathematical functions to 4 ULP instead of 1, as if all were called fast.NAME"},
    {OPTION_HASH, 0, "hash", NULL, RUNNING | DENSITY, "print a 64-bit hash of all values; the same on every engine"},
    {OPTION_MARKDOWN, 0, "markdown", NULL, FUNCTIONS, "print the page docs/functions.md"},
    {OPTION_JSON, 0, "json", NULL, COMPILING | DENSITY | FUNCTIONS | DOCTOR, "print JSON"},
    {OPTION_HELP, 'h', "help", NULL, TAKING_PROGRAMS | FUNCTIONS | DOCTOR | HELP, "print this"},
    {OPTION_HELP, 0, NULL, NULL, 0, NULL},
};

typedef struct reader {
    const command *command;
    unsigned bit;
    arguments *a;
    const option *option; /* whose value is read */
    bool rewriting_given, size_in_frames, fps_given, plane_given, camera_given;
} reader;

static bool refuse(const reader *r, const char *value, const char *wanted)
{
    sn_cli_misuse(r->command, "--%s takes %s, not `%s`", r->option->name, wanted, value);
    return false;
}

/* ---- values ---- */

static bool read_finite(const reader *r, const char *text, double *value)
{
    double number;
    if (!sn_cli_read_number(text, strlen(text), SINTER_F64, &number) || !isfinite(number))
        return refuse(r, text, "a number");
    *value = number;
    return true;
}

static bool read_positive(const reader *r, const char *text, bool zero, double *value)
{
    double number;
    if (!sn_cli_read_number(text, strlen(text), SINTER_F64, &number) || !isfinite(number) || number < 0 ||
        (number == 0 && !zero))
        return refuse(r, text, zero ? "a number from 0 on" : "a number above 0");
    *value = number;
    return true;
}

static bool read_count(const reader *r, const char *text, int64_t most, int32_t *value)
{
    int64_t number;
    char wanted[64];
    if (!sn_cli_read_whole(text, 1, most, &number)) {
        snprintf(wanted, sizeof wanted, "a whole number from 1 to %lld", (long long)most);
        return refuse(r, text, wanted);
    }
    *value = (int32_t)number;
    return true;
}

/* A plot is drawn whole in memory, and has room for its words. */
static bool check_plot_size(const reader *r, const char *text, int64_t width, int64_t height)
{
    if (r->bit != DENSITY || (width >= 200 && height >= 150 && width <= 8192 && height <= 8192))
        return true;
    return refuse(r, text, "from 200x150 to 8192x8192");
}

static bool read_size(const reader *r, const char *text)
{
    enum { MOST = 1 << 24 };
    char word[32];
    int64_t width, height;
    snprintf(word, sizeof word, "%s", text);
    char *cross = strchr(word, 'x');
    if (cross)
        *cross = 0;
    if (strlen(text) >= sizeof word || !sn_cli_read_whole(word, 1, MOST, &width) ||
        !sn_cli_read_whole(cross ? cross + 1 : word, 1, MOST, &height))
        return refuse(r, text, "two whole numbers from 1 to 16777216, as in 640x480");
    if (!check_plot_size(r, text, width, height))
        return false;
    r->a->width = (int32_t)width;
    r->a->height = (int32_t)height;
    return r->a->size_given = true;
}

/* `count` finite numbers with commas between them. */
static bool read_list(const char *text, int count, double *const *values)
{
    for (int i = 0; i < count; i++) {
        const size_t length = strcspn(text, ",");
        if (!sn_cli_read_number(text, length, SINTER_F64, values[i]) || !isfinite(*values[i]) ||
            (i < count - 1) != (text[length] == ','))
            return false;
        text += length + 1;
    }
    return true;
}

static bool read_region(const reader *r, const char *text)
{
    double *const bounds[4] = {&r->a->x0, &r->a->y0, &r->a->x1, &r->a->y1};
    if (!read_list(text, 4, bounds))
        return refuse(r, text, "four numbers, as in -1,-1,1,1");
    if (!(r->a->x0 < r->a->x1 && r->a->y0 < r->a->y1) || !isfinite(r->a->x1 - r->a->x0) ||
        !isfinite(r->a->y1 - r->a->y0))
        return refuse(r, text, "X0,Y0,X1,Y1 with X0 < X1 and Y0 < Y1");
    return r->a->region_given = true;
}

static bool read_triple(reader *r, const char *text, double *values)
{
    r->camera_given = true;
    return read_list(text, 3, (double *const[]){&values[0], &values[1], &values[2]}) ||
           refuse(r, text, "three numbers, as in 0,1,4");
}

static bool read_background(reader *r, const char *text)
{
    double *const b = r->a->background;
    r->camera_given = r->a->background_given = true;
    if (read_list(text, 3, (double *const[]){&b[0], &b[1], &b[2]}) && b[0] >= 0 && b[0] <= 1 && b[1] >= 0 && b[1] <= 1 &&
        b[2] >= 0 && b[2] <= 1)
        return true;
    return refuse(r, text, "three numbers from 0 to 1, as in 1,1,1");
}

/* A number above 0 and up to `most`, or below it. */
static bool read_part(const reader *r, const char *text, double most, bool included, const char *wanted, double *value)
{
    double number;
    if (!sn_cli_read_number(text, strlen(text), SINTER_F64, &number) || !(number > 0) || number > most ||
        (number == most && !included))
        return refuse(r, text, wanted);
    *value = number;
    return true;
}

static bool read_times(const reader *r, const char *text)
{
    r->a->time_range = strchr(text, ',') != NULL;
    if (read_list(text, r->a->time_range ? 2 : 1, (double *const[]){&r->a->time, &r->a->time_end}))
        return true;
    return refuse(r, text, "a number, or two, as in 0,1");
}

static bool read_range(const reader *r, const char *text)
{
    if (!read_list(text, 2, (double *const[]){&r->a->range_low, &r->a->range_high}) || r->a->range_low == r->a->range_high)
        return refuse(r, text, "two numbers that differ, as in -1,1");
    r->a->range = text;
    return true;
}

static bool read_filter(const reader *r, const char *text)
{
    static const char *const names[] = {"box", "tent", "gaussian", "mitchell"};
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], text) == 0) {
            r->a->filter = (sinter_filter)i;
            return true;
        }
    return refuse(r, text, "box, tent, gaussian or mitchell");
}

static bool read_depth(const reader *r, const char *text)
{
    int64_t bits;
    if (!sn_cli_read_whole(text, 8, 32, &bits) || (bits != 8 && bits != 16 && bits != 32))
        return refuse(r, text, "8, 16 or 32");
    r->a->depth = (int)bits;
    return true;
}

static bool read_level(const reader *r, const char *text)
{
    int64_t level;
    if (!sn_cli_read_whole(text, 0, 9, &level))
        return refuse(r, text, "a whole number from 0 to 9");
    r->a->level = (int)level;
    return true;
}

static const char *engine_at(const void *context, int i)
{
    (void)context;
    return sinter_engine_name((sinter_engine)i);
}

static bool read_engine(const reader *r, const char *text)
{
    const char *name;
    for (int i = 0; (name = engine_at(NULL, i)) != NULL; i++) {
        if (strcmp(name, text) == 0) {
            r->a->engine = (sinter_engine)i;
            return true;
        }
    }
    return refuse(r, text, "auto, interp, scalar, avx2, avx512 or neon");
}

static bool read_lanes(const reader *r, const char *text)
{
    int64_t lanes;
    if (!sn_cli_read_whole(text, 1, 16, &lanes) || (lanes != 1 && lanes != 4 && lanes != 8 && lanes != 16))
        return refuse(r, text, "1, 4, 8 or 16");
    r->a->lanes = (int32_t)lanes;
    return true;
}

static bool read_type(const reader *r, const char *text)
{
    if (strcmp(text, "f32") != 0 && strcmp(text, "f64") != 0)
        return refuse(r, text, "f32 or f64");
    r->a->type = text[1] == '3' ? SINTER_F32 : SINTER_F64;
    r->a->type_given = true;
    return true;
}

static bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* `[12]`; 0: something else. */
static size_t length_of_index(const char *text)
{
    const size_t digits = *text == '[' ? strspn(text + 1, "0123456789") : 0;
    return digits && text[1 + digits] == ']' ? digits + 2 : 0;
}

/* The name before an equals sign, `a` or one of several numbers, `a[2]`; nothing where there is none. */
static assignment split(const char *text)
{
    size_t length = 0;
    while (begins_name(text[length]) || (length > 0 && text[length] >= '0' && text[length] <= '9'))
        length++;
    length += length > 0 ? length_of_index(text + length) : 0;
    return length > 0 && text[length] == '=' ? (assignment){text, length, text + length + 1}
                                             : (assignment){text, 0, text};
}

static bool read_set(const reader *r, const char *text)
{
    const assignment set = split(text);
    double value;
    if (!set.name_length || !sn_cli_read_number(set.text, strlen(set.text), SINTER_F64, &value) ||
        isnan(value))
        return refuse(r, text, "NAME=VALUE, VALUE a number");
    r->a->sets[r->a->set_count++] = set;
    return true;
}

/* Of a density: numbers alone, for the columns in their order. */
static bool read_bare_point(const reader *r, const char *text)
{
    for (const char *p = text;; p++) {
        const size_t length = strcspn(p, ",");
        double number;
        if (!sn_cli_read_number(p, length, SINTER_F64, &number))
            return refuse(r, text, "numbers, or NAME=VALUE,..., as in 0.5,1 or x=0.5,y=-1");
        p += length;
        if (!*p)
            break;
    }
    r->a->points[r->a->point_count++] = text;
    return true;
}

static bool read_point(const reader *r, const char *text)
{
    if (r->bit == DENSITY && !strchr(text, '='))
        return read_bare_point(r, text);
    for (const char *p = text;; p++) {
        const size_t length = strcspn(p, ",");
        const assignment value = split(p);
        double number;
        if (!value.name_length ||
            !sn_cli_read_number(value.text, (size_t)(p + length - value.text), SINTER_F64, &number))
            return refuse(r, text, "NAME=VALUE,..., as in x=0.5,y=-1");
        p += length;
        if (!*p)
            break;
    }
    r->a->points[r->a->point_count++] = text;
    return true;
}

static bool read_input(const reader *r, const char *text)
{
    const assignment input = split(text);
    if (r->bit == IMAGE && (!*input.text || !input.name_length || input.name_length >= 64))
        return refuse(r, text, "NAME=FILE, NAME what the program calls the image");
    if (!*input.text || input.name_length >= 64)
        return refuse(r, text, "FILE or NAME=FILE");
    r->a->inputs[r->a->input_count++] = input;
    return true;
}

static bool read_data(const reader *r, const char *text)
{
    if (!*text)
        return refuse(r, text, "a file's name");
    if (r->a->data) {
        sn_cli_misuse(r->command, "one --data at a time, but there is also `%s`", text);
        return false;
    }
    r->a->data = text;
    return true;
}

static bool read_column(const reader *r, const char *text)
{
    const assignment said = split(text);
    if (!*said.text)
        return refuse(r, text, "a column's name or number, or NAME=COLUMN");
    r->a->columns[r->a->column_count++] = said;
    return true;
}

static bool read_na(const reader *r, const char *text)
{
    if (strcmp(text, "error") != 0 && strcmp(text, "skip") != 0)
        return refuse(r, text, "error or skip");
    r->a->skip_missing = *text == 's';
    return true;
}

static bool read_drop(const reader *r, const char *text)
{
    if (strcmp(text, "x") != 0 && strcmp(text, "theta") != 0)
        return refuse(r, text, "x or theta");
    r->a->drop = *text == 'x' ? SINTER_DROP_X : SINTER_DROP_THETA;
    return true;
}

static bool read_plot(const reader *r, const char *text)
{
    const size_t length = strlen(text);
    if (strcmp(text, "-") != 0 && strncmp(text, "/dev/", 5) != 0 && (length < 5 || strcasecmp(text + length - 4, ".png") != 0))
        return refuse(r, text, "a name that ends in .png");
    r->a->plot = text;
    return true;
}

static bool read_device(const reader *r, const char *text)
{
    static const char *const names[] = {[SOUND_AUTO] = "auto", [SOUND_JACK] = "jack", [SOUND_ALSA] = "alsa", [SOUND_NULL] = "null"};
    if (strncmp(text, "alsa:", 5) == 0 && text[5]) {
        r->a->device = SOUND_ALSA;
        r->a->pcm = text + 5;
        return true;
    }
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], text) == 0) {
            r->a->device = (sound_choice)i;
            r->a->pcm = NULL;
            return true;
        }
    return refuse(r, text, "auto, jack, alsa, alsa:PCM or null");
}

static bool read_played_rate(const reader *r, const char *text)
{
    double number;
    if (!sn_cli_read_number(text, strlen(text), SINTER_F64, &number) || !(number >= 1 && number <= 1e7))
        return refuse(r, text, "a number from 1 to 1e7");
    r->a->rate = number;
    return true;
}

static bool read_jack_name(const reader *r, const char *text)
{
    if (!*text || strlen(text) > 32 || strchr(text, ':'))
        return refuse(r, text, "a name of 1 to 32 characters without colons");
    r->a->jack_name = text;
    return true;
}

static bool read_bits(const reader *r, const char *text)
{
    int64_t bits;
    if (!sn_cli_read_whole(text, 16, 32, &bits) || bits % 8)
        return refuse(r, text, "16, 24 or 32");
    r->a->bits = (int32_t)bits;
    return true;
}

static bool read_format(const reader *r, const char *text)
{
    if (strlen(text) + 3 > sizeof r->a->format)
        return refuse(r, text, "npy, wav, aiff, au, flac or ogg");
    snprintf(r->a->format, sizeof r->a->format, "-.%s", text);
    return true;
}

static bool read_noise(const reader *r, const char *text)
{
    r->a->noise = true;
    return sn_cli_read_whole(text, 0, INT64_MAX, &r->a->noise_seed) || refuse(r, text, "a whole number, the seed");
}

static bool read_frames(reader *r, const char *text)
{
    if (!sn_cli_read_whole(text, 0, (int64_t)1 << 48, &r->a->frames))
        return refuse(r, text, "a whole number");
    r->size_in_frames = true;
    return true;
}

static bool read_function(const reader *r, const char *text)
{
    for (const char *p = text; *p || p == text; p++)
        if (!begins_name(*p) && (p == text || *p < '0' || *p > '9'))
            return refuse(r, text, "a name");
    r->a->function_name = text;
    return true;
}

/* One block: the names' places, then their characters. */
static bool read_gradient(const reader *r, const char *text)
{
    const size_t length = strlen(text), most = length / 2 + 1;
    const char **names = calloc(1, most * sizeof *names + length + 1);
    if (!names)
        return sn_cli_refuse("out of memory");
    free(r->a->gradient);
    r->a->gradient = names;
    r->a->gradient_count = 0;
    char *at = memcpy((char *)(names + most), text, length);
    while (begins_name(*at) && r->a->gradient_count < most) {
        names[r->a->gradient_count++] = at;
        at += strcspn(at, ",");
        if (!*at)
            return true;
        *at++ = 0;
    }
    return refuse(r, text, "names, as in x,y");
}

static bool read_passes(const reader *r, const char *text)
{
    r->a->passes = text;
    return true;
}

/* ---- switches ---- */

static bool choose_part(const reader *r, dump_part part)
{
    if (r->a->part_given && r->a->part != part) {
        sn_cli_misuse(r->command, "dump shows one thing at a time");
        return false;
    }
    r->a->part = part;
    r->a->part_given = true;
    return true;
}

static bool choose_rewriting(reader *r, sinter_rewriting rewriting)
{
    if (r->rewriting_given && r->a->rewriting != rewriting) {
        sn_cli_misuse(r->command, "--relaxed and --strict exclude each other");
        return false;
    }
    r->a->rewriting = rewriting;
    r->rewriting_given = true;
    return true;
}

static bool raise_flag(bool *flag)
{
    *flag = true;
    return true;
}

static bool take_value(reader *r, const char *value)
{
    arguments *a = r->a;
    switch (r->option->number) {
    case OPTION_AT: return read_point(r, value);
    case OPTION_INPUT: return read_input(r, value);
    case OPTION_DATA: return read_data(r, value);
    case OPTION_COLUMN: return read_column(r, value);
    case OPTION_NA: return read_na(r, value);
    case OPTION_DROP: return read_drop(r, value);
    case OPTION_PRIOR: return *value ? (a->prior = value) != NULL : refuse(r, value, "a distribution, as in gamma(2, 0.5)");
    case OPTION_SUM_BY: return *value ? (a->sum_by = value) != NULL : refuse(r, value, "a column's name, or its number from 1 on");
    case OPTION_PLOT: return read_plot(r, value);
    case OPTION_AXIS: return *value ? (a->axis = value) != NULL : refuse(r, value, "a column's name");
    case OPTION_OUTPUT: return *value ? (a->output = value) != NULL : refuse(r, value, "a file's name");
    case OPTION_SIZE: return read_size(r, value);
    case OPTION_REGION: return r->plane_given = read_region(r, value);
    case OPTION_EYE: return a->eye_given = read_triple(r, value, a->eye);
    case OPTION_TARGET: return read_triple(r, value, a->target);
    case OPTION_FOV: return r->camera_given = read_part(r, value, 180, false, "an angle above 0 and below 180", &a->fov);
    case OPTION_STEP: return r->camera_given = read_part(r, value, 1, true, "a number above 0, up to 1", &a->step);
    case OPTION_BACKGROUND: return read_background(r, value);
    case OPTION_TIME: return read_times(r, value);
    case OPTION_SUPERSAMPLE: return read_count(r, value, 64, &a->supersample);
    case OPTION_FILTER: return read_filter(r, value);
    case OPTION_RANGE: return read_range(r, value);
    case OPTION_COLORMAP: return *value ? (a->colormap = value) != NULL : refuse(r, value, "a function's name or an expression");
    case OPTION_DEPTH: return read_depth(r, value);
    case OPTION_LEVEL: return read_level(r, value);
    case OPTION_FPS: return r->fps_given = read_positive(r, value, false, &a->fps);
    case OPTION_Z: return r->plane_given = read_finite(r, value, &a->z);
    case OPTION_THREADS: return read_count(r, value, 1024, &a->threads);
    case OPTION_DEVICE: return read_device(r, value);
    case OPTION_JACK_NAME: return read_jack_name(r, value);
    case OPTION_BLOCK: return r->bit == PLAY ? read_count(r, value, 8192, &a->block)
                                               : read_count(r, value, 1 << 24, &a->block);
    case OPTION_RATE: return r->bit == PLAY ? read_played_rate(r, value) : read_part(r, value, 1e9, true, "a number above 0, up to 1e9", &a->rate);
    case OPTION_FRAMES: return read_frames(r, value);
    case OPTION_TAIL: return read_positive(r, value, true, &a->tail);
    case OPTION_SECONDS: return read_positive(r, value, true, &a->seconds);
    case OPTION_BITS: return read_bits(r, value);
    case OPTION_FORMAT: return read_format(r, value);
    case OPTION_AUTOMATE: return *value ? (a->automation = value) != NULL : refuse(r, value, "a file's name");
    case OPTION_NOISE: return read_noise(r, value);
    case OPTION_PASSES: return read_passes(r, value);
    case OPTION_FUNCTION: return read_function(r, value);
    case OPTION_TYPE: return read_type(r, value);
    case OPTION_ENGINE: return read_engine(r, value);
    case OPTION_LANES: return read_lanes(r, value);
    case OPTION_SET: return read_set(r, value);
    case OPTION_GRADIENT: return read_gradient(r, value);
    default: return false;
    }
}

static bool take_switch(reader *r)
{
    arguments *a = r->a;
    switch (r->option->number) {
    case OPTION_SUM: return raise_flag(&a->sum);
    case OPTION_GRAD: return raise_flag(&a->grad);
    case OPTION_NATURAL: return raise_flag(&a->natural);
    case OPTION_LIST: return raise_flag(&a->list);
    case OPTION_RAW: return raise_flag(&a->raw);
    case OPTION_3D: return raise_flag(&a->three_d);
    case OPTION_IN_PLACE: return raise_flag(&a->in_place);
    case OPTION_EXPLAIN: return choose_part(r, DUMP_EXPLAIN);
    case OPTION_IR: return choose_part(r, DUMP_IR);
    case OPTION_PLAN: return choose_part(r, DUMP_PLAN);
    case OPTION_ASM: return choose_part(r, DUMP_ASM);
    case OPTION_C: return choose_part(r, DUMP_C);
    case OPTION_DOT: return choose_part(r, DUMP_DOT);
    case OPTION_PATCH: return raise_flag(&a->patch);
    case OPTION_FIELD: return raise_flag(&a->field);
    case OPTION_DENSITY: return raise_flag(&a->density);
    case OPTION_GRID: return raise_flag(&a->grid);
    case OPTION_IR_TEXT: return raise_flag(&a->ir_text);
    case OPTION_VM: return raise_flag(&a->vm);
    case OPTION_RELAXED: return choose_rewriting(r, SINTER_RELAXED);
    case OPTION_STRICT: return choose_rewriting(r, SINTER_STRICT);
    case OPTION_FAST: a->grade = SINTER_GRADE_FAST; return true;
    case OPTION_UNPACED: return raise_flag(&a->unpaced);
    case OPTION_IMPULSE: return raise_flag(&a->impulse);
    case OPTION_HASH: return raise_flag(&a->hash);
    case OPTION_MARKDOWN: return raise_flag(&a->markdown);
    case OPTION_JSON: return raise_flag(&a->json);
    case OPTION_HELP: return raise_flag(&a->help);
    default: return false;
    }
}

/* ---- words ---- */

typedef struct own_options {
    unsigned bit;
} own_options;

static const char *own_option_at(const void *context, int i)
{
    const unsigned bit = ((const own_options *)context)->bit;
    for (const option *o = sn_cli_options; o->name; o++)
        if ((o->commands & bit) && i-- == 0)
            return o->name;
    return NULL;
}

static bool refuse_option(const reader *r, const char *word, const char *name)
{
    const char *nearest = sn_cli_nearest(name, own_option_at, &(own_options){r->bit});
    for (const option *o = sn_cli_options; o->name; o++) {
        if (strcmp(o->name, name) != 0)
            continue;
        for (int i = 0; i < COMMAND_COUNT; i++) {
            if (o->commands & 1U << i) {
                sn_cli_misuse(r->command, "%s has no option %s (%s has)", r->command->name, word,
                              sn_cli_commands[i].name);
                return false;
            }
        }
    }
    if (word[1] != '-')
        sn_cli_misuse(r->command, "there is no option %s (an expression that begins so stands behind `--`)",
                      word);
    else if (nearest)
        sn_cli_misuse(r->command, "there is no option %s; did you mean --%s?", word, nearest);
    else
        sn_cli_misuse(r->command, "there is no option %s", word);
    return false;
}

/* Finds the option that a word names; *value is what stands behind its equals sign or letter, or NULL. */
static const option *find_option(const reader *r, const char *word, const char **value)
{
    char name[32];
    *value = NULL;
    if (word[1] == '-') {
        const size_t length = strcspn(word, "=");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name + 2 ? length - 2 : sizeof name),
                 word + 2);
        if (word[length] == '=')
            *value = word + length + 1;
    } else {
        snprintf(name, sizeof name, "%c", word[1]);
        if (word[2])
            *value = word + 2;
    }
    for (const option *o = sn_cli_options; o->name; o++)
        if ((o->commands & r->bit) && (word[1] == '-' ? strcmp(o->name, name) == 0 : o->letter == word[1]))
            return o;
    refuse_option(r, word, name);
    return NULL;
}

/* Reads the option in words[*i], and its value, perhaps from the next word. */
static bool read_option(reader *r, int count, char **words, int *i)
{
    const char *value;
    r->option = find_option(r, words[*i], &value);
    if (!r->option)
        return false;
    if (!r->option->value && value) {
        if (words[*i][1] == '-')
            sn_cli_misuse(r->command, "--%s takes no value", r->option->name);
        else
            return refuse_option(r, words[*i], words[*i] + 1);
        return false;
    }
    if (!r->option->value)
        return take_switch(r);
    if (!value && *i + 1 == count) {
        sn_cli_misuse(r->command, "--%s needs a value: %s", r->option->name, r->option->value);
        return false;
    }
    return take_value(r, value ? value : words[++*i]);
}

static bool is_option(const char *word)
{
    if (word[0] != '-' || !word[1] || strchr("0123456789.(", word[1]))
        return false;
    return word[1] == '-' || word[1] == 'o' || !strpbrk(word, " ()*/+^,;?<>");
}

static bool read_operand(reader *r, const char *word)
{
    if (!r->command->operand)
        sn_cli_misuse(r->command, "%s takes no argument, but there is `%s`", r->command->name, word);
    else if (r->a->program)
        sn_cli_misuse(r->command, "one %s at a time, but there is also `%s`", r->command->operand, word);
    else
        return (r->a->program = word) != NULL;
    return false;
}

static bool read_words(reader *r, int count, char **words)
{
    bool options = true;
    for (int i = 0; i < count; i++) {
        if (options && strcmp(words[i], "--") == 0)
            options = false;
        else if (options && is_option(words[i]) ? !read_option(r, count, words, &i)
                                                : !read_operand(r, words[i]))
            return false;
        if (r->a->help)
            return true;
    }
    return true;
}

/* What no single word is wrong about. */
static bool is_standard_input(const char *name)
{
    return name && strcmp(name, "-") == 0;
}

/* By how many the standard input is to be read: the program, data, inputs, automation. */
static int readers_of_input(const arguments *a)
{
    int count = is_standard_input(a->program) + is_standard_input(a->data) + is_standard_input(a->automation);
    for (int k = 0; k < a->input_count; k++)
        count += is_standard_input(a->inputs[k].text);
    return count;
}

static bool check(const reader *r)
{
    const arguments *a = r->a;
    const char *wrong = NULL;
    if ((r->bit & TAKING_PROGRAMS) && !a->program && !a->list)
        wrong = r->bit == DENSITY ? "a density is missing, as in sinter density 'normal(mu=2, sigma=1.5)'; --list prints what there is"
                                  : "an expression or a file is missing";
    else if (a->list && (a->program || a->data || a->point_count))
        wrong = "--list goes alone";
    else if (a->point_count && a->data)
        wrong = "--at and --data exclude each other";
    else if ((a->column_count || a->skip_missing) && !a->data)
        wrong = "--column and --na belong to --data";
    else if (a->sum_by && !a->data)
        wrong = "--sum-by names a column of --data";
    else if (a->sum_by && (a->sum || a->hash || a->plot || a->natural || a->prior))
        wrong = "--sum-by excludes --sum, --hash, --plot, --natural and --prior";
    else if (a->grad && a->gradient_count)
        wrong = "--grad is all derivatives, --gradient some: one of them";
    else if (a->natural && (a->sum || a->grad || a->gradient_count || a->hash || a->plot || a->drop))
        wrong = "--natural excludes --sum, --grad, --gradient, --hash, --plot and --drop";
    else if (a->prior && (a->natural || a->sum || a->grad || a->gradient_count || a->hash || a->plot || a->drop || a->set_count))
        wrong = "--prior excludes --natural, --sum, --grad, --gradient, --hash, --plot, --drop and --set";
    else if (a->prior && !a->data && !a->point_count)
        wrong = "--prior wants data: --data FILE or --at x=3";
    else if (r->bit == DENSITY && (a->sum || a->grad || a->gradient_count || a->hash) && !a->data && !a->point_count)
        wrong = "where are the rows? --data FILE or --at x=0.5 is missing";
    else if (a->drop && a->plot)
        wrong = "--plot shows the density itself: it excludes --drop";
    else if (r->bit == DENSITY && (a->axis || a->size_given) && !a->plot)
        wrong = "--axis and --size belong to --plot";
    else if (a->plot && strcmp(a->plot, "-") == 0 && (a->sum || a->hash || a->json))
        wrong = "--plot - leaves no room on the standard output for --sum, --hash and --json";
    else if (a->plot && (a->grad || a->gradient_count) && !a->sum)
        wrong = "with --plot no rows are printed; --grad and --gradient want --sum there";
    else if (a->point_count && a->input_count)
        wrong = "--at and --input exclude each other";
    else if (a->patch + a->field + a->density > 1)
        wrong = "--patch, --field and --density exclude each other";
    else if (a->vm && (a->patch || a->density || a->ir_text))
        wrong = "--vm excludes --patch, --density and --ir-text";
    else if ((a->patch || a->density) && a->grid)
        wrong = "--grid is for fields";
    else if (a->impulse && a->noise)
        wrong = "--impulse and --noise exclude each other";
    else if (r->size_in_frames && a->seconds >= 0)
        wrong = "--frames and --seconds exclude each other";
    else if (a->tail >= 0 && (r->size_in_frames || a->seconds >= 0))
        wrong = "--tail follows what the inputs have; --frames and --seconds say how long without them";
    else if (r->fps_given && a->frames < 0 && a->seconds < 0)
        wrong = "--fps belongs to --frames or --seconds";
    else if (a->time_range && a->frames < 0 && a->seconds < 0)
        wrong = "--time from one number to another belongs to --frames or --seconds";
    else if (r->camera_given && !a->three_d)
        wrong = "--eye, --target, --fov, --step and --background belong to --3d";
    else if (a->three_d && (r->plane_given || a->colormap || a->range || a->input_count))
        wrong = "--region, --z, --range, --colormap and --input are for pictures of the plane, without --3d";
    else if ((r->bit & (IMAGE | RENDER)) && !a->output && !a->hash)
        wrong = "where shall the result go? -o FILE is missing";
    else if (a->output && strcmp(a->output, "-") == 0 && (a->hash || a->json))
        wrong = "-o - leaves no room on the standard output for --hash and --json";
    else if (readers_of_input(a) > 1)
        wrong = "the standard input can be read once, and - is given more than once";
    else if (a->unpaced && a->device != SOUND_NULL)
        wrong = "--unpaced belongs to --device null";
    else if (a->function_name && a->part != DUMP_C)
        wrong = "--function belongs to --c";
    if (wrong)
        sn_cli_misuse(r->command, "%s", wrong);
    return !wrong;
}

int sn_cli_read_arguments(const command *c, int count, char **words, arguments *a)
{
    *a = (arguments){.command = c, .type = SINTER_F32, .block = 512, .frames = -1, .seconds = -1, .tail = -1, .rate = -1};
    if (c - sn_cli_commands == COMMAND_PLAY)
        a->block = 256;
    a->jack_name = "sinter";
    a->width = a->height = 512;
    if (c - sn_cli_commands == COMMAND_DENSITY) {
        a->type = SINTER_F64;
        a->width = 1200;
        a->height = 800;
    }
    a->supersample = 1;
    a->level = PNG_LEVEL;
    a->fps = 30;
    a->fov = 40;
    a->step = 1;
    a->x0 = a->y0 = -1;
    a->x1 = a->y1 = 1;
    const size_t most = (size_t)count + 1;
    a->sets = calloc(most, sizeof *a->sets);
    a->inputs = calloc(most, sizeof *a->inputs);
    a->columns = calloc(most, sizeof *a->columns);
    a->points = calloc(most, sizeof *a->points);
    reader r = {.command = c, .bit = 1U << (c - sn_cli_commands), .a = a};
    if (!a->sets || !a->inputs || !a->points || !a->columns) {
        sn_cli_release_arguments(a);
        return sn_cli_fail("out of memory");
    }
    if (read_words(&r, count, words) && (a->help || check(&r)))
        return STATUS_GOOD;
    sn_cli_release_arguments(a);
    return STATUS_USAGE;
}

void sn_cli_release_arguments(arguments *a)
{
    free(a->sets);
    free(a->inputs);
    free(a->columns);
    free(a->points);
    free(a->gradient);
    a->gradient = NULL;
    a->sets = NULL;
    a->inputs = NULL;
    a->columns = NULL;
    a->points = NULL;
}
