#!/usr/bin/env python3
"""The shares below and above x that density_tail_test compares with: density_tail_values.py > density_tail_values.txt

    density_tail_values.py 2000 [SEED [FAMILY]] > rows.txt  so many of each family, to measure by:
    SINTER_ROWS=rows.txt build/tests/density_tail_test      prints the greatest error of each

A line: the distribution as the language writes it, its parameters p, q, r, x, and the logarithms of both shares by mpmath, rounded to f64. By turns:
moderate parameters and those from 1e-300 to 1e300; x in the middle, next to an edge, and as far out as the logarithm of a share is some -1e5.
"""
import math
import pathlib
import random
import sys

from mpmath import asin, atan, besseli, erf, erfc, exp, expm1, hyp2f0, log, log1p, loggamma, mp, mpf, pi, quad, sin, sqrt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "src" / "lib"))
import fit_incomplete_beta  # noqa: E402  (whose expansions are in exact fractions)
import fit_incomplete_gamma  # noqa: E402

R = random.Random(7)
mp.prec = 2400
TEMME = fit_incomplete_gamma.expansion()
BETA = [[mpf(c.numerator)/c.denominator for c in row] for row in fit_incomplete_beta.expansion()]


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


def beta_fraction(a, b, x, distance, steps):
    """x^a y^b/(B(a, b) I_x(a, b)), distance = a y - b x."""
    def term(m):
        return (m + m*(b - m)*x/(a + 2*m - 1) if m else 0) + (a + m)*(distance + 1 + m*(2 - x))/(a + 2*m + 1)
    v = term(steps)
    for m in range(steps, 0, -1):
        v = term(m - 1) + (a + m - 1)*(a + b + m - 1)*m*(b - m)*x*x/((a + 2*m - 1)**2*v)
    return v


def beta_expansion(a, b, x, y):
    """The share on the side of a/(a + b) where x is, over x^a y^b/B(a, b): by Temme's expansion with 40 terms; of v beyond 1e5, |w| below 0.05."""
    n, v, delta = a + b, a*b/(a + b), (b - a)/(a + b)
    half_square = a*log(a/(n*x)) + b*log(b/(n*y))
    upper = n*x > a
    w = sqrt(2*half_square/v)*(1 if upper else -1)
    f = [sum(c*delta**i for i, c in enumerate(row)) for row in BETA]
    h = f + [mpf(0), mpf(0)]
    for k in range(len(f) - 1, -1, -1):
        h[k] += (k + 1)/v*h[k + 2]
    rest = sum(h[k]*w**(k - 1) for k in range(1, len(f)))/h[0]/sqrt(v)
    share = erfc(sqrt(half_square))/2 + (1 if upper else -1)*rest*exp(-half_square)/sqrt(2*pi)
    return above(log(share)) if upper else below(log(share))


def incomplete_beta(a, b, x, y):
    """log I_x(a, b), log I_y(b, a): by the expansion above, or by the fraction that converges fast, which is deepened until it stands."""
    a, b, n = mpf(a), mpf(b), mpf(a) + mpf(b)
    if a*b/n > 1e5 and abs(n*x - a) < 0.04*min(a, b):
        return beta_expansion(a, b, x, y)
    starts, ends = a <= 1 and x < 0.11 and b*x < 2, b <= 1 and y < 0.11 and a*y < 2
    if ends or (not starts and n*x > a):
        return swapped(incomplete_beta(b, a, y, x))
    kernel = a*log(x) + b*log(y) - (loggamma(a) + loggamma(b) - loggamma(n))
    distance, whole = a*y - b*x, mp.prec
    steps, before = 60, mpf(0)
    mp.prec = whole if starts else 420
    try:
        while True:
            value = beta_fraction(+a, +b, +x, +distance, steps)
            if abs(value - before) < abs(value)*mpf(2)**-(mp.prec - 60):
                break
            steps, before = 2*steps, value
            if steps > 16000:
                raise ValueError("no convergence")
    finally:
        mp.prec = whole
    return below(kernel - log(value))


def student_t(x, nu, mu, sigma):
    w = (x - mu)**2/(sigma*sigma*nu)
    beyond = incomplete_beta(nu/2, mpf(1)/2, 1/(1 + w), w/(1 + w))[0] - log(mpf(2))
    return above(beyond) if x > mu else below(beyond)


def skew_normal(x, xi, omega, alpha):
    """The share of the side where z is, by the integral of the density: 2 phi(t) Phi(alpha t) from z outwards, cut off where nothing is left."""
    z = (x - xi)/omega
    whole, mp.prec = mp.prec, 130
    try:
        z, alpha = +z, +alpha
        sign = 1 if z > 0 else -1
        h, tilt = abs(z), sign*alpha  # the density at sign*t is 2 phi(t) Phi(tilt t), t from h on
        slope = h + (tilt*tilt*h if tilt < 0 else 0)
        reach = 220/(slope + sqrt(slope*slope + 220*(1 + (tilt*tilt if tilt < 0 else 0))))
        places = sorted({mpf(0), reach} | {reach*2**-k for k in range(1, 9)} | {v for v in (8/abs(tilt) - h, 1/abs(tilt) - h) if 0 < v < reach})
        peak = h*h/2 + (tilt*tilt*h*h/2 if tilt < 0 else 0)
        share = quad(lambda s: exp(peak - (h + s)**2/2)*erfc(-tilt*(h + s)/sqrt(mpf(2))), places)/sqrt(2*pi)
    finally:
        mp.prec = whole
    value = log(share) - peak
    return above(value) if sign > 0 else below(value)


def von_mises(x, mu, kappa):
    """The share beyond x, away from mu, up to mu - pi or mu + pi: the integral from there on."""
    whole, mp.prec = mp.prec, 160 + (0 if kappa < 1e10 else 200)
    try:
        d = x - mu
        e = abs(d)
        if e >= pi:
            raise ValueError("outside")
        reach = min(pi - e, 2*asin(min(1, sqrt(sin(e/2)**2 + 60/(kappa + mpf(10)**-300)))) - e)
        places = [mpf(0)] + [reach*2**-k for k in range(8, -1, -1)]
        share = quad(lambda s: exp(-2*kappa*sin(s/2)*sin(e + s/2)), places)
        log_i0 = log(besseli(0, kappa)) - kappa if kappa < 2000 else log(hyp2f0(0.5, 0.5, 1/(2*kappa))) - log(2*pi*kappa)/2
        value = log(share) - 2*kappa*sin(e/2)**2 - log(2*pi) - log_i0
    finally:
        mp.prec = whole
    return above(value) if d > 0 else below(value)


def shapes_and_place():
    """a, b and x of I_x(a, b)."""
    def shape():
        return R.choice([10.0**R.uniform(-300, 0), 10.0**R.uniform(-4, 1), R.uniform(0.1, 40), 10.0**R.uniform(1, 3), 10.0**R.uniform(2, 8),
                         10.0**R.uniform(4, 300), R.choice([0.5, 1.0, 1.5, 2.0, 192.0, 191.99, 200.0])])
    a = shape()
    b = R.choice([shape(), shape(), a, a*10.0**R.uniform(-1, 1)])
    p = a/(a + b)
    q = b/(a + b)
    size = 1/math.sqrt(1/(1/a + 1/b)) if a > 1e-290 and b > 1e-290 else 1e10
    w = R.choice([R.gauss(0, 1)*size*R.choice([1e-6, 0.1, 1, 3]), R.gauss(0, 1), R.uniform(-0.4, 0.4), R.uniform(-30, 30), R.choice([-1, 1])*0.3125])
    x = p/(p + q*math.exp(-w)) if p > 0 else 0.0
    return a, b, R.choice([x, x, x, x, R.random(), 10.0**R.uniform(-20, 0), 1 - 10.0**R.uniform(-15, 0), 1.5/b, 1 - 1.5/a])


def of_beta():
    a, b, x = shapes_and_place()
    return ([a, b], x) if 0 < x < 1 else of_beta()


def of_beta_proportion():
    (a, b), x = of_beta()
    mu = a/(a + b)
    return ([mu, a + b], x) if 0 < mu < 1 else of_beta_proportion()


def tries_and_count():
    n = float(R.choice([R.randrange(1, 30), R.randrange(1, 2000), math.floor(10.0**R.uniform(1, 15))]))
    p = R.choice([R.random(), 10.0**R.uniform(-8, 0), 1 - 10.0**R.uniform(-8, 0), R.uniform(1, 30)/n])
    if not 0 < p < 1:
        return tries_and_count()
    near = n*p + R.gauss(0, 1)*R.choice([1, 3, 10])*math.sqrt(n*p*(1 - p))
    k = float(math.floor(R.choice([near, near, near, n*R.random(), 0, n - 1])))
    return (n, p, k) if 0 <= k < n else tries_and_count()


def of_binomial():
    n, p, k = tries_and_count()
    return [n, p], k


def of_binomial_logit():
    n, p, k = tries_and_count()
    if n > 1e8:  # beyond, the logarithms of counts near the middle need more than two words
        return of_binomial_logit()
    return [n, math.log(p) - math.log1p(-p)], k


def shape_mean_and_count():
    shape = R.choice([10.0**R.uniform(-3, 3), 10.0**R.uniform(-300, 0), 10.0**R.uniform(2, 8), 10.0**R.uniform(4, 300), 0.5, 1.0, 2.0])
    mean = R.choice([10.0**R.uniform(-3, 4), 10.0**R.uniform(2, 12), min(shape*10.0**R.uniform(-3, 3), 1e14) + 1e-3])
    deviation = math.sqrt(mean + mean*(mean/shape))
    near = mean + R.gauss(0, 1)*R.choice([1, 3, 10])*min(deviation, 1e14)
    return shape, mean, float(math.floor(min(R.choice([near if near > 0 else mean, mean*R.random(), mean*10.0**R.uniform(-2, 2), 0]), 1e15)))


def of_neg_binomial():
    shape, mean, k = shape_mean_and_count()
    return [shape, shape/mean], k


def of_neg_binomial_p():
    shape, mean, k = shape_mean_and_count()
    p = R.choice([shape/(shape + mean), R.random()])
    return ([shape, p], k) if 0 < p < 1 else of_neg_binomial_p()


def of_variance():
    (m, s), x = located(2.6)()
    return ([m, s*s], x) if 1e-149 < s < 1e149 else of_variance()


def of_precision():
    (m, s), x = located(2.6)()
    return ([m, 1/s/s], x) if 1e-149 < s < 1e149 else of_precision()


def of_neg_binomial_2():
    shape, mean, k = shape_mean_and_count()
    return [mean, shape], k


def of_neg_binomial_2_log():
    shape, mean, k = shape_mean_and_count()
    return ([math.log(mean), shape], k) if k <= 1e8 else of_neg_binomial_2_log()


def of_skew_normal():
    s = wide()
    m = R.choice([0.0, R.gauss(0, 1)*s])
    alpha = R.choice([R.gauss(0, 2), R.choice([-1, 1])*10.0**R.uniform(-3, 3), R.choice([-1.0, 1.0])])
    z = R.choice([R.gauss(0, 1), R.gauss(0, 5), R.gauss(0, 1)/alpha, R.choice([-1, 1])*10.0**R.uniform(-8, 2), 1/alpha, -1/alpha])
    return [m, s, alpha], m + s*z


def of_von_mises():
    kappa = R.choice([R.uniform(0, 40), 10.0**R.uniform(-3, 3), 10.0**R.uniform(3, 12)])
    m = R.choice([0.0, R.uniform(-3, 3)])
    d = R.choice([R.gauss(0, 1)/math.sqrt(kappa + 1)*R.choice([1, 3, 8]), R.uniform(-3.1415, 3.1415), R.choice([-1, 1])*(3.14159 - 10.0**R.uniform(-4, 0)), R.gauss(0, 1)*1e-6])
    return [m, kappa], m + d


def of_student_t():
    nu = R.choice([10.0**R.uniform(-1, 2), 10.0**R.uniform(-300, 1), 10.0**R.uniform(1, 5), 10.0**R.uniform(1, 300), 1.0, 2.0, 2.5, 3.0, 30.0])
    s = wide()
    m = R.choice([0.0, R.gauss(0, 1)*s])
    z = R.choice([R.gauss(0, 1), R.gauss(0, 5), 10.0**R.uniform(-10, 3), R.choice([-1, 1])*10.0**R.uniform(-150, 150), math.sqrt(3), math.sqrt(nu)*R.uniform(0.2, 0.5)])
    return [nu, m, s], m + s*z


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
    ("beta(p,q)", of_beta, lambda x, a, b: incomplete_beta(a, b, x, 1 - x)),
    ("beta_proportion(p,q)", of_beta_proportion, lambda x, m, k: incomplete_beta(m*k, (1 - m)*k, x, 1 - x)),
    ("binomial(p,q)", of_binomial, lambda k, n, p: incomplete_beta(n - k, k + 1, 1 - p, p)),
    ("binomial_logit(p,q)", of_binomial_logit, lambda k, n, a: incomplete_beta(n - k, k + 1, 1/(1 + exp(a)), 1/(1 + exp(-a)))),
    ("neg_binomial(p,q)", of_neg_binomial, lambda k, r, b: incomplete_beta(r, k + 1, b/(1 + b), 1/(1 + b))),
    ("neg_binomial_2(p,q)", of_neg_binomial_2, lambda k, m, r: incomplete_beta(r, k + 1, r/(m + r), m/(m + r))),
    ("neg_binomial_2_log(p,q)", of_neg_binomial_2_log, lambda k, e, r: incomplete_beta(r, k + 1, r/(exp(e) + r), exp(e)/(exp(e) + r))),
    ("neg_binomial_p(p,q)", of_neg_binomial_p, lambda k, r, p: incomplete_beta(r, k + 1, p, 1 - p)),
    ("normal_variance(p,q)", of_variance, lambda x, m, v: phi((x - m)/sqrt(v))),
    ("normal_precision(p,q)", of_precision, lambda x, m, t: phi((x - m)*sqrt(t))),
    ("student_t(p,q,r)", of_student_t, student_t),
    ("skew_normal(p,q,r)", of_skew_normal, skew_normal),
    ("von_mises(p,q)", of_von_mises, von_mises),
]


BETA_TYPES = [shares for text, draw, shares in FAMILIES if text.split("(")[0] in (
    "beta", "beta_proportion", "binomial", "binomial_logit", "neg_binomial", "neg_binomial_2", "neg_binomial_2_log", "neg_binomial_p",
    "student_t")]


def main(rows=24, seed=7, only=None):
    R.seed(int(seed))
    for text, draw, shares in FAMILIES:
        if text.startswith(("skew_normal", "von_mises")):  # which came later than the rows of the others
            R.seed(int(seed))
        mp.prec = 1400 if shares in BETA_TYPES else 2400
        if only and text.split("(")[0] != only:
            continue
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
