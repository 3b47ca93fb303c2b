#!/usr/bin/env python3
"""The shared library shows sinter_* symbols only, calls nothing that exits or prints, and needs libc and libm only.

usage: check_symbols.py LIBRARY
"""
import re
import subprocess
import sys

# libm and the threads are parts of the C library; the loader is named where a thread-local or a resolver needs it.
NEEDED = re.compile(r"^(libc|libm|libpthread)\.so\.\d+$|^ld-linux-[\w-]+\.so\.\d+$")
# What a library must not do behind its caller's back; the heap is the caller's, except for the default allocator.
REFUSED = {
    "exit", "_exit", "_Exit", "abort", "quick_exit", "longjmp", "__longjmp_chk", "siglongjmp", "__assert_fail",
    "printf", "__printf_chk", "puts", "putchar", "fprintf", "__fprintf_chk", "fputs", "fwrite", "perror",
    "qsort", "qsort_r", "strdup", "strndup", "asprintf", "vasprintf", "calloc", "realloc",
    "setlocale", "strtod", "strtof", "atof", "sscanf", "__isoc99_sscanf",
}


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def main(library):
    symbols = [line.split()[-1].split("@")[0] for line in lines("nm", "-D", "--defined-only", library)]
    used = {line.split()[-1].split("@")[0] for line in lines("nm", "-D", "--undefined-only", library)}
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", "\n".join(lines("readelf", "-d", library)))
    checks = {
        "it exports something": [] if symbols else ["nothing"],
        "exports begin with sinter_": [s for s in symbols if not s.startswith("sinter_")],
        "needs libc and libm only": [n for n in needed if not NEEDED.match(n)],
        "never exits, prints or asks the locale": sorted(used & REFUSED),
    }
    if "--debug" in sys.argv:  # assertions call abort, in builds that have them
        del checks["never exits, prints or asks the locale"]
    print(f"1..{len(checks)}")
    for number, (what, wrong) in enumerate(checks.items(), 1):
        print(f"not ok {number} - {what}: {' '.join(wrong)}" if wrong else f"ok {number} - {what}")
    return 1 if any(checks.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
