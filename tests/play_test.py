#!/usr/bin/env python3
"""`sinter play`: what is heard (from its recordings, from JACK, from ALSA's file plugin), edits while it sounds, the terminal. Prints TAP.

usage: play_test.py SINTER [NAME...]    NAME: a part of the names of the tests to run

No test needs hardware: JACK's server runs with its dummy driver, under a name of its own. Where JACK or ALSA is not
installed their tests are skipped.
"""
import array
import concurrent.futures
import ctypes.util
import errno
import math
import os
import pathlib
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import command_test
from command_test import bad, check, good, run, same

TESTS = []
RATE = 48000
PATIENCE = 20
# Neither a server nor a card of this machine's shall be played to by accident.
ALONE = {"JACK_DEFAULT_SERVER": f"sinter-none-{os.getpid()}", "JACK_NO_START_SERVER": "1", "ALSA_CONFIG_PATH": "/dev/null"}
NULL = ("--device", "null")
UNPACED = (*NULL, "--unpaced")


def test(function):
    TESTS.append(function)
    return function


class Skip(Exception):
    pass


def notice_signals():
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Playing:
    """A `sinter play` that runs."""

    def __init__(self, *words, env=None):
        # Who starts the tests in the background may have them ignore these, which children inherit.
        self.process = subprocess.Popen([command_test.SINTER, "play", *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env={**os.environ, **ALONE, **(env or {})},
                                        preexec_fn=notice_signals)  # pylint: disable=subprocess-popen-preexec-fn
        self.said, self.place = "", 0
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def listen(self):
        for line in self.process.stdout:
            with self.changed:
                self.said += line.decode()
                self.changed.notify()

    def wait(self, text):
        """Until it says so, behind what was last waited for."""
        end = time.monotonic() + PATIENCE
        with self.changed:
            while text not in self.said[self.place:]:
                check(self.changed.wait(end - time.monotonic()) or text in self.said[self.place:], f"{text!r} not said after",
                      repr(self.said[:self.place]), "but", repr(self.said[self.place:]))
            self.place = self.said.index(text, self.place) + len(text)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self, how=signal.SIGINT, status=0):
        if how:
            self.process.send_signal(how)
        same(self.process.wait(PATIENCE), status, self.said)
        self.reader.join(PATIENCE)
        return self.said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()


def write(path, text):
    pathlib.Path(path).write_text(text, encoding="utf-8")
    return path


def read_wav(path):
    """The channels of a WAV file of f32."""
    data = pathlib.Path(path).read_bytes()
    kind, channels, rate = struct.unpack("<HHI", data[20:28])
    same((data[:4], kind if kind != 0xFFFE else 3, rate), (b"RIFF", 3, RATE), path)
    at = data.index(b"data") + 8
    values = array.array("f", data[at:at + struct.unpack("<I", data[at - 4:at])[0]])
    return [values[k::channels] for k in range(channels)]


def recorded(folder, text, *more, **how):
    result = run("play", text, *UNPACED, "-o", folder / "r.wav", *more, **how)
    same(result.status, 0, result)
    return read_wav(folder / "r.wav")


def played(path):
    """The channels of a recording that was ended by a signal or a word, without the fade and the silence that a late end of the recording leaves."""
    channels = read_wav(path)
    length = max(len(c) - next((i for i in range(len(c)) if c[-1 - i] != 0), len(c)) for c in channels)
    return [c[:length - 500] for c in channels]


def frequency(values):
    """From the first to the last rise through 0, interpolated."""
    rises = [i - values[i] / (values[i + 1] - values[i]) for i in range(len(values) - 1) if values[i] < 0 <= values[i + 1]]
    return RATE * (len(rises) - 1) / (rises[-1] - rises[0])


# ---- what is heard ----

@test
def as_rendered(folder):
    """The bits of render, but for the fades of the first five milliseconds and the last ten; of each block size the same."""
    text = "input x\ny = lowpass(saw(110), 900)\nout y*0.5\nout y' + sine(333)*0.25"
    good("render", text, "--impulse", "--seconds", "0.5", "-o", folder / "wanted.wav")
    wanted = read_wav(folder / "wanted.wav")
    for block in (1, 64, 333, 8192):
        heard = recorded(folder, text, "--seconds", "0.5", "--block", block)
        same((len(heard), len(heard[0])), (2, RATE // 2))
        for k in range(2):
            check(heard[k][240:-480] == wanted[k][240:-480], "channel", k, "block", block)
            check(all(abs(heard[k][-1 - i]) <= abs(wanted[k][-1 - i]) * (i + 2) / 480 for i in range(480)), "no fade at the end")


@test
def one_output_on_both_sides(folder):
    left, right = recorded(folder, "out sine(1000)*0.5", "--seconds", "0.1")
    check(left == right and abs(max(left) - 0.5) < 1e-3, max(left))


@test
def more_outputs(folder):
    channels = recorded(folder, "out 0.1\nout 0.2\nout 0.3", "--seconds", "0.1")
    same([round(c[2000], 4) for c in channels], [0.1, 0.2, 0.3])


@test
def rate_and_set(folder):
    heard = recorded(folder, "param f = 440 in 20..20000\nout sine(f)*0.5\nout rate/1000000", "--set", "f=1000", "--seconds", "0.3")
    check(abs(frequency(heard[0]) - 1000) < 0.1, frequency(heard[0]))
    same(round(heard[1][5000], 6), 0.048)
    run("play", "out rate/1000000", *UNPACED, "--rate", 44100, "--seconds", "0.1", "-o", folder / "s.wav")
    data = (folder / "s.wav").read_bytes()
    same(struct.unpack("<I", data[24:28])[0], 44100)
    same(round(struct.unpack("<f", data[-8000:-7996])[0], 6), 0.0441)


@test
def clock(_):
    """The null device keeps time."""
    began = time.monotonic()
    result = run("play", "out sine(440)", *NULL, "--seconds", "0.4")
    same((result.status, result.out), (0, ""), result)
    check(0.4 <= time.monotonic() - began < 3, time.monotonic() - began)


@test
def kinds_of_files(folder):
    for name in ("a.flac", "a.ogg", "a.aiff"):
        result = run("play", "out sine(440)*0.5", *UNPACED, "--seconds", "0.1", "-o", folder / name)
        check("built without" in result.err or (result.status == 0 and (folder / name).stat().st_size > 100), result)
    bad(2, "play", "out 0", *UNPACED, "-o", folder / "a.npy", says="-o takes a sound file")
    result = bad(1, "play", "out 0", *UNPACED, "--seconds", "0.1", "-o", folder / "no" / "a.wav", says="cannot write")
    check("on the null device" not in result.err, result)


# ---- what is typed ----

@test
def typed_lines(folder):
    patch = write(folder / "a.sn", 'param f = 440 in 20..20000 log "Hz"\nparam q = 0.5\nout sine(f)*q')
    lines = b"f\n f = 880 \nf\nq\nfreq\ng=1\nf=nonsense\nf=nan\nf=1e9\nf\n\nq=-0.25\nq\n" + b"x" * 2000 + b"\nf=100"
    result = run("play", patch, *NULL, "--seconds", "1", stdin=lines)
    same(result.status, 0, result)
    same(result.out, "f = 440 Hz (20..20000)\nf = 880 Hz (20..20000)\nq = 0.5\nf = 20000 Hz (20..20000)\nq = -0.25\n")
    for text in ("no parameter freq", "no parameter g;", "f takes a number, not `nonsense`", "f takes a number, not `nan`",
                 "becomes its upper end", "longer than"):
        check(text in result.err, text, result)


@test
def typed_while_it_plays(folder):
    with Playing("param f = 440\nout sine(f)*0.5", *NULL, "-o", folder / "r.wav") as p:
        p.wait("on the null device")
        time.sleep(0.2)
        p.type("f=2000\n")
        p.type("f\n")
        p.wait("f = 2000")
        time.sleep(0.3)
        p.type("quit\n")
        p.end(None)
    heard = played(folder / "r.wav")[0]
    check(abs(frequency(heard[300:4000]) - 440) < 1, "first", frequency(heard[300:4000]))
    check(abs(frequency(heard[-6000:]) - 2000) < 1, "then", frequency(heard[-6000:]))


@test
def typed_events(folder):
    """A line `gate=1` is an event: the second one of the same value, too; what follows from it begins in the very sample."""
    with Playing("event gate = 0\nparam f = 440\nout gate*max(0, 1 - since(gate)/2000)\nout min(since(gate), 1e6)*1e-6", *NULL, "-o", folder / "r.wav") as p:
        p.wait("on the null device")
        time.sleep(0.15)
        for value in (0.5, 0.5, 0.25, 0.25):
            p.type(f"gate={value}\n")
            p.type("gate\n")
            p.wait(f"gate = {value}")
            time.sleep(0.15)
        p.type("gate=loud\n")
        p.wait("gate takes a number, not `loud`")
        p.end()
    heard, age = played(folder / "r.wav")
    starts = [i for i in range(1, len(age)) if age[i] == 0]
    same(len(starts), 4, starts)
    check(all(v == 0 for v in heard[:starts[0]]), "before the first")
    for start, value in zip(starts, (0.5, 0.5, 0.25, 0.25)):
        check(age[start - 1] > 0.001, "no time between")
        for k in range(2200):
            wanted = value * max(0, 1 - k / 2000)
            check(abs(heard[start + k] - wanted) < 1e-6, start, k, heard[start + k], wanted)


@test
def reset(folder):
    with Playing("n = n' + 1/rate\nout n*0.1", *NULL, "-o", folder / "r.wav") as p:
        p.wait("on the null device")
        time.sleep(0.5)
        p.type("reset\n")
        time.sleep(0.3)
        p.end()
    heard = played(folder / "r.wav")[0]
    top = max(range(len(heard)), key=lambda i: heard[i])
    zero = next(i for i in range(top, len(heard)) if heard[i] == 0)
    check(heard[top] > 0.02 and zero - top <= 480 + 2, heard[top], zero - top)
    check(heard[-1] < heard[top] and heard[-1] > 0.01, "it did not begin anew:", heard[-1], heard[top])
    steps = [abs(b - a) for a, b in zip(heard, heard[1:])]
    check(max(steps) < 1.5 * max(heard) / 480 + 1e-5, "a click of", max(steps))


@test
def interrupted(folder):
    """Ends with a fade and a whole file, whatever signal it is."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Playing("out 0.5", *NULL, "-o", folder / "r.wav") as p:
            p.wait("on the null device")
            time.sleep(0.15)
            p.end(number)
        heard = read_wav(folder / "r.wav")[0]
        check(max(heard) == 0.5 and heard[-1] == 0, number, max(heard), heard[-1])
        end = len(heard) - next(i for i in range(len(heard)) if heard[-1 - i] != 0)
        tail = heard[end - 490:end]
        check(all(0 <= a - b < 0.0011 for a, b in zip(tail, tail[1:])) and tail[0] == 0.5, number, list(tail[:20]))
        same([path.name for path in folder.iterdir()], ["r.wav"])


# ---- what is edited ----

def save_in_place(path, text):
    write(path, text)


def save_by_name(path, text):
    os.replace(write(path.with_name("new~"), text), path)


def edit_twice(folder, save):
    patch = write(folder / "a.sn", "p = 200\nout sine(p)*0.5")
    with Playing(patch, *NULL, "-o", folder / "r.wav") as p:
        p.wait("on the null device")
        time.sleep(0.15)
        save(patch, "p = 300\nout sine(p)*0.5")
        p.wait("edit 2 plays")
        time.sleep(0.15)
        save(patch, "p = 300\nout sine(p)*0.5 + nonsense")
        p.wait("nonsense")
        p.wait("is refused; edit 2 plays on")
        time.sleep(0.15)
        save(patch, "p = 300\nq = 0.25\nout sine(p)*0.5\nout q")
        p.wait("right again; edit 4 plays")
        time.sleep(0.15)
        said = p.end()
    same(said.count("plays"), 3, said)
    return played(folder / "r.wav")


@test
def edited(folder):
    """However the file is saved the new program plays on where the old one stood: a sine without a step, though its frequency changes."""
    for save in (save_in_place, save_by_name):
        left, right = edit_twice(folder, save)
        steps = [abs(b - a) for a, b in zip(left, left[1:])]
        check(max(steps) <= 1.01 * 0.5 * math.tau * 300 / RATE, "a click of", max(steps))
        check(abs(frequency(left[300:3000]) - 200) < 1 and abs(frequency(left[-4000:]) - 300) < 1, "pitch")
        check(abs(right[-1] - 0.25) < 1e-6, "the second channel's own output:", right[-1])
        steps = [abs(b - a) for a, b in zip(right, right[1:])]
        check(max(steps) <= 0.06, "a click on the right of", max(steps))


@test
def edited_through_a_link(folder):
    """Which inotify tells nothing of."""
    (folder / "there").mkdir()
    patch = write(folder / "there" / "b.sn", "out 0.1")
    (folder / "a.sn").symlink_to(patch)
    with Playing(folder / "a.sn", *NULL) as p:
        p.wait("on the null device")
        write(patch, "out 0.2")
        p.wait("edit 2 plays")
        p.end()


@test
def edits_and_parameters(folder):
    """What was set stays set; new parameters are known at once; a vanished file is no end."""
    patch = write(folder / "a.sn", "param a = 0.1\nout a")
    with Playing(patch, *NULL, "-o", folder / "r.wav") as p:
        p.wait("on the null device")
        p.type("a=0.4\na\n")
        p.wait("a = 0.4")
        patch.unlink()
        time.sleep(0.3)
        write(patch, "param a = 0.1\nparam b = 0.01\nout a + b")
        p.wait("edit 2 plays")
        p.type("a\nb=0.02\nb\n")
        p.wait("a = 0.4")
        p.wait("b = 0.02")
        time.sleep(0.1)
        p.end()
    last = played(folder / "r.wav")[0][-1]
    check(abs(last - 0.42) < 1e-6, last)


@test
def edits_in_quick_succession(folder):
    patch = write(folder / "a.sn", "out 0")
    with Playing(patch, *NULL) as p:
        p.wait("on the null device")
        for k in range(40):
            save_by_name(patch, f"out {k + 1}/100")
            time.sleep(0.01)
        save_by_name(patch, "param last = 1\nout 0.5*last")
        end = time.monotonic() + PATIENCE
        while "last = 1" not in p.said and time.monotonic() < end:
            p.type("last\n")
            time.sleep(0.1)
        p.wait("last = 1")
        p.end()


@test
def faults(_):
    with Playing("y = y'*4 + 1\nout y*0", *NULL) as p:
        p.wait("y was no finite number and was set back to 0")
        p.end()


# ---- what is refused ----

@test
def usage(folder):
    bad(2, "play", says="an expression or a file is missing")
    bad(2, "play", "out 0", "--unpaced", says="--unpaced belongs to --device null")
    bad(2, "play", "out 0", "--device", "piano", says="auto, jack, alsa, alsa:PCM or null")
    bad(2, "play", "out 0", "--jack-name", "a:b", says="without colons")
    for rate in ("0.5", "1e8", "fast"):
        bad(2, "play", "out 0", "--rate", rate, says="from 1 to 1e7")
    bad(2, "play", "out 0", "--block", "100000", says="from 1 to 8192")
    bad(2, "play", "param a = 1\nout a", *UNPACED, "--set", "b=1", says="no parameter b")
    bad(1, "play", folder / "none.sn", *UNPACED, says="cannot read")
    bad(1, "play", "out sine(", *UNPACED, says="error")
    bad(1, "play", "out sample(a, 0, 0)", *UNPACED, says="image a")


@test
def no_device(_):
    result = bad(1, "play", "out 0", env=ALONE, says=("no sound device", "--device null"))
    check("JACK:" in result.err and "ALSA:" in result.err, result)
    bad(1, "play", "out 0", "--device", "alsa:nowhere", env=ALONE, says=("no sound device", "nowhere"))
    bad(1, "play", "out 0", "--device", "jack", env=ALONE, says="no sound device")


# ---- the terminal ----

@test
def terminal(_):
    """The line at the foot, a line that is typed, an edit of nothing, and the end of the input."""
    child, end = pty.fork()
    if child == 0:
        os.environ.update(ALONE, TERM="xterm")
        os.execv(command_test.SINTER, ["sinter", "play", "param f = 440\nout sine(f)*0.5", *NULL])
    said = b""

    def hear(text):
        nonlocal said
        while text not in said:
            said += os.read(end, 4096)

    watchdog = threading.Timer(PATIENCE, os.kill, (child, signal.SIGKILL))
    watchdog.start()
    try:
        hear(b"load")
        hear(b"#######.")
        hear(b"-6.0 dB")
        os.write(end, b"f=550\nf\n")
        hear(b"f = 550")
        os.write(end, b"\x04")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        watchdog.cancel()
        os.close(end)
    same(status, 0, said)


# ---- JACK and ALSA ----

class Server:
    """JACK's, with a driver that needs no card.

    One at a time on this machine, and always of the same name: JACK keeps eight servers in a table, and the place of one that did not
    end in order is given only to another of that name, until the machine starts anew. Who holds the lock is alone; it ends with them."""

    NAME = "sinter-test"

    def __init__(self):
        for program in ("jackd", "jack_rec", "jack_lsp", "jack_connect"):
            if not shutil.which(program):
                raise Skip(f"needs {program}")
        self.lock = socket.socket(socket.AF_UNIX)
        self.acquire()
        self.env = {**os.environ, **ALONE, "JACK_DEFAULT_SERVER": self.NAME}
        self.start()

    def start(self):
        words = ["jackd", "--no-realtime", "-n", self.NAME, "-d", "dummy", "-r", str(RATE), "-p", "256"]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def acquire(self):
        end = time.monotonic() + 4 * PATIENCE
        while True:
            try:
                return self.lock.bind(f"\0{self.NAME}-{os.getuid()}")
            except OSError as error:
                check(error.errno == errno.EADDRINUSE and time.monotonic() < end, "no turn with JACK:", error)
                time.sleep(0.02)

    def ports(self):
        return subprocess.run(["jack_lsp", "-c"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=PATIENCE,
                              check=False).stdout

    def is_up(self):
        end = time.monotonic() + PATIENCE
        while "system:playback_1" not in self.ports():
            if time.monotonic() > end or self.process.poll() is not None:
                return False
            time.sleep(0.05)
        return True

    def wait(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.ports():
            check(self.process.poll() is None, "jackd ended by itself with status", self.process.returncode)
            check(time.monotonic() < end, "no", text, "in", self.ports())
            time.sleep(0.05)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for path in pathlib.Path("/dev/shm").glob(f"jack*{self.NAME}*"):
            path.unlink()

    # The table is everybody's, and servers that come at once may fail each other: a second try, and then it is not JACK's day.
    def __enter__(self):
        for last in (False, True):
            if self.is_up():
                return self
            self.end()
            if not last:
                self.start()
        self.lock.close()
        raise Skip("needs a jackd that comes up with its dummy driver")

    def __exit__(self, *_):
        self.end()
        self.lock.close()


@test
def jack(folder):
    with Server() as server:
        with Playing("out sine(1000)*0.5\nout sine(1500)*0.25", "--jack-name", "violin", env=server.env) as p:
            p.wait("on JACK, as violin: 2 outputs, 48000 samples a second, blocks of 256")
            server.wait("   violin:out_2")
            time.sleep(0.2)
            ports = server.ports()
            check("system:playback_1\n   violin:out_1\nsystem:playback_2\n   violin:out_2\n" in ports, ports)
            subprocess.run(["jack_rec", "-f", folder / "r.wav", "-d", "1", "-b", "32", "violin:out_1", "violin:out_2"], env=server.env,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)
            p.end()
        check("violin" not in server.ports(), server.ports())
    data = (folder / "r.wav").read_bytes()
    at = data.index(b"data") + 8
    values = array.array("i", data[at:at + (len(data) - at) // 8 * 8])
    for k, (pitch, level) in enumerate(((1000, 0.5), (1500, 0.25))):
        # On a busy machine a server without priority loses blocks; a tenth of a second of the second must be whole.
        sound = [v / 2**31 for v in values[k::2]]
        pieces = [sound[i:i + RATE // 10] for i in range(0, len(sound) - RATE // 10, RATE // 50)]
        heard = [(frequency(piece), max(piece), min(piece)) for piece in pieces if min(piece) < 0 < max(piece)]
        check(any(abs(f - pitch) < 0.5 and abs(high - level) < 0.003 and abs(low + level) < 0.003 for f, high, low in heard),
              "channel", k, heard)


@test
def jack_inputs(folder):
    """Ports for the patch's inputs, connected to nothing; what comes in goes out."""
    with Server() as server:
        with Playing("input x\nout x*0.5", "-o", folder / "r.wav", env=server.env) as p, \
                Playing("out 0.5", "--jack-name", "source", env=server.env) as source:
            server.wait("   sinter:out_1")
            server.wait("   source:out_1")
            subprocess.run(["jack_connect", "source:out_1", "sinter:in_1"], env=server.env, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)
            time.sleep(0.3)
            source.end()
            p.end()
    heard = read_wav(folder / "r.wav")[0]
    same((heard[0], round(max(heard), 6)), (0, 0.25))


@test
def jack_goes_away(folder):
    with Server() as server:
        with Playing("out sine(1000)*0.5", "-o", folder / "r.wav", env=server.env) as p:
            server.wait("   sinter:out_1")  # connected, so it plays
            server.end()
            p.wait("has gone")
            p.end(None, status=1)
    same(list(folder.iterdir()), [])


ALSA_CONFIGURATION = """
pcm.nowhere { type null }
pcm.floats { type file slave.pcm nowhere file "%(folder)s/raw" format raw }
pcm.integers { type linear slave { pcm floats format S32_LE } }
pcm.only16 { type share slave { pcm nowhere format S16_LE rate 48000 channels 2 } bindings { 0 0 1 1 } }
pcm.shorts { type file slave.pcm only16 file "%(folder)s/raw" format raw }
"""


@test
def alsa(folder):
    if not ctypes.util.find_library("asound"):
        raise Skip("needs libasound")
    env = dict(ALONE, ALSA_CONFIG_PATH=str(write(folder / "conf", ALSA_CONFIGURATION % {"folder": folder})))
    text, count = "out sine(1000)*1.5\nout 0.25", RATE // 5
    good("render", text, "--seconds", "0.2", "-o", folder / "w.wav")
    wanted = read_wav(folder / "w.wav")
    for pcm, form, kind, scale in (("floats", "f32", "f", 1), ("integers", "s32", "i", 2**31), ("shorts", "s16", "h", 2**15)):
        result = run("play", text, "--device", f"alsa:{pcm}", "--seconds", "0.2", env=env)
        # Only the plugin `share` takes nothing but 16 bits; its close writes into what it has freed (alsa-lib 1.2.8), when everything has been played.
        check((result.status == 0 or pcm == "shorts") and f"on ALSA, {pcm} ({form})" in result.err, result)
        with open(folder / "raw", "rb") as raw:
            values = array.array(kind, raw.read(count * 2 * array.array(kind).itemsize))
        for k in range(2):
            for i in range(300, count - 600):
                exact = wanted[k][i] * scale if kind == "f" else max(-scale, min(scale - 1, round(wanted[k][i] * scale)))
                check(values[2 * i + k] == exact, pcm, "channel", k, "sample", i, values[2 * i + k], exact)
        os.unlink(folder / "raw")


def verdict(function):
    """Whether it failed, and what TAP says of it behind the number."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sinter-"))
    try:
        function(folder)
        return False, f" - {function.__name__}"
    except Skip as why:
        return False, f" - {function.__name__} # SKIP {why}"
    except Exception as error:  # pylint: disable=broad-except
        if "built without" in str(error):
            return False, f" - {function.__name__} # SKIP needs libsndfile"
        return True, "\n# ".join([f" - {function.__name__}", *f"{type(error).__name__}: {error}".splitlines()])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    command_test.SINTER = str(pathlib.Path(sys.argv[1]).resolve())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would hand on that it is ignored
    tests = [t for t in TESTS if len(sys.argv) == 2 or any(part in t.__name__ for part in sys.argv[2:])]
    print(f"1..{len(tests)}")
    failed = 0
    # They mostly sleep.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for number, (wrong, text) in enumerate(pool.map(verdict, tests), 1):
            failed += wrong
            print(f"{'not ok' if wrong else 'ok'} {number}{text}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
