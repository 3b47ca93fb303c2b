#!/bin/sh
# Static checks: clang without a warning, its analyser with the short list of .clang-tidy, the shape of the tree.
# Needs clang and clang-tidy (./bootstrap all).
# usage: tests/check.sh [BUILD]    (a clang build, made if it is not there; build-check by default)
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-check}

[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" --werror -Dbuildtype=debug >/dev/null
ninja -C "$build" --quiet

# Without the tests: cmocka's macros please no analyser.
if ! find src -name '*.c' | sort |
    xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet --warnings-as-errors='*' >"$build/tidy.txt" 2>/dev/null; then
    grep -v '^\[' "$build/tidy.txt"
    exit 1
fi
for check in 'tests/check_headers.py clang' tests/check_rooms.py; do
    # shellcheck disable=SC2086 # a script and its argument
    if ! python3 $check >"$build/check.txt"; then
        grep '^not ok\|^#' "$build/check.txt"
        exit 1
    fi
done
echo "static checks: nothing found"
