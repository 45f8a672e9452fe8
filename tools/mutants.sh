#!/bin/sh
# Try mutants where DEEPQ_SHARED is known and the ROMs are there: tools/mutants.sh BUILD [ARGS...]
set -eu
if [ -z "${DEEPQ_SHARED:-}" ] && [ -d ../shared ]; then
    DEEPQ_SHARED=$(cd ../shared && pwd)
    export DEEPQ_SHARED
fi
mkdir -p "$1"
build=$(cd "$1" && pwd)
shift
exec python3 -B tests/mutants/run_mutants.py "$build" "$@"
