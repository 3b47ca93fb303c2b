/* The mathematical functions: special values; what expansions may be made of; how long their hot paths are;
 * that the constant folder agrees. What they err by: math_f32_test.c and math_f64_test.c; math_proof.c is the
 * long form of those. */
#include "math_expansion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "refusing_allocator.h"
#include "repetitions.h"

enum { MOST_OPERATIONS = 2048, VARIANTS = 4 };

/* Variant k of a function: both types, and of each both grades. */
static void open_variant(expansion *e, const math_oracle *f, unsigned k, uint32_t rules)
{
    expansion_open(e, f, k & 1 ? IR_F64 : IR_F32, k & 2 ? MATH_FAST : MATH_DEFAULT, rules);
    if (e->p.status != SINTER_OK)
        fail_msg("%s: %s", f->name, e->p.message);
    assert_non_null(e->values);
    assert_true(e->p.count <= MOST_OPERATIONS);
}

static const char *grade_name(const expansion *e)
{
    return e->grade == MATH_FAST ? "fast" : "default";
}

static const math_oracle *oracle_of(ir_code code)
{
    for (int k = 0; k < MATH_ORACLES; k++)
        if (math_oracles[k].code == code)
            return &math_oracles[k];
    fail_msg("%s has no oracle", sn_ir_info[code].name);
    return NULL;
}

/* ---- nothing goes untested ---- */

static void every_function_has_an_oracle(void **state)
{
    (void)state;
    for (int code = 0; code < IR_CODES; code++) {
        int found = 0;
        if (sn_ir_info[code].kind != IR_KIND_MATH)
            continue;
        for (int k = 0; k < MATH_ORACLES; k++)
            found += (int)math_oracles[k].code == code;
        assert_int_equal(found, 1);
    }
}

static void oracles_are_complete(void **state)
{
    (void)state;
    for (int k = 0; k < MATH_ORACLES; k++) {
        const math_oracle *f = &math_oracles[k];
        assert_string_equal(f->name, sn_ir_info[f->code].name);
        if (sn_ir_info[f->code].operands == 2)
            assert_true(f->quick2 && f->close2 && f->exact2 && f->arguments && !f->quick && !f->close && !f->exact);
        else
            assert_true(f->quick && f->close && f->exact && !f->quick2 && !f->close2 && !f->exact2);
    }
}

static int apart_at(const math_oracle *f, ir_type type, double worst, double x, double y)
{
    print_message("# %s %s: the oracles are %g ULP apart at %a, %a\n", f->name, sn_ir_type_name(type), worst, x, y);
    return 1;
}

/* The fast oracles agree with MPFR: what they overlook, nothing else would find. */
static void oracles_agree(void **state)
{
    (void)state;
    const int tried = (int)repetitions(2000);
    int wrong = 0;
    for (int k = 0; k < 2 * MATH_ORACLES; k++) {
        const math_oracle *f = &math_oracles[k / 2];
        const ir_type type = k % 2 ? IR_F64 : IR_F32;
        uint64_t seed = 0xA0761D6478BD642Fu;
        double worst = 0, worst_x = 0, worst_y = 0;
        for (int i = 0; i < tried; i++) {
            double x, y, absolute;
            oracle_arguments(f, type, &seed, &x, &y);
            const long double exact =
                type == IR_F32 ? (long double)oracle_quick(f, x, y) : oracle_close(f, x, y);
            const double result = type == IR_F32 ? (double)(float)exact : (double)exact;
            const double quick = type == IR_F32 ? oracle_error_f32((float)result, (double)exact, oracle_margin(f, type))
                                                : oracle_error_f64(result, exact, oracle_margin(f, type));
            const double error = oracle_error(f, type, x, y, result, &absolute);
            /* Both know the same distance of the number nearest to the fast oracle's; or, where an absolute
             * error is promised, they are apart by far less than that. */
            const double apart = isinf(error) || isinf(quick) ? (error == quick ? 0 : 1e300) : fabs(error - quick);
            const double place = error > 0 && isfinite(absolute) ? absolute / error : 0;
            if (apart > worst && (apart * place * 256 > oracle_absolute(f, type) || place == 0)) {
                worst = apart;
                worst_x = x;
                worst_y = y;
            }
        }
        if (worst > 0.02)
            wrong += apart_at(f, type, worst, worst_x, worst_y);
    }
    assert_int_equal(wrong, 0);
}

/* ---- special values ---- */

static const math_special specials[] = {
    SPECIALS_TRIGONOMETRIC SPECIALS_EXPONENTIAL SPECIALS_HYPERBOLIC SPECIALS_GAMMA
};
static const math_special2 specials2[] = {
    SPECIALS2_TRIGONOMETRIC SPECIALS2_EXPONENTIAL SPECIALS2_HYPERBOLIC SPECIALS2_GAMMA
    {IR_NONE, 0, 0, 0}
};

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

/* What is no zero, infinity or NaN need not be exact in the grade `fast`. */
static bool is_near(ir_type type, double z, double wanted)
{
    for (int places = -4; places <= 4; places++)
        if (z == oracle_neighbour(type, wanted, places))
            return true;
    return false;
}

/* All lanes have the arguments: vectors in which every lane is rare, or none. */
static int wrong_special(expansion *e, double x, double y, double wanted)
{
    for (int i = 0; i < LANES; i++) {
        expansion_set(e, e->x, i, x);
        if (e->y)
            expansion_set(e, e->y, i, y);
    }
    lanes_run(&e->p, e->values);
    const double z = expansion_value(e, e->z, 0);
    if (isnan(wanted) ? isnan(z) : lane_bits(e, e->z, 0) == bits_of(e->type, wanted))
        return 0;
    if (e->grade == MATH_FAST && isfinite(wanted) && wanted != 0 && is_near(e->type, z, wanted))
        return 0;
    print_message("# %s %s %s(%a, %a) is not %a but %a\n", sn_ir_type_name(e->type), grade_name(e), e->of->name, x, y,
                  wanted, z);
    return 1;
}

/* How many there are; those that are wrong are added to *wrong. */
static unsigned try_specials_of(expansion *e, int *wrong)
{
    unsigned count = 0;
    for (size_t k = 0; k < sizeof specials / sizeof *specials; k++)
        if (specials[k].code == e->of->code) {
            *wrong += wrong_special(e, specials[k].x, 0, specials[k].y);
            count++;
        }
    for (size_t k = 0; k < sizeof specials2 / sizeof *specials2; k++)
        if (specials2[k].code == e->of->code) {
            *wrong += wrong_special(e, specials2[k].x, specials2[k].y, specials2[k].z);
            count++;
        }
    return count;
}

static void special_values_are_right(void **state)
{
    (void)state;
    static const uint32_t rules[] = {0, IR_IDENTITY | IR_FOLD, IR_IDENTITY | IR_FOLD | IR_RELAXED};
    int wrong = 0;
    for (int k = 0; k < VARIANTS * MATH_ORACLES; k++)
        for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
            expansion e;
            open_variant(&e, &math_oracles[k / VARIANTS], (unsigned)k % VARIANTS, rules[r]);
            if (try_specials_of(&e, &wrong) < 3)
                fail_msg("%s: special values are missing", e.of->name);
            expansion_close(&e);
        }
    assert_int_equal(wrong, 0);
}

/* ---- the constant folder says the same ---- */

static void constants_fold_to_the_same_bits(void **state)
{
    (void)state;
    uint64_t seed = 0xD1B54A32D192ED03u;
    for (int k = 0; k < VARIANTS * MATH_ORACLES; k++) {
        expansion e;
        open_variant(&e, &math_oracles[k / VARIANTS], (unsigned)k % VARIANTS, IR_IDENTITY | IR_FOLD);
        for (int i = 0; i < LANES; i++) {
            double x, y;
            oracle_arguments(e.of, e.type, &seed, &x, &y);
            expansion_try(&e, x, y);
        }
        const uint32_t count = e.p.count;
        for (int i = 0; i < LANES; i++) {
            const ir_ref x = sn_ir_const_bits(&e.p, e.type, lane_bits(&e, e.x, i));
            const ir_ref y = e.y ? sn_ir_const_bits(&e.p, e.type, lane_bits(&e, e.y, i)) : 0;
            const ir_ref z = sn_math_expand(&e.p, e.of->code, e.type, x, y, e.grade);
            assert_int_equal(e.p.status, SINTER_OK);
            assert_true(sn_ir_is_const(&e.p, z));
            if (!isnan(expansion_value(&e, e.z, i)) && sn_ir_bits(&e.p, z) != lane_bits(&e, e.z, i))
                fail_msg("%s %s folds otherwise at bits %llx", e.of->name, sn_ir_type_name(e.type),
                         (unsigned long long)lane_bits(&e, e.x, i));
        }
        for (ir_ref r = count; r < e.p.count; r++)
            assert_int_equal(e.p.ops[r].code, IR_CONST);
        expansion_close(&e);
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

/* No expansion of f32 has f64 in it, nor the other way round; all is pure but reading tables. */
static void expansions_stay_in_their_types(void **state)
{
    (void)state;
    for (int k = 0; k < VARIANTS * MATH_ORACLES; k++) {
        expansion e;
        open_variant(&e, &math_oracles[k / VARIANTS], (unsigned)k % VARIANTS, IR_IDENTITY | IR_FOLD);
        const unsigned other = e.type == IR_F64 ? IR_F32 : IR_F64;
        for (ir_ref r = 1; r < e.p.count; r++) {
            const unsigned kind = sn_ir_info[e.p.ops[r].code].kind;
            assert_int_not_equal(e.p.ops[r].type, other);
            assert_true(kind == IR_KIND_PURE || kind == IR_KIND_LEAF || e.p.ops[r].code == IR_LOAD);
        }
        expansion_close(&e);
    }
}

static unsigned all_operations(const ir_program *p)
{
    unsigned count = 0;
    for (ir_ref r = 1; r < p->count; r++)
        count += sn_ir_info[p->ops[r].code].operands > 0 && p->ops[r].code != IR_BITS && p->ops[r].code != IR_FROM_BITS;
    return count;
}

/* Operations with `rare` itself, f32 and f64, of the default grade, with room for two more; `fast` has no more
 * than that. A function that is not listed may have as many as the last row says. */
static const struct hot_limit {
    ir_code code;
    unsigned most[2];
} hot_limits[] = {
    {IR_SIN, {32, 40}}, {IR_COS, {33, 41}}, {IR_SINPI, {20, 26}}, {IR_COSPI, {22, 28}},
    {IR_TAN, {36, 45}}, {IR_TANPI, {31, 39}}, {IR_ASIN, {29, 35}}, {IR_ACOS, {32, 38}},
    {IR_ATAN, {30, 40}}, {IR_ATAN2, {44, 53}}, {IR_EXP, {17, 24}}, {IR_EXP2, {16, 23}},
    {IR_EXP10, {21, 28}}, {IR_EXPM1, {26, 33}}, {IR_LOG, {26, 33}}, {IR_LOG2, {26, 36}},
    {IR_LOG10, {28, 36}}, {IR_LOG1P, {33, 40}}, {IR_POW, {85, 98}}, {IR_CBRT, {23, 30}},
    {IR_RSQRT, {18, 23}}, {IR_HYPOT, {25, 32}}, {IR_SINH, {35, 42}}, {IR_COSH, {33, 40}},
    {IR_TANH, {32, 46}}, {IR_ASINH, {46, 52}}, {IR_ACOSH, {50, 57}}, {IR_ATANH, {44, 51}},
    {IR_ERF, {37, 54}}, {IR_ERFC, {75, 94}}, {IR_NORMAL_CDF, {75, 94}}, {IR_NORMAL_LOG_CDF, {127, 152}},
    {IR_LGAMMA, {64, 97}}, {IR_GAMMA, {111, 137}}, {IR_DIGAMMA, {60, 97}},
    {IR_NONE, {130, 190}},
};

static unsigned hot_limit_of(const expansion *e)
{
    const struct hot_limit *l = hot_limits;
    while (l->code != e->of->code && l->code != IR_NONE)
        l++;
    return l->most[e->type == IR_F64];
}

static int too_long(const expansion *e, unsigned count)
{
    print_message("# %s %s %s is too long: %u operations, not %u\n", e->of->name, sn_ir_type_name(e->type),
                  grade_name(e), count, hot_limit_of(e));
    return 1;
}

/* And of hot operations none may read a table. */
static void hot_paths_are_short(void **state)
{
    (void)state;
    int wrong = 0;
    for (int k = 0; k < VARIANTS * MATH_ORACLES; k++) {
        expansion e;
        bool hot[MOST_OPERATIONS];
        open_variant(&e, &math_oracles[k / VARIANTS], (unsigned)k % VARIANTS, IR_IDENTITY | IR_FOLD);
        const unsigned count = hot_operations(&e.p, e.z, hot);
        print_message("# %s %s %s: %u operations, %u with the rare ones\n", e.of->name, sn_ir_type_name(e.type),
                      grade_name(&e), count, all_operations(&e.p));
        wrong += count > hot_limit_of(&e) && too_long(&e, count);
        for (ir_ref r = 1; r < e.p.count; r++)
            if (hot[r] && e.p.ops[r].code == IR_LOAD)
                fail_msg("%s %s reads a table", e.of->name, sn_ir_type_name(e.type));
        expansion_close(&e);
    }
    assert_int_equal(wrong, 0);
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

/* A sine, a cosine and a tangent of one x, in both grades: what is fast in one grade is the same but for the end;
 * the slow ones must be apart, or they would run always. */
static void functions_of_one_angle_share_what_is_fast(void **state)
{
    (void)state;
    static const ir_code codes[] = {IR_SIN, IR_COS, IR_TAN, IR_SIN, IR_COS, IR_TAN};
    enum { ALL = sizeof codes / sizeof *codes };
    for (int t = 0; t < 2; t++) {
        expansion e;
        static bool hot[ALL][MOST_OPERATIONS], cold[ALL][MOST_OPERATIONS];
        open_variant(&e, oracle_of(IR_SIN), (unsigned)t, IR_IDENTITY | IR_FOLD);
        ir_ref z[ALL] = {e.z};
        for (int k = 1; k < ALL; k++)
            z[k] = sn_math_expand(&e.p, codes[k], e.type, e.x, 0, k < ALL / 2 ? MATH_DEFAULT : MATH_FAST);
        assert_true(e.p.count <= MOST_OPERATIONS);
        assert_int_equal(e.p.memory_count, 1);
        for (int k = 0; k < ALL; k++) {
            hot_operations(&e.p, z[k], hot[k]);
            mark_cold(&e.p, z[k], hot[k], cold[k]);
        }
        unsigned more = 0;
        for (ir_ref r = 1; r < e.p.count; r++) {
            const unsigned kind = sn_ir_info[e.p.ops[r].code].kind;
            bool is_hot = false;
            int regions = 0;
            for (int k = 0; k < ALL; k++) {
                is_hot |= hot[k][r];
                regions += cold[k][r];
            }
            more += hot[1][r] && !hot[0][r] && kind != IR_KIND_LEAF;
            if (kind != IR_KIND_LEAF && !is_hot)
                assert_in_range(regions, 0, 1);
        }
        assert_in_range(more, 1, 10);
        expansion_close(&e);
    }
}

/* ---- memory ---- */

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    for (int k = 0; k < VARIANTS * MATH_ORACLES; k++) {
        const math_oracle *f = &math_oracles[k / VARIANTS];
        const ir_type type = k & 1 ? IR_F64 : IR_F32;
        int refused = 0;
        for (int left = 0;; left++) {
            refusing r = {left, 0};
            const sinter_allocator allocator = refusing_allocator(&r);
            arena memory;
            ir_program p;
            sn_arena_open(&memory, &allocator);
            sn_ir_open(&p, &memory, IR_IDENTITY | IR_FOLD);
            sn_ir_add_input(&p, "x", type);
            const ir_ref x = sn_ir_emit(&p, IR_INPUT, type, 0, 0, 0);
            const ir_ref z = sn_math_expand(&p, f->code, type, x, oracle_takes_two(f) ? x : 0,
                                            k & 2 ? MATH_FAST : MATH_DEFAULT);
            const bool was_refused = r.left < 0;
            assert_int_equal(p.status, was_refused ? SINTER_NO_MEMORY : SINTER_OK);
            assert_true((z == 0) == was_refused);
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
    open_variant(&e, &math_oracles[0], 0, IR_IDENTITY | IR_FOLD);
    assert_int_equal(sn_math_expand(&e.p, IR_ADD, IR_F32, e.x, 0, MATH_DEFAULT), 0);
    assert_int_equal(e.p.status, SINTER_BAD_PROGRAM);
    expansion_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_has_an_oracle),
        cmocka_unit_test(oracles_are_complete),
        cmocka_unit_test(oracles_agree),
        cmocka_unit_test(special_values_are_right),
        cmocka_unit_test(constants_fold_to_the_same_bits),
        cmocka_unit_test(expansions_stay_in_their_types),
        cmocka_unit_test(hot_paths_are_short),
        cmocka_unit_test(functions_of_one_angle_share_what_is_fast),
        cmocka_unit_test(refused_memory_is_an_error),
        cmocka_unit_test(other_operations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
