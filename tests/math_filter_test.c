/* The filter of tests/math_oracle.h, which asks MPFR about the arguments that matter only: that it finds every error
 * there is. Errors are planted among right results and must be found, to the last bit of their size; maxima
 * must be those of MPFR alone; and estimates must not fall below errors by more than the margin where that is
 * hardest, at powers of two and at overflow. SINTER_PROOF=1 compares maxima over 10^5 arguments a function. */
#include "oracle_blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { VARIANTS = 2 * MATH_ORACLES };

/* Arguments of one function and type, and results of it; `exact` is the fast oracle's. */
typedef struct trial {
    const math_oracle *of;
    ir_type type;
    double x[ORACLE_BLOCK], y[ORACLE_BLOCK], result[ORACLE_BLOCK];
    long double exact[ORACLE_BLOCK];
    oracle_values values; /* f32: the same, as blocks have it */
    float singles[ORACLE_BLOCK], x_singles[ORACLE_BLOCK], y_singles[ORACLE_BLOCK];
    uint64_t seed;
} trial;

static trial current;

static trial *try_variant(int variant)
{
    trial *t = &current;
    t->of = &math_oracles[variant / 2];
    t->type = variant % 2 ? IR_F64 : IR_F32;
    t->seed = 0x9E3779B97F4A7C15u * (uint64_t)(variant + 1);
    return t;
}

/* The result next to the value, so many places further from zero. */
static double result_near(const trial *t, long double exact, int places)
{
    const double nearest = t->type == IR_F32 ? (double)(float)exact : (double)exact;
    return isfinite(nearest) && nearest != 0 ? oracle_neighbour(t->type, nearest, places) : nearest;
}

static void draw(trial *t, int count)
{
    for (int k = 0; k < count; k++) {
        oracle_arguments(t->of, t->type, &t->seed, &t->x[k], &t->y[k]);
        t->x_singles[k] = (float)t->x[k];
        t->y_singles[k] = (float)t->y[k];
        if (t->type != IR_F32)
            t->exact[k] = oracle_close(t->of, t->x[k], t->y[k]);
    }
    if (t->type == IR_F32)
        oracle_quick_block(t->of, t->values.exact, t->x_singles, t->y_singles, count);
    for (int k = 0; k < count; k++) {
        if (t->type == IR_F32)
            t->exact[k] = (long double)t->values.exact[k];
        t->result[k] = result_near(t, t->exact[k], 0);
    }
}

static void keep(const trial *t, math_worst *w, int k)
{
    if (t->type == IR_F32)
        oracle_keep_f32(t->of, MATH_DEFAULT, w, (float)t->x[k], (float)t->y[k], (float)t->result[k], t->values.exact[k]);
    else
        oracle_keep_f64(t->of, MATH_DEFAULT, w, t->x[k], t->y[k], t->result[k], t->exact[k]);
}

/* All of a trial; of f32 by blocks, as math_proof.c does. */
static math_worst filter(trial *t, int count)
{
    math_worst w = {0};
    if (t->type == IR_F32) {
        for (int k = 0; k < count; k++)
            t->singles[k] = (float)t->result[k];
        oracle_prepare_block(t->of, &t->values);
        oracle_keep_block(t->of, MATH_DEFAULT, &w, t->x_singles, t->y_singles, t->singles, &t->values, count);
    } else {
        for (int k = 0; k < count; k++)
            keep(t, &w, k);
    }
    return w;
}

static double true_error(const trial *t, int k)
{
    double absolute;
    return oracle_error(t->of, t->type, t->x[k], t->y[k], t->result[k], &absolute);
}

static int missed(const trial *t, const char *what, int k, double found, double there)
{
    print_message("# %s %s: %s at %a, %a (gives %a): %.17g was found, %.17g is there\n", t->of->name, sn_ir_type_name(t->type), what,
                  t->x[k], t->y[k], t->result[k], found, there);
    return 1;
}

/* What a result becomes by the plant: a few places too far, or a wrong kind. */
static double planted(const trial *t, int k, int kind)
{
    const double right = t->result[k];
    if (isnan(right))
        return kind & 1 ? 0 : (double)INFINITY;
    if (right == 0)
        return -right;
    if (isinf(right))
        return copysign(t->type == IR_F32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023, right);
    return kind == 0 ? NAN : kind == 1 ? -right : oracle_neighbour(t->type, right, kind & 1 ? kind : -kind);
}

static void planted_errors_are_found(void **state)
{
    (void)state;
    enum { PLANTS = 6, FEW = 512 }; /* f64's long doubles are slow where they are emulated */
    int wrong = 0;
    for (int variant = 0; variant < VARIANTS; variant++) {
        trial *t = try_variant(variant);
        const int count = t->type == IR_F32 ? ORACLE_BLOCK : FEW;
        draw(t, count);
        for (int n = 0; n < PLANTS; n++) {
            const int k = (int)(oracle_random(&t->seed) % (unsigned)count);
            const double right = t->result[k];
            t->result[k] = planted(t, k, n % 6);
            double absolute;
            const double there = oracle_error(t->of, t->type, t->x[k], t->y[k], t->result[k], &absolute);
            const math_worst w = filter(t, count);
            const bool forgiven = there > oracle_most(t->of, MATH_DEFAULT) && absolute <= oracle_absolute(t->of, t->type);
            if (!(there > 0.5) || !(forgiven ? w.absolute >= absolute : w.error >= there))
                wrong += missed(t, "a planted error", k, forgiven ? w.absolute : w.error, forgiven ? absolute : there);
            t->result[k] = right;
        }
    }
    assert_int_equal(wrong, 0);
}

/* A block with one result that is wrong by more than half a place: is its error found, where w knows as much or less? */
static void keep_among_others(trial *t, math_worst *w, int k)
{
    for (int i = 0; i < ORACLE_BLOCK; i++)
        t->singles[i] = (float)result_near(t, t->exact[i], 0);
    t->singles[k] = (float)t->result[k];
    oracle_keep_block(t->of, MATH_DEFAULT, w, t->x_singles, t->y_singles, t->singles, &t->values, ORACLE_BLOCK);
}

/* The greatest error known is a last bit less than that of the next argument, or as much, or a bit more. */
static void an_error_greater_by_a_bit_is_found(void **state)
{
    (void)state;
    enum { TRIED = 40 };
    int wrong = 0;
    for (int variant = 0; variant < VARIANTS; variant++) {
        trial *t = try_variant(variant);
        const bool blocks = t->type == IR_F32;
        draw(t, blocks ? ORACLE_BLOCK : TRIED);
        if (blocks)
            oracle_prepare_block(t->of, &t->values);
        for (int k = 0; k < TRIED; k++) {
            t->result[k] = result_near(t, t->exact[k], k % 3 - 1);
            const double there = true_error(t, k);
            if (there == 0 || there > oracle_most(t->of, MATH_DEFAULT))
                continue;
            for (int bits = -1; bits <= 1; bits++) {
                math_worst w = {.error = oracle_step(there, bits)};
                const double expected = bits < 0 ? there : w.error;
                if (blocks && there > 0.51)
                    keep_among_others(t, &w, k);
                else
                    keep(t, &w, k);
                if (w.error < expected || w.error > expected)
                    wrong += missed(t, "an error greater by a bit", k, w.error, expected);
            }
        }
    }
    assert_int_equal(wrong, 0);
}

/* Results of errors about half a place and more: what the filter finds, and MPFR at every argument. */
static void maxima_are_those_of_mpfr(void **state)
{
    (void)state;
    const char *proof = getenv("SINTER_PROOF");
    const int most = proof && *proof ? 100000 : 120;
    int wrong = 0;
    for (int variant = 0; variant < VARIANTS; variant++) {
        trial *t = try_variant(variant);
        math_worst found = {0}, there = {0};
        for (int tried = 0; tried < most; tried += ORACLE_BLOCK) {
            const int count = most - tried < ORACLE_BLOCK ? most - tried : ORACLE_BLOCK;
            draw(t, count);
            for (int k = 0; k < count; k++)
                t->result[k] = result_near(t, t->exact[k], k % 64 == 0 ? 1 - k % 128 / 32 : 0);
            for (int k = 0; k < count; k++) {
                keep(t, &found, k);
                oracle_decide(t->of, t->type, MATH_DEFAULT, &there, t->x[k], t->y[k], t->result[k],
                              t->type == IR_F32
                                  ? oracle_error_f32((float)t->result[k], t->values.exact[k], oracle_margin(t->of, t->type))
                                  : oracle_error_f64(t->result[k], t->exact[k], oracle_margin(t->of, t->type)));
            }
        }
        if (found.error < there.error || found.error > there.error || found.absolute < there.absolute)
            wrong += missed(t, "the greatest of all", 0, found.error, there.error);
        if (!oracle_is_sound(t->of, t->type, &there)) {
            print_message("# %s %s: the fast oracle hides %g ULP at %a, %a\n", t->of->name, sn_ir_type_name(t->type), there.hidden,
                          there.hidden_x, there.hidden_y);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Blocks settle what single results do. */
static void blocks_find_what_single_arguments_do(void **state)
{
    (void)state;
    int wrong = 0;
    for (int variant = 0; variant < VARIANTS; variant += 2) {
        trial *t = try_variant(variant);
        draw(t, ORACLE_BLOCK);
        for (int k = 0; k < ORACLE_BLOCK; k++)
            t->result[k] = result_near(t, t->exact[k], k % 512 == 77);
        const math_worst w = filter(t, ORACLE_BLOCK);
        math_worst single = {0};
        for (int k = 0; k < ORACLE_BLOCK; k++)
            keep(t, &single, k);
        if (w.error < single.error || w.error > single.error || w.arguments != single.arguments)
            wrong += missed(t, "a block's greatest", 0, w.error, single.error);
    }
    assert_int_equal(wrong, 0);
}

/* ---- where estimates are hardest ---- */

/* A block's test of results without branches, at everything that is special, and the same with them. */
static void blocks_settle_only_what_is(void **state)
{
    (void)state;
    static const double sizes[] = {
        0, 0x1p-1074, 0x1p-160, 0x1p-150, 0x1p-149, 0x1.8p-149, 0x1p-127, 0x1.fffffep-127, 0x1p-126, 0x1.000002p-126, 1,
        0x1.0000008p0, 0x1.000001p0, 0x1.000002p0, 0x1.ffffffp-1, 0x1.fffffep127, 0x1.fffffefffffffp127, 0x1.ffffffp127,
        0x1p128, 0x1p1000, INFINITY, NAN,
    };
    enum { SIZES = sizeof sizes / sizeof *sizes };
    const math_oracle usual = {.name = "any"};
    const double margin = oracle_margin(&usual, IR_F32), loose = oracle_loose(IR_F32, margin), limit = 0.9 - margin;
    int wrong = 0, settled = 0;
    static oracle_values v, wide;
    for (int n = 0; n < 4 * SIZES * SIZES; n++) {
        const double z = (n & 1 ? -1 : 1) * sizes[n / 4 % SIZES], e = (n & 2 ? -1 : 1) * sizes[n / 4 / SIZES];
        float results[ORACLE_FEW];
        for (int k = 0; k < ORACLE_FEW; k++) {
            results[k] = n & 4 ? 1 : (float)INFINITY;
            v.exact[k] = n & 4 ? 1 : (double)INFINITY;
        }
        results[n % ORACLE_FEW] = (float)z;
        v.exact[n % ORACLE_FEW] = e;
        wide = v;
        oracle_prepare(&v, loose);
        const bool is_settled = oracle_settles_group(&v, 0, results, limit, false);
        const double error = oracle_error_f32((float)z, e, margin);
        if (is_settled && !(error <= limit)) {
            print_message("# %a for %a: an error of %g is settled\n", z, e, error);
            wrong++;
        }
        if (oracle_is_wide()) {
            oracle_prepare_wide(&wide, loose);
            wrong += oracle_settles_group(&wide, 0, results, limit, true) != is_settled;
        }
        settled += is_settled;
    }
    assert_true(settled > SIZES);
    assert_int_equal(wrong, 0);
}

/* |y − v| in places of v, which a long double holds. */
static double error_of(ir_type type, double y, long double v)
{
    const int bits = type == IR_F32 ? 24 : 53, most = type == IR_F32 ? 128 : 1024, least = type == IR_F32 ? -149 : -1074;
    if (fabsl(v) >= ldexpl(1, most) - ldexpl(1, most - bits - 1))
        return isinf(y) && (y < 0) == (v < 0) ? 0 : (double)INFINITY;
    const int place = ilogbl(v) - bits + 1 > least ? ilogbl(v) - bits + 1 : least;
    const long double value = isinf(y) ? copysignl(ldexpl(1, most), (long double)y) : (long double)y;
    return (double)ldexpl(fabsl(value - v), -place);
}

/* A value next to a border, the fast oracle's next to it by less than what half a margin allows, and a result. */
typedef struct doubtful {
    long double value, quick;
    double result;
} doubtful;

static doubtful draw_doubtful(ir_type type, uint64_t *seed)
{
    const int i = type == IR_F64;
    const long double loose = (long double)oracle_loose(type, oracle_margin(&math_oracles[0], type)), borders[] = {
        1, 2, 0x1p-10L, ldexpl(1, i ? -1022 : -126), ldexpl(1, i ? -1023 : -127), ldexpl(1, i ? 1023 : 127),
        ldexpl(1, i ? 1024 : 128) - ldexpl(1, i ? 970 : 103),
    };
    const uint64_t r = oracle_random(seed);
    const long double border = borders[(r >> 32) % 7];
    const double nearest = i ? (double)border : (double)(float)border;
    doubtful d;
    d.value = border * (1 + 4 * loose * ((long double)oracle_unit(seed) - 0.5L));
    d.quick = d.value * (1 + loose * ((long double)oracle_unit(seed) - 0.5L));
    if (isinf(nearest))
        d.result = r & 64 ? (i ? 0x1.fffffffffffffp1023 : 0x1.fffffep127) : nearest;
    else
        d.result = oracle_neighbour(type, nearest, (int)(r & 3) - 2 + (int)(r >> 2 & 1));
    return d;
}

static void estimates_hide_no_more_than_the_margin(void **state)
{
    (void)state;
    int wrong = 0;
    for (int i = 0; i < 2; i++) {
        const ir_type type = i ? IR_F64 : IR_F32;
        const double margin = oracle_margin(&math_oracles[0], type);
        uint64_t seed = 0xD1B54A32D192ED03u;
        for (int n = 0; n < 100000; n++) {
            const doubtful d = draw_doubtful(type, &seed);
            /* f32's value as a double: exact enough, half a margin being 2^11 of its places. */
            const double estimate = i ? oracle_error_f64(d.result, d.quick, margin)
                                      : oracle_error_f32((float)d.result, (double)d.quick, margin);
            wrong += !(error_of(type, d.result, d.value) <= estimate + margin);
        }
    }
    assert_int_equal(wrong, 0);
}

/* The same of blocks: no group is settled by a limit that is less, by more than the margin, than one of its errors. */
static void blocks_hide_no_more_than_the_margin(void **state)
{
    (void)state;
    static oracle_values v;
    static float results[ORACLE_BLOCK];
    const double margin = oracle_margin(&math_oracles[0], IR_F32);
    double there[ORACLE_GROUPS];
    uint64_t seed = 0xA0761D6478BD642Fu;
    int wrong = 0;
    for (int round = 0; round < 100; round++) {
        for (int k = 0; k < ORACLE_BLOCK; k++) {
            v.exact[k] = 1;
            results[k] = 1;
        }
        for (int g = 0; g < ORACLE_GROUPS; g++) {
            const doubtful d = draw_doubtful(IR_F32, &seed);
            const int k = g * ORACLE_FEW + g % ORACLE_FEW;
            v.exact[k] = (double)d.quick;
            results[k] = (float)d.result;
            there[g] = error_of(IR_F32, d.result, d.value);
        }
        oracle_prepare_block(&math_oracles[0], &v);
        for (int g = 0; g < ORACLE_GROUPS; g++)
            for (int wide = 0; wide <= oracle_is_wide(); wide++)
                wrong += there[g] > margin
                         && oracle_settles_group(&v, g, results + g * ORACLE_FEW, there[g] - 1.001 * margin, wide != 0);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_errors_are_found),
        cmocka_unit_test(an_error_greater_by_a_bit_is_found),
        cmocka_unit_test(maxima_are_those_of_mpfr),
        cmocka_unit_test(blocks_find_what_single_arguments_do),
        cmocka_unit_test(blocks_settle_only_what_is),
        cmocka_unit_test(blocks_hide_no_more_than_the_margin),
        cmocka_unit_test(estimates_hide_no_more_than_the_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
