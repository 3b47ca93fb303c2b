/* The long form of math_test: every one of the 2^32 arguments of the f32 functions, and 10^8 of the f64
 * ones, random, structured and worst cases. Prints docs/accuracy.md, or writes it to the file given.
 *
 *     math_proof [FILE [FUNCTION [TYPE]]]
 *
 * All processors work; progress goes to stderr. The exit status is 1 if a function errs by more than 1 ULP,
 * or is wrong at what is no number. */
#include "math_lanes.h"
#include "math_oracle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { F32_BLOCKS = 1024, F64_BLOCKS = 100, F64_BLOCK = 1000000, MAX_THREADS = 256 };

typedef struct worst {
    double error, argument, result;
} worst;

/* One function and type, shared by all threads. */
typedef struct proof {
    const math_oracle *of;
    ir_type type;
    atomic_int next; /* block */
    pthread_mutex_t lock;
    worst found;
    unsigned long long arguments;
} proof;

/* A thread's part. */
typedef struct share {
    proof *whole;
    ir_program p;
    arena memory;
    ir_ref x, y;
    lanes *values;
    int filled;
    worst found;
    unsigned long long arguments;
} share;

static void keep(worst *w, double error, double argument, double result)
{
    if (error > w->error)
        *w = (worst){error, argument, result};
}

static void measure(share *s)
{
    const math_oracle *f = s->whole->of;
    const lanes *x = &s->values[s->x], *y = &s->values[s->y];
    lanes_run(&s->p, s->values);
    for (int k = 0; k < s->filled; k++)
        if (s->whole->type == IR_F32) {
            const double argument = (double)x->f32[k];
            const double error = oracle_error_f32(y->f32[k], f->quick(argument));
            keep(&s->found, error, argument, (double)y->f32[k]);
        } else {
            const double argument = x->f64[k];
            const double error = oracle_error_f64(y->f64[k], f->close((long double)argument));
            keep(&s->found, error, argument, y->f64[k]);
        }
    s->arguments += (unsigned)s->filled;
    s->filled = 0;
}

static void try_f64(share *s, double x)
{
    s->values[s->x].f64[s->filled++] = x;
    if (s->filled == LANES)
        measure(s);
}

static void try_f32_block(share *s, int block)
{
    const uint64_t count = (UINT64_C(1) << 32) / F32_BLOCKS, first = (uint64_t)block * count;
    for (uint64_t at = first; at < first + count; at += LANES) {
        for (int k = 0; k < LANES; k++)
            s->values[s->x].u32[k] = (uint32_t)at + (uint32_t)k;
        s->filled = LANES;
        measure(s);
    }
}

static void try_f64_block(share *s, int block)
{
    const math_oracle *f = s->whole->of;
    uint64_t seed = ((uint64_t)block + 1) * 0x9E3779B97F4A7C15u;
    for (int k = 0; k < F64_BLOCK; k++)
        try_f64(s, oracle_argument(f, &seed));
    if (f->code != IR_SIN && f->code != IR_COS)
        return;
    for (int exponent = block - 60; exponent <= 971; exponent += F64_BLOCKS) {
        double near[128];
        const size_t count = oracle_near_quarter_turns(exponent, near, 128);
        for (size_t k = 0; k < count; k++)
            try_f64(s, near[k]);
    }
}

static void open_share(share *s)
{
    sn_arena_open(&s->memory, NULL);
    sn_ir_open(&s->p, &s->memory, IR_IDENTITY | IR_FOLD);
    sn_ir_add_input(&s->p, "x", s->whole->type);
    s->x = sn_ir_emit(&s->p, IR_INPUT, s->whole->type, 0, 0, 0);
    s->y = sn_math_expand(&s->p, s->whole->of->code, s->whole->type, s->x, 0, MATH_DEFAULT);
    s->values = lanes_open(&s->p);
    if (s->p.status != SINTER_OK || !s->values) {
        fputs("math_proof: out of memory\n", stderr);
        exit(2);
    }
}

static void *work(void *argument)
{
    share s = {.whole = argument};
    open_share(&s);
    const int blocks = s.whole->type == IR_F32 ? F32_BLOCKS : F64_BLOCKS;
    for (int block; (block = atomic_fetch_add(&s.whole->next, 1)) < blocks;) {
        if (s.whole->type == IR_F32)
            try_f32_block(&s, block);
        else
            try_f64_block(&s, block);
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r%s %s %3d %% ", s.whole->of->name, sn_ir_type_name(s.whole->type),
                    100 * block / blocks);
    }
    if (s.filled)
        measure(&s);
    pthread_mutex_lock(&s.whole->lock);
    keep(&s.whole->found, s.found.error, s.found.argument, s.found.result);
    s.whole->arguments += s.arguments;
    pthread_mutex_unlock(&s.whole->lock);
    free(s.values);
    sn_arena_close(&s.memory);
    mpfr_free_cache();
    return NULL;
}

static void run(proof *p)
{
    pthread_t threads[MAX_THREADS];
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const int wanted = processors < 1 ? 1 : processors > MAX_THREADS ? MAX_THREADS : (int)processors;
    int started = 0;
    while (started < wanted && pthread_create(&threads[started], NULL, work, p) == 0)
        started++;
    if (!started)
        work(p);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    if (isatty(STDERR_FILENO))
        fputs("\r                      \r", stderr);
}

/* ---- the page ---- */

static const char introduction[] =
    "# Accuracy\n"
    "\n"
    "Generated by `math_proof` (`make proof`). Do not edit.\n"
    "\n"
    "The mathematical functions are expanded into plain arithmetic before any engine sees them, so these\n"
    "figures hold for every engine and every vector width, which give the same bits. Infinities, NaN,\n"
    "signed zeros and subnormal numbers, as arguments and as results, are right; no range is left out.\n"
    "\n"
    "An error is |result − exact| in units in the last place (ULP): the distance of the type's numbers at\n"
    "the exact value; where that is subnormal, the least subnormal. 0.5 is the least that rounding can\n"
    "reach. Where the exact value rounds to infinity, only infinity counts as right.\n"
    "\n"
    "The f32 functions are measured at all 2³² arguments against the function in double precision; the f64\n"
    "functions at 10⁸ random, structured and known worst-case arguments (next to multiples of π/2 at every\n"
    "exponent, by continued fractions; next to whole, half and quarter numbers; at the borders of overflow\n"
    "and of the subnormals; around 1) against extended precision. Each greatest error is then computed anew\n"
    "with MPFR (200 and 400 bits): that is the figure given.\n"
    "\n"
    "The grade `fast` promises 4 ULP; so far it is the same code.\n"
    "\n"
    "| function | type | grade | greatest error, ULP | at | arguments tried |\n"
    "|---|---|---|---|---|---|\n";

static int prove(const math_oracle *f, ir_type type, FILE *out)
{
    proof p = {.of = f, .type = type, .lock = PTHREAD_MUTEX_INITIALIZER};
    run(&p);
    const double error = oracle_error(f, type, p.found.argument, p.found.result);
    char count[32];
    if (type == IR_F32)
        snprintf(count, sizeof count, "all 2³²");
    else
        snprintf(count, sizeof count, "%llu", p.arguments);
    fprintf(out, "| `%s` | %s | default | %.4f | `%a` | %s |\n", f->name, sn_ir_type_name(type), error,
            p.found.argument, count);
    fflush(out);
    fprintf(stderr, "%s %s: %.4f ULP, %s(%a) = %a\n", f->name, sn_ir_type_name(type), error, f->name,
            p.found.argument, p.found.result);
    return error <= 1 && p.found.error <= 1.001 ? 0 : 1;
}

int main(int argc, char **argv)
{
    FILE *out = argc > 1 ? fopen(argv[1], "w") : stdout;
    if (!out) {
        perror(argv[1]);
        return 2;
    }
    int status = 0;
    fputs(introduction, out);
    for (int k = 0; k < MATH_ORACLES; k++) {
        if (argc > 2 && strcmp(argv[2], math_oracles[k].name))
            continue;
        if (argc <= 3 || !strcmp(argv[3], "f32"))
            status |= prove(&math_oracles[k], IR_F32, out);
        if (argc <= 3 || !strcmp(argv[3], "f64"))
            status |= prove(&math_oracles[k], IR_F64, out);
    }
    if (out != stdout && fclose(out)) {
        perror(argv[1]);
        return 2;
    }
    return status;
}
