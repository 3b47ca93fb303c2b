"""The example of a hierarchical model: posterior means and deviations against quadrature.

Given sigma and tau the mean mu and the effects are normal, so the posterior is a sum over a grid of those two of what is known in closed form.
"""
import math
import re
import subprocess
import sys

SIGMAS = [math.exp(3.2 + 1.6 * (i + 0.5) / 60) for i in range(60)]
TAUS = [math.exp(-3 + 9 * (i + 0.5) / 150) for i in range(150)]


def batches(path):
    rows = {}
    for line in open(path, encoding="utf-8"):
        m = re.match(r"(\d+),(\w)$", line)
        if m:
            rows.setdefault(m[2], []).append(float(m[1]))
    return rows


def given(rows, sigma, tau):
    """The logarithm of the weight, and of mu, sigma, tau and each effect the mean and the mean square."""
    n = {k: len(v) for k, v in rows.items()}
    mean = {k: sum(v) / len(v) for k, v in rows.items()}
    inside = sum((y - mean[k]) ** 2 for k, v in rows.items() for y in v)
    spread = {k: sigma * sigma / n[k] + tau * tau for k in rows}
    precision = 1 / 200**2 + sum(1 / s for s in spread.values())
    mu = (1500 / 200**2 + sum(mean[k] / spread[k] for k in rows)) / precision
    log = -0.5 * (sigma * sigma + tau * tau) / 100**2 + math.log(sigma) + math.log(tau)  # the grid is in logarithms
    log -= inside / (2 * sigma * sigma) + (sum(n.values()) - len(rows)) * math.log(sigma)
    log -= 0.5 * sum(math.log(s) + mean[k] ** 2 / s for k, s in spread.items()) - 0.5 * precision * mu * mu + 0.5 * math.log(precision)
    moments = [(mu, 1 / precision + mu * mu), (sigma, sigma * sigma), (tau, tau * tau)]
    for k in rows:
        share = tau * tau / spread[k]
        effect = share * mean[k] + (1 - share) * mu
        variance = share * sigma * sigma / n[k] + (1 - share) ** 2 / precision
        moments.append((effect, variance + effect * effect))
    return log, moments


def posterior(rows):
    points = [given(rows, sigma, tau) for sigma in SIGMAS for tau in TAUS]
    top = max(log for log, _ in points)
    weights = [math.exp(log - top) for log, _ in points]
    total = sum(weights)
    wanted = {}
    for k, name in enumerate(["mu", "sigma", "tau", *rows]):
        first = sum(w * m[k][0] for w, (_, m) in zip(weights, points)) / total
        second = sum(w * m[k][1] for w, (_, m) in zip(weights, points)) / total
        wanted[name] = (first, math.sqrt(second - first * first))
    return wanted


def failures(output, wanted):
    if not re.match(r"posterior of \d+ draws, ([89]\d|100)% of them accepted; 30 rows in 6 batches$", output.splitlines()[0]):
        yield f"the first line: {output.splitlines()[0]}"
    found = {m[1]: (float(m[2]), float(m[3])) for m in re.finditer(r"^(\w+) +(\S+) ± (\S+)$", output, re.M)}
    for name, (mean, deviation) in wanted.items():
        got = found.get(name)
        if not got:
            yield f"no {name}"
        elif abs(got[0] - mean) > 0.05 * deviation or abs(got[1] / deviation - 1) > 0.05:
            yield f"{name}: {got[0]} ± {got[1]} instead of {mean:.2f} ± {deviation:.2f}"


run = subprocess.run(sys.argv[1:3], capture_output=True, text=True, timeout=300)
told = list(failures(run.stdout, posterior(batches(sys.argv[2])))) if run.returncode == 0 and run.stdout else [f"status {run.returncode}: {run.stderr}"]
print("1..1")
print("not ok 1 - posterior" if told else "ok 1 - posterior")
for failure in told:
    print("#", failure)
sys.exit(bool(told))
