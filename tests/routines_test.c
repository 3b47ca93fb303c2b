/* Routines of the library, which compute what parameters alone determine of a family's density: with them each family gives the bits that it gives without them, on every
 * engine, parameters that are ordinary, extreme and absent, values and sums; programs use them where they may, and nowhere else. */
#include "base/cpu.h"
#include "density/shapes.h"
#include "kernel/kernels.h"
#include "lang/lang.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "built_contexts.h"

enum { FAMILIES = 40 /* that have routines; a member that is not split any more is one less */, ROWS = 37, SETS = 24, MOST_STREAMS = 8, MOST_RESULTS = 16 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512};
enum { ENGINES = sizeof engines / sizeof *engines };

static uint64_t seed;

static double any(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) * 0x1p-53;
}

static void skip_where_none_run(void)
{
    skip_where_there_are_none();
    const uint32_t features = sn_cpu_features();
    if ((features & CPU_X64_AVX2) == CPU_X64_AVX2 || features & CPU_NEON)
        return;
    puts("# this processor has no fused multiply-adds, for which routines are compiled");
    skip();
}

static unsigned routines_of(const sinter_kernel *k)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < k->loop_count; i++)
        count += k->loops[i].routine != NULL;
    return count;
}

/* Ordinary, large and small by many magnitudes, whole, and what is hardly a number. */
static double any_number(void)
{
    static const double odd[] = {0, -0.0, 1, 0.5, 2, 5e-324, 1e-308, 1e-300, 1e300, 1.7e308, (double)INFINITY, -(double)INFINITY, (double)NAN};
    const double kind = any(), x = any();
    if (kind < 0.1)
        return odd[(unsigned)(x * (sizeof odd / sizeof *odd))];
    if (kind < 0.3)
        return floor(exp(12 * x));
    if (kind < 0.5)
        return x;
    const double magnitude = kind < 0.8 ? exp(6 * x - 3) : exp(1400 * x - 700);
    return any() < 0.2 ? -magnitude : magnitude;
}

/* A kernel beside the one that it must be. */
typedef struct pair {
    sinter_kernel *kernels[2];
    sinter_instance *instances[2];
} pair;

static bool open_pair(pair *p, sinter_context *const contexts[2], const char *text, const sinter_options *o)
{
    sinter_report reports[2];
    for (unsigned k = 0; k < 2; k++)
        sinter_compile(contexts[k], text, strlen(text), o, &p->kernels[k], &reports[k]);
    for (unsigned k = 0; k < 2; k++)
        if (!p->kernels[k] && p->kernels[1 - k])
            fail_msg("%s: %s", text, reports[k].errors[0].message);
    if (!p->kernels[0]) /* a tuple is wanted */
        return false;
    for (unsigned k = 0; k < 2; k++)
        assert_int_equal(sinter_instance_open(p->kernels[k], &p->instances[k]), SINTER_OK);
    assert_int_equal(routines_of(p->kernels[1]), 0);
    return true;
}

static void close_pair(pair *p)
{
    for (unsigned k = 0; k < 2; k++) {
        sinter_instance_close(p->instances[k]);
        sinter_kernel_close(p->kernels[k]);
    }
}

/* Bit for bit; but a derivative that is 0 may have any sign, since choices are put off until it meets another one, and it does so elsewhere. */
static bool same(double a, double b, bool derived)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)) || (derived && a == 0 && b == 0);
}

static void run(const pair *p, unsigned which, double in[MOST_STREAMS][ROWS], double out[MOST_RESULTS][ROWS], double *totals)
{
    const void *inputs[MOST_STREAMS];
    void *outputs[MOST_RESULTS];
    for (unsigned k = 0; k < MOST_STREAMS; k++)
        inputs[k] = in[k];
    for (unsigned k = 0; k < MOST_RESULTS; k++)
        outputs[k] = out[k];
    assert_int_equal(sinter_instance_run(p->instances[which], &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = ROWS, .totals = totals}), SINTER_OK);
}

static void compare(const pair *p, const char *text, const char *engine)
{
    const sinter_kernel_info info = sinter_kernel_describe(p->kernels[0]);
    double in[MOST_STREAMS][ROWS], out[2][MOST_RESULTS][ROWS], totals[2][MOST_RESULTS];
    assert_true(info.input_count <= MOST_STREAMS && info.output_count <= MOST_RESULTS && info.total_count <= MOST_RESULTS);
    for (unsigned set = 0; set < SETS; set++) {
        for (uint32_t k = 0; set > 0 && k < info.parameter_count; k++) { /* first they are NaN, or what the text says */
            const double value = any_number();
            for (unsigned which = 0; which < 2; which++)
                sinter_set(p->instances[which], (int)k, value);
        }
        for (uint32_t k = 0; k < info.input_count; k++)
            for (unsigned i = 0; i < ROWS; i++)
                in[k][i] = any_number();
        for (unsigned which = 0; which < 2; which++)
            run(p, which, in, out[which], totals[which]);
        for (uint32_t k = 0; k < info.output_count; k++)
            for (unsigned i = 0; i < ROWS; i++)
                if (!same(out[0][k][i], out[1][k][i], k > 0))
                    fail_msg("%s, %s, set %u, result %u of row %u: %a with routines, %a without", text, engine, set, k, i, out[0][k][i], out[1][k][i]);
        for (uint32_t k = 0; k < info.total_count; k++)
            if (!same(totals[0][k], totals[1][k], k > 0))
                fail_msg("%s, %s, set %u, total %u: %a with routines, %a without", text, engine, set, k, totals[0][k], totals[1][k]);
    }
}

/* By all its inputs and parameters; how many they are. */
static uint32_t all_names(sinter_context *context, const char *text, const char **names)
{
    static char kept[MOST_RESULTS][64];
    sinter_kernel *kernel;
    const sinter_options o = {.source = SINTER_DENSITY, .engine = SINTER_ENGINE_INTERP};
    uint32_t count = 0;
    if (sinter_compile(context, text, strlen(text), &o, &kernel, NULL))
        return 0;
    const sinter_kernel_info info = sinter_kernel_describe(kernel);
    for (uint32_t k = 0; k < info.input_count + info.parameter_count && count < MOST_RESULTS - 1; k++) {
        snprintf(kept[count], sizeof kept[count], "%s", k < info.input_count ? info.inputs[k].name : info.parameters[k - info.input_count].name);
        names[count] = kept[count];
        count++;
    }
    sinter_kernel_close(kernel);
    return count;
}

/* How many routines a kernel of it calls. */
static unsigned check(const char *text, const sinter_options *options)
{
    sinter_context *contexts[2] = {open_one(false), open_one(true)};
    unsigned count = 0;
    seed = 1;
    for (unsigned e = 0; e < ENGINES; e++) {
        sinter_options o = *options;
        pair p;
        o.source = SINTER_DENSITY;
        o.engine = engines[e];
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        for (o.sum = false;; o.sum = true) {
            if (open_pair(&p, contexts, text, &o)) {
                count = routines_of(p.kernels[0]);
                compare(&p, text, sinter_engine_name(engines[e]));
                close_pair(&p);
            }
            if (o.sum)
                break;
        }
    }
    for (unsigned k = 0; k < 2; k++)
        sinter_close(contexts[k]);
    return count;
}

static void families_keep_their_bits(void **state)
{
    lang_family_entry family;
    unsigned with = 0;
    (void)state;
    skip_where_none_run();
    for (uint32_t k = 0; sn_lang_family(k, &family); k++)
        if (!family.same_as)
            with += check(family.name, &(sinter_options){0});
    assert_int_equal(with, FAMILIES);
}

/* Derivatives by all parameters and x, by one parameter, by x alone. */
static void derivatives_keep_their_bits(void **state)
{
    lang_family_entry family;
    unsigned with = 0;
    (void)state;
    skip_where_none_run();
    sinter_context *context = open_one(false);
    for (uint32_t k = 0; sn_lang_family(k, &family); k++) {
        const char *names[MOST_RESULTS];
        const uint32_t count = family.same_as ? 0 : all_names(context, family.name, names);
        sinter_options o = {.gradient = names, .gradient_count = count, .gradient_mode = SINTER_GRADIENT_REVERSE};
        if (!count)
            continue;
        with += check(family.name, &o);
        for (uint32_t i = 0; i < count; i++) {
            o.gradient = names + i;
            o.gradient_count = 1;
            check(family.name, &o);
        }
    }
    assert_int_equal(with, FAMILIES);
    sinter_close(context);
}

/* Several, of one family or of others, of parameters that are computed, of one another's results. */
static const struct { const char *text; unsigned routines; } programs[] = {
    {"dirichlet((1, 2, 3))", 1},
    {"input x; param a = 1; param b = 2; x ~ gamma(a, b); x ~ gamma(b, a)", 2},
    {"input x; input y; param a = 1; param b = 2; x ~ gamma(a, b); y ~ gamma(a, b)", 1},
    {"input x; param a = 1; param b = 2; x ~ gamma(a, b); x ~ inv_gamma(a, b); x ~ beta(a, b)", 3},
    {"input x; param a = 1; x ~ gamma(exp(a), a*a + 1)", 1},
    {"input x; param a = 1; param b = 1; x ~ gamma(a - 2, b); x ~ student_t(3 + a, b, b - 1)", 2}, /* which are invalid now and then */
    {"input x; param a = 1; param b = 1; x ~ weighted(gamma(a, b), 0.5); x ~ truncated(normal(a, b), 0, 2)", 2},
    {"mixture((0.5, 0.5), gamma(1, 2), gamma(2, 3))", 2},
    {"input x; param a = 2; param b = 3; target += log_density(gamma(a, b), x) + log_density(student_t(a, b, 1 + b), x)*0.5", 2},
    {"input x; input y; param a = 1; param b = 2; x ~ poisson_log(a); y ~ laplace(b, b)", 2},
    {"input x; param a = 1; param b = 2; target += -log_density(gamma(a, b), x)", 1},
    {"input x; param a = 1; param b = 2; target += -log_density(laplace(a, b), x)", 1},
    {"input x; param a = 1; param b = 2; target += 3 - 2*log_density(laplace(a, b), x)", 1},
    {"input x; param a = 1; param b = 2; target += -(-log_density(laplace(a, b), x))*a", 1},
    {"input x; param a = 1; param b = 2; target += abs(log_density(laplace(a, b), x)); target += min(-log_density(laplace(a, b), x), x)", 1},
    {"input x; param a = 1; param b = 2; target += max(log_density(normal(a, b), x), log_density(laplace(a, b), x))", 2},
    {"input x; param a = 1; param b = 2; target += exp(log_density(gamma(a, b), x)) - x*log_density(beta(a, b), x/2)", 2},
    /* what is computed once a segment for a routine and for a form that is seldom needed */
    {"input x; param a = 1.2; param b = 2; x ~ laplace(-a, b); target += refined(a > 30, sin(-a), a)", 1},
    {"input x; param a = 1.2; param b = 2; x ~ gamma(exp(a), b); target += refined(a > 30, exp(a)*2, a)", 1},
    {"input x; param a = 1.2; param c = 2; x ~ triangular(-a, a, a); target += log_density(scaled_inv_chi_square(c, a), a)", 1},
    /* a rule takes the minus of what the member is of */
    {"input x; param c = 2; -x ~ exponential(c)", 1},
    {"input x; param c = 2; -(x - 5) ~ exponential(c)", 1},
    {"input x; param c = 2; x ~ exponential(c); -x ~ exponential(c)", 1},
    /* one family with a routine and without */
    {"input x; param b = 2; x ~ poisson(5); x ~ poisson(b)", 1},
    {"input x; param b = 2; param c = 2; x ~ gamma(b, 1); x ~ gamma(b, c)", 1},
    {"input x; param b = 2; x ~ beta(2, 3); x ~ beta(b, b)", 1},
    {"input x; input y; param a = 1.5; param b = 2; y ~ poisson(exp(a + b*x)); y ~ poisson(a)", 1},
    /* derivatives at the ends of supports, where something infinite is 0 times them */
    {"input x; param a = 2; param b = 3; x ~ mixture((0.5, 0.5), normal(a, b), mixture((0.5, 0.5), inv_gamma(a, b), inv_gamma(b, a)))", 3},
    {"input x; param b = 2; param c = 3; x ~ mixture((0.5, 0.5), gamma(b, c), gamma(c, c))", 2},
    {"input x; param a = 2; param b = 3; target += sqrt(exp(log_density(inv_gamma(a, b), x)))", 1},
    {"input x; param a = 2; param b = 3; target += sqrt(exp(log_density(beta(a, b), x)))", 1},
    {"input x; param a = 2; param b = 3; target += sqrt(exp(log_density(kumaraswamy(a, b), x)))", 1},
    {"input x; param u = 1 in 0..1; x ~ mixture((0.25, 0.75), mixture((0.25, 0.75), bernoulli(u), gamma(2, 3)), logistic(1, 2))", 1},
    {"input x; param u = 1 in 0..1; target += sqrt(exp(log_density(bernoulli(u), x)))", 1},
    {"input x; input n; param a = 2; x ~ gamma(n, a)", 0}, /* of a stream */
    {"input x; param a = 2; a ~ gamma(2, 3); x ~ normal(0, a)", 0}, /* of constants */
};

static void programs_use_several(void **state)
{
    (void)state;
    skip_where_none_run();
    for (unsigned k = 0; k < sizeof programs / sizeof *programs; k++) {
        const unsigned count = check(programs[k].text, &(sinter_options){0});
        if (count != programs[k].routines)
            fail_msg("%s: %u routines", programs[k].text, count);
    }
}

/* Within rounding: which of a program's products are fused depends on where derivatives meet. Of ordinary numbers, so that little cancels. What is infinite or no number on the way may
 * be so in either. */
static void compare_slopes(const pair *p, const char *text)
{
    const sinter_kernel_info info = sinter_kernel_describe(p->kernels[0]);
    double in[MOST_STREAMS][ROWS], out[2][MOST_RESULTS][ROWS], totals[2][MOST_RESULTS];
    for (uint32_t k = 0; k < info.parameter_count; k++) {
        const double value = 1 + 3 * any(); /* or what that is clamped to */
        for (unsigned which = 0; which < 2; which++)
            sinter_set(p->instances[which], (int)k, value);
    }
    for (unsigned i = 0; i < MOST_STREAMS * ROWS; i++)
        in[i / ROWS][i % ROWS] = i % 5 == 0 ? 0 : i % 5 == 1 ? 1 : 0.05 + 0.9 * any(); /* ends of supports, too */
    for (unsigned which = 0; which < 2; which++)
        run(p, which, in, out[which], totals[which]);
    for (uint32_t k = 0; k < info.output_count; k++)
        for (unsigned i = 0; i < ROWS; i++) {
            const double is = out[0][k][i], wanted = out[1][k][i];
            if (isfinite(wanted) && !(fabs(is - wanted) <= 1e-13 * (1 + fabs(wanted))))
                fail_msg("%s: result %u of row %u: %.17g with routines, %.17g without", text, k, i, is, wanted);
        }
}

static void programs_have_their_derivatives(void **state)
{
    (void)state;
    skip_where_none_run();
    for (unsigned k = 0; k < sizeof programs / sizeof *programs; k++) {
        sinter_context *contexts[2] = {open_one(false), open_one(true)};
        const char *names[MOST_RESULTS];
        const sinter_options o = {.source = SINTER_DENSITY, .gradient = names, .gradient_count = all_names(contexts[1], programs[k].text, names),
                                  .gradient_mode = SINTER_GRADIENT_REVERSE};
        pair p;
        assert_true(open_pair(&p, contexts, programs[k].text, &o));
        assert_int_equal(routines_of(p.kernels[0]), programs[k].routines);
        compare_slopes(&p, programs[k].text);
        close_pair(&p);
        for (unsigned c = 0; c < 2; c++)
            sinter_close(contexts[c]);
    }
}

/* In a patch a parameter that is smoothed is a stream while it moves. */
static void not_while_parameters_move(void **state)
{
    static const struct { const char *text; unsigned routines; } patches[] = {
        {"input x; param a = 2; param b = 2; log_density(gamma(a, 3 + b), x)", 1},
        {"input x; param a = 2 in 1..9 smooth 0.0001; param b = 2; log_density(gamma(a, 3 + b), x)", 0},
        {"input x; param a = 2; param b = 2 in 1..9 smooth 0.0001; log_density(gamma(a, 3 + a), x) + log_density(normal(b, a), x)", 0},
    };
    (void)state;
    skip_where_none_run();
    for (unsigned k = 0; k < sizeof patches / sizeof *patches; k++) {
        sinter_context *contexts[2] = {open_one(false), open_one(true)};
        const sinter_options o = {.source = SINTER_PATCH, .type = SINTER_F64, .rewriting = SINTER_STRICT};
        pair p;
        assert_true(open_pair(&p, contexts, patches[k].text, &o));
        assert_int_equal(routines_of(p.kernels[0]), patches[k].routines);
        assert_int_equal(p.kernels[0]->moving != NULL, patches[k].routines == 0);
        compare(&p, patches[k].text, "auto");
        close_pair(&p);
        for (unsigned c = 0; c < 2; c++)
            sinter_close(contexts[c]);
    }
}

/* Through delay lines derivatives go forwards, of which slopes that were found in reverse mode know nothing. */
static void patches_have_their_derivatives(void **state)
{
    static const char *const texts[] = {
        "input x; param a = 1; param b = 2; y = log_density(gamma(a, b), x) + 0.5*y'; y",
        "input x; param a = 1.5; param b = 2; s = 0.9*s' + x; log_density(laplace(a, b), x) + s",
        "input x; param a = 1.5; param b = 2; s = b*s' + x; log_density(laplace(a, b), x) + s",
    };
    static const char *const names[] = {"x", "a", "b"};
    (void)state;
    skip_where_none_run();
    for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++) {
        sinter_context *contexts[2] = {open_one(false), open_one(true)};
        const sinter_options o = {.source = SINTER_PATCH, .type = SINTER_F64, .rewriting = SINTER_STRICT, .gradient = names, .gradient_count = 3};
        pair p;
        assert_true(open_pair(&p, contexts, texts[k], &o));
        compare(&p, texts[k], "auto");
        close_pair(&p);
        for (unsigned c = 0; c < 2; c++)
            sinter_close(contexts[c]);
    }
}

/* Where parameters turn into something else behind the front end there are none. */
static void not_where_parameters_change(void **state)
{
    static const char *const names[] = {"alpha"};
    static const double values[] = {2.5};
    (void)state;
    skip_where_none_run();
    assert_int_equal(check("gamma", &(sinter_options){0}), 1);
    assert_int_equal(check("gamma", &(sinter_options){.arrays = "alpha"}), 0);
    assert_int_equal(check("gamma", &(sinter_options){.fixed_names = names, .fixed_values = values, .fixed_count = 1}), 0);
    assert_int_equal(check("gamma", &(sinter_options){.drop = SINTER_DROP_THETA}), 0);
    assert_int_equal(check("gamma", &(sinter_options){.grade = SINTER_GRADE_FAST}), 0);
}

/* Some have no kernel: what they were for came to nothing. */
static unsigned shapes_with_routines(const sinter_density *d)
{
    unsigned count = 0;
    for (const density_variant *v = d->variants; v; v = v->next)
        count += v->kernel && routines_of(v->kernel) > 0;
    return count;
}

/* A density whose shape is what the text says has them; with derivatives, weights or parameters by row it has not, since all shapes have the same bits of these. */
static void densities_have_them(void **state)
{
    const double x[3] = {0.5, 1, 2}, parameters[2] = {1.5, 2.5};
    double sums[4], gradient[2];
    const sinter_density_argument column = {x, 1}, by_row[2] = {{x, 1}, {NULL, 0}};
    sinter_density_data data = {.count = 3, .columns = &column};
    sinter_density *d;
    sinter_density_values *v;
    (void)state;
    skip_where_none_run();
    sinter_context *context = open_one(false);
    assert_int_equal(sinter_density_open(context, "gamma", 5, NULL, &d, NULL), SINTER_OK);
    assert_int_equal(sinter_density_values_open(d, &v), SINTER_OK);
    assert_int_equal(sinter_density_set_all(v, parameters), SINTER_OK);
    assert_int_equal(sinter_density_sum(v, &data, &sums[0], NULL), SINTER_OK);
    assert_int_equal(shapes_with_routines(d), 1);
    assert_int_equal(sinter_density_sum(v, &data, &sums[1], gradient), SINTER_OK);
    assert_int_equal(shapes_with_routines(d), 1);
    data.weights = (sinter_density_argument){x, 1};
    assert_int_equal(sinter_density_sum(v, &data, &sums[2], NULL), SINTER_OK);
    assert_int_equal(shapes_with_routines(d), 1);
    data.weights.data = NULL;
    data.parameters = by_row;
    assert_int_equal(sinter_density_sum(v, &data, &sums[3], NULL), SINTER_OK);
    assert_int_equal(shapes_with_routines(d), 1);
    assert_memory_equal(&sums[0], &sums[1], sizeof(double));
    sinter_density_values_close(v);
    sinter_density_close(d);
    sinter_close(context);
}

/* They are machine code, which a processor without AVX2 or fused multiply-adds does not run. */
static void not_where_the_processor_cannot(void **state)
{
    (void)state;
    skip_where_none_run();
    const uint32_t lacking[] = {CPU_AVX2, CPU_FMA};
    for (unsigned k = 0; k < 2 && sn_cpu_features() & CPU_AVX2; k++) {
        sn_cpu_override(~lacking[k]);
        assert_int_equal(check("gamma", &(sinter_options){0}), 0);
        sn_cpu_override(UINT32_MAX);
        assert_int_equal(check("gamma", &(sinter_options){0}), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_keep_their_bits),
        cmocka_unit_test(derivatives_keep_their_bits),
        cmocka_unit_test(programs_use_several),
        cmocka_unit_test(programs_have_their_derivatives),
        cmocka_unit_test(patches_have_their_derivatives),
        cmocka_unit_test(not_while_parameters_move),
        cmocka_unit_test(not_where_parameters_change),
        cmocka_unit_test(densities_have_them),
        cmocka_unit_test(not_where_the_processor_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
