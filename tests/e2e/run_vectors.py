"""Worlds that are vectors: training, resuming, playing, scoring and looking at what came out."""

import json
import shutil
import zipfile

from program import OWN_PONG, Case, main, run

CART = ["--env", "CartPole-v1", "--set", "replay_start=100", "--set", "replay_size=2000", "--set", "hidden=32"]


def state(folder):
    return (folder / "checkpoint" / "state").read_bytes()


class Training(Case):
    def test_in_two_parts(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        for more in ([], ["--envs", "3", "--set", "n_step=3", "--set", "priority_alpha=0.6"]):
            for out in (whole, parts):
                shutil.rmtree(out, ignore_errors=True)
            done = self.check(run("train", *CART, *more, "--frames", "700", "--out", whole), 0)
            self.assertIn("Linear(in_features=4, out_features=32, bias=True)", done.stdout)
            self.check(run("train", *CART, *more, "--frames", "333", "--out", parts), 0)
            self.check(run("train", "--resume", parts, "--frames", "700", "--threads", "1"), 0)
            self.assertEqual(state(whole), state(parts))
            config = (parts / "config").read_text()
            self.assertIn("network = mlp\n", config)
            self.assertIn("hidden = 32\n", config)
            self.check(run("train", "--resume", parts, "--set", "hidden=16"), 2, "hidden")

    def test_what_does_not_fit_is_refused(self):
        for arguments, words in [
                (["--env", "CartPole-v1", "--set", "network=nature"], ["nature", "CartPole-v1", "mlp"]),
                (["--env", OWN_PONG, "--set", "network=mlp"], ["mlp", OWN_PONG]),
                (["--env", "CartPole-v1", "--preset", "fast"], ["small", "CartPole-v1"]),
                (["--env", "CartPole-v1", "--dialect", "sb3"], ["CartPole-v1", "dialect"]),
                (["--env", "CartPole-v1", "--sticky", "0.25"], ["CartPole-v1", "sticky=0.25"]),
                (["--env", "Taxi-v4"], ["Taxi-v4", "deepq tabular"]),
                (["--env", "CartPole-v1", "--set", "hidden=0"], ["hidden", "1 to 2048"])]:
            self.check(run("train", *arguments, cwd=self.dir), 2, *words)
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_memory_is_that_of_vectors(self):
        """A million pictures are 8 GB and more."""
        done = self.check(run("train", *CART, "--set", "replay_size=1000000", "--frames", "110", "--json",
                              "--out", self.dir / "run"), 0)
        start = json.loads(done.stdout.splitlines()[0])
        self.assertLess(start["memory"], 200_000_000)
        self.assertLess(start["checkpoint"], 100_000_000)

    def test_the_presets_solve_cartpole(self):
        """With any rounding: the steps are several times those that 30 seeds needed."""
        for env, preset in [("CartPole-v1", "cartpole"), ("CartPole-v0", "ch7-cartpole")]:
            done = run("train", "--env", env, "--preset", preset, "--frames", "400000", "--plain",
                       "--out", self.dir / preset)
            self.assertRegex(self.check(done, 0).stdout, r"Solved in \d+ frames!\n\Z")
        config = (self.dir / "ch7-cartpole" / "config").read_text()
        self.assertIn("reward_bound = 150\n", config)  # the preset's, not the environment's
        self.assertIn("reward_bound = 475\n", (self.dir / "cartpole" / "config").read_text())
        self.check(run("train", "--preset", "cartpole"), 2, "mlp", "PongNoFrameskip-v4")

    def test_json_says_the_same(self):
        done = self.check(run("train", *CART, "--frames", "200", "--json", "--out", self.dir / "run"), 0)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[0]["config"]["network"], "mlp")
        self.assertEqual(lines[0]["config"]["hidden"], "32")
        self.assertEqual(lines[-1]["frame"], 200)


class Models(Case):
    def setUp(self):
        super().setUp()
        self.out = self.dir / "run"
        self.check(run("train", *CART, "--frames", "600", "--seed", "1", "--out", self.out), 0)  # best while it learns
        self.model = max(self.out.glob("*.dat"), key=lambda p: p.stat().st_mtime)

    def test_are_played_and_scored(self):
        for choice in (["-m", self.model], ["-m", self.out], ["-m", self.out, "--last"]):
            done = self.check(run("play", *choice, "--no-vis", "--episodes", "2"), 0, "Total reward: ", "Push left")
            self.assertEqual(done.stderr, "")
            done = self.check(run("eval", *choice, "--episodes", "5", "--json"), 0)
            score = json.loads(done.stdout)
            self.assertEqual((score["env"], score["epsilon"], score["noops"]), ("CartPole-v1", 0, 0))
            self.assertEqual(sum(score["rewards"]), score["frames"])
        alone = shutil.copy(self.model, self.dir / "alone.dat")
        self.assertEqual(run("play", "-m", alone, "--no-vis").stderr, "")
        self.check(run("eval", "-m", self.model, "--episodes", "2"), 0, "reward: mean", "protocol: epsilon 0")
        self.check(run("eval", "-m", self.model, "--noops", "5"), 2, "noops=5")
        self.assertIn("no pictures", run("play", "-m", self.model).stderr)
        self.check(run("play", "-m", self.model, "--record", self.dir / "video"), 1, "cannot be drawn")

    def test_are_of_their_world_alone(self):
        self.check(run("play", "-m", self.model, "-e", "Acrobot-v1", "--no-vis"), 2, "16 bytes", "24")
        self.check(run("play", "-m", self.model, "-e", OWN_PONG, "--no-vis"), 2, "16 bytes", "28224")
        self.check(run("play", "-e", "CartPole-v1", "--no-vis"), 2, "28224 bytes", "16")

    def test_are_inspected(self):
        done = self.check(run("inspect", self.model), 0, "mlp 4-32", "0.weight", "CartPole-v1", "actions         2")
        self.assertNotIn("dialect", done.stdout)
        self.assertNotIn("dialect", (self.out / "config").read_text())
        self.check(run("inspect", self.out), 0, "network             mlp", "hidden              32")

    def test_have_the_names_of_pytorchs_sequential(self):
        with zipfile.ZipFile(self.model) as archive:
            pickle = archive.read("archive/data.pkl")
            for name in (b"0.weight", b"0.bias", b"2.weight", b"2.bias"):
                self.assertIn(name, pickle)
            self.assertEqual(len(archive.read("archive/data/0")), 4 * 4 * 32)


if __name__ == "__main__":
    main()
