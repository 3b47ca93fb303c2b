/* How the price of compiling grows: random arithmetic of 100 to 100,000 operations, as text and as a program
 * that is there already; and of what people write: a gain, a function, noise, a scene of thirty distance fields. An
 * element is an operation here, so that ns is the price of one, and the limit is the price of one in the program of
 * 100 operations: linear compiling keeps the ratio near 1. Each time includes closing the kernel.
 *
 * And what each family of densities costs (theme `families`), with live parameters, alone and with its derivatives by these (`-slopes`), always as the first program of its
 * context with that family: as it is, for which the library brings the code; and as whatever else comes of the family, which has to be compiled (`-compiled`). */
#include "bench.h"

#include "kernel/kernels.h"
#include "lang/lang.h"

#include <stdlib.h>
#include <string.h>

static const unsigned sizes[] = {100, 300, 1000, 3000, 10000, 30000, 100000};
enum { SIZES = sizeof sizes / sizeof *sizes };

static const char *const names[] = {
    "text-100",     "text-300",      "text-1000",     "text-3000",      "text-10000",
    "text-30000",   "text-100000",   "program-100",   "program-300",    "program-1000",
    "program-3000", "program-10000", "program-30000", "program-100000",
};

/* Five rows of six shapes, each row of another size. */
#define SCENE \
    "p = (x, y)*4\n" \
    "fn joined(a, b) = sdf_smooth_union(a, b, 0.1)\n" \
    "fn row(q, s) {\n" \
    "    a = joined(sdf_circle(q, s), sdf_box(q | translate(1, 0), s, s/2))\n" \
    "    b = joined(sdf_hexagon(q | translate(2, 0), s), sdf_star5(q | translate(3, 0), s, 0.5))\n" \
    "    c = joined(sdf_capsule(q, 4, 0, 4.5, 0.3, s/3), sdf_vesica(q | translate(5.5, 0), s, s/3))\n" \
    "    joined(a, joined(b, c))\n" \
    "}\n" \
    "fn at(k) = row(p | translate(-3, k - 2), 0.2 + 0.03*k)\n" \
    "joined(joined(at(0), at(1)), joined(at(2), joined(at(3), at(4))))"

static const struct { const char *name, *text; } written[] = {
    {"gain", "0.5*x + 1"},
    {"sin", "sin(x)"},
    {"perlin", "perlin(x*4, y*4)*0.5 + 0.5"},
    {"fbm-8", "fbm2(x*4, y*4, 8)"},
    {"scene-30", SCENE},
};
enum { RANDOM = sizeof names / sizeof *names, WRITTEN = sizeof written / sizeof *written };

const char *sn_compile_name(unsigned k)
{
    return k < RANDOM ? names[k] : k < RANDOM + WRITTEN ? written[k - RANDOM].name : NULL;
}

typedef struct compile_work {
    sinter_context *context;
    sinter_options options;
    const char *text; /* or NULL, and then: */
    sinter_program *program;
    size_t length;
    bool first; /* the context keeps nothing of densities and families that were before it */
    bool anew;  /* each has another number among its options, which changes nothing, so that no machine code is kept of it, nor comes with the library */
    sinter_status status; /* of the last one */
    sinter_report *report;
    uint32_t operations;
} compile_work;

static void forget_densities(sinter_context *c)
{
    sn_arena_rewind(&c->members.memory);
    c->members.first = NULL;
    sn_arena_rewind(&c->programs.memory);
    c->programs = (kept_programs){.memory = c->programs.memory};
}

static void compile(void *context, int64_t calls)
{
    compile_work *w = context;
    for (; calls > 0; calls--) {
        sinter_kernel *kernel;
        w->options.random += w->anew;
        if (w->first)
            forget_densities(w->context);
        w->status = w->text ? sinter_compile(w->context, w->text, w->length, &w->options, &kernel, w->report)
                            : sinter_compile_program(w->context, w->program, &w->options, &kernel, w->report);
        if (w->report && !w->status)
            w->operations = sinter_kernel_describe(kernel).operations;
        sinter_kernel_close(kernel);
    }
}

static bool compiles(compile_work *w, const char *name)
{
    sinter_report report;
    w->report = &report;
    compile(w, 1);
    w->report = NULL;
    if (w->status)
        sn_bench_say_report(name, w->options.engine, w->status, &report);
    return w->status == SINTER_OK;
}

/* ns of one operation; 0 if it does not compile. `size` 0: as many as there are then. */
static double measure(const bench_options *options, compile_work *w, const char *name, unsigned size,
                      double of_100)
{
    sn_bench_progress(name, sinter_engine_name(w->options.engine));
    if ((!w->text && !w->program) || !compiles(w, name)) {
        sn_bench_say("%s: not compiled", name);
        return 0;
    }
    size = size ? size : w->operations;
    const double ns = sn_bench_alone((bench_work){compile, w}, options);
    const bench_row row = {
        .workload = name,
        .engine = sinter_engine_name(w->options.engine),
        .n = size,
        .ns = ns / size,
        .limit = of_100 > 0 ? "one of 100 operations" : NULL,
        .limit_ns = of_100,
        .ratio = of_100 > 0 ? ns / size / of_100 : 0,
        .compile_us = ns * 1e-3,
        .ops = w->operations,
    };
    sn_bench_show(options, &row);
    return ns / size;
}

static bool measure_size(const bench_options *options, sinter_context *context, unsigned k,
                         sinter_engine engine, double *of_100)
{
    const unsigned size = sizes[k % SIZES];
    compile_work w = {.context = context, .options = {.engine = engine, .inputs = "x y"}};
    char *text = NULL;
    if (k < SIZES) {
        w.text = text = sn_bench_random_text(size, size, &w.length);
    } else {
        w.program = sn_bench_random_program(size, size);
        w.options.inputs = NULL;
    }
    const double ns = measure(options, &w, names[k], size, *of_100);
    if (k % SIZES == 0)
        *of_100 = ns;
    free(text);
    sinter_program_close(w.program);
    return ns > 0;
}

static bool measure_written(const bench_options *options, sinter_context *context, unsigned k, sinter_engine engine)
{
    compile_work w = {.context = context, .options = {.engine = engine}, .text = written[k].text, .length = strlen(written[k].text)};
    return measure(options, &w, written[k].name, 0, 0) > 0;
}

bool sn_bench_compile(const bench_options *options, sinter_context *context)
{
    bool good = true;
    sn_bench_head(options);
    sinter_engine engine;
    for (unsigned e = 0; (engine = sn_bench_engine(options, e)) != SINTER_ENGINE_AUTO; e++) {
        double of_100 = 0;
        for (unsigned k = 0; k < 2 * SIZES; k++) {
            if (k % SIZES == 0)
                of_100 = 0;
            if (sn_bench_wanted(options, names[k]))
                good &= measure_size(options, context, k, engine, &of_100);
        }
        for (unsigned k = 0; k < WRITTEN; k++)
            if (sn_bench_wanted(options, written[k].name))
                good &= measure_written(options, context, k, engine);
    }
    return good;
}

/* ---- families ---- */

enum { FORMS = 4, MOST_FAMILIES = 100, MOST_NAME = 64, MOST_SLOPES = 64 };
static const char *const forms[FORMS] = {"", "-slopes", "-compiled", "-compiled-slopes"};

/* Of tuples nothing says how long they are. */
static const struct { const char *name, *text; } tuples[] = {
    {"categorical", "categorical((0.2, 0.3, 0.5))"}, {"dirichlet", "dirichlet((1, 2, 3))"}, {"multi_normal_cholesky", "multi_normal_cholesky((0, 1), (1, 0.5, 1))"}};

static const char *text_of_family(const char *name)
{
    for (size_t k = 0; k < sizeof tuples / sizeof *tuples; k++)
        if (!strcmp(tuples[k].name, name))
            return tuples[k].text;
    return name; /* arguments that are left out are live parameters */
}

/* The family of that number among those that are no other name of one. */
static bool find_family(unsigned k, lang_family_entry *family)
{
    for (uint32_t i = 0; sn_lang_family(i, family); i++)
        if (!family->same_as && k-- == 0)
            return true;
    return false;
}

const char *sn_family_row_name(unsigned k)
{
    static char rows[FORMS * MOST_FAMILIES][MOST_NAME];
    lang_family_entry family;
    if (k >= FORMS * MOST_FAMILIES || !find_family(k / FORMS, &family))
        return NULL;
    snprintf(rows[k], MOST_NAME, "%s%s", family.name, forms[k % FORMS]);
    return rows[k];
}

static bool measure_family(const bench_options *options, sinter_context *context, const char *text, unsigned form, const char *row)
{
    sinter_report report;
    sinter_density *density;
    const sinter_status status = sinter_density_open(context, text, strlen(text), NULL, &density, &report);
    if (status) {
        sn_bench_say_report(row, options->engine, status, &report);
        return false;
    }
    const sinter_density_info info = sinter_density_describe(density);
    const char *by[MOST_SLOPES];
    uint32_t count = 0;
    for (; form % 2 && count < info.parameter_count && count < MOST_SLOPES; count++)
        by[count] = info.parameters[count].name;
    compile_work w = {.context = context, .text = text, .length = strlen(text), .first = true, .anew = form >= 2,
                      .options = {.engine = sn_bench_engine(options, 0), .source = SINTER_DENSITY, .gradient = by, .gradient_count = count,
                                  .gradient_mode = SINTER_GRADIENT_REVERSE}};
    const bool good = measure(options, &w, row, 0, 0) > 0;
    sinter_density_close(density);
    return good;
}

bool sn_bench_families(const bench_options *options, sinter_context *context)
{
    bool good = true;
    const char *row;
    lang_family_entry family;
    sn_bench_head(options);
    for (unsigned k = 0; (row = sn_family_row_name(k)); k++)
        if (sn_bench_wanted(options, row) && find_family(k / FORMS, &family))
            good &= measure_family(options, context, text_of_family(family.name), k % FORMS, row);
    return good;
}
