/* Every allocation made to fail: the n-th request is refused, for n = 1, 2, … until a run makes fewer; once
 * alone, once with all that follow. Each time the call says SINTER_NO_MEMORY (or got along without), the
 * report says so, every block comes back with the size that it was asked for with, and the same context then
 * does the same work.
 *
 * A hostile build asks the allocator for every single piece of an arena, so that each of them is refused
 * here. */
#include "repetitions.h"

#include <sinter/sinter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEAD = 32, ELEMENTS = 40, LONG_TEXT = 60000, MOST_REFUSALS = 20000 };

/* ---- an allocator that counts and refuses ---- */

typedef struct ledger {
    size_t blocks, bytes;
    uint32_t requests, refuse_at; /* 0: never */
    bool on_and_on;               /* and all that follow */
    uint32_t refused;
    bool wrong_size;
} ledger;

typedef struct head {
    size_t size;
    uint64_t mark;
} head;

enum { MARK = 0x51A7E2 };

static void *count_allocate(void *context, size_t size)
{
    ledger *l = context;
    l->requests++;
    if (l->refuse_at && (l->requests == l->refuse_at || (l->on_and_on && l->requests > l->refuse_at))) {
        l->refused++;
        return NULL;
    }
    uint8_t *block = size ? malloc(HEAD + size) : NULL;
    if (!block)
        return NULL;
    *(head *)(void *)block = (head){size, MARK};
    memset(block + HEAD, 0xD5, size);
    l->blocks++;
    l->bytes += size;
    return block + HEAD;
}

static void count_release(void *context, void *block, size_t size)
{
    ledger *l = context;
    head *h = (head *)(void *)((uint8_t *)block - HEAD);
    if (h->mark != MARK || h->size != size)
        l->wrong_size = true;
    l->blocks--;
    l->bytes -= size;
    h->mark = 0;
    free(h);
}

static void refuse(ledger *l, uint32_t at, bool on_and_on)
{
    l->requests = l->refused = 0;
    l->refuse_at = at;
    l->on_and_on = on_and_on;
}

/* ---- what is tried ---- */

typedef struct attempt {
    ledger *ledger;
    sinter_allocator allocator;
    sinter_context *context;
    sinter_report report;
    uint32_t results[8 * ELEMENTS]; /* of a success */
    size_t result_count;
    const void *detail; /* which of the kind */
    char text[LONG_TEXT];
    sinter_kernel *kept;
} attempt;

typedef sinter_status (*deed)(attempt *a);

static void keep(attempt *a, const void *bytes, size_t size)
{
    assert_true(a->result_count + (size + 3) / 4 <= sizeof a->results / 4);
    memcpy(a->results + a->result_count, bytes, size);
    a->result_count += (size + 3) / 4;
}

/* Runs a kernel on what suits its declaration, through an instance. */
static sinter_status run(attempt *a, const sinter_kernel *kernel)
{
    static double inputs[4][ELEMENTS]; /* wide enough for any type */
    static double outputs[4][ELEMENTS];
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    assert_true(info.input_count <= 4 && info.output_count <= 4 && info.total_count <= 4);
    for (unsigned k = 0; k < 4; k++)
        for (unsigned i = 0; i < ELEMENTS; i++) {
            const double value = 0.37 * i - 3.0 * k + 0.25;
            if (k < info.input_count && info.inputs[k].type == SINTER_F64)
                inputs[k][i] = value;
            else
                ((float *)inputs[k])[i] = (float)value;
        }
    sinter_instance *instance;
    sinter_status status = sinter_instance_open(kernel, &instance);
    if (status) {
        assert_null(instance);
        return status;
    }
    sinter_migration *migration;
    status = sinter_migration_open(kernel, kernel, &migration);
    sinter_migration_close(migration);
    if (status) {
        assert_null(migration);
        sinter_instance_close(instance);
        return status;
    }
    double totals[4] = {0};
    if (info.grid) {
        const sinter_grid grid = {.width = 8,
                                  .height = 5,
                                  .x0 = -1,
                                  .y0 = -1,
                                  .x1 = 1,
                                  .y1 = 1,
                                  .row_count = 5,
                                  .outputs = (void *[]){outputs[0], outputs[1], outputs[2], outputs[3]}};
        status = sinter_instance_run_grid(instance, &grid);
    } else {
        static const float bound[3] = {1, 2, 3};
        status = sinter_instance_run(
            instance,
            &(sinter_arguments){.inputs = (const void *[]){inputs[0], inputs[1], inputs[2], inputs[3]},
                                .outputs = (void *[]){outputs[0], outputs[1], outputs[2], outputs[3]},
                                .count = ELEMENTS,
                                .totals = totals,
                                .tables = (const void *[]){bound},
                                .table_lengths = (uint32_t[]){3}});
    }
    sinter_instance_close(instance);
    assert_int_equal(status, SINTER_OK);
    for (unsigned k = 0; k < info.output_count; k++)
        keep(a, outputs[k], ELEMENTS * (info.outputs[k].type == SINTER_F64 ? 8u : 4u));
    keep(a, totals, info.total_count * sizeof *totals);
    return status;
}

typedef struct text_case {
    const char *name, *text;
    sinter_options options;
} text_case;

static sinter_status compile_text(attempt *a, const char *text, const sinter_options *options)
{
    sinter_kernel *kernel;
    sinter_status status = sinter_compile(a->context, text, strlen(text), options, &kernel, &a->report);
    if (status) {
        assert_null(kernel);
        return status;
    }
    assert_int_equal(a->report.count, 0);
    status = run(a, kernel);
    if (status == SINTER_NO_MEMORY) { /* an instance has no report */
        a->report.count = 1;
        a->report.errors[0].status = status;
        strcpy(a->report.errors[0].message, "out of memory");
    }
    sinter_kernel_close(kernel);
    return status;
}

static sinter_status compile(attempt *a)
{
    const text_case *c = a->detail;
    return compile_text(a, c->text, &c->options);
}

static sinter_status compile_long(attempt *a)
{
    return compile_text(a, a->text, a->detail);
}

/* ---- the driver ---- */

static void check_refusal(const attempt *a, sinter_status status, const char *what, uint32_t n)
{
    if (status == SINTER_OK)
        return;
    if (status != SINTER_NO_MEMORY || a->ledger->refused == 0)
        fail_msg("%s, refused %u: %s: %s", what, (unsigned)n, sinter_status_name(status),
                 a->report.count ? a->report.errors[0].message : "");
    if (a->report.count < 1 || a->report.errors[0].status != SINTER_NO_MEMORY
        || !strstr(a->report.errors[0].message, "memory"))
        fail_msg("%s, refused %u: the report says \"%s\"", what, (unsigned)n,
                 a->report.count ? a->report.errors[0].message : "nothing");
}

static void open_context(attempt *a, const sinter_context_options *given)
{
    sinter_context_options options = {.code_memory = 1 << 20};
    if (given)
        options = *given;
    options.allocator = a->allocator;
    assert_int_equal(sinter_open(&options, &a->context), SINTER_OK);
}

static void close_context(attempt *a, const char *what)
{
    sinter_close(a->context);
    a->context = NULL;
    if (a->ledger->blocks || a->ledger->bytes || a->ledger->wrong_size)
        fail_msg("%s: %zu blocks, %zu bytes left%s", what, a->ledger->blocks, a->ledger->bytes,
                 a->ledger->wrong_size ? ", and sizes differ" : "");
}

static sinter_status attempt_once(attempt *a, deed d)
{
    a->result_count = 0;
    return d(a);
}

/* One refusal at each place, in a context that is cold or has done the work once before. Returns how many
 * places there are. Of a share every second place, say, and the others the next time: each way of refusing comes to all
 * kinds of places. */
static uint32_t refuse_each(attempt *a, deed d, const char *what, const sinter_context_options *options,
                            bool warm, bool on_and_on)
{
    static uint32_t turn;
    const uint32_t step = (uint32_t)test_share();
    uint32_t n = 1 + turn++ % step;
    for (; n < MOST_REFUSALS; n += step) {
        open_context(a, options);
        if (warm)
            assert_int_equal(attempt_once(a, d), SINTER_OK);
        refuse(a->ledger, n, on_and_on);
        const sinter_status status = attempt_once(a, d);
        const uint32_t refused = a->ledger->refused;
        check_refusal(a, status, what, n);
        refuse(a->ledger, 0, false);
        static uint32_t results[sizeof a->results / 4];
        const size_t count = a->result_count;
        if (!status)
            memcpy(results, a->results, sizeof results);
        if (attempt_once(a, d) != SINTER_OK)
            fail_msg("%s: after refusal %u the context does not work: %s", what, (unsigned)n,
                     a->report.errors[0].message);
        if (!status && (count != a->result_count || memcmp(results, a->results, 4 * count)))
            fail_msg("%s: with refusal %u the result is another", what, (unsigned)n);
        close_context(a, what);
        if (!refused)
            break;
        if (on_and_on && status == SINTER_OK && !warm)
            fail_msg("%s: request %u was refused, with all that follow, and not missed", what, (unsigned)n);
    }
    assert_true(n < MOST_REFUSALS);
    return n - 1;
}

static void refuse_all_ways(attempt *a, deed d, const char *what, const sinter_context_options *options)
{
    uint32_t most = 0;
    for (unsigned way = 0; way < 4; way++) {
        const uint32_t places = refuse_each(a, d, what, options, way & 1, way & 2);
        most = places > most ? places : most;
    }
    assert_true(most > 0);
}

static void open_attempt(attempt *a, ledger *l, const void *detail)
{
    memset(l, 0, sizeof *l);
    memset(a, 0, sizeof *a);
    a->ledger = l;
    a->allocator = (sinter_allocator){count_allocate, count_release, l};
    a->detail = detail;
}

/* ---- texts ---- */

static const char *const fixed_names[] = {"gain"};
static const double fixed_values[] = {0.75};

static const char *const point[] = {"x", "y"}, *const gains[] = {"gain", "a"};

static const text_case texts[] = {
    {"gain", "x*0.8", {0}},
    {"interpreter", "x*0.8 + sin(y)", {.engine = SINTER_ENGINE_INTERP}},
    {"scalar", "x*0.8 + exp(y)", {.engine = SINTER_ENGINE_SCALAR}},
    {"avx2", "sqrt(x*x + y*y) - sin(x)", {.engine = SINTER_ENGINE_AVX2}},
    {"avx512", "sqrt(x*x + y*y) - sin(x)", {.engine = SINTER_ENGINE_AVX512}},
    {"marks", "sin(x)*exp(y)", {.marks = true, .function = true}},
    {"fast", "log(x) + cos(x*pi)", {.grade = SINTER_GRADE_FAST}},
    {"f64", "sin(x) + log(abs(y))", {.type = SINTER_F64}},
    {"library", "complex_exp(complex_sqrt(x, y))", {0}},
    {"functions",
     "fn f(a, b=2) = a^b + table_[i32(a)]\ntable table_ = [1, 2, 3]\np = (x, y)\nf(p.x) + sum(i, 0, 9, "
     "p.y*i)",
     {0}},
    {"parameters",
     "param gain = 0.5 in 0..1 \"dB\"\nparam drive = 2 in 0.1..10 log\nx*gain + exp(drive)*y",
     {0}},
    {"smoothed",
     "input x\nparam gain = 0.5 in 0..1 smooth 0.1\nparam k = 0.1 in 0..1 glide 0.2\ny = x*gain + k*y'\ny",
     {.source = SINTER_PATCH, .marks = true}},
    {"smoothed, interpreted",
     "input x\nparam gain = 0.5 in 0..1 smooth 0.1\nparam k = 0.1 in 0..1 glide 0.2\ny = x*gain + k*y'\ny",
     {.source = SINTER_PATCH, .engine = SINTER_ENGINE_INTERP}},
    {"alike", "input x\nout sum(i, 1, 6, svf(x, 100*i).x)", {.source = SINTER_PATCH, .marks = true}},
    {"fixed",
     "param gain = 0.5 in 0..1\nparam drive = 2 in 0.1..10 log\nx*gain + exp(drive)*y",
     {.fixed_names = fixed_names, .fixed_values = fixed_values, .fixed_count = 1}},
    {"named passes",
     "(x*0.5 + 1)*2 - 0.5",
     {.passes = "identity,affine,fold,hoist,dce", .rewriting = SINTER_RELAXED}},
    {"inputs", "x*y + z", {.inputs = "z x y"}},
    {"density",
     "family f(a > 0, b:n in 0..1) on 0..inf {\n T = x\n eta = -a*b[0]\n A = -log(a*b[n - 1])\n mean = 1/a\n}\n"
     "alias g = f\nmixture((0.25, 0.75), truncated(exponential(2), 0, 9), g(1, (0.5, 0.25)))",
     {.source = SINTER_DENSITY}},
    {"grid", "sin(x*3)*cos(y*2) + t", {.domain = SINTER_GRID}},
    {"grid, interpreted", "sin(x*3)*cos(y*2) + t", {.domain = SINTER_GRID, .engine = SINTER_ENGINE_INTERP}},
    {"sum", "x*x*0.5 + 3", {.sum = true, .rewriting = SINTER_RELAXED}},
    {"sum of f64", "sqrt(x)", {.sum = true, .type = SINTER_F64}},
    {"patch, long lines", "input a\ny = a + 0.5*delay(y, 20000) + delay(a, 30000)\ny", {.source = SINTER_PATCH}},
    {"patch",
     "input a\nparam cutoff = 800 in 20..20000 log \"Hz\"\nk = exp(-cutoff/rate)\ny = a + k*(y' - a)\nd = "
     "delay(y, 700)\nout left = d + a\nout right = y",
     {.source = SINTER_PATCH}},
    {"patch, names handed on",
     "input a\nevent note = 1\nfn h(v:2, n: const) { w = v; delay(w, n) }\n(p, q) = (b, a)\nb = a + 0.5*h(p, c, 20).y + since(note)\nc = b*adsr_event(note)\nc",
     {.source = SINTER_PATCH}},
    {"patch, interpreted",
     "input a\ny = a + 0.5*y'\ncomb = y + 0.7*delay(comb, 30)\ncomb",
     {.source = SINTER_PATCH, .engine = SINTER_ENGINE_INTERP}},
    {"patch, strict",
     "input a\ny = a + 0.5*y'\ncomb = y + 0.7*delay(comb, 30)\ncomb",
     {.source = SINTER_PATCH, .rewriting = SINTER_STRICT}},
    {"gradient, forward",
     "x > 0 ? sqrt(x*y) : exp(x)",
     {.gradient = point, .gradient_count = 2, .gradient_mode = SINTER_GRADIENT_FORWARD}},
    {"gradient, reverse",
     "x > 0 ? sqrt(x*y) : exp(x)",
     {.gradient = point, .gradient_count = 2, .gradient_mode = SINTER_GRADIENT_REVERSE}},
    {"gradient of a sum", "x*x*y", {.sum = true, .gradient = point, .gradient_count = 2}},
    {"gradient through a line",
     "input a\nparam gain = 0.5 in 0..1\ny = a + gain*y'\ny",
     {.source = SINTER_PATCH, .gradient = gains, .gradient_count = 2}},
    {"vm",
     "_0 const 2.5\n_1 var-x\n_2 var-y\n_3 mul _1 _2\n_4 sqrt _3\n_5 max _4 _0\n",
     {.source = SINTER_VM}},
};

static void texts_compile_or_say_so(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        if (texts[k].options.engine && !sinter_engine_available(texts[k].options.engine, NULL))
            continue;
        ledger l;
        static attempt a;
        open_attempt(&a, &l, &texts[k]);
        refuse_all_ways(&a, compile, texts[k].name, NULL);
    }
}

/* Long enough for several chunks of every arena, a growing table of operations, spills and many constants. */
static void make_long_text(char *text, size_t size)
{
    size_t at = 0;
    for (int k = 0; k < 400 && at + 200 < size; k++)
        at += (size_t)snprintf(text + at, size - at, "v%d = x*%d.%02d + y*%s%d\n", k, k, k % 100,
                               k ? "v" : "", k ? k - 1 : 3);
    at += (size_t)snprintf(text + at, size - at, "v0");
    for (int k = 1; k < 400 && at + 200 < size; k++)
        at += (size_t)snprintf(text + at, size - at, " + %sv%d", k % 50 == 0 ? "sin(x*0.01) * " : "", k);
}

static void a_long_text_too(void **state)
{
    (void)state;
    const sinter_options options[] = {{0}, {.engine = SINTER_ENGINE_INTERP}, {.marks = true}};
    for (unsigned k = 0; k < 3; k++) {
        ledger l;
        static attempt a;
        open_attempt(&a, &l, &options[k]);
        make_long_text(a.text, sizeof a.text);
        refuse_each(&a, compile_long, "long text", NULL, false, false);
        if (k == 0)
            refuse_each(&a, compile_long, "long text", NULL, true, true);
    }
}

/* ---- errors in texts are errors of memory while there is none ---- */

static sinter_status compile_wrong(attempt *a)
{
    static const char text[] = "sin(\n1 +\nfoo(x) + bar\n)";
    sinter_kernel *kernel;
    const sinter_status status = sinter_compile(a->context, text, sizeof text - 1, NULL, &kernel, &a->report);
    assert_null(kernel);
    assert_true(status != SINTER_OK && a->report.count > 0);
    return status == SINTER_BAD_PROGRAM ? SINTER_OK : status;
}

static void wrong_texts_stay_wrong(void **state)
{
    (void)state;
    ledger l;
    static attempt a;
    open_attempt(&a, &l, NULL);
    refuse_each(&a, compile_wrong, "wrong text", NULL, false, false);
}

/* ---- programs built by calls ---- */

static sinter_program *build(const sinter_allocator *allocator)
{
    static float content[3000];
    for (int k = 0; k < 3000; k++)
        content[k] = (float)k * 0.25f;
    sinter_program *p = sinter_program_open(allocator);
    const sinter_value x = sinter_input(p, "x", SINTER_F32), y = sinter_input(p, "y", SINTER_F32);
    const sinter_value gain = sinter_parameter(p, "gain", SINTER_F32, 0.5, 0, 1);
    const uint32_t table = sinter_table(p, "table", SINTER_F32, content, 3000),
                   bound = sinter_bound_table(p, "bound", SINTER_F32);
    const uint32_t line = sinter_line(p, "line", SINTER_F32, 20);
    sinter_value sum = sinter_fma(p, x, gain, y);
    for (int k = 0; k < 300; k++)
        sum = sinter_add(p, sinter_mul(p, sum, sinter_f32(p, 1.0f / (float)(k + 2))),
                         sinter_load(p, table, sinter_i32(p, 7 * k)));
    sum = sinter_add(p, sum, sinter_load(p, bound, sinter_convert(p, x, SINTER_I32)));
    sum = sinter_add(p, sum, sinter_emit(p, SINTER_OP_SIN, y, 0, 0));
    sum = sinter_add(p, sum, sinter_read_varying(p, line, sinter_convert(p, y, SINTER_I32)));
    sinter_write(p, line, sinter_mul(p, sinter_read(p, line, 3), sum));
    sinter_output(p, "left", sum);
    sinter_output(p, "right", sinter_convert(p, sinter_index(p), SINTER_F32));
    sinter_total(p, "total", x);
    return p;
}

static sinter_status compile_built(attempt *a)
{
    const sinter_engine engine = *(const sinter_engine *)a->detail;
    sinter_program *p = build(&a->allocator);
    sinter_status status = p ? sinter_program_status(p, &a->report) : SINTER_NO_MEMORY;
    sinter_kernel *kernel = NULL;
    const sinter_status compiled =
        sinter_compile_program(a->context, p, &(sinter_options){.engine = engine}, &kernel, &a->report);
    if (!p) {
        assert_int_equal(compiled, SINTER_BAD_ARGUMENT);
        a->report.errors[0].status = SINTER_NO_MEMORY;
        strcpy(a->report.errors[0].message, "out of memory");
    } else if (status) {
        assert_int_equal(compiled, status);
    } else {
        status = compiled;
    }
    sinter_program_close(p);
    assert_true(!status == (kernel != NULL));
    if (kernel)
        status = run(a, kernel);
    if (status == SINTER_NO_MEMORY && kernel) {
        a->report.count = 1;
        a->report.errors[0].status = status;
        strcpy(a->report.errors[0].message, "out of memory");
    }
    sinter_kernel_close(kernel);
    return status;
}

static void built_programs_compile_or_say_so(void **state)
{
    (void)state;
    for (sinter_engine engine = SINTER_ENGINE_AUTO; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available(engine, NULL))
            continue;
        ledger l;
        static attempt a;
        open_attempt(&a, &l, &engine);
        refuse_all_ways(&a, compile_built, "built program", NULL);
    }
}

/* ---- contexts ---- */

static void contexts_open_or_say_so(void **state)
{
    (void)state;
    uint32_t n = 1;
    for (bool more = true; more; n++) {
        ledger l = {0};
        const sinter_context_options options = {.allocator = {count_allocate, count_release, &l},
                                                .code_memory = 1 << 20};
        sinter_context *context = (sinter_context *)(void *)&l;
        refuse(&l, n, true);
        const sinter_status status = sinter_open(&options, &context);
        more = l.refused > 0;
        assert_int_equal(status, more ? SINTER_NO_MEMORY : SINTER_OK);
        assert_true((context == NULL) == more);
        sinter_close(context);
        assert_int_equal(l.blocks, 0);
        assert_int_equal(l.bytes, 0);
        assert_false(l.wrong_size);
        assert_true(n < 100);
    }
    assert_true(n > 2);
}

/* ---- dumps ---- */

typedef struct dump_case {
    const char *text;
    sinter_options options;
    sinter_dump_options dump;
    sinter_dump_kind kind;
} dump_case;

static sinter_status dump(attempt *a)
{
    const dump_case *c = a->detail;
    char *text;
    size_t length;
    const sinter_status status = sinter_dump(a->context, c->text, strlen(c->text), &c->options, c->kind,
                                             &c->dump, &text, &length, &a->report);
    if (status) {
        assert_null(text);
        return status;
    }
    assert_int_equal(strlen(text), length);
    assert_true(length > 0);
    uint32_t hash = 0;
    for (size_t k = 0; k < length; k++)
        hash = hash * 31 + (uint8_t)text[k];
    keep(a, &hash, sizeof hash);
    sinter_dump_release(a->context, text, length);
    return status;
}

static void dumps_are_made_or_say_so(void **state)
{
    (void)state;
    static const char field[] = "param gain = 0.5 in 0..1\nsin(x)*gain + (y > 0 ? exp(x) : log(y))";
    static const char patch[] = "input a\ny = a + 0.5*y'\ncomb = sin(y) + 0.7*delay(comb, 30)\ncomb";
    static const char smoothed[] = "input a\nparam k = 0.5 glide 0.1\ny = a + k*y'\ny";
    static const char ir[] = "input x: f32\noutput y: f32\n%1 = input x\n%2 = sin %1\noutput y, %2\n";
    for (sinter_dump_kind kind = SINTER_DUMP_IR; kind <= SINTER_DUMP_DOT; kind++) {
        const dump_case cases[] = {
            {field, {0}, {0}, kind},
            {patch, {.source = SINTER_PATCH}, {0}, kind},
            {smoothed, {.source = SINTER_PATCH}, {0}, kind},
            {field,
             {.engine = SINTER_ENGINE_INTERP},
             {.passes = "expand,identity,fold,affine,hoist,dce"},
             kind},
            {ir, {0}, {.ir_text = true, .function_name = "f"}, kind},
        };
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            ledger l;
            static attempt a;
            open_attempt(&a, &l, &cases[k]);
            refuse_all_ways(&a, dump, cases[k].text, NULL);
        }
    }
}

/* ---- node types ---- */

static void emit_sum(void *user, sinter_program *p, const sinter_value *inputs, uint32_t input_count,
                     sinter_value *outputs, uint32_t output_count)
{
    (void)user;
    (void)input_count;
    outputs[0] = sinter_add(p, inputs[0], inputs[1]);
    for (uint32_t k = 1; k < output_count; k++)
        outputs[k] = sinter_mul(p, inputs[0], inputs[1]);
}

static sinter_status add_types(attempt *a)
{
    a->report.count = a->report.total = 0;
    for (int k = 0; k < 20; k++) {
        char name[20];
        snprintf(name, sizeof name, "node_%d", k);
        sinter_status status = sinter_add_node_type(
            a->context, &(sinter_node_type){.name = name, .inputs = 2, .outputs = 2, .emit = emit_sum});
        if (status == SINTER_BAD_ARGUMENT) /* is there since the last time */
            continue;
        if (status == SINTER_NO_MEMORY) {
            a->report.count = 1;
            a->report.errors[0].status = status;
            strcpy(a->report.errors[0].message, "out of memory");
            return status;
        }
        assert_int_equal(status, SINTER_OK);
    }
    return compile_text(a, "a = node_3(x, y)\na.x + node_19(a.x, a.y).y", NULL);
}

static void node_types_are_kept_or_refused(void **state)
{
    (void)state;
    ledger l;
    static attempt a;
    open_attempt(&a, &l, NULL);
    refuse_each(&a, add_types, "node types", NULL, false, false);
    refuse_each(&a, add_types, "node types", NULL, false, true);
}

/* ---- where there is no code memory, or too little ---- */

static sinter_status compile_fallback(attempt *a)
{
    const text_case *c = a->detail;
    sinter_kernel *kernel;
    sinter_status status =
        sinter_compile(a->context, c->text, strlen(c->text), &c->options, &kernel, &a->report);
    if (status)
        return status;
    assert_int_equal(sinter_kernel_describe(kernel).engine, SINTER_ENGINE_INTERP);
    status = run(a, kernel);
    if (status) {
        a->report.count = 1;
        a->report.errors[0].status = status;
        strcpy(a->report.errors[0].message, "out of memory");
    }
    sinter_kernel_close(kernel);
    return status;
}

static void the_interpreter_serves_or_says_so(void **state)
{
    (void)state;
    ledger l;
    static attempt a;
    static const text_case c = {
        "fallback",
        "sin(x)*exp(y) + log(x)*cos(y) + x^7 + sin(exp(x*y)) + cos(exp(x/y)) + log(sin(x) + 2)",
        {0}};
    const sinter_context_options refused = {.refuse = 1 | 2}, tiny = {.code_memory = 4096};
    open_attempt(&a, &l, &c);
    refuse_all_ways(&a, compile_fallback, "code memory refused", &refused);
    open_attempt(&a, &l, &c);
    refuse_all_ways(&a, compile_fallback, "code memory full", &tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_open_or_say_so),
        cmocka_unit_test(texts_compile_or_say_so),
        cmocka_unit_test(a_long_text_too),
        cmocka_unit_test(wrong_texts_stay_wrong),
        cmocka_unit_test(built_programs_compile_or_say_so),
        cmocka_unit_test(dumps_are_made_or_say_so),
        cmocka_unit_test(node_types_are_kept_or_refused),
        cmocka_unit_test(the_interpreter_serves_or_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
