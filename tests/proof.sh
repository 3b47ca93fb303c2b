#!/bin/sh
# The long proofs: what `make test` samples, at full length; then an hour of fuzzing in all.
# usage: tests/proof.sh BUILD [SECONDS-A-FUZZ-TARGET]
set -eu
cd "$(dirname "$0")/.."
build=$1
seconds=${2:-1200}

status=0
SINTER_PROOF=1 meson test -C "$build" --no-rebuild --timeout-multiplier 0 || status=$?
python3 tests/tally.py "$build" && [ "$status" -eq 0 ]

if ! command -v clang >/dev/null; then
    echo "proof: no clang here, so no fuzzing (./bootstrap all installs it)"
    exit 0
fi
[ -f build-fuzz/build.ninja ] ||
    CC=clang meson setup build-fuzz -Dbuildtype=debugoptimized -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
ninja -C build-fuzz --quiet fuzz
for target in build-fuzz/tests/fuzz/*_fuzz; do
    tests/fuzz/run.sh build-fuzz "$(basename "$target" _fuzz)" "$seconds"
done
