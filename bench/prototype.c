/* What a gain costs, in the ways in which earlier prototypes of this idea were judged: a loop that the C
 * compiler vectorised, blocks through a pointer, a call for each sample (outside function, compiled
 * function), a program that reads the time and one that does not, machine code of one lane, vectors. 44,100
 * samples; every row runs in turns with the fastest of the plain C loops on this machine, so that a ratio of
 * 1 means "as fast as the best that a C compiler makes of it", and a ratio of 20 beside a call for each
 * sample means what it says: that calls are dear, not that vectors are twenty times as wide. */
#include "bench.h"

#include "plain_loops.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 44100, BLOCK = 64 };
static const float gain = 0.8f;
static const char gain_text[] = "x*0.8";
static const char patch_text[] = "input x\nx*0.8";
static const char timed_patch_text[] = "input x\nx*0.8 + f32(time)*0.001";

static const char *const names[] = {
    "c-loop",
    "c-loop-avx2",
    "c-loop-avx512",
    "c-block-64",
    "c-call-per-sample",
    "function-per-sample",
    "block-64",
    "block",
    "block-without-time",
    "block-with-time",
};

const char *sn_prototype_name(unsigned k)
{
    const unsigned count = sizeof names / sizeof *names;
    unsigned fields = 0;
    while (sn_prototype_field_name(fields))
        fields++;
    if (k < count)
        return names[k];
    return k < count + fields ? sn_prototype_field_name(k - count) : sn_prototype_density_name(k - count - fields);
}

typedef struct setting {
    const bench_options *options;
    sinter_context *context;
    bench_buffers buffers;
    const float *in;
    float *out;
    plain_loop best; /* of the plain loops */
    char best_name[64];
    double rate;
} setting;

/* One way of doing it. */
typedef struct way {
    setting *s;
    plain_loop loop;
    float (*function)(float);
    sinter_kernel *kernel;
    sinter_instance *instance;
    int64_t block;
} way;

/* ---- the ways ---- */

static void run_loop(void *context, int64_t calls)
{
    const way *w = context;
    for (; calls > 0; calls--)
        w->loop(w->s->in, w->s->out, SAMPLES, gain);
}

static void run_loop_in_blocks(void *context, int64_t calls)
{
    const way *w = context;
    for (; calls > 0; calls--)
        for (int64_t i = 0; i < SAMPLES; i += w->block)
            w->loop(w->s->in + i, w->s->out + i, SAMPLES - i < w->block ? SAMPLES - i : w->block, gain);
}

static void run_calls(void *context, int64_t calls)
{
    const way *w = context;
    for (; calls > 0; calls--)
        sn_plain_calls(sn_plain_gain, w->s->in, w->s->out, SAMPLES, gain);
}

static void run_function(void *context, int64_t calls)
{
    const way *w = context;
    for (; calls > 0; calls--)
        sn_plain_function_calls(w->function, w->s->in, w->s->out, SAMPLES);
}

static void run_kernel_in_blocks(void *context, int64_t calls)
{
    const way *w = context;
    for (; calls > 0; calls--)
        for (int64_t i = 0; i < SAMPLES; i += w->block) {
            const void *inputs[1] = {w->s->in + i};
            void *outputs[1] = {w->s->out + i};
            const int64_t count = SAMPLES - i < w->block ? SAMPLES - i : w->block;
            const sinter_arguments arguments = {.inputs = inputs, .outputs = outputs, .count = count};
            if (w->instance)
                sinter_instance_run(w->instance, &arguments);
            else
                sinter_run(w->kernel, &arguments);
        }
}

/* ---- checking and showing ---- */

static bool is_right(const setting *s, double slope, const char *name)
{
    for (int64_t i = 0; i < SAMPLES; i++) {
        const double wanted = (double)(s->in[i] * gain) + slope * (double)i;
        const double bound = slope > 0 ? 1e-6 : 0;
        if (!(fabs((double)s->out[i] - wanted) <= bound)) {
            sn_bench_say("%s is wrong at sample %lld: %.9g instead of %.9g; not timed", name, (long long)i,
                         (double)s->out[i], wanted);
            return false;
        }
    }
    return true;
}

static bool show(way *w, void (*run)(void *, int64_t), double slope, bench_row row)
{
    setting *s = w->s;
    way best = {.s = s, .loop = s->best};
    sn_bench_progress(row.workload, row.engine);
    memset(s->out, 0, SAMPLES * sizeof(float));
    run(w, 1);
    if (!is_right(s, slope, row.workload))
        return false;
    const bench_pair pair =
        sn_bench_alternate((bench_work){run, w}, (bench_work){run_loop, &best}, s->options);
    row.n = SAMPLES;
    row.ns = pair.ns / SAMPLES;
    row.limit = s->best_name;
    row.limit_ns = pair.other_ns / SAMPLES;
    row.ratio = pair.ratio;
    sn_bench_show(s->options, &row);
    return true;
}

static bool show_plain(setting *s, const char *name, plain_loop loop, void (*run)(void *, int64_t),
                       int64_t block)
{
    way w = {.s = s, .loop = loop, .block = block};
    if (!loop || !sn_bench_wanted(s->options, name))
        return true;
    return show(&w, run, 0, (bench_row){.workload = name, .engine = "c", .compile_us = -1, .ops = -1});
}

/* ---- compiled ways ---- */

static double compile_us(const setting *s, const char *text, sinter_options options)
{
    workload_setting w = {.source = (char *)(uintptr_t)text, .length = strlen(text), .options = options};
    return sn_workload_compile_us(&w, s->context, options.engine, s->options);
}

static bool open_way(way *w, const char *text, const sinter_options *options, const char *name)
{
    sinter_report report;
    const sinter_status status =
        sinter_compile(w->s->context, text, strlen(text), options, &w->kernel, &report);
    if (status) {
        sn_bench_say_report(name, options->engine, status, &report);
        return false;
    }
    if (options->source != SINTER_PATCH)
        return true;
    if (sinter_instance_open(w->kernel, &w->instance)) {
        sn_bench_say("%s: no instance", name);
        return false;
    }
    const int rate = sinter_parameter_number(w->kernel, "rate");
    w->s->rate = rate < 0 ? 0 : sinter_get(w->instance, rate);
    return true;
}

static bool show_compiled(setting *s, const char *name, const char *text, sinter_options options,
                          int64_t block)
{
    way w = {.s = s, .block = block};
    const char *reason = NULL;
    if (!sn_bench_wanted(s->options, name))
        return true;
    if (!sinter_engine_available(options.engine, &reason)) {
        sn_bench_say("%s: %s cannot run here: %s", name, sinter_engine_name(options.engine),
                     reason ? reason : "no reason given");
        return true;
    }
    bool good = open_way(&w, text, &options, name);
    if (good) {
        const sinter_kernel_info info = sinter_kernel_describe(w.kernel);
        const double slope = text == timed_patch_text && s->rate > 0 ? 0.001 / s->rate : 0;
        good = show(&w, run_kernel_in_blocks, slope,
                    (bench_row){
                        .workload = name,
                        .engine = sinter_engine_name(info.engine),
                        .compile_us = compile_us(s, text, options),
                        .ops = info.operations,
                    });
    }
    sinter_instance_close(w.instance);
    sinter_kernel_close(w.kernel);
    return good;
}

static bool show_function(setting *s, const char *name, sinter_options options)
{
    way w = {.s = s};
    const char *reason = "";
    if (!sn_bench_wanted(s->options, name))
        return true;
    bool good = open_way(&w, gain_text, &options, name);
    if (good) {
        const sinter_kernel_info info = sinter_kernel_describe(w.kernel);
        w.function = (float (*)(float))sinter_kernel_function(w.kernel, &reason);
        if (w.function)
            good = show(&w, run_function, 0,
                        (bench_row){
                            .workload = name,
                            .engine = sinter_engine_name(info.engine),
                            .compile_us = compile_us(s, gain_text, options),
                            .ops = info.operations,
                        });
        else
            sn_bench_say("%s: there is no function for one sample: %s", name, reason);
    }
    sinter_kernel_close(w.kernel);
    return good;
}

/* ---- the table ---- */

static void find_best_loop(setting *s)
{
    const struct {
        const char *name;
        plain_loop loop;
    } loops[] = {
        {"plain", sn_plain_loop()},
        {"AVX2", sn_plain_loop_avx2()},
        {"AVX-512", sn_plain_loop_avx512()},
    };
    double best = INFINITY;
    for (size_t k = 0; k < sizeof loops / sizeof *loops; k++) {
        way w = {.s = s, .loop = loops[k].loop};
        const double ns = w.loop ? sn_bench_alone((bench_work){run_loop, &w}, s->options) : INFINITY;
        if (ns < best) {
            best = ns;
            s->best = w.loop;
            snprintf(s->best_name, sizeof s->best_name, "best C loop (%s)", loops[k].name);
        }
    }
}

static bool show_all(setting *s)
{
    static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2,
                                            SINTER_ENGINE_AVX512};
    const sinter_engine widest = sn_bench_engine(s->options, 0);
    const sinter_options field = {.engine = widest, .rewriting = SINTER_STRICT};
    sinter_options patch = {.engine = widest, .source = SINTER_PATCH, .rewriting = SINTER_STRICT};
    bool good = show_plain(s, "c-loop", sn_plain_loop(), run_loop, 0);
    good &= show_plain(s, "c-loop-avx2", sn_plain_loop_avx2(), run_loop, 0);
    good &= show_plain(s, "c-loop-avx512", sn_plain_loop_avx512(), run_loop, 0);
    good &= show_plain(s, "c-block-64", s->best, run_loop_in_blocks, BLOCK);
    good &= show_plain(s, "c-call-per-sample", s->best, run_calls, 0);
    good &= show_function(s, "function-per-sample", field);
    good &= show_compiled(s, "block-64", gain_text, field, BLOCK);
    for (size_t k = 0; k < sizeof engines / sizeof *engines; k++) {
        const sinter_options options = {.engine = engines[k], .rewriting = SINTER_STRICT};
        if (s->options->engine == SINTER_ENGINE_AUTO || s->options->engine == engines[k])
            good &= show_compiled(s, "block", gain_text, options, SAMPLES);
    }
    good &= show_compiled(s, "block-without-time", patch_text, patch, SAMPLES);
    good &= show_compiled(s, "block-with-time", timed_patch_text, patch, SAMPLES);
    return good;
}

bool sn_bench_prototype(const bench_options *options, sinter_context *context)
{
    setting s = {.options = options, .context = context};
    if (!sn_bench_buffers_open(&s.buffers, SAMPLES * sizeof(float))) {
        sn_bench_say("no memory");
        return false;
    }
    float *in = s.buffers.at[0];
    for (int i = 0; i < SAMPLES; i++)
        in[i] = sinf((float)i * 0.0627f);
    s.in = in;
    s.out = s.buffers.at[1];
    sn_bench_progress("c-loop", "which is best");
    find_best_loop(&s);
    sn_bench_head(options);
    bool good = show_all(&s);
    sn_bench_buffers_close(&s.buffers);
    good &= sn_bench_prototype_fields(options, context);
    good &= sn_bench_prototype_densities(options, context);
    return good;
}
