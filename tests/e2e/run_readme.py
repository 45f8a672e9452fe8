"""What the README shows of C is a program: it compiles, runs and prints."""

import os
import re
import shlex
import subprocess
import sys
import unittest

from program import DATA, DEEPQ, Case, main

ROOT = DATA.resolve().parents[1]
LIBRARY = os.environ.get("DEEPQ_LIBRARY", "build/src/libdeepq.so")
COMPILE = [os.environ.get("DEEPQ_CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror",
           *shlex.split(os.environ.get("DEEPQ_CFLAGS", ""))]


def snippets(name):
    return re.findall(r"^```c\n(.*?)^```$", (ROOT / name).read_text(), flags=re.M | re.S)


class Readme(Case):
    def test_the_program_compiles_runs_and_prints(self):
        (program,) = snippets("README.md")
        self.assertLessEqual(len([line for line in program.splitlines() if line.strip()]), 15)
        source, out = self.dir / "prog.c", self.dir / "prog"
        source.write_text(program)
        folder = os.path.dirname(os.path.abspath(LIBRARY))
        subprocess.run([*COMPILE, source, f"-I{ROOT}/include", f"-L{folder}", "-ldeepq",
                        f"-Wl,-rpath,{folder}", "-o", out], check=True)
        done = subprocess.run([out], capture_output=True, text=True, timeout=500, cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        self.assertGreaterEqual(len(lines), 3)
        for n, line in enumerate(lines, 1):
            self.assertRegex(line, rf"^frame \d+: game {n}, reward -?\d+$")

    def test_the_translation_has_the_same(self):
        self.assertEqual(snippets("README.ko.md"), snippets("README.md"))

    def test_the_picture_is_small(self):
        for name in ("README.md", "README.ko.md"):
            for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / name).read_text()):
                if "://" not in path:
                    self.assertLess((ROOT / path).stat().st_size, 1_000_000, path)


class Pages(Case):
    """What is made from the program's tables is as the program says."""

    def made(self, tool):
        return subprocess.run([sys.executable, "-B", ROOT / "tools" / tool, DEEPQ], check=True,
                              capture_output=True, text=True).stdout

    def test_the_hyperparameters(self):
        self.assertEqual((ROOT / "docs/hyperparameters.md").read_text(), self.made("make_hyperparameters.py"))

    def test_the_dialects(self):
        self.assertIn("\n" + self.made("make_dialects.py") + "\n", (ROOT / "docs/environments.md").read_text())


main()
