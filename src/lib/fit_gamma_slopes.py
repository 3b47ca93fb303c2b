#!/usr/bin/env python3
"""Polynomials of densities_gamma.sn, written as the library's text: fit_gamma_slopes.py

- lgamma(1 + a)/(a (a - 1)) of a from 0 to 2, and digamma(1 + a) of a from 0 to 2.125, as quotients of two polynomials;
- 1/5 + z/7 + z^2/9 + ... of z from 0 to 1/16, at the 9 zeros of Chebyshev's polynomial, one chain;
- b log(gamma(b + 1/2)/(gamma(b) sqrt(b))) of b >= 3, by z = 1/b^2 at the 12 zeros, and its derivative by b times -b^2, term by term;
- the derivative of stirling_error by a times -a^2, by z = 1/a^2, term by term, of the coefficients that stand in the text.

The others as two polynomials, of the even powers and of the odd ones. What they err by is printed behind them, as powers of 2 (mpmath with 300 bits).
"""
import pathlib
import re

from mpmath import atanh, cos, digamma, log, loggamma, lu_solve, matrix, mp, mpf, nstr, pi, polyval, sqrt

mp.prec = 300
TEXT = pathlib.Path(__file__).resolve().parent / "densities_gamma.sn"


def interpolate(f, count, low, high, origin):
    """Coefficients by powers of x - origin, rounded to f64: exact at Chebyshev's zeros."""
    middle, half = (mpf(low) + high)/2, (mpf(high) - low)/2
    angles = [pi*(2*k + 1)/(2*count) for k in range(count)]
    values = [f(middle + half*cos(angle)) for angle in angles]
    series = [sum(v*cos(j*angle) for v, angle in zip(values, angles))*(2 if j else 1)/count for j in range(count)]
    shift = [(origin - middle)/half, 1/half]  # the argument of Chebyshev's polynomials
    before, now, total = [mpf(0)], [mpf(1)], [mpf(0)]*count
    for j in range(count):
        for k, c in enumerate(now):
            total[k] += series[j]*c
        following = [mpf(0)]*(len(now) + 1)
        for k, c in enumerate(now):
            following[k] += (2 if j else 1)*shift[0]*c
            following[k + 1] += (2 if j else 1)*shift[1]*c
        for k, c in enumerate(before):
            following[k] -= c
        before, now = now, following
    return [float(c) for c in total]


def least_quotient(f, weight, n, m, points, fixed, rounds=16):
    """Numerator and denominator, whose first coefficient is 1, with some coefficients fixed: least squares, weighted by Lawson's rule."""
    free = [k for k in range(n + 1 + m) if k not in fixed]
    values = [f(x) for x in points]
    below, lawson = [mpf(1)], [mpf(1)]*len(points)

    def column(k, x, y):
        return x**k if k <= n else -y*x**(k - n)

    for turn in range(rounds):
        a, b = matrix(len(points), len(free)), matrix(len(points), 1)
        for i, (x, y) in enumerate(zip(points, values)):
            scale = sqrt(lawson[i])*weight(y)/abs(value(below, x))
            b[i] = scale*(y - sum(column(k, x, y)*c for k, c in fixed.items()))
            for j, k in enumerate(free):
                a[i, j] = scale*column(k, x, y)
        solved = lu_solve(a.T*a, a.T*b)
        all_of = {**fixed, **dict(zip(free, solved))}
        above, below = [all_of[k] for k in range(n + 1)], [mpf(1), *(all_of[k] for k in range(n + 1, n + 1 + m))]
        if turn >= 4:
            errors = [abs(value(above, x)/value(below, x) - y)*weight(y) for x, y in zip(points, values)]
            lawson = [w*e for w, e in zip(lawson, errors)]
            total = sum(lawson)
            lawson = [w/total for w in lawson]
    return all_of, above, below


def quotient(f, weight, n, m, low, high):
    """Of f64: rounded one by one, the lowest powers first, so that those that are left make good what rounding does."""
    points = [(low + high)/2 + (high - low)/2*cos(pi*(2*k + 1)/160) for k in range(80)]
    fixed = {}
    for k in sorted(range(n + 1 + m), key=lambda k: 2*k if k <= n else 2*(k - n) + 1):
        fixed[k] = mpf(float(least_quotient(f, weight, n, m, points, fixed)[0][k]))
    return [float(fixed[k]) for k in range(n + 1)], [1.0, *(float(fixed[k]) for k in range(n + 1, n + 1 + m))]


def show_quotient(title, f, weight, sizes, high):
    above, below = quotient(f, weight, *sizes, mpf(0), mpf(high))
    error = greatest(lambda a: (value(above, a)/value(below, a) - f(a))*weight(f(a)), mpf(high)/2000, mpf(high)*1998/2001)
    print(f"# {title}: 2^{nstr(log(error, 2), 4)}")
    chain("p", above, "a")
    chain("q", below, "a")


def chain(name, coefficients, variable="w"):
    """Horner's rule, three steps a line."""
    terms = [c.hex().replace("p+", "p") for c in reversed(coefficients)]
    value, rest = terms[0], terms[1:]
    while rest:
        for c in rest[:3]:
            value = f"fma({variable}, {value}, {c})"
        rest = rest[3:]
        target = f"{name}{len(rest)}" if rest else name
        print(f"    {target} = {value}")
        value = target


def show(title, coefficients, error):
    print(f"# {title}: 2^{nstr(log(error, 2), 4)}")
    chain("even", coefficients[0::2])
    chain("odd", coefficients[1::2])


def greatest(f, low, high):
    return max(abs(f(low + (high - low)*k/mpf(1000))) for k in range(1001))


def term_by_term(coefficients):
    """Of s P(s^2), s = 1/a: the derivative by a is -s^2 times this."""
    return [float((2*k + 1)*mpf(c)) for k, c in enumerate(coefficients)]


def value(coefficients, x):
    return polyval([mpf(c) for c in reversed(coefficients)], x)


def half_step(b):
    return loggamma(b + mpf(1)/2) - loggamma(b) - log(b)/2


def deviance_series(z):
    root = sqrt(z)
    return (atanh(root)/root - 1 - z/3)/z**2


def stirling_coefficients():
    """As they stand in the text, innermost first."""
    body = re.search(r"fn stirling_error\(a\) \{(.*?)\n\}", TEXT.read_text(encoding="utf-8"), re.S).group(1)
    parts = {"even": [], "odd": []}
    for line in body.splitlines():
        words = re.match(r"\s*(even|odd)\d? = (.*)", line)
        if words:
            parts[words.group(1)] += [float.fromhex(c) for c in re.findall(r"-?0x[0-9a-f.]+p-?\d+", words.group(2))]
    merged = []
    for even, odd in zip(reversed(parts["even"]), reversed([None, *parts["odd"]])):
        merged += [even] + ([odd] if odd is not None else [])
    return merged


def main():
    show_quotient("lgamma(1 + a)/(a (a - 1))", lambda a: loggamma(1 + a)/(a*(a - 1)), lambda y: 1/y, (7, 7), 2)
    show_quotient("digamma(1 + a)", lambda a: digamma(1 + a), lambda y: 1, (7, 6), mpf(17)/8)
    series = interpolate(deviance_series, 9, mpf(0), mpf(1)/16, mpf(0))
    error = greatest(lambda z: 3*z*(value(series, z) - deviance_series(z)), mpf("1e-6"), mpf(1)/16)
    print(f"# 1/5 + z/7 + ..., times 3 z: 2^{nstr(log(error, 2), 4)}")
    chain("t", series, "z")
    step = interpolate(lambda z: half_step(1/sqrt(z))/sqrt(z), 12, mpf(0), mpf(1)/9, mpf(0))
    show("half_step(b) b", step, greatest(lambda b: value(step, 1/b**2)/b - half_step(b), mpf(3), mpf(30)))
    slope = [-c for c in term_by_term(step)]
    show("half_step_slope/z", slope, greatest(lambda b: value(slope, 1/b**2)/b**2 - (digamma(b + mpf(1)/2) - digamma(b) - 1/(2*b)), mpf(3), mpf(30)))
    stirling = term_by_term(stirling_coefficients())
    show("-stirling_error_slope/z, from 2.05 on", stirling,
         greatest(lambda a: value(stirling, 1/a**2)/a**2 + (digamma(a + 1) - log(a) - 1/(2*a)), mpf("2.05"), mpf(30)))


if __name__ == "__main__":
    main()
