"""What the end-to-end tests share: running the program, and reporting to CTest."""

import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

DEEPQ = os.path.abspath(os.environ.get("DEEPQ", "build/bin/deepq"))
DATA = pathlib.Path(os.environ.get("DEEPQ_TEST_DATA", "tests/data"))
OWN_PONG = "deepq/Pong-v0"  # comes with deepq, so it needs no ROM
OWN_BRICKS = "deepq/Bricks-v0"  # the same; it has lives
PONG = "PongNoFrameskip-v4"
# A sanitizer takes memory of its own, and more room for addresses than any limit gives.
SANITIZED = any(word in pathlib.Path(DEEPQ).read_bytes() for word in (b"__asan_init", b"__tsan_init"))

# A background job, nohup and some CI ignore SIGINT or SIGHUP, and what they start inherits that. The
# deepq that is tested has them as a terminal's would.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def run(*arguments, env=None, timeout=1200, **options):
    """Run deepq to its end; standard output and error are text."""
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([DEEPQ, *map(str, arguments)], stderr=subprocess.PIPE, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})}, **options)


def has_rom(game):
    return any(line.split()[:2] == [game, "yes"] for line in run("roms", "list").stdout.splitlines())


def has_pong():
    return has_rom("pong")


def open_terminal(case):
    """A pseudo-terminal: its two ends. The test is skipped where there are none."""
    try:
        return pty.openpty()
    except OSError as e:
        case.skipTest(f"no pseudo-terminals here: {e}")


class Case(unittest.TestCase):
    """A test with a folder of its own that is gone afterwards."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def start(self, *arguments, **options):
        """Start deepq; whatever becomes of the test, it is not left behind."""
        deepq = subprocess.Popen([DEEPQ, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, **options)

        def end():
            deepq.kill()
            deepq.wait()
            deepq.stdout.close()
            deepq.stderr.close()

        self.addCleanup(end)
        return deepq

    def small_disk(self, size):
        """A file system of this size, as mount says it, until the test is over. Mounting needs root."""
        disk = self.dir / "small"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
                                 stderr=subprocess.DEVNULL)
        if mounted.returncode:
            self.skipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk])
        return disk

    def check(self, done, status, *words):
        """Exit status, and for failures one line on standard error that has the words."""
        self.assertEqual(done.returncode, status, f"{done.args}: {done.stderr}")
        if status:
            lines = done.stderr.splitlines()
            self.assertEqual(len(lines), 1, f"{done.args}: {done.stderr}")
            self.assertTrue(lines[0].startswith("deepq: "), lines[0])
        for word in words:
            self.assertIn(word, done.stderr if status else done.stdout)
        return done


def main():
    """Run the tests of the calling file; say what was skipped the way tools/test.sh reads it."""
    result = unittest.main(module="__main__", exit=False, verbosity=1).result
    for test, reason in result.skipped:
        print(f"SKIP: {test.id().split('.')[-1]}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
