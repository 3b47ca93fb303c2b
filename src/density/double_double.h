/* Numbers of twice the precision: the unrounded sum of two f64, the second at most half a unit in the last place of the first. Additions and
 * products err by a few times 2^-104 of the result (T. J. Dekker, A floating-point technique for extending the available precision,
 * 1971; M. Joldes, J.-M. Muller, V. Popescu, Tight and rigorous error bounds for basic building blocks of double-word
 * arithmetic, 2017, whose algorithms 6, 12 and 17 these are). */
#ifndef SN_DENSITY_DOUBLE_DOUBLE_H
#define SN_DENSITY_DOUBLE_DOUBLE_H

#include <math.h>

typedef struct double_double {
    double hi, lo;
} double_double;

static inline double_double sn_dd(double value)
{
    return (double_double){value, 0};
}

/* a + b, exactly, where |a| ≥ |b| or a is 0. */
static inline double_double sn_dd_quick_sum(double a, double b)
{
    const double sum = a + b;
    return (double_double){sum, b - (sum - a)};
}

/* a + b, exactly. */
static inline double_double sn_dd_two_sum(double a, double b)
{
    const double sum = a + b, of_b = sum - a;
    return (double_double){sum, (a - (sum - of_b)) + (b - of_b)};
}

/* a·b, exactly, but for what lies below the least f64. */
static inline double_double sn_dd_two_product(double a, double b)
{
    const double product = a * b;
    return (double_double){product, fma(a, b, -product)};
}

static inline double_double sn_dd_negative(double_double a)
{
    return (double_double){-a.hi, -a.lo};
}

static inline double_double sn_dd_add(double_double a, double_double b)
{
    const double_double s = sn_dd_two_sum(a.hi, b.hi), t = sn_dd_two_sum(a.lo, b.lo);
    const double_double v = sn_dd_quick_sum(s.hi, s.lo + t.hi);
    return sn_dd_quick_sum(v.hi, t.lo + v.lo);
}

static inline double_double sn_dd_subtract(double_double a, double_double b)
{
    return sn_dd_add(a, sn_dd_negative(b));
}

static inline double_double sn_dd_multiply(double_double a, double_double b)
{
    const double_double p = sn_dd_two_product(a.hi, b.hi);
    return sn_dd_quick_sum(p.hi, p.lo + fma(a.hi, b.lo, fma(a.lo, b.hi, a.lo * b.lo)));
}

static inline double_double sn_dd_divide(double_double a, double_double b)
{
    const double first = a.hi / b.hi;
    if (!isfinite(first) || first == 0)
        return sn_dd(first);
    const double_double rest = sn_dd_subtract(a, sn_dd_multiply(b, sn_dd(first)));
    const double second = rest.hi / b.hi;
    const double_double last = sn_dd_subtract(rest, sn_dd_multiply(b, sn_dd(second)));
    const double_double q = sn_dd_quick_sum(first, second);
    return sn_dd_add(q, sn_dd(last.hi / b.hi));
}

static inline double_double sn_dd_scale(double_double a, int exponent)
{
    return (double_double){ldexp(a.hi, exponent), ldexp(a.lo, exponent)};
}

static inline double sn_dd_value(double_double a)
{
    return a.hi + a.lo;
}

#endif
