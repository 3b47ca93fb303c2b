#!/usr/bin/env python3
"""Measures, and writes the README's figures: what stands between `<!-- NAME -->` and `<!-- end of NAME -->`, of the names `machine`, `functions` (beside SLEEF's;
libsleef3 must be there), `numbers` and `signals` (densities beside R's nmath: r-mathlib).

usage: write_readme.py COMMAND [MACHINE]    MACHINE: what the figures were measured on, in words; kept if not given
                                            (SINTER_TEST_DATA: the folder of prospero.vm, as for `sinter bench`)
"""
import json
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"<!-- ([a-z]+) -->\n(.*?)<!-- end of \1 -->", re.DOTALL)
ENGINES = ["avx512", "avx2", "scalar", "interp", "tree_walk"]
WORKLOADS = {
    "gain": "`x*0.8`, 44,100 f32",
    "affine10": "ten gains and offsets, relaxed, 44,100 f32",
    "affine10-strict": "the same, strict: five fused operations",
    "circle": "`sqrt(x*x + y*y) - 0.5`, 10,000 f32",
    "circle-1024x1024": "the same, 1,048,576 f32",
    "normal": "normal log density, 1,000 f64",
    "normal-1000000": "the same, 1,000,000 f64",
    "normal_sum": "its sum, relaxed, 1,000 f64",
    "normal_sum-1000000": "the same, 1,000,000 f64",
    "random100": "random arithmetic of 100 operations, f32",
    "random1000": "random arithmetic of 1,000 operations, f32",
    "prospero": "`prospero.vm`, 6,345 operations at every point, f32",
}


def bench(command, *words):
    result = subprocess.run([command, "bench", *words, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def figure(value):
    if value is None:
        return ""
    return f"{value:.3f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def engines_table(command):
    rows = {(row["workload"], row["engine"]): row for row in bench(command, "engines")}
    lines = ["| what | avx512 | avx2 | scalar | interp | tree walk | compile, µs |", "|---|---:|---:|---:|---:|---:|---:|"]
    for workload, words in WORKLOADS.items():
        if not any(name == workload for name, _ in rows):
            continue
        cells = [figure(rows.get((workload, engine), {}).get("ns")) for engine in ENGINES]
        compile_us = next((rows[workload, e]["compile_us"] for e in ENGINES if (workload, e) in rows), None)
        lines.append(f"| {words} | {' | '.join(cells)} | {figure(compile_us)} |")
    return "\n".join(lines)


def limits_table(command):
    rows = [row for row in bench(command) if row["limit"]]
    widest = "avx512" if any(row["engine"] == "avx512" for row in rows) else "avx2"
    lines = ["| workload | ns | limit | limit, ns | ratio |", "|---|---:|---|---:|---:|"]
    for row in rows:
        if row["engine"] == widest:
            lines.append(f"| `{row['workload']}` | {figure(row['ns'])} | {row['limit']} | {figure(row['limit_ns'])}"
                         f" | {row['ratio']:.2f} |")
    return "\n".join(lines)


FUNCTIONS = ["sin", "exp", "log", "pow", "tanh", "atan2", "erf", "lgamma"]


def functions_table(command):
    rows = {row["workload"]: row for row in reversed(bench(command, "math", *(f"{name}-f" for name in FUNCTIONS)))}  # the widest engine's comes first
    lines = ["| | " + " | ".join(FUNCTIONS) + " |", "|---|" + "---:|" * len(FUNCTIONS)]
    for kind in ["f32", "f64"]:
        of_kind = [rows[f"{name}-{kind}"] for name in FUNCTIONS]
        lines.append(f"| {kind} | " + " | ".join(f"{row['ns']:.2f}" for row in of_kind) + " |")
        lines.append(f"| SLEEF, {kind} | " + " | ".join(f"{row['limit_ns']:.2f}" for row in of_kind) + " |")
    return "\n".join(lines)


SIGNALS = {
    "voice-10": "a voice of ten nodes, a sample",
    "voice-50": "five such voices, 50 nodes",
    "voice-50-series": "five in series",
    "voice-160": "sixteen, 160 nodes",
    "biquad": "a biquad",
}
DENSITIES = {
    "normal": "normal log-density, live parameters, 1,000 f64",
    "normal_sum": "its sum",
    "gamma": "gamma",
    "beta": "beta",
    "poisson": "Poisson",
    "binomial": "binomial",
    "student_t": "Student t",
}
AGAINST = {"interpreted graph": "the same nodes, interpreted", "a loop in C": "a loop in C"}


def signals_text(command):
    graph = {row["workload"]: row for row in bench(command, "graph")}
    density = {row["workload"]: row for row in reversed(bench(command, "density"))}
    lines = ["| what | ns | against | ns | times as fast |", "|---|---:|---|---:|---:|"]
    for words, rows in [(SIGNALS, graph), (DENSITIES, density)]:
        for workload, what in words.items():
            row = rows[workload]
            against = AGAINST.get(row["limit"], row["limit"])
            lines.append(f"| {what} | {figure(row['ns'])} | {against} | {figure(row['limit_ns'])} | {1 / row['ratio']:.3g} |")
    edits = ", ".join(f"{graph[f'edit-{n}']['ns'] / 1e6:.2g}" for n in [10, 100, 1000])
    lines.append(f"""
A graph of 10, 100, 1,000 nodes that was edited plays as machine code after {edits} ms; the swap takes the audio thread {graph['swap-100']['ns'] / 1e3:.1f} µs,
a parameter or an event {max(graph['set']['ns'], graph['event']['ns']):.0f} ns. A million observations give value and gradient at new parameters in
{density['normal_bound']['ns']:.0f} ns bound to a normal density, {density['poisson_bound']['ns']:.0f} to a Poisson, {density['gamma_bound']['ns']:.0f} to a gamma one.""")
    return "\n".join(lines)


def numbers_text(command):
    return (f"Nanoseconds an element, one core: `sinter bench engines`. The tree walk is a plain evaluator of "
            f"expression trees, kept in `bench`.\n\n{engines_table(command)}\n\nBeside what a person writes by hand for "
            f"the widest engine: `sinter bench`. A ratio of 1 is the limit itself.\n\n{limits_table(command)}")


WRITERS = {"functions": functions_table, "numbers": numbers_text, "signals": signals_text}


def block(command, machine, name, old):
    if name == "machine":
        return machine or old.rstrip("\n")
    return WRITERS[name](command)


def main(command, machine=None):
    text = PAGE.read_text(encoding="utf-8")
    text = BLOCK.sub(lambda m: f"<!-- {m[1]} -->\n{block(command, machine, m[1], m[2])}\n<!-- end of {m[1]} -->", text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
