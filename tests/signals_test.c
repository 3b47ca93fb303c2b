/* The library's signals, measured as one would measure a device: magnitudes of filters against the textbook's transfer
 * function, pitch and aliases of oscillators, the spread and whiteness of noise, times of envelopes and delays, the
 * decay of a reverb. That engines agree is tested elsewhere; here each function does what its documentation says. */
#include "open_context.h"
#include "repetitions.h"

#include <sinter/sinter.h>

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 1 << 16, OUTPUTS = 4 };
static const double pi = 3.14159265358979323846, rate = 48000;

static double in[2][COUNT], out[OUTPUTS][COUNT];
static sinter_report report;

/* ---- running ---- */

/* Runs the patch in f64 over in[0], in[1]; its outputs are in out[]. */
static void run(const char *text)
{
    sinter_kernel *kernel;
    sinter_instance *instance;
    const sinter_options options = {.source = SINTER_PATCH, .type = SINTER_F64};
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    assert_in_range(sinter_kernel_describe(kernel).output_count, 1, OUTPUTS);
    for (int64_t at = 0; at < COUNT; at += 4096) {
        const void *const inputs[2] = {in[0] + at, in[1] + at};
        void *outputs[OUTPUTS];
        for (int k = 0; k < OUTPUTS; k++)
            outputs[k] = out[k] + at;
        const sinter_arguments arguments = {.inputs = inputs, .outputs = outputs, .count = 4096};
        assert_int_equal(sinter_instance_run(instance, &arguments), SINTER_OK);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

static void impulse(void)
{
    memset(in, 0, sizeof in);
    in[0][0] = 1;
}

static void run_on_impulse(const char *text)
{
    impulse();
    run(text);
}

/* The spectrum of `signal` at one frequency. */
static double complex spectrum(const double *signal, int count, double hertz)
{
    double complex sum = 0, turn = 1;
    const double complex step = cexp(-2 * pi * I * hertz / rate);
    for (int k = 0; k < count; k++) {
        sum += signal[k] * turn;
        turn *= step;
        if (k % 1024 == 1023)
            turn /= cabs(turn);
    }
    return sum;
}

static double decibels(double ratio)
{
    return 20 * log10(ratio);
}

static void is_near(const char *what, double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within))
        fail_msg("%s: %.9g, not %.9g within %g", what, value, wanted, within);
}

/* The mean of a signal weighted by a Hann window, and its level at a frequency with the same window: partials of a
 * periodic signal, wherever they lie, without those nearby. */
static double partial(const double *signal, double hertz)
{
    double complex sum = 0;
    for (int k = 0; k < COUNT; k++) {
        const double window = 1 - cos(2 * pi * k / COUNT);
        sum += window * signal[k] * cexp(-2 * pi * I * fmod(hertz * k / rate, 1));
    }
    return 2 * cabs(sum) / COUNT;
}

/* ---- filters ---- */

/* The analogue prototype through the bilinear transform, by the textbook: what stands on s = i tan(pi f/rate)/tan(pi f0/rate). */
typedef enum shape { LOW, HIGH, BAND, NOTCH, ALL, PEAK, LOW_SHELF, HIGH_SHELF, LOW1, SVF_LOW, SVF_BAND, SVF_HIGH } shape;

static double complex prototype(shape kind, double f, double f0, double q, double gain)
{
    const double complex s = I * tan(pi * f / rate) / tan(pi * f0 / rate);
    const double a = pow(10, gain / 40), root = sqrt(a);
    const double complex second = s * s + s / q + 1;
    switch (kind) {
    case LOW:
    case SVF_LOW: return 1 / second;
    case HIGH:
    case SVF_HIGH: return s * s / second;
    case BAND: return s / q / second;
    case SVF_BAND: return s / second;
    case NOTCH: return (s * s + 1) / second;
    case ALL: return (s * s - s / q + 1) / second;
    case PEAK: return (s * s + s * a / q + 1) / (s * s + s / (a * q) + 1);
    case LOW_SHELF: return a * (s * s + root / q * s + a) / (a * s * s + root / q * s + 1);
    case HIGH_SHELF: return a * (a * s * s + root / q * s + 1) / (s * s + root / q * s + a);
    case LOW1: {
        const double complex z = cexp(-2 * pi * I * f / rate);
        const double k = 1 - exp(-2 * pi * f0 / rate);
        return k / (1 - (1 - k) * z);
    }
    }
    return 0;
}

static void filters_have_the_textbook_s_response(void **state)
{
    (void)state;
    static const struct {
        const char *call;
        shape kind;
        double q, gain;
    } filters[] = {
        {"lowpass(x, %g)", LOW, 0.7071067811865476, 0},    {"lowpass(x, %g, 8)", LOW, 8, 0},
        {"highpass(x, %g)", HIGH, 0.7071067811865476, 0},  {"highpass(x, %g, q=3)", HIGH, 3, 0},
        {"bandpass(x, %g)", BAND, 1, 0},                   {"bandpass(x, %g, 5)", BAND, 5, 0},
        {"notch(x, %g, 2)", NOTCH, 2, 0},                  {"phase_shift(x, %g, 2)", ALL, 2, 0},
        {"peaking(x, %g, 9, 2)", PEAK, 2, 9},              {"peaking(x, %g, -12)", PEAK, 1, -12},
        {"low_shelf(x, %g, 6)", LOW_SHELF, 0.7071067811865476, 6},
        {"low_shelf(x, %g, -9, 1)", LOW_SHELF, 1, -9},     {"high_shelf(x, %g, 6)", HIGH_SHELF, 0.7071067811865476, 6},
        {"high_shelf(x, %g, -9, 0.5)", HIGH_SHELF, 0.5, -9},
        {"lowpass1(x, %g)", LOW1, 0, 0},                   {"svf(x, %g, 2).x", SVF_LOW, 2, 0},
        {"svf(x, %g, 2).y", SVF_BAND, 2, 0},               {"svf(x, %g, 2).z", SVF_HIGH, 2, 0},
    };
    static const double corners[] = {50, 1000, 15000}, tried[] = {0, 20, 50, 300, 1000, 5000, 15000, 23000, 23999};
    for (size_t k = 0; k < sizeof filters / sizeof *filters; k++)
        for (int c = 0; c < 3; c++) {
            char text[128], what[192];
            if (test_share() > 1 && (size_t)c != k % 3)
                continue;
            int n = snprintf(text, sizeof text, "input x; ");
            snprintf(text + n, sizeof text - (size_t)n, filters[k].call, corners[c]);
            run_on_impulse(text);
            for (size_t f = 0; f < sizeof tried / sizeof *tried; f++) {
                const double complex is = spectrum(out[0], COUNT, tried[f]),
                                     wanted = prototype(filters[k].kind, tried[f], corners[c], filters[k].q, filters[k].gain);
                snprintf(what, sizeof what, "%s at %g Hz", text, tried[f]);
                is_near(what, cabs(is - wanted), 0, 1e-7 * (1 + cabs(wanted)));
            }
        }
    run_on_impulse("input x; x - lowpass1(x, 700) - highpass1(x, 700)");
    for (int k = 0; k < COUNT; k++)
        assert_true(out[0][k] == 0);
}

static void a_constant_offset_is_blocked(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++)
        in[0][k] = 0.5 + sin(2 * pi * 1000 * k / rate);
    run("input x; dc_block(x)");
    is_near("what is left", out[0][COUNT - 1], in[0][COUNT - 1] - 0.5, 0.01);
    run_on_impulse("input x; dc_block(x)");
    is_near("at 100 Hz", decibels(cabs(spectrum(out[0], COUNT, 100))), 0, 0.1);
    is_near("at 0 Hz", cabs(spectrum(out[0], COUNT, 0)), 0, 1e-9);
}

/* ---- oscillators ---- */

static void oscillators_have_their_pitch(void **state)
{
    (void)state;
    static const char *const calls[] = {"sine(440.5)", "saw(440.5)", "square(440.5)", "triangle(440.5)", "lfo(440.5)", "phasor(440.5)"};
    static const double levels[] = {1, 2 / 3.14159265358979, 4 / 3.14159265358979, 8 / 9.8696044010894, 0.5, 1 / 3.14159265358979};
    for (int k = 0; k < 6; k++) {
        run(calls[k]);
        is_near(calls[k], partial(out[0], 440.5), levels[k], 1e-3 * levels[k]);
        assert_true(partial(out[0], 440.5 + 20) < 1e-3 * levels[k]);
    }
    run("out sine(1000); out sine(1000, 0.25); out phasor(-3); out sine(47000)");
    for (int k = 0; k < COUNT; k++) {
        is_near("sine", out[0][k], sin(2 * pi * fmod(k / 48.0, 1)), 2e-4); /* steps of 11 millionths of a hertz add up */
        is_near("cosine", out[1][k], cos(2 * pi * fmod(k / 48.0, 1)), 2e-4);
        is_near("folded back", out[3][k], -out[0][k], 2e-4);
        assert_true(out[2][k] >= 0 && out[2][k] < 1);
    }
    assert_true(out[2][1] > 0.99 && out[2][0] == 0);
}

/* The loudest of what is no partial, below 8 kHz: partials beyond half the rate that folded back. */
static double aliases(const char *text, double hertz)
{
    run(text);
    double worst = 0;
    for (int k = 12; k < 40; k++) { /* where the first partials beyond half the rate fold to */
        const double folded = rate - k * hertz;
        if (folded > 0 && folded < 8000 && fabs(remainder(folded, hertz)) > 20)
            worst = fmax(worst, partial(out[0], folded));
    }
    return worst;
}

static void jumps_are_rounded(void **state)
{
    (void)state;
    const double rounded = aliases("saw(1867)", 1867), bare = aliases("2*fract(phasor(1867)) - 1", 1867);
    if (!(decibels(rounded / bare) < -25))
        fail_msg("aliases: %g dB", decibels(rounded / bare));
    const double square = aliases("square(1867)", 1867), bare_square = aliases("phasor(1867) < 0.5 ? 1.0 : -1.0", 1867);
    if (!(decibels(square / bare_square) < -25))
        fail_msg("aliases of the square: %g dB", decibels(square / bare_square));
    run("out saw(123); out square(123, 0.2); out saw(0); out saw(-123)");
    double mean = 0;
    for (int k = 0; k < COUNT; k++) {
        assert_true(fabs(out[0][k]) <= 1.0 && fabs(out[1][k]) <= 1.0 + 1e-9);
        is_near("backwards", out[3][k], -out[0][k], 1e-6);
        mean += out[1][k] / COUNT;
    }
    is_near("the mean of a square of duty 0.2", mean, -0.6, 0.01);
    assert_true(fabs(out[2][77]) <= 1); /* a saw of 0 Hz stands still */
}

/* Of integers made floats sinpi and cospi go a shorter way, to the bits of the long one, which a number goes that comes from outside. */
static void small_turns_have_the_bits_of_all(void **state)
{
    (void)state;
    static const char *const factors[] = {"0x1p-31", "0x1p-32", "0x1p-33", "-0x1p-31", "-0x1p-32", "0x1p-30", "3e-10"};
    for (unsigned k = 0; k < sizeof factors / sizeof *factors; k++) {
        static const double edges[] = {0, 1, -1, 0x1p29, 0x1p30, -0x1p30, 0x1.8p30, -0x1.8p30, 0x1.fffffep30, -0x1p31};
        static float narrow[3][4096];
        char text[256];
        for (int i = 0; i < 4096; i++)
            narrow[0][i] = (float)(in[0][i] = i < 10 ? edges[i] : 0 + trunc((double)(float)ldexp(sin(i * i), 31 - i % 30 - (i % 30 == 0))));
        snprintf(text, sizeof text, "input x; n = number(i32(x))*%s; m = x*%s; out sinpi(n) + 4*cospi(n); out sinpi(m) + 4*cospi(m); out 1/sinpi(n); out 1/sinpi(m)",
                 factors[k], factors[k]);
        run(text);
        for (int i = 0; i < 4096; i++)
            if (out[0][i] != out[1][i] || out[2][i] != out[3][i])
                fail_msg("%s, %.17g: %.17g %.17g, not %.17g %.17g", text, in[0][i], out[0][i], out[2][i], out[1][i], out[3][i]);
        sinter_kernel *kernel;
        sinter_instance *instance;
        snprintf(text, sizeof text, "input x; n = number(i32(x))*%s; m = x*%s; out sinpi(n) + 0.25*cospi(n); out sinpi(m) + 0.25*cospi(m)", factors[k], factors[k]);
        if (sinter_compile(context, text, strlen(text), &(sinter_options){.source = SINTER_PATCH, .type = SINTER_F32}, &kernel, &report) != SINTER_OK)
            fail_msg("%s\n%s", text, report.errors[0].message);
        assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
        const sinter_arguments arguments = {.inputs = (const void *[]){narrow[0]}, .outputs = (void *[]){narrow[1], narrow[2]}, .count = 4096};
        assert_int_equal(sinter_instance_run(instance, &arguments), SINTER_OK);
        for (int i = 0; i < 4096; i++)
            if (narrow[1][i] != narrow[2][i])
                fail_msg("%s, f32, %.9g: %.9g, not %.9g", text, (double)narrow[0][i], (double)narrow[1][i], (double)narrow[2][i]);
        sinter_instance_close(instance);
        sinter_kernel_close(kernel);
    }
    memset(in, 0, sizeof in);
}

static void noise_is_white(void **state)
{
    (void)state;
    run("out noise(); out noise(1); out noise(2)");
    double mean = 0, square = 0, fourth = 0, low = 1, high = -1, lag[5] = {0}, other = 0;
    static const int lags[5] = {1, 2, 3, 816, 1632}; /* the last: where the hash is worst for steps of 1 */
    for (int k = 0; k < COUNT; k++) {
        const double v = out[0][k];
        mean += v / COUNT;
        square += v * v / COUNT;
        fourth += v * v * v * v / COUNT;
        low = fmin(low, v);
        high = fmax(high, v);
        other += v * out[1][k] / COUNT;
        for (int d = 0; d < 5; d++)
            lag[d] += k < lags[d] ? 0 : v * out[0][k - lags[d]] / COUNT;
    }
    const double spread = 4 / sqrt(COUNT); /* four deviations of a mean of as many even numbers, and more */
    is_near("mean", mean, 0, spread * 0.6);
    is_near("variance", square, 1 / 3.0, spread);
    is_near("fourth moment", fourth, 0.2, spread);
    is_near("another seed", other, 0, spread);
    for (int d = 0; d < 5; d++)
        is_near("its past", lag[d], 0, spread);
    assert_true(low >= -1 && low < -0.999 && high <= 1 && high > 0.999);
    for (double hertz = 100; hertz < 24000; hertz += 997) {
        const double power = pow(cabs(spectrum(out[0], COUNT, hertz)), 2) / (COUNT / 3.0);
        assert_true(power < 12); /* exponentially distributed: e^-12 each */
    }
}

/* ---- envelopes ---- */

static void envelopes_keep_their_times(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++)
        in[0][k] = k >= 100 && k < 24100;
    run("input g; out adsr(g, 0.1, 0.1, 0.6, 0.2); out line(2, 5, 0.5); out glide(g, 0.1); out follow(-g, 0.01, 0.1)");
    assert_true(out[0][99] == 0);
    is_near("half the attack", out[0][100 + 2400 - 1], 0.5, 1e-6);
    is_near("the attack's end", out[0][100 + 4800 - 1], 1, 1e-6);
    is_near("the decay's end", out[0][100 + 4800 + 4800], 0.6, 0.001 * 0.4 + 1e-4);
    is_near("the sustain", out[0][24099], 0.6, 1e-4);
    is_near("the release's end", out[0][24100 + 9600], 0, 0.001);
    assert_true(out[0][24100 + 1000] < 0.6 && out[0][24100 + 1000] > 0.1);
    is_near("line, first", out[1][0], 2, 0);
    is_near("line, middle", out[1][12000], 3.5, 1e-9);
    is_near("line, last", out[1][24000], 5, 0);
    is_near("line, after", out[1][COUNT - 1], 5, 0);
    is_near("glide", out[2][100 + 4800], 1, 0.0011);
    is_near("follow up", out[3][100 + 480], 1, 0.0011);
    is_near("follow down", out[3][24100 + 4800], 0, 0.0011);
    for (int k = 0; k < COUNT; k++)
        in[0][k] = k % 1000 >= 500, in[1][k] = k;
    run("input trigger, v; sample_hold(v, trigger)");
    assert_true(out[0][499] == 0 && out[0][500] == 500 && out[0][1499] == 500 && out[0][1500] == 1500);
}

/* A gate that comes again while the level is high goes on from there: nothing jumps. */
static void an_envelope_does_not_jump(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++)
        in[0][k] = k % 3000 < 1700;
    run("input g; adsr(g, 0.02, 0.05, 0.5, 0.05)");
    for (int k = 1; k < COUNT; k++)
        assert_true(fabs(out[0][k] - out[0][k - 1]) < 0.005 && out[0][k] >= 0 && out[0][k] <= 1);
}

/* ---- delays and effects ---- */

static void levels_and_places(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++)
        in[0][k] = (k % 401 - 200) / 50.0;
    run("input x; out gain(x, constant(0.5)); out gain_db(x, -20); out affine(offset(x, 1), 2, 3); out clip(x)");
    for (int k = 0; k < 1000; k++) {
        const double x = in[0][k];
        assert_true(out[0][k] == 0.5 * x && fabs(out[2][k] - (2 * x + 5)) < 1e-14 && out[3][k] == fmax(-1, fmin(1, x)));
        is_near("gain_db", out[1][k], 0.1 * x, 1e-15);
    }
    run("input x; (l, r) = pan(x, -1); (a, b) = pan(x, 0.3); out soft_clip(x); out l; out r; out (a*a + b*b) - x*x");
    for (int k = 1; k < 400; k++) {
        const double x = in[0][k];
        assert_true(out[1][k] == x && out[2][k] == 0);
        is_near("pan", out[3][k], 0, 1e-12);
        assert_true(fabs(out[0][k]) <= 1 && out[0][k] >= out[0][k - 1]);
        if (fabs(x) >= 1.5)
            is_near("soft clip", out[0][k], copysign(1, x), 1e-12);
    }
    run("input x; out tremolo(1, 10, 0.5)");
    double low = 2, high = 0;
    for (int k = 0; k < 4800; k++)
        low = fmin(low, out[0][k]), high = fmax(high, out[0][k]);
    is_near("tremolo, least", low, 0.5, 1e-6);
    is_near("tremolo, most", high, 1, 1e-6);
}

static void delays_between_samples(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++)
        in[0][k] = sin(2 * pi * 500 * k / rate);
    const double seconds = 100.37 / rate;
    run("input x; out delay_linear(x, 100.37/rate); out delay_cubic(x, 100.37/rate); out delay_linear(x, 100/rate); "
        "out delay_cubic(x, 100/rate, 200)");
    for (int k = 2000; k < 4000; k++) {
        const double wanted = sin(2 * pi * 500 * (k / rate - seconds));
        is_near("linear", out[0][k], wanted, 6e-4);
        is_near("cubic", out[1][k], wanted, 5e-7);
        is_near("whole, linear", out[2][k], in[0][k - 100], 1e-12);
        is_near("whole, cubic", out[3][k], in[0][k - 100], 1e-12);
    }
}

static void repetitions_come_in_time(void **state)
{
    (void)state;
    run_on_impulse("input x; out comb(x, 100, 0.5); out allpass(x, 150, 0.6); out echo(x, 0.01, 0.25); out allpass(x, 37)");
    for (int k = 0; k < 2000; k++) {
        is_near("comb", out[0][k], k % 100 ? 0 : pow(0.5, k / 100), 1e-15);
        is_near("echo", out[2][k], k % 480 ? 0 : pow(0.25, k / 480), 1e-15);
        is_near("allpass", out[1][k], k == 0 ? -0.6 : k % 150 ? 0 : (1 - 0.36) * pow(0.6, k / 150 - 1), 1e-15);
    }
    for (double hertz = 0; hertz < 24000; hertz += 777) {
        is_near("as loud as before", cabs(spectrum(out[1], COUNT, hertz)), 1, 1e-9);
        is_near("as loud as before", cabs(spectrum(out[3], COUNT, hertz)), 1, 1e-9);
    }
}

static void a_string_has_its_pitch(void **state)
{
    (void)state;
    memset(in, 0, sizeof in);
    for (int k = 0; k < 200; k++)
        in[0][k] = sin(k * k * 0.37);
    run("input x; out pluck(x, 220, 0.3); out pluck(x, 220, 0.3, 0.5)");
    double best = 0, at = 0;
    for (double hertz = 210; hertz < 230; hertz += 0.25) {
        const double level = cabs(spectrum(out[0] + 1000, 40000, hertz));
        if (level > best)
            best = level, at = hertz;
    }
    is_near("pitch", at, 220, 0.5);
    const double early = cabs(spectrum(out[1] + 1000, 2182, 220)), late = cabs(spectrum(out[1] + 13000, 2182, 220));
    is_near("decay over a quarter of a second", decibels(late / early), -30, 2.5);
}

static void a_room_rings_and_dies(void **state)
{
    (void)state;
    run_on_impulse("input x; (a, b) = freeverb(x, x, 0.8, 0.4, 1, 0); (c, d) = freeverb(x, x, wet=0, dry=1); out a; out b; out c; out d");
    double early = 0, late = 0, between = 0, sum = 0;
    for (int k = 0; k < COUNT; k++) {
        assert_true(isfinite(out[0][k]) && isfinite(out[1][k]));
        assert_true(out[2][k] == in[0][k] && out[3][k] == in[0][k]);
        early += k < 12000 ? out[0][k] * out[0][k] : 0;
        late += k >= COUNT - 12000 ? out[0][k] * out[0][k] : 0;
        between += out[0][k] * out[1][k];
        sum += out[0][k] * out[0][k];
    }
    assert_true(sum > 1e-6 && late < 0.05 * early && late > 0);
    assert_true(fabs(between) < 0.2 * sum); /* the sides differ */
    for (int k = 0; k < 1116 + 225 - 1; k++)
        assert_true(k < 225 || out[0][k] == 0 || k >= 1116);
}

/* ---- in a field ---- */

static void a_field_has_no_signals(void **state)
{
    (void)state;
    sinter_kernel *kernel;
    static const char *const texts[] = {"1 + lowpass(x, 800)", "1 + filter(x)\nfn filter(v) = svf(v, 100).x", "noise() + 1"};
    for (int k = 0; k < 3; k++) {
        assert_int_equal(sinter_compile(context, texts[k], strlen(texts[k]), NULL, &kernel, &report), SINTER_BAD_PROGRAM);
        assert_true(strstr(report.errors[0].message, "a field has no"));
        assert_string_equal(report.errors[0].hint, "only a patch has streams and state: sinter render runs one");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_have_the_textbook_s_response),
        cmocka_unit_test(a_constant_offset_is_blocked),
        cmocka_unit_test(oscillators_have_their_pitch),
        cmocka_unit_test(jumps_are_rounded),
        cmocka_unit_test(small_turns_have_the_bits_of_all),
        cmocka_unit_test(noise_is_white),
        cmocka_unit_test(envelopes_keep_their_times),
        cmocka_unit_test(an_envelope_does_not_jump),
        cmocka_unit_test(levels_and_places),
        cmocka_unit_test(delays_between_samples),
        cmocka_unit_test(repetitions_come_in_time),
        cmocka_unit_test(a_string_has_its_pitch),
        cmocka_unit_test(a_room_rings_and_dies),
        cmocka_unit_test(a_field_has_no_signals),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
