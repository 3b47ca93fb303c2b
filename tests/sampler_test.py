"""The example of a sampler on bound data: posterior means and deviations of a linear regression, which are known.

- a million rows, 1.5 - 0.25*(x - 100) and noise of deviation 0.5, x about 100 with deviation 3: with flat priors the posterior of a has
  deviation 0.5/sqrt(n), that of b a third of it, that of sigma 0.5/sqrt(2n)
- means lie within what the data's own chance allows, deviations within a tenth
"""
import re
import subprocess
import sys

ROWS = 1000000
WANTED = {"a": (1.5, 0.5 / ROWS**0.5), "b": (-0.25, 0.5 / 3 / ROWS**0.5), "sigma": (0.5, 0.5 / (2 * ROWS) ** 0.5)}


def failures(output):
    found = {m[1]: (float(m[2]), float(m[3])) for m in re.finditer(r"^(\w+) +(\S+) ± (\S+)$", output, re.M)}
    head = re.match(r"posterior of (\d+) draws, (\d+)% of them accepted; (\d+) rows as (\d+)$", output.splitlines()[0])
    if not head or int(head[3]) != ROWS or int(head[4]) > 6 or int(head[2]) < 60:
        yield f"the first line: {output.splitlines()[0]}"
    for name, (mean, deviation) in WANTED.items():
        got = found.get(name)
        if not got:
            yield f"no {name}"
        elif abs(got[0] - mean) > 5 * deviation:
            yield f"{name}: mean {got[0]}, {abs(got[0] - mean) / deviation:.1f} deviations from {mean}"
        elif not 0.9 < got[1] / deviation < 1.1:
            yield f"{name}: deviation {got[1]} instead of {deviation}"


run = subprocess.run([sys.argv[1]], capture_output=True, text=True, timeout=300)
found = list(failures(run.stdout)) if run.returncode == 0 and run.stdout else [f"status {run.returncode}: {run.stderr}"]
print("1..1")
print("not ok 1 - posterior" if found else "ok 1 - posterior")
for failure in found:
    print("#", failure)
sys.exit(bool(found))
