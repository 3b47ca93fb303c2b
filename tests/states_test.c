/* Programs with state, run as streams: a biquad, a comb with a one-pole in its loop, a generator of random
 * numbers.
 *
 * Each is written twice: as a program, and as a plain loop in C. Every engine must give the loop's bits for a
 * whole stream in one call, cut into blocks of 1, 3, 64, 777 and mixed sizes, and in place. Denormals are
 * flushed as the design says: lines on a cycle of one element at every 64th element, longer ones at each
 * write; so what has rung out is exactly 0. */
#include "open_context.h"

#include "kernel/kernels.h"
#include "opt/flush.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 20000, COMB = 1116, TICK = 64 };

static float input[COUNT], wanted[COUNT], got[COUNT];

/* ---- inputs ---- */

static void make_noise(uint32_t seed)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        seed = seed * 1664525u + 1013904223u;
        input[i] = (float)(int32_t)seed * 0x1p-31f;
    }
}

/* A click, then silence. */
static void make_impulse(void)
{
    memset(input, 0, sizeof input);
    input[0] = 1;
}

/* ---- running ---- */

static void run_stream(const sinter_kernel *kernel, const uint32_t *cuts, uint32_t cut_count, bool in_place)
{
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    if (in_place)
        memcpy(got, input, sizeof got);
    else
        memset(got, 0x55, sizeof got);
    for (uint32_t at = 0, n, k = 0; at < COUNT; at += n, k++) {
        n = cuts[k % cut_count];
        n = COUNT - at < n ? COUNT - at : n;
        const sinter_arguments a = {.inputs = (const void *[]){in_place ? got + at : input + at},
                                    .outputs = (void *[]){got + at},
                                    .count = n};
        assert_int_equal(sinter_instance_run(instance, &a), SINTER_OK);
    }
    assert_int_equal(sinter_instance_index(instance), COUNT);
    sinter_instance_close(instance);
}

static void compare(sinter_engine engine, const char *how)
{
    for (uint32_t i = 0; i < COUNT; i++)
        if (memcmp(&got[i], &wanted[i], sizeof *got) != 0)
            fail_msg("%s, %s: element %u is %a, not %a", sinter_engine_name(engine), how, (unsigned)i,
                     (double)got[i], (double)wanted[i]);
}

/* Every engine, cut in every way; the program is closed. */
static void check(sinter_program *p)
{
    static const uint32_t whole[] = {COUNT}, one[] = {1}, three[] = {3}, tick[] = {64}, odd[] = {777},
                          mixed[] = {1, 512, 63, 5, 1025, 2, 64, 100};
    static const struct {
        const char *name;
        const uint32_t *cuts;
        uint32_t count;
    } ways[] = {{"in one call", whole, 1}, {"blocks of 1", one, 1},   {"blocks of 3", three, 1},
                {"blocks of 64", tick, 1}, {"blocks of 777", odd, 1}, {"mixed blocks", mixed, 8}};
    for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
        if (!sinter_engine_available((sinter_engine)engine, NULL))
            continue;
        sinter_kernel *kernel;
        sinter_report report;
        const sinter_options options = {.engine = (sinter_engine)engine, .rewriting = SINTER_STRICT};
        if (sinter_compile_program(context, p, &options, &kernel, &report))
            fail_msg("%s", report.errors[0].message);
        for (unsigned k = 0; k < sizeof ways / sizeof *ways; k++)
            for (int in_place = 0; in_place < 2; in_place++) {
                run_stream(kernel, ways[k].cuts, ways[k].count, in_place);
                compare((sinter_engine)engine, ways[k].name);
            }
        sinter_kernel_close(kernel);
    }
    sinter_program_close(p);
}

static void write_lines(sinter_program *p, const opt_line_write *writes, uint32_t count)
{
    arena scratch;
    sn_arena_open(&scratch, &(sinter_allocator){0});
    sn_opt_write_lines(&p->ir, &scratch, writes, count);
    sn_arena_close(&scratch);
}

static bool is_tiny(float v)
{
    return fabsf(v) < 1e-30f;
}

/* ---- biquad, direct form 1: y = b0 x + b1 x' + b2 x'' − a1 y' − a2 y'' ---- */

static const float b0 = 0.0675f, b1 = 0.135f, b2 = 0.0675f, a1 = -1.143f, a2 = 0.4128f;

static sinter_program *biquad(void)
{
    sinter_program *p = sinter_program_open(NULL);
    const sinter_value x = sinter_input(p, "x", SINTER_F32);
    const uint32_t xs = sinter_line(p, "xs", SINTER_F32, 2), ys = sinter_line(p, "ys", SINTER_F32, 2);
    sinter_value y = sinter_mul(p, sinter_f32(p, b0), x);
    y = sinter_fma(p, sinter_f32(p, b1), sinter_read(p, xs, 1), y);
    y = sinter_fma(p, sinter_f32(p, b2), sinter_read(p, xs, 2), y);
    y = sinter_fma(p, sinter_f32(p, -a1), sinter_read(p, ys, 1), y);
    y = sinter_fma(p, sinter_f32(p, -a2), sinter_read(p, ys, 2), y);
    sinter_output(p, "y", y);
    const opt_line_write writes[] = {{xs, x}, {ys, y}};
    write_lines(p, writes, 2);
    return p;
}

static void biquad_in_c(void)
{
    float x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        if (i % TICK == 0) {
            y1 = is_tiny(y1) ? 0 : y1;
            y2 = is_tiny(y2) ? 0 : y2;
        }
        const float x = input[i];
        const float y = fmaf(-a2, y2, fmaf(-a1, y1, fmaf(b2, x2, fmaf(b1, x1, b0 * x))));
        x2 = x1;
        x1 = x;
        y2 = y1;
        y1 = y;
        wanted[i] = y;
    }
}

/* The last element that is not 0; no denormal may come after the first tick behind it. */
static uint32_t last_sound(void)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        if (wanted[i] != 0)
            last = i;
    return last;
}

static void biquad_is_its_loop(void **state)
{
    (void)state;
    make_noise(1);
    biquad_in_c();
    check(biquad());
}

static void biquad_rings_out(void **state)
{
    (void)state;
    make_impulse();
    biquad_in_c();
    const uint32_t last = last_sound();
    assert_true(last > 64 && last < COUNT / 2 && last % TICK == TICK - 1);
    check(biquad());
}

/* ---- comb: a line of 1,116 elements with a one-pole low-pass in its loop ---- */

static const float feedback = 0.84f, damp = 0.2f;

static sinter_program *comb(void)
{
    sinter_program *p = sinter_program_open(NULL);
    const sinter_value x = sinter_input(p, "x", SINTER_F32);
    const uint32_t line = sinter_line(p, "line", SINTER_F32, COMB),
                   pole = sinter_line(p, "pole", SINTER_F32, 1);
    const sinter_value late = sinter_read(p, line, COMB);
    const sinter_value soft = sinter_fma(p, sinter_f32(p, 1 - damp), late,
                                         sinter_mul(p, sinter_f32(p, damp), sinter_read(p, pole, 1)));
    const sinter_value y = sinter_fma(p, sinter_f32(p, feedback), soft, x);
    sinter_output(p, "y", late);
    const opt_line_write writes[] = {{line, y}, {pole, soft}};
    write_lines(p, writes, 2);
    return p;
}

static void comb_in_c(void)
{
    static float line[COUNT + COMB];
    float pole = 0;
    memset(line, 0, sizeof line);
    for (uint32_t i = 0; i < COUNT; i++) {
        if (i % TICK == 0)
            pole = is_tiny(pole) ? 0 : pole;
        const float late = line[i];
        pole = fmaf(1 - damp, late, damp * pole);
        const float y = fmaf(feedback, pole, input[i]);
        line[i + COMB] = is_tiny(y) ? 0 : y;
        wanted[i] = late;
    }
}

static void comb_is_its_loop(void **state)
{
    (void)state;
    make_noise(2);
    comb_in_c();
    check(comb());
}

static void comb_rings(void **state)
{
    (void)state;
    make_impulse();
    comb_in_c();
    for (uint32_t i = 0; i < COUNT; i++)
        assert_true(wanted[i] == 0 || fabsf(wanted[i]) >= 1e-30f);
    check(comb());
}

/* ---- a recursion that reaches back 8 and 12 elements: eight at a time ---- */

static sinter_program *scattered(void)
{
    sinter_program *p = sinter_program_open(NULL);
    const uint32_t line = sinter_line(p, "line", SINTER_F32, 12);
    sinter_value y = sinter_fma(p, sinter_f32(p, 0.5f), sinter_read(p, line, 8), sinter_input(p, "x", SINTER_F32));
    y = sinter_fma(p, sinter_f32(p, -0.25f), sinter_read(p, line, 12), y);
    sinter_output(p, "y", y);
    write_lines(p, &(opt_line_write){line, y}, 1);
    return p;
}

static void scattered_in_c(void)
{
    static float line[COUNT + 12];
    memset(line, 0, sizeof line);
    for (uint32_t i = 0; i < COUNT; i++) {
        wanted[i] = fmaf(-0.25f, line[i], fmaf(0.5f, line[i + 4], input[i]));
        line[i + 12] = is_tiny(wanted[i]) ? 0 : wanted[i];
    }
}

static void scattered_is_its_loop(void **state)
{
    (void)state;
    make_noise(5);
    scattered_in_c();
    check(scattered());
}

static void scattered_rings_out(void **state)
{
    (void)state;
    make_impulse();
    scattered_in_c();
    assert_true(last_sound() > 200 && last_sound() < COUNT / 2);
    check(scattered());
}

/* ---- a phase that counts, shown as it is, and through a pole whose loop runs from tick to tick ---- */

static sinter_program *phase(bool filtered)
{
    sinter_program *p = sinter_program_open(NULL);
    const sinter_value x = sinter_input(p, "x", SINTER_F32);
    const uint32_t line = sinter_line(p, "phase", SINTER_I32, 1), pole = sinter_line(p, "pole", SINTER_F32, 1);
    const sinter_value past = sinter_read(p, line, 1), next = sinter_add(p, sinter_i32(p, 123456789), past);
    sinter_value y = sinter_fma(p, sinter_convert(p, past, SINTER_F32), sinter_f32(p, 0x1p-31f), x);
    if (filtered)
        y = sinter_fma(p, sinter_f32(p, 0.5f), sinter_read(p, pole, 1), y);
    sinter_output(p, "y", y);
    const opt_line_write writes[] = {{line, next}, {pole, y}};
    write_lines(p, writes, filtered ? 2 : 1);
    return p;
}

static void phase_in_c(bool filtered)
{
    uint32_t number = 0;
    float pole = 0;
    for (uint32_t i = 0; i < COUNT; i++, number += 123456789) {
        pole = i % TICK == 0 && is_tiny(pole) ? 0 : pole;
        wanted[i] = fmaf((float)(int32_t)number, 0x1p-31f, input[i]);
        if (filtered)
            wanted[i] = pole = fmaf(0.5f, pole, wanted[i]);
    }
}

static void phase_is_its_loop(void **state)
{
    (void)state;
    make_noise(6);
    for (int filtered = 0; filtered < 2; filtered++) {
        phase_in_c(filtered);
        check(phase(filtered));
    }
}

/* ---- several lines and counters, which lie together and are flushed and counted together ---- */

enum { MOST_TOGETHER = 21, TOGETHER = 40 * TICK };

/* At the last element before a tick each line becomes one of these; what the tick makes of it shows in the element behind it. */
static const double edges[] = {0.25, 1e-30, -1e-30, 0x1.4484bep-100, -0x1.4484bep-100, 0, -0.0, 1e-40, FLT_MAX, -FLT_MAX, INFINITY, -INFINITY, NAN, -1};
enum { EDGES = sizeof edges / sizeof *edges };

/* y = x - y', so that -0 shows too, and beside each line a counter of its own step. */
static sinter_program *together(unsigned count, sinter_type type)
{
    sinter_program *p = sinter_program_open(NULL);
    opt_line_write writes[2 * MOST_TOGETHER];
    for (unsigned k = 0; k < count; k++) {
        char name[16];
        sprintf(name, "x%u", k);
        const sinter_value x = sinter_input(p, name, type);
        sprintf(name, "line%u", k);
        const uint32_t line = sinter_line(p, name, type, 1);
        sprintf(name, "phase%u", k);
        const uint32_t counter = sinter_line(p, name, SINTER_I32, 1);
        const sinter_value y = sinter_sub(p, x, sinter_read(p, line, 1)), phase = sinter_read(p, counter, 1);
        sprintf(name, "y%u", k);
        sinter_output(p, name, y);
        sprintf(name, "p%u", k);
        sinter_output(p, name, sinter_convert(p, phase, SINTER_F64));
        writes[2 * k] = (opt_line_write){line, y};
        writes[2 * k + 1] = (opt_line_write){counter, sinter_add(p, sinter_i32(p, (int32_t)(123456789 * (k + 1))), phase)};
    }
    write_lines(p, writes, 2 * count);
    return p;
}

static double x_of(unsigned line, uint32_t i, double y, sinter_type type)
{
    const double edge = edges[(line + i / TICK) % EDGES], scaled = type == SINTER_F64 && fabs(edge) < 1e-20 ? edge * 1e-220 : edge;
    return i % TICK == TICK - 1 ? scaled : i % TICK == 0 ? -0.0 : i % TICK == 1 ? y : 0;
}

/* What is kept of y when a tick comes; one more fault if it was no finite number. */
static double flushed(double y, sinter_type type, uint64_t *faults)
{
    const double smallest = type == SINTER_F64 ? 1e-250 : (double)1e-30f, largest = type == SINTER_F64 ? DBL_MAX : (double)FLT_MAX;
    if (fabs(y) >= smallest && fabs(y) <= largest)
        return y;
    *faults += !(fabs(y) < smallest);
    return 0;
}

static double element(const void *of, uint32_t i, sinter_type type)
{
    return type == SINTER_F64 ? ((const double *)of)[i] : (double)((const float *)of)[i];
}

static bool same_number(double a, double b)
{
    return (a == b && !signbit(a) == !signbit(b)) || (isnan(a) && isnan(b));
}

/* What goes in, by what the lines have become; *faults by so many as a tick finds. */
static void feed(double (*in)[3 * TICK], double (*wanted_y)[3 * TICK], double *y, unsigned count, sinter_type type, uint32_t at, uint32_t n, uint64_t *faults)
{
    for (uint32_t i = 0; i < n; i++)
        for (unsigned k = 0; k < count; k++) {
            y[k] = (at + i) % TICK == 0 ? flushed(y[k], type, faults) : y[k];
            const double x = x_of(k, at + i, y[k], type);
            if (type == SINTER_F64)
                in[k][i] = x;
            else
                ((float *)in[k])[i] = (float)x;
            y[k] = wanted_y[k][i] = type == SINTER_F64 ? x - y[k] : (double)((float)x - (float)y[k]);
        }
}

static void check_together(sinter_engine engine, const sinter_kernel *kernel, unsigned count, sinter_type type, uint32_t block)
{
    static double in[MOST_TOGETHER][3 * TICK], wanted_y[MOST_TOGETHER][3 * TICK], out[2 * MOST_TOGETHER][3 * TICK];
    double y[MOST_TOGETHER] = {0};
    const void *inputs[MOST_TOGETHER];
    void *outputs[2 * MOST_TOGETHER];
    for (unsigned k = 0; k < 2 * count; k++) {
        inputs[k / 2] = in[k / 2];
        outputs[k] = out[k];
    }
    uint64_t faults = 0, found;
    sinter_instance *instance;
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    for (uint32_t at = 0; at < TOGETHER; at += block) {
        feed(in, wanted_y, y, count, type, at, block, &faults);
        assert_int_equal(sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = block}), SINTER_OK);
        for (uint32_t i = 0; i < block; i++)
            for (unsigned k = 0; k < count; k++) {
                const double is = element(out[2 * k], i, type);
                if (!same_number(is, wanted_y[k][i]))
                    fail_msg("%s, %u lines, blocks of %u: element %u of line %u is %a, not %a", sinter_engine_name(engine), count, block, at + i, k, is,
                             wanted_y[k][i]);
                if (out[2 * k + 1][i] != (int32_t)(123456789 * (k + 1) * (at + i)))
                    fail_msg("%s, %u lines, blocks of %u: element %u of counter %u", sinter_engine_name(engine), count, block, at + i, k);
            }
    }
    sinter_instance_fault(instance, &found);
    assert_int_equal(found, faults);
    assert_true(faults > 0);
    sinter_instance_close(instance);
}

static void lines_lie_together(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= MOST_TOGETHER; count++)
        for (int type = SINTER_F32; type <= SINTER_F64; type++) {
            sinter_program *p = together(count, (sinter_type)type);
            for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
                sinter_kernel *kernel;
                const sinter_options options = {.engine = (sinter_engine)engine, .rewriting = SINTER_STRICT};
                if (!sinter_engine_available((sinter_engine)engine, NULL))
                    continue;
                assert_int_equal(sinter_compile_program(context, p, &options, &kernel, NULL), SINTER_OK);
                check_together((sinter_engine)engine, kernel, count, (sinter_type)type, TICK);
                check_together((sinter_engine)engine, kernel, count, (sinter_type)type, 2 * TICK + 32);
                check_together((sinter_engine)engine, kernel, count, (sinter_type)type, 5);
                sinter_kernel_close(kernel);
            }
            sinter_program_close(p);
        }
}

/* ---- a generator of random numbers, and noise of it, shaped by the input ---- */

static sinter_program *generator(void)
{
    sinter_program *p = sinter_program_open(NULL);
    const sinter_value x = sinter_input(p, "x", SINTER_F32);
    const uint32_t line = sinter_line(p, "state", SINTER_I32, 1);
    const sinter_value next = sinter_add(p, sinter_mul(p, sinter_read(p, line, 1), sinter_i32(p, 1664525)),
                                         sinter_i32(p, 1013904223));
    const sinter_value noise = sinter_mul(p, sinter_convert(p, next, SINTER_F32), sinter_f32(p, 0x1p-31f));
    sinter_output(p, "y", sinter_fma(p, noise, sinter_f32(p, 0.25f), x));
    const opt_line_write writes[] = {{line, next}};
    write_lines(p, writes, 1);
    return p;
}

static void generator_is_its_loop(void **state)
{
    (void)state;
    make_noise(3);
    uint32_t number = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        number = number * 1664525u + 1013904223u;
        wanted[i] = fmaf((float)(int32_t)number * 0x1p-31f, 0.25f, input[i]);
    }
    check(generator());
}

/* ---- reset, and two instances of one kernel ---- */

static void instances_are_apart(void **state)
{
    (void)state;
    make_noise(4);
    biquad_in_c();
    sinter_program *p = biquad();
    sinter_kernel *kernel;
    sinter_instance *a, *b;
    assert_int_equal(sinter_compile_program(context, p, NULL, &kernel, NULL), SINTER_OK);
    assert_int_equal(sinter_instance_open(kernel, &a), SINTER_OK);
    assert_int_equal(sinter_instance_open(kernel, &b), SINTER_OK);
    static float other[COUNT];
    for (uint32_t turn = 0; turn < 2; turn++) {
        for (uint32_t at = 0; at < COUNT; at += 100) {
            const sinter_arguments first = {
                .inputs = (const void *[]){input + at}, .outputs = (void *[]){got + at}, .count = 100};
            const sinter_arguments second = {
                .inputs = (const void *[]){input + at}, .outputs = (void *[]){other + at}, .count = 100};
            assert_int_equal(sinter_instance_run(a, &first), SINTER_OK);
            assert_int_equal(sinter_instance_run(b, &second), SINTER_OK);
        }
        assert_memory_equal(got, wanted, sizeof got);
        assert_memory_equal(other, wanted, sizeof other);
        sinter_instance_reset(a);
        sinter_instance_reset(b);
        assert_int_equal(sinter_instance_index(a), 0);
    }
    sinter_instance_close(a);
    sinter_instance_close(b);
    sinter_kernel_close(kernel);
    sinter_program_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(biquad_is_its_loop),    cmocka_unit_test(biquad_rings_out),
        cmocka_unit_test(comb_is_its_loop),      cmocka_unit_test(comb_rings),
        cmocka_unit_test(scattered_is_its_loop), cmocka_unit_test(scattered_rings_out),
        cmocka_unit_test(phase_is_its_loop),     cmocka_unit_test(lines_lie_together),
        cmocka_unit_test(generator_is_its_loop), cmocka_unit_test(instances_are_apart),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
