#!/bin/sh
# Get the Atari ROMs if the Pong ROM is not there: tools/roms.sh DEEPQ
# They come in the ale-py wheel, which pip downloads and `deepq roms import` reads; nothing of
# ale-py is installed or run. Status 1, with one line, when they are missing and cannot be had.
set -eu
deepq=$1

has_pong() {
    "$deepq" roms list 2>/dev/null | grep -q '^pong  *yes'
}

if has_pong; then
    exit 0
fi
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "roms: no pip to download the ale-py wheel with: going on without ROMs" >&2
    exit 1
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "roms: importing from the ale-py wheel into $("$deepq" roms path)"
# Every wheel holds the same ROMs: take one that does not depend on this machine's Python.
if ! "$python" -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
    --platform manylinux_2_28_x86_64 --disable-pip-version-check --retries 1 \
    --dest "$dir" ale-py >"$dir/log" 2>&1; then
    echo "roms: the ale-py wheel cannot be downloaded (no network?): going on without ROMs" >&2
    exit 1
fi
"$deepq" roms import "$dir"/*.whl | tail -n 1
has_pong
