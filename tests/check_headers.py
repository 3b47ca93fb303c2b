#!/usr/bin/env python3
"""Every header compiles alone: as C11, the public ones also as C++, with every warning on. A header without a guard
is a template, which the file that includes it completes; it is left out. And the library includes nothing of third
parties: only the command, the tests and the benchmarks may.

usage: check_headers.py [CC [CXX]]    (gcc and, where there is one, g++ or clang++)
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
GUARD = re.compile(r"^#ifndef SN_\w+_H$", re.MULTILINE)
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", re.MULTILINE)
# What a C compiler and libc bring: C11, POSIX, Linux, and the compilers' own.
SYSTEM = re.compile(r"(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|"
                    r"stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|threads|time|"
                    r"dirent|endian|fcntl|pthread|sched|semaphore|strings|unistd|(sys|linux|asm)/[\w/]+|"
                    r"cpuid|xmmintrin|emmintrin|immintrin|x86intrin|arm_neon)\.h")
C_ONLY = ["-Wstrict-prototypes", "-Wmissing-prototypes"]


def compiles(compiler, language, header):
    command = [*compiler.split(), "-x", language, "-fsyntax-only", "-D_GNU_SOURCE", f"-I{TOP}/include", f"-I{TOP}/src",
               *WARNINGS, *(C_ONLY if language == "c" else []), "-std=" + ("c11" if language == "c" else "c++17"), "-"]
    # Twice: a header without a guard, or with another's, shows.
    text = f'#include "{header}"\n#include "{header}"\nextern int nothing;\n'
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def third_parties():
    """Includes of the library that neither it nor the system answers for."""
    found = []
    for path in sorted([*(TOP / "include").rglob("*.h"), *(TOP / "src").rglob("*.[ch]")]):
        if path.relative_to(TOP).parts[:2] == ("src", "cli"):
            continue
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if not SYSTEM.fullmatch(name) and not (TOP / "include" / name).is_file():
                found.append(f"{path.relative_to(TOP)} includes <{name}>")
    return found


def main(cc="cc", cxx=None):
    cxx = cxx or shutil.which("g++") or shutil.which("clang++")
    public = sorted(TOP.glob("include/sinter/*.h"))
    internal = sorted(path for path in TOP.glob("src/**/*.h") if GUARD.search(path.read_text(encoding="utf-8")))
    jobs = [(cc, "c", header) for header in public + internal]
    jobs += [(cxx, "c++", header) for header in public] if cxx else []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda job: compiles(*job), jobs))
    strangers = third_parties()
    print(f"1..{len(jobs) + (1 if cxx else 2)}")
    print(f"{'not ok' if strangers else 'ok'} 1 - the library includes nothing of third parties")
    for line in strangers:
        print("# " + line)
    for number, ((_, language, header), result) in enumerate(zip(jobs, results), 2):
        verdict = "ok" if result.returncode == 0 else "not ok"
        print(f"{verdict} {number} - {header.relative_to(TOP)} as {language}")
        if result.returncode != 0:
            print("\n".join("# " + line for line in result.stderr.splitlines()))
    if not cxx:
        print(f"ok {len(jobs) + 2} # SKIP public headers as C++: no C++ compiler here")
    failed = sum(result.returncode != 0 for result in results) + bool(strangers)
    print(f"# {len(jobs) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
