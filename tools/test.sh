#!/bin/sh
# Run the tests of a build folder, then say what was skipped and why: tools/test.sh BUILD [CTEST...]
# A test that skips a check prints a line `SKIP: reason`.
set -eu
build=$1
shift

status=0
(cd "$build" && ctest --output-on-failure --parallel "$(nproc)" "$@") || status=$?

awk '
    /^[0-9]+\/[0-9]+ Test: /    { test = $3 }
    /^SKIP: /                   { print "  " test ": " substr($0, 7); told[test] = 1 }
    /^\[  SKIPPED \] [a-z0-9_]+$/ { if (!told[test]) print "  " test ": " $4 ": no reason given" }
' "$build/Testing/Temporary/LastTest.log" | sort -u >"$build/skipped.txt"
if [ -s "$build/skipped.txt" ]; then
    echo "Skipped, and why:"
    cat "$build/skipped.txt"
fi
exit "$status"
