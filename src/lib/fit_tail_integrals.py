#!/usr/bin/env python3
"""Gauss and Legendre's points for the two integrals of densities_tails.sn that the skew normal distribution's shares are made of, as the language writes
them, and how far off they are at worst:

    the integral of exp(-h^2 t^2/2)/(1 + t^2) from 0 to a <= 1, cut off at 8.35/h
    the integral of exp(-h^2 (t^2 - a^2)/2)/(1 + t^2) from a on, for c = h a >= 1, cut off where the exponent is -37

Their poles are away from the range by as much as it is long, or nearly, so that few points suffice for 2^-53. Needs mpmath."""
from mpmath import cos, exp, linspace, mp, mpf, nstr, pi, quad, sqrt

mp.dps = 34
NEAR, FAR = 24, 32


def points(n):
    """Nodes from 0 to 1 and weights, by Newton's steps from the asymptotic places."""
    nodes, weights = [], []
    for i in range(n, 0, -1):
        x = cos(pi*(i - mpf(1)/4)/(n + mpf(1)/2))
        for _ in range(8):
            p, q = mpf(1), mpf(0)
            for k in range(1, n + 1):
                p, q = ((2*k - 1)*x*p - (k - 1)*q)/k, p
            slope = n*(x*p - q)/(x*x - 1)
            x -= p/slope
        nodes.append((1 + x)/2)
        weights.append(1/((1 - x*x)*slope*slope))
    return nodes, weights


def near(h, a, nodes, weights):
    reach = min(a, mpf('8.35')/max(h, 1))
    return reach*sum(w*exp(-h*h*(reach*x)**2/2)/(1 + (reach*x)**2) for x, w in zip(nodes, weights))


def far(c, a, nodes, weights):
    reach = 74/(1 + sqrt(1 + 74/c**2))/c**2
    return reach*sum(w*exp(-c*c*reach*x*(1 + reach*x/2))/(1/a + a*(1 + reach*x)**2) for x, w in zip(nodes, weights))


def exactly_near(h, a):
    return quad(lambda t: exp(-h*h*t*t/2)/(1 + t*t), linspace(0, min(a, 12/h) if h else a, 5))


def exactly_far(c, a):
    reach = 120/(1 + sqrt(1 + 120/c**2))/c**2
    return quad(lambda r: exp(-c*c*(r + r*r/2))/(1/a + a*(1 + r)**2), [0, reach/16, reach/8, reach/4, reach/2, reach])


def show(name, values):
    lines, line = [], "   "
    for k, v in enumerate(values):
        word = " " + float(v).hex() + ("," if k + 1 < len(values) else "")
        if len(line) + len(word) > 150:
            lines.append(line)
            line = "   "
        line += word
    print(f"fn {name}() = (\n" + "\n".join(lines + [line]) + "\n)")


def main():
    a, b = points(NEAR), points(FAR)
    show("gauss_24_nodes", a[0])
    show("gauss_24_weights", a[1])
    show("gauss_32_nodes", b[0])
    show("gauss_32_weights", b[1])
    worst = max(abs(near(mpf(h), mpf(x), *a)/exactly_near(mpf(h), mpf(x)) - 1) for h in (0, .5, 2, 5, 8.3, 10, 16.6, 50, 1000) for x in (1, .9, .3))
    print("# near:", nstr(worst*2**53, 3), "2^-53")
    worst = max(abs(far(mpf(c), mpf(x), *b)/exactly_far(mpf(c), mpf(x)) - 1) for c in (1, 1.3, 2, 4, 8, 30, 1000) for x in (1e-3, .3, 1, 3, 1e4))
    print("# far:", nstr(worst*2**53, 3), "2^-53")


if __name__ == "__main__":
    main()
