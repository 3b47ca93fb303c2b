#!/usr/bin/env python3
"""The log-densities that density_vector_test compares with: density_vector_values.py > density_vector_values.txt

A row: n, then x, mu, and the lower triangle L by rows, in hexadecimal, and the log-density of multi_normal_cholesky by mpmath with 1,200 bits, rounded
to an f64. By turns: moderate numbers; every length multiplied by one scale from 1e-290 to 1e290; each row by one of its own from 1e-100 to 1e100; a row that is nearly
a multiple of the one above (condition numbers to some 1e14 and more), where L^-1 (x - mu) is a small difference of large terms.
"""
import random
from fractions import Fraction

from mpmath import mp, mpf, log, pi

mp.prec = 1200
R = random.Random(11)
ROWS = {1: 40, 2: 60, 3: 60, 6: 30, 10: 20}


def at(i, j):
    return i*(i + 1)//2 + j


def draw(n, kind):
    scale = 10.0**R.uniform(-290, 290) if kind == 1 else 1.0
    L, close = [], R.randrange(1, n) if n > 1 else 0
    for i in range(n):
        row = [R.gauss(0, 1) for _ in range(i)] + [R.uniform(0.25, 4)]
        if kind == 2:
            unit = 10.0**R.uniform(-100, 100)
            row = [v*unit for v in row]
        if kind == 3 and i == close:
            factor = R.uniform(0.5, 2)
            row = [factor*v for v in L[at(i - 1, 0):]] + [10.0**R.uniform(-14, -1)]
        L += [v*scale for v in row]
    mu = [R.gauss(0, 3)*scale for _ in range(n)]
    z = [R.gauss(0, 1)*R.choice([0.01, 1, 1, 6]) for _ in range(n)]
    x = [mu[i] + float(sum(Fraction(L[at(i, j)])*Fraction(z[j]) for j in range(i + 1))) for i in range(n)]
    return x, mu, L


def density(x, mu, L):
    n, z, total = len(x), [], mpf(0)
    for i in range(n):
        rest = mpf(x[i]) - mpf(mu[i]) - sum(mpf(L[at(i, j)])*z[j] for j in range(i))
        z.append(rest/mpf(L[at(i, i)]))
        total -= log(mpf(L[at(i, i)])) + log(2*pi)/2 + z[i]**2/2
    return total


for n, rows in ROWS.items():
    for k in range(rows):
        x, mu, L = draw(n, k % 4)
        print(n, *(v.hex() for v in x + mu + L + [float(density(x, mu, L))]))
