#!/usr/bin/env python3
"""What the README, docs/architecture.md, docs/gradients.md and docs/densities.md show is what happens. Prints TAP.

usage: readme_test.py SINTER BUILD [--jit] [--hostile] [NAME...]    NAME: a part of the names of the tests to run
       readme_test.py SINTER --update     writes what the commands print today into the documents

- The C program of the README is examples/embed.c, and short; it is compiled as a stranger would, from an installation in a
  folder of its own through pkg-config, with the shared and with the static library, and run.
- A block fenced as `console` is run line by line: what follows a line that begins with `$ ` is its output. A command that
  needs an engine, a library or an option that is not here is passed over.
- The pictures in docs/pictures have the pixels that the README's commands give.
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

TOP = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = [TOP / "README.md", TOP / "docs" / "architecture.md", TOP / "docs" / "gradients.md", TOP / "docs" / "densities.md"]
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MISSING = re.compile(r"cannot run here|built without")
MOST_LINES = 24
MOST_BYTES = 150 * 1024


class Wrong(Exception):
    pass


class Skip(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Wrong(" ".join(str(part) for part in what))


def run(command, cwd=None, env=None, shell=False):
    return subprocess.run(command, cwd=cwd, env=dict(os.environ, **(env or {})), shell=shell, timeout=300, check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def good(command, **more):
    done = run(command, **more)
    check(done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout[:500]}{done.stderr[:2000]}")
    return done.stdout


# ---- the program of the README ----

def program():
    blocks = re.findall(r"^```c\n(.*?)^```$", (TOP / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    blocks = [block for block in blocks if "int main(" in block]
    check(len(blocks) == 1, f"{len(blocks)} programs in the README instead of one")
    return blocks[0]


def program_is_short_and_the_example(_, __):
    text = program()
    check(text == (TOP / "examples" / "embed.c").read_text(encoding="utf-8"), "the README's program is not examples/embed.c")
    lines = len(text.rstrip("\n").split("\n"))
    check(lines <= MOST_LINES, f"{lines} lines")


def install(build, folder):
    """Installs into the folder; the environment in which pkg-config finds what is there, and the folder of libraries."""
    good(["meson", "install", "-C", str(build), "--no-rebuild", "--quiet", "--destdir", str(folder)])
    found = list(folder.glob("**/pkgconfig/sinter.pc"))
    check(len(found) == 1, f"{len(found)} files sinter.pc in the installation")
    return {"PKG_CONFIG_LIBDIR": str(found[0].parent), "PKG_CONFIG_SYSROOT_DIR": str(folder)}, found[0].parent.parent


def build_and_run(options, folder, static):
    build, jit = options["build"], options["jit"]
    for tool in ("meson", "pkg-config"):
        if not shutil.which(tool):
            raise Skip(f"needs {tool}")
    env, libraries = install(build, folder)
    (folder / "program.c").write_text(program(), encoding="utf-8")
    flags = good(["pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "sinter"], env=env).split()
    compiler = os.environ.get("SINTER_CC", "cc").split()
    good([*compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "program.c", "-o", "program",
          *(["-static"] if static else []), *flags], cwd=folder)
    printed = good(["./program"], cwd=folder, env={"LD_LIBRARY_PATH": str(libraries)})
    has_code = jit and run([options["sinter"], "eval", "1", "--engine", "scalar"]).returncode == 0
    wanted = ("1 1.5 2 2.5 " if has_code else "") + "| 1 1.5 2 2.5\n"
    check(printed == wanted, f"it printed {printed!r} instead of {wanted!r}")


def program_runs_with_the_shared_library(options, folder):
    build_and_run(options, folder, static=False)


def program_runs_with_the_static_library(options, folder):
    build_and_run(options, folder, static=True)


# ---- what is shown of the command ----

def commands(block):
    """(command, output) of each command in a console block; the text before the first is no command."""
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1]) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]


def open_desk(folder, sinter):
    """A folder that looks like the repository to the commands, but takes what they write."""
    (folder / "bin").mkdir()
    (folder / "bin" / "sinter").symlink_to(sinter)
    (folder / "examples").symlink_to(TOP / "examples")
    (folder / "docs" / "pictures").mkdir(parents=True)
    (folder / "build").mkdir()
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def commands_print_what_is_shown(options, folder):
    env = open_desk(folder, options["sinter"])
    no_code = options["hostile"] or "built without Zydis" in good([options["sinter"], "doctor"])
    ran = 0
    for document in DOCUMENTS:
        for block in CONSOLE.findall(document.read_text(encoding="utf-8")):
            for command, shown in commands(block):
                if no_code and "--asm" in command:
                    continue
                done = run(command, cwd=folder, env=env, shell=True)
                if MISSING.search(done.stderr):
                    continue
                printed = done.stdout + done.stderr
                check(printed == shown, f"{document.name}: $ {command}\nprinted\n{printed}instead of\n{shown}",
                      f"(tests/readme_test.py {options['sinter']} --update puts it right)")
                ran += 1
    check(ran >= 10 or not options["jit"], f"only {ran} commands ran")


def update(sinter):
    with tempfile.TemporaryDirectory(prefix="sinter-") as name:
        folder = pathlib.Path(name)
        env = open_desk(folder, sinter)

        def again(match):
            text = ""
            for command, shown in commands(match.group(1)):
                done = run(command, cwd=folder, env=env, shell=True)
                text += f"$ {command}\n" + (shown if MISSING.search(done.stderr) else done.stdout + done.stderr)
            return f"```console\n{text}```"

        for document in DOCUMENTS:
            text = document.read_text(encoding="utf-8")
            document.write_text(CONSOLE.sub(again, text), encoding="utf-8")


# ---- the pictures ----

def pixels(path):
    """Width, height, channels and the bytes of a PNG of 8 bits a channel."""
    data, at, packed, head = path.read_bytes(), 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        at += length + 12
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
    width, height, _, colour = head[:4]
    channels = {0: 1, 2: 3, 6: 4}[colour]
    rows, size, raw = [], width * channels, zlib.decompress(packed)
    before = bytearray(size)
    for row in range(height):
        start = row * (size + 1)
        way, line = raw[start], bytearray(raw[start + 1:start + 1 + size])
        for k in range(size):
            left = line[k - channels] if k >= channels else 0
            above = before[k]
            corner = before[k - channels] if k >= channels else 0
            if way == 1:
                line[k] = (line[k] + left) & 255
            elif way == 2:
                line[k] = (line[k] + above) & 255
            elif way == 3:
                line[k] = (line[k] + (left + above) // 2) & 255
            elif way == 4:
                guess = left + above - corner
                nearest = min((abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner))
                line[k] = (line[k] + nearest[2]) & 255
        rows.append(bytes(line))
        before = line
    return width, height, channels, b"".join(rows)


def pictures_are_what_the_commands_make(options, folder):
    env = open_desk(folder, options["sinter"])
    made = 0
    text = (TOP / "README.md").read_text(encoding="utf-8")
    for command in re.findall(r"sinter (?:(?:image|density) .*docs/pictures/\S+|render examples/\S+ --seconds \S+ -o \S+\.npy).*", text):
        done = run(command, cwd=folder, env=env, shell=True)
        if "libpng" in done.stderr:
            raise Skip("needs libpng")
        check(done.returncode == 0, command, done.stderr)
        made += 1
    for picture in sorted((TOP / "docs" / "pictures").glob("*.png")):
        check(f"(docs/pictures/{picture.name})" in text or f'"docs/pictures/{picture.name}"' in text, f"the README does not show {picture.name}")
        check(picture.stat().st_size <= MOST_BYTES, f"{picture.name} has {picture.stat().st_size} bytes")
        again = folder / "docs" / "pictures" / picture.name
        check(again.is_file(), f"no command of the README makes {picture.name}")
        check(pixels(again) == pixels(picture), f"{picture.name} has other pixels")
    check(made, "no pictures")


def links_lead_somewhere(_, __):
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", link):
                check((document.parent / link).exists(), f"{document.name}: {link} is not there")
        for path in re.findall(r"`((?:src|tests|include|docs|examples|bench|cross)/[\w./*-]+)`", text):
            check(list(TOP.glob(path.rstrip("/"))), f"{document.name}: {path} is not there")


TESTS = [program_is_short_and_the_example, program_runs_with_the_shared_library, program_runs_with_the_static_library,
         commands_print_what_is_shown, pictures_are_what_the_commands_make, links_lead_somewhere]


def main():
    flags = {word for word in sys.argv[1:] if word.startswith("--")}
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    if "--update" in flags and len(words) == 1:
        return update(pathlib.Path(words[0]).resolve())
    if len(words) < 2:
        sys.exit(__doc__)
    options = {"sinter": str(pathlib.Path(words[0]).resolve()), "build": pathlib.Path(words[1]).resolve(),
               "jit": "--jit" in flags, "hostile": "--hostile" in flags}
    tests = [t for t in TESTS if not words[2:] or any(part in t.__name__ for part in words[2:])]
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sinter-"))
        try:
            function(options, folder)
            print(f"ok {number} - {function.__name__}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {function.__name__} # SKIP {reason}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {function.__name__}")
            for line in f"{type(error).__name__}: {error}".splitlines():
                print("# " + line, flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
