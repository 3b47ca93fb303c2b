/* Engines compared, bit for bit.
 *
 * For each graph: values are drawn for its inputs; its meaning is computed one element after the other; then
 * every engine that the machine has runs it: in one call, in place, cut into blocks, one element at a time
 * through the scalar entry, and without the optional passes. Streams lie against pages that may not be
 * touched, alternately before and behind them, at any byte. A fault in generated code is caught and counts as
 * a wrong result, so that it can be shrunk like one. */
#include "engine_compare.h"

#include "base/cpu.h"
#include "code/c/export_c.h"
#include "guard_pages.h"
#include "kernel/kernels.h"
#include "opt/opt.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_ELEMENTS = 9000,
    REGION = 20 * 4096,
    STREAMS = 2 * GRAPH_MOST_STREAMS,
    MOST_TICK = 64,
    BLOCK = 4096
};

compare_tally compare_counts;
static sinter_context *context, *passes_context;
static compilation passes; /* of a relaxed program, while its meaning is worked out */
static guarded regions[STREAMS];
static arena scratch;

/* ---- faults ---- */

static sigjmp_buf place;
static volatile sig_atomic_t in_generated_code;
static char running[200];

static void on_fault(int number)
{
    if (in_generated_code) {
        in_generated_code = 0;
        siglongjmp(place, number);
    }
    const char *what = "fault outside generated code, at: ";
    ssize_t n = write(2, what, strlen(what));
    n = write(2, running, strlen(running));
    n = write(2, "\n", 1);
    (void)n;
    _exit(3);
}

static void catch_faults(void)
{
    static char stack[65536];
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
    const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGALRM};
    for (unsigned k = 0; k < sizeof numbers / sizeof *numbers; k++)
        sigaction(numbers[k], &action, NULL);
}

void compare_open(void)
{
    catch_faults();
    sinter_open(NULL, &context);
    sinter_open(NULL, &passes_context);
    for (unsigned k = 0; k < STREAMS; k++)
        regions[k] = guarded_open(REGION);
    sn_arena_open(&scratch, &(sinter_allocator){0});
}

void compare_close(void)
{
    sn_arena_close(&scratch);
    for (unsigned k = 0; k < STREAMS; k++)
        guarded_close(&regions[k]);
    sinter_close(context);
    sinter_close(passes_context);
}

/* ---- the meaning ---- */

typedef struct meaning {
    const random_graph *g;
    const ir_program *p;
    uint32_t count;
    uint64_t *inputs[GRAPH_MOST_STREAMS], *outputs[GRAPH_MOST_STREAMS];
    uint64_t params[GRAPH_MOST_PARAMS];
    double param_values[GRAPH_MOST_PARAMS], later_values[GRAPH_MOST_PARAMS];
    uint32_t change_at;                   /* the element from which the later values hold; 0: they never do */
    int64_t base;                         /* absolute index of the first element */
    uint64_t *lines[GRAPH_MOST_MEMORIES]; /* with `length` zeros before; cells: their content */
    uint64_t *value;
    uint64_t *terms[GRAPH_MOST_TOTALS];   /* of totals, by element: two factors each where they are sums of products */
    uint64_t *factors[GRAPH_MOST_TOTALS]; /* or NULL */
} meaning;

static bool is_nan(unsigned type, uint64_t bits)
{
    return type == IR_F32 ? (bits & 0x7FFFFFFFu) > 0x7F800000u
                          : type == IR_F64 && (bits & ~(UINT64_C(1) << 63)) > 0x7FF0000000000000u;
}

static uint64_t canonical(unsigned type, uint64_t bits)
{
    return !is_nan(type, bits) ? bits : type == IR_F32 ? 0x7FC00000u : 0x7FF8000000000000u;
}

static uint64_t element_at(const void *content, unsigned type, uint64_t k)
{
    const unsigned size = sn_ir_type_size((ir_type)type);
    uint64_t bits = 0;
    memcpy(&bits, (const uint8_t *)content + k * size, size);
    return type == IR_I16 ? (uint64_t)(uint32_t)(int16_t)bits : bits;
}

static uint64_t narrowed(unsigned type, uint64_t bits)
{
    return type == IR_U8 ? (uint8_t)bits : type == IR_I16 ? (uint64_t)(uint32_t)(int16_t)bits : bits;
}

static uint32_t graph_memory_of(const ir_program *p, uint32_t k)
{
    return (uint32_t)(p->memories[k].name[1] - '0');
}

static uint64_t clamped(uint64_t bits, uint32_t low, uint32_t high)
{
    const int64_t i = (int32_t)(uint32_t)bits;
    return i < low ? low : i > high ? high : (uint64_t)i;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t value_of(meaning *w, const ir_op *op, uint32_t n)
{
    const ir_program *p = w->p;
    const uint64_t a = w->value[op->a < p->count ? op->a : 0];
    switch ((int)op->code) {
    case IR_CONST: return op->a | (uint64_t)op->b << 32;
    case IR_INPUT: return w->inputs[op->a][n];
    case IR_PARAM: return w->params[op->a];
    case IR_INDEX: return bits_of((double)(w->base + n));
    case IR_LENGTH: return w->g->memories[graph_memory_of(p, op->a)].length;
    case IR_LOAD: {
        const ir_memory *m = &p->memories[op->b]; /* expansions bring tables of their own */
        return m->kind == IR_CELLS
                   ? w->lines[op->b][a]
                   : element_at(m->kind == IR_BOUND ? w->g->memories[graph_memory_of(p, op->b)].content
                                                    : m->content,
                                m->type, a);
    }
    case IR_READ: return w->lines[op->a][p->memories[op->a].length + n - op->b];
    case IR_READV: {
        const ir_memory *m = &p->memories[op->b];
        return w->lines[op->b][m->length + n - clamped(a, m->shortest ? m->shortest : 1, m->length)];
    }
    default: break;
    }
    const ir_info *info = &sn_ir_info[op->code];
    const unsigned operand = p->ops[info->rule == IR_RULE_CHOOSE ? op->b : op->a].type;
    return sn_ir_evaluate((ir_code)op->code, (ir_type)op->type, (ir_type)operand, a,
                          info->operands > 1 ? w->value[op->b] : 0, info->operands > 2 ? w->value[op->c] : 0);
}

static void take_effect(meaning *w, const ir_op *op, uint32_t n)
{
    const ir_program *p = w->p;
    const uint64_t a = w->value[op->a];
    switch ((int)op->code) {
    case IR_WRITE: w->lines[op->b][p->memories[op->b].length + n] = a; break;
    case IR_STORE: w->lines[op->c][a] = narrowed(p->memories[op->c].type, w->value[op->b]); break;
    case IR_OUTPUT: w->outputs[op->b][n] = canonical(p->ops[op->a].type, a); break;
    case IR_SUM: w->terms[op->b][n] = a; break;
    case IR_SUMP:
        w->terms[op->c][n] = a;
        w->factors[op->c][n] = w->value[op->b];
        break;
    default: break;
    }
}

static ir_type type_of_total(const ir_program *p, uint32_t k)
{
    for (ir_ref r = 1; r < p->count; r++)
        if ((p->ops[r].code == IR_SUM && p->ops[r].b == k) || (p->ops[r].code == IR_SUMP && p->ops[r].c == k))
            return (ir_type)p->ops[p->ops[r].a].type;
    return IR_F32;
}

static void open_totals(meaning *w)
{
    for (ir_ref r = 1; r < w->p->count; r++) {
        const ir_op *op = &w->p->ops[r];
        if (op->code != IR_SUM && op->code != IR_SUMP)
            continue;
        const uint32_t k = op->code == IR_SUM ? op->b : op->c;
        w->terms[k] = sn_arena_take_zeroed(&scratch, ((size_t)w->count + 1) * sizeof(uint64_t));
        w->factors[k] = op->code == IR_SUM ? NULL : sn_arena_take_zeroed(&scratch, ((size_t)w->count + 1) * sizeof(uint64_t));
    }
}

/* Of a call's elements [begin, end), one block at most: 64 partial sums of f32, 32 of f64, by their number in the call. */
static uint64_t block_total(const meaning *w, uint32_t k, uint32_t begin, uint32_t end)
{
    const ir_type type = type_of_total(w->p, k);
    const unsigned partials = type == IR_F32 ? 64 : 32;
    uint64_t partial[64];
    for (unsigned i = 0; i < partials; i++)
        partial[i] = type == IR_F32 ? 0x80000000u : UINT64_C(1) << 63;
    for (uint32_t n = begin; n < end; n++) {
        uint64_t *to = &partial[(n - begin) % partials];
        *to = w->factors[k] ? sn_ir_evaluate(IR_FMA, type, type, w->terms[k][n], w->factors[k][n], *to)
                            : sn_ir_evaluate(IR_ADD, type, type, *to, w->terms[k][n], 0);
    }
    for (unsigned half = partials / 2; half > 0; half /= 2)
        for (unsigned i = 0; i < half; i++)
            partial[i] = sn_ir_evaluate(IR_ADD, type, type, partial[i], partial[i + half], 0);
    return partial[0];
}

/* The total of a call's elements [begin, end): the largest power of two of blocks below their count, and the rest. */
static uint64_t tree(const meaning *w, uint32_t k, uint32_t begin, uint32_t end)
{
    if (end - begin <= BLOCK)
        return block_total(w, k, begin, end);
    uint32_t half = BLOCK;
    while (2 * half < end - begin)
        half *= 2;
    const ir_type type = type_of_total(w->p, k);
    return sn_ir_evaluate(IR_ADD, type, type, tree(w, k, begin, begin + half), tree(w, k, begin + half, end), 0);
}

static bool is_flushed(unsigned type, uint64_t bits)
{
    float f;
    double d;
    memcpy(&f, &bits, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return type == IR_F32 ? !(fabsf(f) >= 1e-30f && fabsf(f) <= FLT_MAX) : type == IR_F64 && !(fabs(d) >= 1e-250 && fabs(d) <= DBL_MAX);
}

static void flush_lines(meaning *w, uint32_t n)
{
    for (uint32_t k = 0; k < w->p->memory_count; k++) {
        const ir_memory *m = &w->p->memories[k];
        for (uint32_t i = n; m->kind == IR_LINE && m->flush && i < n + m->length; i++)
            if (is_flushed(m->type, w->lines[k][i]))
                w->lines[k][i] = 0;
    }
}

/* Constants that were taken out of a sum come back: in double, then rounded to the sum's type. */
static uint64_t mapped(ir_type type, uint64_t total, ir_total_map map, uint32_t count)
{
    const uint64_t wide = type == IR_F32 ? sn_ir_evaluate(IR_CVT, IR_F64, IR_F32, total, 0, 0) : total;
    double sum;
    memcpy(&sum, &wide, sizeof sum);
    if (count == 0 || (map.scale == 1 && map.offset == 0)) /* nothing is −0 */
        return total;
    const uint64_t bits = bits_of(fma(map.scale, sum, map.offset * (double)count));
    return type == IR_F32 ? sn_ir_evaluate(IR_CVT, IR_F32, IR_F64, bits, 0, 0) : bits;
}

static uint64_t bits_of_param(unsigned type, double value)
{
    return type == IR_F64 ? bits_of(value)
                          : sn_ir_evaluate(IR_CVT, (ir_type)type, IR_F64, bits_of(value), 0, 0);
}

static void take_params(meaning *w, const double *chosen)
{
    for (uint32_t k = 0; k < w->g->param_count; k++)
        w->params[k] = bits_of_param(w->g->params[k], chosen[k]);
}

/* So many elements after the change: smoothed parameters are on their way, but where there are totals, on grids too. */
static void move_params(meaning *w, uint32_t gone)
{
    for (uint32_t k = 0; k < w->g->param_count; k++) {
        const uint32_t whole = w->p->total_count ? 0 : w->g->smoothed[k];
        const double start = w->param_values[k], goal = w->later_values[k];
        w->params[k] = bits_of_param(w->g->params[k], gone < whole ? fma((goal - start) / whole, (double)gone, start) : goal);
    }
}

static void find_meaning(meaning *w)
{
    const ir_program *p = w->p;
    w->value = sn_arena_take_zeroed(&scratch, p->count * sizeof *w->value);
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind == IR_LINE || p->memories[k].kind == IR_CELLS)
            w->lines[k] =
                sn_arena_take_zeroed(&scratch, ((size_t)p->memories[k].length + w->count) * sizeof(uint64_t));
    open_totals(w);
    for (uint32_t n = 0; n < w->count; n++) {
        if ((w->base + n) % MOST_TICK == 0)
            flush_lines(w, n);
        if (w->change_at && n >= w->change_at)
            move_params(w, n - w->change_at);
        for (ir_ref r = 1; r < p->count; r++) {
            if (sn_ir_info[p->ops[r].code].rule == IR_RULE_EFFECT)
                take_effect(w, &p->ops[r], n);
            else
                w->value[r] = value_of(w, &p->ops[r], n);
        }
    }
}

/* Of one call. */
static uint64_t total_of(const meaning *w, uint32_t k, uint32_t begin, uint32_t end)
{
    const ir_type type = type_of_total(w->p, k);
    const uint64_t total = tree(w, k, begin, end);
    return canonical(type, w->p->total_maps ? mapped(type, total, w->p->total_maps[k], end - begin) : total);
}

/* ---- places ---- */

/* Where a stream lies: `bytes` long, at the end of its region or at its start, shifted by some bytes. */
static uint8_t *place_of(unsigned stream, size_t bytes, bool aligned, random_numbers *r)
{
    const size_t any = random_chance(r, 50) ? 0 : random_below(r, 65),
                 shift = aligned ? any & ~(size_t)7 : any;
    return random_chance(r, 50) ? regions[stream].high - bytes - shift : regions[stream].low + shift;
}

enum { CANARY = 0xA5 };

static bool is_canary(const uint8_t *at, const uint8_t *low, const uint8_t *high)
{
    return at < low || at >= high || *at == CANARY;
}

/* The bytes around a stream: nobody may have written there. */
static bool is_untouched(unsigned stream, const uint8_t *start, size_t bytes)
{
    const uint8_t *low = regions[stream].low, *high = regions[stream].high;
    for (int k = 1; k <= 64; k++)
        if (!is_canary(start - k, low, high) || !is_canary(start + bytes + k - 1, low, high))
            return false;
    return true;
}

static void set_canaries(unsigned stream, uint8_t *start, size_t bytes)
{
    uint8_t *low = regions[stream].low, *high = regions[stream].high;
    uint8_t *from = start - 64 < low ? low : start - 64,
            *to = start + bytes + 64 > high ? high : start + bytes + 64;
    memset(from, CANARY, (size_t)(to - from));
}

/* ---- runs ---- */

typedef struct attempt {
    const random_graph *g;
    const meaning *w;
    const comparison *c;
    mismatch *m;
    const sinter_kernel *kernel;
    const exported *code; /* instead of a kernel */
    void *code_state;
    sinter_engine engine;
    uint32_t lanes;
    random_numbers *r;
    const char *how;
    uint8_t *inputs[GRAPH_MOST_STREAMS], *outputs[GRAPH_MOST_STREAMS];
    unsigned output_region[GRAPH_MOST_STREAMS];
    double totals[GRAPH_MOST_TOTALS];
    const void *tables[GRAPH_MOST_MEMORIES];
    uint32_t lengths[GRAPH_MOST_MEMORIES];
} attempt;

__attribute__((format(printf, 2, 3))) static bool differ(attempt *t, const char *format, ...)
{
    const int n = snprintf(t->m->what, sizeof t->m->what,
                           "%s, at most %u lanes, %s, %u elements: ",
                           t->code ? "exported C" : sinter_engine_name(t->engine), t->lanes ? t->lanes : 16,
                           t->how, (unsigned)t->w->count);
    va_list list;
    va_start(list, format);
    vsnprintf(t->m->what + n, sizeof t->m->what - (size_t)n, format, list);
    va_end(list);
    t->m->engine = t->engine;
    return false;
}

static unsigned output_type(const attempt *t, uint32_t k)
{
    return t->w->p->outputs[k].type;
}

static void put_inputs(attempt *t)
{
    for (uint32_t k = 0; k < t->g->input_count; k++) {
        const unsigned size = sn_ir_type_size(t->g->inputs[k]);
        t->inputs[k] = place_of(k, (size_t)t->w->count * size, t->code, t->r);
        for (uint32_t i = 0; i < t->w->count; i++)
            memcpy(t->inputs[k] + (size_t)i * size, &t->w->inputs[k][i], size);
    }
}

/* Outputs in places of their own, or over inputs of the same size. */
static void put_outputs(attempt *t, bool in_place)
{
    bool taken[GRAPH_MOST_STREAMS] = {false};
    for (uint32_t k = 0; k < t->w->p->output_count; k++) {
        const unsigned size = sn_ir_type_size((ir_type)output_type(t, k));
        t->outputs[k] = NULL;
        for (uint32_t i = 0; in_place && i < t->g->input_count; i++)
            if (!taken[i] && sn_ir_type_size(t->g->inputs[i]) == size && random_chance(t->r, 80)) {
                taken[i] = true;
                t->outputs[k] = t->inputs[i];
                break;
            }
        if (t->outputs[k])
            continue;
        t->output_region[k] = GRAPH_MOST_STREAMS + k;
        t->outputs[k] = place_of(t->output_region[k], (size_t)t->w->count * size, t->code, t->r);
        set_canaries(t->output_region[k], t->outputs[k], (size_t)t->w->count * size);
    }
}

static bool check_outputs(attempt *t, bool in_place)
{
    for (uint32_t k = 0; k < t->w->p->output_count; k++) {
        const unsigned type = output_type(t, k), size = sn_ir_type_size((ir_type)type);
        for (uint32_t i = 0; i < t->w->count; i++) {
            const uint64_t got = element_at(t->outputs[k], type, i);
            if (canonical(type, got) != t->w->outputs[k][i])
                return differ(t, "element %u of out%u is %llx, not %llx", (unsigned)i, (unsigned)k,
                              (unsigned long long)got, (unsigned long long)t->w->outputs[k][i]);
        }
        if (!in_place && !is_untouched(t->output_region[k], t->outputs[k], (size_t)t->w->count * size))
            return differ(t, "bytes around out%u were written", (unsigned)k);
    }
    return true;
}

static bool check_totals(attempt *t, uint32_t begin, uint32_t end)
{
    for (uint32_t k = 0; k < t->w->p->total_count; k++) {
        const ir_type type = type_of_total(t->w->p, k);
        uint64_t got = bits_of(t->totals[k]);
        if (type == IR_F32)
            got = sn_ir_evaluate(IR_CVT, IR_F32, IR_F64, got, 0, 0);
        const uint64_t wanted = total_of(t->w, k, begin, end);
        if (canonical(type, got) != wanted)
            return differ(t, "total%u of elements %u to %u is %llx, not %llx", (unsigned)k, (unsigned)begin, (unsigned)end,
                          (unsigned long long)got, (unsigned long long)wanted);
    }
    return true;
}

static sinter_status run_guarded(attempt *t, sinter_instance *instance, const sinter_arguments *a, int *fault)
{
    sinter_status status = SINTER_OK;
    *fault = sigsetjmp(place, 1);
    if (*fault)
        return SINTER_OK;
    in_generated_code = 1;
    alarm(20);
    if (t->code)
        t->code->run(t->code_state, a->inputs, a->outputs, a->totals, a->count);
    else
        status = instance ? sinter_instance_run(instance, a) : sinter_run(t->kernel, a);
    in_generated_code = 0;
    compare_counts.runs++;
    compare_counts.elements += (uint64_t)a->count;
    return status;
}

static void set_params(const attempt *t, sinter_instance *instance, const double *chosen)
{
    for (uint32_t k = 0; k < t->g->param_count; k++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", (unsigned)k);
        if (t->code)
            t->code->set(t->code_state, (int)k, chosen[k]);
        else
            sinter_set(instance, sinter_parameter_number(t->kernel, name), chosen[k]);
    }
}

static sinter_instance *open_instance(attempt *t)
{
    sinter_instance *instance = NULL;
    if (t->code) {
        t->code_state = t->code->open();
        for (int k = 0; k < GRAPH_MOST_MEMORIES && t->tables[k]; k++)
            t->code->bind(t->code_state, k, t->tables[k], t->lengths[k]);
        set_params(t, NULL, t->w->param_values);
        return NULL;
    }
    sinter_instance_open(t->kernel, &instance);
    set_params(t, instance, t->w->param_values);
    instance->index = t->w->base;
    return instance;
}

static uint32_t cut(attempt *t, uint32_t scheme)
{
    static const uint32_t fixed[] = {1, 3, 64, 777, MOST_ELEMENTS};
    return scheme < 5 ? fixed[scheme] : 1 + random_below(t->r, random_chance(t->r, 50) ? 20 : 1500);
}

static bool run_blocks(attempt *t, sinter_instance *instance, sinter_arguments *whole, uint32_t scheme)
{
    const void *inputs[GRAPH_MOST_STREAMS];
    void *outputs[GRAPH_MOST_STREAMS];
    for (uint32_t at = 0, n; at < t->w->count; at += n) {
        n = cut(t, scheme);
        n = t->w->count - at < n ? t->w->count - at : n;
        if (at < t->w->change_at && t->w->change_at - at < n)
            n = t->w->change_at - at;
        if (at && at == t->w->change_at)
            set_params(t, instance, t->w->later_values);
        for (uint32_t k = 0; k < t->g->input_count; k++)
            inputs[k] = t->inputs[k] + (size_t)at * sn_ir_type_size(t->g->inputs[k]);
        for (uint32_t k = 0; k < t->w->p->output_count; k++)
            outputs[k] = t->outputs[k] + (size_t)at * sn_ir_type_size((ir_type)output_type(t, k));
        sinter_arguments a = *whole;
        a.inputs = inputs;
        a.outputs = outputs;
        a.count = n;
        int fault;
        const sinter_status status = run_guarded(t, instance, &a, &fault);
        if (fault || status)
            return differ(t, "fault %d, status %d in elements %u to %u", fault, (int)status, (unsigned)at,
                          (unsigned)(at + n));
        if (!check_totals(t, at, at + n))
            return false;
    }
    return true;
}

/* One run of the whole stream; scheme < 0: in one call. */
static bool run_once(attempt *t, bool in_place, int scheme, bool with_instance)
{
    static const char *const names[] = {"blocks of 1",   "blocks of 3", "blocks of 64",
                                        "blocks of 777", "two blocks",  "random blocks"};
    if (scheme < 0 && t->w->change_at)
        scheme = 4;
    put_inputs(t);
    put_outputs(t, in_place);
    sinter_arguments a = {.inputs = (const void *const *)t->inputs,
                          .outputs = (void *const *)t->outputs,
                          .count = t->w->count,
                          .totals = t->totals,
                          .tables = t->tables,
                          .table_lengths = t->lengths};
    sinter_instance *instance = with_instance ? open_instance(t) : NULL;
    char how[80];
    snprintf(how, sizeof how, "%s%s%s", t->how, in_place ? ", in place, " : ", ",
             scheme < 0 ? instance || t->code ? "instance" : "no instance" : names[scheme]);
    const char *outer = t->how;
    t->how = how;
    int fault = 0;
    sinter_status status = SINTER_OK;
    bool good = true;
    if (scheme < 0) {
        status = run_guarded(t, instance, &a, &fault);
        if (fault || status)
            good = differ(t, "fault %d, status %s", fault, sinter_status_name(status));
    } else {
        good = run_blocks(t, instance, &a, (uint32_t)scheme);
    }
    good = good && check_outputs(t, in_place) && (scheme >= 0 || check_totals(t, 0, t->w->count));
    sinter_instance_close(instance);
    free(t->code_state);
    t->code_state = NULL;
    t->how = outer;
    return good;
}

/* All arguments in floating-point registers, whatever their types: floats in the low halves of doubles. */
typedef double (*any_function)(const void *frame, double, double, double, double, double, double, double,
                               double);

static double call_guarded(any_function f, const void *frame, const double *x, int *fault)
{
    *fault = sigsetjmp(place, 1);
    if (*fault)
        return 0;
    in_generated_code = 1;
    const double y = f(frame, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]);
    in_generated_code = 0;
    compare_counts.functions++;
    return y;
}

static bool run_function(attempt *t)
{
    const sinter_function function = sinter_kernel_function(t->kernel, NULL);
    if (!function)
        return true;
    t->how = "function of one element";
    sinter_instance *instance = open_instance(t);
    const void *frame = t->g->param_count ? sinter_instance_frame(instance) : NULL;
    const uint32_t same = t->w->change_at ? t->w->change_at : t->w->count, most = same < 40 ? same : 40;
    const unsigned type = output_type(t, 0);
    bool good = true;
    for (uint32_t i = 0; i < most && good; i++) {
        double x[8] = {0};
        for (uint32_t k = 0; k < t->g->input_count; k++)
            memcpy(&x[k], &t->w->inputs[k][i], 8);
        int fault;
        uint64_t got = bits_of(call_guarded((any_function)function, frame, x, &fault));
        if (type == IR_F32)
            got &= 0xFFFFFFFFu;
        if (fault)
            good = differ(t, "fault %d", fault);
        else if (canonical(type, got) != t->w->outputs[0][i])
            good = differ(t, "element %u is %llx, not %llx", (unsigned)i, (unsigned long long)got,
                          (unsigned long long)t->w->outputs[0][i]);
    }
    sinter_instance_close(instance);
    return good;
}

static void bind(attempt *t)
{
    uint32_t bound = 0;
    for (uint32_t k = 0; k < t->w->p->memory_count; k++) {
        if (t->w->p->memories[k].kind != IR_BOUND)
            continue;
        const graph_memory *m = &t->g->memories[graph_memory_of(t->w->p, k)];
        t->tables[bound] = m->content;
        t->lengths[bound++] = m->length;
    }
}

static bool has_initial_params(const attempt *t)
{
    for (uint32_t k = 0; k < t->g->param_count; k++)
        if (t->w->param_values[k] != t->g->initial[k])
            return false;
    return true;
}

static bool run_kernel(attempt *t, const char *how, bool full)
{
    t->how = how;
    bind(t);
    const sinter_kernel_info info = sinter_kernel_describe(t->kernel);
    const bool alone = has_initial_params(t) && !t->w->change_at && !t->w->base && !info.stateful
                       && info.workspace_bytes < 32 << 10 && t->w->p->memory_count < 100;
    bool with_instance = !alone || random_chance(t->r, 30);
    if (!with_instance) { /* too large for the stack after all? */
        double totals[GRAPH_MOST_TOTALS];
        const sinter_arguments none = {.inputs = (const void *const *)t->inputs,
                                       .outputs = (void *const *)t->outputs,
                                       .totals = totals,
                                       .tables = t->tables,
                                       .table_lengths = t->lengths};
        with_instance = sinter_run(t->kernel, &none) == SINTER_NEEDS_INSTANCE;
    }
    if (!run_once(t, false, -1, with_instance))
        return false;
    if (!full)
        return true;
    if (!run_once(t, random_chance(t->r, 50),
                  t->w->count > 1200 ? 3 + 2 * (int)random_below(t->r, 2) : (int)random_below(t->r, 6), true))
        return false;
    for (unsigned k = 0; t->c->all_placements && k < 4; k++)
        if (!run_once(t, k & 1, -1, with_instance))
            return false;
    if (random_chance(t->r, 50) && !run_once(t, true, -1, with_instance))
        return false;
    return run_function(t);
}

static bool compile_and_run(attempt *t, const sinter_program *program, const sinter_options *options,
                            const char *how, bool full)
{
    sinter_kernel *kernel;
    sinter_report report;
    snprintf(running, sizeof running, "compiling for %s, %s, run seed %llu", sinter_engine_name(t->engine),
             how, (unsigned long long)t->c->seed);
    alarm(20);
    const sinter_status status = sinter_compile_program(context, program, options, &kernel, &report);
    t->how = how;
    if (status)
        return differ(t, "compiling failed: %s",
                      report.count ? report.errors[0].message : sinter_status_name(status));
    compare_counts.kernels++;
    t->kernel = kernel;
    const bool good = run_kernel(t, how, full);
    sinter_kernel_close(kernel);
    return good;
}

/* Recurrences that are scanned round otherwise than one element after the other. What such a program means the interpreter says, of which the stream is cut where parameters
 * change and nowhere else; how near that is to the other, tests/scans_test.c says. */
static bool take_scanned_meaning(attempt *t, meaning *w, const sinter_program *program)
{
    sinter_kernel *kernel;
    const sinter_options options = {.engine = SINTER_ENGINE_INTERP, .rewriting = SINTER_RELAXED};
    random_numbers r = *t->r;
    random_numbers *const before = t->r;
    if (sinter_compile_program(context, program, &options, &kernel, NULL) != SINTER_OK)
        return differ(t, "compiling failed");
    if (!kernel->scan_count) {
        sinter_kernel_close(kernel);
        return true;
    }
    t->kernel = kernel;
    t->r = &r;
    bind(t);
    put_inputs(t);
    put_outputs(t, false);
    sinter_instance *instance = open_instance(t);
    bool good = instance != NULL;
    for (uint32_t at = 0, end; good && at < w->count; at = end) {
        const void *inputs[GRAPH_MOST_STREAMS];
        void *outputs[GRAPH_MOST_STREAMS];
        end = at < w->change_at ? w->change_at : w->count;
        if (at && at == w->change_at)
            set_params(t, instance, w->later_values);
        for (uint32_t k = 0; k < w->g->input_count; k++)
            inputs[k] = t->inputs[k] + (size_t)at * sn_ir_type_size(w->g->inputs[k]);
        for (uint32_t k = 0; k < w->p->output_count; k++)
            outputs[k] = t->outputs[k] + (size_t)at * sn_ir_type_size((ir_type)output_type(t, k));
        good = sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = end - at, .tables = t->tables,
                                                                 .table_lengths = t->lengths}) == SINTER_OK;
    }
    for (uint32_t k = 0; k < w->p->output_count; k++)
        for (uint32_t i = 0; i < w->count; i++)
            w->outputs[k][i] = canonical(output_type(t, k), element_at(t->outputs[k], output_type(t, k), i));
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    t->r = before;
    compare_counts.scanned++;
    return good || differ(t, "the interpreter fails");
}

/* ---- one graph ---- */

static uint32_t any_length(random_numbers *r)
{
    static const uint16_t edges[] = {31, 32, 33, 63, 64, 65, 100, 127, 128, 129};
    static const uint16_t long_edges[] = {511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 8200};
    const uint32_t kind = random_below(r, 100);
    return kind < 45   ? random_below(r, 18)
           : kind < 90 ? edges[random_below(r, 10)]
           : kind < 96 ? long_edges[random_below(r, 6)]
           : kind < 98 ? 2000 + random_below(r, 3500)
                       : long_edges[random_below(r, 10)];
}

static void draw_inputs(meaning *w, random_numbers *r)
{
    const unsigned mode = random_below(r, 3);
    for (uint32_t k = 0; k < w->g->input_count; k++) {
        w->inputs[k] = sn_arena_take(&scratch, ((size_t)w->count + 1) * sizeof(uint64_t));
        for (uint32_t i = 0; i < w->count; i++)
            w->inputs[k][i] =
                random_bits(r, w->g->inputs[k], mode == 0 || (mode == 1 && random_chance(r, 10)));
    }
    for (uint32_t k = 0; k < w->p->output_count; k++)
        w->outputs[k] = sn_arena_take_zeroed(&scratch, ((size_t)w->count + 1) * sizeof(uint64_t));
}

/* Half of the runs change parameters on the way, if there are any; some begin far out in their stream. */
static void draw_params(meaning *w, random_numbers *r)
{
    const bool initial = random_chance(r, 50);
    for (uint32_t k = 0; k < w->g->param_count; k++) {
        w->param_values[k] = initial ? w->g->initial[k] : (double)(int32_t)random_below(r, 2001) / 100 - 10;
        w->later_values[k] = (double)(int32_t)random_below(r, 2001) / 100 - 10;
    }
    take_params(w, w->param_values);
}

static void draw_stream(meaning *w, random_numbers *r)
{
    bool smoothed = false;
    for (uint32_t k = 0; k < w->g->param_count; k++)
        smoothed |= w->g->smoothed[k] > 0;
    if (w->g->param_count && w->count > 1 && random_chance(r, smoothed ? 90 : 30))
        w->change_at = 1 + random_below(r, w->count - 1);
    if (random_chance(r, 15))
        w->base = (int64_t)((uint64_t)random_word(r) << 16 | random_below(r, 65536));
}

static bool has_math(const ir_program *p)
{
    for (ir_ref r = 1; r < p->count; r++)
        if (sn_ir_info[p->ops[r].code].kind == IR_KIND_MATH)
            return true;
    return false;
}

/* Strict programs mean what they say, with mathematical functions expanded. What a relaxed one means, its
 * passes settle: the kernel's own are run, and end_meaning forgets what they made. */
static bool begin_meaning(const sinter_program *program, bool relaxed, const ir_program **p)
{
    const sinter_options options = {.engine = SINTER_ENGINE_INTERP, .rewriting = SINTER_RELAXED};
    static ir_program expanded;
    *p = &program->ir;
    if (relaxed) {
        if (sn_kernel_begin(&passes, passes_context, &options, NULL))
            return false;
        sn_opt_rebuild(&program->ir, &passes.program, passes.memory, passes.program.rules, NULL, NULL);
        *p = &passes.program;
        return sn_kernel_passes(&passes) == SINTER_OK;
    }
    if (has_math(*p)) {
        sn_opt_expand(*p, &expanded, &scratch, 0, NULL);
        *p = &expanded;
    }
    return true;
}

static void end_meaning(bool relaxed)
{
    if (relaxed)
        sn_kernel_end(&passes);
}

static bool check_program(const sinter_program *program, mismatch *m)
{
    sinter_report report;
    if (sinter_program_status(program, &report)) {
        snprintf(m->what, sizeof m->what, "the builder refuses: %.150s", report.errors[0].message);
        m->engine = SINTER_ENGINE_AUTO;
        return false;
    }
    return true;
}

/* The interpreter's inner loops are compiled for several instruction sets: one of them. AVX-512 looks up bytes in another way where there is
 * VBMI. */
static void choose_instructions(attempt *t)
{
    static const uint32_t interp[] = {UINT32_MAX, CPU_X64_AVX2, 0};
    static const uint32_t avx512[] = {UINT32_MAX, UINT32_MAX, (uint32_t)~CPU_AVX512VBMI};
    const uint32_t *sets = t->engine == SINTER_ENGINE_INTERP ? interp : avx512;
    const bool several = t->engine == SINTER_ENGINE_INTERP || t->engine == SINTER_ENGINE_AVX512;
    sn_cpu_override(several ? sets[random_below(t->r, 3)] : UINT32_MAX);
}

/* The most lanes of machine code's vectors; in two thirds of the cases as many as they have. */
static uint32_t choose_lanes(attempt *t)
{
    static const uint32_t caps[] = {1, 4, 8, 16};
    return t->engine != SINTER_ENGINE_INTERP && random_chance(t->r, 33) ? caps[random_below(t->r, 4)] : 0;
}

static bool run_engines(attempt *t, const sinter_program *program, bool relaxed)
{
    const unsigned without_passes = random_below(t->r, 4);
    unsigned number = 0;
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        sn_cpu_override(UINT32_MAX);
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        number++;
        if (t->c->engines && !(t->c->engines >> engine & 1))
            continue;
        random_numbers r = {t->c->seed * 31 + (unsigned)engine};
        t->r = &r;
        t->engine = (sinter_engine)engine;
        choose_instructions(t);
        t->lanes = choose_lanes(t);
        const sinter_options options = {.engine = t->engine,
                                        .lanes = t->lanes,
                                        .rewriting = relaxed ? SINTER_RELAXED : SINTER_STRICT,
                                        .function = true,
                                        .marks = t->c->seed % 16 == 0,
                                        .random = (unsigned)(t->c->seed | 1)};
        if (!compile_and_run(t, program, &options, relaxed ? "relaxed" : "default passes", true))
            return false;
        sinter_options plain = options;
        plain.passes = "";
        if (!relaxed && (t->c->engines || number == without_passes + 1)
            && !compile_and_run(t, program, &plain, "no passes", t->c->engines != 0))
            return false;
    }
    return true;
}

bool compare_engines(const random_graph *g, const comparison *c, mismatch *m)
{
    sn_arena_rewind(&scratch);
    random_numbers r = {c->seed};
    m->what[0] = 0;
    snprintf(running, sizeof running, "building");
    sinter_program *program = random_graph_build(g);
    if (!check_program(program, m)) {
        sinter_program_close(program);
        return false;
    }
    const bool relaxed = random_chance(&r, 15) || c->relaxed;
    meaning w = {.g = g};
    if (!begin_meaning(program, relaxed, &w.p)) {
        snprintf(m->what, sizeof m->what, "the passes fail");
        m->engine = SINTER_ENGINE_AUTO;
        return false;
    }
    w.count = any_length(&r);
    if (g->total_count && random_chance(&r, 4)) /* three blocks */
        w.count = 2 * BLOCK + 1 + random_below(&r, MOST_ELEMENTS - 2 * BLOCK - 1);
    while (w.count > 130 && (uint64_t)w.count * w.p->count > 400000) /* large graphs on short streams */
        w.count /= 2;
    if (c->count)
        w.count = c->count;
    draw_params(&w, &r);
    draw_stream(&w, &r);
    draw_inputs(&w, &r);
    find_meaning(&w);
    attempt t = {.g = g, .w = &w, .c = c, .m = m, .r = &r};
    const bool good = (!relaxed || take_scanned_meaning(&t, &w, program)) && run_engines(&t, program, relaxed);
    sn_cpu_override(UINT32_MAX);
    end_meaning(relaxed);
    alarm(0);
    sinter_program_close(program);
    compare_counts.programs++;
    return good;
}

/* ---- exported C ---- */

bool compare_export(const random_graph *g, const char *name, FILE *out)
{
    sinter_program *program = random_graph_build(g);
    ir_program simple, expanded;
    plan p;
    text code;
    sn_arena_rewind(&scratch);
    sn_opt_rebuild(&program->ir, &simple, &scratch, IR_IDENTITY | IR_FOLD, NULL, NULL);
    sn_opt_expand(&simple, &expanded, &scratch, IR_IDENTITY | IR_FOLD, NULL);
    sn_text_open(&code, &scratch);
    const c_export_options options = {.name = name};
    const bool good = !expanded.status && sn_plan_make(&p, &expanded, 0, &scratch) == SINTER_OK
                      && sn_c_export(&p, &options, &code) == SINTER_OK;
    if (good) {
        fwrite(code.start, 1, code.length, out);
        fprintf(out,
                "\n#include <stdlib.h>\nvoid *%s_open(void);\nvoid *%s_open(void)\n{\n    %s_instance *s = "
                "malloc(sizeof *s);\n"
                "    if (s)\n        %s_init(s);\n    return s;\n}\n",
                name, name, name, name);
    }
    sinter_program_close(program);
    return good;
}

bool compare_exported(const random_graph *g, const comparison *c, const exported *code, mismatch *m)
{
    sn_arena_rewind(&scratch);
    random_numbers r = {c->seed};
    sinter_program *program = random_graph_build(g);
    meaning w = {.g = g};
    begin_meaning(program, false, &w.p);
    w.count = any_length(&r);
    draw_params(&w, &r);
    draw_stream(&w, &r);
    w.base = 0; /* instances begin there */
    draw_inputs(&w, &r);
    find_meaning(&w);
    attempt t = {.g = g, .w = &w, .c = c, .m = m, .r = &r, .code = code, .how = "strict"};
    bind(&t);
    bool good = run_once(&t, false, -1, true) && run_once(&t, true, -1, true);
    for (int scheme = 0; good && scheme < 6; scheme++)
        good = run_once(&t, random_chance(&r, 50), scheme, true);
    alarm(0);
    sinter_program_close(program);
    compare_counts.programs++;
    return good;
}

/* ---- grids ---- */

static double rounded_to(unsigned type, double value)
{
    return type == IR_F32 ? (double)(float)value : value;
}

/* Pixel centres, as include/sinter/kernel.h defines them, in the stream's type: one fused operation on whole
 * numbers. */
static uint64_t centre(unsigned type, double edge, double half, int32_t number, bool down)
{
    const double odd = 2 * (double)number + 1;
    if (type == IR_F64)
        return bits_of(down ? fma(-odd, half, edge) : fma(odd, half, edge));
    const float f =
        down ? fmaf(-(float)odd, (float)half, (float)edge) : fmaf((float)odd, (float)half, (float)edge);
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static sinter_status grid_guarded(sinter_instance *instance, const sinter_kernel *kernel,
                                  const sinter_grid *grid, int *fault)
{
    *fault = sigsetjmp(place, 1);
    if (*fault)
        return SINTER_OK;
    in_generated_code = 1;
    alarm(20);
    sinter_status status =
        instance ? sinter_instance_run_grid(instance, grid) : sinter_run_grid(kernel, grid);
    in_generated_code = 0;
    compare_counts.runs++;
    compare_counts.elements += (uint64_t)grid->width * (uint64_t)grid->row_count;
    return status;
}

/* What lies between the rows. */
static bool are_gaps_untouched(const uint8_t *start, size_t size, const sinter_grid *grid, int32_t stride)
{
    for (int32_t row = 0; row < grid->height; row++)
        for (size_t at = (size_t)grid->width * size; at < (size_t)stride * size; at++)
            if (start[(size_t)row * (size_t)stride * size + at] != CANARY)
                return false;
    return true;
}

/* The whole grid, or in two parts by rows. */
static bool run_grid(attempt *t, sinter_grid grid, int32_t stride)
{
    const uint32_t cells = (uint32_t)(grid.width * grid.height);
    const size_t most = (size_t)stride * (size_t)grid.height;
    sinter_instance *instance = has_initial_params(t) && random_chance(t->r, 50) ? NULL : open_instance(t);
    void *outputs[GRAPH_MOST_STREAMS];
    for (uint32_t k = 0; k < t->w->p->output_count; k++) {
        const unsigned size = sn_ir_type_size((ir_type)output_type(t, k));
        t->outputs[k] = place_of(GRAPH_MOST_STREAMS + k, most * size, false, t->r);
        set_canaries(GRAPH_MOST_STREAMS + k, t->outputs[k], most * size);
    }
    const int32_t split =
        random_chance(t->r, 50) ? grid.height : (int32_t)random_below(t->r, (uint32_t)grid.height);
    bool good = true;
    for (int32_t row = 0; row < grid.height && good; row += grid.row_count) {
        grid.first_row = row;
        grid.row_count = row == 0 && split ? split : grid.height - row;
        for (uint32_t k = 0; k < t->w->p->output_count; k++)
            outputs[k] =
                t->outputs[k] + (size_t)row * (size_t)stride * sn_ir_type_size((ir_type)output_type(t, k));
        grid.outputs = outputs;
        grid.stride = stride;
        int fault;
        sinter_status status = grid_guarded(instance, t->kernel, &grid, &fault);
        if (status == SINTER_NEEDS_INSTANCE && !instance) {
            instance = open_instance(t);
            status = grid_guarded(instance, t->kernel, &grid, &fault);
        }
        if (fault || status)
            good = differ(t, "fault %d, status %s", fault, sinter_status_name(status));
    }
    for (uint32_t k = 0; good && k < t->w->p->output_count; k++) {
        const unsigned type = output_type(t, k);
        for (uint32_t i = 0; good && i < cells; i++) {
            const uint64_t at = i / (uint32_t)grid.width * (uint64_t)stride + i % (uint32_t)grid.width;
            const uint64_t got = element_at(t->outputs[k], type, at);
            if (canonical(type, got) != t->w->outputs[k][i])
                good = differ(t, "column %u, row %u of out%u of %dx%d is %llx, not %llx",
                              (unsigned)(i % (uint32_t)grid.width), (unsigned)(i / (uint32_t)grid.width),
                              (unsigned)k, grid.width, grid.height, (unsigned long long)got,
                              (unsigned long long)t->w->outputs[k][i]);
        }
        if (good
            && (!is_untouched(GRAPH_MOST_STREAMS + k, t->outputs[k], most * sn_ir_type_size((ir_type)type))
                || !are_gaps_untouched(t->outputs[k], sn_ir_type_size((ir_type)type), &grid, stride)))
            good = differ(t, "bytes around out%u were written", (unsigned)k);
    }
    sinter_instance_close(instance);
    return good;
}

static bool grid_on_engine(attempt *t, const sinter_program *program, const sinter_grid *grid,
                           const char *named)
{
    const sinter_options options = {.engine = t->engine,
                                    .lanes = t->lanes,
                                    .rewriting = SINTER_STRICT,
                                    .domain = SINTER_GRID,
                                    .passes = named,
                                    .random = (unsigned)(t->c->seed | 1)};
    sinter_kernel *kernel;
    sinter_report report;
    t->how = named ? "grid, no passes" : "grid";
    snprintf(running, sizeof running, "compiling for %s, grid, run seed %llu", sinter_engine_name(t->engine),
             (unsigned long long)t->c->seed);
    alarm(20);
    const sinter_status status = sinter_compile_program(context, program, &options, &kernel, &report);
    if (status)
        return differ(t, "compiling failed: %s",
                      report.count ? report.errors[0].message : sinter_status_name(status));
    compare_counts.kernels++;
    t->kernel = kernel;
    bool good = true;
    if (sinter_kernel_describe(kernel).grid)
        good =
            run_grid(t, *grid, grid->width + (random_chance(t->r, 50) ? 0 : (int32_t)random_below(t->r, 9)));
    sinter_kernel_close(kernel);
    return good;
}

static void draw_grid(sinter_grid *grid, random_numbers *r)
{
    const bool wide = random_chance(r, 10);
    grid->width = 1 + (int32_t)random_below(r, wide ? 1300 : 70);
    grid->height = 1 + (int32_t)random_below(r, wide ? 4 : 9);
    grid->x0 = (double)(int32_t)random_word(r) / 1e9;
    grid->x1 = (double)(int32_t)random_word(r) / 1e9;
    grid->y0 = (double)(int32_t)random_word(r) / 1e9;
    grid->y1 = (double)(int32_t)random_word(r) / 1e9;
    grid->z = (double)(int32_t)random_word(r) / 1e8;
    grid->t = (double)(int32_t)random_word(r) / 1e8;
}

static void draw_pixels(meaning *w, const sinter_grid *grid)
{
    const uint32_t width = (uint32_t)grid->width;
    const uint8_t *type = w->g->inputs;
    for (uint32_t i = 0; i < w->count; i++) {
        w->inputs[0][i] = centre(type[0], rounded_to(type[0], grid->x0),
                                 (grid->x1 - grid->x0) / (2.0 * grid->width), (int32_t)(i % width), false);
        w->inputs[1][i] = centre(type[1], rounded_to(type[1], grid->y1),
                                 (grid->y1 - grid->y0) / (2.0 * grid->height), (int32_t)(i / width), true);
        if (w->g->input_count > 2)
            w->inputs[2][i] = bits_of_param(type[2], grid->z);
        if (w->g->input_count > 3)
            w->inputs[3][i] = bits_of_param(type[3], grid->t);
    }
}

bool compare_grids(const random_graph *g, const comparison *c, mismatch *m)
{
    sn_arena_rewind(&scratch);
    random_numbers r = {c->seed};
    sinter_program *program = random_graph_build(g);
    if (!check_program(program, m)) {
        sinter_program_close(program);
        return false;
    }
    meaning w = {.g = g};
    begin_meaning(program, false, &w.p);
    sinter_grid grid = {0};
    draw_grid(&grid, &r);
    w.count = (uint32_t)(grid.width * grid.height);
    draw_params(&w, &r);
    draw_inputs(&w, &r);
    draw_pixels(&w, &grid);
    find_meaning(&w);
    attempt t = {.g = g, .w = &w, .c = c, .m = m, .r = &r};
    bool good = true;
    for (int engine = SINTER_ENGINE_INTERP; good && engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL)
            || (c->engines && !(c->engines >> engine & 1)))
            continue;
        random_numbers own = {c->seed * 31 + (unsigned)engine};
        t.r = &own;
        t.engine = (sinter_engine)engine;
        t.lanes = choose_lanes(&t);
        good = grid_on_engine(&t, program, &grid, NULL)
               && (random_chance(&own, 70) || grid_on_engine(&t, program, &grid, ""));
    }
    alarm(0);
    sinter_program_close(program);
    compare_counts.programs++;
    return good;
}

/* ---- failures ---- */

typedef struct shrinking {
    comparison c;
    bool grid;
    mismatch last;
    uint32_t asked;
} shrinking;

static bool still_fails(void *user, const random_graph *g)
{
    shrinking *s = user;
    mismatch m;
    if (++s->asked > 6000)
        return false;
    const bool good = s->grid ? compare_grids(g, &s->c, &m) : compare_engines(g, &s->c, &m);
    if (good || m.engine == SINTER_ENGINE_AUTO
        || (strstr(m.what, "compiling failed") && !strstr(s->last.what, "compiling failed")))
        return false;
    s->last = m;
    return true;
}

void compare_explain(const random_graph *g, const comparison *c, const mismatch *m, uint64_t seed)
{
    shrinking s = {.c = *c, .grid = g->grid, .last = *m};
    random_graph smaller;
    arena memory;
    printf("# seed %llu: %s\n", (unsigned long long)seed, m->what);
    sn_arena_open(&memory, &(sinter_allocator){0});
    random_graph_copy(&smaller, g, &memory);
    if (m->engine != SINTER_ENGINE_AUTO) {
        s.c.engines = 1u << m->engine;
        if (!still_fails(&s, &smaller))
            s.c.engines = 0;
        for (uint32_t count = 1; !g->grid && count < 300; count += count < 70 ? 1 : 57) {
            s.c.count = count;
            if (still_fails(&s, &smaller))
                break;
            s.c.count = 0;
        }
        random_graph_shrink(&smaller, still_fails, &s);
        for (uint32_t count = 1; !g->grid && count < 70; count++) {
            const uint32_t old = s.c.count;
            if (old && count >= old)
                break;
            s.c.count = count;
            if (still_fails(&s, &smaller))
                break;
            s.c.count = old;
        }
    }
    sinter_program *program = random_graph_build(&smaller);
    ir_program live;
    text out;
    sn_opt_dead(&program->ir, &live, &memory);
    sn_text_open(&out, &memory);
    sn_ir_print(&live, &out);
    printf("# shrunk: %s\n%s", s.last.what, out.start ? out.start : "");
    printf("# again: engines_test [KIND] %s%llu (count %u, run seed %llu)\n", g->grid ? "grid " : "",
           (unsigned long long)seed, (unsigned)s.c.count, (unsigned long long)c->seed);
    fflush(stdout);
    sinter_program_close(program);
    sn_arena_close(&memory);
}
