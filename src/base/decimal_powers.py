#!/usr/bin/env python3
"""Prints decimal_powers.h, the powers of five that decimal.c multiplies with.

    python3 src/base/decimal_powers.py > src/base/decimal_powers.h
    python3 src/base/decimal_powers.py --check src/base/decimal_powers.h
"""
import sys

STEP = 27          # the largest n with 5**n below 2**64
FIRST, LAST = -13, 11  # covers 10**-351 .. 10**323, thus all of -342 .. 308


def significand(power):
    """5**power as (floor of its first 128 bits, floor of its binary logarithm)."""
    if power >= 0:
        value = 5 ** power
        exponent = value.bit_length() - 1
        return (value << 128 >> exponent + 1), exponent
    divisor = 5 ** -power
    exponent = -divisor.bit_length()  # no power of five but 1 is a power of two
    return (1 << 127 - exponent) // divisor, exponent


def header():
    lines = ["/* Made by decimal_powers.py; change that, not this. */",
             "#ifndef SN_BASE_DECIMAL_POWERS_H",
             "#define SN_BASE_DECIMAL_POWERS_H",
             "",
             "#include <stdint.h>",
             "",
             f"enum {{ FIVES_STEP = {STEP}, FIVES_FIRST = {FIRST}, FIVES_LAST = {LAST} }};",
             "",
             "/* 5^n, exact. */",
             "static const uint64_t small_fives[FIVES_STEP] = {"]
    lines += [f"    {5 ** n}u," for n in range(STEP)]
    lines += ["};", "",
              "/* 5^(27 k): its first 128 bits, cut off, and the exponent of the first of them. */",
              "typedef struct five {",
              "    uint64_t high, low;",
              "    int exponent;",
              "} five;",
              "",
              "static const five great_fives[FIVES_LAST - FIVES_FIRST + 1] = {"]
    for k in range(FIRST, LAST + 1):
        bits, exponent = significand(STEP * k)
        assert bits >> 127 == 1
        low = bits & (1 << 64) - 1
        lines.append(f"    {{0x{bits >> 64:016x}u, 0x{low:016x}u, {exponent}}}, /* 5^{STEP * k} */")
    lines += ["};", "", "#endif", ""]
    return "\n".join(lines)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="utf-8") as file:
            if file.read() != header():
                sys.exit(f"{sys.argv[2]} is not what decimal_powers.py prints")
    elif len(sys.argv) == 1:
        sys.stdout.write(header())
    else:
        sys.exit(__doc__)


main()
