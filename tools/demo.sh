#!/bin/sh
# What `make demo` runs once deepq is built: tools/demo.sh DEEPQ [OPTIONS of deepq play]
# Without the Pong ROM and a network to get it from, our own Pong is shown, played at random.
set -eu
deepq=$1
shift
if tools/roms.sh "$deepq"; then
    exec "$deepq" play "$@"
fi
echo "demo: deepq/Pong-v0, the Pong that comes with deepq, played at random"
exec "$deepq" play --random "$@"
