/* A plain tree-walking evaluator. tree_walk.h says what it is for.
 *
 * Text becomes nodes that point to their operands; a name stands for the node of its statement. Constants are
 * folded as nodes are made, and products within sums become fused operations there too, since that is the
 * language's meaning. A value that several others use is evaluated once an element, into a slot; all else is
 * evaluated where it stands, by recursion. Two evaluators, one for float and one for double, come from one
 * macro; where the processor has fused operations a second pair uses them. */
#include "tree_walk.h"

#include "plain_noise.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef enum node_kind {
    NODE_NUMBER,
    NODE_X,
    NODE_Y,
    NODE_SLOT,
    NODE_NEG,
    NODE_ABS,
    NODE_SQRT,
    NODE_LOG,
    NODE_ADD,
    NODE_SUB,
    NODE_MUL,
    NODE_DIV,
    NODE_MIN,
    NODE_MAX,
    NODE_FMA,
    NODE_FMS,
    NODE_FNMA,
    NODE_CALL
} node_kind;

typedef struct node {
    node_kind kind;
    uint32_t uses; /* how many operands it is */
    uint32_t slot; /* of a NODE_SLOT */
    double value;  /* of a NODE_NUMBER; in float programs a float */
    struct node *a, *b, *c;
    const plain_function *function; /* of a NODE_CALL */
} node;

typedef struct name {
    const char *text;
    size_t length;
    node *value;
} name;

struct tree {
    node *nodes;
    size_t node_count, node_capacity;
    name *names; /* by hash, a power of two of them */
    size_t name_mask;
    node **statements; /* those that fill slots, in order */
    uint32_t slots;
    node *result;
    double *doubles;
    float *floats;
    bool f64, vm;
    const char *at, *end;
    bool bad;
};

/* ---- evaluation ---- */

#define DEFINE_EVALUATOR(EVALUATE, RUN, TARGET, T, FABS, SQRT, LOG, FMA) \
    TARGET static T EVALUATE(const node *e, const T *slots, T x, T y) \
    { \
        switch (e->kind) { \
        case NODE_NUMBER: return (T)e->value; \
        case NODE_X: return x; \
        case NODE_Y: return y; \
        case NODE_SLOT: return slots[e->slot]; \
        case NODE_NEG: return -EVALUATE(e->a, slots, x, y); \
        case NODE_ABS: return FABS(EVALUATE(e->a, slots, x, y)); \
        case NODE_SQRT: return SQRT(EVALUATE(e->a, slots, x, y)); \
        case NODE_LOG: return LOG(EVALUATE(e->a, slots, x, y)); \
        case NODE_ADD: return EVALUATE(e->a, slots, x, y) + EVALUATE(e->b, slots, x, y); \
        case NODE_SUB: return EVALUATE(e->a, slots, x, y) - EVALUATE(e->b, slots, x, y); \
        case NODE_MUL: return EVALUATE(e->a, slots, x, y) * EVALUATE(e->b, slots, x, y); \
        case NODE_DIV: return EVALUATE(e->a, slots, x, y) / EVALUATE(e->b, slots, x, y); \
        case NODE_MIN: { \
            const T a = EVALUATE(e->a, slots, x, y); \
            const T b = EVALUATE(e->b, slots, x, y); \
            return a < b ? a : b; \
        } \
        case NODE_MAX: { \
            const T a = EVALUATE(e->a, slots, x, y); \
            const T b = EVALUATE(e->b, slots, x, y); \
            return a > b ? a : b; \
        } \
        case NODE_FMA: \
            return FMA(EVALUATE(e->a, slots, x, y), EVALUATE(e->b, slots, x, y), \
                       EVALUATE(e->c, slots, x, y)); \
        case NODE_FMS: \
            return FMA(EVALUATE(e->a, slots, x, y), EVALUATE(e->b, slots, x, y), \
                       -EVALUATE(e->c, slots, x, y)); \
        case NODE_FNMA: \
            return FMA(-EVALUATE(e->a, slots, x, y), EVALUATE(e->b, slots, x, y), \
                       EVALUATE(e->c, slots, x, y)); \
        case NODE_CALL: { \
            const float a = (float)EVALUATE(e->a, slots, x, y); \
            const float b = e->b ? (float)EVALUATE(e->b, slots, x, y) : 0; \
            const float c = e->c ? (float)EVALUATE(e->c, slots, x, y) : 0; \
            return (T)e->function->f(a, b, c); \
        } \
        } \
        return 0; \
    } \
\
    TARGET static void RUN(const tree *t, T *slots, const T *x, const T *y, T *out, int64_t count) \
    { \
        for (int64_t i = 0; i < count; i++) { \
            const T at_x = x ? x[i] : 0; \
            const T at_y = y ? y[i] : 0; \
            for (uint32_t s = 0; s < t->slots; s++) \
                slots[s] = EVALUATE(t->statements[s], slots, at_x, at_y); \
            out[i] = EVALUATE(t->result, slots, at_x, at_y); \
        } \
    }

DEFINE_EVALUATOR(evaluate_f32, run_f32, , float, fabsf, sqrtf, logf, fmaf)
DEFINE_EVALUATOR(evaluate_f64, run_f64, , double, fabs, sqrt, log, fma)
#if defined(__x86_64__)
#define WITH_FMA __attribute__((target("avx2,fma")))
DEFINE_EVALUATOR(evaluate_f32_fused, run_f32_fused, WITH_FMA, float, fabsf, sqrtf, logf, fmaf)
DEFINE_EVALUATOR(evaluate_f64_fused, run_f64_fused, WITH_FMA, double, fabs, sqrt, log, fma)

static bool has_fused(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

void sn_tree_run(tree *t, const void *const *inputs, void *out, int64_t first, int64_t count)
{
    const void *x = inputs[0];
    const void *y = inputs[1];
    if (t->f64) {
        void (*run)(const tree *, double *, const double *, const double *, double *, int64_t) = run_f64;
#if defined(__x86_64__)
        if (has_fused())
            run = run_f64_fused;
#endif
        run(t, t->doubles, x ? (const double *)x + first : NULL, y ? (const double *)y + first : NULL, out,
            count);
    } else {
        void (*run)(const tree *, float *, const float *, const float *, float *, int64_t) = run_f32;
#if defined(__x86_64__)
        if (has_fused())
            run = run_f32_fused;
#endif
        run(t, t->floats, x ? (const float *)x + first : NULL, y ? (const float *)y + first : NULL, out,
            count);
    }
}

/* ---- nodes ---- */

static node *new_node(tree *t, node_kind kind, node *a, node *b, node *c)
{
    if (t->node_count == t->node_capacity) {
        t->bad = true;
        return t->nodes;
    }
    node *e = &t->nodes[t->node_count++];
    *e = (node){.kind = kind, .a = a, .b = b, .c = c};
    return e;
}

static node *new_number(tree *t, double value)
{
    node *e = new_node(t, NODE_NUMBER, NULL, NULL, NULL);
    e->value = t->f64 ? value : (double)(float)value;
    return e;
}

static bool is_number(const node *e)
{
    return !e || e->kind == NODE_NUMBER;
}

static node *new_operation(tree *t, node_kind kind, node *a, node *b, node *c)
{
    const node e = {.kind = kind, .a = a, .b = b, .c = c};
    if (is_number(a) && is_number(b) && is_number(c))
        return new_number(t, t->f64 ? evaluate_f64(&e, NULL, 0, 0) : (double)evaluate_f32(&e, NULL, 0, 0));
    return new_node(t, kind, a, b, c);
}

/* ---- names ---- */

static name *find_name(tree *t, const char *text, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    size_t k = hash & t->name_mask;
    while (t->names[k].text && (t->names[k].length != length || memcmp(t->names[k].text, text, length) != 0))
        k = (k + 1) & t->name_mask;
    return &t->names[k];
}

static void bind(tree *t, const char *text, size_t length, node *value)
{
    name *n = find_name(t, text, length);
    *n = (name){text, length, value};
}

static node *value_of(tree *t, const char *text, size_t length)
{
    node *value = find_name(t, text, length)->value;
    if (value)
        return value;
    t->bad = true;
    return t->nodes;
}

/* ---- the language ---- */

typedef struct operand {
    node *value;
    bool product; /* written in this expression, so that a sum may fuse it */
} operand;

static operand parse_sum(tree *t);

static char peek(tree *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
        t->at++;
    return t->at < t->end ? *t->at : '\0';
}

static bool accept(tree *t, char c)
{
    if (peek(t) != c)
        return false;
    t->at++;
    return true;
}

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
           || (c & 0x80); /* letters beyond ASCII */
}

static size_t name_length(const tree *t, bool with_minus)
{
    const char *p = t->at;
    while (p < t->end && in_name(*p) && (with_minus || *p != '-'))
        p++;
    return (size_t)(p - t->at);
}

static node *parse_number(tree *t)
{
    char copy[64] = "";
    const size_t left = (size_t)(t->end - t->at);
    memcpy(copy, t->at, left < sizeof copy - 1 ? left : sizeof copy - 1);
    char *after = copy;
    const double value = t->f64 ? strtod(copy, &after) : (double)strtof(copy, &after);
    if (after == copy)
        t->bad = true;
    t->at += after - copy;
    return new_number(t, value);
}

static node *parse_call(tree *t, const char *text, size_t length)
{
    static const struct {
        const char *text;
        node_kind kind;
        int arguments;
    } functions[] = {
        {"min", NODE_MIN, 2},   {"max", NODE_MAX, 2}, {"abs", NODE_ABS, 1},
        {"sqrt", NODE_SQRT, 1}, {"log", NODE_LOG, 1}, {"fma", NODE_FMA, 3},
    };
    node *argument[3] = {NULL, NULL, NULL};
    int count = 0;
    do
        argument[count++] = parse_sum(t).value;
    while (count < 3 && accept(t, ','));
    if (!accept(t, ')'))
        t->bad = true;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        if (strlen(functions[f].text) == length && !memcmp(functions[f].text, text, length)
            && functions[f].arguments == count)
            return new_operation(t, functions[f].kind, argument[0], argument[1], argument[2]);
    node *call = new_node(t, NODE_CALL, argument[0], argument[1], argument[2]);
    call->function = t->f64 ? NULL : sn_plain_function(text, length, count);
    t->bad |= !call->function;
    return call;
}

static operand parse_unary(tree *t)
{
    if (t->bad)
        return (operand){t->nodes, false};
    if (accept(t, '-'))
        return (operand){new_operation(t, NODE_NEG, parse_unary(t).value, NULL, NULL), false};
    if (accept(t, '(')) {
        const operand inner = parse_sum(t);
        if (!accept(t, ')'))
            t->bad = true;
        return inner;
    }
    const char c = peek(t);
    if ((c >= '0' && c <= '9') || c == '.')
        return (operand){parse_number(t), false};
    const char *text = t->at;
    const size_t length = name_length(t, false);
    if (length == 0) {
        t->bad = true;
        return (operand){t->nodes, false};
    }
    t->at += length;
    return (operand){accept(t, '(') ? parse_call(t, text, length) : value_of(t, text, length), false};
}

static operand parse_product(tree *t)
{
    operand left = parse_unary(t);
    for (;;) {
        const bool times = accept(t, '*');
        if (t->bad || (!times && !accept(t, '/')))
            return left;
        const operand right = parse_unary(t);
        node *value = new_operation(t, times ? NODE_MUL : NODE_DIV, left.value, right.value, NULL);
        left = (operand){value, times && value->kind == NODE_MUL};
    }
}

static node *add(tree *t, operand l, operand r)
{
    if (l.product)
        return new_operation(t, NODE_FMA, l.value->a, l.value->b, r.value);
    if (r.product)
        return new_operation(t, NODE_FMA, r.value->a, r.value->b, l.value);
    return new_operation(t, NODE_ADD, l.value, r.value, NULL);
}

static node *subtract(tree *t, operand l, operand r)
{
    if (l.product)
        return new_operation(t, NODE_FMS, l.value->a, l.value->b, r.value);
    if (r.product)
        return new_operation(t, NODE_FNMA, r.value->a, r.value->b, l.value);
    return new_operation(t, NODE_SUB, l.value, r.value, NULL);
}

static operand parse_sum(tree *t)
{
    operand left = parse_product(t);
    for (;;) {
        const bool plus = accept(t, '+');
        if (t->bad || (!plus && !accept(t, '-')))
            return left;
        const operand right = parse_product(t);
        left = (operand){plus ? add(t, left, right) : subtract(t, left, right), false};
    }
}

static void parse_text(tree *t)
{
    bind(t, "x", 1, new_node(t, NODE_X, NULL, NULL, NULL));
    bind(t, "y", 1, new_node(t, NODE_Y, NULL, NULL, NULL));
    bind(t, "\317\200", 2, new_number(t, 3.14159265358979323846));
    while (!t->bad) {
        while (peek(t) == ';' || peek(t) == '\n')
            t->at++;
        if (t->at == t->end)
            return;
        const char *text = t->at;
        const size_t length = name_length(t, false);
        t->at += length;
        const bool named = length > 0 && accept(t, '=');
        if (!named)
            t->at = text;
        t->result = parse_sum(t).value;
        if (named)
            bind(t, text, length, t->result);
        if (t->at < t->end && peek(t) != ';' && peek(t) != '\n')
            t->bad = true;
    }
}

/* ---- `.vm` files ---- */

static node *make_vm(tree *t, const char *op, size_t length, node **arguments, int count)
{
    static const struct {
        const char *text;
        node_kind kind;
        int arguments;
    } operations[] = {
        {"add", NODE_ADD, 2}, {"sub", NODE_SUB, 2}, {"mul", NODE_MUL, 2},
        {"div", NODE_DIV, 2}, {"min", NODE_MIN, 2}, {"max", NODE_MAX, 2},
        {"neg", NODE_NEG, 1}, {"abs", NODE_ABS, 1}, {"sqrt", NODE_SQRT, 1},
    };
    if (length == 6 && !memcmp(op, "square", 6) && count == 1)
        return new_operation(t, NODE_MUL, arguments[0], arguments[0], NULL);
    if (length == 5 && !memcmp(op, "var-x", 5))
        return new_node(t, NODE_X, NULL, NULL, NULL);
    if (length == 5 && !memcmp(op, "var-y", 5))
        return new_node(t, NODE_Y, NULL, NULL, NULL);
    for (size_t k = 0; k < sizeof operations / sizeof *operations; k++)
        if (strlen(operations[k].text) == length && !memcmp(operations[k].text, op, length)
            && operations[k].arguments == count)
            return new_operation(t, operations[k].kind, arguments[0], count > 1 ? arguments[1] : NULL, NULL);
    t->bad = true;
    return t->nodes;
}

static void parse_vm_line(tree *t)
{
    const char *text = t->at;
    const size_t length = name_length(t, false);
    t->at += length;
    (void)peek(t);
    const char *op = t->at;
    const size_t op_length = name_length(t, true);
    t->at += op_length;
    (void)peek(t);
    if (op_length == 5 && !memcmp(op, "const", 5)) {
        t->result = parse_number(t);
    } else {
        node *arguments[2] = {NULL, NULL};
        int count = 0;
        for (size_t l; count < 2 && (l = name_length(t, false)) > 0; count++, (void)peek(t)) {
            arguments[count] = value_of(t, t->at, l);
            t->at += l;
        }
        t->result = make_vm(t, op, op_length, arguments, count);
    }
    if (length == 0)
        t->bad = true;
    else
        bind(t, text, length, t->result);
}

static void parse_vm(tree *t)
{
    while (!t->bad && t->at < t->end) {
        const char c = peek(t);
        if (c != '#' && c != '\n' && c != '\r' && c != '\0')
            parse_vm_line(t);
        while (t->at < t->end && *t->at != '\n')
            t->at++;
        if (t->at < t->end)
            t->at++;
    }
}

/* ---- slots ---- */

static bool is_leaf(const node *e)
{
    return e->kind == NODE_NUMBER || e->kind == NODE_X || e->kind == NODE_Y || e->kind == NODE_SLOT;
}

/* Counts the uses by what the result needs. Operands stand before their users. */
static void count_uses(tree *t)
{
    t->result->uses = 1;
    for (size_t k = t->node_count; k-- > 0;) {
        const node *e = &t->nodes[k];
        node *operands[3] = {e->a, e->b, e->c};
        for (int i = 0; i < 3 && e->uses; i++)
            if (operands[i])
                operands[i]->uses++;
    }
}

/* What has several uses moves to a node of its own, and its place becomes that slot. */
static void make_slots(tree *t)
{
    const size_t count = t->node_count;
    for (size_t k = 0; k < count && !t->bad; k++) {
        node *e = &t->nodes[k];
        if (e->uses < 2 || is_leaf(e))
            continue;
        node *moved = new_node(t, e->kind, e->a, e->b, e->c);
        moved->function = e->function;
        t->statements[t->slots] = moved;
        *e = (node){.kind = NODE_SLOT, .slot = t->slots++};
    }
}

tree *sn_tree_open(const char *text, size_t length, bool vm, bool f64)
{
    tree *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    size_t names = 16;
    while (names < length / 2)
        names *= 2;
    t->node_capacity = 2 * length + 16; /* a node takes a byte of text at least, and may move once */
    t->nodes = calloc(t->node_capacity, sizeof *t->nodes);
    t->names = calloc(names, sizeof *t->names);
    t->name_mask = names - 1;
    t->statements = calloc(length + 1, sizeof(node *));
    t->doubles = calloc(length + 1, sizeof(double));
    t->floats = calloc(length + 1, sizeof(float));
    t->f64 = f64;
    t->at = text;
    t->end = text + length;
    if (!t->nodes || !t->names || !t->statements || !t->doubles || !t->floats) {
        sn_tree_close(t);
        return NULL;
    }
    if (vm)
        parse_vm(t);
    else
        parse_text(t);
    if (!t->bad && t->result) {
        count_uses(t);
        make_slots(t);
    }
    if (t->bad || !t->result) {
        sn_tree_close(t);
        return NULL;
    }
    return t;
}

void sn_tree_close(tree *t)
{
    if (!t)
        return;
    free(t->nodes);
    free(t->names);
    free(t->statements);
    free(t->doubles);
    free(t->floats);
    free(t);
}
