#!/bin/sh
# What `make train` runs once deepq is built: tools/train.sh DEEPQ [OPTIONS of deepq train]
# Without the Pong ROM and a network to get it from, the embedded Pong is trained on instead.
set -eu
deepq=$1
shift

env_is_chosen=no
needs_rom=yes
before=
for option in "$@"; do
    case $before in
    --env | -e) option=--env=$option ;;
    esac
    case $option in
    --env | --env=* | -e | --resume | --resume=* | --help | -h) env_is_chosen=yes ;;
    esac
    case $option in
    --env=deepq/* | --help | -h) needs_rom=no ;;
    esac
    before=$option
done

if [ "$needs_rom" = yes ] && ! tools/roms.sh "$deepq" && [ "$env_is_chosen" = no ] &&
    "$deepq" envs 2>/dev/null | grep -q 'deepq/Pong-v0'; then
    echo "train: playing deepq/Pong-v0, the Pong that comes with deepq"
    set -- --env deepq/Pong-v0 "$@"
fi
exec "$deepq" train "$@"
