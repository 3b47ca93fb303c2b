/* Arithmetic of any length that computes something: every operation is used, and no value overflows, vanishes
 * or is undefined, so that neither an optimiser nor subnormals nor NaN make it cheaper or dearer than it
 * looks.
 *
 * Operations are drawn one by one and tried on a few dozen points; one whose values leave 2^-16 … 2^16 in
 * magnitude is drawn again. What nothing uses yet is kept in a queue: operands are taken from it when it
 * grows long, and towards the end every operation must shorten it, until the last one leaves one value, the
 * result. The generator's state is the seed alone. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINTS = 32, /* on which operations are tried */
    WINDOW = 24, /* operands are among the last so many values */
    QUEUE = 10,  /* unused values, about */
    TRIES = 96,
    SAME_KIND = 32,
    FIRST = 2 /* value 0 is x, 1 is y */
};

typedef enum random_kind {
    RANDOM_ADD,
    RANDOM_SUB,
    RANDOM_MUL,
    RANDOM_FMA,
    RANDOM_MIN,
    RANDOM_MAX,
    RANDOM_ABS,
    RANDOM_SQRT
} random_kind;

typedef struct random_op {
    random_kind kind;
    int32_t a, b, c; /* values; below 0: constant −1 − k */
} random_op;

typedef struct generator {
    uint32_t state;
    random_op *ops; /* from FIRST on */
    float (*values)[POINTS];
    unsigned count; /* values so far */
    unsigned unused[QUEUE + 4], unused_count;
} generator;

static const float constants[] = {0.25f, 0.375f, 0.5f, 0.625f, 0.75f, 0.8f, 0.9f,
                                  1.1f,  1.25f,  1.5f, 1.75f,  2.f,   3.f};
enum { CONSTANTS = sizeof constants / sizeof *constants };

static unsigned draw(generator *g, unsigned below)
{
    g->state = g->state * 1664525u + 1013904223u;
    return (unsigned)(((uint64_t)(g->state >> 8) * below) >> 24);
}

static float value_at(const generator *g, int32_t operand, int point)
{
    return operand < 0 ? constants[-1 - operand] : g->values[operand][point];
}

static float apply(random_kind kind, float a, float b, float c)
{
    switch (kind) {
    case RANDOM_ADD: return a + b;
    case RANDOM_SUB: return a - b;
    case RANDOM_MUL: return a * b;
    case RANDOM_FMA: return fmaf(a, b, c);
    case RANDOM_MIN: return a < b ? a : b;
    case RANDOM_MAX: return a > b ? a : b;
    case RANDOM_ABS: return fabsf(a);
    case RANDOM_SQRT: return sqrtf(a);
    }
    return 0;
}

/* Fills the next value; false if it is no good. */
static bool try_op(generator *g, const random_op *op)
{
    bool negative = false, differs_from_a = false, differs_from_b = false;
    for (int p = 0; p < POINTS; p++) {
        const float a = value_at(g, op->a, p);
        const float b = value_at(g, op->b, p);
        const float v = apply(op->kind, a, b, value_at(g, op->c, p));
        g->values[g->count][p] = v;
        if (!(fabsf(v) >= 0x1p-16f && fabsf(v) <= 0x1p16f))
            return false;
        negative |= a < 0;
        differs_from_a |= v != a;
        differs_from_b |= v != b;
    }
    switch (op->kind) {
    case RANDOM_ABS: return negative;
    case RANDOM_MIN:
    case RANDOM_MAX: return differs_from_a && differs_from_b;
    default: return true;
    }
}

static bool is_repeated(const generator *g, const random_op *op)
{
    const unsigned oldest = g->count > FIRST + 4 * WINDOW ? g->count - 4 * WINDOW : FIRST;
    for (unsigned k = oldest; k < g->count; k++) {
        const random_op *o = &g->ops[k];
        const bool same = o->a == op->a && o->b == op->b;
        const bool swapped = o->a == op->b && o->b == op->a;
        if (o->kind == op->kind && o->c == op->c && (same || swapped))
            return true;
    }
    return false;
}

static int32_t draw_operand(generator *g, bool may_be_constant)
{
    if (may_be_constant && draw(g, 6) == 0)
        return -1 - (int32_t)draw(g, CONSTANTS);
    const unsigned window = g->count < WINDOW ? g->count : WINDOW;
    return (int32_t)(g->count - 1 - draw(g, window));
}

static random_kind draw_kind(generator *g, bool shortening)
{
    const unsigned k = draw(g, 100);
    const random_kind kind = k < 24   ? RANDOM_ADD
                             : k < 42 ? RANDOM_SUB
                             : k < 66 ? RANDOM_MUL
                             : k < 80 ? RANDOM_FMA
                             : k < 87 ? RANDOM_MIN
                             : k < 94 ? RANDOM_MAX
                             : k < 97 ? RANDOM_ABS
                                      : RANDOM_SQRT;
    return shortening && kind >= RANDOM_ABS ? RANDOM_ADD : kind;
}

/* Must an operation leave fewer unused values than it found? */
static bool is_shortening(const generator *g, unsigned left)
{
    return g->unused_count >= left || g->unused_count > QUEUE;
}

static random_op draw_op(generator *g, random_kind kind, bool shortening)
{
    const bool long_queue = shortening || g->unused_count > QUEUE / 2;
    random_op op = {kind, 0, 0, 0};
    const unsigned i = long_queue ? draw(g, g->unused_count) : 0;
    op.a = long_queue ? (int32_t)g->unused[i] : draw_operand(g, false);
    op.b = draw_operand(g, true);
    if (shortening && g->unused_count > 1)
        op.b = (int32_t)g->unused[(i + 1 + draw(g, g->unused_count - 1)) % g->unused_count];
    op.c = op.kind == RANDOM_FMA ? draw_operand(g, true) : op.a;
    if (op.kind >= RANDOM_ABS)
        op.b = op.a;
    return op;
}

static void use(generator *g, int32_t operand)
{
    for (unsigned k = 0; k < g->unused_count; k++)
        if ((int32_t)g->unused[k] == operand) {
            g->unused[k] = g->unused[--g->unused_count];
            return;
        }
}

static void append(generator *g, unsigned left)
{
    const bool shortening = is_shortening(g, left);
    random_kind kind = draw_kind(g, shortening);
    random_op op = {RANDOM_MAX, 0, 0, 0};
    bool good = false;
    for (int k = 0; k < TRIES && !good;
         k++) { /* other operands first, so that the mixture stays; then another kind */
        if (k % SAME_KIND == SAME_KIND - 1)
            kind = draw_kind(g, shortening);
        op = draw_op(g, kind, shortening);
        good = op.a != op.b || op.kind >= RANDOM_ABS || op.kind == RANDOM_MUL || op.kind == RANDOM_FMA;
        good = good && !is_repeated(g, &op) && try_op(g, &op);
    }
    if (!good) { /* of two good values the larger is good */
        op = draw_op(g, RANDOM_MAX, shortening);
        op.c = op.a;
        if (op.b == op.a)
            op.b = (int32_t)(op.a == (int32_t)g->count - 1 ? g->count - 2 : g->count - 1);
        (void)try_op(g, &op);
    }
    use(g, op.a);
    use(g, op.b);
    use(g, op.c);
    g->ops[g->count] = op;
    g->unused[g->unused_count++] = g->count++;
}

static bool generate(generator *g, unsigned operations, uint32_t seed)
{
    memset(g, 0, sizeof *g);
    g->state = seed * 2654435769u + 12345u;
    g->ops = calloc(operations + FIRST, sizeof *g->ops);
    g->values = calloc(operations + FIRST, sizeof *g->values);
    if (!g->ops || !g->values) {
        free(g->ops);
        free(g->values);
        return false;
    }
    for (; g->count < FIRST; g->unused[g->unused_count++] = g->count++)
        for (int p = 0; p < POINTS; p++)
            g->values[g->count][p] = (0.02f + (float)draw(g, 1000) / 1021.f) * (draw(g, 2) ? 1.f : -1.f);
    for (unsigned k = 0; k < operations; k++)
        append(g, operations - k);
    return true;
}

/* ---- as text ---- */

static int name_operand(char *to, int32_t operand)
{
    if (operand < 0)
        return sprintf(to, "%g", (double)constants[-1 - operand]);
    return operand < FIRST ? sprintf(to, "%c", "xy"[operand]) : sprintf(to, "v%d", (int)operand - FIRST);
}

static size_t write_op(char *to, const random_op *op)
{
    char a[16], b[16], c[16];
    name_operand(a, op->a);
    name_operand(b, op->b);
    name_operand(c, op->c);
    switch (op->kind) {
    case RANDOM_ADD: return (size_t)sprintf(to, "%s + %s", a, b);
    case RANDOM_SUB: return (size_t)sprintf(to, "%s - %s", a, b);
    case RANDOM_MUL: return (size_t)sprintf(to, "%s*%s", a, b);
    case RANDOM_FMA: return (size_t)sprintf(to, "%s*%s + %s", a, b, c);
    case RANDOM_MIN: return (size_t)sprintf(to, "min(%s, %s)", a, b);
    case RANDOM_MAX: return (size_t)sprintf(to, "max(%s, %s)", a, b);
    case RANDOM_ABS: return (size_t)sprintf(to, "abs(%s)", a);
    case RANDOM_SQRT: return (size_t)sprintf(to, "sqrt(%s)", a);
    }
    return 0;
}

char *sn_bench_random_text(unsigned operations, uint32_t seed, size_t *length)
{
    enum { LINE = 72 };
    generator g;
    if (!generate(&g, operations, seed))
        return NULL;
    char *text = malloc((size_t)operations * LINE + 1);
    size_t at = 0;
    for (unsigned k = FIRST; text && k < g.count; k++) {
        if (k + 1 < g.count)
            at += (size_t)sprintf(text + at, "v%u = ", k - FIRST);
        at += write_op(text + at, &g.ops[k]);
        text[at++] = '\n';
    }
    free(g.ops);
    free(g.values);
    *length = at;
    return text;
}

/* ---- as a program ---- */

sinter_program *sn_bench_random_program(unsigned operations, uint32_t seed)
{
    static const sinter_operation codes[] = {SINTER_OP_ADD, SINTER_OP_SUB, SINTER_OP_MUL, SINTER_OP_FMA,
                                             SINTER_OP_MIN, SINTER_OP_MAX, SINTER_OP_ABS, SINTER_OP_SQRT};
    generator g;
    sinter_program *program = sinter_program_open(NULL);
    sinter_value *values = calloc(operations + FIRST, sizeof *values);
    if (!program || !values || !generate(&g, operations, seed)) {
        sinter_program_close(program);
        free(values);
        return NULL;
    }
    values[0] = sinter_input(program, "x", SINTER_F32);
    values[1] = sinter_input(program, "y", SINTER_F32);
    for (unsigned k = FIRST; k < g.count; k++) {
        const random_op *op = &g.ops[k];
        const int32_t operands[3] = {op->a, op->b, op->c};
        const int count = op->kind == RANDOM_FMA ? 3 : op->kind >= RANDOM_ABS ? 1 : 2;
        sinter_value v[3] = {0, 0, 0};
        for (int i = 0; i < count; i++)
            v[i] = operands[i] < 0 ? sinter_f32(program, constants[-1 - operands[i]]) : values[operands[i]];
        values[k] = sinter_emit(program, codes[op->kind], v[0], v[1], v[2]);
    }
    sinter_output(program, "out", values[g.count - 1]);
    free(g.ops);
    free(g.values);
    free(values);
    return program;
}
