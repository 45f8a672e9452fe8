#!/bin/sh
# Run every fuzz target of a build for some seconds each: tools/fuzz.sh BUILD SECONDS
# What is found stays in BUILD/fuzz/corpus for the next time; a crash leaves its input in BUILD/fuzz.
set -eu

build=$1
seconds=$2
tests=$(dirname "$0")/../tests

for target in "$build"/fuzz/fuzz_*; do
    [ -f "$target" ] || continue
    name=${target##*/fuzz_}
    log=$build/fuzz/$name.log
    corpus=$tests/fuzz/corpus/$name
    mkdir -p "$build/fuzz/corpus/$name"
    if ! "$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$build/fuzz/$name-" "$build/fuzz/corpus/$name" "$corpus" \
        >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        echo "fuzz: $name failed: $log and $build/fuzz/$name-* say how" >&2
        exit 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $name: $runs inputs in $seconds s, nothing found"
done
