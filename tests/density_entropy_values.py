#!/usr/bin/env python3
"""Entropies without a closed form, that density_entropy_test compares with: density_entropy_values.py > density_entropy_values.txt

A line: the family as a text, and its entropy; by mpmath with 60 digits, rounded to f64. Of counts it is the sum over all that have a share of it down to 10^-45, while
their mean is up to 20,000; of the skew normal distribution an integral. Parameters are f64, as written.
"""
import random

from mpmath import erfc, exp, expm1, log, log1p, loggamma, mp, mpf, pi, quad, sqrt

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


main()
