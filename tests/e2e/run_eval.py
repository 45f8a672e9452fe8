"""deepq eval: protocols by name, games side by side, figures, and what it says of wrong input."""

import csv
import json
import pathlib
import random
import shutil
import signal
import statistics
import tempfile
import time

from program import OWN_BRICKS, Case, has_pong, main, run

POLICY = pathlib.Path(__file__).resolve().parents[2] / "data/models/pong.dat"
# conventions of the field: no-ops, sticky actions, cap, epsilon, games
PROTOCOLS = {"book": (0, 0, 0, 0.01, 100), "nature": (30, 0, 18000, 0.05, 30), "noop": (30, 0, 108000, 0.001, 200),
             "machado": (0, 0.25, 108000, 0.001, 100), "dqn_zoo": (30, 0, 108000, 0.05, 100),
             "atari100k": (30, 0, 108000, 0.001, 100)}


class Eval(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)

        def trained(name, *options):
            done = run("train", *options, "--frames", "300", "--out", cls.home / name)
            assert done.returncode == 0, done.stderr
            return cls.home / name

        small = ["--set", "network=small", "--set", "replay_start=200"]
        cls.bricks = trained("bricks", "--env", OWN_BRICKS, "--dialect", "dopamine", "--sticky", "0.25", *small)
        cls.cartpole = trained("cartpole", "--env", "CartPole-v1", "--preset", "cartpole")

    def result(self, *arguments):
        return json.loads(self.check(run("eval", *arguments, "--json"), 0).stdout)

    def test_side_by_side(self):
        """The same games however many at a time: sticky actions, no-ops, and a world without pictures."""
        for arguments in (["-m", self.bricks, "--last", "--noops", "30", "--cap", "1200"],
                          ["-m", self.cartpole, "--last", "--epsilon", "0.1"],
                          ["-m", self.bricks, "--last", "--protocol", "machado", "--cap", "1200"]):
            one, *others = ([self.result(*arguments, "--episodes", 7, "--envs", n) for n in (1, 2, 7, 30)])
            self.assertEqual(len(set(zip(one["rewards"], one["steps"]))) > 1, True, one)
            for other in others:
                self.assertEqual(one, other)
            seeded = self.result(*arguments, "--episodes", 7, "--seed", 1)
            self.assertNotEqual(one["steps"], seeded["steps"])
            more = self.result(*arguments, "--episodes", 9)
            self.assertEqual(one["rewards"], more["rewards"][:7])

    def test_protocols(self):
        few = ["--episodes", "2", "--cap", "400"]
        for name, (noops, sticky, cap, epsilon, games) in PROTOCOLS.items():
            short = self.result("-m", self.bricks, "--last", "--protocol", name, *few)
            self.assertEqual((short["protocol"], short["noops"], short["sticky"], short["epsilon"]),
                             (name, noops, sticky, epsilon))
            self.assertEqual((short["episodes"], short["cap"]), (2, 400))
            whole = self.result("-m", self.bricks, "--last", "--protocol", name, "--episodes", 1, "--epsilon", 1)
            self.assertEqual((whole["epsilon"], whole["cap"]), (1, cap))
        by_help = run("eval", "--help").stdout
        for name, (noops, sticky, cap, epsilon, games) in PROTOCOLS.items():
            after = by_help.split(f"\n  {name} ")[1].splitlines()[1].strip()
            self.assertEqual(after, f"no-ops {noops}, sticky actions {sticky:g}, epsilon {epsilon:g}, "
                                    f"{f'cap {cap}' if cap else 'no cap'}, {games} games")
        mine = self.result("-m", self.bricks, "--last", "--protocol", "nature", "--noops", 3, "--epsilon", 0.5, "--sticky", 0.1, *few)
        self.assertEqual((mine["noops"], mine["epsilon"], mine["sticky"]), (3, 0.5, 0.1))
        usual = self.result("-m", self.bricks, "--last", *few)
        self.assertEqual((usual["protocol"], usual["sticky"]), (None, 0.25))

    def test_a_protocol_says_how_many_games(self):
        whole = self.result("-m", self.bricks, "--last", "--protocol", "machado", "--cap", 40)
        self.assertEqual((whole["episodes"], set(whole["steps"])), (100, {10}))

    def test_figures(self):
        games = self.dir / "games.csv"
        r = self.result("-m", self.cartpole, "--last", "--episodes", 40, "--epsilon", 0.3, "--csv", games)
        rewards = r["rewards"]
        cut = sorted(rewards)[10:30]
        for key, value in (("mean", statistics.fmean(rewards)), ("sd", statistics.stdev(rewards)), ("min", min(rewards)),
                           ("max", max(rewards)), ("median", statistics.median(rewards)), ("iqm", statistics.fmean(cut))):
            self.assertAlmostEqual(r[key], value, places=6)
        with open(games, newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([(int(row["game"]), float(row["reward"]), int(row["steps"])) for row in rows],
                         list(zip(range(1, 41), rewards, r["steps"])))
        self.assertEqual(r["rewards"], r["steps"])  # CartPole gives 1 a step
        self.assertEqual(r["frames"], sum(r["steps"]))
        rng = random.Random(1)
        means = statistics.quantiles([statistics.fmean(rng.choices(rewards, k=40)) for _ in range(4000)], n=40)
        width = means[-1] - means[0]
        self.assertAlmostEqual(r["mean_interval"][0], means[0], delta=0.1 * width)
        self.assertAlmostEqual(r["mean_interval"][1], means[-1], delta=0.1 * width)
        self.assertTrue(r["iqm_interval"][0] < r["iqm"] < r["iqm_interval"][1])

    def test_markdown(self):
        done = self.check(run("eval", "-m", self.cartpole, "--last", "--episodes", 5, "--markdown"), 0)
        head, line, row, empty, protocol = done.stdout.splitlines()
        self.assertEqual(len({text.count("|") for text in (head, line, row)}), 1)
        self.assertTrue(row.startswith("| CartPole-v1 | 5 | "), row)

    def test_published_scores(self):
        if not has_pong():
            self.skipTest("no Pong ROM")
        done = self.check(run("eval", "-m", POLICY, "--episodes", 1, "--cap", 400), 0)
        self.assertIn("published: DQN (Nature) 18.9, Double DQN 20.9,", done.stdout)
        r = self.result("-m", POLICY, "--episodes", 1, "--cap", 400)
        self.assertEqual((r["published"]["dqn_nature"], r["published"]["rainbow"]), (18.9, 20.9))

    def test_interrupted(self):
        """The games until then are told, in order."""
        arguments = ["-m", self.bricks, "--last", "--episodes", 100000, "--cap", 400, "--json"]
        eval_ = self.start("eval", *arguments, "--envs", 2)
        time.sleep(3)
        while True:  # a slow machine may still be loading
            eval_.send_signal(signal.SIGINT)
            try:
                out, err = eval_.communicate(timeout=5)
                break
            except Exception:
                continue
        self.assertEqual(eval_.returncode, 130, err)
        self.assertIn("interrupted after", err)
        if out:
            got = json.loads(out)
            self.assertEqual(got["episodes"], len(got["rewards"]))

    def test_wrong_input(self):
        few = ["-m", self.bricks, "--last", "--episodes", "1", "--cap", "40"]
        self.check(run("eval", *few, "--protocol", "natur"), 2, "natur", "nature, noop, machado")
        self.check(run("eval", "-m", self.cartpole, "--last", "--protocol", "nature"), 2, "Atari", "CartPole-v1")
        self.check(run("eval", *few, "--envs", "0"), 2, "--envs")
        self.check(run("eval", *few, "--json", "--markdown"), 2, "--json", "--markdown")
        self.check(run("eval", *few, "--csv", self.dir / "no" / "x.csv"), 1, "x.csv")


if __name__ == "__main__":
    main()
