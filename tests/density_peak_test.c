/* Densities of normal kind where their terms cancel: at places where the log-density is near 0, for scales from 1e-300 to 1e300, against MPFR. There
 * -log(scale) and the square are as large as 690 and their difference is small, so each rounding of either counts. Looked at besides are neighbours
 * of the scales at which formulas change, all engines, parameters as arrays, live and as constants, bit for bit, and the derivatives. Errors are
 * in units in the last place of max(|log-density|, 1); of a derivative by x or the location of itself, by the scale of what is greater, itself
 * or 1/scale. And the logarithms in two words that the library's densities are made of, all over the range and where their forms change. */
#include "open_context.h"

#include <math.h>
#include <mpfr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3000, EXACT = 2300 /* bits: differences of numbers from 1e-300 to 1e300 */, BITS = 300, MOST_ULP = 4, MOST_BY_SCALE = 8 };

static const sinter_engine engines[] = {SINTER_ENGINE_INTERP, SINTER_ENGINE_SCALAR, SINTER_ENGINE_AVX2, SINTER_ENGINE_AVX512, SINTER_ENGINE_NEON};
static double x[ROWS], location[ROWS], scale[ROWS], out[4][ROWS], first_out[ROWS];

/* ---- places ---- */

/* splitmix64 */
static uint64_t random_bits(uint64_t *state)
{
    uint64_t n = *state += 0x9E3779B97F4A7C15u;
    n = (n ^ n >> 30)*0xBF58476D1CE4E5B9u;
    n = (n ^ n >> 27)*0x94D049BB133111EBu;
    return n ^ n >> 31;
}

static double between(uint64_t *state, double low, double high)
{
    return low + (high - low)*(double)(random_bits(state) >> 11)*0x1p-53;
}

static double random_scale(uint64_t *state)
{
    static const double borders[] = {0.16, 0x1p50, 0.3989422804014327, 1};
    const unsigned kind = random_bits(state) % 8;
    if (kind == 0)
        return borders[random_bits(state) % 4]*(1 + 0x1p-52*(double)(int)(random_bits(state) % 9) - 0x1p-50);
    if (kind < 4)
        return exp(between(state, -2.5, 1.5));
    return exp(between(state, -690, 690));
}

static double random_location(uint64_t *state, double by)
{
    const unsigned kind = random_bits(state) % 4;
    const double size = kind < 2 ? exp(between(state, -7, 7))*fmin(by, 1e290) : exp(between(state, -30, 30));
    return kind == 3 ? 0 : random_bits(state) & 1 ? -size : size;
}

/* The distance in scales at which a density of this peak is `value`, if there is one. */
static double distance(uint64_t *state, double peak, double value)
{
    const bool far = random_bits(state) % 4 == 0;
    return far || peak < value ? exp(between(state, -6, 6)) : sqrt(2*(peak - value));
}

static void place_normal(uint64_t *state, uint32_t k)
{
    scale[k] = random_scale(state);
    location[k] = random_location(state, scale[k]);
    const double z = distance(state, -0.9189385332046727 - log(scale[k]), between(state, -1.5, 1.5));
    x[k] = location[k] + (random_bits(state) & 1 ? z : -z)*scale[k];
}

static void place_half_normal(uint64_t *state, uint32_t k)
{
    scale[k] = random_scale(state);
    location[k] = 0;
    x[k] = scale[k]*distance(state, -0.22579135264472744 - log(scale[k]), between(state, -1.5, 1.5));
}

static void place_rayleigh(uint64_t *state, uint32_t k)
{
    scale[k] = random_scale(state);
    location[k] = 0;
    const double value = between(state, -1.5, 1.5);
    double z = distance(state, -log(scale[k]), value);
    for (unsigned turn = 0; turn < 40 && z > 1; turn++)
        z = distance(state, log(z) - log(scale[k]), value);
    x[k] = scale[k]*z;
}

/* Logarithms in two words are good to some 2^-66, which is not much beside scales below these. */
static void place_lognormal(uint64_t *state, uint32_t k)
{
    scale[k] = random_bits(state) % 4 ? exp(between(state, -4, 1.5)) : exp(between(state, -4, 690));
    location[k] = between(state, -8, 8);
    const double z = distance(state, -0.9189385332046727 - log(scale[k]) - location[k], between(state, -1.5, 1.5));
    x[k] = exp(location[k] + (random_bits(state) & 1 ? z : -z)*scale[k]);
    x[k] = fmin(fmax(x[k], 1e-300), 1e300);
}

/* ---- what is exact ---- */

static mpfr_t wide, z, square, exact, logarithm, other;

static void open_numbers(void)
{
    mpfr_init2(wide, EXACT);
    mpfr_inits2(BITS, z, square, exact, logarithm, other, (mpfr_ptr)0);
}

static void close_numbers(void)
{
    mpfr_clears(wide, z, square, exact, logarithm, other, (mpfr_ptr)0);
    mpfr_free_cache();
}

/* z = (a - location)/scale, exact = -z^2/2 - log(scale). */
static void begin(mpfr_srcptr a, uint32_t k)
{
    mpfr_sub_d(wide, a, location[k], MPFR_RNDN);
    mpfr_div_d(z, wide, scale[k], MPFR_RNDN);
    mpfr_sqr(square, z, MPFR_RNDN);
    mpfr_div_ui(exact, square, 2, MPFR_RNDN);
    mpfr_neg(exact, exact, MPFR_RNDN);
    mpfr_set_d(logarithm, scale[k], MPFR_RNDN);
    mpfr_log(logarithm, logarithm, MPFR_RNDN);
    mpfr_sub(exact, exact, logarithm, MPFR_RNDN);
}

/* exact -= log(factor pi)/2 */
static void subtract_half_log_of_pi(double factor)
{
    mpfr_const_pi(other, MPFR_RNDN);
    mpfr_mul_d(other, other, factor, MPFR_RNDN);
    mpfr_log(other, other, MPFR_RNDN);
    mpfr_div_ui(other, other, 2, MPFR_RNDN);
    mpfr_sub(exact, exact, other, MPFR_RNDN);
}

static void exact_normal(uint32_t k)
{
    mpfr_set_d(wide, x[k], MPFR_RNDN);
    begin(wide, k);
    subtract_half_log_of_pi(2);
}

static void exact_half_normal(uint32_t k)
{
    mpfr_set_d(wide, x[k], MPFR_RNDN);
    begin(wide, k);
    subtract_half_log_of_pi(0.5);
}

static void exact_rayleigh(uint32_t k)
{
    mpfr_set_d(wide, x[k], MPFR_RNDN);
    begin(wide, k);
    mpfr_log(other, z, MPFR_RNDN);
    mpfr_add(exact, exact, other, MPFR_RNDN);
}

static void exact_lognormal(uint32_t k)
{
    mpfr_t log_x;
    mpfr_init2(log_x, BITS + 1100);
    mpfr_set_d(log_x, x[k], MPFR_RNDN);
    mpfr_log(log_x, log_x, MPFR_RNDN);
    begin(log_x, k);
    subtract_half_log_of_pi(2);
    mpfr_sub(exact, exact, log_x, MPFR_RNDN);
    mpfr_clear(log_x);
}

typedef struct family {
    const char *text, *arrays;
    void (*place)(uint64_t *state, uint32_t k);
    void (*exact)(uint32_t k);
} family;

static const family families[] = {
    {"normal", "mu sigma", place_normal, exact_normal},
    {"half_normal", "sigma", place_half_normal, exact_half_normal},
    {"rayleigh", "sigma", place_rayleigh, exact_rayleigh},
    {"lognormal", "mu sigma", place_lognormal, exact_lognormal},
};

/* ---- running ---- */

static sinter_kernel *compiled(const char *text, sinter_options options)
{
    static sinter_report report;
    sinter_kernel *kernel;
    options.source = SINTER_DENSITY;
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report))
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

static void run_arrays(const family *f, sinter_options options)
{
    options.arrays = f->arrays;
    sinter_kernel *kernel = compiled(f->text, options);
    const bool located = f->arrays[0] == 'm';
    const void *in[] = {x, located ? location : scale, scale};
    void *const to[] = {out[0], out[1], out[2], out[3]};
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = to, .count = ROWS}), SINTER_OK);
    sinter_kernel_close(kernel);
}

static double in_units(double value, double size)
{
    mpfr_sub_d(other, exact, value, MPFR_RNDN);
    return fabs(mpfr_get_d(other, MPFR_RNDN))/ldexp(1, ilogb(size) - 52);
}

static void check_rows(const family *f)
{
    double most = 0;
    for (uint32_t k = 0; k < ROWS; k++) {
        f->exact(k);
        if (fabs(mpfr_get_d(exact, MPFR_RNDN)) > 1e300) /* the square may overflow */
            continue;
        const double error = in_units(first_out[k], fmax(fabs(mpfr_get_d(exact, MPFR_RNDN)), 1));
        if (!(error <= MOST_ULP))
            fail_msg("%s of %a, %a at %a: %a is off by %g ULP", f->text, location[k], scale[k], x[k], first_out[k], error);
        most = fmax(most, error);
    }
    print_message("# %-12s %.2f ULP\n", f->text, most);
}

static void same_bits(const char *text, const char *how, uint32_t k, double y)
{
    if (memcmp(&y, &first_out[k], sizeof y) != 0)
        fail_msg("%s %s of %a, %a at %a: %a, but %a", text, how, location[k], scale[k], x[k], y, first_out[k]);
}

/* Parameters of the kernel, each row by itself. */
static void check_live(const family *f, sinter_engine engine)
{
    sinter_kernel *kernel = compiled(f->text, (sinter_options){.engine = engine, .function = true});
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    const bool located = f->arrays[0] == 'm';
    for (uint32_t k = 0; k < ROWS; k++) {
        double y;
        const void *in[] = {&x[k]};
        void *const to[] = {&y};
        if (located)
            sinter_set(instance, 0, location[k]);
        sinter_set(instance, located, scale[k]);
        assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = in, .outputs = to, .count = 1}), SINTER_OK);
        same_bits(f->text, "live", k, y);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* Constants: conditions on them are decided when the text is compiled. */
static void check_fixed(const family *f)
{
    for (uint32_t k = 0; k < ROWS; k += ROWS/40) {
        char text[160];
        double y;
        if (f->arrays[0] == 'm')
            snprintf(text, sizeof text, "log_density(%s(%.17g, %.17g), x)", f->text, location[k], scale[k]);
        else
            snprintf(text, sizeof text, "log_density(%s(%.17g), x)", f->text, scale[k]);
        sinter_kernel *kernel;
        assert_int_equal(sinter_compile(context, text, strlen(text), &(sinter_options){.type = SINTER_F64, .inputs = "x"}, &kernel, NULL), SINTER_OK);
        const void *in[] = {&x[k]};
        void *const to[] = {&y};
        assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = to, .count = 1}), SINTER_OK);
        sinter_kernel_close(kernel);
        same_bits(f->text, "fixed", k, y);
    }
}

static void values_are_right(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof families / sizeof *families; i++) {
        const family *f = &families[i];
        uint64_t seed = 20261128 + i;
        bool first = true;
        for (uint32_t k = 0; k < ROWS; k++)
            f->place(&seed, k);
        for (unsigned e = 0; e < sizeof engines / sizeof *engines; e++) {
            if (!sinter_engine_available(engines[e], NULL))
                continue;
            run_arrays(f, (sinter_options){.engine = engines[e]});
            if (first)
                memcpy(first_out, out[0], sizeof first_out);
            for (uint32_t k = 0; k < ROWS; k++)
                same_bits(f->text, sinter_engine_name(engines[e]), k, out[0][k]);
            first = false;
            check_live(f, engines[e]);
        }
        check_rows(f);
        check_fixed(f);
    }
}

/* ---- derivatives ---- */

static double check_slope(const char *name, uint32_t k, double found, double size, double bound)
{
    const double error = in_units(found, fmax(fabs(mpfr_get_d(exact, MPFR_RNDN)), size));
    if (!(error <= bound))
        fail_msg("by %s of %a, %a at %a: %a is off by %g ULP", name, location[k], scale[k], x[k], found, error);
    return error;
}

/* Of the normal density: -z/scale by x, z/scale by the location, (z^2 - 1)/scale by the scale. */
static void slopes_are_right(void **state)
{
    (void)state;
    uint64_t seed = 6;
    double most[3] = {0, 0, 0};
    for (uint32_t k = 0; k < ROWS; k++)
        place_normal(&seed, k);
    run_arrays(&families[0], (sinter_options){.gradient = (const char *const[]){"x", "mu", "sigma"}, .gradient_count = 3});
    for (uint32_t k = 0; k < ROWS; k++) {
        exact_normal(k);
        mpfr_div_d(exact, z, scale[k], MPFR_RNDN);
        if (fabs(mpfr_get_d(exact, MPFR_RNDN)) > 1e-290 && fabs(mpfr_get_d(exact, MPFR_RNDN)) < INFINITY) {
            most[1] = fmax(most[1], check_slope("mu", k, out[2][k], 0x1p-1000, MOST_ULP));
            mpfr_neg(exact, exact, MPFR_RNDN);
            most[0] = fmax(most[0], check_slope("x", k, out[1][k], 0x1p-1000, MOST_ULP));
        }
        mpfr_sub_ui(exact, square, 1, MPFR_RNDN);
        mpfr_div_d(exact, exact, scale[k], MPFR_RNDN);
        most[2] = fmax(most[2], check_slope("sigma", k, out[3][k], 1/scale[k], MOST_BY_SCALE));
    }
    print_message("# by x %.2f, by mu %.2f, by sigma %.2f ULP\n", most[0], most[1], most[2]);
}

/* ---- logarithms in two words ---- */

/* The library's functions are none of a text's: their file is put before it. */
static char *with_pairs(const char *expression)
{
    const char *folder = getenv("SINTER_TESTS");
    char path[4096], *text = calloc(1, 1 << 16);
    snprintf(path, sizeof path, "%s/../src/lib/density_pairs.sn", folder ? folder : "tests");
    FILE *file = fopen(path, "r");
    if (!file || !text)
        fail_msg("%s cannot be read", path);
    const size_t length = fread(text, 1, (1 << 16) - 512, file);
    fclose(file);
    assert_true(length < (1 << 16) - 512);
    snprintf(text + length, 512, "\n%s\n", expression);
    return text;
}

/* `to` has four words of each place. */
static void run_pairs(const char *expression, sinter_engine engine, double to[4][ROWS])
{
    static sinter_report report;
    char *text = with_pairs(expression);
    sinter_kernel *kernel;
    if (sinter_compile(context, text, strlen(text), &(sinter_options){.type = SINTER_F64, .inputs = "x y z", .engine = engine}, &kernel, &report))
        fail_msg("%s: %s", expression, report.errors[0].message);
    const void *in[] = {x, location, scale};
    assert_int_equal(sinter_run(kernel, &(sinter_arguments){.inputs = in, .outputs = (void *[]){to[0], to[1], to[2], to[3]}, .count = ROWS}), SINTER_OK);
    sinter_kernel_close(kernel);
    free(text);
}

static double random_positive(uint64_t *state)
{
    const unsigned kind = random_bits(state) % 4;
    const double octave = ldexp(1, (int)(random_bits(state) % 1800) - 900), border = random_bits(state) & 1 ? 1.189207115002721 : 0.8408964152537145;
    return kind == 0   ? octave*border*(1 + 0x1p-52*(double)(int)(random_bits(state) % 9) - 0x1p-50)
           : kind == 1 ? between(state, 0.5, 2)
           : kind == 2 ? octave*between(state, 0.84, 1.69)
                       : exp(between(state, -690, 690));
}

/* |log(a + b) - (high + low)|, as a power of 2 */
static double error_of_pair(double a, double b, double high, double low)
{
    mpfr_set_d(wide, a, MPFR_RNDN);
    mpfr_add_d(wide, wide, b, MPFR_RNDN);
    mpfr_log(exact, wide, MPFR_RNDN);
    mpfr_sub_d(exact, exact, high, MPFR_RNDN);
    mpfr_sub_d(exact, exact, low, MPFR_RNDN);
    return log2(fabs(mpfr_get_d(exact, MPFR_RNDN)));
}

static void logarithms_are_right(void **state)
{
    (void)state;
    static double alone[4][ROWS];
    uint64_t seed = 7;
    double most = -INFINITY;
    for (uint32_t k = 0; k < ROWS; k++) {
        x[k] = random_positive(&seed);
        location[k] = random_positive(&seed);
        scale[k] = location[k]*between(&seed, -0x1p-54, 0x1p-54);
    }
    x[0] = 0x1p-1074;
    x[1] = 0x1.fffffffffffffp1023;
    x[2] = 0x1p-1000;
    x[3] = 1;
    for (unsigned e = 0; e < sizeof engines / sizeof *engines; e++) {
        if (!sinter_engine_available(engines[e], NULL))
            continue;
        run_pairs("a = loose_logs_from_0_to_1(min(x, 1/x), (y, z)); f = pair_normal((a.x, a.z)); g = pair_normal((a.y, a.w)); (f.x, f.y, g.x, g.y)", engines[e], out);
        run_pairs("b = pair_log_inside(min(x, 1/x)); c = pair_log_pair((y, z)); (b.x, b.y, c.x, c.y)", engines[e], alone);
        for (uint32_t k = 0; k < ROWS; k++)
            for (unsigned word = 0; word < 4; word++)
                if (out[word][k] != alone[word][k])
                    fail_msg("%s: word %u of the logarithms of %a or its reciprocal and %a + %a: %a, alone %a", sinter_engine_name(engines[e]), word, x[k], location[k],
                             scale[k], out[word][k], alone[word][k]);
        run_pairs("b = pair_log_inside(x); c = pair_log_pair((y, z)); (b.x, b.y, c.x, c.y)", engines[e], alone);
        for (uint32_t k = 0; k < ROWS; k++) {
            const double first = error_of_pair(x[k], 0, alone[0][k], alone[1][k]), second = error_of_pair(location[k], scale[k], alone[2][k], alone[3][k]);
            if (!(first <= -70) || !(second <= -70))
                fail_msg("%s: the logarithms of %a and %a + %a are off by 2^%.2f, 2^%.2f", sinter_engine_name(engines[e]), x[k], location[k], scale[k], first, second);
            most = fmax(most, fmax(first, second));
        }
    }
    print_message("# logarithms in two words: 2^%.2f\n", most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_right), cmocka_unit_test(slopes_are_right), cmocka_unit_test(logarithms_are_right)};
    open_numbers();
    const int failed = cmocka_run_group_tests(tests, open_context, close_context);
    close_numbers();
    return failed;
}
