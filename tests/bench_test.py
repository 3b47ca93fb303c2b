#!/usr/bin/env python3
"""`sinter bench`: the shape of what it prints, what it refuses. No timing is judged.

usage: bench_test.py COMMAND
"""
import json
import math
import subprocess
import sys

KEYS = ["workload", "engine", "n", "ns", "limit", "limit_ns", "ratio", "compile_us", "ops"]
NUMBERS = (int, float)


def run(command, *words):
    return subprocess.run([command, "bench", *words], capture_output=True, text=True, timeout=240, check=False)


def rows_of(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def is_positive(value):
    return isinstance(value, NUMBERS) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def wrong_row(row):
    """What is wrong with one object, or nothing."""
    if list(row) != KEYS:
        return f"keys {list(row)}"
    if not isinstance(row["workload"], str) or not isinstance(row["engine"], str):
        return "names that are no texts"
    if not isinstance(row["n"], int) or row["n"] < 1 or not is_positive(row["ns"]):
        return f"n {row['n']}, ns {row['ns']}"
    if row["limit"] is None:
        if row["limit_ns"] is not None or row["ratio"] is not None:
            return "a ratio without a limit"
    elif not isinstance(row["limit"], str) or not is_positive(row["limit_ns"]) or not is_positive(row["ratio"]):
        return f"limit {row['limit']}, {row['limit_ns']}, ratio {row['ratio']}"
    for key in ("compile_us", "ops"):
        if row[key] is not None and not is_positive(row[key]):
            return f"{key} {row[key]}"
    return None


def check_gain(command):
    result = run(command, "gain", "--json", "--quick")
    rows = rows_of(result)
    wrong = [w for w in map(wrong_row, rows) if w]
    if result.returncode != 0 or result.stderr:
        wrong.append(f"exit status {result.returncode}: {result.stderr}")
    if not rows or {(row["workload"], row["n"]) for row in rows} != {("gain", 44100)}:
        wrong.append(f"rows {rows}")
    if "memcpy" not in {row["limit"] for row in rows}:
        wrong.append("memcpy is not among the limits")
    return wrong


def check_prefixes(command):
    rows = rows_of(run(command, "normal_sum", "circle", "--json", "--quick", "--rounds", "1"))
    names = {row["workload"] for row in rows}
    wrong = [w for w in map(wrong_row, rows) if w]
    if names != {"normal_sum", "normal_sum-1000000", "circle", "circle-1024x1024"}:
        wrong.append(f"workloads {sorted(names)}")
    return wrong


def check_random(command):
    """Two sizes have about as many operations as their names say; nothing is folded away."""
    rows = rows_of(run(command, "random", "--json", "--quick", "--rounds=1", "--engine=interp"))
    wrong = [w for w in map(wrong_row, rows) if w]
    for row in rows:
        wanted = int(row["workload"].removeprefix("random"))
        if row["engine"] != "interp" or not wanted <= row["ops"] <= wanted + 8:
            wrong.append(f"{row['workload']} on {row['engine']}: {row['ops']} operations")
    if len(rows) != 2:
        wrong.append(f"{len(rows)} rows")
    return wrong


def check_engines(command):
    rows = rows_of(run(command, "engines", "affine10-strict", "--json", "--quick"))
    engines = [row["engine"] for row in rows]
    wrong = [w for w in map(wrong_row, rows) if w]
    if engines[:1] != ["tree_walk"] or "interp" not in engines:
        wrong.append(f"engines {engines}")
    return wrong


def check_prototype(command):
    rows = rows_of(run(command, "prototype", "--json", "--quick", "--rounds", "1"))
    names = {row["workload"] for row in rows}
    wrong = [w for w in map(wrong_row, rows) if w]
    missing = {"c-loop", "c-call-per-sample", "block-64", "block", "block-with-time", "block-without-time"} - names
    for field in ("noise", "waves", "circle"):
        missing |= {f"field-{field}", f"field-{field}-total", f"field-{field}-even"} - names
    totals = [row["n"] for row in rows if row["workload"] == "field-noise-total"]
    if totals != [1, 100, 1000, 10000, 100000, 1000000]:
        wrong.append(f"totals at {totals}")
    if missing:
        wrong.append(f"missing: {sorted(missing)}")
    return wrong


def check_compile(command):
    rows = rows_of(run(command, "compile", "text-100", "program-300", "--json", "--quick", "--rounds", "1"))
    wrong = [w for w in map(wrong_row, rows) if w]
    for row in rows:
        if not math.isclose(row["ns"] * row["n"], row["compile_us"] * 1000, rel_tol=1e-4):
            wrong.append(f"{row['workload']}: ns and compile_us disagree")
    if {"text-100", "text-1000", "program-300"} - {row["workload"] for row in rows}:
        wrong.append("rows are missing")
    return wrong


def check_families(command):
    """Each form of a family, on one engine: of the code that the library brings, and compiled."""
    rows = rows_of(run(command, "families", "gamma-", "dirichlet", "--json", "--quick", "--rounds", "1"))
    wrong = [w for w in map(wrong_row, rows) if w]
    forms = ("-slopes", "-compiled", "-compiled-slopes")
    names = [row["workload"] for row in rows]
    if names != ["dirichlet"] + ["dirichlet" + f for f in forms] + ["gamma" + f for f in forms]:
        wrong.append(f"rows {names}")
    ops = {row["workload"]: row["ops"] for row in rows}
    if not wrong and not ops["dirichlet"] == ops["dirichlet-compiled"] < ops["dirichlet-slopes"] == ops["dirichlet-compiled-slopes"]:
        wrong.append(f"operations {ops}")
    return wrong


def check_math(command):
    """One row a function, type and grade on each engine; SLEEF, where it is, as the limit."""
    rows = rows_of(run(command, "math", "exp-", "sinpi_cospi", "--json", "--quick", "--rounds", "1"))
    wrong = [w for w in map(wrong_row, rows) if w]
    names = {row["workload"] for row in rows}
    if names != {"exp-f32", "exp-f32-fast", "exp-f64", "exp-f64-fast", "sinpi_cospi", "sinpi_cospi-fast"}:
        wrong.append(f"functions {sorted(names)}")
    limits = {row["limit"] for row in rows} - {None}
    if not all(limit == "hand-written" or limit.startswith("SLEEF u") for limit in limits):
        wrong.append(f"limits {sorted(limits)}")
    if any(row["n"] != 10000 or row["compile_us"] is None for row in rows):
        wrong.append("wrong sizes, or no price of compiling")
    return wrong


def check_graph(command):
    """Plain C, interpreted and otherwise, sounds like the compiled graph (or there is no row); edits are all swapped in."""
    result = run(command, "graph", "voice", "biquad", "edited", "set", "--json", "--quick", "--rounds", "1")
    rows = rows_of(result)
    wrong = [w for w in map(wrong_row, rows) if w]
    if result.returncode != 0 or result.stderr:
        wrong.append(f"exit status {result.returncode}: {result.stderr}")
    limits = {row["workload"]: row["limit"] for row in rows}
    wanted = {"voice-10", "voice-10-in-order", "voice-10-blocks", "voice-10-fused", "voice-10-vectors", "voice-50", "voice-50-series", "voice-160", "biquad", "biquad-strict"}
    if {name for name, limit in limits.items() if limit} != wanted:
        wrong.append(f"rows with limits {limits}")
    ns = [row["ns"] for row in rows if row["workload"].startswith("edited-")]
    if len(ns) != 3 or ns != sorted(ns):
        wrong.append(f"blocks of edited graphs take {ns}")
    return wrong


def check_density(command):
    """Loops by hand say what batches, sums and calls say (or there is no row)."""
    result = run(command, "density", "normal", "--json", "--quick", "--rounds", "1")
    rows = rows_of(result)
    wrong = [w for w in map(wrong_row, rows) if w]
    limits = {row["workload"] for row in rows if row["limit"]}
    wanted = {"normal", "normal_sum", "normal_call", "normal_log"} if any("avx" in row["engine"] for row in rows) else {"normal_log"}
    if not wanted <= limits:
        wrong.append(f"exit status {result.returncode}: {result.stderr}; rows with limits {limits}")
    if any(row["compile_us"] is None for row in rows):
        wrong.append("no price of compiling")
    return wrong


def check_table(command):
    lines = run(command, "gain", "--quick", "--rounds", "1").stdout.splitlines()
    good = len(lines) > 1 and lines[0].startswith("workload") and all(line.startswith("gain") for line in lines[1:])
    return [] if good else lines


def check_refusals(command):
    wrong = []
    for words, said in [(["nothing"], "circle"), (["--nothing"], "--nothing"), (["--engine", "abacus"], "abacus"),
                        (["--rounds", "0"], "--rounds"), (["prototype", "circle"], "c-loop")]:
        result = run(command, *words)
        if result.returncode != 2 or result.stdout or said not in result.stderr:
            wrong.append(f"{words}: exit status {result.returncode}: {result.stdout}{result.stderr}")
    return wrong


def main(command):
    checks = [check_gain, check_prefixes, check_random, check_engines, check_prototype, check_compile, check_families, check_math, check_graph, check_density, check_table,
              check_refusals]
    print(f"1..{len(checks)}")
    failed = 0
    for number, check in enumerate(checks, 1):
        wrong = check(command)
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {check.__name__.removeprefix('check_')}")
        for line in wrong:
            print("# " + line.replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
