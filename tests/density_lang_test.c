/* The language of densities: families and their members, constraints, supports, combinations, models. Values are worked out here by the
 * definitions; edges, NaN, invalid parameters and every message are looked at one by one; every engine gives the same bits; every
 * family of the library compiles for every quantity that it has. */
#include "lang/lang.h"
#include "open_context.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 12, MOST_STREAMS = 8 };

static const double places[COUNT] = {-INFINITY, -1, -0.0, 0.25, 0.5, 1, 1.5, 2, 3, 100, INFINITY, NAN};

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
enum { ENGINES = sizeof engines / sizeof *engines };

static double out[MOST_STREAMS][COUNT], first_out[MOST_STREAMS][COUNT];
static sinter_report report;
static sinter_kernel_info info;
static sinter_kernel *kernel;

/* ---- running ---- */

static void close_kernel(void)
{
    sinter_kernel_close(kernel);
    kernel = NULL;
}

static sinter_status compile(const char *text, const sinter_options *options)
{
    close_kernel();
    const sinter_status status = sinter_compile(context, text, strlen(text), options, &kernel, &report);
    if (!status)
        info = sinter_kernel_describe(kernel);
    return status;
}

static void compiled(const char *text, const sinter_options *options)
{
    if (compile(text, options))
        fail_msg("%s: %s (%s)", text, report.errors[0].message, report.errors[0].hint);
}

/* All inputs get the same places, unless `data` says what. */
static void run(const double *const *data)
{
    const void *in[MOST_STREAMS];
    void *to[MOST_STREAMS];
    sinter_instance *instance;
    assert_true(info.input_count <= MOST_STREAMS && info.output_count <= MOST_STREAMS);
    for (unsigned k = 0; k < MOST_STREAMS; k++) {
        in[k] = data && k < info.input_count ? data[k] : places;
        to[k] = out[k];
    }
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = in, .outputs = to, .count = COUNT}), SINTER_OK);
    sinter_instance_close(instance);
}

static sinter_options density(const char *quantity)
{
    return (sinter_options){.source = SINTER_DENSITY, .quantity = quantity};
}

/* Every engine that is here: the same bits (any NaN for another). */
static void run_on_all(const char *text, sinter_options options)
{
    bool first = true;
    for (unsigned e = 0; e < ENGINES; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        options.engine = engines[e];
        compiled(text, &options);
        run(NULL);
        for (unsigned k = 0; k < info.output_count && !first; k++)
            for (unsigned i = 0; i < COUNT; i++)
                if (memcmp(&out[k][i], &first_out[k][i], sizeof(double)) && !(isnan(out[k][i]) && isnan(first_out[k][i])))
                    fail_msg("%s at %g: %a on %s, %a on the first engine", text, places[i], out[k][i], sinter_engine_name(engines[e]), first_out[k][i]);
        memcpy(first_out, out, sizeof out);
        first = false;
    }
}

static bool is_near(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 4e-15*fmax(fabs(b), 1);
}

typedef double formula(double x);

static void expect(const char *text, const char *quantity, formula *f)
{
    run_on_all(text, density(quantity));
    for (unsigned i = 0; i < COUNT; i++)
        if (!is_near(out[0][i], f(places[i])))
            fail_msg("%s of %s at %g: %.17g, should be %.17g", quantity ? quantity : "log_density", text, places[i], out[0][i], f(places[i]));
}

/* ---- values ---- */

static const double log_root = 0.91893853320467274178; /* log sqrt(2 pi) */

static double normal(double x)
{
    const double z = (x - 2)/1.5;
    return -0.5*z*z - log(1.5) - log_root;
}

static double none(double x)
{
    (void)x;
    return NAN;
}

static double flat(double x)
{
    return isnan(x) ? NAN : x < 1 || x > 2 ? -INFINITY : 0;
}

static double coin(double x)
{
    return isnan(x) ? NAN : x == 0 ? log(0.75) : x == 1 ? log(0.25) : -INFINITY;
}

static double decay(double x)
{
    return isnan(x) ? NAN : x < 0 || x == INFINITY ? -INFINITY : log(2) - 2*x;
}

static double decay_below(double x)
{
    return isnan(x) ? NAN : x <= 0 ? -INFINITY : log1p(-exp(-2*x));
}

static double decay_above(double x)
{
    return isnan(x) ? NAN : x <= 0 ? 0 : -2*x;
}

static double own(double x)
{
    return isnan(x) ? NAN : x < 0 || x > 1 ? -INFINITY : log(2*x);
}

static double step(double x)
{
    return isnan(x) ? NAN : x < 0 || x != floor(x) || x > 2 ? -INFINITY : log((x + 1)/6);
}

static double mixed(double x)
{
    return isnan(x) ? NAN : isinf(x) ? -INFINITY : x == 100 ? log(0.75) - 0.5*98*98 - log_root /* the other is nothing beside it */
                   : log(0.25*exp(-0.5*x*x) + 0.75*exp(-0.5*(x - 2)*(x - 2))) - log_root;
}

static double cut(double x)
{
    return isnan(x) ? NAN : x < 0.5 || x > 2 ? -INFINITY : log(2) - 2*x - log(exp(-1) - exp(-4));
}

static double recorded(double x)
{
    return isnan(x) ? NAN : x < 0.5 || x > 2 ? -INFINITY : x == 0.5 ? log1p(-exp(-1)) : x == 2 ? -4 : log(2) - 2*x;
}

static double whole_cut(double x)
{
    return isnan(x) ? NAN : x == 1 ? log(2/5.0) : x == 2 ? log(3/5.0) : -INFINITY;
}

static double moved(double x)
{
    return isnan(x) ? NAN : x < 1 || x == INFINITY ? -INFINITY : log(2/3.0) - 2*(x - 1)/3;
}

static double log_normal(double x)
{
    return isnan(x) ? NAN : x <= 0 || isinf(x) ? -INFINITY : -0.5*log(x)*log(x) - log_root - log(x);
}

static double gumbel(double x)
{
    return isnan(x) ? NAN : isinf(x) ? -INFINITY : log(2) - 2*exp(x) + x;
}

static double twice(double x)
{
    return 2*normal(x);
}

static double relative(double x)
{
    return isinf(x) ? (x < 0 ? -INFINITY : -INFINITY) : normal(x) - (-0.5*x*x - log_root);
}

static double number(double x)
{
    return -fabs(x)*x*x;
}

static double model(double x) /* of y and x the same */
{
    const double z = (x - (0.5 + 2*x))/0.5;
    return (-0.5*z*z - log(0.5) - log_root) + (-0.5*x*x - log_root) - x;
}

static double in_a_field(double x)
{
    return normal(x) + 1;
}

static void densities_have_their_values(void **state)
{
    static const struct {
        const char *text, *quantity;
        formula *value;
    } cases[] = {
        {"normal(mu=2, sigma=1.5)", NULL, normal},
        {"normal(sigma=1.5, mu=2)", NULL, normal},
        {"gaussian(2, 1.5)", NULL, normal},
        {"alias bell = gaussian\nbell(2, 1.5)", NULL, normal},
        {"normal(2, 1.5)", "derived", normal},
        {"param s = 3\nnormal(2, s/2)", NULL, normal},
        {"input x\nnormal(2, 1.5)", NULL, normal},
        {"normal", NULL, none},
        {"normal(mu=2)", NULL, none},
        {"normal(2, -1.5)", NULL, none},
        {"normal(2, 0)", NULL, none},
        {"normal(inf, 1)", NULL, none},
        {"normal(2, inf)", NULL, none},
        {"normal(nan, 1)", NULL, none},
        {"exponential(-2)", NULL, none},
        {"bernoulli(1.5)", NULL, none},
        {"exponential(beta=2)", NULL, decay},
        {"exponential(2)", "derived", decay},
        {"exponential(2)", "log_cdf", decay_below},
        {"exponential(2)", "log_survival", decay_above},
        {"bernoulli(0.25)", NULL, coin},
        {"family flat(a, b > a) on a..b { log_density = -log(b - a) }\nflat(1, 2)", NULL, flat},
        {"family flat(a, b > a) on a..b { log_density = -log(b - a) }\nflat(2, 1)", NULL, none},
        {"family flat(a in 0..inf) on real { log_density = a > 1 ? -0.5*x*x : x }\nflat(-1)", NULL, none},
        {"family normal(s in 0..inf) on 0..s { T = x; eta = 0; A = 0; log_h = log(2*x) }\nnormal(1)", NULL, own},
        {"family decay(beta > 0) on 0.. {\n log_density = fma(-beta, x, log(beta))\n log_cdf = log(-expm1(-beta*x))\n log_survival = -beta*x\n}\ndecay(2)", NULL, decay},
        {"family decay(beta > 0) on 0.. { log_density = fma(-beta, x, log(beta)); log_cdf = log(-expm1(-beta*x)) }\ndecay(2)", "log_cdf", decay_below},
        {"family wedge(n in integers 0..inf) on integers 0..n {\n  log_density = log((x + 1)*2/((n + 1)*(n + 2)))\n}\nwedge(2)", NULL, step},
        {"family wedge(n in integers 0..inf) on integers 0..n { log_density = log((x + 1)*2/((n + 1)*(n + 2))) }\nwedge(2.5)", NULL, none},
        {"family wedge(n in integers 0..inf) on integers 0..n { log_density = log((x + 1)*2/((n + 1)*(n + 2))) }\nwedge(inf)", NULL, none},
        {"mixture((0.25, 0.75), normal(0, 1), normal(2, 1))", NULL, mixed},
        {"param w = 0.25\nmixture((w, 0.5), normal(0, 1), normal(2, 1))", NULL, none},
        {"param s = -1\naffine(normal(0, 1), 0, s)", NULL, none},
        {"param u = -1\ntruncated(normal(0, 1), 0, u)", NULL, none},
        {"family odds(p > 0 && p <= 1) on integers 0..1 { log_density = x == 0 ? log(p) : log1p(-p) }\nodds(0)", NULL, none},
        {"family odds(p < 1 && p >= 0) on integers 0..1 { log_density = x == 0 ? log1p(-p) : log(p) }\nodds(1)", NULL, none},
        {"family odds(p < 1 && p >= 0.25) on integers 0..1 { log_density = x == 0 ? log1p(-p) : log(p) }\nodds(0.25)", NULL, coin},
        {"mixture((0.25, 0.75), normal(0, 1), normal(2, -1))", NULL, none},
        {"truncated(exponential(2), 0.5, 2)", NULL, cut},
        {"param a = 2\ntruncated(exponential(2), a, 0.5)", NULL, none},
        {"truncated(exponential(-2), 0.5, 2)", NULL, none},
        {"family wedge() on integers 0..2 {\n log_density = log((x + 1)/6)\n log_cdf = log((x + 1)*(x + 2)/12)\n"
         " log_survival = log1p(-(x + 1)*(x + 2)/12)\n}\ntruncated(wedge(), 0.5, 5)", NULL, whole_cut},
        {"censored(exponential(2), 0.5, 2)", NULL, recorded},
        {"censored(exponential(-2), 0.5, 2)", NULL, none},
        {"affine(exponential(2), 1, 3)", NULL, moved},
        {"param s = -3\naffine(exponential(2), 1, s)", NULL, none},
        {"exp_of(normal(0, 1))", NULL, log_normal},
        {"exp_of(normal(0, 0))", NULL, none},
        {"log_of(exponential(2))", NULL, gumbel},
        {"weighted(normal(2, 1.5), 2)", NULL, twice},
        {"iid(normal(2, 1.5), 2)", NULL, twice},
        {"product(normal(2, 1.5), gaussian(2, 1.5))", NULL, twice},
        {"wrt(normal(2, 1.5), normal(0, 1))", NULL, relative},
        {"param k = 3\n-abs(x)*x^2 + 0*k", NULL, number},
        {"log_density(normal(2, 1.5), x) + 1", NULL, in_a_field},
        {"input y, x\nparam a = 0.5\nparam b = 2\ny ~ normal(a + b*x, 0.5)\nx ~ normal(0, 1)\ntarget += -x", NULL, model},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        expect(cases[k].text, cases[k].quantity, cases[k].value == number ? number : cases[k].value);
}

/* In fields and patches, in f32 and f64. */
static void other_texts_have_densities_too(void **state)
{
    (void)state;
    for (sinter_source source = SINTER_FIELD; source <= SINTER_PATCH; source++) {
        const char *text = source == SINTER_PATCH ? "input x\nfn f(p, s) = log_density(normal(p, s), x)\nout f(2, 1.5)" : "fn f(p, s) = log_density(normal(p, s), x)\nf(2, 1.5)";
        run_on_all(text, (sinter_options){.source = source, .type = SINTER_F64});
        for (unsigned i = 0; i < COUNT; i++)
            if (!is_near(out[0][i], normal(places[i])))
                fail_msg("at %g: %g", places[i], out[0][i]);
    }
}

/* ---- what a kernel is ---- */

static void arguments_become_parameters(void **state)
{
    (void)state;
    const sinter_options plain = density(NULL);
    compiled("mixture((0.25, 0.75), normal(0, 1), normal(mu=3))", &plain);
    static const char *const names[] = {"mu", "sigma", "mu_2", "sigma_2"};
    static const double values[] = {0, 1, 3, NAN};
    assert_int_equal(info.parameter_count, 4);
    for (unsigned k = 0; k < 4; k++) {
        assert_string_equal(info.parameters[k].name, names[k]);
        assert_true(is_near(info.parameters[k].initial, values[k]));
    }
    assert_true(info.parameters[1].low > 0 && info.parameters[1].low < 1e-300 && info.parameters[1].high < INFINITY);
    assert_string_equal(info.outputs[0].name, "log_density");
    assert_int_equal(info.outputs[0].type, SINTER_F64);
    assert_string_equal(info.inputs[0].name, "x");

    /* Left out, they are set later. */
    compiled("normal", &plain);
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "mu"), 2), SINTER_OK);
    assert_int_equal(sinter_set(instance, sinter_parameter_number(kernel, "sigma"), 1.5), SINTER_OK);
    const void *in[] = {places};
    void *to[] = {out[0]};
    assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = in, .outputs = to, .count = COUNT}), SINTER_OK);
    sinter_instance_close(instance);
    for (unsigned i = 0; i < COUNT; i++)
        assert_true(is_near(out[0][i], normal(places[i])));

    /* In a model constants stay what they are. */
    compiled("input y\ny ~ normal(0, 1)", &plain);
    assert_int_equal(info.parameter_count, 0);
}

static void quantities_are_outputs_by_name(void **state)
{
    (void)state;
    sinter_options o = density("T");
    run_on_all("normal(2, 1.5)", o);
    assert_int_equal(info.output_count, 2);
    assert_string_equal(info.outputs[0].name, "T0");
    assert_string_equal(info.outputs[1].name, "T1");
    assert_true(out[0][8] == 3 && out[1][8] == 9);
    o = density("eta");
    run_on_all("normal(2, 1.5)", o);
    assert_int_equal(info.input_count, 0);
    assert_true(is_near(out[0][0], 2/2.25) && is_near(out[1][0], -0.5/2.25));
    o = density("natural_A");
    compiled("normal", &o);
    assert_int_equal(info.parameter_count, 0);
    assert_string_equal(info.inputs[0].name, "eta0");
    assert_string_equal(info.inputs[1].name, "eta1");
    static double first[COUNT], second[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        first[i] = 2/2.25;
        second[i] = -0.5/2.25;
    }
    run((const double *const[]){first, second});
    assert_true(is_near(out[0][0], 0.5*(2/1.5)*(2/1.5) + log(1.5)));
    o = density("from_natural");
    compiled("normal", &o);
    run((const double *const[]){first, second});
    assert_true(is_near(out[0][0], 2) && is_near(out[1][0], 1.5));
    static const char *const of_parameters[] = {"A", "entropy", "mean", "variance"};
    static const double values[] = {0.5*(2/1.5)*(2/1.5), 1.4189385332046727, 2, 2.25};
    for (unsigned k = 0; k < 4; k++) {
        o = density(of_parameters[k]);
        run_on_all("normal(2, 1.5)", o);
        assert_string_equal(info.outputs[0].name, of_parameters[k]);
        assert_true(is_near(out[0][0], values[k] + (k < 2 ? log(1.5) : 0)));
    }
}

static void parameters_may_be_arrays(void **state)
{
    static const double means[COUNT] = {0, 1, 2, 3, 4, 5, 6, NAN, 8, 100, INFINITY, 0}, deviations[COUNT] = {1, 2, 3, -1, 5, 6, 0, 8, 9, 10, 11, 12};
    (void)state;
    sinter_options o = density(NULL);
    o.arrays = "sigma mu";
    compiled("normal(0, 1)", &o);
    assert_int_equal(info.parameter_count, 0);
    assert_int_equal(info.input_count, 3);
    assert_string_equal(info.inputs[1].name, "sigma");
    assert_string_equal(info.inputs[2].name, "mu");
    run((const double *const[]){places, deviations, means});
    for (unsigned i = 0; i < COUNT; i++) {
        const double z = (places[i] - means[i])/deviations[i];
        const bool invalid = !(deviations[i] > 0) || !(fabs(means[i]) < INFINITY);
        const double value = invalid ? NAN : -0.5*z*z - log(deviations[i]) - log_root;
        if (!is_near(out[0][i], value))
            fail_msg("row %u: %.17g, should be %.17g", i, out[0][i], value);
    }
    o.arrays = "sigma sgma";
    assert_int_equal(compile("normal(0, 1)", &o), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "there is no parameter \"sgma\" that could be an array");
}

/* A constant apart, and no other constant; what is −inf or NaN stays. */
static void terms_are_left_out(void **state)
{
    static const char *const texts[] = {"normal(2, 1.5)", "exponential(2)", "bernoulli(0.25)", "input x\nparam a = 3\ntarget += a - 2*(x + a)\ntarget += 7 - x",
                                        "normal(2, -1)", "weighted(normal(2, 1.5), 3)"};
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        double whole[COUNT];
        sinter_options o = density(NULL);
        compiled(texts[k], &o);
        run(NULL);
        memcpy(whole, out[0], sizeof whole);
        o.drop = SINTER_DROP_X;
        run_on_all(texts[k], o);
        const double apart = whole[5] - out[0][5];
        for (unsigned i = 0; i < COUNT; i++)
            if (!(isfinite(whole[i]) ? fabs(whole[i] - out[0][i] - apart) <= 1e-12*fmax(1, fabs(whole[i]))
                                     : isnan(whole[i]) ? isnan(out[0][i]) : whole[i] == out[0][i]))
                fail_msg("%s at %g: %g became %g", texts[k], places[i], whole[i], out[0][i]);
    }
    sinter_options o = density(NULL);
    o.drop = SINTER_DROP_X;
    compiled("normal(2, 1.5)", &o);
    run(NULL);
    assert_true(is_near(out[0][7], 0) && is_near(out[0][5], -0.5/2.25)); /* neither log sigma nor the constant */
    o.drop = SINTER_DROP_THETA;
    compiled("input x\nparam l = 1\ntarget += x*log(l) - l - lgamma(x + 1)", &o);
    run(NULL);
    assert_true(is_near(out[0][8], -1)); /* of x log(lambda) − lambda − lgamma(x + 1) the last is gone */
}

/* Derivatives: those of the formula, finite at the edges of the support, none by way of the validity. */
static void densities_have_derivatives(void **state)
{
    static const char *const by[] = {"x", "beta"};
    (void)state;
    sinter_options o = density(NULL);
    o.gradient = by;
    o.gradient_count = 2;
    run_on_all("exponential(2)", o);
    assert_int_equal(info.output_count, 3);
    for (unsigned i = 2; i < 10; i++)
        if (!is_near(out[1][i], -2) || !is_near(out[2][i], 0.5 - places[i]))
            fail_msg("at %g: %g, %g", places[i], out[1][i], out[2][i]);
    assert_true(out[1][1] == 0 && out[2][1] == 0);
    static const char *const by_all[] = {"mu", "sigma", "x"};
    o.gradient = by_all;
    o.gradient_count = 3;
    run_on_all("normal(2, 1.5)", o);
    for (unsigned i = 1; i < 10; i++) {
        const double z = (places[i] - 2)/1.5;
        if (!is_near(out[1][i], z/1.5) || !is_near(out[2][i], (z*z - 1)/1.5) || !is_near(out[3][i], -z/1.5))
            fail_msg("at %g: %g, %g, %g", places[i], out[1][i], out[2][i], out[3][i]);
    }
}

/* ---- tuples ---- */

static void densities_of_tuples(void **state)
{
    static const char dirichlet[] = "family dirichlet(alpha:n > 0) on simplex:n {\n"
                                    "    log_density = lgamma(sum(i, 0, n - 1, alpha[i])) + sum(i, 0, n - 1, (alpha[i] - 1)*log(x[i]) - lgamma(alpha[i]))\n}\n";
    static const double x0[COUNT] = {0.2, 0.5, 0.2, NAN, -0.1}, x1[COUNT] = {0.3, 0.5, 0.3, 0.5, 0.6}, x2[COUNT] = {0.5, 0.5, 0.5 + 1e-12, 0.5, 0.5};
    char text[1024];
    (void)state;
    sinter_options o = density(NULL);
    snprintf(text, sizeof text, "%sdirichlet((1, 2, 3))", dirichlet);
    compiled(text, &o);
    assert_int_equal(info.input_count, 3);
    assert_string_equal(info.inputs[2].name, "x2");
    assert_string_equal(info.parameters[2].name, "alpha2");
    run((const double *const[]){x0, x1, x2});
    const double value = log(60) + log(0.3) + 2*log(0.5); /* Γ(6)/(Γ(1) Γ(2) Γ(3)) = 60 */
    assert_true(is_near(out[0][0], value) && fabs(out[0][2] - value) < 1e-11);
    assert_true(out[0][1] == -INFINITY && isnan(out[0][3]) && out[0][4] == -INFINITY);
    snprintf(text, sizeof text, "%sdirichlet((1, 0, 3))", dirichlet);
    compiled(text, &o);
    run((const double *const[]){x0, x1, x2});
    assert_true(isnan(out[0][0]) && isnan(out[0][1]));
    run_on_all("family categorical(theta:n in simplex) on integers 1..n { log_density = log(theta[x - 1]) }\ncategorical((0.2, 0.3, 0.5))", o);
    assert_true(is_near(out[0][5], log(0.2)) && is_near(out[0][7], log(0.3)) && is_near(out[0][8], log(0.5)));
    assert_true(out[0][4] == -INFINITY && out[0][9] == -INFINITY && isnan(out[0][11]));
    run_on_all("family pair(a:2, l:2*2) on real:2 { log_density = -a.x*x.x^2 - a.y*x.y^2 + 0*l[3] }\npair((1, 2), (0, 0, 0, 0))", o);
    assert_true(is_near(out[0][8], -27));
    run_on_all("family rows(L in cholesky:2) on real:2 { log_density = L[0]*x.x + L[1]*x.y + L[2] }\nrows((2, -3, 5))", o);
    assert_true(is_near(out[0][8], 2)); /* at (3, 3) */
    run_on_all("family rows(L in cholesky:2) on real:2 { log_density = L[0]*x.x + L[1]*x.y + L[2] }\nrows((2, -3, -5))", o);
    assert_true(isnan(out[0][8]));
    run_on_all("family rate(eta, k > 0) on real { log_density = eta*x - k }\nrate(k=2, eta=3)", o);
    assert_true(is_near(out[0][8], 7));
    compiled("rate = 3\nmulti_normal_cholesky((1, 2), (3, 4, 5))", &o);
    assert_int_equal(info.parameter_count, 5);
    assert_string_equal(info.parameters[3].name, "L1");
    assert_true(info.parameters[2].low > 0 && info.parameters[3].low == -DBL_MAX && info.parameters[4].low > 0);
}

/* Functions of the natural parameters: of tuples of any width, and of parameters that are taken as known. */
static void natural_parameters(void **state)
{
    static const char pair[] = "family pair(a:n > 0) on simplex:n { T = log(x); eta = a - 1; A = sum(i, 0, n - 1, a[i])\n"
                               "natural_A = sum(i, 0, n - 1, (i + 1)*eta[i]) }\npair((1, 2, 3))";
    static const char known[] = "family power(k > 0, s > 0) on 0..inf { T = x^k; eta = -s; A = -log(s); log_h = 0\n"
                                "natural_A = -log(-eta)*k; from_natural = (k, -eta) }\npower(3, 2)";
    static const double eta[COUNT] = {-1, -2, -4};
    (void)state;
    sinter_options o = density("natural_A");
    compiled(pair, &o);
    assert_int_equal(info.input_count, 3);
    assert_int_equal(info.parameter_count, 0);
    run((const double *const[]){eta, eta, eta});
    assert_true(is_near(out[0][0], -6));
    compiled(known, &o);
    assert_int_equal(info.input_count, 1);
    assert_int_equal(info.parameter_count, 1);
    run((const double *const[]){eta});
    assert_true(is_near(out[0][1], -3*log(2)));
    o = density("from_natural");
    compiled(known, &o);
    run((const double *const[]){eta});
    assert_true(is_near(out[0][2], 3) && is_near(out[1][2], 4));
}

/* ---- descriptions ---- */

static void a_text_says_what_density_it_is(void **state)
{
    arena memory, scratch;
    ir_program p;
    static const char text[] = "family f(a > 0, k:n in 0..1, m in integers 0..9) on a..inf { log_density = -x + k[0]; mean = a }\nf(m=3, k=(0.5, 0.25))";
    lang_density d = {0};
    const lang_options o = {.type = IR_F64, .density = true, .described = &d};
    (void)state;
    sn_arena_open(&memory, NULL);
    sn_arena_open(&scratch, NULL);
    sn_ir_open(&p, &memory, IR_IDENTITY | IR_FOLD);
    assert_int_equal(sn_lang_lower(&p, &scratch, text, sizeof text - 1, &o, &report), SINTER_OK);
    assert_string_equal(d.family, "f");
    assert_int_equal(d.members, 1u << LANG_LOG_DENSITY | 1u << LANG_MEAN);
    assert_int_equal(d.width, 1);
    assert_true(isnan(d.support.low) && d.support.high == INFINITY && !d.model && !d.number);
    assert_string_equal(d.support.text, "a..inf");
    assert_int_equal(d.parameter_count, 4);
    assert_string_equal(d.parameters[0].name, "a");
    assert_true(d.parameters[0].bounds.low == 0 && d.parameters[0].bounds.above && !d.parameters[0].bounds.infinite && !d.parameters[0].given);
    assert_string_equal(d.parameters[0].bounds.text, "> 0");
    assert_string_equal(d.parameters[2].name, "k1");
    assert_string_equal(d.parameters[2].of, "k");
    assert_true(d.parameters[2].element == 1 && d.parameters[2].width == 2 && d.parameters[2].given);
    assert_true(d.parameters[3].bounds.whole && d.parameters[3].bounds.high == 9);
    sn_arena_close(&memory);
    sn_arena_close(&scratch);
}

/* ---- the library ---- */

/* An argument of each parameter that is likely to be valid; where none is, the density is NaN and compiles all the same. */
static void every_family_compiles(void **state)
{
    lang_family_entry entry;
    (void)state;
    for (uint32_t i = 0; sn_lang_family(i, &entry); i++) {
        assert_true(strlen(entry.summary) > 3 && entry.members >> LANG_LOG_DENSITY & 1);
        char text[512];
        const char *arguments = !strchr(entry.form, ':') ? "" : strchr(entry.form, 'L') ? "((1, 2), (1, 0.5, 2))" : "((0.25, 0.5, 0.25))";
        snprintf(text, sizeof text, "%s%s", entry.name, arguments);
        for (unsigned k = 0; k <= 2*LANG_MEMBERS + 1; k++) { /* each quantity in both types */
            const unsigned m = k / 2;
            sinter_options o = density(sn_lang_quantity_names[m]);
            o.engine = SINTER_ENGINE_INTERP;
            o.type = k % 2 ? SINTER_F32 : SINTER_F64;
            const bool has = m < LANG_MEMBERS ? entry.members >> m & 1 : (entry.members >> LANG_T & 1) && (entry.members >> LANG_A & 1);
            const sinter_status status = compile(text, &o);
            if (has != (status == SINTER_OK))
                fail_msg("%s of %s: %s", sn_lang_quantity_names[m], text, status ? report.errors[0].message : "it should have none");
        }
    }
}

/* What a family comes to is kept with the context: the bits are those of the first text, of texts whose arguments are constants, which are lowered anew, and
 * of those with derivatives, which keep functions for what they are; whoever comes first. */
static void families_are_kept(void **state)
{
    static const char *const families[][2] = {
        {"cauchy(mu, sigma)", "cauchy(0.5, 1.5)"}, {"gamma(mu, sigma)", "gamma(0.5, 1.5)"}, {"skew_normal(mu, sigma, 2*mu)", "skew_normal(0.5, 1.5, 1)"},
        {"von_mises(mu, sigma)", "von_mises(0.5, 1.5)"}, {"neg_binomial_2(mu, sigma)", "neg_binomial_2(0.5, 1.5)"}, {"student_t(sigma, mu, sigma)", "student_t(1.5, 0.5, 1.5)"},
        {"gaussian(mu, sigma)", "normal(0.5, 1.5)"}, {"normal(x + mu, sigma)", "normal(x + 0.5, 1.5)"},
    };
    (void)state;
    for (unsigned k = 0; k < sizeof families / sizeof *families; k++) {
        char texts[2][200];
        snprintf(texts[0], sizeof texts[0], "param mu = 0.5; param sigma = 1.5; log_density(%s, x)", families[k][0]);
        snprintf(texts[1], sizeof texts[1], "log_density(%s, x)", families[k][1]);
        const char *by[] = {"x"};
        const sinter_options plain = {.type = SINTER_F64, .inputs = "x"}, gradient = {.type = SINTER_F64, .inputs = "x", .gradient = by, .gradient_count = 1};
        for (unsigned turn = 0; turn < 5; turn++) {
            compiled(texts[turn == 3], turn == 2 ? &gradient : &plain);
            run(NULL);
            if (turn)
                for (unsigned i = 0; i < COUNT; i++)
                    if (memcmp(&out[0][i], &first_out[0][i], sizeof out[0][i]) != 0 && !(isnan(out[0][i]) && isnan(first_out[0][i])))
                        fail_msg("%s at %g, turn %u: %a, at first %a", texts[turn == 3], places[i], turn, out[0][i], first_out[0][i]);
            memcpy(first_out[0], out[0], sizeof out[0]);
        }
    }
}

/* The log-density of the family of that number with as many arguments as it has parameters; false: there is none, or it is of tuples. */
static bool write_density(uint32_t number, char *text, size_t room, bool *none)
{
    static const char *const arguments[] = {"p", "q", "r", "s"};
    lang_family_entry entry;
    *none = !sn_lang_family(number, &entry);
    if (*none || strchr(entry.form, ':'))
        return false;
    int at = snprintf(text, room, "log_density(%s(", entry.name);
    assert_true(entry.parameter_count <= sizeof arguments / sizeof *arguments);
    for (unsigned k = 0; k < entry.parameter_count; k++)
        at += snprintf(text + at, room - (size_t)at, "%s%s", k ? ", " : "", arguments[k]);
    snprintf(text + at, room - (size_t)at, "), x)");
    return true;
}

/* In a context that has kept nothing: families that call the same functions of the library, of arguments that stand at the same places, each have their own. */
static void run_pair(const char *first, const char *second)
{
    static const char parameters[] = "param p = 1; param q = 0.5; param r = 0.75; param s = 2; ";
    const sinter_options o = {.type = SINTER_F64, .inputs = "x", .engine = SINTER_ENGINE_INTERP};
    sinter_context *const shared = context;
    char text[600];
    snprintf(text, sizeof text, second ? "%s(%s, %s)" : "%s%s", parameters, first, second);
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    compiled(text, &o);
    run(NULL);
    close_kernel();
    sinter_close(context);
    context = shared;
}

static void families_stand_beside_each_other(void **state)
{
    enum { MOST_FAMILIES = 80 };
    static double alone[MOST_FAMILIES][COUNT];
    char first[200], second[200];
    bool none = false;
    (void)state;
    for (uint32_t i = 0; !none; i++)
        if (write_density(i, first, sizeof first, &none)) {
            assert_true(i < MOST_FAMILIES);
            run_pair(first, NULL);
            memcpy(alone[i], out[0], sizeof alone[i]);
        }
    none = false;
    for (uint32_t i = 0; !none; i++) {
        bool end = !write_density(i, first, sizeof first, &none);
        for (uint32_t k = 0; !end; k++) {
            if (!write_density(k, second, sizeof second, &end))
                continue;
            run_pair(first, second);
            for (unsigned place = 0; place < COUNT; place++)
                for (unsigned which = 0; which < 2; which++) {
                    const double is = out[which][place], wanted = alone[which ? k : i][place];
                    if (memcmp(&is, &wanted, sizeof is) != 0 && !(isnan(is) && isnan(wanted)))
                        fail_msg("(%s, %s) at %g: number %u is %a, alone %a", first, second, places[place], which, is, wanted);
                }
        }
    }
}

/* ---- mistakes ---- */

static void every_mistake_is_told_where_it_is(void **state)
{
    static const struct {
        const char *text;
        int line, column;
        const char *message, *hint;
        const char *quantity;
    } cases[] = {
        {"gausian(0, 1)", 1, 1, "there is no family 'gausian'", "did you mean 'gaussian'?", NULL},
        {"normal(0, sgma=1)", 1, 11, "'normal' has no argument 'sgma'", "normal(mu, sigma > 0)", NULL},
        {"normal(0, 1, 2)", 1, 1, "'normal' takes 0 to 2 arguments, not 3", "normal(mu, sigma > 0)", NULL},
        {"normal(0, mu=1)", 1, 11, "an argument is given twice", "normal(mu, sigma > 0)", NULL},
        {"log_density(normal(1), x)", 1, 13, "'normal' takes 2 arguments, not 1", "normal(mu, sigma > 0)", NULL},
        {"log_density(normal, x)", 1, 13, "'normal' needs its arguments here", "normal(mu, sigma > 0)", NULL},
        {"log_density(x + 1, x)", 1, 15, "a distribution is wanted here", "as in normal(0, 1)", NULL},
        {"a = 2\nlog_density(a, x)", 2, 13, "there is no family 'a': it is bound to a number", "", NULL},
        {"log_density(normal(0, 1))", 1, 1, "'log_density' takes 2 arguments, not 1", "log_density(D, x)", NULL},
        {"normal(0, 1) + 1", 1, 1, "there is no function 'normal'", "it is a family: log_density(normal(...), x)", NULL},
        {"normal((0, 1), 1)", 1, 8, "'mu' has 1 element, this has 2", "", NULL},
        {"input y\nnormal(0, 1)", 2, 1, "a distribution at the end is one of the input x, and there is none", "y ~ normal(0, 1), or declare: input x", NULL},
        {"input y\nx + y", 2, 1, "there is no 'x' here", "a parameter is declared: param x = 1; a column: input x", NULL},
        {"y ~ normal(mu, 1)", 1, 12, "there is no 'mu' here", "a parameter is declared: param mu = 1; a column: input mu", NULL},
        {"(x, x)", 1, 1, "a log-density is one number, and this has 2 elements", "", NULL},
        {"input y\ny ~ normal(0, 1)\ny", 3, 1, "this value is not used", "bind it to a name, or let out name it", NULL},
        {"input y\ntarget += (y, y)", 2, 1, "what is added to the target is one number, and this has 2 elements", "dot and sum make one of them", NULL},
        {"out x", 1, 5, "a density has no outputs of its own", "its last line is a distribution or an expression", NULL},
        {"input y\ny ~", 2, 3, "an expression is missing after '~'", "", NULL},
        {"input y\ny ~ 3", 2, 5, "a distribution is wanted here", "as in normal(0, 1)", NULL},
        {"x ~ normal(0, (1, 2))", 1, 15, "'sigma' has 1 element, this has 2", "", NULL},
        {"(x, x) ~ normal(0, 1)", 1, 10, "x has 1 element here, and is given 2", "", NULL},
        {"family f(a) on real { log_density = -a*x*x }\nf(1)", 2, 1, "the family 'f' has no entropy", "", "entropy"},
        {"x", 1, 1, "this density has no mean", "a family's has more: normal(0, 1)", "mean"},
        {"x ~ normal(0, 1)", 1, 1, "this density has no T", "a family's has more: normal(0, 1)", "T"},
        {"weighted(normal(0, 1), 2)", 1, 1, "'weighted' has no log_cdf", "weighted(D, w)", "log_cdf"},
        {"mixture((0.5, 0.5), normal(0, 1))", 1, 1, "2 weights for 1 distribution", "mixture((w1, w2, ...), D1, D2, ...)", NULL},
        {"mixture((0.5, 0.5), normal(0, 1), 3)", 1, 35, "a distribution is wanted here", "as in normal(0, 1)", NULL},
        {"truncated(normal(0, 1), 0)", 1, 1, "'truncated' takes 3 arguments, not 2", "truncated(D, lower, upper)", NULL},
        {"truncated(D=normal(0, 1), 0, 1)", 1, 11, "the arguments of 'truncated' have no names", "truncated(D, lower, upper)", NULL},
        {"affine(normal(0, 1), (1, 2), 1)", 1, 22, "one number is wanted here, and this has 2 elements", "affine(D, location, scale)", NULL},
        {"iid(normal(0, 1), x)", 1, 1, "the number of draws is a constant and whole, and at most 64 elements result", "iid(D, n)", NULL},
        {"exp_of(iid(normal(0, 1), 2))", 1, 1, "exp_of is of distributions of one number, and this one's has 2 elements", "exp_of(D)", NULL},
        {"wrt(iid(normal(0, 1), 2), normal(0, 1))", 1, 27, "this is a distribution of 1 element, the one before of 2", "wrt(D, base)", NULL},
        {"family f(a > 0) on real { log_densty = -a*x }\nf(1)", 1, 27, "no member of the family reads 'log_densty'", "did you mean 'log_density'?", NULL},
        {"family f(a > 0) on real { T = x; eta = a }\nf(1)", 1, 8, "the family 'f' has neither log_density nor all of T, eta and A", "", NULL},
        {"family f(a) on real { log_density = -x; mean = x }\nf(1)", 1, 41, "'mean' is of the parameters, and reads x", "", NULL},
        {"family f(a) on real { log_density = -x; eta = a; natural_A = a*eta }\nf(1)", 1, 50, "'natural_A' is of eta, and reads 'a'",
         "it is given the tuple eta alone: eta.x, eta.y", NULL},
        {"family f(a, b) on a..inf { log_density = -x; eta = b; natural_A = a*eta*b }\nf(1, 2)", 1, 55, "'natural_A' is of eta, and reads 'b'",
         "it is given the tuple eta alone: eta.x, eta.y", NULL},
        {"family f(eta) on real { log_density = -x; from_natural = eta }\nf(1)", 1, 43, "'eta' is a parameter of this family, so it has no member 'from_natural'",
         "", NULL},
        {"family f(m:n, L in cholesky) on real:n { log_density = -x[0] }\nf(1, 1)", 1, 28, "a Cholesky factor says how many rows it has behind the word",
         "L in cholesky:n, n being the width of another parameter, or a number", NULL},
        {"family f(L in cholesky:n) on real { log_density = -x }\nf(1)", 1, 23, "nothing says how many rows this Cholesky factor has",
         "L in cholesky:n, n being the width of another parameter, or a number", NULL},
        {"family f(a) on cholesky { log_density = -x }\nf(1)", 1, 16, "only a parameter is a Cholesky factor", "", NULL},
        {"multi_normal_cholesky((0, 0, 0), (1, 0, 1))", 1, 34, "'L' has 6 elements, this has 3", "", NULL},
        {"family f(a) on real { log_density = -x; x = 3 }\nf(1)", 1, 41, "x is what the density is of, and is not bound", "", NULL},
        {"family f(a) on real { log_density = -x; means = 3 }\nf(1)", 1, 41, "means are those of the sufficient statistics, and are not bound", "", NULL},
        {"family f(means) on real { log_density = -x }\nf(1)", 1, 10, "'means' is no parameter of a family: it is the means of the sufficient statistics", "", NULL},
        {"family f(a) on real { T = x; log_density = -x; pooled = -x }\nf(1)", 1, 48, "'pooled' is of the means of T, and reads x", "", NULL},
        {"family f(a) on real { log_density = -x*means.x }\nf(1)", 1, 23, "'log_density' reads the means, which only 'pooled' is given", "", NULL},
        {"normal(0, 1)", 1, 1, "the family 'normal' has no pooled", "", "pooled"},
        {"family f(a) on real { log_density = -x; pooled = -means.x }\nf(1)", 2, 1, "the family 'f' has no T", "", "pooled"},
        {"family f(a) on real { log_density = -x; 3 }\nf(1)", 1, 41, "a family's body binds names, and this is a value alone",
         "log_density = ..., or a name of its own", NULL},
        {"family f(x) on real { log_density = -x }\nf(1)", 1, 10, "'x' is no parameter of a family: it is what the density is of", "", NULL},
        {"family f(a) { log_density = -x }\nf(1)", 1, 13, "the support is missing before '{'", "family normal(mu, sigma > 0) on real { log_density = ... }", NULL},
        {"family f(a) on 0 { log_density = -x }\nf(1)", 1, 18, "the other end of the range is missing before '{'", "0..1, or 0..inf", NULL},
        {"family f(a in 0..) on real { log_density = -x }\nf(1)", 1, 16, "an expression is missing after '..'", "", NULL},
        {"family f(a) on real { log_density = -x\nf(1)", 1, 21, "this { is not closed", "", NULL},
        {"family f(a) on real\nf(1)", 1, 16, "the body is missing after 'real'", "family normal(mu, sigma > 0) on real { log_density = ... }", NULL},
        {"family f(a) on simplex:n { log_density = -x.x }\nf(1)", 1, 23, "no parameter says how many elements x has",
         "family f(alpha:n) on simplex:n { ... }", NULL},
        {"family f(a:65) on real { log_density = -x }\nf(1)", 1, 12, "a tuple has from 1 to 64 elements", "alpha:3, or alpha:n", NULL},
        {"family f(a:n) on real { log_density = -x*a[0] }\nf", 2, 1,
         "a tuple among the arguments cannot be left out: nothing says how many elements it has", "", NULL},
        {"family f(a) on real { log_density = -x }\nfamily f(b) on real { log_density = x }\nf(1)", 2, 8, "the family 'f' is defined already", "", NULL},
        {"family f(p > 0 && q < 1) on real { log_density = -x*p }\nf(1)", 1, 19, "the parameter's name again is missing before 'q'", "p > 0 && p <= 1", NULL},
        {"family f(p > 0 && p) on real { log_density = -x*p }\nf(1)", 1, 19, "the parameter's other end is missing after 'p'", "p > 0 && p <= 1", NULL},
        {"family f(p > 0 && p > 1) on real { log_density = -x*p }\nf(1)", 1, 21, "both are ends on the same side", "p > 0 && p <= 1", NULL},
        {"mixture((0.25, 0.5), normal(0, 1), normal(2, 1))", 1, 1, "the weights add up to 0.75, and must to 1", "mixture((w1, w2, ...), D1, D2, ...)", NULL},
        {"mixture((-0.5, 1.5), normal(0, 1), normal(2, 1))", 1, 1, "a weight is -0.5, and must not be below 0", NULL, NULL},
        {"affine(normal(0, 1), 0, -1)", 1, 1, "the scale is -1, and must be finite and above 0", "affine(D, location, scale)", NULL},
        {"truncated(normal(0, 1), 2, 2)", 1, 1, "the lower bound is 2, and must be below the upper one, 2", NULL, NULL},
        {"censored(poisson(3), 2, 1)", 1, 1, "the lower bound is 2, and must be below the upper one, 1", NULL, NULL},
        {"input y\nparam a = 0\ny ~ normal(a, -1)", 3, 5, "'normal' cannot take these arguments: 'sigma' is -1, and must be > 0", "normal(mu, sigma > 0)", NULL},
        {"input y\ny ~ triangular(0, 1, 2)", 2, 5, "'triangular' cannot take these arguments: 'mode' is 2, and must be in lower..upper", NULL, NULL},
        {"input y\ny ~ geometric(0)", 2, 5, "'geometric' cannot take these arguments: 'p' is 0, and must have p > 0 && p <= 1", NULL, NULL},
        {"input y\ny ~ binomial(2.5, 0.5)", 2, 5, "'binomial' cannot take these arguments: 'N' is 2.5, and must be in integers 0..inf", NULL, NULL},
        {"input y\ny ~ categorical((0.5, 0.25))", 2, 5, "'categorical' cannot take these arguments: 'theta' is no point of the simplex: its elements must be 0 or more, and add up to 1", NULL, NULL},
        {"family f(a) on real { log_density = y }\nf(1)", 1, 37, "there is no 'y' here", NULL, NULL},
        {"family f(a) on real { T = (x, x); eta = a; A = a }\nf(1)", 2, 1, "T has 2 elements, and eta has 1", "in 'f' as called in line 2", NULL},
        {"alias g = 3\ng(1)", 1, 11, "the name of a family is missing before '3'", "alias gaussian = normal", NULL},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const sinter_options o = density(cases[k].quantity);
        if (compile(cases[k].text, &o) == SINTER_OK)
            fail_msg("%s: no error", cases[k].text);
        const sinter_error *e = &report.errors[0];
        if (e->line != cases[k].line || e->column != cases[k].column || strcmp(e->message, cases[k].message) || (cases[k].hint && strcmp(e->hint, cases[k].hint)))
            fail_msg("%s\n is told as %d:%d: %s\n hint: %s", cases[k].text, e->line, e->column, e->message, e->hint);
        assert_true(report.total >= 1);
    }
    const sinter_options wrong = density("log_densty");
    assert_int_equal(compile("normal", &wrong), SINTER_BAD_ARGUMENT);
    const sinter_options field = {.source = SINTER_FIELD}, misplaced = {.source = SINTER_FIELD, .quantity = "T"};
    assert_int_equal(compile("x ~ normal(0, 1)", &field), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "only a density has lines y ~ D");
    assert_int_equal(compile("target += x", &field), SINTER_BAD_PROGRAM);
    assert_string_equal(report.errors[0].message, "only a density has a target");
    assert_int_equal(compile("x", &misplaced), SINTER_BAD_ARGUMENT);
}

/* Words of families are names elsewhere. */
static void words_of_densities_are_names_elsewhere(void **state)
{
    static const char *const texts[] = {"family = 2\nfamily*x", "alias = x\nalias", "target = x\ntarget + 1", "on = x\nreal = 2\nsimplex = 3\nintegers = 4\non + real + simplex + integers",
                                        "fn normal(a) = 2*a\nnormal(x)", "fn mixture(a) = a\nmixture(x)"};
    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        const sinter_options o = {.source = SINTER_FIELD};
        compiled(texts[k], &o);
    }
    const sinter_options o = density(NULL);
    compiled("normal = 3\nnormal*x", &o);
    compiled("gamma(x) + logistic(x)", &o);
}

static int teardown(void **state)
{
    close_kernel();
    return close_context(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(densities_have_their_values),
        cmocka_unit_test(other_texts_have_densities_too),
        cmocka_unit_test(arguments_become_parameters),
        cmocka_unit_test(quantities_are_outputs_by_name),
        cmocka_unit_test(parameters_may_be_arrays),
        cmocka_unit_test(terms_are_left_out),
        cmocka_unit_test(densities_have_derivatives),
        cmocka_unit_test(densities_of_tuples),
        cmocka_unit_test(a_text_says_what_density_it_is),
        cmocka_unit_test(natural_parameters),
        cmocka_unit_test(every_family_compiles),
        cmocka_unit_test(families_are_kept),
        cmocka_unit_test(families_stand_beside_each_other),
        cmocka_unit_test(every_mistake_is_told_where_it_is),
        cmocka_unit_test(words_of_densities_are_names_elsewhere),
    };
    return cmocka_run_group_tests(tests, open_context, teardown);
}
