/* Exact sums against another exact method: partial sums that do not overlap (J. R. Shewchuk, Adaptive precision floating-point
 * arithmetic, 1997), rounded as Python's math.fsum does. */
#include "density/exact_sum.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 5000 };

static uint64_t seed = 0x9E3779B97F4A7C15u;

static uint64_t random_bits(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Finite, of any exponent between the two. */
static double random_value(int least, int most)
{
    const double mantissa = 1 + (double)(random_bits() >> 12) * 0x1p-52;
    const int exponent = least + (int)(random_bits() % (unsigned)(most - least + 1));
    return ldexp(random_bits() & 1 ? mantissa : -mantissa, exponent);
}

typedef struct partials {
    double part[2200]; /* one for each bit, at worst */
    int count;
} partials;

static void reference_add(partials *p, double x)
{
    int kept = 0;
    for (int k = 0; k < p->count; k++) {
        const double y = p->part[k], big = fabs(x) < fabs(y) ? y : x, small = fabs(x) < fabs(y) ? x : y;
        const double high = big + small, low = small - (high - big);
        if (low != 0)
            p->part[kept++] = low;
        x = high;
    }
    p->part[kept++] = x;
    p->count = kept;
}

static double reference_value(const partials *p)
{
    int n = p->count;
    if (n == 0)
        return 0;
    double high = p->part[--n], low = 0;
    while (n > 0) {
        const double x = high, y = p->part[--n];
        high = x + y;
        low = y - (high - x);
        if (low != 0)
            break;
    }
    if (n > 0 && ((low < 0 && p->part[n - 1] < 0) || (low > 0 && p->part[n - 1] > 0))) { /* half a unit and more */
        const double twice = 2 * low, x = high + twice;
        if (twice == x - high)
            high = x;
    }
    return high + 0.0;
}

static uint64_t bits(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static void expect(double got, double wanted, const char *what)
{
    if (bits(got) != bits(wanted) && !(isnan(got) && isnan(wanted)))
        fail_msg("%s: %a instead of %a", what, got, wanted);
}

static double sum_of(const double *x, int64_t n)
{
    exact_sum s;
    sn_exact_open(&s);
    sn_exact_add_all(&s, x, n);
    return sn_exact_value(&s);
}

static void compare(const double *x, int n, const char *what)
{
    partials p = {.count = 0};
    for (int k = 0; k < n; k++)
        reference_add(&p, x[k]);
    expect(sum_of(x, n), reference_value(&p), what);
}

static void random_sums(void **state)
{
    (void)state;
    static const int ranges[][2] = {{-3, 3}, {-60, 60}, {-1074, -1000}, {-1074, 1000}, {900, 1000}, {-1022, -1000}};
    static double x[MOST];
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++)
        for (int round = 0; round < 200; round++) {
            const int n = 1 + (int)(random_bits() % (round % 50 ? 60 : MOST / 2));
            for (int k = 0; k < n; k++)
                x[k] = random_value(ranges[r][0], ranges[r][1]);
            compare(x, n, "random");
            for (int k = 0; k < n; k++) /* what is left is tiny against what was added */
                x[n + k] = k % 7 ? -x[n - 1 - k] : -x[n - 1 - k] * (1 + DBL_EPSILON);
            compare(x, 2 * n, "cancelling");
        }
}

/* Sums that lie halfway between two numbers, and next to it. */
static void ties(void **state)
{
    (void)state;
    const double one = 1, half = 0x1p-53, tiny = 0x1p-1074;
    expect(sum_of((const double[]){one, half}, 2), 1, "to even, down");
    expect(sum_of((const double[]){one + DBL_EPSILON, half}, 2), 1 + 2 * DBL_EPSILON, "to even, up");
    expect(sum_of((const double[]){one, half, tiny}, 3), 1 + DBL_EPSILON, "above the half");
    expect(sum_of((const double[]){one, half, -tiny}, 3), 1, "below the half");
    expect(sum_of((const double[]){-one, -half, -tiny}, 3), -1 - DBL_EPSILON, "negative");
    expect(sum_of((const double[]){2 - DBL_EPSILON, half * 2}, 2), 2, "a carry into the exponent");
    expect(sum_of((const double[]){0x1p-1022, -tiny}, 2), 0x1p-1022 - tiny, "subnormal");
    expect(sum_of((const double[]){tiny, tiny, tiny}, 3), 3 * tiny, "subnormals");
    expect(sum_of((const double[]){DBL_MAX, DBL_MAX, -DBL_MAX}, 3), DBL_MAX, "beyond all numbers and back");
    expect(sum_of((const double[]){DBL_MAX, 0x1p969}, 2), DBL_MAX, "nearly an infinity");
    expect(sum_of((const double[]){DBL_MAX, 0x1p970}, 2), INFINITY, "rounded to infinity");
    expect(sum_of((const double[]){-DBL_MAX, -DBL_MAX}, 2), -INFINITY, "an infinity of numbers");
    expect(sum_of((const double[]){-0.0, -0.0}, 2), 0, "negative zeros");
    expect(sum_of(NULL, 0), 0, "nothing");
}

static void order_and_cutting(void **state)
{
    (void)state;
    static double x[MOST];
    for (int k = 0; k < MOST; k++)
        x[k] = random_value(-300, 300);
    const double whole = sum_of(x, MOST);
    for (int round = 0; round < 20; round++) {
        exact_sum parts[3];
        for (int k = 0; k < 3; k++)
            sn_exact_open(&parts[k]);
        for (int k = MOST - 1; k > 0; k--) {
            const int other = (int)(random_bits() % (unsigned)(k + 1));
            const double kept = x[k];
            x[k] = x[other];
            x[other] = kept;
        }
        for (int k = 0; k < MOST; k++)
            sn_exact_add(&parts[random_bits() % 3], x[k]);
        sn_exact_join(&parts[2], &parts[0]);
        sn_exact_join(&parts[1], &parts[2]);
        expect(sn_exact_value(&parts[1]), whole, "another order, in three parts");
        expect(sn_exact_value(&parts[1]), whole, "asked twice");
    }
}

/* Many equal signs and exponents, so that carries come from credit alone. */
static void many_large(void **state)
{
    (void)state;
    exact_sum s;
    sn_exact_open(&s);
    const double x = ldexp(2 - DBL_EPSILON, 31 + 1);
    for (int k = 0; k < 1 << 20; k++)
        sn_exact_add(&s, -x);
    expect(sn_exact_value(&s), -x * 0x1p20, "a million of one number");
    for (int k = 0; k < 40; k++) { /* doubled again and again */
        exact_sum same = s;
        sn_exact_join(&s, &same);
    }
    expect(sn_exact_value(&s), -x * 0x1p60, "joined with itself");
}

static void not_finite(void **state)
{
    (void)state;
    exact_sum s;
    static double x[700]; /* among many, at every place of a vector */
    for (int at = 0; at < 17; at++) {
        for (int k = 0; k < 700; k++)
            x[k] = k + 0.5;
        x[320 + at] = NAN;
        expect(sum_of(x, 700), NAN, "NaN among many");
        x[320 + at] = -INFINITY;
        expect(sum_of(x, 700), -INFINITY, "an infinity among many");
        x[699] = NAN;
        expect(sum_of(x, 700), NAN, "NaN at the end");
    }
    sn_exact_open(&s);
    sn_exact_add(&s, 1.5);
    sn_exact_add(&s, INFINITY);
    expect(sn_exact_value(&s), INFINITY, "infinity");
    sn_exact_add_all(&s, (const double[]){-INFINITY, 2}, 2);
    expect(sn_exact_value(&s), NAN, "both infinities");
    sn_exact_remove(&s, INFINITY);
    expect(sn_exact_value(&s), -INFINITY, "one taken back");
    sn_exact_add(&s, NAN);
    expect(sn_exact_value(&s), NAN, "not a number");
    sn_exact_remove(&s, NAN);
    sn_exact_remove(&s, -INFINITY);
    expect(sn_exact_value(&s), 3.5, "all taken back");
    sn_exact_add_product(&s, INFINITY, 0);
    expect(sn_exact_value(&s), NAN, "infinity times 0");
    sn_exact_remove_product(&s, INFINITY, 0);
    sn_exact_add_product(&s, -INFINITY, 3);
    expect(sn_exact_value(&s), -INFINITY, "an infinite product");
}

static void products(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        partials p = {.count = 0};
        exact_sum s;
        sn_exact_open(&s);
        const int range = round % 2 ? 30 : 250, n = 1 + round % 40;
        for (int k = 0; k < n; k++) {
            const double a = random_value(-range, range), b = random_value(-range, range), product = a * b;
            sn_exact_add_product(&s, a, b);
            reference_add(&p, product);
            reference_add(&p, fma(a, b, -product));
        }
        expect(sn_exact_value(&s), reference_value(&p), "products");
    }
    exact_sum s;
    sn_exact_open(&s);
    sn_exact_add_product(&s, DBL_MAX, DBL_MAX);
    sn_exact_add_product(&s, 0x1p-1074, 0x1p-1074); /* a single unit */
    sn_exact_add_product(&s, -DBL_MAX, DBL_MAX);
    expect(sn_exact_value(&s), 0, "below all numbers");
    for (int k = 0; k < 1074; k++) {
        exact_sum same = s;
        sn_exact_join(&s, &same);
    }
    expect(sn_exact_value(&s), 0x1p-1074, "the unit was kept");
    sn_exact_add_product(&s, 3, -0.25);
    sn_exact_remove_product(&s, 3, -0.25);
    expect(sn_exact_value(&s), 0x1p-1074, "a product taken back");
}

static void pairs(void **state)
{
    (void)state;
    exact_sum s;
    double rest;
    sn_exact_open(&s);
    sn_exact_add(&s, 1);
    sn_exact_add(&s, 0x1p-70);
    expect(sn_exact_value_pair(&s, &rest), 1, "the sum");
    expect(rest, 0x1p-70, "the rest");
    sn_exact_add(&s, INFINITY);
    expect(sn_exact_value_pair(&s, &rest), INFINITY, "infinite");
    expect(rest, 0, "of which nothing is left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sums), cmocka_unit_test(ties),     cmocka_unit_test(order_and_cutting), cmocka_unit_test(many_large),
        cmocka_unit_test(not_finite),  cmocka_unit_test(products), cmocka_unit_test(pairs),
    };
    return cmocka_run_group_tests_name("exact_sum", tests, NULL, NULL);
}
