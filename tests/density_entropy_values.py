#!/usr/bin/env python3
"""Entropies without a closed form, that density_entropy_test compares with: density_entropy_values.py > density_entropy_values.txt

A line: the family as a text, and its entropy; by mpmath with 60 digits, rounded to f64. Of counts it is the sum over all that have a share of it down to 10^-45, while
their mean is up to 20,000; of the skew normal distribution an integral. Parameters are f64, as written.

Negative binomial counts have too long a tail for sums where the odds mean/r are large. There it is Malmsten's integral, over all of the line in the logarithm of its
variable, by the trapezoid rule with steps of 1/8, which errs by 10^-33; of shapes from 10^8 on the expansion, of odds beyond 10^60 the gamma distribution. Where two
of them hold they are compared (`ways_agree`).
"""
import random

from mpmath import ceil, digamma, erfc, exp, expm1, floor, log, log1p, loggamma, mp, mpf, pi, quad, sqrt

R = random.Random(17)
mp.dps = 60


def summed(log_p, mean, deviation):
    """Sums from the mean outwards, until shares are below 10^-45 of what there is."""
    total, middle = mpf(0), int(mean)
    for step in (1, -1):
        k = middle if step > 0 else middle - 1
        while k >= 0:
            l = log_p(k)
            if l is None:
                break
            term = -l*exp(l)
            total += term
            if term < total*mpf(10)**-45 and abs(k - mean) > 3*deviation:
                break
            k += step
    return total


def log_factorial(k):
    return loggamma(k + 1)


def poisson(rate):
    if rate == 0:
        return mpf(0)
    if rate > 20000:  # which is far beyond where the expansion begins
        return gaussian(rate, 0)
    log_rate = log(rate)
    return summed(lambda k: k*log_rate - rate - log_factorial(k), rate, sqrt(rate))


def binomial(n, p, q):
    """p + q = 1."""
    if p == 0 or q == 0 or n == 0:
        return mpf(0)
    if p > q:
        p, q = q, p
    if n*p > 20000:
        return gaussian(n*p*q, 1/mpf(n))
    log_p, log_q, ways = log(p), log(q), log_factorial(n)
    return summed(lambda k: None if k > n else ways - log_factorial(k) - log_factorial(n - k) + k*log_p + (n - k)*log_q, n*p, sqrt(n*p*q))


def gaussian(v, a):
    """Of variances from 10,000 on four terms of the expansion are right to 10^-19; just below 20,000 sums say whether they are."""
    b = 1/mpf(v)
    first = -b/12 + a/3
    second = -b*b/24 + a*b/6 - a*a/12
    third = -19*b**3/360 + 17*a*b*b/60 - a*a*b/3 + a**3/90
    fourth = -9*b**4/80 + 23*a*b**3/30 - 22*a*a*b*b/15 + 2*a**3*b/3 + a**4/120
    return log(2*pi*v)/2 + mpf(1)/2 + first + second + third + fourth


def summed_by_ratios(r, m):
    """From one near the most probable count, by p(k + 1)/p(k). `others`: the sum of p/p(mode) but for the mode itself, which may be far smaller than 1."""
    q, mode = m/(1 + m), floor((r - 1)*m) if r > 1 else mpf(0)
    others, products = mpf(0), mpf(0)
    for step in (1, -1):
        t, l, k = mpf(1), mpf(0), mode
        while step > 0 or k > 0:
            ratio = (r + k)*q/(k + 1) if step > 0 else k/((r + k - 1)*q)
            k += step
            t, l = t*ratio, l - log(ratio)
            others, products = others + t, products + t*l
            if ratio < 1 and t*(1 + l) < mpf(10)**-45*min(others + products, 1):
                break
    return log1p(others) + products/(1 + others)


def malmsten(r, m):
    """r (log(1 + m) + m log(1 + 1/m)) less the mean of log(Gamma(X + r)/(Gamma(r) X!))."""
    start = -(log(m) if m > 1 else 0) - (log(r) if r > 1 else 0) - 80
    end = (-log(r) if r < 1 else 0) + mpf('4.8')
    total = mpf(0)
    for i in range(int(floor(8*start)), int(ceil(8*end))):
        t = exp(mpf(i)/8)
        y = -expm1(-t)
        total += -expm1(-r*log1p(m*y))*exp(-t)*expm1((1 - r)*t)/y if abs((1 - r)*t) < 1 else -expm1(-r*log1p(m*y))*(exp(-r*t) - exp(-t))/y
    return r*(log1p(m) + m*log1p(1/m)) + total/8


def gamma_limit(r, m):
    return log(m) + r + loggamma(r) + (1 - r)*digamma(r)


def negative_binomial(r, m):
    mean = r*m
    variance = mean*(1 + m)
    if m == 0:
        return mpf(0)
    if mean + 40*sqrt(variance) + 110*m*(1 + log1p(r)) < 20000:
        return summed_by_ratios(r, m)
    if r >= 1e8:
        return gaussian(variance, -1/r)
    return gamma_limit(r, m) if r >= 0.5 and m > mpf(10)**60 else malmsten(r, m)


def ways_agree():
    for r, m in ((0.01, 3), (0.7, 30), (1, 0.2), (1.7, 50), (2.5, 0.01), (5, 20), (40, 8), (119, 0.7), (1000, 0.3)):
        assert abs(malmsten(mpf(r), mpf(m))/summed_by_ratios(mpf(r), mpf(m)) - 1) < 1e-30
    assert abs(malmsten(mpf(1), mpf(1e9)) - log1p(mpf(1e9)) - mpf(1e9)*log1p(1/mpf(1e9))) < 1e-30
    for r in (0.5, 3, 1e4):
        assert abs(malmsten(mpf(r), mpf(10)**60)/gamma_limit(mpf(r), mpf(10)**60) - 1) < 1e-30
    for m in (0.01, 3, 1e30):
        assert abs(malmsten(mpf(1e8), mpf(m))/gaussian(mpf(1e8)*m*(1 + mpf(m)), -1/mpf(1e8)) - 1) < 1e-26


def shapes_and_odds():
    """Both sides of what is computed in different ways, ends, and what is between."""
    shapes = [1e-300, 1e-20, 1e-3, 0.5, 0.9999999999999999, 1.0, 1.0000000000000002, 1.9999999999999998, 2.0, 3.0, 31.999999999999996, 32.0, 72.0, 110.0, 1e3, 1e8, 1e300]
    for r in shapes:
        for m in (1e-300, 1e-8, 0.1, 0.49999999999999994, 0.5, 1.0, 40.0, 1e6, 1e300):
            yield r, m
    for r in (32.0, 40.0, 64.0, 100.0, 118.0, 150.0, 300.0, 1e3, 1e6, 1e12):
        v = 66 + (1100/r)**2
        m = 2*v/r/(1 + (1 + 4*v/r)**0.5)
        for f in (0.9, 0.999999, 1.000001, 1.1):
            yield r, m*f
    for m in (0.5, 0.55, 0.6, 0.7, 0.75):
        for f in (0.8, 0.999999, 1.000001):
            yield 18*(2*m + 1)**2*f, m
    for _ in range(60):
        yield 10.0**R.uniform(-3, 3), 10.0**R.uniform(-3, 3)
    for _ in range(25):
        yield R.uniform(32, 120), R.uniform(0.4, 1.2)
    for _ in range(25):
        yield 10.0**R.uniform(-300, 300), 10.0**R.uniform(-300, 300)


def of_negative_binomials():
    for r, m in shapes_and_odds():
        if 0 < r*m < 1e300:
            yield f"neg_binomial_2({r*m!r},{r!r})", mpf(r), mpf(r*m)/mpf(r)
    for mean, r in ((1e300, 1e-300), (1e300, 0.5), (1e300, 1.5), (1e300, 2.0), (1e300, 50.0), (1e300, 1e300), (1e-300, 1e300), (1e-300, 1e-300), (1e-300, 1.0), (3.0, 1e300), (70.0, 1e300)):
        yield f"neg_binomial_2({mean!r},{r!r})", mpf(r), mpf(mean)/mpf(r)
    for r, beta in [(1e300, 1e-300), (1e-300, 1e-300), (1.0, 1e-300), (40.0, 1e300), (1e300, 1e300), (1e10, 1e8)] + [(10.0**R.uniform(-3, 3), 10.0**R.uniform(-3, 3)) for _ in range(60)]:
        yield f"neg_binomial({r!r},{beta!r})", mpf(r), 1/mpf(beta)
    shares = [1e-300, 1e-20, 1e-3, 0.3, 0.6666666666666666, 0.6666666666666667, 0.9, 0.9999999999999999, 1.0]
    for r, p in [(r, p) for r in (1e-300, 0.3, 1.0, 2.5, 90.0, 1e5, 1e300) for p in shares] + [(10.0**R.uniform(-3, 3), R.uniform(0, 1)) for _ in range(40)]:
        yield f"neg_binomial_p({r!r},{p!r})", mpf(r), (1 - mpf(p))/mpf(p)
    etas = [-700.0, -30.0, -1.0, 3.0, 30.0, 300.0, 709.0, 720.0]
    for eta, r in [(e, r) for e in etas for r in (1e-8, 0.6, 1.0, 2.5, 50.0, 1e4)] + [(720.0, 1e300), (-1000.0, 1.0), (-1000.0, 1e3), (1e5, 0.5), (1e5, 3.0), (1e5, 1e4)]:
        yield f"neg_binomial_2_log({eta!r},{r!r})", mpf(r), exp(mpf(eta))/mpf(r)
    for _ in range(40):
        r, eta = 10.0**R.uniform(-3, 3), R.uniform(-7, 7)
        yield f"neg_binomial_2_log({eta!r},{r!r})", mpf(r), exp(mpf(eta))/mpf(r)


def skew_normal(omega, alpha):
    # the two signs of z, of which one has the share erfc(-alpha |z|/sqrt(2))/2
    def signs(t):
        less = erfc(t/sqrt(mpf(2)))/2
        return -less*log(less) - (1 - less)*log1p(-less) if less > 0 else mpf(0)
    scale = 1/sqrt(1 + alpha*alpha)
    grid = [scale*k for k in range(0, 20)] + [40*scale]
    return log(omega) + log(pi*mpf(1)/2)/2 + mpf(1)/2 + 2*quad(lambda z: exp(-z*z/2)/sqrt(2*pi)*signs(abs(alpha)*z), grid)


def say(text, value):
    print(text, float(value).hex())


def rates():
    yield from (0.0, 5e-324, 1e-310, 1e-300, 1e-20, 1e-5, 0.1, 0.5, 1.0, 2.0, 3.5, 7.0, 20.0, 63.0, 63.99999999999999, 64.0, 64.5, 100.0, 1e3, 19999.0, 20001.0, 1e8, 1e15, 1e300)
    for _ in range(60):
        yield R.uniform(0, 64)
    for _ in range(40):
        yield 10.0**R.uniform(-8, 4)


def main():
    for rate in rates():
        say(f"poisson({rate!r})", poisson(mpf(rate)))
    for alpha in [-700.0, -100.0, -3.0, 0.0, 1.25, 4.158883083359671, 4.158883083359672, 5.0, 20.0, 700.0, 1e6] + [R.uniform(-20, 9) for _ in range(60)]:
        say(f"poisson_log({alpha!r})", poisson(exp(mpf(alpha))) if alpha < 1e5 else mpf(alpha)/2 + log(2*pi)/2 + mpf(1)/2)
    shares = [0.0, 1e-300, 1e-15, 1e-3, 0.25, 0.5, 0.75, 0.999, 1.0]
    tries = [0, 1, 2, 7, 63, 64, 127, 128, 129, 200, 1000, 100000, 10**15, 10**300]
    cases = [(n, p) for n in tries for p in shares]
    cases += [(n, min(max(64.0/n*f, 0.0), 1.0)) for n in tries[2:] for f in (0.01, 0.5, 0.9999999999999999, 1.0, 1.0000000000000002)]
    cases += [(int(10.0**R.uniform(0, 5)), R.uniform(0, 1)) for _ in range(100)]
    for n, p in cases:
        mp.dps = 60 if n < 1e16 and not 0 < p < 1e-20 else 700  # logarithms of factorials cancel, and 1 - p is not 1
        say(f"binomial({float(n)!r},{p!r})", binomial(int(float(n)), mpf(p), 1 - mpf(p)))
    cases = [(n, a) for n in tries for a in (-700.0, -36.0, -3.0, 0.0, 0.5, 5.0, 300.0)] + [(int(10.0**R.uniform(0, 5)), R.uniform(-9, 9)) for _ in range(100)]
    for n, alpha in cases:
        mp.dps = 60 if n < 1e16 and abs(alpha) < 40 else 700
        less = exp(-abs(mpf(alpha)))
        say(f"binomial_logit({float(n)!r},{alpha!r})", binomial(int(float(n)), less/(1 + less), 1/(1 + less)))
    mp.dps = 60
    for alpha in [0.0, 1e-300, 1e-8, 0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 5.0, 30.0, 1e3, 1e8, 1e17, 1e300] + [10.0**R.uniform(-2, 3) for _ in range(40)]:
        sign = R.choice([-1, 1])
        omega = 10.0**R.uniform(-1, 1)
        say(f"skew_normal(1,{omega!r},{sign*alpha!r})", skew_normal(mpf(omega), mpf(alpha)))
    ways_agree()
    for text, r, m in of_negative_binomials():
        if m == 0 or r*m > 0.99e-300:  # below, what is between mean and entropy may be no normal number
            say(text, negative_binomial(r, m))


main()
