#!/usr/bin/env python3
"""`sinter density`: log-densities of tables, sums, derivatives, plots, and what is told to whom types something wrong. Prints TAP.

usage: density_cli_test.py SINTER [NAME...]    NAME: a part of the names of the tests to run
"""
import json
import math
import os
import pathlib
import pty
import random
import subprocess
import sys

import command_test
from command_test import bad, check, engines, good, out, read_png, run, same, write_npy

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples" / "densities"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def normal(x, mu=2.0, sigma=1.5):
    return -0.5 * ((x - mu) / sigma) ** 2 - math.log(sigma) - 0.5 * math.log(2 * math.pi)


def near(actual, wanted, what="", within=1e-13):
    actual, wanted = list(actual), list(wanted)
    same(len(actual), len(wanted), f"{what}: how many")
    for a, w in zip(actual, wanted):
        check(abs(a - w) <= within * max(1, abs(w)), f"{what}: {a!r} instead of {w!r}")


def numbers(text):
    return [float(word) for word in text.split()]


NORMAL = "normal(mu=2, sigma=1.5)"


# ---- rows ----

@test
def points(_):
    near(numbers(out("density", NORMAL, "--at", "0,1,2.5")), map(normal, (0, 1, 2.5)))
    near(numbers(out("density", NORMAL, "--at", "x=0", "--at", "1,2.5")), map(normal, (0, 1, 2.5)))
    near(numbers(out("density", NORMAL, "--at", "-1")), [normal(-1)])
    near(numbers(out("density", "normal", "--set", "mu=1", "--set", "sigma=2", "--at", "0")), [normal(0, 1, 2)])
    same(out("density", "-0.5*x*x", "--at", "2"), "-2\n")
    near(numbers(out("density", "input y, x; param b = 2; y ~ normal(b*x, 1)", "--at", "x=1,y=2.5", "--at", "2,1")), [normal(2.5, 2, 1), normal(2, 2, 1)])
    same(out("density", "exponential(1)", "--at", "-1,0,inf,nan").split()[:3], ["-inf", "0", "-inf"])


@test
def tables(folder):
    values = [0, 1.5, -2, 7.25]
    wanted = [normal(v) for v in values]
    forms = {
        "plain.txt": "0\n1.5\n-2\n7.25\n", "line.txt": "0 1.5 -2 7.25\n", "commas.txt": "0,1.5,-2,7.25", "crlf.csv": "x\r\n0\r\n1.5\r\n-2\r\n7.25\r\n",
        "named.csv": "id,x,note\n1,0,a\n2,1.5,\"b, c\"\n3,-2,\n4,7.25,d\n", "semicolons.csv": "\"x\";\"y\"\n0;1\n1.5;1\n-2;1\n7.25;1\n",
        "tabs.tsv": "# from the field\n\nx\ty\n0\t1\n1.5\t1\n-2\t\n7.25\t1\n", "other-name.csv": "length\n0\n1.5\n-2\n7.25",
        "bom.csv": "\ufeffx,y\n0,1\n1.5,1\n-2,1\n7.25,1\n", "a table.csv": "y x\n1 0\n1 1.5\n1 -2\n1 7.25\n"}
    for name, text in forms.items():
        (folder / name).write_bytes(text.encode())
        near(numbers(out("density", NORMAL, "--data", folder / name)), wanted, name)
        near(numbers(out("density", NORMAL, "--data", "-", stdin=text.encode())), wanted, name + " by a pipe")


@test
def arrays(folder):
    values = [0.0, 1.5, -2.0, 7.25]
    for code in "<f4", "<f8":
        write_npy(folder / "one.npy", [values], code, one_axis=True)
        near(numbers(out("density", NORMAL, "--data", folder / "one.npy")), map(normal, values), code)
        near(numbers(out("density", NORMAL, "--data", "-", stdin=(folder / "one.npy").read_bytes())), map(normal, values), code)
    write_npy(folder / "two.npy", [[9.0] * 4, values], "<f8")
    near(numbers(out("density", NORMAL, "--data", folder / "two.npy", "--column", "2")), map(normal, values))
    near(numbers(out("density", "input y, x; y ~ normal(x, 1)", "--data", folder / "two.npy")), [normal(9, v, 1) for v in values])
    # What NumPy makes of whole numbers: eight bytes each.
    head = "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    data = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + b"".join(k.to_bytes(8, "little", signed=True) for k in (0, 3, -1))
    (folder / "counts.npy").write_bytes(data)
    got = out("density", "poisson(2)", "--data", folder / "counts.npy").split()
    near(map(float, got[:2]), [-2, 3 * math.log(2) - 2 - math.log(6)])
    same(got[2], "-inf")
    # Longer than what is read at once.
    rng = random.Random(5)
    values = [rng.gauss(0, 3) for _ in range(40000)]
    write_npy(folder / "long.npy", [values, values], "<f8")
    near(numbers(out("density", NORMAL, "--data", folder / "long.npy", "--column", "1")), map(normal, values))


@test
def columns(folder):
    table = folder / "people.csv"
    table.write_text("name,height,weight\nann,1.5,50\nbob,2.5,70\n")
    near(numbers(out("density", NORMAL, "--data", table, "--column", "height")), map(normal, (1.5, 2.5)))
    near(numbers(out("density", NORMAL, "--data", table, "--column", "2")), map(normal, (1.5, 2.5)))
    near(numbers(out("density", NORMAL, "--data", table, "--column", "x=height")), map(normal, (1.5, 2.5)))
    model = "input weight, height; weight ~ normal(20*height, 10)"
    wanted = [normal(50, 30, 10), normal(70, 50, 10)]
    near(numbers(out("density", model, "--data", table)), wanted)
    model = "input y, x; y ~ normal(20*x, 10)"
    near(numbers(out("density", model, "--data", table, "--column", "y=weight", "--column", "x=2")), wanted)
    plain = folder / "plain.txt"
    plain.write_text("50 1.5\n70 2.5\n")
    near(numbers(out("density", model, "--data", plain)), wanted)
    near(numbers(out("density", "input x, y; y ~ normal(20*x, 10)", "--data", plain, "--column", "y=1", "--column", "x=2")), wanted)


@test
def missing_values(folder):
    table = folder / "gaps.csv"
    table.write_text("x,y\n1,2\n,3\nNA,4\n2,\n")
    done = run("density", NORMAL, "--data", table, "--na", "skip")
    near(numbers(done.out), map(normal, (1, 2)))
    check("2 rows left out for missing values, the first in line 3" in done.err and done.status == 0, done)
    told = json.loads(run("density", NORMAL, "--data", table, "--na", "skip", "--sum", "--json").out)
    same((told["rows"], told["left_out"]), (2, 2))
    bad(1, "density", NORMAL, "--data", table, says=["gaps.csv:3:1: error: a missing value (column 1, x)", "hint: --na skip"])
    bad(1, "density", NORMAL, "--data", table, "--na", "error", says="gaps.csv:3:1")
    write_npy(folder / "gaps.npy", [[1.0, math.nan, 2.0]], "<f8", one_axis=True)
    done = run("density", NORMAL, "--data", folder / "gaps.npy", "--na", "skip")
    near(numbers(done.out), map(normal, (1, 2)))
    check("1 row left out for missing values, the first is row 2" in done.err, done)
    bad(1, "density", NORMAL, "--data", folder / "gaps.npy", says=["row 2, column 1 is NaN", "--na skip"])


@test
def nothing_to_do(folder):
    for text in "", "\n", "x\n", "# nothing\n":
        (folder / "empty.csv").write_text(text)
        same(out("density", NORMAL, "--data", folder / "empty.csv"), "")
        same(out("density", NORMAL, "--data", folder / "empty.csv", "--sum"), "0\n")


# ---- sums, derivatives, forms of output ----

@test
def sums(folder):
    rng = random.Random(3)
    values = [rng.gauss(2, 1.5) for _ in range(50000)]
    (folder / "x.csv").write_text("".join(f"{v!r}\n" for v in values))
    rows = out("density", NORMAL, "--data", folder / "x.csv")
    printed = numbers(rows)
    near(printed, map(normal, values))
    # Rounded once: what is printed for the rows, in any order.
    same(float(out("density", NORMAL, "--data", folder / "x.csv", "--sum")), math.fsum(printed))
    values.reverse()
    (folder / "x.csv").write_text("".join(f"{v!r}\n" for v in values))
    same(float(out("density", NORMAL, "--data", folder / "x.csv", "--sum")), math.fsum(printed))
    for engine in engines():
        same(float(out("density", NORMAL, "--data", folder / "x.csv", "--sum", "--engine", engine)), math.fsum(printed), engine)
    same(out("density", "exponential(1)", "--at", "1,-1", "--sum"), "-inf\n")
    same(out("density", NORMAL, "--at", "1,nan", "--sum"), "nan\n")


@test
def derivatives(_):
    def by(x):
        z = (x - 2) / 1.5
        return [normal(x), -z / 1.5, z / 1.5, (z * z - 1) / 1.5]
    near(numbers(out("density", NORMAL, "--at", "0,3", "--grad")), by(0) + by(3))
    near(numbers(out("density", NORMAL, "--at", "3", "--gradient", "sigma,x")), [by(3)[0], by(3)[3], by(3)[1]])
    near(numbers(out("density", NORMAL, "--at", "0,3", "--sum", "--grad")), [by(0)[k] + by(3)[k] for k in (0, 2, 3)])
    near(numbers(out("density", NORMAL, "--at", "0,3", "--sum", "--gradient", "sigma")), [by(0)[k] + by(3)[k] for k in (0, 3)])
    told = json.loads(out("density", NORMAL, "--at", "3", "--grad", "--json"))
    same(sorted(told["gradient"]), ["mu", "sigma", "x"])
    near([told["gradient"][k] for k in ("x", "mu", "sigma")], by(3)[1:])
    told = json.loads(out("density", NORMAL, "--at", "0,3", "--sum", "--grad", "--json"))
    same((told["rows"], sorted(told["gradient"])), (2, ["mu", "sigma"]))


@test
def json_rows(_):
    lines = [json.loads(line) for line in out("density", "exponential(2)", "--at", "1,-1", "--json").splitlines()]
    same([row["columns"] for row in lines], [{"x": 1}, {"x": -1}])
    near([lines[0]["log_density"]], [math.log(2) - 2])
    same(lines[1]["log_density"], "-inf")


@test
def single_precision(_):
    words = ["density", NORMAL, "--at", "0.1,3"]
    wide, narrow = numbers(out(*words)), numbers(out(*words, "--type", "f32"))
    near(narrow, wide, within=1e-6)
    check(narrow != wide, narrow)
    same(out("density", "x", "--at", "0.1", "--type", "f32"), "0.1\n")
    near(numbers(out(*words, "--type", "f32", "--sum", "--grad")), numbers(out(*words, "--sum", "--grad")), within=1e-6)


@test
def hashes(folder):
    (folder / "x.csv").write_text("".join(f"{k * 0.37}\n" for k in range(3000)))
    for more in [], ["--grad"], ["--sum"], ["--type", "f32"]:
        found = {out("density", "normal(400, 90)", "--data", folder / "x.csv", "--hash", "--engine", engine, *more) for engine in engines()}
        same(len(found), 1, f"hashes with {more}")
    values = numbers(out("density", NORMAL, "--at", "0,1"))
    import struct  # pylint: disable=import-outside-toplevel
    state = 0xcbf29ce484222325
    for byte in struct.pack("<2d", *values):
        state = (state ^ byte) * 0x100000001b3 & (1 << 64) - 1
    same(out("density", NORMAL, "--at", "0,1", "--hash"), f"{state:016x}\n")
    same(json.loads(out("density", NORMAL, "--at", "0,1", "--hash", "--json"))["hash"], f"{state:016x}")


@test
def up_to_a_constant(_):
    full = numbers(out("density", NORMAL, "--at", "0,5"))
    for what in "x", "theta":
        part = numbers(out("density", NORMAL, "--at", "0,5", "--drop", what))
        check(part != full, what, part)
        near([part[0] - part[1]], [full[0] - full[1]], what, 1e-12)


# ---- what it is ----

@test
def description(_):
    text = out("density", NORMAL)
    for line in ("family normal", "column x", "parameter mu = 2", "parameter sigma = 1.5 (> 0)", "mean 2", "variance 2.25"):
        check(line in text, line, "wanted in", text)
    check("sigma (> 0; no value yet: --set sigma=1)" in out("density", "normal(mu=1)"), "no value")
    told = json.loads(out("density", NORMAL, "--json", "--set", "sigma=3"))
    same((told["columns"], told["parameters"], told["mean"], told["variance"]), (["x"], {"mu": 2, "sigma": 3}, 2, 9))
    model = out("density", EXAMPLES / "stopping.sn")
    check("column distance\ncolumn speed\nparameter a = " in model and "mean" not in model, model)


@test
def families(_):
    lines = out("density", "--list").splitlines()
    names = [line.split("(")[0] for line in lines]
    same(names, sorted(names), "order")
    for name in ("normal", "exponential", "poisson", "bernoulli", "gaussian"):
        check(name in names, name, names)
    told = {f["name"]: f for f in map(json.loads, out("density", "--list", "--json").splitlines())}
    same(sorted(told), sorted(names))
    same(told["normal"]["parameters"], ["mu", "sigma"])
    same(told["gaussian"]["same_as"], "normal")
    check("eta" in told["normal"]["quantities"], told["normal"])


@test
def sums_by_a_column(folder):
    rows = [(1.5, "north", 3), (2, "south, old", 0), (-1, "north", 3), (4, "east", 70000), (0.25, "south, old", 3)]
    table = folder / "places.csv"
    table.write_text("x,place,number\n" + "".join(f'{x},"{place}",{number}\n' for x, place, number in rows))
    logs = [float(v) for v in out("density", NORMAL, "--data", table, "--column", "x").split()]
    whole = {place: math.fsum(v for v, row in zip(logs, rows) if row[1] == place) for place in ("north", "south, old", "east")}
    lines = [line.split("\t") for line in out("density", NORMAL, "--data", table, "--column", "x", "--sum-by", "place").splitlines()]
    same([line[0] for line in lines], ["north", "south, old", "east"], "labels as they come")
    same([float(line[1]) for line in lines], list(whole.values()), "sums rounded once")
    lines = [line.split() for line in out("density", NORMAL, "--data", table, "--column", "x", "--sum-by", "3").splitlines()]
    same([line[0] for line in lines], ["0", "3", "70000"], "numbers in order")
    same([float(line[1]) for line in lines], [logs[1], math.fsum((logs[0], logs[2], logs[4])), logs[3]])
    told = json.loads(out("density", NORMAL, "--data", table, "--column", "x", "--sum-by", "place", "--grad", "--json"))
    same((told["rows"], told["left_out"], told["by"]), (5, 0, "place"))
    same([(group["group"], group["rows"], group["log_density"]) for group in told["sums"]], [(k, 1 + (k != "east"), v) for k, v in whole.items()])
    near([group["gradient"]["mu"] for group in told["sums"]], [(1.5 - 2 - 1 - 2)/2.25, (0.25 - 2)/2.25, (4 - 2)/2.25])
    single = out("density", NORMAL, "--data", table, "--column", "x", "--sum-by", "place", "--type", "f32").splitlines()
    near([float(line.split("\t")[1]) for line in single], list(whole.values()), within=1e-6)
    sprays = out("density", EXAMPLES / "sprays.sn", "--data", EXAMPLES / "sprays.csv", "--sum-by", "spray").splitlines()
    near([math.fsum(float(line.split("\t")[1]) for line in sprays)],
         [float(out("density", EXAMPLES / "sprays.sn", "--data", EXAMPLES / "sprays.csv", "--sum"))])
    (folder / "holes.csv").write_text("x,g\n1,2\n2,\n,1\n3,2\n")
    check("family" not in out("density", "mixture((0.5, 0.5), poisson(1), poisson(2))"), "a combination is no family")
    text = run("density", NORMAL, "--data", folder / "holes.csv", "--column", "x", "--sum-by", "g", "--na", "skip").out
    same(text.split()[0], "2", "rows without a group are left out")
    same(len(text.splitlines()), 1)
    some = ("density", NORMAL, "--column", "x", "--data")
    bad(1, *some, folder / "holes.csv", "--sum-by", "g", says=["holes.csv:3:", "a missing value (column 2, g)"])
    (folder / "halves.csv").write_text("x,g\n1,2\n2,0.5\n")
    bad(1, *some, folder / "halves.csv", "--sum-by", "g", says=["halves.csv:3:3", "groups are whole numbers from 0 to 1048575 (column 2, g)"])
    bad(1, *some, table, "--sum-by", "plaec", says="there is no column plaec in ")
    bad(2, *some, table, "--sum-by", "place", "--sum", says="--sum-by excludes")
    bad(2, "density", NORMAL, "--at", "1", "--sum-by", "x", says="--sum-by names a column of --data")
    bad(2, *some, table, "--sum-by", "place", "--gradient", "x", says="a sum has derivatives by parameters")
    bad(2, "density", EXAMPLES / "sprays.sn", "--data", EXAMPLES / "sprays.csv", "--sum-by", "spray", "--grad", says="--sum --grad")


@test
def posteriors(folder):
    (folder / "counts.csv").write_text("n\n3\n0\n7\n2\n1\n")
    prior = ("--data", folder / "counts.csv", "--prior", "gamma(2, 0.5)")
    check(out("density", "poisson(lambda=3)", *prior) == "family gamma\nparameter alpha = 15\nparameter beta = 5.5\n", "counts")
    told = json.loads(out("density", "poisson", *prior, "--json"))
    check(told == {"family": "gamma", "parameters": {"alpha": 15, "beta": 5.5}, "rows": 5}, told)
    told = json.loads(out("density", "categorical((0.5, 0.5))", "--at", "x=2", "--prior", "dirichlet((1, 3))", "--json"))
    check(told["parameters"] == {"alpha0": 1, "alpha1": 4}, told)
    told = json.loads(out("density", "gaussian(sigma=1)", "--at", "x=2", "--prior", "gaussian(0, 1)", "--json"))
    near([told["parameters"]["mu"], told["parameters"]["sigma"]], [1, math.sqrt(0.5)])
    told = json.loads(out("density", "normal_variance(mu=2)", "--at", "3,5,-1,9", "--prior", "inv_gamma(2, 3)", "--json"))
    check(told["parameters"] == {"alpha": 4, "beta": 37}, told)
    own = ("family waits(rate > 0) on 0..inf with rate ~ gamma { T = x\nlog_h = 0\nlog_density = log(rate) - rate*x\n"
           "posterior = (prior.x + observations, prior.y + sums) }\nwaits")
    check(out("density", own, *prior) == "family gamma\nparameter alpha = 7\nparameter beta = 13.5\n", "a text's own family, without natural parameters")
    bad(1, "density", "gumbel(0, 1)", *prior, says="the family gumbel declares no conjugate prior")
    bad(1, "density", "mixture((0.5, 0.5), poisson(1), poisson(2))", *prior, says="--prior wants one family")
    bad(1, "density", "poisson", *prior[:3], "beta(2, 1)", says="the conjugate prior of poisson is gamma, not beta")
    bad(1, "density", "poisson", *prior[:3], "gamma(2, -1)", says="no posterior")
    bad(1, "density", "bernoulli", *prior[:3], "beta(2, 1)", says="row 1 of the data lies outside of the support of bernoulli")
    bad(1, "density", "weibull(2, 1)", *prior, says="the family weibull declares no conjugate prior")
    bad(2, "density", "poisson", "--prior", "gamma(2, 0.5)", says="--prior wants data")
    bad(2, "density", "poisson", *prior, "--sum", says="--prior excludes")


@test
def natural_form(folder):
    told = json.loads(out("density", NORMAL, "--natural", "--json"))
    near(told["eta"], [2 / 2.25, -0.5 / 2.25])
    near([told["A"]], [0.5 * (2 / 1.5) ** 2 + math.log(1.5)])
    near(told["mean_T"], [2, 2.25 + 4])
    near(told["covariance_T"], [2.25, 2 * 2 * 2.25, 2 * 2 * 2.25, 2 * 2.25 ** 2 + 4 * 4 * 2.25])
    (folder / "x.csv").write_text("x\n1\n4\nNA\n-2\n")
    told = json.loads(run("density", NORMAL, "--natural", "--json", "--data", folder / "x.csv", "--na", "skip").out)
    same((told["rows"], told["sum_T"]), (3, [3, 21]))
    whole = told["sum_log_h"] + told["eta"][0] * 3 + told["eta"][1] * 21 - 3 * told["A"]
    near([whole], [sum(map(normal, (1, 4, -2)))])
    lines = dict(line.split() for line in out("density", "poisson(3)", "--natural").splitlines())
    same(list(lines), ["eta", "A", "mean_T", "covariance_T"])
    near(map(float, lines.values()), [math.log(3), 3, 3, 3])
    near([json.loads(out("density", "binomial(10, 0.3)", "--natural", "--json"))["mean_T"]], [3])
    told = json.loads(out("density", "dirichlet((1, 2, 3))", "--natural", "--json"))
    near(told["mean_T"], [-137 / 60, -77 / 60, -47 / 60])  # digamma(k) - digamma(6)
    near([json.loads(out("density", "weibull(2, 1.5)", "--natural", "--json", "--set", "alpha=3"))["mean_T"]], [1.5**3])
    bad(1, "density", "-x*x", "--natural", says="exponential family")
    bad(1, "density", NORMAL, "--natural", "--data", folder / "x.csv", says="x.csv:4:1")


# ---- examples ----

FITS = {  # R: lm(dist ~ speed, cars); Dobson 1990, Poisson, log link; two normals by the EM algorithm
    "stopping": (-206.57843, 50),
    "quarters": (-41.29035, 14),
    "geyser": (-1034.0022, 272),
}


@test
def example_models_are_fitted(_):
    """Their parameters are those of greatest likelihood: the gradient is 0, the likelihood what others publish."""
    for name, (wanted, rows) in FITS.items():
        told = json.loads(out("density", EXAMPLES / f"{name}.sn", "--data", EXAMPLES / f"{name}.csv", "--sum", "--grad", "--json"))
        same(told["rows"], rows, name)
        near([told["log_density"]], [wanted], name, 1e-6)
        for parameter, slope in told["gradient"].items():
            check(abs(slope) < 1e-6, name, parameter, slope)


# ---- parameters by group ----

@test
def an_intercept_for_each_group(folder):
    model, table = EXAMPLES / "yields.sn", EXAMPLES / "yields.csv"
    words = ("--data", table, "--sum", "--grad", "--json")
    plain = json.loads(out("density", model, *words))
    with_prior = folder / "prior.sn"
    with_prior.write_text(model.read_text().replace("yield ~", "param mu = 1500\nparam tau = 40 in 0..inf\neffect ~ normal(mu, tau)\nyield ~"))
    told = json.loads(out("density", with_prior, *words))
    prior = 6*(-0.5*(27.5/40)**2 - math.log(40) - 0.5*math.log(2*math.pi))
    near([told["log_density"] - plain["log_density"]], [prior])
    near([told["gradient"]["mu"], told["gradient"]["tau"], told["gradient"]["sigma"]], [6*27.5/1600, 6*((27.5/40)**2 - 1)/40, plain["gradient"]["sigma"]])
    near(told["gradient"]["effect"], [slope - 27.5/1600 for slope in plain["gradient"]["effect"]])
    same(out("density", with_prior, "--data", table), out("density", model, "--data", table), "rows have no prior")
    same(out("density", with_prior, "--data", table, "--sum-by", "batch"), out("density", model, "--data", table, "--sum-by", "batch"))
    many = folder / "many.csv"  # of several pieces, in which the prior still counts once
    many.write_text("yield,batch\n" + "".join(f"{1500 + i % 7},{'ABCDEF'[i % 6]}\n" for i in range(40000)))
    near([json.loads(out("density", with_prior, "--data", many, *words[2:]))["log_density"] - json.loads(out("density", model, "--data", many, *words[2:]))["log_density"]], [prior], within=1e-8)
    model, table = EXAMPLES / "sprays.sn", EXAMPLES / "sprays.csv"
    rows = [line.split(",") for line in table.read_text().splitlines() if line[0].isdigit()]
    names = sorted({name for _, name in rows})
    mean = sum(int(count) for count, _ in rows) / len(rows)
    a = {name: math.log(mean) for name in names}
    told = json.loads(out("density", model, "--data", table, "--sum", "--grad", "--json"))
    same((told["rows"], told["labels"]), (72, {"spray": names}))
    near([told["log_density"]], [sum(int(n) * a[k] - math.exp(a[k]) - math.lgamma(int(n) + 1) for n, k in rows)])
    near(told["gradient"]["a"], [sum(int(n) - math.exp(a[k]) for n, k in rows if k == name) for name in names], within=1e-12)
    check(abs(sum(told["gradient"]["a"])) < 1e-11, "they are fitted together", told["gradient"])
    fitted = []
    for i, name in enumerate(names):
        counts = [int(n) for n, k in rows if k == name]
        fitted += ["--set", f"a[{i}]={math.log(sum(counts) / len(counts))!r}"]
    told = json.loads(out("density", model, "--data", table, "--sum", "--grad", "--json", *fitted))
    check(max(map(abs, told["gradient"]["a"])) < 1e-11, "each is fitted", told["gradient"])
    (folder / "numbers.csv").write_text("".join(f"{n},{names.index(k)}\n" for n, k in rows))
    same(out("density", model, "--data", folder / "numbers.csv", "--sum", "--grad"), out("density", model, "--data", table, "--sum", "--grad"), "numbers for labels")
    check("parameter a[6] = 7 7" in out("density", model, "--set", "a=7"), "all are set")
    (folder / "wrong.csv").write_text("count,spray\n1,0\n2,6\n")
    bad(1, "density", model, "--data", folder / "wrong.csv", says="wrong.csv:3:3")
    (folder / "many.csv").write_text("count,spray\n" + "".join(f"1,{name}\n" for name in "abcdefg"))
    bad(1, "density", model, "--data", folder / "many.csv", says="many.csv:8:3")
    (folder / "mixed.csv").write_text("count,spray\n1,0\nNA,1\n3,B\n")
    bad(1, "density", model, "--data", folder / "mixed.csv", "--na", "skip", says="mixed.csv:4:3")
    bad(1, "density", model, "--at", "count=1,spray=9", says="row 1: spray is 9")
    bad(2, "density", model, "--at", "count=1,spray=2", "--grad", says="--sum --grad")
    bad(2, "density", model, "--set", "a[6]=1", "--at", "count=1,spray=2", says="a[6]")


# ---- plots ----

def red(pixel):
    return pixel[0] > 150 and pixel[1] < 110 and pixel[2] < 100


def find_pixels(path, wanted):
    width, height, channels, rows = read_png(path)
    same(channels, 3, "channels")
    return width, height, [(x, y) for y in range(height) for x in range(width) if wanted(rows[y][3 * x:3 * x + 3])]


@test
def plots(folder):
    rng = random.Random(1)
    values = sorted(rng.gauss(2, 1.5) for _ in range(500))
    (folder / "x.csv").write_text("".join(f"{v!r}\n" for v in values))
    same(out("density", NORMAL, "--data", folder / "x.csv", "--plot", folder / "a.png", "--size", "600x400"), "")
    width, height, curve = find_pixels(folder / "a.png", red)
    same((width, height), (600, 400))
    check(len(curve) > 500, "a curve of", len(curve))
    # The peak is over mu, in the middle of what the range says.
    peak = [x for x, y in curve if y == min(y for _, y in curve)]
    low, high = values[0], values[-1]
    left, right, margin = 55, 580, 0.05 * (high - low)
    place = left + (2 - (low - margin)) / (high - low + 2 * margin) * (right - left)
    check(abs(sum(peak) / len(peak) - place) < 6, "the peak is at", sum(peak) / len(peak), "instead of", place)
    # The same picture however often it is drawn, on every engine.
    first = (folder / "a.png").read_bytes()
    for engine in engines():
        good("density", NORMAL, "--data", folder / "x.csv", "--plot", folder / "b.png", "--size", "600x400", "--engine", engine)
        same((folder / "b.png").read_bytes(), first, engine)
    check(out("density", NORMAL, "--data", folder / "x.csv", "--plot", folder / "b.png", "--sum") != "", "--sum beside --plot")
    same(run("density", NORMAL, "--data", folder / "x.csv", "--plot", "-", "--size", "600x400").raw, first, "to the standard output")


def blue(pixel):
    return pixel[2] - pixel[0] > 15


def find_bars(path):
    """Runs of the colour of bars, from left to right, in the row of pixels that has most of them."""
    width, height, found = find_pixels(path, blue)
    rows = {}
    for x, y in found:
        rows.setdefault(y, []).append(x)
    places = max(rows.values(), key=len)
    starts = [x for x in places if x - 1 not in places]
    return width, [(x, min(e for e in places if e >= x and e + 1 not in places)) for x in starts]


@test
def bars_of_plots(folder):
    rng = random.Random(3)
    # Two peaks whose distance says nothing about their width: each has bars of its own.
    (folder / "two.csv").write_text("".join(f"{rng.gauss(20*(i % 2), 1)!r}\n" for i in range(300)))
    good("density", "mixture((0.5, 0.5), normal(0, 1), normal(20, 1))", "--data", folder / "two.csv", "--plot", folder / "a.png", "--size", "900x600")
    width, bars = find_bars(folder / "a.png")
    check(12 <= len(bars) <= 40, "bars of two peaks", len(bars))
    check(all(right - left < 40 for left, right in bars), "narrow ones", bars)
    # Angles that were cut open at their peak: drawn in one piece, in the middle of the circle, whichever way they are given.
    angles = [rng.vonmisesvariate(0, 3) for _ in range(300)]
    for cut in (0, 1, 2):
        turned = [a if cut == 0 else a - 2*math.pi*(a > math.pi) if cut == 1 else a - 4*math.pi for a in angles]
        (folder / "angles.csv").write_text("".join(f"{a!r}\n" for a in turned))
        for density in ("von_mises(0, 3)", "input x; param k = 3; x ~ von_mises(0, k)"):
            good("density", density, "--data", folder / "angles.csv", "--plot", folder / "a.png", "--size", "900x600")
            width, bars = find_bars(folder / "a.png")
            check(10 <= len(bars) <= 60, "bars of angles", len(bars))
            check(width*0.2 < bars[0][0] and bars[-1][1] < width*0.9, "about the mean direction", bars)
    # A density that does not repeat is none of angles; nor is one that is the same everywhere.
    for density in ("normal(3.2, 2.2)", "uniform(-10, 20)"):
        (folder / "angles.csv").write_text("".join(f"{a!r}\n" for a in angles))
        good("density", density, "--data", folder / "angles.csv", "--plot", folder / "a.png", "--size", "900x600")
        width, bars = find_bars(folder / "a.png")
        check(bars[0][0] < width*0.2 and bars[-1][1] > width*0.9, density, bars)


@test
def plots_of_all_kinds(folder):
    (folder / "counts.csv").write_text("\n".join(str(k) for k in (0, 1, 1, 2, 2, 2, 3, 3, 4, 7)))
    (folder / "one.csv").write_text("5\n")
    (folder / "far.csv").write_text("\n".join(str(k / 10) for k in range(100)) + "\n1e6\ninf\n")
    for words in (["poisson(2)", "--data", folder / "counts.csv"], ["poisson(2)"], [NORMAL], ["exponential(1)"], [NORMAL, "--data", folder / "one.csv"],
                  ["normal(5, 3)", "--data", folder / "far.csv"], [NORMAL, "--at", "1,2,3", "--type", "f32"], ["normal(1e9, 1e-3)"], ["normal(1e-12, 1e-13)"],
                  [EXAMPLES / "stopping.sn", "--data", EXAMPLES / "stopping.csv", "--axis", "distance"],
                  [EXAMPLES / "quarters.sn", "--data", EXAMPLES / "quarters.csv", "--axis", "deaths"],
                  [EXAMPLES / "geyser.sn", "--data", EXAMPLES / "geyser.csv"]):
        good("density", *words, "--plot", folder / "a.png", "--size", "400x300")
        width, height, curve = find_pixels(folder / "a.png", red)
        same((width, height), (400, 300), words)
        check(len(curve) > 20, words, len(curve))
        (folder / "a.png").unlink()


# ---- wrong use ----

@test
def wrong_texts(_):
    bad(1, "density", "normal(mu=2, sgima=1)", "--at", "1", says="sigma")
    bad(1, "density", "nromal(2, 1)", "--at", "1", says=["did you mean 'normal'?"])
    bad(1, "density", "normal(mu=2, sigma=1", "--at", "1", says="error:")
    bad(2, "density", says=["a density is missing", "--list"])
    bad(2, "density", NORMAL, "poisson(2)", says="one EXPR|FILE at a time")


@test
def wrong_parameters(_):
    bad(1, "density", "normal(mu=2, sigma=-1)", "--at", "1", says="the parameter sigma is -1, and must be > 0")
    bad(1, "density", "exponential(-1)", says="the parameter beta is -1, and must be > 0")  # without rows, too
    bad(1, "density", "normal(0, 1)", "--set", "sigma=0", says="the parameter sigma is 0, and must be > 0")
    check("mean nan" in out("density", "normal"), "what has no value yet is described")
    bad(1, "density", "dnorm(0, 1)", "--at", "1", says=["there is no family 'dnorm'", "sinter density --list has all of them"])
    bad(1, "density", "y ~ normal(mu, 1)", "--at", "1", says=["there is no 'mu' here", "a parameter is declared: param mu = 1; a column: input mu"])
    bad(1, "density", "input y; param s = 1 in 0.5..2; y ~ normal(0, s)", "--set", "s=3", "--at", "1", says="the parameter s is 3, and must be in 0.5..2")
    bad(1, "density", NORMAL, "--set", "mu=inf", "--at", "1", says="the parameter mu is inf, and must be finite")
    bad(1, "density", NORMAL, "--set", "sigma=inf", "--at", "1", says="the parameter sigma is inf, and must be finite and > 0")
    bad(1, "density", "triangular(0, 1, 2)", "--at", "1", says="the parameter mode is 2, and must be in lower..upper")
    bad(1, "density", "geometric(0)", "--at", "1", says="the parameter p is 0, and must have p > 0 && p <= 1")
    bad(1, "density", "categorical((0.2, 0.9))", "--at", "1", says="the parameters from theta0 on are no point of the simplex: they add up to 1.1, and must to 1 within 1e-8")
    bad(1, "density", "mixture((0.5, 0.5), categorical((0.25, 0.15, 0.5)), categorical((0.2, 0.3, 0.5)))", "--at", "1",
        says="the parameters from theta0 on are no point of the simplex: they add up to 0.9, and must to 1 within 1e-8")
    bad(1, "density", "mixture((0.5, 0.5), categorical((0.25, 0.25, 0.5)), categorical((0.2, 0.2, 0.5)))", "--at", "1",
        says="the parameters from theta0_2 on are no point of the simplex: they add up to 0.9, and must to 1 within 1e-8")
    bad(1, "density", "categorical((-0.5, 1.5))", "--at", "1", says="the parameter theta0 is -0.5, and must be in simplex")
    bad(1, "density", NORMAL, "--set", "sigma=0", "--at", "1", says="the parameter sigma is 0")
    bad(1, "density", "normal", "--at", "1", says="the parameter mu has no value: --set mu=1")
    bad(2, "density", NORMAL, "--set", "sgima=1", "--at", "1", says="there is no parameter sgima; did you mean sigma?")
    bad(2, "density", NORMAL, "--set", "x=1", "--at", "1", says="x is a column, not a parameter: --at x=1")
    bad(2, "density", NORMAL, "--set", "sigma=wide", "--at", "1", says="--set takes NAME=VALUE")
    bad(2, "density", NORMAL, "--at", "1", "--gradient", "sgima", says="did you mean sigma?")
    bad(2, "density", NORMAL, "--at", "1", "--sum", "--gradient", "x", says="a sum has derivatives by parameters, not by columns")


@test
def wrong_points(_):
    bad(2, "density", NORMAL, "--at", "one", says="--at takes numbers")
    bad(2, "density", NORMAL, "--at", "1,,2", says="--at takes numbers")
    bad(2, "density", NORMAL, "--at", "y=1", says="the density has no column y")
    bad(2, "density", NORMAL, "--at", "mu=1", says=["the density has no column mu", "--set"])
    bad(2, "density", NORMAL, "--at", "x=1,x=2", says="gives x twice")
    model = "input height, weight; weight ~ normal(height, 1)"
    bad(2, "density", model, "--at", "height=1", says="lacks weight")
    bad(2, "density", model, "--at", "heihgt=1,weight=2", says="did you mean height?")
    bad(2, "density", model, "--at", "1,2,3", says="the density has 2 columns, height and weight")


@test
def wrong_options(folder):
    (folder / "x.csv").write_text("1\n2\n")
    bad(2, "density", NORMAL, "--sum", says="--data FILE or --at")
    bad(2, "density", NORMAL, "--data", folder / "x.csv", "--at", "1", says="exclude each other")
    bad(2, "density", NORMAL, "--data", folder / "x.csv", "--data", folder / "x.csv", says="one --data at a time")
    bad(2, "density", NORMAL, "--data", "", says="a file's name")
    bad(2, "density", NORMAL, "--at", "1", "--na", "skip", says="belong to --data")
    bad(2, "density", NORMAL, "--data", folder / "x.csv", "--na", "drop", says="--na takes error or skip")
    bad(2, "density", NORMAL, "--data", folder / "x.csv", "--drop", "mu", says="--drop takes x or theta")
    bad(2, "density", NORMAL, "--at", "1", "--grad", "--gradient", "mu", says="one of them")
    bad(2, "density", NORMAL, "--natural", "--sum", says="--natural excludes")
    bad(2, "density", "--list", NORMAL, says="--list goes alone")
    bad(2, "density", NORMAL, "--at", "1", "--plot", "a.jpg", says="a name that ends in .png")
    bad(2, "density", NORMAL, "--plot", folder / "a.png", "--size", "20x20", says="from 200x150")
    bad(2, "density", NORMAL, "--at", "1", "--axis", "x", says="belong to --plot")
    bad(2, "density", NORMAL, "--plot", "-", "--at", "1", "--sum", says="--plot -")
    bad(2, "density", NORMAL, "--at", "1", "--plot", folder / "a.png", "--grad", says="--sum")
    bad(2, "density", NORMAL, "--dta", "x.csv", says="did you mean --data?")
    bad(2, "density", NORMAL, "--input", "x.csv", says="density has no option --input")
    bad(2, "density", NORMAL, "--engine", "fast", says="auto, interp, scalar")
    bad(2, "density", NORMAL, "--type", "f16", says="f32 or f64")
    bad(2, "density", "input y1, y2; y1 ~ normal(y2, 1)", "--at", "1,2", "--plot", folder / "a.png", says="of which of the 2 columns? As in --axis y1")
    bad(2, "density", NORMAL, "--at", "1", "--plot", folder / "a.png", "--axis", "z", says="no column z")
    bad(1, "density", "-x*x", "--plot", folder / "a.png", says="--data is missing")
    bad(1, "density", NORMAL, "--at", "1", "--plot", folder / "no" / "a.png", says="cannot write")
    check(not (folder / "a.png").exists(), "a picture after errors")


@test
def wrong_files(folder):
    bad(1, "density", NORMAL, "--data", folder / "none.csv", says="cannot read")
    bad(1, "density", NORMAL, "--data", folder, says="cannot")
    table = folder / "people.csv"
    table.write_text("name,height,weight\nann,1.5,50\nbob,2.5kg,70\n")
    bad(1, "density", NORMAL, "--data", table, says=["which column of", "name, height, weight", "--column"])
    bad(1, "density", NORMAL, "--data", table, "--column", "heihgt", says="did you mean height?")
    bad(1, "density", NORMAL, "--data", table, "--column", "4", says="it has name, height, weight")
    bad(2, "density", NORMAL, "--data", table, "--column", "y=height", says="the density has no column y")
    bad(1, "density", NORMAL, "--data", table, "--column", "height",
        says=["people.csv:3:5: error: '2.5kg' is no number (column 2, height)", "    bob,2.5kg,70", "        ^~~~~", "hint:"])
    bad(1, "density", NORMAL, "--data", table, "--column", "name", says="people.csv:2:1: error: 'ann' is no number")
    bad(1, "density", "input y, weight; y ~ normal(weight, 1)", "--data", table, says=["has no column y", "--column y="])
    bad(2, "density", "input y, x; y ~ normal(x, 1)", "--data", table, "--column", "height", says=["for which of the density's columns", "--column y=height"])
    table.write_text("1,2\n3,4\n")
    bad(1, "density", NORMAL, "--data", table, says=["has 2 columns, the density has one, x", "--column 1"])
    bad(1, "density", NORMAL, "--data", table, "--column", "3", says="are 1 to 2")
    bad(1, "density", "input y, x, z; y ~ normal(x, z)", "--data", table, says=["has 2 columns without names, the density has 3", "--column y=1"])
    table.write_text("x,x\n3,4\n")
    bad(1, "density", NORMAL, "--data", table, says="two columns named x")
    table.write_text("x,y\n3,4\n5\n")
    bad(1, "density", NORMAL, "--data", table, says="people.csv:3:1: error: 1 field in this line, 2 in the first")
    table.write_text("x\n\"3\n4\n")
    bad(1, "density", NORMAL, "--data", table, says="people.csv:2:1: error: a quote that is never closed")
    table.write_bytes(b"\x1f\x8b\x08\x00abcdefgh")
    bad(1, "density", NORMAL, "--data", table, says=["compressed", "gunzip"])
    table.write_bytes(b"\x93NUMPY\x01\x00garbage")
    bad(1, "density", NORMAL, "--data", table, says="people.csv: ")
    bad(1, "density", NORMAL, "--data", "-", stdin=b"1\ntwo\n", says="stdin:2:1: error: 'two' is no number")


@test
def rows_before_a_bad_one(folder):
    """A long file is printed while it is read; the error still stands at its line, and the status says it."""
    (folder / "x.csv").write_text("1\n" * 40000 + "oops\n")
    done = run("density", NORMAL, "--data", folder / "x.csv")
    same(done.status, 1)
    check("x.csv:40001:1: error: 'oops' is no number" in done.err, done.err)
    same(set(done.out.splitlines()), {repr(normal(1.0))} if repr(normal(1.0)) in done.out else set(done.out.splitlines()[:1]))
    done = run("density", NORMAL, "--data", folder / "x.csv", "--sum")
    same((done.status, done.out), (1, ""))


@test
def memory_does_not_grow(folder):
    """A file of some 60 MB in a process that may have 64 MB for everything."""
    import resource  # pylint: disable=import-outside-toplevel

    def limited(*arguments):
        return subprocess.run([command_test.SINTER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (48 << 20, 48 << 20)))

    if b"Sanitizer" in limited("--version").stderr:
        print("# skipped: a sanitizer takes more memory than that by itself")
        return
    with open(folder / "x.csv", "w", encoding="ascii") as file:
        for _ in range(40):
            file.write("1.2345678901234567,2.5,3.5\n" * 60000)
    done = limited("density", NORMAL, "--data", str(folder / "x.csv"), "--column", "1", "--sum")
    same((done.returncode, done.stderr), (0, b""))
    near([float(done.stdout)], [2400000 * normal(1.2345678901234567)])


@test
def progress_is_for_terminals(folder):
    with open(folder / "x.csv", "w", encoding="ascii") as file:
        for _ in range(60):
            file.write("1.2345678901234567,2.5,3.5\n" * 60000)
    main, other = pty.openpty()
    process = subprocess.Popen([command_test.SINTER, "density", NORMAL, "--data", str(folder / "x.csv"), "--column", "1", "--sum", "--engine", "interp"],
                               stdout=subprocess.PIPE, stderr=other, env={**os.environ, "TERM": "xterm"})
    process.communicate()
    os.close(other)
    seen = b""
    try:
        while chunk := os.read(main, 4096):
            seen += chunk
    except OSError:
        pass
    os.close(main)
    same(process.returncode, 0)
    check(seen == b"" or (b"reading" in seen and b"%" in seen and seen.endswith(b"\r")), seen)


if __name__ == "__main__":
    sys.exit(command_test.main(__doc__, TESTS))
