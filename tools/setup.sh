#!/bin/sh
# Install what deepq needs and this machine lacks: tools/setup.sh [build|test|python|dev|docs|coverage|compare]
#   build  to build the program and to run it (the default)
#   test   and what the tests use besides
#   python to build the Python package and test it
#   dev    and what contributors use: clang, its formatter, its linter
#   docs   what makes the API reference
#   coverage, compare  what those commands of the Makefile use
# Looks first and calls apt-get only for what is missing, so a second run does nothing. Where there
# is no apt-get it says what to install, by Debian's names.
set -eu

group=${1:-build}
case $group in
build | test | python | dev | docs | coverage | compare) ;;
*)
    echo "usage: tools/setup.sh [build|test|python|dev|docs|coverage|compare]" >&2
    exit 2
    ;;
esac

# group  need (must, or may: a feature is off without it)  how to look  Debian package
list='
build must cmd:cc            gcc
build must header:stdio.h    libc6-dev
build must cmd:make          make
build must cmd:cmake         cmake
build must cmd:pkg-config    pkg-config
build must pc:zlib           zlib1g-dev
build must pc:libzip         libzip-dev
build must pc:jansson        libjansson-dev
build must pc:libmd          libmd-dev
build must pc:libprotobuf-c  libprotobuf-c-dev
build must cmd:protoc-c      protobuf-c-compiler
build must cmd:python3       python3
build may  pc:libpng         libpng-dev
build may  pc:cairo         libcairo2-dev
build may  pc:sdl2           libsdl2-dev
build may  pc:libavcodec     libavcodec-dev
build may  pc:libavformat    libavformat-dev
build may  pc:libavutil      libavutil-dev
build may  pc:libswscale     libswscale-dev
build may  pc:libmicrohttpd  libmicrohttpd-dev
build may  file:/usr/share/javascript/dygraphs/dygraph.min.js  libjs-dygraphs
build may  pip               python3-pip
build must pc:cmocka         libcmocka-dev
test  may  cmd:c++           g++
test  may  python            python3-dev
test  may  venv              python3-venv
python must python           python3-dev
python must venv             python3-venv
test  may  cmd:dasm          dasm
test  may  cmd:ffprobe       ffmpeg
test  may  cmd:tmux          tmux
test  may  cmd:Xvfb          xvfb
test  may  cmd:xauth         xauth
test  may  cmd:mpicc         libopenmpi-dev
test  may  cmd:mpirun        openmpi-bin
test  may  cmd:ip            iproute2
test  may  cmd:chromium      chromium
dev   must cmd:clang         clang
dev   must cmd:clang-format  clang-format
dev   must cmd:clang-tidy    clang-tidy
dev   may  cmd:shellcheck    shellcheck
dev   may  cmd:aarch64-linux-gnu-gcc  gcc-aarch64-linux-gnu
dev   may  file:/usr/aarch64-linux-gnu/include/stdio.h  libc6-dev-arm64-cross
dev   may  cmd:qemu-aarch64  qemu-user
docs  must cmd:doxygen       doxygen
coverage must cmd:gcovr      gcovr
compare  must venv           python3-venv
'

in_group() {
    case $group-$1 in
    build-build | test-build | python-build | test-test | dev-build | dev-test | dev-dev) true ;;
    *) [ "$group" = "$1" ] ;;
    esac
}

is_there() {
    case $1 in
    cmd:*) command -v "${1#cmd:}" ;;
    pc:*) pkg-config --exists "${1#pc:}" ;;
    file:*) test -e "${1#file:}" ;;
    header:*) echo "#include <${1#header:}>" | cc -E - ;;
    python) python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' ;;
    venv) python3 -c "import ensurepip, venv" ;;
    pip) python3 -m pip --version || /usr/bin/python3 -m pip --version ;;
    esac >/dev/null 2>&1
}

# missing must|may: the packages of this kind that are not there.
missing() {
    echo "$list" | while read -r of need how package; do
        if [ -n "$of" ] && [ "$need" = "$1" ] && in_group "$of" && ! is_there "$how"; then
            echo "$package"
        fi
    done | tr '\n' ' '
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

install() {
    echo "setup: installing $*"
    as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

must=$(missing must)
may=$(missing may)
[ -n "$must$may" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup: no apt-get here: install what Debian calls: $must$may" >&2
elif [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: no sudo here: as root, apt-get install $must$may" >&2
else
    as_root apt-get update -qq || echo "setup: apt-get update failed: going on with what is known" >&2
    # shellcheck disable=SC2086  # words, one package each
    install $must $may || { [ -z "$must" ] || install $must; } || true
fi

must=$(missing must)
may=$(missing may)
[ -z "$may" ] || echo "setup: going on without $may" >&2
if [ -n "$must" ]; then
    echo "setup: still missing: $must" >&2
    exit 1
fi
