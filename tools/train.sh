#!/bin/sh
# What `make train` runs once deepq is built: tools/train.sh DEEPQ [OPTIONS of deepq train]
# Without the Pong ROM and a network to get it from, the embedded Pong is trained on instead.
set -eu
deepq=$1
shift

env_is_chosen=no
for option in "$@"; do
    case $option in
    --env | --env=* | -e | --resume | --resume=* | --help | -h) env_is_chosen=yes ;;
    esac
done

if ! tools/roms.sh "$deepq" && [ "$env_is_chosen" = no ] &&
    "$deepq" envs 2>/dev/null | grep -q 'deepq/Pong-v0'; then
    echo "train: playing deepq/Pong-v0, the Pong that comes with deepq"
    set -- --env deepq/Pong-v0 "$@"
fi
exec "$deepq" train "$@"
