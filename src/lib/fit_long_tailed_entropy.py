#!/usr/bin/env python3
"""The polynomials for entropies of negative binomial counts in densities_counts.sn, as the language writes them, and how far off its integrals are at worst:
fit_long_tailed_entropy.py

    (exp(x) - 1 - x)/x^2                               of x from -0.55 to 0.55
    log(sinh(x)/x)/x^2                                 of x^2 from 0 to 4
    the sum over k >= 2 of y^(k - 2)/(2 k (2 k + 1))   of y from 0 to 1/4

Each is right at the zeros of Chebyshev's polynomial of its degree. The trapezoid rules over v = w - exp(-0.3 w) + b exp(0.3 w) are compared with steps of 1/16 in v, Gauss and
Legendre's points with mpmath's integrals. Needs mpmath, and a minute or two.
"""
from mpmath import cos, e, exp, expm1, linspace, log, log1p, lu_solve, matrix, mp, mpf, nstr, pi, quad, sinh

from fit_tail_integrals import points

mp.dps = 40
STRETCH = mpf(3)/10
OF_LARGE, OF_SMALL = (mpf('0.16'), mpf('0.5'), -51, 60), (mpf('0.2'), mpf(0), -57, 19)  # step, b, first, last
SHARE = mpf('0.45')  # of x in the points of the short integral; the rest is x^3


def distance(x):
    return sum(x**k/mp.factorial(k + 2) for k in range(30))


def spread(z):
    """log(sinh(x)/x)/x^2 by z = x^2"""
    if z < mpf(10)**-12:
        return mpf(1)/6 - z/180
    x = mp.sqrt(z)
    return log(sinh(x)/x)/z


def lost(y):
    """(1 - log(1 - y)/2 - atanh(sqrt(y))/sqrt(y) - y/6)/y^2"""
    return sum(y**(k - 2)/(2*k*(2*k + 1)) for k in range(2, 80))


def fit(name, variable, f, start, end, count):
    nodes = [(start + end + (end - start)*cos(pi*(2*i + 1)/(2*count)))/2 for i in range(count)]
    found = lu_solve(matrix([[x**j for j in range(count)] for x in nodes]), matrix([f(x) for x in nodes]))
    c = [mpf(float(v)) for v in found]
    worst = max(abs(sum(v*x**j for j, v in enumerate(c))/f(x) - 1) for x in linspace(start, end, 101))
    print(f"# {name}: 2^{nstr(log(worst, 2), 4)}")
    texts = [float(v).hex() for v in c]
    value, rest = texts[-1], texts[-2::-1]
    while rest:
        for text in rest[:4]:
            value = f"fma({variable}, {value}, {text})"
        rest = rest[4:]
        target = f"{name}{len(rest)}"
        print(f"    {target} = {value}")
        value = target


# ---- the integrals

def of_large(v, r, m):
    u = exp(v)
    t = 2*u/((2*m + 1)*r)
    return exp(-r*log1p(-m*expm1(-t)) - t)*expm1(-(r - 1)*t)/expm1(-t) - (r - 1)*exp(-u) if t < 10000 else mpf(0)


def of_small(v, r, m):
    t = exp(v)
    y, z = -expm1(-t), (1 - r)*t
    less = (exp(z) - 1 - z if abs(z) > 1e-3 else z*z*distance(z))
    return (-expm1(-r*log1p(m*y))/y + expm1(-r*log1p(m)))*exp(-t)*less if t < 200 else mpf(0)


def stretched(f, r, m, step, more, first, last):
    total = mpf(0)
    for i in range(first, last + 1):
        w = i*step
        low, high = exp(-STRETCH*w), more*exp(STRETCH*w)
        total += (1 + STRETCH*(low + high))*f(w - low + high, r, m)
    return step*total


def plain(f, r, m, low, high):
    return sum(f(mpf(i)/16, r, m) for i in range(16*low, 16*high))/16


def short_integral(r, s, nodes, weights):
    rest = 1 - SHARE
    places = [(s*(SHARE*x + rest*x**3), w*(SHARE + 3*rest*x*x)) for x, w in zip(nodes, weights)]
    return s*sum(w*expm1(-r*a)/-expm1(a) for a, w in places)


def main():
    fit("c", "x", distance, mpf('-0.55'), mpf('0.55'), 12)
    fit("c", "z", spread, mpf(0), mpf(4), 15)
    fit("c", "y", lost, mpf(0), mpf(1)/4, 13)
    worst = 0
    for r in (2, 2.5, 4, 8, 20, 60, 150):
        for m in (0.5, 1, 2, 8, 100, 1e6, 1e50):
            if m < 30 or r < 32:
                size = log(2*pi*e*r*m*(1 + mpf(m)))/2
                worst = max(worst, abs(stretched(of_large, mpf(r), mpf(m), *OF_LARGE) - plain(of_large, mpf(r), mpf(m), -45, 45))/size)
    print("# of shapes from 2 on: 2^" + nstr(log(worst, 2), 4), "of log(2 pi e V)/2")
    worst = 0
    for r in (1e-300, 1e-8, 0.1, 0.5, 0.9, 1.3, 2):
        for m in (1e-10, 0.1, 1, 5, 100, 1e4, 1e6, 1e10, 1e100, 1e300):
            size = log1p(mpf(m))*r
            worst = max(worst, abs(stretched(of_small, mpf(r), mpf(m), *OF_SMALL) - plain(of_small, mpf(r), mpf(m), -95, 6))/size)
    print("# of shapes below 2: 2^" + nstr(log(worst, 2), 4), "of r log(1 + m)")
    nodes, weights = points(24)
    worst = 0
    for r in (1e-8, 0.1, 0.5, 1, 2):
        for s in (0.01, 1, 5, 10, 20, 30, 40):
            exact = quad(lambda x: expm1(-r*x)/-expm1(x), linspace(0, s, 9))
            worst = max(worst, abs(short_integral(mpf(r), mpf(s), nodes, weights)/exact - 1))
    print("# the short integral: 2^" + nstr(log(worst, 2), 4))


if __name__ == "__main__":
    main()
