#!/usr/bin/env python3
"""The expansion of the entropy of counts in densities_counts.sn, written as the library's text: fit_count_entropy.py

Of binomial counts, with V = N theta (1 - theta), a = 1/N and b = 1/V, it is log(2 pi e V)/2 + the sum of h_mj a^j b^(m - j) over m = 1, 2, ..., j = 0 to m. The same
numbers serve Poisson's counts, with a = 0 and V = lambda, and negative binomial ones of shape r, with a = -1/r and V their variance.

They are exact. The mean of log X! is the integral over t from 0 of the generating function E exp(-t X) over t (exp(t) - 1), less what Stirling's formula has of the mean
(Malmsten's and Binet's integrals). With u = 1 - exp(-t) and v = -log(1 - theta u)/theta the generating function is exp(-N theta v), and the rest

    exp(-theta v)/(u t) = 1/v^2 - 1/(2 v) + w_0 + w_1 v + ...

so that its part in 1/(N theta)^(k + 1) is k! w_k (Watson's lemma). What X, N - X and Stirling's series of N! give together is, at each power of 1/N, a polynomial in
theta (1 - theta) over a power of it, found here from its values at so many thetas.
"""
from fractions import Fraction
from math import comb, factorial

ORDERS = 12
LEAST_A, LEAST_B = 8, 32  # what is too small to be seen there is left out: 1/|a| and 1/b


def product(a, b, n):
    r = [Fraction(0)]*n
    for i, x in enumerate(a):
        for j, y in enumerate(b[:n - i]):
            r[i + j] += x*y
    return r


def reciprocal(a, n):
    r = [1/a[0]] + [Fraction(0)]*(n - 1)
    for k in range(1, n):
        r[k] = -sum(a[j]*r[k - j] for j in range(1, k + 1))/a[0]
    return r


def weights(theta, count):
    n = count + 2
    u = [(-theta)**k/factorial(k + 1) for k in range(n)]  # over v
    e = [(-theta)**k/factorial(k) for k in range(n)]
    t, power = [Fraction(0)]*n, [Fraction(1)] + [Fraction(0)]*(n - 1)  # over u
    for k in range(n):
        t = [x + y/(k + 1) for x, y in zip(t, power)]
        power = product(power, [Fraction(0)] + u[:-1], n)
    w = product(e, reciprocal(product(product(u, u, n), t, n), n), n)
    assert w[0] == 1 and w[1] == Fraction(-1, 2)
    return w[2:]


def bernoulli(n):
    b = [Fraction(1)]
    for m in range(1, n + 1):
        b.append(-sum(comb(m + 1, j)*b[j] for j in range(m))/(m + 1))
    return b


def solve(rows):
    rows = [list(r) for r in rows]
    for i in range(len(rows)):
        p = next(r for r in range(i, len(rows)) if rows[r][i])
        rows[i], rows[p] = rows[p], rows[i]
        rows[i] = [x/rows[i][i] for x in rows[i]]
        rows = [r if k == i else [x - r[i]*y for x, y in zip(r, rows[i])] for k, r in enumerate(rows)]
    return [r[-1] for r in rows]


def expansion(orders):
    """h[m - 1][j]"""
    b = bernoulli(orders + 1)
    thetas = [Fraction(1, q + 2) for q in range(orders + 3)]
    of = {t: weights(t, orders) for t in thetas} | {1 - t: weights(1 - t, orders) for t in thetas}
    h = []
    for m in range(1, orders + 1):
        rows = []
        for t in thetas[:m + 3]:
            x = t*(1 - t)
            value = factorial(m - 1)*(of[t][m - 1]/t**m + of[1 - t][m - 1]/(1 - t)**m) - b[m + 1]/(m*(m + 1))
            rows.append([x**j for j in range(m + 1)] + [value*x**m])
        found = solve(rows[:m + 1])
        assert all(sum(c*x for c, x in zip(found, r)) == r[-1] for r in rows)
        h.append(found)
    return h


def horner(name, variable, terms):
    """Lines that make name, the first term being that of power 0; three steps a line."""
    while terms and not terms[-1]:
        terms.pop()
    texts = [c if isinstance(c, str) else float(c).hex().replace("p+", "p").replace("0x0.0p0", "0") for c in terms]
    value, rest = texts[-1], texts[-2::-1]
    while rest:
        for c in rest[:3]:
            value = f"fma({variable}, {value}, {c})"
        rest = rest[3:]
        target = f"{name}_{len(rest)}" if rest else name
        print(f"    {target} = {value}")
        value = target


def main():
    h = expansion(ORDERS)
    columns = []
    for power in range(ORDERS + 1):  # of b
        terms = [h[power + j - 1][j] if power + j else Fraction(0) for j in range(ORDERS - power + 1)]
        columns.append([c if abs(c)/LEAST_A**j/LEAST_B**power > 2.0**-62 else Fraction(0) for j, c in enumerate(terms)])
    for power, terms in enumerate(columns):
        horner(f"b{power}", "a", terms)
    horner("rest", "b", [f"b{power}" if len([c for c in terms if c]) > 1 or power == 0 else terms[0] for power, terms in enumerate(columns)])


main()
