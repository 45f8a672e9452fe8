#!/bin/sh
# The Python package: tools/python.sh venv BUILD | test BUILD [PATTERN]
#   venv  a virtual environment in BUILD/venv with what the package needs to run
#   test  build the package as `pip install .` does, into that environment, and run its tests there
# Packages come from wherever pip is set up to get them.
set -eu
what=$1
build=$2
pattern=${3:-test_*.py}
venv=$build/venv
python=$venv/bin/python

make_venv() {
    if "$python" -c "import numpy, gymnasium" 2>/dev/null; then
        return
    fi
    echo "python: getting numpy and gymnasium into $venv"
    python3 -m venv "$venv"
    "$python" -m pip install --quiet --disable-pip-version-check "numpy>=1.26" "gymnasium>=1.1"
}

case $what in
venv)
    make_venv || echo "python: no numpy or gymnasium: going on without the tests of the package" >&2
    ;;
test)
    make_venv
    "$python" -m pip install --quiet --disable-pip-version-check .
    cd python/tests
    "../../$python" -B -m unittest discover -p "$pattern"
    ;;
*)
    echo "usage: tools/python.sh venv BUILD | test BUILD [PATTERN]" >&2
    exit 2
    ;;
esac
