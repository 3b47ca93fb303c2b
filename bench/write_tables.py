#!/usr/bin/env python3
"""Measures, and writes the figures into docs/benchmarks.md: each block between `<!-- sinter bench WORDS -->` and
`<!-- end -->` becomes the table that these words give. Nothing else in the page changes, no figure is written by hand.

usage: write_tables.py COMMAND [PAGE]
"""
import json
import pathlib
import platform
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
BLOCK = re.compile(r"(<!-- sinter bench([a-z0-9_ ]*?) -->\n).*?(<!-- end -->)", re.DOTALL)
MACHINE = re.compile(r"(<!-- machine -->\n).*?(<!-- end -->)", re.DOTALL)
COLUMNS = [("workload", "workload", None), ("engine", "engine", None), ("n", "n", 0), ("ns", "ns", 4), ("limit", "limit", None),
           ("limit_ns", "limit ns", 4), ("ratio", "ratio", 3), ("compile_us", "compile us", 2), ("ops", "ops", 0)]


def cell(value, digits):
    if value is None:
        return ""
    if digits is None:
        return value
    return f"{value:,.{max(0, digits - len(str(int(value))) + 1)}f}"


def families(rows):
    """A line a family: what its four forms cost."""
    forms = ("", "-slopes", "-compiled", "-compiled-slopes")
    of = {row["workload"]: row for row in rows}
    lines = ["| family | operations | as it is, us | with derivatives | compiled, us | with derivatives |", "|---|---:|---:|---:|---:|---:|"]
    for name in of:
        if all(name + form in of for form in forms):
            lines.append(f"| {name} | {of[name]['ops']:,} | " + " | ".join(cell(of[name + form]["compile_us"], 2) for form in forms) + " |")
    return "\n".join(lines) + "\n"


def table(command, words):
    result = subprocess.run([command, "bench", *words, "--json"], stdout=subprocess.PIPE, text=True, check=True)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    if words == ["families"]:
        return families(rows)
    columns = [c for c in COLUMNS if any(row[c[0]] is not None for row in rows)]
    lines = ["| " + " | ".join(title for _, title, _ in columns) + " |",
             "|" + "|".join("---" if digits is None else "---:" for _, _, digits in columns) + "|"]
    for row in rows:
        lines.append("| " + " | ".join(cell(row[key], digits) for key, _, digits in columns) + " |")
    return "\n".join(lines) + "\n"


def machine(command):
    doctor = subprocess.run([command, "doctor"], stdout=subprocess.PIPE, text=True, check=True).stdout
    facts = dict(line.split(None, 1) for line in doctor.splitlines() if len(line.split(None, 1)) == 2)
    return f"{facts.get('processor', platform.processor())}; Sinter {facts.get('sinter', '')}.\n"


def main(command, page=PAGE):
    page = pathlib.Path(page)
    text = page.read_text(encoding="utf-8")
    text = MACHINE.sub(lambda m: m[1] + machine(command) + m[2], text)
    text = BLOCK.sub(lambda m: m[1] + table(command, m[2].split()) + m[3], text)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
