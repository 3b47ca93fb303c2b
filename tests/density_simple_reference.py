#!/usr/bin/env python3
"""The log-densities that density_simple_test compares with:

    density_simple_reference.py > density_simple.txt           those that are kept with the tests
    density_simple_reference.py 50000 [SEED] > rows.txt        places where terms cancel alone, so many of each family that has any, to measure by:
    SINTER_ROWS=rows.txt build/tests/density_simple_test       prints the greatest error of each

Each line: the distribution as the language writes it, with its parameters p, q, r in their places, the parameters and x in
hexadecimal, and the real log-density rounded to an f64 and what that left out. Computed from the textbook form by mpmath with 1,200 bits of
working precision, which no cancellation here uses up, for parameters from 1e-300 to 1e300, moderate ones, and x in the
middle, in both tails and at the places next to the edges. Behind these, of families in which more than two terms are large, parameters at which they cancel: a scale (of
`kumaraswamy` b, of `von_mises` kappa) such that the log-density is moderate; and lognormal densities that are narrow.
"""
import math
import random
import sys

from mpmath import mp, mpf, log, exp, pi, sqrt, cos, erfc, besseli

mp.prec = 1200
random.seed(20240607)


def phi_log(t):
    return log(erfc(-t/sqrt(2))/2)


def log1p(t):
    return log(1 + t)


def log_i0(k):
    if k < 2000:
        return log(besseli(0, k))
    total, term = mpf(1), mpf(1)
    for n in range(1, 200):
        new = term*(2*n - 1)**2/(8*n*k)
        if new > term or new < mpf(2)**-400:
            break
        term, total = new, total + new
    return k - log(2*pi*k)/2 + log(total)


REAL, POSITIVE, UNIT = "real", "positive", "unit"
FAMILIES = [
    # text, kinds of the parameters, what x is: (x given a draw u in (0, 1) and the parameters), log-density
    ("normal(p, q)", [REAL, POSITIVE], REAL, lambda x, m, s: -((x - m)/s)**2/2 - log(s) - log(2*pi)/2),
    ("exponential(p)", [POSITIVE], "scale", lambda x, b: log(b) - b*x),
    ("lognormal(p, q)", ["logs", "small"], "log", lambda x, m, s: -((log(x) - m)/s)**2/2 - log(s) - log(2*pi)/2 - log(x)),
    ("pareto(p, q)", [POSITIVE, POSITIVE], "above", lambda x, m, a: log(a) + a*log(m/x) - log(x)),
    ("weibull(p, q)", ["small", POSITIVE], "ratio", lambda x, a, s: log(a/s) + (a - 1)*log(x/s) - exp(a*log(x/s))),
    ("frechet(p, q)", ["small", POSITIVE], "ratio", lambda x, a, s: log(a/s) - (a + 1)*log(x/s) - exp(-a*log(x/s))),
    ("double_exponential(p, q)", [REAL, POSITIVE], REAL, lambda x, m, s: -log(2*s) - abs(x - m)/s),
    ("logistic(p, q)", [REAL, POSITIVE], REAL, lambda x, m, s: -abs(x - m)/s - log(s) - 2*log1p(exp(-abs(x - m)/s))),
    ("gumbel(p, q)", [REAL, POSITIVE], REAL, lambda x, m, s: -(x - m)/s - log(s) - exp(-(x - m)/s)),
    ("rayleigh(p)", [POSITIVE], "times", lambda x, s: log(x) - 2*log(s) - (x/s)**2/2),
    ("inverse_gaussian(p, q)", [POSITIVE, POSITIVE], "times",
     lambda x, m, l: (log(l) - log(2*pi) - 3*log(x))/2 - l*((x - m)/m)**2/(2*x)),
    ("half_normal(p)", [POSITIVE], "times", lambda x, s: log(2/pi)/2 - log(s) - (x/s)**2/2),
    ("half_cauchy(p)", [POSITIVE], "times", lambda x, s: log(2/pi) - log(s) - log1p((x/s)**2)),
    ("cauchy(p, q)", [REAL, POSITIVE], REAL, lambda x, m, s: -log(pi*s) - log1p(((x - m)/s)**2)),
    ("kumaraswamy(p, q)", ["small", "small"], UNIT,
     lambda x, a, b: log(a*b) + (a - 1)*log(x) + (b - 1)*log1p(-exp(a*log(x)))),
    ("skew_normal(p, q, r)", [REAL, POSITIVE, "real small"], "real near",
     lambda x, m, s, a: log(2/pi)/2 - log(s) - ((x - m)/s)**2/2 + phi_log(a*(x - m)/s)),
    ("von_mises(p, q)", ["angle", POSITIVE], "angle", lambda x, m, k: k*cos(x - m) - log(2*pi) - log_i0(k)),
    ("geometric(p)", [UNIT], "count", lambda x, p: log(p) + x*log1p(-p)),
    ("bernoulli_logit(p)", ["real small"], "bit", lambda x, a: -log1p(exp(-a if x else a))),
    ("bernoulli(p)", [UNIT], "bit", lambda x, p: log(p) if x else log1p(-p)),
    ("uniform(p, q)", ["ends"], "between", lambda x, a, b: -log(b - a)),
    ("triangular(p, q, r)", ["ends and mode"], "between", lambda x, a, b, m: log(2/(b - a)) + (log((x - a)/(m - a)) if x < m else log((b - x)/(b - m)) if x > m else 0)),
    ("categorical((p, q, r))", ["simplex"], "one of 3", lambda x, *p: log(p[int(x) - 1])),
    ("normal_variance(p, q)", [REAL, POSITIVE], "by variance", lambda x, m, v: -(x - m)**2/(2*v) - log(v)/2 - log(2*pi)/2),
    ("normal_precision(p, q)", [REAL, POSITIVE], "by precision", lambda x, m, t: -(x - m)**2*t/2 + log(t)/2 - log(2*pi)/2),
]


def spread(low, high):
    return random.choice([1, 1.5])*10**random.uniform(low, high)


def draw_several(kind, wide):
    """Parameters that go together."""
    if kind == "simplex":
        p = 10**random.uniform(-300 if wide else -3, -0.31)
        q = (1 - p)*random.random()
        return [p, q, 1 - p - q]
    low = random.choice([-1, 1])*(spread(-300, 300) if wide else spread(-2, 2))
    high = low + random.choice([abs(low)*10**random.uniform(-12, 3), spread(-300, 300) if wide else spread(-2, 2)])
    mode = random.choice([low, high, low + random.random()*(high - low)])
    return [low, high] + ([min(max(mode, low), high)] if "mode" in kind else [])


def draw(kind, wide):
    sign = random.choice([-1, 1])
    if kind == REAL:
        return sign*(spread(-300, 300) if wide else spread(-2, 2))
    if kind == POSITIVE:
        return spread(-300, 300) if wide else spread(-2, 2)
    if kind == "small":
        return spread(-3, 4) if wide else spread(-1, 1)
    if kind == "real small":
        return sign*(spread(-5, 5) if wide else spread(-1, 1))
    if kind == "logs":
        return sign*random.uniform(0, 600 if wide else 5)
    if kind == "angle":
        return random.uniform(-math.pi, math.pi)
    if kind == UNIT:
        return random.choice([random.random(), 10**random.uniform(-300, 0), 1 - 10**random.uniform(-15, 0)])
    return float(random.choice([0, 1])) if kind == "bit" else float(math.floor(10**random.uniform(0, 15)))


def place(kind, parameters, wide):
    scale = parameters[-1]
    steps = random.choice([-1, 1])*10**random.uniform(-8 if wide else -2, 2)
    if kind == "one of 3":
        return random.choice([1.0, 2.0, 3.0])
    if kind == "between":
        low, high = parameters[:2]
        x = random.choice([low + (high - low)*random.random(), low + (high - low)*10**random.uniform(-15, 0), high - (high - low)*10**random.uniform(-15, 0)])
        return min(max(x, low), high)
    if kind == REAL:
        return parameters[0] + parameters[1]*steps
    if kind in ("by variance", "by precision"):
        return parameters[0] + math.sqrt(scale if kind == "by variance" else 1/scale)*steps
    if kind == "real near":
        return parameters[0] + parameters[1]*random.uniform(-5, 5)
    if kind == "scale":
        return abs(steps)/parameters[0]
    if kind == "times":
        return abs(steps)*parameters[0]
    if kind == "above":
        return parameters[0]*(1 + abs(steps)/max(scale, 0.01))
    if kind == "ratio":
        return scale*math.exp(random.uniform(-6, 6)/parameters[0])
    if kind == "log":
        return math.exp(min(700, parameters[0] + min(scale, 30)*random.uniform(-5, 5)))
    return draw(kind, wide)


# ---- where terms cancel ----

cancelling = random.Random(20261129)


def power_of_ten(low, high):
    return 10**cancelling.uniform(low, high)


def moderate():
    return cancelling.choice([cancelling.uniform(-3, 3), cancelling.uniform(-1, 1), cancelling.uniform(-30, 30)])


def signed(size):
    return cancelling.choice([-1, 1])*size


def scaled(density, z, *shapes, located):
    """(location, scale, x) of a scale such that the log-density of z on the scale of 1 becomes moderate."""
    log_scale = float(density(mpf(z), *map(mpf, shapes))) + moderate()
    if abs(log_scale) > 690:
        raise OverflowError
    scale = math.exp(log_scale)
    location = cancelling.choice([0.0, cancelling.uniform(-1, 1)*scale*(1 + abs(z))]) if located else 0.0
    return location, scale, location + z*scale


def cancelling_ratio(density):
    a = cancelling.choice([1.0, power_of_ten(-3, 1), power_of_ten(-1, 6)])
    z = math.exp(cancelling.uniform(-8, 7.3)/a)
    _, scale, x = scaled(lambda z: density(z, mpf(a), mpf(1)), cancelling.choice([z, 1/z]), located=False)
    return [a, scale], x


def cancelling_location(density):
    z = signed(cancelling.choice([cancelling.uniform(0, 8), power_of_ten(-1, 1), power_of_ten(0, 200)]))
    location, scale, x = scaled(lambda z: density(z, mpf(0), mpf(1)), z, located=True)
    return [location, scale], x


def cancelling_size(density):
    _, scale, x = scaled(lambda z: density(z, mpf(1)), power_of_ten(-3, 200), located=False)
    return [scale], x


def cancelling_skew(density):
    a = signed(power_of_ten(-2, 3))
    location, scale, x = scaled(lambda z: density(z, mpf(0), mpf(1), mpf(a)), signed(cancelling.choice([cancelling.uniform(0, 3), power_of_ten(0, 1.5)])), located=True)
    return [location, scale, a], x


def cancelling_b(density):
    a = cancelling.choice([power_of_ten(-3, 6), power_of_ten(-3, 6), power_of_ten(-323, -3)])
    x = cancelling.choice([cancelling.random(), 1 - power_of_ten(-15, -1), math.exp(-power_of_ten(-3, 2.8)/a) if a > 0.001 else power_of_ten(-300, -1)])
    wanted = moderate()

    def above(log_b):
        return density(mpf(x), mpf(a), exp(mpf(log_b))) > wanted

    if not 0 < x < 1:
        raise ValueError
    peak = min(690.0, float(-log(-log1p(-exp(a*log(mpf(x)))))))
    if not above(peak):
        raise ValueError
    low, high = (peak, 690.0) if cancelling.random() < 0.8 else (peak, -690.0)
    if above(high):
        raise ValueError
    for _ in range(60):
        middle = (low + high)/2
        low, high = (middle, high) if above(middle) else (low, middle)
    return [a, math.exp(low)], x


def cancelling_kappa(_):
    k = power_of_ten(0.5, 300)
    falls = math.log(k/(2*math.pi))/2 - moderate()
    d = 2*math.sqrt(falls/(2*k))
    if d > 3:
        raise ValueError
    mu = cancelling.choice([0.0, cancelling.uniform(-3, 3), cancelling.uniform(-3, 3)*d, cancelling.randrange(-1000, 1000)*2*math.pi])
    return [mu, k], mu + signed(d)


def cancelling_narrow(_):
    mu = cancelling.choice([cancelling.uniform(-600, 600), cancelling.uniform(-5, 5), signed(power_of_ten(-8, 0))])
    sigma = power_of_ten(-16, -1)
    return [mu, sigma], math.exp(mu + sigma*cancelling.uniform(-5, 5))


CANCELLING = {"lognormal": cancelling_narrow, "weibull": cancelling_ratio, "frechet": cancelling_ratio, "logistic": cancelling_location, "gumbel": cancelling_location, "cauchy": cancelling_location,
              "half_cauchy": cancelling_size, "skew_normal": cancelling_skew, "kumaraswamy": cancelling_b, "von_mises": cancelling_kappa}


def write(text, parameters, x, value):
    high = float(value)
    numbers = parameters + [0.0]*(3 - len(parameters)) + [x, high, float(value - mpf(high))]
    print(text.replace(" ", ""), *(number.hex() for number in numbers))


def write_cancelling(text, density, rows=150):
    draw_place = CANCELLING.get(text.split("(")[0])
    written = 0
    while draw_place and written < rows:
        try:
            parameters, x = draw_place(density)
            value = density(mpf(x), *map(mpf, parameters))
            if not math.isfinite(x) or not math.isfinite(float(value)) or "weibull frechet half_cauchy".find(text.split("(")[0]) >= 0 and not x > 0:
                continue
        except (OverflowError, ValueError, ZeroDivisionError):
            continue
        write(text, parameters, x, value)
        written += 1


def main():
    for text, kinds, where, density in FAMILIES:
        written = 0
        while written < 300:
            wide = written % 2 == 1
            try:
                together = kinds[0] in ("ends", "ends and mode", "simplex")
                parameters = draw_several(kinds[0], wide) if together else [draw(kind, wide) for kind in kinds]
                x = place(where, parameters, wide)
                if not math.isfinite(x) or where in ("scale", "times", "ratio", "log", "above") and not 0 < x:
                    continue
                value = density(mpf(x), *map(mpf, parameters))
                high = float(value)
            except (OverflowError, ValueError, ZeroDivisionError):
                continue
            if not math.isfinite(high):
                continue
            write(text, parameters, x, value)
            written += 1
        write_cancelling(text, density)


def measure(rows, seed=1):
    mp.prec = 1200
    cancelling.seed(int(seed))
    for text, _, _, density in FAMILIES:
        write_cancelling(text, density, int(rows))


if __name__ == "__main__":
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    measure(*sys.argv[1:]) if sys.argv[1:] else main()
