/* What the subcommands are, what their help says, and which one is meant. */
#include "cli/command.h"

#include "../../bench/bench.h"

#include <string.h>

static int help(const arguments *a);

#define PROGRAM_TEXT \
    "An argument that names an existing file, or ends in .sn or .vm (for dump .ir too), is a file; - is the standard\n" \
    "input; all else is an expression (one that begins with a minus and a letter stands behind `--`)."

static const char eval_text[] =
    "Prints the value of a field at each point, one point a line, in the shortest form that reads back\n"
    "to the same number; the elements of a tuple stand side by side. Points are given by --at, or are the\n"
    "rows of NPY files: columns are x, y, z, t in this order, or have the name given with their file.\n"
    "With --gradient the derivatives follow: of the first value by each name, of the second, and so on.\n\n"
    "  sinter eval 'sqrt(2)'\n"
    "  sinter eval 'x*x*y' --at x=3,y=2 --gradient x,y\n"
    "  sinter eval 'a*sin(x)' --at a=2,x=0.5 --at a=3,x=0.5 --type f64\n"
    "  sinter eval 'x + y' --input points.npy\n\n" PROGRAM_TEXT;

static const char image_text[] =
    "Evaluates a field at the centres of pixels and writes PNG, EXR, PFM or NPY, as the name of the file says.\n"
    "One value is gray, three are RGB, four RGBA. In PNG and videos they are clamped to 0...1, times 255,\n"
    "halves to even, NaN black; no gamma; a .vm file is a shape there: white where its value is negative. The\n"
    "others hold the values themselves. With --hash, -o may be left out.\n\n"
    "With --frames or --seconds t advances from picture to picture: numbered files (-o 'name%04d.png'), or a\n"
    "video (.mp4 .webm .mkv .gif), which ffmpeg makes.\n\n"
    "With --3d a camera looks at the surface of a field of x, y, z: where it is 0, negative inside. The field is a\n"
    "distance, or that and a colour (four values); what is steeper is drawn as well, if need be with --step.\n\n"
    "  sinter image 'sin(x*12)*cos(y*12)*0.5 + 0.5' -o waves.png --size 640x480 -s 2\n"
    "  sinter image 'x*x - y*y' --range -1,1 --colormap '(x, x*x, 0.3)' -o saddle.png\n"
    "  sinter image 'sin(x*9 - t)' --time 0,6.2831853 --frames 60 -o wave.mp4\n"
    "  sinter image --3d 'max(sdf_gyroid(x, y, z, 9, 0.03), sdf_sphere(x, y, z, 1))' -o gyroid.png -s 2\n\n"
    "With --input the program is a filter of images: values of 8 and 16 bits become 0...1, and x and y go from 0 to 1\n"
    "over the picture, so that sample(a, x, y) is the image itself. An image whose number of channels the program\n"
    "does not say has those of its file.\n\n"
    "  sinter image '1 - sample(a, x, y)' --input a=photo.png -o negative.png\n\n" PROGRAM_TEXT;

static const char render_text[] =
    "Runs a patch over streams, a block at a time through one instance, and writes its outputs as the end of the\n"
    "name says: .wav, .flac, .ogg, .aiff or .au, a channel for each output, or .npy, a column for each. Streams come\n"
    "from the channels of sound files and the columns of NPY files; they are the patch's inputs in order, or those\n"
    "named with their files. Behind their end they are 0. With --hash, -o may be left out.\n\n"
    "  sinter render 'lowpass(saw(110), 800)*0.5' --seconds 2 -o tone.wav\n"
    "  sinter render 'input l, r; freeverb(l, r)' --input dry.wav -o wet.flac\n"
    "  sinter render examples/lowpass.sn --impulse --seconds 0.1 --set q=4 -o response.npy\n\n" PROGRAM_TEXT;

static const char play_text[] =
    "Plays a patch while its file is edited: each time it is saved it is compiled and takes over without a gap, and what\n"
    "has a name goes on where it stood. One that is wrong is told as any error is, and the last good one plays on. On a\n"
    "terminal a line shows time, levels, how much of the time that a block has is used, and blocks that came too late.\n\n"
    "Lines on the standard input are obeyed: NAME=VALUE sets a parameter, NAME prints it, `reset` (or r) begins anew,\n"
    "`quit` (or q), and the end of the input at a terminal, end it; so does an interrupt. Output k goes to channel k; a\n"
    "single one to both sides. Inputs are ports of JACK, which are connected to nothing at first, and silent elsewhere.\n\n"
    "  sinter play voice.sn\n"
    "  sinter play drone.sn --device alsa:hw:0 --block 64 -o drone.wav\n"
    "  sinter play 'sine(440)*0.1' --seconds 2\n\n" PROGRAM_TEXT;

static const char density_text[] =
    "Prints the log-density of rows of data, one row a line, in the shortest form that reads back to the same number.\n"
    "The text ends with a distribution, whose data is x and whose numbers are parameters (--set moves them); or with an\n"
    "expression, a log-density as it stands; or it is a model: lines `input y`, `param b = 0`, `y ~ normal(a + b*x, s)`.\n"
    "With --grad the derivatives stand beside it: by the columns, then by the parameters, in the order that the\n"
    "description prints, which is what comes without --data and --at.\n\n"
    "  sinter density 'normal(mu=2, sigma=1.5)'\n"
    "  sinter density 'normal(mu=2, sigma=1.5)' --at 0,1,2\n"
    "  sinter density 'gamma(2, 0.5)' --data waiting.csv --column minutes --sum --grad\n"
    "  sinter density examples/densities/stopping.sn --data examples/densities/stopping.csv --sum --json\n"
    "  sinter density 'exponential(0.5)' --data waits.npy --plot waits.png\n\n"
    "Data are tables with a row on each line, separated by commas, semicolons, tabs or spaces. Columns are found by their names\n"
    "in the first line, or chosen by --column; the numbers of a single line are rows. Files are read in pieces, of any size; rows\n"
    "before one that is wrong may have been printed. NaN, NA and empty fields are missing values: --na.\n\n" PROGRAM_TEXT;

static const char dump_text[] =
    "Prints a program as one of the stages between its text and its machine code, or as C.\n\n"
    "  sinter dump 'x*0.5 + 1' --asm --engine avx2\n"
    "  sinter dump '(x*0.5 + 1)*2 - 0.5' --ir --passes identity,affine --relaxed\n"
    "  sinter dump 'normal(mu=2, sigma=1.5)' --c --function log_density\n\n" PROGRAM_TEXT;

static const char functions_text[] =
    "Prints what texts can call, one function a line: the words of the language, then the standard library by its\n"
    "groups. With a function's name, that one in detail; with a group's title, that group; with the first words of\n"
    "several names, those. `p:2` is an argument of two elements: a pair, or two numbers in a row.\n\n"
    "  sinter functions\n"
    "  sinter functions smoothstep\n"
    "  sinter functions sdf_smooth\n"
    "  sinter functions 'complex numbers'";

static const char doctor_text[] =
    "Prints the processor's features, which engines can run and why others cannot, how code memory is\n"
    "had, and versions; and lets every engine compute the same. Exit status 1 if one does it wrong.";

static const char help_text[] = "Prints how to use a subcommand, or which there are.";

const command sn_cli_commands[COMMAND_COUNT] = {
    [COMMAND_EVAL] = {"eval", "EXPR|FILE", "the values of an expression", eval_text, sn_cli_eval},
    [COMMAND_IMAGE] = {"image", "EXPR|FILE", "a picture of an expression", image_text, sn_cli_image},
    [COMMAND_RENDER] = {"render", "EXPR|FILE", "a patch over streams of numbers", render_text, sn_cli_render},
    [COMMAND_PLAY] = {"play", "EXPR|FILE", "a patch that sounds while it is edited", play_text, sn_cli_play},
    [COMMAND_DENSITY] = {"density", "EXPR|FILE", "log-densities of data", density_text, sn_cli_density},
    [COMMAND_DUMP] = {"dump", "EXPR|FILE", "what becomes of a program", dump_text, sn_cli_dump},
    [COMMAND_FUNCTIONS] = {"functions", "[NAME|GROUP]", "what the language can call", functions_text, sn_cli_functions},
    [COMMAND_BENCH] = {"bench", "[NAME]...", "measurements", NULL, NULL},
    [COMMAND_DOCTOR] = {"doctor", NULL, "what this machine can do", doctor_text, sn_cli_doctor},
    [COMMAND_HELP] = {"help", "[COMMAND]", "how to use all this", help_text, help},
};

static const char *command_at(const void *context, int i)
{
    (void)context;
    return i < COMMAND_COUNT ? sn_cli_commands[i].name : NULL;
}

const command *sn_cli_find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(sn_cli_commands[i].name, name) == 0)
            return &sn_cli_commands[i];
    return NULL;
}

static int refuse_command(const char *name)
{
    const char *nearest = sn_cli_nearest(name, command_at, NULL);
    if (nearest)
        return sn_cli_misuse(NULL, "there is no subcommand `%s`; did you mean %s?", name, nearest);
    return sn_cli_misuse(NULL, "there is no subcommand `%s`", name);
}

static int help(const arguments *a)
{
    if (!a->program) {
        sn_cli_print_overview(stdout);
        return STATUS_GOOD;
    }
    const command *c = sn_cli_find_command(a->program);
    if (!c)
        return refuse_command(a->program);
    if (!c->run) {
        char name[] = "bench", word[] = "--help";
        return sn_bench_main(2, (char *[]){name, word, NULL});
    }
    sn_cli_print_help(stdout, c);
    return STATUS_GOOD;
}

/* words[0] is the subcommand's name. */
static int run_command(const command *c, int count, char **words)
{
    arguments a;
    if (!c->run)
        return sn_bench_main(count, words);
    int status = sn_cli_read_arguments(c, count - 1, words + 1, &a);
    if (status != STATUS_GOOD)
        return status;
    if (a.help)
        sn_cli_print_help(stdout, c);
    else
        status = c->run(&a);
    sn_cli_release_arguments(&a);
    return status;
}

int sn_cli_run(int count, char **words)
{
    if (count < 2) {
        sn_cli_print_overview(stderr);
        return STATUS_USAGE;
    }
    const char *word = words[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("sinter " SINTER_VERSION);
        return STATUS_GOOD;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        sn_cli_print_overview(stdout);
        return STATUS_GOOD;
    }
    if (*word == '-')
        return sn_cli_misuse(NULL, "a subcommand comes first, not %s", word);
    const command *c = sn_cli_find_command(word);
    return c ? run_command(c, count - 1, words + 1) : refuse_command(word);
}
