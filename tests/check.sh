#!/bin/sh
# Static checks: clang without a warning, its analyser with the short list of .clang-tidy, the shape of the tree.
# Needs clang and clang-tidy (./bootstrap all).
# usage: tests/check.sh [BUILD]    (a clang build, made if it is not there; build-check by default)
#
# The analyser follows each function through as many states as in its own shallow mode, a third of its default: that
# takes a third of the time. SINTER_PROOF=1 in the environment: as many as it likes.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-check}

[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" --werror -Dbuildtype=debug >/dev/null
ninja -C "$build" --quiet

analyser='--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=75000'
[ "${SINTER_PROOF:-0}" = 0 ] || analyser=
# Without the tests: cmocka's macros please no analyser. Assertions tell it what holds, in a release build too.
# shellcheck disable=SC2086 # a list of words
if ! find src -name '*.c' | sort |
    xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet --warnings-as-errors='*' --extra-arg=-UNDEBUG $analyser >"$build/tidy.txt" 2>/dev/null; then
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
