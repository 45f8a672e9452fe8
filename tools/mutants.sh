#!/bin/sh
# Try mutants in a build folder of their own: tools/mutants.sh BUILD [ARGS...]
set -eu
mkdir -p "$1"
build=$(cd "$1" && pwd)
shift
exec python3 -B tests/mutants/run_mutants.py "$build" "$@"
