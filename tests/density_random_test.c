/* Random densities on random rows: whatever form the arguments of a call have, on every engine and for any number of threads, the results are the bits
 * of contiguous columns on the interpreter, in a context that has kept nothing; and sums of weighted rows are what their definition makes of the rows.
 *
 *   density_random_test [FIRST [COUNT]]   other densities than the test's own: numbers FIRST, FIRST + 1 … */
#include "lang/lang.h"
#include "open_context.h"
#include "repetitions.h"

#include <sinter/sinter.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>
#include "density_checks.h"

enum { DENSITIES = 200, TRIALS = 6, MOST_COLUMNS = 3, MOST_PARAMETERS = 10, MOST_TEXT = 4000, BLOCK = 4096, MOST_ROWS = 28000, MOST_STRIDE = 3, GROUPS = 5 };

static uint64_t number_of_density;
static uint32_t sums, finite_sums, collapsed, invalid;

static uint32_t below(uint32_t n)
{
    return (uint32_t)uniform(0, n);
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

/* ---- a random density ---- */

typedef struct model {
    char text[MOST_TEXT];
    size_t length;
    uint32_t columns, parameters;
    bool narrow, positive; /* `positive`: the columns' numbers */
    double low[MOST_PARAMETERS], high[MOST_PARAMETERS]; /* as far as numbers say it, what is valid of parameters */
} model;

__attribute__((format(printf, 2, 3))) static void say(model *m, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int n = vsnprintf(m->text + m->length, sizeof m->text - m->length, format, list);
    va_end(list);
    m->length += (size_t)n;
    assert_true(m->length < sizeof m->text);
}

static void say_leaf(model *m)
{
    const uint32_t kind = below(10);
    if (kind < 5)
        say(m, "c%u", (unsigned)below(m->columns));
    else if (kind < 9 && m->parameters)
        say(m, "p%u", (unsigned)below(m->parameters));
    else
        say(m, "%.3f", uniform(0.25, 4));
}

static void say_expression(model *m, unsigned depth)
{
    static const char *const functions[] = {"sin(", "sqrt(", "log(1 + abs(", "exp(-abs(", "tanh(", "atan(", "lgamma(1 + abs(", "erf(", "floor(", "abs(", "softplus("};
    static const char *const signs[] = {" + ", " - ", "*", "*", "/"};
    const uint32_t kind = below(100);
    if (depth == 0 || kind < 15) {
        say_leaf(m);
    } else if (kind < 35) {
        const char *f = functions[below(sizeof functions / sizeof *functions)];
        say(m, "%s", f);
        say_expression(m, depth - 1);
        for (const char *c = f; *c; c++)
            if (*c == '(')
                say(m, ")");
    } else if (kind < 90) {
        say(m, "(");
        say_expression(m, depth - 1);
        say(m, "%s", signs[below(sizeof signs / sizeof *signs)]);
        say_expression(m, depth - 1);
        say(m, ")");
    } else {
        say(m, "(");
        say_expression(m, depth - 1);
        say(m, " < ");
        say_leaf(m);
        say(m, " ? ");
        say_expression(m, depth - 1);
        say(m, " : ");
        say_expression(m, depth - 1);
        say(m, ")");
    }
}

/* Any family of the library. Of constants it might not take some. */
static void say_any_family(model *m)
{
    lang_family_entry family;
    uint32_t count = 0;
    while (sn_lang_family(count, &family))
        count++;
    do
        sn_lang_family(below(count), &family);
    while (strchr(family.form, ':')); /* of tuples */
    say(m, "%s(", family.name);
    for (uint32_t k = 0; k < family.parameter_count; k++)
        say(m, "%sp%u", k ? ", " : "", (unsigned)below(m->parameters));
    say(m, ")");
}

static void say_distribution(model *m)
{
    const uint32_t kind = below(12);
    say(m, "%s", kind == 0 ? "mixture((0.25, 0.75), " : kind == 1 ? "weighted(" : kind == 2 ? "exp_of(" : "");
    say_any_family(m);
    if (kind == 0) {
        say(m, ", ");
        say_any_family(m);
    }
    say(m, "%s", kind == 1 ? ", 0.5)" : kind < 3 ? ")" : "");
}

/* Several in one text, which have functions of the library in common; and what collapses where rows are bound, which random terms seldom do. */
static void say_families(model *m)
{
    m->positive = true;
    for (uint32_t k = 0; k < m->columns; k++) {
        say(m, "c%u ~ ", (unsigned)k);
        if (k && m->parameters > 2 && chance(40)) /* a regression */
            say(m, "normal(p0 + p1*c%u, p2)", (unsigned)(k - 1));
        else
            say_distribution(m);
        say(m, "; ");
    }
}

/* From one operation, whose sums stay in registers, to hundreds, which leave none for them; with few derivatives, and with more than a body can have sums in registers. */
static void make_model(model *m)
{
    *m = (model){.columns = 1 + below(MOST_COLUMNS), .parameters = below(chance(60) ? 4 : MOST_PARAMETERS + 1), .narrow = chance(40)};
    for (uint32_t k = 0; k < m->columns; k++)
        say(m, "input c%u; ", (unsigned)k);
    for (uint32_t k = 0; k < m->parameters; k++)
        say(m, "param p%u = %.2f; ", (unsigned)k, uniform(0.5, 3));
    if (m->parameters && chance(30)) {
        say_families(m);
        return;
    }
    const unsigned depth = 1 + below(4);
    for (uint32_t term = 0, terms = chance(70) ? 1 : 1 + below(5); term < terms; term++) {
        say(m, term ? " + " : "");
        say_expression(m, depth);
    }
    say(m, " + c0*%.2f", uniform(0.5, 2)); /* it varies by row, whatever was drawn */
    for (uint32_t k = 1; k < m->columns; k++)
        say(m, " - c%u", (unsigned)k);
}

/* ---- random rows ---- */

enum { MOST_ARGUMENTS = MOST_COLUMNS + MOST_PARAMETERS + 1 };

/* One argument: its numbers, and how the call in question has them. */
typedef struct argument {
    double values[MOST_ROWS];
    int64_t stride;
    size_t shift; /* bytes that its first number lies off an address of 64 bytes */
    bool given;   /* else it is what was set, of weights 1 */
    uint8_t *memory, *plain;
} argument;

typedef struct rows {
    int64_t count;
    argument arguments[MOST_ARGUMENTS]; /* columns, parameters, weights */
    argument groups;                    /* of sums by a column */
    bool masked;
    int64_t offset;
    uint8_t validity[MOST_ROWS / 8 + 16];
} rows;

static bool is_there(const rows *r, int64_t i)
{
    return !r->masked || r->validity[(i + r->offset) / 8] >> (i + r->offset) % 8 & 1;
}

static int64_t draw_count(bool shared)
{
    static const int64_t edges[] = {511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 4607, 4608, 4609, 8191, 8192, 8193};
    if (shared && chance(30))
        return 8193 + below(MOST_ROWS - 8193);
    const uint32_t kind = below(100);
    return kind < 40 ? below(140) : kind < 70 ? edges[below(sizeof edges / sizeof *edges)] : 500 + below(kind < 95 ? 1200 : 9000);
}

static double draw_value(bool wild)
{
    const uint32_t kind = wild ? below(400) : 2 + below(400);
    return kind == 0 ? NAN : kind == 1 ? (double)INFINITY : kind == 2 ? -0.0 : kind < 10 ? uniform(-1e4, 1e4) : uniform(-3, 3);
}

/* NaN and infinities in one of six alone: they swallow what else a sum may have lost. */
static void draw_argument(argument *a, int64_t count, int64_t stride, bool positive)
{
    const bool wild = chance(16);
    a->given = true;
    a->stride = stride;
    a->shift = below(65);
    for (int64_t i = 0; i < count; i++)
        a->values[i] = stride || i == 0 ? draw_value(wild) : a->values[0];
    for (int64_t i = 0; positive && i < count; i++)
        a->values[i] = fabs(a->values[i]);
}

static int64_t draw_stride(void)
{
    static const int64_t strides[] = {1, 1, 1, 0, 2, 3, -1, -2};
    return strides[below(8)];
}

static double draw_parameter(const model *m, uint32_t k)
{
    const double low = fmax(m->low[k], 0.5), high = fmin(m->high[k], 3);
    return chance(2) || !(low < high) ? uniform(m->low[k] < 0 ? -1 : 0, 1) : uniform(low, high);
}

static void draw_rows(rows *r, const model *m, bool shared)
{
    r->count = draw_count(shared);
    for (uint32_t k = 0; k < m->columns; k++)
        draw_argument(&r->arguments[k], r->count, draw_stride(), m->positive);
    const bool by_row = chance(40);
    for (uint32_t k = 0; k < m->parameters; k++) {
        argument *a = &r->arguments[m->columns + k];
        draw_argument(a, r->count, by_row && chance(50) ? draw_stride() : 0, m->positive);
        a->given = a->stride != 0 || chance(50);
        if (a->stride == 0)
            for (int64_t i = 0; i < r->count || i == 0; i++)
                a->values[i] = i ? a->values[0] : draw_parameter(m, k);
    }
    argument *weights = &r->arguments[m->columns + m->parameters];
    draw_argument(weights, r->count, draw_stride(), true);
    weights->given = chance(30);
    for (int64_t i = 0; i < r->count; i++)
        weights->values[i] = !weights->given ? 1 : weights->stride == 0 ? fabs(weights->values[0]) : chance(10) ? 0 : uniform(0, 2);
    draw_argument(&r->groups, r->count, 1 + below(2), true);
    for (int64_t i = 0; i < r->count; i++)
        r->groups.values[i] = below(GROUPS);
    r->masked = chance(30);
    r->offset = below(20);
    for (size_t k = 0; k < sizeof r->validity; k++)
        r->validity[k] = (uint8_t)(chance(50) ? 0xFF : below(256));
}

static void write_number(uint8_t *to, double value, bool narrow)
{
    const float f = (float)value;
    if (narrow)
        memcpy(to, &f, sizeof f);
    else
        memcpy(to, &value, sizeof value);
}

/* In the form of the call, with NaN between its numbers, and contiguous. */
static void store(argument *a, int64_t count, bool narrow)
{
    const int64_t size = narrow ? 4 : 8, room = MOST_STRIDE * count + 1;
    a->memory = malloc((size_t)(room * size) + 256);
    a->plain = malloc((size_t)((count + 1) * size));
    assert_true(a->memory && a->plain);
    uint8_t *at = a->memory + (-(uintptr_t)a->memory & 63) + a->shift;
    for (int64_t i = 0; i < room; i++)
        write_number(at + i * size, NAN, narrow);
    const int64_t first = a->stride < 0 ? -a->stride * (count ? count - 1 : 0) : 0;
    for (int64_t i = 0; i < count || i == 0; i++) {
        write_number(at + (first + i * a->stride) * size, a->values[i], narrow);
        write_number(a->plain + i * size, a->values[i], narrow);
    }
    a->shift = (size_t)(at - a->memory) + (size_t)(first * size);
}

static sinter_density_argument in_form(const argument *a)
{
    return (sinter_density_argument){a->given ? a->memory + a->shift : NULL, a->stride};
}

/* ---- what comes of them ---- */

typedef struct outcome {
    sinter_status status; /* SINTER_BAD_PARAMETER where one is invalid */
    double sum, exact, gradient[MOST_PARAMETERS];
    double bound, bound_gradient[MOST_PARAMETERS];
    double by_group[GROUPS];
    uint32_t results; /* of batches: log-densities, then derivatives by the parameters */
    uint64_t *bits;   /* of each row, result after result */
} outcome;

static uint64_t bits_of(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return isnan(x) ? 0x7FF8000000000000u : b;
}

static double number_at(const uint8_t *from, int64_t i, bool narrow)
{
    float f;
    double d;
    memcpy(&f, from + 4 * (narrow ? i : 0), sizeof f);
    memcpy(&d, from + 8 * (narrow ? 0 : i), sizeof d);
    return narrow ? (double)f : d;
}

/* Rows bound, where no parameter comes by row: the same with derivatives and without. */
static void run_bound(sinter_density *d, sinter_density_values *v, const model *m, sinter_density_data data, outcome *out)
{
    sinter_bound *bound;
    double alone;
    data.parameters = NULL;
    expect_status(sinter_density_bind(d, &data, &bound, NULL), SINTER_OK, "bind");
    expect_status(sinter_bound_log(bound, v, NULL, &out->bound, m->parameters ? out->bound_gradient : NULL), out->status, "bound");
    expect_status(sinter_bound_log(bound, v, NULL, &alone, NULL), out->status, "bound alone");
    if (bits_of(alone) != bits_of(out->bound))
        fail_msg("density %llu: bound rows have %.17g alone, %.17g with derivatives\n%s", (unsigned long long)number_of_density, alone, out->bound, m->text);
    collapsed += sinter_bound_describe(bound).collapses;
    sinter_bound_close(bound);
}

enum { CANARY = 0xA5, ROOM_AROUND = 64 };

static void run_batch(sinter_density_values *v, const model *m, const rows *r, const sinter_density_data *data, size_t shift, outcome *out)
{
    const size_t bytes = (size_t)r->count * (m->narrow ? 4 : 8);
    uint8_t *memory[MOST_PARAMETERS + 1];
    void *parameters[MOST_PARAMETERS];
    for (uint32_t k = 0; k < out->results; k++) {
        memory[k] = malloc(bytes + 2 * ROOM_AROUND + 8);
        assert_non_null(memory[k]);
        memset(memory[k], CANARY, bytes + 2 * ROOM_AROUND + 8);
        if (k)
            parameters[k - 1] = memory[k] + shift;
    }
    expect_status(sinter_density_batch(v, data, &(sinter_density_results){.logs = memory[0] + shift, .parameters = parameters}), out->status, "batch");
    for (uint32_t k = 0; k < out->results; k++) {
        for (size_t i = 0; i < bytes + 2 * ROOM_AROUND + 8; i++)
            if ((i < shift || i >= shift + bytes) && memory[k][i] != CANARY)
                fail_msg("density %llu: bytes around results were written", (unsigned long long)number_of_density);
        for (int64_t i = 0; i < r->count; i++)
            out->bits[k * r->count + i] = bits_of(number_at(memory[k] + shift, i, m->narrow));
        free(memory[k]);
    }
}

/* In the forms that were drawn, or contiguous, missing rows being those of weight 0. */
static void run(sinter_density *d, const model *m, const rows *r, bool plain, outcome *out)
{
    sinter_density_argument columns[MOST_COLUMNS], parameters[MOST_PARAMETERS];
    const argument *of_parameters = r->arguments + m->columns, *weights = of_parameters + m->parameters;
    sinter_density_values *v;
    expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
    bool some_given = false, by_row = false;
    for (uint32_t k = 0; k < m->columns; k++)
        columns[k] = plain ? (sinter_density_argument){r->arguments[k].plain, 1} : in_form(&r->arguments[k]);
    for (uint32_t k = 0; k < m->parameters; k++) {
        const argument *a = &of_parameters[k];
        sinter_density_set(v, (int)k, a->given && !plain && a->stride == 0 ? 77 : a->values[0]);
        by_row |= a->stride != 0;
        parameters[k] = plain ? (sinter_density_argument){a->stride ? a->plain : NULL, a->stride != 0} : in_form(a);
        some_given |= parameters[k].data != NULL;
    }
    sinter_density_data data = {.count = r->count, .columns = columns, .parameters = some_given || chance(50) ? parameters : NULL};
    if (plain) {
        data.weights = (sinter_density_argument){weights->given || r->masked ? weights->plain : NULL, 1};
    } else {
        data.weights = in_form(weights);
        data.validity = r->masked ? r->validity : NULL;
        data.validity_offset = r->offset;
    }
    out->status = sinter_density_sum(v, &data, &out->sum, m->parameters ? out->gradient : NULL);
    if (out->status && (out->status != SINTER_BAD_PARAMETER || sinter_density_invalid(v) < 0 || !isnan(out->sum)))
        fail_msg("density %llu: %s, and %.17g\n%s", (unsigned long long)number_of_density, sinter_status_name(out->status), out->sum, m->text);
    for (uint32_t k = 0; k < m->parameters; k++)
        if (out->status && !isnan(out->gradient[k]))
            fail_msg("density %llu: a parameter is invalid, the derivative by p%u %.17g\n%s", (unsigned long long)number_of_density, (unsigned)k, out->gradient[k], m->text);
    /* the second time what the first left is there; and shapes that were met may take a shorter way */
    expect_status(sinter_density_sum(v, &data, &out->sum, m->parameters ? out->gradient : NULL), out->status, "sum");
    expect_status(sinter_density_sum_exact(v, &data, &out->exact), out->status, "exact sum");
    const sinter_density_argument groups = plain ? (sinter_density_argument){r->groups.plain, 1} : in_form(&r->groups);
    expect_status(sinter_density_sum_by(v, &data, &groups, GROUPS, out->by_group, NULL), out->status, "sum by");
    run_batch(v, m, r, &data, plain ? 0 : ROOM_AROUND / 2 + below(8), out);
    for (uint32_t k = 0; k < m->parameters; k++) /* what the call gave is to be set now */
        sinter_density_set(v, (int)k, of_parameters[k].values[0]);
    if (!by_row)
        run_bound(d, v, m, data, out);
    sinter_density_values_close(v);
}

static void compare(const model *m, const rows *r, const outcome *is, const outcome *wanted, const char *what)
{
    if (bits_of(is->sum) != bits_of(wanted->sum) || bits_of(is->exact) != bits_of(wanted->exact))
        fail_msg("density %llu, %s, %d rows: sum %.17g instead of %.17g, exactly %.17g, %.17g\n%s", (unsigned long long)number_of_density, what, (int)r->count, is->sum,
                 wanted->sum, is->exact, wanted->exact, m->text);
    for (uint32_t k = 0; k < m->parameters; k++)
        if (bits_of(is->gradient[k]) != bits_of(wanted->gradient[k]))
            fail_msg("density %llu, %s, %d rows: derivative by p%u %.17g instead of %.17g\n%s", (unsigned long long)number_of_density, what, (int)r->count, (unsigned)k,
                     is->gradient[k], wanted->gradient[k], m->text);
    for (unsigned k = 0; k < GROUPS; k++)
        if (bits_of(is->by_group[k]) != bits_of(wanted->by_group[k]))
            fail_msg("density %llu, %s, %d rows: group %u has %.17g instead of %.17g\n%s", (unsigned long long)number_of_density, what, (int)r->count, k, is->by_group[k],
                     wanted->by_group[k], m->text);
    for (uint32_t k = 0; k <= m->parameters; k++) {
        const double a = k ? is->bound_gradient[k - 1] : is->bound, b = k ? wanted->bound_gradient[k - 1] : wanted->bound;
        if (bits_of(a) != bits_of(b))
            fail_msg("density %llu, %s, %d rows bound: number %u is %.17g instead of %.17g\n%s", (unsigned long long)number_of_density, what, (int)r->count, (unsigned)k, a, b,
                     m->text);
    }
    for (uint32_t k = 0; k < is->results; k++)
        for (int64_t i = 0; i < r->count; i++) {
            const uint64_t row = is_there(r, i) ? wanted->bits[k * r->count + i] : bits_of(NAN);
            if (is->bits[k * r->count + i] != row)
                fail_msg("density %llu, %s: result %u of row %d of %d: %llx instead of %llx\n%s", (unsigned long long)number_of_density, what, (unsigned)k, (int)i,
                         (int)r->count, (unsigned long long)is->bits[k * r->count + i], (unsigned long long)row, m->text);
        }
}

/* ---- the definition ---- */

static double added(double a, double b, bool narrow)
{
    return narrow ? (double)((float)a + (float)b) : a + b;
}

static double as_number(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double sum_of_block(const uint64_t *terms, int64_t count, bool narrow)
{
    const unsigned partials = narrow ? 64 : 32;
    double partial[64];
    for (unsigned k = 0; k < partials; k++)
        partial[k] = -0.0;
    for (int64_t i = 0; i < count; i++)
        partial[i % partials] = added(partial[i % partials], as_number(terms[i]), narrow);
    for (unsigned half = partials / 2; half; half /= 2)
        for (unsigned k = 0; k < half; k++)
            partial[k] = added(partial[k], partial[k + half], narrow);
    return partial[0];
}

static double sum_by_definition(const uint64_t *terms, int64_t count, bool narrow)
{
    if (count <= BLOCK)
        return sum_of_block(terms, count, narrow);
    int64_t half = BLOCK;
    while (2 * half < count)
        half *= 2;
    return added(sum_by_definition(terms, half, narrow), sum_by_definition(terms + half, count - half, narrow), narrow);
}

/* Weighted sums have no factors taken out: they are those of the batch's numbers; derivatives of NaN are NaN. */
static void check_definition(const model *m, const rows *r, const outcome *o)
{
    const argument *of_parameters = r->arguments + m->columns;
    const double sum = sum_by_definition(o->bits, r->count, m->narrow) + 0.0;
    if (bits_of(sum) != bits_of(o->sum))
        fail_msg("density %llu, %d rows: sum %.17g, by definition %.17g\n%s", (unsigned long long)number_of_density, (int)r->count, o->sum, sum, m->text);
    for (uint32_t k = 0; k < m->parameters; k++) {
        const double slope = of_parameters[k].stride || isnan(sum) ? (double)NAN : sum_by_definition(o->bits + (k + 1) * r->count, r->count, m->narrow) + 0.0;
        if (bits_of(slope) != bits_of(o->gradient[k]))
            fail_msg("density %llu, %d rows: derivative by p%u %.17g, by definition %.17g\n%s", (unsigned long long)number_of_density, (int)r->count, (unsigned)k,
                     o->gradient[k], slope, m->text);
    }
}

/* ---- all together ---- */

static sinter_density *open_density(sinter_context *in, model *m, sinter_engine engine, int threads)
{
    sinter_density *d;
    sinter_report report;
    char inputs[16] = "";
    for (uint32_t k = 0; k < m->columns; k++)
        snprintf(inputs + strlen(inputs), sizeof inputs - strlen(inputs), "%sc%u", k ? " " : "", (unsigned)k);
    const sinter_density_options o = {.engine = engine, .type = m->narrow ? SINTER_F32 : SINTER_F64, .threads = threads, .inputs = inputs};
    if (sinter_density_open(in, m->text, m->length, &o, &d, &report) != SINTER_OK)
        fail_msg("density %llu: %s\n%s", (unsigned long long)number_of_density, report.errors[0].message, m->text);
    const sinter_density_info info = sinter_density_describe(d);
    assert_int_equal(info.parameter_count, m->parameters);
    for (uint32_t k = 0; k < m->parameters; k++) {
        m->low[k] = info.parameters[k].low;
        m->high[k] = info.parameters[k].high;
    }
    return d;
}

static outcome open_outcome(const model *m)
{
    outcome o = {.results = 1 + m->parameters};
    o.bits = malloc(o.results * MOST_ROWS * sizeof *o.bits);
    assert_non_null(o.bits);
    return o;
}

static void try_density(uint64_t number)
{
    static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_AUTO};
    enum { ENGINES = sizeof engines / sizeof *engines };
    static rows r;
    model m;
    number_of_density = number;
    seed = (number + 1) * 0x9E3779B97F4A7C15u;
    below(2);
    make_model(&m);
    const bool shared = chance(15);
    sinter_context *fresh; /* has kept nothing of other texts */
    assert_int_equal(sinter_open(NULL, &fresh), SINTER_OK);
    sinter_density *densities[ENGINES] = {NULL};
    for (unsigned k = 0; k < ENGINES; k++)
        if (sinter_engine_available(engines[k], NULL))
            densities[k] = open_density(k ? context : fresh, &m, engines[k], shared && k ? 1 + (int)below(3) : 1);
    outcome wanted = open_outcome(&m), is = open_outcome(&m);
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        wanted.bound = is.bound = 0;
        memset(wanted.bound_gradient, 0, sizeof wanted.bound_gradient);
        memset(is.bound_gradient, 0, sizeof is.bound_gradient);
        const unsigned arguments = m.columns + m.parameters + 1;
        draw_rows(&r, &m, shared);
        for (unsigned k = 0; k < arguments; k++)
            store(&r.arguments[k], r.count, m.narrow);
        store(&r.groups, r.count, m.narrow);
        for (int64_t i = 0; i < r.count; i++) /* what is missing has no weight */
            if (!is_there(&r, i))
                write_number(r.arguments[arguments - 1].plain + i * (m.narrow ? 4 : 8), 0, m.narrow);
        run(densities[0], &m, &r, true, &wanted);
        sums++;
        finite_sums += isfinite(wanted.sum) != 0;
        invalid += wanted.status != SINTER_OK;
        if (!wanted.status && (r.masked || r.arguments[arguments - 1].given))
            check_definition(&m, &r, &wanted);
        for (unsigned k = 0; k < ENGINES; k++)
            if (densities[k]) {
                run(densities[k], &m, &r, false, &is);
                compare(&m, &r, &is, &wanted, sinter_engine_name(engines[k]));
            }
        for (unsigned k = 0; k < arguments; k++) {
            free(r.arguments[k].memory);
            free(r.arguments[k].plain);
        }
        free(r.groups.memory);
        free(r.groups.plain);
    }
    free(wanted.bits);
    free(is.bits);
    for (unsigned k = 0; k < ENGINES; k++)
        sinter_density_close(densities[k]);
    sinter_close(fresh);
}

static uint64_t first = 1, densities;

static void random_densities(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < densities; k++)
        try_density(first + k);
    printf("# %llu densities: %u sums, %u of them finite; %u with invalid parameters; %u times what was bound collapsed\n", (unsigned long long)densities,
           (unsigned)sums, (unsigned)finite_sums, (unsigned)invalid, (unsigned)collapsed);
    assert_true(3 * finite_sums > sums || densities < 20); /* about half */
}

int main(int argc, char **argv)
{
    first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    densities = argc > 2 ? strtoull(argv[2], NULL, 0) : argc > 1 ? 1 : repetitions(DENSITIES);
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_densities)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
