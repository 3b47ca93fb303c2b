#!/usr/bin/env python3
"""The shape of the house: who includes whom, what files and functions are called.

usage: check_rooms.py [--dot]    --dot prints the graph of rooms instead
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
# A room includes itself, the public headers, and rooms that stand before it.
ROOMS = ["base", "threads", "ir", "math", "opt", "plan", "state", "exec", "interp", "code", "kernel", "lang", "lib",
         "graph", "field", "density", "cli"]
# What turns text, graphs and grids into programs knows engines through `kernel` alone.
FRONT_ENDS = {"lang", "lib", "graph", "field", "density"}
ENGINES = {"exec", "interp", "code", "plan"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
# Names that say nothing of what is inside.
EMPTY_NAMES = re.compile(r"(^|_)(utils?|common|misc|helpers?|manager)(_|$)")
# A definition with external linkage starts a line, without `static`, and its brace stands alone on a following line.
DEFINITION = re.compile(r"^(?!static\b|typedef\b|struct\b.*\{|enum\b)[A-Za-z_][\w \t*]*?[ \t*](\w+)\((?:[^;{}]*)\)\n\{",
                        re.MULTILINE)


def room_of(path):
    return path.relative_to(TOP / "src").parts[0]


def includes(path):
    """(quoted, name) of each include."""
    return [(mark == '"', name) for mark, name in INCLUDE.findall(path.read_text(encoding="utf-8"))]


def wrong_includes(sources, edges):
    wrong = []
    for path in sources:
        here = room_of(path)
        for quoted, name in includes(path):
            if not quoted:
                continue
            there = name.split("/")[0]
            where = f"{path.relative_to(TOP)} includes {name}"
            if there not in ROOMS:
                # A table beside its only reader may be named by itself.
                if not (path.parent / name).is_file():
                    wrong.append(where + ", which is in no room")
                continue
            edges.add((here, there))
            if not (TOP / "src" / name).is_file():
                wrong.append(where + ", which is not there")
            elif here == there:
                continue
            elif ROOMS.index(there) > ROOMS.index(here):
                wrong.append(where + ", a room below")
            elif here in FRONT_ENDS and there in ENGINES:
                wrong.append(where + ": front ends reach the engines through kernel")
    return wrong


def wrong_public_includes():
    return [f"{path.relative_to(TOP)} includes {name}" for path in TOP.glob("include/sinter/*.h")
            for quoted, name in includes(path) if quoted]


def cycles():
    """Cycles among headers, which guards would hide."""
    graph = {}
    for path in [*TOP.glob("src/**/*.h"), *TOP.glob("include/sinter/*.h")]:
        base = TOP / ("include" if "include/sinter" in str(path) else "src")
        graph[str(path.relative_to(base))] = [name for _, name in includes(path)]
    done, on_path, found = set(), [], []

    def visit(name):
        if name in on_path:
            found.append(" -> ".join(on_path[on_path.index(name):] + [name]))
        elif name in graph and name not in done:
            on_path.append(name)
            for other in graph[name]:
                visit(other)
            on_path.pop()
            done.add(name)

    for name in graph:
        visit(name)
    return found


def wrong_names(files):
    seen, wrong = {}, []
    for path in files:
        if path.name in seen:
            wrong.append(f"{path.relative_to(TOP)} and {seen[path.name].relative_to(TOP)} share a name")
        seen[path.name] = path
        if EMPTY_NAMES.search(path.stem):
            wrong.append(f"{path.relative_to(TOP)} does not say what is inside")
    return wrong


def wrong_functions(sources):
    wrong = []
    for path in sources:
        if path.suffix != ".c" or room_of(path) == "cli":
            continue
        for name in DEFINITION.findall(path.read_text(encoding="utf-8")):
            if not name.startswith(("sn_", "sinter_")) and name != "main":
                wrong.append(f"{path.relative_to(TOP)}: {name} begins with neither sn_ nor sinter_")
    return wrong


def main():
    sources = sorted(p for p in (TOP / "src").rglob("*") if p.suffix in (".c", ".h"))
    files = sources + sorted(p for folder in ("include", "tests", "bench", "examples")
                             for p in (TOP / folder).rglob("*") if p.suffix in (".c", ".h"))
    edges = set()
    checks = {
        "rooms include only rooms above them": wrong_includes(sources, edges),
        "public headers include public headers only": wrong_public_includes(),
        "headers include each other without cycles": cycles(),
        "file names are unique and say something": wrong_names(files),
        "functions begin with sn_ or sinter_": wrong_functions(sources),
    }
    if "--dot" in sys.argv:
        print("digraph rooms {")
        for here, there in sorted(edges):
            if here != there:
                print(f"    {here} -> {there}")
        print("}")
        return 0
    print(f"1..{len(checks)}")
    for number, (what, wrong) in enumerate(checks.items(), 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong:
            print("# " + line)
    return 1 if any(checks.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
