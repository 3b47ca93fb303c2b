#!/usr/bin/env python3
"""Measures, and writes the README's figures: what stands between `<!-- numbers -->` and `<!-- end of numbers -->`.

usage: write_readme.py COMMAND [MACHINE]    MACHINE: what the figures were measured on, in words; kept if not given
                                            (SINTER_TEST_DATA: the folder of prospero.vm, as for `sinter bench`)
"""
import json
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- numbers -->\n)(.*?)(<!-- end of numbers -->)", re.DOTALL)
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


def main(command, machine=None):
    text = PAGE.read_text(encoding="utf-8")
    machine = machine or BLOCK.search(text)[2].split("\n", 1)[0]
    numbers = (f"{machine}\n\nNanoseconds an element, one core: `sinter bench engines`. The tree walk is a plain evaluator of "
               f"expression trees, kept in `bench`.\n\n{engines_table(command)}\n\nBeside what a person writes by hand for "
               f"the widest engine: `sinter bench`. A ratio of 1 is the limit itself.\n\n{limits_table(command)}\n")
    PAGE.write_text(BLOCK.sub(lambda m: m[1] + numbers + m[3], text), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
