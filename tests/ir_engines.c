/* The runs of tests/ir. The reference takes a program one element at a time, in the order of its operations,
 * each value by sn_ir_evaluate. A line is the plain list of all values it was given; nothing is planned,
 * hoisted or cut. Then every engine of this machine runs the same program, in one call and in small ones, and
 * must give the same. */
#include "ir_engines.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

#include "kernel/kernels.h"
#include "opt/opt.h"

enum { MOST_ELEMENTS = 4096, TICK = 64 };

/* A test file that asks for what cannot be done ends the test. */
#define REQUIRE(condition, ...) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s: ", #condition); \
            fprintf(stderr, __VA_ARGS__); \
            fputs("\n", stderr); \
            abort(); \
        } \
    } while (0)

typedef struct run {
    const ir_program *p;
    arena *memory;
    uint32_t count;
    uint64_t **inputs, **outputs,
        **content; /* bits; content: of tables, bound tables, cells, and all values of lines */
    uint32_t *lengths;
    uint64_t *params, *values;
    uint64_t (*partial)[64];
} run;

/* ---- what is given ---- */

static uint64_t sign_extended(int16_t value)
{
    const int32_t whole = value;
    uint32_t bits;
    memcpy(&bits, &whole, sizeof bits);
    return bits;
}

static uint64_t element_of(const ir_memory *m, uint32_t i)
{
    const char *at = (const char *)m->content + (size_t)i * sn_ir_type_size(m->type);
    uint64_t wide = 0;
    int16_t small;
    if (m->type == IR_I16) {
        memcpy(&small, at, sizeof small);
        return sign_extended(small);
    }
    memcpy(&wide, at, sn_ir_type_size(m->type));
    return wide;
}

static uint64_t *elements_of(arena *memory, const ir_memory *m)
{
    uint64_t *bits = sn_arena_take(memory, m->length * sizeof *bits);
    REQUIRE(bits, "no memory");
    for (uint32_t i = 0; i < m->length; i++)
        bits[i] = element_of(m, i);
    return bits;
}

/* The `; with name: type = […]` comments, read as what they look like: a program of tables. */
static void read_given(ir_program *given, arena *memory, const char *comments, size_t length, uint32_t *count)
{
    text source;
    sinter_report report;
    sn_text_open(&source, memory);
    for (const char *at = comments, *end = comments + length; at < end;) {
        const size_t line = strcspn(at, "\n") + 1;
        if (!strncmp(at, "; with ", 7)) {
            sn_text_add(&source, "table ");
            sn_text_add_bytes(&source, at + 7, line - 7);
        } else if (!strncmp(at, "; count ", 8)) {
            *count = (uint32_t)strtoul(at + 8, NULL, 10);
        }
        at += line;
    }
    sn_ir_open(given, memory, 0);
    REQUIRE(sn_ir_parse(given, source.start, source.length, &report) == SINTER_OK, "%s: %s",
            report.errors[0].excerpt, report.errors[0].message);
}

static const ir_memory *find_given(const ir_program *given, const char *name)
{
    for (uint32_t k = 0; k < given->memory_count; k++)
        if (!strcmp(given->memories[k].name, name))
            return &given->memories[k];
    return NULL;
}

static void take_inputs(run *r, const ir_program *given)
{
    const ir_program *p = r->p;
    for (uint32_t k = 0; k < p->input_count; k++) {
        const ir_memory *m = find_given(given, p->inputs[k].name);
        REQUIRE(m && m->type == p->inputs[k].type && (!r->count || r->count == m->length), "input %s",
                p->inputs[k].name);
        r->count = m->length;
        r->inputs[k] = elements_of(r->memory, m);
    }
    REQUIRE(r->count > 0 && r->count <= MOST_ELEMENTS, "how many elements?");
}

static uint64_t bits_of_number(unsigned type, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return type == IR_F64 ? bits : sn_ir_evaluate(IR_CVT, type, IR_F64, bits, 0, 0);
}

static void take_params(run *r, const ir_program *given)
{
    for (uint32_t k = 0; k < r->p->param_count; k++) {
        const ir_param *param = &r->p->params[k];
        const ir_memory *m = find_given(given, param->name);
        REQUIRE(!m || m->type == param->type, "param %s", param->name);
        r->params[k] = m ? element_of(m, 0) : bits_of_number(param->type, param->initial);
    }
}

static void take_memories(run *r, const ir_program *given)
{
    const ir_program *p = r->p;
    for (uint32_t k = 0; k < p->memory_count; k++) {
        const ir_memory *m = &p->memories[k];
        r->lengths[k] = m->length;
        if (m->kind == IR_BOUND) {
            m = find_given(given, m->name);
            REQUIRE(m, "a bound table is not given");
            r->lengths[k] = m->length;
        }
        if (m->kind == IR_TABLE) {
            r->content[k] = elements_of(r->memory, m);
            continue;
        }
        /* A line's past is that many zeros. */
        const uint32_t room = m->length + (m->kind == IR_LINE ? r->count : 0);
        r->content[k] = sn_arena_take_zeroed(r->memory, room * sizeof **r->content);
        REQUIRE(r->content[k], "no memory");
    }
}

static void *list(run *r, uint32_t count, size_t size)
{
    void *made = sn_arena_take_zeroed(r->memory, count * size);
    REQUIRE(made, "no memory");
    return made;
}

static void open_run(run *r, const ir_program *p, arena *memory, const char *comments, size_t length)
{
    ir_program given;
    *r = (run){.p = p, .memory = memory};
    read_given(&given, memory, comments, length, &r->count);
    r->inputs = list(r, p->input_count, sizeof *r->inputs);
    r->outputs = list(r, p->output_count, sizeof *r->outputs);
    r->content = list(r, p->memory_count, sizeof *r->content);
    r->lengths = list(r, p->memory_count, sizeof *r->lengths);
    r->params = list(r, p->param_count, sizeof *r->params);
    r->values = list(r, p->count, sizeof *r->values);
    r->partial = list(r, p->total_count, sizeof *r->partial);
    take_inputs(r, &given);
    take_params(r, &given);
    take_memories(r, &given);
    for (uint32_t k = 0; k < p->output_count; k++)
        r->outputs[k] = list(r, r->count, sizeof **r->outputs);
}

/* ---- the run ---- */

static uint64_t clamped(uint64_t bits, uint32_t low, uint32_t high)
{
    const int64_t i = (int32_t)(uint32_t)bits;
    return i < low ? low : i > high ? high : (uint64_t)i;
}

static uint64_t value_of(const run *r, const ir_op *op, uint32_t n)
{
    const ir_program *p = r->p;
    const ir_memory *m = NULL;
    const uint64_t a = r->values[op->a < p->count ? op->a : 0];
    switch ((int)op->code) {
    case IR_CONST: return op->a | (uint64_t)op->b << 32;
    case IR_INPUT: return r->inputs[op->a][n];
    case IR_PARAM: return r->params[op->a];
    case IR_INDEX: return bits_of_number(IR_F64, n);
    case IR_LENGTH: return r->lengths[op->a];
    case IR_LOAD:
        REQUIRE((uint32_t)a < r->lengths[op->b], "element %d", (int)a);
        return r->content[op->b][(uint32_t)a];
    case IR_READ: m = &p->memories[op->a]; return r->content[op->a][m->length + n - op->b];
    case IR_READV:
        m = &p->memories[op->b];
        return r->content[op->b][m->length + n - clamped(a, m->shortest ? m->shortest : 1, m->length)];
    default: break;
    }
    const ir_info *info = &sn_ir_info[op->code];
    REQUIRE(info->kind == IR_KIND_PURE, "%s", info->name);
    const ir_type operand = p->ops[info->rule == IR_RULE_CHOOSE ? op->b : op->a].type;
    return sn_ir_evaluate(op->code, op->type, operand, a, info->operands > 1 ? r->values[op->b] : 0,
                          info->operands > 2 ? r->values[op->c] : 0);
}

/* What a table of small elements keeps of an i32. */
static uint64_t narrowed(unsigned type, uint64_t bits)
{
    return type == IR_U8 ? (uint8_t)bits : type == IR_I16 ? sign_extended((int16_t)(uint16_t)bits) : bits;
}

static void add_to_total(run *r, const ir_op *op, uint32_t n)
{
    const ir_type type = r->p->ops[op->a].type;
    uint64_t *partial = &r->partial[op->b][n % (type == IR_F32 ? 64 : 32)];
    *partial = sn_ir_evaluate(IR_ADD, type, type, *partial, r->values[op->a], 0);
}

static void take_effect(run *r, const ir_op *op, uint32_t n)
{
    const ir_program *p = r->p;
    switch ((int)op->code) {
    case IR_WRITE: r->content[op->b][p->memories[op->b].length + n] = r->values[op->a]; break;
    case IR_STORE:
        REQUIRE((uint32_t)r->values[op->a] < r->lengths[op->c], "element %d", (int)r->values[op->a]);
        r->content[op->c][(uint32_t)r->values[op->a]] = narrowed(p->memories[op->c].type, r->values[op->b]);
        break;
    case IR_OUTPUT: r->outputs[op->b][n] = r->values[op->a]; break;
    case IR_SUM: add_to_total(r, op, n); break;
    default: REQUIRE(false, "%s", sn_ir_info[op->code].name);
    }
}

static unsigned type_of_total(const ir_program *p, uint32_t total)
{
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_SUM && p->ops[r].b == total)
            return p->ops[p->ops[r].a].type;
    return IR_F32;
}

static void open_totals(run *r)
{
    for (uint32_t k = 0; k < r->p->total_count; k++)
        for (unsigned i = 0; i < 64; i++)
            r->partial[k][i] = type_of_total(r->p, k) == IR_F32 ? 0x80000000u : UINT64_C(1) << 63;
}

static uint64_t fold_total(const run *r, uint32_t k)
{
    const ir_type type = type_of_total(r->p, k);
    for (unsigned half = type == IR_F32 ? 32 : 16; half > 0; half /= 2)
        for (unsigned i = 0; i < half; i++)
            r->partial[k][i] =
                sn_ir_evaluate(IR_ADD, type, type, r->partial[k][i], r->partial[k][i + half], 0);
    const ir_total_map map = r->p->total_maps ? r->p->total_maps[k] : (ir_total_map){1, 0};
    REQUIRE(map.scale == 1 && map.offset == 0, "maps are for callers");
    return r->partial[k][0];
}

static bool is_flushed(unsigned type, uint64_t bits)
{
    float f;
    double d;
    const uint32_t low = (uint32_t)bits;
    memcpy(&f, &low, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return type == IR_F32 ? !(fabsf(f) >= 1e-30f) || isinf(f) : type == IR_F64 && (!(fabs(d) >= 1e-250) || isinf(d));
}

/* At a tick the last values of flushed lines lose what is nearly 0 and what is not finite. */
static void flush_lines(run *r, uint32_t n)
{
    for (uint32_t k = 0; k < r->p->memory_count; k++) {
        const ir_memory *m = &r->p->memories[k];
        for (uint32_t i = n; m->kind == IR_LINE && m->flush && i < n + m->length; i++)
            if (is_flushed(m->type, r->content[k][i]))
                r->content[k][i] = 0;
    }
}

static void run_reference(run *r)
{
    const ir_program *p = r->p;
    open_totals(r);
    for (uint32_t n = 0; n < r->count; n++) {
        if (n % TICK == 0)
            flush_lines(r, n);
        for (ir_ref k = 1; k < p->count; k++) {
            if (sn_ir_info[p->ops[k].code].rule == IR_RULE_EFFECT)
                take_effect(r, &p->ops[k], n);
            else
                r->values[k] = value_of(r, &p->ops[k], n);
        }
    }
}

/* ---- what came of it ---- */

static void put(char *to, unsigned type, uint64_t bits)
{
    const bool nan = type == IR_F32 ? (bits & 0x7FFFFFFFu) > 0x7F800000u
                                    : type == IR_F64 && (bits & ~(UINT64_C(1) << 63)) > 0x7FF0000000000000u;
    const uint64_t shown = !nan ? bits : type == IR_F32 ? 0x7FC00000u : 0x7FF8000000000000u;
    memcpy(to, &shown, sn_ir_type_size(type)); /* little-endian */
}

static void add_result(ir_program *results, const char *name, unsigned type, const uint64_t *bits,
                       uint32_t count)
{
    char *content = sn_arena_take(results->memory, count * 8);
    REQUIRE(content, "no memory");
    for (uint32_t i = 0; i < count; i++)
        put(content + i * sn_ir_type_size(type), type, bits[i]);
    const ir_memory table = {
        .name = name, .content = content, .length = count, .kind = IR_TABLE, .type = (uint8_t)type};
    sn_ir_add_memory(results, &table);
}

/* What the run gave, once: folding changes the parts. */
static void make_results(const run *r, ir_program *results)
{
    sn_ir_open(results, r->memory, 0);
    for (uint32_t k = 0; k < r->p->output_count; k++)
        add_result(results, r->p->outputs[k].name, r->p->outputs[k].type, r->outputs[k], r->count);
    for (uint32_t k = 0; k < r->p->total_count; k++) {
        const uint64_t total = fold_total(r, k);
        add_result(results, r->p->totals[k], type_of_total(r->p, k), &total, 1);
    }
}

/* ---- engines ---- */

typedef struct attempt {
    const run *r;
    const ir_program *wanted; /* the results, a table each: outputs, then totals */
    const char *engine;
    uint32_t block;           /* elements a call */
    void **inputs, **outputs; /* in their types */
    double *totals;
    text *out; /* what does not agree is said here, once an engine */
    bool wrong;
} attempt;

__attribute__((format(printf, 2, 3)))
static void disagree(attempt *t, const char *format, ...)
{
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (!t->wrong)
        sn_text_print(t->out, "; %s, blocks of %u: %s\n", t->engine, (unsigned)t->block, what);
    t->wrong = true;
}

static void *typed(const run *r, unsigned type, const uint64_t *bits, uint32_t count)
{
    char *made = sn_arena_take(r->memory, (size_t)count * 8);
    REQUIRE(made, "no memory");
    for (uint32_t i = 0; bits && i < count; i++)
        put(made + i * sn_ir_type_size(type), type, bits[i]);
    return made;
}

static void check_stream(attempt *t, uint32_t k)
{
    const ir_memory *wanted = &t->wanted->memories[k];
    const unsigned size = sn_ir_type_size(wanted->type);
    for (uint32_t i = 0; i < t->r->count; i++) {
        char got[8];
        ir_memory one = {
            .content = (const char *)t->outputs[k] + (size_t)i * size, .length = 1, .type = wanted->type};
        put(got, wanted->type, element_of(&one, 0));
        if (memcmp(got, (const char *)wanted->content + (size_t)i * size, size) != 0)
            disagree(t, "element %u of output %s is %llx", (unsigned)i, wanted->name,
                     (unsigned long long)element_of(&one, 0));
    }
}

static void check_total(attempt *t, uint32_t k)
{
    const ir_memory *wanted = &t->wanted->memories[t->r->p->output_count + k];
    uint64_t bits;
    char got[8];
    memcpy(&bits, &t->totals[k], sizeof bits);
    put(got, wanted->type,
        wanted->type == IR_F32 ? sn_ir_evaluate(IR_CVT, IR_F32, IR_F64, bits, 0, 0) : bits);
    if (memcmp(got, wanted->content, sn_ir_type_size(wanted->type)) != 0)
        disagree(t, "total %s is %.17g", wanted->name, t->totals[k]);
}

static void set_params(const run *r, const sinter_kernel *kernel, sinter_instance *instance)
{
    for (uint32_t k = 0; k < r->p->param_count; k++) {
        const unsigned type = r->p->params[k].type;
        double value;
        uint64_t bits = r->params[k];
        if (type != IR_F64)
            bits = sn_ir_evaluate(IR_CVT, IR_F64, type, bits, 0, 0);
        memcpy(&value, &bits, sizeof value);
        const int number = sinter_parameter_number(kernel, r->p->params[k].name);
        REQUIRE(sinter_set(instance, number, value) == SINTER_OK, "refused");
    }
}

static void bind_tables(const run *r, const void **tables, uint32_t *lengths)
{
    uint32_t bound = 0;
    for (uint32_t k = 0; k < r->p->memory_count; k++) {
        if (r->p->memories[k].kind != IR_BOUND)
            continue;
        tables[bound] = typed(r, r->p->memories[k].type, r->content[k], r->lengths[k]);
        lengths[bound++] = r->lengths[k];
    }
}

static void run_blocks(attempt *t, sinter_instance *instance, sinter_arguments *arguments)
{
    const ir_program *p = t->r->p;
    const void **inputs = sn_arena_take(t->r->memory, (p->input_count + 1) * sizeof *inputs);
    void **outputs = sn_arena_take(t->r->memory, (p->output_count + 1) * sizeof *outputs);
    for (uint32_t at = 0; at < t->r->count; at += t->block) {
        for (uint32_t k = 0; k < p->input_count; k++)
            inputs[k] = (const char *)t->inputs[k] + (size_t)at * sn_ir_type_size(p->inputs[k].type);
        for (uint32_t k = 0; k < p->output_count; k++)
            outputs[k] = (char *)t->outputs[k] + (size_t)at * sn_ir_type_size(p->outputs[k].type);
        arguments->inputs = inputs;
        arguments->outputs = outputs;
        arguments->count = t->r->count - at < t->block ? t->r->count - at : t->block;
        REQUIRE(sinter_instance_run(instance, arguments) == SINTER_OK, "refused");
    }
}

static void run_kernel(attempt *t, const sinter_kernel *kernel)
{
    const run *r = t->r;
    sinter_instance *instance;
    const void **tables = sn_arena_take(r->memory, (r->p->memory_count + 1) * sizeof *tables);
    uint32_t *lengths = sn_arena_take(r->memory, (r->p->memory_count + 1) * sizeof *lengths);
    bind_tables(r, tables, lengths);
    sinter_arguments arguments = {.totals = t->totals, .tables = tables, .table_lengths = lengths};
    REQUIRE(sinter_instance_open(kernel, &instance) == SINTER_OK, "refused");
    set_params(r, kernel, instance);
    run_blocks(t, instance, &arguments);
    sinter_instance_close(instance);
    for (uint32_t k = 0; k < r->p->output_count; k++)
        check_stream(t, k);
    for (uint32_t k = 0; t->block >= r->count && k < r->p->total_count; k++)
        check_total(t, k);
}

/* The program again, through its text, as the public compiler takes it. */
static sinter_program *copy_program(const ir_program *p, arena *memory)
{
    text source;
    sinter_program *copy = sinter_program_open(NULL);
    REQUIRE(copy, "no memory");
    sn_text_open(&source, memory);
    sn_ir_print(p, &source);
    REQUIRE(sn_ir_parse(&copy->ir, source.start, source.length, NULL) == SINTER_OK, "refused");
    return copy;
}

static void run_engine(attempt *t, sinter_engine engine, sinter_context *context,
                       const sinter_program *program)
{
    static const uint32_t blocks[] = {MOST_ELEMENTS, 1, 3};
    const run *r = t->r;
    const sinter_options options = {.engine = engine, .rewriting = SINTER_STRICT};
    sinter_kernel *kernel;
    sinter_report report;
    t->engine = sinter_engine_name(engine);
    t->block = 0;
    t->wrong = false;
    if (sinter_compile_program(context, program, &options, &kernel, &report) != SINTER_OK) {
        disagree(t, "%s", report.count ? report.errors[0].message : "refused without a reason");
        return;
    }
    for (unsigned k = 0; k < sizeof blocks / sizeof *blocks; k++) {
        t->block = blocks[k];
        for (uint32_t i = 0; i < r->p->output_count; i++)
            memset(t->outputs[i], 0xA5, (size_t)r->count * 8);
        run_kernel(t, kernel);
    }
    sinter_kernel_close(kernel);
}

static void run_engines(const run *r, const ir_program *source, const ir_program *wanted, text *out)
{
    const ir_program *p = r->p;
    attempt t = {.r = r, .wanted = wanted, .out = out};
    t.inputs = sn_arena_take(r->memory, (p->input_count + 1) * sizeof *t.inputs);
    t.outputs = sn_arena_take(r->memory, (p->output_count + 1) * sizeof *t.outputs);
    t.totals = sn_arena_take(r->memory, (p->total_count + 1) * sizeof *t.totals);
    for (uint32_t k = 0; k < p->input_count; k++)
        t.inputs[k] = typed(r, p->inputs[k].type, r->inputs[k], r->count);
    for (uint32_t k = 0; k < p->output_count; k++)
        t.outputs[k] = typed(r, p->outputs[k].type, NULL, r->count);
    sinter_context *context;
    REQUIRE(sinter_open(NULL, &context) == SINTER_OK, "refused");
    sinter_program *program = copy_program(source, r->memory);
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++)
        if (sinter_engine_available((sinter_engine)engine, NULL))
            run_engine(&t, (sinter_engine)engine, context, program);
    sinter_program_close(program);
    sinter_close(context);
}

void run_bits(const ir_program *p, const char *comments, size_t length, arena *memory, text *out)
{
    run r;
    ir_program expanded, results;
    if (sn_opt_needs_expansion(p))
        sn_opt_expand(p, &expanded, memory, 0, NULL);
    open_run(&r, sn_opt_needs_expansion(p) ? &expanded : p, memory, comments, length);
    run_reference(&r);
    make_results(&r, &results);
    sn_ir_print(&results, out);
    run_engines(&r, p, &results, out);
}

void run_passes(ir_program *p, arena *memory, const char *passes, text *out)
{
    text log;
    size_t unknown;
    const bool relaxed = !strcmp(passes, "default relaxed");
    sn_text_open(&log, memory);
    sn_text_add(&log, "");
    const char *names = strncmp(passes, "default", 7) ? passes : NULL;
    REQUIRE(!sn_opt_run(p, memory, names, relaxed, &log, &unknown), "%s", passes);
    const char *wrong = sn_ir_verify(p, memory);
    REQUIRE(!wrong, "%s", wrong);
    sn_ir_print(p, out);
    sn_text_add(out, log.start);
}

void run_gradient(ir_program *p, arena *memory, const char *wanted, text *out)
{
    enum { MOST_NAMES = 8 };
    static const char *const modes[] = {"auto", "forward", "reverse"};
    const char *names[MOST_NAMES];
    char words[128];
    opt_gradient g = {.names = names};
    ir_program derived;
    uint32_t unknown;
    snprintf(words, sizeof words, "%s", wanted);
    char *word = strtok(words, " ,");
    while (word && g.mode < OPT_GRADIENT_REVERSE && strcmp(word, modes[g.mode]) != 0)
        g.mode++;
    for (word = strtok(NULL, " ,"); word && g.count < MOST_NAMES; word = strtok(NULL, " ,"))
        names[g.count++] = word;
    REQUIRE(sn_opt_gradient(p, &derived, memory, 0, &g, &unknown), "%s", wanted);
    *p = derived;
    if (p->status) {
        sn_text_print(out, "%s\n", p->message);
        return;
    }
    const char *wrong = sn_ir_verify(p, memory);
    REQUIRE(!wrong, "%s", wrong);
    sn_ir_print(p, out);
}
