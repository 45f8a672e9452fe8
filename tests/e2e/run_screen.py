"""What a person sees while a run trains, through a real terminal: tmux."""

import os
import re
import shutil
import subprocess
import time
import unittest

from program import DEEPQ, OWN_PONG, Case, main

SECONDS = int(os.environ.get("DEEPQ_SCREEN_SECONDS", "300"))
LINE = re.compile(r"\d+: done \d+ games, reward -?[\d.]+, eps [\d.]+, speed [\d.]+ f/s|Best reward updated .*")


@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class Screen(Case):
    def tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self.dir / "socket", "-f", "/dev/null", *map(str, arguments)],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def open(self, columns, lines, *arguments):
        words = [DEEPQ, "train", "--env", "CartPole-v1", "--preset", "cartpole", "--frames", "1000000000",
                 "--out", str(self.dir / "run"), *arguments]
        self.addCleanup(subprocess.run, ["tmux", "-S", self.dir / "socket", "kill-server"], capture_output=True)
        self.tmux("new-session", "-d", "-x", columns, "-y", lines, *words, ";", "set", "-g", "remain-on-exit", "on")

    def seen(self, is_wanted):
        """The lines of the screen, once they are what is waited for."""
        for _ in range(SECONDS * 10):
            lines = self.tmux("capture-pane", "-p").rstrip("\n").split("\n")
            if is_wanted(lines):
                return lines
            time.sleep(0.1)
        self.fail("\n".join(lines))

    def screen(self, n):
        """The lines of a screen that ends with n live ones, of which the first has a bar."""
        return self.seen(lambda lines: len(lines) >= n + 4 and lines[-n].startswith("[") and "left" in lines[-n]
                         and "games" in lines[-n + 2] and lines[-n + 1].startswith("reward ") and "loss" in lines[-n + 2])

    def assert_book_lines(self, lines):
        for line in lines:
            self.assertRegex(line, f"^({LINE.pattern})$")

    def test_80x24(self):
        self.open(80, 24)
        lines = self.screen(5)
        self.assertRegex(lines[-5], r"^\[[#.]{20}\]   0 %  left \d+:\d\d:\d\d  frame [\d,]+ of 1,000,000,000")
        self.assertRegex(lines[-4], r"^reward \d+\.\d\d  last \d+  best \d+\.\d\d  [▁▂▃▄▅▆▇█]+$")
        self.assertRegex(lines[-3], r"^eps [01]\.\d\d  games \d+  loss [\d.e+-]+  Q ")
        self.assertRegex(lines[-2], r"^play \d+ %  act \d+ %  sample \d+ %  target \d+ %  update \d+ %  other \d+ %$")
        self.assertRegex(lines[-1], r"^replay \d+ %  memory \d+ MB")
        self.assert_book_lines(lines[-9:-5])

    def test_40x10_has_three_lines(self):
        self.open(40, 10)
        lines = self.screen(3)
        self.assertRegex(lines[-3], r"^\[[#.]{10}\]   0 %  left \d+:\d\d:\d\d")
        self.assertTrue(all(len(line) < 40 for line in lines[-3:]), lines)

    def test_200x50(self):
        self.open(200, 50)
        lines = self.screen(5)
        self.assertIn("updates ", lines[-3])
        self.assertIn("rate ", lines[-3])
        self.assert_book_lines(lines[-9:-5])

    def test_a_window_that_becomes_smaller_and_larger(self):
        self.open(100, 30)
        self.screen(5)
        for columns, n in ((50, 5), (120, 5), (45, 5)):
            self.tmux("resize-window", "-x", columns, "-y", 30)
            self.seen(lambda lines: all(len(line) <= columns for line in lines))
            for _ in range(3):  # whatever was drawn before is gone from between the lines of the games
                lines = self.screen(n)
                self.assertEqual(sum(line.startswith("[") for line in lines), 1, lines)
                time.sleep(0.3)

    def test_one_line_where_there_is_no_room(self):
        self.open(80, 5)
        self.seen(lambda lines: lines[-1].startswith("frame ") and "games" in lines[-1])

    def test_ctrl_c_leaves_the_lines_of_the_games(self):
        self.open(80, 24)
        self.screen(5)
        self.tmux("send-keys", "C-c")
        lines = self.seen(lambda lines: any("saved: continue with" in line for line in lines))
        self.assertFalse(any(line.startswith(("[", "eps ", "replay ")) for line in lines), lines)

    def test_no_curve_of_blocks_where_letters_are_ascii(self):
        self.open(80, 24, "--env", OWN_PONG)
        self.tmux("kill-server")
        socket = self.dir / "ascii"
        subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
                        f"LC_ALL=C {DEEPQ} train --env CartPole-v1 --preset cartpole --out {self.dir / 'other'}"],
                       check=True)
        self.addCleanup(subprocess.run, ["tmux", "-S", socket, "kill-server"], capture_output=True)
        for _ in range(SECONDS * 10):
            text = subprocess.run(["tmux", "-S", socket, "capture-pane", "-p"], capture_output=True, text=True).stdout
            curve = re.search(r"^reward \d.*best \d+\.\d\d  (.+)$", text, re.M)
            if curve:
                break
            time.sleep(0.1)
        self.assertRegex(curve[1], r"^[_.,=+*#-]+$")


if __name__ == "__main__":
    main()
