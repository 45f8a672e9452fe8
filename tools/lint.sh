#!/bin/sh
# Everything that reads the code without running it: tools/lint.sh BUILD
# BUILD is a configured build folder with compile_commands.json. Goes on to the end, then fails.
set -u
build=$1
status=0
fail() {
    echo "lint: $1" >&2
    status=1
}

git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run --Werror 2>"$build/format.log" || {
    grep -o '^[^:]*' "$build/format.log" | sort -u
    fail "these files are not as clang-format has them: run \`make format\`"
}
for check in layers tree; do
    python3 -B "tests/repo/check_$check.py" || [ $? = 77 ] || fail "tests/repo/check_$check.py"
done
if command -v shellcheck >/dev/null; then
    shellcheck tools/*.sh .ci/run || fail "shellcheck"
fi
git ls-files -z 'src/*.c' | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet \
    --extra-arg=-Wno-ignored-optimization-argument -p "$build" \
    --warnings-as-errors='*' 2>/dev/null || fail "clang-tidy"
exit $status
