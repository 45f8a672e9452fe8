#!/bin/sh
# Install into a temporary prefix, then build and run the examples on it in every way the README
# promises: check_install.sh SOURCE BUILD CC [FLAGS]; FLAGS are what an instrumented library asks for.
set -eu
source=$1
build=$2
cc=$3
flags=${4:-}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cmake --install "$build" --prefix "$dir/usr" >/dev/null
lib=$(dirname "$(find "$dir/usr" -name 'libdeepq.a')")
export PKG_CONFIG_PATH="$lib/pkgconfig"

say() { echo "-- $*"; }
# A ROM may be missing: then an example says so and ends with 77.
run() { "$@" || [ $? = 77 ]; }

say "the program"
"$dir/usr/bin/deepq" --version

# shellcheck disable=SC2046,SC2086  # flags are words
{
    say "pkg-config, shared"
    $cc -std=c11 $flags -o "$dir/catch" "$source/examples/catch.c" \
        $(pkg-config --cflags --libs deepq)
    LD_LIBRARY_PATH=$lib "$dir/catch"

    say "pkg-config, static"
    mkdir "$dir/shared" && mv "$lib"/libdeepq.so* "$dir/shared"
    $cc -std=c11 $flags -o "$dir/pong_frames" "$source/examples/pong_frames.c" \
        $(pkg-config --cflags --static --libs deepq)
    run "$dir/pong_frames"
    mv "$dir/shared"/* "$lib"
}

say "CMake, shared"
cmake -S "$source/examples" -B "$dir/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_PREFIX_PATH="$dir/usr" >/dev/null
cmake --build "$dir/build" >/dev/null
run "$dir/build/pong_frames" pong 1
"$dir/build/gambler"
"$dir/build/own_world"
run "$dir/build/many_games"
"$dir/build/play_model" "$source/data/models/pong.dat"

say "CMake, static"
mkdir "$dir/static"
cat >"$dir/static/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.20)
project(static_user LANGUAGES C)
find_package(deepq 0.1 REQUIRED COMPONENTS static)
add_executable(user $source/examples/pong_frames.c)
target_link_libraries(user PRIVATE deepq::static)
END
cmake -S "$dir/static" -B "$dir/static/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$flags" \
    -DCMAKE_PREFIX_PATH="$dir/usr" >/dev/null
cmake --build "$dir/static/build" >/dev/null
run "$dir/static/build/user" pong 1
