#!/bin/sh
# The moving picture of the README: twelve seconds of the model that comes with deepq.
#     tools/make_picture.sh DEEPQ docs/pong.gif
# Needs the Pong ROM and ffmpeg.
set -eu
deepq=$1
out=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$deepq" play --no-vis --record "$dir/video" >"$dir/log"
ffmpeg -v error -y -ss 8 -t 12 -i "$dir"/video/*.mp4 -vf "fps=25,scale=320:-1:flags=neighbor,split[a][b];\
[a]palettegen=max_colors=8:stats_mode=full[p];[b][p]paletteuse=dither=none" "$out"
ls -l "$out"
