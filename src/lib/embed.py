#!/usr/bin/env python3
"""The standard library's texts as one C file: the sorted list that src/lang/library.h declares.

usage: embed.py TEXT.sn... OUTPUT.c

A text begins with its title (`# Noise`). Then it has functions, tables, families of distributions and other names of these (`alias
gaussian = normal`), each documented by the lines `## ...` right
above it: the first is the summary, the others are details. What is not documented is for the library's own use. Comments
are left out of what is kept; what a function calls says whether it has state or reads the rate.

Wrong texts end the build with a place: names twice, cycles, names of the language that a text reads without binding them,
lines that begin with an operator and so go on nowhere; members of families that read what they cannot.

Families stand in a list of their own. Their bodies are taken apart into statements, with a set of those that each quantity needs, so that
a program parses of a family what it uses.
"""
import pathlib
import re
import struct
import sys

NAME = re.compile(r"[^\W\d]\w*")
TOKEN = re.compile(r"(?:\d[\w.]*(?:(?<=[eEpP])[+-]\d+)?)|(?P<name>[^\W\d]\w*)|(?P<prime>')|(?P<mark>\S)")
INDEX = re.compile(r"\b(?:sum|accumulate)\(\s*([^\W\d]\w*)\s*,")
ACCUMULATED = re.compile(r",\s*([^\W\d]\w*)\s*=[^=]")
COMMENT = re.compile(r"(#|//).*")
FIELD_NAMES = {"x", "y", "z", "t"}
BITS = {"dt": 4, "index": 5, "rate": 6, "time": 7}  # of lang_function.free_names: the numbers of vocabulary.h
TYPES = {"f32": ("IR_F32", "f"), "f64": ("IR_F64", "d"), "i32": ("IR_I32", "i"), "u8": ("IR_U8", "B"), "i16": ("IR_I16", "h")}
MOST_ARGUMENTS = 64
# In the order of lang_member; what each may read beside the body's own names (e: eta, and parameters that are taken as known: T, log_h or the
# support read them).
MEMBERS = {"log_density": "xp", "T": "xp", "eta": "p", "A": "p", "log_h": "xp", "natural_A": "e", "from_natural": "e", "log_cdf": "xp",
           "log_survival": "xp", "entropy": "p", "mean": "p", "variance": "p", "pooled": "pm",
           "posterior": "pq"}
GIVEN = {"prior", "sums", "observations"}  # to `posterior` (q), where the head says with lambda ~ gamma
# Families whose forms are right in f32 too; all others compute in f64 whatever they are given.
OF_BOTH_TYPES = {"normal"}
DERIVED = ("T", "eta", "A", "log_h")


class Wrong(Exception):
    pass


class Item:
    """A definition, as it stands in its file."""

    def __init__(self, path, line, group, notes, lines):
        self.path, self.line, self.group = path, line, group
        self.summary = notes[0] if notes else None
        self.details = "\n".join(notes[1:]).strip("\n")
        stripped = [COMMENT.sub("", each).rstrip() for each in lines]
        self.text = "\n".join(each for each in stripped if each)
        words = self.text.split(None, 1)
        self.kind = words[0]
        self.name = NAME.match(words[1]).group()
        if self.kind == "fn":
            self.read_function()
        elif self.kind == "family":
            self.read_family()
        elif self.kind == "alias":
            form = re.match(r"alias\s+(\w+)\s*=\s*(\w+)\s*$", self.text)
            if not form:
                self.fail("another name of a family is written alias gaussian = normal")
            self.of = form[2]
        else:
            self.read_table()

    def fail(self, message):
        raise Wrong(f"{self.path}:{self.line}: {self.name}: {message}")

    def read_function(self):
        opening = self.text.index("(")
        closing = matching(self.text, opening)
        self.arguments = " ".join(self.text[opening + 1:closing].split())
        self.parameters = []  # name, size, whether it has a default
        for part in split_arguments(self.arguments):
            form = re.match(r"([^\W\d]\w*)\s*(?::\s*(\d+)?\s*(?:const\b)?)?\s*(=.*)?$", part)
            if not form or ":" in part and not re.search(r":\s*(\d|const)", part):
                self.fail(f"an argument that cannot be read: {part}")
            self.parameters.append((form[1], int(form[2] or 0), form[3] is not None))
        self.least = sum(not optional for _, _, optional in self.parameters)
        self.needed = sum(max(size, 1) for _, size, optional in self.parameters if not optional)
        if any(optional for _, _, optional in self.parameters[:self.least]) or len(self.parameters) > MOST_ARGUMENTS:
            self.fail("arguments with a default stand last, and there are at most 64")
        body = self.text[closing + 1:]
        self.check_lines(body)
        bound = {name for name, _, _ in self.parameters}
        bound |= set(re.findall(r"(?:^|[\n;{(,])\s*([^\W\d]\w*)\s*(?==[^=])", body))
        for inside in re.findall(r"(?:^|[\n;{])\s*\(([\w\s,]*)\)\s*=[^=]", body):
            bound |= set(NAME.findall(inside))
        bound |= set(INDEX.findall(body))
        self.calls, self.reads, self.stateful, self.free = set(), set(), False, 0
        for text in (self.arguments, body):
            for token in TOKEN.finditer(text):
                self.stateful |= token["prime"] is not None
                name = token["name"]
                if not name or (token.start() > 0 and text[token.start() - 1] == "."):
                    continue
                if re.match(r"\s*\(", text[token.end():]) or re.search(r"\|\s*$", text[:token.start()]):
                    self.calls.add(name)
                    self.stateful |= name == "delay"
                    self.free |= 1 << BITS["index"] if name == "since" else 0
                elif name not in bound:
                    self.reads.add(name)
        for name in self.reads & FIELD_NAMES:
            self.fail(f"it reads {name}, which only a text has")
        for name in self.reads & set(BITS):
            self.free |= 1 << BITS[name]

    def read_family(self):
        opening = self.text.index("(")
        closing = matching(self.text, opening)
        self.arguments = " ".join(self.text[opening + 1:closing].split())
        form = re.match(r"\s*on\s+(.*?)\s*\{(.*)\}\s*$", self.text[closing + 1:], re.DOTALL)
        if not form:
            self.fail("a family is written family normal(mu, sigma > 0) on real { log_density = ... }")
        self.head = " ".join(self.text[:closing + 1].split()) + f" on {form[1]} {{"
        clause = re.match(r"(.*?)\s+with\s+(\w+)\s*~\s*(\w+)$", form[1])
        self.support, self.prior = (clause[1], clause[3]) if clause else (form[1], None)
        self.parameters = [(re.match(r"\w+", part).group(), 0, False) for part in split_arguments(self.arguments)]
        self.statements = split_statements(form[2])
        if len(self.statements) > 64 or len(self.parameters) > MOST_ARGUMENTS:
            self.fail("a family has at most 64 statements and 64 parameters")
        names = {name for name, _, _ in self.parameters}
        posterior = GIVEN if self.prior else set()
        if clause and clause[2] not in names or names & posterior:
            self.fail("the prior is on a parameter of the family, and none is called prior, sums or observations")
        widths = set(re.findall(r":\s*([^\W\d]\w*)", self.arguments))
        needs, given, reads, binder = [], [], [], {}  # needs with eta's statement, and where eta is given
        for number, text in enumerate(self.statements):
            bound = re.match(r"(\w+)\s*=[^=]|\(([\w\s,]+)\)\s*=[^=]", text)
            if not bound:
                self.fail(f"the body of a family binds names: {text}")
            own = [bound[1]] if bound[1] else NAME.findall(bound[2])
            body = text[bound.end() - 1:]
            need, known, read = 1 << number, 1 << number, set()
            inner = set(INDEX.findall(body)) | (set(ACCUMULATED.findall(body)) if "accumulate(" in body else set())
            for token in TOKEN.finditer(body):
                name = token["name"]
                if not name or (token.start() > 0 and body[token.start() - 1] == ".") or name in inner | widths:
                    continue
                if name in binder:
                    need |= needs[binder[name]]
                    known |= given[binder[name]] if name != "eta" else 0
                    read |= reads[binder[name]] if name != "eta" else {"eta"}
                elif name in names | posterior | {"x", "eta", "means"}:
                    read.add(name)
                elif name in FIELD_NAMES | set(BITS):
                    self.fail(f"it reads {name}, which only a text has")
                elif name in MEMBERS and not re.match(r"\s*\(", body[token.end():]):
                    self.fail(f"{name} is read above its binding")
            needs.append(need)
            given.append(known)
            reads.append(read)
            for name in own:
                if name in binder or name in names | posterior | {"x", "means"}:
                    self.fail(f"{name} is bound twice")
                binder[name] = number
        self.needs = {}
        for member, allowed in MEMBERS.items():
            if member not in binder:
                continue
            number = binder[member]
            self.needs[member] = given[number] if allowed == "e" else needs[number]
            known = names & (set().union(*(reads[binder[each]] for each in ("T", "log_h") if each in binder)) | set(NAME.findall(self.support)))
            wrong = {name for name in reads[number] if (name == "x" and "x" not in allowed) or (name in names - known and "p" not in allowed)
                     or (name == "means" and "m" not in allowed) or (name in posterior and "q" not in allowed)}
            if wrong:
                self.fail(f"{member} cannot read {', '.join(sorted(wrong))}")
        if ("posterior" in self.needs) != (self.prior is not None) or self.prior and not {"T", "log_h"} <= set(self.needs):
            self.fail("a posterior goes with a prior in the head, and with T and log_h")
        if {"T", "eta", "A"} <= set(self.needs):
            self.needs["derived"] = 0
            for member in DERIVED:
                self.needs["derived"] |= self.needs.get(member, 0)
            self.needs.setdefault("log_density", self.needs["derived"])
        elif "log_density" not in self.needs:
            self.fail("it has neither log_density nor all of T, eta and A")
        used = 0
        for need in self.needs.values():
            used |= need
        if used != (1 << len(self.statements)) - 1:
            self.fail("no member reads: " + "; ".join(each for k, each in enumerate(self.statements) if not used >> k & 1))

    def check_lines(self, body):
        """A line at the top that begins with an operator does not go on: what it says would be lost."""
        depth = 0
        for line in body.split("\n"):
            if depth == 0 and re.match(r"\s*([-+*/%^<>]|&&|[=!]=)", line):
                self.fail(f"this line goes on nowhere: {line.strip()}")
            depth += sum(line.count(c) for c in "([{") - sum(line.count(c) for c in ")]}")

    def read_table(self):
        form = re.match(r"table\s+\w+\s*:\s*(\w+)\s*=\s*\[(.*)\]\s*$", self.text, re.DOTALL)
        if not form or form[1] not in TYPES:
            self.fail("a table of the library says its type: table t: u8 = [1, 2, 3]")
        self.type = form[1]
        whole = self.type in ("i32", "u8", "i16")
        self.entries = [(int(each, 0) if whole else float.fromhex(each) if "0x" in each else float(each))
                        for each in re.split(r"[\s,]+", form[2].replace("_", "")) if each]
        self.calls, self.reads, self.free, self.stateful, self.needed = set(), set(), 0, False, 0

    def content(self):
        return struct.pack(f"={len(self.entries)}{TYPES[self.type][1]}", *self.entries)


def matching(text, opening):
    depth = 0
    for at in range(opening, len(text)):
        depth += text[at] == "("
        depth -= text[at] == ")"
        if depth == 0:
            return at
    raise Wrong(f"a parenthesis is not closed: {text[:60]}")


def split_arguments(text):
    parts, depth = [""], 0
    for character in text:
        depth += character in "(["
        depth -= character in ")]"
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def split_statements(body):
    """As the language has it: a statement ends with its line, but inside of parentheses, behind what is open and before | ? and :."""
    statements, depth = [], 0
    for line in body.replace(";", "\n").split("\n"):
        line = line.strip()
        if not line:
            continue
        if statements and (depth > 0 or re.search(r"([-+*/%^<>,=?:|]|&&)$", statements[-1]) or line[0] in "|?:"):
            statements[-1] += " " + line
        else:
            statements.append(line)
        depth = sum(statements[-1].count(c) for c in "([") - sum(statements[-1].count(c) for c in ")]")
    return statements


def read(path):
    """The items of one text."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if not lines[0].startswith("# "):
        raise Wrong(f"{path}:1: the first line is the title: # Noise")
    group, items, notes, first, block = lines[0][2:].strip(), [], [], 0, []

    def close():
        nonlocal block, notes
        if block:
            items.append(Item(path, first, group, notes, block))
            block, notes = [], []

    for number, line in enumerate(lines + [""], 1):
        if line.startswith("## ") or line == "##":
            close()
            notes.append(line[3:].rstrip())
        elif line.startswith(("fn ", "table ", "family ", "alias ")):
            close()
            first, block = number, [line]
        elif line.startswith("#"):
            close()
            if notes:
                raise Wrong(f"{path}:{number}: ## stands right above what it documents")
        elif block:
            block.append(line)
        elif line.strip():
            raise Wrong(f"{path}:{number}: only fn, table, family, alias and comments stand at the top")
    close()
    return items


def check(items):
    """Names, cycles; state and the rate pass from what is called to who calls."""
    by_name = {}
    for item in items:
        by_name.setdefault(item.name, []).append(item)
    for same in by_name.values():
        seen = set()
        for item in same:
            if item.kind != same[0].kind or (item.summary is None) != (same[0].summary is None):
                item.fail(f"{same[0].path}:{same[0].line} has another of this name")
            if item.needed in seen or item.kind == "table" and len(same) > 1:
                item.fail("another definition needs as many numbers")
            seen.add(item.needed)
    done, path = set(), []

    def visit(item):
        if item in path:
            item.fail("it calls itself: " + " → ".join(each.name for each in path[path.index(item):] + [item]))
        if item in done:
            return
        path.append(item)
        for name in sorted(item.calls | item.reads):
            for callee in by_name.get(name, []):
                if name == item.name and len(by_name[name]) > 1:
                    continue  # in terms of another definition of its name
                visit(callee)
                item.stateful |= callee.stateful
                item.free |= callee.free
        path.pop()
        done.add(item)

    for item in items:
        visit(item)


def check_families(families):
    """One name, one family; other names lead to families, whose summary they show."""
    by_name = {}
    for item in families:
        if item.name in by_name:
            item.fail(f"{by_name[item.name].path}:{by_name[item.name].line} has another family of this name")
        by_name[item.name] = item
    for item in families:
        if item.kind == "alias":
            target = by_name.get(item.of)
            if not target or target.kind != "family":
                item.fail(f"there is no family {item.of}")
            if item.summary is None:
                item.summary = f"Another name of {item.of}: {target.summary[0].lower()}{target.summary[1:]}"
            item.target = target
        else:
            item.target = item
            if item.prior and (item.prior not in by_name or by_name[item.prior].kind != "family"):
                item.fail(f"there is no family {item.prior}")
            if item.summary is None:
                item.fail("a family is documented by a line ## above it")


def c_text(text):
    """The text as C string literals, a line each."""
    out = []
    for line in text.split("\n"):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        out.append('"' + "".join(c if ord(c) < 128 else "".join(f"\\{b:03o}" for b in c.encode()) for c in escaped) + '\\n"')
    return "\n        ".join(out)[:-3] + '"'


def write(items, out):
    out.write("/* Made by src/lib/embed.py from the texts beside it. */\n#include \"lang/library.h\"\n\n")
    order = sorted(items, key=lambda item: (item.name.encode(), -item.needed))
    for number, item in enumerate(order):
        if item.kind == "table":
            values = ", ".join(str(v) if isinstance(v, int) else float(v).hex() for v in item.entries)
            c_type = {"f32": "float", "f64": "double", "i32": "int32_t", "u8": "uint8_t", "i16": "int16_t"}[item.type]
            suffix = "f" if item.type == "f32" else ""
            if suffix:
                values = ", ".join(float(v).hex() + "f" for v in item.entries)
            out.write(f"static const {c_type} content_{number}[] = {{{values}}};\n")
        elif item.parameters:
            sizes = ", ".join(str(size) for _, size, _ in item.parameters)
            out.write(f"static const uint8_t sizes_{number}[] = {{{sizes}}};\n")
    out.write("\nconst lang_library_item sn_lang_library[] = {\n")
    for number, item in enumerate(order):
        out.write(f'    {{.name = {c_text(item.name)}, .name_length = {len(item.name.encode())}, .group = {c_text(item.group)},\n')
        if item.summary is not None:
            out.write(f"     .summary = {c_text(item.summary)},\n     .details = {c_text(item.details)},\n")
        if item.kind == "table":
            out.write(f"     .content = content_{number}, .entries = {len(item.entries)}, .type = {TYPES[item.type][0]}}},\n")
            continue
        if item.parameters:
            out.write(f"     .sizes = sizes_{number},\n")
        names = " ".join(name for name, _, _ in item.parameters)
        out.write(f"     .names = {c_text(names)}, .arguments = {c_text(item.arguments)},\n"
                  f"     .count = {len(item.parameters)}, .least = {item.least}, .needed = {item.needed},"
                  f" .free_names = {item.free}, .stateful = {str(item.stateful).lower()},\n"
                  f"     .length = {len(item.text.encode())},\n     .text =\n        {c_text(item.text)}}},\n")
    out.write("};\nconst uint32_t sn_lang_library_count = sizeof sn_lang_library / sizeof *sn_lang_library;\n")


def write_families(families, out):
    order = sorted(families, key=lambda item: item.name.encode())
    numbers = {}
    for number, item in enumerate(item for item in order if item.kind == "family"):
        numbers[item.name] = number
        statements = ",\n    ".join(c_text(each) for each in item.statements)
        out.write(f"static const char *const statements_{number}[] = {{\n    {statements}}};\n")
        out.write(f"static const lang_family_text family_{number} = {{.name = {c_text(item.name)}, .head = {c_text(item.head)},\n"
                  f"    .support = {c_text(item.support)}, .statements = statements_{number}, .statement_count = {len(item.statements)},\n"
                  f"    .has_f32 = {str(item.name in OF_BOTH_TYPES).lower()},\n"
                  f"    .needs = {{{', '.join(f'[LANG_{member.upper()}] = 0x{need:x}' for member, need in item.needs.items())}}}}};\n")
    out.write("\nconst lang_library_item sn_lang_families[] = {\n")
    for item in order:
        of = item.target
        names = " ".join(name for name, _, _ in of.parameters)
        out.write(f'    {{.name = {c_text(item.name)}, .name_length = {len(item.name.encode())}, .group = {c_text(item.group)},\n'
                  f"     .summary = {c_text(item.summary)}, .details = {c_text(item.details)},\n"
                  f"     .names = {c_text(names)}, .arguments = {c_text(of.arguments)},\n"
                  f"     .count = {len(of.parameters)}, .least = {len(of.parameters)}, .family = &family_{numbers[of.name]}}},\n")
    out.write("};\nconst uint32_t sn_lang_family_count = sizeof sn_lang_families / sizeof *sn_lang_families;\n")


def main():
    *texts, output = map(pathlib.Path, sys.argv[1:])
    try:
        items = [item for path in texts for item in read(path)]
        families = [item for item in items if item.kind in ("family", "alias")]
        items = [item for item in items if item.kind in ("fn", "table")]
        check(items)
        check_families(families)
    except Wrong as wrong:
        sys.exit(str(wrong))
    with output.open("w", encoding="ascii") as out:
        write(items, out)
        write_families(families, out)


if __name__ == "__main__":
    main()
