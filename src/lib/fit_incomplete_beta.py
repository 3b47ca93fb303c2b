#!/usr/bin/env python3
"""The series of the incomplete beta function in densities_shares.sn, written as the library's text: fit_incomplete_beta.py

With the logit s of x less that of p = a/n, n = a + b, the integrand of the share is e^(-v w^2/2) ds, where v = a b/n and

    w^2/2 = (log(q + p e^s) - p s)/(p q)     ds/dw = f(w) = sum of f_k w^k

(after N. M. Temme, Asymptotic inversion of the incomplete beta function, 1992, with w in place of his eta, so that each f_k is a polynomial of degree k in
delta = q - p, even or odd as k is). With g = (x - p)/(p q):  g f = w and g g' = w (1 + delta g - p q g^2), p q = (1 - delta^2)/4, in exact fractions. Written are
as many f_k as are above 2^-58 where the expansion is used: |w| <= REACH, min(a, b) >= LEAST, so that v >= LEAST/2.
"""
from fractions import Fraction

ORDERS, REACH, LEAST, SMALL = 40, 0.3125, 192, 2.0**-58


def add(a, b, factor=1):
    n = max(len(a), len(b))
    return [(a[i] if i < len(a) else 0) + factor*(b[i] if i < len(b) else 0) for i in range(n)]


def multiply(a, b):
    product = [Fraction(0)]*max(len(a) + len(b) - 1, 0)
    for i, v in enumerate(a):
        for j, w in enumerate(b):
            product[i + j] += v*w
    return product


def expansion():
    """f_0, f_1, ... as lists of coefficients of delta^0, delta^1, ..."""
    delta, variance = [Fraction(0), Fraction(1)], [Fraction(1, 4), Fraction(0), Fraction(-1, 4)]
    g = [[], [Fraction(1)]]  # by powers of w
    for k in range(2, ORDERS + 2):
        # w^k in g g' = w (1 + delta g - p q g^2), of which (k + 1) g_k is on the left
        right = multiply(delta, g[k - 1])
        for i in range(1, k - 1):
            right = add(right, multiply(variance, multiply(g[i], g[k - 1 - i])), -1)
        for i in range(2, k):
            right = add(right, multiply(g[i], [v*(k + 1 - i) for v in g[k + 1 - i]]), -1)
        g.append([v/(k + 1) for v in right])
    f = [[Fraction(1)]]
    for k in range(1, ORDERS + 1):
        total = []
        for i in range(k):
            total = add(total, multiply(f[i], g[k + 1 - i]), -1)
        f.append(total[:k + 1])
    return f


def size(polynomial):
    return max(abs(float(sum(v*Fraction(i, 16)**j for j, v in enumerate(polynomial)))) for i in range(17))


def largest_use(k, f):
    """What f_k gives at most: f_k w^k, and f_k (k - 1)!! v^(-k/2)."""
    factor = 1.0
    for i in range(k - 1, 0, -2):
        factor *= i
    return size(f[k])*max(REACH**k, factor*(2/LEAST)**(k/2))


def horner(variable, coefficients):
    inner = coefficients[-1].hex()
    for v in reversed(coefficients[:-1]):
        inner = f"fma({variable}, {inner}, {v.hex()})"
    return inner


def main():
    f = expansion()
    last = max(k for k in range(ORDERS) if largest_use(k, f) > SMALL)
    assert last < ORDERS - 4
    names = []
    for k in range(last + 1):
        coefficients = [float(v) for v in f[k][k % 2::2]]
        assert all(v == 0 for v in f[k][1 - k % 2::2])
        names.append((k, coefficients))
    half = last//2 + 1
    for name, part in (("low", names[:half]), ("high", names[half:])):
        print(f"fn beta_expansion_{name}(e) {{\n    z = e*e")
        for k, coefficients in part:
            text = horner("z", coefficients)
            print(f"    f{k} = {'e*' if k % 2 else ''}{text}")
        print(f"    ({', '.join(f'f{k}' for k, _ in part)})\n}}\n")


if __name__ == "__main__":
    main()
