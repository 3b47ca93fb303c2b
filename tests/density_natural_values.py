#!/usr/bin/env python3
"""What is a function of the natural parameters, that density_natural_test compares with: density_natural_values.py > density_natural_values.txt

A line: the family as a text whose parameters are those taken as known, how many natural parameters it has and how many others, the natural parameters, A, the size
of the greatest term of A (in whose last places its error counts where terms cancel), and the family's parameters; by mpmath with 1,200 bits, rounded to f64. The
natural parameters are those of parameters from 1e-300 to 1e300 (1e-100 to 1e100 where they are squared), rounded.
"""
import random

from mpmath import atan2, besseli, exp, hypot, log, log1p, loggamma, mp, mpf, pi, sqrt

R = random.Random(9)
mp.prec = 1200


def scale(reach):
    return 10.0**R.uniform(-reach, reach)


def signed(reach):
    return R.choice([-1, 1])*scale(reach)


def normal(e, f):
    return [-e*e/(4*f), -log(-2*f)/2], [-e/(2*f), sqrt(-1/(2*f))]


def i0(k):
    if k < 500:
        return log(besseli(0, k))
    total = term = mpf(1)
    for n in range(1, 100):
        term *= mpf(2*n - 1)**2/(8*n*k)
        total += term
    return k - log(2*pi*k)/2 + log(total)


def of_normal():
    m, s = R.choice([signed(100), 0.0]), scale(100)
    return [m/s/s, -0.5/s/s]


def of_inverse_gaussian():
    m, l = scale(100), scale(100)
    return [-0.5*l/m/m, -0.5*l]


def logistic(e):
    return 1/(1 + exp(-e))


def softplus(e):
    return log1p(exp(e))


def softmax(*e):
    total = sum(exp(v) for v in e)
    return [log(total), mpf(1), -mpf(1)], [exp(v)/total for v in e]  # so has that of a sum near 1


def von_mises(c, s):
    k = hypot(c, s)
    return [k, i0(k) - k, mpf(1), -mpf(1)], [atan2(s, c), k]  # the logarithm of e^-k I0(k) has an absolute error


FAMILIES = [
    ("normal", of_normal, normal),
    ("lognormal", of_normal, normal),
    ("exponential", lambda: [-scale(300)], lambda e: ([-log(-e)], [-e])),
    ("bernoulli", lambda: [signed(2.8)], lambda e: ([softplus(e)], [logistic(e)])),
    ("bernoulli_logit", lambda: [signed(300)], lambda e: ([max(e, mpf(0)) + log1p(exp(-abs(e)))], [e])),
    ("geometric", lambda: [-scale(2.5)], lambda e: ([-log(1 - exp(e))], [1 - exp(e)])),
    ("pareto(0.375, 1)", lambda: [-1 - scale(2)], lambda e: ([(e + 1)*log(mpf(0.375)), -log(-1 - e)], [mpf(0.375), -1 - e])),
    ("weibull(2.5, 1)", lambda: [-scale(300)], lambda e: ([-log(-e)], [mpf(2.5), (-e)**(-1/mpf(2.5))])),
    ("frechet(2.5, 1)", lambda: [-scale(300)], lambda e: ([-log(-e)], [mpf(2.5), (-e)**(1/mpf(2.5))])),
    ("double_exponential(1.5, 1)", lambda: [-scale(300)], lambda e: ([log(mpf(2)), -log(-e)], [mpf(1.5), -1/e])),
    ("rayleigh", lambda: [-scale(200)], lambda e: ([-log(-2*e)], [sqrt(-1/(2*e))])),
    ("half_normal", lambda: [-scale(200)], lambda e: ([-log(-2*e)/2], [sqrt(-1/(2*e))])),
    ("inverse_gaussian", of_inverse_gaussian, lambda e, f: ([-2*sqrt(e*f), -log(-2*f)/2], [sqrt(f/e), -2*f])),
    ("von_mises", lambda: [signed(R.choice([1, 100])), signed(R.choice([1, 100]))], von_mises),
    ("categorical((0.25, 0.5, 0.25))", lambda: [signed(2.8), signed(2), signed(2)], softmax),
    ("binomial(12, 0.5)", lambda: [signed(2.8)], lambda e: ([12*softplus(e)], [mpf(12), logistic(e)])),
    ("binomial_logit(12, 0)", lambda: [signed(2.8)], lambda e: ([12*softplus(e)], [mpf(12), e])),
    ("poisson", lambda: [signed(2.8)], lambda e: ([exp(e)], [exp(e)])),
    ("neg_binomial(3.5, 1)", lambda: [-scale(2.5)], lambda e: ([-mpf(3.5)*log(1 - exp(e))], [mpf(3.5), exp(-e) - 1])),
    ("neg_binomial_2(1, 3.5)", lambda: [-scale(2.5)], lambda e: ([-mpf(3.5)*log(1 - exp(e))], [mpf(3.5)/(exp(-e) - 1), mpf(3.5)])),
    ("gamma", lambda: [scale(2) - 1, -scale(100)], lambda e, f: ([loggamma(e + 1), -(e + 1)*log(-f)], [e + 1, -f])),
    ("chi_square", lambda: [scale(3) - 1], lambda e: ([loggamma(e + 1), (e + 1)*log(mpf(2))], [2*(e + 1)])),
    ("beta", lambda: [scale(2) - 1, scale(2) - 1], lambda e, f: ([loggamma(e + 1), loggamma(f + 1), -loggamma(e + f + 2)], [e + 1, f + 1])),
    ("normal_variance(1.5, 1)", lambda: [-scale(200)], lambda e: ([-log(-2*e)/2], [mpf(1.5), -1/(2*e)])),
    ("normal_precision(1.5, 1)", lambda: [-scale(200)], lambda e: ([-log(-2*e)/2], [mpf(1.5), -2*e])),
    ("neg_binomial_p(3.5, 0.5)", lambda: [-scale(2.5)], lambda e: ([-mpf(3.5)*log(1 - exp(e))], [mpf(3.5), 1 - exp(e)])),
]


def main():
    for text, draw, natural in FAMILIES:
        for _ in range(20):
            eta = draw()
            terms, parameters = natural(*map(mpf, eta))
            numbers = eta + [float(sum(terms)), float(max(abs(v) for v in terms))] + [float(v) for v in parameters]
            print(text.replace(" ", ""), len(eta), len(parameters), *(v.hex() for v in numbers))


if __name__ == "__main__":
    main()
