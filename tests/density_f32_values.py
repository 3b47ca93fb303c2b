#!/usr/bin/env python3
"""The log-densities that density_f32_test compares with: density_f32_values.py > density_f32_values.txt

Each line: a log-density as the language writes it, of the inputs p, q, r (parameters), x, y, z, these six, and the real value rounded to an f64. The families, their
formulas and the draws are those of density_simple_reference.py and density_gamma_values.py (whose moderate and extreme arguments alternate), with
every argument rounded to an f32 first, and left out where one is beyond 1e-37 to 1e37; what the first has not is written here.
"""
import math
import random
import struct

from mpmath import log, mp, mpf

import density_gamma_values as of_gamma_type
import density_simple_reference as simple

ROWS = 16
MORE = [
    ("uniform(p, q)", lambda x, a, b: -log(b - a)),
    ("triangular(p, q, r)", lambda x, a, b, m: log(2/(b - a)) + (log((x - a)/(m - a)) if x < m else log((b - x)/(b - m)))),
    ("categorical((p, q, 1 - p - q))", lambda x, a, b: log([a, b, 1 - a - b][int(x) - 1])),
    ("multi_normal_cholesky((p, q), (r, 0.5, 2))",
     lambda x, y, a, b, l: -log(2*mp.pi) - log(2*l) - ((x - a)/l)**2/2 - ((y - b - (x - a)/(2*l))/2)**2/2),
]


def f32(v):
    return struct.unpack("f", struct.pack("f", v))[0]


def fits(values):
    return all(v == 0 or 1e-37 < abs(v) < 1e37 for v in values)


def show(text, parameters, places, wanted):
    numbers = (parameters + [0.0]*3)[:3] + (places + [0.0]*3)[:3]
    print(text.replace(" ", ""), *(v.hex() for v in numbers), wanted.hex())


def rows(text, count, draw):
    kept = 0
    while kept < count:
        try:
            parameters, places, density = draw(kept)
            parameters, places = [f32(v) for v in parameters], [f32(v) for v in places]
            if not fits(parameters + places):
                continue
            wanted = float(density(*map(mpf, places + parameters)))
        except (OverflowError, ValueError, ZeroDivisionError, struct.error):
            continue
        if math.isfinite(wanted) and abs(wanted) < 1e37:
            show(text, parameters, places, wanted)
            kept += 1


def of_simple(kinds, where, density):
    def draw(k):
        parameters = [simple.draw(kind, k % 2 == 1) for kind in kinds]
        x = simple.place(where, parameters, k % 2 == 1)
        if where in ("scale", "times", "ratio", "log", "above") and not x > 0 or where == "above" and f32(x) < f32(parameters[0]):
            raise ValueError
        if where == "count":
            x = math.floor(min(x, 1e7))
        return parameters, [x], density
    return draw


def of_gamma(name, density):
    def draw(k):
        values = [float(v) for v in of_gamma_type.arguments(name)]
        mp.dps = 400
        places = 3 if name == "dirichlet" else 1
        if any(f32(v) == 0 for v in values[places:]) or name in ("beta_proportion", "neg_binomial_p") and f32(values[-1 if name[0] == "n" else 1]) == 1 or name.startswith("b") and f32(values[0]) == 1:
            raise ValueError
        if name in ("poisson", "binomial") or "binom" in name or "poisson" in name:
            values = [math.floor(min(v, 1e7)) if at == 0 or name.startswith("binomial") and at == 1 else v for at, v in enumerate(values)]
        if name.startswith("binomial") and values[0] > values[1]:
            raise ValueError
        return values[places:], values[:places], density
    return draw


def of_more(text, density):
    def draw(_):
        a = random.uniform(-3, 3)
        b = a + 10.0**random.uniform(-2, 2)
        if text.startswith("categorical"):
            return [random.choice([0.125, 0.25]), random.choice([0.5, 0.0625])], [float(random.choice([1, 2, 3]))], density
        if text.startswith("multi"):
            return [a, random.gauss(0, 1), abs(b) + 0.1], [random.gauss(0, 3), random.gauss(0, 3)], density
        return [a, b] + ([a + 0.3*(b - a)] if text.startswith("tri") else []), [random.uniform(a, b)], density
    return draw


def main():
    random.seed(3)
    of_gamma_type.R.seed(3)
    for text, kinds, where, density in simple.FAMILIES:
        if text.startswith(("uniform", "triangular", "categorical")):
            continue  # below, with arguments that stay in order when they are rounded
        mp.prec = 1200
        rows(f"log_density({text}, x)", ROWS, of_simple(kinds, where, density))
    for text, density in MORE:
        rows(f"log_density({text}, {'(x, y)' if text.startswith('multi') else 'x'})", ROWS, of_more(text, density))
    for name, density in of_gamma_type.FAMILIES.items():
        if name == "dirichlet":
            continue
        names = ["p", "q", "r"][:len(of_gamma_type.arguments(name)) - 1]
        rows(f"log_density({name}({', '.join(names)}), x)", ROWS, of_gamma(name, density))
    for _ in range(ROWS):  # shares of 2^-10, which are exact and 1 together
        x, y = (random.randrange(1, 500)/1024 for _ in range(2))
        parameters, places = [f32(10.0**random.uniform(-2, 3)) for _ in range(3)], [x, y, 1 - x - y]
        show("log_density(dirichlet((p, q, r)), (x, y, z))", parameters, places, float(of_gamma_type.dirichlet(*map(mpf, places + parameters))))


if __name__ == "__main__":
    main()
