#!/usr/bin/env python3
"""Polynomials of densities_gamma.sn, written as the library's text: fit_gamma_slopes.py

- digamma(3 + u) of u from -1 to 1.125, at the 24 zeros of Chebyshev's polynomial;
- b log(gamma(b + 1/2)/(gamma(b) sqrt(b))) of b >= 3, by z = 1/b^2 at the 12 zeros, and its derivative by b times -b^2, term by term;
- the derivative of stirling_error by a times -a^2, by z = 1/a^2, term by term, of the coefficients that stand in the text.

Each as two polynomials, of the even powers and of the odd ones. What they err by is printed behind them, as powers of 2 (mpmath with 200 bits).
"""
import pathlib
import re

from mpmath import cos, digamma, log, loggamma, mp, mpf, nstr, pi, polyval, sqrt

mp.prec = 200
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


def chain(name, coefficients):
    """Horner's rule in w, three steps a line."""
    terms = [c.hex().replace("p+", "p") for c in reversed(coefficients)]
    value, rest = terms[0], terms[1:]
    while rest:
        for c in rest[:3]:
            value = f"fma(w, {value}, {c})"
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
    few = interpolate(digamma, 24, mpf(2), mpf(33)/8, mpf(3))
    show("digamma(3 + u)", few, greatest(lambda u: value(few, u) - digamma(3 + u), mpf(-1), mpf(9)/8))
    step = interpolate(lambda z: half_step(1/sqrt(z))/sqrt(z), 12, mpf(0), mpf(1)/9, mpf(0))
    show("half_step(b) b", step, greatest(lambda b: value(step, 1/b**2)/b - half_step(b), mpf(3), mpf(30)))
    slope = [-c for c in term_by_term(step)]
    show("half_step_slope/z", slope, greatest(lambda b: value(slope, 1/b**2)/b**2 - (digamma(b + mpf(1)/2) - digamma(b) - 1/(2*b)), mpf(3), mpf(30)))
    stirling = term_by_term(stirling_coefficients())
    show("-stirling_error_slope/z, from 2.05 on", stirling,
         greatest(lambda a: value(stirling, 1/a**2)/a**2 + (digamma(a + 1) - log(a) - 1/(2*a)), mpf("2.05"), mpf(30)))


if __name__ == "__main__":
    main()
