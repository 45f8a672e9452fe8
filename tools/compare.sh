#!/bin/sh
# How fast we and ale-py are, measured in turn: tools/compare.sh BUILD [OPTIONS of bench/compare.py]
# The peers come from PyPI into BUILD/peers. With `--what learn` and the like PyTorch is compared too, once
# it is there: BUILD/peers/bin/pip install torch.
set -eu
build=$1
shift
peers=$build/peers

if ! [ -f "$peers/.installed" ]; then
    tools/setup.sh compare
    echo "compare: installing ale-py, gymnasium and opencv in $peers"
    python3 -m venv "$peers"
    if ! "$peers/bin/pip" install --quiet --disable-pip-version-check --retries 1 \
        ale-py==0.12.1 gymnasium==1.4.0 numpy opencv-python-headless; then
        echo "compare: the peers cannot be installed (no network?)" >&2
        exit 1
    fi
    touch "$peers/.installed"
fi
tools/roms.sh "$build/bin/deepq"
case " $* " in
*" --what "*) ;;
*) set -- --what emulator --what env "$@" ;;
esac
exec "$peers/bin/python" bench/compare.py --deepq "$build/bin/deepq" "$@"
