#!/usr/bin/env python3
"""The series of the incomplete gamma functions in densities_tails.sn, written as the library's text: fit_incomplete_gamma.py

Temme's S(a, eta) = sum of c_k(eta) a^-k, with eta^2/2 = mu - log(1 + mu), mu = m/a - 1, where

    c_0 = 1/mu - 1/eta     c_k = c_{k-1}'/eta + g_k/mu     1/Gamma*(a) = sum of g_k a^-k

(N. M. Temme, The asymptotic expansion of the incomplete gamma functions, 1979), as Taylor series in eta with exact fractions; of each c_k as many terms as are
above 2^-58 at |eta| = 1, a = 20. And lgamma(1 + a)/a of a from 0 to 1: a Chebyshev series of 40 nodes, written out as a polynomial in 2 a - 1.
"""
from fractions import Fraction
from math import comb

from mpmath import cos, euler, loggamma, mp, mpf, pi

TERMS, ORDERS, LEAST_SHAPE, SMALL = 64, 16, 20, 2.0**-58
PARTS = ((6, 7, 8, 9, 10, 11), (3, 4, 5), (0, 1, 2))  # texts are put into C, whose string literals have 4,095 characters at most

mp.prec = 300


def inverse_mu():
    """eta/mu: of mu mu' = eta (1 + mu) first mu, then its reciprocal."""
    mu = [Fraction(0), Fraction(1)]
    for n in range(2, TERMS + 2):
        mu.append((mu[n - 1]*2/(n + 1) - sum(mu[i]*mu[n + 1 - i] for i in range(2, n)))/2)
    inverse = [Fraction(1)]
    for n in range(1, TERMS):
        inverse.append(-sum(mu[i + 1]*inverse[n - i] for i in range(1, n + 1)))
    return inverse


def stirling():
    """g_k, by the Bernoulli numbers in -log Gamma*(a)."""
    bernoulli = [Fraction(1)]
    for m in range(1, 2*ORDERS):
        bernoulli.append(-sum(comb(m + 1, k)*bernoulli[k] for k in range(m))/(m + 1))
    logs, g = [Fraction(0)]*(ORDERS + 1), [Fraction(1)]
    for k in range(1, ORDERS):
        if 2*k - 1 <= ORDERS:
            logs[2*k - 1] = -bernoulli[2*k]/(2*k*(2*k - 1))
    for n in range(1, ORDERS + 1):
        g.append(sum(i*logs[i]*g[n - i] for i in range(1, n + 1))/n)
    return g


def expansion():
    """The Taylor series of c_0, c_1, ..."""
    inverse, g = inverse_mu(), stirling()
    c = [inverse[1:]]
    for k in range(1, ORDERS + 1):
        assert c[-1][1] + g[k] == 0  # the pole
        c.append([(n + 2)*c[-1][n + 2] + g[k]*inverse[n + 1] for n in range(len(c[-1]) - 2)])
    return c


def temme():
    return [[float(v) for n, v in enumerate(row) if n <= max((i for i, w in enumerate(row) if abs(w) > SMALL*LEAST_SHAPE**k), default=-1)]
            for k, row in enumerate(expansion())]


def horner(name, variable, coefficients):
    """A polynomial as lines of the language; the last binds the name."""
    lines, inner, last = [], coefficients[-1].hex(), len(coefficients) - 2
    for i in range(last, -1, -1):
        inner = f"fma({variable}, {inner}, {coefficients[i].hex()})"
        if (last - i) % 4 == 3 and i > 0:
            lines.append(f"    {name}_{i} = {inner}")
            inner = f"{name}_{i}"
    return lines + [f"    {name} = {inner}"]


def log_gamma_slope():
    nodes = 40
    at = [cos(pi*(2*k + 1)/(2*nodes)) for k in range(nodes)]
    values = [loggamma(1 + (u + 1)/2)/((u + 1)/2) for u in at]
    c = [(1 if j == 0 else 2)/mpf(nodes)*sum(v*cos(j*pi*(2*k + 1)/(2*nodes)) for k, v in enumerate(values)) for j in range(nodes)]
    degree = max(j for j in range(nodes) if abs(c[j]) > mpf(2)**-60)
    total, before, now = [mpf(0)]*(degree + 1), [mpf(1)], [mpf(0), mpf(1)]
    for j in range(degree + 1):
        for i, v in enumerate(before):
            total[i] += c[j]*v
        after = [mpf(0)] + [2*v for v in now]
        for i, v in enumerate(before):
            after[i] -= v
        before, now = now, after
    assert abs(sum(v*(-1)**i for i, v in enumerate(total)) + euler) < mpf(2)**-57
    return [float(v) for v in total]


def main():
    c = temme()
    assert max(k for k, row in enumerate(c) if row) == max(PARTS[0])
    for number, part in enumerate(PARTS):
        print(f"fn temme_series_{part[0]}(e, s) {{" if number == 0 else f"fn temme_series_{part[0]}(e, s, rest) {{")
        for k in part:
            print("\n".join(horner(f"c{k}", "e", c[k])))
        sum_ = f"c{part[-1]}" if number == 0 else "rest"
        for k in reversed(part[:-1] if number == 0 else part):
            sum_ = f"fma(s, {sum_}, c{k})"
        print(f"    {sum_}\n}}\n")
    print("fn log_gamma_slope_series(u) {")
    print("\n".join(horner("p", "u", log_gamma_slope())))
    print("    p\n}")


if __name__ == "__main__":
    main()
