#!/usr/bin/env python3
"""The command as a process: what it prints, how it ends, what files it leaves. Prints TAP.

usage: command_test.py SINTER [NAME...]    NAME: a part of the names of the tests to run
"""
import json
import math
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SINTER = ""
COMMANDS = ["eval", "image", "render", "play", "density", "dump", "functions", "bench", "doctor", "help"]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def share_of(cases):
    """All of them, or the SINTER_TEST_SHARE-th part where only the compiler differs (as tests/repetitions.h has it for programs)."""
    return list(cases)[::int(os.environ.get("SINTER_TEST_SHARE") or 1)]


class Wrong(Exception):
    pass


def check(condition, *what):
    if not condition:
        raise Wrong(" ".join(str(part) for part in what))


def same(actual, wanted, what=""):
    check(actual == wanted, f"{what}: {actual!r} instead of {wanted!r}")


class Result:
    def __init__(self, words, done):
        self.words, self.status, self.raw = words, done.returncode, done.stdout
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def __str__(self):
        return f"sinter {' '.join(map(repr, self.words))}: status {self.status}, out {self.out[:300]!r}, err {self.err[:500]!r}"


def run(*words, stdin=b"", cwd=None, env=None):
    words = [str(word) for word in words]
    done = subprocess.run([SINTER, *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                          env=dict(os.environ, **(env or {})), timeout=120, check=False)
    return Result(words, done)


def good(*words, **more):
    """Runs; it must succeed without a word on stderr."""
    result = run(*words, **more)
    check(result.status == 0 and result.err == "", result)
    return result


def out(*words, **more):
    return good(*words, **more).out


def bad(status, *words, says=(), **more):
    """Runs; it must fail that way, print nothing on stdout, and say these things on stderr."""
    result = run(*words, **more)
    check(result.status == status, f"status {status} wanted:", result)
    check(result.raw == b"", "nothing on stdout wanted:", result)
    for text in [says] if isinstance(says, str) else says:
        check(text in result.err, f"{text!r} wanted:", result)
    check(result.err.endswith("\n"), result)
    return result


def engines():
    if not hasattr(engines, "names"):
        engines.names = [e["name"] for e in json.loads(out("doctor", "--json"))["engines"] if e["available"]]
    return engines.names


# ---- files ----

def write_npy(path, columns, code="<f4", one_axis=False):
    """Columns of equal length, as an array of two axes (or one)."""
    rows = len(columns[0])
    shape = f"({rows},)" if one_axis else f"({rows}, {len(columns)})"
    head = f"{{'descr': '{code}', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    kind = {"<f4": "f", "<f8": "d", "<i4": "i", "<i2": "h", "|u1": "B"}[code]
    values = [column[row] for row in range(rows) for column in columns]
    data = struct.pack(f"<{len(values)}{kind}", *values)
    pathlib.Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)


def parse_npy(data):
    """Shape, kind (f or d), the values' bytes."""
    check(data[:8] == b"\x93NUMPY\x01\x00", "no NPY file", data[:20])
    length = struct.unpack("<H", data[8:10])[0]
    head = eval(data[10:10 + length].decode(), {"__builtins__": {}})  # pylint: disable=eval-used
    check(head["fortran_order"] is False, head)
    kind = {"<f4": "f", "<f8": "d"}[head["descr"]]
    count = 1
    for size in head["shape"]:
        count *= size
    body = data[10 + length:]
    same(len(body), count * struct.calcsize(kind), "bytes of the array")
    return head["shape"], kind, body


def read_npy(path):
    shape, kind, body = parse_npy(pathlib.Path(path).read_bytes())
    return shape, list(struct.unpack(f"<{len(body) // struct.calcsize(kind)}{kind}", body))


def parse_png(data):
    """Width, height, channels, rows of bytes."""
    same(data[:8], b"\x89PNG\r\n\x1a\n", "magic")
    at, packed, header = 8, b"", None
    names = []
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        same(struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0], zlib.crc32(name + body), "checksum")
        names.append(name)
        if name == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif name == b"IDAT":
            packed += body
        at += size + 12
    same(names[-1], b"IEND", "last chunk")
    check(b"gAMA" not in names and b"sRGB" not in names, "no gamma wanted", names)
    width, height, depth, color, _, _, interlace = header
    same(interlace, 0, "interlace")
    check(depth in (8, 16), "depth", depth)
    channels = {0: 1, 2: 3, 6: 4}[color] * (depth // 8)  # what differences are taken by: bytes of a pixel
    data = zlib.decompress(packed)
    stride = width * channels
    rows, above = [], bytes(stride)
    for row in range(height):
        line = bytearray(data[row * (stride + 1) + 1:(row + 1) * (stride + 1)])
        kind = data[row * (stride + 1)]
        for i in range(stride):
            left = line[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            if kind == 1:
                line[i] = (line[i] + left) & 255
            elif kind == 2:
                line[i] = (line[i] + above[i]) & 255
            elif kind == 3:
                line[i] = (line[i] + (left + above[i]) // 2) & 255
            elif kind == 4:
                p = left + above[i] - corner
                order = min((abs(p - left), 0, left), (abs(p - above[i]), 1, above[i]), (abs(p - corner), 2, corner))
                line[i] = (line[i] + order[2]) & 255
        above = bytes(line)
        rows.append(above)
    return width, height, channels // (depth // 8), rows


def read_png(path):
    return parse_png(pathlib.Path(path).read_bytes())


def fnv(data, kind):
    """The receipt of raw values."""
    size = struct.calcsize(kind)
    state = 0xcbf29ce484222325
    for i in range(0, len(data), size):
        piece = data[i:i + size]
        value = struct.unpack("<" + kind, piece)[0]
        if value != value:
            piece = struct.pack("<" + kind[0].replace("f", "I").replace("d", "Q"),
                                0x7FC00000 if kind == "f" else 0x7FF8000000000000)
        for byte in piece:
            state = ((state ^ byte) * 0x100000001b3) & (2 ** 64 - 1)
    return f"{state:016x}\n"


# ---- the command itself ----

@test
def version_and_overview(_):
    same(out("--version"), "sinter 0.1.0\n", "--version")
    for words in (["--help"], ["-h"], ["help"], ["help", "--help"]):
        text = out(*words)
        check("usage:" in text, text)
    overview = out("help")
    for command in COMMANDS:
        check(f"sinter {command}" in overview, command, "is not in the overview")


@test
def help_of_every_command(_):
    for command in COMMANDS:
        text = out("help", command)
        for path in re.findall(r"examples/[\w./]+", text):
            check((pathlib.Path(__file__).resolve().parent.parent / path).is_file(), path, "in the help of", command)
        check(text.startswith(f"usage: sinter {command}"), text)
        same(out(command, "--help"), text, f"{command} --help")
        same(out(command, "-h"), text, f"{command} -h")
    for option in ("--at", "--input", "--type", "--engine", "--set", "--hash", "--json", "--fast"):
        check(option in out("help", "eval"), option, "is not in the help of eval")
    same(out("image", "x", "--help"), out("help", "image"), "--help behind other words")


@test
def manual_page_is_complete(_):
    page = (pathlib.Path(__file__).resolve().parent.parent / "docs" / "sinter.1").read_text(encoding="utf-8")
    page = page.replace("\\-", "-")
    for command in COMMANDS:
        check(f".B {command}\n" in page, command, "is not in the manual page")
        options = [word.strip(",.;`[]") for word in out("help", command).split() if word.startswith(("--", "[--"))]
        for option in options:
            check(option in page, option, "of", command, "is not in the manual page")


@test
def wrong_commands(_):
    bad(2, says="usage:")
    bad(2, "evl", "1", says="did you mean eval?")
    bad(2, "imgae", says="did you mean image?")
    bad(2, "evaluate", "1", says="did you mean eval?")
    bad(2, "xyzzy", says="there is no subcommand `xyzzy`")
    bad(2, "--nonsense", says="a subcommand comes first")
    bad(2, "help", "rendr", says="did you mean render?")
    bad(2, "help", "eval", "image", says="at a time")
    bad(2, "doctor", "now", says="takes no argument")
    bad(2, "functions", "smothstep", says=["there is no function `smothstep`; did you mean smoothstep?", "sinter help functions"])
    bad(2, "functions", "xyzzy", says="there is no function and no group `xyzzy`")
    bad(2, "functions", "sin", "cos", says="at a time")
    bad(2, "functions", "--fast", says="functions has no option --fast")


@test
def wrong_flags(_):
    for command in ("eval", "image", "render", "dump"):
        bad(2, command, "x", "--nonsense", says=["there is no option --nonsense", f"sinter help {command}"])
        bad(2, command, says=["missing", f"sinter help {command}"])
        bad(2, command, "x", "y", says="at a time")
        bad(2, command, "x", "-q", says="there is no option -q")
        bad(2, command, "x", "--type", says="needs a value")
        bad(2, command, "x", "--type", "f16", says="f32 or f64")
        bad(2, command, "x", "--engine", "abacus", says="avx512")
        bad(2, command, "x", "--strict", "--relaxed", says="exclude")
    bad(2, "doctor", "--jsn", says="did you mean --json?")
    bad(2, "eval", "x", "--hash=yes", says="takes no value")
    bad(2, "eval", "x", "--threads", "2", says="eval has no option --threads (image has)")
    bad(2, "image", "x", "--siz", "2x2", says="did you mean --size?")
    bad(2, "eval", "x", "-hx", says="-hx")


@test
def bad_numbers(folder):
    png = folder / "a.png"
    for size in ("0x4", "4x", "x4", "4x4x4", "-4x4", "a", "99999999x1", "4.5x4", "", "4 x4", "1" * 100):
        bad(2, "image", "x", "-o", png, "--size", size, says="--size takes")
    for region in ("", "1,2,3", "1,2,3,4,5", "a,0,1,1", "1,0,0,1", "0,1,1,0", "0,0,inf,1", "nan,0,1,1", "0,0,0,1",
                   "-1e308,0,1e308,1"):
        bad(2, "image", "x", "-o", png, "--region", region, says="--region takes")
    for threads in ("0", "-1", "x", "1.5", "1025", ""):
        bad(2, "image", "x", "-o", png, "--threads", threads, says="--threads takes")
    for value in ("", "x", "inf", "nan", "1e", "1,", "1,2,3", "1,inf"):
        bad(2, "image", "t", "-o", png, "--time", value, says="--time takes")
    for option, values in (("--supersample", ("0", "65", "x", "1.5", "")), ("--filter", ("bx", "", "BOX")),
                           ("--range", ("", "1", "1,1", "0,nan", "0,1,2", "a,b")), ("--depth", ("7", "24", "x", "")),
                           ("--level", ("10", "-1", "x", "")), ("--fps", ("0", "-1", "x", "inf"))):
        for value in values:
            bad(2, "image", "t", "-o", png, option, value, says=option + " takes")
    for value in ("", "-1", "0", "x", "1e3", "99999999999"):
        bad(2, "render", "time", "--hash", "--frames", "1", "--block", value, says="--block takes")
    for value in ("", "-1", "x", "1.5", "9" * 30):
        bad(2, "render", "time", "--hash", "--frames", value, says="--frames takes")
    for value in ("", "-1", "x", "inf", "nan"):
        bad(2, "render", "time", "--hash", "--seconds", value, says="--seconds takes")
    bad(2, "render", "time", "--hash", "--seconds", "1e300", says="too long")
    for value in ("0", "-1", "inf", "x"):
        bad(2, "render", "time", "--hash", "--frames", "1", "--rate", value, says="--rate takes")
    for value in ("x", "x=", "=1", "x=1,", "x=1,y", "x=1 y=2", "1=1", "x=one", "x=1;y=2", ""):
        bad(2, "eval", "x", "--at", value, says="--at takes")
    for value in ("g", "g=", "=1", "g=x", "g=nan"):
        bad(2, "eval", "param g = 1 in 0..2; g", "--set", value, says="--set takes")
    check(not list(folder.iterdir()), "files were left", list(folder.iterdir()))


# ---- functions ----

@test
def functions_are_listed(_):
    text = out("functions")
    blocks = [block.splitlines() for block in text.rstrip("\n").split("\n\n")]
    same(blocks[0][0], "The language")
    same([block[0] for block in blocks[1:]], sorted(block[0] for block in blocks[1:]), "the groups' order")
    lines = [line for block in blocks for line in block[1:]]
    check("clamp(x, low, high)         min(max(x, low), high)" in lines, lines)
    check("delay(x, n[, max])          x n elements ago: n constant, or varying within 1..max" in lines, lines)
    listed = json.loads(out("functions", "--json"))
    same(len(listed), len(lines), "functions")
    words = [f for f in listed if f["group"] == "The language"]
    same([f["name"] for f in words], sorted(f["name"] for f in words), "their order")
    for f, line in zip(listed, lines):
        check(line.startswith(f["form"] + " ") and line.endswith(" " + f["summary"]), line)
    for f in share_of(words) + [f for f in listed if f["name"].startswith("complex_m")]:
        text = out("functions", f["name"])
        check(text.startswith(f["form"] + "\n") and f["summary"] in text and f["details"].split("\n")[0] in text, text)
        same("fast." + f["name"] in text, f["fast"], "grades of " + f["name"])
        found = json.loads(out("functions", f["name"], "--json"))
        check(f == found or f in found, f["name"])  # a family of distributions may have the name as well
    group = [line for line in lines if line.startswith("complex_")]
    same(out("functions", "complex numbers").splitlines(), group, "a group")
    same(out("functions", "complex").splitlines(), group, "the first word of names")
    smooth = [line for line in lines if line.startswith("sdf_smooth_")]
    same(out("functions", "sdf_smooth").splitlines(), smooth, "the first words of names")
    same([f["form"] for f in json.loads(out("functions", "sdf_smooth", "--json"))], [line.split("  ")[0].split(") ")[0].rstrip(")") + ")" for line in smooth])
    page = pathlib.Path(__file__).resolve().parent.parent / "docs" / "functions.md"
    same(out("functions", "--markdown"), page.read_text(encoding="utf-8"), "docs/functions.md")
    by_name = {f["name"]: f for f in listed}
    same(by_name["delay"]["arguments"], ["x", "n", "max"])
    same(by_name["delay"]["required"], 2)
    check(by_name["sin"]["fast"] and not by_name["floor"]["fast"], "grades")
    same(out("functions", "fast.sin"), out("functions", "sin"), "a grade")
    bad(2, "functions", "fast.floor", says="there is no function")
    for word in share_of(("pi", "π", "tau", "τ", "e", "inf", "nan", "x", "y", "z", "t", "rate", "dt", "index", "time", "fast",
                          "fn", "param", "input", "out", "table")):
        name, summary = out("functions", word).splitlines()
        same(name, word)
        same(json.loads(out("functions", word, "--json")), {"name": word, "summary": summary.strip()}, word)
    check("3.141592653589793" in out("functions", "pi"), "pi")


@test
def bash_completes_words(folder):
    bash = shutil.which("bash")
    if not bash:
        return
    script = pathlib.Path(__file__).resolve().parent.parent / "docs" / "sinter.bash"
    (folder / "waves.sn").write_text("sin(x)\n")

    def offers(*words):
        code = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sinter; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run([bash, "-c", code, script, SINTER, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=True)
        same(done.stderr, "", words)
        return done.stdout.split()

    same(offers(""), COMMANDS + ["--help", "--version"], "subcommands")
    same(offers("ren"), ["render"])
    same(offers("help", "den"), ["density"])
    same(offers("image", "x", "--colo"), ["--colormap"])
    same(offers("image", "x", "--colormap", "vi"), ["viridis"])
    same(offers("eval", "x", "--engine", "avx5"), ["avx512"])
    same(offers("eval", "x", "--engine", "=", "sc"), ["scalar"])
    same(offers("eval", "x", "--type", "="), ["f32", "f64"])
    same(offers("functions", "sdf_smooth_u"), ["sdf_smooth_union"])
    same(offers("image", "wav"), ["waves.sn"])
    for command in COMMANDS:
        text = out("help", command)
        for option in offers(command, "--"):
            check(option in text, command, option)
    check("--3d" in offers("image", "x", "-"), "options of image")


@test
def fast_is_for_all_functions(_):
    plain = ["--ir", "--passes", "dce"]
    text = out("dump", "sin(x)^2 + exp(y)", *plain, "--fast")
    check("= sin.fast " in text and "= exp.fast " in text, text)
    same(out("dump", "fast.sin(x)^2 + fast.exp(y)", *plain), text, "every call of it")
    text = out("dump", "fast.sin(x)^2 + exp(y)", *plain)
    check("= sin.fast " in text and "= exp f32 " in text, text)
    for engine in engines():
        words = ["--engine", engine, "--at", "x=0.3,y=2", "--hash"]
        same(out("eval", "sin(x)*exp(y)", "--fast", *words), out("eval", "fast.sin(x)*fast.exp(y)", *words), engine)


# ---- eval ----

@test
def eval_values(_):
    same(out("eval", "1 + 1"), "2\n")
    same(out("eval", "0.1 + 0.2"), "0.3\n", "f32, shortest form")
    same(out("eval", "0.1 + 0.2", "--type", "f64"), "0.30000000000000004\n")
    same(out("eval", "0.5*x + 1", "--at", "x=0", "--at", "x=1", "--at", "x=2", "--at", "x=3"), "1\n1.5\n2\n2.5\n")
    same(out("eval", "x - y", "--at", "y=1,x=3"), "2\n")
    same(out("eval", "x*y + z - t", "--at=x=2,y=3,z=4,t=5"), "5\n")
    same(out("eval", "(x, -x, 1/x)", "--at", "x=4"), "4 -4 0.25\n", "a tuple")
    same(out("eval", "(1/x, -1/x, 0/x, -(x))", "--at", "x=0"), "inf -inf nan -0\n", "special values")
    same(out("eval", "x", "--at", "x=inf", "--at", "x=-inf", "--at", "x=nan", "--at", "x=-0"), "inf\n-inf\nnan\n-0\n")
    same(out("eval", "x", "--at", "x=1e-45", "--at", "x=0.1"), "1e-45\n0.1\n")
    same(out("eval", "x", "--at", "x=0x1p-3"), "0.125\n")
    same(out("eval", "fn f(a, b=2) = a*b; f(3) + f(1, b=5)"), "11\n")


@test
def eval_rounds_points_once(_):
    # Halfway between two f32, but for a last digit that f64 does not see.
    text = "1.00000005960464477539062500000000000000000001"
    same(out("eval", "x", "--at", "x=" + text), "1.0000001\n")
    same(out("eval", text), "1.0000001\n")


@test
def eval_expressions_that_begin_with_a_minus(_):
    same(out("eval", "-1"), "-1\n")
    same(out("eval", "-(2)"), "-2\n")
    same(out("eval", "-sqrt(4)"), "-2\n")
    same(out("eval", "-x*2", "--at", "x=1"), "-2\n")
    same(out("eval", "--at", "x=1", "--", "-x"), "-1\n")
    bad(2, "eval", "-x", "--at", "x=1", says="behind `--`")


@test
def eval_names_of_ones_own(_):
    same(out("eval", "a*x + b", "--at", "a=2,b=1,x=3", "--at", "x=0,a=2,b=7"), "7\n7\n")
    bad(2, "eval", "x + y", "--at", "x=1", says=["reads y", "--at y="])
    bad(2, "eval", "x", says="reads x")
    bad(2, "eval", "x + y", "--at", "x=1,y=2", "--at", "x=1", says="lacks y")
    bad(2, "eval", "x", "--at", "x=1,x=2", says="twice")
    bad(1, "eval", "a + b", "--at", "a=1", says=["expression:1:5: error:", "'b'"])


@test
def eval_json(_):
    lines = out("eval", "(x + y, x/0)", "--at", "x=1,y=2", "--at", "x=-3,y=0.5", "--json").splitlines()
    same([json.loads(line) for line in lines],
         [{"inputs": {"x": 1, "y": 2}, "outputs": {"out.0": 3, "out.1": "inf"}},
          {"inputs": {"x": -3, "y": 0.5}, "outputs": {"out.0": -2.5, "out.1": "-inf"}}])
    same(json.loads(out("eval", "1/3", "--json", "--type", "f64")), {"inputs": {}, "outputs": {"out": 1 / 3}})
    same(list(json.loads(out("eval", "1", "--json", "--hash"))), ["hash"])


@test
def eval_parameters(_):
    text = "param gain = 3 in 0..10; gain*2"
    same(out("eval", text), "6\n")
    same(out("eval", text, "--set", "gain=1.5"), "3\n")
    same(out("eval", text, "--set", "gain=1", "--set", "gain=2"), "4\n", "the last one counts")
    clamped = run("eval", text, "--set", "gain=99")
    check(clamped.status == 0 and clamped.out == "20\n" and "out of the range" in clamped.err, clamped)
    bad(2, "eval", text, "--set", "gian=1", says="did you mean gain?")
    bad(2, "eval", "1", "--set", "gain=1", says="there is no parameter gain")


@test
def eval_files(folder):
    (folder / "f.sn").write_text("# a comment\na = x + 1\na*2\n")
    (folder / "plain").write_text("x - 1")
    same(out("eval", folder / "f.sn", "--at", "x=1"), "4\n")
    same(out("eval", "plain", "--at", "x=1", cwd=folder), "0\n", "an existing file of any name")
    same(out("eval", "-", "--at", "x=1", stdin=b"x*8\n"), "8\n")
    (folder / "shape.vm").write_text("_0 var-x\n_1 var-y\n_2 mul _0 _1\n_3 const 0.5\n_4 sub _2 _3\n")
    same(out("eval", folder / "shape.vm", "--at", "x=2,y=3"), "5.5\n")
    same(out("eval", "-", "--vm", "--at", "x=2,y=3", stdin=(folder / "shape.vm").read_bytes()), "5.5\n")
    bad(1, "eval", folder / "none.sn", says=["cannot read", "none.sn", "No such file"])
    bad(1, "eval", "none.vm", cwd=folder, says="cannot read none.vm")
    bad(1, "eval", "-", stdin=b"", says="error")
    (folder / "folder.sn").mkdir()
    bad(1, "eval", folder / "folder.sn", says="directory")
    (folder / "bad.vm").write_text("_0 var-x\n_1 frobnicate _0\n")
    bad(1, "eval", folder / "bad.vm", says="bad.vm:2:")
    (folder / "ops.ir").write_text(out("dump", "x + 1", "--ir"))
    bad(2, "eval", folder / "ops.ir", "--at", "x=1", says="dump")


@test
def eval_points_from_files(folder):
    xs, ys = [0.5, 1.5, -2, 3], [1, 2, 3, 4]
    write_npy(folder / "xy.npy", [xs, ys])
    write_npy(folder / "x.npy", [xs], one_axis=True)
    write_npy(folder / "y8.npy", [ys], "<f8", one_axis=True)
    write_npy(folder / "yi.npy", [ys], "<i4", one_axis=True)
    wanted = "".join(f"{x - y:g}\n" for x, y in zip(xs, ys))
    same(out("eval", "x - y", "--input", folder / "xy.npy"), wanted)
    same(out("eval", "x - y", "--input", folder / "x.npy", "--input", folder / "y8.npy"), wanted)
    same(out("eval", "a - b", "--input", f"b={folder / 'yi.npy'}", "--input", f"a={folder / 'x.npy'}"), wanted)
    same(out("eval", "y", "--input", folder / "xy.npy"), "1\n2\n3\n4\n", "the second column is y")
    same(out("eval", "7", "--input", folder / "x.npy"), "7\n" * 4)
    same(out("eval", "x", "--input", "-", stdin=(folder / "x.npy").read_bytes()), "0.5\n1.5\n-2\n3\n")
    write_npy(folder / "none.npy", [[]], one_axis=True)
    same(out("eval", "x", "--input", folder / "none.npy"), "")
    count = 40000
    write_npy(folder / "many.npy", [range(count)], "<f8", one_axis=True)
    lines = out("eval", "x*2", "--input", folder / "many.npy", "--type", "f64").splitlines()
    same(lines, [str(2 * i) for i in range(count)], "many points")
    bad(2, "eval", "x + z", "--input", folder / "xy.npy", says="reads z")
    bad(2, "eval", "x", "--input", folder / "xy.npy", "--at", "x=1", says="exclude")
    bad(2, "eval", "x", "--input", f"x={folder / 'x.npy'}", "--input", f"x={folder / 'x.npy'}", says="twice")
    bad(1, "eval", "a", "--input", f"a={folder / 'xy.npy'}", says="2 columns")
    write_npy(folder / "short.npy", [[1, 2]], one_axis=True)
    bad(1, "eval", "x + y", "--input", folder / "x.npy", "--input", folder / "short.npy", says="rows")


@test
def hostile_arrays(folder):
    write_npy(folder / "a.npy", [[1, 2, 3]], one_axis=True)
    whole = (folder / "a.npy").read_bytes()
    for data in (b"", whole[:-1], whole[:40], b"1 2 3\n", whole.replace(b"(3,)", b"(1152921504606846976,)"),
                 whole.replace(b"(3,)", b"(1,99999999)"), whole.replace(b"<f4", b"|O8")):
        (folder / "bad.npy").write_bytes(data)
        bad(1, "eval", "x", "--input", folder / "bad.npy", says="bad.npy")
        bad(1, "render", "input x; x", "--input", folder / "bad.npy", "--hash", says="bad.npy")
    bad(1, "eval", "x", "--input", folder / "gone.npy", says=["cannot read", "No such file"])
    bad(1, "eval", "x", "--input", folder, says="cannot read")


@test
def errors_of_programs(folder):
    (folder / "bad.sn").write_text("a = 1\nb = foo(2)\nc = sqrt()\nb + d\n")
    result = bad(1, "eval", folder / "bad.sn", says=["bad.sn:2:5: error:", "bad.sn:3:", "b = foo(2)", "^"])
    check("\x1b" not in result.err, "no colours where there is no terminal", result)
    bad(1, "eval", "sqr(2)", says=["expression:1:1: error:", "sqrt"])
    bad(1, "eval", "1 +", says="expression:1:")
    bad(1, "eval", "x + 0.5*y'", "--at", "x=1", says="error")
    bad(1, "eval", "", says="error")
    bad(1, "eval", "(" * 20000 + "1" + ")" * 20000, says="error")
    many = "\n".join(f"v{i} = unknown{i}" for i in range(50)) + "\nv0"
    result = bad(1, "eval", "-", stdin=many.encode(), says="stdin:1:")
    same(result.err.count(" error: "), 20, "errors shown")
    check("more" in result.err, result)
    for junk in (b"\x00\x01\x02", b"\xff\xfe", b"\x1b[31m", bytes(range(256)), b"x\x00+1", "π'".encode()):
        result = run("eval", "-", stdin=junk)
        check(result.status == 1 and "\x1b" not in result.err and "error" in result.err, result)
    result = bad(2, "\x1b[31mred\n", says="there is no subcommand")
    check("\x1b" not in result.err, "control characters of the command line are not repeated", result)


@test
def huge_text_is_refused(folder):
    path = folder / "huge.sn"
    with open(path, "wb") as huge:
        huge.truncate(300 << 20)
    bad(1, "eval", path, says="256 MB")


@test
def engines_and_their_names(_):
    check("interp" in engines(), engines())
    for engine in ("auto", *engines()):
        same(out("eval", "x*x", "--at", "x=3", "--engine", engine), "9\n", engine)
    for engine in {"interp", "scalar", "avx2", "avx512", "neon"} - set(engines()):
        for command in ("eval", "image", "render", "dump"):
            bad(1, command, "1", "--engine", engine, *(["--hash"] if command in ("image", "render") else []),
                says=f"the engine {engine} cannot run here: ")


@test
def eval_hash_is_the_same_everywhere(folder):
    count = 1000
    write_npy(folder / "p.npy", [[(i - 500) * 0.37 for i in range(count)], [i * i * 1e-3 - 7 for i in range(count)]], "<f8")
    text = "(sin(x*pi)*exp(-y*y), log(abs(x))/y, sqrt(x), floor(x) % 3 + round(y), x < y ? x*y + 1 : cos(y))"
    for kind, code in (("f32", "f"), ("f64", "d")):
        values = out("eval", text, "--input", folder / "p.npy", "--type", kind).split()
        wanted = fnv(struct.pack(f"<{len(values)}{code}", *map(float, values)), code)
        for engine in ("auto", *engines()):
            same(out("eval", text, "--input", folder / "p.npy", "--type", kind, "--engine", engine, "--hash"), wanted,
                 f"{kind} {engine}")


# ---- image ----

@test
def image_gray(folder):
    good("image", "x*0.5 + 0.5", "-o", folder / "a.png", "--size", "8x4")
    width, height, channels, rows = read_png(folder / "a.png")
    same((width, height, channels), (8, 4, 1))
    same(rows, [bytes(round(255 * ((i + 0.5) / 8)) for i in range(8))] * 4)


@test
def image_y_is_up_and_pixels_have_centres(folder):
    good("image", "(x, y, t*0.5)", "-o", folder / "a.npy", "--size", "4x2", "--region", "0,10,8,12", "--time", "3")
    shape, values = read_npy(folder / "a.npy")
    same(shape, (2, 4, 3))
    same(values, [v for row in (11.5, 10.5) for column in (1, 3, 5, 7) for v in (column, row, 1.5)])
    good("image", "z + y*0", "-o", folder / "z.npy", "--size", "2", "--z", "-2.5", "--type", "f64")
    same(read_npy(folder / "z.npy"), ((2, 2), [-2.5] * 4))


@test
def image_colours(folder):
    good("image", "(1, 0.5, 0)", "-o", folder / "rgb.png", "--size", "3x2")
    same(read_png(folder / "rgb.png"), (3, 2, 3, [bytes([255, 128, 0] * 3)] * 2))
    good("image", "(0, x < 0 ? 1 : 0, 1, 0.2)", "-o", folder / "rgba.png", "--size", "2x1")
    same(read_png(folder / "rgba.png"), (2, 1, 4, [bytes([0, 255, 255, 51, 0, 0, 255, 51])]))
    bad(1, "image", "(x, y)", "-o", folder / "two.png", says=["2 values", "RGB"])
    good("image", "(x, y)", "-o", folder / "two.npy", "--size", "5x3")
    same(read_npy(folder / "two.npy")[0], (3, 5, 2))


@test
def image_clamps_and_rounds_to_even(folder):
    # Centres at 0.5, 1.5, ...: values of k/510 for odd k lie halfway between two bytes in exact arithmetic.
    good("image", "x", "-o", folder / "a.png", "--size", "6x1", "--region", "-1,0,2,1", "--type", "f64")
    same(read_png(folder / "a.png")[3], [bytes([0, 0, 64, 191, 255, 255])])
    good("image", "x < 0 ? 0/0*x : 1/0*x", "-o", folder / "b.png", "--size", "2x1")
    same(read_png(folder / "b.png")[3], [bytes([0, 255])], "NaN is black, infinity white")
    good("image", "x/510", "-o", folder / "c.png", "--size", "6x1", "--region", "0,0,6,1", "--type", "f64")
    halves = [255 * ((i + 0.5) / 510) for i in range(6)]
    same(read_png(folder / "c.png")[3], [bytes(round(h) for h in halves)])


@test
def image_of_a_vm_file(folder):
    (folder / "disk.vm").write_text("# a disk\nx var-x\ny var-y\na mul x x\nb mul y y\nc add a b\nd sqrt c\ne const 0.6\n"
                                    "f sub d e\n")
    good("image", folder / "disk.vm", "-o", folder / "disk.png", "--size", "16x16")
    width, height, channels, rows = read_png(folder / "disk.png")
    same((width, height, channels), (16, 16, 1))
    for j, row in enumerate(rows):
        for i, pixel in enumerate(row):
            x, y = (i + 0.5) / 8 - 1, 1 - (j + 0.5) / 8
            same(pixel, 255 if (x * x + y * y) ** 0.5 < 0.6 else 0, f"pixel {i}, {j}")
    good("image", folder / "disk.vm", "-o", folder / "disk.npy", "--size", "16x16")
    shape, values = read_npy(folder / "disk.npy")
    same(shape, (16, 16))
    check(min(values) < -0.5 and max(values) > 0.7, "plain values in NPY", min(values), max(values))
    same(out("image", "-", "--vm", "--hash", "--size", "16x16", stdin=(folder / "disk.vm").read_bytes()),
         out("image", folder / "disk.vm", "--hash", "--size", "16x16"))


@test
def image_to_standard_output(folder):
    png = good("image", "x", "-o", "-", "--size", "4x4").raw
    good("image", "x", "-o", folder / "a.png", "--size", "4x4")
    same(png, (folder / "a.png").read_bytes(), "the same file")
    shape, kind, _ = parse_npy(good("image", "x", "-o", "-", "--raw", "--size", "4x3").raw)
    same((shape, kind), ((3, 4), "f"))
    bad(2, "image", "x", "-o", "-", "--hash", says="standard output")


@test
def image_names_of_files(folder):
    bad(2, "image", "x", says="-o FILE is missing")
    bad(2, "image", "x", "-o", folder / "a.bmp", says=".png, .exr")
    bad(2, "image", "x", "-o", folder / "a", says=".png, .exr")
    bad(2, "image", "x", "-o", folder / "a.gif", says="how long?")
    bad(2, "image", "x", "-o", folder / "a.png", "--raw", says="--raw")
    bad(2, "image", "x", "-o", "", says="--output takes")
    bad(2, "image", "x", "--size", "16777216x1", "-s", "2", "-o", folder / "a.png", says="16777216 samples")
    for name in ("A.PNG", "A.Exr", "A.PFM", "A.NPY"):
        good("image", "x", "-o", folder / name, "--size", "1")
        (folder / name).unlink()
    good("image", "x", "-o" + str(folder / "b.png"), "--size=2x2")
    same(read_png(folder / "b.png")[:3], (2, 2, 1), "values stuck to their options")
    same(sorted(p.name for p in folder.iterdir()), ["b.png"])


@test
def image_hash_is_the_same_everywhere(folder):
    text = "(sin(x*12)*cos(y*12), sqrt(x*x + y*y) - 0.5, exp(x)/y, x*y + t)"
    words = ["image", text, "--size", "131x67", "--time", "0.3"]
    good(*words, "-o", folder / "a.npy")
    _, kind, body = parse_npy((folder / "a.npy").read_bytes())
    wanted = fnv(body, kind)
    for engine in ("auto", *engines()):
        for threads in (1, 2, 3, 8, 200):
            same(out(*words, "--hash", "--engine", engine, "--threads", threads), wanted, f"{engine}, {threads} threads")
    same(out(*words, "--hash", "-o", folder / "b.npy", "--threads", 3), wanted, "with a file")
    same((folder / "b.npy").read_bytes(), (folder / "a.npy").read_bytes(), "the files")
    good(*words, "-o", folder / "c.png", "--threads", 1)
    good(*words, "-o", folder / "d.png", "--threads", 5, "--engine", "interp")
    same((folder / "c.png").read_bytes(), (folder / "d.png").read_bytes(), "the pictures")


@test
def image_in_several_bands(folder):
    """Larger than what is held at once: rows must not be lost or repeated between bands."""
    good("image", "y", "-o", folder / "a.npy", "--size", "4096x2100", "--region", "0,0,1,2100", "--threads", 2)
    shape, _, body = parse_npy((folder / "a.npy").read_bytes())
    same(shape, (2100, 4096))
    for row in range(2100):
        line = body[row * 4096 * 4:(row + 1) * 4096 * 4]
        same(line, struct.pack("<f", 2099.5 - row) * 4096, f"row {row}")



def parse_exr(data):
    """{channel: rows of numbers}, size; of files without long names. Compression: none, or zip."""
    same(struct.unpack("<ii", data[:8]), (20000630, 2), "magic, version")
    at, attributes = 8, {}
    while data[at]:
        name, kind, rest = data[at:].split(b"\0", 2)
        size, = struct.unpack("<i", rest[:4])
        at += len(name) + len(kind) + 6 + size
        attributes[name.decode()] = (kind.decode(), rest[4:4 + size])
    at += 1
    channels, entries = [], attributes["channels"][1]
    while entries[0]:
        name, entries = entries.split(b"\0", 1)
        kind, _, xs, ys = struct.unpack("<iiii", entries[:16])
        same((xs, ys), (1, 1), "sampling")
        channels.append((name.decode(), "?ef"[kind]))
        entries = entries[16:]
    same(channels, sorted(channels), "the order of channels")
    x0, y0, x1, y1 = struct.unpack("<iiii", attributes["dataWindow"][1])
    same((x0, y0, attributes["displayWindow"][1]), (0, 0, attributes["dataWindow"][1]), "windows")
    width, height, packed = x1 + 1, y1 + 1, attributes["compression"][1][0]
    rows_a_block = {0: 1, 3: 16}[packed]
    result = {name: [] for name, _ in channels}
    table = struct.unpack_from(f"<{-(-height // rows_a_block)}Q", data, at)
    end = at + 8 * len(table)
    for number, place in enumerate(table):
        same(place, end, "blocks follow each other")
        row, size = struct.unpack_from("<ii", data, place)
        same(row, number * rows_a_block, "the block's first row")
        block, end = data[place + 8:place + 8 + size], place + 8 + size
        count = min(rows_a_block, height - row)
        whole = count * width * sum(struct.calcsize(kind) for _, kind in channels)
        if packed and size < whole:
            line = bytearray(zlib.decompress(block))
            for i in range(1, len(line)):
                line[i] = (line[i - 1] + line[i] - 128) & 255
            half = (len(line) + 1) // 2
            block = bytearray(whole)
            block[0::2], block[1::2] = line[:half], line[half:]
        same(len(block), whole, "a block's size")
        place = 0
        for _ in range(count):
            for name, kind in channels:
                result[name].append(struct.unpack_from(f"<{width}{kind}", block, place))
                place += width * struct.calcsize(kind)
    same(end, len(data), "the end of the file")
    return result, (width, height)


def half(value):
    """The f16 nearest to an f32."""
    try:
        return struct.unpack("<e", struct.pack("<e", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


@test
def image_exr(folder):
    words = ["image", "(x*3, sin(y*9)/x, 1e-6*y)", "--size", "37x41"]
    good(*words, "-o", folder / "a.npy")
    _, values = read_npy(folder / "a.npy")
    for level in ("0", "4"):
        good(*words, "-o", folder / "a.exr", "--level", level)
        exr, size = parse_exr((folder / "a.exr").read_bytes())
        same((size, sorted(exr)), ((37, 41), ["B", "G", "R"]))
        for k, name in enumerate("RGB"):
            same([v for row in exr[name] for v in row], values[k::3], name)
    good(*words, "-o", folder / "h.exr", "--depth", "16", "--threads", "3")
    exr, _ = parse_exr((folder / "h.exr").read_bytes())
    for k, name in enumerate("RGB"):
        same([v for row in exr[name] for v in row], [half(v) for v in values[k::3]], name)
    good("image", "x", "-o", folder / "gray.exr", "--size", "300x200", "--type", "f64")
    exr, _ = parse_exr((folder / "gray.exr").read_bytes())
    same([list(exr), exr["Y"][0][0]], [["Y"], struct.unpack("<f", struct.pack("<f", -1 + 1 / 300))[0]])
    good("image", "out depth = x; out normal = (y, x*y, 1)*0.5; out id = 7", "-o", folder / "many.exr", "--size", "5x3")
    exr, _ = parse_exr((folder / "many.exr").read_bytes())
    same((sorted(exr), exr["id"][2]), (["depth", "id", "normal.0", "normal.1", "normal.2"], (7.0,) * 5))
    same(out(*words, "-o", folder / "b.exr", "--hash"), out(*words, "--hash"), "the hash with a file")
    good(*words, "-o", folder / "one.exr", "--threads", "1")
    good(*words, "-o", folder / "six.exr", "--threads", "6")
    same((folder / "one.exr").read_bytes(), (folder / "six.exr").read_bytes(), "threads")


@test
def image_pfm(folder):
    for text, kind, channels in (("x + 10*y", b"Pf", 1), ("(x, y, x*y)", b"PF", 3)):
        good("image", text, "-o", folder / "a.npy", "--size", "7x5")
        good("image", text, "-o", folder / "a.pfm", "--size", "7x5")
        data = (folder / "a.pfm").read_bytes()
        head = kind + b"\n7 5\n-1.0\n"
        same(data[:len(head)], head)
        _, values = read_npy(folder / "a.npy")
        rows = [struct.unpack_from(f"<{7 * channels}f", data, len(head) + row * 28 * channels) for row in range(5)]
        same([v for row in reversed(rows) for v in row], values, "rows from the bottom")
        same(len(data), len(head) + 5 * 28 * channels)
    bad(1, "image", "(x, y, 0, 1)", "-o", folder / "b.pfm", says="4 values")
    bad(2, "image", "x", "-o", folder / "b.pfm", "--depth", "8", says="--depth 8")


@test
def image_of_16_bits(folder):
    good("image", "x", "-o", folder / "a.png", "--size", "6x2", "--region", "-0.25,0,1.25,1", "--type", "f64", "--depth", "16")
    width, height, channels, rows = read_png(folder / "a.png")
    wanted = [min(max(round(65535 * (-0.25 + (i + 0.5) / 4)), 0), 65535) for i in range(6)]
    same((width, height, channels, rows), (6, 2, 1, [struct.pack(">6H", *wanted)] * 2))
    good("image", "(x, y, 1, 0.5)", "-o", folder / "b.png", "--size", "300x200", "--depth", "16", "--threads", "3")
    same(read_png(folder / "b.png")[:3], (300, 200, 4))
    bad(2, "image", "x", "-o", folder / "c.png", "--depth", "32", says="--depth 32")
    good("image", "x", "-o", folder / "d.png", "--size", "64", "--depth", "16", "--hash")
    good("image", "x", "-o", folder / "e.png", "--size", "64", "--depth", "16")
    same((folder / "d.png").read_bytes(), (folder / "e.png").read_bytes(), "with a hash and without")


@test
def image_of_an_image(folder):
    """Sampled at its own pixels an image is copied: every byte of every kind of file."""
    text = "(fract(x*7.3), y*y, fract(x*y*3))"
    for name, more in (("a.png", []), ("b.png", ["--depth", "16"]), ("c.npy", []), ("d.pfm", [])):
        good("image", text, "-o", folder / name, "--size", "53x37", "--region", "0,0,1,1", *more)
        good("image", "sample(a, x, y)", "--input", f"a={folder / name}", "-o", folder / ("copy-" + name), *more)
        same((folder / name).read_bytes(), (folder / ("copy-" + name)).read_bytes(), name)
    good("image", "x*y", "-o", folder / "gray.png", "--size", "20x10")
    good("image", "(x, y, 0, 0.5)", "-o", folder / "alpha.png", "--size", "20x10")
    for name in ("gray.png", "alpha.png"):
        good("image", "texel(a, x*20, y*10)", "--input", f"a={folder / name}", "-o", folder / "copy.png", "--type", "f64")
        same((folder / name).read_bytes(), (folder / "copy.png").read_bytes(), name)
    result = good("image", "sample(a, x, y)", "--input", "a=-", "-o", folder / "piped.png", stdin=(folder / "a.png").read_bytes())
    same((folder / "a.png").read_bytes(), (folder / "piped.png").read_bytes(), result)


@test
def image_filters(folder):
    good("image", "(x, y, x*y)", "-o", folder / "a.png", "--size", "24x16", "--region", "0,0,1,1")
    width, height, _, rows = read_png(folder / "a.png")
    good("image", "1 - sample(a, x, y)", "--input", f"a={folder / 'a.png'}", "-o", folder / "b.png")
    same(read_png(folder / "b.png"), (width, height, 3, [bytes(255 - v for v in row) for row in rows]), "a negative")
    good("image", "sample(a, 1 - x, y, filter=nearest).x", "--input", f"a={folder / 'a.png'}", "-o", folder / "c.png")
    same(read_png(folder / "c.png")[3], [row[::3][::-1] for row in rows], "mirrored, one channel")
    good("image", "sample(a, x, y) - sample(b, x, y)", "--input", f"a={folder / 'a.png'}", "--input", f"b={folder / 'b.png'}", "-o",
         folder / "d.png", "--size", "5x3")
    same(read_png(folder / "d.png")[:3], (5, 3, 3))
    good("image", "image g:4; sample(g, x, y)", "--input", f"g={folder / 'c.png'}", "-o", folder / "e.png")
    same(read_png(folder / "e.png")[3][0][:4], bytes([read_png(folder / "c.png")[3][0][0]] * 3 + [255]), "gray becomes RGBA")
    blur = "image h = (sample(a, x - 1/24, y) + sample(a, x + 1/24, y))/2; (sample(h, x, y - 1/16) + sample(h, x, y + 1/16))/2"
    hashes = {out("image", blur, "--input", f"a={folder / 'a.png'}", "--hash", "--threads", n) for n in (1, 2, 3, 7)}
    same(len(hashes), 1, "stages for any number of threads")
    same(out("image", "image b = x*y; sample(b, x, y)", "--hash", "--size", "50"), out("image", "x*y", "--hash", "--size", "50"), "a stage")
    check(out("image", "image b = x*y*t; sample(b, y, x)", "--hash", "--size", "9", "--time", "2", "--frames", "3"), "frames")
    good("image", "param k = 1; image b = k*x; sample(b, x, y)", "-o", folder / "s.npy", "--size", "4x1", "--set", "k=3")
    same(read_npy(folder / "s.npy")[1], [3 * v for v in (-0.75, -0.25, 0.25, 0.75)], "parameters of stages")


@test
def image_examples(folder):
    top = pathlib.Path(__file__).resolve().parent.parent
    for example, picture in (("edges", "scene"), ("sharpen", "phases")):
        source = top / "docs" / "pictures" / (picture + ".png")
        good("image", top / "examples" / (example + ".sn"), "--input", f"a={source}", "-o", folder / "out.png")
        same(read_png(folder / "out.png")[:3], read_png(source)[:3], example)
        check(read_png(folder / "out.png")[3] != read_png(source)[3], example, "does nothing")
    good("image", top / "examples" / "sharpen.sn", "--input", f"a={source}", "-o", folder / "out.png", "--set", "amount=0")
    same(read_png(folder / "out.png")[3], read_png(source)[3], "nothing is sharpened")
    # The spectrum of half a sine: the brightest row is that of its frequency, and half of the columns are dark.
    good("render", "input x; out a = 0.5*sine(450)*(time < 0.25); out b = x", "--impulse", "--frames", "24000", "-o", folder / "tone.npy")
    good("image", top / "examples" / "spectrum.sn", "--input", f"sound={folder / 'tone.npy'}", "--size", "16x154", "-o", folder / "out.npy")
    shape, values = read_npy(folder / "out.npy")[:2]
    rows = [values[16*k:16*k + 16] for k in range(154)][::-1]
    same(max(range(154), key=lambda k: rows[k][4]), 60, f"{shape}: 55*2^(7.7*60.5/154) is 447, a row's width 3.5 %")
    check(0.91 < rows[60][4] < 0.93, "6 dB of 80 below full scale", rows[60][4])
    same(max(row[13] for row in rows), 0, "silence")


@test
def images_that_are_refused(folder):
    good("image", "(x, y, 0)", "-o", folder / "a.png", "--size", "4")
    one = f"a={folder / 'a.png'}"
    bad(1, "image", "sample(b, x, y)", "--input", one, "--hash", says=("there is no image 'b' here", "the images here are: a"))
    bad(1, "image", "sample(pictur, x, y)", "--input", f"picture={folder / 'a.png'}", "--hash", says="did you mean 'picture'?")
    bad(1, "image", "sample(x, x, y)", "--input", one, "--hash", says="image 'x'")
    bad(1, "image", "image b; sample(b, x, y)", "--input", one, "--hash", says="--input b=FILE is missing")
    bad(1, "image", "image a:1; sample(a, x, y)", "--input", one, "--hash", says="3 channels")
    bad(1, "image", "sample(a, x, y)", "--input", f"a={folder / 'none.png'}", "--hash", says="No such file")
    bad(1, "image", "sample(a, x, y)", "--input", one, "--input", one, "--hash", says="twice")
    bad(2, "image", "sample(a, x, y)", "--input", folder / "a.png", "--hash", says="NAME=FILE")
    bad(1, "eval", "image a; sample(a, x, y)", "--at", "x=1,y=2", says="the program samples the image a, and eval has none")
    bad(1, "render", "image a; input x; sample(a, x, 0)", "--input", f"x={folder / 'x.npy'}", "--hash", says="render has none")
    same(out("eval", "image b = x*y; b + 1", "--at", "x=2,y=3"), "7\n", "a stage read at its own place")
    data = (folder / "a.png").read_bytes()
    npy = (folder / "c.npy")
    write_npy(npy, [[1, 2, 3]], one_axis=True)
    bad(1, "image", "sample(a, x, y)", "--input", f"a={npy}", "--hash", says="two axes")
    for name, content, says in (("cut.png", data[:40], "ends too early"), ("text", b"hello", "this is none"), ("empty", b"", "this is none"),
                                ("cut.pfm", b"Pf\n3 3\n-1\n1234", "ends too early"), ("bad.pfm", b"Pf\n3 0\n-1\n", "no PFM file"),
                                ("large.pfm", b"Pf\n4000000 4000000\n-1\n", "268,435,456"), ("kind.pfm", b"P6\n3 3\n255\n", "no PFM file")):
        (folder / name).write_bytes(content)
        bad(1, "image", "sample(a, x, y)", "--input", f"a={folder / name}", "--hash", says=(name, says))
    bad(1, "image", "image b = x; sample(b, y, x)", "--size", "4194305x1", "--hash", says="4,194,304 pixels a side")
    bad(1, "image", "--3d", "image b = x; sample(b, y, x)", "--hash", says="with --3d a program has no images, and there is b")
    bad(2, "image", "--3d", "x", "--input", one, "--hash", says="without --3d")
    result = run("image", "x", "--input", one, "--hash")
    check(result.status == 0 and "does not sample a" in result.err, result)


@test
def image_supersampled(folder):
    words = ["image", "(floor(x*9)*y, x)", "--type", "f64", "--region", "-1,-2,3,1"]
    good(*words, "-o", folder / "large.npy", "--size", "33x21")
    good(*words, "-o", folder / "small.npy", "--size", "11x7", "--supersample", "3")
    _, large = read_npy(folder / "large.npy")
    _, small = read_npy(folder / "small.npy")
    for row in range(7):
        for column in range(11):
            for k in range(2):
                mean = sum(large[((row * 3 + j) * 33 + column * 3 + i) * 2 + k] for i in range(3) for j in range(3)) / 9
                value = small[(row * 11 + column) * 2 + k]
                check(abs(value - mean) < 1e-14 * (1 + abs(mean)), row, column, value, mean)
    good(*words, "-o", folder / "letter.npy", "--size", "11x7", "-s3", "--threads", "5")
    same((folder / "letter.npy").read_bytes(), (folder / "small.npy").read_bytes(), "-s3")
    hashes = {out("image", "fract(x*5)", "--hash", "--size", "50", "-s", "2", "--filter", f)
              for f in ("box", "tent", "gaussian", "mitchell")}
    same(len(hashes), 4, "filters that differ")
    (folder / "disk.vm").write_text("x var-x\ny var-y\na mul x x\nb mul y y\nc add a b\nd const 0.36\nf sub c d\n")
    good("image", folder / "disk.vm", "-o", folder / "disk.png", "--size", "16", "-s", "4")
    shades = set(b"".join(read_png(folder / "disk.png")[3]))
    check({0, 255} < shades and len(shades) > 5, "a shape's edge is smooth", shades)


@test
def image_range_and_colormap(folder):
    good("image", "x*10", "-o", folder / "a.npy", "--size", "5x1", "--range", "-10,10", "--type", "f64")
    _, values = read_npy(folder / "a.npy")
    for value, wanted in zip(values, (0.1, 0.3, 0.5, 0.7, 0.9)):
        check(abs(value - wanted) < 1e-15, value, wanted)
    good("image", "(x, x, x, x)", "-o", folder / "b.npy", "--size", "2x1", "--range", "1,-1")
    same(read_npy(folder / "b.npy")[1], [0.75, 0.75, 0.75, -0.5, 0.25, 0.25, 0.25, 0.5], "alpha stays")
    good("image", "x", "-o", folder / "c.npy", "--size", "2x1", "--range", "-1,1", "--colormap", "(x, 1 - x, x*x)")
    same(read_npy(folder / "c.npy"), ((1, 2, 3), [0.25, 0.75, 0.0625, 0.75, 0.25, 0.5625]))
    good("image", "x", "-o", folder / "d.npy", "--size", "2x1", "--colormap", "abs")
    same(read_npy(folder / "d.npy"), ((1, 2), [0.5, 0.5]))
    good("image", "x", "-o", folder / "e.npy", "--size", "2x1", "--colormap", "a = x + 1\n(a, a, a)")
    same(read_npy(folder / "e.npy"), ((1, 2, 3), [0.5] * 3 + [1.5] * 3))
    good("image", "5*x + 5", "-o", folder / "v.npy", "--size", "64x2", "--range", "+0,+1e1", "--colormap", "viridis")
    good("image", "viridis(x*0.5 + 0.5)", "-o", folder / "w.npy", "--size", "64x2")
    shape, mapped = read_npy(folder / "v.npy")
    same(shape, (2, 64, 3))
    check(max(abs(a - b) for a, b in zip(mapped, read_npy(folder / "w.npy")[1])) < 1e-5, "a map of the library")
    bad(1, "image", "(x, y, 0)", "-o", folder / "f.png", "--colormap", "abs", says="colours one value; the program gives 3")
    bad(1, "image", "x", "-o", folder / "f.png", "--colormap", "sqrtt", says=["--colormap", "did you mean 'sqrt'"])
    (folder / "disk.vm").write_text("x var-x\ny var-y\na mul x y\n")
    good("image", folder / "disk.vm", "-o", folder / "g.png", "--size", "2", "--colormap", "(x, x, 1)", "--range", "-1,1")
    same(read_png(folder / "g.png"), (2, 2, 3, [bytes([96, 96, 255, 159, 159, 255]), bytes([159, 159, 255, 96, 96, 255])]))


@test
def image_numbered(folder):
    def times(*words):
        for old in folder.iterdir():
            old.unlink()
        good("image", "t + 0*x", "--size", "1", "--type", "f64", "-o", folder / "p%03d.npy", *words)
        names = sorted(p.name for p in folder.iterdir())
        same(names, [f"p{i:03}.npy" for i in range(len(names))])
        return [read_npy(folder / name)[1][0] for name in names]

    same(times("--frames", "4"), [i / 30 for i in range(4)])
    same(times("--frames", "3", "--time", "5", "--fps", "4"), [5, 5.25, 5.5])
    same(times("--seconds", "0.5", "--fps", "10"), [i / 10 for i in range(5)])
    same(times("--frames", "4", "--time", "0,2"), [0, 0.5, 1, 1.5])
    good("image", "x", "-o", folder / "100%d.png", "--frames", "1", "--size", "2")
    check((folder / "1000.png").exists(), "the number in its place")
    good("image", "x", "-o", folder / "50%d.png", "--size", "2")
    check((folder / "50%d.png").exists(), "a single picture has its name")
    bad(2, "image", "x", "-o", folder / "a.png", "--frames", "2", says="name%04d.png")
    bad(2, "image", "x", "-o", folder / "a%d%d.png", "--frames", "2", says="name%04d.png")
    bad(2, "image", "x", "-o", folder / "a%s.png", "--frames", "2", says="name%04d.png")
    bad(2, "image", "x", "-o", folder / "a.png", "--fps", "2", says="--fps belongs")
    bad(2, "image", "x", "-o", folder / "a.png", "--time", "1,2", says="--time from")
    bad(2, "image", "x", "-o", folder / "a%d.png", "--frames", "0", says="1 to")
    bad(2, "image", "x", "-o", folder / "a%d.png", "--frames", "1", "--seconds", "1", says="exclude")
    one = out("image", "t*x", "--size", "9", "--frames", "3", "--hash")
    same(out("image", "t*x", "--size", "9", "--frames", "3", "--hash", "-o", folder / "h%d.png"), one, "a hash of all")


FFMPEG = """#!{python}
import json, sys
data = sys.stdin.buffer.read()
json.dump([sys.argv[1:], list(data)], open({log!r}, "w"))
open(sys.argv[-1].removeprefix("file:"), "wb").write(b"video")
sys.exit({status})
"""


@test
def image_video(folder):
    tools, log = folder / "bin", folder / "log"
    tools.mkdir()
    program = tools / "ffmpeg"

    def replace(status):
        program.write_text(FFMPEG.format(python=sys.executable, log=str(log), status=status))
        program.chmod(0o755)

    replace(0)
    path = {"PATH": str(tools)}
    words = ["image", "(x, t, 1)", "--size", "4x2", "--frames", "3", "--fps", "2"]
    for ending, container in (("mp4", "mp4"), ("mkv", "matroska"), ("webm", "webm"), ("gif", "gif")):
        film = folder / f"a.{ending}"
        good(*words, "-o", film, env=path)
        same(film.read_bytes(), b"video", "what ffmpeg wrote")
        given, data = json.loads(log.read_text())
        after = dict(zip(given, given[1:]))
        same([after[k] for k in ("-pixel_format", "-video_size", "-framerate", "-i")], ["rgb24", "4x2", "2", "pipe:0"])
        same(given[given.index("-i"):].count("-f") and given[len(given) - 2], container)
        # x at the centres of four columns, -0.75 to 0.75; t is 0, 1/2, 1
        same(data, [v for t in (0, 128, 255) for _ in range(2) for r in (0, 0, 64, 191) for v in (r, t, 255)])
    hashed = folder / "h.mp4"
    same(out(*words, "-o", hashed, "--hash", env=path), out(*words, "--hash"), "the hash")
    same(json.loads(log.read_text())[1], data, "the same pixels")
    replace(3)
    before = (folder / "a.mp4").read_bytes()
    (folder / "a.mp4").write_bytes(b"before")
    bad(1, *words, "-o", folder / "a.mp4", env=path, says="ffmpeg could not make")
    same((folder / "a.mp4").read_bytes(), b"before", "the old file")
    program.write_text("#!/bin/sh\nexit 1\n")
    bad(1, "image", "x", "--size", "512", "--frames", "50", "-o", folder / "a.mp4", env=path, says="ffmpeg")
    program.unlink()
    bad(1, *words, "-o", folder / "a.mp4", env=path, says=["not in the PATH", "frame%04d.png"])
    same((folder / "a.mp4").read_bytes(), b"before", "the old file")
    check(before == b"video", before)
    bad(1, "image", "(x, y, 0, 1)", "--size", "2", "--frames", "2", "-o", folder / "b.mp4", says="alpha")
    bad(1, "image", "x", "--size", "3x2", "--frames", "2", "-o", folder / "b.mp4", says=["even", "--size 4x2"])
    bad(2, "image", "x", "--size", "2", "--frames", "2", "-o", folder / "b.mp4", "--depth", "16", says="--depth 16")
    if shutil.which("ffmpeg"):
        good("image", "(x, y, t)", "--size", "32", "--frames", "4", "-o", folder / "real.gif", "--time", "0,1")
        same((folder / "real.gif").read_bytes()[:6], b"GIF89a")
    same(sorted(p.name for p in folder.iterdir() if p.suffix not in (".mp4", ".mkv", ".webm", ".gif")), ["bin", "log"], "files left")


@test
def image_json(folder):
    result = json.loads(out("image", "x", "-o", folder / "a.png", "--size", "20x10", "--threads", "2", "--json", "--hash"))
    same({k: result[k] for k in ("width", "height", "channels", "threads")},
         {"width": 20, "height": 10, "channels": 1, "threads": 2})
    check(result["engine"] in engines() and result["compile_us"] >= 0 and len(result["hash"]) == 16, result)


# ---- image --3d ----

# The camera looks along z at the origin; half the angle of view has the tangent 1/2.
CAMERA = ["--eye", "0,0,4", "--fov", str(2 * math.degrees(math.atan(0.5))), "--background", "1,0,0"]


def covered(path):
    """The pixels that are not background, as a set of places."""
    width, _, channels, rows = read_png(path)
    same(channels, 3, "channels")
    return {(i, j) for j, row in enumerate(rows) for i in range(width) if row[3 * i:3 * i + 3] != b"\xff\0\0"}


def ball_outline(width, height, radius, distance=4):
    """The pixels that a ball at the origin covers, if the camera is CAMERA."""
    shorter = min(width, height)
    bound = math.tan(math.asin(radius / distance)) * shorter  # tangents are half a pixel's place over the shorter side
    return {(i, j) for i in range(width) for j in range(height)
            if math.hypot(i + 0.5 - width / 2, j + 0.5 - height / 2) < bound}


def nearly(actual, wanted, what=""):
    """Two sets of places that may differ along their outlines only."""
    check(len(actual ^ wanted) <= 0.02 * len(wanted), what, len(actual), len(wanted), len(actual ^ wanted))


@test
def scene_outline_is_that_of_the_shape(folder):
    path = folder / "a.png"
    for size in ((160, 120), (90, 150)):
        wanted = ball_outline(*size, 0.8)
        for kind in ("f32", "f64"):
            good("image", "--3d", "length((x, y, z)) - 0.8", "-o", path, "--size", f"{size[0]}x{size[1]}", *CAMERA, "--type", kind)
            nearly(covered(path), wanted, f"a distance, {size}, {kind}")
    wanted = ball_outline(160, 120, 0.8)
    for text in ("x*x + y*y + z*z - 0.64",         # steep
                 "(x*x + y*y + z*z)^3 - 0.262144",  # as steep as one likes
                 "0.2*(length((x, y, z)) - 0.8)",  # a bound
                 "max(length((x, y, z)) - 0.8, y - 10)",
                 "length((x, y, z)) - 0.8 - 0*exp(x)"):
        good("image", "--3d", text, "-o", path, "--size", "160x120", *CAMERA)
        nearly(covered(path), wanted, text)
    good("image", "--3d", "length((x, y, z)) - 0.8", "-o", path, "--size", "160x120", *CAMERA, "--step", "0.3")
    nearly(covered(path), wanted, "short steps")
    (folder / "ball.vm").write_text("x var-x\ny var-y\nz var-z\na square x\nb square y\nc square z\nd add a b\n"
                                    "e add c d\nf sqrt e\ng const 0.8\nh sub f g\n")
    good("image", "--3d", folder / "ball.vm", "-o", path, "--size", "160x120", *CAMERA)
    nearly(covered(path), wanted, "a .vm file")


@test
def scene_camera_frames_the_cube(folder):
    """The default view shows the cube from -1 to 1 as a whole, and not much more."""
    path = folder / "a.png"
    for size in ("120x120", "160x90", "80x130"):
        good("image", "--3d", "sdf_box(x, y, z, 1, 1, 1)", "-o", path, "--size", size, "--background", "1,0,0")
        seen, (width, height) = covered(path), map(int, size.split("x"))
        low = min(min(i for i, _ in seen), min(j for _, j in seen), width - 1 - max(i for i, _ in seen),
                  height - 1 - max(j for _, j in seen))
        check(0 <= low <= 0.1 * min(width, height), size, "margin", low)
        check(not any(i in (0, width - 1) or j in (0, height - 1) for i, j in seen), size, "is cut")


@test
def scene_moves_with_eye_target_and_time(folder):
    path, path2 = folder / "a.png", folder / "b.png"
    text = "length((x - t, y, z)) - 0.5"
    good("image", "--3d", text, "-o", path, "--size", "100x100", *CAMERA, "--time", "0.7")
    good("image", "--3d", text, "-o", path2, "--size", "100x100", "--eye", "-0.7,0,4", "--target", "-0.7,0,0", *CAMERA[2:])
    same(covered(path), covered(path2), "a step to the side")
    check(min(i for i, _ in covered(path)) > 50, "the right side is x")
    good("image", "--3d", "length((x, y - 0.7, z)) - 0.5", "-o", path, "--size", "100x100", *CAMERA)
    check(max(j for _, j in covered(path)) < 50, "up is y")
    good("image", "--3d", "length((x, y, z + 0.7)) - 0.5", "-o", path, "--size", "100x100", "--eye", "0,4,0", *CAMERA[2:])
    check(max(j for _, j in covered(path)) < 50, "from above, up is -z")
    good("image", "--3d", "length((x, y, z)) - 0.5", "-o", path, "--size", "100x100", "--eye", "0,0,0.2", "--target", "0,0,-1",
         *CAMERA[2:])
    same(len(covered(path)), 0, "from within a solid one sees what is outside of it")
    good("image", "--3d", "0/0*x", "-o", path, "--size", "20x20", *CAMERA)
    same(len(covered(path)), 0, "what is no number is not there")


@test
def scene_light_and_colour(folder):
    path, path2 = folder / "a.npy", folder / "b.npy"
    words = ["--size", "60x60", *CAMERA]
    shape, plain = read_npy_of("length((x, y, z)) - 1", path, words)
    same(shape, (60, 60, 3))
    _, green = read_npy_of("(length((x, y, z)) - 1, 0, 1, 0)", path2, words)
    middle = 3 * (30 * 60 + 30)
    check(green[middle + 1] > 2 * green[middle] and green[middle + 1] > 2 * green[middle + 2], green[middle:middle + 3])
    # The key light comes from above, right and in front; brightness falls off away from it.
    def grey(values, i, j):
        return sum(values[3 * (60 * j + i):3 * (60 * j + i) + 3]) / 3
    check(grey(plain, 36, 20) > grey(plain, 30, 30) > grey(plain, 22, 44), "the key light")
    # A shadow: the ground beneath a ball is darker than the ground beside it.
    _, scene = read_npy_of("min(length((x, y, z)) - 0.5, y + 1)", path, ["--size", "60x60", "--eye", "0,1.5,5", "--fov", 40])
    ground = [grey(scene, i, 40) for i in range(60)]
    check(min(ground[20:34]) < 0.8 * ground[55], "a shadow", ground)
    # Slopes by the program's derivatives and, where it has none, by differences, look alike.
    _, rough = read_npy_of("length((from_bits(bits(x)), y, z)) - 1", path2, words)
    check(max(abs(a - b) for a, b in zip(plain, rough)) < 0.1 and
          sum(abs(a - b) for a, b in zip(plain, rough)) < 0.002 * len(plain), "differences")


def read_npy_of(text, path, words):
    good("image", "--3d", text, "-o", path, *words)
    shape, values = read_npy(path)
    check(all(0 <= v <= 1 for v in values), "values of a scene lie from 0 to 1")
    return shape, values


@test
def scene_is_the_same_everywhere(_):
    text = "(min(sdf_torus(x, y, z, 0.7, 0.2), y + 0.4), 0.5 + 0.5*x, 0.6, 0.5 - z*t)"
    words = ["image", "--3d", text, "--size", "97x53", "--time", "0.25", "-s", "2", "--hash"]
    wanted = out(*words)
    for threads in (1, 2, 5):
        same(out(*words, "--threads", threads), wanted, f"{threads} threads")
    for engine in engines():
        same(out(*words, "--engine", engine), wanted, engine)
    param = "param r = 0.8 in 0..2; length((x, y, z)) - r"
    words = ["image", "--3d", "--size", "40x40", "--hash"]
    same(out(*words, param, "--set", "r=0.6"), out(*words, "length((x, y, z)) - 0.6"), "a parameter")
    check(out(*words, param) != out(*words, param, "--set", "r=0.6"), "another parameter, another picture")


@test
def scene_wrong_use(folder):
    path, ball = folder / "a.png", "length((x, y, z)) - 1"
    for option, value in (("--eye", "0,0,4"), ("--target", "0,1,0"), ("--fov", "30"), ("--step", "0.5"), ("--background", "1,1,1")):
        bad(2, "image", ball, "-o", path, option, value, says="belong to --3d")
    for option, value in (("--region", "0,0,1,1"), ("--z", "1"), ("--range", "0,1"), ("--colormap", "viridis")):
        bad(2, "image", "--3d", ball, "-o", path, option, value, says="pictures of the plane")
    for value in ("", "1,2", "1,2,3,4", "1,2,x", "inf,0,0", "nan,0,0"):
        for option in ("--eye", "--target", "--background"):
            bad(2, "image", "--3d", ball, "-o", path, option, value, says=f"{option} takes three numbers")
    bad(2, "image", "--3d", ball, "-o", path, "--background", "0,0,1.5", says="from 0 to 1")
    for value in ("", "0", "180", "-3", "nan", "x"):
        bad(2, "image", "--3d", ball, "-o", path, "--fov", value, says="--fov takes")
    for value in ("", "0", "1.01", "-1", "nan", "x"):
        bad(2, "image", "--3d", ball, "-o", path, "--step", value, says="--step takes")
    bad(1, "image", "--3d", ball, "-o", path, "--eye", "1,1,1", "--target", "1,1,1", says="must not be where the target is")
    bad(1, "image", "--3d", "(x, y)", "-o", path, says=["2 values", "4 (a distance and a colour)"])
    bad(1, "image", "--3d", "(x, y, z)", "-o", path, says="3 values")
    bad(1, "image", "--3d", "x +", "-o", path, says="error")
    bad(2, "image", "--3d", ball, "-o", path, "--set", "r=1", says="there is no parameter r")
    check(not path.exists(), "a file was left")


@test
def files_whole_or_not_at_all(folder):
    path = folder / "a.png"
    path.write_bytes(b"before")
    bad(1, "image", "(x, y)", "-o", path)
    bad(1, "image", "x +", "-o", path)
    same(path.read_bytes(), b"before", "an error leaves the old file")
    path.chmod(0o640)
    good("image", "x", "-o", path, "--size", "2x2")
    same(path.stat().st_mode & 0o777, 0o640, "the mode stays")
    link = folder / "link.png"
    link.symlink_to("a.png")
    good("image", "1", "-o", link, "--size", "1x1")
    check(link.is_symlink(), "a link stays one")
    same(read_png(path)[3], [b"\xff"], "what a link leads to is written")
    same(sorted(p.name for p in folder.iterdir()), ["a.png", "link.png"], "files left")


@test
def outputs_that_cannot_be_written(folder):
    write_npy(folder / "x.npy", [[1, 2, 3]], one_axis=True)
    (folder / "dir.png").mkdir()
    (folder / "lost.png").symlink_to("nowhere.png")
    for path, why in ((folder / "none" / "a.png", "No such file"), (folder / "dir.png", "directory"),
                      (folder / "lost.png", "cannot write")):
        bad(1, "image", "x", "-o", path, says=["cannot write", why])
    bad(1, "render", "input x; x", "--input", folder / "x.npy", "-o", folder / "none" / "b.npy", says="cannot write")
    if os.geteuid() != 0:
        (folder / "sealed").mkdir(mode=0o500)
        bad(1, "image", "x", "-o", folder / "sealed" / "a.png", says="Permission denied")
    if os.path.exists("/dev/full"):
        bad(1, "image", "sin(x*1000)", "-o", "/dev/full", says=["cannot write /dev/full", "No space"])
        bad(1, "render", "index", "--frames", "100000", "-o", "/dev/full", says="No space")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([SINTER, "eval", "1"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
            check(done.returncode == 1 and b"cannot write the standard output" in done.stderr, done)
            done = subprocess.run([SINTER, "image", "x", "-o", "-"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
            check(done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"cannot write -" in done.stderr, "told once", done)
    good("image", "x", "-o", "/dev/null", "--size", "4x4")


@test
def files_that_grow_too_large(folder):
    """What a full disk does, by a limit: the reason is told, by whichever library writes, and no part of the file stays."""
    drawn = ("image", "white(x*900, y*900)", "--size", "256")
    heard = ("render", "white(index)", "--seconds", "1")
    words = {name: drawn for name in ("a.png", "a.exr", "a.pfm", "a.npy")}
    words["b.npy"] = heard
    if "built without" not in out("doctor").split("sounds")[1].split("\n")[0]:
        words.update({name: heard for name in ("a.wav", "a.flac", "a.ogg", "a.aiff", "a.au")})
    if shutil.which("ffmpeg"):
        words.update({name: (*drawn, "--frames", "2") for name in ("a.gif", "a.webm")})
    for name, rest in words.items():
        done = subprocess.run([SINTER, *rest, "-o", folder / name], stderr=subprocess.PIPE, timeout=60, check=False, restore_signals=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
        check(done.returncode == 1 and b"File too large" in done.stderr, name, done)
    same(list(folder.iterdir()), [], "files left")


@test
def signals_leave_no_unfinished_file(folder):
    process = subprocess.Popen([SINTER, "image", "sum(i, 0, 200, sin(x*i + y))", "-o", folder / "a.npy", "--size", "30000x30000",
                                "--engine", "interp"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    limit = time.monotonic() + 60
    while not list(folder.iterdir()) and time.monotonic() < limit:
        time.sleep(0.01)
    check(list(folder.iterdir()), "nothing was begun")
    time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    same((process.returncode, errors), (-signal.SIGTERM, b"sinter: stopped by a signal; nothing was written\n"), "how it ended")
    same(list(folder.iterdir()), [], "files left")


@test
def signals_leave_whole_pictures(folder):
    process = subprocess.Popen([SINTER, "image", "x + t", "-o", folder / "%d.png", "--frames", "100000", "--size", "300"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    limit = time.monotonic() + 60
    while not (folder / "3.png").exists() and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    count = len(list(folder.iterdir()))
    check(4 <= count < 100000, count)
    same((process.returncode, errors), (-signal.SIGINT, f"sinter: stopped by a signal; {count} of 100000 pictures are written\n"
                                        .encode()), "how it ended")
    for i in range(count):
        same(read_png(folder / f"{i}.png")[:3], (300, 300, 1))


@test
def broken_pipes_are_quiet(folder):
    write_npy(folder / "x.npy", [range(200000)], one_axis=True)
    process = subprocess.Popen([SINTER, "eval", "x", "--input", folder / "x.npy"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    same(process.stdout.readline(), b"0\n")
    process.stdout.close()
    errors = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    same(errors, b"", "what it said")


@test
def progress_is_for_terminals(folder):
    """A second of work; the line is taken away again."""
    ours, theirs = os.openpty()
    words = ["image", "sum(i, 0, 300, sin(x*i + y))", "--hash", "--engine", "interp", "--threads", "1", "--size"]
    for size in ("100x100", "300x300", "600x600", "850x850", "1200x1200", "2400x2400"):
        done = subprocess.run([SINTER, *words, size], stdout=subprocess.PIPE, stderr=theirs, timeout=120, check=False,
                              env=dict(os.environ, TERM="xterm"))
        same(done.returncode, 0)
        os.write(theirs, b"end\n")
        shown = b""
        while not shown.endswith(b"end\r\n"):
            shown += os.read(ours, 4096)
        if shown != b"end\r\n":
            check(b"image" in shown and b"%" in shown and shown.endswith(b"\rend\r\n"), shown)
            break
    else:
        check(False, "nothing was shown")
    os.close(ours)
    os.close(theirs)
    check(not list(folder.iterdir()), "no file was asked for")


# ---- render ----

COMB = """# a comb with a one-pole in its loop
input x
param feedback = 0.8 in 0..0.99
damped = 0.7*delay(combed, 29) + 0.3*damped'
combed = x + feedback*damped
out combed
"""
BIQUAD = """input x
param cutoff = 0.1 in 0.001..0.4
k = 2*cutoff
y = k*x + 0.2*x' + 0.1*x'' + 0.9*y' - 0.4*y''
out y
"""


def noise(count, seed=1):
    values = []
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(seed / 2 ** 31 - 1)
    return values


@test
def render_values(folder):
    write_npy(folder / "x.npy", [[8, 0, 0, 4, 0]], one_axis=True)
    words = ["render", "input x; y = x + 0.5*y'; y", "--input", folder / "x.npy", "-o", folder / "y.npy"]
    same(out(*words), "")
    same(read_npy(folder / "y.npy"), ((5,), [8, 4, 2, 5, 2.5]))
    good(*words, "--frames", "7")
    same(read_npy(folder / "y.npy"), ((7,), [8, 4, 2, 5, 2.5, 1.25, 0.625]), "inputs go on as 0")
    good(*words, "--frames", "2", "--type", "f64")
    same(read_npy(folder / "y.npy"), ((2,), [8, 4]))
    good(*words, "--frames", "0")
    same(read_npy(folder / "y.npy"), ((0,), []))
    good("render", "input x; (delay(x, 2), x*2)", "--input", folder / "x.npy", "-o", folder / "y.npy")
    same(read_npy(folder / "y.npy"), ((5, 2), [0, 16, 0, 0, 8, 0, 0, 8, 0, 0]))
    parsed = parse_npy(good("render", "input x; x", "--input", "-", "-o", "-", stdin=(folder / "x.npy").read_bytes()).raw)
    same(parsed, ((5,), "f", struct.pack("<5f", 8, 0, 0, 4, 0)))


@test
def render_streams(folder):
    a, b = [1, 2, 3], [10, 20, 30]
    write_npy(folder / "a.npy", [a], one_axis=True)
    write_npy(folder / "b.npy", [b], "<f8", one_axis=True)
    write_npy(folder / "ab.npy", [a, b])
    text = "input l; input r; (r - l, l)"
    wanted = ((3, 2), [9, 1, 18, 2, 27, 3])
    for words in (["--input", folder / "ab.npy"], ["--input", folder / "a.npy", "--input", folder / "b.npy"],
                  ["--input", f"r={folder / 'b.npy'}", "--input", folder / "a.npy"]):
        good("render", text, *words, "-o", folder / "o.npy")
        same(read_npy(folder / "o.npy"), wanted, words)
    bad(1, "render", text, "--input", folder / "a.npy", "--hash", says="input r has no stream")
    bad(1, "render", "input l; l", "--input", folder / "ab.npy", "--hash", says="2 streams")
    bad(2, "render", text, "--input", f"lr={folder / 'a.npy'}", "--hash", says="there is no input lr")


@test
def render_time(folder):
    good("render", "(index, time, rate)", "--seconds", "0.5", "--rate", "8", "-o", folder / "t.npy", "--type", "f64")
    same(read_npy(folder / "t.npy"), ((4, 3), [v for i in range(4) for v in (i, i / 8, 8)]))
    good("render", "rate", "--frames", "1", "-o", folder / "r.npy")
    same(read_npy(folder / "r.npy")[1], [48000])
    good("render", "index", "--seconds", "0.001", "-o", folder / "i.npy")
    same(read_npy(folder / "i.npy")[0], (48,))
    bad(2, "render", "time", "--hash", says="--frames or --seconds")
    bad(2, "render", "time", "--hash", "--frames", "1", "--seconds", "1", says="exclude")
    bad(2, "render", "time", says="-o FILE is missing")
    bad(2, "render", "time", "--frames", "1", "-o", folder / "a.mp3", says="ends in .wav, .flac, .ogg, .aiff, .au or .npy")
    (folder / "s.vm").write_text("_0 var-x\n")
    bad(2, "render", folder / "s.vm", "--hash", "--frames", "1", says="field")


@test
def examples_compile(_):
    examples = pathlib.Path(__file__).resolve().parent.parent / "examples"
    found = sorted(examples.glob("*.sn"))
    check(len(found) > 20, found)
    for example in found:
        check(out("dump", example).startswith("engine "), example)


@test
def render_sounds(folder):
    tone = ["render", "out 0.5*sine(440); out 0.25*saw(110)", "--seconds", "0.1"]
    if "built without" in out("doctor").split("sounds")[1].split("\n")[0]:
        bad(1, *tone, "-o", folder / "a.wav", says="built without it")
        return
    good(*tone, "-o", folder / "a.npy")
    same(read_npy(folder / "a.npy")[0], (4800, 2))
    wanted = read_npy(folder / "a.npy")[1]
    for name, options, within in [("a.wav", [], 0), ("a.aiff", [], 0), ("a.au", [], 0), ("b.wav", ["--bits", "16"], 2**-15),
                                  ("c.wav", ["--bits", "24"], 2**-23), ("a.flac", [], 2**-23), ("a.ogg", [], 0.1)]:
        good(*tone, *options, "-o", folder / name)
        good("render", "input l, r; (l, r)", "--input", folder / name, "-o", folder / "back.npy")
        shape, values = read_npy(folder / "back.npy")
        same(shape, (4800, 2), name)
        check(max(abs(a - b) for a, b in zip(values, wanted)) <= within, name)
    first = (folder / "a.wav").read_bytes()
    check(first[:4] == b"RIFF" and first[8:12] == b"WAVE", first[:12])
    good(*tone, "-o", folder / "again.wav", "--block", "7")
    same((folder / "again.wav").read_bytes(), first, "the same sound is the same bytes")
    piped = good(*tone, "-o", "-", "--format", "wav").raw
    same(piped, first, "through a pipe")
    good("render", "input l, r; l - r", "--input", "-", "-o", folder / "d.npy", stdin=first)
    same(read_npy(folder / "d.npy")[0], (4800,))
    good("render", "rate", "--rate", "44100", "--frames", "8", "-o", folder / "r.wav")
    good("render", "input a; (a*0 + rate, a)", "--input", folder / "r.wav", "-o", folder / "r.npy")
    same(read_npy(folder / "r.npy")[1][0], 44100, "the patch runs at the file's rate")
    loud = run("render", "2*sine(1000)", "--seconds", "0.01", "--bits", "16", "-o", folder / "loud.wav")
    check(loud.status == 0 and "beyond full scale were cut" in loud.err, loud)
    (folder / "no.wav").write_text("no sound")
    bad(1, "render", "input a; a", "--input", folder / "no.wav", "--hash", says="no.wav")
    bad(1, "render", "input a, b; a + b", "--input", folder / "a.wav", "--input", folder / "r.wav", "--hash", says="samples a second")
    bad(1, "render", "1", "--frames", "3", "-o", folder / "slow.wav", "--rate", "0.1", says="0.1 samples a second")
    bad(2, *tone, "-o", folder / "fast.wav", "--rate", "1e10", says="up to 1e9")
    bad(2, *tone, "-o", folder / "a.flac", "--bits", "32", says="16 or 24")
    bad(2, *tone, "-o", folder / "a.npy", "--bits", "16", says="for sound files")
    bad(2, *tone, "-o", folder / "a.wav", "--bits", "17", says="16, 24 or 32")
    bad(2, *tone, "-o", "-", "--format", "mp3", says="not `mp3`")
    bad(2, *tone, "-o", folder / "a.wav", "--format", "wav", says="the name's end")


@test
def render_stimuli_and_automation(folder):
    good("render", "input a, b; (a, b)", "--impulse", "--frames", "3", "-o", folder / "i.npy")
    same(read_npy(folder / "i.npy")[1], [1, 1, 0, 0, 0, 0])
    good("render", "input a, b; (a, b)", "--noise", "7", "--frames", "4000", "-o", folder / "n.npy")
    values = read_npy(folder / "n.npy")[1]
    check(abs(sum(values)) / 8000 < 0.03 and max(values) > 0.99 and min(values) < -0.99, "noise")
    check(values[0::2] != values[1::2], "each input has a noise of its own")
    words = ["render", "input a, b; (a, b)", "--noise", "7", "--frames", "4000", "--hash"]
    same(out(*words), out(*words, "--block", "13"))
    check(out(*words) != out(*words[:3], "8", *words[4:]), "the seed counts")
    echo = "input x; x + 0.5*delay(x, 3)"
    good("render", echo, "--impulse", "--tail", "1", "-o", folder / "e.npy")
    same(read_npy(folder / "e.npy")[1], [1, 0, 0, 0.5])
    good("render", echo, "--input", folder / "e.npy", "--tail", "1", "-o", folder / "f.npy")
    same(read_npy(folder / "f.npy")[1], [1, 0, 0, 1, 0, 0, 0.25])
    good("render", "input x; x + 0.5*delay(x, 3) + 0*x'", "--impulse", "--rate", "8", "--tail", "0.25", "-o", folder / "e.npy")
    same(read_npy(folder / "e.npy")[1], [1, 0, 0])
    good("render", "input x; y = x + 0.5*y'; y", "--impulse", "--rate", "8", "--tail", "0.5", "-o", folder / "e.npy")
    same(read_npy(folder / "e.npy")[1], [1, 0.5, 0.25, 0.125, 0.0625])
    bad(2, "render", "saw(9)", "--tail", "1", "--hash", says="how long?")
    bad(2, "render", echo, "--impulse", "--tail", "1", "--frames", "9", "--hash", says="--tail follows")
    patch = folder / "p.sn"
    patch.write_text("param a = 1 in 0..10\nparam b = 2 in 0..10\nout a + 100*b\n")
    (folder / "changes.txt").write_text("# when what value\n0.25 a 3   # later\n\n0.25 a 4\n0.5 b 5\n0 b 1\n")
    automated = ["render", patch, "--frames", "8", "--rate", "8", "--automate", folder / "changes.txt"]
    good(*automated, "-o", folder / "p.npy")
    same(read_npy(folder / "p.npy")[1], [101, 101, 104, 104, 504, 504, 504, 504])
    same(out(*automated, "--hash"), out(*automated, "--hash", "--block", "3"))
    for text, says in [("0 c 1", "changes.txt:1:3: error: there is no parameter 'c'\n"), ("0.1 a", "changes.txt:1:1: error: this line says no value"),
                       ("\n-1 a 2", "changes.txt:2:1: error: times"), ("0 a nan", ":1:5: error: 'nan' is no number"), ("7", "says no parameter"),
                       ("0 a 1 2 # two", ":1:7: error: there is more"), ("0 gain 1", "there is no parameter 'gain'"), ("é a 1", ":1:1: error: 'é' is no time"),
                       ("0 " + 300 * "a" + " 1", ":1:3: error: there is no parameter 'aaa")]:
        (folder / "changes.txt").write_text(text + "\n")
        bad(1, *automated, "--hash", says=says)
    # All of them are told, up to a number; each with its place, and what may have been meant.
    (folder / "changes.txt").write_text("0 a 1\nsoon,b,loud # three words, two of them wrong\n\n\t1, aa, 3\n1 b\n")
    told = run(*automated, "--hash")
    same((told.status, told.out), (1, ""))
    same(told.err.split("changes.txt:")[1:], [
        "2:1: error: 'soon' is no time\n    soon,b,loud # three words, two of them wrong\n    ^~~~\n    hint: a line is: seconds parameter value\n" + told.err[:told.err.index("changes.txt:")],
        "2:8: error: 'loud' is no number\n    soon,b,loud # three words, two of them wrong\n           ^~~~\n    hint: a line is: seconds parameter value\n" + told.err[:told.err.index("changes.txt:")],
        "4:5: error: there is no parameter 'aa'\n     1, aa, 3\n        ^~\n    hint: did you mean a?\n" + told.err[:told.err.index("changes.txt:")],
        "5:1: error: this line says no value\n    1 b\n    ^~~\n    hint: a line is: seconds parameter value\n"])
    (folder / "changes.txt").write_text(25 * "0 nobody 1\n")
    told = run(*automated, "--hash")
    check(told.err.count("there is no parameter 'nobody'") == 20 and told.err.endswith("sinter: and 5 more errors\n"), told)
    (folder / "changes.txt").write_text("0 a 3")
    good(*automated, "-o", folder / "p.npy")
    (folder / "changes.txt").write_text("")
    good(*automated, "-o", folder / "p.npy")
    bad(1, "render", patch, "--frames", "8", "--automate", folder / "none.txt", "--hash", says="cannot read")
    bad(1, "render", patch, "--frames", "8", "--automate", folder, "--hash", says="Is a directory")
    (folder / "changes.txt").write_text("0.25,a,3\n0.5, b, 11\n")
    noted = run(*automated, "-o", folder / "p.npy")
    check(noted.status == 0 and "changes.txt:2: note: 11 is out of the range of b and becomes its upper end" in noted.err, noted)
    same(read_npy(folder / "p.npy")[1], [201, 201, 203, 203, 1003, 1003, 1003, 1003])
    # Each line of an event is one, at its own sample, in the middle of a block too, the same value again as well; an early one of a late line.
    (folder / "changes.txt").write_text("0.75 note 3\n0.25 note 2\n0.5 note 2\n")
    events = ["render", "event note = 1; out note + 10*min(since(note), 5)", "--frames", "8", "--rate", "8", "--automate", folder / "changes.txt"]
    for block in ["1", "3", "8"]:
        good(*events, "--block", block, "-o", folder / "p.npy")
        same(read_npy(folder / "p.npy")[1], [51, 51, 2, 12, 2, 12, 3, 13])
    bad(2, "render", "input a; a", "--impulse", "--noise", "1", "--frames", "1", "--hash", says="exclude")
    for twice in (["-", "--automate", "-"], ["-", "--input", "-"], ["input a, b; a + b", "--input", "a=-", "--input", "b=-"], ["input a; a", "--input", "-", "--automate", "-"]):
        bad(2, "render", *twice, "--frames", "1", "--hash", says="the standard input can be read once")
    bad(1, "render", "input a; a", "--frames", "1", "--hash", says="--impulse or --noise SEED")


@test
def render_hash_is_the_same_everywhere(folder):
    write_npy(folder / "x.npy", [noise(1500)], one_axis=True)
    for name, text in (("comb", COMB), ("biquad", BIQUAD)):
        (folder / f"{name}.sn").write_text(text)
        for more in share_of(([], ["--strict"], ["--type", "f64"])):
            words = ["render", folder / f"{name}.sn", "--input", folder / "x.npy", *more]
            good(*words, "-o", folder / "y.npy")
            _, kind, body = parse_npy((folder / "y.npy").read_bytes())
            wanted = fnv(body, kind)
            for engine in ("auto", *engines()):
                for block in share_of((1, 3, 64, 777, 1500, 100000)):
                    same(out(*words, "--hash", "--engine", engine, "--block", block), wanted, f"{name} {engine} {block}")
                same(out(*words, "--hash", "--engine", engine, "--in-place"), wanted, f"{name} {engine} in place")


@test
def render_parameters_and_json(folder):
    write_npy(folder / "x.npy", [[1] * 4], one_axis=True)
    text = "input x; param gain = 2 in 0..4; x*gain"
    good("render", text, "--input", folder / "x.npy", "-o", folder / "y.npy", "--set", "gain=0.5")
    same(read_npy(folder / "y.npy")[1], [0.5] * 4)
    result = json.loads(out("render", text, "--input", folder / "x.npy", "--json", "--hash", "--block", "2"))
    same((result["frames"], result["outputs"], result["block"]), (4, 1, 2))
    same(result["hash"] + "\n", fnv(struct.pack("<4f", *[2] * 4), "f"))
    bad(1, "render", "x*gain", "--hash", "--frames", "1", says="expression:1:1: error:")


# ---- dump ----

@test
def dump_kinds(folder):
    text = "x*0.5 + sin(y)"
    shown = {kind: out("dump", text, "--" + kind) for kind in ("explain", "ir", "plan", "c", "dot")}
    same(out("dump", text), shown["explain"], "without a kind")
    check("lanes" in shown["explain"], shown["explain"])
    check("fma" in shown["ir"] and "input x" in shown["ir"], shown["ir"])
    check("loop" in shown["plan"], shown["plan"])
    check(shown["dot"].startswith("digraph"), shown["dot"])
    check("void kernel_run(" in shown["c"] or "kernel" in shown["c"], shown["c"])
    check("wobble" in out("dump", text, "--c", "--function", "wobble"), "--function")
    same(list(json.loads(out("dump", text, "--ir", "--json"))), ["ir"])
    same(json.loads(out("dump", text, "--ir", "--json"))["ir"], shown["ir"])
    bad(2, "dump", text, "--ir", "--plan", says="one thing at a time")
    bad(2, "dump", text, "--function", "f", says="--c")
    bad(2, "dump", text, "--c", "--function", "1f", says="--function takes")
    bad(1, "dump", "x +", "--ir", says="error")
    bad(1, "dump", "x", "--ir", "--passes", "polish", says="polish")
    compiler = os.environ.get("SINTER_CC", "cc").split()
    if shutil.which(compiler[0]):
        (folder / "k.c").write_text(shown["c"])
        done = subprocess.run([*compiler, "-std=c11", "-Wall", "-Werror", "-Wno-unused-function", "-fsyntax-only", folder / "k.c"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        same((done.returncode, done.stdout), (0, b""), "the compiler")


@test
def gradients(_):
    same(out("eval", "x*x*y", "--at", "x=3,y=2", "--at", "x=1,y=5", "--gradient", "x,y"), "18 12 9\n5 10 1\n", "eval")
    same(out("eval", "x*x", "--at", "x=3", "--gradient=y"), "9 0\n", "a name that the text does not use")
    same(out("eval", "a*a", "--at", "a=3", "--gradient", "a"), "9 6\n", "an input of one's own")
    same(out("eval", "param k = 2 in 0..9; k*k*x", "--at", "x=3", "--set", "k=4", "--gradient", "k"), "48 24\n", "a parameter")
    same(json.loads(out("eval", "x*x", "--at", "x=3", "--gradient", "x", "--json"))["outputs"], {"out": 9, "d(out)/d(x)": 6}, "names")
    check('output "d(out)/d(x)", ' in out("dump", "x*x", "--ir", "--gradient", "x"), "dump")
    check('output "d(out)/d(x)", ' in out("dump", "x*x", "--ir", "--passes", "", "--gradient", "x"), "dump without passes")
    bad(1, "eval", "x*foo", "--at", "x=1,foo=1", "--gradient", "fo", says=['"fo"', "did you mean `foo`?"])
    bad(1, "eval", "x", "--at", "x=1", "--gradient", "x,x", says="twice")
    for names in ("", ",", "x,", "1", "x,,y"):
        bad(2, "eval", "x", "--at", "x=1", "--gradient", names, says="--gradient takes names")
    bad(2, "image", "x", "--gradient", "x", says="image has no option --gradient (eval has)")


@test
def dump_passes(_):
    chain = "((x*0.5 + 1)*2) - 0.5"
    alone = out("dump", chain, "--ir", "--relaxed", "--passes", "identity,affine")
    check("1.5" in alone and "mul" not in alone and "fma" not in alone, "x + 1.5 wanted", alone)
    check("affine: removed" in alone, alone)
    strict = out("dump", chain, "--ir", "--strict")
    check("1.5" not in strict, strict)
    check("removed" not in out("dump", chain, "--ir", "--passes", ""), "no pass")


@test
def dump_fields_and_patches(folder):
    check("lane" in out("dump", "input x; y = x + 0.5*y'; y"), "a patch by its looks")
    bad(1, "dump", "input x; y = x + 0.5*y'; y", "--field", says="error")
    bad(1, "dump", "x", "--patch", says="error")
    check("input x" in out("dump", "x", "--ir"), "a field")
    good("dump", "x*y", "--grid", "--plan")
    bad(2, "dump", "x", "--patch", "--field", says="exclude")
    (folder / "s.vm").write_text("_0 var-x\n_1 var-y\n_2 mul _0 _1\n")
    check("mul" in out("dump", folder / "s.vm", "--ir"), "a .vm file")
    check("mul" in out("dump", "-", "--vm", "--ir", stdin=(folder / "s.vm").read_bytes()), "a .vm text")


@test
def dump_densities(folder):
    for text in "normal(0, 1)", "gamma(2, 3)", "gamma(alpha=2)", "input y; param m = 0; y ~ normal(m, 1)", "family f(a) on real { log_density = -a*x*x }; f(2)":
        check("f64" in out("dump", text, "--ir").splitlines()[0], text)
    for text in "gamma(x)", "fn normal(x) = x; normal(x)":
        check("f32" in out("dump", text, "--ir").splitlines()[0], text)
    check("double x" in out("dump", "normal(0, 1)", "--c", "--function", "bell"), "as C")
    check("f32" in out("dump", "normal(0, 1)", "--type", "f32", "--ir").splitlines()[0], "in f32")
    check(len(out("dump", "normal(0, 1)", "--drop", "x", "--ir")) < len(out("dump", "normal(0, 1)", "--ir")), "without what is constant in x")
    check("d(log_density)/d(mu)" in out("dump", "normal(0, 1)", "--gradient", "mu", "--ir"), "derivatives")
    check("input x: f64" in out("dump", "-x*x/2", "--density", "--ir"), "a number that is said to be one")
    bad(1, "dump", "normal(0, 1)", "--field", says="family")
    bad(2, "dump", "x", "--density", "--patch", says="exclude")
    bad(2, "dump", "x", "--density", "--grid", says="fields")


@test
def dump_operations_as_text(folder):
    text = out("dump", "x*0.5 + sin(y)", "--ir", "--passes", "")
    (folder / "a.ir").write_text(text)
    plain = [line.split(";")[0].rstrip() for line in text.splitlines()]
    again = [line.split(";")[0].rstrip() for line in out("dump", folder / "a.ir", "--ir", "--passes", "").splitlines()]
    same(again, plain, "printed, read, printed")
    same(out("dump", "-", "--ir-text", "--plan", stdin=text.encode()), out("dump", folder / "a.ir", "--plan"))
    (folder / "b.ir").write_text("nonsense\n")
    bad(1, "dump", folder / "b.ir", "--ir", says="b.ir:1:")


@test
def dump_machine_code(_):
    native = [engine for engine in engines() if engine != "interp"]
    for engine in native:
        text = out("dump", "x*0.5 + y", "--asm", "--engine", engine)
        check(" bytes" in text and "0000" in text, text)
        check("; %" in text and "fma" in text, "operations beside the code", text)
        same(out("dump", "x*0.5 + y", "--asm", "--engine", engine), text, "twice the same")
        if "without Zydis" not in text and engine in ("avx2", "avx512"):
            check(("zmm" if engine == "avx512" else "ymm") in text and "vfm" in text, text)
        same(json.loads(out("dump", "x*0.5 + y", "--asm", "--engine", engine, "--json"))["asm"], text)
    bad(1, "dump", "x", "--asm", "--engine", "interp", says="no machine code")


@test
def lanes_are_no_more_than_asked_for(_):
    """Narrower registers, and the same bits."""
    text, points = "sin(x*7) + sqrt(x) - floor(3*x)", [f"--at=x={i*0.37}" for i in range(37)]
    wanted = out("eval", text, *points, "--hash")
    for engine in sorted(set(engines()) & {"avx2", "avx512"}):
        for lanes, kind, narrowest, too_wide in ((4, "f32", "xmm", "ymm|zmm"), (8, "f32", "ymm", "zmm"), (1, "f32", "xmm", "ymm|zmm"),
                                                 (4, "f64", "ymm", "zmm"), (16, "f32", "zmm" if engine == "avx512" else "ymm", "tmm")):
            code = out("dump", text, "--asm", "--engine", engine, "--lanes", lanes, "--type", kind)
            if "without Zydis" not in code:
                check(narrowest in code and not re.search(too_wide, code), engine, lanes, kind, code)
            if kind == "f32":
                same(out("eval", text, *points, "--hash", "--engine", engine, "--lanes", lanes), wanted, f"{engine}, {lanes} lanes")
    check("4 lanes of f32" in out("dump", text, "--lanes", 4) or engines() == ["interp"], "explained")
    bad(2, "eval", "x", "--lanes", "3", says="--lanes takes 1, 4, 8 or 16, not `3`")
    bad(2, "density", "normal(0, 1)", "--lanes", "4", says="--lanes")


@test
def code_of_time_only_where_time_is_used(folder):
    """The element index comes from the frame's first slot, [rdi] on x86-64, and is converted from integers: neither is done for a
    patch that does not read time, whatever state it has."""
    timeless = "input x\ny = svf(x, 800, 2).x + 0.5*delay(y, 1000)\nout z = 0.5*y + saw(110)\n"
    timed = timeless.replace("0.5*y", "0.5*y*cos(time)")
    for engine in sorted(set(engines()) & {"scalar", "avx2", "avx512"}):
        code = []
        for name, text in (("timeless", timeless), ("timed", timed)):
            (folder / f"{name}.sn").write_text(text)
            code.append(out("dump", folder / f"{name}.sn", "--asm", "--engine", engine))
        if "without Zydis" in code[0]:
            continue
        reads_index = ["[rdi]" in text for text in code]
        check(not reads_index[0] and "%" in code[0] and " index " not in code[0], f"{engine}: no time", code[0])
        check(reads_index[1] and " index " in code[1], f"{engine}: time", code[1])


# ---- doctor, bench ----

@test
def doctor(_):
    text = out("doctor")
    for word in ("sinter", "features", "code memory", "engines", "interp"):
        check(word in text, word, "wanted in", text)
    told = json.loads(out("doctor", "--json"))
    same(told["version"], "0.1.0")
    same([e["name"] for e in told["engines"]], ["interp", "scalar", "avx2", "avx512", "neon"])
    same({e["right"] for e in told["engines"] if e["available"]}, {True})
    same(len({e["hash"] for e in told["engines"] if e["available"]}), 1, "hashes")
    check(all(e["reason"] for e in told["engines"] if not e["available"]), told)


@test
def bench_usage(_):
    bad(2, "bench", "--nonsense", says="unknown option --nonsense")
    bad(2, "bench", "nonsense", says="nonsense")
    bad(2, "bench", "--rounds", "none", says="--rounds")


@test
def bench_rows(_):
    rows = [json.loads(line) for line in run("bench", "gain", "--quick", "--json").out.splitlines()]
    check(rows, "no rows")
    for row in rows:
        same(list(row), ["workload", "engine", "n", "ns", "limit", "limit_ns", "ratio", "compile_us", "ops"], row)
        check(row["workload"].startswith("gain") and row["engine"] in engines() and row["ns"] > 0, row)


def main(usage, every_test):
    """What the command line asks for of the tests; the status to exit with. For other programs of tests too."""
    global SINTER  # pylint: disable=global-statement
    if len(sys.argv) < 2:
        sys.exit(usage)
    SINTER = str(pathlib.Path(sys.argv[1]).resolve())
    tests = [t for t in every_test if len(sys.argv) == 2 or any(part in t.__name__ for part in sys.argv[2:])]
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sinter-"))
        try:
            function(folder)
            print(f"ok {number} - {function.__name__}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            if "built without zlib" in str(error):
                print(f"ok {number} - {function.__name__} # SKIP needs zlib", flush=True)
                continue
            failed += 1
            print(f"not ok {number} - {function.__name__}")
            for line in f"{type(error).__name__}: {error}".splitlines():
                print("# " + line, flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(__doc__, TESTS))
