"""Every public header compiles alone, as C11 and, where there is a C++ compiler, as C++17.

Usage: check_headers.py CC
"""

import shutil
import subprocess
import sys

from repo_files import ROOT, finish

FLAGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT / 'include'}"]


def compile_alone(command, header):
    source = f'#include "deepq/{header.name}"\n#include "deepq/{header.name}"\n'
    done = subprocess.run([*command, *FLAGS, "-"], input=source, capture_output=True, text=True)
    return [] if done.returncode == 0 else [f"{header.name} as {command[2]}:\n{done.stderr}"]


commands = [[sys.argv[1], "-std=c11", "-xc"]]
if shutil.which("c++"):
    commands.append(["c++", "-std=c++17", "-xc++"])
else:
    print("SKIP: no C++ compiler: the headers are tried as C only")
headers = sorted((ROOT / "include/deepq").glob("*.h"))
assert headers
finish([p for command in commands for header in headers for p in compile_alone(command, header)])
