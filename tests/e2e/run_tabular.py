"""deepq tabular: the book's lines, distributions, maps, files, and bad input."""

import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

from program import DATA, DEEPQ, Case, main, open_terminal, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
from kolmogorov import ks_test  # noqa: E402

BEST = re.compile(r"Best reward updated (\d\.\d{3}) -> (\d\.\d{3})")
SOLVED = re.compile(r"Solved in (\d+) iterations!")


class Tabular(Case):
    def tabular(self, *args, status=0, words=()):
        return self.check(run("tabular", *args, cwd=self.dir), status, *words)

    def json_lines(self, *args):
        return [json.loads(line) for line in self.tabular(*args, "--json").stdout.splitlines()]

    def book_lines(self, *args):
        """What was printed, checked: nothing but the book's lines, rising, the last one solved."""
        lines = self.tabular(*args).stdout.splitlines()
        best = "0.000"
        for line in lines[:-1]:
            before, after = BEST.fullmatch(line).groups()
            self.assertEqual(before, best)
            self.assertGreater(float(after), float(before))
            best = after
        self.assertGreater(float(best), 0.8)
        return int(SOLVED.fullmatch(lines[-1]).group(1))


class Book(Tabular):
    def test_the_three_methods_print_the_books_lines(self):
        n = self.book_lines("q-learning", "--seed", 1)
        self.assertEqual(n, self.book_lines("q-learning", "--seed", 1))
        self.assertNotEqual(n, self.book_lines("q-learning", "--seed", 2))
        for method in "value-iteration", "q-iteration":
            self.assertLess(self.book_lines(method, "--seed", 1), 1000)
        for env in "FrozenLake-v0", "FrozenLake-v1":
            self.assertEqual(n, self.book_lines("q-learning", "--seed", 1, "--env", env))

    def test_events_go_where_the_book_puts_them(self):
        for method, comment in (("value-iteration", "-v-iteration"), ("q-iteration", "-q-iteration"),
                                ("q-learning", "-q-learning")):
            self.tabular(method, "--max-iterations", 5)
            found = [d for d in (self.dir / "runs").iterdir() if d.name.endswith(comment)]
            self.assertEqual(len(found), 1)
            data = next(found[0].iterdir()).read_bytes()
            self.assertGreaterEqual(data.count(b"reward"), 5)
        self.tabular("q-learning", "--max-iterations", 5, "--logdir", self.dir / "mine")
        self.assertTrue(next((self.dir / "mine").iterdir()).name.startswith("events.out.tfevents"))

    def test_no_log_leaves_nothing(self):
        self.book_lines("q-iteration", "--no-log")
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_stepping_the_environment_is_the_same_run(self):
        n = self.book_lines("q-learning", "--seed", 4, "--no-log")
        self.assertEqual(n, self.book_lines("q-learning", "--seed", 4, "--no-log", "--step-env"))


class Truth(Tabular):
    def test_iterations_are_distributed_as_in_python(self):
        with open(DATA / "tabular" / "python_runs.csv") as f:
            python = [int(row["iterations"]) for row in csv.DictReader(
                line for line in f if not line.startswith("#"))]
        self.assertGreaterEqual(len(python), 50)
        seeds = self.json_lines("q-learning", "--seeds", 200, "--seed", 1)
        ours = [s["iterations"] for s in seeds if s["event"] == "seed"]
        self.assertEqual(len(ours), 200)
        d, p = ks_test(python, ours)
        print(f"Kolmogorov-Smirnov: {len(python)} against {len(ours)} runs, D {d:.4f}, p {p:.3f}")
        self.assertGreater(p, 0.01)
        self.assertLess(ks_test(python, [1.5 * n for n in ours])[1], 0.01)  # so the test can fail

    def test_seeds_are_the_runs_one_by_one_for_any_number_of_threads(self):
        one = self.json_lines("q-learning", "--seeds", 6, "--seed", 10, "--threads", 1)
        two = self.json_lines("q-learning", "--seeds", 6, "--seed", 10, "--threads", 2)
        self.assertEqual(one[:-1], two[:-1])
        self.assertEqual(one[2]["iterations"], self.book_lines("q-learning", "--seed", 12))
        stepped = self.json_lines("q-learning", "--seeds", 6, "--seed", 10, "--step-env")
        self.assertEqual(one[:-1], stepped[:-1])
        summary = one[-1]
        counts = sorted(s["iterations"] for s in one[:-1])
        self.assertEqual((summary["event"], summary["solved"]), ("summary", 6))
        self.assertEqual(summary["iterations"][0], counts[0])
        self.assertEqual(summary["iterations"][2], (counts[2] + counts[3]) / 2)
        self.assertEqual(summary["iterations"][4], counts[5])

    def test_no_policy_wins_more_often_than_the_best(self):
        text = self.tabular("q-learning", "--seeds", 20).stdout
        self.assertIn("20 solved", text)
        self.assertIn("the best there is: 0.7442", text)
        self.assertIn("0 of 20 final policies win with a probability above 0.80", text)

    def test_the_known_model_gives_the_true_answer(self):
        result, = self.json_lines("value-iteration", "--model", "known")
        self.assertAlmostEqual(result["start_value"], 0.0689, 4)
        self.assertAlmostEqual(result["success"], 0.7298, 4)
        self.assertAlmostEqual(result["best_exact_reward"], 0.7442, 4)
        big, = self.json_lines("q-iteration", "--model", "known", "--env", "FrozenLake8x8-v1",
                               "--gamma", 0.99)
        self.assertAlmostEqual(big["success"], 0.8630, 4)
        self.assertAlmostEqual(big["best_exact_reward"], 0.9132, 4)

    def test_json_tells_the_table_and_its_worth(self):
        *best, result = self.json_lines("q-learning", "--seed", 1, "--no-log")
        self.assertTrue(all(b["event"] == "best" and b["reward"] > b["previous"] for b in best))
        self.assertEqual((result["event"], result["solved"], result["seed"]), ("result", True, 1))
        self.assertEqual((len(result["q"]), len(result["policy"])), (64, 16))
        for s, action in enumerate(result["policy"]):
            row = result["q"][4 * s:4 * s + 4]
            self.assertEqual(action, row.index(max(row)))
        self.assertTrue(0 < result["success"] < 0.7442)
        exact, = self.json_lines("q-iteration", "--model", "known")
        self.assertAlmostEqual(result["largest_difference"],
                               max(abs(a - b) for a, b in zip(result["q"], exact["q"])), 12)


class Options(Tabular):
    def test_other_targets_worlds_and_schedules(self):
        for target in "sarsa", "expected-sarsa", "double":
            self.book_lines("q-learning", "--target", target, "--epsilon", 0.5, "--steps", 100,
                            "--alpha-schedule", "visits", "--seed", 3)
        for target in "q-learning", "double":
            solved = self.json_lines("q-learning", "--env", "CliffWalking-v1", "--target", target,
                                     "--steps", 1000, "--no-log")[-1]
            self.assertEqual((solved["solved"], solved["exact_reward"]), (True, -13))
        taxi = self.json_lines("q-learning", "--env", "Taxi-v4", "--steps", 5000, "--epsilon", 0.3,
                               "--alpha", 0.5, "--gamma", 0.99, "--no-log")[-1]
        self.assertTrue(taxi["solved"] and taxi["exact_reward"] > 7)
        jack = self.json_lines("q-learning", "--env", "Blackjack-v1", "--max-iterations", 20,
                               "--steps", 1000, "--no-log")[-1]
        self.assertNotIn("exact_reward", jack)
        self.assertFalse(jack["solved"])
        self.tabular("value-iteration", "--env", "CliffWalkingSlippery-v1", "--model", "known",
                     words=["the best there is: -64.7092"])

    def test_interrupted(self):
        deepq = self.start("tabular", "q-learning", "--plain", "--no-log", "--reward-bound", "2")
        deepq.stdout.readline()  # it is learning: there is a first best reward
        deepq.send_signal(signal.SIGINT)
        error = deepq.communicate()[1]
        self.assertEqual(deepq.returncode, 130)
        self.assertRegex(error, r"^deepq: interrupted after \d+ iterations\n$")

    def test_unsolved_runs_say_so(self):
        self.tabular("q-learning", "--max-iterations", 3, "--no-log",
                     words=["Not solved in 3 iterations"])

    def test_maps_from_everywhere(self):
        rows = "SFFF\nFHFH\nFFFH\nHFFG\n"
        (self.dir / "lake.txt").write_text(rows)
        n = self.book_lines("q-learning", "--seed", 1)
        for given in "4x4", "lake.txt", rows.strip().replace("\n", ","):
            self.assertEqual(n, self.book_lines("q-learning", "--seed", 1, "--map", given))
        known = ["value-iteration", "--model", "known", "--no-slippery"]
        self.tabular(*known, "--map", "SFF,HFF,FFG", words=["with probability 1.0000"])
        self.tabular(*known, "--random-map", 6, "--map-seed", 3, words=["with probability 1.0000"])
        one = self.tabular(*known, "--random-map", 6, "--map-seed", 3).stdout
        self.assertNotEqual(one, self.tabular(*known, "--random-map", 6, "--map-seed", 4).stdout)
        self.tabular("value-iteration", "--model", "known", "--success-rate", 1,
                     words=["with probability 1.0000"])

    def test_a_map_is_shown(self):
        plain = {"LC_ALL": "C"}
        done = run("tabular", "q-iteration", "--show", "--no-log", cwd=self.dir, env=plain)
        text = self.check(done, 0, "learnt", "exact", "largest difference", "0.069").stdout
        self.assertIn("a test of 20 of its games", text)
        self.assertTrue(text.isascii())
        utf8 = run("tabular", "q-iteration", "--model", "known", env={"LC_ALL": "C.UTF-8"})
        self.assertRegex(utf8.stdout, "←  ?0.069")

    def test_an_episode_is_shown(self):
        text = self.tabular("q-iteration", "--render", "--no-log").stdout
        self.assertIn("\n\x1b[41mS\x1b[0mFFF\nFHFH\nFFFH\nHFFG\n  (", text)
        self.assertRegex(text.splitlines()[-1], r"Total reward: [01]\.00")

    def test_pictures_are_written(self):
        self.tabular("q-learning", "--plot", "curve.png", "--no-log", "--seed", 1)
        self.tabular("q-learning", "--plot", "share.png", "--seeds", 5)
        for name in "curve.png", "share.png":
            data = (self.dir / name).read_bytes()
            self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
            self.assertGreater(len(data), 1000)
        self.tabular("q-learning", "--plot", self.dir / "no" / "where.png", "--no-log", status=1)

    def test_a_terminal_gets_the_map_in_colour(self):
        master, slave = open_terminal(self)
        child = subprocess.Popen([DEEPQ, "tabular", "q-learning", "--seed", "1", "--no-log"],
                                 stdout=slave, cwd=self.dir)
        os.close(slave)
        text = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        os.close(master)
        self.assertEqual(child.wait(), 0)
        self.assertIn(b"Solved in", text)
        self.assertIn(b"\x1b[32m", text)
        self.assertIn(b"largest difference", text)


class BadInput(Tabular):
    def test_every_mistake_is_one_clear_line(self):
        q = "q-learning"
        cases = [
            (["qlearning"], "choose value-iteration, q-iteration or q-learning"),
            ([], "METHOD is missing"),
            ([q, "--map", "SFX,FFF,FFG"], "row 1, column 3: 'X'"),
            ([q, "--map", "FFF,FFG"], "no start"),
            ([q, "--map", "SFF,FFF"], "no goal"),
            ([q, "--map", "SFF,FG"], "row 2"),
            ([q, "--map", "4x4", "--random-map", 4], "choose one"),
            ([q, "--random-map", 8, "--frozen", 0], "freeze more"),
            ([q, "--map", "4x4", "--env", "Taxi-v4"], "options of FrozenLake"),
            ([q, "--rainy"], "option of Taxi"),
            ([q, "--success-rate", 0.5, "--no-slippery"], "needs slippery ice"),
            ([q, "--alpha", 0], "alpha 0"),
            ([q, "--alpha", 1.01], "alpha 1.01"),
            ([q, "--alpha", "nan"], "--alpha"),
            ([q, "--gamma", -0.1], "--gamma", "0 to 1"),
            ([q, "--gamma", 1.1], "--gamma", "0 to 1"),
            ([q, "--epsilon", 2], "--epsilon"),
            ([q, "--env", "PongNoFrameskip-v4"], "not a discrete environment"),
            ([q, "--env", "ALE/Pong-v5"], "not a discrete environment"),
            ([q, "--env", "CartPole-v1"], "not a discrete environment"),
            ([q, "--env", "Pendulum-v1"], "no environment 'Pendulum-v1'"),
            ([q, "--env", "FrozenLake-v2"], "did you mean FrozenLake-v1?"),
            ([q, "--target", "sarso"], "choose q-learning, sarsa, expected-sarsa or double"),
            ([q, "--alpha-schedule", "cosine"], "constant, linear or visits"),
            ([q, "--model", "known"], "needs no model"),
            ([q, "--seeds", 3, "--render"], "leave one out"),
            (["value-iteration", "--model", "known", "--env", "Blackjack-v1"], "does not implement it"),
            (["value-iteration", "--model", "guessed"], "learnt or known"),
        ]
        for args, *words in cases:
            self.tabular(*args, status=2, words=words)
        self.tabular(q, "--map", "no/such/file", status=1, words=["no/such/file"])
        (self.dir / "binary").write_bytes(b"SFF\0FFG")
        self.tabular(q, "--map", self.dir / "binary", status=2, words=["not a text file"])
        self.check(run("train", "--env", "FrozenLake-v1", cwd=self.dir), 2, "deepq tabular")
        self.assertEqual([p.name for p in self.dir.iterdir()], ["binary"])

    def test_the_worlds_are_listed(self):
        listed = self.check(run("envs"), 0).stdout.split()
        for env in ("FrozenLake-v0", "FrozenLake-v1", "FrozenLake8x8-v1", "CliffWalking-v1",
                    "CliffWalkingSlippery-v1", "Taxi-v4", "Blackjack-v1"):
            self.assertIn(env, listed)
        self.check(run("envs", "FrozenLake-v1"), 0, "states          16", "3 Up", "100 steps",
                   "0 to 1")


main()
