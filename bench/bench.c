/* The words after `sinter bench`: which theme, which of its rows, how. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { GOOD = 0, BAD = 1, USAGE = 2, MAX_NAMES = 32 };

static const char *workload_name(unsigned k)
{
    const workload_entry *work = sn_workload(k);
    return work ? work->name : NULL;
}

typedef struct theme {
    const char *name; /* NULL: the one without a name */
    bool (*run)(const bench_options *options, sinter_context *context);
    const char *(*row)(unsigned k);
} theme;

static const theme themes[] = {
    {NULL, sn_bench_against_limits, workload_name},
    {"engines", sn_bench_engines, workload_name},
    {"prototype", sn_bench_prototype, sn_prototype_name},
    {"compile", sn_bench_compile, sn_compile_name},
    {"families", sn_bench_families, sn_family_row_name},
    {"math", sn_bench_functions, sn_function_name},
    {"graph", sn_bench_graph, sn_graph_row_name},
    {"density", sn_bench_density, sn_density_row_name},
};
enum { THEMES = sizeof themes / sizeof *themes };

static const char help[] =
    "usage: sinter bench [THEME] [NAME...] [--json] [--quick] [--engine ENGINE] [--rounds N]\n"
    "\n"
    "Measures compiled programs. Without a theme: each workload against kernels written by hand, its\n"
    "limits.\n"
    "\n"
    "  engines      the workloads on every engine, and by walking a tree for each element\n"
    "  prototype    a gain: plain C, blocks, calls for each sample, reading the time; three fields on\n"
    "               every engine, and from how many points on compiling them pays; two densities in\n"
    "               C, exported C, by calls and by vectors\n"
    "  compile      the price of compiling 100 to 100,000 operations\n"
    "  families     the price of compiling each family of densities for the first time, with derivatives\n"
    "               (-slopes), and once more (-again), on the widest engine\n"
    "  math         each mathematical function, both types and grades, against SLEEF's\n"
    "  graph        a voice of ten nodes against an interpreted graph; ns of an edit until it sounds, as\n"
    "               a text and as a graph (commit), of a swap, a parameter, an event, a block\n"
    "  density      log-densities over data: batches, sums, derivatives, one row a call; against loops by\n"
    "               hand and R's nmath\n"
    "\n"
    "  NAME         only rows whose names begin so: gain, circle, normal_sum-1000000, ...\n"
    "  --json       one object a line instead of a table\n"
    "  --quick      short batches, few rounds: for trying out, not for figures\n"
    "  --engine E   only this engine: interp, scalar, avx2, avx512, neon\n"
    "  --rounds N   pairs of batches for each row (15)\n"
    "\n"
    "ns and limit_ns are nanoseconds of one core for one element, medians over the rounds; ratio is\n"
    "the median of the rounds' own ratios, ours and the limit running in turns on the same buffers.\n"
    "compile_us is from text to callable and back, in memory that is warm. ops counts operations after\n"
    "all rewriting. Before anything is timed its results are compared with a plain evaluation.\n";

bool sn_bench_wanted(const bench_options *options, const char *workload)
{
    for (int k = 0; k < options->name_count; k++)
        if (!strncmp(workload, options->names[k], strlen(options->names[k])))
            return true;
    return options->name_count == 0;
}

sinter_engine sn_bench_engine(const bench_options *options, unsigned k)
{
    static const sinter_engine native[] = {SINTER_ENGINE_AVX512, SINTER_ENGINE_AVX2, SINTER_ENGINE_NEON};
    if (options->engine != SINTER_ENGINE_AUTO)
        return k == 0 ? options->engine : SINTER_ENGINE_AUTO;
    unsigned found = 0;
    for (size_t i = 0; i < sizeof native / sizeof *native; i++)
        if (sinter_engine_available(native[i], NULL) && found++ == k)
            return native[i];
    return found == 0 && k == 0 ? SINTER_ENGINE_INTERP : SINTER_ENGINE_AUTO;
}

static bool read_engine(const char *text, sinter_engine *engine)
{
    const char *name;
    for (int e = SINTER_ENGINE_AUTO; (name = sinter_engine_name((sinter_engine)e)); e++)
        if (!strcmp(name, text)) {
            *engine = (sinter_engine)e;
            return true;
        }
    return false;
}

static bool read_rounds(const char *text, int *rounds)
{
    enum { MOST = 1001 };
    char *end;
    const long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 1 || value > MOST)
        return false;
    *rounds = (int)value;
    return true;
}

/* One option, with its value behind it or after `=`; how many words it took, 0 if it is wrong (which has been
 * said). */
static int read_option(bench_options *options, char **words, int left)
{
    const char *word = words[0];
    if (!strcmp(word, "--json")) {
        options->json = true;
        return 1;
    }
    if (!strcmp(word, "--quick")) {
        options->batch = 1e5;
        options->rounds = 7;
        return 1;
    }
    const bool engine = !strncmp(word, "--engine", 8) && (word[8] == '\0' || word[8] == '=');
    const bool rounds = !strncmp(word, "--rounds", 8) && (word[8] == '\0' || word[8] == '=');
    if (!engine && !rounds) {
        sn_bench_say("unknown option %s; `sinter bench --help` lists them", word);
        return 0;
    }
    const char *value = word[8] == '=' ? word + 9 : left > 1 ? words[1] : "";
    if (engine ? !read_engine(value, &options->engine) : !read_rounds(value, &options->rounds)) {
        sn_bench_say(engine ? "--engine wants auto, interp, scalar, avx2, avx512 or neon, not \"%s\""
                            : "--rounds wants a number from 1 to 1001, not \"%s\"",
                     value);
        return 0;
    }
    return word[8] == '=' ? 1 : 2;
}

static bool names_exist(const theme *t, const bench_options *options)
{
    for (int k = 0; k < options->name_count; k++) {
        const char *row;
        bool found = false;
        for (unsigned i = 0; (row = t->row(i)); i++)
            found |= !strncmp(row, options->names[k], strlen(options->names[k]));
        if (!found) {
            fprintf(stderr, "bench: nothing is called %s; there are", options->names[k]);
            for (unsigned i = 0; (row = t->row(i)); i++)
                fprintf(stderr, "%s %s", i ? "," : "", row);
            fputc('\n', stderr);
            return false;
        }
    }
    return true;
}

static bool engine_exists(const bench_options *options)
{
    const char *reason = NULL;
    if (options->engine == SINTER_ENGINE_AUTO || sinter_engine_available(options->engine, &reason))
        return true;
    sn_bench_say("engine %s cannot run here: %s", sinter_engine_name(options->engine),
                 reason ? reason : "no reason given");
    return false;
}

static int run_theme(const theme *t, const bench_options *options)
{
    sinter_context *context;
    const sinter_status status = sinter_open(NULL, &context);
    if (status) {
        sn_bench_say("%s", sinter_status_name(status));
        return BAD;
    }
#if !defined(__OPTIMIZE__)
    sn_bench_say("built without optimisation: neither limits nor compile times mean anything");
#endif
    if (!sn_bench_pin())
        sn_bench_say("not pinned to one core: figures may scatter");
    const bool good = t->run(options, context);
    sn_bench_progress(NULL, NULL);
    sinter_close(context);
    return good ? GOOD : BAD;
}

int sn_bench_main(int argc, char **argv)
{
    const char *names[MAX_NAMES];
    bench_options options = {.rounds = 15, .batch = 2e6, .names = names};
    const theme *t = &themes[0];
    bool first = true;
    for (int k = 1; k < argc;) {
        const char *word = argv[k];
        if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
            fputs(help, stdout);
            return GOOD;
        }
        if (word[0] == '-') {
            const int took = read_option(&options, argv + k, argc - k);
            if (took == 0)
                return USAGE;
            k += took;
            continue;
        }
        const theme *named = NULL;
        for (int i = 1; first && i < THEMES; i++)
            if (!strcmp(word, themes[i].name))
                named = &themes[i];
        if (named) {
            t = named;
        } else if (options.name_count < MAX_NAMES) {
            names[options.name_count++] = word;
        } else {
            sn_bench_say("more than %d names", MAX_NAMES);
            return USAGE;
        }
        first = false;
        k++;
    }
    if (!names_exist(t, &options))
        return USAGE;
    return engine_exists(&options) ? run_theme(t, &options) : BAD;
}
