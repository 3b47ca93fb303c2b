#!/usr/bin/env python3
"""Reference values of the log-densities of the gamma type, by mpmath: rows for density_gamma_test.

    density_gamma_values.py > density_gamma_values.txt      the rows kept with the tests
    density_gamma_values.py 2000 [SEED] > rows.txt          so many of each family, to measure by:
    SINTER_ROWS=rows.txt build/tests/density_gamma_test     prints the greatest error of each

A row: the family, x, its parameters, and the log-density by the textbook's formula with as many digits as it loses and sixty more,
rounded to f64. Parameters go from 1e-300 to 1e300 (concentrations of Dirichlet's
distribution to 1e15), counts to 1e15; x lies by turns near the mode, some deviations out, at the places where
the formulas of src/lib/densities_gamma.sn change, and anywhere."""
import math
import random
import sys

from mpmath import exp, log, loggamma, mp, mpf

R = random.Random(5)


def digits_for(values):
    size = max([1.0] + [max(abs(v), 1 / abs(v)) for v in values if v != 0])
    return int(60 + 2.2 * math.log10(size))


# ---- the textbook's formulas ----

def gamma(x, a, b):
    return a * log(b) - loggamma(a) + (a - 1) * log(x) - b * x


def inv_gamma(x, a, b):
    return a * log(b) - loggamma(a) - (a + 1) * log(x) - b / x


def beta(x, a, b):
    return (a - 1) * log(x) + (b - 1) * log(1 - x) - loggamma(a) - loggamma(b) + loggamma(a + b)


def dirichlet(x, y, z, a, b, c):
    return ((a - 1) * log(x) + (b - 1) * log(y) + (c - 1) * log(z) + loggamma(a + b + c) - loggamma(a) - loggamma(b)
            - loggamma(c))


def neg_binomial_2(y, mu, phi):
    return (loggamma(y + phi) - loggamma(phi) - loggamma(y + 1) + phi * log(phi / (mu + phi))
            + (y * log(mu / (mu + phi)) if y else 0))


def choose(n, k):
    return loggamma(n + 1) - loggamma(k + 1) - loggamma(n - k + 1)


def binomial(k, n, p):
    return choose(n, k) + (k * log(p) if k else 0) + ((n - k) * log(1 - p) if n > k else 0)


def student_t(x, nu, mu, sigma):
    return (loggamma((nu + 1) / 2) - loggamma(nu / 2) - log(nu * mp.pi) / 2 - log(sigma)
            - (nu + 1) / 2 * log(1 + ((x - mu) / sigma) ** 2 / nu))


FAMILIES = {
    "gamma": gamma,
    "gamma_scale": lambda x, a, t: gamma(x, a, 1 / t),
    "gamma_mean": lambda x, a, m: gamma(x, a, a / m),
    "inv_gamma": inv_gamma,
    "chi_square": lambda x, n: gamma(x, n / 2, mpf(1) / 2),
    "inv_chi_square": lambda x, n: inv_gamma(x, n / 2, mpf(1) / 2),
    "scaled_inv_chi_square": lambda x, n, s: inv_gamma(x, n / 2, n * s * s / 2),
    "beta": beta,
    "beta_proportion": lambda x, m, k: beta(x, m * k, (1 - m) * k),
    "dirichlet": dirichlet,
    "poisson": lambda k, l: (k * log(l) if k else 0) - l - loggamma(k + 1),
    "poisson_log": lambda k, a: k * a - exp(a) - loggamma(k + 1),
    "binomial": binomial,
    "binomial_logit": lambda k, n, a: choose(n, k) + k * a - n * log(1 + exp(a)),
    "neg_binomial": lambda y, a, b: neg_binomial_2(y, a / b, a),
    "neg_binomial_2": neg_binomial_2,
    "neg_binomial_2_log": lambda y, l, p: neg_binomial_2(y, exp(l), p),
    "student_t": student_t,
    "neg_binomial_p": lambda y, r, p: (loggamma(y + r) - loggamma(r) - loggamma(y + 1) + r * log(p) + (y * log(1 - p) if y else 0)),
}

# ---- arguments ----

def clip(v):
    return min(max(v, 1e-300), 1e300)


def scale(reach=None):
    reach = reach or R.choice([1, 3, 15, 100, 299])
    return 10 ** R.uniform(-reach, reach)


def step(v, places):
    for _ in range(abs(places)):
        v = math.nextafter(v, math.inf if places > 0 else 0)
    return v


BEYOND = 8192  # up to here deviances have their short form


def shape():
    return R.choice([scale(), scale(), 10 ** R.uniform(-2, 6), BEYOND * R.choice([0.5, 1, step(1.0, -1), step(1.0, 1), 0.9, 2]),
                     R.choice([0.5, 1, 1.5, 2, 2.5, 3, 100, step(1.0, -1), step(2.0, -1), step(2.0, 1), 1.9999, 2.0001])])


def near(centre, deviation):
    return centre + deviation * R.gauss(0, 1) * R.choice([0, 1e-9, 0.1, 1, 3, 10, 37])


# 3/5 and 5/3: where the series of the deviance ends
BORDERS = [0.6, 5 / 3, 0.6, 5 / 3, 0.75, 1.25, 2, 0.5, 1e-3, 1e3]


def positive(centre, relative):
    kind = R.random()
    if kind < 0.25:
        return scale()
    if kind < 0.5:
        return clip(step(centre * R.choice(BORDERS), R.randrange(-2, 3)))
    v = near(centre, centre * relative)
    return clip(v if v > 0 else centre * math.exp(R.gauss(0, 1)))


def count(mean, deviation=0.0):
    kind = R.random()
    if kind < 0.2:
        return float(R.choice([0, 1, 2, 3, 4, 7, 10, 50, BEYOND, BEYOND - 1, BEYOND + 1]))
    if kind < 0.3:
        return float(int(10 ** R.uniform(0, 15)))
    mean = min(mean, 1e15)
    v = near(mean, deviation or math.sqrt(mean)) if kind < 0.8 else mean * R.choice(BORDERS)
    return float(min(max(0, round(min(v, 1e15))), 10**15))


def share(mean, relative):
    x = 1 - scale(3) if R.random() < 0.1 else positive(mean, relative)
    return x if 0 < x < 1 else R.random()


def location_family(name):
    a, b = shape(), scale()
    half = a / 2 if name == "scaled_inv_chi_square" else a
    if name == "gamma" and R.random() < 0.15:  # the scale makes up for the deviance
        b = clip(a / 1e-280)
    centre = {"gamma": a / b, "gamma_scale": a * b, "gamma_mean": b, "inv_gamma": b / a, "scaled_inv_chi_square": b * b}[name]
    return positive(clip(centre), 1 / math.sqrt(half)), a, b


def one_shape(name):
    a = shape()
    return positive(clip(a if name == "chi_square" else 1 / a), math.sqrt(2 / a)), a


def of_beta():
    a = shape()
    b = clip(R.choice([shape(), a, a * scale(1)]))
    return share(a / (a + b), math.sqrt(b / a / (a + b + 1))), a, b


def of_proportion():
    m = R.choice([R.random(), R.choice([0.5, 0.25, 1e-10, 1e-100, 1 - 1e-12])])
    k = shape()
    return share(m, math.sqrt((1 - m) / m / (k + 1))), m, k


def of_dirichlet():
    a = min(shape(), 1e15)
    b, c = (min(clip(R.choice([a, a * scale(1), a * scale(5)])), 1e15) for _ in range(2))
    x = share(a / (a + b + c), 1 / math.sqrt(a))
    y = (1 - x) * share(b / (b + c), 1 / math.sqrt(b))
    z = 1 - x - y
    return (x, y, z, a, b, c) if z > 0 else of_dirichlet()


def of_binomial(name):
    logit = name == "binomial_logit"
    n = float(R.choice([int(10 ** R.uniform(0, R.choice([1, 3, 6, 15])))] * 4 + [BEYOND + R.choice([-1, 0, 1])]))
    if logit:
        t = R.choice([R.uniform(-3, 3), R.uniform(-40, 40), R.uniform(-700, 700)])
        p = 1 / (1 + math.exp(-t))
    else:
        t = p = R.choice([R.random(), R.random(), 10 ** R.uniform(-20, 0), 10 ** R.uniform(-300, 0), 1 - 10 ** R.uniform(-15, 0)])
    if not 0 < p < 1:
        t, p = (0.0 if logit else 0.5), 0.5
    k = round(near(n * p, math.sqrt(n * p * (1 - p)))) if R.random() < 0.7 else int(R.random() * (n + 1))
    if R.random() < 0.1:
        k = R.choice([0, 1, n - 1, n])
    return float(min(max(k, 0), n)), n, t


def of_great_counts(name):
    """Counts some deviations from the mode, whose logarithms have to be known to 2^-80."""
    mean, deviations = 10 ** R.uniform(14, 15), R.choice([-1, 1]) * R.uniform(3, 20)
    if name == "poisson_log":
        return float(round(mean)), math.log(mean) + deviations / math.sqrt(mean)
    if name == "binomial_logit":
        t = R.uniform(-3, 3)
        p = 1 / (1 + math.exp(-t))
        return float(round(mean * p + deviations * math.sqrt(mean * p * (1 - p)))), float(round(mean)), t
    phi = 10 ** R.uniform(14, 18)
    return float(min(round(mean + deviations * math.sqrt(mean * (1 + mean / phi))), 10**15)), math.log(mean), phi


def of_poisson(name):
    if name == "poisson":
        rate = R.choice([scale(), 10 ** R.uniform(-3, 15), BEYOND * R.uniform(0.7, 1.3)])
        return count(rate), rate
    log_rate = R.choice([R.uniform(-690, 690), R.uniform(-5, 34.5), R.uniform(-2, 5)])
    return count(math.exp(log_rate)), log_rate


def of_neg_binomial(name):
    a = shape()
    if name == "neg_binomial_2_log":
        log_mean = R.choice([R.uniform(-600, 600), R.uniform(-5, 34.5)])
        mean, first, second = math.exp(log_mean), log_mean, a
    else:
        mean = R.choice([scale(), 10 ** R.uniform(-3, 15)])
        first, second = mean, a
        if name == "neg_binomial_p":
            first, second = a, a / (a + mean) if a + mean < 1e300 else 0.5
            if not 0 < second < 1:
                return of_neg_binomial(name)
        if name == "neg_binomial":
            first, second = a, clip(a / mean)
            mean = first / second
    y = count(mean, math.sqrt(mean) * math.sqrt(1 + min(mean / a, 1e300)) if R.random() < 0.5 else 0.0)
    return y, first, second


def of_t():
    nu, s = R.choice([shape(), R.uniform(0.01, 8), R.choice([6, 6 - 2**-50])]), scale()
    m = R.choice([0.0, R.gauss(0, 1) * s, scale()])
    if R.random() < 0.7:
        x = m + s * R.gauss(0, 1) * R.choice([1e-10, 1e-3, 1, 10, 37, 1e5])
    else:
        x = m + s * math.sqrt(nu) * R.choice([0.1, 1, 10]) if R.random() < 0.5 else scale()
    return max(min(x, 1e300), -1e300), nu, m, s


def arguments(name):
    if name in ("poisson_log", "binomial_logit", "neg_binomial_2_log") and R.random() < 0.25:
        return of_great_counts(name)
    if name in ("chi_square", "inv_chi_square"):
        return one_shape(name)
    if name == "beta":
        return of_beta()
    if name == "beta_proportion":
        return of_proportion()
    if name == "dirichlet":
        return of_dirichlet()
    if name.startswith("binomial"):
        return of_binomial(name)
    if name.startswith("poisson"):
        return of_poisson(name)
    if name.startswith("neg_binomial"):
        return of_neg_binomial(name)
    if name == "student_t":
        return of_t()
    return location_family(name)


def main(rows=50, seed=5):
    R.seed(int(seed))
    for name, density in FAMILIES.items():
        kept = 0
        while kept < int(rows):
            values = [float(v) for v in arguments(name)]
            mp.dps = digits_for(values)
            wanted = float(density(*map(mpf, values)))
            if math.isfinite(wanted):
                print(name, *(v.hex() for v in values), wanted.hex())
                kept += 1


if __name__ == "__main__":
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
