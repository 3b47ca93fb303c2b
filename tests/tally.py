#!/usr/bin/env python3
"""Adds up the last run of `meson test`: the cmocka tests inside each program, and 1 for a program that prints no TAP.

usage: tally.py BUILD...    The last line is `N passed, N failed` or `N passed, N failed, N skipped`;
                            the exit status is 1 if anything failed or nothing ran.
"""
import json
import pathlib
import re
import sys

TAP = re.compile(r"^\s*(not ok|ok)\b(.*)$", re.MULTILINE)
SKIPPED_PROGRAM = re.compile(r"^1\.\.0\s*#\s*SKIP\s*(.*)$", re.MULTILINE | re.IGNORECASE)
SKIP = re.compile(r"#\s*SKIP\b", re.IGNORECASE)


def count(run):
    """Passed, failed and skipped of one program; and what its reader should be told."""
    output = run.get("stdout") or ""
    whole = SKIPPED_PROGRAM.search(output)
    if whole:
        return 0, 0, 1, f"skipped: {run['name']}: {whole.group(1)}"
    passed = failed = skipped = 0
    for verdict, rest in TAP.findall(output):
        if SKIP.search(rest):
            skipped += 1
        elif verdict == "ok":
            passed += 1
        else:
            failed += 1
    ended_well = run["result"] in ("OK", "EXPECTEDFAIL")
    if not ended_well and run["result"] != "SKIP" and failed == 0:
        failed = 1  # it crashed, hung, or failed without a word
    if ended_well and passed + failed + skipped == 0:
        passed = 1
    if run["result"] == "SKIP" and passed + failed + skipped == 0:
        skipped = 1
    return passed, failed, skipped, f"failed: {run['name']}: {run['result']}" if failed else ""


def main(builds):
    total = [0, 0, 0]
    for build in builds:
        log = pathlib.Path(build) / "meson-logs" / "testlog.json"
        if not log.is_file():
            print(f"failed: {build}: no test ran")
            total[1] += 1
            continue
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            *numbers, remark = count(json.loads(line))
            total = [a + b for a, b in zip(total, numbers)]
            if remark:
                print(remark)
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
