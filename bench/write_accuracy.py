#!/usr/bin/env python3
"""Writes docs/accuracy.md: the errors that tests/math_proof.c measured, which stand in docs/accuracy.tsv, and
nanoseconds beside SLEEF's, which `COMMAND bench math` measures. Without a command the times stay as the page has
them.

usage: write_accuracy.py [COMMAND [WORD...]]    words for `COMMAND bench math`: sin-, --rounds 31
"""
import json
import pathlib
import re
import subprocess
import sys

import write_tables

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
DENSITIES = DOCS / "density_accuracy.tsv"
TABLE, PAGE = DOCS / "accuracy.tsv", DOCS / "accuracy.md"
DENSITY_INTRODUCTION = """
## Densities of the gamma type

The greatest errors of log-densities (src/lib/densities_gamma.sn) in units in the last place of max(|log-density|, 1), in f64 by any engine, against
mpmath with sixty digits more than the textbook's formula loses, rounded to f64 (which adds up to half a unit). Parameters go from 1e-300 to 1e300 and counts to
1e15, with x near the mode and far from it, and on both sides of each place where formulas change: shapes below 2^13 have a
shorter form than those beyond it, which is right while the logarithms' error of 2^-70 is multiplied by no more than that
(`tests/density_gamma_values.py`, `tests/density_gamma_test.c`). Narrower are the ranges of

- `dirichlet`: concentrations to 1e15, within 1e5 of each other; x as rounded, that is, off the simplex by what rounding leaves;
- `poisson_log`, `binomial_logit`, `neg_binomial_2_log`: counts, rates and tries to 1e8 near the mode. Beyond, the logarithm of a count in two words, good to 2^-66 of itself,
  is what limits: the error grows with the distance from the mode, |k - e^a| 2^-61 or so.

| family | greatest error, ULP | at x, parameters | rows |
|---|---:|---|---:|
"""

HEAD = "| function | type | grade | greatest error, ULP | at | arguments tried | ns | SLEEF, ns |\n"
RULE = "|---|---|---|---:|---|---|---:|---:|\n"
MACHINE = re.compile(r"^Times: (.*)$", re.MULTILINE)

INTRODUCTION = """# Accuracy and speed of the mathematical functions

Generated; do not edit. `math_proof docs/accuracy.tsv` measures the errors (hours; only what has changed since;
`math_proof docs/accuracy.tsv tan f32` one function), `bench/write_accuracy.py build/sinter` the times, and writes
this page. `make proof` measures all errors anew.

The functions are expanded into plain arithmetic before any engine sees them, so errors hold for every engine and
every vector width, which give the same bits. Infinities, NaN, signed zeros and subnormal numbers, as arguments and as
results, are right; no range is left out.

Not in the table is what is one operation, rounded once (`sqrt`, `fma`) or exact (`floor`, `ceil`, `round`, `trunc`, `abs`, `sign`, `copysign`, `min`, `max`), and what
is the formula that [language.md](language.md#functions) says (`mod`, `rem`, `mix`, `smoothstep`, `length`, ...). `degrees` and `radians` are products by a
factor that is rounded once: they err by at most 0.81 ULP.

An error is |result − exact| in units in the last place (ULP): the distance of the type's numbers at the exact value;
where that is subnormal, the least subnormal. 0.5 is the least that rounding can reach. Where the exact value rounds to
infinity, only infinity counts as right. `default` promises 1 ULP, `fast` 4; lgamma, gamma and digamma promise 2 as
`default`, and next to those zeros of lgamma and digamma that are no numbers of the type an absolute error instead: where it is needed,
the greatest is given beside the greatest error elsewhere. Where `fast` costs what `default` does it is the same code.

f32 functions of one argument are measured at all 2³² arguments; f32 functions of two, and all of f64, at 10⁸ random,
structured and known worst-case arguments (next to multiples of π/2 at every exponent, by continued fractions; next to whole, half
and quarter numbers; at the borders of overflow and of the subnormals; around zeros and poles), and then at some millions around the
worst, nearer and nearer. Where the column says fewer, a part of the proof was run since the function last changed: stretches of arguments all over the range. Double precision
(f32) or extended precision (f64) says which arguments may be the worst, with a margin; of those MPFR (200 and 400 bits)
computes the error, so that the greatest is the one MPFR would find at all of them. tests/math_oracle.h has the argument.
"""

# Where any row says how far the fast oracle was wrong; lines of earlier runs do not.
TRUST = """What that rests on is measured in the same run: at {decided:,} arguments in all, at least 95,000 for each function and type{where}, most
of them taken at random, MPFR was asked beside the fast oracle. An error exceeded its estimate by at most {single:.1g} ULP (f32)
and {double:.1g} ULP (f64); the margins are 2^-15 and 2^-7 (lgamma and gamma in f64 2^-6, digamma 2^-4), and a run fails in which half
of one is exceeded.
"""

TIMES = """
ns is the time of one element, of 10,000 in the cache nearest to one core, all in the function's common range
(docs/benchmarks.md); beside it SLEEF's function of the nearest bound (u10 is 1.0 ULP), in turns on the same arrays.

Times: """


def parts_of(name):
    return re.fullmatch(r"(.*)-(f32|f64)(-fast)?", name)


def measured_times(command, options):
    """(function, type, grade) → (ns, SLEEF's), and what they were measured on."""
    result = subprocess.run([command, "bench", "math", "--json", *options], stdout=subprocess.PIPE, text=True, check=False)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    widest = rows[0]["engine"]
    times = {}
    for row in rows:
        name = parts_of(row["workload"])
        if not name or row["engine"] != widest:
            continue
        sleef = f"{row['limit_ns']:.3f} ({row['limit'].split()[1]})" if row["limit"] else ""
        times[name[1], name[2], "fast" if name[3] else "default"] = (f"{row['ns']:.3f}", sleef)
    return times, f"{widest}, {write_tables.machine(command).strip()}"


def kept_times():
    text = PAGE.read_text(encoding="utf-8")
    machine = MACHINE.search(text)
    times = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 8 and cells[0].startswith("`"):
            times[cells[0].strip("`"), cells[1], cells[2]] = (cells[6], cells[7])
    return times, machine[1] if machine else "none yet."


def trust_of(rows):
    """The sentence about the fast oracles, of the rows that have been measured beside MPFR."""
    known = [row for row in rows if int(row.get("by_mpfr") or 0) > 0 and row["grade"] == "default"]
    if not known:
        return ""
    hidden = {kind: max((float(row["hidden"]) for row in known if row["type"] == kind), default=0) for kind in ("f32", "f64")}
    total = len([row for row in rows if row["grade"] == "default"])
    where = "" if len(known) == total else f" of {len(known)} of {total} (the others' figures are of an earlier run, without margin)"
    return TRUST.format(decided=sum(int(row["by_mpfr"]) for row in known), where=where, single=hidden["f32"], double=hidden["f64"])


def count_of(row):
    count = int(row["arguments"])
    return "all 2³²" if count == 2**32 else f"{count:,}"


def place_of(row):
    return f"`{row['x']}`" + ("" if row["y"] == "-" else f", `{row['y']}`")


def line_of(row, same, times):
    error = row["ulp"]
    if float(row["absolute"]) > 0:
        error += f"; {float(row['absolute']):.1e} absolute"
    where, count = ("the same code", "") if same else (place_of(row), count_of(row))
    key = row["function"], row["type"], row["grade"]
    cells = [f"`{key[0]}`", key[1], key[2], error, where, count, *times.get(key, ("", ""))]
    return "| " + " | ".join(cells) + " |\n"


def kept_densities():
    """The page's last part, which is written by hand."""
    text = PAGE.read_text(encoding="utf-8")
    at = text.find("\n## Densities without gamma functions\n")
    return text[at:] if at >= 0 else ""


def main(command=None, *options):
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    keys = lines[0].split("\t")
    rows = [dict(zip(keys, line.split("\t"), strict=False)) for line in lines[1:]]
    times, machine = kept_times()
    if command:
        kept, before = times, machine
        times, machine = measured_times(command, options)
        if machine == before:  # rows that were not asked for stay
            times = kept | times
    default = {(r["function"], r["type"]): r["fingerprint"] for r in rows if r["grade"] == "default"}
    text = INTRODUCTION + trust_of(rows) + TIMES + machine + "\n\n" + HEAD + RULE
    for row in rows:
        same = row["grade"] == "fast" and row["fingerprint"] == default.get((row["function"], row["type"]))
        text += line_of(row, same, times)
    text += DENSITY_INTRODUCTION
    for line in DENSITIES.read_text(encoding="utf-8").splitlines()[1:]:
        family, error, count, place = line.split("\t")
        text += f"| `{family}` | {error} | `{place}` | {int(count):,} |\n"
    text += kept_densities()
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
