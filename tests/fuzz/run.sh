#!/bin/sh
# Runs one fuzz target on its seeds, which stay as they are: what it learns goes to the build folder.
# usage: tests/fuzz/run.sh BUILD TARGET SECONDS    (SINTER_FUZZ_SEED: the same inputs again; 0, or none: others each time)
set -eu
cd "$(dirname "$0")/../.."
build=$1 target=$2 seconds=$3

# The whole road begins with the language: its words, its seeds.
case $target in
    compile) kind=lang ;;
    *) kind=$target ;;
esac
mkdir -p "$build/corpus/$target"
set -- "$build/corpus/$target"
[ ! -d "tests/fuzz/corpus/$kind" ] || set -- "$@" "tests/fuzz/corpus/$kind"
[ ! -f "tests/fuzz/$kind.dict" ] || set -- -dict="tests/fuzz/$kind.dict" "$@"
if ! "$build/tests/fuzz/${target}_fuzz" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 \
    -seed="${SINTER_FUZZ_SEED:-0}" -print_final_stats=1 -artifact_prefix="$build/$target-" "$@" 2>"$build/$target.txt"; then
    tail -n 60 "$build/$target.txt"
    exit 1
fi
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.txt")
echo "$target: $runs inputs, nothing found"
