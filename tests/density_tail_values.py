#!/usr/bin/env python3
"""The shares below and above x that density_tail_test compares with: density_tail_values.py > density_tail_values.txt

    density_tail_values.py 2000 [SEED] > rows.txt           so many of each family, to measure by:
    SINTER_ROWS=rows.txt build/tests/density_tail_test      prints the greatest error of each

A line: the distribution as the language writes it, its parameters p, q, r, x, and the logarithms of both shares by mpmath, rounded to f64. By turns:
moderate parameters and those from 1e-300 to 1e300; x in the middle, next to an edge, and as far out as the logarithm of a share is some -1e5.
"""
import math
import pathlib
import random
import sys

from mpmath import atan, erf, erfc, exp, expm1, log, log1p, loggamma, mp, mpf, pi, sqrt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "src" / "lib"))
import fit_incomplete_gamma  # noqa: E402  (whose expansion is in exact fractions)

R = random.Random(7)
TEMME = fit_incomplete_gamma.expansion()


def other(known):
    """log(1 - e^known)."""
    return log(-expm1(known)) if known > -1 else log1p(-exp(known))


def below(value):
    return value, other(value)


def above(value):
    return other(value), value


def phi(z):
    return log(erfc(-z/sqrt(mpf(2)))/2), log(erfc(z/sqrt(mpf(2)))/2)


def cauchy(z):
    if z > 0:
        return above(log(atan(1/z)/pi))
    return below(log(atan(-1/z)/pi)) if z < 0 else below(log(mpf(1)/2))


def half_cauchy(z):
    return below(log(2*atan(z)/pi)) if z < 1 else above(log(2*atan(1/z)/pi))


def half_normal(z):
    return below(log(erf(z))) if z < 1 else above(log(erfc(z)))


def laplace(z):
    return below(z - log(mpf(2))) if z < 0 else above(-z - log(mpf(2)))


def triangular(x, a, b, m):
    return below(log((x - a)/(m - a)*(x - a)/(b - a))) if x < m else above(log((b - x)/(b - m)*(b - x)/(b - a)))


def inverse_gaussian(x, m, l):
    a, b = sqrt(l/x)*(x/m - 1), sqrt(l/x)*(x/m + 1)
    peak = exp(2*l/m)
    return (log(erfc(-a/sqrt(mpf(2)))/2 + peak*erfc(b/sqrt(mpf(2)))/2), log(erfc(a/sqrt(mpf(2)))/2 - peak*erfc(b/sqrt(mpf(2)))/2))


def incomplete_gamma(a, m):
    """log P(a, m), log Q(a, m): the one that is small by its series or fraction; in the middle of shapes beyond 1e4 by Temme's expansion, whose first 17
    orders leave 1e-70 there."""
    a, m = mpf(a), mpf(m)
    kernel = a*log(m) - m - loggamma(a)
    if a > 1e4 and abs(m/a - 1) < 0.4:
        mu = m/a - 1
        half_square = mu - log1p(mu)
        eta = sqrt(2*half_square)*(1 if mu > 0 else -1)
        rest = sum(sum(mpf(v.numerator)/v.denominator*eta**n for n, v in enumerate(row))*a**-k for k, row in enumerate(TEMME))
        upper = mu > 0
        share = erfc(abs(eta)*sqrt(a/2))/2 + (1 if upper else -1)*rest*exp(-a*half_square)/sqrt(2*pi*a)
        return above(log(share)) if upper else below(log(share))
    if m < max(a, 2):
        total = term = 1/a
        n = 0
        while term > total*mpf(2)**-2300:
            n += 1
            term *= m/(a + n)
            total += term
        return below(kernel + log(total))
    steps = 3000 if a < 1e4 else 900
    v = m + 2*steps + 1 - a
    for n in range(steps, 0, -1):
        v = m + 2*n - 1 - a - n*(n - a)/v
    return above(kernel - log(v))


def swapped(pair):
    return pair[1], pair[0]


def shape_and_place():
    """a and m of P(a, m)."""
    a = R.choice([10.0**R.uniform(-300, 0), 10.0**R.uniform(-4, 1), R.uniform(0.1, 40), 10.0**R.uniform(1, 4), 10.0**R.uniform(4, 300),
                  R.choice([0.5, 1.0, 1.5, 2.0, 20.0, 19.999])])
    if a < 1e-3:
        return a, R.choice([10.0**R.uniform(-300, 1.5), R.uniform(0, 3)])
    near = a + math.sqrt(a)*R.gauss(0, 1)*R.choice([1e-6, 1, 3, 10])
    return a, R.choice([near if near > 0 else a, near if near > 0 else a, a*math.exp(R.uniform(-1.2, 0.9)), a*10.0**R.uniform(-3, 1.2), R.choice([1.5, a, math.nextafter(1.5, 0)])])


def of_gamma(rate_of):
    def draw():
        a, m = shape_and_place()
        b = 10.0**R.uniform(-3, 3)
        return rate_of(a, m, b)
    return draw


def of_poisson():
    k = R.choice([float(R.randrange(0, 60)), float(math.floor(10.0**R.uniform(0, 15)))])
    rate = R.choice([max(k + math.sqrt(k + 1)*R.gauss(0, 1)*R.choice([1, 3, 10]), 0.1), k*math.exp(R.uniform(-1, 0.9)) + 0.1, 10.0**R.uniform(-3, 1)])
    return [rate], k


def of_poisson_log():
    (rate,), k = of_poisson()
    return [math.log(rate)], k


def positive(reach=None):
    return 10.0**R.uniform(-(reach or R.choice([1, 300])), reach or R.choice([1, 299]))


def wide():
    return R.choice([positive(2), positive()])


def located(limit):
    def draw():
        s = wide()
        m = R.choice([0.0, R.gauss(0, 1)*s, positive()])
        return [m, s], m + s*R.choice([-1, 1])*10.0**R.uniform(-8, limit)
    return draw


def scaled(low, high):
    def draw():
        s = wide()
        return [s], s*10.0**R.uniform(low, high)
    return draw


def shaped(low, high):
    """A shape and a scale; (x/scale)^shape from 10^low to 10^high."""
    def draw():
        a, s = positive(3), wide()
        return [a, s], s*10.0**(R.uniform(low, high)/a)
    return draw


def of_pareto():
    m, a = wide(), positive(3)
    return [m, a], m*(1 + 10.0**(R.uniform(-14, 3))/a)


def of_lognormal():
    m, s = R.uniform(-300, 300), 10.0**R.uniform(-2, 2)
    return [m, s], math.exp(m + s*R.choice([-1, 1])*10.0**R.uniform(-3, 2.4))


def of_uniform():
    a = R.choice([0.0, R.gauss(0, 1), positive()])
    b = a + R.choice([positive(2), abs(a)*10.0**R.uniform(-3, 3), 1.0])
    return [a, b], R.choice([a + (b - a)*10.0**R.uniform(-15, 0), b - (b - a)*10.0**R.uniform(-15, 0)])


def of_triangular():
    (a, b), x = of_uniform()
    return [a, b, min(max(R.choice([a + 0.25*(b - a), a, b]), a), b)], x


def of_kumaraswamy():
    a, b = positive(2), positive(2)
    return [a, b], R.choice([10.0**R.uniform(-8, 0), 1 - 10.0**R.uniform(-15, 0), R.random()])


def of_inverse_gaussian():
    m = wide()
    l = m*10.0**R.uniform(-6, 6)
    return [m, l], m*R.choice([10.0**R.uniform(-3, 3), 1 + 10.0**R.uniform(-8, 0)*math.sqrt(m/l), abs(1 + R.gauss(0, 1)*math.sqrt(m/l))])


def of_geometric():
    p = R.choice([R.random(), 10.0**R.uniform(-12, 0), 1 - 10.0**R.uniform(-12, 0)])
    return [p], float(math.floor(10.0**R.uniform(0, 6)/R.choice([1, p])))


def of_bernoulli():
    return [R.choice([R.random(), 10.0**R.uniform(-300, 0), 1 - 10.0**R.uniform(-15, 0)])], 0.0


FAMILIES = [
    ("normal(p,q)", located(2.6), lambda x, m, s: phi((x - m)/s)),
    ("exponential(p)", lambda: (lambda s: ([s], 10.0**R.uniform(-300, 5)/s))(positive(100)), lambda x, b: above(-b*x)),
    ("lognormal(p,q)", of_lognormal, lambda x, m, s: phi((log(x) - m)/s)),
    ("pareto(p,q)", of_pareto, lambda x, m, a: above(a*log(m/x))),
    ("weibull(p,q)", shaped(-250, 5), lambda x, a, s: above(-(x/s)**a)),
    ("frechet(p,q)", shaped(-5, 250), lambda x, a, s: below(-(x/s)**-a)),
    ("double_exponential(p,q)", located(5), lambda x, m, s: laplace((x - m)/s)),
    ("logistic(p,q)", located(5), lambda x, m, s: (-log1p(exp(-(x - m)/s)), -log1p(exp((x - m)/s)))),
    ("gumbel(p,q)", located(1.3), lambda x, m, s: below(-exp(-(x - m)/s))),
    ("rayleigh(p)", scaled(-150, 2.6), lambda x, s: above(-(x/s)**2/2)),
    ("inverse_gaussian(p,q)", of_inverse_gaussian, inverse_gaussian),
    ("half_normal(p)", scaled(-150, 2.6), lambda x, s: half_normal(x/s/sqrt(mpf(2)))),
    ("cauchy(p,q)", located(150), lambda x, m, s: cauchy((x - m)/s)),
    ("half_cauchy(p)", scaled(-150, 150), lambda x, s: half_cauchy(x/s)),
    ("uniform(p,q)", of_uniform, lambda x, a, b: below(log((x - a)/(b - a)))),
    ("triangular(p,q,r)", of_triangular, triangular),
    ("kumaraswamy(p,q)", of_kumaraswamy, lambda x, a, b: above(b*log1p(-x**a))),
    ("geometric(p)", of_geometric, lambda x, p: above((x + 1)*log1p(-p))),
    ("bernoulli(p)", of_bernoulli, lambda x, p: (log1p(-p), log(p))),
    ("gamma(p,q)", of_gamma(lambda a, m, b: ([a, b], m/b)), lambda x, a, b: incomplete_gamma(a, x*b)),
    ("gamma_scale(p,q)", of_gamma(lambda a, m, b: ([a, b], m*b)), lambda x, a, b: incomplete_gamma(a, x/b)),
    ("gamma_mean(p,q)", of_gamma(lambda a, m, b: ([a, b], m/a*b)), lambda x, a, b: incomplete_gamma(a, a*x/b)),
    ("inv_gamma(p,q)", of_gamma(lambda a, m, b: ([a, b], b/m)), lambda x, a, b: swapped(incomplete_gamma(a, b/x))),
    ("chi_square(p)", of_gamma(lambda a, m, b: ([2*a], 2*m)), lambda x, n: incomplete_gamma(n/2, x/2)),
    ("inv_chi_square(p)", of_gamma(lambda a, m, b: ([2*a], 0.5/m)), lambda x, n: swapped(incomplete_gamma(n/2, 1/(2*x)))),
    ("scaled_inv_chi_square(p,q)", of_gamma(lambda a, m, b: ([2*a, b], a*b*b/m)), lambda x, n, s: swapped(incomplete_gamma(n/2, n*s*s/(2*x)))),
    ("poisson(p)", of_poisson, lambda k, r: swapped(incomplete_gamma(k + 1, r))),
    ("poisson_log(p)", of_poisson_log, lambda k, a: swapped(incomplete_gamma(k + 1, exp(a)))),
    ("bernoulli_logit(p)", lambda: ([R.choice([-1, 1])*10.0**R.uniform(-8, 3)], 0.0), lambda x, a: (-log1p(exp(a)), -log1p(exp(-a)))),
]


def main(rows=24, seed=7):
    R.seed(int(seed))
    mp.prec = 2400
    for text, draw, shares in FAMILIES:
        kept = 0
        while kept < int(rows):
            try:
                parameters, x = draw()
                values = [float(v) for v in shares(*map(mpf, [x] + parameters))]
            except (OverflowError, ValueError, ZeroDivisionError):
                continue
            if not math.isfinite(x) or any(not math.isfinite(v) or v == 0 or abs(v) < 1e-300 for v in values + [p or 1.0 for p in parameters]):
                continue
            numbers = (parameters + [0.0]*3)[:3] + [x] + values
            print(text, *(v.hex() for v in numbers))
            kept += 1


if __name__ == "__main__":
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
