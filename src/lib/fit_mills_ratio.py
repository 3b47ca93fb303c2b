#!/usr/bin/env python3
"""The series of densities_tails.sn, written as the library's text: fit_mills_ratio.py

Mills' ratio R(t) of the normal distribution, the share above t over the density there, and D(t) = 1 - t R(t) = -R'(t), for t from -1 to infinity: R(t)
(t + 3/2) and D(t) (t^2 + t + 1) are nearly constant and smooth in u = (t - 2)/(t + 4), which is -1 at t = -1 and 1 at infinity. Chebyshev's
series in u (64 nodes, mpmath with 400 bits) are written out as polynomials, whose errors in f64 are printed: units of 2^-53 of the value.
"""
import random
from fractions import Fraction

from mpmath import cos, erfc, exp, mp, mpf, pi, sqrt

mp.prec = 400
NODES = 64


def tail(t, first, k):
    """The asymptotic series from a term on, where its terms fall far below the precision."""
    total, term = mpf(0), first
    while abs(term) > mpf(2)**-390*abs(first):
        total, term = total + term, term*-(2*k + 1)/t**2
        k += 1
    return total


def ratio(t):
    t = mpf(t)
    return tail(t, 1/t, 0) if t > 60 else sqrt(pi/2)*exp(t*t/2)*erfc(t/sqrt(2))


def slope(t):
    t = mpf(t)
    return tail(t, 1/t**2, 1) if t > 60 else 1 - t*ratio(t)


def series(f, degree):
    at = [cos(pi*(2*k + 1)/(2*NODES)) for k in range(NODES)]
    values = [f((4*u + 2)/(1 - u)) for u in at]
    total, before, now = [mpf(0)]*(degree + 1), [mpf(1)], [mpf(0), mpf(1)]
    for j in range(degree + 1):
        c = (1 if j == 0 else 2)/mpf(NODES)*sum(v*cos(j*pi*(2*k + 1)/(2*NODES)) for k, v in enumerate(values))
        for i, v in enumerate(before):
            total[i] += c*v
        after = [mpf(0)] + [2*v for v in now]
        for i, v in enumerate(before):
            after[i] -= v
        before, now = now, after
    return [float(v) for v in total]


def fma(a, b, c):
    return float(Fraction(a)*Fraction(b) + Fraction(c))


def worst(coefficients, weight, f):
    greatest = 0
    for _ in range(1000):
        t = random.choice([random.uniform(-1, 3), random.uniform(0, 12), 10**random.uniform(-2, 12)])
        p = 0.0
        for c in reversed(coefficients):
            p = fma((t - 2)/(t + 4), p, c)
        greatest = max(greatest, abs(mpf(p/weight(t))/f(t) - 1)*2**53)
    return float(greatest)


def write(name, what, coefficients, error):
    last = len(coefficients) - 1
    print(f"# {what} of u = (t - 2)/(t + 4), to {error:.1f} 2^-53.\nfn {name}(u) {{")
    for i in range(last - 1, -1, -1):
        p = coefficients[last].hex() if i == last - 1 else f"p{i + 1}"
        print(f"    p{i} = fma(u, {p}, {coefficients[i].hex()})")
    print("    p0\n}\n")


def main():
    random.seed(1)
    of_ratio = series(lambda t: ratio(t)*(t + mpf(3)/2), 28)
    write("mills_series", "R(t) (t + 3/2)", of_ratio, worst(of_ratio, lambda t: t + 1.5, ratio))
    of_slope = series(lambda t: slope(t)*(t*(t + 1) + 1), 31)
    write("mills_slope_series", "(1 - t R(t)) (t^2 + t + 1)", of_slope, worst(of_slope, lambda t: fma(t, t + 1, 1.0), slope))


if __name__ == "__main__":
    main()
