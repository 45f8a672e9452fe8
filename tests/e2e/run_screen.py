"""What a person sees while a run trains, through a real terminal: tmux."""

import os
import re
import shutil
import subprocess
import time
import unittest

from program import DEEPQ, OWN_PONG, Case, main, run

SECONDS = int(os.environ.get("DEEPQ_SCREEN_SECONDS", "300"))
LINE = re.compile(r"\d+: done \d+ games, reward -?[\d.]+, eps [\d.]+, speed [\d.]+ f/s|Best reward updated .*")


@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class Terminal(Case):
    def tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self.dir / "socket", "-f", "/dev/null", *map(str, arguments)],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def open(self, columns, lines, *arguments, env=()):
        words = ["env", *env, DEEPQ, "train", "--env", "CartPole-v1", "--preset", "cartpole", "--frames", "1000000000",
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

    def becomes(self, check):
        """The lines of the screen, once they pass what they are checked for: a picture may be drawn in two parts."""
        for left in reversed(range(SECONDS * 10)):
            lines = self.tmux("capture-pane", "-p").rstrip("\n").split("\n")
            try:
                check(lines)
                return lines
            except AssertionError:
                if not left:
                    raise
            time.sleep(0.1)

    def screen(self, n):
        """The lines of a screen that ends with n live ones, of which the first has a bar."""
        return self.seen(lambda lines: len(lines) >= n + 4 and lines[-n].startswith("[") and "left" in lines[-n]
                         and "games" in lines[-n + 2] and lines[-n + 1].startswith("reward ") and "loss" in lines[-n + 2])

    def assert_book_lines(self, lines):
        for line in lines:
            self.assertRegex(line, f"^({LINE.pattern})$")


class Screen(Terminal):
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


class Watch(Terminal):
    """train --watch: the game above the lines. Its field is (144, 72, 17) on the outside of the walls."""

    ACTIONS = ["NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"]
    HALF = ["--set", "epsilon_start=0.5", "--set", "epsilon_final=0.5"]  # of the actions at random

    def watch(self, columns, lines, *arguments, env=()):
        plain = ["NO_COLOR=", "COLORTERM=", "TERM=xterm-256color", "LC_ALL=C.UTF-8"]
        self.open(columns, lines, "--env", OWN_PONG, "--preset", "book", *self.HALF, "--watch", *arguments,
                  env=[*plain, *env])

    def game(self, lines):
        """The rows of the game on a screen, where the five lines follow."""
        begin = next((i for i, line in enumerate(lines) if line[:1] in "▀█" and line), len(lines))
        end = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
        return lines[begin:end]

    def shown(self, rows, columns):
        def check(lines):
            game = self.game(lines)
            self.assertEqual(len(game), rows, lines)
            self.assertTrue(len(lines) >= rows + 5 and lines[-5].startswith("["), lines)
            for row in game:
                self.assertTrue(row[:columns] == "▀" * columns and row[columns:columns + 1] != "▀", lines)
            self.assertFalse(any("▀" in line for line in lines if line not in game), lines)
            for row, action in zip(game, self.ACTIONS):
                self.assertRegex(row[columns:], rf"^  [ >?] {action}\b")

        self.becomes(check)

    def colours(self):
        return set(re.findall(r"\x1b\[([\d;]+)m", self.tmux("capture-pane", "-p", "-e")))

    def test_80x24(self):
        self.watch(80, 24, env=["COLORTERM=truecolor"])
        self.shown(15, 40)
        wanted = {"38;2;144;72;17", "48;2;144;72;17", "38;2;236;236;236"}
        self.becomes(lambda _: self.assertLessEqual(
            wanted, {part for colour in self.colours() for part in re.findall(r"[34]8;2;\d+;\d+;\d+", colour)}))

    def test_200x50(self):
        self.watch(200, 50)
        self.shown(35, 93)
        wanted = {"38;5;94", "48;5;94"}  # (135, 95, 0)
        self.becomes(lambda _: self.assertLessEqual(
            wanted, {part for colour in self.colours() for part in re.findall(r"[34]8;5;\d+", colour)}))

    def test_40x10_has_three_lines(self):
        self.watch(40, 10)
        lines = self.seen(lambda lines: len(lines) == 10 and lines[-3].startswith("["))
        self.assertTrue(lines[-1].startswith("eps "), lines)
        self.assertNotRegex("\n".join(lines), "[▀█]")

    def test_fewer_than_18_lines(self):
        self.watch(80, 17)
        lines = self.seen(lambda lines: len(lines) >= 9 and lines[-3].startswith("["))
        self.assertNotRegex("\n".join(lines), "[▀█]")

    def test_ascii(self):
        self.watch(80, 24, env=["LC_ALL=C", "COLORTERM=truecolor"])
        lines = self.seen(lambda lines: any(re.match(r".{40}  [ >?] \w+ .*#{10}", line) for line in lines))
        self.assertEqual(self.colours(), set())
        self.assertTrue("\n".join(lines).isascii(), lines)

    def test_sixteen_colours(self):
        self.watch(80, 24, env=["TERM=screen"])
        self.shown(15, 40)
        colours = {int(n) for colour in self.colours() for n in colour.split(";")}
        self.assertTrue(colours <= {0, *range(30, 40), *range(40, 50), *range(90, 98), *range(100, 108)}, colours)
        self.assertLess(4, len(colours - {39, 49}))

    def test_no_color(self):
        self.watch(80, 24, env=["NO_COLOR=1", "COLORTERM=truecolor"])
        lines = self.seen(lambda lines: any("  > RIGHT" in line or "  ? RIGHT" in line for line in lines))
        self.assertEqual(self.colours(), set())
        row = next(line for line in lines if " LEFTFIRE " in line)
        self.assertRegex(row[:40], r"^[ .:=+*#%@-]{40}$")
        self.assertIn("--", row[:40])  # the field's luma, 87 of 255

    def test_values(self):
        self.watch(200, 50)
        found = []

        def has_bars(lines):
            rows = [row[93:] for row in self.game(lines)[:6]]
            found[:] = [re.fullmatch(r"  ([ >?]) (\w+) +(-?[\d.e-]+) ?(█*[▏▎▍▌▋▊▉]?)", row.rstrip()) for row in rows]
            return len(found) == 6 and all(found) and any(m[1] == ">" for m in found)

        for _ in range(8):
            self.seen(has_bars)
            chosen = next(m for m in found if m[1] == ">")
            values = {m[2]: float(m[3]) for m in found}
            self.assertEqual(values[chosen[2]], max(values.values()))
            self.assertEqual(chosen[4], "█" * 24)
            least = min(values.values())
            for m in found:
                part = (values[m[2]] - least) / (values[chosen[2]] - least)
                self.assertAlmostEqual(len(m[4]), 24 * part, delta=1.5)
            time.sleep(0.2)
        self.seen(lambda lines: any(row[93:].startswith("  ? ") for row in self.game(lines)))

    def test_a_window_that_becomes_smaller_and_larger(self):
        self.watch(100, 30)
        self.shown(19, 50)
        for columns, lines, rows, wide in ((80, 24, 15, 40), (50, 30, 11, 29), (120, 40, 27, 72)):
            self.tmux("resize-window", "-x", columns, "-y", lines)
            for _ in range(3):
                self.shown(rows, wide)
                time.sleep(0.2)

    def test_no_picture(self):
        self.open(80, 24, "--watch")
        bars = [rf"^[ >?] Push {side} +-?[\d.e-]+ ?█*[▏▎▍▌▋▊▉]?" for side in ("left", "right")]
        # The first actions are random, and have no values.
        lines = self.seen(lambda lines: len(lines) >= 12 and all(map(re.match, bars, lines[-7:-5])))
        self.assertTrue({lines[-7][0], lines[-6][0]} & {">", "?"}, lines)
        self.assert_book_lines(lines[-9:-7])

    def test_a_run_is_the_same_when_watched(self):
        short = ["--env", OWN_PONG, "--frames", "1500", "--set", "replay_start=1400"]
        self.watch(80, 24, *short)
        self.seen(lambda lines: self.tmux("display-message", "-p", "#{pane_dead}") == "1\n")
        self.check(run("train", *self.HALF, *short, "--out", self.dir / "other"), 0)
        for name in ("actions", "checkpoint/state"):
            self.assertEqual(*((self.dir / out / name).read_bytes() for out in ("run", "other")))

    def test_elsewhere(self):
        short = ["--env", "CartPole-v1", "--preset", "cartpole", "--set", "replay_start=100", "--frames", "100", "--watch"]
        for flag in ("--plain", "--json"):
            self.check(run("train", *short, flag), 2, "--watch", flag)
        done = run("train", *short, "--out", self.dir / "run")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "deepq: --watch: standard output is not a terminal: the game is not drawn\n")
        self.assertNotIn("\x1b", done.stdout)


if __name__ == "__main__":
    main()
