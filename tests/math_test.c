/* The mathematical functions: errors against MPFR on a sample of all arguments that leaves out no exponent,
 * and on the worst ones known; special values; what expansions may be made of; how long their hot paths
 * are. math_proof.c is the long form. */
#include "math_lanes.h"
#include "math_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

typedef struct expansion {
    const math_oracle *of;
    ir_type type;
    ir_program p;
    arena memory;
    ir_ref x, y;
    lanes *values;
    int filled;
    double worst, argument, result; /* of the greatest error so far */
} expansion;

static void open_expansion(expansion *e, const math_oracle *f, ir_type type, uint32_t rules)
{
    *e = (expansion){.of = f, .type = type};
    sn_arena_open(&e->memory, NULL);
    sn_ir_open(&e->p, &e->memory, rules);
    sn_ir_add_input(&e->p, "x", type);
    e->x = sn_ir_emit(&e->p, IR_INPUT, type, 0, 0, 0);
    e->y = sn_math_expand(&e->p, f->code, type, e->x, 0, MATH_DEFAULT);
    assert_int_equal(e->p.status, SINTER_OK);
    e->values = lanes_open(&e->p);
    assert_non_null(e->values);
}

static void close_expansion(expansion *e)
{
    free(e->values);
    sn_arena_close(&e->memory);
}

static void keep_worst(expansion *e, double x, double y, double error)
{
    if (error > e->worst) {
        e->worst = error;
        e->argument = x;
        e->result = y;
    }
}

static void flush(expansion *e)
{
    const lanes *x = &e->values[e->x], *y = &e->values[e->y];
    lanes_run(&e->p, e->values);
    for (int k = 0; k < e->filled; k++)
        if (e->type == IR_F32) {
            const double exact = e->of->quick((double)x->f32[k]);
            keep_worst(e, (double)x->f32[k], (double)y->f32[k], oracle_error_f32(y->f32[k], exact));
        } else {
            const long double exact = e->of->close((long double)x->f64[k]);
            keep_worst(e, x->f64[k], y->f64[k], oracle_error_f64(y->f64[k], exact));
        }
    e->filled = 0;
}

static void try(expansion *e, double x)
{
    if (e->type == IR_F32)
        e->values[e->x].f32[e->filled++] = (float)x;
    else
        e->values[e->x].f64[e->filled++] = x;
    if (e->filled == LANES)
        flush(e);
}

/* The greatest error found is MPFR's. */
static void assert_accurate(expansion *e)
{
    flush(e);
    const double error = oracle_error(e->of, e->type, e->argument, e->result);
    print_message("# %s %s: %.4f ULP at %a\n", e->of->name, sn_ir_type_name(e->type), error, e->argument);
    if (!(error <= 1) || !(e->worst <= 1.001))
        fail_msg("%s(%a) = %a errs by %.4f ULP", e->of->name, e->argument, e->result, error);
}

/* ---- errors ---- */

/* What exhaustive runs found, and neighbours of multiples of π/2 that are known from the literature. */
static const double worst_arguments[] = {
    6381956970095103.0 * 0x1p797, 0x1.6ac5b262ca1ffp849, 5.319372648326541416e+255, 16367173.0 * 0x1p72,
    0x1.921fb54442d18p1, 0x1.f9cbe2p7, 0x1.4c3946p8, 0x1.e4fb6ep9, 3200, 0x1.900002p11, 1600000,
    0x1.86a0000000001p20,
    0x1.94af2p-128, 0x1.45addcp-127, 0x1.0c7f94p8, 0x1.be8f14p-6, 0x1.0154f2p9, 0x1.1ec29d0c245d5p-16,
    0x1.765026p2, 0x1.4cbe12p2, 0x1.62e42fp6, 0x1.9fe368p6, 0x1.62e42fefa39efp9, 0x1.74910d52d3051p9,
    0x1.74385446d71c3p9, 0x1.6232bdd7abcd2p9, 0x1.463a72p0, 0x1.69869ep0, 0x1.670660def758cp-1,
    0x1p-1074, 0x0.fffffffffffffp-1022, 0x1p-1022, 0x1.fffffffffffffp1023,
    0x1p-149, 0x1.fffffep-127, 0x1p-126, 0x1.fffffep127,
};

static void try_worst(expansion *e)
{
    for (size_t k = 0; k < sizeof worst_arguments / sizeof *worst_arguments; k++)
        for (int places = -2; places <= 2; places++) {
            const double x = oracle_step(worst_arguments[k], places);
            try(e, x);
            try(e, -x);
        }
}

static void f32_errs_by_at_most_one_ulp(void **state)
{
    (void)state;
    for (int k = 0; k < MATH_ORACLES; k++) {
        expansion e;
        open_expansion(&e, &math_oracles[k], IR_F32, IR_IDENTITY | IR_FOLD);
        for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 2003) { /* 4,188 an exponent and sign */
            const uint32_t low = (uint32_t)bits;
            float x;
            memcpy(&x, &low, sizeof x);
            try(&e, (double)x);
        }
        try_worst(&e);
        assert_accurate(&e);
        close_expansion(&e);
    }
}

static void f64_errs_by_at_most_one_ulp(void **state)
{
    (void)state;
    for (int k = 0; k < MATH_ORACLES; k++) {
        expansion e;
        uint64_t seed = 0x9E3779B97F4A7C15u;
        open_expansion(&e, &math_oracles[k], IR_F64, IR_IDENTITY | IR_FOLD);
        for (int i = 0; i < 600000; i++)
            try(&e, oracle_argument(e.of, &seed));
        for (uint64_t exponent = 0; exponent < 4096; exponent++)
            for (int i = 0; i < 20; i++)
                try(&e, oracle_double(exponent << 52 | oracle_random(&seed) >> 12));
        try_worst(&e);
        assert_accurate(&e);
        close_expansion(&e);
    }
}

/* Payne and Hanek's region and the border of the fast one: the f64 nearest to multiples of π/2, at every
 * exponent. */
static void arguments_next_to_quarter_turns(void **state)
{
    (void)state;
    for (int k = 0; k < MATH_ORACLES; k++) {
        if (math_oracles[k].code != IR_SIN && math_oracles[k].code != IR_COS)
            continue;
        expansion e;
        open_expansion(&e, &math_oracles[k], IR_F64, IR_IDENTITY | IR_FOLD);
        for (int exponent = -48; exponent <= 971; exponent += 3) {
            double near[128];
            const size_t count = oracle_near_quarter_turns(exponent, near, 128);
            assert_true(count > 0);
            for (size_t i = 0; i < count; i++)
                try(&e, near[i]);
        }
        assert_accurate(&e);
        close_expansion(&e);
    }
}

/* ---- special values ---- */

typedef struct special {
    ir_code code;
    double x, y; /* of a NaN, that it is one */
} special;

static const special specials[] = {
    {IR_SIN, 0.0, 0.0}, {IR_SIN, -0.0, -0.0}, {IR_SIN, INFINITY, NAN}, {IR_SIN, -INFINITY, NAN},
    {IR_SIN, NAN, NAN},
    {IR_SIN, 0x1p-149, 0x1p-149}, {IR_SIN, -0x1p-149, -0x1p-149}, {IR_SIN, 0x1.fffffcp-127, 0x1.fffffcp-127},
    {IR_COS, 0.0, 1}, {IR_COS, -0.0, 1}, {IR_COS, INFINITY, NAN}, {IR_COS, -INFINITY, NAN}, 
    {IR_COS, NAN, NAN}, {IR_COS, 0x1p-149, 1},
    {IR_SINPI, 0.0, 0.0}, {IR_SINPI, -0.0, -0.0}, {IR_SINPI, 1, 0.0}, {IR_SINPI, 2, 0.0},
    {IR_SINPI, 3, 0.0}, {IR_SINPI, -1, -0.0}, {IR_SINPI, -2, -0.0}, {IR_SINPI, 0.5, 1},
    {IR_SINPI, 1.5, -1}, {IR_SINPI, -0.5, -1}, {IR_SINPI, 0x1p126, 0.0},
    {IR_SINPI, 0x1.fffffep127, 0.0}, {IR_SINPI, -0x1.fffffep127, -0.0},
    {IR_SINPI, 8388607, 0.0}, {IR_SINPI, 4194303.5, -1},
    {IR_SINPI, INFINITY, NAN}, {IR_SINPI, -INFINITY, NAN}, {IR_SINPI, NAN, NAN},
    {IR_COSPI, 0.0, 1}, {IR_COSPI, -0.0, 1}, {IR_COSPI, 1, -1}, {IR_COSPI, -1, -1}, {IR_COSPI, 2, 1},
    {IR_COSPI, 0.5, 0.0},
    {IR_COSPI, -0.5, 0.0}, {IR_COSPI, 1.5, 0.0}, {IR_COSPI, -1.5, 0.0}, {IR_COSPI, 4194303.5, 0.0},
    {IR_COSPI, 8388607, -1},
    {IR_COSPI, 0x1.fffffep127, 1}, {IR_COSPI, INFINITY, NAN}, {IR_COSPI, -INFINITY, NAN},
    {IR_COSPI, NAN, NAN},
    {IR_EXP, 0.0, 1}, {IR_EXP, -0.0, 1}, {IR_EXP, INFINITY, INFINITY}, {IR_EXP, -INFINITY, 0.0},
    {IR_EXP, NAN, NAN}, {IR_EXP, 0x1p-149, 1},
    {IR_EXP, 0x1p127, INFINITY}, {IR_EXP, -0x1p127, 0.0}, {IR_EXP, 710, INFINITY}, {IR_EXP, -746, 0.0},
    {IR_LOG, 1, 0.0}, {IR_LOG, 0.0, -INFINITY}, {IR_LOG, -0.0, -INFINITY}, {IR_LOG, -1, NAN},
    {IR_LOG, -0x1p-149, NAN},
    {IR_LOG, INFINITY, INFINITY}, {IR_LOG, -INFINITY, NAN}, {IR_LOG, NAN, NAN},
};

static const math_oracle *oracle_of(ir_code code)
{
    for (int k = 0; k < MATH_ORACLES; k++)
        if (math_oracles[k].code == code)
            return &math_oracles[k];
    return NULL;
}

static uint64_t bits_of(ir_type type, double x)
{
    const float single = (float)x;
    uint32_t low;
    uint64_t bits;
    memcpy(&low, &single, sizeof low);
    memcpy(&bits, &x, sizeof bits);
    return type == IR_F32 ? low : bits;
}

static uint64_t lane_bits(const expansion *e, ir_ref r, int lane)
{
    return e->type == IR_F32 ? e->values[r].u32[lane] : e->values[r].u64[lane];
}

static bool is_nan_lane(const expansion *e, ir_ref r, int lane)
{
    return e->type == IR_F32 ? isnan(e->values[r].f32[lane]) : isnan(e->values[r].f64[lane]);
}

static void special_values_are_right(void **state)
{
    (void)state;
    static const uint32_t rules[] = {0, IR_IDENTITY | IR_FOLD, IR_IDENTITY | IR_FOLD | IR_RELAXED};
    for (size_t k = 0; k < sizeof specials / sizeof *specials; k++)
        for (int t = 0; t < 2; t++)
            for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
                const special *s = &specials[k];
                expansion e;
                open_expansion(&e, oracle_of(s->code), t ? IR_F64 : IR_F32, rules[r]);
                for (int i = 0; i < LANES; i++)
                    try(&e, s->x);
                const uint64_t y = lane_bits(&e, e.y, 0);
                const bool is_nan = is_nan_lane(&e, e.y, 0);
                if (isnan(s->y) ? !is_nan : y != bits_of(e.type, s->y))
                    fail_msg("%s %s(%a) is not %a but has the bits %llx", sn_ir_type_name(e.type),
                             e.of->name, s->x, s->y, (unsigned long long)y);
                close_expansion(&e);
            }
}

/* ---- the constant folder says the same ---- */

static void constants_fold_to_the_same_bits(void **state)
{
    (void)state;
    uint64_t seed = 0xD1B54A32D192ED03u;
    for (int k = 0; k < 2 * MATH_ORACLES; k++) {
        expansion e;
        open_expansion(&e, &math_oracles[k / 2], k % 2 ? IR_F64 : IR_F32, IR_IDENTITY | IR_FOLD);
        for (int i = 0; i < 2 * LANES; i++)
            try(&e, k % 2 ? oracle_argument(e.of, &seed) : (double)(float)oracle_argument(e.of, &seed));
        const uint32_t count = e.p.count;
        for (int i = 0; i < LANES; i++) {
            const ir_ref x = sn_ir_const_bits(&e.p, e.type, lane_bits(&e, e.x, i));
            const ir_ref y = sn_math_expand(&e.p, e.of->code, e.type, x, 0, MATH_DEFAULT);
            assert_int_equal(e.p.status, SINTER_OK);
            assert_true(sn_ir_is_const(&e.p, y));
            const bool is_nan = is_nan_lane(&e, e.y, i);
            if (!is_nan && sn_ir_bits(&e.p, y) != lane_bits(&e, e.y, i))
                fail_msg("%s %s folds otherwise at bits %llx", e.of->name, sn_ir_type_name(e.type),
                         (unsigned long long)lane_bits(&e, e.x, i));
        }
        for (ir_ref r = count; r < e.p.count; r++)
            assert_int_equal(e.p.ops[r].code, IR_CONST);
        close_expansion(&e);
    }
}

/* ---- what expansions are made of ---- */

/* Marks what is computed when no lane is rare, and returns how many operations that is, reinterpretations
 * not counted. */
static unsigned hot_operations(const ir_program *p, ir_ref result, bool *hot)
{
    unsigned count = 0;
    memset(hot, 0, p->count * sizeof *hot);
    hot[result] = true;
    for (ir_ref r = result; r > 0; r--) {
        const ir_op *op = &p->ops[r];
        if (!hot[r])
            continue;
        const unsigned operands = sn_ir_info[op->code].operands;
        for (unsigned k = 0; k < operands; k++)
            if (op->code != IR_RARE || k != 1)
                hot[sn_ir_operand(op, k)] = true;
        count += operands > 0 && op->code != IR_BITS && op->code != IR_FROM_BITS;
    }
    return count;
}

static void expansions_stay_in_their_types(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * MATH_ORACLES; k++) {
        expansion e;
        open_expansion(&e, &math_oracles[k / 2], k % 2 ? IR_F64 : IR_F32, IR_IDENTITY | IR_FOLD);
        const unsigned other = k % 2 ? IR_F32 : IR_F64;
        for (ir_ref r = 1; r < e.p.count; r++) {
            const unsigned kind = sn_ir_info[e.p.ops[r].code].kind;
            assert_int_not_equal(e.p.ops[r].type, other);
            assert_true(kind == IR_KIND_PURE || kind == IR_KIND_LEAF || e.p.ops[r].code == IR_LOAD);
        }
        close_expansion(&e);
    }
}

static void hot_paths_are_short(void **state)
{
    (void)state;
    /* Operations with `rare` itself, f32 and f64; and of them tables must not be read. */
    static const struct { ir_code code; unsigned most[2]; } limits[] = {
        {IR_SIN, {30, 38}}, {IR_COS, {31, 39}}, {IR_SINPI, {18, 24}},
        {IR_COSPI, {20, 26}}, {IR_EXP, {15, 22}}, {IR_LOG, {24, 31}},
    };
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
        for (int t = 0; t < 2; t++) {
            expansion e;
            bool hot[512];
            open_expansion(&e, oracle_of(limits[k].code), t ? IR_F64 : IR_F32, IR_IDENTITY | IR_FOLD);
            assert_true(e.p.count <= 512);
            const unsigned count = hot_operations(&e.p, e.y, hot);
            print_message("# %s %s: %u operations\n", e.of->name, sn_ir_type_name(e.type), count);
            assert_in_range(count, 1, limits[k].most[t]);
            for (ir_ref r = 1; r < e.p.count; r++)
                assert_false(hot[r] && e.p.ops[r].code == IR_LOAD);
            close_expansion(&e);
        }
}

/* Marks what a `rare` needs when some lane asks. */
static void mark_cold(const ir_program *p, ir_ref rare, const bool *hot, bool *cold)
{
    memset(cold, 0, p->count * sizeof *cold);
    cold[p->ops[rare].b] = true;
    for (ir_ref r = rare; r > 0; r--) {
        const ir_op *op = &p->ops[r];
        if (cold[r] && !hot[r])
            for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
                cold[sn_ir_operand(op, k)] = true;
    }
}

/* Their fast parts are the same but for the end; their slow ones must be apart, or they would run always. */
static void sine_and_cosine_share_what_is_fast(void **state)
{
    (void)state;
    for (int t = 0; t < 2; t++) {
        expansion e;
        bool of_sine[512], of_cosine[512], cold_sine[512], cold_cosine[512];
        open_expansion(&e, oracle_of(IR_SIN), t ? IR_F64 : IR_F32, IR_IDENTITY | IR_FOLD);
        const ir_ref cosine = sn_math_expand(&e.p, IR_COS, e.type, e.x, 0, MATH_DEFAULT);
        assert_true(e.p.count <= 512);
        assert_int_equal(e.p.memory_count, 1);
        hot_operations(&e.p, e.y, of_sine);
        hot_operations(&e.p, cosine, of_cosine);
        mark_cold(&e.p, e.y, of_sine, cold_sine);
        mark_cold(&e.p, cosine, of_cosine, cold_cosine);
        unsigned more = 0;
        for (ir_ref r = 1; r < e.p.count; r++) {
            const unsigned kind = sn_ir_info[e.p.ops[r].code].kind;
            const bool is_hot = of_sine[r] || of_cosine[r];
            more += of_cosine[r] && !of_sine[r] && kind != IR_KIND_LEAF;
            if (kind != IR_KIND_LEAF && !is_hot)
                assert_false(cold_sine[r] && cold_cosine[r]);
        }
        assert_in_range(more, 1, 10);
        close_expansion(&e);
    }
}

/* ---- memory ---- */

typedef struct refusal {
    int left; /* allocations until one is refused */
} refusal;

static void *allocate(void *context, size_t size)
{
    refusal *r = context;
    return r->left-- > 0 ? malloc(size) : NULL;
}

static void release(void *context, void *block, size_t size)
{
    (void)context;
    (void)size;
    free(block);
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    for (int k = 0; k < MATH_ORACLES; k++) {
        int refused = 0;
        for (int left = 0;; left++) {
            refusal r = {left};
            const sinter_allocator allocator = {allocate, release, &r};
            arena memory;
            ir_program p;
            sn_arena_open(&memory, &allocator);
            sn_ir_open(&p, &memory, IR_IDENTITY | IR_FOLD);
            sn_ir_add_input(&p, "x", IR_F64);
            const ir_ref x = sn_ir_emit(&p, IR_INPUT, IR_F64, 0, 0, 0);
            const ir_ref y = sn_math_expand(&p, math_oracles[k].code, IR_F64, x, 0, MATH_DEFAULT);
            const bool was_refused = r.left < 0;
            assert_int_equal(p.status, was_refused ? SINTER_NO_MEMORY : SINTER_OK);
            assert_true((y == 0) == was_refused);
            sn_arena_close(&memory);
            refused += was_refused;
            if (!was_refused)
                break;
        }
        assert_true(refused > 0);
    }
}

static void other_operations_are_refused(void **state)
{
    (void)state;
    expansion e;
    open_expansion(&e, &math_oracles[0], IR_F32, IR_IDENTITY | IR_FOLD);
    assert_int_equal(sn_math_expand(&e.p, IR_ADD, IR_F32, e.x, 0, MATH_DEFAULT), 0);
    assert_int_equal(e.p.status, SINTER_BAD_PROGRAM);
    close_expansion(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_errs_by_at_most_one_ulp),
        cmocka_unit_test(f64_errs_by_at_most_one_ulp),
        cmocka_unit_test(arguments_next_to_quarter_turns),
        cmocka_unit_test(special_values_are_right),
        cmocka_unit_test(constants_fold_to_the_same_bits),
        cmocka_unit_test(expansions_stay_in_their_types),
        cmocka_unit_test(hot_paths_are_short),
        cmocka_unit_test(sine_and_cosine_share_what_is_fast),
        cmocka_unit_test(refused_memory_is_an_error),
        cmocka_unit_test(other_operations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
