#!/usr/bin/env python3
"""Fits the colour maps: writes colour_maps.sn from tests/colour_maps.txt, whose head names the sources.

usage: fit_colour_maps.py SAMPLES.txt > colour_maps.sn        (prints each channel's greatest error to stderr)

A channel is a polynomial in u = 2t - 1. Where that takes too high a degree, a second one in m = max(u - knot, 0), without
a constant, is added: the sum stays continuous. Where the first one would grow large behind the knot, only for the second one to
take it back, which costs digits of an f32, it is one in n = min(u - knot, 0) instead. Twilight goes round: it is p(w) + s*w*(1 - w)*q(w) of w = |u| and s, the sign of
u, whose ends are equal however the coefficients are rounded. Degrees and knots were found by trying all of few
coefficients for what errs by less than two levels of 255.

Coefficients are the best in the sense of the greatest error (Stiefel's exchange on the sampled points), rounded to seven
digits; errors are measured behind the rounding.
"""
import math
import random
import sys

# Of each channel: the degree; then the degree of the second polynomial and its knot, as t.
FORMS = {
    "viridis": ((4, 2, 132/255), (4,), (7,)),
    "magma": ((7,), (9,), (10,)),
    "inferno": ((7,), (5, 2, 48/255), (8, 2, 192/255)),
    "plasma": ((6,), (3, 3, 84/255), (8,)),
    "cividis": ((6,), (3,), (10, 2, 108/255)),
    "turbo": ((6, 6, 112/255, "split"), (8,), (2, 8, 72/255, "split")),
    "coolwarm": ((5,), (9,), (5,)),
    "twilight": ((6, 6), (6, 6), (6, 6)),
}
FLAT = {("cividis", 0): 23/255}  # the channel is 0 up to there: the polynomial is cut off at 0
CYCLIC = ("twilight",)
NOTES = {
    "viridis": ("The colour map viridis: from dark violet over green to yellow.",
                "Lightness rises evenly, also for the colour-blind and in print; van der Walt and Smith 2015."),
    "magma": ("The colour map magma: from black over purple and orange to a pale yellow.",
              "Lightness rises evenly; van der Walt and Smith 2015."),
    "inferno": ("The colour map inferno: from black over purple, red and orange to a bright yellow.",
                "Lightness rises evenly; van der Walt and Smith 2015."),
    "plasma": ("The colour map plasma: from blue over magenta and orange to yellow.",
               "Lightness rises evenly; van der Walt and Smith 2015."),
    "cividis": ("The colour map cividis: from dark blue over gray to yellow.",
                "Looks nearly the same with and without red-green colour blindness; Nunez, Anderton and Renslow 2018."),
    "turbo": ("The colour map turbo: a rainbow, from dark blue over green and yellow to dark red.",
              "Shows more detail than the even maps, and no order of values; Mikhailov 2019."),
    "coolwarm": ("The colour map coolwarm: from blue over a light gray in the middle to red.",
                 "For what has a sign: `coolwarm(0.5 + 0.5*v)`; Moreland 2009."),
    "twilight": ("The colour map twilight: goes round, from light gray over blue, black and red back.",
                 "For angles and phases; t counts modulo 1, so that t = 0 and t = 1 are the same colour. Bechtold 2017."),
}
HEAD = """\
# Colour maps
#
# Functions that give each number from 0 to 1 a colour, as sRGB components for the screen:
# `viridis(0.5 + 0.5*sin(9*x))`. What lies outside is clamped, NaN counts as 0. Components may leave 0...1 by
# as much as the map errs.
#
# They are polynomials: a table, read with interpolation, takes six gathers for the three channels, 6.6 ns a
# point where viridis takes 1.3 (f32, AVX2, an AMD EPYC of the first generation). Made by fit_colour_maps.py
# from tests/colour_maps.txt, which names the sources; change them there. Errors are the greatest over all
# colours of the source, in levels of 255.
"""


def read_samples(path):
    maps, rows = {}, None
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] in FORMS:
                rows = maps.setdefault(words[0], [])
            elif words and rows is not None:
                numbers = [int(word)/10000 for word in words]
                rows += [numbers[i:i + 3] for i in range(0, len(numbers), 3)]
    return maps


def dot(a, b):
    return sum(x*y for x, y in zip(a, b))


def orthogonal(columns):
    """Q and R of the columns, each made orthogonal twice."""
    q, r = [], []
    for column in columns:
        v, factors = column[:], [0.0]*len(q)
        for _ in range(2):
            for k, other in enumerate(q):
                f = dot(v, other)
                factors[k] += f
                v = [a - f*b for a, b in zip(v, other)]
        size = dot(v, v)**0.5
        q.append([a/size for a in v])
        r.append(factors + [size])
    return q, r


def solve(matrix, right):
    n = len(right)
    a = [row[:] + [value] for row, value in zip(matrix, right)]
    for c in range(n):
        p = max(range(c, n), key=lambda i: abs(a[i][c]))
        a[c], a[p] = a[p], a[c]
        for i in range(c + 1, n):
            f = a[i][c]/a[c][c]
            a[i] = [x - f*y for x, y in zip(a[i], a[c])]
    x = [0.0]*n
    for c in reversed(range(n)):
        x[c] = (a[c][n] - dot(a[c][c + 1:n], x[c + 1:]))/a[c][c]
    return x


def minimax(columns, values):
    """Coefficients of the columns whose greatest error is least: Stiefel's exchange, one point of a reference at a time."""
    q, r = orthogonal(columns)
    n, rows = len(q), list(zip(*q))
    reference = [round(i*(len(values) - 1)/n) for i in range(n + 1)]
    for _ in range(1000):
        # The functional on the reference that is zero for every column; the last point's weight is 1.
        weights = solve([[rows[i][k] for i in reference[:n]] for k in range(n)], [-rows[reference[n]][k] for k in range(n)]) + [1.0]
        level = dot(weights, [values[i] for i in reference])/sum(map(abs, weights))
        if level < 0:
            weights, level = [-w for w in weights], -level
        signs = [1 if w > 0 else -1 for w in weights]
        *c, _ = solve([list(rows[i]) + [s] for i, s in zip(reference, signs)], [values[i] for i in reference])
        errors = [v - dot(row, c) for row, v in zip(rows, values)]
        worst = max(range(len(errors)), key=lambda i: abs(errors[i]))
        if abs(errors[worst]) <= level*(1 + 1e-9):
            break
        sign = 1 if errors[worst] > 0 else -1
        mix = solve([[rows[i][k] for i in reference[:n]] for k in range(n)], [-sign*rows[worst][k] for k in range(n)]) + [0.0]
        reference[max(range(n + 1), key=lambda i: -mix[i]/weights[i])] = worst
    # R x = c
    x = [0.0]*n
    for k in reversed(range(n)):
        x[k] = (c[k] - sum(r[j][k]*x[j] for j in range(k + 1, n)))/r[k][k]
    return [float(f"{value:.7g}") for value in x]


def powers(v, first, last):
    return [[each**k for each in v] for k in range(first, last + 1)]


def horner(coefficients, name):
    text = f"{coefficients[-1]!r}"
    for c in reversed(coefficients[:-1]):
        text = f"{c!r} + {name}*({text})" if text[0] == "-" or " " in text else f"{c!r} + {name}*{text}"
    return text


def fit_circle(values, form):
    """The expression in w and arch, the greatest error: the even and the odd part are fitted each by itself."""
    n, half = len(values) - 1, range(len(values)//2, len(values))
    w = [2*i/n - 1 for i in half]
    c = minimax(powers(w, 0, form[0]), [0.5*(values[i] + values[n - i]) for i in half])
    # The last place is left out: there the arch is 0, whatever the coefficients.
    arch = [[each*(1 - each)*p for each, p in zip(w[:-1], column)] for column in powers(w, 0, form[1] - 2)]
    d = minimax(arch, [0.5*(values[i] - values[n - i]) for i in half[:-1]])
    error = 0
    for i, value in enumerate(values):
        u = 2*i/n - 1
        v = abs(u)
        fitted = dot(c, [v**k for k in range(len(c))]) + u*(1 - v)*dot(d, [v**k for k in range(len(d))])
        error = max(error, abs(fitted - value))
    return horner(c, "w") + f" + arch*({horner(d, 'w')})", error


def fit_channel(values, form, flat):
    """The expression, the lines that bind m and n in it, and the greatest error over all samples."""
    u = [2*i/(len(values) - 1) - 1 for i in range(len(values))]
    knot, split = 2*form[2] - 1 if len(form) > 1 else 1, form[3:] == ("split",)
    left = [min(each - knot, 0) for each in u] if split else u
    columns = powers(left, 0, form[0])
    if len(form) > 1:
        columns += powers([max(each - knot, 0) for each in u], 1, form[1])
    first = round(flat*(len(u) - 1))
    # The split polynomials vanish on one side each: pairs of them may have no weight in a reference. Noise prevents that.
    noise = random.Random(1)
    shaken = [[each + 1e-8*noise.random() for each in column[first:]] for column in columns]
    c = minimax(shaken if split else [column[first:] for column in columns], values[first:])
    fitted = [dot(c, row) for row in zip(*columns)]
    if first:
        fitted = [max(each, 0) for each in fitted]
    error = max(abs(a - b) for a, b in zip(fitted, values))
    text = horner(c[:form[0] + 1], "n" if split else "u")
    if first:
        return f"max({text}, 0)", [], error
    if len(form) == 1:
        return text, [], error
    place = f"u {'+' if knot < 0 else '-'} {abs(knot):.7g}"
    bound = [f"m = max({place}, 0)"] + ([f"n = min({place}, 0)"] if split else [])
    return text + f" + m*({horner(c[form[0] + 1:], 'm')})", bound, error


def folded(text, width=110):
    """The line, broken behind operators where it is longer."""
    out = []
    while len(text) > width:
        at = text.rindex(" + ", 0, width) + 2
        out.append(text[:at])
        text = "        " + text[at + 1:]
    return "\n".join(out + [text])


def write_map(name, samples):
    errors, lines = [], ["u = clamp(2*t - 1, -1, 1)"]
    if name in CYCLIC:
        lines = ["u = 2*fract(t) - 1", "w = abs(u)", "arch = u*(1 - w)"]
    for channel, form in enumerate(FORMS[name]):
        values, colour, knot = [each[channel] for each in samples], "rgb"[channel], []
        if name in CYCLIC:
            text, error = fit_circle(values, form)
        else:
            text, knot, error = fit_channel(values, form, FLAT.get((name, channel), 0))
        for line in knot:
            lines.append(line[0] + colour + line[1:])
            text = text.replace(line[0] + "*", line[0] + colour + "*")
        errors.append(255*error)
        lines.append(f"{colour} = {text}")
    print(f"{name}: " + " ".join(f"{e:.2f}" for e in errors), file=sys.stderr)
    summary, details = NOTES[name]
    print(f"\n## {summary}\n## {details}\n## Errs by up to {math.ceil(10*max(errors))/10} levels of 255.\nfn {name}(t) {{")
    print("\n".join(folded("    " + line) for line in lines) + "\n    (r, g, b)\n}")


def main():
    maps = read_samples(sys.argv[1])
    print(HEAD)
    print("## The colour map gray: from black to white, evenly in sRGB.\nfn gray(t) {\n    v = clamp(t, 0, 1)\n    (v, v, v)\n}")
    for name in FORMS:
        write_map(name, maps[name])


if __name__ == "__main__":
    main()
