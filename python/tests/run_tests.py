"""Run the tests of the Python package on the extension in a build folder: run_tests.py FOLDER PYTHON

FOLDER holds the package, PYTHON has numpy and gymnasium (tools/python.sh makes one). Without them the
tests are skipped."""

import os
import pathlib
import subprocess
import sys

folder, python = map(os.path.abspath, sys.argv[1:3])
for candidate in (python, sys.executable):
    has = [candidate, "-c", "import gymnasium, numpy"]
    if pathlib.Path(candidate).exists() and not subprocess.run(has, capture_output=True).returncode:
        break
else:
    print("SKIP: the Python package: no numpy and gymnasium: `tools/python.sh venv build` gets them")
    raise SystemExit(77)
env = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
if "DEEPQ_PRELOAD" in env:  # of a sanitizer, for the interpreter alone
    env["LD_PRELOAD"] = env.pop("DEEPQ_PRELOAD")
tests = pathlib.Path(__file__).parent
raise SystemExit(subprocess.run([candidate, "-B", "-m", "unittest", "discover", "-s", tests], env=env,
                                cwd=tests).returncode)
