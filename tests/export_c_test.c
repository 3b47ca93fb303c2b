/* Exported C as an engine: programs are exported, compiled by whatever compilers are here (for AArch64 under
 * qemu too), run, and their bits compared with the interpreter's. The exported plan comes from the program as
 * it stands, the interpreter's from the same program after the passes, so that a difference of either shows.
 * A NaN counts as any NaN. */
#include "base/text.h"
#include "code/c/export_c.h"
#include "kernel/kernels.h"
#include "lang/lang.h"
#include "opt/opt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include "refusing_allocator.h"
#include "repetitions.h"

enum {
    ELEMENTS = 9000,
    MOST_PROGRAMS = 64,
    RANDOM_PROGRAMS = 24,
    MOST_STREAMS = 8,
    PATH = 4096,
    WIDTH = 700,
    ROWS = 9
};

/* ---- random bits, biased to what breaks things ---- */

static uint64_t seed = 0xD1B54A32D192ED03u;

static uint32_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed * 0x2545F4914F6CDD1Du >> 32);
}

static uint32_t below(uint32_t n)
{
    return any() % n;
}

static uint64_t bits_of(double value, unsigned type)
{
    const float narrow = (float)value;
    uint64_t bits = 0;
    if (type == IR_F64)
        memcpy(&bits, &value, 8);
    else
        memcpy(&bits, &narrow, 4);
    return bits;
}

static uint64_t any_bits(unsigned type)
{
    static const double special[] = {0.0,        -0.0,     1.0,       -1.0,  0.5,          2.5,
                                     1e-40,      -1e-310,  3e38,      1e300, 2147483648.0, -2147483649.0,
                                     16777217.0, INFINITY, -INFINITY, NAN};
    const uint32_t dice = below(8);
    if (type == IR_I32)
        return dice == 0 ? 0x80000000u : dice == 1 ? UINT32_MAX : dice < 5 ? below(100) : any();
    if (dice == 0)
        return bits_of(special[below(16)], type);
    if (dice == 1)
        return type == IR_F32 ? any() & 0xFF7FFFFFu : ((uint64_t)any() << 32 | any()) & 0xFFEFFFFFFFFFFFFFu;
    return bits_of((double)(int32_t)any() / (double)(1u << (8 + below(24))), type);
}

/* ---- programs ---- */

static arena memory;

typedef struct sample {
    sinter_program program; /* as callers of the library have it */
    sinter_domain domain;
    char name[16];
    size_t in_sizes[MOST_STREAMS], out_sizes[MOST_STREAMS];
    void *inputs[MOST_STREAMS], *expected[MOST_STREAMS];
    double totals[MOST_STREAMS];
    bool has_function, reads_index;
    bool looks_ahead; /* relaxed, but otherwise as it is written */
    enum { UNDECIDED, COMMON, UNCOMMON } parameters; /* whether they ask for the cold region that they decide about */
} sample;

static sample samples[MOST_PROGRAMS];
static uint32_t sample_count;

static ir_program *new_program(void)
{
    sample *s = &samples[sample_count++];
    assert_true(sample_count <= MOST_PROGRAMS);
    memset(s, 0, sizeof *s);
    snprintf(s->name, sizeof s->name, "p%u", sample_count);
    sn_ir_open(&s->program.ir, &memory, 0);
    return &s->program.ir;
}

static void add_text(const char *source)
{
    ir_program *p = new_program();
    sinter_report report;
    if (sn_ir_parse(p, source, strlen(source), &report) != SINTER_OK)
        fail_msg("%s: %s", source, report.errors[0].message);
}

static void add_grid(const char *source)
{
    add_text(source);
    samples[sample_count - 1].domain = SINTER_GRID;
}

/* A text with images. */
static void add_language(const char *source, unsigned domain)
{
    ir_program *p = new_program();
    sinter_report report;
    const lang_options options = {.type = IR_F32, .name = source};
    if (sn_lang_lower(p, &memory, source, strlen(source), &options, &report) != SINTER_OK)
        fail_msg("%s: %s", source, report.errors[0].message);
    samples[sample_count - 1].domain = domain;
}

/* A patch whose recurrences are scanned. */
static void add_patch(const char *source)
{
    ir_program *p = new_program();
    sinter_report report;
    const lang_options options = {.patch = true, .type = IR_F32, .name = source};
    if (sn_lang_lower(p, &memory, source, strlen(source), &options, &report) != SINTER_OK)
        fail_msg("%s: %s", source, report.errors[0].message);
    samples[sample_count - 1].looks_ahead = true;
}

/* ---- random programs ---- */

static ir_ref pick(const ir_program *p, unsigned type)
{
    for (uint32_t tries = 0; tries < 200; tries++) {
        const ir_ref r = 1 + below(p->count - 1);
        if (p->ops[r].type == type)
            return r;
    }
    return type == IR_F32   ? sn_ir_f32((ir_program *)(uintptr_t)p, 1.5f)
           : type == IR_F64 ? sn_ir_f64((ir_program *)(uintptr_t)p, -0.75)
           : type == IR_I32 ? sn_ir_i32((ir_program *)(uintptr_t)p, 3)
                            : sn_ir_const_bits((ir_program *)(uintptr_t)p, IR_MASK, 1);
}

/* A NaN's payload is not promised, so what looks at bits looks at a canonical one. */
static ir_ref canonical(ir_program *p, ir_ref value)
{
    const ir_type type = p->ops[value].type;
    const ir_ref nan = sn_ir_const_bits(p, type, type == IR_F32 ? 0x7FC00000u : 0x7FF8000000000000u);
    return sn_ir_emit(p, IR_SELECT, type, sn_ir_emit(p, IR_NE, IR_MASK, value, value, 0), nan, value);
}

static unsigned any_type(unsigned count)
{
    static const unsigned types[] = {IR_F32, IR_F64, IR_I32, IR_MASK};
    return types[below(count)];
}

static void add_operation(ir_program *p)
{
    ir_code code;
    do
        code = below(IR_CODES);
    while (sn_ir_info[code].kind != IR_KIND_PURE || code == IR_GUARD);
    unsigned type = IR_VOID, operand = any_type(2);
    switch ((ir_rule)sn_ir_info[code].rule) {
    case IR_RULE_NUMBER: case IR_RULE_COMPARE: operand = any_type(3); break;
    case IR_RULE_CONVERT: operand = any_type(3); type = any_type(3); break;
    case IR_RULE_INT: case IR_RULE_FROM_BITS: case IR_RULE_PACK: operand = IR_I32; break;
    case IR_RULE_LOGIC: operand = below(2) ? IR_I32 : IR_MASK; break;
    case IR_RULE_CHOOSE:
        operand = any_type(4);
        sn_ir_emit(p, code, operand, pick(p, IR_MASK), pick(p, operand), pick(p, operand));
        return;
    case IR_RULE_BITS: sn_ir_emit(p, code, IR_I32, canonical(p, pick(p, IR_F32)), 0, 0); return;
    case IR_RULE_HALF: sn_ir_emit(p, code, IR_I32, canonical(p, pick(p, IR_F64)), 0, 0); return;
    default: break;
    }
    const unsigned operands = sn_ir_info[code].operands;
    const ir_ref a = pick(p, operand);
    ir_ref b = operands > 1 ? pick(p, operand) : 0;
    if (code == IR_COPYSIGN)
        b = canonical(p, b);
    sn_ir_emit(p, code, type, a, b, operands > 2 ? pick(p, operand) : 0);
}

static ir_ref within(ir_program *p, ir_ref index, uint32_t length)
{
    const ir_ref top = sn_ir_i32(p, (int32_t)length - 1);
    return sn_ir_emit(p, IR_MAX, IR_I32, sn_ir_emit(p, IR_MIN, IR_I32, index, top, 0), sn_ir_i32(p, 0), 0);
}

static void add_random(unsigned kind)
{
    ir_program *p = new_program();
    static const uint8_t types[] = {IR_F32, IR_F64, IR_I32};
    static const float waves[] = {0.0f, 1.0f, -0.5f, 1e-38f, INFINITY};
    static const char *const names[] = {"x", "while", "v1", "b a*/d", "out"};
    const bool lines = kind % 3 == 1, totals = kind % 3 == 2;
    uint32_t line[3] = {0};
    for (unsigned k = 0; k < 4; k++)
        sn_ir_emit(p, IR_INPUT, types[k % 3], sn_ir_add_input(p, names[k], types[k % 3]), 0, 0);
    sn_ir_emit(
        p, IR_PARAM, IR_F32,
        sn_ir_add_param(p, &(ir_param){.name = "int", .type = IR_F32, .initial = 0.3, .low = -1, .high = 1}),
        0, 0);
    sn_ir_emit(
        p, IR_PARAM, IR_F64,
        sn_ir_add_param(p, &(ir_param){.name = "x", .type = IR_F64, .initial = 3, .low = -1e9, .high = 1e9}),
        0, 0);
    sn_ir_emit(p, IR_INDEX, IR_F64, 0, 0, 0);
    sn_ir_f32(p, 0.1f);
    sn_ir_f64(p, 1e-300);
    const uint32_t table = sn_ir_add_memory(
        p, &(ir_memory){.name = "t", .kind = IR_TABLE, .type = IR_F32, .length = 5, .content = waves});
    for (unsigned k = 0; lines && k < 3; k++) {
        line[k] = sn_ir_add_memory(p, &(ir_memory){.name = k == 0   ? "a"
                                                           : k == 1 ? "b"
                                                                    : "c",
                                                   .kind = IR_LINE,
                                                   .type = types[k % 2],
                                                   .length = k == 2 ? 100 : 1 + below(3),
                                                   .shortest = k == 2 ? 17 + below(40) : 1,
                                                   .flush = k == 0});
        sn_ir_emit(p, IR_READ, types[k % 2], line[k], p->memories[line[k]].length, 0);
    }
    if (lines)
        sn_ir_emit(p, IR_READV, IR_F32, pick(p, IR_I32), line[2], 0);
    for (uint32_t k = 20 + below(50); k > 0; k--) {
        add_operation(p);
        if (below(9) == 0)
            sn_ir_emit(p, IR_LOAD, IR_F32, within(p, pick(p, IR_I32), 5), table, 0);
    }
    for (unsigned k = 0; lines && k < 3; k++)
        sn_ir_emit(p, IR_WRITE, IR_VOID, pick(p, types[k % 2]), line[k], 0);
    for (unsigned k = 0; totals && k < 2; k++)
        sn_ir_emit(p, IR_SUM, IR_VOID, pick(p, types[k]), sn_ir_add_total(p, k ? "b" : "a"), 0);
    for (unsigned k = 0; k < 3; k++)
        sn_ir_emit(p, IR_OUTPUT, IR_VOID, pick(p, types[k]), sn_ir_add_output(p, names[k], types[k]), 0);
    assert_int_equal(p->status, SINTER_OK);
}

/* ---- programs by hand ---- */

/* With a region for p below `end`, whose result an element's own region reads as well. */
static void add_decided(const char *end, bool asked)
{
    char source[512];
    snprintf(source, sizeof source,
             "input x: f64\noutput y: f64\nparam p: f64 = 0.25 in 0..1\n%%x = input x\n%%p = param p\n%%h = const f64 %s\n%%m = lt %%p, %%h\n%%1 = mul %%x, %%p\n"
             "%%2 = exp %%x\n%%3 = div %%2, %%p\n%%4 = rare %%m, %%3, %%1\n%%k = lt %%x, %%p\n%%5 = log %%4\n%%6 = rare %%k, %%5, %%x\n%%7 = sub %%6, %%4\noutput y, %%7\n",
             end);
    add_text(source);
    samples[sample_count - 1].parameters = asked ? UNCOMMON : COMMON;
}

static void add_samples(void)
{
    add_text(
        "input x: f32\noutput out: f32\n%x = input x\n%g = const f32 0.8\n%y = mul %x, %g\noutput out, %y\n");
    add_text("input x: f32\ninput y: f32\noutput out: f32\n%x = input x\n%y = input y\n%1 = mul %x, %x\n%2 = "
             "mul %y, %y\n%3 = add %1, %2\n"
             "%4 = sqrt %3\n%5 = const f32 0.5\n%6 = sub %4, %5\noutput out, %6\n"); /* must not be fused */
    add_text("input a: f64\ninput b: f64\ninput c: f64\noutput p: f64\noutput q: f64\noutput r: f64\n%a = "
             "input a\n%b = input b\n%c = input c\n"
             "%1 = fma %a, %b, %c\n%2 = fms %a, %b, %c\n%3 = fnma %a, %b, %c\noutput p, %1\noutput q, "
             "%2\noutput r, %3\n");
    add_text("input a: f32\ninput b: f32\ninput c: f32\noutput p: f32\noutput q: f32\noutput r: f32\n%a = "
             "input a\n%b = input b\n%c = input c\n"
             "%1 = fma %a, %b, %c\n%2 = fms %a, %b, %c\n%3 = fnma %a, %b, %c\noutput p, %1\noutput q, "
             "%2\noutput r, %3\n");
    add_text("input x: f32\noutput out: f32\n%x = input x\n%1 = sin %x\n%2 = exp %1\n%3 = log %x\n%4 = add "
             "%2, %3\noutput out, %4\n");
    add_text("input x: f64\noutput out: f64\n%x = input x\n%1 = cos %x\n%2 = cospi %x\n%3 = sub %1, "
             "%2\noutput out, %3\n");
    add_text("input x: f32\noutput y: f32\nparam a: f32 = 0.9 in -1..1\nline last: f32[1] flush\n%x = input "
             "x\n%a = param a\n%l = read last, 1\n"
             "%1 = mul %a, %a\n%y = fma %1, %l, %x\nwrite last, %y\noutput y, %y\n");
    /* the program at rest, whose state forgets what is not finite */
    add_text("input x: f64\noutput y: f64\nparam a: f64 = 0.9 in -1..1 glide 0.1\nparam b: f64 = 0.1 in 0..1 smooth 0.1\n"
             "line last: f64[1] flush\n%x = input x\n%a = param a\n%b = param b\n%l = read last, 1\n"
             "%1 = mul %a, %b\n%y = fma %1, %l, %x\nwrite last, %y\noutput y, %y\n");
    add_text("input x: f32\noutput y: f32\nline in: f32[2]\nline out: f32[2] flush\n%x = input x\n%x1 = read "
             "in, 1\n%x2 = read in, 2\n"
             "%y1 = read out, 1\n%y2 = read out, 2\n%b = const f32 0.25\n%c = const f32 -0.3\n%1 = mul %b, "
             "%x\n%2 = fma %b, %x1, %1\n"
             "%3 = fma %b, %x2, %2\n%4 = fnma %c, %y1, %3\n%5 = fma %c, %y2, %4\nwrite in, %x\nwrite out, "
             "%5\noutput y, %5\n");
    add_text("input x: f32\noutput y: f32\nline long: f32[333] flush\nline short: f32[1]\n%x = input x\n%d = "
             "read long, 333\n%s = read short, 1\n"
             "%h = const f32 0.5\n%1 = mul %h, %d\n%2 = fma %h, %s, %1\n%3 = add %2, %x\nwrite short, "
             "%2\nwrite long, %3\noutput y, %3\n");
    add_text("input x: f32\noutput y: f32\nline long: f32[5000]\n%x = input x\n%d = read long, 4999\n%e = "
             "read long, 7\n%1 = add %d, %e\n"
             "write long, %x\noutput y, %1\n");
    add_text("input x: f32\ntotal s scale 0.5 offset 2\ntotal t\n%x = input x\n%w = cvt f64 %x\n%2 = mul %w, "
             "%w\nsum s, %2\nsum t, %x\n");
    add_text("input i: i32\noutput y: i32\ntable t: u8 = [151, 160, 137, 255, 0]\ncells c: i32[8]\n%i = "
             "input i\n%7 = const i32 7\n%4 = const i32 4\n"
             "%0 = const i32 0\n%1 = and %i, %7\n%2 = min %1, %4\n%3 = max %2, %0\n%5 = load t, %3\n%6 = "
             "load c, %1\n%8 = add %6, %5\n"
             "store c, %1, %8\noutput y, %8\n");
    add_text("input i: i32\noutput y: f32\nbound data: f32\n%i = input i\n%n = length data\n%one = const i32 "
             "1\n%m = sub %n, %one\n%0 = const i32 0\n"
             "%1 = min %i, %m\n%2 = max %1, %0\n%3 = load data, %2\noutput y, %3\n");
    add_text("input x: f32\noutput y: f32\nparam p: f32 = 0.25 in 0..1\nparam n: i32 = 7 in 1..9\n%x = input "
             "x\n%p = param p\n%n = param n\n%h = const f32 0.5\n"
             "%m = lt %p, %h\n%f = cvt f32 %n\n%1 = mul %x, %f\n%2 = add %x, %p\n%3 = guard %m, %1, "
             "%2\noutput y, %3\n");
    add_text("input x: f32\noutput y: f32\n%x = input x\n%n = const f32 nan\n%i = const f32 inf\n%l = lt %x, "
             "%i\n%z = const f32 -0\n%1 = select %l, %z, %n\n"
             "%2 = min %x, %1\n%d = const f32 1e-42\n%3 = add %2, %d\noutput y, %3\n");
    add_decided("0.5", false);
    add_decided("0.75", true);
    add_grid("input x: f32\ninput y: f32\noutput out: f32\n%x = input x\n%y = input y\n%1 = mul %x, %x\n%2 = "
             "fma %y, %y, %1\n%3 = sqrt %2\n"
             "%4 = exp %x\n%5 = exp %y\n%6 = fma %4, %5, %3\noutput out, %6\n");
    add_grid("input x: f64\ninput t: f64\noutput a: f64\noutput b: f64\n%x = input x\n%t = input t\n%1 = add "
             "%x, %t\n%2 = sin %1\noutput a, %2\noutput b, %x\n");
    add_patch("input x; param g = 0.9; y = x + g*y'; y");
    add_patch("input x; param g = 0.9; y = x + 1.8*g*y' - 0.7*y''; out y; out y'");
    add_patch("input x; param c = 900 in 20..20000; v = svf(x, c, 3); out v.x; out v.z");
    add_patch("input x; w = abs(x); u = 0.9*u' - 0.1*v' + x; v = 0.5*v' + 0.2*u' + w + 0.25; out u - v");
    add_patch("input x; y = x + 1.5*y'; out y"); /* whose powers are too large */
    add_patch("param g = 1; out adsr(g, 0.0005, 0.002, g, 0.1)");
    add_patch("event e = 0; out adsr_event(e, 0.0005, 0.002, 0.5, 0.1)");
    add_language("image a; sample(a, x*3, y, edge=repeat) + size(a).x", SINTER_POINTS);
    add_language("image a; sample(a, x, y, filter=bicubic, edge=mirror)*texel(a, 1, 0)", SINTER_GRID);
    for (unsigned k = 0; k < RANDOM_PROGRAMS; k++)
        add_random(k);
}

/* ---- what the library makes of them ---- */

static const float bound_content[3] = {1.5f, -2.0f, 1e-41f};
static const sinter_image bound_image = {.texels = bound_content, .width = 3, .height = 1, .x0 = -1, .y0 = -2, .x1 = 2, .y1 = 0.5};
static const double set_value = 0.625;

static void fill_inputs(sample *s)
{
    const ir_program *p = &s->program.ir;
    for (uint32_t k = 0; k < p->input_count; k++) {
        const unsigned type = p->inputs[k].type, size = sn_ir_type_size(type);
        char *at = s->inputs[k] = calloc(ELEMENTS, size);
        assert_non_null(at);
        s->in_sizes[k] = (size_t)ELEMENTS * size;
        for (size_t i = 0; i < ELEMENTS; i++) {
            uint64_t bits = any_bits(type);
            if (k == 2 && type != IR_I32
                && i % 2) { /* an addend that cancels the product of the others, nearly */
                double a = 0, b = 0;
                float c, d;
                if (type == IR_F64) {
                    memcpy(&a, (char *)s->inputs[0] + i * size, 8);
                    memcpy(&b, (char *)s->inputs[1] + i * 8, p->inputs[1].type == IR_F64 ? 8 : 0);
                } else if (p->inputs[0].type == IR_F32 && p->inputs[1].type == IR_F32) {
                    memcpy(&c, (char *)s->inputs[0] + i * 4, 4);
                    memcpy(&d, (char *)s->inputs[1] + i * 4, 4);
                    a = (double)c;
                    b = (double)d;
                }
                bits = bits_of(-(a * b), type) + (below(2) ? 0 : below(3));
            }
            memcpy(at + i * size, &bits, size);
        }
    }
}

static void run_library(sinter_context *context, sample *s)
{
    const ir_program *p = &s->program.ir;
    const sinter_options options = {.engine = SINTER_ENGINE_INTERP, .rewriting = s->looks_ahead ? SINTER_RELAXED : SINTER_STRICT, .domain = s->domain,
                                    .passes = s->looks_ahead ? "" : NULL};
    sinter_kernel *kernel;
    sinter_instance *instance;
    sinter_report report;
    if (sinter_compile_program(context, &s->program, &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", s->name, report.errors[0].message);
    assert_int_equal(sinter_instance_open(kernel, &instance), SINTER_OK);
    fill_inputs(s);
    for (uint32_t k = 0; k < p->output_count; k++) {
        s->out_sizes[k] = (size_t)(s->domain ? WIDTH * ROWS : ELEMENTS) * sn_ir_type_size(p->outputs[k].type);
        s->expected[k] = calloc(1, s->out_sizes[k]);
        assert_non_null(s->expected[k]);
    }
    for (uint32_t k = 0; k < p->param_count; k++)
        assert_int_equal(sinter_set(instance, (int)k, set_value), SINTER_OK);
    if (s->domain) {
        const sinter_grid grid = {.width = WIDTH,
                                  .height = 20,
                                  .x0 = -1.5,
                                  .y0 = -1,
                                  .x1 = 1,
                                  .y1 = 1.25,
                                  .z = 0.5,
                                  .t = 0.75,
                                  .first_row = 3,
                                  .row_count = ROWS,
                                  .outputs = s->expected,
                                  .images = &bound_image};
        assert_int_equal(sinter_instance_run_grid(instance, &grid), SINTER_OK);
    } else {
        const void *tables[] = {bound_content};
        const uint32_t lengths[] = {3};
        const sinter_arguments arguments = {
            (const void *const *)s->inputs, s->expected, ELEMENTS, s->totals, tables, lengths, &bound_image};
        assert_int_equal(sinter_instance_run(instance, &arguments), SINTER_OK);
    }
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
}

/* ---- exporting ---- */

static char folder[PATH];

static FILE *open_file(const char *name)
{
    char path[PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    return f;
}

static void export(sample *s)
{
    ir_program expanded, grid, *p = &s->program.ir;
    plan planned;
    text out;
    char name[32];
    if (s->domain) {
        sn_opt_grid(p, &grid, &memory, 0);
        p = &grid;
    }
    sn_opt_expand(p, &expanded, &memory, 0, NULL);
    assert_int_equal(expanded.status, SINTER_OK);
    assert_int_equal(sn_plan_make(&planned, &expanded, s->looks_ahead ? PLAN_LOOK_AHEAD : 0, &memory), SINTER_OK);
    assert_true(!s->looks_ahead || planned.scan_count > 0);
    s->reads_index = planned.reads_index;
    sn_text_open(&out, &memory);
    assert_int_equal(sn_c_export(&planned, &(c_export_options){.name = s->name}, &out), SINTER_OK);
    char declaration[48];
    snprintf(declaration, sizeof declaration, " %s(", s->name);
    s->has_function = !s->domain && strstr(out.start, "/* One element. */") && strstr(out.start, declaration);
    snprintf(name, sizeof name, "%s.c", s->name);
    FILE *f = open_file(name);
    assert_int_equal(fwrite(out.start, 1, out.length, f), out.length);
    fclose(f);
}

static const char *c_type(unsigned type)
{
    return type == IR_F64 ? "double" : type == IR_F32 ? "float" : "int32_t";
}

/* Every other program whose first streams are of one type runs in place. */
static bool runs_in_place(const sample *s)
{
    const ir_program *p = &s->program.ir;
    return (s - samples) % 2 && p->input_count && p->output_count && p->inputs[0].type == p->outputs[0].type
           && !p->total_count;
}

/* A table, or an image of three texels and its extent. */
static void write_bound(FILE *f, const sample *s)
{
    const ir_program *p = &s->program.ir;
    uint32_t number = 0;
    for (uint32_t k = 0; k < p->memory_count; k++) {
        if (p->memories[k].kind != IR_BOUND)
            continue;
        if (p->memories[k].type == IR_F64)
            fprintf(f, "    static const double extent[6] = {3, 1, -1, -2, 2, 0.5};\n    %s_bind(&s, %u, extent, 6);\n", s->name,
                    (unsigned)number++);
        else
            fprintf(f, "    static const float bound[3] = {1.5f, -2.0f, 1e-41f};\n    %s_bind(&s, %u, bound, 3);\n", s->name,
                    (unsigned)number++);
    }
}

/* The stream in pieces of many lengths; where there are totals, in one. */
static void write_stream(FILE *f, const sample *s)
{
    const ir_program *p = &s->program.ir;
    if (runs_in_place(s))
        fprintf(f, "    memcpy(out[0], in[0], %zu);\n", s->in_sizes[0]);
    fprintf(f, "    double totals[%u] = {0};\n", p->total_count + 1);
    if (p->total_count)
        fprintf(f, "    %s_run(&s, in, out, totals, %d);\n", s->name, ELEMENTS);
    else
        fprintf(f, "    static const int lengths[] = {1, 3, 64, 777, 17, 2, 1023, 0, 100};\n"
                   "    for (int at = 0, k = 0, n; at < %d; at += n, k++) {\n"
                   "        n = lengths[k %% 9] < %d - at ? lengths[k %% 9] : %d - at;\n"
                   "        const void *from[%d] = {0};\n        void *to[%d] = {0};\n",
                ELEMENTS, ELEMENTS, ELEMENTS, MOST_STREAMS, MOST_STREAMS);
    for (uint32_t k = 0; !p->total_count && k < p->input_count; k++)
        fprintf(f, "        from[%u] = (const %s *)in[%u] + at;\n", k, c_type(p->inputs[k].type), k);
    for (uint32_t k = 0; !p->total_count && k < p->output_count; k++)
        fprintf(f, "        to[%u] = (%s *)out[%u] + at;\n", k, c_type(p->outputs[k].type), k);
    if (!p->total_count)
        fprintf(f, "%s        %s_run(&s, from, to, totals, n);\n    }\n",
                runs_in_place(s) ? "        from[0] = to[0];\n" : "", s->name);
    for (uint32_t k = 0; k < p->output_count; k++)
        fprintf(f, "    fwrite(out[%u], %zu, 1, stdout);\n", k, s->out_sizes[k]);
    fprintf(f, "    fwrite(totals, sizeof(double), %u, stdout);\n", p->total_count);
}

/* A function of two arguments, and where parameters allow it, every other element by the form for common ones. */
static void write_decided(FILE *f, const sample *s)
{
    fprintf(f,
            "    const %s_prepared prepared = %s_prepare(%g);\n    if (%s_is_common(&prepared) != %d)\n        exit(4);\n    for (int i = 0; i < %d; i++) {\n"
            "        const double x = ((const double *)in[0])[i];\n"
            "        const double r = i %% 2 && %s_is_common(&prepared) ? %s_at_common(&prepared, x) : %s(x, %g);\n        fwrite(&r, sizeof r, 1, stdout);\n    }\n",
            s->name, s->name, set_value, s->name, s->parameters == COMMON, ELEMENTS, s->name, s->name, s->name, set_value);
}

static void write_function(FILE *f, const sample *s)
{
    const ir_program *p = &s->program.ir;
    fprintf(f, "    for (int i = 0; i < %d; i++) {\n", ELEMENTS);
    for (uint32_t k = 1; k < p->output_count; k++)
        fprintf(f, "        %s r%u;\n", c_type(p->outputs[k].type), k);
    fprintf(f, "        const %s r0 = %s(", c_type(p->outputs[0].type), s->name);
    const char *comma = "";
    for (uint32_t k = 0; k < p->input_count; k++, comma = ", ")
        fprintf(f, "%s((const %s *)in[%u])[i]", comma, c_type(p->inputs[k].type), k);
    if (s->reads_index)
        fprintf(f, "%si", comma);
    for (uint32_t k = 0; k < p->param_count; k++) /* set_value in each one's type */
        fprintf(f, ", %s",
                p->params[k].type == IR_F64   ? "0.625"
                : p->params[k].type == IR_F32 ? "0.625f"
                                              : "1");
    for (uint32_t k = 1; k < p->output_count; k++)
        fprintf(f, ", &r%u", k);
    fprintf(f, ");\n");
    for (uint32_t k = 0; k < p->output_count; k++)
        fprintf(f, "        fwrite(&r%u, sizeof r%u, 1, stdout);\n", k, k);
    fprintf(f, "    }\n");
}

static void write_main(void)
{
    FILE *f = open_file("main.c");
    fprintf(f, "#include <stdio.h>\n#include <stdlib.h>\n");
    for (uint32_t k = 0; k < sample_count; k++)
        fprintf(f, "#include \"%s.c\"\n", samples[k].name);
    fprintf(f, "\nstatic void *take(size_t size)\n{\n    void *p = calloc(1, size);\n    if (!p || fread(p, "
               "1, size, stdin) != size)\n        exit(3);\n    return p;\n}\n");
    for (uint32_t k = 0; k < sample_count; k++) {
        const sample *s = &samples[k];
        const ir_program *p = &s->program.ir;
        fprintf(f,
                "\nstatic void go_%s(void)\n{\n    static %s_instance s;\n    const void *in[%d] = {0};\n    "
                "void *out[%d] = {0};\n",
                s->name, s->name, MOST_STREAMS, MOST_STREAMS);
        for (uint32_t i = 0; i < p->input_count; i++)
            fprintf(f, "    in[%u] = take(%zu);\n", i, s->in_sizes[i]);
        for (uint32_t i = 0; i < p->output_count; i++)
            fprintf(f, "    out[%u] = calloc(1, %zu);\n", i, s->out_sizes[i]);
        fprintf(f, "    %s_init(&s);\n", s->name);
        for (uint32_t i = 0; i < p->param_count; i++)
            fprintf(f, "    %s_set(&s, %u, %g);\n", s->name, i, set_value);
        write_bound(f, s);
        if (s->domain)
            fprintf(f, "    %s_grid(&s, %d, 20, -1.5, -1, 1, 1.25, 0.5, 0.75, 3, %d, out, %d);\n", s->name,
                    WIDTH, ROWS, WIDTH);
        else
            write_stream(f, s);
        for (uint32_t i = 0; s->domain && i < p->output_count; i++)
            fprintf(f, "    fwrite(out[%u], %zu, 1, stdout);\n", i, s->out_sizes[i]);
        if (s->has_function && s->parameters)
            write_decided(f, s);
        else if (s->has_function)
            write_function(f, s);
        fprintf(f,
                "    for (int k = 0; k < %d; k++) {\n        free((void *)(uintptr_t)in[k]);\n        "
                "free(out[k]);\n    }\n}\n",
                MOST_STREAMS);
    }
    fprintf(f, "\nint main(void)\n{\n");
    for (uint32_t k = 0; k < sample_count; k++)
        fprintf(f, "    go_%s();\n", samples[k].name);
    fprintf(f, "    return 0;\n}\n");
    fclose(f);
    FILE *inputs = open_file("inputs");
    for (uint32_t k = 0; k < sample_count; k++)
        for (uint32_t i = 0; i < samples[k].program.ir.input_count; i++)
            fwrite(samples[k].inputs[i], 1, samples[k].in_sizes[i], inputs);
    fclose(inputs);
}

/* ---- comparing ---- */

static bool alike(const void *a, const void *b, unsigned type)
{
    float f, g;
    double d, e;
    if (type == IR_F64) {
        memcpy(&d, a, 8);
        memcpy(&e, b, 8);
        return (isnan(d) && isnan(e)) || !memcmp(a, b, 8);
    }
    memcpy(&f, a, 4);
    memcpy(&g, b, 4);
    return (type == IR_F32 && isnan(f) && isnan(g)) || !memcmp(a, b, 4);
}

static void compare(const sample *s, const char *what, uint32_t number, const char *got, const char *expected,
                    unsigned type, size_t count)
{
    const size_t size = sn_ir_type_size(type);
    for (size_t i = 0; i < count; i++)
        if (!alike(got + i * size, expected + i * size, type)) {
            uint64_t a = 0, b = 0;
            memcpy(&a, got + i * size, size);
            memcpy(&b, expected + i * size, size);
            fail_msg("%s/%s.c: %s %u of element %zu is %llx, not %llx", folder, s->name, what, number, i,
                     (unsigned long long)a, (unsigned long long)b);
        }
}

static size_t compare_function(const sample *s, const char *at)
{
    const ir_program *p = &s->program.ir;
    const char *start = at;
    for (size_t i = 0; i < ELEMENTS; i++)
        for (uint32_t k = 0; k < p->output_count; k++) {
            const unsigned type = p->outputs[k].type, size = sn_ir_type_size(type);
            if (!alike(at, (const char *)s->expected[k] + i * size, type))
                fail_msg("%s/%s.c: the function's result %u for element %zu differs", folder, s->name, k, i);
            at += size;
        }
    return (size_t)(at - start);
}

static void compare_all(const char *got, size_t length)
{
    const char *at = got;
    for (uint32_t k = 0; k < sample_count; k++) {
        const sample *s = &samples[k];
        const ir_program *p = &s->program.ir;
        for (uint32_t i = 0; i < p->output_count; i++) {
            const unsigned type = p->outputs[i].type;
            assert_true(at + s->out_sizes[i] <= got + length);
            compare(s, "output", i, at, s->expected[i], type, s->out_sizes[i] / sn_ir_type_size(type));
            at += s->out_sizes[i];
        }
        if (!s->domain) {
            compare(s, "total", 0, at, (const char *)s->totals, IR_F64, p->total_count);
            at += p->total_count * sizeof(double);
        }
        if (s->has_function)
            at += compare_function(s, at);
    }
    assert_int_equal(at - got, length);
}

static bool has_command(const char *name)
{
    char line[256];
    snprintf(line, sizeof line, "command -v %s >/dev/null 2>&1", name);
    return system(line) == 0;
}

static void compile_and_run(const char *compiler, const char *flags, const char *runner)
{
    char line[4 * PATH];
    if (!has_command(compiler) || (*runner && !has_command(runner)))
        skip();
    snprintf(line, sizeof line, "cd '%s' && %s %s main.c -o run -lm", folder, compiler, flags);
    if (system(line) != 0)
        fail_msg("%s", line);
    snprintf(line, sizeof line, "cd '%s' && %s ./run <inputs >results", folder, runner);
    if (system(line) != 0)
        fail_msg("%s", line);
    snprintf(line, sizeof line, "%s/results", folder);
    FILE *f = fopen(line, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    const long length = ftell(f);
    rewind(f);
    char *got = malloc((size_t)length + 1);
    assert_non_null(got);
    assert_int_equal(fread(got, 1, (size_t)length, f), length);
    fclose(f);
    compare_all(got, (size_t)length);
    free(got);
}

#define STRICT "-std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes " \
    "-Wno-tautological-compare -Werror "

static void gcc_plain(void **state) { (void)state; compile_and_run("gcc", STRICT "-O2", ""); }
static void gcc_native(void **state)
{
    (void)state;
    compile_and_run("gcc", "-O3 -march=native -fno-tree-slp-vectorize", "");
}
static void clang_plain(void **state) { (void)state; compile_and_run("clang", STRICT "-O1", ""); }
static void clang_native(void **state) { (void)state; compile_and_run("clang", "-O2 -march=native", ""); }
static void sanitized(void **state)
{
    (void)state;
    compile_and_run("gcc", "-O1 -fsanitize=undefined,address -fno-sanitize-recover=all", "");
}
static void aarch64(void **state)
{
    (void)state;
    compile_and_run("aarch64-linux-gnu-gcc", "-O2 -static", "qemu-aarch64-static");
}

static void fast_math_is_refused(void **state)
{
    (void)state;
    char line[2 * PATH];
    if (!has_command("gcc"))
        skip();
    static const char *const flags[] = {"-ffast-math", "-Ofast", "-ffinite-math-only",
                                        "-fno-signed-zeros -fno-trapping-math -fassociative-math"};
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
        snprintf(line, sizeof line, "cd '%s' && gcc %s -fsyntax-only main.c 2>/dev/null", folder, flags[k]);
        assert_int_not_equal(system(line), 0);
    }
}

/* ---- names, refused memory ---- */

static void export_named(const char *name, text *out)
{
    static ir_program p;
    static plan planned;
    const char *source =
        "input int: f32\ninput v1: f32\ninput \"\": f32\noutput \"a b\": f32\noutput \"a.b\": f32\n%x = "
        "input int\n%y = input v1\n"
        "%z = input \"\"\n%1 = add %x, %y\n%2 = add %1, %z\noutput \"a b\", %1\noutput \"a.b\", %2\n";
    sn_ir_open(&p, &memory, 0);
    assert_int_equal(sn_ir_parse(&p, source, strlen(source), NULL), SINTER_OK);
    assert_int_equal(sn_plan_make(&planned, &p, 0, &memory), SINTER_OK);
    sn_text_open(out, &memory);
    assert_int_equal(sn_c_export(&planned, &(c_export_options){.name = name}, out), SINTER_OK);
}

static void names_become_identifiers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *function;
    } cases[] = {{NULL, " kernel(float int_, float v1_, float x, float *a_b_2)"},
                 {"for", " for_("},
                 {"2nd", " x2nd("},
                 {"a-b", " a_b("},
                 {"", " x("},
                 {"sin cos", " sin_cos("},
                 {"gamma", " gamma_2("}, /* <math.h> has them */
                 {"y1f", " y1f_2("},
                 {"strlen", " strlen_2("},
                 {"sine", " sine("},
                 {"_x", " x("},
                 {"é", " x("}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        text out;
        export_named(cases[k].name, &out);
        if (!strstr(out.start, cases[k].function))
            fail_msg("%s is not in\n%s", cases[k].function, out.start);
    }
}

/* A file by itself, of which nothing is called, and whose name a header has: no warning, in the dialect with all of glibc's names. */
static void a_file_alone_is_clean(void **state)
{
    (void)state;
    static const char *const compilers[] = {"gcc", "clang"};
    text out;
    export_named("gamma", &out);
    FILE *f = open_file("alone.c");
    assert_int_equal(fwrite(out.start, 1, out.length, f), out.length);
    fclose(f);
    for (size_t k = 0; k < sizeof compilers / sizeof *compilers; k++) {
        char line[4 * PATH];
        if (!has_command(compilers[k]))
            continue;
        snprintf(line, sizeof line, "cd '%s' && %s -fsyntax-only -std=gnu11 -Wall -Wextra -Wpedantic -Werror alone.c", folder, compilers[k]);
        if (system(line) != 0)
            fail_msg("%s", line);
    }
}

/* Lines of 160 KB and more, in calls of many lengths for several times their length: what comes out is what went in so long ago, and no call moves more of them than
 * a few pieces and what it writes itself. */
static void long_lines_are_carried(void **state)
{
    (void)state;
    static const char source[] = "input x: f32\noutput y: f32\noutput z: f64\noutput v: f32\nline a: f32[40000]\nline b: f64[20000]\n%x = input x\n%a = read a, 40000\n"
                                 "%n = read a, 9\n%i = cvt i32 %x\n%v = readv a, %i\n%w = cvt f64 %x\n%b = read b, 20000\n%y = add %x, %a\n%z = add %w, %b\n"
                                 "write a, %y\nwrite b, %z\n%s = add %n, %v\noutput y, %y\noutput z, %z\noutput v, %s\n";
    static const char start[] =
        "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nstatic size_t moved, most;\n"
        "static void *count(void *to, const void *from, size_t size)\n{\n    moved += size;\n    return (memmove)(to, from, size);\n}\n"
        "#define memmove count\n#define memcpy count\n";
    static const char end[] =
        "enum { COUNT = 300000, A = 40000, B = 20000 };\nstatic float x[COUNT], y[COUNT], v[COUNT];\nstatic double z[COUNT];\nstatic carried_instance s;\n"
        "static float a(int i)\n{\n    return i < 0 ? 0 : y[i];\n}\n"
        "int main(void)\n{\n    for (int i = 0; i < COUNT; i++)\n        x[i] = (float)(1 + i * 7919LL % 39989);\n    carried_init(&s);\n"
        "    for (int at = 0, n; at < COUNT; at += n) {\n        n = 1 + at * 31LL % 1500;\n        n = n < COUNT - at ? n : COUNT - at;\n        moved = 0;\n"
        "        carried_run(&s, (const void *[]){x + at}, (void *[]){y + at, z + at, v + at}, NULL, n);\n"
        "        if (moved > ((size_t)n + 2048) * 12)\n            return printf(\"%zu bytes of %d elements\\n\", moved, n), 1;\n"
        "        most += moved;\n    }\n"
        "    for (int i = 0; i < COUNT; i++)\n"
        "        if (y[i] != x[i] + a(i - A) || z[i] != (double)x[i] + (i < B ? 0 : z[i - B]) || v[i] != a(i - 9) + a(i - (int)x[i]))\n"
        "            return printf(\"element %d\\n\", i), 1;\n    return most < COUNT * 12 / 2;\n}\n";
    ir_program p;
    plan planned;
    text out;
    sinter_report report;
    sn_ir_open(&p, &memory, 0);
    if (sn_ir_parse(&p, source, strlen(source), &report) != SINTER_OK)
        fail_msg("%s", report.errors[0].message);
    assert_int_equal(sn_plan_make(&planned, &p, 0, &memory), SINTER_OK);
    sn_text_open(&out, &memory);
    assert_int_equal(sn_c_export(&planned, &(c_export_options){.name = "carried"}, &out), SINTER_OK);
    FILE *f = open_file("carried.c");
    fprintf(f, "%s%s%s", start, out.start, end);
    fclose(f);
    char line[4 * PATH];
    if (!has_command("gcc"))
        skip();
    snprintf(line, sizeof line, "cd '%s' && gcc -std=c11 -O1 -g -Wall -Wextra -Werror carried.c -o carried -lm && ./carried", folder);
    if (system(line) != 0)
        fail_msg("%s", line);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    ir_program expanded;
    plan planned;
    sn_opt_expand(&samples[8].program.ir, &expanded, &memory, 0, NULL);
    assert_int_equal(sn_plan_make(&planned, &expanded, 0, &memory), SINTER_OK);
    int failures = 0;
    for (int n = 0;; n++, failures++) {
        refusing r = {n, 0};
        const sinter_allocator allocator = refusing_allocator(&r);
        arena own;
        text out;
        sn_arena_open(&own, &allocator);
        sn_text_open(&out, &own);
        const sinter_status status = sn_c_export(&planned, NULL, &out);
        sn_arena_close(&own);
        if (status == SINTER_OK)
            break;
        assert_int_equal(status, SINTER_NO_MEMORY);
    }
    assert_true(failures > 0);
}

static int prepare(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/sinter-export-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    sn_arena_open(&memory, NULL);
    sinter_context *context;
    if (sinter_open(NULL, &context) != SINTER_OK)
        return -1;
    add_samples();
    for (uint32_t k = 0; k < sample_count; k++) {
        run_library(context, &samples[k]);
        export(&samples[k]);
    }
    sinter_close(context);
    write_main();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    char line[PATH + 64];
    snprintf(line, sizeof line, "rm -rf '%s'", folder);
    for (uint32_t k = 0; k < sample_count; k++)
        for (uint32_t i = 0; i < MOST_STREAMS; i++) {
            free(samples[k].inputs[i]);
            free(samples[k].expected[i]);
        }
    sn_arena_close(&memory);
    return getenv("SINTER_KEEP") ? 0 : system(line);
}

/* What the compilers make of the exported text is the same whatever the exporter was built with: where only a share
 * of the tests is asked for, one of them is enough. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcc_plain),
        cmocka_unit_test(fast_math_is_refused),
        cmocka_unit_test(names_become_identifiers),
        cmocka_unit_test(long_lines_are_carried),
        cmocka_unit_test(a_file_alone_is_clean),
        cmocka_unit_test(every_allocation_may_fail),
    };
    const struct CMUnitTest compilers[] = {
        cmocka_unit_test(gcc_plain),
        cmocka_unit_test(gcc_native),
        cmocka_unit_test(clang_plain),
        cmocka_unit_test(clang_native),
        cmocka_unit_test(sanitized),
        cmocka_unit_test(aarch64),
        cmocka_unit_test(fast_math_is_refused),
        cmocka_unit_test(names_become_identifiers),
        cmocka_unit_test(long_lines_are_carried),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return test_share() > 1 ? cmocka_run_group_tests(tests, prepare, clean_up)
                            : cmocka_run_group_tests(compilers, prepare, clean_up);
}
